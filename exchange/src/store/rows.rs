//! What a store keeps in memory of each letter: a row. Its bytes are in the journal.

use domain::ids::Day;
use domain::voucher::{Flag, VoucherKey};

use crate::envelope::Digest;
use crate::record::Lane;

/// Where a letter of ours stands. Numbers rise with the way it goes; those from 16 on are ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum OutState {
    /// Sealed, and never given to a line (已签章).
    Waiting = 1,
    /// The other side does not take it as it is; a person looks at it.
    Stopped = 2,
    /// Numbered, perhaps on the line (已发送).
    Given = 3,
    /// The other side has it, durably (对方已接收).
    Arrived = 4,
    /// The other side took it as a document (签收成功).
    Taken = 5,
    /// The other side answered it with a receipt (已回单).
    Receipted = 6,
    /// Voided before it left (已作废).
    Voided = 16,
    /// The other side did not take it (签收失败).
    NotTaken = 17,
    /// The other side sent it back (已退回).
    Returned = 18,
    /// Given up by a person.
    GivenUp = 19,
}

impl OutState {
    /// All of them.
    pub const ALL: [OutState; 10] = [
        OutState::Waiting,
        OutState::Stopped,
        OutState::Given,
        OutState::Arrived,
        OutState::Taken,
        OutState::Receipted,
        OutState::Voided,
        OutState::NotTaken,
        OutState::Returned,
        OutState::GivenUp,
    ];

    /// Whether nothing more happens to it but a receipt.
    #[must_use]
    pub const fn is_end(self) -> bool {
        self as u8 >= OutState::Voided as u8
    }

    /// Its name in commands and JSON; no letter of the other side has one of these.
    #[must_use]
    pub const fn slug(self) -> &'static str {
        match self {
            OutState::Waiting => "waiting",
            OutState::Stopped => "stopped",
            OutState::Given => "given",
            OutState::Arrived => "arrived",
            OutState::Taken => "taken",
            OutState::Receipted => "receipted",
            OutState::Voided => "voided",
            OutState::NotTaken => "not-taken",
            OutState::Returned => "returned",
            OutState::GivenUp => "given-up",
        }
    }

    /// What officials call it.
    #[must_use]
    pub const fn chinese(self) -> &'static str {
        match self {
            OutState::Waiting => "已签章，待发送",
            OutState::Stopped => "已停发，待人工处理",
            OutState::Given => "已发送",
            OutState::Arrived => "对方已接收",
            OutState::Taken => "对方签收成功",
            OutState::Receipted => "已回单",
            OutState::Voided => "已作废",
            OutState::NotTaken => "对方签收失败",
            OutState::Returned => "对方已退回",
            OutState::GivenUp => "已放弃发送",
        }
    }
}

/// Where a letter of the other side stands with us.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum InState {
    /// Notices, which were followed.
    Notices = 1,
    /// A person looks at it.
    SetAside = 2,
    /// Taken as a document.
    Taken = 3,
    /// Answered with a receipt.
    Answered = 4,
    /// Not taken.
    NotTaken = 16,
    /// Taken, and sent back later.
    SentBack = 17,
}

impl InState {
    /// All of them.
    pub const ALL: [InState; 6] = [
        InState::Notices,
        InState::SetAside,
        InState::Taken,
        InState::Answered,
        InState::NotTaken,
        InState::SentBack,
    ];

    /// Its name in commands and JSON; no letter of ours has one of these.
    #[must_use]
    pub const fn slug(self) -> &'static str {
        match self {
            InState::Notices => "notices",
            InState::SetAside => "set-aside",
            InState::Taken => "accepted",
            InState::Answered => "answered",
            InState::NotTaken => "refused",
            InState::SentBack => "sent-back",
        }
    }

    /// What officials call it.
    #[must_use]
    pub const fn chinese(self) -> &'static str {
        match self {
            InState::Notices => "通知",
            InState::SetAside => "已搁置，待人工处理",
            InState::Taken => "签收成功",
            InState::Answered => "已发回单",
            InState::NotTaken => "签收失败",
            InState::SentBack => "已退回对方",
        }
    }
}

/// What is kept of each letter, whichever way it goes.
#[derive(Clone, Debug)]
pub struct Row {
    /// The voucher's key; none for notices and for what cannot be read.
    pub key: Option<VoucherKey>,
    /// Original or receipt.
    pub flag: Flag,
    /// First half of the digest of what was signed.
    pub digest: [u8; 16],
    /// Sequence of the record that holds the letter, in our journal.
    pub(super) at: [u32; 2],
    /// The day it was queued or arrived.
    pub day: Day,
    /// The number of its last message, as it was given or came last; 0: none.
    pub number: u32,
    /// How many messages it takes on a line.
    pub pieces: u16,
    /// Where it stands: [`OutState`] or [`InState`].
    pub(super) state: u8,
    /// In which lane it waits or came.
    pub(super) lane: u8,
    /// Times it was sealed anew.
    pub(crate) resealed: u8,
    /// Whether it went or came by paper.
    pub by_paper: bool,
    /// Whether it was asked back.
    pub asked_back: bool,
    /// Whether the other side said that it has another voucher under its number.
    pub met_another: bool,
}

impl Row {
    /// Sequence of the record that holds the letter, in our journal.
    #[must_use]
    pub const fn at(&self) -> u64 {
        self.at[0] as u64 | (self.at[1] as u64) << 32
    }

    pub(super) const fn place(&mut self, at: u64) {
        self.at = [at as u32, (at >> 32) as u32];
    }

    /// Where a letter of ours stands.
    #[must_use]
    pub fn out_state(&self) -> OutState {
        let found = OutState::ALL.into_iter().find(|state| *state as u8 == self.state);
        found.expect("a row of an outbox has a state of one")
    }

    /// Where a letter of the other side stands.
    #[must_use]
    pub fn in_state(&self) -> InState {
        let found = InState::ALL.into_iter().find(|state| *state as u8 == self.state);
        found.expect("a row of an inbox has a state of one")
    }

    /// Times it was sealed anew.
    #[must_use]
    pub const fn times_sealed_anew(&self) -> u8 {
        self.resealed
    }

    /// Its lane.
    #[must_use]
    pub fn lane(&self) -> Lane {
        Lane::from_number(self.lane).expect("a row has a lane")
    }

    /// Whether it has the same digest, as far as rows keep it.
    #[must_use]
    pub fn is_of(&self, digest: &Digest) -> bool {
        digest.0[..16] == self.digest
    }
}

/// The first half of a digest.
pub(super) fn half(digest: &Digest) -> [u8; 16] {
    *digest.0.first_chunk().expect("a digest has 32 bytes")
}

const _: () = assert!(size_of::<Row>() <= 84);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_known_by_its_name_whichever_way_a_letter_goes() {
        let ours = OutState::ALL.map(OutState::slug);
        let theirs = InState::ALL.map(InState::slug);
        let names: std::collections::BTreeSet<_> = ours.iter().chain(&theirs).collect();
        assert_eq!(names.len(), ours.len() + theirs.len());
    }
}
