//! The tables: one for each kind of voucher. A change here is a change of what parties may send.

use super::super::field::Field;
use super::super::kind::VoucherKind;
use super::super::seal::SealPlace;
use super::{Answer, Balances, FunctionSide, Level, Lines, Schema, Sign, Sum};

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
const ELEMENTS: &[Field] = group! {
    BudgetType ManagementType FinanceOffice UnitName DepartmentName GovernmentEconomic
    DepartmentEconomic Project Quota
};

/// The payee.
const PAYEE: &[Field] = group! { PayeeAccount PayeeName PayeeBankName PayeeBankNumber };

/// What some payments carry besides.
const PAPERS: &[Field] = group! {
    Purpose FundDealMode SettlementMode CheckNumber TaxBill Taxpayer TaxOffice PayCode Procurement
};

/// The payee who was really paid, and how.
const EXECUTED: &[Field] = group! {
    ExecutedPayeeAccount ExecutedPayeeName ExecutedPayeeBank ExecutedCheck ExecutedNote
};

const AMOUNTS: &[Sum] = &[
    Sum { head: Field::Amount, detail: Field::Amount },
    Sum { head: Field::ExecutedAmount, detail: Field::ExecutedAmount },
];

const TOTALS: &[Sum] = &[Sum { head: Field::TotalAmount, detail: Field::Amount }];

/// What most kinds are, to be said otherwise where one differs.
const fn usual(kind: VoucherKind, head: Level, detail: Level) -> Schema {
    Schema {
        kind,
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

// ---- orders to pay -----------------------------------------------------------------------------

const PAID_BY_BANK: Answer = Answer {
    head: level! { must ExecutedAmount ExecutedDay BankSerial; may + EXECUTED; },
    detail: level! { must ExecutedAmount; may ExecutedDay BankSerial + EXECUTED; },
    failures_say_why: true,
    seals: &[SealPlace::BankTransfer],
};

const fn payment(kind: VoucherKind, methods: &'static [&'static str]) -> Schema {
    let head = level! {
        must FundType PayType PayBank PayBankName PayerAccount PayerName Amount BusinessType;
        may Department Unit Function PayerBankName ClearBank ClearAccount Treasury Total OriginalKind
            OriginalNumber OriginalDate Offline + ELEMENTS + PAYEE + PAPERS;
    };
    let detail = level! {
        must Payment Department Function PayeeName Amount;
        may FundType Unit PayeeAccount PayeeBankName PayeeBankNumber OriginalKind OriginalNumber
            OriginalDate OriginalDetail + ELEMENTS + PAPERS;
    };
    let receipt = Some(PAID_BY_BANK);
    Schema { methods, payee_account: true, receipt, ..usual(kind, head, detail) }
}

const PAYMENT: Schema = payment(VoucherKind::Payment, &["11", "12"]);
const DIRECT_PAYMENT: Schema = payment(VoucherKind::DirectPayment, &["11"]);

const BATCH_DETAILS: Schema = Schema {
    methods: &["11", "12", "91"],
    payee_account: true,
    receipt: Some(PAID_BY_BANK),
    ..usual(
        VoucherKind::BatchDetails,
        level! {
            must Parent OriginalKind Amount Total;
            may FundType PayType PayBank PayBankName PayerAccount PayerName BusinessType;
        },
        level! {
            must PayeeName Amount;
            may Payment FundType Department Unit Function PayeeAccount PayeeBankName PayeeBankNumber
                + ELEMENTS + PAPERS;
        },
    )
};

const PAID_BY_TREASURY: Answer = Answer {
    head: level! { must ExecutedAmount ExecutedDay; may ClearedDay BankSerial + EXECUTED; },
    detail: level! { must; may ExecutedAmount ExecutedDay BankSerial + EXECUTED; },
    failures_say_why: true,
    seals: &[SealPlace::TreasuryTransfer],
};

const BY_TWO_PERSONS: &[SealPlace] =
    &[SealPlace::FinanceMaker, SealPlace::FinanceChecker, SealPlace::FinanceBusiness];

const ALLOCATION: Schema = Schema {
    methods: &["91"],
    seals: BY_TWO_PERSONS,
    receipt: Some(PAID_BY_TREASURY),
    ..usual(
        VoucherKind::Allocation,
        level! {
            must FundType PayType Treasury PayerAccount PayerName Amount BusinessType;
            may Department Unit Function PayBank PayBankName PayerBankName Total OriginalKind
                OriginalNumber OriginalDate Offline + ELEMENTS + PAYEE + PAPERS;
        },
        level! {
            must Payment Department Function PayeeAccount PayeeName Amount;
            may FundType Unit PayeeBankName PayeeBankNumber OriginalKind OriginalNumber OriginalDate
                OriginalDetail + ELEMENTS + PAPERS;
        },
    )
};

const REVENUE_REFUND: Schema = Schema {
    functions: FunctionSide::Income,
    lines: Lines::Any,
    seals: BY_TWO_PERSONS,
    receipt: Some(PAID_BY_TREASURY),
    ..usual(
        VoucherKind::RevenueRefund,
        level! {
            must Treasury PayeeAccount PayeeName Amount Reason;
            may FundType Department Unit Function PayeeBankName PayeeBankNumber Total Taxpayer TaxBill
                TaxOffice PayCode Offline;
        },
        level! { must Function Amount; may Unit Department TaxBill PayCode Reason; },
    )
};

// ---- money that comes back ---------------------------------------------------------------------

const fn refund_notice(kind: VoucherKind, seals: &'static [SealPlace]) -> Schema {
    let head = level! {
        must OriginalKind OriginalNumber RefundType Amount Reason;
        may OriginalDate RefundNumber FundType PayType PayBank PayBankName PayerAccount PayerName
            PayerBankName Treasury Total Offline + PAYEE;
    };
    let detail = level! {
        must OriginalDetail RefundNumber Amount;
        may Payment FundType Department Unit Function Reason Purpose + ELEMENTS + PAYEE;
    };
    Schema {
        head_sign: Sign::Negative,
        detail_sign: Sign::Negative,
        lines: Lines::Any,
        apart: group! { OriginalDetail },
        methods: &["11", "12", "91"],
        seals,
        ..usual(kind, head, detail)
    }
}

const DIRECT_REFUND: Schema = refund_notice(VoucherKind::DirectRefund, &[SealPlace::BankBusiness]);
const PAYEE_REFUND: Schema = refund_notice(VoucherKind::PayeeRefund, &[SealPlace::BankBusiness]);
const ALLOCATION_REFUND: Schema =
    refund_notice(VoucherKind::AllocationRefund, &[SealPlace::TreasuryBusiness]);
const REVENUE_REFUND_RETURN: Schema = Schema {
    functions: FunctionSide::Income,
    ..refund_notice(VoucherKind::RevenueRefundReturn, &[SealPlace::TreasuryBusiness])
};

/// What a payee has collected under an agreement (托收).
const COLLECTION_DEBIT: Schema = Schema {
    lines: Lines::None,
    sums: &[],
    seals: &[SealPlace::BankBusiness],
    ..usual(
        VoucherKind::CollectionDebit,
        level! {
            must PayBank PayBankName PayerAccount PayerName PayeeAccount PayeeName Amount CheckNumber;
            may PayeeBankName PayeeBankNumber Purpose Offline;
        },
        level! { must; may; },
    )
};

// ---- clearing ----------------------------------------------------------------------------------

const CLEARED: Answer = Answer {
    head: level! {
        must ExecutedAmount ClearedDay;
        may ExecutedDay BankSerial ExecutedNote CheckResult CheckReason;
    },
    detail: level! { must; may ExecutedAmount ClearedDay ExecutedNote; },
    failures_say_why: false,
    seals: &[SealPlace::TreasuryTransfer],
};

/// What tells two lines of a request or notice apart.
const CLEARED_APART: &[Field] = group! { OriginalKind OriginalNumber OriginalDetail Department Unit Function Project RefundNumber };

const TRANSFER_REQUEST: Schema = Schema {
    methods: &["11", "12"],
    apart: CLEARED_APART,
    seals: &[SealPlace::BankBusiness],
    receipt: Some(CLEARED),
    ..usual(
        VoucherKind::TransferRequest,
        level! {
            must FundType PayType PayBank PayBankName PayerAccount PayerName Treasury Amount Total;
            may ClearBank ClearAccount PayerBankName BudgetType ManagementType FirstDay LastDay Offline;
        },
        level! {
            must OriginalKind OriginalNumber Department Function Amount;
            may OriginalDate OriginalDetail Payment FundType Unit PayeeName BankSerial ExecutedDay
                + ELEMENTS;
        },
    )
};

const REFUND_REQUEST: Schema = Schema {
    head_sign: Sign::Negative,
    detail_sign: Sign::Negative,
    methods: &["11", "12"],
    apart: CLEARED_APART,
    seals: &[SealPlace::BankBusiness],
    receipt: Some(CLEARED),
    ..usual(
        VoucherKind::RefundRequest,
        level! {
            must FundType PayType PayBank PayBankName PayerAccount PayerName Treasury Amount Total;
            may ClearBank ClearAccount PayerBankName BudgetType ManagementType FirstDay LastDay Reason
                Offline;
        },
        level! {
            must OriginalKind OriginalNumber RefundNumber Department Function Amount;
            may OriginalDate OriginalDetail Payment FundType Unit PayeeName Reason BankSerial
                ExecutedDay + ELEMENTS;
        },
    )
};

const fn limit_notice(kind: VoucherKind, methods: &'static [&'static str]) -> Schema {
    let head = level! {
        must FundType PayType PayBank PayBankName Treasury Amount Total;
        may ClearingNumber ClearBank ClearAccount PayerAccount PayerName PayerBankName BudgetType
            ManagementType FirstDay LastDay Offline;
    };
    let detail = level! {
        must Department Function Amount;
        may OriginalKind OriginalNumber OriginalDate OriginalDetail Payment FundType Unit + ELEMENTS;
    };
    Schema { methods, apart: CLEARED_APART, receipt: Some(CLEARED), ..usual(kind, head, detail) }
}

const AUTHORIZED_LIMIT: Schema = limit_notice(VoucherKind::AuthorizedLimit, &["11", "12"]);
const DIRECT_LIMIT: Schema = limit_notice(VoucherKind::DirectLimit, &["11"]);

const LIMIT_ARRIVAL: Schema = Schema {
    methods: &["11", "12"],
    lines: Lines::Any,
    seals: &[SealPlace::BankBusiness],
    ..usual(
        VoucherKind::LimitArrival,
        level! {
            must FundType PayBank PayBankName Amount OriginalKind OriginalNumber;
            may PayType OriginalDate PayerAccount PayerName PayerBankName Total;
        },
        level! {
            must Unit Amount;
            may FundType Department Function OriginalDetail PayerAccount PayerName + ELEMENTS;
        },
    )
};

// ---- corrections -------------------------------------------------------------------------------

const fn correction(kind: VoucherKind, methods: &'static [&'static str]) -> Schema {
    let head = level! {
        must FundType PayType Treasury Amount Reason;
        may PayBank PayBankName PayerAccount PayerName OriginalKind OriginalNumber OriginalDate
            Department Unit Total Offline;
    };
    let detail = level! {
        must Department Function Amount;
        may OriginalKind OriginalNumber OriginalDate OriginalDetail Payment FundType Unit Reason
            + ELEMENTS;
    };
    Schema {
        methods,
        head_sign: Sign::Zero,
        detail_sign: Sign::NotZero,
        seals: BY_TWO_PERSONS,
        receipt: Some(CLEARED),
        ..usual(kind, head, detail)
    }
}

const DIRECT_CORRECTION: Schema = correction(VoucherKind::DirectCorrection, &["11"]);
const AUTHORIZED_CORRECTION: Schema = correction(VoucherKind::AuthorizedCorrection, &["11", "12"]);
const ALLOCATION_CORRECTION: Schema = correction(VoucherKind::AllocationCorrection, &["91"]);

// ---- reports and statements --------------------------------------------------------------------

/// What most statements are: any sums of any sign, under the treasury's seal.
const fn statement(kind: VoucherKind, head: Level, detail: Level) -> Schema {
    Schema {
        head_sign: Sign::Any,
        detail_sign: Sign::Any,
        lines: Lines::Any,
        sums: TOTALS,
        seals: &[SealPlace::TreasuryBusiness],
        ..usual(kind, head, detail)
    }
}

const DIRECT_DAILY: Schema = Schema {
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

const INCOME_DAILY: Schema = Schema {
    functions: FunctionSide::Income,
    ..statement(
        VoucherKind::IncomeDaily,
        level! { must Treasury FirstDay LastDay Total TotalAmount; may FundType; },
        level! { must Function Amount; may FundType Reason; },
    )
};

const BALANCE_DAILY: Schema = Schema {
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

const SPENDING_DAILY: Schema = statement(
    VoucherKind::SpendingDaily,
    level! { must Treasury FirstDay LastDay Total TotalAmount; may FundType; },
    level! { must Function Amount; may FundType Department Unit; },
);

const COMPARED: Level = level! {
    must OriginalKind OriginalNumber Amount LineState;
    may OriginalDate OriginalDetail RefundNumber ClearedDay FundType PayType PayBank PayerAccount
        Payment;
};

const CLEARING_STATEMENT: Schema = Schema {
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

const BANK_CLEARING_STATEMENT: Schema = Schema {
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

const TREASURY_STATEMENT: Schema = Schema {
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

const ACCOUNT_TOTALS: Schema = Schema {
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

const CLEARING_TOTALS: Schema = statement(
    VoucherKind::ClearingTotals,
    level! { must Treasury FirstDay LastDay Total TotalAmount; may FundType; },
    SUMMED,
);

const TREASURY_TOTALS: Schema = Schema {
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

const STATEMENT_ANSWER: Schema =
    statement_answer(VoucherKind::StatementAnswer, &[SealPlace::FinanceBusiness]);
const BANK_STATEMENT_ANSWER: Schema =
    statement_answer(VoucherKind::BankStatementAnswer, &[SealPlace::BankBusiness]);

const BASE_DATA: Schema = Schema {
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

/// The table of a kind.
#[must_use]
pub const fn schema(kind: VoucherKind) -> &'static Schema {
    match kind {
        VoucherKind::LimitArrival => &LIMIT_ARRIVAL,
        VoucherKind::DirectRefund => &DIRECT_REFUND,
        VoucherKind::DirectDaily => &DIRECT_DAILY,
        VoucherKind::PayeeRefund => &PAYEE_REFUND,
        VoucherKind::CollectionDebit => &COLLECTION_DEBIT,
        VoucherKind::TransferRequest => &TRANSFER_REQUEST,
        VoucherKind::RefundRequest => &REFUND_REQUEST,
        VoucherKind::BankStatementAnswer => &BANK_STATEMENT_ANSWER,
        VoucherKind::AllocationRefund => &ALLOCATION_REFUND,
        VoucherKind::RevenueRefundReturn => &REVENUE_REFUND_RETURN,
        VoucherKind::IncomeDaily => &INCOME_DAILY,
        VoucherKind::BalanceDaily => &BALANCE_DAILY,
        VoucherKind::SpendingDaily => &SPENDING_DAILY,
        VoucherKind::ClearingStatement => &CLEARING_STATEMENT,
        VoucherKind::BankClearingStatement => &BANK_CLEARING_STATEMENT,
        VoucherKind::TreasuryStatement => &TREASURY_STATEMENT,
        VoucherKind::TreasuryTotals => &TREASURY_TOTALS,
        VoucherKind::ClearingTotals => &CLEARING_TOTALS,
        VoucherKind::AccountTotals => &ACCOUNT_TOTALS,
        VoucherKind::AuthorizedLimit => &AUTHORIZED_LIMIT,
        VoucherKind::DirectLimit => &DIRECT_LIMIT,
        VoucherKind::DirectPayment => &DIRECT_PAYMENT,
        VoucherKind::Allocation => &ALLOCATION,
        VoucherKind::RevenueRefund => &REVENUE_REFUND,
        VoucherKind::DirectCorrection => &DIRECT_CORRECTION,
        VoucherKind::AuthorizedCorrection => &AUTHORIZED_CORRECTION,
        VoucherKind::AllocationCorrection => &ALLOCATION_CORRECTION,
        VoucherKind::StatementAnswer => &STATEMENT_ANSWER,
        VoucherKind::BaseData => &BASE_DATA,
        VoucherKind::Payment => &PAYMENT,
        VoucherKind::BatchDetails => &BATCH_DETAILS,
    }
}
