//! One turn of the network, and one command of it.

use std::panic::{AssertUnwindSafe, catch_unwind};

use domain::codes::ActKind;
use domain::command::{Body, Command};
use domain::contents::fingerprint;
use domain::decide::{self, Verdict};
use domain::division::{Answer, Division, YearBook};
use domain::ids::{DivisionIndex, Fingerprint, PaymentId, QuotaId};
use domain::particulars::{Keys, Particulars};
use domain::refusal::{Code, Refusal};
use protocol::batch::tail_length;
use protocol::limits::COMMAND_BYTES;
use protocol::{CommandResult, Flags, Value, decode_command};
use storage::space::SpaceLevel;

use crate::limits::{PREFETCH_AHEAD, RECORD_BYTES_PLANNED};
use crate::turn::{Alarm, NO_RECORD, Outcome, Output, Part, Turn, TurnReply};

use super::paging::{PutOff, WaitsFor, rows_together};
use super::{Revival, Shard, Then};

/// A decided command: its result, the ordinal of its record, and its refusal.
#[derive(Clone, Copy, Debug)]
pub(super) struct Decided {
    pub(super) result: CommandResult,
    pub(super) ordinal: u64,
    pub(super) refusal: Option<Refusal>,
}

impl Decided {
    /// A code alone, without a record.
    pub(super) fn code(code: Code) -> Decided {
        Decided { result: CommandResult::new(code), ordinal: NO_RECORD, refusal: None }
    }

    fn of(answer: &Answer, ordinal: u64) -> Decided {
        Decided { result: result_of(answer), ordinal, refusal: answer.refusal }
    }
}

/// An answer of the domain as it goes over the wire.
pub(super) fn result_of(answer: &Answer) -> CommandResult {
    let value = match answer.code {
        // A creation answers with a quota's id; the flag tells it from an amount.
        Code::Accepted if answer.created => Value::Created(QuotaId(answer.value.cast_unsigned())),
        code if code.is_turned_away() => Value::None,
        _ => Value::Available(domain::Fen::new(answer.value)),
    };
    CommandResult {
        code: answer.code,
        repeat: answer.repeat,
        checked: false,
        state: answer.state,
        value,
        sequence: answer.sequence,
    }
}

/// Who sends a part, and under which circumstances.
#[derive(Clone, Copy)]
pub(super) struct Circumstances {
    pub(super) part: Part,
    pub(super) space: SpaceLevel,
}

/// Rows of a turn whose keys are made before they are decided.
const KEYS_AHEAD: usize = 2 * PREFETCH_AHEAD;

/// What was looked at before it is decided.
struct Ahead {
    /// Everything up to this row was asked for,
    near: usize,
    /// and up to this one, what control rules look behind.
    far: usize,
    /// Where the words of the latter begin.
    tail: usize,
    /// What the texts of rows are known by, at their places around.
    keys: [Option<Keys>; KEYS_AHEAD],
}

impl Default for Ahead {
    fn default() -> Ahead {
        Ahead { near: 0, far: 0, tail: 0, keys: [None; KEYS_AHEAD] }
    }
}

impl Shard {
    /// Decides a whole turn and answers it.
    pub(super) fn take_turn(&mut self, mut turn: Turn) {
        self.now_ms = self.now_ms.max(turn.now_ms);
        self.space = turn.space;
        let mut outcomes = Vec::with_capacity(turn.rows.len());
        let mut refusals = Vec::new();
        let mut put_off = PutOff::default();
        self.take_rows(&turn, &mut put_off, &mut outcomes, &mut refusals);
        let mut answers = Vec::with_capacity(turn.look_ups.len());
        for &part in &turn.look_ups {
            if !self.may_wait() || !self.put_off_look_up(part) {
                answers.push((part.ticket, part.place, self.answer(part.look_up)));
            }
        }
        let mut parts = std::mem::take(&mut turn.parts);
        let mut places = std::mem::take(&mut turn.places);
        put_off.strike(&mut parts, &mut places);
        let request_bytes = turn.request_bytes;
        turn.clear();
        let needs = self.next_ordinal;
        #[cfg(feature = "planted-bugs")]
        let needs = match domain::planted::is(domain::planted::Bug::RefusalTooEarly) {
            // Nothing of its own to wait for: neither a record nor the place of an earlier one.
            true if answers.is_empty() && outcomes.iter().all(Outcome::names_nothing) => 0,
            _ => needs,
        };
        self.outputs.push(Output::Reply(TurnReply {
            shard: self.index,
            needs,
            parts,
            places,
            outcomes,
            refusals,
            request_bytes,
            answers,
            spare: turn,
        }));
    }

    /// Decides the commands of a turn, one after the other; those that need a page that is out
    /// are put off.
    pub(super) fn take_rows(
        &mut self,
        turn: &Turn,
        put_off: &mut PutOff,
        outcomes: &mut Vec<Outcome>,
        refusals: &mut Vec<Refusal>,
    ) {
        let (mut row, mut tail) = (0, 0);
        let mut ahead = Ahead::default();
        for part in &turn.parts {
            let around = Circumstances { part: *part, space: turn.space };
            let end = row + part.count as usize;
            while row < end {
                if row >= ahead.near {
                    self.look_ahead(turn, row, tail, &mut ahead);
                }
                let keys = ahead.keys[row % KEYS_AHEAD];
                let waits = self.may_wait();
                let together = if waits { rows_together(turn, row, end) } else { 0 };
                let taken = match together {
                    0 => self.take_row(turn, (row, end, tail), keys, around, outcomes, refusals),
                    _ => match self.put_off(turn, (row, together), tail, *part, put_off) {
                        WaitsFor::Nothing => {
                            self.take_row(turn, (row, end, tail), keys, around, outcomes, refusals)
                        }
                        WaitsFor::Pages => together,
                        WaitsFor::NoRoom => {
                            let result = CommandResult::new(Code::Busy);
                            let busy = Outcome { result, ordinal: NO_RECORD, refusal: 0 };
                            outcomes.extend((0..together).map(|_| busy));
                            together
                        }
                    },
                };
                for taken_row in &turn.rows[row..row + taken] {
                    tail += tail_length(taken_row) as usize;
                }
                row += taken;
            }
        }
    }

    /// Takes one command, or one linked run, at a row, before the end of its part, with its words from
    /// `tail` on; gives how many rows that were.
    fn take_row(
        &mut self,
        turn: &Turn,
        (row, end, tail): (usize, usize, usize),
        keys: Option<Keys>,
        around: Circumstances,
        outcomes: &mut Vec<Outcome>,
        refusals: &mut Vec<Refusal>,
    ) -> usize {
        let linked = Flags::of(&turn.rows[row]).is_some_and(|flags| flags.linked);
        let mut push = |decided: Decided| {
            let refusal = decided.refusal.filter(|refusal| refusal.figures().next().is_some());
            let refusal = refusal.map_or(0, |refusal| {
                refusals.push(refusal);
                refusals.len() as u32
            });
            outcomes.push(Outcome { result: decided.result, ordinal: decided.ordinal, refusal });
        };
        if linked {
            let decided = self.take_run(turn, row, end, tail, around);
            let taken = decided.len();
            decided.into_iter().for_each(push);
            return taken;
        }
        let bytes = &turn.rows[row];
        let words = &turn.tails[tail..tail + tail_length(bytes) as usize];
        push(self.take_one(bytes, words, keys, around));
        1
    }

    /// Has what the next reservations will touch brought into the cache, side by side instead of one
    /// miss after the other. Control rules look behind what they find: their first places are asked for
    /// one window earlier, by the keys that the decision goes by.
    fn look_ahead(&self, turn: &Turn, row: usize, tail: usize, ahead: &mut Ahead) {
        let rows = turn.rows.len();
        if ahead.far < row {
            (ahead.far, ahead.tail) = (row, tail);
        }
        let far = rows.min(row + KEYS_AHEAD);
        for at in ahead.far..far {
            let row = &turn.rows[at];
            let end = ahead.tail + tail_length(row) as usize;
            let words = Particulars::trusted(&turn.tails[ahead.tail..end]);
            let known = self.reserved_in(row);
            ahead.keys[at % KEYS_AHEAD] =
                known.and_then(|(_, quota, book)| book.prefetch_keys(quota, words));
            ahead.tail = end;
        }
        let near = rows.min(row + PREFETCH_AHEAD);
        for at in ahead.near.max(row)..near {
            let Some((payment, quota, book)) = self.reserved_in(&turn.rows[at]) else { continue };
            book.prefetch(payment, quota);
            if let Some(keys) = ahead.keys[at % KEYS_AHEAD] {
                book.prefetch_behind(quota, keys);
            }
        }
        (ahead.far, ahead.near) = (far, near);
    }

    /// What a reservation names, and the year it is in.
    fn reserved_in(&self, row: &[u8; COMMAND_BYTES]) -> Option<(PaymentId, QuotaId, &YearBook)> {
        let (payment, quota) = protocol::routing::reservation(row)?;
        let slot = self.slot_of(quota.division())?;
        let book = self.divisions[slot].year(quota.year())?;
        Some((PaymentId(payment), quota, book))
    }

    fn take_one(
        &mut self,
        row: &[u8; COMMAND_BYTES],
        tail: &[u8],
        keys: Option<Keys>,
        around: Circumstances,
    ) -> Decided {
        let mut command = match decode_command(row, tail, around.part.role, around.part.channel) {
            Ok(command) => command,
            Err(code) => return Decided::code(code),
        };
        if let (Body::Reserve(reserve), Some(keys)) = (&mut command.body, keys) {
            reserve.particulars = reserve.particulars.known_by(keys);
        }
        if let Err(code) = self.admit(&command, around) {
            return Decided::code(code);
        }
        self.make_room(tail.len());
        let slot = match self.home(&command) {
            Ok(slot) => slot,
            Err(code) => return Decided::code(code),
        };
        let checked = Flags::of(row).is_some_and(|flags| flags.check);
        if checked && command.is_fact() {
            return Decided::code(Code::BadField);
        }
        if let Some(decided) = self.around_quarantine(slot, &command, checked) {
            return decided;
        }
        let decided = self.decide_one(slot, &command, checked);
        self.drop_if_unregistered(slot);
        decided
    }

    /// What time and disk space say, before the command is looked at.
    pub(super) fn admit(&self, command: &Command<'_>, around: Circumstances) -> Result<(), Code> {
        if around.part.deadline_ms != 0 && self.wall_ms > around.part.deadline_ms {
            return Err(Code::Late);
        }
        match around.space {
            SpaceLevel::Plenty => Ok(()),
            SpaceLevel::DiskLow if command.needs_plenty_of_disk() => Err(Code::DiskLow),
            SpaceLevel::DiskLow => Ok(()),
            SpaceLevel::Full => Err(Code::DiskFull),
        }
    }

    /// The division that decides a command. Facts of unknown divisions go to the province.
    pub(super) fn home(&mut self, command: &Command<'_>) -> Result<usize, Code> {
        let division = command.division();
        if let Some(slot) = self.registered_slot_of(division) {
            return Ok(slot);
        }
        match command.body {
            Body::Register(_) => Ok(self.slot_or_new(division)),
            Body::Fact(_) => self.slot_of(DivisionIndex::PROVINCE).ok_or(Code::UnknownDivision),
            _ => Err(Code::UnknownDivision),
        }
    }

    /// A registration that was not accepted leaves no empty division behind.
    fn drop_if_unregistered(&mut self, slot: usize) {
        let last = slot + 1 == self.divisions.len();
        let empty = |division: &Division| {
            division.registration.is_none() && division.years().next().is_none()
        };
        if last && empty(&self.divisions[slot]) {
            let division = self.divisions[slot].index;
            self.divisions.pop();
            self.slots[usize::from(division.0)] = 0;
        }
    }

    /// Orders on a quarantined quota are turned away, its facts are parked, and a revival begins.
    fn around_quarantine(
        &mut self,
        slot: usize,
        command: &Command<'_>,
        checked: bool,
    ) -> Option<Decided> {
        let quota = command.quota()?;
        let revives = matches!(command.body, Body::Act(act) if act.kind == ActKind::Revive);
        let quarantined = self.quarantined.contains_key(&quota);
        if !quarantined && !revives {
            return None;
        }
        if let Err(code) = command.check_form() {
            return Some(Decided::code(code));
        }
        let print = self.print_of(command);
        if decide::is_known(&self.divisions[slot], command, print).is_some() {
            return None;
        }
        if revives {
            return self.revive(slot, command, print, checked);
        }
        match decide::park(&self.divisions[slot], command, print, Code::FactQuarantined) {
            Some(Verdict::Event(event)) => Some(self.carry_out(slot, command, &event)),
            Some(Verdict::Answer(answer)) => Some(Decided::of(&answer, NO_RECORD)),
            None => Some(Decided::code(Code::Quarantined)),
        }
    }

    /// A revival first asks for the quota's fold; the order is taken once that has come, and the
    /// quota is free with it. Until then its sender hears `Quarantined` and sends it again. The
    /// fold is asked for once, and only when it will have every event of the quota.
    fn revive(
        &mut self,
        slot: usize,
        command: &Command<'_>,
        print: Fingerprint,
        checked: bool,
    ) -> Option<Decided> {
        let quota = command.quota()?;
        match self.quarantined.get(&quota) {
            None => return self.refuse_revival(slot, command, print, checked),
            Some(Revival::Rebuilt) if checked => return None,
            Some(Revival::Rebuilt) => {
                self.quarantined.remove(&quota);
                self.outputs.push(Output::ResumeMoves);
                return None;
            }
            Some(Revival::Unasked) if !checked => {
                self.quarantined.insert(quota, Revival::Asked);
                self.when_durable(quota.division(), Then::Rebuild(quota));
            }
            Some(Revival::Unasked | Revival::Asked) => {}
        }
        Some(Decided::code(Code::Quarantined))
    }

    /// There is nothing to revive, and the order's id ends. An unknown quota is `domain`'s to
    /// refuse.
    fn refuse_revival(
        &mut self,
        slot: usize,
        command: &Command<'_>,
        print: Fingerprint,
        checked: bool,
    ) -> Option<Decided> {
        let quota = command.quota()?;
        self.divisions[slot].quota(quota)?;
        if checked {
            let mut decided = Decided::code(Code::NotQuarantined);
            decided.result.checked = true;
            return Some(decided);
        }
        let event = decide::end_id(command, print, Refusal::new(Code::NotQuarantined))?;
        Some(self.carry_out(slot, command, &event))
    }

    /// Decides one command and carries it out.
    pub(super) fn decide_one(
        &mut self,
        slot: usize,
        command: &Command<'_>,
        check: bool,
    ) -> Decided {
        #[cfg(feature = "planted-bugs")]
        let again = self.as_if_new(slot, command);
        #[cfg(feature = "planted-bugs")]
        let command = &again;
        let print = self.print_of(command);
        if check {
            let answer = decide::check(&self.divisions[slot], command, print, self.now_ms);
            let mut decided = Decided::of(&answer, NO_RECORD);
            decided.result.checked = true;
            return decided;
        }
        match self.verdict(slot, command, print) {
            Some(Verdict::Event(event)) => self.carry_out(slot, command, &event),
            Some(Verdict::Answer(answer)) => Decided::of(&answer, NO_RECORD),
            None => Decided::code(Code::Fault),
        }
    }

    /// What the domain says to a command. `None` where it panicked: nothing is left behind, the
    /// caller hears `Fault`, and the quota is quarantined.
    pub(super) fn verdict<'a>(
        &mut self,
        slot: usize,
        command: &Command<'a>,
        print: Fingerprint,
    ) -> Option<Verdict<'a>> {
        let verdict = catch_unwind(AssertUnwindSafe(|| {
            #[cfg(test)]
            if let Some(failpoint) = self.failpoint {
                failpoint(command);
            }
            decide::receive(&self.divisions[slot], command, print, self.now_ms)
        }));
        verdict.map_err(|panic| self.quarantine(command.quota(), &*panic)).ok()
    }

    /// Journals, applies and answers an event, and what follows from it in the same turn.
    pub(super) fn carry_out(
        &mut self,
        slot: usize,
        command: &Command<'_>,
        event: &domain::Event<'_>,
    ) -> Decided {
        #[cfg(feature = "planted-bugs")]
        if domain::planted::is(domain::planted::Bug::FactDropped)
            && matches!(event.body, domain::event::EventBody::FactParked { .. })
        {
            return Decided::code(Code::Parked);
        }
        let ordinal = self.commit(slot, event);
        let mut next = decide::consequence(&self.divisions[slot], command, event);
        while let Some(event) = next {
            self.make_room(RECORD_BYTES_PLANNED);
            self.commit(slot, &event);
            next = decide::consequence(&self.divisions[slot], command, &event);
        }
        let answer = decide::answer_after(&self.divisions[slot], event);
        Decided::of(&answer, ordinal)
    }

    fn quarantine(&mut self, quota: Option<QuotaId>, panic: &(dyn std::any::Any + Send)) {
        let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
        let what = text.unwrap_or_else(|| "a panic without words".to_owned());
        if let Some(quota) = quota {
            self.quarantined.insert(quota, Revival::Unasked);
            self.outputs.push(Output::Alarm(Alarm::Quarantined { quota, what }));
        }
    }
}

#[cfg(feature = "planted-bugs")]
impl Outcome {
    /// It has no record, and tells of none.
    fn names_nothing(&self) -> bool {
        self.ordinal == NO_RECORD && domain::apply::ordinal_of(self.result.sequence).is_none()
    }
}

#[cfg(feature = "planted-bugs")]
impl Shard {
    /// The defect `applied-twice`: an act that was accepted before, under another id.
    fn as_if_new<'a>(&self, slot: usize, command: &Command<'a>) -> Command<'a> {
        let mut new = *command;
        if let Body::Act(act) = &mut new.body
            && domain::planted::is(domain::planted::Bug::AppliedTwice)
            && decide::is_known(&self.divisions[slot], command, self.print_of(command))
                .is_some_and(|answer| answer.code == Code::Accepted)
        {
            act.act.0 ^= 1 << 100;
        }
        new
    }
}

impl Shard {
    /// A fingerprint under the data set's key.
    pub(super) fn print_of(&self, command: &Command<'_>) -> Fingerprint {
        fingerprint(self.key, command)
    }
}
