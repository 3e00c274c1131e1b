//! The times and sizes of one link. What stands in [`crate::limits`] is what they are unless told otherwise.

use thiserror::Error;

use crate::limits as limit;

/// Times in ms and sizes in bytes of one link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Silence of ours on a line after which a beat is sent. A side that bears less hears sooner.
    pub heartbeat_ms: u64,
    /// Silence of the other side after which a line is given up.
    pub silence_ms: u64,
    /// How long a line may take from its connection to the other side's hello.
    pub hello_ms: u64,
    /// How long the next `slow_bytes` of a line, or all there is, may take to be heard.
    pub slow_ms: u64,
    /// With as much waiting, a line that does not carry this in `slow_ms` is slow.
    pub slow_bytes: u64,
    /// How long the primary has to be well before messages go back to it.
    pub well_ms: u64,
    /// What `well_ms` doubles up to while the primary fails soon after each way back.
    pub well_ms_max: u64,
    /// How long messages on their way by the backup may hold up the way back.
    pub drain_ms: u64,
    /// How long a backup has to be up before it is taken where the primary is expected.
    pub prefer_ms: u64,
    /// The first wait before a line is dialled again; it doubles.
    pub redial_ms: u64,
    /// What `redial_ms` doubles up to.
    pub redial_ms_max: u64,
    /// Bytes of frames taken here without being durable.
    pub window_bytes: u32,
    /// Bytes of frames on one line that were not heard.
    pub line_bytes: u64,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            heartbeat_ms: limit::LINK_HEARTBEAT_MS,
            silence_ms: limit::LINK_SILENCE_MS,
            hello_ms: limit::LINK_HELLO_MS,
            slow_ms: limit::LINK_SLOW_MS,
            slow_bytes: limit::LINK_SLOW_BYTES,
            well_ms: limit::LINK_WELL_MS,
            well_ms_max: limit::LINK_WELL_MS_MAX,
            drain_ms: limit::LINK_DRAIN_MS,
            prefer_ms: limit::LINK_PREFER_MS,
            redial_ms: limit::LINK_REDIAL_MS,
            redial_ms_max: limit::LINK_REDIAL_MS_MAX,
            window_bytes: limit::LINK_WINDOW_BYTES,
            line_bytes: limit::LINK_LINE_BYTES,
        }
    }
}

/// Why settings cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{setting} of a link is {value}; set at least {least}")]
pub struct BadSettings {
    /// Which one.
    pub setting: &'static str,
    /// What it is.
    pub value: u64,
    /// What it must be at least, beside the others.
    pub least: u64,
}

impl Settings {
    /// How often [`super::Link::tick`] has to be called, in ms.
    #[must_use]
    pub const fn tick_ms(&self) -> u64 {
        let tick = self.heartbeat_ms / 4;
        if tick == 0 { 1 } else { tick }
    }

    /// # Errors
    /// The first setting that is too small beside the others.
    pub fn check(&self) -> Result<(), BadSettings> {
        for (setting, value, least) in [
            ("heartbeat_ms", self.heartbeat_ms, 4),
            ("silence_ms", self.silence_ms, 3 * self.heartbeat_ms),
            ("hello_ms", self.hello_ms, 1),
            ("slow_ms", self.slow_ms, 2 * self.heartbeat_ms),
            ("slow_bytes", self.slow_bytes, 1),
            ("well_ms_max", self.well_ms_max, self.well_ms),
            ("redial_ms", self.redial_ms, 1),
            ("redial_ms_max", self.redial_ms_max, self.redial_ms),
            ("window_bytes", u64::from(self.window_bytes), 1),
            ("line_bytes", self.line_bytes, 2 * limit::LINK_CONFIRM_BYTES),
        ] {
            if value < least {
                return Err(BadSettings { setting, value, least });
            }
        }
        Ok(())
    }
}
