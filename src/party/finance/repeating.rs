//! What goes wrong again and again is not told as often: an engine that is away is tried twice a second.

use crate::clock;

/// Time between two tellings of what goes on.
const TOLD_EVERY_MS: u64 = 60_000;

/// What has not happened for so long begins anew when it happens.
const OVER_AFTER_MS: u64 = 5_000;

/// One thing that goes wrong again and again: told when it begins, and then at most once a minute with how often.
#[derive(Debug, Default)]
pub(super) struct Repeating {
    last_ms: Option<u64>,
    told_ms: u64,
    untold: u64,
}

impl Repeating {
    /// It has gone wrong again: how often since it was told last, if it is to be told now.
    pub(super) fn now(&mut self) -> Option<u64> {
        self.at(clock::monotonic_ms())
    }

    fn at(&mut self, now_ms: u64) -> Option<u64> {
        let begins = self.last_ms.is_none_or(|last_ms| now_ms - last_ms > OVER_AFTER_MS);
        self.last_ms = Some(now_ms);
        self.untold += 1;
        if !begins && now_ms - self.told_ms < TOLD_EVERY_MS {
            return None;
        }
        self.told_ms = now_ms;
        Some(std::mem::take(&mut self.untold))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_told_when_it_begins_and_then_once_a_minute_with_how_often() {
        let mut one = Repeating::default();
        // Twice a second for two minutes.
        let told: Vec<(u64, u64)> =
            (0..240_u64).filter_map(|half| Some((half * 500, one.at(half * 500)?))).collect();
        assert_eq!(told, [(0, 1), (60_000, 120)]);
        assert_eq!(one.at(120_000), Some(120));
        // It was well for a while: what comes then is new, with what was not told before.
        assert_eq!(one.at(120_500), None);
        assert_eq!(one.at(130_000), Some(2));
        assert_eq!(one.at(130_500), None);
    }
}
