//! Finance changes quotas while payments go on.

use domain::ids::{ActId, ContractId};
use domain::money::Fen;

use crate::cases::Case;
use crate::command::{
    ActKind, Body, Command, LimitKind, Resolve, Role, SetLimit, Tail, channel_of,
};
use crate::plan::YEAR;
use crate::stream::Wave;

use super::Run;
use super::day::Stub;
use super::people::{Post, Space, id};
use super::setup::purchase_plan;

impl Run {
    /// The id of an act beside a payment.
    pub(super) fn act_id(&self, stub: &Stub, part: u64) -> ActId {
        ActId(id(self.division().key, Space::Act, stub.number * 8 + part))
    }

    fn desk(&self, stub: &Stub, body: Body, note: &'static str) -> Command {
        self.command(Role::Finance, Post::Officer, stub.number, body, Tail::Fixed(note))
    }

    fn change(&self, stub: &Stub, part: u64, kind: ActKind, fen: i64) -> Command {
        let act = self.act(kind, self.act_id(stub, part), stub.serial, fen);
        self.desk(stub, Body::Act(act), "财政调整")
    }

    /// An order on what a contract of its own holds.
    fn contract_change(&self, stub: &Stub, part: u64, kind: ActKind, fen: i64) -> Command {
        let contract = ContractId(1 << 40 | u64::from(self.index().0) << 48 | stub.number);
        let mut act = self.act(kind, self.act_id(stub, part), stub.serial, fen);
        (act.contract, act.plan) = (contract, purchase_plan(contract));
        self.desk(stub, Body::Act(act), "合同备案")
    }

    pub(super) fn change_quota(&mut self, stub: &Stub, wave: &mut Wave) {
        // Between 1 and 1 000 yuan, well within every quota's margin.
        let small = 100 + stub.side_amount / 20;
        let now = self.model.quotas[stub.serial as usize].buckets;
        let command = match stub.case {
            Case::Supplement => self.change(stub, 0, ActKind::Supplement, small),
            Case::Cut => self.change(stub, 0, ActKind::Cut, small),
            Case::CutRefused => self.change(stub, 0, ActKind::Cut, now.available() + small),
            Case::Freeze => self.change(stub, 0, ActKind::Freeze, small),
            Case::UnfreezeRefused => self.change(stub, 0, ActKind::Unfreeze, now.frozen + small),
            Case::Earmark => self.contract_change(stub, 0, ActKind::Earmark, small),
            Case::EarmarkRefused => {
                self.send(wave, self.contract_change(stub, 0, ActKind::Earmark, small));
                self.contract_change(stub, 1, ActKind::Unearmark, small + 1)
            }
            Case::CloseRefused => self.change(stub, 0, ActKind::Close, 0),
            Case::PlanRefused => match self.plan_below_use(stub) {
                Some(command) => command,
                None => return,
            },
            Case::ResolveUnknown => self.dismiss(stub, 0, u64::MAX - stub.number),
            _ => return,
        };
        let twice = matches!(stub.case, Case::CutRefused | Case::Supplement | Case::ResolveUnknown);
        if twice {
            self.send_twice(wave, command);
        } else {
            self.send(wave, command);
        }
    }

    /// Sets January's plan to nothing where some of it is used already.
    fn plan_below_use(&self, stub: &Stub) -> Option<Command> {
        let division = self.division();
        let own = division.plan_key(stub.serial);
        let key = if own.0 == 0 { division.plan_key(division.first_payable) } else { own };
        if self.model.plan_used(key.0, 1) == 0 {
            return None;
        }
        let body = Body::SetLimit(SetLimit {
            act: self.act_id(stub, 0),
            division: self.index(),
            year: YEAR,
            kind: LimitKind::PlanMonth,
            key,
            month: 1,
            amount: Fen::ZERO,
            checker: stub.person(self, Post::SecondOfficer),
        });
        let person = stub.person(self, Post::Officer);
        Some(Command { role: Role::Finance, person, body, tail: Tail::None })
    }

    /// Sets a parked report of the bank aside.
    pub(super) fn dismiss(&self, stub: &Stub, part: u64, serial: u64) -> Command {
        let body = Body::Resolve(Resolve {
            act: self.act_id(stub, part),
            division: self.index(),
            year: YEAR,
            channel: channel_of(Role::Bank),
            serial,
        });
        self.desk(stub, body, "经核对为错误回单，予以注销")
    }

    /// What finance gives back later in the window.
    pub(super) fn change_back(&mut self, stub: &Stub, wave: &mut Wave) {
        let small = 100 + stub.side_amount / 20;
        let command = match stub.case {
            Case::Freeze => self.change(stub, 1, ActKind::Unfreeze, small),
            Case::Earmark => self.contract_change(stub, 1, ActKind::Unearmark, small),
            Case::EarmarkRefused => self.contract_change(stub, 2, ActKind::Unearmark, small),
            _ => return,
        };
        self.send(wave, command);
    }
}
