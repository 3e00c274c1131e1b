//! Goal: what was once durable is never skipped, cut or believed when it is wrong.
//! Method: change the disk under a sound journal in every way we know, and look that a start
//! stops, names the place, and leaves every byte as it was.

use storage::disk::{Fault, OperationKind, PlannedFault, SimDisk, WriteMode};
use storage::group::GroupHeader;
use storage::journal::Journal;
use storage::marks::{Closed, KIND_CLOSED, KIND_OPENED, Opened};
use storage::position::{Cursor, GroupHash, Place, Position};
use storage::record::RecordWriter;
use storage::recovery::{Damage, OpenError, Recovered};

use crate::common::*;

fn damage_of(disk: &SimDisk) -> Damage {
    let before = snapshot(disk);
    let error = failure(start(disk));
    assert_eq!(snapshot(disk), before, "nothing is written over damage");
    match error {
        OpenError::Damage(damage) => damage,
        other => panic!("not told as damage: {other}"),
    }
}

#[test]
fn every_bit_of_an_earlier_header_and_many_of_its_body() {
    let (disk, headers) = written(4, 700);
    for header in &headers[..headers.len() - 1] {
        let in_header = 0..128 * 8_u64;
        let in_body = (128 * 8..header.hashed_bytes() as u64 * 8).step_by(37);
        for bit in in_header.chain(in_body) {
            let path = segment(header.place.segment);
            disk.flip_bit(&path, header.place.offset * 8 + bit);
            let damage = damage_of(&disk);
            assert_eq!(damage.place, header.place, "bit {bit}: {damage}");
            assert!(damage.to_string().contains("backup"), "{damage}");
            disk.heal();
        }
    }
    assert_eq!(start(&disk).unwrap().1.len(), 12, "healed, all of it is there");
}

#[test]
fn a_zeroed_group_in_the_middle() {
    let (disk, headers) = written(4, 3000);
    for header in &headers[..headers.len() - 1] {
        let disk = disk.image();
        disk.put_wrong(&segment(1), header.place.offset, &vec![0; header.disk_bytes()]);
        let damage = damage_of(&disk);
        assert_eq!(damage.place, header.place);
        assert!(damage.what.contains("missing"), "{damage}");
    }
}

#[test]
fn a_zeroed_end_of_one_segment_before_another() {
    let (disk, headers) = written(14, 7000);
    let place = headers.iter().rfind(|header| header.place.segment == 1).unwrap().place;
    assert!(headers.last().unwrap().place.segment > 1);
    let zeros = vec![0; (SEGMENT_BYTES - place.offset) as usize];
    disk.put_wrong(&segment(1), place.offset, &zeros);
    let damage = damage_of(&disk);
    assert!(damage.what.contains("next"), "{damage}");
}

#[test]
fn an_older_whole_group_in_place_of_a_newer_one() {
    let (disk, headers) = written(5, 700);
    let contents = disk.contents(&segment(1)).unwrap();
    for from in &headers {
        for to in headers.iter().filter(|to| to.place != from.place) {
            let disk = disk.image();
            let at = from.place.offset as usize;
            let stale = &contents[at..at + from.disk_bytes()];
            disk.put_wrong(&segment(1), to.place.offset, stale);
            let damage = damage_of(&disk);
            assert_eq!(damage.place, to.place);
        }
    }
}

#[test]
fn a_write_that_landed_elsewhere() {
    for (by, expected_in_place) in [(4096_i64, true), (12_288, true), (-8192, false)] {
        let disk = new_disk(WriteMode::Direct);
        let (mut recovered, _) = start(&disk).unwrap();
        for group in 0..3 {
            append(&mut recovered, &bodies(group, 3, 100)).unwrap();
        }
        let place = recovered.journal.place();
        let only = Some(OperationKind::Write);
        let fault = Fault::Misdirected(by);
        disk.plan(vec![PlannedFault { at: 0, only, sticky: false, fault }]);
        append(&mut recovered, &bodies(3, 3, 100)).unwrap();
        drop(recovered);
        disk.plan(Vec::new());
        let damage = damage_of(&disk);
        assert_eq!(damage.place == place, expected_in_place, "{damage}");
    }
}

#[test]
fn a_write_that_was_reported_and_never_made() {
    let disk = new_disk(WriteMode::Direct);
    let (mut recovered, _) = start(&disk).unwrap();
    append(&mut recovered, &bodies(0, 3, 100)).unwrap();
    let place = recovered.journal.place();
    let only = Some(OperationKind::Write);
    disk.plan(vec![PlannedFault { at: 0, only, sticky: false, fault: Fault::Lost }]);
    append(&mut recovered, &bodies(1, 3, 100)).unwrap();
    append(&mut recovered, &bodies(2, 3, 100)).unwrap();
    drop(recovered);
    disk.plan(Vec::new());
    assert_eq!(damage_of(&disk).place, place);
}

/// Writes a changed header over a group, with checksums that hold.
fn forge(disk: &SimDisk, header: &GroupHeader, change: impl FnOnce(&mut GroupHeader, &mut [u8])) {
    let path = segment(header.place.segment);
    let contents = disk.contents(&path).unwrap();
    let at = header.place.offset as usize;
    let mut body = contents[at + 128..at + header.hashed_bytes()].to_vec();
    let mut forged = *header;
    change(&mut forged, &mut body);
    let mut after = contents[at + 128..].to_vec();
    after[..body.len()].copy_from_slice(&body);
    let claimed = after.len().min(forged.body_bytes as usize);
    forged.body_crc = crc32c::crc32c(&after[..claimed]);
    let mut head = [0; 128];
    forged.encode(&mut head);
    overwrite(disk, &path, header.place.offset, &[&head[..], &body[..]].concat());
}

#[test]
fn lengths_that_lie_under_checksums_that_hold() {
    let (disk, headers) = written(3, 100);
    type Lie = fn(&mut GroupHeader, &mut [u8]);
    let lies: [Lie; 9] = [
        |header, _| header.body_bytes += 8,
        |header, _| header.body_bytes = 100_000,
        |header, _| header.body_bytes = 0,
        |header, _| header.records = 2,
        |header, _| header.records = u32::MAX,
        |_, body| body[0] = 0xff,
        |_, body| body[..4].copy_from_slice(&u32::MAX.to_le_bytes()),
        |_, body| body[..4].fill(0),
        |_, body| body[..4].copy_from_slice(&7_u32.to_le_bytes()),
    ];
    for header in &headers[1..] {
        for (index, lie) in lies.iter().enumerate() {
            let disk = disk.image();
            forge(&disk, header, lie);
            let damage = damage_of(&disk);
            assert_eq!(damage.place, header.place, "lie {index}: {damage}");
        }
    }
}

#[test]
fn whole_groups_that_do_not_belong_there() {
    let (disk, headers) = written(3, 100);
    type Lie = (&'static str, fn(&mut GroupHeader, &mut [u8]));
    let lies: [Lie; 8] = [
        ("record is", |header, _| header.first_sequence += 1),
        ("linked", |header, _| header.previous = GroupHash([0; 32])),
        ("epoch", |header, _| header.epoch = 0),
        ("belongs to segment", |header, _| header.place.offset += 4096),
        ("belongs to segment", |header, _| header.place.segment = 9),
        ("data set", |header, _| header.dataset_id += 1),
        ("after", |header, _| header.durable_before = Position { epoch: 1, sequence: 99 }),
        ("time", |header, _| header.time_ms = 0),
    ];
    for header in &headers[1..] {
        for (what, lie) in lies {
            let disk = disk.image();
            forge(&disk, header, lie);
            let damage = damage_of(&disk);
            assert_eq!(damage.place, header.place, "{what}: {damage}");
            assert!(damage.what.contains(what), "{what}: {damage}");
        }
    }
}

#[test]
fn bytes_behind_the_end_that_no_torn_write_explains() {
    let (disk, headers) = written(2, 100);
    let end = headers.last().unwrap().place.offset + 4096;
    let largest = SEGMENT_BYTES - 4096;
    assert!(end + largest > SEGMENT_BYTES, "a torn group explains all of this segment");
    let (mut recovered, _) = start(&disk).unwrap();
    assert!(matches!(recovered.filler.fill_one(), Ok(storage::filler::FillStep::Ready(2))));
    drop(recovered);
    // One torn write cannot reach into two segments.
    disk.put_wrong(&segment(1), end + 4096 * 3, &[1]);
    disk.put_wrong(&segment(2), 8192, &[1]);
    let damage = damage_of(&disk);
    assert_eq!(damage.place, Place { segment: 2, offset: 8192 });
}

/// Appends one group of such records, whatever they are.
fn append_kinds(recovered: &mut Recovered, kinds: &[u16]) {
    let mut run = RecordWriter::default();
    for &kind in kinds {
        let body = match kind {
            KIND_OPENED => {
                let (program, config_digest) = ("storage tests".to_owned(), [0; 32]);
                Opened { program, config_digest, cut: None }.to_body()
            }
            KIND_CLOSED => Closed { groups: 2, records: 4 }.to_body(),
            _ => vec![7; 40],
        };
        run.write(kind, 1, &body);
    }
    recovered.journal.append(&[run.run()], 2_000).unwrap();
}

#[test]
fn marks_that_are_not_where_they_must_be() {
    // What is appended, and the group that is wrong, counted from 0 with the `Opened`.
    let cases: [(&str, &[&[u16]], usize); 5] = [
        ("second `Opened` of epoch 1", &[&[KIND], &[KIND_OPENED]], 2),
        ("shares it", &[&[KIND, KIND_OPENED]], 1),
        ("shares it", &[&[KIND_CLOSED, KIND]], 1),
        ("behind the `Closed` of its epoch 1", &[&[KIND_CLOSED], &[KIND]], 2),
        ("behind the `Closed` of its epoch 1", &[&[KIND_CLOSED], &[KIND_CLOSED]], 2),
    ];
    for (what, groups, wrong) in cases {
        let disk = new_disk(WriteMode::Direct);
        let (mut recovered, _) = start(&disk).unwrap();
        for kinds in groups {
            append_kinds(&mut recovered, kinds);
        }
        drop(recovered);
        let damage = damage_of(&disk);
        assert!(damage.what.contains(what), "{what}: {damage}");
        assert_eq!(damage.place.offset, 4096 * (wrong as u64 + 1), "{what}: {damage}");
        let report = storage::verify::verify(&shared(&disk), &dir()).unwrap();
        assert!(report.damage.contains(&damage), "{what}: {:?}", report.damage);
    }
}

#[test]
fn an_epoch_that_does_not_begin_with_opened() {
    let (disk, headers) = written(3, 100);
    for header in &headers[1..] {
        let disk = disk.image();
        forge(&disk, header, |header, _| header.epoch += 1);
        let damage = damage_of(&disk);
        assert_eq!(damage.place, header.place);
        assert!(damage.what.contains("epoch 2 does not begin with `Opened`"), "{damage}");
    }
    // The very first group, too.
    let disk = new_disk(WriteMode::Direct);
    let (recovered, _) = start(&disk).unwrap();
    drop(recovered);
    let first = self::headers(&disk)[0];
    forge(&disk, &first, |_, body| body[4] = KIND as u8);
    assert!(damage_of(&disk).what.contains("epoch 1 does not begin with `Opened`"));
}

#[test]
fn an_epoch_goes_on_after_another_was_closed() {
    let disk = new_disk(WriteMode::Direct);
    let (mut recovered, _) = start(&disk).unwrap();
    append(&mut recovered, &bodies(1, 2, 100)).unwrap();
    recovered.journal.close(3_000).unwrap();
    let (recovered, seen) = start(&disk).unwrap();
    assert!(recovered.closed_before);
    assert_eq!((recovered.epoch, seen.len()), (2, 2));
}

/// A header at `place` with one field changed, under a checksum that holds.
fn header_with(disk: &SimDisk, place: Place, like: &GroupHeader, at: usize, value: u8) {
    let mut head = [0; 128];
    GroupHeader { place, ..*like }.encode(&mut head);
    head[at] = value;
    let crc = crc32c::crc32c(&head[..124]);
    head[124..].copy_from_slice(&crc.to_le_bytes());
    overwrite(disk, &segment(place.segment), place.offset, &head);
}

#[test]
fn what_a_later_format_wrote_is_never_cut() {
    let (disk, headers) = written(2, 100);
    let last = headers.last().unwrap();
    let end = last.place.offset + last.disk_bytes() as u64;
    // The version, the hash algorithm, and a byte that is zero in this format; where the next
    // group belongs and behind a torn one.
    for (at, value) in [(4, 2), (7, 2), (120, 1)] {
        for behind in [0, 4096] {
            let disk = disk.image();
            let place = Place { segment: last.place.segment, offset: end + behind };
            if behind > 0 {
                overwrite(&disk, &segment(place.segment), end, &[1; 4096]);
            }
            header_with(&disk, place, last, at, value);
            let before = disk.contents(&segment(1)).unwrap();
            let error = start(&disk).map(drop).unwrap_err();
            let newer = matches!(&error, OpenError::Newer(found) if found.place == place);
            let odd_here = behind == 0 && at != 4;
            assert!(newer || (odd_here && matches!(error, OpenError::Damage(_))), "{error}");
            assert_eq!(before, disk.contents(&segment(1)).unwrap(), "byte {at}, {behind} behind");
        }
    }
}

#[test]
fn a_witness_that_is_here_with_another_hash() {
    let (disk, _) = written(3, 100);
    let cursors = cursors(&disk);
    for cursor in &cursors {
        let mut options = options();
        options.witness = Some(*cursor);
        assert!(start_with(&disk.image(), &options).is_ok());
        options.witness = Some(Cursor { hash: GroupHash([7; 32]), ..*cursor });
        let error = failure(start_with(&disk.image(), &options));
        assert!(matches!(error, OpenError::WitnessDiffers { .. }), "{error}");
        let mut other_epoch = *cursor;
        other_epoch.position.epoch += 1;
        options.witness = Some(other_epoch);
        let error = failure(start_with(&disk.image(), &options));
        assert!(matches!(error, OpenError::WitnessDiffers { .. }), "{error}");
    }
}

#[test]
fn a_record_nobody_knows_stops_a_start_and_no_tool() {
    let (disk, _) = written(2, 100);
    let mut options = options();
    options.knows = &|_, _| false;
    match failure(start_with(&disk, &options)) {
        OpenError::UnknownKind { kind: KIND, version: 1, position } => {
            assert_eq!(position, Position { epoch: 1, sequence: 2 });
        }
        other => panic!("{other}"),
    }
    assert_eq!(headers(&disk).len(), 3);
}

#[test]
fn a_caller_that_refuses_a_group_stops_the_start() {
    let (disk, _) = written(2, 100);
    let before = snapshot(&disk);
    let outcome =
        storage::journal::LocalJournal::open(&shared(&disk), &dir(), &options(), &mut |group| {
            if group.header.first_sequence == 5 { Err("no".to_owned()) } else { Ok(()) }
        });
    let Err(OpenError::Refused { first, what }) = outcome else { panic!("it went on") };
    assert_eq!((first.sequence, what.as_str()), (5, "no"));
    assert_eq!(snapshot(&disk), before);
}

#[test]
fn a_bit_that_reads_wrong_at_any_read_is_never_believed() {
    let (disk, _) = written(6, 900);
    let whole = start(&disk.image()).unwrap().1;
    let disk = disk.image();
    disk.plan(Vec::new());
    drop(start(&disk.image()).unwrap());
    for at in 0..40 {
        for bit in [3, 4096 * 8 + 100, 4096 * 16 + 70, 4096 * 30] {
            let disk = disk.image();
            let only = Some(OperationKind::Read);
            let fault = Fault::FlipsBit(bit);
            disk.plan(vec![PlannedFault { at, only, sticky: false, fault }]);
            if let Ok((_, seen)) = start(&disk) {
                // Either the flip met bytes that nobody needs, or it met the last group.
                assert!(seen == whole || seen == whole[..whole.len() - 3], "read {at}");
            }
        }
    }
}
