//! Importing base data: sheets of rows, and everything in them that does not fit.
//!
//! [`read`] turns the text of sheets into rows, each in its form. [`check`] holds rows against each
//! other and against what is on file. Both list all they find, with place, value and what is
//! expected there. The decision on the papers that carry an import is made by the same [`check`],
//! so that nothing half-valid is ever on file.
//!
//! A sheet is a header with the names of the table's columns in any order, and rows under it. A row
//! whose first field begins with `#` is about the sheet: `#total,COLUMN,SUM`, `#rows,COUNT`,
//! `#year,YEAR` and `#division,CODE` must be true of it; `# …` is a remark.

mod check;
mod people;
mod register;
mod trees;
mod view;

pub use check::{Ground, Misfit, check};
pub(crate) use trees::unit_of_key;

use std::collections::BTreeSet;

use super::field::Field;
use super::line::Change;
use super::table::{Row, Table};
use crate::ids::FiscalYear;
use crate::money::Fen;

/// A row of a sheet, as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its row in the file, from 1.
    pub row: u32,
    /// Its fields.
    pub fields: Vec<String>,
}

/// The rows of one table in one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sheet {
    /// The table.
    pub table: Table,
    /// Every row of the file that is not empty, the header too.
    pub records: Vec<Record>,
}

/// One thing that does not fit.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// Which sheet.
    pub sheet: usize,
    /// The row in its file, from 1; 0: the whole file.
    pub row: u32,
    /// The column in the file, from 1; 0: the whole row.
    pub column: u32,
    /// What stands there.
    pub value: String,
    /// What is expected instead.
    pub expected: String,
}

/// Rows that were read, each in its form, and what was found while reading.
#[derive(Debug, Default)]
pub struct Import {
    /// The rows, as changes that put them.
    pub changes: Vec<Change>,
    /// For each change, its sheet and row.
    places: Vec<(usize, u32)>,
    /// For each sheet, the file's column of each column of the table.
    columns: Vec<Vec<u32>>,
    /// What does not fit, in the order of sheets, rows and columns.
    pub findings: Vec<Finding>,
    /// What could not be read.
    pub broken: Broken,
}

/// Rows whose form does not fit, and tables that could not be read: who names them is not to blame.
#[derive(Debug, Default)]
pub struct Broken {
    keys: BTreeSet<(Table, Box<str>)>,
    tables: BTreeSet<Table>,
}

impl Broken {
    /// Nothing was broken.
    pub const NONE: &'static Broken = &Broken { keys: BTreeSet::new(), tables: BTreeSet::new() };

    pub(crate) fn has(&self, table: Table, key: &str) -> bool {
        self.tables.contains(&table) || self.keys.contains(&(table, key.into()))
    }
}

impl Import {
    /// The sheet and row of a change.
    #[must_use]
    pub fn place(&self, change: usize) -> (usize, u32) {
        self.places[change]
    }

    /// A column of a change's row as its file has it, from 1; 0: the whole row.
    #[must_use]
    pub fn column(&self, change: usize, column: Option<usize>) -> u32 {
        column.map_or(0, |column| self.columns[self.places[change].0][column])
    }

    /// Adds what [`check`] found, where the files have it.
    pub fn add(&mut self, misfits: Vec<Misfit>) {
        let found = misfits.into_iter().map(|misfit| {
            let (sheet, row) = self.places[misfit.change];
            let column = self.column(misfit.change, misfit.column);
            Finding { sheet, row, column, value: misfit.value, expected: misfit.expected }
        });
        let found: Vec<Finding> = found.collect();
        self.findings.extend(found);
        self.findings.sort();
    }
}

/// Reads sheets for a year of a division, which has this code.
#[must_use]
pub fn read(sheets: &[Sheet], year: FiscalYear, division: &str) -> Import {
    let mut import = Import::default();
    for (number, sheet) in sheets.iter().enumerate() {
        Reading { import: &mut import, sheet, number, year, division }.read();
    }
    import.findings.sort();
    import
}

/// One sheet on its way into the import.
struct Reading<'a> {
    import: &'a mut Import,
    sheet: &'a Sheet,
    number: usize,
    year: FiscalYear,
    division: &'a str,
}

impl Reading<'_> {
    fn read(mut self) {
        let (about, rows): (Vec<&Record>, Vec<&Record>) =
            self.sheet.records.iter().partition(|record| record.fields[0].starts_with('#'));
        let Some((header, rows)) = rows.split_first() else {
            self.import.columns.push(Vec::new());
            self.import.broken.tables.insert(self.sheet.table);
            return self.find(0, 0, "", "a header with the names of the columns".to_owned());
        };
        let order = self.order(header);
        let columns = order.iter().flatten().map(|&at| at as u32 + 1).collect();
        self.import.columns.push(columns);
        let Some(order) = order.into_iter().collect::<Option<Vec<usize>>>() else {
            self.import.broken.tables.insert(self.sheet.table);
            return;
        };
        for record in rows {
            self.row(record, header.fields.len(), &order);
        }
        for record in about {
            self.about(record, &header.fields, rows);
        }
    }

    /// For each column of the table, its place in the file.
    fn order(&mut self, header: &Record) -> Vec<Option<usize>> {
        let table = self.sheet.table;
        for (at, name) in header.fields.iter().enumerate() {
            let column = at as u32 + 1;
            if table.column(name).is_none() {
                let names: Vec<&str> = table.columns().iter().map(|column| column.name).collect();
                self.find(header.row, column, name, format!("one of {}", names.join(", ")));
            } else if header.fields[..at].contains(name) {
                self.find(header.row, column, name, "each column once".to_owned());
            }
        }
        let place = |name: &str| header.fields.iter().position(|field| field == name);
        let order: Vec<Option<usize>> =
            table.columns().iter().map(|column| place(column.name)).collect();
        for (column, at) in table.columns().iter().zip(&order) {
            if at.is_none() {
                let expected = format!("a column {} ({})", column.name, column.chinese);
                self.find(header.row, 0, "", expected);
            }
        }
        order
    }

    fn row(&mut self, record: &Record, width: usize, order: &[usize]) {
        let table = self.sheet.table;
        if record.fields.len() != width {
            let count = record.fields.len().to_string();
            self.find(record.row, 0, &count, format!("{width} fields, as in the header"));
            return self.broken(record, order);
        }
        let fields: Vec<&str> = order.iter().map(|&at| &*record.fields[at]).collect();
        let unfit = table.unfit(&fields);
        for unfit in &unfit {
            let column = table.columns()[unfit.column];
            let expected = format!("{} ({}): {}", column.name, column.chinese, unfit.expected);
            self.find(record.row, order[unfit.column] as u32 + 1, fields[unfit.column], expected);
        }
        match Row::of_fields(table, &fields) {
            Ok(row) => {
                self.import.changes.push(Change::Put(row));
                self.import.places.push((self.number, record.row));
            }
            Err(_) => self.broken(record, order),
        }
    }

    fn broken(&mut self, record: &Record, order: &[usize]) {
        let keys = order.iter().take(self.sheet.table.keys());
        let key: Vec<&str> =
            keys.map(|&at| record.fields.get(at).map_or("", |field| &**field)).collect();
        self.import.broken.keys.insert((self.sheet.table, key.join("/").into()));
    }

    /// What the sheet says about itself.
    fn about(&mut self, record: &Record, header: &[String], rows: &[&Record]) {
        let fields: Vec<&str> = record.fields.iter().map(|field| field.trim()).collect();
        let given = |at: usize| fields.get(at).copied().unwrap_or("");
        let (column, value, truth) = match fields[0] {
            "#total" => match total(given(1), header, rows) {
                Ok(sum) => (3, given(2), sum),
                Err(None) => (2, given(1), "a column of amounts or numbers".to_owned()),
                // A field of that column has no number: it was found there.
                Err(Some(())) => return,
            },
            "#rows" => (2, given(1), rows.len().to_string()),
            "#year" => (2, given(1), self.year.get().to_string()),
            "#division" => (2, given(1), self.division.to_owned()),
            remark if remark == "#" || remark.starts_with("# ") => return,
            other => (1, other, "#total, #rows, #year, #division or a remark".to_owned()),
        };
        if value != truth {
            self.find(record.row, column, value, truth);
        }
    }

    fn find(&mut self, row: u32, column: u32, value: &str, expected: String) {
        let sheet = self.number;
        self.import.findings.push(Finding { sheet, row, column, value: value.into(), expected });
    }
}

/// The sum of a column, as text. The error: there is no such column of numbers, or, with a value,
/// a field of it is none.
fn total(name: &str, header: &[String], rows: &[&Record]) -> Result<String, Option<()>> {
    let at = header.iter().position(|column| column == name).ok_or(None)?;
    let fields = || rows.iter().map(|record| record.fields.get(at).map_or("", |field| &**field));
    if name.ends_with("_fen") {
        let fen = fields().map(|text| Fen::read(text).map(|fen| i128::from(fen.get())));
        let sum: i128 = fen.sum::<Option<i128>>().ok_or(Some(()))?;
        let sign = if sum < 0 { "-" } else { "" };
        let (yuan, fen) = (sum.unsigned_abs() / 100, sum.unsigned_abs() % 100);
        return Ok(format!("{sign}{yuan}.{fen:02}"));
    }
    let numbers = fields().map(|text| i64::read(text).map(i128::from));
    if name == "headcount" || name == "lines" {
        return Ok(numbers.sum::<Option<i128>>().ok_or(Some(()))?.to_string());
    }
    Err(None)
}
