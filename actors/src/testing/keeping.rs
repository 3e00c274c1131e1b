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
pub struct Keeping {
    recovery: Recovery,
    /// Gives pages that were kept.
    pub reader: Arc<dyn CheckpointReader>,
    /// What recovery has not heard yet.
    pub news: VecDeque<(usize, RoundNews)>,
    /// What the pager has not fetched yet.
    pub fetches: VecDeque<(usize, Vec<PaymentPage>)>,
    /// Pages that came into memory.
    pub paged_in: usize,
    /// Pages that left it.
    pub paged_out: usize,
    /// Why there is no checkpoint from here on: its store failed, and payments go on.
    pub ended: Option<String>,
    /// Why the process ends: a page that a command needs could not be read.
    pub fatal: Option<String>,
}

impl Keeping {
    /// Rounds that were kept.
    pub fn rounds(&self) -> u64 {
        self.recovery.rounds_kept()
    }

    /// Recovery over a checkpoint that is open.
    pub fn new(store: Box<dyn CheckpointStore>, shards: usize) -> Keeping {
        let reader = store.reader();
        let recovery = Recovery::new(store, shards);
        let (news, fetches, ended, fatal) = (VecDeque::new(), VecDeque::new(), None, None);
        Keeping { recovery, reader, news, fetches, paged_in: 0, paged_out: 0, ended, fatal }
    }
}

impl House {
    /// Lets recovery hear one thing, or begin a sweep where none goes on; false when there was
    /// nothing to hear, or its store has failed.
    pub fn step_recovery(&mut self, durable: Cursor) -> bool {
        let Some(keeping) = self.keeping.as_mut().filter(|keeping| keeping.ended.is_none()) else {
            return false;
        };
        let orders = match keeping.news.pop_front() {
            Some((shard, news)) => keeping.recovery.hear(shard, news, durable),
            None if keeping.recovery.is_idle() => {
                keeping.recovery.clean().map(|_| keeping.recovery.begin(durable))
            }
            None => return false,
        };
        match orders {
            Ok(orders) => self.deliver(orders),
            Err(fault) => keeping.ended = Some(fault.to_string()),
        }
        true
    }

    fn deliver(&mut self, orders: Vec<Order>) {
        for (shard, order) in orders {
            self.inboxes[shard].push_back(ToShard::Round(order));
        }
    }

    /// Lets the pager answer one request; false when there is none.
    pub fn step_pager(&mut self) -> bool {
        let Some(keeping) = &mut self.keeping else { return false };
        let Some((shard, asked)) = keeping.fetches.pop_front() else { return false };
        let reader = keeping.reader.as_ref();
        let read = |page| fetch(reader, page).map(|payments| (page, payments));
        match asked.into_iter().map(read).collect() {
            Ok(pages) => self.inboxes[shard].push_back(ToShard::Pages(pages)),
            Err(what) => keeping.fatal = Some(what),
        }
        true
    }
}
