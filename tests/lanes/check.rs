//! What a lane holds answers against, as they come and after a death.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::ops::Range;

use domain::ids::{DivisionIndex, PaymentId, QuotaId};
use domain::{Code, Fen, Role};
use protocol::Value;
use protocol::lookup::{Answer, LookUp};

use super::record::{Holds, Op, Payment};
use super::{Desks, Lane, Shared};
use crate::harness::desk::{Lost, Told};
use crate::harness::orders::YEAR;
use crate::harness::wait_for;

impl Lane {
    /// Compares answers with what they must be. `again`: some of it may have been decided before
    /// the server died, but nothing behind what was not.
    pub(super) fn hear(&mut self, range: Range<usize>, told: &[Told], again: bool) {
        assert_eq!(told.len(), range.len(), "an answer for each command");
        let division = self.division;
        let first = range.start;
        for at in range {
            let (op, answer) = (&self.ops[at], &told[at - first]);
            if answer.code() != op.code {
                panic!(
                    "division {division}: {op:?} hears {answer:?}{}",
                    self.run_told(at, first, told)
                );
            }
        }
        for (op, told) in self.ops[first..].iter_mut().zip(told) {
            let result = &told.result;
            assert!(result.sequence <= told.at.sequence, "{told:?} is ahead of the disk");
            assert!(again || !result.repeat, "{op:?} was new, and hears {told:?}");
            if let (Some(sequence), true) = (op.sequence, op.look_up().is_some()) {
                assert!(result.repeat, "{op:?} was there, and hears {told:?}");
                assert_eq!(result.sequence, sequence, "{op:?} hears {told:?}");
            }
            if let (Some(available), false) = (op.available, result.repeat) {
                let value = Value::Available(Fen::new(available));
                assert_eq!(result.value, value, "{op:?} hears {told:?}");
            }
            if op.code == Code::OverQuota {
                let figures = told.refusal.map(|refusal| refusal.figures().count());
                assert_eq!(figures, Some(1), "{op:?} hears {told:?}");
            }
            if result.sequence != 0 {
                op.sequence = Some(result.sequence);
            } else if !result.repeat {
                // A command of a refused run that is not answered by a record of its own, too.
                panic!("{op:?} left no record: {told:?}");
            }
            op.heard = Some(*told);
        }
    }

    /// All that was told of the run an unexpected answer is of, what the lane says its quotas hold, and
    /// what it sent on them before.
    fn run_told(&self, at: usize, first: usize, told: &[Told]) -> String {
        let Some(start) = self.ops[at].run else { return String::new() };
        let mut said = String::from("; its run:");
        let mut quotas = BTreeSet::new();
        for place in start..first + told.len() {
            let op = &self.ops[place];
            if op.run != Some(start) {
                break;
            }
            quotas.extend(op.command.quota());
            let _ = write!(said, "\n  {op:?} hears {:?}", told[place - first]);
        }
        for (quota, holds) in self.ids.iter().zip(&self.holds).filter(|(id, _)| quotas.contains(id))
        {
            let _ = write!(said, "\n  {quota} holds, after all that is planned, {holds:?}");
            let on_it = |op: &&Op| op.command.quota() == Some(*quota);
            for op in self.ops[..start].iter().rev().filter(on_it).take(8) {
                let _ = write!(said, "\n    before: {op:?}");
            }
        }
        said
    }

    /// Asks for what was not answered, sends it again, and hears what it would have heard.
    pub(super) fn settle_unanswered(
        &mut self,
        shared: &Shared,
        desks: &mut Desks,
    ) -> Result<(), Lost> {
        let mut missing = BTreeMap::new();
        let all: Vec<_> = self.flying.iter().flat_map(Range::clone).collect();
        for some in all.chunks(200) {
            let asked: Vec<_> =
                some.iter().filter_map(|&at| Some((at, self.ops[at].look_up()?))).collect();
            if asked.is_empty() {
                continue;
            }
            let look_ups: Vec<_> = asked.iter().map(|&(_, look_up)| look_up).collect();
            let answers = desks.of(Role::Finance).try_ask(&look_ups)?;
            for (&(at, _), answer) in asked.iter().zip(&answers) {
                self.note_outcome(at, answer, &mut missing);
            }
        }
        // Orders keep their order on each quota. One that waits for a page out of memory (a start
        // leaves settled payments on the disk) delays its own quota alone.
        let (mut new_on, mut counted) = (BTreeMap::new(), 0);
        while let Some(range) = self.flying.front().cloned() {
            let role = self.ops[range.start].role;
            let frame = self.frame(range.clone());
            let desk = desks.of(role);
            desk.send(&frame)?;
            let told = desk.next_results()?;
            self.hear(range.clone(), &told, true);
            for (at, told) in range.clone().zip(&told) {
                counted += 1;
                let quota = self.ops[at].command.quota();
                match (told.result.repeat, new_on.get(&quota)) {
                    (true, None) => self.found += 1,
                    (true, Some(&new)) => panic!(
                        "{:?} was lost, and {:?}, sent behind it on the same quota, was not",
                        self.ops[new], self.ops[at]
                    ),
                    (false, _) => {
                        new_on.entry(quota).or_insert(at);
                        self.never_taken += 1;
                    }
                }
            }
            self.flying.pop_front();
            self.count(shared, &told);
        }
        self.unanswered += counted;
        Ok(())
    }

    /// What a look-up says about an unanswered command. What it says is durable, too; what is `missing` on its
    /// quota was sent before it.
    pub(super) fn note_outcome(
        &mut self,
        at: usize,
        answer: &Answer,
        missing: &mut BTreeMap<Option<QuotaId>, usize>,
    ) {
        let op = &mut self.ops[at];
        let quota = op.command.quota();
        match answer {
            Answer::Outcome(outcome) => {
                assert_eq!(outcome.result.code, op.code, "{op:?} is on record as {outcome:?}");
                let sequence = outcome.result.sequence;
                assert!(op.sequence.is_none_or(|known| known == sequence), "{op:?}: {outcome:?}");
                op.sequence = Some(sequence);
                if let Some(&missing) = missing.get(&quota) {
                    panic!("{:?} is there, and {:?} is not", self.ops[at], self.ops[missing]);
                }
            }
            Answer::Failed(Code::NotFound) => {
                assert_eq!(op.sequence, None, "{op:?} was there and is gone");
                missing.entry(quota).or_insert(at);
            }
            other => panic!("{op:?} is asked for, and the answer is {other:?}"),
        }
    }

    /// Sends again what was answered since the last death, and some of what is older.
    pub(super) fn recheck_some(&mut self, desks: &mut Desks) -> Result<(), Lost> {
        let end = self.ops.len();
        let from = self.rechecked.max(end.saturating_sub(600));
        for _ in 0..4 {
            if from > 0 {
                let start = self.run_start(self.chance.clone().below(from as u64) as usize);
                self.chance.next();
                self.recheck(start..(start + 40).min(from), desks)?;
            }
        }
        self.recheck(self.run_start_of(from)..end, desks)?;
        self.rechecked = end;
        Ok(())
    }

    pub(super) fn run_start_of(&self, at: usize) -> usize {
        if at < self.ops.len() { self.run_start(at) } else { at }
    }

    pub(super) fn run_start(&self, at: usize) -> usize {
        self.ops[at].run.unwrap_or(at)
    }

    /// Sends commands again: each hears what it heard before, and nothing changes.
    pub(super) fn recheck(&mut self, range: Range<usize>, desks: &mut Desks) -> Result<(), Lost> {
        let mut at = range.start;
        while at < range.end {
            desks.stay()?;
            let role = self.ops[at].role;
            let mut end = at;
            while end < range.end && self.ops[end].role == role && end - at < 200 {
                end += 1;
                while self.ops[end - 1].linked {
                    end += 1;
                }
            }
            let told = desks.of(role).try_give(&self.frame(at..end))?;
            for (op, told) in self.ops[at..end].iter().zip(&told) {
                let heard = op.heard.expect("only what was answered is rechecked");
                assert!(told.result.repeat, "{op:?} was answered and now hears {told:?}");
                assert_eq!(told.code(), op.again, "{op:?} hears {told:?}");
                assert_eq!(told.refusal, heard.refusal, "{op:?} hears {told:?}");
                if op.look_up().is_some() {
                    assert_eq!(Some(told.result.sequence), op.sequence, "{op:?} hears {told:?}");
                }
                if let Some(payment) = op.payment
                    && told.code().is_taken()
                {
                    let state = self.payments[payment].state;
                    assert_eq!(told.result.state, Some(state), "{op:?} hears {told:?}");
                }
            }
            self.asked_again += (end - at) as u64;
            at = end;
        }
        Ok(())
    }

    pub(super) fn compare_quotas(&mut self, desks: &mut Desks) -> Result<(), Lost> {
        let look_ups: Vec<_> = self.ids.iter().map(|&id| LookUp::Quota(id)).collect();
        let answers = desks.of(Role::Finance).try_ask(&look_ups)?;
        for (answer, holds) in answers.iter().zip(&self.holds) {
            let Answer::Quota(view) = answer else { panic!("a quota is {answer:?}") };
            let b = &view.buckets;
            let told = Holds {
                // Not told of a quota; what it keeps from being exceeded is.
                received: holds.received,
                issued: b.issued,
                transferred: b.transferred,
                frozen: b.frozen,
                reserved: b.reserved,
                paid: b.paid,
                cleared: b.cleared,
                refunding: b.refunding,
            };
            assert_eq!(told, *holds, "quota {}", view.quota);
            assert_eq!(b.available(), holds.available(), "quota {}", view.quota);
        }
        Ok(())
    }

    pub(super) fn compare_payments(&mut self, desks: &mut Desks) -> Result<(), Lost> {
        let division = DivisionIndex(self.division);
        for some in self.payments.chunks(200) {
            desks.stay()?;
            let look_up =
                |p: &Payment| LookUp::Payment { division, year: YEAR, id: PaymentId(p.id) };
            let look_ups: Vec<_> = some.iter().map(look_up).collect();
            let answers = desks.of(Role::Maker).try_ask(&look_ups)?;
            for (answer, payment) in answers.iter().zip(some) {
                let Answer::Payment(view) = answer else { panic!("{payment:?} is {answer:?}") };
                let refunded: i64 = view.refunds.iter().map(|refund| refund.amount_fen.get()).sum();
                assert_eq!(
                    (view.state, view.amount_fen.get(), view.executed_fen.get(), refunded),
                    (payment.state, payment.amount, payment.executed, payment.refunded),
                    "{payment:?} is {view:?}"
                );
            }
        }
        Ok(())
    }

    /// Every transfer that left arrives, whatever died in between.
    pub(super) fn await_transfers(&mut self, desks: &mut Desks) -> Result<(), Lost> {
        let (child, arrived) = (self.child, self.arrived);
        wait_for("every transfer has arrived", || {
            let answer = desks.of(Role::Finance).ask(LookUp::Quota(child));
            let Answer::Quota(view) = answer else { panic!("{child} is {answer:?}") };
            assert!(view.buckets.issued <= arrived, "more arrived than was sent");
            (view.buckets.issued == arrived).then_some(())
        });
        Ok(())
    }
}
