//! Which days are worked: as the calendar on file (工作日历) says, and else as the weekday says.
//!
//! What comes after a bank's cut-off goes out on the next day that is worked (R-CUTOFF).

use std::collections::BTreeMap;

use super::Office;
use super::rules::windows::day_number;
use super::tables::register::Calendar;
use crate::ids::Day;

/// The days that calendars on file tell of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WorkingDays {
    told: BTreeMap<Day, bool>,
}

impl WorkingDays {
    /// Takes what a division and year has on file over what was there.
    pub fn take(&mut self, office: &Office) {
        self.told.extend(office.all::<Calendar>().map(|row| (row.day, row.working)));
    }

    /// Whether a day is worked. Of a day that no calendar tells of, Saturday and Sunday are not.
    #[must_use]
    pub fn is_worked(&self, day: Day) -> bool {
        self.told.get(&day).copied().unwrap_or_else(|| !is_weekend(day))
    }
}

fn is_weekend(day: Day) -> bool {
    // 2022-03-05, a Saturday, has number 738,525, which leaves 4.
    matches!(day_number(day) % 7, 4 | 5)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(number: u32) -> Day {
        Day::new(number).expect("a day")
    }

    #[test]
    fn without_a_calendar_the_weekday_says_it() {
        let days = WorkingDays::default();
        // 2022-03-04 was a Friday; 2024-02-29 a Thursday.
        let worked = |first: u32| (first..first + 7).map(|one| days.is_worked(day(one)));
        assert_eq!(
            worked(20_220_304).collect::<Vec<_>>(),
            [true, false, false, true, true, true, true]
        );
        assert!(days.is_worked(day(20_240_229)) && days.is_worked(day(20_240_301)));
        assert!(!days.is_worked(day(20_240_302)) && !days.is_worked(day(20_240_303)));
        assert!(days.is_worked(day(20_240_304)));
    }

    #[test]
    fn what_is_on_file_goes_before_the_weekday() {
        let mut days = WorkingDays::default();
        days.told.extend([(day(20_220_305), true), (day(20_220_307), false)]);
        assert!(days.is_worked(day(20_220_305)) && !days.is_worked(day(20_220_306)));
        assert!(!days.is_worked(day(20_220_307)) && days.is_worked(day(20_220_308)));
    }
}
