//! How messages travel between the stores of two parties: numbered, in order, each once, over two lines.
//!
//! Never looks into a message, and keeps none: what is not acknowledged is asked of the store again.
//! The wire format is in docs/link.md.
//!
//! In the order to read them: `reason`, `frame` and `hello` are the bytes; `settings` and [`core`], the state
//! machine without sockets and clocks; `tls`, who is trusted; `shell`, all of it on real sockets.

pub mod reason;

pub mod frame;

pub mod hello;

pub mod settings;

pub mod core;

pub mod tls;

pub mod shell;

use std::borrow::Cow;
use std::fmt;

pub use self::core::{Action, Apart, Counts, Event, Link, Ours, Standing};
pub use self::reason::Reason;
pub use self::settings::{BadSettings, Settings};

/// One of the two lines (线路) between two stores.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Line {
    /// The one that messages go by when it is well (主线路).
    Primary = 1,
    /// The one they go by when the primary is not (备用线路).
    Backup = 2,
}

impl Line {
    /// Both, the preferred one first.
    pub const ALL: [Line; 2] = [Line::Primary, Line::Backup];

    /// The line with a stable number.
    #[must_use]
    pub const fn from_number(number: u8) -> Option<Line> {
        match number {
            1 => Some(Line::Primary),
            2 => Some(Line::Backup),
            _ => None,
        }
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
            Line::Primary => "primary",
            Line::Backup => "backup",
        }
    }

    /// The other one.
    #[must_use]
    pub const fn other(self) -> Line {
        match self {
            Line::Primary => Line::Backup,
            Line::Backup => Line::Primary,
        }
    }

    /// Its place among [`Line::ALL`].
    const fn index(self) -> usize {
        self as usize - 1
    }
}

impl fmt::Display for Line {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.slug())
    }
}

/// What a store has for the other side.
///
/// Messages are numbered from 1, without gaps. The same number is the same bytes for ever, also after a crash:
/// only what is durable may be offered ([`Link::offer`]). What was acknowledged is never asked for again, but
/// by another side that has lost what it had ([`Event::WentBack`]).
pub trait Outbox {
    /// The message with a number, 1 to [`crate::limits::MESSAGE_BYTES_MAX`] bytes. `None` where there is none:
    /// for what was offered a fault, told by [`Event::Stuck`].
    fn message(&mut self, sequence: u64) -> Option<Cow<'_, [u8]>>;
}
