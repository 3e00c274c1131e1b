//! What a test double's store does wrongly on purpose, and what the other side makes of it.

use domain::voucher::Flag;

use super::super::*;
use super::world::*;
use crate::store::{InState, OutState};

#[test]
fn receipts_that_go_out_again_are_known_and_one_that_says_otherwise_is_an_alarm() {
    let mut world = World::new();
    world.pay([901], "doubled");
    world.line(true);
    world.settle();
    let finance = world.finance.store().peer(party(BANK)).expect("a peer");
    let came: Vec<InState> = finance
        .inbox
        .iter()
        .filter(|(_, row)| row.key == Some(key_of_doubled()))
        .map(|(_, row)| row.in_state())
        .collect();
    assert_eq!(came, [InState::Taken, InState::NotTaken], "the second is the first again");
    assert_eq!(world.finance.business().receipted(key_of_doubled()), 1);
    let alarm = world.finance.store().alarms().last().expect("an alarm");
    assert!(alarm.what.contains("with other contents"), "{alarm:?}");
    let bank = world.bank.store().peer(party(FINANCE)).expect("a peer");
    let gone: Vec<OutState> = bank
        .out
        .iter()
        .filter(|(_, row)| row.key == Some(key_of_doubled()))
        .map(|(_, row)| row.out_state())
        .collect();
    assert_eq!(gone, [OutState::Taken, OutState::Taken, OutState::Stopped]);
}

#[test]
fn a_receipt_under_spoilt_seals_stops_and_is_good_when_it_is_sealed_again() {
    let mut world = World::new();
    world.pay([902], "books");
    world.line(true);
    world.settle();
    assert_eq!(world.finance.business().receipted(key_of_spoilt()), 0);
    let alarm = world.finance.store().alarms().last().expect("an alarm");
    assert!(alarm.what.contains("security"), "{alarm:?}");
    let peer = world.bank.store().peer(party(FINANCE)).expect("a peer");
    let entry = peer.out.find(&key_of_spoilt(), Flag::Receipt).expect("a receipt");
    assert_eq!(peer.out.get(entry).expect("a row").out_state(), OutState::Stopped);
    let by = "zhao".to_owned();
    done(&mut world.bank, vec![Order::SealAgain { to: party(FINANCE), entry, by }]);
    world.settle();
    assert_eq!(world.finance.business().receipted(key_of_spoilt()), 1);
}
