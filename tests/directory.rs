//! Goal: what the directory of a real server lists is what its desks know, at the position it says:
//! across a restart, right after a write, and while others write.
//! Method: every command's answer is kept; lists are held against what was answered, and lists taken
//! under load against the same list folded anew from the journal.

mod harness;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};

use domain::Role;
use domain::codes::{BatchStep, PaymentState, StepKind};
use domain::ids::{DivisionIndex, PaymentId, QuotaId};
use domain::office::table::Table;
use domain::particulars::{Particulars, ParticularsText};
use protocol::directory::{
    AsOf, Asked, History, HistoryPage, ListPayments, ListRows, ListedPayment, PaymentFilter,
    PaymentPage, RowPage, StateAt, StateThen, Subject,
};
use protocol::frame::FrameKind;
use protocol::message::ErrorMessage;
use protocol::{Answer, LookUp, Position};
use serde_json::json;

use harness::Chance;
use harness::desk::Desk;
use harness::lines::Lines;
use harness::orders::{self, MAKER};
use harness::server::Options;

/// How long a question waits here: as long as it may.
const WAIT_MS: u32 = 10_000;

/// A connection that asks the directory.
struct Asker {
    desk: Desk,
    request: u64,
}

impl Asker {
    fn new(address: SocketAddr) -> Asker {
        Asker { desk: Desk::connect(address, Role::Operator), request: 0 }
    }

    /// Asks until the server is not busy with the past of others.
    fn ask<T>(
        &mut self,
        put: impl Fn(&mut Vec<u8>, u64),
        read: impl Fn(&protocol::Frame<'_>) -> T,
    ) -> T {
        harness::wait_for("an answer that is not busy", || {
            self.request += 1;
            let mut out = Vec::new();
            put(&mut out, self.request);
            self.desk.send_bytes(&out).expect("the server takes a question");
            let frame = self.desk.link().receive().expect("an answer");
            assert_eq!(frame.header.request, self.request);
            if frame.header.kind == FrameKind::Error {
                let message = ErrorMessage::parse(&frame).expect("an error that can be read");
                assert_eq!(message.code, domain::Code::Busy, "{message}");
                return None;
            }
            Some(read(&frame))
        })
    }

    fn page(&mut self, list: &ListPayments) -> PaymentPage {
        let put = |out: &mut Vec<u8>, request| list.put(out, request);
        self.ask(put, |frame| PaymentPage::parse(frame).expect("a page of payments"))
    }

    /// Every page of a list.
    fn list(&mut self, list: &ListPayments) -> Vec<ListedPayment> {
        let mut list = list.clone();
        let mut all = Vec::new();
        loop {
            let page = self.page(&list);
            all.extend(page.payments);
            if page.after == [0; 24] {
                return all;
            }
            list.asked.after = page.after;
        }
    }

    fn history(&mut self, history: &History) -> HistoryPage {
        let put = |out: &mut Vec<u8>, request| history.put(out, request);
        self.ask(put, |frame| HistoryPage::parse(frame).expect("a page of events"))
    }

    /// Every row of a list, and where the last page is true.
    fn rows(&mut self, list: &ListRows) -> (Vec<String>, Position) {
        let mut list = list.clone();
        let mut all = Vec::new();
        loop {
            let put = |out: &mut Vec<u8>, request| list.put(out, request);
            let page = self.ask(put, |frame| RowPage::parse(frame).expect("a page of rows"));
            all.extend(page.rows);
            if page.after.is_empty() {
                return (all, page.at);
            }
            list.after = page.after;
        }
    }

    fn state(&mut self, state: &StateAt) -> StateThen {
        let put = |out: &mut Vec<u8>, request| state.put(out, request);
        self.ask(put, |frame| StateThen::parse(frame).expect("a state"))
    }
}

/// What a desk knows of a payment by the answers it heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Known {
    quota: QuotaId,
    fen: i64,
    state: PaymentState,
    /// The sequence of its reservation.
    sequence: u64,
}

fn asked(wait_for: Position) -> Asked {
    Asked { wait_for, wait_ms: WAIT_MS, ..Asked::default() }
}

/// The particulars of a payment to one of five payees.
fn particulars(number: u128) -> Particulars<'static> {
    let texts = ParticularsText {
        payee_name: format!("收款单位{}", number % 5),
        payee_account: format!("62220200{}", number % 5),
        purpose: "办公费".to_owned(),
        numbers: format!("2022-{:06}", number % 9),
        ..ParticularsText::default()
    };
    Particulars::parse(Box::leak(texts.encode().into_boxed_slice())).expect("particulars")
}

/// One maker and one checker who do business and remember what they heard.
fn business(
    address: SocketAddr,
    quotas: &[QuotaId],
    ids: std::ops::Range<u128>,
    mut heard: impl FnMut(u128, Known, Position),
) {
    let (mut maker, mut checker) =
        (Desk::connect(address, Role::Maker), Desk::connect(address, Role::Checker));
    let mut finance = Desk::connect(address, Role::Finance);
    for id in ids {
        let quota = quotas[id as usize % quotas.len()];
        let fen = 100 + (id % 50) as i64;
        let mut reservation = orders::reservation(id, quota, fen);
        reservation.particulars = particulars(id);
        let told = maker.must(&orders::reserve_of(reservation));
        let sequence = told.result.sequence;
        let mut known = Known { quota, fen, state: PaymentState::Reserved, sequence };
        heard(id, known, told.at);
        let steps: &[StepKind] = match id % 4 {
            0 => &[],
            1 => &[StepKind::ApproveUnit],
            2 => &[StepKind::ApproveUnit, StepKind::Instruct],
            _ => &[StepKind::Withdraw],
        };
        for &kind in steps {
            let desk = match kind {
                StepKind::ApproveUnit => &mut checker,
                StepKind::Withdraw => &mut maker,
                _ => &mut finance,
            };
            let told = desk.must(&orders::step(kind, id, quota, 1));
            known.state = told.result.state.expect("the state of a payment");
            heard(id, known, told.at);
        }
    }
}

fn hold_against(found: &[ListedPayment], known: &BTreeMap<u128, Known>) {
    assert_eq!(found.len(), known.len());
    for one in found {
        let due = known[&one.payment.0];
        let (quota, fen, state) = (one.quota, one.amount_fen.get(), one.state);
        assert_eq!(Known { quota, fen, state, sequence: one.sequence }, due);
        assert_eq!(one.payee_account, format!("62220200{}", one.payment.0 % 5));
        assert_eq!((one.maker, one.purpose.as_str()), (MAKER, "办公费"));
    }
    assert!(found.is_sorted_by_key(|one| one.sequence));
}

fn of(known: &BTreeMap<u128, Known>, is: impl Fn(u128, &Known) -> bool) -> BTreeMap<u128, Known> {
    known.iter().filter(|(id, known)| is(**id, known)).map(|(id, known)| (*id, *known)).collect()
}

#[test]
fn a_list_is_what_the_desks_know_across_a_restart() {
    let dir = tempfile::tempdir().expect("a directory");
    let server = Options::new(dir.path()).start();
    let mut quotas = orders::found_with(server.address, 0, 2, 10_000_000);
    quotas.extend(orders::found_with(server.address, 3, 2, 10_000_000));
    let (mut known, mut last) = (BTreeMap::new(), Position::default());
    business(server.address, &quotas, 1..701, |id, one, at| {
        known.insert(id, one);
        last = last.max(at);
    });
    let check = |address| {
        let mut asker = Asker::new(address);
        let all = ListPayments { asked: asked(last), ..ListPayments::default() };
        let list = |filter: PaymentFilter| ListPayments { filter, ..all.clone() };
        hold_against(&asker.list(&all), &known);
        for &state in &[PaymentState::Reserved, PaymentState::Approved, PaymentState::Released] {
            let filter = PaymentFilter { states: vec![state], ..PaymentFilter::default() };
            hold_against(&asker.list(&list(filter)), &of(&known, |_, one| one.state == state));
        }
        let quota = Some(quotas[1]);
        let filter = PaymentFilter { quota, ..PaymentFilter::default() };
        hold_against(&asker.list(&list(filter)), &of(&known, |_, one| one.quota == quotas[1]));
        let key_prefix = "测试单位3".to_owned();
        let filter = PaymentFilter { key_prefix, ..PaymentFilter::default() };
        let of_unit = of(&known, |_, one| one.quota.division().0 == 3);
        hold_against(&asker.list(&list(filter)), &of_unit);
        let payee_hash = Some(domain::particulars::account_hash("622202002"));
        let filter = PaymentFilter { payee_hash, ..PaymentFilter::default() };
        hold_against(&asker.list(&list(filter)), &of(&known, |id, _| id % 5 == 2));
        let number = "2022-000004".to_owned();
        let filter = PaymentFilter { number, ..PaymentFilter::default() };
        hold_against(&asker.list(&list(filter)), &of(&known, |id, _| id % 9 == 4));
        let older_than_ms = Some(24 * 3_600_000);
        let filter = PaymentFilter { older_than_ms, ..PaymentFilter::default() };
        hold_against(&asker.list(&list(filter)), &BTreeMap::new());
    };
    check(server.address);
    assert_eq!(server.stop().code, Some(0));
    let server = Options::existing(dir.path()).start();
    check(server.address);
    server.stop();
}

#[test]
fn whoever_wrote_reads_it_by_its_position() {
    let dir = tempfile::tempdir().expect("a directory");
    let server = Options::new(dir.path()).start();
    let quotas = orders::found_with(server.address, 0, 1, 10_000_000);
    let mut asker = Asker::new(server.address);
    let mut first = None;
    business(server.address, &quotas, 1..121, |id, known, at| {
        let asked = Asked { items: 1, newest_first: true, ..asked(at) };
        let page = asker.page(&ListPayments { asked, ..ListPayments::default() });
        assert!(page.at.sequence >= at.sequence);
        let newest = &page.payments[0];
        assert_eq!((newest.payment, newest.state), (PaymentId(id), known.state));
        let subject = Subject::Payment { book: None, id: PaymentId(id) };
        let page = asker.history(&History { asked, subject });
        assert_eq!(page.iter().next().expect("an event").record.position.sequence, at.sequence);
        first.get_or_insert((id, at, known));
    });
    // As it was when it was first heard of.
    let (id, at, known) = first.expect("business");
    let (division, year) = (quotas[0].division(), quotas[0].year());
    let asked = Asked { as_of: AsOf::Position(at), ..Asked::default() };
    let look_up = LookUp::Payment { division, year, id: PaymentId(id) };
    let then = asker.state(&StateAt { asked, look_up });
    let Answer::Payment(view) = then.answer else { panic!("{then:?}") };
    assert_eq!((then.at, view.state), (at, known.state));
    let list = ListPayments { asked, ..ListPayments::default() };
    assert_eq!(asker.list(&list).len(), 1);
    server.stop();
}

#[test]
fn ten_lists_at_once_are_right_while_desks_work() {
    let dir = tempfile::tempdir().expect("a directory");
    let server = Options::new(dir.path()).start();
    let address = server.address;
    let quotas = orders::found_with(address, 0, 4, 100_000_000);
    let working = AtomicBool::new(true);
    let (quotas, working) = (&quotas, &working);
    let taken: Vec<(ListPayments, PaymentPage)> = std::thread::scope(|scope| {
        let lists = (0..10_u64).map(|number| {
            scope.spawn(move || {
                let mut chance = Chance::new("ten_lists_at_once_are_right_while_desks_work");
                let mut asker = Asker::new(address);
                let mut kept = Vec::new();
                let mut answers = 0;
                while working.load(Ordering::Acquire) || answers < 5 {
                    let list = some_list(&mut chance, quotas, number);
                    let page = asker.page(&list);
                    must_meet(&list, &page);
                    answers += 1;
                    if kept.len() < 2 || chance.once_in(20) {
                        kept.truncate(1);
                        kept.push((list, page));
                    }
                }
                kept
            })
        });
        let lists: Vec<_> = lists.collect();
        let desks = (0..2_u128).map(|desk| {
            let ids = 1 + desk * 10_000..401 + desk * 10_000;
            scope.spawn(move || business(address, quotas, ids, |_, _, _| {}))
        });
        let desks: Vec<_> = desks.collect();
        desks.into_iter().for_each(|desk| desk.join().expect("every command is answered"));
        working.store(false, Ordering::Release);
        lists.into_iter().flat_map(|list| list.join().expect("every list is right")).collect()
    });
    assert!(taken.len() >= 20);
    let mut asker = Asker::new(address);
    for (list, page) in taken {
        // The same page, folded anew from the journal up to where the list said it was true.
        let as_of = AsOf::Position(page.at);
        let mut list = list;
        list.asked = Asked { as_of, wait_for: Position::default(), ..list.asked };
        assert_eq!(asker.page(&list).payments, page.payments, "{list:?} at {}", page.at);
    }
    server.stop();
}

fn some_list(chance: &mut Chance, quotas: &[QuotaId], number: u64) -> ListPayments {
    let mut filter = PaymentFilter::default();
    match number % 5 {
        0 => filter.states = vec![PaymentState::Reserved, PaymentState::Instructed],
        1 => filter.quota = Some(*chance.pick(quotas)),
        2 => filter.payee_hash = Some(domain::particulars::account_hash("622202003")),
        3 => filter.states = vec![PaymentState::Released],
        _ => filter.number = "2022-000007".to_owned(),
    }
    let newest_first = chance.once_in(2);
    let items = chance.between(1, 500) as u16;
    ListPayments { asked: Asked { items, newest_first, ..Asked::default() }, filter }
}

fn must_meet(list: &ListPayments, page: &PaymentPage) {
    let filter = &list.filter;
    for one in &page.payments {
        assert!(filter.states.is_empty() || filter.states.contains(&one.state));
        assert!(filter.quota.is_none_or(|quota| quota == one.quota));
        assert!(filter.payee_hash.is_none_or(|hash| hash == one.payee_hash));
        assert!(filter.number.is_empty() || one.numbers == filter.number);
        assert!(one.changed_sequence <= page.at.sequence, "nothing of it is behind {}", page.at);
    }
    let sequences = || page.payments.iter().map(|one| one.sequence);
    match list.asked.newest_first {
        true => assert!(sequences().rev().is_sorted()),
        false => assert!(sequences().is_sorted()),
    }
}

/// The rows of a division's table that the papers of these tests fill.
fn rows_of(division: u16, asked: Asked) -> ListRows {
    ListRows {
        asked,
        division: DivisionIndex(division),
        year: orders::YEAR,
        table: Table::MofDep,
        beginning: String::new(),
        after: String::new(),
    }
}

/// Two papers staged in a batch that stays open.
fn stage(finance: &mut Desk, batch: u128) -> Position {
    let id = |at: u8| (batch << 8) + u128::from(at);
    let staged: Vec<_> =
        (0..2_u8).map(|at| orders::paper(id(at), 0, &[(at, 2), (200 + at, 2)], batch)).collect();
    let digest = staged.iter().fold(0, |digest, command| match &command.body {
        domain::command::Body::File(paper) => domain::batch::fold_paper(digest, paper),
        other => panic!("{other:?} is no paper"),
    });
    finance.must(&orders::open_batch(batch, 0, 2, digest, 0));
    staged.iter().map(|paper| finance.must(paper).at).last().expect("two papers")
}

#[test]
fn rows_are_what_was_filed_across_a_kill_and_back_in_time() {
    let dir = tempfile::tempdir().expect("a directory");
    let options = Options::new(dir.path());
    let server = options.start();
    orders::found(server.address, 0);
    orders::found(server.address, 1);
    let mut finance = Desk::connect(server.address, Role::Finance);
    let line = |code: u8, name: u32| format!("{code:03}\t第{name}处\tother");
    let mut then = Position::default();
    for code in 0..100_u8 {
        let told = finance.must(&orders::paper(1_000 + u128::from(code), 0, &[(code, 1)], 0));
        if code == 49 {
            then = Position { sequence: told.result.sequence, ..told.at };
        }
    }
    let at = stage(&mut finance, 77);
    let mut asker = Asker::new(server.address);
    let old: Vec<String> = (0..100).map(|code| line(code, 1)).collect();
    let (rows, _) = asker.rows(&rows_of(0, Asked { items: 7, ..asked(at) }));
    assert_eq!(rows, old);
    server.kill();
    let server = options.start();
    let mut finance = Desk::connect(server.address, Role::Finance);
    // What was staged went with the server's life; staged anew, it is read once its batch is closed.
    let mut asker = Asker::new(server.address);
    let at = stage(&mut finance, 88);
    assert_eq!(asker.rows(&rows_of(0, asked(at))).0, old);
    let at = finance.must(&orders::end_batch(BatchStep::Close, 88, 0)).at;
    let (rows, told) = asker.rows(&rows_of(0, Asked { items: 7, ..asked(at) }));
    let mut due = old.clone();
    due[0] = line(0, 2);
    due[1] = line(1, 2);
    due.extend([line(200, 2), line(201, 2)]);
    assert_eq!(rows, due);
    assert!(told.sequence >= at.sequence);
    let past = Asked { as_of: AsOf::Position(then), ..asked(at) };
    assert_eq!(asker.rows(&rows_of(0, past)).0, old[..50], "fifty papers had been filed then");
    assert!(asker.rows(&rows_of(1, asked(at))).0.is_empty(), "nothing was filed in the other");
    let some = ListRows { beginning: "20".into(), ..rows_of(0, asked(at)) };
    assert_eq!(asker.rows(&some).0, [line(200, 2), line(201, 2)]);
    server.stop();
}

#[test]
fn lines_ask_the_same() {
    let dir = tempfile::tempdir().expect("a directory");
    let server = Options::new(dir.path()).start();
    let quotas = orders::found_with(server.address, 0, 1, 10_000_000);
    let mut at = Position::default();
    business(server.address, &quotas, 2..3, |_, _, told| at = told);
    let mut lines = Lines::connect(server.address, "operator");
    let wait_for = json!({ "epoch": at.epoch, "sequence": at.sequence.to_string() });
    let mut ask = |mut line: serde_json::Value| {
        line["request"] = json!("5");
        if line.get("wait_for").is_none() {
            line["wait_for"] = wait_for.clone();
        }
        line["wait_ms"] = json!(WAIT_MS);
        lines.ask(&line.to_string())
    };
    let list = json!({ "list": "payments", "states": ["instructed"], "key_prefix": "测试单位" });
    let listed = ask(list);
    assert_eq!(listed["payments"][0]["payee_name"], "收款单位2", "{listed}");
    assert_eq!(
        (listed["payments"][1].clone(), listed["after"].clone()),
        (json!(null), json!(null))
    );
    let id = format!("{:032x}", 2);
    let told = ask(json!({ "history": "payment", "payment": id }));
    let events: Vec<_> = (0..3).map(|at| told["history"][at]["event"].clone()).collect();
    assert_eq!(events, [json!("reserved"), json!("stepped"), json!("stepped")], "{told}");
    let quota = quotas[0].to_string();
    let state = ask(json!({ "state_at": "quota", "quota": quota, "as_of": wait_for }));
    assert_eq!(state["state"]["quota"]["buckets"]["reserved"], "1.02", "{state}");
    let mut finance = Desk::connect(server.address, Role::Finance);
    finance.must(&orders::paper(9, 0, &[(3, 3), (4, 4)], 0));
    let rows = json!({
        "list": "rows", "table": "mof-dep", "division": 0, "year": 2022, "items": 1,
        "as_of": wait_for,
    });
    let told = ask(rows.clone());
    assert_eq!((&told["rows"], &told["after"]), (&json!([]), &json!(null)), "{told}");
    let at = finance.must(&orders::paper(10, 0, &[(5, 5)], 0)).at;
    let mut rows = rows;
    rows.as_object_mut().expect("an object").remove("as_of");
    rows["wait_for"] = json!({ "epoch": at.epoch, "sequence": at.sequence.to_string() });
    let told = ask(rows.clone());
    let row = json!({ "code": "003", "name": "第3处", "kind": "other" });
    assert_eq!((&told["rows"], &told["after"]), (&json!([row]), &json!("003")), "{told}");
    rows["table"] = json!("mof-deps");
    let wrong = ask(rows);
    assert_eq!(
        (&wrong["error"]["name"], &wrong["error"]["field"]),
        (&json!("bad-field"), &json!("table"))
    );
    let wrong = ask(json!({ "list": "payments", "after": "00".repeat(23) + "07" }));
    assert_eq!(wrong["error"]["name"], "bad-field", "{wrong}");
    server.stop();
}
