//! Letters of any size, many letters, and the real journal under them.

use std::path::Path;
use std::sync::Arc;

use domain::voucher::Flag;
use storage::dataset::{DataSet, Environment};
use storage::disk::{Disk, OperationKind, SimDisk, WriteMode};
use storage::journal::LocalJournal;
use storage::limits::SEGMENT_BYTES_TEST_MIN;
use storage::recovery::OpenOptions;

use super::super::*;
use super::world::*;
use crate::envelope::{Envelope, Subject};
use crate::record::{Event, Lane};
use crate::signing::Ed25519Verifier;

#[test]
fn a_letter_of_many_messages_arrives_whole_wherever_it_is_cut() {
    let mut world = World::new();
    world.line(true);
    let purpose = "x".repeat(7 << 20);
    world.pay([1], &purpose);
    let (from, to) = (party(FINANCE), party(BANK));
    let given = world.finance.store().peer(to).expect("a peer").given();
    assert_eq!(given, 3, "three messages");
    for number in 1..=given {
        let message = world.finance.message(to, number).expect("readable").expect("offered");
        assert!(message.len() <= crate::limits::MESSAGE_BYTES_MAX);
        let inputs = vec![Input::Messages { from, first: number, messages: vec![message] }];
        let output = world.bank.turn(inputs, 0).expect("durable");
        assert_eq!(output.kept.get(&from), Some(&number), "each piece is kept on its own");
        // The bank falls after each piece.
        world.bank = born(BANK, first_keys(BANK), world.bank.log().found());
    }
    assert_eq!(world.bank.business().paid(key(1)), 1);
    world.line(true);
    world.settle();
    assert_eq!(world.finance.business().receipted(key(1)), 1);
}

#[test]
fn a_waiting_voucher_takes_a_hundred_bytes() {
    const COUNT: u32 = 50_000;
    let mut store = Store::new(party(FINANCE), root().public_key(), 5);
    store.apply(&Event::Day(day(20220315)));
    for number in 0..COUNT {
        let subject = Subject::Voucher {
            key: key(number),
            flag: Flag::Original,
            format: PayloadFormat::Canonical,
            payload: vec![7; 600],
        };
        let envelope = Envelope::new(party(FINANCE), party(BANK), &subject);
        let day = store.day();
        let event = Event::Queued { to: party(BANK), lane: Lane::Ordinary, day, envelope };
        let letter = store.apply(&event).expect("a letter");
        store.place(letter, u64::from(number) + 1);
    }
    let each = store.bytes() as f64 / f64::from(COUNT);
    assert!(each <= 104.0, "{each} bytes for each letter that waits");
    assert_eq!(store.peer(party(BANK)).expect("a peer").waiting(), COUNT as usize);
}

fn on_disk(disk: &Arc<dyn Disk>, whose: &str) -> Node<Counts, JournalLog> {
    let dir = Path::new("/party");
    let mut folding = Folding::new(party(whose), root().public_key(), 5, Counts::default());
    let knows = |_: u16, _: u16| true;
    let options = OpenOptions::new("test", 1, &knows);
    let recovered = LocalJournal::open(disk, dir, &options, &mut |group| {
        folding.group(group.records).map_err(|error| error.to_string())
    })
    .expect("a journal");
    let means = Means {
        payloads: Box::new(Texts),
        keys: first_keys(whose),
        verifier: Box::new(Ed25519Verifier::on_threads(2)),
        lanes: LanePolicy::default(),
        threads: 2,
    };
    folding.onto(JournalLog::filled_here(recovered.journal, recovered.filler), means)
}

#[test]
fn the_real_journal_gives_every_letter_back_after_a_crash() {
    let sim = SimDisk::new(WriteMode::Direct, 1 << 30);
    let disk: Arc<dyn Disk> = Arc::new(sim.clone());
    let dataset = DataSet {
        id: 7,
        environment: Environment::Test,
        hash_key: [3; 16],
        segment_bytes: SEGMENT_BYTES_TEST_MIN * 4,
    };
    LocalJournal::create(&disk, Path::new("/party"), dataset).expect("made");
    let mut node = on_disk(&disk, FINANCE);
    let bank = party(BANK);
    let order = |order| Input::Order { ticket: 0, order };
    node.turn(vec![order(Order::BeginDay(day(20220315)))], 0).expect("durable");
    let mut sent = Vec::new();
    for round in 0..20 {
        let numbers = round * 50..(round + 1) * 50;
        let pay = |number| order(Order::Business((bank, voucher(key(number), &"b".repeat(700)))));
        let mut inputs: Vec<_> = numbers.map(pay).collect();
        inputs.push(Input::Line { party: bank, up: round % 2 == 0 });
        node.turn(inputs, 0).expect("durable");
    }
    node.turn(vec![Input::Line { party: bank, up: true }], 0).expect("durable");
    let given = node.store().peer(bank).expect("a peer").given();
    assert_eq!(given, 1000);
    for number in 1..=given {
        sent.push(node.message(bank, number).expect("readable").expect("offered"));
    }
    drop(node);
    let after_reads = sim.after_crash(|_| false);
    let after: Arc<dyn Disk> = Arc::new(after_reads.clone());
    let mut node = on_disk(&after, FINANCE);
    assert_eq!(node.store().peer(bank).expect("a peer").given(), given);
    // What lies together is read together: not a group once for each of its letters.
    let reads = || after_reads.operations_of(OperationKind::Read);
    let before = reads();
    for number in 1..=given {
        node.message(bank, number).expect("readable").expect("offered");
    }
    assert!(reads() - before < given / 2, "{} reads for {given} letters", reads() - before);
    // Forwards, and then here and there.
    let anywhere = (0..60).map(|n| n * 379 % given + 1);
    for number in (1..=given).chain(anywhere) {
        let message = node.message(bank, number).expect("readable").expect("offered");
        assert!(message == sent[number as usize - 1], "message {number}");
    }
    assert_eq!(node.message(bank, given + 1).expect("readable"), None);
}
