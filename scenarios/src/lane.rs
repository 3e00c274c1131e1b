//! Lanes: shares of the divisions that are run side by side, each in its own order.
//!
//! All commands of a division, and so of each quota and of the plans and contracts it shares with
//! others, are in one lane; what they are does not depend on how many lanes there are. Only a
//! window's payments are in memory.

use std::sync::Arc;

use domain::ids::ActId;

use crate::command::{Body, Command, Register, Role, SetYear, Tail, YearState};
use crate::draws::uuid;
use crate::generate::{Run, setup, window};
use crate::model::tally::Tally;
use crate::plan::{Plan, YEAR};
use crate::stream::{Audit, Barrier, QuotaEnd, Step, Wave};

/// A wave of the set-up is cut when it has this many commands.
const SETUP_WAVE_COMMANDS: usize = 16_384;

/// The whole work of a scenario: first the registrations, then the lanes.
pub struct Work {
    /// Waves to run first, one after the other, before any lane starts.
    pub opening: Vec<Wave>,
    /// The lanes, independent of each other but for barriers; they have to run side by side.
    pub lanes: Vec<Lane>,
    /// What the model counted for the opening.
    pub opening_tally: Tally,
}

impl Work {
    /// Cuts a plan into at most `lanes` lanes of about the same size; at least one.
    #[must_use]
    pub fn new(plan: Plan, lanes: usize) -> Work {
        let plan = Arc::new(plan);
        let mut runs: Vec<Run> = (0..plan.divisions.len()).map(|at| Run::new(&plan, at)).collect();
        let (opening, opening_tally) = open(&plan, &mut runs);
        let mut shares: Vec<(u64, Vec<Run>)> = Vec::new();
        shares.resize_with(lanes.clamp(1, runs.len()), Default::default);
        let weight = |run: &Run| plan.payments_by_division()[usize::from(run.index().0)];
        runs.sort_by_cached_key(|run| (std::cmp::Reverse(weight(run)), run.index()));
        for run in runs {
            let at = (0..shares.len()).min_by_key(|&at| (shares[at].0, at)).unwrap_or(0);
            shares[at].0 += weight(&run) + 1;
            shares[at].1.push(run);
        }
        let lanes = shares.into_iter().enumerate().map(|(index, (_, mut runs))| {
            runs.sort_by_key(Run::index);
            Lane {
                index,
                plan: Arc::clone(&plan),
                runs,
                at: At::Setup { stage: 0, run: 0, serial: 0 },
            }
        });
        Work { opening, lanes: lanes.collect(), opening_tally }
    }
}

/// Registers the divisions and opens their years.
fn open(plan: &Plan, runs: &mut [Run]) -> (Vec<Wave>, Tally) {
    let operator = |body, tail| {
        let person = domain::ids::PersonId(999_000_001);
        Command { role: Role::Operator, person, body, tail }
    };
    let mut wave = Wave::new(Role::Operator);
    for (place, run) in plan.places.iter().zip(&mut *runs) {
        let body = Body::Register(Register {
            division: place.index,
            code: place.code,
            parent: place.parent,
        });
        let command = operator(body, Tail::Text(place.name.as_str().into()));
        run.send(&mut wave, command.clone());
        // Registered again: the same outcome.
        if place.index.0 == 0 {
            run.send(&mut wave, command);
        }
    }
    let mut years = Wave::new(Role::Operator);
    for (division, run) in plan.divisions.iter().zip(&mut *runs) {
        let mut number = 0;
        let mut set = |run: &mut Run, year, state| {
            number += 1;
            let act = ActId(uuid(division.key, 0, number));
            let body = Body::SetYear(SetYear { act, division: division.index, year, state });
            run.send(&mut years, operator(body, Tail::None));
        };
        if division.index.0 == 0 {
            // The province still winds 2021 up, and 2020 is closed.
            set(run, YEAR - 2, YearState::Open);
            set(run, YEAR - 2, YearState::Adjustment);
            set(run, YEAR - 2, YearState::Closed);
            set(run, YEAR - 1, YearState::Open);
            set(run, YEAR - 1, YearState::Adjustment);
        }
        set(run, YEAR, YearState::Open);
        if division.index.0 == 0 {
            set(run, YEAR, YearState::Open);
            set(run, YEAR, YearState::Closed);
        }
    }
    let mut tally = Tally::default();
    for run in runs {
        tally.add(&std::mem::take(&mut run.model.tally));
    }
    (vec![wave, years], tally)
}

/// Where a lane stands.
#[derive(Clone, Copy, Debug)]
enum At {
    Setup { stage: usize, run: usize, serial: u32 },
    Window { window: u64, stage: usize },
    Audit { window: u64 },
    Done,
}

/// A share of the divisions, as a sequence of steps.
pub struct Lane {
    index: usize,
    plan: Arc<Plan>,
    runs: Vec<Run>,
    at: At,
}

impl Lane {
    /// Its number, from 0.
    #[must_use]
    pub fn index(&self) -> usize {
        self.index
    }

    /// How many windows it has started, of how many.
    #[must_use]
    pub fn progress(&self) -> (u64, u64) {
        let count = self.plan.windows.count;
        match self.at {
            At::Setup { .. } => (0, count),
            At::Window { window, .. } | At::Audit { window } => (window + 1, count),
            At::Done => (count, count),
        }
    }

    /// True once every step was given.
    #[must_use]
    pub fn is_done(&self) -> bool {
        matches!(self.at, At::Done)
    }

    /// What the model has counted in it so far: all that was predicted, sent or not.
    #[must_use]
    pub fn tally(&self) -> Tally {
        let mut tally = Tally::default();
        for run in &self.runs {
            tally.add(&run.model.tally);
        }
        tally
    }

    /// Facts that wait in the suspense of its divisions.
    #[must_use]
    pub fn parked_now(&self) -> u64 {
        self.runs.iter().map(|run| run.model.parked_now()).sum()
    }

    /// Its quotas as they should be after the steps given so far.
    pub fn quotas(&self) -> impl Iterator<Item = QuotaEnd> + '_ {
        self.runs.iter().flat_map(Run::quotas)
    }

    fn set_up(&mut self, stage: usize, mut run: usize, mut serial: u32) -> Step {
        let what = setup::STAGES[stage];
        let mut wave = Wave::new(Role::Finance);
        wave.fragile = what == setup::Stage::Batches;
        while run < self.runs.len() {
            if serial == self.runs[run].quota_count() {
                (run, serial) = (run + 1, 0);
                continue;
            }
            if wave.len() >= SETUP_WAVE_COMMANDS {
                self.at = At::Setup { stage, run, serial };
                return Step::Wave(wave);
            }
            self.runs[run].set_up(what, serial, &mut wave);
            serial += 1;
        }
        self.after_setup(stage);
        Step::Wave(wave)
    }

    fn wait(&mut self, stage: usize) -> Step {
        let mut barrier = Barrier::default();
        for run in &mut self.runs {
            run.wait(setup::STAGES[stage], &mut barrier);
        }
        self.after_setup(stage);
        Step::Barrier(barrier)
    }

    fn after_setup(&mut self, stage: usize) {
        self.at = if stage + 1 < setup::STAGES.len() {
            At::Setup { stage: stage + 1, run: 0, serial: 0 }
        } else {
            for run in &mut self.runs {
                run.model.forget();
            }
            At::Window { window: 0, stage: 0 }
        };
    }

    fn wave(&mut self, window: u64, stage: usize) -> Step {
        let (what, role) = window::STAGES[stage];
        let mut wave = Wave::new(role);
        for run in &mut self.runs {
            if stage == 0 {
                run.begin_window(window);
            }
            run.stage(what, &mut wave);
        }
        self.at = if stage + 1 < window::STAGES.len() {
            At::Window { window, stage: stage + 1 }
        } else {
            At::Audit { window }
        };
        Step::Wave(wave)
    }

    fn audit(&mut self, window: u64) -> Step {
        let mut audit = Audit::default();
        for run in &mut self.runs {
            run.end_window();
            audit.payments.extend(run.take_ended());
        }
        self.at = if window + 1 < self.plan.windows.count {
            At::Window { window: window + 1, stage: 0 }
        } else {
            At::Done
        };
        Step::Audit(audit)
    }
}

impl Iterator for Lane {
    type Item = Step;

    /// The next step that has anything in it.
    fn next(&mut self) -> Option<Step> {
        loop {
            let step = match self.at {
                At::Setup { stage, run, serial } => {
                    if setup::STAGES[stage].is_barrier() {
                        self.wait(stage)
                    } else {
                        self.set_up(stage, run, serial)
                    }
                }
                At::Window { window, stage } => self.wave(window, stage),
                At::Audit { window } => self.audit(window),
                At::Done => return None,
            };
            let empty = match &step {
                Step::Wave(wave) => wave.is_empty(),
                Step::Barrier(barrier) => barrier.quotas.is_empty(),
                Step::Audit(audit) => audit.payments.is_empty(),
            };
            if !empty {
                return Some(step);
            }
        }
    }
}
