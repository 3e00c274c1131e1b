//! Ranks, and who is chosen by them: the ranking decides who gets money.

use std::collections::BTreeMap;

use super::{known, next};
use crate::office::authority::project_state;
use crate::office::decide::Asked;
use crate::office::decide::reading::{Line, each_once};
use crate::office::field::Text;
use crate::office::line::Change;
use crate::office::paper::PaperKind;
use crate::office::table::Tabled;
use crate::office::tables::people::PostKind;
use crate::office::tables::project::{Project, ProjectState};
use crate::refusal::{Code, Refusal};

/// Each line: a project and its rank in its department, 1 first, 0 for none.
pub(in super::super) fn rank(asked: &Asked<'_>) -> Result<Vec<Change>, Refusal> {
    let office = asked.office;
    let mut ranked: BTreeMap<&str, Project> = BTreeMap::new();
    let mut changes = Vec::new();
    let lines = asked.read()?;
    for line in &lines {
        line.must_have(2)?;
        let project = known(office, line)?;
        asked.must_hold(PostKind::DepartmentReviewer, Some(&project.unit))?;
        let waits = matches!(project.state, ProjectState::DeptReviewed | ProjectState::InLibrary);
        if !waits || !project.class.is_ranked() {
            return Err(line.refuse(Code::ProjectWrongState, 0));
        }
        let project_now = Project { priority: line.get(1)?, ..project.clone() };
        changes.push(Change::Put(project_now.clone().into_row()));
        ranked.insert(&project.code, project_now);
    }
    // Ranks are unique in each department, with the paper's own in place of those they change.
    let mut taken: BTreeMap<(&str, u16), &str> = BTreeMap::new();
    for own in ranked.values().filter(|own| own.priority > 0) {
        let (department, rank) = (office.department_of(&own.unit), own.priority);
        let mut others = office.projects_ranked(department, rank);
        let is_others = others.any(|other| !ranked.contains_key(&*other.code));
        if is_others || taken.insert((department, rank), &own.code).is_some() {
            let gives = |line: &&Line<'_>| {
                ranked.get(line.fields[0]).is_some_and(|own| own.priority == rank)
            };
            let taken = |line: &Line<'_>| line.refuse(Code::ProjectRankTaken, 1);
            return Err(lines.iter().find(gives).map_or(Code::ProjectRankTaken.into(), taken));
        }
    }
    each_once(changes)
}

/// Chooses projects for the year's budget. Each line: a code. Personnel and public funds come
/// without a rank; of the others none is chosen before those of its department that rank before it.
pub(in super::super) fn select(asked: &Asked<'_>) -> Result<Vec<Change>, Refusal> {
    let (office, year) = (asked.office, asked.paper.year);
    let lines = asked.read()?;
    let mut chosen: BTreeMap<&str, &Project> = BTreeMap::new();
    let mut changes = Vec::new();
    for line in &lines {
        line.must_have(1)?;
        let project = known(office, line)?;
        asked.must_hold(PostKind::BudgetOfficer, Some(&project.unit))?;
        let state = next(PaperKind::ProjectSelect, project_state(office, project));
        let state = state.ok_or_else(|| line.refuse(Code::ProjectWrongState, 0))?;
        // One whose term is over came along from last year for its carried money.
        if year < project.start_year {
            return Err(line.refuse(Code::ProjectTermEnded, 0));
        }
        chosen.insert(&project.code, project);
        let (signer, reason) = (asked.by.person, Text::default());
        let project = Project { state, signer, reason, ..project.clone() };
        changes.push(Change::Put(project.into_row()));
    }
    // For each department the first rank that waits and is not chosen here.
    let mut first: BTreeMap<&str, u16> = BTreeMap::new();
    for line in &lines {
        let Some(project) = chosen.get(line.fields[0]).filter(|one| one.class.is_ranked()) else {
            continue;
        };
        let department = office.department_of(&project.unit);
        let before = *first.entry(department).or_insert_with(|| {
            let mut waiting = office.projects_waiting(department);
            let waits = |one: &&Project| one.covers(year) && !chosen.contains_key(&*one.code);
            waiting.find(waits).map_or(u16::MAX, |one| one.priority)
        });
        if project.priority == 0 || before < project.priority {
            return Err(line.refuse(Code::ProjectOutOfRank, 0));
        }
    }
    each_once(changes)
}
