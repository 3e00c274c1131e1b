//! What a run leaves behind for people, also when it ends by a panic.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use domain::Code;
use serde_json::{Value, json};

use crate::swarm::{Kind, Swarm};

/// Steps that a failure tells.
const LAST_STEPS: usize = 16;

/// Names of what can move, in the order of the weights.
const PARTS: [&str; 8] =
    ["send", "deliver", "flush", "shard", "land", "network", "checkpoint", "deadlines"];

/// Counts and last steps of one run, or sums over many.
#[derive(Clone, Debug, Default)]
pub struct Notes {
    /// Steps taken.
    pub steps: u64,
    /// Times the process ended by a fault or by an order, and started again.
    pub lives: u64,
    /// Times it ended without an order.
    pub crashes: u64,
    /// Commands answered.
    pub answered: u64,
    /// Groups of which damage was shown, and of these starts that stopped and said so.
    pub refused_starts: u64,
    /// Starts over damage in exactly the last group, which one node cannot tell from a torn write.
    pub last_groups_lost: u64,
    /// Starts from a checkpoint.
    pub from_checkpoint: u64,
    /// Faults that struck, by kind.
    pub faults: BTreeMap<Kind, u64>,
    /// Pages of payments that left memory, and that came back.
    pub pages: (usize, usize),
    /// Answers heard, by code, `Busy` included.
    pub codes: BTreeMap<Code, u64>,
    /// What was journaled, by the events' names.
    pub events: BTreeSet<&'static str>,
    swarm: Vec<&'static str>,
    last: VecDeque<String>,
}

impl Notes {
    pub(crate) fn begin(&mut self, swarm: &Swarm) {
        self.swarm = swarm.slugs();
    }

    pub(crate) fn fault(&mut self, kind: Kind) {
        *self.faults.entry(kind).or_default() += 1;
        self.say(|| format!("fault: {}", kind.slug()));
    }

    pub(crate) fn heard(&mut self, codes: impl IntoIterator<Item = Code>) {
        for code in codes {
            self.answered += 1;
            *self.codes.entry(code).or_default() += 1;
        }
    }

    pub(crate) fn step(&mut self, part: usize, shard: usize) {
        let step = self.steps;
        self.say(|| format!("{step:>5} {} (shard {shard})", PARTS[part]));
    }

    pub(crate) fn say(&mut self, what: impl FnOnce() -> String) {
        if self.last.len() == LAST_STEPS {
            self.last.pop_front();
        }
        self.last.push_back(what());
    }

    /// The faults that were on.
    #[must_use]
    pub fn swarm(&self) -> &[&'static str] {
        &self.swarm
    }

    /// The last steps, oldest first.
    #[must_use]
    pub fn last_steps(&self) -> Vec<String> {
        self.last.iter().cloned().collect()
    }

    /// Adds the counts of another run.
    pub fn add(&mut self, other: &Notes) {
        self.steps += other.steps;
        self.lives += other.lives;
        self.crashes += other.crashes;
        self.answered += other.answered;
        self.refused_starts += other.refused_starts;
        self.last_groups_lost += other.last_groups_lost;
        self.from_checkpoint += other.from_checkpoint;
        self.pages = (self.pages.0 + other.pages.0, self.pages.1 + other.pages.1);
        self.events.extend(&other.events);
        for (code, count) in &other.codes {
            *self.codes.entry(*code).or_default() += count;
        }
        for (kind, count) in &other.faults {
            *self.faults.entry(*kind).or_default() += count;
        }
    }

    /// The faults by their names, those that never struck with 0.
    #[must_use]
    pub fn faults_by_name(&self) -> Value {
        let count = |kind: &Kind| self.faults.get(kind).copied().unwrap_or(0);
        json!(Kind::ALL.iter().map(|kind| (kind.slug(), count(kind))).collect::<BTreeMap<_, _>>())
    }
}
