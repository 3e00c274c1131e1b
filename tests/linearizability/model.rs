//! A quota that serves one caller at a time, and what may then be heard. It knows nothing of
//! sequences, journals or shards.

use std::collections::BTreeMap;

use todc_utils::Specification;

/// What is issued on each quota, in fen: a few payments' worth, so that many are refused.
pub(crate) const ISSUED: i64 = 1_000;

/// What is asked of a quota. Payments and amounts are small numbers: easy to read in a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    Reserve { payment: u64, fen: i64 },
    Withdraw { payment: u64 },
    Balance,
    Outcome { payment: u64 },
}

/// What is heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    /// A command was taken, or had been; beside it, what is available now.
    Taken { repeat: bool, sequence: u64, available: i64 },
    /// A reservation was refused, or had been, with what was available then.
    TooMuch { repeat: bool, available: i64 },
    /// The id has other contents.
    Conflict,
    /// There is no such payment.
    NoPayment,
    /// How the quota stands.
    Stands { available: i64, reserved: i64, open: u32 },
    /// What is on record under an id that was taken: where, and whether it still holds its money.
    OnRecord { sequence: u64, reserved: bool },
    /// An id that was refused is on record.
    Ended { available: i64 },
    /// Nothing is on record.
    NotFound,
    /// The answer was lost. A later one shows that the command was taken, if it was the first.
    LostTaken,
    /// The answer was lost. A later one shows that this much was available when the id was refused.
    LostTooMuch { available: i64 },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Deed {
    pub(crate) asked: Asked,
    pub(crate) heard: Heard,
}

/// What became of an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Known {
    fen: i64,
    /// What was available when it was refused; `None`: it was taken.
    refused: Option<i64>,
    /// Its money was given back.
    withdrawn: bool,
    /// Where it is on record, once somebody has heard of it.
    sequence: Option<u64>,
}

impl Known {
    fn holds(&self) -> bool {
        self.refused.is_none() && !self.withdrawn
    }

    /// Whether this can be its place on record; it is, from then on.
    fn is_at(&mut self, sequence: u64) -> bool {
        *self.sequence.get_or_insert(sequence) == sequence
    }
}

/// A quota that serves one caller at a time.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub(crate) struct Quota {
    reserved: i64,
    ids: BTreeMap<u64, Known>,
}

impl Quota {
    fn available(&self) -> i64 {
        ISSUED - self.reserved
    }

    /// Takes a reservation whose id is new.
    fn reserve(&mut self, payment: u64, fen: i64) -> Known {
        let refused = (fen > self.available()).then_some(self.available());
        let known = Known { fen, refused, withdrawn: false, sequence: None };
        if refused.is_none() {
            self.reserved += fen;
        }
        self.ids.insert(payment, known);
        known
    }

    fn may_answer_reserve(&mut self, payment: u64, fen: i64, heard: Heard) -> bool {
        let before = self.ids.get(&payment).copied();
        let known = before.unwrap_or_else(|| self.reserve(payment, fen));
        let available = self.available();
        let is_known = before.is_some();
        match heard {
            Heard::LostTaken => known.refused.is_none(),
            Heard::LostTooMuch { available } => known.refused == Some(available),
            Heard::Conflict => is_known && known.fen != fen,
            _ if known.fen != fen => false,
            Heard::TooMuch { repeat, available } => {
                repeat == is_known && known.refused == Some(available)
            }
            Heard::Taken { repeat, sequence, available: told } => {
                let entry = self.ids.get_mut(&payment).expect("it is known by now");
                let fits = repeat == is_known && told == available;
                fits && known.refused.is_none() && entry.is_at(sequence)
            }
            _ => false,
        }
    }

    /// A payment is withdrawn once, whoever asks how often.
    fn may_answer_withdraw(&mut self, payment: u64, heard: Heard) -> bool {
        let Some(known) = self.ids.get_mut(&payment).filter(|known| known.refused.is_none()) else {
            return heard == Heard::NoPayment;
        };
        let before = known.withdrawn;
        if !before {
            known.withdrawn = true;
            self.reserved -= known.fen;
        }
        match heard {
            Heard::LostTaken => true,
            Heard::Taken { repeat, available, .. } => {
                repeat == before && available == self.available()
            }
            _ => false,
        }
    }

    fn may_answer_outcome(&mut self, payment: u64, heard: Heard) -> bool {
        match (self.ids.get_mut(&payment), heard) {
            (None, Heard::NotFound) => true,
            (Some(known), Heard::Ended { available }) => known.refused == Some(available),
            (Some(known), Heard::OnRecord { sequence, reserved }) => {
                known.refused.is_none() && known.holds() == reserved && known.is_at(sequence)
            }
            _ => false,
        }
    }

    fn may_answer(&mut self, deed: &Deed) -> bool {
        match deed.asked {
            Asked::Reserve { payment, fen } => self.may_answer_reserve(payment, fen, deed.heard),
            Asked::Withdraw { payment } => self.may_answer_withdraw(payment, deed.heard),
            Asked::Outcome { payment } => self.may_answer_outcome(payment, deed.heard),
            Asked::Balance => {
                let open = self.ids.values().filter(|known| known.holds()).count() as u32;
                let (available, reserved) = (self.available(), self.reserved);
                deed.heard == Heard::Stands { available, reserved, open }
            }
        }
    }
}

impl Specification for Quota {
    type State = Quota;
    type Operation = Deed;

    fn init() -> Quota {
        Quota::default()
    }

    fn apply(deed: &Deed, state: &Quota) -> (bool, Quota) {
        let mut after = state.clone();
        let may = after.may_answer(deed);
        (may, after)
    }
}
