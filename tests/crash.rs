//! The real server, killed again and again under load, answers for everything it ever said.
//!
//! `lanes` load a server that is killed at random moments and started again on the same data, and
//! check from their own record all that it says. Each start begins where the last answer was, or
//! later.
//!
//! `TREASURY_KILLS` sets how often it is killed (40), `TREASURY_SEED` repeats the draws.

mod harness;
mod lanes;

use harness::Chance;
use harness::server::Options;
use lanes::kills::Deaths;
use lanes::{Lane, Sums};

#[test]
fn everything_the_server_said_survives_its_deaths() {
    let kills = match std::env::var("TREASURY_KILLS") {
        Ok(text) => text.parse().expect("TREASURY_KILLS is a number"),
        Err(_) => 40,
    };
    let mut chance = Chance::new("crash");
    let dir = tempfile::tempdir().expect("a temporary directory");
    let options = Options::new(dir.path());
    let (lanes, deaths) = lanes::under(&options, &mut chance, |shared, chance, mut server| {
        let mut deaths = Deaths::default();
        for _ in 0..kills {
            server = deaths.kill_and_start(shared, chance, server, &options);
        }
        (server, deaths)
    });
    tell(kills, deaths, &lanes);
}

fn tell(kills: u64, deaths: Deaths, lanes: &[Lane]) {
    let sums = Sums::of(lanes);
    println!("{kills} kills under load, {deaths:?}; {sums:?}");
    assert!(sums.taken > 1_000, "the load was too light to show anything");
    assert!(sums.over_quota > 0, "no refusal was heard");
    assert!(kills < 10 || sums.unanswered > 0, "no kill came between sending and answer");
}
