//! Suspense, batch digests and the id-keeping of a year, on their own.

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
