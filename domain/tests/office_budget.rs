//! Two ups, two downs: the closed table of state × paper, every refusal, and random sequences that
//! keep what always holds.

mod bureau;
mod preparation;
mod world;

use std::collections::BTreeSet;
use std::fmt::Write as _;

use bureau::{
    Bureau, CLERK, EDUCATION_REVIEWER, FINANCE_MAKER, HEAD, LAST, OFFICER, PEOPLE, SCHOOL_CHECKER,
    SCHOOL_MAKER, YEAR,
};
use domain::codes::{ActKind, AuthorityKind};
use preparation::{DESKS, RESERVE, WAGES, WAY, begun, file, ready};

#[test]
fn a_budget_goes_its_way_and_each_step_has_its_owner() {
    let mut bureau = preparation::prepared();
    for (state, papers) in WAY {
        if state != "none" {
            assert_eq!(bureau.field("budget", "budget", "state"), state);
        }
        for &(owner, kind, text) in papers {
            for stranger in PEOPLE.into_iter().filter(|&person| person != owner) {
                let heard = file(&mut bureau, (stranger, kind, text));
                assert!(heard.starts_with("not-holder"), "{kind} {text} by {stranger}: {heard}");
            }
            assert_eq!(file(&mut bureau, (owner, kind, text)), "ok", "{kind} {text}");
        }
    }
    // Four versions: first up, second up, submitted, replied; each with its sums.
    assert_eq!(
        bureau.row("version", "1").map(|row| without(&row, 2)),
        Some("1|first-up||6|5000.00|104000.00|31|".into())
    );
    assert_eq!(
        bureau.row("version", "4").map(|row| without(&row, 2)),
        Some("4|replied||6|105000.00|104000.00|41|2023-03-10".into())
    );
    assert_eq!(bureau.row("version-sum", "4/111/205").as_deref(), Some("4|111|205|90000.00"));
    let digests: BTreeSet<String> =
        (2..=4).map(|version| bureau.field("version", &version.to_string(), "digest")).collect();
    assert_eq!(digests.len(), 1, "nothing was changed since the second up");
    // What was asked for stays beside what finance agreed to.
    assert_eq!(bureau.field("budget-row", "R-DESKS", "asked_fen"), "20000.00");
    assert_eq!(bureau.field("budget-row", "R-DESKS", "reply_fen"), "20000.00");
    assert_eq!(bureau.world.broken_invariant(), None);
    assert_eq!(bureau.world.replay_differs(), None);
}

/// A row with one of its fields left out.
fn without(row: &str, field: usize) -> String {
    let mut fields: Vec<&str> = row.split('|').collect();
    fields[field] = "";
    fields.join("|")
}

#[test]
fn every_state_answers_every_paper() {
    let papers: [(u64, &str, &str); 24] = [
        (HEAD, "budget-open", "通知"),
        (SCHOOL_MAKER, "row-put", WAGES),
        (OFFICER, "row-put", RESERVE),
        (SCHOOL_MAKER, "row-drop", "R-WAGES"),
        (OFFICER, "row-drop", "R-RESERVE"),
        (OFFICER, "row-audit", "R-WAGES|60000.00"),
        (OFFICER, "row-add", "R-NEW|101001|P-DESKS|placed|2050203|50601|31099|111|2|||2023|1.00"),
        (OFFICER, "income-put", "division|111|tax|70000.00"),
        (SCHOOL_MAKER, "income-put", "101001|31|business|5000.00"),
        (SCHOOL_MAKER, "income-collect", "101001|31|business|100.00"),
        (OFFICER, "surplus-put", "111|1000.00"),
        (OFFICER, "control-put", "101001|personnel|111|60000.00"),
        (CLERK, "approved-put", "111|2050203|80000.00"),
        (OFFICER, "early-cap-put", "101001|same-period|9000.00|上年同期"),
        (SCHOOL_CHECKER, "budget-first-up", "unit|101001"),
        (OFFICER, "budget-first-up", "whole"),
        (HEAD, "budget-first-down", "whole"),
        (SCHOOL_CHECKER, "budget-second-up", "unit|101001"),
        (OFFICER, "budget-second-up", "whole"),
        (EDUCATION_REVIEWER, "budget-return", "unit|101001|补充材料"),
        (HEAD, "budget-return", "whole||重新测算"),
        (HEAD, "budget-submit", "{digest}"),
        (CLERK, "budget-approve", "决议|2023-02-01|{digest}"),
        (HEAD, "budget-reply", "whole"),
    ];
    let mut table = String::new();
    for (state, _) in WAY {
        for (moment, bureau) in [("begun", begun(state)), ("ready", ready(state))] {
            for paper in papers {
                let (_, kind, text) = paper;
                let mut bureau = bureau.clone();
                let heard = file(&mut bureau, paper);
                let what = match kind {
                    "row-put" | "row-drop" | "income-put" | "budget-return" => {
                        format!("{kind} {}", text.split('|').next().expect("a field"))
                    }
                    _ if kind.ends_with("-up") => {
                        format!("{kind} {}", text.split('|').next().expect("a field"))
                    }
                    _ => kind.to_string(),
                };
                let to = bureau.row("budget", "budget");
                let to = to.map_or(String::new(), |_| bureau.field("budget", "budget", "state"));
                let to = if to == state || to.is_empty() { to } else { format!("-> {to}") };
                let moment = format!("{state} {moment}");
                let line = format!("{moment:<17}{what:<24}{heard:<40}{to}");
                writeln!(table, "{}", line.trim_end()).expect("text");
            }
        }
    }
    bureau::golden("budget_states.txt", &table);
}

#[test]
fn a_row_is_held_against_what_it_names() {
    let mut bureau = begun("opened");
    bureau.must(SCHOOL_MAKER, "income-put", "101001|31|business|5000.00");
    for (with, without, heard) in [
        ("|101001|", "|101002|", "not-holder at 1:2"),
        ("P-DESKS", "P-NONE", "no-row at 1:3"),
        ("P-DESKS", "P-PAPER", "project-of-another-unit at 1:3"),
        ("placed", "given", "bad-row at 1:4"),
        ("2050203", "20502", "bad-element at 1:5"),
        ("2050203", "9990203", "bad-element at 1:5"),
        ("2050203", "2120801", "fund-class-mismatch at 1:5"),
        ("50601|31099", "50101|31099", "economic-mismatch at 1:5"),
        ("50601|31099", "50399|31099", "economic-mismatch at 1:6"),
        ("|111|2|", "|19|2|", "bad-element at 1:5"),
        ("|111|2|", "|32|2|", "no-income-registered at 1:8"),
        ("|111|2|||", "|111|2|UP1||", "bad-row at 1:10"),
        ("|111|2|||", "|111|2||370102001|", "bad-row at 1:11"),
        ("|2023|", "|2022|", "bad-row at 1:12"),
        ("|2023|", "|2024|", "bad-row at 1:12"),
        ("20000.00", "-1.00", "bad-row at 1:13"),
        ("20000.00", "1", "bad-row at 1:13"),
        ("|20000.00", "|20000.00|more", "bad-row at 1:14"),
        (
            "31099|111|2|||2023|20000.00",
            "31002|111|2|||2023|500000.00",
            "procurement-unflagged 500000.00/500000.00 at 1:9",
        ),
        ("31099|111|2|||2023|20000.00", "31002|111|2|||2023|499999.99", "ok"),
        ("31099|111|2|||2023|20000.00", "31002|111|1|||2023|500000.00", "ok"),
        ("placed", "carried", "bad-row at 1:12"),
        (
            "placed|2050203|50601|31099|111|2|||2023",
            "carried|2050203|50601|31099|111|2|||2021",
            "ok",
        ),
    ] {
        let text = DESKS.replacen(with, without, 1);
        assert_eq!(bureau.file(SCHOOL_MAKER, "row-put", &text), heard, "{with} -> {without}");
    }
    assert_eq!(bureau.file(SCHOOL_MAKER, "row-put", &format!("{DESKS}\n{DESKS}")), "row-twice");
    // Money is placed with leaves alone; a unit that does not work gets none.
    bureau.must(bureau::KEEPER, "base-put", "post|11|unit-maker||经办");
    let bureau_101 = DESKS.replace("101001", "101");
    assert_eq!(bureau.file(SCHOOL_MAKER, "row-put", &bureau_101), "unit-not-leaf at 1:2");
    let draft_103 = DESKS.replace("101001", "103");
    assert_eq!(bureau.file(SCHOOL_MAKER, "row-put", &draft_103), "unit-not-active at 1:2");
    // A transfer may name a division of nine digits, and nothing else.
    let transfer = RESERVE.replace("reserve", "transfer").replace("|2|||", "|2||370102001|");
    bureau.must(OFFICER, "row-put", &transfer);
    let heard = bureau.file(OFFICER, "row-put", &transfer.replace("370102001", "37010200"));
    assert_eq!(heard, "bad-row at 1:11");
    // An administrative unit spends from its own branch.
    let system = preparation::SYSTEM.replace("50201", "50502");
    let heard = bureau.file(FINANCE_MAKER, "row-put", &system);
    assert_eq!(heard, "economic-mismatch at 1:6");
    // A row that was dropped may be put again, not audited or dropped.
    bureau.must(SCHOOL_MAKER, "row-drop", "R-DESKS");
    assert_eq!(bureau.file(SCHOOL_MAKER, "row-drop", "R-DESKS"), "row-dropped at 1:1");
    assert_eq!(bureau.file(SCHOOL_MAKER, "row-drop", "R-NONE"), "no-row at 1:1");
    bureau.must(SCHOOL_MAKER, "row-put", DESKS);
    assert_eq!(bureau.field("budget-row", "R-DESKS", "is_dropped"), "2");
}

#[test]
fn nothing_rests_on_a_project_at_its_end_or_outside_its_term() {
    let mut bureau = begun("opened");
    bureau.must(OFFICER, "project-cancel", "P-DESKS|不再需要");
    let heard = bureau.file(SCHOOL_MAKER, "row-put", DESKS);
    assert_eq!(heard, "project-not-in-library at 1:3");
    let later = preparation::draft("P-LATER", "101001", "specific", "1.00")
        .replace("|2023|2023|1|", "|2023|2024|1|")
        .replace("need|P-LATER|2023", "need|P-LATER|2024");
    bureau.must(SCHOOL_MAKER, "project-draft", &later);
    let row = DESKS.replace("P-DESKS", "P-LATER");
    assert_eq!(bureau.file(SCHOOL_MAKER, "row-put", &row), "project-term-ended at 1:3");
}

#[test]
fn a_unit_sends_what_fits_its_projects() {
    // A project that is only drafted may have rows, but they are not sent.
    let mut bureau = begun("opened");
    let text = preparation::draft("P-NEW", "101001", "specific", "9.00");
    bureau.must(SCHOOL_MAKER, "project-draft", &text);
    let row = DESKS.replace("P-DESKS", "P-NEW").replace("R-DESKS", "R-NEW");
    bureau.must(SCHOOL_MAKER, "row-put", &row);
    let send = |bureau: &mut Bureau| bureau.file(SCHOOL_CHECKER, "budget-first-up", "unit|101001");
    assert_eq!(send(&mut bureau), "project-not-in-library at 1:2");
    bureau.must(SCHOOL_MAKER, "row-drop", "R-NEW");
    // Rows within the need that was reviewed.
    bureau.must(SCHOOL_MAKER, "row-put", &DESKS.replace("20000.00", "20000.01"));
    assert_eq!(send(&mut bureau), "project-over-need 20000.01/20000.00 at 1:2");
    bureau.must(SCHOOL_MAKER, "row-put", DESKS);
    assert_eq!(send(&mut bureau), "ok");
    assert_eq!(send(&mut bureau), "already-sent at 1:2");
    assert_eq!(bureau.file(SCHOOL_MAKER, "row-put", DESKS), "already-sent at 1:2");
    assert_eq!(
        bureau.file(SCHOOL_MAKER, "income-put", "101001|31|business|1.00"),
        "already-sent at 1:1"
    );
    // Returned, the unit may write again, and must send again.
    let back = "unit|101001|补充材料";
    let heard = bureau.file(EDUCATION_REVIEWER, "budget-return", "unit|101001");
    assert_eq!(heard, "reason-missing at 1:3");
    bureau.must(EDUCATION_REVIEWER, "budget-return", back);
    assert_eq!(bureau.file(EDUCATION_REVIEWER, "budget-return", back), "not-sent at 1:2");
    bureau.must(SCHOOL_MAKER, "row-put", DESKS);
    let department = "department|101";
    let heard = bureau.file(EDUCATION_REVIEWER, "budget-first-up", department);
    assert_eq!(heard, "not-sent at 1:2");
    assert_eq!(send(&mut bureau), "ok");
    bureau.must(EDUCATION_REVIEWER, "budget-first-up", department);
    assert_eq!(
        bureau.file(EDUCATION_REVIEWER, "budget-return", back),
        "already-sent at 1:2",
        "the department has sent it on"
    );
    bureau.must(OFFICER, "budget-return", "department|101|补充材料");
    bureau.must(EDUCATION_REVIEWER, "budget-return", back);
    assert_eq!(bureau.file(OFFICER, "budget-first-up", "whole"), "not-sent");
    let heard = bureau.file(EDUCATION_REVIEWER, "budget-first-up", "department|101001");
    assert_eq!(heard, "bad-row at 1:2");
}

#[test]
fn a_standard_that_was_tightened_after_the_review_is_kept_all_the_same() {
    let mut bureau = begun("opened");
    let text = preparation::draft("P-NEW", "101001", "specific", "1200.00");
    bureau.must(SCHOOL_MAKER, "goal-put", &preparation::goal("G-P-NEW", "101001"));
    bureau.must(SCHOOL_MAKER, "project-draft", &text.replace("|none|0|", "|S-DESK|2|"));
    bureau.must(SCHOOL_CHECKER, "project-submit", "P-NEW");
    bureau.must(EDUCATION_REVIEWER, "project-dept-review", "P-NEW");
    bureau.must(OFFICER, "project-finance-review", "P-NEW");
    let row = DESKS.replace("DESKS", "NEW").replace("20000.00", "1200.00");
    bureau.must(SCHOOL_MAKER, "row-put", &row);
    let standard = "standard|S-DESK|课桌椅|province|310|套|599.99|2020-01-01||鲁财|ceiling";
    bureau.must(bureau::KEEPER, "base-put", standard);
    let heard = bureau.file(SCHOOL_CHECKER, "budget-first-up", "unit|101001");
    assert_eq!(heard, "project-over-standard 1200.00/1199.98 at 1:2");
}

#[test]
fn who_sends_is_not_who_reviews() {
    let mut bureau = ready("opened");
    let posts = "post|21|unit-checker|101001|一人\npost|31|department-reviewer|101|一人";
    bureau.must(bureau::KEEPER, "base-put", posts);
    bureau.must(OFFICER, "budget-return", "department|101|x");
    bureau.must(EDUCATION_REVIEWER, "budget-return", "unit|101001|x");
    bureau.must(EDUCATION_REVIEWER, "budget-first-up", "unit|101001");
    let heard = bureau.file(EDUCATION_REVIEWER, "budget-first-up", "department|101");
    assert_eq!(heard, "duty-separation at 1:2");
    bureau.must(OFFICER, "budget-first-up", "department|101");
    assert_eq!(bureau.file(OFFICER, "budget-first-up", "whole"), "duty-separation");
    // Whoever may write a unit's rows does not send them.
    let mut bureau = begun("opened");
    bureau.must(bureau::KEEPER, "base-put", "post|11|unit-checker|101001|一人");
    let heard = bureau.file(SCHOOL_MAKER, "budget-first-up", "unit|101001");
    assert_eq!(heard, "duty-separation at 1:2");
    // And whoever brought the draft together does not submit it.
    let mut bureau = begun("second-up");
    bureau.must(bureau::KEEPER, "base-put", "post|31|budget-head||一人");
    let digest = bureau.digest();
    assert_eq!(bureau.file(OFFICER, "budget-submit", &digest), "duty-separation");
}

#[test]
fn control_figures_stay_in_the_envelope_and_rows_under_them() {
    let mut bureau = ready("first-up");
    bureau.must(OFFICER, "control-put", "101001|specific|111|23000.01");
    let heard = bureau.file(HEAD, "budget-first-down", "whole");
    assert_eq!(heard, "over-envelope 100000.01/100000.00");
    bureau.must(OFFICER, "control-put", "101001|specific|111|19999.99");
    bureau.must(HEAD, "budget-first-down", "whole");
    for (person, text) in [(SCHOOL_MAKER, WAGES), (SCHOOL_MAKER, DESKS)] {
        bureau.must(person, "row-put", text);
    }
    let heard = bureau.file(SCHOOL_CHECKER, "budget-second-up", "unit|101001");
    assert_eq!(heard, "over-control 20000.00/19999.99 at 1:2");
    bureau.must(SCHOOL_MAKER, "row-put", &DESKS.replace("20000.00", "19999.99"));
    bureau.must(SCHOOL_CHECKER, "budget-second-up", "unit|101001");
    for wrong in ["103|specific|111|1.00", "101|specific|19|1.00", "101|specific|111|-1.00"] {
        let heard = ready("first-up").file(OFFICER, "control-put", wrong);
        let must_be = match wrong {
            "103|specific|111|1.00" => "unit-not-active at 1:1",
            "101|specific|19|1.00" => "bad-element at 1:3",
            _ => "bad-row at 1:4",
        };
        assert_eq!(heard, must_be, "{wrong}");
    }
}

#[test]
fn only_chosen_projects_go_into_the_draft() {
    let mut bureau = ready("first-down");
    bureau.must(OFFICER, "budget-return", "department|101|x");
    bureau.must(EDUCATION_REVIEWER, "budget-return", "unit|101001|x");
    preparation::library(&mut bureau, "P-NEW", "101001", "public", "9.00");
    let row = DESKS.replace("DESKS", "NEW").replace("20000.00", "9.00");
    bureau.must(SCHOOL_MAKER, "row-put", &row);
    let heard = bureau.file(SCHOOL_CHECKER, "budget-second-up", "unit|101001");
    assert_eq!(heard, "project-not-selected at 1:2");
}

#[test]
fn spending_from_income_that_was_not_registered_is_refused() {
    let mut bureau = ready("first-down");
    bureau.must(OFFICER, "budget-return", "department|101|x");
    bureau.must(EDUCATION_REVIEWER, "budget-return", "unit|101001|x");
    bureau.must(SCHOOL_MAKER, "income-put", "101001|31|business|4000.00\n101001|31|trading|999.99");
    let heard = bureau.file(SCHOOL_CHECKER, "budget-second-up", "unit|101001");
    assert_eq!(heard, "no-income-registered 5000.00/4999.99 at 1:2");
    // The division's own income is appropriated, a unit's is all other.
    let heard = bureau.file(OFFICER, "income-put", "division|31|business|1.00");
    assert_eq!(heard, "bad-element at 1:2");
    let heard = bureau.file(SCHOOL_MAKER, "income-put", "101001|111|tax|1.00");
    assert_eq!(heard, "bad-element at 1:2");
    // After the reply registered income does not fall below what is arranged from it.
    let mut bureau = begun("replied");
    let heard = bureau.file(SCHOOL_MAKER, "income-put", "101001|31|business|4999.99");
    assert_eq!(heard, "no-income-registered 5000.00/4999.99 at 1:4");
    bureau.must(SCHOOL_MAKER, "income-put", "101001|31|trading|1.00");
    // All lines of a paper count together: what falls here may rise there, and not fall twice.
    let both = "101001|31|business|4999.99\n101001|31|trading|0.00";
    let heard = bureau.file(SCHOOL_MAKER, "income-put", both);
    assert_eq!(heard, "no-income-registered 5000.00/4999.99 at 2:4");
    let shifted = "101001|31|business|4999.50\n101001|31|trading|0.50";
    bureau.must(SCHOOL_MAKER, "income-put", shifted);
    bureau.must(SCHOOL_MAKER, "income-put", "101001|31|trading|1.00");
    bureau.must(SCHOOL_MAKER, "income-put", "101001|31|business|4999.00");
    let heard = bureau.file(SCHOOL_MAKER, "income-collect", "101001|31|other|1.00");
    assert_eq!(heard, "no-income-registered at 1:1");
    bureau.must(SCHOOL_MAKER, "income-collect", "101001|31|business|10.00");
    assert_eq!(bureau.field("income", "101001/31/business", "planned_fen"), "4999.00");
}

#[test]
fn income_and_spending_balance_and_the_reserve_fund_is_in_its_range() {
    let mut bureau = ready("first-down");
    bureau.must(OFFICER, "surplus-put", "111|999.99");
    let heard = bureau.file(OFFICER, "budget-second-up", "whole");
    assert_eq!(heard, "unbalanced 99999.99/100000.00");
    // 1 % to 3 % of 97,000.00 and of the reserve fund itself.
    for (reserve, tax, surplus, heard) in [
        ("979.79", "70000.00", "2020.21", "reserve-out-of-range 979.79/979.80"),
        ("979.80", "70000.00", "2020.20", "ok"),
        ("3000.00", "70000.00", "0.00", "ok"),
        ("3000.01", "70000.01", "0.00", "reserve-out-of-range 3000.01/3000.00"),
    ] {
        let mut bureau = ready("first-down");
        bureau.must(OFFICER, "row-put", &RESERVE.replace("2000.00", reserve));
        bureau.must(OFFICER, "income-put", &format!("division|111|tax|{tax}"));
        bureau.must(OFFICER, "surplus-put", &format!("111|{surplus}"));
        let is = bureau.file(OFFICER, "budget-second-up", "whole");
        assert_eq!(is, heard, "reserve {reserve}");
    }
}

#[test]
fn the_congress_has_before_it_what_was_reviewed() {
    let mut bureau = begun("second-up");
    let digest = bureau.digest();
    bureau.must(OFFICER, "row-audit", "R-DESKS|19000.00");
    bureau.must(OFFICER, "surplus-put", "111|2000.00");
    assert_eq!(bureau.file(HEAD, "budget-submit", &digest), "snapshot-dirty at 1:1");
    bureau.must(OFFICER, "row-audit", "R-DESKS|20000.00");
    bureau.must(OFFICER, "surplus-put", "111|1000.00");
    assert_eq!(bureau.file_on(YEAR, None, HEAD, "budget-submit", &digest), "paper-no-day");
    bureau.must(HEAD, "budget-submit", &digest);
    // What the congress approves has its table, and is that version.
    let text = format!("决议|2023-02-01|{digest}");
    assert_eq!(bureau.file(CLERK, "budget-approve", &text), "no-approved-table");
    let heard = bureau.file(CLERK, "approved-put", "111|205|1.00");
    assert_eq!(heard, "bad-element at 1:2");
    bureau.must(CLERK, "approved-put", "111|2050203|79000.00");
    let other = format!("决议|2023-02-01|{}", "0".repeat(32));
    assert_eq!(bureau.file(CLERK, "budget-approve", &other), "snapshot-dirty at 1:3");
    assert_eq!(
        bureau.file(CLERK, "budget-approve", &format!("|2023-02-01|{digest}")),
        "bad-row at 1:1"
    );
    bureau.must(CLERK, "budget-approve", &text);
}

#[test]
fn the_reply_says_what_the_congress_approved() {
    let mut bureau = ready("submitted");
    // The congress took 1,000.00 from the school and put it into the surplus.
    bureau.must(CLERK, "approved-put", "111|2050203|79000.00");
    let text = format!("决议|2023-02-01|{}", bureau.digest());
    bureau.must(CLERK, "budget-approve", &text);
    let heard = bureau.file(HEAD, "budget-reply", "whole");
    assert_eq!(heard, "reply-mismatch 80000.00/79000.00");
    bureau.must(OFFICER, "row-audit", "R-DESKS|19000.00");
    assert_eq!(bureau.file(HEAD, "budget-reply", "whole"), "unbalanced 99000.00/100000.00");
    bureau.must(OFFICER, "surplus-put", "111|2000.00");
    assert_eq!(bureau.file_on(YEAR, None, HEAD, "budget-reply", "whole"), "paper-no-day");
    assert_eq!(bureau.file(HEAD, "budget-reply", "all"), "bad-row at 1:1");
    bureau.must(HEAD, "budget-reply", "whole");
    // A class the congress has not seen at all is as wrong.
    let mut bureau = begun("approved");
    let row = DESKS.replace("2050203", "2050204");
    bureau.must(OFFICER, "row-put", &row);
    let heard = bureau.file(HEAD, "budget-reply", "whole");
    assert_eq!(heard, "reply-mismatch 60000.00/80000.00");
}

#[test]
fn a_return_begins_a_new_round() {
    let mut bureau = begun("second-up");
    let before = bureau.row("version", "2");
    let heard = bureau.file(HEAD, "budget-return", "whole||");
    assert_eq!(heard, "reason-missing at 1:3");
    bureau.must(HEAD, "budget-return", "whole||重新测算");
    assert_eq!(bureau.field("budget", "budget", "round"), "3");
    assert_eq!(bureau.file(OFFICER, "budget-second-up", "whole"), "not-sent");
    let (_, papers) = WAY[3];
    papers.iter().for_each(|&paper| assert_eq!(file(&mut bureau, paper), "ok", "{paper:?}"));
    assert_eq!(bureau.row("version", "2"), before, "a version is never changed");
    assert_eq!(bureau.field("version", "3", "step"), "second-up");
}

#[test]
fn a_row_with_a_quota_keeps_its_elements_and_what_was_used() {
    let mut bureau = begun("first-down");
    bureau.open_year(YEAR);
    let key = "370102000/101001/2050203/50601/31099/111/P-DESKS/R-DESKS";
    bureau.must(SCHOOL_MAKER, "row-put", DESKS);
    let quota = bureau.quota(YEAR, key.into(), AuthorityKind::PreApproval, 1_500_000);
    bureau.act_on(ActKind::Freeze, quota, 900_000);
    assert_eq!(bureau.file(SCHOOL_MAKER, "row-drop", "R-DESKS"), "row-has-quota at 1:1");
    let other = DESKS.replace("2050203", "2050204");
    assert_eq!(bureau.file(SCHOOL_MAKER, "row-put", &other), "row-has-quota at 1:1");
    let less = DESKS.replace("20000.00", "8999.99");
    let heard = bureau.file(SCHOOL_MAKER, "row-put", &less);
    assert_eq!(heard, "cut-below-used 8999.99/9000.00 at 1:13");
    bureau.must(SCHOOL_MAKER, "row-put", &DESKS.replace("20000.00", "9000.00"));
    // The same at the reply, when more was used meanwhile.
    let mut bureau = begun("approved");
    bureau.open_year(YEAR);
    let quota = bureau.quota(YEAR, key.into(), AuthorityKind::PreApproval, 2_500_000);
    bureau.act_on(ActKind::Freeze, quota, 2_100_000);
    let heard = bureau.file(HEAD, "budget-reply", "whole");
    assert_eq!(heard, "cut-below-used 20000.00/21000.00");
}

#[test]
fn before_the_approval_there_are_caps() {
    let mut bureau = begun("second-up");
    bureau.open_year(LAST);
    let key = "370102000/101001/2050203/50601/31099/111/P/R";
    bureau.quota(LAST, key.into(), AuthorityKind::BudgetLine, 100);
    let heard = bureau.file(OFFICER, "early-cap-put", "101001|same-period|0.01|上年同期");
    assert_eq!(heard, "over-last-year 0.01/0.00 at 1:3");
    bureau.must(OFFICER, "early-cap-put", "101001|obligation|100.00|某法第几条");
    // What was carried over has a cap of its own, which nothing else is given under.
    bureau.must(OFFICER, "early-cap-put", "101001|carried|7.00|结转清单");
    bureau.open_year(YEAR);
    let mut issued = 0;
    let mut issue = |bureau: &mut Bureau, row: &str, yuan: &str| {
        issued += 1;
        let head = format!("E{issued}|pre-approval|指{issued}号||2023-01-05|批示|1|{yuan}");
        bureau.must(bureau::QUOTA_MAKER, "document-draft", &head);
        let lines = format!("E{issued}\n1|{row}|none|none||{yuan}|9000.00");
        bureau.must(bureau::QUOTA_MAKER, "document-lines", &lines);
        bureau.file(bureau::QUOTA_CHECKER, "document-check", &format!("E{issued}"))
    };
    assert_eq!(issue(&mut bureau, "R-DESKS", "100.01"), "over-early-cap at 1:7 100.01/100.00");
    let heard = issue(&mut bureau, "R-PAPER", "0.01");
    assert_eq!(heard, "over-early-cap at 1:7 0.01/0.00", "no figure is none");
    assert_eq!(issue(&mut bureau, "R-DESKS", "100.00"), "ok");
    let key = "370102000/101001/2050203/50601/31099/111/P-DESKS/R-DESKS";
    bureau.quota(YEAR, key.into(), AuthorityKind::PreApproval, 4_000);
    let heard = issue(&mut bureau, "R-WAGES", "60.01");
    assert_eq!(heard, "over-early-cap at 1:7 60.01/60.00");
    assert_eq!(issue(&mut bureau, "R-WAGES", "60.00"), "ok");
    assert_eq!(issue(&mut begun("replied"), "R-WAGES", "0.01"), "year-not-open");
}

#[test]
fn rows_come_after_the_reply_without_money() {
    let mut bureau = begun("replied");
    let row = "R-UP|101001|P-DESKS|received|2050203|50601|31099|111|2|||2023|500.00";
    bureau.must(OFFICER, "row-add", row);
    assert_eq!(bureau.field("budget-row", "R-UP", "audited_fen"), "500.00");
    assert_eq!(bureau.field("budget-row", "R-UP", "current_fen"), "0.00");
    assert_eq!(bureau.file(OFFICER, "row-add", row), "row-twice at 1:1");
    let recovered = row.replace("received", "recovered").replace("R-UP", "R-REC");
    assert_eq!(bureau.file(OFFICER, "row-add", &recovered), "bad-row at 1:4");
    // Of rows, only documents change figures now.
    for (person, kind, text) in [
        (SCHOOL_MAKER, "row-put", WAGES),
        (OFFICER, "row-put", RESERVE),
        (SCHOOL_MAKER, "row-drop", "R-WAGES"),
        (OFFICER, "row-audit", "R-WAGES|1.00"),
    ] {
        let heard = bureau.file(person, kind, text);
        assert!(heard.starts_with("budget-wrong-state"), "{kind}: {heard}");
    }
}
