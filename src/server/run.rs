//! Start, wiring, signals, shutdown.

use std::net::SocketAddr;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use actix::{Actor, Addr, Arbiter};
use actors::engine::{self, StartOptions, Started, Summary};
use actors::journal_thread::{JournalThread, ToJournal};
use actors::laws::{Watch, WatchThread};
use actors::limits::{
    FOLD_THREADS_MAX, JOURNAL_QUEUE_RUNS, LAWS_QUEUE, PAGER_QUEUE, RECOVERY_QUEUE,
    RESIDENT_TOLD_EVERY_MS, SHUTDOWN_MS_MAX,
};
use actors::metrics::Metrics;
use actors::network::{About, Network};
use actors::recovery::Recovery;
use actors::recovery_threads::{Pager, RecoveryThread, RecoveryWay};
use actors::shells::{Begin, Clocks, GiveUp, Landings, ShardEnvironment, ShardShell, Shards, Wire};
use anyhow::Context as _;
use domain::contents::HashKey;
use protocol::hello::Environment as WireEnvironment;
use storage::checkpoint::{CheckpointReader, Checkpoints, SledCheckpoint};
use storage::dataset::{DataSet, Environment};
use storage::disk::{Disk, RealDisk};
use storage::filler::FillerThread;
use storage::journal::{JournalFault, LocalJournal};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Notify;

use super::connection::Patience;
use super::directory::{self, DirectoryDesk};
use super::metrics_page;
use super::network::{NetworkShell, Shared};
use super::sandbox::Sandbox;
use super::settings::Settings;
use super::subscriptions::Follow;
use crate::exit::{Exit, Failure};
use crate::{clock, entropy, process, verification};

/// The program's name and version, in the journal and in every welcome.
pub(crate) const PROGRAM: &str = concat!("treasury ", env!("CARGO_PKG_VERSION"));

/// Whether a directory has no data set yet. One whose making was cut off has none: nothing but
/// unfinished segments, and no checkpoint, which only a start opens. Whatever else is there was a
/// data set, and another is never made in its place.
pub(crate) fn is_to_be_made(data: &Path) -> bool {
    let journal = storage::segment::journal_dir(data);
    let Ok(entries) = std::fs::read_dir(&journal) else { return !journal.exists() };
    let is_unfinished = |entry: std::io::Result<std::fs::DirEntry>| {
        entry.is_ok_and(|entry| entry.path().extension().is_some_and(|ending| ending == "tmp"))
    };
    entries.into_iter().all(is_unfinished) && !data.join("checkpoint").exists()
}

/// Makes a new data set in a directory.
///
/// # Errors
/// When there is one already, or the disk fails.
pub(crate) fn create(settings: &Settings) -> anyhow::Result<DataSet> {
    let disk = open_disk(&settings.data)?;
    let id = u128::from_le_bytes(entropy::bytes()?);
    let environment = settings.environment.unwrap_or(Environment::Test);
    let segment_bytes = settings.segment_mib << 20;
    let dataset = DataSet { id, environment, hash_key: entropy::bytes()?, segment_bytes };
    LocalJournal::create(&disk, &settings.data, dataset)
        .map_err(|error| Failure::new(Exit::CannotStart, error))?;
    Ok(dataset)
}

fn open_disk(data: &Path) -> anyhow::Result<Arc<dyn Disk>> {
    std::fs::create_dir_all(data)
        .with_context(|| format!("cannot make the data directory {}", data.display()))
        .map_err(|error| Failure::new(Exit::CannotStart, error))?;
    let disk = RealDisk::probe(data).map_err(|error| Failure::new(Exit::CannotStart, error))?;
    Ok(Arc::new(disk))
}

/// What a server says when it is ready.
pub(crate) struct Ready<'a> {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// Where its metrics are read over HTTP.
    pub(crate) metrics: Option<SocketAddr>,
    /// What the journal held.
    pub(crate) summary: &'a Summary,
}

/// Serves until a signal ends it. `ready` is told where it listens and what the journal held.
///
/// # Errors
/// Why it did not start, or the fault that ended it.
pub(crate) fn serve(settings: &Settings, ready: impl FnOnce(&Ready<'_>)) -> anyhow::Result<Ended> {
    let disk = open_disk(&settings.data)?;
    let began = clock::monotonic_ms();
    let options = StartOptions {
        data_dir: settings.data.clone(),
        environment: settings.environment(),
        shards: settings.shards,
        fold_threads: fold_threads(),
        memory_limit_bytes: settings.memory_limit_mib << 20,
        program: PROGRAM.to_owned(),
        config_digest: settings.digest(),
        now_ms: clock::wall_ms(),
    };
    let checkpoints = SledCheckpoint::in_data_dir(&settings.data);
    let checkpoints = settings.checkpoint.then_some(&checkpoints as &dyn Checkpoints);
    let started = engine::start(&disk, checkpoints, &options).map_err(start_failure)?;
    let recovery_ms = clock::monotonic_ms() - began;
    started.metrics.recovery_ms.set(recovery_ms);
    let summary = &started.summary;
    let from = summary.from_checkpoint;
    tracing::info!(epoch = summary.epoch, records = summary.records, recovery_ms, from_checkpoint = ?from, cut = ?summary.cut, "the journal is read");
    let system = actix::System::new();
    system.block_on(run(settings, disk, started, ready))
}

/// As many threads fold at a start as there are cores: the one that reads mostly waits for the disk.
/// One core alone is no faster for being shared.
fn fold_threads() -> usize {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    if cores > 1 { cores.min(FOLD_THREADS_MAX) } else { 0 }
}

fn start_failure(error: engine::StartError) -> Failure {
    let engine::StartError::Journal(open) = &error;
    Failure::new(verification::exit_of(open), error)
}

async fn listen(at: SocketAddr, flag: &str) -> anyhow::Result<TcpListener> {
    let bound = TcpListener::bind(at).await;
    let failed = || format!("cannot listen on {at}; choose another {flag}");
    Ok(bound.with_context(failed).map_err(|error| Failure::new(Exit::CannotStart, error))?)
}

async fn run(
    settings: &Settings,
    disk: Arc<dyn Disk>,
    started: Started,
    ready: impl FnOnce(&Ready<'_>),
) -> anyhow::Result<Ended> {
    let listener = listen(settings.listen, "--listen").await?;
    let address = listener.local_addr()?;
    let figures = match settings.metrics {
        Some(at) => Some(listen(at, "--metrics").await?),
        None => None,
    };
    let metrics_address = figures.as_ref().map(TcpListener::local_addr).transpose()?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let summary = started.summary.clone();
    if let Some(figures) = figures {
        actix::spawn(metrics_page::serve(figures, Arc::clone(&started.metrics)));
    }
    actix::spawn(tell_memory(Arc::clone(&started.metrics)));
    let engine = wire(settings, disk, started)?;
    let stop = Rc::new(Notify::new());
    let accepting = actix::spawn(Rc::clone(&engine.shared).accept(listener, Rc::clone(&stop)));
    let sandbox = if settings.sandbox { Some(Sandbox::start(address)?) } else { None };
    ready(&Ready { address, metrics: metrics_address, summary: &summary });
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tracing::info!("stopping: what was admitted is still answered");
    actix::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        // Safe by design: what was not durable was not answered.
        std::process::exit(0);
    });
    stop.notify_one();
    let _ = accepting.await;
    if let Some(sandbox) = sandbox {
        tokio::task::spawn_blocking(|| sandbox.stop()).await?;
    }
    engine.shut_down().await
}

/// Tells how much memory the process has, as often as shards tell of theirs.
async fn tell_memory(metrics: Arc<Metrics>) {
    loop {
        if let Some(bytes) = process::resident_bytes() {
            metrics.process_resident_bytes.set(bytes);
        }
        tokio::time::sleep(Duration::from_millis(RESIDENT_TOLD_EVERY_MS)).await;
    }
}

/// The running parts of an engine.
struct Engine {
    shared: Rc<Shared>,
    journal: crossbeam_channel::Sender<ToJournal>,
    journal_thread: JoinHandle<Result<protocol::Position, JournalFault>>,
    filler: FillerThread,
    arbiters: Vec<Arbiter>,
    shards: Vec<Addr<ShardShell>>,
    closing: Arc<AtomicBool>,
    recovery: Option<Recovering>,
    /// The watch over the laws, and what is dropped when it is to end.
    watch: (JoinHandle<()>, crossbeam_channel::Sender<()>),
}

/// Recovery's threads.
struct Recovering {
    thread: JoinHandle<()>,
    reader: Arc<dyn CheckpointReader>,
    /// Dropped when recovery is to end.
    end: crossbeam_channel::Sender<()>,
}

/// Puts every core into its shell and tells them of each other.
fn wire(settings: &Settings, disk: Arc<dyn Disk>, started: Started) -> anyhow::Result<Engine> {
    let Started { journal, filler, shards, registry, durable, metrics, checkpoint, summary } =
        started;
    let filler = FillerThread::spawn(filler)?;
    let (sender, inbox) = crossbeam_channel::bounded(JOURNAL_QUEUE_RUNS.max(4 * shards.len()));
    let closing = Arc::new(AtomicBool::new(false));
    let (news, hears) = crossbeam_channel::bounded(RECOVERY_QUEUE);
    let (pager, asked) = crossbeam_channel::bounded(PAGER_QUEUE);
    let (said, heard) = crossbeam_channel::bounded(LAWS_QUEUE);
    let environment = ShardEnvironment {
        journal: sender.clone(),
        registry: Arc::clone(&registry),
        metrics: Arc::clone(&metrics),
        durable: Arc::clone(&durable),
        clocks: Clocks { wall_ms: clock::wall_ms, monotonic_ms: clock::monotonic_ms },
        disk: Arc::clone(&disk),
        data_dir: settings.data.clone(),
        key: HashKey(summary.dataset.hash_key),
        closing: Arc::clone(&closing),
        recovery: checkpoint.is_some().then_some(RecoveryWay { news, pager }),
        laws: said,
        core_time_us: clock::core_time_us,
        fatal,
    };
    let count = shards.len();
    let arbiters: Vec<Arbiter> = shards.iter().map(|_| Arbiter::new()).collect();
    let mut addresses: Vec<Addr<ShardShell>> = Vec::with_capacity(count);
    for (core, arbiter) in shards.into_iter().zip(&arbiters) {
        let environment = environment.clone();
        let start = move |_: &mut _| ShardShell::new(core, environment);
        addresses.push(ShardShell::start_in_arbiter(&arbiter.handle(), start));
    }
    let about = About {
        environment: match summary.dataset.environment {
            Environment::Production => WireEnvironment::Production,
            Environment::Test => WireEnvironment::Test,
        },
        data_set: summary.dataset.id,
        epoch: summary.epoch,
        server_version: PROGRAM.to_owned(),
        connections_max: settings.connections_max,
        session_commands_per_second: settings.session_commands_per_second,
    };
    let core = Network::new(
        about,
        count,
        registry,
        Arc::clone(&metrics),
        Arc::clone(&durable),
        clock::wall_ms(),
    );
    let follow = Follow { disk, data_dir: settings.data.clone(), durable: Arc::clone(&durable) };
    let patience = Patience {
        hello: Duration::from_millis(settings.hello_wait_ms),
        rest: Duration::from_millis(settings.frame_wait_ms),
        silence: Duration::from_millis(settings.silence_wait_ms),
    };
    let directory = DirectoryDesk::start(directory::Environment {
        disk: Arc::clone(&follow.disk),
        data_dir: settings.data.clone(),
        key: HashKey(summary.dataset.hash_key),
        durable: Arc::clone(&durable),
        metrics: Arc::clone(&metrics),
        stopping: Arc::new(AtomicBool::new(false)),
    })?;
    let shared = Shared::new(core, addresses.clone(), follow, patience, directory);
    let network = NetworkShell { shared: Rc::clone(&shared) }.start();
    let landings =
        Landings { shards: addresses.clone(), networks: vec![network.clone().recipient()] };
    let marks = settings.space_marks(summary.dataset.segment_bytes);
    let thread = JournalThread {
        journal,
        inbox,
        sink: landings,
        durable: Arc::clone(&durable),
        metrics: Arc::clone(&metrics),
        clock: clock::wall_ms,
        marks,
    };
    let journal_thread = std::thread::Builder::new().name("journal".into()).spawn(|| {
        let ended = thread.run();
        if let Err(fault) = &ended {
            fatal(&fault.to_string());
        }
        ended
    })?;
    for address in &addresses {
        let (peers, replies) = (addresses.clone(), network.clone().recipient());
        address.do_send(Wire { peers, replies });
    }
    // Only now: what one of them has for another must come behind that one's addresses.
    addresses.iter().for_each(|address| address.do_send(Begin));
    let recovery = checkpoint.map(|store| {
        let reader = store.reader();
        let all = Shards(addresses.clone());
        let (end, ended) = crossbeam_channel::bounded(0);
        let thread = RecoveryThread {
            core: Recovery::new(store, count),
            inbox: hears,
            shards: all.clone(),
            durable: Arc::clone(&durable),
            metrics: Arc::clone(&metrics),
            monotonic_ms: clock::monotonic_ms,
            core_time_us: clock::core_time_us,
            closing: Arc::clone(&closing),
            end: ended,
        };
        let pager = Pager { reader: Arc::clone(&reader), inbox: asked, shards: all, fatal };
        std::thread::Builder::new().name("pager".into()).spawn(|| pager.run())?;
        let thread = std::thread::Builder::new().name("recovery".into()).spawn(|| thread.run())?;
        std::io::Result::Ok(Recovering { thread, reader, end })
    });
    let recovery = recovery.transpose()?;
    let (end, ended) = crossbeam_channel::bounded(0);
    let watch = WatchThread {
        core: Watch::new(count),
        inbox: heard,
        shards: Shards(addresses.clone()),
        durable: Arc::clone(&durable),
        metrics: Arc::clone(&metrics),
        closing: Arc::clone(&closing),
        end: ended,
    };
    let watch = std::thread::Builder::new().name("laws".into()).spawn(|| watch.run())?;
    Ok(Engine {
        shared,
        journal: sender,
        journal_thread,
        filler,
        arbiters,
        shards: addresses,
        closing,
        recovery,
        watch: (watch, end),
    })
}

impl Engine {
    /// Stops reading, answers what was admitted, closes the journal, joins the threads.
    async fn shut_down(self) -> anyhow::Result<Ended> {
        self.shared.stop();
        let drained = async {
            while !self.shared.core.borrow().is_drained() {
                self.shared.progressed.notified().await;
            }
        };
        let limit = Duration::from_millis(SHUTDOWN_MS_MAX);
        if tokio::time::timeout(limit, drained).await.is_err() {
            tracing::warn!(
                "not everything was read by its client in time; its outcome can be asked for"
            );
        }
        self.closing.store(true, Ordering::Release);
        let recovery = self.recovery.map(|recovery| {
            drop(recovery.end);
            (recovery.thread, recovery.reader)
        });
        let _ = self.journal.send(ToJournal::Close);
        // Without blocking this thread: a second signal must still end the process at once, even
        // where the journal waits for room on the disk.
        let closed = tokio::task::spawn_blocking(|| self.journal_thread.join()).await?;
        let position = match closed {
            Ok(Ok(position)) => position,
            Ok(Err(fault)) => return Err(fault.into()),
            Err(_) => anyhow::bail!("the journal thread panicked; a start reads what is there"),
        };
        tracing::info!(%position, "closed");
        let (watch, end) = self.watch;
        drop(end);
        if tokio::task::spawn_blocking(|| watch.join()).await?.is_err() {
            tracing::error!("the watch over the laws panicked; run verify");
        }
        self.filler.stop();
        let reader = match recovery {
            Some((thread, reader)) => {
                if tokio::task::spawn_blocking(|| thread.join()).await?.is_err() {
                    tracing::error!("recovery panicked; the next start checks what it kept");
                }
                Some(reader)
            }
            None => None,
        };
        let mut divisions = Vec::new();
        for shard in &self.shards {
            divisions.extend(shard.send(GiveUp).await?);
        }
        let digest = move || actors::replay::digest_paged(divisions, reader.as_deref());
        let digest = tokio::task::spawn_blocking(digest).await?;
        let digest = digest.map_err(|what| Failure::new(Exit::Fault, anyhow::anyhow!(what)))?;
        for arbiter in self.arbiters {
            arbiter.stop();
            let _ = arbiter.join();
        }
        Ok(Ended { position, digest })
    }
}

/// How a server ended in good order.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ended {
    /// The last durable position.
    pub(crate) position: protocol::Position,
    /// The digest of the live state there.
    pub(crate) digest: [u8; 32],
}

/// Ends the process at once. A restart replays what is durable.
fn fatal(why: &str) -> ! {
    tracing::error!(why, "the process ends");
    eprintln!("treasury: {why}");
    std::process::exit(i32::from(Exit::Fault as u8))
}
