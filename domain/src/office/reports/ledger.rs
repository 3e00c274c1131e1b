//! Running totals, folded event by event: what every report is a sum over.
//!
//! Follows committed events and decides nothing. A quota's money is counted once, where it may be
//! spent ([`Funds::own`]); what is on its way between quotas stands apart.

mod corrected;

use std::collections::{BTreeMap, HashMap, HashSet};

use super::alerts::Alerts;
use super::calendar::{TenDays, day_of};
use super::cell::{Before, Cell, CellKey, Funds, Plan, QuotaKind, Spent, holds, is_on_line};
use super::places::Places;
use crate::arena::Arena;
use crate::codes::{
    ActKind, BatchEnd, FactKind, LimitKind, MoveKind, PaymentState, ResolveAction, YearState,
};
use crate::command::{Act, Create, Fact, MoveOut, Reserve, SetLimit};
use crate::elements::{Elements, is_government_transfer, is_transfer};
use crate::event::{Event, EventBody};
use crate::ids::{
    BatchId, Class, Day, DivisionIndex, FiscalYear, LimitKey, MoveId, PaymentId, QuotaId,
};
use crate::money::FenSum;
use crate::office::shelves::{Book, Filed, Shelves};
use crate::office::tables::budget::BudgetRow;
use crate::payment::Standing;
use crate::quota::{row_of_key, unit_of_key};
use crate::suspense::ParkedKey;

/// No entry.
const NONE: u32 = u32::MAX;

/// One quota.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line {
    /// What may be spent from it, in fen.
    own: FenSum,
    /// The cell it counts in.
    cell: u32,
    /// What was spent from it; [`NONE`]: no payment yet.
    spent: u32,
}

/// What one quota stands at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QuotaFigures {
    /// What may be spent from it and from no other, in fen.
    pub own: FenSum,
    /// What was spent.
    pub spent: Spent,
    /// Reserved by payments that are not paid, in fen.
    pub reserved: i64,
}

/// Money between two quotas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Move {
    /// Why it moves.
    pub kind: MoveKind,
    /// The quota it left.
    pub from: QuotaId,
    /// The quota it goes to.
    pub to: QuotaId,
    /// How much, in fen.
    pub amount: i64,
    /// When it left, in ms of journaled time.
    pub since_ms: u64,
    /// True once the receiver has it, or will never take it.
    pub decided: bool,
}

/// Staged until its batch ends.
#[derive(Clone, Copy, Debug)]
pub(super) enum Staged {
    Act(ActKind, QuotaId, i64),
    Move(MoveId),
}

/// One division and year.
#[derive(Debug, Default)]
pub(super) struct BookLedger {
    pub(super) closed: bool,
    pub(super) lines: Arena<Line>,
    pub(super) spent: Arena<(Spent, i64)>,
    pub(super) cells: Vec<u32>,
    pub(super) plans: BTreeMap<LimitKey, Plan>,
    pub(super) moves: BTreeMap<MoveId, Move>,
    pub(super) staged: HashMap<BatchId, Vec<Staged>>,
    /// What refunds took off each payment that has any.
    pub(super) refunds: HashMap<PaymentId, Spent>,
    /// Refunds that went to the recovered pool and are not settled.
    pub(super) pooled: HashSet<(PaymentId, u64)>,
    /// Facts in suspense, with when they came.
    pub(super) parked: HashMap<ParkedKey, u64>,
    /// Payments a rule or a person holds, and payments of which the bank is silent.
    pub(super) held: u32,
    pub(super) unknown: u32,
    /// Over all that is no transfer: what may be spent here, and what was.
    pub(super) own: FenSum,
    pub(super) spent_all: Spent,
}

/// Running totals of every division and year.
#[derive(Debug, Default)]
pub struct Ledger {
    pub(super) places: Places,
    pub(super) cells: Arena<Cell>,
    pub(super) cell_ids: HashMap<CellKey, u32>,
    pub(super) words: Vec<Box<str>>,
    pub(super) word_ids: HashMap<Box<str>, u32>,
    pub(super) books: BTreeMap<Book, BookLedger>,
    /// How far business has come, by fiscal year.
    pub(super) days: BTreeMap<FiscalYear, Day>,
    pub(super) alerts: Alerts,
}

impl Ledger {
    /// The divisions.
    #[must_use]
    pub const fn places(&self) -> &Places {
        &self.places
    }

    /// How far business has come in a fiscal year: the latest business day of an accepted payment, and
    /// for one dated ahead the day it was journaled on, so that none moves the year on by its date.
    #[must_use]
    pub fn business_day(&self, year: FiscalYear) -> Option<Day> {
        self.days.get(&year).copied()
    }

    /// Every alert that was ever raised.
    #[must_use]
    pub const fn alerts(&self) -> &Alerts {
        &self.alerts
    }

    /// A word the ledger knows.
    #[must_use]
    pub fn word(&self, number: u32) -> &str {
        self.words.get(number as usize).map_or("", |word| word)
    }

    /// The cells of a division and year.
    pub fn cells(&self, book: Book) -> impl Iterator<Item = &Cell> {
        let numbers = self.books.get(&book).into_iter().flat_map(|book| &book.cells);
        numbers.map(|&number| self.cell(number))
    }

    pub(super) fn cell(&self, number: u32) -> &Cell {
        self.cells.get(number as usize).expect("a cell that a quota names")
    }

    /// Every division and year in which anything was created.
    pub fn books(&self) -> impl Iterator<Item = Book> {
        self.books.keys().copied()
    }

    /// What a quota stands at, and the cell it counts in.
    #[must_use]
    pub fn quota(&self, id: QuotaId) -> Option<(QuotaFigures, &Cell)> {
        let book = self.books.get(&book_of(id))?;
        let line = book.lines.get(usize::try_from(id.serial()).ok()?)?;
        let spent = book.spent.get(line.spent as usize).copied().unwrap_or_default();
        let figures = QuotaFigures { own: line.own, spent: spent.0, reserved: spent.1 };
        Some((figures, self.cell(line.cell)))
    }

    /// The quotas of a division and year, in their order.
    pub fn quotas(&self, book: Book) -> impl Iterator<Item = (QuotaId, QuotaFigures, &Cell)> {
        let count = self.books.get(&book).map_or(0, |book| book.lines.len() as u64);
        (0..count).filter_map(move |serial| {
            let id = QuotaId::new(book.0, book.1, serial);
            self.quota(id).map(|(figures, cell)| (id, figures, cell))
        })
    }

    /// What refunds took off a payment: nothing, or less.
    #[must_use]
    pub fn refunds(&self, book: Book, payment: PaymentId) -> Spent {
        let of_book = self.books.get(&book);
        of_book.and_then(|book| book.refunds.get(&payment)).copied().unwrap_or_default()
    }

    /// Moves out of a division and year that nobody has taken yet.
    pub fn in_transit(&self, book: Book) -> impl Iterator<Item = (MoveId, &Move)> {
        let moves = self.books.get(&book).into_iter().flat_map(|book| &book.moves);
        moves.filter(|(_, moved)| !moved.decided).map(|(id, moved)| (*id, moved))
    }

    /// Takes the next event in. `before` is what is known of its payment, where it is about one;
    /// `shelves` have taken it in already, and told what it filed; `time_ms` is when it was journaled.
    pub fn take(
        &mut self,
        event: &Event<'_>,
        before: Option<&Before>,
        (shelves, filed): (&Shelves, Filed),
        time_ms: u64,
    ) {
        self.fold(event, before, shelves, time_ms);
        Alerts::look(self, event, filed, shelves, time_ms);
    }

    fn fold(
        &mut self,
        event: &Event<'_>,
        before: Option<&Before>,
        shelves: &Shelves,
        time_ms: u64,
    ) {
        match &event.body {
            EventBody::Registered { command } => self.places.register(command),
            EventBody::Created { quota, command, .. } => self.created(*quota, command, shelves),
            EventBody::LimitSet { command, .. } => self.limit_set(command),
            EventBody::YearSet { division, year, state, .. } => {
                self.book((*division, *year)).closed = *state == YearState::Closed;
            }
            EventBody::Acted { command, .. } => self.acted(command),
            EventBody::MovedOut { command, .. } => self.moved_out(command, time_ms),
            EventBody::MovedIn { command: c, .. } => {
                self.settle(c.id, c.from, true);
                let funds = Funds::inflow(c.kind, c.from, c.to, c.amount_fen.get());
                self.fund(c.to, funds, c.kind == MoveKind::Carry);
                self.corrected(c.kind, c.to, -c.amount_fen.get(), time_ms);
            }
            EventBody::MoveDeclined { command: c, .. } => self.settle(c.id, c.from, true),
            EventBody::MoveSettled { id, from, landed, .. } => {
                let moved = self.book(book_of(*from)).moves.remove(id);
                if let (Some(moved), false) = (moved, *landed) {
                    let funds = Funds::outflow(moved.kind, moved.from, moved.to, -moved.amount);
                    self.fund(*from, funds, false);
                    self.corrected(moved.kind, *from, -moved.amount, time_ms);
                }
            }
            EventBody::BatchEnded { division, year, batch, end, .. } => {
                self.batch_ended((*division, *year), *batch, *end, time_ms);
            }
            EventBody::Reserved { path, posts, command, .. } => {
                let standing = Standing::reserved(*path, *posts, command.one_act);
                self.reserved(command, standing.state, day_of(time_ms));
            }
            EventBody::Stepped { command, .. } => {
                let Some(before) = before else { return };
                let after = before.standing.after_step(command.kind, event.by.role);
                let held = if holds(after.state) { 0 } else { -before.asked_fen.get() };
                let states = (before.standing.state, after.state);
                self.changed(command.quota, states, held, None);
            }
            EventBody::FactTaken { from_suspense, fingerprint, command, .. } => {
                let book = book_of(command.quota);
                if *from_suspense {
                    let key = (event.by.channel, command.serial, *fingerprint);
                    self.book(book).parked.remove(&key);
                }
                if let Some(before) = before {
                    self.fact(command, before);
                }
            }
            EventBody::FactParked { division, year, fingerprint, command, .. } => {
                let key = (event.by.channel, command.serial, *fingerprint);
                self.book((*division, *year)).parked.insert(key, time_ms);
            }
            EventBody::Resolved { fact, command: c, .. } if c.action == ResolveAction::Dismiss => {
                let key = (c.channel, c.serial, *fact);
                self.book((c.division, c.year)).parked.remove(&key);
            }
            _ => {}
        }
    }

    fn book(&mut self, book: Book) -> &mut BookLedger {
        self.books.entry(book).or_default()
    }

    fn word_of(&mut self, word: &str) -> u32 {
        if let Some(&number) = self.word_ids.get(word) {
            return number;
        }
        let number = self.words.len() as u32;
        self.words.push(word.into());
        self.word_ids.insert(word.into(), number);
        number
    }

    fn cell_of(&mut self, key: CellKey) -> u32 {
        if let Some(&number) = self.cell_ids.get(&key) {
            return number;
        }
        let number = self.cells.push(Cell::new(key)) as u32;
        self.cell_ids.insert(key, number);
        self.book((key.division, key.year)).cells.push(number);
        number
    }

    fn created(&mut self, quota: QuotaId, create: &Create<'_>, shelves: &Shelves) {
        let (division, year) = book_of(quota);
        let elements = Elements::of(create.key);
        let unit = if elements.is_some() { unit_of_key(create.key) } else { "" };
        let code = row_of_key(create.key);
        let row = shelves.office((division, year)).get::<BudgetRow>(code);
        let kind = row.map_or(QuotaKind::Unplanned, |row| row.kind.into());
        let government = elements.as_ref().map_or(Class::ANY, |known| known.government);
        let functional = elements.as_ref().map_or(Class::ANY, |known| known.functional);
        let transfer = kind == QuotaKind::Transfer
            || is_transfer(functional)
            || is_government_transfer(government);
        let (unit, fund) = (self.word_of(unit), create.fund);
        let key = CellKey { division, year, unit, functional, fund, kind, transfer };
        let cell = self.cell_of(key);
        let book = self.book((division, year));
        if book.lines.len() as u64 == quota.serial() {
            book.lines.push(Line { own: 0, cell, spent: NONE });
        }
        if create.plan != LimitKey(0) {
            let plan = book.plans.entry(create.plan).or_default();
            plan.several |= plan.cell.is_some_and(|known| known != cell);
            plan.cell = Some(cell);
        }
    }

    fn limit_set(&mut self, limit: &SetLimit) {
        if limit.kind == LimitKind::PlanMonth {
            let plan = self.book((limit.division, limit.year)).plans.entry(limit.key).or_default();
            if let Some(month) = plan.months.get_mut(usize::from(limit.month).wrapping_sub(1)) {
                *month = limit.amount_fen.get();
            }
        }
    }

    fn acted(&mut self, act: &Act<'_>) {
        let amount = act.amount_fen.get();
        if act.batch == BatchId(0) {
            return self.act(act.kind, act.quota, amount);
        }
        let staged = Staged::Act(act.kind, act.quota, amount);
        self.book(book_of(act.quota)).staged.entry(act.batch).or_default().push(staged);
    }

    fn act(&mut self, kind: ActKind, quota: QuotaId, amount: i64) {
        let amount = FenSum::from(amount);
        let granted = match kind {
            // A reply gives a pre-approval quota what its row has beyond it.
            ActKind::Issue | ActKind::Supplement | ActKind::Authorize => amount,
            ActKind::Cut | ActKind::Recover => -amount,
            _ => return,
        };
        self.fund(quota, Funds { granted, ..Funds::default() }, false);
    }

    fn moved_out(&mut self, out: &MoveOut<'_>, time_ms: u64) {
        let (kind, from, to, amount) = (out.kind, out.from, out.to, out.amount_fen.get());
        let staged = out.batch != BatchId(0);
        // What is staged has not left: nobody waits for it.
        let moved = Move { kind, from, to, amount, since_ms: time_ms, decided: staged };
        let book = self.book(book_of(from));
        book.moves.insert(out.id, moved);
        if staged {
            book.staged.entry(out.batch).or_default().push(Staged::Move(out.id));
        } else {
            self.fund(from, Funds::outflow(kind, from, to, amount), false);
            self.corrected(kind, from, amount, time_ms);
        }
    }

    fn settle(&mut self, id: MoveId, from: QuotaId, decided: bool) {
        if let Some(moved) = self.book(book_of(from)).moves.get_mut(&id) {
            moved.decided = decided;
        }
    }

    fn batch_ended(&mut self, book: Book, batch: BatchId, end: BatchEnd, time_ms: u64) {
        let staged = self.book(book).staged.remove(&batch).unwrap_or_default();
        for one in staged {
            match one {
                Staged::Act(kind, quota, amount) if end == BatchEnd::Closed => {
                    self.act(kind, quota, amount);
                }
                Staged::Act(..) => {}
                Staged::Move(id) if end == BatchEnd::Closed => {
                    let moves = &mut self.book(book).moves;
                    let Some(moved) = moves.get_mut(&id) else { continue };
                    (moved.decided, moved.since_ms) = (false, time_ms);
                    let Move { kind, from, to, amount, .. } = *moved;
                    self.fund(from, Funds::outflow(kind, from, to, amount), false);
                }
                Staged::Move(id) => {
                    self.book(book).moves.remove(&id);
                }
            }
        }
    }

    /// Changes what may be spent from a quota. The first money of a quota without a budget row that
    /// comes from last year makes it carry-over.
    fn fund(&mut self, quota: QuotaId, funds: Funds, carried_in: bool) {
        let Some(line) = self.line(quota) else { return };
        let mut cell = line.cell;
        let key = self.cell(cell).key;
        if carried_in && key.kind == QuotaKind::Unplanned && line.own == 0 && line.spent == NONE {
            cell = self.cell_of(CellKey { kind: QuotaKind::Carried, ..key });
        }
        let own = funds.own();
        let book = self.book(book_of(quota));
        if !key.transfer {
            book.own += own;
        }
        if let Some(line) = book.lines.get_mut(quota.serial() as usize) {
            line.own += own;
            line.cell = cell;
        }
        if let Some(cell) = self.cells.get_mut(cell as usize) {
            cell.funds.add(funds);
        }
    }

    fn line(&self, quota: QuotaId) -> Option<Line> {
        self.books.get(&book_of(quota))?.lines.get(quota.serial() as usize).copied()
    }

    fn reserved(&mut self, reserve: &Reserve<'_>, state: PaymentState, today: Day) {
        let Some(line) = self.line(reserve.quota) else { return };
        let day = self.days.entry(reserve.quota.year()).or_default();
        *day = (*day).max(reserve.day.min(today));
        self.spends(reserve.quota);
        let amount = reserve.amount_fen.get();
        // Nothing stood before it: as if it had been released.
        self.changed(reserve.quota, (PaymentState::Released, state), amount, None);
        if let Some(cell) = self.cells.get_mut(line.cell as usize)
            && cell.first.is_none_or(|first| reserve.day < first)
        {
            cell.first = Some(reserve.day);
        }
    }

    fn fact(&mut self, fact: &Fact<'_>, before: &Before) {
        let book = self.book(book_of(fact.quota));
        let refund = (fact.payment, fact.refund);
        let to_pool = match fact.kind {
            FactKind::Refund if book.closed => {
                book.pooled.insert(refund);
                true
            }
            FactKind::SettleRefund => book.pooled.remove(&refund),
            _ => false,
        };
        let spent = Spent::by(fact, before, to_pool);
        if matches!(fact.kind, FactKind::Refund | FactKind::SettleRefund) {
            let refunds = book.refunds.entry(fact.payment).or_default();
            *refunds = refunds.and(spent);
        }
        let after = before.standing.after_fact(fact.kind);
        let ends = holds(before.standing.state) && !holds(after.state);
        let held = if ends { -before.asked_fen.get() } else { 0 };
        let period = TenDays::of(fact.day, fact.quota.year());
        let states = (before.standing.state, after.state);
        self.changed(fact.quota, states, held, Some((period, spent)));
    }

    /// A payment of a quota went from one state to another.
    fn changed(
        &mut self,
        quota: QuotaId,
        (was, is): (PaymentState, PaymentState),
        held: i64,
        spent: Option<(TenDays, Spent)>,
    ) {
        let Some(line) = self.line(quota) else { return };
        let Some(cell) = self.cells.get_mut(line.cell as usize) else { return };
        cell.reserved += FenSum::from(held);
        let count = |count: &mut u32, was: bool, is: bool| {
            *count = (*count + u32::from(is)).saturating_sub(u32::from(was));
        };
        let live = |state| state != PaymentState::Released;
        count(&mut cell.payments, live(was), live(is));
        count(&mut cell.on_line, is_on_line(was), is_on_line(is));
        if let Some((period, spent)) = spent.filter(|(_, spent)| *spent != Spent::default()) {
            cell.spend(period, spent);
        }
        let transfer = cell.key.transfer;
        let spent = spent.map_or(Spent::default(), |(_, spent)| spent);
        let book = self.book(book_of(quota));
        count(&mut book.held, was == PaymentState::Held, is == PaymentState::Held);
        count(&mut book.unknown, was == PaymentState::Unknown, is == PaymentState::Unknown);
        if !transfer {
            book.spent_all = book.spent_all.and(spent);
        }
        if let Some((of_quota, reserved)) = book.spent.get_mut(line.spent as usize) {
            *of_quota = of_quota.and(spent);
            *reserved += held;
        }
    }
}

/// The division and year of a quota.
pub(super) const fn book_of(quota: QuotaId) -> (DivisionIndex, FiscalYear) {
    (quota.division(), quota.year())
}
