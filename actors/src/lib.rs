//! Who does what: quota actors under their shards, the gate, sessions, the journal's thread.
//!
//! Every actor is a synchronous core that is given its inputs and says what it wants done; the
//! shells around the cores only move messages. What a quota may do is decided in `domain`, bytes
//! are read and written in `protocol` and `storage`; this crate says who acts when.
//!
//! In reading order:
//!
//! - [`limits`]: every bound of the running engine, by name.
//! - [`turn`]: what passes between network, shards and journal.
//! - [`shard`]: owns and schedules the quotas of its divisions.
//! - [`gate`]: holds replies until what they show is durable.
//! - [`network`]: sessions, admission, gathering by tick.
//! - [`registry`]: which shard has which division.
//! - [`clock_guard`]: whether the wall clock may be believed.
//! - [`durable`]: the durable position, as followers read it.
//! - [`journal_thread`]: joins runs into groups and makes them durable.
//! - [`replay`]: the state folded from the journal, and its digest.
//! - [`directory`]: lists, histories and states as they were.
//! - [`recovery`]: keeps what has changed in the checkpoint, division by division.
//! - [`recovery_threads`]: its thread, and the one that fetches pages.
//! - [`laws`]: the watch over the laws of quotas.
//! - [`sandbox`]: what a test server's bank and central bank report.
//! - [`histogram`]: times, counted in fixed buckets.
//! - [`metrics`]: every metric, with unit and labels.
//! - [`engine`]: how an engine starts.
//! - [`shells`]: the thin actix shells.
//! - `testing`: the whole on one thread, for tests; with the feature `simulation` for others too.

pub mod limits;

pub mod turn;

pub mod shard;

pub mod gate;

pub mod network;

pub mod registry;

pub mod clock_guard;

pub mod durable;

pub mod journal_thread;

pub mod replay;

pub mod directory;
pub mod recovery;

pub mod recovery_threads;

pub mod laws;

pub mod sandbox;

pub mod histogram;

pub mod metrics;

pub mod engine;

pub mod shells;

#[cfg(any(test, feature = "simulation"))]
pub mod testing;
