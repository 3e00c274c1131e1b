//! Segments of the journal, and what is in a record.
//!
//! The first byte says what the rest is. Of a journal that was changed on its disk anything may be
//! refused, but nothing may be believed that was not written: each record read is the one that was
//! there, at its place.

use std::path::Path;
use std::sync::Arc;

use storage::disk::{Disk, SimDisk, WriteMode};
use storage::event_record;
use storage::group::GroupHeader;
use storage::journal::LocalJournal;
use storage::limits::{GROUP_HEADER_BYTES, SEGMENT_HEADER_BYTES};
use storage::position::Position;
use storage::reader::{JournalReader, ReadFrom};
use storage::record::{RecordRef, Records};
use storage::recovery::OpenOptions;
use storage::segment::{SegmentHeader, journal_dir, segment_path};

const SEGMENTS: [&str; 2] = [
    include_str!("../../storage/tests/golden/format-1/0000000001.seg.hex"),
    include_str!("../../storage/tests/golden/format-1/0000000002.seg.hex"),
];

const EVENTS: [&str; 18] = [
    include_str!("../../storage/tests/golden/events/16-reserved.hex"),
    include_str!("../../storage/tests/golden/events/17-stepped.hex"),
    include_str!("../../storage/tests/golden/events/18-fact-taken.hex"),
    include_str!("../../storage/tests/golden/events/19-fact-parked.hex"),
    include_str!("../../storage/tests/golden/events/20-acted.hex"),
    include_str!("../../storage/tests/golden/events/21-created.hex"),
    include_str!("../../storage/tests/golden/events/22-moved-out.hex"),
    include_str!("../../storage/tests/golden/events/23-moved-in.hex"),
    include_str!("../../storage/tests/golden/events/24-move-declined.hex"),
    include_str!("../../storage/tests/golden/events/25-move-settled.hex"),
    include_str!("../../storage/tests/golden/events/26-limit-set.hex"),
    include_str!("../../storage/tests/golden/events/27-batch-opened.hex"),
    include_str!("../../storage/tests/golden/events/28-batch-ended.hex"),
    include_str!("../../storage/tests/golden/events/29-year-set.hex"),
    include_str!("../../storage/tests/golden/events/30-registered.hex"),
    include_str!("../../storage/tests/golden/events/31-resolved.hex"),
    include_str!("../../storage/tests/golden/events/32-refused.hex"),
    include_str!("../../storage/tests/golden/events/33-run-refused.hex"),
];

/// The number of the first kind of event.
const FIRST_KIND: u8 = 16;

/// A record: where it was, and what it was.
type Seen = (u64, u16, Vec<u8>);

/// Reads whatever the first byte says.
pub fn read(data: &[u8]) {
    match data.split_first() {
        Some((0, patches)) => changed_on_its_disk(patches),
        Some((1, body)) => event(body),
        Some((2, body)) => records(body),
        Some((3, block)) => headers(block),
        _ => {}
    }
}

/// The golden journal with patches over it: three bytes of place, one of length, the bytes.
fn changed_on_its_disk(mut patches: &[u8]) {
    let disk = golden();
    let is_whole = patches.is_empty();
    while let Some((&[low, middle, high, length], rest)) = patches.split_first_chunk() {
        let length = (length as usize).min(rest.len());
        let (bytes, rest) = rest.split_at(length);
        let (segment, offset) =
            (u64::from(high & 1) + 1, u64::from(u16::from_le_bytes([low, middle])));
        let room = 65_536 - offset as usize;
        disk.put_wrong(&path(segment), offset, &bytes[..length.min(room)]);
        patches = rest;
    }
    let written = believed(&golden());
    assert!(!written.is_empty());
    let shared: Arc<dyn Disk> = Arc::new(disk.image());
    let verified = storage::verify::verify(&shared, data_dir());
    let seen = believed(&disk);
    assert!(written.starts_with(&seen), "a record was believed that was not written");
    if is_whole {
        assert_eq!(seen, written);
        assert!(verified.is_ok_and(|report| report.damaged == 0));
    }
    let mut read = Vec::new();
    let shared: Arc<dyn Disk> = Arc::new(disk);
    let options = OpenOptions::new("fuzz", u64::MAX / 2, &|_, _| true);
    let opened = LocalJournal::open(&shared, data_dir(), &options, &mut |group| {
        read.extend(group.records.map(|record| own(&record)));
        Ok(())
    });
    assert!(written.starts_with(&read), "a start read a record that was not written");
    if opened.is_ok() {
        // A start that goes on has cut a torn end off at most.
        assert!(storage::verify::verify(&shared, data_dir()).is_ok_and(|found| found.damaged == 0));
    }
}

fn believed(disk: &SimDisk) -> Vec<Seen> {
    let shared: Arc<dyn Disk> = Arc::new(disk.clone());
    let Ok(mut reader) = JournalReader::open(shared, data_dir(), ReadFrom::Start) else {
        return Vec::new();
    };
    let mut seen = Vec::new();
    let end = Position { epoch: u32::MAX, sequence: u64::MAX };
    while let Ok(Some(group)) = reader.next(end) {
        seen.extend(group.records.map(|record| own(&record)));
    }
    seen
}

fn own(record: &RecordRef<'_>) -> Seen {
    (record.position.sequence, record.kind, record.body.to_vec())
}

fn data_dir() -> &'static Path {
    Path::new("/data")
}

fn path(segment: u64) -> std::path::PathBuf {
    segment_path(&journal_dir(data_dir()), segment)
}

fn golden() -> SimDisk {
    let disk = SimDisk::new(WriteMode::Direct, 4 << 20);
    for (segment, text) in (1..).zip(SEGMENTS) {
        disk.put_file(&path(segment), &unpack(text));
    }
    disk
}

/// A golden segment: its size, then offsets and bytes of what is not zero.
fn unpack(text: &str) -> Vec<u8> {
    let (mut contents, mut at) = (Vec::new(), 0);
    for line in text.lines() {
        if let Some(bytes) = line.strip_prefix("bytes ") {
            contents = vec![0; bytes.parse().expect("a number")];
        } else if let Some(offset) = line.strip_prefix("block ") {
            at = offset.parse().expect("a number");
        } else {
            let bytes = super::from_hex(line);
            contents[at..at + bytes.len()].copy_from_slice(&bytes);
            at += bytes.len();
        }
    }
    contents
}

/// The body of an event, behind its kind: one that can be read is written as it was.
fn event(data: &[u8]) {
    let Some((&kind, body)) = data.split_first() else { return };
    let position = Position { epoch: 1, sequence: 1 };
    let record = RecordRef { position, kind: u16::from(kind), version: 1, body };
    let mut ids = Vec::new();
    if let Ok(event) = event_record::decode(&record, &mut ids) {
        let mut again = Vec::new();
        event_record::encode(&event, &mut again);
        assert_eq!(again, body, "an event that was read is written as it was");
    }
}

/// The records of a group's body.
fn records(body: &[u8]) {
    let first = Position { epoch: 1, sequence: 1 };
    let Ok(count) = storage::record::count_records(body) else { return };
    let records = Records::read(body, first, count).expect("what was counted can be read");
    assert_eq!(records.count(), count as usize);
}

fn headers(block: &[u8]) {
    if let Some(head) = block.first_chunk::<GROUP_HEADER_BYTES>()
        && let Ok(header) = GroupHeader::decode(head)
    {
        let mut again = [0; GROUP_HEADER_BYTES];
        header.encode(&mut again);
        assert_eq!(&again, head, "a header that was read is written as it was");
    }
    if let Some(block) = block.first_chunk::<SEGMENT_HEADER_BYTES>()
        && let Ok(header) = SegmentHeader::from_block(block)
    {
        assert_eq!(&header.to_block(), block, "a header that was read is written as it was");
    }
}

/// The golden journal whole and with a byte turned over, every golden event, headers and bodies.
pub fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = vec![vec![0], vec![0, 8, 0x10, 0, 1, 0xff], vec![0, 0, 0x20, 1, 2, 0, 0]];
    for (kind, hex) in (FIRST_KIND..).zip(EVENTS) {
        seeds.push([vec![1, kind], super::from_hex(hex)].concat());
    }
    let segment = unpack(SEGMENTS[0]);
    let group = &segment[SEGMENT_HEADER_BYTES..];
    seeds.push([&[2], &group[GROUP_HEADER_BYTES..1_000]].concat());
    seeds.push([&[3], &group[..GROUP_HEADER_BYTES]].concat());
    seeds.push([&[3], &segment[..SEGMENT_HEADER_BYTES]].concat());
    seeds
}
