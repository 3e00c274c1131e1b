//! One connection of a line: what was said and heard on it, and how fast it is heard.
//!
//! Knows no message and no other line.

use crate::link::hello::Hello;

/// What is kept of a connection between two reads, when it is empty.
const HELD_BYTES_KEPT: usize = 256 << 10;

#[derive(Debug)]
pub(super) struct Connection {
    pub(super) id: u64,
    /// When it was connected.
    pub(super) since: u64,
    /// Since when it is up; holds once `theirs` is there.
    pub(super) up_at: u64,
    pub(super) theirs: Option<Hello>,
    pub(super) hello_said: bool,
    /// Bytes handed to it.
    pub(super) said: u64,
    pub(super) said_at: u64,
    /// Bytes that came by it.
    pub(super) heard: u64,
    heard_at: u64,
    /// What the other side was told of both, last.
    pub(super) told_heard: u64,
    pub(super) told_durable: u64,
    /// Of `said`, what the other side has heard.
    confirmed: u64,
    /// What it has to have heard next, and since when it is waited for.
    mark: Option<(u64, u64)>,
    /// The front of a frame that is not whole.
    held: Vec<u8>,
}

impl Connection {
    pub(super) fn new(id: u64, now_ms: u64) -> Connection {
        Connection {
            id,
            since: now_ms,
            up_at: now_ms,
            theirs: None,
            hello_said: false,
            said: 0,
            said_at: now_ms,
            heard: 0,
            heard_at: now_ms,
            told_heard: 0,
            told_durable: 0,
            confirmed: 0,
            mark: None,
            held: Vec::new(),
        }
    }

    /// So many bytes came. What was held of an unfinished frame is taken out.
    pub(super) fn heard_now(&mut self, bytes: usize, now_ms: u64) -> Vec<u8> {
        self.heard += bytes as u64;
        self.heard_at = self.heard_at.max(now_ms);
        std::mem::take(&mut self.held)
    }

    /// Keeps the front of an unfinished frame.
    pub(super) fn hold(&mut self, rest: Vec<u8>) {
        self.held = rest;
        if self.held.is_empty() && self.held.capacity() > HELD_BYTES_KEPT {
            self.held = Vec::new();
        }
    }

    /// So many bytes were handed to it.
    pub(super) fn said_now(&mut self, bytes: usize, slow_bytes: u64, now_ms: u64) {
        self.said += bytes as u64;
        self.said_at = now_ms;
        if self.mark.is_none() {
            self.mark = Some((self.next_mark(slow_bytes), now_ms));
        }
    }

    /// The other side has heard so many; true if what was waited for is there.
    pub(super) fn confirm(&mut self, heard: u64, slow_bytes: u64, now_ms: u64) -> bool {
        self.confirmed = self.confirmed.max(heard);
        match self.mark {
            Some((bytes, _)) if self.confirmed >= bytes => {
                let waits = self.said > self.confirmed;
                self.mark = waits.then(|| (self.next_mark(slow_bytes), now_ms));
                true
            }
            _ => false,
        }
    }

    fn next_mark(&self, slow_bytes: u64) -> u64 {
        self.said.min(self.confirmed.saturating_add(slow_bytes))
    }

    /// Bytes that were handed to it and not heard.
    pub(super) fn unheard(&self) -> u64 {
        self.said - self.confirmed
    }

    /// For how long nothing came.
    pub(super) fn silent_ms(&self, now_ms: u64) -> u64 {
        now_ms.saturating_sub(self.heard_at)
    }

    /// For how long the next bytes have not been heard.
    pub(super) fn lags_ms(&self, now_ms: u64) -> u64 {
        self.mark.map_or(0, |(_, since)| now_ms.saturating_sub(since))
    }

    /// A pause of ours is not counted.
    pub(super) fn excuse(&mut self, pause_ms: u64, now_ms: u64) {
        self.heard_at = (self.heard_at + pause_ms).min(now_ms);
        if let Some((_, since)) = &mut self.mark {
            *since = (*since + pause_ms).min(now_ms);
        }
    }
}
