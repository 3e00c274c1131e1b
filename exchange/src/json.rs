//! The JSON twin of the national form: the same names, the same values, in UTF-8 and without base64.
//!
//! One object for a voucher: its key, `VoucherFlag`, `VouDate`, the fields of its head, and `DetailList` with an
//! object for each detail. Everything is a string but `VoucherFlag` and counts. What the XML form refuses is
//! refused here too: names that are no fields, a name twice, an empty key.

use std::fmt;

use domain::FiscalYear;
use domain::limits::VOUCHER_DETAILS_MAX;
use domain::voucher::document::Fields;
use domain::voucher::field::Form;
use domain::voucher::unfit::Place;
use domain::voucher::{
    Detail, DivisionCode, Field, Finding, Flag, Unfit, Value, Voucher, VoucherKey, VoucherKind,
    VoucherNumber,
};
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use thiserror::Error;

use crate::limits::TEXT_BYTES_MAX;
use crate::values;

/// Why a text is not a voucher, or a voucher not written.
#[derive(Debug, Error)]
pub enum JsonError {
    /// More bytes than a message may have.
    #[error("{0} bytes, and a message has at most {TEXT_BYTES_MAX}; write several vouchers")]
    TooLarge(usize),
    /// No JSON of this form.
    #[error("{0}; see the form of vouchers in JSON")]
    Malformed(#[from] serde_json::Error),
    /// Not a voucher.
    #[error("{0}")]
    Voucher(Finding),
}

fn unfit(unfit: Unfit, place: Place, told: &str) -> JsonError {
    JsonError::Voucher(Finding::new(unfit, place, told))
}

/// A voucher as JSON, a line for each field, in the order of the interface.
///
/// # Errors
/// A field that does not have its form, or is empty.
pub fn write(voucher: &Voucher) -> Result<String, JsonError> {
    let Voucher { key, flag, date, head, details } = voucher;
    let mut out = String::with_capacity(1024 + 512 * details.len());
    out.push_str("{\n");
    let (year, kind) = (key.year.get().to_string(), key.kind.code().to_string());
    let day = date.get().to_string();
    pair("  ", "AdmDivCode", &quoted(key.division.as_str())?, &mut out);
    pair("  ", "StYear", &quoted(&year)?, &mut out);
    pair("  ", "VtCode", &quoted(&kind)?, &mut out);
    pair("  ", "VoucherNo", &quoted(key.number.as_str())?, &mut out);
    pair("  ", "VoucherFlag", &(*flag as u8).to_string(), &mut out);
    pair("  ", "VouDate", &quoted(&day)?, &mut out);
    fields("  ", head, Place::Head, &mut out)?;
    out.push_str("  \"DetailList\": [");
    for (line, detail) in (1..).zip(details) {
        if !domain::voucher::form::detail_id(&detail.id) {
            return Err(unfit(Unfit::FieldForm, Place::Detail(line, None), &detail.id));
        }
        out.push_str(if line == 1 { "\n    {\n" } else { ",\n    {\n" });
        pair("      ", "Id", &quoted(&detail.id)?, &mut out);
        fields("      ", &detail.fields, |field| Place::Detail(line, Some(field)), &mut out)?;
        // The last pair has no comma after it.
        out.truncate(out.len() - 2);
        out.push_str("\n    }");
    }
    out.push_str(if details.is_empty() { "]\n}\n" } else { "\n  ]\n}\n" });
    Ok(out)
}

fn quoted(text: &str) -> Result<String, JsonError> {
    Ok(serde_json::to_string(text)?)
}

fn pair(indent: &str, name: &str, value: &str, out: &mut String) {
    for part in [indent, "\"", name, "\": ", value, ",\n"] {
        out.push_str(part);
    }
}

fn fields(
    indent: &str,
    fields: &Fields,
    place: impl Fn(Field) -> Place,
    out: &mut String,
) -> Result<(), JsonError> {
    for (field, value) in fields.iter() {
        let told = values::told(value);
        if !values::comes_back(field, value, &told) {
            return Err(unfit(Unfit::FieldForm, place(field), &told));
        }
        match value {
            Value::Count(_) => pair(indent, field.wire_name(), &told, out),
            _ => pair(indent, field.wire_name(), &quoted(&told)?, out),
        }
    }
    Ok(())
}

/// The voucher that a JSON text says.
///
/// # Errors
/// Where it is not the JSON of a voucher.
pub fn read(text: &[u8]) -> Result<Voucher, JsonError> {
    if text.len() > TEXT_BYTES_MAX {
        return Err(JsonError::TooLarge(text.len()));
    }
    let Object(pairs) = serde_json::from_slice(text)?;
    let mut parts: [Option<String>; 5] = Default::default();
    let (mut flag, mut head, mut details) = (None, Fields::new(), None);
    const PARTS: [&str; 5] = ["AdmDivCode", "StYear", "VtCode", "VoucherNo", "VouDate"];
    for (name, value) in pairs {
        let part = PARTS.iter().position(|&part| part == name);
        match (name.as_str(), part, value) {
            (_, Some(at), One::Text(text)) => parts[at] = Some(text),
            ("VoucherFlag", _, One::Number(0)) => flag = Some(Flag::Original),
            ("VoucherFlag", _, One::Number(1)) => flag = Some(Flag::Receipt),
            ("DetailList", _, One::List(list)) => details = Some(list),
            ("VoucherFlag" | "DetailList", _, _) | (_, Some(_), _) => {
                return Err(unfit(Unfit::FieldForm, Place::Whole, &name));
            }
            (_, None, value) => set(&mut head, &name, value, Place::Whole, Place::Head)?,
        }
    }
    let key = key(&parts)?;
    let date = parts[4].as_deref().unwrap_or("");
    let date = values::day(date).ok_or_else(|| unfit(Unfit::FieldForm, Place::Whole, date))?;
    let flag = flag.ok_or_else(|| unfit(Unfit::FieldMissing, Place::Whole, "VoucherFlag"))?;
    let details = (1..).zip(details.unwrap_or_default()).map(|(line, pairs)| detail(line, pairs));
    let details = details.collect::<Result<Vec<Detail>, JsonError>>()?;
    Ok(Voucher { key, flag, date, head, details })
}

fn key(parts: &[Option<String>; 5]) -> Result<VoucherKey, JsonError> {
    let text = |at: usize| parts[at].as_deref().unwrap_or("");
    let wrong = |told, at| unfit(told, Place::Whole, text(at));
    let four = |at| Some(text(at)).filter(|text| text.len() == 4).and_then(values::whole);
    let year = four(1).and_then(|year| FiscalYear::new(u16::try_from(year).ok()?));
    let kind = four(2).and_then(|code| VoucherKind::from_code(u16::try_from(code).ok()?));
    let number = VoucherNumber::new(text(3)).ok_or_else(|| wrong(values::number_unfit(text(3)), 3));
    Ok(VoucherKey {
        division: DivisionCode::new(text(0)).ok_or_else(|| wrong(Unfit::DivisionForm, 0))?,
        year: year.ok_or_else(|| wrong(Unfit::YearForm, 1))?,
        kind: kind.ok_or_else(|| wrong(Unfit::UnknownKind, 2))?,
        number: number?,
    })
}

fn detail(line: u32, pairs: Object) -> Result<Detail, JsonError> {
    let around = Place::Detail(line, None);
    let (mut id, mut fields) = (String::new(), Fields::new());
    for (name, value) in pairs.0 {
        match (name.as_str(), value) {
            ("Id", One::Text(text)) => id = text,
            (_, value) => {
                set(&mut fields, &name, value, around, |field| Place::Detail(line, Some(field)))?;
            }
        }
    }
    match domain::voucher::form::detail_id(&id) {
        true => Ok(Detail { id, fields }),
        false => Err(unfit(Unfit::FieldForm, around, &id)),
    }
}

fn set(
    fields: &mut Fields,
    name: &str,
    value: One,
    around: Place,
    place: impl Fn(Field) -> Place,
) -> Result<(), JsonError> {
    let Some(field) = Field::from_wire_name(name) else {
        return Err(unfit(Unfit::UnknownField, around, name));
    };
    let text = match (field.form(), value) {
        (Form::Count, One::Number(count)) => count.to_string(),
        (Form::Text(_) | Form::Amount | Form::Day, One::Text(text)) if !text.is_empty() => text,
        _ => return Err(unfit(Unfit::FieldForm, place(field), "")),
    };
    let read = values::read(field, &text).map_err(|told| unfit(told, place(field), &text))?;
    fields.set(field, read);
    Ok(())
}

/// An object's names and values, each name once.
struct Object(Vec<(String, One)>);

enum One {
    Text(String),
    Number(u64),
    List(Vec<Object>),
}

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Object, D::Error> {
        struct Pairs;
        impl<'de> Visitor<'de> for Pairs {
            type Value = Object;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("an object of a voucher")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object, A::Error> {
                let mut pairs: Vec<(String, One)> = Vec::new();
                while let Some((name, one)) = map.next_entry::<String, One>()? {
                    if pairs.len() > Field::ALL.len() + 8 {
                        return Err(A::Error::custom("more names than there are fields"));
                    }
                    if pairs.iter().any(|(other, _)| *other == name) {
                        let name: String = name.chars().take(40).collect();
                        return Err(A::Error::custom(format!("`{name}` stands twice")));
                    }
                    pairs.push((name, one));
                }
                Ok(Object(pairs))
            }
        }
        from.deserialize_map(Pairs)
    }
}

impl<'de> Deserialize<'de> for One {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<One, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = One;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a text, a count or a list of details")
            }

            fn visit_str<E>(self, text: &str) -> Result<One, E> {
                Ok(One::Text(text.to_owned()))
            }

            fn visit_u64<E>(self, number: u64) -> Result<One, E> {
                Ok(One::Number(number))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<One, A::Error> {
                let mut details = Vec::new();
                while let Some(detail) = list.next_element::<Object>()? {
                    if details.len() >= VOUCHER_DETAILS_MAX {
                        return Err(A::Error::custom("more details than a voucher has"));
                    }
                    details.push(detail);
                }
                Ok(One::List(details))
            }
        }
        from.deserialize_any(Any)
    }
}
