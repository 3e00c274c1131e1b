//! What a round of the checkpoint costs, against how much has changed: `cargo bench -p benches --bench
//! rounds`.
//!
//! One division with as many quotas as a province, kept in sled as the server keeps it. Between the
//! rounds a part of its quotas takes one reservation each, in no order. One line of JSON a round.

use std::fs;
use std::time::Duration;

use actors::limits::{PAGES_PER_COPY, PARTS_PER_SWEEP};
use benches::{DIVISION, QUOTAS, division, reservation, take};
use domain::Division;
use domain::codes::Role;
use domain::page::Page;
use storage::checkpoint::{CheckpointStore, Checkpoints, Commit, SledCheckpoint};
use storage::dataset::{DataSet, Environment};
use storage::limits::SEGMENT_BYTES_DEFAULT;
use storage::page_record;
use storage::position::{Cursor, GroupHash, Position};

/// Reservations between two rounds, in hundredths of the quotas.
const PER_CENT: [u64; 5] = [100, 0, 1, 10, 100];

fn main() {
    let dataset = DataSet {
        id: 1,
        hash_key: [7; 16],
        environment: Environment::Test,
        segment_bytes: SEGMENT_BYTES_DEFAULT,
    };
    let dir = tempfile::tempdir().expect("a directory");
    let place = SledCheckpoint::in_data_dir(dir.path());
    let opened = place.open(&dataset, &mut [Box::new(|_| Ok(()))]).expect("a checkpoint");
    let (mut store, mut division) = (opened.store, division());
    let mut number = 0;
    for per_cent in PER_CENT {
        let reservations = QUOTAS * per_cent / 100;
        for _ in 0..reservations {
            number += 1;
            take(&mut division, Role::Maker, reservation(number).body);
        }
        let (began, core, before) = (uptime(), core_time(), store.counters());
        let pages = round(store.as_mut(), &mut division, number);
        let (took, core) = (uptime() - began, core_time() - core);
        let bytes = store.counters().bytes_written - before.bytes_written;
        println!(
            "{{\"reservations\":{reservations},\"pages\":{pages},\"bytes\":{bytes},\"ms\":{},\
             \"core_ms\":{},\"bytes_on_disk\":{}}}",
            took.as_millis(),
            core.as_millis(),
            store.bytes_on_disk().expect("a size"),
        );
    }
}

/// Takes the division through a round, to where nothing is left of what it superseded; gives the
/// pages it wrote.
fn round(store: &mut dyn CheckpointStore, division: &mut Division, included: u64) -> u64 {
    let unit = DIVISION.0;
    division.begin_round();
    store.begin(unit).expect("a round");
    let mut written = 0;
    loop {
        let mut pages: Vec<Page> = Vec::new();
        let more = !division.copy_owed(PAGES_PER_COPY, &mut pages);
        for page in &pages {
            let key = page_record::key(&page.name());
            let (value, rest_begins) = page_record::encode(page);
            let kept = match value.split_at(rest_begins) {
                (value, []) => store.put(unit, &key, value),
                (first, rest) => store.put_with_rest(unit, &key, first, rest),
            };
            kept.expect("a page is kept");
        }
        written += pages.len() as u64;
        if !more {
            break;
        }
    }
    let at = Cursor { position: Position::START, hash: GroupHash([0; 32]) };
    let commit = Commit { included, replay_from: at, replay_all_from: at, durable: at };
    store.commit(unit, &commit).expect("a commit");
    division.keep_round();
    while store.sweep(PARTS_PER_SWEEP).expect("a sweep") > 0 {}
    written
}

/// How long the system has been up, to a hundredth of a second.
fn uptime() -> Duration {
    let uptime = fs::read_to_string("/proc/uptime").expect("Linux");
    let seconds = uptime.split(' ').next().and_then(|text| text.parse::<f64>().ok());
    Duration::from_secs_f64(seconds.expect("a number of seconds"))
}

/// Time of cores that this process has used, sled's threads included.
fn core_time() -> Duration {
    let stat = fs::read_to_string("/proc/self/stat").expect("Linux");
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap_or_default().split(' ').collect();
    let ticks = |at: usize| fields[at].parse::<u64>().expect("a number of ticks");
    Duration::from_millis((ticks(11) + ticks(12)) * 10)
}
