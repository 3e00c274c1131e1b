//! Whether a payment may be asked for.

use crate::codes::settlement_path;
use crate::command::Reserve;
use crate::division::YearBook;
use crate::elements;
use crate::event::EventBody;
use crate::ids::Fingerprint;
use crate::money::Fen;
use crate::refusal::{Code, Figure, Refusal};

pub(super) fn decide<'a>(
    book: &YearBook,
    reserve: Reserve<'a>,
    fingerprint: Fingerprint,
) -> Result<EventBody<'a>, Refusal> {
    let quota = book.quota(reserve.quota).ok_or(Code::NoQuota)?;
    if !book.gate.is_open(reserve.day, || book.row(reserve.quota).map_or("", |row| &row.key)) {
        return Err(Code::NotLive.into());
    }
    if quota.closed {
        return Err(Code::QuotaClosed.into());
    }
    if !quota.executable {
        return Err(Code::NotExecutable.into());
    }
    let path = settlement_path(quota.fund, reserve.method).ok_or(Code::MethodMismatch)?;
    elements::check_payment_class(reserve.economic, reserve.quota.year())?;
    if !quota.economic.covers(reserve.economic) {
        return Err(Code::EconomicMismatch.into());
    }
    let mut limits = Limits { requested_fen: reserve.amount_fen, refusal: None };
    if reserve.one_act {
        // Until a ceiling is set its amount is zero, so no rule approves anything.
        limits.must_leave(Code::NoRuleApproves, book.ceiling.amount_fen);
    }
    if reserve.contract.is_some() {
        let cell = book.contract(reserve.quota, reserve.contract);
        let left =
            cell.filter(|cell| cell.open && cell.plan == reserve.plan).map(|cell| cell.left());
        limits.must_leave(Code::ContractMismatch, left.unwrap_or(Fen::ZERO));
    } else {
        limits.must_leave(Code::OverQuota, quota.available());
    }
    if quota.plan_slot != 0 {
        let plan = &book.plans[quota.plan_slot as usize - 1];
        limits.must_leave(Code::OverPlan, plan.left(reserve.day.month()));
    }
    if let Some(refusal) = limits.refusal {
        return Err(refusal);
    }
    let version = quota.version + 1;
    let rule_version = if reserve.one_act { book.ceiling.version } else { 0 };
    let posts = quota.posts;
    Ok(EventBody::Reserved { version, fingerprint, rule_version, path, posts, command: reserve })
}

/// Gathers every limit that would refuse, the binding one first.
struct Limits {
    requested_fen: Fen,
    refusal: Option<Refusal>,
}

impl Limits {
    fn must_leave(&mut self, limit: Code, left_fen: Fen) {
        if self.requested_fen > left_fen {
            let figure = Figure { limit, requested_fen: self.requested_fen, left_fen };
            self.refusal.get_or_insert_with(|| Refusal::new(limit)).add(figure);
        }
    }
}
