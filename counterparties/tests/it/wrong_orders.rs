//! What can go wrong with an order: it is taken back, its notice comes back, its account is filed late.

use counterparties::bank;
use counterparties::script::{Fault, Script};
use domain::Code;
use domain::codes::{BusinessKind, PaymentState};
use domain::day::Check;
use domain::ids::QuotaId;
use domain::voucher::{Flag, Voucher};
use exchange::finance::Standing;
use exchange::node::Order as NodeOrder;
use exchange::record::TwoPersons;
use exchange::store::OutState;

use crate::house::{House, How, bank_party};
use crate::province::{day, party};

fn payroll() -> How {
    How { business: BusinessKind::Payroll, ..How::default() }
}

fn state_at_store(house: &House, payment: u128) -> OutState {
    let key = house.voucher_of(payment).key;
    let peer = house.finance.store().peer(bank_party()).expect("it was written to");
    let entry = peer.out.find(&key, domain::voucher::Flag::Original).expect("it is there");
    peer.out.get(entry).expect("it is there").out_state()
}

#[test]
fn a_payment_that_is_voided_before_its_voucher_leaves_is_never_paid() {
    let mut house = House::new();
    house.file_account();
    let quota = house.engine.quota("111", 100_000);
    house.line_to_bank(false);
    house.engine.pay(1, quota, 40_000, &How::default());
    house.run();
    assert_eq!(state_at_store(&house, 1), OutState::Waiting);
    house.engine.void(1, quota);
    house.finance_dies();
    house.run();
    assert_eq!(state_at_store(&house, 1), OutState::Voided);
    house.line_to_bank(true);
    house.run();
    house.assert_bank(0);
    assert_eq!((house.alarms().len(), house.engine.parked.len()), (0, 0));
    assert_eq!(house.engine.state(1), PaymentState::Released);
    assert_eq!(house.engine.buckets(quota).available(), 100_000);
    house.assert_folds();
}

#[test]
fn what_is_voided_in_the_turn_it_was_ordered_in_never_leaves_and_the_others_do() {
    let mut house = House::new();
    house.file_account();
    let quota = house.engine.quota("111", 100_000);
    for payment in 1..=3 {
        house.engine.pay(payment, quota, 1_000 * payment as i64, &payroll());
    }
    house.engine.void(2, quota);
    house.run();
    let (first, rest) = (house.finance.business().vouchers()[0].key, house.voucher_of(1));
    assert_eq!(rest.key.number.as_str(), "0000000002");
    assert_eq!((rest.parts.len(), rest.standing), (2, Standing::Paid));
    assert_eq!(house.voucher(&first).standing, Standing::Ended);
    house.assert_bank(2);
    house.clear();
    let states = [1, 2, 3].map(|payment| house.engine.state(payment));
    use PaymentState::{Cleared, Released};
    assert_eq!(states, [Cleared, Released, Cleared]);
    assert_eq!(house.treasury_fen(), 1_000_000 - 4_000);
    assert_eq!((house.alarms().len(), house.engine.parked.len()), (0, 0));
    house.assert_folds();
}

#[test]
fn a_grouped_voucher_that_waits_is_read_out_of_the_journal_and_written_without_the_voided_payment()
{
    let mut house = House::new();
    house.file_account();
    let quota = house.engine.quota("111", 100_000);
    house.line_to_bank(false);
    for payment in 1..=3 {
        house.engine.pay(payment, quota, 1_000 * payment as i64, &payroll());
    }
    house.run();
    house.finance_dies();
    house.engine.void(1, quota);
    house.engine.void(3, quota);
    house.run();
    // Both were taken out before what is left was written.
    assert_eq!(house.finance.business().vouchers().len(), 2);
    assert_eq!(house.voucher_of(2).parts.len(), 1);
    house.line_to_bank(true);
    house.run();
    house.assert_bank(1);
    let states = [1, 2, 3].map(|payment| house.engine.state(payment));
    use PaymentState::{Paid, Released};
    assert_eq!(states, [Released, Paid, Released]);
    house.assert_folds();
}

#[test]
fn a_payment_that_is_voided_after_it_was_paid_is_told_to_a_person_and_parked_by_the_engine() {
    let mut house = House::with(Script::default().with(0, Fault::Late));
    house.file_account();
    let quota = house.engine.quota("111", 100_000);
    house.engine.pay(1, quota, 40_000, &How::default());
    house.run();
    house.engine.void(1, quota);
    house.run();
    // It had left and was taken: the bank keeps it, and has paid it.
    assert!(house.alarms().iter().any(|what| what.contains("keeps what was asked back")));
    house.bank_said(bank::Order::SendLate);
    house.run();
    assert!(house.alarms().iter().any(|what| what.contains("have it given back")));
    assert_eq!(house.engine.parked, [Code::WrongState]);
    assert_eq!(house.engine.state(1), PaymentState::Released);
    house.assert_bank(1);
    // The day's end names it until a person has decided.
    house.follow();
    let suspense = |house: &House| {
        let checklist = house.finance.business().checklist(day(20_220_304), 24 * 60 - 1);
        let item = checklist.items().iter().find(|item| item.check == Check::Suspense).cloned();
        item.expect("every item is there").open
    };
    let open = suspense(&house);
    assert_eq!((open.many(), open.amount_fen()), (1, 40_000));
    assert!(open.named()[0].contains("parked as"), "{open:?}");
    house.assert_folds();
    house.engine.dismiss();
    house.follow();
    assert!(suspense(&house).is_empty(), "{:?}", suspense(&house));
    house.assert_folds();
}

#[test]
fn a_notice_that_the_central_bank_sends_back_is_replaced_and_its_vouchers_are_cleared() {
    // Finance has no receipt of the second payment when the bank asks for both.
    let mut house = House::with(Script::default().with(1, Fault::Late));
    house.file_account();
    let quota = house.engine.quota("111", 100_000);
    house.engine.pay(1, quota, 40_000, &How::default());
    house.engine.pay(2, quota, 2_500, &How::default());
    house.run();
    house.clear();
    assert_eq!(house.voucher_of(1).standing, Standing::Paid, "the notice came back");
    assert_eq!(house.finance.business().notices_back().count(), 1);
    assert_eq!(house.treasury_fen(), 1_000_000);
    house.bank_said(bank::Order::SendLate);
    house.run();
    house.clear();
    for payment in [1, 2] {
        assert_eq!(house.voucher_of(payment).standing, Standing::Cleared);
        assert_eq!(house.engine.state(payment), PaymentState::Cleared);
    }
    assert_eq!(house.finance.business().notices_back().count(), 0);
    assert_eq!(house.treasury_fen(), 1_000_000 - 42_500);
    house.assert_folds();
}

#[test]
fn what_a_person_voids_in_the_store_is_rejected_in_the_engine() {
    let mut house = House::new();
    house.file_account();
    let quota = house.engine.quota("111", 100_000);
    house.line_to_bank(false);
    house.engine.pay(1, quota, 40_000, &How::default());
    house.run();
    let key = house.voucher_of(1).key;
    let output = house.finance.turn(
        vec![exchange::node::Input::Order {
            ticket: 0,
            order: exchange::node::Order::Void {
                to: bank_party(),
                key,
                flag: domain::voucher::Flag::Original,
                by: "li".to_owned(),
                reason: "开错账户".to_owned(),
            },
        }],
        0,
    );
    assert!(output.expect("durable").answers[0].1.is_ok());
    house.run();
    assert_eq!(house.engine.state(1), PaymentState::Released);
    assert_eq!(house.engine.buckets(quota).available(), 100_000);
}

fn two() -> TwoPersons {
    TwoPersons { first: "wang".to_owned(), second: "li".to_owned() }
}

/// A payment whose order went by paper and whose letter its bank has dismissed.
fn dismissed_by_its_bank() -> (House, QuotaId, Voucher) {
    let mut house = House::unread_by_its_bank();
    house.file_account();
    let quota = house.engine.quota("111", 100_000);
    house.line_to_bank(false);
    house.engine.pay(1, quota, 40_000, &How::default());
    house.run();
    let key = house.voucher_of(1).key;
    for person in ["wang", "li"] {
        let (person, by) = (person.to_owned(), "director".to_owned());
        let may = NodeOrder::Authorise { person: person.clone(), may: true, by: by.clone() };
        house.finance_does(may).expect("taken");
        house.bank_does(NodeOrder::Authorise { person, may: true, by }).expect("taken");
    }
    let (to, flag, reason) = (bank_party(), Flag::Original, "两条线路中断".to_owned());
    let persons = two();
    house.finance_does(NodeOrder::SendByPaper { to, key, flag, persons, reason }).expect("taken");
    house.line_to_bank(true);
    house.run();
    let from = party("finance:370000005");
    let (by, reason) = ("li".to_owned(), "无法识别".to_owned());
    house.bank_does(NodeOrder::Dismiss { from, entry: 0, by, reason }).expect("taken");
    house.run();
    assert_eq!(state_at_store(&house, 1), OutState::Stopped);
    let paper = house.as_finance_wrote(&key);
    (house, quota, paper)
}

fn typed_in(house: &mut House, paper: &Voucher) -> Result<(), String> {
    let (from, voucher) = (party("finance:370000005"), Box::new(paper.clone()));
    house.bank_does(NodeOrder::TakePaper { from, voucher, persons: two() })
}

fn sent_back(house: &mut House, paper: &Voucher) -> Result<(), String> {
    let (from, voucher) = (party("finance:370000005"), Box::new(paper.clone()));
    let reason = "账号与户名不符".to_owned();
    house.bank_does(NodeOrder::ReturnPaper { from, voucher, persons: two(), reason })
}

#[test]
fn a_paper_that_is_typed_in_after_its_letter_was_refused_is_paid_once() {
    let (mut house, quota, paper) = dismissed_by_its_bank();
    // Nothing has come back: what the paper may still pay is not free for another payment.
    assert_eq!(house.engine.state(1), PaymentState::Instructed);
    assert_eq!(house.engine.buckets(quota).available(), 60_000);
    house.finance_dies();
    typed_in(&mut house, &paper).expect("paid");
    house.run();
    house.assert_bank(1);
    assert_eq!(house.engine.state(1), PaymentState::Paid);
    assert_eq!(state_at_store(&house, 1), OutState::Receipted);
    assert!(typed_in(&mut house, &paper).expect_err("once").contains("a number is used once"));
    assert!(sent_back(&mut house, &paper).expect_err("paid").contains("a number is used once"));
    house.run();
    house.assert_bank(1);
    house.clear();
    assert_eq!(house.engine.state(1), PaymentState::Cleared);
    assert_eq!(house.engine.parked, []);
    house.assert_folds();
}

#[test]
fn a_paper_that_is_sent_back_after_its_letter_was_refused_is_paid_anew_and_never_by_the_old_one() {
    let (mut house, quota, paper) = dismissed_by_its_bank();
    sent_back(&mut house, &paper).expect("sent back");
    house.run();
    assert_eq!(state_at_store(&house, 1), OutState::Returned);
    assert_eq!(house.engine.state(1), PaymentState::Released);
    assert_eq!(house.engine.buckets(quota).available(), 100_000);
    assert!(
        typed_in(&mut house, &paper).expect_err("at its end").contains("a number is used once")
    );
    house.run();
    house.assert_bank(0);
    assert_eq!(house.engine.parked, []);
    house.assert_folds();
}

#[test]
fn what_holds_a_request_up_is_named_with_the_request_and_its_day() {
    // Finance has no receipt of the second payment when the bank asks for both.
    let mut house = House::with(Script::default().with(1, Fault::Late));
    house.file_account();
    let quota = house.engine.quota("111", 100_000);
    house.engine.pay(1, quota, 40_000, &How::default());
    house.engine.pay(2, quota, 2_500, &How::default());
    house.run();
    let [held_up, cause] = [1, 2].map(|payment| house.voucher_of(payment).key);
    assert!(house.finance.business().held_up_by(&held_up).is_none());
    house.clear();
    house.finance_dies();
    let told = |house: &House| house.finance.business().held_up_by(&held_up);
    let back = told(&house).expect("its request came back");
    let all: Vec<_> = house.finance.business().requests_back().collect();
    assert_eq!((all.len(), all[0].request), (1, back.request));
    let end = house.finance.business().request_end(&back.request).expect("it has ended");
    assert!(end.sent_back && end.day == day(20_220_304));
    let [first] = &back.because[..] else { panic!("{:?}", back.because) };
    assert_eq!((first.place.voucher, &back.held_up[..]), (cause, &[held_up][..]));
    let request = back.request;
    assert_eq!(
        back.english(),
        format!(
            "request {request} of bank:102 for 20220304, 425.00 yuan, came back whole from the central bank on 20220304, because of \
             {cause}/1 (state_diff: ours 25.00 pending on 20220304; the bank's 25.00 done on 20220304)"
        )
    );
    assert_eq!(
        back.chinese(),
        format!(
            "bank:102的划款申请{request}（20220304，425.00元）于20220304被国库整单退回，因{cause}/1（状态不符：我方25.00元、在途、20220304；\
             银行25.00元、正常、20220304）"
        )
    );
    // What it differed over is mended; the bank has still to ask again.
    house.bank_said(bank::Order::SendLate);
    house.run();
    let back = told(&house).expect("it has not asked again");
    assert!(back.because.is_empty() && back.english().ends_with("the bank may ask again"));
    house.clear();
    assert!(told(&house).is_none());
    let end = house.finance.business().request_end(&request).expect("it has ended");
    assert!(end.sent_back, "a request that came back stays one");
}
