//! Orders to banks, what comes back of them, how they are cleared, and what corrects them.

use super::super::field::Field;
use super::super::kind::VoucherKind;
use super::super::seal::SealPlace;
use super::groups::{
    BY_TWO_PERSONS, CLEARED_APART, ELEMENTS, EXECUTED, OF_DETAIL, PAPERS, PAYEE, usual,
};
use super::{Answer, FunctionSide, Level, Lines, Schema, Sign};

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
            OriginalNumber OriginalDate Offline PayManagement + ELEMENTS + PAYEE + PAPERS;
    };
    let detail = level! {
        must Payment Department Function PayeeName Amount;
        may FundType Unit PayeeAccount PayeeBankName PayeeBankNumber OriginalKind OriginalNumber
            OriginalDate OriginalDetail + ELEMENTS + PAPERS + OF_DETAIL;
    };
    let receipt = Some(PAID_BY_BANK);
    Schema { methods, payee_account: true, receipt, ..usual(kind, head, detail) }
}

pub(super) const PAYMENT: Schema = payment(VoucherKind::Payment, &["11", "12"]);
pub(super) const DIRECT_PAYMENT: Schema = payment(VoucherKind::DirectPayment, &["11"]);

pub(super) const BATCH_DETAILS: Schema = Schema {
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
                + ELEMENTS + PAPERS + OF_DETAIL;
        },
    )
};

// ---- money that comes back ---------------------------------------------------------------------

const fn refund_notice(kind: VoucherKind, seals: &'static [SealPlace]) -> Schema {
    let head = level! {
        must OriginalKind OriginalNumber RefundType Amount Reason;
        may OriginalDate OriginalMessage RefundNumber FundType PayType PayBank PayBankName PayerAccount PayerName
            PayerBankName Treasury Total Offline + PAYEE;
    };
    let detail = level! {
        must OriginalDetail RefundNumber Amount;
        may OriginalMessage Payment FundType Department Unit Function Reason Purpose + ELEMENTS
            + PAYEE;
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

pub(super) const DIRECT_REFUND: Schema =
    refund_notice(VoucherKind::DirectRefund, &[SealPlace::BankBusiness]);
pub(super) const PAYEE_REFUND: Schema =
    refund_notice(VoucherKind::PayeeRefund, &[SealPlace::BankBusiness]);
pub(super) const ALLOCATION_REFUND: Schema =
    refund_notice(VoucherKind::AllocationRefund, &[SealPlace::TreasuryBusiness]);
pub(super) const REVENUE_REFUND_RETURN: Schema = Schema {
    functions: FunctionSide::Income,
    ..refund_notice(VoucherKind::RevenueRefundReturn, &[SealPlace::TreasuryBusiness])
};

/// What a payee has collected under an agreement (托收).
pub(super) const COLLECTION_DEBIT: Schema = Schema {
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

pub(super) const TRANSFER_REQUEST: Schema = Schema {
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
                BusinessType + ELEMENTS;
        },
    )
};

pub(super) const REFUND_REQUEST: Schema = Schema {
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
                ExecutedDay BusinessType + ELEMENTS;
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
        may OriginalKind OriginalNumber OriginalDate OriginalDetail Payment FundType Unit
            BusinessType + ELEMENTS;
    };
    Schema { methods, apart: CLEARED_APART, receipt: Some(CLEARED), ..usual(kind, head, detail) }
}

pub(super) const AUTHORIZED_LIMIT: Schema =
    limit_notice(VoucherKind::AuthorizedLimit, &["11", "12"]);
pub(super) const DIRECT_LIMIT: Schema = limit_notice(VoucherKind::DirectLimit, &["11"]);

pub(super) const LIMIT_ARRIVAL: Schema = Schema {
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

pub(super) const DIRECT_CORRECTION: Schema = correction(VoucherKind::DirectCorrection, &["11"]);
pub(super) const AUTHORIZED_CORRECTION: Schema =
    correction(VoucherKind::AuthorizedCorrection, &["11", "12"]);
pub(super) const ALLOCATION_CORRECTION: Schema =
    correction(VoucherKind::AllocationCorrection, &["91"]);
