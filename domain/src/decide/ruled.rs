//! What control rules leave of a payment, as events that follow it in the same turn: rows in the
//! worklist and among the alerts, and the hold itself.

use crate::codes::{PaymentState, Role, StepKind};
use crate::command::{Body, By, Command, Paper, Reserve, Step};
use crate::division::{Division, YearBook};
use crate::event::{Event, EventBody};
use crate::ids::{ActId, BatchId, Fingerprint, FiscalYear, PaymentId, PersonId};
use crate::office::line::{Change, write_all};
use crate::office::paper::PaperKind;
use crate::office::rules::judge::{held_by_hand, rows_after};
use crate::office::table::Table;
use crate::office::tables::rule::Held;
use crate::refusal::Code;

/// What follows from an event that an order on a payment became.
pub(super) fn follows(
    division: &Division,
    command: &Command<'_>,
    event: &Event<'_>,
) -> Option<Event<'static>> {
    match &event.body {
        EventBody::Reserved { command: c, leaves_rows: true, .. } => {
            after_reserved(division, event.by, c)
        }
        EventBody::Filed { command: c, .. } => after_filed(division, command, event.by, c),
        EventBody::Stepped { command: c, .. } => after_step(division, event.by, c),
        _ => None,
    }
}

/// After a reservation: the rows of the rules that fired.
fn after_reserved(division: &Division, by: By, reserve: &Reserve<'_>) -> Option<Event<'static>> {
    let book = under_control(division, reserve.quota.year())?;
    let changes = rows_after(book, reserve);
    filed(book, by, act_of(book, reserve.payment, None), &changes)
}

/// After those rows: the hold, where the payment stands in the worklist by one of them.
fn after_filed(
    division: &Division,
    command: &Command<'_>,
    by: By,
    paper: &Paper<'_>,
) -> Option<Event<'static>> {
    let Body::Reserve(reserve) = &command.body else { return None };
    if paper.kind != PaperKind::RulesFired {
        return None;
    }
    let book = under_control(division, paper.year)?;
    let held: &Held = book.office().get(&reserve.payment.to_string())?;
    if book.payment(reserve.payment)?.state != PaymentState::Reserved {
        return None;
    }
    let version = book.quota(reserve.quota)?.version + 1;
    let (payment, quota, serial) = (reserve.payment, reserve.quota, u64::from(held.code));
    let reason = Code::from_number(held.code).map_or("", Code::english);
    let command = Step { kind: StepKind::Hold, payment, quota, serial, reason };
    let by = By { role: Role::Engine, ..by };
    Some(Event { by, body: EventBody::Stepped { version, command } })
}

/// After a person's hold: its row in the worklist. After the end of a hold: no row any more.
fn after_step(division: &Division, by: By, step: &Step<'_>) -> Option<Event<'static>> {
    let book = under_control(division, step.quota.year())?;
    let key = step.payment.to_string();
    let listed = book.office().row(Table::Held, &key).is_some();
    let state = book.payment(step.payment)?.state;
    let change = match (listed, state == PaymentState::Held) {
        (false, true) => Change::Put(held_by_hand(book, step.payment, step.reason)?),
        (true, false) => Change::Remove(Table::Held, key.into()),
        _ => return None,
    };
    filed(book, by, act_of(book, step.payment, Some((step, by.person))), &[change])
}

fn under_control(division: &Division, year: FiscalYear) -> Option<&YearBook> {
    division.year(year).filter(|book| book.has_rules())
}

/// The event that puts rows on file, in the name of who gave the command before it.
fn filed(book: &YearBook, by: By, act: ActId, changes: &[Change]) -> Option<Event<'static>> {
    if changes.is_empty() {
        return None;
    }
    let command = Paper {
        act,
        division: book.division,
        year: book.year,
        kind: PaperKind::RulesFired,
        batch: BatchId(0),
        checker: PersonId::NOBODY,
        day: None,
        text: "",
    };
    let changes = write_all(changes).into();
    let body = EventBody::Filed { fingerprint: Fingerprint(0), changes, command };
    Some(Event { by: By { role: Role::Engine, ..by }, body })
}

/// The id of such a paper: of the payment, and of the step where one is behind it.
fn act_of(book: &YearBook, payment: PaymentId, step: Option<(&Step<'_>, PersonId)>) -> ActId {
    let mut bytes = [0; 48];
    bytes[..8].copy_from_slice(b"rulework");
    bytes[8..24].copy_from_slice(&payment.0.to_le_bytes());
    if let Some((step, person)) = step {
        bytes[24] = step.kind.number();
        bytes[25..33].copy_from_slice(&step.serial.to_le_bytes());
        bytes[33..41].copy_from_slice(&person.0.to_le_bytes());
    }
    ActId(book.key().own_id(&bytes))
}
