//! One division of a plan: its quotas, what each is for, whose it is, who hands money to whom.

use domain::ids::{ContractId, DivisionIndex, FiscalYear, LimitKey, QuotaId};
use xxhash_rust::xxh3::xxh3_128;

use crate::budget::unit_code;
use crate::calendar::Course;
use crate::classes::{Fund, Line, Use, class, lines};
use crate::draws::Draws;

use super::YEAR;
use super::units::{BANKS, Days, Payer, Units};

/// What a quota is, and where its money comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Hands money down; not executable.
    Parent,
    /// Held by finance, given up and closed; not executable.
    Shut,
    /// Pays, before the approval of the budget too.
    Direct,
    /// Pays after it; handed down from a parent of its division.
    Allocated,
}

/// One quota of the plan.
#[derive(Clone, Copy, Debug)]
pub(crate) struct QuotaPlan {
    /// Payments that are paid from it.
    pub(crate) payments: u32,
    pub(crate) kind: Kind,
    pub(crate) of: Use,
    pub(crate) fund: Fund,
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
    /// The id of a quota: first come those before the approval, then what finance holds, then what it
    /// hands down.
    pub(crate) fn quota(&self, serial: u32) -> QuotaId {
        let year = FiscalYear::new(YEAR).expect("2022 is within the years a quota id can name");
        QuotaId::new(self.index, year, u64::from(self.number(serial)))
    }

    fn number(&self, serial: u32) -> u32 {
        let Some(place) = self.place(serial) else { return self.early_count() + serial };
        // Nobody is handed anything where nobody hands down.
        let before = if self.parents > 0 { allocated_before(place) } else { 0 };
        match self.quotas.get(serial as usize).map(|quota| quota.kind) {
            Some(Kind::Allocated) => self.early_count() + self.first_payable + before,
            Some(_) => place - before,
            // None of them.
            None => serial,
        }
    }

    /// How many quotas there are before the approval.
    pub(crate) fn early_count(&self) -> u32 {
        let paying = self.quotas.len() as u32 - self.first_payable;
        paying - if self.parents > 0 { allocated_before(paying) } else { 0 }
    }

    /// The quota that is given up and closed, if any.
    pub(crate) fn shut(&self) -> Option<u32> {
        self.first_payable.checked_sub(1)
    }

    /// Whether a quota is there before the approval.
    pub(crate) fn is_early(&self, serial: u32) -> bool {
        self.quotas[serial as usize].kind == Kind::Direct
    }

    /// The quotas before the approval.
    pub(crate) fn early(&self) -> impl Iterator<Item = u32> + Clone + '_ {
        self.of_kind(Kind::Direct)
    }

    /// Quotas that are handed down.
    pub(crate) fn allocated(&self) -> impl Iterator<Item = u32> + Clone + '_ {
        self.of_kind(Kind::Allocated)
    }

    fn of_kind(&self, kind: Kind) -> impl Iterator<Item = u32> + Clone + '_ {
        let of_kind = move |&serial: &u32| self.quotas[serial as usize].kind == kind;
        (self.first_payable..self.quotas.len() as u32).filter(of_kind)
    }

    /// What a quota is for. What is handed down is of what finance holds, and so is that.
    pub(crate) fn line(&self, serial: u32) -> &'static Line {
        let quota = &self.quotas[serial as usize];
        if quota.kind != Kind::Direct {
            return &lines(Use::Office, Fund::General)[0];
        }
        let lines = lines(quota.of, quota.fund);
        &lines[usize::from(quota.variety) % lines.len()]
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
        let course = match (quota.kind, quota.of) {
            (Kind::Allocated, _) => Course::AfterCongress,
            (_, Use::Payroll) => Course::Payroll,
            _ => Course::General,
        };
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

    /// The payment plan of a quota. Of a unit's quotas those are bounded by one that have the fund
    /// nature of the first; the others are exempt.
    pub(crate) fn plan_key(&self, serial: u32) -> LimitKey {
        let Some(unit) = self.unit_of(serial) else { return LimitKey(0) };
        let fund = self.quotas[serial as usize].fund;
        if fund != self.quotas[self.first_of(unit) as usize].fund {
            return LimitKey(0);
        }
        plan_key(&unit_code(unit), fund)
    }

    /// The quotas under the plan whose first quota this is; none for any other quota.
    pub(crate) fn plan_members(&self, serial: u32) -> impl Iterator<Item = u32> + '_ {
        let unit = self.unit_of(serial).filter(|&unit| self.first_of(unit) == serial);
        let places = unit.map_or(0..0, |unit| self.units.places(unit));
        let serials = places.map(|place| self.first_payable + place);
        serials.filter(move |&member| {
            self.quotas[member as usize].fund == self.quotas[serial as usize].fund
        })
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

    /// What a quota has before the approval, in fen: what it pays in January, what its contract needs,
    /// and room to spare, less than it has in the whole year.
    pub(crate) fn early_endowment(&self, serial: u32) -> i64 {
        let quota = &self.quotas[serial as usize];
        let contracted = if self.contract(serial).is_some() { quota.need } else { 0 };
        quota.need_january + contracted + 6 * self.margin(serial)
    }

    /// What a quota is given by the approved budget, in fen: what it pays in the whole year, of which the
    /// scenario has two months, and room to spare. A quota that hands down is given what its
    /// children get.
    pub(crate) fn endowment(&self, serial: u32) -> i64 {
        let quota = &self.quotas[serial as usize];
        let whole = |fen: i64| fen.div_euclid(10_000) * 10_000 + 10_000;
        match quota.kind {
            // What it was meant for does not come about.
            Kind::Shut => whole(self.margin(serial)),
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
}

/// Which places among the quotas that pay are handed down.
pub(super) fn is_allocated(place: u32) -> bool {
    place % 8 == 5
}

/// How many of them come before a place.
fn allocated_before(place: u32) -> u32 {
    (place + 2) / 8
}

/// The key of the payment plan of a unit and fund nature: half of the XXH3-128 of the word, the unit,
/// the fund nature's eight bytes and eight zeros, made odd.
fn plan_key(unit: &str, fund: Fund) -> LimitKey {
    let mut bytes = b"plan\0".to_vec();
    bytes.extend_from_slice(unit.as_bytes());
    bytes.extend_from_slice(&class(fund.code()).0);
    bytes.extend_from_slice(&[0; 8]);
    LimitKey(xxh3_128(&bytes) as u64 | 1)
}
