//! Defects planted on purpose, to see whether the simulation sees.
//!
//! Only in builds with the feature `planted-bugs`, and there only where a thread asks for one:
//! where it would strike, the code asks [`is`]. A program that serves is never built with it.

use std::cell::Cell;

/// A defect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Bug {
    /// A group counts as durable when it is written, before it is synced.
    AnswerBeforeDurable,
    /// A start cuts the journal at a damaged group though later groups are whole.
    DamageSkipped,
    /// A repeated act is taken as a new one.
    AppliedTwice,
    /// A move's second half is sent when the first is decided, before it is durable.
    ActsOnUndurable,
    /// An answer without a record of its own leaves before what it saw is durable.
    RefusalTooEarly,
    /// A new segment's name is not synced.
    NoDirectorySync,
    /// A fact that does not fit is answered `Parked` and written nowhere.
    FactDropped,
    /// A release gives money back to the quota and not to the plan it drew on.
    LimitNotGivenBack,
    /// A start from a checkpoint forgets which ids were refused before.
    RefusalsForgotten,
    /// A start cuts a torn end and leaves its bytes where they are.
    TornEndLeft,
    /// A move's second half is taken and its money reaches no quota.
    SecondHalfLost,
}

impl Bug {
    /// All of them.
    pub const ALL: [Bug; 11] = [
        Bug::AnswerBeforeDurable,
        Bug::DamageSkipped,
        Bug::AppliedTwice,
        Bug::ActsOnUndurable,
        Bug::RefusalTooEarly,
        Bug::NoDirectorySync,
        Bug::FactDropped,
        Bug::LimitNotGivenBack,
        Bug::RefusalsForgotten,
        Bug::TornEndLeft,
        Bug::SecondHalfLost,
    ];

    /// Its name in tables and on the command line.
    #[must_use]
    pub const fn slug(self) -> &'static str {
        match self {
            Bug::AnswerBeforeDurable => "answer-before-durable",
            Bug::DamageSkipped => "damage-skipped",
            Bug::AppliedTwice => "applied-twice",
            Bug::ActsOnUndurable => "acts-on-undurable",
            Bug::RefusalTooEarly => "refusal-too-early",
            Bug::NoDirectorySync => "no-directory-sync",
            Bug::FactDropped => "fact-dropped",
            Bug::LimitNotGivenBack => "limit-not-given-back",
            Bug::RefusalsForgotten => "refusals-forgotten",
            Bug::TornEndLeft => "torn-end-left",
            Bug::SecondHalfLost => "second-half-lost",
        }
    }
}

thread_local! {
    static PLANTED: Cell<Option<Bug>> = const { Cell::new(None) };
}

/// Plants a defect for what this thread does from now on; none takes it away.
pub fn plant(bug: Option<Bug>) {
    PLANTED.set(bug);
}

/// Whether this one is planted here.
#[must_use]
pub fn is(bug: Bug) -> bool {
    PLANTED.get() == Some(bug)
}
