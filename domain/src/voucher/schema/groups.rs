//! How tables are written, and what several of them have alike.

use super::super::field::Field;
use super::super::kind::VoucherKind;
use super::super::seal::SealPlace;
use super::{Balances, FunctionSide, Level, Lines, Schema, Sign, Sum};

/// `must` and `may` with names of fields; a group after `+`.
macro_rules! level {
    (must $($must:ident)* $(+ $must_group:ident)*; may $($may:ident)* $(+ $may_group:ident)*;) => {
        Level::new(
            &[&[$(Field::$must,)*], $($must_group,)*],
            &[&[$(Field::$may,)*], $($may_group,)*],
        )
    };
}

macro_rules! group {
    ($($field:ident)+) => { &[$(Field::$field,)+] };
}

/// Elements that say what money is spent on and by whom, beyond unit, department and function.
pub(super) const ELEMENTS: &[Field] = group! {
    BudgetType ManagementType FinanceOffice UnitName DepartmentName GovernmentEconomic
    DepartmentEconomic Project Topic Quota
};

/// The payee.
pub(super) const PAYEE: &[Field] = group! { PayeeAccount PayeeName PayeeBankName PayeeBankNumber };

/// What some payments carry besides.
pub(super) const PAPERS: &[Field] = group! {
    Purpose FundDealMode SettlementMode CheckNumber TaxBill Taxpayer TaxOffice PayCode Procurement
    Contract FunctionClass FunctionSection FunctionItem
};

/// What a detail of an order carries and its head does not.
pub(super) const OF_DETAIL: &[Field] = group! { DetailNumber PayKind Remark };

/// The payee who was really paid, and how.
pub(super) const EXECUTED: &[Field] = group! {
    ExecutedPayeeAccount ExecutedPayeeName ExecutedPayeeBank ExecutedCheck ExecutedDealMode ExecutedNote
};

pub(super) const AMOUNTS: &[Sum] = &[
    Sum { head: Field::Amount, detail: Field::Amount },
    Sum { head: Field::ExecutedAmount, detail: Field::ExecutedAmount },
];

pub(super) const TOTALS: &[Sum] = &[Sum { head: Field::TotalAmount, detail: Field::Amount }];

/// What most kinds are, to be said otherwise where one differs.
pub(super) const fn usual(kind: VoucherKind, head: Level, detail: Level) -> Schema {
    Schema {
        kind,
        analogy: None,
        methods: &[],
        head_sign: Sign::Positive,
        detail_sign: Sign::Positive,
        head,
        lines: Lines::Some,
        detail,
        payee_account: false,
        apart: &[],
        sums: AMOUNTS,
        balances: Balances::Apart,
        functions: FunctionSide::Spending,
        seals: &[SealPlace::FinanceBusiness],
        receipt: None,
    }
}

/// What most statements are: any sums of any sign, under the treasury's seal.
pub(super) const fn statement(kind: VoucherKind, head: Level, detail: Level) -> Schema {
    Schema {
        head_sign: Sign::Any,
        detail_sign: Sign::Any,
        lines: Lines::Any,
        sums: TOTALS,
        seals: &[SealPlace::TreasuryBusiness],
        ..usual(kind, head, detail)
    }
}

/// What tells two lines of a request or notice apart.
pub(super) const CLEARED_APART: &[Field] = group! {
    OriginalKind OriginalNumber OriginalDetail Department Unit Function Project RefundNumber
};

pub(super) const BY_TWO_PERSONS: &[SealPlace] =
    &[SealPlace::FinanceMaker, SealPlace::FinanceChecker, SealPlace::FinanceBusiness];
