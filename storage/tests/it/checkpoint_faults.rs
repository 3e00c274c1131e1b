//! Goal: whatever happens to a checkpoint, an open finds a committed round of every unit, or says
//! what is wrong and sets it aside; never rows that were not committed.
//! Method: every kind of fault at every single write of a script; damage by hand, one by one.

use storage::checkpoint::{Checkpoints, Fault, Found, MemoryCheckpoint, Strike, Why};
use storage::limits::CHECKPOINT_ASIDE_MAX;

use crate::checkpoint::*;
use crate::common::DATASET;

/// A place where the script ran, with a strike at one of its writes.
fn struck(write: u64, strike: Strike) -> (MemoryCheckpoint, usize, Option<Fault>) {
    let place = MemoryCheckpoint::new();
    let (opened, _) = open_on(&place, 1);
    place.plan(write, strike);
    let mut store = opened.store;
    let (rounds, fault) = run_script(store.as_mut());
    if fault.is_some() {
        assert_eq!(store.sweep(1), Err(Fault::Ended), "nothing is tried after a fault");
    }
    (place, rounds, fault)
}

/// How many writes the script makes.
fn writes() -> u64 {
    let place = MemoryCheckpoint::new();
    let (opened, _) = open_on(&place, 1);
    let before = place.writes();
    let mut store = opened.store;
    run_script(store.as_mut());
    place.writes() - before
}

fn whole_script() -> MemoryCheckpoint {
    let (place, rounds, _) = struck(u64::MAX / 2, Strike::Fail);
    assert_eq!(rounds, script().len());
    place
}

#[test]
fn killed_at_any_write_the_last_committed_round_is_whole() {
    let states = script_states();
    for write in 0..writes() {
        let (place, rounds, fault) = struck(write, Strike::Fail);
        assert!(matches!(fault, Some(Fault::Failed { .. })), "write {write}: {fault:?}");
        for kept in 0..=place.unflushed() {
            let left = place.after_kill(kept);
            let (mut store, units) = open_whole(&left);
            // Between the two flushes of its commit a round may be there or not.
            let fits = units == states[rounds] || units == states[rounds + 1];
            assert!(fits, "write {write}, {kept} kept: {units:?}");
            // And it goes on from there.
            let next =
                Change { unit: 1, put: vec![(b"on".into(), b"ward".into())], delete: vec![] };
            next.run(store.as_mut(), 50).unwrap();
            drop(store);
            let mut expected = units;
            next.apply(&mut expected);
            assert_eq!(open_whole(&left).1, expected, "write {write}, {kept} kept");
        }
    }
}

#[test]
fn a_full_disk_at_any_write_leaves_what_was_committed() {
    let states = script_states();
    for write in 0..writes() {
        let (place, rounds, fault) = struck(write, Strike::NoSpace);
        assert_eq!(fault, Some(Fault::NoSpace), "write {write}");
        let (_, units) = open_whole(&place);
        assert!(units == states[rounds] || units == states[rounds + 1], "write {write}");
    }
}

#[test]
fn a_lost_or_damaged_write_is_set_aside_or_does_not_matter() {
    let states = script_states();
    let mut aside = 0;
    for strike in [Strike::Lose, Strike::Damage] {
        for write in 0..writes() {
            let (place, rounds, _) = struck(write, strike);
            place.machine_restarted();
            let (opened, units) = open_on(&place, 1);
            match opened.found {
                // Rows that nobody counts on, or that a later round wrote anew; or the script met
                // the damage itself and stopped there.
                Found::Whole => assert_eq!(units, states[rounds], "{strike:?} {write}"),
                Found::SetAside { why, .. } => {
                    let named = matches!(why, Why::Damaged(_) | Why::Mismatch(_) | Why::NoMarker);
                    assert!(named, "{strike:?} {write}: {why}");
                    aside += 1;
                }
                Found::Nothing => panic!("{strike:?} {write}: it was there"),
            }
        }
    }
    assert!(aside > 20, "{aside} set aside");
}

/// What a power cut may do to a store whose flush is no sync: any of its writes are missing, those
/// after them are there.
#[test]
fn whatever_set_of_writes_is_lost_no_other_rows_are_believed() {
    let states = script_states();
    let (mut whole, mut aside) = (0, 0);
    for seed in 1..600u64 {
        let place = MemoryCheckpoint::new();
        let (opened, _) = open_on(&place, 1);
        for write in 0..writes() {
            let drawn = (seed * 1000 + write).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
            if drawn % 40 < seed % 12 {
                place.plan(write, Strike::Lose);
            }
        }
        let mut store = opened.store;
        run_script(store.as_mut());
        drop(store);
        place.machine_restarted();
        match open_on(&place, 1) {
            (opened, units) if opened.found == Found::Whole => {
                assert!(states.contains(&units), "seed {seed}: {units:?}");
                whole += 1;
            }
            _ => aside += 1,
        }
    }
    assert!(whole > 20 && aside > 200, "{whole} whole, {aside} set aside");
}

#[test]
fn a_panic_at_any_write_leaves_what_was_committed() {
    let states = script_states();
    for write in 0..writes() {
        let (place, rounds, fault) = struck(write, Strike::Panic);
        assert_eq!(fault, Some(Fault::Panicked { what: "a planned panic".to_owned() }));
        let (_, units) = open_whole(&place);
        assert!(units == states[rounds] || units == states[rounds + 1], "write {write}");
    }
}

#[test]
fn any_flipped_byte_is_seen() {
    let place = whole_script();
    for (key, value) in place.stored_rows() {
        for at in [0, 15, 16, 17, value.len() - 1] {
            let place = place.after_kill(usize::MAX);
            let mut wrong = value.clone();
            wrong[at] ^= 0x10;
            place.set_stored_row(&key, Some(wrong));
            assert!(matches!(open_aside(&place), Why::Damaged(_)), "byte {at} of {key:02x?}");
        }
        for at in 0..key.len() {
            let place = place.after_kill(usize::MAX);
            let mut wrong = key.clone();
            wrong[at] ^= 0x40;
            place.set_stored_row(&key, None);
            place.set_stored_row(&wrong, Some(value.clone()));
            let why = open_aside(&place);
            assert!(matches!(why, Why::Damaged(_) | Why::Mismatch(_)), "{key:02x?}: {why}");
        }
    }
    for (key, value) in place.stored_heads() {
        for at in 0..value.len() {
            let place = place.after_kill(usize::MAX);
            let mut wrong = value.clone();
            wrong[at] ^= 1;
            place.set_stored_head(&key, Some(wrong));
            assert!(matches!(open_aside(&place), Why::Damaged(_)), "byte {at} of {key:02x?}");
        }
    }
}

/// Rows that are whole, each of them, and not those that were committed together.
#[test]
fn stale_missing_and_extra_rows_are_seen() {
    let place = whole_script();
    let rows = place.stored_rows();
    for (key, _) in &rows {
        let place = place.after_kill(usize::MAX);
        place.set_stored_row(key, None);
        let why = open_aside(&place);
        assert!(matches!(why, Why::Mismatch(_) | Why::Damaged(_)), "without {key:02x?}: {why}");
    }
    // One of every unit and round that the script wrote, superseded since.
    let mut stale = 0;
    for write in 0..writes() {
        let (early, ..) = struck(write, Strike::Fail);
        for (key, value) in early.stored_rows() {
            if rows.iter().any(|(now, _)| *now == key) {
                continue;
            }
            // Beside its successor it is left from before a sweep: that is no matter.
            let place = place.after_kill(usize::MAX);
            place.set_stored_row(&key, Some(value.clone()));
            let (opened, units) = open_on(&place, 1);
            let prefix = key.len() - 9;
            let successor = rows.iter().find(|(now, _)| now[..prefix] == key[..prefix]);
            match successor {
                Some((successor, _)) if *successor > key => {
                    assert_eq!(opened.found, Found::Whole, "{key:02x?}");
                    assert_eq!(units, *script_states().last().unwrap());
                    // In its place it is stale, and without one it is extra.
                    place.set_stored_row(successor, None);
                    place.set_stored_row(&key, Some(value));
                    open_aside(&place);
                    stale += 1;
                }
                // A deletion of what is not there is left from before a sweep, too.
                _ if value[17] == 2 => assert_eq!(opened.found, Found::Whole, "{key:02x?}"),
                _ => {
                    let told = matches!(opened.found, Found::SetAside { .. });
                    assert!(told, "{key:02x?}: {:?}", opened.found);
                }
            }
        }
    }
    assert!(stale > 0);
}

/// What no head knows is what a round wrote that never ended.
#[test]
fn rows_newer_than_their_head_are_not_there() {
    let place = whole_script();
    let (mut store, units) = open_whole(&place);
    let next = Change {
        unit: 1,
        put: vec![(b"a".into(), b"new".into()), (b"n".into(), value(9, 9000))],
        delete: vec![b"b".to_vec()],
    };
    next.write(store.as_mut()).unwrap();
    store.begin(77).unwrap();
    store.put(77, b"first of its unit", b"x").unwrap();
    drop(store);
    let before = place.stored_rows().len();
    let (mut store, again) = open_whole(&place);
    assert_eq!(again, units);
    assert_eq!(store.sweep(usize::MAX).unwrap(), 0);
    assert_eq!(place.stored_rows().len(), before - 6);
}

#[test]
fn stale_missing_and_extra_heads_are_seen() {
    let place = whole_script();
    let (early, ..) = struck(12, Strike::Fail);
    assert_eq!(early.stored_heads().len(), 2, "one head and the marker");
    let marker_key = b"marker";
    for (key, value) in early.stored_heads() {
        let place = place.after_kill(usize::MAX);
        place.set_stored_head(&key, Some(value));
        assert!(matches!(open_aside(&place), Why::Mismatch(_)), "a stale {key:02x?}");
    }
    for (key, value) in place.stored_heads() {
        let missing = place.after_kill(usize::MAX);
        missing.set_stored_head(&key, None);
        let why = open_aside(&missing);
        let expected = if key == marker_key { why == Why::NoMarker } else { true };
        assert!(expected && matches!(why, Why::NoMarker | Why::Mismatch(_)), "{why}");
        let misplaced = place.after_kill(usize::MAX);
        misplaced.set_stored_head(&[0, 9], Some(value));
        assert!(matches!(open_aside(&misplaced), Why::Damaged(_)));
    }
    let extra = place.after_kill(usize::MAX);
    let other = MemoryCheckpoint::new();
    let change = Change { unit: 5, put: vec![(b"k".into(), b"v".into())], delete: vec![] };
    change.run(open_on(&other, 1).0.store.as_mut(), 1).unwrap();
    let (key, value) = other.stored_heads().into_iter().find(|(key, _)| key != marker_key).unwrap();
    extra.set_stored_head(&key, Some(value));
    assert!(matches!(open_aside(&extra), Why::Mismatch(_)));
}

#[test]
fn what_is_not_ours_is_named() {
    let place = whole_script();
    let other = storage::dataset::DataSet { id: 0xabc, ..DATASET };
    let elsewhere = place.after_kill(usize::MAX);
    let opened = elsewhere.open(&other, &mut [Box::new(|_| panic!("nothing is visited"))]).unwrap();
    let Found::SetAside { why, .. } = opened.found else { panic!("{:?}", opened.found) };
    assert_eq!(why, Why::OtherDataSet { found: DATASET.id });

    let (key, mut marker) = place.stored_heads().pop().unwrap();
    marker[8] = 1;
    let body = marker.len() - 16;
    let checksum = xxhash_rust::xxh3::xxh3_128(&marker[..body]);
    marker[body..].copy_from_slice(&checksum.to_le_bytes());
    place.set_stored_head(&key, Some(marker));
    assert_eq!(open_aside(&place), Why::OtherFormat { found: 1 });
}

#[test]
fn an_open_that_died_is_not_tried_again() {
    let place = whole_script();
    place.leave_tripwire();
    assert_eq!(open_aside(&place), Why::Died);
    assert!(!place.has_tripwire());
    assert_eq!(open_whole(&place).1, Units::new(), "the new one is empty and sound");
}

#[test]
fn a_store_that_panics_or_fails_at_its_open_is_set_aside() {
    for strike in [Strike::Panic, Strike::Fail, Strike::NoSpace] {
        let place = whole_script();
        place.plan_at_open(strike);
        let why = open_aside(&place);
        let named = match strike {
            Strike::Panic => why == Why::Panicked("a planned panic".to_owned()),
            _ => matches!(why, Why::Failed(_)),
        };
        assert!(named, "{strike:?}: {why}");
        assert!(!place.has_tripwire());
        assert_eq!(place.kept_aside(), ["checkpoint.aside-1"]);
    }
}

#[test]
fn where_none_can_be_made_the_caller_is_told() {
    let place = MemoryCheckpoint::new();
    place.plan(0, Strike::NoSpace);
    let error = place.open(&DATASET, &mut [Box::new(|_| Ok(()))]).err().unwrap();
    assert!(error.to_string().contains("no room is left on its disk"), "{error}");
    assert_eq!(open_aside(&place), Why::Died, "half made, it is not believed later");
}

#[test]
fn only_so_many_are_kept_aside() {
    let place = whole_script();
    for _ in 0..CHECKPOINT_ASIDE_MAX + 3 {
        let (opened, _) = open_on(&place, 1);
        let why = Why::Diverged("the journal does not have its position".to_owned());
        let opened = place.set_aside(&DATASET, opened.store, why.clone()).unwrap();
        assert!(matches!(opened.found, Found::SetAside { why: told, .. } if told == why));
        assert!(opened.store.heads().is_empty());
    }
    let names: Vec<_> = [4, 5].iter().map(|n| format!("checkpoint.aside-{n}")).collect();
    assert_eq!(place.kept_aside(), names);
}

#[test]
fn a_deleted_checkpoint_is_made_anew() {
    let place = whole_script();
    place.delete();
    let (opened, units) = open_on(&place, 1);
    assert_eq!((opened.found, units), (Found::Nothing, Units::new()));
}

/// What may be wrong with a part of a rest.
fn wrong_rests(place: &MemoryCheckpoint) -> Vec<(MemoryCheckpoint, String)> {
    let mut all = Vec::new();
    let rests = place.stored_rests();
    for (key, value) in &rests {
        let other = rests.iter().find(|(other, _)| other != key).map(|(_, value)| value.clone());
        let flipped = [0, 16, 17, value.len() - 1].map(|at| {
            let mut wrong = value.clone();
            wrong[at] ^= 0x10;
            Some(wrong)
        });
        for (number, wrong) in flipped.into_iter().chain([None, other]).enumerate() {
            let place = place.after_kill(usize::MAX);
            place.set_stored_rest(key, wrong);
            all.push((place, format!("{number} of {key:02x?}")));
        }
    }
    assert!(all.len() > 12);
    all
}

#[test]
fn a_wrong_rest_is_told_when_it_is_read_and_the_next_open_sets_all_aside() {
    let states = script_states();
    for (place, what) in wrong_rests(&whole_script()) {
        let (store, units) = open_whole(&place);
        let wrong = units.values().flatten().filter(|(_, value)| *value == DAMAGED).count();
        assert_eq!(wrong, 1, "{what}");
        let rows = |units: &Units| units.values().flatten().count();
        assert_eq!(
            rows(&units),
            rows(states.last().unwrap()),
            "{what}: the others are as they were"
        );
        drop(store);
        assert_eq!(open_aside(&place), Why::Died, "{what}");
    }
}

#[test]
fn after_a_restart_of_the_machine_rests_are_checked_at_the_open() {
    let place = whole_script();
    for (place, what) in wrong_rests(&place) {
        place.machine_restarted();
        assert!(matches!(open_aside(&place), Why::Damaged(_)), "{what}");
    }
    place.machine_restarted();
    let (mut store, units) = open_whole(&place);
    assert_eq!(units, *script_states().last().unwrap());
    // What was brought to the disk before is there after a restart: it need not be read.
    store.settle().unwrap();
    assert_eq!(store.begin(1), Err(Fault::Ended));
    drop(store);
    let (key, _) = place.stored_rests().swap_remove(0);
    place.set_stored_rest(&key, None);
    place.machine_restarted();
    let (store, _) = open_whole(&place);
    drop(store);
}

#[test]
fn no_rest_outlives_its_row() {
    for write in 0..writes() {
        let (place, ..) = struck(write, Strike::Fail);
        for kept in 0..=place.unflushed() {
            let left = place.after_kill(kept);
            let (mut store, units) = open_whole(&left);
            while store.sweep(1).unwrap() > 0 {}
            let rests = units.values().flatten().filter_map(|(key, value)| split(key, value).1);
            let expected: usize = rests.map(|rest| rest.len().div_ceil(4096).max(1)).sum();
            assert_eq!(left.stored_rests().len(), expected, "write {write}, {kept} kept");
        }
    }
}
