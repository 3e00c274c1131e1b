//! Which pages of a year have changed, and their copies as of one moment. Never puts anything back.

use super::{
    ACTS_PER_PAGE, PLANS_PER_PAGE, Page, QUOTAS_PER_PAGE, REFUSED_PER_PAGE, STAGED_PER_PAGE,
    TRACES_PER_PAGE, YearPage,
};
use crate::apply::ordinal_of;
use crate::division::{RowKey, YearBook};
use crate::marks::{KeyMarks, PageMarks};
use crate::payment_pages::PAYMENTS_PER_PAGE;

impl YearBook {
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

    pub(crate) fn touch_trace(&mut self, index: usize) {
        let page = index / TRACES_PER_PAGE;
        if self.marks.traces.note(page) {
            self.capture(self.traces_page(page));
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

    fn traces_page(&self, page: usize) -> YearPage {
        YearPage::Traces(page as u32, page_of(page, TRACES_PER_PAGE, |at| self.traces.get(at)))
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
                self.batches.get(&id).map(|batch| YearPage::Batch(id, batch.without_staged()))
            }
            RowKey::Staged(id, number) => {
                let staged = self.batches.get(&id).map_or(&[][..], |batch| &batch.staged);
                let page = staged.chunks(STAGED_PER_PAGE).nth(number as usize);
                page.map(|page| YearPage::Staged(id, number, page.to_vec()))
            }
            RowKey::Parked(key) => match (self.suspense.get(&key), self.suspense.ended(&key)) {
                (Some(parked), _) => Some(YearPage::Parked(key, parked.clone())),
                (None, Some(end)) => Some(YearPage::ParkedEnded(key, end)),
                (None, None) => None,
            },
            RowKey::Slot(number) => {
                let slot = self.office.slots().get(number as usize);
                slot.map(|slot| YearPage::Slot(number, slot.clone()))
            }
        };
        page.unwrap_or(YearPage::Gone(key))
    }

    pub(super) fn each_mark(
        &mut self,
        mut pages: impl FnMut(&mut PageMarks),
        mut keys: impl FnMut(&mut KeyMarks<RowKey>),
    ) {
        let marks = &mut self.marks;
        for one in [&mut marks.cells, &mut marks.rows, &mut marks.plans, &mut marks.payments] {
            pages(one);
        }
        pages(&mut marks.traces);
        pages(&mut marks.acts);
        pages(&mut marks.refused);
        keys(&mut marks.keys);
    }

    /// Bytes of the marks.
    pub(crate) fn marks_bytes(&self) -> usize {
        let marks = &self.marks;
        let dense = [&marks.cells, &marks.rows, &marks.plans, &marks.payments];
        let sum: usize = dense.iter().map(|marks| marks.bytes()).sum();
        sum + marks.traces.bytes() + marks.acts.bytes() + marks.refused.bytes()
    }

    pub(super) fn begin_round(&mut self) {
        assert!(self.captured.is_empty(), "one round at a time");
        self.each_mark(|m| m.begin(), |m| m.begin());
    }

    pub(super) fn copy_next(&mut self) -> Option<YearPage> {
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
        if let Some(page) = marks.traces.next_owed() {
            return Some(self.traces_page(page));
        }
        marks.payments.next_owed().map(|page| self.payments_page(page))
    }

    /// Gives what was copied early. A row that was copied before its record landed learns its
    /// sequence now: it was decided before the round, so it has landed.
    pub(super) fn give_captured(&mut self, into: &mut Vec<Page>) {
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
