//! The forms that are told to people are those the decisions read.

mod bureau;
mod preparation;
mod world;

use std::fmt::Write as _;

use bureau::{Bureau, CLERK, EDUCATION_REVIEWER, HEAD, OFFICER, PERFORMANCE, SCHOOL_MAKER};
use domain::office::form::LineForm;
use domain::office::paper::PaperKind;
use preparation::{DESKS, WAY, begun, ready};

/// Papers that are taken: the moment, who files it, its kind, its text.
fn taken() -> Vec<(Bureau, u64, &'static str, String)> {
    let mut all = Vec::new();
    for (state, papers) in WAY {
        let mut bureau = begun(state);
        for &(person, kind, text) in papers {
            let text = match text.contains("{digest}") {
                true => text.replace("{digest}", &bureau.digest()),
                false => text.to_string(),
            };
            all.push((bureau.clone(), person, kind, text.clone()));
            bureau.must(person, kind, &text);
        }
    }
    let replied = begun("replied");
    let mut of_replied = |person, kind, text: &str| {
        all.push((replied.clone(), person, kind, text.to_string()));
    };
    let added = DESKS.replace("R-DESKS", "R-NEW");
    of_replied(OFFICER, "row-add", &added);
    of_replied(SCHOOL_MAKER, "income-collect", "101001|31|business|1.00");
    of_replied(OFFICER, "project-suspend", "P-DESKS|审计");
    of_replied(OFFICER, "project-finish", "P-DESKS");
    of_replied(SCHOOL_MAKER, "evaluate", "self|P-DESKS|2023|90.00|");
    of_replied(PERFORMANCE, "goal-approve", "G-P-DESKS|");
    of_replied(HEAD, "policy-put", "dormant-years|1|通知");
    let tracked = "goal|G-P-DESKS|\nreached|G-P-DESKS|1|1.00\nreached|G-P-DESKS|2|1.00\n\
                   reached|G-P-DESKS|3|1.00";
    of_replied(SCHOOL_MAKER, "track", tracked);
    let second = begun("second-up");
    all.push((second, HEAD, "budget-return", "whole||重新测算".into()));
    let sent = ready("opened");
    all.push((sent.clone(), OFFICER, "budget-return", "department|101|x".into()));
    all.push((begun("first-down"), SCHOOL_MAKER, "row-drop", "R-DESKS".into()));
    all.push((sent, OFFICER, "early-cap-put", "101001|relief|1.00|令".into()));
    let opened = begun("opened");
    all.push((opened.clone(), SCHOOL_MAKER, "goal-put", preparation::goal("G9", "101001")));
    let draft = preparation::draft("P9", "101001", "public", "1.00");
    all.push((opened.clone(), SCHOOL_MAKER, "project-draft", draft));
    all.push((opened.clone(), EDUCATION_REVIEWER, "project-rank", "P-DESKS|2".into()));
    all.push((opened.clone(), OFFICER, "project-return", "P-DESKS|理由".into()));
    all.push((opened, OFFICER, "project-cancel", "P-DESKS|理由".into()));
    all.push((begun("submitted"), CLERK, "approved-put", "111|2050203|1.00".into()));
    all
}

/// The form of a line, by its word or as the only one.
fn form_of(kind: PaperKind, line: &str) -> LineForm {
    let first = line.split('|').next();
    let forms = kind.lines().iter();
    let found = forms.copied().find(|form| form.word.is_none() || form.word == first);
    found.unwrap_or_else(|| panic!("{}: no form of {line:?}", kind.slug()))
}

#[test]
fn every_paper_that_is_taken_has_its_form_and_no_field_more_or_less() {
    let mut seen = std::collections::BTreeSet::new();
    for (bureau, person, kind, text) in taken() {
        let paper = PaperKind::from_slug(kind).expect("a paper");
        seen.insert(paper);
        for line in text.lines() {
            let form = form_of(paper, line);
            assert_eq!(line.split('|').count(), form.fields(), "{kind}: {line}");
        }
        assert_eq!(bureau.clone().file(person, kind, &text), "ok", "{kind}: {text}");
        // One field more, and the line is told where it is too long.
        let (first, rest) = text.split_once('\n').unwrap_or((&text, ""));
        let longer = format!("{first}|more\n{rest}");
        let at = form_of(paper, first).fields() + 1;
        let heard = bureau.clone().file(person, kind, longer.trim_end());
        assert_eq!(heard, format!("bad-row at 1:{at}"), "{kind}: {first}");
    }
    let with_form = PaperKind::ALL.iter().filter(|kind| !kind.lines().is_empty());
    let missing = with_form.filter(|kind| !seen.contains(kind)).map(|kind| kind.slug());
    assert_eq!(missing.collect::<Vec<_>>(), FILED_ELSEWHERE);
}

/// Papers that the tests of their subjects file.
const FILED_ELSEWHERE: [&str; 9] = [
    "project-submit",
    "project-dept-review",
    "project-finance-review",
    "project-resume",
    "project-roll",
    "project-expire",
    "project-close",
    "dormant-list",
    "replan",
];

#[test]
fn the_documented_forms_are_these() {
    let mut table = String::from("| paper | 中文 | lines |\n| --- | --- | --- |\n");
    for kind in PaperKind::ALL.iter().filter(|kind| !kind.lines().is_empty()) {
        let line = |form: &LineForm| {
            let columns = form.columns.iter().map(|column| column.to_string());
            let word = form.word.map(|word| format!("**{word}**"));
            word.into_iter().chain(columns).collect::<Vec<_>>().join(", ")
        };
        let lines: Vec<String> = kind.lines().iter().map(line).collect();
        let (slug, chinese) = (kind.slug(), kind.chinese());
        writeln!(table, "| `{slug}` | {chinese} | {} |", lines.join("; ")).expect("text");
    }
    golden::check("preparation.md", "papers", &table);
}

mod golden;
