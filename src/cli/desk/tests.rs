//! A desk whose keys are pressed and whose questions are answered by hand: what it asks, and how it
//! looks on the smallest terminal it is for.

mod balance;
mod payments;

use domain::codes::{AuthorityKind, PaymentState, Posts, Role};
use domain::command::By;
use domain::ids::{ChannelId, Class, DivisionIndex, FiscalYear, LimitKey, PersonId, QuotaId};
use domain::quota::{Buckets, Totals};
use domain::refusal::Figure;
use domain::{Code, Fen, Refusal};
use protocol::views::QuotaView;
use protocol::{CommandResult, Outcome, Position, Value, client};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::ask::{Answer, Ask, Request, Told};
use super::core::{Desk, Now};
use super::draw::draw;
use super::list::tests::page;
use super::order::Order;
use super::{Language, Setup};
use crate::cli::golden;
use payments::{is_list, waiting};

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
