//! Why a voucher is not taken as a document: numbered findings, in two languages, with place and value.
//!
//! They are the format refusals of the exchange; what a payment or quota allows is not told here. Numbers
//! are never reused, and apart from those of [`crate::Code`].

use std::fmt;

use super::field::Field;

macro_rules! unfits {
    ($($(#[$doc:meta])* $name:ident = $number:literal, $slug:literal, $english:literal, $chinese:literal, $next:literal;)+) => {
        /// What is wrong with a voucher.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u16)]
        pub enum Unfit { $($(#[$doc])* $name = $number,)+ }

        impl Unfit {
            /// Every one, by number.
            pub const ALL: &'static [Unfit] = &[$(Unfit::$name,)+];

            /// The one with a stable number.
            #[must_use]
            pub const fn from_number(number: u16) -> Option<Unfit> {
                match number { $($number => Some(Unfit::$name),)+ _ => None }
            }

            /// The name in texts and JSON.
            #[must_use]
            pub const fn slug(self) -> &'static str {
                match self { $(Unfit::$name => $slug,)+ }
            }

            /// One English sentence.
            #[must_use]
            pub const fn english(self) -> &'static str {
                match self { $(Unfit::$name => $english,)+ }
            }

            /// The same in Chinese.
            #[must_use]
            pub const fn chinese(self) -> &'static str {
                match self { $(Unfit::$name => $chinese,)+ }
            }

            /// What the sender can do.
            #[must_use]
            pub const fn next_step(self) -> &'static str {
                match self { $(Unfit::$name => $next,)+ }
            }
        }
    };
}

unfits! {
    /// A field it must have.
    FieldMissing = 6001, "field-missing", "a field that this voucher must have is missing or empty", "缺少必填要素", "fill it in";
    /// A field it may not have.
    FieldNotOfKind = 6002, "field-not-of-kind", "this voucher has no such field", "该凭证无此要素", "leave it out, or use one of Hold1 to Hold4";
    /// A text beyond its bound.
    FieldTooLong = 6003, "field-too-long", "a field is longer than it may be", "要素超长", "shorten it";
    /// A value of the wrong form.
    FieldForm = 6004, "field-form", "a field does not have the form it must have", "要素格式有误", "see the table of fields";
    /// The number is too long.
    NumberTooLong = 6005, "number-too-long", "the voucher's number has more than 20 characters", "凭证号超过20位", "give it a shorter number";
    /// The number has other characters.
    NumberForm = 6006, "number-form", "the voucher's number is empty or has other characters than digits and capital letters", "凭证号格式有误", "correct the number";
    /// Dated in the future.
    DateLater = 6007, "date-later", "the voucher's date is later than today", "凭证日期晚于当前日期", "date it today or earlier";
    /// Of a future year.
    YearLater = 6008, "year-later", "the voucher's year is later than the current one", "凭证年度晚于当前年度", "correct the year";
    /// Wrong sign.
    AmountSign = 6009, "amount-sign", "an amount has a sign or is zero where this kind of voucher has no such amounts", "金额正负与凭证类型不符", "correct the amount";
    /// Head and details differ.
    TotalMismatch = 6010, "total-mismatch", "the head's amount is not the sum of its details", "主单金额与明细合计不一致", "correct head or details";
    /// Their number differs.
    CountMismatch = 6011, "count-mismatch", "the head's count is not the number of its details", "主单笔数与明细笔数不一致", "correct head or details";
    /// No details.
    DetailsMissing = 6012, "details-missing", "the voucher has no details and must have some", "缺少明细", "add the details";
    /// Details where none belong.
    DetailsUnexpected = 6013, "details-unexpected", "the voucher has details and may have none", "该凭证不应有明细", "leave them out";
    /// More details than a voucher holds.
    DetailsTooMany = 6014, "details-too-many", "the voucher has more than 50000 details", "明细超过50000条", "send them in several vouchers";
    /// The same detail again.
    DetailRepeated = 6015, "detail-repeated", "two details are the same", "明细重复", "send each detail once";
    /// Another payment method.
    PayMethod = 6016, "pay-method", "the payment method is none that this kind of voucher has", "支付方式不符", "see the methods of the kind: 11 direct, 12 authorized, 91 allocation";
    /// No such treasury.
    UnknownTreasury = 6017, "unknown-treasury", "no treasury has this code", "国库代码不存在", "correct the code";
    /// No such functional class.
    UnknownFunction = 6018, "unknown-function", "no functional class of the year has this code", "功能分类科目不存在", "correct the code";
    /// Income where spending belongs, or the other way round.
    FunctionSide = 6019, "function-side", "the class is one of income where spending belongs, or of spending where income belongs", "收支科目类别不符", "correct the code";
    /// A class that only sums others.
    FunctionNotEnterable = 6020, "function-not-enterable", "the class only sums up others: nothing is entered under it", "科目不可录入", "use a class beneath it";
    /// No such unit.
    UnknownUnit = 6021, "unknown-unit", "no budget unit of the division and year has this code", "预算单位不存在", "correct the code";
    /// No such bank number.
    UnknownBankNumber = 6022, "unknown-bank-number", "no bank of the payment system has this number", "行号不存在", "correct the number";
    /// Another name than on file.
    BankNameMismatch = 6023, "bank-name-mismatch", "the bank's name is not the one on file for its code, or the code is not on file", "代理银行名称与备案不符", "correct code or name";
    /// Never answered by a receipt.
    NoReceipt = 6024, "no-receipt", "this kind of voucher has no receipt", "该凭证无回单", "answer with the kind that answers it";
    /// Not what was answered.
    NotTheOriginal = 6025, "not-the-original", "the receipt does not repeat its original", "回单与原凭证不一致", "repeat every field and detail of the original";
    /// Parent and details differ.
    ParentDisagrees = 6026, "parent-disagrees", "parent voucher and its details sent beside it disagree", "主单与批量明细不一致", "correct parent or details";
    /// A refund of a detail that is none.
    RefundDetail = 6027, "refund-detail", "the refund names a detail that the original does not have, or that was not paid", "退款明细在原凭证中不存在或未支付", "name a detail that was paid";
    /// Another amount than the detail's.
    RefundAmount = 6028, "refund-amount", "the refund's amount is not that of what comes back", "退款金额与原明细金额不一致", "refund each detail whole";
    /// No such kind.
    UnknownKind = 6029, "unknown-kind", "no kind of voucher has this number", "凭证类型不存在", "see the table of kinds";
    /// No division.
    DivisionForm = 6030, "division-form", "the division's code is not nine digits", "区划代码有误", "write nine digits";
    /// No year.
    YearForm = 6031, "year-form", "the year is none that vouchers are kept for", "年度有误", "write four digits";
    /// Head and body name different vouchers.
    KeysDiffer = 6032, "keys-differ", "outer and inner part name different vouchers", "报文头与凭证内容编号不一致", "name one voucher in both";
    /// A field that is none.
    UnknownField = 6033, "unknown-field", "no field of vouchers has this name", "要素名称不存在", "see the table of fields; local fields go into Hold1 to Hold4";
    /// The same field again.
    FieldRepeated = 6034, "field-repeated", "a field stands twice", "要素重复", "send each field once";
    /// A character that cannot be written.
    NotInGbk = 6035, "not-in-gbk", "a text has a character that GBK does not have", "含有GBK字符集以外的字符", "write it with characters of GBK";
    /// More bytes than a voucher has.
    TooLarge = 6036, "too-large", "the voucher has more bytes than one may have", "凭证过大", "send its details in several vouchers";
    /// Neither whole nor not at all.
    ExecutedInPart = 6037, "executed-in-part", "a detail is executed with a part of its amount", "明细只执行了部分金额", "a detail is paid whole or not at all; send the receipt with what was done";
}

impl Unfit {
    /// The stable number.
    #[must_use]
    pub const fn number(self) -> u16 {
        self as u16
    }
}

impl fmt::Display for Unfit {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {}", self.number(), self.slug())
    }
}

/// Where in a voucher.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The voucher itself: its key, date or details as a whole.
    Whole,
    /// A field of its head.
    Head(Field),
    /// A detail, counted from 1, and a field of it, where it is about one.
    Detail(u32, Option<Field>),
}

/// Characters of a value that a finding repeats.
const VALUE_CHARS_MAX: usize = 60;

/// One thing that is wrong with a voucher.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What.
    pub unfit: Unfit,
    /// Where.
    pub place: Place,
    /// The value as it stands, cut to what is worth reading; empty where there is none.
    pub value: String,
}

impl Finding {
    /// A finding about a value.
    #[must_use]
    pub fn new(unfit: Unfit, place: Place, value: &str) -> Finding {
        Finding { unfit, place, value: value.chars().take(VALUE_CHARS_MAX).collect() }
    }

    /// In Chinese, for the reason that goes back to the sender.
    #[must_use]
    pub fn chinese(&self) -> String {
        let place = match self.place {
            Place::Whole => String::new(),
            Place::Head(field) => format!("{}：", field.chinese()),
            Place::Detail(line, None) => format!("第{line}条明细："),
            Place::Detail(line, Some(field)) => format!("第{line}条明细{}：", field.chinese()),
        };
        let value =
            if self.value.is_empty() { String::new() } else { format!("“{}”", self.value) };
        format!("{} {place}{}{value}", self.unfit.number(), self.unfit.chinese())
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: ", self.unfit)?;
        match self.place {
            Place::Whole => {}
            Place::Head(field) => write!(out, "{}: ", field.wire_name())?,
            Place::Detail(line, None) => write!(out, "detail {line}: ")?,
            Place::Detail(line, Some(field)) => {
                write!(out, "detail {line}, {}: ", field.wire_name())?;
            }
        }
        out.write_str(self.unfit.english())?;
        if !self.value.is_empty() {
            write!(out, " (`{}`)", self.value)?;
        }
        write!(out, "; {}", self.unfit.next_step())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_unique_complete_and_lead_back() {
        let mut slugs = std::collections::BTreeSet::new();
        for &unfit in Unfit::ALL {
            assert_eq!(Unfit::from_number(unfit.number()), Some(unfit));
            assert!(slugs.insert(unfit.slug()), "{unfit} twice");
            assert!(crate::Code::from_number(unfit.number()).is_none(), "{unfit} is an answer");
            assert!(unfit.chinese().chars().any(|c| c > '\u{2fff}'), "{unfit} lacks Chinese");
            assert!(!unfit.english().is_empty() && !unfit.next_step().is_empty());
        }
    }

    #[test]
    fn a_finding_tells_thing_value_and_next_step() {
        let place = Place::Detail(2, Some(Field::PayeeBankNumber));
        let finding = Finding::new(Unfit::UnknownBankNumber, place, "102451000018");
        assert_eq!(
            finding.to_string(),
            "6022 unknown-bank-number: detail 2, PayeeAcctBankNo: no bank of the payment system has \
             this number (`102451000018`); correct the number"
        );
        assert_eq!(finding.chinese(), "6022 第2条明细收款人开户行行号：行号不存在“102451000018”");
    }
}
