//! Differences on record: each is opened once, keeps its age, and ends only by what ends it.

use std::collections::BTreeMap;

use domain::Fen;
use domain::ids::{Day, FiscalYear, PersonId};
use domain::limits::NOTE_BYTES_MAX;
use domain::reconciliation::class::{OwnedFinding, Place};
use domain::reconciliation::register::{
    DifferenceId, Ending, Event, Order, Outcome, Refusal, Register, Told,
};
use domain::reconciliation::{Class, Figures, ItemState, Source};
use domain::voucher::{DivisionCode, Party, PartyKind, VoucherKey, VoucherKind, VoucherNumber};
use proptest::prelude::*;

const CLERK: PersonId = PersonId(7);
const CHIEF: PersonId = PersonId(8);

fn day(yyyymmdd: u32) -> Day {
    Day::new(yyyymmdd).expect("a day")
}

fn monday() -> Day {
    day(20_220_228)
}

fn tuesday() -> Day {
    day(20_220_301)
}

fn told() -> Told {
    let party = Party::new(PartyKind::CentralBank, "3700").expect("a party");
    Told { source: Source::Clearing, party }
}

fn figures(fen: i64, on: Day) -> Option<Figures> {
    Some(Figures { amount_fen: Fen::new(fen), state: ItemState::Done, day: on })
}

fn finding(
    serial: u32,
    class: Class,
    ours: Option<Figures>,
    theirs: Option<Figures>,
) -> OwnedFinding {
    let voucher = VoucherKey {
        division: DivisionCode::new("370102000").expect("a code"),
        year: FiscalYear::new(2022).expect("a year"),
        kind: VoucherKind::Payment,
        number: VoucherNumber::serial(serial),
    };
    let (detail, bank, account, fund) = ("".into(), "102".into(), "6217".into(), "111".into());
    OwnedFinding { place: Place { voucher, detail, bank, account, fund }, class, ours, theirs }
}

fn amount_diff(serial: u32, theirs_fen: i64) -> OwnedFinding {
    finding(serial, Class::AmountDiff, figures(100, monday()), figures(theirs_fen, monday()))
}

fn missing_there(serial: u32) -> OwnedFinding {
    finding(serial, Class::MissingThere, figures(100, monday()), None)
}

/// A register, and every event since it began.
#[derive(Default)]
struct Desk {
    register: Register,
    events: Vec<Event>,
}

impl Desk {
    fn give(
        &mut self,
        person: PersonId,
        today: Day,
        order: Order<'_>,
    ) -> Result<Vec<Event>, Refusal> {
        let before = self.register.clone();
        let decided = self.register.decide(person, today, order);
        assert_eq!(before, self.register, "deciding changes nothing");
        let events = decided?;
        events.iter().for_each(|event| self.register.apply(event));
        self.events.extend(events.clone());
        let mut again = Register::new();
        self.events.iter().for_each(|event| again.apply(event));
        assert_eq!(again, self.register, "the events say all there is");
        Ok(events)
    }

    fn compare(&mut self, day: Day, findings: Vec<OwnedFinding>) -> Vec<Event> {
        let order = Order::Compare { told: told(), day, agreed: 5, findings };
        self.give(CLERK, day, order).expect("an open day's statement is taken")
    }

    fn open(&self) -> Vec<(u64, Class)> {
        self.register.open().map(|one| (one.id.0, one.finding.class)).collect()
    }
}

const FIRST: DifferenceId = DifferenceId(1);

#[test]
fn a_statement_read_twice_opens_its_differences_once() {
    let mut desk = Desk::default();
    let events = desk.compare(monday(), vec![amount_diff(1, 90), missing_there(2)]);
    assert_eq!(events.len(), 3);
    assert_eq!(desk.compare(monday(), vec![missing_there(2), amount_diff(1, 90)]), []);
    assert_eq!(desk.open(), [(1, Class::AmountDiff), (2, Class::MissingThere)]);
    let outcome = Outcome { agreed: 5, different: 2 };
    assert_eq!(desk.register.compared(monday(), told()), Some(outcome));
}

#[test]
fn lines_that_are_there_three_times_are_two_differences() {
    let mut desk = Desk::default();
    let twice = finding(1, Class::Duplicate, None, figures(100, monday()));
    desk.compare(monday(), vec![twice.clone(), twice.clone()]);
    assert_eq!(desk.compare(monday(), vec![twice.clone(), twice.clone()]), []);
    assert_eq!(desk.open(), [(1, Class::Duplicate), (2, Class::Duplicate)]);
    desk.compare(monday(), vec![twice]);
    assert_eq!(desk.open(), [(1, Class::Duplicate)], "a corrected statement takes one back");
}

#[test]
fn a_corrected_statement_changes_and_ends_what_it_brings_differently() {
    let mut desk = Desk::default();
    desk.compare(monday(), vec![amount_diff(1, 90), missing_there(2)]);
    desk.give(CLERK, monday(), Order::Accept { id: FIRST, reason: "rounding" }).expect("proposed");
    let events = desk.compare(monday(), vec![amount_diff(1, 95)]);
    assert_eq!(events.len(), 3, "compared, changed, ended: {events:?}");
    let first = desk.register.get(FIRST).expect("it is there");
    assert_eq!((first.finding.theirs, first.opened), (figures(95, monday()), monday()));
    assert_eq!(first.proposed, None, "what was proposed was of other figures");
    let second = desk.register.get(DifferenceId(2)).expect("kept until its day is closed");
    assert_eq!(second.ending, Some(Ending::Agreed));
}

#[test]
fn a_line_that_comes_a_day_late_makes_one_difference_of_two_halves() {
    let mut desk = Desk::default();
    desk.compare(monday(), vec![missing_there(1)]);
    let comes = finding(1, Class::MissingHere, None, figures(100, tuesday()));
    desk.compare(tuesday(), vec![comes.clone()]);
    let first = desk.register.get(FIRST).expect("it is there");
    assert_eq!(desk.open(), [(1, Class::Late)]);
    assert_eq!((first.opened, first.joined), (monday(), Some(tuesday())), "it keeps its age");
    assert_eq!(first.age_days(tuesday()), 1);
    // Either day's statement once more changes nothing, and does not tear it apart.
    assert_eq!(desk.compare(monday(), vec![missing_there(1)]), []);
    assert_eq!(desk.compare(tuesday(), vec![comes]), []);
    let theirs = figures(100, tuesday());
    let order = Order::Confirm { id: FIRST, reference: "清字5号", theirs };
    desk.give(CLERK, tuesday(), order).expect("late money is there");
    assert_eq!(desk.open(), []);
}

#[test]
fn a_late_line_of_another_amount_differs_by_amount() {
    let mut desk = Desk::default();
    desk.compare(monday(), vec![finding(1, Class::MissingHere, None, figures(90, monday()))]);
    let ours = finding(1, Class::MissingThere, figures(100, tuesday()), None);
    desk.compare(tuesday(), vec![ours]);
    assert_eq!(desk.open(), [(1, Class::AmountDiff)]);
}

#[test]
fn another_statements_lines_do_not_meet() {
    let mut desk = Desk::default();
    desk.compare(monday(), vec![missing_there(1)]);
    let party = Party::new(PartyKind::Bank, "102").expect("a party");
    let told = Told { source: Source::Receipts, party };
    let comes = finding(1, Class::MissingHere, None, figures(100, tuesday()));
    let order = Order::Compare { told, day: tuesday(), agreed: 0, findings: vec![comes] };
    desk.give(CLERK, tuesday(), order).expect("taken");
    assert_eq!(desk.open(), [(1, Class::MissingThere), (2, Class::MissingHere)]);
}

#[test]
fn what_is_confirmed_or_corrected_has_to_agree() {
    let mut desk = Desk::default();
    desk.compare(monday(), vec![amount_diff(1, 90), missing_there(2), amount_diff(3, 80)]);
    let (second, third) = (DifferenceId(2), DifferenceId(3));
    let theirs = figures(95, monday());
    let refused = desk.give(CLERK, tuesday(), Order::Confirm { id: FIRST, reference: "1", theirs });
    let ours = figures(100, monday());
    assert_eq!(refused, Err(Refusal::StillDiffers { id: FIRST, ours, theirs }));
    let withdrawn = Order::Confirm { id: second, reference: "1", theirs: None };
    let refused = desk.give(CLERK, tuesday(), withdrawn);
    assert_eq!(refused, Err(Refusal::StillDiffers { id: second, ours, theirs: None }));

    let confirm = Order::Confirm { id: FIRST, reference: "1", theirs: figures(100, tuesday()) };
    desk.give(CLERK, tuesday(), confirm).expect("they say what we say");
    let correct = Order::Correct { id: second, fact: "9/77", ours: None };
    desk.give(CLERK, tuesday(), correct).expect("we have it no more either");
    let correct = Order::Correct { id: third, fact: "9/78", ours: figures(80, monday()) };
    desk.give(CLERK, tuesday(), correct).expect("we say what they say");
    assert_eq!(desk.open(), []);
    let again = desk.give(CLERK, tuesday(), Order::Write { id: FIRST, letter: "函1" });
    assert_eq!(again, Err(Refusal::HasEnded { id: FIRST }));
}

#[test]
fn lines_that_they_took_back_end_together_when_they_add_up_to_nothing() {
    let there = |serial, fen| finding(serial, Class::MissingHere, None, figures(fen, monday()));
    let mut desk = Desk::default();
    desk.compare(monday(), vec![there(1, 90), there(2, 90)]);
    desk.compare(tuesday(), vec![there(1, -90), there(2, -80), missing_there(3)]);
    let ids = |serial| {
        let of_it = |one: &&domain::reconciliation::register::Difference| {
            one.finding.place.voucher.number == VoucherNumber::serial(serial)
        };
        desk.register.open().filter(of_it).map(|one| one.id).collect::<Vec<_>>()
    };
    let [one, two, three] = [1, 2, 3].map(ids);
    let reference = "370102000-2022-8202-0000000001";
    let theirs = figures(90, monday());
    let still = |id, theirs| Err(Refusal::StillDiffers { id, ours: None, theirs });
    // Not all of it, not of another voucher, and not what they have no line of.
    for (ids, refused) in [
        (&one[..1], still(one[0], theirs)),
        (&two[..], still(two[0], theirs)),
        (&[one[0], two[1]], still(two[1], figures(-80, monday()))),
        (&three[..], still(three[0], None)),
        (&[DifferenceId(99)], Err(Refusal::NoDifference { id: DifferenceId(99) })),
    ] {
        let told = desk.give(CLERK, tuesday(), Order::Offset { ids, reference });
        assert_eq!(told, refused, "{ids:?}");
    }
    desk.give(CLERK, tuesday(), Order::Offset { ids: &one, reference: "" }).expect_err("no words");
    desk.give(CLERK, tuesday(), Order::Offset { ids: &one, reference }).expect("nothing is left");
    assert_eq!(desk.open().len(), 3, "the others stay");
    for id in one {
        let ending = &desk.register.get(id).expect("on record").ending;
        assert!(matches!(ending, Some(Ending::Confirmed { theirs: None, .. })), "{ending:?}");
    }
}

#[test]
fn what_was_said_to_be_corrected_and_comes_again_is_opened_again() {
    let mut desk = Desk::default();
    desk.compare(monday(), vec![amount_diff(1, 90), amount_diff(2, 90), amount_diff(3, 90)]);
    let correct = Order::Correct { id: FIRST, fact: "9/77", ours: figures(90, monday()) };
    desk.give(CLERK, monday(), correct).expect("we say what they say");
    let (reference, theirs) = ("1", figures(100, monday()));
    let confirm = Order::Confirm { id: DifferenceId(2), reference, theirs };
    desk.give(CLERK, monday(), confirm).expect("they say what we say");
    for person in [CLERK, CHIEF] {
        let accept = Order::Accept { id: DifferenceId(3), reason: "known" };
        desk.give(person, monday(), accept).expect("two persons");
    }
    // The books were not mended; their old statement says what it said, which they have taken back on paper.
    desk.compare(monday(), vec![amount_diff(1, 90), amount_diff(2, 90), amount_diff(3, 90)]);
    assert_eq!(desk.open(), [(4, Class::AmountDiff)]);
    assert_eq!(
        desk.register.get(DifferenceId(4)).map(|one| one.finding.clone()),
        Some(amount_diff(1, 90))
    );
}

#[test]
fn it_takes_two_persons_to_accept() {
    let mut desk = Desk::default();
    desk.compare(monday(), vec![amount_diff(1, 90)]);
    let accept = || Order::Accept { id: FIRST, reason: "below a yuan" };
    desk.give(CLERK, monday(), accept()).expect("proposed");
    assert_eq!(desk.open().len(), 1);
    let refused = desk.give(CLERK, tuesday(), accept());
    assert_eq!(refused, Err(Refusal::SamePerson { id: FIRST, person: CLERK }));
    desk.give(CHIEF, tuesday(), accept()).expect("accepted");
    let ending = desk.register.get(FIRST).and_then(|one| one.ending.clone());
    let Some(Ending::Accepted { first, second }) = ending else { panic!("{ending:?}") };
    assert_eq!((first.person, second.person), (CLERK, CHIEF));
}

#[test]
fn open_differences_block_the_close_unless_they_are_carried() {
    let mut desk = Desk::default();
    desk.compare(monday(), vec![amount_diff(1, 90)]);
    let close = || Order::CloseDay { day: monday() };
    let refused = desk.give(CHIEF, monday(), close());
    assert_eq!(refused, Err(Refusal::OpenDifferences { day: monday(), many: 1, first: FIRST }));
    desk.give(CLERK, monday(), Order::Write { id: FIRST, letter: "函1" }).expect("written");
    assert!(desk.give(CHIEF, monday(), close()).is_err(), "a letter alone ends nothing");
    let carry = |until| Order::Carry { id: FIRST, until, reason: "they answer on Tuesday" };
    let refused = desk.give(CLERK, monday(), carry(monday()));
    assert_eq!(refused, Err(Refusal::NotAhead { id: FIRST, until: monday(), after: monday() }));
    desk.give(CLERK, monday(), carry(tuesday())).expect("carried");
    assert_eq!(desk.register.carried(monday()).count(), 1);
    desk.give(CHIEF, monday(), close()).expect("closed");
    let refused = desk.give(CHIEF, tuesday(), Order::CloseDay { day: tuesday() });
    assert_eq!(refused, Err(Refusal::OpenDifferences { day: tuesday(), many: 1, first: FIRST }));
    assert_eq!(desk.register.get(FIRST).map(|one| one.age_days(day(20_220_310))), Some(10));

    let refused = desk.give(CHIEF, tuesday(), close());
    let closed = Refusal::DayIsClosed { day: monday(), closed: monday() };
    assert_eq!(refused, Err(closed.clone()));
    let late = Order::Compare { told: told(), day: monday(), agreed: 0, findings: vec![] };
    assert_eq!(desk.give(CLERK, tuesday(), late), Err(closed));
}

#[test]
fn what_ended_is_kept_until_its_days_are_closed() {
    let mut desk = Desk::default();
    desk.compare(monday(), vec![missing_there(1), amount_diff(2, 90)]);
    desk.compare(tuesday(), vec![finding(1, Class::MissingHere, None, figures(100, tuesday()))]);
    let confirm = |id| Order::Confirm { id, reference: "1", theirs: figures(100, tuesday()) };
    desk.give(CLERK, tuesday(), confirm(FIRST)).expect("confirmed");
    desk.give(CLERK, tuesday(), confirm(DifferenceId(2))).expect("confirmed");
    desk.give(CHIEF, tuesday(), Order::CloseDay { day: monday() }).expect("closed");
    assert!(desk.register.get(FIRST).is_some(), "Tuesday's statement may come again");
    assert!(desk.register.get(DifferenceId(2)).is_none());
    desk.give(CHIEF, tuesday(), Order::CloseDay { day: tuesday() }).expect("closed");
    assert_eq!(desk.register.kept(), 0);
    desk.compare(day(20_220_302), vec![missing_there(1)]);
    assert_eq!(desk.open(), [(3, Class::MissingThere)], "numbers are not used again");
}

#[test]
fn orders_without_a_person_or_words_are_refused_in_two_languages() {
    let mut desk = Desk::default();
    desk.compare(monday(), vec![amount_diff(1, 90)]);
    let long = "x".repeat(NOTE_BYTES_MAX + 1);
    let orders = [
        (PersonId::NOBODY, Order::Write { id: FIRST, letter: "函1" }, "no-person"),
        (CLERK, Order::Assign { id: FIRST, to: PersonId::NOBODY }, "no-person"),
        (CLERK, Order::Write { id: FIRST, letter: " " }, "words"),
        (CLERK, Order::Accept { id: FIRST, reason: &long }, "words"),
        (CLERK, Order::Carry { id: FIRST, until: tuesday(), reason: "" }, "words"),
        (CLERK, Order::Assign { id: DifferenceId(2), to: CHIEF }, "no-difference"),
        (CLERK, Order::CloseDay { day: monday() }, "open-differences"),
    ];
    for (person, order, slug) in orders {
        let refusal = desk.give(person, monday(), order).expect_err(slug);
        assert_eq!(refusal.slug(), slug);
        let is_chinese = |letter: char| ('\u{4e00}'..='\u{9fff}').contains(&letter);
        assert!(refusal.chinese().chars().any(is_chinese), "{}", refusal.chinese());
        assert!(!refusal.to_string().chars().any(is_chinese), "{refusal}");
    }
    desk.give(CLERK, monday(), Order::Assign { id: FIRST, to: CHIEF }).expect("assigned");
    let told = desk.register.get(FIRST).expect("it is there").english(day(20_220_303));
    for part in ["D1 amount_diff", "3 days", "person 8", "ours 1.00", "theirs 0.90"] {
        assert!(told.contains(part), "{told}");
    }
}

// ---- any order of statements -------------------------------------------------------------------

/// What one side may say of an item on one day.
fn any_finding() -> impl Strategy<Value = OwnedFinding> {
    let fen = || prop::sample::select(vec![90_i64, 100]);
    (1..4_u32, 0..4_u8, fen(), fen()).prop_map(|(serial, kind, ours, theirs)| match kind {
        0 => finding(serial, Class::MissingHere, None, figures(theirs, monday())),
        1 => finding(serial, Class::MissingThere, figures(ours, monday()), None),
        2 => finding(serial, Class::Duplicate, None, figures(theirs, monday())),
        _ => amount_diff(serial, 80 + theirs / 10),
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    /// Of one day alone: what is open is exactly what the last statement brought, and coming again changes nothing.
    #[test]
    fn what_is_open_is_what_the_last_statement_brought(
        statements in prop::collection::vec(prop::collection::vec(any_finding(), 0..6), 1..6),
    ) {
        let mut desk = Desk::default();
        for findings in statements {
            desk.compare(monday(), findings.clone());
            prop_assert_eq!(desk.compare(monday(), findings.clone()), vec![]);
            let mut open: Vec<_> = desk.register.open().map(|one| one.finding.clone()).collect();
            let mut brought = findings;
            open.sort();
            brought.sort();
            prop_assert_eq!(open, brought);
        }
        let ids: BTreeMap<u64, ()> = desk.events.iter().filter_map(|event| match event {
            Event::Opened { id, .. } => Some((id.0, ())),
            _ => None,
        }).collect();
        prop_assert!(ids.keys().copied().eq(1..=ids.len() as u64));
    }
}
