//! Who acts in a division, and the ids of what they do.

use domain::ids::{DivisionIndex, PersonId};

use crate::command::Role;
use crate::draws::uuid;

/// A desk, by what its people do. No person sits at two desks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Post {
    /// Asks for payments.
    Maker = 0,
    /// Asks for other payments.
    OtherMaker = 1,
    /// Approves for the unit.
    Unit = 2,
    /// Approves for departments, where a payment needs that.
    Department = 3,
    /// Approves for finance, where a payment needs that.
    Finance = 4,
    /// Sends payment orders.
    Instructor = 5,
    /// Lifts holds.
    Lifter = 6,
    /// Issues quotas, holds payments, resolves suspense.
    Officer = 7,
    /// Checks what the officer sets.
    SecondOfficer = 8,
    /// Runs the system.
    Operator = 9,
}

/// People at each desk of a division.
const DESK: u64 = 20;

/// A person at a desk.
pub(crate) fn person(division: DivisionIndex, post: Post, draw: u64) -> PersonId {
    PersonId(u64::from(division.0 + 1) * 1000 + post as u64 * 50 + draw % DESK)
}

/// A clerk of the agent bank or the central bank; of finance where that reports.
pub(crate) fn outside(role: Role, draw: u64) -> PersonId {
    PersonId(900_000_000 + u64::from(role.number()) * 1000 + draw % DESK)
}

/// What an id names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Space {
    /// A payment.
    Payment = 1,
    /// An act, a limit or a batch while quotas are set up.
    Setup = 2,
    /// A move.
    Move = 3,
    /// An act during a window.
    Act = 4,
    /// An id nobody asked for anything under.
    Stranger = 5,
    /// A paper.
    Paper = 6,
}

/// An id under a division's key.
pub(crate) fn id(key: u64, space: Space, number: u64) -> u128 {
    uuid(key, space as u64, number)
}
