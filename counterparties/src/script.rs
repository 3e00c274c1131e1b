//! Wrong answers on purpose (挡板脚本): which payment orders a bank answers wrongly, and how, as data.
//!
//! A script only changes what a bank *says*, or that it says nothing; its ledger stays true. So the differences it
//! plants are known exactly.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;
use std::str::FromStr;

use domain::voucher::VoucherKey;
use thiserror::Error;

use crate::draw::Draw;
use crate::limits::SCRIPT_LINES_MAX;

macro_rules! faults {
    ($($(#[$doc:meta])* $name:ident = $number:literal, $slug:literal;)+) => {
        /// How an answer is wrong.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum Fault { $($(#[$doc])* $name = $number,)+ }

        impl Fault {
            /// Every fault.
            pub const ALL: &'static [Fault] = &[$(Fault::$name,)+];

            /// Its name in scripts.
            #[must_use]
            pub const fn slug(self) -> &'static str {
                match self { $(Fault::$name => $slug,)+ }
            }

            pub(crate) const fn from_number(number: u8) -> Option<Fault> {
                match number { $($number => Some(Fault::$name),)+ _ => None }
            }
        }
    };
}

faults! {
    /// Paid, and the receipt is sent twice.
    Twice = 1, "twice";
    /// Paid, and a second receipt with a trade number of its own follows the first.
    TwiceOtherwise = 2, "twice-otherwise";
    /// Paid, and the receipt waits until it is ordered to go.
    Late = 3, "late";
    /// Taken and never paid; no answer.
    Never = 4, "never";
    /// Paid, and the receipt is lost.
    Lost = 5, "lost";
    /// Paid, and the receipt and that of the next payment go out under each other's number.
    OtherPayment = 6, "other-payment";
    /// Paid, and the receipt says one fen less.
    OtherAmount = 7, "other-amount";
    /// Paid, and the receipt names another payee's account.
    OtherPayee = 8, "other-payee";
    /// Paid, and the receipt's signature does not hold: whoever seals for the bank has to spoil it.
    WrongSignature = 9, "wrong-signature";
    /// Paid, and the receipt waits until the payment is cleared.
    AfterClearing = 10, "after-clearing";
}

/// Wrong answers by the place of a payment order among those the bank takes, from 0.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Script {
    lines: BTreeMap<u64, Fault>,
}

/// One difference that a script has planted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Planted {
    /// The payment order.
    pub voucher: VoucherKey,
    /// How it was answered.
    pub fault: Fault,
}

/// Why a text is no script.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NotAScript {
    /// A line that says something else.
    #[error(
        "line {line} of the script, `{text}`, is no place and fault; write it like `17 other-amount`"
    )]
    Line {
        /// Which line, from 1.
        line: usize,
        /// What it says.
        text: String,
    },
    /// Too many lines.
    #[error("the script has more than {SCRIPT_LINES_MAX} lines; shorten it")]
    TooLong,
}

impl Script {
    /// One line more.
    #[must_use]
    pub fn with(mut self, place: u64, fault: Fault) -> Script {
        self.lines.insert(place, fault);
        self
    }

    /// So many of each fault, at places below `among` that follow from the seed. Fewer where there is no room.
    #[must_use]
    pub fn seeded(seed: u64, among: u64, of_each: u32) -> Script {
        let mut draw = Draw::new(seed);
        let mut script = Script::default();
        let wanted = u64::from(of_each) * Fault::ALL.len() as u64;
        let wanted = wanted.min(among).min(SCRIPT_LINES_MAX as u64) as usize;
        let mut faults = Fault::ALL.iter().cycle();
        while script.lines.len() < wanted {
            if let Entry::Vacant(place) = script.lines.entry(draw.below(among)) {
                place.insert(*faults.next().expect("a cycle of some has no end"));
            }
        }
        script
    }

    /// The fault at a place.
    #[must_use]
    pub fn at(&self, place: u64) -> Option<Fault> {
        self.lines.get(&place).copied()
    }

    /// Every line.
    pub fn lines(&self) -> impl Iterator<Item = (u64, Fault)> + '_ {
        self.lines.iter().map(|(place, fault)| (*place, *fault))
    }
}

impl fmt::Display for Script {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lines().try_for_each(|(place, fault)| writeln!(out, "{place} {}", fault.slug()))
    }
}

impl FromStr for Script {
    type Err = NotAScript;

    fn from_str(text: &str) -> Result<Script, NotAScript> {
        let mut script = Script::default();
        for (at, line) in text.lines().enumerate() {
            let told = line.split('#').next().unwrap_or("").trim();
            if told.is_empty() {
                continue;
            }
            let wrong = || NotAScript::Line { line: at + 1, text: line.chars().take(80).collect() };
            let (place, fault) = told.split_once(char::is_whitespace).ok_or_else(wrong)?;
            let fault = fault.trim();
            let fault = Fault::ALL.iter().find(|known| known.slug() == fault).ok_or_else(wrong)?;
            script.lines.insert(place.parse().map_err(|_| wrong())?, *fault);
            if script.lines.len() > SCRIPT_LINES_MAX {
                return Err(NotAScript::TooLong);
            }
        }
        Ok(script)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_reads_as_it_is_written() {
        let script = Script::seeded(7, 1_000, 2);
        assert_eq!(script.to_string().parse(), Ok(script.clone()));
        assert_eq!(script.lines().count(), 2 * Fault::ALL.len());
        let told: Script =
            "# wrong on purpose\n 3 lost # the third\n\n5 twice\n".parse().expect("one");
        assert_eq!(told, Script::default().with(3, Fault::Lost).with(5, Fault::Twice));
        for fault in Fault::ALL {
            assert_eq!(Fault::from_number(*fault as u8), Some(*fault));
        }
    }

    #[test]
    fn a_seed_says_the_same_for_ever_and_fits_where_there_is_little_room() {
        let first: Vec<(u64, Fault)> = Script::seeded(7, 1_000, 1).lines().take(2).collect();
        assert_eq!(first, Script::seeded(7, 1_000, 1).lines().take(2).collect::<Vec<_>>());
        assert_ne!(Script::seeded(7, 1_000, 1), Script::seeded(8, 1_000, 1));
        assert_eq!(Script::seeded(7, 4, 9).lines().count(), 4);
        assert_eq!(Script::seeded(7, 0, 9).lines().count(), 0);
    }

    #[test]
    fn other_texts_are_no_scripts() {
        for text in ["lost", "x lost", "3 unheard-of", "-1 lost"] {
            let told = text.parse::<Script>().expect_err("no script");
            assert_eq!(told, NotAScript::Line { line: 1, text: text.to_owned() });
        }
        let long: String = (0..=SCRIPT_LINES_MAX).map(|place| format!("{place} lost\n")).collect();
        assert_eq!(long.parse::<Script>(), Err(NotAScript::TooLong));
    }
}
