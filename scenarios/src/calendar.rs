//! The working days of January and February 2022, how busy each is, and the hours of a day.

use domain::money::FenSum;

/// A working day and its weights in payments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WorkingDay {
    /// YYYYMMDD.
    pub(crate) day: u32,
    /// Its share of payments that follow the general course; a plain day has 10.
    general: u64,
    /// Its share of payroll; a day on which no salaries are paid has 2.
    payroll: u64,
}

const fn day(day: u32, general: u64, payroll: u64) -> WorkingDay {
    WorkingDay { day, general, payroll }
}

/// The 37 working days: 21 in January with the make-up days of the 29th and 30th (New Year's Day
/// was kept on the 3rd, Spring Festival from its eve on 31 January to 6 February), 16 in February.
/// The first week is slow; before the festival comes the rush, at three times a plain day.
/// Salaries are paid on the 10th and 11th of January; February's early, from the 26th to the 28th
/// of January, and where they were not, on the 9th and 10th of February.
pub(crate) const DAYS: [WorkingDay; 37] = [
    day(20_220_104, 3, 2),
    day(20_220_105, 5, 2),
    day(20_220_106, 7, 2),
    day(20_220_107, 8, 2),
    day(20_220_110, 11, 120),
    day(20_220_111, 11, 70),
    day(20_220_112, 10, 2),
    day(20_220_113, 10, 2),
    day(20_220_114, 10, 2),
    day(20_220_117, 11, 2),
    day(20_220_118, 11, 2),
    day(20_220_119, 12, 2),
    day(20_220_120, 14, 2),
    day(20_220_121, 15, 2),
    day(20_220_124, 20, 2),
    day(20_220_125, 24, 2),
    day(20_220_126, 28, 60),
    day(20_220_127, 30, 80),
    day(20_220_128, 30, 40),
    day(20_220_129, 18, 2),
    day(20_220_130, 12, 2),
    day(20_220_207, 5, 2),
    day(20_220_208, 8, 2),
    day(20_220_209, 10, 30),
    day(20_220_210, 11, 60),
    day(20_220_211, 10, 2),
    day(20_220_214, 9, 2),
    day(20_220_215, 9, 2),
    day(20_220_216, 8, 2),
    day(20_220_217, 8, 2),
    day(20_220_218, 8, 2),
    day(20_220_221, 8, 2),
    day(20_220_222, 8, 2),
    day(20_220_223, 8, 2),
    day(20_220_224, 9, 2),
    day(20_220_225, 10, 2),
    day(20_220_228, 12, 2),
];

/// What there is to say about a working day, if anything.
#[must_use]
pub fn remark(day: u32) -> &'static str {
    match day {
        20_220_110 | 20_220_111 | 20_220_209 | 20_220_210 => "salaries 工资",
        20_220_126..=20_220_128 => "salaries of February, before the festival 工资提前发放",
        20_220_129 | 20_220_130 => "made up for the festival 补班",
        20_220_207 => "after the Spring Festival, 31 January to 6 February 春节",
        _ => "",
    }
}

/// Working days in January.
pub(crate) const JANUARY: usize = 21;

/// The people's congresses have met by this day, YYYYMMDD.
const CONGRESS: u32 = 20_220_201;

/// Which weights a payment's day follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Course {
    /// The general course.
    General,
    /// Salary days.
    Payroll,
    /// The general course after the congress: nothing in January.
    AfterCongress,
}

impl Course {
    /// The weight of a day.
    const fn of(self, day: &WorkingDay) -> u64 {
        match self {
            Course::General => day.general,
            Course::Payroll => day.payroll,
            Course::AfterCongress if day.day < CONGRESS => 0,
            Course::AfterCongress => day.general,
        }
    }

    /// The weight of all days before one: `DAYS.len()` gives the weight of all.
    const fn before(self, day: usize) -> u64 {
        let (mut sum, mut at) = (0, 0);
        while at < day {
            sum += self.of(&DAYS[at]);
            at += 1;
        }
        sum
    }
}

/// Weights of all days before each, by course; the last is the sum.
const BEFORE: [[u64; DAYS.len() + 1]; 3] = {
    let mut sums = [[0; DAYS.len() + 1]; 3];
    let mut day = 0;
    while day <= DAYS.len() {
        sums[0][day] = Course::General.before(day);
        sums[1][day] = Course::Payroll.before(day);
        sums[2][day] = Course::AfterCongress.before(day);
        day += 1;
    }
    sums
};

/// How many of a quota's `payments` come before a day; `phase` spreads the quotas.
pub(crate) fn before(course: Course, day: usize, payments: u32, phase: u64) -> u32 {
    let sums = &BEFORE[course as usize];
    let all = sums[DAYS.len()];
    // Fits: fewer than 2^32 payments, weights and the remainder below 2^16.
    ((u64::from(payments) * sums[day] + phase % all) / all) as u32
}

/// About how many of so many payments come on each day.
pub(crate) fn payments_by_day(general: u64, payroll: u64) -> [u64; DAYS.len()] {
    let share = |course: Course, day: usize, payments: u64| {
        let sums = &BEFORE[course as usize];
        payments * (sums[day + 1] - sums[day]) / sums[DAYS.len()]
    };
    std::array::from_fn(|day| {
        share(Course::General, day, general) + share(Course::Payroll, day, payroll)
    })
}

/// How the run is cut: into days, and each day into parts of a bounded number of payments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Parts {
    by_day: [u32; DAYS.len()],
}

impl Parts {
    /// Parts of about `size` payments each, of days with these many payments; at least one a day.
    pub(crate) fn new(payments_by_day: &[u64; DAYS.len()], size: u64) -> Parts {
        Parts { by_day: payments_by_day.map(|payments| payments.div_ceil(size).max(1) as u32) }
    }

    /// The parts of a day.
    pub(crate) fn of(&self, day: usize) -> u32 {
        self.by_day[day]
    }

    /// The parts of all days before one.
    pub(crate) fn before(&self, day: usize) -> u64 {
        self.by_day[..day].iter().map(|&parts| u64::from(parts)).sum()
    }

    /// All parts.
    pub(crate) fn count(&self) -> u64 {
        self.before(DAYS.len())
    }
}

/// When a wave goes: a stretch of one working day, within bank hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct When {
    /// The day, YYYYMMDD.
    pub day: u32,
    /// Where the stretch starts, in seconds after midnight in Beijing.
    pub from_s: u32,
    /// Where it ends.
    pub until_s: u32,
}

const HOUR: u32 = 3600;
/// Banks open.
pub const OPENS_S: u32 = 9 * HOUR;
/// No more requests are taken; what was paid is cleared.
pub const CLEARS_S: u32 = 16 * HOUR;
/// Banks close.
pub const CLOSES_S: u32 = 17 * HOUR;

/// Requests of a day by the hour from nine, in thousandths: most come before eleven.
const REQUESTS: [u32; 7] = [240, 260, 140, 60, 90, 120, 90];

/// The second of the day by which `done` of `all` equal shares of its requests have come.
fn requested_by(done: u32, all: u32) -> u32 {
    let mut due = u64::from(done) * 1000;
    let all = u64::from(all.max(1));
    let mut second = OPENS_S;
    for share in REQUESTS {
        let hour = u64::from(share) * all;
        if due < hour {
            return second + (due * u64::from(HOUR) / hour) as u32;
        }
        due -= hour;
        second += HOUR;
    }
    second
}

/// The stretch of a day's part, cut into `steps` of which the second, the requests, has half:
/// `step` is from 0.
pub(crate) fn part_step(day: usize, part: u32, parts: u32, step: usize, steps: usize) -> When {
    let (from, until) = (requested_by(part, parts), requested_by(part + 1, parts));
    // Weights of one for each step, but as many for the second as all others have together.
    let weight = |steps_before: usize| {
        let requests = if steps_before > 1 { steps - 1 } else { 0 };
        (steps_before - usize::from(steps_before > 1) + requests) as u32
    };
    let at = |steps_before: usize| from + (until - from) * weight(steps_before) / weight(steps);
    When { day: DAYS[day].day, from_s: at(step), until_s: at(step + 1) }
}

/// The stretch of a step after the day's last request, from `done` to `until` of `all` payments.
pub(crate) fn clearing_step(day: usize, step: usize, steps: usize, share: [u64; 3]) -> When {
    let [done, until, all] = share;
    let hour = u64::from(CLOSES_S - CLEARS_S);
    let at = |done: u64| {
        let steps_done = step as u64 * all.max(1) + done;
        CLEARS_S + (hour * steps_done / (steps as u64 * all.max(1))) as u32
    };
    When { day: DAYS[day].day, from_s: at(done), until_s: at(until) }
}

/// What a working day has of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DayTotal {
    /// The day, YYYYMMDD.
    pub day: u32,
    /// Payments of that day that reach Paid.
    pub payments: u64,
    /// Those among them that are payroll.
    pub payroll: u64,
    /// Their executed amounts, in fen.
    pub amount_fen: FenSum,
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
        for made_up in [20_220_129, 20_220_130] {
            assert!(DAYS.iter().any(|day| day.day == made_up));
        }
    }

    #[test]
    fn days_take_each_payment_once_and_by_their_weight() {
        for course in [Course::General, Course::Payroll, Course::AfterCongress] {
            for (payments, phase) in [(1, 3), (8, 14), (5_000, 1), (0, 0), (5_000, u64::MAX)] {
                assert_eq!(before(course, 0, payments, phase), 0);
                assert_eq!(before(course, DAYS.len(), payments, phase), payments);
                let rises = (0..DAYS.len()).all(|day| {
                    before(course, day, payments, phase) <= before(course, day + 1, payments, phase)
                });
                assert!(rises);
            }
        }
        assert_eq!(before(Course::AfterCongress, JANUARY, 5_000, u64::MAX), 0);
        let on = |course, day| before(course, day + 1, 5_000, 0) - before(course, day, 5_000, 0);
        // 10 January, a salary day, against the day after next.
        assert!(on(Course::Payroll, 4) > 20 * on(Course::Payroll, 6));
        // 27 January, four days before the festival's eve, against 12 January, a plain day.
        assert!(on(Course::General, 17).abs_diff(3 * on(Course::General, 6)) < 10);
    }

    #[test]
    fn parts_are_bounded_and_never_none() {
        let mut payments = [0; DAYS.len()];
        (payments[3], payments[4]) = (100, 101);
        let parts = Parts::new(&payments, 100);
        assert_eq!((parts.of(0), parts.of(3), parts.of(4)), (1, 1, 2));
        assert_eq!((parts.before(4), parts.count()), (4, DAYS.len() as u64 + 1));
    }

    #[test]
    fn a_day_keeps_bank_hours_and_its_order() {
        for parts in [1, 2, 7, 500] {
            let mut last = OPENS_S;
            for part in 0..parts {
                for step in 0..15 {
                    let when = part_step(0, part, parts, step, 15);
                    assert!(last <= when.from_s && when.from_s <= when.until_s);
                    last = when.until_s;
                }
            }
            assert_eq!(last, CLEARS_S);
            for step in 0..5 {
                for done in 0..3 {
                    let when = clearing_step(0, step, 5, [done, done + 1, 3]);
                    assert!(last <= when.from_s && when.from_s <= when.until_s);
                    last = when.until_s;
                }
            }
            assert_eq!(last, CLOSES_S);
        }
        // Half of all requests have come by eleven.
        assert_eq!(requested_by(1, 2), 11 * HOUR);
    }
}
