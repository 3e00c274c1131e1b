//! The issuance supervisors of a shard's divisions: which of them have something to do, and turns
//! in which they do it.
//!
//! What a division has to do, [`domain::office::issuance`] says. Here its orders are given like any
//! other command, in turns of their own and few at a time. The first waits until the paper that
//! asks for it is durable; the rest follow from what came before them in the same journal.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use domain::codes::BatchStep;
use domain::command::Body;
use domain::ids::{DivisionIndex, FiscalYear, MoveId};
use domain::limits::FILED_BYTES_MAX;
use domain::office::issuance::Supervisor;
use domain::office::table::Tabled;
use domain::office::tables::document::{Transfer, TransferState};
use domain::refusal::Retry;
use domain::{Code, Division};
use storage::space::SpaceLevel;

use crate::limits::ISSUANCE_ORDERS_PER_TURN;

use super::Shard;
use crate::turn::{Alarm, Output};

/// The supervisors of a shard.
#[derive(Debug, Default)]
pub(super) struct Issuance {
    of: BTreeMap<DivisionIndex, Supervisor>,
    /// Divisions that may have something to do, in the order they are asked.
    due: VecDeque<DivisionIndex>,
    listed: BTreeSet<DivisionIndex>,
    /// Documents carried out since the start.
    documents: u64,
    /// Orders given since the start.
    orders: u64,
}

impl Issuance {
    /// Has a division asked what there is to do.
    pub(super) fn wake(&mut self, division: DivisionIndex) {
        if self.listed.insert(division) {
            self.due.push_back(division);
        }
    }

    /// Has every division asked that has anything on file.
    pub(super) fn wake_all(&mut self, divisions: &[Division]) {
        let on_file = |division: &&Division| division.years().any(|book| !book.office().is_empty());
        divisions.iter().filter(on_file).for_each(|division| self.wake(division.index));
    }

    /// True when no division has to be asked.
    pub(super) fn is_idle(&self) -> bool {
        self.due.is_empty()
    }

    fn sleep(&mut self) {
        if let Some(division) = self.due.pop_front() {
            self.listed.remove(&division);
        }
    }

    fn turn_to_the_next(&mut self) {
        self.due.rotate_left(1);
    }
}

/// A transfer's row as text, for its receiver.
pub(super) fn to_confirm(division: &Division, year: FiscalYear, id: MoveId) -> Option<Box<str>> {
    let transfer = division.year(year)?.office().get::<Transfer>(&id.to_string())?;
    if transfer.state != TransferState::Out {
        return None;
    }
    let mut text = String::new();
    transfer.write(&mut text);
    Some(text.into())
}

impl Shard {
    /// One turn of issuance: orders of the division that comes next, then of others, as far as
    /// their number goes.
    pub(super) fn issue(&mut self) {
        let mut left = ISSUANCE_ORDERS_PER_TURN;
        while left > 0 && self.space == SpaceLevel::Plenty && self.has_room() {
            let Some(&division) = self.issuance.due.front() else { return };
            let Some(slot) = self.slot_of(division) else {
                self.issuance.sleep();
                continue;
            };
            let supervisor = self.issuance.of.entry(division).or_default();
            let orders = supervisor.next(&self.divisions[slot], left);
            let given = self.give_orders(slot, &orders);
            if given == 0 {
                // Nothing to do; or nothing that is taken now: it is asked again after a change.
                self.issuance.sleep();
            } else {
                self.issuance.turn_to_the_next();
            }
            left = left.saturating_sub(given.max(1));
        }
    }

    /// Gives orders one after the other until one is not taken; tells how many left a record.
    fn give_orders(&mut self, slot: usize, orders: &[domain::office::issuance::Order]) -> usize {
        let before = self.next_ordinal;
        for order in orders {
            if !self.has_room() {
                break;
            }
            let command = order.command();
            if command.quota().is_some_and(|quota| self.quarantined.contains_key(&quota)) {
                break;
            }
            self.make_room(if matches!(command.body, Body::File(_)) { FILED_BYTES_MAX } else { 0 });
            let earlier = self.next_ordinal;
            let heard = self.decide_one(slot, &command, false).result;
            self.issuance.orders += 1;
            if heard.code != Code::Accepted {
                // A refusal on record is an answer that the next orders begin from.
                let on_record = self.next_ordinal != earlier;
                if !on_record && heard.code.retry() != Retry::SameId {
                    let what = format!("{}: {}", command.slug(), heard.code.slug());
                    let division = self.divisions[slot].index;
                    self.outputs.push(Output::Alarm(Alarm::OrderRefused { division, what }));
                }
                break;
            }
            if let Body::EndBatch(end) = command.body
                && end.step == BatchStep::Close
            {
                self.issuance.documents += 1;
                self.hold_laws(slot, end.year);
            }
        }
        usize::try_from(self.next_ordinal - before).unwrap_or(usize::MAX)
    }

    /// The laws hold on what a document touched, or people hear of it.
    fn hold_laws(&mut self, slot: usize, year: FiscalYear) {
        let known = &self.divisions[slot];
        let division = known.index;
        let supervisor = self.issuance.of.get(&division);
        let Some(document) = supervisor.and_then(|one| one.under_way(year)) else { return };
        if let Some(what) = domain::laws::after_document(known, year, document) {
            self.outputs.push(Output::Alarm(Alarm::LawBroken { division, what }));
        }
    }

    /// Documents carried out, and orders given for them, since the start.
    #[must_use]
    pub fn issuance_counts(&self) -> (u64, u64) {
        (self.issuance.documents, self.issuance.orders)
    }
}
