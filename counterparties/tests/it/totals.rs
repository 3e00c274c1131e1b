//! Months and years, as banks and the central bank add them up, against what finance's books add up to.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use counterparties::bank;
use counterparties::central_bank;
use counterparties::script::{Fault, Script};
use domain::Fen;
use domain::reconciliation::Source;
use domain::reconciliation::period::Period;
use domain::voucher::{Field, Value, Voucher, VoucherKind};
use exchange::finance::reconciled::order::Ask;

use crate::closing::Closing;
use crate::province::{BANKS, account, day, finance};
use crate::reconciliation::{amounts, spoils};

const FRIDAY: u32 = 20_230_331;
const MONDAY: u32 = 20_230_403;

fn period(text: &str) -> Period {
    Period::parse(text).expect("a period")
}

/// A whole day: some payments at each bank, cleared and told.
fn whole_day(house: &mut Closing, on: u32, payments: i64) {
    house.begin(on);
    for bank in 0..BANKS.len() {
        house.pay(bank, on, &amounts(payments));
    }
    house.cut_off();
    house.close_theirs();
    house.engine_takes_all();
}

/// Two days of March and one of April, with a refund on the second.
fn three_days() -> Closing {
    let mut house = Closing::open(20_230_330, Script::default());
    let orders = house.pay(0, 20_230_330, &amounts(3));
    house.pay(1, 20_230_330, &amounts(1));
    house.cut_off();
    house.close_theirs();
    house.begin(FRIDAY);
    house.pay(0, FRIDAY, &amounts(2));
    let reason = "收款人退回".to_owned();
    house.bank(0, &bank::Order::Refund { voucher: orders[1], detail: None, reason });
    house.cut_off();
    house.close_theirs();
    whole_day(&mut house, MONDAY, 1);
    assert_eq!(house.failed, []);
    assert_eq!(house.open_ones().len(), 0);
    house
}

/// Everybody tells a period.
fn tell(house: &mut Closing, period: Period) {
    for bank in 0..BANKS.len() {
        house.bank(bank, &bank::Order::Tell(period));
    }
    house.central(&central_bank::Order::Tell(period));
    house.run();
}

/// What differs, by what it is called, with both sides' amounts.
type Found = BTreeMap<String, (String, Option<i64>, Option<i64>)>;

fn found(house: &Closing, period: Period) -> Found {
    let standing = house.finance.period(period);
    let one = |one: &&domain::reconciliation::register::Difference| {
        let fen = |figures: Option<domain::reconciliation::Figures>| {
            figures.map(|figures| figures.amount_fen.get())
        };
        let finding = &one.finding;
        let (ours, theirs) = (fen(finding.ours), fen(finding.theirs));
        let name = format!("{} {}", one.told.source, finding.place.detail);
        (name, (finding.class.to_string(), ours, theirs))
    };
    standing.open().iter().map(one).collect()
}

#[test]
fn a_clean_month_and_a_clean_year_agree_with_every_statement() {
    let mut house = three_days();
    let (march, year) = (period("2023-03"), period("2023"));
    assert!(!house.finance.period(march).is_green(), "it is due");
    // Both days of March are closed before the month is told.
    for on in [20_230_330, FRIDAY] {
        house.close_day(on).expect("all is green");
    }
    tell(&mut house, march);
    assert_eq!(house.failed, []);
    assert_eq!(found(&house, march), BTreeMap::new());
    let standing = house.finance.period(march);
    assert!(standing.is_green(), "{}", standing.english(day(MONDAY)));
    let agreed: BTreeMap<(String, Source), u64> = standing
        .statements()
        .iter()
        .map(|(told, outcome)| {
            let outcome = outcome.expect("it came");
            ((told.party.to_string(), told.source), outcome.agreed)
        })
        .collect();
    let central = house.central.party().to_string();
    let bank = |at: usize| format!("bank:{}", BANKS[at]);
    let wanted = [
        // Two days with payments, and one with a refund.
        ((bank(0), Source::AccountMonth), 3),
        ((bank(1), Source::AccountMonth), 1),
        // Two days of one bank, one of the other, and what came back.
        ((central.clone(), Source::ClearingMonth), 4),
        // Two days on which the treasury gave, and one on which it took.
        ((central, Source::TreasuryMonth), 3),
    ];
    assert_eq!(agreed, wanted.into_iter().collect());
    house.assert_replays();
    // A year is told when it is over.
    for at in 0..BANKS.len() {
        let order = bank::Order::Tell(year);
        exchange::business::Business::order(&house.banks[at], &order).expect_err("not over");
    }
    whole_day(&mut house, 20_240_102, 1);
    tell(&mut house, year);
    assert_eq!(house.failed, []);
    let standing = house.finance.period(year);
    assert!(standing.is_green(), "{}", standing.english(day(20_240_102)));
    house.assert_replays();
}

#[test]
fn a_month_that_differs_names_the_day_and_the_account() {
    let mut house = three_days();
    let march = period("2023-03");
    let code = BANKS[0];
    house.spoil = spoils(VoucherKind::AccountTotals, move |statement| {
        if statement.head.text(Field::PayBank) != Some(code) {
            return;
        }
        for line in &mut statement.details {
            let fields = &mut line.fields;
            let on = fields.day(Field::LastDay).expect("a day").get();
            match (on, fields.text(Field::Purpose)) {
                (20_230_330, Some("支付")) => {
                    fields.set(Field::Amount, Value::Amount(Fen::new(7)));
                }
                (FRIDAY, Some("支付")) => fields.set(Field::Total, Value::Count(9)),
                _ => {}
            }
        }
    });
    tell(&mut house, march);
    assert_eq!(house.failed, []);
    let wanted: Found = [
        ("account-month 20230330 paid", ("amount_diff", Some(30_006), Some(7))),
        ("account-month 20230331 paid by 2", ("missing_there", Some(20_003), None)),
        ("account-month 20230331 paid by 9", ("missing_here", None, Some(20_003))),
        // What they say was paid less, they have more of.
        ("account-month closing", ("missing_here", None, Some(29_999))),
    ]
    .map(|(name, (class, ours, theirs))| (name.to_owned(), (class.to_owned(), ours, theirs)))
    .into_iter()
    .collect();
    assert_eq!(found(&house, march), wanted);
    let account = account(code);
    let standing = house.finance.period(march);
    assert!(standing.open().iter().all(|one| *one.finding.place.account == *account));
    // They keep the days behind the month open, until it is told anew.
    house.close_day(20_230_330).expect("a day before the month's last one");
    house.close_day(FRIDAY).expect_err("differences are open");
    house.spoil = Box::new(|_, voucher: &Voucher| Some(voucher.clone()));
    house.assert_replays();
    tell(&mut house, march);
    assert!(house.finance.period(march).is_green());
    house.close_day(FRIDAY).expect("all is green");
    house.assert_replays();
}

#[test]
fn what_the_central_bank_adds_up_differs_by_bank_account_and_day_and_by_cash() {
    let mut house = three_days();
    let march = period("2023-03");
    house.spoil = Box::new(|to, voucher| {
        let mut voucher = voucher.clone();
        let kinds = [VoucherKind::ClearingTotals, VoucherKind::TreasuryTotals];
        if to == finance() && kinds.contains(&voucher.key.kind) {
            // What was given on the first day is told of the second one.
            let (mut sum_fen, mut moved) = (0, false);
            for line in &mut voucher.details {
                let is_it = line.fields.text(Field::Purpose) == Some("清算划款")
                    && line.fields.day(Field::LastDay) == Some(day(20_230_330));
                if is_it && !moved {
                    line.fields.set(Field::Amount, Value::Amount(Fen::new(1)));
                    moved = true;
                }
                sum_fen += line.fields.amount_fen(Field::Amount).expect("an amount").get();
            }
            voucher.head.set(Field::TotalAmount, Value::Amount(Fen::new(sum_fen)));
            if let Some(opening_fen) = voucher.head.amount_fen(Field::OpeningBalance) {
                let closing_fen = Fen::new(opening_fen.get() + sum_fen);
                voucher.head.set(Field::ClosingBalance, Value::Amount(closing_fen));
            }
        }
        Some(voucher)
    });
    tell(&mut house, march);
    assert_eq!(house.failed, []);
    let classes: BTreeMap<String, String> =
        found(&house, march).into_iter().map(|(name, (class, ..))| (name, class)).collect();
    let wanted = ["clearing-month 20230330 cleared", "treasury-month 20230330 cleared"];
    let wanted = wanted.map(|name| (name.to_owned(), "amount_diff".to_owned()));
    assert_eq!(classes, wanted.into_iter().collect());
    house.assert_replays();
}

#[test]
fn a_receipt_that_comes_behind_the_month_ends_what_the_month_differs_over() {
    let mut house = Closing::open(FRIDAY, Script::default().with(1, Fault::Late));
    house.pay(0, FRIDAY, &amounts(3));
    house.pay(1, FRIDAY, &amounts(1));
    house.cut_off();
    house.close_theirs();
    house.begin(MONDAY);
    let march = period("2023-03");
    tell(&mut house, march);
    // Of three that the bank has paid our books have two, and the account lacks all of it.
    let wanted: Found = [
        ("account-month 20230331 paid", ("amount_diff", Some(20_004), Some(30_006))),
        ("account-month closing", ("amount_diff", Some(-20_004), Some(-30_006))),
    ]
    .map(|(name, (class, ours, theirs))| (name.to_owned(), (class.to_owned(), ours, theirs)))
    .into_iter()
    .collect();
    assert_eq!(found(&house, march), wanted);
    let ids: Vec<_> = house.finance.period(march).open().iter().map(|one| one.id).collect();
    let correct = |id| Ask::Correct { id, fact: "补记回单102-1".to_owned() };
    for id in &ids {
        house.ask(20, correct(*id)).expect_err("our books are as they were");
    }
    // Something else that happens, on a day behind the month, ends none of them.
    house.pay(1, MONDAY, &amounts(2));
    assert_eq!(found(&house, march), wanted);
    house.bank(0, &bank::Order::SendLate);
    house.run();
    assert!(house.finance.period(march).is_green(), "{:?}", found(&house, march));
    for id in &ids {
        house.ask(20, correct(*id)).expect_err("it has ended");
    }
    house.assert_replays();
}

#[test]
fn sums_of_another_number_of_vouchers_end_when_the_last_of_them_has_come() {
    // Two are late, of which one has what the other lacks.
    let script = Script::default().with(1, Fault::Late);
    let mut house = Closing::open(FRIDAY, script);
    house.pay(0, FRIDAY, &amounts(3));
    house.cut_off();
    house.close_theirs();
    house.begin(MONDAY);
    let march = period("2023-03");
    // The bank tells of the right number of vouchers with the amount of those that we know.
    house.spoil = spoils(VoucherKind::AccountTotals, |statement| {
        for line in &mut statement.details {
            if line.fields.text(Field::Purpose) == Some("支付") {
                line.fields.set(Field::Amount, Value::Amount(Fen::new(20_004)));
            }
        }
    });
    tell(&mut house, march);
    let names: Vec<String> = found(&house, march).into_keys().collect();
    assert_eq!(names, ["account-month 20230331 paid by 2", "account-month 20230331 paid by 3"]);
    house.spoil = Box::new(|_, voucher: &Voucher| Some(voucher.clone()));
    house.bank(0, &bank::Order::SendLate);
    house.run();
    // Ours is more now than what they told: what we had under two vouchers we have no more, and theirs stays.
    let left = found(&house, march);
    assert_eq!(left.keys().collect::<Vec<_>>(), ["account-month 20230331 paid by 3"]);
    house.assert_replays();
}

#[test]
fn a_statement_of_no_month_is_not_taken() {
    let mut house = three_days();
    house.spoil = Box::new(|to, voucher| {
        let mut voucher = voucher.clone();
        if to == finance() && voucher.key.kind == VoucherKind::AccountTotals {
            voucher.head.set(Field::LastDay, Value::Day(day(20_230_330)));
        }
        Some(voucher)
    });
    house.bank(0, &bank::Order::Tell(period("2023-03")));
    house.run();
    assert_eq!(house.failed.len(), 1);
    assert!(!house.finance.period(period("2023-03")).is_green());
    // And of one that has days to come nothing is told.
    let order = bank::Order::Tell(period("2023-04"));
    let refused = exchange::business::Business::order(&house.banks[0], &order);
    let why = refused.expect_err("April goes on").to_string();
    assert!(why.contains("2023-04 is not over"), "{why}");
    let order = central_bank::Order::Tell(period("2023-04"));
    exchange::business::Business::order(&house.central, &order).expect_err("April goes on");
}

/// What adding a month up takes at finance; `cargo test -p counterparties --test it -- --ignored --nocapture adding_a_month_up`.
/// It prints and judges no time.
#[test]
#[ignore = "measures"]
#[expect(clippy::disallowed_methods, reason = "how long it took is told, and decides nothing")]
fn adding_a_month_up_of_three_hundred_thousand_payments() {
    const FRAMES: usize = 300;
    let mut house = Closing::open(FRIDAY, Script::default());
    for frame in 0..FRAMES {
        house.pay(frame % BANKS.len(), FRIDAY, &amounts(1_000));
    }
    house.cut_off();
    house.close_theirs();
    house.engine_takes_all();
    assert_eq!((house.failed.as_slice(), house.open_ones().len()), (&[][..], 0));
    house.begin(MONDAY);
    let told: Rc<RefCell<Vec<Voucher>>> = Rc::default();
    let keep = Rc::clone(&told);
    house.spoil = Box::new(move |to, voucher| {
        if to == finance() {
            keep.borrow_mut().push(voucher.clone());
        }
        Some(voucher.clone())
    });
    let march = period("2023-03");
    tell(&mut house, march);
    assert!(house.finance.period(march).is_green());
    let rows = house.finance.vouchers().len();
    for statement in told.borrow().iter() {
        let from = match statement.head.text(Field::PayBank) {
            Some(bank) => format!("bank:{bank}").parse().expect("a bank"),
            None => house.central.party(),
        };
        let begun = std::time::Instant::now();
        let (verdict, _) = exchange::business::Business::take(&house.finance, from, statement);
        let took = begun.elapsed();
        assert_eq!(verdict, exchange::business::Verdict::Accepted);
        let kind = statement.key.kind.code();
        println!("{{\"rows\":{rows},\"statement\":{kind},\"ms\":{:.1}}}", took.as_secs_f64() * 1e3);
    }
    let begun = std::time::Instant::now();
    let checklist = house.finance.checklist(day(FRIDAY), crate::closing::PASSED);
    let took = begun.elapsed();
    assert!(checklist.is_green());
    println!("{{\"rows\":{rows},\"checklist_ms\":{:.1}}}", took.as_secs_f64() * 1e3);
}
