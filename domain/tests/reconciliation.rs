//! Two sides are compared: planted differences are found, all of them and nothing else, whatever the order of the lines
//! and whatever the mix. The judge is a checker of its own that looks at every pair.

use std::collections::{BTreeMap, BTreeSet};

use domain::Fen;
use domain::ids::{Day, FiscalYear};
use domain::limits::{RECONCILED_DETAIL_BYTES_MAX, RECONCILED_SCOPE_BYTES_MAX};
use domain::money::FenSum;
use domain::reconciliation::comparison::{Compared, TooMuch, Total, Totals};
use domain::reconciliation::{
    Class, Comparison, Figures, Finding, Item, ItemState, Line, Scope, Side, Source,
};
use domain::voucher::{DivisionCode, VoucherKey, VoucherKind, VoucherNumber};
use proptest::prelude::*;

const DAYS: [u32; 3] = [20_220_310, 20_220_311, 20_220_314];

fn day(which: usize) -> Day {
    Day::new(DAYS[which]).expect("a day")
}

fn voucher(serial: u32) -> VoucherKey {
    VoucherKey {
        division: DivisionCode::new("370102000").expect("a code"),
        year: FiscalYear::new(2022).expect("a year"),
        kind: VoucherKind::Payment,
        number: VoucherNumber::serial(serial),
    }
}

fn line(serial: u32, detail: &'static str, account: &'static str, fen: i64) -> Line<'static> {
    Line {
        scope: Scope { bank: "102", account, fund: "111" },
        item: Item { voucher: voucher(serial), detail },
        figures: Figures { amount_fen: Fen::new(fen), state: ItemState::Done, day: day(0) },
    }
}

fn compared(ours: &[Line<'_>], theirs: &[Line<'_>]) -> Compared {
    let mut comparison = Comparison::new(Source::Receipts);
    for (side, lines) in [(Side::Ours, ours), (Side::Theirs, theirs)] {
        for line in lines {
            comparison.add(side, line).expect("few lines");
        }
    }
    comparison.finish()
}

// ---- the checker -------------------------------------------------------------------------------

/// What differs and how many agree, by looking at every line of the other side for each line.
fn looked_at<'a>(ours: &[Line<'a>], theirs: &[Line<'a>]) -> (u64, Vec<Finding<'a>>) {
    let (mut ours, mut theirs) = (ours.to_vec(), theirs.to_vec());
    let has = |lines: &[Line<'a>], of: &Line<'a>| {
        lines.iter().any(|line| (line.scope, line.item) == (of.scope, of.item))
    };
    let (all_ours, all_theirs) = (ours.clone(), theirs.clone());
    let mut agreed = 0;
    let mut at = 0;
    while at < ours.len() {
        match theirs.iter().position(|line| *line == ours[at]) {
            Some(same) => {
                theirs.remove(same);
                ours.remove(at);
                agreed += 1;
            }
            None => at += 1,
        }
    }
    ours.sort();
    theirs.sort();
    let mut found = Vec::new();
    for one in ours {
        let place = (one.scope, one.item);
        let mut finding = Finding {
            item: one.item,
            scope: one.scope,
            class: Class::Late,
            ours: Some(one.figures),
            theirs: None,
        };
        if let Some(other) = theirs.iter().position(|line| (line.scope, line.item) == place) {
            let other = theirs.remove(other).figures;
            finding.theirs = Some(other);
            if one.figures.amount_fen != other.amount_fen {
                finding.class = Class::AmountDiff;
            }
            if one.figures.state != other.state {
                finding.class = Class::StateDiff;
            }
        } else {
            let is_first = !found.iter().any(|known: &Finding<'_>| {
                (known.scope, known.item) == place && known.class == Class::MissingThere
            });
            let is_missing = !has(&all_theirs, &one) && is_first;
            finding.class = if is_missing { Class::MissingThere } else { Class::Duplicate };
        }
        found.push(finding);
    }
    for one in theirs {
        let place = (one.scope, one.item);
        let is_first = !found.iter().any(|known: &Finding<'_>| {
            (known.scope, known.item) == place && known.class == Class::MissingHere
        });
        let is_missing = !has(&all_ours, &one) && is_first;
        let class = if is_missing { Class::MissingHere } else { Class::Duplicate };
        let (item, scope, theirs) = (one.item, one.scope, Some(one.figures));
        found.push(Finding { item, scope, class, ours: None, theirs });
    }
    found.sort();
    (agreed, found)
}

fn totals<'a>(ours: &[Line<'a>], theirs: &[Line<'a>]) -> BTreeMap<Scope<'a>, Totals> {
    let mut totals = BTreeMap::<Scope<'_>, Totals>::new();
    let add = |total: &mut Total, line: &Line<'_>| {
        total.lines += 1;
        if line.figures.state == ItemState::Done {
            total.done_fen += FenSum::from(line.figures.amount_fen.get());
        }
    };
    ours.iter().for_each(|line| add(&mut totals.entry(line.scope).or_default().ours, line));
    theirs.iter().for_each(|line| add(&mut totals.entry(line.scope).or_default().theirs, line));
    totals
}

// ---- random sides ------------------------------------------------------------------------------

/// Lines that meet often: few vouchers, details, accounts, amounts.
fn any_line() -> impl Strategy<Value = Line<'static>> {
    let details = prop::sample::select(vec!["", "1", "2", "明细"]);
    let accounts = prop::sample::select(vec!["", "6217", "6228"]);
    let banks = prop::sample::select(vec!["102", "104"]);
    (1..4_u32, details, banks, accounts, -2..3_i64, 0..3_u8, 0..3_usize).prop_map(
        |(serial, detail, bank, account, fen, state, on)| {
            let mut line = line(serial, detail, account, fen);
            line.scope.bank = bank;
            line.figures.state = ItemState::from_number(state).expect("a state");
            line.figures.day = day(on);
            line
        },
    )
}

fn sides() -> impl Strategy<Value = (Vec<Line<'static>>, Vec<Line<'static>>)> {
    let lines = || prop::collection::vec(any_line(), 0..30);
    // What both sides have, what each has beside it; their side in another order.
    (lines(), lines(), lines()).prop_flat_map(|(both, ours, theirs)| {
        let ours = [both.clone(), ours].concat();
        (Just(ours), Just([both, theirs].concat()).prop_shuffle())
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_two_sides_differ_as_a_look_at_every_pair_says((ours, theirs) in sides()) {
        let compared = compared(&ours, &theirs);
        let (agreed, found) = looked_at(&ours, &theirs);
        prop_assert_eq!(compared.agreed(), agreed);
        prop_assert_eq!(compared.findings().collect::<Vec<_>>(), found.clone());
        let mut by_class = [0; 6];
        found.iter().for_each(|finding| by_class[finding.class as usize - 1] += 1);
        prop_assert_eq!(compared.by_class(), by_class);
        let scopes: BTreeMap<Scope<'_>, Totals> = compared.scopes().into_iter().collect();
        prop_assert_eq!(scopes, totals(&ours, &theirs));
    }

    #[test]
    fn planted_differences_are_found_and_nothing_else(
        plants in prop::collection::btree_map(0..300_u32, 0..6_usize, 0..40),
        order in Just((0..300_u32).collect::<Vec<_>>()).prop_shuffle(),
    ) {
        let ours: Vec<Line<'_>> = (0..300).map(|serial| line(serial, "1", "6217", i64::from(serial) + 1)).collect();
        let mut theirs: Vec<Line<'_>> = order.iter().map(|&serial| ours[serial as usize]).collect();
        let mut ours = ours;
        for (&serial, &plant) in &plants {
            let is_it = |line: &Line<'_>| line.item.voucher == voucher(serial);
            let at = theirs.iter().position(is_it).expect("it is there");
            match Class::ALL[plant] {
                Class::MissingHere => ours.retain(|line| !is_it(line)),
                Class::MissingThere => { theirs.remove(at); }
                Class::AmountDiff => theirs[at].figures.amount_fen = Fen::new(7_000),
                Class::StateDiff => theirs[at].figures.state = ItemState::Returned,
                Class::Late => theirs[at].figures.day = day(1),
                Class::Duplicate => theirs.push(theirs[at]),
            }
        }
        let compared = compared(&ours, &theirs);
        let found: BTreeMap<VoucherKey, Class> =
            compared.findings().map(|finding| (finding.item.voucher, finding.class)).collect();
        let planted: BTreeMap<VoucherKey, Class> =
            plants.iter().map(|(&serial, &plant)| (voucher(serial), Class::ALL[plant])).collect();
        prop_assert_eq!(compared.different(), plants.len());
        prop_assert_eq!(found, planted);
    }
}

// ---- by hand -----------------------------------------------------------------------------------

#[test]
fn a_line_under_another_account_is_missing_in_both_places() {
    let (ours, theirs) = (line(1, "1", "6217", 500), line(1, "1", "6228", 500));
    let compared = compared(&[ours], &[theirs]);
    let found: Vec<_> =
        compared.findings().map(|finding| (finding.class, finding.scope.account)).collect();
    assert_eq!(found, [(Class::MissingThere, "6217"), (Class::MissingHere, "6228")]);
}

#[test]
fn a_returned_line_of_another_amount_differs_by_state() {
    let ours = line(1, "1", "6217", 500);
    let mut theirs = line(1, "1", "6217", 0);
    theirs.figures.state = ItemState::Returned;
    let compared = compared(&[ours], &[theirs]);
    let found: Vec<_> = compared.findings().collect();
    assert_eq!(found.len(), 1);
    assert_eq!(
        (found[0].class, found[0].ours, found[0].theirs),
        (Class::StateDiff, Some(ours.figures), Some(theirs.figures))
    );
}

#[test]
fn a_bank_that_answers_twice_is_told_once_for_each_line_too_many() {
    let one = line(1, "1", "6217", 500);
    let compared = compared(&[one], &[one, one, one]);
    assert_eq!(compared.agreed(), 1);
    let found: Vec<_> =
        compared.findings().map(|finding| (finding.class, finding.surplus())).collect();
    assert_eq!(found, [(Class::Duplicate, Side::Theirs), (Class::Duplicate, Side::Theirs)]);
}

#[test]
fn texts_beyond_their_bounds_are_not_taken() {
    let long = "9".repeat(RECONCILED_DETAIL_BYTES_MAX + 1);
    let fits = "9".repeat(RECONCILED_SCOPE_BYTES_MAX);
    let mut comparison = Comparison::new(Source::Account);
    let mut one = line(1, "1", "6217", 500);
    one.item.detail = &long[1..];
    one.scope.account = &fits;
    assert_eq!(comparison.add(Side::Ours, &one), Ok(()));
    one.item.detail = &long;
    let most = RECONCILED_DETAIL_BYTES_MAX;
    let refused = TooMuch::Text { item: voucher(1), bytes: most + 1, most };
    assert_eq!(comparison.add(Side::Ours, &one), Err(refused));
    one.item.detail = "1";
    one.scope.fund = &long;
    assert!(comparison.add(Side::Theirs, &one).is_err());
    let compared = comparison.finish();
    let found: Vec<_> = compared.findings().collect();
    assert_eq!((found.len(), found[0].item.detail), (1, &long[1..]), "only the first was taken");
}

/// A full day of the province: 1.6 million lines on each side fit into a hundred bytes for each line, and a difference
/// in every hundredth is found.
#[test]
fn a_full_day_fits_into_a_hundred_bytes_a_line() {
    const LINES: u32 = 1_600_000;
    let accounts: Vec<String> = (0..500).map(|account| format!("3700{account:012}")).collect();
    let of = |serial: u32| Line {
        scope: Scope { bank: "102", account: &accounts[serial as usize / 3200], fund: "111" },
        item: Item {
            voucher: voucher(serial / 2),
            detail: if serial.is_multiple_of(2) { "1" } else { "2" },
        },
        figures: Figures {
            amount_fen: Fen::new(i64::from(serial) + 1),
            state: ItemState::Done,
            day: day(0),
        },
    };
    let mut comparison = Comparison::new(Source::Receipts);
    for serial in 0..LINES {
        comparison.add(Side::Ours, &of(serial)).expect("it fits");
    }
    // Their lines come in an order of their own: a step that has no divisor in common with the number of lines.
    let mut planted = BTreeSet::new();
    for step in 0..LINES {
        let serial = (u64::from(step) * 1_000_003 % u64::from(LINES)) as u32;
        let mut line = of(serial);
        if serial.is_multiple_of(100) {
            line.figures.amount_fen = Fen::new(i64::from(serial) + 2);
            planted.insert(line.item);
        }
        comparison.add(Side::Theirs, &line).expect("it fits");
    }
    let compared = comparison.finish();
    let bytes = compared.resident_bytes();
    println!("{} bytes a line", bytes / (2 * LINES as usize));
    assert!(bytes <= 100 * 2 * LINES as usize, "{bytes} bytes");
    assert_eq!(compared.agreed(), u64::from(LINES) - planted.len() as u64);
    let found: BTreeSet<Item<'_>> = compared.findings().map(|finding| finding.item).collect();
    assert_eq!(found, planted);
    assert_eq!(compared.by_class(), [0, 0, planted.len() as u64, 0, 0, 0]);
}
