//! Goal: a reply of a large division takes effect whole or not at all, in one document, whatever the
//! real server is killed at.
//! Method: a server is killed while it makes the quotas and while it stages what they get; after each
//! death what is durable is folded here. Then it is left alone, and `treasury verify` looks at all.

use std::net::SocketAddr;
use std::path::Path;
use std::thread;

use domain::codes::Role;
use domain::laws::LAWS;
use domain::office::table::{Row, Table};
use domain::office::tables::document::DocumentState;

use super::harness::desk::Desk;
use super::harness::files;
use super::harness::orders::YEAR;
use super::harness::server::{Options, sound};
use super::harness::{Chance, wait_for};
use super::papers::{document, folded, founded_of};
use super::standing::Reader;
use super::{LOOKS_MAX, UPPER, give, unknown};

/// Rows of the reply: each of them an act, more than 768 KiB of them.
const ROWS: usize = 20_000;

/// What each of them is replied with, in fen.
const EACH: i64 = 10_000;

/// Times the server is killed.
const KILLS: u64 = 4;

/// What of the reply is durable.
#[derive(Debug, PartialEq)]
struct Durable {
    quotas: usize,
    /// Acts in a batch that is open.
    staged: usize,
    /// Quotas that have got anything, and all of it in fen.
    issued: (usize, i64),
}

fn durable(data: &Path) -> Durable {
    let divisions = folded(data);
    let upper = divisions.iter().find(|division| division.index == UPPER).expect("a division");
    let book = upper.year(YEAR).expect("its year");
    let issued = book.quotas().map(|(_, cell, _)| cell.buckets.issued).filter(|&fen| fen > 0);
    Durable {
        quotas: book.quota_count(),
        staged: book.batches().map(|(_, batch)| batch.staged.len()).sum(),
        issued: issued.fold((0, 0), |(count, sum), fen| (count + 1, sum + fen)),
    }
}

/// Looks until so much is durable.
fn watch(address: SocketAddr, sequence: u64) {
    let mut desk = Desk::connect(address, Role::Operator);
    for _ in 0..LOOKS_MAX {
        if desk.health().durable.sequence >= sequence {
            return;
        }
    }
    panic!("nothing becomes durable behind {sequence}");
}

fn is_done(reader: &Reader) -> bool {
    let done = |row: &Row| matches!(row, Row::Document(one) if one.state == DocumentState::Done);
    reader.rows((UPPER, YEAR), Table::Document).iter().any(done)
}

/// A figure of the server's metrics, by its name behind what all have in common.
fn figure(metrics: &str, name: &str) -> u64 {
    let value =
        |line: &str| line.strip_prefix("treasury_")?.strip_prefix(name)?.trim().parse().ok();
    metrics.lines().find_map(value).unwrap_or_else(|| panic!("no {name} in {metrics}"))
}

#[test]
fn a_reply_of_twenty_thousand_rows_takes_effect_whole_or_not_at_all() {
    let dir = tempfile::tempdir().expect("a directory");
    files::write(dir.path(), &founded_of(ROWS));
    let mut chance = Chance::new("large reply");
    let orders = document(1_000, "D", "initial", &[]);
    let (mut left, mut open) = (orders.clone(), 0);
    for kill in 0..KILLS {
        let server = Options::existing(dir.path()).start();
        // First while quotas are made, then while acts are staged, from the beginning each time.
        let upto = ROWS as u64 / 2 + chance.below(ROWS as u64 / 3);
        let (address, upto) = (server.address, server.ready_sequence() + upto);
        if kill > 0 {
            left = unknown(address, &orders);
        }
        thread::scope(|scope| {
            scope.spawn(|| give(address, &left));
            watch(address, upto);
            server.kill();
        });
        let is = durable(dir.path());
        println!("killed at {upto}: {is:?}");
        let whole = (ROWS, ROWS as i64 * EACH);
        assert!(is.issued == (0, 0) || is.issued == whole, "a part took effect: {is:?}");
        if is.issued == whole {
            // The kill came late.
            break;
        }
        open += usize::from(is.staged > 768 * 1024 / 48 / 4);
    }
    assert!(open > 0, "no kill came while much of it was staged");
    let server = Options::existing(dir.path()).start();
    give(server.address, &unknown(server.address, &orders));
    let reader = Reader::connect(server.address);
    wait_for("the end of the reply", || is_done(&reader).then_some(()));
    // The watch over the laws has looked at every quota and every row, and found nothing.
    let told = wait_for("a look at the laws", || {
        let told = reader.client.metrics().expect("metrics");
        (figure(&told, "law_checked{law=\"L1\"}") >= 2 * ROWS as u64).then_some(told)
    });
    for law in LAWS {
        assert_eq!(figure(&told, &format!("law_violations{{law=\"{law}\"}}")), 0, "{law}");
    }
    assert_eq!(reader.client.health().expect("its health").note, "");
    for name in ["law_core_microseconds_total", "law_rounds_total", "process_resident_bytes"] {
        println!("{name} {}", figure(&told, name));
    }
    drop(reader);
    server.stop();
    assert_eq!(
        durable(dir.path()),
        Durable { quotas: ROWS, staged: 0, issued: (ROWS, ROWS as i64 * EACH) }
    );
    sound(dir.path());
}
