//! Peers that vanish: in each state that a connection can be in, and without a word from then on, as
//! a machine does that loses its power or its cable. Nobody tells the server; its system has to find
//! out, and the server has to give back what they held.
//!
//! [`Cut`] says how they come and how they vanish. [`Dropped`] needs no rights: a filter on the
//! peer's own socket drops all that comes, before its system could acknowledge it.

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpStream};

use actors::limits::{SESSION_OUTPUT_BYTES_MAX, SUBSCRIPTIONS_MAX};
use domain::ids::QuotaId;
use domain::{Code, Role};
use protocol::limits::FRAME_HEADER_BYTES;
use protocol::lookup::{Answer, IdKind, LookUp};
use protocol::message::put_bare;
use protocol::subscribe::{Cursor, Subscribe};
use protocol::{CommandsBuilder, Flags, FrameKind, Hello};
use rustix::process::Signal;
use serde_json::json;
use socket2::{SockFilter, SockRef};

use super::bystander::{Bystander, HIS_FEN};
use super::desk::{CHANNEL, Desk};
use super::lines::Lines;
use super::server::{Options, Server, sound};
use super::{PATIENCE, orders, wait_for};

/// How long the servers here wait for a word of a peer's system.
const SILENCE_WAIT_MS: u64 = 1_500;

const DIVISION: u16 = 5;

/// How peers reach a server, and how they vanish.
pub(crate) trait Cut {
    /// Does something from where the peers are.
    fn there<T: Send>(&self, what: impl FnOnce() -> T + Send) -> T;

    /// From now on nothing passes between these peers and the server.
    fn cut(&self, peers: &Peers);

    /// Whoever connects anew gets through.
    fn mend(&self);
}

/// Peers on the server's own machine whose system drops all that comes for them.
pub(crate) struct Dropped;

impl Cut for Dropped {
    fn there<T: Send>(&self, what: impl FnOnce() -> T + Send) -> T {
        what()
    }

    fn cut(&self, peers: &Peers) {
        /// `ret #0`: of each segment nothing is kept, its acknowledgement included.
        const NOTHING: SockFilter = SockFilter::new(0x06, 0, 0, 0);
        for peer in &peers.0 {
            let socket = SockRef::from(peer.stream());
            socket.attach_filter(&[NOTHING]).expect("a socket takes a filter");
        }
    }

    fn mend(&self) {}
}

/// What a peer speaks.
enum Wire {
    /// Nothing yet.
    Stranger(TcpStream),
    Frames(Box<Desk>),
    Lines(Lines),
}

/// One that is about to vanish.
struct Peer {
    what: &'static str,
    wire: Wire,
    /// A payment that it gave, and heard that it was taken.
    heard: Option<u128>,
    /// A payment that its last bytes give.
    given: Option<u128>,
    /// The last it says: it reaches the server, and no answer reaches the peer.
    last: Vec<u8>,
    /// Whether the server says something by itself, up to the cut.
    is_told: bool,
}

impl Peer {
    fn stranger(what: &'static str, address: SocketAddr, last: &[u8]) -> Peer {
        let stream = TcpStream::connect(address).expect("the server takes a connection");
        stream.set_write_timeout(Some(PATIENCE)).expect("a socket takes a timeout");
        let (wire, last) = (Wire::Stranger(stream), last.to_vec());
        Peer { what, wire, heard: None, given: None, last, is_told: false }
    }

    fn desk(what: &'static str, address: SocketAddr, role: Role, last: Vec<u8>) -> Peer {
        let wire = Wire::Frames(Box::new(Desk::connect(address, role)));
        Peer { what, wire, heard: None, given: None, last, is_told: false }
    }

    fn lines(what: &'static str, address: SocketAddr, last: String) -> Peer {
        let wire = Wire::Lines(Lines::connect(address, "maker"));
        Peer { what, wire, heard: None, given: None, last: last.into_bytes(), is_told: false }
    }

    /// With a payment that was taken, and the peer heard so.
    fn having_paid(mut self, payment: u128, quota: QuotaId) -> Peer {
        match &mut self.wire {
            Wire::Frames(desk) => {
                desk.must(&orders::reserve(payment, quota, 1));
            }
            Wire::Lines(lines) => {
                let told = lines.ask(line(payment, quota).trim_end());
                assert_eq!(told["results"][0]["name"], "accepted", "{told}");
            }
            Wire::Stranger(_) => panic!("a stranger gives no orders"),
        }
        self.heard = Some(payment);
        self
    }

    fn stream(&self) -> &TcpStream {
        match &self.wire {
            Wire::Stranger(stream) => stream,
            Wire::Frames(desk) => desk.stream(),
            Wire::Lines(lines) => lines.stream(),
        }
    }

    /// Its own address, and the server's.
    fn ends(&self) -> (SocketAddr, SocketAddr) {
        let stream = self.stream();
        let own = stream.local_addr().expect("a socket has an address");
        (own, stream.peer_addr().expect("a connected socket has a peer"))
    }
}

/// A reservation as a line.
fn line(payment: u128, quota: QuotaId) -> String {
    let line = json!({
        "request": "1", "command": "reserve", "person": "11", "payment": format!("{payment:032x}"),
        "quota": quota.to_string(), "amount": "0.01", "economic": "30201", "day": "2022-03-04",
        "method": "centralized", "business": "single",
    });
    format!("{line}\n")
}

/// The same as a frame.
fn frame(payment: u128, quota: QuotaId) -> Vec<u8> {
    let (mut builder, mut out) = (CommandsBuilder::new(), Vec::new());
    let reserve = orders::reserve(payment, quota, 1);
    builder.push(&reserve, Flags::default()).expect("it fits into a frame");
    builder.finish_into(&mut out, 9, 0);
    out
}

/// Questions with answers of half of what a connection may leave unread: more than the system's
/// buffers take.
fn questions(answer_bytes: usize) -> Vec<u8> {
    let mut asked = Vec::new();
    let count = SESSION_OUTPUT_BYTES_MAX / 2 / answer_bytes;
    (1..count as u64).for_each(|request| put_bare(&mut asked, FrameKind::Metrics, request));
    asked
}

/// Those that vanish together.
pub(crate) struct Peers(Vec<Peer>);

impl Peers {
    /// Connects so many of each kind. Payments are numbered from the one given.
    fn connect(
        address: SocketAddr,
        quota: QuotaId,
        each: usize,
        first: u128,
        answer_bytes: usize,
    ) -> Peers {
        let hello = Hello::new(Role::Maker, CHANNEL, "vanishes").encode();
        let (mut peers, mut next) = (Vec::new(), first);
        let mut payment = || {
            next += 1;
            next
        };
        for nth in 0..each {
            let desk = |what, last| Peer::desk(what, address, Role::Maker, last);
            let half = |bytes: Vec<u8>| bytes[..bytes.len() / 2].to_vec();
            peers.push(Peer::stranger("silent from the beginning", address, &[]));
            peers.push(Peer::stranger("half a hello", address, &hello[..30]));
            peers.push(desk("idle, in frames", Vec::new()).having_paid(payment(), quota));
            let lines = Peer::lines("idle, in lines", address, String::new());
            peers.push(lines.having_paid(payment(), quota));
            peers.push(desk("half a frame", half(frame(1, quota))).having_paid(payment(), quota));
            let given = payment();
            let owed = desk("owed an answer, in frames", frame(given, quota));
            peers.push(Peer { given: Some(given), ..owed.having_paid(payment(), quota) });
            let given = payment();
            let owed = Peer::lines("owed an answer, in lines", address, line(given, quota));
            peers.push(Peer { given: Some(given), ..owed.having_paid(payment(), quota) });
            for _ in 0..4 {
                peers.push(desk("owed very much", questions(answer_bytes)));
            }
            if nth < SUBSCRIPTIONS_MAX {
                peers.push(Peer { is_told: true, ..follower(address) });
            }
        }
        Peers(peers)
    }

    /// Says the last of each to a server that is stopped, and waits until its system has it all.
    fn say_the_last(&mut self) {
        for peer in &self.0 {
            let mut stream = peer.stream();
            stream.write_all(&peer.last).expect("the server's system takes it");
        }
        let own: Vec<_> = self.0.iter().map(Peer::ends).collect();
        wait_for("acknowledgements of the last words", || {
            let sockets = sockets("thread-self");
            let on_its_way = |&(own, other): &(SocketAddr, SocketAddr)| {
                sockets.iter().any(|socket| socket.is(own, other) && socket.unacknowledged > 0)
            };
            (!own.iter().any(on_its_way)).then_some(())
        });
    }

    /// No peer was told anything since the cut, not even that there is no connection any more.
    fn have_heard_nothing(&self) {
        for peer in &self.0 {
            let mut stream = peer.stream();
            stream.set_nonblocking(true).expect("a socket need not wait");
            match stream.read(&mut [0; 16]) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Ok(1..) if peer.is_told => {}
                heard => panic!("{}: {heard:?} reached it", peer.what),
            }
        }
    }

    /// How many of their connections the server's system still knows, in any state.
    fn known_to(&self, server: &Server) -> usize {
        let sockets = sockets(&server.id().to_string());
        let is_known = |peer: &&Peer| {
            let (own, other) = peer.ends();
            sockets.iter().any(|socket| socket.is(other, own))
        };
        self.0.iter().filter(is_known).count()
    }

    /// New desks ask what became of everything the peers gave, and send it again.
    fn come_back(&self, address: SocketAddr, quota: QuotaId) -> i64 {
        let mut payments = 0;
        for peer in &self.0 {
            for payment in peer.heard.into_iter().chain(peer.given) {
                let mut desk = Desk::connect(address, Role::Maker);
                let (kind, division, year) = (IdKind::Payment, quota.division(), quota.year());
                let asked = LookUp::Outcome { kind, division, year, id: payment };
                let Answer::Outcome(outcome) = desk.ask(asked) else {
                    panic!("{}: payment {payment} is not there", peer.what)
                };
                assert_eq!(outcome.result.code, Code::Accepted, "{}", peer.what);
                let told = desk.one(&orders::reserve(payment, quota, 1));
                assert_eq!((told.code(), told.result.repeat), (Code::Accepted, true), "{told:?}");
                assert_eq!(told.result.sequence, outcome.result.sequence, "{}", peer.what);
                payments += 1;
            }
        }
        payments
    }
}

/// One who follows the journal, of which there is more all the time.
fn follower(address: SocketAddr) -> Peer {
    let mut peer = Peer::desk("follows the journal", address, Role::Operator, Vec::new());
    let mut out = Vec::new();
    Subscribe { cursor: Cursor::START, ..Subscribe::default() }.put(&mut out, 3);
    if let Wire::Frames(desk) = &mut peer.wire {
        desk.send_bytes(&out).unwrap_or_else(|lost| panic!("{lost:?}"));
    }
    peer
}

/// A socket as the system tells of it.
struct SystemSocket {
    own: SocketAddr,
    other: SocketAddr,
    /// Bytes that were written to it and not acknowledged.
    unacknowledged: u64,
}

impl SystemSocket {
    fn is(&self, own: SocketAddr, other: SocketAddr) -> bool {
        (self.own, self.other) == (own, other)
    }
}

/// The sockets over IPv4 of the network that a process or thread is in.
fn sockets(process: &str) -> Vec<SystemSocket> {
    let table = std::fs::read_to_string(format!("/proc/{process}/net/tcp"));
    let table = table.expect("the system tells of its sockets");
    let socket = |line: &str| {
        let mut fields = line.split_whitespace().skip(1);
        let (own, other) = (place(fields.next()?)?, place(fields.next()?)?);
        let (unacknowledged, _) = fields.nth(1)?.split_once(':')?;
        let unacknowledged = u64::from_str_radix(unacknowledged, 16).ok()?;
        Some(SystemSocket { own, other, unacknowledged })
    };
    table.lines().skip(1).map(|line| socket(line).expect("a line of the table")).collect()
}

/// `0100007F:1CCA`: an address as its bytes lie in memory, and a port.
fn place(text: &str) -> Option<SocketAddr> {
    let (address, port) = text.split_once(':')?;
    let address = u32::from_str_radix(address, 16).ok()?.to_ne_bytes();
    let port = u16::from_str_radix(port, 16).ok()?;
    Some(SocketAddrV4::new(Ipv4Addr::from(address), port).into())
}

/// What came of it.
pub(crate) struct Vanished {
    /// Peers that vanished.
    pub(crate) peers: usize,
    /// Payments that they had given.
    pub(crate) payments: i64,
    /// Payments of the bystander.
    pub(crate) beside: u64,
    /// KiB that the server's memory grew by from the end of the first round to that of the last.
    pub(crate) grown_kib: u64,
}

/// Rounds in which so many of each kind vanish at once: the server gives them up within its bound,
/// gives back all they held, keeps all it has said, and disturbs nobody else.
pub(crate) fn peers_vanish(way: &impl Cut, each: usize, rounds: u64) -> Vanished {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let options = Options::new(dir.path()).with("--silence-wait-ms", SILENCE_WAIT_MS);
    let server = options.start();
    let address = server.address;
    let quotas = orders::found_with(address, DIVISION, 2, HIS_FEN);
    let bystander = Bystander::beside(address, quotas[0]);
    bystander.must_go_on(100);
    let mut observer = Desk::connect(address, Role::Operator);
    let answer_bytes = observer.metrics().len() + FRAME_HEADER_BYTES;
    let (connections, sockets) = (observer.health().connections, server.sockets());
    let mut told = Vanished { peers: 0, payments: 0, beside: 0, grown_kib: 0 };
    let mut after_the_first_kib = 0;
    for round in 0..rounds {
        let first = u128::from(round + 1) << 32;
        let connect = || Peers::connect(address, quotas[1], each, first, answer_bytes);
        let mut peers = way.there(connect);
        let all = connections + peers.0.len() as u32;
        wait_for("all peers", || (observer.health().connections == all).then_some(()));
        // What each says last has come, and nothing of it is decided, when the cut comes.
        server.signal(Signal::STOP);
        way.there(|| peers.say_the_last());
        way.cut(&peers);
        server.signal(Signal::CONT);
        bystander.must_go_on(50);
        wait_for("the end of connections to peers that have vanished", || {
            (observer.health().connections == connections).then_some(())
        });
        wait_for("their sockets given back", || (server.sockets() == sockets).then_some(()));
        wait_for("their connections forgotten", || (peers.known_to(&server) == 0).then_some(()));
        wait_for("their followers ended", || (server.threads("follower") == 0).then_some(()));
        peers.have_heard_nothing();
        way.mend();
        told.peers += peers.0.len();
        told.payments += way.there(|| peers.come_back(address, quotas[1]));
        bystander.must_go_on(50);
        let now_kib = server.resident_kib();
        if round == 0 {
            after_the_first_kib = now_kib;
        }
        told.grown_kib = now_kib.saturating_sub(after_the_first_kib);
    }
    told.beside = bystander.leave();
    for gauge in ["commands_in_flight", "replies_held", "questions_open"] {
        wait_for(gauge, || {
            let text = observer.metrics();
            text.contains(&format!("\ntreasury_{gauge} 0\n")).then_some(())
        });
    }
    let Answer::Quota(view) = observer.ask(LookUp::Quota(quotas[1])) else { panic!("no quota") };
    assert_eq!(view.buckets.available(), HIS_FEN - told.payments, "each payment once");
    server.stop();
    sound(dir.path());
    // The bystander's payments take theirs, well below a KiB each with what lists keep of them: how
    // many he makes is the machine's to say. An allocator has its slack.
    let held_kib = (4 * each * SESSION_OUTPUT_BYTES_MAX / 2 / 1024) as u64;
    let bound_kib = 8 * 1024 + held_kib * (rounds - 1) / 4 + told.beside;
    let (grown_kib, beside) = (told.grown_kib, told.beside);
    assert!(
        grown_kib < bound_kib,
        "{grown_kib} KiB more, of {held_kib} each time, with {beside} payments"
    );
    told
}
