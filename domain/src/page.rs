//! A division in pages: what a checkpoint copies, keeps and gives back.
//!
//! [`Division::begin_round`] fixes a moment; [`Division::copy_owed`] then gives, piece by piece,
//! the pages that had changed by that moment, each as it stood there, while the division goes on.
//! All pages ever given, the newest of each, are the whole division at that moment, and
//! [`Division::restore`] makes it again. What is derived (indexes, lists) is not in any page.

use crate::apply::ordinal_of;
use crate::batch::Batch;
use crate::codes::YearState;
use crate::division::{
    ActRow, Division, RecoveredPool, RefusedRow, Registration, RowKey, YearBook, pack,
};
use crate::ids::{BatchId, DivisionIndex, FiscalYear, MoveId, PaymentId};
use crate::limit::{ContractCell, PayCeiling, PlanCell};
use crate::movement::{MoveInRow, MoveOutRow};
use crate::payment::Payment;
use crate::payment_pages::PAYMENTS_PER_PAGE;
use crate::quota::{QuotaCell, QuotaRow};
use crate::suspense::{Parked, ParkedEnd, ParkedKey};

/// Quotas in one page, of cells and of rows alike.
pub const QUOTAS_PER_PAGE: usize = 16;
/// Acts in one page.
pub const ACTS_PER_PAGE: usize = 64;
/// Ended ids in one page.
pub const REFUSED_PER_PAGE: usize = 32;
/// Payment plans in one page.
pub const PLANS_PER_PAGE: usize = 16;

/// A page of a year's payments, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PaymentPage {
    /// The division.
    pub division: DivisionIndex,
    /// The year.
    pub year: FiscalYear,
    /// The number of the page: payments by arrival, [`PAYMENTS_PER_PAGE`] in each.
    pub number: u32,
}

/// One page as it stood at the moment of a round.
#[derive(Clone, Debug, PartialEq)]
pub enum Page {
    /// The division's registration.
    Registration(Registration),
    /// A page of a year.
    OfYear(FiscalYear, YearPage),
}

/// What names a page: the newest page of each name counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PageName {
    /// The division's registration.
    Registration,
    /// The head of a year.
    Head(FiscalYear),
    /// Cells, by number.
    Cells(FiscalYear, u32),
    /// Cold rows, by number.
    Rows(FiscalYear, u32),
    /// Plans, by number.
    Plans(FiscalYear, u32),
    /// Payments, by number.
    Payments(FiscalYear, u32),
    /// Acts, by number.
    Acts(FiscalYear, u32),
    /// Ended ids, by number.
    Refused(FiscalYear, u32),
    /// A row that is found by key.
    Key(FiscalYear, RowKey),
}

impl Page {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> PageName {
        let Page::OfYear(year, page) = self else { return PageName::Registration };
        let year = *year;
        match page {
            YearPage::Head(_) => PageName::Head(year),
            YearPage::Cells(number, _) => PageName::Cells(year, *number),
            YearPage::Rows(number, _) => PageName::Rows(year, *number),
            YearPage::Plans(number, _) => PageName::Plans(year, *number),
            YearPage::Payments(number, _) | YearPage::PaymentIds(number, _) => {
                PageName::Payments(year, *number)
            }
            YearPage::Acts(number, _) => PageName::Acts(year, *number),
            YearPage::Refused(number, _) => PageName::Refused(year, *number),
            YearPage::Contract(serial, cell) => {
                PageName::Key(year, RowKey::Contract(*serial, cell.contract))
            }
            YearPage::MoveOut(id, _) => PageName::Key(year, RowKey::MoveOut(*id)),
            YearPage::MoveRefused(id, _) => PageName::Key(year, RowKey::MoveRefused(*id)),
            YearPage::MoveIn(id, row) => {
                PageName::Key(year, RowKey::MoveIn(*id, row.from.division(), row.from.year()))
            }
            YearPage::Batch(id, _) => PageName::Key(year, RowKey::Batch(*id)),
            YearPage::Parked(key, _) | YearPage::ParkedEnded(key, _) => {
                PageName::Key(year, RowKey::Parked(*key))
            }
            YearPage::Gone(key) => PageName::Key(year, *key),
        }
    }
}

impl PaymentPage {
    /// The name it is kept under.
    #[must_use]
    pub fn name(&self) -> PageName {
        PageName::Payments(self.year, self.number)
    }
}

/// One page of a year.
#[derive(Clone, Debug, PartialEq)]
pub enum YearPage {
    /// Everything of the year that is one of a kind.
    Head(YearHead),
    /// Cells of neighbouring quotas.
    Cells(u32, Vec<QuotaCell>),
    /// Cold rows of neighbouring quotas.
    Rows(u32, Vec<QuotaRow>),
    /// Payment plans.
    Plans(u32, Vec<PlanCell>),
    /// Payments by arrival.
    Payments(u32, Vec<Payment>),
    /// Payments by arrival, of which nothing but their ids is needed.
    PaymentIds(u32, Vec<PaymentId>),
    /// Acts by arrival.
    Acts(u32, Vec<ActRow>),
    /// Ended ids by arrival.
    Refused(u32, Vec<RefusedRow>),
    /// A contract's cell, by the serial of its quota.
    Contract(u64, ContractCell),
    /// A move out.
    MoveOut(MoveId, MoveOutRow),
    /// The ended id of a refused move.
    MoveRefused(MoveId, RefusedRow),
    /// A move in.
    MoveIn(MoveId, MoveInRow),
    /// A batch.
    Batch(BatchId, Batch),
    /// A fact in suspense.
    Parked(ParkedKey, Parked),
    /// A fact that was in suspense.
    ParkedEnded(ParkedKey, ParkedEnd),
    /// A row that is no more.
    Gone(RowKey),
}

/// What a year has one of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct YearHead {
    /// Where the year stands.
    pub state: YearState,
    /// The rule that approves small payments in one act.
    pub ceiling: PayCeiling,
    /// What came back after the close.
    pub pool: RecoveredPool,
    /// Payments that can still pay.
    pub open_payments: u64,
    /// Facts ever put into suspense.
    pub arrivals: u64,
}

impl Division {
    /// True when something has happened since the last round began.
    #[must_use]
    pub fn is_changed(&self) -> bool {
        self.changed
    }

    /// Fixes the moment of a round.
    ///
    /// # Panics
    /// If a round is running already, or a linked run is being decided.
    pub fn begin_round(&mut self) {
        self.changed = false;
        self.round.clear();
        self.round.extend(self.registration.clone().map(Page::Registration));
        for book in &mut self.years {
            let head = YearHead {
                state: book.state,
                ceiling: book.ceiling,
                pool: book.pool,
                open_payments: book.open_payments,
                arrivals: book.suspense.arrivals(),
            };
            self.round.push(Page::OfYear(book.year, YearPage::Head(head)));
            book.begin_round();
        }
    }

    /// Copies up to `max` owed pages, and gives those copied before their first change. True:
    /// that was the last of the round. To be called only once the records of everything decided
    /// before the round have landed: then every row knows its sequence.
    pub fn copy_owed(&mut self, max: usize, into: &mut Vec<Page>) -> bool {
        into.append(&mut self.round);
        let end = into.len() + max;
        for book in &mut self.years {
            book.give_captured(into);
            while into.len() < end {
                let Some(page) = book.copy_next() else { break };
                into.push(Page::OfYear(book.year, page));
            }
            if into.len() >= end {
                return false;
            }
        }
        true
    }

    /// Pages that were copied before they changed and wait to be given.
    #[must_use]
    pub fn captured(&self) -> usize {
        self.years.iter().map(|book| book.captured.len()).sum()
    }

    /// The round's pages are kept.
    pub fn keep_round(&mut self) {
        self.years.iter_mut().for_each(|book| book.each_mark(|m| m.keep(), |m| m.keep()));
    }

    /// The round's pages are lost: they count as changed again.
    pub fn lose_round(&mut self) {
        self.round.clear();
        self.changed = true;
        for book in &mut self.years {
            book.captured.clear();
            book.each_mark(|m| m.lose(), |m| m.lose());
        }
    }

    /// Takes a page back that was kept. Pages of one kind come by number; what is derived from
    /// them is made anew. [`Division::restored`] comes after the last.
    ///
    /// # Errors
    /// What does not follow from the pages before: they are then not the ones that were kept.
    pub fn restore(&mut self, page: Page) -> Result<(), String> {
        match page {
            Page::Registration(registration) => self.registration = Some(registration),
            Page::OfYear(year, page) => self.year_or_new(year).restore(page)?,
        }
        Ok(())
    }

    /// Ends a restoration: what depends on all pages together.
    ///
    /// # Errors
    /// What the pages lack.
    pub fn restored(&mut self) -> Result<(), String> {
        for book in &mut self.years {
            let (cells, rows) = (book.quotas.len(), book.rows.len());
            if cells != rows {
                return Err(format!(
                    "year {}: {cells} quota cells and {rows} rows",
                    book.year.get()
                ));
            }
            book.suspense.put_in_order();
        }
        Ok(())
    }

    /// Numbers of all pages of payments that are out of memory.
    #[must_use]
    pub fn pages_out(&self) -> Vec<PaymentPage> {
        let division = self.index;
        let of = |book: &YearBook| {
            let year = book.year;
            let page = move |number| PaymentPage { division, year, number: number as u32 };
            book.payments.numbers_out().map(page).collect::<Vec<_>>()
        };
        self.years.iter().flat_map(of).collect()
    }

    /// Brings a page of payments back into memory.
    ///
    /// # Panics
    /// If it is not the page that left.
    pub fn bring_in(&mut self, page: PaymentPage, payments: Vec<Payment>) {
        if let Some(book) = self.year_mut(page.year) {
            book.payments.bring_in(page.number as usize, payments);
        }
    }

    /// Lets settled pages of payments leave memory, up to `max`; gives how many left. Only pages
    /// that stand in a kept round leave.
    pub fn let_out(&mut self, max: usize) -> usize {
        let mut left = 0;
        for book in &mut self.years {
            left += book.let_out(max - left);
        }
        left
    }
}

impl YearBook {
    /// How many pages of payments are out of memory.
    #[must_use]
    pub fn payment_pages_out(&self) -> usize {
        self.payments.pages_out()
    }

    /// The page a payment stands on, when that is out of memory.
    #[must_use]
    pub fn page_out_of(&self, payment: PaymentId) -> Option<PaymentPage> {
        if self.payments.pages_out() == 0 {
            return None;
        }
        let index = self.payment_index(payment)?;
        let out = self.payments.get(index).is_none();
        let number = (index / PAYMENTS_PER_PAGE) as u32;
        out.then_some(PaymentPage { division: self.division, year: self.year, number })
    }

    pub(crate) fn touch_cell(&mut self, serial: usize) {
        let page = serial / QUOTAS_PER_PAGE;
        if self.marks.cells.note(page) {
            self.capture(self.cells_page(page));
        }
    }

    pub(crate) fn touch_row(&mut self, serial: usize) {
        let page = serial / QUOTAS_PER_PAGE;
        if self.marks.rows.note(page) {
            self.capture(self.rows_page(page));
        }
    }

    pub(crate) fn touch_plan(&mut self, slot: usize) {
        let page = slot / PLANS_PER_PAGE;
        if self.marks.plans.note(page) {
            self.capture(self.plans_page(page));
        }
    }

    pub(crate) fn touch_payment(&mut self, index: usize) {
        let page = index / PAYMENTS_PER_PAGE;
        if self.marks.payments.note(page) {
            self.capture(self.payments_page(page));
        }
    }

    pub(crate) fn touch_act(&mut self, index: usize) {
        let page = index / ACTS_PER_PAGE;
        if self.marks.acts.note(page) {
            self.capture(self.acts_page(page));
        }
    }

    pub(crate) fn touch_refused(&mut self, index: usize) {
        let page = index / REFUSED_PER_PAGE;
        if self.marks.refused.note(page) {
            self.capture(self.refused_page(page));
        }
    }

    pub(crate) fn touch_key(&mut self, key: RowKey) {
        if self.marks.keys.note(key) {
            self.capture(self.keyed_page(key));
        }
    }

    #[cold]
    fn capture(&mut self, page: YearPage) {
        self.captured.push(page);
    }

    fn cells_page(&self, page: usize) -> YearPage {
        YearPage::Cells(page as u32, page_of(page, QUOTAS_PER_PAGE, |at| self.quotas.get(at)))
    }

    fn rows_page(&self, page: usize) -> YearPage {
        YearPage::Rows(page as u32, page_of(page, QUOTAS_PER_PAGE, |at| self.rows.get(at)))
    }

    fn plans_page(&self, page: usize) -> YearPage {
        YearPage::Plans(page as u32, page_of(page, PLANS_PER_PAGE, |at| self.plans.get(at)))
    }

    fn payments_page(&self, page: usize) -> YearPage {
        let payments = self.payments.page(page).expect("a page that is out does not change");
        YearPage::Payments(page as u32, payments.to_vec())
    }

    fn acts_page(&self, page: usize) -> YearPage {
        YearPage::Acts(page as u32, page_of(page, ACTS_PER_PAGE, |at| self.acts.get(at)))
    }

    fn refused_page(&self, page: usize) -> YearPage {
        YearPage::Refused(page as u32, page_of(page, REFUSED_PER_PAGE, |at| self.refused.get(at)))
    }

    fn keyed_page(&self, key: RowKey) -> YearPage {
        let page = match key {
            RowKey::Contract(serial, id) => {
                self.contracts.get(&(serial, id)).map(|&cell| YearPage::Contract(serial, cell))
            }
            RowKey::MoveOut(id) => self.moves_out.get(&id).map(|&row| YearPage::MoveOut(id, row)),
            RowKey::MoveRefused(id) => {
                self.moves_refused.get(&id).map(|&row| YearPage::MoveRefused(id, row))
            }
            RowKey::MoveIn(id, division, year) => {
                let row = self.moves_in.get(&(id, division, year));
                row.map(|&row| YearPage::MoveIn(id, row))
            }
            RowKey::Batch(id) => {
                self.batches.get(&id).map(|batch| YearPage::Batch(id, batch.clone()))
            }
            RowKey::Parked(key) => match (self.suspense.get(&key), self.suspense.ended(&key)) {
                (Some(parked), _) => Some(YearPage::Parked(key, parked.clone())),
                (None, Some(end)) => Some(YearPage::ParkedEnded(key, end)),
                (None, None) => None,
            },
        };
        page.unwrap_or(YearPage::Gone(key))
    }

    fn each_mark(
        &mut self,
        mut pages: impl FnMut(&mut crate::marks::PageMarks),
        mut keys: impl FnMut(&mut crate::marks::KeyMarks<RowKey>),
    ) {
        let marks = &mut self.marks;
        for one in [&mut marks.cells, &mut marks.rows, &mut marks.plans, &mut marks.payments] {
            pages(one);
        }
        pages(&mut marks.acts);
        pages(&mut marks.refused);
        keys(&mut marks.keys);
    }

    /// Bytes of the marks.
    pub(crate) fn marks_bytes(&self) -> usize {
        let marks = &self.marks;
        let dense = [&marks.cells, &marks.rows, &marks.plans, &marks.payments];
        let sum: usize = dense.iter().map(|marks| marks.bytes()).sum();
        sum + marks.acts.bytes() + marks.refused.bytes()
    }

    fn begin_round(&mut self) {
        assert!(self.captured.is_empty(), "one round at a time");
        self.each_mark(|m| m.begin(), |m| m.begin());
    }

    fn copy_next(&mut self) -> Option<YearPage> {
        let marks = &mut self.marks;
        // Payments last: most of them, and least of what a start needs first.
        if let Some(page) = marks.cells.next_owed() {
            return Some(self.cells_page(page));
        }
        if let Some(page) = marks.rows.next_owed() {
            return Some(self.rows_page(page));
        }
        if let Some(page) = marks.plans.next_owed() {
            return Some(self.plans_page(page));
        }
        if let Some(key) = marks.keys.next_owed() {
            return Some(self.keyed_page(key));
        }
        if let Some(page) = marks.acts.next_owed() {
            return Some(self.acts_page(page));
        }
        if let Some(page) = marks.refused.next_owed() {
            return Some(self.refused_page(page));
        }
        marks.payments.next_owed().map(|page| self.payments_page(page))
    }

    /// Gives what was copied early. A row that was copied before its record landed learns its
    /// sequence now: it was decided before the round, so it has landed.
    fn give_captured(&mut self, into: &mut Vec<Page>) {
        let captured = std::mem::take(&mut self.captured);
        for mut page in captured {
            self.place_copy(&mut page);
            into.push(Page::OfYear(self.year, page));
        }
    }

    fn place_copy(&self, page: &mut YearPage) {
        match page {
            YearPage::Payments(number, payments) => {
                let first = *number as usize * PAYMENTS_PER_PAGE;
                for (at, copy) in payments.iter_mut().enumerate() {
                    place(&mut copy.sequence, self.payments.get(first + at).map(|p| p.sequence));
                }
            }
            YearPage::Acts(number, rows) => {
                let first = *number as usize * ACTS_PER_PAGE;
                for (at, copy) in rows.iter_mut().enumerate() {
                    place(&mut copy.sequence, self.acts.get(first + at).map(|row| row.sequence));
                }
            }
            YearPage::Refused(number, rows) => {
                let first = *number as usize * REFUSED_PER_PAGE;
                for (at, copy) in rows.iter_mut().enumerate() {
                    place(&mut copy.sequence, self.refused.get(first + at).map(|r| r.sequence));
                }
            }
            YearPage::MoveOut(id, copy) => {
                place(&mut copy.sequence, self.moves_out.get(id).map(|row| row.sequence));
            }
            YearPage::MoveRefused(id, copy) => {
                place(&mut copy.sequence, self.moves_refused.get(id).map(|row| row.sequence));
            }
            _ => {}
        }
    }

    fn let_out(&mut self, max: usize) -> usize {
        let pages = self.payments.pages();
        let mut left = 0;
        for _ in 0..pages {
            if left == max {
                break;
            }
            self.leave_from = (self.leave_from + 1) % pages;
            let page = self.leave_from;
            if self.marks.payments.is_kept(page) && self.payments.is_settled(page) {
                self.payments.let_out(page);
                left += 1;
            }
        }
        left
    }

    fn restore(&mut self, page: YearPage) -> Result<(), String> {
        match page {
            YearPage::Head(head) => {
                let YearHead { state, ceiling, pool, open_payments, arrivals } = head;
                (self.state, self.ceiling, self.pool) = (state, ceiling, pool);
                self.open_payments = open_payments;
                self.suspense.restore_arrivals(arrivals);
            }
            YearPage::Cells(number, cells) => {
                in_order("cells", number, QUOTAS_PER_PAGE, self.quotas.len())?;
                self.marks.cells.learn(number as usize);
                for cell in cells {
                    self.quotas.push(cell);
                }
            }
            YearPage::Rows(number, rows) => {
                in_order("rows", number, QUOTAS_PER_PAGE, self.rows.len())?;
                self.marks.rows.learn(number as usize);
                for row in rows {
                    let serial = self.rows.len() as u32;
                    if self.keys.insert(row.key.clone(), serial).is_some() {
                        return Err(format!("the official key {} stands twice", row.key));
                    }
                    self.rows.push(row);
                }
            }
            YearPage::Plans(number, plans) => {
                in_order("plans", number, PLANS_PER_PAGE, self.plans.len())?;
                self.marks.plans.learn(number as usize);
                for plan in plans {
                    self.plan_slots.insert(plan.key, self.plans.len() as u32);
                    self.plans.push(plan);
                }
            }
            YearPage::Payments(number, payments) => {
                let ids: Vec<PaymentId> = payments.iter().map(|payment| payment.id).collect();
                self.restore_payments(number, &ids, Some(payments))?;
            }
            YearPage::PaymentIds(number, ids) => self.restore_payments(number, &ids, None)?,
            YearPage::Acts(number, rows) => {
                in_order("acts", number, ACTS_PER_PAGE, self.acts.len())?;
                self.marks.acts.learn(number as usize);
                for row in rows {
                    let probe = self.act_ids.probe(row.id.0);
                    let index = self.acts.push(row);
                    self.act_ids.insert(probe, pack(index, false));
                }
            }
            YearPage::Refused(number, rows) => {
                in_order("ended ids", number, REFUSED_PER_PAGE, self.refused.len())?;
                self.marks.refused.learn(number as usize);
                for row in rows {
                    let ids =
                        if row.of_payment { &mut self.payment_ids } else { &mut self.act_ids };
                    let probe = ids.probe(row.id);
                    ids.insert(probe, pack(self.refused.push(row), true));
                }
            }
            YearPage::Contract(serial, cell) => {
                self.contracts.insert((serial, cell.contract), cell);
            }
            YearPage::MoveOut(id, row) => {
                self.moves_out.insert(id, row);
            }
            YearPage::MoveRefused(id, row) => {
                self.moves_refused.insert(id, row);
            }
            YearPage::MoveIn(id, row) => {
                let key = (id, row.from.division(), row.from.year());
                self.moves_in.insert(key, row);
            }
            YearPage::Batch(id, batch) => {
                self.batches.insert(id, batch);
            }
            YearPage::Parked(key, parked) => self.suspense.restore(key, parked),
            YearPage::ParkedEnded(key, end) => self.suspense.restore_ended(key, end),
            YearPage::Gone(_) => {}
        }
        Ok(())
    }

    fn restore_payments(
        &mut self,
        number: u32,
        ids: &[PaymentId],
        payments: Option<Vec<Payment>>,
    ) -> Result<(), String> {
        in_order("payments", number, PAYMENTS_PER_PAGE, self.payments.len())?;
        self.marks.payments.learn(number as usize);
        let first = self.payments.len();
        for (at, id) in ids.iter().enumerate() {
            self.payment_ids.insert(self.payment_ids.probe(id.0), pack(first + at, false));
        }
        self.payments.restore(ids, payments);
        Ok(())
    }
}

fn in_order(kind: &str, number: u32, per_page: usize, have: usize) -> Result<(), String> {
    if number as usize * per_page == have {
        return Ok(());
    }
    Err(format!("page {number} of {kind} comes after {have} of them"))
}

fn page_of<'a, T: Clone + 'a>(
    page: usize,
    per_page: usize,
    get: impl Fn(usize) -> Option<&'a T>,
) -> Vec<T> {
    let first = page * per_page;
    (first..first + per_page).map_while(get).cloned().collect()
}

fn place(copy: &mut u64, now: Option<u64>) {
    if *copy == 0 || ordinal_of(*copy).is_some() {
        *copy = now.unwrap_or(0);
    }
}
