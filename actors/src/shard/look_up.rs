//! Look-ups by id, answered from memory.

use domain::decide::outcome_of;
use domain::division::YearBook;
use domain::ids::{ActId, LimitKey, MoveId, PaymentId, QuotaId};
use domain::{Code, Division};
use protocol::lookup::{Answer, IdKind, LookUp, OutcomeView};
use protocol::views::{PaymentView, QuotaView};

use super::Shard;
use super::one::result_of;

impl Shard {
    /// The answer to one look-up.
    pub(super) fn answer(&self, look_up: LookUp) -> Answer {
        let Some(slot) = self.registered_slot_of(look_up.division()) else {
            return Answer::Failed(Code::UnknownDivision);
        };
        let division = &self.divisions[slot];
        let found = match look_up {
            LookUp::Quota(id) => division.year(id.year()).and_then(|book| {
                let view = quota_view(book, id, self.quarantined.contains_key(&id))?;
                Some(Answer::Quota(Box::new(view)))
            }),
            LookUp::Payment { year, id, .. } => division
                .year(year)
                .and_then(|book| book.payment(id))
                .map(|payment| Answer::Payment(Box::new(PaymentView::of(payment)))),
            LookUp::Outcome { kind, year, id, .. } => outcome(division, kind, year, id),
        };
        found.unwrap_or(Answer::Failed(Code::NotFound))
    }
}

/// A quota as it is told.
pub(crate) fn quota_view(book: &YearBook, id: QuotaId, quarantined: bool) -> Option<QuotaView> {
    let (cell, row) = (book.quota(id)?, book.row(id)?);
    let plan = (cell.plan_slot as usize).checked_sub(1);
    let plan = plan.and_then(|slot| book.plans().nth(slot)).map_or(LimitKey(0), |plan| plan.key);
    Some(QuotaView::of(id, cell, row, plan, quarantined))
}

fn outcome(
    division: &Division,
    kind: IdKind,
    year: domain::FiscalYear,
    id: u128,
) -> Option<Answer> {
    let book = division.year(year)?;
    let (answer, transit) = match kind {
        IdKind::Payment => (outcome_of(division, book.find_payment(PaymentId(id))?), 0),
        IdKind::Act => (outcome_of(division, book.find_act(ActId(id))?), 0),
        IdKind::Move => domain::decide::outcome_of_move(division, book, MoveId(id))?,
    };
    let (result, refusal) = (result_of(&answer), answer.refusal);
    Some(Answer::Outcome(OutcomeView { result, refusal, transit }))
}
