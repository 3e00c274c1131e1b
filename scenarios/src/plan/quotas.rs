//! One division of a plan: its quotas, what each is for, whose it is, who hands money to whom.

use domain::ids::{ContractId, DivisionIndex, FiscalYear, LimitKey, QuotaId};

use crate::calendar::Course;
use crate::classes::{Fund, Use};
use crate::draws::Draws;

use super::YEAR;
use super::units::{BANKS, Days, Payer, Units};

/// What a quota is, and where its money comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Hands money down; not executable.
    Parent,
    /// Created and closed again.
    Shut,
    /// Pays; issued by finance.
    Direct,
    /// Pays; handed down from a parent of its division.
    Allocated,
    /// Pays; handed down by the province.
    Transferred,
}

/// One quota of the plan.
#[derive(Clone, Copy, Debug)]
pub(crate) struct QuotaPlan {
    /// Payments that are paid from it.
    pub(crate) payments: u32,
    pub(crate) kind: Kind,
    pub(crate) of: Use,
    pub(crate) fund: Fund,
    /// Posts that approve, as bits.
    pub(crate) posts: u8,
    /// A number below 100 for whatever else varies.
    pub(crate) variety: u8,
    /// The last payment has an amount of its own.
    pub(super) adjusted: bool,
    /// Executed amounts, in fen.
    pub(crate) need: i64,
    /// The part of them in January, in fen.
    pub(crate) need_january: i64,
}

/// One division of the plan.
#[derive(Clone, Debug)]
pub(crate) struct DivisionPlan {
    pub(crate) index: DivisionIndex,
    pub(crate) key: u64,
    /// Payments of the divisions before it.
    pub(crate) first_ordinal: u64,
    pub(crate) payments: u64,
    /// Quotas that hand down; they come first.
    pub(crate) parents: u32,
    /// Quotas before the first that pays.
    pub(crate) first_payable: u32,
    pub(crate) units: Units,
    pub(crate) quotas: Vec<QuotaPlan>,
}

/// The draws of one payment; the first decides its amount.
pub(crate) fn payment_draws(division: &DivisionPlan, serial: u32, index: u32) -> Draws {
    Draws::at(division.key, u64::from(serial) << 32 | u64::from(index))
}

impl DivisionPlan {
    /// The id of a quota.
    pub(crate) fn quota(&self, serial: u32) -> QuotaId {
        let year = FiscalYear::new(YEAR).expect("2022 is within the years a quota id can name");
        QuotaId::new(self.index, year, u64::from(serial))
    }

    /// A paying quota's place among them.
    fn place(&self, serial: u32) -> Option<u32> {
        serial.checked_sub(self.first_payable)
    }

    /// Room above what a quota needs, in fen: a unit of margin.
    pub(crate) fn margin(&self, serial: u32) -> i64 {
        10_000_000 + 100_000 * i64::from(self.quotas[serial as usize].payments)
    }

    /// How a quota's payments fall on the working days.
    pub(crate) fn days(&self, serial: u32) -> Days {
        let quota = &self.quotas[serial as usize];
        let course = if quota.of == Use::Payroll { Course::Payroll } else { Course::General };
        let phase = Draws::at(!self.key, u64::from(serial)).next() >> 16;
        Days { course, payments: quota.payments, phase }
    }

    /// The unit of a quota that pays.
    pub(crate) fn unit_of(&self, serial: u32) -> Option<u64> {
        self.place(serial).map(|place| self.units.of_place(place))
    }

    /// The first quota of a unit that spends.
    pub(crate) fn first_of(&self, unit: u64) -> u32 {
        self.first_payable + self.units.places(unit).start
    }

    /// The project of a quota that pays, by its number in the division.
    pub(crate) fn project_of(&self, serial: u32) -> Option<u64> {
        self.place(serial).map(|place| self.units.project_of_place(place))
    }

    /// Who pays from a quota: finance where it pays directly, else the unit. Each account is with
    /// one bank.
    pub(crate) fn payer(&self, serial: u32, is_direct: bool) -> Payer {
        let unit = self.unit_of(serial).filter(|_| !is_direct);
        let account = unit.map_or(0, |unit| unit as u32 + 1);
        let bank = Draws::at(self.key.rotate_left(17), u64::from(account));
        let bank = { bank }.below(BANKS.len() as u64) as u8;
        Payer { bank, account, fund: self.quotas[serial as usize].fund }
    }

    /// The place of a quota among those of its unit, from 0.
    fn turn(&self, serial: u32) -> Option<u32> {
        let place = self.place(serial)?;
        Some(place - self.units.places(self.units.of_place(place)).start)
    }

    /// The payment plan of a quota. Of a unit's quotas one has its own, two share one, the others
    /// are exempt.
    pub(crate) fn plan_key(&self, serial: u32) -> LimitKey {
        let Some(unit) = self.unit_of(serial) else { return LimitKey(0) };
        let base = (u64::from(self.index.0 + 1) << 32) | (unit * 2);
        match self.turn(serial) {
            Some(0) => LimitKey(base + 1),
            Some(1 | 2) => LimitKey(base + 2),
            _ => LimitKey(0),
        }
    }

    /// The quotas under the plan whose first quota this is; empty for any other quota.
    pub(crate) fn plan_members(&self, serial: u32) -> std::ops::Range<u32> {
        let members = match self.turn(serial) {
            Some(0) => 1,
            Some(1) => 2,
            _ => return serial..serial,
        };
        let end = self.unit_of(serial).map_or(0, |unit| self.units.places(unit).end);
        serial..(serial + members).min(self.first_payable + end)
    }

    /// The contract that stands on a quota, if any.
    pub(crate) fn contract(&self, serial: u32) -> ContractId {
        let quota = &self.quotas[serial as usize];
        let buys = matches!(quota.of, Use::Goods | Use::Projects) && quota.payments >= 3;
        if buys && quota.variety.is_multiple_of(2) {
            return ContractId(u64::from(self.index.0 + 1) << 32 | u64::from(serial + 1));
        }
        ContractId::NONE
    }

    /// True for the payments of a quota that go under its contract.
    pub(crate) fn is_contracted(&self, serial: u32, index: u32) -> bool {
        index.is_multiple_of(3) && self.contract(serial).is_some()
    }

    /// What a quota is given at the start, in fen: what it pays in the whole year, of which the
    /// scenario has two months, and room to spare. A quota that hands down is given what its
    /// children get.
    pub(crate) fn endowment(&self, serial: u32) -> i64 {
        let quota = &self.quotas[serial as usize];
        let whole = |fen: i64| fen.div_euclid(10_000) * 10_000 + 10_000;
        match quota.kind {
            Kind::Shut => 0,
            Kind::Parent => {
                let children = self.children_of(serial).map(|child| self.endowment(child));
                whole(children.sum::<i64>() + self.margin(serial))
            }
            // Two of twelve months are paid from it: between a fifth and an eighth.
            _ => {
                let halves = 10 + i64::from(quota.variety % 7);
                whole(quota.need / 2 * halves + 8 * self.margin(serial))
            }
        }
    }

    /// The quota of this division that hands money to another.
    pub(crate) fn parent_of(&self, serial: u32) -> Option<u32> {
        let quota = &self.quotas[serial as usize];
        (quota.kind == Kind::Allocated).then(|| self.place(serial).unwrap_or(0) / 8 % self.parents)
    }

    fn children_of(&self, parent: u32) -> impl Iterator<Item = u32> {
        let places = (parent..).step_by(self.parents as usize).map(|round| round * 8 + 5);
        let serials = places.map(|place| self.first_payable + place);
        let within = serials.take_while(|&serial| (serial as usize) < self.quotas.len());
        within.filter(move |&serial| self.parent_of(serial) == Some(parent))
    }

    /// The quota the province hands down to, if any.
    pub(crate) fn transferred(&self) -> Option<u32> {
        let at = self.first_payable + 3;
        let quota = self.quotas.get(at as usize)?;
        (quota.kind == Kind::Transferred).then_some(at)
    }
}
