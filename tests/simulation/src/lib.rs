//! A whole node on one thread, under one seed.
//!
//! Sessions, network, shards, journal, gate, checkpoint and the start are the engine's own code. The
//! disk, the wires, both clocks and the order in which the parts move are simulated, and drawn from
//! the seed, as are the callers and the faults. What is said and kept is held against a ledger that
//! adds up the journal's records by itself. `docs/reliability.md` has what is simulated, what is
//! checked, and what this cannot see.
//!
//! In reading order:
//!
//! - [`swarm`]: which faults a seed switches on.
//! - [`founding`]: how an engine starts here, and the treasury that every run begins with.
//! - `clocks`: the world's clock and the wall clock.
//! - [`ledger`]: what the journal says happened, added up a second time.
//! - `run`: one run, step by step.
//! - `callers`: what callers send, and the wires they send it over.
//! - `hearing`: what leaves the node, held against what is durable.
//! - `lives`: how a process ends, and the next begins.
//! - `damage`: a start over what is not what was written.
//! - `checks`: what holds when nothing is under way.
//! - [`notes`]: what a run leaves behind for people.
//! - [`verdict`]: seeds run, one or many.
//! - `planted`: defects planted on purpose, each looked for until a seed finds it; only with the
//!   feature `planted-bugs`.

mod callers;
mod checks;
mod clocks;
mod damage;
pub mod founding;
mod hearing;
pub mod ledger;
mod lives;
pub mod notes;
#[cfg(feature = "planted-bugs")]
pub mod planted;
mod run;
pub mod swarm;
pub mod verdict;
