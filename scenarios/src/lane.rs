//! Lanes: shares of the divisions that are run side by side, each in its own order.
//!
//! All commands of a division, and so of each quota and of the plans and contracts it shares with
//! others, are in one lane; what they are does not depend on how many lanes there are. A lane makes
//! its waves as they are taken: of the payments it remembers those of one day.

use std::sync::Arc;

use domain::ids::ActId;

use crate::calendar::{DAYS, JANUARY, clearing_step, part_step};
use crate::command::{Body, Command, Register, Role, SetYear, Tail, YearState};
use crate::draws::uuid;
use crate::generate::{Run, day, setup};
use crate::model::tally::Tally;
use crate::plan::{Plan, YEAR};
use crate::stream::{Audit, Barrier, QuotaEnd, Step, Wave};

/// A wave of the set-up or of a day's end is cut when it has this many commands.
const WAVE_COMMANDS: usize = 16_384;

/// Divisions are taken up together until their papers have so many bytes.
const OFFICE_BYTES: usize = 4 << 20;

/// An audit is cut when it has this many payments.
const AUDIT_PAYMENTS: usize = 16_384;

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
        let weight = |run: &Run| plan.payments_of(run.index());
        runs.sort_by_cached_key(|run| (std::cmp::Reverse(weight(run)), run.index()));
        for run in runs {
            let at = (0..shares.len()).min_by_key(|&at| (shares[at].0, at)).unwrap_or(0);
            shares[at].0 += weight(&run) + 1;
            shares[at].1.push(run);
        }
        let lanes = shares.into_iter().enumerate().map(|(index, (_, mut runs))| {
            runs.sort_by_key(Run::index);
            Lane { index, plan: Arc::clone(&plan), runs, at: at_stage(0) }
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
    /// Sets up quotas, from one of a division.
    Setup {
        stage: usize,
        run: usize,
        serial: u32,
    },
    /// Finance offices file papers: those of some divisions, once they have become due.
    Office {
        stage: usize,
        run: usize,
        until: usize,
    },
    /// In a part of a day.
    Part {
        day: usize,
        part: u32,
        stage: usize,
    },
    /// At a day's end, from a place in the clearing of a division.
    Clearing {
        day: usize,
        stage: usize,
        run: usize,
        place: usize,
    },
    /// Tells what became of a day's payments, from one of a division.
    Audit {
        day: usize,
        run: usize,
        place: usize,
    },
    Done,
}

/// The beginning of a stage of the set-up.
fn at_stage(stage: usize) -> At {
    if setup::STAGES[stage].is_of_office() {
        At::Office { stage, run: 0, until: 0 }
    } else {
        At::Setup { stage, run: 0, serial: 0 }
    }
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

    /// How many parts of days it has started, of how many.
    #[must_use]
    pub fn progress(&self) -> (u64, u64) {
        let parts = &self.plan.parts;
        let started = match self.at {
            At::Setup { stage, .. } | At::Office { stage, .. } if stage < setup::CONGRESS => 0,
            At::Setup { .. } | At::Office { .. } => parts.before(JANUARY),
            At::Part { day, part, .. } => parts.before(day) + u64::from(part) + 1,
            At::Clearing { day, .. } | At::Audit { day, .. } => parts.before(day + 1),
            At::Done => parts.count(),
        };
        (started, parts.count())
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
        wave.fragile = what == setup::Stage::ByHand;
        while run < self.runs.len() {
            if serial == self.runs[run].quota_count() {
                (run, serial) = (run + 1, 0);
                continue;
            }
            if wave.len() >= WAVE_COMMANDS {
                self.at = At::Setup { stage, run, serial };
                return Step::Wave(wave);
            }
            self.runs[run].set_up(what, serial, &mut wave);
            serial += 1;
            if serial == self.runs[run].quota_count() {
                self.runs[run].model.forget_acts();
            }
        }
        self.after_setup(stage);
        Step::Wave(wave)
    }

    /// What the finance offices have to do next; `None`: all of them are through. Small divisions go side
    /// by side, so that each wave has something of each.
    fn office(&mut self, stage: usize, run: usize, mut until: usize) -> Option<Step> {
        let mut bytes = 0;
        while until == run || (bytes > 0 && bytes < OFFICE_BYTES) {
            let Some(next) = self.runs.get_mut(until) else { break };
            next.take_up(setup::STAGES[stage]);
            bytes += next.due_bytes() + 1;
            until += 1;
        }
        let group = &mut self.runs[run..until];
        let step = match group.iter().find_map(Run::next_role) {
            Some(role) => {
                let mut wave = Wave::new(role);
                group.iter_mut().for_each(|run| run.file_due(WAVE_COMMANDS, &mut wave));
                Step::Wave(wave)
            }
            None => {
                let mut barrier = Barrier::default();
                group.iter_mut().for_each(|run| run.await_due(&mut barrier));
                Step::Barrier(barrier)
            }
        };
        self.at = At::Office { stage, run, until };
        if !matches!(&step, Step::Barrier(barrier) if barrier.quotas.is_empty()) {
            return Some(step);
        }
        self.runs[run..until].iter_mut().for_each(|run| run.model.forget_acts());
        if until == self.runs.len() {
            self.after_setup(stage);
        } else {
            self.at = At::Office { stage, run: until, until };
        }
        None
    }

    fn after_setup(&mut self, stage: usize) {
        self.at = match stage + 1 {
            setup::CONGRESS => self.begin_day(0),
            next if next < setup::STAGES.len() => at_stage(next),
            _ => self.begin_day(JANUARY),
        };
    }

    /// What comes after a day: January's last has the congress between it and February's first.
    fn after_day(&mut self, day: usize) -> At {
        if day + 1 == JANUARY { at_stage(setup::CONGRESS) } else { self.begin_day(day + 1) }
    }

    fn begin_day(&mut self, day: usize) -> At {
        if day == DAYS.len() {
            return At::Done;
        }
        for run in &mut self.runs {
            run.model.forget();
            run.begin_day(day);
        }
        At::Part { day, part: 0, stage: 0 }
    }

    /// A wave of a day's part.
    fn part(&mut self, day: usize, part: u32, stage: usize) -> Step {
        let (what, role) = day::PART_STAGES[stage];
        let parts = self.plan.parts.of(day);
        let mut wave = Wave::new(role);
        wave.when = Some(part_step(day, part, parts, stage, day::PART_STAGES.len()));
        for run in &mut self.runs {
            if stage == 0 {
                run.begin_part(part, parts);
            }
            run.part_stage(what, &mut wave);
        }
        self.at = if stage + 1 < day::PART_STAGES.len() {
            At::Part { day, part, stage: stage + 1 }
        } else {
            self.after_part(day, part)
        };
        Step::Wave(wave)
    }

    fn after_part(&mut self, day: usize, part: u32) -> At {
        for run in &mut self.runs {
            run.end_part();
        }
        if part + 1 < self.plan.parts.of(day) {
            return At::Part { day, part: part + 1, stage: 0 };
        }
        for run in &mut self.runs {
            run.begin_clearing();
        }
        At::Clearing { day, stage: 0, run: 0, place: 0 }
    }

    /// A wave of a day's end.
    fn clearing(&mut self, day: usize, stage: usize, run: usize, place: usize) -> Step {
        let (what, role) = day::CLEARING_STAGES[stage];
        let payments = |runs: &[Run]| runs.iter().map(|run| run.day.payments() as u64).sum::<u64>();
        let done = payments(&self.runs[..run]) + place as u64;
        let mut wave = Wave::new(role);
        let (mut run, mut place) = (run, place);
        while run < self.runs.len() {
            place = self.runs[run].clearing_stage(what, place, WAVE_COMMANDS, &mut wave);
            if place < self.runs[run].day.payments() {
                break;
            }
            (run, place) = (run + 1, 0);
        }
        let until = payments(&self.runs[..run]) + place as u64;
        let share = [done, until, payments(&self.runs)];
        wave.when = Some(clearing_step(day, stage, day::CLEARING_STAGES.len(), share));
        self.at = if run < self.runs.len() {
            At::Clearing { day, stage, run, place }
        } else if stage + 1 < day::CLEARING_STAGES.len() {
            At::Clearing { day, stage: stage + 1, run: 0, place: 0 }
        } else {
            At::Audit { day, run: 0, place: 0 }
        };
        Step::Wave(wave)
    }

    fn audit(&mut self, day: usize, mut run: usize, mut place: usize) -> Step {
        let mut audit = Audit::default();
        while run < self.runs.len() {
            place = self.runs[run].tell_ended(place, AUDIT_PAYMENTS, &mut audit.payments);
            if place < self.runs[run].day.payments() {
                break;
            }
            (run, place) = (run + 1, 0);
        }
        self.at =
            if run < self.runs.len() { At::Audit { day, run, place } } else { self.after_day(day) };
        Step::Audit(audit)
    }
}

impl Iterator for Lane {
    type Item = Step;

    /// The next step that has anything in it.
    fn next(&mut self) -> Option<Step> {
        loop {
            let step = match self.at {
                At::Setup { stage, run, serial } => self.set_up(stage, run, serial),
                At::Office { stage, run, until } => match self.office(stage, run, until) {
                    Some(step) => step,
                    None => continue,
                },
                At::Part { day, part, stage } => self.part(day, part, stage),
                At::Clearing { day, stage, run, place } => self.clearing(day, stage, run, place),
                At::Audit { day, run, place } => self.audit(day, run, place),
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
