//! How much room is left for the journal, as two marks.
//!
//! A pure function of what the caller measured. Never measures, and never remembers.

use crate::limits::{DISK_FULL_SEGMENTS, DISK_LOW_SEGMENTS};

/// What the room for the journal allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SpaceLevel {
    /// Everything is taken.
    Plenty,
    /// Orders that reserve or create are turned away; facts, releases and people's acts go on.
    DiskLow,
    /// Nothing is taken; reads go on.
    Full,
}

/// What was measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpaceInputs {
    /// Bytes the filesystem still gives.
    pub free_bytes: u64,
    /// Segments filled and not yet used; their room is taken already.
    pub ready_segments: u64,
    /// The size of a segment.
    pub segment_bytes: u64,
}

/// The two marks, in bytes of room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpaceMarks {
    /// Below this the level is [`SpaceLevel::DiskLow`].
    pub low_bytes: u64,
    /// Below this the level is [`SpaceLevel::Full`].
    pub full_bytes: u64,
}

impl SpaceMarks {
    /// The marks unless configuration says otherwise: so many segments.
    #[must_use]
    pub const fn default_for(segment_bytes: u64) -> SpaceMarks {
        SpaceMarks {
            low_bytes: segment_bytes.saturating_mul(DISK_LOW_SEGMENTS),
            full_bytes: segment_bytes.saturating_mul(DISK_FULL_SEGMENTS),
        }
    }
}

/// The level at this much room. The room is what is free and what the ready segments hold.
#[must_use]
pub fn level(inputs: &SpaceInputs, marks: &SpaceMarks) -> SpaceLevel {
    assert!(marks.full_bytes <= marks.low_bytes, "the marks are in the wrong order");
    let ready = inputs.ready_segments.saturating_mul(inputs.segment_bytes);
    let room = inputs.free_bytes.saturating_add(ready);
    if room < marks.full_bytes {
        SpaceLevel::Full
    } else if room < marks.low_bytes {
        SpaceLevel::DiskLow
    } else {
        SpaceLevel::Plenty
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEGMENT: u64 = 1000;

    fn at(free_bytes: u64, ready_segments: u64) -> SpaceLevel {
        let inputs = SpaceInputs { free_bytes, ready_segments, segment_bytes: SEGMENT };
        level(&inputs, &SpaceMarks::default_for(SEGMENT))
    }

    #[test]
    fn each_mark_is_exact() {
        let (low, full) = (SEGMENT * DISK_LOW_SEGMENTS, SEGMENT * DISK_FULL_SEGMENTS);
        assert_eq!(at(low, 0), SpaceLevel::Plenty);
        assert_eq!(at(low - 1, 0), SpaceLevel::DiskLow);
        assert_eq!(at(full, 0), SpaceLevel::DiskLow);
        assert_eq!(at(full - 1, 0), SpaceLevel::Full);
        assert_eq!(at(0, 0), SpaceLevel::Full);
        assert_eq!(at(u64::MAX, u64::MAX), SpaceLevel::Plenty);
    }

    #[test]
    fn ready_segments_are_room() {
        assert_eq!(at(0, DISK_FULL_SEGMENTS), SpaceLevel::DiskLow);
        assert_eq!(at(SEGMENT * (DISK_LOW_SEGMENTS - 2), 2), SpaceLevel::Plenty);
    }
}
