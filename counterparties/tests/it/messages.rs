//! A bank that speaks ISO 20022 with finance: the same business, and wrong messages that nothing comes of.

use counterparties::bank;
use counterparties::script::{Fault, Script};
use domain::codes::PaymentState;
use domain::voucher::papers::PAYEE_SHEET;
use domain::voucher::payees::PayeeLine;
use domain::voucher::{Field, Flag, Voucher, VoucherKey, VoucherKind};
use exchange::envelope::PayloadFormat;
use exchange::finance::Standing;
use exchange::finance::sheet::{SheetPayee, sheet_digest};
use exchange::node::{Contents, Order as NodeOrder};
use exchange::store::search::Search;
use exchange::store::{InState, OutState};

use crate::house::{House, How, Spoil, bank_party};
use crate::province::BATCH;

/// As the bank wrote it.
fn as_it_was(payload: Vec<u8>) -> Vec<u8> {
    payload
}

/// With every occurrence of a text as another of the same length.
fn with(mut payload: Vec<u8>, from: &str, to: &str) -> Vec<u8> {
    let (from, to) = (from.as_bytes(), to.as_bytes());
    assert_eq!(from.len(), to.len(), "lengths stand before messages");
    let mut at = 0;
    while at + from.len() <= payload.len() {
        if &payload[at..at + from.len()] == from {
            payload[at..at + to.len()].copy_from_slice(to);
        }
        at += 1;
    }
    payload
}

/// A house with an account on file, and a quota to pay from.
fn house(script: Script, spoil: Spoil) -> (House, domain::ids::QuotaId) {
    let mut house = House::speaking_iso(script, spoil);
    house.file_account();
    let quota = house.engine.quota("111", 1_000_000);
    (house, quota)
}

/// Letters between finance and the bank as they lie in finance's store: kind, flag, format, and whether it can be read.
fn letters(house: &mut House) -> Vec<(VoucherKind, Flag, PayloadFormat, Result<Voucher, String>)> {
    let search = Search { party: Some(bank_party()), no_notices: true, ..Search::default() };
    let page = house.finance.page(&search, &Contents::default(), 200).expect("readable");
    let mut letters = Vec::new();
    for listed in page.listed {
        let kept = house.finance.kept(listed.found).expect("readable").expect("it is there");
        let envelope = kept.envelope.expect("an envelope");
        let (key, flag) = envelope.voucher().expect("a voucher");
        let (format, _) = envelope.payload().expect("a voucher");
        letters.push((key.kind, flag, format, kept.voucher.expect("a voucher")));
    }
    letters
}

#[test]
fn payments_go_from_the_order_to_the_clearing_in_messages() {
    let (mut house, quota) = house(Script::default(), as_it_was);
    for payment in 1..=3 {
        house.engine.pay(payment, quota, 1_000, &How::default());
    }
    house.run();
    house.finance_dies();
    for payment in 1..=3 {
        assert_eq!(house.engine.state(payment), PaymentState::Paid);
    }
    house.clear();
    for payment in 1..=3 {
        assert_eq!(house.engine.state(payment), PaymentState::Cleared);
        assert_eq!(house.voucher_of(payment).standing, Standing::Cleared);
    }
    house.assert_bank(3);
    house.assert_folds();
    assert_eq!((house.alarms().len(), house.treasury_fen()), (0, 997_000));
    let mut forms = std::collections::BTreeMap::new();
    for (kind, flag, format, read) in letters(&mut house) {
        let read = read.unwrap_or_else(|why| panic!("{why}"));
        assert_eq!((read.key.kind, read.flag), (kind, flag));
        *forms.entry((kind.code(), flag == Flag::Receipt, format as u8)).or_insert(0) += 1;
    }
    let iso = PayloadFormat::Iso20022 as u8;
    assert_eq!(forms[&(8202, false, iso)], 3, "{forms:?}");
    assert_eq!(forms[&(8202, true, iso)], 3, "{forms:?}");
}

#[test]
fn what_is_not_paid_is_told_in_a_message_and_why() {
    let (mut house, quota) = house(Script::default(), as_it_was);
    house.bank_said(bank::Order::BlockPayee {
        account: How::default().payee.to_owned(),
        why: "账户已冻结".to_owned(),
    });
    house.engine.pay(1, quota, 1_000, &How::default());
    house.run();
    assert_eq!(house.engine.state(1), PaymentState::Released);
    assert_eq!(house.voucher_of(1).standing, Standing::Ended);
    let (_, _, format, read) = letters(&mut house).pop().expect("an answer");
    assert_eq!(format, PayloadFormat::Iso20022);
    let read = read.expect("a receipt of nothing");
    let note = read.details[0].fields.text(Field::ExecutedNote).expect("why");
    assert!(note.starts_with("AC06账户已冻结"), "{note}");
    house.assert_bank(0);
    // Behind the cut-off it waits without an answer, and is told the next day.
    house.bank_said(bank::Order::CutOff);
    house.engine.pay(2, quota, 1_000, &How::default());
    house.run();
    assert_eq!(house.engine.state(2), PaymentState::Instructed);
    house.bank_said(bank::Order::Close);
    house.bank_said(bank::Order::OpenDay(crate::province::day(20_220_307)));
    house.run();
    assert_eq!(house.engine.state(2), PaymentState::Released);
    assert_eq!(house.alarms().len(), 0);
    house.assert_bank(0);
    house.assert_folds();
}

#[test]
fn part_of_a_batch_is_paid_and_the_other_told_with_its_reason() {
    let (mut house, quota) = house(Script::default(), as_it_was);
    let [blocked, other] = ["1602000109200000001", "1602000109200000002"];
    house.bank_said(bank::Order::BlockPayee {
        account: blocked.to_owned(),
        why: "账户已销户".to_owned(),
    });
    let business = domain::codes::BusinessKind::Card;
    for (payment, payee) in [(1, blocked), (2, other)] {
        house.engine.pay(payment, quota, 1_000, &How { business, payee, ..How::default() });
    }
    house.run();
    assert_eq!(house.voucher_of(1).key, house.voucher_of(2).key, "they share a voucher");
    assert_eq!(house.engine.state(1), PaymentState::Released);
    assert_eq!(house.engine.state(2), PaymentState::Paid);
    house.clear();
    assert_eq!(house.engine.state(2), PaymentState::Cleared);
    house.assert_bank(1);
    house.assert_folds();
}

/// An order is not paid while finance takes one of its payments back: the other goes out again, under a number of its own.
#[test]
fn what_was_not_taken_back_of_an_order_that_is_not_paid_goes_out_again() {
    let (mut house, quota) = house(Script::default(), as_it_was);
    let business = domain::codes::BusinessKind::Card;
    for payment in [1, 2] {
        house.engine.pay(payment, quota, 1_000, &How { business, ..How::default() });
    }
    house.bank_said(bank::Order::BlockPayee {
        account: How::default().payee.to_owned(),
        why: "账户已冻结".to_owned(),
    });
    // It has left, and the bank has not read it.
    house.follow();
    let first = house.voucher_of(1).key;
    assert_eq!(house.voucher_of(2).key, first, "they share a voucher");
    house.engine.void(1, quota);
    house.run();
    assert_eq!(house.voucher(&first).standing, Standing::Ended);
    let second = house.voucher_of(2);
    assert_ne!(second.key, first);
    assert_eq!(second.parts.len(), 1);
    assert_eq!(house.engine.state(2), PaymentState::Released, "and is not paid either");
    assert_eq!(house.engine.parked, []);
    house.assert_bank(0);
    house.assert_folds();
}

/// Entries of the bank's letters that finance has set aside.
fn set_aside(house: &House) -> Vec<u32> {
    let search =
        Search { party: Some(bank_party()), theirs: Some(InState::SetAside), ..Search::default() };
    let rows = house.finance.store().search(&search);
    rows.into_iter().map(|(found, _)| found.entry).collect()
}

#[test]
fn a_wrong_message_is_set_aside_and_nothing_comes_of_it() {
    let wrongs: [(&str, Spoil); 6] = [
        ("does not say it is paid", |payload| with(payload, "<TxSts>ACSC", "<TxSts>ABCD")),
        ("parts come to", |payload| {
            with(payload, "<TtlAmt Ccy=\"CNY\">10.00", "<TtlAmt Ccy=\"CNY\">10.01")
        }),
        ("is of message", |payload| {
            with(payload, "<OrgnlMsgId>3700000052022", "<OrgnlMsgId>3700000052023")
        }),
        ("saw", |payload| with(payload, "<OrgnlCtrlSum>10.00", "<OrgnlCtrlSum>10.01")),
        ("which is not taken", |payload| {
            with(
                payload,
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>",
                "<?pi  version=\"1.0\" encoding=\"UTF-8\"?>",
            )
        }),
        ("which is not taken", |payload| {
            with(
                payload,
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>",
                "<!DOCTYPE a [<!ENTITY bc \"de\"> ]>     ",
            )
        }),
    ];
    for (says, spoil) in wrongs {
        let (mut house, quota) = house(Script::default(), spoil);
        house.engine.pay(1, quota, 1_000, &How::default());
        house.run();
        let [entry] = *set_aside(&house) else { panic!("{says}: it was not set aside") };
        let [why] = house.alarms()[..] else { panic!("{says}: {:?}", house.alarms()) };
        assert!(why.starts_with("set aside: ") && why.contains(says), "{says}: {why}");
        assert_eq!(house.engine.state(1), PaymentState::Instructed, "{says}");
        assert_eq!(house.voucher_of(1).standing, Standing::Out, "{says}");
        house.assert_bank(1);
        // It is no better when a person releases it; dismissed, the bank hears so.
        let from = bank_party();
        let by = "wang".to_owned();
        let release = NodeOrder::Release { from, entry, by: by.clone() };
        let refused = house.finance_does(release).expect_err(says);
        assert!(refused.contains(says), "{says}: {refused}");
        let reason = "不合规".to_owned();
        house
            .finance_does(NodeOrder::Dismiss { from, entry, by, reason })
            .expect("it is set aside");
        house.run();
        let key: VoucherKey = house.voucher_of(1).key;
        let out = &house.bank.store().peer(house.finance.store().me()).expect("they have met").out;
        let sent = out.find(&key, Flag::Receipt).and_then(|entry| out.get(entry));
        assert_eq!(sent.map(|row| row.out_state()), Some(OutState::NotTaken), "{says}");
    }
}

/// Wrong answers that are well-formed: a part of an amount is not taken, another payment's answer is set aside.
#[test]
fn a_script_of_wrong_answers_is_seen_through_messages_too() {
    let script = Script::default().with(1, Fault::OtherPayment).with(3, Fault::OtherAmount);
    let (mut house, quota) = house(script, as_it_was);
    for (payment, fen) in [(1, 1_000), (2, 1_001), (3, 1_002), (4, 1_003)] {
        house.engine.pay(payment, quota, fen, &How::default());
        house.run();
    }
    assert_eq!(set_aside(&house).len(), 2);
    let states = [1, 2, 3, 4].map(|payment| house.engine.state(payment));
    use PaymentState::{Instructed, Paid};
    assert_eq!(states, [Paid, Instructed, Instructed, Instructed]);
    let paid = house.voucher_of(4).parts[0].paid_fen;
    assert_eq!(paid, domain::Fen::ZERO, "one fen less is not what was ordered");
    house.assert_bank(4);
    house.assert_folds();
}

/// A payroll's payees go beside their order, a card fails, and money comes back: all of it in messages.
#[test]
fn a_sheet_of_payees_and_what_comes_back_go_in_messages() {
    let (mut house, quota) = house(Script::default(), as_it_was);
    let (account, why) = ("6222009".to_owned(), "账户已销户".to_owned());
    house.bank_said(bank::Order::BlockPayee { account, why });
    let business = domain::codes::BusinessKind::Payroll;
    let payees = [(1, "6222001", 500), (1, "6222009", 300), (2, "6222003", 300)];
    for (payment, fen) in [(1, 800), (2, 300)] {
        let own = payees.iter().filter(|(of, ..)| *of == payment);
        let lines = own.map(|(_, account, fen)| PayeeLine {
            quota,
            amount_fen: domain::Fen::new(*fen),
            name: "职工",
            account,
            bank_number: "",
            again: 0,
        });
        let numbers = format!("{PAYEE_SHEET}={}", sheet_digest(lines));
        let payroll = How { business, payee: BATCH, numbers, ..How::default() };
        house.engine.pay(payment, quota, fen, &payroll);
    }
    house.run();
    let order = house.voucher_of(1).key;
    let payees = payees.map(|(payment, card, fen)| SheetPayee {
        payment: Some(domain::ids::PaymentId(payment)),
        amount_fen: domain::Fen::new(fen),
        name: "职工".to_owned(),
        account: card.to_owned(),
        bank_number: None,
        of: None,
    });
    let payees = payees.to_vec();
    let by = "王芳".to_owned();
    house.finance_said(exchange::finance::Order::Sheet { order, payees, by });
    house.run();
    house.finance_dies();
    let row = house.voucher_of(1);
    let sheet = row.sheet.as_ref().expect("it was given");
    let [(1, why)] = &sheet.failed[..] else { panic!("{:?}", sheet.failed) };
    assert_eq!(&**why, "NARR见附言：账户已销户");
    assert!(sheet.answered);
    house.clear();
    let reason = "收款人账号有误".to_owned();
    let detail = Some("3".to_owned());
    house.bank_said(bank::Order::Refund { voucher: order, detail, reason });
    house.run();
    house.finance_dies();
    house.clear();
    assert!(house.voucher_of(1).payees()[2].refunded);
    assert_eq!(house.engine.buckets(quota).cleared, 500);
    assert_eq!((house.engine.parked.len(), house.alarms().len()), (0, 0));
    house.assert_bank(2);
    house.assert_folds();
    let iso = PayloadFormat::Iso20022;
    for (wanted, flag) in [
        (VoucherKind::Payment, Flag::Original),
        (VoucherKind::Payment, Flag::Receipt),
        (VoucherKind::BatchDetails, Flag::Original),
        (VoucherKind::BatchDetails, Flag::Receipt),
        (VoucherKind::PayeeRefund, Flag::Original),
    ] {
        let all = letters(&mut house);
        let of_it = all.iter().filter(|(kind, of, ..)| (*kind, *of) == (wanted, flag));
        let formats: Vec<PayloadFormat> = of_it.map(|(_, _, format, _)| *format).collect();
        assert_eq!(formats, [iso], "{wanted:?} {flag:?}");
        assert!(all.iter().all(|(.., read)| read.is_ok()), "every letter can be read");
    }
}
