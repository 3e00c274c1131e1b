//! Whether the wall clock may be believed.
//!
//! Deadlines are moments of the wall clock. A clock that jumps must not end reservations: while it
//! stands apart from what the monotonic clock says, deadlines wait and people are told.

use crate::limits::{CLOCK_AHEAD_MS_MAX, CLOCK_BEHIND_MS_MAX};

/// Compares each reading with the one before.
#[derive(Clone, Copy, Debug)]
pub struct ClockGuard {
    wall_ms: u64,
    monotonic_ms: u64,
}

/// What a reading of the clocks says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// The clocks agree.
    Good,
    /// The wall clock stands this much behind what was expected, in ms: deadlines wait.
    Behind(u64),
    /// The wall clock runs this much ahead of what was expected, in ms: deadlines wait.
    Ahead(u64),
}

impl ClockGuard {
    /// The first reading, which is believed.
    #[must_use]
    pub fn new(wall_ms: u64, monotonic_ms: u64) -> ClockGuard {
        ClockGuard { wall_ms, monotonic_ms }
    }

    /// Judges a reading. A good one is what the next is compared with; after a bad one the
    /// expectation goes on from the last good one, until the clock is back or the process is
    /// started again by people who trust it.
    pub fn judge(&mut self, wall_ms: u64, monotonic_ms: u64) -> Reading {
        let passed = monotonic_ms.saturating_sub(self.monotonic_ms);
        let expected = self.wall_ms.saturating_add(passed);
        if wall_ms.saturating_add(CLOCK_BEHIND_MS_MAX) < expected {
            return Reading::Behind(expected - wall_ms);
        }
        if wall_ms > expected.saturating_add(CLOCK_AHEAD_MS_MAX) {
            return Reading::Ahead(wall_ms - expected);
        }
        *self = ClockGuard { wall_ms, monotonic_ms };
        Reading::Good
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_drift_is_believed_and_jumps_are_not() {
        let mut guard = ClockGuard::new(1_000_000, 0);
        assert_eq!(guard.judge(1_010_000, 10_000), Reading::Good);
        assert_eq!(guard.judge(1_009_000, 10_500), Reading::Good);
        assert_eq!(guard.judge(1_000_000, 11_000), Reading::Behind(9_500));
        assert_eq!(guard.judge(5_000_000, 12_000), Reading::Ahead(3_989_500));
        assert_eq!(guard.judge(1_011_000, 12_500), Reading::Good);
    }
}
