//! Payee, purpose and document of a payment: journaled with it, kept off the hot cell but for a
//! hash of the payee's account.
//!
//! Encoded as six texts in a row, each a little-endian `u16` length and that many bytes of
//! UTF-8: payee name, payee account, payee bank number, purpose, document, official numbers.

mod keys;

pub use keys::Keys;
pub(crate) use keys::{Invoices, invoices_of};

use xxhash_rust::xxh3::xxh3_64;

use crate::limits::PARTICULARS_BYTES_MAX;
use crate::refusal::Code;
use crate::voucher::papers;

/// How many texts particulars have.
const TEXTS: usize = 6;

/// The place of the official numbers among them.
const NUMBERS: usize = 5;

/// The place of the document among them.
pub(crate) const DOCUMENT: usize = 4;

/// Encoded particulars, borrowed from where they were read. Empty: none were given.
#[derive(Clone, Copy, Debug, Default)]
pub struct Particulars<'a> {
    bytes: &'a [u8],
    /// Made already, and carried along.
    keys: Option<Keys>,
}

/// The same texts, whether or not their keys are made.
impl PartialEq for Particulars<'_> {
    fn eq(&self, other: &Particulars<'_>) -> bool {
        self.bytes == other.bytes
    }
}

impl Eq for Particulars<'_> {}

/// Particulars as texts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ParticularsText {
    /// Name of the payee (收款人).
    pub payee_name: String,
    /// The payee's account.
    pub payee_account: String,
    /// The payee bank's number (联行号): empty or twelve digits.
    pub payee_bank: String,
    /// Purpose (用途), shown to the payee's bank.
    pub purpose: String,
    /// The document behind it: invoice, contract page, payroll sheet.
    pub document: String,
    /// Official application and voucher numbers; they may repeat over ended ids.
    pub numbers: String,
}

/// The official numbers in a text of them, apart: people part them with blanks, commas, semicolons
/// or the enumeration comma (、).
pub fn official_numbers(text: &str) -> impl Iterator<Item = &str> {
    let parts = text.split(|c: char| c.is_whitespace() || ",;，；、".contains(c));
    parts.filter(|number| !number.is_empty())
}

/// The hash by which receipts name an account: XXH3-64 with seed 0 over its characters; zero for
/// no account.
#[must_use]
pub fn account_hash(account: &str) -> u64 {
    if account.is_empty() { 0 } else { xxh3_64(account.as_bytes()) }
}

impl<'a> Particulars<'a> {
    /// None given.
    pub const NONE: Particulars<'static> = Particulars { bytes: &[], keys: None };

    /// Particulars from their encoding.
    ///
    /// # Errors
    /// [`Code::TextTooLong`] beyond 4 KiB, [`Code::BadField`] where the encoding is not six whole
    /// texts of UTF-8, the bank number is not twelve digits, or numbers of a tax, a non-tax payment or a purchase are
    /// wrong ([`papers`]).
    pub fn parse(bytes: &'a [u8]) -> Result<Particulars<'a>, Code> {
        let particulars = Particulars { bytes, keys: None };
        particulars.check_size()?;
        if bytes.is_empty() {
            return Ok(particulars);
        }
        let mut rest = bytes;
        for index in 0..TEXTS {
            let (text, after) = split_text(rest).ok_or(Code::BadField)?;
            let bank_number =
                text.is_empty() || (text.len() == 12 && text.iter().all(u8::is_ascii_digit));
            let read = std::str::from_utf8(text).map_err(|_| Code::BadField)?;
            if (index == 2 && !bank_number) || (index == NUMBERS && papers::named(read).is_err()) {
                return Err(Code::BadField);
            }
            rest = after;
        }
        if rest.is_empty() { Ok(particulars) } else { Err(Code::BadField) }
    }

    /// Particulars from bytes that were checked when they were journaled.
    #[must_use]
    pub fn trusted(bytes: &'a [u8]) -> Particulars<'a> {
        Particulars { bytes, keys: None }
    }

    /// The encoding.
    #[must_use]
    pub fn bytes(self) -> &'a [u8] {
        self.bytes
    }

    /// What control rules know the texts by.
    #[must_use]
    pub fn keys(self) -> Keys {
        self.keys.unwrap_or_else(|| Keys::of(self.texts()))
    }

    /// With their keys, to be carried along.
    #[must_use]
    pub fn keyed(self) -> Particulars<'a> {
        Particulars { keys: Some(self.keys()), ..self }
    }

    /// With keys that were made of the same texts before.
    #[must_use]
    pub fn known_by(self, keys: Keys) -> Particulars<'a> {
        debug_assert_eq!(keys, Keys::of(self.texts()), "keys of other texts");
        Particulars { keys: Some(keys), ..self }
    }

    /// Hash of the payee's account ([`account_hash`]); zero where none is given.
    #[must_use]
    pub fn payee_hash(self) -> u64 {
        if let Some(keys) = self.keys {
            return keys.payee;
        }
        let account = split_text(self.bytes).and_then(|(_, rest)| split_text(rest));
        match account {
            Some((account, _)) if !account.is_empty() => xxh3_64(account),
            _ => 0,
        }
    }

    /// The texts.
    #[must_use]
    pub fn to_text(self) -> ParticularsText {
        let mut rest = self.bytes;
        let mut next = || {
            let (text, after) = split_text(rest)?;
            rest = after;
            Some(String::from_utf8_lossy(text).into_owned())
        };
        let mut text = || next().unwrap_or_default();
        ParticularsText {
            payee_name: text(),
            payee_account: text(),
            payee_bank: text(),
            purpose: text(),
            document: text(),
            numbers: text(),
        }
    }

    /// The texts' bytes as they stand here: payee name, account, bank number, purpose, document,
    /// numbers. Empty where they were not given.
    #[must_use]
    pub fn texts(self) -> [&'a [u8]; TEXTS] {
        let mut rest = self.bytes;
        std::array::from_fn(|_| {
            let Some((text, after)) = split_text(rest) else { return &[][..] };
            rest = after;
            text
        })
    }

    pub(crate) fn check_size(self) -> Result<(), Code> {
        if self.bytes.len() <= PARTICULARS_BYTES_MAX { Ok(()) } else { Err(Code::TextTooLong) }
    }
}

impl ParticularsText {
    /// The encoding; empty when every text is.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let texts = [
            &self.payee_name,
            &self.payee_account,
            &self.payee_bank,
            &self.purpose,
            &self.document,
            &self.numbers,
        ];
        if texts.iter().all(|text| text.is_empty()) {
            return Vec::new();
        }
        let mut bytes = Vec::with_capacity(texts.iter().map(|text| text.len() + 2).sum());
        for text in texts {
            // Longer texts cannot pass the size check of the whole; cutting keeps the form.
            let length = text.len().min(usize::from(u16::MAX));
            bytes.extend_from_slice(&(length as u16).to_le_bytes());
            bytes.extend_from_slice(&text.as_bytes()[..length]);
        }
        bytes
    }
}

fn split_text(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<2>()?;
    rest.split_at_checked(usize::from(u16::from_le_bytes(*length)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> ParticularsText {
        ParticularsText {
            payee_name: "齐鲁文具店".into(),
            payee_account: "6222020000000000017".into(),
            payee_bank: "102451000017".into(),
            purpose: "办公费".into(),
            document: "发票 3701-17".into(),
            numbers: "2023-000008".into(),
        }
    }

    #[test]
    fn numbers_of_a_tax_are_whole_or_the_particulars_are_none() {
        let with = |numbers: &str| ParticularsText { numbers: numbers.into(), ..sample() }.encode();
        let tax = "TaxBillNo=337010230300000001 TaxayerID=9137 TaxOrgCode=13701020000";
        for (numbers, fits) in
            [(tax, true), ("TaxBillNo=337010230300000001", false), ("PayCode=", false)]
        {
            let parsed = Particulars::parse(&with(numbers)).map(|_| ());
            assert_eq!(parsed, if fits { Ok(()) } else { Err(Code::BadField) }, "{numbers}");
        }
    }

    #[test]
    fn texts_survive_the_encoding() {
        let bytes = sample().encode();
        let particulars = Particulars::parse(&bytes).unwrap();
        assert_eq!(particulars.to_text(), sample());
        assert_eq!(particulars.texts()[1], b"6222020000000000017");
        assert_eq!(Particulars::NONE.texts(), [&[][..]; 6]);
        assert_eq!(particulars.payee_hash(), account_hash("6222020000000000017"));
        assert_eq!(Particulars::parse(&[]).unwrap().payee_hash(), 0);
        let keyed = particulars.keyed();
        assert_eq!((keyed, keyed.payee_hash()), (particulars, particulars.payee_hash()));
        assert_eq!(keyed.keys(), particulars.known_by(keyed.keys()).keys());
    }

    #[test]
    fn official_numbers_stand_apart() {
        let apart: Vec<&str> = official_numbers("2023-000008、17，  鲁财〔2022〕1号;").collect();
        assert_eq!(apart, ["2023-000008", "17", "鲁财〔2022〕1号"]);
        assert_eq!(official_numbers(" ").count(), 0);
    }

    #[test]
    fn anything_but_six_whole_texts_is_refused() {
        let bytes = sample().encode();
        for cut in 1..bytes.len() {
            assert_eq!(Particulars::parse(&bytes[..cut]), Err(Code::BadField), "cut at {cut}");
        }
        let mut longer = bytes.clone();
        longer.push(0);
        assert_eq!(Particulars::parse(&longer), Err(Code::BadField));
        assert_eq!(Particulars::parse(&[0xff; 4097]), Err(Code::TextTooLong));
        let mut wrong_bank = sample();
        wrong_bank.payee_bank = "123".into();
        assert_eq!(Particulars::parse(&wrong_bank.encode()), Err(Code::BadField));
    }
}
