//! A report as it is handed over: what it says of itself, its columns, its rows as lines of fields
//! parted by tabs, and the sum.

use std::fmt::Write;

use crate::codes::numbered;

numbered! {
    /// What stands in a column.
    Form {
        /// Text.
        Text = 1, "text";
        /// An amount in fen.
        Fen = 2, "fen";
        /// A count.
        Count = 3, "count";
        /// Hundredths of a percent, signed; empty where there is nothing to divide by.
        BasisPoints = 4, "bp";
        /// A day, as 2022-03-04; empty: none.
        Day = 5, "day";
        /// A time in ms since 1970; empty: none.
        TimeMs = 6, "time-ms";
        /// How long, in ms; empty: nothing to be old.
        AgeMs = 7, "age-ms";
    }
}

/// One column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportColumn {
    /// Its name.
    pub name: Box<str>,
    /// What officials call it.
    pub chinese: Box<str>,
    /// What stands in it.
    pub form: Form,
}

impl ReportColumn {
    /// A column.
    #[must_use]
    pub fn new(name: &str, chinese: &str, form: Form) -> ReportColumn {
        ReportColumn { name: name.into(), chinese: chinese.into(), form }
    }
}

/// Something a report says of itself: its name, what officials call it, and what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// Its name.
    pub name: Box<str>,
    /// What officials call it.
    pub chinese: Box<str>,
    /// What is said.
    pub text: Box<str>,
}

impl Statement {
    /// A statement.
    #[must_use]
    pub fn new(name: &str, chinese: &str, text: &str) -> Statement {
        Statement { name: name.into(), chinese: chinese.into(), text: text.into() }
    }
}

/// A report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// What it is called.
    pub title: Box<str>,
    /// What officials call it.
    pub chinese: Box<str>,
    /// What it says of itself.
    pub statements: Vec<Statement>,
    /// Its columns.
    pub columns: Vec<ReportColumn>,
    /// Its rows, each a line of fields parted by tabs.
    pub rows: Vec<String>,
    /// The sum of all rows, as such a line; empty where nothing is added up.
    pub total: String,
}

/// A row in the making.
#[derive(Clone, Debug, Default)]
pub struct RowText {
    line: String,
    begun: bool,
}

impl RowText {
    fn next(&mut self) -> &mut String {
        if std::mem::replace(&mut self.begun, true) {
            self.line.push('\t');
        }
        &mut self.line
    }

    /// A text; what would end a field in it becomes a blank.
    pub fn text(&mut self, text: &str) -> &mut RowText {
        self.next().extend(text.chars().map(|c| if c.is_control() { ' ' } else { c }));
        self
    }

    /// A number.
    pub fn number(&mut self, number: impl std::fmt::Display) -> &mut RowText {
        let _ = write!(self.next(), "{number}");
        self
    }

    /// A number, or an empty field.
    pub fn perhaps(&mut self, number: Option<impl std::fmt::Display>) -> &mut RowText {
        match number {
            Some(number) => self.number(number),
            None => self.text(""),
        }
    }

    /// The line.
    pub fn line(&mut self) -> String {
        self.begun = false;
        std::mem::take(&mut self.line)
    }
}
