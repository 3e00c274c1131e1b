//! One connection: how it speaks, what it may still ask, what it is to be sent.

use domain::codes::Role;
use domain::ids::ChannelId;
use protocol::json::write_line;
use protocol::limits::{WINDOW_BYTES_MAX, WINDOW_COMMANDS_MAX};
use protocol::split_frame;

use super::Now;
use super::allowance::Allowance;

/// Where a connection stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// It has not said its hello.
    Greeting,
    /// It speaks frames.
    Binary,
    /// It speaks lines.
    Json,
    /// It said goodbye, with this request: it hears what is still due, then the same.
    Leaving(u64),
    /// Nothing more is read from it, and nothing more is said.
    Closing,
}

pub(super) struct Session {
    pub(super) stage: Stage,
    /// It is one too many, and hears so when it has said hello.
    pub(super) turned_away: bool,
    pub(super) json: bool,
    pub(super) role: Role,
    pub(super) channel: ChannelId,
    pub(super) window: u32,
    pub(super) window_used: u32,
    pub(super) window_bytes_used: u32,
    /// How many commands it may give now, where that is limited.
    pub(super) allowance: Option<Allowance>,
    /// Part of a message has come.
    pub(super) partial: bool,
    /// It is listed for sending.
    pub(super) dirty: bool,
    pub(super) out: Vec<u8>,
    /// Bytes of `out` that are counted in the sum over all connections.
    pub(super) counted: usize,
}

impl Session {
    pub(super) fn new() -> Session {
        Session {
            stage: Stage::Greeting,
            turned_away: false,
            json: false,
            role: Role::Engine,
            channel: ChannelId(0),
            window: 0,
            window_used: 0,
            window_bytes_used: 0,
            allowance: None,
            partial: false,
            dirty: false,
            out: Vec::new(),
            counted: 0,
        }
    }

    /// The window granted to one who asks for `wanted`.
    pub(super) fn grant(&mut self, wanted: u32) -> u32 {
        let all = WINDOW_COMMANDS_MAX;
        self.window = if wanted == 0 { all } else { wanted.min(all) };
        self.window
    }

    /// Whether a request of so many items and bytes stays within the window.
    pub(super) fn has_window(&self, items: u32, bytes: u32) -> bool {
        // An idle connection may send one frame of any allowed size.
        let idle = self.window_used == 0;
        let fits = self.window_used.saturating_add(items) <= self.window
            && self.window_bytes_used.saturating_add(bytes) <= WINDOW_BYTES_MAX;
        idle || fits
    }

    /// Whether its rate lets so many commands pass now.
    ///
    /// # Errors
    /// In how many ms it does.
    pub(super) fn allows(&mut self, commands: u32, now: Now) -> Result<(), u32> {
        let allowance = self.allowance.as_mut();
        allowance.map_or(Ok(()), |allowance| allowance.check(commands, now.monotonic_ms))
    }

    /// So many commands have passed.
    pub(super) fn spend(&mut self, commands: u32) {
        if let Some(allowance) = &mut self.allowance {
            allowance.spend(commands);
        }
    }

    /// Appends frames to the output, as lines where it speaks JSON.
    pub(super) fn put(&mut self, put: impl FnOnce(&mut Vec<u8>)) {
        if !self.json {
            return put(&mut self.out);
        }
        let mut frames = Vec::new();
        put(&mut frames);
        let mut rest = frames.as_slice();
        while let Ok(Some(frame)) = split_frame(rest) {
            let written = write_line(&frame, super::requests::render, &mut self.out);
            debug_assert!(written.is_ok(), "the server sends only frames it can tell in lines");
            rest = &rest[frame.header.length as usize..];
        }
    }
}
