//! Ages, positions and moments as people type them.

use domain::ids::Day;
use protocol::Position;
use protocol::directory::{AsOf, Asked};
use protocol::limits::DIRECTORY_WAIT_MS_MAX;
use serde_json::{Value, json};

use super::show;

/// Beijing is eight hours ahead of UTC, the year round.
const BEIJING_MS: u64 = 8 * 3_600_000;

const DAY_MS: u64 = 24 * 3_600_000;

/// An age: a whole number of weeks, days, hours, minutes or seconds.
pub(super) fn age_ms(text: &str) -> Result<u64, String> {
    let wrong = || format!("{text:?} is no age; write a number with w, d, h, m or s, like 1d");
    let unit = text.chars().next_back().ok_or_else(wrong)?;
    let unit_ms = match unit {
        'w' => 7 * DAY_MS,
        'd' => DAY_MS,
        'h' => 3_600_000,
        'm' => 60_000,
        's' => 1_000,
        _ => return Err(wrong()),
    };
    let number: u64 = text[..text.len() - 1].parse().map_err(|_| wrong())?;
    number.checked_mul(unit_ms).filter(|ms| *ms > 0).ok_or_else(wrong)
}

/// A position, as epoch/sequence.
pub(super) fn position(text: &str) -> Result<Position, String> {
    let wrong = || format!("{text:?} is no position; write epoch/sequence, like 3/900");
    let (epoch, sequence) = text.split_once('/').ok_or_else(wrong)?;
    let epoch = epoch.parse().map_err(|_| wrong())?;
    let sequence = sequence.parse().ok().filter(|&sequence| sequence > 0).ok_or_else(wrong)?;
    Ok(Position { epoch, sequence })
}

/// A position or a time: everything up to it.
pub(super) fn as_of(text: &str) -> Result<AsOf, String> {
    if text.contains('/') {
        return position(text).map(AsOf::Position);
    }
    let wrong = || {
        format!(
            "{text:?} is no moment; write a position like 3/900, a day like 2022-03-04 (to its \
             end) or a Beijing time like 2022-03-04T16:30"
        )
    };
    let text = text.strip_suffix("+08:00").unwrap_or(text);
    let (day, time) = text.split_once('T').map_or((text, None), |(day, time)| (day, Some(time)));
    let begin_ms = day_begin_ms(day).ok_or_else(wrong)?;
    match time {
        None => Ok(AsOf::TimeMs(begin_ms + DAY_MS - 1)),
        Some(time) => Ok(AsOf::TimeMs(begin_ms + time_of_day_ms(time).ok_or_else(wrong)?)),
    }
}

/// When a day begins in Beijing, in ms since 1970.
fn day_begin_ms(text: &str) -> Option<u64> {
    let parts: Vec<&str> = text.split('-').collect();
    let [year, month, date] = parts.as_slice() else { return None };
    if (year.len(), month.len(), date.len()) != (4, 2, 2) {
        return None;
    }
    let day = Day::new(parts.concat().parse().ok()?).filter(|day| day.year() >= 1971)?;
    let days = days_since_1970(day.year().into(), day.month().into(), date.parse().ok()?);
    Some(days * DAY_MS - BEIJING_MS)
}

/// Counts in years that begin in March, whose months have lengths that follow one rule.
fn days_since_1970(year: u64, month: u64, date: u64) -> u64 {
    let shifted_year = if month <= 2 { year - 1 } else { year };
    let shifted_month = (month + 9) % 12;
    let of_year = (153 * shifted_month + 2) / 5 + date - 1;
    let leap_days = shifted_year / 4 - shifted_year / 100 + shifted_year / 400;
    shifted_year * 365 + leap_days + of_year - 719_468
}

/// Hours and minutes, and if wanted seconds and ms.
fn time_of_day_ms(text: &str) -> Option<u64> {
    let (clock, ms) = match text.split_once('.') {
        Some((clock, ms)) if ms.len() == 3 => (clock, ms.parse().ok()?),
        Some(_) => return None,
        None => (text, 0),
    };
    let parts: Vec<&str> = clock.split(':').collect();
    let number = |at: usize, bound: u64| -> Option<u64> {
        let part = parts.get(at).copied().unwrap_or("00");
        let digits = part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
        part.parse().ok().filter(|number| digits && *number < bound)
    };
    if !(2..=3).contains(&parts.len()) {
        return None;
    }
    let (hours, minutes, seconds) = (number(0, 24)?, number(1, 60)?, number(2, 60)?);
    Some(((hours * 60 + minutes) * 60 + seconds) * 1000 + ms)
}

/// What a question says that waits for a position, if one was given, as long as it may.
pub(super) fn asked(as_of: Option<AsOf>, wait_for: Option<Position>) -> Asked {
    Asked {
        wait_for: wait_for.unwrap_or_default(),
        // The directory is being built after a start: a person waits rather than asks again.
        wait_ms: DIRECTORY_WAIT_MS_MAX,
        as_of: as_of.unwrap_or_default(),
        ..Asked::default()
    }
}

/// A state as JSON, with the moment it is of.
pub(super) fn json_as_of(mut state: Value, at: Position, time_ms: u64) -> Value {
    state["as_of"] = json!({
        "position": { "epoch": at.epoch, "sequence": at.sequence },
        "time_ms": time_ms,
        "time": show::time(time_ms),
    });
    state
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_have_a_unit() {
        assert_eq!(age_ms("1d"), Ok(86_400_000));
        assert_eq!(age_ms("2w"), Ok(14 * 86_400_000));
        assert_eq!((age_ms("90m"), age_ms("5s")), (Ok(5_400_000), Ok(5_000)));
        for wrong in ["", "d", "1", "0d", "-1d", "1.5h", "1y", "9999999999999999999w", "一天"] {
            assert!(age_ms(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn moments_are_read_as_they_are_printed() {
        for time_ms in [951_782_399_999, 1_645_977_600_007, 1_672_502_400_000] {
            let printed = show::time(time_ms);
            assert_eq!(as_of(&printed), Ok(AsOf::TimeMs(time_ms)), "{printed}");
        }
        let midnight = 1_646_323_200_000;
        assert_eq!(as_of("2022-03-04T00:00"), Ok(AsOf::TimeMs(midnight)));
        assert_eq!(as_of("2022-03-04"), Ok(AsOf::TimeMs(midnight + DAY_MS - 1)));
        let position = Position { epoch: 3, sequence: 900 };
        assert_eq!(as_of("3/900"), Ok(AsOf::Position(position)));
        for wrong in [
            "",
            "3",
            "3/0",
            "/",
            "2022-02-30",
            "2022-3-4",
            "2022-03-04T24:00",
            "2022-03-04T12",
            "2022-03-04T12:00:00.5",
            "1969-01-01",
            "2022-03-04T1:00",
            "yesterday",
        ] {
            assert!(as_of(wrong).is_err(), "{wrong}");
        }
    }
}
