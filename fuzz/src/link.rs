//! The link between stores: hellos, frames, and a whole link that hears them.

use exchange::limits::{LINK_FRAME_BYTES_MAX, LINK_HELLO_BYTES};
use exchange::link::frame::{Frame, put_beat, put_bye, put_message, split};
use exchange::link::hello::{Environment, Hello};
use exchange::link::{Action, Event, Line, Link, Ours, Reason, Settings};

/// Reads a hello where there is room for one, frames to the end, and gives all of it to a link: as it is, and
/// behind a hello that is taken.
pub fn read(data: &[u8]) {
    if let Some(bytes) = data.first_chunk::<LINK_HELLO_BYTES>()
        && let Ok(hello) = Hello::parse(bytes)
    {
        assert_eq!(&hello.encode(), bytes, "a hello that was read is written as it was");
    }
    let mut rest = data;
    while let Ok(Some((frame, length))) = split(rest) {
        assert!(length <= rest.len() && length <= LINK_FRAME_BYTES_MAX && length > 0);
        let mut again = Vec::new();
        match frame {
            Frame::Message { sequence, bytes } => put_message(&mut again, sequence, bytes),
            Frame::Beat { durable, heard } => put_beat(&mut again, durable, heard),
            Frame::Bye { reason: Some(reason), words } => put_bye(&mut again, reason, words),
            Frame::Bye { reason: None, .. } => again.extend(&rest[..length]),
        }
        assert_eq!(again, rest[..length], "a frame that was read is written as it was");
        rest = &rest[length..];
    }
    heard(data, false);
    heard(data, true);
}

fn ours() -> Ours {
    Ours {
        party: "finance:370000000".parse().expect("a party"),
        peer: "bank:102".parse().expect("a party"),
        environment: Environment { id: 7, production: false },
        epoch: 3,
        last: 5,
        durable: 2,
        dials: false,
        backup: true,
    }
}

fn theirs() -> Hello {
    Hello {
        version_min: 1,
        version_max: 1,
        environment: ours().environment,
        line: Line::Primary,
        window_bytes: 1 << 20,
        silence_ms: 500,
        epoch: 9,
        last: 40,
        durable: 4,
        from: ours().peer,
        to: ours().party,
    }
}

/// A link hears the bytes in two pieces: it takes messages in order, or ends the line.
fn heard(data: &[u8], greeted: bool) {
    let mut link = Link::new(ours(), Settings::default(), 0).expect("settings that can be");
    link.connected(Line::Primary, 1, 0);
    if greeted {
        link.received(1, &theirs().encode(), 1);
    }
    let (first, second) = data.split_at(data.len() / 2);
    link.received(1, first, 2);
    link.received(1, second, 3);
    let (mut next, mut ended) = (ours().durable, false);
    for event in link.events() {
        match event {
            Event::Message { sequence, .. } => {
                next += 1;
                assert_eq!(sequence, next, "messages come in order");
            }
            Event::Acknowledged { sequence } => assert!(sequence <= ours().last),
            Event::LineDown { .. } => ended = true,
            _ => {}
        }
    }
    let closes = |action: &Action| matches!(action, Action::Close { connection: 1, .. });
    assert_eq!(link.actions().iter().any(closes), ended, "a line that ended is closed");
    link.durable(next);
}

/// A hello, frames of each kind behind it, and some alone.
pub fn seeds() -> Vec<Vec<u8>> {
    let mut message = Vec::new();
    put_message(&mut message, 3, b"a voucher");
    let mut beat = Vec::new();
    put_beat(&mut beat, 5, 0);
    let mut bye = Vec::new();
    put_bye(&mut bye, Reason::Leaving, "until tomorrow");
    let all = [theirs().encode().as_slice(), &message, &beat, &bye].concat();
    vec![theirs().encode().to_vec(), message, beat, bye, all]
}
