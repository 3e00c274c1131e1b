//! The life of projects (项目库): drafted by the unit, checked, reviewed by the department and by
//! finance into the library, ranked, chosen for the budget; stopped, ended, given up.
//!
//! - `draft`: what the unit writes, and what a new year takes over from the one before.
//! - `choose`: ranks, and who is chosen by them.

mod choose;
mod draft;

pub(super) use choose::{rank, select};
pub(super) use draft::{draft, roll};

use super::Asked;
use super::reading::{Line, each_once};
use crate::ids::{Day, PersonId};
use crate::money::{Fen, FenSum};
use crate::office::Office;
use crate::office::authority::project_state;
use crate::office::field::{Text, Word};
use crate::office::line::Change;
use crate::office::paper::PaperKind;
use crate::office::performance::{has_goal, need_left_by_grade};
use crate::office::policy::Policy;
use crate::office::table::Tabled;
use crate::office::tables::base::{Standing, Unit};
use crate::office::tables::people::{Hardness, PostKind, Standard};
use crate::office::tables::performance::Goal;
use crate::office::tables::project::{Project, ProjectState};
use crate::refusal::{Code, Refusal};
use ProjectState as S;

/// From where a kind of paper takes a project, and to where. The closed table: what is not here is
/// refused.
pub(super) fn next(kind: PaperKind, from: ProjectState) -> Option<ProjectState> {
    use PaperKind as P;
    Some(match (kind, from) {
        (P::ProjectSubmit, S::Drafted) => S::Submitted,
        (P::ProjectDeptReview, S::Submitted) => S::DeptReviewed,
        (P::ProjectFinanceReview, S::DeptReviewed) => S::InLibrary,
        (P::ProjectReturn, S::Submitted | S::DeptReviewed | S::InLibrary) => S::Returned,
        (P::ProjectSelect, S::InLibrary) => S::Selected,
        (P::ProjectExpire, S::InLibrary) => S::Expired,
        (P::ProjectSuspend, S::Executing) => S::Suspended,
        (P::ProjectResume, S::Suspended) => S::Selected,
        (P::ProjectFinish, S::Executing) => S::Finished,
        (P::ProjectClose, S::Evaluated) => S::Closed,
        (
            P::ProjectCancel,
            S::Drafted
            | S::Returned
            | S::Submitted
            | S::DeptReviewed
            | S::InLibrary
            | S::Selected
            | S::Executing
            | S::Suspended,
        ) => S::Cancelled,
        _ => return None,
    })
}

/// The post that owns a step from a state.
fn owner(kind: PaperKind, from: ProjectState) -> PostKind {
    use PaperKind as P;
    match (kind, from) {
        (P::ProjectSubmit, _) => PostKind::UnitChecker,
        (P::ProjectDeptReview, _) | (P::ProjectReturn, S::Submitted) => {
            PostKind::DepartmentReviewer
        }
        (P::ProjectCancel, S::Drafted | S::Returned) => PostKind::UnitMaker,
        (P::ProjectClose, _) => PostKind::PerformanceOfficer,
        _ => PostKind::BudgetOfficer,
    }
}

/// Steps that change nothing but where a project stands. Each line: the project's code and, of a
/// return, stop or end before its time, the reason.
pub(super) fn step(asked: &Asked<'_>) -> Result<Vec<Change>, Refusal> {
    let mut changes = Vec::new();
    for line in asked.read()? {
        let project = known(asked.office, &line)?;
        let state = project_state(asked.office, project);
        let wrong = || line.refuse(Code::ProjectWrongState, 0);
        let to = next(asked.paper.kind, state).ok_or_else(wrong)?;
        asked.must_hold(owner(asked.paper.kind, state), Some(&project.unit))?;
        let needs_reason = matches!(
            asked.paper.kind,
            PaperKind::ProjectReturn | PaperKind::ProjectSuspend | PaperKind::ProjectCancel
        );
        line.must_have_reason(needs_reason)?;
        let reason = if needs_reason { line.reason(1)? } else { Text::default() };
        let project = Project { state: to, reason, signer: asked.by.person, ..project.clone() };
        changes.extend(guarded(asked, &line, project)?);
    }
    each_once(changes)
}

impl Line<'_> {
    fn must_have_reason(&self, needed: bool) -> Result<(), Refusal> {
        if needed && self.fields.len() < 2 {
            return Err(self.refuse(Code::ReasonMissing, 1));
        }
        self.must_have(if needed { 2 } else { 1 })
    }
}

/// The guards of each step, with `project` as it would be afterwards, and what changes.
fn guarded(asked: &Asked<'_>, line: &Line<'_>, project: Project) -> Result<Vec<Change>, Refusal> {
    let office = asked.office;
    let before: &Project = office.get(&project.code).ok_or(Code::NoRow)?;
    match asked.paper.kind {
        PaperKind::ProjectSubmit | PaperKind::ProjectDeptReview => {
            two_persons(asked, before)?;
        }
        PaperKind::ProjectFinanceReview => {
            two_persons(asked, before)?;
            return into_library(asked, line, project);
        }
        PaperKind::ProjectReturn | PaperKind::ProjectExpire => {
            must_be_out_of_budget(office, &project).map_err(|no| line.place(no, 0))?;
            if asked.paper.kind == PaperKind::ProjectExpire {
                must_have_waited(asked, &project).map_err(|no| line.place(no, 0))?;
            }
        }
        PaperKind::ProjectCancel => {
            must_have_no_money(office, &project).map_err(|no| line.place(no, 0))?;
        }
        _ => {}
    }
    Ok(vec![Change::Put(project.into_row())])
}

/// Who takes a step of the review has taken no earlier one.
fn two_persons(asked: &Asked<'_>, before: &Project) -> Result<(), Refusal> {
    asked.must_not_be(before.maker)?;
    asked.must_not_be(before.signer)
}

/// What a project must have before anything can be arranged for it: basis, term, standard, need
/// and goal; nothing comes into the library without them. The review approves its goal.
fn into_library(
    asked: &Asked<'_>,
    line: &Line<'_>,
    project: Project,
) -> Result<Vec<Change>, Refusal> {
    let year = asked.paper.year;
    let guards = || {
        if project.basis.trim().is_empty() {
            return Err(Refusal::new(Code::ProjectNoBasis));
        }
        if project.term_years == 0 {
            return Err(Code::ProjectNoTerm.into());
        }
        if project.start_year.get() + u16::from(project.term_years) <= year.get() {
            return Err(Code::ProjectTermEnded.into());
        }
        if project.total_need_fen <= Fen::ZERO {
            return Err(Code::ProjectNoNeed.into());
        }
        must_keep_standard(asked.office, &project, year.get())?;
        if !has_goal(asked.office, &project) {
            return Err(Code::ProjectNoGoal.into());
        }
        must_keep_grade(asked, &project)
    };
    guards().map_err(|no| line.place(no, 0))?;
    let goal: &Goal = asked.office.get(&project.goal).ok_or(Code::ProjectNoGoal)?;
    let goal = Goal { approver: asked.by.person, ..goal.clone() };
    let project = Project { library_year: project.library_year.or(Some(year)), ..project };
    Ok(vec![Change::Put(project.into_row()), Change::Put(goal.into_row())])
}

/// Price times quantity: no more than the standard of the year says, or as much, by its hardness.
pub(super) fn must_keep_standard(
    office: &Office,
    project: &Project,
    year: u16,
) -> Result<(), Refusal> {
    if &*project.standard == Project::NO_STANDARD {
        return Ok(());
    }
    let standard: &Standard = office.get(&project.standard).ok_or(Code::ProjectNoStandard)?;
    let ended = |day: Day| day.year() < year;
    if standard.valid_from.year() > year || standard.valid_to.is_some_and(ended) {
        return Err(Code::ProjectNoStandard.into());
    }
    let allowed = FenSum::from(standard.price_fen.get()) * FenSum::from(project.quantity);
    let need = FenSum::from(project.year_need_fen.get());
    let kept = match standard.hardness {
        Hardness::Ceiling => need <= allowed,
        Hardness::Fixed => need == allowed,
        Hardness::Reference => true,
    };
    let allowed = i64::try_from(allowed).unwrap_or(i64::MAX);
    let over =
        || Refusal::with(Code::ProjectOverStandard, project.year_need_fen, Fen::new(allowed));
    if kept { Ok(()) } else { Err(over()) }
}

/// A project of last year asks for no more than its grade leaves.
fn must_keep_grade(asked: &Asked<'_>, project: &Project) -> Result<(), Refusal> {
    let left = need_left_by_grade(asked.division, asked.paper.year, &project.code);
    match left {
        Some(left) if project.year_need_fen > left => {
            Err(Refusal::with(Code::ProjectCutByGrade, project.year_need_fen, left))
        }
        _ => Ok(()),
    }
}

fn must_be_out_of_budget(office: &Office, project: &Project) -> Result<(), Refusal> {
    let listed = office.rows_of_project(&project.code).next().is_some();
    if listed { Err(Code::ProjectInBudget.into()) } else { Ok(()) }
}

/// What is given up has no money left in the budget.
fn must_have_no_money(office: &Office, project: &Project) -> Result<(), Refusal> {
    let money = office.rows_of_project(&project.code).any(|row| row.current_fen > Fen::ZERO);
    if money { Err(Code::ProjectInBudget.into()) } else { Ok(()) }
}

fn must_have_waited(asked: &Asked<'_>, project: &Project) -> Result<(), Refusal> {
    let since = project.library_year.unwrap_or(asked.paper.year).get();
    let waited = asked.paper.year.get().saturating_sub(since);
    let enough = u32::from(waited) >= Policy::LibraryYears.of(asked.office);
    if enough { Ok(()) } else { Err(Code::ProjectNotExpired.into()) }
}

/// The project a line names in its first column.
fn known<'a>(office: &'a Office, line: &Line<'_>) -> Result<&'a Project, Refusal> {
    let code: Word = line.get(0)?;
    office.get(&code).ok_or_else(|| line.refuse(Code::NoRow, 0))
}

/// The unit that a code names, if it works.
pub(super) fn active_unit<'a>(office: &'a Office, code: &str) -> Result<&'a Unit, Code> {
    let unit = office.get(code).filter(|unit: &&Unit| unit.standing == Standing::Active);
    unit.ok_or(Code::UnitNotActive)
}

/// Nobody: of what has not been signed.
const NOBODY: PersonId = PersonId::NOBODY;
