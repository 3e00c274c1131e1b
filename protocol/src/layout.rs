//! Where each kind of command keeps each of its fields in the 128 bytes.
//!
//! One table. The decoder's zero check, the JSON form and the tables of the document are all
//! made from it, so that they cannot disagree. It holds no rule: what a value may be is decided
//! by `domain`.

mod table;

use crate::limits::COMMAND_BYTES;

pub use table::LAYOUTS;
pub(crate) use table::{
    ACTS, AMOUNT, CODE_A, CODE_B, CODE_C, CONTRACT, COUNT, DAY, DIVISION, ECONOMIC, FACTS, FLAGS,
    FUND, ID, KIND, MOVES, OTHER, PERSON, PLAN, QUOTA, SERIAL, STEPS, TAIL, WIDE, YEAR,
};

/// What a field's bytes mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A UUID as one number: 16 bytes. JSON: 32 hex digits, dashes allowed.
    Uuid,
    /// 16 bytes. JSON: 32 hex digits.
    Digest,
    /// A quota id: 8 bytes. JSON: `"division/year/serial"`.
    Quota,
    /// A quota id, or all ones for none. JSON: as a quota, absent for none.
    Parent,
    /// Fen, signed: 8 bytes. JSON: yuan with two decimals.
    Yuan,
    /// 8 bytes. JSON: a decimal string.
    Number,
    /// A hash: 8 bytes. JSON: 16 hex digits.
    Hash,
    /// 4 bytes. JSON: a number.
    Count,
    /// A day YYYYMMDD: 4 bytes. JSON: `"2022-03-04"`.
    Day,
    /// 2 bytes. JSON: a number.
    Index,
    /// A calendar year: 2 bytes. JSON: a number.
    Year,
    /// 1 byte. JSON: a number.
    Month,
    /// 1 byte, 0 or 1. JSON: `true` or `false`.
    Flag,
    /// Bits of a set of posts: 1 byte. JSON: a list of names.
    Posts,
    /// Payment method: 1 byte. JSON: its name.
    Method,
    /// Business kind: 1 byte. JSON: its name.
    Business,
    /// Authority: 1 byte. JSON: its name.
    Authority,
    /// Kind of limit: 1 byte. JSON: its name.
    Limit,
    /// What becomes of a parked fact: 1 byte. JSON: its name.
    Action,
    /// Kind of a paper: 1 byte. JSON: its name.
    Paper,
    /// A classification code: 8 bytes of ASCII, zeros behind. JSON: a string.
    Class,
    /// A division's code: 9 ASCII digits. JSON: a string.
    DivisionCode,
}

impl Form {
    /// How many bytes it takes.
    #[must_use]
    pub const fn bytes(self) -> usize {
        match self {
            Form::Uuid | Form::Digest => 16,
            Form::DivisionCode => 9,
            Form::Quota | Form::Parent | Form::Yuan | Form::Number | Form::Hash | Form::Class => 8,
            Form::Count | Form::Day => 4,
            Form::Index | Form::Year => 2,
            Form::Month
            | Form::Flag
            | Form::Posts
            | Form::Method
            | Form::Business
            | Form::Authority
            | Form::Limit
            | Form::Action
            | Form::Paper => 1,
        }
    }

    /// How the document names it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Form::Uuid => "u128 UUID",
            Form::Digest => "u128 digest",
            Form::Quota => "u64 quota",
            Form::Parent => "u64 quota, all ones: none",
            Form::Yuan => "i64 fen",
            Form::Number => "u64",
            Form::Hash => "u64 hash",
            Form::Count => "u32",
            Form::Day => "u32 day",
            Form::Index => "u16",
            Form::Year => "u16 year",
            Form::Month => "u8 month",
            Form::Flag => "u8 0 or 1",
            Form::Posts => "u8 posts",
            Form::Method => "u8 method",
            Form::Business => "u8 business kind",
            Form::Authority => "u8 authority",
            Form::Limit => "u8 limit kind",
            Form::Action => "u8 action",
            Form::Paper => "u8 paper",
            Form::Class => "8 bytes class",
            Form::DivisionCode => "9 digits",
        }
    }
}

/// One field of one kind of command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name, also its key in JSON.
    pub name: &'static str,
    /// Its first byte.
    pub offset: usize,
    /// What its bytes mean.
    pub form: Form,
    /// Whether JSON must name it; if not, its absence is zero (for a parent: none).
    pub required: bool,
}

/// What follows the commands of a frame for one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tail {
    /// Nothing: its length is zero.
    None,
    /// UTF-8 text.
    Text {
        /// Its name, also its key in JSON.
        name: &'static str,
        /// Whether JSON must name it.
        required: bool,
    },
    /// Payee, purpose and document; may be empty.
    Particulars,
}

/// One kind of command.
#[derive(Clone, Copy, Debug)]
pub struct Layout {
    /// Its stable number.
    pub number: u16,
    /// Its name.
    pub slug: &'static str,
    /// Whether it reports what has happened, and so is never refused.
    pub fact: bool,
    /// Its own fields, past kind, flags, tail length and person, which every command has.
    pub fields: &'static [Field],
    /// Its variable part.
    pub tail: Tail,
}

const NUMBERS: usize = 96;
const WORDS: usize = COMMAND_BYTES / 8;

/// For each number the bits that must be zero, in words of 8 bytes as they lie in memory; all ones
/// where there is no such kind.
static UNUSED: [[u64; WORDS]; NUMBERS] = {
    let mut table = [[u64::MAX; WORDS]; NUMBERS];
    let mut index = 0;
    while index < LAYOUTS.len() {
        table[LAYOUTS[index].number as usize] = unused_of(&LAYOUTS[index]);
        index += 1;
    }
    table
};

const fn unused_of(layout: &Layout) -> [u64; WORDS] {
    let mut used = [false; COMMAND_BYTES];
    let mut byte = 0;
    while byte < ID {
        // Kind, flags, tail length and person are in every command.
        used[byte] = true;
        byte += 1;
    }
    let mut index = 0;
    while index < layout.fields.len() {
        let field = layout.fields[index];
        let mut byte = field.offset;
        while byte < field.offset + field.form.bytes() {
            assert!(!used[byte], "two fields of one kind overlap");
            used[byte] = true;
            byte += 1;
        }
        index += 1;
    }
    let mut words = [0; WORDS];
    let mut byte = 0;
    while byte < COMMAND_BYTES {
        if !used[byte] {
            words[byte / 8] |= 0xff << (byte % 8 * 8);
        }
        byte += 1;
    }
    words
}

/// True when every byte its kind does not use is zero; false also for an unknown kind.
#[inline]
pub(crate) fn unused_are_zero(bytes: &[u8; COMMAND_BYTES], number: u16) -> bool {
    let Some(unused) = UNUSED.get(usize::from(number)) else {
        return false;
    };
    let mut found = 0;
    for (word, unused) in bytes.as_chunks::<8>().0.iter().zip(unused) {
        found |= u64::from_le_bytes(*word) & unused;
    }
    found == 0
}

/// The layout of a kind, by number.
#[must_use]
pub fn layout(number: u16) -> Option<&'static Layout> {
    let index = LAYOUTS.binary_search_by_key(&number, |layout| layout.number).ok()?;
    LAYOUTS.get(index)
}

/// The layout of a kind, by name.
#[must_use]
pub fn layout_named(slug: &str) -> Option<&'static Layout> {
    LAYOUTS.iter().find(|layout| layout.slug == slug)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_rise_and_names_are_unique() {
        assert!(LAYOUTS.windows(2).all(|pair| pair[0].number < pair[1].number));
        for known in LAYOUTS {
            assert!((known.number as usize) < NUMBERS);
            assert_eq!(layout(known.number).map(|found| found.slug), Some(known.slug));
            assert_eq!(layout_named(known.slug).map(|found| found.number), Some(known.number));
        }
        assert!(layout(0).is_none() && layout(3).is_none() && layout(91).is_none());
    }

    #[test]
    fn no_kind_but_the_known_ones_passes_the_zero_check() {
        for number in 0..=u16::MAX {
            let mut bytes = [0; COMMAND_BYTES];
            bytes[8] = 1;
            bytes[..2].copy_from_slice(&number.to_le_bytes());
            assert_eq!(unused_are_zero(&bytes, number), layout(number).is_some(), "{number}");
        }
    }
}
