//! A party's process as a stranger meets it: whose directory it is started on and with whose keys, how it ends when it
//! cannot start, the days it begins, and its certificates: renewed in mid-stream, revoked, at their end.

mod harness;

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use domain::codes::PaymentState;
use harness::files::{flip, segment};
use harness::province::{
    BANK, CENTRAL_BANK, DIVISION, FINANCE, OTHER_BANK, Party, Province, WAVE, keys,
};
use harness::server::{PROGRAM, treasury};
use harness::wait_for;
use serde_json::{Value, json};
use storage::limits::{GROUP_HEADER_BYTES, SEGMENT_HEADER_BYTES};

const USAGE: i32 = 2;
const REFUSED: i32 = 3;
const CONFIG: i32 = 4;
const CANNOT_START: i32 = 5;
const UNREACHABLE: i32 = 6;
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
        // Nor is a year that somebody mistyped.
        let why = says_no(party, "open-day", &json!({ "day": "2032-03-08" }));
        assert!(why.contains("is 3654 days after 20220307"), "{why}");
        let why = says_no(party, "open-day", &json!({ "day": "2032-03-08", "far": "yes" }));
        assert!(why.contains("`far` is \"yes\"; give true or false"), "{why}");
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

/// `treasury certificate …` at a party.
#[test]
fn an_order_with_a_word_that_is_not_understood_does_nothing() {
    let mut province = Province::found();
    province.pay_a_wave();
    province.all_are(PaymentState::Paid);
    let first = json!({ "look": "payment", "division": DIVISION, "year": 2022, "payment": format!("{:032x}", 1) });
    let voucher = province.finance.say(&first)["voucher"]["voucher"].clone();
    for (word, value) in [("detial", json!("1")), ("detail", json!(1)), ("detail", json!(["1"]))] {
        let with = json!({ "voucher": voucher, word: value, "reason": "户名错" });
        let why = says_no(&province.bank, "refund", &with);
        assert!(why.contains(word), "{why}");
    }
    for (word, value) in [("may", json!("false")), ("mya", json!(false))] {
        let why = says_no(
            &province.finance,
            "authorise",
            &json!({ "person": "王芳", word: value, "by": "处长" }),
        );
        assert!(why.contains(word), "{why}");
    }
    let payees = json!({ "voucher": voucher, "payees": [{ "name": "甲", "account": "1", "amount": "1.00", "bonk": "2" }] });
    let why = says_no(&province.finance, "sheet", &payees);
    assert!(why.contains("bonk"), "{why}");
    // Nothing of all that was done.
    assert_eq!(province.bank.status()["bank"]["refunds_held"], "0.00");
    let authorised = province.finance.say(&json!({ "look": "authorised" }));
    assert_eq!(authorised["authorised"], json!([]));
    // Whoever reads no further is no reason for a panic.
    let mut command = Command::new(PROGRAM);
    command.args(["exchange", "look", &province.finance.control.to_string(), "vouchers"]);
    let mut child = command
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("the program can start");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[test]
fn a_command_for_a_party_fails_where_an_engine_listens() {
    let mut province = Province::found();
    province.pay(1, province.quota);
    let (engine, control) = (province.address().to_string(), &province.finance.control);
    let voucher = "370000005-2022-8202-0000000001";
    let dir = tempfile::tempdir().expect("a temporary directory");
    let file = |name: &str| dir.path().join(name).display().to_string();
    let (sheet, again) = (file("sheet.csv"), file("again.csv"));
    let head = "quota,name,account,bank_number,amount\n";
    fs::write(&sheet, format!("{head}{},甲,6222001,,1.00\n", province.quota)).expect("a sheet");
    let id = format!("{:032x}", 1);
    let at_day = ["status", "month 2022-03", "differences", "assign D1 --to 23 --person 7"];
    let more = ["close --day 2022-03-04 --person 7", "correct D1 --fact 1 --person 7"];
    let carry = "carry D1 --until 2022-03-08 --reason 待补 --person 7";
    let agree = "agree-exposure bank:102 --withdrawn --agreement 3 --person 7";
    let day = at_day.iter().chain(&more).chain([&carry, &agree]).map(|words| {
        let (what, rest) = words.split_once(' ').unwrap_or((words, ""));
        format!("day {what} {engine} {rest}")
    });
    let by = format!("--by 王芳 --exchange {engine}");
    let others = [
        format!("certificate revoke abc --reason 遗失 {by}"),
        format!("certificate verify abc {by}"),
        format!("certificate list --exchange {engine}"),
        format!("certificate renew-keys --exchange {engine}"),
        format!("voucher list --exchange {engine}"),
        format!("voucher show {voucher} --exchange {engine}"),
        format!("voucher print {voucher} --exchange {engine}"),
        format!("voucher give-up {BANK} 1 --reason 遗失 {by}"),
        format!("voucher ask-status {voucher} --to {BANK} --exchange {engine}"),
        format!("voucher authorise 王芳 --by 处长 --exchange {engine}"),
        format!("voucher authorise --exchange {engine}"),
        format!("exchange order {engine} cut-off"),
        format!("exchange look {engine} status"),
        format!("exchange handed-over {FINANCE} --after 1 --out {again} --exchange {engine}"),
        format!("payment failed {voucher} --to {again} --exchange {engine}"),
        format!("payment payees {sheet} --id {id} {by}"),
        format!("payment explain {id} --connect {engine} --exchange {engine}"),
    ];
    for words in day.chain(others) {
        let words: Vec<&str> = words.split_whitespace().collect();
        let output = Command::new(PROGRAM).args(&words).output().expect("the program can start");
        let (code, said) = (output.status.code(), text(output.stderr));
        assert_eq!(
            (code, text(output.stdout).as_str()),
            (Some(UNREACHABLE), ""),
            "{words:?}: {said}"
        );
        for what in ["no party of the exchange listens on", &engine, "\"error\"", "`control`"] {
            assert!(said.contains(what), "{words:?}: {said}");
        }
    }
    // What a party refuses is its own answer still.
    let words = ["exchange", "order", &control.to_string(), "no-such-order"];
    let output = Command::new(PROGRAM).args(words).output().expect("the program can start");
    assert_eq!(output.status.code(), Some(REFUSED), "{}", text(output.stderr));
}

#[test]
fn what_people_give_wrongly_is_a_wrong_use() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let file = |name: &str, text: &str| {
        let path = dir.path().join(name);
        fs::write(&path, text).expect("a file");
        path.display().to_string()
    };
    let none = dir.path().join("none").display().to_string();
    let (no_paper, no_sheet) = (file("paper.json", "{}"), file("sheet.csv", "quota,name\n"));
    let no_lines = file("lines", "no JSON\n");
    // Nobody listens there: what is wrong is told before anything is asked.
    let nobody = "127.0.0.1:1";
    let at = format!("--exchange {nobody}");
    let by = format!("--by 王芳 --and 李强 {at}");
    let take_back = format!("--by 王芳 --and 李强 --reason 恢复 {at}");
    let payees = format!("--id {:032x} --by 王芳 {at}", 1);
    let place = format!("--division 5 --year 2022 --connect {nobody}");
    for (words, why) in [
        (format!("day status {nobody} --day 2022-02-31"), "`2022-02-31` is no day"),
        (format!("exchange order {nobody} open-day {{"), "`{` is no JSON"),
        (format!("exchange order {nobody} open-day []"), "`[]` is no object of JSON"),
        (format!("exchange take-back {BANK} {none} {take_back}"), "cannot read"),
        (format!("exchange take-back {BANK} {no_lines} {take_back}"), "is not what `handed-over`"),
        (format!("exchange handed-over {BANK} --after 1 --out {none}/a {at}"), "cannot write"),
        (format!("voucher paper-take {FINANCE} {none} {by}"), "cannot read"),
        (format!("voucher paper-take {FINANCE} {no_paper} {by}"), "is no voucher"),
        (format!("certificate file {none} --by 王芳 {at}"), "cannot read"),
        (format!("certificate file {no_paper} --by 王芳 {at}"), "is none to be filed"),
        (format!("payment payees {none} {payees}"), "cannot read"),
        (format!("payment payees {no_sheet} {payees}"), "the first row has to be"),
        (format!("file base-put --person 1 -f {none} {place}"), "cannot be read as text"),
        (format!("import {none} --person 1 {place}"), "cannot read"),
        (format!("scenario run mine --spec {none} --connect {nobody}"), "cannot read"),
    ] {
        let words: Vec<String> = words.split_whitespace().map(str::to_owned).collect();
        must_say(&words, USAGE, &[why]);
    }
}

fn certificate(at: &Party, words: &[&str]) -> Output {
    let control = at.control.to_string();
    let mut command = Command::new(PROGRAM);
    command.arg("certificate").args(words).args(["--exchange", &control]);
    command.output().expect("the program can start")
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).expect("what it says is text")
}

fn done(output: Output) -> String {
    assert!(output.status.success(), "{}", text(output.stderr));
    text(output.stdout)
}

/// An answer that is no; why.
fn no(output: Output) -> String {
    let said = text(output.stderr);
    assert_eq!(output.status.code(), Some(REFUSED), "{said}");
    said
}

/// Gives a party new keys, good from the first of the year to a day; gives the certificate and the name of its file.
fn renew(province: &Province, party: &str, last: &str) -> (String, String) {
    let mut command = Command::new(PROGRAM);
    command.args(["simulate", "keys"]).arg(province.dir.path().join("keys"));
    command.args(["--renew", party, "--last", last]);
    let said = done(command.output().expect("the program can start"));
    let id = said.split(' ').nth(1).expect("its id").to_owned();
    (id, format!("{}-2.cert", party.replace(':', "-")))
}

/// Two persons put a certificate on file that lies with a party's keys.
fn known(province: &Province, at: &Party, id: &str, file: &str) {
    let place = at.arguments.iter().position(|argument| argument == "--keys").expect("its keys");
    let path = Path::new(&at.arguments[place + 1]).join(file).display().to_string();
    assert!(path.starts_with(&province.dir.path().display().to_string()), "{path}");
    done(certificate(at, &["file", &path, "--by", "王芳"]));
    let again = no(certificate(at, &["file", &path, "--by", "王芳"]));
    assert!(again.contains("is filed already"), "{again}");
    let same = no(certificate(at, &["verify", id, "--by", "王芳"]));
    assert!(same.contains("another person verifies it"), "{same}");
    done(certificate(at, &["verify", id, "--by", "李强"]));
}

/// The certificates of a party that another has on file: what seals there, and where each stands.
fn on_file(at: &Party, of: &str) -> Vec<(String, bool, String)> {
    let told = done(certificate(at, &["list", "--party", of, "--json"]));
    let told: Value = serde_json::from_str(&told).expect("one object");
    let word = |one: &Value, name: &str| one[name].as_str().expect("text").to_owned();
    let all = told["certificates"].as_array().expect("a list").iter();
    all.map(|one| (word(one, "certificate"), one["seals_here"] == true, word(one, "state")))
        .collect()
}

/// The certificate under which a bank's receipt for a payment came.
fn receipt_sealed_by(finance: &Party, payment: u128) -> String {
    let key = format!("370000005-2022-8202-{payment:010}");
    let seen = finance.say(&json!({ "look": "voucher", "voucher": key }));
    let letters = seen["letters"].as_array().unwrap_or_else(|| panic!("{seen}"));
    let receipt = letters.iter().find(|letter| letter["came"] == true).expect("a receipt");
    receipt["seals"][0]["certificate"].as_str().expect("a certificate").to_owned()
}

#[test]
fn keys_renewed_in_mid_stream_lose_nothing_and_the_old_certificate_can_be_revoked_then() {
    let mut province = Province::found();
    let keys = province.dir.path().join("keys");
    for (path, mode) in [("root", 0o700), ("root/root.pem", 0o600), ("bank-102/seal.pem", 0o600)] {
        let found = fs::metadata(keys.join(path)).expect("it is there").permissions().mode();
        assert_eq!(found & 0o777, mode, "{path}");
    }
    let [(old, true, state)] = &on_file(&province.bank, BANK)[..] else {
        panic!("a bank has one certificate of its own")
    };
    let (old, state) = (old.clone(), state.clone());
    assert_eq!(state, "active");
    province.pay_a_wave();
    province.is(1, PaymentState::Paid);
    let (new, file) = renew(&province, BANK, "2022-03-20");
    assert_ne!(new, old);
    // Who seals under it has to have it on file, with everybody else.
    let why = no(certificate(&province.bank, &["renew-keys"]));
    assert!(why.contains(&new) && why.contains("is not on file here"), "{why}");
    for party in [&province.finance, &province.central_bank, &province.bank] {
        known(&province, party, &new, &file);
    }
    let state = |state: &str| state.to_owned();
    let both = [(new.clone(), false, state("expiring")), (old.clone(), true, state("active"))];
    assert_eq!(on_file(&province.bank, BANK), both);
    province.pay_a_wave();
    let said = done(certificate(&province.bank, &["renew-keys"]));
    assert_eq!(said, format!("it seals under certificate {new} from now on\n"));
    province.pay_a_wave();
    province.all_are(PaymentState::Paid);
    assert_eq!(receipt_sealed_by(&province.finance, 1), old);
    assert_eq!(receipt_sealed_by(&province.finance, 3 * WAVE), new);
    // From here on nothing comes under the old one.
    let revoke = ["revoke", &old, "--by", "王芳", "--reason", "密钥已更换"];
    for party in [&province.finance, &province.central_bank] {
        done(certificate(party, &revoke));
        let again = no(certificate(party, &revoke));
        assert!(again.contains("is revoked"), "{again}");
    }
    province.pay_a_wave();
    province.all_are(PaymentState::Paid);
    province.bank.order("cut-off", &json!({}));
    province.bank.order("request-clearing", &json!({}));
    province.all_are(PaymentState::Cleared);
    province.bank.kill_and_start();
    province.finance.kill_and_start();
    let both = [(new.clone(), true, state("expiring")), (old.clone(), false, state("active"))];
    assert_eq!(on_file(&province.bank, BANK), both);
    let list = done(certificate(&province.finance, &["list", "--party", BANK]));
    for words in [
        format!("{new}  bank:102 业务专用章  2022-01-01 to 2022-03-20  expiring in 16 days"),
        format!(
            "{old}  bank:102 业务专用章  2022-01-01 to 2030-12-31  revoked on 2022-03-04 by 王芳 because 密钥已更换"
        ),
        "filed by 王芳 on 2022-03-04, verified by 李强 on 2022-03-04".to_owned(),
        "filed by keys directory on 2022-03-04, verified by start on 2022-03-04".to_owned(),
    ] {
        assert!(list.contains(&words), "`{words}` is not in:\n{list}");
    }
    assert_eq!(province.bank.status()["bank"]["double_payments"], 0);
    assert_eq!(province.finance.status()["alarms"], 0);
    // `status` names what ends within a month, and what has ended.
    let ending = |party: &Party| {
        let seen = party.status();
        let all = seen["certificates_ending"].as_array().expect("a list").iter();
        all.map(|one| (one["certificate"].clone(), one["state"].clone(), one["days_left"].clone()))
            .collect::<Vec<_>>()
    };
    assert_eq!(ending(&province.finance), [(json!(new), json!("expiring"), json!(16))]);
    province.finance.order("open-day", &json!({ "day": "2022-03-21", "worked": false }));
    assert_eq!(ending(&province.finance), [(json!(new), json!("ended"), json!(0))]);
    let list = done(certificate(&province.finance, &["list", "--party", BANK]));
    assert!(list.contains("2022-03-20  expired"), "{list}");
}

#[test]
fn what_was_sealed_under_a_certificate_that_is_revoked_stops_and_is_sealed_anew() {
    let mut province = Province::found();
    province.pay(1, province.quota);
    province.is(1, PaymentState::Paid);
    let (new, file) = renew(&province, FINANCE, "2030-12-31");
    known(&province, &province.bank, &new, &file);
    let of_finance = on_file(&province.bank, FINANCE);
    let (old, ..) = of_finance.iter().find(|(id, ..)| *id != new).expect("the first");
    done(certificate(&province.bank, &["revoke", old, "--by", "王芳", "--reason", "密钥遗失"]));
    // Finance does not know it yet, and has no other key.
    province.pay(1, province.quota);
    let entry = wait_for("the voucher stops", || {
        let seen = province.finance.say(&json!({ "look": "vouchers", "state": "stopped" }));
        let place = seen["letters"][0]["place"].as_str()?.to_owned();
        place.strip_prefix("bank:102/out/")?.parse::<u32>().ok()
    });
    known(&province, &province.finance, &new, &file);
    known(&province, &province.central_bank, &new, &file);
    done(certificate(&province.finance, &["renew-keys"]));
    let again = json!({ "to": BANK, "entry": entry, "by": "王芳" });
    province.finance.order("seal-again", &again);
    province.is(2, PaymentState::Paid);
    province.pay(1, province.quota);
    province.all_are(PaymentState::Paid);
    let bank = province.bank.status();
    assert_eq!(
        (&bank["bank"]["payments"], &bank["bank"]["double_payments"]),
        (&json!(3), &json!(0))
    );
}

/// Standard error of a service is a file or a pipe: what is written there is read by programs.
#[test]
fn a_log_that_goes_to_a_pipe_has_no_colours() {
    let mut province = Province::found();
    province.finance.kill();
    // Where no engine listens.
    let nobody = TcpListener::bind("127.0.0.1:0").expect("an address");
    let at = nobody.local_addr().expect("an address");
    drop(nobody);
    let mut arguments = province.finance.arguments.clone();
    let place = arguments.iter().position(|one| one == "--server").expect("it has an engine");
    arguments[place + 1] = at.to_string();
    let mut finance = Command::new(PROGRAM)
        .args(&arguments)
        .env_remove("NO_COLOR")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program can be started");
    let said = finance.stderr.take().expect("its errors are a pipe");
    let mut lines = BufReader::new(said).lines().map(|line| line.expect("a line"));
    let line = lines.find(|line| line.contains("the engine's journal is followed again"));
    finance.kill().expect("a child can be killed");
    finance.wait().expect("a child can be waited for");
    let line = line.expect("it says that the engine is away");
    assert!(line.contains("WARN") && !line.contains('\u{1b}'), "{line:?}");
}
