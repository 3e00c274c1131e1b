//! Vouchers into XML.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::voucher::document::Fields;
use domain::voucher::unfit::Place;
use domain::voucher::{Detail, Field, Finding, Unfit, Value, Voucher};
use quick_xml::escape::escape;

use super::{Body, XmlError};
use crate::gbk;
use crate::limits::{TEXT_BYTES_MAX, XML_VOUCHERS_MAX};
use crate::values;

const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"GBK\"?>\n";

/// A message with vouchers, in GBK.
///
/// # Errors
/// More vouchers or bytes than a message may have.
pub fn write(bodies: &[Body]) -> Result<Vec<u8>, XmlError> {
    let vouchers = bodies.len();
    if vouchers > XML_VOUCHERS_MAX {
        return Err(XmlError::TooMany { vouchers, vouchers_max: XML_VOUCHERS_MAX });
    }
    let mut out = String::from(DECLARATION);
    out.push_str("<MOF>");
    element("VoucherCount", &vouchers.to_string(), &mut out);
    for body in bodies {
        let key = &body.voucher.key;
        // Digits and capital letters alone: nothing to escape.
        out.push_str(&format!(
            "<VoucherBody AdmDivCode=\"{}\" StYear=\"{}\" VtCode=\"{}\" VoucherNo=\"{}\">",
            key.division,
            key.year.get(),
            key.kind.code(),
            key.number
        ));
        element("VoucherFlag", &(body.voucher.flag as u8).to_string(), &mut out);
        element("Return_Reason", &body.return_reason, &mut out);
        element("Attach", "", &mut out);
        element("Voucher", &STANDARD.encode(&body.inner), &mut out);
        out.push_str("</VoucherBody>");
    }
    out.push_str("</MOF>\n");
    let bytes = gbk::encode(&out).ok_or(XmlError::NotGbk("a reason"))?;
    match bytes.len() {
        length if length > TEXT_BYTES_MAX => {
            Err(XmlError::TooLarge { bytes: length, bytes_max: TEXT_BYTES_MAX })
        }
        _ => Ok(bytes),
    }
}

/// Whether a reason can be written.
pub(super) fn reason(reason: &str) -> Result<(), XmlError> {
    match gbk::outside(reason).is_some() || reason.chars().any(char::is_control) {
        true => Err(XmlError::NotGbk("the reason")),
        false => Ok(()),
    }
}

/// A voucher's own XML, in GBK.
pub(super) fn inner(voucher: &Voucher) -> Result<Vec<u8>, XmlError> {
    let Voucher { key, date, head, details, .. } = voucher;
    let (id, number) = (key.to_string(), key.number.as_str());
    let mut out = String::with_capacity(1024 + 512 * details.len());
    out.push_str("<Voucher>");
    element("Id", &id, &mut out);
    element("AdmDivCode", key.division.as_str(), &mut out);
    element("StYear", &key.year.get().to_string(), &mut out);
    element("VtCode", &key.kind.code().to_string(), &mut out);
    element("VouDate", &date.get().to_string(), &mut out);
    element("VoucherNo", number, &mut out);
    fields(head, Place::Head, &mut out)?;
    out.push_str("<DetailList>");
    for (line, detail) in (1..).zip(details) {
        out.push_str("<Detail>");
        element("Id", detail_id(line, detail)?, &mut out);
        element("VoucherBillId", &id, &mut out);
        element("VoucherBillNo", number, &mut out);
        fields(&detail.fields, |field| Place::Detail(line, Some(field)), &mut out)?;
        out.push_str("</Detail>");
    }
    out.push_str("</DetailList></Voucher>");
    gbk::encode(&out).ok_or_else(|| outside(voucher))
}

fn detail_id(line: u32, detail: &Detail) -> Result<&str, XmlError> {
    if domain::voucher::form::detail_id(&detail.id) {
        return Ok(&detail.id);
    }
    Err(XmlError::Voucher(Finding::new(Unfit::FieldForm, Place::Detail(line, None), &detail.id)))
}

fn fields(
    fields: &Fields,
    place: impl Fn(Field) -> Place,
    out: &mut String,
) -> Result<(), XmlError> {
    for (field, value) in fields.iter() {
        let told = values::told(value);
        if !values::comes_back(field, value, &told) {
            return Err(XmlError::Voucher(Finding::new(Unfit::FieldForm, place(field), &told)));
        }
        element(field.wire_name(), &told, out);
    }
    Ok(())
}

fn element(name: &str, text: &str, out: &mut String) {
    out.push('<');
    out.push_str(name);
    if text.is_empty() {
        out.push_str("/>");
        return;
    }
    out.push('>');
    out.push_str(&escape(text));
    out.push_str("</");
    out.push_str(name);
    out.push('>');
}

/// Which field has a character that GBK does not have, and which character.
fn outside(voucher: &Voucher) -> XmlError {
    let outside = |value: &Value| match value {
        Value::Text(text) => gbk::outside(text),
        _ => None,
    };
    let in_head = voucher
        .head
        .iter()
        .find_map(|(field, value)| outside(value).map(|one| (Place::Head(field), one)));
    let in_details = || {
        (1..).zip(&voucher.details).find_map(|(line, detail)| {
            detail.fields.iter().find_map(|(field, value)| {
                outside(value).map(|one| (Place::Detail(line, Some(field)), one))
            })
        })
    };
    match in_head.or_else(in_details) {
        Some((place, one)) => {
            XmlError::Voucher(Finding::new(Unfit::NotInGbk, place, &one.to_string()))
        }
        None => XmlError::NotGbk("the voucher"),
    }
}
