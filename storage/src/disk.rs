//! All that the journal asks of a disk, as two traits; a real disk and a simulated one.
//!
//! The traits promise durability where their names say so and nowhere else. They never retry: a
//! write or sync that failed has an unknown effect, and only the caller knows what that means.

mod real;
mod sim;

pub use real::RealDisk;
pub use sim::{Fault, OperationKind, PlannedFault, SimDisk, Unsynced};

use std::any::Any;
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// How a disk makes a write durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteMode {
    /// Past the page cache, and durable when the write returns (`O_DIRECT|O_DSYNC`).
    Direct,
    /// Through the page cache, followed by `fdatasync`.
    Buffered,
}

impl std::fmt::Display for WriteMode {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            WriteMode::Direct => "direct (O_DIRECT|O_DSYNC)",
            WriteMode::Buffered => "buffered (write + fdatasync)",
        })
    }
}

/// What a file is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileUse {
    /// An existing segment, read and written durably.
    Journal,
    /// A file made anew (an old one of that name is emptied) and filled, then synced.
    Fill,
    /// An existing segment, read only, past the page cache where that is possible.
    Read,
}

/// A file name in a directory, and the length of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The name, without its directory.
    pub name: String,
    /// The length in bytes.
    pub bytes: u64,
}

/// A directory held by this process alone, until this value is dropped.
pub struct DirectoryLock {
    _held: Box<dyn Any + Send + Sync>,
}

impl DirectoryLock {
    /// A lock that ends when `held` is dropped.
    #[must_use]
    pub fn held_by(held: impl Any + Send + Sync) -> DirectoryLock {
        DirectoryLock { _held: Box::new(held) }
    }
}

impl std::fmt::Debug for DirectoryLock {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("DirectoryLock")
    }
}

/// A disk operation that failed.
#[derive(Debug, Error)]
pub enum DiskError {
    /// The operating system said no.
    #[error("cannot {action} {path}: {source}; {}", next_step(.source))]
    Failed {
        /// What was tried.
        action: &'static str,
        /// On which file or directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Another process holds the directory.
    #[error(
        "{path} is in use by {owner}; stop that process, or give this one a directory of its own"
    )]
    Held {
        /// The directory.
        path: PathBuf,
        /// What the owner file says.
        owner: String,
    },
}

impl DiskError {
    pub(crate) fn new(action: &'static str, path: &Path, source: io::Error) -> DiskError {
        DiskError::Failed { action, path: path.to_owned(), source }
    }

    /// Whether the disk had no room, which is the one failure that time can heal.
    #[must_use]
    pub fn is_no_space(&self) -> bool {
        let DiskError::Failed { source, .. } = self else {
            return false;
        };
        matches!(source.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
    }

    /// Whether the thing was not there.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        let DiskError::Failed { source, .. } = self else {
            return false;
        };
        source.kind() == io::ErrorKind::NotFound
    }
}

fn next_step(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::NotFound => "check the path",
        io::ErrorKind::PermissionDenied => "give this user read and write permission there",
        io::ErrorKind::ReadOnlyFilesystem => "remount the filesystem writable",
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "free space on that disk",
        io::ErrorKind::UnexpectedEof => {
            "the file is shorter than it should be; run `treasury verify`"
        }
        _ => "nothing was retried; look at the disk and the kernel's log, then start again",
    }
}

/// A disk: files and directories by path. Paths are used as given.
pub trait Disk: Send + Sync {
    /// How durable writes are made here.
    fn mode(&self) -> WriteMode;

    /// Opens a file for a use.
    ///
    /// # Errors
    /// When the system refuses.
    fn open(&self, path: &Path, for_use: FileUse) -> Result<Box<dyn DiskFile>, DiskError>;

    /// Makes a directory and those above it, durably. One that exists is fine.
    ///
    /// # Errors
    /// When the system refuses.
    fn create_dir(&self, path: &Path) -> Result<(), DiskError>;

    /// The files in a directory, by name.
    ///
    /// # Errors
    /// When the system refuses; a directory that is not there is `is_not_found`.
    fn list(&self, dir: &Path) -> Result<Vec<Listed>, DiskError>;

    /// Makes what was created, renamed and removed in a directory durable.
    ///
    /// # Errors
    /// When the system refuses; then nothing is known about what is durable.
    fn sync_dir(&self, dir: &Path) -> Result<(), DiskError>;

    /// Renames a file within its directory, replacing one of the new name.
    ///
    /// # Errors
    /// When the system refuses.
    fn rename(&self, from: &Path, to: &Path) -> Result<(), DiskError>;

    /// Removes a file. The journal removes its own temporary files and nothing else.
    ///
    /// # Errors
    /// When the system refuses.
    fn remove(&self, path: &Path) -> Result<(), DiskError>;

    /// Bytes that may still be written under a directory.
    ///
    /// # Errors
    /// When the system does not say.
    fn free_bytes(&self, dir: &Path) -> Result<u64, DiskError>;

    /// Takes a directory for this process alone and names the process in its owner file.
    ///
    /// # Errors
    /// [`DiskError::Held`] when another has it.
    fn lock(&self, dir: &Path) -> Result<DirectoryLock, DiskError>;

    /// Reads a small file whole; none if it is not there.
    ///
    /// # Errors
    /// When the system refuses, or the file is larger than
    /// [`crate::limits::SMALL_FILE_BYTES_MAX`].
    fn read_small(&self, path: &Path) -> Result<Option<Vec<u8>>, DiskError>;

    /// Writes a small file whole and durably: after a crash it is the old one or the new one.
    ///
    /// # Errors
    /// When the system refuses; the old file is then still whole.
    fn write_small(&self, path: &Path, bytes: &[u8]) -> Result<(), DiskError>;
}

/// An open file. Offsets, lengths and memory are whole blocks where the disk is direct.
pub trait DiskFile: Send {
    /// Fills `into` from an offset.
    ///
    /// # Errors
    /// When the system refuses or the file ends before.
    fn read_at(&self, into: &mut [u8], offset: u64) -> Result<(), DiskError>;

    /// Writes all of `from` at an offset; durable when it returns.
    ///
    /// # Errors
    /// When the system refuses; then any part of it may be on disk, or none.
    fn write_at(&self, from: &[u8], offset: u64) -> Result<(), DiskError>;

    /// Writes all of `from` at an offset; durable after the next [`DiskFile::sync`].
    ///
    /// # Errors
    /// When the system refuses.
    fn write_fill(&self, from: &[u8], offset: u64) -> Result<(), DiskError>;

    /// Takes room for a file of this length ahead of writing it.
    ///
    /// # Errors
    /// When there is not that much room.
    fn allocate(&self, bytes: u64) -> Result<(), DiskError>;

    /// Makes all that was written to the file durable.
    ///
    /// # Errors
    /// When the system refuses; then nothing is known, and it must not be tried again.
    fn sync(&self) -> Result<(), DiskError>;

    /// The length of the file.
    ///
    /// # Errors
    /// When the system refuses.
    fn bytes(&self) -> Result<u64, DiskError>;
}
