//! A histogram of times that costs one addition to count in, and never grows.
//!
//! Its bounds are fixed: four to each doubling, from 16 µs to 16.8 s, so that what is read from it
//! is at most a quarter too long. It never keeps a single time.

use std::fmt::Write;

use crate::metrics::Number;

/// The first bound is 2 to this power, in µs.
const FIRST_POWER: u32 = 4;

/// The last bound is 2 to this power, in µs.
const LAST_POWER: u32 = 24;

/// Bounds to each doubling.
const STEPS: u64 = 4;

/// Bounds, without the last bucket, which has none.
pub const BOUNDS: usize = 1 + (LAST_POWER - FIRST_POWER) as usize * STEPS as usize;

/// Times in µs, by bucket.
#[derive(Debug)]
pub struct Histogram {
    buckets: Vec<Number>,
    sum_us: Number,
}

impl Default for Histogram {
    fn default() -> Histogram {
        let buckets = (0..=BOUNDS).map(|_| Number::default()).collect();
        Histogram { buckets, sum_us: Number::default() }
    }
}

impl Histogram {
    /// Counts so many things that each took so long.
    pub fn count(&self, took_us: u64, things: u64) {
        self.buckets[bucket_of(took_us)].add(things);
        self.sum_us.add(took_us.saturating_mul(things));
    }

    /// Appends it in the Prometheus form. Counts are cumulative.
    pub(crate) fn put(&self, text: &mut String, name: &str, help: &str) {
        let _ = write!(text, "# HELP {name} {help}\n# TYPE {name} histogram\n");
        let mut count = 0;
        for (at, bucket) in self.buckets.iter().enumerate() {
            count += bucket.get();
            let _ = match bound_us(at) {
                Some(bound) => writeln!(text, "{name}_bucket{{le=\"{bound}\"}} {count}"),
                None => writeln!(text, "{name}_bucket{{le=\"+Inf\"}} {count}"),
            };
        }
        let _ = write!(text, "{name}_sum {}\n{name}_count {count}\n", self.sum_us.get());
    }
}

/// The bucket whose bound is the smallest that the time does not exceed.
fn bucket_of(took_us: u64) -> usize {
    let below = took_us.saturating_sub(1);
    if below >> FIRST_POWER == 0 {
        return 0;
    }
    let power = below.ilog2();
    if power >= LAST_POWER {
        return BOUNDS;
    }
    let step = below >> (power - STEPS.ilog2()) & (STEPS - 1);
    1 + (power - FIRST_POWER) as usize * STEPS as usize + step as usize
}

/// The longest time of a bucket; the last has none.
fn bound_us(bucket: usize) -> Option<u64> {
    match bucket.checked_sub(1) {
        None => Some(1 << FIRST_POWER),
        Some(_) if bucket >= BOUNDS => None,
        Some(at) => {
            let (power, step) = (at as u64 / STEPS, at as u64 % STEPS);
            Some((STEPS + step + 1) << (u64::from(FIRST_POWER) + power) >> STEPS.ilog2())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_time_is_in_the_first_bucket_that_has_room_for_it() {
        let bounds: Vec<u64> = (0..BOUNDS).map(|at| bound_us(at).expect("a bound")).collect();
        assert!(bounds.is_sorted_by(|a, b| a < b), "{bounds:?}");
        assert_eq!((bounds[0], bounds[1], bounds[BOUNDS - 1]), (16, 20, 1 << 24));
        assert_eq!(bound_us(BOUNDS), None);
        for (at, &bound) in bounds.iter().enumerate() {
            assert_eq!(bucket_of(bound), at, "{bound} itself");
            assert_eq!(bucket_of(bound + 1), at + 1, "the next");
        }
        assert_eq!((bucket_of(0), bucket_of(u64::MAX)), (0, BOUNDS));
    }

    #[test]
    fn what_is_exported_is_cumulative_and_adds_up() {
        let times = Histogram::default();
        times.count(3, 2);
        times.count(18, 1);
        times.count(u64::from(u32::MAX), 1);
        let mut text = String::new();
        times.put(&mut text, "t", "Times.");
        for line in ["t_bucket{le=\"16\"} 2", "t_bucket{le=\"20\"} 3", "t_bucket{le=\"+Inf\"} 4"] {
            assert!(text.lines().any(|told| told == line), "{line} in {text}");
        }
        assert!(text.ends_with(&format!("t_sum {}\nt_count 4\n", 24 + u64::from(u32::MAX))));
    }
}
