//! Numbers of vouchers: given once, in order, and never again; what was skipped is on record as voided.
//!
//! Auditors ask about gaps. Here a series of a division, year and kind has none: each number up to the last
//! one was given to a voucher or is listed as voided.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use thiserror::Error;

use crate::ids::FiscalYear;
use crate::limits::VOUCHER_SERIAL_MAX;

use super::key::{DivisionCode, VoucherKey, VoucherNumber};
use super::kind::VoucherKind;

/// What is numbered by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Series {
    /// The division.
    pub division: DivisionCode,
    /// The fiscal year.
    pub year: FiscalYear,
    /// The kind.
    pub kind: VoucherKind,
}

impl Series {
    /// The series of a voucher.
    #[must_use]
    pub const fn of(key: &VoucherKey) -> Series {
        Series { division: key.division, year: key.year, kind: key.kind }
    }

    /// The key of a serial number in it.
    #[must_use]
    pub fn key(self, serial: u32) -> VoucherKey {
        let Series { division, year, kind } = self;
        VoucherKey { division, year, kind, number: VoucherNumber::serial(serial) }
    }
}

/// Why a number is not given, taken or voided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum NumberError {
    /// The series is used up.
    #[error(
        "a series has at most {VOUCHER_SERIAL_MAX} numbers and this one has given them all; number the next \
         vouchers in another kind or year"
    )]
    Exhausted,
    /// It was given before.
    #[error("number {0} was given before; a number is never given twice: take the next one")]
    Given(u32),
    /// It was never given.
    #[error("number {0} was never given; only a given number can be voided")]
    NeverGiven(u32),
    /// It is voided.
    #[error("number {0} is voided already")]
    Voided(u32),
}

/// The numbers of every series. Serials begin with 1.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Numbers {
    series: BTreeMap<Series, Given>,
}

/// The numbers of one series.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Given {
    /// The last number that was given, skipped or voided.
    last: u32,
    /// First and last of each run of voided numbers; runs neither touch nor overlap.
    voided: BTreeMap<u32, u32>,
}

impl Numbers {
    /// Nothing given yet.
    #[must_use]
    pub const fn new() -> Numbers {
        Numbers { series: BTreeMap::new() }
    }

    /// The next number of a series, given now.
    ///
    /// # Errors
    /// When the series is used up.
    pub fn give(&mut self, series: Series) -> Result<u32, NumberError> {
        let given = self.series.entry(series).or_default();
        if given.last >= VOUCHER_SERIAL_MAX {
            return Err(NumberError::Exhausted);
        }
        given.last += 1;
        Ok(given.last)
    }

    /// Numbers to be given by a decision that is still to be applied.
    #[must_use]
    pub const fn giving(&self) -> Giving<'_> {
        Giving { numbers: self, last: BTreeMap::new() }
    }

    /// A number is given that somebody else chose: a paper voucher's, or one that is read again from a
    /// journal. Every number between the last one and it becomes voided.
    ///
    /// # Errors
    /// When it was given, skipped or voided before, or is no number of a series.
    pub fn give_exactly(&mut self, series: Series, serial: u32) -> Result<(), NumberError> {
        if serial > VOUCHER_SERIAL_MAX {
            return Err(NumberError::Exhausted);
        }
        let given = self.series.entry(series).or_default();
        if serial <= given.last {
            return Err(NumberError::Given(serial));
        }
        if serial - given.last > 1 {
            given.void(given.last + 1, serial - 1);
        }
        given.last = serial;
        Ok(())
    }

    /// A given number ends without a voucher that left.
    ///
    /// # Errors
    /// When it was never given, or is voided already.
    pub fn void(&mut self, series: Series, serial: u32) -> Result<(), NumberError> {
        let given = self.series.get_mut(&series);
        let given = given.filter(|given| serial > 0 && serial <= given.last);
        let given = given.ok_or(NumberError::NeverGiven(serial))?;
        if given.is_voided(serial) {
            return Err(NumberError::Voided(serial));
        }
        given.void(serial, serial);
        Ok(())
    }

    /// The last number of a series that was given or skipped; zero: none.
    #[must_use]
    pub fn last(&self, series: Series) -> u32 {
        self.series.get(&series).map_or(0, |given| given.last)
    }

    /// Voided numbers of a series, as runs in order.
    pub fn voided(&self, series: Series) -> impl Iterator<Item = RangeInclusive<u32>> {
        let given = self.series.get(&series).into_iter();
        given.flat_map(|given| given.voided.iter().map(|(&first, &last)| first..=last))
    }

    /// Every series that has given a number.
    pub fn series(&self) -> impl Iterator<Item = Series> {
        self.series.keys().copied()
    }
}

/// Numbers that a decision gives before it is applied, behind those that were given.
#[derive(Clone, Debug)]
pub struct Giving<'a> {
    numbers: &'a Numbers,
    last: BTreeMap<Series, u32>,
}

impl Giving<'_> {
    /// The next number of a series.
    ///
    /// # Errors
    /// When the series is used up.
    pub fn give(&mut self, series: Series) -> Result<u32, NumberError> {
        let last = self.last.entry(series).or_insert_with(|| self.numbers.last(series));
        if *last >= VOUCHER_SERIAL_MAX {
            return Err(NumberError::Exhausted);
        }
        *last += 1;
        Ok(*last)
    }
}

impl Given {
    fn is_voided(&self, serial: u32) -> bool {
        self.voided.range(..=serial).next_back().is_some_and(|(_, &last)| serial <= last)
    }

    /// Voids a run of which nothing is voided yet.
    fn void(&mut self, mut first: u32, mut last: u32) {
        if let Some((&before, &end)) = self.voided.range(..first).next_back() {
            debug_assert!(end < first, "a number is voided once");
            if end + 1 == first {
                self.voided.remove(&before);
                first = before;
            }
        }
        if let Some(end) = self.voided.remove(&(last + 1)) {
            last = end;
        }
        self.voided.insert(first, last);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn series() -> Series {
        Series {
            division: DivisionCode::new("370102000").expect("nine digits"),
            year: FiscalYear::new(2023).expect("a year"),
            kind: VoucherKind::Payment,
        }
    }

    #[test]
    fn series_are_numbered_apart() {
        let mut numbers = Numbers::new();
        let other = Series { kind: VoucherKind::DirectPayment, ..series() };
        assert_eq!(numbers.give(series()), Ok(1));
        assert_eq!(numbers.give(series()), Ok(2));
        assert_eq!(numbers.give(other), Ok(1));
        assert_eq!(numbers.series().count(), 2);
        assert_eq!(series().key(2).to_string(), "370102000-2023-8202-0000000002");
    }

    #[test]
    fn what_a_decision_gives_is_what_is_given_when_it_is_applied() {
        let mut numbers = Numbers::new();
        numbers.give_exactly(series(), 3).expect("far from the bound");
        let mut giving = numbers.giving();
        let given = [giving.give(series()), giving.give(series())];
        assert_eq!(given, [Ok(4), Ok(5)]);
        assert_eq!([numbers.give(series()), numbers.give(series())], given);
        numbers.give_exactly(series(), VOUCHER_SERIAL_MAX).expect("the last one");
        assert_eq!(numbers.giving().give(series()), Err(NumberError::Exhausted));
    }

    #[test]
    fn the_last_number_is_the_last() {
        let mut numbers = Numbers::new();
        assert_eq!(numbers.give_exactly(series(), VOUCHER_SERIAL_MAX), Ok(()));
        assert_eq!(numbers.give(series()), Err(NumberError::Exhausted));
        let beyond = numbers.give_exactly(series(), VOUCHER_SERIAL_MAX + 1);
        assert_eq!(beyond, Err(NumberError::Exhausted));
    }

    proptest! {
        #[test]
        fn every_number_up_to_the_last_was_given_once_or_is_voided(
            acts in proptest::collection::vec((0..3u8, 1..60u32), 0..80),
        ) {
            let mut numbers = Numbers::new();
            let (mut live, mut voided) = (BTreeSet::new(), BTreeSet::new());
            for (act, serial) in acts {
                let last = numbers.last(series());
                match act {
                    0 => {
                        let given = numbers.give(series()).expect("far from the bound");
                        prop_assert!(live.insert(given) && !voided.contains(&given));
                    }
                    1 => match numbers.give_exactly(series(), serial) {
                        Ok(()) => {
                            voided.extend(last + 1..serial);
                            prop_assert!(live.insert(serial) && !voided.contains(&serial));
                        }
                        Err(told) => {
                            prop_assert_eq!(told, NumberError::Given(serial));
                            prop_assert!(live.contains(&serial) || voided.contains(&serial));
                        }
                    },
                    _ => {
                        let done = numbers.void(series(), serial);
                        prop_assert_eq!(done.is_ok(), live.remove(&serial));
                        if done.is_ok() {
                            voided.insert(serial);
                        }
                    }
                }
                let runs: Vec<_> = numbers.voided(series()).collect();
                let told: BTreeSet<u32> = runs.iter().cloned().flatten().collect();
                prop_assert_eq!(&told, &voided);
                prop_assert!(runs.windows(2).all(|pair| pair[0].end() + 1 < *pair[1].start()));
                let last = numbers.last(series());
                prop_assert!((1..=last).all(|n| live.contains(&n) != voided.contains(&n)));
            }
        }
    }
}
