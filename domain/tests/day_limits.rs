//! Limits of exposure: two persons put one on file, and whatever holds was said by two of them.

use domain::Fen;
use domain::day::limits::{Event, Limits, Order, Refusal};
use domain::ids::{Day, PersonId};
use domain::voucher::Party;
use proptest::prelude::*;

fn today() -> Day {
    Day::new(20_220_304).expect("a day")
}

fn bank(code: &str) -> Party {
    format!("bank:{code}").parse().expect("a party")
}

/// Who says which limit of a bank, under which agreement.
type Said = (u64, usize, Option<i64>, usize);

const BANKS: [&str; 2] = ["102", "103"];
const AGREEMENTS: [&str; 2] = ["鲁财库协3号", "鲁财库协9号"];

fn say(limits: &mut Limits, said: Said) -> Result<Event, Refusal> {
    let (person, at, fen, agreement) = said;
    let order = Order {
        bank: bank(BANKS[at]),
        limit_fen: fen.map(Fen::new),
        agreement: AGREEMENTS[agreement],
    };
    let event = limits.decide(PersonId(person), today(), order)?;
    limits.apply(&event);
    Ok(event)
}

fn holds(limits: &Limits, at: usize) -> Option<(i64, &str)> {
    let agreed = limits.agreed(bank(BANKS[at]))?;
    Some((agreed.limit_fen.get(), &agreed.first.words))
}

fn waits(limits: &Limits, at: usize) -> Option<(u64, Option<i64>)> {
    let waits = limits.proposed(bank(BANKS[at]))?;
    Some((waits.remark.person.0, waits.limit_fen.map(Fen::get)))
}

#[test]
fn what_one_person_says_holds_when_another_says_the_same() {
    let mut limits = Limits::new();
    say(&mut limits, (7, 0, Some(500), 0)).expect("proposed");
    assert_eq!((holds(&limits, 0), waits(&limits, 0)), (None, Some((7, Some(500)))));
    let again = say(&mut limits, (7, 0, Some(500), 0)).expect_err("the same person");
    assert_eq!(again, Refusal::SamePerson { bank: bank("102"), person: PersonId(7) });
    say(&mut limits, (8, 0, Some(500), 0)).expect("a second one");
    assert_eq!((holds(&limits, 0), waits(&limits, 0)), (Some((500, AGREEMENTS[0])), None));
    assert_eq!(holds(&limits, 1), None, "another bank is another matter");
    let held = say(&mut limits, (9, 0, Some(500), 0)).expect_err("it holds");
    assert_eq!(held, Refusal::Holds { bank: bank("102") });
}

#[test]
fn until_a_second_person_agrees_the_old_limit_holds_and_nothing_else_confirms_it() {
    let mut limits = Limits::new();
    for person in [7, 8] {
        say(&mut limits, (person, 0, Some(500), 0)).expect("agreed");
    }
    // Replaced: another amount, and then another agreement's number, are each something else than was proposed.
    say(&mut limits, (7, 0, Some(900), 1)).expect("proposed");
    say(&mut limits, (8, 0, Some(901), 1)).expect("proposed in its place");
    say(&mut limits, (9, 0, Some(901), 0)).expect("proposed in its place");
    assert_eq!(holds(&limits, 0), Some((500, AGREEMENTS[0])));
    assert_eq!(waits(&limits, 0), Some((9, Some(901))));
    // Who says what holds takes the proposal back, whoever made it.
    say(&mut limits, (7, 0, Some(500), 0)).expect("taken back");
    assert_eq!((holds(&limits, 0), waits(&limits, 0)), (Some((500, AGREEMENTS[0])), None));
    // Withdrawn: by two as well.
    say(&mut limits, (8, 0, None, 1)).expect("proposed");
    assert_eq!(
        (holds(&limits, 0), waits(&limits, 0)),
        (Some((500, AGREEMENTS[0])), Some((8, None)))
    );
    say(&mut limits, (7, 0, None, 1)).expect("withdrawn");
    assert_eq!((holds(&limits, 0), waits(&limits, 0)), (None, None));
    assert_eq!(limits.banks().count(), 0);
    say(&mut limits, (7, 0, None, 1)).expect_err("nothing is agreed, and nothing waits");
}

#[test]
fn what_is_no_limit_is_refused_in_both_languages_and_changes_nothing() {
    let limits = Limits::new();
    let order = |bank: &str, fen: Option<i64>, agreement| {
        let bank = bank.parse().expect("a party");
        let order = Order { bank, limit_fen: fen.map(Fen::new), agreement };
        limits.decide(PersonId(7), today(), order).expect_err("no limit")
    };
    let long = "长".repeat(1_000);
    for refusal in [
        order("bank:102", Some(-1), "x"),
        order("central-bank:3700", Some(5), "x"),
        order("bank:102", Some(i64::MAX), "x"),
        order("bank:102", Some(5), " "),
        order("bank:102", Some(5), &long),
    ] {
        assert!(!refusal.to_string().is_empty() && !refusal.chinese().is_empty(), "{refusal:?}");
    }
    let nobody = Order { bank: bank("102"), limit_fen: None, agreement: "x" };
    limits.decide(PersonId::NOBODY, today(), nobody).expect_err("nobody says it");
}

#[test]
fn what_holds_and_what_waits_is_told_in_both_languages() {
    let mut limits = Limits::new();
    say(&mut limits, (7, 0, Some(300_000), 0)).expect("proposed");
    say(&mut limits, (8, 0, Some(300_000), 0)).expect("agreed");
    say(&mut limits, (8, 0, Some(500_000), 1)).expect("proposed");
    say(&mut limits, (8, 1, Some(1), 1)).expect("proposed");
    assert_eq!(
        limits.english(bank("102")),
        "bank:102: ¥3,000.00 is agreed (鲁财库协3号); person 8 proposes ¥5,000.00 (鲁财库协9号, 20220304), which waits for a \
         second person"
    );
    assert_eq!(
        limits.chinese(bank("103")),
        "bank:103 未约定限额；人员8提出¥0.01（鲁财库协9号，20220304），待另一人确认"
    );
    assert_eq!(limits.banks().collect::<Vec<_>>(), BANKS.map(bank));
}

proptest! {
    /// Whatever is said in whatever order: what holds was said by two persons, with nothing else agreed since; and what
    /// was refused changed nothing.
    #[test]
    fn whatever_holds_two_persons_said(
        all in prop::collection::vec((1_u64..4, 0_usize..2, prop::option::of(0_i64..3), 0_usize..2), 0..40),
    ) {
        let mut limits = Limits::new();
        let mut taken: Vec<Said> = Vec::new();
        for said in all {
            let before = limits.clone();
            let held = holds(&before, said.1).map(|(fen, words)| (fen, words.to_owned()));
            match say(&mut limits, said) {
                Ok(_) => taken.push(said),
                Err(_) => prop_assert_eq!(&before, &limits),
            }
            let now = holds(&limits, said.1).map(|(fen, words)| (fen, words.to_owned()));
            if now != held {
                // It changed to exactly what was said just now, and by another person last before it.
                let (person, at, fen, agreement) = said;
                prop_assert_eq!(now, fen.map(|fen| (fen, AGREEMENTS[agreement].to_owned())));
                let of_bank: Vec<&Said> = taken.iter().filter(|one| one.1 == at).collect();
                let first = of_bank[of_bank.len() - 2];
                prop_assert_eq!((first.2, first.3), (fen, agreement));
                prop_assert_ne!(first.0, person);
                prop_assert_eq!(waits(&limits, at), None);
            }
            let other = 1 - said.1;
            prop_assert_eq!(holds(&before, other), holds(&limits, other));
        }
    }
}
