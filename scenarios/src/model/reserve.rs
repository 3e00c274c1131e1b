//! Whether a payment may be asked for, and what it takes.

use crate::command::{Command, Reserve};

use super::codes::{Path, State, code, path};
use super::elements::is_payable_class;
use super::payment::Payment;
use super::{Answer, Model, PaymentId};

impl Model {
    pub(super) fn reserve(&mut self, command: &Command, ask: &Reserve, contents: u64) -> Answer {
        if let Some(known) = self.payments.get(&ask.payment.0) {
            return self.asked_before(known, contents);
        }
        self.tally.attempts += 1;
        let year = ask.quota.year().get();
        let refused = self.year_bars(year).or_else(|| self.refuses(ask));
        if let Some(code) = refused {
            let value = self.available(ask.quota);
            // A closed year remembers no new ids.
            if code != code::YEAR_CLOSED {
                let ended = PaymentId::Ended { contents, code, quota: ask.quota };
                self.payments.insert(ask.payment.0, ended);
            }
            return Answer { value, ..Answer::of(code) };
        }
        let payment = Box::new(self.take(command, ask, contents));
        let state = Some(payment.state);
        self.payments.insert(ask.payment.0, PaymentId::Live(payment));
        Answer { state, value: self.available(ask.quota), ..Answer::of(code::ACCEPTED) }
    }

    fn asked_before(&self, known: &PaymentId, contents: u64) -> Answer {
        match known {
            PaymentId::Live(payment) if payment.contents == contents => Answer {
                state: Some(payment.state),
                value: Some(self.quotas[payment.quota as usize].buckets.available()),
                ..Answer::of(code::ACCEPTED).again()
            },
            PaymentId::Ended { contents: ended, code, quota } if *ended == contents => {
                Answer { value: self.available(*quota), ..Answer::of(*code).again() }
            }
            _ => Answer::of(code::CONFLICT),
        }
    }

    /// The first limit that refuses a payment.
    fn refuses(&self, ask: &Reserve) -> Option<u16> {
        let Some(quota) = self.quota(ask.quota) else { return Some(code::NO_QUOTA) };
        let amount = ask.amount.get();
        if quota.closed {
            return Some(code::QUOTA_CLOSED);
        }
        if !quota.executable {
            return Some(code::NOT_EXECUTABLE);
        }
        if path(quota.fund.as_str(), ask.method).is_none() {
            return Some(code::METHOD_MISMATCH);
        }
        if !is_payable_class(ask.economic.as_str()) {
            return Some(code::BAD_ELEMENT);
        }
        if !ask.economic.as_str().starts_with(quota.economic.as_str()) {
            return Some(code::ECONOMIC_MISMATCH);
        }
        if ask.one_act && amount > self.ceiling {
            return Some(code::NO_RULE_APPROVES);
        }
        if ask.contract.is_some() {
            let cell = self.contracts.get(&(ask.quota.serial() as u32, ask.contract.0));
            let left =
                cell.filter(|cell| cell.open && cell.plan == ask.plan.0).map(|cell| cell.left);
            if amount > left.unwrap_or(0) {
                return Some(code::CONTRACT_MISMATCH);
            }
        } else if amount > quota.buckets.available() {
            return Some(code::OVER_QUOTA);
        }
        let month = (ask.day / 100 % 100) as u8;
        let plan = self.plans.get(&quota.plan);
        if plan.is_some_and(|plan| amount > plan.left(month)) {
            return Some(code::OVER_PLAN);
        }
        // Nobody has seen what is approved in one act.
        if ask.one_act && self.posts_of_rules(amount) & !quota.posts != 0 {
            return Some(code::NO_RULE_APPROVES);
        }
        None
    }

    /// Takes the money and makes the payment.
    fn take(&mut self, command: &Command, ask: &Reserve, contents: u64) -> Payment {
        let serial = ask.quota.serial() as u32;
        let amount = ask.amount.get();
        let month = (ask.day / 100 % 100) as u8;
        let large = self.posts_of_rules(amount);
        let quota = &mut self.quotas[serial as usize];
        quota.buckets.reserved += amount;
        quota.open_payments += 1;
        if ask.contract.is_some() {
            quota.buckets.earmarked -= amount;
            if let Some(cell) = self.contracts.get_mut(&(serial, ask.contract.0)) {
                cell.left -= amount;
                cell.used += amount;
            }
        }
        if let Some(plan) = self.plans.get_mut(&quota.plan) {
            plan.used[usize::from(month) - 1] += amount;
        }
        Payment {
            contents,
            quota: serial,
            amount,
            executed: 0,
            month,
            contract: ask.contract.0,
            payee_hash: ask.payee_hash,
            path: path(quota.fund.as_str(), ask.method).unwrap_or(Path::Treasury),
            state: if ask.one_act { State::Instructed } else { State::Reserved },
            posts: quota.posts | large,
            maker: command.person.0,
            approvers: [0; 3],
            instructor: 0,
            steps: Vec::new(),
            facts: Vec::new(),
            refunds: Vec::new(),
            waiting: 0,
        }
    }

    /// Gives back what a payment did not use: to its contract while that is open, else to
    /// available; the plan gets it back too.
    pub(super) fn give_back(&mut self, payment: &Payment, amount: i64) {
        let quota = &mut self.quotas[payment.quota as usize];
        let cell = self.contracts.get_mut(&(payment.quota, payment.contract));
        if let Some(cell) = cell.filter(|cell| cell.open) {
            cell.left += amount;
            cell.used -= amount;
            quota.buckets.earmarked += amount;
        }
        if let Some(plan) = self.plans.get_mut(&quota.plan) {
            plan.used[usize::from(payment.month) - 1] -= amount;
        }
    }
}
