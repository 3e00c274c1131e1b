//! A document whose acts take effect together or not at all.

use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

use crate::codes::{ActKind, BatchEnd};
use crate::command::{Act, MoveOut, Paper};
use crate::ids::{Fingerprint, MoveId, PersonId, QuotaId};
use crate::money::Fen;

/// One batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Keyed hash of its opening.
    pub fingerprint: Fingerprint,
    /// Who opened it, and alone may add to it, close it or drop it.
    pub maker: PersonId,
    /// How many acts were announced.
    pub count: u32,
    /// The announced digest.
    pub digest: u128,
    /// [`fold_digest`] over what is staged so far.
    pub staged_digest: u128,
    /// When the engine drops it, in ms of journaled time; zero: never.
    pub deadline_ms: u64,
    /// How it ended; `None` while it is open.
    pub end: Option<BatchEnd>,
    /// What is staged, in order. Emptied when it ends.
    pub staged: Vec<Staged>,
    /// [`Staged::bytes`] of what is staged, together.
    pub staged_bytes: usize,
}

impl Batch {
    /// True while acts are being staged.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.end.is_none()
    }

    /// The batch with nothing of what is staged in it: how it is kept beside that.
    #[must_use]
    pub(crate) fn without_staged(&self) -> Batch {
        Batch { staged: Vec::new(), staged_bytes: 0, ..*self }
    }
}

/// One staged act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Staged {
    /// Of one quota.
    Act {
        /// Which.
        kind: ActKind,
        /// Its quota.
        quota: QuotaId,
        /// How much.
        amount_fen: Fen,
    },
    /// The first half of a move.
    Move {
        /// The move's id; the rest is in the origin's record.
        id: MoveId,
    },
    /// A paper.
    Paper {
        /// What it changes, as lines of [`crate::office::line`].
        changes: Box<str>,
    },
}

/// Bytes of a staged act wherever it is kept: what it takes of
/// [`STAGED_BYTES_MAX`](crate::limits::STAGED_BYTES_MAX).
pub(crate) const STAGED_ACT_BYTES: usize = 48;

impl Staged {
    /// What it takes of [`STAGED_BYTES_MAX`](crate::limits::STAGED_BYTES_MAX).
    #[must_use]
    pub fn bytes(&self) -> usize {
        match self {
            Staged::Act { .. } | Staged::Move { .. } => STAGED_ACT_BYTES,
            Staged::Paper { changes } => STAGED_ACT_BYTES + changes.len(),
        }
    }
}

/// The digest of a batch: starting from zero, for each act in order, XXH3-128 (seed 0) over the
/// digest so far (16 bytes, little-endian), the act's id (16), the number of its kind (1; moves
/// 128 + kind; a paper 192), its quota (8; of a paper: the number of its kind), the other quota of a
/// move or zero (8; of a paper: XXH3-64 of its text, seed 0) and its amount (8).
#[must_use]
pub fn fold_digest(
    digest: u128,
    id: u128,
    kind: u8,
    quota: QuotaId,
    other: u64,
    amount: Fen,
) -> u128 {
    let mut bytes = [0; 57];
    bytes[..16].copy_from_slice(&digest.to_le_bytes());
    bytes[16..32].copy_from_slice(&id.to_le_bytes());
    bytes[32] = kind;
    bytes[33..41].copy_from_slice(&quota.0.to_le_bytes());
    bytes[41..49].copy_from_slice(&other.to_le_bytes());
    bytes[49..57].copy_from_slice(&amount.get().to_le_bytes());
    xxh3_128(&bytes)
}

/// [`fold_digest`] with an act on a quota.
#[must_use]
pub fn fold_act(digest: u128, act: &Act<'_>) -> u128 {
    fold_digest(digest, act.act.0, act.kind.number(), act.quota, 0, act.amount_fen)
}

/// [`fold_digest`] with the first half of a move.
#[must_use]
pub fn fold_move(digest: u128, moved: &MoveOut<'_>) -> u128 {
    let kind = 128 + moved.kind.number();
    fold_digest(digest, moved.id.0, kind, moved.from, moved.to.0, moved.amount_fen)
}

/// [`fold_digest`] with a paper.
#[must_use]
pub fn fold_paper(digest: u128, paper: &Paper<'_>) -> u128 {
    let kind = QuotaId(u64::from(paper.kind.number()));
    fold_digest(digest, paper.act.0, 192, kind, xxh3_64(paper.text.as_bytes()), Fen::ZERO)
}
