//! Whether an order on a payment is carried out.

use crate::codes::{Role, StepKind};
use crate::command::{By, Step};
use crate::division::YearBook;
use crate::event::EventBody;
use crate::limits::HOLDS_PER_PAYMENT_MAX;
use crate::payment::Payment;
use crate::refusal::{Code, Refusal};
use crate::transitions::{Cell, step_cell};

use super::{must_be_open, must_not_be_closed};

pub(super) fn decide<'a>(
    book: &YearBook,
    by: &By,
    step: Step<'a>,
    now_ms: u64,
) -> Result<EventBody<'a>, Refusal> {
    match step.kind {
        StepKind::Withdraw | StepKind::Return | StepKind::Void | StepKind::Doubt => {
            must_not_be_closed(book)?;
        }
        _ => must_be_open(book)?,
    }
    let payment = book.payment(step.payment).filter(|payment| payment.quota == step.quota);
    let payment = payment.ok_or(Code::NoPayment)?;
    if step_cell(payment.state, step.kind) == Cell::Refused {
        return Err(Code::WrongState.into());
    }
    guard(payment, by, &step, now_ms)?;
    let version = book.quota(step.quota).ok_or(Code::NoQuota)?.version + 1;
    Ok(EventBody::Stepped { version, command: step })
}

/// Persons, posts and deadlines.
fn guard(payment: &Payment, by: &By, step: &Step<'_>, now_ms: u64) -> Result<(), Refusal> {
    match step.kind {
        StepKind::ApproveUnit | StepKind::ApproveDepartment | StepKind::ApproveFinance => {
            if payment.next_post() != step.kind.post() {
                return Err(Code::PostNotNext.into());
            }
            must_be_another(payment.has_post(by.person))
        }
        StepKind::Instruct => must_be_another(payment.has_post(by.person)),
        StepKind::Unhold => must_be_another(payment.has_post_but_lifter(by.person)),
        StepKind::Hold => {
            let holds = payment.steps().iter().filter(|seen| seen.kind == StepKind::Hold).count();
            if holds < HOLDS_PER_PAYMENT_MAX { Ok(()) } else { Err(Code::TooMany.into()) }
        }
        StepKind::Withdraw => {
            if by.person != payment.maker {
                return Err(Code::NotMaker.into());
            }
            if payment.approved != crate::codes::Posts::NONE {
                return Err(Code::AlreadyApproved.into());
            }
            let lapsed = payment.deadline_ms != 0 && now_ms >= payment.deadline_ms;
            if by.role == Role::Engine && !lapsed { Err(Code::WrongState.into()) } else { Ok(()) }
        }
        StepKind::Return | StepKind::Void | StepKind::Doubt => Ok(()),
    }
}

/// I10: two pairs of eyes.
fn must_be_another(has_post: bool) -> Result<(), Refusal> {
    if has_post { Err(Code::DutySeparation.into()) } else { Ok(()) }
}
