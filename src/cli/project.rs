//! `treasury project` and `treasury goal`: the project library (项目库).

use std::io::Write;

use anyhow::Result;
use clap::{Args, Subcommand};
use domain::office::Office;
use domain::office::authority::{live_rows, project_state};
use domain::office::table::{Table, Tabled};
use domain::office::tables::budget::BudgetRow;
use domain::office::tables::performance::Goal;
use domain::office::tables::project::{Project, ProjectClass, ProjectNeed, ProjectState};
use serde_json::json;

use super::arguments::word;
use super::paper::Filing;
use super::paper::verbs::{OfGoals, OfProjects};
use super::rows::{self, OnFile, Place};
use crate::exit::Exit;

/// Take projects from their draft into the library and the budget, and look at them.
#[derive(Args)]
pub(super) struct Projects {
    /// What to do.
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// List projects, by rank, with where each stands.
    List(List),
    /// Show a project: its columns, its needs, its budget rows.
    Show(Show),
    #[command(flatten)]
    Paper(Filing<OfProjects>),
}

impl Projects {
    pub(super) fn run(self) -> Result<Exit> {
        match self.what {
            What::List(list) => list.run(),
            What::Show(show) => show.run(),
            What::Paper(paper) => paper.run(),
        }
    }
}

/// Write, track and evaluate performance goals; `treasury base list goal` lists them.
#[derive(Args)]
pub(super) struct Goals {
    /// What to do.
    #[command(subcommand)]
    what: Filing<OfGoals>,
}

impl Goals {
    pub(super) fn run(self) -> Result<Exit> {
        self.what.run()
    }
}

/// The tables that say where a project stands.
const STANDING: [Table; 3] = [Table::Project, Table::Budget, Table::BudgetRow];

/// List projects, by rank, with where each stands.
#[derive(Args)]
#[command(after_help = "\
Examples:
  treasury project list --division 3 --year 2022 --connect 127.0.0.1:7370
  treasury project list --state in-library --class specific --unit 101002 \\
      --division 3 --year 2022 --connect 127.0.0.1:7370 --json")]
struct List {
    #[command(flatten)]
    place: Place,
    /// Only those of this unit.
    #[arg(long, value_name = "CODE")]
    unit: Option<String>,
    /// Only those that stand there.
    #[arg(long, value_parser = word::<ProjectState>)]
    state: Option<ProjectState>,
    /// Only those of this class.
    #[arg(long, value_parser = word::<ProjectClass>)]
    class: Option<ProjectClass>,
    /// Print one JSON object per project.
    #[arg(long)]
    json: bool,
}

const COLUMNS: [&str; 8] =
    ["code", "state", "unit", "class", "priority", "year_need", "total_need", "name"];

impl List {
    fn run(&self) -> Result<Exit> {
        let on_file = self.place.read(&STANDING)?;
        let mut listed = listed(&on_file.office);
        listed.retain(|(project, state)| {
            self.unit.as_deref().is_none_or(|unit| *project.unit == *unit)
                && self.state.is_none_or(|wanted| wanted == *state)
                && self.class.is_none_or(|class| class == project.class)
        });
        let fields = |(project, state): &(&Project, ProjectState)| {
            vec![
                project.code.to_string(),
                state.slug().to_owned(),
                project.unit.to_string(),
                project.class.slug().to_owned(),
                project.priority.to_string(),
                project.year_need_fen.to_yuan(),
                project.total_need_fen.to_yuan(),
                project.name.to_string(),
            ]
        };
        let fields: Vec<Vec<String>> = listed.iter().map(fields).collect();
        rows::print_list(self.json, &COLUMNS, &fields)?;
        on_file.say_when();
        Ok(Exit::Ok)
    }
}

/// Projects with where they stand: those with a rank first, by it.
fn listed(office: &Office) -> Vec<(&Project, ProjectState)> {
    let mut all: Vec<_> =
        office.all::<Project>().map(|one| (one, project_state(office, one))).collect();
    all.sort_by_key(|(project, _)| (project.priority == 0, project.priority, &*project.code));
    all
}

/// Show a project: its columns, its needs, its budget rows.
#[derive(Args)]
#[command(after_help = "\
Examples:
  treasury project show P-DESKS --division 3 --year 2022 --connect 127.0.0.1:7370
  treasury project show P-DESKS --division 3 --year 2022 --connect 127.0.0.1:7370 --json")]
struct Show {
    /// The project's code.
    project: String,
    #[command(flatten)]
    place: Place,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

impl Show {
    fn run(&self) -> Result<Exit> {
        let tables = [&STANDING[..], &[Table::ProjectNeed, Table::Goal]].concat();
        let on_file = self.place.read(&tables)?;
        let project = on_file.office.get::<Project>(&self.project).ok_or_else(|| {
            self.place.missing(Table::Project, &self.project, "treasury project list")
        })?;
        let mut out = std::io::stdout().lock();
        if self.json {
            writeln!(out, "{}", json_of(project, &on_file.office))?;
        } else {
            print(&mut out, project, &on_file)?;
        }
        Ok(Exit::Ok)
    }
}

fn needs<'a>(office: &'a Office, project: &Project) -> Vec<&'a ProjectNeed> {
    office.beginning(&format!("{}/", &*project.code)).collect()
}

fn rows_of<'a>(office: &'a Office, project: &'a Project) -> impl Iterator<Item = &'a BudgetRow> {
    live_rows(office).filter(|row| row.project == project.code)
}

fn json_of(project: &Project, office: &Office) -> serde_json::Value {
    let row = |row: domain::office::table::Row| rows::json_of(&row);
    let needs = needs(office, project).into_iter().cloned();
    let budget = rows_of(office, project).cloned();
    let mut told = row(project.clone().into_row());
    told["stands"] = json!(project_state(office, project).slug());
    told["needs"] = needs.map(|need| row(need.into_row())).collect();
    told["rows"] = budget.map(|one| row(one.into_row())).collect();
    told["performance"] =
        json!(office.get::<Goal>(&project.goal).map(|goal| row(goal.clone().into_row())));
    told
}

fn print(out: &mut impl Write, project: &Project, on_file: &OnFile) -> Result<()> {
    let office = &on_file.office;
    let state = project_state(office, project);
    writeln!(out, "project {}  {}  {}", &*project.code, state.slug(), state.chinese())?;
    rows::print_columns(out, Table::Project, &rows::text_of(&project.clone().into_row()))?;
    for need in needs(office, project) {
        writeln!(out, "need of {}: {}", need.year.get(), need.need_fen.to_yuan())?;
    }
    if let Some(goal) = office.get::<Goal>(&project.goal) {
        writeln!(out, "goal {}: {}", &*goal.code, &*goal.target)?;
    }
    for row in rows_of(office, project) {
        writeln!(out, "budget row {}: {}", &*row.code, super::budget::equation(row))?;
    }
    on_file.say_when();
    Ok(())
}
