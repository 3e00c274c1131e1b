//! Figures around the rows: income, surplus, control figures, the approved table, caps before the
//! approval.

use std::collections::BTreeMap;

use super::has_sent;
use super::rows::text_of;
use super::sums::{income_of_unit, rows_of_unit};
use crate::elements::{is_appropriated, is_fund};
use crate::ids::Class;
use crate::money::{Fen, FenSum};
use crate::office::authority::budget;
use crate::office::decide::Asked;
use crate::office::decide::project::active_unit;
use crate::office::decide::reading::{Line, each_once};
use crate::office::field::Word;
use crate::office::line::Change;
use crate::office::performance::year_before;
use crate::office::table::Tabled;
use crate::office::tables::budget::{
    ApprovedSum, BudgetState, Control, EarlyCap, EarlyGround, Income, IncomeSource, SentBy, Surplus,
};
use crate::office::tables::people::PostKind;
use crate::refusal::{Code, Refusal};
use BudgetState as S;

/// Each line: a unit or `division`, the fund nature, the source, the amount planned. The division's
/// own is appropriated money, a unit's is all other; what a unit has not registered it cannot spend.
pub(in super::super) fn income_put(asked: &Asked<'_>) -> Result<Vec<Change>, Refusal> {
    let mut put = Vec::new();
    for line in asked.read()? {
        line.must_have(4)?;
        let income = named(asked, &line)?;
        let planned_fen = line.amount(3)?;
        if &*income.unit == Income::DIVISION {
            asked.budget_in(&[S::Opened, S::FirstUp, S::FirstDown, S::SecondUp, S::Approved])?;
        } else {
            may_plan(asked, &income.unit).map_err(|no| line.place(no, 0))?;
        }
        put.push((line, Income { planned_fen, ..income }));
    }
    let changes = put.iter().map(|(_, income)| Change::Put(income.clone().into_row()));
    let changes = each_once(changes.collect())?;
    must_cover_rows(asked, &put)?;
    Ok(changes)
}

/// Each line: a unit or `division`, the fund nature, the source, what has been collected so far.
pub(in super::super) fn income_collect(asked: &Asked<'_>) -> Result<Vec<Change>, Refusal> {
    let mut changes = Vec::new();
    for line in asked.read()? {
        line.must_have(4)?;
        let income = named(asked, &line)?;
        if asked.office.get::<Income>(&income.key()).is_none() {
            return Err(line.refuse(Code::NoIncome, 0));
        }
        let income = Income { collected_fen: line.amount(3)?, ..income };
        changes.push(Change::Put(income.into_row()));
    }
    each_once(changes)
}

/// The income a line names, as it is on file, and whether the person keeps it.
fn named(asked: &Asked<'_>, line: &Line<'_>) -> Result<Income, Refusal> {
    let (unit, fund): (Word, Class) = (line.get(0)?, fund(asked, line, 1)?);
    let source: IncomeSource = line.get(2)?;
    let own = &*unit == Income::DIVISION;
    if own {
        asked.must_hold(PostKind::BudgetOfficer, None)?;
    } else {
        active_unit(asked.office, &unit).map_err(|code| line.refuse(code, 0))?;
        asked.must_hold(PostKind::UnitMaker, Some(&unit))?;
    }
    if own != is_appropriated(fund) {
        return Err(line.refuse(Code::BadElement, 1));
    }
    let income = Income { unit, fund, source, planned_fen: Fen::ZERO, collected_fen: Fen::ZERO };
    Ok(asked.office.get(&income.key()).cloned().unwrap_or(income))
}

/// A unit plans income while it drafts and has not sent, and again after the reply.
fn may_plan(asked: &Asked<'_>, unit: &str) -> Result<(), Refusal> {
    let budget = asked.budget_in(&[S::Opened, S::FirstDown, S::Replied])?;
    let office = asked.office;
    let sent = has_sent(office, budget.round, SentBy::Unit, unit)
        || has_sent(office, budget.round, SentBy::Department, office.department_of(unit));
    if sent && budget.state != S::Replied { Err(Code::AlreadySent.into()) } else { Ok(()) }
}

/// Once the budget is replied, a unit's income of a fund nature does not fall below what is arranged
/// from it, all lines taken together.
fn must_cover_rows(asked: &Asked<'_>, put: &[(Line<'_>, Income)]) -> Result<(), Refusal> {
    let office = asked.office;
    let replied = budget(office).is_some_and(|budget| budget.state == S::Replied);
    if !replied {
        return Ok(());
    }
    // The last line of each unit and fund nature answers for all of them.
    let mut changes: BTreeMap<(&str, Class), (FenSum, &Line<'_>)> = BTreeMap::new();
    for (line, income) in put {
        let before: Option<&Income> = office.get(&income.key());
        let before = before.map_or(0, |before| FenSum::from(before.planned_fen.get()));
        let change = changes.entry((&*income.unit, income.fund)).or_insert((0, line));
        *change = (change.0 + FenSum::from(income.planned_fen.get()) - before, line);
    }
    for ((unit, fund), (change, line)) in changes {
        let planned = income_of_unit(office, unit, fund) + change;
        let rows = rows_of_unit(office, unit, fund);
        if rows > planned {
            let fen = |sum: FenSum| Fen::new(i64::try_from(sum).unwrap_or(i64::MAX));
            let no = Refusal::with(Code::NoIncome, fen(rows), fen(planned));
            return Err(line.place(no, 3));
        }
    }
    Ok(())
}

/// Each line: a fund nature and what of its income is not spent.
pub(in super::super) fn surplus_put(asked: &Asked<'_>) -> Result<Vec<Change>, Refusal> {
    asked.must_hold(PostKind::BudgetOfficer, None)?;
    asked.budget_in(&[S::Opened, S::FirstUp, S::FirstDown, S::SecondUp, S::Approved])?;
    let mut changes = Vec::new();
    for line in asked.read()? {
        line.must_have(2)?;
        let fund = fund(asked, &line, 0)?;
        changes.push(Change::Put(Surplus { fund, amount_fen: line.amount(1)? }.into_row()));
    }
    each_once(changes)
}

/// Each line: a unit, the class of projects, the fund nature, the figure.
pub(in super::super) fn control_put(asked: &Asked<'_>) -> Result<Vec<Change>, Refusal> {
    asked.budget_in(&[S::FirstUp])?;
    let mut changes = Vec::new();
    for line in asked.read()? {
        line.must_have(4)?;
        let unit: Word = line.get(0)?;
        active_unit(asked.office, &unit).map_err(|code| line.refuse(code, 0))?;
        asked.must_hold(PostKind::BudgetOfficer, Some(&unit))?;
        let (class, fund) = (line.get(1)?, fund(asked, &line, 2)?);
        let control = Control { unit, class, fund, amount_fen: line.amount(3)? };
        changes.push(Change::Put(control.into_row()));
    }
    each_once(changes)
}

/// The table the congress approves, by its clerk. Each line: fund nature, functional class of seven
/// digits, amount.
pub(in super::super) fn approved_put(asked: &Asked<'_>) -> Result<Vec<Change>, Refusal> {
    asked.must_hold(PostKind::CongressClerk, None)?;
    asked.budget_in(&[S::Submitted])?;
    let mut changes = Vec::new();
    for line in asked.read()? {
        line.must_have(3)?;
        let (fund, functional): (Class, Class) = (fund(asked, &line, 0)?, line.get(1)?);
        if functional.as_str().len() != 7 {
            return Err(line.refuse(Code::BadElement, 1));
        }
        let sum = ApprovedSum { fund, functional, amount_fen: line.amount(2)? };
        changes.push(Change::Put(sum.into_row()));
    }
    each_once(changes)
}

/// What a unit may have before the approval. Each line: the unit, the ground, the cap, where the
/// figure comes from.
pub(in super::super) fn early_cap_put(asked: &Asked<'_>) -> Result<Vec<Change>, Refusal> {
    let before = [S::Opened, S::FirstUp, S::FirstDown, S::SecondUp, S::Submitted, S::Approved];
    asked.budget_in(&before)?;
    let mut changes = Vec::new();
    for line in asked.read()? {
        line.must_have(4)?;
        let unit: Word = line.get(0)?;
        active_unit(asked.office, &unit).map_err(|code| line.refuse(code, 0))?;
        asked.must_hold(PostKind::BudgetOfficer, Some(&unit))?;
        let (ground, cap_fen, basis) = (line.get(1)?, line.amount(2)?, line.get(3)?);
        if ground == EarlyGround::SamePeriod {
            must_be_last_years(asked, &unit, cap_fen).map_err(|no| line.place(no, 2))?;
        }
        let cap = EarlyCap { unit, ground, cap_fen, basis };
        changes.push(Change::Put(cap.into_row()));
    }
    each_once(changes)
}

/// Where last year ran here, its same period cannot have seen more than the whole of it.
fn must_be_last_years(asked: &Asked<'_>, unit: &str, cap: Fen) -> Result<(), Refusal> {
    let book = year_before(asked.paper.year).and_then(|year| asked.division.year(year));
    let Some(book) = book.filter(|book| book.quota_count() > 0) else { return Ok(()) };
    let quotas = book.quotas().filter(|(_, _, row)| row.unit() == unit);
    let spent = quotas
        .map(|(_, cell, _)| FenSum::from(cell.buckets.paid) + FenSum::from(cell.buckets.cleared));
    let spent = i64::try_from(spent.sum::<FenSum>()).unwrap_or(i64::MAX);
    if cap.get() <= spent {
        return Ok(());
    }
    Err(Refusal::with(Code::OverLastYear, cap, Fen::new(spent)))
}

/// A fund nature of the year.
fn fund(asked: &Asked<'_>, line: &Line<'_>, column: usize) -> Result<Class, Refusal> {
    let fund: Class = line.get(column)?;
    let known = is_fund(fund, asked.paper.year);
    if known { Ok(fund) } else { Err(line.refuse(Code::BadElement, column)) }
}

/// The beginning of the keys of a unit's income of a fund nature.
pub(super) fn income_keys(unit: &str, fund: Class) -> String {
    format!("{unit}/{}/", text_of(&fund))
}
