//! A report in words and figures, before it has a form.

use domain::money::{FenSum, yuan_plain};
use domain::office::reports::page::Form;
use protocol::directory::ReportPage;

use crate::cli::show;

/// What stands in a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    /// Nothing.
    Empty,
    /// Text.
    Text(String),
    /// An amount in fen.
    Fen(FenSum),
    /// A count.
    Count(i64),
    /// Hundredths of a percent.
    BasisPoints(i64),
}

/// A column.
#[derive(Clone, Debug)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) chinese: String,
    pub(super) form: Form,
}

impl Column {
    /// Whether figures stand in it.
    pub(super) const fn is_figure(&self) -> bool {
        matches!(self.form, Form::Fen | Form::Count | Form::BasisPoints)
    }
}

/// A report.
#[derive(Clone, Debug)]
pub(super) struct Sheet {
    pub(super) title: String,
    pub(super) chinese: String,
    /// What it says of itself: name, Chinese name, text; position and time last.
    pub(super) statements: Vec<[String; 3]>,
    pub(super) columns: Vec<Column>,
    pub(super) rows: Vec<Vec<Value>>,
    pub(super) total: Option<Vec<Value>>,
    pub(super) position: (u32, u64),
    pub(super) time_ms: u64,
}

impl Sheet {
    /// A report as it came.
    pub(super) fn of(page: &ReportPage) -> Sheet {
        let report = &page.report;
        let columns: Vec<Column> = report
            .columns
            .iter()
            .map(|column| Column {
                name: (*column.name).to_owned(),
                chinese: (*column.chinese).to_owned(),
                form: column.form,
            })
            .collect();
        let mut statements: Vec<[String; 3]> = report
            .statements
            .iter()
            .map(|said| [&said.name, &said.chinese, &said.text].map(|text| (**text).to_owned()))
            .collect();
        let at = format!("{}/{}", page.at.epoch, page.at.sequence);
        statements.push(["position".to_owned(), "日志位置".to_owned(), at]);
        statements.push(["time".to_owned(), "时间".to_owned(), show::time(page.time_ms)]);
        let values = |line: &String| values(line, &columns);
        Sheet {
            title: (*report.title).to_owned(),
            chinese: (*report.chinese).to_owned(),
            statements,
            rows: report.rows.iter().map(values).collect(),
            total: (!report.total.is_empty()).then(|| values(&report.total)),
            position: (page.at.epoch, page.at.sequence),
            time_ms: page.time_ms,
            columns,
        }
    }
}

fn values(line: &str, columns: &[Column]) -> Vec<Value> {
    let mut fields = line.split('\t');
    columns.iter().map(|column| value(fields.next().unwrap_or_default(), column.form)).collect()
}

/// A field as its column's form has it; what is not of it stays text.
fn value(field: &str, form: Form) -> Value {
    let read = match (field, form) {
        ("", _) => return Value::Empty,
        (_, Form::Text | Form::Day) => None,
        (_, Form::Fen) => field.parse().ok().map(Value::Fen),
        (_, Form::Count) => field.parse().ok().map(Value::Count),
        (_, Form::BasisPoints) => field.parse().ok().map(Value::BasisPoints),
        (_, Form::TimeMs) => field.parse().ok().map(|ms| Value::Text(show::time(ms))),
        (_, Form::AgeMs) => field.parse().ok().map(|ms| Value::Text(age(ms))),
    };
    read.unwrap_or_else(|| Value::Text(field.to_owned()))
}

/// An age in days, hours and minutes.
fn age(ms: u64) -> String {
    let minutes = ms / 60_000;
    let (days, hours) = (minutes / 1440, minutes / 60 % 24);
    format!("{days}d {hours:02}h {:02}m", minutes % 60)
}

/// Hundredths of a percent as percent with two decimals.
pub(super) fn percent(bp: i64) -> String {
    yuan_plain(bp.into())
}
