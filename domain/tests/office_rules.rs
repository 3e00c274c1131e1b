//! Control rules: each rule to its refusal, hold or alert; elements that are missing; versions,
//! inheritance, deviations; what comes back; commitments; scans.

mod golden;
mod rules_house;
mod world;

use std::collections::BTreeMap;

use domain::Code;
use domain::codes::{ActKind, BusinessKind, FactKind, PaymentState, Posts, Role, StepKind};
use domain::ids::{Day, PersonId};
use domain::limits::RULES_LISTED_MAX;
use domain::office::paper::PaperKind;
use domain::office::rules::{defaults, trial::Trial};
use domain::office::tables::commitment::Commitment;
use domain::office::tables::rule::{
    Action, Alert, AlertState, Ceiling, Deviation, Held, Origin, Rule, RuleInherited, RuleVersion,
};

use rules_house::{House, Pay, RULE_CHECKER, RULE_MAKER, TREASURY, UNIT_CHECKER, UNIT_MAKER};

/// Purposes that are not alike, so that payments are not taken for parts of one.
const PURPOSES: [&str; 12] =
    ["零", "一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "十一"];

/// What a payment met.
#[derive(Debug, PartialEq)]
enum Met {
    Refused(Code),
    Held(&'static str),
    Needs(Posts),
}

/// How each rule that looks at payments is reached: what is changed of a payment that passes them
/// all, and what is on file for it.
fn reached() -> Vec<(&'static str, Vec<&'static str>, Pay, Met)> {
    let pay = Pay::default;
    let over = |amount| Pay { amount, ..Pay::default() };
    vec![
        ("R-QUOTA", vec![], Pay { quota: 99, ..pay() }, Met::Refused(Code::NoQuota)),
        ("R-OVER", vec![], over("90000000.01"), Met::Refused(Code::OverQuota)),
        ("R-EXEFLAG", vec![], Pay { quota: 1, ..pay() }, Met::Refused(Code::NotExecutable)),
        ("R-ELEM", vec![], Pay { economic: "30298", ..pay() }, Met::Refused(Code::BadElement)),
        ("R-ECO", vec![], Pay { economic: "31001", ..pay() }, Met::Refused(Code::EconomicMismatch)),
        (
            "R-FROZEN",
            vec![
                "+project\tP1\t设备\t101001\tspecific\t2023\t2023\t3\t9.00\t9.00\t文\tnone\t0\tG1\t\t\t1\tsuspended\t2023\t1\t2\t停",
            ],
            pay(),
            Met::Refused(Code::Frozen),
        ),
        ("R-FORBID", vec![], Pay { economic: "30299", ..over("100000.00") }, Met::Held("R-FORBID")),
        ("R-TRANSFER", vec![], Pay { quota: 2, ..pay() }, Met::Refused(Code::NotUnitClass)),
        (
            "R-PROJ",
            vec![
                "+project\tP1\t设备\t101001\tspecific\t2020\t2020\t3\t9.00\t9.00\t文\tnone\t0\tG1\t\t\t1\tselected\t2020\t1\t2\t",
            ],
            pay(),
            Met::Refused(Code::ProjectState),
        ),
        (
            "R-TRACK",
            vec![
                "+project\tP1\t设备\t101001\tspecific\t2023\t2023\t3\t9.00\t9.00\t文\tnone\t0\tG1\tZY01\t\t1\tselected\t2023\t1\t2\t",
            ],
            pay(),
            Met::Refused(Code::TrackBroken),
        ),
        (
            "R-GOAL",
            vec![
                "+project\tP1\t设备\t101001\tspecific\t2023\t2023\t3\t9.00\t9.00\t文\tnone\t0\t\t\t\t1\tselected\t2023\t1\t2\t",
            ],
            pay(),
            Met::Held("R-GOAL"),
        ),
        (
            "R-PERF",
            vec!["+tracked\tG1\t2023-03-01\t10.00\t50.00\tred\t9\t整改"],
            pay(),
            Met::Held("R-PERF"),
        ),
        ("R-PROC", vec![], Pay { quota: 3, ..pay() }, Met::Refused(Code::NoContract)),
        (
            "R-PAYEE",
            vec![],
            Pay { payee: ("无名商店", "6222000000000099", "102451000018"), ..pay() },
            Met::Refused(Code::PayeeInvalid),
        ),
        ("R-WHITE", vec![], Pay { kind: BusinessKind::Payroll, ..pay() }, Met::Held("R-WHITE")),
        (
            "R-BLACK",
            vec![],
            Pay { payee: ("失信公司", "6222000000000003", "102451000018"), ..pay() },
            Met::Refused(Code::Blacklisted),
        ),
        (
            "R-SELFACCT",
            vec![],
            Pay { payee: ("第一中学", "6222000000000004", "102451000018"), ..pay() },
            Met::Held("R-SELFACCT"),
        ),
        (
            "R-PERSONAL",
            vec![],
            Pay { payee: ("王五", "6222000000000002", "102451000018"), ..over("50000.00") },
            Met::Held("R-PERSONAL"),
        ),
        (
            "R-LARGE",
            vec![],
            over("500000.00"),
            Met::Needs(Posts::UNIT.with(domain::Post::Department)),
        ),
        ("R-LARGE-2", vec![], over("5000000.00"), Met::Needs(Posts::ALL)),
        ("R-LARGE-3", vec![], over("50000000.00"), Met::Held("R-LARGE-3")),
        (
            "R-STD",
            vec![
                "+standard\tS1\t会议费\tprovince\t302\t人·天\t450.00\t2023-01-01\t\t文\tceiling",
                "+project\tP1\t设备\t101001\tspecific\t2023\t2023\t3\t9.00\t9.00\t文\tS1\t0\tG1\t\t\t1\tselected\t2023\t1\t2\t",
            ],
            Pay { document: "会议 qty=2", ..over("900.01") },
            Met::Refused(Code::OverStandard),
        ),
        (
            "R-3PUB",
            vec!["+ceiling\t101001\tthree-public\t1000.00\t文\t33"],
            Pay { economic: "30217", ..over("1000.01") },
            Met::Refused(Code::ThreePublicOver),
        ),
        ("R-NONTAX", vec![], Pay { quota: 4, ..pay() }, Met::Refused(Code::IncomeNotRegistered)),
        (
            "R-UNITFUND",
            vec!["+income\t101001\t31\tbusiness\t500.00\t99.99"],
            Pay { quota: 4, ..pay() },
            Met::Refused(Code::UnitFundShort),
        ),
    ]
}

#[test]
fn each_rule_of_payments_is_reached_and_without_it_the_payment_passes() {
    let mut told = Vec::new();
    for (rule, rows, pay, expected) in reached() {
        let mut house = House::new();
        house.on_file(&rows);
        house.pay_as(&pay, 7);
        let met = house.met(&expected);
        assert_eq!(met, expected, "{rule}");
        house.must_hold_together();
        told.push(rule);
        let engine = house.rule(rule).is_some_and(|rule| *rule.condition == *"engine");
        if engine {
            continue;
        }
        // With that rule out of force, nothing else stops it in this way.
        let mut without = House::new_without(rule);
        without.on_file(&rows);
        without.pay_as(&pay, 7);
        assert_ne!(without.met(&expected), expected, "{rule} was not what stopped it");
    }
    // Every other has a test of its own.
    let own: Vec<&str> = ELSEWHERE.iter().map(|(rule, _)| *rule).collect();
    let all: Vec<String> = House::new().rules_in_force();
    for rule in all {
        assert!(told.contains(&&*rule) || own.contains(&&*rule), "{rule} has no test");
    }
}

/// Rules with a test of their own: in this file, or, of those that are the engine's, elsewhere.
const ELSEWHERE: [(&str, &str); 19] = [
    ("R-YEAR", "cases/10-years.txt"),
    ("R-PLAN", "cases/07-plans.txt"),
    ("R-FUNDCLS", "cases/14-elements.txt"),
    ("R-SOD", "cases/02-approvals.txt"),
    ("R-SEQ", "cases/04-suspense.txt"),
    ("R-AMTNEQ", "cases/04-suspense.txt"),
    (
        "R-CUTOFF",
        "what_waits_and_what_is_written_after_the_cut_off_goes_out_on_the_next_working_day",
    ),
    ("R-CASHPOS", "when_cash_is_short_wages_go_first_and_nobody_is_refused"),
    ("R-SIGN", "a_seal_of_nobody_of_another_or_over_other_bytes_binds_nobody"),
    ("R-ZERO", "a_day_that_ends_uncleared_alarms_and_is_cleared_the_next"),
    ("R-PROC2", "a_contract_is_paid_over_all_quotas_no_further_than_it_is_for"),
    ("R-SPLIT", "payments_that_together_pass_a_threshold_are_told_of"),
    ("R-SPLIT-D", "payments_that_together_pass_a_threshold_are_told_of"),
    ("R-DUPINV", "an_invoice_is_used_once_until_all_of_its_payment_came_back"),
    ("R-DUPPAY", "the_same_payment_again_is_held_and_one_that_was_rejected_is_not_the_same"),
    ("R-3PUB-D", "the_three_public_expenses_are_counted_over_their_classes_and_given_back"),
    ("R-DORM", "the_daily_scan_finds_dormant_money_slow_units_and_a_rush_in_december"),
    ("R-SLOW", "the_daily_scan_finds_dormant_money_slow_units_and_a_rush_in_december"),
    ("R-YEAREND", "the_daily_scan_finds_dormant_money_slow_units_and_a_rush_in_december"),
];

#[test]
fn the_table_of_rules_is_the_documented_one() {
    let mut table = String::from(
        "| rule | when | action | condition | code | 说明 | reached in, or waits for |\n| --- | --- | --- | --- | --- | --- | --- |\n",
    );
    for line in defaults::lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        let [id, when, action, condition, code, _, _, in_force, waits_for, chinese, ..] =
            fields[..]
        else {
            panic!("{line}")
        };
        let elsewhere = ELSEWHERE.iter().find(|(rule, _)| *rule == id).map(|(_, test)| *test);
        let test = elsewhere
            .unwrap_or("each_rule_of_payments_is_reached_and_without_it_the_payment_passes");
        let last = if in_force == "1" { format!("`{test}`") } else { waits_for.to_owned() };
        let row =
            format!("| {id} | {when} | {action} | `{condition}` | {code} | {chinese} | {last} |\n");
        table.push_str(&row);
    }
    golden::check("rules.md", "rules", &table);
}

impl House {
    /// What the last payment met, of the kind that is expected.
    fn met(&self, expected: &Met) -> Met {
        let answer = self.answer(7);
        match expected {
            Met::Refused(_) => Met::Refused(answer.code),
            _ if answer.code != Code::Accepted => Met::Refused(answer.code),
            Met::Held(_) => match self.held(7) {
                Some(held) => Met::Held(held.rule.to_string().leak()),
                None => Met::Needs(self.payment(7).posts),
            },
            Met::Needs(_) => Met::Needs(self.payment(7).posts),
        }
    }
}

#[test]
fn a_payment_that_keeps_all_rules_passes_untouched() {
    let mut house = House::new();
    house.pay_as(&Pay::default(), 1);
    let answer = house.answer(1);
    assert_eq!((answer.code, answer.state), (Code::Accepted, Some(PaymentState::Reserved)));
    assert_eq!(house.payment(1).posts, Posts::UNIT);
    assert_eq!(house.office().all::<Held>().count() + house.office().all::<Alert>().count(), 0);
    house.must_hold_together();
}

#[test]
fn a_missing_or_unknown_element_is_a_refusal_that_names_it() {
    let full = ("齐鲁文具店", "6222000000000001", "102451000018");
    let pay = Pay::default;
    let cases: Vec<(Code, Vec<&str>, Pay)> = vec![
        (Code::ElementRow, vec!["-budget-row\tR1"], pay()),
        (
            Code::ElementUnit,
            vec!["+unit\t101001\t第一中学\t101\t2\tpublic-one\tfull\t2\t\t\t\t\tactive"],
            pay(),
        ),
        (Code::ElementProject, vec!["-project\tP1"], pay()),
        (Code::ElementPayee, vec![], Pay { payee: (full.0, "", full.2), ..pay() }),
        (Code::ElementPayeeName, vec![], Pay { payee: ("", full.1, full.2), ..pay() }),
        (Code::ElementBank, vec![], Pay { payee: (full.0, full.1, ""), ..pay() }),
        (Code::ElementPurpose, vec![], Pay { purpose: " ", ..pay() }),
        (Code::ElementDocument, vec![], Pay { document: "", ..pay() }),
        (
            Code::ElementStandard,
            vec![
                "+project\tP1\t设备\t101001\tspecific\t2023\t2023\t3\t9.00\t9.00\t文\tS9\t0\tG1\t\t\t1\tselected\t2023\t1\t2\t",
            ],
            pay(),
        ),
        (
            Code::ElementQuantity,
            vec![
                "+standard\tS1\t会议费\tprovince\t302\t人·天\t450.00\t2023-01-01\t\t文\tceiling",
                "+project\tP1\t设备\t101001\tspecific\t2023\t2023\t3\t9.00\t9.00\t文\tS1\t0\tG1\t\t\t1\tselected\t2023\t1\t2\t",
            ],
            pay(),
        ),
        (Code::ElementCeiling, vec![], Pay { economic: "30217", ..pay() }),
        (Code::ElementContract, vec![], Pay { quota: 3, contract: 55, ..pay() }),
    ];
    for (element, rows, pay) in cases {
        let mut house = House::new();
        house.on_file(&rows);
        // An earmark that was there before the contract has no registration.
        if pay.contract != 0 {
            house.earmark_before_control(3, pay.contract, "5000.00");
        }
        house.pay_as(&pay, 7);
        let answer = house.answer(7);
        assert_eq!(answer.code, Code::BadElement, "{element}");
        let named: Vec<Code> =
            answer.refusal.iter().flat_map(|refusal| refusal.figures()).map(|f| f.limit).collect();
        assert_eq!(named, [element]);
        house.must_hold_together();
    }
    // The income of a fund nature that a rule counts without asking first whether there is any.
    let mut house = House::new_without("R-NONTAX");
    house.pay_as(&Pay { quota: 4, ..Pay::default() }, 7);
    let named = house.answer(7).refusal.and_then(|refusal| refusal.figures().next());
    assert_eq!(named.map(|figure| figure.limit), Some(Code::ElementIncome));
}

#[test]
fn an_invoice_is_used_once_until_all_of_its_payment_came_back() {
    let mut house = House::new();
    let pay =
        Pay { document: "发票 3700222130+07613892、3700222130+07613893", ..Pay::default() };
    let other = Pay { document: "发票 3700222130+07613893", purpose: "别的", ..Pay::default() };
    house.pay_as(&pay, 1);
    assert_eq!(house.answer(1).code, Code::Accepted);
    house.pay_as(&other, 2);
    assert_eq!(house.answer(2).code, Code::DuplicateInvoice);
    let version = house.answer(2).refusal.and_then(|r| r.figures().last());
    assert_eq!(version.map(|f| (f.limit, f.requested_fen.get())), Some((Code::RuleVersion, 1)));
    house.step(1, StepKind::Withdraw, UNIT_MAKER, Role::Maker);
    house.pay_as(&other, 3);
    assert_eq!(house.answer(3).code, Code::Accepted, "the invoice is free again");
    house.pay_to_the_end(3, 10_000);
    house.fact(3, FactKind::Refund, 4_000);
    house.pay_as(&Pay { purpose: "再次", ..other.clone() }, 4);
    assert_eq!(house.answer(4).code, Code::DuplicateInvoice, "a part came back");
    house.fact(3, FactKind::Refund, 6_000);
    house.pay_as(&Pay { purpose: "又一", ..other }, 5);
    assert_eq!(house.answer(5).code, Code::Accepted, "all of it came back");
    house.must_hold_together();
}

#[test]
fn the_same_payment_again_is_held_and_one_that_was_rejected_is_not_the_same() {
    let mut house = House::new();
    house.pay_as(&Pay { document: "合同页", ..Pay::default() }, 1);
    house.pay_as(&Pay { document: "合同页", day: 20_230_311, ..Pay::default() }, 2);
    assert_eq!(house.answer(2).state, Some(PaymentState::Held));
    let held = house.held(2).expect("in the worklist").clone();
    assert_eq!((&*held.rule, held.code), ("R-DUPPAY", 1302));
    assert!(held.inputs.contains("repeat-within-days=1") && !held.release.is_empty());
    house.pay_as(&Pay { document: "合同页", day: 20_230_313, ..Pay::default() }, 3);
    assert!(house.held(3).is_none(), "two days apart");
    // An officer lifts it: it leaves the worklist and goes on.
    house.step(2, StepKind::Unhold, TREASURY, Role::Finance);
    assert_eq!(house.payment(2).state, PaymentState::Reserved);
    assert!(house.held(2).is_none());
    house.must_hold_together();
    // What was sent back is no payment that this one could repeat.
    let mut house = House::new();
    house.pay_as(&Pay { document: "合同页", ..Pay::default() }, 1);
    house.step(1, StepKind::Withdraw, UNIT_MAKER, Role::Maker);
    house.pay_as(&Pay { document: "合同页", ..Pay::default() }, 2);
    assert!(house.held(2).is_none());
    house.must_hold_together();
}

#[test]
fn a_hold_by_hand_stands_in_the_worklist_and_leaves_it_when_the_payment_is_returned() {
    let mut house = House::new();
    house.pay_as(&Pay::default(), 1);
    house.step(1, StepKind::Hold, TREASURY, Role::Finance);
    assert_eq!(house.held(1).map(|held| held.rule.to_string()), Some("manual".into()));
    house.step(1, StepKind::Return, TREASURY, Role::Finance);
    assert!(house.held(1).is_none());
    house.must_hold_together();
}

#[test]
fn payments_that_together_pass_a_threshold_are_told_of() {
    let mut house = House::new();
    for (id, day) in [(1, 20_230_301), (2, 20_230_303), (3, 20_230_305)] {
        let pay = Pay { amount: "90000.00", day, document: "合同页", ..Pay::default() };
        house.pay_as(&pay, id);
        assert_eq!(house.answer(id).state, Some(PaymentState::Reserved));
    }
    let alerts: Vec<&Alert> = house.office().all().collect();
    assert_eq!(alerts.len(), 1, "the third passes it");
    assert_eq!((&*alerts[0].rule, &*alerts[0].subject), ("R-SPLIT", &*house.word(3)));
    assert!(alerts[0].inputs.contains("sum-of-7-days=270000.00"), "{}", &*alerts[0].inputs);
    // The daily scan finds the same by itself, once.
    for _ in 0..2 {
        house.file(PaperKind::ScanDay, TREASURY, "日终", 20_230_306);
    }
    let daily: Vec<&Alert> =
        house.office().all().filter(|alert: &&Alert| *alert.rule == *"R-SPLIT-D").collect();
    assert_eq!(daily.len(), 1);
    assert_eq!(daily[0].amount_fen.get(), 27_000_000);
    // Once one came back there is nothing to tell of any more.
    house.step(2, StepKind::Withdraw, UNIT_MAKER, Role::Maker);
    house.file(PaperKind::ScanDay, TREASURY, "日终", 20_230_307);
    let state = |house: &House| {
        let mut all = house.office().all::<Alert>();
        all.find(|alert| *alert.rule == *"R-SPLIT-D").map(|alert| alert.state)
    };
    assert_eq!(state(&house), Some(AlertState::Closed));
    let subject = house.word(3);
    let answer = format!("R-SPLIT\t{subject}\t分批到货，附合同");
    assert_eq!(house.file(PaperKind::AlertAnswer, TREASURY, &answer, 20_230_307), Code::Accepted);
    house.must_hold_together();
}

#[test]
fn no_rule_is_passed_by_paying_in_one_act() {
    let mut house = House::new();
    house.ceiling("900000.00");
    house.pay_as(&Pay { one_act: true, ..Pay::default() }, 1);
    assert_eq!(house.answer(1).state, Some(PaymentState::Instructed));
    for (id, pay) in [
        (2, Pay { one_act: true, amount: "500000.00", document: "清单", ..Pay::default() }),
        (
            3,
            Pay {
                one_act: true,
                economic: "30299",
                amount: "100000.00",
                document: "清单",
                ..Pay::default()
            },
        ),
    ] {
        house.pay_as(&pay, id);
        assert_eq!(house.answer(id).code, Code::NoRuleApproves, "{id}");
    }
    house.must_hold_together();
}

#[test]
fn a_check_tells_what_would_hold_and_what_is_left_under_every_limit() {
    let mut house = House::new();
    let answer = house.check(&Pay { economic: "30299", amount: "100000.00", ..Pay::default() });
    assert_eq!((answer.code, answer.state), (Code::Accepted, Some(PaymentState::Held)));
    let why = answer.refusal.and_then(|refusal| refusal.figures().next());
    assert_eq!(why.map(|figure| figure.limit), Some(Code::ForbiddenClass));
    house.on_file(&["+ceiling\t101001\tthree-public\t1000.00\t文\t33"]);
    let answer = house.check(&Pay { economic: "30217", amount: "1000.01", ..Pay::default() });
    let figures: Vec<(Code, i64)> = answer
        .refusal
        .iter()
        .flat_map(|refusal| refusal.figures())
        .map(|figure| (figure.limit, figure.left_fen.get()))
        .collect();
    assert_eq!(
        figures,
        [
            (Code::ThreePublicOver, 100_000),
            (Code::RuleVersion, 0),
            (Code::OverQuota, 9_000_000_000),
        ]
    );
    assert_eq!(house.office().all::<Held>().count(), 0, "nothing is left of a check");
}

fn propose_ceiling(house: &mut House, person: u64, approved: &str) -> Code {
    let text = format!("101001\tthree-public\t{approved}\t预算批复");
    house.file(PaperKind::CeilingPropose, person, &text, 20_230_301)
}

fn set_ceiling(house: &mut House, person: u64) -> Code {
    house.file(PaperKind::CeilingSet, person, "101001\tthree-public", 20_230_301)
}

#[test]
fn a_ceiling_is_proposed_by_one_person_and_set_by_another() {
    let mut house = House::new();
    let approved = |house: &House| {
        let ceiling = house.office().get::<Ceiling>("101001/three-public");
        ceiling.map(|ceiling| (ceiling.approved_fen.get(), ceiling.maker.0, ceiling.checker))
    };
    let drop = |house: &mut House, person| {
        house.file(PaperKind::CeilingDrop, person, "101001\tthree-public", 20_230_301)
    };
    let both = (Some(PersonId(RULE_CHECKER)), Some(PersonId(TREASURY)));
    assert_eq!(set_ceiling(&mut house, RULE_CHECKER), Code::NoDraft);
    for person in [UNIT_MAKER, RULE_CHECKER] {
        assert_eq!(propose_ceiling(&mut house, person, "1000.00"), Code::NotHolder, "{person}");
    }
    assert_eq!(propose_ceiling(&mut house, TREASURY, "-0.01"), Code::BadRow);
    assert_eq!(house.place(), Some((1, 3)));
    assert_eq!(propose_ceiling(&mut house, TREASURY, "1000.00"), Code::Accepted);
    assert_eq!(propose_ceiling(&mut house, TREASURY, "2000.00"), Code::DraftWaits);
    assert_eq!(approved(&house), None, "nobody has checked it");
    assert_eq!(set_ceiling(&mut house, TREASURY), Code::NotHolder);
    // Who holds both posts still cannot do both.
    house.on_file(&[
        &format!("+post\t{TREASURY}\trule-checker\t\t甲"),
        &format!("+post\t{RULE_CHECKER}\ttreasury-reviewer\t\t乙"),
    ]);
    assert_eq!(set_ceiling(&mut house, TREASURY), Code::DutySeparation);
    assert_eq!(set_ceiling(&mut house, RULE_CHECKER), Code::Accepted);
    assert_eq!(approved(&house), Some((100_000, TREASURY, both.0)));
    assert_eq!(set_ceiling(&mut house, RULE_CHECKER), Code::NoDraft, "set once");
    // What was set holds while the next waits, and when that is dropped.
    assert_eq!(propose_ceiling(&mut house, RULE_CHECKER, "3000.00"), Code::Accepted);
    assert_eq!(approved(&house), Some((100_000, TREASURY, both.0)));
    assert_eq!(drop(&mut house, UNIT_MAKER), Code::NotHolder);
    assert_eq!(drop(&mut house, TREASURY), Code::Accepted);
    assert_eq!(drop(&mut house, TREASURY), Code::NoDraft);
    assert_eq!(propose_ceiling(&mut house, RULE_CHECKER, "500.00"), Code::Accepted);
    // Payments go on meanwhile: what was used since is held against it where it is set.
    let pay = Pay { economic: "30217", amount: "500.01", document: "清单", ..Pay::default() };
    house.pay_as(&pay, 1);
    assert_eq!(house.answer(1).code, Code::Accepted);
    assert_eq!(set_ceiling(&mut house, TREASURY), Code::CeilingBelowUsed);
    assert_eq!(house.place(), Some((1, 1)));
    house.step(1, StepKind::Withdraw, UNIT_MAKER, Role::Maker);
    assert_eq!(set_ceiling(&mut house, TREASURY), Code::Accepted);
    assert_eq!(approved(&house), Some((50_000, RULE_CHECKER, both.1)));
    house.must_hold_together();
}

#[test]
fn the_three_public_expenses_are_counted_over_their_classes_and_given_back() {
    let mut house = House::new();
    let set = |house: &mut House, approved: &str| {
        let said = propose_ceiling(house, TREASURY, approved);
        if said == Code::Accepted { set_ceiling(house, RULE_CHECKER) } else { said }
    };
    assert_eq!(set(&mut house, "1000.00"), Code::Accepted);
    let pay = |economic, amount| Pay { economic, amount, document: "清单", ..Pay::default() };
    house.pay_as(&pay("30217", "600.00"), 1);
    house.pay_as(&pay("30231", "400.01"), 2);
    assert_eq!(house.answer(2).code, Code::ThreePublicOver);
    let figure = house.answer(2).refusal.and_then(|refusal| refusal.figures().next());
    assert_eq!(figure.map(|figure| figure.left_fen.get()), Some(40_000));
    house.pay_as(&pay("30231", "400.00"), 3);
    assert_eq!(house.answer(3).code, Code::Accepted);
    assert_eq!(set(&mut house, "999.99"), Code::CeilingBelowUsed);
    house.step(1, StepKind::Withdraw, UNIT_MAKER, Role::Maker);
    assert_eq!(set(&mut house, "999.99"), Code::Accepted);
    house.pay_as(&pay("30212", "599.99"), 4);
    assert_eq!(house.answer(4).code, Code::Accepted);
    // Set on file past the paper, the scan still sees it.
    house.on_file(&["+ceiling\t101001\tthree-public\t500.00\t文\t33"]);
    house.file(PaperKind::ScanDay, TREASURY, "日终", 20_230_306);
    let over = house.office().get::<Alert>("R-3PUB-D/101001").expect("an alert");
    assert_eq!(over.amount_fen.get(), 49_999);
    house.must_hold_together();
}

#[test]
fn rules_change_by_two_persons_and_keep_their_versions() {
    let mut house = House::new();
    let line = "R-LARGE\tsubmit review\tapprove-department\tamount >= 300000.00\t1501\t0.00\t0\t1\t\t大额\tlarge\t";
    let propose = |house: &mut House, person, text: &str| {
        house.file(PaperKind::RulePropose, person, text, 20_230_301)
    };
    let approve = |house: &mut House, person, id: &str| {
        house.file(PaperKind::RuleApprove, person, id, 20_230_301)
    };
    assert_eq!(propose(&mut house, UNIT_MAKER, line), Code::NotHolder);
    assert_eq!(approve(&mut house, RULE_CHECKER, "R-LARGE"), Code::NoDraft);
    assert_eq!(propose(&mut house, RULE_MAKER, line), Code::Accepted);
    assert_eq!(propose(&mut house, RULE_MAKER, line), Code::DraftWaits);
    house.pay_as(&Pay { amount: "300000.00", document: "清单", ..Pay::default() }, 1);
    assert_eq!(house.payment(1).posts, Posts::UNIT, "a draft is not in force");
    house.on_file(&["+post\t31\trule-checker\t\t张三"]);
    assert_eq!(approve(&mut house, RULE_MAKER, "R-LARGE"), Code::DutySeparation);
    assert_eq!(approve(&mut house, RULE_CHECKER, "R-LARGE"), Code::Accepted);
    let rule = house.rule("R-LARGE").expect("a rule");
    assert_eq!((rule.version, rule.maker.0, rule.checker.0), (2, RULE_MAKER, RULE_CHECKER));
    let old = house.office().get::<RuleVersion>("R-LARGE/1").expect("the version before");
    assert_eq!(&*old.condition, "amount >= 500000.00");
    // Hot: the next payment meets it.
    house.pay_as(
        &Pay { amount: "300000.00", document: "清单二", purpose: "二", ..Pay::default() },
        2,
    );
    assert_eq!(house.payment(2).posts, Posts::UNIT.with(domain::Post::Department));
    // Proposals that do not fit together, each at its column.
    for (column, line) in [
        (2, "R-X\tnever\twarn\tno goal\t1501\t0.00\t0\t1\t\t文\ttext\t"),
        (2, "R-X\tscan\twarn\tno goal\t1501\t0.00\t0\t1\t\t文\ttext\t"),
        (2, "R-X\tsubmit\twarn\tscan slow 9\t1802\t0.00\t0\t1\t\t文\ttext\t"),
        (3, "R-X\tscan\thold\tscan slow 9\t1802\t0.00\t0\t1\t\t文\ttext\t"),
        (4, "R-X\tsubmit\twarn\tno luck\t1501\t0.00\t0\t1\t\t文\ttext\t"),
        (5, "R-X\tsubmit\twarn\tno goal\t1999\t0.00\t0\t1\t\t文\ttext\t"),
        (6, "R-X\tsubmit\twarn\tno goal\t1501\t-1.00\t0\t1\t\t文\ttext\t"),
        (9, "R-X\tsubmit\twarn\tno goal\t1501\t0.00\t0\t2\t\t文\ttext\t"),
        (12, "R-X\tsubmit\thold\tno goal\t1501\t0.00\t0\t1\t\t文\ttext\t"),
    ] {
        assert_eq!(propose(&mut house, RULE_MAKER, line), Code::UnfitRule, "{line}");
        assert_eq!(house.place(), Some((1, column)), "{line}");
    }
    assert_eq!(propose(&mut house, RULE_MAKER, "R-X\tsubmit"), Code::BadRow);
    let new = "R-X\tsubmit\trecord\teconomic under 302\t1501\t0.00\t0\t1\t\t文\ttext\t";
    assert_eq!(propose(&mut house, RULE_MAKER, new), Code::Accepted);
    assert_eq!(house.file(PaperKind::RuleDrop, RULE_CHECKER, "R-X", 20_230_301), Code::Accepted);
    assert_eq!(approve(&mut house, RULE_CHECKER, "R-X"), Code::NoDraft);
    house.must_hold_together();
}

#[test]
fn a_division_may_tighten_the_provinces_rules_and_loosen_them_only_by_its_approval() {
    let mut house = House::without_rules();
    let set = |version: u32, amount: &str| {
        format!(
            "R-LARGE\t{version}\tsubmit\tapprove-department\tamount >= {amount}\t1501\t0.00\t0\t1\t\t大额\tlarge\t"
        )
    };
    let propose = |house: &mut House, action: &str, amount: &str| {
        let line = format!(
            "R-LARGE\tsubmit\t{action}\tamount >= {amount}\t1501\t0.00\t0\t1\t\t大额\tlarge\t解除"
        );
        house.file(PaperKind::RulePropose, RULE_MAKER, &line, 20_230_301)
    };
    let approve =
        |house: &mut House| house.file(PaperKind::RuleApprove, RULE_CHECKER, "R-LARGE", 20_230_301);
    let take = |house: &mut House, person, text: &str| {
        house.file(PaperKind::RuleInherit, person, text, 20_230_301)
    };
    let inherit = |house: &mut House, text: &str| {
        let said = take(house, RULE_MAKER, text);
        if said == Code::Accepted { approve(house) } else { said }
    };
    assert_eq!(take(&mut house, RULE_CHECKER, &set(4, "500000.00")), Code::NotHolder);
    assert_eq!(
        inherit(&mut house, &set(4, "500000.00").replace("submit", "soon")),
        Code::UnfitRule
    );
    assert_eq!(house.place(), Some((1, 3)));
    assert_eq!(take(&mut house, RULE_MAKER, &set(4, "500000.00")), Code::Accepted);
    assert!(house.rule("R-LARGE").is_none(), "nobody has checked it");
    assert_eq!(take(&mut house, RULE_MAKER, &set(5, "1.00")), Code::DraftWaits);
    assert_eq!(propose(&mut house, "hold", "1.00"), Code::DraftWaits);
    house.on_file(&[&format!("+post\t{RULE_MAKER}\trule-checker\t\t张三")]);
    let alone = house.file(PaperKind::RuleApprove, RULE_MAKER, "R-LARGE", 20_230_301);
    assert_eq!(alone, Code::DutySeparation);
    assert_eq!(approve(&mut house), Code::Accepted);
    for (version, amount) in [(0, "400000.00"), (3, "400000.00"), (4, "500000.00")] {
        let said = inherit(&mut house, &set(version, amount));
        assert_eq!((said, house.place()), (Code::NotInherited, Some((1, 2))), "not the next");
    }
    // A text that was not the province's is mended by the right one of the same version.
    assert_eq!(inherit(&mut house, &set(4, "900000.00")), Code::Accepted);
    assert_eq!(inherit(&mut house, &set(4, "500000.00")), Code::Accepted);
    assert_eq!(house.rule("R-LARGE").map(|rule| rule.version), Some(3));
    let rule = house.rule("R-LARGE").expect("inherited");
    assert_eq!((rule.origin, rule.origin_version, rule.version), (Origin::Province, 4, 3));
    assert_eq!((rule.maker.0, rule.checker.0), (RULE_MAKER, RULE_CHECKER));
    let inherited: &RuleInherited = house.office().get("R-LARGE").expect("the province's");
    assert_eq!((inherited.version, inherited.checker.0), (4, RULE_CHECKER));
    for (action, amount) in [("approve-department", "500000.01"), ("warn", "500000.00")] {
        assert_eq!(propose(&mut house, action, amount), Code::RuleLooser);
    }
    assert_eq!(propose(&mut house, "hold", "400000.00"), Code::Accepted);
    assert_eq!(approve(&mut house), Code::Accepted);
    let rule = house.rule("R-LARGE").expect("its own");
    assert_eq!((rule.origin, rule.action, rule.version), (Origin::Own, Action::Hold, 4));
    // The province moves: where the division is at least as strict, its own stays.
    assert_eq!(inherit(&mut house, &set(5, "450000.00")), Code::Accepted);
    assert_eq!(house.rule("R-LARGE").map(|rule| rule.version), Some(4));
    assert_eq!(inherit(&mut house, &set(6, "300000.00")), Code::Accepted);
    let rule = house.rule("R-LARGE").expect("the province's again");
    assert_eq!((rule.origin, rule.origin_version, rule.version), (Origin::Province, 6, 5));
    // A deviation, for a time.
    let deviation = "R-LARGE\t鲁财库〔2023〕7号\t2023-03-01\t2023-03-31\tapprove-department\tamount >= 800000.00\t0.00\t0\t抢险";
    let late = deviation.replace("2023-03-31", "2023-02-28");
    for (text, code) in [
        (&*late, Code::BadTerm),
        (&*deviation.replace("R-LARGE", "R-OWN"), Code::NotInherited),
        (&*deviation.replace("amount >= 800000.00", "engine"), Code::UnfitRule),
        (deviation, Code::Accepted),
        (deviation, Code::DraftWaits),
    ] {
        let heard = house.file(PaperKind::DeviationPropose, RULE_MAKER, text, 20_230_301);
        assert_eq!(heard, code, "{text}");
    }
    let pay = |house: &mut House, id, day| {
        let pay = Pay { amount: "700000.00", day, document: "清单", ..Pay::default() };
        house.pay_as(&pay, id);
        house.payment(id).posts
    };
    let two = Posts::UNIT.with(domain::Post::Department);
    assert_eq!(pay(&mut house, 1, 20_230_302), two, "not checked yet");
    let check = |house: &mut House| {
        house.file(PaperKind::DeviationApprove, RULE_CHECKER, "R-LARGE", 20_230_301)
    };
    assert_eq!((check(&mut house), check(&mut house)), (Code::Accepted, Code::NoDraft));
    assert_eq!(house.office().all::<Deviation>().count(), 1, "listed");
    assert_eq!(pay(&mut house, 2, 20_230_305), Posts::UNIT, "looser");
    assert_eq!(pay(&mut house, 3, 20_230_401), two, "over");
    let end =
        |house: &mut House| house.file(PaperKind::DeviationEnd, RULE_MAKER, "R-LARGE", 20_230_310);
    assert_eq!((end(&mut house), end(&mut house)), (Code::Accepted, Code::NoRow));
    assert_eq!(pay(&mut house, 4, 20_230_320), two, "ended");
    house.must_hold_together();
}

#[test]
fn an_exemption_lets_one_unit_pay_one_account_for_a_time() {
    let mut house = House::new();
    let pay = Pay {
        payee: ("第一中学", "6222000000000004", "102451000018"),
        document: "归垫",
        ..Pay::default()
    };
    let line = "R-SELFACCT\t101001\t6222000000000004\t归垫批复1号\t2023-03-31";
    let propose = |house: &mut House, text: &str| {
        house.file(PaperKind::ExemptionPropose, RULE_MAKER, text, 20_230_301)
    };
    assert_eq!(propose(&mut house, &line.replace("R-SELFACCT", "R-NONE")), Code::NoRow);
    assert_eq!(propose(&mut house, &line.replace("03-31", "02-01")), Code::BadTerm);
    assert_eq!(propose(&mut house, line), Code::Accepted);
    house.pay_as(&pay, 1);
    assert!(house.held(1).is_some(), "not checked yet");
    let key = "R-SELFACCT\t101001\t6222000000000004";
    let approve =
        |house: &mut House| house.file(PaperKind::ExemptionApprove, RULE_CHECKER, key, 20_230_301);
    assert_eq!((approve(&mut house), approve(&mut house)), (Code::Accepted, Code::NoDraft));
    house.pay_as(&Pay { purpose: "二", ..pay.clone() }, 2);
    assert!(house.held(2).is_none());
    house.pay_as(&Pay { purpose: "三", day: 20_230_401, ..pay }, 3);
    assert!(house.held(3).is_some(), "over");
    house.must_hold_together();
}

#[test]
fn of_two_tolerances_the_lower_binds() {
    let over = |fen: &str, bp: u16, amount: &'static str| {
        let mut house = House::without_rules();
        let line = format!(
            "R-STD\tsubmit\trefuse\tamount > 1000.00\t1601\t{fen}\t{bp}\t1\t\t标准\tstandard\t"
        );
        house.file(PaperKind::RulePropose, RULE_MAKER, &line, 20_230_301);
        house.file(PaperKind::RuleApprove, RULE_CHECKER, "R-STD", 20_230_301);
        house.pay_as(&Pay { amount, ..Pay::default() }, 1);
        house.answer(1).code
    };
    for (fen, bp, most, beyond) in [
        ("0.00", 500, "1000.00", "1000.01"),
        ("20.00", 0, "1000.00", "1000.01"),
        ("20.00", 500, "1020.00", "1020.01"),
        ("80.00", 500, "1050.00", "1050.01"),
    ] {
        assert_eq!(over(fen, bp, most), Code::Accepted, "{fen} {bp}");
        assert_eq!(over(fen, bp, beyond), Code::OverStandard, "{fen} {bp}");
    }
}

#[test]
fn procurement_is_paid_under_a_registered_contract_and_its_earmark_once() {
    let mut house = House::new();
    let propose = |house: &mut House, text: &str| {
        house.file(PaperKind::CommitmentPropose, UNIT_MAKER, text, 20_230_301)
    };
    let check = |house: &mut House, number: &str| {
        house.file(PaperKind::CommitmentCheck, UNIT_CHECKER, number, 20_230_301)
    };
    let plan = "5\tplan\t0\t101001\t实验设备\tCG-5\t\t10000.00\t2023-02-01";
    let contract = "6\tcontract\t5\t101001\t实验设备\tHT-6\t6222000000000001\t6000.00\t2023-02-10";
    assert_eq!(propose(&mut house, contract), Code::NoCommitment, "no plan yet");
    assert_eq!(house.earmark(3, 5, 0, "1.00"), Code::NoCommitment);
    assert_eq!(propose(&mut house, plan), Code::Accepted);
    assert_eq!(propose(&mut house, plan), Code::CommitmentTaken);
    assert_eq!(house.earmark(3, 5, 0, "1.00"), Code::NoCommitment, "a draft");
    assert_eq!(check(&mut house, "5"), Code::Accepted);
    assert_eq!(check(&mut house, "5"), Code::NoDraft);
    assert_eq!(house.earmark(3, 5, 0, "10000.01"), Code::OverCommitment);
    assert_eq!(house.earmark(0, 5, 0, "4000.00"), Code::Accepted);
    assert_eq!(propose(&mut house, &contract.replace("6000", "10001")), Code::OverCommitment);
    let black = contract.replace("6222000000000001", "6222000000000003");
    assert_eq!(propose(&mut house, &black), Code::Blacklisted);
    assert_eq!(propose(&mut house, contract), Code::Accepted);
    assert_eq!(check(&mut house, "6"), Code::Accepted);
    // Over two quotas a contract takes no more than it is for, nor the plan than its own.
    assert_eq!(house.earmark(3, 6, 5, "6000.01"), Code::OverCommitment);
    assert_eq!(house.earmark(3, 6, 5, "5000.00"), Code::Accepted);
    assert_eq!(house.earmark(0, 6, 5, "1000.01"), Code::OverCommitment);
    assert_eq!(house.earmark(0, 6, 5, "1000.00"), Code::Accepted);
    assert_eq!(house.earmark(0, 5, 0, "0.01"), Code::OverCommitment);
    // Payments turn the earmark into a reservation.
    let pay =
        |amount| Pay {
            quota: 3, contract: 6, plan: 5, amount, document: "合同", ..Pay::default()
        };
    house.pay_as(&pay("2000.00"), 1);
    assert_eq!(house.answer(1).code, Code::Accepted);
    house.pay_as(&pay("3000.01"), 2);
    assert_eq!(house.answer(2).code, Code::ContractMismatch, "the earmark of this quota");
    let other = ("王五", "6222000000000002", "102451000018");
    house.pay_as(&Pay { payee: other, ..pay("10.00") }, 3);
    assert_eq!(house.answer(3).code, Code::ContractMismatch, "another payee than the supplier");
    // Changed by two persons, never below what is earmarked.
    let change = |house: &mut House, amount: &str| {
        let text = format!("6\t{amount}\t补充协议");
        house.file(PaperKind::CommitmentChange, UNIT_MAKER, &text, 20_230_301)
    };
    assert_eq!(change(&mut house, "5999.99"), Code::CommitmentBelowUsed);
    assert_eq!(change(&mut house, "7000.00"), Code::Accepted);
    assert_eq!(change(&mut house, "7000.00"), Code::DraftWaits);
    assert_eq!(house.earmark(0, 6, 5, "0.01"), Code::OverCommitment, "the change waits");
    assert_eq!(check(&mut house, "6"), Code::Accepted);
    let row = house.office().get::<Commitment>("6").expect("a contract");
    assert_eq!((row.amount_fen.get(), row.version), (700_000, 2));
    let close = |house: &mut House, number: &str| {
        house.file(PaperKind::CommitmentClose, UNIT_CHECKER, number, 20_230_301)
    };
    assert_eq!(close(&mut house, "6"), Code::OpenItems);
    house.pay_as(&Pay { purpose: "尾款", ..pay("3000.00") }, 4);
    assert_eq!(house.answer(4).code, Code::Accepted);
    assert_eq!(house.act(ActKind::Unearmark, 0, 6, 5, "1000.00"), Code::Accepted);
    assert_eq!(close(&mut house, "6"), Code::Accepted);
    assert_eq!(close(&mut house, "6"), Code::CommitmentState);
    house.step(4, StepKind::Withdraw, UNIT_MAKER, Role::Maker);
    assert_eq!(house.answer(4).code, Code::Accepted);
    house.must_hold_together();
}

#[test]
fn the_lines_of_a_paper_of_commitments_count_one_after_the_other() {
    let mut house = House::new();
    let mut file = |kind: PaperKind, text: &str| {
        let maker = matches!(kind, PaperKind::CommitmentPropose | PaperKind::CommitmentChange);
        let person = if maker { UNIT_MAKER } else { UNIT_CHECKER };
        house.file(kind, person, text, 20_230_301)
    };
    let (propose, check) = (PaperKind::CommitmentPropose, PaperKind::CommitmentCheck);
    let plan = "5\tplan\t0\t101001\t实验设备\tCG-5\t\t10000.00\t2023-02-01";
    let contract = |number: u32, yuan: &str| {
        format!(
            "{number}\tcontract\t5\t101001\t设备\tHT-{number}\t6222000000000001\t{yuan}\t2023-02-10"
        )
    };
    assert_eq!(file(propose, plan), Code::Accepted);
    assert_eq!(file(check, "5"), Code::Accepted);
    let two = format!("{}\n{}", contract(6, "6000.00"), contract(7, "4000.01"));
    let twice = format!("{}\n{}", contract(6, "6000.00"), contract(6, "1.00"));
    assert_eq!(file(propose, &twice), Code::RowTwice);
    assert_eq!(file(propose, &two), Code::Accepted, "drafts count nowhere");
    assert_eq!(file(check, "6\n7"), Code::OverCommitment, "each alone fits its plan");
    assert_eq!(file(check, "6\n6"), Code::NoDraft);
    // The plan is raised first, in the same paper.
    assert_eq!(
        file(PaperKind::CommitmentChange, "5\t10000.01\t追加\n5\t2.00\t追加"),
        Code::DraftWaits
    );
    assert_eq!(file(PaperKind::CommitmentChange, "5\t10000.01\t追加"), Code::Accepted);
    assert_eq!(file(check, "7\n6\n5"), Code::OverCommitment, "it is raised too late");
    assert_eq!(file(check, "5\n6\n7"), Code::Accepted);
    // A plan is closed with what is under it, after that.
    let close = PaperKind::CommitmentClose;
    assert_eq!(file(close, "6\n5\n7"), Code::OpenItems);
    assert_eq!(file(close, "6\n7\n7"), Code::CommitmentState);
    assert_eq!(file(close, "6\n7\n5"), Code::Accepted);
}

#[test]
fn a_contract_is_paid_over_all_quotas_no_further_than_it_is_for() {
    let mut house = House::new();
    for text in [
        "6\tcontract\t0\t101001\t维修\tHT-6\t6222000000000001\t6000.00\t2023-02-10",
        "7\tcontract\t0\t101001\t维修\tHT-7\t6222000000000001\t100.00\t2023-02-10",
    ] {
        house.file(PaperKind::CommitmentPropose, UNIT_MAKER, text, 20_230_301);
    }
    house.file(PaperKind::CommitmentCheck, UNIT_CHECKER, "6\n7", 20_230_301);
    assert_eq!(house.earmark(0, 6, 0, "3000.00"), Code::Accepted);
    assert_eq!(house.earmark(3, 6, 0, "3000.00"), Code::Accepted);
    let pay =
        |quota, amount| Pay { quota, contract: 6, amount, document: "合同", ..Pay::default() };
    house.pay_as(&pay(0, "3000.00"), 1);
    // As after a contract that was lowered past its earmarks: R-PROC2 still has the last word.
    house.on_file(&["+commitment\t6\tcontract\t0\t101001\t维修\tHT-6\t6222000000000001\t4000.00\t2023-02-10\tregistered\t2\t34\t35\t\t"]);
    house.pay_as(&pay(3, "1000.01"), 2);
    assert_eq!(house.answer(2).code, Code::ContractMismatch);
    let left = house.answer(2).refusal.and_then(|refusal| refusal.figures().next());
    assert_eq!(left.map(|figure| figure.left_fen.get()), Some(100_000));
    house.pay_as(&pay(3, "1000.00"), 3);
    assert_eq!(house.answer(3).code, Code::Accepted);
    house.must_hold_together();
}

#[test]
fn the_daily_scan_finds_dormant_money_slow_units_and_a_rush_in_december() {
    let mut house = House::new();
    house.on_file(&["+budget-row\tR1\t101001\tP1\tplaced\t2050203\t50502\t302\t111\t2\t\t\t2021\t0.00\t0.00\t0.00\t0.00\t0.00\t0.00\t2"]);
    house.file(PaperKind::ScanDay, TREASURY, "日终", 20_230_701);
    let rules = |house: &House| {
        let mut count: BTreeMap<String, usize> = BTreeMap::new();
        for alert in house.office().all::<Alert>().filter(|alert| alert.state == AlertState::Open) {
            *count.entry(alert.rule.to_string()).or_default() += 1;
        }
        count
    };
    let found = rules(&house);
    assert_eq!(found.get("R-DORM"), Some(&2), "two quotas rest on the row");
    assert_eq!(found.get("R-SLOW"), Some(&1), "{found:?}");
    let pay = |amount, day| Pay { amount, day, document: "清单", ..Pay::default() };
    house.pay_as(&pay("69.00", 20_230_601), 1);
    house.pay_as(&Pay { purpose: "二", ..pay("31.00", 20_231_202) }, 2);
    house.file(PaperKind::ScanDay, TREASURY, "日终", 20_231_203);
    let rush = house.office().get::<Alert>("R-YEAREND/101001").expect("an alert");
    assert_eq!((rush.amount_fen.get(), &*rush.inputs), (3_100, "december=31% of the year"));
    house.must_hold_together();
}

#[test]
fn an_answered_alert_stays_answered_until_something_else_is_seen() {
    let mut house = House::new();
    let scan = |house: &mut House, day| {
        house.file(PaperKind::ScanDay, TREASURY, "日终", day);
        let alert = house.office().get::<Alert>("R-SLOW/101001").expect("an alert").clone();
        (alert.state, alert.answer.to_string(), alert.inputs.to_string())
    };
    let open = |inputs: &str| (AlertState::Open, String::new(), inputs.to_owned());
    assert_eq!(scan(&mut house, 20_230_701), open("progress=0% time=49%"));
    // Nobody has answered it: it stands as it was raised.
    assert_eq!(scan(&mut house, 20_230_710), open("progress=0% time=49%"));
    let answer = "R-SLOW\t101001\t年底集中支付";
    assert_eq!(house.file(PaperKind::AlertAnswer, TREASURY, answer, 20_230_711), Code::Accepted);
    let answered =
        (AlertState::Closed, "年底集中支付".to_owned(), "progress=0% time=49%".to_owned());
    for day in [20_230_712, 20_230_801, 20_230_901] {
        assert_eq!(scan(&mut house, day), answered, "{day}: nothing but time has gone by");
    }
    // Four quotas of ninety million, and ten of them spent: something else is seen.
    let pay = |amount, document| Pay { amount, document, ..Pay::default() };
    house.pay_as(&pay("490000.00", "清单"), 1);
    house.pay_to_the_end(1, 49_000_000);
    assert_eq!(scan(&mut house, 20_230_902), answered, "not a whole hundredth of it");
    for (id, purpose) in (0..).zip(PURPOSES).skip(2) {
        house.pay_as(&Pay { purpose, ..pay("490000.00", "清单") }, id);
        house.pay_to_the_end(id, 49_000_000);
    }
    assert_eq!(scan(&mut house, 20_230_903), open("progress=1% time=67%"));
    house.must_hold_together();
}

#[test]
fn what_was_over_and_is_seen_again_is_raised_again() {
    let mut house = House::new();
    let scan = |house: &mut House, day| {
        house.file(PaperKind::ScanDay, TREASURY, "日终", day);
        let alert = house.office().get::<Alert>("R-SLOW/101001").expect("an alert");
        (alert.state, alert.inputs.to_string())
    };
    let first = scan(&mut house, 20_230_701);
    assert_eq!(first, (AlertState::Open, "progress=0% time=49%".into()));
    // Dated in January it is not behind; nobody has answered it.
    assert_eq!(scan(&mut house, 20_230_110).0, AlertState::Closed);
    let again = scan(&mut house, 20_230_702);
    assert_eq!(again, (AlertState::Open, "progress=0% time=50%".into()));
    house.must_hold_together();
}

#[test]
fn a_hold_is_listed_before_any_alert_however_many_there_are() {
    let mut house = House::without_rules();
    let rule = |id: &str, action: &str| {
        format!(
            "+rule\t{id}\t1\tsubmit\t{action}\tamount >= 1.00\t1501\t0.00\t0\t1\t\t文\ttext\t解除\town\t0\t31\t32\t2023-01-05"
        )
    };
    // Rules that refuse stand before one that holds; deviations make nothing but warnings of them.
    for number in 0..RULES_LISTED_MAX + 2 {
        let id = format!("R-A{number:02}");
        let deviation = format!(
            "+deviation\t{id}\t鲁财库〔2023〕7号\t2023-03-01\t2023-03-31\twarn\tamount >= 1.00\t0.00\t0\t抢险\t31\t32"
        );
        house.on_file(&[&rule(&id, "refuse"), &deviation]);
    }
    house.on_file(&[&rule("R-Z", "hold")]);
    house.pay_as(&Pay::default(), 1);
    assert_eq!(house.held(1).map(|held| held.rule.to_string()), Some("R-Z".into()));
    assert_eq!(house.payment(1).state, PaymentState::Held);
    assert_eq!(house.office().all::<Alert>().count(), RULES_LISTED_MAX - 1);
    house.must_hold_together();
}

#[test]
fn a_fold_with_traces_is_taken_where_there_were_none() {
    let (mut bare, mut full) = (House::without_rules(), House::new());
    for (id, purpose) in (1..).zip(PURPOSES).take(3) {
        let pay = Pay { amount: "70.00", purpose, document: "清单", ..Pay::default() };
        bare.pay_as(&pay, id);
        full.pay_as(&pay, id);
    }
    let of = |house: &House| house.book().traces().map(|trace| trace.left_fen).collect::<Vec<_>>();
    assert_eq!((of(&bare), of(&full)), (vec![], vec![7_000; 3]));
    let quota = full.payment(1).quota;
    let from = full.book().clone();
    let division = bare.world.divisions.get_mut(&1).expect("the division");
    division.year_mut(quota.year()).expect("the year").adopt(quota, &from);
    assert_eq!(of(&bare), vec![7_000; 3]);
}

#[test]
fn a_rule_is_tried_out_against_past_payments_as_they_were_asked_for() {
    let mut house = House::new();
    for (id, amount, day) in
        [(1, "90000.00", 20_230_301), (2, "90000.00", 20_230_304), (3, "90000.00", 20_230_331)]
    {
        house.pay_as(&Pay { amount, day, document: "清单", ..Pay::default() }, id);
    }
    // What became of a payment later does not change what it was when it was asked for.
    house.step(1, StepKind::Withdraw, UNIT_MAKER, Role::Maker);
    let days = (Day::new(20_230_301).unwrap(), Day::new(20_230_331).unwrap());
    let line = |condition: &str| {
        format!("R-TRY\tsubmit\thold\t{condition}\t1204\t0.00\t0\t1\t\t试\ttry\t说明")
    };
    let tried = |condition: &str| {
        let mut trial = Trial::new(&line(condition), None, days).expect("a rule");
        house.world.replay_with(|division, event| trial.look(division, event));
        let hits: Vec<u128> = trial.hits.iter().map(|hit| hit.payment.0).collect();
        (trial.payments, trial.fired_fen, hits)
    };
    assert_eq!(tried("sum 7 >= 180000.00"), (3, 9_000_000, vec![2]));
    assert_eq!(tried("amount >= 90000.01"), (3, 0, vec![]));
    assert_eq!(tried("amount >= 90000.00").1, 27_000_000);
    for (line, why) in [
        ("R-TRY\tsubmit".to_owned(), "a rule has 12 fields, and this has 2"),
        (line("no luck"), "\"luck\" is nothing a rule can ask for"),
        (line("scan slow 9"), "only rules about payments can be tried out against them"),
        (line("no goal").replace("1204", "x"), "field 5: a whole number expected"),
    ] {
        assert_eq!(Trial::new(&line, None, days).err().as_deref(), Some(why));
    }
}

#[test]
fn what_rules_do_in_a_run_that_is_refused_leaves_nothing_behind() {
    let mut house = House::new();
    let held = Pay { economic: "30299", amount: "100000.00", ..Pay::default() };
    let refused = Pay { amount: "90000000.01", ..Pay::default() };
    assert!(!house.run(&[(&held, 1), (&refused, 2)]), "the second is refused");
    assert_eq!(house.office().all::<Held>().count(), 0);
    let other = Pay { purpose: "二", document: "清单", ..Pay::default() };
    assert!(house.run(&[(&held, 3), (&other, 4)]));
    assert_eq!(house.payment(3).state, PaymentState::Held);
    assert_eq!(house.office().all::<Held>().count(), 1);
    house.must_hold_together();
}

#[test]
fn the_rules_that_come_with_the_program_are_those_of_the_domain_notes() {
    let house = House::new();
    let rules: Vec<&Rule> = house.office().all().collect();
    assert_eq!(rules.len(), defaults::lines().count());
    let waiting: Vec<&str> =
        rules.iter().filter(|rule| !rule.in_force).map(|rule| &*rule.id).collect();
    assert_eq!(
        waiting,
        ["R-CARD", "R-CASH", "R-DIRECT", "R-DIRECT2", "R-INVFAIL", "R-PAYROLL", "R-PROC3",]
    );
    assert!(rules.iter().all(|rule| rule.in_force == rule.waits_for.is_empty()));
}
