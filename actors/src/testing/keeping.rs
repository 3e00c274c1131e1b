//! Recovery beside a house: its core over a checkpoint in memory, its pager, and what is between
//! them and the shards.

use std::collections::VecDeque;
use std::sync::Arc;

use domain::page::PaymentPage;
use storage::checkpoint::{CheckpointReader, CheckpointStore};
use storage::position::Cursor;

use super::house::{House, ToShard};
use crate::recovery::{Order, Recovery};
use crate::recovery_threads::fetch;
use crate::turn::RoundNews;

/// Recovery, on the same thread as everything else.
pub(crate) struct Keeping {
    recovery: Recovery,
    pub(crate) reader: Arc<dyn CheckpointReader>,
    pub(crate) news: VecDeque<(usize, RoundNews)>,
    pub(crate) fetches: VecDeque<(usize, Vec<PaymentPage>)>,
    pub(crate) paged_in: usize,
    pub(crate) paged_out: usize,
}

impl Keeping {
    /// Rounds that were kept.
    pub(crate) fn rounds(&self) -> u64 {
        self.recovery.rounds_kept()
    }

    pub(crate) fn new(store: Box<dyn CheckpointStore>, shards: usize) -> Keeping {
        let reader = store.reader();
        let recovery = Recovery::new(store, shards);
        let (news, fetches) = (VecDeque::new(), VecDeque::new());
        Keeping { recovery, reader, news, fetches, paged_in: 0, paged_out: 0 }
    }
}

impl House {
    /// Lets recovery hear one thing, or begin a sweep where none goes on; false when there was
    /// nothing to hear.
    pub(crate) fn step_recovery(&mut self, durable: Cursor) -> bool {
        let Some(keeping) = &mut self.keeping else { return false };
        let orders = match keeping.news.pop_front() {
            Some((shard, news)) => {
                keeping.recovery.hear(shard, news, durable).expect("a store in memory")
            }
            None if keeping.recovery.is_idle() => keeping.recovery.begin(durable),
            None => return false,
        };
        self.deliver(orders);
        true
    }

    fn deliver(&mut self, orders: Vec<Order>) {
        for (shard, order) in orders {
            self.inboxes[shard].push_back(ToShard::Round(order));
        }
    }

    /// Lets the pager answer one request; false when there is none.
    pub(crate) fn step_pager(&mut self) -> bool {
        let Some(keeping) = &mut self.keeping else { return false };
        let Some((shard, asked)) = keeping.fetches.pop_front() else { return false };
        let reader = keeping.reader.as_ref();
        let read = |page| (page, fetch(reader, page).expect("a page that was kept"));
        let pages = asked.into_iter().map(read).collect();
        self.inboxes[shard].push_back(ToShard::Pages(pages));
        true
    }
}
