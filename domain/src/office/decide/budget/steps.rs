//! The steps of the budget, each by the post that owns it.
//!
//! ```text
//! open → Opened → first-up → FirstUp → first-down → FirstDown → second-up → SecondUp → submit →
//! Submitted → approve → Approved → reply → Replied        return: SecondUp → FirstDown
//! ```
//!
//! The two ups are three steps each: units send to their departments, departments to finance, and
//! finance brings the whole together. The steps of the whole change a few rows and never those of
//! the budget.

use std::collections::BTreeSet;

use xxhash_rust::xxh3::Xxh3;

use super::has_sent;
use super::rows::must_cover_use;
use super::sums::{
    envelope_must_bear, is_units, must_be_approved, totals, unit_must_fit, whole_must_fit,
};
use crate::ids::{Day, PersonId};
use crate::office::Office;
use crate::office::authority::{budget, live_rows};
use crate::office::decide::Asked;
use crate::office::decide::project::active_unit;
use crate::office::decide::reading::{Line, each_once};
use crate::office::field::{Name, Text, Word};
use crate::office::line::Change;
use crate::office::paper::PaperKind;
use crate::office::table::Tabled;
use crate::office::tables::budget::{
    ApprovedSum, Budget, BudgetRow, BudgetState, Sent, SentBy, Version,
};
use crate::office::tables::people::PostKind;
use crate::refusal::{Code, Refusal};
use BudgetState as S;

/// Asks for the year's budget. One line: the notice's number.
pub(in super::super) fn open(asked: &Asked<'_>) -> Result<Vec<Change>, Refusal> {
    asked.must_hold(PostKind::BudgetHead, None)?;
    let line = asked.only()?;
    line.must_have(1)?;
    let notice: Name = line.get(0)?;
    if budget(asked.office).is_some() {
        return Err(Code::BudgetWrongState.into());
    }
    let opened = Budget {
        name: Budget::KEY.into(),
        notice,
        state: S::Opened,
        version: 0,
        round: 1,
        digest: Text::default(),
        submitted_on: None,
        resolution: Text::default(),
        resolved_on: None,
        replied_on: None,
        signer: asked.by.person,
        reason: Text::default(),
    };
    Ok(vec![Change::Put(opened.into_row())])
}

/// Sends a round up. Each line: `unit` and its code, `department` and its code, or `whole` alone,
/// which no other line goes with.
pub(in super::super) fn up(asked: &Asked<'_>) -> Result<Vec<Change>, Refusal> {
    let first = asked.paper.kind == PaperKind::BudgetFirstUp;
    let (from, to) = if first { (S::Opened, S::FirstUp) } else { (S::FirstDown, S::SecondUp) };
    let budget = asked.budget_in(&[from])?;
    let lines = asked.read()?;
    if lines[0].fields[0] == WHOLE {
        return whole_up(asked, budget, to);
    }
    let mut changes = Vec::new();
    for line in &lines {
        line.must_have(2)?;
        let (by, code): (SentBy, Word) = (line.get(0)?, line.get(1)?);
        let unit = active_unit(asked.office, &code).map_err(|code| line.refuse(code, 1))?;
        if has_sent(asked.office, budget.round, by, &unit.code) {
            return Err(line.refuse(Code::AlreadySent, 1));
        }
        let sent = match by {
            SentBy::Unit => unit_up(asked, budget, &unit.code),
            SentBy::Department => department_up(asked, budget, &unit.code),
        };
        sent.map_err(|no| line.place(no, 1))?;
        changes.push(Change::Put(sent_now(asked, budget, by, code).into_row()));
    }
    each_once(changes)
}

/// The word for all of the budget.
const WHOLE: &str = "whole";

fn sent_now(asked: &Asked<'_>, budget: &Budget, by: SentBy, unit: Word) -> Sent {
    let (round, signer) = (budget.round, asked.by.person);
    Sent { by, unit, round, is_returned: false, signer, reason: Text::default() }
}

/// A unit sends to its department what fits together. Who may write its rows does not send them.
fn unit_up(asked: &Asked<'_>, budget: &Budget, unit: &str) -> Result<(), Refusal> {
    asked.must_hold(PostKind::UnitChecker, Some(unit))?;
    let writes = asked.must_hold(PostKind::UnitMaker, Some(unit)).is_ok();
    if writes && asked.office.card().is_some() {
        return Err(Code::DutySeparation.into());
    }
    unit_must_fit(asked.office, unit, budget.state, asked.paper.year)
}

/// A department sends to finance when every unit under it that has rows has sent to it.
fn department_up(asked: &Asked<'_>, budget: &Budget, department: &str) -> Result<(), Refusal> {
    asked.must_hold(PostKind::DepartmentReviewer, Some(department))?;
    let office = asked.office;
    if office.department_of(department) != department {
        return Err(Code::BadRow.into());
    }
    for unit in units_with_rows(office) {
        if office.department_of(unit) != department {
            continue;
        }
        let sent = sent_in(office, budget.round, SentBy::Unit, unit).ok_or(Code::NotSent)?;
        asked.must_not_be(sent.signer)?;
    }
    Ok(())
}

fn sent_in<'a>(office: &'a Office, round: u32, by: SentBy, unit: &str) -> Option<&'a Sent> {
    let sent: &Sent = office.get(&format!("{}/{unit}", by.slug()))?;
    (sent.round == round && !sent.is_returned).then_some(sent)
}

/// Units that have rows of their own to send.
fn units_with_rows(office: &Office) -> BTreeSet<&str> {
    live_rows(office).filter(|row| is_units(row)).map(|row| &*row.unit).collect()
}

/// Finance brings the round together when every department that has rows has sent to it.
fn whole_up(asked: &Asked<'_>, budget: &Budget, to: BudgetState) -> Result<Vec<Change>, Refusal> {
    asked.must_hold(PostKind::BudgetOfficer, None)?;
    asked.only()?.must_have(1)?;
    let office = asked.office;
    let departments: BTreeSet<&str> =
        units_with_rows(office).into_iter().map(|unit| office.department_of(unit)).collect();
    for department in departments {
        let sent = sent_in(office, budget.round, SentBy::Department, department);
        asked.must_not_be(sent.ok_or(Code::NotSent)?.signer)?;
    }
    if to == S::SecondUp {
        whole_must_fit(office, asked.paper.year)?;
    }
    let next = Budget { state: to, ..budget.clone() };
    versioned(asked, next, None)
}

/// Gives the control figures down; with it the second round begins. The paper says nothing more
/// than one word, `whole`.
pub(in super::super) fn first_down(asked: &Asked<'_>) -> Result<Vec<Change>, Refusal> {
    asked.must_hold(PostKind::BudgetHead, None)?;
    let budget = asked.budget_in(&[S::FirstUp])?;
    must_say_whole(asked)?;
    envelope_must_bear(asked.office)?;
    let (state, round) = (S::FirstDown, budget.round + 1);
    let next = Budget { state, round, signer: asked.by.person, ..budget.clone() };
    Ok(vec![Change::Put(next.into_row())])
}

/// Sends back. Each line: `unit`, `department` or `whole`, its code (of the whole: nothing), the
/// reason. What a unit gets back it may write again; with the whole a new round begins.
pub(in super::super) fn return_down(asked: &Asked<'_>) -> Result<Vec<Change>, Refusal> {
    let lines = asked.read()?;
    if lines[0].fields[0] == WHOLE {
        return whole_down(asked);
    }
    let budget = asked.budget_in(&[S::Opened, S::FirstDown])?;
    let mut changes = Vec::new();
    for line in &lines {
        let (by, code): (SentBy, Word) = (line.get(0)?, line.get(1)?);
        let reason = line.reason(2)?;
        line.must_have(3)?;
        let post = match by {
            SentBy::Unit => PostKind::DepartmentReviewer,
            SentBy::Department => PostKind::BudgetOfficer,
        };
        asked.must_hold(post, Some(&code))?;
        let department = asked.office.department_of(&code);
        let above = by == SentBy::Unit
            && has_sent(asked.office, budget.round, SentBy::Department, department);
        if above {
            return Err(line.refuse(Code::AlreadySent, 1));
        }
        let sent = sent_in(asked.office, budget.round, by, &code);
        let sent = sent.ok_or_else(|| line.refuse(Code::NotSent, 1))?;
        let signer = asked.by.person;
        let returned = Sent { is_returned: true, signer, reason, ..sent.clone() };
        changes.push(Change::Put(returned.into_row()));
    }
    each_once(changes)
}

fn whole_down(asked: &Asked<'_>) -> Result<Vec<Change>, Refusal> {
    asked.must_hold(PostKind::BudgetHead, None)?;
    let budget = asked.budget_in(&[S::SecondUp])?;
    let line = asked.only()?;
    let reason = line.reason(2)?;
    line.must_have(3)?;
    let (state, round, signer) = (S::FirstDown, budget.round + 1, asked.by.person);
    let next = Budget { state, round, reason, signer, ..budget.clone() };
    Ok(vec![Change::Put(next.into_row())])
}

/// Brings the draft before the congress, frozen. One line: the digest of the rows that were
/// reviewed.
pub(in super::super) fn submit(asked: &Asked<'_>) -> Result<Vec<Change>, Refusal> {
    asked.must_hold(PostKind::BudgetHead, None)?;
    let budget = asked.budget_in(&[S::SecondUp])?;
    let day = asked.day()?;
    let line = asked.only()?;
    line.must_have(1)?;
    must_be_clean(asked.office, &line, 0)?;
    asked.must_not_be(budget.signer)?;
    whole_must_fit(asked.office, asked.paper.year)?;
    let (state, submitted_on) = (S::Submitted, Some(day));
    versioned(asked, Budget { state, submitted_on, ..budget.clone() }, Some(day))
}

/// What the congress has resolved, by its clerk. One line: the resolution's number, its day, the
/// digest of the version that was before it.
pub(in super::super) fn approve(asked: &Asked<'_>) -> Result<Vec<Change>, Refusal> {
    asked.must_hold(PostKind::CongressClerk, None)?;
    let budget = asked.budget_in(&[S::Submitted])?;
    let line = asked.only()?;
    line.must_have(3)?;
    let (number, day): (Name, Day) = (line.get(0)?, line.get(1)?);
    must_be_clean(asked.office, &line, 2)?;
    asked.must_not_be(budget.signer)?;
    if asked.office.all::<ApprovedSum>().next().is_none() {
        return Err(Code::NoApprovedTable.into());
    }
    let (resolution, resolved_on) = ((&*number).into(), Some(day));
    let (state, signer) = (S::Approved, asked.by.person);
    let next = Budget { state, resolution, resolved_on, signer, ..budget.clone() };
    Ok(vec![Change::Put(next.into_row())])
}

/// Replies to departments and units: every row becomes an authority, as the congress approved it.
/// The paper says nothing more than one word, `whole`.
pub(in super::super) fn reply(asked: &Asked<'_>) -> Result<Vec<Change>, Refusal> {
    asked.must_hold(PostKind::BudgetHead, None)?;
    let budget = asked.budget_in(&[S::Approved])?;
    let day = asked.day()?;
    must_say_whole(asked)?;
    asked.must_not_be(budget.signer)?;
    must_be_approved(asked.office)?;
    whole_must_fit(asked.office, asked.paper.year)?;
    live_rows(asked.office).try_for_each(|row| must_cover_use(asked, row))?;
    let (state, replied_on) = (S::Replied, Some(day));
    versioned(asked, Budget { state, replied_on, ..budget.clone() }, Some(day))
}

/// The budget after a step that makes a version, and the version: the next number, never one that
/// was there.
fn versioned(asked: &Asked<'_>, next: Budget, day: Option<Day>) -> Result<Vec<Change>, Refusal> {
    let office = asked.office;
    let number = next.version.checked_add(1).ok_or(Code::TooMany)?;
    let from = budget(office).map_or(S::Opened, |budget| budget.state);
    let totals = totals(office, from, number)?;
    let (digest, signer): (String, PersonId) = (digest(office), asked.by.person);
    let version = Version {
        number,
        step: next.state,
        digest: (&*digest).into(),
        rows: totals.rows,
        income_fen: totals.income_fen,
        spending_fen: totals.spending_fen,
        signer,
        day,
    };
    let next = Budget { version: number, digest: (&*digest).into(), signer, ..next };
    let mut changes = vec![Change::Put(next.into_row()), Change::Put(version.into_row())];
    changes.extend(totals.sums.into_iter().map(|sum| Change::Put(sum.into_row())));
    Ok(changes)
}

/// Digest of all rows of the budget: XXH3-128, seed 0, over their lines as on file, by code, each
/// with its line feed; 32 hex digits.
#[must_use]
pub(super) fn digest(office: &Office) -> String {
    let mut hash = Xxh3::new();
    let mut line = String::new();
    for row in office.all::<BudgetRow>() {
        line.clear();
        row.write(&mut line);
        line.push('\n');
        hash.update(line.as_bytes());
    }
    format!("{:032x}", hash.digest128())
}

/// The rows are those whose digest a column names.
fn must_be_clean(office: &Office, line: &Line<'_>, column: usize) -> Result<(), Refusal> {
    let named: Name = line.get(column)?;
    if *named == *digest(office) { Ok(()) } else { Err(line.refuse(Code::SnapshotDirty, column)) }
}

fn must_say_whole(asked: &Asked<'_>) -> Result<(), Refusal> {
    let line = asked.only()?;
    line.must_have(1)?;
    if line.fields[0] == WHOLE { Ok(()) } else { Err(line.refuse(Code::BadRow, 0)) }
}
