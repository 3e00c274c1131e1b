//! Every bound of the storage crate, by name. Configuration may lower one, never exceed it.

/// The unit of placement: groups start and end on it, and so does every direct write.
pub const BLOCK_BYTES: usize = 4096;

/// What a disk writes or loses as one piece, as the simulated disk sees it.
pub const SECTOR_BYTES: usize = 512;

/// The header block at the start of every segment.
pub const SEGMENT_HEADER_BYTES: usize = BLOCK_BYTES;

/// Segment size of a new data set.
pub const SEGMENT_BYTES_DEFAULT: u64 = 256 * MIB as u64;

/// Smallest segment of a data set; it holds the largest group.
pub const SEGMENT_BYTES_MIN: u64 = 4 * MIB as u64;

/// Smallest segment of a `test` data set. Its groups are bounded by the segment instead.
pub const SEGMENT_BYTES_TEST_MIN: u64 = 16 * 1024;

/// Largest segment: what a filler may have to write before the journal can go on.
pub const SEGMENT_BYTES_MAX: u64 = 4096 * MIB as u64;

/// Highest segment number: file names have ten digits.
pub const SEGMENT_NUMBER_MAX: u64 = 9_999_999_999;

/// The header of a group, before its records.
pub const GROUP_HEADER_BYTES: usize = 128;

/// Largest group, header and padding included.
pub const GROUP_BYTES_MAX: usize = 2 * MIB;

/// Largest run: the records one shard hands over as one piece, never split over groups.
pub const RUN_BYTES_MAX: usize = MIB;

/// The head of a record: length, kind, version.
pub const RECORD_HEAD_BYTES: usize = 8;

/// Largest record, head included.
pub const RECORD_BYTES_MAX: usize = 256 * 1024;

/// Longest program version that `Opened` keeps; a longer one is cut at a character.
pub const PROGRAM_BYTES_MAX: usize = 256;

/// One direct write of the filler. Larger ones delay the journal's own writes (measured).
pub const FILL_CHUNK_BYTES: usize = 128 * 1024;

/// Segments kept filled ahead of the one in use.
pub const FILL_AHEAD_DEFAULT: u32 = 2;

/// Most segments that may be kept filled ahead.
pub const FILL_AHEAD_MAX: u32 = 64;

/// The filler writes at most this many bytes for each byte of journal used.
pub const FILL_PACE: u64 = 2;

/// Journal bytes used before a filler that waited for use is woken again.
pub const FILL_WAKE_BYTES: u64 = MIB as u64;

/// What a reader keeps of a segment in memory; it holds any group twice.
pub const WINDOW_BYTES: usize = 2 * GROUP_BYTES_MAX;

/// Damage that one verification names; more is counted, not listed.
pub const DAMAGE_LISTED_MAX: usize = 256;

/// Largest small file (owner file and the like).
pub const SMALL_FILE_BYTES_MAX: usize = 64 * 1024;

/// Segments' worth of free space below which orders that reserve or create are turned away.
pub const DISK_LOW_SEGMENTS: u64 = 16;

/// Segments' worth of free space below which nothing is taken.
pub const DISK_FULL_SEGMENTS: u64 = 4;

/// Longest key of a row in the checkpoint.
pub const CHECKPOINT_KEY_BYTES_MAX: usize = 48;

/// Largest part of a value in the checkpoint. Above some size sled keeps each page of a table as
/// a file of its own (measured: 11,379 files for 1.6 GB of 16 KiB values, 2 for 4 KiB).
pub const CHECKPOINT_PART_BYTES_MAX: usize = 4096;

/// Largest value of a row in the checkpoint: parts are counted in one byte.
pub const CHECKPOINT_VALUE_BYTES_MAX: usize = CHECKPOINT_PART_BYTES_MAX * u8::MAX as usize;

/// Most parts that one round writes and supersedes: their keys are kept in memory until it ends.
pub const CHECKPOINT_ROUND_PARTS_MAX: usize = 4 * MIB;

/// What sled is asked to keep in memory at most.
pub const CHECKPOINT_CACHE_BYTES: u64 = 64 * MIB as u64;

/// Checkpoints that were set aside and are kept for people to look at; older ones are deleted.
pub const CHECKPOINT_ASIDE_MAX: usize = 2;

/// Most threads that scan a checkpoint at its open.
pub const CHECKPOINT_SCAN_THREADS_MAX: usize = 16;

const MIB: usize = 1024 * 1024;

const _: () = assert!(BLOCK_BYTES.is_multiple_of(SECTOR_BYTES));
const _: () = assert!(GROUP_BYTES_MAX.is_multiple_of(BLOCK_BYTES));
const _: () = assert!(GROUP_HEADER_BYTES <= SECTOR_BYTES);
const _: () = assert!(RUN_BYTES_MAX + GROUP_HEADER_BYTES <= GROUP_BYTES_MAX);
const _: () = assert!(RECORD_BYTES_MAX <= RUN_BYTES_MAX);
const _: () = assert!(RECORD_HEAD_BYTES < RECORD_BYTES_MAX);
const _: () = assert!(PROGRAM_BYTES_MAX < BLOCK_BYTES / 2);
const _: () = assert!(SEGMENT_BYTES_MIN as usize >= SEGMENT_HEADER_BYTES + GROUP_BYTES_MAX);
const _: () = assert!(SEGMENT_BYTES_TEST_MIN as usize >= SEGMENT_HEADER_BYTES + BLOCK_BYTES);
const _: () = assert!(SEGMENT_BYTES_TEST_MIN.is_multiple_of(BLOCK_BYTES as u64));
const _: () = assert!(SEGMENT_BYTES_DEFAULT >= SEGMENT_BYTES_MIN);
const _: () = assert!(SEGMENT_BYTES_DEFAULT <= SEGMENT_BYTES_MAX);
const _: () = assert!(FILL_CHUNK_BYTES.is_multiple_of(BLOCK_BYTES));
const _: () = assert!(FILL_AHEAD_DEFAULT >= 1 && FILL_AHEAD_DEFAULT <= FILL_AHEAD_MAX);
const _: () = assert!(FILL_PACE >= 2);
const _: () = assert!(WINDOW_BYTES >= 2 * GROUP_BYTES_MAX);
const _: () = assert!(DISK_FULL_SEGMENTS < DISK_LOW_SEGMENTS);

/// Largest group of a data set with segments of this size, header and padding included.
#[must_use]
pub const fn group_bytes_max(segment_bytes: u64) -> usize {
    let room = segment_bytes as usize - SEGMENT_HEADER_BYTES;
    if room < GROUP_BYTES_MAX { room } else { GROUP_BYTES_MAX }
}

/// `bytes` rounded up to whole blocks.
#[must_use]
pub const fn whole_blocks(bytes: usize) -> usize {
    bytes.div_ceil(BLOCK_BYTES) * BLOCK_BYTES
}
