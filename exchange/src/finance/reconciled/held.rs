//! Orders that a cut-off holds until the next day (截止后顺延): in our own store, from which they never left, or at their bank, whose
//! statement tells them. Neither is missing from the day's statement, and neither keeps the day open.

use std::collections::BTreeSet;

use domain::ids::Day;
use domain::reconciliation::ItemState;
use domain::reconciliation::statement::lines;
use domain::voucher::{Party, Voucher, VoucherKey};

use super::record::{Record, day_of};
use super::told::reconciled;
use crate::business::Effect;
use crate::finance::record::key_of;
use crate::finance::{Finance, Row, Standing};

/// What a bank's statements say that it holds until its next day.
pub(super) fn held_in(statements: &[Voucher]) -> BTreeSet<VoucherKey> {
    let lines = statements.iter().filter_map(|statement| lines(statement).ok());
    let waits = lines.flatten().flatten();
    let waits = waits.filter(|line| line.figures.state == ItemState::Pending);
    waits.map(|line| line.item.voucher).collect()
}

impl Finance {
    /// The cut-off holds vouchers back: of orders that is noted.
    pub(in crate::finance) fn cut_off_holds(&self, vouchers: &[VoucherKey]) -> Vec<Effect> {
        let ours = vouchers.iter().filter(|key| self.by_key.contains_key(key));
        let orders: Vec<String> = ours.map(ToString::to_string).collect();
        let held = (!orders.is_empty()).then(|| reconciled(Record::HeldBack { orders }));
        held.into_iter().collect()
    }

    /// What it held back goes out, on the day it is.
    pub(in crate::finance) fn cut_off_lets_go(&self) -> Vec<Effect> {
        let day = self.day().filter(|_| self.rows.iter().any(|row| row.held));
        day.map(|day| reconciled(Record::LetGo { day: day.get() })).into_iter().collect()
    }

    /// That a bank holds orders until its next day; nothing where it holds none and held none.
    pub(super) fn holds_there(
        &self,
        bank: Party,
        day: Day,
        told: &BTreeSet<VoucherKey>,
    ) -> Option<Effect> {
        let is_news = !told.is_empty() || self.reconciled.held_there.contains_key(&bank);
        is_news.then(|| {
            let orders = told.iter().map(ToString::to_string).collect();
            reconciled(Record::HeldThere { bank: bank.to_string(), day: day.get(), orders })
        })
    }

    /// A bank has told what it holds. What it held before and does not hold any more was due on the day it tells now.
    pub(in crate::finance) fn held_there(&mut self, bank: Party, day: u32, orders: &[String]) {
        let (day, orders) = (day_of(day), orders.iter().map(|key| key_of(key)));
        let orders: BTreeSet<VoucherKey> = orders.collect();
        let before = self.reconciled.held_there.remove(&bank).unwrap_or_default();
        for key in before.difference(&orders) {
            if let Some(at) = self.by_key.get(key) {
                self.rows[*at as usize].due_on = day;
            }
        }
        if !orders.is_empty() {
            self.reconciled.held_there.insert(bank, orders);
        }
    }

    /// Whether a bank has told that it holds an order until its next day.
    pub(super) fn is_held_there(&self, row: &Row) -> bool {
        let held = self.reconciled.held_there.get(&row.to);
        held.is_some_and(|held| held.contains(&row.key))
    }

    /// Whether an order waits for the next day by a cut-off: nobody has to answer it today.
    pub(super) fn waits_for_next_day(&self, row: &Row) -> bool {
        row.standing == Standing::Out && (row.held || self.is_held_there(row))
    }
}
