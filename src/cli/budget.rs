//! `treasury budget`: two ups and two downs (两上两下), and what the budget is.

use std::io::Write;

use anyhow::Result;
use clap::{Args, Subcommand};
use domain::ids::Class;
use domain::money::{FenSum, yuan_plain};
use domain::office::Office;
use domain::office::authority::{live_rows, row_state};
use domain::office::table::{Table, Tabled};
use domain::office::tables::budget::{Budget, BudgetRow, Income, Sent, Surplus, Version};
use serde_json::{Value, json};
use std::collections::BTreeMap;

use super::paper::Filing;
use super::paper::verbs::{OfBudgets, OfCommitments};
use super::rows::{self, Place};
use crate::exit::{Exit, Failure};

/// Prepare the budget, from its notice to its reply, and look at it.
#[derive(Args)]
pub(super) struct Budgets {
    /// What to do.
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Show where the budget stands: its sums by fund nature, who has sent, its versions.
    Show(Show),
    /// List its rows with their figures: current = replied + adjusted + vired.
    List(List),
    #[command(flatten)]
    Paper(Filing<OfBudgets>),
}

impl Budgets {
    pub(super) fn run(self) -> Result<Exit> {
        match self.what {
            What::Show(show) => show.run(),
            What::List(list) => list.run(),
            What::Paper(paper) => paper.run(),
        }
    }
}

/// Register procurement plans and contracts; `treasury base list commitment` lists them.
#[derive(Args)]
pub(super) struct Commitments {
    /// What to do.
    #[command(subcommand)]
    what: Filing<OfCommitments>,
}

impl Commitments {
    pub(super) fn run(self) -> Result<Exit> {
        self.what.run()
    }
}

/// Show where the budget stands: its sums by fund nature, who has sent, its versions.
#[derive(Args)]
#[command(after_help = "\
Examples:
  treasury budget show --division 3 --year 2022 --connect 127.0.0.1:7370
  treasury budget show --digest --division 3 --year 2022 --connect 127.0.0.1:7370
  treasury budget show --division 3 --year 2022 --connect 127.0.0.1:7370 --json")]
struct Show {
    #[command(flatten)]
    place: Place,
    /// Print the digest of the latest version alone, as `submit` and `approve` name it.
    #[arg(long, conflicts_with = "json")]
    digest: bool,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

const SHOWN: [Table; 6] =
    [Table::Budget, Table::BudgetRow, Table::Income, Table::Surplus, Table::Sent, Table::Version];

impl Show {
    fn run(&self) -> Result<Exit> {
        let on_file = self.place.read(&SHOWN)?;
        let office = &on_file.office;
        let budget = office.get::<Budget>(Budget::KEY).ok_or_else(|| {
            let what = anyhow::anyhow!(
                "no budget of division {} is open in {}; treasury budget open asks for it",
                self.place.division.0,
                self.place.year.get()
            );
            Failure::new(Exit::Refused, what)
        })?;
        let mut out = std::io::stdout().lock();
        if self.digest {
            writeln!(out, "{}", &*budget.digest)?;
        } else if self.json {
            writeln!(out, "{}", json_of(budget, office))?;
        } else {
            print(&mut out, budget, office)?;
            on_file.say_when();
        }
        Ok(Exit::Ok)
    }
}

/// What a fund nature has.
#[derive(Clone, Copy, Default)]
struct Sums {
    income: FenSum,
    spending: FenSum,
    surplus: FenSum,
}

/// Income, rows and surplus by fund nature. Of income, what a unit registers is its own.
fn by_fund(office: &Office) -> BTreeMap<Class, Sums> {
    let mut funds: BTreeMap<Class, Sums> = BTreeMap::new();
    for income in office.all::<Income>() {
        funds.entry(income.fund).or_default().income += FenSum::from(income.planned_fen.get());
    }
    for row in live_rows(office) {
        funds.entry(row.fund).or_default().spending += FenSum::from(row.current_fen.get());
    }
    for surplus in office.all::<Surplus>() {
        funds.entry(surplus.fund).or_default().surplus += FenSum::from(surplus.amount_fen.get());
    }
    funds
}

/// What was sent in the round that runs.
fn sent_now<'a>(office: &'a Office, budget: &'a Budget) -> impl Iterator<Item = &'a Sent> {
    office.all::<Sent>().filter(|sent| sent.round == budget.round)
}

fn json_of(budget: &Budget, office: &Office) -> Value {
    let funds = by_fund(office);
    let fund = |(fund, sums): (&Class, &Sums)| {
        json!({
            "fund": fund.as_str(),
            "income": yuan_plain(sums.income),
            "rows": yuan_plain(sums.spending),
            "surplus": yuan_plain(sums.surplus),
        })
    };
    let sent = sent_now(office, budget).map(|sent| rows::json_of(&sent.clone().into_row()));
    let versions = office.all::<Version>().map(|one| rows::json_of(&one.clone().into_row()));
    let mut told = rows::json_of(&budget.clone().into_row());
    told["funds"] = funds.iter().map(fund).collect();
    told["sent"] = sent.collect();
    told["versions"] = versions.collect();
    told
}

fn print(out: &mut impl Write, budget: &Budget, office: &Office) -> std::io::Result<()> {
    writeln!(out, "budget  {}  {}", budget.state.slug(), budget.state.chinese())?;
    rows::print_columns(out, Table::Budget, &rows::text_of(&budget.clone().into_row()))?;
    for (fund, sums) in by_fund(office) {
        writeln!(
            out,
            "fund {}: income {}, rows {}, surplus {}",
            fund.as_str(),
            yuan_plain(sums.income),
            yuan_plain(sums.spending),
            yuan_plain(sums.surplus)
        )?;
    }
    for sent in sent_now(office, budget) {
        let how = if sent.is_returned { "returned" } else { "sent" };
        writeln!(out, "round {}: {} {} {how}", sent.round, sent.by.slug(), &*sent.unit)?;
    }
    for version in office.all::<Version>() {
        writeln!(
            out,
            "version {} at {}: {} rows of {}, income {}, {}",
            version.number,
            version.step.slug(),
            version.rows,
            version.spending_fen.to_yuan(),
            version.income_fen.to_yuan(),
            &*version.digest
        )?;
    }
    Ok(())
}

/// List its rows with their figures: current = replied + adjusted + vired.
#[derive(Args)]
#[command(after_help = "\
Examples:
  treasury budget list --division 3 --year 2022 --connect 127.0.0.1:7370
  treasury budget list --unit 101002 --division 3 --year 2022 --connect 127.0.0.1:7370 --json

Before the reply, replied is what it would say. The last line has the sums.")]
struct List {
    #[command(flatten)]
    place: Place,
    /// Only rows of this unit.
    #[arg(long, value_name = "CODE")]
    unit: Option<String>,
    /// Only rows of this project.
    #[arg(long, value_name = "CODE")]
    project: Option<String>,
    /// Print one JSON object per row, the sums last.
    #[arg(long)]
    json: bool,
}

const COLUMNS: [&str; 11] = [
    "code",
    "state",
    "unit",
    "project",
    "kind",
    "functional",
    "fund",
    "replied",
    "adjusted",
    "vired",
    "current",
];

impl List {
    fn run(&self) -> Result<Exit> {
        let on_file = self.place.read(&[Table::Budget, Table::BudgetRow])?;
        let office = &on_file.office;
        let rows: Vec<&BudgetRow> = office
            .all::<BudgetRow>()
            .filter(|row| self.unit.as_deref().is_none_or(|unit| *row.unit == *unit))
            .filter(|row| self.project.as_deref().is_none_or(|project| *row.project == *project))
            .collect();
        let fields = |row: &&BudgetRow| {
            let names = [
                &*row.code,
                row_state(office, row).slug(),
                &*row.unit,
                &*row.project,
                row.kind.slug(),
                row.functional.as_str(),
                row.fund.as_str(),
            ];
            let figures = figures(row).map(yuan_plain);
            names.into_iter().map(str::to_owned).chain(figures).collect::<Vec<String>>()
        };
        let mut listed: Vec<Vec<String>> = rows.iter().map(fields).collect();
        let live = rows.iter().filter(|row| !row.is_dropped);
        let sums = live.fold([0; 4], |mut sums: [FenSum; 4], row| {
            sums.iter_mut().zip(figures(row)).for_each(|(sum, figure)| *sum += figure);
            sums
        });
        let blanks = std::iter::repeat_n(String::new(), COLUMNS.len() - 5);
        let total = std::iter::once("total".to_owned()).chain(blanks);
        listed.push(total.chain(sums.map(yuan_plain)).collect());
        rows::print_list(self.json, &COLUMNS, &listed)?;
        let broken: Vec<&str> =
            rows.iter().filter(|row| !row.adds_up()).map(|row| &*row.code).collect();
        if !broken.is_empty() {
            let what = anyhow::anyhow!(
                "current is not replied + adjusted + vired in {}; run treasury verify",
                broken.join(", ")
            );
            return Err(Failure::new(Exit::Mismatch, what).into());
        }
        on_file.say_when();
        Ok(Exit::Ok)
    }
}

/// Replied, adjusted, vired, current.
fn figures(row: &BudgetRow) -> [FenSum; 4] {
    [row.reply_fen, row.adjusted_fen, row.vired_fen, row.current_fen]
        .map(|fen| FenSum::from(fen.get()))
}

/// A row's identity in words.
pub(super) fn equation(row: &BudgetRow) -> String {
    let [replied, adjusted, vired, current] = figures(row).map(yuan_plain);
    format!("current {current} = replied {replied} + adjusted {adjusted} + vired {vired}")
}
