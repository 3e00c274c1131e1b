//! Numbers that follow from a seed, the same for ever: a hash of the seed and how many were drawn.
//!
//! For scripts and for income: never inside of a business, which draws nothing.

use xxhash_rust::xxh3::xxh3_64_with_seed;

/// Draws numbers.
#[derive(Clone, Debug)]
pub(crate) struct Draw {
    seed: u64,
    drawn: u64,
}

impl Draw {
    pub(crate) const fn new(seed: u64) -> Draw {
        Draw { seed, drawn: 0 }
    }

    /// Of a seed and a name.
    pub(crate) fn of(seed: u64, name: &[u8]) -> Draw {
        Draw::new(xxh3_64_with_seed(name, seed))
    }

    fn next(&mut self) -> u64 {
        self.drawn += 1;
        xxh3_64_with_seed(&self.drawn.to_le_bytes(), self.seed)
    }

    /// A number below a bound; 0 for a bound of 0.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        // The high half of the product: even, up to one part in 2⁶⁴ / bound.
        ((u128::from(self.next()) * u128::from(bound)) >> 64) as u64
    }
}
