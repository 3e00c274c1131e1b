//! A voucher of each kind, filled in from its table: what joint tests begin with, and golden files hold.
//!
//! Two details of 5,000.00 and 3,000.00, as far as the kind has any. In a receipt with everything filled in
//! the second one failed.

use crate::ids::{Day, FiscalYear};
use crate::money::Fen;

use super::document::{Detail, Fields, Value, Voucher};
use super::field::{Field, Form};
use super::form;
use super::key::{DivisionCode, Flag, VoucherKey, VoucherNumber};
use super::kind::VoucherKind;
use super::schema::{Balances, FunctionSide, Level, Lines, Schema, Sign, schema};

/// How much of a table is filled in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fill {
    /// What must be there.
    Must,
    /// Everything that may be there.
    All,
}

/// The day of every sample: 10 March 2023.
pub const DAY: u32 = 20_230_310;

const OPENING_FEN: i64 = 100_000_000;
const LINES_FEN: [i64; 2] = [500_000, 300_000];

/// A sample of a kind; `None` for the receipt of a kind without.
#[must_use]
pub fn sample(kind: VoucherKind, flag: Flag, fill: Fill) -> Option<Voucher> {
    let schema = schema(kind);
    if flag == Flag::Receipt && schema.receipt.is_none() {
        return None;
    }
    let filling = Filling { schema, flag, fill };
    let lines = if schema.lines == Lines::None { 0 } else { LINES_FEN.len() };
    let details: Vec<Detail> = (0..lines).map(|line| filling.detail(line)).collect();
    let key = VoucherKey {
        division: DivisionCode::new("370102000").expect("nine digits"),
        year: FiscalYear::new(2023).expect("a year"),
        kind,
        number: VoucherNumber::serial(17),
    };
    let head = filling.head(&details);
    Some(Voucher { key, flag, date: day(), head, details })
}

fn day() -> Day {
    Day::new(DAY).expect("a day")
}

struct Filling {
    schema: &'static Schema,
    flag: Flag,
    fill: Fill,
}

impl Filling {
    fn fields(&self, of: impl Fn(bool) -> Option<&'static Level>) -> Vec<Field> {
        let answer = if self.flag == Flag::Receipt { of(true) } else { None };
        let mut fields = Vec::new();
        for level in of(false).into_iter().chain(answer) {
            fields.extend(level.must());
            if self.fill == Fill::All {
                fields.extend(level.may());
                fields.push(Field::Hold1);
            }
        }
        fields
    }

    fn head(&self, details: &[Detail]) -> Fields {
        let answer = self.schema.receipt.as_ref().map(|answer| &answer.head);
        let fields =
            self.fields(|of_answer| if of_answer { answer } else { Some(&self.schema.head) });
        let sum = |field| -> i64 {
            details.iter().filter_map(|line| line.fields.amount_fen(field)).map(Fen::get).sum()
        };
        let says = |field| details.iter().any(|line| line.fields.get(field).is_some());
        let executed =
            if says(Field::ExecutedAmount) { Field::ExecutedAmount } else { Field::Amount };
        let mut head = Fields::new();
        for field in fields {
            let value = match field {
                // Without details it is the head's own.
                Field::Amount if self.schema.lines == Lines::None => self.value(field, 0),
                Field::Amount | Field::TotalAmount => Value::Amount(Fen::new(sum(Field::Amount))),
                Field::ExecutedAmount => Value::Amount(Fen::new(sum(executed))),
                Field::OpeningBalance => Value::Amount(Fen::new(OPENING_FEN)),
                Field::ClosingBalance => {
                    let moved_fen = sum(Field::Amount);
                    let is_taken_off = self.schema.balances == Balances::TakenOff;
                    let moved_fen = if is_taken_off { -moved_fen } else { moved_fen };
                    Value::Amount(Fen::new(OPENING_FEN + moved_fen))
                }
                Field::Total => Value::Count(details.len() as u32),
                _ => self.value(field, 0),
            };
            head.set(field, value);
        }
        head
    }

    fn detail(&self, line: usize) -> Detail {
        let answer = self.schema.receipt.as_ref().map(|answer| &answer.detail);
        let mut fields =
            self.fields(|of_answer| if of_answer { answer } else { Some(&self.schema.detail) });
        if self.schema.payee_account {
            fields.push(Field::PayeeAccount);
        }
        let mut amount_fen = LINES_FEN[line];
        match self.schema.detail_sign {
            Sign::Negative => amount_fen = -amount_fen,
            Sign::NotZero => amount_fen = if line == 0 { LINES_FEN[0] } else { -LINES_FEN[0] },
            Sign::Positive | Sign::Zero | Sign::Any => {}
        }
        let fails = self.fill == Fill::All
            && line == 1
            && self.schema.receipt.as_ref().is_some_and(|answer| answer.failures_say_why);
        let mut filled = Fields::new();
        for field in fields {
            let value = match field {
                Field::Amount => Value::Amount(Fen::new(amount_fen)),
                Field::ExecutedAmount if fails => Value::Amount(Fen::ZERO),
                Field::ExecutedAmount => Value::Amount(Fen::new(amount_fen)),
                Field::ExecutedNote if fails => Value::Text("账号与户名不符".into()),
                _ => self.value(field, line),
            };
            filled.set(field, value);
        }
        Detail { id: format!("{}", line + 1), fields: filled }
    }

    fn value(&self, field: Field, line: usize) -> Value {
        match field.form() {
            Form::Text(_) => Value::Text(self.text(field, line)),
            Form::Amount => Value::Amount(Fen::new(LINES_FEN[line])),
            Form::Day => Value::Day(day()),
            Form::Count => Value::Count(1),
        }
    }

    fn text(&self, field: Field, line: usize) -> String {
        let method = self.schema.methods.first().copied().unwrap_or(form::METHOD_AUTHORIZED);
        let function = match self.schema.functions {
            FunctionSide::Spending => ["2050203", "2050204"][line],
            FunctionSide::Income => ["1010101", "1030401"][line],
        };
        let payment = ["00000000000000000000000000000a01", "00000000000000000000000000000a02"];
        match field {
            Field::FundType => "111".into(),
            Field::BudgetType => "11".into(),
            Field::PayType => method.into(),
            Field::ManagementType => "10".into(),
            Field::FinanceOffice => "006".into(),
            Field::Department => "101".into(),
            Field::DepartmentName => "历下区教育和体育局".into(),
            Field::Unit => "101001".into(),
            Field::UnitName => "历下区第一中学".into(),
            Field::Function => function.into(),
            Field::GovernmentEconomic => "50502".into(),
            Field::DepartmentEconomic => "30201".into(),
            Field::Project => "370102230000000000001".into(),
            Field::SettlementMode => form::SETTLED_BY_TRANSFER.into(),
            Field::PayBank | Field::ClearBank => "102".into(),
            Field::PayBankName => "工商银行济南历下支行".into(),
            Field::ClearAccount => "2710000000000001".into(),
            Field::PayerAccount => "1602000000000000001".into(),
            Field::PayerName => "历下区财政局零余额账户".into(),
            Field::PayerBankName => "工商银行济南历下支行".into(),
            Field::PayeeAccount | Field::ExecutedPayeeAccount => {
                ["6222020000000000017", "6222020000000000025"][line].into()
            }
            Field::PayeeName | Field::ExecutedPayeeName => {
                ["齐鲁文具店", "泉城图书有限公司"][line].into()
            }
            Field::PayeeBankName | Field::ExecutedPayeeBank => "建设银行济南泉城支行".into(),
            Field::PayeeBankNumber => "105451000017".into(),
            Field::Purpose => "办公费".into(),
            Field::BusinessType => form::BUSINESS_BATCH.into(),
            Field::FundDealMode => "1".into(),
            Field::TaxBill => "337010230300000001".into(),
            Field::Taxpayer => "91370102000000001X".into(),
            Field::TaxOffice => "13701020000".into(),
            Field::PayCode => "37010223000000000019".into(),
            Field::Procurement => "370102202300000001".into(),
            Field::CheckNumber | Field::ExecutedCheck => "00170001".into(),
            Field::Payment => payment[line].into(),
            Field::Quota => "1/2023/0".into(),
            Field::Reason | Field::CheckReason => "收款账户已销户".into(),
            Field::OriginalNumber | Field::ClearingNumber | Field::Parent => {
                VoucherNumber::serial(8 + line as u32).as_str().into()
            }
            Field::OriginalKind => VoucherKind::Payment.code().to_string(),
            Field::OriginalDetail => (line + 1).to_string(),
            Field::RefundType => form::REFUND_BY_DETAIL.into(),
            Field::RefundNumber => (71 + line).to_string(),
            Field::Treasury => "1501010000".into(),
            Field::LineState => form::LINE_NORMAL.into(),
            Field::CheckResult => form::CHECK_EQUAL.into(),
            Field::Offline => "1".into(),
            Field::BankSerial => "ICBC2023031000000017".into(),
            Field::ExecutedNote => "已入账".into(),
            Field::PayManagement | Field::PayKind | Field::ExecutedDealMode => "1".into(),
            Field::DetailNumber => ["3701022303100001", "3701022303100002"][line].into(),
            Field::Remark => "三月份".into(),
            Field::OriginalMessage => form::MESSAGE_SMALL_VALUE.into(),
            Field::FunctionClass => "205".into(),
            Field::FunctionSection => "20502".into(),
            Field::FunctionItem => function.into(),
            Field::Topic => crate::office::tables::project::DIRECT_FUNDS.into(),
            Field::Contract => "370102202300000017".into(),
            Field::Hold1 | Field::Hold2 | Field::Hold3 | Field::Hold4 => "备用".into(),
            // Amounts, days and counts are no texts.
            _ => String::new(),
        }
    }
}
