//! Files as the simulated disk keeps them: what reads see, what a crash leaves, and what lies
//! between the two.
//!
//! Knows nothing of faults that are planned; it does what it is told.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Unsynced;
use crate::limits::{BLOCK_BYTES, SECTOR_BYTES};

/// Sparse contents: a page that is not there is zero.
#[derive(Clone, Default)]
struct Pages(BTreeMap<u64, Arc<[u8; BLOCK_BYTES]>>);

impl Pages {
    fn read(&self, into: &mut [u8], offset: u64) {
        let mut done = 0;
        while done < into.len() {
            let at = offset + done as u64;
            let skip = (at % BLOCK_BYTES as u64) as usize;
            let bytes = (BLOCK_BYTES - skip).min(into.len() - done);
            let piece = &mut into[done..done + bytes];
            match self.0.get(&(at / BLOCK_BYTES as u64)) {
                Some(page) => piece.copy_from_slice(&page[skip..skip + bytes]),
                None => piece.fill(0),
            }
            done += bytes;
        }
    }

    fn write(&mut self, from: &[u8], offset: u64) {
        let mut done = 0;
        while done < from.len() {
            let at = offset + done as u64;
            let skip = (at % BLOCK_BYTES as u64) as usize;
            let bytes = (BLOCK_BYTES - skip).min(from.len() - done);
            let piece = &from[done..done + bytes];
            let number = at / BLOCK_BYTES as u64;
            if self.0.contains_key(&number) || !crate::aligned::is_zero(piece) {
                let page = self.0.entry(number).or_insert_with(|| Arc::new([0; BLOCK_BYTES]));
                Arc::make_mut(page)[skip..skip + bytes].copy_from_slice(piece);
            }
            done += bytes;
        }
    }

    fn cut(&mut self, length: u64) {
        self.0.retain(|number, _| number * (BLOCK_BYTES as u64) < length);
        let rest = (length % BLOCK_BYTES as u64) as usize;
        if let Some(page) = self.0.get_mut(&(length / BLOCK_BYTES as u64)) {
            Arc::make_mut(page)[rest..].fill(0);
        }
    }
}

#[derive(Clone)]
enum Change {
    Length(u64),
    Write { offset: u64, bytes: Arc<[u8]> },
}

/// One file.
#[derive(Clone, Default)]
pub(super) struct Inode {
    seen: Pages,
    seen_length: u64,
    kept: Pages,
    kept_length: u64,
    /// Changes not yet durable, in order; true when a sync of them failed: then no later sync
    /// makes them durable, though reads go on seeing them.
    unsynced: Vec<(Change, bool)>,
    /// Bytes that read wrong, until healed or written again.
    overlay: BTreeMap<u64, u8>,
}

impl Inode {
    pub(super) fn length(&self) -> u64 {
        self.seen_length
    }

    pub(super) fn read(&self, into: &mut [u8], offset: u64) -> bool {
        if offset + into.len() as u64 > self.seen_length {
            return false;
        }
        self.seen.read(into, offset);
        for (at, byte) in self.overlay.range(offset..offset + into.len() as u64) {
            into[(at - offset) as usize] = *byte;
        }
        true
    }

    pub(super) fn set_length(&mut self, length: u64) {
        self.seen_length = length;
        self.seen.cut(length);
        self.unsynced.push((Change::Length(length), false));
    }

    /// A write that is seen at once and durable later, if ever.
    pub(super) fn write_unsynced(&mut self, from: &[u8], offset: u64) {
        self.see(from, offset);
        self.unsynced.push((Change::Write { offset, bytes: from.into() }, false));
    }

    /// A write that is durable at once.
    pub(super) fn write_durable(&mut self, from: &[u8], offset: u64) {
        self.see(from, offset);
        self.kept.write(from, offset);
        self.kept_length = self.kept_length.max(offset + from.len() as u64);
    }

    /// A write that is seen at once, and durable at once or later.
    pub(super) fn write(&mut self, from: &[u8], offset: u64, durable: bool) {
        if durable {
            self.write_durable(from, offset);
        } else {
            self.write_unsynced(from, offset);
        }
    }

    fn see(&mut self, from: &[u8], offset: u64) {
        self.seen.write(from, offset);
        let end = offset + from.len() as u64;
        self.seen_length = self.seen_length.max(end);
        self.overlay.retain(|at, _| !(offset..end).contains(at));
    }

    pub(super) fn sync(&mut self) {
        let changes = std::mem::take(&mut self.unsynced);
        for (change, failed) in changes {
            if failed {
                self.unsynced.push((change, true));
                continue;
            }
            self.keep(&change, |_| true);
        }
    }

    pub(super) fn sync_failed(&mut self) {
        for (_, failed) in &mut self.unsynced {
            *failed = true;
        }
    }

    /// Makes a change durable, or those sectors of it that `sector` lets through.
    fn keep(&mut self, change: &Change, mut sector: impl FnMut(u64) -> bool) {
        match change {
            Change::Length(length) => {
                if sector(0) {
                    self.kept_length = *length;
                    self.kept.cut(*length);
                }
            }
            Change::Write { offset, bytes } => {
                for (index, piece) in bytes.chunks(SECTOR_BYTES).enumerate() {
                    let at = offset + (index * SECTOR_BYTES) as u64;
                    if sector(at) {
                        self.kept.write(piece, at);
                        self.kept_length = self.kept_length.max(at + piece.len() as u64);
                    }
                }
            }
        }
    }

    pub(super) fn put_wrong(&mut self, offset: u64, bytes: &[u8]) {
        for (index, byte) in bytes.iter().enumerate() {
            self.overlay.insert(offset + index as u64, *byte);
        }
    }

    /// Stretches of bytes that read otherwise than they were written.
    pub(super) fn wrong(&self) -> Vec<(u64, u64)> {
        let mut all: Vec<(u64, u64)> = Vec::new();
        for (&at, &byte) in &self.overlay {
            let mut written = [0];
            self.seen.read(&mut written, at);
            if at >= self.seen_length || written[0] == byte {
                continue;
            }
            match all.last_mut() {
                Some((_, end)) if *end == at => *end += 1,
                _ => all.push((at, at + 1)),
            }
        }
        all
    }

    pub(super) fn heal(&mut self) {
        self.overlay.clear();
    }

    fn crash(&mut self, path: &Path, keep: &mut dyn FnMut(Unsynced<'_>) -> bool) {
        for (change, _) in std::mem::take(&mut self.unsynced) {
            let length = matches!(change, Change::Length(_));
            self.keep(&change, |offset| {
                keep(if length {
                    Unsynced::Length { path }
                } else {
                    Unsynced::Sector { path, offset }
                })
            });
        }
        self.seen = self.kept.clone();
        self.seen_length = self.kept_length;
    }
}

#[derive(Clone)]
enum NameChange {
    Link(PathBuf, usize),
    Unlink(PathBuf),
    Rename(PathBuf, PathBuf),
}

impl NameChange {
    fn path(&self) -> &Path {
        match self {
            NameChange::Link(path, _) | NameChange::Unlink(path) | NameChange::Rename(_, path) => {
                path
            }
        }
    }
}

type Names = BTreeMap<PathBuf, usize>;

/// All files and their names.
#[derive(Clone, Default)]
pub(super) struct Store {
    inodes: Vec<Inode>,
    names: Names,
    kept_names: Names,
    unsynced_names: Vec<NameChange>,
}

impl Store {
    pub(super) fn find(&self, path: &Path) -> Option<usize> {
        self.names.get(path).copied()
    }

    pub(super) fn inode(&mut self, id: usize) -> &mut Inode {
        &mut self.inodes[id]
    }

    pub(super) fn listed(&self, dir: &Path) -> Vec<(String, u64)> {
        let inside = self.names.iter().filter(|(path, _)| path.parent() == Some(dir));
        inside
            .filter_map(|(path, id)| {
                let name = path.file_name()?.to_str()?.to_owned();
                Some((name, self.inodes[*id].length()))
            })
            .collect()
    }

    pub(super) fn used_bytes(&self) -> u64 {
        self.names.values().map(|id| self.inodes[*id].length()).sum()
    }

    pub(super) fn create(&mut self, path: &Path) -> usize {
        self.inodes.push(Inode::default());
        let id = self.inodes.len() - 1;
        self.change_name(NameChange::Link(path.to_owned(), id));
        id
    }

    pub(super) fn rename(&mut self, from: &Path, to: &Path) {
        self.change_name(NameChange::Rename(from.to_owned(), to.to_owned()));
    }

    pub(super) fn remove(&mut self, path: &Path) {
        self.change_name(NameChange::Unlink(path.to_owned()));
    }

    fn change_name(&mut self, change: NameChange) {
        apply(&mut self.names, &change);
        self.unsynced_names.push(change);
    }

    pub(super) fn sync_dir(&mut self, dir: &Path) {
        let changes = std::mem::take(&mut self.unsynced_names);
        for change in changes {
            if change.path().parent() == Some(dir) {
                apply(&mut self.kept_names, &change);
            } else {
                self.unsynced_names.push(change);
            }
        }
    }

    /// What a crash leaves.
    pub(super) fn crash(&mut self, keep: &mut dyn FnMut(Unsynced<'_>) -> bool) {
        for change in std::mem::take(&mut self.unsynced_names) {
            if keep(Unsynced::Name { path: change.path() }) {
                apply(&mut self.kept_names, &change);
            }
        }
        self.names = self.kept_names.clone();
        for (path, id) in &self.names {
            self.inodes[*id].crash(path, keep);
        }
    }
}

fn apply(names: &mut Names, change: &NameChange) {
    match change {
        NameChange::Link(path, id) => {
            names.insert(path.clone(), *id);
        }
        NameChange::Unlink(path) => {
            names.remove(path);
        }
        NameChange::Rename(from, to) => {
            // A rename is one step: if the old name never became durable, the new one appears
            // all the same only when its creation did.
            if let Some(id) = names.remove(from) {
                names.insert(to.clone(), id);
            }
        }
    }
}
