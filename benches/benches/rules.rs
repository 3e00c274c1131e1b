//! What control rules cost a payment that keeps all of them: `cargo bench -p benches --bench rules`.
//!
//! Two divisions under control with the same on file, one without rules and one with all that come with
//! the program, take the same payments in turns, the turns of one between those of the other. A turn is
//! all that a shard does of it: everything but sockets and disk. One line of JSON.

use std::time::Duration;

use actors::shard::Shard;
use actors::turn::{Landing, Output, Part, Turn};
use benches::{KEY, division_under_control, full_reservation};
use domain::Code;
use domain::codes::Role;
use domain::ids::ChannelId;
use protocol::{Flags, encode_command};
use rustix::time::{ClockId, clock_gettime};

/// Payments of one turn.
const TURN: u64 = 4096;

/// Turns of each division.
const TURNS: u64 = 160;

fn main() {
    let mut lanes = [Lane::new(false), Lane::new(true)];
    for at in 0..TURNS {
        // Neither is always the one that finds the caches full of the other's.
        let first = usize::from(at % 4 > 1);
        lanes[first].turn();
        lanes[1 - first].turn();
    }
    let [without, with] = lanes.map(|lane| lane.nanos);
    let (mean_without, mean_with) = (mean(&without), mean(&with));
    println!(
        "{{\"payments\":{},\"without_rules_ns\":{mean_without:.0},\"with_rules_ns\":{mean_with:.0},\
         \"median_without_ns\":{:.0},\"median_with_ns\":{:.0},\"throughput_kept\":{:.3}}}",
        TURNS * TURN,
        median(without),
        median(with),
        mean_without / mean_with,
    );
}

/// A shard with one division, and the core time of each of its turns for one payment.
struct Lane {
    shard: Shard,
    payments: u64,
    sequence: u64,
    nanos: Vec<f64>,
}

impl Lane {
    fn new(with_rules: bool) -> Lane {
        let shard = Shard::new(0, KEY, vec![division_under_control(with_rules)]);
        Lane { shard, payments: 0, sequence: 1, nanos: Vec::new() }
    }

    /// Takes the next payments and has them landed.
    fn turn(&mut self) {
        let turn = self.next();
        let began = core_time();
        self.shard.turn(turn);
        let mut outputs = Vec::new();
        let mut replies = Vec::new();
        loop {
            self.shard.take_outputs(&mut outputs);
            if outputs.is_empty() {
                break;
            }
            for output in outputs.drain(..) {
                match output {
                    Output::Run(run) => {
                        let count = run.records.records();
                        let first = protocol::Position { epoch: 1, sequence: self.sequence };
                        self.sequence += u64::from(count);
                        let first_ordinal = run.first_ordinal;
                        let landing = Landing { shard: 0, first_ordinal, count, first };
                        self.shard.landed(landing, run.records);
                    }
                    Output::Reply(reply) => replies.push(reply),
                    _ => {}
                }
            }
        }
        let took = core_time() - began;
        self.nanos.push(took.as_nanos() as f64 / TURN as f64);
        let outcomes = replies.iter().flat_map(|reply| &reply.outcomes);
        let taken = outcomes.filter(|outcome| outcome.result.code == Code::Accepted).count();
        assert_eq!((taken as u64, self.sequence - 1), (TURN, self.payments));
    }

    fn next(&mut self) -> Turn {
        let mut turn = Turn::new();
        let (role, channel, deadline_ms) = (Role::Maker, ChannelId(1), 0);
        turn.parts.push(Part { ticket: 0, role, channel, deadline_ms, count: TURN as u32 });
        for place in 0..TURN {
            self.payments += 1;
            let command = full_reservation(self.payments);
            let mut row = [0; 128];
            encode_command(&command, Flags::default(), &mut row, &mut turn.tails)
                .expect("a reservation has a wire form");
            turn.rows.push(row);
            turn.places.push(place as u16);
        }
        turn
    }
}

/// Core time of this thread.
fn core_time() -> Duration {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(now.tv_sec.unsigned_abs(), now.tv_nsec as u32)
}

fn mean(all: &[f64]) -> f64 {
    all.iter().sum::<f64>() / all.len() as f64
}

fn median(mut all: Vec<f64>) -> f64 {
    all.sort_by(f64::total_cmp);
    all[all.len() / 2]
}
