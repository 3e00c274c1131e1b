//! What units may have in quotas before the people's congress has approved the budget (Budget Law,
//! article 54): carried money under the cap for carried money, all other under the other caps.

use std::collections::HashMap;

use super::authority::is_replied;
use super::tables::budget::{BudgetRow, EarlyCap, EarlyGround, RowKind};
use crate::codes::{AuthorityKind, MoveKind};
use crate::division::YearBook;
use crate::money::{Fen, FenSum};
use crate::movement::Transit;

/// Which of a unit's caps money is under.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Under {
    /// The one for what was carried over.
    Carried,
    /// Those for everything else, in sum.
    Other,
}

impl Under {
    fn of(kind: RowKind) -> Under {
        if kind == RowKind::Carried { Under::Carried } else { Under::Other }
    }
}

/// The caps of a year's units, and what of each is taken.
#[derive(Debug)]
pub(super) struct Early<'a> {
    book: &'a YearBook,
    taken: HashMap<(Box<str>, Under), FenSum>,
}

impl<'a> Early<'a> {
    /// As it stands in the year; `before` is the year that money may be on its way from. Looks at
    /// every quota.
    #[must_use]
    pub(super) fn new(book: &'a YearBook, before: Option<&YearBook>) -> Early<'a> {
        let mut early = Early { book, taken: HashMap::new() };
        for (_, cell, cold) in book.quotas() {
            let row: Option<&BudgetRow> = book.office().get(cold.budget_row());
            let kind = row.map_or(RowKind::Placed, |row| row.kind);
            if kind == RowKind::Carried || cold.authority == AuthorityKind::PreApproval {
                early.add(cold.unit(), kind, cell.buckets.issued);
            }
        }
        let out = before.into_iter().flat_map(YearBook::moves_out);
        for (id, moved) in out.filter(|(_, moved)| moved.kind == MoveKind::Carry) {
            let left = matches!(moved.transit, Transit::Staged | Transit::InTransit);
            let on_its_way = left && book.move_in(moved.from, id).is_none();
            if let (true, Some(cold)) = (on_its_way, book.row(moved.to)) {
                early.add(cold.unit(), RowKind::Carried, moved.amount_fen.get());
            }
        }
        early
    }

    fn add(&mut self, unit: &str, kind: RowKind, fen: i64) {
        *self.taken.entry((unit.into(), Under::of(kind))).or_default() += FenSum::from(fen);
    }

    /// Takes so much for a row.
    ///
    /// # Errors
    /// What is left, where that is less.
    pub(super) fn take(&mut self, row: &BudgetRow, amount: Fen) -> Result<(), Fen> {
        let Some(cap) = self.cap(row) else { return Ok(()) };
        let taken = self.taken.entry(((*row.unit).into(), Under::of(row.kind))).or_default();
        let left = cap - *taken;
        if FenSum::from(amount.get()) > left {
            return Err(Fen::new(i64::try_from(left).unwrap_or(0)));
        }
        *taken += FenSum::from(amount.get());
        Ok(())
    }

    /// The cap a row's money is under; `None`: it is not held to one. Carried money has last year's
    /// authority and needs no figure, but keeps to one that is registered. For all other a unit
    /// without a figure has none, in a division under control.
    fn cap(&self, row: &BudgetRow) -> Option<FenSum> {
        let office = self.book.office();
        if is_replied(office) {
            return None;
        }
        let (under, beginning) = (Under::of(row.kind), format!("{}/", &*row.unit));
        let of_ground =
            |cap: &&EarlyCap| (cap.ground == EarlyGround::Carried) == (under == Under::Carried);
        let caps = office.beginning::<EarlyCap>(&beginning).filter(of_ground);
        let caps: Vec<FenSum> = caps.map(|cap| FenSum::from(cap.cap_fen.get())).collect();
        let held = !caps.is_empty() || (under == Under::Other && office.card().is_some());
        held.then(|| caps.iter().sum())
    }
}
