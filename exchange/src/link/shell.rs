//! The link on real sockets: one task that owns the core and both lines, and gives it bytes and the time.
//!
//! Decides nothing that the core could. What it holds is bounded: of a message nothing but what is being
//! written or read just now, and what the window allows the other side to have sent.

mod dial;

mod listen;

mod wire;

use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::Duration;

use tokio::sync::{Notify, Semaphore, mpsc};
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior};

use crate::limits::{LINK_FAREWELL_MS, LINK_FAREWELLS_MAX};

pub use self::dial::Addresses;
use self::dial::Dialler;
pub use self::listen::{Arrivals, Door, Listener, Routes, Turned, door};
pub use self::wire::Stream;
use self::wire::Wire;
use super::tls::DialTls;
use super::{Action, BadSettings, Event, Line, Link, Ours, Outbox, Reason, Settings, Standing};

/// How the lines of a link come about.
#[derive(Debug)]
pub enum Ways {
    /// This side dials.
    Dials(Addresses),
    /// The other side does; a [`Listener`] hands its connections over.
    Listens(Arrivals),
}

/// What the store says to a running link. Any number may be made; all are the same.
#[derive(Clone, Debug)]
pub struct Handle {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    last: AtomicU64,
    offers: AtomicU64,
    durable: AtomicU64,
    leaves: AtomicBool,
    wake: Notify,
    renewed: Mutex<Option<DialTls>>,
    standing: Mutex<Standing>,
}

impl Handle {
    /// As [`Link::offer`].
    pub fn offer(&self, last: u64) {
        self.shared.last.fetch_max(last, Ordering::AcqRel);
        self.shared.offers.fetch_add(1, Ordering::AcqRel);
        self.shared.wake.notify_one();
    }

    /// As [`Link::durable`].
    pub fn durable(&self, sequence: u64) {
        self.shared.durable.fetch_max(sequence, Ordering::AcqRel);
        self.shared.wake.notify_one();
    }

    /// How the link was a moment ago.
    #[must_use]
    pub fn standing(&self) -> Standing {
        *self.shared.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Other certificates from the next time on that a line is dialled. Connections that are there stay. A link that
    /// listens has its from its [`Listener::renew`].
    pub fn renew(&self, tls: DialTls) {
        *self.shared.renewed.lock().unwrap_or_else(PoisonError::into_inner) = Some(tls);
    }

    /// Ends both lines with a word to the other side, then the task.
    pub fn leave(&self) {
        self.shared.leaves.store(true, Ordering::Release);
        self.shared.wake.notify_one();
    }
}

/// Starts the link with one counterparty on the runtime of the caller. Events come in runs, in order, and in no
/// more bytes than the window has; the task ends when nobody takes them, or with [`Handle::leave`].
///
/// Whether this side dials, and whether it has a backup where it does, is as the ways say.
///
/// The outbox is asked on the link's thread: a store that reads a disk for it gives its links a runtime of their
/// own.
///
/// # Errors
/// Settings that cannot be.
///
/// # Panics
/// The task does, if the store says durable what it was not given.
pub fn start(
    mut ours: Ours,
    settings: Settings,
    ways: Ways,
    outbox: impl Outbox + Send + 'static,
    events: mpsc::UnboundedSender<Vec<Event>>,
) -> Result<(Handle, JoinHandle<()>), BadSettings> {
    let dialler = match ways {
        Ways::Dials(addresses) => {
            (ours.dials, ours.backup) = (true, addresses.backup.is_some());
            Source::Dialler(Dialler::new(addresses, settings.hello_ms))
        }
        Ways::Listens(arrivals) => {
            ours.dials = false;
            Source::Arrivals(arrivals)
        }
    };
    let link = Link::new(ours, settings, 0)?;
    let shared = Arc::new(Shared::default());
    shared.last.store(ours.last, Ordering::Release);
    shared.durable.store(ours.durable, Ordering::Release);
    let task = Task {
        link,
        outbox: Box::new(outbox),
        events,
        shared: Arc::clone(&shared),
        offers: 0,
        wires: Vec::new(),
        connections: 0,
        farewells: Arc::new(Semaphore::new(LINK_FAREWELLS_MAX)),
        begun: Instant::now(),
    };
    let tick = Duration::from_millis(settings.tick_ms());
    Ok((Handle { shared }, tokio::spawn(task.run(dialler, tick))))
}

/// Where connections come from.
enum Source {
    Dialler(Dialler),
    Arrivals(Arrivals),
}

/// A connection that came about, or why it did not.
struct Came {
    line: Line,
    stream: Result<Stream, (Reason, String)>,
    /// What was read of it already.
    read: Vec<u8>,
}

impl Source {
    /// The next connection; never, once no more can come. Losing the future loses none.
    async fn next(&mut self) -> Came {
        let came = match self {
            Source::Dialler(dialler) => dialler.next().await,
            Source::Arrivals(arrivals) => arrivals.next().await,
        };
        match came {
            Some(came) => came,
            None => std::future::pending().await,
        }
    }
}

struct Task {
    link: Link,
    outbox: Box<dyn Outbox + Send>,
    events: mpsc::UnboundedSender<Vec<Event>>,
    shared: Arc<Shared>,
    offers: u64,
    wires: Vec<Wire>,
    connections: u64,
    farewells: Arc<Semaphore>,
    begun: Instant,
}

impl Task {
    async fn run(mut self, mut source: Source, tick: Duration) {
        let mut ticks = tokio::time::interval(tick);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let shared = Arc::clone(&self.shared);
        loop {
            // In this order: under load the lines always have something, and each turn hears the store anyhow.
            tokio::select! {
                biased;
                _ = ticks.tick() => {
                    let now_ms = self.now_ms();
                    self.link.tick(now_ms);
                }
                came = source.next() => self.came(came),
                () = self.lines() => {}
                () = shared.wake.notified() => {}
            }
            if !self.turn(&mut source) {
                return;
            }
        }
    }

    fn now_ms(&self) -> u64 {
        self.begun.elapsed().as_millis() as u64
    }

    /// Tells the link what the store said, and does what it says. False at the end.
    fn turn(&mut self, source: &mut Source) -> bool {
        let now_ms = self.now_ms();
        let offers = self.shared.offers.load(Ordering::Acquire);
        if offers != self.offers {
            self.offers = offers;
            self.link.offer(self.shared.last.load(Ordering::Acquire));
        }
        self.link.durable(self.shared.durable.load(Ordering::Acquire));
        let leaves = self.shared.leaves.load(Ordering::Acquire);
        if leaves {
            self.link.leave(now_ms);
        }
        self.act(source);
        for wire in self.wires.iter_mut().filter(|wire| wire.is_idle()) {
            let id = wire.id;
            let out = wire.refill();
            self.link.output(id, &mut *self.outbox, now_ms, out);
        }
        self.act(source);
        *self.shared.standing.lock().unwrap_or_else(PoisonError::into_inner) = self.link.standing();
        let events = self.link.events();
        let heard = events.is_empty() || self.events.send(events).is_ok();
        heard && !leaves
    }

    fn act(&mut self, source: &mut Source) {
        for action in self.link.actions() {
            match action {
                Action::Dial(line) => {
                    if let Source::Dialler(dialler) = source {
                        let mut renewed =
                            self.shared.renewed.lock().unwrap_or_else(PoisonError::into_inner);
                        dialler.dial(line, renewed.take());
                    }
                }
                Action::Close { connection, bye } => {
                    let Some(at) = self.wires.iter().position(|wire| wire.id == connection) else {
                        continue;
                    };
                    let wire = self.wires.swap_remove(at);
                    if let Ok(permit) = Arc::clone(&self.farewells).try_acquire_owned() {
                        let time = Duration::from_millis(LINK_FAREWELL_MS);
                        tokio::spawn(async move {
                            // Nobody minds whether it arrives.
                            let _ = tokio::time::timeout(time, wire.farewell(&bye)).await;
                            drop(permit);
                        });
                    }
                }
            }
        }
    }

    fn came(&mut self, came: Came) {
        let now_ms = self.now_ms();
        match came.stream {
            Ok(stream) => {
                self.connections += 1;
                self.wires.push(Wire::new(self.connections, stream));
                self.link.connected(came.line, self.connections, now_ms);
                self.link.received(self.connections, &came.read, now_ms);
            }
            Err((reason, words)) => self.link.unreachable(came.line, reason, words, now_ms),
        }
    }

    /// Writes and reads whatever the lines allow, and waits until they do.
    async fn lines(&mut self) {
        let begun = self.begun;
        poll_fn(|cx| {
            let mut moved = false;
            let now_ms = begun.elapsed().as_millis() as u64;
            let link = &mut self.link;
            self.wires.retain_mut(|wire| {
                let id = wire.id;
                let found = wire.poll(cx, |bytes| link.received(id, bytes, now_ms));
                match found {
                    Ok(progress) => {
                        moved |= progress;
                        true
                    }
                    Err((reason, words)) => {
                        link.closed(id, reason, words, now_ms);
                        moved = true;
                        false
                    }
                }
            });
            if moved { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }
}
