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
use super::mapping::SUPPLEMENTED;
use super::values::{CURRENCY, date};
use super::write::Out;

/// The message's namespace.
pub const NAMESPACE: &str = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09";

/// The namespace of a voucher's fields in supplementary data.
pub const FIELDS_NAMESPACE: &str = "urn:treasury:voucher:fields:1";

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
const ACCOUNT_CHARS_MAX: usize = 34;

/// Longest reference or document number in a message (Max35Text).
const REFERENCE_CHARS_MAX: usize = 35;

/// Longest name in a message, in bytes: the standard says characters, and banks count bytes.
const NAME_BYTES_MAX: usize = 140;

/// Longest free text in a message (Max140Text).
const FREE_CHARS_MAX: usize = 140;

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
    out.within(&["DbtrAgt"], |out| agent(out, bank, bank_name));
    let mut names = BTreeSet::new();
    for (detail, uetr) in voucher.details.iter().zip(uetrs) {
        let name = end_to_end_id(&detail.id);
        if !names.insert(name.clone()) {
            return Err(Unfit::SameDetail { voucher: key, detail: name });
        }
        transfer(&mut out, &Taken { voucher, detail: Some(detail) }, detail, &name, *uetr)?;
    }
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
    if let Some(number) = taken.text(Field::PayeeBankNumber)? {
        if !is_member(number) {
            return Err(taken.unfit(Field::PayeeBankNumber));
        }
        let bank_name = taken.text(Field::PayeeBankName)?;
        out.within(&["CdtrAgt"], |out| agent(out, number, bank_name));
    }
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
fn agent(out: &mut Out, bank: &str, name: Option<&str>) {
    out.within(&["FinInstnId"], |out| {
        if is_member(bank) {
            out.within(&["ClrSysMmbId"], |out| {
                out.within(&["ClrSysId"], |out| out.leaf("Cd", "CNAPS"));
                out.leaf("MmbId", bank);
            });
        }
        if let Some(name) = name {
            out.leaf("Nm", cut(name));
        }
        if !is_member(bank) {
            out.within(&["Othr"], |out| out.leaf("Id", bank));
        }
    });
}

/// Purpose of the transfer as free text in as many parts as it takes, and what it is called after.
fn remittance(out: &mut Out, taken: &Taken<'_>) -> Result<(), Unfit> {
    let short = |text: &&str| text.chars().count() <= REFERENCE_CHARS_MAX;
    let words = taken.text(Field::Purpose)?.unwrap_or_default();
    let procurement = taken.text(Field::Procurement)?.filter(short);
    let references = [Field::TaxBill, Field::PayCode];
    let references = references.map(|field| taken.text(field).map(|text| (field, text)));
    out.open("RmtInf");
    let letters: Vec<char> = words.chars().collect();
    for part in letters.chunks(FREE_CHARS_MAX) {
        out.leaf("Ustrd", &part.iter().collect::<String>());
    }
    if let Some(number) = procurement {
        out.within(&["Strd", "RfrdDocInf"], |out| {
            out.within(&["Tp", "CdOrPrtry"], |out| {
                out.leaf("Prtry", Field::Procurement.wire_name());
            });
            out.leaf("Nb", number);
        });
    }
    for reference in references {
        let (field, text) = reference?;
        if let Some(text) = text.filter(short) {
            out.within(&["Strd", "CdtrRefInf"], |out| {
                out.within(&["Tp", "CdOrPrtry"], |out| out.leaf("Prtry", field.wire_name()));
                out.leaf("Ref", text);
            });
        }
    }
    out.close();
    Ok(())
}

/// Fields of the voucher that have no place of their own in the message, or not all of them a place long enough.
fn supplement(out: &mut Out, taken: &Taken<'_>, detail: &Detail, name: &str) -> Result<(), Unfit> {
    let long = [Field::PayerName, Field::PayerBankName, Field::PayeeName, Field::PayeeBankName];
    let references = [Field::Procurement, Field::TaxBill, Field::PayCode];
    out.open("SplmtryData");
    out.open("Envlp");
    out.open_with("Fields", &format!(" xmlns=\"{FIELDS_NAMESPACE}\""));
    if name != detail.id {
        if !can_be_written(&detail.id) {
            return Err(taken.unfit(Field::OriginalDetail));
        }
        out.leaf("Id", &detail.id);
    }
    for &field in SUPPLEMENTED {
        if let Some(text) = taken.text(field)? {
            out.leaf(field.wire_name(), text);
        }
    }
    for field in long {
        if let Some(text) = taken.text(field)?.filter(|text| cut(text) != *text) {
            out.leaf(field.wire_name(), text);
        }
    }
    for field in references {
        let is_long = |text: &&str| text.chars().count() > REFERENCE_CHARS_MAX;
        if let Some(text) = taken.text(field)?.filter(is_long) {
            out.leaf(field.wire_name(), text);
        }
    }
    (0..3).for_each(|_| out.close());
    Ok(())
}

/// The category of a business kind, and whether the bank books it as one.
fn category(business: &str) -> Option<(&'static str, bool)> {
    match business {
        "1" => Some(("SUPP", false)),
        "2" => Some(("CCRD", false)),
        "3" => Some(("SALA", true)),
        "4" => Some(("GOVT", true)),
        _ => None,
    }
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
fn is_member(bank: &str) -> bool {
    bank.len() == 12 && bank.bytes().all(|byte| byte.is_ascii_digit())
}

/// A name as far as it may go.
fn cut(name: &str) -> &str {
    &name[..name.floor_char_boundary(NAME_BYTES_MAX)]
}

fn moment(created: Created) -> String {
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
