//! Facts: what the bank paid, what the central bank and the special account settled, what came
//! back; early, late, twice, wrong and lost.

use domain::ids::{DivisionIndex, PaymentId};
use domain::money::Fen;

use crate::cases::Case;
use crate::command::{Body, Command, FactKind, Role};
use crate::plan::Payer;
use crate::stream::Wave;

use super::Run;
use super::ask::foreign;
use super::day::{SideEnd, Stub};
use super::people::{Space, id};

/// Lines of one clearing request (申请划款凭证).
const LINES_MAX: u64 = 5000;
/// Bits of a line's number within its request.
const LINE_BITS: u32 = 13;
const _: () = assert!(LINES_MAX <= 1 << LINE_BITS);

/// The clearing requests of a division: each day one for every bank, payer's account and fund
/// nature that paid, or more where there are too many lines.
#[derive(Default)]
pub(super) struct Clearings {
    requests: u64,
    lines: u64,
    payer: Option<Payer>,
}

impl Clearings {
    /// A request never goes on over night.
    pub(super) fn begin_day(&mut self) {
        self.payer = None;
    }

    /// The number of the next line: the division, its request, the line in it. Unlike those of
    /// other facts it has its second highest bit set.
    fn next_line(&mut self, division: DivisionIndex, payer: Payer) -> u64 {
        if self.payer != Some(payer) || self.lines == LINES_MAX {
            (self.payer, self.lines) = (Some(payer), 0);
            self.requests += 1;
        }
        self.lines += 1;
        1 << 62 | u64::from(division.0 + 1) << 46 | self.requests << LINE_BITS | (self.lines - 1)
    }
}

/// A fact's amount, changed.
fn with_amount(mut command: Command, fen: i64) -> Command {
    if let Body::Fact(fact) = &mut command.body {
        fact.amount = Fen::new(fen);
    }
    command
}

/// A fact's number.
fn serial_of(command: &Command) -> u64 {
    match &command.body {
        Body::Fact(fact) => fact.serial,
        _ => 0,
    }
}

impl Run {
    /// A fact about the payment itself.
    fn reported(&mut self, stub: &Stub, role: Role, kind: FactKind, fen: i64) -> Command {
        let payee = if kind == FactKind::Confirm { stub.payee_hash } else { 0 };
        self.fact(role, kind, stub.main, stub.quota, fen, payee, stub.day)
    }

    fn with_refund(&self, mut command: Command, refund: u64, detail: u32) -> Command {
        if let Body::Fact(fact) = &mut command.body {
            (fact.refund, fact.detail) = (refund, detail);
        }
        command
    }

    /// The central bank clears before the receipt has come: parked, and parked again.
    pub(super) fn clear_early(&mut self, stub: &Stub, wave: &mut Wave) {
        if stub.case == Case::ClearEarly {
            let clear = self.reported(stub, Role::CentralBank, FactKind::Clear, stub.amount);
            self.send_twice(wave, clear);
        }
    }

    /// The bank's first reports. Gives the number a later wave comes back to.
    pub(super) fn report(&mut self, stub: &Stub, wave: &mut Wave) -> u64 {
        let mut later = 0;
        match stub.case {
            Case::AmountWrong => {
                let wrong = self.reported(stub, Role::Bank, FactKind::Confirm, stub.asked + 1);
                later = serial_of(&wrong);
                self.send_twice(wave, wrong);
            }
            Case::PayeeWrong => {
                let mut wrong = self.reported(stub, Role::Bank, FactKind::Confirm, stub.amount);
                if let Body::Fact(fact) = &mut wrong.body {
                    fact.payee_hash ^= 1;
                }
                later = serial_of(&wrong);
                self.send(wave, wrong);
            }
            _ => {}
        }
        let paid = self.reported(stub, Role::Bank, FactKind::Confirm, stub.amount);
        match stub.case {
            Case::RepeatConfirm => self.send_twice(wave, paid),
            Case::ConfirmTwice => {
                self.send(wave, paid);
                let again = self.reported(stub, Role::Bank, FactKind::Confirm, stub.amount);
                self.send(wave, again);
            }
            _ => self.send(wave, paid),
        }
        match stub.case {
            Case::SettleEarly => {
                later = self.number();
                let back = self.reported(stub, Role::Bank, FactKind::Refund, stub.amount);
                self.send(wave, self.with_refund(back, later, 0));
            }
            Case::FactUnknown => {
                let stranger = PaymentId(id(self.division().key, Space::Stranger, stub.number));
                let lost = self.reported(stub, Role::Bank, FactKind::Confirm, stub.side_amount);
                later = serial_of(&lost);
                self.send_twice(wave, elsewhere(lost, stranger, stub.quota));
            }
            // The province takes the facts of divisions nobody knows.
            Case::FactForeign if self.at == 0 => {
                let stranger = PaymentId(id(self.division().key, Space::Stranger, stub.number));
                let lost = self.reported(stub, Role::Bank, FactKind::Confirm, stub.side_amount);
                self.send(wave, elsewhere(lost, stranger, foreign(stub.quota, stub.number)));
            }
            _ => {}
        }
        if stub.side == SideEnd::Rejected {
            let rejected = self.reported(stub, Role::Bank, FactKind::Reject, 0);
            let beside = self.payment_id(stub.number, 1);
            self.send_twice(wave, elsewhere(rejected, beside, stub.quota));
        }
        later
    }

    /// The central bank settles a refund before the payment is cleared.
    pub(super) fn settle_early(&mut self, stub: &Stub, wave: &mut Wave) {
        if stub.case == Case::SettleEarly {
            let settle = self.reported(stub, Role::CentralBank, FactKind::Settle, stub.amount);
            self.send_twice(wave, self.with_refund(settle, stub.later, 0));
        }
    }

    /// The central bank moves what was ordered by real allocation.
    pub(super) fn allocate(&mut self, stub: &Stub, wave: &mut Wave) {
        if stub.side == SideEnd::Allocated {
            let role = Role::CentralBank;
            let mut moved = self.reported(stub, role, FactKind::Clear, stub.side_amount);
            if let Body::Fact(fact) = &mut moved.body {
                fact.payee_hash = stub.payee_hash;
            }
            let beside = self.payment_id(stub.number, 1);
            self.send(wave, elsewhere(moved, beside, stub.quota));
        }
    }

    /// Clearing, by whoever clears the payment: a line of its payer's clearing request.
    pub(super) fn clear(&mut self, stub: &Stub, role: Role, wave: &mut Wave) {
        let cleared_early = stub.case == Case::ClearEarly;
        if stub.clearer() != role || stub.is_own() || cleared_early {
            return;
        }
        let mut clear = self.reported(stub, role, FactKind::Clear, stub.amount);
        let line = self.clearings.next_line(self.index(), stub.payer);
        if let Body::Fact(fact) = &mut clear.body {
            fact.serial = line;
        }
        if stub.case == Case::RepeatClear {
            self.send_twice(wave, clear);
        } else {
            self.send(wave, clear);
        }
    }

    /// Finance tries to void what was paid, and looks after suspense.
    pub(super) fn after_clear(&mut self, stub: &Stub, wave: &mut Wave) {
        self.void_late(stub, wave);
        // Most wrong reports are set aside; every eighth stays where people see it.
        let wrong = matches!(stub.case, Case::AmountWrong | Case::PayeeWrong | Case::FactUnknown);
        if wrong && !stub.turn.is_multiple_of(8) {
            self.send_twice(wave, self.dismiss(stub, 3, stub.later));
        }
    }

    /// Refunds, and a rejection of what was paid. Gives the number of the refund.
    pub(super) fn refund(&mut self, stub: &Stub, wave: &mut Wave) -> u64 {
        match stub.case {
            Case::RefundWhole => {
                let number = self.number();
                let back = self.reported(stub, Role::Bank, FactKind::Refund, stub.amount);
                self.send_twice(wave, self.with_refund(back, number, 0));
                number
            }
            Case::RefundDetail => {
                let number = self.number();
                for (refund, detail, fen) in details(stub, number) {
                    let back = self.reported(stub, Role::Bank, FactKind::Refund, fen);
                    self.send(wave, self.with_refund(back, refund, detail));
                }
                number
            }
            Case::RejectLate => {
                let late = self.reported(stub, Role::Bank, FactKind::Reject, 0);
                self.send(wave, late);
                stub.later
            }
            _ => stub.later,
        }
    }

    /// Refunds reach the treasury or the special account.
    pub(super) fn settle(&mut self, stub: &Stub, role: Role, wave: &mut Wave) {
        if stub.is_own() || stub.clearer() != role {
            return;
        }
        let refunds = match stub.case {
            Case::RefundWhole => vec![(stub.later, 0, stub.amount)],
            Case::RefundDetail => details(stub, stub.later).to_vec(),
            _ => return,
        };
        for (refund, detail, fen) in refunds {
            let settle = self.reported(stub, role, FactKind::Settle, 0);
            let settle = with_amount(settle, fen);
            self.send(wave, self.with_refund(settle, refund, detail));
        }
    }
}

/// Two details that come back: number of the refund, detail, amount in fen.
fn details(stub: &Stub, first: u64) -> [(u64, u32, i64); 2] {
    let part = (stub.amount / 3).max(1);
    let other = (stub.amount / 4).max(1).min(stub.amount - part).max(1);
    // Numbers of refunds count apart from those of facts.
    [(first, 1, part), (first | 1 << 62, 2, other)]
}

/// A fact about another payment.
fn elsewhere(mut command: Command, to: PaymentId, on: domain::ids::QuotaId) -> Command {
    if let Body::Fact(fact) = &mut command.body {
        (fact.payment, fact.quota) = (to, on);
    }
    command
}
