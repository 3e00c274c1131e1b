//! The fields of vouchers: the interface's name of each, what officials call it, and what it may hold.
//!
//! Fields that begin with `X` say what was really done; whoever does it fills them in, on the receipt.

/// What a field may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Up to so many characters, none of them a control character.
    Text(u16),
    /// An amount with two places.
    Amount,
    /// A day.
    Day,
    /// How many.
    Count,
}

macro_rules! fields {
    ($($(#[$doc:meta])* $name:ident = $number:literal, $wire:literal, $chinese:literal, $form:expr;)+) => {
        /// A field of a voucher.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u16)]
        pub enum Field { $($(#[$doc])* $name = $number,)+ }

        impl Field {
            /// Every field, by number.
            pub const ALL: &'static [Field] = &[$(Field::$name,)+];

            /// The field with a stable number.
            #[must_use]
            pub const fn from_number(number: u16) -> Option<Field> {
                match number { $($number => Some(Field::$name),)+ _ => None }
            }

            /// Its name in the interface, in JSON and in canonical bytes.
            #[must_use]
            pub const fn wire_name(self) -> &'static str {
                match self { $(Field::$name => $wire,)+ }
            }

            /// The field with a name of the interface.
            #[must_use]
            pub fn from_wire_name(name: &str) -> Option<Field> {
                match name { $($wire => Some(Field::$name),)+ _ => None }
            }

            /// What officials call it.
            #[must_use]
            pub const fn chinese(self) -> &'static str {
                match self { $(Field::$name => $chinese,)+ }
            }

            /// What it may hold.
            #[must_use]
            pub const fn form(self) -> Form {
                match self { $(Field::$name => $form,)+ }
            }
        }
    };
}

fields! {
    /// Fund nature (资金性质).
    FundType = 1, "FundTypeCode", "资金性质", Form::Text(10);
    /// Budget kind (预算类型).
    BudgetType = 2, "BgtTypeCode", "预算类型", Form::Text(10);
    /// Payment method: 11 direct, 12 authorized, 91 allocation.
    PayType = 3, "PayTypeCode", "支付方式", Form::Text(2);
    /// Treatment of income and spending (收支管理).
    ManagementType = 4, "ProCatCode", "收支管理", Form::Text(10);
    /// Finance's business office (业务处室).
    FinanceOffice = 5, "MOFDepCode", "业务处室", Form::Text(30);
    /// Department in charge (一级预算单位).
    Department = 6, "SupDepCode", "一级预算单位编码", Form::Text(21);
    /// Name of the department in charge.
    DepartmentName = 7, "SupDepName", "一级预算单位名称", Form::Text(180);
    /// Budget unit (预算单位).
    Unit = 8, "AgencyCode", "预算单位编码", Form::Text(21);
    /// Name of the budget unit.
    UnitName = 9, "AgencyName", "预算单位名称", Form::Text(180);
    /// Functional class (支出功能分类).
    Function = 10, "ExpFuncCode", "功能分类科目", Form::Text(10);
    /// Government economic class (政府支出经济分类).
    GovernmentEconomic = 11, "GovExpEcoCode", "政府经济分类", Form::Text(10);
    /// Departmental economic class (部门支出经济分类).
    DepartmentEconomic = 12, "DepExpEcoCode", "部门经济分类", Form::Text(10);
    /// Project (预算项目).
    Project = 13, "DepProCode", "预算项目", Form::Text(40);
    /// Settlement mode (结算方式).
    SettlementMode = 14, "SetModeCode", "结算方式", Form::Text(2);
    /// Paying bank's code (代理银行).
    PayBank = 15, "PayBankCode", "代理银行编码", Form::Text(20);
    /// Paying bank's name.
    PayBankName = 16, "PayBankName", "代理银行名称", Form::Text(180);
    /// Clearing bank's code (清算银行).
    ClearBank = 17, "ClearBankCode", "清算银行编码", Form::Text(20);
    /// Clearing account (清算账户).
    ClearAccount = 18, "ClearAcctNo", "清算账户账号", Form::Text(40);
    /// Payer's account: a zero-balance account of finance or the unit.
    PayerAccount = 19, "PayAcctNo", "付款人账号", Form::Text(40);
    /// Payer's name.
    PayerName = 20, "PayAcctName", "付款人全称", Form::Text(300);
    /// Payer's bank by name.
    PayerBankName = 21, "PayAcctBankName", "付款人开户银行", Form::Text(180);
    /// Payee's account.
    PayeeAccount = 22, "PayeeAcctNo", "收款人账号", Form::Text(40);
    /// Payee's name.
    PayeeName = 23, "PayeeAcctName", "收款人全称", Form::Text(300);
    /// Payee's bank by name.
    PayeeBankName = 24, "PayeeAcctBankName", "收款人开户银行", Form::Text(180);
    /// Payee's bank by number (联行号).
    PayeeBankNumber = 25, "PayeeAcctBankNo", "收款人开户行行号", Form::Text(12);
    /// Purpose (用途).
    Purpose = 26, "PaySummaryName", "用途", Form::Text(300);
    /// Ordered amount.
    Amount = 27, "PayAmt", "支付金额", Form::Amount;
    /// Business kind: 1 single, 2 official card, 3 payroll, 4 batch, 5 collection.
    BusinessType = 28, "BusinessTypeCode", "业务类型", Form::Text(2);
    /// How the bank is to handle the money (资金往来对象类别).
    FundDealMode = 29, "FundDealModeCode", "办理方式", Form::Text(10);
    /// Tax bill number (税票号码).
    TaxBill = 30, "TaxBillNo", "税票号码", Form::Text(20);
    /// Taxpayer's number.
    Taxpayer = 31, "TaxayerID", "纳税人识别号", Form::Text(20);
    /// Tax office.
    TaxOffice = 32, "TaxOrgCode", "税务机关代码", Form::Text(12);
    /// Non-tax payment code (缴款识别码).
    PayCode = 33, "PayCode", "缴款识别码", Form::Text(100);
    /// Procurement transaction (政府采购交易识别码).
    Procurement = 34, "GovProcurementID", "政府采购交易识别码", Form::Text(40);
    /// Cheque or settlement paper.
    CheckNumber = 35, "CheckNo", "支票号", Form::Text(40);
    /// The engine's payment: 32 hexadecimal digits (业务追溯识别码).
    Payment = 36, "TrackingID", "业务追溯识别码", Form::Text(38);
    /// The quota that pays.
    Quota = 37, "BgtId", "指标", Form::Text(38);
    /// Why money came back or a voucher was refused.
    Reason = 38, "Reason", "原因", Form::Text(300);
    /// Number of the voucher that is meant: paid, cleared, refunded or corrected.
    OriginalNumber = 39, "OriVoucherNo", "原凭证号", Form::Text(20);
    /// Kind of the voucher that is meant.
    OriginalKind = 40, "OriVtCode", "原凭证类型", Form::Text(4);
    /// Date of the voucher that is meant.
    OriginalDate = 41, "OriVouDate", "原凭证日期", Form::Day;
    /// Detail of the voucher that is meant.
    OriginalDetail = 42, "OriDetailId", "原明细", Form::Text(40);
    /// Refund of the whole voucher (2) or by detail (1).
    RefundType = 43, "RefundType", "退款方式", Form::Text(1);
    /// The bank's own number of a refund.
    RefundNumber = 44, "RefundNo", "退款流水号", Form::Text(20);
    /// Clearing request that a limit notice answers.
    ClearingNumber = 45, "ClearVoucherNo", "划款凭证号", Form::Text(20);
    /// Treasury that is debited (国库代码).
    Treasury = 46, "TreCode", "国库代码", Form::Text(10);
    /// How many lines.
    Total = 47, "AllNum", "总笔数", Form::Count;
    /// Sum of the lines.
    TotalAmount = 48, "AllAmt", "总金额", Form::Amount;
    /// State of a compared voucher: 0 normal, 1 returned.
    LineState = 49, "VoucherState", "凭证状态", Form::Text(1);
    /// First day of a statement.
    FirstDay = 50, "BeginDate", "起始日期", Form::Day;
    /// Last day of a statement.
    LastDay = 51, "EndDate", "截止日期", Form::Day;
    /// Balance before a statement's lines.
    OpeningBalance = 52, "BeginAmt", "期初余额", Form::Amount;
    /// Balance after a statement's lines.
    ClosingBalance = 53, "EndAmt", "期末余额", Form::Amount;
    /// Whether the voucher went by paper while lines were down: 1 yes.
    Offline = 54, "OfflineFlag", "线下办理标识", Form::Text(1);
    /// The voucher this belongs to: details sent beside their parent.
    Parent = 55, "ParentVoucherNo", "主单凭证号", Form::Text(20);
    /// How the payment is managed (支付管理), head of an order.
    PayManagement = 56, "PayMgr", "支付管理", Form::Text(20);
    /// Kind of spending of a detail (支出类型).
    PayKind = 57, "PayKind", "支出类型", Form::Text(20);
    /// A detail's number with whoever wrote it (明细编号).
    DetailNumber = 58, "VoucherDetailNo", "明细编号", Form::Text(40);
    /// A remark on a detail (备注).
    Remark = 59, "Remark", "备注", Form::Text(300);
    /// The payment system's message by which the original was paid: 100 and 111 large value, 001 and 121 small value,
    /// 112 and 122 of banks among themselves (domain §4.5).
    OriginalMessage = 60, "OriPayMsgNo", "原支付报文编号", Form::Text(3);
    /// Reserved for local use.
    Hold1 = 61, "Hold1", "预留字段1", Form::Text(300);
    /// Reserved for local use.
    Hold2 = 62, "Hold2", "预留字段2", Form::Text(300);
    /// Reserved for local use.
    Hold3 = 63, "Hold3", "预留字段3", Form::Text(300);
    /// Reserved for local use.
    Hold4 = 64, "Hold4", "预留字段4", Form::Text(300);
    /// Functional class of the first level (类).
    FunctionClass = 65, "ExpFuncCode1", "支出功能分类类级", Form::Text(3);
    /// Functional class of the second level (款).
    FunctionSection = 66, "ExpFuncCode2", "支出功能分类款级", Form::Text(5);
    /// Functional class of the third level (项).
    FunctionItem = 67, "ExpFuncCode3", "支出功能分类项级", Form::Text(7);
    /// The contract that is paid (合同).
    Contract = 68, "ContractNo", "合同编号", Form::Text(40);
    /// Label of the project (热点分类): direct funds (直达资金).
    Topic = 69, "HotTopicCateCode", "热点分类", Form::Text(32);
    /// Amount that was really paid; zero: this line failed.
    ExecutedAmount = 101, "XPayAmt", "实际支付金额", Form::Amount;
    /// Day it was really paid.
    ExecutedDay = 102, "XPayDate", "实际支付日期", Form::Day;
    /// The bank's own number of what it did (银行交易流水号).
    BankSerial = 103, "XAgentBusinessNo", "银行交易流水号", Form::Text(36);
    /// Payee's account that was really paid.
    ExecutedPayeeAccount = 104, "XPayeeAcctNo", "实际收款人账号", Form::Text(40);
    /// Payee's name that was really paid.
    ExecutedPayeeName = 105, "XPayeeAcctName", "实际收款人全称", Form::Text(300);
    /// Bank of the payee that was really paid.
    ExecutedPayeeBank = 106, "XPayeeAcctBankName", "实际收款人银行", Form::Text(180);
    /// Cheque really used.
    ExecutedCheck = 107, "XCheckNo", "实际支票号", Form::Text(40);
    /// The bank's words: why a line failed.
    ExecutedNote = 108, "XAddWord", "附言", Form::Text(300);
    /// Day of clearing.
    ClearedDay = 109, "XClearDate", "清算日期", Form::Day;
    /// Result of a comparison: 0 equal, 1 different.
    CheckResult = 110, "XCheckResult", "对账结果", Form::Text(1);
    /// What is different.
    CheckReason = 111, "XCheckReason", "不符原因", Form::Text(300);
    /// How the bank has really handled the money.
    ExecutedDealMode = 112, "XFundDealMode", "实际办理方式", Form::Text(10);
}

/// Fields as executed have numbers from here on.
const EXECUTED_FIRST: u16 = 101;

impl Field {
    /// Whether it says what was really done, and so stands on receipts alone.
    #[must_use]
    pub const fn is_executed(self) -> bool {
        self as u16 >= EXECUTED_FIRST
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_names_lead_back_and_numbers_rise() {
        for &field in Field::ALL {
            assert_eq!(Field::from_number(field as u16), Some(field));
            assert_eq!(Field::from_wire_name(field.wire_name()), Some(field));
        }
        assert!(Field::ALL.is_sorted());
    }
}
