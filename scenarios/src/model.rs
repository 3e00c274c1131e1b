//! The model: what the engine should answer to every command, and what should be left at the end.
//!
//! It is written a second time from the documents, as plainly as maps and sums allow, and shares
//! no rule with the engine. One model holds one division; commands reach it in the order in which
//! the engine decides them.
//!
//! - `codes`: answer codes, states, settlement paths.
//! - `form`: what no state can change.
//! - `elements`: the codes of 2022, as far as the scenarios use them.
//! - `cells`, `payment`: what is remembered.
//! - `reserve`, `steps`, `facts`, `acts`: the rules, by kind of command.
//! - `documents`: papers, and what documents do once they are carried out.
//! - `tally`: what was counted on the way.

pub(crate) mod cells;
pub(crate) mod codes;
pub(crate) mod payment;
pub(crate) mod tally;

pub(crate) mod documents;

mod acts;
mod elements;
mod facts;
mod form;
mod reserve;
mod steps;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};

use domain::ids::{DivisionIndex, QuotaId};

use crate::command::{Body, Command, Reserve, YearState};
use acts::Batch;
use cells::{Contract, Plan, Quota};
use codes::{State, code};
use payment::Payment;
use tally::Tally;

/// What should be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    /// The code.
    pub(crate) code: u16,
    /// An earlier outcome told again.
    pub(crate) repeat: bool,
    /// The payment's state now.
    pub(crate) state: Option<State>,
    /// What is available on the quota now, or the id of the quota that was created.
    pub(crate) value: Option<i64>,
}

impl Answer {
    fn of(code: u16) -> Answer {
        Answer { code, repeat: false, state: None, value: None }
    }

    fn again(self) -> Answer {
        Answer { repeat: true, ..self }
    }
}

/// Ids here are random already: their low bits are their hash.
#[derive(Default)]
pub(crate) struct IdHasher(u64);

impl Hasher for IdHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(byte);
        }
    }

    fn write_u128(&mut self, value: u128) {
        self.0 ^= value as u64;
    }

    fn write_u64(&mut self, value: u64) {
        self.0 ^= value;
    }
}

type IdMap<V> = HashMap<u128, V, BuildHasherDefault<IdHasher>>;

/// What became of an act or move id.
#[derive(Clone, Copy, Debug)]
struct Known {
    contents: u64,
    code: u16,
    /// The quota whose balance a repeat shows.
    quota: Option<QuotaId>,
}

/// A payment id: alive, or ended by a refusal.
#[derive(Clone, Debug)]
enum PaymentId {
    Live(Box<Payment>),
    Ended { contents: u64, code: u16, quota: QuotaId },
}

/// A quota and its plan before a linked run.
struct Before {
    serial: usize,
    quota: Option<Quota>,
    plan: Option<Plan>,
}

/// One division as it should be.
pub(crate) struct Model {
    /// Its index.
    pub(crate) index: DivisionIndex,
    /// The number of divisions there are.
    divisions: u16,
    registered: bool,
    /// The division's card is on file: quotas change by documents alone.
    under_control: bool,
    years: BTreeMap<u16, YearState>,
    /// The fiscal year that has quotas.
    year: u16,
    /// Quotas by serial.
    pub(crate) quotas: Vec<Quota>,
    plans: HashMap<u64, Plan>,
    contracts: HashMap<(u32, u64), Contract>,
    /// Contracts that were registered.
    registered_contracts: HashSet<u64>,
    ceiling: i64,
    /// From which amounts on the department approves a payment too, and finance; none: no rule asks.
    large_from: Option<[i64; 2]>,
    payments: IdMap<PaymentId>,
    acts: IdMap<Known>,
    moves: IdMap<Known>,
    batches: IdMap<Batch>,
    suspense: facts::Suspense,
    /// What was counted.
    pub(crate) tally: Tally,
}

impl Model {
    /// A division nothing has happened in.
    pub(crate) fn new(index: DivisionIndex, divisions: u16, year: u16) -> Model {
        Model {
            index,
            divisions,
            registered: false,
            under_control: false,
            years: BTreeMap::new(),
            year,
            quotas: Vec::new(),
            plans: HashMap::new(),
            contracts: HashMap::new(),
            registered_contracts: HashSet::new(),
            ceiling: 0,
            large_from: None,
            payments: IdMap::default(),
            acts: IdMap::default(),
            moves: IdMap::default(),
            batches: IdMap::default(),
            suspense: facts::Suspense::default(),
            tally: Tally::default(),
        }
    }

    /// The answer to a command, which takes effect. `contents` is a hash of all it says.
    pub(crate) fn receive(&mut self, command: &Command, contents: u64) -> Answer {
        let answer = self.decide(command, contents);
        self.tally.count(command.role, &answer);
        answer
    }

    /// The answers to a linked run: all take effect, or none.
    pub(crate) fn receive_run(&mut self, run: &[(Command, u64)]) -> Vec<Answer> {
        let answers = self.decide_run(run);
        for ((command, _), answer) in run.iter().zip(&answers) {
            self.tally.count(command.role, answer);
        }
        answers
    }

    fn decide(&mut self, command: &Command, contents: u64) -> Answer {
        if let Some(code) = form::turned_away(command) {
            return Answer::of(code);
        }
        if command.division().0 >= self.divisions {
            return match &command.body {
                Body::Fact(fact) => self.park_foreign(command, fact, contents),
                _ => Answer::of(code::UNKNOWN_DIVISION),
            };
        }
        match &command.body {
            Body::Reserve(c) => self.reserve(command, c, contents),
            Body::Step(c) => self.step(command, c),
            Body::Fact(c) => self.fact(command, c, contents),
            Body::Act(c) => self.act(command, c, contents),
            Body::Create(c) => self.create(command, c, contents),
            Body::Move(c) => self.move_out(c, contents),
            Body::SetLimit(c) => self.set_limit(c, contents),
            Body::OpenBatch(c) => self.open_batch(command, c, contents),
            Body::CloseBatch(c) => self.close_batch(command, c, contents),
            Body::SetYear(c) => self.set_year(c, contents),
            Body::Register(_) => self.register(),
            Body::Resolve(c) => self.resolve(c, contents),
            Body::File(c) => self.file(c, contents),
        }
    }

    /// Runs are made of reservations. Ids all known: the same outcomes again.
    fn decide_run(&mut self, run: &[(Command, u64)]) -> Vec<Answer> {
        let reserve = |command: &Command| match &command.body {
            Body::Reserve(c) => *c,
            _ => unreachable!("the generator links reservations alone"),
        };
        if self.payments.contains_key(&reserve(&run[0].0).payment.0) {
            return run.iter().map(|(command, contents)| self.decide(command, *contents)).collect();
        }
        let before: Vec<Before> =
            run.iter().map(|(command, _)| self.before(&reserve(command))).collect();
        let answers: Vec<Answer> =
            run.iter().map(|(command, contents)| self.decide(command, *contents)).collect();
        let Some(at) = answers.iter().position(|answer| answer.code != code::ACCEPTED) else {
            return answers;
        };
        before.into_iter().for_each(|before| self.put_back(before));
        let ended = run.iter().enumerate().map(|(place, (command, contents))| {
            let c = reserve(command);
            let code = if place == at { answers[at].code } else { code::LINKED_REFUSED };
            let ended = PaymentId::Ended { contents: *contents, code, quota: c.quota };
            self.payments.insert(c.payment.0, ended);
            Answer::of(code)
        });
        ended.collect()
    }

    /// What a reservation without contract may change.
    fn before(&self, ask: &Reserve) -> Before {
        let serial = ask.quota.serial() as usize;
        let quota = self.quotas.get(serial).cloned();
        let plan = quota.as_ref().and_then(|quota| self.plans.get(&quota.plan).copied());
        Before { serial, quota, plan }
    }

    fn put_back(&mut self, before: Before) {
        let Some(quota) = before.quota else { return };
        if let Some(plan) = before.plan {
            self.plans.insert(quota.plan, plan);
        }
        self.quotas[before.serial] = quota;
    }

    /// The code that keeps new business out of a year, if any.
    fn year_bars(&self, year: u16) -> Option<u16> {
        match self.years.get(&year) {
            Some(YearState::Open) => None,
            Some(YearState::Adjustment) => Some(code::YEAR_IN_ADJUSTMENT),
            Some(YearState::Closed) => Some(code::YEAR_CLOSED),
            None => Some(code::YEAR_NOT_OPEN),
        }
    }

    /// A quota of this division and year.
    pub(crate) fn quota(&self, id: QuotaId) -> Option<&Quota> {
        let here = id.division() == self.index && id.year().get() == self.year;
        if here { self.quotas.get(id.serial() as usize) } else { None }
    }

    /// What is available on a quota now.
    pub(crate) fn available(&self, id: QuotaId) -> Option<i64> {
        self.quota(id).map(|quota| quota.buckets.available())
    }

    /// What a plan leaves to a month.
    pub(crate) fn plan_left(&self, key: u64, month: u8) -> Option<i64> {
        self.plans.get(&key).map(|plan| plan.left(month))
    }

    /// What payments of a month have used of a plan.
    pub(crate) fn plan_used(&self, key: u64, month: u8) -> i64 {
        self.plans.get(&key).map_or(0, |plan| plan.used[usize::from(month) - 1])
    }

    /// What a contract leaves on a quota.
    pub(crate) fn contract_left(&self, quota: QuotaId, contract: u64) -> Option<i64> {
        self.contracts.get(&(quota.serial() as u32, contract)).map(|cell| cell.left)
    }

    /// State, executed amount and refunded amount of a payment.
    pub(crate) fn payment_now(&self, id: u128) -> Option<(State, i64, i64)> {
        match self.payments.get(&id)? {
            PaymentId::Live(known) => Some((known.state, known.executed, known.refunded())),
            PaymentId::Ended { .. } => None,
        }
    }

    /// Facts that wait in suspense now.
    pub(crate) fn parked_now(&self) -> u64 {
        self.suspense.open()
    }

    /// Forgets what nothing will ask about again: finished payments and the ids of acts.
    pub(crate) fn forget(&mut self) {
        self.payments.clear();
        self.forget_acts();
        self.suspense.forget();
    }

    /// Forgets the ids of acts and moves: a stage of the set-up repeats its own alone.
    pub(crate) fn forget_acts(&mut self) {
        self.acts = IdMap::default();
        self.moves = IdMap::default();
        self.batches = IdMap::default();
    }
}

/// Whether an id is known: with the same contents the same outcome, else a conflict.
fn recall(known: &Known, contents: u64) -> u16 {
    if known.contents == contents { known.code } else { code::CONFLICT }
}
