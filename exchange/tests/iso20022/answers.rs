//! Messages of banks: golden ones read as they are, any one read back as it was written, and sums that do not hold.

use domain::Fen;
use domain::reconciliation::{Comparison, ItemState, Side, Source};
use domain::voucher::VoucherKey;
use exchange::iso20022::codes::BankStatus;
use exchange::iso20022::ids::Uetr;
use exchange::iso20022::mapping::MAPPING;
use exchange::iso20022::statement::{
    Direction, Entry, EntryDetail, Statement, read_notices, read_statements,
};
use exchange::iso20022::status::{
    Because, PaymentStatus, Standing, StatusReport, TransferStatus, read,
};
use exchange::iso20022::{Bad, Reason};
use proptest::prelude::*;

use crate::reader::leaves;
use crate::samples::{day, file, golden};

fn text(name: &str) -> String {
    String::from_utf8(file(name)).expect("UTF-8")
}

#[test]
fn golden_messages_of_banks_are_read_as_they_were() {
    let status = read(&file("pain002_partly.xml")).expect("a report");
    golden("pain002_partly.txt", &format!("{status:#?}\n"));
    let notice = read_notices(&file("camt054_paid.xml")).expect("a notice");
    golden("camt054_paid.txt", &format!("{notice:#?}\n"));
    let statement = read_statements(&file("camt053_day.xml")).expect("a statement");
    golden("camt053_day.txt", &format!("{statement:#?}\n"));
}

#[test]
fn every_place_of_the_table_is_in_a_golden_message() {
    let files: [(&str, &[&str]); 3] = [
        ("pain.002", &["pain002_partly.xml", "pain002_written.xml"]),
        ("camt.053", &["camt053_day.xml", "camt053_written.xml"]),
        ("camt.054", &["camt054_paid.xml", "camt054_written.xml", "camt054_refund.xml"]),
    ];
    for (message, names) in files {
        let there: Vec<_> = names.iter().flat_map(|name| leaves(&text(name))).collect();
        for row in MAPPING.iter().filter(|row| row.message.starts_with(message)) {
            let is_it = |path: &str| {
                let path = path.split('@').next().unwrap_or_default();
                let below = path.strip_prefix(row.path);
                below.is_some_and(|below| below.is_empty() || below.starts_with('/'))
            };
            assert!(there.iter().any(|(path, _)| is_it(path)), "{names:?} have no {}", row.path);
        }
    }
}

#[test]
fn a_statements_transfers_are_lines_to_compare_and_the_rest_is_named() {
    let statements = read_statements(&file("camt053_day.xml")).expect("a statement");
    let lines: Vec<_> = statements[0].lines("105").collect();
    let told: Vec<_> = lines
        .iter()
        .map(|line| (line.item.to_string(), line.figures.amount_fen.get(), line.figures.state))
        .collect();
    let item = |text: &str| text.to_owned();
    assert_eq!(
        told,
        [
            (item("370102000-2023-8202-0000000001/2"), -300_000, ItemState::Done),
            (item("370102000-2023-8202-0000000002/1"), 15_000, ItemState::Done),
            (item("370102000-2023-8202-0000000002/2"), 5_000, ItemState::Done),
        ]
    );
    let others: Vec<_> =
        statements[0].others().map(|(entry, fen)| (entry.bank_serial.as_deref(), fen)).collect();
    assert_eq!(others, [(Some("PBC20230312000001"), -300_000)]);
    // Held against books that say the same but for one.
    let mut comparison = Comparison::new(Source::Account);
    for line in &lines {
        comparison.add(Side::Theirs, line).expect("few");
    }
    for line in &lines[1..] {
        comparison.add(Side::Ours, line).expect("few");
    }
    let compared = comparison.finish();
    assert_eq!((compared.agreed(), compared.by_class()), (2, [1, 0, 0, 0, 0, 0]));
}

#[test]
fn what_a_whole_says_holds_for_parts_that_say_nothing() {
    let message = |group: &str, payment: &str, transfer: &str| {
        let status = |name: &str, code: &str| match code {
            "" => String::new(),
            _ => format!("<{name}>{code}</{name}>"),
        };
        let (group, payment, transfer) =
            (status("GrpSts", group), status("PmtInfSts", payment), status("TxSts", transfer));
        report(&format!(
            "<OrgnlGrpInfAndSts><OrgnlMsgId>M</OrgnlMsgId>{group}</OrgnlGrpInfAndSts><OrgnlPmtInfAndSts>\
             <OrgnlPmtInfId>P</OrgnlPmtInfId>{payment}<TxInfAndSts><OrgnlEndToEndId>E</OrgnlEndToEndId>{transfer}\
             </TxInfAndSts></OrgnlPmtInfAndSts>"
        ))
    };
    let of = |group, payment, transfer, name: &str| {
        let report = read(message(group, payment, transfer).as_bytes()).expect("a report");
        report.of("P").of(name).and_then(|standing| standing.status)
    };
    assert_eq!(of("RJCT", "", "", "E"), Some(BankStatus::Rejected));
    assert_eq!(of("RJCT", "ACSC", "", "E"), Some(BankStatus::Paid));
    assert_eq!(of("ACSC", "ACSC", "RJCT", "E"), Some(BankStatus::Rejected));
    assert_eq!(of("ACSC", "ACSC", "RJCT", "another"), Some(BankStatus::Paid));
    assert_eq!(of("PART", "PART", "", "E"), None, "which part is not said");
    assert_eq!(of("RJCT", "PART", "", "E"), Some(BankStatus::Rejected));
    assert_eq!(of("PDNG", "", "", "E"), Some(BankStatus::Pending));
    assert_eq!(of("", "", "XXXX", "E"), Some(BankStatus::Pending), "not known is not rejected");
    assert_eq!(of("", "", "", "E"), None);
}

fn report(inside: &str) -> String {
    format!(
        "<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:pain.002.001.10\"><CstmrPmtStsRpt><GrpHdr>\
         <MsgId>R</MsgId></GrpHdr>{inside}</CstmrPmtStsRpt></Document>"
    )
}

fn refused<T: std::fmt::Debug>(read: Result<T, Bad>) -> Reason {
    read.expect_err("it is refused").reason
}

#[test]
fn reports_that_lack_or_repeat_something_are_refused() {
    let group = "<OrgnlGrpInfAndSts><OrgnlMsgId>M</OrgnlMsgId></OrgnlGrpInfAndSts>";
    let cases = [
        (String::new(), Reason::Missing("OrgnlMsgId")),
        (
            format!("{group}<OrgnlPmtInfAndSts><PmtInfSts>RJCT</PmtInfSts></OrgnlPmtInfAndSts>"),
            Reason::Missing("OrgnlPmtInfId"),
        ),
        (format!("{group}{group}"), Reason::Twice("OrgnlMsgId")),
        (
            group.replace("</OrgnlMsgId>", "</OrgnlMsgId><OrgnlMsgNmId>pacs.008</OrgnlMsgNmId>"),
            Reason::Value { text: "pacs.008".to_owned(), must: "the name of a pain.001" },
        ),
        (
            group.replace(
                "</OrgnlMsgId>",
                "</OrgnlMsgId><GrpSts>ACSC</GrpSts><GrpSts>RJCT</GrpSts>",
            ),
            Reason::Twice("the status"),
        ),
    ];
    for (inside, reason) in cases {
        assert_eq!(refused(read(report(&inside).as_bytes())), reason, "{inside}");
    }
    let transfer =
        "<TxInfAndSts><OrgnlEndToEndId>E</OrgnlEndToEndId><TxSts>ACSC</TxSts></TxInfAndSts>";
    let payment = |transfers: &str| {
        format!(
            "<OrgnlPmtInfAndSts><OrgnlPmtInfId>P</OrgnlPmtInfId>{transfers}</OrgnlPmtInfAndSts>"
        )
    };
    let twice = format!("{group}{}", payment(&transfer.repeat(2)));
    assert_eq!(refused(read(report(&twice).as_bytes())), Reason::Twice("a transfer"));
    let twice = format!("{group}{}", payment(transfer).repeat(2));
    assert_eq!(refused(read(report(&twice).as_bytes())), Reason::Twice("a payment"));
}

/// One figure of a golden message changed, and the sum or number that tells of it.
#[test]
fn sums_and_numbers_that_do_not_hold_are_refused() {
    let cases = [
        ("<NbOfNtries>4<", "<NbOfNtries>5<", "NbOfNtries"),
        ("<Sum>6450.00<", "<Sum>6450.01<", "the sum of the entries"),
        (
            ">200.00</Amt>\n        <CdtDbtInd>DBIT</CdtDbtInd>\n        <Dt>",
            ">200.00</Amt>\n        <CdtDbtInd>CRDT</CdtDbtInd>\n        <Dt>",
            "the closing balance",
        ),
        (">50.00<", ">50.01<", "the entry's Amt"),
        ("<Cd>PDNG<", "<Cd>BOOK<", "the day of a booked entry"),
        ("<Amt Ccy=\"CNY\">3000.00", "<Amt Ccy=\"USD\">3000.00", "the currency CNY"),
        ("<Amt Ccy=\"CNY\">3000.00", "<Amt>3000.00", "the currency CNY"),
        (">3000.00<", ">-3000.00<", "an amount in yuan"),
        ("<Cd>PDNG<", "<Cd>WHAT<", "BOOK, PDNG, INFO or FUTR"),
        ("2023-03-12T10:00:00+08:00", "2023-03-12T10:00:00Z", "+08:00"),
        ("<Ccy>CNY<", "<Ccy>EUR<", "the currency CNY"),
    ];
    let good = text("camt053_day.xml");
    for (from, to, says) in cases {
        assert!(good.contains(from), "{from}");
        let told =
            read_statements(good.replacen(from, to, 1).as_bytes()).expect_err(to).to_string();
        assert!(told.contains(says), "{from} -> {to}: {told}");
    }
    let good = text("camt054_paid.xml");
    for (from, to, says) in [
        ("<NbOfTxs>1<", "<NbOfTxs>2<", "the batch's NbOfTxs"),
        ("<TtlAmt Ccy=\"CNY\">5000.00", "<TtlAmt Ccy=\"CNY\">5000.10", "the batch's TtlAmt"),
    ] {
        let told = read_notices(good.replacen(from, to, 1).as_bytes()).expect_err(to).to_string();
        assert!(told.contains(says), "{from} -> {to}: {told}");
    }
}

// ---- any message ---------------------------------------------------------------------------------

fn name() -> impl Strategy<Value = String> {
    "[A-Za-z0-9-]{1,35}"
}

fn standing() -> impl Strategy<Value = (Option<&'static str>, Vec<Because>)> {
    let codes = vec!["PDNG", "ACTC", "ACSP", "ACSC", "PART", "RJCT", "NEWS"];
    let because = ("[A-Z0-9]{4}", prop::sample::select(vec!["", "账户 & <销户>"]));
    let because = because.prop_map(|(code, words)| Because { code, words: words.to_owned() });
    (prop::option::of(prop::sample::select(codes)), prop::collection::vec(because, 0..3))
}

fn written_standing(name: &str, (code, reasons): &(Option<&str>, Vec<Because>)) -> String {
    let mut out = code.map_or(String::new(), |code| format!("<{name}>{code}</{name}>"));
    for Because { code, words } in reasons {
        let words = words.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&#62;");
        out += &format!("<StsRsnInf><Rsn><Cd>{code}</Cd></Rsn>");
        if !words.is_empty() {
            out += &format!("<AddtlInf>{words}</AddtlInf>");
        }
        out += "</StsRsnInf>";
    }
    out
}

fn as_standing((code, reasons): (Option<&str>, Vec<Because>)) -> Standing {
    Standing { status: code.map(BankStatus::of), reasons }
}

/// A report, and as it is written.
fn any_report() -> impl Strategy<Value = (StatusReport, String)> {
    let transfer = (standing(), prop::option::of(any::<[u8; 16]>()), prop::option::of(name()));
    let transfers = prop::collection::btree_map(name(), transfer, 0..6);
    let payments = prop::collection::btree_map(name(), (standing(), transfers), 0..4);
    let sums = prop::option::of((0..100_u64, 0..1_000_000_i64));
    (name(), sums, standing(), payments).prop_map(|(original, sums, group, payments)| {
        let mut inside = format!("<OrgnlGrpInfAndSts><OrgnlMsgId>{original}</OrgnlMsgId>");
        if let Some((count, fen)) = sums {
            let sum = Fen::new(fen).to_yuan();
            inside +=
                &format!("<OrgnlNbOfTxs>{count}</OrgnlNbOfTxs><OrgnlCtrlSum>{sum}</OrgnlCtrlSum>");
        }
        inside += &written_standing("GrpSts", &group);
        inside += "</OrgnlGrpInfAndSts>";
        let mut told = Vec::new();
        for (id, (standing, transfers)) in payments {
            inside += &format!("<OrgnlPmtInfAndSts><OrgnlPmtInfId>{id}</OrgnlPmtInfId>");
            inside += &written_standing("PmtInfSts", &standing);
            let mut of_payment = Vec::new();
            for (end_to_end, (standing, uetr, bank_serial)) in transfers {
                let uetr = uetr.map(Uetr::from_random);
                inside += &format!("<TxInfAndSts><OrgnlEndToEndId>{end_to_end}</OrgnlEndToEndId>");
                inside +=
                    &uetr.map_or(String::new(), |uetr| format!("<OrgnlUETR>{uetr}</OrgnlUETR>"));
                inside += &written_standing("TxSts", &standing);
                let serial = |serial: &String| format!("<AcctSvcrRef>{serial}</AcctSvcrRef>");
                inside += &bank_serial.as_ref().map_or(String::new(), serial);
                inside += "</TxInfAndSts>";
                let standing = as_standing(standing);
                of_payment.push(TransferStatus { end_to_end, uetr, standing, bank_serial });
            }
            inside += "</OrgnlPmtInfAndSts>";
            told.push(PaymentStatus { id, standing: as_standing(standing), transfers: of_payment });
        }
        let report_told = StatusReport {
            id: "R".to_owned(),
            created: None,
            original,
            original_count: sums.map(|(count, _)| count),
            original_sum_fen: sums.map(|(_, fen)| Fen::new(fen)),
            standing: as_standing(group),
            payments: told,
        };
        (report_told, report(&inside))
    })
}

/// A notice, and as it is written.
fn any_notice() -> impl Strategy<Value = (Statement, String)> {
    let detail = (prop::option::of(name()), prop::option::of(name()), 1..100_000_i64);
    let entry = (any::<bool>(), any::<bool>(), any::<bool>(), prop::collection::vec(detail, 1..5));
    (name(), name(), prop::collection::vec(entry, 0..6)).prop_map(|(id, account, told)| {
        let mut inside = String::new();
        let mut entries = Vec::new();
        for (is_out, is_booked, is_reversal, details) in told {
            let direction = if is_out { Direction::Out } else { Direction::In };
            let way = if is_out { "DBIT" } else { "CRDT" };
            let status = if is_booked { "BOOK" } else { "PDNG" };
            let total = details.iter().map(|(_, _, fen)| fen).sum();
            let amount = Fen::new(total).to_yuan();
            inside += &format!(
                "<Ntry><Amt Ccy=\"CNY\">{amount}</Amt><CdtDbtInd>{way}</CdtDbtInd><RvslInd>{is_reversal}</RvslInd>\
                 <Sts><Cd>{status}</Cd></Sts><BookgDt><Dt>2023-03-10</Dt></BookgDt><NtryDtls>"
            );
            let mut transfers = Vec::new();
            for (payment, end_to_end, fen) in details {
                let refs = [("PmtInfId", &payment), ("EndToEndId", &end_to_end)];
                let refs: String = refs.into_iter()
                    .filter_map(|(name, text)| text.as_ref().map(|text| format!("<{name}>{text}</{name}>")))
                    .collect();
                let amount = Fen::new(fen).to_yuan();
                inside += &format!("<TxDtls><Refs>{refs}</Refs><Amt Ccy=\"CNY\">{amount}</Amt></TxDtls>");
                let (uetr, amount_fen, bank_serial) = (None, Fen::new(fen), None);
                transfers.push(EntryDetail { payment, end_to_end, uetr, amount_fen, direction, bank_serial, payee_account: None });
            }
            inside += "</NtryDtls></Ntry>";
            entries.push(Entry {
                amount_fen: Fen::new(total),
                direction,
                is_reversal,
                is_booked,
                day: Some(day(20_230_310)),
                bank_serial: None,
                details: transfers,
            });
        }
        let message = format!(
            "<n:Document xmlns:n=\"urn:iso:std:iso:20022:tech:xsd:camt.054.001.08\"><n:BkToCstmrDbtCdtNtfctn><n:Ntfctn>\
             <n:Id>{id}</n:Id><n:Acct><n:Id><n:Othr><n:Id>{account}</n:Id></n:Othr></n:Id></n:Acct>{}</n:Ntfctn>\
             </n:BkToCstmrDbtCdtNtfctn></n:Document>",
            inside.replace('<', "<n:").replace("<n:/", "</n:")
        );
        (Statement { id, account, opening: None, closing: None, entries }, message)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_report_reads_as_it_was_meant((report, message) in any_report()) {
        prop_assert_eq!(read(message.as_bytes()), Ok(report));
    }

    #[test]
    fn any_notice_reads_as_it_was_meant((notice, message) in any_notice()) {
        prop_assert_eq!(read_notices(message.as_bytes()), Ok(vec![notice]));
    }
}

/// The names of a voucher in a message are those of one key: what a bank answers leads back.
#[test]
fn answers_lead_back_to_their_voucher() {
    let report = read(&file("pain002_partly.xml")).expect("a report");
    let key = VoucherKey::parse("370102000-2023-8202-0000000001").expect("a key");
    assert_eq!(exchange::iso20022::ids::key_of(&report.original), Some(key));
}
