//! What an envelope holds for a bank that speaks ISO 20022: an order, its answer, a daily list; and answers that are
//! wrong, which no receipt is made of.

use std::collections::BTreeSet;

use domain::Fen;
use domain::voucher::check::answers;
use domain::voucher::document::Fields;
use domain::voucher::sample::{Fill, sample};
use domain::voucher::{Detail, Field, Flag, Party, Value, Voucher, VoucherKey, VoucherKind};
use exchange::envelope::PayloadFormat;
use exchange::iso20022::payload::{IsoPayloads, read, write};
use exchange::iso20022::{answer, daily};
use exchange::node::Payloads;
use exchange::xml::EitherPayloads;
use proptest::prelude::*;

use crate::samples::{day, golden, school};

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

/// The receipt of the school's order: the first was paid, the second as it is told.
fn receipt(second_fen: i64, note: &str) -> Voucher {
    let mut receipt = school();
    (receipt.flag, receipt.date) = (Flag::Receipt, day(20_230_311));
    for (line, fen) in receipt.details.iter_mut().zip([500_000, second_fen]) {
        line.fields.set(Field::ExecutedAmount, Value::Amount(Fen::new(fen)));
        if fen != 0 {
            let account = line.fields.text(Field::PayeeAccount).expect("an account").to_owned();
            line.fields.set(Field::ExecutedPayeeAccount, Value::Text(account));
        }
    }
    if !note.is_empty() {
        receipt.details[1].fields.set(Field::ExecutedNote, text(note));
    }
    receipt.head.set(Field::ExecutedAmount, Value::Amount(Fen::new(500_000 + second_fen)));
    receipt.head.set(Field::ExecutedDay, Value::Day(day(20_230_311)));
    receipt.head.set(Field::BankSerial, text("105202303110000000042"));
    receipt
}

fn rejected(note: &str) -> Voucher {
    let mut receipt = receipt(0, note);
    let [first, _] = receipt.details.as_mut_slice() else { panic!("two details") };
    let ordered = school().details[0].fields.clone();
    first.fields =
        ordered.with_amount(Field::ExecutedAmount, Fen::ZERO).with(Field::ExecutedNote, text(note));
    receipt.head.set(Field::ExecutedAmount, Value::Amount(Fen::ZERO));
    receipt
}

const ACCOUNT: &str = "37001618801050000001";

fn line(voucher: &str, detail: &str, fen: i64) -> Fields {
    cleared("8202", voucher, fen).with_text(Field::OriginalDetail, detail)
}

/// What the treasury gave for a request, less than zero, or took back; or an order without its detail.
fn cleared(kind: &str, request: &str, fen: i64) -> Fields {
    Fields::new()
        .with_text(Field::PayerAccount, ACCOUNT)
        .with_amount(Field::Amount, Fen::new(fen))
        .with_text(Field::OriginalNumber, request)
        .with_text(Field::OriginalKind, kind)
        .with_text(Field::LineState, "0")
}

/// A list of an account that lacked so much before.
fn list(opening_fen: i64, lines: Vec<Fields>) -> Voucher {
    let sum: i64 =
        lines.iter().filter_map(|line| line.amount_fen(Field::Amount)).map(Fen::get).sum();
    let mut head = Fields::new()
        .with_text(Field::PayBank, "105")
        .with_text(Field::PayBankName, "中国建设银行")
        .with_amount(Field::TotalAmount, Fen::new(sum))
        .with_text(Field::PayerAccount, ACCOUNT)
        .with_text(Field::PayerName, "第一中学")
        .with_amount(Field::OpeningBalance, Fen::new(opening_fen))
        .with_amount(Field::ClosingBalance, Fen::new(opening_fen - sum))
        .with_text(Field::Hold1, "1/2");
    head.set(Field::Total, Value::Count(lines.len() as u32));
    head.set(Field::FirstDay, Value::Day(day(20_230_311)));
    head.set(Field::LastDay, Value::Day(day(20_230_311)));
    let numbered = (1..).zip(lines);
    let details = numbered.map(|(at, fields)| Detail { id: at.to_string(), fields }).collect();
    let key = VoucherKey::parse("370102000-2023-2206-10500000001").expect("a key");
    Voucher { key, flag: Flag::Original, date: day(20_230_311), head, details }
}

/// A day on which two orders were paid, one of them came back, and the treasury gave and took.
fn a_days_list() -> Voucher {
    let other = line("0000000003", "明细3", 70_000)
        .with_text(Field::BankSerial, "CCB1")
        .with_text(Field::Unit, "101002");
    list(
        -80_000,
        vec![
            line("0000000001", "1", 500_000),
            line("0000000001", "1", -500_000),
            other,
            cleared("2301", "10500000007", -80_000).with_text(Field::Purpose, "清算划款"),
            cleared("2302", "10500000008", 500_000),
        ],
    )
}

#[test]
fn answers_and_lists_are_written_as_they_were() {
    let part = answer::write(&receipt(0, "AC04账户已销户：2023年1月销户")).expect("fit to go out");
    golden("pain002_written.xml", &part.report);
    golden("camt054_written.xml", &part.notice.expect("something was booked"));
    let none = answer::write(&rejected("TM01已过截止时间")).expect("fit to go out");
    golden("pain002_rejected.xml", &none.report);
    assert_eq!(none.notice, None, "nothing was booked");
    golden("camt053_written.xml", &daily::write(&a_days_list()).expect("fit to go out"));
}

#[test]
fn an_answer_reads_beside_its_order() {
    let order = school();
    let whole = receipt(300_000, "");
    let payload = write(&whole).expect("it can be said");
    let told = read(&payload, Some(&order)).expect("a receipt");
    assert_eq!(answers(&order, &told), [], "it repeats what was ordered");
    assert_eq!((told.flag, told.date), (Flag::Receipt, whole.date));
    assert_eq!(told.head, whole.head);
    for (ours, theirs) in whole.details.iter().zip(&told.details) {
        for field in [Field::ExecutedAmount, Field::ExecutedPayeeAccount] {
            assert_eq!(ours.fields.get(field), theirs.fields.get(field));
        }
    }
    assert!(read(&payload, None).is_err(), "an answer to what was never sent");
    for (note, says) in [
        ("AC04账户已销户：2023年1月销户", "AC04账户已销户：2023年1月销户"),
        ("收款账户不能入账", "NARR见附言：收款账户不能入账"),
        ("AC04 else", "NARR见附言：AC04 else"),
    ] {
        let payload = write(&receipt(0, note)).expect("it can be said");
        let told = read(&payload, Some(&order)).expect("a receipt");
        assert_eq!(told.details[1].fields.text(Field::ExecutedNote), Some(says));
        assert_eq!(told.head.amount_fen(Field::ExecutedAmount), Some(Fen::new(500_000)));
        let none = read(&write(&rejected(note)).expect("it can be said"), Some(&order));
        let none = none.expect("a receipt of nothing");
        assert_eq!(none.head.amount_fen(Field::ExecutedAmount), Some(Fen::ZERO));
        assert!(
            none.details.iter().all(|line| line.fields.text(Field::ExecutedNote) == Some(says))
        );
    }
    // Less than was ordered, and why.
    let less = write(&receipt(100, "分批")).expect("it can be said");
    let less = read(&less, Some(&order)).expect("a receipt");
    assert_eq!(less.details[1].fields.amount_fen(Field::ExecutedAmount), Some(Fen::new(100)));
    assert_eq!(less.details[1].fields.text(Field::ExecutedNote), Some("NARR见附言：分批"));
}

#[test]
fn orders_and_lists_come_back_whole() {
    // An account that was not moved and is not at zero is told of by its balances alone.
    for voucher in [school(), a_days_list(), list(-5, Vec::new())] {
        let payload = write(&voucher).expect("it can be said");
        assert_eq!(read(&payload, None), Ok(voucher.clone()));
        assert_eq!(write(&voucher), Some(payload), "written again it is the same");
    }
}

#[test]
fn what_these_messages_cannot_say_goes_in_another_form() {
    let mut executed = receipt(300_000, "");
    executed.details[0].fields.set(Field::ExecutedPayeeName, text("另一人"));
    let mut number = receipt(300_000, "");
    number.head.set(Field::BankSerial, text(&"1".repeat(36)));
    let mut blank = school();
    blank.head.set(Field::PayerName, text(" 第一中学"));
    let changed = |field, value: Value| {
        let mut list = a_days_list();
        list.head.set(field, value);
        list
    };
    let other_sum = changed(Field::TotalAmount, Value::Amount(Fen::new(1)));
    let other_balance = changed(Field::ClosingBalance, Value::Amount(Fen::new(1)));
    let other_account = changed(Field::PayerAccount, text("37001618801050000002"));
    let without = |field| {
        let mut list = a_days_list();
        let mut head = Fields::new();
        for (other, value) in list.head.iter().filter(|(one, _)| *one != field) {
            head.append(other, value.clone());
        }
        list.head = head;
        list
    };
    let missing = [Field::OpeningBalance, Field::ClosingBalance, Field::PayerAccount].map(without);
    let mut returned = a_days_list();
    returned.details[0].fields.set(Field::LineState, text("1"));
    let mut notice = a_days_list();
    notice.details[3].fields.set(Field::OriginalKind, text("5106"));
    let sheet = sample(VoucherKind::BatchDetails, Flag::Original, Fill::Must).expect("a sample");
    let request = sample(VoucherKind::TransferRequest, Flag::Original, Fill::Must);
    let refund = sample(VoucherKind::DirectRefund, Flag::Original, Fill::Must);
    for voucher in [executed, number, blank, returned, notice, sheet]
        .into_iter()
        .chain([other_sum, other_balance, other_account])
        .chain(missing)
        .chain(request)
        .chain(refund)
    {
        assert_eq!(write(&voucher), None, "{voucher:?}");
        let (iso, other) = (party("bank:105"), party("bank:102"));
        let payloads = IsoPayloads::new(Box::new(EitherPayloads), BTreeSet::from([iso]));
        let format = |to| payloads.write(to, &voucher).map(|(format, _)| format);
        assert_eq!(format(iso), Ok(PayloadFormat::Canonical));
        assert_eq!(format(other), Ok(PayloadFormat::Canonical));
    }
}

fn party(text: &str) -> Party {
    text.parse().expect("a party")
}

#[test]
fn the_party_chooses_the_form_and_everybody_reads_it() {
    let payloads = IsoPayloads::new(Box::new(EitherPayloads), BTreeSet::from([party("bank:105")]));
    let (format, payload) =
        payloads.write(party("bank:105"), &school()).expect("it can be written");
    assert_eq!(format, PayloadFormat::Iso20022);
    assert_eq!(payloads.read(format, &payload, None), Ok(school()));
    assert_eq!(EitherPayloads.read(format, &payload, None), Ok(school()));
    let (format, payload) =
        payloads.write(party("bank:102"), &school()).expect("it can be written");
    assert_eq!(format, PayloadFormat::Canonical);
    assert_eq!(payloads.read(format, &payload, None), Ok(school()));
}

/// A payload of these messages, by their names.
fn payload(messages: &[(&str, &str)]) -> Vec<u8> {
    let mut payload = vec![messages.len() as u8];
    for (name, message) in messages {
        payload.push(name.len() as u8);
        payload.extend_from_slice(name.as_bytes());
        payload.extend_from_slice(&(message.len() as u32).to_le_bytes());
        payload.extend_from_slice(message.as_bytes());
    }
    payload
}

const REPORT: &str = "pain.002.001.10";
const NOTICE: &str = "camt.054.001.08";

#[test]
fn a_wrong_answer_is_no_receipt() {
    let order = school();
    let answer = answer::write(&receipt(0, "AC04账户已销户")).expect("fit to go out");
    let (report, notice) = (answer.report, answer.notice.expect("something was booked"));
    let told = |report: &str, notice: &str| {
        read(&payload(&[(REPORT, report), (NOTICE, notice)]), Some(&order))
    };
    told(&report, &notice).expect("a receipt");
    let refused = |report: &str, notice: &str, says: &str| {
        let why = told(report, notice).expect_err(says);
        assert!(why.contains(says), "{why}");
    };
    let id = "370102202382020000000001";
    let other = "370102202382020000000002";
    // Of another message, payment or transfer.
    refused(&report.replace(id, other), &notice, "the report is of message");
    let payment = format!("<OrgnlPmtInfId>{id}");
    refused(
        &report.replace(&payment, &format!("<OrgnlPmtInfId>{other}")),
        &notice,
        "tells of payment",
    );
    let transfer = |name: &str| format!("<OrgnlEndToEndId>{name}</OrgnlEndToEndId>");
    refused(&report.replace(&transfer("1"), &transfer("9")), &notice, "not ordered");
    refused(&report, &notice.replace("<EndToEndId>1", "<EndToEndId>9"), "no such detail");
    let of_other = notice.replace(&format!("<PmtInfId>{id}"), &format!("<PmtInfId>{other}"));
    refused(&report, &of_other, "no booked payment");
    let account = "37001618801050000001";
    refused(&report, &notice.replace(account, "37001618801050000002"), "of account");
    // Another order was seen.
    refused(&report.replace("<OrgnlCtrlSum>8000.00", "<OrgnlCtrlSum>8000.01"), &notice, "saw");
    refused(&report.replace("<OrgnlNbOfTxs>2", "<OrgnlNbOfTxs>3"), &notice, "saw");
    // Statuses that are not known, or say something else than what is booked.
    refused(&report.replace("<TxSts>ACSC", "<TxSts>ABCD"), &notice, "does not say it is paid");
    refused(&report.replace("<TxSts>RJCT", "<TxSts>ABCD"), &notice, "no definite answer");
    refused(&report.replace("<TxSts>ACSC", "<TxSts>RJCT"), &notice, "booked and rejected");
    // What is booked does not add up, is not booked, came in, or is of nothing.
    refused(&report, &notice.replacen("5000.00", "5000.01", 1), "parts come to");
    refused(&report, &notice.replace("<Cd>BOOK", "<Cd>PDNG"), "no booked payment");
    refused(&report, &notice.replace("DBIT", "CRDT"), "no booked payment");
    refused(&report, &notice.replace("5000.00", "0.00"), "no booked payment");
    refused(&report, &notice.replace("CNY", "USD"), "CNY");
    refused(&report.replace("CreDtTm", "CreDt"), &notice, "no day");
    // Another amount is no contradiction: the engine hears what was done.
    let less = told(&report, &notice.replace("5000.00", "4999.99")).expect("a receipt");
    assert_eq!(less.head.amount_fen(Field::ExecutedAmount), Some(Fen::new(499_999)));
}

#[test]
fn what_is_no_payload_is_refused() {
    let answer = answer::write(&receipt(300_000, "")).expect("fit to go out");
    let (report, notice) = (answer.report.as_str(), answer.notice.expect("something was booked"));
    let (report, notice) = ((REPORT, report), (NOTICE, notice.as_str()));
    for messages in [
        &[][..],
        &[notice],
        &[notice, report],
        &[report, report],
        &[report, notice, notice],
        &[("pain.001.001.03", report.1)],
        &[("camt.053.001.08", notice.1)],
        &[("pain.001.001.09", report.1)],
    ] {
        assert!(read(&payload(messages), Some(&school())).is_err(), "{messages:?}");
    }
    let whole = payload(&[report, notice]);
    assert!(read(&whole, Some(&school())).is_ok());
    assert!((0..whole.len()).step_by(5).all(|end| read(&whole[..end], Some(&school())).is_err()));
    assert!(read(&[whole.as_slice(), b" "].concat(), Some(&school())).is_err());
}

#[test]
fn a_wrong_list_is_none() {
    let good = daily::write(&a_days_list()).expect("fit to go out");
    assert_eq!(daily::read(good.as_bytes()), Ok(a_days_list()));
    for (from, to) in [
        ("<MsgId>37010220232206", "<MsgId>37010220238202"),
        ("<MsgId>370102", "<MsgId>370103"),
        ("<NbOfNtries>5", "<NbOfNtries>3"),
        ("<Sum>16500.00", "<Sum>16500.01"),
        // Balances: another than the entries make, another sign, another day, another type, none.
        ("<Amt Ccy=\"CNY\">800.00", "<Amt Ccy=\"CNY\">800.01"),
        ("<Amt Ccy=\"CNY\">5700.00", "<Amt Ccy=\"CNY\">5699.99"),
        ("<CdtDbtInd>DBIT", "<CdtDbtInd>CRDT"),
        ("<Dt>2023-03-11", "<Dt>2023-03-10"),
        ("<Cd>OPBD", "<Cd>CLBD"),
        ("<Cd>OPBD", "<Cd>PRCD</Cd><Cd>OPBD"),
        ("<Cd>OPBD", "<Cd>ITBD"),
        ("<Cd>CLBD", "<Cd>CLAV"),
        ("<FrDtTm>2023-03-11", "<FrDtTm>2023-03-10"),
        ("<Cd>BOOK", "<Cd>PDNG"),
        ("<Dt>2023-03-11", "<Dt>2023-03-12"),
        ("<PmtInfId>37010220238202", "<PmtInfId>37010220235106"),
        ("<PmtInfId>370102", "<PmtInfId>370103"),
        ("<CdtDbtInd>DBIT", "<CdtDbtInd>OUT"),
        ("<ToDtTm>2023-03-11", "<ToDtTm>2023-03-12"),
        ("<Id>37001618801050000001</Id>", "<Id></Id>"),
        ("<OriDetailId>明细3", "<OriDetailId>明细4"),
        ("<AgencyCode>101002", "<Agency>101002"),
        ("<AgencyCode>", "<PayAmt>1.00</PayAmt><AgencyCode>"),
        ("<Hold1>1/2", "<Hold1>"),
        ("<EndToEndId>1<", "<EndToEndId><"),
    ] {
        let message = good.replacen(from, to, 1);
        assert_ne!(message, good, "{from}");
        assert!(daily::read(message.as_bytes()).is_err(), "{from} → {to}");
    }
    // What it lacks is said by name, and figures that do not fit by their amounts.
    let told = |message: &str| daily::read(message.as_bytes()).expect_err("no list").to_string();
    let balance = |code: &str| {
        let start = good.find("      <Bal>").expect("a balance");
        let mut balances = good[start..].split_inclusive("</Bal>\n");
        let balance = balances.find(|text| text.contains(code)).expect("the balance");
        good.replacen(balance, "", 1)
    };
    assert!(told(&balance("OPBD")).contains("the opening balance (Bal, OPBD)"));
    assert!(told(&balance("CLBD")).contains("the closing balance (Bal, CLBD)"));
    let why = told(&good.replacen("<Amt Ccy=\"CNY\">800.00", "<Amt Ccy=\"CNY\">900.00", 1));
    assert!(why.contains("-5700.00") && why.contains("-5800.00"), "{why}");
    let start = good.find("    <Stmt>").expect("a statement");
    let end = good.find("    <SplmtryData>").expect("the head's fields");
    let twice = format!("{}{}{}", &good[..end], &good[start..end], &good[end..]);
    daily::read(twice.as_bytes()).expect_err("two statements");
}

fn any_line() -> impl Strategy<Value = Fields> {
    let detail =
        prop::sample::select(vec!["1", "2", "17", "明细1", "01234567-89ab-4cde-8f01-23456789abcd"]);
    let fen = prop_oneof![1..1_000_000_i64, -1_000_000..-1_i64];
    let more = prop::option::of(prop::sample::select(vec!["a & b", "<c>", "第一中学"]));
    let kind = prop::sample::select(vec!["8202", "5201", "2301", "2302"]);
    (kind, 1..99_u32, detail, fen, more).prop_map(|(kind, number, detail, fen, more)| {
        let number = format!("{number:010}");
        let line = match kind {
            "2301" | "2302" => cleared(kind, &number, fen),
            _ => cleared(kind, &number, fen).with_text(Field::OriginalDetail, detail),
        };
        match more {
            Some(more) => line.with_text(Field::PayerName, more),
            None => line,
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_list_comes_back(
        opening_fen in -1_000_000..1_000_000_i64,
        lines in prop::collection::vec(any_line(), 0..12),
    ) {
        let list = list(opening_fen, lines);
        let payload = write(&list);
        prop_assert!(payload.is_some(), "{:?}", list);
        prop_assert_eq!(read(&payload.unwrap_or_default(), None), Ok(list));
    }

    /// Bytes of an answer changed anywhere: refused, or another amount, account, day, number or reason at most. What was
    /// ordered stays as it was sent.
    #[test]
    fn a_changed_answer_never_changes_the_order(
        changes in prop::collection::vec((any::<prop::sample::Index>(), 0..3_u8, any::<u8>()), 1..4),
    ) {
        let mut bytes = write(&receipt(0, "AC04账户已销户")).expect("it can be said");
        for (at, how, byte) in changes {
            let at = at.index(bytes.len());
            match how {
                0 => bytes[at] = byte,
                1 => { bytes.remove(at); }
                _ => bytes.insert(at, byte),
            }
        }
        if let Ok(told) = read(&bytes, Some(&school())) {
            prop_assert_eq!(answers(&school(), &told), []);
        }
    }

    #[test]
    fn a_changed_list_is_refused_or_read(
        changes in prop::collection::vec((any::<prop::sample::Index>(), 0..3_u8, any::<u8>()), 1..4),
    ) {
        let mut bytes = daily::write(&a_days_list()).expect("fit to go out").into_bytes();
        for (at, how, byte) in changes {
            let at = at.index(bytes.len());
            match how {
                0 => bytes[at] = byte,
                1 => { bytes.remove(at); }
                _ => bytes.insert(at, byte),
            }
        }
        let _ = daily::read(&bytes);
    }
}
