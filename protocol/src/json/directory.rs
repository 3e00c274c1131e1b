//! Questions to the directory and its pages, as lines.

use domain::Code;
use domain::codes::{Ending, PaymentState};
use domain::ids::{PaymentId, PersonId};
use domain::office::table::Table;
use domain::particulars::account_hash;
use serde_json::{Map, Value, json};

use super::JsonError;
use super::fields::{
    array, division, hex64, hex128, number, object, one_of, posts_json, quota, small, string, year,
    yuan,
};
use super::reply::{answer_json, position_json};
use super::request::{only_keys, read_look_up};
use crate::directory::{
    AgeSince, AsOf, Asked, Continuation, History, HistoryPage, ListPayments, ListRows,
    ListedPayment, PaymentFilter, PaymentPage, RowPage, StateAt, StateThen, Subject,
};
use crate::limits::{
    CONTINUATION_BYTES, DIRECTORY_PAGE_ITEMS_MAX, DIRECTORY_TEXT_BYTES_MAX, DIRECTORY_WAIT_MS_MAX,
    ROW_KEY_BYTES_MAX,
};
use crate::results::Position;
use crate::subscribe::Record;

/// Keys of when a question is to be answered, and about which moment.
pub(super) const WHEN_KEYS: [&str; 5] = ["request", "wait_for", "wait_ms", "as_of", "as_of_ms"];

/// Keys of which page is wanted.
pub(super) const PAGE_KEYS: [&str; 3] = ["items", "newest_first", "after"];

const FILTER_KEYS: [&str; 14] = [
    "states",
    "division",
    "year",
    "quota",
    "key_prefix",
    "payee_account",
    "payee_hash",
    "number",
    "maker",
    "older_than_ms",
    "younger_than_ms",
    "age_since",
    "amount_from",
    "amount_to",
];

/// A list of payments.
pub(super) fn read_list(line: &Map<String, Value>) -> Result<ListPayments, JsonError> {
    only_keys(line, &[&WHEN_KEYS[..], &PAGE_KEYS, &["list"], &FILTER_KEYS].concat())?;
    Ok(ListPayments { asked: read_asked(line)?, filter: read_filter(line)? })
}

/// Rows of a table.
pub(super) fn read_rows(line: &Map<String, Value>) -> Result<ListRows, JsonError> {
    let own = ["list", "table", "division", "year", "beginning", "items", "after"];
    only_keys(line, &[&WHEN_KEYS[..], &own].concat())?;
    let get = |name: &str| line.get(name).ok_or_else(|| JsonError::missing(name));
    let key = |name: &str| -> Result<String, JsonError> {
        let text = line.get(name).map(|value| bounded(name, value, ROW_KEY_BYTES_MAX));
        Ok(text.transpose()?.unwrap_or_default().to_owned())
    };
    // What goes on behind a page is a key here, and no bytes that mean nothing.
    let mut when = line.clone();
    when.remove("after");
    Ok(ListRows {
        asked: read_asked(&when)?,
        division: division("division", get("division")?)?,
        year: year("year", get("year")?)?,
        table: one_of("table", get("table")?, Table::ALL, Table::slug)?,
        beginning: key("beginning")?,
        after: key("after")?,
    })
}

/// A history.
pub(super) fn read_history(line: &Map<String, Value>) -> Result<History, JsonError> {
    let keys =
        |own: &[&str]| only_keys(line, &[&WHEN_KEYS[..], &PAGE_KEYS, &["history"], own].concat());
    let get = |name: &str| line.get(name).ok_or_else(|| JsonError::missing(name));
    let subject = match one_of("history", &line["history"], &["payment", "quota"], |slug| slug)? {
        "quota" => {
            keys(&["quota"])?;
            Subject::Quota(quota("quota", get("quota")?)?)
        }
        _ => {
            keys(&["division", "year", "payment"])?;
            let id = PaymentId(hex128("payment", get("payment")?)?);
            let book = match (line.get("division"), line.get("year")) {
                (None, None) => None,
                _ => Some((division("division", get("division")?)?, year("year", get("year")?)?)),
            };
            Subject::Payment { book, id }
        }
    };
    Ok(History { asked: read_asked(line)?, subject })
}

/// A state as it was.
pub(super) fn read_state(line: &Map<String, Value>) -> Result<StateAt, JsonError> {
    let asked = read_asked(line)?;
    let mut of = line.clone();
    let what = of.remove("state_at").unwrap_or(Value::Null);
    one_of("state_at", &what, &["quota", "payment"], |slug| slug)?;
    of.insert("look_up".to_owned(), what);
    Ok(StateAt { asked, look_up: read_look_up(&of, &WHEN_KEYS)? })
}

pub(super) fn read_asked(line: &Map<String, Value>) -> Result<Asked, JsonError> {
    let mut asked = Asked::default();
    if let Some(value) = line.get("wait_for") {
        asked.wait_for = read_position("wait_for", value)?;
    }
    if let Some(value) = line.get("wait_ms") {
        asked.wait_ms = at_most("wait_ms", value, DIRECTORY_WAIT_MS_MAX)?;
    }
    asked.as_of = match (line.get("as_of"), line.get("as_of_ms")) {
        (None, None) => AsOf::Now,
        (Some(value), None) => AsOf::Position(read_position("as_of", value)?),
        (None, Some(value)) => AsOf::TimeMs(number("as_of_ms", value)?),
        (Some(_), Some(_)) => return Err(JsonError::new("as_of_ms", "cannot stand beside as_of")),
    };
    if let Some(value) = line.get("items") {
        asked.items = at_most("items", value, DIRECTORY_PAGE_ITEMS_MAX as u32)? as u16;
    }
    if let Some(value) = line.get("newest_first") {
        let flag = value.as_bool();
        asked.newest_first =
            flag.ok_or_else(|| JsonError::new("newest_first", "is true or false"))?;
    }
    if let Some(value) = line.get("after") {
        asked.after = read_continuation(value)?;
    }
    Ok(asked)
}

fn at_most(name: &str, value: &Value, max: u32) -> Result<u32, JsonError> {
    let within = |number: &u32| (1..=max).contains(number);
    let found = value.as_u64().and_then(|number| u32::try_from(number).ok()).filter(within);
    found.ok_or_else(|| JsonError::new(name, format!("is a whole number, 1 to {max}")))
}

fn read_position(name: &str, value: &Value) -> Result<Position, JsonError> {
    let read = || {
        let position = object(name, value)?;
        only_keys(position, &["epoch", "sequence"])?;
        let get = |key: &str| position.get(key).ok_or_else(|| JsonError::missing(key));
        let epoch = small("epoch", get("epoch")?)?;
        Ok(Position { epoch, sequence: number("sequence", get("sequence")?)? })
    };
    read().map_err(|error: JsonError| error.within(name))
}

fn read_continuation(value: &Value) -> Result<Continuation, JsonError> {
    let wrong = || JsonError::new("after", "is what a page gave as after: 48 hex digits");
    let text = value.as_str().ok_or_else(wrong)?;
    if text.len() != 2 * CONTINUATION_BYTES || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(wrong());
    }
    let mut bytes = [0; CONTINUATION_BYTES];
    for (index, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * index..2 * index + 2], 16).map_err(|_| wrong())?;
    }
    Ok(bytes)
}

fn read_filter(line: &Map<String, Value>) -> Result<PaymentFilter, JsonError> {
    let mut filter = PaymentFilter::default();
    if let Some(value) = line.get("states") {
        for item in array("states", value, PaymentState::ALL.len())? {
            filter.states.push(one_of("states", item, PaymentState::ALL, PaymentState::slug)?);
        }
    }
    let get = |name: &str| line.get(name);
    filter.division = get("division").map(|value| division("division", value)).transpose()?;
    filter.year = get("year").map(|value| year("year", value)).transpose()?;
    filter.quota = get("quota").map(|value| quota("quota", value)).transpose()?;
    if let Some(value) = get("key_prefix") {
        filter.key_prefix =
            bounded("key_prefix", value, domain::limits::OFFICIAL_KEY_BYTES_MAX)?.to_owned();
    }
    filter.payee_hash = match (get("payee_account"), get("payee_hash")) {
        (Some(_), Some(_)) => {
            return Err(JsonError::new("payee_hash", "cannot stand beside payee_account"));
        }
        (Some(value), None) => Some(account_hash(string("payee_account", value)?)),
        (None, Some(value)) => Some(hex64("payee_hash", value)?),
        (None, None) => None,
    };
    if let Some(value) = get("number") {
        filter.number = bounded("number", value, DIRECTORY_TEXT_BYTES_MAX)?.to_owned();
    }
    filter.maker = get("maker").map(|value| number("maker", value)).transpose()?.map(PersonId);
    let ms = |name: &str| get(name).map(|value| number(name, value)).transpose();
    filter.older_than_ms = ms("older_than_ms")?;
    filter.younger_than_ms = ms("younger_than_ms")?;
    if let Some(value) = get("age_since") {
        let all = [AgeSince::Changed, AgeSince::Reserved];
        filter.age_since = one_of("age_since", value, &all, AgeSince::slug)?;
    }
    let amount = |name: &str| get(name).map(|value| yuan(name, value)).transpose();
    filter.amount_from = amount("amount_from")?;
    filter.amount_to = amount("amount_to")?;
    Ok(filter)
}

pub(super) fn bounded<'v>(name: &str, value: &'v Value, max: usize) -> Result<&'v str, JsonError> {
    let text = string(name, value)?;
    if text.len() <= max {
        return Ok(text);
    }
    let problem = format!("has {} bytes; at most {max}", text.len());
    Err(JsonError { code: Code::TextTooLong, ..JsonError::new(name, problem) })
}

pub(super) fn continuation_json(after: &Continuation) -> Value {
    if *after == [0; CONTINUATION_BYTES] {
        return Value::Null;
    }
    json!(after.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
}

/// A page of payments.
#[must_use]
pub fn payment_page_json(page: &PaymentPage) -> Value {
    json!({
        "position": position_json(page.at),
        "time_ms": page.time_ms.to_string(),
        "after": continuation_json(&page.after),
        "payments": page.payments.iter().map(listed_json).collect::<Vec<_>>(),
    })
}

fn listed_json(payment: &ListedPayment) -> Value {
    json!({
        "payment": payment.payment.to_string(),
        "quota": payment.quota.to_string(),
        "key": payment.key,
        "state": payment.state.slug(),
        "ending": payment.ending.map(Ending::slug),
        "path": payment.path.slug(),
        "amount": payment.amount_fen.to_yuan(),
        "executed": payment.executed_fen.to_yuan(),
        "maker": payment.maker.0.to_string(),
        "posts": posts_json(payment.posts),
        "approved": posts_json(payment.approved),
        "payee_name": payment.payee_name,
        "payee_account": payment.payee_account,
        "payee_hash": format!("{:016x}", payment.payee_hash),
        "purpose": payment.purpose,
        "numbers": payment.numbers,
        "reserved_ms": payment.reserved_ms.to_string(),
        "changed_ms": payment.changed_ms.to_string(),
        "sequence": payment.sequence.to_string(),
        "changed_sequence": payment.changed_sequence.to_string(),
    })
}

/// A row on file as an object: its columns' texts by their names.
#[must_use]
pub fn row_json(table: Table, line: &str) -> Value {
    let fields = table.columns().iter().zip(line.split('\t'));
    fields.map(|(column, text)| (column.name.to_owned(), json!(text))).collect()
}

/// A page of rows, each with its columns by name.
pub(super) fn row_page_json(page: &RowPage) -> Value {
    let row = |line: &String| row_json(page.table, line);
    json!({
        "position": position_json(page.at),
        "time_ms": page.time_ms.to_string(),
        "table": page.table.slug(),
        "after": if page.after.is_empty() { Value::Null } else { json!(page.after) },
        "rows": page.rows.iter().map(row).collect::<Vec<_>>(),
    })
}

/// A page of events; `render` gives the JSON of a record.
pub(super) fn history_json(
    page: &HistoryPage,
    mut render: impl FnMut(&Record<'_>) -> Value,
) -> Value {
    let event = |event: crate::directory::HistoryEvent<'_>| {
        let mut object = render(&event.record);
        object["time_ms"] = json!(event.time_ms.to_string());
        object
    };
    json!({
        "position": position_json(page.at),
        "time_ms": page.time_ms.to_string(),
        "after": continuation_json(&page.after),
        "history": page.iter().map(event).collect::<Vec<_>>(),
    })
}

/// A state as it was.
pub(super) fn state_json(state: &StateThen) -> Value {
    json!({
        "position": position_json(state.at),
        "time_ms": state.time_ms.to_string(),
        "state": answer_json(&state.answer),
    })
}
