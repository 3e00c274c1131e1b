//! Finance's books against the counterparties' statements: what a script planted is found, and nothing else.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use counterparties::bank;
use counterparties::script::{Fault, Script};
use domain::Fen;
use domain::day::{Check, Standing};
use domain::ids::PersonId;
use domain::reconciliation::register::Told;
use domain::reconciliation::{ItemState, Source};
use domain::voucher::{Field, Flag, Value, Voucher, VoucherKey, VoucherKind};
use exchange::finance::reconciled::order::Ask;

use crate::closing::{Closing, PASSED};
use crate::province::{BANKS, account, day, finance, party};

pub(crate) const MONDAY: u32 = 20_230_313;
pub(crate) const TUESDAY: u32 = 20_230_314;

/// In which class a fault shows in the bank's account statement; none where finance heard the truth in time, or the
/// statement does not tell of it.
const fn class_of(fault: Fault) -> Option<&'static str> {
    match fault {
        // A receipt of a part of a detail, or of another payment, is not taken.
        Fault::Late
        | Fault::Lost
        | Fault::OtherPayment
        | Fault::OtherAmount
        | Fault::AfterClearing => Some("state_diff"),
        Fault::Never => Some("missing_there"),
        // The second receipt is not taken; another payee is the engine's to find; seals are the store's.
        Fault::Twice | Fault::TwiceOtherwise | Fault::OtherPayee | Fault::WrongSignature => None,
    }
}

/// Planted at the first bank, by voucher.
fn planted(house: &Closing) -> BTreeMap<VoucherKey, &'static str> {
    let planted = house.banks[0].planted().iter();
    planted.filter_map(|one| Some((one.voucher, class_of(one.fault)?))).collect()
}

fn found(house: &Closing) -> BTreeMap<VoucherKey, String> {
    house.open_ones().into_values().map(|(class, voucher)| (voucher, class)).collect()
}

pub(crate) fn amounts(count: i64) -> Vec<i64> {
    (1..=count).map(|at| 10_000 + at).collect()
}

fn standing(house: &Closing, on: u32, check: Check) -> Standing {
    let checklist = house.finance.checklist(day(on), PASSED);
    let item = checklist.items().iter().find(|item| item.check == check);
    item.expect("every item is there").standing()
}

/// What finance answered to clearing statements (5502).
fn answered(house: &Closing, field: Field) -> Vec<&str> {
    let answers = house.answers.iter().filter(|one| one.key.kind == VoucherKind::StatementAnswer);
    answers.filter_map(|one| one.head.text(field)).collect()
}

pub(crate) fn results(house: &Closing) -> Vec<&str> {
    answered(house, Field::CheckResult)
}

#[test]
fn a_clean_day_agrees_with_every_statement_and_is_closed() {
    let mut house = Closing::open(MONDAY, Script::default());
    house.pay(0, MONDAY, &amounts(5));
    house.pay(1, MONDAY, &amounts(3));
    assert_eq!(standing(&house, MONDAY, Check::Cleared), Standing::Open);
    house.cut_off();
    house.engine_takes_all();
    assert_eq!(standing(&house, MONDAY, Check::Statements), Standing::Open);
    let refusal = house.close_day(MONDAY).expect_err("statements are due");
    assert!(refusal.contains("statements (4)"), "{refusal}");
    house.close_theirs();
    assert_eq!(house.failed, []);
    assert_eq!(house.open_ones().len(), 0);
    assert_eq!(results(&house), ["0"]);
    let checklist = house.finance.checklist(day(MONDAY), PASSED);
    assert!(checklist.is_green(), "{}", checklist.english());
    house.close_day(MONDAY).expect("all is green");
    assert_eq!(house.finance.differences().closed_until(), Some(day(MONDAY)));
    house.assert_replays();
    // The next day, without a payment, is told and agrees too.
    house.begin(TUESDAY);
    house.cut_off();
    house.close_theirs();
    assert_eq!((house.failed.as_slice(), results(&house)), (&[][..], vec!["0", "0"]));
    house.close_day(TUESDAY).expect("nothing happened, and all of them say so");
    house.assert_replays();
}

#[test]
fn exactly_what_a_script_planted_is_found() {
    for seed in 1..=3 {
        let mut house = Closing::open(MONDAY, Script::seeded(seed, 60, 2));
        house.pay(0, MONDAY, &amounts(60));
        house.pay(1, MONDAY, &amounts(20));
        house.cut_off();
        house.close_theirs();
        let planted = planted(&house);
        assert!(planted.len() >= 10, "seed {seed}: {planted:?}");
        let found = found(&house);
        let found: BTreeMap<VoucherKey, &str> =
            found.iter().map(|(voucher, class)| (*voucher, class.as_str())).collect();
        assert_eq!(found, planted, "seed {seed}");
        assert_eq!(house.open_ones().len(), planted.len(), "seed {seed}: each once");
        // The bank's request was sent back whole, which both sides hold to be so.
        assert_eq!(results(&house), ["0"], "seed {seed}");
        assert_eq!(standing(&house, MONDAY, Check::Differences), Standing::Open);
        house.close_day(MONDAY).expect_err("differences are open");
        house.assert_replays();
    }
}

/// Names of what is open under an item.
pub(crate) fn open(house: &Closing, on: u32, check: Check) -> Vec<String> {
    let checklist = house.finance.checklist(day(on), PASSED);
    let item = checklist.items().iter().find(|item| item.check == check);
    let named = item.expect("every item is there").open.named();
    named.iter().map(ToString::to_string).collect()
}

#[test]
fn an_account_that_is_not_at_zero_keeps_the_days_open_until_its_bank_tells_that_it_is() {
    let mut house = Closing::open(MONDAY, Script::default().with(1, Fault::Late));
    house.pay(0, MONDAY, &amounts(3));
    house.pay(1, MONDAY, &amounts(2));
    house.cut_off();
    house.close_theirs();
    // One bank was cleared, the other's request went back whole.
    let account = format!("bank:{} {}", BANKS[0], account(BANKS[0]));
    assert_eq!(open(&house, MONDAY, Check::ZeroBalance), [account.as_str()]);
    let told = house.finance.checklist(day(MONDAY), PASSED).english();
    assert!(told.contains("zero-balance accounts not at zero: 1, -¥300.06"), "{told}");
    house.begin(TUESDAY);
    house.bank(0, &bank::Order::SendLate);
    house.run();
    house.cut_off();
    house.engine_takes_all();
    // It was cleared, and its bank has not said so.
    assert_eq!(open(&house, MONDAY, Check::ZeroBalance), [account.as_str()]);
    house.close_day(MONDAY).expect_err("the account is not told to be at zero");
    house.close_theirs();
    for on in [MONDAY, TUESDAY] {
        assert_eq!(open(&house, on, Check::ZeroBalance), [""; 0]);
        house.close_day(on).expect("all is green");
    }
    assert_eq!(house.failed, []);
    house.assert_replays();
}

#[test]
fn a_bank_that_is_out_of_more_money_than_was_agreed_keeps_the_day_open() {
    let mut house = Closing::open(MONDAY, Script::default());
    house.pay(0, MONDAY, &amounts(2));
    let of_bank = |code: &str| party(&format!("bank:{code}"));
    let agree = |code: &str, limit_fen: Option<i64>| Ask::AgreeExposure {
        bank: of_bank(code),
        limit_fen: limit_fen.map(Fen::new),
        agreement: "鲁财库协〔2023〕3号".to_owned(),
    };
    assert_eq!(open(&house, MONDAY, Check::Exposure), [""; 0]);
    house.ask(7, agree(BANKS[0], Some(20_002))).expect("a bank, and an amount");
    assert_eq!(open(&house, MONDAY, Check::Exposure), [""; 0], "one person has said so");
    house.ask(7, agree(BANKS[0], Some(20_002))).expect_err("the same person again");
    house.assert_replays();
    let agreed = |house: &mut Closing, code: &str, limit_fen: Option<i64>| {
        for person in [7, 8] {
            // What waits already needs the second person alone.
            let waits = house.finance.limits().proposed(of_bank(code)).is_some();
            if person == 8 || !waits {
                house.ask(person, agree(code, limit_fen)).expect("a bank, and an amount");
            }
        }
    };
    agreed(&mut house, BANKS[0], Some(20_002));
    agreed(&mut house, BANKS[1], Some(0));
    let over = format!("bank:{} ¥200.03 > ¥200.02", BANKS[0]);
    assert_eq!(open(&house, MONDAY, Check::Exposure), [over.as_str()]);
    house.assert_replays();
    let mut was_over = true;
    for (limit_fen, is_over) in [(Some(20_003), false), (Some(0), true), (None, false)] {
        house.ask(7, agree(BANKS[0], limit_fen)).expect("proposed");
        let over = |house: &Closing| !open(house, MONDAY, Check::Exposure).is_empty();
        assert_eq!(over(&house), was_over, "until a second person agrees the old one holds");
        house.assert_replays();
        agreed(&mut house, BANKS[0], limit_fen);
        assert_eq!(over(&house), is_over, "{limit_fen:?}");
        was_over = is_over;
    }
    house.ask(7, agree(BANKS[0], Some(-1))).expect_err("less than nothing");
    let central = Ask::AgreeExposure {
        bank: "central-bank:3700".parse().expect("a party"),
        limit_fen: Some(Fen::new(5)),
        agreement: "x".to_owned(),
    };
    let refusal = house.ask(7, central).expect_err("no bank");
    assert!(refusal.contains("name a bank"), "{refusal}");
    let nameless = Ask::AgreeExposure {
        bank: format!("bank:{}", BANKS[0]).parse().expect("a party"),
        limit_fen: None,
        agreement: " ".to_owned(),
    };
    house.ask(7, nameless).expect_err("an agreement has a number");
    house.assert_replays();
}

/// What is open, by the statement that brought it.
pub(crate) fn open_of(house: &Closing, source: Source) -> Vec<(String, VoucherKey)> {
    let of_it = house.finance.differences().open().filter(|one| one.told.source == source);
    of_it.map(|one| (one.finding.class.to_string(), one.finding.place.voucher)).collect()
}

/// Finance's copy of each request of a kind is changed on its way; the central bank's is not.
fn copies(kind: VoucherKind, mut change: impl FnMut(&mut Voucher) + 'static) -> Spoils {
    Box::new(move |to, voucher| {
        let mut voucher = voucher.clone();
        if to == finance() && voucher.key.kind == kind && voucher.flag == Flag::Original {
            change(&mut voucher);
        }
        Some(voucher)
    })
}

#[test]
fn a_request_is_held_against_our_books_line_by_line_at_the_days_end() {
    let mut house = Closing::open(MONDAY, Script::default());
    let orders = house.pay(0, MONDAY, &amounts(5));
    let code = BANKS[0];
    house.spoil = copies(VoucherKind::TransferRequest, move |request| {
        if request.head.text(Field::PayBank) != Some(code) {
            return;
        }
        let lines = &mut request.details;
        lines.push(lines[0].clone());
        lines[1].fields.set(Field::Amount, Value::Amount(Fen::new(1)));
        lines[2].fields.set(Field::OriginalNumber, Value::Text("0000009999".to_owned()));
        for (line, id) in lines.iter_mut().zip(1..) {
            line.id = i32::to_string(&id);
        }
    });
    house.cut_off();
    // Nothing is a difference before the bank's day has ended.
    assert_eq!(house.open_ones().len(), 0);
    house.assert_replays();
    house.close_theirs();
    let unknown = VoucherKey::parse("370102000-2023-8202-0000009999").expect("a key");
    let mut told = open_of(&house, Source::TransferRequests);
    told.sort_unstable();
    let mut wanted = [
        ("duplicate".to_owned(), orders[0]),
        ("amount_diff".to_owned(), orders[1]),
        ("missing_here".to_owned(), unknown),
    ];
    wanted.sort_unstable();
    // Of what it does not name no notice was written, and no line is missing: it is a receipt that is not cleared.
    assert_eq!(told, wanted);
    assert!(open_of(&house, Source::Account).is_empty());
    house.close_day(MONDAY).expect_err("differences are open");
    house.assert_replays();
}

#[test]
fn refunds_are_held_against_our_books_apart_from_payments() {
    let mut house = Closing::open(MONDAY, Script::default());
    let orders = house.pay(0, MONDAY, &amounts(3));
    house.spoil = copies(VoucherKind::RefundRequest, |request| {
        request.details[0].fields.set(Field::Amount, Value::Amount(Fen::new(-1)));
    });
    for voucher in &orders[..2] {
        let refund = bank::Order::Refund {
            voucher: *voucher,
            detail: None,
            reason: "收款人退回".to_owned(),
        };
        house.bank(0, &refund);
    }
    house.run();
    house.cut_off();
    house.close_theirs();
    // The other refund and all payments agree, and none of them makes up for another.
    let told = open_of(&house, Source::RefundRequests);
    assert_eq!(told, [("amount_diff".to_owned(), orders[0])]);
    assert!(open_of(&house, Source::TransferRequests).is_empty());
    house.assert_replays();
}

#[test]
fn what_the_account_statement_differs_over_is_not_told_again_by_the_request() {
    let script = Script::default().with(1, Fault::Late).with(2, Fault::OtherAmount);
    let mut house = Closing::open(MONDAY, script);
    house.pay(0, MONDAY, &amounts(4));
    house.cut_off();
    house.close_theirs();
    assert_eq!(open_of(&house, Source::Account).len(), 2);
    assert!(open_of(&house, Source::TransferRequests).is_empty());
    let told = Told { source: Source::TransferRequests, party: house.banks[0].party() };
    let outcome = house.finance.differences().compared(day(MONDAY), told).expect("compared");
    assert_eq!((outcome.agreed, outcome.different), (2, 0), "the lines that nothing is wrong with");
    house.assert_replays();
}

#[test]
fn a_receipt_that_comes_late_ends_its_difference() {
    let mut house = Closing::open(MONDAY, Script::default().with(1, Fault::Late));
    let orders = house.pay(0, MONDAY, &amounts(3));
    house.close_theirs();
    assert_eq!(found(&house), BTreeMap::from([(orders[1], "state_diff".to_owned())]));
    house.begin(TUESDAY);
    house.bank(0, &bank::Order::SendLate);
    house.run();
    assert_eq!(house.open_ones().len(), 0);
    house.assert_replays();
}

#[test]
fn differences_are_resolved_by_people() {
    let script = Script::default()
        .with(0, Fault::OtherAmount)
        .with(1, Fault::Never)
        .with(2, Fault::Lost)
        .with(3, Fault::Lost);
    let mut house = Closing::open(MONDAY, script);
    let orders = house.pay(0, MONDAY, &amounts(5));
    house.cut_off();
    house.close_theirs();
    let ids: BTreeMap<VoucherKey, _> =
        house.open_ones().into_iter().map(|(id, (_, voucher))| (voucher, id)).collect();
    let [amount, never, lost, other] = [0, 1, 2, 3].map(|at| ids[&orders[at]]);
    let register =
        |house: &Closing, id| house.finance.differences().get(id).cloned().expect("kept");
    house.ask(20, Ask::Assign { id: amount, to: PersonId(20) }).expect("open");
    house.ask(20, Ask::Write { id: amount, letter: "鲁财函〔2023〕7号".to_owned() }).expect("open");
    let told = register(&house, amount).english(day(TUESDAY));
    assert!(told.contains("1 days, waits for finance (person 20)"), "{told}");
    // Their paper says what they told before: that ends nothing. What we say does.
    let confirm = |state| Ask::Confirm {
        id: amount,
        reference: "回函3".to_owned(),
        says: Some((Fen::new(10_001), state)),
    };
    let refusal = house.ask(20, confirm(ItemState::Done)).expect_err("they still say it is paid");
    assert!(refusal.contains("stays"), "{refusal}");
    house.ask(20, confirm(ItemState::Pending)).expect("both say so");
    // Our books do not say yet that it was paid.
    let correct = Ask::Correct { id: lost, fact: "102-1".to_owned() };
    house.ask(20, correct).expect_err("our books are as they were");
    // Two persons, and not one twice.
    let accept = |id| Ask::Accept { id, reason: "银行未办理".to_owned() };
    house.ask(20, accept(never)).expect("proposed");
    house.ask(20, accept(never)).expect_err("the same person");
    house.ask(21, accept(never)).expect("a second one");
    let carry = |id| Ask::Carry { id, until: day(20_230_320), reason: "待补回单".to_owned() };
    house.ask(20, carry(lost)).expect("a later day");
    house.ask(20, carry(other)).expect("a later day");
    assert_eq!(standing(&house, MONDAY, Check::Differences), Standing::Carried);
    house.assert_replays();
}

/// What becomes of a voucher on its way.
pub(crate) type Spoils = Box<dyn FnMut(domain::voucher::Party, &Voucher) -> Option<Voucher>>;

/// A change of the one statement of a kind that comes to finance.
pub(crate) fn spoils(kind: VoucherKind, mut change: impl FnMut(&mut Voucher) + 'static) -> Spoils {
    Box::new(move |to, voucher| {
        let mut voucher = voucher.clone();
        if to == finance() && voucher.key.kind == kind {
            change(&mut voucher);
            let amounts = voucher.details.iter();
            let amounts = amounts.filter_map(|line| line.fields.amount_fen(Field::Amount));
            let sum_fen: i64 = amounts.map(Fen::get).sum();
            voucher.head.set(Field::Total, Value::Count(voucher.details.len() as u32));
            voucher.head.set(Field::TotalAmount, Value::Amount(Fen::new(sum_fen)));
            // An account's balance goes with what was paid from it.
            if let Some(opening_fen) = voucher.head.amount_fen(Field::OpeningBalance)
                && [VoucherKind::DirectDaily, VoucherKind::AccountTotals].contains(&kind)
            {
                let closing_fen = Fen::new(opening_fen.get() - sum_fen);
                voucher.head.set(Field::ClosingBalance, Value::Amount(closing_fen));
            }
        }
        Some(voucher)
    })
}

#[test]
fn lines_that_are_missing_more_or_other_are_told_in_their_class() {
    let mut house = Closing::open(MONDAY, Script::default());
    let orders = house.pay(0, MONDAY, &amounts(6));
    house.cut_off();
    let code = BANKS[0];
    house.spoil = spoils(VoucherKind::DirectDaily, move |report| {
        if report.head.text(Field::PayBank) != Some(code) {
            return;
        }
        let lines = &mut report.details;
        // What the treasury gave for them stands before them, and is not compared.
        let given = lines.remove(0);
        assert_eq!(given.fields.text(Field::OriginalKind), Some("2301"));
        lines.remove(0);
        lines.push(lines[0].clone());
        lines[1].fields.set(Field::OriginalNumber, Value::Text("0000009999".to_owned()));
        lines[2].fields.set(Field::Amount, Value::Amount(Fen::new(1)));
        lines[3].fields.set(Field::PayerAccount, Value::Text("102777".to_owned()));
        lines.push(given);
        for (line, id) in lines.iter_mut().zip(1..) {
            line.id = i32::to_string(&id);
        }
    });
    house.close_theirs();
    let classes: Vec<(String, VoucherKey)> = house.open_ones().into_values().collect();
    let unknown = VoucherKey::parse("370102000-2023-8202-0000009999").expect("a key");
    let mut wanted = vec![
        ("missing_there", orders[0]),
        ("duplicate", orders[1]),
        ("missing_there", orders[2]),
        ("missing_here", unknown),
        ("amount_diff", orders[3]),
        ("missing_there", orders[4]),
        ("missing_here", orders[4]),
    ];
    let mut told: Vec<(&str, VoucherKey)> =
        classes.iter().map(|(class, voucher)| (class.as_str(), *voucher)).collect();
    wanted.sort_unstable();
    told.sort_unstable();
    assert_eq!(told, wanted);
    house.assert_replays();
}

#[test]
fn the_central_bank_is_told_what_differs_from_its_statement() {
    let mut house = Closing::open(MONDAY, Script::default());
    house.pay(0, MONDAY, &amounts(2));
    house.pay(1, MONDAY, &amounts(1));
    house.cut_off();
    house.spoil = spoils(VoucherKind::ClearingStatement, |statement| {
        let line = &mut statement.details[0].fields;
        line.set(Field::Amount, Value::Amount(Fen::new(7)));
    });
    house.close_theirs();
    assert_eq!(results(&house), ["1"]);
    let why = answered(&house, Field::CheckReason);
    assert!(why[0].contains("金额不符（我方200.03、对方0.07）"), "{why:?}");
    let classes: Vec<String> = house.open_ones().into_values().map(|(class, _)| class).collect();
    assert_eq!(classes, ["amount_diff"]);
}

#[test]
fn an_account_statement_whose_balances_its_lines_do_not_make_is_not_taken() {
    let mut house = Closing::open(MONDAY, Script::default());
    house.pay(0, MONDAY, &amounts(2));
    house.cut_off();
    let code = BANKS[0];
    house.spoil = Box::new(move |to, voucher| {
        let mut voucher = voucher.clone();
        let is_it = voucher.head.text(Field::PayBank) == Some(code);
        if to == finance() && voucher.key.kind == VoucherKind::DirectDaily && is_it {
            voucher.head.set(Field::ClosingBalance, Value::Amount(Fen::new(-7)));
        }
        Some(voucher)
    });
    house.close_theirs();
    let [(_, why)] = house.failed.as_slice() else { panic!("{:?}", house.failed) };
    // What was paid and what the treasury gave back come to nothing.
    assert!(why.contains("has 0.00 before and -0.07 after, and its lines come to 0.00"), "{why}");
    assert_eq!(standing(&house, MONDAY, Check::Statements), Standing::Open);
    house.assert_replays();
}

#[test]
fn a_bank_tells_of_an_account_until_it_is_at_zero_again() {
    let mut house = Closing::open(MONDAY, Script::default().with(1, Fault::Late));
    let told: Rc<RefCell<Vec<[Option<i64>; 3]>>> = Rc::default();
    let keep = Rc::clone(&told);
    house.spoil = Box::new(move |to, voucher| {
        if to == finance() && voucher.key.kind == VoucherKind::DirectDaily {
            let amount = |field| voucher.head.amount_fen(field).map(Fen::get);
            let fields = [Field::OpeningBalance, Field::TotalAmount, Field::ClosingBalance];
            keep.borrow_mut().push(fields.map(amount));
        }
        Some(voucher.clone())
    });
    house.pay(0, MONDAY, &amounts(3));
    house.cut_off();
    house.close_theirs();
    house.begin(TUESDAY);
    house.bank(0, &bank::Order::SendLate);
    house.run();
    house.cut_off();
    house.close_theirs();
    let (paid, nothing) = (30_006, [None, Some(0), None]);
    let days = [
        [Some(0), Some(paid), Some(-paid)],
        nothing,
        // Nothing was paid, and the treasury gave it back.
        [Some(-paid), Some(-paid), Some(0)],
        nothing,
    ];
    assert_eq!(*told.borrow(), days);
    assert_eq!(house.failed, []);
    assert_eq!(house.open_ones().len(), 0);
}

#[test]
fn a_statement_whose_head_lies_is_answered_and_stays_due() {
    let mut house = Closing::open(MONDAY, Script::default());
    house.pay(0, MONDAY, &amounts(2));
    house.cut_off();
    house.engine_takes_all();
    house.spoil = Box::new(|to, voucher| {
        let mut voucher = voucher.clone();
        if to == finance() && voucher.key.kind == VoucherKind::ClearingStatement {
            voucher.head.set(Field::Total, Value::Count(9));
        }
        Some(voucher)
    });
    house.close_theirs();
    assert_eq!(results(&house), ["1"]);
    assert_eq!(answered(&house, Field::CheckReason), ["笔数不符：表头9，明细1"]);
    assert_eq!(standing(&house, MONDAY, Check::Statements), Standing::Open);
    assert_eq!(house.open_ones().len(), 0);
}

/// A bank's statement that begins with another balance than its last one ended with, or leaves out an account that had one.
#[test]
fn a_banks_account_that_does_not_begin_where_it_ended_keeps_the_day_open() {
    for is_left_out in [false, true] {
        let mut house = Closing::open(MONDAY, Script::default().with(1, Fault::Late));
        house.pay(0, MONDAY, &amounts(3));
        house.cut_off();
        house.close_theirs();
        let ended = 30_006;
        house.begin(TUESDAY);
        house.cut_off();
        house.spoil = Box::new(move |to, voucher| {
            let mut voucher = voucher.clone();
            let is_its = to == finance() && voucher.key.kind == VoucherKind::DirectDaily;
            if is_its && let Some(fen) = voucher.head.amount_fen(Field::OpeningBalance) {
                assert_eq!(fen, Fen::new(-ended));
                for field in [Field::OpeningBalance, Field::ClosingBalance] {
                    voucher.head.set(field, Value::Amount(Fen::new(5 - ended)));
                }
                if is_left_out {
                    let kept = voucher.head.iter().filter(|(field, _)| {
                        use Field::{ClosingBalance, OpeningBalance, PayerAccount, PayerName};
                        ![OpeningBalance, ClosingBalance, PayerAccount, PayerName].contains(field)
                    });
                    let mut head = domain::voucher::document::Fields::new();
                    kept.for_each(|(field, value)| head.set(field, value.clone()));
                    voucher.head = head;
                }
            }
            Some(voucher)
        });
        house.close_theirs();
        assert_eq!(house.failed, []);
        let of_tuesday = house.finance.differences().open();
        let of_tuesday: Vec<_> = of_tuesday.filter(|one| one.opened == day(TUESDAY)).collect();
        let [one] = of_tuesday[..] else { panic!("one thing differs: {of_tuesday:?}") };
        let said = |figures: Option<domain::reconciliation::Figures>| {
            figures.map(|figures| figures.amount_fen.get())
        };
        let begins = if is_left_out { 0 } else { 5 - ended };
        assert_eq!(
            (said(one.finding.ours), said(one.finding.theirs)),
            (Some(-ended), Some(begins))
        );
        assert_eq!(one.finding.class.to_string(), "amount_diff");
        assert_eq!(*one.finding.place.account, *account(BANKS[0]));
        assert_eq!(&*one.finding.place.detail, "BeginAmt");
        let id = one.id;
        house.assert_replays();
        let fact = "2206-1".to_owned();
        house.ask(7, Ask::Correct { id, fact }).expect_err("their two statements still differ");
    }
}

#[test]
fn a_treasury_account_that_does_not_begin_where_it_ended_keeps_the_day_open() {
    let mut house = Closing::open(MONDAY, Script::default());
    house.pay(0, MONDAY, &amounts(2));
    house.cut_off();
    house.engine_takes_all();
    house.close_theirs();
    house.close_day(MONDAY).expect("all is green");
    house.begin(TUESDAY);
    house.cut_off();
    let ended = house.central.balance_fen(crate::province::TREASURY);
    let began = ended + 5_000;
    house.spoil = spoils(VoucherKind::TreasuryStatement, |statement| {
        for field in [Field::OpeningBalance, Field::ClosingBalance] {
            let fen = statement.head.amount_fen(field).expect("it tells its balances");
            statement.head.set(field, Value::Amount(Fen::new(fen.get() + 5_000)));
        }
    });
    house.close_theirs();
    assert_eq!(house.failed, []);
    let open: Vec<_> = house.finance.differences().open().collect();
    let [one] = open[..] else { panic!("one thing differs: {open:?}") };
    let said = |figures: Option<domain::reconciliation::Figures>| {
        figures.map(|figures| i128::from(figures.amount_fen.get()))
    };
    assert_eq!((said(one.finding.ours), said(one.finding.theirs)), (Some(ended), Some(began)));
    assert_eq!(one.finding.class.to_string(), "amount_diff");
    assert_eq!(&*one.finding.place.account, crate::province::TREASURY);
    assert_eq!(&*one.finding.place.detail, "BeginAmt");
    let (id, told) = (one.id, one.english(day(TUESDAY)));
    let refusal = house.close_day(TUESDAY).expect_err("the balances differ");
    assert!(refusal.contains("differences (1)"), "{refusal}: {told}");
    house.assert_replays();
    // Finance cannot correct what they ended the day before with; two persons may accept it.
    let fact = "3513-1".to_owned();
    house.ask(7, Ask::Correct { id, fact }).expect_err("their two statements still differ");
    let reason = || "国库来函说明".to_owned();
    house.ask(7, Ask::Accept { id, reason: reason() }).expect("the first");
    house.ask(8, Ask::Accept { id, reason: reason() }).expect("the second");
    house.close_day(TUESDAY).expect("two persons accepted it");
    house.assert_replays();
}
