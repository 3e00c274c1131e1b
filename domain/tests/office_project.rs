//! The life of a project: the closed table of state × paper, every refusal, what a new year takes
//! over.

mod bureau;
mod world;

use std::fmt::Write as _;

use bureau::{
    Bureau, EDUCATION_REVIEWER, HEAD, LAST, OFFICER, PERFORMANCE, PRIMARY_MAKER, SCHOOL_CHECKER,
    SCHOOL_MAKER, YEAR,
};
use domain::FiscalYear;

/// A goal with indicators that make it whole.
fn goal(code: &str, unit: &str) -> String {
    format!(
        "goal|{code}|{unit}|更新课桌椅\n\
         indicator|{code}|1|output-quantity|数量|500套|50.00\n\
         indicator|{code}|2|benefit|受益学生|1000人|30.00\n\
         indicator|{code}|3|satisfaction|满意度|95%|20.00"
    )
}

/// A project of the school that lacks nothing: 3,000.00 a year in 2022 and 2023.
fn draft(code: &str) -> String {
    format!(
        "project|{code}|课桌椅 {code}|101001|specific|2022|2022|2|6000.00|教字1号|S-DESK|500|G-{code}||\n\
         need|{code}|2022|3000.00\nneed|{code}|2023|3000.00"
    )
}

/// Puts a project of this code into the library.
fn library(bureau: &mut Bureau, year: FiscalYear, code: &str) {
    bureau.must_in(year, SCHOOL_MAKER, "goal-put", &goal(&format!("G-{code}"), "101001"));
    bureau.must_in(year, SCHOOL_MAKER, "project-draft", &draft(code));
    bureau.must_in(year, SCHOOL_CHECKER, "project-submit", code);
    bureau.must_in(year, EDUCATION_REVIEWER, "project-dept-review", code);
    bureau.must_in(year, OFFICER, "project-finance-review", code);
}

fn state(bureau: &Bureau, code: &str) -> String {
    bureau.field("project", code, "state")
}

#[test]
fn a_project_goes_its_way_by_the_posts_that_own_the_steps() {
    let mut bureau = Bureau::new();
    bureau.must(SCHOOL_MAKER, "goal-put", &goal("G-P1", "101001"));
    bureau.must(SCHOOL_MAKER, "project-draft", &draft("P1"));
    assert_eq!(state(&bureau, "P1"), "drafted");
    assert_eq!(bureau.field("project", "P1", "year_need_fen"), "3000.00");
    for (kind, owner, then) in [
        ("project-submit", SCHOOL_CHECKER, "submitted"),
        ("project-dept-review", EDUCATION_REVIEWER, "dept-reviewed"),
        ("project-finance-review", OFFICER, "in-library"),
    ] {
        for person in bureau::PEOPLE.into_iter().filter(|&person| person != owner) {
            assert_eq!(bureau.file(person, kind, "P1"), "not-holder", "{kind} by {person}");
        }
        bureau.must(owner, kind, "P1");
        assert_eq!(state(&bureau, "P1"), then);
    }
    assert_eq!(bureau.field("goal", "G-P1", "approver"), "31");
    bureau.must(EDUCATION_REVIEWER, "project-rank", "P1|1");
    bureau.must(OFFICER, "project-select", "P1");
    assert_eq!(bureau.world.replay_differs(), None);
}

/// Where a project stands, by where the budget does.
fn standing(bureau: &Bureau, code: &str) -> &'static str {
    let project = bureau.office().get(code).expect("a project");
    domain::office::authority::project_state(bureau.office(), project).slug()
}

/// For each state a world in which P1 stands there.
fn worlds() -> Vec<(&'static str, Bureau)> {
    let mut bureau = Bureau::new();
    library(&mut bureau, LAST, "P1");
    bureau.must(SCHOOL_MAKER, "goal-put", &goal("G-P1", "101001"));
    let mut worlds = vec![("none", bureau.clone())];
    let mut go = |name: &'static str, bureau: &mut Bureau, steps: &[(u64, &str, &str)]| {
        for (person, kind, text) in steps {
            bureau.must(*person, kind, text);
        }
        worlds.push((name, bureau.clone()));
    };
    go("drafted", &mut bureau, &[(SCHOOL_MAKER, "project-draft", &draft("P1"))]);
    go("submitted", &mut bureau, &[(SCHOOL_CHECKER, "project-submit", "P1")]);
    let reviewed = &[(EDUCATION_REVIEWER, "project-dept-review", "P1")];
    go("dept-reviewed", &mut bureau, reviewed);
    let returned = &[(OFFICER, "project-return", "P1|依据不足")];
    go("returned", &mut bureau.clone(), returned);
    bureau.must(OFFICER, "project-finance-review", "P1");
    go("in-library", &mut bureau, &[(EDUCATION_REVIEWER, "project-rank", "P1|1")]);
    let expired =
        [(HEAD, "policy-put", "library-years|0|省财政厅通知"), (OFFICER, "project-expire", "P1")];
    go("expired", &mut bureau.clone(), &expired);
    go("cancelled", &mut bureau.clone(), &[(OFFICER, "project-cancel", "P1|不再需要")]);
    go("selected", &mut bureau, &[(OFFICER, "project-select", "P1")]);
    approve_with_row(&mut bureau, "P1");
    go("approved", &mut bureau, &[]);
    go("executing", &mut bureau, &[(HEAD, "budget-reply", "whole")]);
    go("suspended", &mut bureau.clone(), &[(OFFICER, "project-suspend", "P1|审计")]);
    go("finished", &mut bureau, &[(OFFICER, "project-finish", "P1")]);
    let scored = [
        (SCHOOL_MAKER, "evaluate", "self|P1|2023|90.00|"),
        (PERFORMANCE, "evaluate", "finance|P1|2023|85.00|"),
    ];
    go("evaluated", &mut bureau, &scored);
    go("closed", &mut bureau, &[(PERFORMANCE, "project-close", "P1")]);
    worlds
}

/// Takes the budget of the year to its reply with one row of 3,000.00 on a project.
fn reply_with_row(bureau: &mut Bureau, project: &str) {
    approve_with_row(bureau, project);
    bureau.must(HEAD, "budget-reply", "whole");
}

/// The same, to its approval.
fn approve_with_row(bureau: &mut Bureau, project: &str) {
    bureau.must(HEAD, "budget-open", "鲁财预1号");
    // A government fund: no reserve fund has to be set aside from it.
    let row = format!("R1|101001|{project}|placed|2296004|50601|31099|121|2|||2023|3000.00");
    bureau.must(SCHOOL_MAKER, "row-put", &row);
    bureau.must(SCHOOL_CHECKER, "budget-first-up", "unit|101001");
    bureau.must(EDUCATION_REVIEWER, "budget-first-up", "department|101");
    bureau.must(OFFICER, "budget-first-up", "whole");
    bureau.must(OFFICER, "income-put", "division|121|non-tax|3000.00");
    bureau.must(OFFICER, "control-put", "101001|specific|121|3000.00");
    bureau.must(HEAD, "budget-first-down", "whole");
    bureau.must(SCHOOL_MAKER, "row-put", &row);
    bureau.must(SCHOOL_CHECKER, "budget-second-up", "unit|101001");
    bureau.must(EDUCATION_REVIEWER, "budget-second-up", "department|101");
    bureau.must(OFFICER, "budget-second-up", "whole");
    let digest = bureau.digest();
    bureau.must(HEAD, "budget-submit", &digest);
    bureau.must(bureau::CLERK, "approved-put", "121|2296004|3000.00");
    bureau.must(bureau::CLERK, "budget-approve", &format!("人大决议1号|2023-02-01|{digest}"));
}

#[test]
fn every_state_answers_every_paper() {
    let papers: [(&str, u64, String); 15] = [
        ("project-draft", SCHOOL_MAKER, draft("P1")),
        ("project-submit", SCHOOL_CHECKER, "P1".into()),
        ("project-dept-review", EDUCATION_REVIEWER, "P1".into()),
        ("project-finance-review", OFFICER, "P1".into()),
        ("project-return", 0, "P1|理由".into()),
        ("project-rank", EDUCATION_REVIEWER, "P1|2".into()),
        ("project-select", OFFICER, "P1".into()),
        ("project-suspend", OFFICER, "P1|理由".into()),
        ("project-resume", OFFICER, "P1".into()),
        ("project-finish", OFFICER, "P1".into()),
        ("project-cancel", 0, "P1|理由".into()),
        ("project-roll", OFFICER, "P1".into()),
        ("project-expire", OFFICER, "P1".into()),
        ("project-close", PERFORMANCE, "P1".into()),
        ("evaluate", SCHOOL_MAKER, "self|P1|2023|90.00|".into()),
    ];
    let mut table = String::new();
    for (from, bureau) in worlds() {
        for (kind, owner, text) in &papers {
            let mut bureau = bureau.clone();
            // What several posts own by turns is filed by the one whose turn it is.
            let owner = match (*kind, from) {
                ("project-return", "submitted") => EDUCATION_REVIEWER,
                ("project-cancel", "drafted" | "returned") => SCHOOL_MAKER,
                ("project-return" | "project-cancel", _) => OFFICER,
                _ => *owner,
            };
            let heard = bureau.file(owner, kind, text);
            let heard = heard.split(' ').next().expect("a word").to_string();
            let to = bureau.row("project", "P1").map(|_| standing(&bureau, "P1"));
            let to = to.filter(|_| heard == "ok").map_or(String::new(), |to| format!(" -> {to}"));
            writeln!(table, "{from:<14}{kind:<24}{heard}{to}").expect("text");
        }
    }
    bureau::golden("project_states.txt", &table);
}

#[test]
fn nothing_comes_into_the_library_that_lacks_something() {
    let good = draft("P1");
    for (with, without, code) in [
        ("教字1号", "", "project-no-basis"),
        ("2022|2022|2|6000.00", "2022|2022|0|0.00", "project-no-term"),
        ("2022|2022|2|6000.00", "2022|2021|2|0.00", "project-term-ended"),
        ("2022|2022|2|6000.00", "2022|2022|2|0.00", "project-no-need"),
        ("S-DESK|500", "|0", "project-no-standard"),
        ("S-DESK|500", "S-NONE|500", "project-no-standard"),
        ("S-DESK|500", "S-DESK|4", "project-over-standard 3000.00/2400.00"),
        ("S-DESK|500", "S-HEAD|4", "project-over-standard 3000.00/4000.00"),
        ("S-DESK|500", "S-HEAD|3", "ok"),
        ("S-DESK|500", "S-REF|1", "ok"),
        ("S-DESK|500", "none|0", "ok"),
        ("G-P1", "", "project-no-goal"),
        ("G-P1", "G-102", "project-no-goal"),
        ("G-P1", "G-P1", "ok"),
    ] {
        let mut bureau = Bureau::new();
        bureau.must(SCHOOL_MAKER, "goal-put", &goal("G-P1", "101001"));
        bureau.must(bureau::FINANCE_MAKER, "goal-put", &goal("G-102", "102"));
        let mut text = good.replacen(with, without, 1);
        if text.contains("|0.00|教") || text.contains("|0.00|") {
            text = text.lines().next().expect("a line").to_string();
        }
        bureau.must(SCHOOL_MAKER, "project-draft", &text);
        bureau.must(SCHOOL_CHECKER, "project-submit", "P1");
        bureau.must(EDUCATION_REVIEWER, "project-dept-review", "P1");
        let heard = bureau.file(OFFICER, "project-finance-review", "P1");
        let must_be = if code == "ok" { "ok".into() } else { format!("{code} at 1:1") };
        assert_eq!(heard, must_be, "{with} -> {without}");
    }
}

#[test]
fn a_draft_is_held_against_its_form() {
    let mut bureau = Bureau::new();
    bureau.must(SCHOOL_MAKER, "goal-put", &goal("G-P1", "101001"));
    let good = draft("P1");
    for (with, without, code) in [
        ("project|P1", "projects|P1", "bad-row at 1:1"),
        ("need|P1|2022", "need|P2|2022", "project-need-mismatch at 2:3"),
        ("need|P1|2022|3000.00", "need|P1|2023|3000.00", "project-need-mismatch at 3:3"),
        (
            "need|P1|2022|3000.00",
            "need|P1|2022|2999.99",
            "project-need-mismatch 5999.99/6000.00 at 1:9",
        ),
        ("need|P1|2022|", "need|P1|2024|", "project-need-mismatch 6000.00/6000.00 at 1:9"),
        ("specific", "special", "bad-row at 1:5"),
        ("|2|6000.00", "|31|6000.00", "bad-row at 1:8"),
        ("101001", "103", "not-holder"),
        ("project|P1|", "project|P123456789012345678901|", "bad-row at 1:2"),
    ] {
        let heard = bureau.file(SCHOOL_MAKER, "project-draft", &good.replacen(with, without, 1));
        assert_eq!(heard, code, "{with} -> {without}");
    }
    bureau.must(SCHOOL_MAKER, "project-draft", &good);
    // Another project of the unit: its name, its goal or its code are taken.
    let other = good.replace("|P1|", "|P2|").replace("need|P1", "need|P2");
    assert_eq!(bureau.file(SCHOOL_MAKER, "project-draft", &other), "project-duplicate at 1:3");
    let other = other.replace("课桌椅 P1", "课桌椅 P2");
    assert_eq!(bureau.file(SCHOOL_MAKER, "project-draft", &other), "project-duplicate at 1:13");
    let theirs = good.replace("101001", "101002");
    assert_eq!(bureau.file(PRIMARY_MAKER, "project-draft", &theirs), "project-duplicate at 1:2");
    let twice = format!("{good}\n{good}").replacen("课桌椅 P1", "别的", 1).replacen("G-P1", "", 1);
    assert_eq!(bureau.file(SCHOOL_MAKER, "project-draft", &twice), "row-twice");
    // A second draft takes the place of the first, years that are gone with it.
    let shorter = good.replace("2022|2022|2|6000.00", "2022|2023|1|3000.00");
    let shorter = shorter.replace("need|P1|2022|3000.00\n", "");
    bureau.must(SCHOOL_MAKER, "project-draft", &shorter);
    assert_eq!(bureau.row("project-need", "P1/2022"), None);
    assert!(bureau.row("project-need", "P1/2023").is_some());
    // No unit that does not work.
    bureau.must(bureau::KEEPER, "base-put", "post|11|unit-maker|103|经办");
    let of_103 = draft("P3").replace("101001", "103");
    assert_eq!(bureau.file(SCHOOL_MAKER, "project-draft", &of_103), "unit-not-active at 1:4");
}

#[test]
fn one_person_takes_one_step_of_the_review() {
    let mut bureau = Bureau::new();
    bureau.must(
        bureau::KEEPER,
        "base-put",
        "post|11|unit-checker|101001|一人\npost|12|department-reviewer|101|一人",
    );
    bureau.must(SCHOOL_MAKER, "goal-put", &goal("G-P1", "101001"));
    bureau.must(SCHOOL_MAKER, "project-draft", &draft("P1"));
    assert_eq!(bureau.file(SCHOOL_MAKER, "project-submit", "P1"), "duty-separation");
    bureau.must(SCHOOL_CHECKER, "project-submit", "P1");
    assert_eq!(bureau.file(SCHOOL_CHECKER, "project-dept-review", "P1"), "duty-separation");
}

#[test]
fn a_step_needs_its_reason_and_a_project() {
    let mut bureau = Bureau::new();
    library(&mut bureau, YEAR, "P1");
    assert_eq!(bureau.file(OFFICER, "project-return", "P1"), "reason-missing at 1:2");
    assert_eq!(bureau.file(OFFICER, "project-return", "P1| "), "reason-missing at 1:2");
    assert_eq!(bureau.file(OFFICER, "project-return", "P9|理由"), "no-row at 1:1");
    assert_eq!(bureau.file(OFFICER, "project-select", ""), "bad-field");
    assert_eq!(bureau.file(OFFICER, "project-close", "P1|x"), "project-wrong-state at 1:1");
}

#[test]
fn ranks_are_unique_in_a_department_and_decide_who_is_chosen() {
    let mut bureau = Bureau::new();
    for code in ["P1", "P2", "P3"] {
        library(&mut bureau, YEAR, code);
    }
    assert_eq!(bureau.file(OFFICER, "project-select", "P1"), "project-out-of-rank at 1:1");
    bureau.must(EDUCATION_REVIEWER, "project-rank", "P1|1\nP2|2");
    let heard = bureau.file(EDUCATION_REVIEWER, "project-rank", "P3|2");
    assert_eq!(heard, "project-rank-taken at 1:2");
    bureau.must(EDUCATION_REVIEWER, "project-rank", "P1|2\nP2|1");
    assert_eq!(bureau.file(OFFICER, "project-select", "P1"), "project-out-of-rank at 1:1");
    assert_eq!(bureau.file(OFFICER, "project-select", "P3"), "project-out-of-rank at 1:1");
    bureau.must(OFFICER, "project-select", "P1\nP2");
    // Wages come without a rank.
    let wages = draft("P4").replace("specific", "personnel");
    bureau.must(SCHOOL_MAKER, "goal-put", &goal("G-P4", "101001"));
    bureau.must(SCHOOL_MAKER, "project-draft", &wages);
    bureau.must(SCHOOL_CHECKER, "project-submit", "P4");
    bureau.must(EDUCATION_REVIEWER, "project-dept-review", "P4");
    bureau.must(OFFICER, "project-finance-review", "P4");
    bureau.must(EDUCATION_REVIEWER, "project-rank", "P3|3");
    bureau.must(OFFICER, "project-select", "P4");
    let heard = bureau.file(EDUCATION_REVIEWER, "project-rank", "P4|9");
    assert_eq!(heard, "project-wrong-state at 1:1");
}

#[test]
fn a_project_whose_term_does_not_reach_the_year_is_not_chosen() {
    let mut bureau = Bureau::new();
    bureau.must(SCHOOL_MAKER, "goal-put", &goal("G-P1", "101001"));
    let later = draft("P1").replace("2022|2022|2|", "2023|2024|2|");
    let later =
        later.replace("need|P1|2023", "need|P1|2025").replace("need|P1|2022", "need|P1|2024");
    bureau.must(SCHOOL_MAKER, "project-draft", &later);
    bureau.must(SCHOOL_CHECKER, "project-submit", "P1");
    bureau.must(EDUCATION_REVIEWER, "project-dept-review", "P1");
    bureau.must(OFFICER, "project-finance-review", "P1");
    bureau.must(EDUCATION_REVIEWER, "project-rank", "P1|1");
    assert_eq!(bureau.file(OFFICER, "project-select", "P1"), "project-term-ended at 1:1");
}

#[test]
fn projects_in_the_budget_are_not_taken_away_under_it() {
    let mut bureau = Bureau::new();
    library(&mut bureau, YEAR, "P1");
    bureau.must(HEAD, "budget-open", "通知");
    let row = "R1|101001|P1|placed|2296004|50601|31099|121|2|||2023|3000.00";
    bureau.must(SCHOOL_MAKER, "row-put", row);
    let heard = bureau.file(OFFICER, "project-return", "P1|理由");
    assert_eq!(heard, "project-in-budget at 1:1");
    let heard = bureau.file(OFFICER, "project-expire", "P1");
    assert_eq!(heard, "project-in-budget at 1:1");
    bureau.must(SCHOOL_MAKER, "row-drop", "R1");
    bureau.must(OFFICER, "project-return", "P1|理由");
    // With money on its rows none is given up.
    let mut bureau = Bureau::new();
    library(&mut bureau, YEAR, "P1");
    bureau.must(EDUCATION_REVIEWER, "project-rank", "P1|1");
    bureau.must(OFFICER, "project-select", "P1");
    reply_with_row(&mut bureau, "P1");
    assert_eq!(bureau.file(OFFICER, "project-cancel", "P1|理由"), "project-in-budget at 1:1");
}

#[test]
fn the_next_year_takes_over_what_goes_on() {
    let mut bureau = Bureau::new();
    for code in ["P1", "P2", "P3"] {
        library(&mut bureau, LAST, code);
    }
    assert_eq!(bureau.file(OFFICER, "project-roll", "P9"), "no-row at 1:1");
    bureau.must(OFFICER, "project-roll", "P1");
    assert_eq!(state(&bureau, "P1"), "in-library");
    assert_eq!(bureau.field("project", "P1", "library_year"), "2022");
    assert_eq!(bureau.field("project", "P1", "year_need_fen"), "3000.00");
    assert!(bureau.row("indicator", "G-P1/2").is_some());
    assert_eq!(bureau.file(OFFICER, "project-roll", "P1"), "project-duplicate at 1:1");
    bureau.must_in(LAST, OFFICER, "project-cancel", "P2|不再需要");
    assert_eq!(bureau.file(OFFICER, "project-roll", "P2"), "project-wrong-state at 1:1");
    // A term that is over does not go on.
    let year = FiscalYear::from_offset(24);
    let text = "division|370102000|历下区|county|370100000|1|1|2022-01-01|active\n\
                mof-dep|jk|教科文科|business\n\
                unit|101|教育局||1|administrative|full|2||jk|||active\n\
                unit|101001|第一中学|101|2|public-one|full|1||jk|||active\n\
                post|1|base-keeper||管理员\npost|31|budget-officer||业务处";
    bureau.must_in(year, bureau::KEEPER, "base-put", text);
    let heard = bureau.file_in(year, OFFICER, "project-roll", "P1");
    assert_eq!(heard, "project-term-ended at 1:1");
    // A unit that is gone.
    let gone = "unit|101001|第一中学|101|2|public-one|full|1||jk|||frozen";
    bureau.must_in(year, bureau::KEEPER, "base-put", gone);
    let heard = bureau.file_in(year, OFFICER, "project-roll", "P1");
    assert_eq!(heard, "unit-not-active at 1:1");
    assert_eq!(bureau.world.replay_differs(), None);
}

#[test]
fn a_project_whose_term_is_over_comes_along_for_its_carried_money() {
    let mut bureau = Bureau::new();
    let one_year = draft("P1").replace("2022|2022|2|6000.00", "2023|2023|1|3000.00");
    let one_year = one_year.replace("need|P1|2022|3000.00\n", "");
    bureau.must(SCHOOL_MAKER, "goal-put", &goal("G-P1", "101001"));
    bureau.must(SCHOOL_MAKER, "project-draft", &one_year);
    bureau.must(SCHOOL_CHECKER, "project-submit", "P1");
    bureau.must(EDUCATION_REVIEWER, "project-dept-review", "P1");
    bureau.must(OFFICER, "project-finance-review", "P1");
    bureau.must(EDUCATION_REVIEWER, "project-rank", "P1|1");
    bureau.must(OFFICER, "project-select", "P1");
    reply_with_row(&mut bureau, "P1");
    let next = FiscalYear::from_offset(24);
    bureau.must_in(next, bureau::KEEPER, "base-put", bureau::BASE);
    bureau.must_in(next, OFFICER, "project-roll", "P1");
    bureau.must_in(next, OFFICER, "project-select", "P1");
    bureau.must_in(next, HEAD, "budget-open", "通知");
    let row = "R1|101001|P1|carried|2296004|50601|31099|121|2|||2023|500.00";
    let placed = row.replace("carried", "placed").replace("|2023|", "|2024|");
    let heard = bureau.file_in(next, SCHOOL_MAKER, "row-put", &placed);
    assert_eq!(heard, "project-term-ended at 1:3");
    bureau.must_in(next, SCHOOL_MAKER, "row-put", row);
    bureau.must_in(next, SCHOOL_CHECKER, "budget-first-up", "unit|101001");
}

#[test]
fn who_is_not_chosen_in_time_expires() {
    let mut bureau = Bureau::new();
    let long = |code: &str| draft(code).replace("2022|2022|2|6000.00", "2022|2022|9|6000.00");
    bureau.must_in(LAST, SCHOOL_MAKER, "goal-put", &goal("G-P1", "101001"));
    bureau.must_in(LAST, SCHOOL_MAKER, "project-draft", &long("P1"));
    bureau.must_in(LAST, SCHOOL_CHECKER, "project-submit", "P1");
    bureau.must_in(LAST, EDUCATION_REVIEWER, "project-dept-review", "P1");
    bureau.must_in(LAST, OFFICER, "project-finance-review", "P1");
    bureau.must(OFFICER, "project-roll", "P1");
    assert_eq!(bureau.file(OFFICER, "project-expire", "P1"), "project-not-expired at 1:1");
    bureau.must(HEAD, "policy-put", "library-years|1|省财政厅通知");
    bureau.must(OFFICER, "project-expire", "P1");
    assert_eq!(state(&bureau, "P1"), "expired");
}
