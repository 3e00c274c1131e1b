//! The answer codes and states the model speaks of, as the protocol's document numbers them.

/// Answer codes.
pub(crate) mod code {
    pub(crate) const ACCEPTED: u16 = 0;
    pub(crate) const PARKED: u16 = 1;
    pub(crate) const NO_RIGHT: u16 = 105;
    pub(crate) const NO_PERSON: u16 = 106;
    pub(crate) const AMOUNT_OUT_OF_BOUNDS: u16 = 107;
    pub(crate) const BAD_FIELD: u16 = 108;
    pub(crate) const CONFLICT: u16 = 110;
    pub(crate) const UNKNOWN_DIVISION: u16 = 111;
    pub(crate) const LINKED_REFUSED: u16 = 112;
    pub(crate) const NO_QUOTA: u16 = 1001;
    pub(crate) const OVER_QUOTA: u16 = 1002;
    pub(crate) const YEAR_CLOSED: u16 = 1003;
    pub(crate) const YEAR_NOT_OPEN: u16 = 1004;
    pub(crate) const OVER_PLAN: u16 = 1005;
    pub(crate) const NOT_EXECUTABLE: u16 = 1006;
    pub(crate) const BAD_ELEMENT: u16 = 1007;
    pub(crate) const ECONOMIC_MISMATCH: u16 = 1008;
    pub(crate) const METHOD_MISMATCH: u16 = 1009;
    pub(crate) const YEAR_IN_ADJUSTMENT: u16 = 1010;
    pub(crate) const QUOTA_CLOSED: u16 = 1011;
    pub(crate) const NO_RULE_APPROVES: u16 = 1013;
    pub(crate) const NO_LIMIT: u16 = 1014;
    pub(crate) const FUND_CLASS_MISMATCH: u16 = 1017;
    pub(crate) const CONTRACT_MISMATCH: u16 = 1202;
    pub(crate) const DUTY_SEPARATION: u16 = 1502;
    pub(crate) const NO_PAYMENT: u16 = 3001;
    pub(crate) const WRONG_STATE: u16 = 3002;
    pub(crate) const POST_NOT_NEXT: u16 = 3003;
    pub(crate) const ALREADY_APPROVED: u16 = 3004;
    pub(crate) const NOT_MAKER: u16 = 3005;
    pub(crate) const OPEN_ITEMS: u16 = 4003;
    pub(crate) const PLAN_BELOW_USED: u16 = 4004;
    pub(crate) const NO_PARENT: u16 = 4009;
    pub(crate) const NO_BATCH: u16 = 4010;
    pub(crate) const BATCH_MISMATCH: u16 = 4011;
    pub(crate) const BATCH_DROPPED: u16 = 4012;
    pub(crate) const NOT_BATCH_MAKER: u16 = 4013;
    pub(crate) const NOT_PARKED: u16 = 4014;
    pub(crate) const WRONG_YEAR_STATE: u16 = 4016;
    pub(crate) const OVER_EARMARK: u16 = 4019;
    pub(crate) const NO_DOCUMENT: u16 = 5300;
    pub(crate) const NO_COMMITMENT: u16 = 5501;
}

/// Where a payment stands, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum State {
    /// Asked for.
    Reserved = 1,
    /// Every post has approved.
    Approved = 2,
    /// Stopped.
    Held = 3,
    /// Ordered to the bank.
    Instructed = 4,
    /// The bank is silent.
    Unknown = 5,
    /// The bank has paid.
    Paid = 6,
    /// Settled.
    Cleared = 7,
    /// Ended without paying.
    Released = 8,
}

impl State {
    /// The number in answers.
    #[must_use]
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// The state with a number.
    #[must_use]
    pub fn from_number(number: u8) -> Option<State> {
        use State::{Approved, Cleared, Held, Instructed, Paid, Released, Reserved, Unknown};
        let all = [Reserved, Approved, Held, Instructed, Unknown, Paid, Cleared, Released];
        all.into_iter().find(|state| state.number() == number)
    }

    /// True once the payment order is out and the bank has not answered.
    pub(crate) const fn is_with_bank(self) -> bool {
        matches!(self, State::Instructed | State::Unknown)
    }
}

/// Who settles a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Path {
    /// The central bank.
    Treasury,
    /// The special account.
    Special,
    /// Nobody: paid is final.
    Own,
    /// The central bank, at once.
    Allocation,
}

/// The payment method of real allocation.
pub(crate) const REAL_ALLOCATION: u8 = 91;

/// The path of a fund nature under a payment method.
pub(crate) fn path(fund: &str, method: u8) -> Option<Path> {
    let allocation = method == REAL_ALLOCATION;
    if fund.starts_with('3') {
        return (!allocation).then_some(Path::Own);
    }
    if fund.starts_with('2') || fund.starts_with("14") {
        return (!allocation).then_some(Path::Special);
    }
    if !fund.starts_with('1') {
        return None;
    }
    Some(if allocation { Path::Allocation } else { Path::Treasury })
}
