//! Goal: what a round writes is seen by nobody before its commit, whole after it, and what is read
//! is always some committed round.
//! Method: a naive model of maps beside the checkpoint in memory, random rounds, kills in between.

use proptest::collection::vec;
use proptest::prelude::*;
use storage::checkpoint::{Checkpoints, Fault, Found, MemoryCheckpoint, RowVisitor};
use storage::limits::{
    CHECKPOINT_KEY_BYTES_MAX, CHECKPOINT_PART_BYTES_MAX, CHECKPOINT_VALUE_BYTES_MAX,
};
use storage::position::Position;

use crate::checkpoint::*;
use crate::common::DATASET;

#[derive(Debug, Clone)]
enum Step {
    Put(u16, Vec<u8>, usize),
    Delete(u16, Vec<u8>),
    Commit(u16),
    Abandon(u16),
    Sweep(usize),
    Reopen(usize),
    Kill(usize),
}

fn key() -> impl Strategy<Value = Vec<u8>> {
    vec(prop_oneof![Just(0u8), Just(1), Just(2), Just(255)], 0..4)
}

fn step() -> impl Strategy<Value = Step> {
    let unit = 0u16..3;
    let bytes = prop_oneof![0usize..20, 4090usize..4100, 8190usize..12300];
    prop_oneof![
        12 => (unit.clone(), key(), bytes).prop_map(|(u, k, n)| Step::Put(u, k, n)),
        5 => (unit.clone(), key()).prop_map(|(u, k)| Step::Delete(u, k)),
        4 => unit.clone().prop_map(Step::Commit),
        1 => unit.prop_map(Step::Abandon),
        3 => (0usize..6).prop_map(Step::Sweep),
        1 => (1usize..4).prop_map(Step::Reopen),
        1 => any::<usize>().prop_map(Step::Kill),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn rounds_do_what_maps_do(steps in vec(step(), 1..80)) {
        let mut place = MemoryCheckpoint::new();
        let (opened, _) = open_on(&place, 1);
        prop_assert_eq!(opened.found, Found::Nothing);
        let mut store = opened.store;
        let mut committed = Units::new();
        let mut rounds: std::collections::BTreeMap<u16, Rows> = Default::default();
        for (number, step) in steps.into_iter().enumerate() {
            if let Step::Put(unit, ..) | Step::Delete(unit, _) = &step
                && !rounds.contains_key(unit)
            {
                store.begin(*unit).unwrap();
                rounds.insert(*unit, committed.get(unit).cloned().unwrap_or_default());
            }
            match step {
                Step::Put(unit, key, bytes) => {
                    let value = value(number as u64, bytes);
                    put(store.as_mut(), unit, &key, &value).unwrap();
                    rounds.get_mut(&unit).unwrap().insert(key, value);
                }
                Step::Delete(unit, key) => {
                    store.delete(unit, &key).unwrap();
                    rounds.get_mut(&unit).unwrap().remove(&key);
                }
                Step::Commit(unit) => {
                    if let Some(rows) = rounds.remove(&unit) {
                        let head = store.commit(unit, &commit(number as u64)).unwrap();
                        prop_assert_eq!(head.rows, rows.len() as u64);
                        committed.insert(unit, rows);
                    }
                }
                Step::Abandon(unit) => {
                    if rounds.remove(&unit).is_some() {
                        store.abandon(unit);
                    }
                }
                Step::Sweep(parts) => {
                    store.sweep(parts).unwrap();
                }
                Step::Reopen(_) | Step::Kill(_) => {
                    let mut threads = 1;
                    match step {
                        Step::Kill(kept) => {
                            let kept = kept % (place.unflushed() + 1);
                            place = place.after_kill(kept);
                        }
                        Step::Reopen(number) => threads = number,
                        _ => {}
                    }
                    rounds.clear();
                    let (opened, units) = open_on(&place, threads);
                    prop_assert_eq!(opened.found, Found::Whole);
                    committed.retain(|_, rows| !rows.is_empty());
                    prop_assert_eq!(&units, &committed);
                    store = opened.store;
                }
            }
            let reader = store.reader();
            for (unit, rows) in &committed {
                for key in [&b""[..], b"\0", b"\x01", b"\x02", b"\0\x01", b"\xff\0\x02"] {
                    prop_assert_eq!(reader.read(*unit, key).unwrap(), rows.get(key).cloned());
                }
                for (key, value) in rows.iter().take(3) {
                    prop_assert_eq!(reader.read(*unit, key).unwrap(), Some(value.clone()));
                }
            }
        }
        // Nothing stays behind that nobody can see.
        rounds.keys().for_each(|unit| store.abandon(*unit));
        while store.sweep(usize::MAX).unwrap() > 0 {}
        let parts = |bytes: usize| bytes.div_ceil(CHECKPOINT_PART_BYTES_MAX).max(1);
        let (mut rows, mut rests) = (0, 0);
        for (key, value) in committed.values().flatten() {
            let (first, rest) = split(key, value);
            rows += parts(first.len());
            rests += rest.map_or(0, |rest| parts(rest.len()));
        }
        prop_assert_eq!((place.stored_rows().len(), place.stored_rests().len()), (rows, rests));
    }
}

#[test]
fn heads_and_marker_say_what_they_were_given() {
    let place = MemoryCheckpoint::new();
    let (opened, _) = open_on(&place, 1);
    let mut store = opened.store;
    assert_eq!(store.marker().durable.position, Position::START);
    assert_eq!(store.marker().replay_from.hash, DATASET.genesis());
    assert_eq!(run_script(store.as_mut()), (script().len(), None));
    drop(store);
    let (store, _) = open_whole(&place);
    let heads = store.heads();
    let told: Vec<_> = heads.iter().map(|head| (head.unit, head.round, head.included)).collect();
    assert_eq!(told, [(1, 3, 5), (2, 2, 4)]);
    assert_eq!(heads[0].replay_from, cursor(5));
    assert_eq!((store.marker().replay_from, store.marker().durable), (cursor(5), cursor(6)));
    assert_eq!(store.reader().head(2), Some(heads[1]));
    assert_eq!(store.reader().head(3), None);
}

#[test]
fn a_reader_on_another_thread_sees_only_committed_rounds() {
    let place = MemoryCheckpoint::new();
    let (opened, _) = open_on(&place, 1);
    let mut store = opened.store;
    let reader = store.reader();
    let rounds = 200u64;
    std::thread::scope(|scope| {
        let reading = scope.spawn(move || {
            let mut last = 0;
            while last < rounds {
                let Some(read) = reader.read(9, b"key").unwrap() else {
                    continue;
                };
                let round = u64::from_le_bytes(*read.first_chunk().unwrap());
                assert!(round >= last, "round {round} after {last}");
                assert_eq!(read.len(), 8 + 9000, "all parts of one round");
                assert!(read[8..] == value(round, 9000), "all parts of round {round}");
                last = round;
            }
        });
        for round in 1..=rounds {
            let mut row = round.to_le_bytes().to_vec();
            row.extend(value(round, 9000));
            store.begin(9).unwrap();
            store.put(9, b"key", b"put again below, and never seen").unwrap();
            store.put(9, b"key", &row).unwrap();
            store.commit(9, &commit(round)).unwrap();
            while store.sweep(1).unwrap() > 0 {}
        }
        reading.join().unwrap();
    });
}

#[test]
fn what_is_too_large_leaves_the_round_as_it_was() {
    let place = MemoryCheckpoint::new();
    let (opened, _) = open_on(&place, 1);
    let mut store = opened.store;
    store.begin(1).unwrap();
    let longest = vec![0; CHECKPOINT_KEY_BYTES_MAX];
    let largest = value(1, CHECKPOINT_VALUE_BYTES_MAX);
    store.put(1, &longest, &largest).unwrap();
    let too_long = vec![0; CHECKPOINT_KEY_BYTES_MAX + 1];
    assert!(matches!(store.put(1, &too_long, b""), Err(Fault::Bounds { .. })));
    assert!(matches!(store.delete(1, &too_long), Err(Fault::Bounds { .. })));
    let too_large = vec![0; CHECKPOINT_VALUE_BYTES_MAX + 1];
    assert!(matches!(store.put(1, b"k", &too_large), Err(Fault::Bounds { .. })));
    assert!(matches!(store.put_with_rest(1, b"k", b"", &too_large), Err(Fault::Bounds { .. })));
    let too_large = vec![0; CHECKPOINT_PART_BYTES_MAX];
    assert!(matches!(store.put_with_rest(1, b"k", &too_large, b""), Err(Fault::Bounds { .. })));
    store.commit(1, &commit(1)).unwrap();
    drop(store);
    let (_, units) = open_whole(&place);
    assert_eq!(units, Units::from([(1, Rows::from([(longest, largest)]))]));
}

#[test]
fn counters_and_bytes_follow_the_writes() {
    let place = MemoryCheckpoint::new();
    let (opened, _) = open_on(&place, 1);
    let mut store = opened.store;
    let empty = store.bytes_on_disk().unwrap();
    store.begin(1).unwrap();
    store.put(1, b"a", &value(1, 5000)).unwrap();
    store.commit(1, &commit(1)).unwrap();
    assert!(store.bytes_on_disk().unwrap() > empty + 5000);
    store.begin(1).unwrap();
    store.delete(1, b"a").unwrap();
    store.abandon(1);
    assert_eq!(store.sweep(10).unwrap(), 0);
    let counters = store.counters();
    assert_eq!((counters.rounds_committed, counters.rounds_abandoned), (1, 1));
    assert_eq!((counters.rows_written, counters.parts_removed), (2, 1));
    assert!((5000..5300).contains(&counters.bytes_written), "{}", counters.bytes_written);
}

#[test]
#[should_panic(expected = "a round of unit 1 is open already")]
fn a_unit_has_one_round_at_a_time() {
    let (opened, _) = open_on(&MemoryCheckpoint::new(), 1);
    let mut store = opened.store;
    store.begin(1).unwrap();
    let _ = store.begin(1);
}

#[test]
#[should_panic(expected = "no round of unit 1 is open")]
fn nothing_is_written_outside_a_round() {
    let (opened, _) = open_on(&MemoryCheckpoint::new(), 1);
    let mut store = opened.store;
    let _ = store.put(1, b"a", b"b");
}

#[test]
fn what_a_visitor_refuses_is_set_aside() {
    let place = MemoryCheckpoint::new();
    run_script(open_on(&place, 1).0.store.as_mut());
    let mut visitors: Vec<Box<RowVisitor<'_>>> =
        vec![Box::new(|row| if row.head.unit == 1 { Err("no such row".into()) } else { Ok(()) })];
    let opened = place.open(&DATASET, &mut visitors).unwrap();
    let Found::SetAside { why, .. } = opened.found else { panic!("{:?}", opened.found) };
    assert_eq!(why.to_string(), "its rows cannot be used: no such row");
}
