//! The journal of the real server, cut, flipped and mixed up by hand: what was acknowledged before
//! the damage is there, or the start stops, says where and what to do, and changes nothing.
//!
//! What a power cut may leave (a last group of which any part is there) is cut off, and nothing
//! else is. The sweeps over every byte go through the recovery itself, on a disk in memory that
//! holds the server's own files; samples of them go through the program, on copies.

mod harness;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use domain::event::EventBody;
use domain::ids::QuotaId;
use domain::particulars::ParticularsText;
use domain::{Code, Role};
use harness::desk::Desk;
use harness::files::{self, Files};
use harness::journal::{About, Lying, groups, records};
use harness::orders;
use harness::server::{Options, treasury};
use protocol::Value;
use protocol::lookup::{Answer, IdKind, LookUp};
use serde_json::Value as Json;
use storage::disk::{Disk, SimDisk, WriteMode};
use storage::event_record;
use storage::group::GroupHeader;
use storage::inventory::InventoryError;
use storage::journal::LocalJournal;
use storage::limits::{BLOCK_BYTES, GROUP_HEADER_BYTES, SEGMENT_HEADER_BYTES};
use storage::record::DOMAIN_KIND_FIRST;
use storage::recovery::{OpenError, OpenOptions, Recovered};

/// The division all of it happens in.
const DIVISION: u16 = 5;

/// Size of a segment, in MiB: small, so that a journal of several is quickly copied.
const SEGMENT_MIB: u32 = 1;

const CANNOT_START: Option<i32> = Some(5);
const DAMAGED: Option<i32> = Some(10);

/// A journal that a real server wrote before it was killed.
struct Written {
    _dir: tempfile::TempDir,
    data: PathBuf,
    quota: QuotaId,
    /// The payments that were acknowledged: id and sequence, in order.
    acknowledged: Vec<(u128, u64)>,
    files: Files,
    groups: Vec<Lying>,
}

fn options(data: &Path) -> Options {
    Options { segment_mib: SEGMENT_MIB, ..Options::new(data) }
}

fn existing(data: &Path) -> Options {
    Options { create: false, ..options(data) }
}

/// A reservation whose record takes so many bytes and some.
fn reservation(payment: u128, quota: QuotaId, bytes: usize) -> domain::Command<'static> {
    let text = ParticularsText { document: "单".repeat(bytes / 3), ..ParticularsText::default() };
    let particulars = orders::particulars(&text);
    orders::reserve_of(domain::command::Reserve {
        particulars,
        ..orders::reservation(payment, quota, 100)
    })
}

impl Written {
    /// One group for each frame of so many reservations with so many bytes of particulars each.
    /// The server is killed behind the last acknowledgement: nothing lies behind that group.
    fn by_the_server(frames: usize, payments: usize, bytes: usize) -> Written {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let data = dir.path().join("data");
        let server = options(&data).start();
        let quota = orders::found_with(server.address, DIVISION, 1, 1_000_000_000)[0];
        let mut desk = Desk::connect(server.address, Role::Maker);
        let mut acknowledged = Vec::new();
        for frame in 0..frames {
            let id = |place| 1 + (frame * payments + place) as u128;
            let commands: Vec<_> =
                (0..payments).map(|place| reservation(id(place), quota, bytes)).collect();
            for (place, told) in desk.give(&commands).into_iter().enumerate() {
                assert_eq!(told.code(), Code::Accepted);
                acknowledged.push((id(place), told.result.sequence));
            }
        }
        server.kill();
        let files = files::read(&data);
        let groups = groups(&files);
        Written { _dir: dir, data, quota, acknowledged, files, groups }
    }

    fn last(&self) -> &Lying {
        self.groups.last().expect("a group")
    }

    /// What was acknowledged in groups before this one.
    fn before(&self, group: &Lying) -> Vec<(u128, u64)> {
        let first = group.header.first_sequence;
        self.acknowledged.iter().copied().filter(|&(_, sequence)| sequence < first).collect()
    }

    /// A data directory with the files as they were, at another place.
    fn copy(&self) -> Copy {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let data = dir.path().join("data");
        files::write(&data, &self.files);
        Copy { _dir: dir, data }
    }

    /// The first segment alone on a disk in memory: all that was written, without the segments
    /// that were ready for later.
    fn in_memory(&self) -> SimDisk {
        assert_eq!(self.last().segment, 1, "all of it lies in the first segment");
        let disk = SimDisk::new(WriteMode::Direct, 64 << 20);
        disk.create_dir(&storage::segment::journal_dir(Path::new("/data"))).expect("a directory");
        disk.put_file(&segment_in_memory(), &self.files["0000000001.seg"]);
        disk
    }
}

/// A copy of a data directory.
struct Copy {
    _dir: tempfile::TempDir,
    data: PathBuf,
}

fn segment_in_memory() -> PathBuf {
    storage::segment::segment_path(&storage::segment::journal_dir(Path::new("/data")), 1)
}

/// A start over a disk in memory, as the engine makes it: what it found, and every payment whose
/// reservation it read, with its sequence.
fn start(disk: &SimDisk) -> Result<(Recovered, Vec<(u128, u64)>), OpenError> {
    let shared: Arc<dyn Disk> = Arc::new(disk.clone());
    let mut seen = Vec::new();
    let options = OpenOptions::new("damage tests", u64::MAX / 2, &event_record::knows);
    let recovered = LocalJournal::open(&shared, Path::new("/data"), &options, &mut |group| {
        for record in group.records.filter(|record| record.kind >= DOMAIN_KIND_FIRST) {
            let mut ids = Vec::new();
            let event = event_record::decode(&record, &mut ids).map_err(|e| e.to_string())?;
            if let EventBody::Reserved { command, .. } = event.body {
                seen.push((command.payment.0, record.position.sequence));
            }
        }
        Ok(())
    })?;
    Ok((recovered, seen))
}

// ---- what a power cut leaves ---------------------------------------------------------------------

#[test]
fn a_last_group_cut_at_any_byte_is_cut_off_and_all_before_it_is_there() {
    let written = Written::by_the_server(12, 3, 200);
    let last = written.last().clone();
    let whole = &written.files["0000000001.seg"];
    let before = written.before(&last);
    assert_eq!(before.len() + 3, written.acknowledged.len(), "the last group holds a frame");
    let disk = written.in_memory();
    let (begin, end) = (last.offset, last.end());
    for at in begin..=end {
        let disk = disk.image();
        disk.put_wrong(&segment_in_memory(), at, &vec![0; (end - at) as usize]);
        let (recovered, seen) = start(&disk).unwrap_or_else(|error| panic!("byte {at}: {error}"));
        // Bytes behind the cut that were zero anyway are no loss.
        let intact = whole[at as usize..end as usize].iter().all(|&byte| byte == 0);
        if intact {
            assert_eq!(seen, written.acknowledged, "byte {at}");
            assert_eq!(recovered.cut, None, "byte {at}");
            continue;
        }
        assert_eq!(seen, before, "byte {at}");
        let named = recovered.cut.map(|cut| (cut.place.segment, cut.place.offset));
        assert_eq!(named, (at > begin).then_some((last.segment, last.offset)), "byte {at}");
    }
}

#[test]
fn a_server_goes_on_from_a_cut_and_the_lost_commands_are_taken_when_they_are_sent_again() {
    let written = Written::by_the_server(8, 2, 200);
    let last = written.last().clone();
    let (begin, end) = (last.offset, last.end());
    let head = GROUP_HEADER_BYTES as u64;
    let cuts = [begin, begin + 1, begin + head - 1, begin + head, (begin + end) / 2, end - 40, end];
    for at in cuts {
        let copy = written.copy();
        let segment = files::segment(&copy.data, last.segment);
        files::patch(&segment, at, &vec![0; (end - at) as usize]);
        let server = existing(&copy.data).start();
        let intact = at == end;
        assert_eq!(server.has_cut(), !intact && at > begin, "cut at {at}");
        let mut desk = Desk::connect(server.address, Role::Maker);
        let kept = if intact { written.acknowledged.clone() } else { written.before(&last) };
        for &(payment, sequence) in &kept {
            assert_eq!(outcome(&mut desk, written.quota, payment), Some(sequence), "cut at {at}");
        }
        for &(payment, _) in written.acknowledged.iter().filter(|known| !kept.contains(known)) {
            assert_eq!(outcome(&mut desk, written.quota, payment), None, "cut at {at}");
        }
        // Whoever heard nothing sends again; whoever heard an answer hears the same.
        for &(payment, sequence) in &written.acknowledged {
            let told = desk.one(&reservation(payment, written.quota, 200));
            let known = kept.contains(&(payment, sequence));
            assert_eq!((told.code(), told.result.repeat), (Code::Accepted, known), "cut at {at}");
        }
        let available = 1_000_000_000 - 100 * written.acknowledged.len() as i64;
        let told = desk.one(&orders::reserve(u128::MAX, written.quota, 1));
        let value = Value::Available(domain::Fen::new(available - 1));
        assert_eq!(told.result.value, value, "cut at {at}: nothing is counted twice");
        let closed = server.stop();
        let verified = harness::server::sound(&copy.data);
        assert_eq!(verified["digest"], closed.digest.as_str(), "cut at {at}");
    }
}

/// The sequence under which a payment is on record.
fn outcome(desk: &mut Desk, quota: QuotaId, payment: u128) -> Option<u64> {
    let (kind, division, year) = (IdKind::Payment, quota.division(), quota.year());
    match desk.ask(LookUp::Outcome { kind, division, year, id: payment }) {
        Answer::Outcome(outcome) => Some(outcome.result.sequence),
        Answer::Failed(Code::NotFound) => None,
        other => panic!("payment {payment} is answered {other:?}"),
    }
}

// ---- rot -----------------------------------------------------------------------------------------

/// What lies at a byte of the first segment.
#[derive(Debug, PartialEq, Eq)]
enum Lies {
    /// The segment's own header.
    SegmentHeader,
    /// What a group's hash covers.
    Hashed(u64),
    /// The zeros that fill its last block.
    Padding(u64),
}

fn what_lies_at(groups: &[Lying], at: u64) -> Lies {
    if at < SEGMENT_HEADER_BYTES as u64 {
        return Lies::SegmentHeader;
    }
    let group = groups.iter().find(|group| (group.offset..group.disk_end()).contains(&at));
    let group = group.expect("groups lie without a gap");
    if at < group.end() { Lies::Hashed(group.offset) } else { Lies::Padding(group.offset) }
}

#[test]
fn a_bit_flipped_anywhere_before_the_last_group_is_found() {
    let written = Written::by_the_server(16, 2, 100);
    let last = written.last().clone();
    let disk = written.in_memory();
    let shared: Arc<dyn Disk> = Arc::new(disk.clone());
    let mut found = [0; 3];
    // A stride that shares nothing with the block meets every place within one, sooner or later;
    // and every byte of every group's header is met.
    let strided = (0..last.offset).step_by(5);
    let headers = written.groups.iter().filter(|group| group.offset < last.offset);
    let headers = headers.flat_map(|group| group.offset..group.offset + GROUP_HEADER_BYTES as u64);
    for at in strided.chain(headers).collect::<BTreeSet<_>>() {
        disk.flip_bit(&segment_in_memory(), at * 8 + at % 8);
        match what_lies_at(&written.groups, at) {
            Lies::SegmentHeader => {
                let refused = start(&disk).map(drop).unwrap_err();
                let header = matches!(refused, OpenError::Inventory(InventoryError::Header { .. }));
                assert!(header, "byte {at} is told as {refused}");
                found[0] += 1;
            }
            Lies::Hashed(offset) => match start(&disk).map(drop).unwrap_err() {
                OpenError::Damage(damage) => {
                    assert_eq!((damage.place.segment, damage.place.offset), (1, offset));
                    assert!(damage.to_string().contains("put the segment back"), "{damage}");
                    found[1] += 1;
                }
                other => panic!("byte {at} is told as {other}"),
            },
            // Nobody reads the padding at a start; a verification does.
            Lies::Padding(offset) => {
                let report = storage::verify::verify(&shared, Path::new("/data"));
                let report = report.expect("segments that are a journal");
                let places: Vec<_> = report.damage.iter().map(|d| d.place.offset).collect();
                assert_eq!(places, [offset], "byte {at}");
                found[2] += 1;
            }
        }
        disk.heal();
    }
    assert!(found.iter().all(|&count| count > 10), "every kind of place was met: {found:?}");
    let (_, seen) = start(&disk).expect("healed, it is sound");
    assert_eq!(seen, written.acknowledged);
}

#[test]
fn the_program_names_segment_offset_and_next_step_of_rot_and_changes_nothing() {
    let written = Written::by_the_server(12, 2, 100);
    let last = written.last().clone();
    let mut checked = 0;
    for group in written.groups.iter().filter(|group| group.offset < last.offset) {
        let in_body = group.offset + GROUP_HEADER_BYTES as u64 + group.offset / 4096 % 50;
        let at = if checked % 2 == 0 { group.offset + 4 * (checked % 32) } else { in_body };
        let copy = written.copy();
        files::flip(&files::segment(&copy.data, 1), at, (at % 8) as u8);
        let rotten = files::read(&copy.data);
        let place = format!("segment 0000000001 offset {}", group.offset);
        refuses(&copy.data, DAMAGED, &[&place, "put the segment back", "backup"]);
        let told = verification(&copy.data);
        assert_eq!(told["damage"][0]["segment"], 1, "byte {at}: {told}");
        assert_eq!(told["damage"][0]["offset"], group.offset, "byte {at}: {told}");
        let next = told["damage"][0]["next"].as_str().unwrap_or_default();
        assert!(next.contains("put the segment back"), "{told}");
        assert_eq!(files::difference(&copy.data, &rotten), None);
        checked += 1;
    }
    assert!(checked >= 12, "a dozen places");
    // Healed by the copy that was kept, all of it is there.
    let copy = written.copy();
    let server = existing(&copy.data).start();
    let mut desk = Desk::connect(server.address, Role::Maker);
    for &(payment, sequence) in &written.acknowledged {
        assert_eq!(outcome(&mut desk, written.quota, payment), Some(sequence));
    }
}

/// Both the server and the offline verification end with this code, and the server says all of it.
fn refuses(data: &Path, code: Option<i32>, says: &[&str]) {
    let refused = existing(data).refused();
    assert_eq!(refused.code, code, "serve says {}", refused.said);
    for text in says {
        assert!(refused.said.contains(text), "`{text}` is missing in: {}", refused.said);
    }
    let output = treasury(&["verify"], data);
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert_eq!(output.status.code(), code, "verify says {said}");
}

fn verification(data: &Path) -> Json {
    let output = treasury(&["verify", "--json"], data);
    serde_json::from_slice(&output.stdout).expect("an object")
}

// ---- files that do not belong together -----------------------------------------------------------

/// A journal of several segments in use, and ready ones behind them.
fn of_several_segments() -> Written {
    let written = Written::by_the_server(12, 60, 3_900);
    let used = written.last().segment;
    assert!(used >= 3, "three segments in use, not {used}");
    assert!(written.files.len() as u64 > used, "a ready segment behind them");
    written
}

#[test]
fn a_segment_that_is_missing_cut_short_or_misnamed_is_named() {
    let written = of_several_segments();
    let path = |copy: &Copy, number| files::segment(&copy.data, number);
    for number in 1..=written.last().segment {
        let copy = written.copy();
        std::fs::remove_file(path(&copy, number)).expect("a segment to remove");
        let missing = format!("segment {number:010} is missing");
        refused_and_unchanged(&copy, DAMAGED, &[&missing, "put it back from the archive"]);
        assert_eq!(verification(&copy.data)["damage"][0]["segment"], number);
    }

    let copy = written.copy();
    let file = std::fs::OpenOptions::new().write(true).open(path(&copy, 2)).expect("a segment");
    file.set_len(200 * BLOCK_BYTES as u64).expect("a shorter segment");
    refused_and_unchanged(&copy, DAMAGED, &["0000000002.seg", "must have 1048576", "put it back"]);

    let copy = written.copy();
    std::fs::copy(path(&copy, 1), path(&copy, 2)).expect("one segment over another");
    refused_and_unchanged(&copy, DAMAGED, &["0000000002.seg", "holds segment 0000000001"]);

    // Healed by the copy that was kept, all of it is there.
    let copy = written.copy();
    let server = existing(&copy.data).start();
    let mut desk = Desk::connect(server.address, Role::Maker);
    for &(payment, sequence) in written.acknowledged.iter().step_by(37) {
        assert_eq!(outcome(&mut desk, written.quota, payment), Some(sequence));
    }
}

fn refused_and_unchanged(copy: &Copy, code: Option<i32>, says: &[&str]) {
    let before = files::read(&copy.data);
    refuses(&copy.data, code, says);
    assert_eq!(files::difference(&copy.data, &before), None, "after {says:?}");
}

#[test]
fn files_and_groups_of_another_data_set_are_never_taken_for_ours() {
    let ours = of_several_segments();
    let theirs = of_several_segments();
    let (our_id, their_id) = (data_set(&ours.data), data_set(&theirs.data));
    assert_ne!(our_id, their_id);

    let copy = ours.copy();
    std::fs::copy(files::segment(&theirs.data, 2), files::segment(&copy.data, 2))
        .expect("a segment over another");
    let says = ["0000000002.seg", &our_id, &their_id, "these files were mixed up"];
    refused_and_unchanged(&copy, DAMAGED, &says);

    // One whole group of theirs in place of one of ours, and behind all of ours.
    let group = &theirs.groups[1];
    let bytes = &theirs.files["0000000001.seg"];
    let bytes = &bytes[group.offset as usize..group.disk_end() as usize];
    let in_place = ours.groups[1].offset;
    assert_eq!(in_place, group.offset, "both begin alike");
    let behind = ours.last().disk_end();
    for (segment, offset) in [(1, in_place), (ours.last().segment, behind)] {
        let copy = ours.copy();
        files::patch(&files::segment(&copy.data, segment), offset, bytes);
        let place = format!("segment {segment:010} offset {offset}");
        let whose = format!("a group of test data set {their_id}");
        refused_and_unchanged(&copy, DAMAGED, &[&place, &whose, "put the segment back"]);
    }
}

/// The name of a data set, as the program tells it.
fn data_set(data: &Path) -> String {
    let output = treasury(&["info", "--json"], data);
    let told: Json = serde_json::from_slice(&output.stdout).expect("an object");
    told["data_set"].as_str().expect("a name").to_owned()
}

#[test]
fn another_format_version_is_never_read_and_never_cut() {
    let written = Written::by_the_server(4, 1, 30);
    // A segment of a later format: its header says so, under a checksum that holds.
    let copy = written.copy();
    let mut header = written.files["0000000001.seg"][..SEGMENT_HEADER_BYTES].to_vec();
    header[8] = 2;
    let crc = files::crc32c(&header[..SEGMENT_HEADER_BYTES - 4]);
    header[SEGMENT_HEADER_BYTES - 4..].copy_from_slice(&crc.to_le_bytes());
    files::patch(&files::segment(&copy.data, 1), 0, &header);
    let says = ["has format version 2", "start the program version that wrote it"];
    refused_and_unchanged(&copy, CANNOT_START, &says);

    // A group of a later format behind all of ours is not taken for a torn write.
    let copy = written.copy();
    let last = written.last();
    let mut head = [0; GROUP_HEADER_BYTES];
    let mut place = last.header.place;
    place.offset = last.disk_end();
    GroupHeader { place, ..last.header }.encode(&mut head);
    head[4] = 2;
    let crc = files::crc32c(&head[..GROUP_HEADER_BYTES - 4]);
    head[GROUP_HEADER_BYTES - 4..].copy_from_slice(&crc.to_le_bytes());
    files::patch(&files::segment(&copy.data, 1), last.disk_end(), &head);
    let before = files::read(&copy.data);
    let refused = existing(&copy.data).refused();
    assert_eq!(refused.code, CANNOT_START, "{}", refused.said);
    let place = format!("segment 0000000001 offset {}", last.disk_end());
    for text in [&place, "a group of format version 2", "start the newer program version"] {
        assert!(refused.said.contains(text), "{}", refused.said);
    }
    assert_eq!(files::difference(&copy.data, &before), None);
}

#[test]
fn a_data_set_of_the_other_environment_is_not_served() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let of = |environment| Options {
        environment: Some(environment),
        segment_mib: 4,
        ..Options::new(&dir.path().join(environment))
    };
    for (there, asked) in [("test", "production"), ("production", "test")] {
        let server = of(there).start();
        assert_eq!(server.stop().code, Some(0));
        let data = dir.path().join(there);
        let before = files::read(&data);
        let other = Options { environment: Some(asked), create: false, ..of(there) };
        let refused = other.refused();
        assert_eq!(refused.code, CANNOT_START, "{}", refused.said);
        let says = format!("holds {there} data, and {asked} data was asked for");
        assert!(refused.said.contains(&says), "{}", refused.said);
        assert_eq!(files::difference(&data, &before), None);
        let unasked = Options { environment: None, create: false, ..of(there) };
        unasked.start().stop();
    }
}

#[test]
fn a_directory_without_a_journal_is_not_served_and_stays_as_it_is() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let refused = existing(dir.path()).refused();
    assert_eq!(refused.code, CANNOT_START, "{}", refused.said);
    assert!(refused.said.contains("treasury init"), "{}", refused.said);
    assert_eq!(std::fs::read_dir(dir.path()).expect("a directory").count(), 0);
}

// ---- the witness of an orderly end ---------------------------------------------------------------

#[test]
fn behind_an_orderly_end_rot_in_the_last_payments_is_no_torn_write() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let data = dir.path().join("data");
    let server = options(&data).start();
    let quota = orders::found_with(server.address, DIVISION, 1, 1_000_000)[0];
    let mut desk = Desk::connect(server.address, Role::Maker);
    let told = desk.must(&orders::reserve(7, quota, 100));
    server.stop();
    let about = records(&data);
    let at = told.result.sequence as usize - 1;
    assert_eq!(about[at].1, About::Payment(7), "the payment lies before `Closed`");
    assert_eq!(about.len(), at + 2, "and nothing but `Closed` behind it");
    let groups = groups(&files::read(&data));
    let [.., of_payment, _closed] = groups.as_slice() else { panic!("two groups") };
    files::flip(&files::segment(&data, 1), of_payment.offset + 150, 3);
    let place = format!("segment 0000000001 offset {}", of_payment.offset);
    refuses(&data, DAMAGED, &[&place, "put the segment back"]);
}
