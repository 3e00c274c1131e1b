//! What one reservation passes through, piece by piece: `cargo bench -p benches`.

use std::hint::black_box;

use actors::shard::Shard;
use actors::turn::{Landing, Output, Part, Turn};
use benches::{KEY, division, division_under_control, full_reservation, reservation};
use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use domain::apply::apply;
use domain::codes::Role;
use domain::contents::fingerprint;
use domain::decide::{Verdict, receive};
use domain::event::Event;
use domain::id_index::IdIndex;
use domain::ids::ChannelId;
use protocol::{Flags, decode_command, encode_command};
use storage::event_record;
use storage::group::{GroupBuffer, SealFields};
use storage::position::{GroupHash, Place, Position};
use storage::record::{RecordWriter, Records};

/// Reservations in one measured piece.
const BATCH: u64 = 4096;

fn main() {
    divan::main();
}

#[divan::bench]
fn decode_128_bytes(bencher: Bencher<'_, '_>) {
    let rows: Vec<[u8; 128]> = (0..BATCH)
        .map(|number| {
            let (mut row, mut tails) = ([0; 128], Vec::new());
            encode_command(&reservation(number), Flags::default(), &mut row, &mut tails)
                .expect("a reservation has a wire form");
            row
        })
        .collect();
    bencher.counter(ItemsCount::new(BATCH)).bench_local(|| {
        for row in &rows {
            let _ = black_box(decode_command(row, &[], Role::Maker, ChannelId(1)));
        }
    });
}

#[divan::bench]
fn fingerprint_contents(bencher: Bencher<'_, '_>) {
    let commands: Vec<_> = (0..BATCH).map(reservation).collect();
    bencher.counter(ItemsCount::new(BATCH)).bench_local(|| {
        for command in &commands {
            black_box(fingerprint(KEY, command));
        }
    });
}

#[divan::bench]
fn decide_and_apply(bencher: Bencher<'_, '_>) {
    let mut division = division();
    let mut number = 0;
    bencher.counter(ItemsCount::new(BATCH)).bench_local(|| {
        for _ in 0..BATCH {
            number += 1;
            let command = reservation(number);
            match receive(&division, &command, fingerprint(KEY, &command), 0) {
                Verdict::Event(event) => drop(black_box(apply(&mut division, &event, 0))),
                Verdict::Answer(answer) => panic!("{}", answer.code),
            }
        }
    });
}

#[divan::bench(args = [100_000, 2_000_000])]
fn index_insert_beyond(bencher: Bencher<'_, '_>, ids: u32) {
    let mut index = IdIndex::new(1);
    let id = |number: u32| u128::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060);
    for number in 0..ids {
        index.insert(index.probe(id(number)), number);
    }
    let mut number = ids;
    bencher.counter(ItemsCount::new(BATCH)).bench_local(|| {
        for _ in 0..BATCH {
            number += 1;
            let probe = index.probe(id(number));
            assert_eq!(index.find(probe, |at| at == number), None);
            index.insert(probe, number);
        }
    });
}

/// A whole turn of a shard, its run landed at once: everything but sockets and disk.
#[divan::bench]
fn shard_turn(bencher: Bencher<'_, '_>) {
    turns(bencher, division(), reservation);
}

/// The same in a division under control, with payee and invoice: without rules, and with all that come
/// with the program.
#[divan::bench(args = [false, true])]
fn shard_turn_with_rules(bencher: Bencher<'_, '_>, with_rules: bool) {
    turns(bencher, division_under_control(with_rules), full_reservation);
}

fn turns(
    bencher: Bencher<'_, '_>,
    division: domain::Division,
    reservation: fn(u64) -> domain::Command<'static>,
) {
    let mut shard = Shard::new(0, KEY, vec![division]);
    let (mut number, mut sequence) = (0, 1);
    let mut outputs = Vec::new();
    bencher.counter(ItemsCount::new(BATCH)).bench_local(|| {
        let mut turn = Turn::new();
        let (role, channel, deadline_ms) = (Role::Maker, ChannelId(1), 0);
        turn.parts.push(Part { ticket: 0, role, channel, deadline_ms, count: BATCH as u32 });
        for place in 0..BATCH {
            number += 1;
            let mut row = [0; 128];
            encode_command(&reservation(number), Flags::default(), &mut row, &mut turn.tails)
                .expect("a reservation has a wire form");
            turn.rows.push(row);
            turn.places.push(place as u16);
        }
        shard.turn(turn);
        loop {
            shard.take_outputs(&mut outputs);
            if outputs.is_empty() {
                break;
            }
            for output in outputs.drain(..) {
                if let Output::Run(run) = output {
                    let count = run.records.records();
                    let first = protocol::Position { epoch: 1, sequence };
                    sequence += u64::from(count);
                    let first_ordinal = run.first_ordinal;
                    shard.landed(Landing { shard: 0, first_ordinal, count, first }, run.records);
                }
            }
        }
    });
}

/// Decision and state alone, in the same two divisions.
#[divan::bench(args = [false, true])]
fn decide_and_apply_with_rules(bencher: Bencher<'_, '_>, with_rules: bool) {
    let mut division = division_under_control(with_rules);
    let mut number = 0;
    bencher.counter(ItemsCount::new(BATCH)).bench_local(|| {
        for _ in 0..BATCH {
            number += 1;
            let command = full_reservation(number);
            match receive(&division, &command, fingerprint(KEY, &command), 0) {
                Verdict::Event(event) => {
                    if let domain::event::EventBody::Refused { refusal, .. } = &event.body {
                        panic!("{refusal:?}");
                    }
                    apply(&mut division, &event, 0);
                    let next = domain::decide::consequence(&division, &command, &event);
                    assert!(next.is_none(), "a payment that keeps all rules");
                }
                Verdict::Answer(answer) => panic!("{}", answer.code),
            }
        }
    });
}

fn events() -> Vec<Event<'static>> {
    let division = division();
    (0..BATCH)
        .map(|number| {
            let command = reservation(number);
            match receive(&division, &command, fingerprint(KEY, &command), 0) {
                Verdict::Event(event) => event,
                Verdict::Answer(answer) => panic!("{}", answer.code),
            }
        })
        .collect()
}

#[divan::bench]
fn encode_records(bencher: Bencher<'_, '_>) {
    let events = events();
    let mut run = RecordWriter::with_capacity(1 << 20);
    bencher.counter(ItemsCount::new(BATCH)).bench_local(|| {
        run.clear();
        for event in &events {
            event_record::write(event, &mut run);
        }
        black_box(run.bytes())
    });
}

#[divan::bench]
fn decode_records(bencher: Bencher<'_, '_>) {
    let mut run = RecordWriter::with_capacity(1 << 20);
    for event in &events() {
        event_record::write(event, &mut run);
    }
    let mut ids = Vec::new();
    bencher.counter(ItemsCount::new(BATCH)).bench_local(|| {
        let records = Records::read(run.run().bytes, Position::START, run.records());
        for record in records.expect("whole records") {
            ids.clear();
            let _ = black_box(event_record::decode(&record, &mut ids));
        }
    });
}

#[divan::bench]
fn seal_group(bencher: Bencher<'_, '_>) {
    let mut run = RecordWriter::with_capacity(1 << 20);
    for event in &events() {
        event_record::write(event, &mut run);
    }
    let mut group = GroupBuffer::new(2 << 20);
    let fields = SealFields {
        environment: storage::dataset::Environment::Test,
        dataset_id: 1,
        place: Place { segment: 1, offset: 4096 },
        first: Position { epoch: 1, sequence: 1 },
        time_ms: 1,
        durable_before: Position::START,
        previous: GroupHash([0; 32]),
    };
    bencher.counter(BytesCount::new(run.bytes() as u64)).bench_local(|| {
        group.begin();
        assert!(group.push_run(run.run()));
        black_box(group.seal(&fields).hash)
    });
}
