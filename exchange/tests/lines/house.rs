//! A bank that dials and a finance office that listens, each with a store in memory, and a proxy on each line.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use domain::voucher::Party;
use exchange::link::hello::Environment;
use exchange::link::shell::{Addresses, Handle, Listener, Routes, Turned, Ways, door, start};
use exchange::link::tls::{DialTls, Filed, ListenTls, Own};
use exchange::link::{Event, Ours, Outbox, Settings, Standing};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;

use crate::certificates::{Authority, party, today};
use crate::proxy::Proxy;

/// No test waits longer for anything.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) const ENVIRONMENT: Environment = Environment { id: 7, production: false };

/// The bytes of a message follow from its number.
pub(crate) fn message(sequence: u64) -> Vec<u8> {
    let mut bytes = sequence.to_le_bytes().to_vec();
    bytes.resize(8 + (sequence % 1_200) as usize, sequence as u8);
    bytes
}

struct Made;

impl Outbox for Made {
    fn message(&mut self, sequence: u64) -> Option<Cow<'_, [u8]>> {
        Some(Cow::Owned(message(sequence)))
    }
}

/// One side: its link, and what it has heard.
pub(crate) struct Side {
    pub(crate) handle: Handle,
    /// Messages taken, each checked.
    pub(crate) taken: watch::Receiver<u64>,
    /// Messages of ours that the other side has.
    pub(crate) acknowledged: watch::Receiver<u64>,
    /// Everything else.
    pub(crate) events: mpsc::UnboundedReceiver<Event>,
    offered: Arc<AtomicU64>,
}

impl Side {
    pub(crate) fn start(
        of: Party,
        peer: Party,
        epoch: u64,
        ways: Ways,
        settings: Settings,
    ) -> Side {
        let ours = Ours {
            party: of,
            peer,
            environment: ENVIRONMENT,
            epoch,
            last: 0,
            durable: 0,
            dials: false,
            backup: true,
        };
        let (to, mut from) = mpsc::unbounded_channel();
        let (handle, _) = start(ours, settings, ways, Made, to).expect("settings that can be");
        let (taken_to, taken) = watch::channel(0);
        let (acknowledged_to, acknowledged) = watch::channel(0);
        let (tell, events) = mpsc::unbounded_channel();
        let store = handle.clone();
        tokio::spawn(async move {
            while let Some(run) = from.recv().await {
                let mut given = *taken_to.borrow();
                for event in run {
                    match event {
                        Event::Message { sequence, bytes } => {
                            assert_eq!(sequence, given + 1, "each once, in order");
                            assert_eq!(bytes, message(sequence), "as it was sent");
                            given = sequence;
                        }
                        Event::Acknowledged { sequence } => {
                            acknowledged_to.send_replace(sequence);
                        }
                        other => drop(tell.send(other)),
                    }
                }
                store.durable(given);
                taken_to.send_replace(given);
            }
        });
        Side { handle, taken, acknowledged, events, offered: Arc::default() }
    }

    pub(crate) fn offer(&self, more: u64) {
        let last = self.offered.fetch_add(more, Ordering::AcqRel) + more;
        self.handle.offer(last);
    }

    /// Waits for an event, and gives all up to it.
    pub(crate) async fn until(&mut self, found: impl Fn(&Event) -> bool) -> Vec<Event> {
        let mut seen = Vec::new();
        loop {
            let next = timeout(PATIENCE, self.events.recv()).await;
            let Ok(Some(event)) = next else { panic!("it never came: {seen:?}") };
            let last = found(&event);
            seen.push(event);
            if last {
                return seen;
            }
        }
    }

    pub(crate) fn standing(&self) -> Standing {
        self.handle.standing()
    }
}

/// Waits until a number is as high.
pub(crate) async fn reaches(number: &mut watch::Receiver<u64>, least: u64) {
    let reached = timeout(PATIENCE, number.wait_for(|number| *number >= least)).await;
    assert!(matches!(reached, Ok(Ok(_))), "{least} is not reached");
}

pub(crate) struct House {
    pub(crate) bank: Side,
    pub(crate) finance: Side,
    pub(crate) proxies: [Proxy; 2],
    pub(crate) listener: Listener,
    pub(crate) turned: mpsc::Receiver<Turned>,
    pub(crate) authority: Authority,
}

pub(crate) fn bank() -> Party {
    party("bank:102")
}

pub(crate) fn finance() -> Party {
    party("finance:370000000")
}

pub(crate) fn listening_with(own: &Own, peers: &[Filed]) -> ListenTls {
    ListenTls::new(own, peers, today()).expect("certificates that can be used")
}

/// What listens for the bank, on a port of its own for each line.
pub(crate) async fn listening(
    own: &Own,
    peers: &[Filed],
) -> (Listener, mpsc::Receiver<Turned>, [std::net::SocketAddr; 2], Ways) {
    let mut sockets = Vec::new();
    for _ in 0..2 {
        sockets.push(TcpListener::bind("127.0.0.1:0").await.expect("a port"));
    }
    let at = |number: usize| sockets[number].local_addr().expect("an address");
    let addresses = [at(0), at(1)];
    let (bank_door, arrivals) = door();
    let routes = Routes {
        party: finance(),
        environment: ENVIRONMENT,
        doors: BTreeMap::from([(bank(), bank_door)]),
        tls: Arc::new(listening_with(own, peers)),
    };
    let (listener, turned) = Listener::start(sockets, routes);
    (listener, turned, addresses, Ways::Listens(arrivals))
}

impl House {
    pub(crate) async fn new(settings: Settings) -> House {
        let authority = Authority::new();
        let own = authority.own(finance());
        let (listener, turned, addresses, ways) = listening(&own, &[authority.filed(bank())]).await;
        let proxies = [Proxy::to(addresses[0]).await, Proxy::to(addresses[1]).await];
        let tls = DialTls::new(&authority.own(bank()), &authority.filed(finance()), today());
        let dials = Ways::Dials(Addresses {
            primary: proxies[0].address.to_string(),
            backup: Some(proxies[1].address.to_string()),
            tls: tls.expect("certificates that can be used"),
        });
        let finance = Side::start(finance(), bank(), 1, ways, settings);
        let bank = Side::start(bank(), self::finance(), 1, dials, settings);
        House { bank, finance, proxies, listener, turned, authority }
    }

    /// Waits until both lines are up on both sides, and the backup is not new.
    pub(crate) async fn warm(&mut self) {
        for side in [&mut self.bank, &mut self.finance] {
            let up = |event: &Event| matches!(event, Event::LineUp { .. });
            side.until(up).await;
            side.until(up).await;
        }
    }

    /// Waits until everything is taken and acknowledged.
    pub(crate) async fn settled(&mut self, each: u64) {
        for side in [&mut self.bank, &mut self.finance] {
            reaches(&mut side.taken, each).await;
            reaches(&mut side.acknowledged, each).await;
        }
    }
}
