//! What each kind of voucher must and may hold, as data: a table per kind.
//!
//! A receipt repeats its original, field by field, and adds what its schema lists for receipts. `check`
//! holds a voucher against its table; nothing here knows payments, quotas or stores.

#[macro_use]
mod groups;
mod orders;
mod reports;
mod tables;
mod treasury;

use super::document::{Detail, Fields};
use super::field::Field;
use super::key::Flag;
use super::kind::VoucherKind;
use super::seal::SealPlace;
use crate::money::FenSum;

pub use tables::schema;

/// Fields of a head or of a detail: what must be there, and what may be there besides. `Hold1` to
/// `Hold4` may stand on every level.
#[derive(Clone, Copy, Debug)]
pub struct Level {
    must: &'static [&'static [Field]],
    may: &'static [&'static [Field]],
    must_bits: u128,
    may_bits: u128,
}

const _: () = {
    let mut at = 0;
    while at < Field::ALL.len() {
        assert!((Field::ALL[at] as u16) < 128, "a field's number is a bit of a word");
        at += 1;
    }
};

/// The bit of a field.
pub(super) const fn bit(field: Field) -> u128 {
    1 << field as u16
}

const fn bits(groups: &[&[Field]]) -> u128 {
    let (mut bits, mut group) = (0, 0);
    while group < groups.len() {
        let mut at = 0;
        while at < groups[group].len() {
            bits |= bit(groups[group][at]);
            at += 1;
        }
        group += 1;
    }
    bits
}

const HOLDS: &[Field] = &[Field::Hold1, Field::Hold2, Field::Hold3, Field::Hold4];

impl Level {
    const fn new(must: &'static [&'static [Field]], may: &'static [&'static [Field]]) -> Level {
        let must_bits = bits(must);
        let may_bits = bits(may) | bits(&[HOLDS]);
        assert!(must_bits & may_bits == 0, "a field stands in both columns");
        Level { must, may, must_bits, may_bits }
    }

    /// Fields that must be there, in the order they are shown.
    pub fn must(&self) -> impl Iterator<Item = Field> + use<> {
        self.must.iter().flat_map(|group| group.iter().copied())
    }

    /// Fields that may be there besides, in the order they are shown, without `Hold1` to `Hold4`.
    pub fn may(&self) -> impl Iterator<Item = Field> + use<> {
        self.may.iter().flat_map(|group| group.iter().copied())
    }

    /// Bits of the fields that must be there.
    pub(super) const fn must_bits(&self) -> u128 {
        self.must_bits
    }

    /// Bits of all fields that may be there at all.
    pub(super) const fn all_bits(&self) -> u128 {
        self.must_bits | self.may_bits
    }
}

/// How many details a kind has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lines {
    /// None.
    None,
    /// Any number, also none.
    Any,
    /// At least one.
    Some,
}

/// What sign amounts have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// More than zero.
    Positive,
    /// Less than zero: money comes back.
    Negative,
    /// Zero: what goes one way comes from another.
    Zero,
    /// Not zero.
    NotZero,
    /// Any.
    Any,
}

impl Sign {
    /// Whether an amount in fen has it.
    #[must_use]
    pub const fn has(self, fen: i64) -> bool {
        match self {
            Sign::Positive => fen > 0,
            Sign::Negative => fen < 0,
            Sign::Zero => fen == 0,
            Sign::NotZero => fen != 0,
            Sign::Any => true,
        }
    }

    /// Whether what was done of an ordered amount may be this: nothing, or with its sign.
    #[must_use]
    pub const fn may_be_executed(self, fen: i64) -> bool {
        fen == 0 || self.has(fen) || matches!(self, Sign::Zero)
    }

    /// The word in documents.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Sign::Positive => "> 0",
            Sign::Negative => "< 0",
            Sign::Zero => "0",
            Sign::NotZero => "≠ 0",
            Sign::Any => "any",
        }
    }
}

/// Which functional classes a kind names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FunctionSide {
    /// Those of spending.
    Spending,
    /// Those of income.
    Income,
}

/// A field of the head that is the sum of a field of the details, wherever the head has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sum {
    /// Of the head.
    pub head: Field,
    /// Of each detail; one that lacks it counts nothing.
    pub detail: Field,
}

/// What a receipt adds to its original.
#[derive(Clone, Copy, Debug)]
pub struct Answer {
    /// To the head.
    pub head: Level,
    /// To each detail.
    pub detail: Level,
    /// Whether a detail of which nothing was executed has to say why in `XAddWord`.
    pub failures_say_why: bool,
    /// Who has to stand under it.
    pub seals: &'static [SealPlace],
}

/// What amounts of details do to the balance of whatever a voucher tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Balances {
    /// It tells no balances, or its details are not all that moved it.
    Apart,
    /// They are added.
    Added,
    /// They are taken off: they say what was paid.
    TakenOff,
}

/// What one kind of voucher must and may hold.
#[derive(Clone, Copy, Debug)]
pub struct Schema {
    /// The kind.
    pub kind: VoucherKind,
    /// The kind whose fields it has, where public sources tell its name and direction and nothing of its fields.
    pub analogy: Option<VoucherKind>,
    /// Payment methods (`PayTypeCode`) it may have, where it has one.
    pub methods: &'static [&'static str],
    /// Sign of the head's amounts.
    pub head_sign: Sign,
    /// Sign of each detail's amount.
    pub detail_sign: Sign,
    /// Fields of the head.
    pub head: Level,
    /// How many details.
    pub lines: Lines,
    /// Fields of each detail.
    pub detail: Level,
    /// Whether each detail names the payee's account, unless it is settled in cash.
    pub payee_account: bool,
    /// Fields that no two details may have all alike; none: only the details' own numbers differ.
    pub apart: &'static [Field],
    /// What is the sum of what.
    pub sums: &'static [Sum],
    /// What the details' amounts do to the balance before, so that it becomes the balance after.
    pub balances: Balances,
    /// Which functional classes it names.
    pub functions: FunctionSide,
    /// Who has to stand under it before it goes out.
    pub seals: &'static [SealPlace],
    /// What its receipt adds; `None`: it has none.
    pub receipt: Option<Answer>,
}

impl Schema {
    /// What the balance after has to be, by the balance before and the details; none where it tells no such balances.
    #[must_use]
    pub fn closing_fen(&self, head: &Fields, details: &[Detail]) -> Option<FenSum> {
        let moved = details.iter().filter_map(|line| line.fields.amount_fen(Field::Amount));
        let moved_fen: FenSum = moved.map(|fen| FenSum::from(fen.get())).sum();
        let before_fen = FenSum::from(head.amount_fen(Field::OpeningBalance)?.get());
        match self.balances {
            Balances::Apart => None,
            Balances::Added => Some(before_fen + moved_fen),
            Balances::TakenOff => Some(before_fen - moved_fen),
        }
    }
}

impl Schema {
    /// Seals that an original or receipt of this kind needs; none for a receipt of a kind without.
    #[must_use]
    pub fn seals_of(&self, flag: Flag) -> &'static [SealPlace] {
        match (flag, &self.receipt) {
            (Flag::Original, _) => self.seals,
            (Flag::Receipt, Some(answer)) => answer.seals,
            (Flag::Receipt, None) => &[],
        }
    }
}
