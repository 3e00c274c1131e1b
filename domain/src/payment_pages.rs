//! The payments of a year, in pages by arrival, of which settled ones may leave memory.
//!
//! A page that is out keeps its payments' ids here, so that an id is known or unknown without
//! it; everything else of them comes back with the page. Which page may leave is the caller's to
//! decide: it must be kept elsewhere first.

use crate::ids::PaymentId;
use crate::payment::Payment;

/// Payments in one page.
pub const PAYMENTS_PER_PAGE: usize = 16;

/// The payments of one year.
#[derive(Clone, Debug, Default)]
pub(crate) struct PaymentPages {
    pages: Vec<Page>,
    len: usize,
    out: usize,
}

#[derive(Clone, Debug)]
enum Page {
    In(Vec<Payment>),
    Out(Box<[PaymentId]>),
}

impl PaymentPages {
    /// How many payments there are, in memory or not.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// How many pages there are.
    pub(crate) fn pages(&self) -> usize {
        self.pages.len()
    }

    /// How many pages are out.
    pub(crate) fn pages_out(&self) -> usize {
        self.out
    }

    /// Adds a payment and gives its index.
    ///
    /// # Panics
    /// If the page it goes to is out: only full pages leave.
    pub(crate) fn push(&mut self, payment: Payment) -> usize {
        let index = self.len;
        if index / PAYMENTS_PER_PAGE == self.pages.len() {
            self.pages.push(Page::In(Vec::with_capacity(PAYMENTS_PER_PAGE)));
        }
        match &mut self.pages[index / PAYMENTS_PER_PAGE] {
            Page::In(payments) => payments.push(payment),
            Page::Out(_) => panic!("a page that is not full never leaves memory"),
        }
        self.len += 1;
        index
    }

    /// Takes the newest payment back.
    pub(crate) fn pop(&mut self) {
        let page = self.len.checked_sub(1).map(|last| &mut self.pages[last / PAYMENTS_PER_PAGE]);
        if let Some(Page::In(payments)) = page {
            payments.pop();
            self.len -= 1;
        }
    }

    /// The payment at an index; `None` where there is none, or its page is out.
    #[inline]
    pub(crate) fn get(&self, index: usize) -> Option<&Payment> {
        match self.pages.get(index / PAYMENTS_PER_PAGE)? {
            Page::In(payments) => payments.get(index % PAYMENTS_PER_PAGE),
            Page::Out(_) => None,
        }
    }

    /// Has the payment at an index brought into the cache.
    pub(crate) fn prefetch(&self, index: usize) {
        if let Some(payment) = self.get(index) {
            payment.prefetch();
        }
    }

    /// The payment at an index, to change.
    #[inline]
    pub(crate) fn get_mut(&mut self, index: usize) -> Option<&mut Payment> {
        match self.pages.get_mut(index / PAYMENTS_PER_PAGE)? {
            Page::In(payments) => payments.get_mut(index % PAYMENTS_PER_PAGE),
            Page::Out(_) => None,
        }
    }

    /// The id of the payment at an index, in memory or not.
    #[inline]
    pub(crate) fn id_at(&self, index: usize) -> Option<PaymentId> {
        match self.pages.get(index / PAYMENTS_PER_PAGE)? {
            Page::In(payments) => payments.get(index % PAYMENTS_PER_PAGE).map(|p| p.id),
            Page::Out(ids) => ids.get(index % PAYMENTS_PER_PAGE).copied(),
        }
    }

    /// The payments of a page; `None` where it is out or there is none.
    pub(crate) fn page(&self, page: usize) -> Option<&[Payment]> {
        match self.pages.get(page)? {
            Page::In(payments) => Some(payments),
            Page::Out(_) => None,
        }
    }

    /// Every payment in memory, in the order they were accepted.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Payment> {
        self.pages
            .iter()
            .flat_map(|page| if let Page::In(payments) = page { payments.as_slice() } else { &[] })
    }

    /// Numbers of the pages that are out.
    pub(crate) fn numbers_out(&self) -> impl Iterator<Item = usize> {
        let out = |(number, page): (usize, &Page)| matches!(page, Page::Out(_)).then_some(number);
        self.pages.iter().enumerate().filter_map(out)
    }

    /// True when a page is full and nothing can happen to its payments any more but what a
    /// repeat, a look-up or a late refund asks.
    pub(crate) fn is_settled(&self, page: usize) -> bool {
        self.page(page).is_some_and(|payments| {
            payments.len() == PAYMENTS_PER_PAGE && payments.iter().all(Payment::is_settled)
        })
    }

    /// Lets a full page leave memory. Its content must be kept elsewhere.
    pub(crate) fn let_out(&mut self, page: usize) {
        let Some(slot) = self.pages.get_mut(page) else { return };
        if let Page::In(payments) = slot
            && payments.len() == PAYMENTS_PER_PAGE
        {
            *slot = Page::Out(payments.iter().map(|payment| payment.id).collect());
            self.out += 1;
        }
    }

    /// Brings a page back. One that is in memory is newer, and stays.
    ///
    /// # Panics
    /// If the page brought is not the one that left.
    pub(crate) fn bring_in(&mut self, page: usize, payments: Vec<Payment>) {
        let Some(slot) = self.pages.get_mut(page) else { return };
        if let Page::Out(ids) = slot {
            let same = payments.iter().map(|payment| payment.id).eq(ids.iter().copied());
            assert!(same, "payment page {page} came back with other payments than it left with");
            *slot = Page::In(payments);
            self.out -= 1;
        }
    }

    /// Adds the next page, read from where it was kept; out of memory where its payments are not
    /// given.
    ///
    /// # Panics
    /// If the page before it is not full: pages come in order.
    pub(crate) fn restore(&mut self, ids: &[PaymentId], payments: Option<Vec<Payment>>) {
        assert_eq!(self.len, self.pages.len() * PAYMENTS_PER_PAGE, "pages come in order, whole");
        self.len += ids.len();
        self.pages.push(match payments {
            Some(payments) => Page::In(payments),
            None => {
                self.out += 1;
                Page::Out(ids.into())
            }
        });
    }

    /// Bytes in memory: the payments, and what stays of those that are out.
    pub(crate) fn bytes(&self) -> (usize, usize) {
        let held = (self.pages.len() - self.out) * PAYMENTS_PER_PAGE * size_of::<Payment>();
        let out = self.out * PAYMENTS_PER_PAGE * size_of::<PaymentId>();
        (held, out + self.pages.capacity() * size_of::<Page>())
    }
}
