//! The scale of a run: an exact decimal, so that every total is exact.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

const DECIMALS: usize = 6;
const ONE: u64 = 1_000_000;
const SCALE_MAX: u64 = 100 * ONE;

/// A factor on the published counts and totals, more than 0 and at most 100, with up to six
/// decimals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Scale {
    millionths: u64,
}

/// Why a text is not a scale.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ScaleError {
    /// Not a plain decimal number.
    #[error("scale {0:?} is not a decimal number with at most six decimals; write it like 0.05")]
    Form(String),
    /// Zero or beyond 100.
    #[error("scale {0:?} is not more than 0 and at most 100")]
    Bounds(String),
}

impl Scale {
    /// The published size.
    pub const ONE: Scale = Scale { millionths: ONE };

    /// A scale from millionths, if it is within its bounds.
    #[must_use]
    pub const fn from_millionths(millionths: u64) -> Option<Scale> {
        if millionths > 0 && millionths <= SCALE_MAX { Some(Scale { millionths }) } else { None }
    }

    /// The scale in millionths.
    #[must_use]
    pub const fn millionths(self) -> u64 {
        self.millionths
    }

    /// `whole` times the scale, rounded half up.
    #[must_use]
    pub fn of(self, whole: u64) -> u64 {
        let product = u128::from(whole) * u128::from(self.millionths) + u128::from(ONE / 2);
        // Fits: published figures are below 2^57 and the scale is at most 100.
        (product / u128::from(ONE)) as u64
    }
}

impl FromStr for Scale {
    type Err = ScaleError;

    fn from_str(text: &str) -> Result<Scale, ScaleError> {
        let shown = || text.chars().take(40).collect::<String>();
        let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if !digits(whole) || !digits(part) || whole.len() > 9 || part.len() > DECIMALS {
            return Err(ScaleError::Form(shown()));
        }
        let padded = format!("{part:0<DECIMALS$}");
        let (Ok(whole), Ok(part)) = (whole.parse::<u64>(), padded.parse::<u64>()) else {
            return Err(ScaleError::Form(shown()));
        };
        Scale::from_millionths(whole * ONE + part).ok_or_else(|| ScaleError::Bounds(shown()))
    }
}

impl fmt::Display for Scale {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!("{}.{:06}", self.millionths / ONE, self.millionths % ONE);
        let text = text.trim_end_matches('0').trim_end_matches('.');
        out.write_str(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scale_is_an_exact_decimal() {
        let scale: Scale = "0.05".parse().unwrap();
        assert_eq!(scale.of(1_610_300), 80_515);
        assert_eq!(scale.of(28_206_300_000_000), 1_410_315_000_000);
        assert_eq!((scale.to_string().as_str(), Scale::ONE.to_string().as_str()), ("0.05", "1"));
        assert_eq!("0.001".parse::<Scale>().unwrap().of(1_610_300), 1_610);
        for text in ["", ".", "1.", ".5", "-1", "1e3", "0.0000001", "1,5"] {
            assert!(matches!(text.parse::<Scale>(), Err(ScaleError::Form(_))), "{text:?}");
        }
        for text in ["0", "0.0", "100.000001", "1000"] {
            assert!(matches!(text.parse::<Scale>(), Err(ScaleError::Bounds(_))), "{text:?}");
        }
    }
}
