//! What a bank paid otherwise than ordered, out of a paper that was typed in wrongly, and takes back (冲正): finance may order
//! the payment anew, the treasury gives what was ordered and nothing else, and both sides' books agree in the end.

use counterparties::bank::{self, Trade};
use counterparties::central_bank;
use counterparties::ledger::Purpose;
use counterparties::script::Script;
use domain::Fen;
use domain::codes::PaymentState;
use domain::ids::QuotaId;
use domain::reconciliation::register::Ending;
use domain::voucher::{Field, Flag, Value, Voucher, VoucherKey};
use exchange::business::Business;
use exchange::finance::Standing;
use exchange::node::Order as NodeOrder;
use exchange::record::TwoPersons;
use exchange::store::OutState;

use crate::closing::Closing;
use crate::house::{House, How, bank_party};
use crate::kinds::{has_fen, payroll, sheet};
use crate::province::{day, party};
use crate::reconciliation::{MONDAY, TUESDAY};

fn persons() -> TwoPersons {
    TwoPersons { first: "王芳".to_owned(), second: "李强".to_owned() }
}

fn reverse(voucher: VoucherKey) -> bank::Order {
    bank::Order::Reverse { voucher, reason: "线下凭证录入金额有误".to_owned() }
}

/// A voucher with a tenth of its amount.
fn tenth(right: &Voucher) -> Voucher {
    let mut wrong = right.clone();
    let tenth = |fen: Fen| Value::Amount(Fen::new(fen.get() / 10));
    let sum_fen = wrong.head.amount_fen(Field::Amount).expect("an order has a sum");
    wrong.head.set(Field::Amount, tenth(sum_fen));
    for line in &mut wrong.details {
        let fen = line.fields.amount_fen(Field::Amount).expect("a detail has an amount");
        line.fields.set(Field::Amount, tenth(fen));
    }
    wrong
}

/// Lines are down, and two persons may vouch for paper on both sides.
fn without_lines() -> House {
    let mut house = House::new();
    house.file_account();
    house.line_to_bank(false);
    for person in ["王芳", "李强"] {
        let order =
            NodeOrder::Authorise { person: person.to_owned(), may: true, by: "赵敏".into() };
        house.finance_does(order).expect("authorised");
        let order =
            NodeOrder::Authorise { person: person.to_owned(), may: true, by: "赵敏".into() };
        house.bank_does(order).expect("authorised");
    }
    house
}

/// A voucher goes by paper, and the bank types in what is made of it.
fn by_paper(house: &mut House, key: VoucherKey, typed: impl FnOnce(&Voucher) -> Voucher) {
    let to = bank_party();
    let (flag, reason) = (Flag::Original, "两条线路中断".to_owned());
    let by_paper = NodeOrder::SendByPaper { to, key, flag, persons: persons(), reason };
    house.finance_does(by_paper).expect("it waits");
    let voucher = Box::new(typed(&house.as_finance_wrote(&key)));
    let from = party("finance:370000005");
    let typed = NodeOrder::TakePaper { from, voucher, persons: persons() };
    house.bank_does(typed).expect("a voucher");
}

/// A payment of 400 yuan went by paper, and the bank has typed in 40 and paid them.
fn paid_from_a_wrong_paper() -> (House, QuotaId, VoucherKey) {
    let mut house = without_lines();
    let quota = house.engine.quota("111", 100_000);
    house.engine.pay(1, quota, 40_000, &How::default());
    house.follow();
    let key = house.voucher_of(1).key;
    by_paper(&mut house, key, tenth);
    house.assert_bank(1);
    (house, quota, key)
}

#[test]
fn what_a_sheet_that_was_typed_in_wrongly_paid_is_taken_back_with_its_order() {
    let mut house = without_lines();
    let quota = house.engine.quota("111", 100_000);
    let cards = [("6222001", 4_100), ("6222002", 4_200)];
    house.engine.pay(1, quota, 8_300, &payroll(quota, &cards));
    house.follow();
    sheet(&mut house, 1, &cards.map(|(card, fen)| (1, card, fen)));
    let key = house.voucher_of(1).key;
    let beside = house.voucher_of(1).sheet.as_ref().expect("it was given").key;
    by_paper(&mut house, key, Voucher::clone);
    by_paper(&mut house, beside, |right| {
        let mut wrong = right.clone();
        for (line, fen) in wrong.details.iter_mut().zip([100, 8_200]) {
            line.fields.set(Field::Amount, Value::Amount(Fen::new(fen)));
        }
        wrong
    });
    assert_eq!([has_fen(&house, "6222001"), has_fen(&house, "6222002")], [100, 8_200]);
    house.line_to_bank(true);
    house.run();
    assert_eq!(house.voucher(&key).standing, Standing::Out, "neither receipt is taken");
    assert_eq!(house.engine.state(1), PaymentState::Instructed);
    house.clear();
    assert_eq!(house.treasury_fen(), 1_000_000);
    house.central_sends_back();
    house.bank_said(reverse(key));
    house.run();
    assert_eq!(house.engine.state(1), PaymentState::Released);
    assert_eq!([has_fen(&house, "6222001"), has_fen(&house, "6222002")], [0, 0]);
    assert_eq!([key, beside].map(|key| state_at_finance(&house, &key)), [OutState::Returned; 2]);
    let row = house.voucher(&key);
    assert_eq!(house.finance.business().owed(row).count(), 2, "nobody of them has got anything");
    assert_eq!(house.bank.business().ledger().check(), []);
    house.assert_folds();
}

#[test]
fn a_paper_that_was_typed_in_under_another_number_is_paid_once() {
    let mut house = without_lines();
    let quota = house.engine.quota("111", 100_000);
    house.engine.pay(1, quota, 1_100, &How::default());
    house.follow();
    let key = house.voucher_of(1).key;
    let number = domain::voucher::VoucherNumber::serial(13);
    let other = VoucherKey { number, ..key };
    by_paper(&mut house, key, |right| Voucher { key: other, ..right.clone() });
    house.line_to_bank(true);
    house.run();
    house.assert_bank(1);
    assert_eq!(state_at_finance(&house, &key), OutState::Stopped, "its payment was paid");
    assert_eq!(house.engine.state(1), PaymentState::Instructed);
    // Taken back where it was wrong, it is paid where it is right.
    house.bank_said(reverse(other));
    house.run();
    let by = "赵敏".to_owned();
    house.finance_does(NodeOrder::SealAgain { to: bank_party(), entry: 0, by }).expect("stopped");
    house.run();
    house.clear();
    assert_eq!(house.engine.state(1), PaymentState::Cleared);
    assert_eq!(house.treasury_fen(), 1_000_000 - 1_100);
    house.assert_folds();
}

fn state_at_finance(house: &House, key: &VoucherKey) -> OutState {
    let peer = house.finance.store().peer(bank_party()).expect("it was written to");
    let entry = peer.out.find(key, Flag::Original).expect("it is there");
    peer.out.get(entry).expect("it is there").out_state()
}

fn refusal(house: &mut House, voucher: VoucherKey) -> String {
    house.bank_does(NodeOrder::Business(reverse(voucher))).expect_err("it stands")
}

#[test]
fn what_was_paid_from_a_wrong_paper_is_taken_back_and_ordered_anew() {
    let (mut house, quota, key) = paid_from_a_wrong_paper();
    let told = refusal(&mut house, key);
    assert!(told.contains("wait for its answer"), "{told}");
    house.line_to_bank(true);
    house.run();
    assert_eq!(state_at_finance(&house, &key), OutState::Stopped, "another is under its number");
    assert_eq!(house.engine.state(1), PaymentState::Instructed);
    house.clear();
    assert_eq!(house.treasury_fen(), 1_000_000, "finance gives no limit for it");
    let told = refusal(&mut house, key);
    assert!(told.contains("a request that the central bank has not answered"), "{told}");
    house.central_sends_back();
    house.bank_dies();
    house.bank_said(reverse(key));
    house.run();
    assert_eq!(state_at_finance(&house, &key), OutState::Returned);
    assert_eq!(house.voucher(&key).standing, Standing::Ended);
    assert_eq!(house.engine.state(1), PaymentState::Released);
    assert_eq!(house.engine.buckets(quota).available(), 100_000);
    let bank = house.bank.business();
    let back = Trade::Reversed {
        paid_fen: Fen::new(4_000),
        day: day(crate::house::TODAY),
        reason: "线下凭证录入金额有误".to_owned(),
    };
    assert_eq!(bank.trade(key), back);
    assert_eq!(bank.ledger().check(), []);
    assert_eq!((bank.exposure().uncleared_fen, bank.exposure().refunds_held_fen), (0, 0));
    // Paid anew, and the other payments of the day, are what the treasury gives.
    house.engine.pay(2, quota, 40_000, &How::default());
    house.run();
    house.clear();
    assert_eq!(house.engine.state(2), PaymentState::Cleared);
    assert_eq!(house.treasury_fen(), 1_000_000 - 40_000);
    assert_eq!(house.bank.business().double_payments(), 0);
    let told = refusal(&mut house, key);
    assert!(told.contains("was taken back on"), "{told}");
    house.assert_folds();
}

#[test]
fn a_payment_whose_receipt_stands_or_that_was_cleared_is_not_taken_back() {
    let mut house = House::new();
    house.file_account();
    let quota = house.engine.quota("111", 100_000);
    house.engine.pay(1, quota, 40_000, &How::default());
    house.run();
    let key = house.voucher_of(1).key;
    let told = refusal(&mut house, key);
    assert!(told.contains("wait for its answer"), "{told}");
    house.clear();
    let told = refusal(&mut house, key);
    assert!(told.contains("was cleared"), "{told}");
    let entries = house.bank.business().ledger().entries().len();
    let wordless = bank::Order::Reverse { voucher: key, reason: String::new() };
    house.bank_does(NodeOrder::Business(wordless)).expect_err("no reason");
    assert_eq!(house.bank.business().ledger().entries().len(), entries);
}

#[test]
fn a_request_that_is_on_its_way_is_answered_first() {
    let (mut house, _, key) = paid_from_a_wrong_paper();
    house.line_to_bank(true);
    house.run();
    house.bank_said(bank::Order::RequestClearing);
    let told = refusal(&mut house, key);
    assert!(told.contains("a request that the central bank has not answered"), "{told}");
    house.run();
    house.central_sends_back();
    house.bank_said(reverse(key));
    house.run();
    assert_eq!(house.engine.state(1), PaymentState::Released);
}

#[test]
fn what_its_payee_gave_back_first_is_asked_for_no_more() {
    let (mut house, _, key) = paid_from_a_wrong_paper();
    house.line_to_bank(true);
    house.run();
    let (detail, reason) = (None, "金额有误".to_owned());
    house.bank_said(bank::Order::Refund { voucher: key, detail, reason });
    house.run();
    house.bank_said(reverse(key));
    house.run();
    let bank = house.bank.business();
    assert_eq!(bank.ledger().check(), []);
    assert_eq!((bank.exposure().uncleared_fen, bank.exposure().refunds_held_fen), (0, 0));
    let of = |purpose: Purpose| {
        bank.ledger().entries().iter().filter(|entry| entry.purpose == purpose).count()
    };
    assert_eq!([Purpose::Return, Purpose::Reversal].map(of), [1, 0], "the money came back once");
    house.clear();
    let requested = house.bank.business().ledger().entries().iter();
    assert!(!requested.map(|entry| entry.purpose).any(|one| one == Purpose::ReturnHandover));
    assert_eq!(house.treasury_fen(), 1_000_000);
    assert_eq!(house.engine.state(1), PaymentState::Released);
}

#[test]
fn two_vouchers_of_one_payment_that_wait_for_a_day_pay_it_once() {
    let mut house = without_lines();
    let quota = house.engine.quota("111", 100_000);
    house.engine.pay(1, quota, 1_100, &How::default());
    house.follow();
    let key = house.voucher_of(1).key;
    let other = VoucherKey { number: domain::voucher::VoucherNumber::serial(13), ..key };
    house.bank_said(bank::Order::CutOff);
    by_paper(&mut house, key, |right| Voucher { key: other, ..right.clone() });
    house.line_to_bank(true);
    house.run();
    assert_eq!(house.bank.business().early().count(), 2);
    house.bank_said(bank::Order::Close);
    house.bank_said(bank::Order::OpenDay(day(20_220_307)));
    house.run();
    house.assert_bank(1);
    let trades = [other, key].map(|key| house.bank.business().trade(key));
    assert!(trades.contains(&Trade::SentBack), "{trades:?}");
}

/// Everybody ends the first day, nothing differs, and finance closes it.
fn closes(house: &mut Closing) {
    house.engine_takes_all();
    house.close_theirs();
    assert!(house.open_ones().is_empty(), "{:?}", house.open_ones());
    house.engine_takes_all();
    house.close_day(MONDAY).expect("nothing is open");
    house.assert_replays();
}

/// A bank of which one order of three arrives with another amount.
fn with_a_wrong_order() -> (Closing, VoucherKey) {
    let mut house = Closing::open(MONDAY, Script::default());
    house.spoil = Box::new(|to, voucher| {
        let is_it = to != crate::province::finance()
            && voucher.key.number.as_str() == "0000000002"
            && voucher.key.kind.is_order()
            && voucher.flag == Flag::Original;
        Some(if is_it { tenth(voucher) } else { voucher.clone() })
    });
    let keys = house.pay(0, MONDAY, &[10_000, 20_000, 30_000]);
    house.cut_off();
    house.engine_takes_all();
    (house, keys[1])
}

#[test]
fn a_request_for_nothing_else_is_sent_back_by_the_central_bank_and_the_day_agrees() {
    let mut house = Closing::open(MONDAY, Script::default());
    house.spoil = Box::new(|_, voucher| {
        let is_it = voucher.key.kind.is_order() && voucher.flag == Flag::Original;
        Some(if is_it { tenth(voucher) } else { voucher.clone() })
    });
    let [wrong] = house.pay(0, MONDAY, &[10_000])[..] else { panic!("one order") };
    house.cut_off();
    let waiting: Vec<VoucherKey> = house.central.waiting().iter().map(|one| one.voucher).collect();
    let [request] = waiting[..] else { panic!("{waiting:?}") };
    let nothing = house
        .central
        .order(&central_bank::Order::SendBack {
            voucher: wrong, reason: "无此凭证".to_owned()
        });
    assert!(nothing.is_err(), "an order of finance's to a bank is not here");
    let reason = "额度通知单未到".to_owned();
    house.central(&central_bank::Order::SendBack { voucher: request, reason });
    house.run();
    house.bank(0, &reverse(wrong));
    house.run();
    closes(&mut house);
}

#[test]
fn a_day_on_which_it_was_paid_and_taken_back_agrees() {
    let (mut house, wrong) = with_a_wrong_order();
    house.bank(0, &reverse(wrong));
    house.run();
    house.bank(0, &bank::Order::RequestClearing);
    house.run();
    closes(&mut house);
}

#[test]
fn what_is_taken_back_on_the_next_day_ends_the_difference_of_the_first() {
    let (mut house, wrong) = with_a_wrong_order();
    house.close_theirs();
    let open = house.open_ones();
    assert!(open.values().all(|(_, voucher)| *voucher == wrong), "{open:?}");
    assert_eq!(open.values().map(|(class, _)| class.as_str()).collect::<Vec<_>>(), ["state_diff"]);
    house.close_day(MONDAY).expect_err("a difference is open");
    house.begin(TUESDAY);
    house.bank(0, &reverse(wrong));
    house.run();
    assert_eq!(house.open_ones().len(), 1, "their statement does not say so yet");
    house.cut_off();
    house.engine_takes_all();
    house.close_theirs();
    assert!(house.open_ones().is_empty(), "{:?}", house.open_ones());
    // A close lets go of what has ended.
    for id in open.keys().copied() {
        let ended = house.finance.differences().get(id).and_then(|one| one.ending.clone());
        assert!(matches!(ended, Some(Ending::Confirmed { theirs: None, .. })), "{ended:?}");
    }
    house.engine_takes_all();
    house.close_day(TUESDAY).expect("nothing is open");
    house.assert_replays();
}
