//! The thin actix shells: they move messages between cores, and decide nothing.
//!
//! A shard's shell lives on its own arbiter thread. A panic that leaves a core ends the process:
//! there is one way to recover, replay, and it is tested every day.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use actix::{
    Actor, Addr, AsyncContext, Context, Handler, Message, MessageResult, Recipient, SpawnHandle,
};
use crossbeam_channel::Sender;
use domain::Division;
use domain::contents::HashKey;
use domain::ids::QuotaId;
use domain::page::PaymentPage;
use domain::payment::Payment;
use domain::resident::Resident;
use storage::disk::Disk;
use storage::reader::{JournalReader, ReadFrom};
use storage::record::RecordWriter;

use crate::clock_guard::{ClockGuard, Reading};
use crate::durable::Durable;
use crate::journal_thread::{LandingSink, ToJournal};
use crate::laws::{Heard, LawNews, LawOrder, ToWatched};
use crate::limits::RESIDENT_TOLD_EVERY_MS;
use crate::metrics::Metrics;
use crate::recovery_threads::{RecoveryWay, ToShards};
use crate::registry::Registry;
use crate::replay::Replay;
use crate::shard::Shard;
use crate::turn::{Alarm, Crossing, Landing, Output, RoundOrder, Turn, TurnReply};

/// A turn of the network, for one shard.
#[derive(Message)]
#[rtype(result = "()")]
pub struct TakeTurn(pub Turn);

/// What a durable event of another division asks.
#[derive(Message)]
#[rtype(result = "()")]
pub struct TakeCrossing(pub Crossing);

/// Runs of the shard that have landed, with their memory.
#[derive(Message)]
#[rtype(result = "()")]
pub struct TakeLandings(pub Vec<(Landing, RecordWriter)>);

/// The fold of a quarantined quota.
#[derive(Message)]
#[rtype(result = "()")]
pub struct TakeFold {
    quota: QuotaId,
    fold: Box<Division>,
}

/// A quarantined quota could not be folded.
#[derive(Message)]
#[rtype(result = "()")]
pub struct NoFold {
    quota: QuotaId,
}

/// Pages of payments the shard asked for.
#[derive(Message)]
#[rtype(result = "()")]
pub struct TakePages(pub Vec<(PaymentPage, Vec<Payment>)>);

/// What the checkpoint asks.
#[derive(Message)]
#[rtype(result = "()")]
pub struct TakeRound(pub RoundOrder);

/// What the watch over the laws asks.
#[derive(Message)]
#[rtype(result = "()")]
pub struct TakeLaw(pub LawOrder);

/// Hand over again what is in transit.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Resume;

/// Ends the shard's work and asks for its divisions: how a live state is compared with a replayed
/// one.
#[derive(Message)]
#[rtype(result = "Vec<Division>")]
pub struct GiveUp;

/// The addresses a shard needs; the first message it gets. It does nothing yet: what it may have
/// for others must not reach them before theirs.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Wire {
    /// Every shard, by index.
    pub peers: Vec<Addr<ShardShell>>,
    /// The network thread's replies.
    pub replies: Recipient<TakeReply>,
}

/// Every shard has its addresses: each does what it has to do since it was made.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Begin;

/// A shard's reply, for the network thread that asked.
#[derive(Message)]
#[rtype(result = "()")]
pub struct TakeReply(pub TurnReply);

/// The landings of one group, for a network thread.
#[derive(Message)]
#[rtype(result = "()")]
pub struct TakeGroup(pub Arc<[Landing]>);

/// The two clocks, in ms.
#[derive(Clone, Copy)]
pub struct Clocks {
    /// The wall clock, since 1970.
    pub wall_ms: fn() -> u64,
    /// The monotonic clock, since any moment.
    pub monotonic_ms: fn() -> u64,
}

/// What every shard's shell is made with.
#[derive(Clone)]
pub struct ShardEnvironment {
    /// Runs go here.
    pub journal: Sender<ToJournal>,
    /// Which shard has which division.
    pub registry: Arc<Registry>,
    /// Counters.
    pub metrics: Arc<Metrics>,
    /// The durable position.
    pub durable: Arc<Durable>,
    /// The clocks.
    pub clocks: Clocks,
    /// Where the journal is, to fold a quarantined quota from it.
    pub disk: Arc<dyn Disk>,
    /// The data directory.
    pub data_dir: std::path::PathBuf,
    /// The data set's key.
    pub key: HashKey,
    /// True once the journal is being closed: what is decided after that is not durable and
    /// shown to nobody.
    pub closing: Arc<AtomicBool>,
    /// The way to recovery, where there is a checkpoint.
    pub recovery: Option<RecoveryWay>,
    /// The way to the watch over the laws.
    pub laws: Sender<Heard>,
    /// Time of a core that the calling thread has used, in µs.
    pub core_time_us: fn() -> u64,
    /// Ends the process, saying why.
    pub fatal: fn(&str) -> !,
}

/// A shard on its arbiter.
pub struct ShardShell {
    core: Shard,
    environment: ShardEnvironment,
    wiring: Option<Wire>,
    outputs: Vec<Output>,
    guard: ClockGuard,
    timer: Option<(u64, SpawnHandle)>,
    quotas: u64,
    /// Documents carried out and orders given for them, as last told.
    documents: (u64, u64),
    /// What was last told of the memory it keeps.
    resident: Resident,
}

impl ShardShell {
    /// A shell around a core.
    #[must_use]
    pub fn new(core: Shard, environment: ShardEnvironment) -> ShardShell {
        let clocks = environment.clocks;
        let guard = ClockGuard::new((clocks.wall_ms)(), (clocks.monotonic_ms)());
        let (wiring, outputs, timer, quotas) = (None, Vec::new(), None, core.quota_count());
        let resident = Resident::default();
        let documents = (0, 0);
        ShardShell { core, environment, wiring, outputs, guard, timer, quotas, documents, resident }
    }

    /// Lets the core do one thing, then does what it wants done.
    fn step(&mut self, context: &mut Context<Self>, act: impl FnOnce(&mut Shard)) {
        if catch_unwind(AssertUnwindSafe(|| act(&mut self.core))).is_err() {
            (self.environment.fatal)("a shard panicked while it applied an event; start again");
        }
        self.core.take_outputs(&mut self.outputs);
        let mut outputs = std::mem::take(&mut self.outputs);
        for output in outputs.drain(..) {
            self.put_out(context, output);
        }
        self.outputs = outputs;
        self.count_quotas();
        self.count_documents();
        self.set_timer(context);
    }

    fn put_out(&mut self, context: &mut Context<Self>, output: Output) {
        let Some(wiring) = &self.wiring else {
            (self.environment.fatal)("a shard acted before it was wired");
        };
        match output {
            Output::Reply(reply) => wiring.replies.do_send(TakeReply(reply)),
            Output::Run(run) => {
                // The channel holds the runs of all shards: a full one is a defect, and so is a
                // journal that ended, unless it was closed.
                let taken = self.environment.journal.try_send(ToJournal::Run(run)).is_ok();
                if !taken && !self.environment.closing.load(Ordering::Acquire) {
                    (self.environment.fatal)("the journal no longer takes runs");
                }
            }
            Output::Cross(crossing) => {
                let shard = self.environment.registry.shard_of(crossing.division());
                wiring.peers[shard].do_send(TakeCrossing(crossing));
            }
            Output::Registered(division) => {
                self.environment.registry.register(division);
                self.environment.metrics.divisions.add(1);
            }
            Output::Rebuild(quota) => self.rebuild(context, quota),
            Output::Fetch(pages) => self.fetch(pages),
            Output::PagedIn(pages) => self.environment.metrics.paged_in.add(pages as u64),
            Output::PagedOut(pages) => self.environment.metrics.paged_out.add(pages as u64),
            Output::Round(news) => {
                if let Some(recovery) = &self.environment.recovery {
                    // Recovery that has ended asks nothing more, and hears nothing more.
                    let _ = recovery.news.try_send((usize::from(self.core.index()), news));
                }
            }
            Output::ResumeMoves => wiring.peers.iter().for_each(|peer| peer.do_send(Resume)),
            Output::Alarm(alarm) => self.alarm(&alarm),
        }
    }

    /// The queue holds all that every shard may have asked for: a full one is a defect.
    fn fetch(&self, pages: Vec<PaymentPage>) {
        let shard = usize::from(self.core.index());
        let asked =
            self.environment.recovery.as_ref().map(|way| way.pager.try_send((shard, pages)));
        if !matches!(asked, Some(Ok(()))) && !self.environment.closing.load(Ordering::Acquire) {
            (self.environment.fatal)("nobody fetches pages of payments; start again");
        }
    }

    fn alarm(&self, alarm: &Alarm) {
        match alarm {
            Alarm::Quarantined { quota, what } => {
                self.environment.metrics.quarantines.add(1);
                tracing::error!(%quota, what, "a quota is quarantined: its orders are turned away until an operator revives it");
            }
            Alarm::Parked { division, waiting } => {
                self.environment.metrics.parked.add(1);
                if *waiting == domain::limits::PARKED_PER_CHANNEL_ALARM {
                    tracing::error!(
                        division = division.0,
                        waiting,
                        "a channel's suspense is half full"
                    );
                }
            }
            Alarm::OrderRefused { division, what } => {
                tracing::error!(
                    division = division.0,
                    what,
                    "an order to carry a document out was refused: the division's documents wait"
                );
            }
            Alarm::LawBroken { division, what } => {
                self.environment.metrics.laws_broken.add(1);
                tracing::error!(
                    division = division.0,
                    what,
                    "a document that was carried out broke a law of quotas: stop issuing, run verify"
                );
            }
        }
    }

    /// Folds a quota's division from the journal, on a thread of its own.
    fn rebuild(&self, context: &Context<Self>, quota: QuotaId) {
        let (own, environment) = (context.address(), self.environment.clone());
        let fold = move || {
            // A fold that panics leaves this thread alone: the quota stays quarantined.
            let folded = catch_unwind(AssertUnwindSafe(|| fold_division(&environment, quota)));
            let why = match folded {
                Ok(Ok(Some(fold))) => return own.do_send(TakeFold { quota, fold: Box::new(fold) }),
                Ok(Ok(None)) => "the journal knows no such division".to_owned(),
                Ok(Err(error)) => error,
                Err(_) => "an event does not follow from the ones before".to_owned(),
            };
            tracing::error!(%quota, why, "a quota cannot be folded from the journal");
            own.do_send(NoFold { quota });
        };
        if let Err(error) = std::thread::Builder::new().name("revive".into()).spawn(fold) {
            tracing::error!(%quota, %error, "no thread to revive a quota; ask again");
            context.address().do_send(NoFold { quota });
        }
    }

    fn count_documents(&mut self) {
        let (documents, orders) = self.core.issuance_counts();
        let metrics = &self.environment.metrics;
        metrics.documents.add(documents - self.documents.0);
        metrics.issuance_orders.add(orders - self.documents.1);
        self.documents = (documents, orders);
    }

    fn count_quotas(&mut self) {
        let quotas = self.core.quota_count();
        if quotas != self.quotas {
            self.environment.metrics.quotas.add(quotas - self.quotas);
            self.quotas = quotas;
        }
    }

    fn tell_resident(&mut self) {
        let now = self.core.resident();
        self.environment.metrics.resident.replace(&self.resident, &now);
        self.resident = now;
    }

    /// Wakes the shard when its next deadline passes; no timer runs where there is none.
    fn set_timer(&mut self, context: &mut Context<Self>) {
        let next = self.core.next_deadline_ms();
        if self.timer.as_ref().map(|(at, _)| *at) == next {
            return;
        }
        if let Some((_, handle)) = self.timer.take() {
            context.cancel_future(handle);
        }
        let Some(at) = next else { return };
        let now = (self.environment.clocks.wall_ms)();
        // A deadline that has passed already is looked at again after a moment: something, such
        // as a full run, kept it from being acted on.
        let wait = Duration::from_millis(at.saturating_sub(now).max(10));
        let handle = context.run_later(wait, |shell, context| {
            shell.timer = None;
            shell.let_pass(context);
        });
        self.timer = Some((at, handle));
    }

    fn let_pass(&mut self, context: &mut Context<Self>) {
        let clocks = self.environment.clocks;
        let now_ms = (clocks.wall_ms)();
        match self.guard.judge(now_ms, (clocks.monotonic_ms)()) {
            Reading::Good => self.step(context, |core| core.let_pass(now_ms)),
            Reading::Behind(by_ms) => {
                tracing::error!(by_ms, "the wall clock stands behind: deadlines wait");
                self.set_timer(context);
            }
            Reading::Ahead(by_ms) => {
                tracing::error!(by_ms, "the wall clock runs ahead: deadlines wait");
                self.set_timer(context);
            }
        }
    }
}

fn fold_division(
    environment: &ShardEnvironment,
    quota: QuotaId,
) -> Result<Option<Division>, String> {
    let durable = environment.durable.cursor().position;
    let disk = Arc::clone(&environment.disk);
    let reader = JournalReader::open(disk, &environment.data_dir, ReadFrom::Start);
    let mut reader = reader.map_err(|error| error.to_string())?;
    let mut replay = Replay::of_division(environment.key, quota.division());
    while let Some(group) = reader.next(durable).map_err(|error| error.to_string())? {
        for record in group.records {
            replay.record(record).map_err(|error| error.to_string())?;
        }
    }
    Ok(replay.into_divisions().pop())
}

impl Actor for ShardShell {
    type Context = Context<Self>;
}

impl Handler<Wire> for ShardShell {
    type Result = ();

    fn handle(&mut self, wire: Wire, _: &mut Self::Context) {
        self.wiring = Some(wire);
    }
}

impl Handler<Begin> for ShardShell {
    type Result = ();

    fn handle(&mut self, Begin: Begin, context: &mut Self::Context) {
        // What the core wanted done since it was made: moves that were in transit, documents that
        // were being carried out.
        let now_ms = (self.environment.clocks.wall_ms)();
        self.step(context, |core| core.begin(now_ms));
        self.tell_resident();
        let every = Duration::from_millis(RESIDENT_TOLD_EVERY_MS);
        context.run_interval(every, |shell, _| shell.tell_resident());
    }
}

impl Handler<TakeTurn> for ShardShell {
    type Result = ();

    fn handle(&mut self, TakeTurn(turn): TakeTurn, context: &mut Self::Context) {
        self.step(context, |core| core.turn(turn));
    }
}

impl Handler<TakeCrossing> for ShardShell {
    type Result = ();

    fn handle(&mut self, TakeCrossing(crossing): TakeCrossing, context: &mut Self::Context) {
        let now_ms = (self.environment.clocks.wall_ms)();
        self.step(context, |core| core.cross(crossing, now_ms));
    }
}

impl Handler<TakeLandings> for ShardShell {
    type Result = ();

    fn handle(&mut self, TakeLandings(landings): TakeLandings, context: &mut Self::Context) {
        self.step(context, |core| {
            for (landing, memory) in landings {
                core.landed(landing, memory);
            }
        });
    }
}

impl Handler<TakeFold> for ShardShell {
    type Result = ();

    fn handle(&mut self, TakeFold { quota, fold }: TakeFold, context: &mut Self::Context) {
        self.step(context, |core| core.revived(quota, &fold));
    }
}

impl Handler<NoFold> for ShardShell {
    type Result = ();

    fn handle(&mut self, NoFold { quota }: NoFold, context: &mut Self::Context) {
        self.step(context, |core| core.not_revived(quota));
    }
}

impl Handler<TakePages> for ShardShell {
    type Result = ();

    fn handle(&mut self, TakePages(pages): TakePages, context: &mut Self::Context) {
        self.step(context, |core| core.pages_came(pages));
    }
}

impl Handler<TakeRound> for ShardShell {
    type Result = ();

    fn handle(&mut self, TakeRound(order): TakeRound, context: &mut Self::Context) {
        self.step(context, |core| core.round(order));
    }
}

impl Handler<TakeLaw> for ShardShell {
    type Result = ();

    fn handle(&mut self, TakeLaw(order): TakeLaw, _: &mut Self::Context) {
        let used_us = self.environment.core_time_us;
        let began_us = used_us();
        // A look changes nothing: one that panics leaves the shard as it was.
        let said = catch_unwind(AssertUnwindSafe(|| self.core.law(order)));
        let said = said.unwrap_or_else(|_| {
            tracing::error!(?order, "a look at the laws panicked; run verify");
            LawNews::Said(None)
        });
        let took_us = used_us().saturating_sub(began_us);
        // A watch that has ended asks nothing more, and hears nothing more.
        let _ = self.environment.laws.try_send((usize::from(self.core.index()), said, took_us));
    }
}

/// The shards, as recovery reaches them.
#[derive(Clone)]
pub struct Shards(pub Vec<Addr<ShardShell>>);

impl ToShards for Shards {
    fn order(&self, shard: usize, order: RoundOrder) {
        self.0[shard].do_send(TakeRound(order));
    }

    fn pages(&self, shard: usize, pages: Vec<(PaymentPage, Vec<Payment>)>) {
        self.0[shard].do_send(TakePages(pages));
    }
}

impl ToWatched for Shards {
    fn law(&self, shard: usize, order: LawOrder) {
        self.0[shard].do_send(TakeLaw(order));
    }
}

impl Handler<Resume> for ShardShell {
    type Result = ();

    fn handle(&mut self, Resume: Resume, context: &mut Self::Context) {
        self.step(context, Shard::resume_moves);
    }
}

impl Handler<GiveUp> for ShardShell {
    type Result = MessageResult<GiveUp>;

    fn handle(&mut self, GiveUp: GiveUp, _: &mut Self::Context) -> Self::Result {
        let environment = &self.environment;
        let empty = Shard::new(0, environment.key, Vec::new());
        MessageResult(std::mem::replace(&mut self.core, empty).into_divisions())
    }
}

/// Tells shards and network threads where runs landed.
pub struct Landings {
    /// Every shard, by index.
    pub shards: Vec<Addr<ShardShell>>,
    /// Every network thread.
    pub networks: Vec<Recipient<TakeGroup>>,
}

impl LandingSink for Landings {
    fn landed(&mut self, landings: &[Landing], memories: Vec<RecordWriter>) {
        let mut of_shard: Vec<Vec<(Landing, RecordWriter)>> =
            self.shards.iter().map(|_| Vec::new()).collect();
        for (landing, memory) in landings.iter().zip(memories) {
            of_shard[usize::from(landing.shard)].push((*landing, memory));
        }
        for (shard, landings) in self.shards.iter().zip(of_shard) {
            if !landings.is_empty() {
                shard.do_send(TakeLandings(landings));
            }
        }
        // Behind the shards: whoever hears a reply and asks again finds its record placed.
        let shared: Arc<[Landing]> = landings.into();
        for network in &self.networks {
            network.do_send(TakeGroup(Arc::clone(&shared)));
        }
    }
}
