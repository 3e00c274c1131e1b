//! The gate: holds each reply until everything it shows is durable.
//!
//! One per network thread. A reply shows what its shards had decided by then: it leaves when the
//! newest of those records is on the disk, and not before; refusals and look-ups too, since they
//! show state that a crash could take back. Never decides anything, and never reads a clock.

use std::collections::VecDeque;

use domain::apply::ordinal_of;
use protocol::lookup::{Answer, AnswersBuilder};
use protocol::{Position, ReplyBuilder};

use crate::limits::RUNS_OUTSTANDING_MAX;
use crate::turn::{Landing, NO_RECORD, Outcome, Ticket, Turn, TurnReply};

/// A connection, by its place in the network actor; the second number tells it from an earlier
/// connection in the same place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SessionId {
    /// Its place.
    pub place: u32,
    /// Counts the connections that had the place.
    pub generation: u32,
}

/// What a reply is gathered in.
#[derive(Debug)]
pub enum Gathering {
    /// Results of a frame of commands.
    Results(ReplyBuilder),
    /// Answers to a frame of look-ups.
    Answers(AnswersBuilder),
}

/// A reply that may be seen.
#[derive(Debug)]
pub struct Released {
    /// Whose it is.
    pub session: SessionId,
    /// What was gathered.
    pub gathering: Gathering,
    /// Commands or look-ups it answers.
    pub items: u32,
    /// Bytes of the request frame.
    pub bytes: u32,
    /// How long it was gathered and held, in µs.
    pub held_us: u64,
}

#[derive(Debug)]
struct Open {
    session: SessionId,
    gathering: Gathering,
    items: u32,
    bytes: u32,
    missing: u32,
    opened_us: u64,
}

#[derive(Debug, Default)]
struct ShardGate {
    /// Every record of the shard below this ordinal is durable.
    durable: u64,
    /// Where they landed; older ones than a reply may still name are forgotten.
    landings: VecDeque<Landing>,
    waiting: VecDeque<Waiting>,
}

/// A reply that cannot be seen yet.
#[derive(Debug)]
struct Waiting {
    /// The oldest record it names.
    oldest: u64,
    reply: TurnReply,
}

/// Holds replies until they may be seen.
#[derive(Debug)]
pub struct Gate {
    open: Vec<Option<Open>>,
    free: Vec<Ticket>,
    shards: Vec<ShardGate>,
    position: Position,
    now_us: u64,
    released: Vec<Released>,
    spares: Vec<(u16, Turn)>,
}

impl Gate {
    /// A gate over so many shards, with everything up to `position` durable.
    #[must_use]
    pub fn new(shards: usize, position: Position) -> Gate {
        Gate {
            open: Vec::new(),
            free: Vec::new(),
            shards: (0..shards).map(|_| ShardGate::default()).collect(),
            position,
            now_us: 0,
            released: Vec::new(),
            spares: Vec::new(),
        }
    }

    /// The last durable position this gate has heard of.
    #[must_use]
    pub fn position(&self) -> Position {
        self.position
    }

    /// Replies that are being gathered or held.
    #[must_use]
    pub fn held(&self) -> usize {
        self.open.len() - self.free.len()
    }

    /// Tells the time, in µs of a monotonic clock: what is opened or released from now on was so
    /// at this time.
    pub fn tell_time(&mut self, now_us: u64) {
        self.now_us = now_us;
    }

    /// Opens a reply that waits for `missing` outcomes.
    pub fn open(
        &mut self,
        session: SessionId,
        gathering: Gathering,
        items: u32,
        bytes: u32,
        missing: u32,
    ) -> Ticket {
        let opened_us = self.now_us;
        let open = Some(Open { session, gathering, items, bytes, missing, opened_us });
        match self.free.pop() {
            Some(ticket) => {
                self.open[ticket as usize] = open;
                ticket
            }
            None => {
                self.open.push(open);
                (self.open.len() - 1) as Ticket
            }
        }
    }

    /// Changes what is gathered so far.
    pub fn gathering(&mut self, ticket: Ticket) -> Option<&mut Gathering> {
        self.open.get_mut(ticket as usize)?.as_mut().map(|open| &mut open.gathering)
    }

    /// Releases a reply that waits for nothing: everything it shows is durable, since it shows
    /// nothing of any state.
    pub fn release_unasked(&mut self, ticket: Ticket) {
        self.filled(ticket, 0);
    }

    /// Takes a shard's reply. Replies of one shard come in the order of their turns.
    pub fn take(&mut self, reply: TurnReply) {
        let shard = usize::from(reply.shard);
        let oldest = oldest_ordinal(&reply);
        self.shards[shard].waiting.push_back(Waiting { oldest, reply });
        self.release(shard);
    }

    /// Hears of runs that are durable now.
    pub fn landed(&mut self, landings: &[Landing]) {
        for landing in landings {
            let gate = &mut self.shards[usize::from(landing.shard)];
            assert_eq!(gate.durable, landing.first_ordinal, "I4: runs of a shard land in order");
            gate.durable += u64::from(landing.count);
            gate.landings.push_back(*landing);
            let last = landing.first.sequence + u64::from(landing.count) - 1;
            let position = Position { epoch: landing.first.epoch, sequence: last };
            self.position = self.position.max(position);
        }
        for landing in landings {
            self.release(usize::from(landing.shard));
        }
    }

    /// The replies that may be seen now, in no particular order.
    pub fn take_released(&mut self, into: &mut Vec<Released>) {
        into.append(&mut self.released);
    }

    /// A turn to use again for a shard, if one has come back.
    pub fn take_spare(&mut self) -> Option<(u16, Turn)> {
        self.spares.pop()
    }

    fn release(&mut self, shard: usize) {
        loop {
            let gate = &mut self.shards[shard];
            let durable = gate.durable;
            if gate.waiting.front().is_none_or(|waiting| waiting.reply.needs > durable) {
                break;
            }
            let Some(Waiting { reply, .. }) = gate.waiting.pop_front() else { break };
            self.fill(shard, reply);
        }
        // Landings that only replies already released could name. A shard that repeats an outcome
        // may not have heard of the landings of its last runs, and then names their records.
        let gate = &mut self.shards[shard];
        let keep_from =
            gate.waiting.iter().map(|waiting| waiting.oldest).min().unwrap_or(gate.durable);
        while gate.landings.len() > RUNS_OUTSTANDING_MAX
            && gate.landings.front().is_some_and(|landing| end_of(landing) <= keep_from)
        {
            gate.landings.pop_front();
        }
    }

    fn fill(&mut self, shard: usize, reply: TurnReply) {
        let TurnReply { parts, places, outcomes, refusals, mut answers, spare, .. } = reply;
        let mut at = 0;
        for part in &parts {
            let count = part.count as usize;
            for (outcome, &place) in outcomes[at..at + count].iter().zip(&places[at..at + count]) {
                let mut result = outcome.result;
                if outcome.ordinal != NO_RECORD {
                    result.sequence = self.sequence_of(shard, outcome.ordinal);
                } else {
                    self.place(shard, &mut result.sequence);
                }
                let refusal = (outcome.refusal as usize).checked_sub(1).map(|at| &refusals[at]);
                if let Some(Gathering::Results(reply)) = self.gathering(part.ticket) {
                    match refusal {
                        Some(refusal) => reply.set_refused(usize::from(place), result, refusal),
                        None => reply.set(usize::from(place), result),
                    }
                }
            }
            at += count;
            self.filled(part.ticket, part.count);
        }
        for (ticket, place, answer) in &mut answers {
            if let Some(sequence) = sequence_in(answer) {
                self.place(shard, sequence);
            }
            if let Some(Gathering::Answers(reply)) = self.gathering(*ticket) {
                reply.set(usize::from(*place), answer);
            }
            self.filled(*ticket, 1);
        }
        self.spares.push((shard as u16, Turn { parts, places, ..spare }));
    }

    /// Counts outcomes that came in; the reply is released with its last.
    fn filled(&mut self, ticket: Ticket, count: u32) {
        let Some(slot) = self.open.get_mut(ticket as usize) else { return };
        let Some(open) = slot else { return };
        open.missing -= count;
        if open.missing == 0
            && let Some(Open { session, gathering, items, bytes, opened_us, .. }) = slot.take()
        {
            self.free.push(ticket);
            let held_us = self.now_us.saturating_sub(opened_us);
            self.released.push(Released { session, gathering, items, bytes, held_us });
        }
    }

    /// Puts the sequence of a record in place of what stood for it.
    fn place(&self, shard: usize, sequence: &mut u64) {
        if let Some(ordinal) = ordinal_of(*sequence) {
            *sequence = self.sequence_of(shard, ordinal);
        }
    }

    fn sequence_of(&self, shard: usize, ordinal: u64) -> u64 {
        let landings = &self.shards[shard].landings;
        let at = landings.partition_point(|landing| end_of(landing) <= ordinal);
        let landing = landings.get(at).filter(|landing| landing.first_ordinal <= ordinal);
        let landing = landing.expect("I4: a released outcome's record has landed");
        landing.first.sequence + (ordinal - landing.first_ordinal)
    }
}

/// The first ordinal behind a landing.
fn end_of(landing: &Landing) -> u64 {
    landing.first_ordinal + u64::from(landing.count)
}

/// The oldest record a reply names.
fn oldest_ordinal(reply: &TurnReply) -> u64 {
    let named = |outcome: &Outcome| {
        outcome.ordinal.min(ordinal_of(outcome.result.sequence).unwrap_or(NO_RECORD))
    };
    let outcomes = reply.outcomes.iter().map(named);
    let answers = reply.answers.iter().filter_map(|(_, _, answer)| match answer {
        Answer::Payment(view) => ordinal_of(view.sequence),
        Answer::Outcome(view) => ordinal_of(view.result.sequence),
        Answer::Quota(_) | Answer::Failed(_) => None,
    });
    outcomes.chain(answers).min().unwrap_or(NO_RECORD).min(reply.needs)
}

/// The sequence that an answer to a look-up tells.
fn sequence_in(answer: &mut Answer) -> Option<&mut u64> {
    match answer {
        Answer::Payment(view) => Some(&mut view.sequence),
        Answer::Outcome(view) => Some(&mut view.result.sequence),
        Answer::Quota(_) | Answer::Failed(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::turn::{Outcome, Part};
    use domain::apply::unplaced;
    use domain::codes::Role;
    use domain::ids::ChannelId;
    use domain::refusal::Code;
    use protocol::CommandResult;
    use protocol::Reply;

    const SESSION: SessionId = SessionId { place: 0, generation: 0 };

    fn reply(shard: u16, ticket: Ticket, needs: u64, ordinals: &[u64]) -> TurnReply {
        let outcome =
            |&ordinal| Outcome { result: CommandResult::new(Code::Accepted), ordinal, refusal: 0 };
        let count = ordinals.len() as u32;
        let (role, channel) = (Role::Maker, ChannelId(1));
        TurnReply {
            shard,
            needs,
            parts: vec![Part { ticket, role, channel, deadline_ms: 0, count }],
            places: (0..ordinals.len() as u16).collect(),
            outcomes: ordinals.iter().map(outcome).collect(),
            refusals: Vec::new(),
            request_bytes: 0,
            answers: Vec::new(),
            spare: Turn::new(),
        }
    }

    fn landing(shard: u16, first_ordinal: u64, count: u32, sequence: u64) -> Landing {
        Landing { shard, first_ordinal, count, first: Position { epoch: 1, sequence } }
    }

    #[test]
    fn a_release_tells_how_long_it_was_held() {
        let mut gate = Gate::new(2, Position { epoch: 1, sequence: 1 });
        gate.tell_time(1_000);
        let ticket = gate.open(SESSION, Gathering::Results(ReplyBuilder::new(7, 1)), 1, 100, 1);
        gate.tell_time(1_300);
        gate.take(reply(0, ticket, 1, &[0]));
        gate.tell_time(4_500);
        gate.landed(&[landing(0, 0, 1, 2)]);
        let mut released = Vec::new();
        gate.take_released(&mut released);
        assert_eq!(released.iter().map(|r| r.held_us).collect::<Vec<_>>(), [3_500]);
    }

    fn gate_with(missing: u32) -> (Gate, Ticket) {
        let mut gate = Gate::new(2, Position { epoch: 1, sequence: 1 });
        let builder = ReplyBuilder::new(7, missing as usize);
        let ticket = gate.open(SESSION, Gathering::Results(builder), missing, 100, missing);
        (gate, ticket)
    }

    fn sequences(released: &Released) -> Vec<u64> {
        let Gathering::Results(builder) = &released.gathering else { panic!("results") };
        let mut bytes = Vec::new();
        builder.finish_into(&mut bytes, Position { epoch: 1, sequence: 1 });
        let frame = protocol::split_frame(&bytes).unwrap().unwrap();
        let reply = Reply::parse(&frame).unwrap();
        reply.iter().map(|result| result.unwrap().0.sequence).collect()
    }

    fn released(gate: &mut Gate) -> Vec<Released> {
        let mut all = Vec::new();
        gate.take_released(&mut all);
        all
    }

    #[test]
    fn nothing_is_seen_before_it_is_durable() {
        let (mut gate, ticket) = gate_with(2);
        gate.take(reply(0, ticket, 2, &[0, 1]));
        assert!(released(&mut gate).is_empty());
        gate.landed(&[landing(0, 0, 1, 10)]);
        assert!(released(&mut gate).is_empty(), "the second record is not durable yet");
        gate.landed(&[landing(0, 1, 1, 15)]);
        assert_eq!(sequences(&released(&mut gate)[0]), [10, 15]);
        assert_eq!(gate.held(), 0);
    }

    #[test]
    fn an_outcome_without_a_record_waits_for_what_it_saw() {
        let (mut gate, ticket) = gate_with(1);
        gate.take(reply(0, ticket, 5, &[NO_RECORD]));
        gate.landed(&[landing(0, 0, 4, 10)]);
        assert!(released(&mut gate).is_empty());
        gate.landed(&[landing(0, 4, 1, 14)]);
        assert_eq!(sequences(&released(&mut gate)[0]), [0]);
    }

    #[test]
    fn a_reply_of_two_shards_waits_for_both() {
        let (mut gate, ticket) = gate_with(2);
        gate.take(reply(0, ticket, 1, &[0]));
        gate.landed(&[landing(0, 0, 1, 10)]);
        assert!(released(&mut gate).is_empty());
        let mut other = reply(1, ticket, 1, &[0]);
        other.places = vec![1];
        gate.take(other);
        gate.landed(&[landing(1, 0, 1, 11)]);
        assert_eq!(sequences(&released(&mut gate)[0]), [10, 11]);
    }

    #[test]
    fn landings_are_kept_as_long_as_a_reply_may_name_them_and_no_longer() {
        let (mut gate, first) = gate_with(2);
        let kept = |gate: &Gate| gate.shards[0].landings.len();
        for group in 0..100 {
            gate.landed(&[landing(0, group * 2, 2, 10 + group * 2)]);
            assert!(kept(&gate) <= 2, "nobody waits: only the last runs can still be named");
        }
        // The reply names a record of the first landing from here, and waits for the third.
        gate.take(reply(0, first, 206, &[200, 203]));
        let second = gate.open(SESSION, Gathering::Results(ReplyBuilder::new(8, 1)), 1, 100, 1);
        gate.take(reply(0, second, 207, &[206]));
        gate.landed(&[landing(0, 200, 2, 500)]);
        gate.landed(&[landing(0, 202, 2, 600)]);
        assert_eq!((kept(&gate), released(&mut gate).len()), (2, 0));
        gate.landed(&[landing(0, 204, 2, 700)]);
        assert_eq!(sequences(&released(&mut gate)[0]), [500, 601]);
        assert_eq!(kept(&gate), 2, "the second reply names none of them");
        gate.landed(&[landing(0, 206, 1, 800)]);
        assert_eq!(sequences(&released(&mut gate)[0]), [800]);
        assert_eq!(gate.position(), Position { epoch: 1, sequence: 800 });
        assert_eq!((kept(&gate), gate.held()), (2, 0));
    }

    #[test]
    fn a_repeat_names_a_record_that_its_shard_has_not_heard_of_yet() {
        let (mut gate, first) = gate_with(1);
        gate.landed(&[landing(0, 0, 2, 10)]);
        gate.landed(&[landing(0, 2, 3, 50), landing(0, 5, 1, 60)]);
        // Two runs are out as far as the shard knows; it repeats what the first of them decided.
        let mut repeat = reply(0, first, 6, &[NO_RECORD]);
        repeat.outcomes[0].result.sequence = unplaced(3);
        gate.take(repeat);
        assert_eq!(sequences(&released(&mut gate)[0]), [51]);
    }

    #[test]
    fn a_waiting_repeat_keeps_the_landing_it_names() {
        let (mut gate, first) = gate_with(1);
        let second = gate.open(SESSION, Gathering::Results(ReplyBuilder::new(8, 1)), 1, 100, 1);
        gate.take(reply(0, first, 8, &[7]));
        let mut repeat = reply(0, second, 8, &[NO_RECORD]);
        repeat.outcomes[0].result.sequence = unplaced(1);
        gate.take(repeat);
        for group in 0..4 {
            gate.landed(&[landing(0, group * 2, 2, 10 + group * 5)]);
        }
        let released = released(&mut gate);
        assert_eq!([sequences(&released[0]), sequences(&released[1])], [[26], [11]]);
    }

    #[test]
    fn a_reply_of_which_nothing_is_asked_of_a_shard_is_released_at_once() {
        let (mut gate, ticket) = gate_with(0);
        gate.release_unasked(ticket);
        assert_eq!((released(&mut gate).len(), gate.held()), (1, 0));
        // Its place is used again, and what comes for a place nobody has is dropped.
        let (builder, other) = (ReplyBuilder::new(9, 1), ticket + 5);
        assert_eq!(gate.open(SESSION, Gathering::Results(builder), 1, 0, 1), ticket);
        gate.take(reply(0, other, 0, &[NO_RECORD]));
        assert_eq!((released(&mut gate).len(), gate.held()), (0, 1));
    }

    #[test]
    fn the_memory_of_a_turn_comes_back() {
        let (mut gate, ticket) = gate_with(1);
        let mut with_memory = reply(1, ticket, 0, &[NO_RECORD]);
        with_memory.spare.rows.reserve(64);
        gate.take(with_memory);
        let (shard, turn) = gate.take_spare().expect("a turn");
        assert!(shard == 1 && turn.rows.capacity() >= 64 && turn.rows.is_empty());
        assert!(gate.take_spare().is_none());
    }

    #[test]
    #[should_panic(expected = "I4")]
    fn a_gap_in_landings_is_seen() {
        let (mut gate, _) = gate_with(1);
        gate.landed(&[landing(0, 3, 1, 10)]);
    }
}
