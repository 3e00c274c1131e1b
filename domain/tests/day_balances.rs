//! Zero-balance accounts that are not at zero: what banks told, held against a look over all they told.

use std::collections::{BTreeMap, BTreeSet};

use domain::Fen;
use domain::day::balances::Balances;
use domain::day::carry::Thing;
use domain::ids::Day;
use domain::voucher::Party;
use proptest::prelude::*;

fn day(number: u32) -> Day {
    Day::new(20_220_300 + number).expect("a day")
}

fn bank(code: &str) -> Party {
    format!("bank:{code}").parse().expect("a party")
}

/// One telling: which bank, of which day, and what it tells of three accounts.
type Telling = (usize, u32, [i64; 3]);

const BANKS: [&str; 2] = ["102", "103"];
const ACCOUNTS: [&str; 3] = ["6217001", "6217002", "6217003"];

/// What is not at zero at a day's end, as somebody says who looks at every telling again.
fn looked_up(tellings: &[Telling], on: u32) -> (BTreeSet<String>, i128) {
    let (mut names, mut sum_fen) = (BTreeSet::new(), 0);
    for (at, code) in BANKS.iter().enumerate() {
        let mut by_day: BTreeMap<u32, [i64; 3]> = BTreeMap::new();
        for (_, of, balances) in tellings.iter().filter(|(bank, ..)| *bank == at) {
            if by_day.keys().all(|known| known <= of) {
                by_day.insert(*of, *balances);
            }
        }
        let Some(last) = by_day.values().next_back() else { continue };
        for (place, account) in ACCOUNTS.iter().enumerate() {
            let run = by_day.iter().rev().take_while(|(_, balances)| balances[place] != 0);
            if run.last().is_some_and(|(first, _)| *first <= on) {
                names.insert(format!("bank:{code} {account}"));
                sum_fen += i128::from(last[place]);
            }
        }
    }
    (names, sum_fen)
}

/// What a bank's accounts ended with before a day, as somebody says who looks at every telling again.
fn ended_before(tellings: &[Telling], at: usize, on: u32) -> Option<BTreeMap<Box<str>, Fen>> {
    let mut by_day: BTreeMap<u32, [i64; 3]> = BTreeMap::new();
    for (_, of, told) in tellings.iter().filter(|(bank, ..)| *bank == at) {
        if by_day.keys().all(|known| known <= of) {
            by_day.insert(*of, *told);
        }
    }
    if by_day.keys().any(|told| *told > on) {
        return None;
    }
    let (_, last) = by_day.range(..on).next_back()?;
    let all = ACCOUNTS.iter().zip(last).filter(|(_, fen)| **fen != 0);
    Some(all.map(|(account, fen)| ((*account).into(), Fen::new(*fen))).collect())
}

proptest! {
    #[test]
    fn an_account_keeps_the_days_open_since_it_was_last_at_zero(
        tellings in prop::collection::vec((0..2_usize, 1..6_u32, prop::array::uniform3(-1..2_i64)), 0..24)
    ) {
        let mut balances = Balances::new();
        for (at, of, told) in &tellings {
            let told = ACCOUNTS.into_iter().zip(told.iter().map(|fen| Fen::new(*fen)));
            balances.tell(bank(BANKS[*at]), day(*of), told);
        }
        for on in 0..7 {
            let things: Vec<Thing> = balances.not_at_zero(day(on.max(1))).collect();
            let (names, sum_fen) = looked_up(&tellings, on.max(1));
            let told: BTreeSet<String> = things.iter().map(|one| one.name.to_string()).collect();
            prop_assert_eq!(&told, &names);
            prop_assert_eq!(things.len(), names.len());
            prop_assert_eq!(things.iter().map(|one| one.amount_fen).sum::<i128>(), sum_fen);
        }
        for (at, code) in BANKS.iter().enumerate() {
            for on in 1..7 {
                prop_assert_eq!(ended_before(&tellings, at, on), balances.before(bank(code), day(on)));
            }
        }
    }
}

#[test]
fn an_account_that_comes_to_zero_a_day_later_was_not_at_zero_before() {
    let mut balances = Balances::new();
    let named = |balances: &Balances, on| balances.not_at_zero(day(on)).count();
    balances.tell(bank("102"), day(4), [("6217001", Fen::new(-5))]);
    assert_eq!((named(&balances, 3), named(&balances, 4), named(&balances, 5)), (0, 1, 1));
    // Other banks say nothing of it, and an earlier day says nothing of now.
    balances.tell(bank("103"), day(7), []);
    balances.tell(bank("102"), day(3), []);
    assert_eq!(named(&balances, 4), 1);
    balances.tell(bank("102"), day(7), []);
    assert_eq!((named(&balances, 4), named(&balances, 7)), (0, 0));
}
