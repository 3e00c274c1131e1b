//! The national receipt that a status report and notices of entries come to.
//!
//! In messages a transfer that failed is absent from the notice and rejected in the report; in the national voucher it
//! is there with nothing paid. What is neither paid nor rejected yet keeps the receipt waiting.

use std::collections::{BTreeMap, BTreeSet};

use domain::Fen;
use domain::ids::Day;
use domain::voucher::document::Fields;
use domain::voucher::{Field, Flag, Value, Voucher, VoucherKey};
use thiserror::Error;

use super::codes::BankStatus;
use super::ids::{end_to_end_id, message_id};
use super::statement::{Direction, Entry, EntryDetail, Statement};
use super::status::{Standing, StatusReport};

/// Why no receipt can be made of what a bank says: a person has to look at it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Contradiction {
    /// The report is of another message.
    #[error("the report is of message {original}, and the voucher went out as {id}")]
    OtherMessage {
        /// What it is of.
        original: String,
        /// What the voucher went out as.
        id: String,
    },
    /// The bank saw another order.
    #[error(
        "voucher {voucher} went out with {ours} transfers or yuan, and the bank saw {theirs}; ask before anything else"
    )]
    OtherOrder {
        /// Which.
        voucher: VoucherKey,
        /// What went out.
        ours: String,
        /// What the bank saw.
        theirs: String,
    },
    /// A transfer is booked more than once.
    #[error(
        "transfer {end_to_end} of voucher {voucher} is booked {times} times; ask the bank whether it paid twice"
    )]
    PaidTwice {
        /// Which voucher.
        voucher: VoucherKey,
        /// Which transfer.
        end_to_end: String,
        /// How often.
        times: usize,
    },
    /// A transfer is booked and rejected.
    #[error(
        "transfer {end_to_end} of voucher {voucher} is booked and rejected; ask the bank which it is"
    )]
    PaidAndRejected {
        /// Which voucher.
        voucher: VoucherKey,
        /// Which transfer.
        end_to_end: String,
    },
    /// What is booked comes to more than any amount can be.
    #[error("what is booked for voucher {voucher} is beyond every amount; refuse the notice")]
    TooMuch {
        /// Which voucher.
        voucher: VoucherKey,
    },
    /// Something is booked for the voucher that was not ordered.
    #[error(
        "transfer {end_to_end} is booked for voucher {voucher}, which has no such detail; ask the bank"
    )]
    NotOrdered {
        /// Which voucher.
        voucher: VoucherKey,
        /// Which transfer.
        end_to_end: String,
    },
}

/// What there is so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// The bank has answered for every detail.
    Complete(Box<Voucher>),
    /// The bank has rejected every detail: the voucher comes back (银行退回), and there is no receipt.
    Rejected {
        /// Why, for each reason once.
        why: String,
    },
    /// It has not.
    Waiting {
        /// Details without a definite answer.
        open: usize,
    },
}

/// Makes the receipt of a voucher out of a report and notices.
///
/// # Errors
/// [`Contradiction`] when they do not go together, or not with the voucher.
pub fn of(
    voucher: &Voucher,
    report: Option<&StatusReport>,
    notices: &[Statement],
) -> Result<Progress, Contradiction> {
    let key = voucher.key;
    let id = message_id(key).unwrap_or_default();
    if let Some(report) = report {
        check_report(voucher, &id, report)?;
    }
    let booked = booked(&id, notices);
    let names: Vec<String> =
        voucher.details.iter().map(|detail| end_to_end_id(&detail.id)).collect();
    let ordered: BTreeSet<&str> = names.iter().map(String::as_str).collect();
    if let Some(other) = booked.keys().find(|name| !ordered.contains(*name)) {
        let end_to_end = (*other).to_owned();
        return Err(Contradiction::NotOrdered { voucher: key, end_to_end });
    }
    let said = report.map(|report| report.of(&id));
    let mut receipt = voucher.clone();
    receipt.flag = Flag::Receipt;
    let (mut open, mut paid_fen, mut last_day) = (0, Fen::ZERO, None);
    let (mut serial, mut reasons) = (None, BTreeSet::new());
    for (detail, name) in receipt.details.iter_mut().zip(&names) {
        let standing = said.as_ref().and_then(|said| said.of(name));
        let rejected = standing.filter(|told| told.status == Some(BankStatus::Rejected));
        let entries = booked.get(name.as_str()).map_or(&[][..], Vec::as_slice);
        match (entries, rejected) {
            ([], None) => open += 1,
            ([], Some(standing)) => {
                let why = why(standing);
                detail.fields.set(Field::ExecutedAmount, Value::Amount(Fen::ZERO));
                detail.fields.set(Field::ExecutedNote, Value::Text(why.clone()));
                reasons.insert(why);
            }
            ([(entry, told)], None) => {
                paid_fen = paid_fen
                    .checked_add(told.amount_fen)
                    .ok_or(Contradiction::TooMuch { voucher: key })?;
                last_day = last_day.max(entry.day);
                serial = serial.or(told.bank_serial.as_deref());
                pay(&mut detail.fields, entry, told);
                let note = standing.map(Standing::chinese).filter(|note| !note.is_empty());
                if let Some(note) = note {
                    let note: String = note.chars().take(NOTE_CHARS_MAX).collect();
                    detail.fields.set(Field::ExecutedNote, Value::Text(note));
                }
            }
            ([_], Some(_)) => {
                let end_to_end = name.clone();
                return Err(Contradiction::PaidAndRejected { voucher: key, end_to_end });
            }
            (many, _) => {
                let (end_to_end, times) = (name.clone(), many.len());
                return Err(Contradiction::PaidTwice { voucher: key, end_to_end, times });
            }
        }
    }
    if open > 0 {
        return Ok(Progress::Waiting { open });
    }
    // Only what is booked has a day.
    let Some(last_day) = last_day else {
        let why = reasons.into_iter().collect::<Vec<_>>().join("；");
        return Ok(Progress::Rejected { why });
    };
    receipt.head.set(Field::ExecutedAmount, Value::Amount(paid_fen));
    receipt.head.set(Field::ExecutedDay, Value::Day(last_day));
    if let Some(serial) = serial {
        receipt.head.set(Field::BankSerial, Value::Text(serial.to_owned()));
    }
    Ok(Progress::Complete(Box::new(receipt)))
}

fn check_report(voucher: &Voucher, id: &str, report: &StatusReport) -> Result<(), Contradiction> {
    if report.original != id {
        let (original, id) = (report.original.clone(), id.to_owned());
        return Err(Contradiction::OtherMessage { original, id });
    }
    let other = |ours: String, theirs: String| {
        Err(Contradiction::OtherOrder { voucher: voucher.key, ours, theirs })
    };
    let count = voucher.details.len();
    if let Some(seen) = report.original_count.filter(|&seen| seen != count as u64) {
        return other(count.to_string(), seen.to_string());
    }
    let sum_fen = voucher.head.amount_fen(Field::Amount).unwrap_or(Fen::ZERO);
    match report.original_sum_fen.filter(|&seen| seen != sum_fen) {
        Some(seen) => other(sum_fen.to_yuan(), seen.to_yuan()),
        None => Ok(()),
    }
}

type Booked<'a> = BTreeMap<&'a str, Vec<(&'a Entry, &'a EntryDetail)>>;

/// Booked transfers out for a voucher, by name.
fn booked<'a>(id: &str, notices: &'a [Statement]) -> Booked<'a> {
    let mut booked = Booked::new();
    let entries = notices.iter().flat_map(|notice| &notice.entries);
    for entry in entries.filter(|entry| entry.is_booked) {
        for detail in &entry.details {
            let is_its = detail.payment.as_deref() == Some(id);
            if let (true, Direction::Out, Some(name)) =
                (is_its, detail.direction, detail.end_to_end.as_deref())
            {
                let known = booked.entry(name).or_default();
                // Notices come more than once, and a statement has the entries of notices.
                let is_same = |(_, told): &(&Entry, &EntryDetail)| {
                    told.bank_serial.is_some()
                        && told.bank_serial == detail.bank_serial
                        && told.amount_fen == detail.amount_fen
                };
                if !known.iter().any(is_same) {
                    known.push((entry, detail));
                }
            }
        }
    }
    booked
}

fn pay(fields: &mut Fields, entry: &Entry, told: &EntryDetail) {
    fields.set(Field::ExecutedAmount, Value::Amount(told.amount_fen));
    if let Some(day) = entry.day {
        fields.set(Field::ExecutedDay, Value::Day(day));
    }
    if let Some(serial) = &told.bank_serial {
        fields.set(Field::BankSerial, Value::Text(serial.clone()));
    }
    if let Some(account) = &told.payee_account {
        fields.set(Field::ExecutedPayeeAccount, Value::Text(account.clone()));
    }
}

/// The receipt of an order of which every transfer was rejected, on the day of the report.
pub(super) fn nothing_paid(voucher: &Voucher, report: &StatusReport, day: Day) -> Voucher {
    let id = message_id(voucher.key).unwrap_or_default();
    let said = report.of(&id);
    let mut receipt = voucher.clone();
    receipt.flag = Flag::Receipt;
    for detail in &mut receipt.details {
        let why = said.of(&end_to_end_id(&detail.id)).map(why).unwrap_or_default();
        detail.fields.set(Field::ExecutedAmount, Value::Amount(Fen::ZERO));
        detail.fields.set(Field::ExecutedNote, Value::Text(why));
    }
    receipt.head.set(Field::ExecutedAmount, Value::Amount(Fen::ZERO));
    receipt.head.set(Field::ExecutedDay, Value::Day(day));
    receipt
}

/// The bank's reasons for a rejection; a receipt has to say one.
fn why(standing: &Standing) -> String {
    let why: String = standing.chinese().chars().take(NOTE_CHARS_MAX).collect();
    if why.is_empty() { "银行未说明原因".to_owned() } else { why }
}

/// The bank's words on a receipt, in characters.
const NOTE_CHARS_MAX: usize = 300;
