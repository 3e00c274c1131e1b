//! Control rules against what a correction (更正) charges: whatever a quota decides of a payment holds for one that it
//! is to bear, and nothing else is asked again.

mod rules_house;
mod world;

use domain::codes::{MoveKind, Role, StepKind};
use domain::command::{Body, By, MoveOut};
use domain::ids::{BatchId, ChannelId, MoveId, PersonId};
use domain::{Code, Command, DivisionIndex, Fen, FiscalYear, PaymentId, QuotaId};
use proptest::prelude::*;

use rules_house::{House, Pay, RULE_CHECKER, TREASURY};

/// The quota that is to bear the payment: the sixth, on a budget row of its own.
const CHARGED: u64 = 5;

fn quota(serial: u64) -> QuotaId {
    QuotaId::new(DivisionIndex(1), FiscalYear::from_offset(23), serial)
}

/// Asks to charge a quota with so much of a payment in place of another.
fn correct(house: &mut House, id: u128, payment: u128, (from, to): (u64, u64), fen: i64) -> Code {
    let moved = MoveOut {
        kind: MoveKind::Correct,
        id: MoveId(id),
        from: quota(from),
        to: quota(to),
        amount_fen: Fen::new(fen),
        batch: BatchId(0),
        payment: PaymentId(payment),
        note: "功能分类有误",
    };
    let by = By { person: PersonId(TREASURY), role: Role::Finance, channel: ChannelId(1) };
    house.world.send(&Command { by, body: Body::MoveOut(moved) }).answer.code
}

/// What the charged quota rests on.
#[derive(Clone, Debug)]
struct Charged {
    unit: &'static str,
    unit_is_frozen: bool,
    functional: &'static str,
    procurement: &'static str,
    project_state: &'static str,
    term: &'static str,
    goal: &'static str,
    goal_is_red: bool,
}

/// Nothing stands in its way.
const PLAIN: Charged = Charged {
    unit: "101001",
    unit_is_frozen: false,
    functional: "2050203",
    procurement: "2",
    project_state: "selected",
    term: "2023",
    goal: "G1",
    goal_is_red: false,
};

fn charged() -> impl Strategy<Value = Charged> {
    let mostly =
        |usual: &'static str, other: &'static str| prop_oneof![4 => Just(usual), 1 => Just(other)];
    (
        (mostly("101001", "101002"), prop::bool::weighted(0.2), mostly("2050203", "2300201")),
        (mostly("2", "1"), mostly("selected", "suspended"), mostly("2023", "2020")),
        (mostly("G1", ""), prop::bool::weighted(0.2)),
    )
        .prop_map(|((unit, frozen, functional), (procurement, state, term), (goal, red))| {
            Charged {
                unit,
                unit_is_frozen: frozen && unit == "101002",
                functional,
                procurement,
                project_state: state,
                term,
                goal,
                goal_is_red: red,
            }
        })
}

/// The codes of all rules that stand in the way, from the words of the rules.
fn in_the_way(charged: &Charged) -> Vec<Code> {
    let suspended = charged.project_state == "suspended";
    let all = [
        (charged.unit_is_frozen || suspended, Code::Frozen),
        (charged.functional.starts_with("230"), Code::NotUnitClass),
        (suspended || charged.term == "2020", Code::ProjectState),
        (charged.goal.is_empty(), Code::NoGoal),
        (charged.goal == "G1" && charged.goal_is_red, Code::PerformanceLock),
        (charged.procurement == "1", Code::NoContract),
    ];
    all.into_iter().filter_map(|(stands, code)| stands.then_some(code)).collect()
}

fn put_on_file(house: &mut House, charged: &Charged) {
    let Charged { unit, functional, procurement, project_state, term, goal, .. } = charged;
    let standing = if charged.unit_is_frozen { "frozen" } else { "active" };
    let light = if charged.goal_is_red { "red" } else { "green" };
    house.on_file(&[
        &format!("+unit\t101002\t第二中学\t101\t2\tpublic-one\tfull\t1\t\t\t\t\t{standing}"),
        &format!(
            "+project\tP2\t设备\t{unit}\tspecific\t{term}\t{term}\t3\t9.00\t9.00\t文\tnone\t0\t{goal}\t\t\t1\t\
             {project_state}\t{term}\t1\t2\t"
        ),
        &format!(
            "+budget-row\tR9\t{unit}\tP2\tplaced\t{functional}\t50502\t302\t111\t{procurement}\t\t\t2023\t0.00\t\
             0.00\t0.00\t0.00\t0.00\t0.00\t2"
        ),
        &format!("+tracked\tG1\t2023-03-01\t10.00\t50.00\t{light}\t9\t整改"),
    ]);
    let key = format!("370102000/{unit}/{functional}/50502/302/111/P2/R9");
    house.new_quota(CHARGED, key, "111", true, "90000.00");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn a_quota_is_charged_exactly_when_no_rule_that_goes_by_it_stands_in_the_way(
        charged in charged(), fen in 1..=10_000_i64,
    ) {
        let mut house = House::new();
        house.pay_as(&Pay::default(), 7);
        house.pay_to_the_end(7, 10_000);
        put_on_file(&mut house, &charged);
        let told = correct(&mut house, 0xc1, 7, (CHARGED, 0), fen);
        let in_the_way = in_the_way(&charged);
        match in_the_way.is_empty() {
            true => prop_assert_eq!(told, Code::Accepted),
            false => prop_assert!(in_the_way.contains(&told), "{} is not of {:?}", told, in_the_way),
        }
        house.must_hold_together();
    }
}

#[test]
fn payee_papers_and_what_was_paid_besides_are_not_asked_again() {
    let mut house = House::new();
    // Held for its payee, lifted and paid; its invoice is used, by itself.
    let own = Pay { payee: ("第一中学", "6222000000000004", "102451000018"), ..Pay::default() };
    house.pay_as(&own, 7);
    house.step(7, StepKind::Unhold, RULE_CHECKER, Role::Finance);
    house.pay_to_the_end(7, 10_000);
    put_on_file(&mut house, &PLAIN);
    assert_eq!(correct(&mut house, 0xc1, 7, (CHARGED, 0), 10_000), Code::Accepted);
    house.must_hold_together();
}

#[test]
fn another_unit_bears_no_more_than_its_own_ceiling_however_it_is_cut() {
    let mut house = House::new();
    house.on_file(&[
        "+ceiling\t101001\tthree-public\t2000.00\t文\t33",
        "+ceiling\t101002\tthree-public\t1000.00\t文\t33",
    ]);
    house.pay_as(&Pay { economic: "30217", amount: "1500.00", ..Pay::default() }, 7);
    house.pay_to_the_end(7, 150_000);
    put_on_file(&mut house, &Charged { unit: "101002", ..PLAIN });
    let mut charge = |id, fen| correct(&mut house, id, 7, (CHARGED, 0), fen);
    assert_eq!(charge(0xc1, 100_001), Code::ThreePublicOver);
    assert_eq!(charge(0xc2, 60_000), Code::Accepted);
    assert_eq!(charge(0xc3, 40_001), Code::ThreePublicOver);
    assert_eq!(charge(0xc4, 40_000), Code::Accepted);
    house.must_hold_together();
}

#[test]
fn out_of_control_no_rule_stands_in_the_way() {
    let mut house = House::new();
    house.pay_as(&Pay::default(), 7);
    house.pay_to_the_end(7, 10_000);
    assert_eq!(correct(&mut house, 0xc1, 7, (3, 0), 10_000), Code::NoContract);
    house.control(false);
    assert_eq!(correct(&mut house, 0xc2, 7, (3, 0), 10_000), Code::Accepted);
}
