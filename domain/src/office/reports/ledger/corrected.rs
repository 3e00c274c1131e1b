//! What corrections (更正) change of what quotas have spent.

use super::super::calendar::TenDays;
use super::{Ledger, NONE, Spent, book_of, day_of};
use crate::codes::{MoveKind, PaymentState, is_own_money};
use crate::ids::QuotaId;
use crate::money::FenSum;

impl Ledger {
    /// A correction changes what a quota has spent, on the day it is made.
    pub(super) fn corrected(&mut self, kind: MoveKind, quota: QuotaId, amount: i64, time_ms: u64) {
        let Some(line) = self.line(quota).filter(|_| kind == MoveKind::Correct) else { return };
        let paid = FenSum::from(amount);
        let cleared = if is_own_money(self.cell(line.cell).key.fund) { 0 } else { paid };
        self.spends(quota);
        let period = TenDays::of(day_of(time_ms), quota.year());
        let settled = (PaymentState::Cleared, PaymentState::Cleared);
        self.changed(quota, settled, 0, Some((period, Spent { paid, cleared })));
    }

    /// From now on it is kept what a quota spends.
    pub(super) fn spends(&mut self, quota: QuotaId) {
        let book = self.book(book_of(quota));
        if let Some(line) = book.lines.get_mut(quota.serial() as usize)
            && line.spent == NONE
        {
            line.spent = book.spent.push((Spent::default(), 0)) as u32;
        }
    }
}
