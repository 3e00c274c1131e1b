//! The 1,132 townships (乡镇) below the counties, read from the data file kept here. They have no
//! books of their own: a county keeps them on file, with the day from which their units pay.

use domain::ids::DivisionIndex;

use crate::divisions::{Division, DivisionError};

/// The data file, as it is kept in the repository.
const FILE: &str = include_str!("../data/shandong_townships.csv");

/// How many townships there are.
pub const TOWNSHIPS: usize = 1132;

/// One township.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Township {
    /// Its nine-digit code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// The county above it.
    pub parent: DivisionIndex,
}

/// Every township, in the order of the file, below the divisions given.
///
/// # Errors
/// If the file kept here was damaged, or a county is not among the divisions.
pub fn townships(divisions: &[Division]) -> Result<Vec<Township>, DivisionError> {
    let list = parse(FILE, divisions)?;
    if list.len() == TOWNSHIPS { Ok(list) } else { Err(DivisionError::Count { found: list.len() }) }
}

fn parse(text: &str, divisions: &[Division]) -> Result<Vec<Township>, DivisionError> {
    let township = |(number, line): (usize, &str)| {
        let wrong = |what: &str| DivisionError::Line { line: number + 1, what: what.to_owned() };
        let fields: Vec<&str> = line.split(',').collect();
        let &[code, name, parent] = fields.as_slice() else {
            return Err(wrong("three fields are expected: code,name,parent"));
        };
        if code.len() != 9 || !code.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(wrong("a code has nine digits"));
        }
        let above = divisions.iter().find(|division| division.code_text() == parent);
        let parent = above.ok_or_else(|| wrong("the parent is no division"))?.index;
        Ok(Township { code: code.to_owned(), name: name.to_owned(), parent })
    };
    text.lines().enumerate().skip(1).map(township).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::divisions::{Level, divisions};

    #[test]
    fn every_township_is_below_a_county_and_stands_once() {
        let divisions = divisions().unwrap();
        let townships = townships(&divisions).unwrap();
        let mut codes = std::collections::BTreeSet::new();
        for township in &townships {
            let parent = &divisions[usize::from(township.parent.0)];
            assert_eq!(parent.level, Level::County, "{township:?}");
            assert!(codes.insert(&township.code) && township.name.ends_with(['乡', '镇']));
        }
    }

    #[test]
    fn a_wrong_line_is_named() {
        let divisions = divisions().unwrap();
        for line in ["370124102,东阿镇", "37012410,东阿镇,370124000", "370124102,东阿镇,379999000"]
        {
            let error = parse(&format!("code,name,parent\n{line}\n"), &divisions).unwrap_err();
            assert!(error.to_string().contains("line 2"), "{error}");
        }
    }
}
