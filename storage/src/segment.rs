//! The header block of a segment, and the names of segment files.
//!
//! Never holds state: a header is written once, when the segment is filled, and never again.

use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::dataset::{DataSet, Environment};
use crate::group::HASH_BLAKE3;
use crate::limits::{SEGMENT_HEADER_BYTES, SEGMENT_NUMBER_MAX};

/// The version of the format that this program writes and reads.
pub const FORMAT_VERSION: u32 = 1;

/// The first bytes of every segment.
pub const SEGMENT_MAGIC: [u8; 8] = *b"TRSYSEG\0";

const CRC_AT: usize = SEGMENT_HEADER_BYTES - 4;
const NAME_DIGITS: usize = 10;
const SUFFIX: &str = ".seg";
const SUFFIX_UNFINISHED: &str = ".tmp";

/// What the first block of a segment says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SegmentHeader {
    /// The data set it belongs to.
    pub dataset: DataSet,
    /// Its number, from 1.
    pub number: u64,
}

/// Why a block is no segment header of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum SegmentHeaderError {
    /// The magic or the checksum is wrong, or a field has a value that is never written.
    #[error("the header block is damaged ({0})")]
    Damaged(&'static str),
    /// A sound header of another format version.
    #[error("the format version is {0}")]
    OtherFormat(u32),
}

impl SegmentHeader {
    /// The header block.
    #[must_use]
    pub fn to_block(&self) -> [u8; SEGMENT_HEADER_BYTES] {
        let mut block = [0; SEGMENT_HEADER_BYTES];
        block[0..8].copy_from_slice(&SEGMENT_MAGIC);
        block[8..12].copy_from_slice(&FORMAT_VERSION.to_le_bytes());
        block[12] = self.dataset.environment.code();
        block[13] = HASH_BLAKE3;
        block[16..32].copy_from_slice(&self.dataset.id.to_le_bytes());
        block[32..48].copy_from_slice(&self.dataset.hash_key);
        block[48..56].copy_from_slice(&self.number.to_le_bytes());
        block[56..64].copy_from_slice(&self.dataset.segment_bytes.to_le_bytes());
        let crc = crc32c::crc32c(&block[..CRC_AT]);
        block[CRC_AT..].copy_from_slice(&crc.to_le_bytes());
        block
    }

    /// The header that a block holds.
    ///
    /// # Errors
    /// When it holds none, or one of another format. Every format keeps the magic, the version
    /// and the checksum where they are, so damage is never taken for another version.
    pub fn from_block(
        block: &[u8; SEGMENT_HEADER_BYTES],
    ) -> Result<SegmentHeader, SegmentHeaderError> {
        let damaged = SegmentHeaderError::Damaged;
        if block[0..8] != SEGMENT_MAGIC {
            return Err(damaged("no magic"));
        }
        if crc32c::crc32c(&block[..CRC_AT]) != u32_at(block, CRC_AT) {
            return Err(damaged("the checksum does not hold"));
        }
        let version = u32_at(block, 8);
        if version != FORMAT_VERSION {
            return Err(SegmentHeaderError::OtherFormat(version));
        }
        let environment =
            Environment::from_code(block[12]).ok_or(damaged("an unknown environment"))?;
        if block[13] != HASH_BLAKE3 {
            return Err(damaged("an unknown hash algorithm"));
        }
        let dataset = DataSet {
            id: u128_at(block, 16),
            environment,
            hash_key: u128_at(block, 32).to_le_bytes(),
            segment_bytes: u64_at(block, 56),
        };
        dataset.check().map_err(|_| damaged("an impossible data set"))?;
        let header = SegmentHeader { dataset, number: u64_at(block, 48) };
        if header.number == 0 || header.number > SEGMENT_NUMBER_MAX {
            return Err(damaged("an impossible number"));
        }
        if header.to_block() != *block {
            return Err(damaged("bytes that are always zero are not"));
        }
        Ok(header)
    }
}

pub(crate) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    let mut word = [0; 4];
    word.copy_from_slice(&bytes[at..at + 4]);
    u32::from_le_bytes(word)
}

pub(crate) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    let mut word = [0; 8];
    word.copy_from_slice(&bytes[at..at + 8]);
    u64::from_le_bytes(word)
}

pub(crate) fn u128_at(bytes: &[u8], at: usize) -> u128 {
    let mut word = [0; 16];
    word.copy_from_slice(&bytes[at..at + 16]);
    u128::from_le_bytes(word)
}

/// The directory of the journal within a data directory.
#[must_use]
pub fn journal_dir(data_dir: &Path) -> PathBuf {
    data_dir.join("journal")
}

/// The file of a segment.
#[must_use]
pub fn segment_path(journal_dir: &Path, number: u64) -> PathBuf {
    journal_dir.join(format!("{number:0NAME_DIGITS$}{SUFFIX}"))
}

/// The file of a segment that is not finished; a start removes it.
#[must_use]
pub fn unfinished_path(journal_dir: &Path, number: u64) -> PathBuf {
    journal_dir.join(format!("{number:0NAME_DIGITS$}{SUFFIX_UNFINISHED}"))
}

/// What a file name in the journal's directory means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileName {
    /// A segment.
    Segment(u64),
    /// A segment that was being made.
    Unfinished(u64),
    /// Ends like a segment, but the journal never gave such a name.
    Strange,
    /// Nothing of the journal's.
    Other,
}

impl FileName {
    /// Reads a file name.
    #[must_use]
    pub fn read(name: &str) -> FileName {
        let number = |stem: &str| {
            let digits = stem.len() == NAME_DIGITS && stem.bytes().all(|b| b.is_ascii_digit());
            let number: u64 = if digits {
                stem.parse().ok()?
            } else {
                return None;
            };
            (number > 0).then_some(number)
        };
        if let Some(stem) = name.strip_suffix(SUFFIX) {
            number(stem).map_or(FileName::Strange, FileName::Segment)
        } else if let Some(stem) = name.strip_suffix(SUFFIX_UNFINISHED) {
            number(stem).map_or(FileName::Other, FileName::Unfinished)
        } else {
            FileName::Other
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header() -> SegmentHeader {
        SegmentHeader {
            dataset: DataSet {
                id: 0x0102_0304_0506_0708_090a_0b0c_0d0e_0f10,
                environment: Environment::Test,
                hash_key: *b"sixteen bytes ok",
                segment_bytes: 65536,
            },
            number: 3,
        }
    }

    #[test]
    fn a_header_survives() {
        assert_eq!(SegmentHeader::from_block(&header().to_block()), Ok(header()));
    }

    #[test]
    fn every_flipped_bit_is_seen() {
        let block = header().to_block();
        for bit in 0..block.len() * 8 {
            let mut flipped = block;
            flipped[bit / 8] ^= 1 << (bit % 8);
            let read = SegmentHeader::from_block(&flipped);
            assert!(matches!(read, Err(SegmentHeaderError::Damaged(_))), "bit {bit}: {read:?}");
        }
    }

    #[test]
    fn another_version_is_told_from_damage() {
        let mut block = header().to_block();
        block[8] = 2;
        let crc = crc32c::crc32c(&block[..CRC_AT]);
        block[CRC_AT..].copy_from_slice(&crc.to_le_bytes());
        assert_eq!(SegmentHeader::from_block(&block), Err(SegmentHeaderError::OtherFormat(2)));
    }

    #[test]
    fn names_are_read_as_they_are_given() {
        let dir = Path::new("j");
        assert_eq!(segment_path(dir, 7), dir.join("0000000007.seg"));
        assert_eq!(FileName::read("0000000007.seg"), FileName::Segment(7));
        assert_eq!(FileName::read("0000000007.tmp"), FileName::Unfinished(7));
        for strange in ["7.seg", "0000000000.seg", "00000000001.seg", "+000000001.seg", ".seg"] {
            assert_eq!(FileName::read(strange), FileName::Strange, "{strange}");
        }
        for other in ["owner", "0000000001.seg.bak", "x.tmp", "0000000000.tmp"] {
            assert_eq!(FileName::read(other), FileName::Other, "{other}");
        }
    }
}
