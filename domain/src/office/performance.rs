//! Performance and its consequences, for everybody who decides about money: whether a goal is
//! whole, how it does, what a grade leaves, which money is dormant.

use std::collections::BTreeMap;

use super::Office;
use super::authority::live_rows;
use super::policy::Policy;
use super::tables::budget::{BudgetRow, RowKind};
use super::tables::performance::{
    Dormant, Evaluation, Goal, Grade, Hundredths, Indicator, Light, Tracked,
};
use super::tables::project::{Project, ProjectNeed};
use crate::division::{Division, YearBook};
use crate::ids::{Day, FiscalYear};
use crate::money::{Fen, FenSum};
use crate::refusal::{Code, Refusal};

/// Indicators of a goal.
#[must_use]
pub fn indicators<'a>(office: &'a Office, goal: &str) -> Vec<&'a Indicator> {
    office.beginning(&format!("{goal}/")).collect()
}

/// Whether indicators make a goal: weights of 100.00 in sum, each of the three levels.
///
/// # Errors
/// [`Code::OverHundred`], [`Code::WeightsNotWhole`], [`Code::LevelsMissing`].
pub fn must_be_whole<'a>(indicators: impl Iterator<Item = &'a Indicator>) -> Result<(), Refusal> {
    let (mut sum, mut levels) = (0_u64, [false; 3]);
    for indicator in indicators {
        if indicator.weight > Hundredths::WHOLE {
            return Err(Code::OverHundred.into());
        }
        sum += u64::from(indicator.weight.0);
        levels[indicator.level.level()] = true;
    }
    if sum != u64::from(Hundredths::WHOLE.0) {
        return Err(Code::WeightsNotWhole.into());
    }
    if levels == [true; 3] { Ok(()) } else { Err(Code::LevelsMissing.into()) }
}

/// Whether a project has a goal of its unit with indicators that make it whole.
#[must_use]
pub fn has_goal(office: &Office, project: &Project) -> bool {
    let goal: Option<&Goal> = office.get(&project.goal);
    goal.is_some_and(|goal| goal.unit == project.unit)
        && must_be_whole(indicators(office, &project.goal).into_iter()).is_ok()
}

/// How a project's goal did when it was tracked last; `None`: it never was.
#[must_use]
pub fn light(office: &Office, project: &Project) -> Option<Light> {
    let beginning = format!("{}/", &*project.goal);
    // Days sort as text.
    let last = office.beginning::<Tracked>(&beginning).last();
    last.map(|tracked| tracked.light)
}

/// The light of what was reached when so much could be expected.
#[must_use]
pub fn light_of(office: &Office, reached: Hundredths, expected: Hundredths) -> Light {
    let behind = expected.0.saturating_sub(reached.0);
    if behind >= Policy::LightRed.of(office) * 100 {
        Light::Red
    } else if behind >= Policy::LightYellow.of(office) * 100 {
        Light::Yellow
    } else {
        Light::Green
    }
}

/// The share of a year that has passed at the end of a day, by months and days of 365.
#[must_use]
pub fn passed(day: Day, year: FiscalYear) -> Hundredths {
    if day.year() != year.get() {
        return if day.year() > year.get() { Hundredths::WHOLE } else { Hundredths(0) };
    }
    const BEFORE: [u32; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
    let days = BEFORE[usize::from(day.month()) - 1] + day.get() % 100;
    Hundredths((days * Hundredths::WHOLE.0 / 365).min(Hundredths::WHOLE.0))
}

/// The grade of a score, and what it leaves of next year's need, per cent.
#[must_use]
pub fn grade_of(office: &Office, score: Hundredths) -> (Grade, u8) {
    let reaches = |from: Policy| score.0 >= from.of(office) * 100;
    let (grade, factor) = if reaches(Policy::ExcellentFrom) {
        (Grade::Excellent, Policy::ExcellentFactor)
    } else if reaches(Policy::GoodFrom) {
        (Grade::Good, Policy::GoodFactor)
    } else if reaches(Policy::FairFrom) {
        (Grade::Fair, Policy::FairFactor)
    } else {
        (Grade::Poor, Policy::PoorFactor)
    };
    (grade, factor.of(office).min(100) as u8)
}

/// The last evaluation of a project that finance has scored, in the year or the one before, and
/// what is on file of its year.
fn last_evaluation<'a>(
    division: &'a Division,
    year: FiscalYear,
    project: &str,
) -> Option<(&'a Evaluation, &'a Office)> {
    [Some(year), year_before(year)].into_iter().flatten().find_map(|year| {
        let office = division.year(year)?.office();
        let evaluation: &Evaluation = office.get(project)?;
        evaluation.score.is_some().then_some((evaluation, office))
    })
}

/// The year before, if a quota can be of it.
#[must_use]
pub fn year_before(year: FiscalYear) -> Option<FiscalYear> {
    FiscalYear::new(year.get() - 1)
}

/// What last year's grade leaves of a project's need in a year; `None`: it says nothing.
#[must_use]
pub fn need_left_by_grade(division: &Division, year: FiscalYear, project: &str) -> Option<Fen> {
    let office = division.year(year_before(year)?)?.office();
    let evaluation: &Evaluation = office.get(project)?;
    let factor = evaluation.factor.filter(|&factor| factor < 100)?;
    let known: &Project = office.get(project)?;
    let planned: Option<&ProjectNeed> = office.get(&format!("{project}/{}", year.get()));
    let need = planned.map_or(known.year_need_fen, |need| need.need_fen);
    Some(Fen::new((FenSum::from(need.get()) * FenSum::from(factor) / 100) as i64))
}

/// Whether the grade of a project's last evaluation, this year's or last year's, allows that its
/// money grows.
///
/// # Errors
/// [`Code::NoSupplementByGrade`], with the score and the least one in hundredths.
pub fn may_be_supplemented(
    division: &Division,
    year: FiscalYear,
    project: &str,
) -> Result<(), Refusal> {
    let Some((evaluation, office)) = last_evaluation(division, year, project) else {
        return Ok(());
    };
    let least = Policy::SupplementFrom.of(office) * 100;
    match evaluation.score {
        Some(score) if score.0 < least => {
            let (score, least) = (Fen::new(i64::from(score.0)), Fen::new(i64::from(least)));
            Err(Refusal::with(Code::NoSupplementByGrade, score, least))
        }
        _ => Ok(()),
    }
}

/// Whether a goal still fits a project whose rows are this much in sum.
///
/// # Errors
/// [`Code::GoalStale`], with the sum and what the goal was approved with; [`Code::BudgetNoGoal`].
pub fn goal_must_fit(office: &Office, project: &Project, sum_fen: Fen) -> Result<(), Refusal> {
    let goal: &Goal = office.get(&project.goal).ok_or(Code::BudgetNoGoal)?;
    let (approved, sum) = (FenSum::from(goal.approved_fen.get()), FenSum::from(sum_fen.get()));
    let change = FenSum::from(Policy::GoalChange.of(office));
    let approved_now = goal.approver.0 != 0;
    if approved_now && (sum - approved).abs() * 100 <= approved * change {
        Ok(())
    } else {
        Err(Refusal::with(Code::GoalStale, sum_fen, goal.approved_fen))
    }
}

/// A row whose money is dormant, and how much of it is unused.
#[derive(Clone, Copy, Debug)]
pub struct DormantRow<'a> {
    /// The row.
    pub row: &'a BudgetRow,
    /// Years since its money was first approved.
    pub age_years: u16,
    /// What is available on its quotas, or on the row itself where it has none.
    pub unused_fen: FenSum,
}

/// Every row whose money is dormant: old enough by the year of its first approval, which carry-overs
/// keep, and not used up.
#[must_use]
pub fn dormant_rows(book: &YearBook) -> Vec<DormantRow<'_>> {
    let office = book.office();
    let from = Policy::DormantYears.of(office);
    let age = |row: &BudgetRow| book.year.get().saturating_sub(row.first_year.get());
    let old = live_rows(office)
        .filter(|row| !row.kind.is_held_by_finance() && row.kind != RowKind::Recovered)
        .filter(|row| u32::from(age(row)) >= from);
    let old: Vec<&BudgetRow> = old.collect();
    if old.is_empty() {
        return Vec::new();
    }
    let available = available_by_row(book);
    let row = |row: &'_ BudgetRow| available.get(&*row.code).copied();
    let unused = |of: &BudgetRow| row(of).unwrap_or(FenSum::from(of.current_fen.get()));
    old.into_iter()
        .map(|row| DormantRow { row, age_years: age(row), unused_fen: unused(row) })
        .filter(|dormant| dormant.unused_fen > 0)
        .collect()
}

/// What is available on the quotas of each row that has any, by the row's code.
#[must_use]
pub fn available_by_row(book: &YearBook) -> BTreeMap<&str, FenSum> {
    let mut by_row: BTreeMap<&str, FenSum> = BTreeMap::new();
    for (_, cell, row) in book.quotas() {
        if let Some((_, code)) = row.key.rsplit_once('/') {
            *by_row.entry(code).or_default() += FenSum::from(cell.buckets.available());
        }
    }
    by_row
}

/// Of a dormant row: what was taken back since it was listed and is not planned anew yet.
#[must_use]
pub fn recovered_left(office: &Office, dormant: &Dormant) -> Fen {
    let row: Option<&BudgetRow> = office.get(&dormant.row);
    let now = row.map_or(dormant.vired_fen, |row| row.vired_fen);
    let taken = dormant.vired_fen.get().saturating_sub(now.get()).max(0);
    Fen::new(taken.saturating_sub(dormant.replanned_fen.get()).max(0))
}
