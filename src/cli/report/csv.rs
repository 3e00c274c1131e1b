//! A report as CSV: what it says of itself in lines that begin with `#`, a line of names, rows.
//!
//! Begins with the mark by which spreadsheets know UTF-8. Amounts are yuan, shares percent. A text
//! that a spreadsheet would take for a formula gets an apostrophe in front.

use domain::money::yuan_plain;

use super::sheet::{Sheet, Value, percent};

/// U+FEFF.
const MARK: char = '\u{feff}';

pub(super) fn write(sheet: &Sheet) -> String {
    let mut out = String::from(MARK);
    line(&mut out, [format!("#{}", sheet.title), sheet.chinese.clone()].into_iter());
    for [name, chinese, text] in &sheet.statements {
        line(&mut out, [format!("#{name}"), chinese.clone(), text.clone()].into_iter());
    }
    let chinese = sheet.columns.iter().enumerate().map(|(at, column)| {
        let mark = if at == 0 { "#" } else { "" };
        format!("{mark}{}", column.chinese)
    });
    line(&mut out, chinese);
    line(&mut out, sheet.columns.iter().map(|column| column.name.clone()));
    for row in sheet.rows.iter().chain(&sheet.total) {
        line(&mut out, row.iter().map(field));
    }
    out
}

fn field(value: &Value) -> String {
    match value {
        Value::Empty => String::new(),
        Value::Text(text) if text.starts_with(['=', '+', '-', '@']) => format!("'{text}"),
        Value::Text(text) => text.clone(),
        Value::Fen(fen) => yuan_plain(*fen),
        Value::Count(count) => count.to_string(),
        Value::BasisPoints(bp) => percent(*bp),
    }
}

fn line(out: &mut String, fields: impl Iterator<Item = String>) {
    for (at, field) in fields.enumerate() {
        if at > 0 {
            out.push(',');
        }
        if field.contains([',', '"', '\n', '\r']) {
            out.push('"');
            out.push_str(&field.replace('"', "\"\""));
            out.push('"');
        } else {
            out.push_str(&field);
        }
    }
    out.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_what_it_was_and_no_formula() {
        let text = |text: &str| field(&Value::Text(text.to_owned()));
        assert_eq!(text("=1+1"), "'=1+1");
        assert_eq!(field(&Value::Fen(-5)), "-0.05");
        assert_eq!(field(&Value::BasisPoints(-1234)), "-12.34");
        let mut out = String::new();
        line(&mut out, ["a,b", "say \"no\"", "济南"].into_iter().map(str::to_owned));
        assert_eq!(out, "\"a,b\",\"say \"\"no\"\"\",济南\r\n");
    }
}
