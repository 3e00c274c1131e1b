//! How orders on a quota and moves between quotas change it.

use crate::batch::{Staged, fold_act, fold_move};
use crate::codes::{ActKind, AuthorityKind, MoveKind, is_own_money};
use crate::command::{Act, MoveIn, MoveOut};
use crate::division::YearBook;
use crate::ids::{BatchId, Fingerprint, MoveId, PersonId, QuotaId};
use crate::limit::ContractCell;
use crate::money::Fen;
use crate::movement::{MoveInRow, MoveOutRow, Transit};
use crate::quota::{Buckets, Totals};
use crate::refusal::Code;

use super::batch::staged_digest;

/// Changes a quota's buckets and running totals together; `issued` follows from the totals.
pub(super) fn change(
    book: &mut YearBook,
    quota: QuotaId,
    buckets: impl FnOnce(&mut Buckets),
    totals: impl FnOnce(&mut Totals),
) {
    let mut after = book.row(quota).expect("an event names a quota that exists").totals();
    totals(&mut after);
    let issued = i64::try_from(after.issued()).expect("issued stays in bounds");
    let cell = book.quota(quota).expect("an event names a quota that exists");
    let cell = cell.changed(|copy| {
        buckets(copy);
        copy.issued = issued;
    });
    book.put_quota(quota, cell);
    let row = book.row_mut(quota);
    row.set_figures(after, row.under_way());
}

pub(super) fn act(book: &mut YearBook, act: &Act<'_>) {
    if act.batch == BatchId(0) {
        take_effect(book, act.kind, act.quota, act.amount_fen.get());
        match act.kind {
            ActKind::Earmark => earmark(book, act),
            ActKind::Unearmark => unearmark(book, act),
            _ => {}
        }
        return;
    }
    let x = act.amount_fen.get();
    let buckets = |buckets: &mut Buckets| match act.kind {
        ActKind::Cut | ActKind::Recover | ActKind::Freeze => buckets.staged += x,
        // Still frozen, and nobody else's to let go.
        ActKind::Unfreeze => {
            buckets.frozen -= x;
            buckets.staged += x;
        }
        _ => {}
    };
    change(book, act.quota, buckets, |_| {});
    let (kind, quota, amount_fen) = (act.kind, act.quota, act.amount_fen);
    let digest = fold_act(staged_digest(book, act.batch), act);
    book.stage(act.batch, digest, Staged::Act { kind, quota, amount_fen });
}

/// The effect of an act on its quota's buckets and totals.
pub(super) fn take_effect(book: &mut YearBook, kind: ActKind, quota: QuotaId, x: i64) {
    let buckets = |buckets: &mut Buckets| match kind {
        ActKind::Freeze => buckets.frozen += x,
        ActKind::Unfreeze => buckets.frozen -= x,
        ActKind::Earmark => buckets.earmarked += x,
        ActKind::Unearmark => buckets.earmarked -= x,
        _ => {}
    };
    let totals = |totals: &mut Totals| match kind {
        ActKind::Issue | ActKind::Authorize => totals.initial += x,
        ActKind::Supplement => totals.supplemented += x,
        ActKind::Cut => totals.cut += x,
        ActKind::Recover => totals.recovered += x,
        _ => {}
    };
    change(book, quota, buckets, totals);
    if kind == ActKind::Close {
        let mut cell = *book.quota(quota).expect("just changed");
        cell.closed = true;
        book.put_quota(quota, cell);
    }
    if kind == ActKind::Authorize {
        let row = book.row_mut(quota);
        row.authority = AuthorityKind::BudgetLine;
        row.cap_fen = Fen::ZERO;
    }
}

fn earmark(book: &mut YearBook, act: &Act<'_>) {
    let known = book.contract(act.quota, act.contract).copied();
    let was_open = known.is_some_and(|cell| cell.open);
    let (contract, plan) = (act.contract, act.plan);
    let mut cell =
        known.unwrap_or(ContractCell { contract, plan, earmarked: 0, used: 0, open: true });
    cell.earmarked += act.amount_fen.get();
    cell.open = true;
    book.put_contract(act.quota, cell);
    if !was_open {
        book.row_mut(act.quota).open_contracts += 1;
    }
}

fn unearmark(book: &mut YearBook, act: &Act<'_>) {
    let mut cell = *book.contract(act.quota, act.contract).expect("decided with an open earmark");
    cell.earmarked -= act.amount_fen.get();
    cell.open = cell.earmarked > cell.used;
    book.put_contract(act.quota, cell);
    if !cell.open {
        book.row_mut(act.quota).open_contracts -= 1;
    }
}

pub(super) fn move_out(
    book: &mut YearBook,
    person: PersonId,
    moved: &MoveOut<'_>,
    fingerprint: Fingerprint,
    sequence: u64,
) {
    let staged = moved.batch != BatchId(0);
    let fund = book.quota(moved.from).expect("a move names a quota that exists").fund;
    let x = moved.amount_fen.get();
    if staged {
        change(book, moved.from, |buckets| buckets.staged += x, |_| {});
        let digest = fold_move(staged_digest(book, moved.batch), moved);
        book.stage(moved.batch, digest, Staged::Move { id: moved.id });
    } else {
        leave(book, moved.kind, moved.from, x);
    }
    book.put_move_out(
        moved.id,
        MoveOutRow {
            fingerprint,
            sequence,
            person,
            kind: moved.kind,
            from: moved.from,
            to: moved.to,
            amount_fen: moved.amount_fen,
            fund,
            payment: moved.payment,
            transit: if staged { Transit::Staged } else { Transit::InTransit },
        },
    );
}

/// Money leaves its quota; a negative amount brings it back.
pub(super) fn leave(book: &mut YearBook, kind: MoveKind, from: QuotaId, x: i64) {
    let own = is_own(book, from);
    let buckets = |buckets: &mut Buckets| match kind {
        MoveKind::Allocate => buckets.allocated += x,
        MoveKind::Transfer => buckets.transferred += x,
        MoveKind::Correct => *buckets.settled(own) += x,
        _ => {}
    };
    let totals = |totals: &mut Totals| match kind {
        MoveKind::ReturnUp => totals.returned_up += x,
        MoveKind::Virement => totals.vired_out += x,
        MoveKind::Carry => totals.carried_out += x,
        _ => {}
    };
    change(book, from, buckets, totals);
}

/// Whether payments of a quota go out of the unit's own account, where paid is final.
fn is_own(book: &YearBook, quota: QuotaId) -> bool {
    is_own_money(book.quota(quota).expect("an event names a quota that exists").fund)
}

pub(super) fn move_in(book: &mut YearBook, moved: &MoveIn) {
    let x = moved.amount_fen.get();
    #[cfg(feature = "planted-bugs")]
    let x = if crate::planted::is(crate::planted::Bug::SecondHalfLost) { 0 } else { x };
    let same_division = moved.from.division() == moved.to.division();
    let own = is_own(book, moved.to);
    let buckets = |buckets: &mut Buckets| match (moved.kind, same_division) {
        (MoveKind::ReturnUp, true) => buckets.allocated -= x,
        (MoveKind::ReturnUp, false) => buckets.transferred -= x,
        (MoveKind::Correct, _) => *buckets.settled(own) -= x,
        _ => {}
    };
    let totals = |totals: &mut Totals| match moved.kind {
        MoveKind::Allocate | MoveKind::Transfer => totals.moved_in += x,
        MoveKind::Virement => totals.vired_in += x,
        MoveKind::Carry => totals.carried_in += x,
        MoveKind::ReturnUp | MoveKind::Correct => {}
    };
    change(book, moved.to, buckets, totals);
    let (from, to, amount_fen) = (moved.from, moved.to, moved.amount_fen);
    let row = MoveInRow { from, to, amount_fen, outcome: Code::Accepted };
    book.add_move_in(moved.id, row);
}

pub(super) fn settle_move(book: &mut YearBook, id: MoveId, landed: bool) {
    let mut row = *book.move_out(id).expect("a settling names a move that left");
    if landed {
        row.transit = Transit::Landed;
        change(book, row.from, |_| {}, |_| {});
    } else {
        row.transit = Transit::CameBack;
        leave(book, row.kind, row.from, -row.amount_fen.get());
    }
    book.put_move_out(id, row);
}
