//! Two clocks: the one that the world goes by, and the wall clock that the engine reads.
//!
//! Only moves when it is told to.

use actors::limits::CLOCK_AHEAD_MS_MAX;
use actors::testing::draw::Draw;

/// The clocks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clocks {
    /// How long the world has gone on, in ms.
    pub(crate) monotonic_ms: u64,
    begins_ms: u64,
    /// How far the wall clock stands from the world's.
    skew_ms: i64,
    /// How far it stood when the process started, which is believed.
    believed_ms: i64,
}

impl Clocks {
    /// Both at the same moment.
    #[must_use]
    pub(crate) fn new(begins_ms: u64) -> Clocks {
        Clocks { monotonic_ms: 0, begins_ms, skew_ms: 0, believed_ms: 0 }
    }

    /// What the wall clock shows.
    #[must_use]
    pub(crate) fn wall_ms(&self) -> u64 {
        (self.begins_ms + self.monotonic_ms).saturating_add_signed(self.skew_ms)
    }

    /// What a wall clock would show that has not jumped since the process started.
    #[must_use]
    pub(crate) fn steady_ms(&self) -> u64 {
        (self.begins_ms + self.monotonic_ms).saturating_add_signed(self.believed_ms)
    }

    /// Time passes.
    pub(crate) fn pass(&mut self, ms: u64) {
        self.monotonic_ms += ms;
    }

    /// The wall clock jumps, further than a drift that is believed.
    pub(crate) fn jump(&mut self, ahead: bool, draw: &mut Draw) {
        let by = draw.one_of(&[2 * CLOCK_AHEAD_MS_MAX, 3_600_000, 10_800_000]) as i64;
        self.skew_ms = self.believed_ms + if ahead { by } else { -by };
    }

    /// People set the wall clock right.
    pub(crate) fn set_right(&mut self) {
        self.skew_ms = self.believed_ms;
    }

    /// A process starts, and believes what the wall clock shows.
    pub(crate) fn believe(&mut self) {
        self.believed_ms = self.skew_ms;
    }
}
