//! What parties tell each other: e-vouchers written, signed, kept and sent.
//!
//! Every party (finance, each agent bank, the central bank) runs the same store with a business of its own
//! behind it. `domain` knows what a voucher is and what is right; here is how it travels.

pub mod limits;

pub mod business;

pub mod link;
