//! JSON lines: the same protocol for people, shells and languages without a binary client.
//!
//! A line is turned into the very frame a binary client would have sent, and a frame of answers
//! into a line, so that the engine has one path. Ids and amounts are strings, because many
//! readers keep numbers in doubles. Never guesses: an unknown key, a key given twice or a value in
//! another form is an error that names the field and the nearest known one.

mod command;
mod directory;
mod event;
mod fields;
mod reply;
mod reports;
mod request;
mod strict;
mod views;

use std::borrow::Cow;

use domain::Code;
use serde_json::{Value, json};
use thiserror::Error;

pub use command::{command_json, parse_command};
pub use directory::{payment_page_json, row_json};
pub use event::event_json;
pub use reply::{figures_json, position_json, write_line};
pub use request::{Line, read_line};
pub use views::{payment_json, quota_json};

/// Why a line is not a request.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{field}: {problem}{}", nearest.as_ref().map(|key| format!("; did you mean {key}?")).unwrap_or_default())]
pub struct JsonError {
    /// The request it belongs to, where that could be read; 0 otherwise.
    pub request: u64,
    /// The code the peer hears.
    pub code: Code,
    /// The field, as a path such as `commands[2].amount`.
    pub field: String,
    /// What is wrong with it, and how to write it.
    pub problem: Cow<'static, str>,
    /// The known key nearest to an unknown one.
    pub nearest: Option<String>,
}

impl JsonError {
    pub(crate) fn new(field: &str, problem: impl Into<Cow<'static, str>>) -> JsonError {
        JsonError {
            request: 0,
            code: Code::BadField,
            field: field.to_owned(),
            problem: problem.into(),
            nearest: None,
        }
    }

    pub(crate) fn missing(field: &str) -> JsonError {
        JsonError::new(field, "is missing")
    }

    pub(crate) fn unknown<'k>(key: &str, known: impl Iterator<Item = &'k str>) -> JsonError {
        JsonError { nearest: nearest(key, known), ..JsonError::new(key, "is not known here") }
    }

    /// The same, with where it happened before the field.
    pub(crate) fn within(mut self, outer: &str) -> JsonError {
        self.field = format!("{outer}.{}", self.field);
        self
    }

    /// The line that answers it.
    #[must_use]
    pub fn line(&self) -> String {
        let mut error = code_json(self.code);
        error["field"] = json!(self.field);
        error["problem"] = json!(self.problem);
        if let Some(nearest) = &self.nearest {
            error["nearest"] = json!(nearest);
        }
        format!("{}\n", json!({ "request": self.request.to_string(), "error": error }))
    }
}

/// What every answer says about its code.
#[must_use]
pub fn code_json(code: Code) -> Value {
    json!({
        "code": code.number(),
        "name": code.slug(),
        "retry": code.retry().slug(),
        "english": code.english(),
        "chinese": code.chinese(),
        "next": code.next_step(),
    })
}

/// The known key nearest to an unknown one, if any is near enough to be meant.
fn nearest<'k>(key: &str, known: impl Iterator<Item = &'k str>) -> Option<String> {
    let key: String = key.chars().take(40).collect();
    let near = known.map(|known| (distance(&key, known), known)).min()?;
    (near.0 <= key.chars().count().div_ceil(3).max(2)).then(|| near.1.to_owned())
}

/// How many characters must be changed, added or taken away to make one text of the other.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (above, from) in one.chars().enumerate() {
        let mut corner = above;
        row[0] = above + 1;
        for (index, &to) in other.iter().enumerate() {
            let changed = corner + usize::from(from != to);
            corner = row[index + 1];
            row[index + 1] = changed.min(corner + 1).min(row[index] + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_key_is_named_when_it_may_be_meant() {
        let known = ["amount", "payment", "quota"];
        assert_eq!(nearest("ammount", known.into_iter()).as_deref(), Some("amount"));
        assert_eq!(nearest("Quota", known.into_iter()).as_deref(), Some("quota"));
        assert_eq!(nearest("zzzzzzzz", known.into_iter()), None);
        assert_eq!(distance("kitten", "sitting"), 3);
    }
}
