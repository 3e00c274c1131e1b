//! The load: connections that keep frames in flight, or send them by a schedule.

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use domain::codes::Role;
use domain::command::{Body, By, Command, Reserve};
use domain::ids::{ChannelId, PaymentId, PersonId, QuotaId};
use domain::particulars::ParticularsText;
use domain::{Code, Fen};
use hdrhistogram::Histogram;
use protocol::frame::FrameKind;
use protocol::hello::Hello;
use protocol::message::ErrorMessage;
use protocol::{CommandsBuilder, Flags, Reply, split_frame};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::LocalSet;

use super::bank::{Due, bank};
use super::check::Reserved;
use super::{Measured, Skew};
use crate::clock;
use crate::plain;

/// How often the run looks at the disk it uses.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// Longest latency that is told apart, in µs.
const LATENCY_US_MAX: u64 = 60_000_000;

/// A load to run.
#[derive(Clone)]
pub(super) struct Load {
    pub(super) address: SocketAddr,
    pub(super) quotas: Vec<QuotaId>,
    pub(super) connections: usize,
    pub(super) in_flight: usize,
    pub(super) batch: usize,
    pub(super) skew: Skew,
    /// Exponent of [`Skew::Zipf`].
    pub(super) zipf: f64,
    pub(super) particulars: usize,
    /// Each payment is paid in one act, and a bank reports it paid.
    pub(super) confirm: bool,
    pub(super) rate: Option<u64>,
    pub(super) warm_up: Duration,
    pub(super) measure: Duration,
    /// Which run of several on the same server: each has payments of its own.
    pub(super) run: u64,
}

/// What every connection shares.
pub(super) struct Shared {
    load: Load,
    from: Instant,
    until: Instant,
    stop: Cell<bool>,
    accepted: Cell<u64>,
    confirmed: Cell<u64>,
    reserved: Cell<Reserved>,
    latency: RefCell<Histogram<u64>>,
    particulars: Vec<u8>,
    zipf: Vec<u32>,
}

impl Load {
    /// Runs it; ends early when `enough` says so.
    pub(super) async fn run(self, enough: impl Fn() -> bool) -> Result<Measured> {
        let began = clock::now();
        let from = began + self.warm_up;
        let until = from + self.measure;
        let text = ParticularsText {
            payee_name: "齐鲁文具店".into(),
            payee_account: "6222020000000000017".into(),
            payee_bank: "102451000017".into(),
            purpose: "x".repeat(self.particulars.saturating_sub(58)),
            ..ParticularsText::default()
        };
        let particulars = if self.particulars == 0 { Vec::new() } else { text.encode() };
        let zipf = match self.skew {
            Skew::Zipf => zipf_table(self.quotas.len(), self.zipf),
            Skew::Uniform | Skew::Hot => Vec::new(),
        };
        let connections = self.connections;
        let shared = Rc::new(Shared {
            load: self,
            from,
            until,
            stop: Cell::new(false),
            accepted: Cell::new(0),
            confirmed: Cell::new(0),
            reserved: Cell::new(Reserved::default()),
            latency: RefCell::new(Histogram::new_with_bounds(1, LATENCY_US_MAX, 3)?),
            particulars,
            zipf,
        });
        let local = LocalSet::new();
        let mut tasks = Vec::new();
        for number in 0..connections {
            let to_bank = shared.load.confirm.then(|| {
                let (to_bank, due) = mpsc::channel(shared.load.in_flight);
                tasks.push(local.spawn_local(bank(Rc::clone(&shared), number, due)));
                to_bank
            });
            tasks.push(local.spawn_local(connection(Rc::clone(&shared), number, to_bank)));
        }
        let watched = Rc::clone(&shared);
        let ended = local
            .run_until(async move {
                let mut capped = false;
                while clock::now() < watched.until && !capped {
                    tokio::time::sleep(LOOK_EVERY).await;
                    capped = enough();
                }
                watched.stop.set(true);
                let ended = clock::now().min(watched.until);
                for task in tasks {
                    task.await.context("a connection panicked")??;
                }
                anyhow::Ok((capped, ended))
            })
            .await?;
        let (capped, ended) = ended;
        let latency = shared.latency.borrow().clone();
        let seconds = ended.saturating_duration_since(from).as_secs_f64();
        ensure!(seconds > 0.0, "the run used its disk before it had warmed up; raise --disk-gib");
        let (accepted, reserved) = (shared.accepted.get(), shared.reserved.get());
        let confirmed = shared.confirmed.get();
        ensure!(accepted > 0, "nothing was accepted while it measured; raise --seconds or --rate");
        Ok(Measured { accepted, confirmed, reserved, seconds, latency, capped })
    }
}

/// One connection's own state.
struct Connection {
    number: usize,
    builder: CommandsBuilder,
    random: u64,
    payments: u64,
    /// What its payments come to, in fen.
    fen: i64,
    /// When the frame in each place was to be sent; `None`: the place is free.
    places: Vec<Option<Instant>>,
    /// The payments of the frame in each place, where a bank will report them paid.
    due: Vec<Vec<Due>>,
    /// Frames that were accepted and wait for the bank.
    paid: Vec<Vec<Due>>,
    out: Vec<u8>,
    input: Vec<u8>,
    /// With a rate: when the next frame goes.
    next: Instant,
}

async fn connection(
    shared: Rc<Shared>,
    number: usize,
    to_bank: Option<mpsc::Sender<Vec<Due>>>,
) -> Result<()> {
    let load = &shared.load;
    let mut stream = TcpStream::connect(load.address).await?;
    stream.set_nodelay(true)?;
    let mut connection = Connection {
        number,
        builder: CommandsBuilder::new(),
        random: 0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(number as u64 + 1),
        payments: 0,
        fen: 0,
        places: vec![None; load.in_flight],
        due: vec![Vec::new(); load.in_flight],
        paid: Vec::new(),
        out: Hello::new(Role::Maker, ChannelId(1), "bench").encode().to_vec(),
        input: Vec::with_capacity(1 << 18),
        next: clock::now(),
    };
    let mut welcomed = false;
    loop {
        if welcomed && !shared.stop.get() {
            connection.fill(&shared);
        }
        if !connection.out.is_empty() {
            stream.write_all(&connection.out).await?;
            connection.out.clear();
        }
        let idle = connection.places.iter().all(Option::is_none);
        if welcomed && idle && shared.stop.get() {
            // Each was answered `accepted`, or `take` would have ended the run.
            let Reserved { payments, fen } = shared.reserved.get();
            let payments = payments + connection.payments;
            shared.reserved.set(Reserved { payments, fen: fen + connection.fen });
            return Ok(());
        }
        // Before the welcome there is nothing due, and the welcome has to be read.
        let pause = if welcomed { connection.pause(&shared) } else { None };
        if idle && let Some(pause) = pause {
            tokio::time::sleep(pause).await;
            continue;
        }
        let read = stream.read_buf(&mut connection.input);
        let read = match pause {
            Some(pause) => tokio::time::timeout(pause, read).await,
            None => Ok(read.await),
        };
        match read {
            Ok(bytes) => ensure!(bytes? > 0, "the server closed a connection"),
            Err(_) => continue,
        }
        welcomed |= connection.take(&shared)?;
        if let Some(to_bank) = &to_bank {
            // The bank's pace is the makers': nothing gathers between the two.
            for frame in connection.paid.drain(..) {
                to_bank.send(frame).await.context("the bank ended before its makers")?;
            }
        }
    }
}

impl Connection {
    /// Until when a paced connection may wait for replies: the next frame is due then.
    fn pause(&self, shared: &Shared) -> Option<Duration> {
        let free = self.places.iter().any(Option::is_none);
        let paced = shared.load.rate.is_some() && free && !shared.stop.get();
        paced.then(|| self.next.saturating_duration_since(clock::now()))
    }

    /// Puts a frame into every free place; with a rate, only those that are due.
    fn fill(&mut self, shared: &Shared) {
        let now = clock::now();
        for place in 0..self.places.len() {
            if self.places[place].is_some() {
                continue;
            }
            let intended = match shared.load.rate {
                None => now,
                Some(_) if self.next > now => return,
                Some(rate) => {
                    let own = rate as f64 / shared.load.connections as f64;
                    let due = self.next;
                    self.next += Duration::from_secs_f64(shared.load.batch as f64 / own);
                    due
                }
            };
            self.places[place] = Some(intended);
            self.build(shared, place);
            self.builder.finish_into(&mut self.out, place as u64 + 1, 0);
        }
    }

    fn build(&mut self, shared: &Shared, place: usize) {
        for _ in 0..shared.load.batch {
            let quota = self.choose(shared);
            self.payments += 1;
            let amount_fen = Fen::new(100 + (self.random >> 50) as i64);
            let run = u128::from(shared.load.run);
            let id = run << 96 | (self.number as u128 + 1) << 64 | u128::from(self.payments);
            let reserve = plain::reservation(PaymentId(id), quota, amount_fen, &shared.particulars);
            let reserve = Reserve { one_act: shared.load.confirm, ..reserve };
            let by = By { person: PersonId(7), role: Role::Maker, channel: ChannelId(1) };
            let command = Command { by, body: Body::Reserve(reserve) };
            if self.builder.push(&command, Flags::default()).is_err() {
                // With particulars fewer fit into a frame.
                self.payments -= 1;
                return;
            }
            self.fen += amount_fen.get();
            if shared.load.confirm {
                self.due[place].push(Due { payment: PaymentId(id), quota, amount_fen });
            }
        }
    }

    fn choose(&mut self, shared: &Shared) -> QuotaId {
        // SplitMix64: every step of the sequence is another number.
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.random;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        let quotas = &shared.load.quotas;
        let below = |count: usize| ((u128::from(mixed) * count as u128) >> 64) as usize;
        match shared.load.skew {
            Skew::Uniform => quotas[below(quotas.len())],
            Skew::Zipf => quotas[shared.zipf[below(shared.zipf.len())] as usize],
            Skew::Hot => quotas[0],
        }
    }

    /// Reads whole frames; true when one was the welcome.
    fn take(&mut self, shared: &Shared) -> Result<bool> {
        let mut welcomed = false;
        let mut used = 0;
        while let Some(frame) = split_frame(&self.input[used..])? {
            used += frame.header.length as usize;
            match frame.header.kind {
                FrameKind::Welcome => {
                    welcomed = true;
                    self.next = clock::now();
                }
                FrameKind::Results => {
                    let reply = Reply::parse(&frame)?;
                    for result in reply.iter() {
                        let code = result?.0.code;
                        ensure!(code == Code::Accepted, "a reservation was answered {code}");
                    }
                    let place = frame.header.request as usize - 1;
                    let intended = self.places.get_mut(place).and_then(Option::take);
                    let intended = intended.context("a reply to no request")?;
                    shared.count(intended, reply.count() as u64);
                    if shared.load.confirm {
                        self.paid.push(std::mem::take(&mut self.due[place]));
                    }
                }
                FrameKind::Error => bail!("{}", ErrorMessage::parse(&frame)?),
                kind => bail!("a {} frame came unasked", kind.slug()),
            }
        }
        self.input.drain(..used);
        Ok(welcomed)
    }
}

impl Shared {
    /// The server.
    pub(super) fn address(&self) -> SocketAddr {
        self.load.address
    }

    /// Frames that a connection keeps in flight.
    pub(super) fn in_flight(&self) -> usize {
        self.load.in_flight
    }

    /// Counts receipts that were taken, and how long their frame took.
    pub(super) fn count_confirmed(&self, sent: Instant, taken: u64) {
        if self.is_measured(clock::now()) {
            self.confirmed.set(self.confirmed.get() + taken);
            self.record(sent);
        }
    }

    fn is_measured(&self, now: Instant) -> bool {
        now >= self.from && now < self.until && !self.stop.get()
    }

    fn record(&self, sent: Instant) {
        let us = clock::now().saturating_duration_since(sent).as_micros() as u64;
        self.latency.borrow_mut().saturating_record(us.clamp(1, LATENCY_US_MAX));
    }

    fn count(&self, intended: Instant, accepted: u64) {
        if self.is_measured(clock::now()) {
            self.accepted.set(self.accepted.get() + accepted);
            self.record(intended);
        }
    }
}

/// A table to draw from uniformly: each quota as often as Zipf with this exponent has it.
fn zipf_table(quotas: usize, exponent: f64) -> Vec<u32> {
    const DRAWS: usize = 1 << 20;
    let weight = |rank: usize| 1.0 / (rank as f64 + 1.0).powf(exponent);
    let total: f64 = (0..quotas).map(weight).sum();
    let mut table = Vec::with_capacity(DRAWS);
    let mut reached = 0.0;
    for rank in 0..quotas {
        reached += weight(rank) / total;
        table.resize((reached * DRAWS as f64).round() as usize, rank as u32);
    }
    table
}
