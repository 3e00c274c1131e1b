//! The two records that the journal writes by itself: `Opened` and `Closed`.
//!
//! Each stands alone in a group of its own. Never read to decide money: they say which program
//! wrote what follows, and what a start had to cut.

use bincode::{Decode, Encode};

use crate::limits::{BLOCK_BYTES, PROGRAM_BYTES_MAX};
use crate::position::Place;

/// The kind of `Opened`.
pub const KIND_OPENED: u16 = 1;

/// The kind of `Closed`.
pub const KIND_CLOSED: u16 = 2;

/// The layout both have today.
pub const MARK_VERSION: u16 = 1;

/// What a start cut off the end: a group that was being written when the writer stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cut {
    /// Where it began.
    pub place: Place,
    /// Bytes from there to the last byte that was not zero.
    pub bytes: u64,
}

/// A writer began: the first record of every epoch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// The program and its version.
    pub program: String,
    /// The digest of the configuration it runs under.
    pub config_digest: [u8; 32],
    /// What it cut off, if anything.
    pub cut: Option<Cut>,
}

/// A writer ended in good order: the last record of its epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closed {
    /// Groups it wrote, with `Opened` and without this one.
    pub groups: u64,
    /// Records it wrote, with `Opened` and without this one.
    pub records: u64,
}

#[derive(Encode, Decode)]
struct OpenedOnDisk {
    program: String,
    config_digest: [u8; 32],
    cut: Option<CutOnDisk>,
}

#[derive(Encode, Decode)]
struct CutOnDisk {
    segment: u64,
    offset: u64,
    bytes: u64,
}

#[derive(Encode, Decode)]
struct ClosedOnDisk {
    groups: u64,
    records: u64,
}

const fn layout() -> impl bincode::config::Config {
    bincode::config::standard().with_fixed_int_encoding().with_limit::<BLOCK_BYTES>()
}

fn encode(body: impl Encode) -> Vec<u8> {
    match bincode::encode_to_vec(body, layout()) {
        Ok(bytes) => bytes,
        Err(error) => panic!("a mark is far smaller than a block, and yet: {error}"),
    }
}

fn decode<T: Decode<()>>(body: &[u8]) -> Option<T> {
    let (decoded, used) = bincode::decode_from_slice(body, layout()).ok()?;
    (used == body.len()).then_some(decoded)
}

impl Opened {
    /// The body of the record.
    #[must_use]
    pub fn to_body(&self) -> Vec<u8> {
        let end = self.program.floor_char_boundary(PROGRAM_BYTES_MAX);
        encode(OpenedOnDisk {
            program: self.program[..end].to_owned(),
            config_digest: self.config_digest,
            cut: self.cut.map(|cut| CutOnDisk {
                segment: cut.place.segment,
                offset: cut.place.offset,
                bytes: cut.bytes,
            }),
        })
    }

    /// The record of a body; none if it is no such body.
    #[must_use]
    pub fn from_body(body: &[u8]) -> Option<Opened> {
        let disk: OpenedOnDisk = decode(body)?;
        let cut = disk.cut.map(|cut| Cut {
            place: Place { segment: cut.segment, offset: cut.offset },
            bytes: cut.bytes,
        });
        Some(Opened { program: disk.program, config_digest: disk.config_digest, cut })
    }
}

impl Closed {
    /// The body of the record.
    #[must_use]
    pub fn to_body(&self) -> Vec<u8> {
        encode(ClosedOnDisk { groups: self.groups, records: self.records })
    }

    /// The record of a body; none if it is no such body.
    #[must_use]
    pub fn from_body(body: &[u8]) -> Option<Closed> {
        let disk: ClosedOnDisk = decode(body)?;
        Some(Closed { groups: disk.groups, records: disk.records })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opened_has_the_documented_bytes() {
        let opened = Opened {
            program: "treasury 0.1.0".to_owned(),
            config_digest: [9; 32],
            cut: Some(Cut { place: Place { segment: 2, offset: 4096 }, bytes: 777 }),
        };
        let body = opened.to_body();
        assert_eq!(body[..8], 14_u64.to_le_bytes());
        assert_eq!(&body[8..22], b"treasury 0.1.0");
        assert_eq!(body[22..54], [9; 32]);
        assert_eq!(body[54], 1);
        assert_eq!(body[55..63], 2_u64.to_le_bytes());
        assert_eq!(body[63..71], 4096_u64.to_le_bytes());
        assert_eq!(body[71..], 777_u64.to_le_bytes());
        assert_eq!(Opened::from_body(&body), Some(opened));
    }

    #[test]
    fn a_long_program_name_is_cut_at_a_character() {
        let opened = Opened { program: "库".repeat(200), config_digest: [0; 32], cut: None };
        let back = Opened::from_body(&opened.to_body()).unwrap();
        assert_eq!(back.program, "库".repeat(PROGRAM_BYTES_MAX / 3));
    }

    #[test]
    fn closed_survives_and_odd_bodies_are_no_marks() {
        let closed = Closed { groups: 3, records: 90 };
        let mut body = closed.to_body();
        assert_eq!(body.len(), 16);
        assert_eq!(Closed::from_body(&body), Some(closed));
        body.push(0);
        assert_eq!(Closed::from_body(&body), None);
        assert_eq!(Closed::from_body(&body[..10]), None);
        let mut lie = u64::MAX.to_le_bytes().to_vec();
        lie.resize(60, 0);
        assert_eq!(Opened::from_body(&lie), None);
    }
}
