//! One order of the engine, and the ids orders have.
//!
//! An id is a hash of what the order is for, under the data set's key: the document, the attempt, the
//! place in it. The same order has the same id after every start, so that one that was taken is never
//! taken again, and nobody else can take it first.

use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

use super::plan::Make;
use crate::batch::{fold_act, fold_move, fold_paper};
use crate::codes::{ActKind, MoveKind, Role};
use crate::command::{Act, Body, By, Command, EndBatch, MoveIn, MoveOut, OpenBatch, Paper};
use crate::contents::HashKey;
use crate::ids::{
    ActId, BatchId, ChannelId, Class, ContractId, DivisionIndex, FiscalYear, LimitKey, MoveId,
    PaymentId, PersonId, QuotaId,
};
use crate::money::Fen;
use crate::office::paper::PaperKind;
use crate::office::tables::document::Arrival;

/// The channel the engine's own acts come by.
const ENGINE_CHANNEL: ChannelId = ChannelId(0);

/// One order of the engine, in a person's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// In whose name.
    pub person: PersonId,
    /// What.
    pub what: What,
}

/// What is ordered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// Make a quota.
    Create {
        /// The act's id.
        act: ActId,
        /// Where it lives.
        division: DivisionIndex,
        /// The payment plan that bounds it.
        plan: LimitKey,
        /// What it is.
        make: Make,
    },
    /// Act on a quota.
    Act {
        /// Which act.
        kind: ActKind,
        /// Its id.
        act: ActId,
        /// The quota.
        quota: QuotaId,
        /// How much.
        amount_fen: Fen,
        /// The batch.
        batch: BatchId,
        /// Official document number.
        note: Box<str>,
    },
    /// Let money leave a quota.
    MoveOut {
        /// Why.
        kind: MoveKind,
        /// The move.
        id: MoveId,
        /// From where.
        from: QuotaId,
        /// To where.
        to: QuotaId,
        /// How much.
        amount_fen: Fen,
        /// The batch.
        batch: BatchId,
        /// Official document number.
        note: Box<str>,
    },
    /// Give a transfer to the quota its receiver named, or send it back.
    MoveIn(MoveIn),
    /// Open a batch.
    Open(OpenBatch),
    /// End a batch.
    End(EndBatch),
    /// File a paper.
    Paper {
        /// The act's id.
        act: ActId,
        /// The division.
        division: DivisionIndex,
        /// The year.
        year: FiscalYear,
        /// Which paper.
        kind: PaperKind,
        /// The batch; zero: none.
        batch: BatchId,
        /// Its lines.
        text: String,
    },
}

impl Order {
    /// The order as a command.
    #[must_use]
    pub fn command(&self) -> Command<'_> {
        let by = By { person: self.person, role: Role::Engine, channel: ENGINE_CHANNEL };
        Command { by, body: self.what.body() }
    }
}

/// Puts a transfer on file at its receiver, where it waits for a person: `row` is its row at the
/// origin.
#[must_use]
pub fn arrive(hash: HashKey, second_half: &MoveIn, row: &str, person: PersonId) -> Order {
    let (division, year) = (second_half.to.division(), second_half.to.year());
    let (kind, batch) = (PaperKind::Arrive, BatchId(0));
    let act = paper_id(hash, kind, &Arrival::key_of(second_half.from, second_half.id), 0);
    let what = What::Paper { act, division, year, kind, batch, text: row.to_owned() };
    Order { person, what }
}

impl What {
    fn body(&self) -> Body<'_> {
        let (contract, no_plan) = (ContractId::NONE, ContractId::NONE);
        match self {
            What::Create { act, division, plan, make } => {
                Body::Create(make.create(*act, *division, *plan))
            }
            What::Act { kind, act, quota, amount_fen, batch, note } => Body::Act(Act {
                kind: *kind,
                act: *act,
                quota: *quota,
                amount_fen: *amount_fen,
                contract,
                plan: no_plan,
                batch: *batch,
                note,
            }),
            What::MoveOut { kind, id, from, to, amount_fen, batch, note } => {
                Body::MoveOut(MoveOut {
                    kind: *kind,
                    id: *id,
                    from: *from,
                    to: *to,
                    amount_fen: *amount_fen,
                    batch: *batch,
                    payment: PaymentId::NONE,
                    note,
                })
            }
            What::MoveIn(moved) => Body::MoveIn(*moved),
            What::Open(open) => Body::OpenBatch(*open),
            What::End(end) => Body::EndBatch(*end),
            What::Paper { act, division, year, kind, batch, text } => Body::File(Paper {
                act: *act,
                division: *division,
                year: *year,
                kind: *kind,
                batch: *batch,
                checker: PersonId::NOBODY,
                day: None,
                text,
            }),
        }
    }

    /// The batch's digest with this act in it.
    pub(super) fn fold(&self, digest: u128) -> u128 {
        match self.body() {
            Body::Act(act) => fold_act(digest, &act),
            Body::MoveOut(moved) => fold_move(digest, &moved),
            Body::File(paper) => fold_paper(digest, &paper),
            other => unreachable!("{other:?} is not staged"),
        }
    }
}

/// An id made of what it is for: a word, a document or other key, and two numbers.
fn hashed(hash: HashKey, word: &str, key: &str, first: u64, second: u64) -> u128 {
    hash.own_id(&named(word, key, first, second))
}

fn named(word: &str, key: &str, first: u64, second: u64) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(word.len() + key.len() + 17);
    bytes.extend_from_slice(word.as_bytes());
    bytes.push(0);
    bytes.extend_from_slice(key.as_bytes());
    bytes.extend_from_slice(&first.to_le_bytes());
    bytes.extend_from_slice(&second.to_le_bytes());
    bytes
}

/// The batch of a document's attempt: a start drops the one before it.
#[must_use]
pub fn batch_id(hash: HashKey, document: &str, attempt: u32) -> BatchId {
    BatchId(hashed(hash, "document", document, u64::from(attempt), 0))
}

/// The close of that batch.
#[must_use]
pub fn close_id(hash: HashKey, document: &str, attempt: u32) -> ActId {
    ActId(hashed(hash, "close", document, u64::from(attempt), 0))
}

/// The dropping of that batch, when its close was refused.
#[must_use]
pub fn drop_id(hash: HashKey, document: &str, attempt: u32) -> ActId {
    ActId(hashed(hash, "drop", document, u64::from(attempt), 0))
}

/// The act or move of a document's attempt with a place in it.
#[must_use]
pub fn deed_id(hash: HashKey, document: &str, attempt: u32, place: usize) -> u128 {
    hashed(hash, "deed", document, u64::from(attempt), place as u64)
}

/// The making of a document's quota, by its official key: after a start a plan no longer has those
/// that are there.
#[must_use]
pub fn make_id(hash: HashKey, document: &str, key: &str) -> ActId {
    ActId(hashed(hash, "make", document, xxh3_64(key.as_bytes()), 0))
}

/// A paper of the engine's that is filed once for a key.
#[must_use]
pub fn paper_id(hash: HashKey, kind: PaperKind, key: &str, place: usize) -> ActId {
    ActId(hashed(hash, kind.slug(), key, place as u64, 0))
}

/// The payment plan of a unit and fund nature, where one is set (用款计划). People set it, so its key is
/// no secret.
#[must_use]
pub fn plan_key(unit: &str, fund: Class) -> LimitKey {
    LimitKey(xxh3_128(&named("plan", unit, u64::from_le_bytes(fund.0), 0)) as u64 | 1)
}
