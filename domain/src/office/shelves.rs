//! What is on file of every division and year, folded from events alone: for whoever follows the
//! journal and keeps no divisions.
//!
//! Decides nothing. Papers that are staged count from the close of their batch.

use std::collections::{BTreeMap, HashMap};

use super::Office;
use super::line::read_all;
use crate::codes::BatchEnd;
use crate::event::{Event, EventBody};
use crate::ids::{BatchId, DivisionIndex, FiscalYear};

/// A division and a fiscal year.
pub type Book = (DivisionIndex, FiscalYear);

/// Everything on file, everywhere.
#[derive(Debug, Default)]
pub struct Shelves {
    offices: BTreeMap<Book, Office>,
    /// Changes of papers in batches that are open.
    staged: HashMap<(Book, BatchId), Vec<Box<str>>>,
}

impl Shelves {
    /// Takes the next event in; most say nothing about what is on file.
    ///
    /// # Errors
    /// If its changes are no rows.
    pub fn take(&mut self, event: &Event<'_>) -> Result<(), String> {
        match &event.body {
            EventBody::Filed { changes, command: c, .. } => {
                let book = (c.division, c.year);
                if c.batch == BatchId(0) {
                    return self.file(book, changes);
                }
                self.staged.entry((book, c.batch)).or_default().push((&**changes).into());
            }
            EventBody::BatchEnded { division, year, batch, end, .. } => {
                let book = (*division, *year);
                let staged = self.staged.remove(&(book, *batch)).unwrap_or_default();
                if *end == BatchEnd::Closed {
                    return staged.iter().try_for_each(|changes| self.file(book, changes));
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn file(&mut self, book: Book, changes: &str) -> Result<(), String> {
        let office = self.offices.entry(book).or_default();
        read_all(changes)?.into_iter().for_each(|change| office.make(change));
        Ok(())
    }

    /// What is on file of a division and year.
    #[must_use]
    pub fn office(&self, book: Book) -> &Office {
        self.offices.get(&book).unwrap_or(Office::EMPTY)
    }

    /// Every division and year with anything on file.
    pub fn offices(&self) -> impl Iterator<Item = (Book, &Office)> {
        self.offices.iter().map(|(book, office)| (*book, office))
    }
}
