//! XML into vouchers. Nothing in it is trusted: size, depth and counts are held against bounds, and nothing is
//! ever expanded.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::FiscalYear;
use domain::limits::VOUCHER_DETAILS_MAX;
use domain::voucher::document::Fields;
use domain::voucher::unfit::Place;
use domain::voucher::{
    Detail, DivisionCode, Field, Finding, Flag, Unfit, Voucher, VoucherKey, VoucherKind,
    VoucherNumber,
};
use quick_xml::events::{BytesStart, Event};

use super::{Body, XmlError};
use crate::gbk;
use crate::limits::{TEXT_BYTES_MAX, XML_DEPTH_MAX, XML_VALUE_BYTES_MAX, XML_VOUCHERS_MAX};
use crate::values;

/// The vouchers of a message.
///
/// # Errors
/// Where it is not a message of the national interface, or anything in it is refused.
pub fn read(bytes: &[u8]) -> Result<Vec<Body>, XmlError> {
    if bytes.len() > TEXT_BYTES_MAX {
        return Err(XmlError::TooLarge { bytes: bytes.len(), bytes_max: TEXT_BYTES_MAX });
    }
    let text = gbk::decode(bytes).ok_or(XmlError::NotGbk("the message"))?;
    let mut xml = Elements::new(&text);
    xml.opens("MOF")?;
    let (mut told, mut bodies) = (None, Vec::new());
    while let Some(start) = xml.child()? {
        match start.name().into_inner() {
            "VoucherCount" if told.is_none() => {
                let count = xml.value(XML_VALUE_BYTES_MAX)?;
                told =
                    Some(values::whole(&count).ok_or_else(|| xml.wrong("no count of vouchers"))?);
            }
            "VoucherBody" => {
                if bodies.len() >= XML_VOUCHERS_MAX {
                    let (vouchers, vouchers_max) = (bodies.len() + 1, XML_VOUCHERS_MAX);
                    return Err(XmlError::TooMany { vouchers, vouchers_max });
                }
                bodies.push(body(&mut xml, &start)?);
            }
            _ => return Err(xml.strange(&start)),
        }
    }
    xml.ends()?;
    match told.and_then(|count| usize::try_from(count).ok()) == Some(bodies.len()) {
        true => Ok(bodies),
        false => Err(xml.wrong("VoucherCount is not the number of vouchers")),
    }
}

/// A key of four texts, in the order division, year, kind, number.
fn key(texts: &[Option<String>; 4]) -> Result<VoucherKey, XmlError> {
    let text = |at: usize| texts[at].as_deref().unwrap_or("");
    let unfit = |unfit, at| XmlError::Voucher(Finding::new(unfit, Place::Whole, text(at)));
    let division = DivisionCode::new(text(0)).ok_or_else(|| unfit(Unfit::DivisionForm, 0))?;
    let four = |at| Some(text(at)).filter(|text| text.len() == 4).and_then(values::whole);
    let year = four(1).and_then(|year| FiscalYear::new(u16::try_from(year).ok()?));
    let kind = four(2).and_then(|code| VoucherKind::from_code(u16::try_from(code).ok()?));
    let number =
        VoucherNumber::new(text(3)).ok_or_else(|| unfit(values::number_unfit(text(3)), 3))?;
    Ok(VoucherKey {
        division,
        year: year.ok_or_else(|| unfit(Unfit::YearForm, 1))?,
        kind: kind.ok_or_else(|| unfit(Unfit::UnknownKind, 2))?,
        number,
    })
}

const KEY: [&str; 4] = ["AdmDivCode", "StYear", "VtCode", "VoucherNo"];

fn body(xml: &mut Elements<'_>, start: &BytesStart<'_>) -> Result<Body, XmlError> {
    let mut outer: [Option<String>; 4] = Default::default();
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| xml.wrong(&error.to_string()))?;
        let at = KEY.iter().position(|&name| name == attribute.key.into_inner());
        let at =
            at.ok_or_else(|| xml.wrong("VoucherBody has an attribute that it may not have"))?;
        outer[at] = Some(attribute.value.into_owned());
    }
    let outer = key(&outer)?;
    let (mut flag, mut reason, mut attach, mut inner) = (None, None, None, None);
    while let Some(start) = xml.child()? {
        let (slot, bytes_max) = match start.name().into_inner() {
            "VoucherFlag" => (&mut flag, XML_VALUE_BYTES_MAX),
            "Return_Reason" => (&mut reason, XML_VALUE_BYTES_MAX),
            "Attach" => (&mut attach, XML_VALUE_BYTES_MAX),
            "Voucher" => (&mut inner, TEXT_BYTES_MAX),
            _ => return Err(xml.strange(&start)),
        };
        if slot.is_some() {
            return Err(xml.wrong("VoucherBody has an element twice"));
        }
        *slot = Some(xml.value(bytes_max)?);
    }
    if attach.is_some_and(|attach| !attach.is_empty()) {
        return Err(XmlError::Refused { at: xml.at(), what: "an attachment" });
    }
    let flag = match flag.as_deref() {
        Some("0") => Flag::Original,
        Some("1") => Flag::Receipt,
        _ => return Err(xml.wrong("VoucherFlag is neither 0 nor 1")),
    };
    let coded: Vec<u8> = inner.unwrap_or_default().into_bytes();
    let coded: Vec<u8> = coded.into_iter().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let inner = STANDARD.decode(coded).map_err(|_| xml.wrong("Voucher is not base64"))?;
    let voucher = voucher(&inner, flag)?;
    if voucher.key != outer {
        let told = format!("{outer} ≠ {}", voucher.key);
        return Err(XmlError::Voucher(Finding::new(Unfit::KeysDiffer, Place::Whole, &told)));
    }
    Ok(Body { voucher, inner, return_reason: reason.unwrap_or_default() })
}

/// The voucher that its own XML says.
fn voucher(bytes: &[u8], flag: Flag) -> Result<Voucher, XmlError> {
    let text = gbk::decode(bytes).ok_or(XmlError::NotGbk("a voucher"))?;
    let mut xml = Elements::new(&text);
    xml.opens("Voucher")?;
    let mut parts: [Option<String>; 4] = Default::default();
    let (mut id, mut date, mut lists) = (None, None, 0);
    let (mut head, mut bills) = (Fields::new(), Bills::default());
    let mut details: Vec<Detail> = Vec::new();
    while let Some(start) = xml.child()? {
        let name = start.name().into_inner().to_owned();
        if name == "DetailList" {
            lists += 1;
            while let Some(start) = xml.child()? {
                if start.name().into_inner() != "Detail" {
                    return Err(xml.strange(&start));
                }
                if details.len() >= VOUCHER_DETAILS_MAX {
                    let place = Place::Whole;
                    return Err(XmlError::Voucher(Finding::new(Unfit::DetailsTooMany, place, "")));
                }
                let line = details.len() as u32 + 1;
                details.push(detail(&mut xml, line, &mut bills)?);
            }
            continue;
        }
        let value = xml.value(XML_VALUE_BYTES_MAX)?;
        let known = KEY.iter().position(|&part| part == name);
        let slot = match (name.as_str(), known) {
            ("Id", _) => &mut id,
            ("VouDate", _) => &mut date,
            (_, Some(at)) => &mut parts[at],
            _ => {
                set(&mut head, &name, &value, Place::Whole, Place::Head)?;
                continue;
            }
        };
        if slot.is_some() {
            let finding = Finding::new(Unfit::FieldRepeated, Place::Whole, &name);
            return Err(XmlError::Voucher(finding));
        }
        *slot = Some(value);
    }
    xml.ends()?;
    if lists > 1 {
        return Err(xml.wrong("a voucher has one DetailList"));
    }
    let date = date.unwrap_or_default();
    let Some(date) = values::day(&date) else {
        return Err(XmlError::Voucher(Finding::new(Unfit::FieldForm, Place::Whole, &date)));
    };
    let key = key(&parts)?;
    let own = bills.number.is_none_or(|number| number == key.number.as_str())
        && bills.id.is_none_or(|bill| id.as_deref().unwrap_or("") == bill);
    if !own {
        let finding = Finding::new(Unfit::KeysDiffer, Place::Whole, key.number.as_str());
        return Err(XmlError::Voucher(finding));
    }
    Ok(Voucher { key, flag, date, head, details })
}

/// What the details say of the voucher they belong to: all the same.
#[derive(Default)]
struct Bills {
    id: Option<String>,
    number: Option<String>,
}

fn detail(xml: &mut Elements<'_>, line: u32, bills: &mut Bills) -> Result<Detail, XmlError> {
    let (mut id, mut fields) = (None, Fields::new());
    let differs = |told: &str| {
        XmlError::Voucher(Finding::new(Unfit::KeysDiffer, Place::Detail(line, None), told))
    };
    while let Some(start) = xml.child()? {
        let name = start.name().into_inner().to_owned();
        let value = xml.value(XML_VALUE_BYTES_MAX)?;
        match name.as_str() {
            "Id" if id.is_none() => id = Some(value),
            "VoucherBillId" | "VoucherBillNo" => {
                let slot = if name == "VoucherBillId" { &mut bills.id } else { &mut bills.number };
                if *slot.get_or_insert_with(|| value.clone()) != value {
                    return Err(differs(&value));
                }
            }
            _ => {
                let place = Place::Detail(line, None);
                set(&mut fields, &name, &value, place, |field| Place::Detail(line, Some(field)))?;
            }
        }
    }
    let id = id.unwrap_or_default();
    if !domain::voucher::form::detail_id(&id) {
        let finding = Finding::new(Unfit::FieldForm, Place::Detail(line, None), &id);
        return Err(XmlError::Voucher(finding));
    }
    Ok(Detail { id, fields })
}

/// Sets the field with a name; an empty one is not there.
fn set(
    fields: &mut Fields,
    name: &str,
    value: &str,
    around: Place,
    place: impl Fn(Field) -> Place,
) -> Result<(), XmlError> {
    let unfit = |unfit, place, told: &str| XmlError::Voucher(Finding::new(unfit, place, told));
    let Some(field) = Field::from_wire_name(name) else {
        return Err(unfit(Unfit::UnknownField, around, name));
    };
    if fields.get(field).is_some() {
        return Err(unfit(Unfit::FieldRepeated, place(field), value));
    }
    if !value.is_empty() {
        let read = values::read(field, value);
        fields.set(field, read.map_err(|told| unfit(told, place(field), value))?);
    }
    Ok(())
}

/// Elements one by one, as far down as vouchers go.
struct Elements<'a> {
    xml: quick_xml::Reader<&'a [u8]>,
    depth: usize,
    begun: bool,
}

enum Token<'a> {
    Open(BytesStart<'a>),
    Close,
    Text(String),
    End,
}

impl<'a> Elements<'a> {
    fn new(text: &'a str) -> Elements<'a> {
        let mut xml = quick_xml::Reader::from_str(text);
        xml.config_mut().expand_empty_elements = true;
        Elements { xml, depth: 0, begun: false }
    }

    fn at(&self) -> u64 {
        self.xml.buffer_position()
    }

    fn wrong(&self, what: &str) -> XmlError {
        XmlError::Malformed { at: self.at(), what: what.to_owned() }
    }

    fn strange(&self, start: &BytesStart<'_>) -> XmlError {
        let name: String = start.name().into_inner().chars().take(40).collect();
        self.wrong(&format!("`{name}` does not belong here, or stands twice"))
    }

    fn token(&mut self) -> Result<Token<'a>, XmlError> {
        let refused = |at, what| Err(XmlError::Refused { at, what });
        loop {
            let event = self.xml.read_event();
            let at = self.at();
            let event = event.map_err(|error| self.wrong(&error.to_string()))?;
            let begun = std::mem::replace(&mut self.begun, true);
            return match event {
                Event::Start(start) | Event::Empty(start) => {
                    self.depth += 1;
                    if self.depth > XML_DEPTH_MAX {
                        return refused(at, "an element deeper than vouchers go");
                    }
                    Ok(Token::Open(start))
                }
                Event::End(_) => {
                    self.depth = self.depth.saturating_sub(1);
                    Ok(Token::Close)
                }
                Event::Text(text) => Ok(Token::Text(text.xml10_content().into_owned())),
                Event::GeneralRef(reference) => {
                    let one = match reference.resolve_char_ref() {
                        Ok(Some(one)) => Some(one),
                        Ok(None) => match &*reference {
                            "lt" => Some('<'),
                            "gt" => Some('>'),
                            "amp" => Some('&'),
                            "apos" => Some('\''),
                            "quot" => Some('"'),
                            _ => return refused(at, "an entity"),
                        },
                        Err(error) => return Err(self.wrong(&error.to_string())),
                    };
                    Ok(Token::Text(one.into_iter().collect()))
                }
                Event::Comment(_) => continue,
                Event::Decl(declaration) => {
                    if begun {
                        return refused(at, "a declaration that is not at the beginning");
                    }
                    match declaration.encoding() {
                        Some(Ok(name)) if name.eq_ignore_ascii_case("GBK") => continue,
                        None => continue,
                        Some(Ok(name)) => Err(XmlError::Encoding(name.chars().take(40).collect())),
                        Some(Err(error)) => Err(self.wrong(&error.to_string())),
                    }
                }
                Event::CData(_) => refused(at, "CDATA"),
                Event::PI(_) => refused(at, "a processing instruction"),
                Event::DocType(_) => refused(at, "a document type"),
                Event::Eof => Ok(Token::End),
            };
        }
    }

    /// The root opens.
    fn opens(&mut self, name: &str) -> Result<(), XmlError> {
        match self.beside()? {
            Token::Open(start) if start.name().into_inner() == name => Ok(()),
            _ => Err(self.wrong(&format!("the outermost element is not `{name}`"))),
        }
    }

    /// Nothing follows the root.
    fn ends(&mut self) -> Result<(), XmlError> {
        match self.beside()? {
            Token::End => Ok(()),
            _ => Err(self.wrong("something after the end")),
        }
    }

    /// The next child element; `None` at the end of the one around it.
    fn child(&mut self) -> Result<Option<BytesStart<'a>>, XmlError> {
        match self.beside()? {
            Token::Open(start) => Ok(Some(start)),
            Token::Close => Ok(None),
            _ => Err(self.wrong("an end before the end")),
        }
    }

    /// The next token that is no white space.
    fn beside(&mut self) -> Result<Token<'a>, XmlError> {
        loop {
            match self.token()? {
                Token::Text(text) if text.trim().is_empty() => {}
                Token::Text(_) => return Err(self.wrong("text where an element belongs")),
                token => return Ok(token),
            }
        }
    }

    /// What stands in the element that has just opened, up to its end.
    fn value(&mut self, bytes_max: usize) -> Result<String, XmlError> {
        let mut value = String::new();
        loop {
            match self.token()? {
                Token::Text(text) => {
                    if value.len() + text.len() > bytes_max {
                        return Err(self.wrong(&format!("a value of more than {bytes_max} bytes")));
                    }
                    if value.is_empty() { value = text } else { value.push_str(&text) }
                }
                Token::Close => return Ok(value),
                Token::Open(start) => return Err(self.strange(&start)),
                Token::End => return Err(self.wrong("an end before the end")),
            }
        }
    }
}
