//! Money between two quotas: out of one, in transit, into the other, under one id.

use crate::codes::MoveKind;
use crate::ids::{Class, Fingerprint, MoveId, PaymentId, PersonId, QuotaId};
use crate::money::Fen;
use crate::refusal::Code;

/// Where a move stands at its origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Transit {
    /// Staged in an open batch: frozen, not yet out.
    Staged = 1,
    /// Out, and not yet known to have arrived.
    InTransit = 2,
    /// Taken by the receiver.
    Landed = 3,
    /// Declined by the receiver and back in the origin.
    CameBack = 4,
    /// Its batch was dropped.
    Dropped = 5,
}

/// The origin's record of a move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MoveOutRow {
    /// Keyed hash of its contents.
    pub fingerprint: Fingerprint,
    /// Sequence of the record that accepted it.
    pub sequence: u64,
    /// Who moved it: it is handed over and settled in this name.
    pub person: PersonId,
    /// Why it moves.
    pub kind: MoveKind,
    /// The quota it left.
    pub from: QuotaId,
    /// The quota it goes to.
    pub to: QuotaId,
    /// How much.
    pub amount_fen: Fen,
    /// Fund nature of the money.
    pub fund: Class,
    /// Of a correction: the payment whose charge it moves; none otherwise.
    pub payment: PaymentId,
    /// Where it stands.
    pub transit: Transit,
}

impl MoveOutRow {
    /// True while it is out and its end is not known at its origin: it may come back.
    #[must_use]
    pub fn is_under_way(&self) -> bool {
        self.transit == Transit::InTransit
    }

    /// The second half that the engine sends.
    #[must_use]
    pub fn second_half(&self, id: MoveId) -> crate::command::MoveIn {
        crate::command::MoveIn {
            kind: self.kind,
            id,
            from: self.from,
            to: self.to,
            amount_fen: self.amount_fen,
            fund: self.fund,
            payment: self.payment,
        }
    }
}

/// The receiver's record of a move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MoveInRow {
    /// The quota it left.
    pub from: QuotaId,
    /// The quota it went to.
    pub to: QuotaId,
    /// How much.
    pub amount_fen: Fen,
    /// [`Code::Accepted`], or why it can never be taken.
    pub outcome: Code,
}
