//! Goal: a reader sees every durable record once, in order, never one that is not durable, and
//! never goes on from a cursor that is not in the chain.
//! Method: read a journal while it grows, from every position, and from cursors of another past.

use storage::disk::WriteMode;
use storage::journal::Journal;
use storage::position::{Cursor, GroupHash, Position};
use storage::reader::{JournalReader, ReadError, ReadFrom};

use crate::common::*;

fn read_all(reader: &mut JournalReader, durable: Position, after: Position) -> Vec<Seen> {
    let mut seen = Vec::new();
    while let Some(group) = reader.next(durable).unwrap() {
        let records = group.records.after(after).filter(|record| record.kind == KIND);
        seen.extend(records.map(|record| (record.position, record.body.to_vec())));
    }
    seen
}

#[test]
fn a_follower_sees_each_group_when_it_is_durable() {
    let disk = new_disk(WriteMode::Direct);
    let (mut recovered, _) = start(&disk).unwrap();
    let mut reader = recovered.journal.read_from(ReadFrom::Start).unwrap();
    let mut late = recovered.journal.read_from(ReadFrom::Start).unwrap();
    let mut seen = Vec::new();
    for group in 0..25 {
        let before = recovered.journal.durable().position;
        append(&mut recovered, &bodies(group, 2, 4000)).unwrap();
        let after = recovered.journal.durable();
        seen.extend(read_all(&mut reader, before, Position::START));
        assert_eq!(reader.position(), before, "no further than it was told");
        seen.extend(read_all(&mut reader, after.position, Position::START));
        assert_eq!(reader.cursor(), after);
    }
    assert!(recovered.journal.place().segment > 3);
    let all = read_all(&mut late, recovered.journal.durable().position, Position::START);
    assert_eq!(all, seen);
    drop(recovered);
    assert_eq!(start(&disk).unwrap().1, seen);
}

#[test]
fn from_every_mark_the_rest_is_read() {
    let (disk, headers) = written(16, 7000);
    assert!(headers.last().unwrap().place.segment > 3);
    let all = start(&disk.image()).unwrap().1;
    let mut reader = JournalReader::open(shared(&disk), &dir(), ReadFrom::Start).unwrap();
    let mut marks = vec![reader.mark()];
    while reader.next(Position::END).unwrap().is_some() {
        marks.push(reader.mark());
    }
    assert_eq!(marks.len(), headers.len() + 1);
    // Back and forth: from the last mark to the first, then every other one.
    for mark in marks.iter().rev().chain(marks.iter().step_by(2)) {
        reader.go_to(mark);
        let after = mark.position();
        assert_eq!(reader.position(), after);
        let rest = read_all(&mut reader, Position::END, after);
        let expected: Vec<_> = all.iter().filter(|(at, _)| *at > after).cloned().collect();
        assert_eq!(rest, expected, "after {after}");
    }
}

#[test]
fn from_every_position_the_rest_is_read() {
    let (disk, headers) = written(16, 7000);
    assert!(headers.last().unwrap().place.segment > 3);
    let all = start(&disk.image()).unwrap().1;
    let last = headers.last().unwrap().last();
    for sequence in 0..=last.sequence {
        let after = Position { epoch: u32::from(sequence > 0), sequence };
        let mut reader =
            JournalReader::open(shared(&disk), &dir(), ReadFrom::After(after)).unwrap();
        let rest = read_all(&mut reader, Position::END, after);
        let expected: Vec<_> = all.iter().filter(|(at, _)| *at > after).cloned().collect();
        assert_eq!(rest, expected, "after {after}");
    }
    for cursor in cursors(&disk) {
        let from = ReadFrom::AfterCursor(cursor);
        let mut reader = JournalReader::open(shared(&disk), &dir(), from).unwrap();
        assert_eq!(reader.cursor(), cursor);
        let rest = read_all(&mut reader, Position::END, cursor.position);
        assert_eq!(rest.len(), all.iter().filter(|(at, _)| *at > cursor.position).count());
    }
}

fn diverged(disk: &storage::disk::SimDisk, cursor: Cursor) -> Position {
    match JournalReader::open(shared(disk), &dir(), ReadFrom::AfterCursor(cursor)) {
        Err(ReadError::Diverged { cursor: told, last_common }) => {
            assert_eq!(told, cursor);
            last_common
        }
        Ok(_) => panic!("{cursor} must not be continued from"),
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn a_cursor_of_another_past_hears_the_last_common_position() {
    let common = new_disk(WriteMode::Direct);
    let (mut recovered, _) = start(&common).unwrap();
    for group in 0..5 {
        append(&mut recovered, &bodies(group, 3, 6000)).unwrap();
    }
    let fork = recovered.journal.durable().position;
    drop(recovered);
    // One copy goes on in epoch 2 (kept from before its own crash), the other is started twice.
    let (lost, kept) = (common.image(), common.image());
    let (mut recovered, _) = start(&lost).unwrap();
    let lost_opened = recovered.journal.durable();
    for group in 10..14 {
        append(&mut recovered, &bodies(group, 3, 6000)).unwrap();
    }
    let lost_end = recovered.journal.durable();
    drop(start(&kept).unwrap());
    let (mut recovered, _) = start(&kept).unwrap();
    for group in 20..26 {
        append(&mut recovered, &bodies(group, 3, 6000)).unwrap();
    }
    let kept_cursors = cursors(&kept);
    // Epoch 2 of `kept` is one record: `Opened`. It is the same record in both, of the same hash.
    assert_eq!(kept_cursors[6], lost_opened);
    assert_eq!(diverged(&kept, lost_end), lost_opened.position);
    // The same place in the same epoch with another hash puts the whole epoch in doubt.
    let other = Cursor { hash: GroupHash([9; 32]), ..lost_opened };
    assert_eq!(diverged(&kept, other), fork);
    // A cursor ahead of everything here.
    let ahead = Position { epoch: 1, sequence: 10_000 };
    assert_eq!(diverged(&kept, Cursor { position: ahead, hash: GroupHash([1; 32]) }), fork);
    let ahead = Position { epoch: 9, sequence: 10_000 };
    let last = kept_cursors.last().unwrap().position;
    assert_eq!(diverged(&kept, Cursor { position: ahead, hash: GroupHash([1; 32]) }), last);
    // What both have is read by either's cursor.
    assert!(JournalReader::open(shared(&kept), &dir(), ReadFrom::AfterCursor(lost_opened)).is_ok());
}

#[test]
fn a_group_that_must_be_there_and_is_not_is_damage() {
    let (disk, headers) = written(6, 3000);
    let last = headers.last().unwrap().last();
    // Where the first group of a segment is missing, nothing tells it from one missing before it.
    for header in headers.iter().filter(|header| header.place.segment == 1) {
        let disk = disk.image();
        disk.put_wrong(&segment(1), header.place.offset, &[0; 4096]);
        let mut reader = JournalReader::open(shared(&disk), &dir(), ReadFrom::Start).unwrap();
        let error = loop {
            match reader.next(last) {
                Ok(Some(_)) => {}
                Ok(None) => panic!("the reader stopped before what is durable"),
                Err(error) => break error,
            }
        };
        let ReadError::Damage(damage) = error else { panic!("{error}") };
        assert_eq!(damage.place, header.place);
    }
}

#[test]
fn a_group_that_ends_past_the_durable_position_waits_whole() {
    let (disk, headers) = written(2, 100);
    let mut reader = JournalReader::open(shared(&disk), &dir(), ReadFrom::Start).unwrap();
    assert!(reader.next(Position::END).unwrap().is_some());
    let middle = Position { epoch: 1, sequence: headers[1].first_sequence + 1 };
    assert!(reader.next(middle).unwrap().is_none());
    assert_eq!(reader.next(headers[1].last()).unwrap().unwrap().header, headers[1]);
}
