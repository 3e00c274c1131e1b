//! A bank's daily list (2206) as camt.053: the statement of an account with the balance before and after, and an entry
//! for each line.
//!
//! The standard asks every statement for its balances: a list that does not tell them, as one of no account, has no message
//! here, and a message without them is refused.

use std::collections::BTreeMap;

use domain::Fen;
use domain::ids::Day;
use domain::money::FenSum;
use domain::voucher::document::Fields;
use domain::voucher::facts::named_voucher;
use domain::voucher::{Detail, Field, Flag, Value, Voucher, VoucherKey, VoucherKind, form};

use super::answer::amount;
use super::ids::{daily_key_of, end_to_end_id, entry_key_of, is_order, is_request, message_id};
use super::orders::{ACCOUNT_CHARS_MAX, Created, Unfit, agent, is_member, moment};
use super::read::{Bad, Kind, Leaf, Listener, Reason, walk};
use super::statement::{
    Balance, Direction, Entry, EntryDetail, Reading, STATEMENT_NAMESPACE, Statement,
};
use super::supplement::{self, FIELDS_PATH, REFERENCE_CHARS_MAX};
use super::values::{CURRENCY, FREE_CHARS_MAX, date, day, once, text};
use super::write::Out;

/// Fields of the head that have a place of their own, or follow from the lines.
const HEAD_PLACES: &[Field] = &[
    Field::PayBank,
    Field::PayBankName,
    Field::PayerAccount,
    Field::OpeningBalance,
    Field::ClosingBalance,
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
/// [`Unfit`] when it is none, tells of no account, or says what has no place in the message.
pub fn write(list: &Voucher) -> Result<String, Unfit> {
    let voucher = list.key;
    if voucher.kind != VoucherKind::DirectDaily || list.flag != Flag::Original {
        return Err(Unfit::NoOrder { voucher });
    }
    let id = message_id(voucher).ok_or(Unfit::LongKey { voucher })?;
    let unfit = |field| Unfit::Field { voucher, detail: String::new(), field };
    let mut out = Out::document(STATEMENT_NAMESPACE);
    out.open("BkToCstmrStmt");
    out.within(&["GrpHdr"], |out| {
        out.leaf("MsgId", &id);
        out.leaf("CreDtTm", &moment(Created { day: list.date, second: 0 }));
    });
    statement(&mut out, list)?;
    let head = |out: &mut Out| supplement::write(out, &list.head, HEAD_PLACES);
    supplement::around(&mut out, head).map_err(unfit)?;
    Ok(out.end())
}

fn statement(out: &mut Out, list: &Voucher) -> Result<(), Unfit> {
    let Voucher { head, details: lines, .. } = list;
    let unfit = |field| Unfit::Field { voucher: list.key, detail: String::new(), field };
    let needed = |field, most: usize| {
        let text = head.text(field).filter(|text| text.chars().count() <= most);
        text.ok_or_else(|| unfit(field))
    };
    let account = needed(Field::PayerAccount, ACCOUNT_CHARS_MAX)?;
    let bank = needed(Field::PayBank, REFERENCE_CHARS_MAX)?;
    let bank_name = needed(Field::PayBankName, usize::MAX)?;
    let day = |field| head.day(field).ok_or_else(|| unfit(field));
    let (first, last) = (day(Field::FirstDay)?, day(Field::LastDay)?);
    let balance = |field| head.amount_fen(field).ok_or_else(|| unfit(field));
    let (opening, closing) = (balance(Field::OpeningBalance)?, balance(Field::ClosingBalance)?);
    out.open("Stmt");
    out.leaf("Id", list.key.number.as_str());
    out.within(&["FrToDt"], |out| {
        out.leaf("FrDtTm", &moment(Created { day: first, second: 0 }));
        out.leaf("ToDtTm", &moment(Created { day: last, second: LAST_SECOND }));
    });
    out.within(&["Acct"], |out| {
        out.within(&["Id", "Othr"], |out| out.leaf("Id", account));
        out.leaf("Ccy", CURRENCY);
        out.within(&["Svcr"], |out| agent(out, Some(bank), Some(bank_name)));
    });
    booked_balance(out, "OPBD", opening, first);
    booked_balance(out, "CLBD", closing, last);
    let amounts = lines.iter().filter_map(|line| line.fields.amount_fen(Field::Amount));
    let sum: FenSum = amounts.map(|fen| FenSum::from(fen.get().abs())).sum();
    out.within(&["TxsSummry", "TtlNtries"], |out| {
        out.leaf("NbOfNtries", &lines.len().to_string());
        out.leaf("Sum", &domain::money::yuan_plain(sum));
    });
    lines.iter().try_for_each(|line| entry(out, list, account, line, last))?;
    out.close();
    Ok(())
}

/// A balance at a day's begin or end: a zero is to the good.
fn booked_balance(out: &mut Out, code: &str, balance_fen: Fen, day: Day) {
    out.open("Bal");
    out.within(&["Tp", "CdOrPrtry"], |out| out.leaf("Cd", code));
    amount(out, "Amt", Fen::new(balance_fen.get().abs()));
    out.leaf("CdtDbtInd", if balance_fen < Fen::ZERO { "DBIT" } else { "CRDT" });
    out.within(&["Dt"], |out| out.leaf("Dt", &date(day)));
    out.close();
}

/// The trade of the interface that an entry is (TR01 to TR06): a payment or its undoing, and what a bank asks the treasury
/// for or hands it.
fn trade(kind: VoucherKind, amount_fen: Fen) -> &'static str {
    match kind {
        VoucherKind::TransferRequest => "TR05",
        VoucherKind::RefundRequest => "TR06",
        _ if amount_fen < Fen::ZERO => "TR02",
        _ => "TR01",
    }
}

fn entry(
    out: &mut Out,
    list: &Voucher,
    account: &str,
    line: &Detail,
    last: Day,
) -> Result<(), Unfit> {
    let VoucherKey { division, year, .. } = list.key;
    let unfit = |field| Unfit::Field { voucher: list.key, detail: line.id.clone(), field };
    let fields = &line.fields;
    let amount_fen = fields.amount_fen(Field::Amount).ok_or_else(|| unfit(Field::Amount))?;
    let of = named_voucher(division, year, fields);
    let of = of.filter(|key| is_order(key.kind) || is_request(key.kind));
    let of = of.ok_or_else(|| unfit(Field::OriginalKind))?;
    let name = message_id(of).ok_or_else(|| unfit(Field::OriginalNumber))?;
    if fields.text(Field::PayerAccount) != Some(account) {
        return Err(unfit(Field::PayerAccount));
    }
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
    out.within(&["BkTxCd", "Prtry"], |out| out.leaf("Cd", trade(of.kind, amount_fen)));
    out.open("NtryDtls");
    out.open("TxDtls");
    out.within(&["Refs"], |out| {
        out.leaf("PmtInfId", &name);
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
            "Stmt/FrToDt/FrDtTm" => return once(&mut self.first, day(leaf.text)?, "FrDtTm"),
            "Stmt/FrToDt/ToDtTm" => return once(&mut self.last, day(leaf.text)?, "ToDtTm"),
            "Stmt/Acct/Svcr/FinInstnId/Nm" => Field::PayBankName,
            "Stmt/Acct/Svcr/FinInstnId/ClrSysMmbId/MmbId" if is_member(leaf.text) => Field::PayBank,
            "Stmt/Acct/Svcr/FinInstnId/Othr/Id" if !is_member(leaf.text) => Field::PayBank,
            _ => return self.entries.leaf(path, leaf),
        };
        match self.bank.insert(bank, text(leaf.text, FREE_CHARS_MAX)?) {
            Some(_) => Err(Reason::Twice("the account's bank")),
            None => Ok(()),
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
        let statements = self.entries.take();
        let [statement] = statements.as_slice() else {
            return Err(Reason::Missing("one statement, and no more"));
        };
        let (mut details, mut sum_fen) = (Vec::with_capacity(self.lines.len()), 0);
        let mut own = std::mem::take(&mut self.lines).into_iter();
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
        let told = Told { first, last, lines: details.len(), sum_fen };
        let head = self.head(statement, told)?;
        Ok(Voucher { key, flag: Flag::Original, date: created, head, details })
    }

    fn head(&mut self, statement: &Statement, told: Told) -> Result<Fields, Reason> {
        let Told { first, last, lines, sum_fen } = told;
        let mut head = std::mem::take(&mut self.head);
        supplement::join(&mut head, std::mem::take(&mut self.bank), HEAD_PLACES)?;
        let total = u32::try_from(lines).expect("fewer lines than a message may have");
        for told in [
            (Field::PayerAccount, Value::Text(statement.account.clone())),
            (Field::OpeningBalance, balance(statement.opening, first)?),
            (Field::ClosingBalance, balance(statement.closing, last)?),
            (Field::Total, Value::Count(total)),
            (Field::TotalAmount, Value::Amount(bounded(sum_fen)?)),
            (Field::FirstDay, Value::Day(first)),
            (Field::LastDay, Value::Day(last)),
        ] {
            supplement::add(&mut head, told)?;
        }
        Ok(head)
    }
}

/// What a list's head says of its days and lines.
struct Told {
    first: Day,
    last: Day,
    lines: usize,
    sum_fen: FenSum,
}

/// A balance as the list has it: told of the day at whose begin or end it was so.
fn balance(told: Option<Balance>, day: Day) -> Result<Value, Reason> {
    let told = told.ok_or(Reason::Missing("the account's balance (Bal)"))?;
    if told.day != day {
        return Err(Reason::value(&date(told.day), "the day of the statement"));
    }
    bounded(told.fen).map(Value::Amount)
}

fn bounded(sum_fen: FenSum) -> Result<Fen, Reason> {
    let fen = i64::try_from(sum_fen).map(Fen::new).ok().filter(|fen| fen.in_bounds());
    fen.ok_or(Reason::Missing("a sum that is an amount"))
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
        let order = told.payment.as_deref().and_then(entry_key_of);
        let order = order
            .filter(|order| (order.division, order.year) == (key.division, key.year))
            .ok_or(Reason::Missing("PmtInfId of an order or a request"))?;
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
        detail_named(&mut fields, told.end_to_end.as_deref())?;
        Ok(fields)
    }
}

/// The detail of the order that a line is of: its number stands in full where its name is another.
pub(super) fn detail_named(fields: &mut Fields, name: Option<&str>) -> Result<(), Reason> {
    match (fields.text(Field::OriginalDetail), name) {
        (None, None) => Ok(()),
        (None, Some(name)) => {
            supplement::add(fields, (Field::OriginalDetail, Value::Text(name.to_owned())))
        }
        (Some(number), Some(name)) if number != name && end_to_end_id(number) == name => Ok(()),
        (Some(number), _) => Err(Reason::value(number, "the detail that EndToEndId names")),
    }
}
