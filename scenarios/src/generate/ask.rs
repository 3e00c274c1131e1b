//! Makers: what is asked for, asked again, asked in vain, and taken back.

use domain::ids::{Class, ContractId, DivisionIndex, FiscalYear, PaymentId, PersonId, QuotaId};
use domain::money::Fen;

use crate::cases::Case;
use crate::classes::class;
use crate::command::{Body, Command, Particulars, Reserve, Role, StepKind, Tail};
use crate::divisions::DIVISIONS;
use crate::model::codes::REAL_ALLOCATION;
use crate::plan::{Kind, YEAR};
use crate::stream::Wave;

use super::Run;
use super::day::{SideEnd, Stub};
use super::people::Post;

impl Run {
    /// The request for the payment itself.
    fn main_request(&self, stub: &Stub) -> Reserve {
        Reserve {
            payment: stub.main,
            quota: stub.quota,
            amount: Fen::new(stub.asked),
            economic: stub.economic,
            method: stub.method,
            business: stub.business,
            day: stub.day,
            contract: stub.contract,
            plan: ContractId::NONE,
            one_act: stub.one_act,
            payee_hash: stub.payee_hash,
        }
    }

    /// A request beside it: no contract, a small amount.
    fn side_request(&self, stub: &Stub, part: u64) -> Reserve {
        Reserve {
            payment: self.payment_id(stub.number, part),
            amount: Fen::new(stub.side_amount),
            contract: ContractId::NONE,
            plan: ContractId::NONE,
            one_act: false,
            ..self.main_request(stub)
        }
    }

    fn request(&self, stub: &Stub, reserve: Reserve) -> Command {
        Command {
            role: Role::Maker,
            person: stub.person(self, Post::Maker),
            body: Body::Reserve(reserve),
            tail: Tail::Particulars(Particulars {
                payee: stub.payee,
                number: stub.number,
                division: self.index(),
                unit: self.division().unit_of(stub.serial).unwrap_or(0),
                payer: stub.payer,
            }),
        }
    }

    pub(super) fn ask(&mut self, stub: &Stub, wave: &mut Wave) {
        let request = self.main_request(stub);
        let command = self.request(stub, request);
        match stub.case {
            Case::RepeatReserve => self.send_twice(wave, command),
            Case::Conflict => {
                self.send(wave, command);
                let other = Reserve { amount: Fen::new(stub.asked + 1), ..request };
                self.send(wave, self.request(stub, other));
            }
            _ => self.send(wave, command),
        }
        self.ask_beside(stub, wave);
        self.ask_in_vain(stub, wave);
    }

    fn ask_beside(&mut self, stub: &Stub, wave: &mut Wave) {
        let mut beside = self.side_request(stub, 1);
        if stub.case == Case::Linked {
            let run = [1, 2].map(|part| self.request(stub, self.side_request(stub, part)));
            self.send_run(wave, run.into());
            return;
        }
        match stub.side {
            SideEnd::None => return,
            SideEnd::Allocated => beside.method = REAL_ALLOCATION,
            _ => {}
        }
        if stub.case == Case::ReturnedContract {
            beside.contract = self.division().contract(stub.serial);
        }
        self.send(wave, self.request(stub, beside));
    }

    /// Requests that are refused or turned away.
    fn ask_in_vain(&mut self, stub: &Stub, wave: &mut Wave) {
        if stub.case == Case::LinkedRefused {
            let mut run = [3, 4].map(|part| self.side_request(stub, part));
            run[1].amount = Fen::new(self.available(stub.quota) + 1);
            let run: Vec<Command> = run.map(|ask| self.request(stub, ask)).into();
            self.send_run(wave, run.clone());
            self.send_run(wave, run);
            return;
        }
        if stub.case == Case::YearPast {
            let long_past = self.in_year(self.side_request(stub, 4), YEAR - 2);
            self.send_twice(wave, self.request(stub, long_past));
        }
        let Some(ask) = self.vain_request(stub) else { return };
        let mut command = self.request(stub, ask);
        if stub.case == Case::NoPerson {
            command.person = PersonId(0);
        }
        if stub.turn.is_multiple_of(4) {
            self.send_twice(wave, command);
        } else {
            self.send(wave, command);
        }
    }

    fn available(&self, quota: QuotaId) -> i64 {
        self.model.available(quota).unwrap_or(0)
    }

    /// A request that this stub's case has refused; `None` where the case is another.
    fn vain_request(&self, stub: &Stub) -> Option<Reserve> {
        let ask = self.side_request(stub, 3);
        let over =
            Reserve { amount: Fen::new(self.available(stub.quota) + stub.side_amount), ..ask };
        Some(match stub.case {
            Case::OverQuota => over,
            Case::OverPlan => self.over_plan(stub, ask),
            Case::Economic => Reserve { economic: class(uncovered(stub)), ..ask },
            Case::ElementMissing => Reserve { economic: Class::ANY, ..ask },
            Case::ElementCode => match stub.turn % 4 {
                0 => Reserve { economic: Class(*b"302-01\0\0"), ..ask },
                // A code for payment methods that other provinces use.
                1 => Reserve { method: 21, ..ask },
                2 => Reserve { business: 9, ..ask },
                _ => Reserve { economic: class("30298"), ..ask },
            },
            Case::Contract => self.contract_mismatch(stub, ask),
            Case::NotExecutable => match self.serial_of(Kind::Parent) {
                Some(parent) => Reserve { quota: self.division().quota(parent), ..ask },
                None => over,
            },
            Case::Method => match self.quota_off_treasury(stub) {
                Some(quota) => Reserve { quota, method: REAL_ALLOCATION, ..ask },
                None => over,
            },
            Case::NoQuota => {
                let unknown = self.quota_count() + 1000 + stub.number as u32 % 1000;
                Reserve { quota: self.division().quota(unknown), ..ask }
            }
            Case::NoRule => {
                let ceiling = self.plan.spec.shape.one_act_ceiling.get();
                Reserve { amount: Fen::new(ceiling + stub.side_amount), one_act: true, ..ask }
            }
            Case::YearNotOpen => self.in_year(ask, YEAR + 1),
            // The province keeps 2021 in adjustment and 2020 closed; elsewhere neither was opened.
            Case::YearPast => self.in_year(ask, YEAR - 1),
            Case::QuotaClosed => match self.serial_of(Kind::Shut) {
                Some(shut) => Reserve { quota: self.division().quota(shut), ..ask },
                None => over,
            },
            Case::AmountZero => Reserve { amount: Fen::ZERO, ..ask },
            Case::BadField => Reserve { day: stub.day - 10_000, ..ask },
            Case::NoPerson => ask,
            Case::UnknownDivision => Reserve { quota: foreign(stub.quota, stub.number), ..ask },
            _ => return None,
        })
    }

    /// Beyond the plan but within what is available, where a quota with a plan of its own has
    /// room to show it.
    fn over_plan(&self, stub: &Stub, ask: Reserve) -> Reserve {
        let division = self.division();
        // The first quota of each unit is bounded by a plan.
        let serial = division.first_of(stub.number % division.units.spending);
        let month = (stub.day / 100 % 100) as u8;
        let left = self.model.plan_left(division.plan_key(serial).0, month).unwrap_or(0);
        let quota = division.quota(serial);
        let economic = class(division.line(serial).paid[0]);
        let room = (self.available(quota) - left).max(1);
        let amount = Fen::new(left + 1 + stub.side_amount % room);
        Reserve { quota, economic, amount, ..ask }
    }

    /// A contract nobody registered, one under another plan, or more than one holds.
    fn contract_mismatch(&self, stub: &Stub, ask: Reserve) -> Reserve {
        let contract = self.division().contract(stub.serial);
        let left = self.model.contract_left(stub.quota, contract.0);
        match (left, stub.turn % 3) {
            (Some(left), 0) => Reserve { contract, amount: Fen::new(left + 1), ..ask },
            (Some(_), 1) => Reserve { contract, plan: ContractId(7), ..ask },
            _ => Reserve { contract: ContractId(1 << 59 | stub.number), ..ask },
        }
    }

    /// A quota of this division whose money real allocation cannot move.
    fn quota_off_treasury(&self, stub: &Stub) -> Option<QuotaId> {
        let division = self.division();
        let count = self.quota_count();
        let around = (0..200.min(count)).map(|step| (stub.serial + step) % count);
        let mut off = around.filter(|&serial| !division.quotas[serial as usize].fund.is_treasury());
        off.next().map(|serial| division.quota(serial))
    }

    fn in_year(&self, ask: Reserve, year: u16) -> Reserve {
        let fiscal = FiscalYear::new(year).expect("a year around 2022");
        let quota = QuotaId::new(self.index(), fiscal, ask.quota.serial());
        Reserve { quota, day: u32::from(year) * 10_000 + ask.day % 10_000, ..ask }
    }

    /// A payment and one beside it, as a maker's step.
    fn maker_step(&self, stub: &Stub, post: Post, kind: StepKind, payment: PaymentId) -> Command {
        let person = stub.person(self, post);
        self.step(Role::Maker, person, kind, payment, stub.quota, stub.number)
    }

    pub(super) fn take_back(&mut self, stub: &Stub, wave: &mut Wave) {
        let parts: &[u64] = match (stub.case, stub.side) {
            (Case::Linked, _) => &[1, 2],
            (_, SideEnd::Withdrawn) => &[1],
            _ => &[],
        };
        for &part in parts {
            let payment = self.payment_id(stub.number, part);
            let withdraw = self.maker_step(stub, Post::Maker, StepKind::Withdraw, payment);
            self.send_twice(wave, withdraw);
        }
        let command = match stub.case {
            Case::NotMaker => {
                self.maker_step(stub, Post::OtherMaker, StepKind::Withdraw, stub.main)
            }
            Case::NoRight => self.maker_step(stub, Post::Maker, StepKind::Instruct, stub.main),
            _ => return,
        };
        self.send(wave, command);
    }

    pub(super) fn late_take_back(&mut self, stub: &Stub, wave: &mut Wave) {
        if stub.case == Case::AlreadyApproved || self.is_asked_back(stub) {
            let late = self.maker_step(stub, Post::Maker, StepKind::Withdraw, stub.main);
            self.send(wave, late);
        }
    }
}

/// A departmental class that the quota of a payment does not cover.
fn uncovered(stub: &Stub) -> &'static str {
    match stub.turn % 3 {
        // 其他支出, which nothing here pays for.
        0 => "39999",
        // Coarser than any quota.
        1 => "30",
        _ if stub.economic.as_str().starts_with("301") => "30201",
        _ => "30101",
    }
}

/// The same quota in a division nobody has registered.
pub(super) fn foreign(quota: QuotaId, draw: u64) -> QuotaId {
    let division = DivisionIndex((DIVISIONS as u64 + draw % 50) as u16);
    QuotaId::new(division, quota.year(), quota.serial())
}
