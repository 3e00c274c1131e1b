//! Frames of a link: 16 bytes of header, then a body.
//!
//! Holds every length against its bound before anything is allocated for it. Never looks into a message.

use thiserror::Error;

use crate::limits::{
    LINK_BEAT_BYTES, LINK_FRAME_BYTES_MAX, LINK_HEADER_BYTES, LINK_WORDS_BYTES_MAX,
};

use super::reason::Reason;

const MESSAGE: u16 = 1;
const BEAT: u16 = 2;
const BYE: u16 = 3;

/// A frame that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frame<'a> {
    /// A message of the other store.
    Message {
        /// Its number.
        sequence: u64,
        /// What it says; never empty.
        bytes: &'a [u8],
    },
    /// The other side is there.
    Beat {
        /// The highest number up to which it has every message durably.
        durable: u64,
        /// Bytes of this connection that it has heard, from its first on.
        heard: u64,
    },
    /// Nothing more will come by this line.
    Bye {
        /// Why; `None` for a number that is not known here.
        reason: Option<Reason>,
        /// In words.
        words: &'a str,
    },
}

/// Why bytes are no frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum FrameError {
    /// The length field is out of bounds.
    #[error(
        "a frame says it is {0} bytes long; write its whole length, {LINK_HEADER_BYTES} to {LINK_FRAME_BYTES_MAX}"
    )]
    Length(u32),
    /// A kind nobody here knows.
    #[error("frame kind {0} is unknown; send 1 message, 2 beat or 3 bye")]
    Kind(u16),
    /// Bits that must be zero are not.
    #[error("bytes 6 and 7 of a frame header are not zero; this version gives them no meaning")]
    Reserved,
    /// A frame of a kind that cannot be so long.
    #[error("a {kind} frame cannot be {length} bytes long; see docs/link.md")]
    KindLength {
        /// The kind.
        kind: &'static str,
        /// Its whole length.
        length: u32,
    },
    /// A message without a number.
    #[error("a message has number 0; they are numbered from 1")]
    Sequence,
    /// Words that are not UTF-8.
    #[error("the words of a bye frame are not UTF-8")]
    Words,
}

/// The frame at the front of a buffer and its whole length; `None` while it is not whole. Bad lengths are seen
/// with the first four bytes, other faults of a header with its last.
///
/// # Errors
/// If it can be no frame. The line cannot go on after it.
pub fn split(buffer: &[u8]) -> Result<Option<(Frame<'_>, usize)>, FrameError> {
    let Some(length) = buffer.first_chunk::<4>() else { return Ok(None) };
    let length = u32::from_le_bytes(*length);
    if !(LINK_HEADER_BYTES..=LINK_FRAME_BYTES_MAX).contains(&(length as usize)) {
        return Err(FrameError::Length(length));
    }
    let Some(header) = buffer.first_chunk::<LINK_HEADER_BYTES>() else { return Ok(None) };
    let kind = u16::from_le_bytes([header[4], header[5]]);
    if header[6..8] != [0; 2] {
        return Err(FrameError::Reserved);
    }
    let number = header.last_chunk::<8>().map_or(0, |bytes| u64::from_le_bytes(*bytes));
    let size = length as usize;
    let (name, fits) = match kind {
        MESSAGE => ("message", size > LINK_HEADER_BYTES),
        BEAT => ("beat", size == LINK_BEAT_BYTES),
        BYE => ("bye", size <= LINK_HEADER_BYTES + LINK_WORDS_BYTES_MAX),
        _ => return Err(FrameError::Kind(kind)),
    };
    if !fits {
        return Err(FrameError::KindLength { kind: name, length });
    }
    if kind == MESSAGE && number == 0 {
        return Err(FrameError::Sequence);
    }
    let Some(body) = buffer.get(LINK_HEADER_BYTES..size) else { return Ok(None) };
    let frame = match kind {
        MESSAGE => Frame::Message { sequence: number, bytes: body },
        BEAT => {
            let heard = body.first_chunk::<8>().map_or(0, |bytes| u64::from_le_bytes(*bytes));
            Frame::Beat { durable: number, heard }
        }
        _ => {
            let words = std::str::from_utf8(body).map_err(|_| FrameError::Words)?;
            let reason = u16::try_from(number).ok().and_then(Reason::from_number);
            Frame::Bye { reason, words }
        }
    };
    Ok(Some((frame, size)))
}

fn put(out: &mut Vec<u8>, kind: u16, number: u64, body: &[u8]) {
    let length = LINK_HEADER_BYTES + body.len();
    assert!(length <= LINK_FRAME_BYTES_MAX, "a frame of {length} bytes was written");
    out.extend_from_slice(&(length as u32).to_le_bytes());
    out.extend_from_slice(&kind.to_le_bytes());
    out.extend_from_slice(&[0; 2]);
    out.extend_from_slice(&number.to_le_bytes());
    out.extend_from_slice(body);
}

/// Appends a message.
///
/// # Panics
/// If it is longer than [`crate::limits::MESSAGE_BYTES_MAX`].
pub fn put_message(out: &mut Vec<u8>, sequence: u64, bytes: &[u8]) {
    put(out, MESSAGE, sequence, bytes);
}

/// Appends a beat.
pub fn put_beat(out: &mut Vec<u8>, durable: u64, heard: u64) {
    put(out, BEAT, durable, &heard.to_le_bytes());
}

/// Appends a bye. Words that are too long are cut.
pub fn put_bye(out: &mut Vec<u8>, reason: Reason, words: &str) {
    let mut end = words.len().min(LINK_WORDS_BYTES_MAX);
    while !words.is_char_boundary(end) {
        end -= 1;
    }
    put(out, BYE, u64::from(reason.number()), &words.as_bytes()[..end]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_whole_or_awaited() {
        let mut bytes = Vec::new();
        put_message(&mut bytes, 7, b"abc");
        for cut in 0..bytes.len() {
            assert_eq!(split(&bytes[..cut]), Ok(None), "cut at {cut}");
        }
        bytes.push(9);
        let found = split(&bytes);
        assert_eq!(found, Ok(Some((Frame::Message { sequence: 7, bytes: b"abc" }, 19))));
        let mut bytes = Vec::new();
        put_beat(&mut bytes, 5, u64::MAX);
        assert_eq!(split(&bytes), Ok(Some((Frame::Beat { durable: 5, heard: u64::MAX }, 24))));
    }

    #[test]
    fn a_bye_tells_why_and_long_words_are_cut_at_a_character() {
        let mut bytes = Vec::new();
        put_bye(&mut bytes, Reason::Slow, &"线".repeat(200));
        let words = &"线".repeat(100);
        let bye = Frame::Bye { reason: Some(Reason::Slow), words };
        assert_eq!(split(&bytes), Ok(Some((bye, LINK_HEADER_BYTES + 300))));
        bytes[9] = 0xff;
        let unknown = Frame::Bye { reason: None, words };
        assert_eq!(split(&bytes), Ok(Some((unknown, LINK_HEADER_BYTES + 300))));
    }

    #[test]
    fn a_length_out_of_bounds_is_seen_with_four_bytes() {
        for length in [0, 15, LINK_FRAME_BYTES_MAX as u32 + 1, u32::MAX] {
            assert_eq!(split(&length.to_le_bytes()), Err(FrameError::Length(length)));
        }
    }

    #[test]
    fn a_header_that_cannot_be_is_seen_without_its_body() {
        let header = |length: u32, kind: u16, zero: u16, number: u64| {
            let mut bytes = length.to_le_bytes().to_vec();
            bytes.extend(kind.to_le_bytes());
            bytes.extend(zero.to_le_bytes());
            bytes.extend(number.to_le_bytes());
            bytes
        };
        for (bytes, wrong) in [
            (header(20, 4, 0, 1), FrameError::Kind(4)),
            (header(20, 1, 1, 1), FrameError::Reserved),
            (header(20, 1, 0, 0), FrameError::Sequence),
            (header(16, 1, 0, 1), FrameError::KindLength { kind: "message", length: 16 }),
            (header(25, 2, 0, 1), FrameError::KindLength { kind: "beat", length: 25 }),
            (header(317, 3, 0, 1), FrameError::KindLength { kind: "bye", length: 317 }),
        ] {
            assert_eq!(split(&bytes), Err(wrong));
        }
        let mut bytes = Vec::new();
        put_bye(&mut bytes, Reason::Cut, "x");
        bytes[16] = 0xff;
        assert_eq!(split(&bytes), Err(FrameError::Words));
    }
}
