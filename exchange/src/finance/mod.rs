//! Finance's own business behind its store: orders that the engine has decided become vouchers, and what banks
//! and the central bank answer becomes facts for the engine.
//!
//! - [`feed`]: what the engine's journal says, folded.
//! - [`accounts`]: from which account a payment is paid, and who keeps it.
//! - [`due`]: a payment whose voucher is due, with all that goes on the voucher.
//! - [`correction`]: the central bank hears of what was charged to another quota.
//! - [`record`]: how changes are written down.
//! - [`reconciled`]: our books held against what banks and the central bank say of them, and the end of a day.
//! - [`sheet`]: payees that stand beside an order. [`sheet_back`]: orders whose sheet came back wait for another.
//! - [`again`]: payees of a sheet who got nothing, paid again.
//! - [`collection`]: debits that came before their payments.
//!
//! A voucher that went out is known here by its digest, so that a million of them may wait: its receipt repeats
//! it whole, and is held against the digest.

pub mod feed;

pub mod accounts;

pub mod due;

pub mod correction;

pub mod record;

pub mod reconciled;

pub mod sheet;

pub mod again;

pub mod sheet_back;

pub mod collection;

mod answer;
mod apply;
mod back;
mod clearing;
mod issue;
mod settled;
mod standing;

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use domain::Fen;
use domain::codes::Path;
use domain::ids::{Day, MoveId, PaymentId, QuotaId};
use domain::office::shelves::Book;
use domain::voucher::again::Retries;
use domain::voucher::follows::PayModes;
use domain::voucher::grouping::Gathering;
use domain::voucher::numbers::Numbers;
use domain::voucher::payees::SheetDigest;
use domain::voucher::{Party, Voucher, VoucherKey, VoucherKind};
use thiserror::Error;

use crate::business::{Business, Effect, Verdict};
use crate::store::StoreRefusal;

use collection::{Collected, Waiting};
use correction::{Correction, CorrectionDue};
use due::Due;
use feed::{ParkedFact, ParkedName};
use reconciled::Reconciled;
use record::{FactDue, Record};
use sheet::{Sheet, SheetPayee};
use sheet_back::SheetBack;

pub use standing::Standing;

/// What people, timers and the engine's journal tell finance's business.
#[derive(Clone, Debug)]
pub enum Order {
    /// The engine ordered payments: their vouchers are due.
    Ordered(Vec<Due>),
    /// What a payment was charged to was corrected in the engine (更正).
    Corrected(Box<CorrectionDue>),
    /// Finance took an order back (作废): the payment must not be paid.
    Voided {
        /// Division and year.
        book: Book,
        /// The payment.
        payment: PaymentId,
    },
    /// The engine put a fact into suspense (挂账).
    Parked(ParkedFact),
    /// A fact has left the engine's suspense.
    Unparked(ParkedName),
    /// The payees of a payroll's or batch's order, which its bank waits for (8207).
    Sheet {
        /// The order they stand beside.
        order: VoucherKey,
        /// Who gets what.
        payees: Vec<SheetPayee>,
        /// Who gives it.
        by: String,
    },
    /// A limit notice that the central bank sent back goes out again, under a new number.
    NoticeAgain {
        /// The notice that came back.
        notice: VoucherKey,
    },
    /// The engine took facts in, up to a number.
    FactsTaken {
        /// The number of the last.
        through: u64,
    },
    /// A business day begins.
    BeginDay(Day),
    /// A person sees to a difference, or closes a day.
    Reconcile(reconciled::order::Order),
}

/// Why an order to finance's business is refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// There are no such facts.
    #[error(
        "facts up to {through} were reported as taken and {last} is the last; report no more than that"
    )]
    NoSuchFact {
        /// What was reported.
        through: u64,
        /// The last there is.
        last: u64,
    },
    /// Who gives a sheet is not named as people are.
    #[error(transparent)]
    Person(StoreRefusal),
    /// An order takes no such sheet of payees.
    #[error("{order} takes no such sheet of payees: {why}")]
    NoSheet {
        /// The order that was named.
        order: VoucherKey,
        /// Why.
        why: String,
    },
    /// No such notice came back, or its vouchers are noticed under another by now.
    #[error(
        "{notice} is no limit notice that came back and is still to be replaced; look at `status`"
    )]
    NoNotice {
        /// What was named.
        notice: VoucherKey,
    },
    /// Days go forward.
    #[error("day {asked} is not after {now}, the day it is; open a later one")]
    DayPast {
        /// Which was to be begun.
        asked: u32,
        /// The day it is.
        now: u32,
    },
    /// Of a person who sees to a difference, or closes a day.
    #[error(transparent)]
    Reconcile(#[from] reconciled::order::Refusal),
}

/// One detail of a voucher: a payment, or a payee of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// The payment.
    pub payment: PaymentId,
    /// Its quota.
    pub quota: QuotaId,
    /// What was ordered.
    pub ordered_fen: Fen,
    /// What was paid.
    pub paid_fen: Fen,
    /// Whether it came back.
    pub refunded: bool,
    /// Whether finance took its payment back (作废) after the voucher was written.
    pub voided: bool,
    /// The day it came back on; none before it did.
    pub refunded_on: Day,
}

/// What of a voucher is cleared under one department and functional class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Department in charge.
    pub department: Box<str>,
    /// Functional class.
    pub function: Box<str>,
    /// What was paid under them.
    pub paid_fen: Fen,
}

/// A voucher to a bank or the central bank that orders money to be paid.
#[derive(Clone, Debug)]
pub struct Row {
    /// Its key.
    pub key: VoucherKey,
    /// Whose it is.
    pub to: Party,
    /// Who settles its payments.
    pub path: Path,
    /// Its date.
    pub day: Day,
    /// The day of whose statement its bank has to tell it: its date, or when it was let go.
    pub due_on: Day,
    /// Whether the cut-off holds it back: it never left.
    pub held: bool,
    /// Hash of its canonical bytes.
    pub digest: u128,
    /// Its amount.
    pub amount_fen: Fen,
    /// Where it stands.
    pub standing: Standing,
    /// The day it was paid on; none before it was.
    pub paid_on: Day,
    /// The day it was cleared on; none before it was.
    pub cleared_on: Day,
    /// From which account, of which funds and by which method: a number among those of this business.
    payer: u32,
    /// Its details, in order; their ids count from 1.
    pub parts: Box<[Part]>,
    /// Its payees, where they stand beside it.
    pub sheet: Option<Box<Sheet>>,
    /// What it is cleared by, while it is paid and not cleared.
    pub lines: Box<[Line]>,
}

impl Row {
    /// What was paid, in fen.
    #[must_use]
    pub fn paid_fen(&self) -> i128 {
        self.parts.iter().map(|part| i128::from(part.paid_fen.get())).sum()
    }
}

/// Finance's business.
#[derive(Debug)]
pub struct Finance {
    central_bank: Party,
    modes: PayModes,
    gathering: Gathering,
    rows: Vec<Row>,
    by_key: HashMap<VoucherKey, u32>,
    /// The order of each sheet of payees.
    by_sheet: HashMap<VoucherKey, u32>,
    /// The sheet of payees that a payment was approved for.
    sheets_named: HashMap<(Book, PaymentId), SheetDigest>,
    /// Payments in place of what failed on the sheet beside an order, by that order.
    paying_again: BTreeMap<VoucherKey, BTreeSet<(Book, PaymentId)>>,
    /// Which payees pay which again.
    retries: Retries,
    /// Sheets that came back, by the order that waits for another.
    sheets_back: BTreeMap<u32, SheetBack>,
    /// The voucher each payment is in.
    by_payment: HashMap<(Book, PaymentId), u32>,
    /// Payments without a voucher, with why.
    left: BTreeMap<(Book, PaymentId), String>,
    numbers: Numbers,
    /// Facts that the engine has not taken, the first with number `facts_taken + 1`.
    facts: VecDeque<FactDue>,
    facts_taken: u64,
    /// Vouchers of a limit notice that went out and was not cleared, by its key.
    noticed: HashMap<VoucherKey, Vec<u32>>,
    /// Vouchers of limit notices that came back and were not noticed again, by the old notice.
    notices_back: BTreeMap<VoucherKey, Vec<u32>>,
    /// Requests of banks that name what an earlier notice is out for: answered when that one is.
    requests: BTreeMap<VoucherKey, (Party, Voucher)>,
    /// Refunds that have not reached the treasury, by voucher and number: what came back of each payment.
    refunds: BTreeMap<(u32, u64), Vec<FactDue>>,
    /// Refunds that have reached the treasury, by voucher and number: when, and how much in fen.
    settled: BTreeMap<(u32, u64), (Day, i128)>,
    /// Receipts of the central bank that wait for notices of the refunds they settle, by request.
    settlements: BTreeMap<VoucherKey, Voucher>,
    /// Statements and daily reports of the central bank.
    reports: BTreeSet<VoucherKey>,
    /// Vouchers of corrections, by key.
    corrections: BTreeMap<VoucherKey, Correction>,
    /// Corrections in the engine that have a voucher.
    corrected: BTreeSet<(Book, MoveId)>,
    /// Debits by collection, by the numbers their banks gave them.
    collected: BTreeMap<VoucherKey, Collected>,
    /// Payments that wait for such a debit.
    waiting: BTreeMap<(Book, PaymentId), Waiting>,
    cleared_fen: i128,
    refunded_fen: i128,
    /// Paid and not cleared, by bank.
    exposure_fen: BTreeMap<Party, i128>,
    reconciled: Reconciled,
}

impl Finance {
    /// Finance's business before its first order.
    #[must_use]
    pub fn new(central_bank: Party) -> Finance {
        Finance {
            central_bank,
            modes: PayModes::default(),
            gathering: Gathering::default(),
            rows: Vec::new(),
            by_key: HashMap::new(),
            by_sheet: HashMap::new(),
            sheets_named: HashMap::new(),
            paying_again: BTreeMap::new(),
            retries: Retries::default(),
            sheets_back: BTreeMap::new(),
            by_payment: HashMap::new(),
            left: BTreeMap::new(),
            numbers: Numbers::new(),
            facts: VecDeque::new(),
            facts_taken: 0,
            noticed: HashMap::new(),
            notices_back: BTreeMap::new(),
            requests: BTreeMap::new(),
            refunds: BTreeMap::new(),
            settled: BTreeMap::new(),
            settlements: BTreeMap::new(),
            reports: BTreeSet::new(),
            corrections: BTreeMap::new(),
            corrected: BTreeSet::new(),
            collected: BTreeMap::new(),
            waiting: BTreeMap::new(),
            cleared_fen: 0,
            refunded_fen: 0,
            exposure_fen: BTreeMap::new(),
            reconciled: Reconciled::default(),
        }
    }

    /// The same, with orders to pay written as its division has them. What was written stays as it is.
    #[must_use]
    pub fn ordering(self, modes: PayModes) -> Finance {
        Finance { modes, ..self }
    }

    /// The voucher a payment is in.
    #[must_use]
    pub fn voucher_of(&self, book: Book, payment: PaymentId) -> Option<&Row> {
        Some(&self.rows[*self.by_payment.get(&(book, payment))? as usize])
    }

    /// A voucher by its key.
    #[must_use]
    pub fn voucher(&self, key: &VoucherKey) -> Option<&Row> {
        Some(&self.rows[*self.by_key.get(key)? as usize])
    }

    /// The order beside which a sheet of payees stands.
    #[must_use]
    pub fn order_beside(&self, sheet: &VoucherKey) -> Option<&Row> {
        Some(&self.rows[*self.by_sheet.get(sheet)? as usize])
    }

    /// Every voucher that went to a bank, in the order they were written.
    #[must_use]
    pub fn vouchers(&self) -> &[Row] {
        &self.rows
    }

    /// Payments without a voucher, with why.
    pub fn left(&self) -> impl Iterator<Item = (&(Book, PaymentId), &str)> {
        self.left.iter().map(|(name, why)| (name, &**why))
    }

    /// Why a payment has no voucher; none where it has one, or was never ordered.
    #[must_use]
    pub fn why_left(&self, book: Book, payment: PaymentId) -> Option<&str> {
        self.left.get(&(book, payment)).map(|why| &**why)
    }

    /// Limit notices that the central bank sent back and that are still to be replaced.
    pub fn notices_back(&self) -> impl Iterator<Item = &VoucherKey> {
        self.notices_back.keys()
    }

    /// Facts that the engine has not taken yet, with the number of the first.
    #[must_use]
    pub fn facts_due(&self) -> (u64, &VecDeque<FactDue>) {
        (self.facts_taken + 1, &self.facts)
    }

    /// What the central bank has cleared, in fen.
    #[must_use]
    pub const fn cleared_fen(&self) -> i128 {
        self.cleared_fen
    }

    /// What came back, in fen.
    #[must_use]
    pub const fn refunded_fen(&self) -> i128 {
        self.refunded_fen
    }

    /// Statements and daily reports of the central bank, by key.
    #[must_use]
    pub const fn reports(&self) -> &BTreeSet<VoucherKey> {
        &self.reports
    }

    /// What each bank has paid and was not cleared for, in fen.
    #[must_use]
    pub const fn exposure_fen(&self) -> &BTreeMap<Party, i128> {
        &self.exposure_fen
    }
}

/// A record as an effect.
fn noted(record: &Record) -> Effect {
    Effect::Record(record.encode())
}

/// Not taken, with a reason for the sender.
fn failed(reason: impl Into<String>) -> (Verdict, Vec<Effect>) {
    (Verdict::Failed { reason: reason.into() }, Vec::new())
}

impl Business for Finance {
    type Order = Order;
    type Refusal = Refusal;

    fn take(&self, from: Party, voucher: &Voucher) -> (Verdict, Vec<Effect>) {
        if let Some(source) = reconciled::source_of(voucher) {
            return self.statement_came(from, voucher, source);
        }
        let (verdict, mut effects) = self.answer(from, voucher);
        if verdict == Verdict::Accepted {
            effects.splice(0..0, self.request_heard(from, voucher));
        }
        (verdict, self.with_reconciled(effects))
    }

    fn order(&self, order: &Order) -> Result<Vec<Effect>, Refusal> {
        match order {
            Order::Ordered(due) => Ok(self.issue(due)),
            Order::Corrected(due) => Ok(self.correct(due)),
            Order::Voided { book, payment } => Ok(self.take_back(*book, *payment)),
            Order::Parked(fact) => Ok(vec![Finance::fact_parked(fact)]),
            Order::Unparked(name) => Ok(vec![Finance::fact_unparked(name)]),
            Order::Sheet { order, payees, by } => self.sheet_came(order, payees, by),
            Order::NoticeAgain { notice } => Ok(self.with_reconciled(self.notice_again(notice)?)),
            Order::FactsTaken { through } => {
                let last = self.facts_taken + self.facts.len() as u64;
                if *through > last {
                    return Err(Refusal::NoSuchFact { through: *through, last });
                }
                Ok(vec![noted(&Record::FactsTaken { through: *through })])
            }
            Order::BeginDay(day) => match self.day() {
                Some(now) if *day <= now => {
                    Err(Refusal::DayPast { asked: day.get(), now: now.get() })
                }
                _ => Ok(vec![Finance::day_began(*day)]),
            },
            Order::Reconcile(order) => Ok(self.reconcile(order)?),
        }
    }

    fn came_back(&self, from: Party, key: VoucherKey, reason: &str) -> Vec<Effect> {
        let effects = match self.noticed.contains_key(&key) {
            true => self.notice_came_back(&key, reason),
            false if self.by_sheet.contains_key(&key) => self.sheet_came_back(from, &key, reason),
            false if self.corrections.contains_key(&key) => self.correction_came_back(&key, reason),
            false => self.order_came_back(from, &key, reason),
        };
        self.with_reconciled(effects)
    }

    fn read_again(&self, to: Party, voucher: &Voucher) -> Vec<Effect> {
        let effects = match voucher.key.kind {
            VoucherKind::BatchDetails => self.write_sheet_without_voided(voucher),
            kind if kind.is_order() => self.write_without_voided(to, voucher),
            _ => self.write_notice_again(voucher),
        };
        self.with_reconciled(effects)
    }

    fn held_back(&self, vouchers: &[VoucherKey]) -> Vec<Effect> {
        self.cut_off_holds(vouchers)
    }

    fn let_go(&self) -> Vec<Effect> {
        self.cut_off_lets_go()
    }

    fn apply(&mut self, record: &[u8]) {
        self.change(Record::decode(record));
    }
}

#[cfg(test)]
mod tests;
