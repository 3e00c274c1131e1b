//! Goal: what is found by the index is what a walk over all rows finds, whatever is put, removed and
//! taken back; and a paper looks at as many rows whether there are few projects beside it or many.

use std::collections::BTreeSet;

use proptest::prelude::*;

use crate::codes::Role;
use crate::command::{By, Paper};
use crate::contents::HashKey;
use crate::division::Division;
use crate::ids::{ActId, BatchId, ChannelId, DivisionIndex, FiscalYear, PersonId};
use crate::office::authority::live_rows;
use crate::office::decide::{Asked, decide};
use crate::office::line::Change;
use crate::office::looked;
use crate::office::paper::PaperKind;
use crate::office::tables::budget::BudgetRow;
use crate::office::tables::project::{Project, ProjectState};
use crate::office::{Office, Slot};

const UNITS: [&str; 4] = ["101", "101001", "102", "102001"];
const WORDS: [&str; 2] = ["G1", "G2"];
const STATES: [&str; 4] = ["drafted", "dept-reviewed", "in-library", "cancelled"];

fn put(office: &mut Office, line: &str) {
    office.make(Change::read(line).unwrap_or_else(|why| panic!("{line}: {why}")));
}

fn project(code: &str, unit: &str, name: &str, goal: &str, rank: usize, state: &str) -> String {
    format!(
        "+project\t{code}\t{name}\t{unit}\tspecific\t2022\t2022\t1\t100.00\t100.00\t依据\tnone\t0\t{goal}\t\t\t\
         {rank}\t{state}\t2022\t1\t2\t"
    )
}

fn row(code: &str, unit: &str, project: &str, dropped: bool) -> String {
    let word = if dropped { 1 } else { 2 };
    format!(
        "+budget-row\t{code}\t{unit}\t{project}\tplaced\t2050203\t50502\t302\t111\t2\t\t\t2022\t100.00\t100.00\t\
         100.00\t0.00\t0.00\t100.00\t{word}"
    )
}

fn unit(code: &str, parent: &str) -> String {
    let level = if parent.is_empty() { 1 } else { 2 };
    format!("+unit\t{code}\t单位{code}\t{parent}\t{level}\tother\tfull\t1\t\t\t\t\tactive")
}

/// Something that happens to an office of few projects, rows and units.
#[derive(Clone, Debug)]
enum Deed {
    Project(u8, usize, usize, usize, usize, usize),
    Row(u8, usize, u8, bool),
    Unit(usize, Option<usize>),
    Remove(&'static str, u8),
    /// What was done last is taken back.
    Undo,
}

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    let one = prop_oneof![
        (0..6_u8, 0..4_usize, 0..2_usize, 0..2_usize, 0..4_usize, 0..4_usize).prop_map(
            |(code, unit, name, goal, rank, state)| Deed::Project(
                code, unit, name, goal, rank, state
            )
        ),
        (0..6_u8, 0..4_usize, 0..6_u8, any::<bool>())
            .prop_map(|(code, unit, project, dropped)| Deed::Row(code, unit, project, dropped)),
        (0..4_usize, proptest::option::of(0..4_usize))
            .prop_map(|(unit, parent)| Deed::Unit(unit, parent.filter(|&parent| parent < unit))),
        (prop_oneof![Just("project"), Just("budget-row"), Just("unit")], 0..6_u8)
            .prop_map(|(table, code)| Deed::Remove(table, code)),
        Just(Deed::Undo),
    ];
    proptest::collection::vec(one, 1..60)
}

/// The line of a deed; none: it is no change.
fn line(deed: &Deed) -> Option<String> {
    Some(match *deed {
        Deed::Project(code, unit, name, goal, rank, state) => {
            project(&format!("P{code}"), UNITS[unit], WORDS[name], WORDS[goal], rank, STATES[state])
        }
        Deed::Row(code, unit, of, dropped) => {
            row(&format!("R{code}"), UNITS[unit], &format!("P{of}"), dropped)
        }
        Deed::Unit(one, parent) => unit(UNITS[one], parent.map_or("", |parent| UNITS[parent])),
        Deed::Remove("project", code) => format!("-project\tP{code}"),
        Deed::Remove("unit", code) => format!("-unit\t{}", UNITS[usize::from(code) % 4]),
        Deed::Remove(table, code) => format!("-{table}\tR{code}"),
        Deed::Undo => return None,
    })
}

fn codes<'a>(found: impl IntoIterator<Item = &'a Project>) -> BTreeSet<String> {
    found.into_iter().map(|project| project.code.to_string()).collect()
}

fn rows<'a>(found: impl IntoIterator<Item = &'a BudgetRow>) -> BTreeSet<String> {
    found.into_iter().map(|row| row.code.to_string()).collect()
}

/// Every question, against a walk over all rows.
fn must_agree(office: &Office) {
    let all = || office.all::<Project>();
    for unit in UNITS {
        for name in WORDS {
            let walked = all().filter(|one| *one.unit == *unit && *one.name == *name);
            assert_eq!(codes(office.projects_named(unit, name)), codes(walked));
        }
        let walked = live_rows(office).filter(|row| *row.unit == *unit);
        assert_eq!(rows(office.rows_of_unit(unit)), rows(walked));
        let here = || all().filter(|one| office.department_of(&one.unit) == unit);
        for rank in 1..4 {
            let at = |one: &&Project| one.priority == rank && one.state.is_in_ranking();
            assert_eq!(codes(office.projects_ranked(unit, rank)), codes(here().filter(at)));
        }
        let waits = |one: &&Project| one.priority > 0 && one.state == ProjectState::InLibrary;
        assert_eq!(codes(office.projects_waiting(unit)), codes(here().filter(waits)));
        assert!(office.projects_waiting(unit).is_sorted_by_key(|one| one.priority));
    }
    for goal in WORDS {
        let walked: Vec<&Project> = all().filter(|one| *one.goal == *goal).collect();
        assert_eq!(office.projects_of_goal(goal), walked, "by code");
    }
    for number in 0..6 {
        let of = format!("P{number}");
        let walked = live_rows(office).filter(|row| *row.project == *of);
        assert_eq!(rows(office.rows_of_project(&of)), rows(walked));
    }
}

proptest! {
    #[test]
    fn what_is_found_is_what_a_walk_finds(deeds in deeds()) {
        let mut office = Office::default();
        let mut undo: Vec<(u32, Option<Slot>)> = Vec::new();
        for deed in &deeds {
            if let Some(line) = line(deed) {
                let change = Change::read(&line).expect("a change");
                let slot = office.slot_for(&change);
                undo.push((slot, office.slots().get(slot as usize).cloned()));
                office.make(change);
            } else {
                match undo.pop() {
                    Some((slot, Some(before))) => office.put_back(slot, before),
                    Some((_, None)) => office.take_back(),
                    None => {}
                }
            }
            must_agree(&office);
        }
    }
}

const YEAR: FiscalYear = FiscalYear::from_offset(22);

/// Projects of each unit.
const EACH: usize = 10;

/// A department of so many projects, ten to a unit, ranked, each with its goal and a row of the budget.
fn library(projects: usize) -> Office {
    let mut office = Office::default();
    put(&mut office, &unit("101", ""));
    put(&mut office, "+budget\tbudget\t布置\topened\t1\t1\t\t\t\t\t\t1\t");
    for number in 0..projects {
        let of = format!("101{:05}", number / EACH);
        if number % EACH == 0 {
            put(&mut office, &unit(&of, "101"));
        }
        let (code, goal) = (format!("P{number:06}"), format!("G{number:06}"));
        put(&mut office, &format!("+goal\t{goal}\t{of}\t目标\t\t1\t2"));
        for (place, (level, weight)) in
            [("output-time", "50.00"), ("benefit", "30.00"), ("satisfaction", "20.00")]
                .into_iter()
                .enumerate()
        {
            put(&mut office, &format!("+indicator\t{goal}\t{place}\t{level}\t指标\t1\t{weight}"));
        }
        let state = match number % 5 {
            0 | 1 => "in-library",
            2 => "dept-reviewed",
            3 => "submitted",
            _ => "drafted",
        };
        let rank = if number % 5 < 2 { number + 1 } else { 0 };
        put(&mut office, &project(&code, &of, &format!("项目{number}"), &goal, rank, state));
        if number % 5 == 0 {
            put(&mut office, &row(&format!("R{number:06}"), &of, &code, false));
        }
    }
    office
}

/// What a paper changes, and how many rows were looked at for it.
fn cost(office: &Office, kind: PaperKind, text: &str) -> u64 {
    let division = Division::new(DivisionIndex(1), HashKey([1; 16]));
    let by = By { person: PersonId(9), role: Role::Finance, channel: ChannelId(1) };
    let paper = Paper {
        act: ActId(1),
        division: DivisionIndex(1),
        year: YEAR,
        kind,
        batch: BatchId(0),
        checker: PersonId::NOBODY,
        day: None,
        text,
    };
    let asked = Asked { division: &division, book: None, office, by, paper, now_ms: 0 };
    let file = || decide(&asked).unwrap_or_else(|no| panic!("{kind:?} {text:?}: {no:?}"));
    // The index is made when it is asked for first.
    file();
    let (_, looked) = looked::during(file);
    assert!(looked > 0, "{kind:?} looks at something");
    looked
}

#[test]
fn a_paper_costs_what_it_names_however_many_projects_there_are() {
    let (few, many) = (library(40), library(2_000));
    let draft = "project\tN1\t新项目\t10100001\tspecific\t2022\t2022\t1\t5.00\t依据\tnone\t0\tG-N1\t\t\nneed\tN1\t2022\t5.00";
    let goal = "goal\tG000014\t10100001\t新目标\nindicator\tG000014\t1\toutput-time\t及时\t1\t50.00\n\
                indicator\tG000014\t2\tbenefit\t效益\t1\t30.00\nindicator\tG000014\t3\tsatisfaction\t满意\t1\t20.00";
    for (kind, text) in [
        (PaperKind::ProjectDraft, draft),
        (PaperKind::ProjectSubmit, "P000014\nP000019"),
        (PaperKind::ProjectDeptReview, "P000013\nP000018"),
        (PaperKind::ProjectFinanceReview, "P000012\nP000017"),
        (PaperKind::ProjectRank, "P000012\t40\nP000017\t39"),
        (PaperKind::ProjectSelect, "P000000\nP000001\nP000005"),
        (PaperKind::ProjectReturn, "P000011\t依据不足\nP000013\t依据不足"),
        (PaperKind::ProjectCancel, "P000014\t不再需要"),
        (PaperKind::GoalPut, goal),
        (PaperKind::BudgetFirstUp, "unit\t10100001"),
    ] {
        let (of_few, of_many) = (cost(&few, kind, text), cost(&many, kind, text));
        assert_eq!(of_few, of_many, "{kind:?} beside 40 projects and beside 2,000");
    }
}

#[test]
fn keeping_the_index_costs_what_the_row_names() {
    let mut looked_at = [40, 2_000].map(|projects| {
        let mut office = library(projects);
        must_find(&office);
        let line = project("P000012", "10100001", "改名", "G000012", 40, "in-library");
        let change = Change::read(&line).expect("a change");
        let (_, looked) = looked::during(|| office.make(change));
        assert_eq!(codes(office.projects_ranked("101", 40)).len(), 1, "it was kept");
        assert_eq!(codes(office.projects_named("10100001", "改名")).len(), 1);
        looked
    });
    looked_at.sort_unstable();
    assert_eq!(looked_at[0], looked_at[1]);
}

/// Has both parts of the index made.
fn must_find(office: &Office) {
    assert_eq!(office.projects_of_goal("G000012").len(), 1);
    assert!(office.projects_waiting("101").next().is_some());
}
