//! What one line does, by the kind of its document.

use crate::codes::{ActKind, AuthorityKind, MoveKind, YearState};
use crate::division::YearBook;
use crate::ids::{FiscalYear, MoveId, PersonId, QuotaId};
use crate::money::{Fen, FenSum};
use crate::office::authority::row_state;
use crate::office::early::Early;
use crate::office::field::{DivisionCode, Field, Word};
use crate::office::performance::is_dormant;
use crate::office::tables::base::Subdivision;
use crate::office::tables::budget::{BudgetRow, RowKind, RowState};
use crate::office::tables::document::{
    DocumentKind, DocumentLine, Transfer, TransferState, VirementNeed, VirementRule,
};
use crate::refusal::{Code, Refusal};

use super::{Drawing, Place, column, over, wrong};

impl<'a> Drawing<'a> {
    /// Takes one line into the plan.
    pub(super) fn take(&mut self, line: &DocumentLine) -> Result<(), Refusal> {
        use DocumentKind as K;
        let kind = self.document.kind;
        if !line.amount_fen.is_payable() && kind != K::Initial {
            return Err(wrong(Code::BadLine, line, column::AMOUNT));
        }
        let transfers = kind == K::Transfer;
        if transfers == line.to.is_none() {
            return Err(wrong(Code::BadLine, line, column::TO));
        }
        if transfers == line.to_division.is_empty() {
            return Err(wrong(Code::BadLine, line, column::TO_DIVISION));
        }
        if (kind == K::PreApproval) != (line.cap_fen.is_payable()) {
            return Err(wrong(Code::BadLine, line, column::CAP));
        }
        self.plan.total_fen += FenSum::from(line.amount_fen.get());
        match kind {
            K::PreApproval => self.pre_approval(line),
            K::Initial => self.initial(line),
            K::Supplement => self.supplement(line),
            K::Cut => self.cut(line),
            K::Allocate => self.allocate(line),
            K::Transfer => self.transfer(line),
            K::ReturnUp => self.return_up(line),
            K::Virement => self.virement(line),
            K::Adjustment => self.adjustment(line),
            K::Freeze => self.freeze(line),
            K::Unfreeze => self.unfreeze(line),
            K::Recover => self.recover(line),
            K::Carry => self.carry(line),
        }
    }

    /// Before the congress's approval a row of the draft may spend up to its cap (Art. 54).
    fn pre_approval(&mut self, line: &DocumentLine) -> Result<(), Refusal> {
        let row = self.office.get::<BudgetRow>(&line.row);
        let row = row.ok_or_else(|| wrong(Code::NoBudgetRow, line, column::ROW))?;
        let replied = row_state(self.office, row) != RowState::Draft;
        let placed = matches!(row.kind, RowKind::Placed | RowKind::Transfer);
        if replied || !placed || !line.from.is_none() {
            return Err(wrong(Code::BadLine, line, column::ROW));
        }
        let place = self.place(line, row, QuotaId::NONE, line.cap_fen)?;
        let mut issued = 0;
        if let Place::Known(id) = place
            && let (Some(cell), Some(cold)) = (self.book.quota(id), self.book.row(id))
        {
            let same = cold.authority == AuthorityKind::PreApproval && cold.cap_fen == line.cap_fen;
            if !same {
                return Err(wrong(Code::ElementConflict, line, column::CAP));
            }
            issued = cell.buckets.issued;
        }
        let sum = self.issued.entry((*row.code).into()).or_insert(issued);
        let left = line.cap_fen.get() - *sum;
        if line.amount_fen.get() > left {
            return Err(over(Code::OverAuthority, line, column::AMOUNT, left));
        }
        *sum += line.amount_fen.get();
        self.must_stay_under_unit_cap(line, row, self.book)?;
        self.act(ActKind::Issue, place, line.amount_fen);
        Ok(())
    }

    /// Before the reply of the year the money is for, a unit stays within its caps.
    fn must_stay_under_unit_cap(
        &mut self,
        line: &DocumentLine,
        row: &BudgetRow,
        book: &'a YearBook,
    ) -> Result<(), Refusal> {
        let before = (book.year != self.book.year).then_some(self.book);
        let early = self.early.get_or_insert_with(|| Early::new(book, before));
        early
            .take(row, line.amount_fen)
            .map_err(|left| over(Code::OverEarlyCap, line, column::AMOUNT, left.get()))
    }

    /// The reply gives each row its quota; one that stood on pre-approval authority keeps its id,
    /// its key and its payments, and rests on its row from now on.
    fn initial(&mut self, line: &DocumentLine) -> Result<(), Refusal> {
        let row = self.office.get::<BudgetRow>(&line.row);
        let row = row.ok_or_else(|| wrong(Code::NoBudgetRow, line, column::ROW))?;
        let known = self.book.quota_by_key(&row.quota_key(self.code));
        let cold = known.and_then(|id| self.book.row(id));
        let before = cold.is_some_and(|cold| cold.authority == AuthorityKind::PreApproval);
        if let (Some(id), true) = (known, before) {
            return self.replace_authority(line, row, id);
        }
        if row_state(self.office, row) != RowState::Replied {
            return Err(wrong(Code::NoApprovedBudget, line, column::ROW));
        }
        if matches!(row.kind, RowKind::Received | RowKind::Carried | RowKind::Recovered) {
            return Err(wrong(Code::BadLine, line, column::ROW));
        }
        let issued = cold.map_or(0, |cold| cold.totals().initial);
        let sum = self.issued.entry((*row.code).into()).or_insert(issued);
        let left = row.reply_fen.get() - *sum;
        if line.amount_fen.get() > left {
            return Err(over(Code::OverBudgetRow, line, column::AMOUNT, left));
        }
        *sum += line.amount_fen.get();
        if !line.amount_fen.is_payable() {
            return Err(wrong(Code::BadLine, line, column::AMOUNT));
        }
        let place = self.place(line, row, QuotaId::NONE, Fen::ZERO)?;
        self.act(ActKind::Issue, place, line.amount_fen);
        Ok(())
    }

    /// The reply's figure, whatever was issued before it; never less than what is used.
    fn replace_authority(
        &mut self,
        line: &DocumentLine,
        row: &BudgetRow,
        id: QuotaId,
    ) -> Result<(), Refusal> {
        let replied = row_state(self.office, row) == RowState::Replied;
        let figure = if replied { row.reply_fen.get() } else { 0 };
        if line.amount_fen.get() != figure {
            return Err(over(Code::OverBudgetRow, line, column::AMOUNT, figure));
        }
        let Some(cell) = self.book.quota(id) else {
            return Err(wrong(Code::NoQuota, line, column::ROW));
        };
        if cell.closed {
            return Err(wrong(Code::QuotaClosed, line, column::ROW));
        }
        let (issued, available) = (cell.buckets.issued, cell.buckets.available());
        let place = Place::Known(id);
        let excess = issued - figure;
        if excess > available {
            // What is used of it stands above the reply.
            return Err(over(Code::CutBelowUsed, line, column::AMOUNT, issued - available));
        }
        if excess > 0 {
            self.act(ActKind::Cut, place, Fen::new(excess));
        }
        if replied {
            self.act(ActKind::Authorize, place, Fen::new((-excess).max(0)));
        }
        Ok(())
    }

    /// From a pool of the same division.
    fn supplement(&mut self, line: &DocumentLine) -> Result<(), Refusal> {
        if line.from.is_none() {
            return Err(wrong(Code::NeedsCongress, line, column::FROM));
        }
        let (from, pool) = self.source(line)?;
        let row = self.row(line)?;
        let gives = is_pool(pool) || pool.kind == RowKind::Received;
        if !gives || is_pool(row) {
            return Err(wrong(Code::BadLine, line, column::FROM));
        }
        if pool.fund != row.fund {
            return Err(wrong(Code::ElementConflict, line, column::ROW));
        }
        self.across(line, from, pool, row, Code::OverParent)
    }

    /// Into a pool of the same division.
    fn cut(&mut self, line: &DocumentLine) -> Result<(), Refusal> {
        let (from, source) = self.source(line)?;
        if line.row.is_empty() {
            return Err(wrong(Code::NeedsCongress, line, column::ROW));
        }
        let pool = self.row(line)?;
        if !is_pool(pool) {
            return Err(wrong(Code::BadLine, line, column::ROW));
        }
        if pool.fund != source.fund {
            return Err(wrong(Code::ElementConflict, line, column::ROW));
        }
        self.across(line, from, source, pool, Code::CutBelowUsed)
    }

    /// Between two rows, inside the approved total.
    fn across(
        &mut self,
        line: &DocumentLine,
        from: QuotaId,
        source: &BudgetRow,
        row: &BudgetRow,
        short: Code,
    ) -> Result<(), Refusal> {
        self.take_from(line, from, short)?;
        let to = self.place(line, row, QuotaId::NONE, Fen::ZERO)?;
        if to == Place::Known(from) {
            return Err(wrong(Code::BadLine, line, column::ROW));
        }
        self.move_out(MoveKind::Virement, from, to, line.amount_fen);
        self.shift(source, 0, -line.amount_fen.get());
        self.shift(row, 0, line.amount_fen.get());
        Ok(())
    }

    /// Down the tree: a child refines what is above it.
    fn allocate(&mut self, line: &DocumentLine) -> Result<(), Refusal> {
        let (from, above) = self.source(line)?;
        let row = self.row(line)?;
        let refines = above.fund == row.fund
            && above.functional.covers(row.functional)
            && above.departmental.covers(row.departmental)
            && (above.track.is_empty() || above.track == row.track);
        if !refines {
            return Err(wrong(Code::ElementConflict, line, column::ROW));
        }
        if self.book.quota(from).is_some_and(|cell| cell.executable) {
            return Err(wrong(Code::BadLine, line, column::FROM));
        }
        self.take_from(line, from, Code::OverParent)?;
        let to = self.place(line, row, from, Fen::ZERO)?;
        self.move_out(MoveKind::Allocate, from, to, line.amount_fen);
        self.shift(above, 0, -line.amount_fen.get());
        self.shift(row, 0, line.amount_fen.get());
        Ok(())
    }

    /// To another division, which confirms it.
    fn transfer(&mut self, line: &DocumentLine) -> Result<(), Refusal> {
        let (from, source) = self.source(line)?;
        let pays = self.book.quota(from).is_some_and(|cell| cell.executable);
        if pays || !matches!(source.kind, RowKind::Transfer | RowKind::Received) {
            return Err(wrong(Code::BadLine, line, column::FROM));
        }
        let elsewhere = line.to.is_unnamed()
            && line.to.division() != self.book.division
            && line.to.year() == self.book.year;
        if !elsewhere {
            return Err(wrong(Code::BadDivision, line, column::TO));
        }
        let is_code = DivisionCode::read(&line.to_division).is_some();
        let meant = source.to_division.is_empty() || source.to_division == line.to_division;
        // Where the tree below is on file, it says who is below.
        let below = self.office.get::<Subdivision>(&line.to_division).is_some()
            || self.office.all::<Subdivision>().next().is_none();
        if !is_code || !meant || !below || *line.to_division == *self.code {
            return Err(wrong(Code::BadDivision, line, column::TO_DIVISION));
        }
        self.take_from(line, from, Code::OverParent)?;
        let transfer = Transfer {
            id: MoveId(0),
            document: self.document.code.clone(),
            number: self.document.number.clone(),
            from,
            to: line.to,
            to_division: Word::from(&*line.to_division),
            functional: source.functional,
            fund: source.fund,
            track: source.track.clone(),
            amount_fen: line.amount_fen,
            maker: self.document.maker,
            checker: PersonId::NOBODY,
            out_ms: 0,
            state: TransferState::Out,
        };
        self.plan.transfers.push((self.plan.deeds.len(), transfer));
        self.move_out(MoveKind::Transfer, from, Place::Known(line.to), line.amount_fen);
        Ok(())
    }

    /// Back up, to the quota it was handed down from.
    fn return_up(&mut self, line: &DocumentLine) -> Result<(), Refusal> {
        let (from, row) = self.source(line)?;
        let parent = self.book.row(from).map_or(QuotaId::NONE, |cold| cold.parent);
        if parent.is_none() {
            return Err(wrong(Code::NoParent, line, column::FROM));
        }
        self.take_from(line, from, Code::ReturnOverAvailable)?;
        self.move_out(MoveKind::ReturnUp, from, Place::Known(parent), line.amount_fen);
        self.shift(row, 0, -line.amount_fen.get());
        if let Some(cold) = self.book.row(parent) {
            let above = self.office.get::<BudgetRow>(cold.budget_row());
            let above = above.ok_or_else(|| wrong(Code::NoBudgetRow, line, column::FROM))?;
            self.shift(above, 0, line.amount_fen.get());
        }
        Ok(())
    }

    /// Across (调剂): the same fund nature, no forbidden pair of classes, below the amount that
    /// needs a resolution.
    fn virement(&mut self, line: &DocumentLine) -> Result<(), Refusal> {
        let (from, source) = self.source(line)?;
        let row = self.row(line)?;
        if source.fund != row.fund {
            return Err(wrong(Code::VireFundNature, line, column::ROW));
        }
        for rule in self.office.all::<VirementRule>() {
            let meant = source.departmental.as_str().starts_with(&*rule.from_class)
                && row.departmental.as_str().starts_with(&*rule.to_class)
                && line.amount_fen >= rule.above_fen;
            if meant {
                let code = match rule.need {
                    VirementNeed::Forbidden => Code::VireForbiddenClass,
                    VirementNeed::Congress => Code::VireNeedsCongress,
                };
                return Err(over(code, line, column::ROW, rule.above_fen.get()));
            }
        }
        self.across(line, from, source, row, Code::CutBelowUsed)
    }

    /// By resolution (调整): the total changes. A row gets, or a quota gives.
    fn adjustment(&mut self, line: &DocumentLine) -> Result<(), Refusal> {
        match (line.row.is_empty(), line.from.is_none()) {
            (false, true) => {
                let row = self.row(line)?;
                let place = self.place(line, row, QuotaId::NONE, Fen::ZERO)?;
                self.act(ActKind::Supplement, place, line.amount_fen);
                self.shift(row, line.amount_fen.get(), 0);
            }
            (true, false) => {
                let (from, row) = self.source(line)?;
                self.take_from(line, from, Code::CutBelowUsed)?;
                self.act(ActKind::Cut, Place::Known(from), line.amount_fen);
                self.shift(row, -line.amount_fen.get(), 0);
            }
            _ => return Err(wrong(Code::BadLine, line, column::ROW)),
        }
        Ok(())
    }

    fn freeze(&mut self, line: &DocumentLine) -> Result<(), Refusal> {
        let (from, _) = self.source(line)?;
        self.take_from(line, from, Code::CutBelowUsed)?;
        self.act(ActKind::Freeze, Place::Known(from), line.amount_fen);
        Ok(())
    }

    fn unfreeze(&mut self, line: &DocumentLine) -> Result<(), Refusal> {
        let (from, _) = self.source(line)?;
        let there = self.book.quota(from).map_or(0, |cell| cell.buckets.frozen);
        let left = self.frozen_left.entry(from).or_insert(there);
        if line.amount_fen.get() > *left {
            return Err(over(Code::OverFrozen, line, column::AMOUNT, *left));
        }
        *left -= line.amount_fen.get();
        self.act(ActKind::Unfreeze, Place::Known(from), line.amount_fen);
        Ok(())
    }

    /// Dormant money comes back (收回盘活), whatever it was carried through since it was first
    /// approved; in the adjustment period all that is left. It goes to a row of
    /// recovered money, or to the treasury.
    fn recover(&mut self, line: &DocumentLine) -> Result<(), Refusal> {
        let (from, source) = self.source(line)?;
        let dormant = is_dormant(self.office, source, self.book.year);
        if self.book.state == YearState::Open && !dormant {
            return Err(wrong(Code::NotDormant, line, column::FROM));
        }
        self.take_from(line, from, Code::CutBelowUsed)?;
        self.act(ActKind::Recover, Place::Known(from), line.amount_fen);
        self.shift(source, 0, -line.amount_fen.get());
        if line.row.is_empty() {
            return Ok(());
        }
        let pool = self.row(line)?;
        if pool.kind != RowKind::Recovered || self.book.state != YearState::Open {
            return Err(wrong(Code::BadLine, line, column::ROW));
        }
        if pool.fund != source.fund {
            return Err(wrong(Code::ElementConflict, line, column::ROW));
        }
        let place = self.place(line, pool, QuotaId::NONE, Fen::ZERO)?;
        self.act(ActKind::Supplement, place, line.amount_fen);
        self.shift(pool, 0, line.amount_fen.get());
        Ok(())
    }

    /// Into next year (结转), for the same purpose, under the year it was first approved in; not what
    /// would be dormant there.
    fn carry(&mut self, line: &DocumentLine) -> Result<(), Refusal> {
        let (from, source) = self.source(line)?;
        let year = self.book.year;
        let next = FiscalYear::new(year.get() + 1).ok_or(Code::YearNotOpen)?;
        let next_book = self.division.year(next).filter(|book| book.state == YearState::Open);
        let next_book = next_book.ok_or(Code::YearNotOpen)?;
        if is_dormant(self.office, source, next) {
            return Err(wrong(Code::Dormant, line, column::FROM));
        }
        self.take_from(line, from, Code::CutBelowUsed)?;
        let row = carried_row(source, year);
        self.must_stay_under_unit_cap(line, &row, next_book)?;
        let key = row.quota_key(self.code);
        let to = match next_book.quota_by_key(&key) {
            Some(known) if next_book.quota(known).is_some_and(|cell| cell.closed) => {
                return Err(wrong(Code::QuotaClosed, line, column::FROM));
            }
            Some(known) => Place::Known(known),
            None => {
                let office = next_book.office();
                self.make(line, &row, key.into(), QuotaId::NONE, Fen::ZERO, next, office)?
            }
        };
        if next_book.office().get::<BudgetRow>(&row.code).is_none()
            && self.plan.carried.iter().all(|known| known.code != row.code)
        {
            self.plan.carried.push(row);
        }
        self.move_out(MoveKind::Carry, from, to, line.amount_fen);
        self.shift(source, 0, -line.amount_fen.get());
        Ok(())
    }
}

/// Rows whose money is there to be given to others: they never pay.
fn is_pool(row: &BudgetRow) -> bool {
    matches!(row.kind, RowKind::Held | RowKind::Reserve | RowKind::Recovered)
}

/// The row of the new year that a row's money is carried into: its own elements, its first year.
fn carried_row(source: &BudgetRow, year: FiscalYear) -> BudgetRow {
    let code = format!("{}.{}", &*source.code, year.get());
    BudgetRow {
        code: Word::from(&*code),
        kind: RowKind::Carried,
        asked_fen: Fen::ZERO,
        audited_fen: Fen::ZERO,
        reply_fen: Fen::ZERO,
        adjusted_fen: Fen::ZERO,
        vired_fen: Fen::ZERO,
        current_fen: Fen::ZERO,
        is_dropped: false,
        ..source.clone()
    }
}
