//! What the tests over the real program share: a server process, connections to it, commands as
//! people and banks give them, and files to look at and to spoil.
//!
//! Nothing here sleeps to hide a race: a condition is polled until it holds, and a patience that
//! runs out fails the test. Chance comes from a seed that is printed.

// Each test file uses its own part of this.
#![allow(dead_code, reason = "each test file uses its own part")]

pub(crate) mod bystander;
pub(crate) mod desk;
pub(crate) mod files;
pub(crate) mod journal;
pub(crate) mod lines;
pub(crate) mod orders;
pub(crate) mod province;
pub(crate) mod server;
pub(crate) mod terminal;
pub(crate) mod vanish;

use std::hash::{BuildHasher, Hasher, RandomState};
use std::thread::sleep;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// How long a test waits for anything before it fails.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Pause between two looks at a condition.
const LOOK_AGAIN: Duration = Duration::from_millis(2);

/// Looks until there is something to give back.
pub(crate) fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let looks = PATIENCE.as_millis() / LOOK_AGAIN.as_millis();
    for _ in 0..looks {
        if let Some(found) = look() {
            return found;
        }
        sleep(LOOK_AGAIN);
    }
    panic!("waited {PATIENCE:?} in vain: {what}")
}

/// Seconds of the monotonic clock: for a heartbeat, and for what is told; nothing is judged by it.
pub(crate) fn seconds() -> i64 {
    clock_gettime(ClockId::Monotonic).tv_sec
}

/// Chance from a seed.
#[derive(Clone, Debug)]
pub(crate) struct Chance(u64);

impl Chance {
    /// A seed from TREASURY_SEED, else a fresh one. It is printed, so that a failure tells it.
    pub(crate) fn new(test: &str) -> Chance {
        Chance::told_to(test, |line| println!("{line}"))
    }

    /// The same, and the seed is told elsewhere.
    pub(crate) fn told_to(test: &str, tell: impl FnOnce(String)) -> Chance {
        let given = std::env::var("TREASURY_SEED").ok();
        let seed = match given.as_deref().map(str::parse) {
            Some(Ok(seed)) => seed,
            Some(Err(error)) => panic!("TREASURY_SEED is no number: {error}"),
            None => RandomState::new().build_hasher().finish() >> 16,
        };
        tell(format!("{test}: seed {seed} (TREASURY_SEED={seed} repeats the draws)"));
        Chance(seed)
    }

    /// Chance of its own for a part of the test.
    pub(crate) fn split(&mut self) -> Chance {
        Chance(self.next())
    }

    /// The next 64 bits (SplitMix64).
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        assert!(end > 0, "nothing is below zero");
        self.next() % end
    }

    /// A number from `low` to `high`, both included.
    pub(crate) fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high - low + 1)
    }

    /// True once in so many times.
    pub(crate) fn once_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    /// An id nobody has drawn before.
    pub(crate) fn id(&mut self) -> u128 {
        (u128::from(self.next()) << 64) | u128::from(self.next()) | 1
    }

    /// One of several things.
    pub(crate) fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len() as u64) as usize]
    }

    /// Bytes of any value.
    pub(crate) fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.next() as u8).collect()
    }
}
