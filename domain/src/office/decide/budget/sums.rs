//! The checks over all rows of the budget : what units send, what income and control
//! figures bear, and what goes before the congress.

use std::collections::BTreeMap;

use super::figures::income_keys;
use crate::elements::{is_appropriated, is_debt_principal, is_general, is_transfer};
use crate::ids::{Class, FiscalYear};
use crate::money::{Fen, FenSum};
use crate::office::Office;
use crate::office::authority::live_rows;
use crate::office::decide::project::must_keep_standard;
use crate::office::performance::has_goal;
use crate::office::policy::Policy;
use crate::office::table::Tabled;
use crate::office::tables::budget::{
    ApprovedSum, BudgetRow, BudgetState, Control, Income, RowKind, Surplus, VersionSum,
};
use crate::office::tables::project::{Project, ProjectState};
use crate::refusal::{Code, Refusal};

/// What a row is worth at a step: what is asked for before the first control figures, what would be
/// replied after them.
fn worth(row: &BudgetRow, state: BudgetState) -> FenSum {
    let first = state == BudgetState::Opened;
    FenSum::from(if first { row.asked_fen } else { row.current_fen }.get())
}

fn fen(sum: FenSum) -> Fen {
    Fen::new(i64::try_from(sum).unwrap_or(i64::MAX))
}

fn over(code: Code, asked: FenSum, left: FenSum) -> Refusal {
    Refusal::with(code, fen(asked), fen(left))
}

/// What a unit plans to take in of a fund nature.
pub(super) fn income_of_unit(office: &Office, unit: &str, fund: Class) -> FenSum {
    let beginning = income_keys(unit, fund);
    office
        .beginning::<Income>(&beginning)
        .map(|income| FenSum::from(income.planned_fen.get()))
        .sum()
}

/// What a unit's rows of a fund nature are in sum.
pub(super) fn rows_of_unit(office: &Office, unit: &str, fund: Class) -> FenSum {
    let rows = office.rows_of_unit(unit).filter(|row| row.fund == fund);
    rows.map(|row| FenSum::from(row.current_fen.get())).sum()
}

/// What a unit must have brought together before it sends its part of a round.
pub(super) fn unit_must_fit(
    office: &Office,
    unit: &str,
    state: BudgetState,
    year: FiscalYear,
) -> Result<(), Refusal> {
    let rows: Vec<&BudgetRow> = office.rows_of_unit(unit).filter(|row| is_units(row)).collect();
    let mut projects: BTreeMap<&str, FenSum> = BTreeMap::new();
    for row in &rows {
        // Money that is carried over is no new need.
        let need = if row.kind == RowKind::Carried { 0 } else { worth(row, state) };
        *projects.entry(&*row.project).or_default() += need;
    }
    for (code, sum) in projects {
        project_must_bear(office, code, sum, state, year)?;
    }
    if state == BudgetState::Opened {
        return Ok(());
    }
    controls_must_bear(office, Some(unit))?;
    incomes_must_bear(office, Some(unit))
}

/// Rows of a unit, or all of them.
fn rows_of<'a>(
    office: &'a Office,
    unit: Option<&'a str>,
) -> Box<dyn Iterator<Item = &'a BudgetRow> + 'a> {
    match unit {
        Some(unit) => Box::new(office.rows_of_unit(unit)),
        None => Box::new(live_rows(office)),
    }
}

/// Whether a unit sends the row; finance sends none of what it holds.
pub(super) fn is_units(row: &BudgetRow) -> bool {
    !row.kind.is_held_by_finance()
}

/// A project bears what its rows sum up to: it is in the library or chosen, its standard is kept,
/// its goal is there, and its need was reviewed for as much.
fn project_must_bear(
    office: &Office,
    code: &str,
    sum: FenSum,
    state: BudgetState,
    year: FiscalYear,
) -> Result<(), Refusal> {
    let project: &Project = office.get(code).ok_or(Code::NoRow)?;
    match (project.state, state) {
        (ProjectState::Selected, _) | (ProjectState::InLibrary, BudgetState::Opened) => {}
        (ProjectState::InLibrary, _) => return Err(Code::ProjectNotSelected.into()),
        _ => return Err(Code::ProjectNotInLibrary.into()),
    }
    must_keep_standard(office, project, year.get())?;
    if !has_goal(office, project) {
        return Err(Code::BudgetNoGoal.into());
    }
    let need = FenSum::from(project.year_need_fen.get());
    if sum <= need { Ok(()) } else { Err(over(Code::ProjectOverNeed, sum, need)) }
}

/// Per unit, class of projects and fund nature: what is placed is within the control figure.
fn controls_must_bear(office: &Office, unit: Option<&str>) -> Result<(), Refusal> {
    let placed = rows_of(office, unit);
    let placed = placed.filter(|row| row.kind == RowKind::Placed && is_appropriated(row.fund));
    let mut sums: BTreeMap<String, FenSum> = BTreeMap::new();
    for row in placed {
        let project: &Project = office.get(&row.project).ok_or(Code::NoRow)?;
        let (unit, class, fund) = (row.unit.clone(), project.class, row.fund);
        let control = Control { unit, class, fund, amount_fen: Fen::ZERO };
        *sums.entry(control.key()).or_default() += FenSum::from(row.current_fen.get());
    }
    for (key, sum) in sums {
        let control: Option<&Control> = office.get(&key);
        let control = control.map_or(0, |control| FenSum::from(control.amount_fen.get()));
        if sum > control {
            return Err(over(Code::OverControl, sum, control));
        }
    }
    Ok(())
}

/// Per unit and fund nature that is not appropriated: nothing is arranged from income that was not
/// registered.
fn incomes_must_bear(office: &Office, unit: Option<&str>) -> Result<(), Refusal> {
    let mut sums: BTreeMap<(&str, Class), FenSum> = BTreeMap::new();
    for row in rows_of(office, unit).filter(|row| !is_appropriated(row.fund)) {
        let sum = sums.entry((&*row.unit, row.fund)).or_default();
        *sum += FenSum::from(row.current_fen.get());
    }
    for ((unit, fund), sum) in sums {
        let income = income_of_unit(office, unit, fund);
        if sum > income {
            return Err(over(Code::NoIncome, sum, income));
        }
    }
    Ok(())
}

/// Control figures of each fund nature are within what the division takes in of it.
pub(super) fn envelope_must_bear(office: &Office) -> Result<(), Refusal> {
    let incomes = division_income(office);
    let mut sums: BTreeMap<Class, FenSum> = BTreeMap::new();
    for control in office.all::<Control>() {
        *sums.entry(control.fund).or_default() += FenSum::from(control.amount_fen.get());
    }
    for (fund, sum) in sums {
        let income = incomes.get(&fund).copied().unwrap_or(0);
        if sum > income {
            return Err(over(Code::OverEnvelope, sum, income));
        }
    }
    Ok(())
}

fn division_income(office: &Office) -> BTreeMap<Class, FenSum> {
    let mut sums = BTreeMap::new();
    let beginning = format!("{}/", Income::DIVISION);
    for income in office.beginning::<Income>(&beginning) {
        *sums.entry(income.fund).or_default() += FenSum::from(income.planned_fen.get());
    }
    sums
}

/// The draft as a whole: control figures, registered incomes, balance and reserve fund.
pub(super) fn whole_must_fit(office: &Office, year: FiscalYear) -> Result<(), Refusal> {
    controls_must_bear(office, None)?;
    incomes_must_bear(office, None)?;
    must_balance(office)?;
    reserve_must_fit(office, year)
}

/// The local balance: what the division takes in of each appropriated fund nature (own income,
/// transfers, carry-over, bonds, stabilisation fund) is what is spent (rows of all kinds, transfers
/// out and debt principal among them) and what is left over.
fn must_balance(office: &Office) -> Result<(), Refusal> {
    let mut sides: BTreeMap<Class, (FenSum, FenSum)> = BTreeMap::new();
    for (fund, sum) in division_income(office) {
        sides.entry(fund).or_default().0 += sum;
    }
    for row in live_rows(office).filter(|row| is_appropriated(row.fund)) {
        sides.entry(row.fund).or_default().1 += FenSum::from(row.current_fen.get());
    }
    for surplus in office.all::<Surplus>() {
        sides.entry(surplus.fund).or_default().1 += FenSum::from(surplus.amount_fen.get());
    }
    match sides.values().find(|(income, spending)| income != spending) {
        Some(&(income, spending)) => Err(over(Code::Unbalanced, spending, income)),
        None => Ok(()),
    }
}

/// The reserve fund is between its shares of general budget spending (Budget Law, article 40);
/// transfers and debt principal are not spending of the division's own.
fn reserve_must_fit(office: &Office, year: FiscalYear) -> Result<(), Refusal> {
    let (mut spending, mut reserve): (FenSum, FenSum) = (0, 0);
    for row in live_rows(office).filter(|row| is_general(row.fund, year)) {
        let amount = FenSum::from(row.current_fen.get());
        if !is_transfer(row.functional) && !is_debt_principal(row.functional) {
            spending += amount;
        }
        if row.kind == RowKind::Reserve {
            reserve += amount;
        }
    }
    let share = |policy: Policy| spending * FenSum::from(policy.of(office));
    let (least, most) = (share(Policy::ReserveMin), share(Policy::ReserveMax));
    if reserve * 100 < least {
        return Err(over(Code::ReserveOutOfRange, reserve, (least + 99) / 100));
    }
    if reserve * 100 > most {
        return Err(over(Code::ReserveOutOfRange, reserve, most / 100));
    }
    Ok(())
}

/// Sum of the rows by fund nature and functional class of seven digits: what the approved table
/// says has to be said by the reply.
pub(super) fn must_be_approved(office: &Office) -> Result<(), Refusal> {
    let mut sides: BTreeMap<(Class, Class), (FenSum, FenSum)> = BTreeMap::new();
    for row in live_rows(office) {
        let side = sides.entry((row.fund, row.functional)).or_default();
        side.0 += FenSum::from(row.current_fen.get());
    }
    for approved in office.all::<ApprovedSum>() {
        let side = sides.entry((approved.fund, approved.functional)).or_default();
        side.1 += FenSum::from(approved.amount_fen.get());
    }
    match sides.values().find(|(rows, approved)| rows != approved) {
        Some(&(rows, approved)) => Err(over(Code::ReplyMismatch, rows, approved)),
        None => Ok(()),
    }
}

/// What a version keeps of all rows: how many, their sum, the sums by fund nature and functional
/// class of three digits.
pub(super) struct Totals {
    pub(super) rows: u32,
    pub(super) spending_fen: Fen,
    pub(super) income_fen: Fen,
    pub(super) sums: Vec<VersionSum>,
}

/// The totals of a version made at a step that begins in `state`.
pub(super) fn totals(office: &Office, state: BudgetState, version: u32) -> Result<Totals, Refusal> {
    let (mut rows, mut spending): (u32, FenSum) = (0, 0);
    let mut sums: BTreeMap<(Class, Class), FenSum> = BTreeMap::new();
    for row in live_rows(office) {
        rows += 1;
        spending += worth(row, state);
        let class = Class::new(&row.functional.as_str()[..3]).ok_or(Code::BadElement)?;
        *sums.entry((row.fund, class)).or_default() += worth(row, state);
    }
    let income: FenSum =
        office.all::<Income>().map(|income| FenSum::from(income.planned_fen.get())).sum();
    let bounded = |sum: FenSum| {
        let fen = i64::try_from(sum).ok().map(Fen::new).filter(|fen| fen.in_bounds());
        fen.ok_or(Refusal::new(Code::OverBound))
    };
    let sums = sums.into_iter().map(|((fund, functional), sum)| {
        Ok(VersionSum { version, fund, functional, amount_fen: bounded(sum)? })
    });
    Ok(Totals {
        rows,
        spending_fen: bounded(spending)?,
        income_fen: bounded(income)?,
        sums: sums.collect::<Result<_, Refusal>>()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::office::line::Change;

    /// No paper leads there: a goal is whole before its project comes into the library, and
    /// frozen afterwards. The check stands all the same.
    #[test]
    fn a_project_whose_goal_is_not_whole_bears_no_rows() {
        let mut office = Office::default();
        let mut put = |line: &str| office.make(Change::read(line).expect("a change"));
        put(
            "+project\tP\t项目\t101\tpublic\t2023\t2023\t1\t9.00\t9.00\t依据\tnone\t0\tG\t\t\t0\tselected\t2023\t1\t2\t",
        );
        put("+goal\tG\t101\t目标\t9.00\t1\t2");
        put(
            "+budget-row\tR\t101\tP\tplaced\t2050203\t50502\t30201\t111\t2\t\t\t2023\t9.00\t9.00\t9.00\t0.00\t0.00\t9.00\t2",
        );
        let year = FiscalYear::from_offset(23);
        let heard = unit_must_fit(&office, "101", BudgetState::FirstDown, year);
        assert_eq!(heard.map_err(|no| no.code.slug()), Err("budget-no-goal"));
    }
}
