//! What came of the engine's journal and finance's store has not had a turn for: gathered, and taken at once.
//!
//! Without it every group of a busy engine would be a turn of finance's store and a write to the disk, whether anything
//! was ordered in it or not.

use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result};
use exchange::finance::{Finance, Order as FinanceOrder};
use exchange::party::{Inbound, Inbox};
use protocol::Cursor;

use super::engine::Followed;
use super::following::ENDED;

/// Payments that are gathered before the journal is read no further: each becomes a voucher of one turn.
const GATHERED_MAX: usize = 8_192;

/// Records of the engine's journal after which the store is told how far it was read, though nothing came of them.
const CURSOR_EVERY_RECORDS: u64 = 65_536;

/// Orders to finance's business, in the order of the journal.
#[derive(Debug, Default)]
pub(super) struct Orders {
    orders: Vec<FinanceOrder>,
    payments: usize,
}

impl Orders {
    /// Payments that follow each other become vouchers together; one that is taken back before the store heard of
    /// it gets none.
    pub(super) fn push(&mut self, order: FinanceOrder) {
        match (order, self.orders.last_mut()) {
            (FinanceOrder::Ordered(mut due), last) => {
                self.payments += due.len();
                match last {
                    Some(FinanceOrder::Ordered(same)) => same.append(&mut due),
                    _ => self.orders.push(FinanceOrder::Ordered(due)),
                }
            }
            (FinanceOrder::Voided { book, payment }, _) => {
                for order in &mut self.orders {
                    let FinanceOrder::Ordered(due) = order else { continue };
                    let before = due.len();
                    due.retain(|due| (due.book, due.payment) != (book, payment));
                    self.payments -= before - due.len();
                }
                // It may have heard of it as a payment without a voucher.
                self.orders.push(FinanceOrder::Voided { book, payment });
            }
            (other, _) => self.orders.push(other),
        }
    }

    fn append(&mut self, more: Orders) {
        more.orders.into_iter().for_each(|order| self.push(order));
    }
}

/// What the store takes at its next turn.
#[derive(Debug)]
struct Gathered {
    cursor: Cursor,
    orders: Orders,
    /// The store was told that there is something, and has not taken it.
    told: bool,
}

/// What was gathered, and the store that takes it.
pub(super) struct Gathering {
    store: Inbox<Finance>,
    /// The engine's data set.
    data_set: u128,
    gathered: Arc<Mutex<Gathered>>,
    /// How far the store was told that the journal was read.
    told: Cursor,
    /// Hears that the store has taken what it was told of last.
    taken: Option<Receiver<()>>,
}

impl Gathering {
    /// Nothing gathered, for a store that has the journal up to a cursor.
    pub(super) fn new(store: Inbox<Finance>, data_set: u128, cursor: Cursor) -> Gathering {
        let gathered = Gathered { cursor, orders: Orders::default(), told: false };
        let gathered = Arc::new(Mutex::new(gathered));
        Gathering { store, data_set, gathered, told: cursor, taken: None }
    }

    /// Adds what came of the journal up to a cursor. Waits while the store is too far behind.
    pub(super) fn add(&mut self, cursor: Cursor, orders: Orders) -> Result<()> {
        let read = cursor.position.sequence.saturating_sub(self.told.position.sequence);
        let (tell, is_full) = {
            let mut gathered = self.gathered.lock().unwrap_or_else(PoisonError::into_inner);
            gathered.cursor = cursor;
            gathered.orders.append(orders);
            let worth = !gathered.orders.orders.is_empty() || read >= CURSOR_EVERY_RECORDS;
            let tell = worth && !gathered.told;
            gathered.told |= tell;
            (tell, gathered.orders.payments >= GATHERED_MAX)
        };
        if tell {
            self.tell(cursor)?;
        }
        match &self.taken {
            Some(taken) if is_full => taken.recv().ok().context(ENDED),
            _ => Ok(()),
        }
    }

    fn tell(&mut self, cursor: Cursor) -> Result<()> {
        let (tell, taken) = channel();
        (self.told, self.taken) = (cursor, Some(taken));
        let (gathered, data_set) = (Arc::clone(&self.gathered), Some(self.data_set));
        let take = move || {
            let mut gathered = gathered.lock().unwrap_or_else(PoisonError::into_inner);
            gathered.told = false;
            let orders = std::mem::take(&mut gathered.orders).orders;
            // Who gathers waits for it only where there is too much.
            let _ = tell.send(());
            (Followed { cursor: gathered.cursor, data_set }.to_bytes(), orders)
        };
        self.store.send(Inbound::Follow(Box::new(take))).ok().context(ENDED)
    }
}

#[cfg(test)]
mod tests {
    use domain::codes::Path;
    use domain::ids::{Day, DivisionIndex, FiscalYear, PaymentId};
    use domain::office::shelves::Book;
    use domain::voucher::DivisionCode;
    use exchange::finance::due::Due;
    use protocol::Position;

    use super::*;

    fn book() -> Book {
        (DivisionIndex(5), FiscalYear::new(2022).expect("a year"))
    }

    fn ordered(payments: impl IntoIterator<Item = u128>) -> FinanceOrder {
        let due = |payment| Due {
            division: DivisionCode::new("370000005").expect("a division"),
            book: book(),
            payment: PaymentId(payment),
            path: Path::Treasury,
            day: Day::default(),
            payees: None,
            order: Err("no account".to_owned()),
        };
        FinanceOrder::Ordered(payments.into_iter().map(due).collect())
    }

    fn voided(payment: u128) -> FinanceOrder {
        FinanceOrder::Voided { book: book(), payment: PaymentId(payment) }
    }

    fn orders(orders: impl IntoIterator<Item = FinanceOrder>) -> Orders {
        let mut all = Orders::default();
        orders.into_iter().for_each(|order| all.push(order));
        all
    }

    fn at(sequence: u64) -> Cursor {
        let position = Position { epoch: 1, sequence };
        Cursor { position, group_hash: [0; 32] }
    }

    /// What the store takes next: how far the journal was read, and what came of it.
    fn taken(inbox: &Receiver<Inbound<Finance>>) -> Option<(u64, String)> {
        let Ok(Inbound::Follow(take)) = inbox.try_recv() else { return None };
        let (cursor, orders) = take();
        let followed = Followed::of_bytes(&cursor);
        assert_eq!(followed.data_set, Some(5));
        Some((followed.cursor.position.sequence, format!("{orders:?}")))
    }

    fn said(orders: &[FinanceOrder]) -> String {
        format!("{orders:?}")
    }

    #[test]
    fn payments_that_follow_each_other_are_one_order_and_those_taken_back_are_out_of_it() {
        let all = orders([ordered([1, 2]), ordered([3]), voided(2), ordered([4])]);
        assert_eq!(all.payments, 3);
        assert_eq!(said(&all.orders), said(&[ordered([1, 3]), voided(2), ordered([4])]));
    }

    #[test]
    fn what_comes_before_the_store_has_a_turn_is_one_turn() {
        let (store, inbox) = channel();
        let mut gathering = Gathering::new(store, 5, at(10));
        gathering.add(at(11), orders([ordered([1])])).expect("there is room");
        gathering.add(at(12), orders([])).expect("there is room");
        gathering.add(at(13), orders([ordered([2])])).expect("there is room");
        assert_eq!(taken(&inbox), Some((13, said(&[ordered([1, 2])]))));
        assert_eq!(taken(&inbox), None, "it is told once");
        gathering.add(at(14), orders([ordered([3])])).expect("there is room");
        assert_eq!(taken(&inbox), Some((14, said(&[ordered([3])]))));
    }

    #[test]
    fn records_of_which_nothing_comes_move_the_cursor_now_and_then() {
        let (store, inbox) = channel();
        let mut gathering = Gathering::new(store, 5, at(10));
        gathering.add(at(10 + CURSOR_EVERY_RECORDS - 1), orders([])).expect("there is room");
        assert_eq!(taken(&inbox), None);
        gathering.add(at(10 + CURSOR_EVERY_RECORDS), orders([])).expect("there is room");
        assert_eq!(taken(&inbox), Some((10 + CURSOR_EVERY_RECORDS, said(&[]))));
    }

    #[test]
    fn a_store_that_is_behind_is_waited_for_and_one_that_has_ended_is_an_error() {
        let (store, inbox) = channel();
        let mut gathering = Gathering::new(store, 5, at(0));
        let many = GATHERED_MAX as u128;
        let takes = std::thread::spawn(move || {
            // Only now is there somebody who takes; the other side waits until then, or has not come to it.
            let Ok(Inbound::Follow(take)) = inbox.recv() else { panic!("it is told") };
            let (_, taken) = take();
            (inbox, taken.len())
        });
        gathering.add(at(1), orders([ordered(0..many)])).expect("it was taken");
        let (inbox, orders_taken) = takes.join().expect("the store");
        assert_eq!(orders_taken, 1);
        drop(inbox);
        assert!(gathering.add(at(2), orders([ordered([1])])).is_err());
    }

    #[test]
    fn a_store_that_ends_while_it_is_waited_for_is_an_error() {
        let (store, inbox) = channel();
        let mut gathering = Gathering::new(store, 5, at(0));
        let ends = std::thread::spawn(move || drop(inbox.recv()));
        let many = GATHERED_MAX as u128;
        assert!(gathering.add(at(1), orders([ordered(0..many)])).is_err());
        ends.join().expect("the store");
    }
}
