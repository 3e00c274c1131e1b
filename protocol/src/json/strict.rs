//! One JSON object, in which no key may come twice.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::JsonError;
use crate::limits::JSON_LINE_BYTES_MAX;
use domain::Code;

/// Reads a line as one object. Which of two values for one key is meant cannot be known, so that
/// a key given twice is an error.
pub(super) fn parse_object(line: &[u8]) -> Result<Map<String, Value>, JsonError> {
    let bad =
        |problem: String| JsonError { code: Code::BadFrame, ..JsonError::new("line", problem) };
    if line.len() > JSON_LINE_BYTES_MAX {
        return Err(bad(format!("has {} bytes; at most {JSON_LINE_BYTES_MAX}", line.len())));
    }
    match serde_json::from_slice::<Strict>(line) {
        Ok(Strict(Value::Object(object))) => Ok(object),
        Ok(_) => Err(bad("is not one JSON object".to_owned())),
        Err(error) => Err(bad(format!("is not JSON: {error}"))),
    }
}

/// A JSON value without repeated keys.
struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Strict, D::Error> {
        deserializer.deserialize_any(StrictVisitor).map(Strict)
    }
}

struct StrictVisitor;

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Value;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(Strict(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some((key, Strict(value))) = entries.next_entry::<String, Strict>()? {
            if object.contains_key(&key) {
                return Err(de::Error::custom(format_args!("the key {key:?} comes twice")));
            }
            object.insert(key, value);
        }
        Ok(Value::Object(object))
    }
}
