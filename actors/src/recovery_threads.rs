//! Recovery's threads: one that keeps the checkpoint, one that fetches pages for shards.
//!
//! Thin shells. The first works while it may and rests while desks are busy; the second is apart
//! from it, so that no command waits for a round.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};
use domain::page::{Page, PaymentPage, YearPage};
use domain::payment::Payment;
use storage::checkpoint::{CheckpointReader, Fault};
use storage::page_record::{self, WhichPayments};

use crate::durable::Durable;
use crate::limits::{CHECKPOINT_AT_END_MS_MAX, REST_MS_MAX, REST_PER_WORK, SWEEP_PAUSE_MS};
use crate::metrics::Metrics;
use crate::recovery::{Order, Recovery};
use crate::turn::{RoundNews, RoundOrder};

/// How recovery reaches the shards.
pub trait ToShards: Send {
    /// Gives a shard an order.
    fn order(&self, shard: usize, order: RoundOrder);
    /// Gives a shard the pages it asked for.
    fn pages(&self, shard: usize, pages: Vec<(PaymentPage, Vec<Payment>)>);
}

/// What shards hear nothing of for this long is as good as lost: they are going away.
const SILENCE: Duration = Duration::from_secs(5);

/// How long recovery sleeps when nothing happens; what happens wakes it.
const ASLEEP: Duration = Duration::from_secs(3_600);

/// The thread that keeps the checkpoint.
pub struct RecoveryThread<S> {
    /// The core.
    pub core: Recovery,
    /// What shards say, with their indexes.
    pub inbox: Receiver<(usize, RoundNews)>,
    /// The shards.
    pub shards: S,
    /// The durable position.
    pub durable: Arc<Durable>,
    /// Counters.
    pub metrics: Arc<Metrics>,
    /// A monotonic clock in ms.
    pub monotonic_ms: fn() -> u64,
    /// Time of a core that the calling thread has used, in µs.
    pub core_time_us: fn() -> u64,
    /// True once the journal is being closed.
    pub closing: Arc<AtomicBool>,
    /// Disconnected when everything is to end, the checkpoint included.
    pub end: Receiver<()>,
}

impl<S: ToShards> RecoveryThread<S> {
    /// Runs until the journal is closed and the last changes are kept, or the store fails.
    pub fn run(mut self) {
        if let Err(fault) = self.work() {
            tracing::error!(%fault, "there is no checkpoint from here on; payments go on, and the next start takes longer");
        }
    }

    fn work(&mut self) -> Result<(), Fault> {
        let mut swept = self.core.replay_from();
        loop {
            let durable = self.durable.wait_beyond(swept, ASLEEP);
            if self.is_closing() {
                return self.finish();
            }
            swept = durable.position.sequence;
            self.sweep()?;
            self.rest(Duration::from_millis(SWEEP_PAUSE_MS));
        }
    }

    /// The last sweeps, without rest, in bounded time: a short checkpoint makes a short start.
    fn finish(&mut self) -> Result<(), Fault> {
        let until = (self.monotonic_ms)() + CHECKPOINT_AT_END_MS_MAX;
        // What the journal closed with is durable now: the first of these sweeps may have begun
        // before the last records, the second has them all.
        for _ in 0..2 {
            if (self.monotonic_ms)() < until {
                self.sweep()?;
            }
        }
        if self.core.is_idle() { self.core.settle() } else { Ok(()) }
    }

    fn is_closing(&self) -> bool {
        self.closing.load(Ordering::Acquire)
    }

    fn sweep(&mut self) -> Result<(), Fault> {
        let orders = self.core.begin(self.durable.cursor());
        self.send(orders);
        while !self.core.is_idle() {
            let (shard, news) = match self.inbox.recv_timeout(SILENCE) {
                Ok(heard) => heard,
                Err(RecvTimeoutError::Timeout) if !self.is_closing() => continue,
                Err(_) => return Ok(()),
            };
            let (began, seen) = ((self.core_time_us)(), self.durable.cursor());
            let orders = self.core.hear(shard, news, seen)?;
            self.send(orders);
            self.tell();
            self.rest_after(began, seen.position.sequence);
        }
        let (mut began, mut seen) = ((self.core_time_us)(), self.durable.cursor());
        while self.core.clean()? > 0 {
            self.rest_after(began, seen.position.sequence);
            (began, seen) = ((self.core_time_us)(), self.durable.cursor());
        }
        self.metrics.checkpoint_sweeps.add(1);
        self.metrics.checkpoint_bytes.set(self.core.bytes_on_disk());
        Ok(())
    }

    fn send(&self, orders: Vec<Order>) {
        orders.into_iter().for_each(|(shard, order)| self.shards.order(shard, order));
    }

    fn tell(&self) {
        self.metrics.checkpoint_sequence.set(self.core.replay_from());
        self.metrics.checkpoint_pages.set(self.core.pages_written());
    }

    /// Rests in proportion to the core time used since `began`, if the journal went on meanwhile.
    fn rest_after(&self, began: u64, seen: u64) {
        let busy = self.durable.cursor().position.sequence > seen;
        let worked_us = (self.core_time_us)().saturating_sub(began);
        if busy && !self.is_closing() {
            let rest_us = worked_us.saturating_mul(u64::from(REST_PER_WORK));
            self.rest(Duration::from_micros(rest_us.min(REST_MS_MAX * 1_000)));
        }
    }

    /// Rests, or less if everything ends.
    fn rest(&self, rest: Duration) {
        let _ = self.end.recv_timeout(rest);
    }
}

/// Fetches pages of payments from the checkpoint.
pub struct Pager<S> {
    /// What is committed.
    pub reader: Arc<dyn CheckpointReader>,
    /// Which pages, for which shard.
    pub inbox: Receiver<(usize, Vec<PaymentPage>)>,
    /// The shards.
    pub shards: S,
    /// Ends the process, saying why: without its page a payment cannot be decided.
    pub fatal: fn(&str) -> !,
}

impl<S: ToShards> Pager<S> {
    /// Runs until nobody can ask any more.
    pub fn run(self) {
        while let Ok((shard, asked)) = self.inbox.recv() {
            let mut pages = Vec::with_capacity(asked.len());
            for page in asked {
                match fetch(self.reader.as_ref(), page) {
                    Ok(payments) => pages.push((page, payments)),
                    Err(what) => (self.fatal)(&what),
                }
            }
            self.shards.pages(shard, pages);
        }
    }
}

/// The payments of a page that is out of memory.
///
/// # Errors
/// Why the checkpoint does not give it, with what to do.
pub fn fetch(reader: &dyn CheckpointReader, page: PaymentPage) -> Result<Vec<Payment>, String> {
    let wrong = |what: String| {
        format!(
            "page {} of the payments of division {} in {} cannot be read: {what}; start again: \
             the start sets the checkpoint aside and reads the whole journal",
            page.number,
            page.division.0,
            page.year.get()
        )
    };
    let key = page_record::key(&page.name());
    let value = reader.read(page.division.0, &key).map_err(|fault| wrong(fault.to_string()))?;
    let value = value.ok_or_else(|| wrong("it is not there".to_owned()))?;
    match page_record::decode(&key, &value, WhichPayments::All) {
        Ok(Page::OfYear(_, YearPage::Payments(_, payments))) => Ok(payments),
        Ok(_) => Err(wrong("another page is there".to_owned())),
        Err(error) => Err(wrong(error.to_string())),
    }
}

/// The way of shards to recovery.
#[derive(Clone)]
pub struct RecoveryWay {
    /// News of rounds go here.
    pub news: Sender<(usize, RoundNews)>,
    /// Requests for pages go here.
    pub pager: Sender<(usize, Vec<PaymentPage>)>,
}
