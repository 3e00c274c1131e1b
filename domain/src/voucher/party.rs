//! Who exchanges vouchers: four kinds of parties, each with a store and certificates of its own.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::codes::numbered;
use crate::limits::PARTY_CODE_CHARS_MAX;

numbered! {
    /// What kind of party takes part in the exchange.
    PartyKind {
        /// The finance department (财政).
        Finance = 1, "finance";
        /// A budget unit (预算单位), inside finance's system.
        Unit = 2, "unit";
        /// An agent bank (代理银行).
        Bank = 3, "bank";
        /// The central bank's treasury (人民银行国库).
        CentralBank = 4, "central-bank";
    }
}

/// A party: its kind and its code among those of that kind.
///
/// As text `bank:102`. The code is 1 to [`PARTY_CODE_CHARS_MAX`] ASCII letters and digits: a division code for
/// finance, a bank's code, a treasury code.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Party {
    kind: PartyKind,
    length: u8,
    code: [u8; PARTY_CODE_CHARS_MAX],
}

/// A text that names no party.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "`{text}` names no party; write its kind and code, like `bank:102`, `central-bank:3700`, \
     `finance:370000000`"
)]
pub struct NotAParty {
    /// What was given.
    pub text: String,
}

impl Party {
    /// A party of a kind; `None` where the code is empty, too long or has other characters.
    #[must_use]
    pub fn new(kind: PartyKind, code: &str) -> Option<Party> {
        let fits = (1..=PARTY_CODE_CHARS_MAX).contains(&code.len());
        if !fits || !code.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return None;
        }
        let mut bytes = [0; PARTY_CODE_CHARS_MAX];
        bytes[..code.len()].copy_from_slice(code.as_bytes());
        Some(Party { kind, length: code.len() as u8, code: bytes })
    }

    /// Its kind.
    #[must_use]
    pub const fn kind(&self) -> PartyKind {
        self.kind
    }

    /// Its code.
    #[must_use]
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.code[..usize::from(self.length)]).expect("a code is ASCII")
    }
}

impl fmt::Display for Party {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}", self.kind, self.code())
    }
}

impl fmt::Debug for Party {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

impl FromStr for Party {
    type Err = NotAParty;

    fn from_str(text: &str) -> Result<Party, NotAParty> {
        let (kind, code) = text.split_once(':').unwrap_or(("", ""));
        PartyKind::from_slug(kind)
            .and_then(|kind| Party::new(kind, code))
            .ok_or_else(|| NotAParty { text: text.chars().take(80).collect() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_party_reads_as_it_is_written() {
        for text in ["finance:370000000", "bank:102", "central-bank:3700", "unit:101001"] {
            let party: Party = text.parse().expect("a party");
            assert_eq!(party.to_string(), text);
        }
    }

    #[test]
    fn what_names_no_party_is_told() {
        for text in ["", "bank", "bank:", "shop:1", "bank:10 2", "bank:1234567890123", "bank:行"] {
            let told = text.parse::<Party>().expect_err("no party");
            assert_eq!(told.text, text);
        }
    }
}
