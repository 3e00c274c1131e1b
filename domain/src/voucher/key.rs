//! What names a voucher: division, year, kind and number. A receipt has the key of its original.

use std::fmt;

use crate::ids::FiscalYear;
use crate::limits::VOUCHER_NUMBER_CHARS_MAX;

use super::kind::VoucherKind;

/// Nine digits of a fiscal division (区划代码).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DivisionCode([u8; 9]);

impl DivisionCode {
    /// A code of nine digits.
    #[must_use]
    pub fn new(text: &str) -> Option<DivisionCode> {
        let bytes: [u8; 9] = text.as_bytes().try_into().ok()?;
        bytes.iter().all(u8::is_ascii_digit).then_some(DivisionCode(bytes))
    }

    /// The digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("a code is ASCII")
    }
}

/// A voucher's number (凭证号): 1 to [`VOUCHER_NUMBER_CHARS_MAX`] digits or capital letters, unique for its
/// division, year and kind, and never used again.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VoucherNumber {
    length: u8,
    characters: [u8; VOUCHER_NUMBER_CHARS_MAX],
}

impl VoucherNumber {
    /// A number as it is written.
    #[must_use]
    pub fn new(text: &str) -> Option<VoucherNumber> {
        let fits = (1..=VOUCHER_NUMBER_CHARS_MAX).contains(&text.len());
        let plain = |byte: u8| byte.is_ascii_digit() || byte.is_ascii_uppercase();
        if !fits || !text.bytes().all(plain) {
            return None;
        }
        let mut characters = [0; VOUCHER_NUMBER_CHARS_MAX];
        characters[..text.len()].copy_from_slice(text.as_bytes());
        Some(VoucherNumber { length: text.len() as u8, characters })
    }

    /// A running number, written with ten digits.
    #[must_use]
    pub fn serial(serial: u32) -> VoucherNumber {
        VoucherNumber::new(&format!("{serial:010}")).expect("ten digits are a number")
    }

    /// As it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.characters[..usize::from(self.length)]).expect("it is ASCII")
    }
}

/// Whether a voucher is the original or the receipt under the same key (`VoucherFlag`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Flag {
    /// What was sent (发送单).
    Original = 0,
    /// The other side's answer under the same key (回单), with the fields as executed filled in.
    Receipt = 1,
}

/// The key of a voucher. As text `370102000-2022-8202-0000000001`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VoucherKey {
    /// Division (`AdmDivCode`).
    pub division: DivisionCode,
    /// Fiscal year (`StYear`).
    pub year: FiscalYear,
    /// Kind (`VtCode`).
    pub kind: VoucherKind,
    /// Number (`VoucherNo`).
    pub number: VoucherNumber,
}

impl VoucherKey {
    /// The key written as [`fmt::Display`] does.
    #[must_use]
    pub fn parse(text: &str) -> Option<VoucherKey> {
        let mut parts = text.split('-');
        let division = DivisionCode::new(parts.next()?)?;
        let (year, kind) = (plain_number(parts.next()?)?, plain_number(parts.next()?)?);
        let number = VoucherNumber::new(parts.next()?)?;
        let (year, kind) = (FiscalYear::new(year)?, VoucherKind::from_code(kind)?);
        parts.next().is_none().then_some(VoucherKey { division, year, kind, number })
    }
}

/// Four digits, no sign, no blanks.
fn plain_number(text: &str) -> Option<u16> {
    let is_plain = text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit());
    is_plain.then(|| text.parse().ok()).flatten()
}

macro_rules! told_as_text {
    ($($name:ident)+) => { $(
        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str(self.as_str())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str(self.as_str())
            }
        }
    )+ };
}

told_as_text! { DivisionCode VoucherNumber }

impl fmt::Display for VoucherKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let VoucherKey { division, year, kind, number } = self;
        write!(out, "{division}-{}-{}-{number}", year.get(), kind.code())
    }
}

impl fmt::Debug for VoucherKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_reads_as_it_is_written() {
        for text in ["370102000-2022-8202-0000000001", "370000000-2023-2301-A7"] {
            assert_eq!(VoucherKey::parse(text).expect("a key").to_string(), text);
        }
    }

    #[test]
    fn other_texts_are_no_keys() {
        let texts = [
            "",
            "370102000-2022-8202",
            "370102000-2022-8202-",
            "370102000-2022-8202-1-2",
            "37010200-2022-8202-1",
            "370102000-22-8202-1",
            "370102000-+202-8202-1",
            "370102000-2022-1111-1",
            "370102000-2022-8202-a",
            "370102000-2022-8202-123456789012345678901",
        ];
        for text in texts {
            assert_eq!(VoucherKey::parse(text), None, "{text}");
        }
    }
}
