//! A voucher as bytes that are always the same: what is signed, digested and kept.
//!
//! Version 1. Numbers are little-endian; texts are UTF-8 after their length in bytes.
//!
//! ```text
//! voucher  version u8 = 1 | flag u8 | kind u16 | year u16 | division 9 digits | number: length u8, text
//!          | date u32 (YYYYMMDD) | fields of the head | details: count u32, each one
//! detail   its number: length u8, text | fields
//! fields   count u8, each one in the order of field numbers, every number once
//! field    number u8 | value, as the field's form says:
//!          text: length u16, text · amount: i64 fen · day: u32 (YYYYMMDD) · count: u32
//! ```
//!
//! There is one way to write a voucher and one voucher that bytes say: no padding, no choice of widths, nothing
//! after the end. What was read is in bounds; whether it is right, [`super::check`] says.

use thiserror::Error;

use crate::ids::{Day, FiscalYear};
use crate::limits::{VOUCHER_BYTES_MAX, VOUCHER_DETAIL_ID_CHARS_MAX, VOUCHER_DETAILS_MAX};
use crate::money::Fen;

use super::document::{Detail, Fields, Value, Voucher};
use super::field::{Field, Form};
use super::key::{DivisionCode, Flag, VoucherKey, VoucherNumber};
use super::kind::VoucherKind;

/// The version that is written, the first byte.
pub const VERSION: u8 = 1;

/// Bytes of the shortest detail: a number of one character, no fields.
const DETAIL_BYTES_MIN: usize = 3;

const _: () = {
    let last = Field::ALL[Field::ALL.len() - 1] as u16;
    assert!(last <= u8::MAX as u16, "a field's number is a byte");
    assert!(Field::ALL.len() <= u8::MAX as usize, "so is how many there are");
};

/// Why a voucher has no canonical bytes.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Unwritable {
    /// A field holds something else than its form.
    #[error("`{}` does not hold what its form says; set it to a value of that form", .0.wire_name())]
    Form(Field),
    /// A text is longer than any may be.
    #[error("`{}` has {bytes} bytes and may have {bytes_max}; shorten it", .field.wire_name())]
    TooLong {
        /// The field.
        field: Field,
        /// Bytes of its text.
        bytes: usize,
        /// Bytes it may have.
        bytes_max: usize,
    },
    /// A detail's number is empty or too long.
    #[error(
        "a detail's number `{0}` is empty or has more than {VOUCHER_DETAIL_ID_CHARS_MAX} bytes; number \
         details shortly"
    )]
    DetailId(String),
    /// More details than a voucher holds.
    #[error("{0} details, and a voucher has at most {VOUCHER_DETAILS_MAX}; write several vouchers")]
    TooManyDetails(usize),
    /// More bytes than a voucher has.
    #[error("{0} bytes, and a voucher has at most {VOUCHER_BYTES_MAX}; write several vouchers")]
    TooLarge(usize),
}

/// Why bytes are no canonical voucher.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("byte {at}: {what}; these are not the canonical bytes of a voucher")]
pub struct Unreadable {
    /// Where.
    pub at: usize,
    /// What is wrong there.
    pub what: &'static str,
}

/// Most bytes of a field's text: four for each character.
const fn text_bytes_max(chars_max: u16) -> usize {
    4 * chars_max as usize
}

/// The canonical bytes of a voucher.
///
/// # Errors
/// Where a value does not have its field's form, or a bound is passed.
pub fn bytes(voucher: &Voucher) -> Result<Vec<u8>, Unwritable> {
    let mut out = Vec::with_capacity(512 + 192 * voucher.details.len());
    write(voucher, &mut out)?;
    Ok(out)
}

/// Appends the canonical bytes of a voucher.
///
/// # Errors
/// As [`bytes`]; what was appended by then is of no use.
pub fn write(voucher: &Voucher, out: &mut Vec<u8>) -> Result<(), Unwritable> {
    let start = out.len();
    let Voucher { key, flag, date, head, details } = voucher;
    if details.len() > VOUCHER_DETAILS_MAX {
        return Err(Unwritable::TooManyDetails(details.len()));
    }
    out.extend_from_slice(&[VERSION, *flag as u8]);
    out.extend_from_slice(&key.kind.code().to_le_bytes());
    out.extend_from_slice(&key.year.get().to_le_bytes());
    out.extend_from_slice(key.division.as_str().as_bytes());
    short_text(key.number.as_str(), out);
    out.extend_from_slice(&date.get().to_le_bytes());
    write_fields(head, out)?;
    out.extend_from_slice(&(details.len() as u32).to_le_bytes());
    for Detail { id, fields } in details {
        if id.is_empty() || id.len() > VOUCHER_DETAIL_ID_CHARS_MAX {
            return Err(Unwritable::DetailId(id.chars().take(60).collect()));
        }
        short_text(id, out);
        write_fields(fields, out)?;
    }
    match out.len() - start {
        length if length > VOUCHER_BYTES_MAX => Err(Unwritable::TooLarge(length)),
        _ => Ok(()),
    }
}

/// How many canonical bytes a voucher has, without writing them.
#[must_use]
pub fn length(voucher: &Voucher) -> usize {
    // Version, flag, kind, year, division, the number's length, date, how many details.
    let around = 1 + 1 + 2 + 2 + 9 + 1 + 4 + 4;
    let details =
        voucher.details.iter().map(|line| 1 + line.id.len() + fields_length(&line.fields));
    let head = fields_length(&voucher.head);
    around + voucher.key.number.as_str().len() + head + details.sum::<usize>()
}

fn fields_length(fields: &Fields) -> usize {
    let each = fields.iter().map(|(_, value)| match value {
        Value::Text(text) => 1 + 2 + text.len(),
        Value::Amount(_) => 1 + 8,
        Value::Day(_) | Value::Count(_) => 1 + 4,
    });
    1 + each.sum::<usize>()
}

/// A text of at most 255 bytes.
fn short_text(text: &str, out: &mut Vec<u8>) {
    out.push(text.len() as u8);
    out.extend_from_slice(text.as_bytes());
}

fn write_fields(fields: &Fields, out: &mut Vec<u8>) -> Result<(), Unwritable> {
    out.push(fields.len() as u8);
    for (field, value) in fields.iter() {
        out.push(field as u16 as u8);
        match (field.form(), value) {
            (Form::Text(chars_max), Value::Text(text)) => {
                let bytes_max = text_bytes_max(chars_max);
                if text.len() > bytes_max {
                    return Err(Unwritable::TooLong { field, bytes: text.len(), bytes_max });
                }
                out.extend_from_slice(&(text.len() as u16).to_le_bytes());
                out.extend_from_slice(text.as_bytes());
            }
            (Form::Amount, Value::Amount(fen)) if fen.in_bounds() => {
                out.extend_from_slice(&fen.get().to_le_bytes());
            }
            (Form::Day, Value::Day(day)) => out.extend_from_slice(&day.get().to_le_bytes()),
            (Form::Count, Value::Count(count)) => out.extend_from_slice(&count.to_le_bytes()),
            _ => return Err(Unwritable::Form(field)),
        }
    }
    Ok(())
}

/// The voucher that canonical bytes say. Nothing in them is trusted.
///
/// # Errors
/// Where they are not the canonical bytes of any voucher.
pub fn read(bytes: &[u8]) -> Result<Voucher, Unreadable> {
    if bytes.len() > VOUCHER_BYTES_MAX {
        return Err(Unreadable { at: VOUCHER_BYTES_MAX, what: "more bytes than a voucher has" });
    }
    let mut bytes = Bytes { all: bytes, at: 0 };
    if bytes.byte()? != VERSION {
        return bytes.wrong("a version that is not known");
    }
    let flag = match bytes.byte()? {
        0 => Flag::Original,
        1 => Flag::Receipt,
        _ => return bytes.wrong("neither original nor receipt"),
    };
    let Some(kind) = VoucherKind::from_code(bytes.u16()?) else {
        return bytes.wrong("no kind of voucher");
    };
    let Some(year) = FiscalYear::new(bytes.u16()?) else { return bytes.wrong("no year") };
    let division = std::str::from_utf8(bytes.take(9)?).ok().and_then(DivisionCode::new);
    let Some(division) = division else { return bytes.wrong("no division's code") };
    let Some(number) = VoucherNumber::new(bytes.short_text()?) else {
        return bytes.wrong("no voucher's number");
    };
    let date = bytes.day()?;
    let head = read_fields(&mut bytes)?;
    let count = bytes.u32()? as usize;
    if count > VOUCHER_DETAILS_MAX || count > bytes.left() / DETAIL_BYTES_MIN {
        return bytes.wrong("more details than can follow");
    }
    let mut details = Vec::with_capacity(count);
    for _ in 0..count {
        let id = bytes.short_text()?;
        if id.is_empty() || id.len() > VOUCHER_DETAIL_ID_CHARS_MAX {
            return bytes.wrong("no detail's number");
        }
        details.push(Detail { id: id.to_owned(), fields: read_fields(&mut bytes)? });
    }
    if bytes.left() > 0 {
        return bytes.wrong("something after the end");
    }
    let key = VoucherKey { division, year, kind, number };
    Ok(Voucher { key, flag, date, head, details })
}

fn read_fields(bytes: &mut Bytes<'_>) -> Result<Fields, Unreadable> {
    let count = usize::from(bytes.byte()?);
    if count > Field::ALL.len() {
        return bytes.wrong("more fields than there are");
    }
    let mut fields = Fields::with_capacity(count);
    for _ in 0..count {
        let Some(field) = Field::from_number(u16::from(bytes.byte()?)) else {
            return bytes.wrong("no field");
        };
        let value = match field.form() {
            Form::Text(chars_max) => {
                let length = usize::from(bytes.u16()?);
                if length > text_bytes_max(chars_max) {
                    return bytes.wrong("a text longer than its field's");
                }
                Value::Text(bytes.text(length)?.to_owned())
            }
            Form::Amount => {
                let fen = Fen::new(i64::from_le_bytes(bytes.array()?));
                if !fen.in_bounds() {
                    return bytes.wrong("an amount out of bounds");
                }
                Value::Amount(fen)
            }
            Form::Day => Value::Day(bytes.day()?),
            Form::Count => Value::Count(bytes.u32()?),
        };
        if !fields.append(field, value) {
            return bytes.wrong("fields out of order, or one twice");
        }
    }
    Ok(fields)
}

/// What is still to be read.
struct Bytes<'a> {
    all: &'a [u8],
    at: usize,
}

impl<'a> Bytes<'a> {
    fn wrong<T>(&self, what: &'static str) -> Result<T, Unreadable> {
        Err(Unreadable { at: self.at, what })
    }

    const fn left(&self) -> usize {
        self.all.len() - self.at
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], Unreadable> {
        let Some(taken) = self.all[self.at..].get(..length) else {
            return self.wrong("an end before the end");
        };
        self.at += length;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Unreadable> {
        Ok(self.take(N)?.try_into().expect("as many were taken"))
    }

    fn byte(&mut self) -> Result<u8, Unreadable> {
        Ok(self.array::<1>()?[0])
    }

    fn u16(&mut self) -> Result<u16, Unreadable> {
        Ok(u16::from_le_bytes(self.array()?))
    }

    fn u32(&mut self) -> Result<u32, Unreadable> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    fn day(&mut self) -> Result<Day, Unreadable> {
        match Day::new(self.u32()?) {
            Some(day) => Ok(day),
            None => self.wrong("no day of the calendar"),
        }
    }

    fn text(&mut self, length: usize) -> Result<&'a str, Unreadable> {
        match std::str::from_utf8(self.take(length)?) {
            Ok(text) => Ok(text),
            Err(_) => self.wrong("a text that is not UTF-8"),
        }
    }

    fn short_text(&mut self) -> Result<&'a str, Unreadable> {
        let length = usize::from(self.byte()?);
        self.text(length)
    }
}
