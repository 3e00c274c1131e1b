//! The disk of the machine, by way of the filesystem.
//!
//! Uses `O_DIRECT|O_DSYNC` where a probe shows that the filesystem takes it, else `write` and
//! `fdatasync`. Never retries a write or a sync that failed.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{FallocateFlags, FlockOperation, OFlags};

use super::{DirectoryLock, Disk, DiskError, DiskFile, FileUse, Listed, WriteMode};
use crate::aligned::AlignedBytes;
use crate::limits::{BLOCK_BYTES, SMALL_FILE_BYTES_MAX};

const OWNER_FILE: &str = "owner";
const PROBE_FILE: &str = "probe.tmp";

/// The filesystem under a data directory.
#[derive(Debug, Clone, Copy)]
pub struct RealDisk {
    mode: WriteMode,
}

impl RealDisk {
    /// The disk under `dir` (made if it is not there), direct if the filesystem can.
    ///
    /// # Errors
    /// When `dir` cannot be made or written at all.
    pub fn probe(dir: &Path) -> Result<RealDisk, DiskError> {
        let direct = RealDisk { mode: WriteMode::Direct };
        direct.create_dir(dir)?;
        let path = dir.join(PROBE_FILE);
        // A file of its own name for each process: two probes at once do not meet.
        let path = path.with_extension(format!("{}.tmp", rustix::process::getpid()));
        let outcome = try_direct(&path);
        let removed = std::fs::remove_file(&path);
        match outcome {
            Ok(()) => {
                removed.map_err(|source| DiskError::new("remove", &path, source))?;
                Ok(direct)
            }
            Err(source) if refuses_direct(&source) => {
                tracing::warn!(
                    dir = %dir.display(),
                    "this filesystem takes no direct writes; each group costs a write and a sync"
                );
                Ok(RealDisk::buffered())
            }
            Err(source) => Err(DiskError::new("write a probe file", &path, source)),
        }
    }

    /// The disk through the page cache, whatever the filesystem can.
    #[must_use]
    pub const fn buffered() -> RealDisk {
        RealDisk { mode: WriteMode::Buffered }
    }

    /// A disk for reading only: nothing is probed and nothing is made. Reads go past the page
    /// cache where a file allows it.
    #[must_use]
    pub const fn read_only() -> RealDisk {
        RealDisk { mode: WriteMode::Direct }
    }

    fn flags(self, for_use: FileUse) -> i32 {
        let flags = match (self.mode, for_use) {
            (WriteMode::Buffered, _) => OFlags::empty(),
            (WriteMode::Direct, FileUse::Journal) => OFlags::DIRECT | OFlags::DSYNC,
            (WriteMode::Direct, FileUse::Fill | FileUse::Read) => OFlags::DIRECT,
        };
        flags.bits() as i32
    }
}

/// Takes the lock of a file or directory, if nobody has it. It ends with the process.
fn taken(file: &File) -> io::Result<bool> {
    match rustix::fs::flock(file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(true),
        Err(error) if error == rustix::io::Errno::WOULDBLOCK => Ok(false),
        Err(error) => Err(error.into()),
    }
}

fn try_direct(path: &Path) -> io::Result<()> {
    let flags = (OFlags::DIRECT | OFlags::DSYNC).bits() as i32;
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(true)
        .custom_flags(flags)
        .open(path)?;
    let mut block = AlignedBytes::new(BLOCK_BYTES);
    block.fill(0x5a);
    file.write_all_at(&block, 0)?;
    block.fill(0);
    file.read_exact_at(&mut block, 0)?;
    if block.iter().any(|byte| *byte != 0x5a) {
        return Err(io::Error::other("a direct write did not read back"));
    }
    Ok(())
}

fn refuses_direct(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported)
}

impl Disk for RealDisk {
    fn mode(&self) -> WriteMode {
        self.mode
    }

    fn open(&self, path: &Path, for_use: FileUse) -> Result<Box<dyn DiskFile>, DiskError> {
        let mut options = OpenOptions::new();
        options.read(true);
        match for_use {
            FileUse::Journal => options.write(true),
            FileUse::Fill => options.write(true).create(true).truncate(true),
            FileUse::Read => &mut options,
        };
        options.custom_flags(self.flags(for_use));
        let mut opened = options.open(path);
        if for_use == FileUse::Read && opened.as_ref().is_err_and(refuses_direct) {
            opened = OpenOptions::new().read(true).open(path);
        }
        let file = opened.map_err(|source| DiskError::new("open", path, source))?;
        let durable_writes = self.mode == WriteMode::Direct && for_use == FileUse::Journal;
        Ok(Box::new(RealFile { file, path: path.to_owned(), durable_writes }))
    }

    fn create_dir(&self, path: &Path) -> Result<(), DiskError> {
        if path.is_dir() {
            return Ok(());
        }
        let parent = match path.parent() {
            Some(parent) if parent != Path::new("") => parent,
            _ => Path::new("."),
        };
        if parent != Path::new(".") {
            self.create_dir(parent)?;
        }
        match std::fs::create_dir(path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                Err(DiskError::new("make directory", path, error))
            }
            _ => self.sync_dir(parent),
        }
    }

    fn list(&self, dir: &Path) -> Result<Vec<Listed>, DiskError> {
        let failed = |source| DiskError::new("list", dir, source);
        let mut listed = Vec::new();
        for entry in std::fs::read_dir(dir).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let about = match entry.metadata() {
                // Renamed or removed since its name was read: it is there no more under this name.
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                about => about.map_err(failed)?,
            };
            if about.is_file() {
                let name = entry.file_name().to_string_lossy().into_owned();
                listed.push(Listed { name, bytes: about.len() });
            }
        }
        listed.sort_by(|left, right| left.name.cmp(&right.name));
        Ok(listed)
    }

    fn sync_dir(&self, dir: &Path) -> Result<(), DiskError> {
        File::open(dir)
            .and_then(|opened| opened.sync_all())
            .map_err(|source| DiskError::new("sync directory", dir, source))
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<(), DiskError> {
        std::fs::rename(from, to).map_err(|source| DiskError::new("rename", from, source))
    }

    fn remove(&self, path: &Path) -> Result<(), DiskError> {
        std::fs::remove_file(path).map_err(|source| DiskError::new("remove", path, source))
    }

    fn free_bytes(&self, dir: &Path) -> Result<u64, DiskError> {
        let about = rustix::fs::statvfs(dir)
            .map_err(|error| DiskError::new("ask the free space of", dir, error.into()))?;
        Ok(about.f_bavail.saturating_mul(about.f_frsize))
    }

    fn lock(&self, dir: &Path) -> Result<DirectoryLock, DiskError> {
        let path = dir.join(OWNER_FILE);
        let failed = |source| DiskError::new("lock", &path, source);
        // The directory itself is locked: whoever deletes the owner file frees nothing.
        let directory = File::open(dir).map_err(failed)?;
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(failed)?;
        if !(taken(&directory).map_err(failed)? && taken(&file).map_err(failed)?) {
            let mut owner = String::new();
            // The text is a help for people; without it the lock still holds.
            let _ = file.take(SMALL_FILE_BYTES_MAX as u64).read_to_string(&mut owner);
            let owner = match owner.trim() {
                "" => "another process".to_owned(),
                named => named.to_owned(),
            };
            return Err(DiskError::Held { path: dir.to_owned(), owner });
        }
        file.set_len(0).map_err(failed)?;
        writeln!(file, "process {}", rustix::process::getpid().as_raw_nonzero()).map_err(failed)?;
        Ok(DirectoryLock::held_by((directory, file)))
    }

    fn read_small(&self, path: &Path) -> Result<Option<Vec<u8>>, DiskError> {
        let failed = |source| DiskError::new("read", path, source);
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(error)),
        };
        let mut bytes = Vec::new();
        file.take(SMALL_FILE_BYTES_MAX as u64 + 1).read_to_end(&mut bytes).map_err(failed)?;
        if bytes.len() > SMALL_FILE_BYTES_MAX {
            return Err(failed(io::Error::other(format!(
                "it is larger than {SMALL_FILE_BYTES_MAX} bytes"
            ))));
        }
        Ok(Some(bytes))
    }

    fn write_small(&self, path: &Path, bytes: &[u8]) -> Result<(), DiskError> {
        assert!(bytes.len() <= SMALL_FILE_BYTES_MAX, "a small file of {} bytes", bytes.len());
        let failed = |source| DiskError::new("write", path, source);
        let mut temporary = path.as_os_str().to_owned();
        temporary.push(".tmp");
        let temporary = PathBuf::from(temporary);
        let mut file = File::create(&temporary).map_err(failed)?;
        file.write_all(bytes).map_err(failed)?;
        file.sync_all().map_err(failed)?;
        self.rename(&temporary, path)?;
        self.sync_dir(path.parent().unwrap_or(Path::new(".")))
    }
}

struct RealFile {
    file: File,
    path: PathBuf,
    durable_writes: bool,
}

impl RealFile {
    fn failed(&self, action: &'static str, source: io::Error) -> DiskError {
        DiskError::new(action, &self.path, source)
    }
}

impl DiskFile for RealFile {
    fn read_at(&self, into: &mut [u8], offset: u64) -> Result<(), DiskError> {
        self.file.read_exact_at(into, offset).map_err(|source| self.failed("read", source))
    }

    fn write_at(&self, from: &[u8], offset: u64) -> Result<(), DiskError> {
        self.write_fill(from, offset)?;
        if self.durable_writes { Ok(()) } else { self.sync() }
    }

    fn write_fill(&self, from: &[u8], offset: u64) -> Result<(), DiskError> {
        self.file.write_all_at(from, offset).map_err(|source| self.failed("write", source))
    }

    fn allocate(&self, bytes: u64) -> Result<(), DiskError> {
        match rustix::fs::fallocate(&self.file, FallocateFlags::empty(), 0, bytes) {
            Ok(()) => Ok(()),
            // A filesystem that cannot is no worse off: the fill itself takes the room.
            Err(error) if error == rustix::io::Errno::OPNOTSUPP => Ok(()),
            Err(error) => Err(self.failed("take room for", error.into())),
        }
    }

    fn sync(&self) -> Result<(), DiskError> {
        self.file.sync_data().map_err(|source| self.failed("sync", source))
    }

    fn bytes(&self) -> Result<u64, DiskError> {
        let about = self.file.metadata().map_err(|source| self.failed("measure", source))?;
        Ok(about.len())
    }
}
