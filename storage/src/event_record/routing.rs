//! Whose a record is and which payment it names, read without the rest of it: for whoever deals
//! records out to threads, and whoever looks ahead in them.

use domain::ids::{DivisionIndex, PaymentId, QuotaId};

use super::*;

/// Bytes of who gave the command, at the begin of every body (`ByOnDisk`).
const BY: usize = 11;

/// Where a body says its division.
enum Says {
    /// As a division's index at this offset.
    Division(usize),
    /// In a quota's id at this offset.
    Quota(usize),
}

/// The offsets follow from the layouts: versions have 4 bytes, fingerprints and ids of commands
/// 16, kinds, roles and flags 1.
const fn says(kind: u16) -> Option<Says> {
    Some(match kind {
        KIND_RESERVED => Says::Quota(BY + 4 + 16 + 4 + 1 + 1 + 16),
        KIND_STEPPED => Says::Quota(BY + 4 + 1 + 16),
        KIND_FACT_TAKEN => Says::Quota(BY + 4 + 16 + 1 + 1 + 16),
        KIND_ACTED => Says::Quota(BY + 4 + 16 + 1 + 16),
        KIND_CREATED => Says::Quota(BY),
        KIND_MOVED_OUT => Says::Quota(BY + 4 + 16 + 1 + 16),
        KIND_MOVED_IN => Says::Quota(BY + 4 + 1 + 16 + 8),
        KIND_MOVE_DECLINED => Says::Quota(BY + 2 + 1 + 16 + 8),
        KIND_MOVE_SETTLED => Says::Quota(BY + 4 + 16),
        KIND_LIMIT_SET => Says::Division(BY + 4 + 16 + 16),
        KIND_BATCH_OPENED | KIND_BATCH_ENDED | KIND_YEAR_SET | KIND_FILED => {
            Says::Division(BY + 16 + 16)
        }
        KIND_FACT_PARKED | KIND_REGISTERED | KIND_RUN_REFUSED => Says::Division(BY),
        KIND_RESOLVED => Says::Division(BY + 16 + 16 + 16),
        KIND_REFUSED => Says::Division(BY + 1 + 16 + 8),
        _ => return None,
    })
}

/// The division that the event of a record belongs to. Nothing else of the record is looked at.
///
/// # Errors
/// When the record is no event, or too short to say.
pub fn division(record: &RecordRef<'_>) -> Result<DivisionIndex, EventError> {
    let RecordRef { kind, version, body, .. } = *record;
    let unknown = EventError::UnknownKind { kind, version };
    let says = if knows(kind, version) { says(kind) } else { None };
    let read = match says.ok_or(unknown)? {
        Says::Division(at) => {
            let index = body.get(at..).and_then(<[u8]>::first_chunk);
            index.map(|bytes| DivisionIndex(u16::from_le_bytes(*bytes)))
        }
        Says::Quota(at) => {
            let quota = body.get(at..).and_then(<[u8]>::first_chunk);
            quota.map(|bytes| QuotaId(u64::from_le_bytes(*bytes)).division())
        }
    };
    read.ok_or(EventError::Layout { kind })
}

/// The payment and its quota, of a record that a payment goes on with. Nothing else of the record
/// is looked at.
#[must_use]
pub fn payment(record: &RecordRef<'_>) -> Option<(PaymentId, QuotaId)> {
    if !matches!(record.kind, KIND_RESERVED | KIND_STEPPED | KIND_FACT_TAKEN) {
        return None;
    }
    let Some(Says::Quota(at)) = says(record.kind) else { return None };
    // In each of them the payment's id stands before the quota's.
    let (payment, rest) = record.body.get(at - 16..)?.split_first_chunk()?;
    let quota = rest.first_chunk()?;
    Some((PaymentId(u128::from_le_bytes(*payment)), QuotaId(u64::from_le_bytes(*quota))))
}
