//! Vouchers: each kind's table against samples filled in from it, and their canonical bytes, which must
//! never change unnoticed.

use domain::ids::Day;
use domain::voucher::canonical;
use domain::voucher::check::{FunctionKnown, Known, NothingHeld, answers, beside, check};
use domain::voucher::document::{Detail, Fields};
use domain::voucher::sample::{DAY, Fill, sample};
use domain::voucher::schema::{Lines, Sign, schema};
use domain::voucher::{
    DivisionCode, Field, Flag, Unfit, Value, Voucher, VoucherKind, VoucherNumber,
};
use domain::{Fen, FiscalYear};
use std::path::PathBuf;

fn today() -> Day {
    Day::new(DAY).expect("a day")
}

fn samples() -> impl Iterator<Item = Voucher> {
    VoucherKind::ALL.iter().flat_map(|&kind| {
        [Flag::Original, Flag::Receipt].into_iter().flat_map(move |flag| {
            [Fill::Must, Fill::All].into_iter().filter_map(move |fill| sample(kind, flag, fill))
        })
    })
}

fn payment() -> Voucher {
    sample(VoucherKind::Payment, Flag::Original, Fill::All).expect("payments have originals")
}

fn found(voucher: &Voucher) -> Vec<Unfit> {
    check(voucher, today(), &NothingHeld).into_iter().map(|finding| finding.unfit).collect()
}

// ---- tables ------------------------------------------------------------------------------------

#[test]
fn every_kind_has_a_table_of_its_own_that_its_samples_fit() {
    for &kind in VoucherKind::ALL {
        assert_eq!(schema(kind).kind, kind);
        assert!(!schema(kind).seals.is_empty(), "{} goes out unsealed", kind.slug());
        let parties = [kind.from()];
        assert!(schema(kind).seals.iter().all(|seal| parties.contains(&seal.party())));
        if let Some(answer) = &schema(kind).receipt {
            let theirs = answer.seals.iter().all(|seal| seal.party() == kind.to());
            assert!(theirs && !answer.seals.is_empty(), "{}", kind.slug());
            for (ours, theirs) in
                [(schema(kind).head, answer.head), (schema(kind).detail, answer.detail)]
            {
                let ours: Vec<Field> = ours.must().chain(ours.may()).collect();
                assert!(theirs.must().chain(theirs.may()).all(|field| !ours.contains(&field)));
            }
        }
    }
    for voucher in samples() {
        assert_eq!(
            check(&voucher, today(), &NothingHeld),
            [],
            "{:?} {:?}",
            voucher.key,
            voucher.flag
        );
    }
}

#[test]
fn what_must_be_there_is_missed_and_what_may_not_be_is_refused() {
    for voucher in samples() {
        let table = schema(voucher.key.kind);
        let answer = table.receipt.as_ref().filter(|_| voucher.flag == Flag::Receipt);
        let mut must: Vec<Field> = table.head.must().collect();
        must.extend(answer.into_iter().flat_map(|answer| answer.head.must()));
        for field in must {
            let mut without = voucher.clone();
            without.head = rid_of(&voucher.head, field);
            assert!(
                found(&without).contains(&Unfit::FieldMissing),
                "{field:?} of {:?}",
                voucher.key
            );
        }
        let mut must: Vec<Field> = table.detail.must().collect();
        must.extend(answer.into_iter().flat_map(|answer| answer.detail.must()));
        for field in must {
            let mut without = voucher.clone();
            without.details[1].fields = rid_of(&voucher.details[1].fields, field);
            assert!(
                found(&without).contains(&Unfit::FieldMissing),
                "{field:?} of {:?}",
                voucher.key
            );
        }
        let mut more = voucher.clone();
        let strange =
            if voucher.key.kind == VoucherKind::Payment { Field::Parent } else { Field::Taxpayer };
        if table.head.must().chain(table.head.may()).all(|field| field != strange) {
            more.head.set(strange, Value::Text("1".into()));
            assert_eq!(found(&more), [Unfit::FieldNotOfKind], "{:?}", voucher.key);
        }
    }
}

fn rid_of(fields: &Fields, out: Field) -> Fields {
    let mut left = Fields::new();
    for (field, value) in fields.iter().filter(|(field, _)| *field != out) {
        left.set(field, value.clone());
    }
    left
}

/// One refusal of form: what is done to a good payment order, and what is found then.
type Spoilt = (&'static str, fn(&mut Voucher), Unfit);

const SPOILT: &[Spoilt] = &[
    ("tomorrow", |v| v.date = Day::new(20_230_311).expect("a day"), Unfit::DateLater),
    ("next year", |v| v.key.year = FiscalYear::new(2024).expect("a year"), Unfit::YearLater),
    ("an empty name", |v| text(&mut v.head, Field::PayerName, ""), Unfit::FieldMissing),
    ("an empty note", |v| text(&mut v.head, Field::Hold2, ""), Unfit::FieldForm),
    (
        "301 characters",
        |v| text(&mut v.head, Field::Purpose, &"费".repeat(301)),
        Unfit::FieldTooLong,
    ),
    ("a line feed", |v| text(&mut v.head, Field::Purpose, "办公\n费"), Unfit::FieldForm),
    ("an amount as text", |v| text(&mut v.head, Field::Amount, "8000.00"), Unfit::FieldMissing),
    (
        "a bank number of 11",
        |v| text(&mut v.details[0].fields, Field::PayeeBankNumber, "10545100001"),
        Unfit::FieldForm,
    ),
    (
        "a payment that is none",
        |v| text(&mut v.details[0].fields, Field::Payment, "A"),
        Unfit::FieldForm,
    ),
    ("business kind 9", |v| text(&mut v.head, Field::BusinessType, "9"), Unfit::FieldForm),
    ("method 91", |v| text(&mut v.head, Field::PayType, "91"), Unfit::PayMethod),
    ("a negative sum", |v| amount(&mut v.head, Field::Amount, -1), Unfit::AmountSign),
    (
        "nothing for a payee",
        |v| amount(&mut v.details[0].fields, Field::Amount, 0),
        Unfit::AmountSign,
    ),
    (
        "a fen more in the head",
        |v| amount(&mut v.head, Field::Amount, 800_001),
        Unfit::TotalMismatch,
    ),
    ("three announced", |v| v.head.set(Field::Total, Value::Count(3)), Unfit::CountMismatch),
    ("nobody to pay", |v| v.details.clear(), Unfit::DetailsMissing),
    ("one twice", |v| v.details[1].id = v.details[0].id.clone(), Unfit::DetailRepeated),
    ("a detail's number with a blank", |v| v.details[0].id = "1 2".into(), Unfit::FieldForm),
    ("a receipt's field", |v| amount(&mut v.head, Field::ExecutedAmount, 1), Unfit::FieldNotOfKind),
];

fn text(fields: &mut Fields, field: Field, text: &str) {
    fields.set(field, Value::Text(text.into()));
}

fn amount(fields: &mut Fields, field: Field, fen: i64) {
    fields.set(field, Value::Amount(Fen::new(fen)));
}

#[test]
fn each_refusal_of_form_is_found() {
    for (what, spoil, unfit) in SPOILT {
        let mut voucher = payment();
        spoil(&mut voucher);
        let found = found(&voucher);
        // A text where an amount belongs is of the wrong form, not missing.
        let unfit = if *what == "an amount as text" { Unfit::FieldForm } else { *unfit };
        assert!(found.contains(&unfit), "{what}: {found:?}");
    }
}

#[test]
fn a_payee_needs_an_account_unless_it_is_cash() {
    let mut voucher = payment();
    voucher.details[0].fields = rid_of(&voucher.details[0].fields, Field::PayeeAccount);
    assert_eq!(found(&voucher), [Unfit::FieldMissing]);
    text(&mut voucher.details[0].fields, Field::SettlementMode, "1");
    assert_eq!(found(&voucher), []);
}

#[test]
fn fields_that_sources_name_stand_where_they_name_them() {
    let of_head = |field| schema(VoucherKind::Payment).head.may().any(|may| may == field);
    let of_detail = |field| schema(VoucherKind::Payment).detail.may().any(|may| may == field);
    assert!(of_head(Field::PayManagement) && !of_detail(Field::PayManagement));
    for field in [Field::DetailNumber, Field::PayKind, Field::Remark] {
        assert!(of_detail(field) && !of_head(field), "{field:?}");
    }
    let receipt = schema(VoucherKind::Payment).receipt.expect("it has one");
    assert!(receipt.head.may().any(|may| may == Field::ExecutedDealMode));
    let mut voucher = payment();
    for (field, wrong) in [
        (Field::FunctionClass, "20"),
        (Field::FunctionSection, "2050X"),
        (Field::FunctionItem, "205"),
        (Field::PayManagement, "?"),
    ] {
        let right = voucher.head.text(field).expect("a sample has it").to_owned();
        text(&mut voucher.head, field, wrong);
        assert_eq!(found(&voucher), [Unfit::FieldForm], "{field:?}");
        text(&mut voucher.head, field, &right);
    }
    let back = sample(VoucherKind::PayeeRefund, Flag::Original, Fill::All);
    let mut back = back.expect("an original");
    for (message, fits) in [("100", true), ("001", true), ("122", true), ("113", false)] {
        text(&mut back.head, Field::OriginalMessage, message);
        assert_eq!(found(&back).is_empty(), fits, "{message}");
    }
}

#[test]
fn what_stands_by_analogy_says_of_which_table() {
    for &kind in VoucherKind::ALL {
        let Some(like) = schema(kind).analogy else { continue };
        assert_eq!(schema(like).analogy, None, "{} is like one that stands by itself", kind.slug());
        assert_ne!(like, kind);
    }
}

#[test]
fn a_failed_line_says_why() {
    let mut receipt = sample(VoucherKind::Payment, Flag::Receipt, Fill::All).expect("a receipt");
    assert_eq!(receipt.details[1].fields.amount_fen(Field::ExecutedAmount), Some(Fen::ZERO));
    receipt.details[1].fields = rid_of(&receipt.details[1].fields, Field::ExecutedNote);
    assert_eq!(found(&receipt), [Unfit::FieldMissing]);
}

#[test]
fn signs_are_those_of_the_kind() {
    for &kind in VoucherKind::ALL {
        let table = schema(kind);
        if table.lines == Lines::None || matches!(table.detail_sign, Sign::Any) {
            continue;
        }
        let mut voucher = sample(kind, Flag::Original, Fill::Must).expect("an original");
        let fen = voucher.details[0].fields.amount_fen(Field::Amount).expect("an amount").get();
        amount(&mut voucher.details[0].fields, Field::Amount, 0);
        assert!(found(&voucher).contains(&Unfit::AmountSign), "{}", kind.slug());
        if table.detail_sign != Sign::NotZero {
            amount(&mut voucher.details[0].fields, Field::Amount, -fen);
            assert!(found(&voucher).contains(&Unfit::AmountSign), "{}", kind.slug());
        }
    }
}

#[test]
fn a_statement_balances() {
    let statement = sample(VoucherKind::TreasuryStatement, Flag::Original, Fill::Must);
    let mut statement = statement.expect("an original");
    amount(&mut statement.head, Field::ClosingBalance, 1);
    assert_eq!(found(&statement), [Unfit::TotalMismatch]);
}

#[test]
fn a_refund_by_detail_names_each_detail_once() {
    let refund = sample(VoucherKind::PayeeRefund, Flag::Original, Fill::Must).expect("an original");
    let mut twice = refund.clone();
    text(&mut twice.details[1].fields, Field::OriginalDetail, "1");
    assert_eq!(found(&twice), [Unfit::DetailRepeated]);
    let mut none = refund.clone();
    none.details.clear();
    assert_eq!(found(&none), [Unfit::DetailsMissing]);
    text(&mut none.head, Field::RefundType, "2");
    assert_eq!(found(&none), []);
}

#[test]
fn kinds_without_a_receipt_have_none() {
    let mut notice =
        sample(VoucherKind::PayeeRefund, Flag::Original, Fill::Must).expect("original");
    notice.flag = Flag::Receipt;
    assert_eq!(found(&notice), [Unfit::NoReceipt]);
}

#[test]
fn findings_are_bounded() {
    let mut voucher = payment();
    let line = Detail { id: String::new(), fields: Fields::new() };
    voucher.details = vec![line; 1000];
    assert_eq!(found(&voucher).len(), domain::limits::VOUCHER_FINDINGS_MAX);
}

// ---- what is on file ---------------------------------------------------------------------------

/// Masters that know one of each.
struct Masters;

impl Known for Masters {
    fn treasury(&self, code: &str) -> bool {
        code == "1501010000"
    }

    fn function(&self, _: FiscalYear, code: &str) -> FunctionKnown {
        match code {
            "2050203" | "2050204" => FunctionKnown::Spending,
            "20502" => FunctionKnown::SumOnly,
            "1010101" | "1030401" => FunctionKnown::Income,
            _ => FunctionKnown::Unknown,
        }
    }

    fn unit(&self, _: DivisionCode, _: FiscalYear, code: &str) -> bool {
        matches!(code, "101" | "101001")
    }

    fn bank_number(&self, number: &str) -> bool {
        number == "105451000017"
    }

    fn bank_name(&self, code: &str, name: &str) -> bool {
        (code, name) == ("102", "工商银行济南历下支行")
    }
}

#[test]
fn codes_are_looked_up() {
    for voucher in samples() {
        assert_eq!(check(&voucher, today(), &Masters), [], "{:?}", voucher.key);
    }
    let codes: [(Field, &str, Unfit); 6] = [
        (Field::Function, "2059999", Unfit::UnknownFunction),
        (Field::Function, "20502", Unfit::FunctionNotEnterable),
        (Field::Function, "1010101", Unfit::FunctionSide),
        (Field::Unit, "999", Unfit::UnknownUnit),
        (Field::Department, "999", Unfit::UnknownUnit),
        (Field::PayeeBankNumber, "105451000018", Unfit::UnknownBankNumber),
    ];
    for (field, code, unfit) in codes {
        let mut voucher = payment();
        text(&mut voucher.details[0].fields, field, code);
        let found = check(&voucher, today(), &Masters);
        assert_eq!(found.iter().map(|f| f.unfit).collect::<Vec<_>>(), [unfit], "{code}");
    }
    for (field, value, unfit) in [
        (Field::Treasury, "1501019999", Unfit::UnknownTreasury),
        (Field::PayBankName, "农业银行", Unfit::BankNameMismatch),
        (Field::PayBank, "103", Unfit::BankNameMismatch),
    ] {
        let mut voucher = payment();
        text(&mut voucher.head, field, value);
        let found = check(&voucher, today(), &Masters);
        assert_eq!(found.iter().map(|f| f.unfit).collect::<Vec<_>>(), [unfit], "{value}");
    }
    let mut income =
        sample(VoucherKind::IncomeDaily, Flag::Original, Fill::Must).expect("original");
    text(&mut income.details[0].fields, Field::Function, "2050203");
    assert_eq!(check(&income, today(), &Masters)[0].unfit, Unfit::FunctionSide);
}

// ---- receipts and details beside ---------------------------------------------------------------

#[test]
fn a_receipt_repeats_its_original() {
    for &kind in VoucherKind::ALL {
        let original = sample(kind, Flag::Original, Fill::All).expect("an original");
        let Some(receipt) = sample(kind, Flag::Receipt, Fill::All) else { continue };
        assert_eq!(answers(&original, &receipt), []);
        let mut other = receipt.clone();
        amount(&mut other.details[0].fields, Field::Amount, 1);
        assert_eq!(answers(&original, &other)[0].unfit, Unfit::NotTheOriginal);
        other = receipt.clone();
        other.details.pop();
        assert_eq!(answers(&original, &other)[0].unfit, Unfit::NotTheOriginal);
        other = receipt.clone();
        other.key.number = VoucherNumber::serial(18);
        assert_eq!(answers(&original, &other)[0].unfit, Unfit::NotTheOriginal);
    }
}

#[test]
fn details_sent_beside_their_parent_agree_with_it() {
    let parent = payment();
    let mut details = sample(VoucherKind::BatchDetails, Flag::Original, Fill::Must).expect("8207");
    text(&mut details.head, Field::Parent, parent.key.number.as_str());
    assert_eq!(beside(&parent, &details), []);
    amount(&mut details.head, Field::Amount, 799_999);
    assert_eq!(beside(&parent, &details)[0].unfit, Unfit::ParentDisagrees);
    text(&mut details.head, Field::Parent, "1");
    assert_eq!(beside(&parent, &details).len(), 2);
}

// ---- canonical bytes ---------------------------------------------------------------------------

/// Compares a file beside this one with what it must be, or writes it with `UPDATE_GOLDEN=1`.
fn golden(name: &str, must_be: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/vouchers").join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("the folder");
        std::fs::write(&path, must_be).expect("the golden file can be written");
    }
    let is = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(is == must_be, "{name} differs; UPDATE_GOLDEN=1 cargo test -p domain writes it");
}

fn in_hex(bytes: &[u8]) -> String {
    let lines = bytes
        .chunks(40)
        .map(|line| line.iter().map(|byte| format!("{byte:02x}")).collect::<String>() + "\n");
    lines.collect()
}

#[test]
fn canonical_bytes_are_those_on_file_and_lead_back() {
    for &kind in VoucherKind::ALL {
        for (flag, name) in [(Flag::Original, "original"), (Flag::Receipt, "receipt")] {
            let Some(voucher) = sample(kind, flag, Fill::All) else { continue };
            let bytes = canonical::bytes(&voucher).expect("a sample can be written");
            golden(&format!("{}-{name}.hex", kind.code()), &in_hex(&bytes));
            assert_eq!(canonical::read(&bytes).as_ref(), Ok(&voucher));
            assert_eq!(canonical::length(&voucher), bytes.len());
        }
    }
}

#[test]
fn what_passes_the_check_can_be_written_and_what_is_too_large_does_not_pass() {
    let mut voucher = payment();
    let long = "费".repeat(300);
    let line = voucher.details[0].fields.clone();
    let count = 20_000;
    voucher.details = (1..=count)
        .map(|n| {
            let mut fields = line.clone();
            let names = [Field::PayeeName, Field::Purpose, Field::Hold1, Field::Hold2];
            names.into_iter().for_each(|field| text(&mut fields, field, &long));
            Detail { id: n.to_string(), fields }
        })
        .collect();
    amount(&mut voucher.head, Field::Amount, 500_000 * count);
    voucher.head.set(Field::Total, Value::Count(count as u32));
    assert_eq!(found(&voucher), [Unfit::TooLarge]);
    assert!(canonical::bytes(&voucher).is_err());
    voucher.details.truncate(10_000);
    amount(&mut voucher.head, Field::Amount, 500_000 * 10_000);
    voucher.head.set(Field::Total, Value::Count(10_000));
    assert_eq!(found(&voucher), []);
    assert!(canonical::bytes(&voucher).is_ok());
}

#[test]
fn bytes_cut_or_longer_are_no_voucher() {
    for voucher in samples() {
        let mut bytes = canonical::bytes(&voucher).expect("a sample can be written");
        for cut in 0..bytes.len() {
            assert!(canonical::read(&bytes[..cut]).is_err(), "cut at {cut}");
        }
        bytes.push(0);
        assert!(canonical::read(&bytes).is_err());
    }
}

#[test]
fn bytes_that_are_read_are_written_again_as_they_were() {
    let bytes = canonical::bytes(&payment()).expect("a sample can be written");
    let mut read = 0;
    for at in 0..bytes.len() {
        for flip in 0..8 {
            let mut other = bytes.clone();
            other[at] ^= 1 << flip;
            if let Ok(voucher) = canonical::read(&other) {
                assert_eq!(canonical::bytes(&voucher).as_deref(), Ok(&other[..]), "byte {at}");
                read += 1;
            }
        }
    }
    assert!(read > 100, "most changes of a text are another voucher: {read}");
}

#[test]
fn a_value_of_another_form_cannot_be_written() {
    let mut voucher = payment();
    text(&mut voucher.head, Field::Amount, "8000.00");
    let told = canonical::bytes(&voucher).expect_err("an amount is no text").to_string();
    assert_eq!(told, "`PayAmt` does not hold what its form says; set it to a value of that form");
}
