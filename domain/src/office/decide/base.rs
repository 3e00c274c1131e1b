//! Base data is put and removed row by row, and checked together.

use super::{Asked, at};
use crate::batch::Staged;
use crate::command::By;
use crate::division::{Division, YearBook};
use crate::ids::{BatchId, FiscalYear};
use crate::money::Fen;
use crate::office::Office;
use crate::office::import::{Broken, Ground, Misfit, check};
use crate::office::line::Change;
use crate::office::table::{Row, Table};
use crate::office::tables::people::PostKind;
use crate::refusal::{Code, Figure, Refusal};

/// Each line: a table's name, then the row's fields.
pub(super) fn put(asked: &Asked<'_>) -> Result<Vec<Change>, Refusal> {
    let row = |(line, fields): (usize, Vec<&str>)| {
        let table = table_of(line, &fields)?;
        let row = Row::of_fields(table, &fields[1..])
            .map_err(|unfit| at(Code::BadRow, line, unfit.column + 2))?;
        Ok(Change::Put(row))
    };
    taken(asked, asked.lines().map(row).collect::<Result<Vec<Change>, Refusal>>()?)
}

/// Each line: a table's name and a row's key.
pub(super) fn remove(asked: &Asked<'_>) -> Result<Vec<Change>, Refusal> {
    let row = |(line, fields): (usize, Vec<&str>)| {
        let table = table_of(line, &fields)?;
        let key = fields[1..].join("/");
        asked.office.row(table, &key).ok_or_else(|| at(Code::NoRow, line, 2))?;
        Ok(Change::Remove(table, key.into()))
    };
    taken(asked, asked.lines().map(row).collect::<Result<Vec<Change>, Refusal>>()?)
}

/// In a batch the changes are checked together, when it closes.
fn taken(asked: &Asked<'_>, changes: Vec<Change>) -> Result<Vec<Change>, Refusal> {
    asked.must_hold(PostKind::BaseKeeper, None)?;
    if asked.paper.batch == BatchId(0) {
        let lines: Vec<usize> = (1..=changes.len()).collect();
        must_fit(asked.division, asked.paper.year, &changes, &lines)?;
    }
    Ok(changes)
}

/// The rows of base data that a batch puts and removes must fit together and with what is on file.
/// Lines are counted over all its papers.
///
/// # Errors
/// [`Code::NotHolder`], or [`Code::ImportUnfit`] with the first places that do not fit.
pub(crate) fn must_fit_staged(
    division: &Division,
    book: &YearBook,
    by: &By,
    staged: &[Staged],
) -> Result<(), Refusal> {
    let papers = staged.iter().filter_map(|staged| match staged {
        Staged::Paper { changes } => Some(&**changes),
        _ => None,
    });
    let (mut changes, mut lines) = (Vec::new(), Vec::new());
    for (at, line) in papers.flat_map(str::lines).enumerate() {
        if is_base(line) {
            changes
                .push(Change::read(line).expect("what is staged was a change when it was taken"));
            lines.push(at + 1);
        }
    }
    if changes.is_empty() {
        return Ok(());
    }
    super::posts::must_hold(book.office(), by.person, PostKind::BaseKeeper, None)?;
    must_fit(division, book.year, &changes, &lines)
}

/// Whether a line of changes is about base data.
fn is_base(line: &str) -> bool {
    let name = line.get(1..).and_then(|rest| rest.split('\t').next());
    name.and_then(Table::from_slug).is_some_and(Table::is_base)
}

fn must_fit(
    division: &Division,
    year: FiscalYear,
    changes: &[Change],
    lines: &[usize],
) -> Result<(), Refusal> {
    let Some(registration) = &division.registration else {
        return Err(Code::UnknownDivision.into());
    };
    let book = division.year(year);
    let ground = Ground {
        office: book.map_or_else(Office::empty, YearBook::office),
        division: std::str::from_utf8(&registration.code).unwrap_or(""),
        year,
        book,
        broken: Broken::NONE,
    };
    let misfits = check(ground, changes);
    if misfits.is_empty() {
        return Ok(());
    }
    let mut refusal = Refusal::new(Code::ImportUnfit);
    for misfit in misfits {
        refusal.add(figure(&misfit, lines));
    }
    Err(refusal)
}

/// The line of the paper, and its column: the table's name is the first.
fn figure(misfit: &Misfit, lines: &[usize]) -> Figure {
    Figure {
        limit: Code::PaperLine,
        requested_fen: Fen::new(lines[misfit.change] as i64),
        left_fen: Fen::new(misfit.column.map_or(1, |column| column as i64 + 2)),
    }
}

fn table_of(line: usize, fields: &[&str]) -> Result<Table, Refusal> {
    let table = Table::from_slug(fields[0]).ok_or_else(|| at(Code::NoTable, line, 1))?;
    if table.is_base() { Ok(table) } else { Err(at(Code::NotBase, line, 1)) }
}
