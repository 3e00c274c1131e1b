//! Bytes that should not have been sent, to the real server over real sockets: each is answered
//! with a code and a next step, or the connection ends; nothing of it is decided, memory stays
//! flat, and a bystander who pays beside it is never disturbed.

mod harness;

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use domain::ids::{ChannelId, QuotaId};
use domain::{Code, Role};
use harness::bystander::{Bystander, HIS_FEN};
use harness::desk::{CHANNEL, Desk, Lost};
use harness::journal::records;
use harness::lines::Lines;
use harness::server::{Options, Server, sound};
use harness::{Chance, PATIENCE, orders, wait_for};
use protocol::hello::Environment;
use protocol::limits::{
    COMMAND_BYTES, FRAME_BYTES_MAX, FRAME_HEADER_BYTES, JSON_LINE_BYTES_MAX,
    JSON_LOOK_UPS_PER_LINE_MAX, LOOK_UPS_PER_FRAME_MAX,
};
use protocol::lookup::{LookUp, put_look_ups};
use protocol::message::{ErrorMessage, put_bare};
use protocol::{CommandsBuilder, Flags, FrameKind, Hello, split_frame};
use serde_json::{Value as Json, json};

/// The division all of it happens in.
const DIVISION: u16 = 5;

/// Quotas: one for the bystander, one for the others.
const QUOTAS: u32 = 2;

struct House {
    dir: tempfile::TempDir,
    server: Server,
    quotas: Vec<QuotaId>,
    bystander: Bystander,
}

impl House {
    /// A server with a bystander on it.
    fn with(options: impl FnOnce(Options) -> Options) -> House {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let server = options(Options::new(dir.path())).start();
        let quotas = orders::found_with(server.address, DIVISION, QUOTAS, HIS_FEN);
        let bystander = Bystander::beside(server.address, quotas[0]);
        bystander.must_go_on(100);
        House { dir, server, quotas, bystander }
    }

    /// Ends in good order. What is on record is what the bystander did, and nothing else.
    fn ends_with_nothing_decided(self) {
        let founding = records_of_founding();
        let reserved = self.bystander.leave();
        self.server.stop();
        assert_eq!(records(self.dir.path()).len() as u64, founding + reserved);
        sound(self.dir.path());
    }
}

/// `Opened`, a registration, a year, each quota with its money, and `Closed`.
fn records_of_founding() -> u64 {
    4 + 2 * u64::from(QUOTAS)
}

// ---- connections that say too much ---------------------------------------------------------------

/// A peer that may send anything.
struct Stranger {
    stream: TcpStream,
}

impl Stranger {
    fn connect(address: SocketAddr) -> Stranger {
        let stream = TcpStream::connect(address).expect("the server takes a connection");
        stream.set_read_timeout(Some(PATIENCE)).expect("a socket takes a timeout");
        stream.set_write_timeout(Some(PATIENCE)).expect("a socket takes a timeout");
        Stranger { stream }
    }

    /// Sends what the server still takes: it may have closed already.
    fn send(&mut self, bytes: &[u8]) {
        if let Err(error) = self.stream.write_all(bytes) {
            let timed_out = matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut);
            assert!(!timed_out, "the server neither reads nor closes");
        }
    }

    /// All it is told until the server closes.
    fn hears_to_the_end(mut self) -> Vec<u8> {
        let mut heard = Vec::new();
        loop {
            let mut bytes = [0; 16 * 1024];
            match self.stream.read(&mut bytes) {
                Ok(0) => return heard,
                Ok(read) => heard.extend_from_slice(&bytes[..read]),
                Err(error)
                    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) =>
                {
                    panic!("the server keeps the connection open for {PATIENCE:?}")
                }
                Err(_) => return heard,
            }
        }
    }
}

/// The last word in frames.
fn last_error(heard: &[u8]) -> ErrorMessage {
    let mut rest = heard;
    let mut last = None;
    while let Some(frame) = split_frame(rest).expect("frames of the protocol") {
        assert!(last.is_none(), "nothing follows the last word");
        if frame.header.kind == FrameKind::Error {
            assert_eq!(frame.header.request, 0, "it is about the connection");
            last = Some(ErrorMessage::parse(&frame).expect("an error that can be read"));
        }
        rest = &rest[frame.header.length as usize..];
    }
    assert!(rest.is_empty(), "half a frame");
    last.unwrap_or_else(|| panic!("no error among {} bytes", heard.len()))
}

/// The last word in lines.
fn last_line(heard: &[u8]) -> Json {
    let text = std::str::from_utf8(heard).expect("text");
    let line = text.lines().last().unwrap_or_else(|| panic!("nothing was said"));
    serde_json::from_str(line).unwrap_or_else(|_| panic!("not JSON: {line}"))
}

/// How a connection that sent something must end.
#[derive(Clone, Copy, Debug)]
enum Ends {
    /// One line of text that begins with the code.
    Text(Code),
    /// An error frame.
    Frame(Code),
    /// An error line.
    Line(Code),
}

impl Ends {
    fn check(self, what: &str, heard: &[u8]) {
        match self {
            Ends::Text(code) => {
                let text = String::from_utf8_lossy(heard);
                assert!(text.starts_with(&format!("{code}: ")), "{what} hears {text}");
                assert!(text.contains(code.next_step()), "{what} hears {text}");
                assert_eq!(text.lines().count(), 1, "{what} hears {text}");
            }
            Ends::Frame(code) => {
                let error = last_error(heard);
                assert_eq!(error.code, code, "{what} hears {error}");
                assert!(error.to_string().ends_with(code.next_step()), "{what} hears {error}");
            }
            Ends::Line(code) => {
                let line = last_line(heard);
                assert_eq!(line["error"]["code"], code.number(), "{what} hears {line}");
                assert_eq!(line["error"]["next"], code.next_step(), "{what} hears {line}");
            }
        }
    }
}

fn hello() -> Hello {
    Hello::new(Role::Maker, CHANNEL, "stranger")
}

/// A frame of one good reservation.
fn good_frame(quota: QuotaId) -> Vec<u8> {
    let mut builder = CommandsBuilder::new();
    let reserve = orders::reserve(77, quota, 100);
    builder.push(&reserve, Flags::default()).expect("it fits into a frame");
    let mut out = Vec::new();
    builder.finish_into(&mut out, 5, 0);
    out
}

/// What is said instead of a hello, and how that ends.
fn instead_of_a_hello() -> Vec<(&'static str, Vec<u8>, Ends)> {
    let frame = Ends::Frame(Code::BadFrame);
    let line = Ends::Line(Code::NoHello);
    let with = |at: usize, bytes: &[u8]| {
        let mut wrong = hello().encode().to_vec();
        wrong[at..at + bytes.len()].copy_from_slice(bytes);
        wrong
    };
    let version = |version_min, version_max| {
        let hello = Hello { version_min, version_max, ..hello() };
        hello.encode().to_vec()
    };
    let elsewhere = hello().to_environment(Environment::Production).encode().to_vec();
    let text = |line: &str| format!("{line}\n").into_bytes();
    let mut long = b"{".to_vec();
    long.resize(JSON_LINE_BYTES_MAX + 1, b' ');
    vec![
        ("HTTP", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n".to_vec(), Ends::Text(Code::BadFrame)),
        ("TLS", b"\x16\x03\x01\x02\x00\x01".to_vec(), Ends::Text(Code::BadFrame)),
        ("zeros", vec![0; 70_000], Ends::Text(Code::BadFrame)),
        ("blank before a brace", text(" {}"), Ends::Text(Code::BadFrame)),
        ("a wrong magic", b"TRSX".to_vec(), frame),
        ("a megabyte of T", vec![b'T'; 1 << 20], frame),
        ("flags", with(12, &[1]), frame),
        ("an unknown role", with(9, &[99]), frame),
        ("the engine's role", with(9, &[Role::Engine.number()]), frame),
        ("an unknown environment", with(8, &[9]), frame),
        ("a name that is no text", with(24, &[0xff]), frame),
        ("a later version", version(2, 9), Ends::Frame(Code::WrongVersion)),
        ("an earlier version", version(0, 0), Ends::Frame(Code::WrongVersion)),
        ("the other environment", elsewhere, Ends::Frame(Code::WrongEnvironment)),
        ("no JSON", text("{no json"), line),
        ("a request", text(r#"{"request":"1","ask":"ping"}"#), line),
        ("no role", text(r#"{"hello":{"channel":7}}"#), line),
        ("the engine", text(r#"{"hello":{"role":"engine","channel":7}}"#), line),
        (
            "another version",
            text(r#"{"hello":{"role":"maker","channel":7,"version":2}}"#),
            Ends::Line(Code::WrongVersion),
        ),
        (
            "production",
            text(r#"{"hello":{"role":"maker","channel":7,"environment":"production"}}"#),
            Ends::Line(Code::WrongEnvironment),
        ),
        ("a line without an end", long, Ends::Line(Code::BadFrame)),
    ]
}

/// What is said behind a good hello, and is no frame: each ends with `bad-frame`.
fn instead_of_a_frame(quota: QuotaId) -> Vec<(&'static str, Vec<u8>)> {
    let good = good_frame(quota);
    let with = |at: usize, bytes: &[u8]| {
        let mut frame = good.clone();
        frame[at..at + bytes.len()].copy_from_slice(bytes);
        frame
    };
    let bare = |kind| {
        let mut out = Vec::new();
        put_bare(&mut out, kind, 1);
        out
    };
    vec![
        ("a length of nothing", with(0, &0_u32.to_le_bytes())),
        ("a length below a header", with(0, &31_u32.to_le_bytes())),
        ("a length beyond a frame", with(0, &(FRAME_BYTES_MAX as u32 + 1).to_le_bytes())),
        ("the longest length", with(0, &u32::MAX.to_le_bytes())),
        ("an unknown kind", with(4, &77_u16.to_le_bytes())),
        ("flags", with(6, &[1])),
        ("a budget of two days", with(16, &(2 * 86_400_000_u64).to_le_bytes())),
        ("no commands", with(24, &0_u32.to_le_bytes())),
        ("more commands than there are", with(24, &2_u32.to_le_bytes())),
        ("more commands than a frame may have", with(24, &8_191_u32.to_le_bytes())),
        ("a tail that is not there", with(FRAME_HEADER_BYTES + 4, &9_u32.to_le_bytes())),
        ("a tail beyond its bound", with(FRAME_HEADER_BYTES + 4, &u32::MAX.to_le_bytes())),
        ("a server's frame", bare(FrameKind::Pong)),
        ("commands without a body", bare(FrameKind::Commands)),
        ("a subscription without a body", bare(FrameKind::Subscribe)),
        ("look-ups without a body", bare(FrameKind::LookUps)),
        ("a second hello", hello().encode().to_vec()),
        ("HTTP", b"POST /payments HTTP/1.1\r\nContent-Length: 9\r\n\r\n".repeat(20)),
        ("the largest frame, and a lie in it", largest_with_a_lie(quota)),
    ]
}

/// A whole frame of the largest size, whose count is one more than what is in it: it is read to its
/// end before that can be seen.
fn largest_with_a_lie(quota: QuotaId) -> Vec<u8> {
    let mut frame = good_frame(quota);
    frame.resize(FRAME_BYTES_MAX, 0);
    let rows = (FRAME_BYTES_MAX - FRAME_HEADER_BYTES) / COMMAND_BYTES;
    frame[..4].copy_from_slice(&(FRAME_BYTES_MAX as u32).to_le_bytes());
    frame[24..28].copy_from_slice(&(rows as u32 + 1).to_le_bytes());
    frame
}

/// All of it once.
fn storm(house: &House) {
    for (what, bytes, ends) in instead_of_a_hello() {
        let mut stranger = Stranger::connect(house.server.address);
        stranger.send(&bytes);
        ends.check(what, &stranger.hears_to_the_end());
    }
    for (what, bytes) in instead_of_a_frame(house.quotas[1]) {
        let mut stranger = Stranger::connect(house.server.address);
        stranger.send(&hello().encode());
        stranger.send(&bytes);
        // Nothing behind it is read.
        stranger.send(&good_frame(house.quotas[1]));
        Ends::Frame(Code::BadFrame).check(what, &after_the_welcome(&stranger.hears_to_the_end()));
    }
}

/// What was heard behind the welcome, which comes first.
fn after_the_welcome(heard: &[u8]) -> Vec<u8> {
    let welcome = split_frame(heard).expect("a frame").expect("a whole frame").header;
    assert_eq!(welcome.kind, FrameKind::Welcome);
    heard[welcome.length as usize..].to_vec()
}

/// Frames of the largest size that the server reads to their end before it finds the lie.
const LARGEST_FRAMES: u64 = 192;

#[test]
fn what_cannot_be_read_is_named_leaves_no_trace_and_holds_no_memory() {
    let house = House::with(|options| options);
    // What is kept for good (buffers for the next reader) is there after the first rounds.
    for _ in 0..4 {
        storm(&house);
    }
    house.bystander.must_go_on(50);
    let before_kib = house.server.resident_kib();
    let largest = largest_with_a_lie(house.quotas[1]);
    for round in 0..LARGEST_FRAMES {
        if round.is_multiple_of(32) {
            storm(&house);
        }
        let mut stranger = Stranger::connect(house.server.address);
        stranger.send(&hello().encode());
        stranger.send(&largest);
        let heard = after_the_welcome(&stranger.hears_to_the_end());
        Ends::Frame(Code::BadFrame).check("the largest frame, and a lie in it", &heard);
    }
    house.bystander.must_go_on(50);
    let after_kib = house.server.resident_kib();
    let sent_kib = LARGEST_FRAMES * FRAME_BYTES_MAX as u64 / 1024;
    println!("{sent_kib} KiB sent; resident {before_kib} KiB before, {after_kib} KiB after");
    // A server that kept what it read would hold all of it; the bystander's payments take a few
    // MiB, and an allocator its slack.
    let grown_kib = after_kib.saturating_sub(before_kib);
    assert!(grown_kib < sent_kib / 4, "{grown_kib} KiB more after {sent_kib} KiB");
    house.ends_with_nothing_decided();
}

#[test]
fn random_bytes_and_mutilated_frames_end_their_own_connection_at_most() {
    let mut chance = Chance::new("bad_input");
    let house = House::with(|options| options);
    let good = good_frame(house.quotas[1]);
    for round in 0..300 {
        let mut stranger = Stranger::connect(house.server.address);
        if !chance.once_in(8) {
            // A bank may not reserve: whatever a mutilated reservation says, it is turned away.
            stranger.send(&Hello::new(Role::Bank, CHANNEL, "stranger").encode());
        }
        if round % 2 == 0 {
            let count = chance.between(1, 40_000) as usize;
            stranger.send(&chance.bytes(count));
        } else {
            let mut bytes = good.repeat(chance.between(1, 20) as usize);
            // The kind of a command stays what it is.
            for _ in 0..chance.between(1, 6) {
                let at = chance.below(bytes.len() as u64) as usize;
                let in_kind = [FRAME_HEADER_BYTES, FRAME_HEADER_BYTES + 1];
                if !in_kind.contains(&(at % good.len())) {
                    bytes[at] ^= 1 << chance.below(8);
                }
            }
            stranger.send(&bytes);
        }
        // Half a frame is not waited for once its sender has closed.
        let _ = stranger.stream.shutdown(Shutdown::Write);
        stranger.hears_to_the_end();
    }
    house.bystander.must_go_on(50);
    let reserved = house.bystander.leave();
    house.server.stop();
    let found = records(house.dir.path()).len() as u64;
    assert_eq!(found, records_of_founding() + reserved, "nothing of it was decided");
    sound(house.dir.path());
}

#[test]
fn lines_that_cannot_be_read_are_answered_with_field_and_next_step_and_the_connection_goes_on() {
    let house = House::with(|options| options);
    let mut lines = Lines::connect(house.server.address, "maker");
    let quota = format!("{DIVISION}/2022/1");
    let order = json!({
        "request": "1", "command": "reserve", "person": "11",
        "payment": "01927c5e4b7a7d119a41000000000001", "quota": quota, "amount": "1.00",
        "economic": "30201", "day": "2022-03-04", "method": "centralized", "business": "single",
    });
    let with = |key: &str, value: Json| {
        let mut wrong = order.clone();
        wrong[key] = value;
        wrong.to_string()
    };
    let without = |key: &str| {
        let mut wrong = order.clone();
        wrong.as_object_mut().expect("an object").remove(key);
        wrong.to_string()
    };
    let deep = format!("{}1{}", "[".repeat(50_000), "]".repeat(50_000));
    let cases: Vec<(&str, String)> = vec![
        ("no JSON", "{no json".to_owned()),
        ("a list", "[1]".to_owned()),
        ("a depth", deep),
        ("a key given twice", order.to_string().replacen('{', "{\"amount\":\"2.00\",", 1)),
        ("a misspelt key", with("ammount", json!("1.00"))),
        ("an amount that is a number", with("amount", json!(1.5))),
        ("an amount in scientific notation", with("amount", json!("1e3"))),
        ("an amount with three decimals", with("amount", json!("1.000"))),
        ("an amount that overflows", with("amount", json!("99999999999999999999.00"))),
        ("an unknown command", with("command", json!("steal"))),
        ("an id that is too short", with("payment", json!("12"))),
        ("a quota that is none", with("quota", json!("5/2022"))),
        ("a day that is none", with("day", json!("2022-02-30"))),
        ("an unknown method", with("method", json!("barter"))),
        ("no person", without("person")),
        ("no quota", without("quota")),
        ("too many commands", json!({ "request": "1", "commands": vec![0; 257] }).to_string()),
        ("a request of zero", with("request", json!("0"))),
    ];
    for (what, line) in cases {
        let heard = lines.ask(&line);
        let error = &heard["error"];
        assert!(error.is_object(), "{what} hears {heard}");
        assert!(error["code"].as_u64() > Some(0), "{what} hears {heard}");
        assert!(error["next"].as_str().is_some_and(|next| !next.is_empty()), "{what}: {heard}");
        let pong = lines.ask(r#"{"request":"9","ask":"ping"}"#);
        assert_eq!(pong["pong"], true, "after {what}");
    }
    let bytes: [&[u8]; 2] = [b"\xff\xfe\n", b"{\"request\":\"1\",\"ask\":\"\xc3\x28\"}\n"];
    for bytes in bytes {
        lines.send_bytes(bytes);
        assert!(lines.line().expect("an answer")["error"].is_object());
    }
    house.ends_with_nothing_decided();
}

// ---- connections that say too little -------------------------------------------------------------

#[test]
fn silence_and_trickles_are_cut_off_at_their_deadline() {
    let waits =
        |options: Options| options.with("--hello-wait-ms", 300).with("--frame-wait-ms", 400);
    let house = House::with(waits);
    let hello = hello().encode();
    let half_frame = &good_frame(house.quotas[1])[..50];
    let said = |bytes: &[&[u8]]| {
        let mut stranger = Stranger::connect(house.server.address);
        bytes.iter().for_each(|bytes| stranger.send(bytes));
        stranger.hears_to_the_end()
    };
    let late = Code::HandshakeTimeout;
    Ends::Frame(late).check("silence", &said(&[]));
    Ends::Frame(late).check("half a hello", &said(&[&hello[..30]]));
    Ends::Line(late).check("half a hello line", &said(&[br#"{"hello":{"role":"#]));
    let after = after_the_welcome(&said(&[&hello, half_frame]));
    Ends::Frame(Code::BadFrame).check("half a frame", &after);
    assert!(last_error(&after).detail.contains("did not come in time"), "{after:?}");

    // A byte now and then buys no time.
    let trickled = trickle(house.server.address, &[], &hello);
    Ends::Frame(late).check("a trickled hello", &trickled);
    let line = br#"{"hello":{"role":"maker","channel":7,"name":"one who takes his time"}}"#;
    Ends::Line(late).check("a trickled line", &trickle(house.server.address, &[], line));
    let frame = good_frame(house.quotas[1]);
    let heard = after_the_welcome(&trickle(house.server.address, &hello, &frame));
    Ends::Frame(Code::BadFrame).check("a trickled frame", &heard);
    house.bystander.must_go_on(50);
    house.ends_with_nothing_decided();
}

/// How long one who trickles listens after each byte.
const TRICKLE: Duration = Duration::from_millis(20);

/// Sends the rest byte by byte until the server has had enough, which must come before its end.
fn trickle(address: SocketAddr, at_once: &[u8], rest: &[u8]) -> Vec<u8> {
    let mut stranger = Stranger::connect(address);
    stranger.send(at_once);
    stranger.stream.set_read_timeout(Some(TRICKLE)).expect("a socket takes a timeout");
    let mut heard = Vec::new();
    for byte in rest {
        stranger.send(&[*byte]);
        let mut bytes = [0; 4096];
        match stranger.stream.read(&mut bytes) {
            Ok(0) => return heard,
            Ok(read) => heard.extend_from_slice(&bytes[..read]),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(_) => return heard,
        }
    }
    panic!("the server heard all {} bytes, one by one", rest.len())
}

#[test]
fn one_who_does_not_read_is_cut_off_and_his_socket_is_given_back() {
    let house = House::with(|options| options);
    let mut observer = Desk::connect(house.server.address, Role::Operator);
    let quota = house.quotas[1];
    let sockets = house.server.sockets();
    for questions in [asks_for_metrics(), asks_in_frames(quota), asks_in_lines(quota)] {
        let before = observer.health().connections;
        let mut stranger = Stranger::connect(house.server.address);
        wait_for("the stranger's connection", || {
            (observer.health().connections == before + 1).then_some(())
        });
        stranger.send(&questions);
        wait_for("the end of a connection nobody reads", || {
            (observer.health().connections == before).then_some(())
        });
        house.bystander.must_go_on(20);
        // He has not read to the end, nor closed: the server has.
        wait_for("the socket given back", || (house.server.sockets() == sockets).then_some(()));
        stranger.hears_to_the_end();
    }
    house.ends_with_nothing_decided();
}

// Questions of a few hundred KiB, with more answers than any buffer on the way takes. Behind them
// nothing more is said: that alone keeps no connection.

/// Answered by the network thread itself.
fn asks_for_metrics() -> Vec<u8> {
    let mut asked = hello().encode().to_vec();
    (1..16_000).for_each(|request| put_bare(&mut asked, FrameKind::Metrics, request));
    asked
}

/// Answered by a shard.
fn asks_in_frames(quota: QuotaId) -> Vec<u8> {
    let mut asked = hello().encode().to_vec();
    let look_ups = [LookUp::Quota(quota); LOOK_UPS_PER_FRAME_MAX];
    (1..240).for_each(|request| put_look_ups(&mut asked, request, &look_ups));
    asked
}

/// The same in lines. An idle connection in lines is waited for a day: people think.
fn asks_in_lines(quota: QuotaId) -> Vec<u8> {
    let mut asked = b"{\"hello\":{\"role\":\"maker\",\"channel\":7}}\n".to_vec();
    let look_up = json!({ "look_up": "quota", "quota": quota.to_string() });
    let look_ups = vec![look_up; JSON_LOOK_UPS_PER_LINE_MAX];
    for request in 1..240 {
        let line = json!({ "request": request.to_string(), "look_ups": look_ups });
        asked.extend(format!("{line}\n").into_bytes());
    }
    asked
}

#[test]
fn connections_beyond_their_limit_hear_so_in_their_own_dialect() {
    let limited = |options| Options { connections_max: Some(4), ..options };
    let house = House::with(limited);
    let address = house.server.address;
    let mut desks: Vec<Desk> = (0..3).map(|_| Desk::connect(address, Role::Maker)).collect();
    for _ in 0..3 {
        match Desk::try_connect(address, Role::Maker, ChannelId(9)) {
            Err(Lost::Said(message)) => {
                assert_eq!(message.code, Code::TooManyConnections);
                assert!(message.to_string().contains("close idle connections"), "{message}");
            }
            Err(other) => panic!("turned away by {other:?}"),
            Ok(_) => panic!("a fifth connection"),
        }
        let mut lines = Lines::silent(address);
        lines.send(r#"{"hello":{"role":"maker","channel":7}}"#);
        let line = lines.line().expect("a last word");
        assert_eq!(line["error"]["name"], "too-many-connections");
        assert_eq!(lines.line(), None, "and the end");
    }
    for desk in &mut desks {
        assert_eq!(desk.health().connections, 4, "those inside go on");
    }
    drop(desks.pop());
    wait_for("room for one", || Desk::try_connect(address, Role::Maker, CHANNEL).ok());
    drop(desks);
    house.ends_with_nothing_decided();
}

/// Length bombs: headers that announce much and bring nothing, held open by many at once.
#[test]
fn announced_bytes_take_no_memory_before_they_come() {
    const BOMBS: usize = 400;
    let house = House::with(|options| options);
    let mut header = good_frame(house.quotas[1]);
    header.truncate(FRAME_HEADER_BYTES);
    header[..4].copy_from_slice(&(FRAME_BYTES_MAX as u32).to_le_bytes());
    let bomb = |with: &[u8]| {
        let mut stranger = Stranger::connect(house.server.address);
        stranger.send(&hello().encode());
        stranger.send(with);
        let mut welcome = [0; 16];
        stranger.stream.read_exact(&mut welcome).expect("a welcome");
        stranger
    };
    drop(bomb(&header));
    let before_kib = house.server.resident_kib();
    let bombs: Vec<Stranger> = (0..BOMBS).map(|_| bomb(&header)).collect();
    house.bystander.must_go_on(50);
    let grown_kib = house.server.resident_kib().saturating_sub(before_kib);
    println!("{BOMBS} MiB announced, {grown_kib} KiB taken");
    assert!(grown_kib < BOMBS as u64 * 1024 / 2, "{grown_kib} KiB for {BOMBS} announcements");
    drop(bombs);
    house.ends_with_nothing_decided();
}
