//! The end of a day as processes: finance's books against what the bank and the central bank tell, by command, and with
//! finance killed on the way. What the commands print is held against golden files.

mod harness;

use std::process::{Command, Output};

use domain::codes::PaymentState;
use harness::province::{
    BANK, DIVISION, FINANCE, OPENING_FEN, OTHER_BANK, Party, Province, TREASURY, WAVE,
};
use harness::server::PROGRAM;
use harness::wait_for;
use serde_json::{Value, json};

/// A day begins for everybody; for finance's store it is one that is worked.
fn all_open(province: &Province, day: &str) {
    province.finance.order("open-day", &json!({ "day": day, "worked": true }));
    for party in [&province.bank, &province.central_bank] {
        party.order("open-day", &json!({ "day": day }));
    }
}

/// What a command of `treasury day` prints; it has to be done.
fn day(finance: &Party, words: &[&str]) -> String {
    let output = day_of(finance, words);
    assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("it prints UTF-8")
}

fn day_of(finance: &Party, words: &[&str]) -> Output {
    let mut command = Command::new(PROGRAM);
    command.args(["day", words[0], &finance.control.to_string()]).args(&words[1..]);
    command.output().expect("the program can be started")
}

fn checklist(finance: &Party) -> Value {
    serde_json::from_str(&day(finance, &["status", "--json"])).expect("it prints JSON")
}

/// One bank of two speaks ISO 20022: its orders, answers and daily list go in messages, and the same comes of them.
#[test]
fn a_day_ends_with_a_bank_that_speaks_iso_20022_as_with_any() {
    let mut province = Province::found_with_iso();
    let (_, other_quota) = province.other.as_ref().expect("there are two");
    let other_quota = *other_quota;
    province.pay_a_wave();
    let first_of_other = province.next + 1;
    province.pay(WAVE, other_quota);
    other_of(&mut province).kill_and_start();
    province.pay(WAVE, other_quota);
    province.finance.kill_and_start();
    province.all_are(PaymentState::Paid);
    let nothing = json!({});
    // What it does not pay any more it says in a message too.
    let paid = province.next;
    let payee = json!({ "account": format!("16020001{:04}", paid + 1), "why": "账户已冻结" });
    other_of(&mut province).order("block-payee", &payee);
    province.pay(1, other_quota);
    province.is(paid + 1, PaymentState::Released);
    province.next = paid;
    other_of(&mut province).order("cut-off", &nothing);
    province.bank.order("cut-off", &nothing);
    for bank in [&province.bank, &province.other.as_ref().expect("there are two").0] {
        bank.order("request-clearing", &nothing);
    }
    province.all_are(PaymentState::Cleared);
    for bank in [&province.bank, &province.other.as_ref().expect("there are two").0] {
        wait_for("the bank has heard that it was cleared", || {
            (bank.status()["bank"]["uncleared"] == "0.00").then_some(())
        });
        bank.order("close", &nothing);
        assert_eq!(bank.status()["bank"]["double_payments"], 0);
    }
    province.central_bank.order("close", &nothing);
    wait_for("every statement is compared and every fact taken", || {
        (checklist(&province.finance)["green"] == true).then_some(())
    });
    assert_eq!(day(&province.finance, &["differences"]), "No difference is open.\n");
    assert_eq!(forms(&province, 1), ["canonical", "national"], "an order and its receipt");
    for payment in [first_of_other, first_of_other + WAVE, paid + 1] {
        assert_eq!(forms(&province, payment), ["iso20022", "iso20022"]);
    }
    let lists = |party: &str| {
        let asked = json!({ "look": "vouchers", "party": party, "kind": "2206" });
        let told = province.finance.say(&asked);
        let list = told["letters"][0]["voucher"].as_str().expect("a list came").to_owned();
        form_of(&province, &list)
    };
    assert_eq!(
        (lists(BANK), lists(OTHER_BANK)),
        (vec!["national".into()], vec!["iso20022".into()])
    );
    let close = ["close", "--day", "2022-03-04", "--person", "7"];
    assert_eq!(day(&province.finance, &close), "Day 2022-03-04 is closed (已日终).\n");
    province.engine.take().expect("it runs").stop();
}

fn other_of(province: &mut Province) -> &mut Party {
    &mut province.other.as_mut().expect("there are two").0
}

/// The forms of the letters of a payment's voucher.
fn forms(province: &Province, payment: u128) -> Vec<String> {
    let asked = json!({
        "look": "payment", "division": DIVISION, "year": 2022, "payment": format!("{payment:032x}"),
    });
    let told = province.finance.say(&asked);
    let voucher =
        told["voucher"]["voucher"].as_str().unwrap_or_else(|| panic!("{told}")).to_owned();
    form_of(province, &voucher)
}

fn form_of(province: &Province, voucher: &str) -> Vec<String> {
    let told = province.finance.say(&json!({ "look": "voucher", "voucher": voucher }));
    let letters = told["letters"].as_array().unwrap_or_else(|| panic!("{told}"));
    let form = |letter: &Value| {
        assert!(letter["document"].is_object(), "it can be read: {letter}");
        letter["form"].as_str().expect("a voucher has a form").to_owned()
    };
    letters.iter().map(form).collect()
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

/// Holds what a command of `treasury day` prints against its golden file: the exit code, then both its outputs.
fn golden(name: &str, finance: &Party, words: &[&str]) {
    let Output { status, stdout, stderr } = day_of(finance, words);
    let printed = [stdout, stderr].map(|bytes| String::from_utf8(bytes).expect("it prints UTF-8"));
    let found = format!("exit {}\n{}{}", status.code().expect("it ended"), printed[0], printed[1]);
    let file = format!("{}/tests/golden/day/{name}.txt", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&file, &found).expect("a golden file");
    }
    let golden = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        golden == found,
        "{name} differs from its golden file.\n--- golden\n{golden}\n--- found\n{found}\n--- UPDATE_GOLDEN=1 writes it \
         anew"
    );
}

/// How many of an item are open.
fn open(finance: &Party, item: &str) -> u64 {
    let checklist = checklist(finance);
    let items = checklist["items"].as_array().expect("a list");
    let found = items.iter().find(|one| one["check"] == item).expect("every item is there");
    found["open"]["many"].as_u64().expect("a number")
}

#[test]
fn a_day_with_differences_is_told_in_both_languages_and_closed_on_the_next() {
    let script = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(script.path(), "1 late\n3 late\n").expect("a script");
    let script_path = script.path().to_str().expect("a plain path");
    let mut province = Province::found_with(&["--script", script_path], |_| ());
    province.pay_a_wave();
    let nothing = json!({});
    let standing = |province: &Province, what: &str, wanted: Value| {
        wait_for(what, || {
            (province.finance.status()["finance"]["standing"] == wanted).then_some(())
        });
    };
    standing(&province, "two receipts are kept back", json!({ "out": 2, "paid": WAVE as u64 - 2 }));
    let agree = |person: &'static str, more: &[&'static str]| {
        let agreed = ["agree-exposure", BANK, "--agreement", "鲁财库协3号", "--person", person];
        [&agreed[..], more].concat()
    };
    golden("agree-exposure", &province.finance, &agree("7", &["--amount", "3000.00"]));
    golden("agree-exposure-again", &province.finance, &agree("7", &["--amount", "3000.00"]));
    golden("agree-exposure-second", &province.finance, &agree("8", &["--amount", "3000.00"]));
    golden("agree-exposure-refused", &province.finance, &agree("7", &["--amount=-1.00"]));
    golden("agree-exposure-json", &province.finance, &agree("7", &["--withdrawn", "--json"]));
    province.bank.order("cut-off", &nothing);
    province.bank.order("request-clearing", &nothing);
    wait_for("the request has gone back whole", || {
        let back = province.finance.status()["finance"]["notices_back"].clone();
        let asked = json!({ "look": "vouchers", "kind": "2301", "state": "returned" });
        let heard = province.bank.say(&asked)["letters"].clone();
        (back != json!([]) && heard != json!([])).then_some(())
    });
    province.bank.order("close", &nothing);
    province.central_bank.order("close", &nothing);
    wait_for("every statement is compared", || {
        (open(&province.finance, "statements") == 0).then_some(())
    });
    wait_for("the engine has every fact", || {
        (open(&province.finance, "suspense") == 0).then_some(())
    });
    let golden_here = |name: &str, words: &[&str]| golden(name, &province.finance, words);
    golden_here("assign", &["assign", "D1", "--to", "23", "--person", "7"]);
    golden_here("write", &["write", "D1", "--letter", "鲁财库函7号", "--person", "23", "--json"]);
    golden_here("status-open", &["status"]);
    golden_here("status-open-chinese", &["status", "--chinese"]);
    golden_here("status-open-json", &["status", "--json"]);
    golden_here("differences", &["differences"]);
    golden_here("differences-chinese", &["differences", "--chinese"]);
    golden_here("differences-json", &["differences", "--json"]);
    golden_here("close-refused", &["close", "--day", "2022-03-04", "--person", "7"]);
    golden_here("correct-refused", &["correct", "D1", "--fact", "补记1号", "--person", "23"]);
    let confirm =
        ["confirm", "D1", "--reference", "回函3号", "--amount", "100.02", "--person", "23"];
    golden_here("confirm-refused", &confirm);
    golden_here("unknown-refused", &["assign", "D9", "--to", "23", "--person", "7"]);

    province.finance.kill_and_start();
    all_open(&province, "2022-03-07");
    province.bank.order("send-late", &nothing);
    standing(&province, "the receipts have come", json!({ "paid": WAVE as u64 }));
    assert_eq!(day(&province.finance, &["differences"]), "No difference is open.\n");
    // It may still be out of more than was agreed, and its account was not at zero when it last told.
    assert_eq!(["exposure", "zero-balance"].map(|item| open(&province.finance, item)), [1, 1]);
    province.bank.order("cut-off", &nothing);
    province.bank.order("request-clearing", &nothing);
    province.all_are(PaymentState::Cleared);
    wait_for("the bank has heard that it was cleared", || {
        (province.bank.status()["bank"]["uncleared"] == "0.00").then_some(())
    });
    assert_eq!(["exposure", "zero-balance"].map(|item| open(&province.finance, item)), [0, 1]);
    province.bank.order("close", &nothing);
    province.central_bank.order("close", &nothing);
    wait_for("every statement is compared and every fact taken", || {
        (checklist(&province.finance)["green"] == true).then_some(())
    });
    golden("status-green", &province.finance, &["status"]);
    golden("status-green-chinese", &province.finance, &["status", "--chinese"]);
    golden("status-green-json", &province.finance, &["status", "--json"]);
    golden("differences-none-chinese", &province.finance, &["differences", "--chinese"]);
    for on in ["2022-03-04", "2022-03-07"] {
        golden(&format!("close-{on}"), &province.finance, &["close", "--day", on, "--person", "7"]);
    }
    golden("status-closed-chinese", &province.finance, &["status", "--chinese"]);
    golden("status-closed-json", &province.finance, &["status", "--json"]);

    // The month is told when it is over, its days being closed.
    all_open(&province, "2022-04-01");
    golden("month-due", &province.finance, &["month", "2022-03"]);
    golden("month-refused", &province.finance, &["month", "2022-3"]);
    for party in [&province.bank, &province.central_bank] {
        party.order("tell", &json!({ "period": "2022-03" }));
    }
    let month = || -> Value {
        let told = day(&province.finance, &["month", "2022-03", "--json"]);
        serde_json::from_str(&told).expect("it prints JSON")
    };
    wait_for("every statement of the month is compared", || {
        let statements = month()["statements"].as_array().expect("a list").clone();
        statements.iter().all(|one| one["compared"] == true).then_some(())
    });
    golden("month-green", &province.finance, &["month", "2022-03"]);
    golden("month-green-chinese", &province.finance, &["month", "2022-03", "--chinese"]);
    golden("month-green-json", &province.finance, &["month", "2022-03", "--json"]);
    province.finance.kill_and_start();
    golden("month-green", &province.finance, &["month", "2022-03"]);
    province.engine.take().expect("it runs").stop();
}

/// A day on which the treasury is short of cash: what waits is named at finance, carried by name, and done the next day, with
/// finance killed on the way.
#[test]
fn a_day_short_of_cash_is_closed_by_name_and_the_next_one_ends_by_itself() {
    let mut province = Province::found();
    let nothing = json!({});
    // All there is has to stay in the treasury.
    let floor = domain::Fen::new(OPENING_FEN).to_yuan();
    let treasury = json!({
        "row": "treasury", "code": TREASURY, "division": "370000005", "finance": FINANCE, "floor": floor,
    });
    province.central_bank.order("file", &json!({ "rows": [treasury] }));
    province.pay_a_wave();
    province.all_are(PaymentState::Paid);
    province.bank.order("cut-off", &nothing);
    province.bank.order("request-clearing", &nothing);
    wait_for("the request waits for cash", || {
        let waiting = province.central_bank.status()["central_bank"]["waiting"].clone();
        (waiting[0]["for"] == "Cash").then_some(())
    });
    province.finance.kill_and_start();
    province.bank.order("close", &nothing);
    province.central_bank.order("close", &nothing);
    wait_for("every statement is compared and every fact taken", || {
        (["statements", "suspense"].map(|item| open(&province.finance, item)) == [0, 0])
            .then_some(())
    });
    golden("short-status-open", &province.finance, &["status"]);
    let waiting = checklist(&province.finance)["waiting"].clone();
    let request = waiting[0]["voucher"].as_str().expect("it is named").to_owned();
    let until = ["--until", "2022-03-07", "--reason", "库款不足", "--person", "7"];
    let carry = |names: &[&'static str]| [&["carry"], names, &until[..]].concat();
    golden("short-carry-cut-off", &province.finance, &carry(&["cut-off", "15:30"]));
    golden("short-carry-unknown", &province.finance, &carry(&["cleared", "bank:105"]));
    golden("short-carry-no-item", &province.finance, &carry(&["clearing", "bank:102"]));
    let words = [&["carry", "cleared", request.as_str()], &until[..]].concat();
    golden("short-carry", &province.finance, &words);
    province.finance.kill_and_start();
    golden("short-carry-bank", &province.finance, &carry(&["zero-balance", BANK, "--json"]));
    golden("short-status-carried", &province.finance, &["status"]);
    golden("short-status-carried-chinese", &province.finance, &["status", "--chinese"]);
    golden("short-status-carried-json", &province.finance, &["status", "--json"]);
    let close = |on: &'static str| ["close", "--day", on, "--person", "7"];
    let closed = day(&province.finance, &close("2022-03-04"));
    assert_eq!(closed, "Day 2022-03-04 is closed (已日终).\n");

    province.finance.kill_and_start();
    all_open(&province, "2022-03-07");
    let open_again = ["cleared", "zero-balance"].map(|item| open(&province.finance, item));
    assert_eq!(open_again, [WAVE as u64, 1], "their day has come");
    let income = json!({ "treasury": TREASURY, "what": "income", "amount": "1000000.00" });
    province.central_bank.order("pay-in", &income);
    province.all_are(PaymentState::Cleared);
    wait_for("the bank has heard that it was cleared", || {
        (province.bank.status()["bank"]["uncleared"] == "0.00").then_some(())
    });
    province.finance.kill_and_start();
    for party in [&province.bank, &province.central_bank] {
        party.order("close", &nothing);
    }
    wait_for("every statement is compared and every fact taken", || {
        (checklist(&province.finance)["green"] == true).then_some(())
    });
    golden("short-status-next", &province.finance, &["status"]);
    let closed = day(&province.finance, &close("2022-03-07"));
    assert_eq!(closed, "Day 2022-03-07 is closed (已日终).\n");
    province.engine.take().expect("it runs").stop();
}
