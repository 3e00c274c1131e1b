//! Reports as lines.

use domain::money::{FenSum, yuan_plain};
use domain::office::field::{DivisionCode, Field};
use domain::office::reports::calendar::TenDays;
use domain::office::reports::page::Form;
use domain::office::reports::question::{Basis, By, FILTER_BYTES_MAX, ReportKind, ReportQuestion};
use serde_json::{Map, Value, json};

use super::JsonError;
use super::directory::{PAGE_KEYS, WHEN_KEYS, bounded, continuation_json, read_asked};
use super::fields::{one_of, quota, string, year};
use super::reply::position_json;
use super::request::only_keys;
use crate::directory::{AskReport, ReportPage};

const REPORT_KEYS: [&str; 12] = [
    "report",
    "year",
    "own_level",
    "area",
    "by",
    "basis",
    "carry_over",
    "upto",
    "unit",
    "function",
    "fund",
    "quota",
];

/// A question for a report.
pub(super) fn read_report(line: &Map<String, Value>) -> Result<AskReport, JsonError> {
    only_keys(line, &[&WHEN_KEYS[..], &PAGE_KEYS, &REPORT_KEYS].concat())?;
    let get = |name: &str| line.get(name);
    let kind = one_of("report", &line["report"], ReportKind::ALL, ReportKind::slug)?;
    let of_year = year("year", get("year").ok_or_else(|| JsonError::missing("year"))?)?;
    let mut question = ReportQuestion::new(kind, of_year);
    question.whole_area = get("own_level").is_none();
    if let (Some(_), Some(_)) = (get("own_level"), get("area")) {
        return Err(JsonError::new("area", "cannot stand beside own_level"));
    }
    for name in ["own_level", "area"] {
        if let Some(value) = get(name) {
            question.division = code(name, value)?.into();
        }
    }
    if let Some(value) = get("by") {
        question.by = one_of("by", value, By::ALL, By::slug)?;
    }
    if let Some(value) = get("basis") {
        question.basis = one_of("basis", value, Basis::ALL, Basis::slug)?;
    }
    if let Some(value) = get("carry_over") {
        let flag = value.as_bool();
        question.carry_over =
            flag.ok_or_else(|| JsonError::new("carry_over", "is true or false"))?;
    }
    if let Some(value) = get("upto") {
        let period = TenDays::from_name(string("upto", value)?, of_year);
        let wrong =
            || JsonError::new("upto", "is a period of the year, such as 2022-02 or 2022-02-1");
        question.upto = Some(period.ok_or_else(wrong)?);
    }
    let text = |name: &str| {
        let text = get(name).map(|value| bounded(name, value, FILTER_BYTES_MAX)).transpose()?;
        Ok::<Box<str>, JsonError>(text.unwrap_or_default().into())
    };
    (question.unit, question.functional) = (text("unit")?, text("function")?);
    question.fund = text("fund")?;
    question.quota = get("quota").map(|value| quota("quota", value)).transpose()?;
    Ok(AskReport { asked: read_asked(line)?, question })
}

fn code<'v>(name: &str, value: &'v Value) -> Result<&'v str, JsonError> {
    let text = string(name, value)?;
    let wrong = || JsonError::new(name, "is a division's code of nine digits");
    DivisionCode::read(text).map(|_| text).ok_or_else(wrong)
}

/// A page of a report. Amounts are in yuan, as everywhere in lines.
pub(super) fn report_json(page: &ReportPage) -> Value {
    let report = &page.report;
    let said = report.statements.iter();
    let said: Vec<Value> = said
        .map(|said| json!({ "name": said.name, "chinese": said.chinese, "text": said.text }))
        .collect();
    let columns = report.columns.iter();
    let columns: Vec<Value> = columns
        .map(|c| json!({ "name": c.name, "chinese": c.chinese, "form": c.form.slug() }))
        .collect();
    let row = |line: &String| -> Vec<String> {
        let fields = line.split('\t').zip(&report.columns);
        fields.map(|(field, column)| field_json(field, column.form)).collect()
    };
    let rows: Vec<Vec<String>> = report.rows.iter().map(row).collect();
    let total = (!report.total.is_empty()).then(|| row(&report.total));
    json!({
        "position": position_json(page.at),
        "time_ms": page.time_ms.to_string(),
        "after": continuation_json(&page.after),
        "report": {
            "title": report.title,
            "chinese": report.chinese,
            "statements": said,
            "columns": columns,
            "rows": rows,
            "total": total,
        },
    })
}

fn field_json(field: &str, form: Form) -> String {
    match (form, field.parse::<FenSum>()) {
        (Form::Fen, Ok(fen)) => yuan_plain(fen),
        _ => field.to_owned(),
    }
}
