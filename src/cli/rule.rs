//! `treasury rule`: control rules (控制规则) where no server need run.

use std::io::Write;
use std::ops::ControlFlow;
use std::path::PathBuf;

use actors::replay::Replay;
use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use domain::Division;
use domain::contents::HashKey;
use domain::ids::{Day, DivisionIndex};
use domain::office::field::Field;
use domain::office::rules::defaults;
use domain::office::rules::trial::Trial;
use serde_json::{Value, json};
use storage::event_record;
use storage::record::{DOMAIN_KIND_FIRST, RecordRef};

use super::offline;
use crate::exit::{Exit, Failure};

/// Look at control rules (控制规则), and try one out.
#[derive(Args)]
pub(super) struct Rules {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Print the rules that come with the program, as a paper proposes them.
    Defaults(Defaults),
    /// Say what rules would have stopped among past payments, had they been in force.
    DryRun(DryRun),
}

impl Rules {
    pub(super) fn run(self) -> Result<Exit> {
        match self.command {
            Command::Defaults(defaults) => defaults.run(),
            Command::DryRun(dry_run) => dry_run.run(),
        }
    }
}

/// Print the rules that come with the program.
#[derive(Args)]
#[command(after_help = "\
Examples:
  treasury rule defaults
  treasury rule defaults | grep R-LARGE > large.tsv

Each line is a rule: id, times, action, condition, code, tolerance in yuan, tolerance in
ten-thousandths, in force (1 or 2), what it waits for, Chinese and English text, what releases.")]
struct Defaults {}

impl Defaults {
    fn run(self) -> Result<Exit> {
        let mut out = std::io::stdout().lock();
        for line in defaults::lines() {
            writeln!(out, "{line}")?;
        }
        Ok(Exit::Ok)
    }
}

/// Try rules out against past payments.
#[derive(Args)]
#[command(after_help = "\
Examples:
  treasury rule dry-run large.tsv --data ./data --from 2022-01-01 --to 2022-01-31
  treasury rule dry-run large.tsv --data ./data --from 2022-01-01 --to 2022-01-31 --division 17 --json

Each payment is looked at as it was asked for: with what was on file then, and the payments before it
alone. Payments from before a division had rules are counted and not judged.")]
struct DryRun {
    /// Rules, a line each, as `treasury rule defaults` prints them.
    #[arg(value_name = "FILE")]
    rules: PathBuf,
    /// The data directory.
    #[arg(long, env = "TREASURY_DATA", value_name = "DIR")]
    data: PathBuf,
    /// First business day.
    #[arg(long, value_name = "DAY", value_parser = day)]
    from: Day,
    /// Last business day.
    #[arg(long, value_name = "DAY", value_parser = day)]
    to: Day,
    /// One division alone, by its index.
    #[arg(long, value_name = "INDEX")]
    division: Option<u16>,
    /// Print one JSON object for each rule.
    #[arg(long)]
    json: bool,
}

fn day(text: &str) -> Result<Day, String> {
    Day::read(text).ok_or_else(|| format!("{text:?} is not {}", Day::FORM))
}

impl DryRun {
    fn run(self) -> Result<Exit> {
        let mut trials = self.trials()?;
        let mut replay: Option<Replay> = None;
        let mut ids = Vec::new();
        offline::groups(&self.data, &mut |dataset, group| {
            let replay = replay.get_or_insert_with(|| Replay::new(HashKey(dataset.hash_key)));
            for record in group.records {
                look(&mut trials, replay, &record, &mut ids)?;
                replay.record(record).context("a record is not what its kind says")?;
            }
            Ok(ControlFlow::Continue(()))
        })?;
        let mut out = std::io::stdout().lock();
        for trial in &trials {
            if self.json { writeln!(out, "{}", json_of(trial))? } else { print(&mut out, trial)? }
        }
        Ok(Exit::Ok)
    }

    fn trials(&self) -> Result<Vec<Trial>> {
        let text = std::fs::read_to_string(&self.rules)
            .with_context(|| format!("{} cannot be read", self.rules.display()))?;
        let lines = text.lines().enumerate().filter(|(_, line)| !line.starts_with('#'));
        let division = self.division.map(DivisionIndex);
        let trial = |(at, line): (usize, &str)| {
            Trial::new(line, division, (self.from, self.to)).map_err(|why| {
                let what = format!("{}, line {}: {why}", self.rules.display(), at + 1);
                Failure::new(Exit::Usage, anyhow::anyhow!(what)).into()
            })
        };
        lines.map(trial).collect()
    }
}

/// Shows a record to every trial, before it is folded.
fn look(
    trials: &mut [Trial],
    replay: &Replay,
    record: &RecordRef<'_>,
    ids: &mut Vec<domain::event::RunId>,
) -> Result<()> {
    if record.kind < DOMAIN_KIND_FIRST {
        return Ok(());
    }
    let event = event_record::decode(record, ids).context("a record is not what its kind says")?;
    let division: Option<&Division> = replay.divisions().get(&event.division());
    if let Some(division) = division {
        trials.iter_mut().for_each(|trial| trial.look(division, &event));
    }
    Ok(())
}

fn yuan(trial: &Trial) -> String {
    let fen = i64::try_from(trial.fired_fen);
    fen.map_or_else(|_| trial.fired_fen.to_string(), |fen| domain::Fen::new(fen).to_yuan())
}

fn json_of(trial: &Trial) -> Value {
    let hits: Vec<Value> = trial
        .hits
        .iter()
        .map(|hit| {
            json!({
                "payment": hit.payment.to_string(),
                "quota": hit.quota.to_string(),
                "day": hit.day.get(),
                "amount_fen": hit.amount_fen.get(),
                "inputs": hit.inputs,
            })
        })
        .collect();
    json!({
        "rule": trial.rule(),
        "action": trial.action(),
        "payments": trial.payments,
        "fired": trial.fired,
        "fired_yuan": yuan(trial),
        "lacking": trial.lacking,
        "hits": hits,
    })
}

fn print(out: &mut impl Write, trial: &Trial) -> Result<()> {
    writeln!(
        out,
        "{} would {} {} of {} payments, {} yuan; {} lack an element it asks for",
        trial.rule(),
        trial.action(),
        trial.fired,
        trial.payments,
        yuan(trial),
        trial.lacking,
    )?;
    for hit in &trial.hits {
        writeln!(out, "  {} on {} by {}: {}", hit.payment, hit.day.get(), hit.quota, hit.inputs)?;
    }
    if trial.fired > trial.hits.len() as u64 {
        writeln!(out, "  and {} more", trial.fired - trial.hits.len() as u64)?;
    }
    Ok(())
}
