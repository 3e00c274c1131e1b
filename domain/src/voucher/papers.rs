//! What a tax, a non-tax payment or a purchase is paid for (domain §4.7), as a desk gives it with the instruction: named
//! numbers among the official ones, each by the name that its field has on a voucher, `TaxBillNo=337010230300000001`.
//!
//! A tax names its bill, its payer and the office; a non-tax payment its code; a purchase its transaction and contract.
//! A payment whose payees stand on a sheet names that sheet by its digest ([`super::payees`]), which goes on no voucher.

use thiserror::Error;

use crate::particulars::official_numbers;

use super::document::{Fields, Value};
use super::field::{Field, Form};
use super::form;
use super::payees::SheetDigest;

/// What a tax has, all of it (domain §4.7).
const OF_TAX: [Field; 3] = [Field::TaxBill, Field::Taxpayer, Field::TaxOffice];

/// What may be named.
const NAMED: [Field; 6] = [
    Field::TaxBill,
    Field::Taxpayer,
    Field::TaxOffice,
    Field::PayCode,
    Field::Procurement,
    Field::Contract,
];

/// The name of a sheet of payees among the official numbers.
pub const PAYEE_SHEET: &str = "PayeeSheet";

/// Why named numbers are none.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NotNamed {
    /// It is too long, or has other characters than its field.
    #[error(
        "`{}={value}` is no {}: write letters, digits and hyphens, as many as the field has", .field.wire_name(),
        .field.wire_name()
    )]
    Form {
        /// Which.
        field: Field,
        /// What was given.
        value: String,
    },
    /// It stands twice.
    #[error("`{}` stands twice among the official numbers; give it once", .0.wire_name())]
    Twice(Field),
    /// Part of a tax is missing.
    #[error(
        "a tax names `TaxBillNo`, `TaxayerID` and `TaxOrgCode`, and `{}` is missing; add it to the official numbers",
        .0.wire_name()
    )]
    Missing(Field),
    /// No digest of a sheet.
    #[error(
        "`{PAYEE_SHEET}={0}` is no sheet of payees: `treasury payment payroll` works its 64 digits out"
    )]
    Sheet(String),
    /// Two sheets.
    #[error("`{PAYEE_SHEET}` stands twice among the official numbers; a payment has one sheet")]
    SheetTwice,
}

impl NotNamed {
    /// In Chinese.
    #[must_use]
    pub fn chinese(&self) -> String {
        match self {
            NotNamed::Form { field, value } => format!("{}{value}格式有误", field.chinese()),
            NotNamed::Twice(field) => format!("{}重复", field.chinese()),
            NotNamed::Missing(field) => format!("缴税业务缺少{}", field.chinese()),
            NotNamed::Sheet(value) => format!("明细摘要{value}格式有误"),
            NotNamed::SheetTwice => "明细摘要重复".to_owned(),
        }
    }
}

/// The fields that a payment's official numbers name, for its voucher. Numbers without a name, or with another, are none.
///
/// # Errors
/// [`NotNamed`]: the first that is wrong, or what a tax lacks.
pub fn named(numbers: &str) -> Result<Fields, NotNamed> {
    let mut fields = Fields::new();
    // Few payments name any.
    if !numbers.contains('=') {
        return Ok(fields);
    }
    sheet_named(numbers)?;
    for (name, value) in official_numbers(numbers).filter_map(|number| number.split_once('=')) {
        let Some(field) = NAMED.into_iter().find(|field| field.wire_name() == name) else {
            continue;
        };
        if !has_form(field, value) {
            return Err(NotNamed::Form { field, value: value.chars().take(80).collect() });
        }
        if fields.get(field).is_some() {
            return Err(NotNamed::Twice(field));
        }
        fields.set(field, Value::Text(value.to_owned()));
    }
    let is_there = |field: &Field| fields.get(*field).is_some();
    match OF_TAX.into_iter().find(|field| !is_there(field)) {
        Some(missing) if OF_TAX.iter().any(is_there) => Err(NotNamed::Missing(missing)),
        _ => Ok(fields),
    }
}

/// The sheet of payees that a payment's official numbers name.
///
/// # Errors
/// When it is no digest, or stands twice.
pub fn sheet_named(numbers: &str) -> Result<Option<SheetDigest>, NotNamed> {
    let mut sheet = None;
    let named = official_numbers(numbers).filter_map(|number| number.split_once('='));
    for (_, value) in named.filter(|(name, _)| *name == PAYEE_SHEET) {
        let digest = SheetDigest::parse(value);
        let digest = digest.ok_or_else(|| NotNamed::Sheet(value.chars().take(80).collect()))?;
        if sheet.replace(digest).is_some() {
            return Err(NotNamed::SheetTwice);
        }
    }
    Ok(sheet)
}

fn has_form(field: Field, value: &str) -> bool {
    let Form::Text(chars_max) = field.form() else { return false };
    (1..=usize::from(chars_max)).contains(&value.len()) && form::holds(field, value)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TAX: &str = "2022-000008 TaxBillNo=337010230300000001、TaxayerID=91370102000000001X TaxOrgCode=13701020000";

    #[test]
    fn what_is_named_goes_into_its_field() {
        let fields = named(TAX).expect("a tax");
        let told = OF_TAX.map(|field| fields.text(field));
        let given = ["337010230300000001", "91370102000000001X", "13701020000"];
        assert_eq!(told, given.map(Some));
        assert_eq!(fields.len(), 3);
        let fields = named("PayCode=37010223000000000019").expect("a non-tax payment");
        assert_eq!(fields.text(Field::PayCode), Some("37010223000000000019"));
        let fields = named("GovProcurementID=370102-1 ContractNo=HT-17").expect("a purchase");
        assert_eq!(fields.text(Field::Procurement), Some("370102-1"));
        assert_eq!(fields.text(Field::Contract), Some("HT-17"));
        for others in ["", "2022-000008", "a=b", "370102000-2023-8202-0000000017"] {
            assert!(named(others).expect("none is named").is_empty(), "{others}");
        }
    }

    #[test]
    fn a_sheet_of_payees_is_named_and_goes_on_no_voucher() {
        let digest = SheetDigest([0xab; 32]);
        let numbers = format!("2022-03 {PAYEE_SHEET}={digest}");
        assert_eq!(sheet_named(&numbers), Ok(Some(digest)));
        assert!(named(&numbers).expect("a sheet").is_empty());
        assert_eq!(sheet_named("2022-03 PayCode=37010223000000000019"), Ok(None));
        let twice = format!("{numbers} {PAYEE_SHEET}={digest}");
        assert_eq!(named(&twice), Err(NotNamed::SheetTwice));
        let short = &numbers[..numbers.len() - 1];
        assert!(matches!(named(short), Err(NotNamed::Sheet(_))));
    }

    #[test]
    fn what_is_wrong_or_missing_is_told() {
        let long = "1".repeat(21);
        let wrong = |field, value: &str| NotNamed::Form { field, value: value.to_owned() };
        for (numbers, told) in [
            (TAX.replace("TaxOrgCode=13701020000", ""), NotNamed::Missing(Field::TaxOffice)),
            ("TaxayerID=9137".to_owned(), NotNamed::Missing(Field::TaxBill)),
            (format!("{TAX} TaxBillNo=1"), NotNamed::Twice(Field::TaxBill)),
            (format!("TaxBillNo={long}"), wrong(Field::TaxBill, &long)),
            ("PayCode=".to_owned(), wrong(Field::PayCode, "")),
            ("PayCode=缴款".to_owned(), wrong(Field::PayCode, "缴款")),
        ] {
            assert_eq!(named(&numbers), Err(told), "{numbers}");
        }
    }
}
