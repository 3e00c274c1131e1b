//! Messages as what an envelope holds: one or two, each with its name, in the place of the voucher that they come to.
//!
//! A bank's answer does not repeat the order: it is read beside the order as it was sent. What these messages cannot say
//! is written in another form; nothing is left out.

use std::collections::BTreeSet;

use domain::Fen;
use domain::voucher::document::Fields;
use domain::voucher::{Detail, Field, Flag, Party, Voucher, VoucherKey, VoucherKind};

use super::codes::BankStatus;
use super::ids::{Uetr, end_to_end_id, is_order, is_refund, message_id};
use super::orders::Created;
use super::receipt::{Progress, nothing_paid, of};
use super::statement::{Direction, Statement, read_notices};
use super::status::StatusReport;
use super::{answer, daily, ordered, orders, refund, status};
use crate::encoding::Reader;
use crate::envelope::PayloadFormat;
use crate::limits::{ISO_MESSAGES_MAX, PAYLOAD_BYTES_MAX};
use crate::node::Payloads;

const ORDER: &str = "pain.001.001.09";
const REPORT: &str = "pain.002.001.10";
const STATEMENT: &str = "camt.053.001.08";
const NOTICE: &str = "camt.054.001.08";

/// Vouchers written as messages to those who speak ISO 20022, and otherwise, and to others, as they were.
pub struct IsoPayloads {
    otherwise: Box<dyn Payloads>,
    speak_it: BTreeSet<Party>,
}

impl IsoPayloads {
    /// For these parties, beside another form for all else.
    #[must_use]
    pub fn new(otherwise: Box<dyn Payloads>, speak_it: BTreeSet<Party>) -> IsoPayloads {
        IsoPayloads { otherwise, speak_it }
    }
}

impl Payloads for IsoPayloads {
    fn write(&self, to: Party, voucher: &Voucher) -> Result<(PayloadFormat, Vec<u8>), String> {
        match self.speak_it.contains(&to).then(|| write(voucher)).flatten() {
            Some(payload) => Ok((PayloadFormat::Iso20022, payload)),
            None => self.otherwise.write(to, voucher),
        }
    }

    fn read(
        &self,
        format: PayloadFormat,
        payload: &[u8],
        original: Option<&Voucher>,
    ) -> Result<Voucher, String> {
        match format {
            PayloadFormat::Iso20022 => read(payload, original),
            other => self.otherwise.read(other, payload, original),
        }
    }
}

/// The payload of a voucher; `None` where these messages do not say all of it.
#[must_use]
pub fn write(voucher: &Voucher) -> Option<Vec<u8>> {
    let messages = messages(voucher)?;
    let mut payload = vec![u8::try_from(messages.len()).ok()?];
    for (name, message) in &messages {
        payload.push(u8::try_from(name.len()).ok()?);
        payload.extend_from_slice(name.as_bytes());
        payload.extend_from_slice(&u32::try_from(message.len()).ok()?.to_le_bytes());
        payload.extend_from_slice(message.as_bytes());
    }
    if payload.len() > PAYLOAD_BYTES_MAX {
        return None;
    }
    let comes_back = match voucher.flag {
        Flag::Original => read(&payload, None).as_ref() == Ok(voucher),
        Flag::Receipt => {
            let read = read(&payload, Some(&ordered_by(voucher)));
            read.is_ok_and(|read| says_the_same(voucher, &read))
        }
    };
    comes_back.then_some(payload)
}

fn messages(voucher: &Voucher) -> Option<Vec<(&'static str, String)>> {
    let VoucherKey { kind, .. } = voucher.key;
    match voucher.flag {
        Flag::Original if is_order(kind) => {
            let details = voucher.details.iter();
            let uetrs: Vec<Uetr> = details.map(|line| Uetr::of(voucher.key, &line.id)).collect();
            let created = Created { day: voucher.date, second: 0 };
            Some(vec![(ORDER, orders::write(voucher, created, &uetrs).ok()?)])
        }
        Flag::Original if kind == VoucherKind::DirectDaily => {
            Some(vec![(STATEMENT, daily::write(voucher).ok()?)])
        }
        Flag::Original if is_refund(kind) => Some(vec![(NOTICE, refund::write(voucher).ok()?)]),
        Flag::Receipt if is_order(kind) => {
            let answer = answer::write(voucher).ok()?;
            let notice = answer.notice.map(|notice| (NOTICE, notice));
            Some([(REPORT, answer.report)].into_iter().chain(notice).collect())
        }
        _ => None,
    }
}

/// Reads a payload. `original` is the voucher of which it may be the receipt.
///
/// # Errors
/// What is wrong with it, in words.
pub fn read(payload: &[u8], original: Option<&Voucher>) -> Result<Voucher, String> {
    let messages = parted(payload).map_err(|wrong| format!("no messages of ISO 20022: {wrong}"))?;
    let bad = |bad: super::Bad| bad.to_string();
    match messages.as_slice() {
        [(ORDER, order)] => Ok(ordered::read(order).map_err(bad)?.voucher),
        [(STATEMENT, list)] => daily::read(list).map_err(bad),
        [(NOTICE, notice)] => refund::read(notice).map_err(bad),
        [(REPORT, report), rest @ ..] => {
            let notices = match rest {
                [] => Vec::new(),
                [(NOTICE, notices)] => read_notices(notices).map_err(bad)?,
                _ => return Err("a report and another message than a notice".to_owned()),
            };
            let report = status::read(report).map_err(bad)?;
            let original = original.ok_or_else(|| {
                format!("it answers message {}, which is not in this store", report.original)
            })?;
            receipt(original, &report, &notices)
        }
        _ => Err("messages that do not come to one voucher".to_owned()),
    }
}

/// The messages of a payload, with their names.
fn parted(payload: &[u8]) -> Result<Vec<(&str, &[u8])>, crate::encoding::Unreadable> {
    let what = "messages";
    let mut fields = Reader::new(payload);
    let count = fields.u8(what)?;
    let count = Reader::known((1..=ISO_MESSAGES_MAX).contains(&count).then_some(count), what)?;
    let mut messages = Vec::new();
    for _ in 0..count {
        let length = usize::from(fields.u8(what)?);
        let name = Reader::known(str::from_utf8(fields.take(length, what)?).ok(), what)?;
        messages.push((name, fields.long(PAYLOAD_BYTES_MAX, what)?));
    }
    fields.end()?;
    Ok(messages)
}

/// The receipt that a report and notices come to, where they answer the whole order and say nothing else.
fn receipt(
    original: &Voucher,
    report: &StatusReport,
    notices: &[Statement],
) -> Result<Voucher, String> {
    let id = message_id(original.key).unwrap_or_default();
    let told = |wrong: super::receipt::Contradiction| wrong.to_string();
    let progress = of(original, Some(report), notices).map_err(told)?;
    check_names(original, &id, report)?;
    check_notices(original, &id, notices)?;
    let created = report.created.ok_or("the report has no day (CreDtTm)")?;
    let mut receipt = match progress {
        Progress::Complete(receipt) => *receipt,
        Progress::Rejected { .. } => nothing_paid(original, report, created),
        Progress::Waiting { open } => {
            return Err(format!(
                "it has no definite answer for {open} transfers; an answer comes when there is one for each"
            ));
        }
    };
    let said = report.of(&id);
    for line in &receipt.details {
        let name = end_to_end_id(&line.id);
        let is_paid = line.fields.amount_fen(Field::ExecutedAmount) != Some(Fen::ZERO);
        let status = said.of(&name).and_then(|told| told.status);
        if is_paid && status != Some(BankStatus::Paid) {
            return Err(format!(
                "transfer {name} is booked, and the report does not say it is paid"
            ));
        }
    }
    receipt.date = created;
    Ok(receipt)
}

/// That a report names no payment and no transfer but those of the order.
fn check_names(original: &Voucher, id: &str, report: &StatusReport) -> Result<(), String> {
    let names: BTreeSet<String> =
        original.details.iter().map(|line| end_to_end_id(&line.id)).collect();
    for payment in &report.payments {
        if payment.id != id {
            return Err(format!(
                "the report tells of payment {}, and not of {id} alone",
                payment.id
            ));
        }
        if let Some(other) = payment.transfers.iter().find(|told| !names.contains(&told.end_to_end))
        {
            let name = &other.end_to_end;
            return Err(format!("the report tells of transfer {name}, which was not ordered"));
        }
    }
    Ok(())
}

/// That notices tell of nothing but what was paid by the order out of its account.
fn check_notices(original: &Voucher, id: &str, notices: &[Statement]) -> Result<(), String> {
    let account = original.head.text(Field::PayerAccount).unwrap_or_default();
    for notice in notices {
        if notice.account != account {
            return Err(format!("the notice is of account {}, not of {account}", notice.account));
        }
        for entry in &notice.entries {
            let is_payment = entry.is_booked && !entry.details.is_empty();
            let is_its = |told: &super::statement::EntryDetail| {
                let is_paid = told.direction == Direction::Out && told.amount_fen != Fen::ZERO;
                is_paid && told.payment.as_deref() == Some(id) && told.end_to_end.is_some()
            };
            if !is_payment || !entry.details.iter().all(is_its) {
                return Err(format!("the notice has an entry that is no booked payment by {id}"));
            }
        }
    }
    Ok(())
}

fn kept(fields: &Fields, keep: impl Fn(Field) -> bool) -> Fields {
    let mut out = Fields::with_capacity(fields.len());
    for (field, value) in fields.iter().filter(|(field, _)| keep(*field)) {
        out.append(field, value.clone());
    }
    out
}

/// The order that a receipt repeats.
fn ordered_by(receipt: &Voucher) -> Voucher {
    let ordered = |fields: &Fields| kept(fields, |field| !field.is_executed());
    let details = receipt.details.iter();
    let details = details.map(|line| Detail { id: line.id.clone(), fields: ordered(&line.fields) });
    Voucher {
        key: receipt.key,
        flag: Flag::Original,
        date: receipt.date,
        head: ordered(&receipt.head),
        details: details.collect(),
    }
}

/// Whether a receipt says what another does: words are told with their code, and a detail tells day and number that the
/// head has.
fn says_the_same(receipt: &Voucher, read: &Voucher) -> bool {
    let of_head = |receipt: &Voucher| {
        let nothing = receipt.head.amount_fen(Field::ExecutedAmount) == Some(Fen::ZERO);
        // Where nothing was paid there is no number of it.
        kept(&receipt.head, |field| !(nothing && field == Field::BankSerial))
    };
    let of_line = |line: &Detail| {
        let is_paid = line.fields.amount_fen(Field::ExecutedAmount) != Some(Fen::ZERO);
        let told = [Field::ExecutedNote, Field::ExecutedDay, Field::BankSerial];
        kept(&line.fields, |field| {
            !told.contains(&field) && (is_paid || field != Field::ExecutedPayeeAccount)
        })
    };
    let lines = |receipt: &Voucher| receipt.details.iter().map(of_line).collect::<Vec<_>>();
    of_head(receipt) == of_head(read) && lines(receipt) == lines(read) && receipt.date == read.date
}
