//! Whether money leaves a quota for another, and whether the other takes it.

use crate::codes::{MoveKind, YearState};
use crate::command::{By, MoveIn, MoveOut, SettleMove};
use crate::division::{Division, YearBook};
use crate::event::EventBody;
use crate::ids::{BatchId, Fingerprint};
use crate::money::Fen;
use crate::office::tables::document::{Arrival, ArrivalState};
use crate::refusal::{Code, Refusal};

use super::{batch, correction, may_grow, must_be_open, must_not_be_closed};

pub(super) fn decide_out<'a>(
    book: &YearBook,
    by: &By,
    moved: MoveOut<'a>,
    fingerprint: Fingerprint,
) -> Result<EventBody<'a>, Refusal> {
    match moved.kind {
        MoveKind::Carry => must_not_be_closed(book)?,
        MoveKind::Correct => correction::must_charge(book, by, &moved)?,
        _ => must_be_open(book)?,
    }
    if moved.batch != BatchId(0) {
        batch::must_take(book, moved.batch, by.person)?;
    }
    let quota = book.quota(moved.from).ok_or(Code::NoQuota)?;
    if quota.closed {
        return Err(Code::QuotaClosed.into());
    }
    let row = book.row(moved.from).ok_or(Code::NoQuota)?;
    if moved.kind == MoveKind::ReturnUp && row.parent != moved.to {
        return Err(Code::NotChild.into());
    }
    if moved.amount_fen > quota.available() {
        return Err(Refusal::with(Code::CutBelowUsed, moved.amount_fen, quota.available()));
    }
    Ok(EventBody::MovedOut { version: quota.version + 1, fingerprint, command: moved })
}

/// The receiver's decision. A refusal here is journaled, ends the move's id at the receiver, and
/// sends the money back.
pub(super) fn decide_in<'a>(division: &Division, moved: MoveIn) -> Result<EventBody<'a>, Refusal> {
    if division.registration.is_none() {
        return Err(Code::UnknownDivision.into());
    }
    let book = division.year(moved.to.year()).ok_or(Code::YearNotOpen)?;
    match book.state {
        YearState::Unopened => return Err(Code::YearNotOpen.into()),
        YearState::Closed => return Err(Code::YearClosed.into()),
        YearState::Open | YearState::Adjustment => {}
    }
    if moved.to.is_unnamed() {
        // It waited for its receiver, who declined it, or could not wait here at all.
        let arrival = book.office().get::<Arrival>(&Arrival::key_of(moved.from, moved.id));
        let declined = arrival.is_some_and(|row| row.state == ArrivalState::Declined);
        return Err(if declined { Code::Declined } else { Code::BadDivision }.into());
    }
    let quota = book.quota(moved.to).ok_or(Code::NoQuota)?;
    if quota.closed {
        return Err(Code::QuotaClosed.into());
    }
    if quota.fund != moved.fund {
        return Err(Code::FundMismatch.into());
    }
    let row = book.row(moved.to).ok_or(Code::NoQuota)?;
    match moved.kind {
        MoveKind::Allocate | MoveKind::Transfer if row.parent != moved.from => {
            return Err(Code::NotChild.into());
        }
        MoveKind::Transfer => must_be_received(book, &moved)?,
        MoveKind::ReturnUp => {
            let same_division = moved.from.division() == moved.to.division();
            let buckets = &quota.buckets;
            // What is still under way may come back to the same bucket: nobody can return it.
            let handed = if same_division {
                buckets.allocated - row.under_way().allocated
            } else {
                buckets.transferred - row.under_way().transferred
            };
            let left = Fen::new(handed);
            if moved.amount_fen > left {
                return Err(Refusal::with(Code::OverAllocated, moved.amount_fen, left));
            }
        }
        // It gives back what the quota had.
        MoveKind::Correct => {}
        _ => may_grow(book, moved.to, moved.amount_fen)?,
    }
    Ok(EventBody::MovedIn { version: quota.version + 1, command: moved })
}

/// Under control a transfer comes in by its receiver's word alone, whatever its sender named.
fn must_be_received(book: &YearBook, moved: &MoveIn) -> Result<(), Refusal> {
    if book.office().card().is_none() {
        return Ok(());
    }
    let arrival = book.office().get::<Arrival>(&Arrival::key_of(moved.from, moved.id));
    let received = arrival.is_some_and(|row| row.state == ArrivalState::Received);
    if received { Ok(()) } else { Err(Code::NoArrival.into()) }
}

pub(super) fn decide_settle<'a>(
    book: &YearBook,
    settle: SettleMove,
) -> Result<EventBody<'a>, Refusal> {
    let row = book.move_out(settle.id).ok_or(Code::NotFound)?;
    let version = book.quota(row.from).ok_or(Code::NoQuota)?.version + 1;
    let SettleMove { id, from, landed } = settle;
    Ok(EventBody::MoveSettled { version, id, from, landed })
}
