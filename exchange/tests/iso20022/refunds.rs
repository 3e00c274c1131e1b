//! What has a message too: notices that money came back, and the payees beside an order; and messages of either that are
//! wrong.

use domain::Fen;
use domain::voucher::document::Fields;
use domain::voucher::{Detail, Field, Flag, Value, Voucher, VoucherKey};
use exchange::iso20022::payload::{read, write};
use exchange::iso20022::refund;
use exchange::iso20022::statement::read_notices;
use proptest::prelude::*;

use crate::samples::{day, golden, school};

const ACCOUNT: &str = "37001618801050000001";

fn back(order_detail: &str, number: &str, fen: i64) -> Fields {
    Fields::new()
        .with_text(Field::OriginalDetail, order_detail)
        .with_text(Field::RefundNumber, number)
        .with_amount(Field::Amount, Fen::new(fen))
}

fn notice(reason: &str, lines: Vec<Fields>) -> Voucher {
    let sum: i64 =
        lines.iter().filter_map(|line| line.amount_fen(Field::Amount)).map(Fen::get).sum();
    let head = Fields::new()
        .with_text(Field::FundType, "111")
        .with_text(Field::PayType, "12")
        .with_text(Field::PayBank, "105")
        .with_text(Field::PayBankName, "中国建设银行")
        .with_text(Field::PayerAccount, ACCOUNT)
        .with_text(Field::PayerName, "济南市第一中学零余额账户")
        .with_amount(Field::Amount, Fen::new(sum))
        .with_text(Field::Reason, reason)
        .with_text(Field::OriginalNumber, "0000000001")
        .with_text(Field::OriginalKind, "8202")
        .with_text(Field::RefundType, "1")
        .with_text(Field::RefundNumber, "17");
    let numbered = (1..).zip(lines);
    let details = numbered.map(|(at, fields)| Detail { id: at.to_string(), fields }).collect();
    let key = VoucherKey::parse("370102000-2023-2252-10500000021").expect("a key");
    Voucher { key, flag: Flag::Original, date: day(20_230_312), head, details }
}

/// Two details of an order came back, one of them with a name that is too long for a message.
fn two_came_back() -> Voucher {
    let long = "D-2023-03-10-00000000000000000000000002";
    let other = back(long, "18", -300_000).with_text(Field::Unit, "101002");
    notice("AC04账户已销户：2023年1月销户", vec![back("1", "17", -500_000), other])
}

/// The payees beside the school's payroll.
fn sheet() -> Voucher {
    let mut sheet = school();
    sheet.key = VoucherKey::parse("370102000-2023-8207-0000000001").expect("a key");
    let kept =
        [Field::PayBank, Field::PayBankName, Field::PayerAccount, Field::PayerName, Field::Amount];
    let mut head = Fields::new();
    for (field, value) in school().head.iter().filter(|(field, _)| kept.contains(field)) {
        head.append(field, value.clone());
    }
    sheet.head = head
        .with_text(Field::BusinessType, "3")
        .with_text(Field::Parent, "0000000001")
        .with_text(Field::OriginalKind, "8202")
        .with(Field::Total, Value::Count(2));
    sheet
}

#[test]
fn refunds_and_sheets_are_written_as_they_were() {
    golden("camt054_refund.xml", &refund::write(&two_came_back()).expect("fit to go out"));
    let payload = write(&sheet()).expect("it can be said");
    let text = String::from_utf8_lossy(&payload).into_owned();
    let start = text.find("<?xml").expect("a message");
    golden("pain001_sheet.xml", &text[start..]);
    assert!(text.contains("<BtchBookg>true</BtchBookg>") && text.contains("<Cd>SALA</Cd>"));
}

#[test]
fn refunds_and_sheets_come_back_whole() {
    let mut direct = two_came_back();
    direct.key = VoucherKey::parse("370102000-2023-2203-10500000021").expect("a key");
    direct.head.set(Field::OriginalKind, Value::Text("5201".to_owned()));
    let mut without = Fields::new();
    let two = two_came_back();
    for (field, value) in two.head.iter().filter(|(field, _)| *field != Field::RefundNumber) {
        without.append(field, value.clone());
    }
    let unnumbered = Voucher { head: without, ..two_came_back() };
    let words = notice(&"收款人账号有误。".repeat(30), vec![back("明细1", "9", -1)]);
    for voucher in [two_came_back(), direct, unnumbered, words, sheet()] {
        let payload = write(&voucher).expect("it can be said");
        assert_eq!(read(&payload, None), Ok(voucher.clone()));
        assert_eq!(write(&voucher), Some(payload), "written again it is the same");
    }
    // Whoever reads any bank's notices reads it too: money that came in, of our order.
    let message = refund::write(&two_came_back()).expect("fit to go out");
    let read = read_notices(message.as_bytes()).expect("a notice");
    let told: Vec<i64> = read[0].lines("105").map(|line| line.figures.amount_fen.get()).collect();
    assert_eq!(told, [-500_000, -300_000]);
}

#[test]
fn what_a_refund_or_sheet_cannot_say_goes_in_another_form() {
    let changed = |field, text: &str| {
        let mut notice = two_came_back();
        notice.head.set(field, Value::Text(text.to_owned()));
        notice
    };
    let mut positive = two_came_back();
    positive.details[0].fields.set(Field::Amount, Value::Amount(Fen::new(500_000)));
    let mut sum = two_came_back();
    sum.head.set(Field::Amount, Value::Amount(Fen::new(-1)));
    let receipt = Voucher { flag: Flag::Receipt, ..two_came_back() };
    for voucher in [
        notice("x", Vec::new()),
        changed(Field::OriginalKind, "2301"),
        changed(Field::Reason, " blank at its begin"),
        changed(Field::Reason, "NARR见附言：收款行停业"),
        changed(Field::PayerAccount, &"1".repeat(35)),
        positive,
        sum,
        receipt,
    ] {
        assert_eq!(write(&voucher), None, "{voucher:?}");
    }
    // A sheet whose payer nobody names, as it was written before.
    for field in [Field::PayerAccount, Field::PayerName, Field::PayBank] {
        let mut nameless = sheet();
        let mut head = Fields::new();
        for (other, value) in nameless.head.iter().filter(|(one, _)| *one != field) {
            head.append(other, value.clone());
        }
        nameless.head = head;
        assert_eq!(write(&nameless), None, "{field:?}");
    }
}

#[test]
fn a_wrong_refund_is_none() {
    let good = refund::write(&two_came_back()).expect("fit to go out");
    assert_eq!(refund::read(good.as_bytes()), Ok(two_came_back()));
    for (from, to) in [
        ("<MsgId>37010220232252", "<MsgId>37010220232206"),
        ("<MsgId>370102", "<MsgId>370103"),
        ("CreDtTm>", "CreDt>"),
        ("<CdtDbtInd>CRDT", "<CdtDbtInd>DBIT"),
        ("<Cd>BOOK", "<Cd>PDNG"),
        ("<Dt>2023-03-12", "<Dt>2023-03-13"),
        ("<NbOfTxs>2", "<NbOfTxs>3"),
        ("<TtlAmt Ccy=\"CNY\">8000.00", "<TtlAmt Ccy=\"CNY\">8000.01"),
        ("<Amt Ccy=\"CNY\">5000.00", "<Amt Ccy=\"CNY\">0.00"),
        ("<Amt Ccy=\"CNY\">5000.00", "<Amt Ccy=\"USD\">5000.00"),
        ("<PmtInfId>37010220238202", "<PmtInfId>37010220232301"),
        ("<PmtInfId>370102202382020000000001", "<PmtInfId>370102202382020000000002"),
        ("<EndToEndId>1</EndToEndId>", ""),
        ("<AcctSvcrRef>18<", "<AcctSvcrRef>018765432109876543210<"),
        ("<Cd>AC04<", "<Cd>AC01<"),
        ("<AddtlInf>2023", "<AddtlInf>2022"),
        ("<Id>37001618801050000001</Id>", "<Id></Id>"),
        ("<RefundType>1", "<RefundTyp>1"),
    ] {
        let message = good.replacen(from, to, 1);
        if from == "<RefundType>1" && message == good {
            continue;
        }
        assert_ne!(message, good, "{from}");
        assert!(refund::read(message.as_bytes()).is_err(), "{from} → {to}");
    }
    let start = good.find("          <RtrInf>").expect("a reason");
    let end = good.find("</RtrInf>\n").expect("its end") + "</RtrInf>\n".len();
    let without = format!("{}{}", &good[..start], &good[end..]);
    let why = refund::read(without.as_bytes()).expect_err("it does not say why").to_string();
    assert!(why.contains("RtrInf"), "{why}");
    let start = good.find("    <Ntfctn>").expect("a notice");
    let end = good.find("    <SplmtryData>").expect("the head's fields");
    let twice = format!("{}{}{}", &good[..end], &good[start..end], &good[end..]);
    refund::read(twice.as_bytes()).expect_err("two notices");
    refund::read(b"<!DOCTYPE d><Document/>").expect_err("a document type");
}

/// Cut off anywhere it is refused: nothing is read in part.
#[test]
fn a_refund_that_is_cut_off_is_refused_wherever() {
    let whole = refund::write(&two_came_back()).expect("fit to go out");
    let length = whole.trim_end().len();
    for end in (0..length).filter(|end| whole.is_char_boundary(*end)) {
        assert!(refund::read(&whole.as_bytes()[..end]).is_err(), "{end} of {length} bytes");
    }
    refund::read(&whole.as_bytes()[..length]).expect("the whole");
}

fn any_line() -> impl Strategy<Value = Fields> {
    let detail =
        prop::sample::select(vec!["1", "2", "17", "明细1", "01234567-89ab-4cde-8f01-23456789abcd"]);
    let more = prop::option::of(prop::sample::select(vec!["a & b", "<c>", "第一中学"]));
    (detail, 1..999_u32, 1..1_000_000_i64, more).prop_map(|(detail, number, fen, more)| {
        let line = back(detail, &number.to_string(), -fen);
        match more {
            Some(more) => line.with_text(Field::Purpose, more),
            None => line,
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_refund_comes_back(
        lines in prop::collection::vec(any_line(), 1..12),
        reason in prop::sample::select(vec!["退票", "AC01账号有误", "BE01户名与账号不符：不是本人 & <他人>", "TM01 late"]),
    ) {
        let notice = notice(reason, lines);
        let payload = write(&notice);
        prop_assert!(payload.is_some(), "{:?}", notice);
        prop_assert_eq!(read(&payload.unwrap_or_default(), None), Ok(notice));
    }

    #[test]
    fn a_changed_refund_is_refused_or_read(
        changes in prop::collection::vec((any::<prop::sample::Index>(), 0..3_u8, any::<u8>()), 1..4),
    ) {
        let mut bytes = refund::write(&two_came_back()).expect("fit to go out").into_bytes();
        for (at, how, byte) in changes {
            let at = at.index(bytes.len());
            match how {
                0 => bytes[at] = byte,
                1 => { bytes.remove(at); }
                _ => bytes.insert(at, byte),
            }
        }
        if let Ok(read) = refund::read(&bytes) {
            prop_assert!(read.head.amount_fen(Field::Amount).is_some_and(|fen| fen < Fen::ZERO));
        }
    }
}
