//! Quotas and payments as JSON.

use domain::Fen;
use domain::codes::Ending;
use domain::ids::PersonId;
use serde_json::{Map, Value, json};

use super::fields::{day_text, posts_json};
use crate::views::{PaymentView, QuotaView};

fn yuan(fen: i64) -> Value {
    json!(Fen::new(fen).to_yuan())
}

/// A person's number; `null` for an empty post.
fn person(id: PersonId) -> Value {
    if id == PersonId::NOBODY { Value::Null } else { json!(id.0.to_string()) }
}

/// A number as a string; `null` for zero, where zero is none.
fn some(number: u64) -> Value {
    if number == 0 { Value::Null } else { json!(number.to_string()) }
}

/// Everything about a quota. `frozen` is what finance froze, `staged` what open batches hold.
#[must_use]
pub fn quota_json(view: &QuotaView) -> Value {
    let b = &view.buckets;
    let buckets = json!({
        "issued": yuan(b.issued),
        "allocated": yuan(b.allocated),
        "transferred": yuan(b.transferred),
        "frozen": yuan(b.frozen),
        "staged": yuan(b.staged),
        "earmarked": yuan(b.earmarked),
        "reserved": yuan(b.reserved),
        "paid": yuan(b.paid),
        "cleared": yuan(b.cleared),
        "refunding": yuan(b.refunding),
    });
    let mut totals = Map::new();
    for (name, fen) in view.totals.named() {
        totals.insert(name.to_owned(), yuan(fen));
    }
    let parent = if view.parent.is_none() { Value::Null } else { json!(view.parent.to_string()) };
    json!({
        "quota": view.quota.to_string(),
        "key": view.key,
        "version": view.version,
        "available": yuan(b.available()),
        "buckets": buckets,
        "totals": totals,
        "open_payments": view.open_payments,
        "open_contracts": view.open_contracts,
        "executable": view.executable,
        "closed": view.closed,
        "quarantined": view.quarantined,
        "posts": posts_json(view.posts),
        "authority": view.authority.slug(),
        "cap": if view.cap_fen == Fen::ZERO { Value::Null } else { yuan(view.cap_fen.get()) },
        "plan": some(view.plan.0),
        "parent": parent,
        "fund": view.fund.as_str(),
        "economic": view.economic.as_str(),
    })
}

/// Everything about a payment but its particulars.
#[must_use]
pub fn payment_json(view: &PaymentView) -> Value {
    let steps: Vec<_> = view
        .steps
        .iter()
        .map(|step| {
            json!({
                "step": step.kind.slug(),
                "serial": step.serial.to_string(),
                "person": person(step.person),
            })
        })
        .collect();
    let facts: Vec<_> = view
        .facts
        .iter()
        .map(|fact| {
            json!({
                "fact": fact.kind.slug(),
                "channel": fact.channel.0,
                "serial": fact.serial.to_string(),
            })
        })
        .collect();
    let refunds: Vec<_> = view
        .refunds
        .iter()
        .map(|refund| {
            json!({
                "refund": refund.number.to_string(),
                "amount": yuan(refund.amount_fen.get()),
                "detail": refund.detail,
                "settled": refund.settled,
                "to_pool": refund.to_pool,
            })
        })
        .collect();
    let [unit, department, finance] = view.approvers;
    json!({
        "payment": view.payment.to_string(),
        "quota": view.quota.to_string(),
        "state": view.state.slug(),
        "ending": view.ending.map(Ending::slug),
        "amount": yuan(view.amount_fen.get()),
        "executed": yuan(view.executed_fen.get()),
        "economic": view.economic.as_str(),
        "method": view.method.slug(),
        "business": view.kind.slug(),
        "path": view.path.slug(),
        "day": day_text(view.day.get()),
        "maker": person(view.maker),
        "approvers": {
            "unit": person(unit),
            "department": person(department),
            "finance": person(finance),
        },
        "instructor": person(view.instructor),
        "posts": posts_json(view.posts),
        "approved": posts_json(view.approved),
        "contract": some(view.contract.0),
        "plan": some(view.plan.0),
        "payee_hash": format!("{:016x}", view.payee_hash),
        "deadline_ms": some(view.deadline_ms),
        "rule_version": view.rule_version,
        "sequence": view.sequence.to_string(),
        "steps": steps,
        "facts": facts,
        "refunds": refunds,
    })
}
