//! The state folded from the journal.

mod shares;

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::apply::apply;
use domain::contents::HashKey;
use domain::decide::page_changed;
use domain::division::YearBook;
use domain::event::RunId;
use domain::ids::{DivisionIndex, PaymentId, QuotaId};
use domain::{Division, Event};
use storage::checkpoint::CheckpointReader;
use storage::event_record::{self, EventError};
use storage::record::{DOMAIN_KIND_FIRST, RecordRef};

use crate::recovery_threads::fetch;

pub use shares::Shares;

/// Folds records into divisions, one after the other.
pub struct Replay {
    key: HashKey,
    divisions: BTreeMap<DivisionIndex, Division>,
    ids: Vec<RunId>,
    whom: Whom,
    records: u64,
    checkpoint: Option<Beginning>,
}

/// What a fold begins from instead of nothing.
pub struct Beginning {
    /// The divisions, as they were kept.
    pub divisions: BTreeMap<DivisionIndex, Division>,
    /// For each, the sequence of the last record it includes.
    pub included: BTreeMap<DivisionIndex, u64>,
    /// Gives the pages of payments that were left where they are.
    pub reader: Arc<dyn CheckpointReader>,
}

/// Whose records are folded; the others are read and passed over.
#[derive(Clone, Copy)]
enum Whom {
    All,
    One(DivisionIndex),
    Share { index: u16, of: u16 },
}

impl Whom {
    fn has(self, division: DivisionIndex) -> bool {
        match self {
            Whom::All => true,
            Whom::One(only) => only == division,
            Whom::Share { index, of } => division.0 % of == index,
        }
    }
}

impl Replay {
    /// Nothing folded yet.
    #[must_use]
    pub fn new(key: HashKey) -> Replay {
        let (divisions, ids, whom, checkpoint) = (BTreeMap::new(), Vec::new(), Whom::All, None);
        Replay { key, divisions, ids, whom, records: 0, checkpoint }
    }

    /// A fold that goes on from what a checkpoint has kept.
    #[must_use]
    pub fn on(key: HashKey, mut beginning: Beginning) -> Replay {
        let divisions = std::mem::take(&mut beginning.divisions);
        Replay { divisions, checkpoint: Some(beginning), ..Replay::new(key) }
    }

    /// So many folds that together go on from what a checkpoint has kept, or from nothing: each
    /// has a share of the divisions and is to be given the records of those alone.
    #[must_use]
    pub fn shares(key: HashKey, beginning: Option<Beginning>, of: usize) -> Vec<Replay> {
        let Some(Beginning { divisions, included, reader }) = beginning else {
            return (0..of).map(|_| Replay::new(key)).collect();
        };
        let begin = |_| {
            let (divisions, reader) = (BTreeMap::new(), Arc::clone(&reader));
            Replay::on(key, Beginning { divisions, included: included.clone(), reader })
        };
        let mut folds: Vec<Replay> = (0..of).map(begin).collect();
        for (index, division) in divisions {
            folds[shares::share_of(index, of)].divisions.insert(index, division);
        }
        folds
    }

    /// A fold of one division alone.
    #[must_use]
    pub fn of_division(key: HashKey, division: DivisionIndex) -> Replay {
        Replay { whom: Whom::One(division), ..Replay::new(key) }
    }

    /// A fold of the divisions that one of `of` equal shares has: those whose index leaves
    /// `index`, divided by `of`. All shares together are the whole fold.
    ///
    /// # Panics
    /// If there is no such share.
    #[must_use]
    pub fn of_share(key: HashKey, index: u16, of: u16) -> Replay {
        assert!(index < of, "share {index} of {of}");
        Replay { whom: Whom::Share { index, of }, ..Replay::new(key) }
    }

    /// Folds one record; the journal's own are passed over.
    ///
    /// # Errors
    /// If the record is not what its kind and version say.
    ///
    /// # Panics
    /// If the event does not follow from the state, or a page of it cannot be had: the journal is
    /// then not what this program wrote, or the checkpoint is not of this journal.
    pub fn record(&mut self, record: RecordRef<'_>) -> Result<(), EventError> {
        if record.kind < DOMAIN_KIND_FIRST {
            return Ok(());
        }
        let event = event_record::decode(&record, &mut self.ids)?;
        self.records += 1;
        let index = event.division();
        if !self.whom.has(index) {
            return Ok(());
        }
        let (key, sequence) = (self.key, record.position.sequence);
        let included = |beginning: &Beginning| beginning.included.get(&index).copied();
        if self.checkpoint.as_ref().and_then(included).is_some_and(|upto| sequence <= upto) {
            return Ok(());
        }
        let division = self.divisions.entry(index).or_insert_with(|| Division::new(index, key));
        if let Some(page) = page_changed(division, &event) {
            let beginning = self.checkpoint.as_ref().expect("only a checkpoint leaves pages out");
            let payments = fetch(beginning.reader.as_ref(), page);
            division.bring_in(page, payments.unwrap_or_else(|why| panic!("{why}")));
        }
        apply_to(division, &event, sequence);
        Ok(())
    }

    /// Has some of what a coming record needs brought into the cache, if it is about a payment.
    fn look_ahead(
        &self,
        record: &RecordRef<'_>,
        bring: impl FnOnce(&YearBook, PaymentId, QuotaId),
    ) {
        if let Some((payment, quota)) = event_record::payment(record)
            && let Some(division) = self.divisions.get(&quota.division())
            && let Some(book) = division.year(quota.year())
        {
            bring(book, payment, quota);
        }
    }

    /// Domain records folded so far.
    #[must_use]
    pub fn records(&self) -> u64 {
        self.records
    }

    /// The divisions, by index.
    #[must_use]
    pub fn divisions(&self) -> &BTreeMap<DivisionIndex, Division> {
        &self.divisions
    }

    /// Gives up the divisions, by index.
    #[must_use]
    pub fn into_divisions(self) -> Vec<Division> {
        self.divisions.into_values().collect()
    }
}

fn apply_to(division: &mut Division, event: &Event<'_>, sequence: u64) {
    let _placed = apply(division, event, sequence);
}

/// The digest of I5: BLAKE3 over every division's canonical rows, by index.
#[must_use]
pub fn digest<'a>(divisions: impl IntoIterator<Item = &'a Division>) -> [u8; 32] {
    let mut sorted: Vec<&Division> = divisions.into_iter().collect();
    sorted.sort_unstable_by_key(|division| division.index);
    let mut sink = Hasher(blake3::Hasher::new());
    for division in sorted {
        domain::digest::write_division(division, &mut sink);
    }
    *sink.0.finalize().as_bytes()
}

/// The same over divisions of which pages of payments may be out of memory. Each is given up
/// when it has been written, so that one at a time is whole.
///
/// # Errors
/// When a page cannot be fetched.
pub fn digest_paged(
    mut divisions: Vec<Division>,
    reader: Option<&dyn CheckpointReader>,
) -> Result<[u8; 32], String> {
    divisions.sort_unstable_by_key(|division| division.index);
    let mut sink = Hasher(blake3::Hasher::new());
    for mut division in divisions {
        for page in division.pages_out() {
            let reader = reader.ok_or("a page is out of memory and there is no checkpoint")?;
            division.bring_in(page, fetch(reader, page)?);
        }
        domain::digest::write_division(&division, &mut sink);
    }
    Ok(*sink.0.finalize().as_bytes())
}

struct Hasher(blake3::Hasher);

impl domain::digest::DigestSink for Hasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }
}
