//! Whether a payment may be asked for.

use crate::codes::settlement_path;
use crate::command::Reserve;
use crate::division::YearBook;
use crate::elements;
use crate::event::EventBody;
use crate::ids::Fingerprint;
use crate::money::Fen;
use crate::office::rules::case::Case;
use crate::office::rules::judge::{self, Judged};
use crate::quota::QuotaCell;
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
    let mut reserve = reserve;
    if book.has_rules() {
        // They go on with the event, to where it is applied.
        reserve.particulars = reserve.particulars.keyed();
    }
    let case = Case::of(book, &reserve, quota, false)?;
    if let Some(refusal) = limits(book, quota, &reserve).refusal() {
        return Err(refusal);
    }
    let version = quota.version + 1;
    let rule_version = if reserve.one_act { book.ceiling.version } else { 0 };
    let Judged { posts, leaves_rows } = match &case {
        Some(case) => judge::judge_before(case, &book.rules, quota.posts)?,
        None => Judged { posts: quota.posts, leaves_rows: false },
    };
    let command = reserve;
    Ok(EventBody::Reserved {
        version,
        fingerprint,
        rule_version,
        path,
        posts,
        leaves_rows,
        command,
    })
}

/// The limits that a payment is held to by arithmetic.
fn limits(book: &YearBook, quota: &QuotaCell, reserve: &Reserve<'_>) -> Limits {
    let mut limits = Limits { requested_fen: reserve.amount_fen, left: [None; LIMITS_MAX] };
    if reserve.one_act {
        // Until a ceiling is set its amount is zero, so no rule approves anything.
        limits.leaves(Code::NoRuleApproves, book.ceiling.amount_fen);
    }
    if reserve.contract.is_some() {
        let cell = book.contract(reserve.quota, reserve.contract);
        let left =
            cell.filter(|cell| cell.open && cell.plan == reserve.plan).map(|cell| cell.left());
        limits.leaves(Code::ContractMismatch, left.unwrap_or(Fen::ZERO));
    } else {
        limits.leaves(Code::OverQuota, quota.available());
    }
    if quota.plan_slot != 0 {
        let plan = &book.plans[quota.plan_slot as usize - 1];
        limits.leaves(Code::OverPlan, plan.left(reserve.day.month()));
    }
    limits
}

/// A refusal of a reservation with what is left under every limit, for a funds check: those that
/// refuse come first, then the others, the tightest first.
pub(super) fn with_every_limit(
    book: &YearBook,
    reserve: &Reserve<'_>,
    refusal: Refusal,
) -> Refusal {
    let Some(quota) = book.quota(reserve.quota) else { return refusal };
    let limits = limits(book, quota, reserve);
    let mut others: Vec<(Code, Fen)> = limits.left.into_iter().flatten().collect();
    others.retain(|(code, _)| refusal.figures().all(|figure| figure.limit != *code));
    others.sort_by_key(|(_, left)| *left);
    let mut all = refusal;
    for (limit, left_fen) in others {
        all.add(Figure { limit, requested_fen: reserve.amount_fen, left_fen });
    }
    all
}

/// What a funds check tells of a reservation that would be taken: whether a rule would hold it.
pub(super) fn would_hold(book: &YearBook, reserve: &Reserve<'_>) -> Option<Code> {
    let quota = book.quota(reserve.quota)?;
    let case = Case::of(book, reserve, quota, false).ok()??;
    judge::would_hold(&case, &book.rules)
}

/// Limits one reservation may meet: the ceiling, available or an earmark, the plan.
const LIMITS_MAX: usize = 3;

/// What every limit leaves.
struct Limits {
    requested_fen: Fen,
    left: [Option<(Code, Fen)>; LIMITS_MAX],
}

impl Limits {
    fn leaves(&mut self, limit: Code, left_fen: Fen) {
        if let Some(slot) = self.left.iter_mut().find(|slot| slot.is_none()) {
            *slot = Some((limit, left_fen));
        }
    }

    /// Every limit that refuses, the binding one first.
    fn refusal(&self) -> Option<Refusal> {
        let mut refusal: Option<Refusal> = None;
        let short = |left_fen: Fen| self.requested_fen > left_fen;
        for &(limit, left_fen) in self.left.iter().flatten().filter(|(_, left)| short(*left)) {
            let figure = Figure { limit, requested_fen: self.requested_fen, left_fen };
            refusal.get_or_insert_with(|| Refusal::new(limit)).add(figure);
        }
        refusal
    }
}
