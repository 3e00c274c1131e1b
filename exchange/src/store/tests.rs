//! The store alone: rows, lanes and what is heard late.

use domain::ids::Day;
use domain::voucher::{Flag, Party, VoucherKey};
use proptest::prelude::*;

use super::*;
use crate::envelope::{Envelope, PayloadFormat, Subject};
use crate::limits::WINDOW_LETTERS_MAX;
use crate::notice::{Failure, Notice};
use crate::record::{Arrival, Event, Lane};
use crate::signing::{CertificateId, Ed25519Signer};

fn day(number: u32) -> Day {
    Day::new(number).expect("a day")
}

fn bank() -> Party {
    "bank:102".parse().expect("a party")
}

fn me() -> Party {
    "finance:370102000".parse().expect("a party")
}

fn key(number: u32) -> VoucherKey {
    VoucherKey::parse(&format!("370102000-2022-8202-{number:010}")).expect("a key")
}

fn store() -> Store {
    let root = Ed25519Signer::from_secret(&[1; 32], CertificateId([0; 16]));
    let mut store = Store::new(me(), root.public_key(), 5);
    store.apply(&Event::Day(day(20220315)));
    store
}

fn voucher(number: u32) -> Envelope {
    let payload = number.to_le_bytes().to_vec();
    let format = PayloadFormat::Canonical;
    let subject = Subject::Voucher { key: key(number), flag: Flag::Original, format, payload };
    Envelope::new(me(), bank(), &subject)
}

fn queue(store: &mut Store, number: u32, lane: Lane) {
    let (day, envelope) = (store.day(), voucher(number));
    let letter = store.apply(&Event::Queued { to: bank(), lane, day, envelope });
    store.place(letter.expect("a letter"), u64::from(number) + 100);
}

fn give(store: &mut Store, letters_max: usize) {
    let peer = store.peer(bank()).expect("a peer");
    let (first, entries) = (peer.given() + 1, peer.next_to_give(letters_max));
    if !entries.is_empty() {
        store.apply(&Event::Given { to: bank(), first, entries });
    }
}

#[test]
fn no_more_are_on_their_way_than_the_window_holds() {
    let mut store = store();
    for number in 0..WINDOW_LETTERS_MAX as u32 + 10 {
        queue(&mut store, number, Lane::Ordinary);
    }
    give(&mut store, usize::MAX);
    let peer = store.peer(bank()).expect("a peer");
    assert_eq!((peer.given(), peer.waiting()), (WINDOW_LETTERS_MAX as u64, 10));
    assert!(peer.next_to_give(usize::MAX).is_empty());
    store.apply(&Event::Acknowledged { by: bank(), through: 4 });
    assert_eq!(store.peer(bank()).expect("a peer").next_to_give(usize::MAX).len(), 4);
}

/// What may be heard of one letter of ours.
#[derive(Clone, Copy, Debug)]
enum Heard {
    Arrived,
    Taken,
    Receipt,
    NotTaken,
    Returned,
}

fn heard() -> impl Strategy<Value = Heard> {
    prop_oneof![
        Just(Heard::Arrived),
        Just(Heard::Taken),
        Just(Heard::Receipt),
        Just(Heard::NotTaken),
        Just(Heard::Returned),
    ]
}

fn hear(store: &mut Store, heard: Heard) {
    let peer = store.peer(bank()).expect("a peer");
    let (acknowledged, number) = (peer.acknowledged(), peer.received() + 1);
    let notice = match heard {
        Heard::Arrived if acknowledged == 0 => {
            store.apply(&Event::Acknowledged { by: bank(), through: 1 });
            return;
        }
        Heard::Arrived => return,
        Heard::Receipt => {
            let format = PayloadFormat::Canonical;
            let subject =
                Subject::Voucher { key: key(1), flag: Flag::Receipt, format, payload: vec![1] };
            let letter = Envelope::new(bank(), me(), &subject).encode();
            let known = store.peer(bank()).and_then(|peer| peer.inbox.find(&key(1), Flag::Receipt));
            let (arrival, letter) = match known {
                Some(entry) => (Arrival::Repeated { entry }, Vec::new()),
                None => (Arrival::Taken, letter),
            };
            let day = store.day();
            store.apply(&Event::Received { from: bank(), number, day, arrival, letter });
            return;
        }
        Heard::Taken => Notice::Taken { number: 1, digest: voucher(1).digest() },
        Heard::NotTaken => {
            Notice::NotTaken { number: 1, failure: Failure::NotTaken, reason: "no".to_owned() }
        }
        Heard::Returned => {
            let (key, flag) = (key(1), Flag::Original);
            Notice::Returned { key, flag, reason: "no".to_owned() }
        }
    };
    let letter = Envelope::new(bank(), me(), &Subject::Notices(vec![notice])).encode();
    let (day, arrival) = (store.day(), Arrival::Notices);
    store.apply(&Event::Received { from: bank(), number, day, arrival, letter });
}

proptest! {
    /// A letter rises, comes to an end once, and stays there, whatever is heard in whatever order.
    #[test]
    fn what_is_heard_late_takes_nothing_back(all in proptest::collection::vec(heard(), 1..12)) {
        let mut store = store();
        queue(&mut store, 1, Lane::Ordinary);
        give(&mut store, 1);
        let state = |store: &Store| {
            store.peer(bank()).expect("a peer").out.get(0).expect("a row").out_state()
        };
        let mut before = state(&store);
        for heard in all {
            hear(&mut store, heard);
            let now = state(&store);
            prop_assert!(now >= before, "{heard:?}: from {before:?} to {now:?}");
            prop_assert!(!before.is_end() || now == before, "{heard:?}: {before:?} was an end");
            prop_assert!(before != OutState::Receipted || now == before, "{heard:?} after a receipt");
            before = now;
        }
    }

    /// Numbers are dense and each letter gets one, lane by lane, in the order of each lane.
    #[test]
    fn numbers_are_dense_and_lanes_keep_their_order(
        steps in proptest::collection::vec((0_u8..4, 1_usize..4), 1..60),
    ) {
        let (mut store, mut next) = (store(), 0);
        for (lane, count) in steps {
            match Lane::from_number(lane) {
                Some(lane) => {
                    for _ in 0..count {
                        queue(&mut store, next, lane);
                        next += 1;
                    }
                }
                None if next > 0 => give(&mut store, count),
                None => {}
            }
        }
        if next > 0 {
            give(&mut store, usize::MAX);
            let peer = store.peer(bank()).expect("a peer");
            prop_assert_eq!(peer.given(), u64::from(next));
            for lane in Lane::ALL {
                let numbers: Vec<_> = peer
                    .out
                    .iter()
                    .filter(|(_, row)| row.lane() == lane)
                    .map(|(_, row)| row.number)
                    .collect();
                prop_assert!(numbers.is_sorted() && !numbers.contains(&0), "{lane:?}: {numbers:?}");
            }
            for number in 1..=peer.given() {
                let entry = peer.entry_of(number).expect("given");
                prop_assert_eq!(u64::from(peer.out.get(entry).expect("a row").number), number);
            }
            prop_assert_eq!(peer.entry_of(peer.given() + 1), None);
        }
    }
}
