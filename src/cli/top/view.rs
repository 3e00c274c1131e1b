//! What a person reads of two readings: as one JSON object, and as lines of text.
//!
//! Whatever the server does not tell is left out, never shown as zero.

use std::fmt::Write;

use serde_json::{Value, json};

use super::reading::{Between, Percentile, Reading};
use crate::cli::bench::grouped;
use crate::cli::show;

/// How fast a start is planned to replay, in records a second.
const REPLAY_RECORDS_PER_SECOND: u64 = 1_000_000;

/// A reading beside the one before it.
pub(super) struct View<'a> {
    pub(super) now: &'a Reading,
    pub(super) between: Option<Between<'a>>,
}

/// An outcome: its code, how many since the start, how many a second.
pub(super) type OutcomeRow<'a> = (&'a str, u64, Option<u64>);

/// The percentiles that are told, of a thousand.
const PERCENTILES: [(&str, u64); 4] = [("p50", 500), ("p90", 900), ("p99", 990), ("p99.9", 999)];

impl<'a> View<'a> {
    pub(super) fn new(before: Option<&'a Reading>, now: &'a Reading) -> View<'a> {
        View { now, between: before.and_then(|before| Between::new(before, now)) }
    }

    fn rate(&self, name: &str) -> Option<u64> {
        self.between.as_ref()?.per_second(name)
    }

    /// Records a second.
    pub(super) fn records_per_second(&self) -> Option<u64> {
        self.rate("journal_records_total")
    }

    /// Records that a start would replay.
    pub(super) fn checkpoint_behind(&self) -> Option<u64> {
        let from = self.now.number("checkpoint_sequence")?;
        Some(self.now.durable.sequence.saturating_sub(from))
    }

    fn directory_behind(&self) -> Option<u64> {
        let at = self.now.number("directory_sequence")?;
        Some(self.now.durable.sequence.saturating_sub(at))
    }

    /// Outcomes, the most frequent first.
    pub(super) fn outcomes(&self) -> Vec<OutcomeRow<'a>> {
        let rate = |code: &str| self.between.as_ref().map(|b| b.outcomes_per_second(code));
        let outcomes = self.now.outcomes.iter();
        let mut rows: Vec<OutcomeRow<'a>> =
            outcomes.map(|(code, count)| (code.as_str(), *count, rate(code))).collect();
        rows.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
        rows
    }

    /// True when somebody should look: a quota set aside, a fact in suspense, or a law broken.
    pub(super) fn has_alarms(&self) -> bool {
        let any = |name| self.now.number(name).is_some_and(|count| count > 0);
        any("quarantines_total")
            || any("facts_parked_total")
            || any("laws_broken_total")
            || self.now.laws.values().any(|&(_, violations)| violations > 0)
            || self.now.status != "serving"
    }

    /// The reading by itself, as a line each: what it is about, and the figures.
    pub(super) fn lines(&self) -> Vec<(&'static str, String)> {
        let records = match self.records_per_second() {
            Some(rate) => format!("{} records/s", grouped(rate)),
            None => "no rate yet".to_owned(),
        };
        vec![
            ("throughput", records),
            ("replies", self.replies()),
            ("queues", self.queues()),
            ("journal", self.journal()),
            ("checkpoint", self.checkpoint()),
            ("pages", self.pages()),
            ("directory", self.directory()),
            ("laws", self.laws()),
            ("alarms", self.alarms()),
        ]
    }

    fn replies(&self) -> String {
        let Some(between) = &self.between else { return "no rate yet".to_owned() };
        let mut parts = Vec::new();
        for (name, of_thousand) in PERCENTILES {
            match between.reply_us(of_thousand) {
                Some(Percentile::AtMost(us)) => parts.push(format!("{name} ≤{}", duration(us))),
                Some(Percentile::Beyond) => parts.push(format!("{name} >16.8 s")),
                None => {}
            }
        }
        parts.push(format!("of {}", grouped(between.answered())));
        parts.join("  ")
    }

    fn queues(&self) -> String {
        self.join(&[
            ("held", self.now.number("replies_held"), ""),
            ("in flight", self.now.number("commands_in_flight"), ""),
            ("questions", self.now.number("questions_open"), ""),
            ("turned away", self.rate("busy_frames_total"), "/s"),
        ])
    }

    fn journal(&self) -> String {
        let mut text = String::new();
        if let (Some(groups), Some(bytes)) =
            (self.rate("journal_groups_total"), self.rate("journal_bytes_total"))
        {
            let _ = write!(text, "{} groups/s  {}/s  ", grouped(groups), show::bytes(bytes));
        }
        text + &self.join(&[("waits", self.now.number("journal_segment_waits_total"), "")])
    }

    fn checkpoint(&self) -> String {
        let Some(behind) = self.checkpoint_behind() else { return "not told".to_owned() };
        let replay = replay_seconds(behind);
        let bytes = self
            .now
            .number("checkpoint_bytes")
            .map_or_else(String::new, |bytes| format!(", {}", show::bytes(bytes)));
        format!("{} records behind: {replay} s of replay at 1,000,000/s{bytes}", grouped(behind))
    }

    fn pages(&self) -> String {
        self.join(&[
            ("in", self.rate("payment_pages_in_total"), "/s"),
            ("out", self.rate("payment_pages_out_total"), "/s"),
            ("in since the start", self.now.number("payment_pages_in_total"), ""),
            ("out", self.now.number("payment_pages_out_total"), ""),
        ])
    }

    fn directory(&self) -> String {
        let behind = self.directory_behind();
        let payments = self.now.number("directory_payments");
        self.join(&[("records behind", behind, ""), ("payments", payments, "")])
    }

    /// What the watch has checked; of laws that are broken, how often each is.
    fn laws(&self) -> String {
        let laws = &self.now.laws;
        if laws.is_empty() {
            return "not told".to_owned();
        }
        let checked = grouped(laws.values().map(|&(checked, _)| checked).sum());
        let broken = laws.iter().filter(|(_, (_, violations))| *violations > 0);
        let broken: Vec<String> = broken
            .map(|(law, (_, violations))| format!("{law} {}", grouped(*violations)))
            .collect();
        let broken = if broken.is_empty() { "none".to_owned() } else { broken.join("  ") };
        let rounds = self.join(&[("rounds", self.now.number("law_rounds_total"), "")]);
        format!("checked {checked}  broken {broken}  {rounds}")
    }

    fn alarms(&self) -> String {
        self.join(&[
            ("quarantined", self.now.number("quarantines_total"), ""),
            ("parked", self.now.number("facts_parked_total"), ""),
            ("laws broken", self.now.number("laws_broken_total"), ""),
            ("connections failed", self.now.number("connections_failed_total"), ""),
        ])
    }

    /// Figures with their names; what nobody told is left out.
    fn join(&self, figures: &[(&str, Option<u64>, &str)]) -> String {
        let told: Vec<String> = figures
            .iter()
            .filter_map(|(name, value, unit)| Some(format!("{name} {}{unit}", grouped((*value)?))))
            .collect();
        if told.is_empty() { "not told".to_owned() } else { told.join("  ") }
    }

    /// The line above all: who it is, and how.
    pub(super) fn title(&self) -> String {
        let now = self.now;
        let up = grouped(now.uptime_ms / 1000);
        let connections = self.join(&[("connections", now.number("connections"), "")]);
        let (server, status, at) = (&now.server, now.status, now.durable);
        format!("{server}  {status}  at {at}  up {up} s  {connections}")
    }

    /// The whole reading as text.
    pub(super) fn to_text(&self) -> String {
        let mut text = format!("{}\n", self.title());
        if !self.now.note.is_empty() {
            let _ = writeln!(text, "{:<11} {}", "note", self.now.note);
        }
        for (name, line) in self.lines() {
            let _ = writeln!(text, "{name:<11} {line}");
        }
        for (code, count, rate) in self.outcomes() {
            let rate = rate.map_or_else(String::new, |rate| format!("{:>12}/s", grouped(rate)));
            let _ = writeln!(text, "outcome     {code:<22} {:>15}{rate}", grouped(count));
        }
        text
    }

    /// The whole reading as one object. What the server does not tell is null.
    pub(super) fn to_json(&self) -> Value {
        let now = self.now;
        let number = |name: &str| now.number(name);
        let behind = self.checkpoint_behind();
        let outcomes: Vec<Value> = self
            .outcomes()
            .into_iter()
            .map(|(code, total, per_second)| {
                json!({ "code": code, "total": total, "per_second": per_second })
            })
            .collect();
        json!({
            "schema": "treasury-top",
            "version": 1,
            "server": now.server,
            "status": now.status,
            "note": now.note,
            "position": { "epoch": now.durable.epoch, "sequence": now.durable.sequence },
            "uptime_ms": now.uptime_ms,
            "interval_ms": self.between.as_ref().map(Between::ms),
            "records_per_second": self.records_per_second(),
            "outcomes": outcomes,
            "replies": self.replies_json(),
            "queues": {
                "replies_held": number("replies_held"),
                "commands_in_flight": number("commands_in_flight"),
                "questions_open": number("questions_open"),
                "frames_turned_away_per_second": self.rate("busy_frames_total"),
                "connections": number("connections"),
            },
            "journal": {
                "groups_per_second": self.rate("journal_groups_total"),
                "bytes_per_second": self.rate("journal_bytes_total"),
                "segment_waits": number("journal_segment_waits_total"),
            },
            "checkpoint": {
                "sequence": number("checkpoint_sequence"),
                "records_behind": behind,
                "replay_ms": behind.map(|records| records / (REPLAY_RECORDS_PER_SECOND / 1000)),
                "bytes": number("checkpoint_bytes"),
            },
            "pages": {
                "in_per_second": self.rate("payment_pages_in_total"),
                "out_per_second": self.rate("payment_pages_out_total"),
                "in": number("payment_pages_in_total"),
                "out": number("payment_pages_out_total"),
            },
            "directory": {
                "records_behind": self.directory_behind(),
                "payments": number("directory_payments"),
            },
            "laws": self.laws_json(),
            "laws_broken": number("laws_broken_total"),
            "quarantines": number("quarantines_total"),
            "facts_parked": number("facts_parked_total"),
            "connections_failed": number("connections_failed_total"),
        })
    }

    fn laws_json(&self) -> Value {
        let one = |(law, &(checked, violations)): (&String, &(u64, u64))| {
            (law.clone(), json!({ "checked": checked, "violations": violations }))
        };
        Value::Object(self.now.laws.iter().map(one).collect())
    }

    fn replies_json(&self) -> Value {
        let Some(between) = &self.between else { return Value::Null };
        let mut told = json!({ "answered": between.answered() });
        for (name, of_thousand) in PERCENTILES {
            told[format!("{}_us_max", name.replace('.', "_"))] = match between.reply_us(of_thousand)
            {
                Some(Percentile::AtMost(us)) => json!(us),
                // Beyond the last bound, or nothing was answered.
                Some(Percentile::Beyond) | None => Value::Null,
            };
        }
        told
    }
}

/// How long a start would replay so many records, in seconds to the millisecond.
fn replay_seconds(records: u64) -> String {
    let ms = records / (REPLAY_RECORDS_PER_SECOND / 1000);
    format!("{}.{:03}", grouped(ms / 1000), ms % 1000)
}

/// A bound of a time for people: rounded up, since nothing took longer.
fn duration(us: u64) -> String {
    let tenths = |of: u64| {
        let tenths = us.div_ceil(of / 10);
        format!("{}.{}", tenths / 10, tenths % 10)
    };
    match us {
        0..1_000 => format!("{us} µs"),
        1_000..1_000_000 => format!("{} ms", tenths(1_000)),
        _ => format!("{} s", tenths(1_000_000)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_replays_have_units() {
        let told = [16, 1_280, 2_097_152].map(duration);
        assert_eq!(told, ["16 µs", "1.3 ms", "2.1 s"]);
        assert_eq!(replay_seconds(999), "0.000");
        assert_eq!(replay_seconds(12_345_678), "12.345");
    }
}
