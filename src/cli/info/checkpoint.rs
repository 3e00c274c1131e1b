//! What `treasury info` says about a directory's checkpoint, without touching it.
//!
//! Opening a checkpoint writes, so a copy is opened, in a directory that is gone afterwards; and
//! nothing is opened while a server has the directory.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use actors::engine::restore_row;
use domain::Division;
use domain::contents::HashKey;
use domain::ids::DivisionIndex;
use domain::resident::Resident;
use rustix::fs::FlockOperation;
use serde_json::{Value, json};
use storage::checkpoint::{Checkpoints, Found, Head, Marker, Row, RowVisitor, SledCheckpoint};
use storage::dataset::DataSet;
use storage::position::Position;

use crate::cli::bench::grouped;
use crate::cli::memory::Memory;
use crate::cli::show;
use crate::verification::position_json;

/// Records that a start replays in a second, to tell a lag in seconds.
const REPLAYED_PER_SECOND: u64 = 1_000_000;

/// What a directory's checkpoint is worth.
#[derive(Debug)]
pub(super) enum Kept {
    /// There is none.
    Nothing,
    /// A server has the directory.
    InUse,
    /// It is whole, and a start would begin from it.
    Used(Worth),
    /// A start would put it aside, or stop because of it.
    NotUsed(String),
}

/// A checkpoint that is whole.
#[derive(Debug)]
pub(super) struct Worth {
    from: Position,
    behind: u64,
    rows: u64,
    divisions: usize,
    bytes: u64,
    /// What a start holds of it in memory, settled payments by their ids.
    memory: Memory,
}

/// Adds up what the divisions of a checkpoint take in memory, one of them at a time.
struct Weighing {
    key: HashKey,
    running: Option<Division>,
    sum: Resident,
}

impl Weighing {
    fn take(&mut self, row: Row<'_>) -> Result<(), String> {
        let index = DivisionIndex(row.head.unit);
        if self.running.as_ref().is_none_or(|running| running.index != index) {
            self.add();
            self.running = Some(Division::new(index, self.key));
        }
        self.running.as_mut().map_or(Ok(()), |division| restore_row(division, row))
    }

    fn add(&mut self) {
        self.sum.add(&Resident::of(self.running.take().as_ref()));
    }
}

impl Kept {
    /// Looks at the checkpoint of a directory whose journal ends at `last`.
    ///
    /// # Errors
    /// When it cannot be copied.
    pub(super) fn read(data: &Path, dataset: &DataSet, last: Position) -> io::Result<Kept> {
        let dir = SledCheckpoint::in_data_dir(data).dir();
        if !dir.is_dir() {
            return Ok(Kept::Nothing);
        }
        if is_in_use(data) {
            return Ok(Kept::InUse);
        }
        let copy = tempfile::tempdir()?;
        let bytes = match copy_all(&dir, &SledCheckpoint::in_data_dir(copy.path()).dir()) {
            Ok(bytes) => bytes,
            // A server that started meanwhile changes files under the copy's hands.
            Err(_) if is_in_use(data) => return Ok(Kept::InUse),
            Err(error) => return Err(error),
        };
        if is_in_use(data) {
            return Ok(Kept::InUse);
        }
        let key = HashKey(dataset.hash_key);
        let mut weighing = Weighing { key, running: None, sum: Resident::default() };
        let mut visitors: [Box<RowVisitor<'_>>; 1] = [Box::new(|row| weighing.take(row))];
        let opened = SledCheckpoint::in_data_dir(copy.path()).open(dataset, &mut visitors);
        drop(visitors);
        weighing.add();
        let opened = opened.map_err(io::Error::other)?;
        Ok(match opened.found {
            Found::Nothing => Kept::Nothing,
            Found::SetAside { why, .. } => Kept::NotUsed(format!("a start puts it aside: {why}")),
            Found::Whole => {
                let (marker, heads) = (opened.store.marker(), opened.store.heads());
                judge(&marker, &heads, bytes, &weighing.sum, last)
            }
        })
    }

    /// The lines for people.
    ///
    /// # Errors
    /// When they cannot be written.
    pub(super) fn print(&self, out: &mut impl Write) -> io::Result<()> {
        match self {
            Kept::Nothing => writeln!(out, "checkpoint   none; a start reads the whole journal"),
            Kept::InUse => writeln!(
                out,
                "checkpoint   a server has the directory; `treasury info --connect ADDRESS --metrics` \
                 says how far it is"
            ),
            Kept::NotUsed(why) => writeln!(out, "checkpoint   not used: {why}"),
            Kept::Used(Worth { from, behind, rows, divisions, bytes, memory }) => {
                let (from, lag) = (show::position(*from), grouped(*behind));
                let (rows, divisions) = (grouped(*rows), grouped(*divisions as u64));
                writeln!(
                    out,
                    "checkpoint   used from {from}, {lag} records behind: {} s of replay; {rows} rows \
                     of {divisions} divisions, {}",
                    seconds(*behind),
                    show::bytes(*bytes),
                )?;
                writeln!(out, "  in memory  {}", memory.line())
            }
        }
    }

    /// The same for programs.
    pub(super) fn to_json(&self) -> Value {
        match self {
            Kept::Nothing => json!({ "state": "none", "used": false }),
            Kept::InUse => json!({ "state": "in-use" }),
            Kept::NotUsed(why) => json!({ "state": "not-used", "used": false, "why": why }),
            Kept::Used(worth) => json!({
                "state": "whole",
                "used": true,
                "position": position_json(worth.from),
                "behind_records": worth.behind,
                "behind_seconds": seconds(worth.behind),
                "rows": worth.rows,
                "divisions": worth.divisions,
                "bytes": worth.bytes,
                "resident_bytes": worth.memory.to_json(),
            }),
        }
    }
}

/// What a whole checkpoint is worth to a journal that ends at `last`.
fn judge(marker: &Marker, heads: &[Head], bytes: u64, resident: &Resident, last: Position) -> Kept {
    let (from, durable) = (marker.replay_from.position, marker.durable.position);
    if durable.sequence > last.sequence {
        return Kept::NotUsed(format!(
            "it knows position {}, behind the journal's end at {}: a start stops, for acknowledged \
             events were lost",
            show::position(durable),
            show::position(last),
        ));
    }
    let rows = heads.iter().map(|head| head.rows).sum();
    let behind = last.sequence.saturating_sub(from.sequence);
    let memory = Memory::of(resident);
    Kept::Used(Worth { from, behind, rows, divisions: heads.len(), bytes, memory })
}

fn seconds(records: u64) -> String {
    let ms = records.saturating_mul(1_000) / REPLAYED_PER_SECOND;
    format!("{}.{:03}", ms / 1_000, ms % 1_000)
}

/// Whether a process has the directory: asked by a lock that is given back at once.
fn is_in_use(data: &Path) -> bool {
    let Ok(owner) = File::open(data.join("owner")) else { return false };
    rustix::fs::flock(&owner, FlockOperation::NonBlockingLockShared).is_err()
}

/// Copies a directory with what is below it, without locks; gives the bytes.
fn copy_all(from: &Path, to: &Path) -> io::Result<u64> {
    std::fs::create_dir(to)?;
    let mut bytes = 0;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        bytes += if entry.file_type()?.is_dir() {
            copy_all(&source, &target)?
        } else {
            std::fs::copy(&source, &target)?
        };
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use storage::position::{Cursor, GroupHash};

    use super::*;

    fn marker(from: u64, durable: u64) -> Marker {
        let at = |sequence| Cursor {
            position: Position { epoch: 1, sequence },
            hash: GroupHash([0; 32]),
        };
        Marker { dataset_id: 1, replay_from: at(from), durable: at(durable), heads: 0, sum: 0 }
    }

    #[test]
    fn a_lag_is_told_in_records_and_seconds() {
        let last = Position { epoch: 1, sequence: 2_500_000 };
        let Kept::Used(worth) =
            judge(&marker(500_000, 2_500_000), &[], 7, &Resident::default(), last)
        else {
            panic!("it would be used")
        };
        assert_eq!((worth.behind, seconds(worth.behind)), (2_000_000, "2.000".to_owned()));
        assert_eq!(seconds(1_234), "0.001");
    }

    #[test]
    fn a_checkpoint_that_knows_more_than_the_journal_stops_a_start() {
        let last = Position { epoch: 1, sequence: 9 };
        let Kept::NotUsed(why) = judge(&marker(5, 10), &[], 7, &Resident::default(), last) else {
            panic!("a witness")
        };
        assert!(why.contains("1/10") && why.contains("1/9"), "{why}");
    }
}
