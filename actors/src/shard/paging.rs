//! Commands that wait for a page of payments, and the rounds of the checkpoint.
//!
//! A command for a payment that is out of memory waits here, and with it whatever comes later for
//! the same quota; the shard goes on with everything else. Nobody blocks: the pages are asked for,
//! and what waited is decided when they have come, in the order it came.

use std::collections::{HashMap, HashSet, VecDeque};

use domain::Division;
use domain::decide::page_needed;
use domain::ids::{DivisionIndex, PaymentId, QuotaId};
use domain::page::{Page, PaymentPage};
use domain::payment::Payment;
use domain::refusal::Refusal;
use domain::resident::{LATER_BYTES_PLANNED, Resident};
use protocol::batch::tail_length;
use protocol::limits::COMMAND_BYTES;
use protocol::lookup::{IdKind, LookUp};
use protocol::{Flags, decode_command};

use crate::limits::{
    CAPTURED_PAGES_MAX, PAGES_ASKED_MAX, PAGES_LEAVING_PER_STEP, WAITING_COMMANDS_MAX,
};
use crate::turn::{LookUpPart, Outcome, Output, Part, RoundNews, RoundOrder, Turn, TurnReply};

use super::Shard;

/// What waits for pages, and the round that runs.
#[derive(Debug, Default)]
pub(super) struct Paging {
    /// Pages of payments that are out of memory, over all divisions.
    out: usize,
    waiting: VecDeque<Waiting>,
    /// Commands that wait, by quota.
    blocked: HashMap<QuotaId, u32>,
    /// Commands that wait, linked ones each.
    commands: usize,
    asked: HashSet<PaymentPage>,
    wanted: VecDeque<PaymentPage>,
    round: Option<Round>,
    /// Sequence of the last record of this shard that has landed.
    landed_sequence: u64,
    /// Bytes this shard's state should stay under; 0: no limit.
    memory_limit: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Round {
    division: DivisionIndex,
    /// Every record below this ordinal is part of it.
    needs: u64,
    /// Its pages may be copied: everything it holds is durable and placed.
    began: bool,
}

#[derive(Debug)]
enum Waiting {
    Commands { turn: Turn, quotas: Vec<QuotaId>, pages: Vec<PaymentPage> },
    LookUp { part: LookUpPart, page: PaymentPage },
}

/// The rows of a turn that were put off, by their place in it.
#[derive(Debug, Default)]
pub(super) struct PutOff {
    rows: Vec<usize>,
}

/// What keeps rows from being decided now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WaitsFor {
    /// Nothing.
    Nothing,
    /// Pages, or something before them that waits for pages. They were put off.
    Pages,
    /// Pages, and so much waits already that they cannot.
    NoRoom,
}

impl PutOff {
    /// Takes what was put off out of what is answered now.
    pub(super) fn strike(&self, parts: &mut [Part], places: &mut Vec<u16>) {
        if self.rows.is_empty() {
            return;
        }
        let mut first = 0;
        for part in parts {
            let end = first + part.count as usize;
            let from = self.rows.partition_point(|&row| row < first);
            let to = self.rows.partition_point(|&row| row < end);
            part.count -= (to - from) as u32;
            first = end;
        }
        let mut row = 0;
        places.retain(|_| {
            row += 1;
            self.rows.binary_search(&(row - 1)).is_err()
        });
    }
}

impl Paging {
    /// True when nothing waits for a page.
    pub(super) fn is_idle(&self) -> bool {
        self.waiting.is_empty()
    }
}

impl Shard {
    /// Tells how much memory the state should stay under, and where the journal stood at the start.
    pub fn set_memory_limit(&mut self, bytes: u64, landed_sequence: u64) {
        self.paging.memory_limit = bytes;
        self.paging.landed_sequence = landed_sequence;
        self.count_pages_out();
    }

    fn count_pages_out(&mut self) {
        let books = self.divisions.iter().flat_map(Division::years);
        self.paging.out = books.map(|book| book.payment_pages_out()).sum();
    }

    /// What its divisions keep in memory.
    #[must_use]
    pub fn resident(&self) -> Resident {
        Resident::of(&self.divisions)
    }

    /// Pages of payments that are out of memory.
    #[must_use]
    pub fn pages_out(&self) -> usize {
        self.paging.out
    }

    /// Whether anything may have to wait for a page.
    pub(super) fn may_wait(&self) -> bool {
        self.paging.out > 0 || !self.paging.waiting.is_empty()
    }

    /// Puts off the `count` rows from `row` on if they need a page that is out, or stand behind
    /// something that does.
    pub(super) fn put_off(
        &mut self,
        turn: &Turn,
        (row, count): (usize, usize),
        tail: usize,
        part: Part,
        put_off: &mut PutOff,
    ) -> WaitsFor {
        let rows = &turn.rows[row..row + count];
        let tails = tails_of(rows, &turn.tails[tail..]);
        let (quotas, pages) = self.needs_of(rows, tails, part);
        let behind = quotas.iter().any(|quota| self.paging.blocked.contains_key(quota));
        if pages.is_empty() && !behind {
            return WaitsFor::Nothing;
        }
        if self.paging.commands + count > WAITING_COMMANDS_MAX {
            return WaitsFor::NoRoom;
        }
        let mut waiting = Turn::new();
        waiting.now_ms = turn.now_ms;
        waiting.space = turn.space;
        waiting.rows.extend_from_slice(rows);
        waiting.places.extend_from_slice(&turn.places[row..row + count]);
        waiting.tails.extend_from_slice(tails);
        waiting.parts.push(Part { count: count as u32, ..part });
        put_off.rows.extend(row..row + count);
        self.wait(Waiting::Commands { turn: waiting, quotas, pages });
        WaitsFor::Pages
    }

    /// Puts off a look-up of a payment that is out.
    pub(super) fn put_off_look_up(&mut self, part: LookUpPart) -> bool {
        let Some(page) = self.page_of_look_up(part.look_up) else { return false };
        self.wait(Waiting::LookUp { part, page });
        true
    }

    fn wait(&mut self, waiting: Waiting) {
        match &waiting {
            Waiting::Commands { turn, quotas, pages } => {
                self.paging.commands += turn.rows.len();
                for &quota in quotas {
                    *self.paging.blocked.entry(quota).or_default() += 1;
                }
                pages.iter().for_each(|&page| self.want(page));
            }
            Waiting::LookUp { page, .. } => self.want(*page),
        }
        self.paging.waiting.push_back(waiting);
    }

    fn want(&mut self, page: PaymentPage) {
        if self.paging.asked.insert(page) {
            self.paging.wanted.push_back(page);
        }
    }

    /// Asks for pages, as many as may be on their way at once.
    pub(super) fn ask_for_pages(&mut self) {
        let on_their_way = self.paging.asked.len() - self.paging.wanted.len();
        let room = PAGES_ASKED_MAX.saturating_sub(on_their_way);
        let pages: Vec<PaymentPage> =
            self.paging.wanted.drain(..room.min(self.paging.wanted.len())).collect();
        if !pages.is_empty() {
            self.outputs.push(Output::Fetch(pages));
        }
    }

    /// The quotas that some commands concern, and the pages they need that are out.
    fn needs_of(
        &self,
        rows: &[[u8; COMMAND_BYTES]],
        tails: &[u8],
        part: Part,
    ) -> (Vec<QuotaId>, Vec<PaymentPage>) {
        let (mut quotas, mut pages) = (Vec::new(), Vec::new());
        let mut at = 0;
        for row in rows {
            let length = tail_length(row) as usize;
            let words = &tails[at..at + length];
            at += length;
            let Ok(command) = decode_command(row, words, part.role, part.channel) else { continue };
            quotas.extend(command.quota());
            let home = match self.registered_slot_of(command.division()) {
                None if command.is_fact() => self.slot_of(DivisionIndex::PROVINCE),
                known => known,
            };
            if let Some(slot) = home {
                pages.extend(page_needed(&self.divisions[slot], &command));
            }
        }
        (quotas, pages)
    }

    fn page_of_look_up(&self, look_up: LookUp) -> Option<PaymentPage> {
        let (year, id) = match look_up {
            LookUp::Payment { year, id, .. } => (year, id),
            LookUp::Outcome { kind: IdKind::Payment, year, id, .. } => (year, PaymentId(id)),
            _ => return None,
        };
        let slot = self.registered_slot_of(look_up.division())?;
        self.divisions[slot].year(year)?.page_out_of(id)
    }

    /// Takes pages that were asked for, and decides what waited for them.
    pub fn pages_came(&mut self, pages: Vec<(PaymentPage, Vec<Payment>)>) {
        for (page, payments) in pages {
            self.paging.asked.remove(&page);
            if let Some(division) = self.division_mut(page.division) {
                division.bring_in(page, payments);
            }
            self.outputs.push(Output::PagedIn(1));
        }
        self.count_pages_out();
        self.work_off_waiting();
        self.drain();
        self.hand_over();
        self.ask_for_pages();
        self.keep_to_memory_limit();
    }

    fn work_off_waiting(&mut self) {
        let waiting = std::mem::take(&mut self.paging.waiting);
        self.paging.blocked.clear();
        self.paging.commands = 0;
        let mut reply = Reply::default();
        for one in waiting {
            match one {
                Waiting::Commands { turn, quotas, .. } => self.go_on_with(turn, quotas, &mut reply),
                Waiting::LookUp { part, .. } => match self.page_of_look_up(part.look_up) {
                    Some(page) => self.wait(Waiting::LookUp { part, page }),
                    None => {
                        let answer = self.answer(part.look_up);
                        reply.answers.push((part.ticket, part.place, answer));
                    }
                },
            }
        }
        if !reply.parts.is_empty() || !reply.answers.is_empty() {
            let Reply { parts, places, outcomes, refusals, answers } = reply;
            self.outputs.push(Output::Reply(TurnReply {
                shard: self.index,
                needs: self.next_ordinal,
                parts,
                places,
                outcomes,
                refusals,
                request_bytes: 0,
                answers,
                spare: Turn::new(),
            }));
        }
    }

    fn go_on_with(&mut self, turn: Turn, quotas: Vec<QuotaId>, reply: &mut Reply) {
        let part = turn.parts[0];
        let behind = quotas.iter().any(|quota| self.paging.blocked.contains_key(quota));
        let (_, pages) = self.needs_of(&turn.rows, &turn.tails, part);
        if behind || !pages.is_empty() {
            return self.wait(Waiting::Commands { turn, quotas, pages });
        }
        let mut none = PutOff::default();
        self.take_rows(&turn, &mut none, &mut reply.outcomes, &mut reply.refusals);
        assert!(none.rows.is_empty(), "what has its pages does not wait again");
        reply.parts.push(part);
        reply.places.extend(turn.places);
    }

    /// Lets settled pages leave memory while the state is above its limit.
    fn keep_to_memory_limit(&mut self) {
        if self.paging.memory_limit == 0 || !self.paging.waiting.is_empty() {
            return;
        }
        let above = self.resident().total().saturating_sub(self.paging.memory_limit);
        let page = domain::payment_pages::PAYMENTS_PER_PAGE as u64
            * (size_of::<Payment>() + LATER_BYTES_PLANNED) as u64;
        let mut wanted = (above.div_ceil(page) as usize).min(PAGES_LEAVING_PER_STEP);
        for division in &mut self.divisions {
            if wanted == 0 {
                break;
            }
            let left = division.let_out(wanted);
            self.paging.out += left;
            wanted -= left;
            if left > 0 {
                self.outputs.push(Output::PagedOut(left));
            }
        }
    }

    /// Does what the checkpoint asks. At most one round runs in a shard.
    ///
    /// # Panics
    /// If the orders do not follow the way of a round.
    pub fn round(&mut self, order: RoundOrder) {
        match order {
            RoundOrder::List => {
                let one = |division: &Division| (division.index, division.is_changed());
                let listed = self.divisions.iter().map(one).collect();
                self.outputs.push(Output::Round(RoundNews::Listed(listed)));
            }
            RoundOrder::Begin(index) => {
                let needs = self.next_ordinal;
                let Some(division) = self.division_mut(index) else {
                    return self.outputs.push(Output::Round(RoundNews::Lost));
                };
                division.begin_round();
                self.paging.round = Some(Round { division: index, needs, began: false });
                self.hand_over();
                self.say_if_round_began();
            }
            RoundOrder::More(max) => {
                let Some(round) = self.paging.round else { return };
                let mut pages: Vec<Page> = Vec::new();
                let division = self.division_mut(round.division);
                let last = division.is_none_or(|division| division.copy_owed(max, &mut pages));
                self.outputs.push(Output::Round(RoundNews::Pages { pages, last }));
            }
            RoundOrder::Kept => {
                let Some(round) = self.paging.round.take() else { return };
                if let Some(division) = self.division_mut(round.division) {
                    division.keep_round();
                }
                self.keep_to_memory_limit();
            }
            RoundOrder::Lost => self.lose_round(),
        }
    }

    fn lose_round(&mut self) {
        let Some(round) = self.paging.round.take() else { return };
        if let Some(division) = self.division_mut(round.division) {
            division.lose_round();
        }
    }

    /// A round begins once everything it holds has landed: then every row knows its place.
    pub(super) fn say_if_round_began(&mut self) {
        let durable = self.durable_ordinal;
        if let Some(round) = &mut self.paging.round
            && !round.began
            && round.needs <= durable
        {
            round.began = true;
            let included = self.paging.landed_sequence;
            self.outputs.push(Output::Round(RoundNews::Began { included }));
        }
    }

    /// Notes where the shard's records have landed; `sequence` is of the record at `ordinal`.
    pub(super) fn note_landing(&mut self, first: (u64, u64), end: u64) {
        let (first_ordinal, first_sequence) = first;
        let at_most = match self.paging.round {
            Some(round) if !round.began => end.min(round.needs),
            _ => end,
        };
        if at_most > first_ordinal {
            self.paging.landed_sequence = first_sequence + (at_most - 1 - first_ordinal);
        }
        self.say_if_round_began();
        if at_most < end {
            self.paging.landed_sequence = first_sequence + (end - 1 - first_ordinal);
        }
    }

    /// Gives a round up when more of it was copied early than memory is for.
    pub(super) fn bound_round(&mut self) {
        let Some(round) = self.paging.round else { return };
        let captured = self.slot_of(round.division).map(|slot| self.divisions[slot].captured());
        if captured.is_some_and(|pages| pages > CAPTURED_PAGES_MAX) {
            self.lose_round();
            self.outputs.push(Output::Round(RoundNews::Lost));
        }
    }
}

/// The outcomes of what had waited.
#[derive(Default)]
struct Reply {
    parts: Vec<Part>,
    places: Vec<u16>,
    outcomes: Vec<Outcome>,
    refusals: Vec<Refusal>,
    answers: Vec<(u32, u16, protocol::lookup::Answer)>,
}

fn tails_of<'a>(rows: &[[u8; COMMAND_BYTES]], tails: &'a [u8]) -> &'a [u8] {
    let length: usize = rows.iter().map(|row| tail_length(row) as usize).sum();
    &tails[..length]
}

/// How many rows from `row` on are decided together: a linked run, or one.
pub(super) fn rows_together(turn: &Turn, row: usize, end: usize) -> usize {
    let is_linked = |at: usize| Flags::of(&turn.rows[at]).is_some_and(|flags| flags.linked);
    let last = (row..end).find(|&at| !is_linked(at)).unwrap_or(end - 1);
    last + 1 - row
}
