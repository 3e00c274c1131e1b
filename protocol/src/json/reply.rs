//! Frames from a server: each becomes one line.

use domain::Refusal;
use serde_json::{Map, Value, json};

use super::code_json;
use super::directory::{history_json, payment_page_json, row_page_json, state_json};
use super::reports::report_json;
use super::views::{payment_json, quota_json};
use crate::directory::{HistoryPage, PaymentPage, ReportPage, RowPage, StateThen};
use crate::frame::{Frame, FrameError, FrameKind};
use crate::hello::Welcome;
use crate::lookup::{Answer, OutcomeView, parse_answers};
use crate::message::{ErrorMessage, Health, parse_metrics, parse_pong};
use crate::results::{CommandResult, Position, Reply, Value as Number};
use crate::subscribe::{Events, Record};

/// Appends the line that tells a server's frame, with its line feed. `render` gives the JSON of
/// a committed record: its body is the journal's and not read here.
///
/// # Errors
/// If the frame is not one a server sends.
pub fn write_line(
    frame: &Frame<'_>,
    render: impl FnMut(&Record<'_>) -> Value,
    out: &mut Vec<u8>,
) -> Result<(), FrameError> {
    let mut line = match frame.header.kind {
        FrameKind::Welcome => welcome_json(&Welcome::parse(frame)?),
        FrameKind::Results => results_json(&Reply::parse(frame)?)?,
        FrameKind::Answers => {
            let (at, answers) = parse_answers(frame)?;
            let answers: Vec<_> = answers.iter().map(answer_json).collect();
            json!({ "position": position_json(at), "answers": answers })
        }
        FrameKind::HealthReport => health_json(&Health::parse(frame)?),
        FrameKind::MetricsText => json!({ "metrics": parse_metrics(frame)? }),
        FrameKind::Pong => json!({ "pong": true, "position": position_json(parse_pong(frame)?) }),
        FrameKind::Events => events_json(&Events::parse(frame)?, render),
        FrameKind::SubscriptionEnded => json!({ "subscription_ended": true }),
        FrameKind::Payments => payment_page_json(&PaymentPage::parse(frame)?),
        FrameKind::HistoryPage => history_json(&HistoryPage::parse(frame)?, render),
        FrameKind::StateThen => state_json(&StateThen::parse(frame)?),
        FrameKind::ReportPage => report_json(&ReportPage::parse(frame)?),
        FrameKind::Rows => row_page_json(&RowPage::parse(frame)?),
        FrameKind::Goodbye => json!({ "goodbye": true }),
        FrameKind::Error => error_json(&ErrorMessage::parse(frame)?),
        kind => return Err(FrameError::Kind(kind.number())),
    };
    if frame.header.request != 0 {
        line["request"] = json!(frame.header.request.to_string());
    }
    out.extend_from_slice(line.to_string().as_bytes());
    out.push(b'\n');
    Ok(())
}

/// A position: its epoch, and its sequence as text, for readers whose numbers have 53 bits.
#[must_use]
pub fn position_json(at: Position) -> Value {
    json!({ "epoch": at.epoch, "sequence": at.sequence.to_string() })
}

fn welcome_json(welcome: &Welcome) -> Value {
    json!({ "welcome": {
        "version": welcome.version,
        "environment": welcome.environment.slug(),
        "data_set": format!("{:032x}", welcome.data_set),
        "epoch": welcome.epoch,
        "window_commands": welcome.window_commands,
        "window_bytes": welcome.window_bytes,
        "line_bytes_max": crate::limits::JSON_LINE_BYTES_MAX,
        "commands_per_line_max": crate::limits::JSON_COMMANDS_PER_LINE_MAX,
        "heartbeat_ms": welcome.heartbeat_ms,
        "server_version": welcome.server_version,
    } })
}

fn results_json(reply: &Reply<'_>) -> Result<Value, FrameError> {
    let mut results = Vec::with_capacity(reply.count());
    for result in reply.iter() {
        let (result, refusal) = result?;
        results.push(Value::Object(result_json(&result, refusal.as_ref())));
    }
    Ok(json!({ "position": position_json(reply.at), "results": results }))
}

fn result_json(result: &CommandResult, refusal: Option<&Refusal>) -> Map<String, Value> {
    let Value::Object(mut object) = code_json(result.code) else { return Map::new() };
    let mut put = |key: &str, value: Value| object.insert(key.to_owned(), value);
    if result.repeat {
        put("repeat", json!(true));
    }
    if result.checked {
        put("checked", json!(true));
    }
    if let Some(state) = result.state {
        put("state", json!(state.slug()));
    }
    match result.value {
        Number::None => {}
        Number::Available(fen) => {
            put("available", json!(fen.to_yuan()));
        }
        Number::Created(quota) => {
            put("quota", json!(quota.to_string()));
        }
    }
    if result.sequence != 0 {
        put("sequence", json!(result.sequence.to_string()));
    }
    if let Some(refusal) = refusal {
        put("figures", figures_json(refusal));
    }
    object
}

/// The limits that refused, the binding one first; or where in a paper.
#[must_use]
pub fn figures_json(refusal: &Refusal) -> Value {
    refusal
        .figures()
        .map(|figure| match figure.place() {
            Some((line, column)) => {
                json!({ "limit": figure.limit.slug(), "line": line, "column": column })
            }
            None => json!({
                "limit": figure.limit.slug(),
                "requested": figure.requested_fen.to_yuan(),
                "left": figure.left_fen.to_yuan(),
            }),
        })
        .collect()
}

pub(super) fn answer_json(answer: &Answer) -> Value {
    match answer {
        Answer::Failed(code) => json!({ "error": code_json(*code) }),
        Answer::Quota(view) => json!({ "quota": quota_json(view) }),
        Answer::Payment(view) => json!({ "payment": payment_json(view) }),
        Answer::Outcome(view) => json!({ "outcome": outcome_json(view) }),
    }
}

fn outcome_json(view: &OutcomeView) -> Value {
    let mut object = result_json(&view.result, view.refusal.as_ref());
    if let Some(transit) = transit_name(view.transit) {
        object.insert("transit".to_owned(), json!(transit));
    }
    Value::Object(object)
}

/// Where a move stands; `None` for what is no move.
fn transit_name(number: u8) -> Option<&'static str> {
    match number {
        1 => Some("staged"),
        2 => Some("in-transit"),
        3 => Some("landed"),
        4 => Some("came-back"),
        5 => Some("dropped"),
        _ => None,
    }
}

fn health_json(health: &Health) -> Value {
    json!({ "health": {
        "status": health.status.slug(),
        "environment": health.environment.slug(),
        "data_set": format!("{:032x}", health.data_set),
        "position": position_json(health.durable),
        "uptime_ms": health.uptime_ms.to_string(),
        "connections": health.connections,
        "divisions": health.divisions,
        "quotas": health.quotas.to_string(),
        "server_version": health.server_version,
        "note": health.note,
    } })
}

fn error_json(message: &ErrorMessage) -> Value {
    let mut error = code_json(message.code);
    if message.retry_after_ms != 0 {
        error["retry_after_ms"] = json!(message.retry_after_ms);
    }
    if message.common != Position::default() {
        error["common"] = position_json(message.common);
    }
    if !message.detail.is_empty() {
        error["detail"] = json!(message.detail);
    }
    json!({ "error": error })
}

fn events_json(events: &Events<'_>, render: impl FnMut(&Record<'_>) -> Value) -> Value {
    let mut hash = String::with_capacity(64);
    for byte in events.cursor.group_hash {
        hash.push_str(&format!("{byte:02x}"));
    }
    let mut cursor = position_json(events.cursor.position);
    cursor["group_hash"] = json!(hash);
    let records: Vec<_> = events.iter().collect();
    let events: Vec<_> = records.iter().map(render).collect();
    json!({ "cursor": cursor, "events": events })
}
