//! The lines of a document: those on file, or all that is there.

use crate::codes::{AuthorityKind, YearState};
use crate::ids::{FiscalYear, QuotaId};
use crate::limits::DOCUMENT_LINES_MAX;
use crate::money::Fen;
use crate::office::authority::{is_replied, row_state};
use crate::office::field::{Text, Word};
use crate::office::performance::is_dormant;
use crate::office::tables::budget::{BudgetRow, RowKind, RowState};
use crate::office::tables::document::{Document, DocumentKind, DocumentLine};
use crate::refusal::{Code, Refusal};

use super::Drawing;

impl Drawing<'_> {
    /// What the kind of document must name as its authority.
    pub(super) fn must_have_authority(&self) -> Result<(), Refusal> {
        use DocumentKind as K;
        let none = self.document.authority.trim().is_empty();
        match self.document.kind {
            K::Initial if !is_replied(self.office) => Err(Code::NoApprovedBudget.into()),
            K::Adjustment if none => Err(Code::NeedsCongress.into()),
            K::Supplement | K::Cut | K::Virement | K::Freeze | K::Unfreeze if none => {
                Err(Code::NoDocument.into())
            }
            _ => Ok(()),
        }
    }

    /// The lines in order.
    pub(super) fn lines(&self) -> Result<Vec<DocumentLine>, Refusal> {
        let document = self.document;
        if document.lines == 0 {
            return Ok(match document.kind {
                DocumentKind::Initial => self.replied_rows(),
                DocumentKind::Carry => self.what_is_left(true),
                DocumentKind::Recover => self.what_is_left(false),
                _ => return Err(Code::DocumentMismatch.into()),
            });
        }
        let line = |number: u32| {
            let found = self.office.get::<DocumentLine>(&format!("{}/{number}", &*document.code));
            found.cloned().ok_or_else(|| Code::DocumentMismatch.into())
        };
        (1..=document.lines.min(DOCUMENT_LINES_MAX)).map(line).collect()
    }

    /// The reply: every row of it, and every row that fell out of it and has a quota already.
    fn replied_rows(&self) -> Vec<DocumentLine> {
        let of_reply = |row: &&BudgetRow| {
            use RowKind as K;
            matches!(row.kind, K::Placed | K::Held | K::Reserve | K::Transfer)
        };
        let amount = |row: &BudgetRow| {
            let state = row_state(self.office, row);
            let quota = self.book.quota_by_key(&row.quota_key(self.code));
            let (cell, cold) = match quota.map(|id| (self.book.quota(id), self.book.row(id))) {
                Some((Some(cell), Some(cold))) => (cell, cold),
                _ if state == RowState::Replied => return Some(row.reply_fen.get()),
                _ => return None,
            };
            match (state, cold.authority) {
                (RowState::Replied, AuthorityKind::PreApproval) => Some(row.reply_fen.get()),
                (RowState::Replied, _) => Some(row.reply_fen.get() - cold.totals().initial),
                (_, AuthorityKind::PreApproval) if cell.buckets.issued > 0 => Some(0),
                _ => None,
            }
        };
        let rows = self.office.all::<BudgetRow>().filter(of_reply);
        let with_amount = rows.filter_map(|row| Some((row, amount(row)?)));
        let due = with_amount.filter(|&(row, fen)| fen > 0 || row.is_dropped);
        let numbered = due.zip(1..);
        numbered.map(|((row, fen), line)| self.line(line, &row.code, QuotaId::NONE, fen)).collect()
    }

    /// What winds the year up: all that is available on quotas that rest on budget rows. What would
    /// be dormant in the next year is recovered and not carried.
    fn what_is_left(&self, carry: bool) -> Vec<DocumentLine> {
        let year = self.book.year;
        let next = FiscalYear::new(year.get() + 1).unwrap_or(year);
        let winding_up = self.book.state == YearState::Adjustment;
        let due =
            |&(_, cell, cold): &(QuotaId, &crate::quota::QuotaCell, &crate::quota::QuotaRow)| {
                let row = self.office.get::<BudgetRow>(cold.budget_row());
                let open = cell.buckets.available() > 0 && !cell.closed;
                open && row.is_some_and(|row| match carry {
                    true => !is_dormant(self.office, row, next),
                    false => winding_up || is_dormant(self.office, row, year),
                })
            };
        let quotas = self.book.quotas().filter(due).zip(1..);
        let line = |((id, cell, _), line): ((QuotaId, &crate::quota::QuotaCell, _), u32)| {
            self.line(line, "", id, cell.buckets.available())
        };
        quotas.map(line).collect()
    }

    fn line(&self, line: u32, row: &str, from: QuotaId, fen: i64) -> DocumentLine {
        let document: &Document = self.document;
        DocumentLine {
            document: Word::from(&*document.code),
            line,
            row: Text::from(row),
            from,
            to: QuotaId::NONE,
            to_division: Text::default(),
            amount_fen: Fen::new(fen),
            cap_fen: Fen::ZERO,
        }
    }
}
