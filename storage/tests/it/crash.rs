//! Goal: every append that returned is there after any crash or fault, in order, and no group is
//! ever seen in part.
//! Method: run one script on a simulated disk, let a fault strike at each operation in turn, keep
//! different parts of what was not synced, start again and compare with what was acknowledged.

use std::io::ErrorKind;

use storage::disk::{Fault, PlannedFault, SimDisk, Unsynced, WriteMode};
use storage::inventory::InventoryError;
use storage::journal::LocalJournal;
use storage::position::Position;
use storage::recovery::OpenError;

use crate::common::*;

/// What the script has been told.
#[derive(Default)]
struct Told {
    created: bool,
    acknowledged: Vec<Seen>,
    /// The bodies of the group whose outcome is unknown.
    in_doubt: Vec<Vec<u8>>,
}

const GROUPS: u64 = 9;

fn group_bodies(group: u64) -> Vec<Vec<u8>> {
    // Sizes that end a segment at different distances, and roll over twice.
    bodies(group, 1 + group as usize % 3, [200, 5000, 11_000][group as usize % 3])
}

/// Creates, opens, appends, closes, opens again and appends; stops at the first fault.
fn script(disk: &SimDisk, told: &mut Told) -> Result<(), OpenError> {
    LocalJournal::create(&shared(disk), &dir(), DATASET)?;
    told.created = true;
    for life in 0..2 {
        let (mut recovered, seen) = start(disk)?;
        assert_eq!(seen, told.acknowledged, "a start without a crash sees what was told");
        for group in life * GROUPS..(life + 1) * GROUPS {
            let bodies = group_bodies(group);
            told.in_doubt = bodies.clone();
            let landed = append(&mut recovered, &bodies).map_err(OpenError::Journal)?;
            told.in_doubt.clear();
            assert_eq!(landed.count as usize, bodies.len());
            for (index, body) in bodies.into_iter().enumerate() {
                let sequence = landed.first.sequence + index as u64;
                let position = Position { epoch: landed.first.epoch, sequence };
                told.acknowledged.push((position, body));
            }
        }
        recovered.journal.close(9_000).map_err(OpenError::Journal)?;
    }
    Ok(())
}

/// Starts after the fault and asks the oracle.
fn check(disk: &SimDisk, told: &Told, what: &str) {
    let (mut recovered, seen) = match start(disk) {
        Ok(started) => started,
        Err(OpenError::Inventory(InventoryError::NoDataSet { .. })) if !told.created => {
            // Making it can be tried again, as long as it was never said to be made.
            LocalJournal::create(&shared(disk), &dir(), DATASET).unwrap();
            start(disk).unwrap()
        }
        Err(error) => panic!("{what}: {error}"),
    };
    let kept = told.acknowledged.len();
    assert!(seen.len() >= kept, "{what}: {} of {kept} records are there", seen.len());
    assert_eq!(seen[..kept], told.acknowledged, "{what}");
    let more: Vec<_> = seen[kept..].iter().map(|(_, body)| body.clone()).collect();
    assert!(more.is_empty() || more == told.in_doubt, "{what}: part of a group is seen");
    let sequences: Vec<_> = seen.iter().map(|(position, _)| position.sequence).collect();
    assert!(sequences.is_sorted_by(|a, b| a < b), "{what}");
    // And it goes on.
    append(&mut recovered, &bodies(99, 2, 3000)).unwrap();
    drop(recovered);
    let report = storage::verify::verify(&shared(disk), &dir()).unwrap();
    assert_eq!((report.damaged, report.torn), (0, None), "{what}: {:?}", report.damage);
    assert_eq!(start(disk).unwrap().1.len(), seen.len() + 2, "{what}");
}

type Keep = (&'static str, fn(Unsynced<'_>) -> bool);

/// What a crash may keep.
const KEEPS: [Keep; 6] = [
    ("nothing", |_| false),
    ("everything", |_| true),
    ("names only", |unsynced| matches!(unsynced, Unsynced::Name { .. })),
    ("data only", |unsynced| !matches!(unsynced, Unsynced::Name { .. })),
    ("every other sector", |unsynced| match unsynced {
        Unsynced::Sector { offset, .. } => offset / 512 % 2 == 0,
        _ => true,
    }),
    ("a scatter of sectors", |unsynced| match unsynced {
        Unsynced::Sector { offset, .. } => {
            (offset / 512).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 61 < 3
        }
        _ => true,
    }),
];

fn at_every_operation(mode: WriteMode, faults: &[Fault], sticky: bool) {
    let clean = SimDisk::new(mode, CAPACITY);
    script(&clean, &mut Told::default()).unwrap();
    let operations = clean.operations();
    assert!(operations > 100, "the script takes only {operations} operations");
    let mut struck = 0;
    for fault in faults {
        for at in 0..operations {
            let disk = SimDisk::new(mode, CAPACITY);
            disk.plan(vec![PlannedFault { at, only: None, sticky, fault: *fault }]);
            let mut told = Told::default();
            let outcome = script(&disk, &mut told);
            struck += u64::from(outcome.is_err());
            for (kept, keep) in KEEPS {
                let what = format!("{mode:?} {fault:?} at {at}, keeping {kept}");
                check(&disk.after_crash(keep), &told, &what);
            }
            // The process may also end while the machine goes on.
            check(&disk.image(), &told, &format!("{mode:?} {fault:?} at {at}, process only"));
        }
    }
    assert!(struck > operations / 2 * faults.len() as u64, "most faults are noticed: {struck}");
}

#[test]
fn a_crash_at_every_operation_with_direct_writes() {
    at_every_operation(WriteMode::Direct, &[Fault::Crash], false);
}

#[test]
fn a_crash_at_every_operation_through_the_page_cache() {
    at_every_operation(WriteMode::Buffered, &[Fault::Crash], false);
}

#[test]
fn an_error_once_at_every_operation_with_direct_writes() {
    let faults = [Fault::Fails(ErrorKind::Other), Fault::Short(700)];
    at_every_operation(WriteMode::Direct, &faults[..1], false);
}

#[test]
fn an_error_once_at_every_operation_through_the_page_cache() {
    at_every_operation(WriteMode::Buffered, &[Fault::Fails(ErrorKind::Other)], false);
}

#[test]
fn an_error_from_then_on_at_every_operation() {
    at_every_operation(WriteMode::Direct, &[Fault::Fails(ErrorKind::Other)], true);
    at_every_operation(WriteMode::Buffered, &[Fault::Fails(ErrorKind::Other)], true);
}

#[test]
fn a_short_write_at_every_write() {
    for mode in [WriteMode::Direct, WriteMode::Buffered] {
        for bytes in [0, 1, 512, 4096, 4608] {
            for kind in [storage::disk::OperationKind::Write, storage::disk::OperationKind::Fill] {
                for at in 0.. {
                    let disk = SimDisk::new(mode, CAPACITY);
                    let fault = Fault::Short(bytes);
                    disk.plan(vec![PlannedFault { at, only: Some(kind), sticky: false, fault }]);
                    let mut told = Told::default();
                    if script(&disk, &mut told).is_ok() {
                        assert!(at > 2);
                        break;
                    }
                    for (kept, keep) in KEEPS {
                        let what = format!("{mode:?} short {bytes} {kind:?} {at}, {kept}");
                        check(&disk.after_crash(keep), &told, &what);
                    }
                }
            }
        }
    }
}

#[test]
fn no_room_from_any_operation_on() {
    let clean = SimDisk::new(WriteMode::Direct, CAPACITY);
    script(&clean, &mut Told::default()).unwrap();
    for at in 0..clean.operations() {
        let disk = SimDisk::new(WriteMode::Direct, CAPACITY);
        let fault = Fault::Fails(ErrorKind::StorageFull);
        disk.plan(vec![PlannedFault { at, only: None, sticky: true, fault }]);
        let mut told = Told::default();
        let _ = script(&disk, &mut told);
        for (kept, keep) in KEEPS {
            check(&disk.after_crash(keep), &told, &format!("no room from {at} on, {kept}"));
        }
    }
}

#[test]
fn a_full_disk_turns_appends_away_and_forgets_nothing() {
    for segments in 1..4 {
        let disk = SimDisk::new(WriteMode::Direct, segments * SEGMENT_BYTES + 4096);
        let mut told = Told::default();
        let outcome = script(&disk, &mut told);
        let turned_away = matches!(
            outcome,
            Err(OpenError::Journal(storage::journal::JournalFault::NotReady { .. }))
        );
        assert!(turned_away, "{segments}: {outcome:?}");
        told.in_doubt.clear();
        disk.set_capacity(CAPACITY);
        check(&disk, &told, "after room was made");
    }
}

#[test]
fn a_journal_that_failed_takes_nothing_more() {
    for mode in [WriteMode::Direct, WriteMode::Buffered] {
        let disk = new_disk(mode);
        let (mut recovered, _) = start(&disk).unwrap();
        let only = match mode {
            WriteMode::Direct => storage::disk::OperationKind::Write,
            WriteMode::Buffered => storage::disk::OperationKind::Sync,
        };
        let fault = Fault::Fails(ErrorKind::Other);
        disk.plan(vec![PlannedFault { at: 0, only: Some(only), sticky: false, fault }]);
        assert!(append(&mut recovered, &bodies(1, 1, 10)).unwrap_err().is_fatal());
        let writes = disk.operations();
        let again = append(&mut recovered, &bodies(1, 1, 10)).unwrap_err();
        assert!(matches!(again, storage::journal::JournalFault::Ended), "{again}");
        assert_eq!(disk.operations(), writes, "the disk is not touched again");
    }
}

/// Why a start without direct writes copies its tail: after a failed sync the page cache shows
/// bytes that the disk does not have, and a later sync of the same file says nothing of it.
#[test]
fn what_a_start_has_answered_for_survives_a_crash_after_a_failed_sync() {
    let disk = new_disk(WriteMode::Buffered);
    let (mut recovered, _) = start(&disk).unwrap();
    append(&mut recovered, &bodies(0, 2, 100)).unwrap();
    let only = Some(storage::disk::OperationKind::Sync);
    let fault = Fault::Fails(ErrorKind::Other);
    disk.plan(vec![PlannedFault { at: 0, only, sticky: false, fault }]);
    assert!(append(&mut recovered, &bodies(1, 2, 100)).is_err());
    drop(recovered);
    // The process ended, the machine did not: the cache still shows the group.
    let (recovered, seen) = start(&disk).unwrap();
    assert_eq!(seen.len(), 4);
    drop(recovered);
    let (_, after) = start(&disk.after_crash(|_| false)).unwrap();
    assert_eq!(after, seen, "what a start showed, no crash takes back");
}

/// Why a start syncs what it has read: a group whose write failed may be on its way to the disk,
/// and once a start has answered for it no crash may take it back.
#[test]
fn what_a_start_has_answered_for_survives_a_crash_after_a_failed_direct_write() {
    let disk = new_disk(WriteMode::Direct);
    let (mut recovered, _) = start(&disk).unwrap();
    append(&mut recovered, &bodies(0, 2, 100)).unwrap();
    let only = Some(storage::disk::OperationKind::Write);
    let fault = Fault::Fails(ErrorKind::Other);
    disk.plan(vec![PlannedFault { at: 0, only, sticky: false, fault }]);
    assert!(append(&mut recovered, &bodies(1, 2, 100)).is_err());
    drop(recovered);
    let (recovered, seen) = start(&disk).unwrap();
    assert_eq!(seen.len(), 4);
    drop(recovered);
    let (_, after) = start(&disk.after_crash(|_| false)).unwrap();
    assert_eq!(after, seen, "what a start showed, no crash takes back");
}
