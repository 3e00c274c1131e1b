//! Rows and changes as lines of text: fields parted by tabs, lines by line feeds. No field holds
//! either, so nothing is escaped.
//!
//! A change is a sign, the table's name and the fields: `+unit⇥101001⇥…` puts a row, `-unit⇥101001`
//! removes the one with that key, `~budget-row⇥101001-1⇥0.00⇥-5.00` adds to a budget row's adjusted
//! and vired figures. Additions commute: what a batch staged meanwhile does not undo another's.

use std::borrow::Cow;
use std::ops::Deref;
use std::sync::OnceLock;

use super::field::Field;
use super::table::{Row, Table};
use crate::money::Fen;

/// One change to what is on file.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// A row as it is from now on.
    Put(Row),
    /// No row of this key any more.
    Remove(Table, Box<str>),
    /// A budget row's figures change by so much, signed.
    Shift(Shift),
}

/// By how much a budget row's figures change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shift {
    /// The row's code.
    pub row: Box<str>,
    /// By statutory adjustment (调整).
    pub adjusted_fen: Fen,
    /// By virement (调剂) and every other change inside the approved total.
    pub vired_fen: Fen,
}

impl Shift {
    fn write(&self, into: &mut String) {
        into.push_str(&self.row);
        for figure in [self.adjusted_fen, self.vired_fen] {
            into.push('\t');
            figure.write(into);
        }
    }

    /// The shift of a line of fields parted by tabs.
    #[must_use]
    pub fn read(fields: &str) -> Option<Shift> {
        let mut fields = fields.split('\t');
        let (row, adjusted, vired) = (fields.next()?, fields.next()?, fields.next()?);
        let (adjusted_fen, vired_fen) = (Fen::read(adjusted)?, Fen::read(vired)?);
        fields.next().is_none().then(|| Shift { row: row.into(), adjusted_fen, vired_fen })
    }
}

impl Change {
    /// The table it touches.
    #[must_use]
    pub const fn table(&self) -> Table {
        match self {
            Change::Put(row) => row.table(),
            Change::Remove(table, _) => *table,
            Change::Shift(_) => Table::BudgetRow,
        }
    }

    /// The table and the key it touches.
    #[must_use]
    pub fn names(&self) -> (Table, Box<str>) {
        match self {
            Change::Put(row) => (row.table(), row.key().into()),
            Change::Remove(table, key) => (*table, key.clone()),
            Change::Shift(shift) => (Table::BudgetRow, shift.row.clone()),
        }
    }

    /// Appends the change as one line, its line feed included.
    pub fn write(&self, into: &mut String) {
        match self {
            Change::Put(row) => {
                into.push('+');
                into.push_str(row.table().slug());
                into.push('\t');
                row.write(into);
            }
            Change::Remove(table, key) => {
                into.push('-');
                into.push_str(table.slug());
                into.push('\t');
                into.push_str(key);
            }
            Change::Shift(shift) => {
                into.push('~');
                into.push_str(Table::BudgetRow.slug());
                into.push('\t');
                shift.write(into);
            }
        }
        into.push('\n');
    }

    /// The change of a line.
    ///
    /// # Errors
    /// What is wrong with the line.
    pub fn read(line: &str) -> Result<Change, String> {
        let sign = line.chars().next().ok_or("an empty change")?;
        let (name, fields) =
            line[sign.len_utf8()..].split_once('\t').ok_or("a change of no row")?;
        let table = Table::from_slug(name).ok_or_else(|| format!("no table {name:?}"))?;
        match sign {
            '+' => Row::read(table, fields).map(Change::Put).map_err(|unfit| {
                format!("column {} of {name}: {} expected", unfit.column + 1, unfit.expected)
            }),
            '-' => Ok(Change::Remove(table, fields.into())),
            '~' if table == Table::BudgetRow => {
                let shift = Shift::read(fields).map(Change::Shift);
                shift.ok_or_else(|| format!("a code and two amounts of {name} expected"))
            }
            other => Err(format!("a change begins with + or -, not {other:?}")),
        }
    }
}

/// The changes an event brings, as the text that is journaled; read once, however many ask for them.
#[derive(Debug)]
pub struct Changes<'a> {
    text: Cow<'a, str>,
    read: OnceLock<Result<Vec<Change>, String>>,
}

impl Changes<'_> {
    /// What the text says.
    ///
    /// # Errors
    /// The first line that is no change, by its number, and why.
    pub fn read(&self) -> Result<&[Change], &str> {
        let read = self.read.get_or_init(|| read_all(&self.text));
        read.as_deref().map_err(|why| &**why)
    }
}

impl Deref for Changes<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.text
    }
}

impl Clone for Changes<'_> {
    fn clone(&self) -> Self {
        Changes { text: self.text.clone(), read: OnceLock::new() }
    }
}

impl PartialEq for Changes<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Changes<'_> {}

impl<'a, T: Into<Cow<'a, str>>> From<T> for Changes<'a> {
    fn from(text: T) -> Changes<'a> {
        Changes { text: text.into(), read: OnceLock::new() }
    }
}

/// Several changes as text.
#[must_use]
pub fn write_all(changes: &[Change]) -> String {
    let mut text = String::new();
    changes.iter().for_each(|change| change.write(&mut text));
    text
}

/// The changes of a text, in order.
///
/// # Errors
/// The first line that is no change, by its number, and why.
pub fn read_all(text: &str) -> Result<Vec<Change>, String> {
    let numbered = text.lines().enumerate();
    numbered
        .map(|(at, line)| Change::read(line).map_err(|why| format!("line {}: {why}", at + 1)))
        .collect()
}
