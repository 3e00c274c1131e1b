//! The one place that reads clocks.

use std::sync::OnceLock;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The wall clock, in ms since 1970.
#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the wall clock")]
pub(crate) fn wall_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// The monotonic clock.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the one place that reads the monotonic clock"
)]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// The monotonic clock, in ms since its first reading.
pub(crate) fn monotonic_ms() -> u64 {
    u64::try_from(since_first().as_millis()).unwrap_or(u64::MAX)
}

/// The monotonic clock, in µs since its first reading.
pub(crate) fn monotonic_us() -> u64 {
    u64::try_from(since_first().as_micros()).unwrap_or(u64::MAX)
}

fn since_first() -> Duration {
    static FIRST: OnceLock<Instant> = OnceLock::new();
    now().duration_since(*FIRST.get_or_init(now))
}

/// Time of a core that the calling thread has used, in µs.
pub(crate) fn core_time_us() -> u64 {
    let used = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    used.tv_sec.unsigned_abs() * 1_000_000 + used.tv_nsec.unsigned_abs() / 1_000
}
