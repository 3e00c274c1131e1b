//! The forms that are told to people are those the decisions read.

mod bureau;
mod preparation;
mod world;

use std::fmt::Write as _;

use bureau::{
    Bureau, CLERK, EDUCATION_REVIEWER, HEAD, KEEPER, OFFICER, PERFORMANCE, SCHOOL_CHECKER,
    SCHOOL_MAKER,
};
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
fn form_of(kind: PaperKind, line: &str) -> &'static LineForm {
    let first = line.split('|').next().unwrap_or(line);
    kind.line(1, first).unwrap_or_else(|| panic!("{}: no form of {line:?}", kind.slug()))
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
    let elsewhere = with_form.filter(|kind| !seen.contains(kind)).map(|kind| kind.slug());
    let held = OTHERS.iter().map(|(_, kind, _)| *kind);
    assert_eq!(elsewhere.collect::<Vec<_>>(), held.collect::<Vec<_>>());
}

/// Who has the posts that the preparation does not need.
const TREASURER: u64 = 71;

/// A draft of a document that [`OTHERS`] writes lines of.
const DOCUMENT: &str = "D1|initial|文1|标题|2023-03-10|依据|1|1.00";

/// Papers that the tests of their subjects file: who may, and a line of each.
const OTHERS: [(u64, &str, &str); 36] = [
    (SCHOOL_CHECKER, "project-submit", "P-DESKS"),
    (EDUCATION_REVIEWER, "project-dept-review", "P-DESKS"),
    (OFFICER, "project-finance-review", "P-DESKS"),
    (OFFICER, "project-resume", "P-DESKS"),
    (OFFICER, "project-roll", "P-DESKS"),
    (OFFICER, "project-expire", "P-DESKS"),
    (OFFICER, "project-close", "P-DESKS"),
    (TREASURER, "document-draft", DOCUMENT),
    (TREASURER, "document-lines", "D1"),
    (TREASURER, "document-check", "D1"),
    (TREASURER, "document-return", "D1|x"),
    (TREASURER, "receive", "0/x|文1|1.00|R"),
    (TREASURER, "decline", "0/x|x"),
    (HEAD, "virement-rules", "V|302|303|0.00|forbidden"),
    (TREASURER, "rule-propose", "R|submit|warn|engine|1002|0.00|0|1||x|x|"),
    (TREASURER, "rule-approve", "R"),
    (TREASURER, "rule-drop", "R"),
    (TREASURER, "rule-inherit", "R|1|submit|warn|engine|1002|0.00|0|1||x|x|"),
    (TREASURER, "deviation-propose", "R|文1|2023-01-01|2023-12-31|warn|amount > 1.00|0.00|0|x"),
    (TREASURER, "deviation-approve", "R"),
    (TREASURER, "deviation-end", "R"),
    (TREASURER, "scan-day", "日终"),
    (TREASURER, "ceiling-set", "101001|three-public"),
    (TREASURER, "exemption-propose", "R|101001|62220001|文1|2023-12-31"),
    (TREASURER, "exemption-approve", "R|101001|62220001"),
    (TREASURER, "alert-answer", "R|x|x"),
    (TREASURER, "ceiling-propose", "101001|three-public|1.00|文1"),
    (TREASURER, "ceiling-drop", "101001|three-public"),
    (TREASURER, "threshold-put", "T|transit-hours|48|24|"),
    (TREASURER, "threshold-remove", "T"),
    (SCHOOL_MAKER, "commitment-propose", "9|plan|0|101001|x|x||1.00|2023-03-10"),
    (SCHOOL_CHECKER, "commitment-check", "9"),
    (SCHOOL_MAKER, "commitment-change", "9|1.00|x"),
    (SCHOOL_CHECKER, "commitment-close", "9"),
    (OFFICER, "dormant-list", "R"),
    (OFFICER, "replan", "D|R|101001|P|placed|2050203|50501|30101|111|2|||2023|1.00"),
];

/// Papers that take whatever their line says, look the whole of it up, or look first at where what
/// it names stands.
const OF_ANY_LENGTH: [&str; 9] = [
    "scan-day",
    "threshold-remove",
    "project-submit",
    "project-dept-review",
    "project-finance-review",
    "project-resume",
    "project-expire",
    "project-close",
    "replan",
];

#[test]
fn lines_of_the_other_papers_are_held_to_their_forms_too() {
    let mut bureau = begun("replied");
    let posts = ["quota-maker", "quota-checker", "rule-maker", "rule-checker"];
    for post in posts.into_iter().chain(["treasury-reviewer", "treasury-head"]) {
        bureau.must(KEEPER, "base-put", &format!("post|{TREASURER}|{post}||国库"));
    }
    for (person, kind, line) in OTHERS {
        let form = form_of(PaperKind::from_slug(kind).expect("a paper"), line);
        assert_eq!(line.split('|').count(), form.fields(), "{kind}: {line}");
        if OF_ANY_LENGTH.contains(&kind) {
            continue;
        }
        let at = form.fields() + 1;
        let heard = bureau.file(person, kind, &format!("{line}|more"));
        assert!(heard.ends_with(&format!(" at 1:{at}")), "{kind}: {heard}");
    }
    bureau.must(TREASURER, "document-draft", DOCUMENT);
    let lines = "D1\n1|R-DESKS|none|none||1.00|0.00";
    let form = PaperKind::DocumentLines.line(2, "1").expect("a form");
    assert_eq!(form.fields(), 7);
    let heard = bureau.file(TREASURER, "document-lines", &format!("{lines}|more"));
    assert_eq!(heard, "bad-row at 2:8");
    bureau.must(TREASURER, "document-lines", lines);
}

#[test]
fn every_paper_of_people_has_its_forms_and_every_column_says_what_stands_in_it() {
    for &kind in PaperKind::ALL {
        let rows = matches!(kind, PaperKind::BasePut | PaperKind::BaseRemove);
        let people = kind.roles() != [domain::Role::Engine];
        assert_eq!(!kind.lines().is_empty(), people && !rows, "{}", kind.slug());
        assert!(kind.about().ends_with('.'), "{}", kind.about());
        for form in kind.lines() {
            for name in form.columns {
                let column = form.column(name).unwrap_or_else(|| panic!("{kind:?}: {name}"));
                assert!(!column.chinese.is_empty() && !column.form.is_empty(), "{column:?}");
            }
        }
        let details = kind.lines().iter().filter(|form| form.is_detail).count();
        assert!(details == 0 || (details == 1 && kind.lines().len() == 2), "{kind:?}");
    }
}

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
    golden::check("office.md", "lines", &table);
}

mod golden;
