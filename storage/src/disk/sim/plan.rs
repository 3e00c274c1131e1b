//! What a test plans: which operation is struck, by what, and what a crash may keep.
//!
//! Only words; the simulated disk acts on them.

use std::io;
use std::path::Path;

/// The kinds of operation that a plan can name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OperationKind {
    /// Opening a file, or making it.
    Open,
    /// Reading.
    Read,
    /// A durable write.
    Write,
    /// A write that is durable after the next sync, and taking room ahead of it.
    Fill,
    /// Syncing a file.
    Sync,
    /// Renaming, removing, making and syncing of directories and names.
    Names,
}

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The machine stops in this operation: what it was writing is unsynced, and every later
    /// operation fails. Go on with [`super::SimDisk::after_crash`].
    Crash,
    /// The operation fails. What a write was writing is then unsynced; what a sync was syncing
    /// is never synced by a later one.
    Fails(io::ErrorKind),
    /// Only this many bytes of a write are written, unsynced; then it fails.
    Short(usize),
    /// A write lands this far off in its file and is reported as done: an overlay, like all that
    /// reads wrong.
    Misdirected(i64),
    /// A write or sync is reported as done, and nothing was: of a write, what was there before is
    /// laid over it.
    Lost,
    /// This bit of what is read is wrong, this once.
    FlipsBit(usize),
}

/// A fault and when it strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlannedFault {
    /// The number of the operation, from 0: of all operations, or of its kind if `only` is set.
    pub at: u64,
    /// Which kind is counted and struck.
    pub only: Option<OperationKind>,
    /// Whether every later one is struck too.
    pub sticky: bool,
    /// What goes wrong.
    pub fault: Fault,
}

/// Something that a crash may keep or lose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unsynced<'a> {
    /// 512 bytes of a file.
    Sector {
        /// The file.
        path: &'a Path,
        /// Where in it.
        offset: u64,
    },
    /// A new length of a file.
    Length {
        /// The file.
        path: &'a Path,
    },
    /// A name made, changed or removed in a directory.
    Name {
        /// The name.
        path: &'a Path,
    },
}
