//! Payments that a cut-off holds until the next day: at finance, from where they never left, and at the bank. They are no difference,
//! keep no day open, and are paid on the bank's next day, whoever opens a day first.

use counterparties::bank::{self, Phase};
use counterparties::central_bank;
use domain::codes::PaymentState;
use domain::day::{Check, Item};
use domain::ids::PersonId;
use exchange::finance::reconciled::order::{Ask, Order as Asking};
use exchange::finance::{Order, Standing};
use exchange::node::Order as NodeOrder;

use crate::house::{House, How, TODAY};
use crate::province::day;

const MONDAY: u32 = 20_220_307;
const TUESDAY: u32 = 20_220_308;
const PASSED: u16 = 24 * 60 - 1;

fn house() -> House {
    let mut house = House::new();
    house.file_account();
    house.finance_said(Order::BeginDay(day(TODAY)));
    house
}

fn item(house: &House, on: u32, check: Check) -> Item {
    let checklist = house.finance.business().checklist(day(on), PASSED);
    let item = checklist.items().iter().find(|item| item.check == check);
    item.expect("every item is there").clone()
}

/// How many orders are open, and how many are held until the next day.
fn unanswered(house: &House, on: u32) -> [u64; 2] {
    let item = item(house, on, Check::Answered);
    [item.open.many(), item.held.many()]
}

fn differences(house: &House) -> usize {
    house.finance.business().differences().open().count()
}

fn others_close(house: &mut House) {
    house.bank_said(bank::Order::Close);
    house.central_said(central_bank::Order::Close);
    house.run();
}

fn finance_closes(house: &mut House, on: u32) {
    let ask = Ask::CloseDay { day: day(on), now_minute: PASSED };
    house.finance_said(Order::Reconcile(Asking { person: PersonId(7), ask }));
}

fn finance_opens(house: &mut House, on: u32) {
    let order = NodeOrder::OpenDay { day: day(on), far: false, business: Order::BeginDay(day(on)) };
    house.finance_does(order).expect("a later day");
    house.finance_does(NodeOrder::LetGo).expect("it may");
    house.run();
}

fn others_open(house: &mut House, on: u32) {
    house.bank_said(bank::Order::OpenDay(day(on)));
    house.central_said(central_bank::Order::OpenDay(day(on)));
    house.run();
}

fn assert_good(house: &House) {
    assert_eq!((differences(house), house.alarms()), (0, Vec::<&str>::new()));
    house.assert_folds();
}

/// The rest of a day on which something was paid: it is cleared, told and closed.
fn day_ends(house: &mut House, on: u32) {
    house.bank_said(bank::Order::CutOff);
    house.clear();
    others_close(house);
    assert_eq!(unanswered(house, on), [0, 0]);
    assert_good(house);
    finance_closes(house, on);
}

#[test]
fn what_our_own_cut_off_holds_is_paid_on_the_next_day_whoever_opens_it_first() {
    for finance_first in [true, false] {
        let mut house = house();
        let quota = house.engine.quota("111", 100_000);
        // One waits for a line when the cut-off passes, another is ordered behind it.
        house.line_to_bank(false);
        house.engine.pay(1, quota, 1_000, &How::default());
        house.follow();
        house.finance_does(NodeOrder::CutOff).expect("it may");
        house.line_to_bank(true);
        house.engine.pay(2, quota, 2_000, &How::default());
        house.run();
        house.finance_dies();
        assert_eq!(unanswered(&house, TODAY), [0, 2]);
        house.bank_said(bank::Order::CutOff);
        let at_the_bank = |house: &House| house.bank.business().early().count();
        if finance_first {
            // The bank has not even closed: what comes now waits there, and its statement says so.
            finance_opens(&mut house, MONDAY);
            assert_eq!((at_the_bank(&house), house.bank.business().phase()), (2, Phase::CutOff));
            others_close(&mut house);
            assert_eq!(unanswered(&house, MONDAY), [0, 2], "the bank holds them now");
            assert_good(&house);
            finance_closes(&mut house, TODAY);
            others_open(&mut house, MONDAY);
        } else {
            others_close(&mut house);
            assert_eq!((at_the_bank(&house), unanswered(&house, TODAY)), (0, [0, 2]));
            assert_good(&house);
            finance_closes(&mut house, TODAY);
            others_open(&mut house, MONDAY);
            house.assert_bank(0);
            finance_opens(&mut house, MONDAY);
        }
        for payment in [1, 2] {
            assert_eq!(house.engine.state(payment), PaymentState::Paid, "{finance_first}");
            assert_eq!(house.voucher_of(payment).paid_on, day(MONDAY));
        }
        house.assert_bank(2);
        day_ends(&mut house, MONDAY);
        assert_eq!(house.engine.state(1), PaymentState::Cleared);
    }
}

#[test]
fn what_reaches_the_bank_behind_its_cut_off_is_told_as_held_and_is_no_difference() {
    let mut house = house();
    let quota = house.engine.quota("111", 100_000);
    house.engine.pay(1, quota, 1_000, &How::default());
    house.run();
    house.bank_said(bank::Order::CutOff);
    house.engine.pay(2, quota, 2_000, &How::default());
    house.run();
    assert_eq!(house.engine.state(2), PaymentState::Instructed);
    assert_eq!(unanswered(&house, TODAY), [1, 0], "nobody has told of it yet");
    house.clear();
    others_close(&mut house);
    assert_eq!(unanswered(&house, TODAY), [0, 1]);
    let page = house.finance.business().checklist(day(TODAY), PASSED).english();
    let key = house.voucher_of(2).key;
    let told = format!(
        "carried  vouchers without an answer: none; held by the cut-off until the next day: 1, ¥20.00 ({key})"
    );
    assert!(page.contains(&told), "{page}");
    assert_good(&house);
    house.finance_dies();
    assert_eq!(unanswered(&house, TODAY), [0, 1]);
    finance_closes(&mut house, TODAY);
    others_open(&mut house, MONDAY);
    assert_eq!(house.engine.state(2), PaymentState::Paid);
    finance_opens(&mut house, MONDAY);
    day_ends(&mut house, MONDAY);
    house.assert_bank(2);
}

#[test]
fn what_the_bank_holds_and_does_not_pay_on_its_next_day_is_a_difference_there() {
    let script = counterparties::script::Script::default();
    let mut house = House::with(script.with(0, counterparties::script::Fault::Never));
    house.file_account();
    house.finance_said(Order::BeginDay(day(TODAY)));
    let quota = house.engine.quota("111", 100_000);
    house.bank_said(bank::Order::CutOff);
    house.engine.pay(1, quota, 1_000, &How::default());
    house.run();
    others_close(&mut house);
    assert_eq!((unanswered(&house, TODAY), differences(&house)), ([0, 1], 0));
    finance_closes(&mut house, TODAY);
    // It is taken up and never answered.
    others_open(&mut house, MONDAY);
    finance_opens(&mut house, MONDAY);
    assert_eq!(unanswered(&house, MONDAY), [0, 1], "its bank has said nothing else");
    house.bank_said(bank::Order::CutOff);
    others_close(&mut house);
    let open: Vec<String> = house
        .finance
        .business()
        .differences()
        .open()
        .map(|one| format!("{} {}", one.opened.get(), one.finding.class))
        .collect();
    assert_eq!(open, ["20220307 missing_there"]);
    assert_eq!(unanswered(&house, MONDAY), [1, 0]);
    house.assert_folds();
}

#[test]
fn an_order_that_comes_behind_the_close_is_no_difference_once_its_bank_has_paid() {
    let mut house = house();
    let quota = house.engine.quota("111", 100_000);
    // It is on its way when the bank tells of its day.
    house.line_to_bank(false);
    house.engine.pay(1, quota, 1_000, &How::default());
    house.follow();
    house.bank_said(bank::Order::CutOff);
    house.bank_said(bank::Order::Close);
    house.central_said(central_bank::Order::Close);
    house.line_to_bank(true);
    house.run();
    assert_eq!((unanswered(&house, TODAY), differences(&house)), ([1, 0], 1));
    finance_opens(&mut house, MONDAY);
    others_open(&mut house, MONDAY);
    assert_eq!(house.voucher_of(1).standing, Standing::Paid);
    assert_good(&house);
    finance_closes_both(&mut house);
    others_open(&mut house, TUESDAY);
    house.assert_bank(1);
}

fn finance_closes_both(house: &mut House) {
    day_ends(house, MONDAY);
    assert_eq!(house.finance.business().differences().closed_until(), Some(day(MONDAY)));
}
