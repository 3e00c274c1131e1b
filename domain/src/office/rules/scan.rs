//! What rules look for once a day: dormant money, slow progress, December, split payments, ceilings.
//! A pure function of a year as it stands; a paper puts what it finds among the alerts.

use std::collections::BTreeMap;

use super::condition::{Condition, Scan};
use super::windows::day_number;
use crate::division::YearBook;
use crate::ids::{Class, Day};
use crate::limits::ALERTS_PER_SCAN_MAX;
use crate::money::{Fen, FenSum, yuan_plain};
use crate::office::line::Change;
use crate::office::performance::age_years;
use crate::office::table::{Table, Tabled};
use crate::office::tables::base::Unit;
use crate::office::tables::budget::BudgetRow;
use crate::office::tables::rule::{Alert, AlertState, Ceiling, Rule};
use crate::quota::{QuotaCell, QuotaRow};

/// What begins the part of an alert's inputs that is another every day.
const PASSING: &str = " time=";

/// Something a scan found.
struct Finding {
    subject: String,
    unit: String,
    fen: FenSum,
    /// What was seen.
    inputs: String,
    /// What else stands beside it and is another every day, whatever was seen.
    passing: String,
}

/// The alerts of a day, of every rule that is looked for then, the largest of each rule first; and
/// those that were open and tell of nothing any more.
pub(crate) fn scan(book: &YearBook, day: Day) -> Vec<Change> {
    let mut changes = Vec::new();
    for rule in book.office().all::<Rule>().filter(|rule| rule.in_force) {
        let Ok(Condition::Daily(what)) = Condition::parse(&rule.condition) else { continue };
        let mut found = look(book, &what, day);
        found.sort_by_key(|finding| std::cmp::Reverse(finding.fen));
        close_what_is_over(book, rule, &found, &mut changes);
        changes.extend(found.iter().filter_map(|finding| raise(book, rule, finding, day)));
    }
    changes.truncate(ALERTS_PER_SCAN_MAX);
    changes
}

fn look(book: &YearBook, what: &Scan, day: Day) -> Vec<Finding> {
    match what {
        Scan::Dormant(years) => dormant(book, *years, day),
        Scan::Slow(points) => slow(book, *points, day),
        Scan::YearEnd(share) => year_end(book, *share),
        Scan::Split(days, fen) => split(book, *days, *fen),
        Scan::Over(classes, name) => over(book, classes, name),
    }
}

/// An alert that is new, or that says something else than the one on file. What somebody has answered
/// stays answered until something else is seen; what was over and is seen again is raised again.
fn raise(book: &YearBook, rule: &Rule, finding: &Finding, day: Day) -> Option<Change> {
    let key = format!("{}/{}", &*rule.id, finding.subject);
    let known: Option<&Alert> = book.office().get(&key);
    let stands = |alert: &Alert| alert.state == AlertState::Open || !alert.answer.is_empty();
    if known.is_some_and(|alert| stands(alert) && seen(&alert.inputs) == finding.inputs) {
        return None;
    }
    let inputs = format!("{}{}", finding.inputs, finding.passing);
    let alert = Alert {
        rule: rule.id.clone(),
        subject: (&*finding.subject).into(),
        version: rule.version,
        code: rule.code,
        action: rule.action,
        unit: (&*finding.unit).into(),
        amount_fen: Fen::new(i64::try_from(finding.fen).unwrap_or(i64::MAX)),
        day: Some(day),
        inputs: (&*inputs).into(),
        state: AlertState::Open,
        answer: "".into(),
    };
    Some(Change::Put(alert.into_row()))
}

/// What an alert on file says was seen, without what passes.
fn seen(inputs: &str) -> &str {
    inputs.split_once(PASSING).map_or(inputs, |(seen, _)| seen)
}

fn close_what_is_over(book: &YearBook, rule: &Rule, found: &[Finding], into: &mut Vec<Change>) {
    let begins = format!("{}/", &*rule.id);
    let over = book.office().beginning::<Alert>(&begins).filter(|alert| {
        alert.state == AlertState::Open && found.iter().all(|one| *one.subject != *alert.subject)
    });
    into.extend(over.map(|alert| {
        let closed = Alert { state: AlertState::Closed, ..alert.clone() };
        Change::Put(closed.into_row())
    }));
}

/// The budget row a quota rests on.
fn row_of<'a>(book: &'a YearBook, quota: &QuotaRow) -> Option<&'a BudgetRow> {
    book.office().get(quota.budget_row())
}

/// R-DORM: money on a quota, so many years after the year it was first approved in.
fn dormant(book: &YearBook, years: u32, day: Day) -> Vec<Finding> {
    let of_quota = |(id, cell, row): (crate::QuotaId, &QuotaCell, &QuotaRow)| {
        let budget = row_of(book, row)?;
        let age = u32::from(age_years(budget, day.year()));
        let available = cell.available();
        (age >= years && available > Fen::ZERO && !cell.closed).then(|| Finding {
            // A key of a row holds no slash.
            subject: id.to_string().replace('/', "-"),
            unit: budget.unit.to_string(),
            fen: FenSum::from(available.get()),
            inputs: format!(
                "first-year={} available={}",
                budget.first_year.get(),
                available.to_yuan()
            ),
            passing: String::new(),
        })
    };
    book.quotas().filter_map(of_quota).collect()
}

/// What units have, and have used, by code.
fn progress(book: &YearBook) -> BTreeMap<&str, (FenSum, FenSum)> {
    let mut units: BTreeMap<&str, (FenSum, FenSum)> = BTreeMap::new();
    for (_, cell, row) in book.quotas() {
        let Some(budget) = row_of(book, row) else { continue };
        let b = &cell.buckets;
        let (has, used) = units.entry(&budget.unit).or_default();
        *has += FenSum::from(b.issued) - FenSum::from(b.allocated) - FenSum::from(b.transferred);
        *used += FenSum::from(b.paid) + FenSum::from(b.cleared) - FenSum::from(b.refunding);
    }
    units
}

/// R-SLOW: progress in hundredths so far behind the share of the year that has passed.
fn slow(book: &YearBook, points: u32, day: Day) -> Vec<Finding> {
    let first = Day::new(u32::from(book.year.get()) * 10_000 + 101);
    let last = Day::new(u32::from(book.year.get()) * 10_000 + 1231);
    let (Some(first), Some(last)) = (first, last) else { return Vec::new() };
    if day < first || day > last {
        return Vec::new();
    }
    let passed = FenSum::from(day_number(day) - day_number(first) + 1);
    let year = FenSum::from(day_number(last) - day_number(first) + 1);
    let of_unit = |(unit, (has, used)): (&str, (FenSum, FenSum))| {
        // In exact terms: passed/year − used/has > points/100.
        let behind = (passed * has - used * year) * 100 > FenSum::from(points) * year * has;
        (has > 0 && behind).then(|| Finding {
            subject: unit.into(),
            unit: unit.into(),
            fen: has - used,
            inputs: format!("progress={}%", used * 100 / has),
            passing: format!("{PASSING}{}%", passed * 100 / year),
        })
    };
    progress(book).into_iter().filter_map(of_unit).collect()
}

/// R-YEAREND: December's payments over so many hundredths of the unit's year.
fn year_end(book: &YearBook, share: u32) -> Vec<Finding> {
    let mut units: BTreeMap<u32, (FenSum, FenSum)> = BTreeMap::new();
    for trace in book.traces().filter(|trace| !trace.is_void()) {
        let (year, december) = units.entry(trace.unit).or_default();
        *year += FenSum::from(trace.left_fen);
        if trace.day.month() == 12 {
            *december += FenSum::from(trace.left_fen);
        }
    }
    let of_unit = |(slot, (year, december)): (u32, (FenSum, FenSum))| {
        let unit = unit_of(book, slot)?;
        (december * 100 > FenSum::from(share) * year).then(|| Finding {
            subject: unit.into(),
            unit: unit.into(),
            fen: december,
            inputs: format!("december={}% of the year", december * 100 / year),
            passing: String::new(),
        })
    };
    units.into_iter().filter_map(of_unit).collect()
}

/// R-SPLIT: payments each under the threshold and, over so many days, together over it.
fn split(book: &YearBook, days: u32, threshold: Fen) -> Vec<Finding> {
    let mut pairs: BTreeMap<u64, (u32, Vec<(u32, i64)>)> = BTreeMap::new();
    let small = |trace: &&super::trace::Trace| {
        !trace.is_void() && trace.pair != 0 && trace.asked_fen < threshold.get()
    };
    for trace in book.traces().filter(small) {
        let (_, all) = pairs.entry(trace.pair).or_insert_with(|| (trace.unit, Vec::new()));
        all.push((day_number(trace.day), trace.left_fen));
    }
    let of_pair = |(pair, (slot, mut all)): (u64, (u32, Vec<(u32, i64)>))| {
        all.sort_unstable();
        let most = most_within(&all, days);
        let unit = unit_of(book, slot)?;
        (most >= FenSum::from(threshold.get())).then(|| Finding {
            subject: format!("{unit}-{pair:016x}"),
            unit: unit.into(),
            fen: most,
            inputs: format!("payments={} most-in-{days}-days={}", all.len(), yuan_plain(most)),
            passing: String::new(),
        })
    };
    pairs.into_iter().filter_map(of_pair).collect()
}

/// The most that any so many days of a list in order add up to.
fn most_within(all: &[(u32, i64)], days: u32) -> FenSum {
    let (mut first, mut sum, mut most): (usize, FenSum, FenSum) = (0, 0, 0);
    for (day, fen) in all {
        sum += FenSum::from(*fen);
        while day - all[first].0 >= days {
            sum -= FenSum::from(all[first].1);
            first += 1;
        }
        most = most.max(sum);
    }
    most
}

/// R-3PUB: a unit's year under some classes over what is approved under a name.
fn over(book: &YearBook, classes: &[Class], name: &str) -> Vec<Finding> {
    let of_unit = |ceiling: &Ceiling| {
        let slot = book.office().slot_of(Table::Unit, &ceiling.unit)?;
        let total = classes.iter().map(|&class| book.rules.windows().total(slot, class));
        let total: FenSum = total.sum();
        let approved = FenSum::from(ceiling.approved_fen.get());
        (total > approved).then(|| Finding {
            subject: ceiling.unit.to_string(),
            unit: ceiling.unit.to_string(),
            fen: total - approved,
            inputs: format!("year={} approved={}", yuan_plain(total), yuan_plain(approved)),
            passing: String::new(),
        })
    };
    let named = book.office().all::<Ceiling>().filter(|ceiling| *ceiling.name == *name);
    named.filter_map(of_unit).collect()
}

fn unit_of(book: &YearBook, slot: u32) -> Option<&str> {
    let unit = Unit::of(book.office().slots().get(slot as usize)?.row.as_ref()?)?;
    Some(&unit.code)
}
