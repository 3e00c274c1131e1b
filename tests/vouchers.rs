//! Vouchers as people find, read, print and carry them: over the real binary, against the stores of parties that
//! run. What is printed is held against `tests/golden/vouchers/`; `UPDATE_GOLDEN=1` writes those files anew.

mod harness;

use std::fs;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::Command;

use domain::codes::PaymentState;
use domain::ids::PaymentId;
use harness::desk::Desk;
use harness::province::{BANK, FINANCE, Party, Province, WAVE, amount_fen, file};
use harness::server::PROGRAM;
use harness::wait_for;
use serde_json::{Value, json};

const OK: i32 = 0;
const NO: i32 = 3;

/// What a command printed.
struct Ran {
    code: i32,
    out: String,
    err: String,
}

fn run(args: &[&str]) -> Ran {
    let output = Command::new(PROGRAM).args(args).output().expect("the program can be started");
    let text = |bytes| String::from_utf8(bytes).expect("what it prints is text");
    let code = output.status.code().expect("it ends by itself");
    Ran { code, out: text(output.stdout), err: text(output.stderr) }
}

impl Ran {
    fn must_be_done(self) -> String {
        assert_eq!(self.code, OK, "{}{}", self.out, self.err);
        self.out
    }

    fn must_be_refused(self, why: &str) {
        assert_eq!(self.code, NO, "{}{}", self.out, self.err);
        assert!(self.err.contains(why), "{}", self.err);
    }

    fn json(self) -> Value {
        serde_json::from_str(&self.must_be_done()).expect("one object")
    }
}

/// `treasury voucher …` at a party.
fn voucher(at: &Party, args: &[&str]) -> Ran {
    let control = at.control.to_string();
    run(&[&["voucher"], args, &["--exchange", &control]].concat())
}

fn order(number: u128) -> String {
    format!("370000005-2022-8202-{number:010}")
}

/// Holds what was printed against its golden file, but for what is drawn at random or follows from hours.
fn golden(name: &str, printed: &str) {
    let mut found = String::new();
    for line in printed.split_inclusive('\n') {
        let mut words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        for at in 0..words.len() {
            let word = words[at].trim_end();
            let is_hex = word.len() >= 32 && word.bytes().all(|b| b.is_ascii_hexdigit());
            let follows = at > 0 && words[at - 1] == "record" && word.parse::<u64>().is_ok();
            if (is_hex && !word.starts_with("000")) || follows {
                words[at] = words[at].replace(word, "<…>");
            } else if let Some((party, _)) = word.split_once("/in/") {
                // Notices come between vouchers, more or fewer of them.
                words[at] = format!("{party}/in/<…>,");
            }
        }
        found.push_str(&words.join(" "));
    }
    let file =
        PathBuf::from(format!("{}/tests/golden/vouchers/{name}", env!("CARGO_MANIFEST_DIR")));
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::create_dir_all(file.parent().expect("a directory")).expect("a directory");
        fs::write(&file, &found).expect("a golden file");
        return;
    }
    let golden = fs::read_to_string(&file).unwrap_or_default();
    assert_eq!(golden, found, "{name} differs; UPDATE_GOLDEN=1 writes it anew");
}

fn authorise(at: &Party) {
    for person in ["王芳", "李强"] {
        voucher(at, &["authorise", person, "--by", "处长"]).must_be_done();
    }
}

const TWO: [&str; 4] = ["--by", "王芳", "--and", "李强"];

/// The bank is there again, with two persons who may vouch, and its line is not: somebody takes connections and says nothing.
/// Gives which of its arguments names finance, and how it does.
fn bank_without_its_line(province: &mut Province) -> (usize, String) {
    let silent = TcpListener::bind("127.0.0.1:0").expect("an address");
    let silent = silent.local_addr().expect("an address");
    let at_finance = format!("{FINANCE}={}", province.finance.lines());
    let place = province.bank.arguments.iter().position(|one| *one == at_finance);
    let place = place.expect("the bank dials finance");
    province.bank.arguments[place] = format!("{FINANCE}={silent}");
    province.bank.start_again();
    authorise(&province.bank);
    (place, at_finance)
}

#[test]
fn a_voucher_that_goes_by_paper_is_paid_once_when_the_electronic_one_comes() {
    let mut province = Province::found();
    province.bank.kill();
    province.pay_a_wave();
    wait_for("every order is in a voucher", || {
        let finance = province.finance.status();
        (finance["finance"]["standing"] == json!({ "out": WAVE as u64 })).then_some(())
    });
    let finance = &province.finance;
    // Lists are pages; each says where the next goes on.
    let waiting = ["list", "--state", "waiting", "--party", BANK];
    let first = voucher(finance, &[&waiting[..], &["--limit", "3"]].concat());
    assert!(first.err.contains("go on with --after bank:102/out/2"), "{}", first.err);
    golden("list-waiting.txt", &first.must_be_done());
    let rest = [&waiting[..], &["--after", "bank:102/out/2", "--limit", "100", "--json"]].concat();
    let rest = voucher(finance, &rest).json();
    assert_eq!(rest["letters"].as_array().map(Vec::len), Some(WAVE as usize - 3));
    assert_eq!(rest["more"], false);
    // By what they say.
    let found = |args: &[&str]| -> Vec<String> {
        let all = voucher(finance, &[&["list", "--json"], args].concat()).json();
        let keys = all["letters"].as_array().expect("a list").iter();
        keys.map(|letter| letter["voucher"].as_str().expect("a key").to_owned()).collect()
    };
    let amount = domain::Fen::new(amount_fen(7)).to_yuan();
    let of_seven = found(&["--payment", &PaymentId(7).to_string()]);
    assert_eq!(of_seven.len(), 1);
    assert_eq!(found(&["--amount", &amount]), of_seven);
    assert_eq!(found(&["--payee", "160200010007"]), of_seven);
    assert_eq!(found(&["--from", "2022-03-05"]), [""; 0]);
    // One goes by paper, with two persons who may.
    let sent = order(1);
    let send = [&["paper-send", &sent, "--reason", "两条线路中断"][..], &TWO].concat();
    voucher(finance, &send).must_be_refused("王芳 may not vouch");
    authorise(finance);
    golden("show-waiting.txt", &voucher(finance, &["show", &sent]).must_be_done());
    voucher(finance, &send).must_be_done();
    let void = ["void", &sent, "--by", "王芳", "--reason", "重复"];
    voucher(finance, &void).must_be_refused("went by paper");
    let page = voucher(finance, &["print", &sent]).must_be_done();
    assert!(page.contains("（线下办理）"), "{page}");
    golden("paper.html", &page);
    let typed = province.dir.path().join("typed.json");
    let typed = typed.to_str().expect("a plain path");
    voucher(finance, &["print", &sent, "--as", "json", "--out", typed]).must_be_done();
    let (place, at_finance) = bank_without_its_line(&mut province);
    let take = [&["paper-take", FINANCE, typed][..], &TWO].concat();
    voucher(&province.bank, &take).must_be_done();
    assert_eq!(province.bank.status()["bank"]["payments"], 1);
    voucher(&province.bank, &take).must_be_refused("a number is used once");
    // The line comes back, and with it the electronic voucher.
    province.bank.arguments[place] = at_finance;
    province.bank.kill_and_start();
    province.all_are(PaymentState::Paid);
    let bank = province.bank.status();
    assert_eq!(bank["bank"]["payments"], WAVE as u64, "{bank}");
    assert_eq!(
        (&bank["bank"]["double_payments"], &bank["alarms"]),
        (&json!(0), &json!(0)),
        "{bank}"
    );
    let at = |party: &Party, place: &str| {
        let seen = voucher(party, &["show", &sent, "--json"]).json();
        let letters = seen["letters"].as_array().expect("a list").clone();
        letters.into_iter().find(|letter| letter["place"] == place).expect("a letter")
    };
    wait_for("the electronic voucher is matched to the paper", || {
        let letter = at(&province.bank, "finance:370000005/in/0");
        assert_eq!((&letter["by_paper"], &letter["state"]), (&json!(true), &json!("answered")));
        (letter["number"].as_u64() > Some(0)).then_some(())
    });
    wait_for("finance has the receipt", || {
        let letter = at(&province.finance, "bank:102/out/0");
        (letter["state"] == "receipted" && letter["by_paper"] == true).then_some(())
    });
    assert_eq!(province.finance.status()["alarms"], 0);
    golden("show-receipted.txt", &voucher(&province.finance, &["show", &sent]).must_be_done());
}

#[test]
fn what_a_bank_paid_from_a_paper_typed_in_wrongly_is_taken_back() {
    let mut province = Province::found();
    province.bank.kill();
    province.pay_a_wave();
    wait_for("every order is in a voucher", || {
        let finance = province.finance.status();
        (finance["finance"]["standing"] == json!({ "out": WAVE as u64 })).then_some(())
    });
    authorise(&province.finance);
    let sent = order(1);
    let send = [&["paper-send", &sent, "--reason", "两条线路中断"][..], &TWO].concat();
    voucher(&province.finance, &send).must_be_done();
    let typed = province.dir.path().join("typed.json");
    let typed = typed.to_str().expect("a plain path");
    voucher(&province.finance, &["print", &sent, "--as", "json", "--out", typed]).must_be_done();
    let right = fs::read_to_string(typed).expect("a document");
    let amount = domain::Fen::new(amount_fen(1)).to_yuan();
    assert!(right.contains(&amount), "{right}");
    fs::write(typed, right.replace(&amount, "9.99")).expect("a document");
    let (place, at_finance) = bank_without_its_line(&mut province);
    let take = [&["paper-take", FINANCE, typed][..], &TWO].concat();
    voucher(&province.bank, &take).must_be_done();
    assert_eq!(province.bank.status()["bank"]["paid"], "9.99");
    province.bank.arguments[place] = at_finance;
    province.bank.kill_and_start();
    let state = |province: &Province| {
        let seen = voucher(&province.finance, &["show", &sent, "--json"]).json();
        let letters = seen["letters"].as_array().expect("a list").clone();
        let ours = letters.into_iter().find(|one| one["place"] == "bank:102/out/0");
        ours.expect("a letter")["state"].as_str().expect("a state").to_owned()
    };
    wait_for("the electronic voucher meets another under its number", || {
        (state(&province) == "stopped").then_some(())
    });
    wait_for("every other order is paid", || {
        let bank = province.bank.status();
        (bank["bank"]["payments"] == WAVE as u64).then_some(())
    });
    let reason = "线下凭证录入金额有误";
    let reverse = json!({ "order": "reverse", "voucher": sent, "reason": reason });
    wait_for("the bank hears that finance did not take its receipt", || {
        let answer = province.bank.say(&reverse);
        let why = answer["refused"].as_str().unwrap_or_default();
        assert!(answer["done"] == true || why.contains("wait for its answer"), "{answer}");
        (answer["done"] == true).then_some(())
    });
    province.bank.kill_and_start();
    wait_for("the voucher is at its end at finance", || {
        (state(&province) == "returned").then_some(())
    });
    let bank = province.bank.status();
    let told = [&bank["bank"]["reversed"], &bank["bank"]["double_payments"]];
    assert_eq!(told, [&json!("9.99"), &json!(0)], "{bank}");
    let trade = province.bank.say(&json!({ "look": "trade", "voucher": sent }));
    assert_eq!((&trade["trade"], &trade["paid"]), (&json!("reversed"), &json!("9.99")), "{trade}");
    // Its payment is rejected, and may be ordered anew.
    province.is(1, PaymentState::Released);
}

#[test]
fn what_is_set_aside_is_seen_with_its_reason_and_released_when_it_is_good() {
    // Finance has no certificate of the bank on file.
    let certificate = "finance-370000005/bank-102.cert";
    let mut kept = Vec::new();
    let mut province = Province::found_with(&[], |keys| {
        kept = fs::read(keys.join(certificate)).expect("a certificate");
        fs::remove_file(keys.join(certificate)).expect("it is there");
    });
    province.pay_a_wave();
    let count = |party: &Party, state: &str| {
        let all = voucher(party, &["list", "--state", state, "--limit", "200", "--json"]).json();
        all["letters"].as_array().expect("a list").len()
    };
    wait_for("the bank's receipts are refused, and stop there", || {
        (count(&province.bank, "stopped") == WAVE as usize).then_some(())
    });
    assert!(count(&province.finance, "set-aside") > 0, "notices of the bank are set aside");
    let all = voucher(&province.finance, &["list", "--state", "set-aside", "--json"]).json();
    let first = all["letters"][0].clone();
    let words = first["words"].as_str().expect("a reason");
    assert!(words.contains("certificate"), "{words}");
    let entry = first["entry"].to_string();
    let release = ["release", BANK, &entry, "--by", "王芳"];
    voucher(&province.finance, &release).must_be_refused("cannot be taken");
    voucher(&province.finance, &["release", BANK, "100000", "--by", "王芳"])
        .must_be_refused("no letter");
    // The certificate is filed, and they are good.
    fs::write(province.dir.path().join("keys").join(certificate), kept).expect("a file");
    province.finance.kill_and_start();
    voucher(&province.finance, &release).must_be_done();
    let dismissed = all["letters"].as_array().expect("a list").get(1).cloned();
    if let Some(one) = dismissed {
        let entry = one["entry"].to_string();
        let dismiss = ["dismiss", BANK, &entry, "--by", "王芳", "--reason", "线路切换前的通知"];
        voucher(&province.finance, &dismiss).must_be_done();
        voucher(&province.finance, &dismiss).must_be_refused("is set aside");
    }
    let stopped = voucher(&province.bank, &["list", "--state", "stopped", "--json"]).json();
    for letter in stopped["letters"].as_array().expect("a list") {
        let entry = letter["entry"].to_string();
        voucher(&province.bank, &["seal-again", FINANCE, &entry, "--by", "赵敏"]).must_be_done();
    }
    province.all_are(PaymentState::Paid);
    assert_eq!(province.bank.status()["bank"]["double_payments"], 0);
}

#[test]
fn a_payment_is_told_with_all_its_vouchers_until_it_is_cleared() {
    let mut province = Province::found();
    province.pay_a_wave();
    province.all_are(PaymentState::Paid);
    let nothing = json!({});
    province.bank.order("cut-off", &nothing);
    province.bank.order("request-clearing", &nothing);
    province.all_are(PaymentState::Cleared);
    let (engine, control) = (province.address().to_string(), province.finance.control.to_string());
    let payment = PaymentId(1).to_string();
    let place = ["--division", "5", "--year", "2022", "--connect", &engine, "--exchange", &control];
    let show = [&["payment", "show", &payment][..], &place].concat();
    let shown = wait_for("finance has all of it", || {
        let told = run(&[&show[..], &["--json"]].concat()).json();
        (told["exchange"]["standing"] == "cleared").then_some(told)
    });
    let letters = shown["exchange"]["vouchers"].as_array().expect("a list");
    let kinds: Vec<(&str, bool)> = letters
        .iter()
        .map(|letter| {
            let key = letter["voucher"].as_str().expect("a key");
            (key.split('-').nth(2).expect("a kind"), letter["receipt"] == true)
        })
        .collect();
    for wanted in [("8202", false), ("8202", true), ("2301", false)] {
        assert!(kinds.contains(&wanted), "{kinds:?}");
    }
    golden("payment-show.txt", &run(&show).must_be_done());
    let explain = ["payment", "explain", &payment, "--connect", &engine, "--exchange", &control];
    let told = run(&explain).must_be_done();
    let (_, vouchers) = told.split_once("\nvouchers\n").expect("a part about vouchers");
    golden("payment-explain.txt", vouchers);
    // A payment that nobody ordered has none.
    let none = json!({ "look": "payment", "division": 5, "year": 2022, "payment": PaymentId(999).to_string() });
    assert_eq!(province.finance.say(&none)["voucher"], Value::Null);
}

#[test]
fn after_the_cut_off_orders_wait_for_the_next_day_that_the_calendar_has() {
    let mut province = Province::found();
    // Monday the 7th is a day off; without a calendar it would be worked.
    let rows = "calendar\t2022-03-07\t2\t\t调休\n".to_owned();
    file(&mut Desk::connect(province.address(), domain::Role::Finance), 0xca1e, rows);
    province.finance.order("cut-off", &json!({}));
    province.pay_a_wave();
    let held = |finance: &Party| finance.status()["peers"][BANK]["held"].clone();
    wait_for("every order is held", || (held(&province.finance) == WAVE as u64).then_some(()));
    let listed = voucher(&province.finance, &["list", "--state", "waiting", "--json"]).json();
    assert_eq!(listed["letters"].as_array().map(Vec::len), Some(WAVE as usize));
    let first = voucher(&province.finance, &["show", &order(1), "--json"]).json();
    assert_eq!(first["letters"][0]["left"]["never"], true);
    for (day, held_then) in [("2022-03-05", WAVE as u64), ("2022-03-07", WAVE as u64)] {
        province.finance.order("open-day", &json!({ "day": day }));
        assert_eq!(held(&province.finance), held_then, "{day}");
    }
    // Tuesday, at the bank and at finance.
    province.bank.order("close", &json!({}));
    province.bank.order("open-day", &json!({ "day": "2022-03-08" }));
    province.finance.order("open-day", &json!({ "day": "2022-03-08" }));
    assert_eq!(province.finance.status()["after_cut_off"], false);
    province.all_are(PaymentState::Paid);
    let bank = province.bank.status();
    assert_eq!(bank["bank"]["payments"], WAVE as u64, "{bank}");
    let back = voucher(&province.finance, &["list", "--state", "returned", "--json"]).json();
    assert_eq!(back["letters"], json!([]), "nothing was sent back");
}

#[test]
fn people_are_heard_in_lines_and_numbers_that_have_bounds() {
    use std::io::{BufRead, BufReader, Write};
    use std::net::TcpStream;
    let province = Province::found();
    let connect = || {
        let stream = TcpStream::connect(province.bank.control).expect("it hears people");
        stream.set_read_timeout(Some(harness::PATIENCE)).expect("a socket takes a timeout");
        stream
    };
    let answer = |stream: &TcpStream| {
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line).expect("it answers");
        line
    };
    // A line without an end is answered at its bound.
    let mut endless = connect();
    let chunk = vec![b' '; 1 << 20];
    for _ in 0..16 {
        endless.write_all(&chunk).expect("it reads up to its bound");
    }
    assert!(answer(&endless).contains("say less at once"));
    // Sixteen people are heard, and the next is told so.
    let many: Vec<TcpStream> = (0..16)
        .map(|_| {
            let mut stream = connect();
            stream.write_all(b"{\"look\": \"authorised\"}\n").expect("it reads");
            assert!(answer(&stream).contains("authorised"));
            stream
        })
        .collect();
    assert!(answer(&connect()).contains("16 connections are open"));
    drop(many);
    wait_for("there is room again", || {
        let mut stream = connect();
        let _ = stream.write_all(b"{\"look\": \"authorised\"}\n");
        let mut line = String::new();
        let _ = BufReader::new(&stream).read_line(&mut line);
        line.contains("authorised").then_some(())
    });
    for strange in [
        json!({ "look": "vouchers", "limit": 201 }),
        json!({ "look": "vouchers", "state": "lost" }),
        json!({ "look": "vouchers", "after": "bank" }),
        json!({ "look": "page", "voucher": order(1) }),
        json!({ "order": "paper-take", "from": FINANCE, "persons": ["a"], "document": {} }),
    ] {
        assert!(province.bank.say(&strange)["refused"].is_string(), "{strange}");
    }
}
