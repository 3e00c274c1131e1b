//! camt.053.001.08 (statement of an account) and camt.054.001.08 (notice of entries), read.
//!
//! Both have the same entries. Sums and numbers that a message tells are held against what is in it.

use domain::Fen;
use domain::ids::Day;
use domain::money::FenSum;
use domain::reconciliation::{Figures, Item, ItemState, Line, Scope};

use super::ids::{ID_CHARS_MAX, Uetr, key_of};
use super::read::{Bad, Kind, Leaf, Listener, Reason, walk};
use super::values::{amount, count, day, money, once, same_count, same_sum, text};
use crate::limits::ISO_TRANSACTIONS_MAX;

/// The namespace of statements.
pub const STATEMENT_NAMESPACE: &str = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08";

/// The namespace of notices.
pub const NOTICE_NAMESPACE: &str = "urn:iso:std:iso:20022:tech:xsd:camt.054.001.08";

const STATEMENT: Kind =
    Kind { namespace: STATEMENT_NAMESPACE, element: "BkToCstmrStmt", has_fields: false };

const NOTICE: Kind =
    Kind { namespace: NOTICE_NAMESPACE, element: "BkToCstmrDbtCdtNtfctn", has_fields: false };

const STATEMENT_PATH: &str = "BkToCstmrStmt/Stmt";

const NOTICE_PATH: &str = "BkToCstmrDbtCdtNtfctn/Ntfctn";

/// Which way money went, seen from the account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Out (`DBIT`).
    Out,
    /// In (`CRDT`).
    In,
}

impl Direction {
    fn read(text: &str) -> Result<Direction, Reason> {
        match text {
            "DBIT" => Ok(Direction::Out),
            "CRDT" => Ok(Direction::In),
            _ => Err(Reason::value(text, "DBIT or CRDT")),
        }
    }

    /// The amount as the account sees it: negative when it went out.
    fn signed(self, amount_fen: Fen) -> FenSum {
        let amount_fen = FenSum::from(amount_fen.get());
        if self == Direction::In { amount_fen } else { -amount_fen }
    }
}

/// One transfer of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryDetail {
    /// The name of the payment (`PmtInfId`).
    pub payment: Option<String>,
    /// Its name from end to end.
    pub end_to_end: Option<String>,
    /// Its UETR.
    pub uetr: Option<Uetr>,
    /// How much.
    pub amount_fen: Fen,
    /// Which way.
    pub direction: Direction,
    /// The bank's own number of it.
    pub bank_serial: Option<String>,
    /// The account that was paid, if it is told.
    pub payee_account: Option<String>,
}

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// How much.
    pub amount_fen: Fen,
    /// Which way; that of a reversal too.
    pub direction: Direction,
    /// Whether it undoes another.
    pub is_reversal: bool,
    /// Whether it is in the books; otherwise it is only announced.
    pub is_booked: bool,
    /// The day it is booked on.
    pub day: Option<Day>,
    /// The bank's own number of it.
    pub bank_serial: Option<String>,
    /// Its transfers; none where the bank tells of none.
    pub details: Vec<EntryDetail>,
}

/// A balance that is booked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Balance {
    /// How much: negative where the account owes.
    pub fen: FenSum,
    /// The day at whose begin or end it was so.
    pub day: Day,
}

/// The statement of one account, or a notice of its entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// Its name.
    pub id: String,
    /// The account.
    pub account: String,
    /// Balance before the entries, and the day it is told of; none in a notice.
    pub opening: Option<Balance>,
    /// Balance after them; none in a notice.
    pub closing: Option<Balance>,
    /// Its entries.
    pub entries: Vec<Entry>,
}

impl Statement {
    /// What is in the books of transfers that we ordered, as lines to compare: money that came back is negative. The
    /// voucher and the detail are those of the names that went out with the order.
    pub fn lines<'a>(&'a self, bank: &'a str) -> impl Iterator<Item = Line<'a>> {
        let booked = self.entries.iter().filter(|entry| entry.is_booked);
        booked.flat_map(move |entry| {
            entry.details.iter().filter_map(move |detail| self.line(bank, entry, detail))
        })
    }

    /// That it tells both balances, as the standard asks of every statement, and the entries lead from one to the other.
    fn check_balances(&self) -> Result<(), Reason> {
        let opening = self.opening.ok_or(Reason::Missing("the opening balance (Bal, OPBD)"))?;
        let closing = self.closing.ok_or(Reason::Missing("the closing balance (Bal, CLBD)"))?;
        let booked = self.entries.iter().filter(|entry| entry.is_booked);
        let moved: FenSum = booked.map(|entry| entry.direction.signed(entry.amount_fen)).sum();
        if opening.fen + moved == closing.fen {
            return Ok(());
        }
        Err(Reason::Sum {
            what: "the closing balance",
            told: domain::money::yuan_plain(closing.fen),
            added: domain::money::yuan_plain(opening.fen + moved),
        })
    }

    fn line<'a>(
        &'a self,
        bank: &'a str,
        entry: &Entry,
        detail: &'a EntryDetail,
    ) -> Option<Line<'a>> {
        let voucher = key_of(detail.payment.as_deref()?)?;
        let amount_fen = match detail.direction {
            Direction::Out => detail.amount_fen,
            Direction::In => Fen::new(-detail.amount_fen.get()),
        };
        Some(Line {
            scope: Scope { bank, account: &self.account, fund: "" },
            item: Item { voucher, detail: detail.end_to_end.as_deref()? },
            figures: Figures { amount_fen, state: ItemState::Done, day: entry.day? },
        })
    }

    /// Booked transfers that name no order of ours, and booked entries without transfers: money that moved for another
    /// reason, as the central bank's does at the clearing. Negative where it went out.
    pub fn others(&self) -> impl Iterator<Item = (&Entry, FenSum)> {
        let booked = self.entries.iter().filter(|entry| entry.is_booked);
        booked.flat_map(|entry| {
            let is_ours = |detail: &&EntryDetail| {
                let names = detail.end_to_end.is_some() && entry.day.is_some();
                names && detail.payment.as_deref().and_then(key_of).is_some()
            };
            let whole = entry.direction.signed(entry.amount_fen);
            let alone = entry.details.is_empty().then_some((entry, whole));
            let details = entry.details.iter().filter(move |detail| !is_ours(detail));
            let details = details.map(move |it| (entry, it.direction.signed(it.amount_fen)));
            alone.into_iter().chain(details)
        })
    }
}

/// Reads statements of accounts (camt.053).
///
/// # Errors
/// [`Bad`] when the message is no camt.053.001.08, lacks something, does not add up, or is beyond a bound.
pub fn read_statements(message: &[u8]) -> Result<Vec<Statement>, Bad> {
    read(message, &STATEMENT, STATEMENT_PATH)
}

/// Reads notices of entries (camt.054).
///
/// # Errors
/// [`Bad`] when the message is no camt.054.001.08, lacks something, does not add up, or is beyond a bound.
pub fn read_notices(message: &[u8]) -> Result<Vec<Statement>, Bad> {
    read(message, &NOTICE, NOTICE_PATH)
}

fn read(message: &[u8], kind: &Kind, base: &'static str) -> Result<Vec<Statement>, Bad> {
    let mut reading = Reading { base, ..Reading::default() };
    walk(message, kind, &mut reading)?;
    Ok(reading.done)
}

/// What was told of a statement so far.
#[derive(Default)]
struct Told {
    id: Option<String>,
    account: Option<String>,
    /// Opening balance, and the closing balance of the day before, which is the same.
    opening: [Option<Balance>; 2],
    closing: Option<Balance>,
    count: Option<u64>,
    sum_fen: Option<Fen>,
    entries: Vec<Entry>,
}

#[derive(Default)]
struct BalanceTold {
    code: Option<String>,
    amount_fen: Option<Fen>,
    direction: Option<Direction>,
    day: Option<Day>,
}

#[derive(Default)]
struct EntryTold {
    amount_fen: Option<Fen>,
    direction: Option<Direction>,
    is_reversal: bool,
    status: Option<String>,
    day: Option<Day>,
    bank_serial: Option<String>,
    batch_count: Option<u64>,
    batch_sum_fen: Option<Fen>,
    /// With no amount or direction where none was told.
    details: Vec<DetailTold>,
}

#[derive(Default)]
struct DetailTold {
    payment: Option<String>,
    end_to_end: Option<String>,
    uetr: Option<Uetr>,
    amount_fen: Option<Fen>,
    direction: Option<Direction>,
    bank_serial: Option<String>,
    payee_account: Option<String>,
}

/// Statements that are being read.
#[derive(Default)]
pub(super) struct Reading {
    base: &'static str,
    done: Vec<Statement>,
    told: Told,
    balance: BalanceTold,
    entry: EntryTold,
    detail: DetailTold,
    transactions: usize,
}

impl Reading {
    /// Of camt.053.
    pub(super) fn of_statements() -> Reading {
        Reading { base: STATEMENT_PATH, ..Reading::default() }
    }

    /// Of camt.054.
    pub(super) fn of_notices() -> Reading {
        Reading { base: NOTICE_PATH, ..Reading::default() }
    }

    /// The statements that have ended so far.
    pub(super) fn take(&mut self) -> Vec<Statement> {
        std::mem::take(&mut self.done)
    }

    fn below<'p>(&self, path: &'p str) -> Option<&'p str> {
        let rest = path.strip_prefix(self.base)?;
        if rest.is_empty() { Some("") } else { rest.strip_prefix('/') }
    }

    fn one_more(&mut self) -> Result<(), Reason> {
        self.transactions += 1;
        let (what, most) = ("entries and transfers", ISO_TRANSACTIONS_MAX);
        if self.transactions > most { Err(Reason::TooMany { what, most }) } else { Ok(()) }
    }

    fn end_balance(&mut self) -> Result<(), Reason> {
        let BalanceTold { code, amount_fen, direction, day } = std::mem::take(&mut self.balance);
        let amount_fen = amount_fen.ok_or(Reason::Missing("the balance's Amt"))?;
        let direction = direction.ok_or(Reason::Missing("the balance's CdtDbtInd"))?;
        let day = day.ok_or(Reason::Missing("the balance's Dt"))?;
        let balance = Balance { fen: direction.signed(amount_fen), day };
        match code.as_deref() {
            Some("OPBD") => once(&mut self.told.opening[0], balance, "the opening balance"),
            Some("PRCD") => once(&mut self.told.opening[1], balance, "the balance before"),
            Some("CLBD") => once(&mut self.told.closing, balance, "the closing balance"),
            _ => Ok(()),
        }
    }

    fn end_entry(&mut self) -> Result<(), Reason> {
        let told = std::mem::take(&mut self.entry);
        let amount_fen = told.amount_fen.ok_or(Reason::Missing("the entry's Amt"))?;
        let direction = told.direction.ok_or(Reason::Missing("the entry's CdtDbtInd"))?;
        let is_booked = match told.status.as_deref() {
            Some("BOOK") => true,
            Some("PDNG" | "INFO" | "FUTR") => false,
            Some(other) => return Err(Reason::value(other, "BOOK, PDNG, INFO or FUTR")),
            None => return Err(Reason::Missing("the entry's status")),
        };
        if is_booked && told.day.is_none() {
            return Err(Reason::Missing("the day of a booked entry"));
        }
        let alone = told.details.len() == 1;
        let mut details = Vec::with_capacity(told.details.len());
        for detail in told.details {
            let own = detail.amount_fen.or(alone.then_some(amount_fen));
            details.push(EntryDetail {
                payment: detail.payment,
                end_to_end: detail.end_to_end,
                uetr: detail.uetr,
                amount_fen: own.ok_or(Reason::Missing("the transfer's Amt"))?,
                direction: detail.direction.unwrap_or(direction),
                bank_serial: detail.bank_serial.or_else(|| told.bank_serial.clone()),
                payee_account: detail.payee_account,
            });
        }
        same_count("the batch's NbOfTxs", told.batch_count, details.len())?;
        let signed = details.iter().map(|detail| detail.direction.signed(detail.amount_fen));
        let added_fen: FenSum = signed.sum::<FenSum>() * direction.signed(Fen::new(1));
        same_sum("the batch's TtlAmt", told.batch_sum_fen, added_fen)?;
        if !details.is_empty() {
            same_sum("the entry's Amt", Some(amount_fen), added_fen)?;
        }
        self.told.entries.push(Entry {
            amount_fen,
            direction,
            is_reversal: told.is_reversal,
            is_booked,
            day: told.day,
            bank_serial: told.bank_serial,
            details,
        });
        self.one_more()
    }

    fn end_statement(&mut self) -> Result<(), Reason> {
        let told = std::mem::take(&mut self.told);
        let [opening, before] = told.opening;
        let statement = Statement {
            id: told.id.ok_or(Reason::Missing("the statement's Id"))?,
            account: told.account.ok_or(Reason::Missing("the account"))?,
            opening: opening.or(before),
            closing: told.closing,
            entries: told.entries,
        };
        let entries = &statement.entries;
        same_count("NbOfNtries", told.count, entries.len())?;
        let amounts = entries.iter().map(|entry| FenSum::from(entry.amount_fen.get()));
        same_sum("the sum of the entries", told.sum_fen, amounts.sum())?;
        if self.base == STATEMENT_PATH {
            statement.check_balances()?;
        }
        self.done.push(statement);
        self.one_more()
    }
}

impl Listener for Reading {
    fn open(&mut self, path: &str) -> Result<(), Reason> {
        match self.below(path) {
            Some("") => self.told = Told::default(),
            Some("Bal") => self.balance = BalanceTold::default(),
            Some("Ntry") => self.entry = EntryTold::default(),
            Some("Ntry/NtryDtls/TxDtls") => self.detail = DetailTold::default(),
            _ => {}
        }
        Ok(())
    }

    fn leaf(&mut self, path: &str, leaf: Leaf<'_>) -> Result<(), Reason> {
        let name = || text(leaf.text, ID_CHARS_MAX);
        let Some(path) = self.below(path) else { return Ok(()) };
        let (told, balance) = (&mut self.told, &mut self.balance);
        if let Some(path) = path.strip_prefix("Ntry/NtryDtls/") {
            return self.of_details(path, leaf);
        }
        let entry = &mut self.entry;
        match path {
            "Id" => once(&mut told.id, name()?, "the statement's Id"),
            "Acct/Id/Othr/Id" | "Acct/Id/IBAN" => once(&mut told.account, name()?, "the account"),
            "Acct/Ccy" if leaf.text != "CNY" => Err(Reason::value(leaf.text, "the currency CNY")),
            "Bal/Tp/CdOrPrtry/Cd" => once(&mut balance.code, name()?, "the balance's type"),
            "Bal/Amt" => once(&mut balance.amount_fen, money(leaf)?, "the balance's Amt"),
            "Bal/CdtDbtInd" => {
                once(&mut balance.direction, Direction::read(leaf.text)?, "the balance's CdtDbtInd")
            }
            "TxsSummry/TtlNtries/NbOfNtries" => {
                once(&mut told.count, count(leaf.text)?, "NbOfNtries")
            }
            "TxsSummry/TtlNtries/Sum" => once(&mut told.sum_fen, amount(leaf.text)?, "the sum"),
            "Ntry/Amt" => once(&mut entry.amount_fen, money(leaf)?, "the entry's Amt"),
            "Ntry/CdtDbtInd" => {
                once(&mut entry.direction, Direction::read(leaf.text)?, "the entry's CdtDbtInd")
            }
            "Ntry/RvslInd" => {
                entry.is_reversal = match leaf.text {
                    "true" | "1" => true,
                    "false" | "0" => false,
                    other => return Err(Reason::value(other, "true or false")),
                };
                Ok(())
            }
            "Ntry/Sts/Cd" => once(&mut entry.status, name()?, "the entry's status"),
            "Ntry/BookgDt/Dt" | "Ntry/BookgDt/DtTm" => {
                once(&mut entry.day, day(leaf.text)?, "the entry's day")
            }
            "Ntry/AcctSvcrRef" => once(&mut entry.bank_serial, name()?, "AcctSvcrRef"),
            "Bal/Dt/Dt" | "Bal/Dt/DtTm" => {
                once(&mut balance.day, day(leaf.text)?, "the balance's Dt")
            }
            // A statement, balance or entry without anything in it.
            "" | "Bal" | "Ntry" => Err(Reason::Missing("what an element has to hold")),
            _ => Ok(()),
        }
    }

    fn close(&mut self, path: &str) -> Result<(), Reason> {
        match self.below(path) {
            Some("Bal") => self.end_balance(),
            Some("Ntry/NtryDtls/TxDtls") => {
                self.entry.details.push(std::mem::take(&mut self.detail));
                self.one_more()
            }
            Some("Ntry") => self.end_entry(),
            Some("") => self.end_statement(),
            _ => Ok(()),
        }
    }
}

impl Reading {
    fn of_details(&mut self, path: &str, leaf: Leaf<'_>) -> Result<(), Reason> {
        let name = || text(leaf.text, ID_CHARS_MAX);
        let (entry, detail) = (&mut self.entry, &mut self.detail);
        match path {
            "Btch/NbOfTxs" => {
                once(&mut entry.batch_count, count(leaf.text)?, "the batch's NbOfTxs")
            }
            "Btch/TtlAmt" => once(&mut entry.batch_sum_fen, money(leaf)?, "the batch's TtlAmt"),
            "TxDtls/Refs/PmtInfId" => once(&mut detail.payment, name()?, "PmtInfId"),
            "TxDtls/Refs/EndToEndId" => once(&mut detail.end_to_end, name()?, "EndToEndId"),
            "TxDtls/Refs/UETR" => once(&mut detail.uetr, Uetr::read(leaf.text)?, "UETR"),
            "TxDtls/Refs/AcctSvcrRef" => once(&mut detail.bank_serial, name()?, "AcctSvcrRef"),
            "TxDtls/Amt" => once(&mut detail.amount_fen, money(leaf)?, "the transfer's Amt"),
            "TxDtls/RltdPties/CdtrAcct/Id/Othr/Id" | "TxDtls/RltdPties/CdtrAcct/Id/IBAN" => {
                once(&mut detail.payee_account, name()?, "the payee's account")
            }
            "TxDtls/CdtDbtInd" => {
                once(&mut detail.direction, Direction::read(leaf.text)?, "the transfer's CdtDbtInd")
            }
            _ => Ok(()),
        }
    }
}
