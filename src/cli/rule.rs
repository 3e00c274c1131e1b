//! `treasury rule`: control rules (控制规则), those that come with the program, and tries of rules on past
//! payments. What is on file is listed in [`list`]; what changes it are papers.

mod list;

use std::io::Write;
use std::ops::ControlFlow;
use std::path::PathBuf;

use actors::replay::Replay;
use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use domain::Division;
use domain::contents::HashKey;
use domain::ids::{Day, DivisionIndex};
use domain::money::yuan_plain;
use domain::office::paper::PaperKind;
use domain::office::rules::defaults;
use domain::office::rules::trial::Trial;
use serde_json::{Value, json};
use storage::event_record;
use storage::record::{DOMAIN_KIND_FIRST, RecordRef};

use super::base::csv_of;
use super::file::kept_lines;
use super::paper::Filing;
use super::paper::verbs::OfRules;
use super::{arguments, offline, show};
use crate::exit::{Exit, Failure};

/// Propose, approve and look at control rules (控制规则), and try them out.
#[derive(Args)]
pub(super) struct Rules {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// List rules of a division: in force, or not in force with the data they wait for.
    List(list::List),
    /// Show a rule: as it is, as it is proposed, as it was, and where it is looser.
    Show(list::Show),
    /// Print the rules that come with the program, as a paper proposes them.
    Defaults(Defaults),
    /// Say what rules would have stopped among past payments, had they been in force.
    DryRun(DryRun),
    #[command(flatten)]
    Paper(Filing<OfRules>),
}

impl Rules {
    pub(super) fn run(self) -> Result<Exit> {
        match self.command {
            Command::List(list) => list.run(),
            Command::Show(show) => show.run(),
            Command::Defaults(defaults) => defaults.run(),
            Command::DryRun(dry_run) => dry_run.run(),
            Command::Paper(paper) => paper.run(),
        }
    }
}

/// Print the rules that come with the program.
#[derive(Args)]
#[command(after_help = "\
Examples:
  treasury rule defaults
  treasury rule defaults | grep R-LARGE > large.tsv
  treasury rule defaults --csv > rules.csv

Each line is a rule: id, times, action, condition, code, tolerance in yuan, tolerance in
ten-thousandths, in force (1 or 2), what it waits for, Chinese and English text, what releases.")]
struct Defaults {
    /// Print a table with the columns' names, as `treasury rule propose --lines` reads it.
    #[arg(long)]
    csv: bool,
}

impl Defaults {
    fn run(self) -> Result<Exit> {
        let mut out = std::io::stdout().lock();
        if self.csv {
            let names = PaperKind::RulePropose.lines()[0].columns;
            out.write_all(&csv_of(names, defaults::lines()))?;
            return Ok(Exit::Ok);
        }
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
    #[arg(long, value_name = "DAY", value_parser = arguments::day)]
    from: Day,
    /// Last business day.
    #[arg(long, value_name = "DAY", value_parser = arguments::day)]
    to: Day,
    /// One division alone, by its index.
    #[arg(long, value_parser = arguments::division, value_name = "INDEX")]
    division: Option<DivisionIndex>,
    /// Print one JSON object for each rule.
    #[arg(long)]
    json: bool,
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
        let text = std::fs::read_to_string(&self.rules).map_err(|why| {
            Failure::file(format_args!("{} cannot be read", self.rules.display()), &why)
        })?;
        let trial = |(number, line): (usize, &str)| {
            Trial::new(line, self.division, (self.from, self.to)).map_err(|why| {
                let what = format!("{}, line {number}: {why}", self.rules.display());
                Failure::new(Exit::Usage, anyhow::anyhow!(what)).into()
            })
        };
        kept_lines(&text).map(trial).collect()
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

fn json_of(trial: &Trial) -> Value {
    let hits: Vec<Value> = trial
        .hits
        .iter()
        .map(|hit| {
            json!({
                "payment": hit.payment.to_string(),
                "quota": hit.quota.to_string(),
                "day": show::day(hit.day),
                "amount_yuan": hit.amount_fen.to_yuan(),
                "inputs": hit.inputs,
            })
        })
        .collect();
    json!({
        "rule": trial.rule(),
        "action": trial.action(),
        "payments": trial.payments,
        "fired": trial.fired,
        "fired_yuan": yuan_plain(trial.fired_fen),
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
        yuan_plain(trial.fired_fen),
        trial.lacking,
    )?;
    for hit in &trial.hits {
        let day = show::day(hit.day);
        writeln!(out, "  {} on {day} by {}: {}", hit.payment, hit.quota, hit.inputs)?;
    }
    if trial.fired > trial.hits.len() as u64 {
        writeln!(out, "  and {} more", trial.fired - trial.hits.len() as u64)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use domain::Fen;
    use domain::ids::{FiscalYear, PaymentId, QuotaId};
    use domain::office::rules::trial::Hit;

    use super::*;

    fn large() -> &'static str {
        defaults::lines().find(|line| line.starts_with("R-LARGE\t")).expect("a default rule")
    }

    fn dry_run(rules: PathBuf) -> DryRun {
        let day = Day::new(20_220_110).expect("a day");
        let data = PathBuf::new();
        DryRun { rules, data, from: day, to: day, division: None, json: false }
    }

    #[test]
    fn blank_lines_and_notes_are_no_rules_and_lines_keep_their_numbers() {
        let dir = tempfile::tempdir().expect("a directory");
        let file = dir.path().join("rules.tsv");
        let large = large();
        std::fs::write(&file, format!("\u{feff}# ours\n\n{large}\r\n \t \n{large}\n\n"))
            .expect("a file");
        let trials = dry_run(file.clone()).trials().expect("two rules");
        assert_eq!(trials.iter().map(Trial::rule).collect::<Vec<_>>(), ["R-LARGE"; 2]);
        std::fs::write(&file, format!("{large}\n\nR-SHORT\n")).expect("a file");
        let why = dry_run(file).trials().expect_err("a rule of one field");
        assert!(why.to_string().contains(", line 3: a rule has 12 fields"), "{why}");
    }

    #[test]
    fn a_sum_beyond_64_bits_is_yuan_as_any_other() {
        let day = Day::new(20_220_110).expect("a day");
        let mut trial = Trial::new(large(), None, (day, day)).expect("a rule");
        trial.fired_fen = i128::from(i64::MAX) + 1;
        (trial.payments, trial.fired) = (3, 2);
        trial.hits.push(Hit {
            payment: PaymentId(7),
            quota: QuotaId::new(DivisionIndex(5), FiscalYear::from_offset(22), 0),
            day,
            amount_fen: Fen::new(50_000_001),
            inputs: "amount 500000.01".to_owned(),
        });
        let told = json_of(&trial);
        assert_eq!(told["fired_yuan"], "92233720368547758.08");
        let hit = &told["hits"][0];
        assert_eq!(hit["day"], "2022-01-10");
        assert_eq!(hit["amount_yuan"], "500000.01");
        let mut out = Vec::new();
        print(&mut out, &trial).expect("memory takes it");
        let out = String::from_utf8(out).expect("text");
        assert!(out.contains("2 of 3 payments, 92233720368547758.08 yuan;"), "{out}");
        assert!(out.contains(" on 2022-01-10 by 5/2022/0: "), "{out}");
    }
}
