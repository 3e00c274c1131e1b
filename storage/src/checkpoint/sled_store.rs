//! The checkpoint on the disk, in sled 0.34.7.
//!
//! sled is asked for order and for atomic batches, and believed in nothing: it has been seen to
//! panic at an open, and its flush is a `sync_file_range`, not a sync. It works through the
//! filesystem itself and with threads of its own, so none of this goes through
//! [`crate::disk::Disk`].

use std::cell::RefCell;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::FlockOperation;

use super::opening::{self, Site};
use super::table::{Entry, Sink, Table, TableFault};
use super::{CheckpointStore, Checkpoints, OpenFault, Opened, RowVisitor, Why};
use crate::dataset::DataSet;
use crate::limits::{CHECKPOINT_ASIDE_MAX, CHECKPOINT_CACHE_BYTES};

const DIR: &str = "checkpoint";
const ASIDE_PREFIX: &str = "checkpoint.aside-";
const TRIPWIRE: &str = "opening";
const WRITTEN: &str = "written";
const OWNER: &str = "owner";
const SLED: &str = "sled";

/// What [`WRITTEN`] says once everything was brought to the disk; before that, the boot in which
/// it was written.
const SETTLED: &str = "settled";

/// Where Linux says which boot this is.
const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";

/// The checkpoint of a data directory.
#[derive(Debug, Clone)]
pub struct SledCheckpoint {
    data_dir: PathBuf,
}

impl SledCheckpoint {
    /// The one in this data directory. One process at a time has it open, and in that process one
    /// [`CheckpointStore`] with its readers.
    #[must_use]
    pub fn in_data_dir(data_dir: &Path) -> SledCheckpoint {
        SledCheckpoint { data_dir: data_dir.to_owned() }
    }

    /// Its directory.
    #[must_use]
    pub fn dir(&self) -> PathBuf {
        self.data_dir.join(DIR)
    }

    fn site(&self) -> Directory {
        Directory { data_dir: self.data_dir.clone(), dir: self.dir(), owner: RefCell::default() }
    }
}

impl Checkpoints for SledCheckpoint {
    fn open(
        &self,
        dataset: &DataSet,
        visitors: &mut [Box<RowVisitor<'_>>],
    ) -> Result<Opened, OpenFault> {
        let site = self.site();
        // Not before it is ours: a running engine's checkpoint must not be put aside.
        site.own().map_err(|what| OpenFault { what })?;
        opening::open(&site, dataset, visitors)
    }

    fn set_aside(
        &self,
        dataset: &DataSet,
        store: Box<dyn CheckpointStore>,
        why: Why,
    ) -> Result<Opened, OpenFault> {
        drop(store);
        opening::put_aside(&self.site(), dataset, why)
    }
}

/// The directory, during an open.
struct Directory {
    data_dir: PathBuf,
    dir: PathBuf,
    /// The locked owner file. It goes along with the open table.
    owner: RefCell<Option<Arc<File>>>,
}

fn told<'a>(action: &'a str, path: &'a Path) -> impl Fn(io::Error) -> String + 'a {
    move |error| format!("cannot {action} {}: {error}", path.display())
}

impl Directory {
    /// Makes the directory if it is not there, and takes it for this process alone.
    fn own(&self) -> Result<(), String> {
        if self.owner.borrow().is_some() {
            return Ok(());
        }
        if let Err(error) = fs::create_dir(&self.dir)
            && error.kind() != io::ErrorKind::AlreadyExists
        {
            return Err(told("make directory", &self.dir)(error));
        }
        let path = self.dir.join(OWNER);
        let file = File::create(&path).map_err(told("make", &path))?;
        match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(error) if error == rustix::io::Errno::WOULDBLOCK => {
                let dir = self.dir.display();
                return Err(format!("{dir} is in use, by another process or a reader of this one"));
            }
            Err(error) => return Err(told("lock", &path)(error.into())),
        }
        *self.owner.borrow_mut() = Some(Arc::new(file));
        Ok(())
    }

    fn has(&self, name: &str) -> Result<bool, String> {
        let path = self.dir.join(name);
        path.try_exists().map_err(told("look for", &path))
    }

    /// Those set aside, oldest first.
    fn aside(&self) -> Result<Vec<u64>, String> {
        let failed = told("list", &self.data_dir);
        let mut numbers = Vec::new();
        for entry in fs::read_dir(&self.data_dir).map_err(&failed)? {
            let name = entry.map_err(&failed)?.file_name();
            let number = name.to_str().and_then(|name| name.strip_prefix(ASIDE_PREFIX));
            numbers.extend(number.and_then(|number| number.parse::<u64>().ok()));
        }
        numbers.sort_unstable();
        Ok(numbers)
    }

    fn aside_dir(&self, number: u64) -> PathBuf {
        self.data_dir.join(format!("{ASIDE_PREFIX}{number}"))
    }
}

impl Site for Directory {
    fn exists(&self) -> Result<bool, String> {
        Ok(self.has(SLED)? || self.has(TRIPWIRE)?)
    }

    fn tripped(&self) -> Result<bool, String> {
        self.has(TRIPWIRE)
    }

    fn set_tripwire(&self) -> Result<(), String> {
        self.own()?;
        let path = self.dir.join(TRIPWIRE);
        File::create(&path).map(drop).map_err(told("make", &path))
    }

    fn clear_tripwire(&self) -> Result<(), String> {
        let path = self.dir.join(TRIPWIRE);
        fs::remove_file(&path).map_err(told("remove", &path))
    }

    fn may_have_lost(&self) -> Result<bool, String> {
        // What cannot be read is not believed: all is checked.
        let written = fs::read_to_string(self.dir.join(WRITTEN)).unwrap_or_default();
        let boot = fs::read_to_string(BOOT_ID).unwrap_or_default();
        Ok(written != SETTLED && (written.is_empty() || written != boot))
    }

    fn note_writing(&self) -> Result<(), String> {
        // Without a boot's name nothing is believed after the next open either.
        write_synced(&self.dir, &fs::read_to_string(BOOT_ID).unwrap_or_default())
    }

    fn table(&self) -> Result<Arc<dyn Table>, TableFault> {
        let path = self.dir.join(SLED);
        wait_for_lock(&path.join("db"))?;
        // The default segment of 512 KiB, since no other one was faster. HighThroughput, since
        // LowSpace wrote 10 to 35 % less a second and took the same room on the disk.
        let db = sled::Config::new()
            .path(path)
            .cache_capacity(CHECKPOINT_CACHE_BYTES)
            .mode(sled::Mode::HighThroughput)
            .flush_every_ms(None)
            .open()?;
        let (rows, rests) = (db.open_tree("rows")?, db.open_tree("rests")?);
        let heads = db.open_tree("heads")?;
        let (dir, owner) = (self.dir.clone(), self.owner.borrow().clone());
        Ok(Arc::new(SledTable { rows, rests, heads, db, dir, _owner: owner }))
    }

    fn set_aside(&self) -> Result<String, String> {
        let mut numbers = self.aside()?;
        let number = numbers.last().map_or(1, |last| last + 1);
        let to = self.aside_dir(number);
        fs::rename(&self.dir, &to).map_err(told("rename", &self.dir))?;
        // The lock went with the directory.
        *self.owner.borrow_mut() = None;
        numbers.push(number);
        let surplus = numbers.len().saturating_sub(CHECKPOINT_ASIDE_MAX);
        for old in &numbers[..surplus] {
            let path = self.aside_dir(*old);
            if let Err(error) = fs::remove_dir_all(&path) {
                let path = path.display();
                tracing::warn!(%path, %error, "an old checkpoint that was set aside stays");
            }
        }
        Ok(to.display().to_string())
    }
}

/// Writes what [`WRITTEN`] says, and does not come back before it is on the disk.
fn write_synced(dir: &Path, text: &str) -> Result<(), String> {
    let path = dir.join(WRITTEN);
    let write = || {
        let mut file = File::create(&path)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()
    };
    write().map_err(told("write", &path))
}

/// Waits until sled's own lock is free. This process has the directory, so only a thread of sled's
/// that is still letting go of an earlier open can hold it.
fn wait_for_lock(db: &Path) -> Result<(), TableFault> {
    let file = match File::open(db) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(TableFault::Failed(told("open", db)(error))),
    };
    rustix::fs::flock(&file, FlockOperation::LockExclusive)
        .map_err(|error| TableFault::Failed(told("lock", db)(error.into())))
}

impl From<sled::Error> for TableFault {
    fn from(error: sled::Error) -> TableFault {
        use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
        match error {
            sled::Error::Io(error)
                if matches!(error.kind(), StorageFull | QuotaExceeded | FileTooLarge) =>
            {
                TableFault::NoSpace
            }
            error => TableFault::Failed(format!("sled: {error}")),
        }
    }
}

/// An open sled.
struct SledTable {
    rows: sled::Tree,
    rests: sled::Tree,
    heads: sled::Tree,
    db: sled::Db,
    dir: PathBuf,
    /// Last, so that sled has let go when the lock does.
    _owner: Option<Arc<File>>,
}

impl Table for SledTable {
    fn insert(&self, key: &[u8], value: &[u8]) -> Result<(), TableFault> {
        self.rows.insert(key, value)?;
        Ok(())
    }

    fn remove(&self, key: &[u8]) -> Result<(), TableFault> {
        self.rows.remove(key)?;
        Ok(())
    }

    fn range(
        &self,
        from: &[u8],
        below: Option<&[u8]>,
        sink: &mut Sink<'_>,
    ) -> Result<(), TableFault> {
        let entries = match below {
            Some(below) => self.rows.range(from..below),
            None => self.rows.range(from..),
        };
        for entry in entries {
            let (key, value) = entry?;
            if sink(&key, &value).is_break() {
                break;
            }
        }
        Ok(())
    }

    fn insert_rest(&self, key: &[u8], value: &[u8]) -> Result<(), TableFault> {
        self.rests.insert(key, value)?;
        Ok(())
    }

    fn remove_rest(&self, key: &[u8]) -> Result<(), TableFault> {
        self.rests.remove(key)?;
        Ok(())
    }

    fn rest(&self, key: &[u8]) -> Result<Option<Vec<u8>>, TableFault> {
        Ok(self.rests.get(key)?.map(|value| value.to_vec()))
    }

    fn heads(&self) -> Result<Vec<Entry>, TableFault> {
        let owned = |entry: Result<(sled::IVec, sled::IVec), sled::Error>| {
            let (key, value) = entry?;
            Ok((key.to_vec(), value.to_vec()))
        };
        self.heads.iter().map(owned).collect()
    }

    fn commit(&self, entries: &[(&[u8], &[u8])]) -> Result<(), TableFault> {
        let mut batch = sled::Batch::default();
        for (key, value) in entries {
            batch.insert(*key, *value);
        }
        Ok(self.heads.apply_batch(batch)?)
    }

    fn flush(&self) -> Result<(), TableFault> {
        self.db.flush()?;
        Ok(())
    }

    fn settle(&self) -> Result<(), TableFault> {
        let failed = |error: io::Error| TableFault::Failed(told("sync", &self.dir)(error));
        let dir = File::open(&self.dir).map_err(failed)?;
        rustix::fs::syncfs(&dir).map_err(|error| failed(error.into()))?;
        write_synced(&self.dir, SETTLED).map_err(TableFault::Failed)
    }

    fn condemn(&self) {
        let path = self.dir.join(TRIPWIRE);
        if let Err(error) = File::create(&path) {
            let path = path.display();
            tracing::error!(%path, %error, "a damaged checkpoint is not marked: delete it");
        }
    }

    fn bytes_on_disk(&self) -> Result<u64, TableFault> {
        Ok(self.db.size_on_disk()?)
    }
}
