//! *Budget year*: a whole year of every division's finance office, from its projects to what is
//! carried into the next, with what each paper and payment should hear and what should stand at the
//! end.
//!
//! In reading order: [`town`] lays a division out; `prepare` takes it to the reply; `course` issues
//! quotas, sends money down, pays through twelve months and ends the year; `rules` is what control rules
//! say to each payment, `plants` are payments that meet one. Each keeps its own account of what is left
//! where; none of it is taken from the engine.

mod course;
mod paper;
mod plants;
mod prepare;
mod rules;
mod town;

use std::collections::BTreeMap;

use domain::ids::{DivisionIndex, FiscalYear, QuotaId};

pub(crate) use paper::{TAKEN, papers};
pub(crate) use prepare::LINES;
pub(crate) use town::{
    DEPARTMENT_UNITS, FINANCE, FIRST_DEPARTMENT, Given, Kind, Post, Row, department_code, unit_code,
};

pub use paper::{Course, Deed, Earmark, Filing, Payee, Payment, PlanMonth, Receive, Step};
pub use town::Town;

use crate::divisions::{DIVISIONS, DivisionError, divisions};
use crate::draws::Keys;
use crate::{apportion, scale::Scale};

/// The year that is run.
pub const FISCAL_YEAR: FiscalYear = FiscalYear::from_offset(23);
/// The same, as papers write it.
pub const YEAR: u16 = FISCAL_YEAR.get();

/// Published counts: of filed projects, of budget units, of quotas.
const PROJECTS: u64 = 331_400;
const UNITS: u64 = 273_000;
const QUOTAS: u64 = 194_100;

/// Rows of the budget that each division has at least, beside those that every division has.
const ROWS_MIN: u64 = 4;

/// The parts of the year, in order. All divisions are through one before the next begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Divisions are registered.
    Register,
    /// Cards, posts and units of both years; the year opens.
    BaseData,
    /// The province puts its control rules on file.
    Rules,
    /// They are put on file below it, some tightened there.
    Inherit,
    /// Projects come into the library.
    Projects,
    /// The budget is asked for, and goes up for the first time (一上).
    FirstUp,
    /// Control figures come down (一下).
    FirstDown,
    /// It goes up for the second time (二上), and before the congress.
    SecondUp,
    /// January on quotas before the approval.
    January,
    /// The congress approves, finance replies.
    Reply,
    /// Every row gets its quota.
    Issue,
    /// Money goes down to the divisions below.
    HandDown,
    /// It is received there.
    TakeIn,
    /// The months from February on.
    Month(u8),
    /// The adjustment period, what is carried over, what is recovered, the close.
    YearEnd,
}

impl Phase {
    /// All of them, in order.
    pub fn all() -> impl Iterator<Item = Phase> {
        use Phase as P;
        let before = [
            P::Register,
            P::BaseData,
            P::Rules,
            P::Inherit,
            P::Projects,
            P::FirstUp,
            P::FirstDown,
            P::SecondUp,
            P::January,
            P::Reply,
            P::Issue,
            P::HandDown,
            P::TakeIn,
        ];
        before.into_iter().chain((2..=12).map(P::Month)).chain([P::YearEnd])
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> String {
        match self {
            Phase::Month(month) => format!("month {month}"),
            other => format!("{other:?}").to_lowercase(),
        }
    }
}

/// What there should be in the end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Projects on file.
    pub projects: u64,
    /// Budget units on file.
    pub units: u64,
    /// Quota documents that were carried out.
    pub documents: u64,
    /// Quotas of the year.
    pub quotas: u64,
    /// Of them, those that stood on pre-approval authority and rest on their rows now.
    pub pre_approval_replaced: u64,
    /// Moves of money from one quota to another.
    pub moves: u64,
    /// Of them, those still on their way.
    pub in_transit: u64,
    /// Payments made.
    pub payments: u64,
    /// Their sum, in fen.
    pub paid_fen: i64,
    /// Refusals, by the code's number.
    pub refusals: BTreeMap<u16, u64>,
    /// Payments that a rule held, by its code.
    pub held: BTreeMap<u16, u64>,
    /// Payments that a rule had the department approve too.
    pub second_approvals: u64,
    /// Earmarked for contracts, in fen.
    pub earmarked_fen: i64,
    /// Carried into the next year, in fen.
    pub carried_fen: i64,
    /// Taken back, in fen.
    pub recovered_fen: i64,
}

impl Counts {
    /// Adds those of another division.
    pub fn add(&mut self, other: &Counts) {
        self.projects += other.projects;
        self.units += other.units;
        self.documents += other.documents;
        self.quotas += other.quotas;
        self.pre_approval_replaced += other.pre_approval_replaced;
        self.moves += other.moves;
        self.in_transit += other.in_transit;
        self.payments += other.payments;
        self.paid_fen += other.paid_fen;
        for (all, others) in [(&mut self.refusals, &other.refusals), (&mut self.held, &other.held)]
        {
            for (&code, count) in others {
                *all.entry(code).or_default() += count;
            }
        }
        self.second_approvals += other.second_approvals;
        self.earmarked_fen += other.earmarked_fen;
        self.carried_fen += other.carried_fen;
        self.recovered_fen += other.recovered_fen;
    }
}

/// What a quota should be in the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuotaEnd {
    /// Which.
    pub quota: QuotaId,
    /// Paid and cleared from it, in fen.
    pub spent_fen: i64,
    /// Whether its authority was a cap before it was a row of the budget.
    pub was_early: bool,
}

/// The year of all divisions at a scale, from a seed.
pub fn budget_year(scale: Scale, seed: u64) -> Result<Vec<Town>, DivisionError> {
    let list = divisions()?;
    let weights = apportion::zipf_weights(DIVISIONS, 4);
    let dealt = |total: u64, least: u64| {
        let rest = scale.of(total).saturating_sub(least * DIVISIONS as u64);
        let shares = apportion::deal(rest, &weights, u64::MAX >> 1).unwrap_or_default();
        shares.into_iter().map(move |share| share + least)
    };
    // Each division has rows that finance keeps, and some more come in the course of the year.
    let sizes = dealt(QUOTAS, ROWS_MIN + town::QUOTAS_OF_EACH)
        .zip(dealt(PROJECTS, ROWS_MIN + town::PROJECTS_OF_EACH))
        .zip(dealt(UNITS, town::UNITS_MIN));
    let mut keys = Keys::new(seed);
    let towns = list.iter().zip(sizes).map(|(division, ((quotas, projects), units))| {
        let below = list.iter().filter(|other| {
            other.parent == division.index
                && other.index != division.index
                && (division.index != DivisionIndex::PROVINCE || other.takes_from_province())
        });
        let takes = division.index != DivisionIndex::PROVINCE
            && (division.parent != DivisionIndex::PROVINCE || division.takes_from_province());
        let size = town::Size { rows: quotas - town::QUOTAS_OF_EACH, projects, units };
        Town::new(division, below.cloned().collect(), takes, size, keys.next())
    });
    Ok(towns.collect())
}
