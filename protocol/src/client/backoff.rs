//! Pauses between repeats: doubling, bounded, and spread by a seed the caller gives.

use std::time::Duration;

use crate::limits::{CLIENT_BACKOFF_MS_MAX, CLIENT_BACKOFF_MS_MIN};

/// Draws pauses. Two with different seeds drift apart, so that a thousand clients that were
/// turned away at once do not come back at once.
#[derive(Clone, Copy, Debug)]
pub(super) struct Backoff {
    state: u64,
}

impl Backoff {
    pub(super) const fn new(seed: u64) -> Backoff {
        Backoff { state: seed }
    }

    /// The pause before repeat number `attempt` (from 1): between half and the whole of a time
    /// that doubles, and no less than the server asked for.
    pub(super) fn pause(&mut self, attempt: u32, at_least_ms: u32) -> Duration {
        let doubled = CLIENT_BACKOFF_MS_MIN << attempt.saturating_sub(1).min(16);
        let whole_us = doubled.min(CLIENT_BACKOFF_MS_MAX) * 1_000;
        let spread_us = whole_us / 2 + self.next() % (whole_us / 2 + 1);
        Duration::from_millis(u64::from(at_least_ms)) + Duration::from_micros(spread_us)
    }

    /// SplitMix64.
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_within_their_bounds_and_differ_by_seed() {
        let (mut one, mut other) = (Backoff::new(1), Backoff::new(2));
        let mut same = 0;
        for attempt in 1..40 {
            let whole = (CLIENT_BACKOFF_MS_MIN << (attempt - 1).min(16)).min(CLIENT_BACKOFF_MS_MAX);
            let pause = one.pause(attempt, 0);
            assert!(
                pause >= Duration::from_millis(whole) / 2 && pause <= Duration::from_millis(whole)
            );
            same += u32::from(pause == other.pause(attempt, 0));
        }
        assert!(same < 3);
        assert!(one.pause(1, 700) >= Duration::from_millis(700));
    }
}
