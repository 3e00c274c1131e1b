//! What the treasury itself pays and gives back, and the lists that go with it.

use super::super::field::Field;
use super::super::kind::VoucherKind;
use super::super::seal::SealPlace;
use super::groups::{
    BY_TWO_PERSONS, CLEARED_APART, ELEMENTS, EXECUTED, OF_DETAIL, PAPERS, PAYEE, TOTALS, statement,
    usual,
};
use super::{Answer, FunctionSide, Level, Lines, Schema, Sign};

const PAID_BY_TREASURY: Answer = Answer {
    head: level! { must ExecutedAmount ExecutedDay; may ClearedDay BankSerial + EXECUTED; },
    detail: level! { must; may ExecutedAmount ExecutedDay BankSerial + EXECUTED; },
    failures_say_why: true,
    seals: &[SealPlace::TreasuryTransfer],
};

const fn allocation(kind: VoucherKind) -> Schema {
    let head = level! {
        must FundType PayType Treasury PayerAccount PayerName Amount BusinessType;
        may Department Unit Function PayBank PayBankName PayerBankName Total OriginalKind
            OriginalNumber OriginalDate Offline PayManagement + ELEMENTS + PAYEE + PAPERS;
    };
    let detail = level! {
        must Payment Department Function PayeeAccount PayeeName Amount;
        may FundType Unit PayeeBankName PayeeBankNumber OriginalKind OriginalNumber OriginalDate
            OriginalDetail + ELEMENTS + PAPERS + OF_DETAIL;
    };
    let (seals, receipt) = (BY_TWO_PERSONS, Some(PAID_BY_TREASURY));
    Schema { methods: &["91"], seals, receipt, ..usual(kind, head, detail) }
}

pub(super) const ALLOCATION: Schema = allocation(VoucherKind::Allocation);

pub(super) const REVENUE_REFUND: Schema = Schema {
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

// ---- by analogy --------------------------------------------------------------------------------

/// An allocation to a fiscal special account.
pub(super) const SPECIAL_ALLOCATION: Schema =
    Schema { analogy: Some(VoucherKind::Allocation), ..allocation(VoucherKind::SpecialAllocation) };

/// Allocations summed up by elements.
pub(super) const ALLOCATION_SUMMARY: Schema = Schema {
    analogy: Some(VoucherKind::Allocation),
    methods: &["91"],
    apart: CLEARED_APART,
    seals: BY_TWO_PERSONS,
    receipt: Some(PAID_BY_TREASURY),
    ..usual(
        VoucherKind::AllocationSummary,
        level! {
            must FundType PayType Treasury PayerAccount PayerName Amount Total;
            may BudgetType ManagementType PayBank PayBankName PayerBankName FirstDay LastDay Offline;
        },
        level! {
            must Department Function Amount;
            may OriginalKind OriginalNumber OriginalDate OriginalDetail Payment FundType Unit
                + ELEMENTS;
        },
    )
};

/// What stands beside a summary, payee by payee.
pub(super) const ALLOCATION_LIST: Schema = Schema {
    analogy: Some(VoucherKind::BatchDetails),
    methods: &["91"],
    ..usual(
        VoucherKind::AllocationList,
        level! {
            must Parent OriginalKind Treasury Amount Total;
            may FundType PayType PayerAccount PayerName BusinessType;
        },
        level! {
            must PayeeAccount PayeeName Amount;
            may Payment FundType Department Unit Function PayeeBankName PayeeBankNumber OriginalKind
                OriginalNumber OriginalDate OriginalDetail + ELEMENTS + PAPERS + OF_DETAIL;
        },
    )
};

/// A payment out of the treasury that is no allocation of a quota.
pub(super) const GENERAL_PAYMENT: Schema = Schema {
    analogy: Some(VoucherKind::Allocation),
    methods: &["91"],
    lines: Lines::Any,
    seals: BY_TWO_PERSONS,
    receipt: Some(PAID_BY_TREASURY),
    ..usual(
        VoucherKind::GeneralPayment,
        level! {
            must Treasury PayerAccount PayerName PayeeAccount PayeeName Amount;
            may FundType PayType Department Unit Function PayeeBankName PayeeBankNumber PayerBankName
                Total Reason OriginalKind OriginalNumber OriginalDate Offline PayManagement + ELEMENTS
                + PAPERS;
        },
        level! {
            must Function Amount;
            may Payment FundType Department Unit OriginalKind OriginalNumber OriginalDate OriginalDetail
                + ELEMENTS + PAYEE + PAPERS + OF_DETAIL;
        },
    )
};

/// Non-tax income that goes from where it was collected into the treasury.
pub(super) const NON_TAX_NOTICE: Schema = Schema {
    analogy: Some(VoucherKind::RevenueRefund),
    functions: FunctionSide::Income,
    lines: Lines::Any,
    ..usual(
        VoucherKind::NonTaxNotice,
        level! {
            must Treasury PayerAccount PayerName Amount;
            may FundType Department Unit Function PayBank PayBankName PayerBankName Total Taxpayer
                TaxBill TaxOffice PayCode Reason Offline;
        },
        level! { must Function Amount; may Unit Department TaxBill PayCode Reason; },
    )
};

/// A list of what finance knows of a day, by the vouchers that it stands on.
const fn list(kind: VoucherKind, like: VoucherKind, sign: Sign) -> Schema {
    let head = level! {
        must Treasury FirstDay LastDay Total TotalAmount;
        may FundType PayType PayBank PayBankName PayerAccount PayerName ClearBank ClearAccount;
    };
    let detail = level! {
        must OriginalKind OriginalNumber Amount;
        may OriginalDate OriginalDetail RefundNumber Payment FundType PayType Department Unit Function
            PayBank PayerAccount PayeeName ClearedDay Reason + ELEMENTS;
    };
    Schema {
        analogy: Some(like),
        methods: &["11", "12", "91"],
        head_sign: sign,
        detail_sign: sign,
        apart: CLEARED_APART,
        sums: TOTALS,
        seals: &[SealPlace::FinanceBusiness],
        ..statement(kind, head, detail)
    }
}

pub(super) const TRANSFER_LIST: Schema =
    list(VoucherKind::TransferList, VoucherKind::TransferRequest, Sign::Positive);
pub(super) const REFUND_LIST: Schema =
    list(VoucherKind::RefundList, VoucherKind::RefundRequest, Sign::Negative);
pub(super) const ALLOCATION_TOTALS: Schema =
    list(VoucherKind::AllocationTotals, VoucherKind::Allocation, Sign::Positive);
