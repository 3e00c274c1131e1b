//! The real server under everything that can be done to it from outside, with a verdict at the end.
//!
//! Without flags it is a selection that ends in about a minute, as a test. `ops/torture` runs all
//! of it. Each part founds its own server; most load it with `lanes`, who hold the server to all it
//! has said, by their own record of what was acknowledged, refused and unknown, and end with
//! `treasury verify`. `TREASURY_SEED` repeats the draws. A part that cannot be run here says why.

#[path = "../harness/mod.rs"]
mod harness;
#[path = "../lanes/mod.rs"]
mod lanes;

mod cable;
mod crowds;
mod pauses;
mod steps;
mod strace;
mod verdict;

use std::process::ExitCode;

use clap::Parser;
use harness::Chance;
use harness::server::Options;
use lanes::Sums;
use lanes::kills::Deaths;
use serde_json::json;
use verdict::{Outcome, Part, Told, judge};

/// Says on standard error how far a part is.
macro_rules! part {
    ($($said:tt)*) => { eprintln!("   {}", format_args!($($said)*)) };
}
use part;

/// Torture of the real server.
#[derive(Clone, Debug, Parser)]
#[command(
    name = "torture",
    after_help = "\
Examples:
  ops/torture                          all of it: 500 kills, every step, 18,000 connections
  ops/torture --only kills --kills 50  one part
  ops/torture --quick --json           what the tests run; the verdict as JSON

Ends with 0 where nothing was lost and nothing doubled, with 1 where a part failed."
)]
pub(crate) struct Settings {
    /// Kills at random moments under load.
    #[arg(long, default_value_t = 10)]
    kills: u64,
    /// Steps of each kind of call under load that get a fault, at most.
    #[arg(long, default_value_t = 2)]
    steps_max: u64,
    /// Answers of a run under load: one that does not come to its step within them is the last.
    #[arg(long, default_value_t = 1_000)]
    answers: u64,
    /// Steps of each kind of call at the making of a data set that get a fault, at most.
    #[arg(long, default_value_t = 3)]
    making_max: u64,
    /// Pauses by SIGSTOP.
    #[arg(long, default_value_t = 3)]
    pauses: u64,
    /// How long each pause lasts.
    #[arg(long, default_value_t = 300)]
    pause_ms: u64,
    /// Idle desks.
    #[arg(long, default_value_t = 1_000)]
    connections: usize,
    /// Connections made, used and left, after a kill.
    #[arg(long, default_value_t = 2_000)]
    reconnects: usize,
    /// Desks that ask and do not read.
    #[arg(long, default_value_t = 0)]
    slow_readers: usize,
    /// Peers of each kind that vanish at once.
    #[arg(long, default_value_t = 0)]
    vanishing: usize,
    /// Runs these parts only.
    #[arg(long, value_name = "PART")]
    only: Vec<String>,
    /// Prints the verdict as JSON.
    #[arg(long)]
    json: bool,
    /// What cannot be run here is a failure.
    #[arg(long)]
    strict: bool,
    /// Of `cargo test`: parts whose names contain one of these.
    #[arg(hide = true)]
    filters: Vec<String>,
    #[command(flatten)]
    of_cargo: OfCargo,
}

/// What `cargo test` gives to every test, and is of no effect here.
#[derive(Clone, Debug, clap::Args)]
struct OfCargo {
    #[arg(long, hide = true)]
    nocapture: bool,
    #[arg(long, short, hide = true)]
    quiet: bool,
    #[arg(long, hide = true)]
    exact: bool,
    #[arg(long, hide = true)]
    test_threads: Option<usize>,
}

const PARTS: &[Part] = &[
    Part { name: "kills", run: kills },
    Part { name: "steps", run: steps::under_load },
    Part { name: "making", run: steps::at_the_making },
    Part { name: "pauses", run: pauses::stopped_and_continued },
    Part { name: "slow-disk", run: pauses::slow_disk },
    Part { name: "full-disk", run: pauses::full_disk },
    Part { name: "crowd", run: crowds::idle_desks },
    Part { name: "reconnects", run: crowds::reconnects },
    Part { name: "slow-readers", run: crowds::slow_readers },
    Part { name: "vanished", run: cable::vanished },
    Part { name: "cable", run: cable::cut },
];

fn main() -> ExitCode {
    let settings = Settings::parse();
    for name in &settings.only {
        if !PARTS.iter().any(|part| part.name == name) {
            let names: Vec<_> = PARTS.iter().map(|part| part.name).collect();
            eprintln!("torture: there is no part {name}; there are {}", names.join(", "));
            return ExitCode::from(2);
        }
    }
    let mut chance = Chance::told_to("torture", |line| eprintln!("{line}"));
    let wanted = |part: &&Part| {
        let named = settings.only.is_empty() || settings.only.iter().any(|name| name == part.name);
        let filters = &settings.filters;
        named
            && (filters.is_empty() || filters.iter().any(|text| part.name.contains(text.as_str())))
    };
    let given = |part: &&Part| match part.name {
        "slow-readers" => settings.slow_readers > 0,
        // `tests/half_open.rs` does it in each run of the tests.
        "vanished" => settings.vanishing > 0,
        _ => true,
    };
    let parts: Vec<Part> = PARTS.iter().filter(wanted).filter(given).copied().collect();
    if judge(&parts, &settings, &mut chance) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// SIGKILL at random moments, in starts too.
fn kills(settings: &Settings, chance: &mut Chance) -> Outcome {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let options = Options::new(dir.path());
    let (lanes, deaths) = lanes::under(&options, chance, |shared, chance, mut server| {
        let mut deaths = Deaths::default();
        for kill in 1..=settings.kills {
            server = deaths.kill_and_start(shared, chance, server, &options);
            if kill.is_multiple_of(100) {
                part!("{kill} kills");
            }
        }
        (server, deaths)
    });
    let sums = Sums::of(&lanes);
    let line = format!(
        "{} kills under load, {} more in starts; {} commands, {} unanswered: {} found, {} never taken",
        settings.kills,
        deaths.during_start,
        sums.commands,
        sums.unanswered,
        sums.found,
        sums.never_taken
    );
    let figures = json!({ "kills": settings.kills, "in_start": deaths.during_start,
        "torn": deaths.torn, "commands": sums.commands, "taken": sums.taken,
        "refused": sums.refused, "unanswered": sums.unanswered, "found": sums.found,
        "never_taken": sums.never_taken, "asked_again": sums.asked_again });
    Ok(Told { line, figures })
}
