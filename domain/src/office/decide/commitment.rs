//! Procurement plans and contracts are written, checked by another person, changed and closed; and
//! whether budget may be earmarked for one.

use std::collections::BTreeMap;

use super::Asked;
use super::reading::{Line, each_once};
use crate::command::Act;
use crate::division::YearBook;
use crate::ids::{ContractId, PersonId};
use crate::money::{Fen, FenSum};
use crate::office::Office;
use crate::office::field::Field;
use crate::office::line::Change;
use crate::office::rules::under;
use crate::office::table::Tabled;
use crate::office::tables::budget::BudgetRow;
use crate::office::tables::commitment::{Commitment, CommitmentKind, CommitmentState};
use crate::office::tables::people::PostKind;
use crate::office::tables::register::{Payee, PayeeList};
use crate::refusal::{Code, Refusal};

type Changes = Result<Vec<Change>, Refusal>;

/// Columns of a line, from 0.
const NUMBER: usize = 0;
const UNDER: usize = 2;
const UNIT: usize = 3;
const SUPPLIER: usize = 6;
const AMOUNT: usize = 7;

/// What is on file, as the lines before have left it: each line is decided over what they make.
struct Register<'a> {
    office: &'a Office,
    made: BTreeMap<ContractId, Commitment>,
}

impl<'a> Register<'a> {
    fn new(office: &'a Office) -> Register<'a> {
        Register { office, made: BTreeMap::new() }
    }

    fn get(&self, number: ContractId) -> Option<&Commitment> {
        let mut key = String::new();
        number.write(&mut key);
        self.made.get(&number).or_else(|| self.office.get(&key))
    }

    fn registered(&self, number: ContractId) -> Result<&Commitment, Refusal> {
        let known = self.get(number).filter(|row| row.state == CommitmentState::Registered);
        known.ok_or_else(|| Code::NoCommitment.into())
    }

    /// The one a line names.
    fn named(&self, line: &Line<'_>) -> Result<Commitment, Refusal> {
        let known = self.get(line.get(NUMBER)?).cloned();
        known.ok_or_else(|| line.refuse(Code::NoCommitment, NUMBER))
    }

    /// Contracts under a plan that count against it.
    fn contracts_under(&self, plan: ContractId) -> impl Iterator<Item = &Commitment> {
        let on_file = self.office.all::<Commitment>();
        let kept = on_file.filter(|row| !self.made.contains_key(&row.number));
        let all = kept.chain(self.made.values());
        all.filter(move |row| row.under == plan && row.state != CommitmentState::Drafted)
    }

    /// Contracts under a plan are together for no more than the plan.
    fn must_fit_its_plan(&self, row: &Commitment, amount: Fen) -> Result<(), Refusal> {
        if !row.under.is_some() {
            return Ok(());
        }
        let plan = self.registered(row.under)?;
        if plan.kind != CommitmentKind::Plan || plan.unit != row.unit {
            return Err(Code::NoCommitment.into());
        }
        let others = self.contracts_under(plan.number).filter(|other| other.number != row.number);
        let others: FenSum = others.map(|other| FenSum::from(other.amount_fen.get())).sum();
        at_most(amount, FenSum::from(plan.amount_fen.get()) - others, Code::OverCommitment)
    }

    /// It is for no less than what is earmarked for it, and of a plan, what is contracted under it.
    fn must_cover_what_is_under(
        &self,
        book: Option<&YearBook>,
        row: &Commitment,
        amount: Fen,
    ) -> Result<(), Refusal> {
        let earmarked = book.map_or(0, |book| self.group_earmarked(book, row));
        let contracts = self.contracts_under(row.number);
        let contracted: FenSum = contracts.map(|row| FenSum::from(row.amount_fen.get())).sum();
        let used = earmarked.max(contracted);
        if FenSum::from(amount.get()) >= used {
            return Ok(());
        }
        let used = Fen::new(i64::try_from(used).unwrap_or(i64::MAX));
        Err(Refusal::with(Code::CommitmentBelowUsed, amount, used))
    }

    /// What is earmarked for it, and of a plan also for the contracts under it, over all quotas.
    fn group_earmarked(&self, book: &YearBook, row: &Commitment) -> FenSum {
        let of = |number| under(book, number).earmarked;
        let contracts = self.contracts_under(row.number);
        of(row.number) + contracts.map(|row| of(row.number)).sum::<FenSum>()
    }
}

fn at_most(amount: Fen, left: FenSum, code: Code) -> Result<(), Refusal> {
    if FenSum::from(amount.get()) <= left {
        return Ok(());
    }
    Err(Refusal::with(code, amount, Fen::new(i64::try_from(left.max(0)).unwrap_or(0))))
}

/// What every line makes, decided one after the other.
fn each_line(
    asked: &Asked<'_>,
    columns: usize,
    make: impl Fn(&Register<'_>, &Line<'_>) -> Result<Commitment, Refusal>,
) -> Changes {
    let mut register = Register::new(asked.office);
    let mut changes = Vec::new();
    for line in asked.read()? {
        line.must_have(columns)?;
        let made = make(&register, &line)?;
        changes.push(Change::Put(made.clone().into_row()));
        register.made.insert(made.number, made);
    }
    each_once(changes)
}

/// Each line: number, kind, plan it stands under, unit, name, code, supplier's account, amount, day.
pub(super) fn propose(asked: &Asked<'_>) -> Changes {
    each_line(asked, 9, |register, line| {
        let row = Commitment {
            number: line.get(NUMBER)?,
            kind: line.get(1)?,
            under: line.get(UNDER)?,
            unit: line.get(UNIT)?,
            name: line.get(4)?,
            code: line.get(5)?,
            supplier: line.get(SUPPLIER)?,
            amount_fen: line.get(AMOUNT)?,
            day: line.get(8)?,
            state: CommitmentState::Drafted,
            version: 0,
            maker: asked.by.person,
            checker: PersonId::NOBODY,
            proposed_fen: None,
            reason: "".into(),
        };
        asked.must_be_unit(line, UNIT, &row.unit)?;
        asked.must_hold(PostKind::UnitMaker, Some(&row.unit))?;
        must_fit(register, line, &row)?;
        // A second line of a number is told by its own name: the row is named twice.
        let on_file = Register::new(asked.office).get(row.number).is_some();
        if on_file { Err(line.refuse(Code::CommitmentTaken, NUMBER)) } else { Ok(row) }
    })
}

/// A contract has a supplier that may be paid; a plan stands alone.
fn must_fit(register: &Register<'_>, line: &Line<'_>, row: &Commitment) -> Result<(), Refusal> {
    let bad = |column| Err(line.refuse(Code::BadRow, column));
    if !row.number.is_some() {
        return bad(NUMBER);
    }
    if !row.amount_fen.is_payable() {
        return bad(AMOUNT);
    }
    match (row.kind, &row.supplier) {
        (CommitmentKind::Plan, None) if !row.under.is_some() => Ok(()),
        (CommitmentKind::Plan, None) => bad(UNDER),
        (CommitmentKind::Plan, Some(_)) | (CommitmentKind::Contract, None) => bad(SUPPLIER),
        (CommitmentKind::Contract, Some(account)) => {
            let payee: Option<&Payee> = register.office.get(account);
            match payee {
                None => Err(line.refuse(Code::NoRow, SUPPLIER)),
                Some(payee) if payee.list == PayeeList::Black => {
                    Err(line.refuse(Code::Blacklisted, SUPPLIER))
                }
                Some(_) => register
                    .must_fit_its_plan(row, row.amount_fen)
                    .map_err(|no| line.place(no, AMOUNT)),
            }
        }
    }
}

/// Each line: the number of a draft, or of one whose change waits.
pub(super) fn check(asked: &Asked<'_>) -> Changes {
    each_line(asked, 1, |register, line| {
        let row = register.named(line)?;
        asked.must_hold(PostKind::UnitChecker, Some(&row.unit))?;
        asked.must_not_be(row.maker)?;
        let amount_fen = match (row.state, row.proposed_fen) {
            (CommitmentState::Drafted, _) => row.amount_fen,
            (CommitmentState::Registered, Some(amount)) => amount,
            _ => return Err(line.refuse(Code::NoDraft, NUMBER)),
        };
        must_bear(asked, register, line, &row, amount_fen)?;
        Ok(Commitment {
            state: CommitmentState::Registered,
            amount_fen,
            version: row.version + 1,
            checker: asked.by.person,
            proposed_fen: None,
            ..row
        })
    })
}

/// Each line: number, the new amount, why.
pub(super) fn change(asked: &Asked<'_>) -> Changes {
    each_line(asked, 3, |register, line| {
        let row = register.named(line)?;
        asked.must_hold(PostKind::UnitMaker, Some(&row.unit))?;
        let amount: Fen = line.get(1)?;
        let reason: crate::office::field::Name = line.get(2)?;
        if !amount.is_payable() {
            return Err(line.refuse(Code::BadRow, 1));
        }
        if row.state != CommitmentState::Registered {
            return Err(line.refuse(Code::CommitmentState, NUMBER));
        }
        if row.proposed_fen.is_some() {
            return Err(line.refuse(Code::DraftWaits, NUMBER));
        }
        must_bear(asked, register, line, &row, amount)?;
        Ok(Commitment {
            maker: asked.by.person,
            checker: PersonId::NOBODY,
            proposed_fen: Some(amount),
            reason: (&*reason).into(),
            ..row
        })
    })
}

/// An amount fits the plan above it and covers what is under it.
fn must_bear(
    asked: &Asked<'_>,
    register: &Register<'_>,
    line: &Line<'_>,
    row: &Commitment,
    amount: Fen,
) -> Result<(), Refusal> {
    let fits = register.must_fit_its_plan(row, amount);
    let bears = fits.and_then(|()| register.must_cover_what_is_under(asked.book, row, amount));
    bears.map_err(|no| line.place(no, NUMBER))
}

/// Each line: a number. Nothing earmarked for it may be left.
pub(super) fn close(asked: &Asked<'_>) -> Changes {
    each_line(asked, 1, |register, line| {
        let row = register.named(line)?;
        asked.must_hold(PostKind::UnitChecker, Some(&row.unit))?;
        if row.state == CommitmentState::Closed {
            return Err(line.refuse(Code::CommitmentState, NUMBER));
        }
        let stands = asked.book.map(|book| under(book, row.number)).unwrap_or_default();
        let mut contracts = register.contracts_under(row.number);
        let open = contracts.any(|row| row.state == CommitmentState::Registered);
        if stands.earmarked != stands.used || open {
            return Err(line.refuse(Code::OpenItems, NUMBER));
        }
        Ok(Commitment { state: CommitmentState::Closed, ..row })
    })
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
    let register = Register::new(office);
    let row = register.registered(act.contract)?;
    let quota = book.row(act.quota);
    let budget: Option<&BudgetRow> = quota.and_then(|quota| office.get(quota.budget_row()));
    let own = budget.is_some_and(|budget| budget.unit == row.unit) && row.under == act.plan;
    if !own {
        return Err(Code::NoCommitment.into());
    }
    let earmarked = under(book, row.number).earmarked;
    let mut left = FenSum::from(row.amount_fen.get()) - earmarked;
    if row.kind == CommitmentKind::Plan {
        left = FenSum::from(row.amount_fen.get()) - register.group_earmarked(book, row);
    } else if row.under.is_some() {
        let plan = register.registered(row.under)?;
        left = left.min(FenSum::from(plan.amount_fen.get()) - register.group_earmarked(book, plan));
    }
    at_most(act.amount_fen, left, Code::OverCommitment)
}
