//! Lines from a client: each becomes the frame a binary client would have sent.

use domain::codes::Role;
use domain::ids::{ChannelId, PaymentId};
use domain::{Code, QuotaId};
use serde_json::{Map, Value};

use super::JsonError;
use super::command::read_command;
use super::directory::{read_history, read_list, read_rows, read_state};
use super::fields::{array, division, hex128, number, object, one_of, quota, small, string, year};
use super::reports::read_report;
use super::strict::parse_object;
use crate::batch::CommandsBuilder;
use crate::frame::FrameKind;
use crate::hello::{Environment, Hello, VERSION};
use crate::limits::{
    CLIENT_NAME_BYTES_MAX, DEADLINE_MS_MAX, EVENT_FILTER_SLUGS_MAX, EVENT_SLUG_BYTES_MAX,
    JSON_COMMANDS_PER_LINE_MAX, JSON_LOOK_UPS_PER_LINE_MAX,
};
use crate::lookup::{IdKind, LookUp, put_look_ups};
use crate::message::put_bare;
use crate::results::Position;
use crate::subscribe::{Cursor, Subscribe};

/// What a line was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// A hello: the first line, and only the first.
    Hello(Hello),
    /// A request, appended as a frame of this kind.
    Request(FrameKind),
}

/// Keys of a line that carries one command, beside the command's own.
const LINE_KEYS: [&str; 2] = ["request", "within_ms"];

const ASKS: [FrameKind; 5] = [
    FrameKind::Health,
    FrameKind::Metrics,
    FrameKind::Ping,
    FrameKind::Unsubscribe,
    FrameKind::Goodbye,
];

/// Reads one line, without its line feed, and appends its frame to `out` unless it is a hello.
///
/// # Errors
/// Names the field and the nearest known key; nothing is appended then, and the connection goes
/// on.
pub fn read_line(line: &[u8], out: &mut Vec<u8>) -> Result<Line, JsonError> {
    let object = parse_object(line)?;
    if let Some(hello) = object.get("hello") {
        only_keys(&object, &["hello"])?;
        return read_hello(hello).map(Line::Hello).map_err(|error| error.within("hello"));
    }
    let request = match object.get("request") {
        None => return Err(JsonError::missing("request")),
        Some(value) => number("request", value)?,
    };
    if request == 0 {
        return Err(JsonError::new("request", "is a number from 1 on, as a string"));
    }
    read_request(&object, request, out)
        .map(Line::Request)
        .map_err(|error| JsonError { request, ..error })
}

fn read_request(
    object: &Map<String, Value>,
    request: u64,
    out: &mut Vec<u8>,
) -> Result<FrameKind, JsonError> {
    const KINDS: [&str; 10] = [
        "command",
        "commands",
        "look_up",
        "look_ups",
        "subscribe",
        "ask",
        "list",
        "history",
        "state_at",
        "report",
    ];
    let mut kinds = KINDS.into_iter().filter(|&kind| object.contains_key(kind));
    let Some(kind) = kinds.next() else {
        let known = || KINDS.into_iter().chain(LINE_KEYS);
        let unknown = object.keys().find(|key| known().all(|known| known != *key));
        return Err(match unknown {
            Some(key) => JsonError::unknown(key, known()),
            None => JsonError::new("line", "says nothing to do: give command, look_up or ask"),
        });
    };
    if let Some(second) = kinds.next() {
        return Err(JsonError::new(second, format!("cannot stand beside {kind}")));
    }
    match kind {
        "command" => one_command(object, request, out).map(|()| FrameKind::Commands),
        "commands" => many_commands(object, request, out).map(|()| FrameKind::Commands),
        "look_up" => {
            let look_up = read_look_up(object, &["request"])?;
            put_look_ups(out, request, &[look_up]);
            Ok(FrameKind::LookUps)
        }
        "look_ups" => many_look_ups(object, request, out).map(|()| FrameKind::LookUps),
        "subscribe" => {
            only_keys(object, &["request", "subscribe"])?;
            let subscribe = read_subscribe(&object["subscribe"]);
            subscribe.map_err(|error| error.within("subscribe"))?.put(out, request);
            Ok(FrameKind::Subscribe)
        }
        "list" => match one_of("list", &object["list"], &["payments", "rows"], |slug| slug)? {
            "rows" => {
                read_rows(object)?.put(out, request);
                Ok(FrameKind::ListRows)
            }
            _ => {
                read_list(object)?.put(out, request);
                Ok(FrameKind::ListPayments)
            }
        },
        "history" => {
            read_history(object)?.put(out, request);
            Ok(FrameKind::History)
        }
        "state_at" => {
            read_state(object)?.put(out, request);
            Ok(FrameKind::StateAt)
        }
        "report" => {
            read_report(object)?.put(out, request);
            Ok(FrameKind::Report)
        }
        _ => {
            only_keys(object, &["request", "ask"])?;
            let ask = one_of("ask", &object["ask"], &ASKS, FrameKind::slug)?;
            put_bare(out, ask, request);
            Ok(ask)
        }
    }
}

pub(super) fn only_keys(object: &Map<String, Value>, known: &[&str]) -> Result<(), JsonError> {
    match object.keys().find(|key| !known.contains(&key.as_str())) {
        Some(key) => Err(JsonError::unknown(key, known.iter().copied())),
        None => Ok(()),
    }
}

fn read_hello(value: &Value) -> Result<Hello, JsonError> {
    let hello = object("hello", value)?;
    only_keys(hello, &["version", "environment", "role", "channel", "window", "name"])?;
    let get = |name: &str| hello.get(name).ok_or_else(|| JsonError::missing(name));
    let version = hello.get("version").map(|value| small("version", value)).transpose()?;
    let environments = [Environment::Any, Environment::Production, Environment::Test];
    let roles: Vec<_> = Role::ALL.iter().copied().filter(|&role| role != Role::Engine).collect();
    let name = match hello.get("name") {
        None => "",
        Some(value) => string("name", value)?,
    };
    if name.len() > CLIENT_NAME_BYTES_MAX {
        let problem = format!("has {} bytes; at most {CLIENT_NAME_BYTES_MAX}", name.len());
        return Err(JsonError { code: Code::TextTooLong, ..JsonError::new("name", problem) });
    }
    let window = hello.get("window").map(|value| small("window", value)).transpose()?;
    Ok(Hello {
        version_min: version.unwrap_or(VERSION),
        version_max: version.unwrap_or(VERSION),
        environment: match hello.get("environment") {
            None => Environment::Any,
            Some(value) => one_of("environment", value, &environments, Environment::slug)?,
        },
        role: one_of("role", get("role")?, &roles, Role::slug)?,
        channel: ChannelId(small("channel", get("channel")?)?),
        window_commands: window.unwrap_or(0),
        name: name.to_owned(),
    })
}

fn within_ms(object: &Map<String, Value>) -> Result<u64, JsonError> {
    let Some(value) = object.get("within_ms") else { return Ok(0) };
    let budget = value.as_u64().filter(|&ms| (1..=DEADLINE_MS_MAX).contains(&ms));
    let problem = || format!("is a whole number of ms, 1 to {DEADLINE_MS_MAX}");
    budget.ok_or_else(|| JsonError::new("within_ms", problem()))
}

fn one_command(
    object: &Map<String, Value>,
    request: u64,
    out: &mut Vec<u8>,
) -> Result<(), JsonError> {
    let within_ms = within_ms(object)?;
    let mut tail = Vec::new();
    let row = read_command(object, &LINE_KEYS, &mut tail)?;
    let mut builder = CommandsBuilder::new();
    push(&mut builder, row, &tail)?;
    builder.finish_into(out, request, within_ms);
    Ok(())
}

fn many_commands(
    object_: &Map<String, Value>,
    request: u64,
    out: &mut Vec<u8>,
) -> Result<(), JsonError> {
    only_keys(object_, &["request", "within_ms", "commands"])?;
    let within_ms = within_ms(object_)?;
    let mut builder = CommandsBuilder::new();
    let list = array("commands", &object_["commands"], JSON_COMMANDS_PER_LINE_MAX)?;
    for (index, item) in list.iter().enumerate() {
        let mut add = || {
            let mut tail = Vec::new();
            let row = read_command(object("command", item)?, &[], &mut tail)?;
            push(&mut builder, row, &tail)
        };
        add().map_err(|error| error.within(&format!("commands[{index}]")))?;
    }
    builder.finish_into(out, request, within_ms);
    Ok(())
}

fn push(
    builder: &mut CommandsBuilder,
    row: [u8; crate::limits::COMMAND_BYTES],
    tail: &[u8],
) -> Result<(), JsonError> {
    let full = |_| JsonError::new("line", "holds more than one frame takes; send it as two lines");
    builder.push_encoded(&[row], tail).map_err(full)
}

fn many_look_ups(
    object_: &Map<String, Value>,
    request: u64,
    out: &mut Vec<u8>,
) -> Result<(), JsonError> {
    only_keys(object_, &["request", "look_ups"])?;
    let list = array("look_ups", &object_["look_ups"], JSON_LOOK_UPS_PER_LINE_MAX)?;
    let mut look_ups = Vec::with_capacity(list.len());
    for (index, item) in list.iter().enumerate() {
        let look_up = object("look_up", item).and_then(|item| read_look_up(item, &[]));
        look_ups.push(look_up.map_err(|error| error.within(&format!("look_ups[{index}]")))?);
    }
    put_look_ups(out, request, &look_ups);
    Ok(())
}

pub(super) fn read_look_up(
    object: &Map<String, Value>,
    around: &[&str],
) -> Result<LookUp, JsonError> {
    let get = |name: &str| object.get(name).ok_or_else(|| JsonError::missing(name));
    let keys = |own: &[&str]| only_keys(object, &[around, &["look_up"], own].concat());
    let place = || Ok((division("division", get("division")?)?, year("year", get("year")?)?));
    let what = get("look_up")?;
    match one_of("look_up", what, &["quota", "payment", "outcome"], |slug| slug)? {
        "quota" => {
            keys(&["quota"])?;
            let id: QuotaId = quota("quota", get("quota")?)?;
            Ok(LookUp::Quota(id))
        }
        "payment" => {
            keys(&["division", "year", "payment"])?;
            let (division, year) = place()?;
            let id = PaymentId(hex128("payment", get("payment")?)?);
            Ok(LookUp::Payment { division, year, id })
        }
        _ => {
            keys(&["of", "division", "year", "id"])?;
            let (division, year) = place()?;
            let kinds = [IdKind::Payment, IdKind::Act, IdKind::Move];
            let kind = one_of("of", get("of")?, &kinds, IdKind::slug)?;
            Ok(LookUp::Outcome { kind, division, year, id: hex128("id", get("id")?)? })
        }
    }
}

fn read_subscribe(value: &Value) -> Result<Subscribe, JsonError> {
    let asked = object("subscribe", value)?;
    only_keys(asked, &["cursor", "limit", "events"])?;
    let mut subscribe = Subscribe::default();
    if let Some(value) = asked.get("cursor") {
        subscribe.cursor = read_cursor(value).map_err(|error| error.within("cursor"))?;
    }
    if let Some(value) = asked.get("limit") {
        subscribe.limit = number("limit", value)?;
    }
    if let Some(value) = asked.get("events") {
        for item in array("events", value, EVENT_FILTER_SLUGS_MAX)? {
            let slug = string("events", item)?;
            if slug.len() > EVENT_SLUG_BYTES_MAX {
                return Err(JsonError::new("events", format!("{slug:?} is no event")));
            }
            subscribe.events.push(slug.to_owned());
        }
    }
    Ok(subscribe)
}

fn read_cursor(value: &Value) -> Result<Cursor, JsonError> {
    let cursor = object("cursor", value)?;
    only_keys(cursor, &["epoch", "sequence", "group_hash"])?;
    let get = |name: &str| cursor.get(name).ok_or_else(|| JsonError::missing(name));
    let epoch = small("epoch", get("epoch")?)?;
    let sequence = number("sequence", get("sequence")?)?;
    let text = string("group_hash", get("group_hash")?)?;
    let wrong = || JsonError::new("group_hash", "is 64 hex digits");
    if text.len() != 64 || !text.is_ascii() {
        return Err(wrong());
    }
    let mut group_hash = [0; 32];
    for (index, byte) in group_hash.iter_mut().enumerate() {
        let pair = &text[index * 2..index * 2 + 2];
        if !pair.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(wrong());
        }
        *byte = u8::from_str_radix(pair, 16).map_err(|_| wrong())?;
    }
    Ok(Cursor { position: Position { epoch, sequence }, group_hash })
}
