//! Goals, tracking, evaluation and what follows from a grade; dormant money, listed and planned
//! anew; the numbers a division sets for itself.

use std::collections::{BTreeMap, BTreeSet};

use super::Asked;
use super::budget::added;
use super::project::active_unit;
use super::reading::{Line, each_once};
use crate::ids::{FiscalYear, PersonId};
use crate::money::{Fen, FenSum};
use crate::office::Office;
use crate::office::authority::{is_replied, project_state};
use crate::office::field::{Field, Word};
use crate::office::line::Change;
use crate::office::performance::{
    dormant_rows, goal_must_fit, grade_of, indicators, light_of, must_be_whole, passed,
    recovered_left, rows_of_goal, year_before,
};
use crate::office::policy::Policy;
use crate::office::table::{Table, Tabled};
use crate::office::tables::budget::{BudgetRow, RowKind};
use crate::office::tables::people::PostKind;
use crate::office::tables::performance::{
    Achieved, Dormant, Evaluation, Goal, Hundredths, Indicator, PolicyRow, Tracked,
};
use crate::office::tables::project::{Project, ProjectState};
use crate::refusal::{Code, Refusal};

/// A goal as its unit writes it, with the line it began in.
struct Draft<'a> {
    line: Line<'a>,
    goal: Goal,
    indicators: Vec<Indicator>,
}

/// Lines `goal` with code, unit and target, each followed by a line `indicator` for each: the goal,
/// code, level, name, value, weight. A goal that was approved needs a new approval.
pub(super) fn goal_put(asked: &Asked<'_>) -> Result<Vec<Change>, Refusal> {
    let office = asked.office;
    let mut changes = Vec::new();
    for Draft { line, goal, indicators } in read_goals(asked)? {
        active_unit(office, &goal.unit).map_err(|code| line.refuse(code, 2))?;
        asked.must_hold(PostKind::UnitMaker, Some(&goal.unit))?;
        let before: Option<&Goal> = office.get(&goal.code);
        if before.is_some_and(|before| before.unit != goal.unit) {
            return Err(line.refuse(Code::RowTwice, 1));
        }
        let project = office.projects_of_goal(&goal.code).pop();
        if project.is_some_and(|project| is_frozen(office, project)) {
            return Err(line.refuse(Code::GoalFrozen, 1));
        }
        must_be_whole(indicators.iter()).map_err(|no| line.place(no, 1))?;
        let kept: BTreeSet<&str> = indicators.iter().map(|one| &*one.code).collect();
        let stored = crate::office::performance::indicators(office, &goal.code);
        let gone = stored.into_iter().filter(|one| !kept.contains(&*one.code));
        changes.extend(gone.map(|one| Change::Remove(Table::Indicator, one.key().into())));
        changes.extend(indicators.into_iter().map(|one| Change::Put(one.into_row())));
        changes.push(Change::Put(goal.into_row()));
    }
    each_once(changes)
}

fn read_goals<'a>(asked: &Asked<'a>) -> Result<Vec<Draft<'a>>, Refusal> {
    let mut drafts: Vec<Draft<'a>> = Vec::new();
    for line in asked.read()? {
        match (line.fields[0], drafts.last_mut()) {
            ("goal", _) => {
                line.must_have(4)?;
                let goal = Goal {
                    code: line.get(1)?,
                    unit: line.get(2)?,
                    target: line.get(3)?,
                    approved_fen: None,
                    maker: asked.by.person,
                    approver: PersonId::NOBODY,
                };
                drafts.push(Draft { line, goal, indicators: Vec::new() });
            }
            ("indicator", Some(draft)) => {
                line.must_have(7)?;
                let indicator = Indicator {
                    goal: line.get(1)?,
                    code: line.get(2)?,
                    level: line.get(3)?,
                    name: line.get(4)?,
                    value: line.get(5)?,
                    weight: line.get(6)?,
                };
                if indicator.goal != draft.goal.code {
                    return Err(line.refuse(Code::BadRow, 1));
                }
                draft.indicators.push(indicator);
            }
            _ => return Err(line.refuse(Code::BadRow, 0)),
        }
    }
    Ok(drafts)
}

/// The project that has a goal.
fn project_of<'a>(office: &'a Office, goal: &str) -> Option<&'a Project> {
    office.projects_of_goal(goal).first().copied()
}

/// A goal is its unit's to write until the project is submitted, and again when the project's
/// amount has moved so far that it has to be approved anew.
fn is_frozen(office: &Office, project: &Project) -> bool {
    match project_state(office, project) {
        ProjectState::Drafted | ProjectState::Returned => false,
        ProjectState::Executing => goal_must_fit(office, project).is_ok(),
        _ => true,
    }
}

/// Approves goals anew. Each line: a goal, and the amount it is for from now on; none: what the rows
/// of its project are now.
pub(super) fn goal_approve(asked: &Asked<'_>) -> Result<Vec<Change>, Refusal> {
    asked.must_hold(PostKind::PerformanceOfficer, None)?;
    let office = asked.office;
    let mut changes = Vec::new();
    for line in asked.read()? {
        line.must_have(2)?;
        let code: Word = line.get(0)?;
        let named = if line.text(1)?.is_empty() { None } else { Some(line.amount(1)?) };
        let goal: &Goal = office.get(&code).ok_or_else(|| line.refuse(Code::NoRow, 0))?;
        asked.must_not_be(goal.maker)?;
        let project = project_of(office, &code).ok_or_else(|| line.refuse(Code::NoRow, 0))?;
        if project_state(office, project) != ProjectState::Executing {
            return Err(line.refuse(Code::ProjectWrongState, 0));
        }
        let rows = rows_of_goal(office, project).map(|row| FenSum::from(row.current_fen.get()));
        let sum = i64::try_from(rows.sum::<FenSum>()).map_err(|_| Code::OverBound)?;
        let (approved_fen, approver) = (Some(named.unwrap_or(Fen::new(sum))), asked.by.person);
        changes.push(Change::Put(Goal { approved_fen, approver, ..goal.clone() }.into_row()));
    }
    each_once(changes)
}

/// How far goals are on the paper's day. Lines `goal` with code and what is to be done, each
/// followed by a line `reached` for each of its indicators: the goal, the indicator, the share.
pub(super) fn track(asked: &Asked<'_>) -> Result<Vec<Change>, Refusal> {
    let day = asked.day()?;
    let mut changes = Vec::new();
    let mut lines = asked.read()?.into_iter().peekable();
    while let Some(line) = lines.next() {
        if line.fields[0] != "goal" {
            return Err(line.refuse(Code::BadRow, 0));
        }
        line.must_have(3)?;
        let code: Word = line.get(1)?;
        let goal: &Goal = asked.office.get(&code).ok_or_else(|| line.refuse(Code::NoRow, 1))?;
        asked.must_hold(PostKind::UnitMaker, Some(&goal.unit))?;
        let under_way = project_of(asked.office, &code)
            .is_some_and(|one| project_state(asked.office, one) == ProjectState::Executing);
        if !under_way {
            return Err(line.refuse(Code::ProjectWrongState, 1));
        }
        let mut reached: BTreeMap<Word, Hundredths> = BTreeMap::new();
        while let Some(line) = lines.next_if(|line| line.fields[0] == "reached") {
            line.must_have(4)?;
            let known = line.get::<Word>(1)? == code;
            if !known || reached.insert(line.get(2)?, score(&line, 3)?).is_some() {
                return Err(line.refuse(Code::TrackIncomplete, 2));
            }
        }
        let whole = by_weight(asked.office, &code, &reached)
            .ok_or_else(|| line.refuse(Code::TrackIncomplete, 1))?;
        let expected = passed(day, asked.paper.year);
        let light = light_of(asked.office, whole, expected);
        let (signer, note) = (asked.by.person, line.get(2)?);
        changes.extend(reached.into_iter().map(|(indicator, reached)| {
            let goal = code.clone();
            Change::Put(Achieved { goal, day, indicator, reached }.into_row())
        }));
        let tracked = Tracked { goal: code, day, reached: whole, expected, light, signer, note };
        changes.push(Change::Put(tracked.into_row()));
    }
    each_once(changes)
}

/// What was reached of a goal by the weights of its indicators, rounded down; `None`: not every
/// indicator is there, or another one is.
fn by_weight(
    office: &Office,
    goal: &str,
    reached: &BTreeMap<Word, Hundredths>,
) -> Option<Hundredths> {
    let (mut sum, mut count) = (0_u64, 0);
    for indicator in indicators(office, goal) {
        sum += u64::from(indicator.weight.0) * u64::from(reached.get(&indicator.code)?.0);
        count += 1;
    }
    let whole = sum / u64::from(Hundredths::WHOLE.0);
    (count == reached.len()).then_some(Hundredths(whole as u32))
}

/// A score or share: 100.00 at most.
fn score(line: &Line<'_>, column: usize) -> Result<Hundredths, Refusal> {
    let score: Hundredths = line.get(column)?;
    if score > Hundredths::WHOLE { Err(line.refuse(Code::OverHundred, column)) } else { Ok(score) }
}

/// Scores of projects. Each line: `self` or `finance`, the project, the year that is evaluated (this
/// one or the one before), the score, what is to be mended. The unit scores first; finance's score
/// gives the grade, and the grade what is left of next year's need.
pub(super) fn evaluate(asked: &Asked<'_>) -> Result<Vec<Change>, Refusal> {
    let mut changes = Vec::new();
    for line in asked.read()? {
        line.must_have(5)?;
        let (code, year): (Word, FiscalYear) = (line.get(1)?, line.get(2)?);
        let (project, state) = evaluated(asked, &line, &code, year)?;
        let score = score(&line, 3)?;
        let before: Option<&Evaluation> = asked.office.get(&format!("{}/{}", &*code, year.get()));
        match line.text(0)? {
            "self" => {
                asked.must_hold(PostKind::UnitMaker, Some(&project.unit))?;
                if before.is_some_and(|before| before.score.is_some()) {
                    return Err(line.refuse(Code::ProjectWrongState, 1));
                }
                let evaluation = Evaluation {
                    project: code,
                    year,
                    self_score: score,
                    score: None,
                    grade: None,
                    factor: None,
                    note: line.get(4)?,
                    maker: asked.by.person,
                    evaluator: PersonId::NOBODY,
                };
                changes.push(Change::Put(evaluation.into_row()));
            }
            "finance" => {
                let before = before.ok_or_else(|| line.refuse(Code::NoSelfScore, 1))?;
                changes.push(Change::Put(graded(asked, &line, before, score)?.into_row()));
                if state == ProjectState::Finished && year == asked.paper.year {
                    let (state, signer) = (ProjectState::Evaluated, asked.by.person);
                    let project = Project { state, signer, ..project.clone() };
                    changes.push(Change::Put(project.into_row()));
                }
            }
            _ => return Err(line.refuse(Code::BadRow, 0)),
        }
    }
    each_once(changes)
}

/// The project as it is on file of the year that is evaluated, if there is something to evaluate.
fn evaluated<'a>(
    asked: &Asked<'a>,
    line: &Line<'_>,
    code: &str,
    year: FiscalYear,
) -> Result<(&'a Project, ProjectState), Refusal> {
    let this = asked.paper.year;
    if year != this && Some(year) != year_before(this) {
        return Err(line.refuse(Code::BadRow, 2));
    }
    let office = asked.division.year(year).map_or_else(Office::empty, |book| book.office());
    let project: &Project = office.get(code).ok_or_else(|| line.refuse(Code::NoRow, 1))?;
    let state = project_state(office, project);
    let was_there =
        matches!(state, ProjectState::Executing | ProjectState::Suspended | ProjectState::Finished);
    if was_there { Ok((project, state)) } else { Err(line.refuse(Code::ProjectWrongState, 1)) }
}

/// What finance's score makes of the unit's own evaluation.
fn graded(
    asked: &Asked<'_>,
    line: &Line<'_>,
    before: &Evaluation,
    score: Hundredths,
) -> Result<Evaluation, Refusal> {
    asked.must_hold(PostKind::PerformanceOfficer, None)?;
    asked.must_not_be(before.maker)?;
    let (grade, factor) = grade_of(asked.office, score);
    Ok(Evaluation {
        score: Some(score),
        grade: Some(grade),
        factor: Some(factor),
        note: line.get(4)?,
        evaluator: asked.by.person,
        ..before.clone()
    })
}

/// Numbers that the division sets for itself, tighter than the default. Each line: the name, the
/// number, the document that says so.
pub(super) fn policy_put(asked: &Asked<'_>) -> Result<Vec<Change>, Refusal> {
    asked.must_hold(PostKind::BudgetHead, None)?;
    let mut changes = Vec::new();
    for line in asked.read()? {
        line.must_have(3)?;
        let name: Word = line.get(0)?;
        let policy = Policy::read(&name).ok_or_else(|| line.refuse(Code::NoPolicy, 0))?;
        let value: u32 = line.get(1)?;
        if !policy.admits(value) {
            let default = Fen::new(i64::from(policy.by_default()));
            let no = Refusal::with(Code::NoPolicy, Fen::new(i64::from(value)), default);
            return Err(line.place(no, 1));
        }
        changes.push(Change::Put(PolicyRow { name, value, basis: line.get(2)? }.into_row()));
    }
    each_once(changes)
}

/// Lists rows whose money is dormant by rule. Each line: a row. Nobody lists another.
pub(super) fn dormant_list(asked: &Asked<'_>) -> Result<Vec<Change>, Refusal> {
    let listed_on = asked.day()?;
    let book = asked.book.ok_or(Code::NotDormant)?;
    let found = dormant_rows(book);
    let by_code: BTreeMap<&str, _> = found.iter().map(|one| (&*one.row.code, one)).collect();
    let mut changes = Vec::new();
    for line in asked.read()? {
        line.must_have(1)?;
        let code: Word = line.get(0)?;
        let row: &BudgetRow = asked.office.get(&code).ok_or_else(|| line.refuse(Code::NoRow, 0))?;
        asked.must_hold(PostKind::BudgetOfficer, Some(&row.unit))?;
        let dormant = by_code.get(&*code).filter(|_| is_replied(asked.office));
        let listed = asked.office.get::<Dormant>(&code).is_some();
        let dormant =
            dormant.filter(|_| !listed).ok_or_else(|| line.refuse(Code::NotDormant, 0))?;
        let unused_fen = i64::try_from(dormant.unused_fen).map_err(|_| Code::OverBound)?;
        let dormant = Dormant {
            row: code,
            first_year: row.first_year,
            unused_fen: Fen::new(unused_fen),
            vired_fen: row.vired_fen,
            replanned_fen: Fen::ZERO,
            listed_on,
            signer: asked.by.person,
        };
        changes.push(Change::Put(dormant.into_row()));
    }
    each_once(changes)
}

/// Plans recovered money anew: a row of kind `recovered`, to which a document brings the money. Each
/// line: the dormant row, then a new row as in `row-add`; its amount is no more than what was taken
/// back and is not planned yet.
pub(super) fn replan(asked: &Asked<'_>) -> Result<Vec<Change>, Refusal> {
    if !is_replied(asked.office) {
        return Err(Code::BudgetWrongState.into());
    }
    let mut changes = Vec::new();
    for line in asked.read()? {
        let from: Word = line.get(0)?;
        let dormant: &Dormant =
            asked.office.get(&from).ok_or_else(|| line.refuse(Code::NotDormant, 0))?;
        let row = added(asked, &line, 1)?;
        if row.kind != RowKind::Recovered {
            return Err(line.refuse(Code::BadRow, 4));
        }
        let source: Option<&BudgetRow> = asked.office.get(&from);
        if source.is_some_and(|source| source.fund != row.fund) {
            return Err(line.refuse(Code::FundMismatch, 8));
        }
        let left = recovered_left(asked.office, dormant);
        if row.audited_fen > left {
            let no = Refusal::with(Code::OverRecovered, row.audited_fen, left);
            return Err(line.place(no, 13));
        }
        let replanned_fen = dormant.replanned_fen.checked_add(row.audited_fen);
        let replanned_fen = replanned_fen.ok_or(Code::OverBound)?;
        changes.push(Change::Put(row.into_row()));
        changes.push(Change::Put(Dormant { replanned_fen, ..dormant.clone() }.into_row()));
    }
    each_once(changes)
}
