//! Whether a voucher is what its kind's table says: the refusals of form, before anything is decided.
//!
//! The day and everything on file are passed in. All that is wrong is found, up to a bound; whether the
//! payments in it exist, and what was ordered, is not looked at.

use crate::ids::{Day, FiscalYear};
use crate::limits::{VOUCHER_BYTES_MAX, VOUCHER_DETAILS_MAX, VOUCHER_FINDINGS_MAX};
use crate::money::{FenSum, yuan_plain};

use super::canonical;
use super::document::{Detail, Fields, Value, Voucher};
use super::field::{Field, Form};
use super::form;
use super::key::{DivisionCode, Flag};
use super::kind::VoucherKind;
use super::schema::{Answer, FunctionSide, Level, Lines, Schema, Sign, bit, schema};
use super::unfit::{Finding, Place, Unfit};

/// Details of which a voucher may have so many whatever they hold: each of at most [`FIELDS_BYTES_MAX`].
const DETAILS_NEVER_LARGE: usize = VOUCHER_BYTES_MAX / FIELDS_BYTES_MAX - 1;

/// Bytes of a head or detail with every field there is, each as long as it may be.
const FIELDS_BYTES_MAX: usize = {
    let (mut sum, mut at) = (64, 0);
    while at < Field::ALL.len() {
        sum += match Field::ALL[at].form() {
            Form::Text(chars_max) => 3 + 4 * chars_max as usize,
            Form::Amount | Form::Day | Form::Count => 9,
        };
        at += 1;
    }
    sum
};

/// What a functional class is to whoever checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FunctionKnown {
    /// One of spending, of the lowest level.
    Spending,
    /// One of income.
    Income,
    /// One that only sums others: nothing is entered under it.
    SumOnly,
    /// None of the year.
    Unknown,
    /// Whoever checks keeps no list of classes.
    NotHeld,
}

/// What is on file with whoever checks.
pub trait Known {
    /// Whether a treasury has this code.
    fn treasury(&self, code: &str) -> bool;

    /// What a functional class of a year is.
    fn function(&self, year: FiscalYear, code: &str) -> FunctionKnown;

    /// Whether a budget unit of a division and year has this code.
    fn unit(&self, division: DivisionCode, year: FiscalYear, code: &str) -> bool;

    /// Whether a bank of the payment system has this number.
    fn bank_number(&self, number: &str) -> bool;

    /// Whether the bank with this code has this name.
    fn bank_name(&self, code: &str, name: &str) -> bool;
}

/// Nothing on file: every code passes.
#[derive(Clone, Copy, Debug)]
pub struct NothingHeld;

impl Known for NothingHeld {
    fn treasury(&self, _: &str) -> bool {
        true
    }

    fn function(&self, _: FiscalYear, _: &str) -> FunctionKnown {
        FunctionKnown::NotHeld
    }

    fn unit(&self, _: DivisionCode, _: FiscalYear, _: &str) -> bool {
        true
    }

    fn bank_number(&self, _: &str) -> bool {
        true
    }

    fn bank_name(&self, _: &str, _: &str) -> bool {
        true
    }
}

/// Everything that is wrong with a voucher by its kind's table, up to [`VOUCHER_FINDINGS_MAX`]; none: it
/// may be taken.
#[must_use]
pub fn check(voucher: &Voucher, today: Day, known: &dyn Known) -> Vec<Finding> {
    let schema = schema(voucher.key.kind);
    let answer = match voucher.flag {
        Flag::Original => None,
        Flag::Receipt => schema.receipt.as_ref(),
    };
    let mut check = Check { voucher, schema, answer, known, found: Found(Vec::new()) };
    if voucher.flag == Flag::Receipt && answer.is_none() {
        check.found.add(Unfit::NoReceipt, Place::Whole, voucher.key.kind.slug());
    }
    check.dates(today);
    check.head();
    check.lines();
    for (line, detail) in (1..).zip(&voucher.details) {
        check.detail(line, detail);
    }
    check.sums();
    check.repeats();
    check.found.0
}

/// What a receipt does not repeat of its original, up to [`VOUCHER_FINDINGS_MAX`]: its key, every field, every
/// detail. What was executed is not compared with what was ordered.
#[must_use]
pub fn answers(original: &Voucher, receipt: &Voucher) -> Vec<Finding> {
    let mut found = Found(Vec::new());
    let unfit = Unfit::NotTheOriginal;
    if original.key != receipt.key
        || original.flag != Flag::Original
        || receipt.flag != Flag::Receipt
        || original.details.len() != receipt.details.len()
    {
        found.add(unfit, Place::Whole, &receipt.key.to_string());
        return found.0;
    }
    for field in unrepeated(&original.head, &receipt.head) {
        found.add(unfit, Place::Head(field), &told(receipt.head.get(field)));
    }
    for (line, (ordered, answered)) in (1..).zip(original.details.iter().zip(&receipt.details)) {
        if ordered.id != answered.id {
            found.add(unfit, Place::Detail(line, None), &answered.id);
        }
        for field in unrepeated(&ordered.fields, &answered.fields) {
            let place = Place::Detail(line, Some(field));
            found.add(unfit, place, &told(answered.fields.get(field)));
        }
    }
    found.0
}

fn unrepeated<'a>(original: &'a Fields, receipt: &'a Fields) -> impl Iterator<Item = Field> + 'a {
    let differs = |(field, value): (Field, &Value)| receipt.get(field) != Some(value);
    original.iter().filter(move |&pair| differs(pair)).map(|(field, _)| field)
}

/// What parent voucher and the details sent beside it (8207) disagree on.
#[must_use]
pub fn beside(parent: &Voucher, details: &Voucher) -> Vec<Finding> {
    let mut found = Found(Vec::new());
    let kind = details.head.text(Field::OriginalKind).and_then(form::kind);
    let names_parent = details.key.kind == VoucherKind::BatchDetails
        && details.head.text(Field::Parent) == Some(parent.key.number.as_str())
        && kind == Some(parent.key.kind)
        && (details.key.division, details.key.year) == (parent.key.division, parent.key.year);
    if !names_parent {
        let named = told(details.head.get(Field::Parent));
        found.add(Unfit::ParentDisagrees, Place::Head(Field::Parent), &named);
    }
    for field in [Field::Amount, Field::FundType, Field::PayType, Field::PayerAccount] {
        let (of_parent, of_details) = (parent.head.get(field), details.head.get(field));
        if of_details.is_some_and(|value| Some(value) != of_parent) {
            found.add(Unfit::ParentDisagrees, Place::Head(field), &told(of_details));
        }
    }
    found.0
}

fn told(value: Option<&Value>) -> String {
    match value {
        None => String::new(),
        Some(Value::Text(text)) => text.clone(),
        Some(Value::Amount(fen)) => fen.to_yuan(),
        Some(Value::Day(day)) => day.get().to_string(),
        Some(Value::Count(count)) => count.to_string(),
    }
}

struct Found(Vec<Finding>);

impl Found {
    fn add(&mut self, unfit: Unfit, place: Place, value: &str) {
        if self.0.len() < VOUCHER_FINDINGS_MAX {
            self.0.push(Finding::new(unfit, place, value));
        }
    }
}

struct Check<'a> {
    voucher: &'a Voucher,
    schema: &'static Schema,
    answer: Option<&'static Answer>,
    known: &'a dyn Known,
    found: Found,
}

impl Check<'_> {
    fn dates(&mut self, today: Day) {
        let Voucher { key, date, .. } = self.voucher;
        if *date > today {
            self.found.add(Unfit::DateLater, Place::Whole, &date.get().to_string());
        }
        if key.year.get() > today.year() {
            self.found.add(Unfit::YearLater, Place::Whole, &key.year.get().to_string());
        }
    }

    fn head(&mut self) {
        let head = &self.voucher.head;
        let answer = self.answer.map(|answer| &answer.head);
        self.level(head, &self.schema.head, answer, self.schema.head_sign, Place::Head);
        let method = head.text(Field::PayType);
        if let Some(method) = method.filter(|method| !self.schema.methods.contains(method)) {
            self.found.add(Unfit::PayMethod, Place::Head(Field::PayType), method);
        }
        if let (Some(code), Some(name)) = (head.text(Field::PayBank), head.text(Field::PayBankName))
            && !self.known.bank_name(code, name)
        {
            self.found.add(Unfit::BankNameMismatch, Place::Head(Field::PayBankName), name);
        }
    }

    fn lines(&mut self) {
        let count = self.voucher.details.len();
        let by_detail = self.voucher.head.text(Field::RefundType) == Some(form::REFUND_BY_DETAIL);
        match self.schema.lines {
            Lines::None if count > 0 => {
                self.found.add(Unfit::DetailsUnexpected, Place::Whole, &count.to_string());
            }
            Lines::Some if count == 0 => self.found.add(Unfit::DetailsMissing, Place::Whole, ""),
            Lines::Any if count == 0 && by_detail => {
                self.found.add(Unfit::DetailsMissing, Place::Whole, "");
            }
            _ => {}
        }
        if count > VOUCHER_DETAILS_MAX {
            self.found.add(Unfit::DetailsTooMany, Place::Whole, &count.to_string());
        }
        // So few cannot be too large, however long their texts.
        if count > DETAILS_NEVER_LARGE {
            let length = canonical::length(self.voucher);
            if length > VOUCHER_BYTES_MAX {
                self.found.add(Unfit::TooLarge, Place::Whole, &length.to_string());
            }
        }
    }

    fn detail(&mut self, line: u32, detail: &Detail) {
        if !form::detail_id(&detail.id) {
            self.found.add(Unfit::FieldForm, Place::Detail(line, None), &detail.id);
        }
        let fields = &detail.fields;
        let place = |field| Place::Detail(line, Some(field));
        let answer = self.answer.map(|answer| &answer.detail);
        self.level(fields, &self.schema.detail, answer, self.schema.detail_sign, place);
        if self.schema.payee_account && fields.get(Field::PayeeAccount).is_none() {
            let mode = fields.text(Field::SettlementMode);
            let mode = mode.or_else(|| self.voucher.head.text(Field::SettlementMode));
            if mode != Some(form::SETTLED_IN_CASH) {
                self.found.add(Unfit::FieldMissing, place(Field::PayeeAccount), "");
            }
        }
        let executed_fen = fields.amount_fen(Field::ExecutedAmount);
        if self.answer.is_some_and(|answer| answer.failures_say_why)
            && executed_fen.is_some_and(|executed| executed.get() == 0)
            && fields.text(Field::ExecutedNote).is_none()
        {
            self.found.add(Unfit::FieldMissing, place(Field::ExecutedNote), "");
        }
    }

    /// Fields of a head or a detail, against its table and what is on file.
    fn level(
        &mut self,
        fields: &Fields,
        level: &Level,
        answer: Option<&Level>,
        sign: Sign,
        place: impl Fn(Field) -> Place,
    ) {
        let more = answer.map_or((0, 0), |more| (more.must_bits(), more.all_bits()));
        let (must, all) = (level.must_bits() | more.0, level.all_bits() | more.1);
        let mut present = 0;
        for (field, value) in fields.iter() {
            if bit(field) & all == 0 {
                self.found.add(Unfit::FieldNotOfKind, place(field), &told(Some(value)));
                continue;
            }
            present |= bit(field);
            match self.value(field, value, sign) {
                // An empty field is one that is not there.
                Err(Unfit::FieldMissing) if bit(field) & must == 0 => {
                    self.found.add(Unfit::FieldForm, place(field), "");
                }
                Err(unfit) => self.found.add(unfit, place(field), &told(Some(value))),
                Ok(()) => {}
            }
        }
        let missing = must & !present;
        if missing != 0 {
            for &field in Field::ALL.iter().filter(|&&field| bit(field) & missing != 0) {
                self.found.add(Unfit::FieldMissing, place(field), "");
            }
        }
    }

    fn value(&self, field: Field, value: &Value, sign: Sign) -> Result<(), Unfit> {
        match (field.form(), value) {
            (Form::Text(chars_max), Value::Text(text)) => {
                if text.is_empty() {
                    return Err(Unfit::FieldMissing);
                }
                let chars_max = usize::from(chars_max);
                if text.len() > chars_max && text.chars().count() > chars_max {
                    return Err(Unfit::FieldTooLong);
                }
                if text.chars().any(char::is_control) || !form::holds(field, text) {
                    return Err(Unfit::FieldForm);
                }
                self.on_file(field, text)
            }
            (Form::Amount, Value::Amount(fen)) => {
                let fits = match field {
                    Field::Amount | Field::TotalAmount => sign.has(fen.get()),
                    Field::ExecutedAmount => sign.may_be_executed(fen.get()),
                    _ => true,
                };
                match (fen.in_bounds(), fits) {
                    (false, _) => Err(Unfit::FieldForm),
                    (true, false) => Err(Unfit::AmountSign),
                    (true, true) => Ok(()),
                }
            }
            (Form::Day, Value::Day(_)) | (Form::Count, Value::Count(_)) => Ok(()),
            _ => Err(Unfit::FieldForm),
        }
    }

    fn on_file(&self, field: Field, text: &str) -> Result<(), Unfit> {
        let key = &self.voucher.key;
        let known = |known, unfit| if known { Ok(()) } else { Err(unfit) };
        match field {
            Field::Treasury => known(self.known.treasury(text), Unfit::UnknownTreasury),
            Field::Unit | Field::Department => {
                known(self.known.unit(key.division, key.year, text), Unfit::UnknownUnit)
            }
            Field::PayeeBankNumber => known(self.known.bank_number(text), Unfit::UnknownBankNumber),
            Field::Function => match (self.known.function(key.year, text), self.schema.functions) {
                (FunctionKnown::Unknown, _) => Err(Unfit::UnknownFunction),
                (FunctionKnown::SumOnly, _) => Err(Unfit::FunctionNotEnterable),
                (FunctionKnown::Income, FunctionSide::Spending)
                | (FunctionKnown::Spending, FunctionSide::Income) => Err(Unfit::FunctionSide),
                _ => Ok(()),
            },
            _ => Ok(()),
        }
    }

    fn sums(&mut self) {
        let Voucher { head, details, .. } = self.voucher;
        for sum in self.schema.sums {
            let Some(total_fen) = head.amount_fen(sum.head) else { continue };
            let (mut sum_fen, mut any): (FenSum, bool) = (0, sum.head == Field::TotalAmount);
            for amount_fen in details.iter().filter_map(|line| line.fields.amount_fen(sum.detail)) {
                sum_fen += FenSum::from(amount_fen.get());
                any = true;
            }
            if any && sum_fen != FenSum::from(total_fen.get()) {
                let told = format!("{} ≠ {}", total_fen.to_yuan(), yuan_plain(sum_fen));
                self.found.add(Unfit::TotalMismatch, Place::Head(sum.head), &told);
            }
        }
        let total = head.get(Field::Total);
        if let Some(Value::Count(count)) = total
            && usize::try_from(*count) != Ok(details.len())
        {
            let told = format!("{count} ≠ {}", details.len());
            self.found.add(Unfit::CountMismatch, Place::Head(Field::Total), &told);
        }
        let tells = !details.is_empty() || total.is_some();
        let sum_fen = self.schema.closing_fen(head, details).filter(|_| tells);
        if let (Some(sum_fen), Some(after)) = (sum_fen, head.amount_fen(Field::ClosingBalance))
            && sum_fen != FenSum::from(after.get())
        {
            let told = format!("{} ≠ {}", after.to_yuan(), yuan_plain(sum_fen));
            let place = Place::Head(Field::ClosingBalance);
            self.found.add(Unfit::TotalMismatch, place, &told);
        }
    }

    fn repeats(&mut self) {
        let details = &self.voucher.details;
        if details.len() < 2 {
            return;
        }
        let mut by_id: Vec<(&str, u32)> =
            (1..).zip(details).map(|(line, detail)| (detail.id.as_str(), line)).collect();
        by_id.sort_unstable();
        for pair in by_id.windows(2).filter(|pair| pair[0].0 == pair[1].0) {
            self.found.add(Unfit::DetailRepeated, Place::Detail(pair[1].1, None), pair[1].0);
        }
        if self.schema.apart.is_empty() {
            return;
        }
        let mut by_fields: Vec<(Vec<Option<&str>>, u32)> = (1..)
            .zip(details)
            .map(|(line, detail)| {
                (self.schema.apart.iter().map(|&field| detail.fields.text(field)).collect(), line)
            })
            .collect();
        by_fields.sort_unstable();
        for pair in by_fields.windows(2).filter(|pair| pair[0].0 == pair[1].0) {
            let told: Vec<&str> = pair[1].0.iter().flatten().copied().collect();
            let place = Place::Detail(pair[1].1, None);
            self.found.add(Unfit::DetailRepeated, place, &told.join(" "));
        }
    }
}
