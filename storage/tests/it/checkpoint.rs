//! A small checkpoint, wherever it is kept, and the questions every test asks of it.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use storage::checkpoint::{
    CheckpointStore, Checkpoints, Commit, Fault, Found, Opened, RowVisitor, Why,
};
use storage::position::{Cursor, GroupHash, Position};

use crate::common::DATASET;

/// The live rows of one unit.
pub(crate) type Rows = BTreeMap<Vec<u8>, Vec<u8>>;

/// The live rows of all units that have any.
pub(crate) type Units = BTreeMap<u16, Rows>;

pub(crate) fn cursor(sequence: u64) -> Cursor {
    let position = Position { epoch: 1, sequence };
    Cursor { position, hash: GroupHash([sequence as u8; 32]) }
}

pub(crate) fn commit(sequence: u64) -> Commit {
    Commit {
        included: sequence,
        replay_from: cursor(sequence),
        replay_all_from: cursor(sequence.min(7)),
        durable: cursor(sequence + 1),
    }
}

/// Held while a child process is being spawned, and while a checkpoint is opened: between its fork
/// and its exec a child holds copies of all files that are open here, and their locks with them.
pub(crate) static SPAWNING: Mutex<()> = Mutex::new(());

/// How much of a value stands before its rest, for keys that begin with one of two bytes. Other rows
/// have no rest.
const FIRST_BYTES: usize = 20;

/// A row's value as it is put: what an open is given, and the rest, if it has one.
pub(crate) fn split<'a>(key: &[u8], value: &'a [u8]) -> (&'a [u8], Option<&'a [u8]>) {
    if !matches!(key.first(), Some(b'r' | 2)) {
        return (value, None);
    }
    let (first, rest) = value.split_at(value.len().min(FIRST_BYTES));
    (first, Some(rest))
}

/// Puts a row, with a rest if its key says so.
pub(crate) fn put(
    store: &mut dyn CheckpointStore,
    unit: u16,
    key: &[u8],
    value: &[u8],
) -> Result<(), Fault> {
    match split(key, value) {
        (value, None) => store.put(unit, key, value),
        (first, Some(rest)) => store.put_with_rest(unit, key, first, rest),
    }
}

/// What stands in the place of a value whose rest was damaged when it was read.
pub(crate) const DAMAGED: &[u8] = b"damaged";

/// Puts the rests behind what an open was given.
fn with_rests(store: &dyn CheckpointStore, units: &mut Units) {
    let reader = store.reader();
    for (unit, rows) in units {
        for (key, value) in rows {
            if split(key, value).1.is_none() {
                continue;
            }
            *value = match reader.read(*unit, key) {
                Ok(whole) => {
                    let whole = whole.expect("a row that was visited");
                    assert_eq!(split(key, &whole).0, value, "an open is given the first part");
                    whole
                }
                Err(Fault::Damaged { .. }) => DAMAGED.to_vec(),
                Err(fault) => panic!("{fault}"),
            };
        }
    }
}

/// Opens with so many threads. Returns what was visited, with its rests, which counts only if it is
/// whole.
pub(crate) fn open_on(place: &dyn Checkpoints, threads: usize) -> (Opened, Units) {
    let visited: Vec<Mutex<Units>> = (0..threads).map(|_| Mutex::default()).collect();
    let mut visitors: Vec<Box<RowVisitor<'_>>> = Vec::new();
    for visited in &visited {
        let mut last: Option<(u16, Vec<u8>)> = None;
        visitors.push(Box::new(move |row| {
            let at = (row.head.unit, row.key.to_vec());
            assert!(last.as_ref().is_none_or(|last| *last < at), "keys come in order, once");
            last = Some(at);
            let mut units = visited.lock().unwrap();
            units.entry(row.head.unit).or_default().insert(row.key.to_vec(), row.value.to_vec());
            Ok(())
        }));
    }
    let spawning = SPAWNING.lock().unwrap_or_else(PoisonError::into_inner);
    let opened = place.open(&DATASET, &mut visitors).unwrap();
    drop(spawning);
    drop(visitors);
    let mut all = Units::new();
    for (unit, rows) in visited.into_iter().flat_map(|units| units.into_inner().unwrap()) {
        assert!(all.insert(unit, rows).is_none(), "a unit goes to one visitor");
    }
    if opened.found == Found::Whole {
        assert_heads(opened.store.as_ref(), &all);
        with_rests(opened.store.as_ref(), &mut all);
    }
    (opened, all)
}

fn assert_heads(store: &dyn CheckpointStore, units: &Units) {
    for head in store.heads() {
        let rows = units.get(&head.unit).map_or(0, BTreeMap::len);
        assert_eq!(head.rows, rows as u64, "unit {}", head.unit);
    }
    assert_eq!(store.marker().heads as usize, store.heads().len());
}

/// Opens one that must be whole.
pub(crate) fn open_whole(place: &dyn Checkpoints) -> (Box<dyn CheckpointStore>, Units) {
    let (opened, units) = open_on(place, 1);
    assert_eq!(opened.found, Found::Whole);
    (opened.store, units)
}

/// Opens one that must be set aside.
pub(crate) fn open_aside(place: &dyn Checkpoints) -> Why {
    let (opened, _) = open_on(place, 2);
    let Found::SetAside { why, .. } = opened.found else {
        panic!("it must be set aside, and was found {:?}", opened.found);
    };
    assert!(opened.store.heads().is_empty());
    assert_eq!(opened.store.marker().replay_from.position, Position::START);
    why
}

/// One round: what it puts, and what it deletes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Change {
    pub(crate) unit: u16,
    pub(crate) put: Vec<(Vec<u8>, Vec<u8>)>,
    pub(crate) delete: Vec<Vec<u8>>,
}

impl Change {
    /// Does it, sweeps, and returns at the first fault.
    pub(crate) fn run(&self, store: &mut dyn CheckpointStore, included: u64) -> Result<(), Fault> {
        self.write(store)?;
        store.commit(self.unit, &commit(included))?;
        while store.sweep(3)? > 0 {}
        Ok(())
    }

    /// Writes it, without a commit.
    pub(crate) fn write(&self, store: &mut dyn CheckpointStore) -> Result<(), Fault> {
        store.begin(self.unit)?;
        for (key, value) in &self.put {
            put(store, self.unit, key, value)?;
        }
        for key in &self.delete {
            store.delete(self.unit, key)?;
        }
        Ok(())
    }

    /// What it makes of the rows before.
    pub(crate) fn apply(&self, units: &mut Units) {
        let rows = units.entry(self.unit).or_default();
        rows.extend(self.put.iter().cloned());
        for key in &self.delete {
            rows.remove(key);
        }
        if rows.is_empty() {
            units.remove(&self.unit);
        }
    }
}

/// A value of many bytes that no other seed gives.
pub(crate) fn value(seed: u64, bytes: usize) -> Vec<u8> {
    (0..bytes as u64).map(|at| (at.wrapping_mul(131) ^ seed.wrapping_mul(89) >> 3) as u8).collect()
}

/// Rounds over two units that put, replace, delete, shrink and grow rows of one and many parts, with
/// rests and without.
pub(crate) fn script() -> Vec<Change> {
    let put = |keys: &[(&[u8], u64, usize)]| {
        keys.iter().map(|(key, seed, bytes)| (key.to_vec(), value(*seed, *bytes))).collect()
    };
    let keys = |keys: &[&[u8]]| keys.iter().map(|key| key.to_vec()).collect();
    vec![
        Change {
            unit: 1,
            put: put(&[
                (b"a", 1, 10),
                (b"a\0", 2, 9000),
                (b"b", 3, 0),
                (b"c", 4, 4096),
                (b"r", 13, 6000),
            ]),
            delete: keys(&[b"absent"]),
        },
        Change {
            unit: 2,
            put: put(&[(b"", 5, 4097), (b"z", 6, 1), (b"r", 14, 7), (b"r2", 15, 3000)]),
            delete: vec![],
        },
        Change {
            unit: 1,
            put: put(&[
                (b"a\0", 7, 100),
                (b"d", 8, 5),
                (b"a", 9, 10),
                (b"a", 10, 5000),
                (b"r", 16, 9000),
                (b"r", 17, 40),
                (b"r2", 18, 60),
            ]),
            delete: keys(&[b"b", b"d", b"r2"]),
        },
        Change { unit: 2, put: vec![], delete: keys(&[b"", b"z", b"r"]) },
        Change {
            unit: 1,
            put: put(&[(b"b", 11, 4), (b"a\0", 12, 13000), (b"r3", 19, 5000)]),
            delete: keys(&[b"c"]),
        },
    ]
}

/// What is there after each number of rounds of the script.
pub(crate) fn script_states() -> Vec<Units> {
    let mut states = vec![Units::new()];
    for change in script() {
        let mut next = states.last().unwrap().clone();
        change.apply(&mut next);
        states.push(next);
    }
    states
}

/// Runs the script until a fault; returns how many rounds were committed before it.
pub(crate) fn run_script(store: &mut dyn CheckpointStore) -> (usize, Option<Fault>) {
    for (number, change) in script().iter().enumerate() {
        if let Err(fault) = change.run(store, number as u64 + 1) {
            return (number, Some(fault));
        }
    }
    (script().len(), None)
}
