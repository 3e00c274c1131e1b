//! Balance and reserve.

use super::*;
use crate::cli::desk::ask::KeysPage;
use crate::cli::desk::order::What;

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

#[test]
fn an_order_that_an_earlier_desk_left_is_asked_for_first() {
    let mut house = House::new(Role::Maker);
    let left = crate::cli::desk::wish::tests::order();
    house.desk.take_up(left.clone());
    house.passes(0);
    let (ticket, order) = house.sent();
    assert_eq!(order, left, "the very same");
    assert!(house.screen().contains("UNKNOWN 结果不明"));
    house.hears(ticket, Outcome::Refused(told(Code::Busy, Value::None)));
    assert!(house.desk.open_order().is_some(), "the earlier desk may have sent it");
    house.passes(1_000);
    let (ticket, _) = house.sent();
    house.hears(ticket, accepted(60_000));
    assert!(house.desk.open_order().is_none());
}
