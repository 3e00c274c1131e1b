//! Sheets of payees (8207) that came back without their orders: not written for the bank, not taken, or sent back.
//!
//! The order is not rejected: its bank waits for payees and pays nobody before it has them. It stands as waiting for another
//! sheet, with why, and takes one under a new number.

use domain::voucher::{Party, VoucherKey};

use super::record::Record;
use super::{Finance, Standing, noted};
use crate::business::Effect;

/// A sheet that came back while its order waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SheetBack {
    /// The sheet, whose number is at an end.
    pub sheet: VoucherKey,
    /// Why it came back.
    pub reason: Box<str>,
}

impl Finance {
    /// Orders that wait at their banks for another sheet, with the one that came back.
    pub fn sheets_back(&self) -> impl Iterator<Item = (&VoucherKey, &SheetBack)> {
        self.sheets_back.iter().map(|(at, back)| (&self.rows[*at as usize].key, back))
    }

    /// The sheet of an order that came back, while the order waits for another.
    #[must_use]
    pub fn sheet_back(&self, order: &VoucherKey) -> Option<&SheetBack> {
        self.sheets_back.get(self.by_key.get(order)?)
    }

    /// A sheet came back. Where a payment of its order was voided, the sheet goes with the order and is written anew from what
    /// it says.
    pub(super) fn sheet_came_back(
        &self,
        from: Party,
        key: &VoucherKey,
        reason: &str,
    ) -> Vec<Effect> {
        let row = self.by_sheet.get(key).map(|at| &self.rows[*at as usize]);
        let Some(row) = row.filter(|row| row.to == from && row.standing == Standing::Out) else {
            return Vec::new();
        };
        let is_its = row.sheet.as_ref().is_some_and(|sheet| sheet.key == *key && !sheet.answered);
        if !is_its || row.parts.iter().any(|part| part.voided) {
            return Vec::new();
        }
        let (sheet, reason) = (key.to_string(), reason.to_owned());
        vec![noted(&Record::SheetBack { order: row.key.to_string(), sheet, reason })]
    }

    /// Changes by a record: the order takes another sheet.
    pub(super) fn sheet_is_back(&mut self, order: VoucherKey, sheet: VoucherKey, reason: &str) {
        let at = self.by_key[&order];
        // What has ended waits for nothing.
        if self.rows[at as usize].standing != Standing::Out {
            return;
        }
        self.by_sheet.remove(&sheet);
        self.sheets_back.insert(at, SheetBack { sheet, reason: reason.into() });
    }
}
