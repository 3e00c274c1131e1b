//! What a durable event asks of another division, and how that is taken there.
//!
//! Nothing here acts on an event before its record has landed: [`after`] is asked when the event
//! is applied, and what it gives is held back until then.

use domain::codes::{BatchEnd, Role};
use domain::command::{Body, By, Command, EndBatch, MoveIn, SettleMove, Step};
use domain::event::EventBody;
use domain::ids::{ActId, ChannelId, MoveId, PersonId};
use domain::movement::{MoveOutRow, Transit};
use domain::{Division, Event};

use crate::limits::DEADLINES_PER_TURN;
use crate::turn::Crossing;

use super::deadlines::Due;
use super::issuance;
use super::{Shard, Then};

/// The channel the engine's own acts come by.
const ENGINE_CHANNEL: ChannelId = ChannelId(0);

/// How long a lapse waits before it is looked at again, when it could not be acted on.
const PUT_OFF_MS: u64 = 60_000;

/// What to do once an event is durable.
pub(super) enum After {
    /// Nothing.
    Nothing,
    /// Say that the division is registered.
    Registered,
    /// Ask this of other divisions.
    Cross(Vec<Crossing>),
}

/// Whether an event, once durable, may be something to do for its division's issuance.
pub(super) fn concerns_issuance(division: &Division, event: &Event<'_>) -> bool {
    let on_file = |year| division.year(year).is_some_and(|book| !book.office().is_empty());
    match &event.body {
        EventBody::Filed { command: c, .. } => c.kind.asks_for_issuance(),
        EventBody::MovedIn { command: c, .. } => on_file(c.to.year()),
        EventBody::MoveDeclined { command: c, .. } => on_file(c.to.year()),
        EventBody::MoveSettled { from, .. } => on_file(from.year()),
        // A person may have dropped the batch of a document that stands still.
        EventBody::BatchEnded { year, .. } => on_file(*year),
        _ => false,
    }
}

/// What to do once an event, just applied, is durable.
pub(super) fn after(division: &Division, event: &Event<'_>) -> After {
    let person = event.by.person;
    match &event.body {
        EventBody::Registered { .. } => After::Registered,
        EventBody::MovedOut { command: c, .. } => {
            let row = division.year(c.from.year()).and_then(|book| book.move_out(c.id));
            match row {
                Some(row) if row.transit == Transit::InTransit => {
                    After::Cross(vec![hand_over(division, c.id, row)])
                }
                _ => After::Nothing,
            }
        }
        EventBody::BatchEnded { year, end: BatchEnd::Closed, .. } => {
            let Some(book) = division.year(*year) else { return After::Nothing };
            let let_out = book.moves_let_out();
            After::Cross(let_out.map(|(id, row)| hand_over(division, id, row)).collect())
        }
        EventBody::MovedIn { command: c, .. } => {
            After::Cross(vec![Crossing::Settle { id: c.id, from: c.from, landed: true, person }])
        }
        EventBody::MoveDeclined { command: c, .. } => {
            After::Cross(vec![Crossing::Settle { id: c.id, from: c.from, landed: false, person }])
        }
        _ => After::Nothing,
    }
}

/// Hands a move over in the name of who moved it, whenever that is.
fn hand_over(division: &Division, id: MoveId, row: &MoveOutRow) -> Crossing {
    let (to, person) = (row.to.division(), row.person);
    let unnamed = Some(row.to).filter(|to| to.is_unnamed());
    let to_confirm = unnamed.and_then(|_| issuance::to_confirm(division, row.from.year(), id));
    Crossing::HandOver { to, second_half: row.second_half(id), to_confirm, person }
}

impl Shard {
    /// Hands over again what is in transit: at a start at once, since all of it is durable, later
    /// once it is.
    pub fn resume_moves(&mut self) {
        let mut crossings = Vec::new();
        for division in &self.divisions {
            let out = division.years().flat_map(domain::division::YearBook::moves_out);
            let out = out.filter(|(_, row)| row.transit == Transit::InTransit);
            crossings.extend(out.map(|(id, row)| (division.index, hand_over(division, id, row))));
        }
        self.issuance.wake_all(&self.divisions);
        for (division, crossing) in crossings {
            self.when_durable(division, Then::Cross(Box::new(crossing)));
        }
    }

    /// Takes what another division's durable event asks.
    pub(super) fn take_crossing(&mut self, crossing: Crossing) {
        if let Crossing::HandOver { second_half, to_confirm: Some(row), person, .. } = &crossing
            && self.arrives(second_half, row, *person)
        {
            return;
        }
        let (body, person) = match crossing {
            Crossing::HandOver { second_half, person, .. } => (Body::MoveIn(second_half), person),
            Crossing::Settle { id, from, landed, person } => {
                (Body::SettleMove(SettleMove { id, from, landed }), person)
            }
        };
        let command = Command { by: engine(person), body };
        // A receiver that was never registered declines on record: a later registration must not
        // find the same move undecided.
        let slot = self.slot_or_new(command.division());
        if command.quota().is_some_and(|quota| self.quarantined.contains_key(&quota)) {
            // It stays in transit, and is handed over again when the quota is revived.
            return;
        }
        self.make_room(0);
        let answer = self.decide_one(slot, &command, false);
        let repeated = answer.result.repeat;
        if let (Crossing::HandOver { second_half, person, .. }, true) = (crossing, repeated) {
            // The receiver had decided before the origin's word for it was durable: say it again.
            let landed = answer.result.code == domain::Code::Accepted;
            let (id, from) = (second_half.id, second_half.from);
            // The decision it tells of may still be on its way to the disk.
            let settle = Crossing::Settle { id, from, landed, person };
            self.when_durable(command.division(), Then::Cross(Box::new(settle)));
        }
    }

    /// Puts a transfer that its receiver has to confirm on file there. False: it cannot wait there,
    /// and is declined.
    fn arrives(&mut self, second_half: &MoveIn, row: &str, person: PersonId) -> bool {
        let division = second_half.to.division();
        let Some(slot) = self.registered_slot_of(division) else { return false };
        let (id, from) = (second_half.id, second_half.from);
        let order = domain::office::issuance::order::arrive(
            self.divisions[slot].key(),
            second_half,
            row,
            person,
        );
        self.make_room(row.len());
        let heard = self.decide_one(slot, &order.command(), false).result;
        if heard.code != domain::Code::Accepted {
            return heard.code == domain::Code::Fault;
        }
        let ended = self.divisions[slot].year(second_half.to.year());
        if let Some(ended) = ended.and_then(|book| book.move_in(from, id)) {
            // The receiver had decided before the origin's word for it was durable: say it again.
            let landed = ended.outcome == domain::Code::Accepted;
            let settle = Crossing::Settle { id, from, landed, person };
            self.when_durable(division, Then::Cross(Box::new(settle)));
        }
        true
    }

    /// Acts on deadlines that have passed: `withdraw` in the maker's name, `lapse-batch` in the
    /// batch maker's.
    pub(super) fn act_on_deadlines(&mut self, now_ms: u64) {
        for _ in 0..DEADLINES_PER_TURN {
            if !self.has_room() {
                return;
            }
            let Some(due) = self.deadlines.pop_due(now_ms) else { return };
            self.act_on(due, now_ms);
        }
    }

    /// Batches that were open when the journal ended are dropped before anything else is taken.
    pub(super) fn drop_batches_left_open(&mut self) {
        while self.has_room() {
            let Some(due) = self.deadlines.pop_due(0) else { return };
            self.act_on(due, self.now_ms);
        }
    }

    fn act_on(&mut self, due: Due, now_ms: u64) {
        let (division, year) = match due {
            Due::Payment(division, year, _) | Due::Batch(division, year, ..) => (division, year),
        };
        let Some(slot) = self.slot_of(division) else { return };
        let Some(book) = self.divisions[slot].year(year) else { return };
        if let Due::Payment(_, _, id) = due
            && book.page_out_of(id).is_some()
        {
            // Settled long ago: only such pages leave memory.
            return;
        }
        let command = match due {
            Due::Payment(_, _, id) => book.payment(id).map(|payment| {
                let (kind, quota) = (domain::codes::StepKind::Withdraw, payment.quota);
                let step = Step { kind, payment: id, quota, serial: 0, reason: "" };
                Command { by: engine(payment.maker), body: Body::Step(step) }
            }),
            Due::Batch(_, _, batch, step) => book.batch(batch).map(|known| {
                let end = EndBatch { step, act: ActId(0), batch, division, year };
                Command { by: engine(known.maker), body: Body::EndBatch(end) }
            }),
        };
        let Some(command) = command else { return };
        if command.quota().is_some_and(|quota| self.quarantined.contains_key(&quota)) {
            self.deadlines.put_off(now_ms + PUT_OFF_MS, due);
            return;
        }
        self.make_room(0);
        let heard = self.decide_one(slot, &command, false).result.code;
        let payment_held = matches!(due, Due::Payment(_, _, id)
            if self.divisions[slot].year(year).and_then(|book| book.payment(id))
                .is_some_and(|payment| payment.state == domain::codes::PaymentState::Held));
        let still_held = heard == domain::Code::WrongState && payment_held;
        if still_held || heard == domain::Code::Fault {
            // Held payments never lapse; once lifted, the deadline still stands. So it does when
            // a quota is revived.
            self.deadlines.put_off(now_ms + PUT_OFF_MS, due);
        }
    }
}

fn engine(person: PersonId) -> By {
    By { person, role: Role::Engine, channel: ENGINE_CHANNEL }
}
