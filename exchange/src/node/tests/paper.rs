//! Lines down: vouchers that go by paper with two persons' word, and are matched later by their number.

use domain::voucher::{Field, Flag, Party, Value, Voucher};

use super::super::*;
use super::world::*;
use crate::store::OutState;

fn two(first: &str, second: &str) -> TwoPersons {
    TwoPersons { first: first.to_owned(), second: second.to_owned() }
}

fn authorise(node: &mut Test) {
    let by = |person: &str| Order::Authorise {
        person: person.to_owned(),
        may: true,
        by: "director".to_owned(),
    };
    done(node, vec![by("wang"), by("li")]);
}

fn by_paper(number: u32, persons: TwoPersons) -> Order<(Party, Voucher)> {
    Order::SendByPaper {
        to: party(BANK),
        key: key(number),
        flag: Flag::Original,
        persons,
        reason: "both lines down".to_owned(),
    }
}

fn typed(number: u32, purpose: &str) -> Order<(Party, Voucher)> {
    Order::TakePaper {
        from: party(FINANCE),
        voucher: Box::new(voucher(key(number), purpose)),
        persons: two("wang", "li"),
    }
}

#[test]
fn a_paper_voucher_is_paid_once_whichever_way_it_is_heard_of_again() {
    let mut world = World::new();
    authorise(&mut world.finance);
    authorise(&mut world.bank);
    world.pay(1..=3, "books");
    done(&mut world.finance, vec![by_paper(1, two("wang", "li")), by_paper(2, two("li", "wang"))]);
    // The bank gets one of the two papers, and types another purpose on the third, which never went by paper.
    done(&mut world.bank, vec![typed(1, "books"), typed(3, "bricks")]);
    assert_eq!(world.bank.business().paid(key(1)), 1);
    assert!(refused(&mut world.bank, typed(1, "books")).contains("a number is used once"));
    world.line(true);
    world.settle();
    for number in 1..=3 {
        assert_eq!(world.bank.business().paid(key(number)), 1, "{number}");
    }
    let store = world.finance.store();
    let peer = store.peer(party(BANK)).expect("a peer");
    let row = |number| {
        let entry = peer.out.find(&key(number), Flag::Original).expect("a voucher");
        peer.out.get(entry).expect("a row")
    };
    assert_eq!((row(1).out_state(), row(1).by_paper), (OutState::Receipted, true));
    assert_eq!((row(2).out_state(), row(2).by_paper), (OutState::Receipted, true));
    // The third: what came over the line is not what was typed. A person has to know, on both sides, and nothing
    // has come back: the bank has paid something under this number.
    let state = (row(3).out_state(), world.finance.business().came_back(key(3)));
    assert_eq!(state, (OutState::Receipted, 0));
    let alarm = store.alarms().last().expect("an alarm");
    assert!(alarm.what.contains("did not take what it has answered"), "{alarm:?}");
    let alarm = world.bank.store().alarms().last().expect("an alarm");
    assert!(alarm.what.contains("was here before with other contents"), "{alarm:?}");
    let bank_peer = world.bank.store().peer(party(FINANCE)).expect("a peer");
    let entry = bank_peer.inbox.find(&key(1), Flag::Original).expect("a voucher");
    let matched = bank_peer.inbox.get(entry).expect("a row");
    assert!(matched.by_paper && matched.number > 0, "matched to its number on the line");
}

#[test]
fn paper_needs_two_persons_who_may_and_a_voucher_that_has_not_left() {
    let mut world = World::new();
    world.pay([1], "books");
    let refused_for =
        |world: &mut World, persons| refused(&mut world.finance, by_paper(1, persons));
    assert!(refused_for(&mut world, two("wang", "li")).contains("wang may not vouch"));
    authorise(&mut world.finance);
    assert!(refused_for(&mut world, two("wang", "wang")).contains("named twice"));
    assert!(refused_for(&mut world, two("wang", "zhao")).contains("zhao may not vouch"));
    let own = Order::Authorise { person: "zhao".to_owned(), may: true, by: "zhao".to_owned() };
    assert!(refused(&mut world.finance, own).contains("named twice"));
    // Nobody is two by a blank, and nobody is there by the other's word.
    let may = |person: &str, by: &str| Order::Authorise {
        person: person.to_owned(),
        may: true,
        by: by.to_owned(),
    };
    assert!(refused(&mut world.finance, may("wang ", "director")).contains("blanks around it"));
    assert!(refused_for(&mut world, two("wang", "wang ")).contains("wang  may not vouch"));
    done(&mut world.finance, vec![may("zhao", "li")]);
    assert!(refused_for(&mut world, two("zhao", "li")).contains("by the word of li"));
    assert!(refused_for(&mut world, two("li", "zhao")).contains("by the word of li"));
    let no_more = Order::Authorise { person: "zhao".to_owned(), may: false, by: "li".to_owned() };
    done(&mut world.finance, vec![no_more]);
    done(&mut world.finance, vec![by_paper(1, two("wang", "li"))]);
    let void = Order::Void {
        to: party(BANK),
        key: key(1),
        flag: Flag::Original,
        by: "wang".to_owned(),
        reason: "too late".to_owned(),
    };
    assert!(refused(&mut world.finance, void).contains("went by paper"));
    world.line(true);
    assert!(refused_for(&mut world, two("wang", "li")).contains("waits and has not left"));
    let no_longer =
        Order::Authorise { person: "li".to_owned(), may: false, by: "director".to_owned() };
    done(&mut world.finance, vec![no_longer]);
    assert_eq!(world.finance.store().authorised().collect::<Vec<_>>(), ["wang"]);
}

#[test]
fn a_voucher_whose_number_they_have_otherwise_stops_and_nothing_comes_back() {
    let mut world = World::new();
    authorise(&mut world.bank);
    world.pay([1], "books");
    done(&mut world.bank, vec![typed(1, "bricks")]);
    // The bank hears of ours before its own receipt is on the line.
    let (finance, bank) = (party(FINANCE), party(BANK));
    world.finance.turn(vec![Input::Line { party: bank, up: true }], 0).expect("durable");
    carry(&mut world.finance, &mut world.bank);
    world.bank.turn(vec![Input::Line { party: finance, up: true }], 0).expect("durable");
    world.settle();
    let peer = world.finance.store().peer(bank).expect("a peer");
    let entry = peer.out.find(&key(1), Flag::Original).expect("a voucher");
    assert_eq!(peer.out.get(entry).expect("a row").out_state(), OutState::Stopped);
    assert!(peer.words_about_ours(entry).expect("words").contains("with other contents"));
    assert_eq!(world.finance.business().came_back(key(1)), 0);
    assert_eq!(
        (world.bank.business().paid(key(1)), world.finance.business().receipted(key(1))),
        (1, 1)
    );
}

fn give_up(number: u32) -> Order<(Party, Voucher)> {
    Order::GiveUp {
        to: party(BANK),
        entry: number - 1,
        by: "wang".to_owned(),
        reason: "paid by cheque".to_owned(),
    }
}

fn ask_where(world: &mut World, number: u32) {
    let (to, flag) = (party(BANK), Flag::Original);
    done(&mut world.finance, vec![Order::AskStatus { to, key: key(number), flag }]);
    world.settle();
}

fn state_of(world: &World, number: u32) -> OutState {
    let peer = world.finance.store().peer(party(BANK)).expect("a peer");
    let entry = peer.out.find(&key(number), Flag::Original).expect("a voucher");
    peer.out.get(entry).expect("a row").out_state()
}

#[test]
fn what_the_other_side_has_paid_under_the_number_is_not_given_up_by_anybody() {
    let mut world = World::new();
    authorise(&mut world.finance);
    authorise(&mut world.bank);
    world.pay([1], "books");
    done(&mut world.finance, vec![by_paper(1, two("wang", "li"))]);
    // The bank types another voucher than the paper has, and finance refuses its receipt.
    done(&mut world.bank, vec![typed(1, "bribes")]);
    world.line(true);
    world.settle();
    assert_eq!(world.bank.business().paid(key(1)), 1);
    let state = (state_of(&world, 1), world.finance.business().receipted(key(1)));
    assert_eq!(state, (OutState::Stopped, 0));
    let why = refused(&mut world.finance, give_up(1));
    assert!(why.contains("a receipt of it came and is refused"), "{why}");
    assert!(why.contains("voucher ask-status"), "{why}");
    ask_where(&mut world, 1);
    assert!(refused(&mut world.finance, give_up(1)).contains("a receipt of it came"));
    let (state, back) = (state_of(&world, 1), world.finance.business().came_back(key(1)));
    assert_eq!((state, back), (OutState::Stopped, 0));
}

#[test]
fn a_number_that_means_another_voucher_there_is_given_up_once_they_say_that_it_went_back() {
    let mut world = World::new();
    authorise(&mut world.bank);
    world.pay([1], "books");
    done(&mut world.bank, vec![typed(1, "return")]);
    // That it is sent back is heard while ours still waits, and so means nothing for it.
    world.bank.turn(vec![Input::Line { party: party(FINANCE), up: true }], 0).expect("durable");
    carry(&mut world.bank, &mut world.finance);
    world.line(true);
    world.settle();
    assert_eq!(state_of(&world, 1), OutState::Stopped);
    let why = refused(&mut world.finance, give_up(1));
    assert!(why.contains("has another voucher under its number"), "{why}");
    // Finance starts again: what it knows of this is in its journal.
    world.finance = born(FINANCE, first_keys(FINANCE), world.finance.log().found());
    assert!(refused(&mut world.finance, give_up(1)).contains("has another voucher"));
    world.line(true);
    ask_where(&mut world, 1);
    done(&mut world.finance, vec![give_up(1)]);
    let (state, back) = (state_of(&world, 1), world.finance.business().came_back(key(1)));
    assert_eq!((state, back), (OutState::GivenUp, 1));
}

#[test]
fn what_went_by_paper_and_is_not_trusted_on_the_line_is_sealed_again_and_not_given_up() {
    let mut world = World::new();
    authorise(&mut world.finance);
    authorise(&mut world.bank);
    world.pay(1..=2, "books");
    done(&mut world.finance, vec![by_paper(1, two("wang", "li"))]);
    super::seals::revoke(&mut world);
    world.line(true);
    world.settle();
    assert_eq!((state_of(&world, 1), state_of(&world, 2)), (OutState::Stopped, OutState::Stopped));
    // The bank does not have it, and may yet: the paper is on its way.
    ask_where(&mut world, 1);
    let why = refused(&mut world.finance, give_up(1));
    assert!(why.contains("it went by paper"), "{why}");
    // One that went no other way is nowhere.
    done(&mut world.finance, vec![give_up(2)]);
    let (bytes, id, keys) = certified(FINANCE, 11, 20220101, 20231231);
    know(&mut world.bank, &bytes, id);
    world.finance.renew_keys(keys);
    let by = "wang".to_owned();
    done(&mut world.finance, vec![Order::SealAgain { to: party(BANK), entry: 0, by }]);
    world.settle();
    assert_eq!(state_of(&world, 1), OutState::Receipted);
    assert_eq!(world.bank.business().paid(key(1)), 1);
}

/// Vouchers as [`Texts`] reads them, written otherwise.
struct Otherwise;

impl Payloads for Otherwise {
    fn write(&self, to: Party, voucher: &Voucher) -> Result<(PayloadFormat, Vec<u8>), String> {
        let (format, mut bytes) = Texts.write(to, voucher)?;
        bytes.insert(0, b' ');
        Ok((format, bytes))
    }

    fn read(
        &self,
        format: PayloadFormat,
        payload: &[u8],
        original: Option<&Voucher>,
    ) -> Result<Voucher, String> {
        Texts.read(format, payload, original)
    }
}

#[test]
fn what_was_typed_in_another_form_than_its_senders_is_the_same_voucher() {
    let mut world = World::new();
    world.bank.means.payloads = Box::new(Otherwise);
    authorise(&mut world.finance);
    authorise(&mut world.bank);
    world.pay(1..=2, "books");
    done(&mut world.finance, vec![by_paper(1, two("wang", "li")), by_paper(2, two("wang", "li"))]);
    // The mark that it is a paper voucher stands on the paper, and is typed in too.
    let marked = |number| {
        let mut voucher = voucher(key(number), "books");
        voucher.head.set(Field::Offline, Value::Text("1".to_owned()));
        Order::TakePaper {
            from: party(FINANCE),
            voucher: Box::new(voucher),
            persons: two("wang", "li"),
        }
    };
    done(&mut world.bank, vec![marked(1), typed(2, "bricks")]);
    world.line(true);
    world.settle();
    let peer = world.bank.store().peer(party(FINANCE)).expect("a peer");
    for number in 1..=2 {
        assert_eq!(world.bank.business().paid(key(number)), 1, "{number}");
    }
    let entry = peer.inbox.find(&key(1), Flag::Original).expect("a voucher");
    assert!(peer.inbox.get(entry).expect("a row").number > 0, "matched to its number on the line");
    let alarms: Vec<_> = world.bank.store().alarms().map(|alarm| alarm.voucher).collect();
    assert_eq!(alarms, [Some((key(2), Flag::Original))], "only what differs is told");
}

#[test]
fn what_is_typed_in_the_turn_in_which_it_comes_is_the_same_voucher_too() {
    let mut world = World::new();
    world.bank.means.payloads = Box::new(Otherwise);
    authorise(&mut world.finance);
    authorise(&mut world.bank);
    world.pay([1], "books");
    done(&mut world.finance, vec![by_paper(1, two("wang", "li"))]);
    let (finance, bank) = (party(FINANCE), party(BANK));
    world.finance.turn(vec![Input::Line { party: bank, up: true }], 0).expect("durable");
    let message = world.finance.message(bank, 1).expect("the journal is there").expect("given");
    let both = vec![
        Input::Order { ticket: 1, order: typed(1, "books") },
        Input::Messages { from: finance, first: 1, messages: vec![message] },
    ];
    world.bank.turn(both, 0).expect("durable");
    assert_eq!(world.bank.business().paid(key(1)), 1);
    assert_eq!(world.bank.store().alarms_so_far(), 0);
    let peer = world.bank.store().peer(finance).expect("a peer");
    let entry = peer.inbox.find(&key(1), Flag::Original).expect("a voucher");
    assert_eq!(peer.inbox.get(entry).expect("a row").number, 1);
}

fn sent_back(number: u32) -> Order<(Party, Voucher)> {
    Order::ReturnPaper {
        from: party(FINANCE),
        voucher: Box::new(voucher(key(number), "books")),
        persons: two("wang", "li"),
        reason: "payee unknown".to_owned(),
    }
}

/// What finance makes of an order that came back or was answered: where it stands, how often it came back and was answered.
fn heard(world: &World, number: u32) -> (OutState, u32, u32) {
    let business = world.finance.business();
    (state_of(world, number), business.came_back(key(number)), business.receipted(key(number)))
}

/// Letters that the bank's program cannot read.
struct Unreadable;

impl Payloads for Unreadable {
    fn write(&self, to: Party, voucher: &Voucher) -> Result<(PayloadFormat, Vec<u8>), String> {
        Texts.write(to, voucher)
    }

    fn read(&self, _: PayloadFormat, _: &[u8], _: Option<&Voucher>) -> Result<Voucher, String> {
        Err("it cannot be read".to_owned())
    }
}

/// Orders that went by paper too, and whose letters the bank has dismissed.
fn dismissed_at_the_bank(numbers: std::ops::RangeInclusive<u32>) -> World {
    let mut world = World::new();
    authorise(&mut world.finance);
    authorise(&mut world.bank);
    world.pay(numbers.clone(), "books");
    let papers = numbers.clone().map(|number| by_paper(number, two("wang", "li")));
    done(&mut world.finance, papers.collect());
    world.bank.means.payloads = Box::new(Unreadable);
    world.line(true);
    world.settle();
    let dismiss = |entry| Order::Dismiss {
        from: party(FINANCE),
        entry,
        by: "li".to_owned(),
        reason: "cannot be read".to_owned(),
    };
    done(&mut world.bank, (0..*numbers.end()).map(dismiss).collect());
    world.bank.means.payloads = Box::new(Texts);
    world.settle();
    world
}

#[test]
fn what_went_by_paper_and_is_not_taken_on_the_line_stops_until_its_paper_is_paid() {
    let mut world = dismissed_at_the_bank(1..=1);
    assert_eq!(heard(&world, 1), (OutState::Stopped, 0, 0));
    let alarm = world.finance.store().alarms().last().expect("an alarm");
    assert!(alarm.what.contains("cannot be read; it went by paper too"), "{alarm:?}");
    ask_where(&mut world, 1);
    let why = refused(&mut world.finance, give_up(1));
    assert!(why.contains("it went by paper, which may be typed in there yet"), "{why}");
    // Finance starts again, and the paper is typed in.
    world.finance = born(FINANCE, first_keys(FINANCE), world.finance.log().found());
    world.line(true);
    done(&mut world.bank, vec![typed(1, "books")]);
    world.settle();
    assert_eq!(world.bank.business().paid(key(1)), 1);
    assert_eq!(heard(&world, 1), (OutState::Receipted, 0, 1));
    assert!(refused(&mut world.bank, typed(1, "books")).contains("a number is used once"));
    assert!(refused(&mut world.finance, give_up(1)).contains("stands at receipted"));
}

#[test]
fn what_went_by_paper_and_stopped_has_come_back_once_the_paper_is_sent_back() {
    let mut world = dismissed_at_the_bank(1..=2);
    done(&mut world.bank, vec![sent_back(1)]);
    world.settle();
    assert_eq!(heard(&world, 1), (OutState::Returned, 1, 0));
    assert_eq!(heard(&world, 2), (OutState::Stopped, 0, 0));
    assert!(refused(&mut world.bank, typed(1, "books")).contains("a number is used once"));
    assert!(refused(&mut world.bank, sent_back(1)).contains("a number is used once"));
    // Sealed again and taken this time, it cannot be typed in nor sent back behind that.
    let by = "wang".to_owned();
    done(&mut world.finance, vec![Order::SealAgain { to: party(BANK), entry: 1, by }]);
    world.settle();
    assert_eq!(heard(&world, 2), (OutState::Receipted, 0, 1));
    assert!(refused(&mut world.bank, typed(2, "books")).contains("a number is used once"));
    assert!(refused(&mut world.bank, sent_back(2)).contains("a number is used once"));
    assert_eq!([1, 2].map(|number| world.bank.business().paid(key(number))), [0, 1]);
}

#[test]
fn a_paper_that_is_sent_back_is_at_its_end_though_its_letter_waits() {
    let mut world = World::new();
    authorise(&mut world.finance);
    authorise(&mut world.bank);
    world.pay(1..=2, "books");
    done(&mut world.finance, vec![by_paper(1, two("wang", "li"))]);
    done(&mut world.bank, vec![sent_back(1), sent_back(2)]);
    world.bank.turn(vec![Input::Line { party: party(FINANCE), up: true }], 0).expect("durable");
    carry(&mut world.bank, &mut world.finance);
    assert_eq!(heard(&world, 1), (OutState::Returned, 1, 0));
    // The second never went by paper here: what is said of it means nothing yet.
    assert_eq!(heard(&world, 2), (OutState::Waiting, 0, 0));
    world.line(true);
    world.settle();
    let peer = world.finance.store().peer(party(BANK)).expect("a peer");
    assert_eq!(peer.out.get(0).expect("a row").number, 0, "it never crosses the line");
    assert_eq!(world.bank.business().paid(key(1)), 0);
}

#[test]
fn a_refusal_and_a_paper_that_goes_back_may_be_told_in_one_letter() {
    let mut world = World::new();
    authorise(&mut world.finance);
    authorise(&mut world.bank);
    world.pay([1], "refuse");
    done(&mut world.finance, vec![by_paper(1, two("wang", "li"))]);
    let (finance, bank) = (party(FINANCE), party(BANK));
    world.finance.turn(vec![Input::Line { party: bank, up: true }], 0).expect("durable");
    let message = world.finance.message(bank, 1).expect("the journal is there").expect("given");
    let both = vec![
        Input::Messages { from: finance, first: 1, messages: vec![message] },
        Input::Order { ticket: 1, order: sent_back(1) },
    ];
    world.bank.turn(both, 0).expect("durable");
    world.line(true);
    world.settle();
    assert_eq!(heard(&world, 1), (OutState::Returned, 1, 0));
}

#[test]
fn a_receipt_is_not_sent_back_and_a_paper_needs_two_who_may() {
    let mut world = World::new();
    assert!(refused(&mut world.bank, sent_back(1)).contains("wang may not vouch"));
    authorise(&mut world.bank);
    let Order::ReturnPaper { from, mut voucher, persons, reason } = sent_back(1) else {
        unreachable!("it is one")
    };
    voucher.flag = Flag::Receipt;
    let order = Order::ReturnPaper { from, voucher, persons, reason };
    assert!(refused(&mut world.bank, order).contains("only an original is sent back"));
}
