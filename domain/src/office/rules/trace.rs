//! What rules remember of payments.
//!
//! A trace is what a later payment is held against: who was paid for what, under which classes, which
//! invoices, and how much of it still counts. It shrinks when money comes back and is nothing once all
//! of it has.

use super::windows::mixed;
use crate::ids::{Class, Day};
use crate::particulars::{DOCUMENT, Invoices as Named, Keys, Particulars, invoices_of};

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

impl Invoices {
    /// Those a payment names.
    pub(crate) fn of(particulars: Particulars<'_>, keys: Keys) -> Invoices {
        match keys.invoices {
            Named::None => Invoices::default(),
            Named::One(one) => Invoices(Few::One([one])),
            Named::Several => invoices_of(particulars.texts()[DOCUMENT]).collect(),
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
