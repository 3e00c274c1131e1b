//! Thresholds of alerts are put and removed row by row, by the head of the treasury division.

use super::Asked;
use super::reading::each_once;
use crate::office::line::Change;
use crate::office::table::{Table, Tabled};
use crate::office::tables::people::PostKind;
use crate::office::tables::report::Threshold;
use crate::refusal::{Code, Refusal};

/// The column of the value an alert is cleared at, from 0.
const CLEAR_AT: usize = 3;

/// Each line: a row's fields.
pub(super) fn put(asked: &Asked<'_>) -> Result<Vec<Change>, Refusal> {
    asked.must_hold(PostKind::TreasuryHead, None)?;
    let mut changes = Vec::new();
    for line in asked.read()? {
        let row: Threshold = line.row()?;
        if row.clear_at >= row.raise_at {
            return Err(line.refuse(Code::BadRow, CLEAR_AT));
        }
        changes.push(Change::Put(row.into_row()));
    }
    each_once(changes)
}

/// Each line: a row's code.
pub(super) fn remove(asked: &Asked<'_>) -> Result<Vec<Change>, Refusal> {
    asked.must_hold(PostKind::TreasuryHead, None)?;
    let mut changes = Vec::new();
    for line in asked.read()? {
        let key = line.fields.join("/");
        asked.office.row(Table::Threshold, &key).ok_or_else(|| line.refuse(Code::NoRow, 0))?;
        changes.push(Change::Remove(Table::Threshold, key.into()));
    }
    each_once(changes)
}
