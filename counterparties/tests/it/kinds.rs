//! Kinds of business, each from the engine's decision to where its money ends.

use counterparties::bank::{self, DepositAccount};
use counterparties::central_bank;
use domain::Fen;
use domain::PaymentId;
use domain::codes::{BusinessKind, Method, PaymentState, YearState};
use domain::ids::QuotaId;
use domain::reconciliation::Source;
use domain::reconciliation::register::Told;
use domain::voucher::follows::PayModes;
use domain::voucher::papers::PAYEE_SHEET;
use domain::voucher::payees::PayeeLine;
use domain::voucher::{DivisionCode, Field, VoucherKey, VoucherKind};
use exchange::business::Business;
use exchange::finance::correction::CorrectionStanding;
use exchange::finance::sheet::{SheetPayee, sheet_digest};
use exchange::finance::{Order, Standing};

use crate::house::{House, How, bank_party};
use crate::province::{BATCH, party};

const SPECIAL: &str = "370000005201";
const OWN: &str = "370000005301";

/// A house with the unit's accounts of every kind, and so much in those that have money of their own.
pub(crate) fn house(fen: i64) -> House {
    with_accounts(House::new(), fen)
}

fn with_accounts(mut house: House, fen: i64) -> House {
    house.file_account();
    house.engine.file(&format!(
        "account\t{SPECIAL}\t财政专户\tfiscal-special\tfinance\t\t102\t银行102\t102451099999\t\tactive\n\
         account\t{OWN}\t第一中学基本户\treal-fund\tunit\t101002\t102\t银行102\t102451099999\t\tactive\n"
    ));
    for (number, name) in [(SPECIAL, "财政专户"), (OWN, "第一中学基本户")] {
        house.bank_said(bank::Order::OpenDeposit(DepositAccount {
            number: number.to_owned(),
            name: name.to_owned(),
            division: DivisionCode::new("370000005").expect("nine digits"),
            finance: party("finance:370000005"),
        }));
        let (account, amount_fen) = (number.to_owned(), Fen::new(fen));
        house.bank_said(bank::Order::PayIn { account, amount_fen });
    }
    house
}

fn refund(house: &mut House, payment: u128, detail: Option<&str>) {
    let order = bank::Order::Refund {
        voucher: house.voucher_of(payment).key,
        detail: detail.map(str::to_owned),
        reason: "收款人账号有误".to_owned(),
    };
    house.bank_said(order);
    house.run();
}

#[test]
fn a_special_account_pays_out_of_its_own_money_and_has_it_back() {
    let mut house = house(50_000);
    let quota = house.engine.quota("2", 100_000);
    house.engine.pay(1, quota, 40_000, &How::default());
    house.run();
    assert_eq!(house.engine.state(1), PaymentState::Cleared);
    assert_eq!(house.voucher_of(1).standing, Standing::Settled);
    assert_eq!(house.bank.business().deposit_fen(SPECIAL), Some(10_000));
    assert_eq!(house.engine.buckets(quota).cleared, 40_000);
    // What it has not got it does not pay.
    house.engine.pay(2, quota, 20_000, &How::default());
    house.run();
    assert_eq!(house.engine.state(2), PaymentState::Released);
    house.clear();
    assert_eq!(house.treasury_fen(), 1_000_000, "nobody asks the treasury for it");
    refund(&mut house, 1, None);
    let buckets = house.engine.buckets(quota);
    assert_eq!((buckets.cleared, buckets.refunding, buckets.available()), (0, 0, 100_000));
    assert_eq!(house.bank.business().deposit_fen(SPECIAL), Some(50_000));
    assert_eq!((house.engine.parked.len(), house.alarms().len()), (0, 0));
    house.assert_bank(1);
    house.assert_folds();
}

#[test]
fn of_a_units_own_money_paid_is_final_until_it_comes_back() {
    let mut house = house(50_000);
    let quota = house.engine.quota("31", 100_000);
    house.engine.pay(1, quota, 40_000, &How::default());
    house.run();
    assert_eq!(house.engine.state(1), PaymentState::Paid);
    assert_eq!(house.voucher_of(1).standing, Standing::Settled);
    house.clear();
    refund(&mut house, 1, Some("1"));
    assert_eq!(house.engine.buckets(quota).available(), 100_000);
    assert_eq!(house.bank.business().deposit_fen(OWN), Some(50_000));
    assert!(house.finance.business().exposure_fen().is_empty());
    assert_eq!((house.engine.parked.len(), house.alarms().len()), (0, 0));
    house.assert_bank(1);
    house.assert_folds();
}

#[test]
fn an_allocation_goes_to_the_central_bank_and_is_cleared_when_it_is_paid() {
    let mut house = house(1);
    let quota = house.engine.quota("111", 2_000_000);
    let how = How { method: Method::Allocation, ..How::default() };
    house.engine.pay(1, quota, 400_000, &how);
    house.run();
    let row = house.voucher_of(1);
    assert_eq!((row.key.kind, row.standing), (VoucherKind::Allocation, Standing::Cleared));
    assert_eq!(house.engine.state(1), PaymentState::Cleared);
    assert_eq!(house.treasury_fen(), 600_000);
    assert_eq!(house.finance.business().cleared_fen(), 400_000);
    // Short of cash it waits there, and is paid when there is some.
    house.engine.pay(2, quota, 700_000, &how);
    house.run();
    assert_eq!(house.engine.state(2), PaymentState::Instructed);
    house.pay_in(200_000);
    house.run();
    assert_eq!(house.engine.state(2), PaymentState::Cleared);
    assert_eq!((house.engine.parked.len(), house.alarms().len()), (0, 0));
    house.assert_folds();
}

/// What a person at the central bank says when an allocation's receiver sends it back.
fn allocation_back(house: &House, payment: u128, detail: Option<&str>) -> central_bank::Order {
    central_bank::Order::AllocationBack {
        allocation: house.voucher_of(payment).key,
        detail: detail.map(str::to_owned),
        reason: "收款账户已销户".to_owned(),
    }
}

/// The treasury's statement of the day (3513), held against finance's books: how many agreed, how many differ.
fn treasury_compared(house: &mut House) -> (u64, u64) {
    house.central_said(central_bank::Order::Close);
    house.run();
    let told = Told { source: Source::Treasury, party: party("central-bank:3700") };
    let day = crate::province::day(crate::house::TODAY);
    let outcome = house.finance.business().differences().compared(day, told);
    outcome.map(|outcome| (outcome.agreed, outcome.different)).expect("it was compared")
}

#[test]
fn an_allocation_comes_back_by_detail_and_then_the_rest_of_it() {
    let mut house = house(1);
    house.finance_said(Order::BeginDay(crate::province::day(crate::house::TODAY)));
    let quota = house.engine.quota("111", 2_000_000);
    let how = |business| How { method: Method::Allocation, business, ..How::default() };
    for payment in 1..=3 {
        house.engine.pay(payment, quota, 100_000 * payment as i64, &how(BusinessKind::Payroll));
    }
    // Another waits for cash, and is paid when some comes back.
    house.engine.pay(4, quota, 600_000, &how(BusinessKind::Single));
    house.run();
    assert_eq!((house.treasury_fen(), house.spent_fen("2050203")), (400_000, 600_000));
    assert_eq!(house.engine.state(4), PaymentState::Instructed);
    for (payment, detail, why) in
        [(4, None, "was paid here"), (1, Some("4"), "is out under detail `4`")]
    {
        let order = allocation_back(&house, payment, detail);
        let told = house.central.business().order(&order).expect_err("refused").to_string();
        assert!(told.contains(why), "{told}");
    }
    house.central_said(allocation_back(&house, 1, Some("2")));
    house.run();
    assert_eq!((house.treasury_fen(), house.engine.state(4)), (0, PaymentState::Cleared));
    let buckets = house.engine.buckets(quota);
    assert_eq!((buckets.cleared, buckets.refunding), (1_000_000, 0));
    assert_eq!(buckets.available(), 1_000_000);
    let again = allocation_back(&house, 1, Some("2"));
    let told = house.central.business().order(&again).expect_err("it came back").to_string();
    assert!(told.contains("has not come back"), "{told}");
    // Finance ends without a word on the way of the rest.
    house.central_said(allocation_back(&house, 1, None));
    house.finance_dies();
    house.run();
    assert_eq!((house.treasury_fen(), house.spent_fen("2050203")), (400_000, 600_000));
    assert_eq!(house.engine.buckets(quota).available(), 1_400_000);
    assert_eq!(house.finance.business().refunded_fen(), 600_000);
    // Two orders out, two notices back, one line each on both sides.
    assert_eq!(treasury_compared(&mut house), (4, 0));
    assert_eq!((house.engine.parked.len(), house.alarms().len()), (0, 0));
    assert_eq!(house.central.business().ledger().check(), []);
    house.assert_folds();
}

#[test]
fn an_allocation_that_comes_back_whole_after_the_years_close_is_recovered() {
    let mut house = house(1);
    house.finance_said(Order::BeginDay(crate::province::day(crate::house::TODAY)));
    let quota = house.engine.quota("111", 40_000);
    house.engine.pay(1, quota, 40_000, &How { method: Method::Allocation, ..How::default() });
    house.run();
    house.engine.year(YearState::Adjustment);
    house.engine.year(YearState::Closed);
    house.central_said(allocation_back(&house, 1, None));
    house.run();
    assert_eq!(house.engine.recovered_fen(), (0, 40_000));
    assert_eq!(house.engine.buckets(quota).available(), 0);
    assert_eq!((house.treasury_fen(), house.spent_fen("2050203")), (1_000_000, 0));
    assert_eq!(treasury_compared(&mut house), (2, 0));
    assert_eq!((house.engine.parked.len(), house.alarms().len()), (0, 0));
    house.assert_folds();
}

#[test]
fn what_a_bank_rejected_is_ordered_again_by_another_payment_under_a_new_number() {
    let mut house = house(1);
    let quota = house.engine.quota("111", 100_000);
    let block = |why: &str| bank::Order::BlockPayee {
        account: "1602000109200000009".to_owned(),
        why: why.to_owned(),
    };
    house.bank_said(block("账户已销户"));
    let closed = How { payee: "1602000109200000009", ..How::default() };
    house.engine.pay(1, quota, 40_000, &closed);
    house.run();
    assert_eq!(house.engine.state(1), PaymentState::Released);
    let old = house.voucher_of(1).key;
    assert_eq!(house.voucher(&old).standing, Standing::Ended);
    let again = How { numbers: format!("申请-7、{old}"), ..How::default() };
    house.line_to_bank(false);
    house.engine.pay(2, quota, 40_000, &again);
    house.run();
    // A third for the second, which may still be paid, waits with why.
    let second = house.voucher_of(2).key;
    house.engine.pay(3, quota, 40_000, &How { numbers: second.to_string(), ..How::default() });
    house.run();
    let left: Vec<&str> = house.finance.business().left().map(|(_, why)| why).collect();
    assert!(left.len() == 1 && left[0].contains("stands at `out`"), "{left:?}");
    house.engine.void(3, quota);
    house.line_to_bank(true);
    house.run();
    assert_eq!(house.engine.state(2), PaymentState::Paid);
    assert_eq!(house.finance.business().left().count(), 0);
    assert_eq!(second.number.as_str(), "0000000002");
    let voucher = house.at_the_bank(&second);
    assert_eq!(voucher.head.text(Field::OriginalNumber), Some(old.number.as_str()));
    assert_eq!(voucher.head.text(Field::OriginalKind), Some("8202"));
    house.assert_bank(1);
    house.assert_folds();
}

#[test]
fn cards_are_paid_together_and_cash_names_no_account() {
    let mut house = house(1);
    let quota = house.engine.quota("111", 100_000);
    for payment in [1, 2] {
        let card = How { business: BusinessKind::Card, ..How::default() };
        house.engine.pay(payment, quota, 1_000 * payment as i64, &card);
    }
    house.engine.pay(3, quota, 500, &How { payee: "", ..How::default() });
    house.run();
    house.clear();
    assert_eq!(house.voucher_of(1).key, house.voucher_of(2).key);
    for payment in 1..=3 {
        assert_eq!(house.engine.state(payment), PaymentState::Cleared, "{payment}");
    }
    assert_eq!(house.treasury_fen(), 1_000_000 - 3_500);
    house.assert_bank(3);
    house.assert_folds();
}

#[test]
fn money_comes_back_by_detail_and_by_the_whole_order_before_clearing_and_after() {
    let mut house = house(1);
    let quota = house.engine.quota("111", 100_000);
    let payroll = How { business: BusinessKind::Payroll, ..How::default() };
    for payment in 1..=3 {
        house.engine.pay(payment, quota, 1_000 * payment as i64, &payroll);
    }
    house.run();
    // One detail before the order is cleared: it waits at the bank for that, and then goes to the treasury.
    refund(&mut house, 2, Some("2"));
    assert_eq!(house.engine.buckets(quota).refunding, 2_000);
    house.clear();
    house.run();
    let buckets = house.engine.buckets(quota);
    assert_eq!((buckets.cleared, buckets.refunding), (4_000, 0));
    assert_eq!(house.treasury_fen(), 1_000_000 - 4_000);
    // What is left, then an order as a whole.
    refund(&mut house, 1, None);
    house.clear();
    house.engine.pay(4, quota, 500, &payroll);
    house.engine.pay(5, quota, 600, &payroll);
    house.run();
    house.clear();
    refund(&mut house, 4, None);
    house.clear();
    let buckets = house.engine.buckets(quota);
    assert_eq!((buckets.cleared, buckets.refunding, buckets.available()), (0, 0, 100_000));
    assert_eq!(house.treasury_fen(), 1_000_000);
    assert_eq!(house.finance.business().refunded_fen(), 6_000 + 1_100);
    assert_eq!((house.engine.parked.len(), house.alarms().len()), (0, 0));
    house.assert_folds();
}

#[test]
fn what_comes_back_after_the_years_close_is_recovered_and_revives_no_quota() {
    let mut house = house(1);
    let quota = house.engine.quota("111", 40_000);
    house.engine.pay(1, quota, 40_000, &How::default());
    house.run();
    house.clear();
    house.engine.year(YearState::Adjustment);
    house.engine.year(YearState::Closed);
    refund(&mut house, 1, None);
    assert_eq!(house.engine.recovered_fen(), (40_000, 0));
    house.clear();
    assert_eq!(house.engine.recovered_fen(), (0, 40_000));
    assert_eq!(house.engine.buckets(quota).available(), 0);
    assert_eq!(house.treasury_fen(), 1_000_000);
    assert_eq!((house.engine.parked.len(), house.alarms().len()), (0, 0));
    house.assert_folds();
}

/// A payee of payroll: the payment it is part of, the card, fen.
pub(crate) fn payee((payment, card, fen): (u128, &str, i64)) -> SheetPayee {
    SheetPayee {
        payment: Some(PaymentId(payment)),
        amount_fen: Fen::new(fen),
        name: "职工".to_owned(),
        account: card.to_owned(),
        bank_number: None,
        of: None,
    }
}

pub(crate) fn sheet(house: &mut House, payment: u128, payees: &[(u128, &str, i64)]) {
    let order = house.voucher_of(payment).key;
    let payees = payees.iter().copied().map(payee).collect();
    house.finance_said(Order::Sheet { order, payees, by: "王芳".to_owned() });
    house.run();
}

/// Payroll that pays the account over which its bank settles batches, approved for some cards.
pub(crate) fn payroll(quota: QuotaId, cards: &[(&str, i64)]) -> How {
    let lines = cards.iter().map(|(account, fen)| PayeeLine {
        quota,
        amount_fen: Fen::new(*fen),
        name: "职工",
        account,
        bank_number: "",
        again: 0,
    });
    let numbers = format!("{PAYEE_SHEET}={}", sheet_digest(lines));
    How { business: BusinessKind::Payroll, payee: BATCH, numbers, ..How::default() }
}

#[test]
fn a_bank_opens_and_blocks_no_account_without_a_number() {
    let house = house(1);
    for number in ["", " ", "6222 001"] {
        let number = number.to_owned();
        let division = DivisionCode::new("370000005").expect("nine digits");
        let (name, finance) = ("甲".to_owned(), party("finance:370000005"));
        let zero = bank::ZeroBalanceAccount {
            number: number.clone(),
            name: name.clone(),
            division,
            treasury: "3700000005".to_owned(),
            finance,
        };
        let deposit = DepositAccount { number: number.clone(), name, division, finance };
        let why = "卡号有误".to_owned();
        for order in [
            bank::Order::OpenAccount(zero),
            bank::Order::OpenDeposit(deposit),
            bank::Order::BlockPayee { account: number.clone(), why },
        ] {
            let why = house.bank.business().order(&order).expect_err("refused").to_string();
            assert!(why.starts_with(&format!("`{number}` is no account's number")), "{why}");
        }
    }
}

#[test]
fn payroll_waits_for_its_sheet_and_a_card_that_fails_is_told_and_paid_again() {
    let mut house = house(1);
    let quota = house.engine.quota("111", 100_000);
    let (account, why) = ("6222009".to_owned(), "卡号有误".to_owned());
    house.bank_said(bank::Order::BlockPayee { account, why });
    let of_first = payroll(quota, &[("6222001", 500), ("6222009", 300)]);
    house.engine.pay(1, quota, 800, &of_first);
    house.engine.pay(2, quota, 300, &payroll(quota, &[("6222003", 300)]));
    house.run();
    house.assert_bank(0);
    let order = house.voucher_of(1).key;
    for (payees, why) in [
        (vec![(1, "6222001", 800)], "names no payee"),
        (vec![(1, "6222001", 700), (2, "6222002", 300)], "its payees get 7.00"),
        (vec![(1, "6222001", 800), (9, "6222002", 300)], "not in this order"),
        (vec![(1, "6222001", 800), (2, "6222003", 300)], "与支付"),
        (vec![(1, "6222001", 500), (1, "6222009", 300), (2, "6222666", 300)], "was approved for"),
    ] {
        let payees = payees.into_iter().map(payee).collect();
        let by = "王芳".to_owned();
        let refusal = house.finance.business().order(&Order::Sheet { order, payees, by });
        let told = refusal.expect_err("it fits the order nowhere").to_string();
        assert!(told.contains(why), "{told}");
    }
    sheet(&mut house, 1, &[(1, "6222001", 500), (1, "6222009", 300), (2, "6222003", 300)]);
    house.assert_bank(2);
    let row = house.voucher_of(1);
    let told = row.sheet.as_ref().expect("it was given");
    assert_eq!(told.failed, [(1, "卡号有误".into())]);
    assert_eq!((row.parts[0].paid_fen, row.parts[1].paid_fen), (Fen::new(500), Fen::new(300)));
    assert_eq!(house.engine.buckets(quota).paid, 800);
    // The card that failed is paid again, by another payment with a sheet of its own.
    house.engine.pay(3, quota, 300, &again(quota, order, &[("6222010", 300, 2)]));
    house.run();
    sheet_again(&mut house, 3, &[("6222010", 300, 2)]).expect("it failed");
    house.clear();
    for payment in 1..=3 {
        assert_eq!(house.engine.state(payment), PaymentState::Cleared, "{payment}");
    }
    // Money that bounces names the payee by the sheet's number.
    refund(&mut house, 1, Some("3"));
    house.clear();
    assert_eq!(house.voucher_of(1).payees()[2].payment, PaymentId(2));
    assert!(house.voucher_of(1).payees()[2].refunded);
    assert_eq!(house.engine.buckets(quota).cleared, 800);
    assert_eq!(house.treasury_fen(), 1_000_000 - 800);
    house.assert_bank(3);
    assert_eq!((house.engine.parked.len(), house.alarms().len()), (0, 0));
    house.assert_folds();
}

/// Payroll in place of what failed beside an order: card, fen, and the number of the line that failed.
fn again(quota: QuotaId, order: VoucherKey, cards: &[(&str, i64, u32)]) -> How {
    let lines = cards.iter().map(|(account, fen, of)| PayeeLine {
        quota,
        amount_fen: Fen::new(*fen),
        name: "职工",
        account,
        bank_number: "",
        again: *of,
    });
    let numbers = format!("{order} {PAYEE_SHEET}={}", sheet_digest(lines));
    How { business: BusinessKind::Payroll, payee: BATCH, numbers, ..How::default() }
}

fn sheet_again(house: &mut House, payment: u128, cards: &[(&str, i64, u32)]) -> Result<(), String> {
    let order = house.voucher_of(payment).key;
    let payees = cards
        .iter()
        .map(|(card, fen, of)| SheetPayee { of: Some(*of), ..payee((payment, card, *fen)) });
    let given = Order::Sheet { order, payees: payees.collect(), by: "王芳".to_owned() };
    house.finance_does(exchange::node::Order::Business(given))?;
    house.run();
    Ok(())
}

/// What a card has in the bank's own books.
pub(crate) fn has_fen(house: &House, card: &str) -> i128 {
    let ledger = house.bank.business().ledger();
    let payee = ledger.find(counterparties::ledger::AccountKind::Payee, card);
    payee.map_or(0, |payee| ledger.balance_fen(payee))
}

#[test]
fn a_card_that_fails_twice_is_paid_once_whatever_order_its_retries_name() {
    let mut house = house(1);
    let quota = house.engine.quota("111", 100_000);
    for account in ["6222009", "6222019"] {
        let (account, why) = (account.to_owned(), "卡号有误".to_owned());
        house.bank_said(bank::Order::BlockPayee { account, why });
    }
    house.engine.pay(
        1,
        quota,
        1_000,
        &payroll(quota, &[("6222001", 500), ("6222009", 300), ("6222003", 200)]),
    );
    house.run();
    sheet(&mut house, 1, &[(1, "6222001", 500), (1, "6222009", 300), (1, "6222003", 200)]);
    let failed = house.voucher_of(1).key;
    // The first retry goes to a card that fails as well; beside it there is no room for a second.
    let (bad, good) = ([("6222019", 300, 2)], [("6222010", 300, 2)]);
    house.engine.pay(2, quota, 300, &again(quota, failed, &bad));
    house.run();
    house.engine.pay(3, quota, 300, &again(quota, failed, &good));
    house.run();
    assert!(left(&house)[0].contains("未再次支付的金额0.00元"), "{:?}", left(&house));
    house.engine.void(3, quota);
    sheet_again(&mut house, 2, &bad).expect("it failed");
    let retry = house.voucher_of(2).key;
    assert_eq!(house.engine.state(2), PaymentState::Released, "its only card takes no money");
    // Two more, each by another order's name: both are ordered, and one is paid.
    house.engine.pay(4, quota, 300, &again(quota, failed, &good));
    house.run();
    house.engine.pay(5, quota, 300, &again(quota, retry, &[("6222010", 300, 1)]));
    house.run();
    house.finance_dies();
    sheet_again(&mut house, 4, &good).expect("the retry failed");
    let why = sheet_again(&mut house, 5, &[("6222010", 300, 1)]).expect_err("it is paid");
    assert!(why.contains("再次支付") && why.contains("is paid again as payee 1"), "{why}");
    house.finance_dies();
    assert!(sheet_again(&mut house, 5, &[("6222010", 300, 1)]).is_err(), "also behind a start");
    house.clear();
    assert_eq!(has_fen(&house, "6222010"), 300);
    assert_eq!(
        ["6222001", "6222003", "6222009", "6222019"].map(|card| has_fen(&house, card)),
        [500, 200, 0, 0]
    );
    assert_eq!(house.engine.state(4), PaymentState::Cleared);
    // Its money bounces: it may be paid once more.
    refund(&mut house, 4, Some("1"));
    house.clear();
    assert_eq!(has_fen(&house, "6222010"), 0);
    sheet_again(&mut house, 5, &[("6222010", 300, 1)]).expect("nobody has the money");
    assert_eq!((has_fen(&house, "6222010"), house.engine.parked.len()), (300, 0));
    house.assert_folds();
}

#[test]
fn a_retry_that_is_written_anew_still_pays_whom_it_paid_again() {
    let mut house = house(1);
    let quota = house.engine.quota("111", 100_000);
    let (account, why) = ("6222009".to_owned(), "卡号有误".to_owned());
    house.bank_said(bank::Order::BlockPayee { account, why });
    house.engine.pay(1, quota, 800, &payroll(quota, &[("6222001", 500), ("6222009", 300)]));
    house.run();
    sheet(&mut house, 1, &[(1, "6222001", 500), (1, "6222009", 300)]);
    let failed = house.voucher_of(1).key;
    house.line_to_bank(false);
    house.engine.pay(2, quota, 300, &again(quota, failed, &[("6222010", 300, 2)]));
    house.engine.pay(3, quota, 500, &payroll(quota, &[("6222001", 500)]));
    house.run();
    let order = house.voucher_of(2).key;
    let retry = SheetPayee { of: Some(2), ..payee((2, "6222010", 300)) };
    let payees = vec![payee((3, "6222001", 500)), retry];
    house.finance_said(Order::Sheet { order, payees, by: "王芳".to_owned() });
    house.engine.void(3, quota);
    house.run();
    house.line_to_bank(true);
    house.run();
    assert_ne!(house.voucher_of(2).key, order);
    assert_eq!(house.engine.state(2), PaymentState::Paid);
    house.engine.pay(4, quota, 300, &again(quota, failed, &[("6222010", 300, 2)]));
    house.run();
    assert!(left(&house)[0].contains("未再次支付的金额0.00元"), "{:?}", left(&house));
    // By its old number too: what is owed there is another's.
    house.engine.pay(5, quota, 300, &again(quota, order, &[("6222010", 300, 2)]));
    house.run();
    let why = sheet_again(&mut house, 5, &[("6222010", 300, 2)]).expect_err("it is paid");
    assert!(why.contains("尚可能支付"), "{why}");
    assert_eq!(has_fen(&house, "6222010"), 300);
    house.assert_folds();
}

#[test]
fn a_sheet_that_cannot_be_written_leaves_its_order_waiting_for_another() {
    let mut house = House::national();
    house.file_account();
    let quota = house.engine.quota("111", 100_000);
    let (account, bank_number, name) = ("6222001", "", "𠮷田");
    let fen = Fen::new(800);
    let line = PayeeLine { quota, amount_fen: fen, name, account, bank_number, again: 0 };
    let numbers = format!("{PAYEE_SHEET}={}", sheet_digest([line]));
    let how = How { business: BusinessKind::Payroll, payee: BATCH, numbers, ..How::default() };
    house.engine.pay(1, quota, 800, &how);
    house.run();
    let order = house.voucher_of(1).key;
    let give = |house: &mut House| {
        let payees = vec![SheetPayee { name: name.to_owned(), ..payee((1, account, 800)) }];
        house.finance_said(Order::Sheet { order, payees, by: "王芳".to_owned() });
        house.run();
    };
    give(&mut house);
    house.finance_dies();
    let back = house.finance.business().sheet_back(&order).expect("it came back").clone();
    assert_eq!(back.sheet.number.as_str(), "0000000001");
    assert!(back.reason.contains("cannot be written for bank:102"), "{}", back.reason);
    assert!(back.reason.contains('𠮷'), "{}", back.reason);
    assert_eq!(house.finance.business().sheets_back().count(), 1);
    // The order is not rejected: it waits at its bank, and takes its sheet under a new number once that can be written.
    assert_eq!(house.voucher_of(1).standing, Standing::Out);
    house.assert_bank(0);
    house.finance_writes_canonically();
    give(&mut house);
    let told = house.voucher_of(1).sheet.as_ref().expect("it was given");
    assert_eq!((told.key.number.as_str(), told.answered), ("0000000002", true));
    assert_eq!(house.finance.business().sheets_back().count(), 0);
    assert_eq!(house.engine.state(1), PaymentState::Paid);
    house.assert_bank(1);
    house.assert_folds();
}

#[test]
fn an_order_that_waits_for_its_sheet_or_its_day_is_given_back_when_its_payment_is_voided() {
    let mut house = house(1);
    let quota = house.engine.quota("111", 100_000);
    house.engine.pay(1, quota, 500, &payroll(quota, &[("6222001", 500)]));
    house.run();
    house.bank_said(bank::Order::CutOff);
    house.engine.pay(2, quota, 700, &How::default());
    house.run();
    let keys = [1, 2].map(|payment| house.voucher_of(payment).key);
    assert_eq!(house.bank.business().early().count(), 1);
    for payment in [1, 2] {
        house.engine.void(payment, quota);
    }
    house.follow();
    let payees = vec![payee((1, "6222001", 500))];
    let given = Order::Sheet { order: keys[0], payees, by: "王芳".to_owned() };
    let why = house.finance.business().order(&given).expect_err("it was voided").to_string();
    assert!(why.contains("was voided"), "{why}");
    house.run();
    for (payment, key) in [1, 2].into_iter().zip(keys) {
        assert_eq!(house.engine.state(payment), PaymentState::Released);
        assert_eq!(house.voucher(&key).standing, Standing::Ended);
    }
    assert_eq!(house.bank.business().early().count(), 0);
    assert_eq!((house.engine.buckets(quota).available(), house.alarms().len()), (100_000, 0));
    house.assert_bank(0);
    house.assert_folds();
}

#[test]
fn a_sheet_goes_with_its_order_when_a_payment_of_it_is_voided() {
    let mut house = house(1);
    let quota = house.engine.quota("111", 100_000);
    house.line_to_bank(false);
    house.engine.pay(1, quota, 500, &payroll(quota, &[("6222001", 500)]));
    let of_second = payroll(quota, &[("6222002", 200), ("6222003", 300)]);
    house.engine.pay(2, quota, 500, &of_second);
    house.run();
    sheet(&mut house, 1, &[(1, "6222001", 500), (2, "6222002", 200), (2, "6222003", 300)]);
    house.engine.void(1, quota);
    house.run();
    house.line_to_bank(true);
    house.run();
    let row = house.voucher_of(2);
    let told = row.sheet.as_ref().expect("it was written anew");
    assert_eq!(&*told.by, "王芳");
    assert_eq!(told.key.number.as_str(), "0000000002");
    assert_eq!((row.parts.len(), told.parts.len(), told.answered), (1, 2, true));
    assert_eq!(house.engine.state(1), PaymentState::Released);
    assert_eq!(house.engine.state(2), PaymentState::Paid);
    house.assert_bank(2);
    assert_eq!((house.engine.parked.len(), house.alarms().len()), (0, 0));
    house.assert_folds();
}

#[test]
fn what_a_payment_was_charged_to_is_corrected_here_and_at_the_central_bank() {
    let mut house = house(1);
    let wrong = house.engine.quota("111", 100_000);
    let right = house.engine.quota_of("2080505", "111", 50_000);
    house.engine.pay(1, wrong, 40_000, &How::default());
    house.run();
    house.clear();
    assert_eq!(house.engine.state(1), PaymentState::Cleared);
    house.engine.correct(0xc1, 1, (right, wrong), 30_000);
    house.run();
    let buckets = |house: &House, quota| {
        let buckets = house.engine.buckets(quota);
        (buckets.cleared, buckets.available())
    };
    assert_eq!(buckets(&house, wrong), (10_000, 90_000));
    assert_eq!(buckets(&house, right), (30_000, 20_000));
    let told = house.corrections_of(1);
    let [(key, known)] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!(key.kind, VoucherKind::AuthorizedCorrection);
    assert_eq!(known.standing, CorrectionStanding::Booked);
    assert_eq!((house.spent_fen("2050203"), house.spent_fen("2080505")), (10_000, 30_000));
    assert_eq!(house.treasury_fen(), 1_000_000 - 40_000, "no cash moves");
    // A finance that ends without a word, and hears the journal again, writes no second voucher.
    house.finance_dies();
    house.run();
    assert_eq!(house.corrections_of(1).len(), 1);
    assert_eq!((house.engine.parked.len(), house.alarms().len()), (0, 0));
    house.assert_bank(1);
    house.assert_folds();
}

#[test]
fn a_correction_has_the_method_by_which_its_payment_was_ordered() {
    let direct = How { method: Method::Direct, ..How::default() };
    for (modes, how, told) in [
        (PayModes::BY_METHOD, direct.clone(), ("5201", "5253", "11")),
        (PayModes::ONE_FORM, direct, ("8202", "5351", "11")),
        (PayModes::ONE_FORM, How::default(), ("8202", "5351", "12")),
    ] {
        let mut house = House::ordering(modes);
        house.file_account();
        let wrong = house.engine.quota("111", 100_000);
        let right = house.engine.quota_of("2080505", "111", 50_000);
        house.engine.pay(1, wrong, 40_000, &how);
        house.run();
        house.clear();
        assert_eq!(house.engine.state(1), PaymentState::Cleared);
        let ordered = house.voucher_of(1).key.kind.code().to_string();
        // What it was ordered by is known again after a fold.
        house.finance_dies();
        house.engine.correct(0xc1, 1, (right, wrong), 30_000);
        house.run();
        let corrections = house.corrections_of(1);
        let [(key, known)] = corrections.as_slice() else { panic!("{corrections:?}") };
        assert_eq!(known.standing, CorrectionStanding::Booked);
        let correction = house.at_the_central_bank(key);
        let method = correction.head.text(Field::PayType).expect("a method");
        assert_eq!((&*ordered, &*key.kind.code().to_string(), method), told);
        assert_eq!((house.spent_fen("2050203"), house.spent_fen("2080505")), (10_000, 30_000));
        assert_eq!(house.alarms().len(), 0);
        house.assert_folds();
    }
}

#[test]
fn a_real_allocation_is_corrected_at_the_central_bank_that_paid_it() {
    let mut house = house(1);
    house.finance_said(Order::BeginDay(crate::province::day(crate::house::TODAY)));
    let wrong = house.engine.quota("111", 100_000);
    let right = house.engine.quota_of("2080505", "111", 50_000);
    house.engine.pay(1, wrong, 40_000, &How { method: Method::Allocation, ..How::default() });
    house.run();
    house.engine.correct(0xc1, 1, (right, wrong), 30_000);
    house.run();
    let told = house.corrections_of(1);
    let [(key, known)] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!(key.kind, VoucherKind::AllocationCorrection);
    assert_eq!(known.standing, CorrectionStanding::Booked);
    let correction = house.at_the_central_bank(key);
    assert_eq!(correction.head.text(Field::PayType), Some("91"));
    assert_eq!(correction.head.text(Field::OriginalKind), Some("5207"));
    assert_eq!((house.spent_fen("2050203"), house.spent_fen("2080505")), (10_000, 30_000));
    assert_eq!(house.treasury_fen(), 1_000_000 - 40_000, "no cash moves");
    // No cash moved, so nothing of it is in books of cash.
    assert_eq!(treasury_compared(&mut house), (1, 0));
    assert_eq!((house.engine.parked.len(), house.alarms().len()), (0, 0));
    house.assert_folds();
}

#[test]
fn a_correction_the_central_bank_sends_back_is_told_and_corrected_back() {
    let mut house = house(1);
    let wrong = house.engine.quota("111", 100_000);
    // A class that the central bank has never heard of.
    let right = house.engine.quota_of("2050201", "111", 50_000);
    house.engine.pay(1, wrong, 40_000, &How::default());
    house.run();
    house.clear();
    house.engine.correct(0xc1, 1, (right, wrong), 40_000);
    house.run();
    let told = house.corrections_of(1);
    let [(_, known)] = told.as_slice() else { panic!("{told:?}") };
    assert!(matches!(known.standing, CorrectionStanding::Back(_)), "{known:?}");
    assert_eq!(house.spent_fen("2050203"), 40_000);
    let alarms = house.alarms();
    assert!(alarms.len() == 1 && alarms[0].contains("came back"), "{alarms:?}");
    house.engine.correct(0xc2, 1, (wrong, right), 40_000);
    assert_eq!(house.engine.buckets(wrong).cleared, 40_000);
    assert_eq!(house.engine.buckets(right).available(), 50_000);
}

#[test]
fn units_own_money_is_corrected_without_the_central_bank() {
    let mut house = house(50_000);
    let (wrong, right) = (house.engine.quota("31", 60_000), house.engine.quota("31", 60_000));
    house.engine.pay(1, wrong, 40_000, &How::default());
    house.run();
    house.engine.correct(0xc1, 1, (right, wrong), 40_000);
    house.run();
    assert_eq!((house.engine.buckets(wrong).paid, house.engine.buckets(right).paid), (0, 40_000));
    assert_eq!(house.corrections_of(1), []);
    assert_eq!(house.alarms().len(), 0);
}

#[test]
fn payees_on_a_banks_statement_are_their_payments_in_finances_books() {
    let mut house = house(1);
    house.finance_said(Order::BeginDay(crate::province::day(crate::house::TODAY)));
    let quota = house.engine.quota("111", 100_000);
    house.engine.pay(1, quota, 800, &payroll(quota, &[("6222001", 400), ("6222002", 400)]));
    house.engine.pay(2, quota, 300, &payroll(quota, &[("6222003", 300)]));
    house.run();
    // Two payees of one sum, so that lines are alike.
    sheet(&mut house, 1, &[(1, "6222001", 400), (1, "6222002", 400), (2, "6222003", 300)]);
    refund(&mut house, 1, Some("2"));
    house.bank_said(bank::Order::CutOff);
    house.clear();
    house.bank_said(bank::Order::Close);
    house.central_said(counterparties::central_bank::Order::Close);
    house.run();
    let finance = house.finance.business();
    let told = domain::reconciliation::register::Told {
        source: domain::reconciliation::Source::Account,
        party: crate::house::bank_party(),
    };
    let day = crate::province::day(crate::house::TODAY);
    let outcome = finance.differences().compared(day, told).expect("it was compared");
    // Two payments, and what came back of a payee.
    assert_eq!((outcome.agreed, outcome.different), (3, 0));
    let open: Vec<_> = finance.differences().open().map(|one| &one.finding).collect();
    assert!(open.is_empty(), "{open:?}");
}

/// The number under which the bank tells of the first debit it makes.
const DEBIT: &str = "370000005-2022-2261-10200000001";
const WATERWORKS: &str = "1602000109200000021";

/// A payee collects from the unit's zero-balance account.
fn claim(number: &str, fen: i64) -> bank::Order {
    bank::Order::Collect(bank::Claim {
        number: number.to_owned(),
        account: crate::house::ZERO.to_owned(),
        payee: WATERWORKS.to_owned(),
        payee_name: "泉城水务有限公司".to_owned(),
        amount_fen: Fen::new(fen),
        purpose: "三月水费".to_owned(),
    })
}

/// A payment that pays a debit.
fn collection(numbers: &str) -> How {
    let (business, payee) = (BusinessKind::Collection, WATERWORKS);
    How { business, payee, numbers: numbers.to_owned(), ..How::default() }
}

/// The unit's zero-balance account, under a name.
fn account_named(name: &str) -> String {
    let account = crate::house::ZERO;
    format!(
        "account\t{account}\t{name}\tunit-zero\tunit\t101002\t102\t银行102\t102451099999\t\tactive\n"
    )
}

/// What the waterworks have in the bank's books.
fn collected_fen(house: &House) -> i128 {
    let ledger = house.bank.business().ledger();
    let payee = ledger.find(counterparties::ledger::AccountKind::Payee, WATERWORKS);
    payee.map_or(0, |payee| ledger.balance_fen(payee))
}

fn left(house: &House) -> Vec<&str> {
    house.finance.business().left().map(|(_, why)| why).collect()
}

/// Debits that the day's checklist names because nobody has asked for their payment.
fn named_at_days_end(house: &House) -> Vec<String> {
    let day = crate::province::day(crate::house::TODAY);
    let checklist = house.finance.business().checklist(day, 24 * 60 - 1);
    let is_it = |item: &&domain::day::Item| item.check == domain::day::Check::Collections;
    let item = checklist.items().iter().find(is_it);
    let named = item.expect("every item is there").open.named().iter();
    named.map(ToString::to_string).collect()
}

#[test]
fn what_a_payee_has_collected_is_paid_once_by_the_payment_that_names_it() {
    is_paid_once(house(1));
}

/// None of it has a message of ISO 20022: it goes as vouchers.
#[test]
fn what_a_payee_has_collected_is_paid_once_by_a_bank_that_speaks_iso_20022() {
    let script = counterparties::script::Script::default();
    is_paid_once(with_accounts(House::speaking_iso(script, |message| message), 1));
}

fn is_paid_once(mut house: House) {
    house.finance_said(Order::BeginDay(crate::province::day(crate::house::TODAY)));
    let quota = house.engine.quota("111", 100_000);
    house.bank_said(claim("W-7", 40_000));
    house.run();
    assert_eq!(
        (collected_fen(&house), named_at_days_end(&house)),
        (40_000, vec![DEBIT.to_owned()])
    );
    let again = house.bank.business().order(&claim("W-7", 40_000)).expect_err("it was collected");
    assert!(again.to_string().contains("was debited before"), "{again}");
    let bad = house.bank.business().order(&claim("", 40_000)).expect_err("it has no number");
    assert!(bad.to_string().contains("缺少必填要素"), "{bad}");
    house.engine.pay(1, quota, 40_000, &collection(&format!("协议-3、{DEBIT}")));
    house.run();
    assert_eq!(house.engine.state(1), PaymentState::Paid);
    assert_eq!(collected_fen(&house), 40_000, "the payee has it once");
    assert_eq!(named_at_days_end(&house), Vec::<String>::new());
    // Another payment for the same debit is paid nothing.
    house.engine.pay(2, quota, 40_000, &collection(DEBIT));
    house.run();
    let why = left(&house);
    assert!(why.len() == 1 && why[0].contains("is paid by") && why[0].contains("已由"), "{why:?}");
    house.engine.void(2, quota);
    house.bank_said(bank::Order::CutOff);
    house.clear();
    assert_eq!((house.engine.state(1), house.treasury_fen()), (PaymentState::Cleared, 960_000));
    assert_eq!(house.bank.business().exposure().uncleared_fen, 0);
    house.bank_said(bank::Order::Close);
    house.run();
    let told = Told { source: Source::Account, party: crate::house::bank_party() };
    let day = crate::province::day(crate::house::TODAY);
    let outcome = house.finance.business().differences().compared(day, told).expect("compared");
    // The debit, that it was taken over, and the payment.
    assert_eq!((outcome.agreed, outcome.different), (3, 0));
    assert!(house.bank.business().alarms().is_empty(), "the account is at zero");
    assert_eq!((house.engine.parked.len(), house.alarms().len()), (0, 0));
    house.assert_bank(1);
    house.assert_folds();
}

#[test]
fn a_payment_waits_for_its_debit_and_is_paid_nothing_before() {
    let mut house = house(1);
    let quota = house.engine.quota("111", 200_000);
    for payment in [1, 2] {
        house.engine.pay(payment, quota, 40_000, &collection(DEBIT));
    }
    house.engine.pay(3, quota, 40_000, &collection("协议-3"));
    house.run();
    house.assert_bank(0);
    assert_eq!((left(&house).len(), collected_fen(&house)), (3, 0));
    assert_eq!(left(&house).iter().filter(|why| why.contains("no account was debited")).count(), 2);
    // A finance that ends without a word still knows who waits.
    house.finance_dies();
    house.bank_said(claim("W-7", 40_000));
    house.run();
    assert_eq!(house.engine.state(1), PaymentState::Paid);
    assert_eq!(house.engine.state(2), PaymentState::Instructed);
    assert_eq!(collected_fen(&house), 40_000);
    let why = left(&house);
    assert!(why[0].contains("is paid by 370000005-2022-8202-0000000001"), "{why:?}");
    assert!(why[1].contains("names the debit (2261)"), "{why:?}");
    house.assert_bank(1);
    house.assert_folds();
}

#[test]
fn a_payment_that_is_not_its_debit_is_refused_in_both_languages_and_the_debit_stays_named() {
    let mut house = house(1);
    let quota = house.engine.quota("111", 200_000);
    house.bank_said(claim("W-7", 40_000));
    house.run();
    let other = How { payee: "1602000109200000001", ..collection(DEBIT) };
    house.engine.pay(1, quota, 39_999, &collection(DEBIT));
    house.engine.pay(2, quota, 40_000, &other);
    house.run();
    let why = left(&house);
    assert!(
        why[0].starts_with("金额与托收扣款400.00元不符: the debit is of 400.00 yuan"),
        "{why:?}"
    );
    assert!(why[1].starts_with("收款账号与托收收款账号") && why[1].contains("went to"), "{why:?}");
    assert_eq!(named_at_days_end(&house), [DEBIT]);
    house.assert_bank(0);
    // Nobody asks for it: the payee gives it back, and nothing of it is left.
    house.bank_said(bank::Order::Refund {
        voucher: domain::voucher::VoucherKey::parse(DEBIT).expect("a key"),
        detail: None,
        reason: "协议已终止".to_owned(),
    });
    house.run();
    assert_eq!((collected_fen(&house), named_at_days_end(&house)), (0, Vec::<String>::new()));
    house.engine.pay(3, quota, 40_000, &collection(DEBIT));
    house.run();
    assert!(left(&house)[2].contains("was given back"), "{:?}", left(&house));
    assert_eq!((house.engine.parked.len(), house.alarms().len()), (0, 0));
    house.assert_folds();
}

#[test]
fn a_debit_whose_order_came_back_is_free_for_another_and_a_bank_pays_no_debit_it_never_made() {
    let mut house = house(1);
    let quota = house.engine.quota("111", 200_000);
    house.bank_said(claim("W-7", 40_000));
    // Finance has the account under a name that is not the bank's.
    house.engine.file(&account_named("第一中学"));
    house.engine.pay(1, quota, 40_000, &collection(DEBIT));
    house.run();
    assert_eq!(house.engine.state(1), PaymentState::Released);
    house.engine.file(&account_named("第一中学零余额账户"));
    assert_eq!(named_at_days_end(&house), [DEBIT]);
    let key = house.voucher_of(1).key;
    let order = house.at_the_bank(&key);
    house.bank_said(bank::Order::Close);
    house.bank_said(bank::Order::OpenDay(crate::province::day(20_220_307)));
    for (at, number, why) in [(1, "10200000099", "无此托收扣款"), (2, "10200000001", "金额与")]
    {
        let mut strange = order.clone();
        let name = "第一中学零余额账户".to_owned();
        strange.head.set(Field::PayerName, domain::voucher::Value::Text(name));
        strange.key.number = domain::voucher::VoucherNumber::serial(90 + at);
        for fields in [&mut strange.head, &mut strange.details[0].fields] {
            fields.set(Field::OriginalNumber, domain::voucher::Value::Text(number.to_owned()));
            let fen = Fen::new(40_000 + i64::from(at) - 1);
            fields.set(Field::Amount, domain::voucher::Value::Amount(fen));
        }
        let (_, effects) = house.bank.business().take(party("finance:370000005"), &strange);
        let told = format!("{effects:?}");
        assert!(told.contains(why) && told.contains("Return"), "{told}");
    }
    house.engine.pay(2, quota, 40_000, &collection(DEBIT));
    house.run();
    assert_eq!(house.engine.state(2), PaymentState::Paid);
    assert_eq!(collected_fen(&house), 40_000);
    house.assert_bank(1);
}

/// March, told by the bank and the central bank when it is over, against finance's books: the sums that agree of each source, and
/// what differs.
fn march(house: &mut House) -> (Vec<(Source, u64)>, Vec<String>) {
    let april = crate::province::day(20_220_401);
    house.bank_said(bank::Order::OpenDay(april));
    house.central_said(central_bank::Order::OpenDay(april));
    house.finance_said(Order::BeginDay(april));
    let march = domain::reconciliation::period::Period::parse("2022-03").expect("a month");
    house.bank_said(bank::Order::Tell(march));
    house.central_said(central_bank::Order::Tell(march));
    house.run();
    let standing = house.finance.business().period(march);
    let agreed = standing.statements().iter().map(|(told, outcome)| {
        (told.source, outcome.unwrap_or_else(|| panic!("{} came", told.source)).agreed)
    });
    let open = standing.open().iter().map(|one| one.english(april));
    (agreed.collect(), open.collect())
}

#[test]
fn a_month_has_what_payees_collected_and_what_is_left_of_it_at_its_end() {
    let mut house = house(1);
    house.finance_said(Order::BeginDay(crate::province::day(crate::house::TODAY)));
    let quota = house.engine.quota("111", 100_000);
    for (number, fen) in [("W-7", 40_000), ("W-8", 5_000), ("W-9", 300)] {
        house.bank_said(claim(number, fen));
    }
    house.engine.pay(1, quota, 40_000, &collection(DEBIT));
    house.run();
    house.bank_said(bank::Order::Refund {
        voucher: domain::voucher::VoucherKey::parse("370000005-2022-2261-10200000003")
            .expect("a key"),
        detail: None,
        reason: "协议已终止".to_owned(),
    });
    house.bank_said(bank::Order::CutOff);
    house.clear();
    house.bank_said(bank::Order::Close);
    house.central_said(central_bank::Order::Close);
    house.run();
    let (agreed, differs) = march(&mut house);
    assert_eq!(differs, Vec::<String>::new());
    // What was paid, collected and taken over or given back, and what the account lacks for the debit that nobody paid.
    let [(Source::AccountMonth, sums), ..] = agreed[..] else { panic!("{agreed:?}") };
    assert_eq!(sums, 4);
    assert_eq!(house.bank.business().collected_fen(), 5_000);
}

#[test]
fn a_month_has_what_came_back_of_what_the_treasury_paid_itself() {
    let mut house = house(1);
    house.finance_said(Order::BeginDay(crate::province::day(crate::house::TODAY)));
    let quota = house.engine.quota("111", 100_000);
    for (payment, fen) in [(1, 40_000), (2, 7_000)] {
        let how = How { method: Method::Allocation, ..How::default() };
        house.engine.pay(payment, quota, fen, &how);
    }
    house.run();
    house.central_said(allocation_back(&house, 2, None));
    house.run();
    house.bank_said(bank::Order::Close);
    assert_eq!(treasury_compared(&mut house), (3, 0));
    let (agreed, differs) = march(&mut house);
    assert_eq!(differs, Vec::<String>::new());
    let of_treasury = agreed.iter().find(|(source, _)| *source == Source::TreasuryMonth);
    assert_eq!(of_treasury, Some(&(Source::TreasuryMonth, 2)), "what went, and what came back");
}

#[test]
fn a_payment_of_direct_funds_says_so_by_its_projects_label_and_goes_first() {
    let mut house = house(1);
    let order = |house: &mut House, labels: &[&str]| -> Vec<Option<String>> {
        house.line_to_bank(false);
        for (at, labels) in (1..).zip(labels) {
            if !labels.is_empty() {
                house.engine.project("P-1", labels);
            }
            let quota = house.engine.quota("111", 1_000);
            house.engine.pay(at, quota, 1_000, &How::default());
            house.run();
        }
        house.line_to_bank(true);
        house.run();
        let told = (1..).zip(labels).map(|(at, _)| {
            let key = house.voucher_of(at).key;
            house.at_the_bank(&key).details[0].fields.text(Field::Topic).map(str::to_owned)
        });
        told.collect()
    };
    // The second is asked for when its project has the label.
    let told = order(&mut house, &["", "一卡通 直达资金"]);
    assert_eq!(told, [None, Some("直达资金".to_owned())]);
    let [first, second] = [1, 2].map(|at| house.voucher_of(at).key);
    let peer = house.finance.store().peer(bank_party()).expect("the bank");
    let sent = (1..=peer.given()).filter_map(|number| peer.out.get(peer.entry_of(number)?)?.key);
    let sent: Vec<VoucherKey> = sent.filter(|key| [first, second].contains(key)).collect();
    assert_eq!(sent, [second, first], "it has overtaken what was written before it");
    house.clear();
    assert_eq!([1, 2].map(|at| house.engine.state(at)), [PaymentState::Cleared; 2]);
    house.assert_folds();
}

#[test]
fn what_a_tax_a_non_tax_payment_and_a_purchase_are_for_stands_on_their_vouchers() {
    let script = || counterparties::script::Script::default();
    let iso = with_accounts(House::speaking_iso(script(), |message| message), 1);
    for (mut house, is_iso) in [(house(1), false), (iso, true)] {
        let quota = house.engine.quota("111", 100_000);
        let tax =
            "T-1 TaxBillNo=337010230300000001 TaxayerID=91370102000000001X TaxOrgCode=13701020000";
        let papers =
            [tax, "PayCode=37010223000000000019", "GovProcurementID=370102-1 ContractNo=HT-17"];
        for (payment, numbers) in (1..).zip(papers) {
            let how = How { numbers: numbers.to_owned(), ..How::default() };
            house.engine.pay(payment, quota, 10_000, &how);
        }
        house.run();
        let named = [
            vec![
                (Field::TaxBill, "337010230300000001"),
                (Field::Taxpayer, "91370102000000001X"),
                (Field::TaxOffice, "13701020000"),
            ],
            vec![(Field::PayCode, "37010223000000000019")],
            vec![(Field::Procurement, "370102-1"), (Field::Contract, "HT-17")],
        ];
        let all: Vec<Field> = named.iter().flatten().map(|(field, _)| *field).collect();
        for (payment, named) in (1..).zip(&named) {
            // The receipt repeats the order whole, or it is not taken: by pain.001 nothing was lost.
            assert_eq!(house.engine.state(payment), PaymentState::Paid);
            if is_iso {
                continue;
            }
            let key = house.voucher_of(payment).key;
            let taken = house.at_the_bank(&key);
            let line = &taken.details[0].fields;
            for field in &all {
                let expected = named.iter().find(|(of, _)| of == field).map(|(_, text)| *text);
                assert_eq!(line.text(*field), expected, "{field:?} of {key}");
                assert_eq!(taken.head.text(*field), expected, "{field:?} of {key}");
            }
        }
    }
}
