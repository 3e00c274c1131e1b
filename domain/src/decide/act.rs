//! Whether an order on a quota is carried out.

use crate::codes::{ActKind, AuthorityKind};
use crate::command::{Act, By};
use crate::division::YearBook;
use crate::event::EventBody;
use crate::ids::{BatchId, Fingerprint};
use crate::limits::CONTRACTS_PER_QUOTA_MAX;
use crate::money::Fen;
use crate::office::decide::commitment::may_earmark;
use crate::quota::QuotaCell;
use crate::refusal::{Code, Refusal};

use super::{batch, may_grow, must_be_open, must_not_be_closed, must_stay_in_bounds};

pub(super) fn decide<'a>(
    book: &YearBook,
    by: &By,
    act: Act<'a>,
    fingerprint: Fingerprint,
) -> Result<EventBody<'a>, Refusal> {
    match act.kind {
        ActKind::Unfreeze | ActKind::Unearmark | ActKind::Recover | ActKind::Close => {
            must_not_be_closed(book)?;
        }
        ActKind::Revive => {}
        _ => must_be_open(book)?,
    }
    if act.batch != BatchId(0) {
        batch::must_take(book, act.batch, by.person)?;
    }
    let quota = book.quota(act.quota).ok_or(Code::NoQuota)?;
    if quota.closed && act.kind != ActKind::Revive {
        return Err(Code::QuotaClosed.into());
    }
    guard(book, quota, &act)?;
    Ok(EventBody::Acted { version: quota.version + 1, fingerprint, command: act })
}

fn guard(book: &YearBook, quota: &QuotaCell, act: &Act<'_>) -> Result<(), Refusal> {
    let amount = act.amount_fen;
    let at_most = |left: Fen, code: Code| {
        if amount <= left { Ok(()) } else { Err(Refusal::with(code, amount, left)) }
    };
    match act.kind {
        ActKind::Issue | ActKind::Supplement => may_grow(book, act.quota, amount),
        ActKind::Cut | ActKind::Freeze | ActKind::Recover => {
            at_most(quota.available(), Code::CutBelowUsed)
        }
        ActKind::Unfreeze => at_most(Fen::new(quota.buckets.frozen), Code::OverFrozen),
        ActKind::Earmark => {
            let row = book.row(act.quota).ok_or(Code::NoQuota)?;
            match book.contract(act.quota, act.contract) {
                Some(cell) if cell.plan != act.plan => return Err(Code::ContractMismatch.into()),
                None if row.open_contracts as usize >= CONTRACTS_PER_QUOTA_MAX => {
                    return Err(Code::TooMany.into());
                }
                _ => {}
            }
            at_most(quota.available(), Code::OverQuota)?;
            may_earmark(book, act)
        }
        ActKind::Unearmark => {
            let cell = book.contract(act.quota, act.contract).filter(|cell| cell.open);
            let cell = cell.filter(|cell| cell.plan == act.plan).ok_or(Code::ContractMismatch)?;
            at_most(cell.left(), Code::OverEarmark)
        }
        ActKind::Close => {
            let buckets = &quota.buckets;
            let held = buckets.frozen + buckets.staged + buckets.earmarked + buckets.available();
            // A move that its receiver declines must find its quota open.
            let may_come_back = book.row(act.quota).ok_or(Code::NoQuota)?.under_way().moves;
            if quota.open_payments == 0 && held == 0 && may_come_back == 0 {
                Ok(())
            } else {
                Err(Code::OpenItems.into())
            }
        }
        ActKind::Authorize => {
            let row = book.row(act.quota).ok_or(Code::NoQuota)?;
            if row.authority != AuthorityKind::PreApproval {
                return Err(Code::NotPreApproval.into());
            }
            must_stay_in_bounds(book, act.quota, amount)
        }
        ActKind::Revive => Ok(()),
    }
}
