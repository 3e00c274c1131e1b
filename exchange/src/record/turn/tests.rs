//! Turns come back whole, whatever their size, and one that was cut never was.

use storage::position::Position;
use storage::record::Records;

use super::*;

fn events(count: usize, bytes: usize) -> Vec<Event> {
    (0..count).map(|n| Event::Business(vec![n as u8; bytes])).collect()
}

/// Writes events as one turn of a journal with such groups, and reads what the first `kept` groups hold.
fn there_and_back(
    events: &[Event],
    room: usize,
    kept: Option<usize>,
) -> (usize, Vec<(u64, Event)>) {
    let mut writer = TurnWriter::new(41, room);
    let placed: Vec<u64> = events.iter().map(|event| writer.write(event)).collect();
    let groups: Vec<_> = writer.groups().collect();
    let kept = kept.unwrap_or(groups.len());
    let (mut reader, mut found, mut sequence) = (TurnReader::default(), Vec::new(), 41);
    for group in &groups[..kept] {
        assert!(group.bytes.len() + GROUP_HEADER_BYTES <= room, "{} bytes", group.bytes.len());
        let first = Position { epoch: 1, sequence };
        let records = Records::read(group.bytes, first, group.records).expect("whole records");
        sequence += u64::from(group.records);
        found.extend(reader.group(records).expect("a turn").into_iter().flatten());
    }
    if kept == groups.len() {
        let told: Vec<u64> = found.iter().map(|(at, _)| *at).collect();
        assert_eq!(told, placed, "events are where the writer said");
    }
    (groups.len(), found)
}

#[test]
fn turns_of_any_size_come_back() {
    for (count, bytes, room) in [
        (1, 0, 12_288),
        (3, 100, 12_288),
        (9, 5000, 12_288),
        (2, 700_000, 12_288),
        (4, 500_000, 2 << 20),
    ] {
        let all = events(count, bytes);
        let (_, found) = there_and_back(&all, room, None);
        let found: Vec<_> = found.into_iter().map(|(_, event)| event).collect();
        assert!(found == all, "{count} events of {bytes} bytes in groups of {room}");
    }
}

#[test]
fn a_turn_that_was_cut_never_was() {
    let all = events(9, 5000);
    let (groups, _) = there_and_back(&all, 12_288, None);
    assert!(groups > 2);
    for kept in 0..groups {
        assert_eq!(there_and_back(&all, 12_288, Some(kept)).1, [], "{kept} of {groups} groups");
    }
}

#[test]
fn the_start_after_a_cut_turn_forgets_it() {
    let mut writer = TurnWriter::new(1, 12_288);
    for event in events(9, 5000) {
        writer.write(&event);
    }
    let first_group = writer.groups().next().expect("a group");
    let mut reader = TurnReader::default();
    let at = |sequence| Position { epoch: 1, sequence };
    let records = Records::read(first_group.bytes, at(1), first_group.records).expect("whole");
    assert_eq!(reader.group(records), Ok(None));
    let mut mark = RecordWriter::default();
    mark.write(storage::marks::KIND_OPENED, 1, &[]);
    let records = Records::read(mark.run().bytes, at(7), 1).expect("whole");
    assert_eq!(reader.group(records), Ok(Some(Vec::new())));
    let mut next = TurnWriter::new(8, 12_288);
    next.write(&Event::Business(b"after".to_vec()));
    let group = next.groups().next().expect("a group");
    let records = Records::read(group.bytes, at(8), group.records).expect("whole");
    let events = reader.group(records).expect("a turn").expect("its end");
    assert_eq!(events, [(8, Event::Business(b"after".to_vec()))]);
}

#[test]
fn strange_records_are_refused() {
    let mut run = RecordWriter::default();
    run.write(super::super::KIND_LAST, 1, b"?");
    let first = Position { epoch: 1, sequence: 5 };
    let records = Records::read(run.run().bytes, first, 1).expect("whole");
    let refused = TurnReader::default().group(records).expect_err("unknown");
    assert!(matches!(refused, NotATurn::Unreadable { sequence: 5, .. }));
}
