//! ISO 20022 for banks that speak it: orders out as pain.001, status in as pain.002, statements in as camt.053 and
//! camt.054.
//!
//! A neutral adapter beside the national voucher, not a replacement: what stands where is told by one table,
//! [`mapping::MAPPING`]. Nothing here decides; a message that was read says what a bank says.
//!
//! In reading order:
//!
//! - [`mapping`]: which field of a voucher stands where, and by which rule.
//! - [`ids`]: what vouchers, details and transfers are called in messages.
//! - [`codes`]: statuses and reasons of banks.
//! - [`orders`]: a payment voucher as pain.001.001.09.
//! - [`ordered`]: pain.001.001.09 as a payment voucher: what a bank reads.
//! - [`status`]: pain.002.001.10, read.
//! - [`statement`]: camt.053.001.08 and camt.054.001.08, read.
//! - [`receipt`]: the national receipt that both come to.
//! - [`answer`]: a national receipt as pain.002 and camt.054: what a bank writes.
//! - [`refund`]: a bank's notice that money came back (2203, 2252) as camt.054, both ways.
//! - [`daily`]: a bank's daily list (2206) as camt.053, both ways.
//! - [`payload`]: messages as what an envelope holds.
//! - `supplement`: fields of a voucher that have no place of their own.
//! - `write`, `read`: XML out, and XML in with every bound and without document types or entities.

pub mod mapping;

pub mod ids;

pub mod codes;

pub mod orders;

pub mod ordered;

pub mod status;

pub mod statement;

pub mod receipt;

pub mod answer;

pub mod refund;

pub mod daily;

pub mod payload;

mod read;
mod supplement;
mod values;
mod write;

pub use read::{Bad, Reason};
pub use supplement::FIELDS_NAMESPACE;
