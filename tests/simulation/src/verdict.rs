//! Seeds run, one or many, and what came of them.

use std::cell::RefCell;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::notes::Notes;
use crate::run::run;

/// What did not hold.
#[derive(Clone, Debug)]
pub struct Violation {
    /// The seed.
    pub seed: u64,
    /// The oracle's name; `panic` where the engine's own assertion has none.
    pub oracle: String,
    /// In words.
    pub what: String,
    /// Where it was noticed.
    pub noticed_at: String,
    /// The run up to there.
    pub notes: Notes,
}

/// What many seeds came to.
#[derive(Clone, Debug, Default)]
pub struct Verdict {
    /// Seeds run.
    pub seeds: u64,
    /// Sums over all.
    pub notes: Notes,
    /// What did not hold, by seed.
    pub violations: Vec<Violation>,
}

thread_local! {
    static NOTICED_AT: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Keeps panics of simulating threads silent and remembers where they were.
fn listen_to_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if std::thread::current().name() == Some(THREAD) {
                let at = info.location().map(ToString::to_string).unwrap_or_default();
                NOTICED_AT.with_borrow_mut(|noticed| *noticed = at);
            } else {
                before(info);
            }
        }));
    });
}

const THREAD: &str = "simulation";

/// Runs one seed on this thread.
///
/// # Errors
/// What does not hold.
pub fn run_one_seed(seed: u64) -> Result<Notes, Box<Violation>> {
    let mut notes = Notes::default();
    let ended = catch_unwind(AssertUnwindSafe(|| run(seed, &mut notes)));
    let Err(panic) = ended else { return Ok(notes) };
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
    let what = text.unwrap_or_else(|| "a panic without words".to_owned());
    let what = what.strip_prefix("assertion `left == right` failed: ").unwrap_or(&what).to_owned();
    let noticed_at = NOTICED_AT.with_borrow(Clone::clone);
    Err(Box::new(Violation { seed, oracle: oracle_in(&what), what, noticed_at, notes }))
}

/// The first name of an oracle or invariant in a text: `I` or `O` and a number.
fn oracle_in(what: &str) -> String {
    let is_name = |word: &&str| {
        let number = word.strip_prefix(['I', 'O']);
        number
            .is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
    };
    let mut words = what.split(|c: char| !c.is_alphanumeric());
    words.find(is_name).unwrap_or("panic").to_owned()
}

/// Does the same on so many threads, on which panics are silent.
pub(crate) fn on_threads<T: Send>(threads: usize, work: &(dyn Fn() -> T + Sync)) -> Vec<T> {
    listen_to_panics();
    std::thread::scope(|scope| {
        let spawn = |_| std::thread::Builder::new().name(THREAD.into()).spawn_scoped(scope, work);
        let running: Vec<_> = (0..threads.max(1)).map(spawn).collect();
        let ended = running.into_iter().map(|thread| thread.expect("a thread").join());
        ended.map(|ended| ended.expect("panics of seeds are caught")).collect()
    })
}

/// Runs seeds over some threads; stops early once a thread has found so many violations.
#[must_use]
pub fn run_seeds(seeds: Range<u64>, threads: usize, violations_max: usize) -> Verdict {
    let (next, enough) = (AtomicU64::new(seeds.start), AtomicBool::new(false));
    let work = || {
        let mut verdict = Verdict::default();
        while !enough.load(Ordering::Relaxed) {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds.end {
                break;
            }
            verdict.seeds += 1;
            match run_one_seed(seed) {
                Ok(notes) => verdict.notes.add(&notes),
                Err(violation) => {
                    verdict.notes.add(&violation.notes);
                    verdict.violations.push(*violation);
                    if verdict.violations.len() >= violations_max {
                        enough.store(true, Ordering::Relaxed);
                    }
                }
            }
        }
        verdict
    };
    let mut all = Verdict::default();
    for one in on_threads(threads, &work) {
        all.seeds += one.seeds;
        all.notes.add(&one.notes);
        all.violations.extend(one.violations);
    }
    all.violations.sort_by_key(|violation| violation.seed);
    all
}

/// A violation as people read it, with the command that shows it again.
#[must_use]
pub fn told(violation: &Violation, command: &str) -> String {
    let Violation { seed, oracle, what, noticed_at, notes } = violation;
    let steps = notes.last_steps().join("\n    ");
    format!(
        "seed {seed} breaks {oracle}: {what}\n  noticed at {noticed_at}, step {}\n  faults that were \
         on: {}\n  last steps:\n    {steps}\n  again: {command} --seed {seed}\n",
        notes.steps,
        notes.swarm().join(", "),
    )
}
