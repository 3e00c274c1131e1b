//! One window of payments: which payments it has, what happens beside each, and in which waves.

use domain::ids::{Class, ContractId, PaymentId, PersonId, QuotaId};

use crate::cases::{Case, ROUND};
use crate::classes::{Fund, class, lines};
use crate::command::Role;
use crate::draws::Keys;
use crate::payees::Payees;
use crate::plan::{Kind, payment_draws, phase};
use crate::stream::Wave;

use super::Run;
use super::people::{Post, Space, id, person};
use super::setup::purchase_plan;

/// The waves of a window, in order. Orders that are refused without a trace stand in waves in
/// which nothing later changes what they hear, so that they can be asked again after a crash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    /// Finance changes quotas.
    Quotas,
    /// Makers ask.
    Ask,
    /// Makers take back, and try what they may not.
    TakeBack,
    /// Checkers try what they may not.
    CheckerTries,
    /// Finance tries what it may not yet.
    FinanceTries,
    /// Unit posts approve.
    Unit,
    /// Makers try to take back what is being approved.
    LateTakeBack,
    /// Department posts approve.
    Department,
    /// Finance posts approve, hold and return.
    Finance,
    /// People try what their post forbids.
    DutyTries,
    /// Payment orders go out.
    Instruct,
    /// Finance voids, and tries to hold what went out.
    Void,
    /// The operator doubts.
    Doubt,
    /// The central bank is early.
    ClearEarly,
    /// The bank reports.
    Bank,
    /// The central bank is early with refunds.
    SettleEarly,
    /// The central bank clears.
    Clear,
    /// Finance clears from the special account and looks after suspense.
    ClearSpecial,
    /// The bank reports refunds and what does not fit.
    Refund,
    /// The central bank settles refunds.
    Settle,
    /// Finance settles refunds of the special account.
    SettleSpecial,
}

/// Every stage with the role of its wave, in order.
pub(crate) const STAGES: [(Stage, Role); 21] = [
    (Stage::Quotas, Role::Finance),
    (Stage::Ask, Role::Maker),
    (Stage::TakeBack, Role::Maker),
    (Stage::CheckerTries, Role::Checker),
    (Stage::FinanceTries, Role::Finance),
    (Stage::Unit, Role::Checker),
    (Stage::LateTakeBack, Role::Maker),
    (Stage::Department, Role::Checker),
    (Stage::Finance, Role::Finance),
    (Stage::DutyTries, Role::Finance),
    (Stage::Instruct, Role::Finance),
    (Stage::Void, Role::Finance),
    (Stage::Doubt, Role::Operator),
    (Stage::ClearEarly, Role::CentralBank),
    (Stage::Bank, Role::Bank),
    (Stage::SettleEarly, Role::CentralBank),
    (Stage::Clear, Role::CentralBank),
    (Stage::ClearSpecial, Role::Finance),
    (Stage::Refund, Role::Bank),
    (Stage::Settle, Role::CentralBank),
    (Stage::SettleSpecial, Role::Finance),
];

/// How a payment beside a paid one ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SideEnd {
    /// There is none that is accepted.
    None,
    /// Taken back by its maker.
    Withdrawn,
    /// Returned by the checker.
    ReturnedReserved,
    /// Returned after every approval.
    ReturnedApproved,
    /// Held, then returned.
    ReturnedHeld,
    /// Voided after its order went out.
    Voided,
    /// Rejected by the bank.
    Rejected,
    /// Moved by real allocation.
    Allocated,
}

impl SideEnd {
    /// True where the posts approve it.
    pub(super) fn is_approved(self) -> bool {
        !matches!(self, SideEnd::None | SideEnd::Withdrawn | SideEnd::ReturnedReserved)
    }

    /// True where its order goes out.
    pub(super) fn is_instructed(self) -> bool {
        matches!(self, SideEnd::Voided | SideEnd::Rejected | SideEnd::Allocated)
    }
}

/// A payment that is paid, with what happens beside it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stub {
    pub(super) case: Case,
    /// Its number among the division's payments.
    pub(super) number: u64,
    /// Varies between the rounds of a case: chooses among its forms.
    pub(super) turn: u64,
    pub(super) serial: u32,
    pub(super) quota: QuotaId,
    pub(super) main: PaymentId,
    /// What the bank executes, in fen.
    pub(super) amount: i64,
    /// What is asked for, in fen.
    pub(super) asked: i64,
    pub(super) one_act: bool,
    pub(super) contract: ContractId,
    pub(super) day: u32,
    pub(super) payee: u16,
    pub(super) payee_hash: u64,
    pub(super) economic: Class,
    pub(super) method: u8,
    pub(super) business: u8,
    pub(super) posts: u8,
    pub(super) fund: Fund,
    pub(super) side: SideEnd,
    /// The amount of a payment beside it, in fen.
    pub(super) side_amount: i64,
    /// A number a later wave comes back to: of a parked fact, or of a refund.
    pub(super) later: u64,
}

impl Stub {
    /// The purchase plan its contract stands under.
    pub(super) fn purchase_plan(&self) -> ContractId {
        if self.contract.is_some() { purchase_plan(self.contract) } else { ContractId::NONE }
    }

    /// True where the unit's own account pays.
    pub(super) fn is_own(&self) -> bool {
        self.fund == Fund::Own
    }

    /// The role that clears it.
    pub(super) fn clearer(&self) -> Role {
        if self.fund.is_treasury() { Role::CentralBank } else { Role::Finance }
    }

    pub(super) fn person(&self, run: &Run, post: Post) -> PersonId {
        person(run.index(), post, self.number)
    }
}

impl Run {
    /// Gathers the payments of a window.
    pub(crate) fn begin_window(&mut self, window: u64) {
        let plan = std::sync::Arc::clone(&self.plan);
        let division = &plan.divisions[self.at];
        let windows = plan.windows;
        let mut places = Vec::new();
        for serial in division.first_payable..division.quotas.len() as u32 {
            let payments = u64::from(division.quotas[serial as usize].payments);
            let phase = phase(division, serial);
            let first = windows.before(window, payments, phase);
            let end = windows.before(window + 1, payments, phase);
            places.extend((first..end).map(|index| (serial, index as u32)));
        }
        Keys::new(division.key ^ window).shuffle(&mut places);
        let count = places.len() as u64;
        let stubs = places.into_iter().zip(0..).map(|((serial, index), at)| {
            self.stub(serial, index, at, windows.day(window, at, count))
        });
        self.stubs = stubs.collect();
        self.started += count;
    }

    fn stub(&self, serial: u32, index: u32, at: u64, day: u32) -> Stub {
        let division = self.division();
        let quota = &division.quotas[serial as usize];
        let number = self.started + at;
        let mut draws = payment_draws(division, serial, index);
        draws.next();
        let bits = draws.next();
        let amount = self.plan.amount(division, serial, index);
        let ordinal = division.first_ordinal + number;
        let turn = ordinal + ordinal / ROUND;
        let mut case = self.plan.cases.case(ordinal);
        let contracted = division.is_contracted(serial, index);
        let ceiling = self.plan.spec.shape.one_act_ceiling.get();
        let one_act = case == Case::OneAct && amount <= ceiling && !contracted;
        if case == Case::SettleEarly && !quota.fund.is_treasury() {
            case = Case::RefundWhole;
        }
        if case == Case::ClearEarly && !quota.fund.is_treasury() {
            case = Case::Plain;
        }
        let extra =
            if case == Case::Partial && !contracted { (amount / 2 + 1).min(500_000) } else { 0 };
        let lines = lines(quota.of, quota.fund);
        let paid = lines[usize::from(quota.variety) % lines.len()].paid;
        let payee = Payees::pick(bits);
        let method = match bits >> 20 & 15 {
            0..3 => 11,
            3 => 12,
            _ => 1,
        };
        let business = match quota.of {
            crate::classes::Use::Office if bits >> 24 & 3 == 0 => 2,
            crate::classes::Use::Payroll => 3,
            crate::classes::Use::Funds => 4,
            _ => 1,
        };
        Stub {
            case,
            number,
            turn,
            serial,
            quota: division.quota(serial),
            main: self.payment_id(number, 0),
            amount,
            asked: amount + extra,
            one_act,
            contract: if contracted { division.contract(serial) } else { ContractId::NONE },
            day,
            payee,
            payee_hash: self.plan.payees.account_hash(payee),
            economic: class(paid[(bits >> 32) as usize % paid.len()]),
            method,
            business,
            posts: quota.posts,
            fund: quota.fund,
            side: self.side_end(case, turn, serial),
            side_amount: 100 + (bits >> 40) as i64 % 1_999_900,
            later: 0,
        }
    }

    fn side_end(&self, case: Case, turn: u64, serial: u32) -> SideEnd {
        let quota = &self.division().quotas[serial as usize];
        match case {
            Case::Withdrawn => SideEnd::Withdrawn,
            Case::Returned => match turn % 3 {
                0 => SideEnd::ReturnedReserved,
                1 => SideEnd::ReturnedApproved,
                _ => SideEnd::ReturnedHeld,
            },
            Case::ReturnedContract if self.division().contract(serial).is_some() => {
                SideEnd::ReturnedReserved
            }
            Case::Voided => SideEnd::Voided,
            Case::Rejected => SideEnd::Rejected,
            Case::Allocated if quota.fund.is_treasury() => SideEnd::Allocated,
            _ => SideEnd::None,
        }
    }

    /// The id of a payment (`part` 0) or of one beside it.
    pub(super) fn payment_id(&self, number: u64, part: u64) -> PaymentId {
        PaymentId(id(self.division().key, Space::Payment, number * 8 + part))
    }

    /// A serial of this division's quotas of a kind.
    pub(super) fn serial_of(&self, kind: Kind) -> Option<u32> {
        let division = self.division();
        match kind {
            Kind::Parent => (division.parents > 0).then_some(0),
            Kind::Shut => division.first_payable.checked_sub(1),
            _ => Some(division.first_payable),
        }
    }

    /// The commands of a stage of the window under way.
    pub(crate) fn stage(&mut self, stage: Stage, wave: &mut Wave) {
        for at in 0..self.stubs.len() {
            let stub = self.stubs[at];
            match stage {
                Stage::Quotas => self.change_quota(&stub, wave),
                Stage::Ask => self.ask(&stub, wave),
                Stage::TakeBack => self.take_back(&stub, wave),
                Stage::CheckerTries => self.checker_tries(&stub, wave),
                Stage::FinanceTries => self.finance_tries(&stub, wave),
                Stage::Unit => self.approve_unit(&stub, wave),
                Stage::LateTakeBack => self.late_take_back(&stub, wave),
                Stage::Department => self.approve_department(&stub, wave),
                Stage::Finance => self.approve_finance(&stub, wave),
                Stage::DutyTries => self.duty_tries(&stub, wave),
                Stage::Instruct => self.instruct(&stub, wave),
                Stage::Void => self.void(&stub, wave),
                Stage::Doubt => self.doubt(&stub, wave),
                Stage::ClearEarly => self.clear_early(&stub, wave),
                Stage::Bank => self.stubs[at].later = self.report(&stub, wave),
                Stage::SettleEarly => self.settle_early(&stub, wave),
                Stage::Clear => self.clear(&stub, Role::CentralBank, wave),
                Stage::ClearSpecial => self.clear_special(&stub, wave),
                Stage::Refund => self.stubs[at].later = self.refund(&stub, wave),
                Stage::Settle => self.settle(&stub, Role::CentralBank, wave),
                Stage::SettleSpecial => self.settle(&stub, Role::Finance, wave),
            }
        }
    }

    /// Notes which payments have ended with the window.
    pub(crate) fn end_window(&mut self) {
        for stub in std::mem::take(&mut self.stubs) {
            self.ended.push((stub.main, stub.quota));
            if stub.side != SideEnd::None {
                self.ended.push((self.payment_id(stub.number, 1), stub.quota));
            }
        }
    }
}
