//! The header of a group, and the buffer in which a group is built.
//!
//! A group is header, body and zero padding to whole blocks. The buffer is made once; building a
//! group copies each run once, reads the body once for its CRC and once for its hash, and
//! allocates nothing. Never touches a disk.

use crate::aligned::AlignedBytes;
use crate::dataset::Environment;
use crate::limits::{
    BLOCK_BYTES, GROUP_BYTES_MAX, GROUP_HEADER_BYTES, RUN_BYTES_MAX, whole_blocks,
};
use crate::position::{GroupHash, Place, Position};
use crate::record::{RunSlice, count_records};
use crate::segment::{FORMAT_VERSION, u32_at, u64_at, u128_at};

/// The first bytes of every group.
pub const GROUP_MAGIC: [u8; 4] = *b"TRGR";

/// The only hash of format 1: BLAKE3, 32 bytes.
pub const HASH_BLAKE3: u8 = 1;

const HEADER_CRC_AT: usize = GROUP_HEADER_BYTES - 4;

/// What the header of a group says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupHeader {
    /// Production or test.
    pub environment: Environment,
    /// The data set it belongs to.
    pub dataset_id: u128,
    /// Where it was written.
    pub place: Place,
    /// The epoch of all its records.
    pub epoch: u32,
    /// How many records it holds; at least one.
    pub records: u32,
    /// The sequence of its first record.
    pub first_sequence: u64,
    /// Bytes of its body.
    pub body_bytes: u32,
    /// CRC32C of its body.
    pub body_crc: u32,
    /// When it was journaled: milliseconds since 1970, never going back.
    pub time_ms: u64,
    /// The last record that was durable when it was written.
    pub durable_before: Position,
    /// The hash of the group before.
    pub previous: GroupHash,
}

/// Why a block does not begin a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeaderFault {
    /// The magic is not there.
    NoMagic,
    /// The header's checksum does not hold.
    Crc,
    /// The checksum holds over another format version.
    OtherFormat(u16),
    /// The checksum holds over a value that is never written.
    Impossible(&'static str),
}

impl GroupHeader {
    /// The position of its first record.
    #[must_use]
    pub const fn first(&self) -> Position {
        Position { epoch: self.epoch, sequence: self.first_sequence }
    }

    /// The position of its last record.
    #[must_use]
    pub const fn last(&self) -> Position {
        Position {
            epoch: self.epoch,
            sequence: self.first_sequence.saturating_add(self.records as u64 - 1),
        }
    }

    /// Bytes of header and body: what is hashed.
    #[must_use]
    pub const fn hashed_bytes(&self) -> usize {
        GROUP_HEADER_BYTES + self.body_bytes as usize
    }

    /// Bytes on disk, padding included.
    #[must_use]
    pub const fn disk_bytes(&self) -> usize {
        whole_blocks(self.hashed_bytes())
    }

    /// Writes the header.
    pub fn encode(&self, into: &mut [u8; GROUP_HEADER_BYTES]) {
        into.fill(0);
        into[0..4].copy_from_slice(&GROUP_MAGIC);
        into[4..6].copy_from_slice(&(FORMAT_VERSION as u16).to_le_bytes());
        into[6] = self.environment.code();
        into[7] = HASH_BLAKE3;
        into[8..24].copy_from_slice(&self.dataset_id.to_le_bytes());
        into[24..32].copy_from_slice(&self.place.segment.to_le_bytes());
        into[32..40].copy_from_slice(&self.place.offset.to_le_bytes());
        into[40..44].copy_from_slice(&self.epoch.to_le_bytes());
        into[44..48].copy_from_slice(&self.records.to_le_bytes());
        into[48..56].copy_from_slice(&self.first_sequence.to_le_bytes());
        into[56..60].copy_from_slice(&self.body_bytes.to_le_bytes());
        into[60..64].copy_from_slice(&self.body_crc.to_le_bytes());
        into[64..72].copy_from_slice(&self.time_ms.to_le_bytes());
        into[72..80].copy_from_slice(&self.durable_before.sequence.to_le_bytes());
        into[80..84].copy_from_slice(&self.durable_before.epoch.to_le_bytes());
        into[84..116].copy_from_slice(&self.previous.0);
        let crc = crc32c::crc32c(&into[..HEADER_CRC_AT]);
        into[HEADER_CRC_AT..].copy_from_slice(&crc.to_le_bytes());
    }

    /// Reads a header. What it says is then whole, and not yet true: the body has not been seen,
    /// and it may lie in the wrong place.
    ///
    /// # Errors
    /// When the bytes are no header of format 1.
    pub fn decode(from: &[u8; GROUP_HEADER_BYTES]) -> Result<GroupHeader, HeaderFault> {
        if from[0..4] != GROUP_MAGIC {
            return Err(HeaderFault::NoMagic);
        }
        if crc32c::crc32c(&from[..HEADER_CRC_AT]) != u32_at(from, HEADER_CRC_AT) {
            return Err(HeaderFault::Crc);
        }
        let version = u16::from_le_bytes([from[4], from[5]]);
        if u32::from(version) != FORMAT_VERSION {
            return Err(HeaderFault::OtherFormat(version));
        }
        let impossible = HeaderFault::Impossible;
        let environment =
            Environment::from_code(from[6]).ok_or(impossible("an unknown environment"))?;
        if from[7] != HASH_BLAKE3 {
            return Err(impossible("an unknown hash algorithm"));
        }
        let mut previous = [0; 32];
        previous.copy_from_slice(&from[84..116]);
        let header = GroupHeader {
            environment,
            dataset_id: u128_at(from, 8),
            place: Place { segment: u64_at(from, 24), offset: u64_at(from, 32) },
            epoch: u32_at(from, 40),
            records: u32_at(from, 44),
            first_sequence: u64_at(from, 48),
            body_bytes: u32_at(from, 56),
            body_crc: u32_at(from, 60),
            time_ms: u64_at(from, 64),
            durable_before: Position { epoch: u32_at(from, 80), sequence: u64_at(from, 72) },
            previous: GroupHash(previous),
        };
        if header.records == 0 || header.first_sequence == 0 {
            return Err(impossible("no record"));
        }
        if header.first_sequence.checked_add(u64::from(header.records)).is_none() {
            return Err(impossible("sequences past the last number"));
        }
        if header.hashed_bytes() > GROUP_BYTES_MAX {
            return Err(impossible("a body above the limit"));
        }
        if from[116..HEADER_CRC_AT].iter().any(|byte| *byte != 0) {
            return Err(impossible("bytes that are always zero are not"));
        }
        Ok(header)
    }
}

/// The hash of a group: BLAKE3 over its 128 header bytes and its body, without the padding.
#[must_use]
pub fn group_hash(header_and_body: &[u8]) -> GroupHash {
    GroupHash(*blake3::hash(header_and_body).as_bytes())
}

/// What the journal knows about a group that the runs do not.
#[derive(Debug, Clone, Copy)]
pub struct SealFields {
    /// Production or test.
    pub environment: Environment,
    /// The data set.
    pub dataset_id: u128,
    /// Where the group will be written.
    pub place: Place,
    /// The first record's position.
    pub first: Position,
    /// When it is journaled.
    pub time_ms: u64,
    /// The last durable record.
    pub durable_before: Position,
    /// The hash of the group before.
    pub previous: GroupHash,
}

/// A group ready to be written.
#[derive(Debug)]
pub struct Sealed<'a> {
    /// Header, body and padding, aligned and in whole blocks.
    pub blocks: &'a [u8],
    /// Its hash.
    pub hash: GroupHash,
}

/// Builds groups, one after the other, in the same memory.
pub struct GroupBuffer {
    memory: AlignedBytes,
    bytes_max: usize,
    filled: usize,
    records: u32,
}

impl GroupBuffer {
    /// A buffer for groups of at most `bytes_max`, header and padding included.
    #[must_use]
    pub fn new(bytes_max: usize) -> GroupBuffer {
        assert!(bytes_max <= GROUP_BYTES_MAX && bytes_max.is_multiple_of(BLOCK_BYTES));
        let memory = AlignedBytes::new(bytes_max);
        GroupBuffer { memory, bytes_max, filled: GROUP_HEADER_BYTES, records: 0 }
    }

    /// Begins a new group and forgets the one before.
    pub fn begin(&mut self) {
        self.filled = GROUP_HEADER_BYTES;
        self.records = 0;
    }

    /// Adds a run; false, and nothing is changed, when there is no room left for it.
    ///
    /// # Panics
    /// When the run is not whole records of the number it claims: what would be written could
    /// never be read.
    #[must_use]
    pub fn push_run(&mut self, run: RunSlice<'_>) -> bool {
        assert!(run.bytes.len() <= RUN_BYTES_MAX, "a run of {} bytes", run.bytes.len());
        let end = self.filled + run.bytes.len();
        if end > self.bytes_max {
            return false;
        }
        let into = &mut self.memory[self.filled..end];
        into.copy_from_slice(run.bytes);
        match count_records(into) {
            Ok(counted) => assert_eq!(counted, run.records, "a run claims another count"),
            Err(error) => panic!("a run is not whole records: {error}"),
        }
        self.filled = end;
        self.records += run.records;
        true
    }

    /// Records so far.
    #[must_use]
    pub const fn records(&self) -> u32 {
        self.records
    }

    /// Bytes the group will take on disk.
    #[must_use]
    pub const fn disk_bytes(&self) -> usize {
        whole_blocks(self.filled)
    }

    /// Whether nothing has been added.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.records == 0
    }

    /// Finishes the group. It stays in the buffer and may be sealed again for another place.
    pub fn seal(&mut self, fields: &SealFields) -> Sealed<'_> {
        assert!(self.records > 0, "an empty group is never written");
        let filled = self.filled;
        let end = whole_blocks(filled);
        self.memory[filled..end].fill(0);
        let body = &self.memory[GROUP_HEADER_BYTES..filled];
        let header = GroupHeader {
            environment: fields.environment,
            dataset_id: fields.dataset_id,
            place: fields.place,
            epoch: fields.first.epoch,
            records: self.records,
            first_sequence: fields.first.sequence,
            body_bytes: body.len() as u32,
            body_crc: crc32c::crc32c(body),
            time_ms: fields.time_ms,
            durable_before: fields.durable_before,
            previous: fields.previous,
        };
        let Some(head) = self.memory.first_chunk_mut::<GROUP_HEADER_BYTES>() else {
            unreachable!("the buffer holds at least a block");
        };
        header.encode(head);
        let hash = group_hash(&self.memory[..filled]);
        Sealed { blocks: &self.memory[..end], hash }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::RecordWriter;

    fn header() -> GroupHeader {
        GroupHeader {
            environment: Environment::Test,
            dataset_id: 77,
            place: Place { segment: 2, offset: 12288 },
            epoch: 3,
            records: 5,
            first_sequence: 1000,
            body_bytes: 640,
            body_crc: 0xdead_beef,
            time_ms: 1_700_000_000_000,
            durable_before: Position { epoch: 3, sequence: 999 },
            previous: GroupHash([0xcc; 32]),
        }
    }

    #[test]
    fn a_header_survives_and_every_flipped_bit_is_seen() {
        let mut bytes = [0; GROUP_HEADER_BYTES];
        header().encode(&mut bytes);
        assert_eq!(GroupHeader::decode(&bytes), Ok(header()));
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes;
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(GroupHeader::decode(&flipped).is_err(), "bit {bit}");
        }
    }

    #[test]
    fn sound_checksums_over_impossible_values_are_refused() {
        let cases = [
            GroupHeader { records: 0, ..header() },
            GroupHeader { first_sequence: 0, ..header() },
            GroupHeader { first_sequence: u64::MAX - 2, ..header() },
            GroupHeader { body_bytes: GROUP_BYTES_MAX as u32, ..header() },
            GroupHeader { body_bytes: u32::MAX, ..header() },
        ];
        for case in cases {
            let mut bytes = [0; GROUP_HEADER_BYTES];
            case.encode(&mut bytes);
            let read = GroupHeader::decode(&bytes);
            assert!(matches!(read, Err(HeaderFault::Impossible(_))), "{read:?}");
        }
    }

    fn fields() -> SealFields {
        SealFields {
            environment: Environment::Test,
            dataset_id: 77,
            place: Place { segment: 2, offset: 12288 },
            first: Position { epoch: 3, sequence: 1000 },
            time_ms: 5,
            durable_before: Position { epoch: 3, sequence: 999 },
            previous: GroupHash([1; 32]),
        }
    }

    #[test]
    fn a_sealed_group_is_padded_with_zeros_also_after_a_longer_one() {
        let mut run = RecordWriter::default();
        run.write(16, 1, &[0xff; 9000]);
        let mut buffer = GroupBuffer::new(16384);
        assert!(buffer.push_run(run.run()));
        assert_eq!(buffer.seal(&fields()).blocks.len(), 12288);
        run.clear();
        run.write(16, 1, b"short");
        buffer.begin();
        assert!(buffer.push_run(run.run()));
        let sealed = buffer.seal(&fields());
        assert_eq!(sealed.blocks.len(), 4096);
        let filled = GROUP_HEADER_BYTES + 8 + 5;
        assert!(crate::aligned::is_zero(&sealed.blocks[filled..]));
        assert_eq!(sealed.hash, group_hash(&sealed.blocks[..filled]));
        assert_eq!(sealed.blocks.as_ptr().align_offset(BLOCK_BYTES), 0);
    }

    #[test]
    fn a_run_that_does_not_fit_changes_nothing() {
        let mut run = RecordWriter::default();
        run.write(16, 1, &[1; 5000]);
        let mut buffer = GroupBuffer::new(8192);
        assert!(buffer.push_run(run.run()));
        assert!(!buffer.push_run(run.run()));
        assert_eq!((buffer.records(), buffer.disk_bytes()), (1, 8192));
    }

    #[test]
    #[should_panic(expected = "claims another count")]
    fn a_run_that_miscounts_is_never_taken() {
        let mut run = RecordWriter::default();
        run.write(16, 1, b"one");
        let bytes = run.run().bytes;
        let _ = GroupBuffer::new(8192).push_run(RunSlice { bytes, records: 2 });
    }

    #[test]
    #[should_panic(expected = "an empty group is never written")]
    fn an_empty_group_is_never_sealed() {
        GroupBuffer::new(8192).seal(&fields());
    }
}
