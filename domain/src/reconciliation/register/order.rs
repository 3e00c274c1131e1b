//! What can be asked of the register, and what comes of it.

use crate::ids::{Day, PersonId};
use crate::reconciliation::class::OwnedFinding;
use crate::reconciliation::line::Figures;

use super::{Carried, DifferenceId, Ending, Outcome, Remark, Told};

/// What is asked, by a person on a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order<'a> {
    /// All that a party told of one source and day was compared, in one comparison: a part of it would end what the rest
    /// brought. The same again brings nothing new; a corrected statement, or the same one against books that were
    /// mended, ends what is not found any more.
    Compare {
        /// Whose statement of what.
        told: Told,
        /// Of which day.
        day: Day,
        /// Pairs of lines that say the same.
        agreed: u64,
        /// All that differs.
        findings: Vec<OwnedFinding>,
    },
    /// Somebody in finance is to see to it.
    Assign {
        /// Which.
        id: DifferenceId,
        /// Who.
        to: PersonId,
    },
    /// The other side was written to (发函查询). It stays open.
    Write {
        /// Which.
        id: DifferenceId,
        /// The letter's number.
        letter: &'a str,
    },
    /// The other side confirms ours, or withdraws its line (对方确认).
    Confirm {
        /// Which.
        id: DifferenceId,
        /// Their paper's number.
        reference: &'a str,
        /// What they say now; none when they have no such line any more.
        theirs: Option<Figures>,
    },
    /// Ours was corrected: a fact was posted (补记).
    Correct {
        /// Which.
        id: DifferenceId,
        /// The fact: channel and serial, or the correction's number.
        fact: &'a str,
        /// What our books say now; none when they have no such line any more.
        ours: Option<Figures>,
    },
    /// The other side has taken back by a later line what it told before (冲正): lines of one place that add up to nothing, and
    /// of which our books say nothing any more.
    Offset {
        /// Which, all of them.
        ids: &'a [DifferenceId],
        /// What says so: the voucher that came back.
        reference: &'a str,
    },
    /// A person accepts that the sides differ (双人认可). The first proposes it, a second one ends it.
    Accept {
        /// Which.
        id: DifferenceId,
        /// Why.
        reason: &'a str,
    },
    /// It is carried past closes as a named item (列明结转), and blocks that of a later day.
    Carry {
        /// Which.
        id: DifferenceId,
        /// The day whose close it blocks again.
        until: Day,
        /// Why.
        reason: &'a str,
    },
    /// A day, and every day before it, is closed (日终).
    CloseDay {
        /// Which.
        day: Day,
    },
}

/// What was decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A statement was compared.
    Compared {
        /// Whose statement of what.
        told: Told,
        /// Of which day.
        day: Day,
        /// What came of it.
        outcome: Outcome,
    },
    /// A difference was opened.
    Opened {
        /// Its number.
        id: DifferenceId,
        /// Whose statement of what.
        told: Told,
        /// Of which day.
        day: Day,
        /// What differs.
        finding: OwnedFinding,
    },
    /// Other figures of an open difference were told. Proposals to accept it are void.
    Changed {
        /// Which.
        id: DifferenceId,
        /// What differs now.
        finding: OwnedFinding,
        /// The day of the statement that brought its other half, if one did.
        joined: Option<Day>,
    },
    /// Somebody is to see to it.
    Assigned {
        /// Which.
        id: DifferenceId,
        /// Who.
        to: PersonId,
    },
    /// The other side was written to.
    Written {
        /// Which.
        id: DifferenceId,
        /// The letter.
        remark: Remark,
    },
    /// A first person accepts it.
    Proposed {
        /// Which.
        id: DifferenceId,
        /// Who, and why.
        remark: Remark,
    },
    /// It is a named item now.
    Carried {
        /// Which.
        id: DifferenceId,
        /// Until when, by whom, and why.
        carried: Carried,
    },
    /// It ended.
    Ended {
        /// Which.
        id: DifferenceId,
        /// How.
        ending: Ending,
    },
    /// A day is closed.
    DayClosed {
        /// Which.
        day: Day,
    },
}
