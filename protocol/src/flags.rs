//! How a command is to be taken, beside what it says.

use crate::bytes::at;
use crate::layout::FLAGS;
use crate::limits::COMMAND_BYTES;

/// How a command is to be taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    /// Decide it without effect and without trace. Not for facts.
    pub check: bool,
    /// It forms one linked run with the command behind it; the last of a run is not linked.
    pub linked: bool,
}

impl Flags {
    const CHECK: u16 = 1;
    const LINKED: u16 = 2;

    /// The flags of an encoded command; `None` where a bit without meaning is set.
    #[inline]
    #[must_use]
    pub fn of(bytes: &[u8; COMMAND_BYTES]) -> Option<Flags> {
        let bits = u16::from_le_bytes(at(bytes, FLAGS));
        if bits > Flags::CHECK | Flags::LINKED {
            return None;
        }
        Some(Flags { check: bits & Flags::CHECK != 0, linked: bits & Flags::LINKED != 0 })
    }

    /// The bits as they are sent.
    #[must_use]
    pub const fn bits(self) -> u16 {
        let check = if self.check { Flags::CHECK } else { 0 };
        let linked = if self.linked { Flags::LINKED } else { 0 };
        check | linked
    }
}
