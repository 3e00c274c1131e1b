//! Goal: what the finance office has begun ends, once, whatever the real server is killed at: a reply,
//! a document, a transfer, its receipt and a year's end.
//! Method: each is done once undisturbed and then again and again, from the same journal, by a server
//! that is killed when so many of the records have become durable, in its resumption too. People give
//! again what is not known by its id, and nothing else. In the end everything stands as it does
//! undisturbed, and `treasury verify` finds every law kept.
//!
//! `TREASURY_KILLS` sets how often it is killed (20), `TREASURY_SEED` repeats the draws.

#[path = "../harness/mod.rs"]
mod harness;
mod large;
mod papers;
mod standing;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::thread;

use domain::codes::Role;
use domain::command::Body;
use domain::ids::{DivisionIndex, FiscalYear, QuotaId};
use domain::office::paper::PaperKind;
use domain::office::table::{Row, Table};
use domain::{Code, Command};
use harness::Chance;
use harness::desk::{CHANNEL, Desk};
use harness::files::{self, Files};
use harness::orders::{LIFTER, YEAR, YEAR_AFTER};
use harness::server::{Options, sound};
use papers::{code, document, file, founded};
use protocol::Flags;
use protocol::lookup::{Answer, IdKind, LookUp};
use protocol::views::QuotaView;
use standing::{Reader, Standing};

/// The division that gives, and the one below it that receives.
pub(crate) const UPPER: DivisionIndex = DivisionIndex(0);
pub(crate) const LOWER: DivisionIndex = DivisionIndex(1);

/// Rows of the upper budget that are spent there, and that go to the lower division.
pub(crate) const PLACED: usize = 240;
pub(crate) const TRANSFERS: usize = 60;

/// Where anything is on file.
pub(crate) const PLACES: [Place; 3] = [(UPPER, YEAR), (UPPER, YEAR_AFTER), (LOWER, YEAR)];

pub(crate) type Place = (DivisionIndex, FiscalYear);

/// Looks at what is durable before a kill that never comes fails the test.
const LOOKS_MAX: u32 = 1_000_000;

/// Looks at what is durable between two at whether it is over.
const LOOKS_BETWEEN: u32 = 1_000;

/// Something that people begin and the engine ends.
struct Operation {
    name: &'static str,
    orders: Vec<Command<'static>>,
    /// What it begins from.
    from: Files,
}

/// How it goes when nobody disturbs it.
struct Undisturbed {
    due: Standing,
    records: u64,
    /// The journal behind it.
    journal: Files,
    /// The upper division's quotas by their budget rows, and what has arrived at the lower one.
    quotas: BTreeMap<String, QuotaId>,
    arrivals: Vec<Row>,
}

/// What the deaths were like.
#[derive(Debug, Default)]
struct Deaths {
    kills: u64,
    /// With some of the records durable and some not.
    under_way: u64,
    /// While it went on after a death.
    resuming: u64,
    /// Orders that people had to give again.
    given_again: u64,
}

/// Gives orders one after the other, as long as the server is there.
fn give(address: SocketAddr, orders: &[Command<'static>]) {
    let Ok(mut desk) = Desk::try_connect(address, Role::Finance, CHANNEL) else { return };
    for order in orders {
        let Ok(told) = desk.try_give(&[(*order, Flags::default())]) else { return };
        assert_eq!(told[0].code(), Code::Accepted, "{order:?}: {told:?}");
    }
}

/// The orders that the server knows nothing of.
fn unknown(address: SocketAddr, orders: &[Command<'static>]) -> Vec<Command<'static>> {
    let mut desk = Desk::connect(address, Role::Finance);
    let is_unknown = |order: &&Command<'static>| {
        let Body::File(paper) = order.body else { panic!("a paper") };
        let (division, year, id) = (paper.division, paper.year, paper.act.0);
        match desk.ask(LookUp::Outcome { kind: IdKind::Act, division, year, id }) {
            Answer::Outcome(view) => {
                assert_eq!(view.result.code, Code::Accepted, "{order:?}");
                false
            }
            Answer::Failed(Code::NotFound) => true,
            other => panic!("{order:?}: {other:?}"),
        }
    };
    orders.iter().filter(is_unknown).copied().collect()
}

/// Looks until so much is durable, or all of it has come to its end with less.
fn watch(address: SocketAddr, sequence: u64, due: &Standing) {
    let (mut desk, reader) = (Desk::connect(address, Role::Operator), Reader::connect(address));
    for look in 1..=LOOKS_MAX {
        let reached = desk.health().durable.sequence >= sequence;
        if reached || (look % LOOKS_BETWEEN == 0 && reader.standing() == *due) {
            return;
        }
    }
    panic!("nothing becomes durable behind {sequence}");
}

impl Operation {
    fn undisturbed(&self, ended: impl Fn(&Standing) -> bool) -> Undisturbed {
        let dir = tempfile::tempdir().expect("a directory");
        files::write(dir.path(), &self.from);
        let server = Options::existing(dir.path()).start();
        let begun = server.ready_sequence();
        give(server.address, &self.orders);
        let reader = Reader::connect(server.address);
        let lacks =
            |standing: &Standing| (!ended(standing)).then(|| format!("{:?}", standing.states));
        reader.must_come_to(self.name, lacks);
        // It was looked at part by part, while it went on.
        let due = reader.standing();
        let records = reader.client.health().expect("its health").durable.sequence - begun;
        let row = |quota: &QuotaView| quota.key.rsplit('/').next().expect("a row").to_owned();
        let quotas = reader.quotas((UPPER, YEAR));
        let quotas = quotas.iter().map(|quota| (row(quota), quota.quota)).collect();
        let arrivals = reader.rows((LOWER, YEAR), Table::Arrival);
        drop(reader);
        server.stop();
        Undisturbed { due, records, journal: files::read(dir.path()), quotas, arrivals }
    }

    /// Kills the server at some step, and once more while it resumes, if chance will have it.
    fn killed(&self, going: &Undisturbed, chance: &mut Chance, deaths: &mut Deaths) {
        let dir = tempfile::tempdir().expect("a directory");
        files::write(dir.path(), &self.from);
        let options =
            |chance: &mut Chance| Options::existing(dir.path()).shards(1 + chance.below(3) as u32);
        let (mut left, mut landed) = (self.orders.clone(), 0);
        let mut server = options(chance).start();
        loop {
            let (address, begun) = (server.address, server.ready_sequence());
            let upto = begun + 1 + chance.below(going.records - landed);
            thread::scope(|scope| {
                scope.spawn(|| give(address, &left));
                watch(address, upto, &going.due);
                server.kill();
            });
            deaths.kills += 1;
            deaths.resuming += u64::from(landed > 0);
            server = options(chance).start();
            // The start's own mark is none of its records.
            landed += server.ready_sequence() - 1 - begun;
            deaths.under_way += u64::from(landed > 0 && landed < going.records);
            // Once all orders are known, the rest is the engine's alone.
            left = unknown(server.address, &self.orders);
            deaths.given_again += left.len() as u64;
            if landed >= going.records || !chance.once_in(3) {
                break;
            }
        }
        give(server.address, &left);
        let reader = Reader::connect(server.address);
        reader.must_come_to(self.name, |standing| standing.otherwise(&going.due));
        drop(reader);
        server.stop();
        let told = sound(dir.path());
        assert!(told["invariants"]["L1"]["checked"].as_u64() > Some(0), "{told}");
    }
}

fn line(row: &str, from: QuotaId, to: &str, to_division: &str, yuan: &str) -> String {
    format!("{row}\t{from}\t{to}\t{to_division}\t{yuan}\t0.00")
}

/// Each operation, and how it goes undisturbed.
fn operations() -> Vec<(Operation, Undisturbed)> {
    let mut all = Vec::new();
    let mut tried = |name, orders, from: &Files, ended: &dyn Fn(&Standing) -> bool| {
        let operation = Operation { name, orders, from: from.clone() };
        let going = operation.undisturbed(ended);
        let (journal, quotas, arrivals) =
            (going.journal.clone(), going.quotas.clone(), going.arrivals.clone());
        all.push((operation, going));
        (journal, quotas, arrivals)
    };
    let (upper, lower) = ((UPPER, YEAR), (LOWER, YEAR));
    let done = move |documents: usize| {
        move |standing: &Standing| standing.has(upper, Table::Document, "done") == documents
    };
    let reply = document(1_000, "D", "initial", &[]);
    let (replied, quotas, _) = tried("a reply", reply, &founded(), &done(1));

    let last = format!("A{:03}", PLACED - 1);
    let from = quotas.iter().filter(|(row, _)| row.starts_with('A') && **row != last);
    let lines: Vec<String> =
        from.map(|(_, quota)| line(&last, *quota, "none", "", "10.00")).collect();
    tried("a virement", document(2_000, "V", "virement", &lines), &replied, &done(2));

    let to = QuotaId::unnamed(LOWER, YEAR).to_string();
    let from = quotas.iter().filter(|(row, _)| row.starts_with('T'));
    let lines: Vec<String> =
        from.map(|(_, quota)| line("", *quota, &to, &code(LOWER), "15.00")).collect();
    let transfer = document(3_000, "X", "transfer", &lines);
    let waiting = |standing: &Standing| standing.has(lower, Table::Arrival, "waiting") == TRANSFERS;
    let (sent, _, arrivals) = tried("a transfer", transfer, &replied, &waiting);

    let receive = |(arrival, number): (&Row, u128)| {
        let text = format!("{}\t鲁财预指X号\t15.00\tU{number:03}", arrival.key());
        file(LIFTER, LOWER, PaperKind::Receive, 4_000 + number, text)
    };
    let receipts = arrivals.iter().zip(0..).map(receive).collect();
    let landed = |standing: &Standing| {
        standing.has(lower, Table::Arrival, "landed") == TRANSFERS
            && standing.has(upper, Table::Transfer, "landed") == TRANSFERS
    };
    tried("a receipt", receipts, &sent, &landed);

    let carry = document(5_000, "C", "carry", &[]);
    let carried = |standing: &Standing| {
        standing.has((UPPER, YEAR_AFTER), Table::CarriedIn, "registered") == 1 && done(2)(standing)
    };
    tried("a year's end", carry, &replied, &carried);
    all
}

#[test]
fn what_the_office_has_begun_ends_once_whatever_the_server_is_killed_at() {
    let kills = match std::env::var("TREASURY_KILLS") {
        Ok(text) => text.parse().expect("TREASURY_KILLS is a number"),
        Err(_) => 20,
    };
    let mut chance = Chance::new("issuance");
    let operations = operations();
    let mut deaths = Deaths::default();
    for (operation, going) in operations.iter().cycle() {
        if deaths.kills >= kills {
            break;
        }
        operation.killed(going, &mut chance, &mut deaths);
    }
    let records: Vec<_> = operations.iter().map(|(one, going)| (one.name, going.records)).collect();
    println!("{deaths:?} over {records:?}");
    assert!(kills < 10 || deaths.under_way > 0, "no kill came between beginning and end");
}
