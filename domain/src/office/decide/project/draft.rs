//! What the unit writes of a project, and what a new year takes over from the one before.

use std::collections::{BTreeMap, BTreeSet};

use super::{NOBODY, active_unit};
use crate::ids::FiscalYear;
use crate::limits::{PROJECT_CODE_CHARS_MAX, PROJECT_TERM_YEARS_MAX};
use crate::money::{Fen, FenSum};
use crate::office::Office;
use crate::office::authority::project_state;
use crate::office::decide::Asked;
use crate::office::decide::reading::{Line, each_once};
use crate::office::field::{Text, Word};
use crate::office::line::Change;
use crate::office::performance::{factor_by_grade, indicators, need_left_by_grade, year_before};
use crate::office::table::{Table, Tabled};
use crate::office::tables::people::PostKind;
use crate::office::tables::performance::Goal;
use crate::office::tables::project::{Project, ProjectNeed, ProjectState};
use crate::refusal::{Code, Refusal};

/// A project as its unit writes it, with the line it began in.
struct Draft<'a> {
    line: Line<'a>,
    project: Project,
    needs: BTreeMap<FiscalYear, Fen>,
}

/// Lines `project` with what the unit writes of it, each followed by a line `need` for each year:
/// the code, the year, the amount.
pub(in super::super) fn draft(asked: &Asked<'_>) -> Result<Vec<Change>, Refusal> {
    let drafts = read(asked)?;
    must_be_unique(asked.office, &drafts)?;
    let mut changes = Vec::new();
    for draft in drafts {
        let Draft { line, project, needs } = draft;
        asked.must_hold(PostKind::UnitMaker, Some(&project.unit))?;
        active_unit(asked.office, &project.unit).map_err(|code| line.refuse(code, 3))?;
        must_sum_up(&project, &needs).map_err(|no| line.place(no, 8))?;
        let beginning = format!("{}/", &*project.code);
        let stored = asked.office.beginning::<ProjectNeed>(&beginning);
        let gone = stored.filter(|need| !needs.contains_key(&need.year));
        changes.extend(gone.map(|need| Change::Remove(Table::ProjectNeed, need.key().into())));
        changes.extend(needs.iter().map(|(&year, &need_fen)| {
            let project = project.code.clone();
            Change::Put(ProjectNeed { project, year, need_fen }.into_row())
        }));
        changes.push(Change::Put(project.into_row()));
    }
    each_once(changes)
}

fn read<'a>(asked: &Asked<'a>) -> Result<Vec<Draft<'a>>, Refusal> {
    let mut drafts: Vec<Draft<'a>> = Vec::new();
    for line in asked.read()? {
        match (line.fields[0], drafts.last_mut()) {
            ("project", _) => {
                let project = written(asked, &line)?;
                drafts.push(Draft { line, project, needs: BTreeMap::new() });
            }
            ("need", Some(draft)) => {
                line.must_have(4)?;
                let code: Word = line.get(1)?;
                let (year, need): (FiscalYear, Fen) = (line.get(2)?, line.get(3)?);
                let good = code == draft.project.code && need > Fen::ZERO;
                if !good || draft.needs.insert(year, need).is_some() {
                    return Err(line.refuse(Code::ProjectNeedMismatch, 2));
                }
            }
            _ => return Err(line.refuse(Code::BadRow, 0)),
        }
    }
    let year = asked.paper.year;
    for draft in &mut drafts {
        draft.project.year_need_fen = draft.needs.get(&year).copied().unwrap_or(Fen::ZERO);
    }
    Ok(drafts)
}

/// What a line writes: code, name, unit, class, year of set-up, first year, years, total need,
/// basis, standard, quantity, goal, tracked project, labels.
fn written(asked: &Asked<'_>, line: &Line<'_>) -> Result<Project, Refusal> {
    line.must_have(15)?;
    let code: Word = line.get(1)?;
    if code.chars().count() > PROJECT_CODE_CHARS_MAX {
        return Err(line.refuse(Code::BadRow, 1));
    }
    let before: Option<&Project> = asked.office.get(&code);
    let term_years: u8 = line.get(7)?;
    if term_years > PROJECT_TERM_YEARS_MAX {
        return Err(line.refuse(Code::BadRow, 7));
    }
    let project = Project {
        code,
        name: line.get(2)?,
        unit: line.get(3)?,
        class: line.get(4)?,
        setup_year: line.get(5)?,
        start_year: line.get(6)?,
        term_years,
        total_need_fen: line.get(8)?,
        year_need_fen: Fen::ZERO,
        basis: line.get(9)?,
        standard: line.get(10)?,
        quantity: line.get(11)?,
        goal: line.get(12)?,
        track: line.get(13)?,
        topics: line.get(14)?,
        priority: 0,
        state: ProjectState::Drafted,
        library_year: before.and_then(|before| before.library_year),
        maker: asked.by.person,
        signer: NOBODY,
        reason: Text::default(),
    };
    match before {
        Some(before) if before.unit != project.unit => Err(line.refuse(Code::ProjectDuplicate, 1)),
        Some(before) if !matches!(before.state, ProjectState::Drafted | ProjectState::Returned) => {
            Err(line.refuse(Code::ProjectWrongState, 1))
        }
        _ => Ok(project),
    }
}

/// Needs lie in the term, and their sum is the total.
fn must_sum_up(project: &Project, needs: &BTreeMap<FiscalYear, Fen>) -> Result<(), Refusal> {
    let sum: FenSum = needs.values().map(|need| FenSum::from(need.get())).sum();
    let inside = needs.keys().all(|&year| project.covers(year));
    if inside && sum == FenSum::from(project.total_need_fen.get()) {
        return Ok(());
    }
    let sum = Fen::new(i64::try_from(sum).unwrap_or(i64::MAX));
    Err(Refusal::with(Code::ProjectNeedMismatch, sum, project.total_need_fen))
}

/// No two living projects of a unit have one name, and no two have one goal.
fn must_be_unique(office: &Office, drafts: &[Draft<'_>]) -> Result<(), Refusal> {
    let given_up = |state| matches!(state, ProjectState::Cancelled | ProjectState::Expired);
    let drafted: BTreeSet<&str> = drafts.iter().map(|draft| &*draft.project.code).collect();
    let stands = |other: &Project| !given_up(other.state) && !drafted.contains(&*other.code);
    let (mut names, mut goals) = (BTreeSet::new(), BTreeSet::new());
    for Draft { line, project, .. } in drafts {
        let (unit, name, goal) = (&*project.unit, &*project.name, &*project.goal);
        if !names.insert((unit, name)) || office.projects_named(unit, name).any(stands) {
            return Err(line.refuse(Code::ProjectDuplicate, 2));
        }
        let has_other = || office.projects_of_goal(goal).into_iter().any(stands);
        if !goal.is_empty() && (!goals.insert(goal) || has_other()) {
            return Err(line.refuse(Code::ProjectDuplicate, 12));
        }
    }
    Ok(())
}

/// Takes projects of last year into this one, straight into the library, with their terms, needs
/// and goals; of what they need, what the grade of their last evaluation leaves. A project whose
/// term is over needs nothing more; it comes along where it had money that may be carried over.
/// Each line: a code.
pub(in super::super) fn roll(asked: &Asked<'_>) -> Result<Vec<Change>, Refusal> {
    let year = asked.paper.year;
    let before = year_before(year).and_then(|year| asked.division.year(year));
    let before = before.map_or_else(Office::empty, |book| book.office());
    let mut changes = Vec::new();
    for line in asked.read()? {
        line.must_have(1)?;
        let code: Word = line.get(0)?;
        let project: &Project = before.get(&code).ok_or_else(|| line.refuse(Code::NoRow, 0))?;
        if asked.office.row(Table::Project, &code).is_some() {
            return Err(line.refuse(Code::ProjectDuplicate, 0));
        }
        asked.must_hold(PostKind::BudgetOfficer, Some(&project.unit))?;
        active_unit(asked.office, &project.unit).map_err(|code| line.refuse(code, 0))?;
        if !goes_on(project_state(before, project)) {
            return Err(line.refuse(Code::ProjectWrongState, 0));
        }
        if !project.covers(year) && !had_money(before, project) {
            return Err(line.refuse(Code::ProjectTermEnded, 0));
        }
        changes.extend(taken_over(asked, &line, before, project)?);
    }
    each_once(changes)
}

/// Whether a project that stood so at the end of its year goes on in the next.
fn goes_on(state: ProjectState) -> bool {
    matches!(
        state,
        ProjectState::InLibrary
            | ProjectState::Selected
            | ProjectState::Approved
            | ProjectState::Executing
            | ProjectState::Suspended
    )
}

fn had_money(before: &Office, project: &Project) -> bool {
    before.rows_of_project(&project.code).any(|row| row.current_fen > Fen::ZERO)
}

fn taken_over(
    asked: &Asked<'_>,
    line: &Line<'_>,
    before: &Office,
    project: &Project,
) -> Result<Vec<Change>, Refusal> {
    let year = asked.paper.year;
    let beginning = format!("{}/", &*project.code);
    let needs: Vec<&ProjectNeed> = before.beginning(&beginning).collect();
    let planned = needs.iter().find(|need| need.year == year).map(|need| need.need_fen);
    let left = need_left_by_grade(asked.division, year, &project.code);
    if factor_by_grade(asked.division, year, &project.code) == Some(0) {
        let planned = planned.unwrap_or(Fen::ZERO);
        return Err(line.place(Refusal::with(Code::ProjectCutByGrade, planned, Fen::ZERO), 0));
    }
    let year_need_fen = planned.map_or(Fen::ZERO, |planned| left.unwrap_or(planned));
    let goal: &Goal =
        before.get(&project.goal).ok_or_else(|| line.refuse(Code::ProjectNoGoal, 0))?;
    let rolled = Project {
        year_need_fen,
        state: ProjectState::InLibrary,
        library_year: project.library_year.or(year_before(year)),
        signer: asked.by.person,
        reason: Text::default(),
        ..project.clone()
    };
    let approved = Goal { approved_fen: None, approver: asked.by.person, ..goal.clone() };
    let mut changes = vec![Change::Put(rolled.into_row()), Change::Put(approved.into_row())];
    changes.extend(needs.into_iter().map(|need| Change::Put(need.clone().into_row())));
    let indicators = indicators(before, &project.goal).into_iter();
    changes.extend(indicators.map(|indicator| Change::Put(indicator.clone().into_row())));
    Ok(changes)
}
