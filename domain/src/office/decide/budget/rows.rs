//! What units and finance write into rows of the budget, and what a row must be.

use super::has_sent;
use crate::elements::{Branch, Elements, branch_of, is_appropriated, is_procured};
use crate::money::Fen;
use crate::office::Office;
use crate::office::authority::budget;
use crate::office::decide::Asked;
use crate::office::decide::project::active_unit;
use crate::office::decide::reading::{Line, each_once};
use crate::office::field::{DivisionCode, Field, Word};
use crate::office::line::Change;
use crate::office::policy::Policy;
use crate::office::table::Tabled;
use crate::office::tables::base::{Unit, UnitKind};
use crate::office::tables::budget::{Budget, BudgetRow, BudgetState, Income, RowKind, SentBy};
use crate::office::tables::people::PostKind;
use crate::office::tables::project::{Project, ProjectState};
use crate::refusal::{Code, Refusal};
use BudgetState as S;

/// Columns of a line that writes a row.
const COLUMNS: usize = 13;
const AMOUNT: usize = 12;

/// Each line: code, unit, project, kind, functional, government and departmental class, fund
/// nature, whether procurement, tracked project, receiving division, year of first approval, amount.
/// The amount is what is asked for before the first submission, what is drafted after it.
pub(in super::super) fn put(asked: &Asked<'_>) -> Result<Vec<Change>, Refusal> {
    let mut changes = Vec::new();
    for line in asked.read()? {
        let (row, amount) = written(&line, 0)?;
        let before: Option<&BudgetRow> = asked.office.get(&row.code);
        let budget = may_write(asked, &row).map_err(|no| line.place(no, 1))?;
        if let Some(before) = before {
            may_write(asked, before).map_err(|no| line.place(no, 1))?;
            must_keep_elements(asked, before, &row).map_err(|no| line.place(no, 0))?;
        }
        must_be_good(asked, &line, 0, &row, amount)?;
        let asked_fen = before.map_or(Fen::ZERO, |before| before.asked_fen);
        let row = match budget.state {
            S::Opened => BudgetRow { asked_fen: amount, ..row },
            _ => BudgetRow { asked_fen, ..row }.with_reply(amount),
        };
        must_cover_use(asked, &row).map_err(|no| line.place(no, AMOUNT))?;
        changes.push(Change::Put(row.into_row()));
    }
    each_once(changes)
}

/// Rows that a document will bring money to: added after the reply, with nothing on them. The
/// amount of the line is what finance agrees to bring.
pub(in super::super) fn add(asked: &Asked<'_>) -> Result<Vec<Change>, Refusal> {
    asked.budget_in(&[S::Replied])?;
    let mut changes = Vec::new();
    for line in asked.read()? {
        let row = added(asked, &line, 0)?;
        if row.kind == RowKind::Recovered {
            return Err(line.refuse(Code::BadRow, 3));
        }
        changes.push(Change::Put(row.into_row()));
    }
    each_once(changes)
}

/// A row added after the reply, from the columns of a line from `first` on.
pub(in super::super) fn added(
    asked: &Asked<'_>,
    line: &Line<'_>,
    first: usize,
) -> Result<BudgetRow, Refusal> {
    let (row, amount) = written(line, first)?;
    asked.must_hold(PostKind::BudgetOfficer, Some(&row.unit))?;
    if asked.office.get::<BudgetRow>(&row.code).is_some() {
        return Err(line.refuse(Code::RowTwice, first));
    }
    must_be_good(asked, line, first, &row, amount)?;
    Ok(BudgetRow { audited_fen: amount, ..row })
}

/// Drops rows. Each line: a code.
pub(in super::super) fn drop_rows(asked: &Asked<'_>) -> Result<Vec<Change>, Refusal> {
    let mut changes = Vec::new();
    for line in asked.read()? {
        line.must_have(1)?;
        let row = known(asked.office, &line)?;
        may_write(asked, row).map_err(|no| line.place(no, 0))?;
        if has_quota(asked, row) {
            return Err(line.refuse(Code::RowHasQuota, 0));
        }
        let row = BudgetRow { is_dropped: true, ..row.clone() }.with_reply(Fen::ZERO);
        changes.push(Change::Put(row.into_row()));
    }
    each_once(changes)
}

/// What finance agrees to. Each line: a code and the amount.
pub(in super::super) fn audit(asked: &Asked<'_>) -> Result<Vec<Change>, Refusal> {
    asked.budget_in(&[S::FirstUp, S::SecondUp, S::Approved])?;
    let mut changes = Vec::new();
    for line in asked.read()? {
        line.must_have(2)?;
        let row = known(asked.office, &line)?;
        asked.must_hold(PostKind::BudgetOfficer, Some(&row.unit))?;
        let amount = line.amount(1)?;
        must_be_flagged(asked, row, amount).map_err(|no| line.place(no, 1))?;
        let row = row.clone().with_reply(amount);
        must_cover_use(asked, &row).map_err(|no| line.place(no, 1))?;
        changes.push(Change::Put(row.into_row()));
    }
    each_once(changes)
}

fn known<'a>(office: &'a Office, line: &Line<'_>) -> Result<&'a BudgetRow, Refusal> {
    let code: Word = line.get(0)?;
    let row: &BudgetRow = office.get(&code).ok_or_else(|| line.refuse(Code::NoRow, 0))?;
    if row.is_dropped { Err(line.refuse(Code::RowDropped, 0)) } else { Ok(row) }
}

/// A row as a line writes it, without money, and its amount.
fn written(line: &Line<'_>, first: usize) -> Result<(BudgetRow, Fen), Refusal> {
    line.must_have(first + COLUMNS)?;
    let row = BudgetRow {
        code: line.get(first)?,
        unit: line.get(first + 1)?,
        project: line.get(first + 2)?,
        kind: line.get(first + 3)?,
        functional: line.get(first + 4)?,
        government: line.get(first + 5)?,
        departmental: line.get(first + 6)?,
        fund: line.get(first + 7)?,
        procurement: line.get(first + 8)?,
        track: line.get(first + 9)?,
        to_division: line.get(first + 10)?,
        first_year: line.get(first + 11)?,
        asked_fen: Fen::ZERO,
        audited_fen: Fen::ZERO,
        reply_fen: Fen::ZERO,
        adjusted_fen: Fen::ZERO,
        vired_fen: Fen::ZERO,
        current_fen: Fen::ZERO,
        is_dropped: false,
    };
    Ok((row, line.amount(first + AMOUNT)?))
}

/// Whether the person may write or drop a row now: the unit its own while it drafts and has not
/// sent, finance those it holds until the draft is before the congress, and once more to bring the
/// rows to what was approved.
fn may_write<'a>(asked: &Asked<'a>, row: &BudgetRow) -> Result<&'a Budget, Refusal> {
    let unit = &*row.unit;
    if row.kind.is_held_by_finance() {
        asked.must_hold(PostKind::BudgetOfficer, Some(unit))?;
        return asked.budget_in(&[S::Opened, S::FirstUp, S::FirstDown, S::SecondUp, S::Approved]);
    }
    if budget(asked.office).is_some_and(|budget| budget.state == S::Approved) {
        asked.must_hold(PostKind::BudgetOfficer, Some(unit))?;
        return asked.budget_in(&[S::Approved]);
    }
    asked.must_hold(PostKind::UnitMaker, Some(unit))?;
    let budget = asked.budget_in(&[S::Opened, S::FirstDown])?;
    let office = asked.office;
    let sent = has_sent(office, budget.round, SentBy::Unit, unit)
        || has_sent(office, budget.round, SentBy::Department, office.department_of(unit));
    if sent { Err(Code::AlreadySent.into()) } else { Ok(budget) }
}

/// What a row must be, each in its column; `first` is the column of its code.
fn must_be_good(
    asked: &Asked<'_>,
    line: &Line<'_>,
    first: usize,
    row: &BudgetRow,
    amount: Fen,
) -> Result<(), Refusal> {
    let (office, year) = (asked.office, asked.paper.year);
    let refuse = |code: Code, column: usize| line.refuse(code, first + column);
    let unit = active_unit(office, &row.unit).map_err(|code| refuse(code, 1))?;
    if !unit.is_leaf && !row.kind.is_held_by_finance() {
        return Err(refuse(Code::UnitNotLeaf, 1));
    }
    let project: &Project = office.get(&row.project).ok_or_else(|| refuse(Code::NoRow, 2))?;
    must_take_rows(project, row, year).map_err(|code| refuse(code, 2))?;
    if row.track != project.track {
        return Err(refuse(Code::BadRow, 9));
    }
    let BudgetRow { functional, government, departmental, fund, .. } = *row;
    // Rows go down to the item (项), as the congress approves them.
    if functional.as_str().len() != 7 {
        return Err(refuse(Code::BadElement, 4));
    }
    let elements = Elements { functional, government, departmental, fund };
    elements.check(year).map_err(|code| refuse(code, 4))?;
    must_be_of_branch(unit, row, year).map_err(|code| refuse(code, 5))?;
    let placed = row.to_division.is_empty() || row.kind == RowKind::Transfer;
    let to = &row.to_division;
    if !placed || !(to.is_empty() || DivisionCode::read(to).is_some()) {
        return Err(refuse(Code::BadRow, 10));
    }
    let old = row.first_year < year;
    if row.first_year > year || old != (row.kind == RowKind::Carried) {
        return Err(refuse(Code::BadRow, 11));
    }
    if !is_appropriated(fund) && !has_income(office, row) {
        return Err(refuse(Code::NoIncome, 7));
    }
    must_be_flagged(asked, row, amount).map_err(|no| line.place(no, first + 8))
}

/// Whether rows may rest on a project: that of its own unit, in its term unless the money is carried
/// over, not at its end. Whether it is in the library is asked when the rows are sent.
fn must_take_rows(
    project: &Project,
    row: &BudgetRow,
    year: crate::ids::FiscalYear,
) -> Result<(), Code> {
    let ended = matches!(
        project.state,
        ProjectState::Finished
            | ProjectState::Evaluated
            | ProjectState::Closed
            | ProjectState::Cancelled
            | ProjectState::Expired
    );
    if project.unit != row.unit {
        Err(Code::ProjectOfAnotherUnit)
    } else if ended {
        Err(Code::ProjectNotInLibrary)
    } else if !project.covers(year) && row.kind != RowKind::Carried {
        Err(Code::ProjectTermEnded)
    } else {
        Ok(())
    }
}

/// The kind of the unit selects the branch of the mapping.
fn must_be_of_branch(
    unit: &Unit,
    row: &BudgetRow,
    year: crate::ids::FiscalYear,
) -> Result<(), Code> {
    let own = match unit.kind {
        UnitKind::Administrative | UnitKind::CivilService => Branch::Administrative,
        UnitKind::PublicOne | UnitKind::PublicTwo => Branch::Institution,
        UnitKind::Other => return Ok(()),
    };
    let of = branch_of(row.government, year);
    if of.is_none_or(|branch| branch == own) { Ok(()) } else { Err(Code::EconomicMismatch) }
}

/// Income that the unit registered for the row's fund nature.
fn has_income(office: &Office, row: &BudgetRow) -> bool {
    let beginning = format!("{}/{}/", &*row.unit, row.fund.as_str());
    office.beginning::<Income>(&beginning).any(|income| income.planned_fen > Fen::ZERO)
}

fn must_be_flagged(asked: &Asked<'_>, row: &BudgetRow, amount: Fen) -> Result<(), Refusal> {
    let from = Fen::new(i64::from(Policy::ProcurementFrom.of(asked.office)) * 100);
    let bought = is_procured(row.departmental, asked.paper.year) && amount >= from;
    if row.procurement || !bought {
        return Ok(());
    }
    Err(Refusal::with(Code::ProcurementUnflagged, amount, from))
}

/// A quota that rests on a row names its elements: they stay.
fn must_keep_elements(
    asked: &Asked<'_>,
    before: &BudgetRow,
    after: &BudgetRow,
) -> Result<(), Refusal> {
    let same = before.quota_key("") == after.quota_key("");
    if same || !has_quota(asked, before) { Ok(()) } else { Err(Code::RowHasQuota.into()) }
}

fn has_quota(asked: &Asked<'_>, row: &BudgetRow) -> bool {
    asked.quota_of(row).is_some()
}

/// What was used of a pre-approval quota stays covered: its row does not fall below it.
pub(super) fn must_cover_use(asked: &Asked<'_>, row: &BudgetRow) -> Result<(), Refusal> {
    let quota = asked.quota_of(row).and_then(|quota| asked.book?.quota(quota));
    let Some(cell) = quota else { return Ok(()) };
    let used = Fen::new(cell.buckets.issued - cell.buckets.available());
    let covered = row.current_fen >= used;
    if covered { Ok(()) } else { Err(Refusal::with(Code::CutBelowUsed, row.current_fen, used)) }
}

/// The text of a field, for keys.
pub(super) fn text_of(field: &impl Field) -> String {
    let mut text = String::new();
    field.write(&mut text);
    text
}
