//! Pages of the state as rows of the checkpoint, and back.
//!
//! A row's key is the page's name, so that rows of one kind lie together and come in order. Its
//! value is a version byte and the page in bincode with variable-length integers: small, and read
//! by this program alone, since a checkpoint can be thrown away at any time. A page of payments
//! begins with its ids, so that a start can take those and leave the rest where it is.

mod decode;
mod encode;

use bincode::config::{Configuration, Limit, LittleEndian, Varint};
use domain::limits::FILED_BYTES_MAX;
use domain::page::{PageName, STAGED_PER_PAGE};

use crate::limits::CHECKPOINT_VALUE_BYTES_MAX;

pub use decode::{PageError, WhichPayments, decode};
pub use encode::encode;

/// Version of every row written here. A checkpoint with another one is thrown away.
pub const PAGE_VERSION: u8 = 3;

/// Largest value that is decoded, in bytes: one with a rest, both as large as they may be.
const VALUE_BYTES_MAX: usize = 2 * CHECKPOINT_VALUE_BYTES_MAX;

// The largest papers and what else is written of them.
const _: () = assert!(STAGED_PER_PAGE * (FILED_BYTES_MAX + 64) <= CHECKPOINT_VALUE_BYTES_MAX);

const fn config() -> Configuration<LittleEndian, Varint, Limit<VALUE_BYTES_MAX>> {
    bincode::config::standard().with_limit::<VALUE_BYTES_MAX>()
}

/// What a page's key begins with. Heads come before everything of their kind's year, cells before
/// rows, plans before what draws on them.
mod kind {
    pub(super) const REGISTRATION: u8 = 1;
    pub(super) const HEAD: u8 = 2;
    pub(super) const CELLS: u8 = 3;
    pub(super) const ROWS: u8 = 4;
    pub(super) const PLANS: u8 = 5;
    pub(super) const PAYMENTS: u8 = 6;
    pub(super) const ACTS: u8 = 7;
    pub(super) const REFUSED: u8 = 8;
    pub(super) const CONTRACT: u8 = 9;
    pub(super) const MOVE_OUT: u8 = 10;
    pub(super) const MOVE_REFUSED: u8 = 11;
    pub(super) const MOVE_IN: u8 = 12;
    pub(super) const BATCH: u8 = 13;
    pub(super) const PARKED: u8 = 14;
    pub(super) const SLOT: u8 = 15;
    pub(super) const TRACES: u8 = 16;
    pub(super) const STAGED: u8 = 17;
}

/// The key a page is kept under within its division. At most 30 bytes.
#[must_use]
pub fn key(name: &PageName) -> Vec<u8> {
    use domain::division::RowKey;
    let numbered = |kind: u8, year: domain::FiscalYear, number: u32| {
        let mut key = vec![kind, year.offset()];
        key.extend(number.to_be_bytes());
        key
    };
    match *name {
        PageName::Registration => vec![kind::REGISTRATION],
        PageName::Head(year) => vec![kind::HEAD, year.offset()],
        PageName::Cells(year, number) => numbered(kind::CELLS, year, number),
        PageName::Rows(year, number) => numbered(kind::ROWS, year, number),
        PageName::Plans(year, number) => numbered(kind::PLANS, year, number),
        PageName::Payments(year, number) => numbered(kind::PAYMENTS, year, number),
        PageName::Traces(year, number) => numbered(kind::TRACES, year, number),
        PageName::Acts(year, number) => numbered(kind::ACTS, year, number),
        PageName::Refused(year, number) => numbered(kind::REFUSED, year, number),
        PageName::Key(year, row) => {
            let mut key = vec![0, year.offset()];
            key[0] = match row {
                RowKey::Contract(serial, contract) => {
                    key.extend(serial.to_be_bytes());
                    key.extend(contract.0.to_be_bytes());
                    kind::CONTRACT
                }
                RowKey::MoveOut(id) => {
                    key.extend(id.0.to_be_bytes());
                    kind::MOVE_OUT
                }
                RowKey::MoveRefused(id) => {
                    key.extend(id.0.to_be_bytes());
                    kind::MOVE_REFUSED
                }
                RowKey::MoveIn(id, division, from) => {
                    key.extend(id.0.to_be_bytes());
                    key.extend(division.0.to_be_bytes());
                    key.push(from.offset());
                    kind::MOVE_IN
                }
                RowKey::Batch(id) => {
                    key.extend(id.0.to_be_bytes());
                    kind::BATCH
                }
                RowKey::Staged(id, number) => {
                    key.extend(id.0.to_be_bytes());
                    key.extend(number.to_be_bytes());
                    kind::STAGED
                }
                RowKey::Parked((channel, serial, fingerprint)) => {
                    key.extend(channel.0.to_be_bytes());
                    key.extend(serial.to_be_bytes());
                    key.extend(fingerprint.0.to_be_bytes());
                    kind::PARKED
                }
                RowKey::Slot(number) => {
                    key.extend(number.to_be_bytes());
                    kind::SLOT
                }
            };
            key
        }
    }
}

// Rows as they are written. Tuples in the order of the fields they come from.

type RefusalRow = (u16, Vec<(u16, i64, i64)>);
type RefusedIdRow = (u128, u128, bool, u64, RefusalRow, u64);
type CellRow = ((u32, u32, u32, u8, bool, bool, [u8; 8], [u8; 8]), [i64; 10]);
type ColdRow = (u64, u8, i64, String, [i64; 10], u32, (u32, [i64; 3]));
type PlanRow = (u64, u32, [i64; 12], [i64; 12]);
type ActRowOf = (u128, u128, u64, bool, u64);
type PaymentRow = (
    (u128, u64, i64, i64, u64, [u64; 3], u64, u64, u64),
    ([u8; 8], u64, u64, u64, u32, u32, [u8; 7]),
    (Vec<(u8, u64, u64)>, Vec<(u8, u16, u64, u128)>, Vec<(u64, i64, u32, bool, bool)>),
);
type HeadRow = (u8, (u32, i64, u64, u64), (i64, i64), u64, u64);
type TraceRow = (u64, i64, i64, [u8; 8], [u8; 8], u32, u32, Vec<u64>);
type ContractRow = (u64, u64, i64, i64, bool);
type MoveOutOf = (u128, u64, u64, u8, u64, u64, i64, [u8; 8], u8);
type MoveInOf = (u64, u64, i64, u16);
type StagedRow = (u8, u64, i64, u128, String);
type SlotRow = (u8, String, Option<String>);
type BatchRow = (u128, u64, u32, u128, u128, u64, u8);
type ParkedRow = (u64, u8, u8, u128, u64, i64, u64, u32, u64, u32, String, u16, u64);

/// What stands for the kind of a staged act where a paper is staged.
const STAGED_PAPER: u8 = 192;

/// How a row that is found by key begins.
mod presence {
    pub(super) const GONE: u8 = 0;
    pub(super) const HERE: u8 = 1;
    pub(super) const ENDED: u8 = 2;
}
