//! Ranks, and who is chosen by them: the ranking decides who gets money.

use std::collections::BTreeMap;

use super::{department_of, known, next};
use crate::office::authority::project_state;
use crate::office::decide::Asked;
use crate::office::decide::reading::each_once;
use crate::office::field::Text;
use crate::office::line::Change;
use crate::office::paper::PaperKind;
use crate::office::table::Tabled;
use crate::office::tables::people::PostKind;
use crate::office::tables::project::{Project, ProjectState};
use crate::refusal::{Code, Refusal};

/// Whether a project in this state stands in the ranking of its department.
fn is_in_ranking(state: ProjectState) -> bool {
    matches!(
        state,
        ProjectState::Submitted
            | ProjectState::DeptReviewed
            | ProjectState::InLibrary
            | ProjectState::Selected
    )
}

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
    for project in office.all::<Project>().filter(|project| is_in_ranking(project.state)) {
        let now = ranked.get(&*project.code).unwrap_or(project);
        if now.priority == 0 {
            continue;
        }
        let place = (department_of(office, &project.unit), now.priority);
        if taken.insert(place, &project.code).is_some() {
            let line = lines.iter().find(|line| {
                let code = line.fields[0];
                ranked.get(code).is_some_and(|own| own.priority == now.priority)
            });
            let taken = |line: &crate::office::decide::reading::Line<'_>| {
                line.refuse(Code::ProjectRankTaken, 1)
            };
            return Err(line.map_or(Code::ProjectRankTaken.into(), taken));
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
    let waiting = office.all::<Project>().filter(|project| {
        let waits = project.state == ProjectState::InLibrary && project.covers(year);
        waits && project.priority > 0 && !chosen.contains_key(&*project.code)
    });
    for project in waiting {
        let rank = first.entry(department_of(office, &project.unit)).or_insert(u16::MAX);
        *rank = project.priority.min(*rank);
    }
    for line in &lines {
        let Some(project) = chosen.get(line.fields[0]).filter(|one| one.class.is_ranked()) else {
            continue;
        };
        let before = first.get(department_of(office, &project.unit));
        if project.priority == 0 || before.is_some_and(|&rank| rank < project.priority) {
            return Err(line.refuse(Code::ProjectOutOfRank, 0));
        }
    }
    each_once(changes)
}
