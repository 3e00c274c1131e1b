//! What a party's journal says: everything that changed its store and its business, one record each.
//!
//! `docs/exchange.md` lists the bytes. A record's kind is never used again for another meaning. What does not fit
//! one record is cut into parts ([`turn`]).

mod bytes;
mod owner;
pub mod turn;

use domain::ids::Day;
use domain::voucher::Party;

use crate::certificates::CertificateEvent;
use crate::envelope::Envelope;
use crate::notice::{Failure, Notice};

pub use owner::{Owner, Stranger};

/// The first kind of the exchange's records.
pub const KIND_FIRST: u16 = 4096;
/// The last one.
pub const KIND_LAST: u16 = KIND_FIRST + 255;
/// A part of the next record that is no part.
pub const KIND_PART: u16 = KIND_FIRST;
/// The turn goes on in the next group: without that, all of it is void.
pub const KIND_GOES_ON: u16 = KIND_FIRST + 1;
/// The version of every layout here.
pub const RECORD_VERSION: u16 = 1;

/// In which queue a letter waits for its counterparty. A lower one goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Lane {
    /// Notices: small, and others wait for them.
    Notices = 0,
    /// Payroll, relief and direct funds (工资、救灾救助、直达资金).
    Urgent = 1,
    /// All others.
    Ordinary = 2,
}

impl Lane {
    /// Every lane, the first to go first.
    pub const ALL: [Lane; 3] = [Lane::Notices, Lane::Urgent, Lane::Ordinary];

    /// The lane with a stable number.
    #[must_use]
    pub const fn from_number(number: u8) -> Option<Lane> {
        match number {
            0 => Some(Lane::Notices),
            1 => Some(Lane::Urgent),
            2 => Some(Lane::Ordinary),
            _ => None,
        }
    }
}

/// What became of a letter that arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// A voucher that was taken.
    Taken,
    /// A voucher that had been here: entry of the inbox. It is answered as before.
    Repeated {
        /// Where it is kept.
        entry: u32,
    },
    /// A voucher that was not taken.
    NotTaken {
        /// Why, for programs.
        failure: Failure,
        /// Why, in words.
        reason: String,
    },
    /// Something a person has to look at, in words for that person.
    SetAside {
        /// Why.
        reason: String,
    },
    /// Notices, which were followed.
    Notices,
}

/// Two persons who vouch for what goes by paper.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TwoPersons {
    /// One.
    pub first: String,
    /// Another.
    pub second: String,
}

impl Event {
    /// About how many bytes its record has, before it is sealed and written.
    #[must_use]
    pub fn about_bytes(&self) -> usize {
        const FIELDS: usize = 256;
        FIELDS
            + match self {
                Event::Queued { envelope, .. }
                | Event::Resealed { envelope, .. }
                | Event::CameByPaper { envelope, .. } => envelope.signed().len(),
                Event::Received { letter, .. } => letter.len(),
                Event::Piece { bytes, .. } | Event::Business(bytes) => bytes.len(),
                Event::Given { entries, .. } => 4 * entries.len(),
                Event::TookBack { entries, .. } => 12 * entries.len(),
                _ => 0,
            }
    }
}

/// One thing that changed a party's store or its business.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Whose journal it is: what its first turn says.
    Owned(Box<Owner>),
    /// A letter was put into an outbox; its entry is the next one there.
    Queued {
        /// For whom.
        to: Party,
        /// Where it waits.
        lane: Lane,
        /// The day.
        day: Day,
        /// The letter, sealed.
        envelope: Envelope,
    },
    /// Letters were numbered; from then on they may be on the line.
    Given {
        /// For whom.
        to: Party,
        /// The number of the first.
        first: u64,
        /// Entries of the outbox, in the order of their numbers.
        entries: Vec<u32>,
    },
    /// The other side has letters up to a number, durably.
    Acknowledged {
        /// Who.
        by: Party,
        /// The last number.
        through: u64,
    },
    /// A piece of a letter arrived that is too long for one message.
    Piece {
        /// From whom.
        from: Party,
        /// Its number.
        number: u64,
        /// Its bytes.
        bytes: Vec<u8>,
    },
    /// The next letter arrived.
    Received {
        /// From whom.
        from: Party,
        /// Its number.
        number: u64,
        /// The day.
        day: Day,
        /// What became of it.
        arrival: Arrival,
        /// Its bytes; none where it had been here.
        letter: Vec<u8>,
    },
    /// What was set aside on arrival was settled by a person.
    Settled {
        /// From whom it had come.
        from: Party,
        /// Its entry in the inbox.
        entry: u32,
        /// What became of it.
        arrival: Arrival,
        /// By whom; empty where its sender asked it back.
        by: String,
        /// The notices in it that are followed now.
        notices: Vec<Notice>,
    },
    /// A voucher that had been taken was sent back.
    SentBack {
        /// To whom.
        to: Party,
        /// Its entry in the inbox.
        entry: u32,
    },
    /// A letter was voided that had never left.
    Voided {
        /// Whom it was for.
        to: Party,
        /// Its entry in the outbox.
        entry: u32,
        /// By whom.
        by: String,
        /// Why.
        reason: String,
    },
    /// A letter was sealed anew and waits again.
    Resealed {
        /// For whom.
        to: Party,
        /// Its entry in the outbox.
        entry: u32,
        /// By whom; empty where it was done by itself.
        by: String,
        /// The letter under its new seals.
        envelope: Envelope,
    },
    /// A letter was set aside that the other side does not take as it is.
    Stopped {
        /// Whom it was for.
        to: Party,
        /// Its entry in the outbox.
        entry: u32,
        /// Why.
        reason: String,
    },
    /// A letter that had been set aside was given up by a person.
    GivenUp {
        /// Whom it was for.
        to: Party,
        /// Its entry in the outbox.
        entry: u32,
        /// By whom.
        by: String,
        /// Why.
        reason: String,
    },
    /// A letter that waits went by paper too.
    WentByPaper {
        /// For whom.
        to: Party,
        /// Its entry in the outbox.
        entry: u32,
        /// Who vouch for it.
        persons: TwoPersons,
        /// Why.
        reason: String,
    },
    /// A voucher came by paper and was typed in; the electronic one will be matched to it.
    CameByPaper {
        /// From whom.
        from: Party,
        /// The day.
        day: Day,
        /// Who vouch for it.
        persons: TwoPersons,
        /// The voucher, without seals.
        envelope: Envelope,
    },
    /// A letter that is on the line was asked back.
    AskedBack {
        /// From whom.
        to: Party,
        /// Its entry in the outbox.
        entry: u32,
        /// By whom.
        by: String,
    },
    /// A store that was restored knows again what it had sent: these numbers are or were of these letters, and the other
    /// side has all of them.
    TookBack {
        /// To whom they had gone.
        to: Party,
        /// The last number that the other side has.
        through: u64,
        /// The last number of each letter that is known, and its entry in the outbox; by rising number.
        entries: Vec<(u64, u32)>,
        /// Who vouch for it.
        persons: TwoPersons,
        /// Why.
        reason: String,
    },
    /// The business changed.
    Business(Vec<u8>),
    /// A certificate was filed, verified or revoked.
    Certificate(CertificateEvent),
    /// A day begins.
    Day(Day),
    /// A person may vouch for paper vouchers, or may no longer.
    Authorised {
        /// Who.
        person: String,
        /// Whether they may.
        may: bool,
        /// By whose word.
        by: String,
    },
    /// The banks' cut-off has passed: what is written to them from now on, and what waits, is held for the next
    /// working day.
    CutOff,
    /// A working day has begun: what was held for it goes out.
    LetGo,
    /// Another journal was followed up to here, in the follower's own words.
    Followed(Vec<u8>),
    /// Something is wrong that is nobody's letter.
    Trouble {
        /// What.
        what: String,
    },
}
