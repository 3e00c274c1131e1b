//! Clearing (清算): how a bank gets back what it paid in advance, as rules that every side keeps by itself.
//!
//! - [`lane`]: what goes first when treasury cash is short.
//! - [`matching`]: a bank's request against finance's limit notice, line by line.
//! - [`tally`]: C1 and what is paid and not cleared, folded from vouchers alone.
//!
//! It keeps no ledger and asks nobody.

pub mod lane;

pub mod matching;

pub mod tally;

pub use lane::{Lane, is_direct_funds};
pub use matching::{Mismatch, compare};
pub use tally::{Exposure, Tally};
