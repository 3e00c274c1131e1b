//! Workloads, and the independent model behind them: what to send, and what to hear.
//!
//! A scenario is a description (TOML) with published totals; a [`Plan`] lays it out at a scale and
//! from a seed, so that counts and the total are exact; a [`Work`] cuts the plan into [`Lane`]s,
//! which yield waves of commands in wire form, each with the answer that the model predicts. The
//! model is written from the documents and shares no rule with the engine: of `domain` this crate
//! knows amounts and ids.
//!
//! In reading order:
//!
//! - [`scale`]: the exact factor on the published totals.
//! - [`spec`]: scenario files.
//! - [`divisions`]: the 185 divisions.
//! - [`calendar`]: the working days, and the hours of a day.
//! - `draws`, `apportion`, `amounts`, `classes`, `payees`: chance, shares, amounts, codes and
//!   payees.
//! - [`budget`]: a whole year of every finance office.
//! - `cases`: what happens beside the plain course of a payment.
//! - [`plan`]: a scenario laid out at a scale.
//! - [`command`], [`wire`]: commands, and their bytes.
//! - [`model`]: what should be answered.
//! - `generate`: one division's commands.
//! - [`lane`], [`stream`]: what a runner is given.
//! - [`mod@file`]: a scenario kept in a file.

pub mod scale;

pub mod spec;

pub mod divisions;

pub mod townships;

mod draws;

mod apportion;

mod amounts;

pub mod calendar;

mod classes;

mod payees;

pub mod budget;

mod cases;

pub mod plan;

pub mod command;

pub mod wire;

pub mod model;

mod generate;

pub mod lane;

pub mod stream;

pub mod file;

pub use calendar::{DayTotal, When};
pub use command::Role;
pub use file::{FileError, Head, LaneEnd, ReadLane, ScenarioFile, Track};
pub use lane::{Lane, Work};
pub use model::cells::Buckets;
pub use model::codes::State;
pub use model::tally::Tally;
pub use plan::{Part, Plan, PlanError, Shares, Totals, Unit};
pub use scale::{Scale, ScaleError};
pub use spec::{Spec, SpecError, list};
pub use stream::{
    Audit, Barrier, Expected, ExpectedValue, Heard, Op, PaymentEnd, QuotaEnd, Step, Wave,
};
