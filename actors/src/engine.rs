//! How an engine starts: the journal is read once, its state is folded, and what the shells need
//! is made.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use domain::contents::HashKey;
use domain::{Division, ids::DivisionIndex};
use storage::dataset::{DataSet, Environment};
use storage::disk::Disk;
use storage::event_record;
use storage::journal::{Journal, LocalJournal};
use storage::marks::Cut;
use storage::position::Position;
use storage::recovery::{OpenError, OpenOptions};
use thiserror::Error;

use crate::durable::Durable;
use crate::metrics::Metrics;
use crate::registry::Registry;
use crate::replay::Replay;
use crate::shard::Shard;

/// What a start is told.
#[derive(Clone, Debug)]
pub struct StartOptions {
    /// The data directory.
    pub data_dir: PathBuf,
    /// The environment it must be of, if the caller knows.
    pub environment: Option<Environment>,
    /// How many shards.
    pub shards: usize,
    /// The program's name and version.
    pub program: String,
    /// BLAKE3 over the configuration.
    pub config_digest: [u8; 32],
    /// The wall clock now, in ms since 1970.
    pub now_ms: u64,
}

/// Why an engine did not start.
#[derive(Debug, Error)]
pub enum StartError {
    /// The journal cannot be opened.
    #[error(transparent)]
    Journal(#[from] OpenError),
}

/// What the journal held.
#[derive(Clone, Debug)]
pub struct Summary {
    /// The data set.
    pub dataset: DataSet,
    /// The epoch of this start.
    pub epoch: u32,
    /// Records read.
    pub records: u64,
    /// Bytes of journal read.
    pub bytes: u64,
    /// What was cut off, if anything.
    pub cut: Option<Cut>,
    /// Whether the writer before ended in good order.
    pub closed_before: bool,
    /// The last position, this start's `Opened`.
    pub position: Position,
    /// Divisions registered.
    pub divisions: u64,
    /// Quotas in memory.
    pub quotas: u64,
}

/// A started engine, before its shells.
pub struct Started {
    /// The journal, to be put on its thread.
    pub journal: LocalJournal,
    /// Its filler, to be put on a thread.
    pub filler: storage::filler::Filler,
    /// The shards, to be put on arbiters.
    pub shards: Vec<Shard>,
    /// Which shard has which division.
    pub registry: Arc<Registry>,
    /// The durable position.
    pub durable: Arc<Durable>,
    /// The counters.
    pub metrics: Arc<Metrics>,
    /// What the journal held.
    pub summary: Summary,
}

/// Opens the journal, folds it, and spreads its divisions over shards.
///
/// # Errors
/// Why the journal cannot be opened, with what to do.
pub fn start(disk: &Arc<dyn Disk>, options: &StartOptions) -> Result<Started, StartError> {
    let key = read_key(disk, &options.data_dir)?;
    let mut replay = Replay::new(key);
    let open = OpenOptions {
        environment: options.environment,
        config_digest: options.config_digest,
        ..OpenOptions::new(&options.program, options.now_ms, &event_record::knows)
    };
    let recovered = LocalJournal::open(disk, &options.data_dir, &open, &mut |group| {
        for record in group.records {
            replay.record(record).map_err(|error| error.to_string())?;
        }
        Ok(())
    })?;
    let divisions = replay.into_divisions();
    let metrics = Arc::new(Metrics::default());
    let quotas = divisions.iter().flat_map(Division::years).map(|book| book.quota_count() as u64);
    let summary = Summary {
        dataset: recovered.dataset,
        epoch: recovered.epoch,
        records: recovered.records,
        bytes: recovered.bytes,
        cut: recovered.cut,
        closed_before: recovered.closed_before,
        position: recovered.opened.last(),
        divisions: divisions.iter().filter(|d| d.registration.is_some()).count() as u64,
        quotas: quotas.sum(),
    };
    metrics.replayed.set(summary.records);
    metrics.divisions.set(summary.divisions);
    metrics.quotas.set(summary.quotas);
    let registry = Arc::new(registry_of(&divisions, options.shards));
    let shards = spread(divisions, options.shards, &registry, key);
    let durable = Arc::new(Durable::new(recovered.journal.durable()));
    let (journal, filler) = (recovered.journal, recovered.filler);
    Ok(Started { journal, filler, shards, registry, durable, metrics, summary })
}

/// The key of fingerprints stands in the journal, and is needed before its first record.
fn read_key(disk: &Arc<dyn Disk>, data_dir: &Path) -> Result<HashKey, StartError> {
    let inventory = storage::inventory::Inventory::take(disk.as_ref(), data_dir);
    let inventory = inventory.map_err(OpenError::from)?;
    Ok(HashKey(inventory.dataset.hash_key))
}

fn registry_of(divisions: &[Division], shards: usize) -> Registry {
    let load = |division: &Division| {
        let books = division.years().map(|book| book.payment_count() + book.quota_count());
        (division.index, books.sum::<usize>() as u64)
    };
    let loads: Vec<(DivisionIndex, u64)> = divisions.iter().map(load).collect();
    let registry = Registry::new(shards, &loads);
    for division in divisions.iter().filter(|division| division.registration.is_some()) {
        registry.register(division.index);
    }
    registry
}

fn spread(
    divisions: Vec<Division>,
    shards: usize,
    registry: &Registry,
    key: HashKey,
) -> Vec<Shard> {
    let mut of_shard: Vec<Vec<Division>> = (0..shards).map(|_| Vec::new()).collect();
    for division in divisions {
        of_shard[registry.shard_of(division.index)].push(division);
    }
    let numbered = of_shard.into_iter().enumerate();
    numbered.map(|(index, divisions)| Shard::new(index as u16, key, divisions)).collect()
}
