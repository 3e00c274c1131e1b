//! Which orders come next.

mod arrivals;
mod carried;
mod document;

use std::collections::BTreeMap;

use crate::division::{Division, Found, YearBook};
use crate::ids::{ActId, BatchId, FiscalYear, PersonId};
use crate::limits::PAPER_BYTES_MAX;
use crate::office::paper::PaperKind;
use crate::office::tables::document::{Document, DocumentState};
use crate::refusal::Code;

use super::order::{Order, What};
use document::UnderWay;

/// The supervisor of one division. What it remembers only spares it from making a plan twice: all
/// that counts is in the division.
#[derive(Debug, Default)]
pub struct Supervisor {
    under_way: BTreeMap<FiscalYear, UnderWay>,
}

/// The next orders, as far as they are asked for.
struct Orders<'a> {
    division: &'a Division,
    orders: Vec<Order>,
    max: usize,
}

impl Orders<'_> {
    fn is_full(&self) -> bool {
        self.orders.len() >= self.max
    }

    fn push(&mut self, person: PersonId, what: What) {
        self.orders.push(Order { person, what });
    }

    /// Files a paper, unless that was done.
    fn file(
        &mut self,
        book: &YearBook,
        person: PersonId,
        kind: PaperKind,
        act: ActId,
        text: String,
    ) {
        if book.find_act(act).is_some() {
            return;
        }
        let (division, year, batch) = (book.division, book.year, BatchId(0));
        self.push(person, What::Paper { act, division, year, kind, batch, text });
    }
}

impl Supervisor {
    /// The next orders, at most about `max`, in the order they are to be given; none when there is
    /// nothing to do. After a refused one the rest must not be given: ask again.
    pub fn next(&mut self, division: &Division, max: usize) -> Vec<Order> {
        let mut orders = Orders { division, orders: Vec::new(), max };
        for book in division.years() {
            if book.office().is_empty() {
                continue;
            }
            orders.arrivals(book);
            orders.transfers_that_ended(book);
            orders.carried_in(book);
            self.document(book, &mut orders);
            if orders.is_full() {
                break;
            }
        }
        orders.orders
    }

    /// The document of a year that is being carried out.
    #[must_use]
    pub fn under_way(&self, year: FiscalYear) -> Option<&str> {
        self.under_way.get(&year).map(UnderWay::document)
    }

    /// Documents that wait to be carried out, over all years.
    #[must_use]
    pub fn waiting(division: &Division) -> usize {
        let all = division.years().flat_map(|book| book.office().all::<Document>());
        all.filter(|document| document.state == DocumentState::Checked).count()
    }
}

/// Cuts lines into texts that a paper can hold behind a head of so many bytes.
fn papers_of(head_bytes: usize, lines: impl Iterator<Item = String>) -> Vec<String> {
    let mut texts: Vec<String> = Vec::new();
    for line in lines {
        match texts.last_mut() {
            Some(text) if head_bytes + text.len() + line.len() < PAPER_BYTES_MAX => {
                text.push('\n');
                text.push_str(&line);
            }
            _ => texts.push(line),
        }
    }
    texts
}

/// The code an act was refused with; `None`: it was not.
fn refused_with(book: &YearBook, act: ActId) -> Option<Code> {
    match book.find_act(act)? {
        Found::Refused(row) => Some(row.refusal.code),
        _ => None,
    }
}
