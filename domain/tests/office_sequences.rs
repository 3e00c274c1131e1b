//! Random sequences of papers about a budget: whatever is filed, by whomever, the rows add up, a
//! version is never changed, and no step is left out.
//!
//! What must hold is told here a second time, over rows as text.

mod bureau;
mod preparation;
mod world;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use bureau::{
    Bureau, CLERK, EDUCATION_REVIEWER, HEAD, OFFICER, PEOPLE, PRIMARY_MAKER, SCHOOL_MAKER,
};
use preparation::{PAPER, WAY, file};
use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};

/// What a sequence is made of.
#[derive(Clone, Debug)]
enum Op {
    /// The next papers of the way, in the state where the budget is.
    Advance(usize),
    /// A paper of the way, in any state, by anybody.
    Stray { paper: usize, person: usize },
    /// Something that happens on the way.
    Event(usize),
}

/// What happens besides the way: by whom, which paper, what it says.
const EVENTS: [(u64, &str, &str); 10] = [
    (EDUCATION_REVIEWER, "budget-return", "unit|101001|补充材料"),
    (OFFICER, "budget-return", "department|101|补充材料"),
    (HEAD, "budget-return", "whole||重新测算"),
    (OFFICER, "row-audit", "R-DESKS|19000.00"),
    (OFFICER, "row-audit", "R-DESKS|20000.00"),
    (OFFICER, "surplus-put", "111|2000.00"),
    (OFFICER, "surplus-put", "111|1000.00"),
    (SCHOOL_MAKER, "row-drop", "R-DESKS"),
    (PRIMARY_MAKER, "row-put", PAPER),
    (OFFICER, "row-add", "R-NEW|101001|P-DESKS|received|2050203|50601|31099|111|2|||2023|5.00"),
];

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let op = prop_oneof![
        8 => (1..6_usize).prop_map(Op::Advance),
        3 => (any::<prop::sample::Index>(), any::<prop::sample::Index>()).prop_map(
            |(paper, person)| Op::Stray {
                paper: paper.index(way().len()),
                person: person.index(PEOPLE.len()),
            }
        ),
        2 => (0..EVENTS.len()).prop_map(Op::Event),
    ];
    proptest::collection::vec(op, 1..90)
}

fn way() -> Vec<preparation::Paper> {
    WAY.iter().flat_map(|(_, papers)| papers.iter().copied()).collect()
}

/// A person's posts, written down a second time: which of the steps of the whole each may take.
fn owner_of(from: &str, to: &str) -> u64 {
    match (from, to) {
        ("opened", "first-up") | ("first-down", "second-up") => OFFICER,
        ("submitted", "approved") => CLERK,
        ("none", "opened")
        | ("first-up", "first-down")
        | ("second-up", "first-down" | "submitted")
        | ("approved", "replied") => HEAD,
        other => panic!("no step leads {other:?}"),
    }
}

/// What has been accepted, and what must hold of it. Knows rows as text alone.
#[derive(Default)]
struct Watch {
    state: String,
    /// Who sent in this round: scope and unit.
    sent: BTreeSet<String>,
    versions: BTreeMap<String, String>,
    steps: Vec<(String, String)>,
}

impl Watch {
    fn new() -> Watch {
        Watch { state: "none".into(), ..Watch::default() }
    }

    fn after(&mut self, bureau: &Bureau, paper: preparation::Paper, heard: &str) {
        let (person, kind, text) = paper;
        let state = match bureau.row("budget", "budget") {
            None => "none".to_string(),
            Some(_) => bureau.field("budget", "budget", "state"),
        };
        if heard == "ok" && kind.ends_with("-up") && text != "whole" {
            self.sent.insert(text.to_string());
        }
        if heard == "ok" && kind == "budget-return" {
            let (scope, rest) = text.split_once('|').expect("a scope");
            let unit = rest.split('|').next().expect("a unit");
            self.sent.remove(&format!("{scope}|{unit}"));
        }
        if state != self.state {
            assert_eq!(heard, "ok");
            assert_eq!(person, owner_of(&self.state, &state), "{} -> {state}", self.state);
            if kind.ends_with("-up") {
                self.everybody_has_sent(bureau);
            }
            if matches!(&*state, "opened" | "first-down") {
                self.sent.clear();
            }
            self.steps.push((self.state.clone(), state.clone()));
            self.state = state;
        }
        self.rows_keep_their_identity(bureau);
        self.versions_stay(bureau);
        if self.state == "replied" {
            self.the_reply_is_what_was_approved(bureau);
        }
    }

    /// Every unit with a row of its own has sent, and its department with it.
    fn everybody_has_sent(&self, bureau: &Bureau) {
        for row in rows(bureau, "budget-row") {
            let (unit, kind, dropped) = (&row[1], &row[3], &row[18]);
            if kind == "reserve" || dropped == "1" {
                continue;
            }
            let department = &unit[..3];
            assert!(self.sent.contains(&format!("unit|{unit}")), "{unit}: {:?}", self.sent);
            assert!(self.sent.contains(&format!("department|{department}")), "{:?}", self.sent);
        }
    }

    fn rows_keep_their_identity(&self, bureau: &Bureau) {
        for row in rows(bureau, "budget-row") {
            let [reply, adjusted, vired, current] = [14, 15, 16, 17].map(|at| fen(&row[at]));
            assert_eq!(current, reply + adjusted + vired, "{row:?}");
            assert!(current >= 0, "{row:?}");
        }
    }

    fn versions_stay(&mut self, bureau: &Bureau) {
        for table in ["version", "version-sum"] {
            let is: BTreeMap<String, String> = keyed(bureau, table);
            for (key, row) in &is {
                let before = self.versions.insert(format!("{table} {key}"), row.clone());
                assert!(before.is_none_or(|before| before == *row), "{table} {key} has changed");
            }
            let known = self.versions.keys().filter(|key| key.starts_with(&format!("{table} ")));
            assert_eq!(known.count(), is.len(), "a {table} is gone");
        }
    }

    fn the_reply_is_what_was_approved(&self, bureau: &Bureau) {
        let mut sums: BTreeMap<(String, String), i128> = BTreeMap::new();
        for row in rows(bureau, "budget-row").into_iter().filter(|row| row[18] == "2") {
            *sums.entry((row[7].clone(), row[4].clone())).or_default() += fen(&row[17]);
        }
        for row in rows(bureau, "approved") {
            *sums.entry((row[0].clone(), row[1].clone())).or_default() -= fen(&row[2]);
        }
        assert!(sums.values().all(|&left| left == 0), "{sums:?}");
        // Each step was taken, one after the other; returns lie between them.
        let mut must_be = ["opened", "first-up", "first-down", "second-up"].as_slice().iter();
        let taken: Vec<&str> = self.steps.iter().map(|(_, to)| &**to).collect();
        assert!(must_be.all(|step| taken.contains(step)), "{taken:?}");
        assert!(taken.ends_with(&["second-up", "submitted", "approved", "replied"]), "{taken:?}");
    }
}

/// Fen of a yuan text.
fn fen(text: &str) -> i128 {
    text.replace('.', "").parse().expect("an amount")
}

fn rows(bureau: &Bureau, table: &str) -> Vec<Vec<String>> {
    let split = |row: String| row.split('|').map(str::to_string).collect();
    keyed(bureau, table).into_values().map(split).collect()
}

fn keyed(bureau: &Bureau, table: &str) -> BTreeMap<String, String> {
    let of = domain::office::table::Table::from_slug(table).expect("a table");
    let keys = bureau.office().rows(of).map(|(key, _)| key.to_string());
    keys.map(|key| (key.clone(), bureau.row(table, &key).expect("a row"))).collect()
}

/// Plays a sequence and gives where the budget stands in the end.
fn play(ops: &[Op]) -> String {
    let mut bureau = preparation::prepared();
    let mut watch = Watch::new();
    // How far the way has been gone in each state and round.
    let mut gone: BTreeMap<(String, String), usize> = BTreeMap::new();
    let all = way();
    for op in ops {
        match *op {
            Op::Stray { paper, person } => {
                let (_, kind, text) = all[paper];
                let paper = (PEOPLE[person], kind, text);
                let heard = file(&mut bureau, paper);
                watch.after(&bureau, paper, &heard);
            }
            Op::Event(event) => {
                let heard = file(&mut bureau, EVENTS[event]);
                watch.after(&bureau, EVENTS[event], &heard);
            }
            Op::Advance(steps) => {
                for _ in 0..steps {
                    let (_, papers) =
                        WAY.into_iter().find(|(name, _)| *name == watch.state).expect("a state");
                    let round = match bureau.row("budget", "budget") {
                        None => String::new(),
                        Some(_) => bureau.field("budget", "budget", "round"),
                    };
                    let at = gone.entry((watch.state.clone(), round)).or_default();
                    let Some(&paper) = papers.get(*at % papers.len().max(1)) else { continue };
                    *at += 1;
                    let heard = file(&mut bureau, paper);
                    watch.after(&bureau, paper, &heard);
                }
            }
        }
    }
    assert_eq!(bureau.world.replay_differs(), None);
    watch.state
}

/// Sequences, and how many of them must end in each state at least: a run in which none gets far
/// would check little.
const SEQUENCES: u32 = 128;
const MUST_END: [(&str, u32); 4] =
    [("opened", 1), ("first-down", 3), ("submitted", 1), ("replied", 20)];

#[test]
fn whatever_is_filed_the_rows_add_up_and_no_step_is_left_out() {
    let config =
        ProptestConfig { cases: SEQUENCES, failure_persistence: None, ..ProptestConfig::default() };
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(config, rng);
    let ends = RefCell::new(BTreeMap::<String, u32>::new());
    let found = runner.run(&ops(), |ops| {
        *ends.borrow_mut().entry(play(&ops)).or_default() += 1;
        Ok(())
    });
    if let Err(broken) = found {
        panic!("{broken}");
    }
    let ends = ends.into_inner();
    for (state, least) in MUST_END {
        assert!(ends.get(state).is_some_and(|&count| count >= least), "{state}: {ends:?}");
    }
}

#[test]
fn a_sequence_that_only_advances_ends_in_the_reply() {
    assert_eq!(play(&[Op::Advance(60)]), "replied");
}
