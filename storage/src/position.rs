//! Where a record is in the journal, and the hash that makes a position provable.
//!
//! Never holds a file offset: positions survive archives, restores and other machines, places on
//! a disk do not.

use std::fmt;

/// The position of one record: its epoch and its sequence.
///
/// Sequences are dense from 1 and number records. An epoch is one life of a writer: it rises at
/// every start, restore and promotion. A sequence that a crash took back is given again in a
/// later epoch, so the pair names a record for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Position {
    /// The life of the writer.
    pub epoch: u32,
    /// The number of the record, dense from 1; 0 stands before the first.
    pub sequence: u64,
}

impl Position {
    /// Before the first record of any journal.
    pub const START: Position = Position { epoch: 0, sequence: 0 };

    /// Past every record of any journal: "as far as there is".
    pub const END: Position = Position { epoch: u32::MAX, sequence: u64::MAX };
}

impl fmt::Display for Position {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}", self.epoch, self.sequence)
    }
}

/// The BLAKE3 of one group's header and body; the next group repeats it, which makes the chain.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct GroupHash(pub [u8; 32]);

impl fmt::Display for GroupHash {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for byte in self.0 {
            write!(out, "{byte:02x}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for GroupHash {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "GroupHash({self})")
    }
}

/// A position that outlives a call, with the hash of the group that holds it.
///
/// A cursor is good on any copy of the same journal, and only there: a journal that went another
/// way has another hash at that position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Cursor {
    /// The last record its owner has seen.
    pub position: Position,
    /// The hash of the group that holds that record.
    pub hash: GroupHash,
}

impl fmt::Display for Cursor {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}@{}", self.position, self.hash)
    }
}

/// A place on this disk: a segment and an offset in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The segment's number, from 1.
    pub segment: u64,
    /// The offset in its file, in bytes.
    pub offset: u64,
}

impl fmt::Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "segment {:010} offset {}", self.segment, self.offset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_of_a_later_epoch_is_later_whatever_its_sequence() {
        let old = Position { epoch: 1, sequence: 110 };
        let new = Position { epoch: 2, sequence: 100 };
        assert!(old < new);
        assert!(Position::START < old && new < Position::END);
    }

    #[test]
    fn what_people_read_is_short_and_exact() {
        let place = Place { segment: 7, offset: 8192 };
        assert_eq!(place.to_string(), "segment 0000000007 offset 8192");
        assert_eq!(Position { epoch: 3, sequence: 44 }.to_string(), "3:44");
        assert_eq!(GroupHash([0xab; 32]).to_string(), "ab".repeat(32));
    }
}
