//! A report as one JSON object: amounts as text in yuan, as everywhere in JSON here; shares, whose column
//! has the `form` `bp`, as numbers in hundredths of a percent.

use domain::money::yuan_plain;
use serde_json::{Map, Value as Json, json};

use super::sheet::{Sheet, Value};
use crate::cli::show;

/// The name of the form, for whoever reads it.
const SCHEMA: &str = "treasury-report";

/// Counts changes that old readers cannot take.
const VERSION: u32 = 1;

pub(super) fn write(sheet: &Sheet) -> String {
    let said = sheet.statements.iter();
    let said: Vec<Json> = said
        .map(|[name, chinese, text]| json!({ "name": name, "chinese": chinese, "text": text }))
        .collect();
    let columns = sheet.columns.iter().map(|column| {
        json!({ "name": column.name, "chinese": column.chinese, "form": column.form.slug() })
    });
    let row = |row: &Vec<Value>| {
        let fields = sheet.columns.iter().zip(row);
        Json::Object(
            fields
                .map(|(column, value)| (column.name.clone(), field(value)))
                .collect::<Map<_, _>>(),
        )
    };
    let (epoch, sequence) = sheet.position;
    let object = json!({
        "schema": SCHEMA,
        "version": VERSION,
        "title": sheet.title,
        "chinese": sheet.chinese,
        "position": { "epoch": epoch, "sequence": sequence.to_string() },
        "time": show::time(sheet.time_ms),
        "time_ms": sheet.time_ms.to_string(),
        "statements": said,
        "columns": columns.collect::<Vec<_>>(),
        "rows": sheet.rows.iter().map(row).collect::<Vec<_>>(),
        "total": sheet.total.as_ref().map(row),
    });
    format!("{object}\n")
}

fn field(value: &Value) -> Json {
    match value {
        Value::Empty => Json::Null,
        Value::Text(text) => json!(text),
        Value::Fen(fen) => json!(yuan_plain(*fen)),
        Value::Count(count) => json!(count),
        Value::BasisPoints(bp) => json!(bp),
    }
}
