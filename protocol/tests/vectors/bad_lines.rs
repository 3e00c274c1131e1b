//! Lines of JSON that must not be taken.

use protocol::json::read_line;
use serde_json::{Value, json};

const RESERVE: &str = r#"{"request":"7","command":"reserve","person":"17","payment":"0000000000000000000000000000002a","quota":"184/2022/194099","amount":"1234.50","economic":"30201","day":"2022-03-04","method":"centralized","business":"single"}"#;

/// What is wrong, what stands there instead of what, and whether the shape alone shows it.
const CHANGES: &[(&str, &str, &str, bool)] = &[
    ("a key misspelt", r#""amount""#, r#""ammount""#, true),
    ("an amount that is a number", r#""1234.50""#, "1234.5", true),
    ("an amount with a comma", r#""1234.50""#, r#""1,234.50""#, true),
    ("an unknown command", r#""reserve""#, r#""reserv""#, true),
    ("an unknown method", r#""centralized""#, r#""centralised""#, true),
    ("a quota without its division", r#""184/2022/194099""#, r#""194099""#, true),
    ("a quota of a year no id can name", "184/2022/", "184/1999/", true),
    ("no person", r#""person":"17","#, "", true),
    ("a person that is a number", r#""17""#, "17", true),
    ("no request number", r#""request":"7","#, "", true),
    ("request number zero", r#""request":"7""#, r#""request":"0""#, true),
    (
        "an id of 31 digits",
        "0000000000000000000000000000002a",
        "000000000000000000000000000002a",
        true,
    ),
    ("a class with a dash", r#""30201""#, r#""302-01""#, true),
    ("a day written otherwise", "2022-03-04", "20220304", true),
    ("a field of another command", r#""single"}"#, r#""single","reason":"x"}"#, true),
    (
        "an unknown text of the particulars",
        r#""single"}"#,
        r#""single","particulars":{"payee":"x"}}"#,
        true,
    ),
    ("a budget of nothing", r#""single"}"#, r#""single","within_ms":0}"#, true),
    ("two things at once", r#""single"}"#, r#""single","ask":"ping"}"#, true),
    ("a day the calendar lacks", "2022-03-04", "2022-02-30", false),
    ("a key given twice", r#""single"}"#, r#""single","amount":"1.00"}"#, false),
    ("something behind the object", r#""single"}"#, r#""single"} {}"#, false),
];

/// Whole lines.
const LINES: &[(&str, &str, bool)] = &[
    ("a list", "[]", true),
    ("nothing to do", r#"{"request":"1"}"#, true),
    ("an unknown question", r#"{"request":"1","ask":"weather"}"#, true),
    ("a hello of the engine", r#"{"hello":{"role":"engine","channel":1}}"#, true),
    ("a hello without a channel", r#"{"hello":{"role":"maker"}}"#, true),
    ("a channel beyond 16 bits", r#"{"hello":{"role":"maker","channel":65536}}"#, true),
    ("a look-up of nothing known", r#"{"request":"1","look_up":"bank"}"#, true),
    (
        "a payment without its year",
        r#"{"request":"1","look_up":"payment","division":1,"payment":"0000000000000000000000000000002a"}"#,
        true,
    ),
    ("no commands", r#"{"request":"1","commands":[]}"#, true),
    (
        "a division beyond 16 bits",
        r#"{"request":"1","command":"open-year","person":"1","act":"0000000000000000000000000000002a","division":70000,"year":2022}"#,
        true,
    ),
    (
        "a cursor without its hash's end",
        r#"{"request":"1","subscribe":{"cursor":{"epoch":1,"sequence":"1","group_hash":"0a"}}}"#,
        true,
    ),
    ("not JSON", "health", false),
];

pub(super) fn bad_lines() -> Value {
    let changed = CHANGES.iter().map(|&(name, good, bad, shape)| {
        assert!(RESERVE.contains(good), "{good}");
        (name, RESERVE.replacen(good, bad, 1), shape)
    });
    let whole = LINES.iter().map(|&(name, line, shape)| (name, line.to_owned(), shape));
    let vectors: Vec<Value> = changed
        .chain(whole)
        .map(|(name, line, shape)| {
            let error = read_line(line.as_bytes(), &mut Vec::new()).expect_err(&line);
            json!({
                "name": name, "line": line, "field": error.field, "expect": error.code.slug(),
                "shape": shape,
            })
        })
        .collect();
    json!({ "about": "Lines of JSON that must not be taken. shape: whether a schema can see it.",
        "vectors": vectors })
}
