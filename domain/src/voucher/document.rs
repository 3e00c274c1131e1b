//! A voucher as a document: its key, date, fields, and details with fields of their own.
//!
//! Which fields a kind must and may have is told by its schema; a voucher here is what was read or is
//! being written, right or wrong.

use crate::ids::Day;
use crate::money::Fen;

use super::field::Field;
use super::key::{Flag, VoucherKey};

/// A field's value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A name, code or account, as it is written.
    Text(String),
    /// An amount in fen. Only refunds and corrections may have a negative one.
    Amount(Fen),
    /// A day.
    Day(Day),
    /// How many.
    Count(u32),
}

/// Fields in the order of their numbers, each at most once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields(Vec<(Field, Value)>);

impl Fields {
    /// None.
    #[must_use]
    pub const fn new() -> Fields {
        Fields(Vec::new())
    }

    /// None, with room for so many.
    #[must_use]
    pub fn with_capacity(fields: usize) -> Fields {
        Fields(Vec::with_capacity(fields))
    }

    /// Adds a field with a higher number than every other; false, and nothing done, where it is not.
    pub fn append(&mut self, field: Field, value: Value) -> bool {
        let rises = self.0.last().is_none_or(|(last, _)| *last < field);
        if rises {
            self.0.push((field, value));
        }
        rises
    }

    /// Sets a field.
    pub fn set(&mut self, field: Field, value: Value) {
        match self.0.binary_search_by_key(&field, |(field, _)| *field) {
            Ok(at) => self.0[at].1 = value,
            Err(at) => self.0.insert(at, (field, value)),
        }
    }

    /// With a field set.
    #[must_use]
    pub fn with(mut self, field: Field, value: Value) -> Fields {
        self.set(field, value);
        self
    }

    /// With a field set to a text.
    #[must_use]
    pub fn with_text(self, field: Field, text: impl Into<String>) -> Fields {
        self.with(field, Value::Text(text.into()))
    }

    /// With a field set to an amount.
    #[must_use]
    pub fn with_amount(self, field: Field, amount_fen: Fen) -> Fields {
        self.with(field, Value::Amount(amount_fen))
    }

    /// A field's value.
    #[must_use]
    pub fn get(&self, field: Field) -> Option<&Value> {
        let at = self.0.binary_search_by_key(&field, |(field, _)| *field).ok()?;
        Some(&self.0[at].1)
    }

    /// A field's text; `None` where it is missing or something else.
    #[must_use]
    pub fn text(&self, field: Field) -> Option<&str> {
        match self.get(field)? {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A field's amount; `None` where it is missing or something else.
    #[must_use]
    pub fn amount_fen(&self, field: Field) -> Option<Fen> {
        match self.get(field)? {
            Value::Amount(amount_fen) => Some(*amount_fen),
            _ => None,
        }
    }

    /// A field's day; `None` where it is missing or something else.
    #[must_use]
    pub fn day(&self, field: Field) -> Option<Day> {
        match self.get(field)? {
            Value::Day(day) => Some(*day),
            _ => None,
        }
    }

    /// Every field with its value, by number.
    pub fn iter(&self) -> impl Iterator<Item = (Field, &Value)> {
        self.0.iter().map(|(field, value)| (*field, value))
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// One line of a voucher: a payee, a voucher that is cleared, an item of a statement.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Detail {
    /// Its number in the voucher: unique, given by whoever wrote the voucher, kept in every answer.
    pub id: String,
    /// Its fields.
    pub fields: Fields,
}

/// A voucher.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Voucher {
    /// What names it.
    pub key: VoucherKey,
    /// Original or receipt.
    pub flag: Flag,
    /// Its date (`VouDate`).
    pub date: Day,
    /// Fields of its head.
    pub head: Fields,
    /// Its lines, in order.
    pub details: Vec<Detail>,
}
