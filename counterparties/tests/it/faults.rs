//! Each wrong answer on purpose, alone: what finance hears, what the bank's ledger says, and how the two differ.

use counterparties::bank::{Order, Trade};
use counterparties::script::{Fault, Planted, Script};
use domain::Fen;
use domain::voucher::check::answers;
use domain::voucher::{Field, Flag, Voucher};
use exchange::business::{Business, OnPurpose};

use crate::province::*;

const MONDAY: u32 = 20_230_313;

/// Three orders to the first bank, of which the second is answered wrongly.
fn answered(fault: Fault, notices: Notices) -> (Province, [Voucher; 3]) {
    let script = Script::default().with(1, fault);
    let mut province = Province::new(day(MONDAY), 1_000_000, notices, script);
    let orders = ["1", "2", "3"]
        .map(|number| order("102", number, day(MONDAY), &[("6222001", "2050203", 1_000)]));
    province.pay(&orders);
    province.run();
    province.assert_books();
    (province, orders)
}

/// How what finance heard of an order differs from the bank's ledger; `None`: it does not.
fn difference(province: &Province, order: &Voucher) -> Option<&'static str> {
    let heard = province.receipts(order.key);
    let trade = province.banks[0].trade(order.key);
    let paid = match &trade {
        Trade::Paid { paid_fen, .. } => Some(*paid_fen),
        _ => None,
    };
    match (heard, paid) {
        ([], None) => Some("not paid, no answer"),
        ([], Some(_)) => Some("paid, no answer"),
        ([_, _, ..], _) => Some("answered twice"),
        ([one], Some(paid_fen)) => {
            let line = &one.details[0].fields;
            if !answers(order, one).is_empty() {
                Some("another's answer")
            } else if one.head.amount_fen(Field::ExecutedAmount) != Some(paid_fen) {
                Some("another amount")
            } else if line.text(Field::ExecutedPayeeAccount) != line.text(Field::PayeeAccount) {
                Some("another payee")
            } else {
                None
            }
        }
        ([_], None) => Some("answered, not paid"),
    }
}

fn differences(province: &Province, orders: &[Voucher; 3]) -> [Option<&'static str>; 3] {
    orders.each_ref().map(|order| difference(province, order))
}

#[test]
fn each_wrong_answer_is_told_apart_and_the_ledger_stays_true() {
    let expected = [
        (Fault::Twice, [None, Some("answered twice"), None]),
        (Fault::TwiceOtherwise, [None, Some("answered twice"), None]),
        (Fault::Late, [None, Some("paid, no answer"), None]),
        (Fault::Never, [None, Some("not paid, no answer"), None]),
        (Fault::Lost, [None, Some("paid, no answer"), None]),
        (Fault::OtherPayment, [None, Some("another's answer"), Some("another's answer")]),
        (Fault::OtherAmount, [None, Some("another amount"), None]),
        (Fault::OtherPayee, [None, Some("another payee"), None]),
        (Fault::WrongSignature, [None, None, None]),
        (Fault::AfterClearing, [None, Some("paid, no answer"), None]),
    ];
    assert_eq!(expected.len(), Fault::ALL.len());
    for (fault, expected) in expected {
        let (province, orders) = answered(fault, Notices::None);
        assert_eq!(differences(&province, &orders), expected, "{}", fault.slug());
        let [_, second, third] = &orders;
        let mut planted = vec![Planted { voucher: second.key, fault }];
        if fault == Fault::OtherPayment {
            planted.push(Planted { voucher: third.key, fault });
        }
        assert_eq!(province.banks[0].planted(), planted);
        let paid = if fault == Fault::Never { 2_000 } else { 3_000 };
        assert_eq!(province.banks[0].exposure().uncleared_fen, paid, "{}", fault.slug());
        for order in &orders {
            let told = province.banks[0].on_purpose(order.key, Flag::Receipt);
            let wrong = match fault {
                Fault::Twice | Fault::TwiceOtherwise => Some(OnPurpose::Doubled),
                Fault::WrongSignature => Some(OnPurpose::SpoiltSeals),
                _ => None,
            };
            assert_eq!(told, wrong.filter(|_| order.key == second.key), "{}", fault.slug());
            assert_eq!(province.banks[0].on_purpose(order.key, Flag::Original), None);
        }
        province.assert_replays();
    }
}

#[test]
fn an_order_sent_again_is_answered_again_and_not_paid_again() {
    for fault in Fault::ALL {
        let (mut province, orders) = answered(*fault, Notices::None);
        let entries = province.banks[0].ledger().entries().len();
        province.pay(&orders);
        province.run();
        province.assert_books();
        assert_eq!(province.banks[0].ledger().entries().len(), entries, "{}", fault.slug());
        // Under the same number with other contents: an alarm, and no money.
        let changed = order("102", "2", day(MONDAY), &[("6222666", "2050203", 1_000)]);
        province.pay(std::slice::from_ref(&changed));
        province.run();
        assert_eq!(province.banks[0].ledger().entries().len(), entries, "{}", fault.slug());
        let told = province.failed.last().expect("it was not taken");
        assert_eq!(told.0, changed.key);
        assert!(told.1.starts_with("同号异文"), "{}", told.1);
    }
}

#[test]
fn a_late_answer_comes_when_it_is_told_to_and_once() {
    let (mut province, orders) = answered(Fault::Late, Notices::None);
    province.bank(0, &Order::SendLate);
    province.bank(0, &Order::SendLate);
    province.run();
    assert_eq!(differences(&province, &orders), [None; 3]);
}

#[test]
fn a_payment_may_be_cleared_before_its_receipt_comes() {
    let (mut province, orders) = answered(Fault::AfterClearing, Notices::AsRequested);
    province.bank(0, &Order::RequestClearing);
    while province.receipts(orders[1].key).is_empty() {
        assert!(!province.on_the_way.is_empty(), "the receipt never came");
        province.deliver(0, false);
    }
    assert_eq!(province.central.balance_fen(TREASURY), 997_000, "cleared by then");
    province.run();
    assert_eq!(differences(&province, &orders), [None; 3]);
    assert_eq!(province.finance.tally.open().count(), 0);
}

#[test]
fn an_answer_that_is_missing_shows_as_a_line_that_finance_does_not_notice() {
    let (mut province, orders) = answered(Fault::Lost, Notices::ByReceipts);
    province.bank(0, &Order::RequestClearing);
    province.run();
    let [(_, reason)] = &province.finance.returned[..] else { panic!("the notice came back") };
    assert!(reason.contains("8202 2 101 2050203: requested 10.00"), "{reason}");
    assert_eq!(province.central.balance_fen(TREASURY), 1_000_000);
    // Asked after the order, the bank says that it paid.
    let Trade::Paid { paid_fen, details, .. } = province.banks[0].trade(orders[1].key) else {
        panic!("it was paid")
    };
    assert_eq!((paid_fen, details), (Fen::new(1_000), vec![("1".to_owned(), Fen::new(1_000))]));
    let unknown = order("102", "9", day(MONDAY), &[("6222001", "2050203", 1)]);
    assert_eq!(province.banks[0].trade(unknown.key), Trade::Unknown);
}
