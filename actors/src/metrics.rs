//! Every metric of the engine, with its unit and its allowed labels, in one file.
//!
//! Counters only grow, gauges are set. No label ever names a quota, a payment or a person.

use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};

use domain::Code;
use domain::laws::LAWS;
use domain::resident::{KINDS, Resident};

use crate::histogram::Histogram;

/// One number that threads add to or set.
#[derive(Debug, Default)]
pub struct Number(AtomicU64);

impl Number {
    /// Adds to a counter.
    pub fn add(&self, more: u64) {
        self.0.fetch_add(more, Ordering::Relaxed);
    }

    /// Sets a gauge.
    pub fn set(&self, value: u64) {
        self.0.store(value, Ordering::Relaxed);
    }

    /// The value.
    #[must_use]
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Outcomes by code. The label `code` takes the slugs of [`Code`].
#[derive(Debug)]
pub struct ByCode(Vec<Number>);

impl ByCode {
    /// Counts outcomes that are alike.
    pub fn count(&self, code: Code, more: u64) {
        if let Ok(at) = Code::ALL.binary_search(&code) {
            self.0[at].add(more);
        }
    }

    /// Each code with its count, by number, those never counted left out.
    pub fn iter(&self) -> impl Iterator<Item = (Code, u64)> + '_ {
        let counts = self.0.iter().map(Number::get);
        Code::ALL.iter().copied().zip(counts).filter(|&(_, count)| count > 0)
    }
}

impl Default for ByCode {
    fn default() -> Self {
        ByCode(Code::ALL.iter().map(|_| Number::default()).collect())
    }
}

/// Bytes of the state in memory. The label `kind` takes the names of [`Resident`].
#[derive(Debug, Default)]
pub struct ByKind([Number; KINDS]);

impl ByKind {
    /// Puts a shard's figures in the place of those it told before.
    pub fn replace(&self, before: &Resident, now: &Resident) {
        for ((number, (_, before)), (_, now)) in self.0.iter().zip(before.named()).zip(now.named())
        {
            // Modulo 2⁶⁴, as the counter adds: what shrinks is taken off.
            number.add(now.wrapping_sub(before));
        }
    }

    /// Each kind with its bytes.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        let names = Resident::default().named().map(|(name, _)| name);
        names.into_iter().zip(self.0.iter().map(Number::get))
    }
}

/// A figure of each law of quotas. The label `law` takes their names.
#[derive(Debug, Default)]
pub struct ByLaw([Number; LAWS.len()]);

impl ByLaw {
    /// Sets the figure of the law in this place.
    pub fn set(&self, place: usize, value: u64) {
        self.0[place].set(value);
    }

    /// Each law with its figure.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        LAWS.into_iter().zip(self.0.iter().map(Number::get))
    }
}

/// The metrics of one engine.
#[derive(Debug, Default)]
pub struct Metrics {
    /// Outcomes of commands, by code.
    pub outcomes: ByCode,
    /// Look-ups answered.
    pub look_ups: Number,
    /// Frames turned away at admission.
    pub busy_frames: Number,
    /// Of these, frames beyond their session's rate.
    pub rate_limited_frames: Number,
    /// How long replies took from admission to release, in µs, each counted once for every
    /// command or look-up in it. The network thread's own: nobody else writes to it.
    pub reply_us: Histogram,
    /// Replies gathered or held for the disk.
    pub replies_held: Number,
    /// Commands and look-ups that shards have not answered.
    pub commands_in_flight: Number,
    /// Questions that the directory has not answered.
    pub questions_open: Number,
    /// Connections open now.
    pub connections: Number,
    /// Connections closed for a fault of the peer.
    pub connections_failed: Number,
    /// Groups written.
    pub groups: Number,
    /// Records written.
    pub records: Number,
    /// Bytes written to the journal, padding included.
    pub journal_bytes: Number,
    /// Times the journal had to wait for a segment.
    pub segment_waits: Number,
    /// Quotas quarantined since the start.
    pub quarantines: Number,
    /// Facts parked since the start.
    pub parked: Number,
    /// Divisions registered.
    pub divisions: Number,
    /// Quotas in memory.
    pub quotas: Number,
    /// Quota documents carried out since the start.
    pub documents: Number,
    /// Orders that issuance gave since the start.
    pub issuance_orders: Number,
    /// Times since the start that a law was seen to be broken: by a document that was just carried out,
    /// or by the watch.
    pub laws_broken: Number,
    /// What the watch over the laws has checked, by law, where each division stands as it last said.
    pub law_checked: ByLaw,
    /// What of that breaks a law.
    pub law_violations: ByLaw,
    /// Rounds of the watch that ended.
    pub law_rounds: Number,
    /// Time of a core that shards have used for the watch, in µs.
    pub laws_core_us: Number,
    /// The sequence the directory has come to.
    pub directory_sequence: Number,
    /// Payments the directory knows.
    pub directory_payments: Number,
    /// Questions the directory has answered.
    pub directory_answers: Number,
    /// Records replayed by the start.
    pub replayed: Number,
    /// How long the start took, in ms.
    pub recovery_ms: Number,
    /// 1 when the start began from a checkpoint.
    pub from_checkpoint: Number,
    /// Sequence that a start would replay from.
    pub checkpoint_sequence: Number,
    /// Sweeps of the checkpoint that ended.
    pub checkpoint_sweeps: Number,
    /// Pages written to the checkpoint.
    pub checkpoint_pages: Number,
    /// Bytes the checkpoint takes on its disk.
    pub checkpoint_bytes: Number,
    /// Pages of payments brought into memory.
    pub paged_in: Number,
    /// Pages of payments that left memory, those a start left out included.
    pub paged_out: Number,
    /// Bytes of the state in memory, by kind.
    pub resident: ByKind,
    /// Bytes the directory keeps in memory.
    pub directory_bytes: Number,
    /// Bytes of memory that the system says the process has.
    pub process_resident_bytes: Number,
}

impl Metrics {
    /// The metrics as plain text in the Prometheus form.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        let mut one = |name: &str, kind: &str, help: &str, value: u64| {
            let _ = write!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}\n");
        };
        let (counter, gauge) = ("counter", "gauge");
        one("treasury_look_ups_total", counter, "Look-ups answered.", self.look_ups.get());
        one(
            "treasury_busy_frames_total",
            counter,
            "Frames turned away at admission.",
            self.busy_frames.get(),
        );
        one(
            "treasury_rate_limited_frames_total",
            counter,
            "Frames turned away because their session gave more commands than its rate allows.",
            self.rate_limited_frames.get(),
        );
        one(
            "treasury_replies_held",
            gauge,
            "Replies gathered or held for the disk.",
            self.replies_held.get(),
        );
        one(
            "treasury_commands_in_flight",
            gauge,
            "Commands and look-ups that shards have not answered.",
            self.commands_in_flight.get(),
        );
        one(
            "treasury_questions_open",
            gauge,
            "Questions that the directory has not answered.",
            self.questions_open.get(),
        );
        one("treasury_connections", gauge, "Connections open now.", self.connections.get());
        one(
            "treasury_connections_failed_total",
            counter,
            "Connections closed for a fault of the peer.",
            self.connections_failed.get(),
        );
        one("treasury_journal_groups_total", counter, "Groups made durable.", self.groups.get());
        one("treasury_journal_records_total", counter, "Records made durable.", self.records.get());
        one(
            "treasury_journal_bytes_total",
            counter,
            "Bytes written to the journal, padding included.",
            self.journal_bytes.get(),
        );
        one(
            "treasury_journal_segment_waits_total",
            counter,
            "Waits for a segment that was not filled yet.",
            self.segment_waits.get(),
        );
        one(
            "treasury_quarantines_total",
            counter,
            "Quotas quarantined since the start.",
            self.quarantines.get(),
        );
        one(
            "treasury_facts_parked_total",
            counter,
            "Facts put into suspense since the start.",
            self.parked.get(),
        );
        one("treasury_divisions", gauge, "Divisions registered.", self.divisions.get());
        one("treasury_quotas", gauge, "Quotas in memory.", self.quotas.get());
        let documents = "Quota documents carried out since the start.";
        one("treasury_documents_total", counter, documents, self.documents.get());
        let orders = "Orders that issuance gave since the start.";
        one("treasury_issuance_orders_total", counter, orders, self.issuance_orders.get());
        let broken = "Times that a law of quotas was seen to be broken since the start.";
        one("treasury_laws_broken_total", counter, broken, self.laws_broken.get());
        let rounds = "Rounds of the watch over the laws that ended.";
        one("treasury_law_rounds_total", counter, rounds, self.law_rounds.get());
        let used = "Time of a core that shards have used for the watch over the laws.";
        one("treasury_law_core_microseconds_total", counter, used, self.laws_core_us.get());
        one(
            "treasury_directory_sequence",
            gauge,
            "The sequence the directory has come to.",
            self.directory_sequence.get(),
        );
        one(
            "treasury_directory_payments",
            gauge,
            "Payments the directory knows.",
            self.directory_payments.get(),
        );
        one(
            "treasury_directory_answers_total",
            counter,
            "Questions the directory has answered.",
            self.directory_answers.get(),
        );
        one(
            "treasury_replayed_records",
            gauge,
            "Records replayed by the start.",
            self.replayed.get(),
        );
        one(
            "treasury_recovery_milliseconds",
            gauge,
            "How long the start took.",
            self.recovery_ms.get(),
        );
        one(
            "treasury_started_from_checkpoint",
            gauge,
            "1 when the start began from a checkpoint.",
            self.from_checkpoint.get(),
        );
        one(
            "treasury_checkpoint_sequence",
            gauge,
            "Sequence that a start would replay from.",
            self.checkpoint_sequence.get(),
        );
        one(
            "treasury_checkpoint_sweeps_total",
            counter,
            "Sweeps of the checkpoint that ended.",
            self.checkpoint_sweeps.get(),
        );
        one(
            "treasury_checkpoint_pages_total",
            counter,
            "Pages written to the checkpoint.",
            self.checkpoint_pages.get(),
        );
        one(
            "treasury_checkpoint_bytes",
            gauge,
            "Bytes the checkpoint takes on its disk.",
            self.checkpoint_bytes.get(),
        );
        one(
            "treasury_payment_pages_in_total",
            counter,
            "Pages of payments brought into memory.",
            self.paged_in.get(),
        );
        one(
            "treasury_payment_pages_out_total",
            counter,
            "Pages of payments that left memory or were left out by the start.",
            self.paged_out.get(),
        );
        one(
            "treasury_directory_bytes",
            gauge,
            "Bytes the directory keeps in memory.",
            self.directory_bytes.get(),
        );
        one(
            "treasury_process_resident_bytes",
            gauge,
            "Bytes of memory that the system says the process has.",
            self.process_resident_bytes.get(),
        );
        text.push_str("# HELP treasury_resident_bytes Bytes of the state in memory by kind.\n# TYPE treasury_resident_bytes gauge\n");
        for (kind, bytes) in self.resident.iter() {
            let _ = writeln!(text, "treasury_resident_bytes{{kind=\"{kind}\"}} {bytes}");
        }
        let by_law = [
            ("law_checked", "Things that were checked for a law of quotas.", &self.law_checked),
            ("law_violations", "Things that break a law of quotas.", &self.law_violations),
        ];
        for (name, help, figures) in by_law {
            let _ = write!(text, "# HELP treasury_{name} {help}\n# TYPE treasury_{name} gauge\n");
            for (law, figure) in figures.iter() {
                let _ = writeln!(text, "treasury_{name}{{law=\"{law}\"}} {figure}");
            }
        }
        text.push_str("# HELP treasury_outcomes_total Outcomes of commands by code.\n# TYPE treasury_outcomes_total counter\n");
        for (code, count) in self.outcomes.iter() {
            let _ = writeln!(text, "treasury_outcomes_total{{code=\"{}\"}} {count}", code.slug());
        }
        self.reply_us.put(
            &mut text,
            "treasury_reply_microseconds",
            "How long replies took from admission to release, counted by command and look-up.",
        );
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_codes_and_kinds_are_labels() {
        let metrics = Metrics::default();
        metrics.outcomes.count(Code::OverQuota, 2);
        let text = metrics.to_text();
        assert!(text.contains("treasury_outcomes_total{code=\"over-quota\"} 2\n"));
        assert!(text.lines().all(|line| line.starts_with('#') || line.starts_with("treasury_")));
    }

    #[test]
    fn what_shards_keep_in_memory_is_told_together_and_may_shrink() {
        let metrics = Metrics::default();
        let of = |quotas_hot, rest| Resident { quotas_hot, rest, ..Resident::default() };
        metrics.resident.replace(&Resident::default(), &of(100, 7));
        metrics.resident.replace(&Resident::default(), &of(10, 1));
        metrics.resident.replace(&of(100, 7), &of(40, 9));
        let told: Vec<_> = metrics.resident.iter().filter(|(_, bytes)| *bytes > 0).collect();
        assert_eq!(told, [("quotas_hot", 50), ("rest", 10)]);
        assert!(metrics.to_text().contains("treasury_resident_bytes{kind=\"quotas_hot\"} 50\n"));
    }
}
