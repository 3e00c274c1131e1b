//! A day of payments and clearing through two banks and the central bank, and the next day's refunds.

use counterparties::bank::{Order, Phase, Refusal, Trade};
use counterparties::central_bank::{self, WaitsFor};
use counterparties::ledger::{AccountKind, Purpose};
use counterparties::script::Script;
use domain::Fen;
use domain::clearing::Exposure;
use domain::voucher::{Field, VoucherKind};
use exchange::business::{Business, Verdict};

use crate::province::*;

const MONDAY: u32 = 20_230_313;

fn province(cash: i64) -> Province {
    Province::new(day(MONDAY), cash, Notices::ByReceipts, Script::default())
}

fn cut_off_and_request(province: &mut Province) {
    for at in 0..2 {
        province.bank(at, &Order::CutOff);
        province.bank(at, &Order::RequestClearing);
    }
    province.run();
}

#[test]
fn what_is_paid_is_cleared_and_accounts_end_at_zero() {
    let mut province = province(1_000_000);
    let first = order("102", "1", day(MONDAY), &[("6222001", "2050203", 500_000)]);
    let lines = [("6222002", "2050203", 200_000), ("6222003", "2080505", 100_000)];
    let second = order("102", "2", day(MONDAY), &lines);
    let third = order("103", "3", day(MONDAY), &[("6222004", "2050203", 50_000)]);
    province.pay(&[first.clone(), second]);
    let other = province.banks[1].party();
    province.send(other, third);
    province.run();
    province.assert_books();
    province.assert_receipts_answer();
    assert_eq!(province.banks[0].exposure().uncleared_fen, 800_000);
    assert_eq!(province.finance.tally.exposures()["102"].uncleared_fen, 800_000);
    let receipt = &province.receipts(first.key)[0];
    assert_eq!(receipt.head.amount_fen(Field::ExecutedAmount), Some(Fen::new(500_000)));
    assert_eq!(receipt.head.text(Field::BankSerial), Some("102202303130000000000"));

    cut_off_and_request(&mut province);
    province.assert_books();
    assert_eq!(province.failed, []);
    assert_eq!(province.finance.returned, []);
    assert_eq!(province.central.balance_fen(TREASURY), 150_000);
    assert_eq!(province.finance.tally.open().count(), 0, "C1");
    for bank in &province.banks {
        assert_eq!(bank.exposure(), Exposure::default());
        assert_eq!(bank.ledger().balance_of_kind_fen(AccountKind::ZeroBalance), 0);
    }
    province.close();
    assert!(province.banks.iter().all(|bank| bank.alarms().is_empty()));
    assert!(province.banks.iter().all(|bank| bank.phase() == Phase::Closed));
    province.assert_replays();

    // Statements: what the central bank says it cleared is what the banks say, and the account's lines add up.
    let got = |kind| province.finance.got.iter().filter(move |voucher| voucher.key.kind == kind);
    let cleared = got(VoucherKind::ClearingStatement).next().expect("3501 came");
    assert_eq!(cleared.head.amount_fen(Field::TotalAmount), Some(Fen::new(850_000)));
    let account = got(VoucherKind::TreasuryStatement).next().expect("3513 came");
    assert_eq!(account.head.amount_fen(Field::ClosingBalance), Some(Fen::new(150_000)));
    let spending = got(VoucherKind::SpendingDaily).next().expect("3410 came");
    let by_class: Vec<_> = spending
        .details
        .iter()
        .map(|line| {
            (line.fields.text(Field::Function).unwrap_or(""), line.fields.amount_fen(Field::Amount))
        })
        .collect();
    assert_eq!(
        by_class,
        [("2050203", Some(Fen::new(750_000))), ("2080505", Some(Fen::new(100_000)))]
    );
    assert_eq!(got(VoucherKind::DirectDaily).count(), 2);
    let accounts = province.banks[0].account_statements(day(MONDAY));
    let [statement] = &accounts[..] else { panic!("one account has one statement") };
    let lines = statement.lines.len();
    assert_eq!((statement.opening_fen, statement.closing_fen, lines), (0, 0, 5));
}

#[test]
fn bad_accounts_come_back_and_are_never_paid() {
    let mut province = province(1_000_000);
    let (account, why) = ("6222009".to_owned(), "账户已销户".to_owned());
    province.bank(0, &Order::BlockPayee { account, why });
    let closed = order("102", "1", day(MONDAY), &[("6222009", "2050203", 5)]);
    let mut stranger = order("102", "2", day(MONDAY), &[("6222001", "2050203", 5)]);
    stranger.head = stranger.head.with_text(Field::PayerName, "别人");
    let mut elsewhere = order("102", "3", day(MONDAY), &[("6222001", "2050203", 5)]);
    elsewhere.head = elsewhere.head.with_text(Field::PayerAccount, "777");
    province.pay(&[closed.clone(), stranger, elsewhere]);
    province.run();
    let told: Vec<&str> =
        province.finance.returned.iter().map(|(_, reason)| reason.as_str()).collect();
    assert_eq!(
        told,
        [
            "收款账号6222009不能入账: payee account 6222009: 账户已销户; correct the account",
            "付款账号1020000001户名不符: payer account 1020000001 belongs to 付款人; correct the name",
            "付款账号777非本行该区划零余额账户: payer account 777 is none of this bank's for the division; \
             correct the account",
        ]
    );
    assert!(province.banks[0].ledger().entries().is_empty());
    assert_eq!(province.banks[0].trade(closed.key), Trade::SentBack);
    // The number is at an end: the same voucher again is sent back again, when a day is open as well.
    province.close();
    province.open(day(MONDAY + 1));
    province.pay(&[closed]);
    province.run();
    assert_eq!(province.finance.returned.len(), 4);
    assert!(province.banks[0].ledger().entries().is_empty());
}

/// Finance may have opened its next day, and let an order of the last one go, before the bank has or behind it.
#[test]
fn an_order_behind_the_cut_off_is_paid_on_the_next_day_and_told_of_as_held() {
    let mut province = province(1_000_000);
    let line = [("6222001", "2050203", 500)];
    let batch = [(BATCH, "2050203", 300)];
    let held = order("102", "1", day(MONDAY), &line);
    let mut parent = order("102", "2", day(MONDAY), &batch);
    parent.head.set(Field::BusinessType, domain::voucher::Value::Text("3".to_owned()));
    let details = beside(&parent, "3", &[("6222001", 0, 300)]);
    let later = order("102", "4", day(MONDAY + 1), &line);
    province.bank(0, &Order::CutOff);
    province.pay(&[held.clone(), parent.clone(), details, later.clone()]);
    province.run();
    assert_eq!(province.banks[0].trade(held.key), Trade::NotPaid);
    province.close();
    let lists = province.finance.got.iter();
    let lists = lists.filter(|voucher| voucher.key.kind == VoucherKind::DirectDaily);
    let told: Vec<_> = lists
        .flat_map(|list| &list.details)
        .map(|line| {
            let text = |field| line.fields.text(field).unwrap_or("");
            let (number, state) = (text(Field::OriginalNumber), text(Field::LineState));
            (number, text(Field::OriginalDetail), state, line.fields.amount_fen(Field::Amount))
        })
        .collect();
    // What is dated on the day, and not the payees beside; nothing of the next day's.
    assert_eq!(told, [("1", "1", "2", Some(Fen::new(500))), ("2", "1", "2", Some(Fen::new(300)))]);
    assert!(province.banks[0].ledger().entries().is_empty());
    province.open(day(MONDAY + 1));
    let late = order("102", "5", day(MONDAY), &line);
    province.pay(std::slice::from_ref(&late));
    province.run();
    for order in [held, parent, later, late] {
        assert_eq!(province.receipts(order.key).len(), 1, "{}", order.key);
    }
    assert_eq!(province.finance.returned, []);
    province.assert_books();
    province.assert_replays();
}

/// The bank is told what time it is; no clock is read.
#[test]
fn a_bank_with_a_cut_off_time_stops_at_that_minute_of_its_own_day() {
    let mut province = province(1_000_000);
    let minute = |on, minute| Order::Minute { day: day(on), minute };
    // Without such a time it stops when it is told to.
    province.bank(0, &minute(MONDAY, 24 * 60 - 1));
    assert_eq!(province.banks[0].phase(), Phase::Open);
    assert_eq!(province.banks[0].awaits_cut_off(), None);
    province.banks[0] = province.banks[0].clone().stopping_at(Some(15 * 60 + 30));
    assert_eq!(province.banks[0].awaits_cut_off(), Some(day(MONDAY)));
    let records = |province: &Province| province.records[&province.banks[0].party()].len();
    let before = records(&province);
    // Too early, and of another day than its own.
    for (on, at) in [(MONDAY, 0), (MONDAY, 15 * 60 + 29), (MONDAY - 1, 1_439), (MONDAY + 1, 1_439)]
    {
        province.bank(0, &minute(on, at));
    }
    assert_eq!((province.banks[0].phase(), records(&province)), (Phase::Open, before));
    province.bank(0, &minute(MONDAY, 15 * 60 + 30));
    assert_eq!((province.banks[0].phase(), records(&province)), (Phase::CutOff, before + 1));
    assert_eq!(province.banks[0].awaits_cut_off(), None);
    // Once: nothing more is written down of it.
    province.bank(0, &minute(MONDAY, 15 * 60 + 31));
    assert_eq!(records(&province), before + 1);
    province.assert_replays();
    province.close();
    province.bank(0, &minute(MONDAY, 1_439));
    assert_eq!(province.banks[0].phase(), Phase::Closed);
    // The next day it stops again; by order it may stop before.
    province.open(day(MONDAY + 1));
    assert_eq!(province.banks[0].awaits_cut_off(), Some(day(MONDAY + 1)));
    province.bank(0, &Order::CutOff);
    assert_eq!(province.banks[0].awaits_cut_off(), None);
    province.assert_replays();
}

#[test]
fn details_that_fail_are_told_and_the_others_are_paid() {
    let mut province = province(1_000_000);
    let (account, why) = ("6222009".to_owned(), "账户已销户".to_owned());
    province.bank(0, &Order::BlockPayee { account, why });
    let lines = [("6222001", "2050203", 500), ("6222009", "2050203", 300)];
    let partial = order("102", "1", day(MONDAY), &lines);
    province.pay(std::slice::from_ref(&partial));
    province.run();
    let receipt = &province.receipts(partial.key)[0];
    assert_eq!(receipt.head.amount_fen(Field::ExecutedAmount), Some(Fen::new(500)));
    let failed = &receipt.details[1].fields;
    assert_eq!(failed.amount_fen(Field::ExecutedAmount), Some(Fen::ZERO));
    assert_eq!(failed.text(Field::ExecutedNote), Some("账户已销户"));
    assert_eq!(province.banks[0].exposure().uncleared_fen, 500);
    cut_off_and_request(&mut province);
    assert_eq!(province.central.balance_fen(TREASURY), 999_500);
    province.close();
    assert!(province.banks[0].alarms().is_empty());
}

#[test]
fn payroll_waits_for_its_payees_whichever_half_comes_first() {
    for details_first in [false, true] {
        let mut province = province(1_000_000);
        let (account, why) = ("6222009".to_owned(), "卡号有误".to_owned());
        province.bank(0, &Order::BlockPayee { account, why });
        let lines = [(BATCH, "2050203", 800), (BATCH, "2080505", 300)];
        let mut parent = order("102", "1", day(MONDAY), &lines);
        parent.head = parent.head.with_text(Field::BusinessType, "3");
        let payees = [("6222001", 0, 500), ("6222009", 0, 300), ("6222003", 1, 300)];
        let details = beside(&parent, "1", &payees);
        let mut halves = [parent.clone(), details.clone()];
        if details_first {
            halves.reverse();
        }
        let [first, second] = halves;
        province.pay(&[first]);
        province.run();
        assert!(province.banks[0].ledger().entries().is_empty(), "one half pays nothing");
        assert_eq!(province.banks[0].trade(parent.key) == Trade::NotPaid, !details_first);
        province.pay(&[second]);
        province.run();
        province.assert_receipts_answer();
        let receipt = &province.receipts(parent.key)[0];
        let executed = |line: usize| receipt.details[line].fields.amount_fen(Field::ExecutedAmount);
        assert_eq!((executed(0), executed(1)), (Some(Fen::new(500)), Some(Fen::new(300))));
        assert_eq!(
            province.receipts(details.key)[0].head.amount_fen(Field::ExecutedAmount),
            Some(Fen::new(800))
        );
        // A failed card may be told; money that bounces names the payee by the details' own number.
        let refund = |detail: &str| Order::Refund {
            voucher: details.key,
            detail: Some(detail.to_owned()),
            reason: "退票".to_owned(),
        };
        let told = province.banks[0].order(&refund("P2")).expect_err("P2 was never paid");
        assert!(matches!(told, Refusal::NothingToRefund { .. }));
        province.bank(0, &refund("P3"));
        cut_off_and_request(&mut province);
        province.assert_books();
        assert_eq!(province.central.balance_fen(TREASURY), 999_500);
        province.close();
        assert!(province.banks[0].alarms().is_empty(), "{:?}", province.banks[0].alarms());
        province.assert_replays();
    }
}

#[test]
fn halves_that_disagree_both_come_back() {
    let mut province = province(1_000_000);
    let mut parent = order("102", "1", day(MONDAY), &[(BATCH, "2050203", 800)]);
    parent.head = parent.head.with_text(Field::BusinessType, "4");
    let details = beside(&parent, "1", &[("6222001", 0, 799)]);
    province.pay(&[parent.clone(), details.clone()]);
    province.run();
    let keys: Vec<_> = province.finance.returned.iter().map(|(key, _)| *key).collect();
    assert_eq!(keys, [details.key, parent.key]);
    assert!(province.banks[0].ledger().entries().is_empty());
    assert_eq!(province.banks[0].trade(parent.key), Trade::SentBack);
}

#[test]
fn a_refund_goes_apart_and_after_the_payment_was_cleared() {
    let mut province = province(1_000_000);
    let lines = [("6222001", "2050203", 500_000), ("6222002", "2050203", 300_000)];
    let paid = order("102", "1", day(MONDAY), &lines);
    province.pay(std::slice::from_ref(&paid));
    province.run();
    cut_off_and_request(&mut province);
    province.close();

    province.open(day(MONDAY + 2));
    let refund = Order::Refund {
        voucher: paid.key,
        detail: Some("2".to_owned()),
        reason: "收款账户有误退票".to_owned(),
    };
    province.bank(0, &refund);
    province.run();
    let held = Exposure { uncleared_fen: 0, refunds_held_fen: 300_000 };
    assert_eq!(province.banks[0].exposure(), held);
    assert_eq!(province.finance.tally.exposures()["102"], held);
    assert_eq!(province.banks[0].ledger().balance_of_kind_fen(AccountKind::ZeroBalance), 300_000);
    let told = province.banks[0].order(&refund).expect_err("once is all");
    assert_eq!(told, Refusal::NothingToRefund { voucher: paid.key, detail: "2".into() });
    cut_off_and_request(&mut province);
    assert_eq!(province.central.balance_fen(TREASURY), 500_000);
    assert_eq!(province.banks[0].exposure(), Exposure::default());
    assert_eq!(province.finance.tally.exposures()["102"], Exposure::default());
    province.close();
    assert!(province.banks[0].alarms().is_empty());
    let Trade::Paid { paid_fen, refunded_fen, .. } = province.banks[0].trade(paid.key) else {
        panic!("it was paid")
    };
    assert_eq!((paid_fen, refunded_fen), (Fen::new(800_000), Fen::new(300_000)));
    province.assert_replays();
}

#[test]
fn a_day_that_ends_uncleared_alarms_and_is_cleared_the_next() {
    let mut province = province(0);
    let paid = order("102", "1", day(MONDAY), &[("6222001", "2050203", 500)]);
    province.pay(&[paid]);
    province.run();
    cut_off_and_request(&mut province);
    let waiting = province.central.waiting();
    assert_eq!((waiting.len(), waiting[0].waits_for), (1, WaitsFor::Cash));
    province.close();
    let alarms = province.banks[0].alarms();
    assert_eq!((alarms.len(), alarms[0].balance_fen), (1, -500));
    assert_eq!(alarms[0].account, account("102"));
    province.open(day(MONDAY + 1));
    province.pay_in(TREASURY, central_bank::PaidIn::Income, 500);
    province.run();
    assert_eq!(province.banks[0].exposure(), Exposure::default());
    assert_eq!(province.central.balance_fen(TREASURY), 0);
    province.close();
    assert_eq!(province.banks[0].alarms().len(), 1, "no new one");
    province.assert_replays();
}

/// The bank has told of its day when the treasury gives it the money: that is of the next one.
#[test]
fn what_is_cleared_behind_the_banks_close_is_of_its_next_day() {
    let mut province = province(0);
    province.pay(&[order("102", "1", day(MONDAY), &[("6222001", "2050203", 500)])]);
    province.run();
    cut_off_and_request(&mut province);
    province.bank(0, &Order::Close);
    province.run();
    let closing = |province: &Province, on| {
        let [statement] = &province.banks[0].account_statements(day(on))[..] else {
            panic!("one account has one statement")
        };
        (statement.opening_fen, statement.closing_fen)
    };
    assert_eq!(closing(&province, MONDAY), (0, -500));
    province.pay_in(TREASURY, central_bank::PaidIn::Income, 500);
    province.run();
    assert_eq!(closing(&province, MONDAY), (0, -500), "it was told");
    let waits: Vec<u16> =
        province.banks[0].early().map(|(receipt, _)| receipt.key.kind.code()).collect();
    assert_eq!(waits, [2301]);
    assert_eq!(province.banks[0].exposure().uncleared_fen, 500);
    // The same receipt again is the same; the central bank's statement of the day agrees with what has come.
    let receipt = province.banks[0].early().next().expect("it waits").0.clone();
    let central = province.central.party();
    let (verdict, effects) = province.banks[0].take(central, &receipt);
    assert_eq!((verdict, effects.len()), (Verdict::Accepted, 0));
    province.bank(1, &Order::Close);
    province.central(&central_bank::Order::Close);
    let answer = province.on_the_way.iter().find_map(|message| match message {
        Message::Voucher { voucher, .. }
            if voucher.key.kind == VoucherKind::BankClearingStatement =>
        {
            let (_, effects) = province.banks[0].take(central, voucher);
            effects.into_iter().find_map(|effect| match effect {
                exchange::business::Effect::Issue { voucher, .. } => Some(voucher),
                _ => None,
            })
        }
        _ => None,
    });
    let answer = answer.expect("the bank answers its statement");
    assert_eq!(answer.head.text(Field::CheckResult), Some("0"), "{answer:?}");
    province.run();
    province.assert_replays();
    province.open(day(MONDAY + 1));
    assert_eq!(province.banks[0].exposure(), Exposure::default());
    assert_eq!(province.banks[0].early().count(), 0);
    assert_eq!(closing(&province, MONDAY), (0, -500));
    assert_eq!(closing(&province, MONDAY + 1), (-500, 0));
    province.assert_books();
    province.assert_replays();
}

/// The largest amounts there are: neither a balance nor a statement is ever beyond one.
#[test]
fn the_largest_amounts_come_and_go_and_the_day_ends() {
    const MOST: i64 = domain::limits::AMOUNT_FEN_MAX;
    let mut province = province(0);
    let pay_in = |fen| central_bank::Order::PayIn {
        treasury: TREASURY.to_owned(),
        what: central_bank::PaidIn::Income,
        class: "1010101".to_owned(),
        amount_fen: Fen::new(fen),
    };
    province.central(&pay_in(MOST));
    let refusal = province.central.order(&pay_in(1)).expect_err("it is all there can be");
    assert_eq!(
        refusal.to_string(),
        "90071992547409.91 yuan have been paid in so far, and with this it would be more than an amount holds; pay in \
         less"
    );
    let large = |number| order("102", number, day(MONDAY), &[("6222001", "2050203", MOST)]);
    province.pay(&[large("1"), large("2")]);
    province.run();
    // The account cannot have so much less than nothing.
    let [(_, reason)] = &province.finance.returned[..] else { panic!("one comes back") };
    assert!(reason.starts_with("付款账号1020000001余额超限"), "{reason}");
    cut_off_and_request(&mut province);
    assert_eq!(province.central.balance_fen(TREASURY), 0);
    province.close();
    assert_eq!(province.failed, []);
    province.open(day(MONDAY + 1));
    province.pay(&[large("3")]);
    province.run();
    cut_off_and_request(&mut province);
    let waiting: Vec<_> = province.central.waiting();
    assert_eq!((waiting.len(), waiting[0].waits_for), (1, WaitsFor::Cash));
    province.close();
    for period in ["2023-03", "2023"] {
        let period = domain::reconciliation::period::Period::parse(period).expect("a period");
        if province.banks[0].order(&Order::Tell(period)).is_ok() {
            province.bank(0, &Order::Tell(period));
            province.central(&central_bank::Order::Tell(period));
        }
    }
    province.run();
    assert_eq!(province.failed, []);
    province.assert_books();
    province.assert_replays();
}

/// Requests of the largest amounts that go back on one day are told in as many vouchers as it takes.
#[test]
fn a_statement_whose_sum_is_no_amount_goes_in_several_vouchers() {
    const MOST: i64 = domain::limits::AMOUNT_FEN_MAX;
    let mut province = Province::new(day(MONDAY), 1_000, Notices::None, Script::default());
    let line = [("6222001", "2050203", MOST)];
    let second = province.banks[1].party();
    province.pay(&[order("102", "1", day(MONDAY), &line)]);
    province.send(second, order("103", "2", day(MONDAY), &line));
    province.run();
    cut_off_and_request(&mut province);
    let requests = province.finance.got.clone();
    for (request, number) in requests.iter().zip(["77", "78"]) {
        // Finance notices one fen less: both requests go back.
        let mut notice = request.clone();
        notice.key = key(VoucherKind::AuthorizedLimit, number);
        notice.head = domain::voucher::document::Fields::new();
        for (field, value) in request.head.iter() {
            if !matches!(field, Field::FirstDay | Field::LastDay) {
                notice.head.set(field, value.clone());
            }
        }
        notice.head = notice.head.with_text(Field::ClearingNumber, request.key.number.as_str());
        notice.head = notice.head.with_amount(Field::Amount, Fen::new(MOST - 1));
        notice.details[0].fields = std::mem::take(&mut notice.details[0].fields)
            .with_amount(Field::Amount, Fen::new(MOST - 1));
        let central = province.central.party();
        province.send(central, notice);
    }
    province.run();
    province.close();
    let told = province.finance.got.iter();
    let told = told.filter(|voucher| {
        let is_of_treasury = voucher.head.text(Field::Treasury) == Some(TREASURY);
        voucher.key.kind == VoucherKind::ClearingStatement && is_of_treasury
    });
    let sums: Vec<_> = told
        .map(|statement| {
            (statement.head.text(Field::Hold1), statement.head.amount_fen(Field::TotalAmount))
        })
        .collect();
    let most = Some(Fen::new(MOST));
    assert_eq!(sums, [(Some("1/2"), most), (Some("2/2"), most)]);
    assert_eq!(province.failed, []);
    province.assert_books();
}

#[test]
fn a_request_that_is_refused_goes_again_under_another_number() {
    let script = Script::default();
    let mut province = Province::new(day(MONDAY), 1_000, Notices::None, script);
    province.pay(&[order("102", "1", day(MONDAY), &[("6222001", "2050203", 500)])]);
    province.run();
    cut_off_and_request(&mut province);
    let held = province.central.waiting();
    assert_eq!((held.len(), held[0].waits_for), (1, WaitsFor::Notice));
    // Finance notices one fen less.
    let request = province.finance.got[0].clone();
    assert_eq!(request.key.kind, VoucherKind::TransferRequest);
    let mut notice = request.clone();
    notice.key = key(VoucherKind::AuthorizedLimit, "77");
    notice.head = domain::voucher::document::Fields::new();
    for (field, value) in request.head.iter() {
        let keep = !matches!(field, Field::FirstDay | Field::LastDay);
        if keep {
            notice.head.set(field, value.clone());
        }
    }
    notice.head = notice.head.with_text(Field::ClearingNumber, request.key.number.as_str());
    notice.head = notice.head.with_amount(Field::Amount, Fen::new(499));
    notice.details[0].fields =
        std::mem::take(&mut notice.details[0].fields).with_amount(Field::Amount, Fen::new(499));
    let central = province.central.party();
    province.send(central, notice);
    province.run();
    assert_eq!(province.finance.returned.len(), 1, "the notice came back");
    assert!(province.finance.returned[0].1.contains("requested 5.00, noticed 4.99"));
    assert_eq!(province.central.balance_fen(TREASURY), 1_000, "nothing is cleared in part");
    assert_eq!(province.central.waiting(), []);
    province.finance.tally.refused(request.key, 499);
    // The bank asks again, and finance notices what was requested.
    province.finance.notices = Notices::AsRequested;
    province.bank(0, &Order::RequestClearing);
    province.run();
    assert_eq!(province.central.balance_fen(TREASURY), 500);
    assert_eq!(province.banks[0].exposure(), Exposure::default());
    province.close();
    assert!(province.banks[0].alarms().is_empty());
    let repeated = province.central.ledger().repeated(Purpose::Clearing);
    assert_eq!(repeated, 0);
}

#[test]
fn a_half_that_cannot_be_used_goes_back_with_the_other() {
    // An order that pays its payee itself has no use for payees beside.
    let mut province = province(1_000_000);
    let own = order("102", "1", day(MONDAY), &[("6222001", "2050203", 800)]);
    let details = beside(&own, "1", &[("6222002", 0, 800)]);
    province.pay(&[details.clone(), own.clone()]);
    province.run();
    assert_eq!(province.banks[0].exposure().uncleared_fen, 800);
    assert_eq!(province.banks[0].trade(details.key), Trade::SentBack);
    // Nor is a list of use whose order names another's account.
    let mut wrong = order("102", "2", day(MONDAY), &[(BATCH, "2050203", 800)]);
    wrong.head = wrong.head.with_text(Field::BusinessType, "3").with_text(Field::PayerName, "别人");
    let list = beside(&wrong, "2", &[("6222002", 0, 800)]);
    province.pay(&[list.clone(), wrong.clone()]);
    province.run();
    for key in [wrong.key, list.key] {
        assert_eq!(province.banks[0].trade(key), Trade::SentBack, "{key}");
    }
    // A list whose order comes behind the cut-off waits for it until the next day.
    let mut late = order("102", "3", day(MONDAY), &[(BATCH, "2050203", 300)]);
    late.head = late.head.with_text(Field::BusinessType, "3");
    let list = beside(&late, "3", &[("6222002", 0, 300)]);
    province.pay(std::slice::from_ref(&list));
    province.run();
    province.bank(0, &Order::CutOff);
    province.pay(std::slice::from_ref(&late));
    province.run();
    assert_eq!(province.banks[0].trade(late.key), Trade::NotPaid);
    province.close();
    province.open(day(MONDAY + 1));
    assert_eq!(province.banks[0].exposure().uncleared_fen, 1_100);
    province.assert_replays();
}

#[test]
fn an_order_of_a_day_that_the_bank_has_not_begun_waits_for_it() {
    let mut province = province(1_000_000);
    let tuesday = day(MONDAY + 1);
    let line = [("6222001", "2050203", 500)];
    // Finance has begun its next day before the bank has: in the middle of the bank's day, behind its cut-off, behind its
    // close.
    province.pay(&[order("102", "1", tuesday, &line)]);
    province.run();
    province.bank(0, &Order::CutOff);
    province.pay(&[order("102", "2", tuesday, &line)]);
    province.run();
    province.close();
    let orders = [order("102", "3", tuesday, &line), order("102", "4", day(MONDAY), &line)];
    let much_later = order("102", "5", day(MONDAY + 2), &line);
    province.pay(&orders);
    province.pay(std::slice::from_ref(&much_later));
    province.pay(&orders[..1]);
    province.run();
    assert_eq!(province.finance.returned, []);
    assert_eq!(province.failed, []);
    assert!(province.banks[0].ledger().entries().is_empty());
    let waits: Vec<&str> =
        province.banks[0].early().map(|(order, _)| order.key.number.as_str()).collect();
    assert_eq!(waits, ["4", "1", "2", "3", "5"], "by date, then as they came");
    assert_eq!(province.banks[0].trade(much_later.key), Trade::NotPaid);
    // The same number with other contents is none of them; a form that is wrong is told at once.
    let other = order("102", "3", tuesday, &[("6222002", "2050203", 500)]);
    let mut formless = order("102", "6", tuesday, &line);
    formless.head.set(Field::Amount, domain::voucher::Value::Amount(Fen::new(501)));
    for (what, voucher) in [("another", &other), ("formless", &formless)] {
        let (verdict, effects) = province.banks[0].take(finance(), voucher);
        assert!(matches!(verdict, Verdict::Failed { .. }) && effects.is_empty(), "{what}");
    }
    province.assert_replays();
    province.open(tuesday);
    province.run();
    assert_eq!(province.banks[0].ledger().entries().len(), 8, "four, two entries each");
    assert_eq!(province.banks[0].early().count(), 1);
    assert!(orders.iter().all(|order| province.receipts(order.key).len() == 1));
    // A day that is not before it will do as well.
    province.close();
    province.open(day(MONDAY + 3));
    province.run();
    assert_eq!(province.receipts(much_later.key).len(), 1);
    assert_eq!((province.banks[0].early().count(), province.finance.returned.len()), (0, 0));
    province.assert_books();
    province.assert_replays();
}

#[test]
fn both_halves_of_a_batch_may_come_before_their_day() {
    let mut province = province(1_000_000);
    let tuesday = day(MONDAY + 1);
    let mut parent = order("102", "1", tuesday, &[(BATCH, "2050203", 500)]);
    parent.head.set(Field::BusinessType, domain::voucher::Value::Text("3".to_owned()));
    let details = beside(&parent, "2", &[("6222001", 0, 200), ("6222002", 0, 300)]);
    // The payees come first, and the order behind them.
    province.pay(&[details, parent.clone()]);
    province.run();
    assert_eq!(province.banks[0].early().count(), 2);
    province.close();
    province.open(tuesday);
    province.run();
    assert_eq!(province.receipts(parent.key).len(), 1);
    assert_eq!(province.finance.returned, []);
    province.assert_replays();
}

#[test]
fn a_payee_beside_an_order_comes_back_as_part_of_its_line_and_once() {
    let mut province = province(1_000_000);
    let mut parent = order("102", "1", day(MONDAY), &[(BATCH, "2050203", 500)]);
    parent.head = parent.head.with_text(Field::BusinessType, "3");
    let details = beside(&parent, "2", &[("6222001", 0, 200), ("6222002", 0, 300)]);
    province.pay(&[parent.clone(), details]);
    province.run();
    cut_off_and_request(&mut province);
    assert_eq!(province.central.balance_fen(TREASURY), 999_500);
    let refund = |detail: &str| Order::Refund {
        voucher: parent.key,
        detail: Some(detail.to_owned()),
        reason: "账号有误".to_owned(),
    };
    for (detail, balance_fen) in [("P2", 999_800), ("P1", 1_000_000)] {
        province.bank(0, &refund(detail));
        province.bank(0, &Order::RequestClearing);
        province.run();
        assert_eq!(province.central.balance_fen(TREASURY), balance_fen, "detail {detail}");
    }
    assert!(province.banks[0].order(&refund("P1")).is_err(), "once is all");
    // Nor does the central bank take it again from a bank that asks.
    let mut requests = province.finance.got.iter().rev();
    let request = requests.find(|voucher| voucher.key.kind == VoucherKind::RefundRequest);
    let mut again = request.expect("finance has a copy").clone();
    again.key.number = domain::voucher::VoucherNumber::new("X9").expect("a number");
    let (_, effects) = province.central.take(province.banks[0].party(), &again);
    assert!(
        effects.iter().any(|effect| matches!(effect, exchange::business::Effect::Return { .. }))
    );
    province.assert_books();
    province.assert_replays();
}
