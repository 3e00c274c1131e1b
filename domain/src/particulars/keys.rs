//! What control rules know the texts of a payment by: hashes, made once where a command is read and
//! carried along with it.
//!
//! They follow from the texts alone, whoever makes them and when.

use xxhash_rust::xxh3::xxh3_64;

/// Hashes of a payment's texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keys {
    /// Of the payee's account ([`super::account_hash`]); zero for none.
    pub(crate) payee: u64,
    /// Of the purpose; zero for none.
    pub(crate) purpose: u64,
    /// Of the invoices that the document names.
    pub(crate) invoices: Invoices,
}

/// Invoices that a document names, hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Invoices {
    None,
    /// Most documents that name any name one.
    One(u64),
    /// They are in the text.
    Several,
}

impl Keys {
    /// Of particulars as texts.
    pub(super) fn of(texts: [&[u8]; super::TEXTS]) -> Keys {
        let [_, account, _, purpose, document, _] = texts;
        let payee = if account.is_empty() { 0 } else { xxh3_64(account) };
        let mut named = invoices_of(document);
        let invoices = match (named.next(), named.next()) {
            (None, _) => Invoices::None,
            (Some(one), None) => Invoices::One(one),
            (Some(_), Some(_)) => Invoices::Several,
        };
        Keys { payee, purpose: purpose_hash(purpose), invoices }
    }
}

/// Hash of a purpose; zero for none.
fn purpose_hash(purpose: &[u8]) -> u64 {
    let purpose = purpose.trim_ascii();
    if purpose.is_empty() { 0 } else { xxh3_64(purpose).max(1) }
}

/// The invoices a document names, hashed: letters and digits on both sides of a `+`, code and number;
/// the code may be empty.
pub(crate) fn invoices_of(bytes: &[u8]) -> impl Iterator<Item = u64> + '_ {
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
