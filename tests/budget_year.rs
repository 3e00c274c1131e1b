//! `treasury scenario run budget-year` over the real binary: a year of every division's finance
//! office, its counts, its refusals and its laws; and a law that is broken on purpose.

use std::process::{Command, Output, Stdio};

use serde_json::Value;

fn run(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_treasury"));
    command.args(["scenario", "run", "budget-year", "--scale", "0.001", "--json"]);
    command.args(arguments).stdin(Stdio::null());
    command.output().expect("the program can be started")
}

fn told(output: &Output) -> Value {
    let said = String::from_utf8_lossy(&output.stderr);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {said}"))
}

const COUNTS: [&str; 15] = [
    "projects",
    "units",
    "documents",
    "quotas",
    "pre_approval_replaced",
    "moves",
    "in_transit",
    "payments",
    "paid_fen",
    "refusals",
    "held",
    "second_approvals",
    "earmarked_fen",
    "carried_fen",
    "recovered_fen",
];

#[test]
fn a_year_of_every_division_is_as_the_scenario_counted_it() {
    let output = run(&[]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}");
    let told = told(&output);
    for name in COUNTS {
        assert_eq!(told[name], told["expected"][name], "{name}");
    }
    // In every division something of everything happened.
    assert_eq!(told["divisions"], 185);
    for (name, least) in [("documents", 185 * 14), ("moves", 185 * 6), ("payments", 185 * 40)] {
        assert!(told[name].as_u64() >= Some(least), "{name}: {}", told[name]);
    }
    for name in ["pre_approval_replaced", "earmarked_fen", "carried_fen", "recovered_fen"] {
        assert!(told[name].as_i64() > Some(0), "{name}");
    }
    assert_eq!((&told["in_transit"], &told["mismatches"]), (&0.into(), &0.into()));
    let refusals = told["refusals"].as_object().expect("refusals by code");
    let codes: Vec<&str> = refusals.keys().map(String::as_str).collect();
    let all = [
        "1002", "1005", "1006", "1007", "1010", "1012", "1301", "1401", "1403", "1602", "1701",
        "1702", "3002", "4001", "5010", "5202", "5206", "5307", "5311", "5314", "5315", "5400",
        "5605",
    ];
    assert_eq!(codes, all);
    // Under control rules: missing elements, refusals, holds and second approvals in every division.
    for (code, count) in [("1007", 185 * 4), ("1301", 185), ("1602", 185), ("5400", 184)] {
        assert_eq!(refusals[code], count, "{code}");
    }
    assert_eq!(told["held"], serde_json::json!({ "1302": 185 * 2, "1404": 185 }));
    assert_eq!(told["second_approvals"], 184);
    let laws = told["laws"].as_object().expect("laws");
    for law in ["L1", "L2", "L3", "L4", "L5", "L6", "L7", "L8", "L9"] {
        assert!(laws[law]["checked"].as_u64() > Some(0), "{law}: {}", laws[law]);
        assert_eq!(laws[law]["violations"], 0, "{law}: {}", laws[law]);
    }
    for (name, found) in told["invariants"].as_object().expect("invariants") {
        assert_eq!(found["violations"], 0, "{name}: {found}");
    }
}

#[test]
fn a_transfer_that_is_lost_breaks_l5() {
    let output = run(&["--sabotage", "lose-transfer", "--seed", "7"]);
    assert_eq!(output.status.code(), Some(11));
    let told = told(&output);
    assert!(told["lost_transfer"].is_string() && told["good"] == false);
    assert!(told["laws"]["L5"]["violations"].as_u64() > Some(0), "{}", told["laws"]["L5"]);
    // It is the reading that was spoilt: all that was heard on the way was right.
    assert_eq!(told["mismatches"], 0);
}

#[test]
fn what_does_not_go_together_is_told() {
    for (arguments, word) in [
        (&["--connect", "127.0.0.1:1"] as &[&str], "its own server"),
        (&["--file", "year.bin"], "its own server"),
        (&["--scale", "0"], "scale"),
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_treasury"));
        command.args(["scenario", "run", "budget-year"]).args(arguments);
        let output = command.output().expect("the program can be started");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.contains(word), "{arguments:?}: {said}");
    }
    let mut command = Command::new(env!("CARGO_BIN_EXE_treasury"));
    command.args(["scenario", "run", "shandong-2022", "--sabotage", "lose-transfer"]);
    assert_eq!(command.output().expect("it starts").status.code(), Some(2));
}
