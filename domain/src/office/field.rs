//! What a column may hold, to and from text.
//!
//! Text forms are those of the national tables where they have one: yuan with two decimals, days
//! as `2022-03-04`, `1` for yes and `2` for no, codes as text whose leading zeros matter.

use std::fmt::Write;
use std::ops::Deref;

use crate::ids::{Class, Day, DivisionIndex, FiscalYear, QuotaId};
use crate::limits::OFFICE_FIELD_BYTES_MAX;
use crate::money::Fen;

/// A value that stands in a column.
pub trait Field: Sized {
    /// What people are told it must be.
    const FORM: &'static str;

    /// The value of a text; `None`: not of this form.
    fn read(text: &str) -> Option<Self>;

    /// Appends the text of the value.
    fn write(&self, into: &mut String);

    /// Bytes that the value has in memory beside itself.
    fn text_bytes(&self) -> usize {
        0
    }
}

macro_rules! text_field {
    ($(#[$doc:meta])* $name:ident, $form:literal, $good:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
        pub struct $name(Box<str>);

        impl Deref for $name {
            type Target = str;

            fn deref(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> $name {
                $name(text.into())
            }
        }

        impl Field for $name {
            const FORM: &'static str = $form;

            fn read(text: &str) -> Option<Self> {
                let good: fn(&str) -> bool = $good;
                let fits = text.len() <= OFFICE_FIELD_BYTES_MAX && !text.chars().any(char::is_control);
                (fits && good(text)).then(|| $name(text.into()))
            }

            fn write(&self, into: &mut String) {
                into.push_str(&self.0);
            }

            fn text_bytes(&self) -> usize {
                self.0.len()
            }
        }
    };
}

text_field! {
    /// A code or number: no blanks, never empty, leading zeros matter.
    Word, "a code without blanks", |text| !text.is_empty() && !text.contains(char::is_whitespace) && !text.contains('/')
}

text_field! {
    /// A name or a sentence that must not be empty.
    Name, "a text that is not empty", |text| !text.trim().is_empty()
}

text_field! {
    /// Any text, also none.
    Text, "a text", |_| true
}

text_field! {
    /// Code of a fiscal division (财政区划代码).
    DivisionCode, "a division code of nine digits", |text| is_digits(text, 9)
}

text_field! {
    /// Number of a bank in the payment system (联行号, CNAPS).
    BankNumber, "a bank number of twelve digits", |text| is_digits(text, 12)
}

text_field! {
    /// Code of a treasury (国库代码).
    TreasuryCode, "a treasury code of ten digits", |text| is_digits(text, 10)
}

text_field! {
    /// Number of a bank account, at most 40 characters.
    AccountNumber, "an account number of at most 40 letters, digits or hyphens", |text| {
        let good = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        (1..=40).contains(&text.len()) && text.bytes().all(good)
    }
}

text_field! {
    /// Unified social credit code (统一社会信用代码).
    CreditCode, "a social credit code of eighteen characters whose last one checks it", is_credit_code
}

fn is_digits(text: &str, count: usize) -> bool {
    text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// GB 32100: seventeen characters, each worth its place among these 31 times a power of three, and
/// one that brings the sum to a multiple of 31.
fn is_credit_code(text: &str) -> bool {
    const CHARACTERS: &[u8] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
    let value = |byte: u8| CHARACTERS.iter().position(|&of| of == byte);
    let values: Option<Vec<usize>> = text.bytes().map(value).collect();
    let Some([first @ .., check]) = values.as_deref() else { return false };
    let (mut sum, mut weight) = (0, 1);
    for value in first {
        sum += value * weight;
        weight = weight * 3 % CHARACTERS.len();
    }
    first.len() == 17 && (sum + check) % CHARACTERS.len() == 0
}

/// A time of day in Beijing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimeOfDay {
    /// Minutes since midnight.
    pub minutes: u16,
}

impl Field for TimeOfDay {
    const FORM: &'static str = "a time such as 16:30";

    fn read(text: &str) -> Option<Self> {
        let (hours, minutes) = text.split_once(':')?;
        let both = is_digits(hours, 2) && is_digits(minutes, 2);
        let (hours, minutes): (u16, u16) = (hours.parse().ok()?, minutes.parse().ok()?);
        (both && hours < 24 && minutes < 60).then_some(TimeOfDay { minutes: hours * 60 + minutes })
    }

    fn write(&self, into: &mut String) {
        let _ = write!(into, "{:02}:{:02}", self.minutes / 60, self.minutes % 60);
    }
}

impl Field for Fen {
    const FORM: &'static str = "yuan with two decimals, such as 1234.50";

    fn read(text: &str) -> Option<Self> {
        Fen::from_yuan(text).ok().filter(|fen| fen.in_bounds())
    }

    fn write(&self, into: &mut String) {
        into.push_str(&self.to_yuan());
    }
}

impl Field for Day {
    const FORM: &'static str = "a day such as 2022-03-04";

    fn read(text: &str) -> Option<Self> {
        let form = |(at, byte): (usize, u8)| match at {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        };
        if text.len() != 10 || !text.bytes().enumerate().all(form) {
            return None;
        }
        Day::new(text.replace('-', "").parse().ok()?)
    }

    fn write(&self, into: &mut String) {
        let day = self.get();
        let _ = write!(into, "{:04}-{:02}-{:02}", day / 10_000, day / 100 % 100, day % 100);
    }
}

impl Field for bool {
    const FORM: &'static str = "1 for yes, 2 for no";

    fn read(text: &str) -> Option<Self> {
        match text {
            "1" => Some(true),
            "2" => Some(false),
            _ => None,
        }
    }

    fn write(&self, into: &mut String) {
        into.push(if *self { '1' } else { '2' });
    }
}

impl Field for Class {
    const FORM: &'static str = "a classification code of one to eight letters or digits";

    fn read(text: &str) -> Option<Self> {
        Class::new(text).filter(|class| *class != Class::ANY)
    }

    fn write(&self, into: &mut String) {
        into.push_str(self.as_str());
    }
}

impl Field for FiscalYear {
    const FORM: &'static str = "a year of four digits";

    fn read(text: &str) -> Option<Self> {
        FiscalYear::new(text.parse().ok()?)
    }

    fn write(&self, into: &mut String) {
        let _ = write!(into, "{}", self.get());
    }
}

impl Field for DivisionIndex {
    const FORM: &'static str = "the index of a division";

    fn read(text: &str) -> Option<Self> {
        text.parse().ok().map(DivisionIndex)
    }

    fn write(&self, into: &mut String) {
        let _ = write!(into, "{}", self.0);
    }
}

impl Field for QuotaId {
    const FORM: &'static str = "a quota such as 17/2022/4, or none";

    fn read(text: &str) -> Option<Self> {
        if text == "none" {
            return Some(QuotaId::NONE);
        }
        let mut parts = text.split('/');
        let (division, year, serial) = (parts.next()?, parts.next()?, parts.next()?);
        let (division, year) = (DivisionIndex(division.parse().ok()?), FiscalYear::read(year)?);
        if serial == "unnamed" {
            return parts.next().is_none().then(|| QuotaId::unnamed(division, year));
        }
        let serial: u64 = serial.parse().ok()?;
        let known = parts.next().is_none() && serial <= crate::limits::QUOTA_SERIAL_MAX;
        known.then(|| QuotaId::new(division, year, serial))
    }

    fn write(&self, into: &mut String) {
        let _ = write!(into, "{self}");
    }
}

macro_rules! number_field {
    ($($number:ty)+) => {
        $(impl Field for $number {
            const FORM: &'static str = "a whole number";

            fn read(text: &str) -> Option<Self> {
                // One form for each number: no `+` and no zeros in front.
                let digits = text.strip_prefix('-').unwrap_or(text);
                let one_form = text == "0" || digits.starts_with(|first| matches!(first, '1'..='9'));
                if one_form { text.parse().ok() } else { None }
            }

            fn write(&self, into: &mut String) {
                let _ = write!(into, "{self}");
            }
        })+
    };
}

number_field! { u8 u16 u32 u64 i64 }

impl<T: Field> Field for Option<T> {
    const FORM: &'static str = T::FORM;

    fn read(text: &str) -> Option<Self> {
        if text.is_empty() { Some(None) } else { T::read(text).map(Some) }
    }

    fn write(&self, into: &mut String) {
        if let Some(value) = self {
            value.write(into);
        }
    }

    fn text_bytes(&self) -> usize {
        self.as_ref().map_or(0, T::text_bytes)
    }
}

/// A closed vocabulary as a column.
#[macro_export]
macro_rules! vocabulary {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $slug:literal, $chinese:literal;)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$variant_doc])* $variant,)+ }

        impl $name {
            /// Every value.
            pub const ALL: &'static [$name] = &[$($name::$variant,)+];

            /// The word in files and on the wire.
            #[must_use]
            pub const fn slug(self) -> &'static str {
                match self { $($name::$variant => $slug,)+ }
            }

            /// What officials call it.
            #[must_use]
            pub const fn chinese(self) -> &'static str {
                match self { $($name::$variant => $chinese,)+ }
            }
        }

        impl $crate::office::field::Field for $name {
            const FORM: &'static str = concat!("one of", $(" ", $slug),+);

            fn read(text: &str) -> Option<Self> {
                match text { $($slug => Some($name::$variant),)+ _ => None }
            }

            fn write(&self, into: &mut String) {
                into.push_str(self.slug());
            }
        }
    };
}
pub use vocabulary;

#[cfg(test)]
mod tests {
    use super::*;

    fn round<T: Field + PartialEq + std::fmt::Debug>(text: &str) {
        let value = T::read(text).unwrap_or_else(|| panic!("{text:?} is {}", T::FORM));
        let mut back = String::new();
        value.write(&mut back);
        assert_eq!(back, text);
    }

    #[test]
    fn every_value_has_one_text() {
        round::<Fen>("-12.50");
        round::<Day>("2022-02-28");
        round::<bool>("2");
        round::<u32>("0");
        round::<QuotaId>("17/2022/4");
        round::<QuotaId>("none");
        round::<QuotaId>("17/2022/unnamed");
        round::<Option<Fen>>("");
        round::<Word>("001001");
        round::<DivisionCode>("370102001");
        round::<BankNumber>("102451000018");
        round::<TreasuryCode>("1501020000");
        round::<AccountNumber>("1602-0001");
        round::<CreditCode>("91350100M000100Y43");
        round::<TimeOfDay>("16:30");
        assert_eq!(CreditCode::read("91350100M000100Y44"), None);
        assert_eq!(CreditCode::read("91350100M000100Y4"), None);
        assert_eq!(CreditCode::read("91350100I000100Y43"), None);
        assert_eq!(BankNumber::read("10245100001"), None);
        assert_eq!(TimeOfDay::read("24:00"), None);
        assert_eq!(TimeOfDay::read("9:00"), None);
        assert_eq!(Day::read("2022-02-30"), None);
        assert_eq!(u8::read("007"), None);
        assert_eq!(u8::read("256"), None);
        assert_eq!(bool::read("0"), None);
        assert_eq!(Word::read("a b"), None);
        assert_eq!(Name::read(" "), None);
        assert_eq!(Text::read("a\tb"), None);
        assert_eq!(QuotaId::read("1/2022/4/5"), None);
    }
}
