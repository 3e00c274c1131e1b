//! What one document touched, looked at as soon as it is carried out.

use std::collections::BTreeSet;

use crate::division::{Division, YearBook};
use crate::ids::{FiscalYear, QuotaId};
use crate::money::FenSum;
use crate::office::tables::budget::BudgetRow;
use crate::office::tables::document::{
    Document, DocumentKind, DocumentLine, DocumentState, Transfer,
};

use super::{held, sum};

/// The first law that a document which was just carried out broke, in words: L1 of every quota its
/// lines take from and every row they name, L5 of its transfers. Costs what its lines cost.
#[must_use]
pub fn after_document(division: &Division, year: FiscalYear, code: &str) -> Option<String> {
    let book = division.year(year)?;
    let document = book.office().get::<Document>(code)?;
    if document.state != DocumentState::Done {
        return None;
    }
    let lines = (1..=document.lines)
        .filter_map(|number| book.office().get::<DocumentLine>(&format!("{code}/{number}")));
    let (mut quotas, mut rows) = (BTreeSet::new(), BTreeSet::new());
    for line in lines {
        quotas.insert(line.from);
        rows.insert(&*line.row);
    }
    let quota_breaks = quotas.iter().find_map(|&quota| quota_breaks(book, quota));
    let row_breaks = || rows.iter().find_map(|row| row_breaks(book, row));
    quota_breaks.or_else(row_breaks).or_else(|| transfers_break(book, document))
}

fn quota_breaks(book: &YearBook, quota: QuotaId) -> Option<String> {
    let b = &book.quota(quota)?.buckets;
    let used = sum(&[b.reserved, b.paid, b.cleared, b.earmarked, b.frozen, b.staged, -b.refunding]);
    let good = held(b) >= used && b.named().iter().all(|&(_, fen)| fen >= 0);
    (!good).then(|| format!("L1: quota {quota}: {b:?}"))
}

fn row_breaks(book: &YearBook, code: &str) -> Option<String> {
    let row = book.office().get::<BudgetRow>(code)?;
    let parts = sum(&[row.reply_fen.get(), row.adjusted_fen.get(), row.vired_fen.get()]);
    let good = FenSum::from(row.current_fen.get()) == parts && parts >= 0;
    (!good).then(|| format!("L1: budget row {code}: {row:?}"))
}

fn transfers_break(book: &YearBook, document: &Document) -> Option<String> {
    if document.kind != DocumentKind::Transfer {
        return None;
    }
    let of_document = book.office().all::<Transfer>();
    let of_document = of_document.filter(|transfer| transfer.document == document.code);
    let sent = of_document.filter_map(|transfer| book.move_out(transfer.id));
    let sent: FenSum = sent.map(|row| FenSum::from(row.amount_fen.get())).sum();
    let said = FenSum::from(document.total_fen.get());
    (sent != said).then(|| format!("L5: document {} sent {sent} fen of {said}", &*document.code))
}
