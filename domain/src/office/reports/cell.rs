//! What running totals are kept by, and what they are.

use super::calendar::TenDays;
use crate::codes::{FactKind, MoveKind, Path, PaymentState};
use crate::command::Fact;
use crate::ids::{Class, Day, DivisionIndex, FiscalYear, QuotaId};
use crate::money::{Fen, FenSum};
use crate::office::field::vocabulary;
use crate::office::tables::budget::RowKind;
use crate::payment::Standing;

vocabulary! {
    /// What kind of money a quota holds (指标类型).
    QuotaKind {
        /// Placed with a unit.
        Placed = "placed", "已落实到单位";
        /// Held by finance for later allocation.
        Held = "held", "财政待分配";
        /// The reserve fund.
        Reserve = "reserve", "预备费";
        /// To lower divisions: no spending of its division (L6).
        Transfer = "transfer", "对下转移支付";
        /// Received from the upper level.
        Received = "received", "上级转移支付";
        /// Carried over from last year.
        Carried = "carried", "上年结转";
        /// Recovered dormant money.
        Recovered = "recovered", "收回盘活";
        /// Of a quota that rests on no row of a budget.
        Unplanned = "unplanned", "未列预算";
    }
}

impl From<RowKind> for QuotaKind {
    fn from(kind: RowKind) -> QuotaKind {
        match kind {
            RowKind::Placed => QuotaKind::Placed,
            RowKind::Held => QuotaKind::Held,
            RowKind::Reserve => QuotaKind::Reserve,
            RowKind::Transfer => QuotaKind::Transfer,
            RowKind::Received => QuotaKind::Received,
            RowKind::Carried => QuotaKind::Carried,
            RowKind::Recovered => QuotaKind::Recovered,
        }
    }
}

/// What totals are kept by. Fields that a quota's official key does not name are empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CellKey {
    /// The division.
    pub division: DivisionIndex,
    /// The fiscal year.
    pub year: FiscalYear,
    /// The unit, by its number among the words the ledger knows.
    pub unit: u32,
    /// Functional class.
    pub functional: Class,
    /// Fund nature.
    pub fund: Class,
    /// What kind of money.
    pub kind: QuotaKind,
    /// Whether it is a transfer to lower divisions, and no spending of this one (L6): by its kind,
    /// its functional class (230…) or its government economic class (513…).
    pub transfer: bool,
}

/// What was paid and what was settled, net of refunds, in fen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spent {
    /// By the banks' receipts: paid, or settled where nobody confirms; refunds taken off as they
    /// come back.
    pub paid: FenSum,
    /// Settled with the central bank or the special account; refunds taken off as they are settled.
    pub cleared: FenSum,
}

impl Spent {
    /// The sum of both.
    #[must_use]
    pub fn and(self, other: Spent) -> Spent {
        Spent { paid: self.paid + other.paid, cleared: self.cleared + other.cleared }
    }

    /// What a fact changes, of a payment that stood so before it. A refund that goes to the
    /// recovered pool gives nothing back to its quota, and takes nothing off either.
    #[must_use]
    pub fn by(fact: &Fact<'_>, before: &Before, to_pool: bool) -> Spent {
        let sum = |amount: Fen| FenSum::from(amount.get());
        let back = if to_pool { 0 } else { -sum(fact.amount_fen) };
        match fact.kind {
            FactKind::ConfirmPaid => Spent { paid: sum(fact.amount_fen), cleared: 0 },
            FactKind::Clear if before.standing.path == Path::Allocation => {
                let all = sum(before.asked_fen);
                Spent { paid: all, cleared: all }
            }
            FactKind::Clear => Spent { paid: 0, cleared: sum(before.executed_fen) },
            FactKind::Refund => Spent { paid: back, cleared: 0 },
            FactKind::SettleRefund => Spent { paid: 0, cleared: back },
            FactKind::Reject => Spent::default(),
        }
    }
}

/// What is known of a payment before an event about it.
#[derive(Clone, Copy, Debug)]
pub struct Before {
    /// How it stands.
    pub standing: Standing,
    /// What was asked for.
    pub asked_fen: Fen,
    /// What was executed so far.
    pub executed_fen: Fen,
}

/// True while a payment holds money that is not paid.
#[must_use]
pub const fn holds(state: PaymentState) -> bool {
    state.is_open()
}

/// True once a payment order is with the bank: the payment is made on line.
#[must_use]
pub const fn is_on_line(state: PaymentState) -> bool {
    matches!(
        state,
        PaymentState::Instructed
            | PaymentState::Unknown
            | PaymentState::Paid
            | PaymentState::Cleared
    )
}

/// Where a quota's money came from and went to, in fen; each net of what came back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Funds {
    /// Issued, supplemented, vired in; less what was cut, recovered, vired out.
    pub granted: FenSum,
    /// From quotas of an upper division, less what was returned to it.
    pub received: FenSum,
    /// Carried in from last year, less what was carried out.
    pub carried: FenSum,
    /// From a parent of the same division, less what was handed to children there.
    pub allocated: FenSum,
    /// To quotas of lower divisions.
    pub handed_down: FenSum,
}

impl Funds {
    /// What may be spent here and nowhere else: no fen of it is counted in another quota.
    #[must_use]
    pub const fn own(&self) -> FenSum {
        self.granted + self.received + self.carried + self.allocated - self.handed_down
    }

    pub(super) fn add(&mut self, other: Funds) {
        self.granted += other.granted;
        self.received += other.received;
        self.carried += other.carried;
        self.allocated += other.allocated;
        self.handed_down += other.handed_down;
    }

    /// What a move takes from the quota it leaves; a negative amount brings it back.
    pub(super) fn outflow(kind: MoveKind, from: QuotaId, to: QuotaId, amount: i64) -> Funds {
        let same = from.division() == to.division();
        let (none, amount) = (Funds::default(), FenSum::from(amount));
        match kind {
            MoveKind::Allocate => Funds { allocated: -amount, ..none },
            MoveKind::Transfer => Funds { handed_down: amount, ..none },
            MoveKind::ReturnUp if same => Funds { allocated: -amount, ..none },
            MoveKind::ReturnUp => Funds { received: -amount, ..none },
            MoveKind::Virement => Funds { granted: -amount, ..none },
            MoveKind::Carry => Funds { carried: -amount, ..none },
            // What may be spent stays what it is: it was spent from another quota.
            MoveKind::Correct => none,
        }
    }

    /// What a move brings to the quota it goes to.
    pub(super) fn inflow(kind: MoveKind, from: QuotaId, to: QuotaId, amount: i64) -> Funds {
        let same = from.division() == to.division();
        let (none, amount) = (Funds::default(), FenSum::from(amount));
        match kind {
            MoveKind::Allocate => Funds { allocated: amount, ..none },
            MoveKind::Transfer => Funds { received: amount, ..none },
            MoveKind::ReturnUp if same => Funds { allocated: amount, ..none },
            MoveKind::ReturnUp => Funds { handed_down: -amount, ..none },
            MoveKind::Virement => Funds { granted: amount, ..none },
            MoveKind::Carry => Funds { carried: amount, ..none },
            MoveKind::Correct => none,
        }
    }
}

/// Running totals of the quotas that share a key.
#[derive(Clone, Debug)]
pub struct Cell {
    /// What they share.
    pub key: CellKey,
    /// Where their money came from and went to.
    pub funds: Funds,
    /// Reserved by payments that are not paid, in fen.
    pub reserved: FenSum,
    /// Payments that were asked for and have not ended without paying.
    pub payments: u32,
    /// Of these, with the bank or behind it.
    pub on_line: u32,
    /// The earliest business day of a payment, if there was one.
    pub first: Option<Day>,
    /// What was spent, by ten-day period, in order; only periods with anything.
    periods: Vec<(TenDays, Spent)>,
}

impl Cell {
    pub(super) fn new(key: CellKey) -> Cell {
        let (funds, periods) = (Funds::default(), Vec::new());
        Cell { key, funds, reserved: 0, payments: 0, on_line: 0, first: None, periods }
    }

    pub(super) fn spend(&mut self, period: TenDays, spent: Spent) {
        match self.periods.binary_search_by_key(&period, |(period, _)| *period) {
            Ok(at) => self.periods[at].1 = self.periods[at].1.and(spent),
            Err(at) => self.periods.insert(at, (period, spent)),
        }
    }

    /// What was spent, by ten-day period, in order.
    #[must_use]
    pub fn periods(&self) -> &[(TenDays, Spent)] {
        &self.periods
    }

    pub(super) fn bytes(&self) -> usize {
        size_of::<Cell>() + self.periods.capacity() * size_of::<(TenDays, Spent)>()
    }
}

/// The payment plan (用款计划) of one key, and what the quotas under it have in common.
#[derive(Clone, Debug, Default)]
pub(super) struct Plan {
    /// Planned for each month, in fen.
    pub(super) months: [i64; 12],
    /// The cell of all its quotas; none: no quota yet, or quotas of several cells.
    pub(super) cell: Option<u32>,
    /// True once quotas of several cells are under it.
    pub(super) several: bool,
}

/// A part of a whole in hundredths of a percent, to the nearest; none where there is no whole.
#[must_use]
pub fn progress_bp(part: FenSum, whole: FenSum) -> Option<i64> {
    let twice = (part.checked_mul(20_000)?).checked_add(whole)?;
    let bp = if whole > 0 { Some(twice.div_euclid(2 * whole)) } else { None };
    bp.and_then(|bp| i64::try_from(bp).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_rounded_to_the_nearest_and_needs_a_whole() {
        for (part, whole, bp) in [
            (0, 3, Some(0)),
            (1, 3, Some(3333)),
            (2, 3, Some(6667)),
            (3, 3, Some(10_000)),
            (-1, 3, Some(-3333)),
            (5, 0, None),
            (5, -1, None),
        ] {
            assert_eq!(progress_bp(part, whole), bp, "{part}/{whole}");
        }
    }
}
