//! What no state can change: a person, the right, bounds. Tells the code a command is turned away
//! with; such a command leaves no trace.

use domain::money::Fen;

use crate::command::{ActKind, Body, Command, FactKind, LimitKind, Role, StepKind, Tail};

use super::codes::{REAL_ALLOCATION, code};

/// Payment methods (支付方式) there are.
const METHODS: [u8; 4] = [1, 11, 12, REAL_ALLOCATION];
/// Business kinds (业务类型) there are.
const BUSINESS: [u8; 4] = [1, 2, 3, 4];

/// The code a command is turned away with, if its form or its role is wrong.
pub(super) fn turned_away(command: &Command) -> Option<u16> {
    if command.person.0 == 0 {
        return Some(code::NO_PERSON);
    }
    if !may(command.role, &command.body) {
        return Some(code::NO_RIGHT);
    }
    let amount = amount(&command.body);
    if amount.is_some_and(|amount| !amount.is_payable()) {
        return Some(code::AMOUNT_OUT_OF_BOUNDS);
    }
    let sound = match &command.body {
        Body::Reserve(c) => {
            let class = c.economic.0;
            let length = class.iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
            let classed = length > 0 && class[length..].iter().all(|&byte| byte == 0);
            let in_year = c.day / 10_000 == u32::from(c.quota.year().get());
            classed && in_year && METHODS.contains(&c.method) && BUSINESS.contains(&c.business)
        }
        Body::Step(c) => {
            let must_say_why = matches!(
                c.kind,
                StepKind::Hold | StepKind::Unhold | StepKind::Return | StepKind::Void
            );
            !(must_say_why && matches!(command.tail, Tail::None))
        }
        _ => true,
    };
    (!sound).then_some(code::BAD_FIELD)
}

/// Who may give what.
fn may(role: Role, body: &Body) -> bool {
    use Role::{Bank, CentralBank, Checker, Finance, Maker, Operator};
    let allowed: &[Role] = match body {
        Body::Reserve(_) => &[Maker],
        Body::Step(c) => match c.kind {
            StepKind::ApproveUnit | StepKind::ApproveDepartment => &[Checker],
            StepKind::ApproveFinance | StepKind::Instruct | StepKind::Void => &[Finance],
            StepKind::Unhold => &[Finance],
            StepKind::Hold => &[Finance, Operator],
            StepKind::Withdraw => &[Maker],
            StepKind::Return => &[Checker, Finance],
            StepKind::Doubt => &[Operator],
        },
        Body::Fact(c) => match c.kind {
            FactKind::Confirm => &[Bank],
            FactKind::Reject | FactKind::Refund => &[Bank, CentralBank],
            FactKind::Clear | FactKind::Settle => &[CentralBank, Finance],
        },
        Body::Act(c) => match c.kind {
            ActKind::Earmark | ActKind::Unearmark => &[Finance, Maker],
            _ => &[Finance],
        },
        Body::Create(_) | Body::Move(_) | Body::SetLimit(_) => &[Finance],
        Body::OpenBatch(_) | Body::CloseBatch(_) => &[Finance],
        Body::SetYear(_) | Body::Resolve(_) => &[Finance, Operator],
        Body::Register(_) => &[Operator],
        Body::File(_) => &[Maker, Checker, Finance],
    };
    allowed.contains(&role)
}

/// The amount that must be payable.
fn amount(body: &Body) -> Option<Fen> {
    match body {
        Body::Reserve(c) => Some(c.amount),
        Body::Fact(c) if c.kind != FactKind::Reject => Some(c.amount),
        Body::Act(c) if c.kind != ActKind::Close => Some(c.amount),
        Body::Move(c) => Some(c.amount),
        Body::SetLimit(c) if c.kind == LimitKind::Ceiling => Some(c.amount),
        _ => None,
    }
}
