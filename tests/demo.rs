//! `treasury demo` over the real binary: what its summary says holds.

use std::process::{Command, Stdio};

use serde_json::Value;

#[test]
fn a_small_run_meets_a_crash_an_overload_and_the_memory_limit() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_treasury"));
    let directory = tempfile::tempdir().expect("a temporary directory");
    let report = directory.path().join("demo.html");
    command.args(["demo", "--scale", "0.002", "--json", "--report"]).arg(&report);
    command.stdin(Stdio::null());
    let output = command.output().expect("the program can be started");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}");
    let told: Value = serde_json::from_slice(&output.stdout).expect("a line of JSON");
    let number = |path: &str| {
        let found = told.pointer(path).and_then(Value::as_f64);
        found.unwrap_or_else(|| panic!("{path} is no number in {told}"))
    };
    for (path, expected) in [
        ("/payments", 3221.0),
        ("/amount_fen", 56_412_600_000.0),
        ("/mismatches", 0.0),
        ("/kills", 1.0),
        ("/acknowledged_lost", 0.0),
        ("/overload/lost", 0.0),
        ("/overload/differing_fen", 0.0),
        ("/settlement/payments", 60.0),
        ("/settlement/cleared", 60.0),
        ("/settlement/bank_payments", 60.0),
        ("/vouchers/8202", 60.0),
        ("/cleared_fen", 601_830.0),
        ("/exposure_fen", 0.0),
        ("/bank_double_payments", 0.0),
        ("/differences/planted", 3.0),
        ("/differences/found", 3.0),
        ("/differences/left", 0.0),
    ] {
        assert_eq!(number(path), expected, "{path} in {told}");
    }
    for path in [
        "/acknowledged_looked_up",
        "/busy",
        "/overload/busy",
        "/overload/durable_per_s",
        "/recovery/ms",
        "/recovery/from_checkpoint",
        "/paged_out",
        "/paged_in",
        "/audited_again",
        "/top20_divisions_share",
        "/latency_us/p99",
        "/overload/latency_us/p99",
        "/line_switches",
        "/invariants/I8/checked",
        "/refunded_fen",
    ] {
        assert!(number(path) > 0.0, "{path} in {told}");
    }
    assert!(number("/recovery/replayed") >= 0.0);
    assert!(number("/top20_divisions_share") < 1.0);
    let looked_up = number("/overload/looked_up");
    assert!(looked_up > number("/overload/reservations"), "each id is looked up");
    let came_back = number("/cleared_fen") - number("/settlement/treasury_out_fen");
    assert_eq!(came_back, number("/refunded_fen"), "by the central bank's ledger: {told}");
    let named = told["differences"]["named"].as_array().expect("a list");
    let mut faults: Vec<&str> = named.iter().filter_map(|one| one["fault"].as_str()).collect();
    faults.sort_unstable();
    assert_eq!(faults, ["late", "late", "wrong-signature"], "each by its voucher: {told}");
    let open = told["differences"]["day_open"].as_str().expect("why the day was open");
    assert!(open.contains("differences (3)"), "{open}");
    let violated = told["invariants"].as_object().expect("invariants");
    assert!(violated.values().all(|found| found["violations"] == 0), "{told}");

    let page = std::fs::read_to_string(&report).expect("the report");
    // As printed: a float that is read and written again need not have the same digits.
    let line = String::from_utf8_lossy(&output.stdout);
    assert!(page.contains(line.trim()), "the page carries the same figures");
    for id in
        ["throughput", "latency", "recovery", "overload", "refusals", "invariants", "settlement"]
    {
        assert!(page.contains(&format!("<section id=\"{id}\">")), "{id} is not in the page");
    }
    for name in violated.keys() {
        assert!(page.contains(&format!("<th scope=\"row\">{name}</th>")), "{name}");
    }
}
