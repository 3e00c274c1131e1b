//! Money carried into this year from the last: once all of a document has landed, the rows of the
//! new year get their figures.

use crate::division::YearBook;
use crate::ids::{FiscalYear, MoveId};
use crate::movement::Transit;
use crate::office::issuance::order::{batch_id, deed_id, paper_id};
use crate::office::paper::PaperKind;
use crate::office::tables::document::{CarriedIn, Document, DocumentKind, DocumentState};
use crate::refusal::Code;

use super::{Orders, document::attempt_of, papers_of};

impl Orders<'_> {
    /// For each document of the old year that is done and not yet on file in the new.
    pub(super) fn carried_in(&mut self, old: &YearBook) {
        let next = FiscalYear::new(old.year.get() + 1).and_then(|year| self.division.year(year));
        let Some(new) = next else { return };
        for document in old.office().all::<Document>() {
            let done =
                document.kind == DocumentKind::Carry && document.state == DocumentState::Done;
            let key = CarriedIn::key_of(old.year, &document.code);
            if !done || new.office().get::<CarriedIn>(&key).is_some() {
                continue;
            }
            let Some(lines) = landed(old, new, &document.code) else { continue };
            let head = |end: &str| format!("{}\t{}\t{end}\n", old.year.get(), &*document.code);
            let texts = papers_of(head("last").len(), lines.into_iter());
            let last = texts.len().saturating_sub(1);
            for (place, text) in texts.iter().enumerate() {
                let text = head(if place == last { "last" } else { "more" }) + text;
                let act = paper_id(old.key(), PaperKind::CarryIn, &document.code, place);
                self.file(new, document.maker, PaperKind::CarryIn, act, text);
            }
        }
    }
}

/// The document's moves, each with the row it went to; `None` while one is on its way.
fn landed(old: &YearBook, new: &YearBook, document: &str) -> Option<Vec<String>> {
    let attempt = attempt_of(old, document);
    let count = old.batch(batch_id(old.key(), document, attempt))?.count as usize;
    let mut lines = Vec::new();
    for place in 0..count {
        let id = MoveId(deed_id(old.key(), document, attempt, place));
        let Some(out) = old.move_out(id) else { break };
        let arrived = new.move_in(out.from, id);
        if arrived.is_none() && out.transit == Transit::InTransit {
            return None;
        }
        let taken = arrived.is_some_and(|row| row.outcome == Code::Accepted);
        if taken && let Some(quota) = new.row(out.to) {
            lines.push(format!("{}\t{id}\t{}", quota.budget_row(), out.from));
        }
    }
    Some(lines)
}
