//! A rule that a division has not taken over as the province set it: found by `verify` and listed in the
//! report of deviations, until it is taken over as it was set.

use std::fs;

use serde_json::Value;

use crate::house::{House, Ran, open_year, run};
use crate::{MISMATCH, OK};

const KEEPER: &str = "301";
const MAKER: &str = "12";
const CHECKER: &str = "13";

/// A rule without its version: what the province sets, and what the division writes down.
fn large(from: &str) -> String {
    format!("submit\tapprove-department\tamount >= {from}\t1501\t0.00\t0\t1\t\t大额\tlarge\t")
}

const LISTED: &str = "submit\trefuse\texists black\t1403\t0.00\t0\t1\t\t黑名单\tlisted\t";

/// A division's file on a server.
struct Office<'a> {
    house: &'a House,
    division: &'a str,
    address: &'a str,
}

impl Office<'_> {
    /// Files a paper that is taken; the position it stands at.
    fn files(&self, paper: &str, person: &str, lines: &[String]) -> String {
        let file = self.house.path().join("lines.tsv");
        fs::write(&file, lines.join("\n") + "\n").expect("a file");
        let path = file.to_str().expect("a path of UTF-8");
        let place = ["--division", self.division, "--year", "2022", "--connect", self.address];
        let filing = ["file", paper, "--person", person, "-f", path, "--json"];
        let ran = run(&[&filing[..], &place].concat());
        assert_eq!(ran.code, OK, "{paper} {lines:?}: {}{}", ran.out, ran.err);
        let at = &ran.json()["position"];
        format!("{}/{}", at["epoch"], at["sequence"].as_str().expect("a sequence"))
    }

    /// Comes under control, with people for its base data and its rules.
    fn begins(&self, card: &str) {
        let post = |person, kind| format!("post\t{person}\t{kind}\t\t某人{person}");
        let posts =
            [post(KEEPER, "base-keeper"), post(MAKER, "rule-maker"), post(CHECKER, "rule-checker")];
        let lines = [&[format!("division\t{card}")][..], &posts].concat();
        self.files("base-put", KEEPER, &lines);
    }

    /// Rules are written down by one person and approved by another.
    fn sets(&self, paper: &str, rules: &[(&str, String)]) -> String {
        let lines: Vec<String> = rules.iter().map(|(id, text)| format!("{id}\t{text}")).collect();
        self.files(paper, MAKER, &lines);
        let ids: Vec<String> = rules.iter().map(|(id, _)| (*id).to_owned()).collect();
        self.files("rule-approve", CHECKER, &ids)
    }
}

fn verified(house: &House) -> (Ran, Value) {
    let ran = run(&["verify", "--data", house.data(), "--json"]);
    let found = ran.json()["invariants"]["I14"].clone();
    (ran, found)
}

/// The rows of the report of deviations at a position, as text.
fn listed(address: &str, position: &str) -> Vec<String> {
    let report = ["report", "deviations", "--year", "2022", "--format", "json"];
    let ran = run(&[&report[..], &["--connect", address, "--wait-for", position]].concat());
    assert_eq!(ran.code, OK, "{}", ran.err);
    ran.json()["rows"].as_array().expect("rows").iter().map(Value::to_string).collect()
}

#[test]
fn a_looser_text_that_two_people_vouched_for_is_found_by_verify() {
    let house = House::busy();
    let server = house.serve();
    let address = server.address.clone();
    open_year(&address, 0);
    let of = |division| Office { house: &house, division, address: &address };
    let (province, county) = (of("0"), of("5"));
    province.begins("370000000\t山东省\tprovince\t\t1\t2\t2022-01-01\tactive");
    county.begins("370102000\t历下区\tcounty\t370000000\t1\t2\t2022-01-01\tactive");
    let black = || ("R-BLACK", LISTED.to_owned());
    province.sets("rule-propose", &[("R-LARGE", large("500000.00")), black()]);
    let looser = [("R-LARGE", format!("1\t{}", large("900000.00")))];
    let position = county.sets("rule-inherit", &looser);
    let rows = listed(&address, &position);
    assert_eq!(rows.len(), 3, "{rows:#?}");
    assert!(rows.iter().all(|row| row.contains("370102000")), "{rows:#?}");
    let of_rule = |rule: &str| rows.iter().filter(|row| row.contains(rule)).count();
    assert_eq!((of_rule("R-LARGE"), of_rule("R-BLACK")), (2, 1), "{rows:#?}");
    server.stop();

    let (ran, found) = verified(&house);
    assert_eq!(ran.code, MISMATCH, "{}", ran.out);
    assert_eq!((&found["checked"], &found["violations"]), (&3.into(), &3.into()), "{found}");
    let examples: Vec<&str> =
        found["examples"].as_array().expect("words").iter().filter_map(Value::as_str).collect();
    assert_eq!(
        examples,
        [
            "division 5 in 2022, rule R-LARGE: version 1 was taken over otherwise than the province set \
             it; condition is \"amount >= 900000.00\" here and \"amount >= 500000.00\" there",
            "division 5 in 2022, rule R-BLACK: not on file; the province has version 1 in force",
            "division 5 in 2022, rule R-LARGE: version 1, by the province's 1, is looser than the \
             province's 1",
        ]
    );
    let told = run(&["verify", "--data", house.data()]);
    assert_eq!(told.code, MISMATCH);
    assert!(told.out.contains("I14 one rulebook  BROKEN 3 times"), "{}", told.out);

    // Taken over once more, as it was set, and with what was missing.
    let server = house.serve();
    let county = Office { address: &server.address, ..of("5") };
    let rules =
        [("R-LARGE", format!("1\t{}", large("500000.00"))), (black().0, format!("1\t{LISTED}"))];
    let position = county.sets("rule-inherit", &rules);
    assert_eq!(listed(&server.address, &position), [""; 0]);
    server.stop();
    let (ran, found) = verified(&house);
    assert_eq!(ran.code, OK, "{}", ran.out);
    assert_eq!((&found["checked"], &found["violations"]), (&4.into(), &0.into()));
}
