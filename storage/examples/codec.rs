//! Measures how long a reservation takes to its record and back:
//! `cargo run --release -p storage --example codec`.

#![allow(clippy::disallowed_methods, reason = "a measuring tool reads the clock")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use domain::codes::{BusinessKind, Method, Role};
use domain::command::{By, Reserve};
use domain::event::{Event, EventBody};
use domain::ids::{
    ChannelId, Class, ContractId, Day, DivisionIndex, Fingerprint, FiscalYear, PaymentId, PersonId,
    QuotaId,
};
use domain::money::Fen;
use domain::particulars::Particulars;
use storage::event_record::{decode, write};
use storage::position::Position;
use storage::record::{RecordWriter, Records};

const RECORDS_PER_RUN: u32 = 4000;
const RUNS: u32 = 500;

fn main() {
    let quota = QuotaId::new(DivisionIndex(3), FiscalYear::from_offset(26), 77);
    let mut event = Event {
        by: By { person: PersonId(9), role: Role::Maker, channel: ChannelId(1) },
        body: EventBody::Reserved {
            version: 1,
            fingerprint: Fingerprint(7),
            rule_version: 0,
            path: domain::codes::Path::Treasury,
            posts: domain::codes::Posts::NONE,
            leaves_rows: false,
            command: Reserve {
                payment: PaymentId(1),
                quota,
                amount_fen: Fen::new(12_345),
                economic: Class(*b"30201\0\0\0"),
                method: Method::Centralized,
                kind: BusinessKind::Single,
                day: Day::default(),
                contract: ContractId::NONE,
                plan: ContractId::NONE,
                deadline_ms: 0,
                one_act: false,
                particulars: Particulars::NONE,
            },
        },
    };
    let mut run = RecordWriter::with_capacity(1 << 20);
    let mut encoded = Vec::new();
    for _ in 0..RUNS {
        run.clear();
        let begin = Instant::now();
        for number in 0..RECORDS_PER_RUN {
            if let EventBody::Reserved { version, .. } = &mut event.body {
                *version = number;
            }
            write(black_box(&event), &mut run);
        }
        encoded.push(begin.elapsed());
        black_box(run.run());
    }
    let mut ids = Vec::new();
    let mut decoded = Vec::new();
    for _ in 0..RUNS {
        let begin = Instant::now();
        let slice = run.run();
        let read = Records::read(slice.bytes, Position::START, slice.records);
        for record in read.expect("whole records") {
            black_box(decode(&record, &mut ids).expect("an event"));
        }
        decoded.push(begin.elapsed());
    }
    let median = |times: &mut Vec<Duration>| {
        times.sort_unstable();
        times[times.len() / 2].as_nanos() as f64 / f64::from(RECORDS_PER_RUN)
    };
    println!(
        "a reservation of {} bytes: {:.1} ns to its record, {:.1} ns back",
        run.bytes() / RECORDS_PER_RUN as usize,
        median(&mut encoded),
        median(&mut decoded)
    );
}
