//! Posts approve, finance instructs, holds, returns and voids; and what people try out of turn.

use domain::ids::{PaymentId, QuotaId};

use crate::cases::Case;
use crate::command::{Command, Role, StepKind};
use crate::stream::Wave;

use super::Run;
use super::day::{SideEnd, Stub};
use super::people::{Post, Space, id};

impl Run {
    pub(super) fn on(
        &self,
        stub: &Stub,
        role: Role,
        post: Post,
        kind: StepKind,
        part: u64,
    ) -> Command {
        let payment = self.payment_id(stub.number, part);
        let person = stub.person(self, post);
        self.step(role, person, kind, payment, stub.quota, stub.number * 8 + part)
    }

    pub(super) fn checker_tries(&mut self, stub: &Stub, wave: &mut Wave) {
        let unit = |payment: PaymentId, quota: QuotaId| {
            let person = stub.person(self, Post::Unit);
            self.step(Role::Checker, person, StepKind::ApproveUnit, payment, quota, 0)
        };
        let command = match stub.case {
            Case::DutyMaker => self.on(stub, Role::Checker, Post::Maker, StepKind::ApproveUnit, 0),
            Case::PostNotNext if stub.turn.is_multiple_of(2) => {
                self.on(stub, Role::Checker, Post::Department, StepKind::ApproveDepartment, 0)
            }
            Case::PaymentUnknown => {
                let stranger = PaymentId(id(self.division().key, Space::Stranger, stub.number));
                unit(stranger, stub.quota)
            }
            Case::PaymentElsewhere => {
                let other = (stub.serial + 1) % self.quota_count().max(2);
                unit(stub.main, self.division().quota(other))
            }
            _ => return,
        };
        self.send(wave, command);
    }

    pub(super) fn finance_tries(&mut self, stub: &Stub, wave: &mut Wave) {
        let early = match stub.case {
            Case::InstructEarly => {
                self.on(stub, Role::Finance, Post::Instructor, StepKind::Instruct, 0)
            }
            Case::PostNotNext if !stub.turn.is_multiple_of(2) => {
                self.on(stub, Role::Finance, Post::Finance, StepKind::ApproveFinance, 0)
            }
            _ => return,
        };
        self.send(wave, early);
    }

    pub(super) fn approve_unit(&mut self, stub: &Stub, wave: &mut Wave) {
        if !stub.one_act {
            let approve = self.on(stub, Role::Checker, Post::Unit, StepKind::ApproveUnit, 0);
            if stub.case == Case::RepeatApprove {
                self.send_twice(wave, approve);
            } else {
                self.send(wave, approve);
            }
        }
        let kind = match stub.side {
            SideEnd::ReturnedReserved => StepKind::Return,
            side if side.is_approved() => StepKind::ApproveUnit,
            _ => return,
        };
        self.send(wave, self.on(stub, Role::Checker, Post::Unit, kind, 1));
    }

    pub(super) fn look_at(&mut self, stub: &Stub, wave: &mut Wave) {
        let step = |kind, part| self.on(stub, Role::Finance, Post::Officer, kind, part);
        let mut commands = Vec::new();
        if matches!(stub.case, Case::Hold | Case::DutyLifter) {
            let hold = step(StepKind::Hold, 0);
            commands.extend([hold.clone(), hold]);
        }
        match stub.side {
            SideEnd::ReturnedApproved => commands.push(step(StepKind::Return, 1)),
            SideEnd::ReturnedHeld => commands.push(step(StepKind::Hold, 1)),
            _ => {}
        }
        for command in commands {
            self.send(wave, command);
        }
    }

    pub(super) fn duty_tries(&mut self, stub: &Stub, wave: &mut Wave) {
        let kind = match stub.case {
            Case::DutyInstructor => StepKind::Instruct,
            Case::DutyLifter => StepKind::Unhold,
            _ => return,
        };
        self.send(wave, self.on(stub, Role::Finance, Post::Unit, kind, 0));
    }

    pub(super) fn instruct(&mut self, stub: &Stub, wave: &mut Wave) {
        if matches!(stub.case, Case::Hold | Case::DutyLifter) {
            let lift = self.on(stub, Role::Finance, Post::Lifter, StepKind::Unhold, 0);
            self.send(wave, lift);
        }
        if !stub.one_act {
            let out = self.on(stub, Role::Finance, Post::Instructor, StepKind::Instruct, 0);
            if stub.case == Case::RepeatInstruct {
                self.send_twice(wave, out);
            } else {
                self.send(wave, out);
            }
        }
        if stub.side == SideEnd::ReturnedHeld {
            self.send(wave, self.on(stub, Role::Finance, Post::Officer, StepKind::Return, 1));
        } else if stub.side.is_instructed() {
            self.send(wave, self.on(stub, Role::Finance, Post::Instructor, StepKind::Instruct, 1));
        }
    }

    pub(super) fn void(&mut self, stub: &Stub, wave: &mut Wave) {
        if stub.side == SideEnd::Voided {
            let void = self.on(stub, Role::Finance, Post::Officer, StepKind::Void, 1);
            self.send_twice(wave, void);
        }
        if stub.case == Case::HoldLate {
            self.send(wave, self.on(stub, Role::Finance, Post::Officer, StepKind::Hold, 0));
        }
    }

    pub(super) fn doubt(&mut self, stub: &Stub, wave: &mut Wave) {
        if stub.case == Case::Doubt {
            let doubt = self.on(stub, Role::Operator, Post::Operator, StepKind::Doubt, 0);
            self.send_twice(wave, doubt);
        }
    }

    /// Finance tries to void what was paid.
    pub(super) fn void_late(&mut self, stub: &Stub, wave: &mut Wave) {
        if stub.case == Case::VoidLate {
            self.send(wave, self.on(stub, Role::Finance, Post::Officer, StepKind::Void, 0));
        }
    }
}
