//! A division in pages: what a checkpoint copies, keeps and gives back.
//!
//! [`Division::begin_round`] fixes a moment; [`Division::copy_owed`] then gives, piece by piece,
//! the pages that had changed by that moment, each as it stood there, while the division goes on.
//! All pages ever given, the newest of each, are the whole division at that moment, and
//! [`Division::restore`] makes it again. What is derived (indexes, lists) is not in any page.

mod copy;
mod restore;

use crate::batch::{Batch, Staged};
use crate::codes::YearState;
use crate::division::{
    ActRow, Division, RecoveredPool, RefusedRow, Registration, RowKey, YearBook,
};
use crate::ids::{BatchId, DivisionIndex, FiscalYear, MoveId, PaymentId};
use crate::limit::{ContractCell, PayCeiling, PlanCell};
use crate::movement::{MoveInRow, MoveOutRow};
use crate::office::Slot;
use crate::office::rules::trace::Trace;
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
/// What rules remember of payments, in one page.
pub const TRACES_PER_PAGE: usize = 32;
/// Payment plans in one page.
pub const PLANS_PER_PAGE: usize = 16;

/// What is staged in a batch, in one page: that many papers are still one row of a checkpoint.
pub const STAGED_PER_PAGE: usize = 32;

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
    /// What rules remember of payments, by number.
    Traces(FiscalYear, u32),
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
            YearPage::Traces(number, _) => PageName::Traces(year, *number),
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
            YearPage::Staged(id, number, _) => PageName::Key(year, RowKey::Staged(*id, *number)),
            YearPage::Parked(key, _) | YearPage::ParkedEnded(key, _) => {
                PageName::Key(year, RowKey::Parked(*key))
            }
            YearPage::Slot(number, _) => PageName::Key(year, RowKey::Slot(*number)),
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
    /// What rules remember of payments, by their arrival.
    Traces(u32, Vec<Trace>),
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
    /// A batch, with nothing of what is staged in it.
    Batch(BatchId, Batch),
    /// What is staged in a batch, by number, in its order.
    Staged(BatchId, u32, Vec<Staged>),
    /// A fact in suspense.
    Parked(ParkedKey, Parked),
    /// A fact that was in suspense.
    ParkedEnded(ParkedKey, ParkedEnd),
    /// A slot of what the finance office has on file.
    Slot(u32, Slot),
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
            book.rules = crate::office::rules::Rules::of(book);
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
}
