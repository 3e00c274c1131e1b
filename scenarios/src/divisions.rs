//! The 185 divisions with a treasury of their own, read from the data file kept here.

use domain::ids::DivisionIndex;
use thiserror::Error;

/// The data file, as it is kept in the repository.
const FILE: &str = include_str!("../data/shandong_divisions.csv");

/// How many divisions the province's published figure names.
pub const DIVISIONS: usize = 185;

/// On which level of government a division stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// The province's own level.
    Province,
    /// A city (prefecture).
    City,
    /// A county, district or functional zone.
    County,
}

/// One division.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Division {
    /// Its index: its place in the file, from 0.
    pub index: DivisionIndex,
    /// Its nine-digit code.
    pub code: [u8; 9],
    /// Its name.
    pub name: String,
    /// Its level.
    pub level: Level,
    /// The division above it; itself for the province.
    pub parent: DivisionIndex,
}

impl Division {
    /// The code as text.
    #[must_use]
    pub fn code_text(&self) -> &str {
        std::str::from_utf8(&self.code).unwrap_or("")
    }

    /// True where quotas of the province are handed down: everywhere but the province itself and
    /// Qingdao with its counties, which settle with the centre.
    #[must_use]
    pub fn takes_from_province(&self) -> bool {
        self.level != Level::Province && !self.code.starts_with(b"3702")
    }
}

/// Why a division file cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum DivisionError {
    /// A line is not five well-formed fields.
    #[error("divisions, line {line}: {what}")]
    Line {
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        what: String,
    },
    /// The file has another number of divisions.
    #[error("divisions: {found} rows where {DIVISIONS} are expected")]
    Count {
        /// How many it has.
        found: usize,
    },
}

/// Every division, by index.
///
/// # Errors
/// If the file kept here was damaged.
pub fn divisions() -> Result<Vec<Division>, DivisionError> {
    parse(FILE)
}

fn parse(text: &str) -> Result<Vec<Division>, DivisionError> {
    let mut list: Vec<Division> = Vec::with_capacity(DIVISIONS);
    for (number, line) in text.lines().enumerate().skip(1) {
        let wrong = |what: &str| DivisionError::Line { line: number + 1, what: what.to_owned() };
        let fields: Vec<&str> = line.split(',').collect();
        let &[code, name, level, parent, _source] = fields.as_slice() else {
            return Err(wrong("five fields are expected: code,name,level,parent,code_source"));
        };
        let digits: [u8; 9] =
            code.as_bytes().try_into().map_err(|_| wrong("a code has nine digits"))?;
        if !digits.iter().all(u8::is_ascii_digit) || name.trim().is_empty() {
            return Err(wrong("a code has nine digits, and a name is not empty"));
        }
        let level = match level {
            "province" => Level::Province,
            "city" => Level::City,
            "county" => Level::County,
            _ => return Err(wrong("a level is province, city or county")),
        };
        let index = DivisionIndex(list.len() as u16);
        if (level == Level::Province) != list.is_empty() {
            return Err(wrong("the province comes first, and once"));
        }
        let parent = if level == Level::Province {
            index
        } else {
            let above = list.iter().find(|division| division.code_text() == parent);
            above.ok_or_else(|| wrong("the parent has to come before"))?.index
        };
        list.push(Division { index, code: digits, name: name.to_owned(), level, parent });
    }
    if list.len() == DIVISIONS { Ok(list) } else { Err(DivisionError::Count { found: list.len() }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_has_the_published_number() {
        let list = divisions().unwrap();
        let of = |level| list.iter().filter(|division| division.level == level).count();
        assert_eq!((of(Level::Province), of(Level::City), of(Level::County)), (1, 16, 168));
        assert!(list.iter().all(|division| division.parent <= division.index));
        assert!(!list.iter().any(|d| d.takes_from_province() && d.code.starts_with(b"3702")));
    }

    #[test]
    fn a_wrong_line_is_named() {
        let text = "code,name,level,parent,code_source\n370000000,山东,province,,gb\n3701,济南,city,370000000,gb\n";
        let error = parse(text).unwrap_err().to_string();
        assert!(error.contains("line 3"), "{error}");
        assert!(matches!(parse("head\n"), Err(DivisionError::Count { found: 0 })));
    }
}
