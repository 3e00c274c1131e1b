//! A party's process as a stranger meets it: whose directory it is started on and with whose keys, how it ends when it
//! cannot start, and the days it begins.

mod harness;

use std::fs;
use std::path::Path;
use std::process::Command;

use domain::codes::PaymentState;
use harness::files::{flip, segment};
use harness::province::{BANK, CENTRAL_BANK, FINANCE, OTHER_BANK, Party, Province, keys};
use harness::server::{PROGRAM, treasury};
use serde_json::{Value, json};
use storage::limits::{GROUP_HEADER_BYTES, SEGMENT_HEADER_BYTES};

const USAGE: i32 = 2;
const CONFIG: i32 = 4;
const CANNOT_START: i32 = 5;
const DAMAGE: i32 = 10;

/// The arguments of a party's process with the values of some options put in the place of theirs.
fn with(arguments: &[String], options: &[(&str, &str)]) -> Vec<String> {
    let mut arguments = arguments.to_vec();
    for (option, value) in options {
        let at = arguments.iter().position(|argument| argument == option);
        arguments[at.expect("it is given") + 1] = (*value).to_owned();
    }
    arguments
}

/// A start that has to be refused: how it ends, and what it says.
fn refused(arguments: &[String]) -> (i32, String) {
    let output = Command::new(PROGRAM).args(arguments).output().expect("the program can start");
    let said = String::from_utf8(output.stderr).expect("what it says is text");
    assert!(output.stdout.is_empty(), "it says that it is ready");
    assert!(!said.contains("panicked"), "{said}");
    (output.status.code().expect("it ends by itself"), said)
}

fn must_say(arguments: &[String], code: i32, words: &[&str]) {
    let (ended, said) = refused(arguments);
    assert_eq!(ended, code, "{said}");
    words.iter().for_each(|word| assert!(said.contains(word), "`{word}` is not in: {said}"));
}

fn verified(data: &Path) -> (Option<i32>, Value) {
    let output = treasury(&["verify", "--json"], data);
    let told = String::from_utf8(output.stdout).expect("text");
    (output.status.code(), serde_json::from_str(&told).expect("one object"))
}

#[test]
fn a_directory_is_one_partys_under_one_root_whoever_is_started_on_it() {
    let mut province = Province::found();
    province.pay_a_wave();
    province.all_are(PaymentState::Paid);
    let dir = province.dir.path().to_owned();
    let (data, own) = (dir.join("bank-102"), dir.join("keys"));
    let place = |path: &Path| path.display().to_string();
    // Somebody runs on it.
    must_say(&province.bank.arguments, CANNOT_START, &["is in use by process"]);
    province.bank.kill();
    // Another bank, and one of another trade.
    let other = place(&own.join("bank-105"));
    let other_bank = with(&province.bank.arguments, &[("--party", OTHER_BANK), ("--keys", &other)]);
    must_say(&other_bank, CANNOT_START, &[BANK, OTHER_BANK, "directory of its own"]);
    let treasury = with(&province.central_bank.arguments, &[("--data", &place(&data))]);
    must_say(&treasury, CANNOT_START, &[BANK, CENTRAL_BANK, "directory of its own"]);
    // Its own, with the keys of another province.
    let elsewhere = dir.join("elsewhere");
    keys(&elsewhere);
    let strange = place(&elsewhere.join("bank-102"));
    let root = |keys: &Path| {
        let text = fs::read_to_string(keys.join("bank-102/root.pub")).expect("a root");
        text.trim().to_owned()
    };
    let strange = with(&province.bank.arguments, &[("--keys", &strange)]);
    for _ in 0..2 {
        must_say(&strange, CANNOT_START, &[BANK, &root(&own), &root(&elsewhere)]);
    }
    // A certificate of another root among its own: every start says so.
    let (foreign, among) = (elsewhere.join("finance-370000005/bank-105.cert"), "foreign.cert");
    let among = own.join("bank-102").join(among);
    fs::copy(foreign, &among).expect("a copy");
    for _ in 0..2 {
        must_say(&province.bank.arguments, CONFIG, &["foreign.cert", "not signed by the root"]);
    }
    fs::remove_file(among).expect("it is there");
    // Nothing of all that is in its journal.
    let (code, told) = verified(&data);
    assert_eq!((code, &told["ok"]), (Some(0), &json!(true)), "{told}");
    assert_eq!(told["party"]["party"], BANK);
    assert_eq!(told["party"]["root"], root(&own).as_str());
    let printed = harness::server::treasury(&["verify"], &data).stdout;
    let printed = String::from_utf8(printed).expect("text");
    assert!(printed.starts_with("journal   of bank:102, a party of the exchange"), "{printed}");
    province.bank.start_again();
    province.pay(1, province.quota);
    province.all_are(PaymentState::Paid);
    assert_eq!(province.bank.status()["bank"]["double_payments"], 0);
    // Damage is told as damage.
    province.bank.kill();
    let at = SEGMENT_HEADER_BYTES + GROUP_HEADER_BYTES + 8;
    flip(&segment(&data, 1), at as u64, 3);
    must_say(&province.bank.arguments, DAMAGE, &["damaged"]);
    assert_eq!(verified(&data).0, Some(DAMAGE));
}

#[test]
fn whoever_clears_has_to_be_a_counterparty() {
    let province = Province::found();
    for party in [&province.bank, &province.finance] {
        let arguments = with(&party.arguments, &[("--central-bank", "central-bank:3799")]);
        let says = ["--central-bank central-bank:3799", "--peer central-bank:3799"];
        must_say(&arguments, USAGE, &says);
    }
}

/// Says an order that is refused; gives why.
fn says_no(party: &Party, order: &str, with: &Value) -> String {
    let mut line = with.clone();
    line["order"] = order.into();
    let answer = party.say(&line);
    answer["refused"].as_str().unwrap_or_else(|| panic!("{order}: {answer}")).to_owned()
}

#[test]
fn a_day_begins_for_a_partys_store_and_its_business_or_for_neither() {
    let mut province = Province::found();
    let (next, nothing) = (json!({ "day": "2022-03-07" }), json!({}));
    for party in [&province.bank, &province.central_bank] {
        for _ in 0..2 {
            let why = says_no(party, "open-day", &next);
            assert!(why.contains("is not closed; close it first"), "{why}");
            assert_eq!(party.status()["day"], 20_220_304);
        }
    }
    province.bank.order("cut-off", &nothing);
    province.bank.order("close", &nothing);
    province.central_bank.order("close", &nothing);
    for party in [&province.bank, &province.central_bank, &province.finance] {
        party.order("open-day", &next);
        assert_eq!(party.status()["day"], 20_220_307);
        says_no(party, "open-day", &next);
        says_no(party, "open-day", &json!({ "day": "2022-03-04" }));
        assert_eq!(party.status()["day"], 20_220_307);
    }
    province.bank.kill_and_start();
    province.finance.kill_and_start();
    for party in [&province.bank, &province.finance] {
        assert_eq!(party.status()["day"], 20_220_307);
    }
    province.pay(1, province.quota);
    province.is(1, PaymentState::Paid);
    assert_eq!(province.finance.status()["peers"][BANK]["held"], 0, "{FINANCE}");
}
