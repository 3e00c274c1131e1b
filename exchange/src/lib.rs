//! What parties tell each other: e-vouchers written, signed, kept and sent.
//!
//! Every party (finance, each agent bank, the central bank) runs the same store with a business of its own
//! behind it. `domain` knows what a voucher is and what is right; here is how it travels.
//!
//! Modules, in reading order:
//!
//! - [`limits`]: every bound, by name.
//! - [`encoding`]: fixed-width fields, read without trust.
//! - [`signing`]: exact bytes signed and verified, behind two small traits.
//! - [`certificates`]: whose key a signature is, from when to when.
//! - [`notice`]: what one store tells another about a voucher.
//! - [`envelope`]: a voucher or notices, with the bytes that were signed and their seals.
//! - [`record`]: what a party's journal says.
//! - [`store`]: what was sent, came and waits, by counterparty; a pure core.
//! - [`business`]: what stands behind a store.
//! - [`node`]: one party's turn, with its journal.
//! - [`finance`]: finance's own business: orders become vouchers, answers become facts.
//! - [`gbk`], [`xml`], [`json`]: a voucher in the national form and as its JSON twin.
//! - [`print`](mod@print): a voucher on paper.
//! - [`link`]: how messages travel between two stores.
//! - [`party`]: a party as it runs: its node, its lines, what comes by its inbox.
//! - [`iso20022`]: orders out, status and statements in, for banks that speak it.

pub mod business;
pub mod certificates;
pub mod encoding;
pub mod envelope;
pub mod finance;
pub mod gbk;
pub mod iso20022;
pub mod json;
pub mod limits;
pub mod link;
pub mod node;
pub mod notice;
pub mod party;
pub mod print;
pub mod record;
pub mod signing;
pub mod store;
mod values;
pub mod xml;
