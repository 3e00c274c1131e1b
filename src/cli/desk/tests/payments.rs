//! Worklists, look-up and receipts.

use domain::codes::{BusinessKind, FactKind, Method, Path, ResolveAction, StepKind};
use domain::ids::{ContractId, Day, PaymentId};
use domain::particulars::ParticularsText;
use protocol::directory::ListedPayment;
use protocol::views::PaymentView;

use super::*;
use crate::cli::desk::ask::{Became, Happened, Receipt, Way};
use crate::cli::desk::core::Screen;
use crate::cli::desk::list::tests::row;
use crate::cli::desk::order::What;
use crate::cli::desk::wish;
use crate::cli::payment::now::Both;

pub(super) fn waiting() -> Vec<ListedPayment> {
    vec![
        row(10, 40_000, "齐鲁文具店"),
        row(11, 1_234_567_890, "济南市历下区第一建筑工程公司"),
        row(12, 8_000, ""),
    ]
}

pub(super) fn is_list(ask: &Ask) -> bool {
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

fn way() -> Way {
    let order = wish::tests::order();
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
        day: Day::new(20_220_117).expect("a day"),
        rule_version: 0,
        method: Method::Centralized,
        kind: BusinessKind::Single,
        path: Path::Treasury,
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
        book: (quota.division(), quota.year()),
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

#[test]
fn finance_resolves_a_fact_in_suspense_with_its_reason() {
    let mut house = House::new(Role::Finance);
    house.key(KeyCode::Char('3'));
    house.types("01927c5e-4b7a-7d11-9a41-00000000000a");
    house.key(KeyCode::Enter);
    house.answer(is_way, Told::Way(vec![way()]));
    house.key(KeyCode::Char('f'));
    assert!(house.screen().contains("s resolve"));
    house.key(KeyCode::Char('s'));
    house.key(KeyCode::Tab);
    house.key(KeyCode::Char(' '));
    house.key(KeyCode::Tab);
    house.types("与银行核对，重复上报");
    house.is_shown("desk-resolve");
    house.done();
    house.key(KeyCode::Char('y'));
    let (ticket, order) = house.sent();
    let What::Resolve(told) = &order.what else { panic!("{order:?}") };
    assert_eq!((told.channel, told.serial), (ChannelId(20), 90_002));
    assert_eq!(told.action, ResolveAction::Dismiss);
    assert_eq!(order.amount_fen, Fen::new(39_000), "of the fact, not of its payment");
    house.hears(ticket, accepted(0));
    house.answer(is_way, Told::Way(vec![way()]));
}
