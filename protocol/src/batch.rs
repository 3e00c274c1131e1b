//! A frame of commands: all commands first, 128 bytes each, then their tails in the same order.
//!
//! Finds each command's tail without copying or allocating. Never decodes a command.

use domain::Command;
use thiserror::Error;

use crate::bytes::at;
use crate::command::{EncodeError, encode_command};
use crate::flags::Flags;
use crate::frame::{Frame, FrameError, FrameKind, begin_frame, end_frame};
use crate::layout;
use crate::limits::{
    COMMAND_BYTES, COMMANDS_PER_FRAME_MAX, DEADLINE_MS_MAX, FRAME_BYTES_MAX, FRAME_HEADER_BYTES,
    TAIL_BYTES_MAX,
};

/// The commands of one frame, checked to be as long as they say.
#[derive(Clone, Copy, Debug)]
pub struct Commands<'a> {
    rows: &'a [[u8; COMMAND_BYTES]],
    tails: &'a [u8],
}

impl<'a> Commands<'a> {
    /// The commands in a frame of kind [`FrameKind::Commands`].
    ///
    /// # Errors
    /// If the count is out of bounds, a tail is too long, or the tails are not exactly what is
    /// left of the body.
    pub fn parse(frame: &Frame<'a>) -> Result<Commands<'a>, FrameError> {
        let kind = FrameKind::Commands.slug();
        let (count, max) = (frame.header.count, COMMANDS_PER_FRAME_MAX);
        if count == 0 || count as usize > max {
            return Err(FrameError::Count { kind, count, max });
        }
        let short = || FrameError::Body(kind);
        let (rows, tails) =
            frame.body.split_at_checked(count as usize * COMMAND_BYTES).ok_or_else(short)?;
        let rows = rows.as_chunks::<COMMAND_BYTES>().0;
        let mut tail_bytes = 0;
        for (index, row) in rows.iter().enumerate() {
            let bytes = tail_length(row);
            if bytes as usize > TAIL_BYTES_MAX {
                return Err(FrameError::Tail { index, bytes });
            }
            tail_bytes += bytes as usize;
        }
        if tail_bytes != tails.len() {
            return Err(short());
        }
        Ok(Commands { rows, tails })
    }

    /// How many there are; at least one.
    #[must_use]
    pub const fn count(&self) -> usize {
        self.rows.len()
    }

    /// The rows, and all tails behind each other: for whoever passes the frame on whole.
    #[must_use]
    pub const fn parts(&self) -> (&'a [[u8; COMMAND_BYTES]], &'a [u8]) {
        (self.rows, self.tails)
    }

    /// Each command with its tail, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&'a [u8; COMMAND_BYTES], &'a [u8])> + use<'a> {
        let mut rest = self.tails;
        self.rows.iter().map(move |row| {
            let (tail, after) =
                rest.split_at_checked(tail_length(row) as usize).unwrap_or_default();
            rest = after;
            (row, tail)
        })
    }
}

/// The length of its tail, as an encoded command says it.
#[inline]
#[must_use]
pub fn tail_length(row: &[u8; COMMAND_BYTES]) -> u32 {
    u32::from_le_bytes(at(row, layout::TAIL))
}

/// Why a command was not added to a frame.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PushError {
    /// The frame has no room for it: send what it has and begin a new one.
    #[error("the frame is full; send it and put the command into the next one")]
    Full,
    /// It cannot be encoded.
    #[error(transparent)]
    Encode(#[from] EncodeError),
}

/// Collects commands into one frame. Its buffers are kept from frame to frame.
#[derive(Clone, Debug, Default)]
pub struct CommandsBuilder {
    rows: Vec<u8>,
    tails: Vec<u8>,
}

impl CommandsBuilder {
    /// An empty frame.
    #[must_use]
    pub fn new() -> CommandsBuilder {
        CommandsBuilder::default()
    }

    /// How many commands it holds.
    #[must_use]
    pub fn count(&self) -> usize {
        self.rows.len() / COMMAND_BYTES
    }

    /// Bytes of the frame as it stands.
    #[must_use]
    pub fn frame_bytes(&self) -> usize {
        FRAME_HEADER_BYTES + self.rows.len() + self.tails.len()
    }

    /// Whether commands that take so many rows and tail bytes still fit.
    #[must_use]
    pub fn fits(&self, commands: usize, tail_bytes: usize) -> bool {
        self.count() + commands <= COMMANDS_PER_FRAME_MAX
            && self.frame_bytes() + commands * COMMAND_BYTES + tail_bytes <= FRAME_BYTES_MAX
    }

    /// Adds a command.
    ///
    /// # Errors
    /// [`PushError::Full`], or why it cannot be encoded; the frame is as it was.
    pub fn push(&mut self, command: &Command<'_>, flags: Flags) -> Result<(), PushError> {
        let (rows, tails) = (self.rows.len(), self.tails.len());
        let mut row = [0; COMMAND_BYTES];
        encode_command(command, flags, &mut row, &mut self.tails)?;
        self.rows.extend_from_slice(&row);
        if self.count() > COMMANDS_PER_FRAME_MAX || self.frame_bytes() > FRAME_BYTES_MAX {
            self.rows.truncate(rows);
            self.tails.truncate(tails);
            return Err(PushError::Full);
        }
        Ok(())
    }

    /// Adds commands that are encoded already, rows and tails in the same order.
    ///
    /// # Errors
    /// [`PushError::Full`] when they do not all fit; none is added then.
    pub fn push_encoded(
        &mut self,
        rows: &[[u8; COMMAND_BYTES]],
        tails: &[u8],
    ) -> Result<(), PushError> {
        if !self.fits(rows.len(), tails.len()) {
            return Err(PushError::Full);
        }
        self.rows.extend_from_slice(rows.as_flattened());
        self.tails.extend_from_slice(tails);
        Ok(())
    }

    /// Appends the frame to a buffer and begins the next one.
    ///
    /// # Panics
    /// If it is empty: a frame holds at least one command. If the budget is beyond
    /// [`DEADLINE_MS_MAX`].
    pub fn finish_into(&mut self, out: &mut Vec<u8>, request: u64, deadline_ms: u64) {
        assert!(!self.rows.is_empty(), "a frame of commands holds at least one");
        assert!(deadline_ms <= DEADLINE_MS_MAX, "a budget of {deadline_ms} ms is beyond a day");
        let count = self.count() as u32;
        let start = begin_frame(out, FrameKind::Commands, request, deadline_ms, count);
        out.extend_from_slice(&self.rows);
        out.extend_from_slice(&self.tails);
        end_frame(out, start);
        self.rows.clear();
        self.tails.clear();
    }
}
