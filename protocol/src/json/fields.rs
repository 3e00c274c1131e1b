//! Each form of a field as JSON, to and from its bytes.

use domain::Fen;
use domain::codes::{AuthorityKind, BusinessKind, LimitKind, Method, Post, Posts, ResolveAction};
use domain::ids::{Class, Day, DivisionIndex, FiscalYear, QuotaId};
use domain::office::field::{DivisionCode, Field};
use domain::office::paper::PaperKind;
use serde_json::{Map, Value, json};

use super::JsonError;
use crate::layout::Form;

/// The bytes of a value in a form, little-endian, in the low bytes of the array.
pub(super) fn to_bytes(name: &str, form: Form, value: &Value) -> Result<[u8; 16], JsonError> {
    let mut bytes = [0; 16];
    let mut put = |found: &[u8]| bytes[..found.len()].copy_from_slice(found);
    let wrong = |how: &'static str| JsonError::new(name, how);
    match form {
        Form::Uuid | Form::Digest => put(&hex128(name, value)?.to_le_bytes()),
        Form::Quota | Form::Parent => put(&quota(name, value)?.0.to_le_bytes()),
        Form::Yuan => put(&yuan(name, value)?.get().to_le_bytes()),
        Form::Number => put(&number(name, value)?.to_le_bytes()),
        Form::Hash => put(&hex64(name, value)?.to_le_bytes()),
        Form::Count => put(&small::<u32>(name, value)?.to_le_bytes()),
        Form::Index => put(&small::<u16>(name, value)?.to_le_bytes()),
        Form::Year => put(&year(name, value)?.get().to_le_bytes()),
        Form::Month => put(&[small::<u8>(name, value)?]),
        Form::Day => put(&day(name, value)?.get().to_le_bytes()),
        Form::Flag => {
            let flag = value.as_bool().ok_or_else(|| wrong("is true or false"))?;
            put(&[u8::from(flag)]);
        }
        Form::Posts => put(&[posts(name, value)?.bits()]),
        Form::Method => put(&[one_of(name, value, Method::ALL, Method::slug)?.number()]),
        Form::Business => {
            put(&[one_of(name, value, BusinessKind::ALL, BusinessKind::slug)?.number()]);
        }
        Form::Authority => {
            put(&[one_of(name, value, AuthorityKind::ALL, AuthorityKind::slug)?.number()]);
        }
        Form::Limit => put(&[one_of(name, value, LimitKind::ALL, LimitKind::slug)?.number()]),
        Form::Action => {
            put(&[one_of(name, value, ResolveAction::ALL, ResolveAction::slug)?.number()]);
        }
        Form::Paper => {
            put(&[one_of(name, value, PaperKind::ALL, PaperKind::slug)?.number()]);
        }
        Form::Class => {
            let class = Class::new(string(name, value)?);
            put(&class.ok_or_else(|| wrong("is one to eight letters or digits"))?.0);
        }
        Form::DivisionCode => {
            let text = string(name, value)?;
            let code = DivisionCode::read(text).ok_or_else(|| wrong("is nine digits"))?;
            put(code.as_bytes());
        }
    }
    Ok(bytes)
}

/// The JSON of bytes in a form; the bytes are the field's own, in the low bytes of the array.
pub(super) fn to_json(form: Form, bytes: [u8; 16]) -> Value {
    let wide = u128::from_le_bytes(bytes);
    let number = wide as u64;
    let name = |slug: Option<&str>| json!(slug.unwrap_or("unknown"));
    match form {
        Form::Uuid | Form::Digest => json!(format!("{wide:032x}")),
        Form::Quota | Form::Parent => json!(QuotaId(number).to_string()),
        Form::Yuan => json!(Fen::new(number as i64).to_yuan()),
        Form::Number => json!(number.to_string()),
        Form::Hash => json!(format!("{number:016x}")),
        Form::Count | Form::Index | Form::Year | Form::Month => json!(number),
        Form::Day => json!(day_text(number as u32)),
        Form::Flag => json!(number == 1),
        Form::Posts => posts_json(Posts::from_bits(number as u8).unwrap_or_default()),
        Form::Method => name(Method::from_number(number as u8).map(Method::slug)),
        Form::Business => name(BusinessKind::from_number(number as u8).map(BusinessKind::slug)),
        Form::Authority => name(AuthorityKind::from_number(number as u8).map(AuthorityKind::slug)),
        Form::Limit => name(LimitKind::from_number(number as u8).map(LimitKind::slug)),
        Form::Action => name(ResolveAction::from_number(number as u8).map(ResolveAction::slug)),
        Form::Paper => name(PaperKind::from_number(number as u8).map(PaperKind::slug)),
        Form::Class => json!(String::from_utf8_lossy(&bytes[..8]).trim_end_matches('\0')),
        Form::DivisionCode => json!(String::from_utf8_lossy(&bytes[..9])),
    }
}

pub(super) fn posts_json(posts: Posts) -> Value {
    Post::ALL.iter().filter(|&&post| posts.contains(post)).map(|post| post.slug()).collect()
}

pub(super) fn day_text(yyyymmdd: u32) -> String {
    format!("{:04}-{:02}-{:02}", yyyymmdd / 10_000, yyyymmdd / 100 % 100, yyyymmdd % 100)
}

pub(super) fn string<'v>(name: &str, value: &'v Value) -> Result<&'v str, JsonError> {
    value.as_str().ok_or_else(|| JsonError::new(name, "is a string"))
}

pub(super) fn object<'v>(
    name: &str,
    value: &'v Value,
) -> Result<&'v Map<String, Value>, JsonError> {
    value.as_object().ok_or_else(|| JsonError::new(name, "is an object"))
}

pub(super) fn array<'v>(
    name: &str,
    value: &'v Value,
    max: usize,
) -> Result<&'v [Value], JsonError> {
    let list = value.as_array().ok_or_else(|| JsonError::new(name, "is a list"))?;
    if list.is_empty() || list.len() > max {
        return Err(JsonError::new(name, format!("has {} items; give 1 to {max}", list.len())));
    }
    Ok(list)
}

/// A number of 64 bits, as a string of decimal digits.
pub(super) fn number(name: &str, value: &Value) -> Result<u64, JsonError> {
    let wrong = || JsonError::new(name, "is a decimal number written as a string, like \"17\"");
    let text = value.as_str().ok_or_else(wrong)?;
    let padded = text.len() > 1 && text.starts_with('0');
    if padded || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(wrong());
    }
    text.parse().map_err(|_| wrong())
}

pub(super) fn small<T: TryFrom<u64>>(name: &str, value: &Value) -> Result<T, JsonError> {
    value.as_u64().and_then(|number| T::try_from(number).ok()).ok_or_else(|| {
        JsonError::new(name, format!("is a whole number of {} bits", size_of::<T>() * 8))
    })
}

pub(super) fn year(name: &str, value: &Value) -> Result<FiscalYear, JsonError> {
    FiscalYear::new(small(name, value)?)
        .ok_or_else(|| JsonError::new(name, "is a fiscal year, 2000 to 2255"))
}

pub(super) fn division(name: &str, value: &Value) -> Result<DivisionIndex, JsonError> {
    small(name, value).map(DivisionIndex)
}

fn day(name: &str, value: &Value) -> Result<Day, JsonError> {
    let wrong = || JsonError::new(name, "is a day like \"2022-03-04\"");
    let text = value.as_str().ok_or_else(wrong)?;
    let digits: String = text.split('-').collect();
    if digits.len() != 8 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(wrong());
    }
    let day = digits.parse().ok().and_then(Day::new).ok_or_else(wrong)?;
    if day_text(day.get()) == text { Ok(day) } else { Err(wrong()) }
}

pub(super) fn yuan(name: &str, value: &Value) -> Result<Fen, JsonError> {
    let text = value
        .as_str()
        .ok_or_else(|| JsonError::new(name, "is yuan written as a string, like \"1234.50\""))?;
    Fen::from_yuan(text).map_err(|error| JsonError::new(name, error.to_string()))
}

/// A quota id as `division/year/serial`.
pub(super) fn quota(name: &str, value: &Value) -> Result<QuotaId, JsonError> {
    let wrong = || JsonError::new(name, "is a quota's id like \"184/2022/194099\"");
    let text = value.as_str().ok_or_else(wrong)?;
    let mut parts = text.split('/').map(|part| part.parse::<u64>().ok());
    let mut part = || parts.next().flatten().ok_or_else(wrong);
    let (division, year, serial) = (part()?, part()?, part()?);
    let division = u64::from(u16::try_from(division).map_err(|_| wrong())?);
    let year = u16::try_from(year).ok().and_then(FiscalYear::new).ok_or_else(wrong)?;
    if serial >= 1 << 40 {
        return Err(wrong());
    }
    let quota = QuotaId(division << 48 | u64::from(year.offset()) << 40 | serial);
    // One way to write each id: no plus signs, no zeros in front, nothing behind.
    if !quota.is_none() && quota.to_string() == text { Ok(quota) } else { Err(wrong()) }
}

/// A UUID or a digest: 32 hex digits, dashes as in a UUID allowed.
pub(super) fn hex128(name: &str, value: &Value) -> Result<u128, JsonError> {
    let wrong = || JsonError::new(name, "is 32 hex digits, or a UUID with dashes");
    let text = value.as_str().ok_or_else(wrong)?;
    let digits = match text.len() {
        36 => {
            let dashed = text.bytes().enumerate();
            let dashes = dashed.filter(|&(at, byte)| byte == b'-' && [8, 13, 18, 23].contains(&at));
            if dashes.count() != 4 {
                return Err(wrong());
            }
            text.replace('-', "")
        }
        _ => text.to_owned(),
    };
    if digits.len() != 32 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(wrong());
    }
    u128::from_str_radix(&digits, 16).map_err(|_| wrong())
}

pub(super) fn hex64(name: &str, value: &Value) -> Result<u64, JsonError> {
    let wrong = || JsonError::new(name, "is 16 hex digits");
    let text = value.as_str().ok_or_else(wrong)?;
    if text.len() != 16 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(wrong());
    }
    u64::from_str_radix(text, 16).map_err(|_| wrong())
}

fn posts(name: &str, value: &Value) -> Result<Posts, JsonError> {
    let mut posts = Posts::NONE;
    for item in array(name, value, Post::ALL.len())? {
        posts = posts.with(one_of(name, item, Post::ALL, Post::slug)?);
    }
    Ok(posts)
}

/// A value by its name.
pub(super) fn one_of<T: Copy>(
    name: &str,
    value: &Value,
    all: &[T],
    slug: impl Fn(T) -> &'static str,
) -> Result<T, JsonError> {
    let text = string(name, value)?;
    all.iter().copied().find(|&known| slug(known) == text).ok_or_else(|| {
        let known: Vec<_> = all.iter().map(|&known| slug(known)).collect();
        let problem = format!("is one of {}", known.join(", "));
        let nearest = super::nearest(text, known.into_iter());
        JsonError { nearest, ..JsonError::new(name, problem) }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_value_has_one_way_to_be_written() {
        let good = [
            (Form::Uuid, json!("0000000000000000000000000000002a")),
            (Form::Quota, json!("184/2022/194099")),
            (Form::Yuan, json!("1234.50")),
            (Form::Number, json!("18446744073709551615")),
            (Form::Day, json!("2024-02-29")),
            (Form::Posts, json!(["unit", "finance"])),
            (Form::Class, json!("30201")),
            (Form::DivisionCode, json!("370100000")),
            (Form::Hash, json!("00000000000000ff")),
        ];
        for (form, value) in good {
            let bytes = to_bytes("it", form, &value).unwrap();
            assert_eq!(to_json(form, bytes), value);
        }
        let dashed = json!("00000000-0000-0000-0000-00000000002A");
        assert_eq!(hex128("it", &dashed), Ok(42));
        let bad = [
            (Form::Uuid, json!("2a")),
            (Form::Uuid, json!("+000000000000000000000000000002a")),
            (Form::Uuid, json!("0-0000000000000-0000-0000-00000000002")),
            (Form::Quota, json!("184/2022/+1")),
            (Form::Quota, json!("184/2022/1/1")),
            (Form::Quota, json!("65535/2255/1099511627775")),
            (Form::Quota, json!(5)),
            (Form::Yuan, json!(1234.5)),
            (Form::Yuan, json!("1234.5")),
            (Form::Number, json!(17)),
            (Form::Number, json!("017")),
            (Form::Number, json!("18446744073709551616")),
            (Form::Number, json!("")),
            (Form::Day, json!("20240229")),
            (Form::Day, json!("2023-02-29")),
            (Form::Posts, json!([])),
            (Form::Month, json!(256)),
            (Form::Flag, json!("true")),
            (Form::Method, json!("cash")),
            (Form::Class, json!("302 1")),
            (Form::DivisionCode, json!("37010000")),
            (Form::DivisionCode, json!("37010000x")),
            (Form::DivisionCode, json!("3701000000")),
        ];
        for (form, value) in bad {
            assert!(to_bytes("it", form, &value).is_err(), "{value}");
        }
    }
}
