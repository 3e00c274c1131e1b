//! What finance's store has of one payment: its voucher, the payees beside it, corrections, differences, and facts that
//! the engine has still to take.

use std::collections::BTreeMap;

use domain::Fen;
use domain::ids::{DivisionIndex, FiscalYear, PaymentId};
use domain::office::shelves::Book;
use domain::voucher::{Field, Voucher};
use exchange::finance::correction::{Correction, CorrectionStanding};
use exchange::finance::sheet::Sheet;
use exchange::finance::{Finance, Part};
use exchange::party::RunningNode;
use serde_json::{Value, json};

use super::{giver, head};
use crate::party::day;
use crate::party::said::Said;
use crate::party::words::payment_id;

/// Payees of a sheet that were not paid which one look tells; the sheet's own voucher has all.
const FAILED_TOLD_MAX: usize = 200;

/// A payment that has to be there: its division's index, its year and its id.
pub(super) fn named(said: &Said<'_>) -> Result<(Book, PaymentId), String> {
    let division = DivisionIndex(said.number("division", "its index, a number")?);
    let year = |value: &Value| FiscalYear::new(value.as_u64()?.try_into().ok()?);
    let year = said.wanted("year", "the fiscal year as a number", year)?;
    Ok(((division, year), payment_id(said.text("payment")?)?))
}

/// The voucher that orders a payment, or why there is none, and all that is known of both.
pub(super) fn look(
    node: &mut RunningNode<Finance>,
    book: Book,
    payment: PaymentId,
) -> Result<Value, String> {
    let sheet = node.business().voucher_of(book, payment).and_then(|row| row.sheet.clone());
    let sheet = sheet.map(|sheet| beside(node, &sheet, payment)).transpose()?;
    let finance = node.business();
    let row = finance.voucher_of(book, payment);
    let told = row.map(|row| {
        let mut told = head(row, row.parts.iter().filter(|part| part.payment == payment));
        told["sheet"] = sheet.into();
        told
    });
    let corrections = finance.corrections_of(book, payment);
    let corrections: Vec<Value> = corrections
        .map(|(key, known)| {
            let mut told = correction(known);
            told["voucher"] = key.to_string().into();
            told
        })
        .collect();
    let (_, due) = finance.facts_due();
    let due = due.iter().filter(|fact| fact.payment == payment.0);
    let due: Vec<String> = due.map(|fact| fact.fact().kind.to_string()).collect();
    Ok(json!({
        "payment": payment.to_string(),
        "voucher": told,
        "without_voucher": finance.why_left(book, payment),
        "corrections": corrections,
        "differences": row.map_or_else(Vec::new, |row| day::differences_of(finance, &row.key)),
        "facts_due": due,
    }))
}

fn correction(known: &Correction) -> Value {
    let reason = match &known.standing {
        CorrectionStanding::Back(reason) => Some(reason),
        CorrectionStanding::Out | CorrectionStanding::Booked => None,
    };
    json!({
        "move": known.id.to_string(),
        "day": known.day.get(),
        "standing": known.standing.slug(),
        "reason": reason,
    })
}

/// The payees of a payment that stand on a sheet beside its order: how many, what they were to get and got, and each
/// that got nothing, with why.
fn beside(
    node: &mut RunningNode<Finance>,
    sheet: &Sheet,
    payment: PaymentId,
) -> Result<Value, String> {
    let own = || (0..).zip(&sheet.parts).filter(|(_, part)| part.payment == payment);
    let why: BTreeMap<u32, &str> = sheet.failed.iter().map(|(at, why)| (*at, &**why)).collect();
    let sum =
        |of: fn(&Part) -> Fen| -> i128 { own().map(|(_, part)| i128::from(of(part).get())).sum() };
    let failed: Vec<(u32, &Part)> = own().filter(|(at, _)| why.contains_key(at)).collect();
    let written = match failed.is_empty() {
        true => None,
        false => written(node, sheet)?,
    };
    let told = failed.iter().take(FAILED_TOLD_MAX).map(|(at, part)| {
        let line = written.as_ref().and_then(|sheet| sheet.details.get(*at as usize));
        let text = |field| line.and_then(|line| line.fields.text(field));
        json!({
            "payee": at + 1,
            "name": text(Field::PayeeName),
            "account": text(Field::PayeeAccount),
            "amount": part.ordered_fen.to_yuan(),
            "why": why[at],
        })
    });
    Ok(json!({
        "voucher": sheet.key.to_string(),
        "by": giver(sheet),
        "payees": own().count(),
        "ordered": domain::money::yuan_plain(sum(|part| part.ordered_fen)),
        "paid": domain::money::yuan_plain(sum(|part| part.paid_fen)),
        "came_back": own().filter(|(_, part)| part.refunded).count(),
        "answered": sheet.answered,
        "failed_payees": failed.len(),
        "failed": told.collect::<Vec<_>>(),
    }))
}

/// A sheet as it was written: its letter in the store has the payees' names.
fn written(node: &mut RunningNode<Finance>, sheet: &Sheet) -> Result<Option<Voucher>, String> {
    let found = node.store().find(&sheet.key).into_iter().map(|(found, _)| found);
    let Some(found) = found.into_iter().find(|found| !found.came) else { return Ok(None) };
    let kept = node.kept(found).map_err(|fault| fault.to_string())?;
    Ok(kept.and_then(|kept| kept.voucher).and_then(Result::ok))
}
