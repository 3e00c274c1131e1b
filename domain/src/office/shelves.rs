//! What is on file of every division and year, folded from events alone: for whoever follows the
//! journal and keeps no divisions.
//!
//! Decides nothing. Papers that are staged count from the close of their batch.

use std::collections::{BTreeMap, HashMap};

use super::Office;
use super::line::{Change, read_all};
use super::table::Table;
use crate::codes::BatchEnd;
use crate::event::{Event, EventBody};
use crate::ids::{BatchId, DivisionIndex, FiscalYear};

/// A division and a fiscal year.
pub type Book = (DivisionIndex, FiscalYear);

/// Which tables an event has changed rows of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Filed {
    /// A bit for each table, by its number.
    tables: u128,
}

impl Filed {
    /// Whether rows of a table were changed.
    #[must_use]
    pub const fn has(self, table: Table) -> bool {
        self.tables >> table as u8 & 1 != 0
    }

    fn note(&mut self, table: Table) {
        self.tables |= 1 << table as u8;
    }
}

/// Everything on file, everywhere.
#[derive(Debug, Default)]
pub struct Shelves {
    offices: BTreeMap<Book, Office>,
    /// Changes of papers in batches that are open.
    staged: HashMap<(Book, BatchId), Vec<Box<str>>>,
}

impl Shelves {
    /// Takes the next event in, and tells of what it has put on file; most put nothing there.
    ///
    /// # Errors
    /// If its changes are no rows.
    pub fn take(&mut self, event: &Event<'_>) -> Result<Filed, String> {
        let mut filed = Filed::default();
        match &event.body {
            EventBody::Filed { changes, command: c, .. } => {
                let book = (c.division, c.year);
                if c.batch == BatchId(0) {
                    self.file(book, changes.read()?.iter().cloned(), &mut filed);
                    return Ok(filed);
                }
                self.staged.entry((book, c.batch)).or_default().push((&**changes).into());
            }
            EventBody::BatchEnded { division, year, batch, end, .. } => {
                let book = (*division, *year);
                let staged = self.staged.remove(&(book, *batch)).unwrap_or_default();
                if *end == BatchEnd::Closed {
                    for changes in staged {
                        self.file(book, read_all(&changes)?, &mut filed);
                    }
                }
            }
            _ => {}
        }
        Ok(filed)
    }

    fn file(&mut self, book: Book, changes: impl IntoIterator<Item = Change>, filed: &mut Filed) {
        let office = self.offices.entry(book).or_default();
        for change in changes {
            filed.note(change.table());
            office.make(change);
        }
    }

    /// Bytes it keeps in memory, about.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let on_file: usize = self.offices.values().map(Office::bytes).sum();
        let staged = self.staged.values().flatten();
        let staged: usize = staged.map(|text| size_of::<Box<str>>() + text.len()).sum();
        on_file + staged
    }

    /// What is on file of a division and year.
    #[must_use]
    pub fn office(&self, book: Book) -> &Office {
        self.offices.get(&book).unwrap_or_else(|| Office::empty())
    }

    /// Every division and year with anything on file.
    pub fn offices(&self) -> impl Iterator<Item = (Book, &Office)> {
        self.offices.iter().map(|(book, office)| (*book, office))
    }
}
