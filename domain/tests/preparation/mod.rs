//! A county's budget of a year, from its projects to its reply, as a list of papers that are taken
//! when they are filed in this order.

#![allow(dead_code)]

use crate::bureau::{
    Bureau, CLERK, EDUCATION_REVIEWER, FINANCE_CHECKER, FINANCE_MAKER, FINANCE_REVIEWER, HEAD,
    OFFICER, PRIMARY_CHECKER, PRIMARY_MAKER, SCHOOL_CHECKER, SCHOOL_MAKER,
};

/// A paper of the way: who files it, its kind, its text. `{digest}` stands for that of the latest
/// version.
pub(crate) type Paper = (u64, &'static str, &'static str);

/// The states in which a budget can stand, with what is filed in each, the last paper taking it to
/// the next. The first is no budget at all.
pub(crate) const WAY: [(&str, &[Paper]); 8] = [
    ("none", &[(HEAD, "budget-open", "鲁财预〔2022〕9号")]),
    (
        "opened",
        &[
            (SCHOOL_MAKER, "income-put", "101001|31|business|5000.00"),
            (SCHOOL_MAKER, "row-put", WAGES),
            (SCHOOL_MAKER, "row-put", DESKS),
            (SCHOOL_MAKER, "row-put", CANTEEN),
            (PRIMARY_MAKER, "row-put", PAPER),
            (FINANCE_MAKER, "row-put", SYSTEM),
            (OFFICER, "row-put", RESERVE),
            (SCHOOL_CHECKER, "budget-first-up", "unit|101001"),
            (PRIMARY_CHECKER, "budget-first-up", "unit|101002"),
            (EDUCATION_REVIEWER, "budget-first-up", "department|101"),
            (FINANCE_CHECKER, "budget-first-up", "unit|102"),
            (FINANCE_REVIEWER, "budget-first-up", "department|102"),
            (OFFICER, "budget-first-up", "whole"),
        ],
    ),
    (
        "first-up",
        &[
            (OFFICER, "row-audit", "R-DESKS|19000.00"),
            (OFFICER, "income-put", "division|111|tax|70000.00\ndivision|111|transfer-in|30000.00"),
            (OFFICER, "control-put", "101001|personnel|111|60000.00\n101001|specific|111|20000.00"),
            (OFFICER, "control-put", "101002|public|111|10000.00\n102|operation|111|7000.00"),
            (OFFICER, "project-select", "P-WAGES\nP-CANTEEN\nP-PAPER"),
            (OFFICER, "project-select", "P-DESKS\nP-SYSTEM\nP-RESERVE"),
            (HEAD, "budget-first-down", "whole"),
        ],
    ),
    (
        "first-down",
        &[
            (SCHOOL_MAKER, "row-put", WAGES),
            (SCHOOL_MAKER, "row-put", DESKS),
            (SCHOOL_MAKER, "row-put", CANTEEN),
            (PRIMARY_MAKER, "row-put", PAPER),
            (FINANCE_MAKER, "row-put", SYSTEM),
            (OFFICER, "row-put", RESERVE),
            (OFFICER, "surplus-put", "111|1000.00"),
            (SCHOOL_CHECKER, "budget-second-up", "unit|101001"),
            (PRIMARY_CHECKER, "budget-second-up", "unit|101002"),
            (EDUCATION_REVIEWER, "budget-second-up", "department|101"),
            (FINANCE_CHECKER, "budget-second-up", "unit|102"),
            (FINANCE_REVIEWER, "budget-second-up", "department|102"),
            (OFFICER, "budget-second-up", "whole"),
        ],
    ),
    ("second-up", &[(HEAD, "budget-submit", "{digest}")]),
    (
        "submitted",
        &[
            (CLERK, "approved-put", "111|2050203|80000.00\n111|2050202|10000.00"),
            (CLERK, "approved-put", "111|2010601|7000.00\n111|2270100|2000.00\n31|2050203|5000.00"),
            (CLERK, "budget-approve", "鲁人发〔2023〕1号|2023-02-01|{digest}"),
        ],
    ),
    ("approved", &[(HEAD, "budget-reply", "whole")]),
    ("replied", &[]),
];

pub(crate) const WAGES: &str =
    "R-WAGES|101001|P-WAGES|placed|2050203|50501|30101|111|2|||2023|60000.00";
pub(crate) const DESKS: &str =
    "R-DESKS|101001|P-DESKS|placed|2050203|50601|31099|111|2|||2023|20000.00";
pub(crate) const CANTEEN: &str =
    "R-CANTEEN|101001|P-CANTEEN|placed|2050203|50502|30201|31|2|||2023|5000.00";
pub(crate) const PAPER: &str =
    "R-PAPER|101002|P-PAPER|placed|2050202|50502|30201|111|2|||2023|10000.00";
pub(crate) const SYSTEM: &str =
    "R-SYSTEM|102|P-SYSTEM|placed|2010601|50201|30201|111|2|||2023|7000.00";
pub(crate) const RESERVE: &str =
    "R-RESERVE|102|P-RESERVE|reserve|2270100|59999|39999|111|2|||2023|2000.00";

/// Projects: code, unit, class, need in the year.
const PROJECTS: [(&str, &str, &str, &str); 6] = [
    ("P-WAGES", "101001", "personnel", "60000.00"),
    ("P-DESKS", "101001", "specific", "20000.00"),
    ("P-CANTEEN", "101001", "public", "5000.00"),
    ("P-PAPER", "101002", "public", "10000.00"),
    ("P-SYSTEM", "102", "operation", "7000.00"),
    ("P-RESERVE", "102", "public", "2000.00"),
];

/// Maker, checker and department reviewer of a unit.
fn people_of(unit: &str) -> (u64, u64, u64) {
    match unit {
        "101001" => (SCHOOL_MAKER, SCHOOL_CHECKER, EDUCATION_REVIEWER),
        "101002" => (PRIMARY_MAKER, PRIMARY_CHECKER, EDUCATION_REVIEWER),
        _ => (FINANCE_MAKER, FINANCE_CHECKER, FINANCE_REVIEWER),
    }
}

/// The goal of a project, with indicators.
pub(crate) fn goal(code: &str, unit: &str) -> String {
    format!(
        "goal|{code}|{unit}|按时足额\n\
         indicator|{code}|1|output-time|时效|100%|50.00\n\
         indicator|{code}|2|benefit|效益|100%|30.00\n\
         indicator|{code}|3|satisfaction|满意度|95%|20.00"
    )
}

/// A project of one year.
pub(crate) fn draft(code: &str, unit: &str, class: &str, need: &str) -> String {
    format!(
        "project|{code}|{code}项目|{unit}|{class}|2023|2023|1|{need}|依据|none|0|G-{code}||\n\
         need|{code}|2023|{need}"
    )
}

/// Takes a project into the library.
pub(crate) fn library(bureau: &mut Bureau, code: &str, unit: &str, class: &str, need: &str) {
    let (maker, checker, reviewer) = people_of(unit);
    bureau.must(maker, "goal-put", &goal(&format!("G-{code}"), unit));
    bureau.must(maker, "project-draft", &draft(code, unit, class, need));
    bureau.must(checker, "project-submit", code);
    bureau.must(reviewer, "project-dept-review", code);
    bureau.must(OFFICER, "project-finance-review", code);
}

/// The office with every project in the library and ranked, and no budget.
pub(crate) fn prepared() -> Bureau {
    let mut bureau = Bureau::new();
    for (code, unit, class, need) in PROJECTS {
        library(&mut bureau, code, unit, class, need);
    }
    bureau.must(EDUCATION_REVIEWER, "project-rank", "P-DESKS|1");
    bureau.must(FINANCE_REVIEWER, "project-rank", "P-SYSTEM|1");
    bureau
}

/// Files a paper of the way, and tells what is heard.
pub(crate) fn file(bureau: &mut Bureau, (person, kind, text): Paper) -> String {
    let text = if text.contains("{digest}") && bureau.row("budget", "budget").is_some() {
        text.replace("{digest}", &bureau.digest())
    } else {
        text.to_string()
    };
    bureau.file(person, kind, &text)
}

/// The office where the budget has just come into a state.
pub(crate) fn begun(state: &str) -> Bureau {
    let mut bureau = prepared();
    for (name, papers) in WAY {
        if name == state {
            return bureau;
        }
        papers.iter().for_each(|&paper| assert_eq!(file(&mut bureau, paper), "ok", "{paper:?}"));
    }
    panic!("no state {state}")
}

/// The office where the budget is about to leave a state.
pub(crate) fn ready(state: &str) -> Bureau {
    let mut bureau = begun(state);
    let (_, papers) = WAY.into_iter().find(|(name, _)| *name == state).expect("a state");
    let all_but_last = &papers[..papers.len().saturating_sub(1)];
    all_but_last.iter().for_each(|&paper| assert_eq!(file(&mut bureau, paper), "ok", "{paper:?}"));
    bureau
}
