//! How an engine starts: the checkpoint is loaded if there is one to be believed, the journal is
//! read from there, its state is folded, and what the shells need is made.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;

use domain::contents::HashKey;
use domain::page::{Page, YearPage};
use domain::{Division, ids::DivisionIndex};
use storage::checkpoint::{CheckpointStore, Checkpoints, Found, Head, OpenFault, Row, Why};
use storage::dataset::{DataSet, Environment};
use storage::disk::{DirectoryLock, Disk};
use storage::event_record;
use storage::journal::{Journal, LocalJournal};
use storage::marks::Cut;
use storage::page_record::{self, WhichPayments};
use storage::position::{Cursor, Position};
use storage::recovery::{BlankSegments, OpenError, OpenOptions, Recovered, Refusal};
use thiserror::Error;

use crate::durable::Durable;
use crate::metrics::Metrics;
use crate::registry::Registry;
use crate::replay::{Beginning, Replay, Shares};
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
    /// How many threads fold the journal at the start, beside the one that reads it; 0: none beside
    /// it.
    pub fold_threads: usize,
    /// Bytes that the state should stay under; settled payments leave memory above it. 0: none do.
    pub memory_limit_bytes: u64,
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
    /// The position the start began from, when it began from a checkpoint.
    pub from_checkpoint: Option<Position>,
    /// What was wrong with the checkpoint, when there was one and it was not used.
    pub set_aside: Option<String>,
    /// Pages of payments left out of memory.
    pub pages_out: u64,
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
    /// The checkpoint, to be put on recovery's thread.
    pub checkpoint: Option<Box<dyn CheckpointStore>>,
    /// What the journal held.
    pub summary: Summary,
}

/// Opens the checkpoint and the journal, folds them, and spreads the divisions over shards.
///
/// A checkpoint that is missing, wrong, or does not lead to the journal is set aside, and the
/// whole journal is read. One that knows more than the journal has is a witness: the start stops.
///
/// # Errors
/// Why the journal cannot be opened, with what to do.
pub fn start(
    disk: &Arc<dyn Disk>,
    checkpoints: Option<&dyn Checkpoints>,
    options: &StartOptions,
) -> Result<Started, StartError> {
    // Without a journal there is nothing to lock, and no owner file should appear.
    let inventory = storage::inventory::Inventory::take(disk.as_ref(), &options.data_dir);
    let dataset = inventory.map_err(OpenError::from)?.dataset;
    let lock = Arc::new(disk.lock(&options.data_dir).map_err(OpenError::from)?);
    let key = HashKey(dataset.hash_key);
    let blank = BlankSegments::NONE;
    let mut opening = Opening { disk, options, lock, key, dataset, blank };
    let mut set_aside = None;
    let mut store = None;
    if let Some(checkpoints) = checkpoints {
        match opening.load_and_look(checkpoints) {
            Ok(Loaded::Nothing { store: empty, why }) => (store, set_aside) = (Some(empty), why),
            Ok(Loaded::Whole { store: whole, beginning }) => {
                match opening.go_on_from(whole.as_ref(), *beginning)? {
                    Ok(read) => return Ok(opening.finish(read, Some(whole), None)),
                    Err(why) => {
                        set_aside = Some(why.to_string());
                        let again = checkpoints.set_aside(&dataset, whole, why);
                        store = again.map_err(no_checkpoint).ok().map(|opened| opened.store);
                    }
                }
            }
            Err(fault) => no_checkpoint(fault),
        }
    }
    if let Some(why) = &set_aside {
        tracing::warn!(why, "the checkpoint was set aside; the whole journal is read");
    }
    let read = opening.read_journal(None, None, None)?;
    Ok(opening.finish(read, store, set_aside))
}

fn no_checkpoint(fault: OpenFault) {
    tracing::error!(%fault, "no checkpoint is kept: starts read the whole journal");
}

/// What a start works with.
struct Opening<'a> {
    disk: &'a Arc<dyn Disk>,
    options: &'a StartOptions,
    lock: Arc<DirectoryLock>,
    key: HashKey,
    dataset: DataSet,
    blank: BlankSegments,
}

enum Loaded {
    /// There was nothing, or nothing to be believed.
    Nothing {
        store: Box<dyn CheckpointStore>,
        why: Option<String>,
    },
    Whole {
        store: Box<dyn CheckpointStore>,
        beginning: Box<Beginning>,
    },
}

/// The journal as read, and what was folded.
struct Read {
    recovered: Recovered,
    divisions: Vec<Division>,
    from: Option<Position>,
}

impl Opening<'_> {
    /// Loads what a checkpoint has kept, and meanwhile looks at the journal's blank segments, if
    /// this start may use threads: one waits for the disk, the others compute.
    fn load_and_look(&mut self, checkpoints: &dyn Checkpoints) -> Result<Loaded, OpenFault> {
        if self.options.fold_threads == 0 {
            return self.load(checkpoints);
        }
        let (disk, data_dir) = (self.disk.as_ref(), &self.options.data_dir);
        let (loaded, blank) = std::thread::scope(|scope| {
            let looking = scope.spawn(|| BlankSegments::look(disk, data_dir));
            let loaded = self.load(checkpoints);
            (loaded, looking.join().unwrap_or(BlankSegments::NONE))
        });
        self.blank = blank;
        loaded
    }

    /// Loads what a checkpoint has kept: each thread takes a range of divisions.
    fn load(&self, checkpoints: &dyn Checkpoints) -> Result<Loaded, OpenFault> {
        let threads = storage::limits::CHECKPOINT_SCAN_THREADS_MAX.min(self.options.shards);
        let mut parts: Vec<BTreeMap<u16, Division>> =
            (0..threads).map(|_| BTreeMap::new()).collect();
        let key = self.key;
        let mut visitors: Vec<Box<storage::checkpoint::RowVisitor<'_>>> = Vec::new();
        for part in &mut parts {
            visitors.push(Box::new(move |row: Row<'_>| take_row(part, key, row)));
        }
        let opened = checkpoints.open(&self.dataset, &mut visitors)?;
        drop(visitors);
        match opened.found {
            Found::Nothing => return Ok(Loaded::Nothing { store: opened.store, why: None }),
            Found::SetAside { why, kept_as } => {
                let why = Some(format!("{why}; it lies in {kept_as}"));
                return Ok(Loaded::Nothing { store: opened.store, why });
            }
            Found::Whole => {}
        }
        let heads = opened.store.heads();
        let mut kept: BTreeMap<u16, Division> = parts.into_iter().flatten().collect();
        let mut divisions = BTreeMap::new();
        for head in &heads {
            let index = DivisionIndex(head.unit);
            let mut division =
                kept.remove(&head.unit).unwrap_or_else(|| Division::new(index, self.key));
            if let Err(what) = division.restored() {
                let again = checkpoints.set_aside(
                    &self.dataset,
                    opened.store,
                    Why::Refused(what.clone()),
                )?;
                return Ok(Loaded::Nothing { store: again.store, why: Some(what) });
            }
            divisions.insert(index, division);
        }
        let included = heads.iter().map(|head: &Head| (DivisionIndex(head.unit), head.included));
        let (included, reader) = (included.collect(), opened.store.reader());
        let beginning = Box::new(Beginning { divisions, included, reader });
        Ok(Loaded::Whole { store: opened.store, beginning })
    }

    /// Reads the journal on from a checkpoint. What does not follow from it is the checkpoint's
    /// fault until the journal alone has shown otherwise: the inner error says why it is to be set
    /// aside.
    fn go_on_from(
        &self,
        store: &dyn CheckpointStore,
        beginning: Beginning,
    ) -> Result<Result<Read, Why>, StartError> {
        let marker = store.marker();
        let from = (marker.replay_from.position != Position::START).then_some(marker.replay_from);
        let witness = (marker.durable.position != Position::START).then_some(marker.durable);
        let read = AssertUnwindSafe(|| self.read_journal(Some(beginning), from, witness));
        match catch_unwind(read) {
            Ok(Ok(read)) => Ok(Ok(read)),
            Ok(Err(StartError::Journal(OpenError::Refused { what, .. }))) => {
                Ok(Err(Why::Diverged(what)))
            }
            Ok(Err(StartError::Journal(error @ OpenError::Diverged { .. }))) => {
                Ok(Err(Why::Diverged(error.to_string())))
            }
            Ok(Err(error)) => Err(error),
            Err(panic) => Ok(Err(Why::Diverged(what_panicked(&*panic)))),
        }
    }

    /// Reads the journal and folds it, on as many threads as this start may have.
    fn read_journal(
        &self,
        beginning: Option<Beginning>,
        from: Option<Cursor>,
        witness: Option<Cursor>,
    ) -> Result<Read, StartError> {
        let options = self.options;
        let open = OpenOptions {
            environment: options.environment,
            config_digest: options.config_digest,
            lock: Some(Arc::clone(&self.lock)),
            from,
            witness,
            blank: self.blank,
            ..OpenOptions::new(&options.program, options.now_ms, &event_record::knows)
        };
        let from = from.map(|cursor| cursor.position);
        if options.fold_threads == 0 {
            let mut replay = match beginning {
                Some(beginning) => Replay::on(self.key, beginning),
                None => Replay::new(self.key),
            };
            let recovered =
                LocalJournal::open(self.disk, &options.data_dir, &open, &mut |group| {
                    for record in group.records {
                        replay.record(record).map_err(|error| error.to_string())?;
                    }
                    Ok(())
                })?;
            return Ok(Read { recovered, divisions: replay.into_divisions(), from });
        }
        std::thread::scope(|scope| {
            let folds = Replay::shares(self.key, beginning, options.fold_threads);
            let mut shares = Shares::start(scope, folds);
            let opened = LocalJournal::open_for(self.disk, &options.data_dir, &open, &mut shares);
            // What a thread found wrong lies before what stopped the reading.
            shares
                .finish()
                .map_err(|Refusal { first, what }| OpenError::Refused { first, what })?;
            Ok(Read { recovered: opened?, divisions: shares.into_divisions(), from })
        })
    }

    fn finish(
        &self,
        read: Read,
        checkpoint: Option<Box<dyn CheckpointStore>>,
        set_aside: Option<String>,
    ) -> Started {
        let Read { recovered, divisions, from } = read;
        let metrics = Arc::new(Metrics::default());
        let books = || divisions.iter().flat_map(Division::years);
        let summary = Summary {
            dataset: recovered.dataset,
            epoch: recovered.epoch,
            records: recovered.records,
            bytes: recovered.bytes,
            cut: recovered.cut,
            closed_before: recovered.closed_before,
            position: recovered.opened.last(),
            divisions: divisions.iter().filter(|d| d.registration.is_some()).count() as u64,
            quotas: books().map(|book| book.quota_count() as u64).sum(),
            from_checkpoint: from,
            set_aside,
            pages_out: books().map(|book| book.payment_pages_out() as u64).sum(),
        };
        metrics.replayed.set(summary.records);
        metrics.divisions.set(summary.divisions);
        metrics.quotas.set(summary.quotas);
        metrics.from_checkpoint.set(u64::from(from.is_some()));
        metrics.paged_out.set(summary.pages_out);
        let shards = self.options.shards;
        let registry = Arc::new(registry_of(&divisions, shards));
        let mut shards = spread(divisions, shards, &registry, self.key);
        let limit = self.options.memory_limit_bytes / shards.len() as u64;
        for shard in &mut shards {
            shard.set_memory_limit(limit, summary.position.sequence);
        }
        let durable = Arc::new(Durable::new(recovered.journal.durable()));
        let (journal, filler) = (recovered.journal, recovered.filler);
        Started { journal, filler, shards, registry, durable, metrics, checkpoint, summary }
    }
}

fn take_row(
    divisions: &mut BTreeMap<u16, Division>,
    key: HashKey,
    row: Row<'_>,
) -> Result<(), String> {
    let unit = row.head.unit;
    let division = divisions.entry(unit).or_insert_with(|| Division::new(DivisionIndex(unit), key));
    restore_row(division, row)
}

/// Takes a row of the checkpoint into its division. Of settled payments their ids are enough.
///
/// # Errors
/// What does not follow from the rows before.
pub fn restore_row(division: &mut Division, row: Row<'_>) -> Result<(), String> {
    let page = page_record::decode(row.key, row.value, WhichPayments::Unsettled);
    let page = page.map_err(|error| error.to_string())?;
    if let Page::OfYear(_, YearPage::Gone(_)) = page {
        return Ok(());
    }
    division.restore(page)
}

fn what_panicked(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
    text.unwrap_or_else(|| "a panic without words".to_owned())
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
