//! Which shard has which division, and which divisions are registered.
//!
//! Made at start from what the journal shows, never stored: any number of shards replays to the
//! same state.

use std::sync::atomic::{AtomicU64, Ordering};

use domain::ids::DivisionIndex;

/// Divisions an index can name.
const DIVISIONS: usize = 1 << 16;

/// Routes divisions to shards. Shared by every network thread and shard.
#[derive(Debug)]
pub struct Registry {
    shard_of: Vec<u8>,
    registered: Vec<AtomicU64>,
}

impl Registry {
    /// Spreads divisions over `shards` by load: the heaviest first, each to the lightest shard.
    /// Divisions without load go round.
    ///
    /// # Panics
    /// If `shards` is zero or beyond [`crate::limits::SHARDS_MAX`].
    #[must_use]
    pub fn new(shards: usize, loads: &[(DivisionIndex, u64)]) -> Registry {
        assert!((1..=crate::limits::SHARDS_MAX).contains(&shards), "{shards} shards");
        let mut shard_of: Vec<u8> = (0..DIVISIONS).map(|index| (index % shards) as u8).collect();
        let mut sorted = loads.to_vec();
        sorted.sort_unstable_by_key(|&(division, load)| (std::cmp::Reverse(load), division));
        let mut filled = vec![0_u64; shards];
        for (division, load) in sorted {
            let lightest = (0..shards).min_by_key(|&shard| filled[shard]).unwrap_or(0);
            filled[lightest] += load.max(1);
            shard_of[usize::from(division.0)] = lightest as u8;
        }
        let registered = (0..DIVISIONS / 64).map(|_| AtomicU64::new(0)).collect();
        Registry { shard_of, registered }
    }

    /// The shard of a division.
    #[must_use]
    pub fn shard_of(&self, division: DivisionIndex) -> usize {
        usize::from(self.shard_of[usize::from(division.0)])
    }

    /// Whether a division is registered, durably.
    #[must_use]
    pub fn is_registered(&self, division: DivisionIndex) -> bool {
        let index = usize::from(division.0);
        // Only a hint for routing: the shard decides. No order with other memory is needed.
        self.registered[index / 64].load(Ordering::Relaxed) & (1 << (index % 64)) != 0
    }

    /// Notes a registration.
    pub fn register(&self, division: DivisionIndex) {
        let index = usize::from(division.0);
        self.registered[index / 64].fetch_or(1 << (index % 64), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn load_is_spread_and_everything_has_a_shard() {
        let loads: Vec<_> =
            (0..10).map(|index| (DivisionIndex(index), 100 - u64::from(index))).collect();
        let registry = Registry::new(2, &loads);
        let of_first =
            (0..10).filter(|&index| registry.shard_of(DivisionIndex(index)) == 0).count();
        assert_eq!(of_first, 5);
        assert!(registry.shard_of(DivisionIndex(u16::MAX)) < 2);
        assert!(!registry.is_registered(DivisionIndex(70)));
        registry.register(DivisionIndex(70));
        assert!(registry.is_registered(DivisionIndex(70)));
    }
}
