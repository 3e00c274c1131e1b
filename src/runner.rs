//! Runs a scenario against a server: every answer is compared with its prediction, through any
//! number of crashes.
//!
//! Lanes run side by side, each with one connection per role; within a lane a frame is sent when
//! the one before was answered, so predictions never depend on scheduling. With a rate a frame
//! takes what is due, and latency counts from when it was. When a connection is
//! lost, what was not answered is asked again by its id.

pub(crate) mod filed;
mod pace;
pub(crate) mod year;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use domain::codes::{AuthorityKind, Role};
use domain::ids::{ChannelId, QuotaId};
use protocol::limits::{FRAME_BYTES_MAX, FRAME_HEADER_BYTES, LOOK_UPS_PER_FRAME_MAX};
use protocol::lookup::{Answer, IdKind, LookUp};
use protocol::{CommandResult, CommandsBuilder, routing};
use scenarios::{Audit, Barrier, Heard, PaymentEnd, QuotaEnd, Step, Tally, Track, Wave, Work};
use tokio::sync::{RwLock, watch};
use tokio::task::{JoinSet, LocalSet};

use crate::clock;
use crate::wire::{Asked, Wire};
pub(crate) use pace::Latency;
use pace::Pace;

/// Commands in one frame of a lane.
const FRAME_COMMANDS: usize = 2048;

/// Mismatches that are told in words.
const MISMATCHES_TOLD: usize = 12;

/// How long a lane waits for a quota to become what it should.
const BARRIER_PATIENCE: u32 = 4000;

/// Pause between two looks at a quota, or two tries of a frame that heard `Busy`.
const PAUSE: Duration = Duration::from_millis(3);

/// Payments audited on the way that are kept to be looked up once more, over all lanes.
const SETTLED_KEPT_MAX: usize = 8192;

/// Payments kept of one audit: few, so that they come from every part of the run.
const SETTLED_KEPT_PER_AUDIT: usize = 64;

/// Where the server is, and how often it was started: lanes wait here while it is down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Where {
    /// Its address; `None` while it is down.
    pub(crate) address: Option<SocketAddr>,
    /// Counts its starts.
    pub(crate) start: u32,
}

/// What a run has shown so far.
#[derive(Default)]
pub(crate) struct Seen {
    /// Answers compared.
    pub(crate) answers: Cell<u64>,
    /// Answers that differed from their prediction.
    pub(crate) mismatches: Cell<u64>,
    /// The first of them, in words.
    pub(crate) told: RefCell<Vec<String>>,
    /// Frames that were asked again after a connection was lost.
    pub(crate) asked_again: Cell<u64>,
    /// Frames that heard `Busy`.
    pub(crate) busy: Cell<u64>,
    /// Acknowledged reservations looked up after a crash.
    pub(crate) rechecked: Cell<u64>,
    /// Acknowledged reservations that were gone.
    pub(crate) lost: Cell<u64>,
    /// Payments and quotas compared at the end.
    pub(crate) audited: Cell<u64>,
    /// Quotas that stood on pre-approval authority and rest on their budget rows at the end.
    pub(crate) replaced: Cell<u64>,
    /// Some of the payments compared, to be looked up once more at the end.
    pub(crate) settled: RefCell<Vec<PaymentEnd>>,
    /// Refusals heard, by code.
    pub(crate) refusals: RefCell<BTreeMap<u16, u64>>,
    /// Commands answered, by role.
    pub(crate) by_role: RefCell<BTreeMap<&'static str, u64>>,
    /// Facts that were parked.
    pub(crate) parked: Cell<u64>,
    /// Records that were durable when an answer came: the newest sequence seen.
    pub(crate) sequence: Cell<u64>,
    /// How long answers took, in µs; with a rate only those from the first working day on.
    pub(crate) latency: Latency,
}

impl Seen {
    /// Keeps some of the payments of an audit, evenly, while there is room.
    fn keep_some(&self, payments: &[PaymentEnd]) {
        let mut settled = self.settled.borrow_mut();
        let room = SETTLED_KEPT_MAX.saturating_sub(settled.len()).min(SETTLED_KEPT_PER_AUDIT);
        let apart = payments.len().div_ceil(room.max(1)).max(1);
        settled.extend(payments.iter().step_by(apart).take(room).copied());
    }

    pub(crate) fn mismatch(&self, what: impl FnOnce() -> String) {
        self.mismatches.set(self.mismatches.get() + 1);
        let mut told = self.told.borrow_mut();
        if told.len() < MISMATCHES_TOLD {
            told.push(what());
        }
    }
}

/// A scenario on its way.
pub(crate) struct Run {
    /// Where the server is.
    pub(crate) server: watch::Receiver<Where>,
    /// What was seen.
    pub(crate) seen: Seen,
    /// Held for reading while a batch is open; whoever kills the server holds it for writing.
    pub(crate) fragile: RwLock<()>,
    /// Taken for reading before each step of a lane; whoever holds it for writing lets no further
    /// step begin.
    pub(crate) pause: RwLock<()>,
    /// Commands a second from the first working day on; `None`: as fast as they are answered.
    rate_per_s: Option<u64>,
    /// Parts of days started and to start, by lane.
    pub(crate) progress: RefCell<Vec<(u64, u64)>>,
    /// Told once every lane is done.
    pub(crate) done: Cell<bool>,
}

impl Run {
    pub(crate) fn new(server: watch::Receiver<Where>) -> Rc<Run> {
        Run::at_rate(server, None)
    }

    /// With a rate, commands of the working days are sent when they are due, all lanes together
    /// so many a second; a lane that is late sends at once what became due meanwhile.
    pub(crate) fn at_rate(server: watch::Receiver<Where>, rate_per_s: Option<u64>) -> Rc<Run> {
        Rc::new(Run {
            server,
            rate_per_s,
            seen: Seen::default(),
            fragile: RwLock::new(()),
            pause: RwLock::new(()),
            progress: RefCell::new(Vec::new()),
            done: Cell::new(false),
        })
    }

    /// The part of the work that is done, in thousandths.
    pub(crate) fn permille(&self) -> u64 {
        let progress = self.progress.borrow();
        let (done, all) = progress.iter().fold((0, 0), |(d, a), &(done, all)| (d + done, a + all));
        (done * 1000).checked_div(all).unwrap_or(0)
    }
}

/// Does the whole work and gives what was predicted of it.
pub(crate) async fn run(run: &Rc<Run>, work: Work) -> Result<Tally> {
    let tracks = work.lanes.into_iter().map(|lane| Track::Made(Box::new(lane)));
    let mut tally = play(run, &work.opening, tracks.collect()).await?;
    tally.add(&work.opening_tally);
    Ok(tally)
}

/// Does work that was generated or read from a file: first the opening, then the tracks side by
/// side. Gives what was predicted of the tracks.
pub(crate) async fn play(run: &Rc<Run>, opening: &[Wave], tracks: Vec<Track>) -> Result<Tally> {
    let mut connections = Connections::new(run);
    for wave in opening {
        connections.wave(wave).await?;
    }
    drop(connections);
    *run.progress.borrow_mut() = tracks.iter().map(Track::progress).collect();
    let lanes = tracks.len();
    let all_set_up = Rc::new(tokio::sync::Barrier::new(lanes));
    let local = LocalSet::new();
    let mut tasks = JoinSet::new();
    for track in tracks {
        let driven = drive(Rc::clone(run), track, lanes, Rc::clone(&all_set_up));
        tasks.spawn_local_on(driven, &local);
    }
    let mut tally = Tally::default();
    local
        .run_until(async {
            while let Some(lane) = tasks.join_next().await {
                tally.add(&lane.context("a lane panicked")??);
            }
            anyhow::Ok(())
        })
        .await?;
    run.done.set(true);
    Ok(tally)
}

/// Looks the payments up once more that were kept of the audits: whatever left memory since then
/// has to come back as it was. Gives how many.
pub(crate) async fn audit_again(run: &Rc<Run>) -> Result<u64> {
    let settled = run.seen.settled.take();
    Connections::new(run).compare_payments(&settled).await?;
    Ok(settled.len() as u64)
}

async fn drive(
    run: Rc<Run>,
    mut track: Track,
    lanes: usize,
    all_set_up: Rc<tokio::sync::Barrier>,
) -> Result<Tally> {
    let mut connections = Connections::new(&run);
    while let Some(step) = track.next() {
        drop(run.pause.read().await);
        match step? {
            Step::Wave(wave) => {
                if let (Some(rate), true) = (run.rate_per_s, wave.when.is_some())
                    && connections.pace.is_none()
                {
                    // All first days start together, so that the rate is whole from there.
                    all_set_up.wait().await;
                    connections.pace = Some(Pace::new(rate, lanes));
                }
                let guarded = if wave.fragile { Some(run.fragile.read().await) } else { None };
                connections.wave(&wave).await?;
                drop(guarded);
            }
            Step::Barrier(barrier) => connections.barrier(&barrier).await?,
            Step::Audit(audit) => connections.audit(&audit).await?,
        }
        run.progress.borrow_mut()[track.index()] = track.progress();
    }
    let end = track.end().context("a lane has no more steps and did not end")?;
    connections.compare_quotas(&end.quotas).await?;
    Ok(end.tally)
}

/// The connections of one lane, one per role, opened when they are needed.
struct Connections {
    run: Rc<Run>,
    wires: HashMap<Role, Wire>,
    start: u32,
    /// Reservations acknowledged by the last frame that held any: looked up after a crash.
    acknowledged: Vec<LookUp>,
    /// With a rate, from the first working day on.
    pace: Option<Pace>,
}

impl Connections {
    fn new(run: &Rc<Run>) -> Connections {
        let (wires, acknowledged) = (HashMap::new(), Vec::new());
        Connections { run: Rc::clone(run), wires, start: 0, acknowledged, pace: None }
    }

    /// The connection of a role, once the server is up.
    async fn wire(&mut self, role: Role, channel: ChannelId) -> Result<&mut Wire> {
        loop {
            let now = self
                .run
                .server
                .clone()
                .wait_for(|place| place.address.is_some())
                .await
                .map(|place| *place);
            let Ok(Where { address: Some(address), start }) = now else {
                bail!("the server is gone")
            };
            if start != self.start {
                self.wires.clear();
                let restarted = self.start != 0;
                self.start = start;
                if restarted && !self.recheck(address).await {
                    continue;
                }
            }
            let wire = match self.wires.remove(&role).filter(|wire| !wire.is_stale()) {
                Some(wire) => wire,
                None => match Wire::connect_on(address, role, channel).await {
                    Ok(wire) => wire,
                    Err(_) if self.moved_on() => continue,
                    Err(error) => {
                        tokio::time::sleep(PAUSE).await;
                        if !self.is_down() {
                            return Err(error);
                        }
                        continue;
                    }
                },
            };
            return Ok(self.wires.entry(role).or_insert(wire));
        }
    }

    fn moved_on(&self) -> bool {
        self.run.server.borrow().start != self.start
    }

    fn is_down(&self) -> bool {
        self.run.server.borrow().address.is_none() || self.moved_on()
    }

    /// Looks up what was acknowledged before the crash; false when the server is gone again.
    async fn recheck(&mut self, address: SocketAddr) -> bool {
        let Ok(mut wire) = Wire::connect(address, Role::Maker).await else { return false };
        for look_ups in self.acknowledged.chunks(LOOK_UPS_PER_FRAME_MAX) {
            let answers = loop {
                match wire.look_ups(look_ups).await {
                    Ok(Asked::Answered(answers)) => break answers,
                    Ok(Asked::Busy) => tokio::time::sleep(PAUSE).await,
                    Err(_) => return false,
                }
            };
            let seen = &self.run.seen;
            for (look_up, answer) in look_ups.iter().zip(answers) {
                seen.rechecked.set(seen.rechecked.get() + 1);
                if matches!(answer, Answer::Failed(_)) {
                    seen.lost.set(seen.lost.get() + 1);
                    seen.mismatch(|| format!("acknowledged and lost: {look_up:?}"));
                }
            }
        }
        true
    }

    /// Sends a wave, frame by frame, and compares every answer.
    async fn wave(&mut self, wave: &Wave) -> Result<()> {
        let room = FRAME_BYTES_MAX - FRAME_HEADER_BYTES;
        let mut start = 0;
        while start < wave.len() {
            let due = match &self.pace {
                Some(pace) => pace.wait().await.min(FRAME_COMMANDS),
                None => FRAME_COMMANDS,
            };
            let mut end = wave.frame_end(start, due, room);
            // A linked run goes whole, even before the rest of it is due.
            while end < wave.len() && wave.op(end - 1).linked {
                end += 1;
            }
            let went = clock::now();
            self.frame(wave, start..end).await?;
            let commands = (end - start) as u64;
            match &mut self.pace {
                Some(pace) => pace.answered(commands, &self.run.seen.latency),
                None => self.run.seen.latency.note(clock::now() - went, commands),
            }
            start = end;
        }
        Ok(())
    }

    async fn frame(&mut self, wave: &Wave, range: std::ops::Range<usize>) -> Result<()> {
        let role = role_of(wave);
        let channel = ChannelId(wave.channel());
        let mut asked_again = false;
        loop {
            let mut builder = CommandsBuilder::new();
            builder.push_encoded(&wave.commands()[range.clone()], wave.tails(range.clone()))?;
            let wire = self.wire(role, channel).await?;
            match wire.commands(&mut builder).await {
                Ok(Asked::Answered(results)) => {
                    ensure!(results.len() == range.len(), "a reply with another count");
                    self.compare(wave, range, &results, asked_again);
                    return Ok(());
                }
                Ok(Asked::Busy) => {
                    self.run.seen.busy.set(self.run.seen.busy.get() + 1);
                    tokio::time::sleep(PAUSE).await;
                }
                Err(error) => {
                    self.wires.remove(&role);
                    asked_again = true;
                    self.run.seen.asked_again.set(self.run.seen.asked_again.get() + 1);
                    tokio::time::sleep(PAUSE).await;
                    self.must_be_down(&error).await?;
                }
            }
        }
    }

    /// A lost connection is expected only while the server is being killed.
    async fn must_be_down(&self, error: &anyhow::Error) -> Result<()> {
        for _ in 0..BARRIER_PATIENCE {
            if self.is_down() {
                return Ok(());
            }
            tokio::time::sleep(PAUSE).await;
        }
        bail!("a connection was lost and the server is up: {error:#}")
    }

    fn compare(
        &mut self,
        wave: &Wave,
        range: std::ops::Range<usize>,
        results: &[CommandResult],
        asked_again: bool,
    ) {
        let mut acknowledged = Vec::new();
        let seen = &self.run.seen;
        let mut by_role = seen.by_role.borrow_mut();
        *by_role.entry(role_of(wave).slug()).or_default() += results.len() as u64;
        let mut refusals = seen.refusals.borrow_mut();
        for (index, result) in range.zip(results) {
            let (op, heard) = (wave.op(index), Heard::from(result));
            seen.answers.set(seen.answers.get() + 1);
            seen.sequence.set(seen.sequence.get().max(result.sequence));
            if !op.expected.accepts(&heard, asked_again) {
                let kind = routing::kind_of(op.command);
                seen.mismatch(|| {
                    format!(
                        "kind {kind}: expected {:?}, heard {result:?} (asked again: {asked_again})",
                        op.expected
                    )
                });
            }
            match result.code {
                domain::Code::Accepted => {
                    if let Some((payment, quota)) = routing::reservation(op.command) {
                        let (division, year) = (quota.division(), quota.year());
                        let kind = IdKind::Payment;
                        acknowledged.push(LookUp::Outcome { kind, division, year, id: payment });
                    }
                }
                domain::Code::Parked if !result.repeat => seen.parked.set(seen.parked.get() + 1),
                domain::Code::Parked => {}
                code => *refusals.entry(code.number()).or_default() += 1,
            }
        }
        if !acknowledged.is_empty() {
            self.acknowledged = acknowledged;
        }
    }

    async fn ask(&mut self, look_ups: &[LookUp]) -> Result<Vec<Answer>> {
        loop {
            let wire = self.wire(Role::Finance, ChannelId(1)).await?;
            match wire.look_ups(look_ups).await {
                Ok(Asked::Answered(answers)) => return Ok(answers),
                Ok(Asked::Busy) => tokio::time::sleep(PAUSE).await,
                Err(error) => {
                    self.wires.remove(&Role::Finance);
                    self.must_be_down(&error).await?;
                }
            }
        }
    }

    /// Waits until each quota is as it should be.
    async fn barrier(&mut self, barrier: &Barrier) -> Result<()> {
        let mut waiting = barrier.quotas.clone();
        for _ in 0..BARRIER_PATIENCE {
            let mut still = Vec::new();
            for some in waiting.chunks(LOOK_UPS_PER_FRAME_MAX) {
                let look_ups: Vec<_> = some.iter().map(|&(id, _)| LookUp::Quota(id)).collect();
                for (&(id, buckets), answer) in some.iter().zip(self.ask(&look_ups).await?) {
                    let there = matches!(&answer, Answer::Quota(view)
                        if differing(&buckets, &view.buckets).is_none());
                    if !there {
                        still.push((id, buckets));
                    }
                }
            }
            if still.is_empty() {
                return Ok(());
            }
            waiting = still;
            tokio::time::sleep(PAUSE).await;
        }
        let (quota, buckets) = &waiting[0];
        let seen = &self.run.seen;
        seen.mismatch(|| format!("quota {quota} never became {buckets:?}"));
        Ok(())
    }

    /// Compares payments that will not change any more.
    async fn audit(&mut self, audit: &Audit) -> Result<()> {
        self.run.seen.keep_some(&audit.payments);
        self.compare_payments(&audit.payments).await
    }

    async fn compare_payments(&mut self, payments: &[PaymentEnd]) -> Result<()> {
        for some in payments.chunks(LOOK_UPS_PER_FRAME_MAX) {
            let look_up = |end: &PaymentEnd| {
                let (division, year) = (end.quota.division(), end.quota.year());
                LookUp::Payment { division, year, id: end.payment }
            };
            let look_ups: Vec<_> = some.iter().map(look_up).collect();
            for (end, answer) in some.iter().zip(self.ask(&look_ups).await?) {
                let seen = &self.run.seen;
                seen.audited.set(seen.audited.get() + 1);
                let good = matches!(&answer, Answer::Payment(view)
                    if view.quota == end.quota
                        && view.state.number() == end.state.number()
                        && view.executed_fen == end.executed
                        && view.refunds.iter().map(|refund| refund.amount_fen.get()).sum::<i64>()
                            == end.refunded.get());
                if !good {
                    seen.mismatch(|| format!("expected {end:?}, found {answer:?}"));
                }
            }
        }
        Ok(())
    }

    /// Compares quotas at the end of a lane.
    async fn compare_quotas(&mut self, quotas: &[QuotaEnd]) -> Result<()> {
        for some in quotas.chunks(LOOK_UPS_PER_FRAME_MAX) {
            let look_ups: Vec<_> = some.iter().map(|end| LookUp::Quota(end.quota)).collect();
            for (end, answer) in some.iter().zip(self.ask(&look_ups).await?) {
                let seen = &self.run.seen;
                seen.audited.set(seen.audited.get() + 1);
                match &answer {
                    Answer::Quota(view) => {
                        let is_row = view.authority == AuthorityKind::BudgetLine;
                        seen.replaced.set(seen.replaced.get() + u64::from(end.was_early && is_row));
                        if !is_row {
                            let quota: QuotaId = end.quota;
                            seen.mismatch(|| format!("quota {quota} rests on no budget row"));
                        }
                        if let Some((name, expected, found)) =
                            differing(&end.buckets, &view.buckets)
                        {
                            let quota: QuotaId = end.quota;
                            seen.mismatch(|| {
                                format!(
                                    "quota {quota}: {name} should be {expected} fen, is {found}"
                                )
                            });
                        }
                    }
                    other => seen.mismatch(|| format!("quota {}: {other:?}", end.quota)),
                }
            }
        }
        Ok(())
    }
}

/// The first amount in which a quota differs from its prediction.
fn differing(
    expected: &scenarios::Buckets,
    found: &domain::quota::Buckets,
) -> Option<(&'static str, i64, i64)> {
    let named = found.named();
    expected.named().into_iter().find_map(|(name, fen)| {
        let there =
            named.iter().find(|(known, _)| *known == name).map_or(i64::MIN, |&(_, fen)| fen);
        (there != fen).then_some((name, fen, there))
    })
}

fn role_of(wave: &Wave) -> Role {
    Role::from_number(wave.role.number()).unwrap_or(Role::Maker)
}
