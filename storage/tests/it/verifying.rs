//! Goal: a verification names every damaged place and nothing else, and writes nothing.
//! Method: damage several places of one journal at once.

use storage::disk::WriteMode;
use storage::journal::Journal;
use storage::marks::{Closed, KIND_CLOSED};
use storage::position::Place;
use storage::record::RecordWriter;
use storage::verify::{Report, verify};

use crate::common::*;

fn report(disk: &storage::disk::SimDisk) -> Report {
    let before = snapshot(disk);
    let report = verify(&shared(disk), &dir()).unwrap();
    assert_eq!(snapshot(disk), before);
    report
}

#[test]
fn a_sound_journal_has_no_damage() {
    let (disk, headers) = written(20, 5000);
    let report = report(&disk);
    assert_eq!((report.damaged, report.torn, report.closed), (0, None, false));
    assert_eq!((report.groups, report.records), (21, 61));
    let bytes: usize = headers.iter().map(|header| header.disk_bytes()).sum();
    assert_eq!(report.bytes, bytes as u64);
    assert_eq!(report.last, *cursors(&disk).last().unwrap());
}

#[test]
fn all_damage_is_named() {
    let (disk, headers) = written(20, 5000);
    let places: Vec<Place> = [2, 7, 8, 15].iter().map(|index| headers[*index].place).collect();
    disk.flip_bit(&segment(places[0].segment), places[0].offset * 8 + 40);
    disk.flip_bit(&segment(places[1].segment), places[1].offset * 8 + 9000);
    disk.put_wrong(&segment(places[2].segment), places[2].offset, &[0; 4096]);
    disk.put_wrong(&segment(places[3].segment), places[3].offset, &[0xee; 600]);
    let report = report(&disk);
    let named: Vec<Place> = report.damage.iter().map(|damage| damage.place).collect();
    // Two damaged groups side by side are one gap in the chain.
    assert_eq!(named, [places[0], places[1], places[3]]);
    assert_eq!((report.damaged, report.groups), (3, 21 - 4));
    assert_eq!(report.last, *cursors(&disk.after_heal()).last().unwrap());
}

trait Healed {
    fn after_heal(&self) -> storage::disk::SimDisk;
}

impl Healed for storage::disk::SimDisk {
    fn after_heal(&self) -> storage::disk::SimDisk {
        let healed = self.image();
        healed.heal();
        healed
    }
}

#[test]
fn padding_that_is_not_zero() {
    let (disk, headers) = written(4, 100);
    let place = headers[2].place;
    disk.put_wrong(&segment(1), place.offset + headers[2].hashed_bytes() as u64, &[1]);
    let report = report(&disk);
    assert_eq!(report.damage.len(), 1);
    assert_eq!(report.damage[0].place, place);
    assert!(report.damage[0].what.contains("padding"));
    assert!(start(&disk).is_ok(), "padding is not hashed, and a start does not need it");
}

#[test]
fn a_torn_end_is_no_damage() {
    let (disk, headers) = written(4, 3000);
    let last = headers.last().unwrap();
    disk.put_wrong(&segment(1), last.place.offset + 512, &[0; 512]);
    let report = report(&disk);
    assert_eq!((report.damaged, report.groups), (0, 4));
    assert_eq!(report.torn.unwrap().place, last.place);
}

#[test]
fn a_closed_that_counts_wrong_is_damage() {
    let disk = new_disk(WriteMode::Direct);
    let (mut recovered, _) = start(&disk).unwrap();
    append(&mut recovered, &bodies(1, 3, 100)).unwrap();
    drop(recovered);
    let (mut recovered, _) = start(&disk).unwrap();
    append(&mut recovered, &bodies(2, 5, 100)).unwrap();
    let good = disk.image();
    recovered.journal.close(5_000).unwrap();
    assert_eq!(report(&disk).damaged, 0);
    assert!(report(&disk).closed);
    let (mut recovered, _) = start(&good).unwrap();
    append(&mut recovered, &bodies(3, 2, 100)).unwrap();
    let mut run = RecordWriter::default();
    run.write(KIND_CLOSED, 1, &Closed { groups: 2, records: 4 }.to_body());
    recovered.journal.append(&[run.run()], 5_000).unwrap();
    let report = report(&good);
    assert_eq!(report.damaged, 1);
    assert!(report.damage[0].what.contains("2 and 3"), "{:?}", report.damage);
}
