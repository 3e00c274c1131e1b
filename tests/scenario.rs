//! `treasury scenario` over the real binary: what it lists, and the same run as it is made, by a
//! schedule, and out of a file.

mod harness;

use std::process::{Command, Output, Stdio};

use harness::server::{Options, verify};
use serde_json::Value;

fn scenario(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_treasury"));
    command.arg("scenario").args(arguments).stdin(Stdio::null());
    command.output().expect("the program can be started")
}

fn told(arguments: &[&str]) -> Value {
    let output = scenario(arguments);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {said}");
    let first = output.stdout.split(|&byte| byte == b'\n').next().unwrap_or_default();
    serde_json::from_slice(first).expect("a line of JSON")
}

/// Runs a scenario against a new server; gives what was told. The journal must be whole.
fn run(arguments: &[&str]) -> Value {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let server = Options::new(directory.path()).start();
    let address = server.address.to_string();
    let common = ["run", "shandong-2022", "--json", "--connect", &address];
    let told = told(&[&common, arguments].concat());
    server.stop();
    verify(directory.path());
    told
}

#[test]
fn the_list_adds_up_to_the_published_figures() {
    let told = told(&["list", "--json"]);
    for (name, figure) in [
        ("divisions", 185_u64),
        ("quotas", 194_100),
        ("payments", 1_610_300),
        ("amount_fen", 28_206_300_000_000),
        ("projects", 331_400),
        ("units_registered", 273_000),
        ("units_active", 27_300),
        ("working_days", 37),
    ] {
        assert_eq!(told[name], figure, "{name}");
    }
    let days = told["days"].as_array().expect("days");
    let sum = |name: &str| days.iter().filter_map(|day| day[name].as_u64()).sum::<u64>();
    assert_eq!((days.len(), sum("payments")), (37, 1_610_300));
    assert_eq!(sum("amount_fen"), 28_206_300_000_000);
    assert_eq!(told["busiest_divisions"]["count"], 20);
    assert_eq!(told["busiest_quotas"]["count"], 1941);

    let text = scenario(&["list", "--scale", "0.001"]).stdout;
    let text = String::from_utf8(text).expect("text");
    for part in ["¥282,063,000.00", "2022-01-28", "salaries 工资", "the busiest 20:"] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
}

#[test]
fn a_run_is_the_same_as_made_by_schedule_and_from_a_file() {
    let made = run(&["--scale", "0.001"]);
    let expected = (1610, 28_206_300_000_u64, 0, "closed");
    let figures = |told: &Value| {
        let number = |name: &str| told[name].as_u64().unwrap_or(u64::MAX);
        let kind = if told["loop"] == "open" { "open" } else { "closed" };
        (number("payments"), number("amount_fen"), number("mismatches"), kind)
    };
    assert_eq!(figures(&made), expected, "{made}");
    // In each division all but what finance holds and hands down was there before the congress, and rests
    // on the reply since.
    let number = |name: &str| made[name].as_u64().unwrap_or_else(|| panic!("{name}: {made}"));
    assert_eq!(number("quotas"), 194);
    assert!((185..=194).contains(&number("pre_approval_replaced")), "{made}");
    // Finance, a department and a unit at least, each with what it filed.
    assert!(number("units") >= 3 * 185 && number("projects") >= 2 * 185, "{made}");
    assert!(number("documents") >= 2 * 185, "{made}");
    // Rules have a second and a third post look at large payments; until the second has, their makers may
    // not have them back.
    let second = &made["second_approvals"];
    let (department, finance) = (second["department"].as_u64(), second["finance"].as_u64());
    assert!(department > finance && finance > Some(0), "{made}");
    assert!(made["refusals"]["3004"].as_u64() > Some(0), "{made}");
    for code in ["5300", "5206", "1012", "5400"] {
        assert!(made["refusals"][code].as_u64() >= Some(184), "{code}: {made}");
    }

    let due = run(&["--scale", "0.001", "--rate", "20000"]);
    assert_eq!(figures(&due), (expected.0, expected.1, expected.2, "open"), "{due}");
    assert!(due["latency_us"]["max"].as_u64() > Some(0), "{due}");

    let directory = tempfile::tempdir().expect("a temporary directory");
    let path = directory.path().join("scenario.bin");
    let path = path.to_str().expect("a path in UTF-8");
    let written = ["run", "shandong-2022", "--scale", "0.001", "--file"];
    assert!(scenario(&[&written[..], &[path]].concat()).status.success());
    let streamed = scenario(&[&written[..], &["-"]].concat());
    assert!(streamed.stdout == std::fs::read(path).expect("the file"), "streamed otherwise");
    let read = run(&["--from", path]);
    assert_eq!(figures(&read), expected, "{read}");
    for name in [
        "commands",
        "commands_by_role",
        "refusals",
        "audited",
        "attempts",
        "refunds",
        "projects",
        "units",
        "documents",
        "quotas",
        "pre_approval_replaced",
        "second_approvals",
    ] {
        assert_eq!((&read[name], &due[name]), (&made[name], &made[name]), "{name}");
    }
}
