//! When reservations lapse and batches are dropped: what has a deadline, by the moment it passes.

use std::collections::BTreeSet;

use domain::codes::{BatchStep, PaymentState};
use domain::event::EventBody;
use domain::ids::{BatchId, DivisionIndex, FiscalYear, PaymentId};
use domain::{Division, Event};

/// Something that ends by itself unless people act first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Due {
    /// A reservation whose maker gave it a deadline.
    Payment(DivisionIndex, FiscalYear, PaymentId),
    /// A batch whose maker gave it a deadline, or that was open at the start, and how it ends.
    Batch(DivisionIndex, FiscalYear, BatchId, BatchStep),
}

/// The deadlines of a shard. Entries whose matter has ended meanwhile do nothing when they pass.
#[derive(Debug, Default)]
pub(super) struct Deadlines {
    by_time: BTreeSet<(u64, Due)>,
}

impl Deadlines {
    /// Learns the deadlines of a replayed division.
    pub(super) fn learn(&mut self, division: &Division) {
        for book in division.years() {
            for payment in book.payments() {
                let open = matches!(payment.state, PaymentState::Reserved | PaymentState::Held);
                if payment.deadline_ms != 0 && open {
                    let due = Due::Payment(division.index, book.year, payment.id);
                    self.by_time.insert((payment.deadline_ms, due));
                }
            }
            for (id, batch) in book.batches() {
                if batch.is_open() {
                    // The first act after a start drops a batch that was left open.
                    let due = Due::Batch(division.index, book.year, id, BatchStep::Abandon);
                    self.by_time.insert((0, due));
                }
            }
        }
    }

    /// Learns the deadline an event sets.
    pub(super) fn note(&mut self, event: &Event<'_>) {
        match &event.body {
            EventBody::Reserved { command: c, .. } if c.deadline_ms != 0 => {
                let due = Due::Payment(c.quota.division(), c.quota.year(), c.payment);
                self.by_time.insert((c.deadline_ms, due));
            }
            EventBody::BatchOpened { command: c, .. } if c.deadline_ms != 0 => {
                let due = Due::Batch(c.division, c.year, c.batch, BatchStep::Lapse);
                self.by_time.insert((c.deadline_ms, due));
            }
            _ => {}
        }
    }

    /// Puts a deadline off, to look again later.
    pub(super) fn put_off(&mut self, until_ms: u64, due: Due) {
        self.by_time.insert((until_ms, due));
    }

    /// The next moment at which one passes.
    pub(super) fn next_ms(&self) -> Option<u64> {
        self.by_time.first().map(|&(at, _)| at)
    }

    /// Takes one that has passed.
    pub(super) fn pop_due(&mut self, now_ms: u64) -> Option<Due> {
        let &(at, due) = self.by_time.first()?;
        if at > now_ms {
            return None;
        }
        self.by_time.pop_first();
        Some(due)
    }
}
