//! What the tests of several modules share, and what the simulation is built of.
//!
//! In reading order:
//!
//! - [`give`]: commands as people and banks give them.
//! - `words`: what is in mailboxes, what was heard, what was kept.
//! - [`house`]: shards, mailboxes and a journal on one thread, under the test's own schedule.
//! - [`world`]: the house with its network: bytes in, bytes out.
//! - [`keeping`]: recovery beside the house, over a checkpoint in memory.
//! - [`draw`]: numbers from a seed.

pub mod give;

pub mod house;
pub mod keeping;
mod words;

pub mod world;

pub mod draw;
