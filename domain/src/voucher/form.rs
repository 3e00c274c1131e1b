//! The form of a field's text beyond its length: digits, codes, numbers of other vouchers.

use super::field::Field;
use super::key::VoucherNumber;
use super::kind::VoucherKind;
use crate::limits::VOUCHER_DETAIL_ID_CHARS_MAX;
use crate::money::Fen;

/// Business kind of payments to one payee each.
pub const BUSINESS_SINGLE: &str = "1";
/// Business kind of official cards (公务卡).
pub const BUSINESS_CARD: &str = "2";
/// Business kind of payroll (工资).
pub const BUSINESS_PAYROLL: &str = "3";
/// Business kind of batches (批量).
pub const BUSINESS_BATCH: &str = "4";
/// Business kind of collection by agreement (委托收款、托收).
pub const BUSINESS_COLLECTION: &str = "5";

/// Payment method: direct (直接支付).
pub const METHOD_DIRECT: &str = "11";
/// Payment method: authorized (授权支付), also of the one form after integration.
pub const METHOD_AUTHORIZED: &str = "12";
/// Payment method: allocation (实拨).
pub const METHOD_ALLOCATION: &str = "91";

/// Settlement mode: cash (现金), the one without a payee's account.
pub const SETTLED_IN_CASH: &str = "1";
/// Settlement mode: transfer (转账).
pub const SETTLED_BY_TRANSFER: &str = "2";

/// A refund by detail (按明细).
pub const REFUND_BY_DETAIL: &str = "1";
/// A refund of the whole voucher (按单).
pub const REFUND_OF_WHOLE: &str = "2";

/// State of a compared voucher: normal.
pub const LINE_NORMAL: &str = "0";
/// State of a compared voucher: returned.
pub const LINE_RETURNED: &str = "1";
/// State of a compared voucher: taken, and not done yet: it waits for cash, or for a day.
pub const LINE_WAITING: &str = "2";

/// Result of a comparison: equal.
pub const CHECK_EQUAL: &str = "0";
/// Result of a comparison: different.
pub const CHECK_DIFFERENT: &str = "1";

/// Message of the payment system for what a customer sends at large value (大额), second generation.
pub const MESSAGE_LARGE_VALUE: &str = "111";
/// Message of the payment system for what a customer sends at small value (小额), second generation.
pub const MESSAGE_SMALL_VALUE: &str = "121";
/// Messages of the payment system that carry a payment (domain §4.5): first generation, then second.
const PAYMENT_MESSAGES: [&str; 6] =
    ["100", "001", MESSAGE_LARGE_VALUE, "112", MESSAGE_SMALL_VALUE, "122"];

/// Most that goes through the small-value payment system by one message (小额支付系统贷记业务金额上限): 50,000 yuan.
const SMALL_VALUE_FEN_MAX: i64 = 5_000_000;

/// The message of the payment system that carries what a customer pays to another bank.
#[must_use]
pub const fn payment_message(amount_fen: Fen) -> &'static str {
    match amount_fen.get() > SMALL_VALUE_FEN_MAX {
        true => MESSAGE_LARGE_VALUE,
        false => MESSAGE_SMALL_VALUE,
    }
}

/// Most digits of a refund's number: what fits 64 bits, whatever they are.
const REFUND_DIGITS_MAX: usize = 19;

/// Whether a text of the right length has the form of its field.
#[must_use]
pub fn holds(field: Field, text: &str) -> bool {
    match field {
        Field::PayeeBankNumber => text.len() == 12 && digits(text),
        Field::Payment => text.len() == 32 && text.bytes().all(is_lower_hex),
        Field::BusinessType => matches!(text, "1" | "2" | "3" | "4" | "5"),
        Field::RefundType => matches!(text, REFUND_BY_DETAIL | REFUND_OF_WHOLE),
        Field::RefundNumber => refund_number(text).is_some(),
        Field::LineState => matches!(text, LINE_NORMAL | LINE_RETURNED | LINE_WAITING),
        Field::CheckResult => matches!(text, CHECK_EQUAL | CHECK_DIFFERENT),
        Field::Offline => text == "1",
        Field::OriginalMessage => PAYMENT_MESSAGES.contains(&text),
        Field::FunctionClass => text.len() == 3 && digits(text),
        Field::FunctionSection => text.len() == 5 && digits(text),
        Field::FunctionItem => text.len() == 7 && digits(text),
        Field::OriginalNumber | Field::ClearingNumber | Field::Parent => {
            VoucherNumber::new(text).is_some()
        }
        Field::OriginalKind => kind(text).is_some(),
        Field::OriginalDetail => detail_id(text),
        Field::FundType
        | Field::BudgetType
        | Field::PayType
        | Field::ManagementType
        | Field::FinanceOffice
        | Field::Department
        | Field::Unit
        | Field::Function
        | Field::GovernmentEconomic
        | Field::DepartmentEconomic
        | Field::SettlementMode
        | Field::PayBank
        | Field::ClearBank
        | Field::PayManagement
        | Field::PayKind
        | Field::FundDealMode
        | Field::ExecutedDealMode
        | Field::Treasury => text.bytes().all(|byte| byte.is_ascii_alphanumeric()),
        Field::TaxBill
        | Field::Taxpayer
        | Field::TaxOffice
        | Field::PayCode
        | Field::Procurement
        | Field::Contract
        | Field::PayerAccount
        | Field::PayeeAccount
        | Field::ClearAccount
        | Field::ExecutedPayeeAccount => {
            text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        }
        _ => true,
    }
}

/// What a code of a field with a closed list is called by officials; none where the field has no list, or it lacks the code.
#[must_use]
pub fn code_name(field: Field, code: &str) -> Option<&'static str> {
    let named: &[(&str, &str)] = match field {
        Field::PayType => &[
            (METHOD_DIRECT, "直接支付"),
            (METHOD_AUTHORIZED, "授权支付"),
            (METHOD_ALLOCATION, "实拨"),
        ],
        Field::BusinessType => &[
            (BUSINESS_SINGLE, "单笔支付"),
            (BUSINESS_CARD, "公务卡还款"),
            (BUSINESS_PAYROLL, "工资"),
            (BUSINESS_BATCH, "批量支付"),
            (BUSINESS_COLLECTION, "委托收款"),
        ],
        Field::SettlementMode => &[(SETTLED_IN_CASH, "现金"), (SETTLED_BY_TRANSFER, "转账")],
        Field::RefundType => &[(REFUND_BY_DETAIL, "按明细"), (REFUND_OF_WHOLE, "按单")],
        _ => &[],
    };
    named.iter().find(|(known, _)| *known == code).map(|(_, name)| *name)
}

/// Whether a text may number a detail: 1 to [`VOUCHER_DETAIL_ID_CHARS_MAX`] ASCII letters, digits, hyphens.
#[must_use]
pub fn detail_id(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    (1..=VOUCHER_DETAIL_ID_CHARS_MAX).contains(&text.len()) && text.bytes().all(plain)
}

/// The kind that a text of four digits names.
#[must_use]
pub fn kind(text: &str) -> Option<VoucherKind> {
    if text.len() != 4 || !digits(text) {
        return None;
    }
    VoucherKind::from_code(text.parse().ok()?)
}

/// A refund's number: 1 to 19 digits that are more than zero.
#[must_use]
pub fn refund_number(text: &str) -> Option<u64> {
    if !(1..=REFUND_DIGITS_MAX).contains(&text.len()) || !digits(text) {
        return None;
    }
    text.parse().ok().filter(|&number| number > 0)
}

fn digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_lower_hex(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'f')
}
