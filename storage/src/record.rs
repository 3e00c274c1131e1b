//! The frame of one record: length, kind, version, body; written into runs, read without trust.
//!
//! Knows nothing of what a body means, and never allocates by a length it has read.

use thiserror::Error;

use crate::limits::{RECORD_BYTES_MAX, RECORD_HEAD_BYTES, RUN_BYTES_MAX};
use crate::position::Position;

/// Record kinds below this one are the journal's own; all others belong to the domain.
pub const DOMAIN_KIND_FIRST: u16 = 16;

/// One record as it lies in a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordRef<'a> {
    /// What the body is; never used again for another meaning.
    pub kind: u16,
    /// Which layout of that kind the body has.
    pub version: u16,
    /// The body.
    pub body: &'a [u8],
    /// Where the record is.
    pub position: Position,
}

/// Why bytes are not whole records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum FrameError {
    /// Fewer bytes are left than a head takes.
    #[error("record {index} has {left} bytes left for its 8-byte head")]
    Head {
        /// Which record of the group, from 0.
        index: u32,
        /// The bytes left.
        left: usize,
    },
    /// A length is below the head, above the limit, or past the end.
    #[error(
        "record {index} says it has {length} bytes where {left} are left and {max} are allowed"
    )]
    Length {
        /// Which record of the group, from 0.
        index: u32,
        /// What the record says.
        length: u32,
        /// The bytes left, head included.
        left: usize,
        /// The largest record allowed.
        max: usize,
    },
    /// The number of records is not the one that was promised.
    #[error("there are {found} records where the header promises {promised}")]
    Count {
        /// Records counted, as far as counting went.
        found: u32,
        /// Records promised.
        promised: u32,
    },
}

/// The records of one group, all of them known to be whole.
#[derive(Debug, Clone, Copy)]
pub struct Records<'a> {
    rest: &'a [u8],
    next: Position,
    left: u32,
}

impl<'a> Records<'a> {
    /// Reads the frames of a body that holds exactly `count` records from `first` on.
    ///
    /// # Errors
    /// When the body is anything else.
    pub fn read(body: &'a [u8], first: Position, count: u32) -> Result<Records<'a>, FrameError> {
        let found = count_records(body)?;
        if found != count {
            return Err(FrameError::Count { found, promised: count });
        }
        Ok(Records::counted(body, first, count))
    }

    /// Records of a body whose frames have just been read by [`Records::read`].
    pub(crate) const fn counted(body: &'a [u8], first: Position, count: u32) -> Records<'a> {
        Records { rest: body, next: first, left: count }
    }

    /// These records without those at or before a position.
    pub fn after(self, position: Position) -> impl Iterator<Item = RecordRef<'a>> {
        self.skip_while(move |record| record.position.sequence <= position.sequence)
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = RecordRef<'a>;

    fn next(&mut self) -> Option<RecordRef<'a>> {
        if self.left == 0 {
            assert!(self.rest.is_empty(), "the frames were counted when they were read");
            return None;
        }
        let (head, _) = self.rest.split_first_chunk::<RECORD_HEAD_BYTES>()?;
        let (length, kind, version) = split_head(*head);
        let (record, rest) = self.rest.split_at(length as usize);
        let position = self.next;
        self.rest = rest;
        self.left -= 1;
        self.next.sequence += 1;
        Some(RecordRef { kind, version, body: &record[RECORD_HEAD_BYTES..], position })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left as usize, Some(self.left as usize))
    }
}

impl ExactSizeIterator for Records<'_> {}

fn split_head(head: [u8; RECORD_HEAD_BYTES]) -> (u32, u16, u16) {
    let [a, b, c, d, e, f, g, h] = head;
    let length = u32::from_le_bytes([a, b, c, d]);
    (length, u16::from_le_bytes([e, f]), u16::from_le_bytes([g, h]))
}

/// The number of whole records that make up `bytes`.
///
/// # Errors
/// When a length lies or bytes are left over.
pub fn count_records(bytes: &[u8]) -> Result<u32, FrameError> {
    let mut rest = bytes;
    let mut index = 0;
    while !rest.is_empty() {
        let Some((head, _)) = rest.split_first_chunk::<RECORD_HEAD_BYTES>() else {
            return Err(FrameError::Head { index, left: rest.len() });
        };
        let (length, _, _) = split_head(*head);
        let max = RECORD_BYTES_MAX;
        let size = length as usize;
        if size < RECORD_HEAD_BYTES || size > max || size > rest.len() {
            return Err(FrameError::Length { index, length, left: rest.len(), max });
        }
        rest = &rest[size..];
        index += 1;
    }
    Ok(index)
}

/// A run as the journal takes it: whole records, and how many they are.
#[derive(Debug, Clone, Copy)]
pub struct RunSlice<'a> {
    /// The records, one after the other.
    pub bytes: &'a [u8],
    /// Their number.
    pub records: u32,
}

/// A run under construction. Made once and reused: [`RecordWriter::clear`] keeps its memory.
#[derive(Debug, Default)]
pub struct RecordWriter {
    bytes: Vec<u8>,
    complete: usize,
    records: u32,
}

impl RecordWriter {
    /// An empty run with memory for this many bytes.
    #[must_use]
    pub fn with_capacity(bytes: usize) -> RecordWriter {
        RecordWriter { bytes: Vec::with_capacity(bytes), complete: 0, records: 0 }
    }

    /// Appends a record whose body is at hand.
    pub fn write(&mut self, kind: u16, version: u16, body: &[u8]) {
        self.write_with(kind, version, |bytes| bytes.extend_from_slice(body));
    }

    /// Appends a record whose body `fill` appends. If `fill` panics, the run is as before.
    pub fn write_with<T>(
        &mut self,
        kind: u16,
        version: u16,
        fill: impl FnOnce(&mut Vec<u8>) -> T,
    ) -> T {
        // What a panic of an earlier `fill` left behind was never part of the run.
        self.bytes.truncate(self.complete);
        let start = self.complete;
        let mut head = [0_u8; RECORD_HEAD_BYTES];
        head[4..6].copy_from_slice(&kind.to_le_bytes());
        head[6..8].copy_from_slice(&version.to_le_bytes());
        self.bytes.extend_from_slice(&head);
        let filled = fill(&mut self.bytes);
        let length = self.bytes.len() - start;
        assert!(length <= RECORD_BYTES_MAX, "a record of kind {kind} has {length} bytes");
        assert!(length >= RECORD_HEAD_BYTES, "a record of kind {kind} lost its head");
        self.bytes[start..start + 4].copy_from_slice(&(length as u32).to_le_bytes());
        assert!(self.bytes.len() <= RUN_BYTES_MAX, "a run of {} bytes", self.bytes.len());
        self.complete = self.bytes.len();
        self.records += 1;
        filled
    }

    /// Whether a record with a body of this many bytes still fits.
    #[must_use]
    pub fn has_room(&self, body_bytes: usize) -> bool {
        self.complete + RECORD_HEAD_BYTES + body_bytes <= RUN_BYTES_MAX
    }

    /// The run so far.
    #[must_use]
    pub fn run(&self) -> RunSlice<'_> {
        RunSlice { bytes: &self.bytes[..self.complete], records: self.records }
    }

    /// Records so far.
    #[must_use]
    pub const fn records(&self) -> u32 {
        self.records
    }

    /// Bytes so far.
    #[must_use]
    pub const fn bytes(&self) -> usize {
        self.complete
    }

    /// Whether nothing has been written.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.records == 0
    }

    /// Takes the run back to an earlier [`RecordWriter::bytes`] and [`RecordWriter::records`]:
    /// a turn that failed leaves no record behind.
    pub fn rewind(&mut self, bytes: usize, records: u32) {
        assert!(bytes <= self.complete && records <= self.records, "a rewind goes back only");
        self.bytes.truncate(bytes);
        self.complete = bytes;
        self.records = records;
    }

    /// Empties the run and keeps its memory.
    pub fn clear(&mut self) {
        self.rewind(0, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const FIRST: Position = Position { epoch: 4, sequence: 100 };

    fn three() -> RecordWriter {
        let mut run = RecordWriter::default();
        run.write(16, 1, b"abc");
        run.write(17, 2, b"");
        run.write(18, 3, &[7; 40]);
        run
    }

    #[test]
    fn records_come_back_in_order_and_numbered() {
        let run = three();
        let all: Vec<_> = Records::read(run.run().bytes, FIRST, 3).unwrap().collect();
        assert_eq!(all.len(), 3);
        assert_eq!((all[0].kind, all[0].version, all[0].body), (16, 1, &b"abc"[..]));
        assert_eq!((all[1].kind, all[1].body), (17, &b""[..]));
        assert_eq!(all[2].position, Position { epoch: 4, sequence: 102 });
        let records = Records::read(run.run().bytes, FIRST, 3).unwrap();
        let later: Vec<_> = records.after(Position { epoch: 4, sequence: 100 }).collect();
        assert_eq!(later, all[1..]);
    }

    #[test]
    fn lengths_that_lie_are_refused() {
        let run = three();
        for lie in [0, 7, 12, 1 << 20, u32::MAX] {
            let mut bytes = run.run().bytes.to_vec();
            bytes[..4].copy_from_slice(&lie.to_le_bytes());
            assert!(Records::read(&bytes, FIRST, 3).is_err(), "{lie}");
        }
        let whole = run.run().bytes;
        for cut in 1..whole.len() {
            assert!(Records::read(&whole[..cut], FIRST, 3).is_err(), "{cut}");
        }
        assert_eq!(
            Records::read(whole, FIRST, 4).unwrap_err(),
            FrameError::Count { found: 3, promised: 4 }
        );
    }

    #[test]
    fn a_body_that_panics_leaves_no_trace() {
        let mut run = three();
        let before = run.run().bytes.to_vec();
        let torn = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            run.write_with(20, 1, |bytes| {
                bytes.push(1);
                panic!("on purpose");
            });
        }));
        assert!(torn.is_err());
        assert_eq!(run.run().bytes, before);
        run.write(21, 1, b"x");
        assert_eq!(count_records(run.run().bytes), Ok(4));
    }

    #[test]
    fn a_rewound_run_is_the_run_before() {
        let mut run = three();
        let (bytes, records) = (run.bytes(), run.records());
        let before = run.run().bytes.to_vec();
        run.write(19, 1, b"later");
        run.rewind(bytes, records);
        assert_eq!((run.run().bytes, run.records()), (&before[..], 3));
    }

    proptest! {
        #[test]
        fn any_records_survive_framing(
            all in proptest::collection::vec((0_u16.., 0_u16.., proptest::collection::vec(0_u8.., 0..200)), 0..40)
        ) {
            let mut run = RecordWriter::default();
            for (kind, version, body) in &all {
                run.write(*kind, *version, body);
            }
            let read = Records::read(run.run().bytes, FIRST, all.len() as u32).unwrap();
            let back: Vec<_> = read.map(|r| (r.kind, r.version, r.body.to_vec())).collect();
            prop_assert_eq!(back, all);
        }

        #[test]
        fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(0_u8.., 0..400), count in 0_u32..10) {
            if let Ok(records) = Records::read(&bytes, FIRST, count) {
                prop_assert_eq!(records.count(), count as usize);
            }
        }
    }
}
