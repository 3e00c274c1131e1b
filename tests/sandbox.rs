//! A server that plays bank and central bank: what an integrator's payments come to, over the real
//! program, and over a kill in the middle of it.

mod harness;

use std::net::SocketAddr;

use domain::codes::{LimitKind, PaymentState, StepKind};
use domain::ids::{DivisionIndex, FiscalYear, PaymentId, QuotaId};
use domain::{Fen, Role};
use harness::desk::Desk;
use harness::orders::{self, OWN, SPECIAL, TREASURY, YEAR};
use harness::server::{Options, sound};
use harness::wait_for;
use protocol::lookup::{Answer, LookUp};
use protocol::views::PaymentView;

const DIVISION: u16 = 3;

fn quota(address: SocketAddr, id: u128, fund: &str) -> QuotaId {
    let mut finance = Desk::connect(address, Role::Finance);
    let key = orders::key(format!("测试单位{fund}-{id}"));
    let creation = orders::with_fund(orders::creation(id, DIVISION, key), fund);
    orders::quota_of(&mut finance, creation, 100_000_000)
}

fn order(address: SocketAddr, payment: u128, quota: QuotaId, fen: i64) {
    Desk::connect(address, Role::Maker).must(&orders::reserve(payment, quota, fen));
    let approve = orders::step(StepKind::ApproveUnit, payment, quota, 1);
    Desk::connect(address, Role::Checker).must(&approve);
    let instruct = orders::step(StepKind::Instruct, payment, quota, 2);
    Desk::connect(address, Role::Finance).must(&instruct);
}

fn view(desk: &mut Desk, payment: u128) -> PaymentView {
    let (division, year): (_, FiscalYear) = (DivisionIndex(DIVISION), YEAR);
    match desk.ask(LookUp::Payment { division, year, id: PaymentId(payment) }) {
        Answer::Payment(view) => *view,
        other => panic!("payment {payment}: {other:?}"),
    }
}

/// Waits until a payment is in a state, and gives what the bank executed.
fn comes_to(address: SocketAddr, payment: u128, state: PaymentState) -> Fen {
    let mut desk = Desk::connect(address, Role::Maker);
    let what = format!("payment {payment} becomes {}", state.slug());
    wait_for(&what, || {
        let view = view(&mut desk, payment);
        (view.state == state).then_some(view.executed_fen)
    })
}

#[test]
fn the_last_digits_of_the_amount_decide_what_a_payment_comes_to() {
    let home = tempfile::tempdir().expect("a directory");
    let server = Options::new(home.path()).with("--sandbox", "true").start();
    assert_eq!(server.ready["sandbox"], true);
    let address = server.address;
    orders::found(address, DIVISION);
    let treasury = quota(address, 1, TREASURY);
    order(address, 12, treasury, 50_002);
    order(address, 10, treasury, 50_000);
    order(address, 11, treasury, 50_001);
    order(address, 13, treasury, 50_003);
    order(address, 14, treasury, 3);
    order(address, 15, quota(address, 2, SPECIAL), 7_000);
    order(address, 16, quota(address, 3, OWN), 8_000);
    assert_eq!(comes_to(address, 10, PaymentState::Cleared), Fen::new(50_000));
    assert_eq!(comes_to(address, 11, PaymentState::Released), Fen::ZERO);
    assert_eq!(comes_to(address, 13, PaymentState::Cleared), Fen::new(25_001));
    assert_eq!(comes_to(address, 14, PaymentState::Cleared), Fen::new(1));
    assert_eq!(comes_to(address, 15, PaymentState::Cleared), Fen::new(7_000));
    assert_eq!(comes_to(address, 16, PaymentState::Paid), Fen::new(8_000));
    // It was ordered before all others, and those have been answered.
    let mut operator = Desk::connect(address, Role::Operator);
    assert_eq!(view(&mut operator, 12).state, PaymentState::Instructed);
    operator.must(&orders::step(StepKind::Doubt, 12, treasury, 5));
    assert_eq!(view(&mut operator, 12).state, PaymentState::Unknown);
    server.stop();
    sound(home.path());
}

#[test]
fn a_payment_by_rule_is_answered_like_any_other() {
    let home = tempfile::tempdir().expect("a directory");
    let server = Options::new(home.path()).with("--sandbox", "true").start();
    let address = server.address;
    orders::found(address, DIVISION);
    let mut finance = Desk::connect(address, Role::Finance);
    finance.must(&orders::set_limit(900, DIVISION, LimitKind::PayCeiling, 90_000));
    let quota = quota(address, 1, TREASURY);
    let reservation =
        domain::command::Reserve { one_act: true, ..orders::reservation(20, quota, 60_000) };
    Desk::connect(address, Role::Maker).must(&orders::reserve_of(reservation));
    assert_eq!(comes_to(address, 20, PaymentState::Cleared), Fen::new(60_000));
    server.stop();
}

#[test]
fn after_a_kill_nothing_is_told_twice_and_nothing_is_left_out() {
    let home = tempfile::tempdir().expect("a directory");
    let plain = Options::new(home.path());
    let played = plain.clone().with("--sandbox", "true");
    let mut server = plain.start();
    orders::found(server.address, DIVISION);
    let quota = quota(server.address, 1, TREASURY);
    let payments: Vec<u128> = (100..140).collect();
    for &payment in &payments {
        order(server.address, payment, quota, 10_000 + 2 * payment as i64);
    }
    server.stop();
    // Killed as soon as it has answered for one of them, whatever it was at then.
    for &payment in payments.iter().step_by(8) {
        server = played.start();
        let mut desk = Desk::connect(server.address, Role::Maker);
        wait_for("the sandbox answers", || {
            (view(&mut desk, payment).state != PaymentState::Instructed).then_some(())
        });
        server.kill();
    }
    server = played.start();
    let mut desk = Desk::connect(server.address, Role::Maker);
    for &payment in &payments {
        let amount = 10_000 + 2 * payment as i64;
        if amount % 100 == 2 {
            continue;
        }
        assert_eq!(comes_to(server.address, payment, PaymentState::Cleared), Fen::new(amount));
        assert_eq!(view(&mut desk, payment).facts.len(), 2, "one answer, one clearing");
    }
    let text = desk.metrics();
    assert!(text.contains("treasury_facts_parked_total 0\n"), "{text}");
    server.stop();
    sound(home.path());
}

#[test]
fn nobody_plays_bank_in_production() {
    let home = tempfile::tempdir().expect("a directory");
    let production = Options { environment: Some("production"), ..Options::new(home.path()) };
    let production = Options { segment_mib: 64, ..production };
    let refused = production.clone().with("--sandbox", "true").refused();
    assert_eq!(refused.code, Some(4), "{}", refused.said);
    assert!(refused.said.contains("leave out --sandbox"), "{}", refused.said);
    // The data set itself says what it is, also where the flag does not.
    production.start().stop();
    let unsaid = Options { environment: None, ..Options::existing(home.path()) };
    let refused = unsaid.with("--sandbox", "true").refused();
    assert_eq!(refused.code, Some(5), "{}", refused.said);
    assert!(refused.said.contains("production"), "{}", refused.said);
}
