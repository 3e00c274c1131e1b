//! Reports, statements, their answers, and base data.

use super::super::field::Field;
use super::super::kind::VoucherKind;
use super::super::seal::SealPlace;
use super::groups::{ELEMENTS, PAYEE, statement};
use super::{Balances, FunctionSide, Level, Schema};

// ---- reports and statements --------------------------------------------------------------------

pub(super) const DIRECT_DAILY: Schema = Schema {
    balances: Balances::TakenOff,
    seals: &[SealPlace::BankBusiness],
    ..statement(
        VoucherKind::DirectDaily,
        level! {
            must PayBank PayBankName FirstDay LastDay Total TotalAmount;
            may FundType PayerAccount PayerName OpeningBalance ClosingBalance;
        },
        level! {
            must OriginalKind OriginalNumber Amount;
            may OriginalDate OriginalDetail Payment FundType Department Unit Function PayerAccount
                PayerName LineState BankSerial ExecutedDay Purpose + ELEMENTS + PAYEE;
        },
    )
};

pub(super) const INCOME_DAILY: Schema = Schema {
    functions: FunctionSide::Income,
    ..statement(
        VoucherKind::IncomeDaily,
        level! { must Treasury FirstDay LastDay Total TotalAmount; may FundType; },
        level! { must Function Amount; may FundType Reason; },
    )
};

pub(super) const BALANCE_DAILY: Schema = Schema {
    balances: Balances::Added,
    ..statement(
        VoucherKind::BalanceDaily,
        level! {
            must Treasury FirstDay LastDay OpeningBalance ClosingBalance;
            may PayerAccount PayerName Total TotalAmount;
        },
        level! { must Amount; may FundType Reason; },
    )
};

pub(super) const SPENDING_DAILY: Schema = statement(
    VoucherKind::SpendingDaily,
    level! { must Treasury FirstDay LastDay Total TotalAmount; may FundType; },
    level! { must Function Amount; may FundType Department Unit; },
);

const COMPARED: Level = level! {
    must OriginalKind OriginalNumber Amount LineState;
    may OriginalDate OriginalDetail RefundNumber ClearedDay FundType PayType PayBank PayerAccount
        Payment;
};

pub(super) const CLEARING_STATEMENT: Schema = Schema {
    apart: group! { OriginalKind OriginalNumber OriginalDetail },
    ..statement(
        VoucherKind::ClearingStatement,
        level! {
            must Treasury FirstDay LastDay Total TotalAmount;
            may FundType PayBank PayBankName PayerAccount;
        },
        COMPARED,
    )
};

pub(super) const BANK_CLEARING_STATEMENT: Schema = Schema {
    apart: group! { OriginalKind OriginalNumber OriginalDetail },
    ..statement(
        VoucherKind::BankClearingStatement,
        level! {
            must Treasury PayBank PayBankName FirstDay LastDay Total TotalAmount;
            may FundType PayerAccount ClearBank ClearAccount;
        },
        COMPARED,
    )
};

pub(super) const TREASURY_STATEMENT: Schema = Schema {
    balances: Balances::Added,
    ..statement(
        VoucherKind::TreasuryStatement,
        level! {
            must Treasury FirstDay LastDay OpeningBalance ClosingBalance Total;
            may PayerAccount PayerName TotalAmount;
        },
        level! {
            must Amount;
            may OriginalKind OriginalNumber OriginalDate OriginalDetail ClearedDay FundType PayBank
                BankSerial Purpose Reason + PAYEE;
        },
    )
};

/// A line of a statement that sums up: of a day, or of a month.
const SUMMED: Level = level! {
    must LastDay Amount Purpose;
    may FirstDay PayBank PayBankName PayerAccount FundType Total;
};

pub(super) const ACCOUNT_TOTALS: Schema = Schema {
    balances: Balances::TakenOff,
    seals: &[SealPlace::BankBusiness],
    ..statement(
        VoucherKind::AccountTotals,
        level! {
            must PayBank PayBankName FirstDay LastDay Total TotalAmount;
            may FundType PayerAccount PayerName OpeningBalance ClosingBalance;
        },
        SUMMED,
    )
};

pub(super) const CLEARING_TOTALS: Schema = statement(
    VoucherKind::ClearingTotals,
    level! { must Treasury FirstDay LastDay Total TotalAmount; may FundType; },
    SUMMED,
);

pub(super) const TREASURY_TOTALS: Schema = Schema {
    balances: Balances::Added,
    ..statement(
        VoucherKind::TreasuryTotals,
        level! {
            must Treasury FirstDay LastDay OpeningBalance ClosingBalance Total TotalAmount;
            may PayerAccount PayerName;
        },
        SUMMED,
    )
};

const fn statement_answer(kind: VoucherKind, seals: &'static [SealPlace]) -> Schema {
    let head = level! {
        must OriginalKind OriginalNumber CheckResult;
        may OriginalDate CheckReason Treasury FirstDay LastDay Total TotalAmount PayBank PayBankName;
    };
    let detail = level! {
        must OriginalKind OriginalNumber Amount CheckResult;
        may OriginalDate OriginalDetail RefundNumber CheckReason LineState;
    };
    Schema { seals, ..statement(kind, head, detail) }
}

pub(super) const STATEMENT_ANSWER: Schema =
    statement_answer(VoucherKind::StatementAnswer, &[SealPlace::FinanceBusiness]);
pub(super) const BANK_STATEMENT_ANSWER: Schema =
    statement_answer(VoucherKind::BankStatementAnswer, &[SealPlace::BankBusiness]);

pub(super) const BASE_DATA: Schema = Schema {
    sums: &[],
    seals: &[SealPlace::FinanceBusiness],
    ..statement(
        VoucherKind::BaseData,
        level! { must Total; may Treasury FirstDay LastDay; },
        level! {
            must;
            may Department DepartmentName Unit UnitName Function FundType PayBank PayBankName PayerAccount
                PayerName PayerBankName;
        },
    )
};

// ---- by analogy --------------------------------------------------------------------------------

/// Balances of many treasuries: one in each detail.
pub(super) const PROVINCE_BALANCE: Schema = Schema {
    analogy: Some(VoucherKind::BalanceDaily),
    sums: &[],
    ..statement(
        VoucherKind::ProvinceBalance,
        level! { must Treasury FirstDay LastDay Total; may PayerAccount PayerName; },
        level! { must Treasury ClosingBalance; may OpeningBalance FundType Reason; },
    )
};

/// Sums by functional class of a treasury.
const fn by_function(kind: VoucherKind, like: VoucherKind, functions: FunctionSide) -> Schema {
    let head = level! { must Treasury FirstDay LastDay Total TotalAmount; may FundType; };
    let detail = level! { must Function Amount; may FundType Department Unit Treasury Taxpayer TaxBill Reason; };
    Schema { analogy: Some(like), functions, ..statement(kind, head, detail) }
}

const fn of_income(kind: VoucherKind) -> Schema {
    by_function(kind, VoucherKind::IncomeDaily, FunctionSide::Income)
}

const fn of_spending(kind: VoucherKind) -> Schema {
    by_function(kind, VoucherKind::SpendingDaily, FunctionSide::Spending)
}

pub(super) const REVENUE_SHARING: Schema = of_income(VoucherKind::RevenueSharing);
pub(super) const TAX_REBATE_DAILY: Schema = of_income(VoucherKind::TaxRebateDaily);
pub(super) const INCOME_STATEMENT: Schema = of_income(VoucherKind::IncomeStatement);
pub(super) const SPENDING_STATEMENT: Schema = of_spending(VoucherKind::SpendingStatement);
pub(super) const SPENDING_LIST: Schema = of_spending(VoucherKind::SpendingList);

/// Vouchers item by item, as the clearing statement has them.
const fn by_item(kind: VoucherKind) -> Schema {
    Schema { kind, analogy: Some(VoucherKind::ClearingStatement), ..CLEARING_STATEMENT }
}

pub(super) const LIMIT_STATEMENT: Schema = by_item(VoucherKind::LimitStatement);
pub(super) const CLEARING_ITEMS: Schema = by_item(VoucherKind::ClearingItems);
pub(super) const ALLOCATION_STATEMENT: Schema = by_item(VoucherKind::AllocationStatement);
pub(super) const REVENUE_REFUND_STATEMENT: Schema = by_item(VoucherKind::RevenueRefundStatement);

pub(super) const LEDGER_STATEMENT: Schema = Schema {
    kind: VoucherKind::LedgerStatement,
    analogy: Some(VoucherKind::TreasuryStatement),
    ..TREASURY_STATEMENT
};

pub(super) const LIMIT_DETAIL_STATEMENT: Schema = Schema {
    analogy: Some(VoucherKind::AuthorizedLimit),
    methods: &["11", "12"],
    ..statement(
        VoucherKind::LimitDetailStatement,
        level! {
            must Treasury FirstDay LastDay Total TotalAmount;
            may FundType PayType PayBank PayBankName;
        },
        level! {
            must Department Function Amount;
            may OriginalKind OriginalNumber OriginalDate OriginalDetail FundType PayBank Unit + ELEMENTS;
        },
    )
};

pub(super) const LIMIT_BALANCE: Schema = Schema {
    kind: VoucherKind::LimitBalance,
    analogy: Some(VoucherKind::TreasuryTotals),
    ..TREASURY_TOTALS
};

pub(super) const BANK_CLEARING_TOTALS: Schema = Schema {
    analogy: Some(VoucherKind::ClearingTotals),
    ..statement(
        VoucherKind::BankClearingTotals,
        level! {
            must Treasury PayBank PayBankName FirstDay LastDay Total TotalAmount;
            may FundType;
        },
        SUMMED,
    )
};

pub(super) const UNIT_LIST: Schema =
    Schema { kind: VoucherKind::UnitList, analogy: Some(VoucherKind::BaseData), ..BASE_DATA };
