//! A report for people: in columns, figures to the right.

use std::fmt::Write;

use domain::money::yuan_grouped;
use ratatui::text::Span;

use super::sheet::{Sheet, Value, percent};
use crate::cli::bench::grouped;

/// Blanks between two columns.
const GAP: &str = "  ";

/// The report as text. Every character has its width: Chinese ones take two cells.
pub(super) fn write(sheet: &Sheet) -> String {
    let mut out = format!("{}  {}\n", sheet.title, sheet.chinese);
    let names = |at: usize| sheet.statements.iter().map(move |said| width(&said[at]));
    let (name, chinese) = (names(0).max().unwrap_or(0), names(1).max().unwrap_or(0));
    for [of, called, text] in &sheet.statements {
        let _ = writeln!(out, "{}{GAP}{}{GAP}{text}", left(of, name), left(called, chinese));
    }
    out.push('\n');
    let mut lines: Vec<Vec<String>> = vec![
        sheet.columns.iter().map(|column| column.name.clone()).collect(),
        sheet.columns.iter().map(|column| column.chinese.clone()).collect(),
    ];
    let rows = sheet.rows.iter().chain(&sheet.total);
    lines.extend(rows.map(|row| row.iter().map(shown).collect()));
    let widths: Vec<usize> = (0..sheet.columns.len())
        .map(|at| lines.iter().map(|line| width(&line[at])).max().unwrap_or(0))
        .collect();
    for line in &lines {
        let fields =
            line.iter().zip(&sheet.columns).zip(&widths).map(|((text, column), &width)| {
                if column.is_figure() { right(text, width) } else { left(text, width) }
            });
        let line = fields.collect::<Vec<_>>().join(GAP);
        let _ = writeln!(out, "{}", line.trim_end());
    }
    out
}

fn shown(value: &Value) -> String {
    match value {
        Value::Empty => String::new(),
        Value::Text(text) => text.clone(),
        Value::Fen(fen) => yuan_grouped(*fen),
        Value::Count(count) => match u64::try_from(*count) {
            Ok(count) => grouped(count),
            Err(_) => count.to_string(),
        },
        Value::BasisPoints(bp) => format!("{}%", percent(*bp)),
    }
}

fn width(text: &str) -> usize {
    Span::raw(text).width()
}

fn left(text: &str, to: usize) -> String {
    format!("{text}{}", " ".repeat(to.saturating_sub(width(text))))
}

fn right(text: &str, to: usize) -> String {
    format!("{}{text}", " ".repeat(to.saturating_sub(width(text))))
}
