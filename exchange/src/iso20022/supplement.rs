//! Fields of a voucher in supplementary data: those that have no place of their own in a message, or none long enough.

use std::collections::BTreeMap;

use domain::voucher::document::Fields;
use domain::voucher::{Field, Value};

use super::ids::can_be_written;
use super::read::Reason;
use super::write::Out;
use crate::values;

/// The namespace of a voucher's fields in supplementary data.
pub const FIELDS_NAMESPACE: &str = "urn:treasury:voucher:fields:1";

/// The element that holds them.
pub(super) const FIELDS_ELEMENT: &str = "Fields";

/// Where they stand, below what they are about.
pub(super) const FIELDS_PATH: &str = "SplmtryData/Envlp/Fields/";

/// A detail's number, where its name from end to end is another.
pub(super) const DETAIL_NUMBER: &str = "Id";

/// Fields whose place in the transfer says what the head says, and not the detail.
pub(super) const OF_HEAD: &str = "OfHead";

/// Longest name in a message, in bytes: the standard says characters, and banks count bytes.
const NAME_BYTES_MAX: usize = 140;

/// Longest reference or document number in a message (Max35Text).
pub(super) const REFERENCE_CHARS_MAX: usize = 35;

/// A name as far as it may go, and no blank at its end.
pub(super) fn cut(name: &str) -> &str {
    match name.len() <= NAME_BYTES_MAX {
        true => name,
        false => name[..name.floor_char_boundary(NAME_BYTES_MAX)].trim_end(),
    }
}

/// How much of a text goes into the place of its field; nothing of a reference that is too long.
pub(super) fn placed(field: Field, text: &str) -> Option<&str> {
    match field {
        Field::PayerName | Field::PayerBankName | Field::PayeeName | Field::PayeeBankName => {
            Some(cut(text))
        }
        Field::Procurement | Field::TaxBill | Field::PayCode => {
            (text.chars().count() <= REFERENCE_CHARS_MAX).then_some(text)
        }
        _ => Some(text),
    }
}

/// Writes supplementary data around what `inside` writes; nothing where that writes nothing.
pub(super) fn around<E>(
    out: &mut Out,
    inside: impl FnOnce(&mut Out) -> Result<(), E>,
) -> Result<(), E> {
    out.open("SplmtryData");
    out.open("Envlp");
    out.open_with(FIELDS_ELEMENT, &format!(" xmlns=\"{FIELDS_NAMESPACE}\""));
    inside(out)?;
    (0..3).for_each(|_| out.close());
    Ok(())
}

/// Writes fields but for those that stand whole in a place of their own.
///
/// # Errors
/// The first field that does not come back from what would be written.
pub(super) fn write(out: &mut Out, fields: &Fields, places: &[Field]) -> Result<(), Field> {
    for (field, value) in fields.iter() {
        let told = values::told(value);
        let is_in_place = places.contains(&field) && placed(field, &told) == Some(&*told);
        if is_in_place || told.is_empty() {
            continue;
        }
        let comes_back = values::comes_back(field, value, &told) && told.trim() == told;
        if !comes_back || !can_be_written(&told) {
            return Err(field);
        }
        out.leaf(field.wire_name(), &told);
    }
    Ok(())
}

/// The field of a name, and the value that a text says of it.
pub(super) fn read(name: &str, text: &str) -> Result<(Field, Value), Reason> {
    let field = Field::from_wire_name(name);
    let field = field.ok_or_else(|| Reason::value(name, "the name of a voucher's field"))?;
    Ok((field, value(field, text)?))
}

/// The value that a text says of a field.
pub(super) fn value(field: Field, text: &str) -> Result<Value, Reason> {
    let wrong = || Reason::value(text, "a value that the voucher's field can have");
    if text.is_empty() {
        return Err(wrong());
    }
    values::read(field, text).map_err(|_| wrong())
}

/// Adds a field that was told.
pub(super) fn add(fields: &mut Fields, (field, value): (Field, Value)) -> Result<(), Reason> {
    if fields.get(field).is_some() {
        return Err(Reason::Twice("a field of the voucher"));
    }
    fields.set(field, value);
    Ok(())
}

/// Joins what stands in places with what stands in supplementary data: there a field is whole that is cut in its place.
pub(super) fn join(
    fields: &mut Fields,
    in_places: BTreeMap<Field, String>,
    places: &[Field],
) -> Result<(), Reason> {
    for (field, told) in fields.iter() {
        let text = values::told(told);
        let place = in_places.get(&field).map(String::as_str);
        if places.contains(&field) && (placed(field, &text) != place || place == Some(&*text)) {
            return Err(Reason::value(&text, "what its own place has, in full"));
        }
    }
    for (field, text) in in_places {
        if fields.get(field).is_none() {
            fields.set(field, value(field, &text)?);
        }
    }
    Ok(())
}
