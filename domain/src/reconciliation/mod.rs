//! Reconciliation (对账): our books against the other side's statements, and what becomes of the differences.
//!
//! Their lines come from their ledgers: receipts, requests, clearing statements, account statements. Ours come from
//! finance's books. Nothing here reads either, and our own events are never what ours are held against.
//!
//! In reading order:
//!
//! - [`line`]: one line of a statement or of our books, and what it is compared by.
//! - [`class`]: the six classes of differences, whom each waits for, and what resolves it.
//! - [`comparison`]: lines of both sides in any order, joined; the differences and the sums of each scope.
//! - [`statement`]: lines out of vouchers, their head held against them, and the answer to a statement.
//! - [`opening`]: whether an account's statements begin where the one before ended.
//! - [`period`]: sums of a month or a year, out of vouchers, and what differs.
//! - [`register`]: open differences, from the day they appear until somebody closes them.

pub mod line;

pub mod class;

pub mod comparison;

pub mod statement;

pub mod opening;

pub mod period;

pub mod register;

pub use class::{Class, Finding};
pub use comparison::Comparison;
pub use line::{Figures, Item, ItemState, Line, Scope, Side, Source};
pub use register::Register;
