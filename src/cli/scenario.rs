//! `treasury scenario list` and `treasury scenario run`.

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use domain::money::{FenSum, yuan_grouped};
use scenarios::{Plan, Scale, Spec, Work};
use serde_json::json;
use tokio::sync::watch;

use super::bench::grouped;
use crate::clock;
use crate::exit::{Exit, Failure};
use crate::runner::{self, Run, Where};

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
    /// List the scenarios with their totals.
    List(List),
    /// Run one against a server, or write it to a file.
    Run(RunIt),
}

#[derive(Args)]
#[command(after_help = "Example:\n  treasury scenario list --scale 0.05")]
struct List {
    /// Part of the published size.
    #[arg(long, default_value = "1")]
    scale: String,
    /// Print one JSON object a line.
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
#[command(after_help = "\
Examples:
  treasury scenario run shandong-2022 --scale 0.01 --connect 127.0.0.1:7370
  treasury scenario run shandong-2022 --scale 0.01 --file shandong.bin

The server must be empty: the scenario registers its divisions and opens their year. Give --spec
a TOML file to run another scenario than those that are kept here.")]
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
    #[arg(long, value_name = "ADDRESS", required_unless_present = "file")]
    connect: Option<SocketAddr>,
    /// Write it to a file instead.
    #[arg(long, value_name = "FILE", conflicts_with = "connect")]
    file: Option<PathBuf>,
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

impl List {
    fn run(self) -> Result<Exit> {
        let mut out = std::io::stdout().lock();
        for (name, title) in scenarios::list()? {
            let totals = Plan::new(Spec::named(&name)?, scale_of(&self.scale)?, 2022)?.totals();
            if self.json {
                let told = json!({
                    "name": name, "title": title, "scale": self.scale,
                    "divisions": totals.divisions, "quotas": totals.quotas,
                    "payments": totals.payments, "amount_fen": totals.amount.get(),
                    "projects": totals.projects, "units_registered": totals.units_registered,
                    "units_active": totals.units_active, "days": totals.days,
                });
                writeln!(out, "{told}")?;
                continue;
            }
            writeln!(out, "{name}: {title}")?;
            writeln!(
                out,
                "  at scale {}: {} divisions, {} quotas, {} payments worth {} on {} working days",
                self.scale,
                totals.divisions,
                grouped(totals.quotas),
                grouped(totals.payments),
                yuan_grouped(FenSum::from(totals.amount.get())),
                totals.days,
            )?;
        }
        Ok(Exit::Ok)
    }
}

impl RunIt {
    fn run(self) -> Result<Exit> {
        let spec = match &self.spec {
            Some(file) => {
                let text = std::fs::read_to_string(file)
                    .with_context(|| format!("cannot read {}", file.display()))?;
                Spec::parse(&text).map_err(|error| Failure::new(Exit::Config, error))?
            }
            None => Spec::named(&self.name).map_err(|error| Failure::new(Exit::Usage, error))?,
        };
        let plan = Plan::new(spec, scale_of(&self.scale)?, self.seed)?;
        match (&self.file, self.connect) {
            (Some(file), _) => {
                scenarios::file::write(file, plan, LANES)?;
                eprintln!("wrote {}", file.display());
                Ok(Exit::Ok)
            }
            (None, Some(address)) => self.against(address, plan),
            (None, None) => unreachable!("one of them is required"),
        }
    }

    fn against(&self, address: SocketAddr, plan: Plan) -> Result<Exit> {
        let totals = plan.totals();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (_place, server) = watch::channel(Where { address: Some(address), start: 1 });
        let run = Run::new(server);
        let began = clock::now();
        let (_, tally) = runtime
            .block_on(runner::run(&run, Work::new(plan, LANES)))
            .map_err(|error| Failure::new(Exit::Unreachable, error))?;
        let seconds = began.elapsed().as_secs_f64();
        let seen = &run.seen;
        let told = json!({
            "scale": self.scale, "seed": self.seed, "payments": tally.paid,
            "amount_fen": tally.paid_fen as i64, "totals_amount_fen": totals.amount.get(),
            "attempts": tally.attempts, "commands": seen.answers.get(),
            "mismatches": seen.mismatches.get(), "audited": seen.audited.get(),
            "parked": seen.parked.get(), "busy": seen.busy.get(), "seconds": seconds,
            "commands_by_role": *seen.by_role.borrow(), "refusals": *seen.refusals.borrow(),
        });
        let mut out = std::io::stdout().lock();
        if self.json {
            writeln!(out, "{told}")?;
        } else {
            writeln!(
                out,
                "{} commands in {seconds:.1} s; {} payments paid, {}; {} answers unlike predicted",
                grouped(seen.answers.get()),
                grouped(tally.paid),
                yuan_grouped(tally.paid_fen),
                seen.mismatches.get(),
            )?;
        }
        for what in seen.told.borrow().iter() {
            eprintln!("mismatch: {what}");
        }
        Ok(if seen.mismatches.get() == 0 { Exit::Ok } else { Exit::Mismatch })
    }
}
