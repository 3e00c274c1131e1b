//! How fast a link is: messages of 600 bytes a second through TLS over loopback, one way and both ways at once,
//! and how long nothing arrives while a line is cut, goes half-open or takes nothing any more.
//!
//! `cargo run --release -p exchange --example link_speed -- [messages]`. Each side has a thread of its own, as two
//! processes would; what is taken counts as durable at once.

#[path = "../tests/lines/certificates.rs"]
#[allow(dead_code, reason = "the tests use all of it")]
mod certificates;

#[path = "../tests/lines/proxy.rs"]
#[allow(dead_code, reason = "the tests use all of it")]
mod proxy;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use certificates::{Authority, party, today};
use exchange::link::hello::Environment;
use exchange::link::shell::{Addresses, Handle, Listener, Routes, Ways, door, start};
use exchange::link::tls::{DialTls, ListenTls};
use exchange::link::{Event, Line, Ours, Outbox, Settings};
use proxy::{Proxy, Weather};
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, timeout};

const MESSAGE_BYTES: usize = 600;

struct Same([u8; MESSAGE_BYTES]);

impl Outbox for Same {
    fn message(&mut self, _: u64) -> Option<Cow<'_, [u8]>> {
        Some(Cow::Borrowed(&self.0))
    }
}

/// What a side has: taken, acknowledged, the longest time without a message since this was asked last, switches.
#[derive(Clone, Copy, Default)]
struct Seen {
    taken: u64,
    acknowledged: u64,
    longest_ms: u64,
    both_up: bool,
    switched: bool,
}

struct Side {
    handle: Handle,
    seen: watch::Receiver<Seen>,
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().expect("a runtime")
}

/// Runs one side of a link on the runtime of the caller.
fn side(of: &str, peer: &str, ways: Ways) -> Side {
    let ours = Ours {
        party: party(of),
        peer: party(peer),
        environment: Environment { id: 7, production: false },
        epoch: 1,
        last: 0,
        durable: 0,
        dials: false,
        backup: true,
    };
    let (to, mut from) = mpsc::unbounded_channel();
    let outbox = Same([7; MESSAGE_BYTES]);
    let (handle, _) = start(ours, Settings::default(), ways, outbox, to).expect("settings");
    let (tell, seen) = watch::channel(Seen::default());
    let store = handle.clone();
    tokio::spawn(async move {
        let (mut seen, mut last, mut ups) = (Seen::default(), Instant::now(), 0);
        while let Some(run) = from.recv().await {
            let before = seen.taken;
            for event in run {
                match event {
                    Event::Message { sequence, .. } => seen.taken = sequence,
                    Event::Acknowledged { sequence } => seen.acknowledged = sequence,
                    Event::LineUp { .. } => ups += 1,
                    Event::Switched { .. } => seen.switched = true,
                    _ => {}
                }
            }
            seen.both_up = ups >= 2;
            if seen.taken > before {
                let silent_ms = last.elapsed().as_millis() as u64;
                seen.longest_ms = if before == 0 { 0 } else { seen.longest_ms.max(silent_ms) };
                last = Instant::now();
                store.durable(seen.taken);
            }
            tell.send_replace(seen);
        }
    });
    Side { handle, seen }
}

/// A finance office on a thread of its own: its side, its listener, and where it listens.
fn office(authority: &Authority) -> (Side, Listener, [SocketAddr; 2]) {
    let own = authority.own(party("finance:370000000"));
    let tls = ListenTls::new(&own, &[authority.filed(party("bank:102"))], today());
    let tls = Arc::new(tls.expect("certificates that can be used"));
    let (tell, told) = std::sync::mpsc::channel();
    thread::spawn(move || {
        runtime().block_on(async {
            let (to_bank, arrivals) = door();
            let mut sockets = Vec::new();
            for _ in 0..2 {
                sockets.push(TcpListener::bind("127.0.0.1:0").await.expect("a port"));
            }
            let at = |number: usize| sockets[number].local_addr().expect("an address");
            let addresses = [at(0), at(1)];
            let routes = Routes {
                party: party("finance:370000000"),
                environment: Environment { id: 7, production: false },
                doors: BTreeMap::from([(party("bank:102"), to_bank)]),
                tls,
            };
            let (listener, _turned) = Listener::start(sockets, routes);
            let side = side("finance:370000000", "bank:102", Ways::Listens(arrivals));
            tell.send((side, listener, addresses)).expect("somebody waits for it");
            std::future::pending::<()>().await;
        });
    });
    told.recv().expect("the office opens")
}

async fn bank(authority: &Authority, addresses: [SocketAddr; 2]) -> Side {
    let own = authority.own(party("bank:102"));
    let tls = DialTls::new(&own, &authority.filed(party("finance:370000000")), today());
    let addresses = Addresses {
        primary: addresses[0].to_string(),
        backup: Some(addresses[1].to_string()),
        tls: tls.expect("certificates that can be used"),
    };
    let mut side = side("bank:102", "finance:370000000", Ways::Dials(addresses));
    until(&mut side, |seen| seen.both_up).await;
    side
}

async fn until(side: &mut Side, holds: impl FnMut(&Seen) -> bool) -> Seen {
    let waited = timeout(Duration::from_secs(600), side.seen.wait_for(holds)).await;
    *waited.expect("in ten minutes").expect("the side runs")
}

async fn speed(messages: u64) {
    for both in [false, true] {
        let authority = Authority::new();
        let (mut office, _listener, addresses) = office(&authority);
        let mut bank = bank(&authority, addresses).await;
        let begun = Instant::now();
        bank.handle.offer(messages);
        if both {
            office.handle.offer(messages);
            until(&mut office, |seen| seen.acknowledged == messages).await;
        }
        until(&mut bank, |seen| seen.acknowledged == messages).await;
        let seconds = begun.elapsed().as_secs_f64();
        let sum = if both { 2 * messages } else { messages };
        println!(
            "{:9}  {sum:>9} messages of {MESSAGE_BYTES} B in {seconds:.2} s: {:>7.0} a second",
            if both { "both ways" } else { "one way" },
            sum as f64 / seconds
        );
    }
}

/// The longest time in which nothing arrives while the primary line fails under load.
async fn resumption(name: &str, fails: fn(&mut Weather), cut: bool) {
    let authority = Authority::new();
    let (mut office, _listener, addresses) = office(&authority);
    let proxies = [Proxy::to(addresses[0]).await, Proxy::to(addresses[1]).await];
    let mut bank = bank(&authority, [proxies[0].address, proxies[1].address]).await;
    // Long enough that the backup is no new one.
    tokio::time::sleep(Duration::from_millis(500)).await;
    bank.handle.offer(u64::MAX / 2);
    until(&mut office, |seen| seen.taken > 20_000).await;
    proxies[0].set(fails);
    if cut {
        proxies[0].cut();
    }
    let at = until(&mut bank, |seen| seen.switched).await.acknowledged;
    let seen = until(&mut office, |seen| seen.taken > at + 20_000).await;
    let counts = bank.handle.standing().counts;
    println!(
        "{name:20} nothing arrived for {:>4} ms; {} sent again; now by the {}",
        seen.longest_ms,
        counts.repeated,
        bank.handle.standing().sending.map_or("none", Line::slug)
    );
    bank.handle.leave();
}

fn main() {
    let messages = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(500_000);
    runtime().block_on(async {
        speed(messages).await;
        resumption("cut", |weather| weather.refuses = true, true).await;
        let both = |weather: &mut Weather| {
            (weather.swallows_to, weather.swallows_back) = (true, true);
        };
        resumption("half-open", both, false).await;
        resumption("half-open, one way", |weather| weather.swallows_to = true, false).await;
        resumption("takes nothing more", |weather| weather.stalls_to = true, false).await;
    });
}
