//! The bytes of a checkpoint: stored keys, stored values, heads and the marker.
//!
//! Stored keys are big-endian, so that their bytes sort as what they mean; all else is
//! little-endian as on the rest of the disk. Never believes a value whose checksum does not hold.

use xxhash_rust::xxh3::{xxh3_64, xxh3_128, xxh3_128_with_seed};

use super::{FORMAT_VERSION, Fault, Head, Marker};
use crate::limits::{
    CHECKPOINT_KEY_BYTES_MAX, CHECKPOINT_PART_BYTES_MAX, CHECKPOINT_VALUE_BYTES_MAX,
};
use crate::position::{Cursor, GroupHash, Position};
use crate::segment::{u32_at, u64_at, u128_at};

/// The key of the marker, among heads whose keys have two bytes.
pub(crate) const MARKER_KEY: &[u8] = b"marker";

const MARKER_MAGIC: [u8; 8] = *b"TRSYCKPT";
const MARKER_BYTES: usize = 160;
const HEAD_BYTES: usize = 112;
const CURSOR_BYTES: usize = 48;

/// Of a stored value: checksum, count of parts, kind.
const VALUE_HEADER_BYTES: usize = 18;

/// Of a stored key, behind its terminator: round and part.
const TAIL_BYTES: usize = 9;

const STORED_KEY_BYTES_MAX: usize = 2 + 2 * CHECKPOINT_KEY_BYTES_MAX + 2 + TAIL_BYTES;

const _: () = assert!(CHECKPOINT_VALUE_BYTES_MAX == CHECKPOINT_PART_BYTES_MAX * u8::MAX as usize);

/// What a version of a row says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The row has this value.
    Live = 1,
    /// The row is gone.
    Deleted = 2,
    /// The row has a value, of which this is the first part; it says what its rest adds up to.
    Begun = 3,
    /// Part of a rest, in a table of its own.
    Rest = 4,
}

/// What the rest of a row adds up to, before the first part of its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RestSum {
    /// Its parts.
    pub(crate) parts: u8,
    /// The wrapping sum of their checksums.
    pub(crate) sum: u128,
}

/// Bytes of a [`RestSum`].
pub(crate) const REST_SUM_BYTES: usize = 17;

/// The body of the one stored part of a row that has a rest.
pub(crate) fn begun_body(rest: RestSum, first: &[u8]) -> Vec<u8> {
    let mut body = Vec::with_capacity(REST_SUM_BYTES + first.len());
    body.push(rest.parts);
    body.extend_from_slice(&rest.sum.to_le_bytes());
    body.extend_from_slice(first);
    body
}

/// What the rest adds up to, and the first part of the value.
pub(crate) fn read_begun(body: &[u8]) -> Option<(RestSum, &[u8])> {
    let (head, first) = body.split_first_chunk::<REST_SUM_BYTES>()?;
    let rest = RestSum { parts: head[0], sum: u128_at(head, 1) };
    (rest.parts > 0).then_some((rest, first))
}

/// Where a stored part belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place<'a> {
    pub(crate) unit: u16,
    pub(crate) key: &'a [u8],
    pub(crate) round: u64,
    pub(crate) part: u8,
}

impl std::fmt::Display for Place<'_> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "unit {} key ", self.unit)?;
        for byte in self.key {
            write!(out, "{byte:02x}")?;
        }
        write!(out, " round {} part {}", self.round, self.part)
    }
}

/// What all stored keys of one row begin with, and those of no other row. A zero byte of the key
/// is written as 00 01 and the key ends with 00 00, so that rows sort as their keys do.
pub(crate) fn row_prefix(unit: u16, key: &[u8]) -> Vec<u8> {
    let mut prefix = Vec::with_capacity(STORED_KEY_BYTES_MAX);
    prefix.extend_from_slice(&unit.to_be_bytes());
    for byte in key {
        prefix.push(*byte);
        if *byte == 0 {
            prefix.push(1);
        }
    }
    prefix.extend_from_slice(&[0, 0]);
    prefix
}

/// Behind all stored keys that begin with a row's prefix, and before all of later rows: what
/// follows 00 01 continues a longer key that sorts later.
pub(crate) fn prefix_end(prefix: &[u8]) -> Vec<u8> {
    let mut end = prefix.to_vec();
    if let Some(last) = end.last_mut() {
        *last = 1;
    }
    end
}

/// The stored key of a part whose row has this prefix.
pub(crate) fn with_tail(mut prefix: Vec<u8>, round: u64, part: u8) -> Vec<u8> {
    prefix.extend_from_slice(&round.to_be_bytes());
    prefix.push(part);
    prefix
}

/// Reads a stored key; its row's key goes into `key`.
pub(crate) fn read_stored_key<'a>(stored: &[u8], key: &'a mut Vec<u8>) -> Option<Place<'a>> {
    key.clear();
    let unit = u16::from_be_bytes(*stored.first_chunk()?);
    let mut at = 2;
    loop {
        match (*stored.get(at)?, *stored.get(at + 1)?) {
            (0, 0) => break,
            (0, 1) => {
                key.push(0);
                at += 2;
            }
            (0, _) => return None,
            (byte, _) => {
                key.push(byte);
                at += 1;
            }
        }
    }
    let tail: &[u8; TAIL_BYTES] = stored[at + 2..].try_into().ok()?;
    let (round, part) = read_tail(tail);
    (key.len() <= CHECKPOINT_KEY_BYTES_MAX).then_some(Place { unit, key, round, part })
}

/// The round and the part that a stored key ends with.
pub(crate) fn tail_of(stored: &[u8]) -> Option<(u64, u8)> {
    stored.last_chunk::<TAIL_BYTES>().map(read_tail)
}

fn read_tail(tail: &[u8; TAIL_BYTES]) -> (u64, u8) {
    let [round @ .., part] = *tail;
    (u64::from_be_bytes(round), part)
}

/// A stored value whose checksum holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Part<'a> {
    pub(crate) checksum: u128,
    pub(crate) parts: u8,
    pub(crate) kind: Kind,
    pub(crate) body: &'a [u8],
}

/// XXH3-128 of the body, seeded with XXH3-64 of all the rest: no copy is made, and a value under
/// another key, of another round or as another part does not hold.
fn checksum_of(stored_key: &[u8], parts: u8, kind: u8, body: &[u8]) -> u128 {
    let mut rest = [0; STORED_KEY_BYTES_MAX + 2];
    let bytes = stored_key.len();
    rest[..bytes].copy_from_slice(stored_key);
    rest[bytes] = parts;
    rest[bytes + 1] = kind;
    xxh3_128_with_seed(body, xxh3_64(&rest[..bytes + 2]))
}

/// The stored value of a part, and its checksum.
pub(crate) fn stored_value(
    stored_key: &[u8],
    parts: u8,
    kind: Kind,
    body: &[u8],
) -> (Vec<u8>, u128) {
    let checksum = checksum_of(stored_key, parts, kind as u8, body);
    let mut value = Vec::with_capacity(VALUE_HEADER_BYTES + body.len());
    value.extend_from_slice(&checksum.to_le_bytes());
    value.extend_from_slice(&[parts, kind as u8]);
    value.extend_from_slice(body);
    (value, checksum)
}

/// Reads a stored value that lies under a stored key. Nothing, if it is not what was written
/// there.
pub(crate) fn read_stored_value<'a>(stored_key: &[u8], value: &'a [u8]) -> Option<Part<'a>> {
    let (header, body) = value.split_at_checked(VALUE_HEADER_BYTES)?;
    let (checksum, parts, kind) = (u128_at(header, 0), header[16], header[17]);
    let fits = stored_key.len() <= STORED_KEY_BYTES_MAX && body.len() <= CHECKPOINT_PART_BYTES_MAX;
    if !fits || checksum != checksum_of(stored_key, parts, kind, body) {
        return None;
    }
    let kind = match kind {
        1 => Kind::Live,
        2 => Kind::Deleted,
        3 => Kind::Begun,
        4 => Kind::Rest,
        _ => return None,
    };
    (parts > 0).then_some(Part { checksum, parts, kind, body })
}

/// Whether a key and a value may be kept.
pub(crate) fn check_bounds(key: &[u8], value: &[u8]) -> Result<(), Fault> {
    let bounds = [
        ("the bytes of a checkpoint key", key.len(), CHECKPOINT_KEY_BYTES_MAX),
        ("the bytes of a checkpoint value", value.len(), CHECKPOINT_VALUE_BYTES_MAX),
    ];
    for (what, found, max) in bounds {
        if found > max {
            return Err(Fault::Bounds { what, found, max });
        }
    }
    Ok(())
}

/// Whether the first part of a value may be kept with a rest behind it.
pub(crate) fn check_first(first: &[u8]) -> Result<(), Fault> {
    let (found, max) = (first.len(), CHECKPOINT_PART_BYTES_MAX - REST_SUM_BYTES);
    let what = "the bytes of a checkpoint value before its rest";
    if found > max { Err(Fault::Bounds { what, found, max }) } else { Ok(()) }
}

fn write_cursor(cursor: &Cursor, into: &mut [u8]) {
    into[0..4].copy_from_slice(&cursor.position.epoch.to_le_bytes());
    into[8..16].copy_from_slice(&cursor.position.sequence.to_le_bytes());
    into[16..CURSOR_BYTES].copy_from_slice(&cursor.hash.0);
}

fn read_cursor(from: &[u8]) -> Cursor {
    let mut hash = [0; 32];
    hash.copy_from_slice(&from[16..CURSOR_BYTES]);
    let position = Position { epoch: u32_at(from, 0), sequence: u64_at(from, 8) };
    Cursor { position, hash: GroupHash(hash) }
}

/// The key of a unit's head.
pub(crate) const fn head_key(unit: u16) -> [u8; 2] {
    unit.to_be_bytes()
}

/// The bytes of a head.
pub(crate) fn write_head(head: &Head) -> [u8; HEAD_BYTES] {
    let mut bytes = [0; HEAD_BYTES];
    bytes[0..2].copy_from_slice(&head.unit.to_le_bytes());
    bytes[8..16].copy_from_slice(&head.round.to_le_bytes());
    bytes[16..24].copy_from_slice(&head.included.to_le_bytes());
    write_cursor(&head.replay_from, &mut bytes[24..72]);
    bytes[72..80].copy_from_slice(&head.rows.to_le_bytes());
    bytes[80..96].copy_from_slice(&head.sum.to_le_bytes());
    seal(bytes)
}

/// The checksum of a head: what the marker adds up.
pub(crate) fn head_checksum(head: &Head) -> u128 {
    u128_at(&write_head(head), HEAD_BYTES - 16)
}

/// Reads a head that lies under a key. Nothing, if it is not what was written there.
pub(crate) fn read_head(key: &[u8], bytes: &[u8]) -> Option<Head> {
    let bytes: &[u8; HEAD_BYTES] = bytes.try_into().ok()?;
    let head = Head {
        unit: u16::from_le_bytes([bytes[0], bytes[1]]),
        round: u64_at(bytes, 8),
        included: u64_at(bytes, 16),
        replay_from: read_cursor(&bytes[24..72]),
        rows: u64_at(bytes, 72),
        sum: u128_at(bytes, 80),
    };
    (write_head(&head) == *bytes && head_key(head.unit) == *key).then_some(head)
}

/// The bytes of the marker.
pub(crate) fn write_marker(marker: &Marker) -> [u8; MARKER_BYTES] {
    let mut bytes = [0; MARKER_BYTES];
    bytes[0..8].copy_from_slice(&MARKER_MAGIC);
    bytes[8..12].copy_from_slice(&FORMAT_VERSION.to_le_bytes());
    bytes[12..16].copy_from_slice(&marker.heads.to_le_bytes());
    bytes[16..32].copy_from_slice(&marker.dataset_id.to_le_bytes());
    write_cursor(&marker.replay_from, &mut bytes[32..80]);
    write_cursor(&marker.durable, &mut bytes[80..128]);
    bytes[128..144].copy_from_slice(&marker.sum.to_le_bytes());
    seal(bytes)
}

/// What the bytes of a marker are.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum MarkerRead {
    /// A marker of this format.
    Marker(Marker),
    /// A sound one of another format: magic, version and the checksum at the end stay in every
    /// version.
    OtherFormat(u32),
    /// None.
    Damaged,
}

/// Reads the marker.
pub(crate) fn read_marker(bytes: &[u8]) -> MarkerRead {
    let Some((body, checksum)) = bytes.split_last_chunk::<16>() else {
        return MarkerRead::Damaged;
    };
    let sound = body.len() >= 12 && body[0..8] == MARKER_MAGIC;
    if !sound || u128::from_le_bytes(*checksum) != xxh3_128(body) {
        return MarkerRead::Damaged;
    }
    let version = u32_at(body, 8);
    if version != FORMAT_VERSION {
        return MarkerRead::OtherFormat(version);
    }
    if bytes.len() != MARKER_BYTES {
        return MarkerRead::Damaged;
    }
    let marker = Marker {
        heads: u32_at(body, 12),
        dataset_id: u128_at(body, 16),
        replay_from: read_cursor(&body[32..80]),
        durable: read_cursor(&body[80..128]),
        sum: u128_at(body, 128),
    };
    if write_marker(&marker) == *bytes { MarkerRead::Marker(marker) } else { MarkerRead::Damaged }
}

/// Puts the checksum of what stands before at the end.
fn seal<const BYTES: usize>(mut bytes: [u8; BYTES]) -> [u8; BYTES] {
    let (body, checksum) = bytes.split_at_mut(BYTES - 16);
    checksum.copy_from_slice(&xxh3_128(body).to_le_bytes());
    bytes
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const CURSOR: Cursor =
        Cursor { position: Position { epoch: 3, sequence: 44 }, hash: GroupHash([0xab; 32]) };
    const HEAD: Head =
        Head { unit: 0x0102, round: 7, included: 44, replay_from: CURSOR, rows: 5, sum: 6 << 100 };
    const MARKER: Marker =
        Marker { dataset_id: 9 << 64, replay_from: CURSOR, durable: CURSOR, heads: 2, sum: 1 };

    fn part() -> impl Strategy<Value = (u16, Vec<u8>, u64, u8)> {
        let byte = prop_oneof![Just(0u8), Just(1), Just(255), any::<u8>()];
        let key = proptest::collection::vec(byte, 0..=CHECKPOINT_KEY_BYTES_MAX);
        (any::<u16>(), key, any::<u64>(), any::<u8>())
    }

    proptest! {
        #[test]
        fn stored_keys_sort_as_what_they_mean((one, two) in (part(), part())) {
            let stored = |(unit, key, round, part): &(u16, Vec<u8>, u64, u8)| {
                with_tail(row_prefix(*unit, key), *round, *part)
            };
            prop_assert_eq!(stored(&one).cmp(&stored(&two)), one.cmp(&two));
            let mut key = Vec::new();
            let bytes = stored(&one);
            let read = read_stored_key(&bytes, &mut key).unwrap();
            prop_assert_eq!((read.unit, read.key.to_vec(), read.round, read.part), one.clone());
            let prefix = row_prefix(one.0, &one.1);
            let within = |key: &Vec<u8>| *key >= prefix && *key < prefix_end(&prefix);
            prop_assert!(within(&bytes));
            prop_assert_eq!(within(&stored(&two)), one.0 == two.0 && one.1 == two.1);
        }
    }

    #[test]
    fn keys_that_are_never_written_are_not_read() {
        let sound = with_tail(row_prefix(1, b"k\0"), 2, 3);
        assert!(read_stored_key(&sound, &mut Vec::new()).is_some());
        for end in 0..sound.len() {
            assert_eq!(read_stored_key(&sound[..end], &mut Vec::new()), None, "{end} bytes");
        }
        let mut odd = sound.clone();
        odd.push(0);
        let escaped_two = [&sound[..3], &[0, 2], &sound[5..]].concat();
        let long = with_tail(row_prefix(1, &[7; CHECKPOINT_KEY_BYTES_MAX + 1]), 2, 3);
        for wrong in [odd, escaped_two, long] {
            assert_eq!(read_stored_key(&wrong, &mut Vec::new()), None, "{wrong:02x?}");
        }
    }

    /// Bytes that a later program must read the same way, or call another version.
    #[test]
    fn the_bytes_are_those_of_the_document() {
        let key = with_tail(row_prefix(0x0102, b"k\0"), 7, 1);
        let bytes = [1, 2, b'k', 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7, 1];
        assert_eq!(key, bytes);
        let (value, checksum) = stored_value(&key, 2, Kind::Live, b"body");
        let mut rest = key.clone();
        rest.extend([2, 1]);
        assert_eq!(checksum, xxh3_128_with_seed(b"body", xxh3_64(&rest)));
        assert_eq!(value, [&checksum.to_le_bytes()[..], &[2, 1], b"body"].concat());
        assert_eq!(read_stored_value(&key, &value).map(|part| part.body), Some(&b"body"[..]));

        let rest = RestSum { parts: 2, sum: 5 << 64 };
        let body = begun_body(rest, b"first");
        assert_eq!(
            body,
            [&[2, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0][..], b"first"].concat()
        );
        assert_eq!(read_begun(&body), Some((rest, &b"first"[..])));
        assert_eq!((read_begun(&body[..16]), read_begun(&[0; 20])), (None, None));

        let head = write_head(&HEAD);
        assert_eq!(
            head[..24],
            [&[2, 1, 0, 0, 0, 0, 0, 0, 7][..], &[0; 7], &[44], &[0; 7]].concat()
        );
        assert_eq!(head[24..40], [3, 0, 0, 0, 0, 0, 0, 0, 44, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!((head[40..72].to_vec(), head[72], head[92]), (vec![0xab; 32], 5, 96));
        assert_eq!(head[96..], xxh3_128(&head[..96]).to_le_bytes());
        assert_eq!(read_head(&[1, 2], &head), Some(HEAD));
        assert_eq!(read_head(&[2, 1], &head), None);

        let marker = write_marker(&MARKER);
        assert_eq!(marker[..16], *b"TRSYCKPT\x02\0\0\0\x02\0\0\0");
        assert_eq!((marker[24], marker[32], marker[88], marker[128]), (9, 3, 44, 1));
        assert_eq!(read_marker(&marker), MarkerRead::Marker(MARKER));
    }

    #[test]
    fn a_marker_of_another_version_is_told_from_damage() {
        let mut longer = write_marker(&MARKER).to_vec();
        longer.truncate(MARKER_BYTES - 16);
        longer[8] = 3;
        longer.extend([5; 40]);
        longer.extend(xxh3_128(&longer).to_le_bytes());
        assert_eq!(read_marker(&longer), MarkerRead::OtherFormat(3));
        longer[50] ^= 1;
        assert_eq!(read_marker(&longer), MarkerRead::Damaged);
        assert_eq!(read_marker(&[]), MarkerRead::Damaged);
    }
}
