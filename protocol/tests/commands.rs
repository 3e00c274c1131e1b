//! Commands and replies over the wire form: nothing is lost, nothing else is taken.

mod support;

use domain::codes::{MoveKind, PaymentState};
use domain::command::{Body, By, MoveIn, SettleMove};
use domain::ids::{ChannelId, Class, MoveId, PaymentId, PersonId, QuotaId};
use domain::refusal::Figure;
use domain::{Code, Command, Fen, Refusal, Role};
use proptest::prelude::*;
use protocol::command::EncodeError;
use protocol::layout::LAYOUTS;
use protocol::limits::{COMMAND_BYTES, COMMANDS_PER_FRAME_MAX};
use protocol::{
    CommandResult, Commands, CommandsBuilder, Flags, Frame, Position, Reply, ReplyBuilder, Value,
    decode_command, encode_command, routing, split_frame,
};
use support::{CHANNEL, ROLE, seed};

fn encode(command: &Command<'_>, flags: Flags) -> ([u8; COMMAND_BYTES], Vec<u8>) {
    let (mut row, mut tail) = ([0xa5; COMMAND_BYTES], Vec::new());
    encode_command(command, flags, &mut row, &mut tail).unwrap();
    (row, tail)
}

proptest! {
    #[test]
    fn every_command_survives(seed in seed(), linked: bool) {
        let command = seed.command();
        let flags = Flags { check: !seed.layout.fact, linked };
        let (row, tail) = encode(&command, flags);
        prop_assert_eq!(u16::from_le_bytes([row[0], row[1]]), seed.layout.number);
        prop_assert_eq!(Flags::of(&row), Some(flags));
        prop_assert_eq!(routing::division_of(&row), command.division());
        prop_assert_eq!(routing::is_fact(&row), command.is_fact());
        prop_assert_eq!(decode_command(&row, &tail, ROLE, CHANNEL), Ok(command));
        prop_assert_eq!(command.slug(), seed.layout.slug);
        prop_assert_eq!(command.is_fact(), seed.layout.fact);
    }

    #[test]
    fn a_byte_a_kind_does_not_use_is_refused(seed in seed(), byte in 0..COMMAND_BYTES, bits in 1_u8..) {
        let command = seed.command();
        let (mut row, tail) = encode(&command, Flags::default());
        let used = byte < 16 || seed.layout.fields.iter().any(|field| {
            (field.offset..field.offset + field.form.bytes()).contains(&byte)
        });
        prop_assume!(!used);
        row[byte] ^= bits;
        prop_assert_eq!(decode_command(&row, &tail, ROLE, CHANNEL), Err(Code::BadField));
    }

    #[test]
    fn what_decodes_encodes_to_the_same_bytes(seed in seed(), byte in 0..COMMAND_BYTES, value: u8) {
        let (mut row, tail) = encode(&seed.command(), Flags::default());
        row[byte] = value;
        // The length of the tail is the frame's to check.
        row[4..8].copy_from_slice(&(tail.len() as u32).to_le_bytes());
        if let Ok(command) = decode_command(&row, &tail, ROLE, CHANNEL) {
            let flags = Flags::of(&row).unwrap();
            prop_assert_eq!(encode(&command, flags), (row, tail.clone()));
        }
    }

    #[test]
    fn no_bytes_panic(row: [u8; 32], kind in 0_u16..100, tail in prop::collection::vec(any::<u8>(), 0..200)) {
        let mut bytes = [0; COMMAND_BYTES];
        for (index, byte) in bytes.iter_mut().enumerate() {
            *byte = row[index % 32];
        }
        bytes[..2].copy_from_slice(&kind.to_le_bytes());
        let _ = decode_command(&bytes, &tail, ROLE, CHANNEL);
        bytes[16..].fill(0);
        let _ = decode_command(&bytes, &tail, ROLE, CHANNEL);
    }

    #[test]
    fn a_frame_of_commands_survives(seeds in prop::collection::vec(seed(), 1..20)) {
        let mut builder = CommandsBuilder::new();
        for seed in &seeds {
            builder.push(&seed.command(), Flags::default()).unwrap();
        }
        let mut bytes = Vec::new();
        builder.finish_into(&mut bytes, 5, 40);
        prop_assert_eq!(builder.count(), 0);
        let frame = split_frame(&bytes).unwrap().unwrap();
        let commands = Commands::parse(&frame).unwrap();
        prop_assert_eq!(commands.count(), seeds.len());
        for ((row, tail), seed) in commands.iter().zip(&seeds) {
            prop_assert_eq!(decode_command(row, tail, ROLE, CHANNEL), Ok(seed.command()));
        }
        for cut in [1, 100, bytes.len() - 33] {
            let short = Frame { body: &frame.body[..frame.body.len().saturating_sub(cut)], ..frame };
            prop_assert!(Commands::parse(&short).is_err());
        }
    }

    #[test]
    fn any_bytes_are_a_frame_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        if let Ok(Some(frame)) = split_frame(&bytes) {
            let _ = Commands::parse(&frame).map(|commands| commands.iter().count());
            let _ = Reply::parse(&frame).map(|reply| reply.iter().filter(Result::is_ok).count());
        }
    }

    #[test]
    fn any_result_survives(
        code in 0..Code::ALL.len(), flags: [bool; 2], state in 0_u8..9, value in -9_i64..9, sequence: u64,
        figures in prop::collection::vec((0..Code::ALL.len(), any::<i64>(), any::<i64>()), 0..4),
    ) {
        let code = Code::ALL[code];
        let value = match value {
            -1 => Value::None,
            fen if fen % 2 == 0 => Value::Available(Fen::new(fen)),
            id => Value::Created(QuotaId(id as u64)),
        };
        let [repeat, checked] = flags;
        let state = PaymentState::from_number(state);
        let result = CommandResult { code, repeat, checked, state, value, sequence };
        let mut refusal = Refusal::new(code);
        for (limit, requested, left) in figures {
            let limit = Code::ALL[limit];
            refusal.add(Figure { limit, requested_fen: Fen::new(requested), left_fen: Fen::new(left) });
        }
        let mut reply = ReplyBuilder::new(1, 2);
        reply.set_refused(1, result, &refusal);
        let mut bytes = Vec::new();
        reply.finish_into(&mut bytes, Position { epoch: 1, sequence });
        let frame = split_frame(&bytes).unwrap().unwrap();
        let (found, detail) = Reply::parse(&frame).unwrap().get(1).unwrap();
        prop_assert_eq!(found, result);
        prop_assert_eq!(detail.unwrap_or(Refusal::new(code)), refusal);
    }
}

#[test]
fn the_engines_own_commands_have_no_wire_form() {
    let by = By { person: PersonId(1), role: Role::Engine, channel: ChannelId(0) };
    let (id, from, to) = (MoveId(1), QuotaId(2), QuotaId(3));
    let (kind, amount_fen, fund) = (MoveKind::Transfer, Fen::new(1), Class::ANY);
    let bodies = [
        Body::MoveIn(MoveIn { kind, id, from, to, amount_fen, fund, payment: PaymentId::NONE }),
        Body::SettleMove(SettleMove { id, from, landed: true }),
    ];
    for body in bodies {
        let command = Command { by, body };
        let found =
            encode_command(&command, Flags::default(), &mut [0; COMMAND_BYTES], &mut Vec::new());
        assert_eq!(found, Err(EncodeError::NoWireForm(command.slug())));
        assert!(LAYOUTS.iter().all(|layout| layout.slug != command.slug()));
    }
}

#[test]
fn a_fact_is_never_only_checked() {
    let mut row = [0; COMMAND_BYTES];
    row[..4].copy_from_slice(&[33, 0, 1, 0]);
    row[88..92].copy_from_slice(&20_220_301_u32.to_le_bytes());
    assert_eq!(decode_command(&row, &[], ROLE, CHANNEL), Err(Code::BadField));
    row[2] = 0;
    assert!(decode_command(&row, &[], ROLE, CHANNEL).is_ok());
}

#[test]
fn a_full_frame_takes_8190_and_says_so() {
    let mut builder = CommandsBuilder::new();
    let row = [[0; COMMAND_BYTES]];
    for _ in 0..COMMANDS_PER_FRAME_MAX {
        builder.push_encoded(&row, &[]).unwrap();
    }
    assert!(builder.push_encoded(&row, &[]).is_err());
    let mut bytes = Vec::new();
    builder.finish_into(&mut bytes, 1, 0);
    assert_eq!(bytes.len(), 32 + 8_190 * 128);
    let frame = split_frame(&bytes).unwrap().unwrap();
    assert_eq!(Commands::parse(&frame).unwrap().count(), COMMANDS_PER_FRAME_MAX);
}
