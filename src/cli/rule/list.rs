//! `treasury rule list` and `treasury rule show`: rules as they are on file of a division.

use std::io::Write;

use anyhow::Result;
use clap::Args;
use domain::office::Office;
use domain::office::table::{Row, Table, Tabled};
use domain::office::tables::rule::{Deviation, Exemption, Rule, RuleDraft, RuleVersion};
use serde_json::{Value, json};

use crate::cli::rows::{self, Place};
use crate::exit::Exit;

/// List rules: those in force, and those not in force with the data they wait for.
#[derive(Args)]
#[command(after_help = "\
Examples:
  treasury rule list --division 3 --year 2022 --connect 127.0.0.1:7370
  treasury rule list --waiting --division 3 --year 2022 --connect 127.0.0.1:7370
  treasury rule list --proposed --division 3 --year 2022 --connect 127.0.0.1:7370 --json")]
pub(super) struct List {
    #[command(flatten)]
    place: Place,
    /// Only those not in force.
    #[arg(long)]
    waiting: bool,
    /// Those that somebody proposes, for another person to approve.
    #[arg(long, conflicts_with = "waiting")]
    proposed: bool,
    /// Print one JSON object per rule.
    #[arg(long)]
    json: bool,
}

const COLUMNS: [&str; 8] =
    ["id", "version", "standing", "when", "action", "origin", "waits_for", "chinese"];

impl List {
    pub(super) fn run(&self) -> Result<Exit> {
        let table = if self.proposed { Table::RuleDraft } else { Table::Rule };
        let on_file = self.place.read(&[table])?;
        let listed = listed(&on_file.office, self.waiting);
        rows::print_list(self.json, &COLUMNS, &listed)?;
        on_file.say_when();
        Ok(Exit::Ok)
    }
}

fn listed(office: &Office, waiting: bool) -> Vec<Vec<String>> {
    let drafts = office.all::<RuleDraft>().map(|draft| (Rule::from(draft), true));
    let rules = office.all::<Rule>().cloned().map(|rule| (rule, false));
    let all = rules.chain(drafts).filter(|(rule, _)| !(waiting && rule.in_force));
    let fields = |(rule, proposed): (Rule, bool)| {
        let standing = match (proposed, rule.in_force) {
            (true, _) => "proposed",
            (_, true) => "in force",
            _ => "not in force",
        };
        vec![
            rule.id.to_string(),
            rule.version.to_string(),
            standing.to_owned(),
            rule.when.to_string(),
            rule.action.slug().to_owned(),
            rule.origin.slug().to_owned(),
            rule.waits_for.to_string(),
            rule.chinese.to_string(),
        ]
    };
    all.map(fields).collect()
}

/// Show a rule: as it is, as it is proposed, as it was, and where it is looser.
#[derive(Args)]
#[command(after_help = "\
Examples:
  treasury rule show R-LARGE --division 3 --year 2022 --connect 127.0.0.1:7370
  treasury rule show R-LARGE --division 3 --year 2022 --connect 127.0.0.1:7370 --json")]
pub(super) struct Show {
    /// The rule's id.
    rule: String,
    #[command(flatten)]
    place: Place,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

const SHOWN: [Table; 5] =
    [Table::Rule, Table::RuleDraft, Table::RuleVersion, Table::Deviation, Table::Exemption];

impl Show {
    pub(super) fn run(&self) -> Result<Exit> {
        let on_file = self.place.read(&SHOWN)?;
        let about = About::of(&on_file.office, &self.rule);
        if about.rule.is_none() && about.draft.is_none() {
            return Err(self.place.missing(Table::Rule, &self.rule, "treasury rule list"));
        }
        let mut out = std::io::stdout().lock();
        if self.json {
            writeln!(out, "{}", about.json())?;
        } else {
            about.print(&mut out)?;
            on_file.say_when();
        }
        Ok(Exit::Ok)
    }
}

/// What is on file about a rule.
struct About {
    rule: Option<Row>,
    draft: Option<Row>,
    versions: Vec<Row>,
    deviation: Option<Row>,
    exemptions: Vec<Row>,
}

impl About {
    fn of(office: &Office, id: &str) -> About {
        let beginning = format!("{id}/");
        About {
            rule: office.get::<Rule>(id).cloned().map(Tabled::into_row),
            draft: office.get::<RuleDraft>(id).cloned().map(Tabled::into_row),
            versions: all_of::<RuleVersion>(office, &beginning),
            deviation: office.get::<Deviation>(id).cloned().map(Tabled::into_row),
            exemptions: all_of::<Exemption>(office, &beginning),
        }
    }

    fn json(&self) -> Value {
        let one = |row: &Option<Row>| row.as_ref().map(rows::json_of);
        let all = |rows: &[Row]| rows.iter().map(rows::json_of).collect::<Vec<Value>>();
        json!({
            "rule": one(&self.rule),
            "proposed": one(&self.draft),
            "versions": all(&self.versions),
            "deviation": one(&self.deviation),
            "exemptions": all(&self.exemptions),
        })
    }

    fn print(&self, out: &mut impl Write) -> std::io::Result<()> {
        let parts =
            [("rule", &self.rule), ("proposed", &self.draft), ("deviation", &self.deviation)];
        for (name, row) in parts {
            if let Some(row) = row {
                writeln!(out, "{name}")?;
                rows::print_columns(out, row.table(), &rows::text_of(row))?;
            }
        }
        for row in self.versions.iter().chain(&self.exemptions) {
            writeln!(out, "{}\t{}", row.table().slug(), rows::text_of(row))?;
        }
        Ok(())
    }
}

fn all_of<T: Tabled>(office: &Office, beginning: &str) -> Vec<Row> {
    office.beginning::<T>(beginning).cloned().map(Tabled::into_row).collect()
}
