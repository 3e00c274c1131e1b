//! What rules remember of payments.
//!
//! A trace is what a later payment is held against: who was paid for what, under which classes, which
//! invoices, and how much of it still counts. It shrinks when money comes back and is nothing once all
//! of it has.

use xxhash_rust::xxh3::xxh3_64;

use super::windows::mixed;
use crate::ids::{Class, Day};

/// What is remembered of one payment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    /// Unit, payee and purpose in one number; zero: one of them was not given.
    pub pair: u64,
    /// What was asked for, in fen; zero: the payment was asked for before rules looked at payments.
    pub asked_fen: i64,
    /// What of it still counts, in fen.
    pub left_fen: i64,
    /// Departmental economic class.
    pub economic: Class,
    /// Fund nature.
    pub fund: Class,
    /// Slot of the unit's row.
    pub unit: u32,
    /// Business day.
    pub day: Day,
    /// Invoices of its document, hashed.
    pub invoices: Invoices,
}

/// Invoices of one payment, hashed. Most name one: it stands here and not in memory of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invoices(Few);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Few {
    One([u64; 1]),
    /// None, or several.
    Other(Box<[u64]>),
}

impl Default for Invoices {
    fn default() -> Invoices {
        Invoices(Few::Other(Box::default()))
    }
}

impl std::ops::Deref for Invoices {
    type Target = [u64];

    fn deref(&self) -> &[u64] {
        match &self.0 {
            Few::One(one) => one,
            Few::Other(all) => all,
        }
    }
}

impl FromIterator<u64> for Invoices {
    fn from_iter<I: IntoIterator<Item = u64>>(all: I) -> Invoices {
        let mut all = all.into_iter();
        match (all.next(), all.next()) {
            (None, _) => Invoices::default(),
            (Some(one), None) => Invoices(Few::One([one])),
            (Some(one), Some(two)) => {
                Invoices(Few::Other([one, two].into_iter().chain(all).collect()))
            }
        }
    }
}

const _: () = assert!(size_of::<Trace>() == 64, "a trace is one cache line long");

impl Trace {
    /// True where nothing of it counts.
    #[must_use]
    pub fn is_void(&self) -> bool {
        self.left_fen == 0
    }
}

/// Unit, payee and purpose in one number; zero where one of them is not given.
#[must_use]
pub fn pair_of(unit: u32, payee: u64, purpose: u64) -> u64 {
    if payee == 0 || purpose == 0 { 0 } else { mixed(&[u64::from(unit), payee, purpose]).max(1) }
}

/// Hash of a purpose; zero for none.
#[must_use]
pub fn purpose_hash(purpose: &[u8]) -> u64 {
    let purpose = purpose.trim_ascii();
    if purpose.is_empty() { 0 } else { xxh3_64(purpose).max(1) }
}

/// The invoices a document names, hashed: letters and digits on both sides of a `+`, code and number;
/// the code may be empty.
pub fn invoices_of(bytes: &[u8]) -> impl Iterator<Item = u64> + '_ {
    let mut from = 0;
    std::iter::from_fn(move || {
        loop {
            let at = from + plus_in(&bytes[from..])?;
            from = at + 1;
            let code = bytes[..at].iter().rev().take_while(|byte| is_word(**byte)).count();
            let number = bytes[from..].iter().take_while(|byte| is_word(**byte)).count();
            if number > 0 {
                return Some(xxh3_64(&bytes[at - code..=at + number]));
            }
        }
    })
}

/// Where the next `+` is. Every payment's document is looked through: eight bytes at a time.
fn plus_in(bytes: &[u8]) -> Option<usize> {
    const ONES: u64 = u64::MAX / 0xff;
    let words = bytes.chunks_exact(8);
    let (whole, rest) = (bytes.len() / 8 * 8, words.remainder());
    for (at, word) in words.enumerate() {
        // A byte that is a plus is zero here, and a zero byte borrows from its highest bit; the first
        // that does is one, whatever those behind it say.
        let apart = u64::from_le_bytes(word.try_into().ok()?) ^ (ONES * u64::from(b'+'));
        let zero = apart.wrapping_sub(ONES) & !apart & (ONES << 7);
        if zero != 0 {
            return Some(at * 8 + zero.trailing_zeros() as usize / 8);
        }
    }
    rest.iter().position(|&byte| byte == b'+').map(|at| whole + at)
}

/// Letters and digits.
fn is_word(byte: u8) -> bool {
    const WORDS: [u64; 2] = {
        let (mut words, mut byte) = ([0; 2], 0);
        while byte < 128_u8 {
            if byte.is_ascii_alphanumeric() {
                words[byte as usize / 64] |= 1 << (byte % 64);
            }
            byte += 1;
        }
        words
    };
    byte < 128 && WORDS[usize::from(byte) / 64] >> (byte % 64) & 1 == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invoices_are_words_with_a_plus() {
        assert_eq!(
            invoices_of("发票 3700222130+07613892、+24372000000012345678".as_bytes()).count(),
            2
        );
        assert_eq!(invoices_of("合同 17-3, 工资表".as_bytes()).count(), 0);
        assert_eq!(invoices_of(b"3700+").count(), 0);
        let mut text = String::new();
        for number in 0..40 {
            text = format!("{text}{}\u{ab}票{number}+{number} ", "~".repeat(number % 11));
        }
        let all: Vec<u64> = invoices_of(text.as_bytes()).collect();
        let by_hand = (0..40).map(|number| xxh3_64(format!("{number}+{number}").as_bytes()));
        assert_eq!(all, by_hand.collect::<Vec<_>>());
    }
}
