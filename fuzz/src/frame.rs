//! Frames, and whatever a frame can hold: a hello, commands, questions, replies.

use domain::Role;
use domain::ids::ChannelId;
use protocol::directory::{
    AskReport, History, ListPayments, ListRows, ReportPage, RowPage, StateAt,
};
use protocol::flags::Flags;
use protocol::limits::{COMMAND_BYTES, FRAME_BYTES_MAX, HELLO_BYTES};
use protocol::lookup::{LookUp, parse_answers, parse_look_ups};
use protocol::message::{parse_metrics, parse_pong};
use protocol::{
    Commands, ErrorMessage, Events, Frame, FrameKind, Health, Hello, Reply, Subscribe, Welcome,
    decode_command, encode_command, split_frame,
};

/// Reads a hello where there is room for one, and frames to the end.
pub fn read(data: &[u8]) {
    if let Some(bytes) = data.first_chunk::<HELLO_BYTES>()
        && let Ok(hello) = Hello::parse(bytes)
    {
        assert_eq!(&hello.encode(), bytes, "a hello that was read is written as it was");
    }
    let mut rest = data;
    while let Ok(Some(frame)) = split_frame(rest) {
        let length = frame.header.length as usize;
        assert!(length <= rest.len() && length <= FRAME_BYTES_MAX && length > 0);
        of_any_kind(&frame);
        rest = &rest[length..];
    }
}

fn of_any_kind(frame: &Frame<'_>) {
    match frame.header.kind {
        FrameKind::Commands => commands(frame),
        FrameKind::LookUps => {
            for row in parse_look_ups(frame).into_iter().flatten() {
                if let Ok(look_up) = LookUp::decode(row) {
                    assert_eq!(LookUp::decode(&look_up.encode()), Ok(look_up));
                }
            }
        }
        _ => {}
    }
    // A peer may send any kind to anybody: no reader minds another's frame.
    if let Ok(reply) = Reply::parse(frame) {
        reply.iter().for_each(drop);
    }
    if let Ok(events) = Events::parse(frame) {
        events.iter().for_each(drop);
    }
    let _ = parse_answers(frame);
    let _ = Welcome::parse(frame);
    let _ = ErrorMessage::parse(frame);
    let _ = Health::parse(frame);
    let _ = Subscribe::parse(frame);
    let _ = ListPayments::parse(frame);
    let _ = History::parse(frame);
    let _ = StateAt::parse(frame);
    let _ = AskReport::parse(frame);
    let _ = ReportPage::parse(frame);
    let _ = ListRows::parse(frame);
    let _ = RowPage::parse(frame);
    let _ = parse_metrics(frame);
    let _ = parse_pong(frame);
}

fn commands(frame: &Frame<'_>) {
    let Ok(commands) = Commands::parse(frame) else { return };
    for (row, tail) in commands.iter() {
        let _ = protocol::routing::kind_of(row);
        let _ = protocol::routing::division_of(row);
        let _ = protocol::routing::is_fact(row);
        let _ = protocol::routing::reservation(row);
        let Ok(command) = decode_command(row, tail, Role::Maker, ChannelId(7)) else { continue };
        let flags = Flags::of(row).expect("flags of a command that was read");
        let (mut again, mut tails) = ([0; COMMAND_BYTES], Vec::new());
        encode_command(&command, flags, &mut again, &mut tails).expect("what came can be sent");
        assert_eq!((&again, tails.as_slice()), (row, tail), "it is written as it was");
    }
}

/// Every golden vector that is bytes, the bad ones too.
pub fn seeds() -> Vec<Vec<u8>> {
    let files = [
        (include_str!("../../protocol/vectors/hellos.json"), "hello"),
        (include_str!("../../protocol/vectors/requests.json"), "frame"),
        (include_str!("../../protocol/vectors/replies.json"), "frame"),
        (include_str!("../../protocol/vectors/directory.json"), "frame"),
        (include_str!("../../protocol/vectors/bad.json"), "hex"),
    ];
    let of = |(file, name)| super::vectors(file, name);
    let mut seeds: Vec<_> =
        files.into_iter().flat_map(of).map(|hex| super::from_hex(&hex)).collect();
    // Each command as a frame of its own.
    let commands = include_str!("../../protocol/vectors/commands.json");
    let rows = super::each(commands, "row").zip(super::each(commands, "tail"));
    seeds.extend(rows.map(|(row, tail)| {
        let (row, tail) = (super::from_hex(&row), super::from_hex(&tail));
        let mut frame = Vec::new();
        let body = [row, tail].concat();
        protocol::frame::put_frame(&mut frame, FrameKind::Commands, 1, 1, &body);
        frame
    }));
    seeds
}
