//! Rules tried out on a journal, as people try them out.

use std::fs;

use crate::golden::{Normal, check_json, check_text};
use crate::house::{House, run};
use crate::{OK, USAGE};

#[test]
fn a_rule_is_tried_out_on_past_payments() {
    let house = House::busy();
    let normal = Normal::of(&house, "");
    let defaults = run(&["rule", "defaults"]);
    assert_eq!(defaults.code, OK, "{}", defaults.err);
    let large = defaults.out.lines().find(|line| line.starts_with("R-LARGE\t"));
    let file = house.path().join("large.tsv");
    fs::write(&file, format!("# ours\n\n{}\n\n", large.expect("a default rule"))).expect("a file");
    let path = file.to_str().expect("a path of UTF-8");
    let begin = ["rule", "dry-run", path, "--data", house.data(), "--to", "2022-01-31"];
    let tried = |more: &[&str]| run(&[&begin[..], more].concat());

    check_text("rule-dry-run", &normal, &tried(&["--from", "2022-01-17"]));
    let json = ["--from", "2022-01-17", "--division", "5", "--json"];
    check_json("rule-dry-run-json", &normal, &tried(&json));
    let none = tried(&["--from", "2022-01-18"]);
    assert!(none.out.contains(" 0 of 0 payments, 0.00 yuan"), "{}", none.out);
    let elsewhere = tried(&["--from", "2022-01-17", "--division", "6"]);
    assert!(elsewhere.out.contains(" 0 of 0 payments, 0.00 yuan"), "{}", elsewhere.out);

    assert_eq!(tried(&["--from", "20220117"]).code, USAGE);
    let unknown = tried(&["--from", "2022-01-17", "--division", "county"]);
    assert_eq!(unknown.code, USAGE);
    assert!(unknown.err.contains("is no division's index"), "{}", unknown.err);
    fs::write(&file, "# ours\n\nR-LARGE\n").expect("a file");
    let short = tried(&["--from", "2022-01-17"]);
    assert_eq!(short.code, USAGE);
    assert!(short.err.contains("large.tsv, line 3: a rule has 12 fields"), "{}", short.err);
}
