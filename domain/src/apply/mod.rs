//! `(&mut state, &event)`: the only way state changes, live and in replay. It cannot fail: it
//! works on copies, asserts I1 on them, and only then puts them in place.

mod batch;
mod payment;
mod quota;

use crate::codes::{LimitKind, ResolveAction};
use crate::command::{Create, SetLimit};
use crate::division::{ActRow, Division, RefusedRow, Registration, YearBook};
use crate::event::{Event, EventBody, RefusedId};
use crate::ids::{ActId, BatchId, Fingerprint, MoveId, PersonId, QuotaId};
use crate::limit::{PayCeiling, PlanCell};
use crate::movement::MoveInRow;
use crate::quota::{Buckets, QuotaCell, QuotaRow};
use crate::refusal::{Code, Refusal};
use crate::suspense::{Parked, ParkedEnd};

/// What an event leaves for the caller to place once its record has a sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placed {
    /// Nothing remembers where the record is.
    Nothing,
    /// A payment was added at this index of its year.
    Payment(u32),
    /// An act was added at this index of its year.
    Act(u32),
    /// An id was ended at this index of its year.
    Refused(u32),
    /// A move left, or its id was ended.
    Move(MoveId),
}

/// The bit that tells an [`unplaced`] sequence from a real one: no journal gets that far.
const UNPLACED: u64 = 1 << 63;

/// What stands for the sequence of a record that has not landed yet: its ordinal with whoever
/// journals it, marked.
#[must_use]
pub const fn unplaced(ordinal: u64) -> u64 {
    ordinal | UNPLACED
}

/// The ordinal of a record, where [`unplaced`] stands for its sequence.
#[must_use]
pub const fn ordinal_of(sequence: u64) -> Option<u64> {
    if sequence & UNPLACED == 0 { None } else { Some(sequence & !UNPLACED) }
}

/// Applies an event whose record has the given sequence. Live, the sequence is not known yet:
/// [`unplaced`] stands for it, and [`YearBook::place`] fills it in when the record lands.
///
/// # Panics
/// If the event does not follow from the state: a version gap, a broken invariant, a thing that
/// does not exist. Live, that is a defect of the decision; in replay, damage.
pub fn apply(division: &mut Division, event: &Event<'_>, sequence: u64) -> Placed {
    division.changed = true;
    let Some((quota, version)) = event.quota_version() else {
        return take_in(division, event, sequence);
    };
    let before = division.quota(quota).map_or(0, |cell| cell.version);
    assert_eq!(before.checked_add(1), Some(version), "I6: version gap on quota {quota}");
    let placed = take_in(division, event, sequence);
    let after = division.quota(quota).map(|cell| cell.version);
    assert_eq!(after, Some(version), "I6: an event counts once on quota {quota}");
    placed
}

fn take_in(division: &mut Division, event: &Event<'_>, sequence: u64) -> Placed {
    match &event.body {
        EventBody::Registered { command: c } => {
            let (code, parent) = (c.code, c.parent);
            division.registration = Some(Registration { code, parent, name: c.name.into() });
        }
        EventBody::YearSet { fingerprint, act, year, state, .. } => {
            let book = division.year_or_new(*year);
            book.state = *state;
            return remember(book, *act, *fingerprint, QuotaId::NONE, sequence);
        }
        EventBody::Refused { id, quota, year, fingerprint, refusal, .. } => {
            let book = division.year_or_new(*year);
            return refuse(book, *id, *quota, *fingerprint, *refusal, sequence);
        }
        EventBody::RunRefused { year, at, refusal, ids, .. } => {
            let book = division.year_or_new(*year);
            for (index, run_id) in ids.iter().enumerate() {
                let own = index == usize::from(*at);
                let heard = if own { *refusal } else { Refusal::new(Code::LinkedRefused) };
                refuse(book, run_id.id, run_id.quota, run_id.fingerprint, heard, sequence);
            }
        }
        EventBody::FactParked { year, fingerprint, reason, command, .. } => {
            let key = (event.by.channel, command.serial, *fingerprint);
            let parked = Parked::new(event.by, command, *reason);
            division.year_or_new(*year).park(key, parked);
        }
        EventBody::BatchOpened { fingerprint, command } => {
            let book = division.year_or_new(command.year);
            batch::open(book, event.by.person, command, *fingerprint);
            return remember(book, ActId(command.batch.0), *fingerprint, QuotaId::NONE, sequence);
        }
        EventBody::Filed { fingerprint, changes, command: c } => {
            let book = division.year_or_new(c.year);
            if c.batch == BatchId(0) {
                let changes = changes.read().expect("an event's changes can be read");
                book.file(changes.iter().cloned());
            } else {
                batch::stage_paper(book, c, changes);
            }
            return remember(book, c.act, *fingerprint, QuotaId::NONE, sequence);
        }
        EventBody::MoveDeclined { reason, command: c } => {
            let row =
                MoveInRow { from: c.from, to: c.to, amount_fen: c.amount_fen, outcome: *reason };
            division.year_or_new(c.to.year()).add_move_in(c.id, row);
        }
        _ => return apply_in_book(division, event, sequence),
    }
    Placed::Nothing
}

/// Events of a year that exists.
fn apply_in_book(division: &mut Division, event: &Event<'_>, sequence: u64) -> Placed {
    let year = match &event.body {
        EventBody::LimitSet { command, .. } => command.year,
        EventBody::BatchEnded { year, .. } => *year,
        EventBody::Resolved { command, .. } => command.year,
        _ => event.quota_version().expect("every other event changes a quota").0.year(),
    };
    let book = division.year_mut(year).expect("an event of a year that was opened");
    match &event.body {
        EventBody::Reserved { fingerprint, rule_version, path, posts, command, .. } => {
            let ruled = payment::Ruled {
                fingerprint: *fingerprint,
                rule_version: *rule_version,
                path: *path,
                posts: *posts,
            };
            let index = payment::reserve(book, event.by, command, ruled, sequence);
            return Placed::Payment(index);
        }
        EventBody::Stepped { command, .. } => payment::step(book, event.by, command),
        EventBody::FactTaken { fingerprint, from_suspense, command, .. } => {
            payment::fact(book, event.by, command, *fingerprint);
            if *from_suspense {
                let key = (event.by.channel, command.serial, *fingerprint);
                book.end_parked(key, ParkedEnd::Taken);
            }
        }
        EventBody::Acted { fingerprint, command, .. } => {
            quota::act(book, command);
            return remember(book, command.act, *fingerprint, command.quota, sequence);
        }
        EventBody::Created { quota, fingerprint, command } => {
            create(book, *quota, command);
            return remember_created(book, command.act, *fingerprint, *quota, sequence);
        }
        EventBody::MovedOut { fingerprint, command, .. } => {
            quota::move_out(book, event.by.person, command, *fingerprint, sequence);
            return Placed::Move(command.id);
        }
        EventBody::MovedIn { command, .. } => quota::move_in(book, command),
        EventBody::MoveSettled { id, landed, .. } => quota::settle_move(book, *id, *landed),
        EventBody::LimitSet { version, fingerprint, command } => {
            set_limit(book, event.by.person, command, *version);
            return remember(book, command.act, *fingerprint, QuotaId::NONE, sequence);
        }
        EventBody::BatchEnded { fingerprint, act, batch, end, .. } => {
            batch::end(book, *batch, *end);
            if *act != ActId(0) {
                return remember(book, *act, *fingerprint, QuotaId::NONE, sequence);
            }
        }
        EventBody::Resolved { fingerprint, fact, command } => {
            let key = (command.channel, command.serial, *fact);
            match command.action {
                ResolveAction::Dismiss => book.end_parked(key, ParkedEnd::Dismissed),
                ResolveAction::Apply => {
                    assert!(book.suspense.get(&key).is_some(), "a resolved fact was parked");
                }
            }
            return remember(book, command.act, *fingerprint, QuotaId::NONE, sequence);
        }
        _ => unreachable!("events of the division itself were applied before"),
    }
    Placed::Nothing
}

fn remember(
    book: &mut YearBook,
    id: ActId,
    fingerprint: Fingerprint,
    quota: QuotaId,
    sequence: u64,
) -> Placed {
    Placed::Act(book.add_act(ActRow { id, fingerprint, quota, created: false, sequence }))
}

fn remember_created(
    book: &mut YearBook,
    id: ActId,
    fingerprint: Fingerprint,
    quota: QuotaId,
    sequence: u64,
) -> Placed {
    Placed::Act(book.add_act(ActRow { id, fingerprint, quota, created: true, sequence }))
}

fn refuse(
    book: &mut YearBook,
    id: RefusedId,
    quota: QuotaId,
    fingerprint: Fingerprint,
    refusal: Refusal,
    sequence: u64,
) -> Placed {
    let of_payment = matches!(id, RefusedId::Payment(_));
    let row = |id| RefusedRow { id, fingerprint, of_payment, quota, refusal, sequence };
    match id {
        RefusedId::Payment(id) => Placed::Refused(book.add_refused_payment(row(id.0))),
        RefusedId::Act(id) => Placed::Refused(book.add_refused_act(row(id.0))),
        RefusedId::Move(id) => {
            book.put_move_refused(id, row(id.0));
            Placed::Move(id)
        }
    }
}

fn create(book: &mut YearBook, quota: QuotaId, create: &Create<'_>) {
    assert_eq!(quota.serial(), book.quota_count() as u64, "quota serials are dense");
    let plan_slot = book.plan_slots.get(&create.plan).map_or(0, |&slot| slot + 1);
    book.touch_cell(book.quota_count());
    book.touch_row(book.quota_count());
    let cell = QuotaCell {
        version: 1,
        plan_slot,
        open_payments: 0,
        posts: create.posts,
        executable: create.executable,
        closed: false,
        fund: create.fund,
        economic: create.economic,
        buckets: Buckets::default(),
    };
    let row = QuotaRow::new(create.parent, create.authority, create.cap_fen, create.key);
    book.add_quota(cell, row);
}

fn set_limit(book: &mut YearBook, maker: PersonId, limit: &SetLimit, version: u32) {
    match limit.kind {
        LimitKind::PlanMonth => {
            let next = book.plans.len() as u32;
            let slot = *book.plan_slots.entry(limit.key).or_insert(next);
            if slot == next {
                book.touch_plan(slot as usize);
                book.plans.push(PlanCell::new(limit.key));
            }
            let mut cell = book.plans[slot as usize];
            cell.planned[usize::from(limit.month) - 1] = limit.amount_fen.get();
            assert!(cell.is_sufficient(), "I1: {cell:?}");
            assert_eq!(cell.version.checked_add(1), Some(version), "I6: version gap on a plan");
            cell.version = version;
            book.put_plan(slot as usize, cell);
        }
        LimitKind::PayCeiling => {
            let before = book.ceiling.version;
            assert_eq!(before.checked_add(1), Some(version), "I6: version gap on the ceiling");
            book.ceiling =
                PayCeiling { version, amount_fen: limit.amount_fen, maker, checker: limit.checker };
        }
    }
}
