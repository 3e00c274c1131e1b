//! Goal: a group that was being written when the machine stopped is cut, whole, and nothing else.
//! Method: cut the last group at every byte, and keep subsets of its sectors.

use storage::disk::{Fault, OperationKind, PlannedFault, Unsynced, WriteMode};
use storage::marks::Cut;
use storage::recovery::OpenError;

use crate::common::*;

#[test]
fn a_last_group_cut_at_any_byte_is_torn() {
    let (disk, headers) = written(4, 500);
    let last = headers.last().unwrap();
    let path = segment(last.place.segment);
    let whole = disk.contents(&path).unwrap();
    let begin = last.place.offset as usize;
    let end = begin + last.hashed_bytes();
    for at in begin..=end {
        let mut cut_off = whole.clone();
        cut_off[at..].fill(0);
        let intact = cut_off == whole;
        let blank = at == begin;
        let disk = disk.image();
        disk.put_file(&path, &cut_off);
        let (mut recovered, seen) = start(&disk).unwrap();
        if intact {
            assert_eq!((recovered.cut, seen.len()), (None, 12), "byte {at}");
            continue;
        }
        assert_eq!(seen.len(), 9, "byte {at}");
        let cut = recovered.cut.map(|cut| cut.place);
        assert_eq!(cut, (!blank).then_some(last.place), "byte {at}");
        if at % 97 == 0 {
            // The journal goes on, and the next start finds all of it.
            append(&mut recovered, &bodies(9, 1, 30)).unwrap();
            drop(recovered);
            let (again, seen) = start(&disk).unwrap();
            assert_eq!((again.cut, seen.len()), (None, 10), "byte {at}");
        }
    }
}

#[test]
fn any_subset_of_sectors_of_the_last_write_is_torn_or_whole() {
    // 5 blocks = 40 sectors, the last four of them padding; the subsets are all runs, all combs and some mixtures.
    let masks = (0..40_u64)
        .flat_map(|n| [(1 << n) - 1, !((1 << n) - 1), 1 << n, !(1 << n)])
        .chain([0x5555_5555_5555_5555, 0xaaaa_aaaa_aaaa_aaaa, 0x0f0f_0f0f_0f0f_0f0f])
        .chain((1..200).map(|n: u64| n.wrapping_mul(0x9e37_79b9_7f4a_7c15)));
    let disk = new_disk(WriteMode::Direct);
    let (mut recovered, _) = start(&disk).unwrap();
    append(&mut recovered, &bodies(1, 3, 100)).unwrap();
    let place = recovered.journal.place();
    let writes = PlannedFault {
        at: 0,
        only: Some(OperationKind::Write),
        sticky: false,
        fault: Fault::Crash,
    };
    disk.plan(vec![writes]);
    assert!(append(&mut recovered, &bodies(2, 3, 6000)).unwrap_err().is_fatal());
    for mask in masks {
        const SECTORS: u64 = (128 + 3 * 6008_u64).div_ceil(512);
        let mut kept = 0;
        let left = disk.after_crash(|unsynced| {
            let Unsynced::Sector { offset, .. } = unsynced else { return false };
            let sector = (offset - place.offset) / 512;
            let keep = mask >> sector & 1 == 1;
            kept += u64::from(keep && sector < SECTORS);
            keep
        });
        let (recovered, seen) = start(&left).unwrap();
        assert!(seen.len() == 3 || seen.len() == 6, "no part of a group is ever seen");
        assert_eq!(seen.len() == 6, kept == SECTORS, "{mask:x}");
        assert_eq!(recovered.cut.is_some(), kept > 0 && kept < SECTORS, "{mask:x}");
    }
}

#[test]
fn a_torn_first_group_of_the_next_segment_is_cut_there() {
    let disk = new_disk(WriteMode::Direct);
    let (mut recovered, _) = start(&disk).unwrap();
    // Fills segment 1 but for two blocks; the next group does not fit there.
    append(&mut recovered, &bodies(1, 2, 24_000)).unwrap();
    assert!(matches!(recovered.filler.fill_one(), Ok(storage::filler::FillStep::Ready(2))));
    disk.plan(vec![PlannedFault {
        at: 0,
        only: Some(OperationKind::Write),
        sticky: false,
        fault: Fault::Crash,
    }]);
    assert!(append(&mut recovered, &bodies(2, 1, 20_000)).unwrap_err().is_fatal());
    let left = disk.after_crash(|unsynced| match unsynced {
        Unsynced::Sector { offset, .. } => offset < 4096 + 512,
        _ => true,
    });
    let (mut recovered, seen) = start(&left).unwrap();
    let place = storage::position::Place { segment: 2, offset: 4096 };
    assert_eq!(recovered.cut, Some(Cut { place, bytes: 4096 }));
    assert_eq!(seen.len(), 2);
    // The journal goes on in segment 1, where there is room still, and then in segment 2.
    assert_eq!(recovered.journal.place().segment, 1);
    append(&mut recovered, &bodies(3, 1, 20_000)).unwrap();
    assert_eq!(recovered.journal.place().segment, 2);
    drop(recovered);
    assert_eq!(start(&left).unwrap().1.len(), 3);
}

#[test]
fn what_was_cut_is_named_in_opened() {
    let (disk, headers) = written(3, 2000);
    let last = headers.last().unwrap();
    let path = segment(1);
    overwrite(&disk, &path, last.place.offset + 300, &[0; 200]);
    let (recovered, _) = start(&disk).unwrap();
    let expected = Cut { place: last.place, bytes: last.disk_bytes() as u64 };
    assert_eq!(recovered.cut, Some(expected));
    drop(recovered);
    let mut named = None;
    let options = options();
    let _again =
        storage::journal::LocalJournal::open(&shared(&disk), &dir(), &options, &mut |group| {
            for record in group.records {
                if record.kind == storage::marks::KIND_OPENED {
                    named = storage::marks::Opened::from_body(record.body);
                }
            }
            Ok(())
        })
        .unwrap();
    let named = named.unwrap();
    assert_eq!((named.cut, named.program.as_str()), (Some(expected), "storage tests"));
}

#[test]
fn a_crash_while_the_torn_end_is_zeroed_leaves_a_torn_end() {
    let (disk, headers) = written(3, 2500);
    let last = headers.last().unwrap();
    overwrite(&disk, &segment(1), last.place.offset + 1000, &[0; 512]);
    let (_, clean) = start(&disk.image()).unwrap();
    for at in 0.. {
        let disk = disk.image();
        disk.plan(vec![PlannedFault { at, only: None, sticky: false, fault: Fault::Crash }]);
        let finished = start(&disk).is_ok();
        for every in 1..=4 {
            let left = disk.after_crash(|unsynced| match unsynced {
                Unsynced::Sector { offset, .. } => offset / 512 % every == 0,
                _ => true,
            });
            let (_, seen) = start(&left).unwrap();
            assert_eq!(seen, clean, "crash at operation {at}");
        }
        if finished {
            assert!(at > 10, "the start takes more than {at} operations");
            return;
        }
    }
}

#[test]
fn rot_in_exactly_the_last_group_looks_torn_unless_a_witness_knows_better() {
    let (disk, headers) = written(3, 400);
    let cursor = *cursors(&disk).last().unwrap();
    let last = headers.last().unwrap();
    let bits = (0..last.hashed_bytes() as u64 * 8).step_by(61);
    for bit in bits {
        let rotten = disk.image();
        rotten.flip_bit(&segment(1), last.place.offset * 8 + bit);
        let rotten_again = rotten.image();
        let (recovered, seen) = start(&rotten).unwrap();
        assert_eq!((recovered.cut.map(|cut| cut.place), seen.len()), (Some(last.place), 6));
        let mut options = options();
        options.witness = Some(cursor);
        let before = snapshot(&rotten_again);
        let error = failure(start_with(&rotten_again, &options));
        assert!(matches!(error, OpenError::WitnessAhead { .. }), "{error}");
        assert_eq!(snapshot(&rotten_again), before);
    }
}

#[test]
fn an_orderly_end_is_a_witness_of_the_group_before_it() {
    let disk = new_disk(WriteMode::Direct);
    let (mut recovered, _) = start(&disk).unwrap();
    append(&mut recovered, &bodies(1, 3, 100)).unwrap();
    recovered.journal.close(3_000).unwrap();
    let headers = headers(&disk);
    assert_eq!(headers.len(), 3);
    let rotten = disk.image();
    rotten.flip_bit(&segment(1), headers[1].place.offset * 8 + 2000);
    assert!(is_damage(&start(&rotten)));
    let (recovered, seen) = start(&disk).unwrap();
    assert!(recovered.closed_before && seen.len() == 3);
    drop(recovered);
    assert!(!start(&disk).unwrap().0.closed_before, "this one was not closed");
}
