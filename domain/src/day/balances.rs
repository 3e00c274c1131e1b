//! Zero-balance accounts that are not at zero (零余额账户余额), as their banks' statements tell at each day's end.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use crate::ids::Day;
use crate::money::{Fen, FenSum};
use crate::voucher::Party;

use super::carry::{Name, Thing};

/// What an account has, or lacks when below zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct NotZero {
    /// The first of the days at whose end it was not at zero.
    since: Day,
    balance_fen: Fen,
}

/// What a bank told last.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Last {
    day: Day,
    not_zero: BTreeMap<Box<str>, NotZero>,
    /// The same at the end of the day that was told before; none where this is the first.
    before: Option<BTreeMap<Box<str>, NotZero>>,
}

/// Accounts that are not at zero by the last statement of each bank.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Balances {
    banks: BTreeMap<Party, Last>,
}

impl Balances {
    /// Nothing told.
    #[must_use]
    pub fn new() -> Balances {
        Balances::default()
    }

    /// A bank tells the balances of its accounts at a day's end, all of them that are not at zero. What it tells of a
    /// day before its last one says nothing of how its accounts stand now; the same day told again is told better.
    pub fn tell<'a>(
        &mut self,
        bank: Party,
        day: Day,
        balances: impl IntoIterator<Item = (&'a str, Fen)>,
    ) {
        let before = match self.banks.get(&bank) {
            Some(last) if day < last.day => return,
            Some(last) if day == last.day => last.before.clone(),
            Some(last) => Some(last.not_zero.clone()),
            None => None,
        };
        let known = |account: &str| before.as_ref().and_then(|before| before.get(account));
        let since = |account: &str| known(account).map_or(day, |known| known.since);
        let not_zero = balances
            .into_iter()
            .filter(|(_, balance_fen)| *balance_fen != Fen::ZERO)
            .map(|(account, balance_fen)| {
                (account.into(), NotZero { since: since(account), balance_fen })
            })
            .collect();
        self.banks.insert(bank, Last { day, not_zero, before });
    }

    /// What a bank's accounts ended with on the last day that it told before one: those that are not at zero. None where it told of
    /// none, or has told of a later one already.
    #[must_use]
    pub fn before(&self, bank: Party, day: Day) -> Option<BTreeMap<Box<str>, Fen>> {
        let last = self.banks.get(&bank)?;
        let not_zero = match last.day.cmp(&day) {
            Ordering::Less => &last.not_zero,
            Ordering::Equal => last.before.as_ref()?,
            Ordering::Greater => return None,
        };
        let balances = not_zero.iter();
        Some(balances.map(|(account, one)| (account.clone(), one.balance_fen)).collect())
    }

    /// Accounts that were not at zero at the end of a day and have not been since, by bank and number.
    pub fn not_at_zero(&self, day: Day) -> impl Iterator<Item = Thing> {
        self.banks.iter().flat_map(move |(bank, last)| {
            let of_bank = last.not_zero.iter().filter(move |(_, one)| one.since <= day);
            of_bank.map(|(account, one)| Thing {
                name: Name::Account(*bank, account.clone()),
                request: None,
                bank: Some(*bank),
                amount_fen: FenSum::from(one.balance_fen.get()),
            })
        })
    }
}
