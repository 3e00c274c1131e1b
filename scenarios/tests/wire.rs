//! The bytes written here, read by the protocol: every command must be what was meant, and its
//! unused bytes must be what the protocol's table says.

use std::collections::BTreeSet;

use protocol::layout::{Tail, layout};
use scenarios::{Plan, Spec, Step, Work};

#[test]
fn the_protocol_reads_every_command() {
    let spec = Spec::named("shandong-2022").unwrap();
    let work = Work::new(Plan::new(spec, "0.002".parse().unwrap(), 7).unwrap(), 1);
    let mut kinds = BTreeSet::new();
    let mut unreadable = 0;
    let made = work.lanes.into_iter().flatten();
    for step in work.opening.into_iter().map(Step::Wave).chain(made) {
        let Step::Wave(wave) = step else { continue };
        for op in wave.ops() {
            let number = u16::from_le_bytes([op.command[0], op.command[1]]);
            let table = layout(number).unwrap();
            kinds.insert(table.slug);
            assert_eq!(op.tail.is_empty(), matches!(table.tail, Tail::None) || op.tail.is_empty());
            let mut used = [false; protocol::limits::COMMAND_BYTES];
            used[..16].fill(true);
            for field in table.fields {
                used[field.offset..field.offset + field.form.bytes()].fill(true);
            }
            for (at, &byte) in op.command.iter().enumerate() {
                assert!(used[at] || byte == 0, "{}: byte {at} is {byte}", table.slug);
            }
            let flags = protocol::Flags::of(op.command).unwrap();
            assert!(!flags.check && flags.linked == op.linked);
            let role = domain::Role::from_number(wave.role.number()).unwrap();
            let channel = domain::ids::ChannelId(wave.channel());
            let decoded = protocol::decode_command(op.command, op.tail, role, channel);
            // Codes that no table has cannot even be read.
            let Ok(command) = decoded else {
                assert_eq!(Some(op.expected.code), decoded.err().map(|code| code.number()));
                unreadable += 1;
                continue;
            };
            assert_eq!(command.slug(), table.slug);
            // Written again by the protocol, the bytes are the same.
            let mut again = [0; protocol::limits::COMMAND_BYTES];
            let mut tail = Vec::new();
            protocol::encode_command(&command, flags, &mut again, &mut tail).unwrap();
            assert_eq!((&again, tail.as_slice()), (op.command, op.tail));
        }
    }
    assert!(unreadable > 0, "codes that no table has are never sent");
    let never = ["revive", "carry-out", "drop-batch", "correct"];
    let unused: Vec<&str> = protocol::layout::LAYOUTS
        .iter()
        .map(|table| table.slug)
        .filter(|slug| !kinds.contains(slug) && !never.contains(slug))
        .collect();
    assert!(unused.is_empty(), "never sent: {unused:?}");
}
