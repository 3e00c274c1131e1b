//! A disk in memory that does what a test plans: it loses, tears, misplaces, refuses, crashes.
//!
//! It draws nothing at random: every fault is in an explicit plan, and what a crash keeps of the
//! unsynced is the test's choice. Wrong data (flipped, stale, of a write that went elsewhere or
//! nowhere) is an overlay over what was written, so a test can heal the disk and show what would
//! have been recoverable. Handles are shared: a clone is the
//! same disk, [`SimDisk::image`] is another.

mod plan;
mod store;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{DirectoryLock, Disk, DiskError, DiskFile, FileUse, Listed, WriteMode};
pub use plan::{Fault, OperationKind, PlannedFault, Unsynced};
use store::Store;

#[derive(Clone)]
struct State {
    store: Store,
    dirs: BTreeSet<PathBuf>,
    locked: BTreeSet<PathBuf>,
    plan: Vec<PlannedFault>,
    operations: u64,
    operations_of: BTreeMap<OperationKind, u64>,
    capacity_bytes: u64,
    mode: WriteMode,
    crashed: bool,
}

/// A simulated disk.
#[derive(Clone)]
pub struct SimDisk(Arc<Mutex<State>>);

impl SimDisk {
    /// An empty disk with room for this many bytes.
    #[must_use]
    pub fn new(mode: WriteMode, capacity_bytes: u64) -> SimDisk {
        SimDisk(Arc::new(Mutex::new(State {
            store: Store::default(),
            dirs: BTreeSet::new(),
            locked: BTreeSet::new(),
            plan: Vec::new(),
            operations: 0,
            operations_of: BTreeMap::new(),
            capacity_bytes,
            mode,
            crashed: false,
        })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A test that panicked elsewhere still wants to see its disk.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Replaces the plan and counts operations from 0 again.
    pub fn plan(&self, plan: Vec<PlannedFault>) {
        let mut state = self.state();
        state.plan = plan;
        state.operations = 0;
        state.operations_of.clear();
    }

    /// Operations since the last plan.
    #[must_use]
    pub fn operations(&self) -> u64 {
        self.state().operations
    }

    /// Operations of one kind since the last plan.
    #[must_use]
    pub fn operations_of(&self, kind: OperationKind) -> u64 {
        self.state().operations_of.get(&kind).copied().unwrap_or(0)
    }

    /// Changes how many bytes fit.
    pub fn set_capacity(&self, bytes: u64) {
        self.state().capacity_bytes = bytes;
    }

    /// Whether the machine has stopped in some operation.
    #[must_use]
    pub fn has_stopped(&self) -> bool {
        self.state().crashed
    }

    /// Leaves room for so many bytes more than there are.
    pub fn leave_room(&self, bytes: u64) {
        let mut state = self.state();
        state.capacity_bytes = state.store.used_bytes().saturating_add(bytes);
    }

    /// Another disk with the same contents, without plan, locks or crash; nothing is lost.
    #[must_use]
    pub fn image(&self) -> SimDisk {
        let mut state = self.state().clone();
        state.plan.clear();
        state.locked.clear();
        state.crashed = false;
        SimDisk(Arc::new(Mutex::new(state)))
    }

    /// The disk as a crash now would leave it: all that is durable, and of the rest what `keep`
    /// says.
    #[must_use]
    pub fn after_crash(&self, mut keep: impl FnMut(Unsynced<'_>) -> bool) -> SimDisk {
        let left = self.image();
        left.state().store.crash(&mut keep);
        left
    }

    /// The contents of a file as reads see them; none if it is not there.
    #[must_use]
    pub fn contents(&self, path: &Path) -> Option<Vec<u8>> {
        let mut state = self.state();
        let id = state.store.find(path)?;
        let inode = state.store.inode(id);
        let mut bytes = vec![0; inode.length() as usize];
        assert!(inode.read(&mut bytes, 0), "a file can be read up to its length");
        Some(bytes)
    }

    /// The files there are, with their directories.
    #[must_use]
    pub fn files(&self) -> Vec<PathBuf> {
        let state = self.state();
        let in_dir = |dir: &PathBuf| {
            let listed = state.store.listed(dir);
            listed.into_iter().map(|(name, _)| dir.join(name)).collect::<Vec<_>>()
        };
        state.dirs.iter().flat_map(in_dir).collect()
    }

    /// Lays wrong bytes over a file, until [`SimDisk::heal`] or a write there.
    pub fn put_wrong(&self, path: &Path, offset: u64, bytes: &[u8]) {
        self.with_file(path, |inode| inode.put_wrong(offset, bytes));
    }

    /// Turns one bit of a file over, until healed or written.
    pub fn flip_bit(&self, path: &Path, bit: u64) {
        self.with_file(path, |inode| {
            let mut byte = [0];
            assert!(inode.read(&mut byte, bit / 8), "bit {bit} is past the file's end");
            inode.put_wrong(bit / 8, &[byte[0] ^ (1 << (bit % 8))]);
        });
    }

    /// Where bytes read otherwise than they were written: file, first byte and the one behind the
    /// last, in order.
    #[must_use]
    pub fn wrong(&self) -> Vec<(PathBuf, u64, u64)> {
        let mut all = Vec::new();
        for path in self.files() {
            self.with_file(&path, |inode| {
                all.extend(inode.wrong().into_iter().map(|(from, end)| (path.clone(), from, end)));
            });
        }
        all
    }

    /// Takes all wrong bytes away.
    pub fn heal(&self) {
        for path in self.files() {
            self.with_file(&path, store::Inode::heal);
        }
    }

    /// Writes a file outside any plan, durably: what an operator does by hand.
    pub fn put_file(&self, path: &Path, bytes: &[u8]) {
        let mut state = self.state();
        let id = state.store.create(path);
        let inode = state.store.inode(id);
        inode.set_length(bytes.len() as u64);
        inode.write_unsynced(bytes, 0);
        inode.sync();
        if let Some(dir) = path.parent() {
            state.dirs.insert(dir.to_owned());
            state.store.sync_dir(dir);
        }
    }

    /// Removes a file outside any plan, durably.
    pub fn remove_file(&self, path: &Path) {
        let mut state = self.state();
        state.store.remove(path);
        if let Some(dir) = path.parent() {
            state.store.sync_dir(dir);
        }
    }

    fn with_file(&self, path: &Path, change: impl FnOnce(&mut store::Inode)) {
        let mut state = self.state();
        let Some(id) = state.store.find(path) else {
            panic!("there is no {} on this disk", path.display());
        };
        change(state.store.inode(id));
    }
}

fn failure(action: &'static str, path: &Path, kind: io::ErrorKind) -> DiskError {
    DiskError::new(action, path, io::Error::from(kind))
}

impl State {
    /// Counts an operation and says what is to go wrong with it.
    fn begin(
        &mut self,
        kind: OperationKind,
        action: &'static str,
        path: &Path,
    ) -> Result<Option<Fault>, DiskError> {
        if self.crashed {
            let stopped = io::Error::other("the simulated machine has stopped");
            return Err(DiskError::new(action, path, stopped));
        }
        let all = self.operations;
        self.operations += 1;
        let of_kind = self.operations_of.entry(kind).or_default();
        let own = *of_kind;
        *of_kind += 1;
        let strikes = |planned: &&PlannedFault| {
            let number = if planned.only.is_some() { own } else { all };
            planned.only.is_none_or(|only| only == kind)
                && (number == planned.at || (planned.sticky && number > planned.at))
        };
        let fault = self.plan.iter().find(strikes).map(|planned| planned.fault);
        self.crashed = fault == Some(Fault::Crash);
        Ok(fault)
    }

    /// For operations that happen or do not.
    fn begin_whole(
        &mut self,
        kind: OperationKind,
        action: &'static str,
        path: &Path,
    ) -> Result<(), DiskError> {
        match self.begin(kind, action, path)? {
            Some(Fault::Fails(error)) => Err(failure(action, path, error)),
            Some(Fault::Crash) => Err(failure(action, path, io::ErrorKind::Interrupted)),
            Some(Fault::Short(_)) => Err(failure(action, path, io::ErrorKind::Other)),
            _ => Ok(()),
        }
    }
}

const NAMES: OperationKind = OperationKind::Names;

impl Disk for SimDisk {
    fn mode(&self) -> WriteMode {
        self.state().mode
    }

    fn open(&self, path: &Path, for_use: FileUse) -> Result<Box<dyn DiskFile>, DiskError> {
        let mut state = self.state();
        state.begin_whole(OperationKind::Open, "open", path)?;
        let id = match (state.store.find(path), for_use) {
            (Some(id), FileUse::Fill) => {
                state.store.inode(id).set_length(0);
                id
            }
            (Some(id), _) => id,
            (None, FileUse::Fill) => state.store.create(path),
            (None, _) => return Err(failure("open", path, io::ErrorKind::NotFound)),
        };
        Ok(Box::new(SimFile { disk: self.clone(), id, path: path.to_owned(), for_use }))
    }

    fn create_dir(&self, path: &Path) -> Result<(), DiskError> {
        let mut state = self.state();
        state.begin_whole(NAMES, "make directory", path)?;
        state.dirs.extend(path.ancestors().map(Path::to_owned));
        Ok(())
    }

    fn list(&self, dir: &Path) -> Result<Vec<Listed>, DiskError> {
        let mut state = self.state();
        state.begin_whole(OperationKind::Read, "list", dir)?;
        if !state.dirs.contains(dir) {
            return Err(failure("list", dir, io::ErrorKind::NotFound));
        }
        let listed = state.store.listed(dir);
        Ok(listed.into_iter().map(|(name, bytes)| Listed { name, bytes }).collect())
    }

    fn sync_dir(&self, dir: &Path) -> Result<(), DiskError> {
        let mut state = self.state();
        state.begin_whole(NAMES, "sync directory", dir)?;
        state.store.sync_dir(dir);
        Ok(())
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<(), DiskError> {
        let mut state = self.state();
        let begun = state.begin_whole(NAMES, "rename", from);
        // A machine that stops in a rename may have done it.
        if begun.is_ok() || state.crashed {
            if state.store.find(from).is_none() {
                return Err(failure("rename", from, io::ErrorKind::NotFound));
            }
            state.store.rename(from, to);
        }
        begun
    }

    fn remove(&self, path: &Path) -> Result<(), DiskError> {
        let mut state = self.state();
        state.begin_whole(NAMES, "remove", path)?;
        if state.store.find(path).is_none() {
            return Err(failure("remove", path, io::ErrorKind::NotFound));
        }
        state.store.remove(path);
        Ok(())
    }

    fn free_bytes(&self, dir: &Path) -> Result<u64, DiskError> {
        let mut state = self.state();
        state.begin_whole(OperationKind::Read, "ask the free space of", dir)?;
        Ok(state.capacity_bytes.saturating_sub(state.store.used_bytes()))
    }

    fn lock(&self, dir: &Path) -> Result<DirectoryLock, DiskError> {
        let mut state = self.state();
        state.begin_whole(NAMES, "lock", dir)?;
        if !state.dirs.contains(dir) {
            return Err(failure("lock", dir, io::ErrorKind::NotFound));
        }
        if !state.locked.insert(dir.to_owned()) {
            let owner = "another user of this simulated disk".to_owned();
            return Err(DiskError::Held { path: dir.to_owned(), owner });
        }
        Ok(DirectoryLock::held_by(SimLock { disk: self.clone(), dir: dir.to_owned() }))
    }

    fn read_small(&self, path: &Path) -> Result<Option<Vec<u8>>, DiskError> {
        self.state().begin_whole(OperationKind::Read, "read", path)?;
        Ok(self.contents(path))
    }

    fn write_small(&self, path: &Path, bytes: &[u8]) -> Result<(), DiskError> {
        self.state().begin_whole(OperationKind::Write, "write", path)?;
        self.put_file(path, bytes);
        Ok(())
    }
}

struct SimLock {
    disk: SimDisk,
    dir: PathBuf,
}

impl Drop for SimLock {
    fn drop(&mut self) {
        self.disk.state().locked.remove(&self.dir);
    }
}

struct SimFile {
    disk: SimDisk,
    id: usize,
    path: PathBuf,
    for_use: FileUse,
}

impl SimFile {
    fn write(
        &self,
        kind: OperationKind,
        durable: bool,
        from: &[u8],
        offset: u64,
    ) -> Result<(), DiskError> {
        assert!(self.for_use != FileUse::Read, "a write to a file opened for reading");
        let mut state = self.disk.state();
        let fault = state.begin(kind, "write", &self.path)?;
        let end = offset + from.len() as u64;
        let grows = end.saturating_sub(state.store.inode(self.id).length());
        if state.store.used_bytes() + grows > state.capacity_bytes {
            return Err(failure("write", &self.path, io::ErrorKind::StorageFull));
        }
        let inode = state.store.inode(self.id);
        let broken = failure("write", &self.path, io::ErrorKind::Other);
        match fault {
            None | Some(Fault::FlipsBit(_)) => inode.write(from, offset, durable),
            // Reported as done: what was written is the truth, and reads see something else.
            Some(fault @ (Fault::Lost | Fault::Misdirected(_))) => {
                let mut before = vec![0; from.len()];
                let shown = inode.read(&mut before, offset);
                inode.write(from, offset, durable);
                if shown {
                    inode.put_wrong(offset, &before);
                }
                if let Fault::Misdirected(by) = fault {
                    inode.put_wrong(offset.saturating_add_signed(by), from);
                }
            }
            Some(Fault::Short(bytes)) => {
                inode.write(&from[..bytes.min(from.len())], offset, false);
                return Err(broken);
            }
            Some(Fault::Fails(io::ErrorKind::StorageFull)) => {
                return Err(failure("write", &self.path, io::ErrorKind::StorageFull));
            }
            Some(Fault::Fails(error)) => {
                inode.write(from, offset, false);
                return Err(failure("write", &self.path, error));
            }
            Some(Fault::Crash) => {
                inode.write(from, offset, false);
                return Err(broken);
            }
        }
        Ok(())
    }
}

impl DiskFile for SimFile {
    fn read_at(&self, into: &mut [u8], offset: u64) -> Result<(), DiskError> {
        let mut state = self.disk.state();
        let fault = state.begin(OperationKind::Read, "read", &self.path)?;
        match fault {
            Some(Fault::Fails(error)) => return Err(failure("read", &self.path, error)),
            Some(Fault::Crash) => {
                return Err(failure("read", &self.path, io::ErrorKind::Interrupted));
            }
            _ => {}
        }
        if !state.store.inode(self.id).read(into, offset) {
            return Err(failure("read", &self.path, io::ErrorKind::UnexpectedEof));
        }
        if let Some(Fault::FlipsBit(bit)) = fault
            && !into.is_empty()
        {
            let bit = bit % (into.len() * 8);
            into[bit / 8] ^= 1 << (bit % 8);
        }
        Ok(())
    }

    fn write_at(&self, from: &[u8], offset: u64) -> Result<(), DiskError> {
        let direct = self.disk.mode() == WriteMode::Direct && self.for_use == FileUse::Journal;
        self.write(OperationKind::Write, direct, from, offset)?;
        if direct { Ok(()) } else { self.sync() }
    }

    fn write_fill(&self, from: &[u8], offset: u64) -> Result<(), DiskError> {
        self.write(OperationKind::Fill, false, from, offset)
    }

    fn allocate(&self, bytes: u64) -> Result<(), DiskError> {
        let mut state = self.disk.state();
        state.begin_whole(OperationKind::Fill, "take room for", &self.path)?;
        let grows = bytes.saturating_sub(state.store.inode(self.id).length());
        if state.store.used_bytes() + grows > state.capacity_bytes {
            return Err(failure("take room for", &self.path, io::ErrorKind::StorageFull));
        }
        state.store.inode(self.id).set_length(bytes);
        Ok(())
    }

    fn sync(&self) -> Result<(), DiskError> {
        let mut state = self.disk.state();
        let fault = state.begin(OperationKind::Sync, "sync", &self.path)?;
        let inode = state.store.inode(self.id);
        match fault {
            Some(Fault::Fails(error)) => {
                inode.sync_failed();
                Err(failure("sync", &self.path, error))
            }
            Some(Fault::Crash) => Err(failure("sync", &self.path, io::ErrorKind::Interrupted)),
            Some(Fault::Lost) => Ok(()),
            _ => {
                inode.sync();
                Ok(())
            }
        }
    }

    fn bytes(&self) -> Result<u64, DiskError> {
        let mut state = self.disk.state();
        state.begin_whole(OperationKind::Read, "measure", &self.path)?;
        Ok(state.store.inode(self.id).length())
    }
}
