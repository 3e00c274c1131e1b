//! Facts: taken, or parked where people see them; and what finance does with parked ones.

use std::collections::BTreeMap;

use crate::command::{Command, Fact, FactKind, Resolve, Role, channel_of};

use super::codes::{Path, State, code};
use super::payment::Payment;
use super::{Answer, Known, Model, PaymentId, recall};

/// A parked fact.
#[derive(Clone, Copy, Debug)]
struct Parked {
    fact: Fact,
    contents: u64,
    role: Role,
    /// It waits for an earlier fact.
    early: bool,
    dismissed: bool,
}

/// What waits in suspense, by channel and number.
#[derive(Default)]
pub(super) struct Suspense {
    facts: BTreeMap<(u16, u64), Parked>,
    /// Facts that still waited when they were forgotten.
    forgotten: u64,
}

impl Suspense {
    /// How many facts wait.
    pub(super) fn open(&self) -> u64 {
        let open = self.facts.values().filter(|parked| !parked.dismissed).count();
        self.forgotten + open as u64
    }

    /// Keeps only the number of those that wait.
    pub(super) fn forget(&mut self) {
        self.forgotten = self.open();
        self.facts.clear();
    }
}

/// Whether a fact fits.
enum Fit {
    Taken,
    Early,
    Unfit,
}

impl Model {
    pub(super) fn fact(&mut self, command: &Command, fact: &Fact, contents: u64) -> Answer {
        let channel = channel_of(command.role);
        let known = self.is_of(fact.payment.0, fact.quota);
        let mut payment = match self.payments.remove(&fact.payment.0) {
            Some(PaymentId::Live(payment)) if known => payment,
            other => {
                other.map(|other| self.payments.insert(fact.payment.0, other));
                return self.park(command.role, fact, contents, false);
            }
        };
        let seen = (fact.kind, channel, fact.serial, contents);
        let answer = if payment.facts.contains(&seen) {
            Answer::of(code::ACCEPTED).again()
        } else {
            match fits(&payment, command.role, fact) {
                Fit::Taken => {
                    self.take_fact(&mut payment, fact);
                    payment.facts.push(seen);
                    self.take_waiting(&mut payment, fact.payment.0);
                    Answer::of(code::ACCEPTED)
                }
                Fit::Early => {
                    payment.waiting += 1;
                    self.park(command.role, fact, contents, true)
                }
                Fit::Unfit => self.park(command.role, fact, contents, false),
            }
        };
        let state = Some(payment.state);
        self.payments.insert(fact.payment.0, PaymentId::Live(payment));
        Answer { state, value: self.available(fact.quota), ..answer }
    }

    /// A fact of a division nobody knows goes to the province's suspense.
    pub(super) fn park_foreign(&mut self, command: &Command, fact: &Fact, contents: u64) -> Answer {
        self.park(command.role, fact, contents, false)
    }

    fn park(&mut self, role: Role, fact: &Fact, contents: u64, early: bool) -> Answer {
        let key = (channel_of(role), fact.serial);
        let known = self.suspense.facts.get(&key).is_some_and(|parked| parked.contents == contents);
        if !known {
            let parked = Parked { fact: *fact, contents, role, early, dismissed: false };
            self.suspense.facts.insert(key, parked);
        }
        let value = self.available(fact.quota);
        Answer { repeat: known, value, ..Answer::of(code::PARKED) }
    }

    /// Takes the early facts of a payment that fit now.
    fn take_waiting(&mut self, payment: &mut Payment, id: u128) {
        while payment.waiting > 0 {
            let fits_now = |(_, parked): &(&(u16, u64), &Parked)| {
                let waits = parked.early && !parked.dismissed && parked.fact.payment.0 == id;
                waits && matches!(fits(payment, parked.role, &parked.fact), Fit::Taken)
            };
            let Some((&key, _)) = self.suspense.facts.iter().find(fits_now) else { return };
            let Some(parked) = self.suspense.facts.remove(&key) else { return };
            self.take_fact(payment, &parked.fact);
            payment.facts.push((parked.fact.kind, key.0, key.1, parked.contents));
            payment.waiting -= 1;
            self.tally.taken_from_suspense += 1;
        }
    }

    fn take_fact(&mut self, payment: &mut Payment, fact: &Fact) {
        let amount = fact.amount.get();
        let asked = payment.amount;
        let buckets = &mut self.quotas[payment.quota as usize].buckets;
        match fact.kind {
            FactKind::Confirm => {
                buckets.reserved -= asked;
                buckets.paid += amount;
                payment.executed = amount;
                payment.state = State::Paid;
                self.tally.paid += 1;
                self.tally.paid_fen += i128::from(amount);
                self.end_open(payment);
                self.give_back(payment, asked - amount);
            }
            FactKind::Reject => {
                buckets.reserved -= asked;
                payment.state = State::Released;
                self.end_open(payment);
                self.give_back(payment, asked);
            }
            FactKind::Clear if payment.path == Path::Allocation => {
                buckets.reserved -= asked;
                buckets.cleared += asked;
                payment.executed = asked;
                payment.state = State::Cleared;
                self.tally.allocated += 1;
                self.tally.allocated_fen += i128::from(asked);
                self.end_open(payment);
            }
            FactKind::Clear => {
                buckets.paid -= amount;
                buckets.cleared += amount;
                payment.state = State::Cleared;
            }
            FactKind::Refund => {
                if payment.path == Path::Own {
                    buckets.paid -= amount;
                } else {
                    buckets.refunding += amount;
                }
                // On the unit's own path nothing more is to come.
                payment.refunds.push((fact.refund, amount, payment.path == Path::Own));
                self.tally.refunds += 1;
                self.tally.refunds_fen += i128::from(amount);
                self.give_back(payment, amount);
            }
            FactKind::Settle => {
                buckets.cleared -= amount;
                buckets.refunding -= amount;
                for refund in &mut payment.refunds {
                    refund.2 |= refund.0 == fact.refund;
                }
            }
        }
    }

    /// The payment can pay no more.
    fn end_open(&mut self, payment: &Payment) {
        self.quotas[payment.quota as usize].open_payments -= 1;
    }

    /// Finance sets a parked fact aside.
    pub(super) fn resolve(&mut self, resolve: &Resolve, contents: u64) -> Answer {
        if let Some(known) = self.acts.get(&resolve.act.0) {
            let code = recall(known, contents);
            return Answer { repeat: code != code::CONFLICT, ..Answer::of(code) };
        }
        let parked = self.suspense.facts.get_mut(&(resolve.channel, resolve.serial));
        let code = match parked.filter(|parked| !parked.dismissed) {
            Some(parked) => {
                parked.dismissed = true;
                self.tally.dismissed += 1;
                code::ACCEPTED
            }
            None => code::NOT_PARKED,
        };
        let known = Known { contents, code, quota: None };
        self.acts.insert(resolve.act.0, known);
        Answer::of(code)
    }
}

/// Whether a fact fits its payment now.
fn fits(payment: &Payment, role: Role, fact: &Fact) -> Fit {
    let amount = fact.amount.get();
    let reports = match (fact.kind, payment.path) {
        (FactKind::Confirm, Path::Allocation) => return Fit::Unfit,
        (FactKind::Clear | FactKind::Settle, Path::Own) => return Fit::Unfit,
        (FactKind::Confirm, _) => Role::Bank,
        (FactKind::Reject | FactKind::Refund, Path::Allocation) => Role::CentralBank,
        (FactKind::Reject | FactKind::Refund, _) => Role::Bank,
        (FactKind::Clear | FactKind::Settle, Path::Special) => Role::Finance,
        (FactKind::Clear | FactKind::Settle, _) => Role::CentralBank,
    };
    if role != reports {
        return Fit::Unfit;
    }
    let when = |good: bool| if good { Fit::Taken } else { Fit::Unfit };
    let with_bank = payment.state.is_with_bank();
    let payee = payment.payee_hash == 0 || payment.payee_hash == fact.payee_hash;
    match fact.kind {
        FactKind::Confirm => when(with_bank && amount <= payment.amount && payee),
        FactKind::Reject => when(with_bank),
        FactKind::Clear if payment.path == Path::Allocation => {
            when(with_bank && amount == payment.amount && payee)
        }
        FactKind::Clear if with_bank => Fit::Early,
        FactKind::Clear => when(payment.state == State::Paid && amount == payment.executed),
        FactKind::Refund if with_bank => Fit::Early,
        FactKind::Refund => {
            let paid = matches!(payment.state, State::Paid | State::Cleared);
            let new = payment.refunds.iter().all(|refund| refund.0 != fact.refund);
            when(paid && new && payment.refunded() + amount <= payment.executed)
        }
        FactKind::Settle if with_bank || payment.state == State::Paid => Fit::Early,
        FactKind::Settle => when(
            payment.state == State::Cleared
                && payment.refunds.contains(&(fact.refund, amount, false)),
        ),
    }
}
