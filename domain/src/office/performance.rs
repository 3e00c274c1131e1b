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

/// The last evaluation with finance's score of a project's year, `latest` or the one before it, and
/// what is on file where it stands. One filed in the next year comes after one filed in the same.
fn last_evaluation<'a>(
    division: &'a Division,
    latest: FiscalYear,
    project: &str,
) -> Option<(&'a Evaluation, &'a Office)> {
    let years = [Some(latest), year_before(latest)].into_iter().flatten();
    years.into_iter().find_map(|year| {
        let key = format!("{project}/{}", year.get());
        [year_after(year), Some(year)].into_iter().flatten().find_map(|filed| {
            let office = division.year(filed)?.office();
            let evaluation: &Evaluation = office.get(&key)?;
            evaluation.score.is_some().then_some((evaluation, office))
        })
    })
}

/// The year before, if a quota can be of it.
#[must_use]
pub fn year_before(year: FiscalYear) -> Option<FiscalYear> {
    FiscalYear::new(year.get() - 1)
}

fn year_after(year: FiscalYear) -> Option<FiscalYear> {
    FiscalYear::new(year.get() + 1)
}

/// Per cent of a project's need in a year that the grade of its last evaluation leaves: of the year
/// before, or the one before that; `None`: no grade says anything.
#[must_use]
pub fn factor_by_grade(division: &Division, year: FiscalYear, project: &str) -> Option<u8> {
    let (evaluation, _) = last_evaluation(division, year_before(year)?, project)?;
    evaluation.factor.filter(|&factor| factor < 100)
}

/// What that leaves of what last year planned for the project in a year.
#[must_use]
pub fn need_left_by_grade(division: &Division, year: FiscalYear, project: &str) -> Option<Fen> {
    let factor = factor_by_grade(division, year, project)?;
    let office = division.year(year_before(year)?)?.office();
    let known: &Project = office.get(project)?;
    let planned: Option<&ProjectNeed> = office.get(&format!("{project}/{}", year.get()));
    let need = planned.map_or(known.year_need_fen, |need| need.need_fen);
    Some(Fen::new((FenSum::from(need.get()) * FenSum::from(factor) / 100) as i64))
}

/// Whether the grade of a project's last evaluation, of this year or the two before, allows that
/// its money grows.
///
/// # Errors
/// [`Code::NoSupplementByGrade`], with the score and the least one in hundredths.
pub fn may_be_supplemented(
    division: &Division,
    year: FiscalYear,
    project: &str,
) -> Result<(), Refusal> {
    let last = last_evaluation(division, year, project)
        .or_else(|| last_evaluation(division, year_before(year_before(year)?)?, project));
    let Some((evaluation, office)) = last else { return Ok(()) };
    let least = Policy::SupplementFrom.of(office) * 100;
    match evaluation.score {
        Some(score) if score.0 < least => {
            let (score, least) = (Fen::new(i64::from(score.0)), Fen::new(i64::from(least)));
            Err(Refusal::with(Code::NoSupplementByGrade, score, least))
        }
        _ => Ok(()),
    }
}

/// What a goal is held against: the rows of its project, in sum.
#[derive(Clone, Copy, Debug, Default)]
struct OfGoal {
    replied: FenSum,
    current: FenSum,
}

impl OfGoal {
    fn add(&mut self, row: &BudgetRow) {
        self.replied += FenSum::from(row.reply_fen.get());
        self.current += FenSum::from(row.current_fen.get());
    }
}

/// Whether a project's goal still fits what its rows are: near enough to what was replied, or to what
/// the goal was approved anew with.
///
/// # Errors
/// [`Code::BudgetNoGoal`]; [`Code::GoalStale`], with the sum of the rows and what the goal is for.
pub fn goal_must_fit(office: &Office, project: &Project) -> Result<(), Refusal> {
    let mut sums = OfGoal::default();
    rows_of_goal(office, project).for_each(|row| sums.add(row));
    must_fit(office, project, sums, 0)
}

/// Whether the goals of projects still fit when their rows change by so much more, signed, or come
/// nearer to fitting.
///
/// # Errors
/// The first project that it does not, as [`goal_must_fit`].
pub fn goals_must_fit<'a>(
    office: &Office,
    changes: &BTreeMap<&'a str, FenSum>,
) -> Result<(), (&'a str, Refusal)> {
    for (&code, &change) in changes {
        let refused = |no: Refusal| (code, no);
        let project: &Project = office.get(code).ok_or_else(|| refused(Code::NoRow.into()))?;
        let mut sums = OfGoal::default();
        rows_of_goal(office, project).for_each(|row| sums.add(row));
        must_fit(office, project, sums, change).map_err(refused)?;
    }
    Ok(())
}

fn must_fit(
    office: &Office,
    project: &Project,
    sums: OfGoal,
    change: FenSum,
) -> Result<(), Refusal> {
    let goal: &Goal = office.get(&project.goal).ok_or(Code::BudgetNoGoal)?;
    let base = goal.approved_fen.map_or(sums.replied, |fen| FenSum::from(fen.get()));
    let bears = FenSum::from(Policy::GoalChange.of(office));
    let sum = sums.current + change;
    let (apart, before) = (sum - base, sums.current - base);
    let nearer = apart.signum() == before.signum() && apart.abs() < before.abs();
    if goal.approver.0 != 0 && (apart.abs() * 100 <= base * bears || nearer) {
        return Ok(());
    }
    let fen = |sum: FenSum| Fen::new(i64::try_from(sum).unwrap_or(i64::MAX));
    Err(Refusal::with(Code::GoalStale, fen(sum), fen(base)))
}

/// Rows that a project's goal is for.
pub fn rows_of_goal<'a>(
    office: &'a Office,
    project: &'a Project,
) -> impl Iterator<Item = &'a BudgetRow> {
    office.rows_of_project(&project.code).filter(|row| is_of_goal(row.kind))
}

/// Whether a goal is for rows of a kind: not for money that was carried over, which came with its
/// goal, nor for money that finance holds to give to others.
#[must_use]
pub fn is_of_goal(kind: RowKind) -> bool {
    matches!(kind, RowKind::Placed | RowKind::Received)
}

/// Years in a year since a row's money was first approved, which carry-overs keep.
#[must_use]
pub fn age_years(row: &BudgetRow, year: u16) -> u16 {
    year.saturating_sub(row.first_year.get())
}

/// Whether what is unused of a row's money in a year is dormant (沉淀资金): old enough by what the
/// division has on file.
#[must_use]
pub fn is_dormant(office: &Office, row: &BudgetRow, year: FiscalYear) -> bool {
    u32::from(age_years(row, year.get())) >= Policy::DormantYears.of(office)
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

/// Every row of a unit's whose money is dormant and not used up.
#[must_use]
pub fn dormant_rows(book: &YearBook) -> Vec<DormantRow<'_>> {
    let office = book.office();
    let old = live_rows(office)
        .filter(|row| !row.kind.is_held_by_finance() && row.kind != RowKind::Recovered)
        .filter(|row| is_dormant(office, row, book.year));
    let old: Vec<&BudgetRow> = old.collect();
    if old.is_empty() {
        return Vec::new();
    }
    let available = available_by_row(book);
    let row = |row: &'_ BudgetRow| available.get(&*row.code).copied();
    let unused = |of: &BudgetRow| row(of).unwrap_or(FenSum::from(of.current_fen.get()));
    let age = |row: &BudgetRow| age_years(row, book.year.get());
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
        *by_row.entry(row.budget_row()).or_default() += FenSum::from(cell.buckets.available());
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
