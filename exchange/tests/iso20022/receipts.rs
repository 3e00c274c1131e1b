//! The national receipt out of a report and notices: whole, in part, not yet, and what does not go together.

use domain::Fen;
use domain::reconciliation::ItemState;
use domain::reconciliation::statement::lines;
use domain::voucher::check::{NothingHeld, answers, check};
use domain::voucher::{Field, Flag, Voucher};
use exchange::iso20022::codes::BankStatus;
use exchange::iso20022::receipt::{Contradiction, Progress, of};
use exchange::iso20022::statement::{Direction, Statement, read_notices};
use exchange::iso20022::status::{StatusReport, read};

use crate::samples::{day, file, school};

fn report() -> StatusReport {
    read(&file("pain002_partly.xml")).expect("a report")
}

fn notices() -> Vec<Statement> {
    read_notices(&file("camt054_paid.xml")).expect("a notice")
}

fn complete(progress: Result<Progress, Contradiction>) -> Voucher {
    match progress {
        Ok(Progress::Complete(receipt)) => *receipt,
        other => panic!("{other:?}"),
    }
}

/// A notice of the second transfer as well.
fn both() -> Vec<Statement> {
    let mut notices = notices();
    let mut entry = notices[0].entries[0].clone();
    entry.bank_serial = Some("CCB20230310000124".to_owned());
    entry.details[0].bank_serial = entry.bank_serial.clone();
    entry.details[0].end_to_end = Some("2".to_owned());
    entry.details[0].amount_fen = Fen::new(300_000);
    entry.day = Some(day(20_230_311));
    notices[0].entries.push(entry);
    notices
}

#[test]
fn what_failed_is_there_with_nothing_paid() {
    let receipt = complete(of(&school(), Some(&report()), &notices()));
    assert_eq!((receipt.key, receipt.flag), (school().key, Flag::Receipt));
    assert_eq!(receipt.head.amount_fen(Field::ExecutedAmount), Some(Fen::new(500_000)));
    let [paid, failed] = receipt.details.as_slice() else { panic!("two details") };
    assert_eq!(paid.fields.amount_fen(Field::ExecutedAmount), Some(Fen::new(500_000)));
    assert_eq!(paid.fields.day(Field::ExecutedDay), Some(day(20_230_310)));
    assert_eq!(paid.fields.text(Field::BankSerial), Some("CCB20230310000123"));
    assert_eq!(failed.fields.amount_fen(Field::ExecutedAmount), Some(Fen::ZERO));
    assert_eq!(
        failed.fields.text(Field::ExecutedNote),
        Some("AC04账户已销户：收款账户2023年1月销户")
    );
    assert_eq!(receipt.head.text(Field::BankSerial), Some("CCB20230310000123"));
    assert_eq!(answers(&school(), &receipt), [], "it repeats what was ordered");
    assert_eq!(check(&receipt, day(20_230_310), &NothingHeld), [], "it is what its table says");
    let states: Vec<_> =
        lines(&receipt).expect("receipts").map(|line| line.expect("fit").figures.state).collect();
    assert_eq!(states, [ItemState::Done, ItemState::Returned], "it can be compared");
}

#[test]
fn without_a_definite_answer_for_each_there_is_no_receipt() {
    assert_eq!(of(&school(), None, &[]), Ok(Progress::Waiting { open: 2 }));
    assert_eq!(
        of(&school(), Some(&report()), &[]),
        Ok(Progress::Waiting { open: 1 }),
        "paid is booked or nothing"
    );
    assert_eq!(of(&school(), None, &notices()), Ok(Progress::Waiting { open: 1 }));
    let receipt = complete(of(&school(), None, &both()));
    assert_eq!(receipt.head.amount_fen(Field::ExecutedAmount), Some(Fen::new(800_000)));
    assert_eq!(receipt.head.day(Field::ExecutedDay), Some(day(20_230_311)), "the last day of it");
}

#[test]
fn what_is_rejected_as_a_whole_comes_back() {
    let mut rejected = report();
    rejected.standing.status = Some(BankStatus::Rejected);
    rejected.payments.clear();
    let why = "NARR见附言：一笔成功，一笔失败".to_owned();
    assert_eq!(of(&school(), Some(&rejected), &[]), Ok(Progress::Rejected { why }));
    rejected.standing.reasons.clear();
    let why = "银行未说明原因".to_owned();
    assert_eq!(of(&school(), Some(&rejected), &[]), Ok(Progress::Rejected { why }));
}

#[test]
fn what_is_not_booked_yet_or_came_back_is_not_paid() {
    let mut announced = notices();
    announced[0].entries[0].is_booked = false;
    assert_eq!(of(&school(), None, &announced), Ok(Progress::Waiting { open: 2 }));
    let mut back = notices();
    back[0].entries[0].details[0].direction = Direction::In;
    assert_eq!(of(&school(), None, &back), Ok(Progress::Waiting { open: 2 }));
}

#[test]
fn a_notice_that_comes_twice_is_one_and_two_debits_are_two() {
    let twice = [notices(), notices()].concat();
    complete(of(&school(), Some(&report()), &twice));
    let mut other = notices();
    other[0].entries[0].details[0].bank_serial = Some("CCB20230310000999".to_owned());
    let twice = [notices(), other].concat();
    let (voucher, end_to_end) = (school().key, "1".to_owned());
    let refused = of(&school(), Some(&report()), &twice);
    assert_eq!(refused, Err(Contradiction::PaidTwice { voucher, end_to_end, times: 2 }));
}

#[test]
fn what_does_not_go_together_is_told() {
    let voucher = school().key;
    let refused = of(&school(), Some(&report()), &both());
    assert_eq!(
        refused,
        Err(Contradiction::PaidAndRejected { voucher, end_to_end: "2".to_owned() })
    );
    let mut other = notices();
    other[0].entries[0].details[0].end_to_end = Some("3".to_owned());
    let refused = of(&school(), None, &other);
    assert_eq!(refused, Err(Contradiction::NotOrdered { voucher, end_to_end: "3".to_owned() }));
    let mut seen = report();
    seen.original_sum_fen = Some(Fen::new(800_001));
    let (ours, theirs) = ("8000.00".to_owned(), "8000.01".to_owned());
    let refused = of(&school(), Some(&seen), &[]);
    assert_eq!(refused, Err(Contradiction::OtherOrder { voucher, ours, theirs }));
    seen.original_count = Some(3);
    assert!(
        matches!(of(&school(), Some(&seen), &[]), Err(Contradiction::OtherOrder { ours, .. }) if ours == "2")
    );
    seen.original = "370102202382020000000009".to_owned();
    assert!(matches!(of(&school(), Some(&seen), &[]), Err(Contradiction::OtherMessage { .. })));
}

/// The report of another payment in the same message says nothing of this one.
#[test]
fn another_payments_notice_is_not_this_ones() {
    let mut other = notices();
    other[0].entries[0].details[0].payment = Some("370102202382020000000002".to_owned());
    assert_eq!(of(&school(), None, &other), Ok(Progress::Waiting { open: 2 }));
}
