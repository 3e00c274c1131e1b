//! Money: an integer count of fen, and yuan text at the edges only.

use rust_decimal::Decimal;
use thiserror::Error;

use crate::limits::AMOUNT_FEN_MAX;

/// An amount in fen (1 yuan = 100 fen). Between ±[`AMOUNT_FEN_MAX`] wherever it crossed an edge.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fen(i64);

/// Why a text is not an amount.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum MoneyError {
    /// Not digits with exactly two decimals.
    #[error("amount {0:?} is not yuan with exactly two decimals; write it like 1234.50")]
    Form(String),
    /// Beyond ±(2⁵³ − 1) fen.
    #[error("amount {0:?} is beyond ±90071992547409.91 yuan")]
    Bounds(String),
}

impl Fen {
    /// No money.
    pub const ZERO: Fen = Fen(0);

    /// An amount from a count of fen. The count is not checked; see [`Fen::in_bounds`].
    #[must_use]
    pub const fn new(fen: i64) -> Self {
        Fen(fen)
    }

    /// The count of fen.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }

    /// True for 1 ..= [`AMOUNT_FEN_MAX`]: what an order may ask to move.
    #[must_use]
    pub const fn is_payable(self) -> bool {
        self.0 > 0 && self.0 <= AMOUNT_FEN_MAX
    }

    /// True for −[`AMOUNT_FEN_MAX`] ..= [`AMOUNT_FEN_MAX`].
    #[must_use]
    pub const fn in_bounds(self) -> bool {
        self.0 >= -AMOUNT_FEN_MAX && self.0 <= AMOUNT_FEN_MAX
    }

    /// Sum, or `None` when it leaves the bounds. Never wraps, never clamps.
    #[must_use]
    pub fn checked_add(self, other: Fen) -> Option<Fen> {
        self.0.checked_add(other.0).map(Fen).filter(|sum| sum.in_bounds())
    }

    /// Difference, or `None` when it leaves the bounds.
    #[must_use]
    pub fn checked_sub(self, other: Fen) -> Option<Fen> {
        self.0.checked_sub(other.0).map(Fen).filter(|difference| difference.in_bounds())
    }

    /// Reads yuan with exactly two decimals, such as `1234.50` or `-0.01`.
    ///
    /// # Errors
    /// [`MoneyError::Form`] for anything else (no separators, no exponent, no spaces, no plus
    /// sign), [`MoneyError::Bounds`] for an amount beyond the bounds.
    pub fn from_yuan(text: &str) -> Result<Fen, MoneyError> {
        let form = || MoneyError::Form(text.chars().take(40).collect());
        let digits = text.strip_prefix('-').unwrap_or(text);
        let (whole, cents) = digits.split_once('.').ok_or_else(form)?;
        let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        let padded = whole.len() > 1 && whole.starts_with('0');
        if whole.is_empty()
            || padded
            || cents.len() != 2
            || !all_digits(whole)
            || !all_digits(cents)
        {
            return Err(form());
        }
        let bounds = || MoneyError::Bounds(text.chars().take(40).collect());
        if whole.len() > 15 {
            return Err(bounds());
        }
        let yuan = Decimal::from_str_exact(text).map_err(|_| form())?;
        let fen = yuan.checked_mul(Decimal::ONE_HUNDRED).ok_or_else(bounds)?;
        let fen = i64::try_from(fen.trunc()).map_err(|_| bounds())?;
        Some(Fen(fen)).filter(|fen| fen.in_bounds()).ok_or_else(bounds)
    }

    /// The amount as yuan with exactly two decimals and no separators: the form
    /// [`Fen::from_yuan`] reads.
    #[must_use]
    pub fn to_yuan(self) -> String {
        Decimal::new(self.0, 2).to_string()
    }
}

impl std::fmt::Display for Fen {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.to_yuan())
    }
}

/// A sum of many amounts in fen, wide enough for every payment of every year.
pub type FenSum = i128;

/// A sum as yuan with exactly two decimals and no separators, as [`Fen::to_yuan`].
#[must_use]
pub fn yuan_plain(sum_fen: FenSum) -> String {
    let sign = if sum_fen < 0 { "-" } else { "" };
    let magnitude = sum_fen.unsigned_abs();
    format!("{sign}{}.{:02}", magnitude / 100, magnitude % 100)
}

/// A sum as yuan with thousands separators, for people: `¥282,063,000,000.00`.
#[must_use]
pub fn yuan_grouped(sum_fen: FenSum) -> String {
    let sign = if sum_fen < 0 { "-" } else { "" };
    let magnitude = sum_fen.unsigned_abs();
    let digits = (magnitude / 100).to_string();
    let mut grouped = String::with_capacity(digits.len() * 4 / 3 + 8);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    format!("{sign}¥{grouped}.{:02}", magnitude % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yuan_text_has_exactly_two_decimals() {
        for (text, fen) in [("0.00", 0), ("0.01", 1), ("1234.50", 123_450), ("-8.05", -805)] {
            assert_eq!(Fen::from_yuan(text), Ok(Fen::new(fen)));
            assert_eq!(Fen::new(fen).to_yuan(), text);
        }
        for text in [
            "", "1", "1.", "1.5", "1.500", ".50", "+1.00", "1,000.00", " 1.00", "1e2", "01.00",
            "１.00", "--1.00", "1.0a",
        ] {
            assert!(matches!(Fen::from_yuan(text), Err(MoneyError::Form(_))), "{text:?}");
        }
    }

    #[test]
    fn bounds_are_two_to_the_53() {
        assert_eq!(Fen::from_yuan("90071992547409.91"), Ok(Fen::new(AMOUNT_FEN_MAX)));
        assert!(matches!(Fen::from_yuan("90071992547409.92"), Err(MoneyError::Bounds(_))));
        assert!(matches!(Fen::from_yuan("9999999999999999.00"), Err(MoneyError::Bounds(_))));
        assert_eq!(Fen::new(AMOUNT_FEN_MAX).checked_add(Fen::new(1)), None);
        assert_eq!(Fen::new(-AMOUNT_FEN_MAX).checked_sub(Fen::new(1)), None);
        assert!(!Fen::new(0).is_payable() && !Fen::new(-1).is_payable());
    }

    #[test]
    fn sums_are_grouped_for_people() {
        assert_eq!(yuan_grouped(28_206_300_000_000), "¥282,063,000,000.00");
        assert_eq!(yuan_grouped(5), "¥0.05");
        assert_eq!(yuan_grouped(-123_456), "-¥1,234.56");
        assert_eq!(yuan_plain(-123_405), "-1234.05");
        assert_eq!(yuan_plain(5), Fen::new(5).to_yuan());
    }
}
