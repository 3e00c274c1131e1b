//! A command as a JSON object, to and from its 128 bytes and its tail.

use domain::particulars::{Particulars, ParticularsText};
use domain::{Code, Command};
use serde_json::{Map, Value, json};

use super::JsonError;
use super::fields::{number, object, string, to_bytes, to_json};
use super::strict::parse_object;
use crate::batch::tail_length;
use crate::bytes::{at, put};
use crate::flags::Flags;
use crate::layout::{
    FLAGS, Field, Form, KIND, LAYOUTS, Layout, PERSON, TAIL, Tail, layout, layout_named,
};
use crate::limits::{COMMAND_BYTES, TAIL_BYTES_MAX};

/// Keys that every command may have beside its own fields.
const COMMON: [&str; 4] = ["command", "person", "check", "linked"];

/// Keys of the six texts of particulars.
const PARTICULARS: [&str; 6] =
    ["payee_name", "payee_account", "payee_bank", "purpose", "document", "numbers"];

/// Reads one command object, as a line carries it, into its bytes and its tail.
///
/// # Errors
/// Names the field and the nearest known key.
pub fn parse_command(text: &[u8]) -> Result<([u8; COMMAND_BYTES], Vec<u8>), JsonError> {
    let mut tail = Vec::new();
    let row = read_command(&parse_object(text)?, &[], &mut tail)?;
    Ok((row, tail))
}

/// Reads a command; `around` are the keys the line may have beside it. The tail is appended.
pub(super) fn read_command(
    object: &Map<String, Value>,
    around: &[&str],
    tails: &mut Vec<u8>,
) -> Result<[u8; COMMAND_BYTES], JsonError> {
    let layout = kind_of(object)?;
    check_keys(object, layout, around)?;
    let mut row = [0; COMMAND_BYTES];
    put(&mut row, KIND, layout.number.to_le_bytes());
    put(&mut row, FLAGS, flags(object)?.bits().to_le_bytes());
    let person = object.get("person").ok_or_else(|| JsonError::missing("person"))?;
    put(&mut row, PERSON, number("person", person)?.to_le_bytes());
    for field in layout.fields {
        put_field(&mut row, field, object.get(field.name))?;
    }
    let tail = read_tail(object, layout.tail)?;
    put(&mut row, TAIL, (tail.len() as u32).to_le_bytes());
    tails.extend_from_slice(&tail);
    Ok(row)
}

fn kind_of(object: &Map<String, Value>) -> Result<&'static Layout, JsonError> {
    let slug = object.get("command").ok_or_else(|| JsonError::missing("command"))?;
    let slug = string("command", slug)?;
    layout_named(slug).ok_or_else(|| {
        let nearest = super::nearest(slug, LAYOUTS.iter().map(|layout| layout.slug));
        JsonError { nearest, ..JsonError::new("command", format!("{slug:?} is no command")) }
    })
}

fn check_keys(
    object: &Map<String, Value>,
    layout: &Layout,
    around: &[&str],
) -> Result<(), JsonError> {
    let tail = match layout.tail {
        Tail::None => None,
        Tail::Text { name, .. } => Some(name),
        Tail::Particulars => Some("particulars"),
    };
    let known = || {
        let own = layout.fields.iter().map(|field| field.name);
        COMMON.into_iter().chain(own).chain(tail).chain(around.iter().copied())
    };
    match object.keys().find(|key| known().all(|known| known != *key)) {
        Some(key) => Err(JsonError::unknown(key, known())),
        None => Ok(()),
    }
}

fn flags(object: &Map<String, Value>) -> Result<Flags, JsonError> {
    let flag = |name: &str| match object.get(name) {
        None => Ok(false),
        Some(value) => value.as_bool().ok_or_else(|| JsonError::new(name, "is true or false")),
    };
    Ok(Flags { check: flag("check")?, linked: flag("linked")? })
}

fn put_field(
    row: &mut [u8; COMMAND_BYTES],
    field: &Field,
    value: Option<&Value>,
) -> Result<(), JsonError> {
    let Some(value) = value else {
        if field.required {
            return Err(JsonError::missing(field.name));
        }
        if field.form == Form::Parent {
            put(row, field.offset, u64::MAX.to_le_bytes());
        }
        return Ok(());
    };
    let bytes = to_bytes(field.name, field.form, value)?;
    let length = field.form.bytes();
    row[field.offset..field.offset + length].copy_from_slice(&bytes[..length]);
    Ok(())
}

fn read_tail(object: &Map<String, Value>, tail: Tail) -> Result<Vec<u8>, JsonError> {
    let (name, bytes) = match tail {
        Tail::None => return Ok(Vec::new()),
        Tail::Text { name, required } => match object.get(name) {
            None if required => return Err(JsonError::missing(name)),
            None => return Ok(Vec::new()),
            Some(value) => (name, string(name, value)?.as_bytes().to_vec()),
        },
        Tail::Particulars => match object.get("particulars") {
            None => return Ok(Vec::new()),
            Some(value) => ("particulars", read_particulars(value)?.encode()),
        },
    };
    if bytes.len() > TAIL_BYTES_MAX {
        let problem = format!("has {} bytes; at most {TAIL_BYTES_MAX}", bytes.len());
        return Err(JsonError { code: Code::TextTooLong, ..JsonError::new(name, problem) });
    }
    Ok(bytes)
}

fn read_particulars(value: &Value) -> Result<ParticularsText, JsonError> {
    let texts = object("particulars", value)?;
    let mut found = ParticularsText::default();
    for (key, value) in texts {
        let slot = match key.as_str() {
            "payee_name" => &mut found.payee_name,
            "payee_account" => &mut found.payee_account,
            "payee_bank" => &mut found.payee_bank,
            "purpose" => &mut found.purpose,
            "document" => &mut found.document,
            "numbers" => &mut found.numbers,
            _ => {
                let unknown = JsonError::unknown(key, PARTICULARS.into_iter());
                return Err(unknown.within("particulars"));
            }
        };
        *slot = string(key, value).map_err(|error| error.within("particulars"))?.to_owned();
    }
    Ok(found)
}

/// The JSON object of a command, with what [`parse_command`] reads; `None` for the engine's own
/// commands, which have no form that anybody could send.
#[must_use]
pub fn command_json(command: &Command<'_>) -> Option<Value> {
    let (mut row, mut tail) = ([0; COMMAND_BYTES], Vec::new());
    crate::encode_command(command, Flags::default(), &mut row, &mut tail).ok()?;
    row_json(&row, &tail)
}

/// The JSON object of an encoded command.
pub(super) fn row_json(row: &[u8; COMMAND_BYTES], tail: &[u8]) -> Option<Value> {
    let layout = layout(u16::from_le_bytes(at(row, KIND)))?;
    let flags = Flags::of(row)?;
    let mut object = Map::new();
    object.insert("command".to_owned(), json!(layout.slug));
    object.insert("person".to_owned(), json!(u64::from_le_bytes(at(row, PERSON)).to_string()));
    for (name, on) in [("check", flags.check), ("linked", flags.linked)] {
        if on {
            object.insert(name.to_owned(), json!(true));
        }
    }
    for field in layout.fields {
        let length = field.form.bytes();
        let mut bytes = [0; 16];
        bytes[..length].copy_from_slice(&row[field.offset..field.offset + length]);
        let absent = match field.form {
            Form::Parent => bytes[..8] == [0xff; 8],
            _ => !field.required && bytes == [0; 16],
        };
        if !absent {
            object.insert(field.name.to_owned(), to_json(field.form, bytes));
        }
    }
    if tail.len() != tail_length(row) as usize {
        return None;
    }
    match layout.tail {
        Tail::None => {}
        Tail::Text { name, required } => {
            if required || !tail.is_empty() {
                object.insert(name.to_owned(), json!(std::str::from_utf8(tail).ok()?));
            }
        }
        Tail::Particulars => {
            if !tail.is_empty() {
                object.insert("particulars".to_owned(), particulars_json(tail)?);
            }
        }
    }
    Some(Value::Object(object))
}

fn particulars_json(tail: &[u8]) -> Option<Value> {
    let text = Particulars::parse(tail).ok()?.to_text();
    let texts = [
        text.payee_name,
        text.payee_account,
        text.payee_bank,
        text.purpose,
        text.document,
        text.numbers,
    ];
    let mut object = Map::new();
    for (key, text) in PARTICULARS.into_iter().zip(texts) {
        if !text.is_empty() {
            object.insert(key.to_owned(), json!(text));
        }
    }
    Some(Value::Object(object))
}
