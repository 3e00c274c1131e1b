//! Vouchers to write, and files to hold against.

use std::path::PathBuf;

use domain::Fen;
use domain::ids::{Day, FiscalYear};
use domain::voucher::document::Fields;
use domain::voucher::{
    Detail, DivisionCode, Field, Flag, Value, Voucher, VoucherKey, VoucherKind, VoucherNumber,
};
use exchange::iso20022::ids::Uetr;
use exchange::iso20022::orders::Created;

pub(crate) fn day(yyyymmdd: u32) -> Day {
    Day::new(yyyymmdd).expect("a day")
}

pub(crate) fn key(number: &str) -> VoucherKey {
    VoucherKey {
        division: DivisionCode::new("370102000").expect("a code"),
        year: FiscalYear::new(2023).expect("a year"),
        kind: VoucherKind::Payment,
        number: VoucherNumber::new(number).expect("a number"),
    }
}

pub(crate) fn created() -> Created {
    Created { day: day(20_230_310), second: 9 * 3600 + 20 * 60 }
}

pub(crate) fn uetrs(many: usize) -> Vec<Uetr> {
    (1..=many as u8).map(|which| Uetr::from_random([which; 16])).collect()
}

fn payee(id: &str, fen: i64, account: &str, name: &str, bank: &str) -> Detail {
    let fields = Fields::new()
        .with_amount(Field::Amount, Fen::new(fen))
        .with_text(Field::PayeeAccount, account)
        .with_text(Field::PayeeName, name)
        .with_text(Field::PayeeBankName, "中国建设银行济南历下支行")
        .with_text(Field::PayeeBankNumber, bank)
        .with_text(Field::Purpose, "办公用品")
        .with_text(Field::Department, "101")
        .with_text(Field::Function, "2050203")
        .with_text(Field::Payment, format!("{:032x}", fen));
    Detail { id: id.to_owned(), fields }
}

/// A middle school pays two shops from one quota.
pub(crate) fn school() -> Voucher {
    let head = Fields::new()
        .with_text(Field::FundType, "111")
        .with_text(Field::PayType, "12")
        .with_text(Field::Unit, "101001")
        .with_text(Field::UnitName, "济南市第一中学")
        .with_text(Field::GovernmentEconomic, "50502")
        .with_text(Field::DepartmentEconomic, "30201")
        .with_text(Field::Project, "P-2023-0001")
        .with_text(Field::PayBank, "105451000010")
        .with_text(Field::PayBankName, "中国建设银行")
        .with_text(Field::PayerAccount, "37001618801050000001")
        .with_text(Field::PayerName, "济南市第一中学零余额账户")
        .with_text(Field::PayerBankName, "中国建设银行济南分行")
        .with_text(Field::BusinessType, "1")
        .with_text(Field::Quota, "184/2023/7")
        .with_amount(Field::Amount, Fen::new(800_000));
    let details = vec![
        payee("1", 500_000, "6217000000000000001", "历下文具店", "105451000028"),
        payee("2", 300_000, "6217000000000000002", "纸张 & <笔> 商行", "105451000036"),
    ];
    Voucher { key: key("0000000001"), flag: Flag::Original, date: day(20_230_310), head, details }
}

/// Wages, a tax and a contract at once: everything that is long, or named in a way of its own.
pub(crate) fn long() -> Voucher {
    let mut voucher = school();
    voucher.key = key("12345678901234567890");
    voucher.head.set(Field::BusinessType, Value::Text("3".to_owned()));
    voucher.head.set(Field::PayBank, Value::Text("105".to_owned()));
    voucher.head.set(Field::PayerName, Value::Text("很长的单位名称".repeat(20)));
    let [first, second] = voucher.details.as_mut_slice() else { panic!("two details") };
    first.id = "01234567-89ab-4cde-8f01-23456789abcd".to_owned();
    first.fields.set(Field::Purpose, Value::Text("三月工资".repeat(50)));
    first.fields.set(Field::Procurement, Value::Text("CG-2023-0001".to_owned()));
    second.id = "D-2023-03-10-00000000000000000000000002".to_owned();
    second.fields.set(Field::TaxBill, Value::Text("337010230300000001".to_owned()));
    second.fields.set(Field::PayCode, Value::Text("9".repeat(60)));
    second.fields.set(Field::Procurement, Value::Text("C".repeat(40)));
    voucher
}

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/iso20022").join(name)
}

/// A golden file.
pub(crate) fn file(name: &str) -> Vec<u8> {
    std::fs::read(path(name)).unwrap_or_else(|wrong| panic!("{name}: {wrong}"))
}

/// Holds a text against a golden file, or writes that.
pub(crate) fn golden(name: &str, text: &str) {
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(path(name), text).expect("the golden file can be written");
    }
    let is = String::from_utf8(file(name)).expect("text");
    assert_eq!(is, text, "{name}: UPDATE_GOLDEN=1 cargo test -p exchange --test iso20022");
}
