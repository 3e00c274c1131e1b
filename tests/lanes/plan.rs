//! What a lane sends next: commands drawn at random, each with the answer it must hear.

use domain::codes::{ActKind, FactKind, MoveKind, PaymentState, StepKind};
use domain::{Code, Command, Role};

use super::record::{Holds, Op, Payment};
use super::{FRAME_MAX, FRAMES_AHEAD, ISSUED, Lane, QUOTAS, RECEIVED_MAX};
use crate::harness::journal::About;
use crate::harness::orders;

impl Lane {
    /// Draws what the lane does next, and whose it is: some frames of one role.
    pub(super) fn plan(&mut self) -> Role {
        assert!(self.flying.is_empty());
        let role = *self.chance.pick(&[
            Role::Maker,
            Role::Maker,
            Role::Maker,
            Role::Checker,
            Role::Checker,
            Role::Finance,
            Role::Finance,
            Role::Bank,
            Role::CentralBank,
        ]);
        let frames = self.chance.between(1, FRAMES_AHEAD);
        for _ in 0..frames {
            let start = self.ops.len();
            let count = self.chance.between(1, FRAME_MAX);
            for _ in 0..count {
                match role {
                    Role::Maker => self.draw_maker(),
                    Role::Checker => self.draw_checker(),
                    Role::Finance => self.draw_finance(),
                    Role::Bank => self.draw_bank(),
                    _ => self.draw_central_bank(),
                }
            }
            if self.ops.len() > start {
                self.flying.push_back(start..self.ops.len());
            }
        }
        role
    }

    pub(super) fn push(
        &mut self,
        command: Command<'static>,
        role: Role,
        code: Code,
        about: About,
    ) -> &mut Op {
        let (again, available) = (code, None);
        self.ops.push(Op {
            command,
            role,
            run: None,
            linked: false,
            code,
            available,
            again,
            about,
            heard: None,
            sequence: None,
            payment: None,
        });
        self.ops.last_mut().expect("just pushed")
    }

    /// A payment in a state, drawn at random among the youngest.
    pub(super) fn any_payment(&mut self, wanted: impl Fn(&Payment) -> bool) -> Option<usize> {
        let young = self.payments.len().saturating_sub(400);
        let found: Vec<usize> =
            (young..self.payments.len()).filter(|&at| wanted(&self.payments[at])).collect();
        (!found.is_empty()).then(|| *self.chance.pick(&found))
    }

    pub(super) fn next_serial(&mut self) -> u64 {
        self.serial += 1;
        (u64::from(self.division) << 40) | self.serial
    }

    pub(super) fn draw_maker(&mut self) {
        if self.chance.once_in(12)
            && let Some(at) = self.any_payment(|p| p.state == PaymentState::Reserved)
        {
            self.push_step(StepKind::Withdraw, Role::Maker, at, PaymentState::Released);
            return;
        }
        let quota = self.chance.below(u64::from(QUOTAS)) as usize;
        let available = self.holds[quota].available();
        let id = self.chance.id();
        let too_much = available < 100 || self.chance.once_in(12);
        let amount = if too_much {
            available.max(0) + 1 + self.chance.below(1_000) as i64
        } else {
            1 + self.chance.below(available as u64 / 40) as i64
        };
        let command = orders::reserve(id, self.ids[quota], amount);
        let code = if too_much { Code::OverQuota } else { Code::Accepted };
        if !too_much {
            self.holds[quota].reserved += amount;
        }
        let after = self.holds[quota].available();
        let payment = (!too_much).then_some(self.payments.len());
        let op = self.push(command, Role::Maker, code, About::Payment(id));
        (op.available, op.payment) = (Some(after), payment);
        if !too_much {
            self.payments.push(Payment {
                id,
                quota,
                amount,
                executed: 0,
                state: PaymentState::Reserved,
                early: None,
                refunded: 0,
                refunds: 0,
                unsettled: None,
            });
        }
    }

    /// An order on a payment that its state allows, and what it does to the quota.
    pub(super) fn push_step(&mut self, kind: StepKind, role: Role, at: usize, to: PaymentState) {
        let serial = self.next_serial();
        let Payment { id, quota, amount, .. } = self.payments[at];
        let mut command = orders::step(kind, id, self.ids[quota], serial);
        command.by.role = role;
        if to == PaymentState::Released {
            self.holds[quota].reserved -= amount;
        }
        self.payments[at].state = to;
        let after = self.holds[quota].available();
        let op = self.push(command, role, Code::Accepted, About::Of(id, serial));
        (op.available, op.payment) = (Some(after), Some(at));
    }

    pub(super) fn draw_checker(&mut self) {
        let Some(at) = self.any_payment(|p| p.state == PaymentState::Reserved) else { return };
        if self.chance.once_in(15) {
            self.push_step(StepKind::Return, Role::Checker, at, PaymentState::Released);
        } else {
            self.push_step(StepKind::ApproveUnit, Role::Checker, at, PaymentState::Approved);
        }
    }

    pub(super) fn draw_finance(&mut self) {
        match self.chance.below(10) {
            0..6 => {
                let approved = self.any_payment(|p| p.state == PaymentState::Approved);
                if let Some(at) = approved {
                    self.push_step(StepKind::Instruct, Role::Finance, at, PaymentState::Instructed);
                }
            }
            6 => {
                let sent = |p: &Payment| p.state == PaymentState::Instructed && p.early.is_none();
                if let Some(at) = self.any_payment(sent) {
                    self.push_step(StepKind::Void, Role::Finance, at, PaymentState::Released);
                }
            }
            7 => self.draw_run(),
            8 => self.draw_transfer(),
            _ => {
                let quota = self.chance.below(u64::from(QUOTAS)) as usize;
                let (kind, amount) = self.draw_act(quota);
                self.push_act(quota, kind, amount);
            }
        }
    }

    pub(super) fn draw_act(&mut self, quota: usize) -> (ActKind, i64) {
        let kinds = [ActKind::Supplement, ActKind::Cut, ActKind::Freeze, ActKind::Unfreeze];
        let kind = *self.chance.pick(&kinds);
        (
            kind,
            1 + self.chance.below(ISSUED as u64 / 50) as i64 + {
                // Now and then more than there can be.
                let holds = &self.holds[quota];
                if self.chance.once_in(6) { holds.available().max(0) + holds.frozen } else { 0 }
            },
        )
    }

    /// What an act does to a quota, or why it is refused.
    pub(super) fn apply_act(holds: &mut Holds, kind: ActKind, amount: i64) -> Result<(), Code> {
        let available = holds.available();
        match kind {
            ActKind::Supplement if holds.received + amount > RECEIVED_MAX => {
                return Err(Code::OverBound);
            }
            ActKind::Supplement => {
                holds.received += amount;
                holds.issued += amount;
            }
            ActKind::Cut | ActKind::Freeze if amount > available => return Err(Code::CutBelowUsed),
            ActKind::Cut => holds.issued -= amount,
            ActKind::Freeze => holds.frozen += amount,
            ActKind::Unfreeze if amount > holds.frozen => return Err(Code::OverFrozen),
            ActKind::Unfreeze => holds.frozen -= amount,
            other => unreachable!("{other} is never drawn"),
        }
        Ok(())
    }

    pub(super) fn push_act(&mut self, quota: usize, kind: ActKind, amount: i64) {
        let id = self.chance.id();
        let done = Lane::apply_act(&mut self.holds[quota], kind, amount);
        let after = self.holds[quota].available();
        let command = orders::act(kind, id, self.ids[quota], amount);
        let code = done.err().unwrap_or(Code::Accepted);
        self.push(command, Role::Finance, code, About::Act(id)).available = Some(after);
    }

    /// A linked run of acts and one reservation's worth of freezing: all of it, or nothing.
    pub(super) fn draw_run(&mut self) {
        let before = self.holds.clone();
        let start = self.ops.len();
        let length = self.chance.between(2, 6) as usize;
        let mut refused = None;
        for place in 0..length {
            let quota = self.chance.below(u64::from(QUOTAS)) as usize;
            let (kind, amount) = self.draw_act(quota);
            let id = self.chance.id();
            let command = orders::act(kind, id, self.ids[quota], amount);
            if refused.is_none()
                && let Err(code) = Lane::apply_act(&mut self.holds[quota], kind, amount)
            {
                refused = Some((start + place, code));
            }
            let after = self.holds[quota].available();
            let op = self.push(command, Role::Finance, Code::Accepted, About::Act(id));
            op.available = Some(after);
            (op.run, op.linked) = (Some(start), place + 1 < length);
        }
        let Some((at, code)) = refused else { return };
        self.holds = before;
        for (place, op) in self.ops.iter_mut().enumerate().skip(start) {
            op.code = if place == at { code } else { Code::LinkedRefused };
            (op.again, op.available, op.about) = (op.code, None, About::Run);
        }
    }

    pub(super) fn draw_transfer(&mut self) {
        let parent = QUOTAS as usize;
        let amount = 1 + self.chance.below(ISSUED as u64 / 2_000) as i64;
        let id = self.chance.id();
        let command =
            orders::move_out(MoveKind::Transfer, id, self.ids[parent], self.child, amount);
        let holds = &mut self.holds[parent];
        let code = if amount > holds.available() { Code::CutBelowUsed } else { Code::Accepted };
        if code == Code::Accepted {
            holds.transferred += amount;
            self.arrived += amount;
        }
        let after = self.holds[parent].available();
        self.push(command, Role::Finance, code, About::Move(id)).available = Some(after);
    }

    pub(super) fn push_fact(
        &mut self,
        kind: FactKind,
        role: Role,
        at: usize,
        fen: i64,
        code: Code,
    ) -> &mut Op {
        let serial = self.next_serial();
        let Payment { id, quota, refunds, .. } = self.payments[at];
        let command = orders::fact(kind, id, self.ids[quota], serial, fen);
        let command = orders::of_refund(
            command,
            if matches!(kind, FactKind::Refund | FactKind::SettleRefund) { refunds } else { 0 },
        );
        let after = self.holds[quota].available();
        let op = self.push(command, role, code, About::Of(id, serial));
        (op.available, op.payment) = (Some(after), Some(at));
        op
    }

    pub(super) fn draw_bank(&mut self) {
        if self.chance.once_in(4) {
            return self.draw_refund();
        }
        let Some(at) = self.any_payment(|p| p.state == PaymentState::Instructed) else { return };
        let Payment { quota, amount, early, .. } = self.payments[at];
        if early.is_none() && self.chance.once_in(10) {
            self.holds[quota].reserved -= amount;
            self.payments[at].state = PaymentState::Released;
            self.push_fact(FactKind::Reject, Role::Bank, at, 0, Code::Accepted);
            return;
        }
        if self.chance.once_in(12) {
            // More than was ordered: parked, and nothing moves.
            self.push_fact(FactKind::ConfirmPaid, Role::Bank, at, amount + 1, Code::Parked);
            return;
        }
        let part = early.is_none() && amount > 1 && self.chance.once_in(6);
        let executed = if part { 1 + self.chance.below(amount as u64 - 1) as i64 } else { amount };
        let holds = &mut self.holds[quota];
        holds.reserved -= amount;
        let payment = &mut self.payments[at];
        payment.executed = executed;
        if let Some(waiting) = early {
            // The settlement that waited is taken in the same turn.
            holds.cleared += executed;
            payment.state = PaymentState::Cleared;
            self.ops[waiting].again = Code::Accepted;
        } else {
            holds.paid += executed;
            payment.state = PaymentState::Paid;
        }
        self.push_fact(FactKind::ConfirmPaid, Role::Bank, at, executed, Code::Accepted);
    }

    pub(super) fn draw_refund(&mut self) {
        let may = |p: &Payment| {
            let settled = matches!(p.state, PaymentState::Paid | PaymentState::Cleared);
            settled && p.refunded < p.executed && p.unsettled.is_none() && p.refunds < 3
        };
        let Some(at) = self.any_payment(may) else { return };
        let payment = &mut self.payments[at];
        let fen = 1 + self.chance.below((payment.executed - payment.refunded) as u64) as i64;
        payment.refunds += 1;
        payment.refunded += fen;
        payment.unsettled = Some((payment.refunds, fen));
        self.holds[payment.quota].refunding += fen;
        self.push_fact(FactKind::Refund, Role::Bank, at, fen, Code::Accepted);
    }

    pub(super) fn draw_central_bank(&mut self) {
        let settles = |p: &Payment| p.state == PaymentState::Cleared && p.unsettled.is_some();
        if self.chance.once_in(3)
            && let Some(at) = self.any_payment(settles)
        {
            let payment = &mut self.payments[at];
            let (_, fen) = payment.unsettled.take().expect("just looked");
            let holds = &mut self.holds[payment.quota];
            holds.cleared -= fen;
            holds.refunding -= fen;
            self.push_fact(FactKind::SettleRefund, Role::CentralBank, at, fen, Code::Accepted);
            return;
        }
        let early = |p: &Payment| p.state == PaymentState::Instructed && p.early.is_none();
        if self.chance.once_in(6)
            && let Some(at) = self.any_payment(early)
        {
            let amount = self.payments[at].amount;
            self.payments[at].early = Some(self.ops.len());
            self.push_fact(FactKind::Clear, Role::CentralBank, at, amount, Code::Parked);
            return;
        }
        let Some(at) = self.any_payment(|p| p.state == PaymentState::Paid) else { return };
        let Payment { quota, executed, .. } = self.payments[at];
        let holds = &mut self.holds[quota];
        holds.paid -= executed;
        holds.cleared += executed;
        self.payments[at].state = PaymentState::Cleared;
        self.push_fact(FactKind::Clear, Role::CentralBank, at, executed, Code::Accepted);
    }
}
