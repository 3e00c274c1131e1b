//! What a budget row and a project are by where the whole budget stands.
//!
//! The steps of the whole budget rewrite no row: thousands of them would not fit into one event.
//! So a row says only whether it was dropped, a project only that it was chosen; that they are
//! approved or replied follows from here, and nowhere else.

use super::Office;
use super::tables::budget::{
    Budget, BudgetRow, BudgetState, EarlyCap, EarlyGround, RowKind, RowState,
};
use super::tables::project::{Project, ProjectState};
use crate::codes::AuthorityKind;
use crate::division::YearBook;
use crate::money::{Fen, FenSum};
use crate::refusal::{Code, Refusal};

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

/// Where a row stands.
#[must_use]
pub fn row_state(office: &Office, row: &BudgetRow) -> RowState {
    match (row.is_dropped, is_replied(office)) {
        (true, _) => RowState::Dropped,
        (false, true) => RowState::Replied,
        (false, false) => RowState::Draft,
    }
}

/// The row that a quota or document rests on: an authority to spend.
///
/// # Errors
/// [`Code::NoRow`], [`Code::RowDropped`], [`Code::NotReplied`].
pub fn must_be_authority<'a>(office: &'a Office, code: &str) -> Result<&'a BudgetRow, Refusal> {
    let row: &BudgetRow = office.get(code).ok_or(Code::NoRow)?;
    match row_state(office, row) {
        RowState::Replied => Ok(row),
        RowState::Draft => Err(Code::NotReplied.into()),
        RowState::Dropped => Err(Code::RowDropped.into()),
    }
}

/// Where a project stands: approved with the budget that has rows of it, under way once that is
/// replied.
#[must_use]
pub fn project_state(office: &Office, project: &Project) -> ProjectState {
    let mut rows = live_rows(office);
    let chosen = project.state == ProjectState::Selected;
    if chosen && rows.any(|row| row.project == project.code) {
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

/// Whether a pre-approval quota may rest on a row with so much more: the budget is not replied,
/// and what the unit's pre-approval quotas were given stays within its caps, carried money under
/// those for carried money, all other under the others (Budget Law, article 54).
///
/// # Errors
/// [`Code::BudgetWrongState`], [`Code::RowDropped`]; [`Code::OverEarlyCap`], with what is asked and
/// what is left.
pub fn early_must_fit(book: &YearBook, row: &BudgetRow, more: Fen) -> Result<(), Refusal> {
    let office = book.office();
    if budget(office).is_none() || is_replied(office) {
        return Err(Code::BudgetWrongState.into());
    }
    if row.is_dropped {
        return Err(Code::RowDropped.into());
    }
    let carried = row.kind == RowKind::Carried;
    let beginning = format!("{}/", &*row.unit);
    let caps = office.beginning::<EarlyCap>(&beginning);
    let caps = caps.filter(|cap| (cap.ground == EarlyGround::Carried) == carried);
    let cap: FenSum = caps.map(|cap| FenSum::from(cap.cap_fen.get())).sum();
    let early = book.quotas().filter(|(.., quota)| quota.authority == AuthorityKind::PreApproval);
    let of_the_unit = early.filter(|(.., quota)| {
        let of = quota.key.rsplit_once('/').and_then(|(_, code)| office.get::<BudgetRow>(code));
        of.is_some_and(|of| of.unit == row.unit && (of.kind == RowKind::Carried) == carried)
    });
    let given: FenSum = of_the_unit.map(|(_, cell, _)| FenSum::from(cell.buckets.issued)).sum();
    let left = cap - given;
    if FenSum::from(more.get()) <= left {
        return Ok(());
    }
    let left = i64::try_from(left).unwrap_or(i64::MIN);
    Err(Refusal::with(Code::OverEarlyCap, more, Fen::new(left)))
}
