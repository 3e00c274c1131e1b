//! What the tests of several modules share.
//!
//! In reading order:
//!
//! - [`give`]: commands as people and banks give them.
//! - [`house`]: shards, mailboxes and a journal on one thread, under the test's own schedule.
//! - [`world`]: the house with its network: bytes in, bytes out.
//! - [`keeping`]: recovery beside the house, over a checkpoint in memory.
//! - [`draw`]: numbers from a seed.
//! - [`storm`]: random callers under a random schedule, over a disk that crashes.

pub(crate) mod give;

pub(crate) mod house;
pub(crate) mod keeping;

pub(crate) mod world;

pub(crate) mod draw;

mod storm;
