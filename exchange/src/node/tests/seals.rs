//! Certificates that are renewed, revoked, wrong or missing, with vouchers on the way.

use domain::voucher::Flag;

use super::super::*;
use super::world::*;
use crate::store::OutState;

fn state(world: &World, number: u32) -> OutState {
    let peer = world.finance.store().peer(party(BANK)).expect("a peer");
    let entry = peer.out.find(&key(number), Flag::Original).expect("a voucher");
    peer.out.get(entry).expect("a row").out_state()
}

fn begin(world: &mut World, number: u32) {
    for node in [&mut world.finance, &mut world.bank] {
        done(node, vec![Order::BeginDay(day(number))]);
    }
}

pub(super) fn revoke(world: &mut World) {
    let (_, id, _) = certified(FINANCE, 1, 20220101, 20221231);
    let reason = "key lost".to_owned();
    done(&mut world.bank, vec![Order::RevokeCertificate { id, by: "li".to_owned(), reason }]);
}

#[test]
fn a_roll_over_in_mid_stream_orphans_nothing() {
    let mut world = World::new();
    begin(&mut world, 20221230);
    world.pay(1..=3, "books");
    let (bytes, id, keys) = certified(FINANCE, 11, 20221201, 20231231);
    know(&mut world.bank, &bytes, id);
    world.finance.renew_keys(keys);
    world.pay(4..=5, "books");
    // The old certificate ends before anything is delivered.
    begin(&mut world, 20230110);
    world.pay([6], "books");
    world.line(true);
    world.settle();
    for number in 1..=6 {
        assert_eq!(state(&world, number), OutState::Receipted, "{number}");
        assert_eq!(world.bank.business().paid(key(number)), 1);
    }
    assert_eq!(world.bank.store().alarms_so_far() + world.finance.store().alarms_so_far(), 0);
}

#[test]
fn what_waits_under_a_revoked_certificate_is_sealed_anew_by_itself() {
    let mut world = World::new();
    world.pay(1..=3, "books");
    revoke(&mut world);
    let (bytes, id, keys) = certified(FINANCE, 11, 20220101, 20231231);
    know(&mut world.bank, &bytes, id);
    world.finance.renew_keys(keys);
    world.line(true);
    world.settle();
    for number in 1..=3 {
        assert_eq!(state(&world, number), OutState::Receipted, "{number}");
        assert_eq!(world.bank.business().paid(key(number)), 1);
        assert_eq!(world.finance.business().came_back(key(number)), 0);
    }
    assert!(world.bank.store().alarms().all(|alarm| alarm.what.contains("revoked")));
}

#[test]
fn without_another_key_it_stops_until_a_person_seals_it_again_or_gives_it_up() {
    let mut world = World::new();
    world.pay(1..=2, "books");
    revoke(&mut world);
    world.line(true);
    world.settle();
    assert_eq!((state(&world, 1), state(&world, 2)), (OutState::Stopped, OutState::Stopped));
    assert_eq!(world.bank.business().paid(key(1)), 0);
    let (bytes, id, keys) = certified(FINANCE, 11, 20220101, 20231231);
    know(&mut world.bank, &bytes, id);
    world.finance.renew_keys(keys);
    let (to, by) = (party(BANK), "wang".to_owned());
    let reason = "paid by cheque".to_owned();
    done(
        &mut world.finance,
        vec![
            Order::SealAgain { to, entry: 0, by: by.clone() },
            Order::GiveUp { to, entry: 1, by: by.clone(), reason },
        ],
    );
    world.settle();
    assert_eq!((state(&world, 1), state(&world, 2)), (OutState::Receipted, OutState::GivenUp));
    let paid = |number| world.bank.business().paid(key(number));
    assert_eq!((paid(1), paid(2)), (1, 0));
    let back = |number| world.finance.business().came_back(key(number));
    assert_eq!((back(1), back(2)), (0, 1));
    assert!(
        refused(&mut world.finance, Order::SealAgain { to, entry: 0, by })
            .contains("only to one that stopped")
    );
}

#[test]
fn a_seal_of_nobody_of_another_or_over_other_bytes_binds_nobody() {
    let mut world = World::new();
    let stranger = certified(FINANCE, 50, 20220101, 20221231);
    let (other_bytes, other_id, other) = certified("bank:103", 51, 20220101, 20221231);
    know(&mut world.bank, &other_bytes, other_id);
    world.line(true);
    for (number, keys) in [(1, stranger.2), (2, other)] {
        world.finance.renew_keys(keys);
        world.pay([number], "books");
        world.settle();
        assert_eq!(state(&world, number), OutState::Stopped, "{number}");
        assert_eq!(world.bank.business().paid(key(number)), 0);
    }
    let words = |entry| {
        let peer = world.finance.store().peer(party(BANK)).expect("a peer");
        peer.words_about_ours(entry).expect("words")
    };
    assert!(words(0).contains("not filed with us"), "{}", words(0));
    assert!(words(1).contains("another party's"), "{}", words(1));
    // A changed letter: finance's next message, with one byte of its payload turned over.
    world.finance.renew_keys(first_keys(FINANCE));
    world.pay([3], "books");
    let (from, to) = (party(FINANCE), party(BANK));
    let first = world.finance.store().peer(to).expect("a peer").given();
    let mut message = world.finance.message(to, first).expect("readable").expect("offered");
    let at = message.windows(5).position(|five| five == b"books").expect("its purpose");
    message[at] = b'c';
    world
        .bank
        .turn(vec![Input::Messages { from, first, messages: vec![message] }], 0)
        .expect("durable");
    assert_eq!(world.bank.business().paid(key(3)), 0);
    let alarm = world.bank.store().alarms().last().expect("an alarm");
    assert!(alarm.what.contains("does not hold over its bytes"), "{alarm:?}");
}
