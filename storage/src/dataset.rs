//! Which treasury a directory belongs to: chosen once, when it is made, and checked ever after.
//!
//! Never draws an id or a key itself: both are chance, and chance is passed in.

use std::fmt;

use thiserror::Error;

use crate::limits::{BLOCK_BYTES, SEGMENT_BYTES_MAX, SEGMENT_BYTES_MIN, SEGMENT_BYTES_TEST_MIN};
use crate::position::GroupHash;

/// Whether the money is real.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Environment {
    /// Payments leave the house.
    Production,
    /// Nothing leaves the house; smaller segments are allowed.
    Test,
}

impl Environment {
    /// The byte that stands for it on disk.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Environment::Production => 1,
            Environment::Test => 2,
        }
    }

    /// The environment a byte on disk stands for.
    #[must_use]
    pub const fn from_code(code: u8) -> Option<Environment> {
        match code {
            1 => Some(Environment::Production),
            2 => Some(Environment::Test),
            _ => None,
        }
    }
}

impl fmt::Display for Environment {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Environment::Production => "production",
            Environment::Test => "test",
        })
    }
}

/// What is fixed when a data directory is made.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct DataSet {
    /// Its name for ever, drawn at random; in every segment and group.
    pub id: u128,
    /// Production or test.
    pub environment: Environment,
    /// The key of fingerprints and of the id index, so that callers cannot aim at a bucket.
    pub hash_key: [u8; 16],
    /// The size of each segment file.
    pub segment_bytes: u64,
}

/// The hash key stays out of logs.
impl fmt::Debug for DataSet {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("DataSet")
            .field("id", &format_args!("{:032x}", self.id))
            .field("environment", &self.environment)
            .field("segment_bytes", &self.segment_bytes)
            .finish_non_exhaustive()
    }
}

/// Why a data set cannot be.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DataSetError {
    /// The id is zero, which no random draw gives.
    #[error("the data-set id is zero; draw 128 random bits")]
    ZeroId,
    /// The segment size is out of bounds.
    #[error(
        "segments of {bytes} bytes are out of bounds for a {environment} data set; choose whole \
         4096-byte blocks between {min} and {max} bytes"
    )]
    SegmentBytes {
        /// The size asked for.
        bytes: u64,
        /// The environment asked for.
        environment: Environment,
        /// The smallest size allowed there.
        min: u64,
        /// The largest size allowed there.
        max: u64,
    },
}

impl DataSet {
    /// Whether such a data set can be.
    ///
    /// # Errors
    /// Names the value that is out of bounds.
    pub fn check(&self) -> Result<(), DataSetError> {
        if self.id == 0 {
            return Err(DataSetError::ZeroId);
        }
        let min = match self.environment {
            Environment::Production => SEGMENT_BYTES_MIN,
            Environment::Test => SEGMENT_BYTES_TEST_MIN,
        };
        let bytes = self.segment_bytes;
        let whole = bytes.is_multiple_of(BLOCK_BYTES as u64);
        if !whole || bytes < min || bytes > SEGMENT_BYTES_MAX {
            return Err(DataSetError::SegmentBytes {
                bytes,
                environment: self.environment,
                min,
                max: SEGMENT_BYTES_MAX,
            });
        }
        Ok(())
    }

    /// The hash that the first group links to: it binds the chain to what is fixed here.
    #[must_use]
    pub fn genesis(&self) -> GroupHash {
        let mut hasher = blake3::Hasher::new();
        hasher.update(b"treasury journal 1");
        hasher.update(&self.id.to_le_bytes());
        hasher.update(&[self.environment.code()]);
        hasher.update(&self.hash_key);
        hasher.update(&self.segment_bytes.to_le_bytes());
        GroupHash(*hasher.finalize().as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOUND: DataSet = DataSet {
        id: 7,
        environment: Environment::Production,
        hash_key: [1; 16],
        segment_bytes: SEGMENT_BYTES_MIN,
    };

    #[test]
    fn only_a_test_data_set_may_have_small_segments() {
        assert_eq!(SOUND.check(), Ok(()));
        let small = DataSet { segment_bytes: SEGMENT_BYTES_TEST_MIN, ..SOUND };
        assert!(matches!(small.check(), Err(DataSetError::SegmentBytes { .. })));
        assert_eq!(DataSet { environment: Environment::Test, ..small }.check(), Ok(()));
    }

    #[test]
    fn odd_sizes_and_a_zero_id_are_refused() {
        for segment_bytes in [0, SEGMENT_BYTES_MIN - 4096, SEGMENT_BYTES_MIN + 1, u64::MAX] {
            let odd = DataSet { segment_bytes, ..SOUND };
            assert!(matches!(odd.check(), Err(DataSetError::SegmentBytes { .. })));
        }
        assert_eq!(DataSet { id: 0, ..SOUND }.check(), Err(DataSetError::ZeroId));
    }

    #[test]
    fn the_genesis_differs_with_every_fixed_value() {
        let all = [
            SOUND,
            DataSet { id: 8, ..SOUND },
            DataSet { environment: Environment::Test, ..SOUND },
            DataSet { hash_key: [2; 16], ..SOUND },
            DataSet { segment_bytes: SEGMENT_BYTES_MIN * 2, ..SOUND },
        ];
        let seen: std::collections::HashSet<_> = all.iter().map(DataSet::genesis).collect();
        assert_eq!(seen.len(), all.len());
    }

    #[test]
    fn the_hash_key_is_not_printed() {
        let text = format!("{:?}", DataSet { hash_key: [0x5a; 16], ..SOUND });
        assert!(!text.contains("90") && !text.contains("5a"), "{text}");
    }
}
