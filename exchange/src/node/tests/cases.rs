//! The ordinary way, and what people do when something is not ordinary.

use domain::office::tables::project::DIRECT_FUNDS;
use domain::voucher::{Field, Flag, VoucherNumber};

use super::super::*;
use super::world::*;
use crate::envelope::{Envelope, Subject};
use crate::store::search::Search;
use crate::store::{InState, OutState, Peer};

fn state(world: &World, number: u32) -> OutState {
    let peer = world.finance.store().peer(party(BANK)).expect("a peer");
    let entry = peer.out.find(&key(number), Flag::Original).expect("a voucher");
    peer.out.get(entry).expect("a row").out_state()
}

/// Gives the bank a letter as finance's next, whatever it is.
fn inject(world: &mut World, letter: &[u8]) {
    let from = party(FINANCE);
    let first = world.bank.store().peer(from).map_or(0, Peer::received) + 1;
    let messages = vec![[&[0], letter].concat()];
    world.bank.turn(vec![Input::Messages { from, first, messages }], 0).expect("durable");
}

fn sealed(world: &World, number: u32, payload: &[u8], seed: u8) -> Envelope {
    let subject = Subject::Voucher {
        key: key(number),
        flag: Flag::Original,
        format: PayloadFormat::Canonical,
        payload: payload.to_vec(),
    };
    let mut envelope = Envelope::new(party(FINANCE), party(BANK), &subject);
    let (_, _, keys) = certified(FINANCE, seed, 20220101, 20221231);
    keys.seal_all(&mut [&mut envelope], world.bank.store().day(), 1).expect("sealed");
    envelope
}

fn set_aside(world: &World) -> Vec<u32> {
    let search = Search { theirs: Some(InState::SetAside), ..Search::default() };
    world.bank.store().search(&search).into_iter().map(|(found, _)| found.entry).collect()
}

#[test]
fn a_voucher_goes_is_taken_and_comes_back_as_a_receipt() {
    let mut world = World::new();
    world.line(true);
    world.pay(1..=3, "books");
    assert_eq!(state(&world, 1), OutState::Given);
    world.settle();
    for number in 1..=3 {
        assert_eq!(state(&world, number), OutState::Receipted);
        assert_eq!(world.bank.business().paid(key(number)), 1);
        assert_eq!(world.finance.business().receipted(key(number)), 1);
    }
    let found = world.bank.store().find(&key(2));
    assert_eq!(found.len(), 2, "the original and our receipt: {found:?}");
    assert_eq!(world.bank.store().alarms_so_far() + world.finance.store().alarms_so_far(), 0);
}

#[test]
fn nothing_is_told_before_it_is_durable() {
    let mut world = World::new();
    world.line(true);
    let mut finance = world.finance;
    let log = finance.log().found();
    finance.log.end_after(0);
    let order = Order::Business((party(BANK), voucher(key(1), "books")));
    let told = finance.turn(vec![Input::Order { ticket: 1, order }], 0);
    assert!(matches!(told, Err(NodeFault::Log(LogFault::Killed))));
    let again = born(FINANCE, first_keys(FINANCE), log);
    assert!(again.store().find(&key(1)).is_empty());
}

#[test]
fn what_is_refused_or_sent_back_is_heard_once() {
    let mut world = World::new();
    world.line(true);
    world.pay([1], "refuse");
    world.pay([2], "return");
    world.settle();
    assert_eq!((state(&world, 1), state(&world, 2)), (OutState::NotTaken, OutState::Returned));
    for number in [1, 2] {
        assert_eq!(world.finance.business().came_back(key(number)), 1);
        assert_eq!(world.bank.business().paid(key(number)), 0);
    }
    let peer = world.finance.store().peer(party(BANK)).expect("a peer");
    let entry = peer.out.find(&key(1), Flag::Original).expect("a voucher");
    assert_eq!(peer.words_about_ours(entry), Some("account closed".to_owned()));
}

#[test]
fn only_what_never_left_is_voided_and_its_number_never_comes_again() {
    let mut world = World::new();
    world.pay(1..=2, "books");
    let (to, flag) = (party(BANK), Flag::Original);
    let void = |number| Order::Void {
        to,
        key: key(number),
        flag,
        by: "wang".to_owned(),
        reason: "wrong payee".to_owned(),
    };
    done(&mut world.finance, vec![void(1)]);
    assert!(refused(&mut world.finance, void(1)).contains("voided"));
    // The line is there before anything crosses it: from the moment it is numbered it may have left.
    world.line(true);
    let told = refused(&mut world.finance, void(2));
    assert!(told.contains("may have left") && told.contains("number 1"), "{told}");
    assert!(refused(&mut world.finance, void(3)).contains("not among the vouchers"));
    world.settle();
    assert_eq!(world.bank.business().paid(key(1)), 0);
    assert!(world.bank.store().find(&key(1)).is_empty(), "the bank never heard of it");
    assert_eq!(world.bank.business().paid(key(2)), 1);
    world.pay([1], "other books");
    world.settle();
    assert_eq!(state(&world, 1), OutState::Voided);
    assert_eq!(world.bank.business().paid(key(1)), 0);
    let alarm = world.finance.store().alarms().last().expect("an alarm");
    assert!(alarm.what.contains("was used before"), "{alarm:?}");
}

#[test]
fn the_same_voucher_again_is_answered_as_before_and_another_under_its_number_is_an_alarm() {
    let mut world = World::new();
    world.line(true);
    world.pay([1], "books");
    world.settle();
    let (_, payload) = Texts.write(party(BANK), &voucher(key(1), "books")).expect("written");
    let same = sealed(&world, 1, &payload, 1);
    inject(&mut world, &same.encode());
    let (_, payload) = Texts.write(party(BANK), &voucher(key(1), "jewels")).expect("written");
    let other = sealed(&world, 1, &payload, 1);
    inject(&mut world, &other.encode());
    assert_eq!(world.bank.business().paid(key(1)), 1);
    let alarms: Vec<_> = world.bank.store().alarms().map(|alarm| alarm.what.clone()).collect();
    assert_eq!(alarms.len(), 1, "{alarms:?}");
    assert!(alarms[0].contains("security") && alarms[0].contains("was here before"), "{alarms:?}");
    // Both are answered: the first as before, the other with a no.
    let (bank, me) = (&mut world.bank, party(FINANCE));
    let last = bank.store().peer(me).expect("a peer").given();
    let notices: Vec<_> = [last - 1, last]
        .into_iter()
        .flat_map(|number| {
            let message = bank.message(me, number).expect("readable").expect("offered");
            Envelope::decode(&message[1..]).expect("a letter").notices().to_vec()
        })
        .collect();
    use crate::notice::{Failure, Notice};
    assert!(matches!(notices[0], Notice::Taken { number: 2 | 3, .. }), "{notices:?}");
    assert!(
        matches!(notices[1], Notice::NotTaken { failure: Failure::NumberReused, .. }),
        "{notices:?}"
    );
}

#[test]
fn what_cannot_be_worked_with_is_set_aside_and_holds_nothing_up() {
    let mut world = World::new();
    world.line(true);
    let poison = sealed(&world, 1, b"not five parts", 1);
    let wrong_number = {
        let (_, payload) = Texts.write(party(BANK), &voucher(key(7), "books")).expect("written");
        sealed(&world, 2, &payload, 1)
    };
    inject(&mut world, &poison.encode());
    inject(&mut world, &wrong_number.encode());
    inject(&mut world, b"no envelope at all");
    inject(&mut world, &poison.encode()[..60]);
    let (_, payload) = Texts.write(party(BANK), &voucher(key(3), "books")).expect("written");
    let good = sealed(&world, 3, &payload, 1);
    inject(&mut world, &good.encode());
    assert_eq!(world.bank.business().paid(key(3)), 1);
    assert_eq!(set_aside(&world), [0, 1, 2, 3]);
    assert_eq!(world.bank.store().alarms_so_far(), 4);
    let (from, by) = (party(FINANCE), "li".to_owned());
    let release = Order::Release { from, entry: 0, by: by.clone() };
    assert!(refused(&mut world.bank, release).contains("five parts"));
    let dismiss =
        |entry| Order::Dismiss { from, entry, by: by.clone(), reason: "not a voucher".to_owned() };
    done(&mut world.bank, vec![dismiss(0), dismiss(2)]);
    assert!(refused(&mut world.bank, dismiss(0)).contains("refused"));
    assert!(refused(&mut world.bank, dismiss(99)).contains("no letter 99"));
    assert_eq!(set_aside(&world), [1, 3]);
}

#[test]
fn what_was_set_aside_is_released_when_it_is_good() {
    let mut world = World::new();
    world.line(true);
    // Notices of the bank under a certificate that finance does not know yet.
    let (bytes, id, keys) = certified(BANK, 12, 20220301, 20221231);
    world.bank.renew_keys(keys);
    world.pay([1], "refuse");
    world.settle();
    assert_eq!(state(&world, 1), OutState::Arrived);
    let search = Search { theirs: Some(InState::SetAside), ..Search::default() };
    let found = world.finance.store().search(&search);
    let (found, _) = found.first().expect("notices set aside");
    let (from, entry) = (found.party, found.entry);
    let release = || Order::Release { from, entry, by: "li".to_owned() };
    assert!(refused(&mut world.finance, release()).contains("not filed with us"));
    know(&mut world.finance, &bytes, id);
    done(&mut world.finance, vec![release()]);
    assert_eq!(state(&world, 1), OutState::NotTaken);
    assert_eq!(world.finance.business().came_back(key(1)), 1);
    assert!(refused(&mut world.finance, release()).contains("only to one that is set aside"));
}

#[test]
fn a_voucher_is_asked_back_only_while_it_is_not_taken() {
    let mut world = World::new();
    world.line(true);
    world.pay([1], "books");
    let ask = |number| Order::AskBack {
        to: party(BANK),
        key: key(number),
        flag: Flag::Original,
        by: "wang".to_owned(),
    };
    done(&mut world.finance, vec![ask(1)]);
    world.settle();
    assert_eq!(state(&world, 1), OutState::Receipted, "the bank had paid it");
    assert!(refused(&mut world.finance, ask(1)).contains("receipted"));
    world.line(false);
    world.pay([2], "books");
    assert!(refused(&mut world.finance, ask(2)).contains("void it instead"));
}

#[test]
fn who_asks_hears_where_a_voucher_stands() {
    use domain::voucher::state::{RemoteStatus, State};
    let mut world = World::new();
    let (to, flag) = (party(BANK), Flag::Original);
    world.pay([1], "books");
    world.pay([2], "refuse");
    world.pay([3], "return");
    let ours = |world: &World, number| world.finance.store().status_of_ours(to, &key(number), flag);
    assert_eq!(ours(&world, 1), Some(RemoteStatus::OriginalNotSent));
    assert_eq!(ours(&world, 9), Some(RemoteStatus::NotFound));
    world.line(true);
    assert_eq!(ours(&world, 1), None, "only the other side can say");
    let ask = |number| Order::AskStatus { to, key: key(number), flag };
    done(&mut world.finance, (1..=4).map(ask).collect());
    world.settle();
    let told: Vec<_> = world.finance.store().told().map(|told| told.status).collect();
    let expected = [
        RemoteStatus::Accepted,
        RemoteStatus::AcceptFailed,
        RemoteStatus::Returned,
        RemoteStatus::NotReceived,
    ];
    assert_eq!(told, expected);
    done(&mut world.finance, vec![ask(1)]);
    world.settle();
    let told = world.finance.store().told().last().expect("an answer");
    assert_eq!((told.by, told.status), (to, RemoteStatus::ReceiptArrived));
    let states = [State::Receipted, State::Returned, State::Returned];
    for (number, expected) in (1..).zip(states) {
        let found = world.finance.store().find(&key(number));
        assert_eq!(found[0].1.voucher_state(), expected, "{number}");
    }
}

#[test]
fn urgent_ones_go_first_and_nobody_overtakes_what_it_belongs_to() {
    let mut world = World::new();
    world.pay(1..=3, "books");
    let bank = party(BANK);
    let payroll = |number, of: Option<u32>| {
        let mut voucher = voucher(key(number), "wages");
        voucher.head = voucher.head.with_text(Field::BusinessType, "3");
        if let Some(of) = of {
            let original = VoucherNumber::serial(of).as_str().to_owned();
            voucher.head = voucher.head.with_text(Field::OriginalNumber, original);
            voucher.head = voucher.head.with_text(Field::OriginalKind, "8202");
        }
        Order::Business((bank, voucher))
    };
    // Of direct funds is what its project's label says.
    let mut direct = voucher(key(7), "direct");
    direct.head = direct.head.with_text(Field::Topic, DIRECT_FUNDS);
    let direct = Order::Business((bank, direct));
    done(&mut world.finance, vec![payroll(4, None), payroll(5, Some(2)), payroll(6, None), direct]);
    world.line(true);
    let peer = world.finance.store().peer(bank).expect("a peer");
    let order: Vec<_> = (1..=peer.given())
        .map(|number| {
            let row = peer.out.get(peer.entry_of(number).expect("given")).expect("a row");
            row.key.expect("a voucher").number.as_str().parse::<u32>().expect("a serial")
        })
        .collect();
    assert_eq!(order, [4, 6, 7, 1, 2, 3, 5]);
}

#[test]
fn another_journal_is_followed_in_the_same_turn_as_what_comes_of_it() {
    let mut world = World::new();
    let orders =
        vec![(party(BANK), voucher(key(1), "books")), (party(BANK), voucher(key(2), "never"))];
    let follow = Input::Follow { cursor: b"at 5".to_vec(), orders };
    world.finance.turn(vec![follow], 0).expect("durable");
    let again = born(FINANCE, first_keys(FINANCE), world.finance.log().found());
    assert_eq!(again.store().followed(), b"at 5");
    assert_eq!(again.store().find(&key(1)).len(), 1);
    // What is followed is a fact: one the business refuses is trouble, and nothing stops for it.
    let alarm = again.store().alarms().last().expect("an alarm");
    assert!(alarm.what.contains("what was followed is refused"), "{alarm:?}");
}

#[test]
fn before_its_first_day_a_party_does_nothing() {
    let mut node = born(FINANCE, first_keys(FINANCE), MemoryLog::new(4 << 20));
    let order = Order::Business((party(BANK), voucher(key(1), "books")));
    assert!(refused(&mut node, order).contains("begin one first"));
    done(&mut node, vec![Order::BeginDay(day(20220101))]);
}

#[test]
fn pieces_that_never_end_are_set_aside() {
    let mut world = World::new();
    let from = party(FINANCE);
    let piece = |tag: u8, length: usize| [vec![tag], vec![7; length]].concat();
    let mut number = 0;
    let mut come = |world: &mut World, message: Vec<u8>| {
        number += 1;
        let inputs = vec![Input::Messages { from, first: number, messages: vec![message] }];
        world.bank.turn(inputs, 0).expect("durable");
    };
    come(&mut world, piece(2, 10));
    for _ in 0..crate::limits::ENVELOPE_BYTES_MAX / (4 << 20) + 1 {
        come(&mut world, piece(1, 4 << 20));
    }
    assert_eq!(set_aside(&world), [0, 1]);
    assert!(world.bank.store().peer(from).expect("a peer").partial().is_empty());
    come(&mut world, piece(9, 10));
    come(&mut world, Vec::new());
    assert_eq!(set_aside(&world), [0, 1, 2, 3]);
}

#[test]
fn days_only_rise_and_search_goes_page_by_page() {
    let mut world = World::new();
    world.pay(1..=4, "books");
    done(&mut world.finance, vec![Order::BeginDay(day(20220316))]);
    assert!(refused(&mut world.finance, Order::BeginDay(day(20220316))).contains("only rise"));
    world.pay(5..=6, "books");
    let search = |search: Search| world.finance.store().search(&search).len();
    assert_eq!(search(Search::default()), 6);
    assert_eq!(search(Search { ours: Some(OutState::Waiting), ..Search::default() }), 6);
    assert_eq!(search(Search { ours: Some(OutState::Given), ..Search::default() }), 0);
    assert_eq!(search(Search { first: Some(day(20220316)), ..Search::default() }), 2);
    assert_eq!(search(Search { last: Some(day(20220315)), ..Search::default() }), 4);
    assert_eq!(search(Search { party: Some(party("bank:9")), ..Search::default() }), 0);
    let all = world.finance.store().search(&Search::default());
    let (third, _) = all[2];
    assert_eq!(search(Search { after: Some(third), ..Search::default() }), 3);
}

#[test]
fn what_cannot_be_written_for_its_party_comes_back_at_once_and_never_waits() {
    let mut world = World::new();
    world.pay([1], "孙😀");
    world.pay([2], "books");
    let back = |world: &World| [1, 2].map(|number| world.finance.business().came_back(key(number)));
    assert_eq!(back(&world), [1, 0]);
    let peer = world.finance.store().peer(party(BANK)).expect("a peer");
    assert_eq!((peer.out.find(&key(1), Flag::Original), peer.waiting()), (None, 1));
    let alarm = world.finance.store().alarms().last().expect("an alarm");
    assert!(alarm.what.contains("cannot be written for bank:102: its purpose has 😀"), "{alarm:?}");
    world.finance = born(FINANCE, first_keys(FINANCE), world.finance.log().found());
    assert_eq!(back(&world), [1, 0], "the journal says so too");
    world.line(true);
    world.settle();
    assert_eq!([1, 2].map(|number| world.bank.business().paid(key(number))), [0, 1]);
}
