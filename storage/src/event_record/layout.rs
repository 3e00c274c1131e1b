//! The fixed parts of event bodies, field by field in the order they have on disk.
//!
//! bincode 2 with fixed-width little-endian integers: each field takes its own width and nothing
//! lies between them. What varies in length comes behind the fixed part: a text or bytes as a u64
//! length and so many bytes. A class code's eight bytes are held as the integer that has them on
//! disk: an array would be encoded by a call that keeps the rest from being inlined. Changing
//! anything here changes the format.

use bincode::{Decode, Encode};

/// How fixed parts become bytes. They hold no length, so no limit has to be kept: what is read
/// is as long as the type. Lengths are read and bounded by hand.
pub(super) const fn config() -> impl bincode::config::Config {
    bincode::config::standard().with_fixed_int_encoding()
}

/// Room for the largest fixed part.
pub(super) const FIXED_BYTES_MAX: usize = 192;

/// Who gave the command, and how it came: the begin of every body.
#[derive(Encode, Decode)]
pub(super) struct ByOnDisk {
    pub(super) person: u64,
    pub(super) role: u8,
    pub(super) channel: u16,
}

/// Beside the bits of the posts: a control rule leaves rows of the payment.
pub(super) const LEAVES_ROWS: u8 = 1 << 7;

#[derive(Encode, Decode)]
pub(super) struct ReservedOnDisk {
    pub(super) version: u32,
    pub(super) fingerprint: u128,
    pub(super) rule_version: u32,
    pub(super) path: u8,
    /// Bits of the posts, and [`LEAVES_ROWS`].
    pub(super) posts: u8,
    pub(super) payment: u128,
    pub(super) quota: u64,
    pub(super) amount_fen: i64,
    pub(super) economic: u64,
    pub(super) method: u8,
    pub(super) kind: u8,
    pub(super) day: u32,
    pub(super) contract: u64,
    pub(super) plan: u64,
    pub(super) deadline_ms: u64,
    pub(super) one_act: bool,
    // particulars: bytes
}

#[derive(Encode, Decode)]
pub(super) struct SteppedOnDisk {
    pub(super) version: u32,
    pub(super) kind: u8,
    pub(super) payment: u128,
    pub(super) quota: u64,
    pub(super) serial: u64,
    // reason: text
}

/// A fact: behind `FactTakenOnDisk` or `FactParkedOnDisk`.
#[derive(Encode, Decode)]
pub(super) struct FactOnDisk {
    pub(super) kind: u8,
    pub(super) payment: u128,
    pub(super) quota: u64,
    pub(super) serial: u64,
    pub(super) amount_fen: i64,
    pub(super) payee_hash: u64,
    pub(super) day: u32,
    pub(super) refund: u64,
    pub(super) detail: u32,
    // note: text
}

#[derive(Encode, Decode)]
pub(super) struct FactTakenOnDisk {
    pub(super) version: u32,
    pub(super) fingerprint: u128,
    pub(super) from_suspense: bool,
    pub(super) fact: FactOnDisk,
}

#[derive(Encode, Decode)]
pub(super) struct FactParkedOnDisk {
    pub(super) division: u16,
    pub(super) year: u16,
    pub(super) fingerprint: u128,
    pub(super) reason: u16,
    pub(super) fact: FactOnDisk,
}

#[derive(Encode, Decode)]
pub(super) struct ActedOnDisk {
    pub(super) version: u32,
    pub(super) fingerprint: u128,
    pub(super) kind: u8,
    pub(super) act: u128,
    pub(super) quota: u64,
    pub(super) amount_fen: i64,
    pub(super) contract: u64,
    pub(super) plan: u64,
    pub(super) batch: u128,
    // note: text
}

#[derive(Encode, Decode)]
pub(super) struct CreatedOnDisk {
    pub(super) quota: u64,
    pub(super) fingerprint: u128,
    pub(super) act: u128,
    pub(super) division: u16,
    pub(super) year: u16,
    pub(super) parent: u64,
    pub(super) fund: u64,
    pub(super) economic: u64,
    pub(super) posts: u8,
    pub(super) executable: bool,
    pub(super) plan: u64,
    pub(super) authority: u8,
    pub(super) cap_fen: i64,
    // key: text
}

#[derive(Encode, Decode)]
pub(super) struct MovedOutOnDisk {
    pub(super) version: u32,
    pub(super) fingerprint: u128,
    pub(super) kind: u8,
    pub(super) id: u128,
    pub(super) from: u64,
    pub(super) to: u64,
    pub(super) amount_fen: i64,
    pub(super) batch: u128,
    // of a correction: payment: u128
    // note: text
}

/// The second half of a move: behind the version or the reason. Behind that of a correction stands
/// its payment: u128.
#[derive(Encode, Decode)]
pub(super) struct MoveInOnDisk {
    pub(super) kind: u8,
    pub(super) id: u128,
    pub(super) from: u64,
    pub(super) to: u64,
    pub(super) amount_fen: i64,
    pub(super) fund: u64,
}

#[derive(Encode, Decode)]
pub(super) struct MovedInOnDisk {
    pub(super) version: u32,
    pub(super) half: MoveInOnDisk,
}

#[derive(Encode, Decode)]
pub(super) struct MoveDeclinedOnDisk {
    pub(super) reason: u16,
    pub(super) half: MoveInOnDisk,
}

#[derive(Encode, Decode)]
pub(super) struct MoveSettledOnDisk {
    pub(super) version: u32,
    pub(super) id: u128,
    pub(super) from: u64,
    pub(super) landed: bool,
}

#[derive(Encode, Decode)]
pub(super) struct LimitSetOnDisk {
    pub(super) version: u32,
    pub(super) fingerprint: u128,
    pub(super) act: u128,
    pub(super) division: u16,
    pub(super) year: u16,
    pub(super) kind: u8,
    pub(super) key: u64,
    pub(super) month: u8,
    pub(super) amount_fen: i64,
    pub(super) checker: u64,
}

#[derive(Encode, Decode)]
pub(super) struct BatchOpenedOnDisk {
    pub(super) fingerprint: u128,
    pub(super) batch: u128,
    pub(super) division: u16,
    pub(super) year: u16,
    pub(super) count: u32,
    pub(super) digest: u128,
    pub(super) deadline_ms: u64,
}

#[derive(Encode, Decode)]
pub(super) struct BatchEndedOnDisk {
    pub(super) fingerprint: u128,
    pub(super) act: u128,
    pub(super) division: u16,
    pub(super) year: u16,
    pub(super) batch: u128,
    pub(super) end: u8,
}

#[derive(Encode, Decode)]
pub(super) struct YearSetOnDisk {
    pub(super) fingerprint: u128,
    pub(super) act: u128,
    pub(super) division: u16,
    pub(super) year: u16,
    pub(super) state: u8,
}

#[derive(Encode, Decode)]
pub(super) struct RegisteredOnDisk {
    pub(super) division: u16,
    pub(super) code: [u8; 9],
    pub(super) parent: u16,
    // name: text
}

#[derive(Encode, Decode)]
pub(super) struct ResolvedOnDisk {
    pub(super) fingerprint: u128,
    pub(super) fact: u128,
    pub(super) act: u128,
    pub(super) division: u16,
    pub(super) year: u16,
    pub(super) channel: u16,
    pub(super) serial: u64,
    pub(super) action: u8,
    // reason: text
}

#[derive(Encode, Decode)]
pub(super) struct FiledOnDisk {
    pub(super) fingerprint: u128,
    pub(super) act: u128,
    pub(super) division: u16,
    pub(super) year: u16,
    pub(super) kind: u8,
    pub(super) batch: u128,
    pub(super) checker: u64,
    pub(super) day: u32,
    // text: text
    // changes: text
}

/// An id that a refusal ended: 1 payment, 2 act, 3 move.
#[derive(Encode, Decode)]
pub(super) struct RefusedIdOnDisk {
    pub(super) what: u8,
    pub(super) id: u128,
}

/// A refusal's code and the number of figures behind it.
#[derive(Encode, Decode)]
pub(super) struct RefusalOnDisk {
    pub(super) code: u16,
    pub(super) figures: u8,
    // figures: so many `FigureOnDisk`
}

#[derive(Encode, Decode)]
pub(super) struct FigureOnDisk {
    pub(super) limit: u16,
    pub(super) requested_fen: i64,
    pub(super) left_fen: i64,
}

#[derive(Encode, Decode)]
pub(super) struct RefusedOnDisk {
    pub(super) id: RefusedIdOnDisk,
    pub(super) quota: u64,
    pub(super) division: u16,
    pub(super) year: u16,
    pub(super) fingerprint: u128,
    pub(super) tag: u8,
    pub(super) amount_fen: i64,
    pub(super) refusal: RefusalOnDisk,
}

#[derive(Encode, Decode)]
pub(super) struct RunRefusedOnDisk {
    pub(super) division: u16,
    pub(super) year: u16,
    pub(super) at: u16,
    pub(super) ids: u16,
    pub(super) refusal: RefusalOnDisk,
    // behind the figures: so many `RunIdOnDisk`
}

#[derive(Encode, Decode)]
pub(super) struct RunIdOnDisk {
    pub(super) id: RefusedIdOnDisk,
    pub(super) quota: u64,
    pub(super) person: u64,
    pub(super) fingerprint: u128,
    pub(super) tag: u8,
    pub(super) amount_fen: i64,
}
