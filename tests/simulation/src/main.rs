//! `ops/simulate`: runs seeds and prints a verdict on one screen.

use std::num::NonZeroUsize;
use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use serde_json::{Value, json};
use simulation::swarm::Kind;
use simulation::verdict::{Verdict, Violation, run_seeds, told};

/// Run a whole node on one thread under seeds, with faults of disk, network and clock, and check
/// that its promises hold.
#[derive(Parser)]
#[command(
    name = "ops/simulate",
    after_help = "Examples:\n  ops/simulate\n  ops/simulate --seed 12345\n  ops/simulate --seeds 100000 --from 2000 --json\n  ops/simulate --planted"
)]
struct Arguments {
    /// How many seeds to run.
    #[arg(long, default_value_t = 2_000)]
    seeds: u64,
    /// The first of them.
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// Run this seed alone.
    #[arg(long, conflicts_with_all = ["seeds", "from"])]
    seed: Option<u64>,
    /// Threads; as many as there are cores unless given.
    #[arg(long)]
    threads: Option<usize>,
    /// Look for each planted defect instead, and print which seed finds it.
    #[arg(long, conflicts_with_all = ["seeds", "from", "seed"])]
    planted: bool,
    /// Print one object instead of text.
    #[arg(long)]
    json: bool,
}

/// Violations that each thread tells before it stops.
const TOLD_MAX: usize = 3;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let threads = arguments.threads.unwrap_or(cores);
    let good = if arguments.planted {
        planted(threads, arguments.json)
    } else {
        seeds(&arguments, threads)
    };
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

#[expect(clippy::disallowed_methods, reason = "how long it took is told, and decides nothing")]
fn now() -> Instant {
    Instant::now()
}

fn seeds(arguments: &Arguments, threads: usize) -> bool {
    let began = now();
    let range = match arguments.seed {
        Some(seed) => seed..seed + 1,
        None => arguments.from..arguments.from + arguments.seeds,
    };
    let verdict = run_seeds(range, threads, TOLD_MAX);
    let seconds = began.elapsed().as_secs_f64();
    if arguments.json {
        println!("{}", as_json(&verdict, seconds));
    } else {
        print_verdict(&verdict, seconds);
    }
    verdict.violations.is_empty()
}

fn as_json(verdict: &Verdict, seconds: f64) -> Value {
    let notes = &verdict.notes;
    let violation = |one: &Violation| {
        let Violation { seed, oracle, what, noticed_at, .. } = one;
        json!({ "seed": seed, "oracle": oracle, "what": what, "noticed_at": noticed_at })
    };
    json!({
        "seeds": verdict.seeds,
        "steps": notes.steps,
        "lives": notes.lives,
        "crashes": notes.crashes,
        "answered": notes.answered,
        "refused_starts": notes.refused_starts,
        "last_groups_lost": notes.last_groups_lost,
        "from_checkpoint": notes.from_checkpoint,
        "faults": notes.faults_by_name(),
        "violations": verdict.violations.iter().map(violation).collect::<Vec<_>>(),
        "seconds": seconds,
    })
}

fn print_verdict(verdict: &Verdict, seconds: f64) {
    let notes = &verdict.notes;
    for violation in &verdict.violations {
        println!("{}", told(violation, "ops/simulate"));
    }
    println!("seeds             {:>10} in {seconds:.1} s", verdict.seeds);
    println!("steps             {:>10}", notes.steps);
    println!("commands answered {:>10}", notes.answered);
    println!("restarts          {:>10}, {} of them after a crash", notes.lives, notes.crashes);
    println!("from a checkpoint {:>10}", notes.from_checkpoint);
    println!("starts refused    {:>10} for damage, rightly", notes.refused_starts);
    println!(
        "last group rotten {:>10}, taken for torn: one node cannot tell",
        notes.last_groups_lost
    );
    println!("faults");
    for row in Kind::ALL.chunks(3) {
        let cell = |kind: &Kind| {
            let count = notes.faults.get(kind).copied().unwrap_or(0);
            format!("  {:<18}{count:>7}", kind.slug())
        };
        println!("{}", row.iter().map(cell).collect::<String>());
    }
    let verdict_word = if verdict.violations.is_empty() { "every promise held" } else { "BROKEN" };
    println!("violations        {:>10}  {verdict_word}", verdict.violations.len());
}

#[cfg(feature = "planted-bugs")]
fn planted(threads: usize, as_json: bool) -> bool {
    let began = now();
    let all = simulation::planted::find_all(threads);
    let seconds = began.elapsed().as_secs_f64();
    let good = all.iter().all(simulation::planted::Found::is_good);
    if as_json {
        let row = |one: &simulation::planted::Found| {
            let found = one.violation.as_ref();
            json!({
                "bug": one.bug.slug(),
                "seed": found.map(|found| found.seed),
                "oracle": found.map(|found| found.oracle.clone()),
                "what": found.map(|found| found.what.clone()),
                "clean_without": one.without.is_none(),
            })
        };
        let rows: Vec<Value> = all.iter().map(row).collect();
        println!("{}", json!({ "planted": rows, "good": good, "seconds": seconds }));
    } else {
        all.iter().for_each(|one| println!("{}", one.line()));
        let word = if good { "all found" } else { "NOT all found" };
        println!("{word} in {seconds:.1} s");
    }
    good
}

#[cfg(not(feature = "planted-bugs"))]
fn planted(_threads: usize, _as_json: bool) -> bool {
    eprintln!("this build has no defects in it: add --features planted-bugs, as ops/simulate does");
    false
}
