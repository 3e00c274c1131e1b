//! What finance's store has of one payment: its voucher, the payees beside it, corrections, differences, and facts that
//! the engine has still to take.

use domain::ids::{DivisionIndex, FiscalYear, PaymentId};
use domain::office::shelves::Book;
use exchange::finance::Finance;
use exchange::finance::correction::{Correction, CorrectionStanding};
use exchange::party::RunningNode;
use serde_json::{Value, json};

use super::{head, payees};
use crate::party::day;
use crate::party::said::Said;
use crate::party::words::payment_id;

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
    let order = node.business().voucher_of(book, payment).map(|row| row.key);
    let sheet = order.map(|order| payees::beside(node, &order, Some(payment))).transpose()?;
    let finance = node.business();
    let row = finance.voucher_of(book, payment);
    let told = row.map(|row| {
        let mut told = head(row, row.parts.iter().filter(|part| part.payment == payment));
        told["sheet"] = sheet.into();
        let back = finance.sheet_back(&row.key);
        told["sheet_back"] = back.map(|back| super::sheet_back((&row.key, back))).into();
        told["held_up"] = finance.held_up_by(&row.key).as_ref().map(day::sent_back).into();
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
