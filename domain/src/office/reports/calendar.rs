//! The year in ten-day periods (旬), and how far it has gone.

use crate::ids::{Day, FiscalYear};

/// Beijing is eight hours ahead of UTC, the year round.
const BEIJING_MS: u64 = 8 * 3_600_000;

const HOUR_MS: u64 = 3_600_000;

const DAY_MS: u64 = 24 * HOUR_MS;

/// A ten-day period of a fiscal year, or what is dated behind its last day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TenDays(u8);

impl TenDays {
    /// The year's first.
    pub const FIRST: TenDays = TenDays(0);

    /// Behind the year's last day: the adjustment period (调整期).
    pub const ADJUSTMENT: TenDays = TenDays(36);

    /// The period a day lies in, for money of a fiscal year. What is dated before the year counts
    /// in its first period.
    #[must_use]
    pub fn of(day: Day, year: FiscalYear) -> TenDays {
        match day.year().cmp(&year.get()) {
            std::cmp::Ordering::Less => TenDays::FIRST,
            std::cmp::Ordering::Greater => TenDays::ADJUSTMENT,
            std::cmp::Ordering::Equal => {
                let date = day.get() % 100;
                TenDays((day.month() - 1) * 3 + ((date - 1) / 10).min(2) as u8)
            }
        }
    }

    /// The period with a number, 0 ..= 36.
    #[must_use]
    pub fn from_number(number: u8) -> Option<TenDays> {
        (number <= TenDays::ADJUSTMENT.0).then_some(TenDays(number))
    }

    /// Its number.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0
    }

    /// Its month; none for the adjustment period.
    #[must_use]
    pub fn month(self) -> Option<u8> {
        (self != TenDays::ADJUSTMENT).then_some(self.0 / 3 + 1)
    }

    /// The first period of a month, 1 ..= 12; 13 is the adjustment period.
    #[must_use]
    pub const fn first_of_month(month: u8) -> TenDays {
        TenDays((month - 1) * 3)
    }

    /// The last period of a month, 1 ..= 12; 13 is the adjustment period.
    #[must_use]
    pub const fn last_of_month(month: u8) -> TenDays {
        if month > 12 { TenDays::ADJUSTMENT } else { TenDays((month - 1) * 3 + 2) }
    }

    /// Its last day in a year; the year's last for the adjustment period.
    #[must_use]
    pub fn last_day(self, year: FiscalYear) -> Day {
        let Some(month) = self.month() else { return day(year, 12, 31) };
        match self.0 % 3 {
            0 => day(year, month, 10),
            1 => day(year, month, 20),
            _ => (28..=31).rev().find_map(|date| made(year, month, date)).unwrap_or_default(),
        }
    }

    /// The name in a year: `2022-02-1` for the first ten days of February, `2022-adjustment`.
    #[must_use]
    pub fn name(self, year: FiscalYear) -> String {
        match self.month() {
            Some(month) => format!("{}-{month:02}-{}", year.get(), self.0 % 3 + 1),
            None => format!("{}-adjustment", year.get()),
        }
    }

    /// The period of a name, or the last of a month such as `2022-02`.
    #[must_use]
    pub fn from_name(name: &str, year: FiscalYear) -> Option<TenDays> {
        let of_year = name.strip_prefix(&format!("{}-", year.get()))?;
        if of_year == "adjustment" {
            return Some(TenDays::ADJUSTMENT);
        }
        let (month, third) = of_year.split_once('-').map_or((of_year, None), |(m, t)| (m, Some(t)));
        let number = |text: &str, digits: usize, max: u8| {
            let number = text.parse().ok().filter(|_| text.len() == digits)?;
            (1..=max).contains(&number).then_some(number)
        };
        let month = number(month, 2, 12)?;
        match third {
            None => Some(TenDays::last_of_month(month)),
            Some(third) => {
                let third = number(third, 1, 3)?;
                TenDays::from_number(TenDays::first_of_month(month).number() + third - 1)
            }
        }
    }

    /// What officials call it.
    #[must_use]
    pub fn chinese(self) -> String {
        let third = ["上旬", "中旬", "下旬"][usize::from(self.0 % 3)];
        self.month().map_or_else(|| "调整期".to_owned(), |month| format!("{month}月{third}"))
    }
}

fn made(year: FiscalYear, month: u8, date: u32) -> Option<Day> {
    Day::new(u32::from(year.get()) * 10_000 + u32::from(month) * 100 + date)
}

fn day(year: FiscalYear, month: u8, date: u32) -> Day {
    made(year, month, date).unwrap_or_default()
}

const BEFORE_MONTH: [u32; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];

fn is_leap(year: u16) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

/// How much of a year has gone by the end of a day, in hundredths of a percent (时间进度).
#[must_use]
pub fn time_progress_bp(day: Day, year: FiscalYear) -> i64 {
    match day.year().cmp(&year.get()) {
        std::cmp::Ordering::Less => 0,
        std::cmp::Ordering::Greater => 10_000,
        std::cmp::Ordering::Equal => {
            let leap = is_leap(day.year());
            let after_february = u32::from(leap && day.month() > 2);
            let before = BEFORE_MONTH[usize::from(day.month()) - 1] + after_february;
            let gone = i64::from(before + day.get() % 100);
            (gone * 10_000 * 2 + days(leap)) / (2 * days(leap))
        }
    }
}

const fn days(leap: bool) -> i64 {
    365 + leap as i64
}

/// The day in Beijing of a time in ms since 1970.
#[must_use]
pub fn day_of(time_ms: u64) -> Day {
    let mut left = (time_ms.saturating_add(BEIJING_MS) / DAY_MS) as i64;
    let mut year = 1970;
    while left >= days(is_leap(year)) && year < 2999 {
        left -= days(is_leap(year));
        year += 1;
    }
    let leap_day = |month: usize| u32::from(is_leap(year) && month > 1);
    let before = |month: usize| BEFORE_MONTH[month] + leap_day(month);
    let left = left as u32;
    let month = (0..12).rev().find(|&month| before(month) <= left).unwrap_or(0);
    let number = u32::from(year) * 10_000 + (month as u32 + 1) * 100 + left - before(month) + 1;
    Day::new(number).unwrap_or_default()
}

/// Hours since 1970.
#[must_use]
pub const fn hour_of(time_ms: u64) -> u64 {
    time_ms / HOUR_MS
}

#[cfg(test)]
mod tests {
    use super::*;

    const YEAR: FiscalYear = FiscalYear::from_offset(22);

    fn on(number: u32) -> Day {
        Day::new(number).unwrap()
    }

    #[test]
    fn each_day_lies_in_one_period_whose_last_day_is_not_before_it() {
        for number in 20_220_101..=20_221_231 {
            let Some(day) = Day::new(number) else { continue };
            let period = TenDays::of(day, YEAR);
            assert!(period.last_day(YEAR) >= day && period.month() == Some(day.month()));
            let before = period.number().checked_sub(1).and_then(TenDays::from_number);
            assert!(before.is_none_or(|before| before.last_day(YEAR) < day), "{number}");
        }
        assert_eq!(TenDays::of(on(20_230_105), YEAR), TenDays::ADJUSTMENT);
        assert_eq!(TenDays::of(on(20_211_231), YEAR), TenDays::FIRST);
        let february = TenDays::last_of_month(2);
        assert_eq!(
            (february.name(YEAR), february.chinese()),
            ("2022-02-3".into(), "2月下旬".into())
        );
        assert_eq!(february.last_day(YEAR), on(20_220_228));
    }

    #[test]
    fn a_name_is_read_as_it_is_written() {
        for number in 0..=36 {
            let known = TenDays::from_number(number).unwrap();
            assert_eq!(TenDays::from_name(&known.name(YEAR), YEAR), Some(known));
        }
        assert_eq!(TenDays::from_name("2022-02", YEAR), Some(TenDays::last_of_month(2)));
        for wrong in ["", "2022", "2023-02", "2022-2", "2022-13", "2022-02-4", "2022-02-", "02"] {
            assert_eq!(TenDays::from_name(wrong, YEAR), None, "{wrong}");
        }
    }

    #[test]
    fn the_year_goes_by_in_days() {
        assert_eq!(time_progress_bp(on(20_220_630), YEAR), 4959);
        assert_eq!(time_progress_bp(on(20_221_231), YEAR), 10_000);
        assert_eq!(time_progress_bp(on(20_211_231), YEAR), 0);
        let leap = FiscalYear::new(2024).unwrap();
        assert_eq!(time_progress_bp(on(20_240_301), leap), 61 * 10_000 / 366 + 1);
    }

    #[test]
    fn a_time_is_a_day_in_beijing() {
        for (time_ms, day) in [
            (0, 19_700_101),
            (951_753_600_000 - 1, 20_000_228),
            (951_753_600_000, 20_000_229),
            (1_646_323_200_000, 20_220_304),
            (1_672_502_399_999, 20_221_231),
            (1_672_502_400_000, 20_230_101),
        ] {
            assert_eq!(day_of(time_ms), on(day), "{time_ms}");
        }
    }
}
