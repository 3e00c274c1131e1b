//! What a document does, line by line, or why it may not.
//!
//! A plan is made from what is on file and in the quotas, and nothing else: the quotas to make, the
//! acts and moves that take effect together, and what they do to the budget rows' figures.

mod deeds;
mod lines;
mod projects;

use std::collections::{BTreeMap, HashMap};

use crate::codes::{ActKind, AuthorityKind, MoveKind, Posts, YearState};
use crate::command::Create;
use crate::division::{Division, YearBook};
use crate::elements::check_quota;
use crate::ids::{ActId, Class, DivisionIndex, FiscalYear, LimitKey, QuotaId};
use crate::limits::DOCUMENT_DEEDS_MAX;
use crate::money::{Fen, FenSum};
use crate::office::Office;
use crate::office::authority::row_state;
use crate::office::decide::{at, division_code};
use crate::office::early::Early;
use crate::office::line::Shift;
use crate::office::tables::base::Unit;
use crate::office::tables::budget::{BudgetRow, RowKind, RowState};
use crate::office::tables::document::{Document, DocumentLine, Transfer};
use crate::refusal::{Code, Figure, Refusal};

/// Columns of a document's line, as refusals name them.
mod column {
    pub(super) const ROW: usize = 3;
    pub(super) const FROM: usize = 4;
    pub(super) const TO: usize = 5;
    pub(super) const TO_DIVISION: usize = 6;
    pub(super) const AMOUNT: usize = 7;
    pub(super) const CAP: usize = 8;
}

/// A quota that has to be there before anything is given to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Make {
    /// Its year: the document's, or the next where money is carried over.
    pub year: FiscalYear,
    /// Its official key; the last part is the budget row.
    pub key: Box<str>,
    /// The quota it is handed down from.
    pub parent: QuotaId,
    /// Fund nature.
    pub fund: Class,
    /// Departmental economic class.
    pub economic: Class,
    /// The unit, whose payment plan bounds it.
    pub unit: Box<str>,
    /// Whether it may pay.
    pub executable: bool,
    /// The authority it rests on.
    pub authority: AuthorityKind,
    /// Its cap; zero: none.
    pub cap_fen: Fen,
}

impl Make {
    /// The order that makes it.
    #[must_use]
    pub fn create(&self, act: ActId, division: DivisionIndex, plan: LimitKey) -> Create<'_> {
        Create {
            act,
            division,
            year: self.year,
            parent: self.parent,
            fund: self.fund,
            economic: self.economic,
            // The usual chain: one check by the unit.
            posts: Posts::UNIT,
            executable: self.executable,
            plan,
            authority: self.authority,
            cap_fen: self.cap_fen,
            key: &self.key,
        }
    }
}

/// A quota that is there, or one of those to make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Is there.
    Known(QuotaId),
    /// Is made first: its place in [`Plan::makes`].
    Made(usize),
}

/// One act or move of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// On one quota.
    Act {
        /// Which.
        kind: ActKind,
        /// The quota.
        quota: Place,
        /// How much.
        amount_fen: Fen,
    },
    /// Between two.
    Move {
        /// Why.
        kind: MoveKind,
        /// The quota it leaves.
        from: QuotaId,
        /// The quota it goes to.
        to: Place,
        /// How much.
        amount_fen: Fen,
    },
}

/// What a document does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// Quotas to make first.
    pub makes: Vec<Make>,
    /// What takes effect together.
    pub deeds: Vec<Deed>,
    /// What it does to the figures of budget rows, by code.
    pub shifts: Vec<Shift>,
    /// Transfers to be confirmed, each with the place of its move among the deeds. Id, maker and
    /// time are filled in when they leave.
    pub transfers: Vec<(usize, Transfer)>,
    /// Rows of the new year that money is carried into.
    pub carried: Vec<BudgetRow>,
    /// The sum of its lines.
    pub total_fen: FenSum,
}

/// A plan being drawn.
pub(super) struct Drawing<'a> {
    division: &'a Division,
    book: &'a YearBook,
    office: &'a Office,
    document: &'a Document,
    /// The division's code, first in every official key.
    code: &'a str,
    /// What lines before have left available or frozen, by quota.
    left: HashMap<QuotaId, i64>,
    frozen_left: HashMap<QuotaId, i64>,
    /// What lines before have left of rows to issue.
    issued: HashMap<Box<str>, i64>,
    /// What units have before the approval, lines before included; looked at when it is asked for.
    early: Option<Early<'a>>,
    makes: HashMap<(FiscalYear, Box<str>), usize>,
    shifts: BTreeMap<Box<str>, (i64, i64)>,
    plan: Plan,
}

/// Draws the plan of a document, every line held against the state.
///
/// # Errors
/// The refusal; of a line, with its number and column.
pub fn draw(division: &Division, year: FiscalYear, code: &str) -> Result<Plan, Refusal> {
    let book = division.year(year).ok_or(Code::YearNotOpen)?;
    let document = book.office().get::<Document>(code).ok_or(Code::NoDocument)?;
    let mut drawing = Drawing::new(division, book, document)?;
    drawing.must_have_authority()?;
    let lines = drawing.lines()?;
    for line in &lines {
        drawing.take(line)?;
    }
    drawing.must_suit_projects(&lines)?;
    let unsaid = document.lines == 0 && document.total_fen == Fen::ZERO;
    let same_sum = drawing.plan.total_fen == FenSum::from(document.total_fen.get());
    if !same_sum && !unsaid {
        let sum = i64::try_from(drawing.plan.total_fen).unwrap_or(i64::MAX);
        let sum = Fen::new(sum);
        return Err(Refusal::with(Code::DocumentMismatch, document.total_fen, sum));
    }
    let deeds = drawing.plan.deeds.len();
    if deeds == 0 {
        return Err(Code::BadLine.into());
    }
    if deeds > DOCUMENT_DEEDS_MAX {
        let count = |deeds: usize| Fen::new(deeds as i64);
        let (deeds, most) = (count(deeds), count(DOCUMENT_DEEDS_MAX));
        return Err(Refusal::with(Code::DocumentTooLarge, deeds, most));
    }
    Ok(drawing.finish())
}

/// A refusal with the line and column it is about, and its figures.
fn over(code: Code, line: &DocumentLine, column: usize, left: i64) -> Refusal {
    let figure = Figure { limit: code, requested_fen: line.amount_fen, left_fen: Fen::new(left) };
    let mut refusal = at(code, line.line as usize, column);
    refusal.add(figure);
    refusal
}

fn wrong(code: Code, line: &DocumentLine, column: usize) -> Refusal {
    at(code, line.line as usize, column)
}

impl<'a> Drawing<'a> {
    fn new(
        division: &'a Division,
        book: &'a YearBook,
        document: &'a Document,
    ) -> Result<Drawing<'a>, Refusal> {
        match book.state {
            YearState::Open => {}
            YearState::Adjustment if document.kind.winds_up() => {}
            YearState::Adjustment => return Err(Code::YearInAdjustment.into()),
            YearState::Unopened => return Err(Code::YearNotOpen.into()),
            YearState::Closed => return Err(Code::YearClosed.into()),
        }
        let office = book.office();
        let code = division_code(division, office);
        Ok(Drawing {
            division,
            book,
            office,
            document,
            code,
            left: HashMap::new(),
            frozen_left: HashMap::new(),
            issued: HashMap::new(),
            early: None,
            makes: HashMap::new(),
            shifts: BTreeMap::new(),
            plan: Plan::default(),
        })
    }

    fn finish(mut self) -> Plan {
        let shift = |(row, (adjusted, vired)): (Box<str>, (i64, i64))| Shift {
            row,
            adjusted_fen: Fen::new(adjusted),
            vired_fen: Fen::new(vired),
        };
        self.plan.shifts = std::mem::take(&mut self.shifts).into_iter().map(shift).collect();
        self.plan.shifts.retain(|s| s.adjusted_fen != Fen::ZERO || s.vired_fen != Fen::ZERO);
        self.plan
    }

    /// The replied budget row a line names.
    fn row(&self, line: &DocumentLine) -> Result<&'a BudgetRow, Refusal> {
        let row = self.office.get::<BudgetRow>(&line.row);
        let row = row.ok_or_else(|| wrong(Code::NoBudgetRow, line, column::ROW))?;
        let replied = row_state(self.office, row) == RowState::Replied;
        if replied { Ok(row) } else { Err(wrong(Code::NoApprovedBudget, line, column::ROW)) }
    }

    /// The quota a line takes from, and the budget row it rests on.
    fn source(&self, line: &DocumentLine) -> Result<(QuotaId, &'a BudgetRow), Refusal> {
        let quota = self.book.quota(line.from);
        let row = self.book.row(line.from);
        let (Some(quota), Some(row)) = (quota, row) else {
            return Err(wrong(Code::NoQuota, line, column::FROM));
        };
        if quota.closed {
            return Err(wrong(Code::QuotaClosed, line, column::FROM));
        }
        let budget_row = self.office.get::<BudgetRow>(row.budget_row());
        let budget_row = budget_row.ok_or_else(|| wrong(Code::NoBudgetRow, line, column::FROM))?;
        Ok((line.from, budget_row))
    }

    /// Takes from what is available on a quota, or refuses with `code`.
    fn take_from(
        &mut self,
        line: &DocumentLine,
        quota: QuotaId,
        code: Code,
    ) -> Result<(), Refusal> {
        let there = self.book.quota(quota).map_or(0, |cell| cell.buckets.available());
        let left = self.left.entry(quota).or_insert(there);
        if line.amount_fen.get() > *left {
            return Err(over(code, line, column::AMOUNT, *left));
        }
        *left -= line.amount_fen.get();
        Ok(())
    }

    /// The row's own quota, made if it is not there.
    fn place(
        &mut self,
        line: &DocumentLine,
        row: &BudgetRow,
        parent: QuotaId,
        cap_fen: Fen,
    ) -> Result<Place, Refusal> {
        let book = self.book;
        let key = row.quota_key(self.code);
        if let Some(known) = book.quota_by_key(&key) {
            return self.known(line, known, parent);
        }
        self.make(line, row, key.into(), parent, cap_fen, book.year, self.office)
    }

    fn known(
        &self,
        line: &DocumentLine,
        known: QuotaId,
        parent: QuotaId,
    ) -> Result<Place, Refusal> {
        if self.book.quota(known).is_some_and(|cell| cell.closed) {
            return Err(wrong(Code::QuotaClosed, line, column::ROW));
        }
        let above = self.book.row(known).map(|row| row.parent);
        if !parent.is_none() && above != Some(parent) {
            return Err(wrong(Code::NotChild, line, column::ROW));
        }
        Ok(Place::Known(known))
    }

    #[expect(clippy::too_many_arguments, reason = "what a quota is made of, once")]
    fn make(
        &mut self,
        line: &DocumentLine,
        row: &BudgetRow,
        key: Box<str>,
        parent: QuotaId,
        cap_fen: Fen,
        year: FiscalYear,
        office: &Office,
    ) -> Result<Place, Refusal> {
        let capped = cap_fen != Fen::ZERO;
        let make = Make {
            year,
            key: key.clone(),
            parent,
            fund: row.fund,
            economic: row.departmental,
            unit: (*row.unit).into(),
            executable: is_executable(office, row),
            authority: if capped { AuthorityKind::PreApproval } else { AuthorityKind::BudgetLine },
            cap_fen,
        };
        let next = self.plan.makes.len();
        let place = *self.makes.entry((year, key)).or_insert(next);
        if place == next {
            let act = ActId(0);
            check_quota(&make.create(act, self.book.division, LimitKey(0)))
                .map_err(|code| wrong(code, line, column::ROW))?;
            self.plan.makes.push(make);
        }
        Ok(Place::Made(place))
    }

    fn shift(&mut self, row: &BudgetRow, adjusted: i64, vired: i64) {
        let sum = self.shifts.entry((*row.code).into()).or_default();
        *sum = (sum.0 + adjusted, sum.1 + vired);
    }

    fn act(&mut self, kind: ActKind, quota: Place, amount_fen: Fen) {
        self.plan.deeds.push(Deed::Act { kind, quota, amount_fen });
    }

    fn move_out(&mut self, kind: MoveKind, from: QuotaId, to: Place, amount_fen: Fen) {
        self.plan.deeds.push(Deed::Move { kind, from, to, amount_fen });
    }
}

/// Executable (可执行指标): placed with a paying leaf unit, not held for allocation.
pub(super) fn is_executable(office: &Office, row: &BudgetRow) -> bool {
    let placed = matches!(row.kind, RowKind::Placed | RowKind::Received | RowKind::Carried);
    placed && office.get::<Unit>(&row.unit).is_some_and(|unit| unit.is_leaf)
}
