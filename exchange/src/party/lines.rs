//! A party's links with its counterparties, on a thread of their own.
//!
//! What a link may ask for lies ready in memory: the letters that were given to it and are not acknowledged, a
//! bounded number. Everything else waits in the journal.

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::{BTreeMap, VecDeque};
use std::net::TcpListener;
use std::sync::{Arc, Mutex, PoisonError};

use domain::voucher::Party;
use thiserror::Error;
use tokio::runtime::Runtime;
use tokio::sync::mpsc::UnboundedReceiver;

use crate::business::Business;
use crate::link::hello::Environment;
use crate::link::shell::{Addresses, Door, Handle, Listener, Routes, Ways, door, start};
use crate::link::tls::{DefaultTimeProvider, DialTls, Filed, ListenTls, Own, TlsError};
use crate::link::{Apart, BadSettings, Event, Ours, Outbox, Reason, Settings, Standing};
use crate::node::{Input, LogFault};

use super::{Inbound, Inbox, RunningNode};

/// How a counterparty is reached.
#[derive(Clone, Debug)]
pub enum Reached {
    /// It is dialled at these addresses, `host:port`.
    Dialled {
        /// The primary line.
        primary: String,
        /// The backup line.
        backup: Option<String>,
    },
    /// It dials us.
    Dials {
        /// Whether it has a backup line.
        backup: bool,
    },
}

/// What lines are made of.
pub struct LinesSetup {
    /// Our party.
    pub me: Party,
    /// The installation.
    pub environment: Environment,
    /// Which start this is.
    pub epoch: u64,
    /// Our TLS certificates and key.
    pub own: Own,
    /// Counterparties: how each is reached and what it is filed with.
    pub peers: BTreeMap<Party, (Reached, Filed)>,
    /// Sockets on which counterparties that dial us are heard.
    pub listen: Vec<TcpListener>,
    /// Times and sizes of each link.
    pub settings: Settings,
}

/// Why there are no lines.
#[derive(Debug, Error)]
pub enum LinesError {
    /// Of certificates.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// Of times and sizes.
    #[error(transparent)]
    Settings(#[from] BadSettings),
    /// Of the system.
    #[error("the system gives no thread or socket for lines: {0}; see its limits")]
    System(#[from] std::io::Error),
}

/// A message with its number.
type Numbered = (u64, Vec<u8>);

/// Messages that a link may ask for, without gaps.
#[derive(Clone, Default)]
struct Ready(Arc<Mutex<VecDeque<Numbered>>>);

impl Ready {
    fn with<T>(&self, what: impl FnOnce(&mut VecDeque<Numbered>) -> T) -> T {
        what(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Outbox for Ready {
    fn message(&mut self, sequence: u64) -> Option<Cow<'_, [u8]>> {
        self.with(|ready| {
            let first = ready.front()?.0;
            let at = usize::try_from(sequence.checked_sub(first)?).ok()?;
            ready.get(at).map(|(_, bytes)| Cow::Owned(bytes.clone()))
        })
    }
}

/// Two stores that have gone apart: their lines stay down until people have seen to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GoneApart {
    /// When it was seen first in this start, in ms since 1970.
    pub since_ms: u64,
    /// What each knows; none where an older program on the other side has not said so.
    pub seen: Option<Apart>,
}

/// A link that runs.
struct Running {
    handle: Handle,
    ready: Ready,
    apart: Cell<Option<GoneApart>>,
}

/// The lines of a party.
pub struct Lines {
    links: BTreeMap<Party, Running>,
    _runtime: Runtime,
    _listener: Option<Listener>,
}

impl Lines {
    /// Starts a link with each counterparty. What they tell goes into the inbox.
    ///
    /// # Errors
    /// Certificates or settings that cannot be used, or a system without a thread.
    pub fn start<B: Business + 'static>(
        setup: LinesSetup,
        node: &RunningNode<B>,
        inbox: &Inbox<B>,
    ) -> Result<Lines, LinesError>
    where
        B::Order: Send,
        B::Refusal: Send,
    {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("lines")
            .enable_all()
            .build()?;
        let _entered = runtime.enter();
        let mut links = BTreeMap::new();
        let mut called = Called::default();
        for (&peer, (reached, filed)) in &setup.peers {
            let ours = ours(&setup, node, peer, reached);
            let ways = ways(&setup.own, peer, reached, filed, &mut called)?;
            let ready = Ready::default();
            let (events, told) = tokio::sync::mpsc::unbounded_channel();
            let (handle, _) = start(ours, setup.settings, ways, ready.clone(), events)?;
            runtime.spawn(forward(peer, told, inbox.clone()));
            links.insert(peer, Running { handle, ready, apart: Cell::new(None) });
        }
        let listener = called.hear(setup)?;
        drop(_entered);
        Ok(Lines { links, _runtime: runtime, _listener: listener })
    }

    /// How each link is.
    pub fn standing(&self) -> impl Iterator<Item = (Party, Standing)> {
        self.links.iter().map(|(peer, link)| (*peer, link.handle.standing()))
    }

    /// Counterparties whose store and ours have gone apart.
    pub fn apart(&self) -> impl Iterator<Item = (Party, GoneApart)> {
        self.links.iter().filter_map(|(peer, link)| Some((*peer, link.apart.get()?)))
    }

    /// Offers what was given to lines before this start and not acknowledged.
    pub(super) fn offer_again<B: Business>(
        &self,
        node: &mut RunningNode<B>,
    ) -> Result<(), LogFault> {
        for (&peer, link) in &self.links {
            let Some(state) = node.store().peer(peer) else { continue };
            let (acknowledged, given) = (state.acknowledged(), state.given());
            link.fill(node, peer, acknowledged + 1, given)?;
        }
        Ok(())
    }

    /// What a link tells becomes inputs.
    pub(super) fn told<B: Business>(
        &self,
        node: &mut RunningNode<B>,
        peer: Party,
        events: Vec<Event>,
        inputs: &mut Vec<Input<B::Order>>,
        now_ms: u64,
    ) -> Result<(), LogFault> {
        let Some(link) = self.links.get(&peer) else { return Ok(()) };
        let mut run: Option<(u64, Vec<Vec<u8>>)> = None;
        for event in events {
            match event {
                Event::Message { sequence, bytes } => {
                    run.get_or_insert((sequence, Vec::new())).1.push(bytes);
                    continue;
                }
                Event::Acknowledged { sequence } => {
                    link.ready.with(|ready| {
                        while ready.front().is_some_and(|(number, _)| *number <= sequence) {
                            ready.pop_front();
                        }
                    });
                    inputs.push(Input::Acknowledged { by: peer, through: sequence });
                }
                Event::LineUp { .. } => {
                    link.apart(|apart| *apart = None);
                    inputs.push(Input::Line { party: peer, up: true });
                }
                Event::LineDown { line, reason, words, .. } => {
                    let standing = link.handle.standing();
                    let up = standing.primary || standing.backup;
                    tracing::info!(%peer, %line, %reason, words, "a line is down");
                    if reason == Reason::Diverged {
                        link.apart(|apart| {
                            apart.get_or_insert(GoneApart { since_ms: now_ms, seen: None });
                        });
                    }
                    inputs.push(Input::Line { party: peer, up });
                }
                Event::Switched { from, to, reason, switches, .. } => {
                    tracing::warn!(%peer, %from, %to, %reason, switches, "messages go by another line");
                }
                Event::LineSlow { line } => tracing::warn!(%peer, %line, "a line is slow"),
                Event::WentBack { acknowledged, durable } => {
                    tracing::warn!(%peer, acknowledged, durable, "the other side was restored from an older copy");
                    let given = node.store().peer(peer).map_or(0, crate::store::Peer::given);
                    link.ready.with(VecDeque::clear);
                    link.fill(node, peer, durable + 1, given)?;
                }
                Event::Stuck { sequence } => {
                    let given = node.store().peer(peer).map_or(0, crate::store::Peer::given);
                    link.ready.with(VecDeque::clear);
                    link.fill(node, peer, sequence, given)?;
                }
                Event::Diverged(apart) => link.gone_apart(peer, apart, now_ms),
            }
        }
        if let Some((first, messages)) = run {
            inputs.push(Input::Messages { from: peer, first, messages });
        }
        Ok(())
    }

    /// Hands on what a turn gave out.
    pub(super) fn hand_on<B: Business>(
        &self,
        node: &mut RunningNode<B>,
        offered: &BTreeMap<Party, u64>,
        kept: &BTreeMap<Party, u64>,
    ) -> Result<(), LogFault> {
        for (peer, &through) in offered {
            let Some(link) = self.links.get(peer) else { continue };
            let acknowledged = node.store().peer(*peer).map_or(0, crate::store::Peer::acknowledged);
            let last = link.ready.with(|ready| {
                // Nobody asks for what was given before a restore: the other side has it, and more.
                if ready.back().is_some_and(|(number, _)| *number < acknowledged) {
                    ready.clear();
                }
                ready.back().map(|(number, _)| *number)
            });
            link.fill(node, *peer, last.unwrap_or(acknowledged) + 1, through)?;
        }
        for (peer, &sequence) in kept {
            if let Some(link) = self.links.get(peer) {
                link.handle.durable(sequence);
            }
        }
        Ok(())
    }

    /// Ends all lines with a word to the other side.
    pub fn leave(&self) {
        self.links.values().for_each(|link| link.handle.leave());
    }
}

/// What a link begins with.
fn ours<B: Business>(
    setup: &LinesSetup,
    node: &RunningNode<B>,
    peer: Party,
    reached: &Reached,
) -> Ours {
    let state = node.store().peer(peer);
    Ours {
        party: setup.me,
        peer,
        environment: setup.environment,
        epoch: setup.epoch,
        last: state.map_or(0, crate::store::Peer::given),
        durable: state.map_or(0, crate::store::Peer::received),
        dials: matches!(reached, Reached::Dialled { .. }),
        backup: matches!(
            reached,
            Reached::Dialled { backup: Some(_), .. } | Reached::Dials { backup: true }
        ),
    }
}

/// How a link comes to its lines; one that is dialled is heard at a door.
fn ways(
    own: &Own,
    peer: Party,
    reached: &Reached,
    filed: &Filed,
    called: &mut Called,
) -> Result<Ways, LinesError> {
    match reached {
        Reached::Dialled { primary, backup } => {
            let tls = DialTls::new(own, filed, Arc::new(DefaultTimeProvider))?;
            Ok(Ways::Dials(Addresses { primary: primary.clone(), backup: backup.clone(), tls }))
        }
        Reached::Dials { .. } => {
            let (door, arrivals) = door();
            called.doors.insert(peer, door);
            called.filed.push(filed.clone());
            Ok(Ways::Listens(arrivals))
        }
    }
}

/// Counterparties that dial us.
#[derive(Default)]
struct Called {
    doors: BTreeMap<Party, Door>,
    filed: Vec<Filed>,
}

impl Called {
    /// Hears them on the sockets there are; nobody where nobody dials.
    fn hear(self, setup: LinesSetup) -> Result<Option<Listener>, LinesError> {
        if self.doors.is_empty() {
            return Ok(None);
        }
        let tls = ListenTls::new(&setup.own, &self.filed, Arc::new(DefaultTimeProvider))?;
        let routes = Routes {
            party: setup.me,
            environment: setup.environment,
            doors: self.doors,
            tls: Arc::new(tls),
        };
        let mut sockets = Vec::new();
        for socket in setup.listen {
            socket.set_nonblocking(true)?;
            sockets.push(tokio::net::TcpListener::from_std(socket)?);
        }
        let (listener, _) = Listener::start(sockets, routes);
        Ok(Some(listener))
    }
}

impl Running {
    fn apart(&self, change: impl FnOnce(&mut Option<GoneApart>)) {
        let mut apart = self.apart.get();
        change(&mut apart);
        self.apart.set(apart);
    }

    /// Said once, however often the line is dialled.
    fn gone_apart(&self, peer: Party, apart: Apart, now_ms: u64) {
        let known = self.apart.get();
        if known.and_then(|known| known.seen) != Some(apart) {
            let Apart { ours, theirs_of_ours, theirs, ours_of_theirs } = apart;
            tracing::error!(
                %peer, ours, theirs_of_ours, theirs, ours_of_theirs,
                "one of the stores was restored from an older copy; `look status` says which, and what to do"
            );
        }
        let since_ms = known.map_or(now_ms, |known| known.since_ms);
        self.apart.set(Some(GoneApart { since_ms, seen: Some(apart) }));
    }

    /// Makes messages ready and offers them.
    fn fill<B: Business>(
        &self,
        node: &mut RunningNode<B>,
        peer: Party,
        first: u64,
        last: u64,
    ) -> Result<(), LogFault> {
        for number in first..=last {
            let message = node.message(peer, number)?;
            let bytes = message.ok_or(LogFault::Missing { sequence: number })?;
            self.ready.with(|ready| ready.push_back((number, bytes)));
        }
        self.handle.offer(last);
        Ok(())
    }
}

async fn forward<B: Business>(
    peer: Party,
    mut told: UnboundedReceiver<Vec<Event>>,
    inbox: Inbox<B>,
) {
    while let Some(events) = told.recv().await {
        if inbox.send(Inbound::Link { peer, events }).is_err() {
            return;
        }
    }
}
