//! The checkpoint: what a start can begin from instead of the whole journal. Rebuildable, and
//! believed only as far as it has been checked: rows at the open, their rests when they are read,
//! or at the open as well where the machine was restarted since they were written.
//!
//! A checkpoint is consistent per **unit**: the rows of one unit all include the same journal
//! position, its **head**. Units are written in **rounds**. What a round writes stays invisible
//! until it is committed; a process that ends at any step leaves the last committed round of
//! every unit whole. One **marker** over all heads says from where the journal is read.
//!
//! Knows bytes, keys and positions, and nothing of what they mean. Never the truth: whatever is
//! wrong with it, it is set aside and the journal is read from its start. Never paces itself, and
//! syncs at its end alone: what a power cut took back is found by the next open, by its sums.
//!
//! `docs/checkpoint.md` describes every byte. In reading order: `layout` (the bytes), `table` (what
//! is asked of the store below), `rounds` (writing and reading), `opening` (the scan), and the two
//! stores, [`SledCheckpoint`] and [`MemoryCheckpoint`].

mod layout;
mod memory;
mod opening;
mod rounds;
mod sled_store;
mod table;

pub use memory::{MemoryCheckpoint, Strike};
pub use sled_store::SledCheckpoint;

use std::sync::Arc;

use thiserror::Error;

use crate::dataset::DataSet;
use crate::position::Cursor;

/// What one committed round of a unit says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// The unit: a fiscal division's number.
    pub unit: u16,
    /// The round, dense from 1 within its unit.
    pub round: u64,
    /// The sequence of the last record that every row of the unit includes.
    pub included: u64,
    /// From where this unit has to be replayed.
    pub replay_from: Cursor,
    /// How many rows are live.
    pub rows: u64,
    /// The wrapping sum of the checksums of all stored parts of live rows.
    pub sum: u128,
}

/// What holds for the checkpoint as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Marker {
    /// The data set.
    pub dataset_id: u128,
    /// From where the journal has to be replayed for all units.
    pub replay_from: Cursor,
    /// The last position known to have been durable when this was written. A journal that ends
    /// before it has lost what was acknowledged: hand it to the start of the journal as
    /// [`crate::recovery::OpenOptions::witness`].
    pub durable: Cursor,
    /// How many units have a head.
    pub heads: u32,
    /// The wrapping sum of all heads' checksums.
    pub sum: u128,
}

/// What a round is committed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Commit {
    /// As [`Head::included`].
    pub included: u64,
    /// As [`Head::replay_from`].
    pub replay_from: Cursor,
    /// As [`Marker::replay_from`], once this round is committed.
    pub replay_all_from: Cursor,
    /// As [`Marker::durable`].
    pub durable: Cursor,
}

/// A live row, as an open hands it over.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    /// The head of its unit.
    pub head: &'a Head,
    /// Its key.
    pub key: &'a [u8],
    /// Its value: all of it but what was put as its rest.
    pub value: &'a [u8],
}

/// Takes rows during an open: whole units, the rows of a unit in the order of their keys. An
/// error says what is wrong with a row, and the checkpoint is set aside for it.
pub type RowVisitor<'a> = dyn FnMut(Row<'_>) -> Result<(), String> + Send + 'a;

/// What was written since the open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counters {
    /// Rounds committed.
    pub rounds_committed: u64,
    /// Rounds abandoned.
    pub rounds_abandoned: u64,
    /// Rows written, deletions included.
    pub rows_written: u64,
    /// Bytes of stored keys and values written.
    pub bytes_written: u64,
    /// Stored parts that were superseded or abandoned, and removed.
    pub parts_removed: u64,
}

/// Why the store could not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Fault {
    /// A key, a value or a round is larger than any may be. The round is as it was.
    #[error("{what} has {found}, and at most {max} are kept; abandon the round")]
    Bounds {
        /// What is too large.
        what: &'static str,
        /// How large it is.
        found: usize,
        /// How large it may be.
        max: usize,
    },
    /// The disk has no room left. The store has ended.
    #[error(
        "the checkpoint's disk has no room left; free space there: the next start reads the \
         journal from the last round that was committed"
    )]
    NoSpace,
    /// The store below failed. The store has ended.
    #[error(
        "the checkpoint cannot be kept: {what}; look at the disk: the next start checks what is \
         there, and rebuilds it if it must"
    )]
    Failed {
        /// What it said.
        what: String,
    },
    /// The store below panicked. The store has ended.
    #[error(
        "the checkpoint's store panicked: {what}; the next start checks what is there, and \
         rebuilds it if it must"
    )]
    Panicked {
        /// What it said.
        what: String,
    },
    /// Bytes are not what was written. The store has ended.
    #[error("the checkpoint is damaged: {what}; the next start sets it aside and rebuilds it")]
    Damaged {
        /// What is wrong, and where.
        what: String,
    },
    /// An earlier fault ended this store.
    #[error("this checkpoint has ended by an earlier fault; the next start opens it again")]
    Ended,
}

/// Why a checkpoint that was found is not used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Why {
    /// The process that opened it last ended before the open did, or found damage in it later.
    #[error("the last open of it never ended, or what was read of it later was damaged")]
    Died,
    /// Its store panicked while it was opened.
    #[error("its store panicked: {0}")]
    Panicked(String),
    /// Its store could not be opened or read.
    #[error("it cannot be read: {0}")]
    Failed(String),
    /// There is no marker in it.
    #[error("it has no marker")]
    NoMarker,
    /// It was written in another version of its format.
    #[error("its format version is {found}, and this program reads version {FORMAT_VERSION}")]
    OtherFormat {
        /// The version found.
        found: u32,
    },
    /// It belongs to another data set.
    #[error("it belongs to data set {found:032x}")]
    OtherDataSet {
        /// The data set found.
        found: u128,
    },
    /// A checksum does not hold, or bytes have a form that is never written.
    #[error("it is damaged: {0}")]
    Damaged(String),
    /// Whole rows or heads, but not those that were committed: some are stale, missing or extra.
    #[error("it is not what was committed: {0}")]
    Mismatch(String),
    /// Who took the rows could not use one.
    #[error("its rows cannot be used: {0}")]
    Refused(String),
    /// Its positions are not in this journal.
    #[error("it is of another journal: {0}")]
    Diverged(String),
}

/// What an open found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// Nothing; an empty checkpoint was made.
    Nothing,
    /// A checkpoint that is whole. All its rows have been visited.
    Whole,
    /// One that must not be used. It was put out of the way, and an empty one was made.
    /// **Rows may have been visited before that was known: forget them.**
    SetAside {
        /// What is wrong with it.
        why: Why,
        /// Where it lies now, for people to look at.
        kept_as: String,
    },
}

/// A checkpoint that can be written to, and how it came about.
pub struct Opened {
    /// The checkpoint.
    pub store: Box<dyn CheckpointStore>,
    /// What the open found.
    pub found: Found,
}

/// There is no checkpoint, and none can be made. The engine can do without.
#[derive(Debug, Error)]
#[error(
    "no checkpoint can be kept: {what}; starts will read the whole journal until that is mended"
)]
pub struct OpenFault {
    /// What failed.
    pub what: String,
}

/// A place where a checkpoint is kept.
pub trait Checkpoints: Send + Sync {
    /// Opens what is there and checks all of it; makes an empty one where there is none, or where
    /// it must not be used. Each visitor works on a thread of its own and takes a range of units.
    ///
    /// # Errors
    /// When not even an empty one can be made.
    ///
    /// # Panics
    /// When there is no visitor, or more than [`crate::limits::CHECKPOINT_SCAN_THREADS_MAX`].
    fn open(
        &self,
        dataset: &DataSet,
        visitors: &mut [Box<RowVisitor<'_>>],
    ) -> Result<Opened, OpenFault>;

    /// Puts an opened checkpoint out of the way and makes an empty one: for a caller that found
    /// it wrong only later.
    ///
    /// # Errors
    /// When it cannot be put away, or no new one can be made.
    fn set_aside(
        &self,
        dataset: &DataSet,
        store: Box<dyn CheckpointStore>,
        why: Why,
    ) -> Result<Opened, OpenFault>;
}

/// A checkpoint that is open. Rounds of different units may be open at once; a unit has at most
/// one. After any fault but [`Fault::Bounds`] it refuses everything; what it had committed stays.
pub trait CheckpointStore: Send {
    /// The marker of what is committed.
    fn marker(&self) -> Marker;

    /// The heads of what is committed, by unit.
    fn heads(&self) -> Vec<Head>;

    /// A handle that reads what is committed, from any thread.
    fn reader(&self) -> Arc<dyn CheckpointReader>;

    /// Begins a round. What is left to sweep of this unit is swept first.
    ///
    /// # Errors
    /// When the store fails.
    ///
    /// # Panics
    /// When a round of the unit is open.
    fn begin(&mut self, unit: u16) -> Result<(), Fault>;

    /// Writes a row. A second one of the same key in one round takes the place of the first.
    ///
    /// # Errors
    /// When the store fails, or [`Fault::Bounds`].
    ///
    /// # Panics
    /// When no round of the unit is open.
    fn put(&mut self, unit: u16, key: &[u8], value: &[u8]) -> Result<(), Fault>;

    /// The same for a row with a rest: an open is given `first` alone, [`CheckpointReader::read`]
    /// gives both together.
    ///
    /// # Errors
    /// When the store fails, or [`Fault::Bounds`].
    ///
    /// # Panics
    /// When no round of the unit is open.
    fn put_with_rest(
        &mut self,
        unit: u16,
        key: &[u8],
        first: &[u8],
        rest: &[u8],
    ) -> Result<(), Fault>;

    /// Deletes a row; one that is not there is fine.
    ///
    /// # Errors
    /// When the store fails, or [`Fault::Bounds`].
    ///
    /// # Panics
    /// When no round of the unit is open.
    fn delete(&mut self, unit: u16, key: &[u8]) -> Result<(), Fault>;

    /// Makes all that the round wrote visible at once. What it superseded is then to be swept.
    ///
    /// # Errors
    /// When the store fails; an open then finds the round either whole or gone.
    ///
    /// # Panics
    /// When no round of the unit is open.
    fn commit(&mut self, unit: u16, commit: &Commit) -> Result<Head, Fault>;

    /// Ends a round without a trace: what it wrote stays invisible and is to be swept.
    ///
    /// # Panics
    /// When no round of the unit is open.
    fn abandon(&mut self, unit: u16);

    /// Removes at most this many stored parts that nobody can see any more, and returns how many
    /// are left. Whoever paces the writes paces this too.
    ///
    /// # Errors
    /// When the store fails.
    fn sweep(&mut self, parts_max: usize) -> Result<usize, Fault>;

    /// Brings everything to the disk, as the last thing that is done: the next open then need not
    /// check rests, even if the machine was restarted before it. Afterwards the store has ended.
    ///
    /// # Errors
    /// When the store fails; the next open then checks everything.
    fn settle(&mut self) -> Result<(), Fault>;

    /// Bytes the checkpoint takes on its disk.
    ///
    /// # Errors
    /// When the store does not say.
    fn bytes_on_disk(&self) -> Result<u64, Fault>;

    /// What was written since the open.
    fn counters(&self) -> Counters;
}

/// Reads what is committed, while rounds are being written.
pub trait CheckpointReader: Send + Sync {
    /// The value of a row as of the unit's last committed round, with its rest. One that is
    /// damaged is told, and the next open sets the checkpoint aside.
    ///
    /// # Errors
    /// When the store fails, or the row is damaged.
    fn read(&self, unit: u16, key: &[u8]) -> Result<Option<Vec<u8>>, Fault>;

    /// The head of a unit.
    fn head(&self, unit: u16) -> Option<Head>;
}

/// The version of the format that this program writes and reads.
pub const FORMAT_VERSION: u32 = 2;
