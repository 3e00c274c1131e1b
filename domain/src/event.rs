//! What was decided. An event is the only thing that changes state, live and in replay.
//!
//! Every event changes at most one quota and carries that quota's dense version after it; the
//! exceptions are the end of a batch, which may change many and carries none, and refusals,
//! which change no quota. Events carry outcomes: replay reads no clock and asks nobody.

use crate::codes::{BatchEnd, Path, Posts, YearState};
use crate::command::{
    Act, By, Create, Fact, MoveIn, MoveOut, OpenBatch, Paper, Register, Reserve, Resolve, SetLimit,
    Step,
};
use crate::ids::{
    ActId, BatchId, DivisionIndex, Fingerprint, FiscalYear, MoveId, PersonId, QuotaId,
};
use crate::money::Fen;
use crate::office::line::Changes;
use crate::refusal::{Code, Refusal};

/// One decided event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event<'a> {
    /// Who gave the command it comes from.
    pub by: By,
    /// What happened.
    pub body: EventBody<'a>,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventBody<'a> {
    /// Money was reserved for a payment.
    Reserved {
        /// The quota's version after it.
        version: u32,
        /// Keyed hash of the command's contents.
        fingerprint: Fingerprint,
        /// For `pay`: the version of the ceiling that approved it; zero otherwise.
        rule_version: u32,
        /// The settlement path it takes.
        path: Path,
        /// The approval posts it needs.
        posts: Posts,
        /// Whether a control rule leaves rows of it: they follow, as events of their own.
        leaves_rows: bool,
        /// The command.
        command: Reserve<'a>,
    },
    /// An order changed a payment.
    Stepped {
        /// The quota's version after it.
        version: u32,
        /// The command.
        command: Step<'a>,
    },
    /// A fact was taken into its payment.
    FactTaken {
        /// The quota's version after it.
        version: u32,
        /// Keyed hash of the fact's contents.
        fingerprint: Fingerprint,
        /// True when it lay in suspense before.
        from_suspense: bool,
        /// The fact.
        command: Fact<'a>,
    },
    /// A fact that does not fit was put into suspense (挂账).
    FactParked {
        /// The division whose suspense takes it.
        division: DivisionIndex,
        /// The year of the suspense.
        year: FiscalYear,
        /// Keyed hash of the fact's contents.
        fingerprint: Fingerprint,
        /// Why it does not fit.
        reason: Code,
        /// The fact.
        command: Fact<'a>,
    },
    /// An order changed a quota.
    Acted {
        /// The quota's version after it.
        version: u32,
        /// Keyed hash of the command's contents.
        fingerprint: Fingerprint,
        /// The command; staged when it names a batch.
        command: Act<'a>,
    },
    /// A quota was created. Its version is 1 after it.
    Created {
        /// The id it was given.
        quota: QuotaId,
        /// Keyed hash of the command's contents.
        fingerprint: Fingerprint,
        /// The command.
        command: Create<'a>,
    },
    /// Money left a quota and is in transit; staged when the command names a batch.
    MovedOut {
        /// The origin's version after it.
        version: u32,
        /// Keyed hash of the command's contents.
        fingerprint: Fingerprint,
        /// The command.
        command: MoveOut<'a>,
    },
    /// Money in transit arrived.
    MovedIn {
        /// The receiver's version after it.
        version: u32,
        /// The command.
        command: MoveIn,
    },
    /// The receiver can never take this move: it goes back. Ends the move's id there.
    MoveDeclined {
        /// Why.
        reason: Code,
        /// The command.
        command: MoveIn,
    },
    /// The origin knows how its move ended.
    MoveSettled {
        /// The origin's version after it.
        version: u32,
        /// The move.
        id: MoveId,
        /// The quota it left.
        from: QuotaId,
        /// True: taken by the receiver. False: back in the origin.
        landed: bool,
    },
    /// A limit across quotas was set.
    LimitSet {
        /// The limit's version after it: a plan's or the ceiling's, counted by itself.
        version: u32,
        /// Keyed hash of the command's contents.
        fingerprint: Fingerprint,
        /// The command.
        command: SetLimit,
    },
    /// A batch was opened.
    BatchOpened {
        /// Keyed hash of the command's contents.
        fingerprint: Fingerprint,
        /// The command.
        command: OpenBatch,
    },
    /// A batch ended: every staged act took effect, or none did. Changes many quotas.
    BatchEnded {
        /// Keyed hash of the command's contents; zero without `act`.
        fingerprint: Fingerprint,
        /// The act that ended it; zero where none of its own did: a refused act, the engine.
        act: ActId,
        /// The division.
        division: DivisionIndex,
        /// The year.
        year: FiscalYear,
        /// The batch.
        batch: BatchId,
        /// How it ended.
        end: BatchEnd,
    },
    /// A year went to another state.
    YearSet {
        /// Keyed hash of the command's contents.
        fingerprint: Fingerprint,
        /// The act.
        act: ActId,
        /// The division.
        division: DivisionIndex,
        /// The year.
        year: FiscalYear,
        /// The state it is in now.
        state: YearState,
    },
    /// A division was registered.
    Registered {
        /// The command.
        command: Register<'a>,
    },
    /// A person decided what becomes of a parked fact. When it is applied, a `FactTaken` event
    /// follows in the same turn.
    Resolved {
        /// Keyed hash of the command's contents.
        fingerprint: Fingerprint,
        /// Keyed hash of the fact's contents: of several under one number, the one meant.
        fact: Fingerprint,
        /// The command.
        command: Resolve<'a>,
    },
    /// A paper was filed; staged when it names a batch.
    Filed {
        /// Keyed hash of the command's contents.
        fingerprint: Fingerprint,
        /// What is on file afterwards, as lines of [`crate::office::line`].
        changes: Changes<'a>,
        /// The command.
        command: Paper<'a>,
    },
    /// An id was ended by a refusal that depended on state.
    Refused {
        /// What kind of id ended.
        id: RefusedId,
        /// The quota it was sent to; [`QuotaId::NONE`] where it named none.
        quota: QuotaId,
        /// The division.
        division: DivisionIndex,
        /// The year.
        year: FiscalYear,
        /// Keyed hash of the command's contents.
        fingerprint: Fingerprint,
        /// What was refused: the command's tag in fingerprints ([`crate::contents::tag`]).
        tag: u8,
        /// The amount that was asked for; zero where the command has none.
        amount_fen: Fen,
        /// What its caller heard, and will hear for ever.
        refusal: Refusal,
    },
    /// A linked run was refused: one record ends every id in it.
    RunRefused {
        /// The division.
        division: DivisionIndex,
        /// The year.
        year: FiscalYear,
        /// Which of the run's ids was refused for itself, by its place in `ids`; `u16::MAX` where
        /// that command has no id. The others hear [`Code::LinkedRefused`].
        at: u16,
        /// Why.
        refusal: Refusal,
        /// Every id of the run, in order.
        ids: &'a [RunId],
    },
}

/// One id of a refused linked run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunId {
    /// The id.
    pub id: RefusedId,
    /// The quota it was sent to.
    pub quota: QuotaId,
    /// Who gave the command.
    pub person: PersonId,
    /// Keyed hash of the command's contents.
    pub fingerprint: Fingerprint,
    /// The command's tag in fingerprints ([`crate::contents::tag`]).
    pub tag: u8,
    /// The amount it asked for; zero where it has none.
    pub amount_fen: Fen,
}

/// An id that a refusal can end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RefusedId {
    /// A payment's.
    Payment(crate::ids::PaymentId),
    /// An act's (also of a batch, a year, a limit, a creation, a resolution).
    Act(ActId),
    /// A move's, at its origin.
    Move(MoveId),
}

impl Event<'_> {
    /// The quota it changes, with the quota's version after it.
    #[must_use]
    pub fn quota_version(&self) -> Option<(QuotaId, u32)> {
        match &self.body {
            EventBody::Reserved { version, command, .. } => Some((command.quota, *version)),
            EventBody::Stepped { version, command } => Some((command.quota, *version)),
            EventBody::FactTaken { version, command, .. } => Some((command.quota, *version)),
            EventBody::Acted { version, command, .. } => Some((command.quota, *version)),
            EventBody::Created { quota, .. } => Some((*quota, 1)),
            EventBody::MovedOut { version, command, .. } => Some((command.from, *version)),
            EventBody::MovedIn { version, command } => Some((command.to, *version)),
            EventBody::MoveSettled { version, from, .. } => Some((*from, *version)),
            _ => None,
        }
    }

    /// The division whose state it changes.
    #[must_use]
    pub fn division(&self) -> DivisionIndex {
        match &self.body {
            EventBody::Reserved { command, .. } => command.quota.division(),
            EventBody::Stepped { command, .. } => command.quota.division(),
            EventBody::FactTaken { command, .. } => command.quota.division(),
            EventBody::Acted { command, .. } => command.quota.division(),
            EventBody::Created { quota, .. } => quota.division(),
            EventBody::MovedOut { command, .. } => command.from.division(),
            EventBody::MovedIn { command, .. } | EventBody::MoveDeclined { command, .. } => {
                command.to.division()
            }
            EventBody::MoveSettled { from, .. } => from.division(),
            EventBody::LimitSet { command, .. } => command.division,
            EventBody::BatchOpened { command, .. } => command.division,
            EventBody::FactParked { division, .. }
            | EventBody::BatchEnded { division, .. }
            | EventBody::YearSet { division, .. }
            | EventBody::Refused { division, .. }
            | EventBody::RunRefused { division, .. } => *division,
            EventBody::Registered { command } => command.division,
            EventBody::Resolved { command, .. } => command.division,
            EventBody::Filed { command, .. } => command.division,
        }
    }

    /// The event's name in texts, JSON and the subscription.
    #[must_use]
    pub fn slug(&self) -> &'static str {
        match &self.body {
            EventBody::Reserved { .. } => "reserved",
            EventBody::Stepped { .. } => "stepped",
            EventBody::FactTaken { .. } => "fact-taken",
            EventBody::FactParked { .. } => "fact-parked",
            EventBody::Acted { .. } => "acted",
            EventBody::Created { .. } => "created",
            EventBody::MovedOut { .. } => "moved-out",
            EventBody::MovedIn { .. } => "moved-in",
            EventBody::MoveDeclined { .. } => "move-declined",
            EventBody::MoveSettled { .. } => "move-settled",
            EventBody::LimitSet { .. } => "limit-set",
            EventBody::BatchOpened { .. } => "batch-opened",
            EventBody::BatchEnded { .. } => "batch-ended",
            EventBody::YearSet { .. } => "year-set",
            EventBody::Registered { .. } => "registered",
            EventBody::Resolved { .. } => "resolved",
            EventBody::Filed { .. } => "filed",
            EventBody::Refused { .. } => "refused",
            EventBody::RunRefused { .. } => "run-refused",
        }
    }
}
