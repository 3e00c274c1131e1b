//! A turn as groups of records, and groups back as whole turns.
//!
//! A turn is all or nothing. Nearly every one is one group of the journal; a larger one says at the end of each
//! group but its last that it goes on, and one that does not come to its end before the next start never was.
//! A body that is too long for a record is cut into parts before it.

use storage::limits::{GROUP_HEADER_BYTES, RECORD_HEAD_BYTES, RUN_BYTES_MAX};
use storage::record::{RecordRef, RecordWriter, RunSlice};
use thiserror::Error;

use super::{Event, KIND_GOES_ON, KIND_PART, RECORD_VERSION, Stranger};
use crate::encoding::Unreadable;
use crate::limits::{BODY_BYTES_MAX, PART_BYTES_MAX, TURN_BYTES_MAX};

/// Writes the groups of one turn.
pub struct TurnWriter {
    groups: Vec<RecordWriter>,
    /// The body of the event that is being written; kept for its room.
    body: Vec<u8>,
    room: usize,
    next: u64,
}

impl TurnWriter {
    /// A turn whose first record will have this sequence, for a journal whose groups are at most this long.
    #[must_use]
    pub fn new(next: u64, group_bytes_max: usize) -> TurnWriter {
        let room = (group_bytes_max - GROUP_HEADER_BYTES).min(RUN_BYTES_MAX);
        assert!(room > 8 * RECORD_HEAD_BYTES, "a group of {room} bytes holds no record");
        TurnWriter { groups: vec![RecordWriter::default()], body: Vec::new(), room, next }
    }

    /// Writes an event and gives the sequence of its first record.
    ///
    /// # Panics
    /// When its body is above [`BODY_BYTES_MAX`].
    pub fn write(&mut self, event: &Event) -> u64 {
        let mut body = std::mem::take(&mut self.body);
        body.clear();
        event.encode(&mut body);
        assert!(body.len() <= BODY_BYTES_MAX, "an event of {} bytes", body.len());
        let part = PART_BYTES_MAX.min(self.room - 4 * RECORD_HEAD_BYTES);
        let last = body.len().saturating_sub(1) / part * part;
        let mut first = None;
        for chunk in body[..last].chunks(part) {
            let at = self.record(KIND_PART, chunk);
            first.get_or_insert(at);
        }
        let at = self.record(event.kind(), &body[last..]);
        self.body = body;
        first.unwrap_or(at)
    }

    fn record(&mut self, kind: u16, body: &[u8]) -> u64 {
        let group = self.groups.last_mut().expect("there is one from the start");
        let needed = body.len() + 2 * RECORD_HEAD_BYTES;
        if group.bytes() + needed > self.room {
            group.write(KIND_GOES_ON, RECORD_VERSION, &[]);
            self.next += 1;
            self.groups.push(RecordWriter::default());
        }
        let group = self.groups.last_mut().expect("there is one from the start");
        group.write(kind, RECORD_VERSION, body);
        self.next += 1;
        self.next - 1
    }

    /// Whether nothing was written.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.groups[0].is_empty()
    }

    /// The groups, in order.
    pub fn groups(&self) -> impl Iterator<Item = RunSlice<'_>> {
        self.groups.iter().map(RecordWriter::run)
    }
}

/// Why a journal is no party's.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NotATurn {
    /// A record cannot be read.
    #[error(
        "the record at {sequence} cannot be read: {why}; start the program version that wrote it"
    )]
    Unreadable {
        /// Its sequence.
        sequence: u64,
        /// What is wrong.
        why: Unreadable,
    },
    /// A turn larger than any.
    #[error(
        "the turn that holds the record at {sequence} has more than {TURN_BYTES_MAX} bytes; this is no store's journal"
    )]
    TooLong {
        /// The record's sequence.
        sequence: u64,
    },
    /// The journal of another party, or of another province.
    #[error(transparent)]
    Stranger(#[from] Box<Stranger>),
}

/// Puts turns together from groups.
#[derive(Debug, Default)]
pub struct TurnReader {
    body: Vec<u8>,
    first: Option<u64>,
    events: Vec<(u64, Event)>,
    bytes: usize,
}

impl TurnReader {
    /// Reads the records of one group; gives the events of a turn, each with the sequence of its first record,
    /// when it ends here.
    ///
    /// # Errors
    /// When a record is none of a store's.
    pub fn group<'a>(
        &mut self,
        records: impl Iterator<Item = RecordRef<'a>>,
    ) -> Result<Option<Vec<(u64, Event)>>, NotATurn> {
        let mut ended = true;
        for record in records {
            let sequence = record.position.sequence;
            if record.kind < super::KIND_FIRST {
                // The journal's own mark, of a start: a turn that was not at its end then never was.
                *self = TurnReader::default();
                continue;
            }
            self.bytes += record.body.len();
            if self.bytes > TURN_BYTES_MAX {
                return Err(NotATurn::TooLong { sequence });
            }
            ended = record.kind != KIND_GOES_ON;
            if !ended {
                continue;
            }
            let first = *self.first.get_or_insert(sequence);
            self.body.extend_from_slice(record.body);
            if record.kind == KIND_PART {
                continue;
            }
            let event = Event::decode(record.kind, &self.body)
                .map_err(|why| NotATurn::Unreadable { sequence, why })?;
            self.body.clear();
            self.first = None;
            self.events.push((first, event));
        }
        if !ended {
            return Ok(None);
        }
        self.bytes = 0;
        Ok(Some(std::mem::take(&mut self.events)))
    }
}

#[cfg(test)]
mod tests;
