//! What is written to a connection: the hello, beats, and the store's next messages while there is room.

use crate::limits::{LINK_CONFIRM_BYTES, LINK_HEADER_BYTES, LINK_OUTPUT_BYTES, MESSAGE_BYTES_MAX};
use crate::link::Outbox;
use crate::link::frame::{put_beat, put_message};

use super::{Event, Link, Phase};

/// However little silence the other side bears, beats come no closer than this.
const BEAT_MS_MIN: u64 = 10;

impl Link {
    /// Appends what is to be written to a connection now, up to [`LINK_OUTPUT_BYTES`] and one frame. To be
    /// called whenever what was given before is written, or anything was told to the link. Messages are asked
    /// of the store here and nowhere else.
    pub fn output(
        &mut self,
        connection: u64,
        outbox: &mut dyn Outbox,
        now_ms: u64,
        out: &mut Vec<u8>,
    ) {
        let Some(line) = self.line_of(connection) else { return };
        let hello = self.hello(line);
        let carries = self.sending == Some(line) && self.returning_since.is_none();
        let start = out.len();
        let Phase::Open(open) = &mut self.slots[line.index()].phase else { return };
        if !open.hello_said {
            open.hello_said = true;
            open.told_durable = hello.durable;
            out.extend_from_slice(&hello.encode());
        }
        if let Some(theirs) = open.theirs {
            let beat_ms = u64::from(theirs.silence_ms / 4).max(BEAT_MS_MIN);
            let beat_ms = beat_ms.min(self.settings.heartbeat_ms);
            let due = now_ms.saturating_sub(open.said_at) >= beat_ms
                || open.told_durable < self.ours.durable
                || open.heard - open.told_heard >= LINK_CONFIRM_BYTES;
            if due {
                put_beat(out, self.ours.durable, open.heard);
                (open.told_durable, open.told_heard) = (self.ours.durable, open.heard);
            }
            let window = u64::from(theirs.window_bytes);
            while carries
                && !self.stuck
                && self.sent < self.ours.last
                && out.len() - start < LINK_OUTPUT_BYTES
                && open.unheard() + ((out.len() - start) as u64) < self.settings.line_bytes
                && (self.in_flight_bytes < window || self.in_flight_bytes == 0)
            {
                let sequence = self.sent + 1;
                match outbox.message(sequence) {
                    Some(bytes) if fits(&bytes) => {
                        put_message(out, sequence, &bytes);
                        let size = LINK_HEADER_BYTES + bytes.len();
                        self.sizes.push_back(size as u32);
                        self.in_flight_bytes += size as u64;
                        self.sent = sequence;
                        self.counts.sent += 1;
                        self.counts.repeated += u64::from(sequence <= self.highest);
                        self.highest = self.highest.max(sequence);
                    }
                    _ => {
                        self.stuck = true;
                        self.events.push(Event::Stuck { sequence });
                    }
                }
            }
        }
        if out.len() > start {
            open.said_now(out.len() - start, self.settings.slow_bytes, now_ms);
        }
    }
}

fn fits(bytes: &[u8]) -> bool {
    (1..=MESSAGE_BYTES_MAX).contains(&bytes.len())
}
