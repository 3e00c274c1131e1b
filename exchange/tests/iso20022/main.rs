//! ISO 20022: orders out and held against a reader of their own, status and statements in, what an envelope holds of
//! either side, garbage refused.
//!
//! `UPDATE_GOLDEN=1` writes what comes out of golden messages anew; messages of banks are written by hand.

mod answers;
mod garbage;
mod ordered;
mod orders;
mod page;
mod payloads;
mod reader;
mod receipts;
mod refunds;
mod samples;
mod written;
