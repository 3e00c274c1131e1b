//! What rules remember of payments: a trace of each, and sums over them.
//!
//! A trace is what a later payment is held against: who was paid for what, under which classes, which
//! invoices, and how much of it still counts. It shrinks when money comes back and is nothing once all
//! of it has: the sums follow it to the fen. Traces stand in the checkpoint; the sums are made again
//! from them.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use xxhash_rust::xxh3::xxh3_64;

use crate::ids::{Class, Day};

/// What is remembered of one payment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    /// Unit, payee and purpose in one number; zero: one of them was not given.
    pub pair: u64,
    /// What was asked for, in fen; zero: the payment was asked for before rules looked at payments.
    pub asked_fen: i64,
    /// What of it still counts, in fen.
    pub left_fen: i64,
    /// Departmental economic class.
    pub economic: Class,
    /// Fund nature.
    pub fund: Class,
    /// Slot of the unit's row.
    pub unit: u32,
    /// Business day.
    pub day: Day,
    /// Invoices of its document, hashed.
    pub invoices: Box<[u64]>,
}

/// A map whose keys are hashes already.
pub(super) type ByHash<V> = HashMap<u64, V, BuildHasherDefault<Passed>>;

/// Passes a hash on as it is.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Passed(u64);

impl Hasher for Passed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = xxh3_64(bytes);
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = value;
    }
}

/// Sums over traces.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Windows {
    /// By unit, payee and purpose: sums by day, in order.
    pairs: ByHash<Vec<(u32, i64)>>,
    /// By unit, payee, purpose, amount and day: how many.
    repeats: ByHash<u32>,
    /// By unit and class, or unit and fund nature: the year's sum.
    totals: ByHash<i64>,
    /// By invoice: payments that use it.
    invoices: ByHash<u32>,
}

/// Brings numbers together into one that is as good as a hash.
fn mixed(parts: &[u64]) -> u64 {
    // Each step is a bijection of the part given what came before.
    parts.iter().fold(0x9e37_79b9_7f4a_7c15, |hash, &part| {
        let turned = (hash ^ part).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        turned ^ (turned >> 29)
    })
}

/// Unit, payee and purpose in one number; zero where one of them is not given.
#[must_use]
pub fn pair_of(unit: u32, payee: u64, purpose: u64) -> u64 {
    if payee == 0 || purpose == 0 { 0 } else { mixed(&[u64::from(unit), payee, purpose]).max(1) }
}

/// Hash of a purpose; zero for none.
#[must_use]
pub fn purpose_hash(purpose: &[u8]) -> u64 {
    let purpose = purpose.trim_ascii();
    if purpose.is_empty() { 0 } else { xxh3_64(purpose).max(1) }
}

/// The invoices a document names, hashed: letters and digits on both sides of a `+`, code and number;
/// the code may be empty.
pub fn invoices_of(bytes: &[u8]) -> impl Iterator<Item = u64> + '_ {
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric();
    let pluses = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'+');
    pluses.filter_map(move |(at, _)| {
        let code = bytes[..at].iter().rev().take_while(|byte| is_word(byte)).count();
        let number = bytes[at + 1..].iter().take_while(|byte| is_word(byte)).count();
        (number > 0).then(|| xxh3_64(&bytes[at - code..=at + number]))
    })
}

/// Days since the year 0, to count days apart.
#[must_use]
pub fn day_number(day: Day) -> u32 {
    let (year, month, of_month) = (u32::from(day.year()), u32::from(day.month()), day.get() % 100);
    // Years begin in March here, so that the leap day is their last.
    let (year, month) = if month < 3 { (year - 1, month + 9) } else { (year, month - 3) };
    365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + of_month
}

impl Trace {
    /// True where nothing of it counts.
    #[must_use]
    pub fn is_void(&self) -> bool {
        self.left_fen == 0
    }
}

impl Windows {
    /// Sums over some traces.
    pub(super) fn over<'a>(traces: impl Iterator<Item = &'a Trace>) -> Windows {
        let mut windows = Windows::default();
        traces.for_each(|trace| windows.add(trace));
        windows
    }

    /// Counts a trace.
    pub(super) fn add(&mut self, trace: &Trace) {
        self.count(trace, 1);
    }

    /// Takes back what [`Windows::add`] counted.
    pub(super) fn remove(&mut self, trace: &Trace) {
        self.count(trace, -1);
    }

    fn count(&mut self, trace: &Trace, sign: i64) {
        if trace.is_void() {
            return;
        }
        let (day, left) = (day_number(trace.day), trace.left_fen * sign);
        if trace.pair != 0 {
            let days = self.pairs.entry(trace.pair).or_default();
            add_on(days, day, left);
            if days.is_empty() {
                self.pairs.remove(&trace.pair);
            }
            add_to(&mut self.repeats, repeat_key(trace.pair, trace.asked_fen, day), sign);
        }
        add_fen(&mut self.totals, class_key(trace.unit, trace.economic), left);
        if has_income(trace.fund) {
            add_fen(&mut self.totals, fund_key(trace.unit, trace.fund), left);
        }
        for &invoice in &trace.invoices {
            add_to(&mut self.invoices, invoice, sign);
        }
    }

    /// The sum of a unit, payee and purpose over all days less than `days` from `day`.
    pub(super) fn sum(&self, pair: u64, day: Day, days: u32) -> i64 {
        let (day, known) = (day_number(day), self.pairs.get(&pair));
        let near = |on: u32| on.abs_diff(day) < days;
        known.map_or(0, |days| days.iter().filter(|(on, _)| near(*on)).map(|(_, fen)| fen).sum())
    }

    /// How many payments of a unit, payee, purpose and amount there are within `days` of `day`.
    pub(super) fn repeats(&self, pair: u64, asked_fen: i64, day: Day, days: u32) -> u32 {
        // Where the pair is new, and most are, nothing can repeat.
        let Some(known) = self.pairs.get(&pair) else { return 0 };
        let day = day_number(day);
        let near = known.iter().filter(|(on, _)| on.abs_diff(day) <= days);
        let count = |on| self.repeats.get(&repeat_key(pair, asked_fen, on)).copied().unwrap_or(0);
        near.map(|(on, _)| count(*on)).sum()
    }

    /// What a unit has paid and reserved this year under a class at the finest level.
    pub(crate) fn total(&self, unit: u32, class: Class) -> i64 {
        self.totals.get(&class_key(unit, class)).copied().unwrap_or(0)
    }

    /// What a unit has paid and reserved this year from a fund nature that is income of its own.
    pub(super) fn fund_total(&self, unit: u32, fund: Class) -> i64 {
        self.totals.get(&fund_key(unit, fund)).copied().unwrap_or(0)
    }

    /// How many payments use an invoice.
    pub(super) fn invoice(&self, invoice: u64) -> u32 {
        self.invoices.get(&invoice).copied().unwrap_or(0)
    }

    /// Bytes they keep in memory, about.
    pub(super) fn bytes(&self) -> usize {
        let days: usize = self.pairs.values().map(|days| days.capacity() * 16).sum();
        self.pairs.capacity() * 33
            + days
            + self.repeats.capacity() * 13
            + self.totals.capacity() * 17
            + self.invoices.capacity() * 13
    }
}

/// Fund natures whose money a unit earns: held against what was collected.
fn has_income(fund: Class) -> bool {
    matches!(fund.0[0], b'2' | b'3')
}

fn repeat_key(pair: u64, asked_fen: i64, day: u32) -> u64 {
    mixed(&[pair, asked_fen.cast_unsigned(), u64::from(day)])
}

fn class_key(unit: u32, class: Class) -> u64 {
    mixed(&[u64::from(unit), u64::from_le_bytes(class.0)])
}

fn fund_key(unit: u32, fund: Class) -> u64 {
    mixed(&[u64::from(unit), u64::from_le_bytes(fund.0), 1])
}

fn add_on(days: &mut Vec<(u32, i64)>, day: u32, fen: i64) {
    // Days come nearly in order: the last one is looked at first.
    let at = match days.last() {
        Some((last, _)) if *last == day => Ok(days.len() - 1),
        Some((last, _)) if *last < day => Err(days.len()),
        _ => days.binary_search_by_key(&day, |(on, _)| *on),
    };
    match at {
        Ok(at) => {
            days[at].1 += fen;
            if days[at].1 == 0 {
                days.remove(at);
            }
        }
        Err(at) => days.insert(at, (day, fen)),
    }
}

fn add_to(counts: &mut ByHash<u32>, key: u64, sign: i64) {
    let count = counts.entry(key).or_default();
    *count = count.checked_add_signed(sign as i32).expect("what is taken back was counted");
    if *count == 0 {
        counts.remove(&key);
    }
}

fn add_fen(sums: &mut ByHash<i64>, key: u64, fen: i64) {
    let sum = sums.entry(key).or_default();
    *sum = sum.checked_add(fen).expect("a unit's year stays in bounds");
    assert!(*sum >= 0, "I1: a unit's year of {sum} fen");
    if *sum == 0 {
        sums.remove(&key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(number: u32) -> Day {
        Day::new(number).unwrap()
    }

    #[test]
    fn days_are_counted_over_months_and_leap_years() {
        let apart = |a, b| day_number(day(b)) - day_number(day(a));
        assert_eq!(apart(20_231_231, 20_240_101), 1);
        assert_eq!(apart(20_240_228, 20_240_301), 2);
        assert_eq!(apart(20_230_228, 20_230_301), 1);
        assert_eq!(apart(20_230_101, 20_240_101), 365);
    }

    #[test]
    fn invoices_are_words_with_a_plus() {
        assert_eq!(
            invoices_of("发票 3700222130+07613892、+24372000000012345678".as_bytes()).count(),
            2
        );
        assert_eq!(invoices_of("合同 17-3, 工资表".as_bytes()).count(), 0);
        assert_eq!(invoices_of(b"3700+").count(), 0);
    }

    #[test]
    fn what_comes_back_is_uncounted_to_nothing() {
        let class = |code| Class::new(code).unwrap();
        let pair = pair_of(4, 7, 9);
        let trace = |on, fen, invoice| Trace {
            pair,
            asked_fen: fen,
            left_fen: fen,
            economic: class("30217"),
            fund: class("31"),
            unit: 4,
            day: day(on),
            invoices: Box::new([invoice]),
        };
        let all = [trace(20_230_301, 100, 1), trace(20_230_302, 100, 2), trace(20_230_301, 50, 3)];
        let mut windows = Windows::over(all.iter());
        assert_eq!(windows.sum(pair, day(20_230_302), 1), 100);
        assert_eq!(windows.sum(pair, day(20_230_302), 2), 250);
        assert_eq!(windows.repeats(pair, 100, day(20_230_303), 1), 1);
        assert_eq!(windows.repeats(pair, 100, day(20_230_303), 2), 2);
        assert_eq!(windows.total(4, class("30217")), 250);
        assert_eq!(windows.fund_total(4, class("31")), 250);
        assert_eq!((windows.invoice(2), windows.invoice(4)), (1, 0));
        all.iter().for_each(|trace| windows.remove(trace));
        assert_eq!(windows, Windows::default());
    }
}
