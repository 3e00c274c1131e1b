//! A bank's daily list (2206) as camt.053: a statement for each account, an entry for each line.
//!
//! The balance that the voucher tells goes beside the entries, with the other fields of its head.

use std::collections::BTreeMap;

use domain::Fen;
use domain::ids::Day;
use domain::money::FenSum;
use domain::voucher::document::Fields;
use domain::voucher::facts::named_voucher;
use domain::voucher::{Detail, Field, Flag, Value, Voucher, VoucherKey, VoucherKind, form};

use super::answer::amount;
use super::ids::{daily_key_of, end_to_end_id, key_of, message_id};
use super::orders::{ACCOUNT_CHARS_MAX, Created, Unfit, agent, is_member, moment};
use super::read::{Bad, Kind, Leaf, Listener, Reason, walk};
use super::statement::{Direction, Entry, EntryDetail, Reading, STATEMENT_NAMESPACE};
use super::supplement::{self, FIELDS_PATH, REFERENCE_CHARS_MAX};
use super::values::{CURRENCY, FREE_CHARS_MAX, date, day, once, text};
use super::write::Out;

/// Fields of the head that have a place of their own, or follow from the lines.
const HEAD_PLACES: &[Field] = &[
    Field::PayBank,
    Field::PayBankName,
    Field::Total,
    Field::TotalAmount,
    Field::FirstDay,
    Field::LastDay,
];

/// Fields of a line that have a place of their own.
const LINE_PLACES: &[Field] = &[
    Field::PayerAccount,
    Field::Amount,
    Field::OriginalNumber,
    Field::OriginalKind,
    Field::LineState,
    Field::BankSerial,
];

/// The last second of a day.
const LAST_SECOND: u32 = 24 * 3600 - 1;

/// Writes a daily list.
///
/// # Errors
/// [`Unfit`] when it is none, has no line, or says what has no place in the message.
pub fn write(list: &Voucher) -> Result<String, Unfit> {
    let voucher = list.key;
    if voucher.kind != VoucherKind::DirectDaily || list.flag != Flag::Original {
        return Err(Unfit::NoOrder { voucher });
    }
    if list.details.is_empty() {
        return Err(Unfit::Details { voucher, details: 0 });
    }
    let id = message_id(voucher).ok_or(Unfit::LongKey { voucher })?;
    let unfit = |field| Unfit::Field { voucher, detail: String::new(), field };
    let mut out = Out::document(STATEMENT_NAMESPACE);
    out.open("BkToCstmrStmt");
    out.within(&["GrpHdr"], |out| {
        out.leaf("MsgId", &id);
        out.leaf("CreDtTm", &moment(Created { day: list.date, second: 0 }));
    });
    let account = |line: &Detail| line.fields.text(Field::PayerAccount).map(str::to_owned);
    let of_accounts = list.details.chunk_by(|one, next| account(one) == account(next));
    for (at, lines) in of_accounts.enumerate() {
        let name = format!("{}-{}", voucher.number, at + 1);
        statement(&mut out, list, &name, lines)?;
    }
    let head = |out: &mut Out| supplement::write(out, &list.head, HEAD_PLACES);
    supplement::around(&mut out, head).map_err(unfit)?;
    Ok(out.end())
}

fn statement(out: &mut Out, list: &Voucher, name: &str, lines: &[Detail]) -> Result<(), Unfit> {
    let head = &list.head;
    let unfit = |field| Unfit::Field { voucher: list.key, detail: String::new(), field };
    let needed = |fields: &Fields, field, most: usize| {
        let text = fields.text(field).filter(|text| text.chars().count() <= most);
        text.map(str::to_owned).ok_or_else(|| unfit(field))
    };
    let account = lines.first().map_or(Err(unfit(Field::PayerAccount)), |line| {
        needed(&line.fields, Field::PayerAccount, ACCOUNT_CHARS_MAX)
    })?;
    let bank = needed(head, Field::PayBank, REFERENCE_CHARS_MAX)?;
    let bank_name = needed(head, Field::PayBankName, usize::MAX)?;
    let day = |field| head.day(field).ok_or_else(|| unfit(field));
    let (first, last) = (day(Field::FirstDay)?, day(Field::LastDay)?);
    out.open("Stmt");
    out.leaf("Id", name);
    out.within(&["FrToDt"], |out| {
        out.leaf("FrDtTm", &moment(Created { day: first, second: 0 }));
        out.leaf("ToDtTm", &moment(Created { day: last, second: LAST_SECOND }));
    });
    out.within(&["Acct"], |out| {
        out.within(&["Id", "Othr"], |out| out.leaf("Id", &account));
        out.leaf("Ccy", CURRENCY);
        out.within(&["Svcr"], |out| agent(out, Some(&bank), Some(&bank_name)));
    });
    let amounts = lines.iter().filter_map(|line| line.fields.amount_fen(Field::Amount));
    let sum: FenSum = amounts.map(|fen| FenSum::from(fen.get().abs())).sum();
    out.within(&["TxsSummry", "TtlNtries"], |out| {
        out.leaf("NbOfNtries", &lines.len().to_string());
        out.leaf("Sum", &domain::money::yuan_plain(sum));
    });
    lines.iter().try_for_each(|line| entry(out, list, line, last))?;
    out.close();
    Ok(())
}

fn entry(out: &mut Out, list: &Voucher, line: &Detail, last: Day) -> Result<(), Unfit> {
    let VoucherKey { division, year, .. } = list.key;
    let unfit = |field| Unfit::Field { voucher: list.key, detail: line.id.clone(), field };
    let fields = &line.fields;
    let amount_fen = fields.amount_fen(Field::Amount).ok_or_else(|| unfit(Field::Amount))?;
    let order = named_voucher(division, year, fields).and_then(message_id);
    let order = order.ok_or_else(|| unfit(Field::OriginalNumber))?;
    if fields.text(Field::LineState) != Some(form::LINE_NORMAL) {
        return Err(unfit(Field::LineState));
    }
    let serial = fields.text(Field::BankSerial);
    if serial.is_some_and(|text| text.chars().count() > REFERENCE_CHARS_MAX) {
        return Err(unfit(Field::BankSerial));
    }
    let detail = fields.text(Field::OriginalDetail);
    let mut own = Fields::with_capacity(fields.len());
    for (field, value) in fields.iter() {
        let in_place = match field {
            Field::OriginalDetail => detail.is_some_and(|text| end_to_end_id(text) == text),
            field => LINE_PLACES.contains(&field),
        };
        if !in_place {
            own.append(field, value.clone());
        }
    }
    out.open("Ntry");
    amount(out, "Amt", Fen::new(amount_fen.get().abs()));
    out.leaf("CdtDbtInd", if amount_fen < Fen::ZERO { "CRDT" } else { "DBIT" });
    out.within(&["Sts"], |out| out.leaf("Cd", "BOOK"));
    let booked = fields.day(Field::ExecutedDay).unwrap_or(last);
    out.within(&["BookgDt"], |out| out.leaf("Dt", &date(booked)));
    if let Some(serial) = serial {
        out.leaf("AcctSvcrRef", serial);
    }
    // What a payment out of a zero-balance account, and what comes back to it, are among the trades of the interface.
    let trade = if amount_fen < Fen::ZERO { "TR02" } else { "TR01" };
    out.within(&["BkTxCd", "Prtry"], |out| out.leaf("Cd", trade));
    out.open("NtryDtls");
    out.open("TxDtls");
    out.within(&["Refs"], |out| {
        out.leaf("PmtInfId", &order);
        if let Some(detail) = detail {
            out.leaf("EndToEndId", &end_to_end_id(detail));
        }
    });
    supplement::around(out, |out| supplement::write(out, &own, &[])).map_err(unfit)?;
    (0..3).for_each(|_| out.close());
    Ok(())
}

const KIND: Kind = Kind { namespace: STATEMENT_NAMESPACE, element: ROOT, has_fields: true };

const ROOT: &str = "BkToCstmrStmt";

const LINE: &str = "BkToCstmrStmt/Stmt/Ntry/NtryDtls/TxDtls";

/// Reads a daily list.
///
/// # Errors
/// [`Bad`] when the message is no camt.053.001.08, is no daily list, does not add up, or is beyond a bound.
pub fn read(message: &[u8]) -> Result<Voucher, Bad> {
    let mut list = List {
        entries: Reading::of_statements(),
        id: None,
        created: None,
        first: None,
        last: None,
        bank: BTreeMap::new(),
        head: Fields::new(),
        line: Fields::new(),
        lines: Vec::new(),
        done: None,
    };
    walk(message, &KIND, &mut list)?;
    let nowhere = || Bad { path: ROOT.to_owned(), at: 0, reason: Reason::Missing("the statement") };
    list.done.ok_or_else(nowhere)
}

/// Statements as they are read anywhere, and around them what a daily list says besides.
struct List {
    entries: Reading,
    id: Option<String>,
    created: Option<Day>,
    first: Option<Day>,
    last: Option<Day>,
    bank: BTreeMap<Field, String>,
    head: Fields,
    line: Fields,
    /// Fields of each transfer from supplementary data.
    lines: Vec<Fields>,
    done: Option<Voucher>,
}

/// Sets what every statement of a message says, and says alike.
fn alike<T: PartialEq>(place: &mut Option<T>, value: T, what: &'static str) -> Result<(), Reason> {
    if place.as_ref().is_some_and(|known| *known != value) {
        return Err(Reason::Twice(what));
    }
    *place = Some(value);
    Ok(())
}

impl Listener for List {
    fn open(&mut self, path: &str) -> Result<(), Reason> {
        if path == LINE {
            self.line = Fields::new();
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
        let bank = match below {
            "GrpHdr/MsgId" => {
                return once(&mut self.id, text(leaf.text, REFERENCE_CHARS_MAX)?, "MsgId");
            }
            "GrpHdr/CreDtTm" => return once(&mut self.created, day(leaf.text)?, "CreDtTm"),
            "Stmt/FrToDt/FrDtTm" => return alike(&mut self.first, day(leaf.text)?, "FrDtTm"),
            "Stmt/FrToDt/ToDtTm" => return alike(&mut self.last, day(leaf.text)?, "ToDtTm"),
            "Stmt/Acct/Svcr/FinInstnId/Nm" => Field::PayBankName,
            "Stmt/Acct/Svcr/FinInstnId/ClrSysMmbId/MmbId" if is_member(leaf.text) => Field::PayBank,
            "Stmt/Acct/Svcr/FinInstnId/Othr/Id" if !is_member(leaf.text) => Field::PayBank,
            _ => return self.entries.leaf(path, leaf),
        };
        let told = text(leaf.text, FREE_CHARS_MAX)?;
        match self.bank.insert(bank, told.clone()) {
            Some(known) if known != told => Err(Reason::Twice("the account's bank")),
            _ => Ok(()),
        }
    }

    fn close(&mut self, path: &str) -> Result<(), Reason> {
        self.entries.close(path)?;
        match path {
            LINE => self.lines.push(std::mem::take(&mut self.line)),
            ROOT => self.done = Some(self.end()?),
            _ => {}
        }
        Ok(())
    }
}

impl List {
    fn end(&mut self) -> Result<Voucher, Reason> {
        let id = self.id.take().ok_or(Reason::Missing("MsgId"))?;
        let key = daily_key_of(&id);
        let key = key.ok_or_else(|| Reason::value(&id, "the name of a daily list"))?;
        let first = self.first.ok_or(Reason::Missing("FrDtTm"))?;
        let last = self.last.ok_or(Reason::Missing("ToDtTm"))?;
        let created = self.created.ok_or(Reason::Missing("CreDtTm"))?;
        let (mut details, mut sum_fen) = (Vec::with_capacity(self.lines.len()), 0);
        let mut own = std::mem::take(&mut self.lines).into_iter();
        for statement in self.entries.take() {
            for entry in &statement.entries {
                if !entry.is_booked || entry.details.is_empty() {
                    return Err(Reason::Missing("a booked entry with its transfers"));
                }
                for told in &entry.details {
                    let own = own.next().ok_or(Reason::Missing("a transfer"))?;
                    let line = Line { key, last, account: &statement.account, entry, told };
                    sum_fen += line.signed_fen();
                    let id = (details.len() + 1).to_string();
                    details.push(Detail { id, fields: line.fields(own)? });
                }
            }
        }
        let head = self.head(first, last, details.len(), sum_fen)?;
        Ok(Voucher { key, flag: Flag::Original, date: created, head, details })
    }

    fn head(
        &mut self,
        first: Day,
        last: Day,
        lines: usize,
        sum_fen: FenSum,
    ) -> Result<Fields, Reason> {
        let mut head = std::mem::take(&mut self.head);
        supplement::join(&mut head, std::mem::take(&mut self.bank), HEAD_PLACES)?;
        let sum_fen = i64::try_from(sum_fen).map(Fen::new).ok().filter(|sum| sum.in_bounds());
        let sum_fen = sum_fen.ok_or(Reason::Missing("a sum that is an amount"))?;
        let total = u32::try_from(lines).expect("fewer lines than a message may have");
        for told in [
            (Field::Total, Value::Count(total)),
            (Field::TotalAmount, Value::Amount(sum_fen)),
            (Field::FirstDay, Value::Day(first)),
            (Field::LastDay, Value::Day(last)),
        ] {
            supplement::add(&mut head, told)?;
        }
        Ok(head)
    }
}

/// One transfer of an entry, as a line of the list.
struct Line<'a> {
    /// The list.
    key: VoucherKey,
    last: Day,
    account: &'a str,
    entry: &'a Entry,
    told: &'a EntryDetail,
}

impl Line<'_> {
    /// More than zero: paid.
    fn signed_fen(&self) -> FenSum {
        let fen = FenSum::from(self.told.amount_fen.get());
        if self.told.direction == Direction::Out { fen } else { -fen }
    }

    /// Its fields, with those of supplementary data.
    fn fields(&self, own: Fields) -> Result<Fields, Reason> {
        let Line { key, told, .. } = self;
        let mut fields = own;
        let booked = fields.day(Field::ExecutedDay).unwrap_or(self.last);
        if self.entry.day != Some(booked) {
            return Err(Reason::value(&date(booked), "the day of the entry"));
        }
        let order = told.payment.as_deref().and_then(key_of);
        let order = order
            .filter(|order| (order.division, order.year) == (key.division, key.year))
            .ok_or(Reason::Missing("PmtInfId of an order"))?;
        let fen = i64::try_from(self.signed_fen()).expect("an amount was read");
        let text = |text: &str| Value::Text(text.to_owned());
        let serial = told.bank_serial.as_deref().map(|serial| (Field::BankSerial, text(serial)));
        let places = [
            (Field::PayerAccount, text(self.account)),
            (Field::Amount, Value::Amount(Fen::new(fen))),
            (Field::OriginalNumber, text(order.number.as_str())),
            (Field::OriginalKind, Value::Text(order.kind.code().to_string())),
            (Field::LineState, text(form::LINE_NORMAL)),
        ];
        for place in places.into_iter().chain(serial) {
            supplement::add(&mut fields, place)?;
        }
        detail(&mut fields, told.end_to_end.as_deref())?;
        Ok(fields)
    }
}

/// The detail of the order that a line is of: its number stands in full where its name is another.
fn detail(fields: &mut Fields, name: Option<&str>) -> Result<(), Reason> {
    match (fields.text(Field::OriginalDetail), name) {
        (None, None) => Ok(()),
        (None, Some(name)) => {
            supplement::add(fields, (Field::OriginalDetail, Value::Text(name.to_owned())))
        }
        (Some(number), Some(name)) if number != name && end_to_end_id(number) == name => Ok(()),
        (Some(number), _) => Err(Reason::value(number, "the detail that EndToEndId names")),
    }
}
