//! A desk whose keys are pressed and whose questions are answered by hand: what it asks, and how it
//! looks on the smallest terminal it is for.

use domain::codes::{AuthorityKind, FactKind, PaymentState, Posts, Role, StepKind};
use domain::command::By;
use domain::ids::{
    ChannelId, Class, ContractId, DivisionIndex, FiscalYear, LimitKey, PaymentId, PersonId, QuotaId,
};
use domain::particulars::ParticularsText;
use domain::quota::{Buckets, Totals};
use domain::refusal::Figure;
use domain::{Code, Fen, Refusal};
use protocol::views::{PaymentView, QuotaView};
use protocol::{CommandResult, Outcome, Position, Value, client};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::ask::{Answer, Ask, Became, Happened, KeysPage, Receipt, Request, Told, Way};
use super::core::{Desk, Now, Screen};
use super::draw::draw;
use super::list::tests::{page, row};
use super::order::{Order, What};
use super::{Language, Setup};
use crate::cli::golden;
use crate::cli::payment::now::Both;

/// A desk of division 5 in 2022.
pub(super) fn setup(role: Role) -> Setup {
    let book = (DivisionIndex(5), FiscalYear::from_offset(22));
    Setup {
        server: "127.0.0.1:7370".into(),
        environment: "test",
        by: By { person: PersonId(101), role, channel: ChannelId(10) },
        book: Some(book),
        unit: String::new(),
        quota: (role == Role::Maker).then(|| QuotaId::new(book.0, book.1, 0)),
        language: Language::English,
        refresh_ms: 2_000,
    }
}

/// 2022-01-17 16:41 in Beijing.
const WALL_MS: u64 = 1_642_408_860_000;

/// A desk, and whoever sits at it.
struct House {
    desk: Desk,
    monotonic_ms: u64,
    asked: Vec<Request>,
}

impl House {
    fn new(role: Role) -> House {
        let mut drawn = 0x0192_7c5e_4b7a_4d11_9a41_0000_0000_0009;
        let ids = Box::new(move || {
            drawn += 1;
            Ok(drawn)
        });
        let now = Now { monotonic_ms: 0, wall_ms: WALL_MS };
        let mut house =
            House { desk: Desk::new(setup(role), ids, now), monotonic_ms: 0, asked: vec![] };
        house.passes(0);
        house
    }

    /// Time passes.
    fn passes(&mut self, ms: u64) {
        self.monotonic_ms += ms;
        let wall_ms = WALL_MS + self.monotonic_ms;
        self.desk.tick(Now { monotonic_ms: self.monotonic_ms, wall_ms });
        self.asked.extend(self.desk.take_requests());
    }

    fn key(&mut self, code: KeyCode) {
        self.desk.key(KeyEvent::from(code));
        self.passes(0);
    }

    fn types(&mut self, text: &str) {
        text.chars().for_each(|c| self.key(KeyCode::Char(c)));
    }

    /// The last question that a test looks for, taken out.
    fn asked(&mut self, wanted: impl Fn(&Ask) -> bool) -> Request {
        let at = self.asked.iter().rposition(|request| wanted(&request.ask));
        self.asked
            .remove(at.unwrap_or_else(|| panic!("asked for nothing like it: {:?}", self.asked)))
    }

    fn answer(&mut self, wanted: impl Fn(&Ask) -> bool, told: Told) {
        let ticket = self.asked(wanted).ticket;
        self.desk.answer(Answer { ticket, told });
        self.passes(0);
    }

    fn shows_quota(&mut self, issued: i64, reserved: i64) {
        let view = quota_view(issued, reserved);
        self.answer(|ask| matches!(ask, Ask::Quota(_)), Told::Quota(Some(Box::new(view))));
    }

    /// The order that was sent, and its ticket.
    fn sent(&mut self) -> (u64, Order) {
        let Request { ticket, ask } = self.asked(|ask| matches!(ask, Ask::Give(_)));
        let Ask::Give(order) = ask else { unreachable!("it is one") };
        (ticket, *order)
    }

    fn hears(&mut self, ticket: u64, outcome: Outcome) {
        self.desk.answer(Answer { ticket, told: Told::Given(outcome) });
        self.passes(0);
    }

    fn screen(&self) -> String {
        self.screen_of(80, 24)
    }

    fn screen_of(&self, width: u16, height: u16) -> String {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("a buffer");
        terminal.draw(|frame| draw(&self.desk, frame)).expect("a drawing");
        golden::text_of(terminal.backend().buffer())
    }

    fn is(&self, name: &str) {
        golden::check(name, &self.screen());
    }

    /// A screen that the desk guide shows.
    fn is_shown(&self, name: &str) {
        golden::check_shown(name, &self.screen());
    }

    fn fills_reserve(&mut self, amount: &str) {
        self.key(KeyCode::Char('r'));
        self.types(amount);
        self.key(KeyCode::Tab);
        self.types("01");
        self.key(KeyCode::Tab);
        self.key(KeyCode::Tab);
        self.types("齐鲁文具店");
        self.key(KeyCode::Tab);
        self.types("6222020000000000017");
        self.key(KeyCode::Tab);
        self.key(KeyCode::Tab);
        self.types("办公费");
    }

    fn done(&mut self) {
        self.desk.key(KeyEvent::new(KeyCode::Char('s'), KeyModifiers::CONTROL));
        self.passes(0);
    }
}

fn quota_view(issued: i64, reserved: i64) -> QuotaView {
    QuotaView {
        quota: QuotaId::new(DivisionIndex(5), FiscalYear::from_offset(22), 0),
        version: 3,
        open_payments: 1,
        open_contracts: 0,
        executable: true,
        closed: false,
        quarantined: false,
        posts: Posts::UNIT,
        authority: AuthorityKind::BudgetLine,
        plan: LimitKey(0),
        parent: QuotaId::NONE,
        cap_fen: Fen::ZERO,
        fund: Class::new("111").expect("a class"),
        economic: Class::new("302").expect("a class"),
        buckets: Buckets { issued, reserved, ..Buckets::default() },
        totals: Totals { initial: issued, ..Totals::default() },
        key: "101001/2010301/1".into(),
    }
}

fn told(code: Code, value: Value) -> client::Told {
    let result = CommandResult { value, sequence: 41, ..CommandResult::new(code) };
    client::Told { result, refusal: None, at: Position { epoch: 3, sequence: 41 } }
}

fn accepted(available: i64) -> Outcome {
    let mut told = told(Code::Accepted, Value::Available(Fen::new(available)));
    told.result.state = Some(PaymentState::Reserved);
    Outcome::Done(told)
}

fn over_quota() -> Outcome {
    let mut told = told(Code::OverQuota, Value::Available(Fen::new(60_000)));
    let figure =
        |limit, left| Figure { limit, requested_fen: Fen::new(70_000), left_fen: Fen::new(left) };
    let mut refusal = Refusal::new(Code::OverQuota);
    refusal.add(figure(Code::OverQuota, 60_000));
    refusal.add(figure(Code::OverPlan, 65_000));
    told.refusal = Some(refusal);
    Outcome::Refused(told)
}

// ---- balance and reserve -----------------------------------------------------------------------

#[test]
fn a_payment_is_asked_for_and_the_balance_is_read_again() {
    let mut house = House::new(Role::Maker);
    assert!(house.screen().contains("not read yet"));
    house.shows_quota(100_000, 0);
    house.is("desk-balance");
    house.fills_reserve("400.00");
    house.is_shown("desk-reserve");
    house.done();
    house.is_shown("desk-confirm");
    assert!(house.asked.is_empty(), "nothing goes before a yes");
    house.key(KeyCode::Char('y'));
    let (ticket, order) = house.sent();
    assert_eq!((order.amount_fen, order.payee.as_str()), (Fen::new(40_000), "齐鲁文具店"));
    let What::Reserve(told) = &order.what else { panic!("{order:?}") };
    assert_eq!(told.economic.as_str(), "30201");
    assert!(house.screen().contains("sent, 0 s"));
    house.hears(ticket, accepted(60_000));
    house.is("desk-accepted");
    house.key(KeyCode::Enter);
    house.shows_quota(100_000, 40_000);
    house.is_shown("desk-after");
}

#[test]
fn a_refusal_shows_the_limit_that_binds_and_the_mended_form_goes_under_a_new_id() {
    let mut house = House::new(Role::Maker);
    house.shows_quota(100_000, 40_000);
    house.fills_reserve("700.00");
    house.done();
    house.key(KeyCode::Char('y'));
    let (ticket, refused) = house.sent();
    house.hears(ticket, over_quota());
    house.is_shown("desk-refused");
    house.key(KeyCode::Esc);
    assert!(house.screen().contains("齐鲁文具店"), "the form is still there");
    (0..6).for_each(|_| house.key(KeyCode::Up));
    (0..6).for_each(|_| house.key(KeyCode::Backspace));
    house.types("500.00");
    house.done();
    house.key(KeyCode::Char('y'));
    let (_, mended) = house.sent();
    assert_eq!(mended.amount_fen, Fen::new(50_000));
    assert_ne!(mended.payment, refused.payment, "the refused id is ended");
}

#[test]
fn what_was_turned_away_keeps_its_id() {
    let mut house = House::new(Role::Maker);
    house.shows_quota(100_000, 0);
    house.fills_reserve("400.00");
    house.done();
    house.key(KeyCode::Char('y'));
    let (ticket, first) = house.sent();
    house.hears(ticket, Outcome::Refused(told(Code::Busy, Value::None)));
    assert!(house.screen().contains("100 busy"));
    house.key(KeyCode::Enter);
    house.done();
    house.key(KeyCode::Char('y'));
    assert_eq!(house.sent().1, first);
}

#[test]
fn an_unknown_outcome_is_asked_again_with_the_same_id_and_nothing_else_goes() {
    let mut house = House::new(Role::Maker);
    house.shows_quota(100_000, 0);
    house.fills_reserve("400.00");
    house.done();
    house.key(KeyCode::Char('y'));
    let (ticket, order) = house.sent();
    house.passes(5_000);
    house.hears(ticket, Outcome::Unknown);
    house.passes(1_000);
    let (ticket, again) = house.sent();
    assert_eq!(again, order, "the very same");
    house.is_shown("desk-unknown");
    // The form can be put away, and another order is not taken meanwhile.
    house.key(KeyCode::Esc);
    house.fills_reserve("1.00");
    house.done();
    assert!(house.screen().contains("still due"));
    house.key(KeyCode::Esc);
    // Leaving asks first.
    house.key(KeyCode::Char('q'));
    house.is("desk-leave");
    house.key(KeyCode::Char('n'));
    assert!(!house.desk.has_left && house.desk.open_order().is_some());
    house.hears(ticket, Outcome::Refused(told(Code::Busy, Value::None)));
    assert!(house.desk.open_order().is_some(), "busy says nothing about the first sending");
    house.passes(1_000);
    let (ticket, again) = house.sent();
    assert_eq!(again, order);
    house.hears(ticket, accepted(60_000));
    assert!(house.screen().contains("certain after 3 sendings"));
    assert!(house.desk.open_order().is_none());
}

#[test]
fn the_balance_is_read_at_its_interval_and_says_when_it_is_old() {
    let mut house = House::new(Role::Maker);
    house.shows_quota(100_000, 0);
    house.passes(1_999);
    assert!(house.asked.is_empty());
    house.passes(1);
    house.answer(|ask| matches!(ask, Ask::Quota(_)), Told::Failed("no answer came".into()));
    house.passes(10_000);
    let screen = house.screen();
    assert!(screen.contains("! no answer came") && screen.contains("AS OF 12 s AGO"), "{screen}");
}

#[test]
fn a_quota_is_chosen_by_a_part_of_its_key() {
    let mut house = House::new(Role::Maker);
    house.key(KeyCode::Char('g'));
    let keys = ["101001/2010301/1", "101001/2050203/1", "101002/2010301/1"].map(str::to_owned);
    let page = KeysPage { from: 0, keys: keys.to_vec(), is_end: false };
    house.answer(|ask| matches!(ask, Ask::Keys { from: 0, .. }), Told::Keys(page));
    let end = KeysPage { from: 3, keys: vec![], is_end: true };
    house.answer(|ask| matches!(ask, Ask::Keys { from: 3, .. }), Told::Keys(end));
    house.types("20103");
    house.key(KeyCode::Down);
    house.is_shown("desk-choose");
    house.key(KeyCode::Enter);
    let chosen = house.asked(|ask| matches!(ask, Ask::Quota(quota) if quota.serial() == 2));
    assert!(chosen.ticket > 0);
}

#[test]
fn an_answer_that_nobody_waits_for_any_more_is_dropped() {
    let mut house = House::new(Role::Maker);
    let old = house.asked(|ask| matches!(ask, Ask::Quota(_)));
    house.key(KeyCode::Char('g'));
    house.types("5/2022/9");
    house.key(KeyCode::Enter);
    let view = Box::new(quota_view(1, 0));
    house.desk.answer(Answer { ticket: old.ticket, told: Told::Quota(Some(view)) });
    assert!(house.desk.view.is_none(), "it is of the quota before");
}

// ---- worklists ---------------------------------------------------------------------------------

fn waiting() -> Vec<protocol::directory::ListedPayment> {
    vec![
        row(10, 40_000, "齐鲁文具店"),
        row(11, 1_234_567_890, "济南市历下区第一建筑工程公司"),
        row(12, 8_000, ""),
    ]
}

fn is_list(ask: &Ask) -> bool {
    matches!(ask, Ask::List(_))
}

#[test]
fn a_checker_approves_from_the_list_after_a_yes() {
    let mut house = House::new(Role::Checker);
    house.answer(is_list, Told::Page(Box::new(page(waiting(), true))));
    house.key(KeyCode::Down);
    house.is_shown("desk-worklist");
    house.key(KeyCode::Char('a'));
    house.is("desk-approve");
    house.key(KeyCode::Char('x'));
    assert!(house.asked.is_empty(), "only a yes is a yes");
    house.key(KeyCode::Char('y'));
    let (ticket, order) = house.sent();
    assert_eq!(order.payment, PaymentId(11));
    assert!(matches!(order.what, What::Step { kind: StepKind::ApproveUnit, .. }));
    house.hears(ticket, accepted(0));
    house.key(KeyCode::Enter);
    let Ask::List(list) = house.asked(is_list).ask else { panic!("the list is read again") };
    assert_eq!(list.asked.wait_for.sequence, 41, "behind what was written");
}

#[test]
fn a_return_needs_its_reason() {
    let mut house = House::new(Role::Checker);
    house.answer(is_list, Told::Page(Box::new(page(waiting(), false))));
    house.key(KeyCode::Char('t'));
    house.key(KeyCode::Enter);
    assert!(house.asked.is_empty() && house.screen().contains("! "));
    house.types("发票号码有误");
    house.key(KeyCode::Enter);
    house.key(KeyCode::Char('y'));
    let (_, order) = house.sent();
    let What::Step { kind, reason, .. } = order.what else { panic!("a step") };
    assert_eq!((kind, reason.as_str()), (StepKind::Return, "发票号码有误"));
}

#[test]
fn a_key_of_another_role_does_nothing() {
    let mut house = House::new(Role::Checker);
    house.answer(is_list, Told::Page(Box::new(page(waiting(), false))));
    for key in ['i', 'c', 'k', 'w', 'h'] {
        house.key(KeyCode::Char(key));
        assert!(house.desk.over.is_empty() && house.asked.is_empty(), "{key}");
    }
}

#[test]
fn lists_turn_and_a_failure_is_told() {
    let mut house = House::new(Role::Bank);
    house.answer(is_list, Told::Page(Box::new(page(vec![], false))));
    assert!(house.screen().contains("nothing waits here"));
    house.key(KeyCode::Right);
    house.answer(is_list, Told::Failed("the directory is busy".into()));
    let screen = house.screen();
    assert!(screen.contains("unknown 状态不明") && screen.contains("! the directory is busy"));
}

// ---- look-up and receipts ----------------------------------------------------------------------

fn way() -> Way {
    let order = super::wish::tests::order();
    let quota = QuotaId::new(DivisionIndex(5), FiscalYear::from_offset(22), 0);
    let view = PaymentView {
        payment: PaymentId(0x0192_7c5e_4b7a_7d11_9a41_0000_0000_000a),
        quota,
        amount_fen: order.amount_fen,
        executed_fen: order.amount_fen,
        maker: PersonId(101),
        approvers: [PersonId(201), PersonId::NOBODY, PersonId::NOBODY],
        instructor: PersonId(301),
        contract: ContractId::NONE,
        plan: ContractId::NONE,
        economic: Class::new("30201").expect("a class"),
        payee_hash: 0,
        deadline_ms: 0,
        sequence: 41,
        day: domain::ids::Day::new(20_220_117).expect("a day"),
        rule_version: 0,
        method: domain::codes::Method::Centralized,
        kind: domain::codes::BusinessKind::Single,
        path: domain::codes::Path::Treasury,
        state: PaymentState::Paid,
        ending: None,
        posts: Posts::UNIT,
        approved: Posts::UNIT,
        steps: vec![],
        facts: vec![],
        refunds: vec![],
    };
    let happened = |at: &str, english: &str, chinese: &str| Happened {
        at: at.into(),
        time: "2022-01-17T16:41:00.000+08:00".into(),
        told: Both::new(english, chinese),
    };
    let receipt = |kind, fen, serial, became| Receipt {
        kind,
        time: "2022-01-17T16:43:00.000+08:00".into(),
        amount_fen: Fen::new(fen),
        serial,
        channel: 20,
        refund: 0,
        became,
    };
    let texts =
        ParticularsText { payee_name: "齐鲁文具店".into(), ..ParticularsText::default() };
    Way {
        book: (quota.division(), quota.year()),
        payment: view.payment,
        view: Some(view),
        texts,
        events: vec![
            happened(
                "3/41",
                "asked for on quota 5/2022/0: reserved + ¥400.00, out of available; to \"齐鲁文具店\" for \"办公费\"; person 101 as maker on channel 10",
                "从指标5/2022/0申请支付：占用＋¥400.00，出自可用；收款人\"齐鲁文具店\"，用途\"办公费\"；经办101，渠道10",
            ),
            happened(
                "3/42",
                "the unit post approves; person 201 as checker",
                "单位复核通过；复核201",
            ),
            happened(
                "3/44",
                "the bank has paid ¥400.00: reserved − ¥400.00, paid + ¥400.00",
                "代理银行回单，已付¥400.00：占用－¥400.00，已付＋¥400.00",
            ),
        ],
        now: Both::new("paid by the bank, waits for settlement", "代理银行已支付，待清算"),
        receipts: vec![
            receipt(FactKind::ConfirmPaid, 40_000, 90_001, Became::Taken),
            receipt(FactKind::ConfirmPaid, 39_000, 90_002, Became::Parked(Code::WrongState)),
        ],
    }
}

fn is_way(ask: &Ask) -> bool {
    matches!(ask, Ask::Way(_))
}

#[test]
fn a_payment_is_looked_up_and_its_way_told_in_both_languages() {
    let mut house = House::new(Role::Checker);
    house.key(KeyCode::Char('3'));
    house.types("01927c5e-4b7a-7d11-9a41-00000000000a");
    house.key(KeyCode::Enter);
    house.answer(is_way, Told::Way(vec![way()]));
    house.is_shown("desk-way");
    house.key(KeyCode::Char('l'));
    house.is("desk-way-chinese");
    house.key(KeyCode::Char('m'));
    assert_eq!(house.desk.screen, Screen::Quota);
    house.shows_quota(100_000, 0);
}

#[test]
fn a_bank_sees_receipts_and_reports_one() {
    let mut house = House::new(Role::Bank);
    let mut listed = row(10, 40_000, "齐鲁文具店");
    listed.state = PaymentState::Instructed;
    house.answer(is_list, Told::Page(Box::new(page(vec![listed], false))));
    house.key(KeyCode::Enter);
    house.answer(is_way, Told::Way(vec![way()]));
    house.key(KeyCode::Char('f'));
    house.is_shown("desk-receipts");
    // The payment is paid: another receipt is taken, and will be parked.
    house.key(KeyCode::Char('c'));
    house.types("400.00");
    house.key(KeyCode::Tab);
    house.types("6222020000000000017");
    house.key(KeyCode::Tab);
    house.types("90003");
    house.is("desk-receipt");
    house.done();
    house.key(KeyCode::Char('y'));
    let (ticket, order) = house.sent();
    let What::Fact(report) = &order.what else { panic!("{order:?}") };
    assert_eq!((report.serial, report.day.get()), (90_003, 20_220_117));
    house.hears(ticket, Outcome::Done(told(Code::Parked, Value::None)));
    assert!(house.screen().contains("1 parked"));
    house.answer(is_way, Told::Way(vec![way()]));
}

// ---- the whole ---------------------------------------------------------------------------------

#[test]
fn help_tells_the_keys_and_any_key_closes_it() {
    let mut house = House::new(Role::Maker);
    house.key(KeyCode::Char('?'));
    house.is_shown("desk-help");
    house.key(KeyCode::Char('x'));
    assert!(house.desk.over.is_empty());
}

#[test]
fn control_c_leaves_from_anywhere_and_twice_with_an_open_outcome() {
    let interrupt = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
    let mut house = House::new(Role::Maker);
    house.shows_quota(100_000, 0);
    house.fills_reserve("400.00");
    house.desk.key(interrupt);
    assert!(house.desk.has_left, "nothing was given");
    let mut house = House::new(Role::Maker);
    house.shows_quota(100_000, 0);
    house.fills_reserve("400.00");
    house.done();
    house.key(KeyCode::Char('y'));
    house.desk.key(interrupt);
    assert!(!house.desk.has_left);
    house.desk.key(interrupt);
    assert!(house.desk.has_left && house.desk.open_order().is_some());
}

#[test]
fn too_small_a_terminal_is_no_reason_to_fall_over() {
    let mut house = House::new(Role::Checker);
    house.answer(is_list, Told::Page(Box::new(page(waiting(), true))));
    for (width, height) in [(1, 1), (3, 2), (20, 3), (40, 10), (200, 60)] {
        house.screen_of(width, height);
    }
    house.key(KeyCode::Char('t'));
    for (width, height) in [(1, 1), (3, 2), (20, 3), (40, 10), (200, 60)] {
        house.screen_of(width, height);
    }
}
