//! The kinds of vouchers (凭证类型, `VtCode`), who sends each to whom, and what they are called.
//!
//! The numbers are those of the national interface; the leading digit tends to name the originator: 5
//! finance, 2 a bank, 3 the central bank, 8 a unit.

use super::party::PartyKind;

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $slug:literal, $chinese:literal, $from:ident => $to:ident;)+) => {
        /// A kind of voucher.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u16)]
        pub enum VoucherKind { $($(#[$doc])* $name = $code,)+ }

        impl VoucherKind {
            /// Every kind, by number.
            pub const ALL: &'static [VoucherKind] = &[$(VoucherKind::$name,)+];

            /// The kind with a number of the interface.
            #[must_use]
            pub const fn from_code(code: u16) -> Option<VoucherKind> {
                match code { $($code => Some(VoucherKind::$name),)+ _ => None }
            }

            /// Its name in texts, JSON and scripts.
            #[must_use]
            pub const fn slug(self) -> &'static str {
                match self { $(VoucherKind::$name => $slug,)+ }
            }

            /// What officials call it.
            #[must_use]
            pub const fn chinese(self) -> &'static str {
                match self { $(VoucherKind::$name => $chinese,)+ }
            }

            /// Who sends the original.
            #[must_use]
            pub const fn from(self) -> PartyKind {
                match self { $(VoucherKind::$name => PartyKind::$from,)+ }
            }

            /// Who gets the original and answers it with a receipt, where there is one.
            #[must_use]
            pub const fn to(self) -> PartyKind {
                match self { $(VoucherKind::$name => PartyKind::$to,)+ }
            }
        }
    };
}

kinds! {
    /// A bank tells finance that a clearing limit has arrived.
    LimitArrival = 2104, "limit-arrival", "授权支付额度到账通知书", Bank => Finance;
    /// A bank tells finance that a direct payment came back.
    DirectRefund = 2203, "direct-refund", "财政直接支付退款通知书", Bank => Finance;
    /// A bank's list of the direct payments of a day.
    DirectDaily = 2206, "direct-daily", "财政直接支付日报表", Bank => Finance;
    /// A payee's bank sent money back.
    PayeeRefund = 2252, "payee-refund", "收款银行退款通知书", Bank => Finance;
    /// A payee's claim has debited an account, under an agreement, before a payment was asked for.
    CollectionDebit = 2261, "collection-debit", "委托收款付款通知书", Bank => Finance;
    /// A bank asks the central bank for what it paid in advance.
    TransferRequest = 2301, "transfer-request", "申请划款凭证", Bank => CentralBank;
    /// A bank hands refunds of payments that were cleared to the central bank.
    RefundRequest = 2302, "refund-request", "申请退款凭证", Bank => CentralBank;
    /// A bank's answer to the central bank's clearing statement.
    BankStatementAnswer = 2502, "bank-statement-answer", "清算对账回执(银行)", Bank => CentralBank;
    /// The central bank tells finance that a real allocation came back.
    AllocationRefund = 3208, "allocation-refund", "实拨退款通知书", CentralBank => Finance;
    /// The central bank tells finance that a revenue refund came back.
    RevenueRefundReturn = 3210, "revenue-refund-return", "收入退还退款通知书", CentralBank => Finance;
    /// Income of a day.
    IncomeDaily = 3401, "income-daily", "收入日报表", CentralBank => Finance;
    /// Balance of the treasury account at a day's end.
    BalanceDaily = 3402, "balance-daily", "库存日报表", CentralBank => Finance;
    /// Balances of all treasuries of a province at a day's end.
    ProvinceBalance = 3404, "province-balance", "全省库存日报表", CentralBank => Finance;
    /// How a day's income was shared among levels.
    RevenueSharing = 3405, "revenue-sharing", "收入分成日报表", CentralBank => Finance;
    /// Tax rebates of a day.
    TaxRebateDaily = 3406, "tax-rebate-daily", "退税日报表", CentralBank => Finance;
    /// Spending of a day by functional class.
    SpendingDaily = 3410, "spending-daily", "支出日报表", CentralBank => Finance;
    /// What the central bank cleared, for finance to compare.
    ClearingStatement = 3501, "clearing-statement", "清算对账单(财政)", CentralBank => Finance;
    /// What the central bank cleared, for a bank to compare.
    BankClearingStatement = 3502, "bank-clearing-statement", "清算对账单(银行)", CentralBank => Bank;
    /// Limits that the central bank has got, item by item.
    LimitStatement = 3503, "limit-statement", "额度对账单", CentralBank => Finance;
    /// What the central bank knows of clearing, item by item.
    ClearingItems = 3504, "clearing-items", "清算信息对账单", CentralBank => Finance;
    /// Real allocations, item by item.
    AllocationStatement = 3505, "allocation-statement", "实拨对账单", CentralBank => Finance;
    /// Income given back, item by item.
    RevenueRefundStatement = 3506, "revenue-refund-statement", "收入退还对账单", CentralBank => Finance;
    /// Income, item by item.
    IncomeStatement = 3507, "income-statement", "收入对账单", CentralBank => Finance;
    /// Spending of a month.
    SpendingStatement = 3508, "spending-statement", "支出月对账单", CentralBank => Finance;
    /// Statement of the treasury account.
    TreasuryStatement = 3513, "treasury-statement", "国库存款账户对账单", CentralBank => Finance;
    /// The treasury's ledger.
    LedgerStatement = 3514, "ledger-statement", "国库分户账对账单", CentralBank => Finance;
    /// Limits by the elements they are for.
    LimitDetailStatement = 3515, "limit-detail-statement", "额度明细对账单", CentralBank => Finance;
    /// What is left of limits at a month's end.
    LimitBalance = 3551, "limit-balance", "额度余额月对账单", CentralBank => Finance;
    /// Statement of the treasury account for a month or a year, summed up.
    TreasuryTotals = 3552, "treasury-totals", "国库存款账户月(年)对账单", CentralBank => Finance;
    /// Spending of a day by functional class, in a second form.
    SpendingList = 3553, "spending-list", "支出日报表(二)", CentralBank => Finance;
    /// What the central bank cleared in a month or a year, summed up.
    ClearingTotals = 4004, "clearing-totals", "清算月(年)对账单", CentralBank => Finance;
    /// What the central bank cleared for a bank in a month, summed up.
    BankClearingTotals = 4005, "bank-clearing-totals", "清算月对账单(银行)", CentralBank => Bank;
    /// A bank's statement of an account for a month or a year, summed up.
    AccountTotals = 4006, "account-totals", "零余额账户月(年)对账单", Bank => Finance;
    /// What a bank may be cleared under authorized payment.
    AuthorizedLimit = 5106, "authorized-limit", "授权支付汇总清算额度通知单", Finance => CentralBank;
    /// What a bank may be cleared under direct payment.
    DirectLimit = 5108, "direct-limit", "直接支付汇总清算额度通知单", Finance => CentralBank;
    /// A direct payment order.
    DirectPayment = 5201, "direct-payment", "财政直接支付凭证", Finance => Bank;
    /// A real allocation: cash from the treasury account straight to its receiver.
    Allocation = 5207, "allocation", "实拨凭证", Finance => CentralBank;
    /// Income given back to whoever paid it.
    RevenueRefund = 5209, "revenue-refund", "收入退还书", Finance => CentralBank;
    /// A correction among elements of direct payments; its sum is zero.
    DirectCorrection = 5253, "direct-correction", "直接支付更正凭证", Finance => CentralBank;
    /// The list of real allocations that a summary stands for.
    AllocationList = 5257, "allocation-list", "实拨清单", Finance => CentralBank;
    /// A real allocation to a fiscal special account.
    SpecialAllocation = 5267, "special-allocation", "专户实拨凭证", Finance => CentralBank;
    /// Real allocations summed up.
    AllocationSummary = 5287, "allocation-summary", "实拨汇总凭证", Finance => CentralBank;
    /// A correction among elements of authorized payments; its sum is zero.
    AuthorizedCorrection = 5351, "authorized-correction", "授权支付更正凭证", Finance => CentralBank;
    /// A correction among elements of what the treasury itself has paid; its sum is zero.
    AllocationCorrection = 5407, "allocation-correction", "更正通知书", Finance => CentralBank;
    /// A payment of the treasury's in a form for everything that has none of its own.
    GeneralPayment = 5408, "general-payment", "通用付款凭证", Finance => CentralBank;
    /// Finance's answer to the central bank's clearing statement.
    StatementAnswer = 5502, "statement-answer", "清算对账回执(财政)", Finance => CentralBank;
    /// The list of clearing transfers of a day.
    TransferList = 5551, "transfer-list", "清算划款清单", Finance => CentralBank;
    /// The list of refunds of a day.
    RefundList = 5552, "refund-list", "清算退款清单", Finance => CentralBank;
    /// The list of real allocations of a day, summed up.
    AllocationTotals = 5553, "allocation-totals", "实拨汇总清单", Finance => CentralBank;
    /// Non-tax income on its way into the treasury.
    NonTaxNotice = 5671, "non-tax-notice", "非税收入缴库通知书", Finance => CentralBank;
    /// Base data of finance: units, accounts, codes.
    BaseData = 5901, "base-data", "基础数据", Finance => CentralBank;
    /// Budget units.
    UnitList = 5951, "unit-list", "预算单位清单", Finance => CentralBank;
    /// A payment order to an agent bank: the one form after integration, unless a division sets another.
    Payment = 8202, "payment", "国库集中支付凭证", Finance => Bank;
    /// Details of a payment order to many payees; it goes out with its parent.
    BatchDetails = 8207, "batch-details", "批量业务支付明细", Finance => Bank;
}

impl VoucherKind {
    /// The number of the interface (`VtCode`).
    #[must_use]
    pub const fn code(self) -> u16 {
        self as u16
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_names_lead_back() {
        for &kind in VoucherKind::ALL {
            assert_eq!(VoucherKind::from_code(kind.code()), Some(kind));
        }
        let mut slugs: Vec<_> = VoucherKind::ALL.iter().map(|kind| kind.slug()).collect();
        slugs.sort_unstable();
        slugs.dedup();
        assert_eq!(slugs.len(), VoucherKind::ALL.len());
    }
}
