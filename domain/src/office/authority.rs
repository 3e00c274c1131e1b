//! What a budget row and a project are by where the whole budget stands.
//!
//! The steps of the whole budget rewrite no row: thousands of them would not fit into one event.
//! So a row says only whether it was dropped, a project only that it was chosen; that they are
//! approved or replied follows from here, and nowhere else.

use super::Office;
use super::tables::budget::{Budget, BudgetRow, BudgetState, RowKind, RowState};
use super::tables::project::{Project, ProjectState};
use crate::codes::AuthorityKind;

/// The budget of the year, if it was opened.
#[must_use]
pub fn budget(office: &Office) -> Option<&Budget> {
    office.get(Budget::KEY)
}

/// True from the reply on.
#[must_use]
pub fn is_replied(office: &Office) -> bool {
    budget(office).is_some_and(|budget| budget.state == BudgetState::Replied)
}

/// Rows that were not dropped, by code.
pub fn live_rows(office: &Office) -> impl Iterator<Item = &BudgetRow> {
    office.all().filter(|row: &&BudgetRow| !row.is_dropped)
}

/// Where a row stands. What was carried over, received from above or taken back is an authority of
/// its own: the reply is not waited for (Budget Law, articles 54 and 70).
#[must_use]
pub fn row_state(office: &Office, row: &BudgetRow) -> RowState {
    let own = matches!(row.kind, RowKind::Carried | RowKind::Received | RowKind::Recovered);
    match row.is_dropped {
        true => RowState::Dropped,
        false if own || is_replied(office) => RowState::Replied,
        false => RowState::Draft,
    }
}

/// Where a project stands: approved with the budget that has rows of it, under way once that is
/// replied.
#[must_use]
pub fn project_state(office: &Office, project: &Project) -> ProjectState {
    let chosen = project.state == ProjectState::Selected;
    if chosen && office.rows_of_project(&project.code).next().is_some() {
        project_state_with_rows(office, project)
    } else {
        project.state
    }
}

/// Where a project stands of which the budget is known to have rows.
#[must_use]
pub fn project_state_with_rows(office: &Office, project: &Project) -> ProjectState {
    match (project.state, budget(office).map(|budget| budget.state)) {
        (ProjectState::Selected, Some(BudgetState::Approved)) => ProjectState::Approved,
        (ProjectState::Selected, Some(BudgetState::Replied)) => ProjectState::Executing,
        (state, _) => state,
    }
}

/// Whether a quota of this authority, resting on a row of the project, may pay: the project is
/// under way, or it was chosen and the quota is one before the approval (Budget Law, article 54).
#[must_use]
pub fn project_may_pay(office: &Office, project: &Project, authority: AuthorityKind) -> bool {
    match project_state_with_rows(office, project) {
        ProjectState::Executing => true,
        ProjectState::InLibrary | ProjectState::Selected | ProjectState::Approved => {
            authority == AuthorityKind::PreApproval
        }
        _ => false,
    }
}
