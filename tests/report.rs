//! Goal: what the real program reports of a province's workload is what the workload's own model
//! counted, on every way down and in every form.
//! Method: the scenario runs against a real server and tells what it predicted; reports are asked for
//! over the command line, and held against that and against each other.

mod harness;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use harness::server::Options;
use serde_json::Value;

/// The scenario's year.
const YEAR: &str = "2022";

fn run(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_treasury"));
    command.args(arguments).stdin(Stdio::null()).output().expect("the program can be started")
}

fn text(output: Output) -> String {
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}");
    String::from_utf8(output.stdout).expect("text")
}

struct Desk {
    address: String,
}

impl Desk {
    fn ask(&self, kind: &str, options: &[&str]) -> Value {
        let text = text(self.run(kind, &[options, &["--format", "json"]].concat()));
        serde_json::from_str(&text).expect("a JSON object")
    }

    fn run(&self, kind: &str, options: &[&str]) -> Output {
        let begin = ["report", kind, "--year", YEAR, "--connect", &self.address];
        run(&[&begin[..], options].concat())
    }
}

/// Yuan with two decimals as fen.
fn fen(value: &Value) -> i128 {
    value.as_str().expect("an amount").replace('.', "").parse().expect("digits")
}

fn rows(report: &Value) -> &Vec<Value> {
    report["rows"].as_array().expect("rows")
}

/// The sum of a column over all rows, which is what the report says it is.
fn sum(report: &Value, column: &str) -> i128 {
    let sum = rows(report).iter().map(|row| fen(&row[column])).sum();
    assert_eq!(fen(&report["total"][column]), sum, "{column} of {}", report["statements"]);
    sum
}

fn by<'r>(report: &'r Value, key: &str) -> BTreeMap<&'r str, &'r Value> {
    rows(report).iter().map(|row| (row[key].as_str().expect("a key"), row)).collect()
}

#[test]
fn a_province_is_reported_as_its_workload_was_counted() {
    let directory = tempfile::tempdir().expect("a directory");
    let server = Options::new(directory.path()).start();
    let desk = Desk { address: server.address.to_string() };
    let played = ["scenario", "run", "shandong-2022", "--scale", "0.001", "--json", "--connect"];
    let told: Value = serde_json::from_str(&text(run(&[&played[..], &[&desk.address]].concat())))
        .expect("what the run tells");
    assert_eq!(told["mismatches"], 0, "{told}");
    let amount = |of: &Value| i128::from(of["amount_fen"].as_i64().expect("fen"));
    let spent = amount(&told) + amount(&told["allocated"]) - amount(&told["refunds"]);

    let whole = desk.ask("execution", &[]);
    assert_eq!(rows(&whole).len(), 185);
    assert_eq!(sum(&whole, "spent"), spent, "{told}");
    let budget = sum(&whole, "budget");
    assert!(budget > spent);

    // However it is cut, it is the same money.
    for rows_by in ["area", "unit", "function", "function-item", "fund", "kind"] {
        let cut = desk.ask("execution", &["--by", rows_by]);
        assert_eq!((sum(&cut, "spent"), sum(&cut, "budget")), (spent, budget), "{rows_by}");
    }
    let months = desk.ask("execution", &["--by", "month"]);
    assert_eq!(fen(&months["total"]["spent"]), spent);
    let named: Vec<&str> =
        rows(&months).iter().map(|row| row["period"].as_str().expect("a month")).collect();
    assert_eq!((named.len(), named[0], named[12]), (13, "2022-01", "2022-adjustment"));
    let cleared = desk.ask("execution", &["--basis", "cleared"]);
    assert!(sum(&cleared, "spent") < spent, "refunds and clearing take days");

    drill_down(&desk, spent);
    written_alike(&desk, directory.path());

    // What was asked of an earlier position is folded anew, and is the same at the same position.
    let position = format!(
        "{}/{}",
        whole["position"]["epoch"],
        whole["position"]["sequence"].as_str().expect("a sequence")
    );
    let then = desk.ask("execution", &["--as-of-position", &position]);
    assert_eq!((&then["rows"], &then["total"]), (&whole["rows"], &whole["total"]));
    let bulletin = desk.ask("bulletin", &[]);
    assert_eq!(rows(&bulletin).len(), 185);
    let counted = |name| bulletin["total"][name].as_i64().expect("a count");
    assert!(counted("on_line") >= told["payments"].as_i64().expect("a count"));
    assert!(counted("on_line") <= counted("payments") && counted("units_live") > 100);
    assert_eq!(rows(&desk.ask("deviations", &[])).len(), 0);
    assert_eq!(rows(&desk.ask("alerts", &[])).len(), 0);
    let nowhere = desk.run("execution", &["--division", "990000000"]);
    assert_eq!(nowhere.status.code(), Some(3));
    server.stop();
}

/// From the province to the payments of one quota: each step adds up to the line it came from.
fn drill_down(desk: &Desk, spent: i128) {
    let province = desk.ask("execution", &["--area", "370000000", "--by", "area"]);
    let areas = by(&province, "division");
    assert_eq!(areas.len(), 17, "the province's own level and sixteen cities");
    let jinan = areas["370100000"];
    let city = desk.ask("execution", &["--area", "370100000", "--by", "area"]);
    assert_eq!(sum(&city, "spent"), fen(&jinan["spent"]));
    let county = by(&city, "division")["370102000"];
    let units = desk.ask("execution", &["--division", "370102000", "--by", "unit"]);
    assert_eq!(sum(&units, "spent"), fen(&county["spent"]));
    let busiest = rows(&units).iter().max_by_key(|row| fen(&row["spent"])).expect("a unit");
    let unit = busiest["unit"].as_str().expect("a unit");
    let of_unit = ["--division", "370102000", "--by", "quota", "--unit", unit];
    let quotas = desk.ask("execution", &of_unit);
    assert_eq!(sum(&quotas, "spent"), fen(&busiest["spent"]));
    assert_eq!(sum(&quotas, "budget"), fen(&busiest["budget"]));
    for basis in ["paid", "cleared"] {
        let quotas = desk.ask("execution", &[&of_unit[..], &["--basis", basis]].concat());
        for row in rows(&quotas) {
            let quota = row["quota"].as_str().expect("a quota");
            let of_quota = ["--by", "payment", "--quota", quota, "--basis", basis];
            let payments = desk.ask("execution", &of_quota);
            assert_eq!(sum(&payments, "spent"), fen(&row["spent"]), "{quota} {basis}");
        }
    }
    assert_eq!(sum(&province, "spent"), spent);
}

/// The table, the CSV and the workbook have the rows and the figures that JSON has.
fn written_alike(desk: &Desk, directory: &Path) {
    let monthly = ["--by", "area", "--upto", "2022-01"];
    let json = desk.ask("monthly", &monthly);
    let csv = text(desk.run("monthly", &[&monthly[..], &["--format", "csv"]].concat()));
    let lines: Vec<Vec<&str>> = csv
        .trim_start_matches('\u{feff}')
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.split(',').collect())
        .collect();
    let names = &lines[0];
    assert_eq!(lines.len() - 1, rows(&json).len() + 1, "rows and their sum");
    for (line, row) in lines[1..].iter().zip(rows(&json).iter().chain([&json["total"]])) {
        for (name, field) in names.iter().zip(line) {
            let due = match &row[*name] {
                Value::Null => String::new(),
                Value::String(text) => text.clone(),
                Value::Number(number) if ["progress", "ahead"].contains(name) => {
                    let bp = number.as_i64().expect("hundredths");
                    let (sign, bp) = (if bp < 0 { "-" } else { "" }, bp.abs());
                    format!("{sign}{}.{:02}", bp / 100, bp % 100)
                }
                other => other.to_string(),
            };
            assert_eq!(**field, *due, "{name} of {row}");
        }
    }
    let table = text(desk.run("monthly", &monthly));
    let grouped = |value: &Value| domain::money::yuan_grouped(fen(value));
    for row in rows(&json) {
        let line = table.lines().find(|line| line.starts_with(row["division"].as_str().unwrap()));
        let line = line.unwrap_or_else(|| panic!("{row} is not in\n{table}"));
        for name in ["budget", "month", "spent"] {
            assert!(line.contains(&grouped(&row[name])), "{name} of {row} in {line}");
        }
    }
    let path = directory.join("report.xlsx");
    let out = path.to_str().expect("a path in UTF-8");
    let written = [&monthly[..], &["--format", "xlsx", "--out", out]].concat();
    assert_eq!(text(desk.run("monthly", &written)), "");
    assert!(std::fs::read(&path).expect("the workbook").starts_with(b"PK"));
}
