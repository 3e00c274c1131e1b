//! What a state keeps in memory, by kind, in bytes: figures for people and for the memory limit.
//!
//! Counted from lengths and capacities, not from the allocator: what hangs on single payments
//! (facts, refunds, holds) is counted for those in memory as [`LATER_BYTES_PLANNED`] each.

use crate::division::{ActRow, Division, RefusedRow, YearBook};
use crate::limit::PlanCell;
use crate::quota::{QuotaCell, QuotaRow};

/// Bytes planned for what happens to a payment after it was asked for: two facts and a refund.
pub const LATER_BYTES_PLANNED: usize = 256;

/// Bytes in memory, by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Resident {
    /// Quota cells.
    pub cells: u64,
    /// Cold rows of quotas with their official keys, and the index over those.
    pub rows: u64,
    /// Payments in memory.
    pub payments: u64,
    /// What stays of payments that are out.
    pub payments_out: u64,
    /// The id indexes.
    pub ids: u64,
    /// Acts and ended ids.
    pub outcomes: u64,
    /// Plans, contracts, moves, batches and suspense.
    pub rest: u64,
}

impl Resident {
    /// Each figure with its name.
    #[must_use]
    pub fn named(&self) -> [(&'static str, u64); 7] {
        [
            ("cells", self.cells),
            ("rows", self.rows),
            ("payments", self.payments),
            ("payments_out", self.payments_out),
            ("ids", self.ids),
            ("outcomes", self.outcomes),
            ("rest", self.rest),
        ]
    }

    /// All of it.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.named().iter().map(|(_, bytes)| bytes).sum()
    }

    /// Adds another state's figures.
    pub fn add(&mut self, other: &Resident) {
        self.cells += other.cells;
        self.rows += other.rows;
        self.payments += other.payments;
        self.payments_out += other.payments_out;
        self.ids += other.ids;
        self.outcomes += other.outcomes;
        self.rest += other.rest;
    }
}

impl Division {
    /// What it keeps in memory.
    #[must_use]
    pub fn resident(&self) -> Resident {
        let mut sum = Resident::default();
        self.years().for_each(|book| sum.add(&book.resident()));
        sum
    }
}

/// A key's text, its entry in the index over keys and that entry's own copy of the text.
const KEY_BYTES_PLANNED: usize = 96;
/// A row of a map with its share of the tree.
const ROW_BYTES_PLANNED: usize = 160;

impl YearBook {
    /// What it keeps in memory.
    #[must_use]
    pub fn resident(&self) -> Resident {
        let quotas = self.quotas.len();
        let (held, out) = self.payments.bytes();
        let in_memory = held / size_of::<crate::payment::Payment>();
        let maps = self.contracts.len()
            + self.moves_out.len()
            + self.moves_in.len()
            + self.moves_refused.len()
            + self.batches.len()
            + self.suspense.len()
            + self.suspense.iter_ended().count();
        let outcomes =
            self.acts.len() * size_of::<ActRow>() + self.refused.len() * size_of::<RefusedRow>();
        let rest = maps * ROW_BYTES_PLANNED
            + self.plans.len() * (size_of::<PlanCell>() + 16)
            + self.marks_bytes();
        Resident {
            cells: (quotas * size_of::<QuotaCell>()) as u64,
            rows: (quotas * (size_of::<QuotaRow>() + KEY_BYTES_PLANNED)) as u64,
            payments: (held + in_memory * LATER_BYTES_PLANNED) as u64,
            payments_out: out as u64,
            ids: (self.payment_ids.bytes() + self.act_ids.bytes()) as u64,
            outcomes: outcomes as u64,
            rest: rest as u64,
        }
    }
}
