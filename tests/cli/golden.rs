//! What was printed, held against what was printed before, but for what changes with every run.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use crate::house::{House, Ran, run};

/// What a run puts into its output that the next one will not.
pub(crate) struct Normal {
    replaced: Vec<(String, &'static str)>,
}

impl Normal {
    pub(crate) fn of(house: &House, address: &str) -> Normal {
        let info = run(&["inspect", "journal", "--data", house.data(), "--limit", "1", "--json"]);
        let opened = info.json()["event"]["config_digest"].as_str().expect("a digest").to_owned();
        let program = concat!("treasury ", env!("CARGO_PKG_VERSION")).to_owned();
        let mut replaced = vec![
            (house.data().to_owned(), "<data>"),
            (format!("configuration {}", &opened[..8]), "configuration <digest>"),
            (program, "treasury <version>"),
        ];
        if !address.is_empty() {
            replaced.push((address.to_owned(), "<address>"));
        }
        Normal { replaced }
    }

    fn text(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (from, to) in &self.replaced {
            text = text.replace(from, to);
        }
        text.split_inclusive('\n').map(line).collect()
    }

    fn json(&self, value: &mut Value) {
        match value {
            Value::Array(values) => values.iter_mut().for_each(|value| self.json(value)),
            Value::Object(fields) => {
                for (name, value) in fields {
                    if ALWAYS_NEW.contains(&name.as_str()) && !value.is_null() {
                        *value = Value::String(format!("<{name}>"));
                    }
                    if name == "resident_bytes" {
                        sizes(value);
                    }
                    self.json(value);
                }
            }
            Value::String(text) => *text = self.text(text),
            _ => {}
        }
    }
}

/// Takes the figures out, and leaves their names.
fn sizes(value: &mut Value) {
    match value {
        Value::Object(fields) => fields.values_mut().for_each(sizes),
        Value::Number(_) => *value = Value::String("<bytes>".to_owned()),
        _ => {}
    }
}

/// Fields that are never the same twice, or differ from machine to machine.
const ALWAYS_NEW: &[&str] = &[
    "time",
    "time_ms",
    "uptime_ms",
    "reserved_ms",
    "changed_ms",
    "digest",
    "config_digest",
    "data_set",
    "fingerprint",
    "segments",
    "bytes",
    "write_mode",
    "checkpoint",
    "connections",
];

/// Lines of which only the beginning stays.
const VOLATILE: &[&str] = &[
    "data set     ",
    "segments     ",
    "writes       ",
    "up           ",
    "connections  ",
    "checkpoint   ",
    "  in memory  ",
    "memory       ",
    "  state      ",
    "  directory  ",
];

fn line(line: &str) -> String {
    if let Some(begin) = VOLATILE.iter().find(|begin| line.starts_with(**begin)) {
        return format!("{begin}<…>\n");
    }
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(first) = rest.chars().next() {
        if let Some(time) = rest.get(..TIME.len()).filter(|text| has_shape(text, TIME)) {
            out.push_str("<time>");
            rest = &rest[time.len()..];
        } else if let Some(hash) = rest.get(..64).filter(|text| is_hex(text)) {
            out.push_str("<hash>");
            rest = &rest[hash.len()..];
        } else if let Some(after) = rest.get(..48).filter(|text| is_hex(text)) {
            out.push_str("<continuation>");
            rest = &rest[after.len()..];
        } else {
            out.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    out
}

const TIME: &str = "0000-00-00T00:00:00.000+08:00";

/// Whether a text is like another, where any digit is like a zero.
fn has_shape(text: &str, shape: &str) -> bool {
    let alike = |(found, wanted): (u8, u8)| match wanted {
        b'0' => found.is_ascii_digit(),
        other => found == other || (found.is_ascii_digit() && other.is_ascii_digit()),
    };
    text.len() == shape.len() && text.bytes().zip(shape.bytes()).all(alike)
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Holds text against its golden file: the exit code, then what was printed.
pub(crate) fn check_text(name: &str, normal: &Normal, ran: &Ran) {
    let mut found = format!("exit {}\n", ran.code);
    found.push_str(&normal.text(&ran.out));
    found.push_str(&normal.text(&ran.err));
    check(name, &found);
}

/// Holds a JSON object against its golden file.
pub(crate) fn check_json(name: &str, normal: &Normal, ran: &Ran) {
    let mut found = ran.json();
    normal.json(&mut found);
    let pretty = serde_json::to_string_pretty(&found).expect("JSON");
    check(name, &format!("exit {}\n{pretty}\n", ran.code));
}

/// Holds anything else that was written against its golden file.
pub(crate) fn check_printed(name: &str, normal: &Normal, found: &str) {
    check(name, &normal.text(found));
}

fn check(name: &str, found: &str) {
    let file = format!("{}/tests/golden/cli/{name}.txt", env!("CARGO_MANIFEST_DIR"));
    let file = PathBuf::from(file);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&file, found).expect("a golden file");
        return;
    }
    let golden = fs::read_to_string(&file).unwrap_or_default();
    assert!(
        golden == found,
        "{name} differs from its golden file.\n--- golden\n{golden}\n--- found\n{found}\n--- \
         UPDATE_GOLDEN=1 writes it anew"
    );
}
