//! A report as CSV: what it says of itself in lines that begin with `#`, a line of names, rows.
//!
//! Begins with the mark by which spreadsheets know UTF-8. Amounts are yuan, shares percent. A text
//! that a spreadsheet would take for a formula gets an apostrophe in front.

use domain::money::yuan_plain;

use super::sheet::{Sheet, Value, percent};

/// U+FEFF.
const MARK: char = '\u{feff}';

pub(super) fn write(sheet: &Sheet) -> String {
    // What a report says of itself has three fields, or two, and a row one for each column.
    let mut file = csv::WriterBuilder::new()
        .flexible(true)
        .terminator(csv::Terminator::CRLF)
        .from_writer(String::from(MARK).into_bytes());
    let mut line = |fields: Vec<String>| {
        file.write_record(fields).expect("memory takes rows of any width");
    };
    line(vec![format!("#{}", sheet.title), sheet.chinese.clone()]);
    for [name, chinese, text] in &sheet.statements {
        line(vec![format!("#{name}"), chinese.clone(), text.clone()]);
    }
    let chinese = sheet.columns.iter().enumerate().map(|(at, column)| {
        let mark = if at == 0 { "#" } else { "" };
        format!("{mark}{}", column.chinese)
    });
    line(chinese.collect());
    line(sheet.columns.iter().map(|column| column.name.clone()).collect());
    for row in sheet.rows.iter().chain(&sheet.total) {
        line(row.iter().map(field).collect());
    }
    let bytes = file.into_inner().expect("memory takes what is left");
    String::from_utf8(bytes).expect("only text was written")
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

#[cfg(test)]
mod tests {
    use domain::office::reports::page::Form;

    use super::super::sheet::Column;
    use super::*;

    #[test]
    fn a_field_is_what_it_was_and_no_formula() {
        let text = |text: &str| field(&Value::Text(text.to_owned()));
        assert_eq!(text("=1+1"), "'=1+1");
        assert_eq!(field(&Value::Fen(-5)), "-0.05");
        assert_eq!(field(&Value::BasisPoints(-1234)), "-12.34");
    }

    #[test]
    fn a_field_is_quoted_where_it_must_be_and_a_line_ends_as_spreadsheets_end_it() {
        let column = |name: &str, chinese: &str, form| Column {
            name: name.to_owned(),
            chinese: chinese.to_owned(),
            form,
        };
        let note = |text: &str| vec![Value::Text(text.to_owned()), Value::Fen(150)];
        let sheet = Sheet {
            title: "Alerts".to_owned(),
            chinese: "预警".to_owned(),
            statements: vec![["scope", "范围", "a, and b"].map(str::to_owned)],
            columns: vec![column("note", "说明", Form::Text), column("sum", "金额", Form::Fen)],
            rows: ["say \"no\"", "two\nlines", "two\rlines", "济南"].map(note).into(),
            total: Some(vec![Value::Empty, Value::Fen(600)]),
            position: (1, 7),
            time_ms: 0,
        };
        let wanted = "\u{feff}#Alerts,预警\r\n#scope,范围,\"a, and b\"\r\n#说明,金额\r\nnote,sum\r\n\
                      \"say \"\"no\"\"\",1.50\r\n\"two\nlines\",1.50\r\n\"two\rlines\",1.50\r\n\
                      济南,1.50\r\n,6.00\r\n";
        assert_eq!(write(&sheet), wanted);
    }
}
