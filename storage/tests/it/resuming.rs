//! Goal: a start that begins behind a cursor ends as one that reads everything, reads nothing of
//! what lies before, and never begins from a cursor that is not in the chain.
//! Method: from every record of journals over many segments and epochs, beside a whole start on
//! the same image; damage before and behind; other chains.

use proptest::collection::vec;
use proptest::prelude::*;
use storage::disk::{OperationKind, SimDisk, WriteMode};
use storage::journal::{Journal, LocalJournal};
use storage::position::{Cursor, GroupHash, Position};
use storage::recovery::{BlankSegments, OpenError, Refusal, Visitor};
use storage::walk::Group;

use crate::common::*;

fn start_from(
    disk: &SimDisk,
    from: Cursor,
) -> Result<(storage::recovery::Recovered, Vec<Seen>), OpenError> {
    start_with(disk, &storage::recovery::OpenOptions { from: Some(from), ..options() })
}

fn genesis() -> Cursor {
    Cursor { position: Position::START, hash: DATASET.genesis() }
}

/// One life of a writer: bytes of each group's records, and whether it ends in good order.
type Life = (Vec<(usize, usize)>, bool);

fn live(disk: &SimDisk, life: &Life, seed: u64) {
    let (mut recovered, _) = start(disk).unwrap();
    for (group, (records, bytes)) in (seed..).zip(&life.0) {
        append(&mut recovered, &bodies(group, *records, *bytes)).unwrap();
    }
    if life.1 {
        // Without room in a ready segment, `Closed` is left out: that is an end like a crash.
        let _ = recovered.journal.close(3_000);
    }
}

/// From each record on: the same end, the same journal behind it, and only what comes after.
/// `sound` is the journal without what was being written when the machine stopped.
fn assert_same_from_everywhere(disk: &SimDisk, sound: &SimDisk) {
    let (whole, all) = start(&disk.image()).unwrap();
    let headers = headers(sound);
    let mut froms = vec![(genesis(), Position::START)];
    for (header, cursor) in headers.iter().zip(cursors(sound)) {
        for sequence in header.first_sequence..=header.last().sequence {
            let position = Position { epoch: header.epoch, sequence };
            // In the middle of a group, all of it is visited.
            let before = if position == header.last() { position } else { header.durable_before };
            froms.push((Cursor { position, ..cursor }, before));
        }
    }
    for (from, before) in froms {
        let (recovered, rest) = start_from(&disk.image(), from).unwrap();
        let expected: Vec<_> = all.iter().filter(|(at, _)| *at > before).cloned().collect();
        assert_eq!(rest, expected, "from {from}");
        assert_eq!(recovered.journal.durable(), whole.journal.durable(), "from {from}");
        assert_eq!(recovered.journal.place(), whole.journal.place(), "from {from}");
        assert_eq!(recovered.journal.time_ms(), whole.journal.time_ms(), "from {from}");
        assert_eq!(recovered.closed_before, whole.closed_before, "from {from}");
        assert_eq!((recovered.cut, recovered.epoch), (whole.cut, whole.epoch), "from {from}");
        let visited = headers.iter().filter(|header| header.last() > before).count() as u64;
        assert_eq!(recovered.groups, visited, "from {from}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn from_every_record_it_ends_as_a_whole_start_does(
        lives in vec((vec((1usize..5, 1usize..9000), 0..9), any::<bool>()), 1..4)
    ) {
        let disk = new_disk(WriteMode::Direct);
        for (life, seed) in lives.iter().zip([0, 100, 200]) {
            live(&disk, life, seed);
        }
        assert_same_from_everywhere(&disk, &disk);
    }
}

#[test]
fn through_the_page_cache_and_behind_a_torn_end_too() {
    let disk = new_disk(WriteMode::Buffered);
    live(&disk, &(vec![(3, 7000); 12], true), 0);
    live(&disk, &(vec![(2, 3000); 5], false), 50);
    let last = *headers(&disk).last().unwrap();
    assert!(last.place.segment > 3);
    assert_same_from_everywhere(&disk, &disk);
    // What follows was being written when the power failed.
    let torn = disk.image();
    let end = last.place.offset + last.disk_bytes() as u64;
    overwrite(&torn, &segment(last.place.segment), end + 100, &[7; 300]);
    assert!(start(&torn.image()).unwrap().0.cut.is_some());
    assert_same_from_everywhere(&torn, &disk);
}

fn diverges(disk: &SimDisk, from: Cursor) {
    let before = snapshot(disk);
    let error = failure(start_from(disk, from));
    assert!(matches!(error, OpenError::Diverged { from: told } if told == from), "{error}");
    assert!(without_owner(before) == without_owner(snapshot(disk)), "nothing is written");
}

fn without_owner(files: Vec<(std::path::PathBuf, Vec<u8>)>) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    files.into_iter().filter(|(path, _)| !path.ends_with("owner")).collect()
}

#[test]
fn a_cursor_that_is_not_in_the_chain_begins_nothing() {
    let (disk, _) = written(16, 7000);
    for cursor in cursors(&disk).into_iter().chain([genesis()]) {
        let disk = disk.image();
        diverges(&disk, Cursor { hash: GroupHash([9; 32]), ..cursor });
        let epoch = cursor.position.epoch + 1;
        let position = Position { epoch, ..cursor.position };
        diverges(&disk, Cursor { position, ..cursor });
    }
    // The hash of one group with the position of another.
    let all = cursors(&disk);
    diverges(&disk, Cursor { hash: all[3].hash, ..all[4] });
}

#[test]
fn a_cursor_past_the_end_is_a_witness_that_the_end_is_lost() {
    let (disk, headers) = written(9, 7000);
    let last = *headers.last().unwrap();
    let ahead = *cursors(&disk).last().unwrap();
    let is_ahead = |disk: &SimDisk, from: Cursor, end: Position| {
        let before = without_owner(snapshot(disk));
        match failure(start_from(disk, from)) {
            OpenError::WitnessAhead { witness, last } => {
                assert_eq!((witness, last), (from.position, end));
            }
            error => panic!("{error}"),
        }
        assert!(before == without_owner(snapshot(disk)), "nothing is written");
    };
    let position = Position { epoch: 1, sequence: last.last().sequence + 1 };
    is_ahead(&disk.image(), Cursor { position, ..ahead }, last.last());
    let position = Position { epoch: 7, sequence: 1 << 40 };
    is_ahead(&disk.image(), Cursor { position, ..ahead }, last.last());
    // The last group is torn, and the cursor knows that it was whole.
    let torn = disk.image();
    torn.put_wrong(&segment(last.place.segment), last.place.offset + 200, &[0; 300]);
    is_ahead(&torn, ahead, last.durable_before);
    // A journal without a group.
    is_ahead(&new_disk(WriteMode::Direct), ahead, Position::START);
}

#[test]
fn damage_behind_the_cursor_stops_the_start_and_what_lies_before_is_not_read() {
    let (disk, headers) = written(16, 7000);
    let all = cursors(&disk);
    let (at, from) = (headers[10], all[10]);
    assert!(at.place.segment > 2);
    for header in &headers {
        let body = disk.image();
        body.put_wrong(&segment(header.place.segment), header.place.offset + 200, &[0x55; 9]);
        let outcome = start_from(&body, from);
        if header.last() < from.position {
            assert!(outcome.is_ok(), "the body of {} is not read", header.place);
        } else if header == headers.last().unwrap() {
            assert!(outcome.unwrap().0.cut.is_some(), "without a witness it is a torn end");
        } else {
            assert!(is_damage(&outcome), "the body of {}", header.place);
        }
        let head = disk.image();
        head.put_wrong(&segment(header.place.segment), header.place.offset + 50, &[0x55; 9]);
        let outcome = start_from(&head, from);
        let unread = header.place.segment < at.place.segment;
        if unread && header.place.offset > 4096 {
            assert!(outcome.is_ok(), "the header of {} is not read", header.place);
        } else if header.last() <= from.position && !unread {
            assert!(is_damage(&outcome), "the way goes over the header of {}", header.place);
        }
    }
}

#[test]
fn witnesses_are_asked_as_in_a_whole_start() {
    let (disk, _) = written(16, 7000);
    let all = cursors(&disk);
    for from in [genesis(), all[3], all[10], all[16]] {
        let start = |witness: Cursor| {
            let options = storage::recovery::OpenOptions {
                from: Some(from),
                witness: Some(witness),
                ..options()
            };
            start_with(&disk.image(), &options)
        };
        for witness in all.iter().copied().chain([genesis()]) {
            assert!(start(witness).is_ok(), "{witness} from {from}");
            if witness != genesis() {
                let other = Cursor { hash: GroupHash([9; 32]), ..witness };
                let error = failure(start(other));
                assert!(matches!(error, OpenError::WitnessDiffers { .. }), "{error}");
            }
        }
        let position = Position { epoch: 1, sequence: 1000 };
        let error = failure(start(Cursor { position, ..all[16] }));
        assert!(matches!(error, OpenError::WitnessAhead { .. }), "{error}");
    }
}

#[test]
fn the_length_of_the_journal_costs_a_header_for_each_segment() {
    let reads = |groups: u64| {
        let (disk, headers) = written(groups, 7000);
        let from = *cursors(&disk).last().unwrap();
        disk.plan(Vec::new());
        let (recovered, rest) = start_from(&disk, from).unwrap();
        assert_eq!((rest.len(), recovered.groups), (0, 0));
        (headers.last().unwrap().place.segment, disk.operations_of(OperationKind::Read))
    };
    let (few, reads_of_few) = reads(20);
    let (many, reads_of_many) = reads(200);
    let segments = many - few;
    assert!(segments > 30);
    // Two inventories, before and under the lock, and a search by halves.
    let most = 2 * segments + u64::from(segments.ilog2()) + 3;
    let more = reads_of_many - reads_of_few;
    assert!(more <= most, "{more} more reads for {segments} more segments");
}

/// Takes every group, and says at the end that one of them was wrong.
struct WrongAtTheEnd(Position);

impl Visitor for WrongAtTheEnd {
    fn group(&mut self, _: &Group<'_>) -> Result<(), Refusal> {
        Ok(())
    }

    fn end(&mut self) -> Result<(), Refusal> {
        Err(Refusal { first: self.0, what: "on purpose".to_owned() })
    }
}

#[test]
fn what_a_visitor_says_at_the_end_stops_the_start_before_anything_is_written() {
    let (disk, headers) = written(4, 500);
    let last = headers.last().unwrap();
    let path = segment(last.place.segment);
    let mut torn = disk.contents(&path).unwrap();
    torn[last.place.offset as usize + 600..].fill(0);
    disk.put_file(&path, &torn);
    let (before, writes) = (snapshot(&disk), disk.operations_of(OperationKind::Write));
    let mut visitor = WrongAtTheEnd(headers[1].first());
    let opened = LocalJournal::open_for(&shared(&disk), &dir(), &options(), &mut visitor);
    let Err(OpenError::Refused { first, what }) = opened else { panic!("the start went on") };
    assert_eq!((first, what.as_str()), (headers[1].first(), "on purpose"));
    assert_eq!(snapshot(&disk), before, "the torn end is as it was");
    assert_eq!(disk.operations_of(OperationKind::Write), writes);
}

#[test]
fn what_is_known_to_be_blank_is_not_read_again_and_what_is_not_is() {
    let (disk, _) = written(4, 500);
    let (mut recovered, _) = start(&disk).unwrap();
    while matches!(recovered.filler.fill_one(), Ok(storage::filler::FillStep::Ready(_))) {}
    drop(recovered);
    let last = disk.files().iter().filter(|path| path.extension() == Some("seg".as_ref())).count();
    let last = segment(last as u64);
    let reads = |disk: &SimDisk, blank| {
        let before = disk.operations_of(OperationKind::Read);
        let outcome = start_with(disk, &storage::recovery::OpenOptions { blank, ..options() });
        (disk.operations_of(OperationKind::Read) - before, outcome)
    };
    let blank = BlankSegments::look(&disk, &dir());
    assert_ne!(blank, BlankSegments::NONE);
    let ((few, one), (many, other)) =
        (reads(&disk.image(), blank), reads(&disk.image(), BlankSegments::NONE));
    assert!(few < many, "{few} and {many} reads");
    assert_eq!(one.unwrap().1, other.unwrap().1);
    // One byte in it, and it is not blank.
    overwrite(&disk, &last, 3 * 4096 + 7, &[1]);
    let blank = BlankSegments::look(&disk, &dir());
    assert_eq!(blank, BlankSegments::NONE);
    assert!(is_damage(&reads(&disk, blank).1));
}
