//! The register of differences (对账差异登记簿): each is opened by a comparison, keeps its age, and ends by a command.
//!
//! [`Register::decide`] changes nothing; [`Register::apply`] is the only change, live and in replay. Open differences
//! block the close of their day, unless they are carried as named items.

mod apply;
mod compare;
mod decide;
mod order;
mod refusal;
mod told;

use std::collections::{BTreeMap, BTreeSet};

use crate::ids::{Day, PersonId};
use crate::office::rules::windows::day_number;
use crate::voucher::Party;

use super::class::{OwnedFinding, Place, Remedy};
use super::line::{Figures, Source};

pub use decide::words;
pub use order::{Event, Order};
pub use refusal::Refusal;

/// A difference's number in its register, from 1; never used again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DifferenceId(pub u64);

impl std::fmt::Display for DifferenceId {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "D{}", self.0)
    }
}

impl DifferenceId {
    /// A number as it is listed, `D12`; `d12` and `12` will do.
    #[must_use]
    pub fn parse(text: &str) -> Option<DifferenceId> {
        let number = text.strip_prefix(['D', 'd']).unwrap_or(text);
        number.parse().ok().map(DifferenceId)
    }
}

/// Whose statement of what: what differences are opened under.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Told {
    /// What it tells of.
    pub source: Source,
    /// Who tells it.
    pub party: Party,
}

/// Something said on a day, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// By whom.
    pub person: PersonId,
    /// When.
    pub day: Day,
    /// What: a letter's number, a reason.
    pub words: Box<str>,
}

/// A difference that is carried past a close as a named item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Carried {
    /// The day whose close it blocks again.
    pub until: Day,
    /// Who carried it, when and why.
    pub remark: Remark,
}

/// How a difference ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Compared anew, both sides agree.
    Agreed,
    /// The other side confirmed ours, or withdrew its line.
    Confirmed {
        /// What they say now.
        theirs: Option<Figures>,
        /// Who took it down, and their paper's number.
        remark: Remark,
    },
    /// Ours was corrected by a fact that was posted.
    Corrected {
        /// What we say now.
        ours: Option<Figures>,
        /// Who did, and the fact.
        remark: Remark,
    },
    /// Two persons accept that the sides differ.
    Accepted {
        /// Who proposed it.
        first: Remark,
        /// Who agreed.
        second: Remark,
    },
}

/// A difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Its number.
    pub id: DifferenceId,
    /// Whose statement of what it came from.
    pub told: Told,
    /// What differs.
    pub finding: OwnedFinding,
    /// The day of the statement it appeared with: its age counts from here.
    pub opened: Day,
    /// The day of the statement that brought the other half of it.
    pub joined: Option<Day>,
    /// The person in finance who sees to it; [`PersonId::NOBODY`] before anybody does.
    pub assigned: PersonId,
    /// The last letter to the other side.
    pub written: Option<Remark>,
    /// Who proposed to accept it.
    pub proposed: Option<Remark>,
    /// Whether it is carried as a named item.
    pub carried: Option<Carried>,
    /// How it ended; none while it is open.
    pub ending: Option<Ending>,
}

impl Difference {
    /// Whether it is open.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        self.ending.is_none()
    }

    /// Who moves first, and what resolves it.
    #[must_use]
    pub const fn remedy(&self) -> Remedy {
        let surplus = self.finding.surplus();
        self.finding.class.remedy(self.told.source, surplus)
    }

    /// Days since the statement it appeared with.
    #[must_use]
    pub fn age_days(&self, today: Day) -> u32 {
        day_number(today).saturating_sub(day_number(self.opened))
    }

    /// Whether it stands in the way of closing a day.
    #[must_use]
    pub fn blocks(&self, day: Day) -> bool {
        let is_carried = self.carried.as_ref().is_some_and(|carried| carried.until > day);
        self.is_open() && self.opened <= day && !is_carried
    }

    /// The last day whose statements have to do with it.
    fn last_day(&self) -> Day {
        self.joined.map_or(self.opened, |joined| joined.max(self.opened))
    }
}

/// One statement that was compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Pairs of lines that say the same.
    pub agreed: u64,
    /// Differences it brought.
    pub different: u64,
}

/// Differences, and which statements were compared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Register {
    last: DifferenceId,
    /// Open ones, and ended ones of days that are not closed.
    kept: BTreeMap<DifferenceId, Difference>,
    by_place: BTreeMap<(Told, Place), BTreeSet<DifferenceId>>,
    compared: BTreeMap<(Day, Told), Outcome>,
    closed_until: Option<Day>,
}

impl Register {
    /// Nothing.
    #[must_use]
    pub fn new() -> Register {
        Register::default()
    }

    /// A difference: open, or ended on a day that is not closed.
    #[must_use]
    pub fn get(&self, id: DifferenceId) -> Option<&Difference> {
        self.kept.get(&id)
    }

    /// Open differences, the oldest number first.
    pub fn open(&self) -> impl Iterator<Item = &Difference> {
        self.kept.values().filter(|difference| difference.is_open())
    }

    /// What stands in the way of closing a day.
    pub fn blocking(&self, day: Day) -> impl Iterator<Item = &Difference> {
        self.open().filter(move |difference| difference.blocks(day))
    }

    /// Open differences that are carried past a day as named items.
    pub fn carried(&self, day: Day) -> impl Iterator<Item = &Difference> {
        self.open().filter(move |difference| difference.opened <= day && !difference.blocks(day))
    }

    /// What came of comparing a party's statement of a day that is not closed; none when it was not compared.
    #[must_use]
    pub fn compared(&self, day: Day, told: Told) -> Option<Outcome> {
        self.compared.get(&(day, told)).copied()
    }

    /// The last day that is closed.
    #[must_use]
    pub const fn closed_until(&self) -> Option<Day> {
        self.closed_until
    }

    /// How many differences are kept.
    #[must_use]
    pub fn kept(&self) -> usize {
        self.kept.len()
    }
}
