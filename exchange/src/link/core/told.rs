//! What a link is told at its begin, and what it tells: events, actions, figures.

use domain::voucher::Party;

use crate::link::hello::Environment;
use crate::link::{Line, Reason};

/// Who and where our side is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ours {
    /// Our party.
    pub party: Party,
    /// The other side's.
    pub peer: Party,
    /// The installation.
    pub environment: Environment,
    /// Which of our starts this is. Another start, another number.
    pub epoch: u64,
    /// The highest number of a durable message we have for the other side; 0: none.
    pub last: u64,
    /// The highest number up to which we have every message of the other side durably; 0: none.
    pub durable: u64,
    /// Whether this side dials. The other one listens.
    pub dials: bool,
    /// Whether there is a backup line.
    pub backup: bool,
}

/// What a store hears.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The other side's next message. [`super::Link::durable`] says when it is kept.
    Message {
        /// Its number: one more than that of the last event of this kind.
        sequence: u64,
        /// What it says.
        bytes: Vec<u8>,
    },
    /// The other side has all of ours durably, up to this number.
    Acknowledged {
        /// The number.
        sequence: u64,
    },
    /// A line is open and both hellos go together.
    LineUp {
        /// Which.
        line: Line,
    },
    /// A line ended, or could not be had.
    LineDown {
        /// Which.
        line: Line,
        /// Why.
        reason: Reason,
        /// Whether the other side said so.
        told: bool,
        /// More of it, in words; may be empty.
        words: String,
    },
    /// A line carries less than it has to. It stays in use while there is no better one.
    LineSlow {
        /// Which.
        line: Line,
    },
    /// Messages go by another line from here on.
    Switched {
        /// The line they went by.
        from: Line,
        /// The line they go by.
        to: Line,
        /// Why.
        reason: Reason,
        /// How many switches there were, this one included.
        switches: u64,
        /// Messages that are sent a second time; the other side drops those it has.
        repeated: u64,
    },
    /// The other side, in a new start, has less than it had acknowledged: it was restored from an older copy.
    /// It is sent again.
    WentBack {
        /// What was acknowledged.
        acknowledged: u64,
        /// What it has.
        durable: u64,
    },
    /// One of the stores was restored from an older copy: it does not have what the other one knows of it.
    /// Nothing goes over the link before people have compared them.
    Diverged(Apart),
    /// The store did not give a message it had offered, or one that is too long: nothing more is sent before it
    /// offers again.
    Stuck {
        /// The number of the message.
        sequence: u64,
    },
}

/// What each of two stores that have gone apart knows, as we see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Apart {
    /// The highest number that we have for the other side.
    pub ours: u64,
    /// The highest of ours that it has.
    pub theirs_of_ours: u64,
    /// The highest number that it has for us.
    pub theirs: u64,
    /// The highest of its that we have.
    pub ours_of_theirs: u64,
}

impl Apart {
    /// Whether it is us who were restored from an older copy: the other side has more of ours than we know of.
    #[must_use]
    pub const fn we_are_behind(&self) -> bool {
        self.theirs_of_ours > self.ours
    }

    /// As the last words on a line: the four numbers, as the one who says them sees it.
    pub(super) fn words(&self) -> String {
        let Apart { ours, theirs_of_ours, theirs, ours_of_theirs } = self;
        format!("{ours} {theirs_of_ours} {theirs} {ours_of_theirs}")
    }

    /// What such words mean to the one who hears them; none where they are others.
    pub(super) fn told(words: &str) -> Option<Apart> {
        let mut numbers = words.split(' ').map(str::parse::<u64>);
        let mut next = || numbers.next()?.ok();
        let (theirs, ours_of_theirs, ours, theirs_of_ours) = (next()?, next()?, next()?, next()?);
        let apart = Apart { ours, theirs_of_ours, theirs, ours_of_theirs };
        numbers.next().is_none().then_some(apart)
    }
}

/// What the shell does for the link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Dial a line; [`super::Link::connected`] or [`super::Link::unreachable`] has to follow.
    Dial(Line),
    /// End a connection, once these last bytes are written or some time has passed. It is not the link's any
    /// more: nothing it says matters.
    Close {
        /// Which one.
        connection: u64,
        /// The last bytes; may be empty.
        bye: Vec<u8>,
    },
}

/// What the link has done since it began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Messages handed to a line, repeated ones too.
    pub sent: u64,
    /// Of these, how many went a second time.
    pub repeated: u64,
    /// Messages taken.
    pub taken: u64,
    /// Messages dropped because they were here already.
    pub duplicates: u64,
    /// Changes of the line that messages go by.
    pub switches: u64,
    /// Lines that ended.
    pub downs: u64,
}

/// How the link is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// The line that messages go by; `None` while there is none.
    pub sending: Option<Line>,
    /// Whether the primary line is up.
    pub primary: bool,
    /// Whether the backup line is up.
    pub backup: bool,
    /// Messages offered that are not acknowledged.
    pub waiting: u64,
    /// Bytes of frames on their way, not acknowledged.
    pub in_flight_bytes: u64,
    /// What it has done.
    pub counts: Counts,
}
