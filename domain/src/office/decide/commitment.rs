//! Procurement plans and contracts are written, checked by another person, changed and closed; and
//! whether budget may be earmarked for one.

use super::rule::{field, must_be_another, must_be_unit, must_have};
use super::{Asked, at};
use crate::command::Act;
use crate::division::YearBook;
use crate::ids::{ContractId, PersonId};
use crate::money::{Fen, FenSum};
use crate::office::Office;
use crate::office::field::Field;
use crate::office::line::Change;
use crate::office::table::Tabled;
use crate::office::tables::budget::BudgetRow;
use crate::office::tables::commitment::{Commitment, CommitmentKind, CommitmentState};
use crate::office::tables::people::PostKind;
use crate::office::tables::register::{Payee, PayeeList};
use crate::refusal::{Code, Refusal};

type Changes = Result<Vec<Change>, Refusal>;

/// Each line: number, kind, plan it stands under, unit, name, code, supplier's account, amount, day.
pub(super) fn propose(asked: &Asked<'_>) -> Changes {
    let mut changes = Vec::new();
    for (line, fields) in asked.lines() {
        must_have(line, &fields, 9)?;
        let row = Commitment {
            number: field(line, &fields, 1)?,
            kind: field(line, &fields, 2)?,
            under: field(line, &fields, 3)?,
            unit: field(line, &fields, 4)?,
            name: field(line, &fields, 5)?,
            code: field(line, &fields, 6)?,
            supplier: field(line, &fields, 7)?,
            amount_fen: field(line, &fields, 8)?,
            day: field(line, &fields, 9)?,
            state: CommitmentState::Drafted,
            version: 0,
            maker: asked.by.person,
            checker: PersonId::NOBODY,
            proposed_fen: None,
            reason: "".into(),
        };
        must_be_unit(asked, line, 4, &row.unit)?;
        asked.must_hold(PostKind::UnitMaker, Some(&row.unit))?;
        must_fit(asked, line, &row)?;
        if get(asked.office, row.number).is_some() {
            return Err(at(Code::CommitmentTaken, line, 1));
        }
        changes.push(Change::Put(row.into_row()));
    }
    Ok(changes)
}

/// A contract has a supplier that may be paid; a plan stands alone.
fn must_fit(asked: &Asked<'_>, line: usize, row: &Commitment) -> Result<(), Refusal> {
    let bad = |column| Err(at(Code::BadRow, line, column));
    if !row.number.is_some() {
        return bad(1);
    }
    if !row.amount_fen.is_payable() {
        return bad(8);
    }
    match (row.kind, &row.supplier) {
        (CommitmentKind::Plan, None) if !row.under.is_some() => Ok(()),
        (CommitmentKind::Plan, None) => bad(3),
        (CommitmentKind::Plan, Some(_)) | (CommitmentKind::Contract, None) => bad(7),
        (CommitmentKind::Contract, Some(account)) => {
            let payee: Option<&Payee> = asked.office.get(account);
            match payee {
                None => Err(at(Code::NoRow, line, 7)),
                Some(payee) if payee.list == PayeeList::Black => {
                    Err(at(Code::Blacklisted, line, 7))
                }
                Some(_) => must_fit_its_plan(asked.office, row, row.amount_fen),
            }
        }
    }
}

/// Contracts under a plan are together for no more than the plan.
fn must_fit_its_plan(office: &Office, row: &Commitment, amount: Fen) -> Result<(), Refusal> {
    if !row.under.is_some() {
        return Ok(());
    }
    let plan = registered(office, row.under)?;
    if plan.kind != CommitmentKind::Plan || plan.unit != row.unit {
        return Err(Code::NoCommitment.into());
    }
    let others = contracts_under(office, plan.number).filter(|other| other.number != row.number);
    let others: FenSum = others.map(|other| FenSum::from(other.amount_fen.get())).sum();
    at_most(amount, FenSum::from(plan.amount_fen.get()) - others, Code::OverCommitment)
}

fn at_most(amount: Fen, left: FenSum, code: Code) -> Result<(), Refusal> {
    if FenSum::from(amount.get()) <= left {
        return Ok(());
    }
    Err(Refusal::with(code, amount, Fen::new(i64::try_from(left.max(0)).unwrap_or(0))))
}

fn get(office: &Office, number: ContractId) -> Option<&Commitment> {
    let mut key = String::new();
    number.write(&mut key);
    office.get(&key)
}

fn registered(office: &Office, number: ContractId) -> Result<&Commitment, Refusal> {
    let known = get(office, number).filter(|row| row.state == CommitmentState::Registered);
    known.ok_or_else(|| Code::NoCommitment.into())
}

/// Contracts under a plan that count against it.
fn contracts_under(office: &Office, plan: ContractId) -> impl Iterator<Item = &Commitment> {
    let all = office.all::<Commitment>();
    all.filter(move |row| row.under == plan && row.state != CommitmentState::Drafted)
}

fn named<'a>(asked: &Asked<'a>, line: usize, fields: &[&str]) -> Result<&'a Commitment, Refusal> {
    let number: ContractId = field(line, fields, 1)?;
    get(asked.office, number).ok_or_else(|| at(Code::NoCommitment, line, 1))
}

/// Each line: the number of a draft, or of one whose change waits.
pub(super) fn check(asked: &Asked<'_>) -> Changes {
    let mut changes = Vec::new();
    for (line, fields) in asked.lines() {
        must_have(line, &fields, 1)?;
        let row = named(asked, line, &fields)?;
        asked.must_hold(PostKind::UnitChecker, Some(&row.unit))?;
        must_be_another(asked, row.maker)?;
        let amount_fen = match (row.state, row.proposed_fen) {
            (CommitmentState::Drafted, _) => row.amount_fen,
            (CommitmentState::Registered, Some(amount)) => amount,
            _ => return Err(at(Code::NoDraft, line, 1)),
        };
        must_fit_its_plan(asked.office, row, amount_fen)?;
        must_cover_what_is_under(asked, row, amount_fen)?;
        let checked = Commitment {
            state: CommitmentState::Registered,
            amount_fen,
            version: row.version + 1,
            checker: asked.by.person,
            proposed_fen: None,
            ..row.clone()
        };
        changes.push(Change::Put(checked.into_row()));
    }
    Ok(changes)
}

/// Each line: number, the new amount, why.
pub(super) fn change(asked: &Asked<'_>) -> Changes {
    let mut changes = Vec::new();
    for (line, fields) in asked.lines() {
        must_have(line, &fields, 3)?;
        let row = named(asked, line, &fields)?;
        asked.must_hold(PostKind::UnitMaker, Some(&row.unit))?;
        let amount: Fen = field(line, &fields, 2)?;
        let reason: crate::office::field::Name = field(line, &fields, 3)?;
        if !amount.is_payable() {
            return Err(at(Code::BadRow, line, 2));
        }
        if row.state != CommitmentState::Registered {
            return Err(at(Code::CommitmentState, line, 1));
        }
        if row.proposed_fen.is_some() {
            return Err(at(Code::DraftWaits, line, 1));
        }
        must_fit_its_plan(asked.office, row, amount)?;
        must_cover_what_is_under(asked, row, amount)?;
        let waiting = Commitment {
            maker: asked.by.person,
            checker: PersonId::NOBODY,
            proposed_fen: Some(amount),
            reason: (&*reason).into(),
            ..row.clone()
        };
        changes.push(Change::Put(waiting.into_row()));
    }
    Ok(changes)
}

/// It is for no less than what is earmarked for it, and of a plan, what is contracted under it.
fn must_cover_what_is_under(
    asked: &Asked<'_>,
    row: &Commitment,
    amount: Fen,
) -> Result<(), Refusal> {
    let earmarked = asked.book.map_or(0, |book| group_earmarked(book, row));
    let contracts = contracts_under(asked.office, row.number);
    let contracted: FenSum = contracts.map(|row| FenSum::from(row.amount_fen.get())).sum();
    let used = earmarked.max(contracted);
    if FenSum::from(amount.get()) >= used {
        return Ok(());
    }
    let used = Fen::new(i64::try_from(used).unwrap_or(i64::MAX));
    Err(Refusal::with(Code::CommitmentBelowUsed, amount, used))
}

/// What is earmarked for it, and of a plan also for the contracts under it, over all quotas.
fn group_earmarked(book: &YearBook, row: &Commitment) -> FenSum {
    let of = |number| FenSum::from(book.rules.under(number).earmarked);
    let contracts = contracts_under(book.office(), row.number);
    of(row.number) + contracts.map(|row| of(row.number)).sum::<FenSum>()
}

/// Each line: a number. Nothing earmarked for it may be left.
pub(super) fn close(asked: &Asked<'_>) -> Changes {
    let mut changes = Vec::new();
    for (line, fields) in asked.lines() {
        must_have(line, &fields, 1)?;
        let row = named(asked, line, &fields)?;
        asked.must_hold(PostKind::UnitChecker, Some(&row.unit))?;
        if row.state == CommitmentState::Closed {
            return Err(at(Code::CommitmentState, line, 1));
        }
        let under = asked.book.map(|book| book.rules.under(row.number)).unwrap_or_default();
        let mut contracts = contracts_under(asked.office, row.number);
        let open = contracts.any(|row| row.state == CommitmentState::Registered);
        if under.earmarked != under.used || open {
            return Err(at(Code::OpenItems, line, 1));
        }
        let closed = Commitment { state: CommitmentState::Closed, ..row.clone() };
        changes.push(Change::Put(closed.into_row()));
    }
    Ok(changes)
}

/// In a division under control: budget is earmarked for what is registered, of the quota's unit, and
/// for no more than it is for, over all quotas.
///
/// # Errors
/// [`Code::NoCommitment`] or [`Code::OverCommitment`].
pub(crate) fn may_earmark(book: &YearBook, act: &Act<'_>) -> Result<(), Refusal> {
    let office = book.office();
    if office.card().is_none() {
        return Ok(());
    }
    let row = registered(office, act.contract)?;
    let key = book.row(act.quota).map(|row| &*row.key).and_then(|key| key.rsplit('/').next());
    let budget: Option<&BudgetRow> = key.and_then(|code| office.get(code));
    let own = budget.is_some_and(|budget| budget.unit == row.unit) && row.under == act.plan;
    if !own {
        return Err(Code::NoCommitment.into());
    }
    let earmarked = FenSum::from(book.rules.under(row.number).earmarked);
    let mut left = FenSum::from(row.amount_fen.get()) - earmarked;
    if row.kind == CommitmentKind::Plan {
        left = FenSum::from(row.amount_fen.get()) - group_earmarked(book, row);
    } else if row.under.is_some() {
        let plan = registered(office, row.under)?;
        left = left.min(FenSum::from(plan.amount_fen.get()) - group_earmarked(book, plan));
    }
    at_most(act.amount_fen, left, Code::OverCommitment)
}
