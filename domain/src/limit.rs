//! Limits across quotas, as cells of the same division: the cumulative payment plan, and what is
//! left per quota and contract. Also the ceiling under which a rule approves in one act.

use crate::ids::{ContractId, LimitKey, PersonId};
use crate::limits::AMOUNT_FEN_MAX;
use crate::money::{Fen, FenSum};

/// A unit's payment plan (用款计划) by month. Unused months carry forward within the year: what
/// is used through any month may not exceed what is planned through it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlanCell {
    /// Its key.
    pub key: LimitKey,
    /// Counts its settings; not what is used of it.
    pub version: u32,
    /// Planned in each month, in fen.
    pub planned: [i64; 12],
    /// Used by payments dated in each month, in fen.
    pub used: [i64; 12],
}

impl PlanCell {
    /// A plan with nothing planned.
    #[must_use]
    pub fn new(key: LimitKey) -> PlanCell {
        PlanCell { key, version: 0, planned: [0; 12], used: [0; 12] }
    }

    /// What a payment dated in `month` (1 ..= 12) may still take: the least, over that month and
    /// every later one, of planned through it less used through it.
    #[must_use]
    pub fn left(&self, month: u8) -> Fen {
        let from = usize::from(month.clamp(1, 12)) - 1;
        let mut planned: FenSum = 0;
        let mut used: FenSum = 0;
        let mut least = FenSum::from(AMOUNT_FEN_MAX);
        for index in 0..12 {
            planned += FenSum::from(self.planned[index]);
            used += FenSum::from(self.used[index]);
            if index >= from {
                least = least.min(planned - used);
            }
        }
        Fen::new(i64::try_from(least).unwrap_or(AMOUNT_FEN_MAX))
    }

    /// The cell with `delta` more used in a month.
    ///
    /// # Panics
    /// If that breaks I1 on the cell.
    #[must_use]
    pub fn used_more(&self, month: u8, delta: i64) -> PlanCell {
        let mut copy = *self;
        let index = usize::from(month.clamp(1, 12)) - 1;
        copy.used[index] = copy.used[index].checked_add(delta).expect("plan use stays in bounds");
        assert!(copy.is_sufficient(), "I1: {copy:?}");
        copy
    }

    /// I1 on the cell: nothing negative, nothing used beyond the plan through any month.
    #[must_use]
    pub fn is_sufficient(&self) -> bool {
        self.left(1) >= Fen::ZERO && self.planned.iter().chain(&self.used).all(|&fen| fen >= 0)
    }
}

/// What is left of a contract's earmark on one quota.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContractCell {
    /// The contract.
    pub contract: ContractId,
    /// The purchase plan it stands under.
    pub plan: ContractId,
    /// Earmarked less given back, in fen.
    pub earmarked: i64,
    /// Taken by payments, in fen.
    pub used: i64,
    /// False once it was given back to the last fen: releases then go to available.
    pub open: bool,
}

impl ContractCell {
    /// What payments may still take.
    #[must_use]
    pub fn left(&self) -> Fen {
        Fen::new(self.earmarked - self.used)
    }

    /// I1 on the cell.
    #[must_use]
    pub fn is_sufficient(&self) -> bool {
        self.used >= 0 && self.earmarked >= self.used && (self.open || self.earmarked == self.used)
    }
}

/// The amount up to which a division's rule approves a payment in one act.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PayCeiling {
    /// Counts its changes; an approved payment names it. Zero: no rule yet.
    pub version: u32,
    /// The ceiling.
    pub amount_fen: Fen,
    /// Who made the rule.
    pub maker: PersonId,
    /// Who checked it.
    pub checker: PersonId,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unused_months_carry_forward_and_never_back() {
        let mut plan = PlanCell::new(LimitKey(1));
        plan.planned[0] = 100;
        plan.planned[1] = 50;
        assert_eq!(
            (plan.left(1), plan.left(2), plan.left(12)),
            (Fen::new(100), Fen::new(150), Fen::new(150))
        );
        let plan = plan.used_more(2, 120);
        // January may take no more than February leaves of the sum.
        assert_eq!((plan.left(1), plan.left(2)), (Fen::new(30), Fen::new(30)));
    }
}
