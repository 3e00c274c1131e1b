//! What was asked and heard in the order of time, and the question to the checker.

use std::collections::{BTreeMap, BTreeSet};

use todc_utils::{Action, History, WGLChecker};

use crate::model::Deed;
use crate::model::{Asked, Heard, Quota};

/// A command or look-up in the course of the test.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Noted {
    pub(crate) quota: usize,
    pub(crate) asked: Asked,
    pub(crate) heard: Option<Heard>,
    /// It is certain that it never took effect: it is no part of the history.
    pub(crate) never: bool,
}

impl Noted {
    fn is_lost(&self) -> bool {
        matches!(self.heard, Some(Heard::LostTaken | Heard::LostTooMuch { .. }))
    }

    /// What it would have an effect on, and only the first of its kind has: an id, or an id that
    /// holds money.
    fn on(&self) -> Option<(bool, u64)> {
        match self.asked {
            Asked::Reserve { payment, .. } => Some((true, payment)),
            Asked::Withdraw { payment } => Some((false, payment)),
            Asked::Balance | Asked::Outcome { .. } => None,
        }
    }

    /// Its answer says that it was the first.
    fn was_first(&self) -> bool {
        matches!(
            self.heard,
            Some(Heard::Taken { repeat: false, .. } | Heard::TooMuch { repeat: false, .. })
        )
    }
}

/// What all desks asked and heard, in the order of time.
#[derive(Default)]
pub(crate) struct Notes {
    pub(crate) all: Vec<Noted>,
    /// Which of them was sent (`true`) or answered.
    pub(crate) moments: Vec<(usize, bool)>,
}

impl Notes {
    pub(crate) fn sent(&mut self, quota: usize, asked: Asked) -> usize {
        self.all.push(Noted { quota, asked, heard: None, never: false });
        self.moments.push((self.all.len() - 1, true));
        self.all.len() - 1
    }

    pub(crate) fn heard(&mut self, at: usize, heard: Heard) {
        assert_eq!(self.all[at].heard.replace(heard), None, "an answer is heard once");
        self.moments.push((at, false));
    }

    /// The history of one quota. A lost command where somebody else knows to have been the first
    /// had no effect: it is left out, as the order of such would multiply.
    pub(crate) fn of(&self, quota: usize) -> Vec<Moment> {
        let ours = || self.all.iter().enumerate().filter(|(_, noted)| noted.quota == quota);
        let firsts: BTreeSet<_> = ours()
            .filter(|(_, noted)| noted.was_first())
            .filter_map(|(_, noted)| noted.on())
            .collect();
        let counts = |noted: &Noted| {
            let had_none = noted.is_lost() && noted.on().is_some_and(|on| firsts.contains(&on));
            !noted.never && !had_none
        };
        let counted: BTreeSet<usize> =
            ours().filter(|(_, noted)| counts(noted)).map(|(at, _)| at).collect();
        let moments = self.moments.iter().filter(|(at, _)| counted.contains(at));
        let moment = |&(at, is_sent): &(usize, bool)| {
            let Noted { asked, heard, .. } = self.all[at];
            let heard = heard.unwrap_or_else(|| panic!("nobody knows what became of {asked:?}"));
            Moment { at, is_sent, deed: Deed { asked, heard } }
        };
        moments.map(moment).collect()
    }
}

/// The sending or the answer of something.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    /// Which of them: both its moments have the same number.
    pub(crate) at: usize,
    pub(crate) is_sent: bool,
    pub(crate) deed: Deed,
}

pub(crate) fn is_linearizable(history: &[Moment]) -> bool {
    // Each is a process of its own, since one whose answer was lost is passed by its desk's next.
    let mut processes = BTreeMap::new();
    let mut actions = Vec::new();
    for moment in history {
        let next = processes.len();
        let process = *processes.entry(moment.at).or_insert(next);
        let action = if moment.is_sent { Action::Call } else { Action::Response };
        actions.push((process, action(moment.deed)));
    }
    WGLChecker::<Quota>::is_linearizable(History::from_actions(actions))
}

/// The beginning of a history that contradicts itself, as short as can be: the last line is the
/// answer that cannot be.
pub(crate) fn contradiction(history: &[Moment]) -> String {
    let beginning = |end: usize| {
        let (past, future) = history.split_at(end);
        let sent: BTreeSet<usize> = past.iter().map(|moment| moment.at).collect();
        let open = future.iter().filter(|moment| !moment.is_sent && sent.contains(&moment.at));
        past.iter().chain(open).copied().collect::<Vec<_>>()
    };
    let mut ends = (1..=history.len()).collect::<Vec<_>>();
    let first = ends.partition_point(|&end| is_linearizable(&beginning(end)));
    ends.truncate(first + 1);
    written(&history[..ends.pop().unwrap_or(history.len())])
}

fn written(history: &[Moment]) -> String {
    let line = |moment: &Moment| {
        let Moment { at, is_sent, deed } = moment;
        if *is_sent {
            format!("{at:5}  {:?}\n", deed.asked)
        } else {
            format!("{at:5}  {:?} -> {:?}\n", deed.asked, deed.heard)
        }
    };
    history.iter().map(line).collect()
}
