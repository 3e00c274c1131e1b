//! What is known under a command's id already.

use crate::codes::{Ending, MoveKind, PaymentState, StepKind};
use crate::command::{Body, Command, Fact, Step};
use crate::division::{ActRow, Answer, Division, Found, RefusedRow, YearBook};
use crate::event::{Event, EventBody};
use crate::ids::{ActId, Fingerprint, FiscalYear, MoveId, QuotaId};
use crate::movement::Transit;
use crate::page::PaymentPage;
use crate::payment::Payment;
use crate::refusal::Code;
use crate::suspense::ParkedEnd;

use super::{available, is_same_registration};

/// The outcome of a command that was decided before, or [`Code::Conflict`] for an id that was
/// used with other contents, or `None` for a new one.
pub(super) fn recall(
    division: &Division,
    command: &Command<'_>,
    fingerprint: Fingerprint,
) -> Option<Answer> {
    match &command.body {
        Body::Reserve(c) => match division.year(c.quota.year())?.find_payment(c.payment)? {
            Found::Payment(_, known) => {
                Some(same(known.fingerprint, fingerprint, || of_payment(division, known)))
            }
            Found::Refused(row) => Some(of_refused(division, row, fingerprint)),
            Found::PaymentOut(_) => panic!("payment {} was not brought into memory", c.payment),
            Found::Act(_) => None,
        },
        Body::Step(c) => {
            let known = division.year(c.quota.year())?.payment(c.payment)?;
            let done = known.quota == c.quota && is_done(known, c, command.by.person);
            done.then(|| Answer { sequence: 0, ..of_payment(division, known) })
        }
        Body::Fact(c) => recall_fact(division, command, c, fingerprint),
        Body::MoveOut(c) => {
            let book = division.year(c.from.year())?;
            if let Some(row) = book.move_out(c.id) {
                return Some(same(row.fingerprint, fingerprint, || Answer {
                    sequence: row.sequence,
                    ..of_quota(division, row.from)
                }));
            }
            let row = book.moves_refused.get(&c.id)?;
            Some(of_refused(division, row, fingerprint))
        }
        Body::MoveIn(c) => {
            let row = division.year(c.to.year())?.move_in(c.from, c.id)?;
            Some(Answer { code: row.outcome, ..of_quota(division, row.to) })
        }
        Body::SettleMove(c) => {
            let row = division.year(c.from.year())?.move_out(c.id)?;
            (row.transit != Transit::InTransit).then(|| of_quota(division, row.from))
        }
        // What the engine does by itself has no id, and is not sent again.
        Body::EndBatch(c) if !c.step.is_asked() => None,
        Body::EndBatch(c) => recall_act(division, c.year, c.act, fingerprint),
        Body::Register(c) => {
            let known = division.registration.as_ref()?;
            is_same_registration(known, c)
                .then(|| Answer { repeat: true, ..Answer::of(Code::Accepted) })
        }
        Body::Act(c) => recall_act(division, c.quota.year(), c.act, fingerprint),
        Body::Create(c) => recall_act(division, c.year, c.act, fingerprint),
        Body::SetLimit(c) => recall_act(division, c.year, c.act, fingerprint),
        Body::OpenBatch(c) => recall_act(division, c.year, ActId(c.batch.0), fingerprint),
        Body::SetYear(c) => recall_act(division, c.year, c.act, fingerprint),
        Body::Resolve(c) => recall_act(division, c.year, c.act, fingerprint),
        Body::File(c) => recall_act(division, c.year, c.act, fingerprint),
    }
}

fn recall_act(
    division: &Division,
    year: FiscalYear,
    act: ActId,
    fingerprint: Fingerprint,
) -> Option<Answer> {
    match division.year(year)?.find_act(act)? {
        Found::Act(row) => Some(same(row.fingerprint, fingerprint, || of_act(division, row))),
        Found::Refused(row) => Some(of_refused(division, row, fingerprint)),
        Found::Payment(..) | Found::PaymentOut(_) => None,
    }
}

/// The page of payments that has to be in memory before the command is decided, if it is out.
#[must_use]
pub fn page_needed(division: &Division, command: &Command<'_>) -> Option<PaymentPage> {
    let (year, payment) = match &command.body {
        Body::Reserve(c) => (c.quota.year(), c.payment),
        Body::Step(c) => (c.quota.year(), c.payment),
        Body::Fact(c) => (c.quota.year(), c.payment),
        Body::MoveOut(c) if c.kind == MoveKind::Correct => (c.from.year(), c.payment),
        Body::Resolve(c) => {
            let suspense = &division.year(c.year)?.suspense;
            let (_, parked) = suspense.first_numbered(c.channel, c.serial)?;
            (parked.quota.year(), parked.payment)
        }
        _ => return None,
    };
    division.year(year)?.page_out_of(payment)
}

/// The page of payments that has to be in memory before the event is applied, if it is out.
#[must_use]
pub fn page_changed(division: &Division, event: &Event<'_>) -> Option<PaymentPage> {
    let (quota, payment) = match &event.body {
        EventBody::Stepped { command: c, .. } => (c.quota, c.payment),
        EventBody::FactTaken { command: c, .. } => (c.quota, c.payment),
        _ => return None,
    };
    division.year(quota.year())?.page_out_of(payment)
}

/// The outcome stored under an id, for whoever asks without sending the command again.
#[must_use]
pub fn outcome_of(division: &Division, found: Found<'_>) -> Answer {
    match found {
        Found::Payment(_, payment) => of_payment(division, payment),
        Found::Act(row) => of_act(division, row),
        Found::Refused(row) => of_refused(division, row, row.fingerprint),
        Found::PaymentOut(index) => panic!("payment {index} was not brought into memory"),
    }
}

/// The outcome stored under a move's id, with the number of where it stands.
#[must_use]
pub fn outcome_of_move(division: &Division, book: &YearBook, id: MoveId) -> Option<(Answer, u8)> {
    if let Some(row) = book.move_out(id) {
        let answer = Answer { sequence: row.sequence, ..of_quota(division, row.from) };
        return Some((answer, row.transit as u8));
    }
    let row = book.moves_refused.get(&id)?;
    Some((of_refused(division, row, row.fingerprint), 0))
}

fn same(known: Fingerprint, asked: Fingerprint, answer: impl FnOnce() -> Answer) -> Answer {
    if known == asked { answer() } else { Answer::of(Code::Conflict) }
}

fn of_payment(division: &Division, payment: &Payment) -> Answer {
    Answer {
        state: Some(payment.state),
        sequence: payment.sequence,
        ..of_quota(division, payment.quota)
    }
}

fn of_quota(division: &Division, quota: QuotaId) -> Answer {
    Answer { repeat: true, value: available(division, quota), ..Answer::of(Code::Accepted) }
}

fn of_act(division: &Division, row: &ActRow) -> Answer {
    let value =
        if row.created { row.quota.0.cast_signed() } else { available(division, row.quota) };
    Answer {
        repeat: true,
        created: row.created,
        value,
        sequence: row.sequence,
        ..Answer::of(Code::Accepted)
    }
}

fn of_refused(division: &Division, row: &RefusedRow, asked: Fingerprint) -> Answer {
    same(row.fingerprint, asked, || Answer {
        repeat: true,
        value: available(division, row.quota),
        sequence: row.sequence,
        refusal: Some(row.refusal),
        ..Answer::of(row.refusal.code)
    })
}

/// Whether the payment's own record shows this very act as done.
fn is_done(payment: &Payment, step: &Step<'_>, person: crate::ids::PersonId) -> bool {
    if let Some(post) = step.kind.post() {
        return payment.approvers[usize::from(post.number())] == person;
    }
    match step.kind {
        StepKind::Instruct => payment.instructor == person,
        StepKind::Withdraw => {
            let ended = matches!(payment.ending, Some(Ending::Withdrawn | Ending::Lapsed));
            payment.state == PaymentState::Released && ended && payment.maker == person
        }
        kind => payment
            .steps()
            .iter()
            .any(|seen| seen.kind == kind && seen.serial == step.serial && seen.person == person),
    }
}

fn recall_fact(
    division: &Division,
    command: &Command<'_>,
    fact: &Fact<'_>,
    fingerprint: Fingerprint,
) -> Option<Answer> {
    let book = division.year(fact.quota.year())?;
    let payment = book.payment(fact.payment);
    let channel = command.by.channel;
    let taken = payment.and_then(|payment| {
        let is_it = |seen: &&crate::payment::FactSeen| {
            seen.kind == fact.kind && seen.channel == channel && seen.fingerprint == fingerprint
        };
        payment.facts().iter().find(is_it).map(|_| of_payment(division, payment))
    });
    if let Some(answer) = taken {
        return Some(Answer { sequence: 0, ..answer });
    }
    let key = (channel, fact.serial, fingerprint);
    let parked = book.suspense.get(&key).is_some()
        || book.suspense.ended(&key) == Some(ParkedEnd::Dismissed);
    parked.then(|| Answer {
        code: Code::Parked,
        repeat: true,
        state: payment.map(|payment| payment.state),
        value: available(division, fact.quota),
        ..Answer::of(Code::Parked)
    })
}
