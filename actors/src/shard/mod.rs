//! The shard: owns and schedules the quota actors of its divisions.
//!
//! A synchronous core. It takes a whole turn at a time, decides each command, encodes what was
//! decided into a run, applies it, and answers; the answer says which of its records must be
//! durable before anyone may see it. It never reads a clock, never touches a disk or a socket,
//! and never waits for another actor.

mod crossing;
mod deadlines;
mod issuance;
mod linked;
mod look_up;
mod one;
mod paging;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, VecDeque};

use domain::apply::{Placed, unplaced};
use domain::contents::HashKey;
use domain::event::EventBody;
use domain::ids::{DivisionIndex, FiscalYear, QuotaId};
use domain::laws::Statement;
use domain::{Division, Event};
use storage::limits::RUN_BYTES_MAX;
use storage::record::RecordWriter;
use storage::space::SpaceLevel;

use crate::laws::{LawNews, LawOrder};
use crate::limits::{RECORD_BYTES_PLANNED, RUN_RESERVE_BYTES, RUNS_OUTSTANDING_MAX};
use crate::turn::{Alarm, Crossing, Landing, Output, Run, Turn};

use deadlines::Deadlines;
use issuance::Issuance;
use paging::Paging;

pub(crate) use look_up::quota_view;

/// One shard.
pub struct Shard {
    index: u16,
    key: HashKey,
    /// Place of each division in `divisions` plus one; 0: not here.
    slots: Vec<u16>,
    divisions: Vec<Division>,
    quarantined: HashMap<QuotaId, Revival>,
    /// Which divisions have changed since the watch over the laws looked at them, by slot.
    unlooked: Vec<bool>,
    deadlines: Deadlines,
    issuance: Issuance,
    run: RecordWriter,
    spares: Vec<RecordWriter>,
    /// Full runs that a long turn has gathered and the journal has no room for yet.
    full: VecDeque<Run>,
    outstanding: usize,
    /// Ordinal of the next record.
    next_ordinal: u64,
    /// Every record below this ordinal is durable.
    durable_ordinal: u64,
    /// Ordinal of the gathering run's first record.
    run_first: u64,
    /// What to tell once a record has landed, by its ordinal.
    unplaced: VecDeque<Unplaced>,
    waiting: VecDeque<Turn>,
    crossings: VecDeque<Crossing>,
    /// Journaled time: it never goes back, whatever the wall clock does.
    now_ms: u64,
    /// The wall clock as it was last told, by which budgets run: after a jump it is right again.
    wall_ms: u64,
    /// How much room the disk had when it was last told.
    space: SpaceLevel,
    quotas: u64,
    paging: Paging,
    outputs: Vec<Output>,
    /// Called with each command before it is decided; a test makes it panic.
    #[cfg(test)]
    failpoint: Option<fn(&domain::Command<'_>)>,
}

/// What hangs on one record's landing.
#[derive(Debug)]
struct Unplaced {
    ordinal: u64,
    division: DivisionIndex,
    year: FiscalYear,
    placed: Placed,
    then: Then,
}

/// Kept small: a reservation, which has nothing to do then, leaves one of these behind too.
#[derive(Clone, Debug)]
enum Then {
    Nothing,
    Cross(Box<Crossing>),
    Registered,
    Rebuild(QuotaId),
    Issue,
}

/// How far the revival of a quarantined quota has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Revival {
    /// Nobody has asked for it.
    Unasked,
    /// Its fold has been asked for and has not come.
    Asked,
    /// Its fold has been taken over: the next order to revive it frees it.
    Rebuilt,
}

impl Shard {
    /// A shard with the divisions it was given, as replayed.
    #[must_use]
    pub fn new(index: u16, key: HashKey, divisions: Vec<Division>) -> Shard {
        let mut slots = vec![0; 1 << 16];
        let mut deadlines = Deadlines::default();
        for (slot, division) in divisions.iter().enumerate() {
            slots[usize::from(division.index.0)] = slot as u16 + 1;
            deadlines.learn(division);
        }
        let books = divisions.iter().flat_map(Division::years);
        let quotas = books.map(|book| book.quota_count() as u64).sum();
        let writer = || RecordWriter::with_capacity(RUN_BYTES_MAX);
        let mut shard = Shard {
            index,
            key,
            slots,
            unlooked: vec![true; divisions.len()],
            divisions,
            quarantined: HashMap::new(),
            deadlines,
            issuance: Issuance::default(),
            run: writer(),
            spares: (0..RUNS_OUTSTANDING_MAX).map(|_| writer()).collect(),
            full: VecDeque::new(),
            outstanding: 0,
            next_ordinal: 0,
            durable_ordinal: 0,
            run_first: 0,
            unplaced: VecDeque::new(),
            waiting: VecDeque::new(),
            crossings: VecDeque::new(),
            now_ms: 0,
            wall_ms: 0,
            space: SpaceLevel::Plenty,
            quotas,
            paging: Paging::default(),
            outputs: Vec::new(),
            #[cfg(test)]
            failpoint: None,
        };
        shard.resume_moves();
        shard
    }

    /// The divisions, for digests and checks.
    #[must_use]
    pub fn divisions(&self) -> &[Division] {
        &self.divisions
    }

    /// Its number.
    #[must_use]
    pub fn index(&self) -> u16 {
        self.index
    }

    /// Quotas it owns.
    #[must_use]
    pub fn quota_count(&self) -> u64 {
        self.quotas
    }

    /// Answers the watch over the laws. Changes nothing but what it will be told has changed.
    pub fn law(&mut self, order: LawOrder) -> LawNews {
        match order {
            LawOrder::List => {
                let divisions = self.divisions.iter().map(|division| division.index);
                LawNews::Listed(divisions.zip(self.unlooked.iter().copied()).collect())
            }
            LawOrder::Look(division) => {
                let Some(slot) = self.slot_of(division) else { return LawNews::Said(None) };
                self.unlooked[slot] = false;
                LawNews::Said(Some(Box::new(Statement::of(&self.divisions[slot]))))
            }
        }
    }

    /// Gives up the divisions.
    #[must_use]
    pub fn into_divisions(self) -> Vec<Division> {
        self.divisions
    }

    /// The next moment in journaled time at which a deadline passes.
    #[must_use]
    pub fn next_deadline_ms(&self) -> Option<u64> {
        self.deadlines.next_ms()
    }

    /// What there is to do after the last steps. Call it after each of them.
    pub fn take_outputs(&mut self, into: &mut Vec<Output>) {
        into.append(&mut self.outputs);
    }

    /// True when nothing is unsent, unplaced or waiting.
    #[must_use]
    pub fn is_drained(&self) -> bool {
        self.outstanding == 0
            && self.run.is_empty()
            && self.waiting.is_empty()
            && self.paging.is_idle()
    }

    /// Goes on with what was under way when the journal ended, if anything was.
    pub fn begin(&mut self, now_ms: u64) {
        if self.issuance.is_idle() {
            return;
        }
        self.tell_time(now_ms);
        self.drain();
        self.hand_over();
    }

    /// Takes a turn of the network.
    pub fn turn(&mut self, turn: Turn) {
        self.wall_ms = turn.now_ms;
        self.waiting.push_back(turn);
        self.drain();
        self.ask_for_pages();
        self.bound_round();
    }

    /// Takes what a durable event of another division asks.
    pub fn cross(&mut self, crossing: Crossing, now_ms: u64) {
        self.tell_time(now_ms);
        self.crossings.push_back(crossing);
        self.drain();
    }

    /// Lets deadlines pass up to a moment of the wall clock that is believed. Journaled time may be
    /// ahead of it, where the clock had jumped: that ends no deadline.
    pub fn let_pass(&mut self, now_ms: u64) {
        self.tell_time(now_ms);
        self.drain();
        if self.has_room() {
            self.act_on_deadlines(now_ms);
        }
        self.hand_over();
    }

    fn tell_time(&mut self, wall_ms: u64) {
        self.wall_ms = wall_ms;
        self.now_ms = self.now_ms.max(wall_ms);
    }

    /// Hears where a run landed, and gets its memory back.
    ///
    /// # Panics
    /// If the landing is not of this shard's oldest run.
    pub fn landed(&mut self, landing: Landing, mut memory: RecordWriter) {
        assert_eq!(landing.shard, self.index, "a landing of another shard");
        assert!(self.outstanding > 0, "a landing without a run");
        self.outstanding -= 1;
        if self.spares.len() < RUNS_OUTSTANDING_MAX {
            memory.clear();
            self.spares.push(memory);
        }
        let end = landing.first_ordinal + u64::from(landing.count);
        self.durable_ordinal = end;
        while self.unplaced.front().is_some_and(|unplaced| unplaced.ordinal < end) {
            let Some(unplaced) = self.unplaced.pop_front() else { break };
            self.place(unplaced, landing);
        }
        self.note_landing((landing.first_ordinal, landing.first.sequence), end);
        self.drain();
        self.hand_over();
        self.ask_for_pages();
    }

    /// Takes the fold of a quarantined quota from a division that was replayed from the journal.
    /// The order that asked for it is taken when it is sent again. A fold that nobody waits for,
    /// or that lacks events of the quota, is left alone: it would take back what was answered.
    pub fn revived(&mut self, quota: QuotaId, fold: &Division) {
        if self.quarantined.get(&quota) != Some(&Revival::Asked) {
            return;
        }
        let year = quota.year();
        let version = fold.quota(quota).map(|cell| cell.version);
        let mut revival = Revival::Unasked;
        if let (Some(from), Some(division)) = (fold.year(year), self.division_mut(quota.division()))
            && division.quota(quota).map(|cell| cell.version) == version
            && let Some(book) = division.year_mut(year)
            // A batch that ended changes quotas without a version of theirs.
            && book.batches_ended() == from.batches_ended()
        {
            book.adopt(quota, from);
            revival = Revival::Rebuilt;
            if let Some(slot) = self.slot_of(quota.division()) {
                self.unlooked[slot] = true;
            }
        }
        self.quarantined.insert(quota, revival);
    }

    /// Hears that a quota could not be folded: the next order to revive it asks again.
    pub fn not_revived(&mut self, quota: QuotaId) {
        if let Some(revival @ Revival::Asked) = self.quarantined.get_mut(&quota) {
            *revival = Revival::Unasked;
        }
    }

    fn place(&mut self, unplaced: Unplaced, landing: Landing) {
        let sequence = landing.first.sequence + (unplaced.ordinal - landing.first_ordinal);
        let book = self.division_mut(unplaced.division).and_then(|d| d.year_mut(unplaced.year));
        if let Some(book) = book {
            book.place(unplaced.placed, sequence);
        }
        self.act_then(unplaced.division, unplaced.then);
    }

    fn act_then(&mut self, division: DivisionIndex, then: Then) {
        match then {
            Then::Nothing => {}
            Then::Cross(crossing) => self.outputs.push(Output::Cross(*crossing)),
            Then::Registered => self.outputs.push(Output::Registered(division)),
            Then::Rebuild(quota) => self.outputs.push(Output::Rebuild(quota)),
            Then::Issue => self.issuance.wake(division),
        }
    }

    /// Does something once everything decided so far is durable.
    fn when_durable(&mut self, division: DivisionIndex, then: Then) {
        if self.durable_ordinal == self.next_ordinal {
            return self.act_then(division, then);
        }
        let (ordinal, year) = (self.next_ordinal - 1, FiscalYear::from_offset(0));
        let placed = Placed::Nothing;
        self.unplaced.push_back(Unplaced { ordinal, division, year, placed, then });
    }

    /// Works off what waits, as far as run buffers go.
    fn drain(&mut self) {
        self.drop_batches_left_open();
        loop {
            while self.has_room() {
                if let Some(crossing) = self.crossings.pop_front() {
                    self.take_crossing(crossing);
                } else if let Some(turn) = self.waiting.pop_front() {
                    self.take_turn(turn);
                } else {
                    break;
                }
            }
            self.issue();
            self.hand_over();
            let waits = !self.crossings.is_empty() || !self.waiting.is_empty();
            if !waits || !self.has_room() {
                return;
            }
        }
    }

    /// Whether another turn can begin: no full run waits, and the gathering one has room.
    fn has_room(&self) -> bool {
        let room = self.run.bytes() + RUN_RESERVE_BYTES <= RUN_BYTES_MAX;
        self.full.is_empty() && (room || self.outstanding < RUNS_OUTSTANDING_MAX)
    }

    /// Hands runs to the journal, as many as it may hold.
    fn hand_over(&mut self) {
        while self.outstanding < RUNS_OUTSTANDING_MAX {
            if self.full.is_empty() && !self.run.is_empty() {
                self.finish_run();
            }
            let Some(run) = self.full.pop_front() else { return };
            self.outstanding += 1;
            self.outputs.push(Output::Run(run));
        }
    }

    /// Ends the gathering run and begins another.
    fn finish_run(&mut self) {
        let spare = self.spares.pop();
        let spare = spare.unwrap_or_else(|| RecordWriter::with_capacity(RUN_BYTES_MAX));
        let records = std::mem::replace(&mut self.run, spare);
        let (first_ordinal, decided_ms) = (self.run_first, self.now_ms);
        self.full.push_back(Run { shard: self.index, first_ordinal, decided_ms, records });
        self.run_first = self.next_ordinal;
    }

    /// Makes room for `bytes` of tails and a record, in a new run if need be. A run that is full
    /// waits for the end of the turn: a landing must not overtake the reply that names it.
    fn make_room(&mut self, bytes: usize) {
        if self.run.bytes() + bytes + RECORD_BYTES_PLANNED > RUN_BYTES_MAX {
            self.finish_run();
        }
    }

    /// Journals and applies one event of a division in `slot`; gives its ordinal.
    fn commit(&mut self, slot: usize, event: &Event<'_>) -> u64 {
        storage::event_record::write(event, &mut self.run);
        let ordinal = self.next_ordinal;
        let placed = domain::apply::apply(&mut self.divisions[slot], event, unplaced(ordinal));
        self.unlooked[slot] = true;
        self.next_ordinal += 1;
        self.note(slot, event, placed, ordinal);
        ordinal
    }

    /// Remembers what hangs on the event's landing.
    fn note(&mut self, slot: usize, event: &Event<'_>, placed: Placed, ordinal: u64) {
        let division = self.divisions[slot].index;
        let mut one = |year, placed, then| {
            self.unplaced.push_back(Unplaced { ordinal, division, year, placed, then });
        };
        let year = event_year(event);
        match crossing::after(&self.divisions[slot], event) {
            crossing::After::Nothing if placed != Placed::Nothing => {
                one(year, placed, Then::Nothing)
            }
            crossing::After::Nothing => {}
            crossing::After::Registered => one(year, placed, Then::Registered),
            crossing::After::Cross(crossings) => {
                one(year, placed, Then::Nothing);
                for crossing in crossings {
                    #[cfg(feature = "planted-bugs")]
                    if domain::planted::is(domain::planted::Bug::ActsOnUndurable) {
                        self.outputs.push(Output::Cross(crossing));
                        continue;
                    }
                    one(year, Placed::Nothing, Then::Cross(Box::new(crossing)));
                }
            }
        }
        if let EventBody::RunRefused { ids, .. } = &event.body
            && let Some(book) = self.divisions[slot].year(year)
        {
            // One record ends them all: each id tells the same sequence.
            ids.iter().for_each(|ended| one(year, book.ended_id(ended.id), Then::Nothing));
        }
        if crossing::concerns_issuance(&self.divisions[slot], event) {
            let (placed, then) = (Placed::Nothing, Then::Issue);
            self.unplaced.push_back(Unplaced { ordinal, division, year, placed, then });
        }
        self.deadlines.note(event);
        self.quotas += u64::from(matches!(event.body, EventBody::Created { .. }));
        if let EventBody::FactParked { command, .. } = &event.body {
            let book = self.divisions[slot].year(command.quota.year());
            let waiting = book.map_or(0, |book| book.suspense.of_channel(event.by.channel));
            self.outputs.push(Output::Alarm(Alarm::Parked { division, waiting }));
        }
    }

    fn slot_of(&self, division: DivisionIndex) -> Option<usize> {
        usize::from(self.slots[usize::from(division.0)]).checked_sub(1)
    }

    /// The slot of a division that is registered.
    fn registered_slot_of(&self, division: DivisionIndex) -> Option<usize> {
        self.slot_of(division).filter(|&slot| self.divisions[slot].registration.is_some())
    }

    fn division_mut(&mut self, division: DivisionIndex) -> Option<&mut Division> {
        let slot = self.slot_of(division)?;
        self.divisions.get_mut(slot)
    }

    /// The slot of a division, made if it is new: by a registration, or by a move to decline.
    fn slot_or_new(&mut self, division: DivisionIndex) -> usize {
        if let Some(slot) = self.slot_of(division) {
            return slot;
        }
        self.divisions.push(Division::new(division, self.key));
        self.unlooked.push(true);
        let slot = self.divisions.len();
        self.slots[usize::from(division.0)] = slot as u16;
        slot - 1
    }
}

/// The year an event's record belongs to; of a registration, any.
fn event_year(event: &Event<'_>) -> FiscalYear {
    use EventBody as E;
    match &event.body {
        E::LimitSet { command, .. } => command.year,
        E::BatchOpened { command, .. } => command.year,
        E::Resolved { command, .. } => command.year,
        E::Filed { command, .. } => command.year,
        E::MoveDeclined { command, .. } => command.to.year(),
        E::FactParked { year, .. }
        | E::BatchEnded { year, .. }
        | E::YearSet { year, .. }
        | E::Refused { year, .. }
        | E::RunRefused { year, .. } => *year,
        E::Reserved { .. }
        | E::Stepped { .. }
        | E::FactTaken { .. }
        | E::Acted { .. }
        | E::Created { .. }
        | E::MovedOut { .. }
        | E::MovedIn { .. }
        | E::MoveSettled { .. }
        | E::Registered { .. } => {
            event.quota_version().map_or(FiscalYear::from_offset(0), |(quota, _)| quota.year())
        }
    }
}
