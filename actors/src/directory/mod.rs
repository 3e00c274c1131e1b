//! The directory: lists of payments, histories and rows on file, at a position it names.
//!
//! A follower of the journal: everything it knows is a fold over durable records, rebuilt at each
//! start, and it is asked beside the payments' way. Its core is synchronous; its shells are two
//! threads of their own. Never decides, never delays a desk, and never shows what is not durable.
//!
//! - [`rows`]: a fixed row for each payment, and the ways to find it.
//! - [`fold`]: committed records into rows.
//! - [`files`]: what the finance office has on file.
//! - [`select`]: which payments and events stand on a page.
//! - [`pages`]: records by sequence, re-read for their texts.
//! - [`answers`]: pages as frames.
//! - [`clerk`]: follows, waits, answers.
//! - [`reports`]: reports from running totals, page by page.
//! - [`past`]: how things stood, folded anew from the journal.

mod answers;
mod clerk;
mod files;
mod fold;
mod pages;
mod past;
mod reports;
mod rows;
mod select;
#[cfg(test)]
mod tests;

pub use clerk::{Clerk, ClerkError, Given, Question};
pub use fold::{Directory, FoldError};
pub use past::{Past, PastQuestion};
