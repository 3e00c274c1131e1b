//! The end of a day as processes: finance's books against what the bank and the central bank tell, by command, and with
//! finance killed on the way.

mod harness;

use std::process::Command;

use domain::codes::PaymentState;
use harness::province::{Party, Province};
use harness::server::PROGRAM;
use harness::wait_for;
use serde_json::{Value, json};

/// What a command of `treasury day` prints; it has to be done.
fn day(finance: &Party, words: &[&str]) -> String {
    let output = day_of(finance, words);
    assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("it prints UTF-8")
}

fn day_of(finance: &Party, words: &[&str]) -> std::process::Output {
    let mut command = Command::new(PROGRAM);
    command.args(["day", words[0], &finance.control.to_string()]).args(&words[1..]);
    command.output().expect("the program can be started")
}

fn checklist(finance: &Party) -> Value {
    serde_json::from_str(&day(finance, &["status", "--json"])).expect("it prints JSON")
}

#[test]
fn a_day_ends_by_what_the_others_say_of_it_and_its_end_outlives_a_kill() {
    let mut province = Province::found();
    province.pay_a_wave();
    province.all_are(PaymentState::Paid);
    let nothing = json!({});
    province.bank.order("cut-off", &nothing);
    province.bank.order("request-clearing", &nothing);
    province.all_are(PaymentState::Cleared);
    let close = ["close", "--day", "2022-03-04", "--person", "7"];
    let refused = day_of(&province.finance, &close);
    assert_eq!(refused.status.code(), Some(3), "statements are due");
    let why = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(why.contains("statements (3)"), "{why}");
    wait_for("the bank has heard that it was cleared", || {
        (province.bank.status()["bank"]["uncleared"] == "0.00").then_some(())
    });
    // What they tell is not heard before finance is there again.
    province.finance.child.kill().expect("a child can be killed");
    province.bank.order("close", &nothing);
    province.central_bank.order("close", &nothing);
    province.finance.kill_and_start();
    wait_for("every statement is compared and every fact taken", || {
        (checklist(&province.finance)["green"] == true).then_some(())
    });
    let (page, list) =
        (day(&province.finance, &["status"]), day(&province.finance, &["differences"]));
    assert!(page.starts_with("Day 20220304 may be closed.\n"), "{page}");
    assert_eq!(list, "No difference is open.\n");
    province.finance.kill_and_start();
    assert_eq!(page, day(&province.finance, &["status"]));
    assert_eq!(day(&province.finance, &close), "Day 2022-03-04 is closed (已日终).\n");
    province.finance.kill_and_start();
    assert_eq!(day(&province.finance, &["status"]), "Day 20220304 is closed.\n");
    assert_eq!(day_of(&province.finance, &close).status.code(), Some(3), "a day is closed once");
    province.engine.take().expect("it runs").stop();
}
