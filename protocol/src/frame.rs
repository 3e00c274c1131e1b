//! Frames: 32 bytes of header, then a body.
//!
//! Finds where a frame ends and holds its length against the bounds before anything is allocated.
//! Never looks into a body.

use domain::Code;
use thiserror::Error;

use crate::bytes::{Short, at, put};
use crate::limits::{DEADLINE_MS_MAX, FRAME_BYTES_MAX, FRAME_HEADER_BYTES};

/// What a frame carries. Numbers below 100 come from a client, others from a server, but for
/// goodbye, which both send.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u16)]
pub enum FrameKind {
    /// Commands to decide.
    Commands = 1,
    /// Look-ups to answer.
    LookUps = 2,
    /// Asks how the server is.
    Health = 3,
    /// Asks for the metrics as text.
    Metrics = 4,
    /// Asks whether the other side is there.
    Ping = 5,
    /// Asks for committed records from a cursor on.
    Subscribe = 6,
    /// Ends the subscription with this request number.
    Unsubscribe = 7,
    /// Asks for a page of payments.
    ListPayments = 8,
    /// Asks for a page of events of a payment or a quota.
    History = 9,
    /// Asks how a quota or a payment stood.
    StateAt = 10,
    /// Asks for a page of rows that the finance office has on file.
    ListRows = 11,
    /// Asks for a page of a report.
    Report = 12,
    /// Nothing more will be sent.
    Goodbye = 99,
    /// Answer to the hello.
    Welcome = 100,
    /// Results of commands, in order.
    Results = 101,
    /// Answers to look-ups, in order.
    Answers = 102,
    /// How the server is.
    HealthReport = 103,
    /// The metrics as text.
    MetricsText = 104,
    /// Answer to a ping.
    Pong = 105,
    /// Committed records.
    Events = 106,
    /// A subscription has ended, as asked or at its limit.
    SubscriptionEnded = 107,
    /// The request, or with request 0 the connection, failed.
    Error = 108,
    /// A page of payments.
    Payments = 109,
    /// A page of events.
    HistoryPage = 110,
    /// How a quota or a payment stood.
    StateThen = 111,
    /// A page of rows.
    Rows = 112,
    /// A page of a report.
    ReportPage = 113,
}

impl FrameKind {
    /// Every kind, by number.
    pub const ALL: &'static [FrameKind] = &[
        FrameKind::Commands,
        FrameKind::LookUps,
        FrameKind::Health,
        FrameKind::Metrics,
        FrameKind::Ping,
        FrameKind::Subscribe,
        FrameKind::Unsubscribe,
        FrameKind::ListPayments,
        FrameKind::History,
        FrameKind::StateAt,
        FrameKind::ListRows,
        FrameKind::Report,
        FrameKind::Goodbye,
        FrameKind::Welcome,
        FrameKind::Results,
        FrameKind::Answers,
        FrameKind::HealthReport,
        FrameKind::MetricsText,
        FrameKind::Pong,
        FrameKind::Events,
        FrameKind::SubscriptionEnded,
        FrameKind::Error,
        FrameKind::Payments,
        FrameKind::HistoryPage,
        FrameKind::StateThen,
        FrameKind::Rows,
        FrameKind::ReportPage,
    ];

    /// The kind with a number.
    #[must_use]
    pub fn from_number(number: u16) -> Option<FrameKind> {
        FrameKind::ALL.iter().copied().find(|kind| kind.number() == number)
    }

    /// The stable number.
    #[must_use]
    pub const fn number(self) -> u16 {
        self as u16
    }

    /// The name in texts and documents.
    #[must_use]
    pub const fn slug(self) -> &'static str {
        match self {
            FrameKind::Commands => "commands",
            FrameKind::LookUps => "look-ups",
            FrameKind::Health => "health",
            FrameKind::Metrics => "metrics",
            FrameKind::Ping => "ping",
            FrameKind::Subscribe => "subscribe",
            FrameKind::Unsubscribe => "unsubscribe",
            FrameKind::Goodbye => "goodbye",
            FrameKind::Welcome => "welcome",
            FrameKind::Results => "results",
            FrameKind::Answers => "answers",
            FrameKind::HealthReport => "health-report",
            FrameKind::MetricsText => "metrics-text",
            FrameKind::Pong => "pong",
            FrameKind::Events => "events",
            FrameKind::SubscriptionEnded => "subscription-ended",
            FrameKind::Error => "error",
            FrameKind::ListPayments => "list-payments",
            FrameKind::History => "history",
            FrameKind::StateAt => "state-at",
            FrameKind::ListRows => "list-rows",
            FrameKind::Payments => "payments",
            FrameKind::HistoryPage => "history-page",
            FrameKind::StateThen => "state-then",
            FrameKind::Report => "report",
            FrameKind::ReportPage => "report-page",
            FrameKind::Rows => "rows",
        }
    }

    /// True for what a client may send.
    #[must_use]
    pub const fn is_request(self) -> bool {
        self.number() < 100
    }
}

/// Why bytes are not a message of this protocol.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum FrameError {
    /// The length field is out of bounds.
    #[error(
        "a frame says it is {0} bytes long; write its whole length, {FRAME_HEADER_BYTES} to \
         {FRAME_BYTES_MAX}"
    )]
    Length(u32),
    /// A kind nobody here knows.
    #[error("frame kind {0} is unknown; see the table of frame kinds")]
    Kind(u16),
    /// Bits that must be zero are not.
    #[error("{0} of a frame header is not zero; this version gives it no meaning")]
    Reserved(&'static str),
    /// The budget is longer than a day.
    #[error("a budget of {0} ms is longer than {DEADLINE_MS_MAX}; give less, or 0 for none")]
    Deadline(u64),
    /// The count is zero or above its bound.
    #[error("a {kind} frame counts {count} items; send 1 to {max}")]
    Count {
        /// The frame.
        kind: &'static str,
        /// What it counts.
        count: u32,
        /// The bound.
        max: usize,
    },
    /// The body is shorter or longer than its own numbers say.
    #[error(
        "the body of a {0} frame is not as long as its own numbers say, or a text is not UTF-8"
    )]
    Body(&'static str),
    /// A tail is longer than its bound.
    #[error("command {index} has a tail of {bytes} bytes; at most {max}", max = crate::limits::TAIL_BYTES_MAX)]
    Tail {
        /// Which command of the frame, from 0.
        index: usize,
        /// How long it says its tail is.
        bytes: u32,
    },
    /// A field of a message other than a command has a value it cannot have.
    #[error("{field} of a {kind} message cannot be {value}; see its table")]
    Value {
        /// The message.
        kind: &'static str,
        /// The field.
        field: &'static str,
        /// Its value.
        value: u64,
    },
    /// The hello does not start with the magic.
    #[error("a connection starts with TRSY, with {{ or with a TLS hello, not with {0:02x?}")]
    Magic([u8; 4]),
}

impl FrameError {
    /// The code the peer hears.
    #[must_use]
    pub const fn code(&self) -> Code {
        Code::BadFrame
    }

    /// `Body` for a kind of frame.
    pub(crate) fn short(kind: FrameKind) -> impl Fn(Short) -> FrameError {
        move |Short| FrameError::Body(kind.slug())
    }
}

/// The header of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Bytes of the whole frame, this header included.
    pub length: u32,
    /// What it carries.
    pub kind: FrameKind,
    /// The sender's number for the request; its answer carries the same. 0 is for messages about
    /// the whole connection.
    pub request: u64,
    /// How long after its arrival the commands of the frame may still be decided; 0: no limit.
    pub deadline_ms: u64,
    /// How many items the body holds.
    pub count: u32,
}

impl Header {
    /// Reads and bounds a header.
    ///
    /// # Errors
    /// A length out of bounds, an unknown kind, bits that must be zero, a budget beyond a day.
    pub fn parse(bytes: &[u8; FRAME_HEADER_BYTES]) -> Result<Header, FrameError> {
        let length = check_length(u32::from_le_bytes(at(bytes, 0)))?;
        let number = u16::from_le_bytes(at(bytes, 4));
        let kind = FrameKind::from_number(number).ok_or(FrameError::Kind(number))?;
        if at::<2, 32>(bytes, 6) != [0; 2] {
            return Err(FrameError::Reserved("flags"));
        }
        if at::<4, 32>(bytes, 28) != [0; 4] {
            return Err(FrameError::Reserved("the last field"));
        }
        let deadline_ms = u64::from_le_bytes(at(bytes, 16));
        if deadline_ms > DEADLINE_MS_MAX {
            return Err(FrameError::Deadline(deadline_ms));
        }
        Ok(Header {
            length,
            kind,
            request: u64::from_le_bytes(at(bytes, 8)),
            deadline_ms,
            count: u32::from_le_bytes(at(bytes, 24)),
        })
    }

    /// The header as bytes.
    #[must_use]
    pub fn encode(&self) -> [u8; FRAME_HEADER_BYTES] {
        let mut bytes = [0; FRAME_HEADER_BYTES];
        put(&mut bytes, 0, self.length.to_le_bytes());
        put(&mut bytes, 4, self.kind.number().to_le_bytes());
        put(&mut bytes, 8, self.request.to_le_bytes());
        put(&mut bytes, 16, self.deadline_ms.to_le_bytes());
        put(&mut bytes, 24, self.count.to_le_bytes());
        bytes
    }
}

fn check_length(length: u32) -> Result<u32, FrameError> {
    if (FRAME_HEADER_BYTES..=FRAME_BYTES_MAX).contains(&(length as usize)) {
        Ok(length)
    } else {
        Err(FrameError::Length(length))
    }
}

/// One whole frame at the front of a buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// Its header.
    pub header: Header,
    /// What follows the header.
    pub body: &'a [u8],
}

/// The frame at the front of a buffer, `None` while it is not whole. Bad lengths are seen with
/// the first four bytes, other faults of a header with its last: nobody waits for a body that
/// cannot be. The next frame starts `header.length` bytes on.
///
/// # Errors
/// As [`Header::parse`]. The connection cannot go on after it.
pub fn split_frame(buffer: &[u8]) -> Result<Option<Frame<'_>>, FrameError> {
    let Some(length) = buffer.first_chunk::<4>() else {
        return Ok(None);
    };
    check_length(u32::from_le_bytes(*length))?;
    let Some(bytes) = buffer.first_chunk::<FRAME_HEADER_BYTES>() else {
        return Ok(None);
    };
    let header = Header::parse(bytes)?;
    let body = buffer.get(FRAME_HEADER_BYTES..header.length as usize);
    Ok(body.map(|body| Frame { header, body }))
}

/// Starts a frame at the end of a buffer; the body is appended next, then [`end_frame`].
#[must_use]
pub fn begin_frame(
    out: &mut Vec<u8>,
    kind: FrameKind,
    request: u64,
    deadline_ms: u64,
    count: u32,
) -> usize {
    let start = out.len();
    out.extend_from_slice(&Header { length: 0, kind, request, deadline_ms, count }.encode());
    start
}

/// Ends the frame that [`begin_frame`] started at `start`: writes its length.
///
/// # Panics
/// If the frame is beyond [`FRAME_BYTES_MAX`]: its writer did not keep to the bounds.
pub fn end_frame(out: &mut [u8], start: usize) {
    let length = out.len() - start;
    assert!(length <= FRAME_BYTES_MAX, "a frame of {length} bytes was written");
    out[start..start + 4].copy_from_slice(&(length as u32).to_le_bytes());
}

/// Appends a frame with a body that is at hand.
///
/// # Panics
/// If the frame is beyond [`FRAME_BYTES_MAX`].
pub fn put_frame(out: &mut Vec<u8>, kind: FrameKind, request: u64, count: u32, body: &[u8]) {
    let start = begin_frame(out, kind, request, 0, count);
    out.extend_from_slice(body);
    end_frame(out, start);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(body: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        let start = begin_frame(&mut out, FrameKind::Commands, 7, 250, 1);
        out.extend_from_slice(body);
        end_frame(&mut out, start);
        out
    }

    #[test]
    fn a_frame_is_whole_or_awaited() {
        let bytes = frame(b"abc");
        for cut in 0..bytes.len() {
            assert_eq!(split_frame(&bytes[..cut]), Ok(None), "cut at {cut}");
        }
        let found = split_frame(&bytes).unwrap().unwrap();
        assert_eq!(found.body, b"abc");
        assert_eq!((found.header.request, found.header.deadline_ms), (7, 250));
    }

    #[test]
    fn a_length_out_of_bounds_is_seen_with_four_bytes() {
        for length in [0, 31, FRAME_BYTES_MAX as u32 + 1, u32::MAX] {
            assert_eq!(split_frame(&length.to_le_bytes()), Err(FrameError::Length(length)));
        }
    }

    #[test]
    fn bits_without_meaning_are_zero() {
        for (offset, wrong) in [(6, "flags"), (31, "the last field")] {
            let mut bytes = frame(b"");
            bytes[offset] = 1;
            assert_eq!(split_frame(&bytes), Err(FrameError::Reserved(wrong)));
        }
        let mut bytes = frame(b"");
        bytes[4] = 98;
        assert_eq!(split_frame(&bytes), Err(FrameError::Kind(98)));
    }
}
