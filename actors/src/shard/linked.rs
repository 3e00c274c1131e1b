//! Linked runs: commands of one division and year that take effect together, in one turn, the
//! later ones seeing the earlier; never split over groups.

use std::collections::BTreeSet;

use domain::command::Command;
use domain::decide::{self, Verdict};
use domain::division::YearBook;
use domain::event::{Event, EventBody, RunId};
use domain::ids::{Fingerprint, FiscalYear, QuotaId};
use domain::limits::{LINKED_RUN_COMMANDS_MAX, RULED_BYTES_PLANNED};
use domain::refusal::{Code, Refusal};
use protocol::batch::tail_length;
use protocol::{Flags, decode_command};

use crate::limits::RECORD_BYTES_PLANNED;
use crate::turn::{NO_RECORD, Turn};
use storage::limits::RUN_BYTES_MAX;

use super::Shard;
use super::one::{Circumstances, Decided, result_of};

/// Bytes of one record of a run, its tail aside.
const RECORD_BYTES_LINKED: usize = 512;

struct Linked<'a> {
    command: Command<'a>,
    print: Fingerprint,
}

impl Shard {
    /// Takes the linked run that begins at `row`, and gives an outcome for each of its commands.
    pub(super) fn take_run(
        &mut self,
        turn: &Turn,
        row: usize,
        end: usize,
        tail: usize,
        around: Circumstances,
    ) -> Vec<Decided> {
        let is_linked = |at: usize| Flags::of(&turn.rows[at]).is_some_and(|flags| flags.linked);
        let last = (row..end).find(|&at| !is_linked(at)).unwrap_or(end - 1);
        let length = last + 1 - row;
        let all = |code| vec![Decided::code(code); length];
        let is_check = |at: usize| Flags::of(&turn.rows[at]).is_some_and(|flags| flags.check);
        if is_linked(last) || length > LINKED_RUN_COMMANDS_MAX || (row..=last).any(is_check) {
            return all(Code::BadLinkedRun);
        }
        let mut run = Vec::with_capacity(length);
        let mut words = tail;
        for bytes in &turn.rows[row..=last] {
            let next = words + tail_length(bytes) as usize;
            let tail = &turn.tails[words..next];
            words = next;
            let (role, channel) = (around.part.role, around.part.channel);
            match decode_command(bytes, tail, role, channel) {
                Ok(command) => run.push(Linked { command, print: self.print_of(&command) }),
                Err(code) => return all(code),
            }
        }
        let bytes = words - tail + length * RECORD_BYTES_LINKED + self.bytes_of_rules(&run);
        if bytes + RECORD_BYTES_PLANNED > RUN_BYTES_MAX {
            return all(Code::BadLinkedRun);
        }
        match self.admit_run(&run, around) {
            Ok(slot) => {
                self.make_room(bytes);
                self.decide_run(slot, &run)
            }
            Err(code) => all(code),
        }
    }

    /// Room for what control rules leave of the run's payments: their records follow in the run, and
    /// it must not end before they do.
    fn bytes_of_rules(&self, run: &[Linked<'_>]) -> usize {
        let Some(Linked { command, .. }) = run.first() else { return 0 };
        let division =
            self.registered_slot_of(command.division()).map(|slot| &self.divisions[slot]);
        let book = command.year().and_then(|year| division?.year(year));
        if book.is_some_and(YearBook::has_rules) {
            run.len() * RULED_BYTES_PLANNED + RECORD_BYTES_PLANNED
        } else {
            0
        }
    }

    /// What keeps a run from being decided at all.
    fn admit_run(&self, run: &[Linked<'_>], around: Circumstances) -> Result<usize, Code> {
        let first = &run[0].command;
        let mut ids = BTreeSet::new();
        for Linked { command, .. } in run {
            let same_place =
                command.division() == first.division() && command.year() == first.year();
            let known_in_run = decide::ends(command).is_some_and(|id| !ids.insert(id));
            if !command.is_linkable() || !same_place || known_in_run {
                return Err(Code::BadLinkedRun);
            }
        }
        let slot = self.registered_slot_of(first.division()).ok_or(Code::UnknownDivision)?;
        for Linked { command, .. } in run {
            self.admit(command, around)?;
            command.check_form()?;
            if command.quota().is_some_and(|quota| self.quarantined.contains_key(&quota)) {
                return Err(Code::Quarantined);
            }
        }
        Ok(slot)
    }

    fn decide_run(&mut self, slot: usize, run: &[Linked<'_>]) -> Vec<Decided> {
        let division = &self.divisions[slot];
        let with_ids = run.iter().filter(|linked| decide::ends(&linked.command).is_some());
        let known = with_ids
            .clone()
            .filter(|linked| decide::is_known(division, &linked.command, linked.print).is_some())
            .count();
        if known > 0 && known == with_ids.count() {
            return self.recall_run(slot, run);
        }
        if known > 0 {
            return vec![Decided::code(Code::Conflict); run.len()];
        }
        let Some(year) = run[0].command.year() else {
            return vec![Decided::code(Code::BadLinkedRun); run.len()];
        };
        if let Some(book) = self.divisions[slot].year_mut(year) {
            book.begin_run();
        }
        match self.decide_all(slot, run) {
            Ok(decided) => {
                if let Some(book) = self.divisions[slot].year_mut(year) {
                    book.commit_run();
                }
                decided
            }
            Err(stopped) => self.refuse_run(slot, run, year, *stopped),
        }
    }

    /// The run was decided before: each command hears again what it heard. A step has no id to be
    /// known by: where it was not done, the run was refused, in the record that ended the ids.
    fn recall_run(&self, slot: usize, run: &[Linked<'_>]) -> Vec<Decided> {
        let division = &self.divisions[slot];
        let known = |linked: &Linked<'_>| {
            decide::is_known(division, &linked.command, linked.print).map(|answer| Decided {
                result: result_of(&answer),
                ordinal: NO_RECORD,
                refusal: answer.refusal,
            })
        };
        let known: Vec<_> = run.iter().map(known).collect();
        let ended = known.iter().flatten().find(|decided| decided.refusal.is_some()).copied();
        let without_id = || {
            let mut decided = Decided::code(Code::LinkedRefused);
            if let Some(ended) = ended {
                decided.result.repeat = true;
                decided.result.sequence = ended.result.sequence;
            }
            decided
        };
        known.into_iter().map(|decided| decided.unwrap_or_else(without_id)).collect()
    }

    /// Decides and applies each command; stops at the first that is refused.
    fn decide_all(
        &mut self,
        slot: usize,
        run: &[Linked<'_>],
    ) -> Result<Vec<Decided>, Box<Stopped>> {
        let before = Before {
            bytes: self.run.bytes(),
            records: self.run.records(),
            ordinal: self.next_ordinal,
            unplaced: self.unplaced.len(),
        };
        let mut all = Vec::with_capacity(run.len());
        for (at, linked) in run.iter().enumerate() {
            let stop = |refusal| Err(Box::new(Stopped { at, refusal, before }));
            let Some(verdict) = self.verdict(slot, &linked.command, linked.print) else {
                return stop(Refusal::new(Code::Fault));
            };
            match verdict {
                Verdict::Event(event) => match event.body {
                    EventBody::Refused { refusal, .. } => return stop(refusal),
                    _ => all.push(self.carry_out(slot, &linked.command, &event)),
                },
                // An order in the run that is done already, by this very person.
                Verdict::Answer(answer) if answer.code == Code::Accepted => {
                    let (result, refusal) = (result_of(&answer), None);
                    all.push(Decided { result, ordinal: NO_RECORD, refusal });
                }
                Verdict::Answer(answer) => {
                    return stop(answer.refusal.unwrap_or_else(|| Refusal::new(answer.code)));
                }
            }
        }
        Ok(all)
    }

    /// Puts everything back, ends every id of the run in one record, and answers.
    fn refuse_run(
        &mut self,
        slot: usize,
        run: &[Linked<'_>],
        year: FiscalYear,
        stopped: Stopped,
    ) -> Vec<Decided> {
        let Stopped { at, refusal, before } = stopped;
        if let Some(book) = self.divisions[slot].year_mut(year) {
            book.roll_back_run();
        }
        self.run.rewind(before.bytes, before.records);
        self.next_ordinal = before.ordinal;
        self.unplaced.truncate(before.unplaced);
        let mut ids = Vec::with_capacity(run.len());
        let mut own = u16::MAX;
        for (index, linked) in run.iter().enumerate() {
            if let Some(id) = decide::ends(&linked.command) {
                if index == at {
                    own = ids.len() as u16;
                }
                ids.push(RunId {
                    id,
                    quota: linked.command.quota().unwrap_or(QuotaId::NONE),
                    person: linked.command.by.person,
                    fingerprint: linked.print,
                    tag: domain::contents::tag(&linked.command.body),
                    amount_fen: linked.command.amount_fen(),
                });
            }
        }
        let leaves_trace =
            !ids.is_empty() && !refusal.code.is_turned_away() && refusal.code != Code::YearClosed;
        let ordinal = if leaves_trace {
            let division = self.divisions[slot].index;
            let by = run[at].command.by;
            let body = EventBody::RunRefused { division, year, at: own, refusal, ids: &ids };
            self.commit(slot, &Event { by, body })
        } else {
            NO_RECORD
        };
        let heard = |index| {
            let code = if index == at { refusal.code } else { Code::LinkedRefused };
            let refusal = (index == at).then_some(refusal);
            Decided { ordinal, refusal, ..Decided::code(code) }
        };
        (0..run.len()).map(heard).collect()
    }
}

/// Where a run was stopped, and why.
struct Stopped {
    at: usize,
    refusal: Refusal,
    before: Before,
}

/// What the shard had gathered before the run.
#[derive(Clone, Copy)]
struct Before {
    bytes: usize,
    records: u32,
    ordinal: u64,
    unplaced: usize,
}
