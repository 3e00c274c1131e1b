//! Sums over what rules remember of payments.
//!
//! They follow each trace to the fen, and are made again from them after a start: traces stand in the
//! checkpoint.

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasherDefault, Hasher};

use xxhash_rust::xxh3::xxh3_64;

use super::counted::Counted;
use super::trace::Trace;
use crate::elements::is_appropriated;
use crate::ids::{Class, Day};
use crate::money::FenSum;

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
#[derive(Clone, Debug, PartialEq)]
pub struct Windows {
    /// By unit, payee and purpose.
    pairs: Counted<Pair>,
    /// By unit and class, or unit and fund nature: the year's sum.
    totals: ByHash<FenSum>,
    /// By invoice: payments that use it.
    invoices: Counted<u32>,
}

/// What counts of one unit, payee and purpose.
#[derive(Clone, Debug, Default)]
pub(super) enum Pair {
    #[default]
    Nothing,
    /// Of one payment: most pairs have no other.
    One {
        day: u32,
        asked_fen: i64,
        left_fen: i64,
    },
    Several(Box<Several>),
}

/// What counts of several payments.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Several {
    /// By day, what of all of them still counts.
    days: BTreeMap<u32, FenSum>,
    /// By amount and day: how many.
    repeats: BTreeMap<(i64, u32), u32>,
}

/// Brings numbers together into one that is as good as a hash.
pub(super) fn mixed(parts: &[u64]) -> u64 {
    // Each step is a bijection of the part given what came before.
    parts.iter().fold(0x9e37_79b9_7f4a_7c15, |hash, &part| {
        let turned = (hash ^ part).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        turned ^ (turned >> 29)
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

impl Windows {
    /// No sums, under secrets of the data set.
    pub(super) fn new(seeds: [u64; 2]) -> Windows {
        let [pairs, invoices] = seeds;
        let (pairs, invoices) = (Counted::new(pairs), Counted::new(invoices));
        Windows { pairs, totals: ByHash::default(), invoices }
    }

    /// Counts a trace.
    pub(super) fn add(&mut self, trace: &Trace) {
        self.count(trace, true);
    }

    /// Takes back what [`Windows::add`] counted.
    pub(super) fn remove(&mut self, trace: &Trace) {
        self.count(trace, false);
    }

    fn count(&mut self, trace: &Trace, more: bool) {
        if trace.is_void() {
            return;
        }
        let sign = if more { 1 } else { -1 };
        let left = FenSum::from(trace.left_fen) * FenSum::from(sign);
        if trace.pair != 0 {
            let day = day_number(trace.day);
            self.pairs.of(trace.pair).count(day, trace.asked_fen, trace.left_fen, more);
        }
        add_fen(&mut self.totals, class_key(trace.unit, trace.economic), left);
        if !is_appropriated(trace.fund) {
            add_fen(&mut self.totals, fund_key(trace.unit, trace.fund), left);
        }
        for (at, &invoice) in trace.invoices.iter().enumerate() {
            // A document that names one twice is still one payment.
            if !trace.invoices[..at].contains(&invoice) {
                add_to(self.invoices.of(invoice), sign);
            }
        }
    }

    /// Has the place of a unit, payee and purpose brought into the cache.
    pub(super) fn prefetch_pair(&self, pair: u64) {
        self.pairs.prefetch(pair);
    }

    /// Has the place of an invoice brought into the cache.
    pub(super) fn prefetch_invoice(&self, invoice: u64) {
        self.invoices.prefetch(invoice);
    }

    /// What counts of a unit, payee and purpose.
    pub(super) fn pair(&self, pair: u64) -> &Pair {
        self.pairs.get(pair).unwrap_or(&Pair::Nothing)
    }

    /// What a unit has paid and reserved this year under a class at the finest level.
    pub(crate) fn total(&self, unit: u32, class: Class) -> FenSum {
        self.totals.get(&class_key(unit, class)).copied().unwrap_or(0)
    }

    /// What a unit has paid and reserved this year from a fund nature that is income of its own.
    pub(super) fn fund_total(&self, unit: u32, fund: Class) -> FenSum {
        self.totals.get(&fund_key(unit, fund)).copied().unwrap_or(0)
    }

    /// How many payments use an invoice.
    pub(super) fn invoice(&self, invoice: u64) -> u32 {
        self.invoices.get(invoice).copied().unwrap_or(0)
    }

    /// Bytes they keep in memory, about.
    pub(super) fn bytes(&self) -> usize {
        let several: usize = self.pairs.iter().map(|(_, pair)| pair.bytes()).sum();
        self.pairs.bytes() + several + self.totals.capacity() * 25 + self.invoices.bytes()
    }
}

impl Pair {
    /// The sum over all days less than `days` from `day`.
    pub(super) fn sum(&self, day: Day, days: u32) -> FenSum {
        match self {
            Pair::Nothing => 0,
            &Pair::One { day: on, left_fen, .. } => {
                if on.abs_diff(day_number(day)) < days {
                    left_fen.into()
                } else {
                    0
                }
            }
            Pair::Several(several) => {
                let (day, within) = (day_number(day), days.saturating_sub(1));
                let near = several.days.range(day.saturating_sub(within)..=day + within);
                near.map(|(_, fen)| fen).sum()
            }
        }
    }

    /// How many payments of an amount there are within `days` of `day`.
    pub(super) fn repeats(&self, asked_fen: i64, day: Day, days: u32) -> u32 {
        match self {
            Pair::Nothing => 0,
            &Pair::One { day: on, asked_fen: known, .. } => {
                u32::from(known == asked_fen && on.abs_diff(day_number(day)) <= days)
            }
            Pair::Several(several) => {
                let day = day_number(day);
                let near = (asked_fen, day.saturating_sub(days))..=(asked_fen, day + days);
                several.repeats.range(near).map(|(_, count)| count).sum()
            }
        }
    }

    fn count(&mut self, day: u32, asked_fen: i64, left_fen: i64, more: bool) {
        match self {
            Pair::Nothing if more => return *self = Pair::One { day, asked_fen, left_fen },
            Pair::One { .. } if !more && *self == (Pair::One { day, asked_fen, left_fen }) => {
                return *self = Pair::Nothing;
            }
            _ => {}
        }
        let mut several = self.take_several();
        let left = FenSum::from(left_fen) * if more { 1 } else { -1 };
        add_on(&mut several.days, day, left);
        let count = several.repeats.entry((asked_fen, day)).or_default();
        add_to(count, if more { 1 } else { -1 });
        if *count == 0 {
            several.repeats.remove(&(asked_fen, day));
        }
        if !several.repeats.is_empty() {
            *self = Pair::Several(several);
        }
    }

    /// What counts, in the form of several; nothing is left here.
    fn take_several(&mut self) -> Box<Several> {
        match std::mem::take(self) {
            Pair::Several(several) => several,
            Pair::Nothing => Box::default(),
            Pair::One { day, asked_fen, left_fen } => {
                let days = BTreeMap::from([(day, FenSum::from(left_fen))]);
                Box::new(Several { days, repeats: BTreeMap::from([((asked_fen, day), 1)]) })
            }
        }
    }

    fn bytes(&self) -> usize {
        match self {
            Pair::Several(several) => (several.days.len() + several.repeats.len()) * 48,
            _ => 0,
        }
    }
}

/// The same payments count, whether they came one by one or some of them went again.
impl PartialEq for Pair {
    fn eq(&self, other: &Pair) -> bool {
        match (self, other) {
            (Pair::Nothing, Pair::Nothing) => true,
            (Pair::Nothing, _) | (_, Pair::Nothing) => false,
            (
                Pair::One { day, asked_fen, left_fen },
                Pair::One { day: other_day, asked_fen: other_asked, left_fen: other_left },
            ) => (day, asked_fen, left_fen) == (other_day, other_asked, other_left),
            (one, other) => one.clone().take_several() == other.clone().take_several(),
        }
    }
}

fn class_key(unit: u32, class: Class) -> u64 {
    mixed(&[u64::from(unit), u64::from_le_bytes(class.0)])
}

fn fund_key(unit: u32, fund: Class) -> u64 {
    mixed(&[u64::from(unit), u64::from_le_bytes(fund.0), 1])
}

fn add_on(days: &mut BTreeMap<u32, FenSum>, day: u32, fen: FenSum) {
    let sum = days.entry(day).or_default();
    *sum += fen;
    if *sum == 0 {
        days.remove(&day);
    }
}

fn add_to(count: &mut u32, sign: i32) {
    *count = count.checked_add_signed(sign).expect("what is taken back was counted");
}

fn add_fen(sums: &mut ByHash<FenSum>, key: u64, fen: FenSum) {
    let sum = sums.entry(key).or_default();
    *sum += fen;
    assert!(*sum >= 0, "I1: a unit's year of {sum} fen");
    if *sum == 0 {
        sums.remove(&key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::AMOUNT_FEN_MAX;
    use crate::office::rules::trace::{Invoices, pair_of};

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
            invoices: [invoice].into_iter().collect(),
        };
        let all = [trace(20_230_301, 100, 1), trace(20_230_302, 100, 2), trace(20_230_301, 50, 3)];
        let mut windows = Windows::new([1, 2]);
        all.iter().for_each(|trace| windows.add(trace));
        assert_eq!(windows.pair(pair).sum(day(20_230_302), 1), 100);
        assert_eq!(windows.pair(pair).sum(day(20_230_302), 2), 250);
        assert_eq!(windows.pair(pair).repeats(100, day(20_230_303), 1), 1);
        assert_eq!(windows.pair(pair).repeats(100, day(20_230_303), 2), 2);
        assert_eq!(windows.total(4, class("30217")), 250);
        assert_eq!(windows.fund_total(4, class("31")), 250);
        assert_eq!((windows.invoice(2), windows.invoice(4)), (1, 0));
        all.iter().for_each(|trace| windows.remove(trace));
        assert_eq!(windows, Windows::new([3, 4]));
        // In another order, by another way: the same.
        let (mut one_way, mut other) = (Windows::new([1, 2]), Windows::new([3, 4]));
        all.iter().for_each(|trace| one_way.add(trace));
        [2, 0, 1, 0].into_iter().for_each(|at: usize| other.add(&all[at]));
        assert_ne!(one_way, other);
        other.remove(&all[0]);
        assert_eq!(one_way, other);
        let mut alone = Windows::new([1, 2]);
        alone.add(&all[0]);
        one_way.remove(&all[1]);
        one_way.remove(&all[2]);
        assert_eq!(one_way, alone);
    }

    #[test]
    fn sums_are_wider_than_any_count_of_the_largest_amounts() {
        let (mut windows, pair) = (Windows::new([1, 2]), pair_of(4, 7, 9));
        let class = |code| Class::new(code).unwrap();
        let trace = Trace {
            pair,
            asked_fen: AMOUNT_FEN_MAX,
            left_fen: AMOUNT_FEN_MAX,
            economic: class("30217"),
            fund: class("31"),
            unit: 4,
            day: day(20_230_301),
            invoices: Invoices::default(),
        };
        (0..2_000).for_each(|_| windows.add(&trace));
        let sum = FenSum::from(AMOUNT_FEN_MAX) * 2_000;
        assert_eq!(windows.pair(pair).sum(trace.day, 1), sum);
        assert_eq!(
            (windows.total(4, class("30217")), windows.fund_total(4, class("31"))),
            (sum, sum)
        );
    }

    #[test]
    fn a_document_that_names_an_invoice_twice_is_one_payment() {
        let mut windows = Windows::new([1, 2]);
        let trace =
            Trace { left_fen: 5, invoices: [6, 7, 6].into_iter().collect(), ..Trace::default() };
        windows.add(&trace);
        assert_eq!((windows.invoice(6), windows.invoice(7)), (1, 1));
        windows.remove(&trace);
        assert_eq!(windows, Windows::new([1, 2]));
    }
}
