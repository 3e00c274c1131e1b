//! The watch over the laws of quotas, L1 to L9, while the engine runs.
//!
//! In **rounds** each division that has changed says how it stands, one after the other, as its shard
//! has it between two turns; what left one division for another is then held against what the other has
//! taken ([`domain::laws`]). A round goes over nothing that has not changed. A synchronous core and a
//! thin thread. It decides nothing, and payments wait for it no longer than a look at one division
//! takes, of which there are so few that they are [a two-hundredth of a core](LAWS_REST_PER_WORK).

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError};
use domain::ids::DivisionIndex;
use domain::invariants::Finding;
use domain::laws::{Between, LAWS, Statement};

use crate::durable::Durable;
use crate::limits::{LAWS_PAUSE_MS, LAWS_REST_PER_WORK};
use crate::metrics::Metrics;

/// What the watch asks of a shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LawOrder {
    /// Which divisions are there, and which have changed since they were last looked at?
    List,
    /// How does this one stand?
    Look(DivisionIndex),
}

/// What a shard says to the watch.
#[derive(Debug)]
pub enum LawNews {
    /// Its divisions, and whether each has changed.
    Listed(Vec<(DivisionIndex, bool)>),
    /// How one stands; nothing, where it is not there.
    Said(Option<Box<Statement>>),
}

/// A law that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// Which, by name.
    pub law: &'static str,
    /// Where, unless it is between two.
    pub division: Option<DivisionIndex>,
    /// The first break, in words.
    pub what: String,
}

/// How many things were checked for a law, and how many of them break it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Checked.
    pub checked: u64,
    /// Broken.
    pub violations: u64,
}

/// Place of L5 among the laws: the one that needs two.
const ACROSS: usize = 4;

/// The core.
#[derive(Debug)]
pub struct Watch {
    shards: usize,
    between: Between,
    /// What each division's own side showed.
    own: BTreeMap<DivisionIndex, [Count; LAWS.len()]>,
    /// What was found between them.
    across: Count,
    phase: Phase,
    /// What people have been told of and is still so.
    told: BTreeSet<(usize, Option<DivisionIndex>)>,
    broken: Vec<Broken>,
    rounds: u64,
}

#[derive(Debug)]
enum Phase {
    Idle,
    /// Shards are asked for their divisions.
    Listing {
        missing: usize,
        changed: VecDeque<(usize, DivisionIndex)>,
        same: Vec<DivisionIndex>,
    },
    /// One division after the other says how it stands.
    Looking {
        left: VecDeque<(usize, DivisionIndex)>,
    },
}

impl Watch {
    /// A watch over so many shards that has seen nothing.
    #[must_use]
    pub fn new(shards: usize) -> Watch {
        Watch {
            shards,
            between: Between::default(),
            own: BTreeMap::new(),
            across: Count::default(),
            phase: Phase::Idle,
            told: BTreeSet::new(),
            broken: Vec::new(),
            rounds: 0,
        }
    }

    /// True when no round is going on.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        matches!(self.phase, Phase::Idle)
    }

    /// Rounds that ended.
    #[must_use]
    pub fn rounds(&self) -> u64 {
        self.rounds
    }

    /// Begins a round: what to ask, of which shard.
    ///
    /// # Panics
    /// If one is going on.
    pub fn begin(&mut self) -> Vec<(usize, LawOrder)> {
        assert!(self.is_idle(), "one round at a time");
        let (changed, same) = (VecDeque::new(), Vec::new());
        self.phase = Phase::Listing { missing: self.shards, changed, same };
        (0..self.shards).map(|shard| (shard, LawOrder::List)).collect()
    }

    /// Hears a shard; what to ask next.
    ///
    /// # Panics
    /// If it was not asked.
    pub fn hear(&mut self, shard: usize, news: LawNews) -> Vec<(usize, LawOrder)> {
        match (std::mem::replace(&mut self.phase, Phase::Idle), news) {
            (Phase::Listing { missing, mut changed, mut same }, LawNews::Listed(divisions)) => {
                for (division, has_changed) in divisions {
                    if has_changed || !self.own.contains_key(&division) {
                        changed.push_back((shard, division));
                    } else {
                        same.push(division);
                    }
                }
                if missing > 1 {
                    self.phase = Phase::Listing { missing: missing - 1, changed, same };
                    return Vec::new();
                }
                self.between.hear_again(same.into_iter());
                self.next(changed)
            }
            (Phase::Looking { left }, LawNews::Said(said)) => {
                if let Some(statement) = said {
                    self.take(&statement);
                }
                self.next(left)
            }
            (phase, news) => panic!("heard out of turn in {phase:?}: {news:?}"),
        }
    }

    fn next(&mut self, mut left: VecDeque<(usize, DivisionIndex)>) -> Vec<(usize, LawOrder)> {
        let Some((shard, division)) = left.pop_front() else {
            let met = self.between.meet();
            self.across = count(&met);
            self.judge(ACROSS, None, &met);
            self.rounds += 1;
            return Vec::new();
        };
        self.phase = Phase::Looking { left };
        vec![(shard, LawOrder::Look(division))]
    }

    fn take(&mut self, statement: &Statement) {
        self.between.hear(statement);
        self.own.insert(statement.division, statement.findings.each_ref().map(count));
        for (law, finding) in statement.findings.iter().enumerate() {
            self.judge(law, Some(statement.division), finding);
        }
    }

    /// People hear of a break once, until it is none any more.
    fn judge(&mut self, law: usize, division: Option<DivisionIndex>, finding: &Finding) {
        if finding.violations == 0 {
            self.told.remove(&(law, division));
        } else if self.told.insert((law, division)) {
            let what = finding.examples.first().cloned().unwrap_or_default();
            self.broken.push(Broken { law: LAWS[law], division, what });
        }
    }

    /// Laws that were found broken since this was last asked.
    pub fn take_broken(&mut self) -> Vec<Broken> {
        std::mem::take(&mut self.broken)
    }

    /// What was checked and what is broken, by law, as far as divisions have said it.
    #[must_use]
    pub fn counts(&self) -> [Count; LAWS.len()] {
        let mut counts = [Count::default(); LAWS.len()];
        counts[ACROSS] = self.across;
        for own in self.own.values() {
            for (sum, count) in counts.iter_mut().zip(own) {
                sum.checked += count.checked;
                sum.violations += count.violations;
            }
        }
        counts
    }
}

fn count(finding: &Finding) -> Count {
    Count { checked: finding.checked, violations: finding.violations }
}

/// How the watch reaches the shards.
pub trait ToWatched: Send {
    /// Gives a shard an order.
    fn law(&self, shard: usize, order: LawOrder);
}

/// What a shard says: its index, its words, and how long it took over them, in µs of a core.
pub type Heard = (usize, LawNews, u64);

/// How long the watch sleeps when nothing happens; what happens wakes it.
const ASLEEP: Duration = Duration::from_secs(3_600);

/// A shard that says nothing for this long has ended, or is about to.
const SILENCE: Duration = Duration::from_secs(5);

/// The thread of the watch.
pub struct WatchThread<S> {
    /// The core.
    pub core: Watch,
    /// What shards say.
    pub inbox: Receiver<Heard>,
    /// The shards.
    pub shards: S,
    /// The durable position.
    pub durable: Arc<Durable>,
    /// Counters.
    pub metrics: Arc<Metrics>,
    /// True once the journal is being closed.
    pub closing: Arc<AtomicBool>,
    /// Disconnected when the watch is to end.
    pub end: Receiver<()>,
}

impl<S: ToWatched> WatchThread<S> {
    /// Runs until the journal is closed.
    pub fn run(mut self) {
        // What the start has read is looked at as well.
        let mut seen = 0;
        while !self.is_closing() {
            seen = self.durable.wait_beyond(seen, ASLEEP).position.sequence;
            self.round();
            if !self.core.is_idle() {
                // The shards are gone.
                return;
            }
            self.rest(Duration::from_millis(LAWS_PAUSE_MS));
        }
    }

    fn is_closing(&self) -> bool {
        self.closing.load(Ordering::Acquire)
    }

    fn round(&mut self) {
        let mut orders = self.core.begin();
        loop {
            orders.drain(..).for_each(|(shard, order)| self.shards.law(shard, order));
            let (shard, news, took_us) = match self.inbox.recv_timeout(SILENCE) {
                Ok(heard) => heard,
                Err(RecvTimeoutError::Timeout) if !self.is_closing() => continue,
                Err(_) => return,
            };
            orders = self.core.hear(shard, news);
            self.metrics.laws_core_us.add(took_us);
            self.tell();
            if self.core.is_idle() || self.is_closing() {
                return;
            }
            self.rest(Duration::from_micros(took_us * u64::from(LAWS_REST_PER_WORK)));
        }
    }

    fn tell(&mut self) {
        for Broken { law, division, what } in self.core.take_broken() {
            self.metrics.laws_broken.add(1);
            let division = division.map(|division| division.0);
            tracing::error!(
                law,
                division,
                what,
                "a law of quotas is broken: stop issuing, run verify"
            );
        }
        for (place, count) in self.core.counts().into_iter().enumerate() {
            self.metrics.law_checked.set(place, count.checked);
            self.metrics.law_violations.set(place, count.violations);
        }
        self.metrics.law_rounds.set(self.core.rounds());
    }

    /// Rests, or less if everything ends.
    fn rest(&self, rest: Duration) {
        if !self.is_closing() {
            let _ = self.end.recv_timeout(rest);
        }
    }
}

#[cfg(test)]
mod tests;
