//! How many commands a session may give in a second: a bucket that fills with time and is emptied by
//! commands.
//!
//! Told the time, never reads it. A full bucket lets any one frame pass, however large, and what is
//! more than it holds has to be made up for: so a frame beyond the rate is late, and never stuck.

/// Parts of a command, so that a rate below one a millisecond fills the bucket evenly.
const PARTS: i64 = 1_000;

/// A session's bucket.
#[derive(Clone, Copy, Debug)]
pub(super) struct Allowance {
    /// Commands per second; also what the bucket holds.
    rate: i64,
    /// What is in it, in parts of commands. Negative: to be made up for.
    parts: i64,
    /// When it was last filled, in ms of monotonic time.
    filled_ms: u64,
}

impl Allowance {
    /// A full bucket.
    pub(super) fn new(commands_per_second: u32, now_ms: u64) -> Allowance {
        let rate = i64::from(commands_per_second);
        Allowance { rate, parts: rate * PARTS, filled_ms: now_ms }
    }

    /// Whether so many commands may pass now.
    ///
    /// # Errors
    /// In how many ms they may.
    pub(super) fn check(&mut self, commands: u32, now_ms: u64) -> Result<(), u32> {
        self.fill(now_ms);
        let missing = i64::from(commands).min(self.rate) * PARTS - self.parts;
        if missing <= 0 {
            return Ok(());
        }
        Err(u32::try_from((missing + self.rate - 1) / self.rate).unwrap_or(u32::MAX))
    }

    /// Takes out what has passed.
    pub(super) fn spend(&mut self, commands: u32) {
        self.parts -= i64::from(commands) * PARTS;
    }

    fn fill(&mut self, now_ms: u64) {
        let passed_ms = i64::try_from(now_ms.saturating_sub(self.filled_ms)).unwrap_or(i64::MAX);
        // One part a millisecond for each command a second.
        let more = passed_ms.saturating_mul(self.rate);
        self.parts = self.parts.saturating_add(more).min(self.rate * PARTS);
        self.filled_ms = self.filled_ms.max(now_ms);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_holds_a_second_and_fills_by_the_millisecond() {
        let mut allowance = Allowance::new(10, 5_000);
        assert_eq!(allowance.check(10, 5_000), Ok(()));
        allowance.spend(10);
        assert_eq!(allowance.check(1, 5_000), Err(100));
        assert_eq!(allowance.check(1, 5_099), Err(1));
        assert_eq!(allowance.check(1, 5_100), Ok(()));
        assert_eq!(allowance.check(2, 5_100), Err(100));
        // Time alone never gives more than a second's worth.
        assert_eq!(allowance.check(10, 900_000), Ok(()));
        allowance.spend(10);
        assert_eq!(allowance.check(1, 900_000), Err(100));
    }

    #[test]
    fn a_frame_beyond_the_bucket_passes_when_it_is_full_and_is_made_up_for() {
        let mut allowance = Allowance::new(100, 0);
        assert_eq!(allowance.check(1_000, 0), Ok(()));
        allowance.spend(1_000);
        assert_eq!(allowance.check(1, 0), Err(9_010));
        assert_eq!(allowance.check(1, 9_010), Ok(()));
        assert_eq!(allowance.check(1_000, 9_010), Err(990), "not before it is full");
    }

    #[test]
    fn a_clock_that_goes_back_gives_and_takes_nothing() {
        let mut allowance = Allowance::new(1, 10_000);
        allowance.spend(1);
        assert_eq!(allowance.check(1, 9_000), Err(1_000));
        assert_eq!(allowance.check(1, 11_000), Ok(()));
    }
}
