//! Thresholds of alerts are put and removed row by row, by the head of the treasury division.

use super::{Asked, at};
use crate::office::line::Change;
use crate::office::table::{Row, Table, Tabled};
use crate::office::tables::people::PostKind;
use crate::office::tables::report::Threshold;
use crate::refusal::{Code, Refusal};

/// The column of the value an alert is cleared at, from 1.
const CLEAR_AT: usize = 4;

/// Each line: a row's fields.
pub(super) fn put(asked: &Asked<'_>) -> Result<Vec<Change>, Refusal> {
    asked.must_hold(PostKind::TreasuryHead, None)?;
    let row = |(line, fields): (usize, Vec<&str>)| {
        let row =
            Threshold::read(&fields).map_err(|unfit| at(Code::BadRow, line, unfit.column + 1))?;
        if row.clear_at >= row.raise_at {
            return Err(at(Code::BadRow, line, CLEAR_AT));
        }
        Ok(Change::Put(Row::Threshold(Box::new(row))))
    };
    asked.lines().map(row).collect()
}

/// Each line: a row's code.
pub(super) fn remove(asked: &Asked<'_>) -> Result<Vec<Change>, Refusal> {
    asked.must_hold(PostKind::TreasuryHead, None)?;
    let row = |(line, fields): (usize, Vec<&str>)| {
        let key = fields.join("/");
        asked.office.row(Table::Threshold, &key).ok_or_else(|| at(Code::NoRow, line, 1))?;
        Ok(Change::Remove(Table::Threshold, key.into()))
    };
    asked.lines().map(row).collect()
}
