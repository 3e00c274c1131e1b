//! A payment voucher as pain.001.001.09: one message with one payment, and a transfer for each detail.

use std::collections::BTreeSet;

use domain::Fen;
use domain::ids::Day;
use domain::limits::VOUCHER_DETAILS_MAX;
use domain::money::{FenSum, yuan_plain};
use domain::voucher::document::Fields;
use domain::voucher::{Detail, Field, Flag, Voucher, VoucherKey};
use thiserror::Error;

use super::ids::{Uetr, can_be_written, end_to_end_id, is_order, message_id};
use super::mapping::{DETAIL_PLACES, HEAD_PLACES};
use super::supplement::{self, DETAIL_NUMBER, OF_HEAD, REFERENCE_CHARS_MAX, cut, placed};
use super::values::{CURRENCY, FREE_CHARS_MAX, date, pieces};
use super::write::Out;

/// The message's namespace.
pub const NAMESPACE: &str = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09";

/// The message's name.
pub(super) const MESSAGE: &str = "pain.001.001.09";

/// When a message is made: a day and a second of it, in Beijing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Created {
    /// The day.
    pub day: Day,
    /// Seconds since its midnight.
    pub second: u32,
}

/// Why a voucher cannot be written as a message.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Unfit {
    /// It orders nothing.
    #[error("voucher {voucher} orders no bank to pay; only 5201, 8202 and 8207 go out as pain.001")]
    NoOrder {
        /// Which.
        voucher: VoucherKey,
    },
    /// Its key is too long for a name in a message.
    #[error(
        "voucher {voucher} has a key of more than 35 characters without dashes; give it a shorter number"
    )]
    LongKey {
        /// Which.
        voucher: VoucherKey,
    },
    /// No details, or too many.
    #[error("voucher {voucher} has {details} details; 1 to {VOUCHER_DETAILS_MAX} can go out")]
    Details {
        /// Which.
        voucher: VoucherKey,
        /// How many.
        details: usize,
    },
    /// Another number of UETRs than of details.
    #[error("voucher {voucher} has {details} details and {uetrs} UETRs; draw one for each")]
    Uetrs {
        /// Which.
        voucher: VoucherKey,
        /// How many details.
        details: usize,
        /// How many UETRs.
        uetrs: usize,
    },
    /// A field is missing, or has something that cannot go out.
    #[error("detail {detail:?} of voucher {voucher} has no {} that can go out; mend the voucher", field.wire_name())]
    Field {
        /// Which voucher.
        voucher: VoucherKey,
        /// Which detail; empty for the head.
        detail: String,
        /// Which field.
        field: Field,
    },
    /// Two details, or their names in the message, are the same.
    #[error("voucher {voucher} has two details {detail:?}; give each a number of its own")]
    SameDetail {
        /// Which voucher.
        voucher: VoucherKey,
        /// Which name.
        detail: String,
    },
    /// The head's amount is not what the details come to.
    #[error("voucher {voucher} says {head}, and its details come to {details}; mend the voucher")]
    Sum {
        /// Which.
        voucher: VoucherKey,
        /// What the head says, in yuan.
        head: String,
        /// What they come to, in yuan.
        details: String,
    },
}

/// Longest account in a message (Max34Text).
pub(super) const ACCOUNT_CHARS_MAX: usize = 34;

/// Business kinds, their categories, and whether the bank books the payment as one.
pub(super) const CATEGORIES: &[(&str, &str, bool)] =
    &[("1", "SUPP", false), ("2", "CCRD", false), ("3", "SALA", true), ("4", "GOVT", true)];

/// References by which a creditor knows a payment.
pub(super) const REFERENCES: [Field; 2] = [Field::TaxBill, Field::PayCode];

/// What banks' numbers of twelve digits are numbers of.
pub(super) const CLEARING_SYSTEM: &str = "CNAPS";

/// Writes a voucher. `uetrs` are those stored with it, one for each detail in their order.
///
/// # Errors
/// [`Unfit`] when something is missing or does not fit; nothing is cut that does not stand elsewhere in full.
pub fn write(voucher: &Voucher, created: Created, uetrs: &[Uetr]) -> Result<String, Unfit> {
    let key = voucher.key;
    if !is_order(key.kind) || voucher.flag != Flag::Original {
        return Err(Unfit::NoOrder { voucher: key });
    }
    let id = message_id(key).ok_or(Unfit::LongKey { voucher: key })?;
    let details = voucher.details.len();
    if !(1..=VOUCHER_DETAILS_MAX).contains(&details) {
        return Err(Unfit::Details { voucher: key, details });
    }
    if uetrs.len() != details {
        return Err(Unfit::Uetrs { voucher: key, details, uetrs: uetrs.len() });
    }
    let head = Taken { voucher, detail: None };
    let sum = check_sum(voucher)?;
    let count = details.to_string();

    let mut out = Out::document(NAMESPACE);
    out.open("CstmrCdtTrfInitn");
    out.within(&["GrpHdr"], |out| {
        out.leaf("MsgId", &id);
        out.leaf("CreDtTm", &moment(created));
        out.leaf("NbOfTxs", &count);
        out.leaf("CtrlSum", &sum);
        out.within(&["InitgPty", "Id", "OrgId", "Othr"], |out| {
            out.leaf("Id", key.division.as_str())
        });
    });
    out.open("PmtInf");
    out.leaf("PmtInfId", &id);
    out.leaf("PmtMtd", "TRF");
    let business = head.text(Field::BusinessType)?.unwrap_or("1");
    let (purpose, is_batch) = category(business).ok_or_else(|| head.unfit(Field::BusinessType))?;
    out.leaf("BtchBookg", if is_batch { "true" } else { "false" });
    out.leaf("NbOfTxs", &count);
    out.leaf("CtrlSum", &sum);
    out.within(&["PmtTpInf", "CtgyPurp"], |out| out.leaf("Cd", purpose));
    out.within(&["ReqdExctnDt"], |out| out.leaf("Dt", &date(voucher.date)));
    let payer = head.needed(Field::PayerName)?;
    out.within(&["Dbtr"], |out| out.leaf("Nm", cut(payer)));
    let account = head.needed_within(Field::PayerAccount, ACCOUNT_CHARS_MAX)?;
    out.within(&["DbtrAcct"], |out| {
        out.within(&["Id", "Othr"], |out| out.leaf("Id", account));
        out.leaf("Ccy", CURRENCY);
    });
    let (bank, bank_name) = (
        head.needed_within(Field::PayBank, REFERENCE_CHARS_MAX)?,
        head.text(Field::PayerBankName)?,
    );
    out.within(&["DbtrAgt"], |out| agent(out, Some(bank), bank_name));
    let mut names = BTreeSet::new();
    for (detail, uetr) in voucher.details.iter().zip(uetrs) {
        let name = end_to_end_id(&detail.id);
        if !names.insert(name.clone()) {
            return Err(Unfit::SameDetail { voucher: key, detail: name });
        }
        transfer(&mut out, &Taken { voucher, detail: Some(detail) }, detail, &name, *uetr)?;
    }
    out.close();
    let unfit = |field| head.unfit(field);
    supplement::around(&mut out, |out| supplement::write(out, &voucher.head, HEAD_PLACES))
        .map_err(unfit)?;
    Ok(out.end())
}

/// The control sum: what all details come to, which the head has to say too.
fn check_sum(voucher: &Voucher) -> Result<String, Unfit> {
    let mut sum_fen: FenSum = 0;
    for detail in &voucher.details {
        let amount_fen = detail.fields.amount_fen(Field::Amount).filter(|fen| fen.is_payable());
        let taken = Taken { voucher, detail: Some(detail) };
        sum_fen += FenSum::from(amount_fen.ok_or_else(|| taken.unfit(Field::Amount))?.get());
    }
    let head = Taken { voucher, detail: None };
    let told = voucher.head.amount_fen(Field::Amount).ok_or_else(|| head.unfit(Field::Amount))?;
    let sum = yuan_plain(sum_fen);
    if FenSum::from(told.get()) == sum_fen {
        Ok(sum)
    } else {
        Err(Unfit::Sum { voucher: voucher.key, head: told.to_yuan(), details: sum })
    }
}

fn transfer(
    out: &mut Out,
    taken: &Taken<'_>,
    detail: &Detail,
    name: &str,
    uetr: Uetr,
) -> Result<(), Unfit> {
    out.open("CdtTrfTxInf");
    out.within(&["PmtId"], |out| {
        out.leaf("EndToEndId", name);
        out.leaf("UETR", &uetr.to_string());
    });
    let amount_fen = detail.fields.amount_fen(Field::Amount).unwrap_or(Fen::ZERO);
    out.within(&["Amt"], |out| {
        out.leaf_with("InstdAmt", &format!(" Ccy=\"{CURRENCY}\""), &amount_fen.to_yuan());
    });
    let number = taken.text(Field::PayeeBankNumber)?;
    if number.is_some_and(|number| !is_member(number)) {
        return Err(taken.unfit(Field::PayeeBankNumber));
    }
    let bank_name = taken.text(Field::PayeeBankName)?;
    out.within(&["CdtrAgt"], |out| agent(out, number, bank_name));
    let payee = taken.needed(Field::PayeeName)?;
    out.within(&["Cdtr"], |out| out.leaf("Nm", cut(payee)));
    let account = taken.needed_within(Field::PayeeAccount, ACCOUNT_CHARS_MAX)?;
    out.within(&["CdtrAcct", "Id", "Othr"], |out| out.leaf("Id", account));
    out.within(&["Purp"], |out| out.leaf("Cd", purpose(taken)));
    remittance(out, taken)?;
    supplement(out, taken, detail, name)?;
    out.close();
    Ok(())
}

/// A bank: by its twelve digits in the payment system, or by its code.
pub(super) fn agent(out: &mut Out, bank: Option<&str>, name: Option<&str>) {
    let (members, others) = match bank {
        Some(bank) if is_member(bank) => (Some(bank), None),
        other => (None, other),
    };
    out.within(&["FinInstnId"], |out| {
        if let Some(number) = members {
            out.within(&["ClrSysMmbId"], |out| {
                out.within(&["ClrSysId"], |out| out.leaf("Cd", CLEARING_SYSTEM));
                out.leaf("MmbId", number);
            });
        }
        if let Some(name) = name {
            out.leaf("Nm", cut(name));
        }
        if let Some(code) = others {
            out.within(&["Othr"], |out| out.leaf("Id", code));
        }
    });
}

/// Purpose of the transfer as free text in as many parts as it takes, and what it is called after.
fn remittance(out: &mut Out, taken: &Taken<'_>) -> Result<(), Unfit> {
    let short = |field| {
        let text = taken.text(field)?;
        Ok::<_, Unfit>((field, text.and_then(|text| placed(field, text))))
    };
    let words = taken.text(Field::Purpose)?.unwrap_or_default();
    let (_, procurement) = short(Field::Procurement)?;
    out.open("RmtInf");
    for piece in pieces(words, FREE_CHARS_MAX) {
        out.leaf("Ustrd", &piece);
    }
    if let Some(number) = procurement {
        out.within(&["Strd", "RfrdDocInf"], |out| {
            out.within(&["Tp", "CdOrPrtry"], |out| {
                out.leaf("Prtry", Field::Procurement.wire_name());
            });
            out.leaf("Nb", number);
        });
    }
    for reference in REFERENCES.map(short) {
        if let (field, Some(text)) = reference? {
            out.within(&["Strd", "CdtrRefInf"], |out| {
                out.within(&["Tp", "CdOrPrtry"], |out| out.leaf("Prtry", field.wire_name()));
                out.leaf("Ref", text);
            });
        }
    }
    out.close();
    Ok(())
}

/// Fields of the detail that have no place of their own in the message, or none long enough; and which places say what
/// the head says.
fn supplement(out: &mut Out, taken: &Taken<'_>, detail: &Detail, name: &str) -> Result<(), Unfit> {
    if name != detail.id && !can_be_written(&detail.id) {
        return Err(taken.unfit(Field::OriginalDetail));
    }
    let mut of_head = Vec::new();
    for &field in DETAIL_PLACES.iter().filter(|&&field| detail.fields.get(field).is_none()) {
        if taken.text(field)?.and_then(|text| placed(field, text)).is_some() {
            of_head.push(field.wire_name());
        }
    }
    let written = supplement::around(out, |out| {
        if name != detail.id {
            out.leaf(DETAIL_NUMBER, &detail.id);
        }
        if !of_head.is_empty() {
            out.leaf(OF_HEAD, &of_head.join(" "));
        }
        supplement::write(out, &detail.fields, DETAIL_PLACES)
    });
    written.map_err(|field| taken.unfit(field))
}

/// The category of a business kind, and whether the bank books it as one.
fn category(business: &str) -> Option<(&'static str, bool)> {
    let known = CATEGORIES.iter().find(|(known, ..)| *known == business);
    known.map(|(_, code, is_batch)| (*code, *is_batch))
}

/// Purpose class: wages, taxes, contributions to social insurance, benefits, or any payment of a government.
fn purpose(taken: &Taken<'_>) -> &'static str {
    let text = |field| taken.text(field).ok().flatten();
    let class = text(Field::DepartmentEconomic).unwrap_or_default();
    let insurance = ["30108", "30109", "30110", "30111", "30112"];
    if text(Field::TaxBill).is_some() {
        "TAXS"
    } else if text(Field::BusinessType) == Some("3") {
        "SALA"
    } else if insurance.iter().any(|insurance| class.starts_with(insurance)) {
        "SSBE"
    } else if class.starts_with("303") {
        "BENE"
    } else {
        "GOVT"
    }
}

/// Whether this is a bank's number in the payment system: twelve digits.
pub(super) fn is_member(bank: &str) -> bool {
    bank.len() == 12 && bank.bytes().all(|byte| byte.is_ascii_digit())
}

pub(super) fn moment(created: Created) -> String {
    let second = created.second;
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{}T{hour:02}:{minute:02}:{second:02}+08:00", date(created.day))
}

/// Fields of a detail, or of the head where the detail has none of its own.
struct Taken<'a> {
    voucher: &'a Voucher,
    detail: Option<&'a Detail>,
}

impl<'a> Taken<'a> {
    fn unfit(&self, field: Field) -> Unfit {
        let detail = self.detail.map_or(String::new(), |detail| detail.id.clone());
        Unfit::Field { voucher: self.voucher.key, detail, field }
    }

    /// A text that is not empty, if there is one.
    fn text(&self, field: Field) -> Result<Option<&'a str>, Unfit> {
        let own = |fields: &'a Fields| fields.text(field);
        let text = self.detail.and_then(|detail| own(&detail.fields)).or(own(&self.voucher.head));
        match text.map(str::trim).filter(|text| !text.is_empty()) {
            Some(text) if !can_be_written(text) => Err(self.unfit(field)),
            text => Ok(text),
        }
    }

    fn needed(&self, field: Field) -> Result<&'a str, Unfit> {
        self.text(field)?.ok_or_else(|| self.unfit(field))
    }

    fn needed_within(&self, field: Field, characters_max: usize) -> Result<&'a str, Unfit> {
        let text = self.needed(field)?;
        if text.chars().count() <= characters_max { Ok(text) } else { Err(self.unfit(field)) }
    }
}
