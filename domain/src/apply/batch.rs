//! How a batch opens and ends.

use crate::batch::{Batch, Staged, fold_paper};
use crate::codes::{ActKind, BatchEnd};
use crate::command::{OpenBatch, Paper};
use crate::division::YearBook;
use crate::ids::{BatchId, Fingerprint, PersonId, QuotaId};
use crate::movement::Transit;
use crate::office::line::read_all;
use crate::quota::{Buckets, QuotaCell};

use super::quota::{change, leave, take_effect};

pub(super) fn open(
    book: &mut YearBook,
    maker: PersonId,
    open: &OpenBatch,
    fingerprint: Fingerprint,
) {
    let batch = Batch {
        fingerprint,
        maker,
        count: open.count,
        digest: open.digest,
        staged_digest: 0,
        deadline_ms: open.deadline_ms,
        end: None,
        staged: Vec::new(),
        staged_bytes: 0,
    };
    book.put_batch(open.batch, batch);
}

/// Stages a paper: nothing of it is on file before the close.
pub(super) fn stage_paper(book: &mut YearBook, paper: &Paper<'_>, changes: &str) {
    let digest = fold_paper(staged_digest(book, paper.batch), paper);
    book.stage(paper.batch, digest, Staged::Paper { changes: changes.into() });
}

/// The digest of what is staged so far.
pub(super) fn staged_digest(book: &YearBook, batch: BatchId) -> u128 {
    book.batch(batch).expect("an event names a batch that was opened").staged_digest
}

/// Ends a batch: every staged act takes effect, or what it held back is let go. Changes many
/// quotas and counts in the version of none, since the event carries none.
pub(super) fn end(book: &mut YearBook, id: BatchId, end: BatchEnd) {
    let staged = book.take_staged(id);
    let batch = book.batch_mut(id);
    assert!(batch.is_open(), "I3: a batch ends once");
    let close = end == BatchEnd::Closed;
    batch.end = Some(end);
    let mut let_out = Vec::new();
    for act in staged {
        match act {
            Staged::Act { kind, quota, amount_fen } => {
                let x = amount_fen.get();
                uncounted(book, quota, |book| {
                    let back = |buckets: &mut Buckets| match kind {
                        ActKind::Cut | ActKind::Recover | ActKind::Freeze => buckets.staged -= x,
                        ActKind::Unfreeze => {
                            buckets.staged -= x;
                            buckets.frozen += x;
                        }
                        _ => {}
                    };
                    change(book, quota, back, |_| {});
                    if close {
                        take_effect(book, kind, quota, x);
                    }
                });
            }
            Staged::Paper { changes } => {
                if close {
                    book.file(read_all(&changes).expect("a staged paper's changes can be read"));
                }
            }
            Staged::Move { id } => {
                let mut row = *book.move_out(id).expect("a staged move is on record");
                let x = row.amount_fen.get();
                row.transit = if close { Transit::InTransit } else { Transit::Dropped };
                uncounted(book, row.from, |book| {
                    change(book, row.from, |buckets| buckets.staged -= x, |_| {});
                    if close {
                        leave(book, row.kind, row.from, x);
                    }
                });
                book.put_move_out(id, row);
                if close {
                    let_out.push(id);
                }
            }
        }
    }
    book.moves_let_out = let_out;
}

/// Changes a quota and leaves its version as it was.
fn uncounted(book: &mut YearBook, quota: QuotaId, change: impl FnOnce(&mut YearBook)) {
    let version = book.quota(quota).expect("a staged act names a quota that exists").version;
    change(book);
    let cell = *book.quota(quota).expect("it was there before the change");
    book.put_quota(quota, QuotaCell { version, ..cell });
}
