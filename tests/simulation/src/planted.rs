//! Defects planted on purpose, each looked for until a seed finds it.

use std::sync::Mutex;

use domain::planted::{Bug, plant};

use crate::founding::found_everything;
use crate::verdict::{Violation, run_one_seed};

/// Seeds that a defect is looked for with, at most.
pub const SEEDS_MAX: u64 = 4_000;

/// How a defect was found.
#[derive(Debug)]
pub struct Found {
    /// The defect.
    pub bug: Bug,
    /// The first seed that breaks something with it, and what.
    pub violation: Option<Violation>,
    /// What the same seed breaks without it: nothing, where the defect is what was found.
    pub without: Option<Violation>,
}

impl Found {
    /// Whether it was found, and by nothing else.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.violation.is_some() && self.without.is_none()
    }

    /// A line of the table.
    #[must_use]
    pub fn line(&self) -> String {
        let name = self.bug.slug();
        match &self.violation {
            None => format!("{name:<24} not found in {SEEDS_MAX} seeds"),
            Some(Violation { seed, oracle, what, .. }) => {
                let clean = if self.without.is_none() { "clean" } else { "NOT CLEAN" };
                let what: String =
                    what.lines().next().unwrap_or_default().chars().take(80).collect();
                format!("{name:<24} seed {seed:<5} {oracle:<4} without it {clean:<9} {what}")
            }
        }
    }
}

/// Looks for every defect, each from seed 0 on, over some threads.
///
/// # Panics
/// If a thread cannot be had.
#[must_use]
pub fn find_all(threads: usize) -> Vec<Found> {
    found_everything();
    let (left, found) = (Mutex::new(Bug::ALL.to_vec()), Mutex::new(Vec::new()));
    let work = || {
        while let Some(bug) = left.lock().expect("nobody panics with it").pop() {
            let one = find(bug);
            found.lock().expect("nobody panics with it").push(one);
        }
    };
    crate::verdict::on_threads(threads, &work);
    let mut all = found.into_inner().expect("every thread has ended");
    all.sort_by_key(|one| one.bug);
    all
}

fn find(bug: Bug) -> Found {
    plant(Some(bug));
    let violation = (0..SEEDS_MAX).find_map(|seed| run_one_seed(seed).err());
    plant(None);
    let seed = violation.as_ref().map(|violation| violation.seed);
    let without = seed.and_then(|seed| run_one_seed(seed).err());
    Found { bug, violation: violation.map(|one| *one), without: without.map(|one| *one) }
}
