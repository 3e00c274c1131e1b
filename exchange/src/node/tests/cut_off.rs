//! After the banks' cut-off: what is for them is held for the next working day, and nothing else is.

use domain::voucher::{Flag, Party};

use super::super::*;
use super::world::*;
use crate::store::OutState;

fn state(world: &World, number: u32) -> OutState {
    let peer = world.finance.store().peer(party(BANK)).expect("a peer");
    let entry = peer.out.find(&key(number), Flag::Original).expect("a voucher");
    peer.out.get(entry).expect("a row").out_state()
}

fn held(world: &World) -> (usize, usize) {
    let peer = world.finance.store().peer(party(BANK)).expect("a peer");
    (peer.held(), peer.waiting())
}

fn void(number: u32) -> Order<(Party, domain::voucher::Voucher)> {
    Order::Void {
        to: party(BANK),
        key: key(number),
        flag: Flag::Original,
        by: "wang".to_owned(),
        reason: "twice".to_owned(),
    }
}

#[test]
fn what_waits_and_what_is_written_after_the_cut_off_goes_out_on_the_next_working_day() {
    let mut world = World::new();
    // One waits for a line when the cut-off passes, others are written behind it.
    world.pay([1], "books");
    done(&mut world.finance, vec![Order::CutOff, Order::CutOff]);
    world.pay(2..=4, "books");
    world.line(true);
    world.settle();
    assert_eq!(held(&world), (4, 4));
    assert!((1..=4).all(|number| state(&world, number) == OutState::Waiting));
    assert_eq!(world.bank.business().paid(key(1)), 0);
    // What is held never left: it may be voided.
    done(&mut world.finance, vec![void(3)]);
    assert_eq!(held(&world), (3, 3));
    // A day that is not worked begins, and nothing goes out; a crash forgets none of it.
    done(&mut world.finance, vec![Order::BeginDay(day(20220319))]);
    let found = world.finance.log().found();
    world.finance = born(FINANCE, first_keys(FINANCE), found);
    world.line(true);
    world.settle();
    assert!(world.finance.store().is_after_cut_off());
    assert_eq!(held(&world), (3, 3));
    // The next working day, at both.
    done(&mut world.bank, vec![Order::BeginDay(day(20220321))]);
    done(&mut world.finance, vec![Order::BeginDay(day(20220321)), Order::LetGo, Order::LetGo]);
    world.pay([5], "books");
    world.settle();
    assert_eq!(held(&world), (0, 0));
    for number in [1, 2, 4, 5] {
        assert_eq!(state(&world, number), OutState::Receipted, "{number}");
        assert_eq!(world.bank.business().paid(key(number)), 1, "{number}");
    }
    assert_eq!(state(&world, 3), OutState::Voided);
}

#[test]
fn notices_and_answers_go_on_after_the_cut_off() {
    let mut world = World::new();
    world.line(true);
    world.pay([1], "books");
    // The order has left before the cut-off; its receipt comes behind it and is told as taken.
    done(&mut world.finance, vec![Order::CutOff]);
    world.settle();
    assert_eq!(state(&world, 1), OutState::Receipted);
    let bank = world.bank.store().peer(party(FINANCE)).expect("a peer");
    let entry = bank.out.find(&key(1), Flag::Receipt).expect("a receipt");
    assert_eq!(bank.out.get(entry).expect("a row").out_state(), OutState::Taken);
    // A bank's own store holds nothing back.
    done(&mut world.bank, vec![Order::CutOff]);
    world.pay([2], "books");
    assert_eq!(held(&world).0, 1);
}
