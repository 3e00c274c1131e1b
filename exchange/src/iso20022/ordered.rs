//! pain.001.001.09 as a payment voucher: what a bank reads before it pays.
//!
//! Nothing is walked over here: an element that no order of ours has is refused, since a bank does not pay by an order
//! that it has understood in part. Counts and sums are held against the transfers.

use std::collections::{BTreeMap, BTreeSet};

use domain::Fen;
use domain::ids::Day;
use domain::limits::VOUCHER_DETAILS_MAX;
use domain::money::FenSum;
use domain::voucher::document::Fields;
use domain::voucher::{Detail, Field, Flag, Value, Voucher};

use super::ids::{ID_CHARS_MAX, Uetr, end_to_end_id, key_of};
use super::mapping::{DETAIL_PLACES, HEAD_PLACES, MAPPING};
use super::orders::{
    ACCOUNT_CHARS_MAX, CATEGORIES, CLEARING_SYSTEM, MESSAGE, NAMESPACE, REFERENCES, is_member,
};
use super::read::{Bad, Kind, Leaf, Listener, Reason, walk};
use super::supplement::{self, DETAIL_NUMBER, FIELDS_PATH, OF_HEAD, REFERENCE_CHARS_MAX, placed};
use super::values::{
    CURRENCY, FREE_CHARS_MAX, count, day, money, once, same_count, same_sum, text,
};
use crate::values::told;

const KIND: Kind = Kind { namespace: NAMESPACE, element: ROOT, has_fields: true };

const ROOT: &str = "CstmrCdtTrfInitn";

/// Codes of purposes that an order has.
const PURPOSES: [&str; 5] = ["TAXS", "SALA", "SSBE", "BENE", "GOVT"];

/// An order, as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ordered {
    /// The voucher.
    pub voucher: Voucher,
    /// The day on which the message was made.
    pub created: Day,
    /// The UETR of each detail.
    pub uetrs: Vec<Uetr>,
}

/// Reads an order.
///
/// # Errors
/// [`Bad`] when the message is no pain.001.001.09 of ours: it lacks something, has something else, does not add up, or is
/// beyond a bound.
pub fn read(message: &[u8]) -> Result<Ordered, Bad> {
    let mut reading = Reading::default();
    walk(message, &KIND, &mut reading)?;
    let nowhere = || Bad { path: ROOT.to_owned(), at: 0, reason: Reason::Missing("the order") };
    reading.done.ok_or_else(nowhere)
}

/// What the head of the message and its payment told so far.
#[derive(Default)]
struct Head {
    seen: BTreeSet<&'static str>,
    ids: [Option<String>; 2],
    counts: [Option<u64>; 2],
    sums_fen: [Option<Fen>; 2],
    created: Option<Day>,
    division: Option<String>,
    method: Option<()>,
    is_batch: Option<bool>,
    category: Option<&'static str>,
    date: Option<Day>,
    currency: Option<()>,
    places: BTreeMap<Field, String>,
    fields: Fields,
}

/// What a transfer told so far.
#[derive(Default)]
struct Transfer {
    seen: BTreeSet<&'static str>,
    name: Option<String>,
    uetr: Option<Uetr>,
    amount_fen: Option<Fen>,
    purpose: Option<()>,
    /// What the next reference is a number of.
    reference: Option<Field>,
    places: BTreeMap<Field, String>,
    number: Option<String>,
    of_head: Option<Vec<Field>>,
    fields: Fields,
}

#[derive(Default)]
struct Reading {
    head: Head,
    transfer: Transfer,
    details: Vec<Detail>,
    uetrs: Vec<Uetr>,
    names: BTreeSet<String>,
    sum_fen: FenSum,
    /// What places of transfers say of the head.
    of_head: BTreeSet<(Field, String)>,
    done: Option<Ordered>,
}

impl Listener for Reading {
    fn open(&mut self, path: &str) -> Result<(), Reason> {
        if path == TRANSFER {
            self.transfer = Transfer::default();
        }
        Ok(())
    }

    fn leaf(&mut self, path: &str, leaf: Leaf<'_>) -> Result<(), Reason> {
        let below = path.strip_prefix(ROOT).and_then(|path| path.strip_prefix('/'));
        let below = below.ok_or(NOT_OURS)?;
        if let Some(name) = below.strip_prefix(FIELDS_PATH) {
            return supplement::add(&mut self.head.fields, supplement::read(name, leaf.text)?);
        }
        let row = MAPPING.iter().find(|row| row.message == MESSAGE && row.path == path);
        let Some(row) = row else {
            let transfer = path.strip_prefix(TRANSFER).and_then(|path| path.strip_prefix('/'));
            let name = transfer.and_then(|path| path.strip_prefix(FIELDS_PATH)).ok_or(NOT_OURS)?;
            return self.transfer.supplemented(name, leaf.text);
        };
        let in_transfer = below.strip_prefix("PmtInf/CdtTrfTxInf/");
        let seen =
            if in_transfer.is_some() { &mut self.transfer.seen } else { &mut self.head.seen };
        if !seen.insert(row.path) && !in_transfer.is_some_and(may_repeat) {
            return Err(Reason::Twice("an element of the order"));
        }
        match in_transfer {
            Some(path) => self.transfer.leaf(path, leaf),
            None => self.head.leaf(below, leaf),
        }
    }

    fn close(&mut self, path: &str) -> Result<(), Reason> {
        match path {
            TRANSFER => self.end_transfer(),
            ROOT => {
                self.done = Some(self.end()?);
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

const TRANSFER: &str = "CstmrCdtTrfInitn/PmtInf/CdtTrfTxInf";

const NOT_OURS: Reason = Reason::Forbidden("an element that no order has");

/// Whether a transfer may have an element more than once: pieces of the purpose, and references of two kinds.
fn may_repeat(path: &str) -> bool {
    path == "RmtInf/Ustrd" || path.starts_with("RmtInf/Strd/CdtrRefInf/")
}

/// Takes a code that has to be one.
fn must_be(text: &str, code: &'static str) -> Result<(), Reason> {
    if text == code { Ok(()) } else { Err(Reason::value(text, code)) }
}

impl Head {
    fn leaf(&mut self, path: &str, leaf: Leaf<'_>) -> Result<(), Reason> {
        let name = || text(leaf.text, ID_CHARS_MAX);
        match path {
            "GrpHdr/MsgId" => once(&mut self.ids[0], name()?, "MsgId"),
            "GrpHdr/CreDtTm" => once(&mut self.created, day(leaf.text)?, "CreDtTm"),
            "GrpHdr/NbOfTxs" => once(&mut self.counts[0], count(leaf.text)?, "NbOfTxs"),
            "GrpHdr/CtrlSum" => once(&mut self.sums_fen[0], sum(leaf)?, "CtrlSum"),
            "GrpHdr/InitgPty/Id/OrgId/Othr/Id" => once(&mut self.division, name()?, "InitgPty"),
            "PmtInf/PmtInfId" => once(&mut self.ids[1], name()?, "PmtInfId"),
            "PmtInf/PmtMtd" => once(&mut self.method, must_be(leaf.text, "TRF")?, "PmtMtd"),
            "PmtInf/BtchBookg" => {
                let is_batch = match leaf.text {
                    "true" | "1" => true,
                    "false" | "0" => false,
                    other => return Err(Reason::value(other, "true or false")),
                };
                once(&mut self.is_batch, is_batch, "BtchBookg")
            }
            "PmtInf/NbOfTxs" => once(&mut self.counts[1], count(leaf.text)?, "NbOfTxs"),
            "PmtInf/CtrlSum" => once(&mut self.sums_fen[1], sum(leaf)?, "CtrlSum"),
            "PmtInf/PmtTpInf/CtgyPurp/Cd" => {
                let known = CATEGORIES.iter().find(|(_, code, _)| *code == leaf.text);
                let wrong = || Reason::value(leaf.text, "SUPP, CCRD, SALA or GOVT");
                let (business, ..) = known.ok_or_else(wrong)?;
                once(&mut self.category, *business, "CtgyPurp")
            }
            "PmtInf/ReqdExctnDt/Dt" => once(&mut self.date, day(leaf.text)?, "ReqdExctnDt"),
            "PmtInf/DbtrAcct/Ccy" => once(&mut self.currency, must_be(leaf.text, CURRENCY)?, "Ccy"),
            _ => self.party(path, leaf),
        }
    }

    fn party(&mut self, path: &str, leaf: Leaf<'_>) -> Result<(), Reason> {
        let field = match path {
            "PmtInf/Dbtr/Nm" => Field::PayerName,
            "PmtInf/DbtrAcct/Id/Othr/Id" => Field::PayerAccount,
            "PmtInf/DbtrAgt/FinInstnId/Nm" => Field::PayerBankName,
            "PmtInf/DbtrAgt/FinInstnId/ClrSysMmbId/ClrSysId/Cd" => {
                return must_be(leaf.text, CLEARING_SYSTEM);
            }
            "PmtInf/DbtrAgt/FinInstnId/ClrSysMmbId/MmbId" if is_member(leaf.text) => Field::PayBank,
            "PmtInf/DbtrAgt/FinInstnId/Othr/Id" if !is_member(leaf.text) => Field::PayBank,
            _ => return Err(Reason::value(leaf.text, "a number of the form that stands here")),
        };
        place(&mut self.places, field, leaf.text)
    }
}

/// What the payment comes to.
fn sum(leaf: Leaf<'_>) -> Result<Fen, Reason> {
    super::values::amount(leaf.text)
}

/// Takes what stands in a field's own place, once.
fn place(places: &mut BTreeMap<Field, String>, field: Field, told: &str) -> Result<(), Reason> {
    let most = match field {
        Field::PayerAccount | Field::PayeeAccount => ACCOUNT_CHARS_MAX,
        Field::PayBank | Field::Procurement | Field::TaxBill | Field::PayCode => {
            REFERENCE_CHARS_MAX
        }
        _ => FREE_CHARS_MAX,
    };
    match places.insert(field, text(told, most)?) {
        Some(_) => Err(Reason::Twice("a field of the voucher")),
        None => Ok(()),
    }
}

impl Transfer {
    fn leaf(&mut self, path: &str, leaf: Leaf<'_>) -> Result<(), Reason> {
        let field = match path {
            "PmtId/EndToEndId" => {
                return once(&mut self.name, text(leaf.text, ID_CHARS_MAX)?, "EndToEndId");
            }
            "PmtId/UETR" => return once(&mut self.uetr, Uetr::read(leaf.text)?, "UETR"),
            "Amt/InstdAmt" => return once(&mut self.amount_fen, money(leaf)?, "InstdAmt"),
            "Purp/Cd" => {
                let code = PURPOSES.iter().find(|code| **code == leaf.text);
                let wrong = || Reason::value(leaf.text, "TAXS, SALA, SSBE, BENE or GOVT");
                return code.map(|_| once(&mut self.purpose, (), "Purp")).ok_or_else(wrong)?;
            }
            "CdtrAgt/FinInstnId/ClrSysMmbId/ClrSysId/Cd" => {
                return must_be(leaf.text, CLEARING_SYSTEM);
            }
            "RmtInf/Ustrd" => {
                let piece = text(leaf.text, FREE_CHARS_MAX)?;
                self.places.entry(Field::Purpose).or_default().push_str(&piece);
                return Ok(());
            }
            "RmtInf/Strd/RfrdDocInf/Tp/CdOrPrtry/Prtry" => {
                return must_be(leaf.text, Field::Procurement.wire_name());
            }
            "RmtInf/Strd/CdtrRefInf/Tp/CdOrPrtry/Prtry" => {
                let known = REFERENCES.into_iter().find(|field| field.wire_name() == leaf.text);
                let wrong = || Reason::value(leaf.text, "TaxBillNo or PayCode");
                return once(&mut self.reference, known.ok_or_else(wrong)?, "the reference's type");
            }
            "RmtInf/Strd/CdtrRefInf/Ref" => {
                self.reference.take().ok_or(Reason::Missing("the reference's type"))?
            }
            "RmtInf/Strd/RfrdDocInf/Nb" => Field::Procurement,
            "CdtrAgt/FinInstnId/ClrSysMmbId/MmbId" if is_member(leaf.text) => {
                Field::PayeeBankNumber
            }
            "CdtrAgt/FinInstnId/Nm" => Field::PayeeBankName,
            "Cdtr/Nm" => Field::PayeeName,
            "CdtrAcct/Id/Othr/Id" => Field::PayeeAccount,
            _ => return Err(Reason::value(leaf.text, "a number of twelve digits")),
        };
        place(&mut self.places, field, leaf.text)
    }

    fn supplemented(&mut self, name: &str, told: &str) -> Result<(), Reason> {
        match name {
            DETAIL_NUMBER => once(&mut self.number, text(told, ID_CHARS_MAX + 5)?, "Id"),
            OF_HEAD => {
                let field = |name: &str| {
                    let field = Field::from_wire_name(name);
                    field.ok_or_else(|| Reason::value(name, "the name of a voucher's field"))
                };
                let fields = told.split(' ').map(field).collect::<Result<Vec<_>, _>>()?;
                once(&mut self.of_head, fields, OF_HEAD)
            }
            _ => supplement::add(&mut self.fields, supplement::read(name, told)?),
        }
    }
}

impl Reading {
    fn end_transfer(&mut self) -> Result<(), Reason> {
        let mut told = std::mem::take(&mut self.transfer);
        if self.details.len() == VOUCHER_DETAILS_MAX {
            return Err(Reason::TooMany { what: "transfers", most: VOUCHER_DETAILS_MAX });
        }
        let name = told.name.ok_or(Reason::Missing("EndToEndId"))?;
        let id = told.number.unwrap_or_else(|| name.clone());
        if end_to_end_id(&id) != name {
            return Err(Reason::value(&name, "the name of the detail"));
        }
        let amount_fen = told.amount_fen.ok_or(Reason::Missing("InstdAmt"))?;
        if !amount_fen.is_payable() {
            return Err(Reason::value(&amount_fen.to_yuan(), "an amount that can be paid"));
        }
        told.purpose.ok_or(Reason::Missing("Purp"))?;
        for (field, what) in [(Field::PayeeName, "Cdtr"), (Field::PayeeAccount, "CdtrAcct")] {
            told.places.get(&field).ok_or(Reason::Missing(what))?;
        }
        for field in told.of_head.into_iter().flatten() {
            let text = told.places.remove(&field);
            self.of_head.insert((field, text.ok_or(Reason::Missing("what OfHead names"))?));
        }
        let mut fields = told.fields;
        supplement::join(&mut fields, told.places, DETAIL_PLACES)?;
        supplement::add(&mut fields, (Field::Amount, Value::Amount(amount_fen)))?;
        self.sum_fen += FenSum::from(amount_fen.get());
        if !self.names.insert(name) {
            return Err(Reason::Twice("a transfer"));
        }
        self.uetrs.push(told.uetr.ok_or(Reason::Missing("UETR"))?);
        self.details.push(Detail { id, fields });
        Ok(())
    }

    fn end(&mut self) -> Result<Ordered, Reason> {
        let head = std::mem::take(&mut self.head);
        let [id, payment] = &head.ids;
        let id = id.as_deref().ok_or(Reason::Missing("MsgId"))?;
        let payment = payment.as_deref().ok_or(Reason::Missing("PmtInfId"))?;
        if payment != id {
            return Err(Reason::value(payment, "the name of the message"));
        }
        let key = key_of(id).ok_or_else(|| Reason::value(id, "the name of an order"))?;
        let amount_fen = self.check_sums(&head)?;
        let division = head.division.as_deref().ok_or(Reason::Missing("InitgPty"))?;
        if division != key.division.as_str() {
            return Err(Reason::value(division, "the division of the message's name"));
        }
        let date = head.date.ok_or(Reason::Missing("ReqdExctnDt"))?;
        let created = head.created.ok_or(Reason::Missing("CreDtTm"))?;
        let fields = head.into_fields(amount_fen)?;
        for (field, text) in &self.of_head {
            let of_head = fields.get(*field).map(told);
            if of_head.as_deref().and_then(|told| placed(*field, told)) != Some(text) {
                return Err(Reason::value(text, "what the head says"));
            }
        }
        let details = std::mem::take(&mut self.details);
        let voucher = Voucher { key, flag: Flag::Original, date, head: fields, details };
        Ok(Ordered { voucher, created, uetrs: std::mem::take(&mut self.uetrs) })
    }

    /// What the transfers come to, which the message and its payment say too.
    fn check_sums(&self, head: &Head) -> Result<Fen, Reason> {
        for told in head.counts {
            let told = told.ok_or(Reason::Missing("NbOfTxs"))?;
            same_count("NbOfTxs", Some(told), self.details.len())?;
        }
        let mut amount_fen = Fen::ZERO;
        for told in head.sums_fen {
            amount_fen = told.ok_or(Reason::Missing("CtrlSum"))?;
            same_sum("CtrlSum", Some(amount_fen), self.sum_fen)?;
        }
        if self.details.is_empty() { Err(Reason::Missing("a transfer")) } else { Ok(amount_fen) }
    }
}

impl Head {
    /// The fields of the voucher's head.
    fn into_fields(self, amount_fen: Fen) -> Result<Fields, Reason> {
        self.method.ok_or(Reason::Missing("PmtMtd"))?;
        self.currency.ok_or(Reason::Missing("DbtrAcct/Ccy"))?;
        let business = self.category.ok_or(Reason::Missing("CtgyPurp"))?;
        let is_batch = self.is_batch.ok_or(Reason::Missing("BtchBookg"))?;
        if !CATEGORIES.iter().any(|(known, _, batch)| (*known, *batch) == (business, is_batch)) {
            return Err(Reason::value(&is_batch.to_string(), "what the category says"));
        }
        for (field, what) in [
            (Field::PayerName, "Dbtr"),
            (Field::PayerAccount, "DbtrAcct"),
            (Field::PayBank, "DbtrAgt"),
        ] {
            self.places.get(&field).ok_or(Reason::Missing(what))?;
        }
        let mut fields = self.fields;
        supplement::join(&mut fields, self.places, HEAD_PLACES)?;
        supplement::add(&mut fields, (Field::Amount, Value::Amount(amount_fen)))?;
        supplement::add(&mut fields, (Field::BusinessType, Value::Text(business.to_owned())))?;
        Ok(fields)
    }
}
