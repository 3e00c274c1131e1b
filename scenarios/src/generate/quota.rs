//! What finance orders on quotas while payments go on: all of it needs a document, a registration, or
//! less in use.

use domain::ids::{ActId, ContractId};
use domain::money::Fen;

use crate::cases::Case;
use crate::command::{
    Act, ActKind, Body, Command, LimitKind, Resolve, Role, SetLimit, Tail, channel_of,
};
use crate::plan::YEAR;
use crate::stream::Wave;

use super::Run;
use super::day::Stub;
use super::people::{Post, Space, id};

impl Run {
    /// The id of an act beside a payment.
    pub(super) fn act_id(&self, stub: &Stub, part: u64) -> ActId {
        ActId(id(self.division().key, Space::Act, stub.number * 8 + part))
    }

    fn desk(&self, stub: &Stub, body: Body, note: &'static str) -> Command {
        self.command(Role::Finance, Post::Officer, stub.number, body, Tail::Fixed(note))
    }

    /// An order on the payment's quota.
    fn change(&self, stub: &Stub, kind: ActKind, fen: i64, contract: ContractId) -> Command {
        let act = self.act(kind, self.act_id(stub, 0), stub.quota, fen);
        self.desk(stub, Body::Act(Act { contract, ..act }), "财政调整")
    }

    pub(super) fn change_quota(&mut self, stub: &Stub, wave: &mut Wave) {
        // Between 1 and 1 000 yuan.
        let small = 100 + stub.side_amount / 20;
        let by_hand = |kind| self.change(stub, kind, small, ContractId::NONE);
        let command = match stub.case {
            Case::Supplement => by_hand(ActKind::Supplement),
            Case::Cut => by_hand(ActKind::Cut),
            Case::CutRefused => by_hand(ActKind::Recover),
            Case::Freeze => by_hand(ActKind::Freeze),
            Case::UnfreezeRefused => by_hand(ActKind::Unfreeze),
            Case::Earmark => self.unregistered(stub, small),
            Case::EarmarkRefused => {
                let contract = self.division().contract(stub.serial);
                match self.model.contract_left(stub.quota, contract.0) {
                    Some(left) => self.change(stub, ActKind::Unearmark, left + small, contract),
                    None => self.unregistered(stub, small),
                }
            }
            Case::CloseRefused => self.change(stub, ActKind::Close, 0, ContractId::NONE),
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

    /// Budget for a contract that nobody registered.
    fn unregistered(&self, stub: &Stub, fen: i64) -> Command {
        let contract = ContractId(1 << 40 | u64::from(self.index().0) << 48 | stub.number);
        self.change(stub, ActKind::Earmark, fen, contract)
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
}
