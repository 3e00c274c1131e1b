//! What control rules go by: the same in whatever order rows came, as wide as sums are, and quick ways
//! that say what the slow ones do.

mod rules_house;
mod world;

use domain::Code;
use domain::codes::{BusinessKind, PaymentState, Posts};
use domain::event::{Event, EventBody};
use domain::ids::{Day, Fingerprint};
use domain::limits::AMOUNT_FEN_MAX;
use domain::money::{Fen, FenSum, yuan_plain};
use domain::office::rules::trial::Trial;
use domain::office::tables::rule::Alert;
use proptest::prelude::*;

use rules_house::{House, Pay};

/// Largest amounts that are together more than 64 bits hold.
const PAST_64_BITS: u64 = 1_030;

/// Quotas of the house before any other.
const QUOTAS: u64 = 5;

fn largest() -> &'static str {
    Fen::new(AMOUNT_FEN_MAX).to_yuan().leak()
}

fn more_quotas(house: &mut House, count: u64) {
    for number in 0..count {
        let key = format!("370102000/101001/2050203/50502/302/111/P1/{number}/R1");
        house.new_quota(QUOTAS + number, key, "111", true, largest());
    }
}

#[test]
fn sums_of_the_largest_amounts_are_taken_and_told() {
    let mut house = House::without_rules();
    house.in_force("R-SUM\tsubmit\trecord\tsum 7 >= 1.00\t1204\t0.00\t0\t1\t\t和\tsum\t");
    house.in_force("R-YEAR\tsubmit\twarn\ttotal 30201 > 1.00\t1602\t0.00\t0\t1\t\t年\tyear\t");
    more_quotas(&mut house, PAST_64_BITS);
    for number in 0..PAST_64_BITS {
        let pay = Pay { quota: QUOTAS + number, amount: largest(), ..Pay::default() };
        house.pay_as(&pay, u128::from(number) + 1);
        assert_eq!(house.answer(u128::from(number) + 1).code, Code::Accepted);
    }
    let sum = yuan_plain(FenSum::from(AMOUNT_FEN_MAX) * FenSum::from(PAST_64_BITS));
    let last = house.word(u128::from(PAST_64_BITS));
    for (rule, what) in [("R-SUM", "sum-of-7-days"), ("R-YEAR", "year-total")] {
        let alert = house.office().get::<Alert>(&format!("{rule}/{last}")).expect("an alert");
        assert!(alert.inputs.contains(&format!("{what}={sum}")), "{}", &*alert.inputs);
    }
    house.must_hold_together();
}

#[test]
fn earmarks_of_the_largest_amounts_are_one_sum_once_the_division_is_under_control() {
    let mut house = House::without_rules();
    house.control(false);
    more_quotas(&mut house, PAST_64_BITS);
    for number in 0..PAST_64_BITS {
        assert_eq!(house.earmark(QUOTAS + number, 6, 0, largest()), Code::Accepted);
    }
    house.control(true);
    house.must_hold_together();
    house.control(false);
    house.must_hold_together();
}

/// What lies under a quota, in an order that nobody would choose.
#[test]
fn what_a_quota_rests_on_may_come_after_it_in_any_order() {
    const ROW: &str = "+budget-row\tR9\t101009\tP9\tplaced\t2050203\t50502\t302\t111\t2\t\t\t2023\t0.00\t0.00\t0.00\t0.00\t0.00\t0.00\t2";
    const UNIT: &str = "+unit\t101009\t第九中学\t101\t2\tpublic-one\tfull\t1\t\t\t\t\tactive";
    const PROJECT: &str = "+project\tP9\t设备\t101009\tspecific\t2023\t2023\t3\t9.00\t9.00\t文\tnone\t0\tG1\t\t\t1\tselected\t2023\t1\t2\t";
    const CARD: &str = "card";
    const QUOTA: &str = "quota";
    for order in [
        [ROW, UNIT, PROJECT, QUOTA, CARD],
        [QUOTA, ROW, UNIT, PROJECT, CARD],
        [QUOTA, CARD, ROW, UNIT, PROJECT],
        [CARD, QUOTA, PROJECT, UNIT, ROW],
        [CARD, ROW, QUOTA, UNIT, PROJECT],
        [UNIT, CARD, QUOTA, ROW, PROJECT],
    ] {
        let mut house = House::new();
        house.control(false);
        for what in order {
            match what {
                CARD => house.control(true),
                QUOTA => {
                    let key = "370102000/101009/2050203/50502/302/111/P9/R9".to_owned();
                    house.new_quota(QUOTAS, key, "111", true, "90000000.00");
                }
                row => house.on_file(&[row]),
            }
            house.must_hold_together();
        }
        let pay = Pay { quota: QUOTAS, ..Pay::default() };
        house.pay_as(&pay, 1);
        assert_eq!(house.answer(1).code, Code::Accepted, "{order:?}");
        // Changed, gone and back again: what it decides is decided anew.
        let changes = [
            (&[PROJECT.replace("selected", "suspended")][..], Code::Frozen),
            (&[PROJECT.into(), "-unit\t101009".to_owned()], Code::NotLive),
            // Held up before any rule: the unit does not work.
            (&[UNIT.replace("active", "frozen")], Code::NotLive),
            (&[UNIT.into(), ROW.replace("2050203", "2300201")], Code::NotUnitClass),
            (&["-budget-row\tR9".to_owned()], Code::BadElement),
            (&[ROW.replace("P9", "P8")], Code::BadElement),
        ];
        for (id, (rows, code)) in (2..).zip(changes) {
            house.on_file(&rows.iter().map(|row| &**row).collect::<Vec<_>>());
            house.must_hold_together();
            house.pay_as(&Pay { document: "合同页", ..pay.clone() }, id);
            assert_eq!(house.answer(id).code, code, "{rows:?}");
        }
        house.on_file(&[ROW]);
        house.pay_as(&Pay { document: "清单", purpose: "二", ..pay }, 100);
        assert_eq!(house.answer(100).code, Code::Accepted, "{order:?}");
        house.must_hold_together();
    }
}

#[test]
fn a_rule_that_cannot_be_read_stops_everything() {
    let mut house = House::new();
    house.on_file(&["+rule\tR-OLD\t1\tsubmit\trefuse\tsum 0 >= 1.00\t1204\t0.00\t0\t1\t\t旧\told\t\town\t0\t31\t32\t2023-01-01"]);
    house.pay_as(&Pay::default(), 1);
    assert_eq!(house.answer(1).code, Code::SplitSuspect);
    house.must_hold_together();
}

/// Predicates of every kind: some hold of some payments below, some miss something of some.
const PREDICATES: [&str; 40] = [
    "unit-kind in public-one",
    "unit-state out active",
    "project-class in specific operation",
    "project-state in executing",
    "project-state in suspended",
    "term out current",
    "track in broken",
    "track in none kept",
    "row-state in dropped",
    "procurement in 1",
    "method in centralized direct",
    "business in payroll",
    "business out payroll",
    "payee in registered",
    "payee out registered",
    "payee-kind in individual",
    "same-name in 1",
    "supplier in other",
    "economic under 30299 30217",
    "economic apart 30299",
    "functional under 230",
    "government apart 505",
    "fund under 3",
    "unit under 101",
    "unit apart 101",
    "exists contract",
    "no contract",
    "no goal",
    "no lock",
    "exists white",
    "exists black",
    "exists own-account",
    "no exemption",
    "exists invoice",
    "no income",
    "amount >= 500.00",
    "amount > standard",
    "repeat 1",
    "sum 7 >= 300.00",
    "total 30201 30217 > ceiling three-public",
];

/// Payments that differ in what rules ask for.
fn payments() -> Vec<Pay> {
    let pay = Pay::default;
    vec![
        pay(),
        Pay { quota: 2, ..pay() },
        Pay { quota: 3, ..pay() },
        Pay { quota: 4, ..pay() },
        Pay { amount: "600.00", economic: "30217", ..pay() },
        Pay { kind: BusinessKind::Payroll, economic: "30299", ..pay() },
        Pay { payee: ("王五", "6222000000000002", "102451000018"), ..pay() },
        Pay { payee: ("失信公司", "6222000000000003", "102451000018"), ..pay() },
        Pay { payee: ("第一中学", "6222000000000004", "102451000018"), ..pay() },
        Pay { payee: ("第一中学", "6222000000000001", "102451000018"), ..pay() },
        Pay { payee: ("齐鲁文具店", "6222000000000001", "102451000019"), ..pay() },
        Pay { payee: ("无名商店", "6222000000000099", "102451000018"), ..pay() },
        Pay { payee: ("齐鲁文具店", "", "102451000018"), ..pay() },
        Pay { purpose: "", ..pay() },
        Pay { document: "", ..pay() },
        Pay { document: "清单", ..pay() },
    ]
}

fn condition() -> impl Strategy<Value = String> {
    let predicate = (0..PREDICATES.len()).prop_map(|at| PREDICATES[at]);
    let clause = proptest::collection::vec(predicate, 1..4).prop_map(|all| all.join(" and "));
    proptest::collection::vec(clause, 1..4).prop_map(|all| all.join(" or "))
}

/// A rule in force does what it does when it is tried out, where every predicate is looked at in order.
fn tried(conditions: &[String]) {
    let line = |at: usize| {
        let condition = &conditions[at];
        format!("R-{at}\tsubmit\thold\t{condition}\t1204\t0.00\t0\t1\t\t试\ttry\t说明")
    };
    let mut house = House::without_rules();
    house.on_file(&["+ceiling\t101001\tthree-public\t400.00\t文\t33"]);
    (0..conditions.len()).for_each(|at| house.in_force(&line(at)));
    let days = (Day::new(20_230_101).expect("a day"), Day::new(20_231_231).expect("a day"));
    for (at, pay) in payments().iter().enumerate() {
        let id = at as u128 + 1;
        let asked = House::reserve(pay, id);
        let domain::command::Body::Reserve(command) = asked.body else { panic!("a payment") };
        let (path, posts, fingerprint) =
            (domain::codes::Path::Treasury, Posts::UNIT, Fingerprint(0));
        let body = EventBody::Reserved {
            version: 1,
            fingerprint,
            rule_version: 0,
            path,
            posts,
            leaves_rows: false,
            command,
        };
        let event = Event { by: asked.by, body };
        let (mut lacking, mut fired) = (false, false);
        for at in 0..conditions.len() {
            let mut trial = Trial::new(&line(at), None, days).expect("a rule");
            trial.look(house.division(), &event);
            // Rules are looked at in the order of their ids; the first that misses something ends it.
            lacking |= trial.lacking > 0;
            fired |= trial.fired > 0;
        }
        house.pay_as(pay, id);
        let answer = house.answer(id);
        let heard = (answer.code != Code::Accepted, answer.state == Some(PaymentState::Held));
        assert_eq!(heard, (lacking, fired && !lacking), "{pay:?} under {conditions:?}: {answer:?}");
    }
    house.must_hold_together();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn rules_in_force_do_what_they_do_when_they_are_tried_out(
        conditions in proptest::collection::vec(condition(), 1..4),
    ) {
        tried(&conditions);
    }
}
