//! Recovery's core: sweeps over the divisions and keeps what has changed of each in the
//! checkpoint, so that a start need not read the whole journal.
//!
//! A **sweep** asks every shard for its divisions, then takes the changed ones one after the other
//! through a round: the shard fixes a moment, gives its pages when that moment is durable, and
//! this core writes and commits them. It hears of nothing before it is durable, and nobody ever
//! waits for it. When the store fails there is no checkpoint any more, and payments go on.

use std::collections::{BTreeMap, VecDeque};

use domain::ids::DivisionIndex;
use domain::page::{Page, YearPage};
use storage::checkpoint::{CheckpointStore, Commit, Fault};
use storage::page_record;
use storage::position::Cursor;

use crate::limits::{PAGES_PER_COPY, PARTS_PER_SWEEP};
use crate::turn::{RoundNews, RoundOrder};

/// What recovery asks of a shard, by the shard's index.
pub type Order = (usize, RoundOrder);

/// The core.
pub struct Recovery {
    store: Box<dyn CheckpointStore>,
    shards: usize,
    /// From where each division would have to be replayed.
    safe: BTreeMap<DivisionIndex, Cursor>,
    phase: Phase,
    pages: u64,
}

enum Phase {
    Idle,
    /// Shards are asked for their divisions.
    Listing {
        cursor: Cursor,
        missing: usize,
        changed: VecDeque<(usize, DivisionIndex)>,
    },
    /// One division after the other goes through a round.
    Rounds {
        cursor: Cursor,
        left: VecDeque<(usize, DivisionIndex)>,
        running: Running,
    },
}

#[derive(Clone, Copy)]
struct Running {
    shard: usize,
    division: DivisionIndex,
    /// Everything up to here is in the round.
    from: Cursor,
    included: u64,
}

impl Recovery {
    /// Recovery over a checkpoint that is open.
    #[must_use]
    pub fn new(store: Box<dyn CheckpointStore>, shards: usize) -> Recovery {
        let all_from = store.marker().replay_from;
        // Nothing of a division stands between its own head and where all are replayed from.
        let later = |head: Cursor| {
            if head.position.sequence < all_from.position.sequence { all_from } else { head }
        };
        let heads = store.heads();
        let safe =
            heads.iter().map(|head| (DivisionIndex(head.unit), later(head.replay_from))).collect();
        Recovery { store, shards, safe, phase: Phase::Idle, pages: 0 }
    }

    /// True when no sweep is going on.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        matches!(self.phase, Phase::Idle)
    }

    /// The sequence that a start would replay from.
    #[must_use]
    pub fn replay_from(&self) -> u64 {
        self.store.marker().replay_from.position.sequence
    }

    /// Rounds kept since the start.
    #[must_use]
    pub fn rounds_kept(&self) -> u64 {
        self.store.counters().rounds_committed
    }

    /// Pages written since the start.
    #[must_use]
    pub fn pages_written(&self) -> u64 {
        self.pages
    }

    /// Bytes the checkpoint takes on its disk; 0 where the store does not say.
    #[must_use]
    pub fn bytes_on_disk(&self) -> u64 {
        self.store.bytes_on_disk().unwrap_or(0)
    }

    /// Begins a sweep. `durable` is what is durable before any shard is asked.
    ///
    /// # Panics
    /// If one is going on.
    pub fn begin(&mut self, durable: Cursor) -> Vec<Order> {
        assert!(self.is_idle(), "one sweep at a time");
        let changed = VecDeque::new();
        self.phase = Phase::Listing { cursor: durable, missing: self.shards, changed };
        (0..self.shards).map(|shard| (shard, RoundOrder::List)).collect()
    }

    /// Hears a shard. `durable` is what is durable now.
    ///
    /// # Errors
    /// When the store fails: there is no checkpoint from then on, and this core has ended.
    pub fn hear(
        &mut self,
        shard: usize,
        news: RoundNews,
        durable: Cursor,
    ) -> Result<Vec<Order>, Fault> {
        match (std::mem::replace(&mut self.phase, Phase::Idle), news) {
            (Phase::Listing { cursor, missing, mut changed }, RoundNews::Listed(divisions)) => {
                for (division, has_changed) in divisions {
                    if has_changed || !self.safe.contains_key(&division) {
                        changed.push_back((shard, division));
                    } else {
                        self.safe.insert(division, cursor);
                    }
                }
                if missing > 1 {
                    self.phase = Phase::Listing { cursor, missing: missing - 1, changed };
                    return Ok(Vec::new());
                }
                Ok(self.next_round(cursor, changed, durable))
            }
            (Phase::Rounds { cursor, left, mut running }, RoundNews::Began { included }) => {
                self.store.begin(running.division.0)?;
                running.included = included;
                self.phase = Phase::Rounds { cursor, left, running };
                Ok(vec![(shard, RoundOrder::More(PAGES_PER_COPY))])
            }
            (Phase::Rounds { cursor, left, running }, RoundNews::Pages { pages, last }) => {
                match self.write(running.division, &pages) {
                    // One row is larger than any may be, or there is more than a round takes: the
                    // division is replayed from its last round until that has passed.
                    Err(Fault::Bounds { what, found, max }) => {
                        tracing::warn!(division = running.division.0, what, found, max, "not kept");
                        self.store.abandon(running.division.0);
                        let mut orders = vec![(shard, RoundOrder::Lost)];
                        orders.extend(self.next_round(cursor, left, durable));
                        return Ok(orders);
                    }
                    written => written?,
                }
                if !last {
                    self.phase = Phase::Rounds { cursor, left, running };
                    return Ok(vec![(shard, RoundOrder::More(PAGES_PER_COPY))]);
                }
                let known =
                    |(_, division): &(usize, DivisionIndex)| self.safe.contains_key(division);
                let complete = left.iter().all(known);
                self.commit(&running, complete.then_some(cursor), durable)?;
                let mut orders = vec![(shard, RoundOrder::Kept)];
                orders.extend(self.next_round(cursor, left, durable));
                Ok(orders)
            }
            (Phase::Rounds { cursor, left, running }, RoundNews::Lost) => {
                if running.included > 0 {
                    self.store.abandon(running.division.0);
                }
                Ok(self.next_round(cursor, left, durable))
            }
            (phase, news) => panic!("{} heard out of turn: {news:?}", phase.name()),
        }
    }

    /// Removes some of what nobody can see any more; gives how much is left.
    ///
    /// # Errors
    /// When the store fails.
    pub fn clean(&mut self) -> Result<usize, Fault> {
        self.store.sweep(PARTS_PER_SWEEP)
    }

    /// Brings all that is kept to the disk, as the last thing that is done.
    ///
    /// # Errors
    /// When the store fails.
    pub fn settle(&mut self) -> Result<(), Fault> {
        self.store.settle()
    }

    fn next_round(
        &mut self,
        cursor: Cursor,
        mut left: VecDeque<(usize, DivisionIndex)>,
        durable: Cursor,
    ) -> Vec<Order> {
        let Some((shard, division)) = left.pop_front() else { return Vec::new() };
        let running = Running { shard, division, from: durable, included: 0 };
        self.phase = Phase::Rounds { cursor, left, running };
        vec![(running.shard, RoundOrder::Begin(division))]
    }

    fn write(&mut self, division: DivisionIndex, pages: &[Page]) -> Result<(), Fault> {
        for page in pages {
            let key = page_record::key(&page.name());
            if matches!(page, Page::OfYear(_, YearPage::Gone(_))) {
                self.store.delete(division.0, &key)?;
            } else {
                let (value, rest_begins) = page_record::encode(page);
                match value.split_at(rest_begins) {
                    (value, []) => self.store.put(division.0, &key, value)?,
                    (first, rest) => self.store.put_with_rest(division.0, &key, first, rest)?,
                }
            }
        }
        self.pages += pages.len() as u64;
        Ok(())
    }

    fn commit(
        &mut self,
        running: &Running,
        sweep: Option<Cursor>,
        durable: Cursor,
    ) -> Result<(), Fault> {
        self.safe.insert(running.division, running.from);
        let commit = Commit {
            included: running.included,
            replay_from: running.from,
            replay_all_from: self.replay_all_from(sweep),
            durable,
        };
        self.store.commit(running.division.0, &commit)?;
        Ok(())
    }

    /// From where all divisions together have to be replayed: not beyond what was durable when
    /// the sweep began, since a division made later is not known yet; and not before what was
    /// committed already. `None` for the sweep: a division has not been through a round yet.
    fn replay_all_from(&self, sweep: Option<Cursor>) -> Cursor {
        let sequence = |cursor: &Cursor| cursor.position.sequence;
        let before = self.store.marker().replay_from;
        let Some(sweep) = sweep else { return before };
        let oldest = self.safe.values().copied().min_by_key(sequence).unwrap_or(sweep);
        let oldest = if sequence(&oldest) < sequence(&sweep) { oldest } else { sweep };
        if sequence(&oldest) > sequence(&before) { oldest } else { before }
    }
}

impl Phase {
    fn name(&self) -> &'static str {
        match self {
            Phase::Idle => "idle",
            Phase::Listing { .. } => "listing",
            Phase::Rounds { .. } => "in a round",
        }
    }
}
