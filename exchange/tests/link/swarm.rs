//! Any faults, drawn from seeds: whatever happens, at the end each message was taken once, in order.
//!
//! A seed that failed is run alone with `TREASURY_SEED=N`; `TREASURY_LINK_SEEDS` sets how many are run.

use exchange::link::{Line, Settings};

use crate::world::{Draws, FAIR, Weather, World};

fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}

/// Which faults a seed switches on: quiet runs, single faults and mixes.
struct Faults {
    cuts: bool,
    half_open: bool,
    slow: bool,
    refused: bool,
    restarts: bool,
    pauses: bool,
}

fn run(seed: u64) -> [u64; 3] {
    let mut draws = Draws(seed);
    let mut on = || draws.chance(40);
    let faults = Faults {
        cuts: on(),
        half_open: on(),
        slow: on(),
        refused: on(),
        restarts: on(),
        pauses: on(),
    };
    let settings = Settings {
        well_ms: 200 + draws.below(3_000),
        window_bytes: 1 << (10 + draws.below(12)),
        ..Settings::default()
    };
    let longest_max = if draws.chance(20) { 60_000 } else { 900 };
    let longest = 1 + draws.below(longest_max);
    let mut world = World::new(settings, longest, draws.next(), draws.chance(80));
    for _ in 0..80 {
        for side in [0, 1] {
            if draws.chance(50) {
                world.offer(side, draws.below(200));
            }
            world.stores[side].write_ms = draws.below(30);
        }
        let line = *[Line::Primary, Line::Backup].get(draws.below(2) as usize).expect("two");
        let at = line.number() as usize - 1;
        match draws.below(8) {
            0 if faults.cuts => world.cut(line),
            1 if faults.half_open => {
                world.weather[at].swallows = [draws.chance(60), draws.chance(60)];
            }
            2 if faults.slow => {
                world.weather[at].bytes_per_ms = 1 + draws.below(100);
                world.weather[at].delay_ms = 1 + draws.below(400);
            }
            3 if faults.refused => {
                world.weather[at].refuses = true;
                world.cut(line);
            }
            4 if faults.restarts => world.restart(draws.below(2) as usize),
            5 if faults.pauses => {
                world.stopped_until[draws.below(2) as usize] = world.now + draws.below(2_000);
            }
            _ => world.weather[at] = FAIR,
        }
        world.run(draws.below(300));
    }
    world.weather = [Weather { ..FAIR }; 2];
    world.until(120_000, World::done);
    let [a, b] = [0, 1].map(|side| world.links[side].standing().counts);
    [a.switches + b.switches, a.repeated + b.repeated, world.stores[0].last + world.stores[1].last]
}

#[test]
fn each_message_is_taken_once_and_in_order_whatever_the_lines_do() {
    let seeds = match number("TREASURY_SEED") {
        Some(seed) => seed..seed + 1,
        None => 1..1 + number("TREASURY_LINK_SEEDS").unwrap_or(60),
    };
    let mut sums = [0; 3];
    for seed in seeds.clone() {
        let found = std::panic::catch_unwind(|| run(seed));
        let found = found.unwrap_or_else(|_| panic!("TREASURY_SEED={seed} fails"));
        for (sum, number) in sums.iter_mut().zip(found) {
            *sum += number;
        }
    }
    let [switches, repeated, messages] = sums;
    println!("{seeds:?}: {messages} messages, {switches} switches, {repeated} sent again");
    // Otherwise nothing was tried.
    assert!(seeds.end - seeds.start < 10 || (switches > 10 && repeated > 100));
}

#[test]
fn a_seed_is_the_same_run_each_time() {
    assert_eq!(run(7), run(7));
}
