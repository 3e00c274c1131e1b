//! Goal: a rule of a division that is not as the province has set it is named with what differs, unless a
//! deviation that holds covers it; and nothing else is named.
//! Method: offices are laid out row by row and held against each other, case by case; then over random
//! thresholds, actions and terms, against a count made by hand.

use domain::ids::{Day, DivisionIndex};
use domain::office::Office;
use domain::office::line::Change;
use domain::office::rules::inherited::{Comparison, Differs, compare};
use proptest::prelude::*;

const PROVINCE: DivisionIndex = DivisionIndex(0);
const COUNTY: DivisionIndex = DivisionIndex(7);

/// What a rule does from the mildest on, as far as these tests go.
const ACTIONS: [&str; 4] = ["warn", "approve-department", "hold", "refuse"];

fn day(number: u32) -> Day {
    Day::new(number).expect("a day")
}

/// A rule of payments above some yuan, from its version on: what all its tables have.
#[derive(Clone, Copy)]
struct Text {
    version: u32,
    action: &'static str,
    yuan: u32,
    in_force: bool,
    english: &'static str,
}

const SET: Text =
    Text { version: 1, action: "hold", yuan: 500, in_force: true, english: "large payments" };

impl Text {
    fn row(self, table: &str, origin: &str, origin_version: u32) -> String {
        let Text { version, action, yuan, in_force, english } = self;
        let (force, waits) = if in_force { ("1", "") } else { ("2", "数据") };
        format!(
            "+{table}\tR-LARGE\t{version}\tsubmit\t{action}\tamount >= {yuan}.00\t1501\t0.00\t0\t{force}\t\
             {waits}\t大额\t{english}\t解除\t{origin}\t{origin_version}\t31\t32\t2023-01-03"
        )
    }

    /// As the province has it: in force and among the versions.
    fn set(self) -> [String; 2] {
        [self.row("rule", "province", 0), self.row("rule-version", "province", 0)]
    }

    /// As a division has taken it over and has it in force.
    fn taken(self) -> [String; 2] {
        let inherited = self.row("rule-inherited", "province", self.version);
        let own = Text { version: 1, ..self }.row("rule", "province", self.version);
        [inherited, own]
    }
}

fn card(level: &str, standing: &str) -> String {
    let (code, parent) = match level {
        "province" => ("370000000", ""),
        _ => ("370102000", "370000000"),
    };
    format!("+division\t{code}\t某地\t{level}\t{parent}\t1\t2\t2023-02-01\t{standing}")
}

fn office(card: &str, rows: &[String]) -> Office {
    let mut office = Office::default();
    for line in std::iter::once(card).chain(rows.iter().map(String::as_str)) {
        office.make(Change::read(line).unwrap_or_else(|why| panic!("{line}: {why}")));
    }
    office
}

fn held(province: &Office, county: &Office, today: Option<u32>) -> Comparison {
    compare(&[(PROVINCE, province), (COUNTY, county)], today.map(day))
}

/// What is found of a county that runs, with these rows beside a province that has those.
fn found(set: &[String], taken: &[String], today: u32) -> Vec<String> {
    let province = office(&card("province", "active"), set);
    let county = office(&card("county", "active"), taken);
    let comparison = held(&province, &county, Some(today));
    comparison
        .differences
        .into_iter()
        .map(|found| {
            assert_eq!((found.division, &*found.rule), (COUNTY, "R-LARGE"));
            found.differs.to_string()
        })
        .collect()
}

fn deviation(yuan: u32, action: &str, checker: u32) -> String {
    format!(
        "+deviation\tR-LARGE\t鲁财库〔2023〕7号\t2023-03-01\t2023-03-31\t{action}\tamount >= {yuan}.00\t\
         0.00\t0\t抢险\t31\t{checker}"
    )
}

const MARCH: u32 = 20_230_315;

#[test]
fn what_was_taken_over_as_it_was_set_is_not_named() {
    assert_eq!(found(&SET.set(), &SET.taken(), MARCH), [""; 0]);
    // Another person, another day, another number of the division's own: it is the same rule.
    let other = SET.taken().map(|row| row.replace("\t31\t32\t2023-01-03", "\t8\t9\t2023-01-20"));
    assert_eq!(found(&SET.set(), &other, MARCH), [""; 0]);
    // Stricter of the division's own accord.
    let own = Text { version: 2, yuan: 400, action: "refuse", ..SET };
    let taken = [SET.taken()[0].clone(), own.row("rule", "own", 1)];
    assert_eq!(found(&SET.set(), &taken, MARCH), [""; 0]);
}

#[test]
fn a_text_that_is_not_the_provinces_is_named_with_each_column() {
    let looser = Text { yuan: 600, ..SET };
    assert_eq!(
        found(&SET.set(), &looser.taken(), MARCH),
        [
            "version 1 was taken over otherwise than the province set it; condition is \"amount >= 600.00\" \
             here and \"amount >= 500.00\" there",
            "version 1, by the province's 1, is looser than the province's 1",
        ]
    );
    // Stricter is no less another text, and words are part of it; but it stops all it should.
    let stricter = Text { yuan: 400, english: "big payments", ..SET };
    assert_eq!(
        found(&SET.set(), &stricter.taken(), MARCH),
        [
            "version 1 was taken over otherwise than the province set it; condition is \"amount >= 400.00\" \
          here and \"amount >= 500.00\" there; english is \"big payments\" here and \"large payments\" there"
        ]
    );
    let idle = Text { in_force: false, ..SET };
    let named = found(&SET.set(), &idle.taken(), MARCH);
    assert!(named[0].contains("in_force is \"2\" here and \"1\" there"), "{named:?}");
    assert_eq!(named.len(), 2, "and is not in force: {named:?}");
}

#[test]
fn a_version_that_was_never_set_and_one_left_behind_are_named() {
    let ahead = Text { version: 3, ..SET };
    assert_eq!(
        found(&SET.set(), &ahead.taken(), MARCH),
        ["version 3 was taken over; the province never had it, and is at 1"]
    );
    assert_eq!(
        found(&[], &SET.taken(), MARCH),
        ["version 1 was taken over; the province has no such rule"]
    );
    // The province went on to a stricter one.
    let next = Text { version: 2, yuan: 300, ..SET };
    let set = [SET.set().to_vec(), next.set().to_vec()].concat();
    assert_eq!(
        found(&set, &SET.taken(), MARCH),
        ["version 1, by the province's 1, is looser than the province's 2"]
    );
    // Or to a milder one: the division may stay where it was.
    let next = Text { version: 2, yuan: 900, ..SET };
    let set = [SET.set().to_vec(), next.set().to_vec()].concat();
    assert_eq!(found(&set, &SET.taken(), MARCH), [""; 0]);
}

#[test]
fn a_rule_that_was_not_taken_over_is_missed_once_the_division_runs() {
    let missed = ["not on file; the province has version 1 in force"];
    assert_eq!(found(&SET.set(), &[], MARCH), missed);
    assert_eq!(found(&SET.set(), &[], 20_230_131), [""; 0], "before its first day");
    let province = office(&card("province", "active"), &SET.set());
    let none_paid = office(&card("county", "active"), &[]);
    assert_eq!(held(&province, &none_paid, None), Comparison::default(), "nothing was paid yet");
    for standing in ["draft", "frozen", "merged", "cancelled"] {
        let county = office(&card("county", standing), &[]);
        assert_eq!(held(&province, &county, Some(MARCH)), Comparison::default(), "{standing}");
    }
    // What waits for data in the province is missed nowhere.
    let waits = Text { in_force: false, ..SET };
    assert_eq!(found(&waits.set(), &[], MARCH), [""; 0]);
    // Nobody else's rules are held against a division without a province.
    let county = office(&card("county", "active"), &SET.taken());
    let city = office(&card("city", "active"), &SET.set());
    assert_eq!(held(&city, &county, Some(MARCH)), Comparison::default());
}

#[test]
fn a_deviation_covers_what_it_grants_while_it_holds() {
    let looser = Text { yuan: 600, ..SET };
    let with = |deviation: String| [looser.taken().to_vec(), vec![deviation]].concat();
    assert_eq!(found(&SET.set(), &with(deviation(600, "hold", 32)), MARCH), [""; 0]);
    assert_eq!(found(&SET.set(), &with(deviation(800, "warn", 32)), MARCH), [""; 0]);
    for (deviation, today, why) in [
        (deviation(600, "hold", 0), MARCH, "nobody has checked it"),
        (deviation(600, "hold", 32), 20_230_401, "its term is over"),
        (deviation(600, "hold", 32), 20_230_228, "its term has not begun"),
        (deviation(599, "hold", 32), MARCH, "it grants less"),
        (deviation(600, "refuse", 32), MARCH, "it asks for more"),
    ] {
        assert_eq!(found(&SET.set(), &with(deviation), today).len(), 2, "{why}");
    }
}

proptest! {
    /// Of any two thresholds and actions, and any deviation or none.
    #[test]
    fn what_is_named_is_what_is_looser_and_not_granted(
        (set_yuan, set_action) in (1_u32..6, 0_usize..4),
        (own_yuan, own_action) in (1_u32..6, 0_usize..4),
        granted in proptest::option::of((1_u32..6, 0_usize..4, any::<bool>(), any::<bool>())),
    ) {
        let set = Text { yuan: set_yuan, action: ACTIONS[set_action], ..SET };
        let taken = Text { yuan: own_yuan, action: ACTIONS[own_action], ..SET };
        let mut rows = taken.taken().to_vec();
        let mut today = MARCH;
        let mut is_granted = false;
        if let Some((yuan, action, is_checked, is_over)) = granted {
            rows.push(deviation(yuan, ACTIONS[action], if is_checked { 32 } else { 0 }));
            today = if is_over { 20_230_401 } else { MARCH };
            is_granted = is_checked && !is_over && own_yuan <= yuan && own_action >= action;
        }
        let is_looser = own_yuan > set_yuan || own_action < set_action;
        let is_other = own_yuan != set_yuan || own_action != set_action;
        let province = office(&card("province", "active"), &set.set());
        let comparison = held(&province, &office(&card("county", "active"), &rows), Some(today));
        let kinds = comparison.differences.iter().map(|found| &found.differs);
        let texts = kinds.clone().filter(|kind| matches!(kind, Differs::Text { .. })).count();
        let looser = kinds.clone().filter(|kind| matches!(kind, Differs::Looser { .. })).count();
        prop_assert_eq!(texts, usize::from(is_other && !is_granted));
        prop_assert_eq!(looser, usize::from(is_looser && !is_granted));
        prop_assert_eq!((comparison.checked, kinds.count()), (2, texts + looser));
    }
}
