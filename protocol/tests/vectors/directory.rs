//! Questions to the directory, its pages, and frames it must not take.

use domain::codes::{Ending, Path, PaymentState, Posts};
use domain::ids::{PaymentId, PersonId};
use domain::office::reports::page::{Form, Report, ReportColumn, Statement};
use domain::office::table::Table;
use domain::{Code, Fen};
use protocol::directory::{
    AskReport, History, HistoryBuilder, HistoryEvent, ListPayments, ListRows, ListedPayment,
    PaymentPage, ReportPage, RowPage, StateAt, StateThen, continuation,
};
use protocol::json::{read_line, write_line};
use protocol::{Answer, Frame, FrameError, FrameKind, Position, Record, split_frame};
use serde_json::{Value, json};

use super::{hex, payment_view, quota_view, raw_record};

const PAYMENT: &str = "01927c5e4b7a7d119a41000000000001";
const AFTER: &str = "84030000000000001122334455667788006b4c1e7f010000";

fn questions() -> Vec<(&'static str, Value)> {
    vec![
        ("every payment", json!({ "request": "20", "list": "payments" })),
        (
            "payments whose state has been unknown for a day",
            json!({ "request": "21", "list": "payments", "states": ["unknown"], "older_than_ms": "86400000" }),
        ),
        (
            "with every condition, behind a page, once the directory has come to a position",
            json!({
                "request": "22", "list": "payments", "states": ["reserved", "held", "released"],
                "division": 0, "year": 2022, "quota": "0/2022/5", "key_prefix": "184001",
                "payee_hash": "00000000000000ff", "number": "2023-000008", "maker": "17",
                "older_than_ms": "1", "younger_than_ms": "172800000", "age_since": "reserved",
                "amount_from": "1.00", "amount_to": "500000.00", "items": 50,
                "newest_first": true, "after": AFTER,
                "wait_for": { "epoch": 3, "sequence": "900" }, "wait_ms": 2000,
            }),
        ),
        (
            "payments as they stood at a position",
            json!({ "request": "23", "list": "payments", "as_of": { "epoch": 2, "sequence": "40" } }),
        ),
        (
            "a payment's history",
            json!({ "request": "24", "history": "payment", "division": 184, "year": 2022, "payment": PAYMENT }),
        ),
        (
            "the history of an id, wherever it is known",
            json!({ "request": "25", "history": "payment", "payment": PAYMENT, "items": 100 }),
        ),
        (
            "a quota's last events up to a time",
            json!({ "request": "26", "history": "quota", "quota": "184/2022/5", "items": 20, "newest_first": true, "as_of_ms": "1646323200000" }),
        ),
        (
            "a quota as it stood at a time",
            json!({ "request": "27", "state_at": "quota", "quota": "184/2022/5", "as_of_ms": "1646323200000" }),
        ),
        (
            "a payment as it stood at a position",
            json!({ "request": "28", "state_at": "payment", "division": 184, "year": 2022, "payment": PAYMENT, "as_of": { "epoch": 2, "sequence": "40" } }),
        ),
        (
            "execution over the whole province",
            json!({ "request": "32", "report": "execution", "year": 2022 }),
        ),
        (
            "a monthly report of one division's own level, with every condition, behind a page",
            json!({
                "request": "33", "report": "monthly", "year": 2022, "own_level": "370102000",
                "by": "unit", "basis": "cleared", "carry_over": false, "upto": "2022-02-3",
                "unit": "101", "function": "205", "fund": "111", "items": 50, "after": AFTER,
            }),
        ),
        (
            "the payments of a quota, as a report of an area at a position",
            json!({
                "request": "34", "report": "execution", "year": 2022, "area": "370100000",
                "by": "payment", "quota": "184/2022/5", "as_of": { "epoch": 2, "sequence": "40" },
            }),
        ),
        (
            "every row of a table",
            json!({ "request": "40", "list": "rows", "table": "mof-dep", "division": 184, "year": 2022 }),
        ),
        (
            "rows whose key begins so, behind a key, at a position, once the directory is there",
            json!({
                "request": "41", "list": "rows", "table": "unit", "division": 184, "year": 2022,
                "beginning": "184", "after": "184001", "items": 50, "wait_ms": 2000,
                "wait_for": { "epoch": 3, "sequence": "900" }, "as_of": { "epoch": 2, "sequence": "40" },
            }),
        ),
    ]
}

fn listed() -> ListedPayment {
    ListedPayment {
        payment: PaymentId(0x0192_7c5e_4b7a_7d11_9a41_0000_0000_0001),
        quota: quota_view().quota,
        amount_fen: Fen::new(30_000),
        executed_fen: Fen::new(28_000),
        maker: PersonId(1),
        payee_hash: domain::particulars::account_hash("6222020000000000017"),
        reserved_ms: 1_646_352_000_000,
        changed_ms: 1_646_438_400_007,
        sequence: 41,
        changed_sequence: 899,
        state: PaymentState::Cleared,
        ending: None,
        path: Path::Treasury,
        posts: Posts::ALL,
        approved: Posts::ALL,
        key: "184001-111-302".into(),
        payee_name: "齐鲁文具店".into(),
        payee_account: "6222020000000000017".into(),
        purpose: "办公费".into(),
        numbers: "2023-000008、17".into(),
    }
}

fn replies() -> Vec<(&'static str, Vec<u8>)> {
    let (at, time_ms) = (Position { epoch: 3, sequence: 900 }, 1_646_438_400_010);
    let mut after = [0; 24];
    after[0] = 41;
    let released = ListedPayment {
        payment: PaymentId(2),
        executed_fen: Fen::ZERO,
        state: PaymentState::Released,
        ending: Some(Ending::Withdrawn),
        posts: Posts::UNIT,
        approved: Posts::NONE,
        payee_name: String::new(),
        numbers: String::new(),
        ..listed()
    };
    let put = |put: &dyn Fn(&mut Vec<u8>)| {
        let mut frame = Vec::new();
        put(&mut frame);
        frame
    };
    let page = PaymentPage { at, time_ms, after, payments: vec![listed(), released] };
    let none = PaymentPage { after: [0; 24], payments: Vec::new(), ..page.clone() };
    let mut events = HistoryBuilder::new();
    for (sequence, body) in [(41, &[1, 2, 3][..]), (899, &[])] {
        let position = Position { epoch: 3, sequence };
        let record = Record { position, kind: 16, version: 1, body };
        assert!(events.push(&HistoryEvent { record, time_ms: time_ms - 900 + sequence }));
    }
    let rows = RowPage {
        at,
        time_ms,
        table: Table::MofDep,
        after: "04".into(),
        rows: vec!["03\t教科文处\tbusiness".into(), "04\t国库处\ttreasury".into()],
    };
    let no_rows = RowPage { after: String::new(), rows: Vec::new(), ..rows.clone() };
    let state = |answer| StateThen { at, time_ms, answer };
    let quota = state(Answer::Quota(Box::new(quota_view())));
    let payment = state(Answer::Payment(Box::new(payment_view())));
    let unknown = state(Answer::Failed(Code::NotFound));
    vec![
        ("payments, and more behind them", put(&|out| page.put(out, 21))),
        ("the end of a list", put(&|out| none.put(out, 21))),
        ("a page of events", put(&|out| events.finish_into(out, 24, at, time_ms, &[0; 24]))),
        ("a quota as it stood", put(&|out| quota.put(out, 27))),
        ("a payment as it stood", put(&|out| payment.put(out, 28))),
        ("nothing of that name then", put(&|out| unknown.put(out, 28))),
        ("the first page of a report", put(&|out| report_page(out, 0, 1, at, time_ms))),
        ("its last", put(&|out| report_page(out, 1, 500, at, time_ms))),
        ("rows, and more behind them", put(&|out| rows.put(out, 40))),
        ("no rows of a table", put(&|out| no_rows.put(out, 40))),
    ]
}

fn report_page(out: &mut Vec<u8>, from: usize, items: usize, at: Position, time_ms: u64) {
    let column = ReportColumn::new;
    let report = Report {
        title: "Budget execution".into(),
        chinese: "预算执行情况表".into(),
        statements: vec![
            Statement::new("scope", "范围", "own level, 本级: 370102000 历下区"),
            Statement::new("basis", "口径", "paid, 支付口径"),
        ],
        columns: vec![
            column("unit", "单位代码", Form::Text),
            column("spent", "累计执行数", Form::Fen),
            column("progress", "执行进度", Form::BasisPoints),
            column("payments", "支付笔数", Form::Count),
        ],
        rows: vec!["101001\t123450\t1234\t7".into(), "101002\t-5\t\t0".into()],
        total: "total 合计\t123445\t1233\t7".into(),
    };
    let after = |put: usize| if from + put < 2 { continuation(7, 900, 1) } else { [0; 24] };
    ReportPage::put(&report, from, items, (at, time_ms), after, out, 33);
}

fn bad() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let request = |name: &str| {
        let (_, line) = questions().into_iter().find(|(known, _)| *known == name).unwrap();
        let mut frame = Vec::new();
        read_line(line.to_string().as_bytes(), &mut frame).unwrap();
        frame
    };
    let changed = |name: &str, at: usize, to: &[u8]| {
        let mut frame = request(name);
        frame[32 + at..32 + at + to.len()].copy_from_slice(to);
        frame
    };
    let shorter = |name: &str| {
        let mut frame = request(name);
        frame.pop();
        let length = frame.len() as u32;
        frame[..4].copy_from_slice(&length.to_le_bytes());
        frame
    };
    let (list, history) = ("every payment", "a payment's history");
    let report = "execution over the whole province";
    let (state, rows) = ("a quota as it stood at a time", "every row of a table");
    vec![
        ("501 items", changed(list, 44, &501_u16.to_le_bytes()), "value"),
        ("a wait of 10,001 ms", changed(list, 40, &10_001_u32.to_le_bytes()), "value"),
        ("an unknown flag", changed(list, 46, &[8]), "value"),
        (
            "a position and a time",
            changed("payments as they stood at a position", 32, &[1]),
            "value",
        ),
        ("a ninth state", changed(list, 73, &[1]), "value"),
        ("a division that is no condition", changed(list, 74, &[1]), "value"),
        ("a year no id can name", changed(list, 76, &1_999_u16.to_le_bytes()), "value"),
        ("an amount below zero", changed(list, 127, &[0x80]), "value"),
        ("a list cut short", shorter(list), "body"),
        ("a history of nothing known", changed(history, 72, &[3]), "value"),
        ("a payment with a quota", changed(history, 80, &[1]), "value"),
        ("a history cut short", shorter(history), "body"),
        ("the state of an outcome", changed(state, 72, &[3]), "value"),
        ("a state cut short", shorter(state), "body"),
        ("a report nobody makes", changed(report, 72, &[99]), "value"),
        ("rows of nothing known", changed(report, 73, &[99]), "value"),
        ("a third basis", changed(report, 74, &[3]), "value"),
        ("an unknown scope", changed(report, 75, &[8]), "value"),
        ("a report of no year", changed(report, 76, &[0, 0]), "value"),
        ("a thirty-eighth period", changed(report, 78, &[37]), "value"),
        ("a report cut short", shorter(report), "body"),
        ("a table that nobody knows", changed(rows, 76, &[255]), "value"),
        ("rows of a year no id can name", changed(rows, 74, &1_999_u16.to_le_bytes()), "value"),
        ("rows of no year", changed(rows, 74, &[0, 0]), "value"),
        ("rows newest first", changed(rows, 46, &[1]), "value"),
        ("rows behind bytes that are no key", changed(rows, 48, &[1]), "value"),
        ("rows with bytes that are not zero", changed(rows, 77, &[1]), "body"),
        ("a question for rows cut short", shorter(rows), "body"),
    ]
}

pub(super) fn directory() -> Value {
    let mut vectors = Vec::new();
    for (name, line) in questions() {
        let mut frame = Vec::new();
        read_line(line.to_string().as_bytes(), &mut frame).unwrap();
        vectors
            .push(json!({ "name": name, "what": "request", "frame": hex(&frame), "json": line }));
    }
    for (name, frame) in replies() {
        let line = line_of(&split_frame(&frame).unwrap().unwrap());
        vectors.push(json!({ "name": name, "what": "reply", "frame": hex(&frame), "json": line }));
    }
    for (name, frame, fault) in bad() {
        let expect = if fault == "value" { "bad-field" } else { "bad-frame" };
        vectors
            .push(json!({ "name": name, "what": "bad", "frame": hex(&frame), "expect": expect }));
    }
    json!({
        "about": "Questions to the directory and its answers, both as JSON lines too, and frames \
                  that must not be taken: bad-field answers the request and the connection goes \
                  on, bad-frame ends it. Bodies of records are shown as hex here.",
        "vectors": vectors,
    })
}

fn line_of(frame: &Frame<'_>) -> Value {
    let mut line = Vec::new();
    write_line(frame, raw_record, &mut line).unwrap();
    serde_json::from_slice(&line).unwrap()
}

fn parse(frame: &Frame<'_>) -> Result<(), FrameError> {
    match frame.header.kind {
        FrameKind::ListPayments => ListPayments::parse(frame).map(drop),
        FrameKind::History => History::parse(frame).map(drop),
        FrameKind::StateAt => StateAt::parse(frame).map(drop),
        FrameKind::Report => AskReport::parse(frame).map(drop),
        FrameKind::ListRows => ListRows::parse(frame).map(drop),
        kind => Err(FrameError::Kind(kind.number())),
    }
}

#[test]
fn the_directorys_vectors_are_read_as_they_say() {
    for vector in super::vectors("directory.json") {
        let (name, what) = (&vector["name"], vector["what"].as_str().unwrap());
        let bytes = super::bytes(&vector["frame"]);
        let frame = split_frame(&bytes).unwrap().unwrap();
        match what {
            "request" => {
                let mut out = Vec::new();
                read_line(vector["json"].to_string().as_bytes(), &mut out).unwrap();
                assert_eq!(out, bytes, "{name}");
                assert_eq!(parse(&frame), Ok(()), "{name}");
            }
            "reply" => assert_eq!(line_of(&frame), vector["json"], "{name}"),
            _ => match (parse(&frame), vector["expect"].as_str().unwrap()) {
                (Err(FrameError::Value { .. }), "bad-field") => {}
                (Err(FrameError::Body(_)), "bad-frame") => {}
                (found, expect) => panic!("{name}: {found:?} where {expect} was due"),
            },
        }
    }
}
