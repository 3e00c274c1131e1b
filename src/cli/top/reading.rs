//! One reading of a server, out of its metrics and its health. Never asks anybody.

use std::collections::BTreeMap;

use protocol::{Health, Position};

use crate::cli::sample::Sample;

/// What the server told at one moment.
#[derive(Clone, Debug)]
pub(super) struct Reading {
    /// When, in ms of this program's monotonic clock.
    pub(super) at_ms: u64,
    pub(super) status: &'static str,
    pub(super) note: String,
    pub(super) server: String,
    pub(super) durable: Position,
    pub(super) uptime_ms: u64,
    numbers: BTreeMap<String, u64>,
    /// Outcomes by code, as counted since the start.
    pub(super) outcomes: BTreeMap<String, u64>,
    /// What was checked for each law of quotas, and what breaks it.
    pub(super) laws: BTreeMap<String, (u64, u64)>,
    /// How many replies took at most so many µs, by bound; the last has none.
    pub(super) replies: Vec<(Option<u64>, u64)>,
}

const OUTCOMES: &str = "treasury_outcomes_total";
const LAW_CHECKED: &str = "treasury_law_checked";
const LAW_VIOLATIONS: &str = "treasury_law_violations";
const REPLIES: &str = "treasury_reply_microseconds_bucket";

impl Reading {
    pub(super) fn new(at_ms: u64, health: &Health, metrics: &str) -> Reading {
        let mut reading = Reading {
            at_ms,
            status: health.status.slug(),
            note: health.note.clone(),
            server: health.server_version.clone(),
            durable: health.durable,
            uptime_ms: health.uptime_ms,
            numbers: BTreeMap::new(),
            outcomes: BTreeMap::new(),
            laws: BTreeMap::new(),
            replies: Vec::new(),
        };
        metrics.lines().for_each(|line| reading.take(line));
        reading
    }

    /// Takes a line of metrics. One that cannot be read is of a newer server, and left out.
    fn take(&mut self, line: &str) {
        let Some(Sample { name, label, value }) = Sample::read(line) else { return };
        let Some(label) = label else {
            self.numbers.insert(name.to_owned(), value);
            return;
        };
        match name {
            OUTCOMES => {
                self.outcomes.insert(label.to_owned(), value);
            }
            LAW_CHECKED => self.laws.entry(label.to_owned()).or_default().0 = value,
            LAW_VIOLATIONS => self.laws.entry(label.to_owned()).or_default().1 = value,
            REPLIES => self.replies.push((label.parse().ok(), value)),
            _ => {}
        }
    }

    /// A metric by its name, without the part that all share; nothing, where the server has none.
    pub(super) fn number(&self, name: &str) -> Option<u64> {
        self.numbers.get(&format!("treasury_{name}")).copied()
    }

    /// Whether `self` goes on from an earlier reading: the same server, not started anew between.
    fn goes_on_from(&self, before: &Reading) -> bool {
        self.durable.epoch == before.durable.epoch && self.at_ms > before.at_ms
    }
}

/// What happened between two readings of one run of a server.
pub(super) struct Between<'a> {
    before: &'a Reading,
    now: &'a Reading,
}

impl<'a> Between<'a> {
    /// Nothing, where the server was started anew between them.
    pub(super) fn new(before: &'a Reading, now: &'a Reading) -> Option<Between<'a>> {
        now.goes_on_from(before).then_some(Between { before, now })
    }

    /// How long, in ms.
    pub(super) fn ms(&self) -> u64 {
        self.now.at_ms - self.before.at_ms
    }

    /// How often a second a counter was counted up.
    pub(super) fn per_second(&self, name: &str) -> Option<u64> {
        Some(self.rate(self.before.number(name)?, self.now.number(name)?))
    }

    /// How often a second there was an outcome.
    pub(super) fn outcomes_per_second(&self, code: &str) -> u64 {
        let of = |reading: &Reading| reading.outcomes.get(code).copied().unwrap_or(0);
        self.rate(of(self.before), of(self.now))
    }

    fn rate(&self, before: u64, now: u64) -> u64 {
        let more = u128::from(now.saturating_sub(before));
        u64::try_from(more * 1000 / u128::from(self.ms())).unwrap_or(u64::MAX)
    }

    /// How many commands and look-ups were answered.
    pub(super) fn answered(&self) -> u64 {
        self.more_by_bound().last().map_or(0, |&(_, count)| count)
    }

    /// The time that so many of a thousand replies did not exceed, in µs.
    pub(super) fn reply_us(&self, of_thousand: u64) -> Option<Percentile> {
        let more = self.more_by_bound();
        let all = u128::from(self.answered());
        if all == 0 {
            return None;
        }
        let wanted = (all * u128::from(of_thousand)).div_ceil(1000);
        let (bound, _) = more.iter().find(|(_, count)| u128::from(*count) >= wanted)?;
        Some(bound.map_or(Percentile::Beyond, Percentile::AtMost))
    }

    fn more_by_bound(&self) -> Vec<(Option<u64>, u64)> {
        let pairs = self.before.replies.iter().zip(&self.now.replies);
        pairs.map(|(before, now)| (now.0, now.1.saturating_sub(before.1))).collect()
    }
}

/// A percentile, as far as the server's buckets tell it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Percentile {
    /// At most so many µs.
    AtMost(u64),
    /// More than the last bound.
    Beyond,
}

#[cfg(test)]
pub(super) mod tests {
    use protocol::hello::Environment;
    use protocol::message::Status;

    use super::*;

    pub(in crate::cli::top) fn health(epoch: u32, sequence: u64) -> Health {
        Health {
            status: Status::Serving,
            environment: Environment::Test,
            data_set: 7,
            durable: Position { epoch, sequence },
            uptime_ms: 3_723_000,
            connections: 12,
            divisions: 187,
            quotas: 3_456,
            server_version: "treasury 0.1.0".into(),
            note: String::new(),
        }
    }

    const EARLIER: &str = "\
# HELP treasury_journal_records_total Records made durable.
# TYPE treasury_journal_records_total counter
treasury_journal_records_total 100
treasury_outcomes_total{code=\"accepted\"} 90
treasury_reply_microseconds_bucket{le=\"16\"} 0
treasury_reply_microseconds_bucket{le=\"20\"} 10
treasury_reply_microseconds_bucket{le=\"+Inf\"} 10
";
    const LATER: &str = "\
treasury_journal_records_total 1100
treasury_outcomes_total{code=\"accepted\"} 590
treasury_outcomes_total{code=\"over-quota\"} 20
treasury_reply_microseconds_bucket{le=\"16\"} 0
treasury_reply_microseconds_bucket{le=\"20\"} 109
treasury_reply_microseconds_bucket{le=\"+Inf\"} 110
treasury_of_a_later_version{by=\"x\"} 1.5
";

    #[test]
    fn rates_are_what_was_added_by_the_time_between() {
        let before = Reading::new(1_000, &health(3, 100), EARLIER);
        let now = Reading::new(3_000, &health(3, 1_100), LATER);
        let between = Between::new(&before, &now).expect("one run of the server");
        assert_eq!(between.per_second("journal_records_total"), Some(500));
        assert_eq!(between.per_second("payment_pages_in_total"), None, "nobody told");
        assert_eq!(between.outcomes_per_second("accepted"), 250);
        assert_eq!(between.outcomes_per_second("over-quota"), 10);
        assert_eq!(between.answered(), 100);
        assert_eq!(between.reply_us(990), Some(Percentile::AtMost(20)));
        assert_eq!(between.reply_us(999), Some(Percentile::Beyond));
    }

    #[test]
    fn a_server_that_was_started_anew_has_no_rates_yet() {
        let before = Reading::new(1_000, &health(3, 100), LATER);
        let now = Reading::new(3_000, &health(4, 101), EARLIER);
        assert!(Between::new(&before, &now).is_none());
        let same = Reading::new(1_000, &health(3, 100), LATER);
        assert!(Between::new(&before, &same).is_none(), "no time has passed");
    }

    #[test]
    fn without_an_answer_there_is_no_percentile() {
        let before = Reading::new(1_000, &health(3, 100), EARLIER);
        let now = Reading::new(2_000, &health(3, 100), EARLIER);
        let between = Between::new(&before, &now).expect("one run of the server");
        assert_eq!((between.answered(), between.reply_us(500)), (0, None));
    }
}
