//! Base data is put and removed row by row.

use super::{Asked, at};
use crate::office::line::Change;
use crate::office::table::{Row, Table};
use crate::office::tables::people::PostKind;
use crate::refusal::{Code, Refusal};

/// Each line: a table's name, then the row's fields.
pub(super) fn put(asked: &Asked<'_>) -> Result<Vec<Change>, Refusal> {
    asked.must_hold(PostKind::BaseKeeper, None)?;
    let row = |(line, fields): (usize, Vec<&str>)| {
        let table = table_of(line, &fields)?;
        let row = Row::read(table, &fields[1..].join("\t"))
            .map_err(|unfit| at(Code::BadRow, line, unfit.column + 2))?;
        Ok(Change::Put(row))
    };
    asked.lines().map(row).collect()
}

/// Each line: a table's name and a row's key.
pub(super) fn remove(asked: &Asked<'_>) -> Result<Vec<Change>, Refusal> {
    asked.must_hold(PostKind::BaseKeeper, None)?;
    let row = |(line, fields): (usize, Vec<&str>)| {
        let table = table_of(line, &fields)?;
        let key = fields[1..].join("/");
        asked.office.row(table, &key).ok_or_else(|| at(Code::NoRow, line, 2))?;
        Ok(Change::Remove(table, key.into()))
    };
    asked.lines().map(row).collect()
}

fn table_of(line: usize, fields: &[&str]) -> Result<Table, Refusal> {
    Table::from_slug(fields[0]).ok_or_else(|| at(Code::NoTable, line, 1))
}
