//! Sums of a month or a year: any two sides' sums held against a look at each of them, and statements that do not fit.

use std::collections::{BTreeMap, BTreeSet};

use domain::Fen;
use domain::day::period::Standing;
use domain::ids::{Day, FiscalYear, PersonId};
use domain::reconciliation::period::sums::{Heap, Sums, Way, add_balances, compare, told};
use domain::reconciliation::period::{Period, of_statement};
use domain::reconciliation::register::{Order, Refusal, Told};
use domain::reconciliation::statement::Unfit;
use domain::reconciliation::{Class, Register, Source};
use domain::voucher::document::Fields;
use domain::voucher::{
    Detail, DivisionCode, Field, Flag, Value, Voucher, VoucherKey, VoucherKind, VoucherNumber,
};
use proptest::prelude::*;

const CLERK: PersonId = PersonId(7);

fn day(number: u32) -> Day {
    Day::new(number).expect("a day")
}

fn march() -> Period {
    Period::parse("2022-03").expect("a month")
}

fn division() -> DivisionCode {
    DivisionCode::new("370102000").expect("a code")
}

fn year() -> FiscalYear {
    FiscalYear::new(2022).expect("a year")
}

#[test]
fn a_period_is_written_as_people_write_it_and_leads_back() {
    for (text, first, last, number) in [
        ("2022-03", 20_220_301, 20_220_331, "202203"),
        ("2022-02", 20_220_201, 20_220_228, "202202"),
        ("2024-02", 20_240_201, 20_240_229, "202402"),
        ("2022-12", 20_221_201, 20_221_231, "202212"),
        ("2022", 20_220_101, 20_221_231, "2022"),
    ] {
        let period = Period::parse(text).expect("a period");
        assert_eq!(period.to_string(), text);
        assert_eq!((period.first(), period.last()), (day(first), day(last)));
        assert_eq!(Period::of(period.first(), period.last()), Some(period));
        assert_eq!(period.number().as_str(), number);
        assert_eq!(Period::from_number(&period.number()), Some(period));
        assert!(period.holds(day(first)) && period.holds(day(last)));
    }
    for text in
        ["2022-13", "2022-00", "2022-3", "202203", "22-03", "", "2022-03-01", "+2022", "1899"]
    {
        assert_eq!(Period::parse(text), None, "{text}");
    }
    assert_eq!(Period::of(day(20_220_301), day(20_220_330)), None);
    assert_eq!(Period::of(day(20_220_201), day(20_220_331)), None);
    let year = Period::parse("2022").expect("a year");
    assert_eq!(year.step(day(20_220_304)), day(20_220_331));
    assert_eq!(march().step(day(20_220_304)), day(20_220_304));
}

/// A line of an account's statement: of which day, what, how much, by how many vouchers.
type Line = (u32, Way, i64, u32);

fn detail(id: usize, (on, way, fen, vouchers): Line) -> Detail {
    let fields = Fields::new()
        .with_text(Field::PayerAccount, "6217001")
        .with(Field::LastDay, Value::Day(day(on)))
        .with_text(Field::Purpose, way.chinese())
        .with_amount(Field::Amount, Fen::new(fen))
        .with(Field::Total, Value::Count(vouchers));
    Detail { id: id.to_string(), fields }
}

fn account(serial: u32, balances: [i64; 2], lines: &[Line]) -> Voucher {
    let head = Fields::new()
        .with_text(Field::PayBank, "102")
        .with_text(Field::PayerAccount, "6217001")
        .with(Field::FirstDay, Value::Day(march().first()))
        .with(Field::LastDay, Value::Day(march().last()))
        .with_amount(Field::OpeningBalance, Fen::new(balances[0]))
        .with_amount(Field::ClosingBalance, Fen::new(balances[1]));
    let details = lines.iter().enumerate().map(|(at, line)| detail(at + 1, *line)).collect();
    let (kind, number) = (VoucherKind::AccountTotals, VoucherNumber::serial(serial));
    let key = VoucherKey { division: division(), year: year(), kind, number };
    Voucher { key, flag: Flag::Original, date: day(20_220_401), head, details }
}

fn heap(on: u32, way: Way) -> Heap {
    let (bank, account, fund) = ("102".into(), "6217001".into(), "".into());
    Heap { division: division(), year: year(), bank, account, fund, on: day(on), way }
}

#[test]
fn an_accounts_month_is_read_and_what_differs_names_the_day() {
    let statements = [
        account(1, [-50, -150], &[(20_220_304, Way::Paid, 100, 2)]),
        // Its second voucher goes on where the first ended; what the treasury gave is not compared.
        account(
            2,
            [-150, 30],
            &[(20_220_307, Way::CameBack, -30, 1), (20_220_307, Way::Cleared, -150, 1)],
        ),
    ];
    assert_eq!(of_statement(&statements[0]), Some((march(), Source::AccountMonth)));
    let theirs = told(march(), Source::AccountMonth, &statements).expect("they fit");
    let mut ours = Sums::new();
    ours.add(heap(20_220_304, Way::Paid), 100, 2);
    ours.add(heap(20_220_307, Way::CameBack), -30, 1);
    let balances = [-50, 30].map(Fen::new);
    add_balances(&mut ours, march(), (division(), "102", "6217001"), balances);
    assert_eq!(ours, theirs);
    // One fen, another number of vouchers, and a day that one side has alone.
    let mut ours = Sums::new();
    ours.add(heap(20_220_304, Way::Paid), 100, 3);
    ours.add(heap(20_220_307, Way::CameBack), -31, 1);
    ours.add(heap(20_220_308, Way::Paid), 1, 1);
    let kind = VoucherKind::AccountTotals;
    let compared = compare(Source::AccountMonth, kind, march(), &ours, &theirs).expect("few");
    let found: BTreeSet<(String, Class)> =
        compared.findings().map(|one| (one.item.to_string(), one.class)).collect();
    let name = |detail: &str| format!("370102000-2022-4006-202203/{detail}");
    let wanted = [
        (name("20220304 paid by 2"), Class::MissingHere),
        (name("20220304 paid by 3"), Class::MissingThere),
        (name("20220307 came-back"), Class::AmountDiff),
        (name("20220308 paid"), Class::MissingThere),
        (name("closing"), Class::MissingHere),
        (name("opening"), Class::MissingHere),
    ];
    assert_eq!(found, wanted.into_iter().collect());
    // What our books say of each, asked for by its name.
    for one in compared.findings() {
        let now = ours.figures(march(), one.scope, one.item);
        assert_eq!(now, one.ours, "{}", one.item);
    }
}

#[test]
fn a_statement_that_does_not_fit_is_not_read() {
    let read = |statements: &[Voucher]| told(march(), Source::AccountMonth, statements);
    let wrong = |lines: &[Line], balances: [i64; 2]| {
        read(&[account(1, balances, lines)]).expect_err("it does not fit")
    };
    let is_field = |unfit: &Unfit, field: Field| matches!(unfit, Unfit::Field { field: other, line: 1, .. } if *other == field);
    // A day of another month, balances that the lines do not make, and a gap between two vouchers.
    let other = wrong(&[(20_220_401, Way::Paid, 100, 1)], [0, -100]);
    assert!(is_field(&other, Field::LastDay), "{other}");
    let balances = wrong(&[(20_220_304, Way::Paid, 100, 1)], [0, -99]);
    assert!(balances.to_string().contains("0.00 before and -0.99 after"), "{balances}");
    let gap = [account(1, [0, 0], &[]), account(2, [-1, -1], &[])];
    let gap = read(&gap).expect_err("a gap");
    assert!(
        gap.to_string().contains("begins with -0.01, and the one before it ended with 0.00"),
        "{gap}"
    );
    for field in [Field::LastDay, Field::Amount, Field::Purpose, Field::Total] {
        let mut statement = account(1, [0, 0], &[(20_220_304, Way::Paid, 0, 1)]);
        let fields = &mut statement.details[0].fields;
        let mut rest = Fields::new();
        for (other, value) in fields.iter().filter(|(other, _)| *other != field) {
            rest.append(other, value.clone());
        }
        *fields = rest;
        let unfit = read(&[statement]).expect_err("it lacks a field");
        assert!(is_field(&unfit, field), "{field:?}: {unfit}");
    }
    // In a year a line is of a month, by its last day.
    let year_of = Period::parse("2022").expect("a year");
    let statement = account(1, [0, -100], &[(20_220_304, Way::Paid, 100, 1)]);
    told(year_of, Source::AccountYear, &[statement]).expect_err("no month ends on that day");
}

fn party(text: &str) -> domain::voucher::Party {
    text.parse().expect("a party")
}

#[test]
fn a_months_statement_is_compared_when_its_days_are_closed_and_stays_known() {
    let mut register = Register::new();
    let bank = Told { source: Source::AccountMonth, party: party("bank:102") };
    let daily = Told { source: Source::Account, party: party("bank:102") };
    let give = |register: &mut Register, order: Order<'_>| {
        let events = register.decide(CLERK, day(20_220_401), order)?;
        events.iter().for_each(|event| register.apply(event));
        Ok::<_, Refusal>(())
    };
    let (last, due) = (march().last(), [bank]);
    give(&mut register, Order::CloseDay { day: last }).expect("nothing is open");
    let order = |told, agreed, findings| Order::Compare { told, day: last, agreed, findings };
    give(&mut register, order(daily, 1, vec![])).expect_err("the day is closed");
    assert!(!Standing::of(march(), &due, &register).is_green(), "it is due");
    let mut ours = Sums::new();
    ours.add(heap(20_220_304, Way::Paid), 100, 2);
    let kind = VoucherKind::AccountTotals;
    let findings = |theirs: &Sums| {
        let compared = compare(Source::AccountMonth, kind, march(), &ours, theirs).expect("few");
        compared.findings().map(|one| one.to_owned()).collect::<Vec<_>>()
    };
    let mut theirs = Sums::new();
    theirs.add(heap(20_220_304, Way::Paid), 90, 2);
    give(&mut register, order(bank, 0, findings(&theirs))).expect("a month is told behind it");
    let standing = Standing::of(march(), &due, &register);
    assert!(!standing.is_green());
    let told = standing.english(day(20_220_405));
    assert!(told.starts_with("2022-03 is open.\nopen     bank:102 account-month: 0 sums agree, 1 differed, 1 are open\n"), "{told}");
    assert!(told.contains("D1 amount_diff") && told.contains("/20220304 paid"), "{told}");
    assert!(standing.chinese(day(20_220_405)).contains("未结1项"));
    // It keeps the next day open.
    give(&mut register, Order::CloseDay { day: day(20_220_401) }).expect_err("it is open");
    // Told anew it agrees, and it is known that it came behind many closes; a year and more later it is not.
    give(&mut register, order(bank, 1, findings(&ours.clone()))).expect("told anew");
    for close in [20_220_401, 20_220_630, 20_230_110] {
        give(&mut register, Order::CloseDay { day: day(close) }).expect("nothing is open");
        assert!(Standing::of(march(), &due, &register).is_green(), "{close}");
    }
    give(&mut register, Order::CloseDay { day: day(20_230_601) }).expect("nothing is open");
    assert!(!Standing::of(march(), &due, &register).is_green());
    assert_eq!(register.kept(), 0);
}

/// Some sums of one side: day of March, way, amount, vouchers.
fn any_sums() -> impl Strategy<Value = Vec<(u32, bool, i64, u32)>> {
    prop::collection::vec((1_u32..5, any::<bool>(), -3_i64..4, 1_u32..3), 0..12)
}

/// Amounts and numbers of vouchers, by day of March and whether they were paid.
type Naive = BTreeMap<(u32, bool), (i64, u32)>;

fn summed(all: &[(u32, bool, i64, u32)]) -> (Sums, Naive) {
    let (mut sums, mut naive) = (Sums::new(), Naive::new());
    for &(of_month, paid, fen, vouchers) in all {
        let way = if paid { Way::Paid } else { Way::CameBack };
        sums.add(heap(20_220_300 + of_month, way), i128::from(fen), vouchers);
        let known = naive.entry((of_month, paid)).or_default();
        *known = (known.0 + fen, known.1 + vouchers);
    }
    (sums, naive)
}

proptest! {
    /// Whatever both sides sum up: what is the same agrees, and everything else is told once for each side that has it.
    #[test]
    fn any_two_sides_are_compared_as_by_looking_at_each_sum(ours in any_sums(), theirs in any_sums()) {
        let ((ours, mine), (theirs, others)) = (summed(&ours), summed(&theirs));
        let kind = VoucherKind::AccountTotals;
        let compared = compare(Source::AccountMonth, kind, march(), &ours, &theirs).expect("few");
        let mut wanted: BTreeMap<Class, u64> = BTreeMap::new();
        let mut agreed = 0;
        for place in mine.keys().chain(others.keys()).collect::<BTreeSet<_>>() {
            let classes: &[Class] = match (mine.get(place), others.get(place)) {
                (Some(one), Some(other)) if one == other => {
                    agreed += 1;
                    &[]
                }
                (Some(one), Some(other)) if one.0 != other.0 => &[Class::AmountDiff],
                (Some(_), Some(_)) => &[Class::MissingHere, Class::MissingThere],
                (Some(_), None) => &[Class::MissingThere],
                _ => &[Class::MissingHere],
            };
            classes.iter().for_each(|class| *wanted.entry(*class).or_default() += 1);
        }
        let mut found: BTreeMap<Class, u64> = BTreeMap::new();
        compared.findings().for_each(|one| *found.entry(one.class).or_default() += 1);
        prop_assert_eq!((compared.agreed(), found), (agreed, wanted));
    }
}
