//! The working days of January and February 2022 and how busy each is.

/// A working day and its weight in payments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WorkingDay {
    /// YYYYMMDD.
    pub(crate) day: u32,
    /// Its share of payments; a plain day has 10.
    weight: u64,
}

const fn day(day: u32, weight: u64) -> WorkingDay {
    WorkingDay { day, weight }
}

/// The 37 working days: 21 in January with the make-up days of the 29th and 30th (New Year's Day
/// was kept on the 3rd, Spring Festival from 31 January to 6 February), 16 in February. The first
/// week is slow, salaries are paid around the 10th and early before the festival, and the days
/// before it are the busiest.
pub(crate) const DAYS: [WorkingDay; 37] = [
    day(20_220_104, 3),
    day(20_220_105, 5),
    day(20_220_106, 7),
    day(20_220_107, 8),
    day(20_220_110, 15),
    day(20_220_111, 12),
    day(20_220_112, 10),
    day(20_220_113, 10),
    day(20_220_114, 10),
    day(20_220_117, 11),
    day(20_220_118, 11),
    day(20_220_119, 12),
    day(20_220_120, 14),
    day(20_220_121, 15),
    day(20_220_124, 20),
    day(20_220_125, 24),
    day(20_220_126, 28),
    day(20_220_127, 30),
    day(20_220_128, 30),
    day(20_220_129, 18),
    day(20_220_130, 12),
    day(20_220_207, 5),
    day(20_220_208, 8),
    day(20_220_209, 12),
    day(20_220_210, 14),
    day(20_220_211, 11),
    day(20_220_214, 9),
    day(20_220_215, 9),
    day(20_220_216, 8),
    day(20_220_217, 8),
    day(20_220_218, 8),
    day(20_220_221, 8),
    day(20_220_222, 8),
    day(20_220_223, 8),
    day(20_220_224, 9),
    day(20_220_225, 10),
    day(20_220_228, 12),
];

/// Working days in January.
const JANUARY: usize = 21;

fn weight(days: &[WorkingDay]) -> u64 {
    days.iter().map(|day| day.weight).sum()
}

/// How the run is cut into windows: each lies within one month.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Windows {
    /// Windows in January.
    pub(crate) january: u64,
    /// All windows.
    pub(crate) count: u64,
}

impl Windows {
    /// Windows of about `size` payments each.
    pub(crate) fn new(payments: u64, size: u64) -> Windows {
        let count = payments.div_ceil(size.max(1)).max(2);
        let share = weight(&DAYS[..JANUARY]);
        let january = (count * share / weight(&DAYS)).clamp(1, count - 1);
        Windows { january, count }
    }

    /// The business day of place `place` among `places` in a window: later places, later days.
    pub(crate) fn day(self, window: u64, place: u64, places: u64) -> u32 {
        let (days, window, windows) = if window < self.january {
            (&DAYS[..JANUARY], window, self.january)
        } else {
            (&DAYS[JANUARY..], window - self.january, self.count - self.january)
        };
        let total = u128::from(weight(days));
        let at = (u128::from(window) * u128::from(places) + u128::from(place)) * total
            / (u128::from(windows) * u128::from(places.max(1)));
        let mut rest = at as u64;
        for day in days {
            if rest < day.weight {
                return day.day;
            }
            rest -= day.weight;
        }
        days[days.len() - 1].day
    }

    /// How many of a quota's `payments` come before a window; `phase` spreads the quotas.
    pub(crate) fn before(self, window: u64, payments: u64, phase: u64) -> u64 {
        (payments * window + phase % self.count) / self.count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_37_working_days_in_order() {
        assert!(DAYS.windows(2).all(|pair| pair[0].day < pair[1].day));
        assert!(DAYS[..JANUARY].iter().all(|day| day.day / 100 == 202_201));
        assert!(DAYS[JANUARY..].iter().all(|day| day.day / 100 == 202_202));
        for holiday in [20_220_103, 20_220_131, 20_220_204, 20_220_122, 20_220_226] {
            assert!(DAYS.iter().all(|day| day.day != holiday));
        }
    }

    #[test]
    fn days_rise_with_window_and_place() {
        let windows = Windows::new(1000, 100);
        let mut last = 0;
        for window in 0..windows.count {
            for place in 0..100 {
                let day = windows.day(window, place, 100);
                assert!(day >= last && (day < 20_220_201) == (window < windows.january));
                last = day;
            }
        }
        assert_eq!((windows.day(0, 0, 100), last), (20_220_104, 20_220_228));
    }

    #[test]
    fn windows_take_each_payment_once() {
        let windows = Windows::new(10_000, 700);
        for (payments, phase) in [(1, 3), (8, 14), (5_000, 1), (0, 0)] {
            assert_eq!(windows.before(0, payments, phase), 0);
            assert_eq!(windows.before(windows.count, payments, phase), payments);
        }
    }
}
