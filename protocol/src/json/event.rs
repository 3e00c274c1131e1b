//! A committed event as JSON, for subscriptions on JSON lines and for reading a journal.

use domain::codes::MoveKind;
use domain::command::{Body, By, MoveIn};
use domain::event::{Event, EventBody, RefusedId, RunId};
use domain::ids::{ActId, Fingerprint, QuotaId};
use domain::{Command, Refusal};
use serde_json::{Value, json};

use super::code_json;
use super::command::command_json;
use super::fields::posts_json;
use super::reply::figures_json;
use crate::results::Position;

/// The event at a position, with everything it says.
#[must_use]
pub fn event_json(event: &Event<'_>, at: Position) -> Value {
    let mut object = body_json(event);
    object["event"] = json!(event.slug());
    object["epoch"] = json!(at.epoch);
    object["sequence"] = json!(at.sequence.to_string());
    object["division"] = json!(event.division().0);
    object["by"] = by_json(event.by);
    if let Some((quota, version)) = event.quota_version() {
        object["quota"] = json!(quota.to_string());
        object["version"] = json!(version);
    }
    object
}

fn by_json(by: By) -> Value {
    json!({
        "person": by.person.0.to_string(),
        "role": by.role.slug(),
        "channel": by.channel.0,
    })
}

fn body_json(event: &Event<'_>) -> Value {
    let command =
        |body: Body<'_>| command_json(&Command { by: event.by, body }).unwrap_or(Value::Null);
    let told = |fingerprint: &Fingerprint, body: Body<'_>| json!({ "fingerprint": fingerprint_text(fingerprint), "command": command(body) });
    match &event.body {
        EventBody::Reserved { fingerprint, rule_version, path, posts, command: c, .. } => {
            let mut object = told(fingerprint, Body::Reserve(*c));
            object["rule_version"] = json!(rule_version);
            object["path"] = json!(path.slug());
            object["posts"] = posts_json(*posts);
            object
        }
        EventBody::Stepped { command: c, .. } => json!({ "command": command(Body::Step(*c)) }),
        EventBody::FactTaken { fingerprint, from_suspense, command: c, .. } => {
            let mut object = told(fingerprint, Body::Fact(*c));
            object["from_suspense"] = json!(from_suspense);
            object
        }
        EventBody::FactParked { year, fingerprint, reason, command: c, .. } => {
            let mut object = told(fingerprint, Body::Fact(*c));
            object["year"] = json!(year.get());
            object["reason"] = code_json(*reason);
            object
        }
        EventBody::Acted { fingerprint, command: c, .. } => told(fingerprint, Body::Act(*c)),
        EventBody::Created { fingerprint, command: c, .. } => told(fingerprint, Body::Create(*c)),
        EventBody::MovedOut { fingerprint, command: c, .. } => told(fingerprint, Body::MoveOut(*c)),
        EventBody::MovedIn { command: c, .. } => json!({ "command": move_in_json(c) }),
        EventBody::MoveDeclined { reason, command: c } => {
            json!({ "reason": code_json(*reason), "command": move_in_json(c) })
        }
        EventBody::MoveSettled { id, from, landed, .. } => json!({
            "move": id.to_string(),
            "from": from.to_string(),
            "landed": landed,
        }),
        EventBody::LimitSet { version, fingerprint, command: c } => {
            let mut object = told(fingerprint, Body::SetLimit(*c));
            object["limit_version"] = json!(version);
            object
        }
        EventBody::BatchOpened { fingerprint, command: c } => {
            told(fingerprint, Body::OpenBatch(*c))
        }
        EventBody::BatchEnded { fingerprint, act, year, batch, end, .. } => {
            let mut object = json!({
                "year": year.get(),
                "batch": batch.to_string(),
                "end": end.slug(),
            });
            // Only what people ended has an act of its own.
            if *act != ActId(0) {
                object["act"] = json!(act.to_string());
                object["fingerprint"] = json!(fingerprint_text(fingerprint));
            }
            object
        }
        EventBody::YearSet { fingerprint, act, year, state, .. } => json!({
            "fingerprint": fingerprint_text(fingerprint),
            "act": act.to_string(),
            "year": year.get(),
            "state": state.slug(),
        }),
        EventBody::Registered { command: c } => json!({ "command": command(Body::Register(*c)) }),
        EventBody::Filed { fingerprint, changes, command: c } => {
            let mut object = told(fingerprint, Body::File(*c));
            object["changes"] = changes.lines().collect();
            object
        }
        EventBody::Resolved { fingerprint, fact, command: c } => {
            let mut object = told(fingerprint, Body::Resolve(*c));
            object["fact"] = json!(fingerprint_text(fact));
            object
        }
        EventBody::Refused { id, quota, year, fingerprint, tag, amount_fen, refusal, .. } => {
            let mut object = refusal_json(refusal);
            object["year"] = json!(year.get());
            let ended = RunId {
                id: *id,
                quota: *quota,
                person: event.by.person,
                fingerprint: *fingerprint,
                tag: *tag,
                amount_fen: *amount_fen,
            };
            object["ended"] = ended_json(&ended);
            object
        }
        EventBody::RunRefused { year, at, refusal, ids, .. } => {
            let mut object = refusal_json(refusal);
            object["year"] = json!(year.get());
            object["refused_at"] = if *at == u16::MAX { Value::Null } else { json!(at) };
            object["ended"] = ids.iter().map(ended_json).collect();
            object
        }
    }
}

fn fingerprint_text(fingerprint: &Fingerprint) -> String {
    format!("{:032x}", fingerprint.0)
}

fn refusal_json(refusal: &Refusal) -> Value {
    json!({ "refusal": code_json(refusal.code), "figures": figures_json(refusal) })
}

fn ended_json(ended: &RunId) -> Value {
    let (of, id) = match ended.id {
        RefusedId::Payment(id) => ("payment", id.0),
        RefusedId::Act(id) => ("act", id.0),
        RefusedId::Move(id) => ("move", id.0),
    };
    json!({
        "of": of,
        "id": format!("{id:032x}"),
        "quota": if ended.quota == QuotaId::NONE { Value::Null } else { json!(ended.quota.to_string()) },
        "person": ended.person.0.to_string(),
        "fingerprint": fingerprint_text(&ended.fingerprint),
        "tag": ended.tag,
        "amount": ended.amount_fen.to_yuan(),
    })
}

fn move_in_json(c: &MoveIn) -> Value {
    let mut object = json!({
        "command": "move-in",
        "kind": c.kind.slug(),
        "move": c.id.to_string(),
        "from": c.from.to_string(),
        "to": c.to.to_string(),
        "amount": c.amount_fen.to_yuan(),
        "fund": c.fund.as_str(),
    });
    if c.kind == MoveKind::Correct {
        object["payment"] = json!(c.payment.to_string());
    }
    object
}
