//! A party restored from an older copy of its directory: its counterparties know of messages that it does not. It is seen in
//! `look status`, no line opens, and an order of two persons has it take back what it had sent. Everything is cleared then,
//! and nothing paid twice: the bank's and the central bank's own ledgers are the judges.

mod harness;

use std::path::{Path, PathBuf};
use std::process::Command;

use domain::codes::PaymentState;
use harness::province::{
    BANK, CENTRAL_BANK, FINANCE, OPENING_FEN, Party, Province, WAVE, amount_fen,
};
use harness::server::PROGRAM;
use harness::{files, wait_for};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

/// What a command printed, and how it ended.
fn run(args: &[&str]) -> (i32, String) {
    let output = Command::new(PROGRAM).args(args).output().expect("the program can be started");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let told = text(&output.stdout) + &text(&output.stderr);
    (output.status.code().expect("it ends by itself"), told)
}

/// Stops a party in good order.
fn stop(party: &mut Party) {
    kill_process(Pid::from_child(&party.child), Signal::TERM).expect("a child can be told");
    assert!(party.child.wait().expect("a child can be waited for").success());
}

/// Starts a party again behind a stop, with its arguments as they are.
fn start(party: &mut Party) {
    *party = Party::start(party.arguments.clone());
}

/// Where a party's directory is.
fn data(party: &Party) -> PathBuf {
    let at = party.arguments.iter().position(|one| one == "--data").expect("it has a directory");
    PathBuf::from(&party.arguments[at + 1])
}

/// Puts a copy in the place of a party's directory.
fn restore(party: &mut Party, copy: &Path) {
    stop(party);
    let data = data(party);
    std::fs::remove_dir_all(&data).expect("it can be removed");
    files::copy_tree(copy, &data);
    start(party);
}

/// A copy of a party's directory, as it is now.
fn copy(party: &mut Party, to: &Path) {
    stop(party);
    files::copy_tree(&data(party), to);
    start(party);
}

/// What a party says of a counterparty from which it has gone apart.
fn apart(party: &Party, from: &str) -> Value {
    wait_for(&format!("{from} is seen to have gone apart"), || {
        let status = party.status();
        let all = status["apart"].as_array().expect("a list").clone();
        all.into_iter().find(|one| one["party"] == from && one["behind"].is_string())
    })
}

/// Neither of their lines opens.
fn are_down(party: &Party, to: &str) {
    let line = &party.status()["lines"][to];
    assert_eq!((&line["primary"], &line["backup"]), (&json!(false), &json!(false)), "{line}");
}

fn authorise(party: &Party) {
    let control = party.control.to_string();
    for person in ["王芳", "李强"] {
        let (code, told) =
            run(&["voucher", "authorise", person, "--by", "处长", "--exchange", &control]);
        assert_eq!(code, 0, "{told}");
    }
}

/// Has a party take back what another one has of it, as a person would, by what `look status` says.
fn take_back(party: &Party, from: &Party, names: [&str; 2], file: &Path) -> (i32, String) {
    let [own, other] = names;
    let seen = apart(party, other);
    assert_eq!(seen["behind"], own, "{seen}");
    let after = seen["in_common"].to_string();
    let (theirs, ours) = (from.control.to_string(), party.control.to_string());
    let file = file.to_str().expect("a plain path");
    let (code, told) = run(&[
        "exchange",
        "handed-over",
        own,
        "--after",
        &after,
        "--out",
        file,
        "--exchange",
        &theirs,
    ]);
    assert_eq!(code, 0, "{told}");
    run(&[
        "exchange",
        "take-back",
        other,
        file,
        "--by",
        "王芳",
        "--and",
        "李强",
        "--reason",
        "由旧备份恢复",
        "--exchange",
        &ours,
    ])
}

fn is_up(party: &Party, to: &str) {
    wait_for(&format!("the lines to {to} are up"), || {
        let status = party.status();
        let apart = status["apart"].as_array().expect("a list").iter();
        let apart = apart.filter(|one| one["party"] == to).count();
        (status["lines"][to]["primary"] == true && apart == 0).then_some(())
    });
}

#[test]
fn a_finance_that_was_restored_from_an_older_copy_takes_back_what_it_had_sent_and_pays_nothing_twice()
 {
    let mut province = Province::found();
    let (older, file) = (province.dir.path().join("older"), province.dir.path().join("sent.json"));
    province.pay_a_wave();
    province.all_are(PaymentState::Paid);
    copy(&mut province.finance, &older);
    is_up(&province.finance, BANK);
    province.pay_a_wave();
    province.all_are(PaymentState::Paid);
    province.bank.order("request-clearing", &json!({}));
    province.all_are(PaymentState::Cleared);
    let cleared = json!({ "cleared": 2 * WAVE as u64 });
    wait_for("finance knows that all is cleared", || {
        (province.finance.status()["finance"]["standing"] == cleared).then_some(())
    });
    restore(&mut province.finance, &older);
    // Both sides say so: who is behind, and from which message on.
    for other in [BANK, CENTRAL_BANK] {
        let seen = apart(&province.finance, other);
        assert_eq!(seen["behind"], FINANCE, "{seen}");
        assert!(seen["since_ms"].as_u64() > Some(0), "{seen}");
        assert!(seen["english"].as_str().is_some_and(|told| told.contains("take-back")), "{seen}");
        are_down(&province.finance, other);
    }
    let seen = apart(&province.finance, BANK);
    assert!(seen["digest"].as_str().is_some_and(|digest| digest.len() == 32), "{seen}");
    let theirs = apart(&province.bank, FINANCE);
    assert_eq!(
        (&theirs["behind"], &theirs["digest"]),
        (&json!(FINANCE), &seen["digest"]),
        "{theirs}"
    );
    // Finance has followed its engine again: each payment has a voucher, and none of the second wave has left.
    wait_for("every order is written again", || {
        let finance = province.finance.status();
        (finance["finance"]["vouchers"]["8202"] == 2 * WAVE as u64).then_some(())
    });
    are_down(&province.finance, BANK);
    let back = |province: &Province, from: &Party, name: &str| {
        take_back(&province.finance, from, [FINANCE, name], &file)
    };
    let (code, told) = back(&province, &province.bank, BANK);
    assert!(code == 3 && told.contains("王芳 may not vouch"), "{told}");
    authorise(&province.finance);
    // A limit notice is known again only when the bank has asked for it again.
    let (code, told) = back(&province, &province.central_bank, CENTRAL_BANK);
    assert!(
        code == 3 && told.contains("5106") && told.contains("not written here again"),
        "{told}"
    );
    // What was changed on the way is none of its letters, and nobody else's file is taken.
    let (code, told) = back(&province, &province.bank, CENTRAL_BANK);
    assert!(code != 0 && told.contains("was handed over by"), "{told}");
    let (code, told) = back(&province, &province.bank, BANK);
    assert_eq!(code, 0, "{told}");
    is_up(&province.finance, BANK);
    wait_for("the bank's requests have come again, and are noticed as they were", || {
        let listed = province.finance.say(&json!({ "look": "vouchers", "kind": "5106" }));
        (listed["letters"].as_array().map(Vec::len) > Some(0)).then_some(())
    });
    let (code, told) = back(&province, &province.central_bank, CENTRAL_BANK);
    assert_eq!(code, 0, "{told}");
    is_up(&province.finance, CENTRAL_BANK);
    wait_for("all is cleared again", || {
        let finance = province.finance.status();
        (finance["finance"]["standing"] == cleared && finance["finance"]["facts_due"] == 0)
            .then_some(())
    });
    let finance = province.finance.status();
    assert_eq!(finance["finance"]["cleared_fen"], province.sum_fen(), "{finance}");
    assert_eq!(finance["alarms"], 0, "{finance}");
    let first = province.finance.say(&json!({
        "look": "voucher", "voucher": format!("370000005-2022-8202-{:010}", WAVE + 1),
    }));
    let deeds = first["letters"][0]["deeds"].as_array().expect("a list");
    assert!(
        deeds.iter().any(|deed| deed["what"] == "took-back" && deed["by"][0] == "王芳"),
        "{first}"
    );
    // It goes on, after a kill too, and no number is given twice.
    province.finance.kill_and_start();
    province.pay_a_wave();
    for payment in 2 * WAVE + 1..=3 * WAVE {
        province.is(payment, PaymentState::Paid);
    }
    let bank = province.bank.status();
    assert_eq!(
        (&bank["bank"]["payments"], &bank["bank"]["double_payments"]),
        (&json!(3 * WAVE as u64), &json!(0)),
        "{bank}"
    );
    let left = OPENING_FEN - (1..=2 * WAVE).map(amount_fen).sum::<i64>();
    let treasury = province.central_bank.status();
    assert_eq!(treasury["central_bank"]["balance"], domain::Fen::new(left).to_yuan(), "{treasury}");
}

#[test]
fn a_bank_that_was_restored_from_an_older_copy_is_seen_and_pays_each_order_once_in_its_ledger() {
    let mut province = Province::found();
    let (older, file) = (province.dir.path().join("older"), province.dir.path().join("sent.json"));
    province.pay_a_wave();
    province.all_are(PaymentState::Paid);
    copy(&mut province.bank, &older);
    is_up(&province.finance, BANK);
    province.pay_a_wave();
    province.all_are(PaymentState::Paid);
    wait_for("finance has every receipt", || {
        let standing = province.finance.status()["finance"]["standing"].clone();
        (standing == json!({ "paid": 2 * WAVE as u64 })).then_some(())
    });
    restore(&mut province.bank, &older);
    let seen = apart(&province.finance, BANK);
    assert_eq!(seen["behind"], BANK, "{seen}");
    are_down(&province.finance, BANK);
    authorise(&province.bank);
    let before = province.bank.status();
    assert_eq!(before["bank"]["payments"], WAVE as u64, "{before}");
    // Both have the same number and digest, whoever of them has seen it.
    let own = apart(&province.bank, FINANCE);
    assert_eq!((&own["behind"], &own["in_common"]), (&seen["behind"], &seen["in_common"]));
    assert_eq!(own["digest"], seen["digest"], "{own} {seen}");
    let after = own["in_common"].to_string();
    let (theirs, ours) = (province.finance.control.to_string(), province.bank.control.to_string());
    let path = file.to_str().expect("a plain path");
    let (code, told) = run(&[
        "exchange",
        "handed-over",
        BANK,
        "--after",
        &after,
        "--out",
        path,
        "--exchange",
        &theirs,
    ]);
    assert_eq!(code, 0, "{told}");
    // A letter that was changed is none of the bank's.
    let text = std::fs::read_to_string(&file).expect("it was written");
    let mut changed: Value =
        serde_json::from_str(text.lines().next().expect("a line")).expect("JSON");
    let letter = changed["letters"][0]["letter"].as_str().expect("bytes").to_owned();
    let last = if letter.ends_with('0') { "1" } else { "0" };
    changed["letters"][0]["letter"] = format!("{}{last}", &letter[..letter.len() - 1]).into();
    let strange = province.dir.path().join("changed.json");
    std::fs::write(&strange, changed.to_string()).expect("it can be written");
    let strange = strange.to_str().expect("a plain path");
    let words = ["--by", "王芳", "--and", "李强", "--reason", "由旧备份恢复", "--exchange", &ours];
    let (code, told) = run(&[&["exchange", "take-back", FINANCE, strange], &words[..]].concat());
    assert!(code == 3 && told.contains("was not sealed here"), "{told}");
    let (code, told) = run(&[&["exchange", "take-back", FINANCE, path], &words[..]].concat());
    assert_eq!(code, 0, "{told}");
    is_up(&province.finance, BANK);
    wait_for("the bank has every order again", || {
        (province.bank.status()["bank"]["payments"] == 2 * WAVE as u64).then_some(())
    });
    assert_eq!(province.bank.status()["bank"]["double_payments"], 0);
    let finance = province.finance.status();
    assert_eq!(finance["finance"]["standing"], json!({ "paid": 2 * WAVE as u64 }), "{finance}");
    province.pay_a_wave();
    province.all_are(PaymentState::Paid);
    let bank = province.bank.status();
    assert_eq!(
        (&bank["bank"]["payments"], &bank["bank"]["double_payments"]),
        (&json!(3 * WAVE as u64), &json!(0)),
        "{bank}"
    );
}
