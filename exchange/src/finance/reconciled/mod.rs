//! Finance's books held against what banks and the central bank say of them (对账), and the end of a day.
//!
//! - [`record`]: how changes are written down.
//! - `totals`: what our books add up to in a month or a year.
//! - `told`: a statement that came: its parts gathered, compared once all are there, answered.
//! - `asked`: a bank's requests, line by line.
//! - [`held_up`]: requests that came back whole, and what of each held up the rest.
//! - `ours`: what finance's books say of a day.
//! - `taken_back`: what a bank paid otherwise than ordered and took back.
//! - `mended`: facts that came later and end a difference.
//! - [`order`]: what people do about differences, and the close of a day.
//! - `checklist`: what is open at a day's end.
//! - `held`: what a cut-off holds until the next day.
//! - [`carried`]: what of it is carried by name, and what waits for cash at the central bank.
//!
//! What their statements say is never mixed with what ours are made from: their lines are read from the statement
//! alone, ours from finance's own rows and requests.

pub mod record;

pub mod order;

pub mod carried;

pub mod held_up;

mod asked;
mod checklist;
mod held;
mod mended;
mod ours;
mod taken_back;
mod told;
mod totals;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::Fen;
use domain::day::balances::Balances;
use domain::day::carry::{Carryings, Event as CarryEvent};
use domain::day::limits::{Event as LimitEvent, Limits};
use domain::day::queue::Waiting;
use domain::ids::{Day, PaymentId, PersonId};
use domain::reconciliation::class::OwnedFinding;
use domain::reconciliation::opening::Ended;
use domain::reconciliation::register::{Event, Told};
use domain::reconciliation::{Register, Source};
use domain::voucher::document::Fields;
use domain::voucher::{Field, Flag, Party, Value, Voucher, VoucherKey, canonical};

use self::record::{Asked, Change, ParkedRecord, Record, day_of};
use super::record::{FactDue, PayerRecord, key_of, party_of};
use crate::limits::REQUEST_ENDS_WAITING_MAX;

/// In whose name differences are opened and ended when no person does: the books themselves.
pub const BOOKS: PersonId = PersonId(u64::MAX - 1);

/// Who pays, from which account and funds, by which method and for which business, by number: few of them, and many vouchers.
#[derive(Debug, Default)]
pub(super) struct Payers {
    known: Vec<PayerRecord>,
    numbers: HashMap<PayerRecord, u32>,
}

impl Payers {
    pub(super) fn number(&mut self, payer: PayerRecord) -> u32 {
        if let Some(number) = self.numbers.get(&payer) {
            return *number;
        }
        let number = self.known.len() as u32;
        self.numbers.insert(payer.clone(), number);
        self.known.push(payer);
        number
    }

    fn account(&self, number: u32) -> &str {
        self.name(number).0
    }

    /// An account and the nature of its funds.
    fn name(&self, number: u32) -> (&str, &str) {
        let PayerRecord { account, fund, .. } = &self.known[number as usize];
        (account, fund)
    }

    /// The payment method (`PayTypeCode`).
    pub(super) fn method(&self, number: u32) -> &str {
        &self.known[number as usize].method
    }

    /// What a voucher's head says of who pays.
    pub(super) fn told(&self, number: u32) -> Fields {
        let payer = &self.known[number as usize];
        let mut told = Fields::new();
        for (field, text) in [
            (Field::PayBank, &payer.bank),
            (Field::PayBankName, &payer.bank_name),
            (Field::PayerAccount, &payer.account),
            (Field::PayerName, &payer.name),
            (Field::BusinessType, &payer.business),
        ] {
            if !text.is_empty() {
                told.set(field, Value::Text(text.clone()));
            }
        }
        told
    }
}

/// A request of a bank (2301, 2302), as far as finance's own books know it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Request {
    bank: Party,
    day: Day,
    asked_fen: Fen,
    ours_fen: Fen,
    /// Refunds that it names and of which no notice has come: voucher and number.
    missing: Vec<(VoucherKey, u64)>,
    /// What its lines say that our books did not when it came.
    differs: Option<Differs>,
    end: Option<End>,
}

impl Request {
    fn of(asked: &Asked, end: Option<End>) -> Request {
        Request {
            bank: party_of(&asked.bank),
            day: day_of(asked.day),
            asked_fen: Fen::new(asked.asked_fen),
            ours_fen: Fen::new(asked.ours_fen),
            missing: asked.missing.iter().map(|(key, number)| (key_of(key), *number)).collect(),
            differs: None,
            end,
        }
    }

    /// Whether it asks for payments, has not ended, and no limit notice of ours is out for it.
    fn is_without_limit(&self) -> bool {
        self.asked_fen > Fen::ZERO && self.ours_fen == Fen::ZERO && self.end.is_none()
    }

    /// Takes refunds in that it named before they were known; whether there is one among these.
    fn refunded(&mut self, voucher: &VoucherKey, facts: &[FactDue]) -> bool {
        let is_named = |fact: &&FactDue| self.missing.contains(&(*voucher, fact.refund));
        let came_fen: i64 = facts.iter().filter(is_named).map(|fact| fact.amount_fen).sum();
        self.ours_fen = Fen::new(self.ours_fen.get() - came_fen);
        let before = self.missing.len();
        let has_come = |number: u64| facts.iter().any(|fact| fact.refund == number);
        self.missing.retain(|(key, number)| key != voucher || !has_come(*number));
        self.missing.len() < before
    }
}

/// What a request's lines say that our books do not, and how many say the same.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Differs {
    agreed: u64,
    findings: Vec<OwnedFinding>,
}

/// How a request ended at the central bank.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct End {
    day: Day,
    returned: bool,
}

/// Parts of a statement that is not there as a whole.
#[derive(Debug, Default)]
struct Parts {
    of: u32,
    /// Canonical bytes by the part's place.
    came: BTreeMap<u32, Vec<u8>>,
}

/// What finance's business keeps for reconciliation.
#[derive(Debug, Default)]
pub(super) struct Reconciled {
    day: Option<Day>,
    register: Register,
    parts: BTreeMap<(Day, Told), Parts>,
    requests: BTreeMap<VoucherKey, Request>,
    /// How requests ended that are not here yet: the central bank's receipt goes another way than the bank's copy.
    ends: BTreeMap<VoucherKey, End>,
    /// Requests by the limit notice that was written for them.
    by_notice: HashMap<VoucherKey, VoucherKey>,
    /// What came back into the treasury by a notice of the central bank's own: when, and how much.
    back: BTreeMap<VoucherKey, (Day, Fen)>,
    /// The first day on which each bank was sent an order.
    banks: BTreeMap<Party, Day>,
    /// What banks told last of their zero-balance accounts.
    balances: Balances,
    /// What treasuries' accounts ended each day with; of the days that are closed the last.
    ended: BTreeMap<Day, BTreeMap<Box<str>, Fen>>,
    /// Facts in the engine's suspense: payment and amount.
    parked: BTreeMap<ParkedRecord, (PaymentId, Fen)>,
    /// How much each bank may have paid that is not cleared, where that was agreed.
    limits: Limits,
    /// What of the checklist is carried by name.
    carried: Carryings,
    /// Orders that banks hold until their next day, as each told last.
    held_there: BTreeMap<Party, BTreeSet<VoucherKey>>,
    /// What waits for cash at the central bank, in the order it will be paid, by the last statement that told it.
    waiting: Vec<Waiting>,
    /// The day of that statement.
    waiting_told: Option<Day>,
    pub(super) payers: Payers,
}

/// What of a voucher is a statement to compare, of those that finance gets.
pub(super) fn source_of(voucher: &Voucher) -> Option<Source> {
    use domain::reconciliation::{period, statement};
    if let Some((_, source)) = period::of_statement(voucher) {
        return Some(source);
    }
    let source = statement::source_of(voucher.key.kind, voucher.flag)?;
    let whole = matches!(source, Source::Account | Source::Clearing | Source::Treasury);
    (whole && voucher.flag == Flag::Original).then_some(source)
}

impl Reconciled {
    /// A bank was sent an order.
    pub(super) fn ordered(&mut self, bank: Party, day: Day) {
        let first = self.banks.entry(bank).or_insert(day);
        *first = day.min(*first);
    }

    /// Money of an allocation is in the treasury again.
    pub(super) fn came_back(&mut self, notice: VoucherKey, day: Day, fen: Fen) {
        self.back.insert(notice, (day, fen));
    }

    /// The central bank has cleared a request under a notice.
    pub(super) fn cleared(&mut self, notice: &VoucherKey, day: Day) {
        if let Some(request) = self.by_notice.get(notice).copied() {
            self.ended(request, End { day, returned: false });
        }
    }

    /// Refunds of a voucher are known now, perhaps later than a request that names them.
    pub(super) fn refunded(&mut self, voucher: &VoucherKey, facts: &[FactDue]) {
        for request in self.requests.values_mut() {
            request.refunded(voucher, facts);
        }
    }

    fn ended(&mut self, request: VoucherKey, end: End) {
        if let Some(request) = self.requests.get_mut(&request) {
            request.end = Some(end);
            return;
        }
        if self.ends.len() >= REQUEST_ENDS_WAITING_MAX {
            self.ends.pop_first();
        }
        self.ends.insert(request, end);
    }

    /// Changes by a record; a reply's number is its caller's to note.
    pub(super) fn apply(&mut self, record: Record) {
        match record {
            Record::DayBegan { day } => self.day = Some(day_of(day)),
            Record::Asked(asked) => self.asked(&asked),
            Record::Held { request, agreed, findings } => {
                if let Some(request) = self.requests.get_mut(&key_of(&request)) {
                    let findings = findings.iter().map(OwnedFinding::from).collect();
                    request.differs = Some(Differs { agreed, findings });
                }
            }
            Record::Limited { request, notice, ours_fen } => {
                let request = key_of(&request);
                self.by_notice.insert(key_of(&notice), request);
                if let Some(request) = self.requests.get_mut(&request) {
                    (request.ours_fen, request.end) = (Fen::new(ours_fen), None);
                }
            }
            Record::RequestEnded { request, day, returned } => {
                self.ended(key_of(&request), End { day: day_of(day), returned });
            }
            Record::Part { from, statement } => self.part(&from, statement),
            Record::Compared { told, day, changes } => {
                self.parts.remove(&(day_of(day), Told::from(&told)));
                self.change(&changes);
            }
            Record::Changed(changes) => self.change(&changes),
            Record::Replied { .. } => {}
            Record::Balances { bank, day, not_zero } => {
                let balances = not_zero.iter().map(|(account, fen)| (&**account, Fen::new(*fen)));
                self.balances.tell(party_of(&bank), day_of(day), balances);
            }
            Record::Ended { day, balances } => {
                let balances = balances.into_iter();
                let balances = balances.map(|(code, fen)| (code.into(), Fen::new(fen)));
                self.ended.insert(day_of(day), balances.collect());
            }
            Record::Parked { name, payment, amount_fen } => {
                self.parked.insert(name, (PaymentId(payment), Fen::new(amount_fen)));
            }
            Record::Unparked(name) => {
                self.parked.remove(&name);
            }
            Record::Limit(change) => self.limits.apply(&LimitEvent::from(&change)),
            // Of orders: finance's own rows have them.
            Record::HeldBack { .. } | Record::LetGo { .. } | Record::HeldThere { .. } => {}
            Record::Carrying(change) => self.carried.apply(&CarryEvent::from(&change)),
            Record::Waiting { day, waiting } => {
                let day = day_of(day);
                if self.waiting_told.is_none_or(|told| told <= day) {
                    self.waiting_told = Some(day);
                    self.waiting =
                        waiting.iter().map(|one| carried::waiting_of(day, one)).collect();
                }
            }
        }
    }

    fn asked(&mut self, asked: &Asked) {
        let key = key_of(&asked.request);
        let end = self.ends.remove(&key);
        self.requests.insert(key, Request::of(asked, end));
    }

    fn part(&mut self, from: &str, statement: Vec<u8>) {
        let (told, day, part) = told::headed(party_of(from), &read(&statement));
        let parts = self.parts.entry((day, told)).or_default();
        if parts.of != part.of {
            // It is told anew, in other parts.
            *parts = Parts { of: part.of, came: BTreeMap::new() };
        }
        parts.came.insert(part.number, statement);
    }

    fn change(&mut self, changes: &[Change]) {
        for change in changes {
            let event = Event::from(change);
            self.register.apply(&event);
            if let Event::DayClosed { day } = event {
                self.closed(day);
            }
        }
    }

    /// Nothing of a closed day is compared again.
    fn closed(&mut self, day: Day) {
        self.requests.retain(|_, request| request.end.is_none_or(|end| end.day > day));
        self.back.retain(|_, (back, _)| *back > day);
        let requests = &self.requests;
        self.by_notice.retain(|_, request| requests.contains_key(request));
        self.parts.retain(|(of, _), _| *of > day);
        if let Some((last, _)) = self.ended.range(..=day).next_back() {
            let last = *last;
            self.ended.retain(|of, _| *of >= last);
        }
    }

    /// What a party's accounts ended with on the last day that it told before one.
    fn ended_before(&self, told: Told, day: Day) -> Ended {
        if told.source == Source::Account {
            let balances = self.balances.before(told.party, day);
            let others_at_zero = balances.is_some();
            return Ended { balances: balances.unwrap_or_default(), others_at_zero };
        }
        let last = self.ended.range(..day).next_back();
        let balances = last.map_or_else(BTreeMap::new, |(_, balances)| balances.clone());
        Ended { balances, others_at_zero: false }
    }
}

/// A statement that was kept.
fn read(bytes: &[u8]) -> Voucher {
    canonical::read(bytes).expect("a statement was written in canonical bytes")
}
