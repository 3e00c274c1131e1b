//! `treasury demo`: a province's payments through a real server, durably, through a crash.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::Args;
use domain::codes::{Path as Settlement, PaymentState};
use domain::money::{FenSum, yuan_grouped};
use domain::{Code, Division};
use indicatif::{ProgressBar, ProgressStyle};
use scenarios::{Plan, Scale, Spec, Totals, Work};
use serde_json::{Value, json};
use tokio::sync::watch;

use super::bench::grouped;
use crate::child::{Server, ServerOptions};
use crate::clock;
use crate::exit::{Exit, Failure};
use crate::runner::{self, Run, Where};
use crate::verification::{self, Verification};

/// Lanes that run side by side.
const LANES: usize = 8;

/// How often progress is shown and the moment of a kill is looked for.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Run a province's payments through a real server, and kill it in the middle.
#[derive(Args)]
#[command(after_help = "\
Examples:
  treasury demo
  treasury demo --scale 0.01 --kills 5
  treasury demo --json --keep ./demo-data

A server process on a free loopback port takes Shandong's January and February of 2022: quotas,
reservations, approvals, instructions, receipts, clearings, refunds, and everything that should be
refused. It is killed in mid-run and started again; every answer is compared with an independent
model's prediction. Then the journal is read back and every invariant checked.")]
pub(super) struct Demo {
    /// Part of the published size: counts are rounded, the total is exact to the fen.
    #[arg(long, default_value = "0.05")]
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
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// One crash and the start after it.
#[derive(Clone, Copy, Debug)]
struct Recovery {
    ms: u64,
    replayed: u64,
}

/// What the run showed.
struct Shown {
    run: Rc<Run>,
    tally: scenarios::Tally,
    totals: Totals,
    recoveries: Vec<Recovery>,
    seconds: f64,
    live_digest: Value,
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
                must_be_empty(dir)?;
                dir.clone()
            }
            None => {
                temporary = tempfile::tempdir()?;
                temporary.path().to_owned()
            }
        };
        let plan = Plan::new(Spec::named("shandong-2022")?, scale, self.seed)?;
        let totals = plan.totals();
        let options = ServerOptions { data: dir.clone(), shards: self.shards, segment_mib: 64 };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let shown = runtime.block_on(self.drive(plan, totals, &options))?;
        let verified = verification::verify(&dir, &mut |_, _| {})?;
        let held = held(&dir)?;
        let good = is_good(&shown, &verified, &held);
        let told = self.tell(&shown, &verified, &held);
        let mut out = std::io::stdout().lock();
        if self.json {
            writeln!(out, "{told}")?;
        } else {
            self.print(&mut out, &shown, &told, &held, good)?;
        }
        for what in shown.run.seen.told.borrow().iter() {
            eprintln!("mismatch: {what}");
        }
        Ok(if good { Exit::Ok } else { Exit::Mismatch })
    }

    async fn drive(&self, plan: Plan, totals: Totals, options: &ServerOptions) -> Result<Shown> {
        let work = Work::new(plan, LANES);
        let server = Server::start(options)?;
        let (place, server_place) =
            watch::channel(Where { address: Some(server.address), start: 1 });
        let run = Run::new(server_place);
        let bar = progress_bar();
        let began = clock::now();
        let crashes = self.crashes(Rc::clone(&run), server, options.clone(), place, bar.clone());
        let ran = runner::run(&run, work);
        let (ran, crashed) = tokio::join!(ran, crashes);
        let tally = ran?;
        let (server, recoveries) = crashed?;
        let seconds = began.elapsed().as_secs_f64();
        bar.finish_and_clear();
        let (status, last) = server.stop()?;
        anyhow::ensure!(status.success(), "the server did not end in good order: {status}");
        let live_digest = last["digest"].clone();
        Ok(Shown { run, tally, totals, recoveries, seconds, live_digest })
    }

    /// Kills the server at even parts of the way, starts it again, and gives it back at the end.
    async fn crashes(
        &self,
        run: Rc<Run>,
        mut server: Server,
        options: ServerOptions,
        place: watch::Sender<Where>,
        bar: ProgressBar,
    ) -> Result<(Server, Vec<Recovery>)> {
        let mut recoveries = Vec::new();
        for kill in 1..=self.kills {
            let due = u64::from(kill) * 1000 / (u64::from(self.kills) + 1);
            while run.permille() < due && !run.done.get() {
                show(&bar, &run);
                tokio::time::sleep(LOOK_EVERY).await;
            }
            // Not while a batch is open: the engine drops those, and predictions would not hold.
            let _no_open_batch = run.fragile.write().await;
            place.send_replace(Where { address: None, start: kill });
            server.kill()?;
            let began = clock::now();
            let again = options.clone();
            server = tokio::task::spawn_blocking(move || Server::start(&again)).await??;
            let ms = began.elapsed().as_millis() as u64;
            let replayed = server.ready["replayed"].as_u64().unwrap_or_default();
            recoveries.push(Recovery { ms, replayed });
            place.send_replace(Where { address: Some(server.address), start: kill + 1 });
        }
        while !run.done.get() {
            show(&bar, &run);
            tokio::time::sleep(LOOK_EVERY).await;
        }
        // The lanes look at this until the very end.
        drop(place);
        Ok((server, recoveries))
    }

    fn tell(&self, shown: &Shown, verified: &Verification, held: &Held) -> Value {
        let seen = &shown.run.seen;
        let recovery = shown.recoveries.iter().max_by_key(|recovery| recovery.ms);
        let refusals: serde_json::Map<String, Value> = seen
            .refusals
            .borrow()
            .iter()
            .map(|(code, count)| (code.to_string(), json!(count)))
            .collect();
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
            "busy": seen.busy.get(),
            "recovery": {
                "ms": recovery.map_or(0, |recovery| recovery.ms),
                "replayed": recovery.map_or(0, |recovery| recovery.replayed),
            },
            "seconds": shown.seconds,
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
        good: bool,
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
                "    started again in {} ms, {} records replayed",
                grouped(recovery.ms),
                grouped(recovery.replayed)
            )?;
        }
        writeln!(
            out,
            "    acknowledged before a kill and looked up after: {}, lost: {}",
            told["acknowledged_looked_up"], told["acknowledged_lost"]
        )?;
        writeln!(out)?;
        let invariants: Vec<String> = told["invariants"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, found)| {
                let violations = found["violations"].as_u64().unwrap_or_default();
                let mark = if violations == 0 {
                    "holds".to_owned()
                } else {
                    format!("{violations} VIOLATIONS")
                };
                format!("{name} {mark} ({})", number(&found["checked"]))
            })
            .collect();
        for some in invariants.chunks(4) {
            writeln!(out, "  {}", some.join("   "))?;
        }
        if let Some(dir) = &self.keep {
            writeln!(out, "\n  the data is in {}", dir.display())?;
        }
        writeln!(
            out,
            "\n{}",
            if good {
                "Everything is as it should be."
            } else {
                "SOMETHING IS NOT AS IT SHOULD BE."
            }
        )
    }
}

fn must_be_empty(dir: &Path) -> Result<()> {
    let occupied = std::fs::read_dir(dir).is_ok_and(|mut entries| entries.next().is_some());
    if occupied {
        let error =
            anyhow::anyhow!("{} is not empty; give --keep another directory", dir.display());
        return Err(Failure::new(Exit::Usage, error).into());
    }
    Ok(())
}

fn progress_bar() -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:40} {percent:>3} %  {elapsed}  {msg}");
    ProgressBar::new(1000).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

fn show(bar: &ProgressBar, run: &Run) {
    bar.set_position(run.permille());
    bar.set_message(format!("{} answers", grouped(run.seen.answers.get())));
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
            if paid && payment.path != Settlement::Allocation {
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
    exact && same && verified.is_good() && seen.mismatches.get() == 0 && seen.lost.get() == 0
}
