//! What passes between the network, the shards and the journal: whole turns, never single
//! commands.

use domain::codes::Role;
use domain::ids::{ChannelId, DivisionIndex, MoveId, QuotaId};
use domain::page::{Page, PaymentPage};
use domain::refusal::Refusal;
use protocol::limits::COMMAND_BYTES;
use protocol::lookup::{Answer, LookUp};
use protocol::{CommandResult, Position};
use storage::record::RecordWriter;
use storage::space::SpaceLevel;

/// A reply that is being gathered, by its place in the gate.
pub type Ticket = u32;

/// What one shard is asked in one turn of the network loop.
#[derive(Debug)]
pub struct Turn {
    /// Journaled time of the turn, in ms.
    pub now_ms: u64,
    /// Disk space as last measured.
    pub space: SpaceLevel,
    /// Commands, in the order they were read.
    pub rows: Vec<[u8; COMMAND_BYTES]>,
    /// For each command, its place in its frame.
    pub places: Vec<u16>,
    /// Their tails, in the same order.
    pub tails: Vec<u8>,
    /// Which commands belong to which reply.
    pub parts: Vec<Part>,
    /// Look-ups, answered after the commands.
    pub look_ups: Vec<LookUpPart>,
    /// Bytes of the commands, for credits.
    pub request_bytes: usize,
}

impl Turn {
    /// An empty turn.
    #[must_use]
    pub fn new() -> Turn {
        Turn {
            now_ms: 0,
            space: SpaceLevel::Plenty,
            rows: Vec::new(),
            places: Vec::new(),
            tails: Vec::new(),
            parts: Vec::new(),
            look_ups: Vec::new(),
            request_bytes: 0,
        }
    }

    /// True when nothing is asked.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty() && self.look_ups.is_empty()
    }

    /// Empties it and keeps its memory.
    pub fn clear(&mut self) {
        self.rows.clear();
        self.places.clear();
        self.tails.clear();
        self.parts.clear();
        self.look_ups.clear();
        self.request_bytes = 0;
    }
}

impl Default for Turn {
    fn default() -> Self {
        Turn::new()
    }
}

/// The commands of one frame that go to one shard.
#[derive(Clone, Copy, Debug)]
pub struct Part {
    /// The reply they belong to.
    pub ticket: Ticket,
    /// The connection's role.
    pub role: Role,
    /// The connection's channel.
    pub channel: ChannelId,
    /// Journaled time after which they are `Late`; 0: never.
    pub deadline_ms: u64,
    /// How many commands.
    pub count: u32,
}

/// One look-up.
#[derive(Clone, Copy, Debug)]
pub struct LookUpPart {
    /// The reply it belongs to.
    pub ticket: Ticket,
    /// Its place in its frame.
    pub place: u16,
    /// What is asked.
    pub look_up: LookUp,
}

/// No record: the outcome was told again, or left no trace.
pub const NO_RECORD: u64 = u64::MAX;

/// One outcome, before its record has a sequence.
#[derive(Clone, Copy, Debug)]
pub struct Outcome {
    /// The result. Its sequence is set where the outcome is an earlier one, which may be
    /// [unplaced](domain::apply::unplaced) still.
    pub result: CommandResult,
    /// The shard's ordinal of the record, or [`NO_RECORD`].
    pub ordinal: u64,
    /// Place in [`TurnReply::refusals`] plus one; 0: none.
    pub refusal: u32,
}

/// What a shard answers to one turn. It may be seen once everything the shard had decided by then
/// is durable.
#[derive(Debug)]
pub struct TurnReply {
    /// The shard.
    pub shard: u16,
    /// Every record of the shard below this ordinal must be durable first.
    pub needs: u64,
    /// The turn's parts, as they came.
    pub parts: Vec<Part>,
    /// For each outcome, its place in its frame.
    pub places: Vec<u16>,
    /// The outcomes, part by part.
    pub outcomes: Vec<Outcome>,
    /// Refusals with figures.
    pub refusals: Vec<Refusal>,
    /// Bytes of the turn's commands.
    pub request_bytes: usize,
    /// Answers to look-ups.
    pub answers: Vec<(Ticket, u16, Answer)>,
    /// The turn, emptied, to be used again.
    pub spare: Turn,
}

/// A shard's records on their way to the journal.
#[derive(Debug)]
pub struct Run {
    /// The shard.
    pub shard: u16,
    /// The shard's ordinal of its first record.
    pub first_ordinal: u64,
    /// The time its last record was decided at, in ms: its group is not journaled as earlier.
    pub decided_ms: u64,
    /// The records.
    pub records: RecordWriter,
}

/// Where a run landed. The journal sends it to every network thread, and to the run's shard with
/// the run's memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Landing {
    /// The shard.
    pub shard: u16,
    /// The shard's ordinal of the first record.
    pub first_ordinal: u64,
    /// How many records.
    pub count: u32,
    /// The position of the first record.
    pub first: Position,
}

/// What a durable event of one division asks of another: the only way anything crosses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Crossing {
    /// Hand a move over to its receiver.
    HandOver {
        /// The division of the receiver.
        to: DivisionIndex,
        /// The second half.
        second_half: domain::command::MoveIn,
        /// What the receiver has to confirm: the transfer's row, where no quota is named.
        to_confirm: Option<Box<str>>,
        /// The person in whose name it runs.
        person: domain::ids::PersonId,
    },
    /// Tell the origin how its move ended.
    Settle {
        /// The move.
        id: MoveId,
        /// The quota it left.
        from: QuotaId,
        /// True: taken.
        landed: bool,
        /// The person in whose name it runs.
        person: domain::ids::PersonId,
    },
}

impl Crossing {
    /// The division it goes to.
    #[must_use]
    pub fn division(&self) -> DivisionIndex {
        match self {
            Crossing::HandOver { to, .. } => *to,
            Crossing::Settle { from, .. } => from.division(),
        }
    }
}

/// What a shard wants done after a step.
#[derive(Debug)]
pub enum Output {
    /// Give this to the gate.
    Reply(TurnReply),
    /// Give this to the journal.
    Run(Run),
    /// Give this to the shard of its division.
    Cross(Crossing),
    /// A division is registered, durably: facts that name it may go to it.
    Registered(DivisionIndex),
    /// Rebuild a quarantined quota from the journal, and answer with [`crate::shard::Shard::revived`].
    Rebuild(QuotaId),
    /// Fetch these pages of payments from the checkpoint, and give them to
    /// [`crate::shard::Shard::pages_came`].
    Fetch(Vec<PaymentPage>),
    /// So many pages of payments came into memory.
    PagedIn(usize),
    /// So many pages of payments left memory.
    PagedOut(usize),
    /// Tell the checkpoint.
    Round(RoundNews),
    /// A quota is free again: every shard hands over what is in transit once more.
    ResumeMoves,
    /// Tell people.
    Alarm(Alarm),
}

/// What the checkpoint asks of a shard. A round is of one division: begun, copied piece by piece,
/// then kept or lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoundOrder {
    /// Which divisions are there, and which have changed since their last round?
    List,
    /// Fix the moment of a division's round.
    Begin(DivisionIndex),
    /// Copy so many more pages.
    More(usize),
    /// The pages are kept.
    Kept,
    /// The pages are lost.
    Lost,
}

/// What a shard says to the checkpoint.
#[derive(Debug)]
pub enum RoundNews {
    /// Its divisions, and whether each has changed.
    Listed(Vec<(DivisionIndex, bool)>),
    /// The round's moment is durable: it includes every record of the division up to this
    /// sequence, and none beyond.
    Began {
        /// The sequence.
        included: u64,
    },
    /// Pages of the round.
    Pages {
        /// The pages.
        pages: Vec<Page>,
        /// True: these are the last.
        last: bool,
    },
    /// The shard gave the round up.
    Lost,
}

/// Something people must hear of at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Alarm {
    /// A turn panicked; nothing of it was kept.
    Quarantined {
        /// The quota.
        quota: QuotaId,
        /// What the panic said.
        what: String,
    },
    /// A fact was parked.
    Parked {
        /// The division whose suspense has it.
        division: DivisionIndex,
        /// Facts of that channel that wait now.
        waiting: usize,
    },
    /// An order of the engine's own to carry a document out was refused without a trace: a defect.
    OrderRefused {
        /// The division, whose documents wait now.
        division: DivisionIndex,
        /// The order and what it heard.
        what: String,
    },
    /// A document that was carried out broke a law of quotas: a defect.
    LawBroken {
        /// The division.
        division: DivisionIndex,
        /// Which law, and where.
        what: String,
    },
}
