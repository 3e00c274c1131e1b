//! Running totals against the states that the same events lead to: the two share no sum.

// Each test file uses its own part of this.
#![allow(dead_code)]

use std::collections::HashMap;

use domain::codes::PaymentState;
use domain::division::YearBook;
use domain::event::{Event, EventBody};
use domain::money::FenSum;
use domain::office::reports::Ledger;
use domain::office::reports::cell::{Before, Spent};
use domain::office::shelves::Shelves;
use domain::payment::Standing;
use domain::{Fen, FiscalYear, PaymentId};

use crate::world::World;

/// The totals that a journal leads to.
pub(crate) fn fold(journal: &[Event<'static>]) -> (Ledger, Shelves) {
    let (mut ledger, mut shelves) = (Ledger::default(), Shelves::default());
    let mut known = HashMap::new();
    for (at, event) in journal.iter().enumerate() {
        let before = before(&mut known, event);
        let filed = shelves.take(event).expect("changes that can be read");
        ledger.take(event, before.as_ref(), (&shelves, filed), at as u64);
    }
    (ledger, shelves)
}

type Known = HashMap<(u16, FiscalYear, PaymentId), (Standing, Fen, Fen)>;

/// How the payment of an event stood before it, as whoever follows the journal keeps it.
pub(crate) fn before(known: &mut Known, event: &Event<'_>) -> Option<Before> {
    let (quota, payment) = match &event.body {
        EventBody::Reserved { command: c, .. } => (c.quota, c.payment),
        EventBody::Stepped { command: c, .. } => (c.quota, c.payment),
        EventBody::FactTaken { command: c, .. } => (c.quota, c.payment),
        _ => return None,
    };
    let key = (quota.division().0, quota.year(), payment);
    let was = known.get(&key).copied();
    let is = match (&event.body, was) {
        (EventBody::Reserved { path, posts, command: c, .. }, _) => {
            (Standing::reserved(*path, *posts, c.one_act), c.amount_fen, Fen::ZERO)
        }
        (EventBody::Stepped { command: c, .. }, Some((standing, asked, executed))) => {
            (standing.after_step(c.kind, event.by.role), asked, executed)
        }
        (EventBody::FactTaken { command: c, .. }, Some((standing, asked, executed))) => {
            let executed = standing.executed_after(c, asked, executed);
            (standing.after_fact(c.kind), asked, executed)
        }
        _ => panic!("an event about a payment that was never accepted"),
    };
    known.insert(key, is);
    was.map(|(standing, asked_fen, executed_fen)| Before { standing, asked_fen, executed_fen })
}

/// The first figure that differs from the states, in words.
pub(crate) fn disagreement(world: &World) -> Option<String> {
    let (ledger, _) = fold(&world.journal);
    let years = world.divisions.values().flat_map(|d| d.years().map(move |book| (d.index, book)));
    years.into_iter().find_map(|(division, book)| {
        let of_book = (division, book.year);
        let mut sums = (0, 0, Spent::default());
        for (id, cell, _) in book.quotas() {
            let b = &cell.buckets;
            let own = FenSum::from(b.issued - b.allocated - b.transferred);
            let paid = FenSum::from(b.paid + b.cleared - b.refunding);
            let spent = Spent { paid, cleared: b.cleared.into() };
            let (found, _) = ledger.quota(id)?;
            let found_all = (found.own, found.reserved, found.spent);
            if found_all != (own, b.reserved, spent) {
                return Some(format!("{id}: {found_all:?}, where {b:?} is the state"));
            }
            sums = (sums.0 + own, sums.1 + FenSum::from(b.reserved), sums.2.and(spent));
        }
        let cells = ledger.cells(of_book);
        let found = cells.fold((0, 0, Spent::default()), |sums, cell| {
            let spent = cell.periods().iter().map(|(_, spent)| *spent);
            let spent = spent.fold(Spent::default(), Spent::and);
            (sums.0 + cell.funds.own(), sums.1 + cell.reserved, sums.2.and(spent))
        });
        if found != sums {
            return Some(format!("{of_book:?}: cells add up to {found:?}, quotas to {sums:?}"));
        }
        counted(&ledger, of_book, book).or_else(|| on_the_way(&ledger, world, of_book, book))
    })
}

fn counted(
    ledger: &Ledger,
    of_book: (domain::DivisionIndex, FiscalYear),
    book: &YearBook,
) -> Option<String> {
    let on_line = |state| {
        use PaymentState::{Cleared, Instructed, Paid, Unknown};
        [Instructed, Unknown, Paid, Cleared].contains(&state)
    };
    let live = book.payments().filter(|payment| payment.state != PaymentState::Released);
    let due =
        live.fold((0, 0), |(all, on), payment| (all + 1, on + u32::from(on_line(payment.state))));
    let cells = ledger.cells(of_book);
    let found = cells.fold((0, 0), |sums, cell| (sums.0 + cell.payments, sums.1 + cell.on_line));
    (found != due).then(|| format!("{of_book:?}: counts {found:?} payments of {due:?}"))
}

/// Money that left and that no receiver has.
fn on_the_way(
    ledger: &Ledger,
    world: &World,
    of_book: (domain::DivisionIndex, FiscalYear),
    book: &YearBook,
) -> Option<String> {
    let received = |to: domain::QuotaId, from, id| {
        let receiver = world.divisions.get(&to.division().0)?.year(to.year())?;
        receiver.move_in(from, id)
    };
    let mut due: Vec<_> = book
        .moves_out()
        .filter(|(id, row)| row.is_under_way() && received(row.to, row.from, *id).is_none())
        .map(|(id, row)| (id, row.amount_fen.get()))
        .collect();
    let mut found: Vec<_> =
        ledger.in_transit(of_book).map(|(id, moved)| (id, moved.amount)).collect();
    due.sort_unstable();
    found.sort_unstable();
    (found != due).then(|| format!("{of_book:?}: {found:?} on the way, where {due:?} is"))
}
