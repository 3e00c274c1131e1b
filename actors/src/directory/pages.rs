//! Records by their sequence, re-read from the journal: where the texts are.
//!
//! Keeps a mark for every so many bytes of journal, so that a record is read without walking to it
//! from the start of its segment. Never reads beyond the
//! records it is asked for, which are durable.

use storage::position::Position;
use storage::reader::{JournalReader, Mark, ReadError};
use storage::record::RecordRef;

use crate::limits::DIRECTORY_BLOCK_BYTES;

/// Reads records of a journal by sequence.
pub(super) struct Pages {
    reader: JournalReader,
    marks: Vec<Mark>,
    /// Bytes of groups behind the last mark.
    behind: u64,
}

impl Pages {
    /// Pages of a journal whose reader stands at its start.
    pub(super) fn new(reader: JournalReader) -> Pages {
        let marks = vec![reader.mark()];
        Pages { reader, marks, behind: 0 }
    }

    /// A group of so many bytes was read from `before` on.
    pub(super) fn passed(&mut self, before: Mark, bytes: u64) {
        if self.behind >= DIRECTORY_BLOCK_BYTES {
            self.marks.push(before);
            self.behind = 0;
        }
        self.behind += bytes;
    }

    /// Gives each of some records, which must be durable, in their order, with its time.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub(super) fn visit(
        &mut self,
        sequences: &[u64],
        visit: &mut dyn FnMut(&RecordRef<'_>, u64),
    ) -> Result<(), ReadError> {
        debug_assert!(sequences.is_sorted(), "records are read in their order");
        let mut wanted = sequences.iter().copied().peekable();
        while let Some(&first) = wanted.peek() {
            self.go_before(first);
            loop {
                // Groups are read whole: what is wanted may stand before the end of one.
                let Some(group) = self.reader.next(Position::END)? else { return Ok(()) };
                if group.header.last().sequence < first {
                    continue;
                }
                for record in group.records {
                    if wanted.next_if_eq(&record.position.sequence).is_some() {
                        visit(&record, group.header.time_ms);
                    }
                }
                break;
            }
        }
        Ok(())
    }

    /// When a record was journaled, in ms since 1970.
    pub(super) fn time_of(&mut self, sequence: u64) -> Result<u64, ReadError> {
        let mut found = 0;
        self.visit(&[sequence], &mut |_, time_ms| found = time_ms)?;
        Ok(found)
    }

    /// The last sequence that was journaled at a time or before, up to a position; 0: none.
    pub(super) fn last_until(&mut self, time_ms: u64, upto: Position) -> Result<u64, ReadError> {
        let after = self.marks.partition_point(|mark| mark.time_ms() <= time_ms);
        let mark = self.marks[after.saturating_sub(1)];
        self.reader.go_to(&mark);
        let mut last = mark.position().sequence;
        while let Some(group) = self.reader.next(upto)? {
            if group.header.time_ms > time_ms {
                break;
            }
            last = group.header.last().sequence;
        }
        Ok(last)
    }

    /// Stands before a record, by the shortest way.
    fn go_before(&mut self, sequence: u64) {
        let after = self.marks.partition_point(|mark| mark.position().sequence < sequence);
        let mark = self.marks[after.saturating_sub(1)];
        let here = self.reader.mark().position().sequence;
        if here >= sequence || here < mark.position().sequence {
            self.reader.go_to(&mark);
        }
    }
}
