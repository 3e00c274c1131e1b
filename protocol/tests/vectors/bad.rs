//! Bytes that must not be taken.

use domain::Role;
use domain::ids::ChannelId;
use protocol::limits::FRAME_BYTES_MAX;
use protocol::{Flags, FrameKind, Header, Hello};
use serde_json::{Value, json};

use super::{hex, row_of};

pub(super) fn bad() -> Value {
    let mut vectors = Vec::new();
    let mut add = |name: &str, what: &str, bytes: &[u8], tail: &[u8], expect: Value| {
        vectors.push(json!({
            "name": name, "what": what, "hex": hex(bytes), "tail": hex(tail), "expect": expect,
        }));
    };
    let hello = Hello::new(Role::Maker, ChannelId(1), "desk").encode();
    let changed = |at: usize, to: u8| {
        let mut bytes = hello;
        bytes[at] = to;
        bytes
    };
    let bad_frame = json!("bad-frame");
    add("wrong magic", "hello", &changed(3, b'X'), &[], bad_frame.clone());
    add("unknown role", "hello", &changed(9, 0), &[], bad_frame.clone());
    add("the engine's role", "hello", &changed(9, 7), &[], bad_frame.clone());
    add("unknown environment", "hello", &changed(8, 3), &[], bad_frame.clone());
    add("nonzero flags", "hello", &changed(12, 1), &[], bad_frame.clone());
    add("name not UTF-8", "hello", &changed(24, 0xff), &[], bad_frame.clone());
    add("bytes behind the name", "hello", &changed(63, b'x'), &[], bad_frame.clone());

    let frame = |body: &[u8], count: u32| {
        let mut out = Vec::new();
        let length = 32 + body.len() as u32;
        let header =
            Header { length, kind: FrameKind::Commands, request: 7, deadline_ms: 0, count };
        out.extend_from_slice(&header.encode());
        out.extend_from_slice(body);
        out
    };
    let (row, tail) = row_of("hold", Flags::default());
    let body = [&row[..], &tail].concat();
    let good = frame(&body, 1);
    let changed = |at: usize, to: &[u8]| {
        let mut bytes = good.clone();
        bytes[at..at + to.len()].copy_from_slice(to);
        bytes
    };
    for cut in [1, 3, 4, 31, 32, 159, good.len() - 1] {
        let name = format!("cut after {cut} bytes");
        add(&name, "frame", &good[..cut], &[], json!("incomplete"));
    }
    let too_long = (FRAME_BYTES_MAX as u32 + 1).to_le_bytes();
    add("length 0", "frame", &changed(0, &[0; 4]), &[], bad_frame.clone());
    add("length 31", "frame", &changed(0, &[31, 0, 0, 0]), &[], bad_frame.clone());
    add("length over 1 MiB", "frame", &changed(0, &too_long), &[], bad_frame.clone());
    add("length 2^32 - 1", "frame", &changed(0, &[0xff; 4]), &[], bad_frame.clone());
    add("unknown frame kind", "frame", &changed(4, &[98]), &[], bad_frame.clone());
    add("nonzero frame flags", "frame", &changed(6, &[1]), &[], bad_frame.clone());
    add("nonzero last field", "frame", &changed(28, &[1]), &[], bad_frame.clone());
    add(
        "a budget of two days",
        "frame",
        &changed(16, &172_800_000_u32.to_le_bytes()),
        &[],
        bad_frame.clone(),
    );
    add("count 0", "frame", &changed(24, &[0]), &[], bad_frame.clone());
    add("count 2, body of one", "frame", &changed(24, &[2]), &[], bad_frame.clone());
    add("count 8,191", "frame", &changed(24, &8_191_u32.to_le_bytes()), &[], bad_frame.clone());
    let longer = (tail.len() as u32 + 1).to_le_bytes();
    add("tail beyond the frame", "frame", &changed(36, &longer), &[], bad_frame.clone());
    let shorter = (tail.len() as u32 - 1).to_le_bytes();
    add("bytes behind the tails", "frame", &changed(36, &shorter), &[], bad_frame.clone());
    add("tail of 2^32 - 1", "frame", &changed(36, &[0xff; 4]), &[], bad_frame.clone());
    add("nothing but a header", "frame", &frame(&[], 1), &[], bad_frame);

    let bad_field = json!("bad-field");
    let mut command = |name: &str, slug: &str, at: usize, to: &[u8], expect: &Value| {
        let (mut row, tail) = row_of(slug, Flags::default());
        row[at..at + to.len()].copy_from_slice(to);
        add(name, "command", &row, &tail, expect.clone());
    };
    command("kind 0", "reserve", 0, &[0], &bad_field);
    command("unknown command kind", "reserve", 0, &[3], &bad_field);
    command("command kind 65,535", "reserve", 0, &[0xff, 0xff], &bad_field);
    command("unknown command flag", "reserve", 2, &[4], &bad_field);
    command("a fact to check only", "clear", 2, &[1], &bad_field);
    command("nonzero unused field", "hold", 40, &[1], &bad_field);
    command("nonzero last byte", "reserve", 127, &[1], &bad_field);
    command("a rejection with an amount", "reject", 40, &[1], &bad_field);
    command("unknown method", "reserve", 102, &[2], &bad_field);
    command("a day the calendar lacks", "reserve", 88, &20_230_229_u32.to_le_bytes(), &bad_field);
    command("a year no id can name", "create", 98, &1_999_u16.to_le_bytes(), &bad_field);
    command("a flag that is 2", "create", 103, &[2], &bad_field);
    command("posts 8", "create", 102, &[8], &bad_field);
    let (row, _) = row_of("hold", Flags::default());
    add("reason not UTF-8", "command", &row, &[0xff, 0xfe], bad_field.clone());
    let (row, tail) = row_of("reserve", Flags::default());
    add("particulars cut short", "command", &row, &tail[..tail.len() - 1], bad_field.clone());
    let (row, _) = row_of("close-year", Flags::default());
    add("a tail where none is", "command", &row, b"x", bad_field);
    json!({
        "about": "Bytes that must not be taken: what they pretend to be, and the name of the code \
                  they are answered with; `incomplete` means that more is awaited.",
        "vectors": vectors,
    })
}
