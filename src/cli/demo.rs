//! `treasury demo`: a province's payments through a real server, durably, through a crash.

mod course;
mod differences;
mod drive;
mod overload;
mod page;
mod settlement;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};
use clap::Args;
use domain::codes::{Path as SettledBy, PaymentState};
use domain::money::{FenSum, yuan_grouped};
use domain::{Code, Division};
use scenarios::{Plan, Scale, Spec};
use serde_json::{Value, json};

use super::arguments;
use super::bench::grouped;
use crate::child::ServerOptions;
use crate::exit::{Exit, Failure};
use crate::runner::Latency;
use crate::verification::{self, Verification};
use course::Throughput;
use drive::{Shown, Way};
use overload::Overload;
use settlement::Settlement;

/// Memory that the server's state should stay under, in MiB at full scale: what the finance offices have on
/// file, and less than all payments take beside it, so that settled ones leave it.
const MEMORY_LIMIT_MIB: u64 = 1_400;

/// Height of the chart of throughput, in lines.
const CHART_ROWS: u64 = 4;

/// From this scale on, in millionths, the overload comes over many connections; below it over few,
/// whose windows are enough to hear `Busy`.
const OVERLOAD_LARGE_FROM: u64 = 50_000;

/// Run a province's payments through a real server, and kill it in the middle.
#[derive(Args)]
#[command(after_help = "\
Examples:
  treasury demo
  treasury demo --scale 0.01 --kills 5
  treasury demo --report demo.html
  treasury demo --json --keep ./demo-data

A server process on a free loopback port takes Shandong's January and February of 2022: quotas,
reservations, approvals, instructions, receipts, clearings, refunds, and everything that should be
refused. It is killed in mid-run and started again; every answer is compared with an independent
model's prediction. Then it is offered three times what it takes, or more, until it says Busy, in a
division of its own: what hears Busy is sent again, and every id is looked up. Then the journal is
read back and every invariant checked. In the last act money moves: finance, two banks and the
central bank, each a process of its own with its own ledger, over TLS; a bank is killed and a line
cut on the way, and what the other bank answers wrongly, by a script, is found and ended before the
days are closed.")]
pub(super) struct Demo {
    /// Part of the published size: counts are rounded, the total is exact to the fen.
    #[arg(long, default_value = "1")]
    scale: String,
    /// The scenario's seed: the same seed gives the same commands.
    #[arg(long, default_value_t = 2022)]
    seed: u64,
    /// How often the server is killed (SIGKILL) on the way.
    #[arg(long, default_value_t = 1)]
    kills: u32,
    /// Shards of the server (default: its own choice).
    #[arg(long, default_value_t = 0)]
    shards: usize,
    /// Keep the data in this directory, which must not exist or be empty.
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
    /// Write the summary to this file as well, as one page of HTML with charts.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// What the journal holds in the end.
#[derive(Default)]
struct Held {
    payments: u64,
    amount_fen: FenSum,
    refunds: u64,
    refunds_fen: FenSum,
    parked: u64,
}

impl Demo {
    pub(super) fn run(self) -> Result<Exit> {
        let scale: Scale = self.scale.parse().map_err(|error| Failure::new(Exit::Usage, error))?;
        let temporary;
        let dir = match &self.keep {
            Some(dir) => {
                arguments::must_be_empty(dir)?;
                dir.clone()
            }
            None => {
                temporary = tempfile::tempdir()?;
                temporary.path().to_owned()
            }
        };
        let plan = Plan::new(Spec::named("shandong-2022")?, scale, self.seed)?;
        let shares = plan.shares();
        let top20 = shares.permille_of_payments(&shares.divisions) as f64 / 1000.0;
        let options = ServerOptions {
            data: dir.clone(),
            shards: self.shards,
            segment_mib: 64,
            memory_limit_mib: scale.of(MEMORY_LIMIT_MIB).max(1),
        };
        let large = scale.millionths() >= OVERLOAD_LARGE_FROM;
        let way = Way { kills: self.kills, overload_connections: if large { 8 } else { 2 } };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let shown = runtime.block_on(drive::drive(plan, &options, way))?;
        let verified = verification::verify(&dir, &[], &mut |_, _| {})?;
        let held = held(&dir)?;
        let settled = settlement::settle(&dir.join("settlement"), scale)?;
        let good = is_good(&shown, &verified, &held) && settled.is_good();
        let mut told = self.tell(&shown, &verified, &held, top20);
        settled.tell(&mut told);
        told["good"] = json!(good);
        if let Some(file) = &self.report {
            std::fs::write(file, page::page(&told))
                .with_context(|| format!("the report cannot be written to {}", file.display()))?;
        }
        let mut out = std::io::stdout().lock();
        if self.json {
            writeln!(out, "{told}")?;
        } else {
            self.print(&mut out, &shown, &told, &held, &settled)?;
        }
        for what in shown.run.seen.told.borrow().iter() {
            eprintln!("mismatch: {what}");
        }
        Ok(if good { Exit::Ok } else { Exit::Mismatch })
    }

    fn tell(&self, shown: &Shown, verified: &Verification, held: &Held, top20: f64) -> Value {
        let seen = &shown.run.seen;
        let recovery = shown.recoveries.iter().max_by_key(|recovery| recovery.ms);
        let refusals: serde_json::Map<String, Value> = seen
            .refusals
            .borrow()
            .iter()
            .map(|(code, count)| (code.to_string(), json!(count)))
            .collect();
        let throughput = Throughput::of(&shown.course);
        let verification = verified.to_json();
        let digests_agree = verification["digest"] == shown.live_digest;
        let mut invariants = verification["invariants"].clone();
        // Beside the folds among themselves, I5 compares the live state at shutdown.
        let i5 = &mut invariants["I5"];
        i5["checked"] = json!(i5["checked"].as_u64().unwrap_or_default() + 1);
        i5["violations"] =
            json!(i5["violations"].as_u64().unwrap_or_default() + u64::from(!digests_agree));
        json!({
            "scenario": "shandong-2022",
            "scale": self.scale,
            "seed": self.seed,
            "payments": held.payments,
            "amount_fen": held.amount_fen as i64,
            "predicted": { "payments": shown.totals.payments, "amount_fen": shown.totals.amount.get() },
            "refunds": { "count": held.refunds, "amount_fen": held.refunds_fen as i64 },
            "attempts": shown.tally.attempts,
            "commands": seen.answers.get(),
            "commands_by_role": *seen.by_role.borrow(),
            "mismatches": seen.mismatches.get(),
            "audited": seen.audited.get(),
            "parked": seen.parked.get(),
            "in_suspense": held.parked,
            "refusals": refusals,
            "kills": shown.recoveries.len(),
            "asked_again": seen.asked_again.get(),
            "acknowledged_looked_up": seen.rechecked.get(),
            "acknowledged_lost": seen.lost.get(),
            "busy": seen.busy.get() + shown.overload.busy,
            "recovery": recovery.map(|recovery| json!({
                "ms": recovery.ms,
                "from_checkpoint": recovery.from_checkpoint,
                "replayed": recovery.replayed,
            })),
            "paged_out": shown.paged.out,
            "paged_in": shown.paged.back,
            "audited_again": shown.audited_again,
            "top20_divisions_share": top20,
            "latency_us": latency(&seen.latency),
            "overload": overload_told(&shown.overload, &shown.overload_latency),
            "seconds": shown.seconds,
            "throughput": { "span_ms": throughput.span_ms, "per_s": throughput.per_s },
            "recoveries": shown.recoveries.iter().map(|recovery| json!({
                "at_ms": recovery.at_ms,
                "ms": recovery.ms,
                "from_checkpoint": recovery.from_checkpoint,
                "replayed": recovery.replayed,
            })).collect::<Vec<_>>(),
            "durable_per_s": (seen.answers.get() as f64 / shown.seconds).round(),
            "digest": verification["digest"],
            "position": verification["position"],
            "invariants": invariants,
            "damage": verification["damage"],
        })
    }

    fn print(
        &self,
        out: &mut impl Write,
        shown: &Shown,
        told: &Value,
        held: &Held,
        settled: &Settlement,
    ) -> std::io::Result<()> {
        let number = |value: &Value| grouped(value.as_f64().unwrap_or_default() as u64);
        writeln!(
            out,
            "Shandong 2022 (山东省), January and February, at {} of its size",
            self.scale
        )?;
        writeln!(out)?;
        writeln!(
            out,
            "  payments that reached Paid  {:>14}   {}",
            grouped(held.payments),
            yuan_grouped(held.amount_fen)
        )?;
        let amount = yuan_grouped(FenSum::from(shown.totals.amount.get()));
        writeln!(
            out,
            "  predicted                   {:>14}   {amount}",
            grouped(shown.totals.payments)
        )?;
        writeln!(
            out,
            "  refunds                     {:>14}   {}",
            grouped(held.refunds),
            yuan_grouped(held.refunds_fen)
        )?;
        writeln!(
            out,
            "  commands answered           {:>14}   in {:.1} s: {} durable answers/s",
            number(&told["commands"]),
            shown.seconds,
            number(&told["durable_per_s"])
        )?;
        let throughput = Throughput::of(&shown.course);
        for line in course::columns(&throughput.per_s, CHART_ROWS) {
            writeln!(out, "    {line}")?;
        }
        let span = throughput.span_ms as f64 / 1000.0;
        writeln!(out, "    answers over time, a column is {span:.2} s")?;
        writeln!(
            out,
            "    {}",
            latency_line("latency of a frame's answers", &shown.run.seen.latency)
        )?;
        let roles: Vec<String> = told["commands_by_role"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(role, count)| format!("{role} {}", number(count)))
            .collect();
        writeln!(out, "    by role                   {}", roles.join(", "))?;
        writeln!(
            out,
            "  answers unlike predicted    {:>14}   of {} compared, {} payments and quotas audited",
            number(&told["mismatches"]),
            number(&told["commands"]),
            number(&told["audited"])
        )?;
        writeln!(
            out,
            "  facts parked (挂账)         {:>14}   {} still in suspense",
            number(&told["parked"]),
            held.parked
        )?;
        writeln!(out)?;
        writeln!(out, "  refused, each as predicted:")?;
        for line in refusal_lines(shown) {
            writeln!(out, "    {line}")?;
        }
        writeln!(out)?;
        writeln!(
            out,
            "  killed (SIGKILL)            {:>14}   {} frames asked again by id",
            shown.recoveries.len(),
            told["asked_again"]
        )?;
        for recovery in &shown.recoveries {
            writeln!(
                out,
                "    started again in {} ms: checkpoint at record {}, {} records replayed",
                grouped(recovery.ms),
                grouped(recovery.from_checkpoint),
                grouped(recovery.replayed)
            )?;
        }
        writeln!(
            out,
            "    acknowledged before a kill and looked up after: {}, lost: {}",
            told["acknowledged_looked_up"], told["acknowledged_lost"]
        )?;
        writeln!(out)?;
        let overload = &shown.overload;
        writeln!(
            out,
            "  offered {} times its pace   {:>14}   reservations in {:.1} s: {} durable answers/s",
            overload.times_capacity,
            grouped(overload.taken),
            overload.seconds,
            grouped(overload.durable_per_s() as u64)
        )?;
        writeln!(
            out,
            "    {} frames heard Busy and were sent again; {} ids looked up, lost: {}",
            grouped(overload.busy),
            grouped(overload.looked_up),
            overload.lost
        )?;
        writeln!(out, "    {}", latency_line("latency of an answer", &shown.overload_latency))?;
        writeln!(
            out,
            "  pages of settled payments   {:>14}   left memory, {} came back",
            grouped(shown.paged.out),
            grouped(shown.paged.back)
        )?;
        settled.print(out)?;
        writeln!(out)?;
        let invariants = invariant_words(told);
        for some in invariants.chunks(4) {
            writeln!(out, "  {}", some.join("   "))?;
        }
        if let Some(dir) = &self.keep {
            writeln!(out, "\n  the data is in {}", dir.display())?;
        }
        writeln!(
            out,
            "\n{}",
            if told["good"] == true {
                "Everything is as it should be."
            } else {
                "SOMETHING IS NOT AS IT SHOULD BE."
            }
        )
    }
}

/// Each invariant with what was found of it, by its number.
fn invariant_words(told: &Value) -> Vec<String> {
    let mut found: Vec<_> = told["invariants"].as_object().into_iter().flatten().collect();
    found.sort_by_key(|(name, _)| (name.len(), name.as_str()));
    let words = |(name, found): (&String, &Value)| {
        let checked = grouped(found["checked"].as_u64().unwrap_or_default());
        match found["violations"].as_u64().unwrap_or_default() {
            0 => format!("{name} holds ({checked})"),
            violations => format!("{name} {violations} VIOLATIONS ({checked})"),
        }
    };
    found.into_iter().map(words).collect()
}

fn latency_line(what: &str, latency: &Latency) -> String {
    let quantiles: Vec<String> = latency
        .summary_us()
        .iter()
        .map(|&(name, us)| format!("{name} {:.1}", us as f64 / 1000.0))
        .collect();
    format!("{what} in ms: {}", quantiles.join(", "))
}

fn latency(latency: &Latency) -> Value {
    latency.summary_us().map(|(name, us)| (name.to_owned(), json!(us))).into_iter().collect()
}

fn overload_told(overload: &Overload, latencies: &Latency) -> Value {
    json!({
        "times_capacity": overload.times_capacity,
        "capacity_per_s": overload.capacity_per_s,
        "offered_per_s": overload.offered_per_s,
        "durable_per_s": overload.durable_per_s().round(),
        "reservations": overload.taken,
        "seconds": overload.seconds,
        "busy": overload.busy,
        "looked_up": overload.looked_up,
        "lost": overload.lost,
        "differing_fen": overload.more_fen,
        "latency_us": latency(latencies),
    })
}

fn refusal_lines(shown: &Shown) -> Vec<String> {
    let refusals = shown.run.seen.refusals.borrow();
    let mut counted: Vec<_> = refusals.iter().map(|(&code, &count)| (count, code)).collect();
    counted.sort_unstable_by_key(|&(count, code)| (std::cmp::Reverse(count), code));
    let line = |&(count, number): &(u64, u16)| {
        let code = Code::from_number(number);
        let (slug, chinese) = code.map_or(("?", "?"), |code| (code.slug(), code.chinese()));
        format!("{:>8}  {number:>4} {slug} {chinese}", grouped(count))
    };
    counted.iter().map(line).collect()
}

/// What the journal holds, by a fold of its own.
fn held(dir: &Path) -> Result<Held> {
    let disk: Arc<dyn storage::disk::Disk> = Arc::new(storage::disk::RealDisk::read_only());
    let divisions = verification::fold(&disk, dir).context("the journal cannot be folded")?;
    let mut held = Held::default();
    for book in divisions.iter().flat_map(Division::years) {
        held.parked += book.suspense.len() as u64;
        for payment in book.payments() {
            let paid = matches!(payment.state, PaymentState::Paid | PaymentState::Cleared);
            if paid && payment.path != SettledBy::Allocation {
                held.payments += 1;
                held.amount_fen += FenSum::from(payment.executed_fen.get());
            }
            held.refunds += payment.refunds().len() as u64;
            held.refunds_fen += FenSum::from(payment.refunded_fen().get());
        }
    }
    Ok(held)
}

fn is_good(shown: &Shown, verified: &Verification, held: &Held) -> bool {
    let seen = &shown.run.seen;
    let exact = held.payments == shown.totals.payments
        && held.amount_fen == FenSum::from(shown.totals.amount.get());
    let same = verified.to_json()["digest"] == shown.live_digest;
    let met = shown.overload.busy > 0 && shown.overload.is_whole();
    exact && same && met && verified.is_good() && seen.mismatches.get() == 0 && seen.lost.get() == 0
}
