//! The domain's events as records: their kinds, and their way to bytes and back.
//!
//! Disk types are apart from domain types and converted by hand, so that neither changes because
//! the other did. A kind's number and a version's layout never change; a new layout is a new
//! version beside the old one. Encoding allocates nothing; decoding borrows texts and particulars
//! from the record. Never judges an event: what is well formed is returned as it was written.

mod decode;
mod encode;
mod layout;
mod routing;

use domain::event::{Event, EventBody, RunId};
use thiserror::Error;

use crate::record::{RecordRef, RecordWriter};

pub use routing::{division, payment};

/// The only layout of every kind so far.
pub const EVENT_VERSION: u16 = 1;

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $number:literal;)+) => {
        $($(#[$doc])* pub const $name: u16 = $number;)+

        /// Every kind of domain event.
        pub const EVENT_KINDS: &[u16] = &[$($name,)+];
    };
}

kinds! {
    /// Money was reserved for a payment.
    KIND_RESERVED = 16;
    /// An order changed a payment.
    KIND_STEPPED = 17;
    /// A fact was taken into its payment.
    KIND_FACT_TAKEN = 18;
    /// A fact was put into suspense.
    KIND_FACT_PARKED = 19;
    /// An order changed a quota.
    KIND_ACTED = 20;
    /// A quota was created.
    KIND_CREATED = 21;
    /// Money left a quota.
    KIND_MOVED_OUT = 22;
    /// Money in transit arrived.
    KIND_MOVED_IN = 23;
    /// The receiver can never take a move.
    KIND_MOVE_DECLINED = 24;
    /// The origin knows how its move ended.
    KIND_MOVE_SETTLED = 25;
    /// A limit across quotas was set.
    KIND_LIMIT_SET = 26;
    /// A batch was opened.
    KIND_BATCH_OPENED = 27;
    /// A batch was closed or dropped.
    KIND_BATCH_ENDED = 28;
    /// A year went to another state.
    KIND_YEAR_SET = 29;
    /// A division was registered.
    KIND_REGISTERED = 30;
    /// A parked fact was decided about.
    KIND_RESOLVED = 31;
    /// An id was ended by a refusal.
    KIND_REFUSED = 32;
    /// The ids of a linked run were ended by a refusal.
    KIND_RUN_REFUSED = 33;
    /// A paper was filed.
    KIND_FILED = 34;
}

/// Why a record is no event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum EventError {
    /// The kind or its version is not one of ours.
    #[error(
        "records of kind {kind} version {version} are not known; use the program version that \
         wrote them"
    )]
    UnknownKind {
        /// The record's kind.
        kind: u16,
        /// Its version.
        version: u16,
    },
    /// The body ends early, or goes on where it should end, or a text is not UTF-8.
    #[error("the body of a record of kind {kind} does not have its layout; run `treasury verify`")]
    Layout {
        /// The record's kind.
        kind: u16,
    },
    /// A field has a value that is never written.
    #[error("a record of kind {kind} has {value} as its {field}; run `treasury verify`")]
    Field {
        /// The record's kind.
        kind: u16,
        /// The field.
        field: &'static str,
        /// Its value.
        value: u64,
    },
}

/// Whether this program understands records of a kind and version.
#[must_use]
pub const fn knows(kind: u16, version: u16) -> bool {
    version == EVENT_VERSION && kind >= KIND_RESERVED && kind <= KIND_FILED
}

// `knows` asks for a range, so the kinds have to be one.
const _: () = {
    let mut index = 0;
    while index < EVENT_KINDS.len() {
        assert!(EVENT_KINDS[index] == KIND_RESERVED + index as u16);
        index += 1;
    }
    assert!(EVENT_KINDS[index - 1] == KIND_FILED);
};

/// The record kind of an event.
#[must_use]
pub const fn kind_of(event: &Event<'_>) -> u16 {
    match event.body {
        EventBody::Reserved { .. } => KIND_RESERVED,
        EventBody::Stepped { .. } => KIND_STEPPED,
        EventBody::FactTaken { .. } => KIND_FACT_TAKEN,
        EventBody::FactParked { .. } => KIND_FACT_PARKED,
        EventBody::Acted { .. } => KIND_ACTED,
        EventBody::Created { .. } => KIND_CREATED,
        EventBody::MovedOut { .. } => KIND_MOVED_OUT,
        EventBody::MovedIn { .. } => KIND_MOVED_IN,
        EventBody::MoveDeclined { .. } => KIND_MOVE_DECLINED,
        EventBody::MoveSettled { .. } => KIND_MOVE_SETTLED,
        EventBody::LimitSet { .. } => KIND_LIMIT_SET,
        EventBody::BatchOpened { .. } => KIND_BATCH_OPENED,
        EventBody::BatchEnded { .. } => KIND_BATCH_ENDED,
        EventBody::YearSet { .. } => KIND_YEAR_SET,
        EventBody::Registered { .. } => KIND_REGISTERED,
        EventBody::Resolved { .. } => KIND_RESOLVED,
        EventBody::Filed { .. } => KIND_FILED,
        EventBody::Refused { .. } => KIND_REFUSED,
        EventBody::RunRefused { .. } => KIND_RUN_REFUSED,
    }
}

/// Appends an event to a run, as one record.
pub fn write(event: &Event<'_>, run: &mut RecordWriter) {
    run.write_with(kind_of(event), EVENT_VERSION, |body| encode::encode(event, body));
}

/// Appends the body of an event's record to `body`.
pub fn encode(event: &Event<'_>, body: &mut Vec<u8>) {
    encode::encode(event, body);
}

/// The event of a record. `ids` is memory for the ids of a refused linked run, reused from call
/// to call; everything else borrows from the record.
///
/// # Errors
/// When the record is no event, or none of this version.
pub fn decode<'a>(
    record: &RecordRef<'a>,
    ids: &'a mut Vec<RunId>,
) -> Result<Event<'a>, EventError> {
    let RecordRef { kind, version, body, .. } = *record;
    if !knows(kind, version) {
        return Err(EventError::UnknownKind { kind, version });
    }
    decode::decode(kind, body, ids)
}
