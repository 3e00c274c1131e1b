//! A bank's notice that money came back (2203, 2252) as camt.054: one entry to the account's good, a transfer for each
//! detail of the order that came back, and why (`RtrInf`).
//!
//! Among banks a return is a pacs.004; whoever keeps the account tells its owner by a notice of entries.

use domain::Fen;
use domain::ids::Day;
use domain::money::FenSum;
use domain::voucher::document::Fields;
use domain::voucher::facts::named_voucher;
use domain::voucher::{Detail, Field, Flag, Value, Voucher, VoucherKey};

use super::answer::{WORDS_CHARS_MAX, amount, reason_of};
use super::codes::reason_chinese;
use super::daily::detail_named;
use super::ids::{
    can_be_written, end_to_end_id, is_order, is_refund, key_of, message_id, refund_key_of,
};
use super::orders::{ACCOUNT_CHARS_MAX, Created, Unfit, moment};
use super::read::{Bad, Kind, Leaf, Listener, Reason, walk};
use super::statement::{Direction, Entry, EntryDetail, NOTICE_NAMESPACE, Reading};
use super::supplement::{self, FIELDS_PATH, REFERENCE_CHARS_MAX};
use super::values::{CURRENCY, FREE_CHARS_MAX, date, day, once, pieces, text};
use super::write::Out;

/// Fields of the head that have a place of their own, or follow from the transfers.
const HEAD_PLACES: &[Field] = &[
    Field::PayerAccount,
    Field::Amount,
    Field::Reason,
    Field::OriginalNumber,
    Field::OriginalKind,
    Field::RefundNumber,
];

/// Fields of a detail that have a place of their own.
const LINE_PLACES: &[Field] = &[Field::Amount, Field::RefundNumber];

/// Writes a notice.
///
/// # Errors
/// [`Unfit`] when it is none, names no detail, or says what has no place in the message.
pub fn write(notice: &Voucher) -> Result<String, Unfit> {
    let Voucher { key: voucher, head, details, .. } = notice;
    if !is_refund(voucher.kind) || notice.flag != Flag::Original {
        return Err(Unfit::NoOrder { voucher: *voucher });
    }
    if details.is_empty() {
        return Err(Unfit::Details { voucher: *voucher, details: 0 });
    }
    let told = Told::of(notice)?;
    let id = message_id(*voucher).ok_or(Unfit::LongKey { voucher: *voucher })?;
    let mut out = Out::document(NOTICE_NAMESPACE);
    out.open(ROOT);
    out.within(&["GrpHdr"], |out| {
        out.leaf("MsgId", &id);
        out.leaf("CreDtTm", &moment(Created { day: notice.date, second: 0 }));
    });
    out.open("Ntfctn");
    out.leaf("Id", voucher.number.as_str());
    out.within(&["Acct"], |out| {
        out.within(&["Id", "Othr"], |out| out.leaf("Id", told.account));
        out.leaf("Ccy", CURRENCY);
    });
    out.open("Ntry");
    amount(&mut out, "Amt", told.sum_fen);
    out.leaf("CdtDbtInd", "CRDT");
    out.within(&["Sts"], |out| out.leaf("Cd", "BOOK"));
    out.within(&["BookgDt"], |out| out.leaf("Dt", &date(notice.date)));
    if let Some(number) = told.number {
        out.leaf("AcctSvcrRef", number);
    }
    // What comes back to an account is among the trades of the interface.
    out.within(&["BkTxCd", "Prtry"], |out| out.leaf("Cd", "TR02"));
    out.open("NtryDtls");
    out.within(&["Btch"], |out| {
        out.leaf("NbOfTxs", &details.len().to_string());
        amount(out, "TtlAmt", told.sum_fen);
    });
    details.iter().try_for_each(|line| told.transfer(&mut out, line))?;
    (0..3).for_each(|_| out.close());
    supplement::around(&mut out, |out| supplement::write(out, head, HEAD_PLACES))
        .map_err(|field| told.unfit(None, field))?;
    Ok(out.end())
}

/// What a notice's head says, as it stands in the message.
struct Told<'a> {
    notice: &'a Voucher,
    account: &'a str,
    order: String,
    /// What came back, above zero.
    sum_fen: Fen,
    number: Option<&'a str>,
    reason: &'a str,
}

impl<'a> Told<'a> {
    fn of(notice: &'a Voucher) -> Result<Told<'a>, Unfit> {
        let (voucher, head) = (notice.key, &notice.head);
        let unfit = |field| Unfit::Field { voucher, detail: String::new(), field };
        let within = |field, most: usize| match head.text(field) {
            Some(text) if text.chars().count() > most || !can_be_written(text) => Err(unfit(field)),
            text => Ok(text.filter(|text| !text.is_empty())),
        };
        let needed = |field, most| within(field, most)?.ok_or_else(|| unfit(field));
        let order = named_voucher(voucher.division, voucher.year, head);
        let order = order.filter(|order| is_order(order.kind)).and_then(message_id);
        let back_fen = head.amount_fen(Field::Amount).filter(|fen| *fen < Fen::ZERO);
        let back_fen = back_fen.ok_or_else(|| unfit(Field::Amount))?;
        Ok(Told {
            notice,
            account: needed(Field::PayerAccount, ACCOUNT_CHARS_MAX)?,
            order: order.ok_or_else(|| unfit(Field::OriginalNumber))?,
            sum_fen: Fen::new(back_fen.get().abs()),
            number: within(Field::RefundNumber, REFERENCE_CHARS_MAX)?,
            reason: needed(Field::Reason, usize::MAX)?,
        })
    }

    fn unfit(&self, line: Option<&Detail>, field: Field) -> Unfit {
        let detail = line.map_or(String::new(), |line| line.id.clone());
        Unfit::Field { voucher: self.notice.key, detail, field }
    }

    fn transfer(&self, out: &mut Out, line: &Detail) -> Result<(), Unfit> {
        let unfit = |field| self.unfit(Some(line), field);
        let back_fen = line.fields.amount_fen(Field::Amount).filter(|fen| *fen < Fen::ZERO);
        let back_fen = back_fen.ok_or_else(|| unfit(Field::Amount))?;
        let needed = |field| line.fields.text(field).ok_or_else(|| unfit(field));
        let (number, detail) = (needed(Field::RefundNumber)?, needed(Field::OriginalDetail)?);
        out.open("TxDtls");
        out.within(&["Refs"], |out| {
            out.leaf("AcctSvcrRef", number);
            out.leaf("PmtInfId", &self.order);
            out.leaf("EndToEndId", &end_to_end_id(detail));
        });
        amount(out, "Amt", Fen::new(back_fen.get().abs()));
        out.leaf("CdtDbtInd", "CRDT");
        let (code, words) = reason_of(self.reason);
        out.open("RtrInf");
        out.within(&["Rsn"], |out| out.leaf("Cd", code));
        for piece in pieces(words, WORDS_CHARS_MAX) {
            out.leaf("AddtlInf", &piece);
        }
        out.close();
        let own = Fields::new();
        let own = line.fields.iter().fold(own, |mut own, (field, value)| {
            let in_place = match field {
                Field::OriginalDetail => end_to_end_id(detail) == detail,
                field => LINE_PLACES.contains(&field),
            };
            if !in_place {
                own.append(field, value.clone());
            }
            own
        });
        supplement::around(out, |out| supplement::write(out, &own, &[])).map_err(unfit)?;
        out.close();
        Ok(())
    }
}

const ROOT: &str = "BkToCstmrDbtCdtNtfctn";

const KIND: Kind = Kind { namespace: NOTICE_NAMESPACE, element: ROOT, has_fields: true };

const LINE: &str = "BkToCstmrDbtCdtNtfctn/Ntfctn/Ntry/NtryDtls/TxDtls";

/// Reads a notice.
///
/// # Errors
/// [`Bad`] when the message is no camt.054.001.08, is no notice of money that came back, does not add up, or is beyond a
/// bound.
pub fn read(message: &[u8]) -> Result<Voucher, Bad> {
    let mut notice = Notice { entries: Reading::of_notices(), ..Notice::default() };
    walk(message, &KIND, &mut notice)?;
    let nowhere = || Bad { path: ROOT.to_owned(), at: 0, reason: Reason::Missing("the notice") };
    notice.done.ok_or_else(nowhere)
}

/// Notices as they are read anywhere, and around them what one of money that came back says besides.
#[derive(Default)]
struct Notice {
    entries: Reading,
    id: Option<String>,
    created: Option<Day>,
    head: Fields,
    line: Fields,
    /// Fields of each transfer from supplementary data.
    lines: Vec<Fields>,
    code: Option<String>,
    words: String,
    /// Why, which all transfers say alike.
    why: Option<String>,
    done: Option<Voucher>,
}

impl Listener for Notice {
    fn open(&mut self, path: &str) -> Result<(), Reason> {
        if path == LINE {
            self.line = Fields::new();
            (self.code, self.words) = (None, String::new());
        }
        self.entries.open(path)
    }

    fn leaf(&mut self, path: &str, leaf: Leaf<'_>) -> Result<(), Reason> {
        let below = path.strip_prefix(ROOT).and_then(|path| path.strip_prefix('/'));
        let below = below.unwrap_or_default();
        if let Some(name) = below.strip_prefix(FIELDS_PATH) {
            return supplement::add(&mut self.head, supplement::read(name, leaf.text)?);
        }
        let line = path.strip_prefix(LINE).and_then(|path| path.strip_prefix('/'));
        if let Some(name) = line.and_then(|path| path.strip_prefix(FIELDS_PATH)) {
            return supplement::add(&mut self.line, supplement::read(name, leaf.text)?);
        }
        match (below, line) {
            ("GrpHdr/MsgId", _) => {
                once(&mut self.id, text(leaf.text, REFERENCE_CHARS_MAX)?, "MsgId")
            }
            ("GrpHdr/CreDtTm", _) => once(&mut self.created, day(leaf.text)?, "CreDtTm"),
            (_, Some("RtrInf/Rsn/Cd")) => {
                once(&mut self.code, text(leaf.text, REFERENCE_CHARS_MAX)?, "the reason")
            }
            (_, Some("RtrInf/AddtlInf")) => {
                self.words.push_str(&text(leaf.text, FREE_CHARS_MAX)?);
                Ok(())
            }
            _ => self.entries.leaf(path, leaf),
        }
    }

    fn close(&mut self, path: &str) -> Result<(), Reason> {
        self.entries.close(path)?;
        match path {
            LINE => self.end_line(),
            ROOT => {
                self.done = Some(self.end()?);
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

impl Notice {
    fn end_line(&mut self) -> Result<(), Reason> {
        self.lines.push(std::mem::take(&mut self.line));
        let code = self.code.take().ok_or(Reason::Missing("why it came back (RtrInf)"))?;
        let words = std::mem::take(&mut self.words);
        let why = if code == "NARR" { words } else { reason_chinese(&code, &words) };
        if self.why.as_ref().is_some_and(|known| *known != why) {
            return Err(Reason::value(&why, "the reason of the other transfers"));
        }
        self.why = Some(why);
        Ok(())
    }

    fn end(&mut self) -> Result<Voucher, Reason> {
        let id = self.id.take().ok_or(Reason::Missing("MsgId"))?;
        let key = refund_key_of(&id);
        let key = key.ok_or_else(|| Reason::value(&id, "the name of a refund's notice"))?;
        let date = self.created.ok_or(Reason::Missing("CreDtTm"))?;
        let notices = self.entries.take();
        let [notice] = notices.as_slice() else {
            return Err(Reason::Missing("one notice, and no more"));
        };
        let [entry] = notice.entries.as_slice() else {
            return Err(Reason::Missing("one entry, and no more"));
        };
        if !entry.is_booked || entry.direction != Direction::In || entry.day != Some(date) {
            return Err(Reason::Missing("money that came in, booked on the notice's day"));
        }
        let order = ordered(key, entry)?;
        let (mut details, mut sum_fen) = (Vec::with_capacity(self.lines.len()), 0);
        for (own, told) in std::mem::take(&mut self.lines).into_iter().zip(&entry.details) {
            sum_fen -= FenSum::from(told.amount_fen.get());
            let id = (details.len() + 1).to_string();
            details.push(Detail { id, fields: line(own, told)? });
        }
        let sum_fen = i64::try_from(sum_fen).map(Fen::new).ok().filter(|fen| fen.in_bounds());
        let sum_fen = sum_fen.ok_or(Reason::Missing("a sum that is an amount"))?;
        let mut head = std::mem::take(&mut self.head);
        let why = self.why.take().ok_or(Reason::Missing("why it came back (RtrInf)"))?;
        let kind = order.kind.code().to_string();
        let number = entry.bank_serial.clone().map(|number| (Field::RefundNumber, number));
        let texts = [
            (Field::PayerAccount, notice.account.clone()),
            (Field::Reason, why),
            (Field::OriginalNumber, order.number.as_str().to_owned()),
            (Field::OriginalKind, kind),
        ];
        for (field, told) in texts.into_iter().chain(number) {
            supplement::add(&mut head, (field, supplement::value(field, &told)?))?;
        }
        supplement::add(&mut head, (Field::Amount, Value::Amount(sum_fen)))?;
        Ok(Voucher { key, flag: Flag::Original, date, head, details })
    }
}

/// The one order that all transfers of an entry are of.
fn ordered(notice: VoucherKey, entry: &Entry) -> Result<VoucherKey, Reason> {
    let first = entry.details.first().and_then(|told| told.payment.as_deref());
    let order = first.and_then(key_of);
    let order =
        order.filter(|order| (order.division, order.year) == (notice.division, notice.year));
    let order = order.ok_or(Reason::Missing("PmtInfId of an order"))?;
    match entry.details.iter().find(|told| told.payment.as_deref() != first) {
        Some(_) => Err(Reason::Twice("the order that came back")),
        None => Ok(order),
    }
}

/// A transfer as a detail of the notice, with fields of supplementary data.
fn line(own: Fields, told: &EntryDetail) -> Result<Fields, Reason> {
    let mut fields = own;
    if told.direction != Direction::In || told.amount_fen == Fen::ZERO {
        return Err(Reason::Missing("a transfer that came back"));
    }
    let number = told.bank_serial.as_deref().ok_or(Reason::Missing("the refund's number"))?;
    let number = supplement::value(Field::RefundNumber, number)?;
    supplement::add(&mut fields, (Field::RefundNumber, number))?;
    let back_fen = Fen::new(-told.amount_fen.get());
    supplement::add(&mut fields, (Field::Amount, Value::Amount(back_fen)))?;
    detail_named(&mut fields, told.end_to_end.as_deref())?;
    match fields.text(Field::OriginalDetail) {
        Some(_) => Ok(fields),
        None => Err(Reason::Missing("EndToEndId")),
    }
}
