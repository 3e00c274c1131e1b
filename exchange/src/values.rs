//! Values as text, as XML and JSON have them: yuan with two places, days as eight digits, counts as digits.

use std::borrow::Cow;

use domain::Fen;
use domain::ids::Day;
use domain::limits::VOUCHER_NUMBER_CHARS_MAX;
use domain::voucher::field::Form;
use domain::voucher::{Field, Unfit, Value};

/// A value as text.
pub(crate) fn told(value: &Value) -> Cow<'_, str> {
    match value {
        Value::Text(text) => Cow::Borrowed(text),
        Value::Amount(fen) => Cow::Owned(fen.to_yuan()),
        Value::Day(day) => Cow::Owned(day.get().to_string()),
        Value::Count(count) => Cow::Owned(count.to_string()),
    }
}

/// Whether a value of a field can be read again from its text: it has the field's form and says something.
pub(crate) fn comes_back(field: Field, value: &Value, told: &str) -> bool {
    let fits = matches!(
        (field.form(), value),
        (Form::Text(_), Value::Text(_))
            | (Form::Amount, Value::Amount(_))
            | (Form::Day, Value::Day(_))
            | (Form::Count, Value::Count(_))
    );
    fits && !told.is_empty() && read(field, told).as_ref() == Ok(value)
}

/// The value of a field that a text says.
pub(crate) fn read(field: Field, text: &str) -> Result<Value, Unfit> {
    match field.form() {
        Form::Text(chars_max) => {
            let chars_max = usize::from(chars_max);
            if text.len() > chars_max && text.chars().count() > chars_max {
                return Err(Unfit::FieldTooLong);
            }
            if text.chars().any(char::is_control) {
                return Err(Unfit::FieldForm);
            }
            Ok(Value::Text(text.to_owned()))
        }
        Form::Amount => Fen::from_yuan(text).map(Value::Amount).map_err(|_| Unfit::FieldForm),
        Form::Day => day(text).map(Value::Day).ok_or(Unfit::FieldForm),
        Form::Count => whole(text).map(Value::Count).ok_or(Unfit::FieldForm),
    }
}

/// A day written with eight digits.
pub(crate) fn day(text: &str) -> Option<Day> {
    if text.len() == 8 { Day::new(whole(text)?) } else { None }
}

/// A number written with digits alone, and without zeros before it.
pub(crate) fn whole(text: &str) -> Option<u32> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit());
    let padded = text.len() > 1 && text.starts_with('0');
    if plain && !padded { text.parse().ok() } else { None }
}

/// Why a text is no voucher's number.
pub(crate) fn number_unfit(text: &str) -> Unfit {
    match text.chars().count() > VOUCHER_NUMBER_CHARS_MAX {
        true => Unfit::NumberTooLong,
        false => Unfit::NumberForm,
    }
}
