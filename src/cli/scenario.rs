//! `treasury scenario list` and `treasury scenario run`.

mod list;
mod year;

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use domain::FiscalYear;
use domain::money::yuan_grouped;
use scenarios::{Plan, Scale, ScenarioFile, Spec, Tally, Track, Work};
use serde_json::json;
use tokio::sync::watch;

use super::arguments;
use super::bench::grouped;
use crate::clock;
use crate::exit::{Exit, Failure};
use crate::runner::filed::{self, OnFile};
use crate::runner::{self, Run, Where};
use list::List;
use year::{BudgetYear, Sabotage};

/// Lanes that run side by side.
const LANES: usize = 8;

/// Workloads with an independent model behind them.
#[derive(Args)]
pub(super) struct Scenario {
    #[command(subcommand)]
    command: What,
}

#[derive(Subcommand)]
enum What {
    /// List the scenarios with their totals, days and shares.
    List(List),
    /// Run one against a server, or write it to a file.
    Run(RunIt),
}

#[derive(Args)]
#[command(after_help = "\
Examples:
  treasury scenario run shandong-2022 --scale 0.01 --connect 127.0.0.1:7370
  treasury scenario run shandong-2022 --scale 0.05 --connect 127.0.0.1:7370 --rate 20000
  treasury scenario run shandong-2022 --scale 0.01 --file shandong.bin
  treasury scenario run shandong-2022 --scale 100 --file - | head -c 1G > start.bin
  treasury scenario run shandong-2022 --from shandong.bin --connect 127.0.0.1:7370
  treasury scenario run budget-year --json
  treasury scenario run budget-year --scale 0.1 --keep ./year-data
  treasury scenario run budget-year --sabotage lose-transfer

budget-year starts a server of its own, and reads its journal back in the end: what is there is held
against what the scenario counted, and the laws L1 to L9 are checked. With --sabotage that reading is
spoilt on purpose, and must end with 11.

For the others the server must be empty: the scenario registers its divisions and opens their year. Give --spec
a TOML file to run another scenario than those that are kept here. With --rate commands arrive by
a schedule from the first working day on, and latency counts from when each was due; without it
the next frame of a lane waits for the answers to the one before.")]
struct RunIt {
    /// The scenario's name, or a title for --spec.
    name: String,
    /// Part of the published size.
    #[arg(long, default_value = "0.01")]
    scale: String,
    /// The same seed gives the same commands.
    #[arg(long, default_value_t = 2022)]
    seed: u64,
    /// A scenario file to use instead of one kept here.
    #[arg(long, value_name = "FILE")]
    spec: Option<PathBuf>,
    /// The server to run it against.
    #[arg(long, value_name = "ADDRESS")]
    connect: Option<SocketAddr>,
    /// Write it to a file instead; - writes to standard output.
    #[arg(long, value_name = "FILE", conflicts_with = "connect")]
    file: Option<PathBuf>,
    /// Take it from a file that was written before.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["file", "spec", "scale", "seed"])]
    from: Option<PathBuf>,
    /// Commands a second from the first working day on (default: as fast as they are answered).
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    rate: Option<u64>,
    /// Of budget-year: keep the data in this directory, which must not exist or be empty.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["file", "connect", "from"])]
    keep: Option<PathBuf>,
    /// Of budget-year: what is spoilt on purpose before the laws are checked.
    #[arg(long, value_enum, conflicts_with_all = ["file", "connect", "from"])]
    sabotage: Option<Sabotage>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

impl Scenario {
    pub(super) fn run(self) -> Result<Exit> {
        match self.command {
            What::List(list) => list.run(),
            What::Run(run) => run.run(),
        }
    }
}

fn scale_of(text: &str) -> Result<Scale> {
    Ok(text.parse().map_err(|error| Failure::new(Exit::Usage, error))?)
}

/// What a run was of.
struct Played {
    scale: String,
    seed: u64,
    amount_fen: i64,
    tally: Tally,
    /// What is on file at the end, as the server tells.
    on_file: OnFile,
    seconds: f64,
}

impl RunIt {
    fn run(self) -> Result<Exit> {
        let usage = |what: &str| Failure::new(Exit::Usage, anyhow::anyhow!("{what}"));
        if self.name == year::NAME {
            if self.file.is_some() || self.connect.is_some() || self.spec.is_some() {
                let what = "budget-year reads the journal of its own server: leave out --connect, --file \
                            and --spec; --keep DIR keeps the data";
                return Err(usage(what).into());
            }
            return self.budget_year()?.run();
        }
        if self.keep.is_some() || self.sabotage.is_some() {
            return Err(usage("--keep and --sabotage go with budget-year").into());
        }
        match (&self.file, self.connect) {
            (Some(file), _) if file.as_os_str() == "-" => {
                scenarios::file::stream(std::io::stdout().lock(), self.plan()?, LANES)?;
                Ok(Exit::Ok)
            }
            (Some(file), _) => {
                scenarios::file::write(file, self.plan()?, LANES)?;
                eprintln!("wrote {}", file.display());
                Ok(Exit::Ok)
            }
            (None, Some(address)) => self.against(address),
            (None, None) => Err(usage("give --connect ADDRESS, or --file FILE to write it").into()),
        }
    }

    fn budget_year(&self) -> Result<BudgetYear<'_>> {
        if let Some(dir) = &self.keep {
            arguments::must_be_empty(dir)?;
        }
        Ok(BudgetYear {
            scale: scale_of(&self.scale)?,
            scale_text: &self.scale,
            seed: self.seed,
            keep: self.keep.as_ref(),
            sabotage: self.sabotage,
            json: self.json,
        })
    }

    fn plan(&self) -> Result<Plan> {
        let spec = match &self.spec {
            Some(file) => {
                let text = std::fs::read_to_string(file).map_err(|why| {
                    Failure::file(format_args!("cannot read {}", file.display()), &why)
                })?;
                Spec::parse(&text).map_err(|error| Failure::new(Exit::Config, error))?
            }
            None => Spec::named(&self.name).map_err(|error| Failure::new(Exit::Usage, error))?,
        };
        Ok(Plan::new(spec, scale_of(&self.scale)?, self.seed)?)
    }

    /// Runs it against a server, and counts what it has on file then.
    fn play(&self, address: SocketAddr, run: &std::rc::Rc<Run>) -> Result<Played> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let unreachable = |error| Failure::new(Exit::Unreachable, error);
        let began = clock::now();
        let year = FiscalYear::new(scenarios::plan::YEAR).context("a fiscal year")?;
        let after = |divisions: u64| {
            let seconds = began.elapsed().as_secs_f64();
            let divisions = u16::try_from(divisions).context("a number of divisions")?;
            let on_file = runtime.block_on(filed::on_file(address, divisions, year));
            Ok::<_, anyhow::Error>((on_file.map_err(unreachable)?, seconds))
        };
        if let Some(path) = &self.from {
            let file = ScenarioFile::open(path)?;
            let head = file.head().clone();
            let read = |lane: usize| Ok(Track::Read(Box::new(file.lane(lane)?)));
            let tracks = (0..head.lanes as usize).map(read).collect::<Result<Vec<_>>>()?;
            let played = runtime.block_on(runner::play(run, file.opening(), tracks));
            let tally = played.map_err(unreachable)?;
            let amount_fen = head.totals.amount.get();
            let (scale, seed) = (head.scale.to_string(), head.seed);
            let (on_file, seconds) = after(head.totals.divisions)?;
            return Ok(Played { scale, seed, amount_fen, tally, on_file, seconds });
        }
        let plan = self.plan()?;
        let totals = plan.totals();
        let ran = runtime.block_on(runner::run(run, Work::new(plan, LANES)));
        let tally = ran.map_err(unreachable)?;
        let (scale, seed, amount_fen) = (self.scale.clone(), self.seed, totals.amount.get());
        let (on_file, seconds) = after(totals.divisions)?;
        Ok(Played { scale, seed, amount_fen, tally, on_file, seconds })
    }

    fn against(&self, address: SocketAddr) -> Result<Exit> {
        let (_place, server) = watch::channel(Where { address: Some(address), start: 1 });
        let run = Run::at_rate(server, self.rate);
        let Played { scale, seed, amount_fen, tally, on_file, seconds } =
            self.play(address, &run)?;
        let seen = &run.seen;
        let OnFile { projects, units, documents } = on_file;
        let replaced = seen.replaced.get();
        for (what, there, due) in [
            ("projects on file", projects, tally.projects),
            ("units on file", units, tally.units),
            ("documents carried out", documents, tally.documents),
            ("quotas replaced by the reply", replaced, tally.pre_approval_replaced),
        ] {
            if there != due {
                seen.mismatch(|| format!("{what}: {there}, should be {due}"));
            }
        }
        let latency: serde_json::Map<_, _> = seen
            .latency
            .summary_us()
            .map(|(name, us)| (name.to_owned(), json!(us)))
            .into_iter()
            .collect();
        let mut out = std::io::stdout().lock();
        if self.json {
            let told = json!({
                "scale": scale, "seed": seed, "payments": tally.paid,
                "amount_fen": tally.paid_fen as i64, "totals_amount_fen": amount_fen,
                "attempts": tally.attempts, "commands": seen.answers.get(),
                "refunds": { "count": tally.refunds, "amount_fen": tally.refunds_fen as i64 },
                "allocated": { "count": tally.allocated, "amount_fen": tally.allocated_fen as i64 },
                "mismatches": seen.mismatches.get(), "audited": seen.audited.get(),
                "projects": projects, "units": units, "documents": documents,
                "quotas": tally.quotas, "pre_approval_replaced": replaced,
                "second_approvals": {
                    "department": tally.department_approvals, "finance": tally.finance_approvals,
                },
                "parked": seen.parked.get(), "busy": seen.busy.get(), "seconds": seconds,
                "loop": if self.rate.is_some() { "open" } else { "closed" },
                "rate_per_s": self.rate, "latency_us": latency,
                "commands_by_role": *seen.by_role.borrow(), "refusals": *seen.refusals.borrow(),
            });
            writeln!(out, "{told}")?;
        } else {
            let refused: u64 = seen.refusals.borrow().values().sum();
            writeln!(
                out,
                "{} commands in {seconds:.1} s, {} answers unlike predicted",
                grouped(seen.answers.get()),
                seen.mismatches.get(),
            )?;
            writeln!(
                out,
                "  paid       {:>12}   {}",
                grouped(tally.paid),
                yuan_grouped(tally.paid_fen)
            )?;
            writeln!(
                out,
                "  beside it  {:>12}   {} refunded, {} by real allocation {}, {} answers that refuse",
                grouped(tally.refunds),
                yuan_grouped(tally.refunds_fen),
                grouped(tally.allocated),
                yuan_grouped(tally.allocated_fen),
                grouped(refused),
            )?;
            writeln!(
                out,
                "  on file    {:>12}   units, {} projects, {} documents; {} of {} quotas had money before \
                 the congress",
                grouped(units),
                grouped(projects),
                grouped(documents),
                grouped(replaced),
                grouped(tally.quotas),
            )?;
            let told: Vec<String> =
                seen.latency.summary_us().map(|(name, us)| format!("{name} {us}")).into();
            let since = if self.rate.is_some() { "when it was due" } else { "when its frame went" };
            writeln!(out, "  µs from {since} to the answer: {}", told.join(", "))?;
        }
        for what in seen.told.borrow().iter() {
            eprintln!("mismatch: {what}");
        }
        Ok(if seen.mismatches.get() == 0 { Exit::Ok } else { Exit::Mismatch })
    }
}
