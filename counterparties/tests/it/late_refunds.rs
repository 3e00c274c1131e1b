//! Notices of refunds that come after everybody else has told of the money: what differed ends by them.

use std::cell::RefCell;
use std::rc::Rc;

use counterparties::bank;
use counterparties::script::Script;
use domain::codes::FactKind;
use domain::day::Check;
use domain::ids::Day;
use domain::reconciliation::Source;
use domain::voucher::{Field, Flag, Value, Voucher, VoucherKey, VoucherKind};

use crate::closing::Closing;
use crate::province::finance;
use crate::reconciliation::{MONDAY, TUESDAY, amounts, open, open_of, results, spoils};

/// What was held up on its way to finance.
type HeldUp = Rc<RefCell<Vec<Voucher>>>;

/// Payments of a day, paid and cleared.
fn cleared(count: i64) -> (Closing, Vec<VoucherKey>) {
    let mut house = Closing::open(MONDAY, Script::default());
    let orders = house.pay(0, MONDAY, &amounts(count));
    house.cut_off();
    assert_eq!(house.failed, []);
    (house, orders)
}

/// Notices of the refunds of some orders do not reach finance.
fn hold_up(house: &mut Closing, orders: &[VoucherKey]) -> HeldUp {
    let held = HeldUp::default();
    let (keep, orders) = (Rc::clone(&held), orders.to_vec());
    house.spoil = Box::new(move |to, voucher| {
        let number = voucher.head.text(Field::OriginalNumber);
        let is_late = to == finance()
            && voucher.key.kind == VoucherKind::PayeeRefund
            && orders.iter().any(|order| Some(order.number.as_str()) == number);
        if is_late {
            keep.borrow_mut().push(voucher.clone());
            return None;
        }
        Some(voucher.clone())
    });
    held
}

/// Money of orders comes back to their bank, which hands it on at once.
fn come_back(house: &mut Closing, orders: &[VoucherKey]) {
    for voucher in orders {
        let reason = "收款人退回".to_owned();
        house.bank(0, &bank::Order::Refund { voucher: *voucher, detail: None, reason });
    }
    house.bank(0, &bank::Order::RequestClearing);
    house.run();
}

fn facts_of(house: &Closing, kind: FactKind) -> usize {
    house.finance.facts_due().1.iter().filter(|fact| fact.fact().kind == kind).count()
}

fn classes(house: &Closing, source: Source) -> Vec<String> {
    open_of(house, source).into_iter().map(|(class, _)| class).collect()
}

#[test]
fn a_refund_notice_that_comes_late_ends_what_differed_in_every_statement() {
    let (mut house, orders) = cleared(3);
    let held = hold_up(&mut house, &orders[..1]);
    come_back(&mut house, &orders[..1]);
    // The money is in the treasury; finance has not heard whose it is, and takes the receipt all the same.
    assert_eq!(house.failed, []);
    assert_eq!(facts_of(&house, FactKind::SettleRefund), 0);
    house.assert_replays();
    house.close_theirs();
    assert_eq!(results(&house), ["1"]);
    // It was paid and came back on one day: they have two lines of it, and our books have one.
    assert_eq!(open_of(&house, Source::Account), [("duplicate".to_owned(), orders[0])]);
    assert_eq!(classes(&house, Source::Clearing), ["amount_diff"]);
    assert_eq!(classes(&house, Source::Treasury), ["missing_here"]);
    house.close_day(MONDAY).expect_err("differences are open");
    house.begin(TUESDAY);
    let notice = held.borrow()[0].clone();
    house.deliver(0, &notice);
    assert_eq!(house.open_ones().len(), 0, "{:?}", house.open_ones());
    assert_eq!(open(&house, TUESDAY, Check::Refunds), [""; 0]);
    let facts = [FactKind::Refund, FactKind::SettleRefund].map(|kind| facts_of(&house, kind));
    assert_eq!(facts, [1, 1], "the engine hears that it came back and is in the treasury");
    house.assert_replays();
    // The same notice again is the bank's second refund of one payment, and is not taken.
    house.deliver(0, &notice);
    assert_eq!(house.failed.len(), 1);
    house.engine_takes_all();
    house.close_day(MONDAY).expect("all is green");
    house.assert_replays();
}

/// Neither the notices of a bank's refunds nor its request for them reaches finance.
fn line_down(house: &mut Closing) -> HeldUp {
    let held = HeldUp::default();
    let keep = Rc::clone(&held);
    house.spoil = Box::new(move |to, voucher| {
        let is_late = to == finance()
            && voucher.flag == Flag::Original
            && matches!(voucher.key.kind, VoucherKind::PayeeRefund | VoucherKind::RefundRequest);
        if is_late {
            keep.borrow_mut().push(voucher.clone());
            return None;
        }
        Some(voucher.clone())
    });
    held
}

/// Money comes back and is in the treasury before finance hears of it from the bank, by vouchers in this order.
fn heard_behind_the_treasury(first: VoucherKind) {
    let (mut house, orders) = cleared(3);
    let held = line_down(&mut house);
    come_back(&mut house, &orders[..1]);
    assert_eq!(house.failed, []);
    house.close_theirs();
    assert_eq!(classes(&house, Source::Clearing), ["missing_here"]);
    assert_eq!(classes(&house, Source::Treasury), ["missing_here"]);
    house.assert_replays();
    house.begin(TUESDAY);
    let mut late = held.borrow().clone();
    late.sort_by_key(|voucher| voucher.key.kind != first);
    assert_eq!(late.len(), 2);
    for voucher in &late {
        house.deliver(0, voucher);
        house.assert_replays();
    }
    assert_eq!(house.failed, []);
    assert_eq!(house.open_ones().len(), 0, "{:?}", house.open_ones());
    let facts = [FactKind::Refund, FactKind::SettleRefund].map(|kind| facts_of(&house, kind));
    assert_eq!(facts, [1, 1]);
    house.engine_takes_all();
    house.close_day(MONDAY).expect("all is green");
}

#[test]
fn a_request_that_comes_behind_its_receipt_ends_what_differed() {
    heard_behind_the_treasury(VoucherKind::PayeeRefund);
    heard_behind_the_treasury(VoucherKind::RefundRequest);
}

#[test]
fn a_notice_tells_the_originals_date_and_message_and_is_held_against_the_date() {
    let (mut house, orders) = cleared(1);
    let held = hold_up(&mut house, &orders);
    come_back(&mut house, &orders);
    let notice = held.borrow()[0].clone();
    assert_eq!(notice.head.day(Field::OriginalDate).map(|day| day.get()), Some(MONDAY));
    assert_eq!(notice.head.text(Field::OriginalMessage), Some("121"), "it is a small value");
    let mut other = notice.clone();
    other.head.set(Field::OriginalDate, Value::Day(Day::new(TUESDAY).expect("a day")));
    house.deliver(0, &other);
    assert_eq!(facts_of(&house, FactKind::Refund), 0);
    assert_eq!(house.failed.len(), 1, "{:?}", house.failed);
    house.deliver(0, &notice);
    assert_eq!(facts_of(&house, FactKind::Refund), 1);
    house.assert_replays();
}

#[test]
fn a_receipt_waits_for_the_last_of_its_refunds() {
    let (mut house, orders) = cleared(4);
    let held = hold_up(&mut house, &orders[1..3]);
    come_back(&mut house, &orders[..3]);
    house.close_theirs();
    assert_eq!(classes(&house, Source::Clearing), ["amount_diff"]);
    assert_eq!(classes(&house, Source::Treasury), ["amount_diff"]);
    assert_eq!(classes(&house, Source::Account), ["duplicate", "duplicate"]);
    let notices = held.borrow().clone();
    house.deliver(0, &notices[1]);
    // What the bank told of it ends; the central bank's line is of both.
    assert_eq!(open_of(&house, Source::Account), [("duplicate".to_owned(), orders[1])]);
    assert_eq!(classes(&house, Source::Treasury), ["amount_diff"]);
    assert_eq!(facts_of(&house, FactKind::SettleRefund), 0);
    house.assert_replays();
    house.deliver(0, &notices[0]);
    assert_eq!(house.open_ones().len(), 0, "{:?}", house.open_ones());
    assert_eq!(facts_of(&house, FactKind::SettleRefund), 3);
    assert_eq!(open(&house, MONDAY, Check::Refunds), [""; 0]);
    house.assert_replays();
}

#[test]
fn a_refund_notice_that_comes_late_ends_what_its_request_differed_over() {
    let (mut house, orders) = cleared(2);
    let held = hold_up(&mut house, &orders[..1]);
    come_back(&mut house, &orders[..1]);
    // The bank's account statement does not tell of it, so that its request alone differs.
    house.spoil = spoils(VoucherKind::DirectDaily, |report| {
        report.details.retain(|line| {
            line.fields.amount_fen(Field::Amount).is_some_and(|fen| fen > domain::Fen::ZERO)
        });
    });
    house.close_theirs();
    assert_eq!(open_of(&house, Source::Account), []);
    assert_eq!(open_of(&house, Source::RefundRequests), [("missing_here".to_owned(), orders[0])]);
    let notice = held.borrow()[0].clone();
    house.deliver(0, &notice);
    assert_eq!(open_of(&house, Source::RefundRequests), []);
    assert_eq!(house.open_ones().len(), 0, "{:?}", house.open_ones());
    house.assert_replays();
}

#[test]
fn a_notice_of_another_amount_is_not_taken_and_ends_nothing() {
    let (mut house, orders) = cleared(2);
    let held = hold_up(&mut house, &orders[..1]);
    come_back(&mut house, &orders[..1]);
    house.close_theirs();
    let before = house.open_ones();
    let mut notice = held.borrow()[0].clone();
    for line in &mut notice.details {
        line.fields.set(Field::Amount, Value::Amount(domain::Fen::new(-1)));
    }
    notice.head.set(Field::Amount, Value::Amount(domain::Fen::new(-1)));
    house.deliver(0, &notice);
    assert_eq!(house.failed.len(), 1);
    assert_eq!(house.open_ones(), before);
    house.assert_replays();
}

#[test]
fn the_treasurys_receipt_of_refunds_that_cannot_come_is_not_taken() {
    let (mut house, orders) = cleared(2);
    let receipt: HeldUp = Rc::default();
    let keep = Rc::clone(&receipt);
    house.spoil = Box::new(move |to, voucher| {
        let is_it = to == finance()
            && voucher.key.kind == VoucherKind::RefundRequest
            && voucher.flag == Flag::Receipt;
        if is_it {
            keep.borrow_mut().push(voucher.clone());
        }
        Some(voucher.clone())
    });
    come_back(&mut house, &orders[..1]);
    let receipt = receipt.borrow()[0].clone();
    let again = |house: &mut Closing, receipt: &Voucher| {
        let central = house.central.party();
        exchange::business::Business::take(&house.finance, central, receipt).0
    };
    // What came back and was settled does not come a second time.
    let taken = again(&mut house, &receipt);
    assert!(
        matches!(&taken, exchange::business::Verdict::Failed { reason } if reason.contains("not in transit"))
    );
    // Nor does what finance never ordered.
    let mut unknown = receipt.clone();
    for line in &mut unknown.details {
        line.fields.set(Field::OriginalNumber, Value::Text("0000009999".to_owned()));
    }
    let taken = again(&mut house, &unknown);
    assert!(matches!(taken, exchange::business::Verdict::Failed { .. }), "{taken:?}");
    assert_eq!(house.failed, []);
}
