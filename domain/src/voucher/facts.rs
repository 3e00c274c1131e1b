//! What vouchers from the other side mean to the engine: receipts, vouchers sent back, refund notices and
//! clearing receipts as facts about payments.
//!
//! Pure functions: the same vouchers give the same facts with the same numbers, so that a voucher that comes
//! twice is one fact. What does not fit its original is told as findings, and nothing is reported then.

use std::collections::BTreeSet;

use xxhash_rust::xxh3::xxh3_64;

use crate::codes::{FactKind, Path, Role};
use crate::command::Fact;
use crate::ids::{Day, DivisionIndex, FiscalYear, PaymentId, QuotaId};
use crate::limits::{NOTE_BYTES_MAX, QUOTA_SERIAL_MAX, VOUCHER_FINDINGS_MAX};
use crate::money::Fen;
use crate::particulars::account_hash;

use super::check;
use super::document::{Detail, Fields, Value, Voucher};
use super::field::Field;
use super::form;
use super::key::{DivisionCode, Flag, VoucherKey, VoucherNumber};
use super::kind::VoucherKind;
use super::unfit::{Finding, Place, Unfit};

/// The payment that a detail of one of our orders pays.
#[must_use]
pub fn payment_of(detail: &Detail) -> Option<PaymentId> {
    let text = detail.fields.text(Field::Payment)?;
    if text.len() != 32 {
        return None;
    }
    u128::from_str_radix(text, 16).ok().map(PaymentId)
}

/// The quota that a detail of one of our orders names, written as [`QuotaId`] is told.
#[must_use]
pub fn quota_of(detail: &Detail) -> Option<QuotaId> {
    let mut parts = detail.fields.text(Field::Quota)?.split('/');
    let division = parts.next()?.parse().ok()?;
    let year = FiscalYear::new(parts.next()?.parse().ok()?)?;
    let serial = parts.next()?.parse().ok().filter(|&serial| serial <= QUOTA_SERIAL_MAX)?;
    parts.next().is_none().then(|| QuotaId::new(DivisionIndex(division), year, serial))
}

/// The voucher that a head or detail names as its original. It names kind and number: division and year are those
/// of whoever names it.
#[must_use]
pub fn named_voucher(
    division: DivisionCode,
    year: FiscalYear,
    fields: &Fields,
) -> Option<VoucherKey> {
    let kind = form::kind(fields.text(Field::OriginalKind)?)?;
    let number = VoucherNumber::new(fields.text(Field::OriginalNumber)?)?;
    Some(VoucherKey { division, year, kind, number })
}

/// The engine's number for a detail: details are numbered from 1, so that zero is the whole.
#[must_use]
pub fn detail_number(id: &str) -> Option<u32> {
    let plain = !id.starts_with('0') && id.bytes().all(|byte| byte.is_ascii_digit());
    if plain { id.parse().ok() } else { None }
}

/// What a receipt (回单) of one of our orders says of each payment in it, in the order of its details.
///
/// A payment of which something was paid is confirmed with the sum of its details that were; one of which
/// nothing was is rejected, in the words of its first failed detail. For an allocation the central bank has
/// paid and cleared at once.
///
/// # Errors
/// What the receipt does not repeat of its original. Another amount or payee is no error here: the engine
/// hears what was done.
pub fn of_receipt<'a>(
    original: &Voucher,
    receipt: &'a Voucher,
) -> Result<Vec<Fact<'a>>, Vec<Finding>> {
    let found = check::answers(original, receipt);
    if !found.is_empty() {
        return Err(found);
    }
    let day = day_of(receipt, &[Field::ExecutedDay, Field::ClearedDay]);
    let paid = match receipt.key.kind {
        VoucherKind::Allocation => FactKind::Clear,
        _ => FactKind::ConfirmPaid,
    };
    let mut facts = Vec::new();
    for (payment, lines) in by_payment(&receipt.details)? {
        let executed = lines.iter().map(|line| executed_fen(receipt, line));
        let executed_fen: i64 = executed.map(Fen::get).sum();
        let quota = lines.iter().find_map(|line| quota_of(line)).unwrap_or(QuotaId::NONE);
        let (kind, payee_hash) = match executed_fen {
            0 => (FactKind::Reject, 0),
            _ => (paid, payee_hash(&lines)),
        };
        let note = lines.iter().find_map(|line| line.fields.text(Field::ExecutedNote));
        facts.push(Fact {
            kind,
            payment,
            quota,
            serial: serial(&receipt.key, Flag::Receipt, payment, ""),
            amount_fen: Fen::new(executed_fen),
            payee_hash,
            day,
            refund: 0,
            detail: 0,
            note: cut(note.or_else(|| receipt.head.text(Field::ExecutedNote)).unwrap_or("")),
        });
    }
    Ok(facts)
}

/// Details that a receipt tells as executed with less than was ordered, and not with nothing: what is paid is paid whole.
/// The order of a sheet of payees alone is executed in part, less those who failed. More than was ordered is for the
/// engine to hear.
#[must_use]
pub fn executed_in_part(receipt: &Voucher) -> Vec<Finding> {
    let in_part = |(line, detail): (u32, &Detail)| {
        let ordered = detail.fields.amount_fen(Field::Amount).unwrap_or(Fen::ZERO);
        let executed = executed_fen(receipt, detail);
        let place = Place::Detail(line, Some(Field::ExecutedAmount));
        let told = format!("{} of {}", executed.to_yuan(), ordered.to_yuan());
        (executed > Fen::ZERO && executed < ordered)
            .then(|| Finding::new(Unfit::ExecutedInPart, place, &told))
    };
    (1..).zip(&receipt.details).filter_map(in_part).take(VOUCHER_FINDINGS_MAX).collect()
}

/// Who reports a fact of a payment on a settlement path.
#[must_use]
pub const fn reporter(path: Path, fact: FactKind) -> Role {
    match (fact, path) {
        (FactKind::Clear | FactKind::SettleRefund, Path::Treasury) | (_, Path::Allocation) => {
            Role::CentralBank
        }
        (FactKind::Clear | FactKind::SettleRefund, Path::Special) => Role::Finance,
        _ => Role::Bank,
    }
}

/// Facts, and behind each one that settles with its payment what settles it. A fiscal special account has paid out of
/// its own money, and has it back with the bank's notice; an allocation that comes back has come back to the treasury
/// itself. Of a unit's own account paid is final, and the engine takes nothing behind it.
#[must_use]
pub fn settled_at_once<'a>(order: &VoucherKey, path: Path, facts: Vec<Fact<'a>>) -> Vec<Fact<'a>> {
    let settles = |kind| match (kind, path) {
        (FactKind::ConfirmPaid, Path::Special) => Some((FactKind::Clear, "settled")),
        (FactKind::Refund, Path::Special | Path::Allocation) => {
            Some((FactKind::SettleRefund, "refund settled"))
        }
        _ => None,
    };
    let mut all = Vec::with_capacity(facts.len());
    for fact in facts {
        let behind = settles(fact.kind).map(|(kind, what)| {
            let told = format!("{what} {}", fact.serial);
            let serial = serial(order, Flag::Receipt, fact.payment, &told);
            Fact { kind, serial, payee_hash: 0, detail: 0, note: "", ..fact }
        });
        all.push(fact);
        all.extend(behind);
    }
    all
}

/// What it means that one of our orders was sent back (退回), or was not taken: nothing in it was paid.
///
/// # Errors
/// Details of the order that name no payment.
pub fn of_return<'a>(
    original: &Voucher,
    reason: &'a str,
    day: Day,
) -> Result<Vec<Fact<'a>>, Vec<Finding>> {
    let payments = by_payment(&original.details)?;
    let facts = payments.into_iter().map(|(payment, lines)| Fact {
        kind: FactKind::Reject,
        payment,
        quota: lines.iter().find_map(|line| quota_of(line)).unwrap_or(QuotaId::NONE),
        serial: serial(&original.key, Flag::Original, payment, "returned"),
        amount_fen: Fen::ZERO,
        payee_hash: 0,
        day,
        refund: 0,
        detail: 0,
        note: cut(reason),
    });
    Ok(facts.collect())
}

/// What a refund notice says of the payments of one of our orders that was paid by this receipt: by detail, each
/// whole and once, or the whole order with all that was paid of it.
///
/// `receipt` has the date of its order; `refunded` says whether a detail came back before.
///
/// # Errors
/// When the notice means another order, or a detail that it does not have, that was not paid or came back
/// before, or another amount.
pub fn of_refund<'a>(
    receipt: &Voucher,
    notice: &'a Voucher,
    refunded: &dyn Fn(&str) -> bool,
) -> Result<Vec<Fact<'a>>, Vec<Finding>> {
    let mut found = Vec::new();
    let meant = notice.head.text(Field::OriginalNumber) == Some(receipt.key.number.as_str())
        && notice.head.text(Field::OriginalKind).and_then(form::kind) == Some(receipt.key.kind)
        && receipt.key.kind.refund_notice() == Some(notice.key.kind);
    if !meant || receipt.flag != Flag::Receipt {
        let told = notice.head.text(Field::OriginalNumber).unwrap_or("");
        let place = Place::Head(Field::OriginalNumber);
        return Err(vec![Finding::new(Unfit::NotTheOriginal, place, told)]);
    }
    if let Some(told) = other_date(receipt.date, notice) {
        return Err(vec![told]);
    }
    let facts = match notice.head.text(Field::RefundType) {
        Some(form::REFUND_OF_WHOLE) => whole_refund(receipt, notice, refunded, &mut found),
        _ => refund_by_detail(receipt, notice, refunded, &mut found),
    };
    if found.is_empty() { Ok(facts) } else { Err(found) }
}

/// That a refund notice means a voucher of another date than the one of its number: numbers are easily mistaken, so whoever
/// tells the date has it held against the original's.
#[must_use]
pub fn other_date(original: Day, notice: &Voucher) -> Option<Finding> {
    let told = notice.head.day(Field::OriginalDate).filter(|told| *told != original)?;
    let place = Place::Head(Field::OriginalDate);
    Some(Finding::new(Unfit::NotTheOriginal, place, &told.get().to_string()))
}

fn refund_by_detail<'a>(
    receipt: &Voucher,
    notice: &'a Voucher,
    refunded: &dyn Fn(&str) -> bool,
    found: &mut Vec<Finding>,
) -> Vec<Fact<'a>> {
    let mut facts = Vec::new();
    let mut seen = BTreeSet::new();
    for (line, back) in (1..).zip(&notice.details) {
        let id = back.fields.text(Field::OriginalDetail).unwrap_or("");
        let back_fen = back.fields.amount_fen(Field::Amount).unwrap_or(Fen::ZERO);
        let place = |field| Place::Detail(line, Some(field));
        let paid = receipt.details.iter().find(|paid| paid.id == id);
        let executed_fen = paid.map_or(Fen::ZERO, |paid| executed_fen(receipt, paid));
        let unfit = if paid.is_none() || executed_fen == Fen::ZERO {
            Some(Unfit::RefundDetail)
        } else if refunded(id) || !seen.insert(id) {
            Some(Unfit::DetailRepeated)
        } else if back_fen.get() != -executed_fen.get() {
            Some(Unfit::RefundAmount)
        } else {
            None
        };
        if let Some(unfit) = unfit {
            let (field, told) = match unfit {
                Unfit::RefundAmount => (Field::Amount, back_fen.to_yuan()),
                _ => (Field::OriginalDetail, id.to_owned()),
            };
            add(found, Finding::new(unfit, place(field), &told));
            continue;
        }
        let number = back.fields.text(Field::RefundNumber).and_then(form::refund_number);
        let payment = paid.and_then(payment_of);
        let (Some(payment), Some(refund)) = (payment, number) else {
            add(found, Finding::new(Unfit::FieldForm, place(Field::RefundNumber), ""));
            continue;
        };
        facts.push(Fact {
            kind: FactKind::Refund,
            payment,
            quota: paid.and_then(quota_of).unwrap_or(QuotaId::NONE),
            serial: serial(&notice.key, Flag::Original, payment, id),
            amount_fen: executed_fen,
            payee_hash: 0,
            day: notice.date,
            refund,
            detail: detail_number(id).unwrap_or(0),
            note: reason(notice, back),
        });
    }
    facts
}

fn whole_refund<'a>(
    receipt: &Voucher,
    notice: &'a Voucher,
    refunded: &dyn Fn(&str) -> bool,
    found: &mut Vec<Finding>,
) -> Vec<Fact<'a>> {
    let Some(number) = notice.head.text(Field::RefundNumber).and_then(form::refund_number) else {
        let place = Place::Head(Field::RefundNumber);
        add(found, Finding::new(Unfit::FieldMissing, place, ""));
        return Vec::new();
    };
    if let Some(before) = receipt.details.iter().find(|paid| refunded(&paid.id)) {
        add(found, Finding::new(Unfit::DetailRepeated, Place::Whole, &before.id));
    }
    let payments = match by_payment(&receipt.details) {
        Ok(payments) => payments,
        Err(more) => {
            found.extend(more);
            return Vec::new();
        }
    };
    let (mut facts, mut sum_fen) = (Vec::new(), 0);
    for (payment, lines) in payments {
        let executed = lines.iter().map(|line| executed_fen(receipt, line).get());
        let amount_fen = Fen::new(executed.sum());
        if amount_fen == Fen::ZERO {
            continue;
        }
        sum_fen += amount_fen.get();
        facts.push(Fact {
            kind: FactKind::Refund,
            payment,
            quota: lines.iter().find_map(|line| quota_of(line)).unwrap_or(QuotaId::NONE),
            serial: serial(&notice.key, Flag::Original, payment, ""),
            amount_fen,
            payee_hash: 0,
            day: notice.date,
            refund: number,
            detail: 0,
            note: cut(notice.head.text(Field::Reason).unwrap_or("")),
        });
    }
    let back_fen = notice.head.amount_fen(Field::Amount).unwrap_or(Fen::ZERO);
    if back_fen.get() != -sum_fen {
        let place = Place::Head(Field::Amount);
        add(found, Finding::new(Unfit::RefundAmount, place, &back_fen.to_yuan()));
    }
    facts
}

/// What the central bank's receipt of a request (2301) or of refunds (2302) says: every payment that its lines
/// name is cleared, every refund settled.
///
/// # Errors
/// When the receipt does not repeat its request, was not cleared in full, or a line names no payment.
pub fn of_clearing<'a>(
    request: &Voucher,
    receipt: &'a Voucher,
) -> Result<Vec<Fact<'a>>, Vec<Finding>> {
    let mut found = check::answers(request, receipt);
    let ordered_fen = request.head.amount_fen(Field::Amount);
    let cleared_fen = receipt.head.amount_fen(Field::ExecutedAmount);
    if cleared_fen != ordered_fen {
        let told = cleared_fen.unwrap_or(Fen::ZERO).to_yuan();
        let place = Place::Head(Field::ExecutedAmount);
        add(&mut found, Finding::new(Unfit::TotalMismatch, place, &told));
    }
    if !found.is_empty() {
        return Err(found);
    }
    let day = day_of(receipt, &[Field::ClearedDay]);
    let refunds = receipt.key.kind == VoucherKind::RefundRequest;
    let mut facts: Vec<Fact<'a>> = Vec::with_capacity(receipt.details.len());
    let mut places = std::collections::BTreeMap::new();
    for (line, detail) in (1..).zip(&receipt.details) {
        let amount_fen = detail.fields.amount_fen(Field::Amount).unwrap_or(Fen::ZERO);
        let refund = detail.fields.text(Field::RefundNumber).and_then(form::refund_number);
        let (Some(payment), true) = (payment_of(detail), refunds == refund.is_some()) else {
            let place = Place::Detail(line, Some(Field::Payment));
            add(&mut found, Finding::new(Unfit::FieldMissing, place, ""));
            continue;
        };
        let refund = refund.unwrap_or(0);
        // A payment of several details is cleared once, with their sum.
        let at = *places.entry((payment, refund)).or_insert(facts.len());
        if let Some(fact) = facts.get_mut(at) {
            fact.amount_fen = Fen::new(fact.amount_fen.get() + amount_fen.get().abs());
            continue;
        }
        let told = if refunds { refund.to_string() } else { String::new() };
        facts.push(Fact {
            kind: if refunds { FactKind::SettleRefund } else { FactKind::Clear },
            payment,
            quota: quota_of(detail).unwrap_or(QuotaId::NONE),
            serial: serial(&receipt.key, Flag::Receipt, payment, &told),
            amount_fen: Fen::new(amount_fen.get().abs()),
            payee_hash: 0,
            day,
            refund,
            detail: 0,
            note: "",
        });
    }
    if found.is_empty() { Ok(facts) } else { Err(found) }
}

/// Details of each payment, in the order of their first ones.
fn by_payment(details: &[Detail]) -> Result<Vec<(PaymentId, Vec<&Detail>)>, Vec<Finding>> {
    let mut payments: Vec<(PaymentId, Vec<&Detail>)> = Vec::new();
    let mut places = std::collections::BTreeMap::new();
    let mut found = Vec::new();
    for (line, detail) in (1..).zip(details) {
        let Some(payment) = payment_of(detail) else {
            let place = Place::Detail(line, Some(Field::Payment));
            let told = detail.fields.text(Field::Payment).unwrap_or("");
            add(&mut found, Finding::new(Unfit::FieldForm, place, told));
            continue;
        };
        let at = *places.entry(payment).or_insert(payments.len());
        match payments.get_mut(at) {
            Some((_, lines)) => lines.push(detail),
            None => payments.push((payment, vec![detail])),
        }
    }
    if found.is_empty() { Ok(payments) } else { Err(found) }
}

/// What was executed of a detail. A treasury that pays a whole order may say so in the head alone.
#[must_use]
pub fn executed_fen(receipt: &Voucher, detail: &Detail) -> Fen {
    let own = detail.fields.amount_fen(Field::ExecutedAmount);
    own.unwrap_or_else(|| {
        let whole = receipt.head.amount_fen(Field::ExecutedAmount);
        match whole == receipt.head.amount_fen(Field::Amount) {
            true => detail.fields.amount_fen(Field::Amount).unwrap_or(Fen::ZERO),
            false => Fen::ZERO,
        }
    })
}

/// The account that was paid, as the engine compares it: of one payee, or of several where all have one.
/// A payee that differs from the ordered one always shows.
fn payee_hash(lines: &[&Detail]) -> u64 {
    let ordered = |line: &&Detail| line.fields.text(Field::PayeeAccount).unwrap_or("").to_owned();
    let executed = |line: &&Detail| {
        let own = line.fields.text(Field::ExecutedPayeeAccount);
        own.map_or_else(|| ordered(line), str::to_owned)
    };
    if let Some(other) = lines.iter().find(|line| executed(line) != ordered(line)) {
        return account_hash(&executed(other));
    }
    let first = lines.first().map(&ordered).unwrap_or_default();
    match lines.iter().all(|line| ordered(line) == first) {
        true => account_hash(&first),
        false => 0,
    }
}

/// The first of these days that the head has, or the voucher's own.
fn day_of(voucher: &Voucher, fields: &[Field]) -> Day {
    let day = fields.iter().find_map(|&field| match voucher.head.get(field) {
        Some(Value::Day(day)) => Some(*day),
        _ => None,
    });
    day.unwrap_or(voucher.date)
}

fn reason<'a>(notice: &'a Voucher, back: &'a Detail) -> &'a str {
    let own = back.fields.text(Field::Reason);
    cut(own.or_else(|| notice.head.text(Field::Reason)).unwrap_or(""))
}

/// A fact's number in its channel: of what it was heard from, so that hearing it again is no second fact.
#[must_use]
pub fn serial(key: &VoucherKey, flag: Flag, payment: PaymentId, about: &str) -> u64 {
    xxh3_64(format!("{key} {} {payment} {about}", flag as u8).as_bytes())
}

/// A note as long as the engine takes it.
fn cut(note: &str) -> &str {
    let mut end = note.len().min(NOTE_BYTES_MAX);
    while !note.is_char_boundary(end) {
        end -= 1;
    }
    &note[..end]
}

fn add(found: &mut Vec<Finding>, finding: Finding) {
    if found.len() < VOUCHER_FINDINGS_MAX {
        found.push(finding);
    }
}
