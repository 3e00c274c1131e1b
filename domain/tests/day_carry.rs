//! What is carried past closes by name: only what is open, as long as it was said, and no more than it was then.

use std::collections::{BTreeMap, BTreeSet};

use domain::day::Check;
use domain::day::carry::{Carryings, Event, Name, Order, Piles, Refusal, Thing};
use domain::ids::{Day, PersonId};
use domain::limits::{CARRIED_THINGS_MAX, DAY_NAMED_MAX};
use domain::money::FenSum;
use domain::voucher::{Party, VoucherKey};
use proptest::prelude::*;

const CLERK: PersonId = PersonId(7);

fn day(number: u32) -> Day {
    Day::new(20_220_300 + number).expect("a day")
}

fn bank(code: &str) -> Party {
    format!("bank:{code}").parse().expect("a party")
}

fn key(kind: u16, number: u32) -> VoucherKey {
    VoucherKey::parse(&format!("370000005-2022-{kind}-{number:010}")).expect("a key")
}

/// A payment of a bank, asked for by a request where it has a number.
fn payment(number: u32, code: &str, request: Option<u32>) -> Thing {
    Thing {
        name: Name::Voucher(key(8202, number)),
        request: request.map(|number| key(2301, 9_000_000 + number)),
        bank: Some(bank(code)),
        amount_fen: 100,
    }
}

fn account(code: &str, number: &str, fen: FenSum) -> Thing {
    let name = Name::Account(bank(code), number.into());
    Thing { name, request: None, bank: Some(bank(code)), amount_fen: fen }
}

fn names(of: &[&str]) -> Vec<String> {
    of.iter().map(ToString::to_string).collect()
}

fn decide(
    carryings: &Carryings,
    check: Check,
    of: &[&str],
    until: Day,
    open: &[Thing],
) -> Result<Event, Refusal> {
    let (names, reason) = (names(of), "库款不足");
    let order = Order { check, names: &names, until, reason };
    carryings.decide(CLERK, day(4), order, open.iter().cloned())
}

fn carry(carryings: &mut Carryings, check: Check, of: &[&str], until: Day, open: &[Thing]) {
    let event = decide(carryings, check, of, until, open).expect("it is open");
    carryings.apply(&event);
}

fn counted(carryings: &Carryings, check: Check, on: Day, open: &[Thing]) -> Piles {
    let mut counting = carryings.counting(check, on);
    open.iter().for_each(|thing| counting.add(thing, None));
    counting.end()
}

/// How many are open and how many are carried.
fn many(carryings: &Carryings, check: Check, on: Day, open: &[Thing]) -> [u64; 2] {
    let piles = counted(carryings, check, on, open);
    [piles.open.many(), piles.carried.many()]
}

#[test]
fn what_is_carried_is_open_again_when_its_day_has_come() {
    let open = [payment(1, "102", None), payment(2, "102", None)];
    let mut carryings = Carryings::new();
    carry(&mut carryings, Check::Cleared, &["370000005-2022-8202-0000000001"], day(8), &open);
    for (on, expected) in [(4, [1, 1]), (7, [1, 1]), (8, [2, 0]), (9, [2, 0])] {
        assert_eq!(many(&carryings, Check::Cleared, day(on), &open), expected, "day {on}");
    }
    // Another item with a thing of that name is not meant.
    assert_eq!(many(&carryings, Check::Answered, day(4), &open), [2, 0]);
    let piles = counted(&carryings, Check::Cleared, day(4), &open);
    let [by] = &piles.by[..] else { panic!("one name: {piles:?}") };
    assert_eq!(
        [by.english(), by.chinese()],
        [
            "370000005-2022-8202-0000000001: 1, ¥1.00, carried until 20220308 by person 7 on 20220304: 库款不足",
            "370000005-2022-8202-0000000001：1项，¥1.00，由人员7于20220304结转至20220308：库款不足",
        ]
    );
    // Said again, it holds as it was said last.
    carry(&mut carryings, Check::Cleared, &["0000000001"], day(9), &open);
    assert_eq!(many(&carryings, Check::Cleared, day(8), &open), [1, 1]);
}

#[test]
fn all_of_a_request_or_a_bank_is_carried_by_its_name_however_large_the_pile() {
    let mut open: Vec<Thing> = (0..70_000).map(|at| payment(at, "102", Some(at % 2))).collect();
    open.extend((70_000..70_003).map(|at| payment(at, "103", None)));
    let all = open.len() as u64;
    let mut carryings = Carryings::new();
    carry(&mut carryings, Check::Cleared, &["0009000000"], day(7), &open);
    assert_eq!(many(&carryings, Check::Cleared, day(4), &open), [all - 35_000, 35_000]);
    assert_eq!(carryings.many(), 1, "one name does");
    let piles = counted(&carryings, Check::Cleared, day(4), &open);
    assert_eq!((piles.by[0].many, piles.by[0].amount_fen), (35_000, 3_500_000));
    assert_eq!(piles.carried.named().len(), DAY_NAMED_MAX);
    carry(&mut carryings, Check::Cleared, &["bank:102", "bank:103"], day(7), &open);
    assert_eq!(many(&carryings, Check::Cleared, day(4), &open), [0, all]);
    assert_eq!(carryings.many(), 5, "two requests, and three vouchers that none asks for");
    // What a bank pays later was not named, nor what is asked for by another request.
    let later = [payment(80_000, "103", None), payment(80_001, "102", Some(2))];
    assert_eq!(many(&carryings, Check::Cleared, day(4), &later), [2, 0]);
    // What is asked for no more is open again.
    let back = [payment(1, "102", None)];
    assert_eq!(many(&carryings, Check::Cleared, day(4), &back), [1, 0]);
}

#[test]
fn a_thing_that_has_grown_or_turned_is_open_again() {
    let mut carryings = Carryings::new();
    let open = [account("102", "6217", -500), account("103", "6217", -7)];
    let check = Check::ZeroBalance;
    carry(&mut carryings, check, &["bank:102 6217"], day(9), &open);
    assert_eq!(many(&carryings, check, day(7), &open), [1, 1]);
    for (fen, is_open) in [(-500, false), (-499, false), (-501, true), (500, true), (1, true)] {
        let now = [account("102", "6217", fen)];
        assert_eq!(many(&carryings, check, day(7), &now)[0] == 1, is_open, "{fen}");
    }
    // An account's number alone means it wherever it is.
    carry(&mut carryings, check, &["6217"], day(9), &open);
    assert_eq!(many(&carryings, check, day(7), &open), [0, 2]);
}

#[test]
fn what_is_done_leaves_with_the_close() {
    let open = [payment(1, "102", None), payment(2, "102", None)];
    let mut carryings = Carryings::new();
    carry(&mut carryings, Check::Cleared, &["bank:102"], day(9), &open);
    let still = |open: &[Thing], carryings: &Carryings| -> BTreeSet<(Check, Name)> {
        let by = counted(carryings, Check::Cleared, day(4), open).by;
        by.into_iter().map(|by| (Check::Cleared, by.name)).collect()
    };
    assert_eq!(carryings.gone(&still(&open, &carryings)), None);
    let gone = carryings.gone(&still(&open[1..], &carryings)).expect("one is done");
    let expected = vec![(Check::Cleared, Name::Voucher(key(8202, 1)))];
    assert_eq!(gone, Event::Gone { things: expected });
    carryings.apply(&gone);
    assert_eq!(many(&carryings, Check::Cleared, day(4), &open), [1, 1]);
    let gone = carryings.gone(&BTreeSet::new()).expect("the other one too");
    carryings.apply(&gone);
    assert_eq!(carryings, Carryings::new());
}

#[test]
fn what_may_not_be_carried_is_refused_in_both_languages() {
    let open = [payment(1, "102", None)];
    let none = Carryings::new();
    let refused = |check, of: &[&str], until| {
        let refusal = decide(&none, check, of, until, &open).expect_err("refused");
        [refusal.to_string(), refusal.chinese()]
    };
    assert_eq!(
        refused(Check::CutOff, &["x"], day(7)),
        [
            "`cut-off` cannot be carried: it has to be done before the day is closed",
            "“截止时间”不得结转，须办理完毕后日终",
        ]
    );
    assert!(refused(Check::Statements, &["x"], day(7))[0].starts_with("`statements` cannot"));
    assert_eq!(
        refused(Check::Cleared, &["0000000001", "0000000002"], day(7)),
        [
            "`0000000002` is nothing that is open under `cleared`; look at the day's checklist",
            "“未清算回单”下无未完事项0000000002，请查看日终检查",
        ]
    );
    assert_eq!(
        refused(Check::Cleared, &[], day(7)),
        [
            "nothing of `cleared` was named; name what is to be carried, as the checklist does",
            "未列明“未清算回单”的结转事项，请按日终检查所列名称填写",
        ]
    );
    assert_eq!(
        refused(Check::Cleared, &["0000000001"], day(4)),
        [
            "nothing is carried to 20220304, which is not after 20220304; give a later day",
            "结转至20220304，不晚于20220304，请填写更晚日期",
        ]
    );
    let names = names(&["0000000001"]);
    let order = |reason| Order { check: Check::Cleared, names: &names, until: day(7), reason };
    for (person, reason) in [(PersonId::NOBODY, "库款不足"), (CLERK, " ")] {
        let refused = none.decide(person, day(4), order(reason), open.iter().cloned());
        assert!(matches!(refused, Err(Refusal::Unsaid(_))), "{refused:?}");
    }
    let many: Vec<Thing> =
        (0..=CARRIED_THINGS_MAX as u32).map(|at| payment(at, "102", None)).collect();
    let refused = decide(&none, Check::Cleared, &["bank:102"], day(7), &many);
    assert_eq!(refused, Err(Refusal::TooMany { many: many.len() }));
}

proptest! {
    /// Whatever is carried by whatever names: a thing is open or carried, never both or neither, and carried only if a name
    /// that was called is its own, its request's or its bank's.
    #[test]
    fn every_thing_is_open_or_carried_as_it_was_called(
        things in prop::collection::vec((0..6_u32, 0..2_usize, prop::option::of(0..2_u32)), 1..12),
        called in prop::collection::vec(0..10_usize, 1..4),
    ) {
        const CODES: [&str; 2] = ["102", "103"];
        // Each number once, and a request is of one bank.
        let open: Vec<Thing> = things
            .into_iter()
            .map(|(number, at, request)| {
                let at = request.map_or(at, |request| request as usize);
                (number, payment(number, CODES[at], request))
            })
            .collect::<BTreeMap<u32, Thing>>()
            .into_values()
            .collect();
        let all: Vec<String> = (0..6)
            .map(|number| key(8202, number).to_string())
            .chain((0..2).map(|number| key(2301, 9_000_000 + number).to_string()))
            .chain(CODES.map(|code| format!("bank:{code}")))
            .collect();
        let called: BTreeSet<&str> = called.iter().map(|at| all[*at].as_str()).collect();
        let is_called = |thing: &Thing, name: &str| {
            thing.name.to_string() == name
                || thing.request.is_some_and(|request| request.to_string() == name)
                || thing.bank.is_some_and(|bank| bank.to_string() == name)
        };
        let mut carryings = Carryings::new();
        let names: Vec<&str> = called.iter().copied().collect();
        let decided = decide(&carryings, Check::Cleared, &names, day(7), &open);
        let is_one_open = |name: &&str| open.iter().any(|thing| is_called(thing, name));
        prop_assert_eq!(decided.is_ok(), called.iter().all(is_one_open), "{:?}", decided);
        if let Ok(event) = decided {
            carryings.apply(&event);
            for thing in &open {
                let by_name = called.iter().any(|name| is_called(thing, name));
                let one = std::slice::from_ref(thing);
                let [is_open, is_carried] = many(&carryings, Check::Cleared, day(4), one);
                prop_assert_eq!((is_open, is_carried), (u64::from(!by_name), u64::from(by_name)));
            }
        }
    }
}
