//! Gathering by tick, and admission: frames become parts of shard turns, whole or not at all.

use domain::Code;
use domain::ids::DivisionIndex;
use protocol::batch::{Commands, tail_length};
use protocol::limits::COMMAND_BYTES;
use protocol::lookup::LookUp;
use protocol::{CommandResult, Flags, ReplyBuilder, routing};
use storage::space::SpaceLevel;

use crate::gate::{Gate, Gathering, SessionId};
use crate::limits::{SHARD_BYTES_MAX, SHARD_COMMANDS_MAX};
use crate::registry::Registry;
use crate::turn::{LookUpPart, Part, Ticket, Turn, TurnReply};

/// The place of a command that no shard gets: it was answered here.
const ANSWERED: u8 = u8::MAX;

/// Spare turns that are kept.
const SPARES_MAX: usize = 64;

/// What is gathered for the shards, and what they have not answered.
pub(super) struct Gather {
    turns: Vec<Turn>,
    in_flight: Vec<InFlight>,
    spares: Vec<Turn>,
    /// The shard of each command of the frame at hand.
    route: Vec<u8>,
}

#[derive(Clone, Copy, Default)]
struct InFlight {
    commands: usize,
    bytes: usize,
}

/// A frame of commands, and whose it is.
pub(super) struct CommandFrame<'a> {
    pub(super) session: SessionId,
    pub(super) request: u64,
    pub(super) deadline_ms: u64,
    pub(super) role: domain::Role,
    pub(super) channel: domain::ids::ChannelId,
    pub(super) bytes: u32,
    pub(super) commands: Commands<'a>,
}

impl Gather {
    pub(super) fn new(shards: usize) -> Gather {
        Gather {
            turns: (0..shards).map(|_| Turn::new()).collect(),
            in_flight: vec![InFlight::default(); shards],
            spares: Vec::new(),
            route: Vec::new(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.turns.iter().all(Turn::is_empty)
    }

    /// Keeps an emptied turn for later.
    pub(super) fn keep(&mut self, spare: Turn) {
        if self.spares.len() < SPARES_MAX {
            let mut spare = spare;
            spare.clear();
            self.spares.push(spare);
        }
    }

    /// Gives up what is gathered, shard by shard.
    pub(super) fn flush(&mut self, now_ms: u64, space: SpaceLevel, into: &mut Vec<(usize, Turn)>) {
        for (shard, turn) in self.turns.iter_mut().enumerate() {
            if !turn.is_empty() {
                let empty = self.spares.pop().unwrap_or_default();
                let mut full = std::mem::replace(turn, empty);
                (full.now_ms, full.space) = (now_ms, space);
                into.push((shard, full));
            }
        }
    }

    /// Commands and look-ups that shards have not answered.
    pub(super) fn commands_in_flight(&self) -> usize {
        self.in_flight.iter().map(|shard| shard.commands).sum()
    }

    /// Counts what a shard has answered.
    pub(super) fn came_back(&mut self, reply: &TurnReply) {
        let in_flight = &mut self.in_flight[usize::from(reply.shard)];
        in_flight.commands -= reply.outcomes.len() + reply.answers.len();
        in_flight.bytes -= reply.request_bytes;
    }

    /// Admits a frame whole, or refuses it whole.
    pub(super) fn admit(
        &mut self,
        frame: &CommandFrame<'_>,
        registry: &Registry,
        gate: &mut Gate,
    ) -> Result<(), Code> {
        let count = frame.commands.count();
        self.find_routes(&frame.commands, registry);
        self.must_fit()?;
        let items = count as u32;
        let gathering = Gathering::Results(ReplyBuilder::new(frame.request, count));
        let missing = self.route.iter().filter(|&&shard| shard != ANSWERED).count() as u32;
        let ticket = gate.open(frame.session, gathering, items, frame.bytes, missing);
        self.answer_bad_runs(ticket, gate);
        self.spread(frame, ticket);
        if missing == 0 {
            gate.release_unasked(ticket);
        }
        Ok(())
    }

    /// Finds the shard of each command. Linked runs that cross divisions, or do not end, are
    /// marked as answered here: no shard could see all of such a run.
    fn find_routes(&mut self, commands: &Commands<'_>, registry: &Registry) {
        self.route.clear();
        let mut run_start: Option<(usize, DivisionIndex)> = None;
        let mut run_bad = false;
        for (index, (row, _)) in commands.iter().enumerate() {
            let division = routing::division_of(row);
            let shard = if registry.is_registered(division) || !routing::is_fact(row) {
                registry.shard_of(division)
            } else {
                registry.shard_of(DivisionIndex::PROVINCE)
            };
            self.route.push(shard as u8);
            let linked = Flags::of(row).is_some_and(|flags| flags.linked);
            let Some((start, first)) = run_start else {
                if linked {
                    (run_start, run_bad) = (Some((index, division)), false);
                }
                continue;
            };
            // A fact may go elsewhere than its division: no shard would see all of the run.
            run_bad |= division != first || self.route[index] != self.route[start];
            if !linked {
                if run_bad {
                    self.route[start..].fill(ANSWERED);
                }
                run_start = None;
            }
        }
        if let Some((start, _)) = run_start {
            self.route[start..].fill(ANSWERED);
        }
    }

    /// Whether every shard of the frame has credit for its share; shares are weighed as if each
    /// shard got all of it.
    fn must_fit(&self) -> Result<(), Code> {
        for (shard, in_flight) in self.in_flight.iter().enumerate() {
            let share = self.route.iter().filter(|&&route| usize::from(route) == shard).count();
            let commands = in_flight.commands + share <= SHARD_COMMANDS_MAX;
            if share > 0 && !(commands && in_flight.bytes < SHARD_BYTES_MAX) {
                return Err(Code::Busy);
            }
        }
        Ok(())
    }

    fn answer_bad_runs(&self, ticket: Ticket, gate: &mut Gate) {
        let bad = self.route.iter().enumerate().filter(|&(_, &shard)| shard == ANSWERED);
        for (place, _) in bad {
            if let Some(Gathering::Results(reply)) = gate.gathering(ticket) {
                reply.set(place, CommandResult::new(Code::BadLinkedRun));
            }
        }
    }

    /// Copies each command to its shard's turn.
    fn spread(&mut self, frame: &CommandFrame<'_>, ticket: Ticket) {
        let one =
            self.route.first().copied().filter(|&first| {
                first != ANSWERED && self.route.iter().all(|&shard| shard == first)
            });
        if let Some(shard) = one {
            return self.spread_whole(frame, ticket, usize::from(shard));
        }
        for shard in 0..self.turns.len() {
            let mut count = 0;
            let mut bytes = 0;
            for (place, (row, tail)) in frame.commands.iter().enumerate() {
                if usize::from(self.route[place]) == shard {
                    let turn = &mut self.turns[shard];
                    turn.rows.push(*row);
                    turn.places.push(place as u16);
                    turn.tails.extend_from_slice(tail);
                    count += 1;
                    bytes += COMMAND_BYTES + tail_length(row) as usize;
                }
            }
            self.add_part(frame, ticket, shard, count, bytes);
        }
    }

    /// A frame for one shard alone is copied in one piece.
    fn spread_whole(&mut self, frame: &CommandFrame<'_>, ticket: Ticket, shard: usize) {
        let (rows, tails) = frame.commands.parts();
        let turn = &mut self.turns[shard];
        turn.rows.extend_from_slice(rows);
        turn.places.extend(0..rows.len() as u16);
        turn.tails.extend_from_slice(tails);
        let bytes = rows.len() * COMMAND_BYTES + tails.len();
        self.add_part(frame, ticket, shard, rows.len(), bytes);
    }

    fn add_part(
        &mut self,
        frame: &CommandFrame<'_>,
        ticket: Ticket,
        shard: usize,
        count: usize,
        bytes: usize,
    ) {
        if count == 0 {
            return;
        }
        let (role, channel, deadline_ms) = (frame.role, frame.channel, frame.deadline_ms);
        let count = count as u32;
        self.turns[shard].parts.push(Part { ticket, role, channel, deadline_ms, count });
        self.turns[shard].request_bytes += bytes;
        self.in_flight[shard].commands += count as usize;
        self.in_flight[shard].bytes += bytes;
    }

    /// Adds one look-up.
    pub(super) fn look_up(
        &mut self,
        ticket: Ticket,
        place: u16,
        look_up: LookUp,
        registry: &Registry,
    ) {
        let shard = registry.shard_of(look_up.division());
        self.turns[shard].look_ups.push(LookUpPart { ticket, place, look_up });
        self.in_flight[shard].commands += 1;
    }

    /// Whether the shards have credit for so many look-ups more.
    pub(super) fn takes_look_ups(&self, count: usize) -> bool {
        self.in_flight.iter().all(|in_flight| in_flight.commands + count <= SHARD_COMMANDS_MAX)
    }
}
