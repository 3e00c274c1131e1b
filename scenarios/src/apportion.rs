//! Shares by rank: Zipf weights in whole numbers, and how counts are dealt out by them exactly.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// Weights are in units of 2⁻³².
const UNIT_BITS: u32 = 32;

/// The weight of each rank from 1: rank to the power of −`fifths`/5, in units of 2⁻³².
pub(crate) fn zipf_weights(ranks: usize, fifths: u32) -> Vec<u64> {
    let mut root = 1_u64 << UNIT_BITS;
    (1..=ranks as u64)
        .map(|rank| {
            // The largest w with w^5 * rank^fifths <= 2^160, by Newton's steps from the last one.
            root = fifth_root_from(root, rank, fifths);
            root.max(1)
        })
        .collect()
}

/// Newton's method downwards for w^5 = 2^160 / rank^fifths, in 128-bit arithmetic scaled so that
/// nothing overflows: w is below 2^33, so w^4 is below 2^132 and is kept without its low 32 bits.
fn fifth_root_from(start: u64, rank: u64, fifths: u32) -> u64 {
    let mut root = u128::from(start);
    loop {
        let next = (4 * root + target_over_fourth_power(root, rank, fifths)) / 5;
        if next >= root {
            return root as u64;
        }
        root = next;
    }
}

/// (2^160 / rank^fifths) / root^4, rounded down step by step.
fn target_over_fourth_power(root: u128, rank: u64, fifths: u32) -> u128 {
    // 2^160 as 2^127 * 2^33: divide the larger factor first, then multiply back and divide on.
    let mut value = 1_u128 << 127;
    let mut shift = 33;
    for _ in 0..4 {
        value /= root;
        let room = value.leading_zeros().saturating_sub(1).min(shift);
        value <<= room;
        shift -= room;
    }
    for _ in 0..fifths {
        value /= u128::from(rank);
        let room = value.leading_zeros().saturating_sub(1).min(shift);
        value <<= room;
        shift -= room;
    }
    value << shift
}

/// Deals `total` by descending `weights`, none above `cap`; the sum is exact.
/// `None` when even every share at the cap does not reach the total.
pub(crate) fn deal(total: u64, weights: &[u64], cap: u64) -> Option<Vec<u64>> {
    if u128::from(cap) * (weights.len() as u128) < u128::from(total) {
        return None;
    }
    let mut rest_weight: u128 = weights.iter().map(|&weight| u128::from(weight)).sum();
    let mut rest = u128::from(total);
    let mut capped = 0;
    while capped < weights.len()
        && rest * u128::from(weights[capped]) > u128::from(cap) * rest_weight
    {
        rest -= u128::from(cap);
        rest_weight -= u128::from(weights[capped]);
        capped += 1;
    }
    let mut shares = vec![cap; capped];
    let (mut seen, mut given) = (0_u128, 0_u128);
    for &weight in &weights[capped..] {
        seen += u128::from(weight);
        let due = rest * seen / rest_weight;
        // Rounding can lift a share that lies just under the cap.
        let share = (due - given).min(u128::from(cap));
        given += share;
        shares.push(share as u64);
    }
    let mut missing = rest - given;
    for share in &mut shares {
        let more = missing.min(u128::from(cap - *share));
        *share += more as u64;
        missing -= more;
    }
    Some(shares)
}

#[derive(PartialEq, Eq)]
struct Seat {
    weight: u64,
    divisor: u64,
    party: usize,
}

impl Ord for Seat {
    fn cmp(&self, other: &Seat) -> Ordering {
        let left = u128::from(self.weight) * u128::from(other.divisor);
        let right = u128::from(other.weight) * u128::from(self.divisor);
        left.cmp(&right).then(other.party.cmp(&self.party))
    }
}

impl PartialOrd for Seat {
    fn partial_cmp(&self, other: &Seat) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// An order of parties in which each prefix is close to proportional to their weights
/// (Sainte-Laguë). A party stops after `limits[party]` places.
pub(crate) struct Interleave {
    heap: BinaryHeap<Seat>,
    left: Vec<u64>,
}

impl Interleave {
    /// An order of as many places as `limits` allows.
    pub(crate) fn new(weights: &[u64], limits: Vec<u64>) -> Interleave {
        let seats = weights.iter().enumerate().filter(|&(party, _)| limits[party] > 0);
        let heap = seats.map(|(party, &weight)| Seat { weight, divisor: 1, party }).collect();
        Interleave { heap, left: limits }
    }
}

impl Iterator for Interleave {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        let mut seat = self.heap.pop()?;
        let party = seat.party;
        self.left[party] -= 1;
        if self.left[party] > 0 {
            seat.divisor += 2;
            self.heap.push(seat);
        }
        Some(party)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_fall_by_the_power_of_the_rank() {
        let weights = zipf_weights(100_000, 4);
        assert_eq!(weights[0], 1 << 32);
        // 32^0.8 = 16.
        assert!(weights[31].abs_diff(1 << 28) < 16, "{}", weights[31]);
        // 100 000^0.8 = 10 000.
        assert!(weights[99_999].abs_diff((1 << 32) / 10_000) <= 1, "{}", weights[99_999]);
        assert!(weights.windows(2).all(|pair| pair[0] >= pair[1]));
    }

    #[test]
    fn shares_are_exact_and_capped() {
        let weights = zipf_weights(1000, 4);
        for (total, cap) in [(1, 5), (10_000, 5_000), (10_000, 50), (10_000, 10), (0, 1)] {
            let shares = deal(total, &weights, cap).unwrap();
            assert_eq!(shares.iter().sum::<u64>(), total);
            assert!(shares.iter().all(|&share| share <= cap));
        }
        assert_eq!(deal(10_001, &weights, 10), None);
    }

    #[test]
    fn an_interleaving_is_proportional_and_stops_at_its_limits() {
        let order: Vec<usize> = Interleave::new(&[30, 10], vec![30, 10]).collect();
        assert_eq!(order.len(), 40);
        let early = order[..20].iter().filter(|&&party| party == 0).count();
        assert!((14..=16).contains(&early), "{early}");
        assert_eq!(Interleave::new(&[1, 1], vec![0, 2]).collect::<Vec<_>>(), [1, 1]);
    }
}
