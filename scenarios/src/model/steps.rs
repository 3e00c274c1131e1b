//! Orders on a payment. A refused one leaves no trace.

use domain::ids::QuotaId;

use crate::command::{Command, Step, StepKind};

use super::codes::{State, code};
use super::payment::Payment;
use super::{Answer, Model, PaymentId};

impl Model {
    pub(super) fn step(&mut self, command: &Command, step: &Step) -> Answer {
        let year = step.quota.year().get();
        if let Some(code) = self.year_bars(year) {
            return Answer { value: self.available(step.quota), ..Answer::of(code) };
        }
        let person = command.person.0;
        let Some(mut payment) = self.take_out(step) else {
            return Answer { value: self.available(step.quota), ..Answer::of(code::NO_PAYMENT) };
        };
        let answer = self.step_on(&mut payment, step, person);
        let state = (answer.code == code::ACCEPTED).then_some(payment.state);
        self.payments.insert(step.payment.0, PaymentId::Live(payment));
        Answer { state, value: self.available(step.quota), ..answer }
    }

    /// The payment out of the map, if it is one of this quota.
    fn take_out(&mut self, step: &Step) -> Option<Box<Payment>> {
        if !self.is_of(step.payment.0, step.quota) {
            return None;
        }
        match self.payments.remove(&step.payment.0) {
            Some(PaymentId::Live(payment)) => Some(payment),
            _ => None,
        }
    }

    /// True when a live payment is one of a quota.
    pub(super) fn is_of(&self, payment: u128, quota: QuotaId) -> bool {
        let Some(PaymentId::Live(known)) = self.payments.get(&payment) else { return false };
        self.quota(quota).is_some() && u64::from(known.quota) == quota.serial()
    }

    fn step_on(&mut self, payment: &mut Payment, step: &Step, person: u64) -> Answer {
        if payment.has_done(step.kind, step.serial, person) {
            return Answer::of(code::ACCEPTED).again();
        }
        let code = refuses(payment, step.kind, person);
        if code == code::ACCEPTED {
            self.carry_out(payment, step, person);
        }
        Answer::of(code)
    }

    fn carry_out(&mut self, payment: &mut Payment, step: &Step, person: u64) {
        match step.kind {
            StepKind::ApproveUnit | StepKind::ApproveDepartment | StepKind::ApproveFinance => {
                payment.approvers[step.kind as usize - 1] = person;
                self.tally.department_approvals +=
                    u64::from(step.kind == StepKind::ApproveDepartment);
                self.tally.finance_approvals += u64::from(step.kind == StepKind::ApproveFinance);
                payment.state = payment.unheld();
            }
            StepKind::Instruct => {
                payment.instructor = person;
                payment.state = State::Instructed;
            }
            StepKind::Hold => payment.state = State::Held,
            StepKind::Unhold => payment.state = payment.unheld(),
            StepKind::Doubt => payment.state = State::Unknown,
            StepKind::Withdraw | StepKind::Return | StepKind::Void => {
                payment.state = State::Released;
                let quota = &mut self.quotas[payment.quota as usize];
                quota.buckets.reserved -= payment.amount;
                quota.open_payments -= 1;
                self.give_back(payment, payment.amount);
            }
        }
        // Approvals and the instruction are told by their posts.
        if step.kind > StepKind::ApproveFinance && step.kind != StepKind::Instruct {
            payment.steps.push((step.kind, step.serial, person));
        }
    }
}

/// The code a step is refused with, or accepted.
fn refuses(payment: &Payment, kind: StepKind, person: u64) -> u16 {
    use State::{Approved, Held, Instructed, Reserved};
    let allowed: &[State] = match kind {
        StepKind::ApproveUnit | StepKind::ApproveDepartment | StepKind::ApproveFinance => {
            &[Reserved]
        }
        StepKind::Hold => &[Reserved, Approved],
        StepKind::Unhold => &[Held],
        StepKind::Withdraw => &[Reserved],
        StepKind::Return => &[Reserved, Approved, Held],
        StepKind::Instruct => &[Approved],
        StepKind::Void | StepKind::Doubt => &[Instructed],
    };
    if !allowed.contains(&payment.state) {
        return code::WRONG_STATE;
    }
    match kind {
        StepKind::ApproveUnit | StepKind::ApproveDepartment | StepKind::ApproveFinance
            if payment.next_post() != Some(kind as usize - 1) =>
        {
            code::POST_NOT_NEXT
        }
        StepKind::ApproveUnit
        | StepKind::ApproveDepartment
        | StepKind::ApproveFinance
        | StepKind::Instruct
        | StepKind::Unhold
            if payment.has_post(person) =>
        {
            code::DUTY_SEPARATION
        }
        StepKind::Withdraw if payment.maker != person => code::NOT_MAKER,
        StepKind::Withdraw if payment.is_approved_by_any() => code::ALREADY_APPROVED,
        _ => code::ACCEPTED,
    }
}
