//! Which division an encoded command goes to, read without decoding it.

use domain::QuotaId;
use domain::ids::DivisionIndex;

use crate::bytes::at;
use crate::layout::{DIVISION, ID, KIND, QUOTA};
use crate::limits::COMMAND_BYTES;

/// First of the kinds that name a division instead of a quota.
const PLACED_KINDS: u16 = 80;

/// The number of what the command asks.
#[inline]
#[must_use]
pub fn kind_of(row: &[u8; COMMAND_BYTES]) -> u16 {
    u16::from_le_bytes(at(row, KIND))
}

/// The division that decides the command. Of an unknown kind, whatever stands there: the decoder
/// turns it away.
#[inline]
#[must_use]
pub fn division_of(row: &[u8; COMMAND_BYTES]) -> DivisionIndex {
    if kind_of(row) >= PLACED_KINDS {
        DivisionIndex(u16::from_le_bytes(at(row, DIVISION)))
    } else {
        QuotaId(u64::from_le_bytes(at(row, QUOTA))).division()
    }
}

/// Whether the command reports a fact.
#[inline]
#[must_use]
pub fn is_fact(row: &[u8; COMMAND_BYTES]) -> bool {
    let kind = kind_of(row);
    let facts = crate::layout::FACTS;
    kind > facts && kind < facts + 10
}

/// The payment and quota of a reservation; `None` for every other command.
#[inline]
#[must_use]
pub fn reservation(row: &[u8; COMMAND_BYTES]) -> Option<(u128, QuotaId)> {
    let reserves = matches!(kind_of(row), 1 | 2);
    reserves
        .then(|| (u128::from_le_bytes(at(row, ID)), QuotaId(u64::from_le_bytes(at(row, QUOTA)))))
}
