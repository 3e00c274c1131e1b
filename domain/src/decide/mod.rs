//! `(&state, command) -> Result<Event, Refusal>`: the rules, and nothing else.
//!
//! [`receive`] is the whole way of one command: form, right, known ids, decision, and what an
//! unfavourable decision becomes (an ended id, a parked fact, a refused step without a trace).

mod act;
mod batch;
mod correction;
mod fact;
mod movement;
mod recall;
mod reserve;
mod ruled;
mod step;

use crate::codes::{ActKind, MoveKind, PaymentState, Role, YearState};
use crate::command::{Body, By, Command, Create, Paper, Register, Resolve, SetLimit, SetYear};
use crate::division::{Answer, Division, Registration, YearBook};
use crate::elements;
use crate::event::{Event, EventBody, RefusedId};
use crate::ids::{ActId, BatchId, Fingerprint, FiscalYear, QuotaId};
use crate::limit::PlanCell;
use crate::limits::{AMOUNT_FEN_MAX, QUOTA_SERIAL_MAX};
use crate::money::{Fen, FenSum};
use crate::office;
use crate::office::tables::document::{Arrival, ArrivalState, Document, DocumentState};
use crate::quota::QuotaCell;
use crate::refusal::{Code, Figure, Refusal};

pub(crate) use fact::goes_to_pool;
pub use fact::parked_facts_that_fit;
pub use recall::{outcome_of, outcome_of_move, page_changed, page_needed};

/// What a turn does with a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict<'a> {
    /// Journal it, apply it, then answer with [`answer_after`].
    Event(Event<'a>),
    /// Answer; nothing changes and nothing is journaled.
    Answer(Answer),
}

/// Takes one command through form, right, known ids and decision.
///
/// `now_ms` is the journaled time of the turn.
///
/// # Panics
/// If the quota's own state breaks I1: it must not decide anything any more.
#[must_use]
pub fn receive<'a>(
    division: &Division,
    command: &Command<'a>,
    fingerprint: Fingerprint,
    now_ms: u64,
) -> Verdict<'a> {
    if let Err(code) = admit(division, command) {
        return Verdict::Answer(Answer::of(code));
    }
    if let Some(answer) = recall::recall(division, command, fingerprint) {
        return Verdict::Answer(answer);
    }
    if let Some(cell) = command.quota().and_then(|quota| division.quota(quota)) {
        assert!(cell.buckets.is_sufficient(), "I1: {:?} before a decision", cell.buckets);
    }
    match decide(division, command, fingerprint, now_ms) {
        Ok(event) => Verdict::Event(event),
        Err(refusal) => after_refusal(division, command, fingerprint, refusal),
    }
}

/// What [`receive`] would answer, without effect: nothing is journaled, no id ends. For a fact that
/// would be parked, the refusal says why.
#[must_use]
pub fn check(
    division: &Division,
    command: &Command<'_>,
    fingerprint: Fingerprint,
    now_ms: u64,
) -> Answer {
    let answered = match admit(division, command) {
        Err(code) => Some(Answer::of(code)),
        Ok(()) => recall::recall(division, command, fingerprint),
    };
    let parks =
        |refusal: &Refusal| matches!(command.body, Body::Fact(_)) && !refusal.code.is_turned_away();
    let decided = || match decide(division, command, fingerprint, now_ms) {
        Ok(_) => would_be_taken(division, command),
        Err(refusal) if parks(&refusal) => {
            Answer { code: Code::Parked, ..refused(division, command, refusal) }
        }
        Err(refusal) => refused(division, command, with_every_limit(division, command, refusal)),
    };
    answered.unwrap_or_else(decided)
}

/// What a check says of a command that would be taken: of a payment also whether a rule would hold
/// it, and which.
fn would_be_taken(division: &Division, command: &Command<'_>) -> Answer {
    let Body::Reserve(c) = &command.body else { return Answer::of(Code::Accepted) };
    let held = division.year(c.quota.year()).and_then(|book| reserve::would_hold(book, c));
    let Some(limit) = held else { return Answer::of(Code::Accepted) };
    let mut why = Refusal::new(Code::Accepted);
    why.add(Figure { limit, requested_fen: c.amount_fen, left_fen: Fen::ZERO });
    let state = Some(PaymentState::Held);
    Answer { state, refusal: Some(why), ..Answer::of(Code::Accepted) }
}

/// A check tells what is left under every limit, also those that do not refuse.
fn with_every_limit(division: &Division, command: &Command<'_>, refusal: Refusal) -> Refusal {
    let Body::Reserve(c) = &command.body else { return refusal };
    // Of a year that takes no payments nothing is left, whatever its quotas have.
    let book = division.year(c.quota.year()).filter(|book| must_be_open(book).is_ok());
    book.map_or(refusal, |book| reserve::with_every_limit(book, c, refusal))
}

/// Whether an id of the command is known already, with these or other contents.
#[must_use]
pub fn is_known(
    division: &Division,
    command: &Command<'_>,
    fingerprint: Fingerprint,
) -> Option<Answer> {
    recall::recall(division, command, fingerprint)
}

/// The id a refusal of this command ends.
#[must_use]
pub fn ends(command: &Command<'_>) -> Option<RefusedId> {
    match &command.body {
        Body::Reserve(c) => Some(RefusedId::Payment(c.payment)),
        Body::Act(c) => Some(RefusedId::Act(c.act)),
        Body::Create(c) => Some(RefusedId::Act(c.act)),
        Body::MoveOut(c) => Some(RefusedId::Move(c.id)),
        Body::SetLimit(c) => Some(RefusedId::Act(c.act)),
        Body::OpenBatch(c) => Some(RefusedId::Act(ActId(c.batch.0))),
        Body::EndBatch(c) => c.step.is_asked().then_some(RefusedId::Act(c.act)),
        Body::SetYear(c) => Some(RefusedId::Act(c.act)),
        Body::Resolve(c) => Some(RefusedId::Act(c.act)),
        Body::File(c) => Some(RefusedId::Act(c.act)),
        Body::Step(_)
        | Body::Fact(_)
        | Body::MoveIn(_)
        | Body::SettleMove(_)
        | Body::Register(_) => None,
    }
}

fn admit(division: &Division, command: &Command<'_>) -> Result<(), Code> {
    command.check_form()?;
    // A move that arrives where nothing is registered is declined on record: no later registration
    // can take it.
    let goes_on = matches!(command.body, Body::Register(_) | Body::MoveIn(_));
    if division.registration.is_none() && !goes_on {
        return Err(Code::UnknownDivision);
    }
    Ok(())
}

/// The decision itself. `apply` of the event cannot fail.
///
/// # Errors
/// The refusal, with the figures of every limit that refused.
pub fn decide<'a>(
    division: &Division,
    command: &Command<'a>,
    fingerprint: Fingerprint,
    now_ms: u64,
) -> Result<Event<'a>, Refusal> {
    let by = command.by;
    must_go_by_document(division, command)?;
    let body = match command.body {
        Body::Reserve(c) => reserve::decide(open_book(division, c.quota.year())?, c, fingerprint)?,
        Body::Step(c) => step::decide(any_book(division, c.quota.year())?, &by, c, now_ms)?,
        Body::Fact(c) => fact::decide(division, &by, c, fingerprint)?,
        Body::Act(c) => act::decide(any_book(division, c.quota.year())?, &by, c, fingerprint)?,
        Body::Create(c) => decide_create(open_book(division, c.year)?, c, fingerprint)?,
        Body::MoveOut(c) => {
            movement::decide_out(any_book(division, c.from.year())?, &by, c, fingerprint)?
        }
        Body::MoveIn(c) => movement::decide_in(division, c)?,
        Body::SettleMove(c) => movement::decide_settle(any_book(division, c.from.year())?, c)?,
        Body::SetLimit(c) => decide_limit(open_book(division, c.year)?, c, fingerprint)?,
        Body::OpenBatch(c) => batch::decide_open(division.year(c.year), &by, c, fingerprint)?,
        Body::EndBatch(c) => {
            batch::decide_end(division, any_book(division, c.year)?, &by, c, fingerprint)?
        }
        Body::SetYear(c) => decide_year(division, c, fingerprint)?,
        Body::Register(c) => decide_register(division, c)?,
        Body::Resolve(c) => decide_resolve(division, c, fingerprint)?,
        Body::File(c) => decide_file(division, &by, c, fingerprint, now_ms)?,
    };
    Ok(Event { by, body })
}

/// What a refused command becomes.
fn after_refusal<'a>(
    division: &Division,
    command: &Command<'a>,
    fingerprint: Fingerprint,
    refusal: Refusal,
) -> Verdict<'a> {
    if let Body::MoveIn(c) = command.body {
        let body = EventBody::MoveDeclined { reason: refusal.code, command: c };
        return Verdict::Event(Event { by: command.by, body });
    }
    if refusal.code.is_turned_away() {
        return Verdict::Answer(refused(division, command, refusal));
    }
    if let Body::Fact(c) = command.body {
        let (division, year) = (division.index, c.quota.year());
        let body =
            EventBody::FactParked { division, year, fingerprint, reason: refusal.code, command: c };
        return Verdict::Event(Event { by: command.by, body });
    }
    match end_id(command, fingerprint, refusal) {
        Some(event) => Verdict::Event(event),
        None => Verdict::Answer(refused(division, command, refusal)),
    }
}

/// The event by which a refusal ends a command's id. `None` for what has no id of its own, and in
/// a closed year: nothing can follow there, so the id need not end.
#[must_use]
pub fn end_id(
    command: &Command<'_>,
    fingerprint: Fingerprint,
    refusal: Refusal,
) -> Option<Event<'static>> {
    let (id, year) = (ends(command)?, command.year()?);
    if refusal.code == Code::YearClosed {
        return None;
    }
    let body = EventBody::Refused {
        id,
        quota: command.quota().unwrap_or(QuotaId::NONE),
        division: command.division(),
        year,
        fingerprint,
        tag: crate::contents::tag(&command.body),
        amount_fen: command.amount_fen(),
        refusal,
    };
    Some(Event { by: command.by, body })
}

/// Puts a fact into suspense for a reason outside the rules: its quota is quarantined. Turned away
/// where its channel has no more room there. `None` for what is no fact about a payment, or was
/// taken before.
#[must_use]
pub fn park<'a>(
    division: &Division,
    command: &Command<'a>,
    fingerprint: Fingerprint,
    reason: Code,
) -> Option<Verdict<'a>> {
    let Body::Fact(c) = command.body else { return None };
    if recall::recall(division, command, fingerprint).is_some() {
        return None;
    }
    let year = c.quota.year();
    if let Err(full) = fact::must_have_room(division, year, command.by.channel) {
        return Some(Verdict::Answer(refused(division, command, full)));
    }
    let division = division.index;
    let body = EventBody::FactParked { division, year, fingerprint, reason, command: c };
    Some(Verdict::Event(Event { by: command.by, body }))
}

fn refused(division: &Division, command: &Command<'_>, refusal: Refusal) -> Answer {
    let quota = command.quota().unwrap_or(QuotaId::NONE);
    Answer { value: available(division, quota), refusal: Some(refusal), ..Answer::of(refusal.code) }
}

/// What is available on a quota now, in fen; zero where there is none.
fn available(division: &Division, quota: QuotaId) -> i64 {
    division.quota(quota).map_or(0, |cell| cell.buckets.available())
}

/// The answer to an event that was just applied. Its sequence is filled in when the record lands.
#[must_use]
pub fn answer_after(division: &Division, event: &Event<'_>) -> Answer {
    let on =
        |quota: QuotaId| Answer { value: available(division, quota), ..Answer::of(Code::Accepted) };
    let with_payment = |quota: QuotaId, payment| {
        let state =
            division.year(quota.year()).and_then(|book| book.payment(payment)).map(|p| p.state);
        Answer { state, ..on(quota) }
    };
    match &event.body {
        EventBody::Reserved { command: c, leaves_rows: true, .. } => {
            // A rule may hold it in the same turn.
            with_payment(c.quota, c.payment)
        }
        EventBody::Reserved { command: c, .. } => {
            // Known without a look-up: this is the path of every desk at its peak.
            let state = if c.one_act { PaymentState::Instructed } else { PaymentState::Reserved };
            Answer { state: Some(state), ..on(c.quota) }
        }
        EventBody::Stepped { command: c, .. } => with_payment(c.quota, c.payment),
        EventBody::FactTaken { command: c, .. } => with_payment(c.quota, c.payment),
        EventBody::FactParked { command: c, .. } => {
            Answer { code: Code::Parked, ..with_payment(c.quota, c.payment) }
        }
        EventBody::Acted { command: c, .. } => on(c.quota),
        EventBody::Created { quota, .. } => {
            let value = quota.0.cast_signed();
            Answer { created: true, value, ..Answer::of(Code::Accepted) }
        }
        EventBody::MovedOut { command: c, .. } => on(c.from),
        EventBody::MovedIn { command: c, .. } => on(c.to),
        EventBody::MoveDeclined { reason, .. } => Answer::of(*reason),
        EventBody::MoveSettled { from, .. } => on(*from),
        EventBody::Refused { quota, refusal, .. } => Answer {
            value: available(division, *quota),
            refusal: Some(*refusal),
            ..Answer::of(refusal.code)
        },
        EventBody::RunRefused { refusal, .. } => {
            Answer { refusal: Some(*refusal), ..Answer::of(refusal.code) }
        }
        EventBody::LimitSet { .. }
        | EventBody::BatchOpened { .. }
        | EventBody::BatchEnded { .. }
        | EventBody::YearSet { .. }
        | EventBody::Registered { .. }
        | EventBody::Resolved { .. }
        | EventBody::Filed { .. } => Answer::of(Code::Accepted),
    }
}

/// What follows from an event in the same turn: a batch dropped by its refused act, a parked fact
/// whose missing one has come or that a person has released, what control rules leave of a payment.
/// Applied like any other event, and
/// asked again after each.
#[must_use]
pub fn consequence(
    division: &Division,
    command: &Command<'_>,
    event: &Event<'_>,
) -> Option<Event<'static>> {
    match &event.body {
        EventBody::FactTaken { command: c, .. } => {
            fact::next_unparked(division, c.payment, c.quota.year())
        }
        EventBody::Resolved { fact, command: c, .. } => fact::resolved(division, c, *fact),
        EventBody::Refused { .. } => batch::dropped_by_refusal(division, command),
        _ => ruled::follows(division, command, event),
    }
}

/// Where the finance office is at work, quotas come and change by its documents alone (先有预算、后有
/// 支出): nobody gives such an order by hand. What holds money back for a contract stays with its
/// desk.
fn must_go_by_document(division: &Division, command: &Command<'_>) -> Result<(), Refusal> {
    let by_document = match &command.body {
        Body::MoveOut(c) => c.kind != MoveKind::Correct,
        Body::Create(_) => true,
        Body::Act(c) => !matches!(
            c.kind,
            ActKind::Earmark | ActKind::Unearmark | ActKind::Close | ActKind::Revive
        ),
        _ => false,
    };
    if !by_document || command.by.role == Role::Engine {
        return Ok(());
    }
    let book = command.year().and_then(|year| division.year(year));
    book.map_or(Ok(()), must_not_be_by_hand)
}

fn must_not_be_by_hand(book: &YearBook) -> Result<(), Refusal> {
    if book.office().card().is_some() { Err(Code::NoDocument.into()) } else { Ok(()) }
}

/// The book of a year in which orders are taken.
fn open_book(division: &Division, year: FiscalYear) -> Result<&YearBook, Refusal> {
    let book = any_book(division, year)?;
    must_be_open(book).map(|()| book)
}

fn any_book(division: &Division, year: FiscalYear) -> Result<&YearBook, Refusal> {
    division.year(year).ok_or_else(|| Code::YearNotOpen.into())
}

/// Orders of new business.
fn must_be_open(book: &YearBook) -> Result<(), Refusal> {
    match book.state {
        YearState::Open => Ok(()),
        YearState::Unopened => Err(Code::YearNotOpen.into()),
        YearState::Adjustment => Err(Code::YearInAdjustment.into()),
        YearState::Closed => Err(Code::YearClosed.into()),
    }
}

/// Orders that wind a year up are taken in its adjustment period too.
fn must_not_be_closed(book: &YearBook) -> Result<(), Refusal> {
    match book.state {
        YearState::Adjustment => Ok(()),
        _ => must_be_open(book),
    }
}

fn decide_create<'a>(
    book: &YearBook,
    create: Create<'a>,
    fingerprint: Fingerprint,
) -> Result<EventBody<'a>, Refusal> {
    if book.quota_by_key(create.key).is_some() {
        return Err(Code::KeyTaken.into());
    }
    elements::check_quota(&create)?;
    let parent_here = !create.parent.is_none() && create.parent.division() == book.division;
    if parent_here && book.quota(create.parent).is_none() {
        return Err(Code::NoParent.into());
    }
    if !create.parent.is_none() && create.parent.year() != book.year {
        return Err(Code::NoParent.into());
    }
    if create.plan.0 != 0 && book.plan(create.plan).is_none() {
        return Err(Code::NoLimit.into());
    }
    let serial = book.quota_count() as u64;
    if serial > QUOTA_SERIAL_MAX {
        return Err(Code::TooMany.into());
    }
    let quota = QuotaId::new(book.division, book.year, serial);
    Ok(EventBody::Created { quota, fingerprint, command: create })
}

fn decide_limit<'a>(
    book: &YearBook,
    limit: SetLimit,
    fingerprint: Fingerprint,
) -> Result<EventBody<'a>, Refusal> {
    let before = if limit.kind == crate::codes::LimitKind::PlanMonth {
        let mut cell = book.plan(limit.key).copied().unwrap_or_else(|| PlanCell::new(limit.key));
        cell.planned[usize::from(limit.month) - 1] = limit.amount_fen.get();
        if cell.planned.iter().map(|&fen| FenSum::from(fen)).sum::<FenSum>()
            > FenSum::from(AMOUNT_FEN_MAX)
        {
            return Err(Code::OverBound.into());
        }
        if !cell.is_sufficient() {
            return Err(Refusal::with(Code::PlanBelowUsed, limit.amount_fen, cell.left(1)));
        }
        cell.version
    } else {
        book.ceiling.version
    };
    Ok(EventBody::LimitSet { version: before + 1, fingerprint, command: limit })
}

fn decide_year<'a>(
    division: &Division,
    set: SetYear,
    fingerprint: Fingerprint,
) -> Result<EventBody<'a>, Refusal> {
    let book = division.year(set.year);
    let before = book.map_or(YearState::Unopened, |book| book.state);
    match (before, set.state) {
        (YearState::Unopened, YearState::Open) | (YearState::Open, YearState::Adjustment) => {}
        (YearState::Adjustment, YearState::Closed) => {
            if book.is_some_and(|book| !is_settled(book)) {
                return Err(Code::OpenItems.into());
            }
            book.map_or(Ok(()), must_be_wound_up)?;
        }
        _ => return Err(Code::WrongYearState.into()),
    }
    let SetYear { act, year, state, .. } = set;
    Ok(EventBody::YearSet { fingerprint, act, division: division.index, year, state })
}

/// A year closes when no payment is open, no fact waits, no batch is open and no money is on its
/// way out.
fn is_settled(book: &YearBook) -> bool {
    let batch_open = book.batches().any(|(_, batch)| batch.is_open());
    let in_transit = book.moves_out().any(|(_, row)| row.is_under_way());
    book.open_payments == 0 && book.suspense.is_empty() && !batch_open && !in_transit
}

/// Where the finance office is at work, a year closes when no document and no arrived transfer waits
/// and no quota has money left: it was paid, carried over or recovered (年终结账).
fn must_be_wound_up(book: &YearBook) -> Result<(), Refusal> {
    let office = book.office();
    if office.card().is_none() {
        return Ok(());
    }
    let under_way =
        office.all::<Document>().any(|document| document.state == DocumentState::Checked);
    let waits =
        |arrival: &Arrival| !matches!(arrival.state, ArrivalState::Landed | ArrivalState::Returned);
    let left = |(_, cell, _): (QuotaId, &QuotaCell, _)| {
        let buckets = &cell.buckets;
        FenSum::from(buckets.available() + buckets.frozen + buckets.staged + buckets.earmarked)
    };
    let left: FenSum = book.quotas().map(left).sum();
    if left != 0 {
        let left = Fen::new(i64::try_from(left).unwrap_or(i64::MAX));
        return Err(Refusal::with(Code::CloseOpenItems, Fen::ZERO, left));
    }
    if under_way || office.all::<Arrival>().any(waits) {
        return Err(Code::CloseOpenItems.into());
    }
    Ok(())
}

fn decide_register<'a>(
    division: &Division,
    register: Register<'a>,
) -> Result<EventBody<'a>, Refusal> {
    match &division.registration {
        Some(_) => Err(Code::DivisionTaken.into()),
        None => Ok(EventBody::Registered { command: register }),
    }
}

fn is_same_registration(known: &Registration, register: &Register<'_>) -> bool {
    let same_place = known.code == register.code && known.parent == register.parent;
    same_place && *known.name == *register.name
}

fn decide_resolve<'a>(
    division: &Division,
    resolve: Resolve<'a>,
    fingerprint: Fingerprint,
) -> Result<EventBody<'a>, Refusal> {
    let book = any_book(division, resolve.year)?;
    let (key, parked) =
        book.suspense.first_numbered(resolve.channel, resolve.serial).ok_or(Code::NotParked)?;
    if resolve.action == crate::codes::ResolveAction::Apply {
        fact::must_fit(division, key, parked).map_err(|_| Code::StillUnfit)?;
    }
    Ok(EventBody::Resolved { fingerprint, fact: key.2, command: resolve })
}

/// A paper may be filed for a year that is not closed, also before it opens: a budget is prepared
/// in the year before.
fn decide_file<'a>(
    division: &Division,
    by: &By,
    paper: Paper<'a>,
    fingerprint: Fingerprint,
    now_ms: u64,
) -> Result<EventBody<'a>, Refusal> {
    if let Some(book) = division.year(paper.year) {
        if book.state == YearState::Closed {
            return Err(Code::YearClosed.into());
        }
        if paper.batch != BatchId(0) {
            batch::must_take(book, paper.batch, by.person)?;
        }
    } else if paper.batch != BatchId(0) {
        return Err(Code::NoBatch.into());
    }
    let changes =
        office::decide::decide(&office::decide::Asked::new(division, *by, paper, now_ms))?;
    Ok(EventBody::Filed { fingerprint, changes: changes.into(), command: paper })
}

/// What a quota receives must stay within the bounds of an amount, over its whole life, so that
/// none of its totals can leave them.
fn must_stay_in_bounds(book: &YearBook, quota: QuotaId, by: Fen) -> Result<(), Refusal> {
    let row = book.row(quota).ok_or(Code::NoQuota)?;
    let received = row.totals().received() + FenSum::from(by.get());
    if received > FenSum::from(AMOUNT_FEN_MAX) { Err(Code::OverBound.into()) } else { Ok(()) }
}

/// What a quota receives must stay within bounds, and what it holds under its pre-approval cap, with
/// what may still come back to it.
fn may_grow(book: &YearBook, quota: QuotaId, by: Fen) -> Result<(), Refusal> {
    must_stay_in_bounds(book, quota, by)?;
    let (Some(cell), Some(row)) = (book.quota(quota), book.row(quota)) else {
        return Err(Code::NoQuota.into());
    };
    let by_fen = FenSum::from(by.get());
    if row.cap_fen == Fen::ZERO {
        return Ok(());
    }
    // A receiver that declines what was taken from the issued adds it to the issued again.
    let returning = FenSum::from(row.under_way().issued);
    let left = FenSum::from(row.cap_fen.get()) - FenSum::from(cell.buckets.issued) - returning;
    if by_fen > left {
        let left = Fen::new(i64::try_from(left).unwrap_or(0));
        return Err(Refusal::with(Code::OverAuthority, by, left));
    }
    Ok(())
}
