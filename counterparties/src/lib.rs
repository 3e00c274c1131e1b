//! The parties on the other side, as programs for a test province: agent banks and the central bank's treasury,
//! each with a ledger of its own that knows nothing of ours.
//!
//! They are judges: what was really paid and cleared is what stands in their ledgers. They share nothing with the
//! engine but what is on vouchers.
//!
//! In reading order:
//!
//! - [`limits`]: every bound, by name.
//! - [`ledger`]: double entry, with statements by account and day.
//! - [`script`]: wrong answers on purpose, as data.
//! - [`bank`]: an agent bank.
//! - [`central_bank`]: the central bank's treasury, with [`income`] from a seed.

pub mod limits;

pub mod ledger;

mod behind;

mod draw;

mod portions;

mod record;

mod reason;
pub mod script;

pub mod bank;

pub mod central_bank;

pub mod income;
