//! Fixed-width fields, smallest byte first, read without trust: how envelopes, certificates, messages and records
//! are written.
//!
//! A length is held against a bound before anything is taken by it. Knows no meaning.

use domain::ids::{Day, FiscalYear};
use domain::voucher::{
    DivisionCode, Flag, Party, PartyKind, VoucherKey, VoucherKind, VoucherNumber,
};
use thiserror::Error;

/// Why bytes are not what they should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Unreadable {
    /// They end before what should be there.
    #[error("the bytes end within {what}; they were cut on their way, or are something else")]
    Short {
        /// What was being read.
        what: &'static str,
    },
    /// A length is above its bound.
    #[error("{what} says it has {length} bytes where {max} are allowed")]
    TooLong {
        /// What was being read.
        what: &'static str,
        /// What it says.
        length: usize,
        /// The bound.
        max: usize,
    },
    /// A value that is never written.
    #[error("{what} is not one that is ever written")]
    Impossible {
        /// What was being read.
        what: &'static str,
    },
    /// Bytes are left over.
    #[error("{left} bytes are left over behind the end")]
    LeftOver {
        /// How many.
        left: usize,
    },
}

/// Reads fields one after the other.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// A reader at the start of bytes.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader { rest: bytes }
    }

    /// How many bytes are left.
    #[must_use]
    pub const fn left(&self) -> usize {
        self.rest.len()
    }

    /// So many bytes.
    ///
    /// # Errors
    /// When fewer are left.
    pub fn take(&mut self, length: usize, what: &'static str) -> Result<&'a [u8], Unreadable> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(Unreadable::Short { what })?;
        self.rest = rest;
        Ok(taken)
    }

    /// Exactly `N` bytes.
    ///
    /// # Errors
    /// When fewer are left.
    pub fn array<const N: usize>(&mut self, what: &'static str) -> Result<[u8; N], Unreadable> {
        let taken = self.take(N, what)?;
        Ok(taken.try_into().expect("so many were taken"))
    }

    /// A byte.
    ///
    /// # Errors
    /// When none is left.
    pub fn u8(&mut self, what: &'static str) -> Result<u8, Unreadable> {
        Ok(self.array::<1>(what)?[0])
    }

    /// Two bytes as a number.
    ///
    /// # Errors
    /// When fewer are left.
    pub fn u16(&mut self, what: &'static str) -> Result<u16, Unreadable> {
        Ok(u16::from_le_bytes(self.array(what)?))
    }

    /// Four bytes as a number.
    ///
    /// # Errors
    /// When fewer are left.
    pub fn u32(&mut self, what: &'static str) -> Result<u32, Unreadable> {
        Ok(u32::from_le_bytes(self.array(what)?))
    }

    /// Eight bytes as a number.
    ///
    /// # Errors
    /// When fewer are left.
    pub fn u64(&mut self, what: &'static str) -> Result<u64, Unreadable> {
        Ok(u64::from_le_bytes(self.array(what)?))
    }

    /// Bytes behind a length of four bytes.
    ///
    /// # Errors
    /// When the length is above `max` or past the end.
    pub fn long(&mut self, max: usize, what: &'static str) -> Result<&'a [u8], Unreadable> {
        let length = self.u32(what)? as usize;
        self.bounded(length, max, what)
    }

    /// Bytes behind a length of two bytes.
    ///
    /// # Errors
    /// When the length is above `max` or past the end.
    pub fn short(&mut self, max: usize, what: &'static str) -> Result<&'a [u8], Unreadable> {
        let length = usize::from(self.u16(what)?);
        self.bounded(length, max, what)
    }

    /// A text behind a length of two bytes.
    ///
    /// # Errors
    /// When it is too long or no UTF-8.
    pub fn text(&mut self, max: usize, what: &'static str) -> Result<&'a str, Unreadable> {
        let bytes = self.short(max, what)?;
        std::str::from_utf8(bytes).map_err(|_| Unreadable::Impossible { what })
    }

    fn bounded(
        &mut self,
        length: usize,
        max: usize,
        what: &'static str,
    ) -> Result<&'a [u8], Unreadable> {
        if length > max {
            return Err(Unreadable::TooLong { what, length, max });
        }
        self.take(length, what)
    }

    /// A value that a number stands for.
    ///
    /// # Errors
    /// When it stands for none.
    pub fn known<T>(value: Option<T>, what: &'static str) -> Result<T, Unreadable> {
        value.ok_or(Unreadable::Impossible { what })
    }

    /// A day.
    ///
    /// # Errors
    /// When the calendar does not have it.
    pub fn day(&mut self, what: &'static str) -> Result<Day, Unreadable> {
        let number = self.u32(what)?;
        Reader::known(Day::new(number), what)
    }

    /// A party.
    ///
    /// # Errors
    /// When it is none.
    pub fn party(&mut self, what: &'static str) -> Result<Party, Unreadable> {
        let kind = Reader::known(PartyKind::from_number(self.u8(what)?), what)?;
        let length = usize::from(self.u8(what)?);
        let code = std::str::from_utf8(self.take(length, what)?);
        let party = code.ok().and_then(|code| Party::new(kind, code));
        Reader::known(party, what)
    }

    /// A voucher's key.
    ///
    /// # Errors
    /// When it is none.
    pub fn key(&mut self) -> Result<VoucherKey, Unreadable> {
        let what = "the voucher's key";
        let division = std::str::from_utf8(self.take(9, what)?).ok().and_then(DivisionCode::new);
        let division = Reader::known(division, what)?;
        let year = Reader::known(FiscalYear::new(self.u16(what)?), what)?;
        let kind = Reader::known(VoucherKind::from_code(self.u16(what)?), what)?;
        let length = usize::from(self.u8(what)?);
        let number = std::str::from_utf8(self.take(length, what)?).ok();
        let number = Reader::known(number.and_then(VoucherNumber::new), what)?;
        Ok(VoucherKey { division, year, kind, number })
    }

    /// A voucher's flag.
    ///
    /// # Errors
    /// When it is none.
    pub fn flag(&mut self) -> Result<Flag, Unreadable> {
        match self.u8("the voucher's flag")? {
            0 => Ok(Flag::Original),
            1 => Ok(Flag::Receipt),
            _ => Err(Unreadable::Impossible { what: "the voucher's flag" }),
        }
    }

    /// That nothing is left.
    ///
    /// # Errors
    /// When something is.
    pub fn end(&self) -> Result<(), Unreadable> {
        match self.rest.len() {
            0 => Ok(()),
            left => Err(Unreadable::LeftOver { left }),
        }
    }
}

/// Fields put behind each other, the other way of [`Reader`].
pub trait Put {
    /// A text behind a length of two bytes.
    fn put_text(&mut self, text: &str);
    /// Bytes behind a length of two bytes.
    fn put_short(&mut self, bytes: &[u8]);
    /// Bytes behind a length of four bytes.
    fn put_long(&mut self, bytes: &[u8]);
    /// A day.
    fn put_day(&mut self, day: Day);
    /// A party.
    fn put_party(&mut self, party: Party);
    /// A voucher's key.
    fn put_key(&mut self, key: &VoucherKey);
}

impl Put for Vec<u8> {
    fn put_text(&mut self, text: &str) {
        self.put_short(text.as_bytes());
    }

    fn put_short(&mut self, bytes: &[u8]) {
        let length = u16::try_from(bytes.len()).expect("what is written is held to its bound");
        self.extend_from_slice(&length.to_le_bytes());
        self.extend_from_slice(bytes);
    }

    fn put_long(&mut self, bytes: &[u8]) {
        let length = u32::try_from(bytes.len()).expect("what is written is held to its bound");
        self.extend_from_slice(&length.to_le_bytes());
        self.extend_from_slice(bytes);
    }

    fn put_day(&mut self, day: Day) {
        self.extend_from_slice(&day.get().to_le_bytes());
    }

    fn put_party(&mut self, party: Party) {
        self.push(party.kind().number());
        self.push(party.code().len() as u8);
        self.extend_from_slice(party.code().as_bytes());
    }

    fn put_key(&mut self, key: &VoucherKey) {
        self.extend_from_slice(key.division.as_str().as_bytes());
        self.extend_from_slice(&key.year.get().to_le_bytes());
        self.extend_from_slice(&key.kind.code().to_le_bytes());
        let number = key.number.as_str();
        self.push(number.len() as u8);
        self.extend_from_slice(number.as_bytes());
    }
}

/// A text cut to at most so many bytes, at a character.
#[must_use]
pub fn cut(text: &str, bytes_max: usize) -> &str {
    &text[..text.floor_char_boundary(bytes_max)]
}
