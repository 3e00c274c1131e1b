//! Statements as vouchers: heads that do not add up, lines that lack something, and answers.

use std::collections::BTreeMap;

use domain::Fen;
use domain::ids::{Day, FiscalYear};
use domain::reconciliation::opening::{Ended, openings};
use domain::reconciliation::statement::{
    HeadProblem, Unfit, answer, balance, check_head, lines, reason, source_of,
};
use domain::reconciliation::{
    Class, Comparison, Figures, Finding, Item, ItemState, Line, Scope, Side, Source,
};
use domain::voucher::check::{NothingHeld, check};
use domain::voucher::document::Fields;
use domain::voucher::sample::{Fill, sample};
use domain::voucher::{
    Detail, DivisionCode, Field, Flag, Value, Voucher, VoucherKey, VoucherKind, VoucherNumber,
};

fn day() -> Day {
    Day::new(20_220_310).expect("a day")
}

fn key(kind: VoucherKind, serial: u32) -> VoucherKey {
    VoucherKey {
        division: DivisionCode::new("370102000").expect("a code"),
        year: FiscalYear::new(2022).expect("a year"),
        kind,
        number: VoucherNumber::serial(serial),
    }
}

fn cleared(id: &str, serial: u32, fen: i64, state: &str) -> Detail {
    let fields = Fields::new()
        .with_text(Field::OriginalKind, "8202")
        .with_text(Field::OriginalNumber, VoucherNumber::serial(serial).as_str())
        .with_amount(Field::Amount, Fen::new(fen))
        .with_text(Field::LineState, state);
    Detail { id: id.to_owned(), fields }
}

/// A clearing statement of two vouchers: 8,000.00 and 500.00.
fn statement(kind: VoucherKind) -> Voucher {
    let head = Fields::new()
        .with_text(Field::PayBank, "102")
        .with(Field::Total, Value::Count(2))
        .with_amount(Field::TotalAmount, Fen::new(850_000));
    let details = vec![cleared("1", 1, 800_000, "0"), cleared("2", 2, 50_000, "1")];
    Voucher { key: key(kind, 5), flag: Flag::Original, date: day(), head, details }
}

#[test]
fn an_account_statement_tells_a_balance_or_of_no_account() {
    let told = |account: Option<&str>, balances: [Option<i64>; 2], lines: bool| {
        let mut statement = statement(VoucherKind::DirectDaily);
        if let Some(account) = account {
            statement.head = statement.head.with_text(Field::PayerAccount, account);
        }
        let fields = [Field::OpeningBalance, Field::ClosingBalance];
        for (field, fen) in fields.into_iter().zip(balances) {
            if let Some(fen) = fen {
                statement.head.set(field, Value::Amount(Fen::new(fen)));
            }
        }
        if !lines {
            statement.details.clear();
        }
        balance(&statement).map(|told| told.map(|(account, fen)| (account.to_owned(), fen.get())))
    };
    let voucher = key(VoucherKind::DirectDaily, 5);
    let lacks = |field| Err(Unfit::Head { voucher, field });
    let account = Some("6217001");
    let is = |fen: i64| Ok(Some(("6217001".to_owned(), fen)));
    assert_eq!(told(None, [None, None], false), Ok(None));
    assert_eq!(told(account, [Some(-7), Some(-7)], false), is(-7));
    // Its lines say that 8,500.00 were paid.
    assert_eq!(told(account, [Some(0), Some(-850_000)], true), is(-850_000));
    assert_eq!(told(account, [Some(850_000), Some(0)], true), is(0));
    assert_eq!(told(account, [Some(0), None], true), lacks(Field::ClosingBalance));
    assert_eq!(told(account, [None, Some(0)], true), lacks(Field::OpeningBalance));
    assert_eq!(told(None, [Some(0), Some(0)], true), lacks(Field::PayerAccount));
    let wrong = told(account, [Some(0), Some(-850_001)], true).expect_err("they do not fit");
    assert_eq!(
        wrong.to_string(),
        format!(
            "voucher {voucher} has 0.00 before and -8500.01 after, and its lines come to 8500.00; return the voucher"
        )
    );
}

#[test]
fn what_the_treasury_gave_or_took_is_no_line_of_an_accounts_statement() {
    let mut statement = statement(VoucherKind::DirectDaily);
    for (line, kind) in statement.details.iter_mut().zip(["2301", "8202"]) {
        line.fields.set(Field::OriginalKind, Value::Text(kind.to_owned()));
    }
    let read: Vec<_> = lines(&statement).expect("a statement").collect();
    assert_eq!(read.len(), 1);
    let line = read[0].clone().expect("fit");
    assert_eq!(line.item.voucher.kind, VoucherKind::Payment);
}

#[test]
fn a_clearing_statements_lines_are_of_the_vouchers_it_names() {
    let statement = statement(VoucherKind::ClearingStatement);
    let read: Vec<_> =
        lines(&statement).expect("a statement").map(|line| line.expect("fit")).collect();
    let scope = Scope { bank: "102", account: "", fund: "" };
    let item = |serial| Item { voucher: key(VoucherKind::Payment, serial), detail: "" };
    let figures = |fen, state| Figures { amount_fen: Fen::new(fen), state, day: day() };
    assert_eq!(
        read,
        [
            Line { scope, item: item(1), figures: figures(800_000, ItemState::Done) },
            Line { scope, item: item(2), figures: figures(50_000, ItemState::Returned) },
        ]
    );
}

#[test]
fn a_receipts_lines_are_its_details_and_nothing_paid_is_returned() {
    let paid = |id: &str, fen| Detail {
        id: id.to_owned(),
        fields: Fields::new().with_amount(Field::ExecutedAmount, Fen::new(fen)),
    };
    let executed = Day::new(20_220_311).expect("a day");
    let head = Fields::new()
        .with_text(Field::PayBank, "102")
        .with_text(Field::PayerAccount, "6217")
        .with_text(Field::FundType, "111")
        .with(Field::ExecutedDay, Value::Day(executed));
    let receipt = Voucher {
        key: key(VoucherKind::Payment, 1),
        flag: Flag::Receipt,
        date: day(),
        head,
        details: vec![paid("d1", 500), paid("d2", 0)],
    };
    let read: Vec<_> = lines(&receipt).expect("receipts").map(|line| line.expect("fit")).collect();
    let told: Vec<_> = read
        .iter()
        .map(|line| {
            (line.item.to_string(), line.scope.account, line.figures.state, line.figures.day)
        })
        .collect();
    assert_eq!(
        told,
        [
            ("370102000-2022-8202-0000000001/d1".to_owned(), "6217", ItemState::Done, executed),
            ("370102000-2022-8202-0000000001/d2".to_owned(), "6217", ItemState::Returned, executed),
        ]
    );
}

#[test]
fn every_statement_that_its_table_allows_has_lines() {
    let mut seen = 0;
    for &kind in VoucherKind::ALL {
        for (flag, fill) in [
            (Flag::Original, Fill::Must),
            (Flag::Original, Fill::All),
            (Flag::Receipt, Fill::Must),
            (Flag::Receipt, Fill::All),
        ] {
            let Some(source) = source_of(kind, flag) else { continue };
            let voucher = sample(kind, flag, fill).expect("a sample");
            let read: Result<Vec<_>, _> = lines(&voucher).expect("a statement").collect();
            let read = read.unwrap_or_else(|unfit| panic!("{kind:?} {flag:?} {fill:?}: {unfit}"));
            let names_none = source == Source::Treasury && fill == Fill::Must;
            assert_eq!(read.len(), if names_none { 0 } else { 2 }, "{kind:?} {flag:?} {fill:?}");
            seen += 1;
        }
    }
    assert_eq!(seen, 2 * 11, "kinds with lines to compare, each filled in two ways");
}

#[test]
fn answers_are_what_their_table_says() {
    for kind in [VoucherKind::ClearingStatement, VoucherKind::BankClearingStatement] {
        let asked = sample(kind, Flag::Original, Fill::Must).expect("a sample");
        assert_eq!(check_head(&asked), [], "{kind:?}");
        for why in ["", "总额不符"] {
            let answer = answer(&asked, VoucherNumber::serial(9), day(), why).expect("an answer");
            assert_eq!(check(&answer, asked.date, &NothingHeld), [], "{kind:?}");
        }
    }
}

#[test]
fn what_is_no_statement_has_no_lines() {
    for &kind in VoucherKind::ALL {
        for flag in [Flag::Original, Flag::Receipt] {
            let voucher = Voucher {
                key: key(kind, 1),
                flag,
                date: day(),
                head: Fields::new(),
                details: Vec::new(),
            };
            assert_eq!(
                lines(&voucher).is_ok(),
                source_of(kind, flag).is_some(),
                "{kind:?} {flag:?}"
            );
        }
    }
    assert_eq!(source_of(VoucherKind::Payment, Flag::Original), None, "an order tells nothing");
    assert_eq!(source_of(VoucherKind::ClearingStatement, Flag::Receipt), None);
    assert_eq!(source_of(VoucherKind::TreasuryStatement, Flag::Original), Some(Source::Treasury));
}

#[test]
fn a_line_that_lacks_something_is_told_with_its_place() {
    let voucher = key(VoucherKind::ClearingStatement, 5);
    let wrong = [
        (Field::OriginalKind, Value::Text("82020".to_owned())),
        (Field::OriginalKind, Value::Text("9999".to_owned())),
        (Field::OriginalNumber, Value::Text("a-1".to_owned())),
        (Field::Amount, Value::Text("1.00".to_owned())),
        (Field::LineState, Value::Text("3".to_owned())),
    ];
    for (field, value) in wrong {
        let mut statement = statement(VoucherKind::ClearingStatement);
        statement.details[1].fields.set(field, value);
        let read: Vec<_> = lines(&statement).expect("a statement").collect();
        assert!(read[0].is_ok());
        assert_eq!(read[1], Err(Unfit::Field { voucher, line: 2, field }));
    }
}

#[test]
fn a_head_is_held_against_its_lines() {
    let good = statement(VoucherKind::ClearingStatement);
    assert_eq!(check_head(&good), []);
    let mut wrong = good.clone();
    wrong.head.set(Field::Total, Value::Count(3));
    assert_eq!(check_head(&wrong), [HeadProblem::Count { head: Some(3), lines: 2 }]);
    let mut wrong = good.clone();
    wrong.details.pop();
    assert_eq!(
        check_head(&wrong),
        [
            HeadProblem::Count { head: Some(2), lines: 1 },
            HeadProblem::Sum { head: Some(Fen::new(850_000)), lines_fen: 800_000 },
        ]
    );
    let mut wrong = good;
    wrong.head = Fields::new();
    assert_eq!(
        check_head(&wrong),
        [
            HeadProblem::Count { head: None, lines: 2 },
            HeadProblem::Sum { head: None, lines_fen: 850_000 },
        ]
    );
}

#[test]
fn a_statement_is_answered_with_what_was_found() {
    let statement = statement(VoucherKind::ClearingStatement);
    let mut comparison = Comparison::new(Source::Clearing);
    for line in lines(&statement).expect("a statement") {
        let line = line.expect("fit");
        comparison.add(Side::Theirs, &line).expect("few");
        // Ours: the first with less, the second as paid.
        let mut ours = line;
        ours.figures.state = ItemState::Done;
        ours.figures.amount_fen = Fen::new(ours.figures.amount_fen.get().min(790_000));
        comparison.add(Side::Ours, &ours).expect("few");
    }
    let compared = comparison.finish();
    let why = reason(&check_head(&statement), compared.findings());
    assert_eq!(
        why,
        "8202-0000000001金额不符（我方7900.00、对方8000.00）；8202-0000000002状态不符（我方正常、对方退回）"
    );
    let answer = answer(&statement, VoucherNumber::serial(9), day(), &why).expect("an answer");
    assert_eq!(answer.key, key(VoucherKind::StatementAnswer, 9));
    assert_eq!(answer.head.text(Field::OriginalKind), Some("3501"));
    assert_eq!(answer.head.text(Field::OriginalNumber), Some("0000000005"));
    assert_eq!(answer.head.text(Field::CheckResult), Some("1"));
    assert_eq!(answer.head.text(Field::CheckReason), Some(why.as_str()));
}

#[test]
fn a_bank_answers_its_own_statement_and_nobody_answers_another() {
    let asked = statement(VoucherKind::BankClearingStatement);
    let equal = answer(&asked, VoucherNumber::serial(9), day(), "").expect("an answer");
    assert_eq!(equal.key.kind, VoucherKind::BankStatementAnswer);
    assert_eq!(equal.head.text(Field::CheckResult), Some("0"));
    assert_eq!(equal.head.text(Field::CheckReason), None);
    assert_eq!(answer(&equal, VoucherNumber::serial(10), day(), ""), None);
}

#[test]
fn a_reason_fits_its_field_whatever_was_found() {
    let figures = Some(Figures { amount_fen: Fen::new(100), state: ItemState::Done, day: day() });
    let finding = |serial| Finding {
        item: Item { voucher: key(VoucherKind::Payment, serial), detail: "" },
        scope: Scope { bank: "102", account: "", fund: "" },
        class: Class::MissingHere,
        ours: None,
        theirs: figures,
    };
    for many in [0, 1, 5, 6, 7, 8, 9, 10, 5_000] {
        let problems = [HeadProblem::Sum { head: None, lines_fen: i128::MAX }];
        let why = reason(&problems, (0..many).map(finding));
        assert!(why.chars().count() <= 300, "{many}: {}", why.chars().count());
        let is_cut = why.ends_with(&format!("等共{}项", many + 1));
        assert_eq!(is_cut, many > 6, "{many}: {why}");
    }
}

#[test]
fn an_account_begins_a_day_with_what_it_ended_the_last_one_with() {
    let told = |serial, treasury: &str, begins: i64, ends: i64| {
        let head = Fields::new()
            .with_text(Field::Treasury, treasury)
            .with_amount(Field::OpeningBalance, Fen::new(begins))
            .with_amount(Field::ClosingBalance, Fen::new(ends));
        let key = key(VoucherKind::TreasuryStatement, serial);
        Voucher { key, flag: Flag::Original, date: day(), head, details: Vec::new() }
    };
    let balances = BTreeMap::from([("15".into(), Fen::new(100)), ("16".into(), Fen::new(7))]);
    let last = Ended { balances, others_at_zero: false };
    // Two parts of one account, one of another, and one that was not told of before.
    let right =
        [told(1, "15", 100, 60), told(2, "15", 60, 80), told(3, "16", 7, 7), told(4, "17", 9, 9)];
    let (breaks, ends) = openings(&right, &last);
    assert_eq!(breaks, []);
    let fen = |fen| Fen::new(fen);
    assert_eq!(ends, BTreeMap::from([("15", fen(80)), ("16", fen(7)), ("17", fen(9))]));
    // Behind the day before, and between two parts.
    let wrong = [told(1, "15", 150, 60), told(2, "15", 61, 80), told(3, "16", 7, 7)];
    let (breaks, _) = openings(&wrong, &last);
    let found: Vec<_> =
        breaks.iter().map(|one| (one.account, one.ended_fen.get(), one.begins_fen.get())).collect();
    assert_eq!(found, [("15", 100, 150), ("15", 60, 61)]);
    let mut comparison = Comparison::new(Source::Treasury);
    for [ours, theirs] in breaks.iter().map(|one| one.lines(day())) {
        comparison.add(Side::Ours, &ours).expect("there is room");
        comparison.add(Side::Theirs, &theirs).expect("there is room");
    }
    let compared = comparison.finish();
    let classes: Vec<Class> = compared.findings().map(|one| one.class).collect();
    assert_eq!(classes, [Class::AmountDiff, Class::AmountDiff]);
}

#[test]
fn an_account_of_a_bank_that_is_not_told_of_is_at_zero() {
    let told = |serial, account: &str, begins: i64, ends: i64| {
        let head = Fields::new()
            .with_text(Field::PayBank, "102")
            .with_text(Field::PayerAccount, account)
            .with_amount(Field::OpeningBalance, Fen::new(begins))
            .with_amount(Field::ClosingBalance, Fen::new(ends));
        let key = key(VoucherKind::DirectDaily, serial);
        Voucher { key, flag: Flag::Original, date: day(), head, details: Vec::new() }
    };
    let balances = BTreeMap::from([("1".into(), Fen::new(-100)), ("2".into(), Fen::new(7))]);
    let last = Ended { balances, others_at_zero: true };
    let right =
        [told(1, "1", -100, 0), told(2, "2", 7, 7), told(3, "3", 0, -5), told(4, "3", -5, 0)];
    assert_eq!(openings(&right, &last).0, []);
    let wrong = [told(1, "1", -99, 0), told(3, "3", 8, -5)];
    let (breaks, _) = openings(&wrong, &last);
    let found: Vec<_> = breaks
        .iter()
        .map(|one| (one.bank, one.account, one.ended_fen.get(), one.begins_fen.get()))
        .collect();
    assert_eq!(found, [("102", "1", -100, -99), ("102", "3", 0, 8), ("102", "2", 7, 0)]);
    // Of a bank that never told before nothing is known but what it tells now.
    let unknown = Ended::default();
    let (breaks, _) = openings(&wrong, &unknown);
    assert_eq!(breaks, []);
}
