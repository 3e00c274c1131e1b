//! Whether what a payment was charged to is corrected (更正): the quota that should have borne it is
//! charged, and the one that bore it gets the amount back. No cash moves: the payment, its plan and
//! its contract stay as they are.

use crate::codes::{Path, PaymentState};
use crate::command::{By, MoveOut, Reserve};
use crate::division::{Found, YearBook};
use crate::limits::CORRECTIONS_PER_PAYMENT_MAX;
use crate::money::Fen;
use crate::office::rules::case::Case;
use crate::office::rules::judge::judge_borne;
use crate::particulars::Particulars;
use crate::payment::Payment;
use crate::quota::QuotaCell;
use crate::refusal::{Code, Refusal};

use super::must_not_be_closed;

/// The quota that should have borne it is charged first, so that nothing is free on both sides.
/// What stands against the other half is looked at here too: both are of one division and year.
pub(super) fn must_charge(book: &YearBook, by: &By, moved: &MoveOut<'_>) -> Result<(), Refusal> {
    must_not_be_closed(book)?;
    let payment = payment_of(book, moved)?;
    if payment.maker == by.person {
        return Err(Code::DutySeparation.into());
    }
    let (charged, given) = (book.quota(moved.from), book.quota(moved.to));
    let (charged, given) = (charged.ok_or(Code::NoQuota)?, given.ok_or(Code::NoQuota)?);
    if charged.closed || given.closed {
        return Err(Code::QuotaClosed.into());
    }
    if !charged.executable {
        return Err(Code::NotExecutable.into());
    }
    if charged.fund != given.fund {
        return Err(Code::FundMismatch.into());
    }
    if !charged.economic.covers(payment.economic) {
        return Err(Code::EconomicMismatch.into());
    }
    if book.corrections_of(payment.id).count() >= CORRECTIONS_PER_PAYMENT_MAX {
        return Err(Code::TooMany.into());
    }
    let borne = book.borne_fen(payment, moved.to);
    if moved.amount_fen > borne {
        return Err(Refusal::with(Code::OverBorne, moved.amount_fen, borne));
    }
    if moved.amount_fen > charged.available() {
        return Err(Refusal::with(Code::OverQuota, moved.amount_fen, charged.available()));
    }
    must_be_borne(book, payment, charged, moved)
}

/// The payment, as if it rested on the quota that is charged, with all that this one would bear of it, before the
/// control rules.
fn must_be_borne(
    book: &YearBook,
    payment: &Payment,
    charged: &QuotaCell,
    moved: &MoveOut<'_>,
) -> Result<(), Refusal> {
    if !book.has_rules() {
        return Ok(());
    }
    let borne_fen = book.to_be_borne_fen(payment, moved.from).get() + moved.amount_fen.get();
    let reserve = Reserve {
        payment: payment.id,
        quota: moved.from,
        amount_fen: Fen::new(borne_fen),
        economic: payment.economic,
        method: payment.method,
        kind: payment.kind,
        day: payment.day,
        contract: payment.contract,
        plan: payment.plan,
        deadline_ms: 0,
        one_act: false,
        particulars: Particulars::NONE,
    };
    // What its own unit has paid counts it already.
    let counted = book.rules.unit_of(moved.from) == book.rules.unit_of(payment.quota);
    match Case::of(book, &reserve, charged, counted)? {
        Some(case) => judge_borne(&case, &book.rules),
        None => Ok(()),
    }
}

/// The payment, once all there is to settle of it is settled.
fn payment_of<'a>(book: &'a YearBook, moved: &MoveOut<'_>) -> Result<&'a Payment, Refusal> {
    let payment = match book.find_payment(moved.payment) {
        Some(Found::Payment(_, payment)) => payment,
        Some(Found::PaymentOut(_)) => {
            panic!("payment {} was not brought into memory", moved.payment)
        }
        _ => return Err(Code::NoPayment.into()),
    };
    let settled = match payment.path {
        Path::Own => PaymentState::Paid,
        _ => PaymentState::Cleared,
    };
    if payment.state == settled { Ok(payment) } else { Err(Code::WrongState.into()) }
}
