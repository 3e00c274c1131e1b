//! How times, positions, amounts and progress look in every command's output.

use std::io::IsTerminal;

use domain::Fen;
use domain::ids::Day;
use domain::money::{FenSum, yuan_grouped};
use indicatif::{ProgressBar, ProgressStyle};
use storage::position::Position;

/// Beijing is eight hours ahead of UTC, the year round.
const BEIJING_MS: u64 = 8 * 3600 * 1000;

const DAY_MS: u64 = 24 * 3600 * 1000;

/// A position as the server and its clients write it: epoch/sequence.
pub(super) fn position(position: Position) -> String {
    format!("{}/{}", position.epoch, position.sequence)
}

/// A journaled time in Beijing, to the millisecond.
pub(super) fn time(time_ms: u64) -> String {
    let there = time_ms.saturating_add(BEIJING_MS);
    let (year, month, day) = civil(there / DAY_MS);
    let within = there % DAY_MS;
    let (hour, minute) = (within / 3_600_000, within / 60_000 % 60);
    let (second, ms) = (within / 1000 % 60, within % 1000);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{ms:03}+08:00")
}

/// The calendar day that many days after 1970-01-01. Counts in years that begin in March, whose
/// months have lengths that follow one rule.
fn civil(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468;
    let (era, of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (year_of_era + era * 400 + u64::from(month <= 2), month, day)
}

/// A business day as people write it.
pub(super) fn day(day: Day) -> String {
    let number = day.get();
    format!("{:04}-{:02}-{:02}", number / 10_000, number / 100 % 100, number % 100)
}

/// A name over so many columns of a terminal: Chinese characters are two wide.
pub(super) fn padded(name: &str, columns: usize) -> String {
    let wide = name.chars().filter(|letter| !letter.is_ascii()).count();
    format!("{name:<width$}", width = columns.saturating_sub(wide))
}

/// An amount for people.
pub(super) fn yuan(fen: Fen) -> String {
    yuan_grouped(FenSum::from(fen.get()))
}

/// Bytes for people: whole numbers of the largest unit that leaves at least one.
pub(super) fn bytes(count: u64) -> String {
    let units = [(1 << 40, "TiB"), (1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    match units.into_iter().find(|&(size, _)| count >= size) {
        Some((size, unit)) => format!("{:.1} {unit}", count as f64 / size as f64),
        None => format!("{count} bytes"),
    }
}

/// A bar over records on standard error, where that is a terminal.
pub(super) fn bar() -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:40} {percent:>3} %  {elapsed}  {msg}");
    ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

/// Shows how far a verification or a fold has come.
pub(super) fn advance(bar: &ProgressBar, done: u64, total: u64) {
    if total == 0 {
        bar.set_message("reading the chain");
        bar.tick();
        return;
    }
    bar.set_message("folding records");
    bar.set_length(total);
    bar.set_position(done);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_beijing_times() {
        assert_eq!(time(0), "1970-01-01T08:00:00.000+08:00");
        assert_eq!(time(951_782_399_999), "2000-02-29T07:59:59.999+08:00");
        assert_eq!(time(1_645_977_600_007), "2022-02-28T00:00:00.007+08:00");
        assert_eq!(time(1_672_502_400_000), "2023-01-01T00:00:00.000+08:00");
    }

    #[test]
    fn bytes_have_a_unit() {
        assert_eq!(bytes(12), "12 bytes");
        assert_eq!(bytes(4 << 20), "4.0 MiB");
        assert_eq!(bytes(1536), "1.5 KiB");
    }
}
