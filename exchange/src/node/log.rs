//! The journal as a party's turn sees it, and one in memory.

use storage::journal::JournalFault;
use storage::limits::group_bytes_max;
use storage::position::Position;
use storage::reader::ReadError;
use storage::record::{Records, RunSlice};
use thiserror::Error;

use crate::record::KIND_PART;

/// Why a party's journal cannot go on.
#[derive(Debug, Error)]
pub enum LogFault {
    /// A group is not durable.
    #[error(transparent)]
    Journal(#[from] JournalFault),
    /// A group cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A record is not where it was written.
    #[error("there is no record at {sequence} of the store's journal; run `treasury verify` on it")]
    Missing {
        /// Its sequence.
        sequence: u64,
    },
    /// The journal in memory was told to end here.
    #[error("the journal in memory ends here")]
    Killed,
}

/// A party's journal.
pub trait Log {
    /// The sequence of the next record.
    fn next(&self) -> u64;

    /// The largest group, header included.
    fn group_bytes_max(&self) -> usize;

    /// Makes a group durable.
    ///
    /// # Errors
    /// When it is not, or that is unknown: the process ends.
    fn append(&mut self, group: RunSlice<'_>, time_ms: u64) -> Result<(), LogFault>;

    /// The record that begins with a sequence, its parts put together: kind and body.
    ///
    /// # Errors
    /// When it cannot be read.
    fn read(&mut self, sequence: u64) -> Result<(u16, Vec<u8>), LogFault>;
}

/// Puts a record together from those behind a place; true when it is whole.
pub(super) fn put_together(whole: &mut (u16, Vec<u8>), kind: u16, body: &[u8]) -> bool {
    if kind == crate::record::KIND_GOES_ON {
        return false;
    }
    whole.0 = kind;
    whole.1.extend_from_slice(body);
    kind != KIND_PART
}

/// A journal in memory, for tests and dry runs: a copy of it is what a crash leaves.
#[derive(Clone, Debug, Default)]
pub struct MemoryLog {
    groups: Vec<(u64, u32, Vec<u8>)>,
    next: u64,
    segment_bytes: u64,
    left: Option<usize>,
}

impl MemoryLog {
    /// An empty one, with groups as of segments of this size.
    #[must_use]
    pub fn new(segment_bytes: u64) -> MemoryLog {
        MemoryLog { next: 1, segment_bytes, ..MemoryLog::default() }
    }

    /// Ends with a fault after so many groups more.
    pub fn end_after(&mut self, groups: usize) {
        self.left = Some(groups);
    }

    /// What a new start finds: all groups that were appended.
    #[must_use]
    pub fn found(&self) -> MemoryLog {
        MemoryLog { left: None, ..self.clone() }
    }

    /// How many groups there are.
    #[must_use]
    pub fn groups(&self) -> usize {
        self.groups.len()
    }

    /// The records of each group.
    pub fn records(&self) -> impl Iterator<Item = Records<'_>> {
        self.groups.iter().map(|(first, count, bytes)| {
            let first = Position { epoch: 1, sequence: *first };
            Records::read(bytes, first, *count).expect("what was appended is whole records")
        })
    }

    /// A new start's mark, as the journal on a disk writes it: a turn that was not at its end never was.
    pub fn mark_start(&mut self) {
        let mut run = storage::record::RecordWriter::default();
        run.write(storage::marks::KIND_OPENED, storage::marks::MARK_VERSION, &[]);
        self.keep(run.run());
    }

    fn keep(&mut self, group: RunSlice<'_>) {
        self.groups.push((self.next, group.records, group.bytes.to_vec()));
        self.next += u64::from(group.records);
    }
}

impl Log for MemoryLog {
    fn next(&self) -> u64 {
        self.next
    }

    fn group_bytes_max(&self) -> usize {
        group_bytes_max(self.segment_bytes)
    }

    fn append(&mut self, group: RunSlice<'_>, _: u64) -> Result<(), LogFault> {
        match &mut self.left {
            Some(0) => return Err(LogFault::Killed),
            Some(left) => *left -= 1,
            None => {}
        }
        self.keep(group);
        Ok(())
    }

    fn read(&mut self, sequence: u64) -> Result<(u16, Vec<u8>), LogFault> {
        let at = self.groups.partition_point(|(first, ..)| *first <= sequence).saturating_sub(1);
        let mut whole = (0, Vec::new());
        let records = self.records().skip(at).flatten();
        for record in records.skip_while(|record| record.position.sequence < sequence) {
            if put_together(&mut whole, record.kind, record.body) {
                return Ok(whole);
            }
        }
        Err(LogFault::Missing { sequence })
    }
}
