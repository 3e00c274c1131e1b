//! Suspense, batch digests, the id-keeping of a year and what it has on file, on their own.

mod world;

use std::collections::BTreeSet;

use domain::apply::apply;
use domain::batch::{fold_act, fold_digest, fold_move};
use domain::codes::{ActKind, FactKind, MoveKind, Role};
use domain::command::{Act, By, Fact, MoveOut, Register};
use domain::event::{Event, EventBody};
use domain::ids::{ActId, BatchId, ChannelId, ContractId, Day, Fingerprint, MoveId, PersonId};
use domain::suspense::ParkedEnd;
use domain::{Code, Division, DivisionIndex, Fen, FiscalYear, PaymentId, QuotaId};

const YEAR: FiscalYear = FiscalYear::from_offset(23);

fn fact(payment: u128, serial: u64, amount: i64) -> Fact<'static> {
    Fact {
        kind: FactKind::ConfirmPaid,
        payment: PaymentId(payment),
        quota: QuotaId::new(DivisionIndex(1), YEAR, 0),
        serial,
        amount_fen: Fen::new(amount),
        payee_hash: 0,
        day: Day::new(20_230_310).expect("a day"),
        refund: 0,
        detail: 0,
        note: "as reported",
    }
}

fn park(division: &mut Division, channel: u16, fact: Fact<'static>, print: u128) {
    let by = By { person: PersonId(3), role: Role::Bank, channel: ChannelId(channel) };
    let body = EventBody::FactParked {
        division: DivisionIndex(1),
        year: YEAR,
        fingerprint: Fingerprint(print),
        reason: Code::NoPayment,
        command: fact,
    };
    apply(division, &Event { by, body }, 0);
}

#[test]
fn suspense_finds_a_fact_by_number_by_payment_and_by_channel() {
    let mut division = Division::new(DivisionIndex(1), world::KEY);
    park(&mut division, 1, fact(7, 10, 5), 900);
    park(&mut division, 1, fact(7, 10, 6), 100);
    park(&mut division, 1, fact(8, 11, 5), 500);
    park(&mut division, 2, fact(7, 10, 5), 900);
    let suspense = &division.year(YEAR).expect("the facts began it").suspense;
    assert_eq!(suspense.len(), 4);
    let numbered: Vec<u128> = suspense.numbered(ChannelId(1), 10).map(|(key, _)| key.2.0).collect();
    assert_eq!(numbered, [100, 900], "both reports under one number, in the order of their hash");
    assert_eq!(suspense.numbered(ChannelId(1), 12).count(), 0);
    let prints = |payment| {
        let keys = suspense.of_payment(PaymentId(payment)).iter();
        keys.map(|key| (key.0.0, key.2.0)).collect::<Vec<_>>()
    };
    assert_eq!(prints(7), [(1, 900), (1, 100), (2, 900)], "in the order they came");
    assert_eq!(prints(9), []);
    assert_eq!(suspense.of_channel(ChannelId(1)), 3);
    assert_eq!(suspense.of_channel(ChannelId(3)), 0);
    let kept = suspense.get(&(ChannelId(1), 10, Fingerprint(100))).expect("it waits");
    assert_eq!(kept.fact(10), fact(7, 10, 6), "a parked fact is kept as it came");
    assert_eq!((kept.person, kept.role, kept.reason), (PersonId(3), Role::Bank, Code::NoPayment));
}

#[test]
fn a_dismissed_fact_leaves_every_list_and_is_remembered() {
    use domain::codes::{ResolveAction, YearState};
    use domain::command::Resolve;
    let mut division = Division::new(DivisionIndex(1), world::KEY);
    park(&mut division, 1, fact(7, 10, 5), 900);
    park(&mut division, 1, fact(7, 11, 5), 901);
    let by = By { person: PersonId(4), role: Role::Finance, channel: ChannelId(9) };
    let command = Resolve {
        act: ActId(1),
        division: DivisionIndex(1),
        year: YEAR,
        channel: ChannelId(1),
        serial: 10,
        action: ResolveAction::Dismiss,
        reason: "a test receipt",
    };
    park(&mut division, 1, fact(7, 10, 6), 800);
    let (fingerprint, fact) = (Fingerprint(1), Fingerprint(900));
    let body = EventBody::Resolved { fingerprint, fact, command };
    apply(&mut division, &Event { by, body }, 0);
    let book = division.year(YEAR).expect("the facts began it");
    let suspense = &book.suspense;
    assert_eq!((book.state, suspense.len()), (YearState::Unopened, 2));
    let other = (ChannelId(1), 10, Fingerprint(800));
    assert_eq!(suspense.of_payment(PaymentId(7)), [(ChannelId(1), 11, Fingerprint(901)), other]);
    assert_eq!(suspense.of_channel(ChannelId(1)), 2);
    let key = (ChannelId(1), 10, Fingerprint(900));
    assert_eq!((suspense.get(&key), suspense.ended(&key)), (None, Some(ParkedEnd::Dismissed)));
    assert_eq!(suspense.ended(&(ChannelId(1), 11, Fingerprint(901))), None);
}

#[test]
fn of_two_facts_under_one_number_the_first_parked_is_the_one_meant() {
    let mut division = Division::new(DivisionIndex(1), world::KEY);
    park(&mut division, 1, fact(7, 10, 5), 900);
    park(&mut division, 1, fact(7, 10, 6), 100);
    let suspense = &division.year(YEAR).expect("the facts began it").suspense;
    let (key, parked) = suspense.first_numbered(ChannelId(1), 10).expect("both wait");
    assert_eq!((key.2, parked.arrival), (Fingerprint(900), 1));
}

#[test]
#[should_panic(expected = "I13: a fact is parked once")]
fn the_same_fact_is_never_parked_twice() {
    let mut division = Division::new(DivisionIndex(1), world::KEY);
    park(&mut division, 1, fact(7, 10, 5), 900);
    park(&mut division, 1, fact(7, 10, 5), 900);
}

#[test]
#[should_panic(expected = "I6: version gap")]
fn an_event_that_skips_a_version_is_not_applied() {
    let mut division = Division::new(DivisionIndex(1), world::KEY);
    let by = By { person: PersonId(4), role: Role::Finance, channel: ChannelId(9) };
    let body = EventBody::Acted { version: 2, fingerprint: Fingerprint(1), command: act(1, 5) };
    apply(&mut division, &Event { by, body }, 0);
}

fn act(id: u128, amount: i64) -> Act<'static> {
    Act {
        kind: ActKind::Cut,
        act: ActId(id),
        quota: QuotaId::new(DivisionIndex(1), YEAR, 2),
        amount_fen: Fen::new(amount),
        contract: ContractId::NONE,
        plan: ContractId::NONE,
        batch: BatchId(1),
        note: "",
    }
}

fn moved(id: u128, amount: i64) -> MoveOut<'static> {
    MoveOut {
        kind: MoveKind::Virement,
        id: MoveId(id),
        from: QuotaId::new(DivisionIndex(1), YEAR, 2),
        to: QuotaId::new(DivisionIndex(1), YEAR, 3),
        amount_fen: Fen::new(amount),
        batch: BatchId(1),
        payment: PaymentId::NONE,
        note: "",
    }
}

/// The digest is announced by clients in other languages: its value is part of the protocol.
#[test]
fn a_batch_digest_has_the_documented_value() {
    let digest = fold_move(fold_act(0, &act(1, 500)), &moved(2, 300));
    assert_eq!(format!("{digest:032x}"), "18ab9e172a180f908e276b4ee22d0265");
    // By hand, from the documented layout.
    let mut bytes = [0_u8; 57];
    bytes[16..32].copy_from_slice(&1_u128.to_le_bytes());
    bytes[32] = 3;
    bytes[33..41].copy_from_slice(&act(1, 500).quota.0.to_le_bytes());
    bytes[49..].copy_from_slice(&500_i64.to_le_bytes());
    assert_eq!(fold_act(0, &act(1, 500)), xxhash_rust::xxh3::xxh3_128(&bytes));
}

#[test]
fn a_batch_digest_depends_on_every_part_and_on_the_order() {
    let quota = QuotaId(7);
    let amount = Fen::new(5);
    let digests = [
        fold_digest(0, 1, 3, quota, 0, amount),
        fold_digest(1, 1, 3, quota, 0, amount),
        fold_digest(0, 2, 3, quota, 0, amount),
        fold_digest(0, 1, 4, quota, 0, amount),
        fold_digest(0, 1, 3, QuotaId(8), 0, amount),
        fold_digest(0, 1, 3, quota, 9, amount),
        fold_digest(0, 1, 3, quota, 0, Fen::new(6)),
        fold_act(fold_act(0, &act(1, 5)), &act(2, 5)),
        fold_act(fold_act(0, &act(2, 5)), &act(1, 5)),
        fold_move(0, &moved(1, 5)),
        fold_act(0, &act(1, 5)),
    ];
    let different: BTreeSet<u128> = digests.into_iter().collect();
    assert_eq!(different.len(), digests.len());
}

/// Two divisions of one data set, or two years of one division, do not share their collisions.
#[test]
fn every_year_places_its_ids_under_a_seed_of_its_own() {
    let mut seeds = BTreeSet::new();
    for division in 0..20 {
        for year in 0..20 {
            for kind in 0..2 {
                let year = FiscalYear::from_offset(year);
                seeds.insert(world::KEY.index_seed(DivisionIndex(division), year, kind));
            }
        }
    }
    assert_eq!(seeds.len(), 20 * 20 * 2);
}

#[test]
fn the_digest_tells_divisions_apart_and_leaves_positions_out() {
    let registered = |index: u16, name: &'static str, sequence| {
        let mut division = Division::new(DivisionIndex(index), world::KEY);
        let by = By { person: PersonId(4), role: Role::Operator, channel: ChannelId(9) };
        let (code, parent) = (*b"370102000", DivisionIndex::PROVINCE);
        let command = Register { division: DivisionIndex(index), code, parent, name };
        apply(&mut division, &Event { by, body: EventBody::Registered { command } }, sequence);
        world::digest(&division)
    };
    assert_eq!(registered(1, "区", 5), registered(1, "区", 9));
    assert_ne!(registered(1, "区", 5), registered(2, "区", 5));
    assert_ne!(registered(1, "区", 5), registered(1, "县", 5));
}

/// One paper that puts offices 100 to 100 + `count`, each with a name of `name` bytes.
fn paper(act: u128, batch: u128, count: usize, name: usize) -> domain::Command<'static> {
    use domain::command::{Body, Paper};
    use domain::office::paper::PaperKind;
    let name = "n".repeat(name);
    let line = |code| format!("mof-dep\t{code}\t{name}\tother\n");
    let text: String = (100..100 + count).map(line).collect();
    let by = By { person: PersonId(4), role: Role::Finance, channel: ChannelId(9) };
    let body = Body::File(Paper {
        act: ActId(act),
        division: DivisionIndex(1),
        year: YEAR,
        kind: PaperKind::BasePut,
        batch: BatchId(batch),
        checker: PersonId::NOBODY,
        day: None,
        text: text.leak(),
    });
    domain::Command { by, body }
}

fn registered() -> world::World {
    use domain::command::Body;
    let mut world = world::World::new();
    let by = By { person: PersonId(4), role: Role::Operator, channel: ChannelId(9) };
    let register = Register {
        division: DivisionIndex(1),
        code: *b"370102000",
        parent: DivisionIndex::PROVINCE,
        name: "历下区",
    };
    world.send(&domain::Command { by, body: Body::Register(register) });
    world
}

#[test]
fn what_is_on_file_counts_in_memory_and_is_given_back() {
    let mut world = registered();
    let bytes = |world: &world::World| {
        let book = world.divisions[&1].year(YEAR).expect("the paper began it");
        book.resident().office
    };
    world.send(&paper(1, 0, 1, 1));
    let small = bytes(&world);
    world.send(&paper(2, 0, 1, 501));
    assert_eq!(bytes(&world), small + 500, "the longer name took the shorter one's place");
    world.send(&paper(3, 0, 1, 1));
    assert_eq!(bytes(&world), small);
    world.send(&paper(4, 0, 2, 1));
    assert!(bytes(&world) > small + size_of::<domain::office::Slot>() as u64);
}

#[test]
fn the_digest_shows_rows_and_not_where_they_lie() {
    let digest = |papers: &[(usize, usize)]| {
        let mut world = registered();
        for (at, &(count, name)) in papers.iter().enumerate() {
            world.send(&paper(at as u128 + 1, 0, count, name));
        }
        world::digest(&world.divisions[&1])
    };
    // The same acts in both, other rows.
    assert_ne!(digest(&[(2, 5)]), digest(&[(2, 6)]));
    let mut one = registered();
    let mut other = registered();
    let lines = |codes: [&str; 2]| -> &'static str {
        codes.map(|code| format!("+mof-dep\t{code}\tA\tother\n")).concat().leak()
    };
    // Under one fingerprint, so that nothing but the order of the rows differs.
    for (world, codes) in [(&mut one, ["101", "102"]), (&mut other, ["102", "101"])] {
        let by = By { person: PersonId(4), role: Role::Finance, channel: ChannelId(9) };
        let domain::command::Body::File(command) = paper(1, 0, 1, 1).body else { unreachable!() };
        let (fingerprint, changes) = (Fingerprint(7), lines(codes).into());
        let body = EventBody::Filed { fingerprint, changes, command };
        let division = world.divisions.get_mut(&1).expect("a division");
        apply(division, &Event { by, body }, 0);
    }
    assert_eq!(world::digest(&one.divisions[&1]), world::digest(&other.divisions[&1]));
    let first = |world: &world::World| {
        world.divisions[&1].year(YEAR).expect("a year").office().slots()[0].key.clone()
    };
    assert_ne!(first(&one), first(&other));
}

#[test]
fn a_batch_takes_so_much_and_is_dropped_at_more() {
    use domain::codes::BatchEnd;
    use domain::command::{Body, OpenBatch};
    use domain::limits::{FILED_BYTES_MAX, PAPER_BYTES_MAX, STAGED_BYTES_MAX};
    let mut world = registered();
    let by = By { person: PersonId(4), role: Role::Finance, channel: ChannelId(9) };
    let open = OpenBatch {
        batch: BatchId(1),
        division: DivisionIndex(1),
        year: YEAR,
        count: 4000,
        digest: 0,
        deadline_ms: 0,
    };
    world.send(&domain::Command { by, body: Body::OpenBatch(open) });
    let mut staged = 0;
    let refused = loop {
        let answer = world.send(&paper(2 + staged, 1, 13, 590)).answer;
        if answer.code != Code::Accepted {
            break answer.code;
        }
        staged += 1;
    };
    let book = world.divisions[&1].year(YEAR).expect("the batch began it");
    let batch = book.batch(BatchId(1)).expect("it was opened");
    assert_eq!((refused, batch.end), (Code::TooMany, Some(BatchEnd::Refused)));
    assert_eq!((batch.staged_bytes, book.resident().office), (0, 0));
    // It took all but what one more paper might have needed.
    let least = (STAGED_BYTES_MAX - FILED_BYTES_MAX) / (PAPER_BYTES_MAX + 100);
    assert!((least..least + least / 8).contains(&(staged as usize)), "{staged} papers");
}

#[test]
fn a_paper_and_its_text_have_bounds() {
    let mut world = registered();
    assert_eq!(world.send(&paper(1, 0, 14, 600)).answer.code, Code::TextTooLong);
    assert_eq!(world.send(&paper(1, 0, 13, 600)).answer.code, Code::Accepted);
    assert_eq!(world.send(&paper(2, 0, 1, 601)).answer.code, Code::BadRow);
    assert_eq!(world.send(&paper(3, 0, 0, 1)).answer.code, Code::BadField);
}
