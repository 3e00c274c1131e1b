//! The payees beside an order, as finance's store tells them: how many there are, what they got, who got nothing, and who
//! of those is to be paid again.

use std::collections::BTreeMap;

use domain::Fen;
use domain::ids::PaymentId;
use domain::money::yuan_plain;
use domain::voucher::again::Line;
use domain::voucher::payees::PayeeLine;
use domain::voucher::{Field, Voucher, VoucherKey};
use exchange::finance::sheet::{Sheet, sheet_digest};
use exchange::finance::{Finance, Part, Row, Standing};
use exchange::party::RunningNode;
use serde_json::{Map, Value, json};

use crate::party::said::Said;
use crate::party::words;

/// Payees of a sheet that were not paid which one look at it tells; `failed` has all.
const FAILED_TOLD_MAX: usize = 200;

/// Payees that are to be paid again in one answer; the next goes on behind it.
const OWED_TOLD_MAX: usize = 10_000;

/// The order that a key names, or whose payees it names.
pub(super) fn order_of<'a>(finance: &'a Finance, key: &VoucherKey) -> Option<&'a Row> {
    finance.voucher(key).or_else(|| finance.order_beside(key))
}

/// The payees beside an order, all of them or those of one payment; null where none are given.
pub(super) fn beside(
    node: &mut RunningNode<Finance>,
    order: &VoucherKey,
    only: Option<PaymentId>,
) -> Result<Value, String> {
    let Some(sheet) = node.business().voucher(order).and_then(|row| row.sheet.clone()) else {
        return Ok(Value::Null);
    };
    let is_own = |part: &Part| only.is_none_or(|payment| part.payment == payment);
    let own = || (1..).zip(&sheet.parts).filter(|(_, part)| is_own(part));
    let why: BTreeMap<u32, &str> = sheet.failed.iter().map(|(at, why)| (at + 1, &**why)).collect();
    let sum =
        |of: fn(&Part) -> Fen| yuan_plain(own().map(|(_, part)| i128::from(of(part).get())).sum());
    let failed: Vec<(u32, &Part)> = own().filter(|(number, _)| why.contains_key(number)).collect();
    let written = if failed.is_empty() { None } else { written(node, &sheet)? };
    let finance = node.business();
    let told = failed.iter().take(FAILED_TOLD_MAX).map(|(number, part)| {
        let text = |field| text(written.as_ref(), *number, field);
        let again = finance.paid_again_by(Line { order: *order, number: *number });
        json!({
            "payee": number,
            "name": text(Field::PayeeName),
            "account": text(Field::PayeeAccount),
            "amount": part.ordered_fen.to_yuan(),
            "why": why[number],
            "paid_again": again.map(|by| json!({
                "voucher": by.order.to_string(),
                "payee": by.number,
            })),
        })
    });
    Ok(json!({
        "voucher": sheet.key.to_string(),
        "by": super::giver(&sheet),
        "payees": own().count(),
        "ordered": sum(|part| part.ordered_fen),
        "paid": sum(|part| part.paid_fen),
        "came_back": own().filter(|(_, part)| part.refunded).count(),
        "answered": sheet.answered,
        "failed_payees": failed.len(),
        "failed": told.collect::<Vec<_>>(),
    }))
}

/// Which payees beside an order are to be paid again, behind a number: `voucher`, `after`?.
pub(super) fn failed(said: &Said<'_>) -> Result<words::Seen<Finance>, String> {
    let key = words::key(said)?;
    let after: u32 = match said.at("after") {
        Value::Null => 0,
        _ => said.number("after", "the number of a payee")?,
    };
    Ok(Box::new(move |node, _| owed(node, &key, after)))
}

fn owed(node: &mut RunningNode<Finance>, key: &VoucherKey, after: u32) -> Result<Value, String> {
    let finance = node.business();
    let row = order_of(finance, key).ok_or_else(|| format!("finance has no voucher {key}"))?;
    let order = row.key;
    let sheet = row.sheet.clone().ok_or_else(|| format!("{order} has no payees beside it"))?;
    if row.standing == Standing::Out || (row.standing != Standing::Ended && !sheet.answered) {
        return Err(format!(
            "{order}: its bank has not said what became of its payees; wait for its answer"
        ));
    }
    let is_ended = row.standing == Standing::Ended;
    let mut owed: Vec<_> = finance.owed(row).filter(|owed| owed.number > after).collect();
    let next = owed.get(OWED_TOLD_MAX).map(|_| owed[OWED_TOLD_MAX - 1].number);
    owed.truncate(OWED_TOLD_MAX);
    let why: BTreeMap<u32, &str> = sheet.failed.iter().map(|(at, why)| (at + 1, &**why)).collect();
    let written = written(node, &sheet)?;
    let one = |owed: &exchange::finance::again::Owed| {
        let text = |field| text(written.as_ref(), owed.number, field);
        let or = if is_ended { "原凭证未支付" } else { "退回" };
        json!({
            "of": owed.number,
            "quota": owed.part.quota.to_string(),
            "name": text(Field::PayeeName),
            "account": text(Field::PayeeAccount),
            "bank_number": text(Field::PayeeBankNumber),
            "amount": owed.part.ordered_fen.to_yuan(),
            "why": why.get(&owed.number).copied().unwrap_or(or),
        })
    };
    let failed: Vec<Value> = owed.iter().map(one).collect();
    Ok(json!({ "order": order.to_string(), "failed": failed, "next": next }))
}

/// By which the payees of each payment beside an order can be known: `voucher`. Null where none are given, or they came back.
pub(super) fn sent(said: &Said<'_>) -> Result<words::Seen<Finance>, String> {
    let key = words::key(said)?;
    Ok(Box::new(move |node, _| {
        let row = node.business().voucher(&key);
        let row = row.ok_or_else(|| format!("finance ordered nothing by {key}"))?;
        let given = row.sheet.clone().filter(|_| node.business().sheet_back(&key).is_none());
        let Some(sheet) = given else {
            return Ok(json!({ "order": key.to_string(), "sent": null }));
        };
        let voucher = written(node, &sheet)?.ok_or_else(|| format!("{} is not kept", sheet.key))?;
        let mut by_payment: BTreeMap<PaymentId, Vec<PayeeLine<'_>>> = BTreeMap::new();
        for (part, line) in sheet.parts.iter().zip(&voucher.details) {
            let text = |field| line.fields.text(field).unwrap_or("");
            by_payment.entry(part.payment).or_default().push(PayeeLine {
                quota: part.quota,
                amount_fen: part.ordered_fen,
                name: text(Field::PayeeName),
                account: text(Field::PayeeAccount),
                bank_number: text(Field::PayeeBankNumber),
                again: 0,
            });
        }
        let digest = |(payment, lines): (PaymentId, Vec<PayeeLine<'_>>)| {
            (payment.to_string(), json!(sheet_digest(lines).to_string()))
        };
        let sent: Map<String, Value> = by_payment.into_iter().map(digest).collect();
        Ok(json!({ "order": key.to_string(), "sheet": sheet.key.to_string(), "sent": sent }))
    }))
}

fn text(written: Option<&Voucher>, number: u32, field: Field) -> Option<&str> {
    let line = written?.details.get(number.checked_sub(1)? as usize)?;
    line.fields.text(field)
}

/// A sheet as it was written: its letter in the store has the payees' names.
fn written(node: &mut RunningNode<Finance>, sheet: &Sheet) -> Result<Option<Voucher>, String> {
    let found = node.store().find(&sheet.key).into_iter().map(|(found, _)| found);
    let Some(found) = found.into_iter().find(|found| !found.came) else { return Ok(None) };
    let kept = node.kept(found).map_err(|fault| fault.to_string())?;
    Ok(kept.and_then(|kept| kept.voucher).and_then(Result::ok))
}
