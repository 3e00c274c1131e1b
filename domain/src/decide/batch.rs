//! Whether a batch opens, takes an act, closes or is dropped.

use std::collections::{BTreeMap, BTreeSet};

use crate::batch::{Batch, Staged};
use crate::codes::{ActKind, BatchEnd, BatchStep, MoveKind, Role, YearState};
use crate::command::{Body, By, Command, EndBatch, OpenBatch};
use crate::division::{Division, YearBook};
use crate::event::{Event, EventBody};
use crate::ids::{ActId, BatchId, Fingerprint, PersonId, QuotaId};
use crate::limits::{FILED_BYTES_MAX, OPEN_BATCHES_MAX, OPEN_STAGED_BYTES_MAX, STAGED_BYTES_MAX};
use crate::money::{Fen, FenSum};
use crate::office;
use crate::refusal::{Code, Refusal};

use super::{may_grow, must_be_open, must_not_be_by_hand, must_stay_in_bounds};

pub(super) fn decide_open<'a>(
    book: Option<&YearBook>,
    by: &By,
    open: OpenBatch,
    fingerprint: Fingerprint,
) -> Result<EventBody<'a>, Refusal> {
    // A year's papers are filed before it opens; whether an act is taken, each says for itself.
    let Some(book) = book else { return Ok(EventBody::BatchOpened { fingerprint, command: open }) };
    must_not_be_over(book, by)?;
    if book.batches().filter(|(_, batch)| batch.is_open()).count() >= OPEN_BATCHES_MAX {
        return Err(Code::TooMany.into());
    }
    Ok(EventBody::BatchOpened { fingerprint, command: open })
}

/// A year's adjustment period takes the engine's batches alone: what winds the year up goes by them.
fn must_not_be_over(book: &YearBook, by: &By) -> Result<(), Refusal> {
    match book.state {
        YearState::Unopened => Ok(()),
        YearState::Adjustment if by.role == Role::Engine => Ok(()),
        _ => must_be_open(book),
    }
}

/// What was staged while the year was open may have no place in its adjustment period.
fn must_wind_up(book: &YearBook, staged: &[Staged]) -> Result<(), Refusal> {
    let winds_up = |act: &Staged| match act {
        Staged::Act { kind, .. } => matches!(kind, ActKind::Recover | ActKind::Unfreeze),
        Staged::Move { id } => book.move_out(*id).is_some_and(|row| row.kind == MoveKind::Carry),
        Staged::Paper { .. } => true,
    };
    let over = book.state == YearState::Adjustment;
    let good = !over || staged.iter().all(winds_up);
    if good { Ok(()) } else { Err(Code::YearInAdjustment.into()) }
}

/// A batch takes acts while it is open, from its maker.
pub(super) fn must_take(book: &YearBook, id: BatchId, person: PersonId) -> Result<(), Refusal> {
    let batch = book.batch(id).ok_or(Code::NoBatch)?;
    must_be_open_batch(batch)?;
    if batch.maker != person {
        return Err(Code::NotBatchMaker.into());
    }
    if batch.staged.len() >= batch.count as usize {
        return Err(Code::BatchMismatch.into());
    }
    let is_full = batch.staged_bytes + FILED_BYTES_MAX > STAGED_BYTES_MAX
        || book.staged_bytes + FILED_BYTES_MAX > OPEN_STAGED_BYTES_MAX;
    if is_full {
        return Err(Code::TooMany.into());
    }
    Ok(())
}

fn must_be_open_batch(batch: &Batch) -> Result<(), Refusal> {
    match batch.end {
        None => Ok(()),
        Some(BatchEnd::Closed) => Err(Code::NoBatch.into()),
        Some(_) => Err(Code::BatchDropped.into()),
    }
}

pub(super) fn decide_end<'a>(
    division: &Division,
    book: &YearBook,
    by: &By,
    end: EndBatch,
    fingerprint: Fingerprint,
) -> Result<EventBody<'a>, Refusal> {
    let batch = book.batch(end.batch).ok_or(Code::NoBatch)?;
    must_be_open_batch(batch)?;
    if end.step.is_asked() && batch.maker != by.person {
        return Err(Code::NotBatchMaker.into());
    }
    if end.step == BatchStep::Close {
        let by_hand = |staged: &Staged| !matches!(staged, Staged::Paper { .. });
        if by.role != Role::Engine && batch.staged.iter().any(by_hand) {
            // What was staged before the card came is as much by hand as what comes after it.
            must_not_be_by_hand(book)?;
        }
        must_not_be_over(book, by)?;
        must_wind_up(book, &batch.staged)?;
        let whole = batch.staged.len() == batch.count as usize;
        if !whole || batch.staged_digest != batch.digest {
            return Err(Code::BatchMismatch.into());
        }
        must_fit_together(book, &batch.staged)?;
        office::decide::must_fit_staged(division, book, by, &batch.staged)?;
    }
    let EndBatch { step, act, batch, year, .. } = end;
    let fingerprint = if step.is_asked() { fingerprint } else { Fingerprint(0) };
    let (division, end) = (book.division, BatchEnd::by(step));
    Ok(EventBody::BatchEnded { fingerprint, act, division, year, batch, end })
}

/// What a batch gives was checked act by act; together it must still stay within bounds and caps.
fn must_fit_together(book: &YearBook, staged: &[Staged]) -> Result<(), Refusal> {
    let mut gives: BTreeMap<QuotaId, FenSum> = BTreeMap::new();
    let mut authorized: BTreeSet<QuotaId> = BTreeSet::new();
    for act in staged {
        let Staged::Act { kind, quota, amount_fen } = act else { continue };
        if *kind == ActKind::Authorize {
            authorized.insert(*quota);
        }
        if matches!(kind, ActKind::Issue | ActKind::Supplement | ActKind::Authorize) {
            *gives.entry(*quota).or_default() += FenSum::from(amount_fen.get());
        }
    }
    for (quota, sum) in gives {
        if book.quota(quota).ok_or(Code::NoQuota)?.closed {
            return Err(Code::QuotaClosed.into());
        }
        let sum = i64::try_from(sum).map_err(|_| Code::OverBound)?;
        if authorized.contains(&quota) {
            // Its cap goes with the same batch.
            must_stay_in_bounds(book, quota, Fen::new(sum))?;
        } else {
            may_grow(book, quota, Fen::new(sum))?;
        }
    }
    Ok(())
}

/// One refused act drops its batch.
pub(super) fn dropped_by_refusal(
    division: &Division,
    command: &Command<'_>,
) -> Option<Event<'static>> {
    let (batch, year) = match &command.body {
        Body::Act(act) => (act.batch, act.quota.year()),
        Body::MoveOut(moved) => (moved.batch, moved.from.year()),
        Body::File(paper) => (paper.batch, paper.year),
        _ => return None,
    };
    let open = division.year(year)?.batch(batch).filter(|batch| batch.is_open())?;
    // Another person's act that strayed into the batch does not drop it.
    if open.maker != command.by.person {
        return None;
    }
    let body = EventBody::BatchEnded {
        fingerprint: Fingerprint(0),
        act: ActId(0),
        division: division.index,
        year,
        batch,
        end: BatchEnd::Refused,
    };
    Some(Event { by: command.by, body })
}
