//! How an engine starts here, and the treasury that every run begins with.
//!
//! Starts real cores over a simulated disk. The first treasury is made once in a process and
//! copied for every run.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use actors::durable::Durable;
use actors::engine::{StartError, StartOptions, Started, Summary, start};
use actors::metrics::Metrics;
use actors::replay::digest;
use actors::testing::give::{
    self, Given, YEAR, create, create_under, fact, issue, open_year, quota, register, reserve, step,
};
use actors::testing::house::{House, KEY, Kept};
use actors::testing::keeping::Keeping;
use domain::codes::{FactKind, LimitKind, StepKind};
use domain::command::{Body, SetLimit};
use domain::ids::{ActId, DivisionIndex, LimitKey};
use domain::{Fen, QuotaId};
use storage::checkpoint::MemoryCheckpoint;
use storage::dataset::{DataSet, Environment};
use storage::disk::{Disk, SimDisk, WriteMode};
use storage::filler::Filler;
use storage::journal::{Journal, LocalJournal};
use storage::position::Position;
use storage::reader::{JournalReader, ReadError, ReadFrom};
use storage::record::{DOMAIN_KIND_FIRST, RecordRef};

/// Divisions that are founded: 0, 1, 2.
pub const FOUNDED: u16 = 3;
/// What each division's first quota is given, in fen.
pub const FUNDED_FEN: i64 = 1_000_000;
/// What its payment plan lets payments of March take, in fen.
pub const PLANNED_FEN: i64 = 600_000;
/// The plan's key.
pub const PLAN: LimitKey = LimitKey(1);
/// The first of the payments that are settled before a run, on each division's first quota.
pub const OLD_FIRST: u128 = 5_000;
/// How many there are: two pages that may leave memory.
pub const OLD_PAYMENTS: u128 = 32;
/// The wall clock when a run begins, in ms.
pub const BEGINS_MS: u64 = 1_000_000_000;

const DISK_BYTES: u64 = 64 << 20;

/// What the data directory is called.
#[must_use]
pub fn data_dir() -> PathBuf {
    PathBuf::from("/data")
}

/// Segments small enough that a run goes through several.
#[must_use]
pub fn dataset() -> DataSet {
    DataSet {
        id: 0x7a57,
        environment: Environment::Test,
        hash_key: KEY.0,
        segment_bytes: 64 * 1024,
    }
}

/// A started engine, its cores in a house that knows what the journal held.
pub struct Begun {
    /// The cores.
    pub house: House,
    /// The counters.
    pub metrics: Arc<Metrics>,
    /// The durable position.
    pub durable: Arc<Durable>,
    /// The filler.
    pub filler: Filler,
    /// What the start says it found.
    pub summary: Summary,
}

/// Why there is no house.
#[derive(Debug)]
pub enum NotBegun {
    /// The engine did not start.
    Start(StartError),
    /// It started, and the journal cannot be read from its beginning.
    Read(ReadError),
}

/// Starts an engine on a disk, as `treasury serve` does.
///
/// # Errors
/// What the engine says.
pub fn start_engine(
    disk: &SimDisk,
    checkpoint: &MemoryCheckpoint,
    shards: usize,
    now_ms: u64,
) -> Result<Started, StartError> {
    let shared: Arc<dyn Disk> = Arc::new(disk.clone());
    let options = StartOptions {
        data_dir: data_dir(),
        environment: Some(Environment::Test),
        shards,
        // All of it on one thread, the start included.
        fold_threads: 0,
        // Every page of settled payments leaves memory as soon as it is kept.
        memory_limit_bytes: shards as u64,
        program: "simulation".to_owned(),
        config_digest: [0; 32],
        now_ms,
    };
    start(&shared, Some(checkpoint), &options)
}

/// Puts a started engine into a house.
///
/// # Errors
/// When the journal cannot be read from its beginning.
///
/// # Panics
/// I5: if what the start folded is not what the journal folds to.
pub fn move_in(disk: &SimDisk, started: Started, now_ms: u64) -> Result<Begun, NotBegun> {
    let shared: Arc<dyn Disk> = Arc::new(disk.clone());
    let durable = started.journal.durable().position;
    let kept = records_of(&shared, &data_dir(), durable).map_err(NotBegun::Read)?;
    let shards = started.shards.len();
    let mut house = House::with(started.shards, started.registry, &kept);
    house.keeping = started.checkpoint.map(|store| Keeping::new(store, shards));
    (house.journal, house.now_ms) = (Some(started.journal), now_ms);
    let folded = digest(house.fold.divisions().values());
    assert_eq!(house.live_digest(), folded, "I5: a start and the fold of its journal differ");
    let house = house.begun();
    let (metrics, durable, filler) = (started.metrics, started.durable, started.filler);
    Ok(Begun { house, metrics, durable, filler, summary: started.summary })
}

/// The events of a journal, read apart from the start that folded them. Sequences are dense and
/// epochs rise: O7.
fn records_of(disk: &Arc<dyn Disk>, dir: &Path, durable: Position) -> Result<Vec<Kept>, ReadError> {
    let mut reader = JournalReader::open(Arc::clone(disk), dir, ReadFrom::Start)?;
    let mut all = Vec::new();
    let mut last = Position::START;
    while let Some(group) = reader.next(durable)? {
        for RecordRef { kind, version, body, position } in group.records {
            assert_eq!(position.sequence, last.sequence + 1, "O7: sequences are dense");
            assert!(position.epoch >= last.epoch, "O7: epochs rise");
            last = position;
            if kind >= DOMAIN_KIND_FIRST {
                all.push(Kept { kind, version, body: body.to_vec(), position });
            }
        }
    }
    Ok(all)
}

/// Makes the first treasury in both modes, so that whatever is done next meets it as it should be.
pub fn found_everything() {
    for mode in [WriteMode::Direct, WriteMode::Buffered] {
        let _made = founded(mode);
    }
}

/// A disk and a checkpoint with the first treasury, in a mode; each call gives copies.
///
/// # Panics
/// If it cannot be made.
#[must_use]
pub fn founded(mode: WriteMode) -> (SimDisk, MemoryCheckpoint) {
    static DIRECT: OnceLock<(SimDisk, MemoryCheckpoint)> = OnceLock::new();
    static BUFFERED: OnceLock<(SimDisk, MemoryCheckpoint)> = OnceLock::new();
    let once = if mode == WriteMode::Direct { &DIRECT } else { &BUFFERED };
    let (disk, checkpoint) = once.get_or_init(|| found(mode));
    (disk.image(), checkpoint.after_kill(0))
}

fn found(mode: WriteMode) -> (SimDisk, MemoryCheckpoint) {
    let disk = SimDisk::new(mode, DISK_BYTES);
    let shared: Arc<dyn Disk> = Arc::new(disk.clone());
    LocalJournal::create(&shared, &data_dir(), dataset()).expect("a new journal");
    let checkpoint = MemoryCheckpoint::new();
    let started = start_engine(&disk, &checkpoint, 1, BEGINS_MS - 1).expect("a first start");
    let mut begun = move_in(&disk, started, BEGINS_MS - 1).expect("a journal that can be read");
    begun.filler.fill_all().expect("room for segments");
    for division in 0..FOUNDED {
        found_division(&mut begun.house, division);
    }
    (disk, checkpoint)
}

/// A division with a plan, a quota under it that has money, its child, and settled payments.
fn found_division(house: &mut House, division: u16) {
    let parent = quota(division, 0);
    let mut planned = create(division, 3);
    if let Body::Create(create) = &mut planned.command.body {
        create.plan = PLAN;
    }
    house.accept(&[register(division), open_year(division, 1), set_plan(division, 2), planned]);
    house.accept(&[issue(parent, 4, FUNDED_FEN), create_under(division, 5, parent)]);
    let payments = OLD_FIRST..OLD_FIRST + OLD_PAYMENTS;
    let lives: Vec<Given> = payments.flat_map(|id| a_whole_life(parent, id)).collect();
    house.accept(&lives);
}

fn a_whole_life(quota: QuotaId, id: u128) -> [Given; 5] {
    let fen = id as i64 % 50 + 1;
    [
        reserve(quota, id, fen),
        step(StepKind::ApproveUnit, quota, id),
        step(StepKind::Instruct, quota, id),
        fact(FactKind::ConfirmPaid, quota, id, id as u64, fen),
        fact(FactKind::Clear, quota, id, id as u64, fen),
    ]
}

/// The plan of March, in which all payments of a run are dated.
fn set_plan(division: u16, act: u128) -> Given {
    let limit = SetLimit {
        act: ActId(act),
        division: DivisionIndex(division),
        year: YEAR,
        kind: LimitKind::PlanMonth,
        key: PLAN,
        month: 3,
        amount_fen: Fen::new(PLANNED_FEN),
        checker: give::CHECKER,
    };
    let mut given = open_year(division, act);
    given.command.body = Body::SetLimit(limit);
    given
}
