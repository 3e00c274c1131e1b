//! One working day: which payments it has, what happens beside each, and in which waves.
//!
//! A day comes in parts, each small enough to be in memory whole: its payments are asked for,
//! approved, ordered and reported. What was paid in all of them is cleared when the last request
//! has come. Until then a payment is its place in the day, from which all else follows again.

use std::collections::HashMap;
use std::sync::Arc;

use domain::ids::{Class, ContractId, PaymentId, PersonId, QuotaId};
use domain::money::Fen;

use crate::calendar::DAYS;
use crate::cases::{Case, ROUND};
use crate::classes::{Fund, Use, class};
use crate::command::Role;
use crate::draws::Keys;
use crate::payees::Payees;
use crate::plan::{Kind, Payer, payment_draws};
use crate::stream::{PaymentEnd, Wave};

use super::Run;
use super::people::{Post, Space, id, person};

/// The payment method 财政直接支付: finance pays, from its own zero-balance account.
const DIRECT: u8 = 11;

/// The waves of a day's part and of its end, in order. Orders that are refused without a trace
/// stand in waves in which nothing later changes what they hear, so that they can be asked again
/// after a crash.
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
    /// Departments approve what is large.
    Department,
    /// Finance approves what is largest.
    FinanceApproves,
    /// Finance holds and returns.
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
    /// The central bank moves money by real allocation.
    Allocate,
    /// The central bank clears.
    Clear,
    /// Finance clears from the special account.
    ClearSpecial,
    /// Finance looks after suspense, and tries to void what was paid.
    AfterClear,
    /// The bank reports refunds and what does not fit.
    Refund,
    /// The central bank settles refunds.
    Settle,
    /// Finance settles refunds of the special account.
    SettleSpecial,
}

/// Every stage of a day's part with the role of its wave, in order.
pub(crate) const PART_STAGES: [(Stage, Role); 17] = [
    (Stage::Quotas, Role::Finance),
    (Stage::Ask, Role::Maker),
    (Stage::TakeBack, Role::Maker),
    (Stage::CheckerTries, Role::Checker),
    (Stage::FinanceTries, Role::Finance),
    (Stage::Unit, Role::Checker),
    (Stage::LateTakeBack, Role::Maker),
    (Stage::Department, Role::Checker),
    (Stage::FinanceApproves, Role::Finance),
    (Stage::Finance, Role::Finance),
    (Stage::DutyTries, Role::Finance),
    (Stage::Instruct, Role::Finance),
    (Stage::Void, Role::Finance),
    (Stage::Doubt, Role::Operator),
    (Stage::ClearEarly, Role::CentralBank),
    (Stage::Bank, Role::Bank),
    (Stage::SettleEarly, Role::CentralBank),
];

/// Every stage of a day's end with the role of its wave, in order.
pub(crate) const CLEARING_STAGES: [(Stage, Role); 7] = [
    (Stage::Allocate, Role::CentralBank),
    (Stage::Clear, Role::CentralBank),
    (Stage::ClearSpecial, Role::Finance),
    (Stage::AfterClear, Role::Finance),
    (Stage::Refund, Role::Bank),
    (Stage::Settle, Role::CentralBank),
    (Stage::SettleSpecial, Role::Finance),
];

impl Stage {
    /// True where a stage of the day's end may have something to do with a payment: by its case
    /// and by who clears it.
    fn concerns(self, case: Case, is_treasury: bool) -> bool {
        match self {
            Stage::Allocate => case == Case::Allocated,
            Stage::Clear => is_treasury,
            Stage::ClearSpecial => !is_treasury,
            Stage::AfterClear => matches!(
                case,
                Case::VoidLate | Case::AmountWrong | Case::PayeeWrong | Case::FactUnknown
            ),
            Stage::Settle | Stage::SettleSpecial | Stage::Refund => matches!(
                case,
                Case::RefundWhole | Case::RefundDetail | Case::RejectLate | Case::SettleEarly
            ),
            _ => true,
        }
    }
}

/// Where a payment stands among its quota's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    serial: u32,
    index: u32,
}

/// The working day under way in a division.
#[derive(Default)]
pub(crate) struct Day {
    /// Its place among the working days.
    day: usize,
    /// Payments of the days before it.
    first: u64,
    /// Its payments in the order they are asked for.
    places: Vec<Place>,
    /// Places in the order of clearing: by bank, payer's account and fund nature.
    clearing: Vec<u32>,
    /// By place in the day, a number a later wave comes back to: of a parked fact, or of a refund.
    later: HashMap<u32, u64>,
}

impl Day {
    /// How many payments it has.
    pub(crate) fn payments(&self) -> usize {
        self.places.len()
    }
}

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
    /// Its place in the day.
    at: u32,
    /// Its number among the division's payments.
    pub(super) number: u64,
    /// Varies between the rounds of a case: chooses among its forms.
    pub(super) turn: u64,
    pub(super) serial: u32,
    /// Who pays.
    pub(super) payer: Payer,
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
    pub(super) fund: Fund,
    pub(super) side: SideEnd,
    /// The amount of a payment beside it, in fen.
    pub(super) side_amount: i64,
    /// A number a later wave comes back to; zero: none.
    pub(super) later: u64,
}

impl Stub {
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
    /// Gathers the payments of a day.
    pub(crate) fn begin_day(&mut self, day: usize) {
        let plan = Arc::clone(&self.plan);
        let division = &plan.divisions[self.at];
        let first = self.day.first + self.day.places.len() as u64;
        let mut places = std::mem::take(&mut self.day.places);
        places.clear();
        for serial in division.first_payable..division.quotas.len() as u32 {
            let days = division.days(serial);
            let on_it = days.before(day)..days.before(day + 1);
            places.extend(on_it.map(|index| Place { serial, index }));
        }
        Keys::new(division.key ^ day as u64).shuffle(&mut places);
        let clearing = std::mem::take(&mut self.day.clearing);
        self.day = Day { day, first, places, clearing, later: HashMap::new() };
    }

    /// Takes up a part of the day.
    pub(crate) fn begin_part(&mut self, part: u32, parts: u32) {
        let bound = |part: u32| self.day.places.len() as u64 * u64::from(part) / u64::from(parts);
        let mut stubs = std::mem::take(&mut self.stubs);
        stubs.clear();
        stubs.extend((bound(part)..bound(part + 1)).map(|at| self.stub(at as u32)));
        self.stubs = stubs;
    }

    /// Keeps of the part under way what later waves come back to.
    pub(crate) fn end_part(&mut self) {
        for stub in self.stubs.drain(..).filter(|stub| stub.later != 0) {
            self.day.later.insert(stub.at, stub.later);
        }
    }

    /// Puts what was paid in the order of clearing.
    pub(crate) fn begin_clearing(&mut self) {
        let mut order = std::mem::take(&mut self.day.clearing);
        order.clear();
        order.extend(0..self.day.places.len() as u32);
        order.sort_by_cached_key(|&at| (self.stub(at).payer, at));
        self.day.clearing = order;
        self.clearings.begin_day();
    }

    /// The commands of a stage of the day's end, for payments from `from` in the order of
    /// clearing until the wave has `most` commands; gives how far it came.
    pub(crate) fn clearing_stage(
        &mut self,
        stage: Stage,
        from: usize,
        most: usize,
        wave: &mut Wave,
    ) -> usize {
        for position in from..self.day.clearing.len() {
            if wave.len() >= most {
                return position;
            }
            let at = self.day.clearing[position];
            let division = self.division();
            let serial = self.day.places[at as usize].serial;
            let fund = division.quotas[serial as usize].fund;
            let case = self.plan.cases.case(self.ordinal(at));
            if !stage.concerns(case, fund.is_treasury()) {
                continue;
            }
            let stub = self.stub(at);
            match stage {
                Stage::Allocate => self.allocate(&stub, wave),
                Stage::Clear => self.clear(&stub, Role::CentralBank, wave),
                Stage::ClearSpecial => self.clear(&stub, Role::Finance, wave),
                Stage::AfterClear => self.after_clear(&stub, wave),
                Stage::Refund => {
                    let later = self.refund(&stub, wave);
                    self.day.later.insert(at, later);
                }
                Stage::Settle => self.settle(&stub, Role::CentralBank, wave),
                Stage::SettleSpecial => self.settle(&stub, Role::Finance, wave),
                _ => unreachable!("a stage of the day's parts"),
            }
        }
        self.day.clearing.len()
    }

    /// The payments of the day as they should be left, from `from` until there are `most`; gives
    /// how far it came. The day is over when all were told.
    pub(crate) fn tell_ended(
        &mut self,
        from: usize,
        most: usize,
        ended: &mut Vec<PaymentEnd>,
    ) -> usize {
        for at in from..self.day.places.len() {
            if ended.len() >= most {
                return at;
            }
            let stub = self.stub(at as u32);
            let beside = (stub.side != SideEnd::None).then(|| self.payment_id(stub.number, 1));
            for payment in [Some(stub.main), beside].into_iter().flatten() {
                ended.extend(self.ended(payment, stub.quota));
            }
        }
        self.model.forget();
        self.day.places.len()
    }

    fn ended(&self, payment: PaymentId, quota: QuotaId) -> Option<PaymentEnd> {
        let (state, executed, refunded) = self.model.payment_now(payment.0)?;
        let (executed, refunded) = (Fen::new(executed), Fen::new(refunded));
        Some(PaymentEnd { payment, quota, state, executed, refunded })
    }

    /// A payment's number in the province: what its case depends on.
    fn ordinal(&self, at: u32) -> u64 {
        self.division().first_ordinal + self.day.first + u64::from(at)
    }

    /// A payment of the day, from its place in it.
    fn stub(&self, at: u32) -> Stub {
        let division = self.division();
        let Place { serial, index } = self.day.places[at as usize];
        let quota = &division.quotas[serial as usize];
        let number = self.day.first + u64::from(at);
        let mut draws = payment_draws(division, serial, index);
        draws.next();
        let bits = draws.next();
        let amount = self.plan.amount(division, serial, index);
        let ordinal = self.ordinal(at);
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
        let paid = division.line(serial).paid;
        let payee = Payees::pick(bits);
        let method = match bits >> 20 & 15 {
            0..3 => DIRECT,
            3 => 12,
            _ => 1,
        };
        let business = match quota.of {
            Use::Office if bits >> 24 & 3 == 0 => 2,
            Use::Payroll => 3,
            Use::Funds => 4,
            _ => 1,
        };
        Stub {
            case,
            at,
            number,
            turn,
            serial,
            payer: division.payer(serial, method == DIRECT),
            quota: division.quota(serial),
            main: self.payment_id(number, 0),
            amount,
            asked: amount + extra,
            one_act,
            contract: if contracted { division.contract(serial) } else { ContractId::NONE },
            day: DAYS[self.day.day].day,
            payee,
            payee_hash: self.plan.payees.account_hash(payee),
            economic: class(paid[(bits >> 32) as usize % paid.len()]),
            method,
            business,
            fund: quota.fund,
            side: self.side_end(case, turn, serial),
            side_amount: 100 + (bits >> 40) as i64 % 1_999_900,
            later: self.day.later.get(&at).copied().unwrap_or(0),
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
            Kind::Shut => division.shut(),
            _ => Some(division.first_payable),
        }
    }

    /// The commands of a stage of the part under way.
    pub(crate) fn part_stage(&mut self, stage: Stage, wave: &mut Wave) {
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
                Stage::FinanceApproves => self.approve_finance(&stub, wave),
                Stage::Finance => self.look_at(&stub, wave),
                Stage::DutyTries => self.duty_tries(&stub, wave),
                Stage::Instruct => self.instruct(&stub, wave),
                Stage::Void => self.void(&stub, wave),
                Stage::Doubt => self.doubt(&stub, wave),
                Stage::ClearEarly => self.clear_early(&stub, wave),
                Stage::Bank => self.stubs[at].later = self.report(&stub, wave),
                Stage::SettleEarly => self.settle_early(&stub, wave),
                _ => unreachable!("a stage of the day's end"),
            }
        }
    }
}
