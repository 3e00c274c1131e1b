//! When commands are due, and how long their answers took.

use std::cell::RefCell;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

use crate::clock;

/// Longest latency that is told apart, in µs.
const LATENCY_US_MAX: u64 = 600_000_000;

/// One lane's share of a rate: its commands are due at even distances, whether or not the ones
/// before were answered.
pub(super) struct Pace {
    began: Instant,
    per_s: f64,
    /// Commands that went.
    sent: u64,
}

impl Pace {
    /// A schedule that starts now.
    pub(super) fn new(rate_per_s: u64, lanes: usize) -> Pace {
        Pace { began: clock::now(), per_s: rate_per_s as f64 / lanes.max(1) as f64, sent: 0 }
    }

    fn due_at(&self, command: u64) -> Instant {
        self.began + Duration::from_secs_f64(command as f64 / self.per_s)
    }

    /// Waits until the next command is due, and tells how many are due then.
    pub(super) async fn wait(&self) -> usize {
        tokio::time::sleep_until(self.due_at(self.sent).into()).await;
        let passed = clock::now().saturating_duration_since(self.began);
        let due = (passed.as_secs_f64() * self.per_s) as u64 + 1;
        due.saturating_sub(self.sent).max(1) as usize
    }

    /// Notes the answers to the next commands, each from when it was due.
    pub(super) fn answered(&mut self, commands: u64, latency: &Latency) {
        let now = clock::now();
        for command in self.sent..self.sent + commands {
            latency.note(now.saturating_duration_since(self.due_at(command)), 1);
        }
        self.sent += commands;
    }
}

/// How long answers took.
pub(crate) struct Latency {
    us: RefCell<Histogram<u64>>,
}

impl Default for Latency {
    fn default() -> Latency {
        let us = Histogram::new_with_bounds(1, LATENCY_US_MAX, 3);
        Latency { us: RefCell::new(us.expect("1 is below the longest latency")) }
    }
}

impl Latency {
    /// Notes that so many answers took so long.
    pub(crate) fn note(&self, took: Duration, answers: u64) {
        let us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.us.borrow_mut().saturating_record_n(us, answers);
    }

    /// Microseconds at some quantiles, and the longest, by name.
    pub(crate) fn summary_us(&self) -> [(&'static str, u64); 5] {
        let us = self.us.borrow();
        let at = |quantile| us.value_at_quantile(quantile);
        [
            ("p50", at(0.5)),
            ("p90", at(0.9)),
            ("p99", at(0.99)),
            ("p999", at(0.999)),
            ("max", us.max()),
        ]
    }
}
