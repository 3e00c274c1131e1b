//! Very many connections: desks that are idle, desks that all come back at once, and desks that do
//! not read. Beside them a bystander pays, whose every answer must be right.

use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};

use domain::ids::QuotaId;
use domain::{Code, Role};
use protocol::Hello;
use protocol::limits::{FRAME_HEADER_BYTES, LOOK_UPS_PER_FRAME_MAX};
use protocol::lookup::{LookUp, put_look_ups};
use rustix::process::{Resource, getrlimit};
use serde_json::json;
use socket2::{Domain, Socket, Type};

use crate::harness::bystander::{Bystander, HIS_FEN};
use crate::harness::desk::{CHANNEL, Desk};
use crate::harness::server::{Options, sound};
use crate::harness::{Chance, PATIENCE, orders, wait_for};
use crate::verdict::{Outcome, Told};
use crate::{Settings, part};

const DIVISION: u16 = 9;

/// Descriptors that a process needs beside its connections.
const SPARE: usize = 1_000;

/// Connections from one address: the system has about 28,000 ports for each.
const FROM_ONE_ADDRESS: usize = 10_000;

/// Connects from one of several loopback addresses.
fn connect_from(address: SocketAddr, index: usize) -> TcpStream {
    let from = IpAddr::V4(Ipv4Addr::new(127, 0, 1, 1 + (index / FROM_ONE_ADDRESS) as u8));
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
    socket.bind(&SocketAddr::new(from, 0).into()).expect("an address of the loopback");
    socket.connect(&address.into()).expect("the server takes a connection");
    socket.set_read_timeout(Some(PATIENCE)).expect("a socket takes a timeout");
    socket.into()
}

/// Says hello, and hears the welcome.
fn welcomed(mut stream: TcpStream) -> TcpStream {
    let hello = Hello::new(Role::Maker, CHANNEL, "idle").encode();
    stream.write_all(&hello).expect("the server takes a hello");
    read_frame(&mut stream);
    stream
}

/// Reads a frame to its end.
fn read_frame(stream: &mut TcpStream) {
    let mut header = [0; FRAME_HEADER_BYTES];
    stream.read_exact(&mut header).expect("a frame's header");
    let length = u32::from_le_bytes(header[..4].try_into().expect("four bytes")) as usize;
    let mut body = vec![0; length - FRAME_HEADER_BYTES];
    stream.read_exact(&mut body).expect("a frame's body");
}

/// How many connections one process may have, if it wants so many.
fn within_limits(wanted: usize) -> (usize, Option<String>) {
    let files = getrlimit(Resource::Nofile).maximum.unwrap_or(u64::MAX) as usize;
    let most = files.saturating_sub(SPARE);
    let why = (wanted > most)
        .then(|| format!("{wanted} were wanted; this machine's limit is {files} open files"));
    (wanted.min(most), why)
}

/// Most of a province's desks are idle; one who pays beside them is not disturbed, and each of them
/// can be asked for at any time.
pub(crate) fn idle_desks(settings: &Settings, chance: &mut Chance) -> Outcome {
    let (connections, stopped_by) = within_limits(settings.connections);
    let dir = tempfile::tempdir().expect("a temporary directory");
    let connections_max = Some(connections as u32 + SPARE as u32);
    let server = Options { connections_max, ..Options::new(dir.path()) }.start();
    let quotas = orders::found_with(server.address, DIVISION, 2, HIS_FEN);
    let bystander = Bystander::beside(server.address, quotas[0]);
    bystander.must_go_on(100);
    let before = server.resident_kib();
    let mut idle = Vec::new();
    for index in 0..connections {
        idle.push(welcomed(connect_from(server.address, index)));
        if (index + 1).is_multiple_of(5_000) {
            part!("{} connections", index + 1);
            bystander.must_go_on(20);
        }
    }
    let mut observer = Desk::connect(server.address, Role::Operator);
    let seen = observer.health().connections as usize;
    assert!(seen >= connections, "{connections} are connected, and the server has {seen}");
    let kib_each = (server.resident_kib().saturating_sub(before)) as f64 / connections as f64;
    bystander.must_go_on(1_000);
    some_of_them_ask(&mut idle, quotas[1], chance);
    // Half of them leave without a word.
    idle.truncate(connections / 2);
    wait_for("the places of those who left", || {
        (observer.health().connections as usize <= connections / 2 + 2).then_some(())
    });
    drop(idle);
    let paid = bystander.leave();
    server.stop();
    sound(dir.path());
    let note = stopped_by.as_deref().map(|why| format!(" ({why})")).unwrap_or_default();
    let line = format!(
        "{connections} idle desks at {kib_each:.1} KiB each; {paid} paid beside them{note}"
    );
    let figures = json!({ "connections": connections, "kib_each": kib_each, "paid": paid,
        "stopped_by": stopped_by });
    Ok(Told { line, figures })
}

/// Idle desks that ask all the same are answered.
fn some_of_them_ask(idle: &mut [TcpStream], quota: QuotaId, chance: &mut Chance) {
    for _ in 0..200 {
        let stream = &mut idle[chance.below(idle.len() as u64) as usize];
        let mut frame = Vec::new();
        put_look_ups(&mut frame, 1, &[LookUp::Quota(quota)]);
        stream.write_all(&frame).expect("the server takes a question");
        read_frame(stream);
    }
}

/// After a kill everybody comes back at once, sends again what he had sent, and leaves: all are
/// served, and each effect is there once.
pub(crate) fn reconnects(settings: &Settings, _: &mut Chance) -> Outcome {
    const AT_ONCE: usize = 8;
    let dir = tempfile::tempdir().expect("a temporary directory");
    let options = Options::new(dir.path());
    let server = options.start();
    let quota = orders::found_with(server.address, DIVISION, 1, HIS_FEN)[0];
    let each = settings.reconnects / AT_ONCE;
    let flood = |address: SocketAddr, repeat: bool| {
        std::thread::scope(|scope| {
            for thread in 0..AT_ONCE {
                scope.spawn(move || come_and_go(address, quota, thread * each, each, repeat));
            }
        });
    };
    flood(server.address, false);
    server.kill();
    let server = options.start();
    flood(server.address, true);
    let mut observer = Desk::connect(server.address, Role::Operator);
    wait_for("everybody has left", || (observer.health().connections == 1).then_some(()));
    let fen = quota_fen(&mut observer, quota);
    assert_eq!(fen, HIS_FEN - (each * AT_ONCE) as i64, "each reservation has its one fen");
    server.stop();
    sound(dir.path());
    let line = format!("{} came, paid and left, twice; each was taken once", each * AT_ONCE);
    Ok(Told { line, figures: json!({ "reconnects": 2 * each * AT_ONCE }) })
}

fn come_and_go(address: SocketAddr, quota: QuotaId, first: usize, count: usize, repeat: bool) {
    for payment in first..first + count {
        let mut desk = Desk::connect(address, Role::Maker);
        let told = desk.one(&orders::reserve(1 + payment as u128, quota, 1));
        assert_eq!((told.code(), told.result.repeat), (Code::Accepted, repeat), "{told:?}");
    }
}

fn quota_fen(desk: &mut Desk, quota: QuotaId) -> i64 {
    match desk.ask(LookUp::Quota(quota)) {
        protocol::lookup::Answer::Quota(view) => view.buckets.available(),
        other => panic!("the quota is {other:?}"),
    }
}

/// Very many who ask and do not read: each is cut off, nobody else is held up, and their places and
/// their memory are given back.
pub(crate) fn slow_readers(settings: &Settings, _: &mut Chance) -> Outcome {
    let readers = settings.slow_readers;
    let dir = tempfile::tempdir().expect("a temporary directory");
    let server = Options::new(dir.path()).start();
    let quotas = orders::found_with(server.address, DIVISION, 2, HIS_FEN);
    // All of them together ask for more than a shard takes: then others hear `Busy` too.
    let bystander = Bystander::patient(server.address, quotas[0]);
    bystander.must_go_on(100);
    let mut observer = Desk::connect(server.address, Role::Operator);
    let before = observer.health().connections;
    let mut asked = Hello::new(Role::Maker, CHANNEL, "sleeper").encode().to_vec();
    let look_ups = [LookUp::Quota(quotas[1]); LOOK_UPS_PER_FRAME_MAX];
    (1..200).for_each(|request| put_look_ups(&mut asked, request, &look_ups));
    let streams: Vec<TcpStream> =
        (0..readers).map(|index| ask_and_sleep(server.address, index, &asked)).collect();
    bystander.must_go_on(100);
    wait_for("all who do not read are cut off", || {
        (observer.health().connections <= before).then_some(())
    });
    bystander.must_go_on(100);
    drop(streams);
    let busy = bystander.turned_away();
    let paid = bystander.leave();
    server.stop();
    sound(dir.path());
    let line = format!(
        "{readers} asked and did not read: cut off; {paid} paid beside them, who heard busy {busy} times"
    );
    Ok(Told { line, figures: json!({ "readers": readers, "paid": paid, "busy": busy }) })
}

/// Asks what the server takes, without reading any of its answers.
fn ask_and_sleep(address: SocketAddr, index: usize, asked: &[u8]) -> TcpStream {
    let stream = connect_from(address, index);
    stream.set_nonblocking(true).expect("a socket need not wait");
    let mut rest = asked;
    for _ in 0..1_000 {
        match (&stream).write(rest) {
            Ok(taken) => rest = &rest[taken..],
            Err(error) if error.kind() == ErrorKind::WouldBlock => break,
            // It has been cut off already.
            Err(_) => break,
        }
        if rest.is_empty() {
            break;
        }
    }
    stream
}
