//! The first words, and what frames may not be.

use domain::codes::Role;
use domain::{Code, ids::ChannelId};
use protocol::hello::{Environment, Welcome};
use protocol::limits::{
    COMMANDS_PER_FRAME_MAX, FRAME_BYTES_MAX, FRAME_HEADER_BYTES, HELLO_BYTES, WINDOW_COMMANDS_MAX,
};
use protocol::message::put_bare;
use protocol::{FrameKind, Hello};

use crate::gate::SessionId;
use crate::network::Waits;
use crate::testing::give::{DESK, quota, reserve};
use crate::testing::world::{DATA_SET, World, commands_frame, frames, hello};

fn world() -> World {
    World::founded(2)
}

/// What a new connection hears that sends these bytes, and whether it is closed then.
fn hears(world: &mut World, bytes: &[u8]) -> (Vec<u8>, bool) {
    let id = world.connect();
    world.send(id, bytes);
    let closing = world.is_closing(id);
    let said = world.said(id);
    world.network.disconnect(id);
    (said, closing)
}

fn fails_with(world: &mut World, bytes: &[u8], code: Code) {
    let (said, closing) = hears(world, bytes);
    let heard = frames(&said);
    assert_eq!(heard.len(), 1);
    assert_eq!((heard[0].error().code, heard[0].request()), (code, 0));
    assert!(closing, "{code} ends the connection");
}

#[test]
fn a_hello_is_heard_byte_by_byte_and_welcomed() {
    let mut world = world();
    let id = world.connect();
    let bytes = Hello { window_commands: 100, ..hello(Role::Maker, DESK) }.encode();
    for (at, byte) in bytes.iter().enumerate() {
        assert_eq!(world.network.waits(id), Some(Waits::ForHello), "before byte {at}");
        assert!(world.said(id).is_empty());
        world.send(id, &[*byte]);
    }
    assert_eq!(world.network.waits(id), Some(Waits::ForFrame));
    assert_eq!(world.unread(id), 0);
    let heard = frames(&world.said(id));
    let welcome = Welcome::parse(&heard[0].frame()).expect("a welcome");
    assert_eq!((welcome.version, welcome.environment), (1, Environment::Test));
    assert_eq!((welcome.data_set, welcome.window_commands), (DATA_SET, 100));
    assert_eq!(welcome.commands_per_frame_max as usize, COMMANDS_PER_FRAME_MAX);
    let asked = [0, u32::MAX];
    for window_commands in asked {
        let bytes = Hello { window_commands, ..hello(Role::Maker, DESK) }.encode();
        let (said, closing) = hears(&mut world, &bytes);
        let welcome = Welcome::parse(&frames(&said)[0].frame()).expect("a welcome");
        assert_eq!((welcome.window_commands, closing), (WINDOW_COMMANDS_MAX, false));
    }
}

#[test]
fn a_hello_in_json_is_heard_byte_by_byte_and_welcomed_in_a_line() {
    let mut world = world();
    let id = world.connect();
    let line = b"{\"hello\":{\"role\":\"bank\",\"channel\":8,\"environment\":\"test\"}}\n";
    for byte in line {
        assert_eq!(world.network.waits(id), Some(Waits::ForHello));
        assert!(world.said(id).is_empty());
        world.send(id, &[*byte]);
    }
    assert_eq!(world.network.waits(id), Some(Waits::ForLine));
    let said = String::from_utf8(world.said(id)).expect("text");
    let told: serde_json::Value = serde_json::from_str(&said).expect("one line of JSON");
    assert_eq!(told["welcome"]["environment"], "test");
    assert_eq!(told["welcome"]["version"], 1);
    assert!(said.ends_with('\n') && said.lines().count() == 1);
}

#[test]
fn a_first_byte_of_another_protocol_hears_one_line_and_the_end() {
    let mut world = world();
    for first in [b"GET / HTTP/1.1\r\n".as_slice(), b"\x16\x03\x01", b"\0", b" {", b"t"] {
        let (said, closing) = hears(&mut world, first);
        let text = String::from_utf8(said).expect("text");
        assert!(closing && text.starts_with("118 bad-frame: "), "{text}");
        assert_eq!(text.lines().count(), 1);
    }
    assert_eq!(world.metrics.connections_failed.get(), 5);
}

#[test]
fn a_magic_that_is_wrong_is_seen_at_its_first_wrong_byte() {
    let mut world = world();
    for wrong in [b"TX".as_slice(), b"TRX", b"TRSX"] {
        let id = world.connect();
        let (last, before) = wrong.split_last().expect("bytes");
        world.send(id, before);
        assert!(world.said(id).is_empty());
        world.send(id, &[*last]);
        assert!(world.is_closing(id));
        assert_eq!(frames(&world.said(id))[0].error().code, Code::BadFrame);
    }
}

#[test]
fn a_hello_of_another_version_or_environment_is_named_and_the_end() {
    let mut world = world();
    let good = hello(Role::Maker, DESK);
    let newer = Hello { version_min: 2, version_max: 9, ..good.clone() };
    fails_with(&mut world, &newer.encode(), Code::WrongVersion);
    let older = Hello { version_min: 0, version_max: 0, ..good.clone() };
    fails_with(&mut world, &older.encode(), Code::WrongVersion);
    let other = good.clone().to_environment(Environment::Production);
    fails_with(&mut world, &other.encode(), Code::WrongEnvironment);
    for environment in [Environment::Any, Environment::Test] {
        let (said, closing) = hears(&mut world, &good.clone().to_environment(environment).encode());
        assert_eq!((frames(&said)[0].kind(), closing), (FrameKind::Welcome, false));
    }
    let mut engine = good.encode();
    engine[9] = Role::Engine.number();
    fails_with(&mut world, &engine, Code::BadFrame);
}

#[test]
fn in_json_too_the_first_line_is_a_hello_and_the_only_one() {
    let mut world = world();
    let wrong = [
        "{\"request\":\"1\",\"ask\":\"ping\"}\n",
        "{\"hello\":{\"version\":2,\"role\":\"bank\",\"channel\":8}}\n",
        "{\"hello\":{\"environment\":\"production\",\"role\":\"bank\",\"channel\":8}}\n",
        "{\"hello\":{\"role\":\"engine\",\"channel\":8}}\n",
        "{ no json\n",
    ];
    let names = ["no-hello", "wrong-version", "wrong-environment", "no-hello", "no-hello"];
    for (line, name) in wrong.iter().zip(names) {
        let (said, closing) = hears(&mut world, line.as_bytes());
        let last = String::from_utf8(said).expect("text").lines().last().map(str::to_owned);
        let told: serde_json::Value =
            serde_json::from_str(&last.expect("a line")).expect("a line of JSON");
        assert_eq!((told["error"]["name"].as_str(), closing), (Some(name), true), "{line}");
    }
    let id = world.connect();
    let good = b"{\"hello\":{\"role\":\"bank\",\"channel\":8}}\n";
    world.send(id, good);
    assert!(!world.is_closing(id));
    world.send(id, good);
    assert!(world.is_closing(id), "a second hello");
}

#[test]
fn without_a_hello_nothing_is_decided() {
    let mut world = world();
    let records = world.house.kept.len();
    let frame = commands_frame(1, 0, &[reserve(quota(1, 0), 10, 1)]);
    let (said, closing) = hears(&mut world, &frame);
    assert!(closing && String::from_utf8(said).expect("a line").contains("bad-frame"));
    world.settle();
    assert_eq!(world.house.kept.len(), records);
}

#[test]
fn a_hello_and_frames_may_come_in_one_piece() {
    let mut world = world();
    let id = world.connect();
    let mut bytes = hello(Role::Maker, DESK).encode().to_vec();
    bytes.extend(commands_frame(7, 0, &[reserve(quota(1, 0), 10, 1)]));
    bytes.extend(commands_frame(8, 0, &[reserve(quota(1, 0), 11, 1)]));
    put_bare(&mut bytes, FrameKind::Ping, 9);
    bytes.extend_from_slice(&[0x40, 0, 0]);
    world.send(id, &bytes);
    assert_eq!((world.unread(id), world.network.waits(id)), (3, Some(Waits::ForRest)));
    world.settle();
    let heard = frames(&world.said(id));
    let kinds: Vec<_> = heard.iter().map(|spoken| (spoken.kind(), spoken.request())).collect();
    assert_eq!(kinds[..2], [(FrameKind::Welcome, 0), (FrameKind::Pong, 9)], "a ping overtakes");
    assert_eq!(kinds[2..], [(FrameKind::Results, 7), (FrameKind::Results, 8)]);
}

#[test]
fn a_frame_split_at_any_byte_is_the_same_frame() {
    let mut world = world();
    let id = world.greeted(Role::Maker, DESK);
    let length = commands_frame(1, 0, &[reserve(quota(1, 0), 1, 1)]).len();
    for cut in 0..=length {
        let payment = 100 + cut as u128;
        let frame = commands_frame(cut as u64 + 1, 0, &[reserve(quota(1, 0), payment, 1)]);
        world.send(id, &frame[..cut]);
        let waits = match cut {
            0 => Waits::ForFrame,
            _ if cut == length => Waits::ForFrame,
            _ => Waits::ForRest,
        };
        assert_eq!(world.network.waits(id), Some(waits), "cut at {cut}");
        assert_eq!(world.network.has_gathered(), cut == length, "cut at {cut}");
        world.send(id, &frame[cut..]);
        world.settle();
        let heard = frames(&world.said(id));
        assert_eq!((heard.len(), heard[0].request()), (1, cut as u64 + 1));
        let result = heard[0].results()[0];
        assert_eq!((result.code, result.repeat), (Code::Accepted, false), "cut at {cut}");
    }
}

#[test]
fn what_is_no_frame_ends_the_connection_and_decides_nothing() {
    let good = commands_frame(5, 0, &[reserve(quota(1, 0), 10, 1)]);
    let with = |at: usize, bytes: &[u8]| {
        let mut frame = good.clone();
        frame[at..at + bytes.len()].copy_from_slice(bytes);
        frame
    };
    let mut pong = Vec::new();
    put_bare(&mut pong, FrameKind::Pong, 1);
    let mut no_body = Vec::new();
    put_bare(&mut no_body, FrameKind::Commands, 1);
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("a length of nothing", with(0, &0_u32.to_le_bytes())),
        ("a length below a header", with(0, &31_u32.to_le_bytes())),
        ("a length beyond a frame", (FRAME_BYTES_MAX as u32 + 1).to_le_bytes().to_vec()),
        ("the longest length", u32::MAX.to_le_bytes().to_vec()),
        ("an unknown kind", with(4, &77_u16.to_le_bytes())),
        ("flags", with(6, &[1])),
        ("a budget of two days", with(16, &(2 * 86_400_000_u64).to_le_bytes())),
        ("no commands", with(24, &0_u32.to_le_bytes())),
        ("more commands than there are", with(24, &2_u32.to_le_bytes())),
        ("more commands than a frame may have", with(24, &8_191_u32.to_le_bytes())),
        ("a tail that is not there", with(FRAME_HEADER_BYTES + 4, &9_u32.to_le_bytes())),
        ("a server's frame", pong),
        ("commands without a body", no_body),
    ];
    for (what, bytes) in cases {
        let mut world = world();
        let records = world.house.kept.len();
        let id = world.greeted(Role::Maker, DESK);
        world.send(id, &bytes);
        assert!(world.is_closing(id), "{what}");
        assert_eq!(world.network.waits(id), Some(Waits::ForClose));
        let heard = frames(&world.said(id));
        assert_eq!((heard.len(), heard[0].request()), (1, 0), "{what}");
        assert_eq!(heard[0].error().code, Code::BadFrame, "{what}");
        // Nothing behind it is read.
        world.send(id, &good);
        world.settle();
        assert!(world.said(id).is_empty() && world.unread(id) == 0, "{what}");
        assert_eq!(world.house.kept.len(), records, "{what}");
    }
}

#[test]
fn what_was_admitted_before_a_bad_frame_is_decided_and_not_told() {
    let mut world = world();
    let id = world.greeted(Role::Maker, DESK);
    world.send(id, &commands_frame(5, 0, &[reserve(quota(1, 0), 10, 1)]));
    world.send(id, &[0; HELLO_BYTES]);
    world.settle();
    let heard = frames(&world.said(id));
    assert_eq!(heard.last().map(|spoken| spoken.error().code), Some(Code::BadFrame));
    assert_eq!(heard.len(), 1, "the error is the last word");
    let other: SessionId = world.greeted(Role::Maker, ChannelId(70));
    let result = world.ask(other, &[reserve(quota(1, 0), 10, 1)]).results()[0];
    assert!(result.repeat && result.code == Code::Accepted, "its outcome can be asked for");
}
