//! The central bank alone: its gate, its queue for cash, and what moves cash beside clearing.

use counterparties::bank::Order;
use counterparties::central_bank::{self, MasterRow, PaidIn, Refusal, WaitsFor};
use counterparties::income::Income;
use counterparties::script::Script;
use domain::Fen;
use domain::clearing::Lane;
use domain::office::tables::project::DIRECT_FUNDS;
use domain::voucher::document::Fields;
use domain::voucher::form;
use domain::voucher::{Detail, DivisionCode, Field, Flag, Value, Voucher, VoucherKind};
use exchange::business::{Business, Effect, Verdict};

use crate::province::*;

const MONDAY: u32 = 20_230_313;

fn province(cash: i64, notices: Notices) -> Province {
    Province::new(day(MONDAY), cash, notices, Script::default())
}

/// A request as the first bank writes it.
fn request() -> (Province, Voucher) {
    let mut province = province(1_000, Notices::None);
    let lines = [("6222001", "2050203", 300), ("6222002", "2080505", 200)];
    province.pay(&[order("102", "1", day(MONDAY), &lines)]);
    province.run();
    province.bank(0, &Order::RequestClearing);
    let sent = province.on_the_way.iter().find_map(|message| match message {
        Message::Voucher { voucher, .. } => Some(voucher.clone()),
        Message::Return { .. } => None,
    });
    (province, sent.expect("a request is on its way"))
}

fn returned(province: &Province, voucher: &Voucher) -> Option<String> {
    let (verdict, effects) = province.central.take(party("bank:102"), voucher);
    assert_eq!(verdict, Verdict::Accepted);
    effects.into_iter().find_map(|effect| match effect {
        Effect::Return { reason, .. } => Some(reason),
        _ => None,
    })
}

type Change = (&'static str, fn(&mut Voucher));

fn set(fields: &mut Fields, field: Field, text: &str) {
    fields.set(field, Value::Text(text.to_owned()));
}

#[test]
fn the_gate_sends_back_what_does_not_have_the_form() {
    let (province, request) = request();
    assert_eq!(returned(&province, &request), None);
    let changes: [Change; 12] = [
        ("6019", |v| set(&mut v.head, Field::Treasury, "9999999999")),
        ("FieldMissing", |v| {
            v.head = v
                .head
                .iter()
                .filter(|(f, _)| *f != Field::Treasury)
                .fold(Fields::new(), |fields, (field, value)| fields.with(field, value.clone()));
        }),
        ("function", |v| set(&mut v.details[0].fields, Field::Function, "2999999")),
        ("function", |v| set(&mut v.details[0].fields, Field::Function, "1010101")),
        ("function", |v| set(&mut v.details[0].fields, Field::Function, "20502")),
        ("unit", |v| set(&mut v.details[0].fields, Field::Department, "999")),
        ("bank", |v| set(&mut v.head, Field::PayBankName, "别的银行")),
        ("date", |v| v.date = day(MONDAY + 1)),
        ("year", |v| v.key.year = domain::FiscalYear::new(2024).expect("a year")),
        ("sign", |v| v.details[0].fields.set(Field::Amount, Value::Amount(Fen::new(-300)))),
        ("method", |v| set(&mut v.head, Field::PayType, "91")),
        ("total", |v| v.head.set(Field::Amount, Value::Amount(Fen::new(501)))),
    ];
    let mut reasons = std::collections::BTreeSet::new();
    for (what, change) in changes {
        let mut changed = request.clone();
        change(&mut changed);
        let reason = returned(&province, &changed);
        let reason = reason.unwrap_or_else(|| panic!("{what} passes the gate"));
        assert!(reason.chars().any(|c| c > '\u{2fff}'), "{reason}");
        let number = reason[..4].to_owned();
        assert!(number.bytes().all(|byte| byte.is_ascii_digit()), "{reason}");
        reasons.insert(number);
    }
    assert_eq!(reasons.len(), 12, "each has a number of its own: {reasons:?}");
    // Another bank's request, and a treasury of another division.
    let (_, effects) = province.central.take(party("bank:103"), &request);
    assert!(matches!(effects[1], Effect::Return { .. }));
    let mut other = request.clone();
    set(&mut other.head, Field::Treasury, LOWER);
    assert!(returned(&province, &other).is_some());
}

#[test]
fn what_is_not_for_the_treasury_is_not_taken() {
    let (province, request) = request();
    let receipt = Voucher { flag: Flag::Receipt, ..request.clone() };
    for (from, voucher) in [("bank:102", &receipt), ("finance:370102000", &request)] {
        let (verdict, effects) = province.central.take(party(from), voucher);
        assert!(matches!(verdict, Verdict::Failed { .. }), "{from}");
        assert_eq!(effects, []);
    }
}

#[test]
fn refunds_have_to_name_what_was_cleared_once_and_not_more() {
    let (mut province, request) = request();
    province.finance.notices = Notices::AsRequested;
    province.run();
    assert_eq!(province.central.balance_fen(TREASURY), 500);
    let refund = |number: &str, lines: &[(&str, &str, i64)]| {
        let mut refund = request.clone();
        refund.key = key(VoucherKind::RefundRequest, number);
        let line = |(at, (order, detail, fen)): (usize, &(&str, &str, i64))| Detail {
            id: (at + 1).to_string(),
            fields: Fields::new()
                .with_text(Field::OriginalKind, "8202")
                .with_text(Field::OriginalNumber, *order)
                .with_text(Field::OriginalDetail, *detail)
                .with_text(Field::RefundNumber, (at + 1).to_string())
                .with_text(Field::Department, "101")
                .with_text(Field::Function, "2050203")
                .with_amount(Field::Amount, Fen::new(*fen)),
        };
        refund.details = lines.iter().enumerate().map(line).collect();
        let sum_fen = lines.iter().map(|line| line.2).sum();
        refund.head.set(Field::Amount, Value::Amount(Fen::new(sum_fen)));
        refund.head.set(Field::Total, Value::Count(lines.len() as u32));
        refund
    };
    for (number, lines) in [
        ("1", &[("9", "1", -1)][..]),
        ("2", &[("1", "1", -1), ("1", "1", -1)]),
        ("3", &[("1", "1", -501)]),
        ("4", &[("1", "1", -300), ("1", "2", -201)]),
        // A detail that the order does not have, with what one of them was; part of a detail.
        ("8", &[("1", "3", -200)]),
        ("9", &[("1", "1", -5)]),
        ("10", &[("1", "", -300)]),
    ] {
        let told = returned(&province, &refund(number, lines));
        assert!(told.is_some(), "refund {number} passes");
    }
    // As part of a line beside which no payees stood.
    let mut part = refund("11", &[("1", "7", -5)]);
    set(&mut part.details[0].fields, Field::Hold1, "1");
    assert!(returned(&province, &part).is_some(), "a part of a detail that was paid whole");
    let central = province.central.party();
    let right = refund("5", &[("1", "1", -300)]);
    let from = party("bank:102");
    province.on_the_way.push(Message::Voucher { from, to: central, voucher: right });
    province.run();
    assert_eq!(province.central.balance_fen(TREASURY), 800);
    let told = returned(&province, &refund("6", &[("1", "1", -300)]));
    assert!(told.is_some(), "the same detail again");
    assert_eq!(returned(&province, &refund("7", &[("1", "2", -200)])), None);
}

/// An order with lines of one government economic class, so that it has a lane.
fn of_class(number: &str, economic: &str, fen: i64) -> Voucher {
    let mut order = order("102", number, day(MONDAY), &[("6222001", "2050203", fen)]);
    let fields = std::mem::take(&mut order.details[0].fields);
    order.details[0].fields = fields.with_text(Field::GovernmentEconomic, economic);
    order
}

/// What waits for cash, in the order in which it will be paid.
fn queue(province: &Province) -> Vec<(Lane, i64)> {
    let waiting = province.central.waiting();
    assert!(waiting.iter().all(|one| one.waits_for == WaitsFor::Cash));
    waiting.iter().map(|one| (one.lane, one.amount_fen.get())).collect()
}

#[test]
fn direct_funds_go_before_what_is_bought() {
    let mut province = province(100, Notices::AsRequested);
    let mut direct = of_class("2", "50601", 400);
    let fields = std::mem::take(&mut direct.details[0].fields);
    direct.details[0].fields = fields.with_text(Field::Topic, DIRECT_FUNDS);
    province.pay(&[of_class("1", "50201", 300), direct, of_class("3", "50901", 500)]);
    province.run();
    province.bank(0, &Order::RequestClearing);
    province.run();
    assert_eq!(
        queue(&province),
        [(Lane::Livelihood, 500), (Lane::DirectFunds, 400), (Lane::Operations, 300)],
    );
    province.pay_in(TREASURY, PaidIn::Income, 800);
    province.run();
    assert_eq!(province.central.balance_fen(TREASURY), 0, "livelihood and direct funds are paid");
    assert_eq!(
        province.central.waiting().iter().map(|one| one.lane).collect::<Vec<_>>(),
        [Lane::Operations]
    );
    province.assert_books();
    province.assert_replays();
}

#[test]
fn a_payroll_waits_among_wages_whatever_class_it_is_charged_to() {
    let mut province = province(100, Notices::AsRequested);
    let mut payroll = of_class("2", "50201", 400);
    payroll.head.set(Field::BusinessType, Value::Text(form::BUSINESS_PAYROLL.to_owned()));
    province.pay(&[of_class("1", "50201", 300), payroll]);
    province.run();
    province.bank(0, &Order::RequestClearing);
    province.run();
    assert_eq!(queue(&province), [(Lane::Wages, 400), (Lane::Operations, 300)],);
}

#[test]
fn when_cash_is_short_wages_go_first_and_nobody_is_refused() {
    let mut province = province(100, Notices::AsRequested);
    // The last to be paid comes first.
    province.pay(&[
        of_class("1", "50601", 600),
        of_class("2", "50201", 500),
        of_class("3", "50901", 400),
        of_class("4", "50101", 300),
    ]);
    province.run();
    province.bank(0, &Order::RequestClearing);
    province.run();
    let all =
        [(Lane::Wages, 300), (Lane::Livelihood, 400), (Lane::Operations, 500), (Lane::Other, 600)];
    assert_eq!(queue(&province), all);
    assert_eq!(province.finance.returned, []);
    // Enough for the wages, and not for who is next: a smaller one behind does not pass.
    province.pay_in(TREASURY, PaidIn::Income, 550);
    province.run();
    assert_eq!(queue(&province), all[1..]);
    assert_eq!(province.central.balance_fen(TREASURY), 350);
    // Wages that come later go before what waits already.
    province.pay(&[of_class("5", "50101", 350)]);
    province.run();
    province.bank(0, &Order::RequestClearing);
    province.run();
    assert_eq!(queue(&province), all[1..]);
    assert_eq!(province.central.balance_fen(TREASURY), 0);
    province.pay_in(TREASURY, PaidIn::Bonds, 1_500);
    province.run();
    assert_eq!(queue(&province), []);
    province.assert_books();
    province.assert_replays();
}

/// A refund request for the first line of an order.
fn refund_of(request: &Voucher, number: &str, on: u32, fen: i64) -> Voucher {
    let mut refund = request.clone();
    (refund.key, refund.date) = (key(VoucherKind::RefundRequest, number), day(on));
    refund.details.truncate(1);
    let fields = &mut refund.details[0].fields;
    set(fields, Field::RefundNumber, "1");
    fields.set(Field::Amount, Value::Amount(Fen::new(-fen)));
    refund.head.set(Field::Amount, Value::Amount(Fen::new(-fen)));
    refund.head.set(Field::Total, Value::Count(1));
    refund
}

/// The balances at the beginning and the end of the days that a treasury's account statements tell of.
fn told_balances(province: &Province) -> Vec<(u32, i64, i64)> {
    let got = province.finance.got.iter();
    let of_treasury = got.filter(|voucher| {
        voucher.key.kind == VoucherKind::TreasuryStatement
            && voucher.head.text(Field::Treasury) == Some(TREASURY)
    });
    let fen = |voucher: &Voucher, field| voucher.head.amount_fen(field).map_or(0, Fen::get);
    of_treasury
        .map(|voucher| {
            let [begins, ends] =
                [Field::OpeningBalance, Field::ClosingBalance].map(|field| fen(voucher, field));
            (voucher.date.get(), begins, ends)
        })
        .collect()
}

#[test]
fn what_comes_behind_the_close_waits_for_the_next_day() {
    let mut province = province(1_000, Notices::AsRequested);
    let central = province.central.party();
    province.pay(&[order("102", "1", day(MONDAY), &[("6222001", "2050203", 300)])]);
    province.pay(&[order("102", "2", day(MONDAY), &[("6222001", "2050203", 250)])]);
    province.run();
    province.bank(0, &Order::RequestClearing);
    province.run();
    assert_eq!(province.central.balance_fen(TREASURY), 450);
    let cleared = province.central.ledger().entries().len();
    let request = province
        .finance
        .got
        .iter()
        .find(|voucher| voucher.key.kind == VoucherKind::TransferRequest);
    let request = request.expect("finance has a copy").clone();
    let refund = refund_of(&request, "R1", MONDAY, 300);
    assert_eq!(returned(&province, &refund), None, "on an open day it is taken");
    // A payment is asked for by the bank, and the central bank closes before it hears of it.
    province.pay(&[order("102", "3", day(MONDAY), &[("6222001", "2050203", 50)])]);
    province.run();
    province.central(&central_bank::Order::Close);
    province.bank(0, &Order::RequestClearing);
    province.send(central, allocation("1", "6222009", 100));
    let from = party("bank:102");
    let on_its_way =
        |voucher: &Voucher| Message::Voucher { from, to: central, voucher: voucher.clone() };
    province.on_the_way.push(on_its_way(&refund));
    province.on_the_way.push(on_its_way(&refund));
    province.run();
    // All of it waits, as anybody can see, and nothing has moved.
    let waits: Vec<(VoucherKind, WaitsFor)> =
        province.central.waiting().iter().map(|one| (one.voucher.kind, one.waits_for)).collect();
    assert_eq!(waits.len(), 3, "{waits:?}");
    assert!(waits.iter().all(|(_, what)| *what == WaitsFor::Day), "{waits:?}");
    for kind in [VoucherKind::TransferRequest, VoucherKind::Allocation, VoucherKind::RefundRequest]
    {
        assert!(waits.contains(&(kind, WaitsFor::Day)), "{waits:?}");
    }
    assert_eq!(province.central.ledger().entries().len(), cleared);
    // Another voucher under a number that waits is another voucher under a used number.
    let mut other = refund.clone();
    set(&mut other.head, Field::Reason, "另一笔");
    let (verdict, _) = province.central.take(from, &other);
    assert!(matches!(verdict, Verdict::Failed { .. }), "{verdict:?}");
    province.assert_replays();
    // It is looked at when the next day has begun: cleared on it, and told of in its statements.
    province.bank(0, &Order::Close);
    province.bank(1, &Order::Close);
    province.open(day(MONDAY + 1));
    province.run();
    assert_eq!(province.central.waiting(), []);
    assert_eq!(province.central.balance_fen(TREASURY), 450 + 300 - 100 - 50);
    province.close();
    assert_eq!(told_balances(&province), [(MONDAY, 0, 450), (MONDAY + 1, 450, 600)]);
    let ended = province.finance.got.iter().filter(|voucher| {
        voucher.key.kind == VoucherKind::ClearingStatement
            && voucher.head.text(Field::Treasury) == Some(TREASURY)
    });
    let lines: Vec<usize> = ended.map(|voucher| voucher.details.len()).collect();
    assert_eq!(lines.iter().sum::<usize>(), 3, "a request and two on the next day: {lines:?}");
    province.assert_books();
    province.assert_replays();
}

#[test]
fn wages_that_came_behind_the_close_go_before_what_waited_for_cash() {
    let mut province = province(100, Notices::AsRequested);
    province.pay(&[of_class("1", "50601", 600)]);
    province.run();
    province.bank(0, &Order::RequestClearing);
    province.run();
    province.central(&central_bank::Order::Close);
    province.pay(&[of_class("2", "50101", 80)]);
    province.run();
    province.bank(0, &Order::RequestClearing);
    province.run();
    province.bank(0, &Order::Close);
    province.bank(1, &Order::Close);
    province.open(day(MONDAY + 1));
    province.run();
    let waiting = province.central.waiting();
    assert_eq!(waiting.iter().map(|one| one.lane).collect::<Vec<_>>(), [Lane::Other]);
    assert_eq!(province.central.balance_fen(TREASURY), 20);
    province.assert_replays();
}

fn allocation(number: &str, payee: &str, fen: i64) -> Voucher {
    let mut voucher = order("102", number, day(MONDAY), &[(payee, "2050203", fen)]);
    voucher.key.kind = VoucherKind::Allocation;
    voucher.head =
        voucher.head.with_text(Field::PayType, "91").with_text(Field::Treasury, TREASURY);
    voucher
}

#[test]
fn allocations_pay_receivers_and_other_treasuries_and_wait_for_cash() {
    let mut province = province(1_000, Notices::None);
    let central = province.central.party();
    province.send(central, allocation("1", "6222001", 300));
    province.send(central, allocation("2", LOWER, 400));
    province.send(central, allocation("3", "6222001", 500));
    province.run();
    assert_eq!(province.central.balance_fen(TREASURY), 300);
    assert_eq!(province.central.balance_fen(LOWER), 400);
    assert_eq!(province.central.waiting().len(), 1);
    assert_eq!(province.finance.receipts.len(), 2);
    let too_much = central_bank::Order::Dispatch {
        from: TREASURY.into(),
        to: LOWER.into(),
        amount_fen: Fen::new(301),
    };
    let told = province.central.order(&too_much).expect_err("cash is short");
    assert!(matches!(told, Refusal::CashShort { .. }), "{told}");
    let back = central_bank::Order::Dispatch {
        from: LOWER.into(),
        to: TREASURY.into(),
        amount_fen: Fen::new(200),
    };
    province.central(&back);
    province.run();
    assert_eq!(province.central.waiting(), []);
    assert_eq!(province.central.balance_fen(TREASURY), 0);
    assert_eq!(province.finance.receipts.len(), 3);
    province.assert_books();
    province.assert_replays();
}

#[test]
fn a_correction_moves_spending_and_no_cash() {
    let (mut province, _) = request();
    province.finance.notices = Notices::AsRequested;
    province.run();
    let central = province.central.party();
    let line = |id: &str, function: &str, fen: i64| Detail {
        id: id.to_owned(),
        fields: Fields::new()
            .with_text(Field::Department, "101")
            .with_text(Field::Function, function)
            .with_amount(Field::Amount, Fen::new(fen)),
    };
    let head = Fields::new()
        .with_text(Field::FundType, "111")
        .with_text(Field::PayType, "12")
        .with_text(Field::Treasury, TREASURY)
        .with_text(Field::Reason, "科目更正")
        .with_amount(Field::Amount, Fen::ZERO);
    let correction = Voucher {
        key: key(VoucherKind::AuthorizedCorrection, "1"),
        flag: Flag::Original,
        date: day(MONDAY),
        head,
        details: vec![line("1", "2050203", -100), line("2", "2080505", 100)],
    };
    province.send(central, correction.clone());
    province.run();
    assert_eq!(province.receipts(correction.key).len(), 1);
    assert_eq!(province.central.balance_fen(TREASURY), 500);
    province.close();
    let spending = province.finance.got.iter().find(|voucher| {
        voucher.key.kind == VoucherKind::SpendingDaily
            && voucher.head.text(Field::Treasury) == Some(TREASURY)
    });
    let lines = &spending.expect("3410 came").details;
    let by_class: Vec<_> =
        lines.iter().map(|line| line.fields.amount_fen(Field::Amount).map(Fen::get)).collect();
    assert_eq!(by_class, [Some(200), Some(300)]);
    province.assert_books();
}

#[test]
fn orders_are_refused_with_what_to_do() {
    let province = province(1_000, Notices::None);
    let refused = |order| province.central.order(&order).expect_err("refused").to_string();
    let pay_in = |treasury: &str, fen| central_bank::Order::PayIn {
        treasury: treasury.into(),
        what: PaidIn::Income,
        class: "1010101".into(),
        amount_fen: Fen::new(fen),
    };
    assert_eq!(refused(pay_in("1", 5)), "treasury 1 is not on file; file it");
    assert_eq!(
        refused(pay_in(TREASURY, 0)),
        "0.00 yuan cannot be moved; name an amount above zero and in bounds"
    );
    // A class of spending, one that is none, and one that is not filed where others of income are.
    for class in ["2050203", "", "income", "1010103"] {
        let mut order = pay_in(TREASURY, 5);
        let central_bank::Order::PayIn { class: named, .. } = &mut order else { unreachable!() };
        *named = class.to_owned();
        let why = refused(order);
        assert!(why.starts_with(&format!("`{class}` is no class of income of 2023")), "{why}");
    }
    assert_eq!(
        refused(central_bank::Order::OpenDay(day(MONDAY))),
        "20230313 is not closed; close it first"
    );
}

#[test]
fn a_days_income_comes_once_and_pays_what_waits_for_it_once() {
    let mut province = province(0, Notices::None);
    let lower = DivisionCode::new("370103000").expect("nine digits");
    let unit = MasterRow::Unit { division: lower, code: "101".into() };
    province.central(&central_bank::Order::File(vec![unit]));
    let central = province.central.party();
    // One waits for cash of its own treasury, and for what the other sends there.
    let mut below = allocation("2", "6222001", 300);
    below.key.division = lower;
    below.head.set(Field::Treasury, Value::Text(LOWER.to_owned()));
    province.send(central, allocation("1", LOWER, 400));
    province.send(central, below);
    province.run();
    assert_eq!(province.central.waiting().len(), 2);
    let of = |treasury: &str, usual| Income {
        treasury: treasury.to_owned(),
        usual_fen: Fen::new(usual),
    };
    let income = |on: u32, incomes: &[Income]| central_bank::Order::Income {
        seed: 7,
        day: day(on),
        incomes: incomes.to_vec(),
    };
    let refused = |province: &Province, order| {
        province.central.order(&order).expect_err("refused").to_string()
    };
    let told = refused(&province, income(MONDAY + 1, &[of(TREASURY, 1_000)]));
    assert_eq!(
        told,
        "20230313 is the open day, and income of 20230314 was ordered; name the open day"
    );
    let twice = income(MONDAY, &[of(LOWER, 1_000), of(LOWER, 1_000)]);
    assert!(refused(&province, twice).contains("it comes once a day"));
    let both = income(MONDAY, &[of(TREASURY, 1_000), of(LOWER, 1_000)]);
    // What is paid in by hand is not the day's income.
    province.pay_in(TREASURY, PaidIn::Income, 1);
    province.central(&both);
    assert!(refused(&province, both).contains("it comes once a day"));
    province.run();
    assert_eq!(province.central.waiting(), []);
    let came = |treasury| -> i64 {
        let all = of(treasury, 1_000).of_day(7, day(MONDAY));
        all.iter().map(|(_, _, fen)| fen.get()).sum()
    };
    assert_eq!(province.central.balance_fen(TREASURY), i128::from(came(TREASURY) + 1 - 400));
    assert_eq!(province.central.balance_fen(LOWER), i128::from(came(LOWER) + 400 - 300));
    assert_eq!(province.finance.receipts.values().map(Vec::len).collect::<Vec<_>>(), [1, 1]);
    province.assert_books();
    province.assert_replays();
}
