//! Randomness from one seed: a ChaCha stream gives keys, and a mixing function gives every
//! payment its own draws from its key and its place, in any order.

use rand_chacha::ChaCha12Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// Keys drawn from the seed, one after the other.
pub(crate) struct Keys {
    stream: ChaCha12Rng,
}

impl Keys {
    /// The keys of a seed.
    pub(crate) fn new(seed: u64) -> Keys {
        Keys { stream: ChaCha12Rng::seed_from_u64(seed) }
    }

    /// The next key.
    pub(crate) fn next(&mut self) -> u64 {
        self.stream.next_u64()
    }

    /// A number below `bound`, without bias.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        let zone = u64::MAX - u64::MAX % bound;
        loop {
            let drawn = self.stream.next_u64();
            if drawn < zone {
                return drawn % bound;
            }
        }
    }

    /// Puts a list in random order.
    pub(crate) fn shuffle<T>(&mut self, list: &mut [T]) {
        for last in (1..list.len()).rev() {
            let chosen = self.below(last as u64 + 1) as usize;
            list.swap(last, chosen);
        }
    }
}

/// Draws that belong to one place: a short sequence of 64-bit numbers (SplitMix64).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Draws {
    state: u64,
}

const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

fn mix(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

impl Draws {
    /// The draws of a place under a key.
    pub(crate) fn at(key: u64, place: u64) -> Draws {
        Draws { state: mix(key ^ mix(place.wrapping_add(STEP))) }
    }

    /// The next 64 bits.
    pub(crate) fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(STEP);
        mix(self.state)
    }

    /// A number below `bound`; the bias of at most `bound` in 2⁶⁴ does not matter here.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(bound)) >> 64) as u64
    }
}

/// A caller's UUID made from a key, a namespace and a number; never zero in practice.
pub(crate) fn uuid(key: u64, space: u64, number: u64) -> u128 {
    let mut draws = Draws::at(key ^ mix(space), number);
    let (high, low) = (draws.next(), draws.next());
    // Version and variant bits of a random UUID.
    let high = high & !0xf000 | 0x4000;
    let low = low & !(0b11 << 62) | (0b10 << 62);
    u128::from(high) << 64 | u128::from(low)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_depend_on_key_and_place_alone() {
        let first = Draws::at(1, 2).next();
        assert_eq!(first, Draws::at(1, 2).next());
        assert_ne!(first, Draws::at(1, 3).next());
        assert_ne!(first, Draws::at(2, 2).next());
        assert_ne!(uuid(1, 0, 7), uuid(1, 1, 7));
        assert_eq!(Keys::new(5).next(), Keys::new(5).next());
    }

    #[test]
    fn a_shuffle_keeps_every_item() {
        let mut list: Vec<u32> = (0..100).collect();
        Keys::new(9).shuffle(&mut list);
        assert_ne!(list, (0..100).collect::<Vec<_>>());
        list.sort_unstable();
        assert_eq!(list, (0..100).collect::<Vec<_>>());
    }
}
