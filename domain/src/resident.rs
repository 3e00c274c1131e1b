//! What a state keeps in memory, by kind, in bytes: figures for people and for the memory limit.
//!
//! Counted from lengths and capacities, not from the allocator. What is of no fixed size is counted
//! as planned here: a key's text, what happened to a payment, a row of a map.

use std::collections::{BTreeMap, HashMap};

use crate::division::{Division, YearBook};
use crate::limit::{ContractCell, PlanCell};
use crate::payment::Payment;
use crate::payment_pages::PAYMENTS_PER_PAGE;
use crate::suspense::Parked;

/// Bytes planned for what happens to a payment until it can no longer pay: two facts and a refund.
pub const LATER_BYTES_PLANNED: usize = 256;
/// Bytes planned for the text of an official key.
const KEY_BYTES_PLANNED: usize = 32;
/// Bytes planned for a key of a map and its share of the tree.
const ENTRY_BYTES_PLANNED: usize = 48;
/// Bytes that a tree keeps beside each entry, about.
const TREE_ENTRY_BYTES_PLANNED: usize = 16;

/// How many kinds there are.
pub const KINDS: usize = 12;

/// Bytes in memory, by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Resident {
    /// Quota cells: what decides a payment.
    pub quotas_hot: u64,
    /// Rows of quotas: what people look at.
    pub quotas_cold: u64,
    /// Official keys and the index over them.
    pub keys: u64,
    /// Payments that can still pay.
    pub payments_open: u64,
    /// Payments in memory that can no longer pay: paid, settled or released.
    pub payments_ended: u64,
    /// What stays of payments that are out of memory.
    pub payments_out: u64,
    /// The indexes over ids of payments and acts.
    pub ids: u64,
    /// Acts and ended ids, for their repeats.
    pub acts: u64,
    /// Plans and contracts, and what control rules keep of payments.
    pub limits: u64,
    /// Facts in suspense, and which were.
    pub suspense: u64,
    /// What the finance office has on file, and what of it is staged in batches.
    pub office: u64,
    /// Moves, batches, and which pages have changed.
    pub rest: u64,
}

/// Bytes of a tree, without what hangs on its entries.
#[must_use]
pub fn tree_bytes<K, V>(tree: &BTreeMap<K, V>) -> usize {
    tree.len() * (size_of::<(K, V)>() + TREE_ENTRY_BYTES_PLANNED)
}

/// Bytes of a hash map with a byte of control for each slot, without what hangs on its entries.
#[must_use]
pub fn map_bytes<K, V>(map: &HashMap<K, V>) -> usize {
    map.capacity() * (size_of::<(K, V)>() + 1)
}

impl Resident {
    /// Each figure with its name.
    #[must_use]
    pub fn named(&self) -> [(&'static str, u64); KINDS] {
        [
            ("quotas_hot", self.quotas_hot),
            ("quotas_cold", self.quotas_cold),
            ("keys", self.keys),
            ("payments_open", self.payments_open),
            ("payments_ended", self.payments_ended),
            ("payments_out", self.payments_out),
            ("ids", self.ids),
            ("acts", self.acts),
            ("limits", self.limits),
            ("suspense", self.suspense),
            ("office", self.office),
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
        self.quotas_hot += other.quotas_hot;
        self.quotas_cold += other.quotas_cold;
        self.keys += other.keys;
        self.payments_open += other.payments_open;
        self.payments_ended += other.payments_ended;
        self.payments_out += other.payments_out;
        self.ids += other.ids;
        self.acts += other.acts;
        self.limits += other.limits;
        self.suspense += other.suspense;
        self.office += other.office;
        self.rest += other.rest;
    }

    /// What divisions keep in memory, together.
    #[must_use]
    pub fn of<'a>(divisions: impl IntoIterator<Item = &'a Division>) -> Resident {
        let mut sum = Resident::default();
        let books = divisions.into_iter().flat_map(Division::years);
        books.for_each(|book| sum.add(&book.resident()));
        sum
    }
}

impl YearBook {
    /// What it keeps in memory.
    #[must_use]
    pub fn resident(&self) -> Resident {
        let (held, out) = self.payments.bytes();
        let in_memory = self.payments.len() - self.payments.pages_out() * PAYMENTS_PER_PAGE;
        let open = self.open_payments as usize;
        let ended = in_memory.saturating_sub(open) * LATER_BYTES_PLANNED;
        let limits = self.plans.len() * (size_of::<PlanCell>() + ENTRY_BYTES_PLANNED)
            + self.contracts.len() * (size_of::<ContractCell>() + ENTRY_BYTES_PLANNED);
        let suspense = self.suspense.len() * (size_of::<Parked>() + ENTRY_BYTES_PLANNED)
            + self.suspense.ended_len() * ENTRY_BYTES_PLANNED;
        Resident {
            quotas_hot: self.quotas.bytes() as u64,
            quotas_cold: self.rows.bytes() as u64,
            keys: (self.rows.len() * KEY_BYTES_PLANNED + self.key_index.bytes()) as u64,
            payments_open: (open * size_of::<Payment>()) as u64,
            payments_ended: (held - open * size_of::<Payment>() + ended) as u64,
            payments_out: out as u64,
            ids: (self.payment_ids.bytes() + self.act_ids.bytes()) as u64,
            acts: (self.acts.bytes() + self.refused.bytes()) as u64,
            limits: (limits + self.traces.bytes() + self.rules.bytes()) as u64,
            suspense: suspense as u64,
            office: self.office_bytes() as u64,
            rest: (self.moves_and_batches_bytes() + self.marks_bytes()) as u64,
        }
    }

    fn office_bytes(&self) -> usize {
        let slots = self.office.slots().len() * ENTRY_BYTES_PLANNED;
        self.office.bytes() + slots + self.staged_bytes
    }

    fn moves_and_batches_bytes(&self) -> usize {
        let out = size_of::<crate::movement::MoveOutRow>() + ENTRY_BYTES_PLANNED;
        let into = size_of::<crate::movement::MoveInRow>() + ENTRY_BYTES_PLANNED;
        let refused = size_of::<crate::division::RefusedRow>() + ENTRY_BYTES_PLANNED;
        let batch = size_of::<crate::batch::Batch>() + ENTRY_BYTES_PLANNED;
        self.moves_out.len() * out
            + self.moves_in.len() * into
            + self.moves_refused.len() * refused
            + self.batches.len() * batch
    }
}
