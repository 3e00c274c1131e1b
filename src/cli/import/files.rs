//! Files of an import as sheets: a comma-separated file for each table, in UTF-8.

use std::path::{Path, PathBuf};
use std::{fmt, fs};

use anyhow::{Context, Result};
use domain::office::import::{Finding, Record, Sheet};
use domain::office::table::Table;
use serde_json::json;

use crate::exit::Failure;

/// Bytes of one file, at most.
pub(in crate::cli) const FILE_BYTES_MAX: u64 = 64 << 20;

/// Something wrong in a file, or in a flag.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::cli) struct Wrong {
    /// The file, or the flag.
    pub(in crate::cli) file: String,
    /// Its row, from 1; 0: the whole of it.
    pub(in crate::cli) row: u32,
    /// Its column, from 1; 0: the whole row.
    pub(in crate::cli) column: u32,
    /// What stands there.
    pub(in crate::cli) value: String,
    /// What is expected.
    pub(in crate::cli) expected: String,
}

impl Wrong {
    /// As one object.
    pub(in crate::cli) fn json(&self) -> serde_json::Value {
        json!({
            "file": self.file,
            "row": self.row,
            "column": self.column,
            "value": self.value,
            "expected": self.expected,
        })
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Wrong { file, row, column, value, expected } = self;
        write!(f, "{file}:{row}:{column}: {value:?}: {expected}")
    }
}

/// Files that were read.
#[derive(Debug, Default)]
pub(super) struct Files {
    /// One for each file whose table is known.
    pub(super) sheets: Vec<Sheet>,
    /// For each sheet, its file as people named it.
    pub(super) names: Vec<String>,
    /// What is wrong with names and bytes.
    pub(super) wrong: Vec<Wrong>,
}

impl Files {
    /// Something that was found in a sheet.
    pub(super) fn wrong(&self, finding: Finding) -> Wrong {
        let Finding { sheet, row, column, value, expected } = finding;
        Wrong { file: self.names[sheet].clone(), row, column, value, expected }
    }
}

/// Reads files, and of folders every `.csv`.
///
/// # Errors
/// If one cannot be read, or there is none.
pub(super) fn read(paths: &[PathBuf]) -> Result<Files> {
    let mut files = Files::default();
    let found = found(paths)?;
    if found.is_empty() {
        let what = "no .csv file there; name files, or folders that have some";
        return Err(Failure::usage(what).into());
    }
    for path in found {
        let name = path.display().to_string();
        let unread = |why| Failure::file(format_args!("cannot read {name}"), &why);
        let about = fs::metadata(&path).map_err(unread)?;
        if about.len() > FILE_BYTES_MAX {
            let what =
                format!("has {} bytes, more than {FILE_BYTES_MAX}; cut it in two", about.len());
            return Err(Failure::usage(format!("{name} {what}")).into());
        }
        let bytes = fs::read(&path).map_err(unread)?;
        match table_of(&path) {
            Some(table) => {
                let records = records(&name, &bytes, &mut files.wrong);
                files.sheets.push(Sheet { table, records });
                files.names.push(name);
            }
            None => files.wrong.push(of_no_table(&path)),
        }
    }
    Ok(files)
}

/// The files, in the order they were named; of a folder by name.
fn found(paths: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for path in paths {
        if !path.is_dir() {
            found.push(path.clone());
            continue;
        }
        let name = path.display();
        let mut within = Vec::new();
        for entry in fs::read_dir(path).with_context(|| format!("cannot read {name}"))? {
            let path = entry.with_context(|| format!("cannot read {name}"))?.path();
            if path.extension().is_some_and(|extension| extension == "csv") {
                within.push(path);
            }
        }
        within.sort();
        found.extend(within);
    }
    Ok(found)
}

/// The table a file is named after: `code.csv`, `code.local.csv`.
fn table_of(path: &Path) -> Option<Table> {
    let name = path.file_name()?.to_str()?;
    Table::from_slug(name.split('.').next()?).filter(|table| table.is_base())
}

fn of_no_table(path: &Path) -> Wrong {
    let tables = Table::ALL.iter().filter(|table| table.is_base());
    let tables: Vec<&str> = tables.map(|table| table.slug()).collect();
    Wrong {
        file: path.display().to_string(),
        row: 0,
        column: 0,
        value: path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        expected: format!("a file named after its table: {}", tables.join(", ")),
    }
}

/// The row a record stands in, as people see it. The reader tells where the record before ended: line
/// ends and empty lines up to this one are still to be counted.
fn row_of(bytes: &[u8], at: &csv::Position) -> u32 {
    let from = usize::try_from(at.byte()).unwrap_or(bytes.len()).min(bytes.len());
    let blank = bytes[from..].iter().take_while(|byte| matches!(byte, b'\r' | b'\n'));
    let passed = blank.filter(|byte| **byte == b'\n').count() as u64;
    u32::try_from(at.line() + passed).unwrap_or(u32::MAX)
}

/// The rows of a file, of whatever table. A field that is not in UTF-8 is told, and goes on as well as it can.
pub(in crate::cli) fn records(file: &str, bytes: &[u8], wrong: &mut Vec<Wrong>) -> Vec<Record> {
    let mut tell = |row, column, value: String, expected: &str| {
        let (file, expected) = (file.to_owned(), expected.to_owned());
        wrong.push(Wrong { file, row, column, value, expected });
    };
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        tell(1, 1, String::new(), "text in UTF-8; this file is in UTF-16");
        return Vec::new();
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes);
    let mut records = Vec::new();
    for record in reader.byte_records() {
        // Bytes in memory, rows of any length, no encoding asked for: nothing is left to fail.
        let Ok(record) = record else { continue };
        let row = record.position().map_or(0, |at| row_of(bytes, at));
        let mut fields = Vec::with_capacity(record.len());
        for (at, field) in record.iter().enumerate() {
            let text = String::from_utf8_lossy(field).into_owned();
            if std::str::from_utf8(field).is_err() {
                tell(row, at as u32 + 1, text.clone(), encoding(field));
            }
            fields.push(text);
        }
        records.push(Record { row, fields });
    }
    records
}

/// What bytes that are not UTF-8 should be.
fn encoding(field: &[u8]) -> &'static str {
    if is_gbk(field) {
        "text in UTF-8; these bytes are in GBK: save the file as UTF-8"
    } else {
        "text in UTF-8"
    }
}

/// Whether all of it would be characters of GBK: ASCII, or pairs of two ranges.
fn is_gbk(field: &[u8]) -> bool {
    let mut bytes = field.iter();
    while let Some(&first) = bytes.next() {
        if first.is_ascii() {
            continue;
        }
        let second = bytes.next();
        let pair = (0x81..=0xfe).contains(&first)
            && second.is_some_and(|second| matches!(second, 0x40..=0x7e | 0x80..=0xfe));
        if !pair {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(bytes: &[u8]) -> (Vec<Record>, Vec<String>) {
        let mut wrong = Vec::new();
        let records = records("unit.csv", bytes, &mut wrong);
        let line = |wrong: &Wrong| format!("{}:{} {}", wrong.row, wrong.column, wrong.expected);
        (records, wrong.iter().map(line).collect())
    }

    #[test]
    fn rows_have_the_numbers_people_see_and_a_mark_of_utf_8_is_no_text() {
        let (records, wrong) = told("\u{feff}code,name\r\n\r\n101,\"a,b\"\n102,丙\n".as_bytes());
        assert_eq!(wrong, [""; 0]);
        let rows: Vec<(u32, Vec<&str>)> = records
            .iter()
            .map(|record| (record.row, record.fields.iter().map(|field| &**field).collect()))
            .collect();
        assert_eq!(
            rows,
            [(1, vec!["code", "name"]), (3, vec!["101", "a,b"]), (4, vec!["102", "丙"])]
        );
    }

    #[test]
    fn other_encodings_are_told_where_they_stand() {
        // 财政局 in GBK.
        let (records, wrong) = told(b"code,name\n101,\xb2\xc6\xd5\xfe\xbe\xd6\n102,\xff\xff\xff\n");
        assert_eq!(records.len(), 3);
        assert_eq!(
            wrong,
            [
                "2:2 text in UTF-8; these bytes are in GBK: save the file as UTF-8",
                "3:2 text in UTF-8"
            ]
        );
        let (records, wrong) = told(b"\xff\xfec\0o\0");
        assert_eq!(records, []);
        assert_eq!(wrong, ["1:1 text in UTF-8; this file is in UTF-16"]);
    }

    #[test]
    fn a_file_is_named_after_its_table() {
        for (name, table) in [
            ("unit.csv", Some(Table::Unit)),
            ("a/b/code.local.csv", Some(Table::CodeRow)),
            ("units.csv", None),
            ("project.csv", None),
        ] {
            assert_eq!(table_of(Path::new(name)), table, "{name}");
        }
    }
}
