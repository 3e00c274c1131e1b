//! What is right: the rules of public payment, with nothing around them.
//!
//! This crate decides. It has no I/O, no clock, no thread and no randomness: time arrives as a
//! number, the keyed hash arrives as a key, and everything it concludes leaves as an [`Event`].
//!
//! In reading order:
//!
//! - [`limits`]: every bound of the domain, by name.
//! - [`money`]: fen, and yuan text at the edges.
//! - [`ids`]: who and what a command names.
//! - [`codes`]: small closed vocabularies: roles, posts, methods, paths, kinds, states.
//! - [`command`]: what can be asked (orders) and reported (facts).
//! - [`event`]: what was decided; the only thing that changes state.
//! - [`refusal`]: numbered answers that say no, in two languages, with figures.
//! - [`particulars`]: payee, purpose and document of a payment.
//! - [`quota`], [`payment`], [`limit`], [`movement`], [`batch`], [`suspense`]: the state.
//! - [`arena`], [`id_index`], [`payment_pages`]: how the state is kept, without rehashing or moving,
//!   settled payments out of memory.
//! - `prefetch`: what will be read soon, told to the processor.
//! - [`page`] (and `marks`): the state in pages, as a checkpoint copies them and gives them back.
//! - [`resident`]: what the state keeps in memory, by kind.
//! - [`contents`]: the fingerprint by which a repeat is told from a conflict.
//! - [`elements`]: the codes of a year, and which of them go together.
//! - [`office`]: what the finance office has on file: base data, projects, budgets, rules.
//! - [`division`]: one fiscal division: its years, and everything in them.
//! - [`decide`]: `(&state, command) -> Result<Event, Refusal>`.
//! - [`apply`]: `(&mut state, &event)`, shared by live and replay.
//! - [`transitions`]: the closed table state × command.
//! - [`invariants`]: I1, I2, I10, I11 as checks over whole states.
//! - [`laws`]: L1 to L9, the laws of conservation of quotas, likewise.
//! - [`voucher`]: e-vouchers: what parties tell each other about payments.
//! - [`reconciliation`]: our books against the other side's statements.
//! - [`day`]: what has to be done before a day is closed.
//! - [`clearing`]: how a bank gets back what it paid in advance.
//! - [`digest`]: the canonical rows that I5 compares.
//! - `planted`: defects for the simulation to find, in builds with that feature alone.

pub mod limits;

pub mod money;

pub mod ids;

pub mod codes;

pub mod command;

pub mod event;

pub mod refusal;

pub mod particulars;

pub mod quota;

pub mod payment;

pub mod limit;

pub mod movement;

pub mod batch;

pub mod suspense;

mod prefetch;

pub mod arena;

pub mod id_index;

pub mod payment_pages;

mod marks;

pub mod page;

pub mod resident;

pub mod contents;

pub mod elements;

#[macro_use]
pub mod office;

pub mod division;

pub mod decide;

pub mod apply;

pub mod transitions;

pub mod invariants;

pub mod laws;

pub mod voucher;

pub mod reconciliation;

pub mod day;

pub mod clearing;

pub mod digest;

#[cfg(feature = "planted-bugs")]
pub mod planted;

pub use codes::{Post, Role};
pub use command::Command;
pub use division::Division;
pub use event::Event;
pub use ids::{DivisionIndex, FiscalYear, PaymentId, QuotaId};
pub use money::Fen;
pub use refusal::{Code, Refusal};
