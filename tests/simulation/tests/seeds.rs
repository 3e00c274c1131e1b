//! Two thousand seeds, and those that once found something.

use std::num::NonZeroUsize;

use domain::Code;
use simulation::swarm::Kind;
use simulation::verdict::{Verdict, run_seeds, told};

const SEEDS: u64 = 2_000;
const COMMAND: &str = "ops/simulate";

fn threads() -> usize {
    std::thread::available_parallelism().map_or(2, NonZeroUsize::get)
}

#[track_caller]
fn assert_sound(verdict: &Verdict) {
    let all: Vec<String> = verdict.violations.iter().map(|one| told(one, COMMAND)).collect();
    assert!(all.is_empty(), "{}", all.join("\n"));
}

#[test]
fn whatever_befalls_a_node_its_promises_hold() {
    let verdict = run_seeds(0..SEEDS, threads(), 1);
    assert_sound(&verdict);
    // The runs have been in every corner they are meant for.
    let notes = &verdict.notes;
    let quiet: Vec<_> = Kind::ALL.iter().filter(|kind| !notes.faults.contains_key(kind)).collect();
    assert!(quiet.is_empty(), "faults that never struck: {quiet:?}");
    let events = [
        "acted",
        "batch-ended",
        "created",
        "fact-parked",
        "fact-taken",
        "filed",
        "moved-in",
        "move-declined",
        "move-settled",
        "refused",
        "reserved",
        "resolved",
        "run-refused",
        "stepped",
    ];
    let quiet: Vec<_> = events.iter().filter(|slug| !notes.events.contains(*slug)).collect();
    assert!(quiet.is_empty(), "events that never happened: {quiet:?}");
    use Code as C;
    let corners = [
        C::Accepted,
        C::Parked,
        C::Late,
        C::Busy,
        C::DiskLow,
        C::DiskFull,
        C::Conflict,
        C::UnknownDivision,
        C::LinkedRefused,
        C::BadLinkedRun,
        C::OverQuota,
        C::OverPlan,
        C::NoPayment,
        C::WrongState,
        C::CutBelowUsed,
        C::NotQuarantined,
        C::BatchMismatch,
        C::NoRow,
        C::ImportUnfit,
    ];
    let quiet: Vec<_> = corners.iter().filter(|code| !notes.codes.contains_key(code)).collect();
    assert!(quiet.is_empty(), "never heard: {quiet:?}");
    assert!(notes.pages.0 > 100 && notes.pages.1 > 100, "pages out and in: {:?}", notes.pages);
    assert!(notes.refused_starts > 100, "starts that stopped: {}", notes.refused_starts);
    assert!(notes.from_checkpoint > 100, "from a checkpoint: {}", notes.from_checkpoint);
}

#[test]
fn seeds_that_once_found_something_find_nothing_now() {
    let all = include_str!("../regressions.txt");
    let lines = all.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    let seeds = lines.map(|line| {
        let seed = line.split_whitespace().next().and_then(|word| word.parse::<u64>().ok());
        seed.unwrap_or_else(|| panic!("a line begins with a seed: {line}"))
    });
    for seed in seeds {
        assert_sound(&run_seeds(seed..seed + 1, 1, 1));
    }
}
