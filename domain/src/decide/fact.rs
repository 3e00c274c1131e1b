//! Whether a reported fact fits its payment. It is never refused: what does not fit is parked.

use crate::codes::{FactKind, Path, Role, YearState};
use crate::command::{By, Fact, Resolve};
use crate::division::{Division, YearBook};
use crate::event::{Event, EventBody};
use crate::ids::{ChannelId, Fingerprint, FiscalYear, PaymentId};
use crate::limits::{PARKED_PER_CHANNEL_MAX, REFUNDS_PER_PAYMENT_MAX};
use crate::payment::Payment;
use crate::refusal::{Code, Refusal};
use crate::suspense::{Parked, ParkedKey};
use crate::transitions::{Cell, fact_cell};

pub(super) fn decide<'a>(
    division: &Division,
    by: &By,
    fact: Fact<'a>,
    fingerprint: Fingerprint,
) -> Result<EventBody<'a>, Refusal> {
    let fits = fit(division, by, &fact, fingerprint);
    let unfit =
        fits.as_ref().is_err_and(|code| !code.is_turned_away() || *code == Code::UnknownDivision);
    if unfit {
        must_have_room(division, fact.quota.year(), by.channel)?;
    }
    let version = fits.map_err(as_parking_reason)?;
    Ok(EventBody::FactTaken { version, fingerprint, from_suspense: false, command: fact })
}

/// An unknown division is a reason to park, not to turn away: its facts reach the province's
/// suspense.
fn as_parking_reason(code: Code) -> Refusal {
    Refusal::new(if code == Code::UnknownDivision { Code::NoPayment } else { code })
}

/// Beyond its bound a channel keeps its facts itself, and sends them again later.
pub(super) fn must_have_room(
    division: &Division,
    year: FiscalYear,
    channel: ChannelId,
) -> Result<(), Refusal> {
    let parked = division.year(year).map_or(0, |book| book.suspense.of_channel(channel));
    if parked < PARKED_PER_CHANNEL_MAX { Ok(()) } else { Err(Code::SuspenseFull.into()) }
}

/// The quota's version after the fact, or why it does not fit.
fn fit(
    division: &Division,
    by: &By,
    fact: &Fact<'_>,
    fingerprint: Fingerprint,
) -> Result<u32, Code> {
    if fact.quota.division() != division.index {
        return Err(Code::UnknownDivision);
    }
    let book = division.year(fact.quota.year()).ok_or(Code::NoPayment)?;
    let payment = book.payment(fact.payment).filter(|payment| payment.quota == fact.quota);
    let payment = payment.ok_or(Code::NoPayment)?;
    if !role_reports(by.role, payment.path, fact.kind) {
        return Err(Code::NoRight);
    }
    let contradicts = payment.facts().iter().any(|seen| {
        let same_number = seen.channel == by.channel && seen.serial == fact.serial;
        seen.kind == fact.kind && same_number && seen.fingerprint != fingerprint
    });
    if contradicts {
        return Err(Code::FactConflict);
    }
    match fact_cell(payment.state, payment.path, fact.kind) {
        Cell::Goes(_) | Cell::Follows => {}
        Cell::Early => return Err(Code::FactEarly),
        Cell::NotOnPath => return Err(Code::NotOnPath),
        Cell::Refused | Cell::Unfit => return Err(Code::WrongState),
    }
    figures_fit(book, payment, fact)?;
    Ok(book.quota(fact.quota).ok_or(Code::NoPayment)?.version + 1)
}

/// Who reports what, where that depends on the settlement path.
fn role_reports(role: Role, path: Path, fact: FactKind) -> bool {
    match (fact, path) {
        (FactKind::ConfirmPaid, _) => role == Role::Bank,
        (FactKind::Reject | FactKind::Refund, Path::Allocation) => role == Role::CentralBank,
        (FactKind::Reject | FactKind::Refund, _) => role == Role::Bank,
        (FactKind::Clear | FactKind::SettleRefund, Path::Special) => role == Role::Finance,
        (FactKind::Clear | FactKind::SettleRefund, Path::Own) => true,
        (FactKind::Clear | FactKind::SettleRefund, _) => role == Role::CentralBank,
    }
}

fn figures_fit(book: &YearBook, payment: &Payment, fact: &Fact<'_>) -> Result<(), Code> {
    match fact.kind {
        FactKind::ConfirmPaid => {
            if fact.amount_fen > payment.amount_fen {
                return Err(Code::AmountMismatch);
            }
            payee_fits(payment, fact)
        }
        FactKind::Reject => Ok(()),
        FactKind::Clear if payment.path == Path::Allocation => {
            if fact.amount_fen != payment.amount_fen {
                return Err(Code::AmountMismatch);
            }
            payee_fits(payment, fact)
        }
        FactKind::Clear if fact.amount_fen == payment.executed_fen => Ok(()),
        FactKind::Clear => Err(Code::AmountMismatch),
        FactKind::Refund => refund_fits(book, payment, fact),
        FactKind::SettleRefund => {
            let refund = payment.refunds().iter().find(|refund| refund.number == fact.refund);
            let refund = refund.filter(|refund| !refund.settled).ok_or(Code::NoRefund)?;
            if refund.amount_fen == fact.amount_fen { Ok(()) } else { Err(Code::AmountMismatch) }
        }
    }
}

/// A receipt must name the account that was ordered, where an account was.
fn payee_fits(payment: &Payment, fact: &Fact<'_>) -> Result<(), Code> {
    let ordered = payment.payee_hash;
    if ordered == 0 || ordered == fact.payee_hash { Ok(()) } else { Err(Code::PayeeMismatch) }
}

/// A refund gives back to the payment's own quota, so it is held to what that still bears; after the
/// year's close it changes no quota, and is held to what was paid.
fn refund_fits(book: &YearBook, payment: &Payment, fact: &Fact<'_>) -> Result<(), Code> {
    if payment.refunds().iter().any(|refund| refund.number == fact.refund) {
        return Err(Code::RefundTaken);
    }
    if payment.refunds().len() >= REFUNDS_PER_PAYMENT_MAX {
        return Err(Code::TooMany);
    }
    let left = match goes_to_pool(book) {
        true => payment.executed_fen.checked_sub(payment.refunded_fen()),
        false => Some(book.borne_fen(payment, payment.quota)),
    };
    match left {
        Some(left) if fact.amount_fen <= left => Ok(()),
        _ => Err(Code::AmountMismatch),
    }
}

/// True when a refund of this payment goes to the division's recovered pool: its year has closed.
pub(crate) fn goes_to_pool(book: &YearBook) -> bool {
    book.state == YearState::Closed
}

/// Whether a parked fact fits now.
pub(super) fn must_fit(division: &Division, key: &ParkedKey, parked: &Parked) -> Result<u32, Code> {
    let by = By { person: parked.person, role: parked.role, channel: key.0 };
    fit(division, &by, &parked.fact(key.1), key.2)
}

/// The next fact of a payment that leaves suspense by itself: the one it waited for has come.
pub(super) fn next_unparked(
    division: &Division,
    payment: PaymentId,
    year: FiscalYear,
) -> Option<Event<'static>> {
    let suspense = &division.year(year)?.suspense;
    suspense.of_payment(payment).iter().find_map(|key| {
        let parked = suspense.get(key)?;
        let waits = matches!(parked.reason, Code::FactEarly | Code::NoRefund);
        if waits { taken_from_suspense(division, key, parked) } else { None }
    })
}

/// The fact a person has released from suspense.
pub(super) fn resolved(
    division: &Division,
    resolve: &Resolve<'_>,
    fact: Fingerprint,
) -> Option<Event<'static>> {
    if resolve.action != crate::codes::ResolveAction::Apply {
        return None;
    }
    let suspense = &division.year(resolve.year)?.suspense;
    let key = (resolve.channel, resolve.serial, fact);
    taken_from_suspense(division, &key, suspense.get(&key)?)
}

fn taken_from_suspense(
    division: &Division,
    key: &ParkedKey,
    parked: &Parked,
) -> Option<Event<'static>> {
    let version = must_fit(division, key, parked).ok()?;
    let by = By { person: parked.person, role: parked.role, channel: key.0 };
    // The reporter's words stand in the record that parked the fact.
    let command = Fact { note: "", ..parked.fact(key.1) };
    let (fingerprint, from_suspense) = (key.2, true);
    Some(Event {
        by,
        body: EventBody::FactTaken { version, fingerprint, from_suspense, command: strip(command) },
    })
}

/// The fact without its borrowed words.
fn strip(fact: Fact<'_>) -> Fact<'static> {
    Fact {
        kind: fact.kind,
        payment: fact.payment,
        quota: fact.quota,
        serial: fact.serial,
        amount_fen: fact.amount_fen,
        payee_hash: fact.payee_hash,
        day: fact.day,
        refund: fact.refund,
        detail: fact.detail,
        note: "",
    }
}

/// Parked facts of a year that would fit their payments now, for whoever lists the suspense.
pub fn parked_facts_that_fit<'a>(
    division: &'a Division,
    book: &'a YearBook,
) -> impl Iterator<Item = (&'a ParkedKey, &'a Parked)> {
    book.suspense.iter().filter(move |(key, parked)| must_fit(division, key, parked).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_vouchers_name_as_the_reporter_may_report() {
        for &path in Path::ALL {
            // An allocation is paid and cleared at once: nobody confirms it apart.
            let is_told =
                |kind: &&FactKind| (path, **kind) != (Path::Allocation, FactKind::ConfirmPaid);
            for &kind in FactKind::ALL.iter().filter(is_told) {
                let role = crate::voucher::facts::reporter(path, kind);
                assert!(role_reports(role, path, kind), "{kind} on {path} by {role}");
            }
        }
    }
}
