//! The closed table state × command: every cell has a written answer.

use crate::codes::{FactKind, Path, PaymentState, StepKind};

/// What a payment's state says to an order or a fact, before persons and figures are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cell {
    /// Carried out; the payment goes to this state.
    Goes(PaymentState),
    /// Carried out; the state stays or follows from the payment (last approval, lifted hold).
    Follows,
    /// An order that the state refuses, by code 3002.
    Refused,
    /// A fact that waits in suspense for an earlier one, by code 3104.
    Early,
    /// A fact that does not fit the state, parked by code 3002.
    Unfit,
    /// A fact the settlement path does not have, parked by code 3006.
    NotOnPath,
}

/// The cell of an order.
#[must_use]
pub const fn step_cell(state: PaymentState, step: StepKind) -> Cell {
    use PaymentState as S;
    match step {
        StepKind::ApproveUnit | StepKind::ApproveDepartment | StepKind::ApproveFinance => {
            match state {
                S::Reserved => Cell::Follows,
                _ => Cell::Refused,
            }
        }
        StepKind::Hold => match state {
            S::Reserved | S::Approved => Cell::Goes(S::Held),
            _ => Cell::Refused,
        },
        StepKind::Unhold => match state {
            S::Held => Cell::Follows,
            _ => Cell::Refused,
        },
        StepKind::Withdraw => match state {
            S::Reserved => Cell::Goes(S::Released),
            _ => Cell::Refused,
        },
        StepKind::Return => match state {
            S::Reserved | S::Approved | S::Held => Cell::Goes(S::Released),
            _ => Cell::Refused,
        },
        StepKind::Instruct => match state {
            S::Approved => Cell::Goes(S::Instructed),
            _ => Cell::Refused,
        },
        StepKind::Void => match state {
            S::Instructed => Cell::Goes(S::Released),
            _ => Cell::Refused,
        },
        StepKind::Doubt => match state {
            S::Instructed => Cell::Goes(S::Unknown),
            _ => Cell::Refused,
        },
    }
}

/// The cell of a fact, which also depends on the settlement path.
#[must_use]
pub const fn fact_cell(state: PaymentState, path: Path, fact: FactKind) -> Cell {
    use PaymentState as S;
    match (fact, path) {
        (FactKind::ConfirmPaid, Path::Allocation) => return Cell::NotOnPath,
        (FactKind::Clear | FactKind::SettleRefund, Path::Own) => return Cell::NotOnPath,
        _ => {}
    }
    match fact {
        FactKind::ConfirmPaid => match state {
            S::Instructed | S::Unknown => Cell::Goes(S::Paid),
            _ => Cell::Unfit,
        },
        FactKind::Reject => match state {
            S::Instructed | S::Unknown => Cell::Goes(S::Released),
            _ => Cell::Unfit,
        },
        FactKind::Clear => match (state, path) {
            (S::Paid, _) | (S::Instructed | S::Unknown, Path::Allocation) => Cell::Goes(S::Cleared),
            (S::Instructed | S::Unknown, _) => Cell::Early,
            _ => Cell::Unfit,
        },
        FactKind::Refund => match state {
            S::Paid | S::Cleared => Cell::Follows,
            S::Instructed | S::Unknown => Cell::Early,
            _ => Cell::Unfit,
        },
        FactKind::SettleRefund => match state {
            S::Cleared => Cell::Follows,
            S::Instructed | S::Unknown | S::Paid => Cell::Early,
            _ => Cell::Unfit,
        },
    }
}
