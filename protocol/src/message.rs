//! Messages about the connection and the server: errors, health, metrics, pings.
//!
//! Carries texts for people, each within its bound; never a secret and never a path.

use domain::Code;

use crate::bytes::{Reader, Short, cut, put_text};
use crate::frame::{Frame, FrameError, FrameKind, begin_frame, end_frame, put_frame};
use crate::hello::Environment;
use crate::limits::{
    FRAME_BYTES_MAX, FRAME_HEADER_BYTES, MESSAGE_TEXT_BYTES_MAX, SERVER_VERSION_BYTES_MAX,
};
use crate::results::{Position, put_prologue, read_prologue};

/// A request, or with request 0 the whole connection, failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorMessage {
    /// Why.
    pub code: Code,
    /// How long to wait before the same is sent again, in ms; 0: the sender's own choice.
    pub retry_after_ms: u32,
    /// For [`Code::Diverged`]: the last position the cursor and the journal have in common.
    pub common: Position,
    /// What exactly was wrong, if more can be said than the code says.
    pub detail: String,
}

impl ErrorMessage {
    /// An error that only says a code.
    #[must_use]
    pub fn new(code: Code) -> ErrorMessage {
        let (common, detail) = (Position::default(), String::new());
        ErrorMessage { code, retry_after_ms: 0, common, detail }
    }

    /// An error that says what exactly was wrong.
    #[must_use]
    pub fn with_detail(code: Code, detail: impl std::fmt::Display) -> ErrorMessage {
        ErrorMessage { detail: detail.to_string(), ..ErrorMessage::new(code) }
    }

    /// Appends the error as a frame. The texts of the code go with it, so that a reader needs no
    /// table.
    pub fn put(&self, out: &mut Vec<u8>, request: u64) {
        let start = begin_frame(out, FrameKind::Error, request, 0, 0);
        out.extend_from_slice(&self.code.number().to_le_bytes());
        out.extend_from_slice(&[0; 2]);
        out.extend_from_slice(&self.retry_after_ms.to_le_bytes());
        put_prologue(out, self.common);
        let texts =
            [self.code.english(), self.code.chinese(), self.code.next_step(), self.detail.as_str()];
        for text in texts {
            put_text(out, text, MESSAGE_TEXT_BYTES_MAX);
        }
        end_frame(out, start);
    }

    /// The error in a frame of kind [`FrameKind::Error`].
    ///
    /// # Errors
    /// If the body is not one, or its code is unknown.
    pub fn parse(frame: &Frame<'_>) -> Result<ErrorMessage, FrameError> {
        ErrorMessage::read(frame.body).map_err(FrameError::short(FrameKind::Error))
    }

    fn read(body: &[u8]) -> Result<ErrorMessage, Short> {
        let mut reader = Reader::new(body);
        let code = Code::from_number(reader.u16()?).ok_or(Short)?;
        reader.u16()?;
        let retry_after_ms = reader.u32()?;
        let common = read_prologue(&mut reader)?;
        for _ in 0..3 {
            reader.text(MESSAGE_TEXT_BYTES_MAX)?;
        }
        let detail = reader.text(MESSAGE_TEXT_BYTES_MAX)?.to_owned();
        reader.end()?;
        Ok(ErrorMessage { code, retry_after_ms, common, detail })
    }

    /// The line that answers a first byte nobody understands, before the close.
    #[must_use]
    pub fn line(&self) -> String {
        let code = self.code;
        format!("{code}: {} ({}); {}\n", code.english(), code.chinese(), code.next_step())
    }
}

impl std::fmt::Display for ErrorMessage {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}: {}", self.code, self.code.english())?;
        if !self.detail.is_empty() {
            write!(out, ": {}", self.detail)?;
        }
        write!(out, "; {}", self.code.next_step())
    }
}

/// What a server can do just now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Status {
    /// Everything.
    Serving = 1,
    /// Everything, but it is at its admission bound.
    Busy = 2,
    /// All but new reservations and quotas: disk space is low.
    DiskLow = 3,
    /// Reads only: no disk space is left.
    DiskFull = 4,
    /// Nothing yet: it replays its journal.
    Recovering = 5,
    /// Nothing more: it is shutting down.
    Stopping = 6,
}

impl Status {
    /// Every status, by number.
    pub const ALL: &'static [Status] = &[
        Status::Serving,
        Status::Busy,
        Status::DiskLow,
        Status::DiskFull,
        Status::Recovering,
        Status::Stopping,
    ];

    /// The status with a number.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Status> {
        Status::ALL.iter().copied().find(|status| status.number() == number)
    }

    /// The stable number.
    #[must_use]
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// The name in texts and JSON.
    #[must_use]
    pub const fn slug(self) -> &'static str {
        match self {
            Status::Serving => "serving",
            Status::Busy => "busy",
            Status::DiskLow => "disk-low",
            Status::DiskFull => "disk-full",
            Status::Recovering => "recovering",
            Status::Stopping => "stopping",
        }
    }
}

/// How a server is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// What it can do.
    pub status: Status,
    /// What the data set is.
    pub environment: Environment,
    /// The data set's name for ever.
    pub data_set: u128,
    /// Everything up to here is on disk.
    pub durable: Position,
    /// Since the process started, in ms.
    pub uptime_ms: u64,
    /// Open connections.
    pub connections: u32,
    /// Divisions registered.
    pub divisions: u32,
    /// Quotas in memory.
    pub quotas: u64,
    /// The server's program version.
    pub server_version: String,
    /// What people should know, in a sentence; empty when all is well.
    pub note: String,
}

impl Health {
    /// Appends the health as a frame.
    pub fn put(&self, out: &mut Vec<u8>, request: u64) {
        let start = begin_frame(out, FrameKind::HealthReport, request, 0, 0);
        put_prologue(out, self.durable);
        out.extend_from_slice(&[self.status.number(), self.environment.number(), 0, 0]);
        out.extend_from_slice(&self.connections.to_le_bytes());
        out.extend_from_slice(&self.data_set.to_le_bytes());
        out.extend_from_slice(&self.uptime_ms.to_le_bytes());
        out.extend_from_slice(&self.quotas.to_le_bytes());
        out.extend_from_slice(&self.divisions.to_le_bytes());
        put_text(out, &self.server_version, SERVER_VERSION_BYTES_MAX);
        put_text(out, &self.note, MESSAGE_TEXT_BYTES_MAX);
        end_frame(out, start);
    }

    /// The health in a frame of kind [`FrameKind::HealthReport`].
    ///
    /// # Errors
    /// If the body is not one.
    pub fn parse(frame: &Frame<'_>) -> Result<Health, FrameError> {
        Health::read(frame.body).map_err(FrameError::short(FrameKind::HealthReport))
    }

    fn read(body: &[u8]) -> Result<Health, Short> {
        let mut reader = Reader::new(body);
        let durable = read_prologue(&mut reader)?;
        let [status, environment, _, _] = reader.array()?;
        let connections = reader.u32()?;
        let data_set = reader.u128()?;
        let uptime_ms = reader.u64()?;
        let quotas = reader.u64()?;
        let divisions = reader.u32()?;
        let server_version = reader.text(SERVER_VERSION_BYTES_MAX)?.to_owned();
        let note = reader.text(MESSAGE_TEXT_BYTES_MAX)?.to_owned();
        reader.end()?;
        let status = Status::from_number(status).ok_or(Short)?;
        let environment = Environment::from_number(environment).ok_or(Short)?;
        Ok(Health {
            status,
            environment,
            data_set,
            durable,
            uptime_ms,
            connections,
            divisions,
            quotas,
            server_version,
            note,
        })
    }
}

/// Appends the metrics as a frame; what goes beyond one frame is cut.
pub fn put_metrics(out: &mut Vec<u8>, request: u64, text: &str) {
    let text = cut(text, FRAME_BYTES_MAX - FRAME_HEADER_BYTES);
    put_frame(out, FrameKind::MetricsText, request, 0, text.as_bytes());
}

/// The text in a frame of kind [`FrameKind::MetricsText`].
///
/// # Errors
/// If it is not UTF-8.
pub fn parse_metrics<'a>(frame: &Frame<'a>) -> Result<&'a str, FrameError> {
    std::str::from_utf8(frame.body).map_err(|_| FrameError::Body(FrameKind::MetricsText.slug()))
}

/// Appends the answer to a ping: the durable position.
pub fn put_pong(out: &mut Vec<u8>, request: u64, durable: Position) {
    let start = begin_frame(out, FrameKind::Pong, request, 0, 0);
    put_prologue(out, durable);
    end_frame(out, start);
}

/// The durable position in a frame of kind [`FrameKind::Pong`].
///
/// # Errors
/// If the body is not one.
pub fn parse_pong(frame: &Frame<'_>) -> Result<Position, FrameError> {
    let mut reader = Reader::new(frame.body);
    let position = read_prologue(&mut reader);
    position
        .and_then(|position| reader.end().map(|()| position))
        .map_err(FrameError::short(FrameKind::Pong))
}

/// Appends a frame that has no body: health, metrics, ping, unsubscribe, goodbye.
pub fn put_bare(out: &mut Vec<u8>, kind: FrameKind, request: u64) {
    put_frame(out, kind, request, 0, &[]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::split_frame;

    #[test]
    fn an_error_carries_its_texts_and_survives() {
        let error = ErrorMessage {
            retry_after_ms: 20,
            common: Position { epoch: 2, sequence: 9 },
            ..ErrorMessage::with_detail(Code::Diverged, "cursor 2/11")
        };
        let mut out = Vec::new();
        error.put(&mut out, 8);
        let frame = split_frame(&out).unwrap().unwrap();
        assert_eq!(ErrorMessage::parse(&frame), Ok(error));
        let body = String::from_utf8_lossy(frame.body).into_owned();
        assert!(body.contains(Code::Diverged.chinese()) && body.contains("cursor 2/11"));
        for cut in 0..frame.body.len() {
            assert!(ErrorMessage::parse(&Frame { body: &frame.body[..cut], ..frame }).is_err());
        }
    }

    #[test]
    fn health_metrics_and_pong_survive() {
        let health = Health {
            status: Status::DiskLow,
            environment: Environment::Test,
            data_set: 3,
            durable: Position { epoch: 1, sequence: 100 },
            uptime_ms: 5,
            connections: 6,
            divisions: 7,
            quotas: 8,
            server_version: "0.1.0".into(),
            note: "free space".into(),
        };
        let mut out = Vec::new();
        health.put(&mut out, 1);
        let whole = out.len();
        put_metrics(&mut out, 2, "a 1\n");
        put_pong(&mut out, 3, health.durable);
        let frame = split_frame(&out).unwrap().unwrap();
        assert_eq!(Health::parse(&frame), Ok(health.clone()));
        let rest = &out[whole..];
        let metrics = split_frame(rest).unwrap().unwrap();
        assert_eq!(parse_metrics(&metrics), Ok("a 1\n"));
        let pong = split_frame(&rest[metrics.header.length as usize..]).unwrap().unwrap();
        assert_eq!(parse_pong(&pong), Ok(health.durable));
    }
}
