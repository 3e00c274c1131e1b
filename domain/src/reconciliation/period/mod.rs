//! Statements of a month or a year (月对账、年对账): sums by account and day, or by account and month, held against the same
//! sums of our books.
//!
//! A month has some twenty sums for each account where a day has a line for each detail: days are compared line by line
//! when they end, and the month says that nothing was changed behind that. Where it differs, the day is named.
//!
//! - [`sums`]: what was summed up, and how both sides are compared.

pub mod sums;

use std::fmt;

use crate::ids::Day;
use crate::voucher::{Field, Flag, Voucher, VoucherKind, VoucherNumber};

use super::line::Source;

/// A month or a year of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Period {
    year: u16,
    /// None: all of the year.
    month: Option<u8>,
}

impl Period {
    /// A month of a year, if there is one.
    #[must_use]
    pub fn month(year: u16, month: u8) -> Option<Period> {
        day(year, month, 1).map(|_| Period { year, month: Some(month) })
    }

    /// A year, if there is one.
    #[must_use]
    pub fn year(year: u16) -> Option<Period> {
        day(year, 1, 1).map(|_| Period { year, month: None })
    }

    /// The period from a first day to a last one, where these are a month's or a year's.
    #[must_use]
    pub fn of(first: Day, last: Day) -> Option<Period> {
        let month = Period::month(first.year(), first.month())?;
        let year = Period::year(first.year())?;
        [month, year].into_iter().find(|one| (one.first(), one.last()) == (first, last))
    }

    /// As people write it: `2022-03` or `2022`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Period> {
        let period = match text.split_once('-') {
            Some((year, month)) => Period::month(year.parse().ok()?, month.parse().ok()?)?,
            None => Period::year(text.parse().ok()?)?,
        };
        // Whatever is not written as it is told is none.
        (period.to_string() == text).then_some(period)
    }

    /// Whether it is a year.
    #[must_use]
    pub const fn is_year(self) -> bool {
        self.month.is_none()
    }

    /// Its first day.
    #[must_use]
    pub fn first(self) -> Day {
        day(self.year, self.month.unwrap_or(1), 1).expect("it was looked at when it was made")
    }

    /// Its last day.
    #[must_use]
    pub fn last(self) -> Day {
        last_of(self.year, self.month.unwrap_or(12))
    }

    /// Whether a day is in it.
    #[must_use]
    pub fn holds(self, day: Day) -> bool {
        (self.first()..=self.last()).contains(&day)
    }

    /// What a day is summed up under: in a month the day itself, in a year the last day of its month.
    #[must_use]
    pub fn step(self, day: Day) -> Day {
        match self.month {
            Some(_) => day,
            None => last_of(day.year(), day.month()),
        }
    }

    /// How a step is named: `20220304` in a month, `202203` in a year.
    #[must_use]
    pub const fn step_name(self, step: Day) -> u32 {
        match self.month {
            Some(_) => step.get(),
            None => step.get() / 100,
        }
    }

    /// The number under which its sums are kept: `202203`, or `2022`.
    #[must_use]
    pub fn number(self) -> VoucherNumber {
        let months = self.month.map_or_else(String::new, |month| format!("{month:02}"));
        let number = VoucherNumber::new(&format!("{}{months}", self.year));
        number.expect("four or six digits are a number")
    }

    /// The period that such a number means.
    #[must_use]
    pub fn from_number(number: &VoucherNumber) -> Option<Period> {
        let text = number.as_str();
        match text.len() {
            6 => Period::month(text[..4].parse().ok()?, text[4..].parse().ok()?),
            _ => Period::year(text.parse().ok()?),
        }
    }

    /// What of a kind of statement is compared; none for kinds that are of no period.
    #[must_use]
    pub const fn source(self, kind: VoucherKind) -> Option<Source> {
        match (kind, self.month.is_some()) {
            (VoucherKind::AccountTotals, true) => Some(Source::AccountMonth),
            (VoucherKind::AccountTotals, false) => Some(Source::AccountYear),
            (VoucherKind::ClearingTotals, true) => Some(Source::ClearingMonth),
            (VoucherKind::ClearingTotals, false) => Some(Source::ClearingYear),
            (VoucherKind::TreasuryTotals, true) => Some(Source::TreasuryMonth),
            (VoucherKind::TreasuryTotals, false) => Some(Source::TreasuryYear),
            _ => None,
        }
    }
}

impl fmt::Display for Period {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.month {
            Some(month) => write!(out, "{}-{month:02}", self.year),
            None => write!(out, "{}", self.year),
        }
    }
}

fn day(year: u16, month: u8, of_month: u32) -> Option<Day> {
    Day::new(u32::from(year) * 10_000 + u32::from(month) * 100 + of_month)
}

fn last_of(year: u16, month: u8) -> Day {
    let last = (28..=31).rev().find_map(|of_month| day(year, month, of_month));
    last.expect("every month has 28 days")
}

/// The period that a statement tells of, and what of it is compared; none where it tells of none.
#[must_use]
pub fn of_statement(statement: &Voucher) -> Option<(Period, Source)> {
    let head = &statement.head;
    let period = Period::of(head.day(Field::FirstDay)?, head.day(Field::LastDay)?)?;
    let source = period.source(statement.key.kind)?;
    (statement.flag == Flag::Original).then_some((period, source))
}
