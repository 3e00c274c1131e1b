//! Performance: goals, tracking, grades and what follows from them; dormant money; the numbers a
//! division sets for itself.

mod bureau;
mod preparation;
mod world;

use bureau::{
    Bureau, EDUCATION_REVIEWER, HEAD, KEEPER, LAST, OFFICER, PERFORMANCE, SCHOOL_CHECKER,
    SCHOOL_MAKER, YEAR, day,
};
use domain::codes::{ActKind, AuthorityKind};
use domain::office::line::Change;
use domain::office::performance::{dormant_rows, light, may_be_supplemented, recovered_left};
use domain::office::table::Tabled;
use domain::office::tables::budget::BudgetRow;
use domain::office::tables::project::Project;
use domain::{Fen, QuotaId};
use preparation::{begun, goal};

fn project<'a>(bureau: &'a Bureau, code: &str) -> &'a Project {
    bureau.office().get(code).expect("a project")
}

#[test]
fn a_goal_is_whole_or_it_is_none() {
    let mut bureau = Bureau::new();
    let good = goal("G1", "101001");
    for (with, without, heard) in [
        ("|50.00", "|49.99", "weights-not-whole at 1:2"),
        ("|50.00", "|150.00", "over-hundred at 1:2"),
        ("|3|satisfaction", "|3|benefit", "levels-missing at 1:2"),
        ("|50.00", "|50", "bad-row at 2:7"),
        ("indicator|G1|1", "indicator|G2|1", "bad-row at 2:2"),
        ("goal|G1", "goals|G1", "bad-row at 1:1"),
        ("101001", "103", "unit-not-active at 1:3"),
        ("101001", "101002", "not-holder"),
        ("|2|benefit", "|1|benefit", "row-twice"),
    ] {
        let text = good.replacen(with, without, 1);
        assert_eq!(bureau.file(SCHOOL_MAKER, "goal-put", &text), heard, "{with} -> {without}");
    }
    bureau.must(SCHOOL_MAKER, "goal-put", &good);
    // A goal of another unit is not taken over; one written anew loses the indicators it drops.
    let theirs = good.replace("101001", "101002");
    let heard = bureau.file(bureau::PRIMARY_MAKER, "goal-put", &theirs);
    assert_eq!(heard, "row-twice at 1:2");
    let other = good.replace("indicator|G1|1", "indicator|G1|9");
    bureau.must(SCHOOL_MAKER, "goal-put", &other);
    assert!(bureau.row("indicator", "G1/1").is_none() && bureau.row("indicator", "G1/9").is_some());
}

#[test]
fn a_goal_is_frozen_with_its_project_and_approved_anew_when_its_amount_has_moved() {
    let mut bureau = begun("replied");
    let text = goal("G-P-DESKS", "101001");
    assert_eq!(bureau.file(SCHOOL_MAKER, "goal-put", &text), "goal-frozen at 1:2");
    // The maker does not approve; the officer approves with what the rows are, or with an amount.
    bureau.must(PERFORMANCE, "goal-approve", "G-P-DESKS|");
    assert_eq!(bureau.field("goal", "G-P-DESKS", "approved_fen"), "20000.00");
    bureau.must(PERFORMANCE, "goal-approve", "G-P-DESKS|26000.00");
    assert_eq!(bureau.field("goal", "G-P-DESKS", "approved_fen"), "26000.00");
    assert_eq!(bureau.file(PERFORMANCE, "goal-approve", "G-P-DESKS|-1.00"), "bad-row at 1:2");
    // Its rows are no longer near what it is for, so its unit writes it anew.
    bureau.must(SCHOOL_MAKER, "goal-put", &text);
    bureau.must(KEEPER, "base-put", "post|11|performance-officer||一人");
    let heard = bureau.file(SCHOOL_MAKER, "goal-approve", "G-P-DESKS|");
    assert_eq!(heard, "duty-separation");
    assert_eq!(bureau.file(PERFORMANCE, "goal-approve", "G-NONE|"), "no-row at 1:1");
    let mut bureau = begun("approved");
    let heard = bureau.file(PERFORMANCE, "goal-approve", "G-P-DESKS|");
    assert_eq!(heard, "project-wrong-state at 1:1");
}

/// A replied budget, its year open, with quotas of its reserve fund and of the system's row.
fn with_quotas() -> (Bureau, QuotaId, QuotaId) {
    let mut bureau = begun("replied");
    bureau.open_year(YEAR);
    let mut quota = |key: &str, fen| {
        let key = format!("370102000/102/{key}");
        bureau.quota(YEAR, key, AuthorityKind::BudgetLine, fen)
    };
    let reserve = quota("2270100/59999/39999/111/P-RESERVE/R-RESERVE", 200_000);
    let system = quota("2010601/50201/30201/111/P-SYSTEM/R-SYSTEM", 700_000);
    (bureau, reserve, system)
}

#[test]
fn documents_change_a_project_no_further_than_its_goal_was_approved_for() {
    let (mut bureau, reserve, system) = with_quotas();
    let none = QuotaId::NONE;
    // 20 % of 20,000.00 more, or less of 7,000.00: by each of the kinds, over all lines together.
    for (kind, lines, heard) in [
        ("supplement", vec![("R-SYSTEM", reserve, 140_000)], "ok"),
        ("supplement", vec![("R-SYSTEM", reserve, 140_001)], "goal-stale at 1:3 8400.01/7000.00"),
        (
            "supplement",
            vec![("R-DESKS", reserve, 1), ("R-SYSTEM", reserve, 140_001)],
            "goal-stale at 2:3 8400.01/7000.00",
        ),
        ("virement", vec![("R-DESKS", system, 140_000)], "ok"),
        ("virement", vec![("R-DESKS", system, 140_001)], "goal-stale at 1:4 5599.99/7000.00"),
        ("adjustment", vec![("R-DESKS", none, 400_000)], "ok"),
        ("adjustment", vec![("R-DESKS", none, 400_001)], "goal-stale at 1:3 24000.01/20000.00"),
        ("adjustment", vec![("", system, 140_001)], "goal-stale at 1:4 5599.99/7000.00"),
        // What one line takes another gives back.
        ("adjustment", vec![("", system, 140_001), ("R-SYSTEM", none, 1)], "ok"),
    ] {
        let lines: Vec<(&str, QuotaId, i64)> = lines;
        assert_eq!(bureau.clone().issue("D", kind, &lines), heard, "{kind}: {lines:?}");
    }
    // The goal approved for more: up to there, and no further; back to it from afar.
    bureau.must(PERFORMANCE, "goal-approve", "G-P-DESKS|30000.00");
    assert_eq!(bureau.clone().issue("D", "adjustment", &[("R-DESKS", none, 1)]), "ok", "nearer");
    let most = [("R-DESKS", none, 1_600_000)];
    assert_eq!(bureau.clone().issue("D", "adjustment", &most), "ok");
    let over = [("R-DESKS", none, 1_600_001)];
    let heard = bureau.issue("D", "adjustment", &over);
    assert_eq!(heard, "goal-stale at 1:3 36000.01/30000.00");
    // Written anew and not approved yet, it bears nothing.
    bureau.must(SCHOOL_MAKER, "goal-put", &goal("G-P-DESKS", "101001"));
    let heard = bureau.issue("E", "adjustment", &[("R-DESKS", none, 1)]);
    assert_eq!(heard, "goal-stale at 1:3 20000.01/20000.00");
}

#[test]
fn a_project_with_a_low_grade_gets_no_more_by_any_document() {
    let (mut bureau, reserve, system) = with_quotas();
    bureau.must(SCHOOL_MAKER, "evaluate", "self|P-DESKS|2023|99.00|");
    bureau.must(PERFORMANCE, "evaluate", "finance|P-DESKS|2023|59.99|整改");
    let none = QuotaId::NONE;
    let no = "no-supplement-by-grade at 1:3 59.99/60.00";
    let of_desks = [("supplement", reserve), ("virement", system), ("adjustment", none)];
    for (kind, from) in of_desks {
        assert_eq!(bureau.clone().issue("D", kind, &[("R-DESKS", from, 1)]), no, "{kind}");
        let other = bureau.clone().issue("D", kind, &[("R-WAGES", from, 1)]);
        assert_eq!(other, "ok", "{kind}: another project");
    }
    // It may have less, and the policy of the year says how low is low.
    let key = "370102000/101001/2050203/50601/31099/111/P-DESKS/R-DESKS";
    let desks = bureau.quota(YEAR, key.into(), AuthorityKind::BudgetLine, 2_000_000);
    assert_eq!(bureau.clone().issue("D", "virement", &[("R-WAGES", desks, 1)]), "ok");
    bureau.must(PERFORMANCE, "evaluate", "finance|P-DESKS|2023|60.00|整改");
    for (kind, from) in of_desks {
        assert_eq!(bureau.clone().issue("D", kind, &[("R-DESKS", from, 1)]), "ok", "{kind}");
    }
    bureau.must(HEAD, "policy-put", "grade-supplement-from|61|通知");
    let heard = bureau.issue("D", "supplement", &[("R-DESKS", reserve, 1)]);
    assert_eq!(heard, "no-supplement-by-grade at 1:3 60.00/61.00");
}

#[test]
fn a_goal_that_falls_behind_turns_yellow_and_red() {
    let mut bureau = begun("replied");
    let text = |one: &str, two: &str, three: &str| {
        format!(
            "goal|G-P-DESKS|加快采购\nreached|G-P-DESKS|1|{one}\nreached|G-P-DESKS|2|{two}\n\
             reached|G-P-DESKS|3|{three}"
        )
    };
    // On 2 July 183 of 365 days have passed: 50.13 %.
    for (on, one, two, three, reached, is) in [
        (20_230_702, "80.00", "0.00", "1.00", "40.20", "green"),
        (20_230_703, "80.00", "0.00", "1.00", "40.20", "yellow"),
        (20_230_704, "50.00", "0.00", "1.00", "25.20", "red"),
        (20_230_705, "100.00", "100.00", "100.00", "100.00", "green"),
        (20_231_231, "75.01", "75.01", "75.01", "75.01", "yellow"),
    ] {
        let text = text(one, two, three);
        let heard = bureau.file_on(YEAR, Some(day(on)), SCHOOL_MAKER, "track", &text);
        assert_eq!(heard, "ok");
        let on = format!("{:04}-{:02}-{:02}", on / 10_000, on / 100 % 100, on % 100);
        let key = format!("G-P-DESKS/{on}");
        assert_eq!(bureau.field("tracked", &key, "reached"), reached, "{on}");
        assert_eq!(bureau.field("tracked", &key, "light"), is, "{on}");
        let now = light(bureau.office(), project(&bureau, "P-DESKS"));
        assert_eq!(now.map(|light| light.slug()), Some(is), "the latest day counts");
    }
    assert_eq!(light(bureau.office(), project(&bureau, "P-WAGES")), None);
    let good = text("1.00", "1.00", "1.00");
    for (with, without, heard) in [
        ("\nreached|G-P-DESKS|2|1.00", "", "track-incomplete at 1:2"),
        ("|3|1.00", "|4|1.00", "track-incomplete at 1:2"),
        ("|3|1.00", "|2|1.00", "track-incomplete at 4:3"),
        ("|3|1.00", "|3|100.01", "over-hundred at 4:4"),
        ("goal|G-P-DESKS", "goal|G-NONE", "no-row at 1:2"),
        ("goal|G-P-DESKS", "goals|G-P-DESKS", "bad-row at 1:1"),
    ] {
        let text = good.replacen(with, without, 1);
        assert_eq!(bureau.file(SCHOOL_MAKER, "track", &text), heard, "{with} -> {without}");
    }
    let heard = bureau.file_on(YEAR, None, SCHOOL_MAKER, "track", &good);
    assert_eq!(heard, "paper-no-day");
    let heard = begun("approved").file(SCHOOL_MAKER, "track", &good);
    assert_eq!(heard, "project-wrong-state at 1:2");
}

#[test]
fn the_unit_scores_first_and_finance_gives_the_grade() {
    let mut bureau = begun("replied");
    let heard = bureau.file(PERFORMANCE, "evaluate", "finance|P-DESKS|2023|85.00|");
    assert_eq!(heard, "no-self-score at 1:2");
    let heard = bureau.file(SCHOOL_MAKER, "evaluate", "self|P-DESKS|2023|100.01|");
    assert_eq!(heard, "over-hundred at 1:4");
    bureau.must(SCHOOL_MAKER, "evaluate", "self|P-DESKS|2023|99.00|");
    for (score, grade, factor) in [
        ("90.00", "excellent", "100"),
        ("89.99", "good", "100"),
        ("79.99", "fair", "80"),
        ("59.99", "poor", "0"),
    ] {
        bureau.must(PERFORMANCE, "evaluate", &format!("finance|P-DESKS|2023|{score}|整改"));
        assert_eq!(bureau.field("evaluation", "P-DESKS/2023", "grade"), grade);
        assert_eq!(bureau.field("evaluation", "P-DESKS/2023", "factor"), factor);
    }
    let heard = bureau.file(SCHOOL_MAKER, "evaluate", "self|P-DESKS|2023|99.00|");
    assert_eq!(heard, "project-wrong-state at 1:2");
    bureau.must(KEEPER, "base-put", "post|11|performance-officer||一人");
    let heard = bureau.file(SCHOOL_MAKER, "evaluate", "finance|P-DESKS|2023|99.00|");
    assert_eq!(heard, "duty-separation");
    let heard = bureau.file(PERFORMANCE, "evaluate", "other|P-DESKS|2023|99.00|");
    assert_eq!(heard, "bad-row at 1:1");
    // What is poor gets no supplement.
    let division = |bureau: &Bureau| bureau.world.divisions[&bureau::DIVISION.0].clone();
    let found = |bureau: &Bureau, code: &str| {
        may_be_supplemented(&division(bureau), YEAR, code).map_err(|no| no.code.slug())
    };
    assert_eq!(found(&bureau, "P-DESKS"), Err("no-supplement-by-grade"));
    assert_eq!(found(&bureau, "P-WAGES"), Ok(()));
    bureau.must(PERFORMANCE, "evaluate", "finance|P-DESKS|2023|60.00|");
    assert_eq!(found(&bureau, "P-DESKS"), Ok(()));
    // A finished project is evaluated with finance's score.
    bureau.must(OFFICER, "project-finish", "P-DESKS");
    bureau.must(PERFORMANCE, "evaluate", "finance|P-DESKS|2023|95.00|");
    assert_eq!(bureau.field("project", "P-DESKS", "state"), "evaluated");
}

/// P1 under way in last year, graded by a score, with a need of 1,000.00 in each year.
fn graded(score: &str) -> Bureau {
    let mut bureau = Bureau::new();
    let draft = "project|P1|课桌椅|101001|specific|2022|2022|2|2000.00|教字1号|none|0|G1||\n\
                 need|P1|2022|1000.00\nneed|P1|2023|1000.00";
    let row = "R1|101001|P1|placed|2296004|50601|31099|121|2|||2022|1000.00";
    for (person, kind, text) in [
        (SCHOOL_MAKER, "goal-put", &*goal("G1", "101001")),
        (SCHOOL_MAKER, "project-draft", draft),
        (SCHOOL_CHECKER, "project-submit", "P1"),
        (EDUCATION_REVIEWER, "project-dept-review", "P1"),
        (OFFICER, "project-finance-review", "P1"),
        (EDUCATION_REVIEWER, "project-rank", "P1|1"),
        (OFFICER, "project-select", "P1"),
        (HEAD, "budget-open", "通知"),
        (OFFICER, "budget-first-up", "whole"),
        (OFFICER, "income-put", "division|121|non-tax|1000.00"),
        (OFFICER, "control-put", "101001|specific|121|1000.00"),
        (HEAD, "budget-first-down", "whole"),
        (SCHOOL_MAKER, "row-put", row),
        (SCHOOL_CHECKER, "budget-second-up", "unit|101001"),
        (EDUCATION_REVIEWER, "budget-second-up", "department|101"),
        (OFFICER, "budget-second-up", "whole"),
    ] {
        bureau.must_in(LAST, person, kind, text);
    }
    let digest = digest_of_last(&bureau);
    bureau.must_in(LAST, HEAD, "budget-submit", &digest);
    bureau.must_in(LAST, bureau::CLERK, "approved-put", "121|2296004|1000.00");
    let text = format!("决议|2022-02-01|{digest}");
    bureau.must_in(LAST, bureau::CLERK, "budget-approve", &text);
    bureau.must_in(LAST, HEAD, "budget-reply", "whole");
    bureau.must_in(LAST, SCHOOL_MAKER, "evaluate", "self|P1|2022|90.00|");
    bureau.must_in(LAST, PERFORMANCE, "evaluate", &format!("finance|P1|2022|{score}|"));
    bureau
}

fn digest_of_last(bureau: &Bureau) -> String {
    let budget = domain::office::authority::budget(bureau.office_of(LAST)).expect("a budget");
    budget.digest.to_string()
}

#[test]
fn a_low_grade_cuts_or_cancels_the_next_year() {
    let mut bureau = graded("85.00");
    bureau.must(OFFICER, "project-roll", "P1");
    assert_eq!(bureau.field("project", "P1", "year_need_fen"), "1000.00");
    // Last year's books are closed: this year's office takes the evaluation, and it counts.
    let mut bureau = graded("85.00");
    bureau.must(SCHOOL_MAKER, "evaluate", "self|P1|2022|80.00|");
    bureau.must(PERFORMANCE, "evaluate", "finance|P1|2022|30.00|");
    let heard = bureau.file(OFFICER, "project-roll", "P1");
    assert_eq!(heard, "project-cut-by-grade 1000.00/0.00 at 1:1");
    let heard = bureau.file(SCHOOL_MAKER, "evaluate", "self|P1|2021|80.00|");
    assert_eq!(heard, "bad-row at 1:3");
    let mut bureau = graded("30.00");
    let heard = bureau.file(OFFICER, "project-roll", "P1");
    assert_eq!(heard, "project-cut-by-grade 1000.00/0.00 at 1:1");
    let mut bureau = graded("70.00");
    bureau.must(OFFICER, "project-roll", "P1");
    assert_eq!(bureau.field("project", "P1", "year_need_fen"), "800.00");
    // Written anew it asks for no more than that.
    bureau.must(OFFICER, "project-return", "P1|重新测算");
    let draft = "project|P1|课桌椅|101001|specific|2022|2022|2|1900.01|教字1号|none|0|G1||\n\
                 need|P1|2022|1100.00\nneed|P1|2023|800.01";
    let review = |bureau: &mut Bureau, text: &str| {
        bureau.must(SCHOOL_MAKER, "project-draft", text);
        bureau.must(SCHOOL_CHECKER, "project-submit", "P1");
        bureau.must(EDUCATION_REVIEWER, "project-dept-review", "P1");
        bureau.file(OFFICER, "project-finance-review", "P1")
    };
    let heard = review(&mut bureau, draft);
    assert_eq!(heard, "project-cut-by-grade 800.01/800.00 at 1:1");
    bureau.must(OFFICER, "project-return", "P1|重新测算");
    let draft = draft.replace("1900.01", "1900.00").replace("800.01", "800.00");
    assert_eq!(review(&mut bureau, &draft), "ok");
    let division = bureau.world.divisions[&bureau::DIVISION.0].clone();
    assert!(may_be_supplemented(&division, YEAR, "P1").is_ok(), "70.00 is enough");
    assert_eq!(bureau.world.replay_differs(), None);
}

#[test]
fn numbers_are_only_tightened() {
    let mut bureau = Bureau::new();
    for (text, heard) in [
        ("dormant-years|3|通知", "no-policy 0.03/0.02 at 1:2"),
        ("dormancy|1|通知", "no-policy at 1:1"),
        ("dormant-years|1|", "bad-row at 1:3"),
        ("dormant-years|1|通知", "ok"),
        ("reserve-min-percent|2|通知", "ok"),
        ("reserve-min-percent|0|通知", "no-policy 0.00/0.01 at 1:2"),
    ] {
        assert_eq!(bureau.file(HEAD, "policy-put", text), heard, "{text}");
    }
}

/// A replied budget with a carried row of money first approved in a year, and a quota on it.
fn carried(first_year: &str) -> (Bureau, QuotaId) {
    let mut bureau = begun("replied");
    bureau.open_year(YEAR);
    let row =
        format!("R-OLD|101001|P-DESKS|carried|2050203|50601|31099|111|2|||{first_year}|500.00");
    bureau.must(OFFICER, "row-add", &row);
    let key = "370102000/101001/2050203/50601/31099/111/P-DESKS/R-OLD";
    let quota = bureau.quota(YEAR, key.into(), AuthorityKind::BudgetLine, 50_000);
    (bureau, quota)
}

#[test]
fn dormant_money_is_listed_by_its_first_year() {
    let listed = |bureau: &Bureau| {
        let division = &bureau.world.divisions[&bureau::DIVISION.0];
        let rows = dormant_rows(division.year(YEAR).expect("a year"));
        let tell = |one: &domain::office::performance::DormantRow<'_>| {
            (one.row.code.to_string(), one.age_years, one.unused_fen)
        };
        rows.iter().map(tell).collect::<Vec<_>>()
    };
    let (mut young, _) = carried("2022");
    assert_eq!(listed(&young), []);
    assert_eq!(young.file(OFFICER, "dormant-list", "R-OLD"), "not-dormant at 1:1");
    let (mut bureau, quota) = carried("2021");
    assert_eq!(listed(&bureau), [("R-OLD".to_string(), 2, 50_000)]);
    bureau.act_on(ActKind::Freeze, quota, 20_000);
    assert_eq!(listed(&bureau), [("R-OLD".to_string(), 2, 30_000)]);
    assert_eq!(bureau.file(OFFICER, "dormant-list", "R-NONE"), "no-row at 1:1");
    assert_eq!(bureau.file(OFFICER, "dormant-list", "R-DESKS"), "not-dormant at 1:1");
    bureau.must(OFFICER, "dormant-list", "R-OLD");
    assert_eq!(bureau.field("dormant", "R-OLD", "unused_fen"), "300.00");
    assert_eq!(bureau.file(OFFICER, "dormant-list", "R-OLD"), "not-dormant at 1:1");
    // Nothing was taken back yet, so nothing can be planned.
    let row = "R-OLD|R-NEW|101001|P-DESKS|recovered|2050203|50601|31099|111|2|||2023|0.01";
    let heard = bureau.file(OFFICER, "replan", row);
    assert_eq!(heard, "over-recovered 0.01/0.00 at 1:14");
    let heard = bureau.file(OFFICER, "replan", &row.replacen("R-OLD", "R-DESKS", 1));
    assert_eq!(heard, "not-dormant at 1:1");
    let heard = bureau.file(OFFICER, "replan", &row.replace("|recovered|", "|placed|"));
    assert_eq!(heard, "bad-row at 1:5");
    // No quota to use up: the tighter number finds the younger too.
    young.must(HEAD, "policy-put", "dormant-years|1|通知");
    assert_eq!(listed(&young), [("R-OLD".to_string(), 1, 50_000)]);
    assert_eq!(begun("approved").file(OFFICER, "replan", row), "budget-wrong-state");
}

#[test]
fn what_was_taken_back_is_planned_anew_once() {
    use domain::office::Office;
    use domain::office::tables::performance::Dormant;
    let (mut bureau, _) = carried("2021");
    bureau.must(OFFICER, "dormant-list", "R-OLD");
    // A document takes 200.00 back: the row loses it by virement.
    let mut office: Office = bureau.office().clone();
    let row: BudgetRow = office.get::<BudgetRow>("R-OLD").expect("a row").clone();
    let vired = |fen: i64| BudgetRow { vired_fen: Fen::new(fen), ..row.clone() };
    let brought = vired(50_000);
    let dormant = office.get::<Dormant>("R-OLD").expect("listed").clone();
    let dormant = Dormant { vired_fen: brought.vired_fen, ..dormant };
    office.make(Change::Put(vired(30_000).into_row()));
    assert_eq!(recovered_left(&office, &dormant).get(), 20_000);
    let some = Dormant { replanned_fen: Fen::new(15_000), ..dormant.clone() };
    assert_eq!(recovered_left(&office, &some).get(), 5_000);
    let all = Dormant { replanned_fen: Fen::new(20_000), ..dormant };
    assert_eq!(recovered_left(&office, &all).get(), 0);
}
