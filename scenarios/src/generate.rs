//! The commands of one division, written against its model so that each knows its answer.
//!
//! - `people`: who acts, and ids.
//! - `office`: the finance office's papers, from base data to the reply, and its documents.
//! - `rules`: the control rules on file, and who approves because of them.
//! - `setup`: what stands between those: limits, earmarks, orders by hand, closing.
//! - `day`: the payments of one working day and what happens beside them.
//! - `ask`, `review`, `settle`, `quota`: a day's waves, by who acts.

pub(crate) mod day;
pub(crate) mod setup;

mod ask;
mod office;
mod people;
mod quota;
mod review;
mod rules;
mod settle;

use std::collections::VecDeque;
use std::sync::Arc;

use domain::ids::{DivisionIndex, PaymentId, PersonId, QuotaId};
use domain::money::Fen;
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use crate::command::{Body, Command, Fact, FactKind, Role, StepKind, Tail};
use crate::divisions::DIVISIONS;
use crate::model::Model;
use crate::plan::{DivisionPlan, Plan, YEAR};
use crate::stream::{Expected, QuotaEnd, Wave};
use crate::wire::encode;
use day::{Day, Stub};
use office::Due;
use people::Post;
use settle::Clearings;

/// One division under way.
pub(crate) struct Run {
    plan: Arc<Plan>,
    at: usize,
    pub(crate) model: Model,
    /// The day under way.
    pub(crate) day: Day,
    /// Payments of its part under way.
    stubs: Vec<Stub>,
    /// Numbers given to facts and refunds.
    numbered: u64,
    /// Numbers given to papers, and those that are due.
    papers: u64,
    due: VecDeque<Due>,
    clearings: Clearings,
}

impl Run {
    /// A division before its first command.
    pub(crate) fn new(plan: &Arc<Plan>, at: usize) -> Run {
        let index = plan.divisions[at].index;
        Run {
            plan: Arc::clone(plan),
            at,
            model: Model::new(index, DIVISIONS as u16, YEAR),
            day: Day::default(),
            stubs: Vec::new(),
            numbered: 0,
            papers: 0,
            due: VecDeque::new(),
            clearings: Clearings::default(),
        }
    }

    fn division(&self) -> &DivisionPlan {
        &self.plan.divisions[self.at]
    }

    pub(crate) fn index(&self) -> DivisionIndex {
        self.division().index
    }

    pub(crate) fn quota_count(&self) -> u32 {
        self.division().quotas.len() as u32
    }

    /// Writes a command into a wave, with the model's answer.
    pub(crate) fn send(&mut self, wave: &mut Wave, command: Command) {
        let (bytes, contents) = self.write(wave, &command, false);
        let answer = self.model.receive(&command, contents);
        wave.push(bytes, Expected::new(&answer));
    }

    /// Writes a command twice: the second hears the first's outcome again.
    fn send_twice(&mut self, wave: &mut Wave, command: Command) {
        self.send(wave, command.clone());
        self.send(wave, command);
    }

    /// Writes a linked run.
    fn send_run(&mut self, wave: &mut Wave, commands: Vec<Command>) {
        let last = commands.len() - 1;
        let mut written = Vec::with_capacity(commands.len());
        let mut run = Vec::with_capacity(commands.len());
        for (place, command) in commands.into_iter().enumerate() {
            let (bytes, contents) = self.write(wave, &command, place < last);
            written.push((bytes, wave.tails.len() as u32));
            run.push((command, contents));
        }
        let answers = self.model.receive_run(&run);
        for ((bytes, tail_end), answer) in written.into_iter().zip(answers) {
            wave.push(bytes, Expected::new(&answer));
            if let Some(end) = wave.tail_ends.last_mut() {
                *end = tail_end;
            }
        }
    }

    fn write(
        &self,
        wave: &mut Wave,
        command: &Command,
        linked: bool,
    ) -> (crate::wire::CommandBytes, u64) {
        debug_assert_eq!(wave.role, command.role, "a wave has one role");
        let start = wave.tails.len();
        let bytes = encode(command, linked, &self.plan.payees, &mut wave.tails);
        let contents = xxh3_64_with_seed(&wave.tails[start..], xxh3_64(&bytes));
        (bytes, contents)
    }

    fn command(&self, role: Role, post: Post, draw: u64, body: Body, tail: Tail) -> Command {
        Command { role, person: people::person(self.index(), post, draw), body, tail }
    }

    /// An order on a payment.
    fn step(
        &self,
        role: Role,
        person: PersonId,
        kind: StepKind,
        payment: PaymentId,
        quota: QuotaId,
        serial: u64,
    ) -> Command {
        let tail = match kind {
            StepKind::Hold => Tail::Fixed("大额支付核查"),
            StepKind::Unhold => Tail::Fixed("核查无误"),
            StepKind::Return => Tail::Fixed("要素填写有误，请更正"),
            StepKind::Void => Tail::Fixed("收款账户已销户"),
            _ => Tail::None,
        };
        let body = Body::Step(crate::command::Step { kind, payment, quota, serial });
        Command { role, person, body, tail }
    }

    /// A fact with a number of its own.
    #[expect(clippy::too_many_arguments, reason = "a fact has these fields and no fewer")]
    fn fact(
        &mut self,
        role: Role,
        kind: FactKind,
        payment: PaymentId,
        quota: QuotaId,
        amount: i64,
        payee_hash: u64,
        day: u32,
    ) -> Command {
        let serial = self.number();
        let amount = Fen::new(amount);
        let (refund, detail) = (0, 0);
        let fact = Fact { kind, payment, quota, serial, amount, payee_hash, day, refund, detail };
        let person = people::outside(role, serial);
        Command { role, person, body: Body::Fact(fact), tail: Tail::None }
    }

    /// The next number of a fact or refund: unique over all divisions.
    fn number(&mut self) -> u64 {
        self.numbered += 1;
        u64::from(self.index().0 + 1) << 40 | self.numbered
    }

    /// Every quota as it should be now.
    pub(crate) fn quotas(&self) -> impl Iterator<Item = QuotaEnd> + '_ {
        let division = self.division();
        (0..self.quota_count()).filter_map(|serial| {
            let (quota, was_early) = (division.quota(serial), division.is_early(serial));
            Some(QuotaEnd { quota, was_early, buckets: self.model.buckets(quota)? })
        })
    }
}
