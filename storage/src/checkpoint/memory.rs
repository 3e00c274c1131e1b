//! A checkpoint in memory that does what a test plans: it fails, loses, damages, panics, is killed.
//!
//! Runs the same rounds and the same open as the one on the disk, over tables that are maps.
//! Draws nothing at random: every strike is planned by the number of the write that it hits.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::opening::{self, Site};
use super::table::{Entry, Sink, Table, TableFault};
use super::{CheckpointStore, Checkpoints, OpenFault, Opened, RowVisitor, Why};
use crate::dataset::DataSet;
use crate::limits::CHECKPOINT_ASIDE_MAX;

type Map = BTreeMap<Vec<u8>, Vec<u8>>;

/// What goes wrong with one write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strike {
    /// There is no room. Nothing is written.
    NoSpace,
    /// It fails. Nothing is written.
    Fail,
    /// It panics. Nothing is written.
    Panic,
    /// It is reported as done, and nothing is written.
    Lose,
    /// What is written has a bit turned over.
    Damage,
}

#[derive(Clone)]
enum Write {
    Row(Vec<u8>, Option<Vec<u8>>),
    Rest(Vec<u8>, Option<Vec<u8>>),
    Heads(Vec<Entry>),
}

#[derive(Clone, Default)]
struct Tables {
    rows: Map,
    rests: Map,
    heads: Map,
}

impl Tables {
    fn apply(&mut self, write: Write) {
        match write {
            Write::Row(key, Some(value)) => {
                self.rows.insert(key, value);
            }
            Write::Row(key, None) => {
                self.rows.remove(&key);
            }
            Write::Rest(key, Some(value)) => {
                self.rests.insert(key, value);
            }
            Write::Rest(key, None) => {
                self.rests.remove(&key);
            }
            Write::Heads(entries) => self.heads.extend(entries),
        }
    }
}

#[derive(Clone, Default)]
struct State {
    /// As the process sees them.
    tables: Tables,
    /// As they were at the last flush, and what was written since.
    flushed: Tables,
    unflushed: Vec<Write>,
    present: bool,
    tripwire: bool,
    /// What [`Site::may_have_lost`] says.
    restarted: bool,
    settled: bool,
    set_aside: u64,
    kept_aside: Vec<String>,
    writes: u64,
    plan: BTreeMap<u64, Strike>,
    at_open: Option<Strike>,
}

/// A checkpoint in memory. A clone is the same one; what [`MemoryCheckpoint::after_kill`] returns
/// is another.
#[derive(Clone, Default)]
pub struct MemoryCheckpoint(Arc<Mutex<State>>);

impl MemoryCheckpoint {
    /// A place without a checkpoint.
    #[must_use]
    pub fn new() -> MemoryCheckpoint {
        MemoryCheckpoint::default()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A test that planned a panic still wants to see what is there.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Plans a strike on the write with this number, counted from 0 from here on.
    pub fn plan(&self, write: u64, strike: Strike) {
        let mut state = self.state();
        let number = state.writes + write;
        state.plan.insert(number, strike);
    }

    /// Plans a strike on the next time the store below is opened; losing and damaging mean
    /// nothing there.
    pub fn plan_at_open(&self, strike: Strike) {
        self.state().at_open = Some(strike);
    }

    /// Writes so far: rows put and removed, commits, flushes.
    #[must_use]
    pub fn writes(&self) -> u64 {
        self.state().writes
    }

    /// Writes that the end of the process could take back: those since the last flush.
    #[must_use]
    pub fn unflushed(&self) -> usize {
        self.state().unflushed.len()
    }

    /// What the end of the process now would leave, if of the unflushed writes the first so many
    /// had got out. Without plan.
    #[must_use]
    pub fn after_kill(&self, kept: usize) -> MemoryCheckpoint {
        let mut state = self.state().clone();
        state.tables = state.flushed.clone();
        for write in state.unflushed.drain(..).take(kept) {
            state.tables.apply(write);
        }
        state.flushed = state.tables.clone();
        state.plan.clear();
        state.at_open = None;
        MemoryCheckpoint(Arc::new(Mutex::new(state)))
    }

    /// Notes that the machine was restarted: what was not settled before may be lost.
    pub fn machine_restarted(&self) {
        let mut state = self.state();
        state.restarted = !state.settled;
    }

    /// The rests of rows as stored.
    #[must_use]
    pub fn stored_rests(&self) -> Vec<(Vec<u8>, Vec<u8>)> {
        self.state().tables.rests.clone().into_iter().collect()
    }

    /// Puts a stored part of a rest in place, or removes it, outside any plan.
    pub fn set_stored_rest(&self, key: &[u8], value: Option<Vec<u8>>) {
        let mut state = self.state();
        let write = Write::Rest(key.to_vec(), value);
        state.tables.apply(write.clone());
        state.flushed.apply(write);
    }

    /// The rows as stored, with all their versions and parts.
    #[must_use]
    pub fn stored_rows(&self) -> Vec<(Vec<u8>, Vec<u8>)> {
        self.state().tables.rows.clone().into_iter().collect()
    }

    /// The heads and the marker as stored.
    #[must_use]
    pub fn stored_heads(&self) -> Vec<(Vec<u8>, Vec<u8>)> {
        self.state().tables.heads.clone().into_iter().collect()
    }

    /// Puts a stored row in place, or removes it, outside any plan.
    pub fn set_stored_row(&self, key: &[u8], value: Option<Vec<u8>>) {
        let mut state = self.state();
        let write = Write::Row(key.to_vec(), value);
        state.tables.apply(write.clone());
        state.flushed.apply(write);
    }

    /// Puts a stored head or the marker in place, or removes it, outside any plan.
    pub fn set_stored_head(&self, key: &[u8], value: Option<Vec<u8>>) {
        let State { tables, flushed, .. } = &mut *self.state();
        for heads in [&mut tables.heads, &mut flushed.heads] {
            match &value {
                Some(value) => heads.insert(key.to_vec(), value.clone()),
                None => heads.remove(key),
            };
        }
    }

    /// Leaves a tripwire behind, as an open does that never ends.
    pub fn leave_tripwire(&self) {
        self.state().tripwire = true;
    }

    /// Whether a tripwire lies there.
    #[must_use]
    pub fn has_tripwire(&self) -> bool {
        self.state().tripwire
    }

    /// Removes all of it, as an operator may.
    pub fn delete(&self) {
        *self.state() = State::default();
    }

    /// The names of what was set aside and is kept, oldest first.
    #[must_use]
    pub fn kept_aside(&self) -> Vec<String> {
        self.state().kept_aside.clone()
    }

    /// Counts a write and does it, unless it is struck.
    fn write(&self, mut write: Write) -> Result<(), TableFault> {
        match self.struck()? {
            Some(Strike::Lose) => return Ok(()),
            Some(Strike::Damage) => turn_a_bit(&mut write),
            _ => {}
        }
        let mut state = self.state();
        state.tables.apply(write.clone());
        state.unflushed.push(write);
        Ok(())
    }

    fn struck(&self) -> Result<Option<Strike>, TableFault> {
        let mut state = self.state();
        let number = state.writes;
        state.writes += 1;
        let strike = state.plan.remove(&number);
        drop(state);
        hit(strike)
    }
}

fn hit(strike: Option<Strike>) -> Result<Option<Strike>, TableFault> {
    match strike {
        Some(Strike::NoSpace) => Err(TableFault::NoSpace),
        Some(Strike::Fail) => Err(TableFault::Failed("a planned failure".to_owned())),
        Some(Strike::Panic) => panic!("a planned panic"),
        other => Ok(other),
    }
}

fn turn_a_bit(write: &mut Write) {
    let value = match write {
        Write::Row(_, value) | Write::Rest(_, value) => value.as_mut(),
        Write::Heads(entries) => entries.first_mut().map(|(_, value)| value),
    };
    if let Some(byte) = value.and_then(|value| value.last_mut()) {
        *byte ^= 1;
    }
}

impl Table for MemoryCheckpoint {
    fn insert(&self, key: &[u8], value: &[u8]) -> Result<(), TableFault> {
        self.write(Write::Row(key.to_vec(), Some(value.to_vec())))
    }

    fn remove(&self, key: &[u8]) -> Result<(), TableFault> {
        self.write(Write::Row(key.to_vec(), None))
    }

    fn range(
        &self,
        from: &[u8],
        below: Option<&[u8]>,
        sink: &mut Sink<'_>,
    ) -> Result<(), TableFault> {
        let below = below.map_or(Bound::Unbounded, |below| Bound::Excluded(below.to_vec()));
        let mut from = Bound::Included(from.to_vec());
        loop {
            // One at a time: whoever takes a row may look at the checkpoint meanwhile.
            let range = (from, below.clone());
            let entry =
                self.state().tables.rows.range(range).next().map(|(k, v)| (k.clone(), v.clone()));
            let Some((key, value)) = entry else {
                return Ok(());
            };
            if sink(&key, &value).is_break() {
                return Ok(());
            }
            from = Bound::Excluded(key);
        }
    }

    fn insert_rest(&self, key: &[u8], value: &[u8]) -> Result<(), TableFault> {
        self.write(Write::Rest(key.to_vec(), Some(value.to_vec())))
    }

    fn remove_rest(&self, key: &[u8]) -> Result<(), TableFault> {
        self.write(Write::Rest(key.to_vec(), None))
    }

    fn rest(&self, key: &[u8]) -> Result<Option<Vec<u8>>, TableFault> {
        Ok(self.state().tables.rests.get(key).cloned())
    }

    fn heads(&self) -> Result<Vec<Entry>, TableFault> {
        Ok(self.stored_heads())
    }

    fn commit(&self, entries: &[(&[u8], &[u8])]) -> Result<(), TableFault> {
        let entries = entries.iter().map(|(key, value)| (key.to_vec(), value.to_vec()));
        self.write(Write::Heads(entries.collect()))
    }

    fn flush(&self) -> Result<(), TableFault> {
        if self.struck()? == Some(Strike::Lose) {
            return Ok(());
        }
        let mut state = self.state();
        state.flushed = state.tables.clone();
        state.unflushed.clear();
        Ok(())
    }

    fn settle(&self) -> Result<(), TableFault> {
        self.state().settled = true;
        Ok(())
    }

    fn condemn(&self) {
        self.state().tripwire = true;
    }

    fn bytes_on_disk(&self) -> Result<u64, TableFault> {
        let State { tables, .. } = &*self.state();
        let entries = tables.rows.iter().chain(&tables.rests).chain(&tables.heads);
        Ok(entries.map(|(key, value)| (key.len() + value.len()) as u64).sum())
    }
}

impl Site for MemoryCheckpoint {
    fn exists(&self) -> Result<bool, String> {
        Ok(self.state().present)
    }

    fn tripped(&self) -> Result<bool, String> {
        Ok(self.state().tripwire)
    }

    fn set_tripwire(&self) -> Result<(), String> {
        let mut state = self.state();
        state.present = true;
        state.tripwire = true;
        Ok(())
    }

    fn clear_tripwire(&self) -> Result<(), String> {
        self.state().tripwire = false;
        Ok(())
    }

    fn may_have_lost(&self) -> Result<bool, String> {
        Ok(self.state().restarted)
    }

    fn note_writing(&self) -> Result<(), String> {
        let mut state = self.state();
        (state.restarted, state.settled) = (false, false);
        Ok(())
    }

    fn table(&self) -> Result<Arc<dyn Table>, TableFault> {
        let strike = self.state().at_open.take();
        hit(strike)?;
        Ok(Arc::new(self.clone()))
    }

    fn set_aside(&self) -> Result<String, String> {
        let mut state = self.state();
        state.set_aside += 1;
        let name = format!("checkpoint.aside-{}", state.set_aside);
        state.kept_aside.push(name.clone());
        if state.kept_aside.len() > CHECKPOINT_ASIDE_MAX {
            state.kept_aside.remove(0);
        }
        state.tables = Tables::default();
        state.flushed = Tables::default();
        state.unflushed.clear();
        state.present = false;
        state.tripwire = false;
        Ok(name)
    }
}

impl Checkpoints for MemoryCheckpoint {
    fn open(
        &self,
        dataset: &DataSet,
        visitors: &mut [Box<RowVisitor<'_>>],
    ) -> Result<Opened, OpenFault> {
        opening::open(self, dataset, visitors)
    }

    fn set_aside(
        &self,
        dataset: &DataSet,
        store: Box<dyn CheckpointStore>,
        why: Why,
    ) -> Result<Opened, OpenFault> {
        drop(store);
        opening::put_aside(self, dataset, why)
    }
}
