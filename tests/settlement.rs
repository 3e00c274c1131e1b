//! Money moves: an engine, finance's voucher store, a bank and the central bank as processes, over real lines,
//! each killed on the way. The bank's and the central bank's own ledgers are the judges.

mod harness;

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use domain::Role;
use domain::codes::{Method, PaymentState, StepKind};
use domain::command::{Body, Paper, Reserve};
use domain::ids::{ActId, BatchId, DivisionIndex, PaymentId, PersonId, QuotaId};
use domain::office::paper::PaperKind;
use domain::particulars::ParticularsText;
use harness::desk::Desk;
use harness::server::{Options, PROGRAM, Server, sound};
use harness::{PATIENCE, orders, wait_for};
use protocol::lookup::{Answer, LookUp};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

const DIVISION: u16 = 5;
const FINANCE: &str = "finance:370000005";
const BANK: &str = "bank:102";
const CENTRAL_BANK: &str = "central-bank:3700";
const ACCOUNT: &str = "370000005001";
const BANK_NAME: &str = "工商银行";
const TREASURY: &str = "3700000005";
const OPENING_FEN: i64 = 1_000_000_000;

/// Payments of each wave, and what the first one is worth; the next is worth a fen more.
const WAVE: u128 = 40;
const FIRST_FEN: i64 = 10_000;

/// A party's process, which can be killed and started again.
struct Party {
    arguments: Vec<String>,
    listens_at: Option<usize>,
    child: Child,
    control: SocketAddr,
    listening: Vec<String>,
}

impl Party {
    fn start(arguments: Vec<String>) -> Party {
        let listens_at =
            arguments.iter().position(|argument| argument == "--listen").map(|at| at + 1);
        let (child, ready) = launch(&arguments);
        let mut party = Party {
            arguments,
            listens_at,
            child,
            control: address(&ready["control"]),
            listening: Vec::new(),
        };
        let listening = ready["listening"].as_array().expect("a list of addresses");
        party.listening =
            listening.iter().map(|one| one.as_str().expect("text").to_owned()).collect();
        if let Some(at) = party.listens_at {
            // Those who dial it go on dialling the same addresses.
            party.arguments[at] = party.listening.join(",");
        }
        party
    }

    fn kill_and_start(&mut self) {
        self.child.kill().expect("a child can be killed");
        self.child.wait().expect("a child can be waited for");
        let (child, ready) = launch(&self.arguments);
        self.child = child;
        self.control = address(&ready["control"]);
        assert_eq!(ready["closed"], false, "it was killed");
    }

    /// Stops it in good order, and starts it again.
    fn stop_and_start(&mut self) {
        kill_process(Pid::from_child(&self.child), Signal::TERM).expect("a child can be told");
        let status = self.child.wait().expect("a child can be waited for");
        assert!(status.success(), "{status}");
        let (child, ready) = launch(&self.arguments);
        self.child = child;
        self.control = address(&ready["control"]);
        assert_eq!(ready["closed"], true, "its journal has an end");
    }

    fn lines(&self) -> String {
        self.listening.join(",")
    }

    fn say(&self, line: &Value) -> Value {
        let mut stream = TcpStream::connect(self.control).expect("it hears orders");
        stream.set_read_timeout(Some(PATIENCE)).expect("a socket takes a timeout");
        stream.write_all(format!("{line}\n").as_bytes()).expect("it reads");
        let mut answer = String::new();
        BufReader::new(stream).read_line(&mut answer).expect("it answers");
        serde_json::from_str(&answer).expect("a line of JSON")
    }

    fn order(&self, order: &str, with: &Value) {
        let mut line = with.clone();
        line["order"] = order.into();
        let answer = self.say(&line);
        assert_eq!(answer["done"], true, "{order}: {answer}");
    }

    fn status(&self) -> Value {
        self.say(&json!({ "look": "status", "treasury": TREASURY }))
    }
}

impl Drop for Party {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn address(value: &Value) -> SocketAddr {
    value.as_str().expect("an address").parse().expect("an address that can be read")
}

fn launch(arguments: &[String]) -> (Child, Value) {
    let mut child = Command::new(PROGRAM)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program can be started");
    let mut line = String::new();
    let output = child.stdout.take().expect("its output is a pipe");
    BufReader::new(output).read_line(&mut line).expect("it prints a line");
    let ready = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
    (child, ready)
}

fn texts(of: &[&str]) -> Vec<String> {
    of.iter().map(|&text| text.to_owned()).collect()
}

struct Province {
    dir: tempfile::TempDir,
    engine: Option<Server>,
    quota: QuotaId,
    finance: Party,
    central_bank: Party,
    bank: Party,
    next: u128,
}

impl Province {
    fn found() -> Province {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let engine = Options::new(&dir.path().join("engine")).start();
        let quota = put_on_file(engine.address);
        keys(&dir.path().join("keys"));
        let own = |name: &str, party: &str| -> Vec<String> {
            let (data, keys) =
                (dir.path().join(name), dir.path().join("keys").join(party.replace(':', "-")));
            let (data, keys): (PathBuf, PathBuf) = (data, keys);
            let mut arguments = texts(&["--party", party, "--day", "2022-03-04"]);
            arguments.extend(["--data".to_owned(), data.display().to_string()]);
            arguments.extend(["--keys".to_owned(), keys.display().to_string()]);
            arguments
        };
        let listen = ["--listen", "127.0.0.1:0,127.0.0.1:0"];
        let mut arguments = texts(&["exchange", "serve", "--central-bank", CENTRAL_BANK]);
        arguments.extend(["--server".to_owned(), engine.address.to_string()]);
        arguments.extend(texts(&["--peer", BANK, "--peer", CENTRAL_BANK]));
        arguments.extend(texts(&listen));
        arguments.extend(own("finance", FINANCE));
        let finance = Party::start(arguments);
        let at_finance = format!("{FINANCE}={}", finance.lines());
        let mut arguments = texts(&["simulate", "central-bank", "--name", "国库", "--peer", BANK]);
        arguments.extend(["--peer".to_owned(), at_finance.clone()]);
        arguments.extend(texts(&listen));
        arguments.extend(own("treasury", CENTRAL_BANK));
        let central_bank = Party::start(arguments);
        let mut arguments =
            texts(&["simulate", "bank", "--name", BANK_NAME, "--central-bank", CENTRAL_BANK]);
        // One party writes the national form: every other one reads it.
        arguments.push("--national".to_owned());
        arguments.extend(["--peer".to_owned(), at_finance]);
        arguments.extend(["--peer".to_owned(), format!("{CENTRAL_BANK}={}", central_bank.lines())]);
        arguments.extend(own("bank", BANK));
        let bank = Party::start(arguments);
        let province =
            Province { dir, engine: Some(engine), quota, finance, central_bank, bank, next: 0 };
        province.begin();
        province
    }

    fn begin(&self) {
        let division = "370000005";
        self.central_bank.order(
            "file",
            &json!({ "rows": [
                { "row": "treasury", "code": TREASURY, "division": division, "finance": FINANCE },
                { "row": "bank", "code": "102", "name": BANK_NAME },
                { "row": "function", "year": 2022, "code": "2050203" },
                { "row": "unit", "division": division, "code": "101" },
                { "row": "unit", "division": division, "code": "101002" },
            ] }),
        );
        let day = json!({ "day": "2022-03-04" });
        self.central_bank.order("open-first-day", &day);
        let amount = domain::Fen::new(OPENING_FEN).to_yuan();
        let opening = json!({ "treasury": TREASURY, "what": "opening", "amount": amount });
        self.central_bank.order("pay-in", &opening);
        let account = json!({
            "number": ACCOUNT, "name": "第一中学零余额账户", "division": division, "treasury": TREASURY,
            "finance": FINANCE,
        });
        self.bank.order("open-account", &account);
        self.bank.order("open-first-day", &day);
    }

    fn address(&self) -> SocketAddr {
        self.engine.as_ref().expect("it runs").address
    }

    /// Reserves, approves and orders a wave of payments.
    fn pay_a_wave(&mut self) {
        self.pay(WAVE, self.quota);
    }

    fn pay(&mut self, payments: u128, quota: QuotaId) {
        let roles = [Role::Maker, Role::Checker, Role::Finance];
        let [mut maker, mut checker, mut officer] =
            roles.map(|role| Desk::connect(self.address(), role));
        for _ in 0..payments {
            self.next += 1;
            let payment = self.next;
            maker.must(&orders::reserve_of(reservation(payment, quota)));
            checker.must(&orders::step(StepKind::ApproveUnit, payment, quota, 1));
            officer.must(&orders::step(StepKind::Instruct, payment, quota, 2));
        }
    }

    fn all_are(&self, state: PaymentState) {
        (1..=self.next).for_each(|payment| self.is(payment, state));
    }

    fn is(&self, payment: u128, state: PaymentState) {
        let mut desk = Desk::connect(self.address(), Role::Operator);
        let asked = LookUp::Payment {
            division: self.quota.division(),
            year: self.quota.year(),
            id: PaymentId(payment),
        };
        wait_for(&format!("payment {payment} is {state}"), || {
            let Answer::Payment(view) = desk.ask(asked) else { panic!("no payment {payment}") };
            (view.state == state).then_some(())
        });
    }

    /// What all payments are worth.
    fn sum_fen(&self) -> i64 {
        (1..=self.next).map(amount_fen).sum()
    }
}

fn amount_fen(payment: u128) -> i64 {
    FIRST_FEN + payment as i64
}

fn reservation(payment: u128, quota: QuotaId) -> Reserve<'static> {
    let text = ParticularsText {
        payee_name: "泉城文具有限公司".to_owned(),
        payee_account: format!("16020001{payment:04}"),
        payee_bank: "102451099999".to_owned(),
        purpose: "办公用品".to_owned(),
        ..ParticularsText::default()
    };
    Reserve {
        method: Method::Authorized,
        particulars: orders::particulars(&text),
        ..orders::reservation(payment, quota, amount_fen(payment))
    }
}

/// A unit, its bank and its account; a quota of the unit.
fn put_on_file(engine: SocketAddr) -> QuotaId {
    orders::found(engine, DIVISION);
    let mut officer = Desk::connect(engine, Role::Finance);
    let rows = format!(
        "unit\t101\t教育局\t\t1\tadministrative\tfull\t2\t\t\t\t\tactive\n\
         unit\t101002\t第一中学\t101\t2\tpublic-one\tfull\t1\t\t\t\t\tactive\n\
         agent-bank\t102\t{BANK_NAME}\t102451099999\tactive\n\
         account\t{TREASURY}01\t国库存款\ttreasury-single\tfinance\t\t\t国库\t011451099997\t{TREASURY}\tactive\n\
         account\t{ACCOUNT}\t第一中学零余额账户\tunit-zero\tunit\t101002\t102\t{BANK_NAME}\t102451099999\t\tactive\n"
    );
    file(&mut officer, 0xba5e, rows);
    let key = "370000005/101002/2050203/50502/30201/111/P-1/R-1";
    orders::quota_of(
        &mut officer,
        orders::creation(7, DIVISION, key),
        100 * FIRST_FEN * WAVE as i64,
    )
}

fn file(officer: &mut Desk, act: u128, rows: String) {
    let paper = Paper {
        act: ActId(act),
        division: DivisionIndex(DIVISION),
        year: orders::YEAR,
        kind: PaperKind::BasePut,
        batch: BatchId(0),
        checker: PersonId::NOBODY,
        day: None,
        text: orders::key(rows),
    };
    let like = orders::paper(act, DIVISION, &[(1, 1)], 0);
    officer.must(&domain::Command { body: Body::File(paper), ..like });
}

fn keys(dir: &Path) {
    let mut command = Command::new(PROGRAM);
    command.args(["simulate", "keys"]).arg(dir);
    for party in [FINANCE, BANK, CENTRAL_BANK] {
        command.args(["--party", party]);
    }
    let output = command.output().expect("the program can be started");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn every_payment_is_paid_once_and_cleared_whoever_is_killed_on_the_way() {
    let mut province = Province::found();
    // Each party dies in the middle of a wave, and comes back.
    province.pay_a_wave();
    province.bank.kill_and_start();
    province.pay_a_wave();
    province.finance.kill_and_start();
    province.pay_a_wave();
    province.bank.kill_and_start();
    province.finance.kill_and_start();
    province.all_are(PaymentState::Paid);
    let bank = province.bank.status();
    assert_eq!(bank["bank"]["payments"], 3 * WAVE as u64, "{bank}");
    assert_eq!(bank["bank"]["double_payments"], 0, "{bank}");
    let nothing = json!({});
    province.bank.order("cut-off", &nothing);
    province.bank.order("request-clearing", &nothing);
    province.central_bank.kill_and_start();
    province.finance.kill_and_start();
    province.all_are(PaymentState::Cleared);
    province.bank.kill_and_start();
    let left = domain::Fen::new(OPENING_FEN - province.sum_fen()).to_yuan();
    wait_for("the treasury has paid the bank", || {
        let treasury = province.central_bank.status();
        (treasury["central_bank"]["balance"] == left.as_str()).then_some(())
    });
    wait_for("the bank has heard so", || {
        let bank = province.bank.status();
        (bank["bank"]["uncleared"] == "0.00").then_some(())
    });
    let finance = province.finance.status();
    let told = &finance["finance"];
    assert_eq!(told["vouchers"], json!({ "8202": 3 * WAVE as u64 }), "{finance}");
    assert_eq!(told["standing"], json!({ "cleared": 3 * WAVE as u64 }), "{finance}");
    assert_eq!(told["cleared_fen"], province.sum_fen(), "{finance}");
    assert_eq!((&told["without_voucher"], &finance["alarms"]), (&json!(0), &json!(0)), "{finance}");
    province.bank.order("close", &nothing);
    let bank = province.bank.status();
    assert_eq!(
        (&bank["bank"]["double_payments"], &bank["bank"]["zero_alarms"]),
        (&json!(0), &json!(0))
    );
    if let Some(engine) = province.engine.take() {
        engine.stop();
    }
    sound(&province.dir.path().join("engine"));
}

#[test]
fn orders_wait_for_a_bank_that_is_not_there_and_for_an_engine_that_is_not() {
    let mut province = Province::found();
    province.bank.child.kill().expect("a child can be killed");
    province.pay_a_wave();
    wait_for("every order is in a voucher", || {
        let finance = province.finance.status();
        (finance["finance"]["standing"] == json!({ "out": WAVE as u64 })).then_some(())
    });
    province.bank.kill_and_start();
    province.all_are(PaymentState::Paid);
    // The engine dies, and what the bank asks for meanwhile is cleared without it.
    let data = province.dir.path().join("engine");
    let address = province.address();
    province.engine.take().expect("it runs").kill();
    let nothing = json!({});
    province.bank.order("cut-off", &nothing);
    province.bank.order("request-clearing", &nothing);
    wait_for("finance has facts for the engine", || {
        let finance = province.finance.status();
        (finance["finance"]["facts_due"] == WAVE as u64).then_some(())
    });
    province.finance.kill_and_start();
    province.engine = Some(Options::existing(&data).with("--listen", address).start());
    province.all_are(PaymentState::Cleared);
    wait_for("the engine has every fact", || {
        let finance = province.finance.status();
        (finance["finance"]["facts_due"] == 0).then_some(())
    });
    assert_eq!(province.bank.status()["bank"]["double_payments"], 0);
    province.engine.take().expect("it runs").stop();
    sound(&data);
}

#[test]
fn a_payment_that_waits_for_an_account_is_paid_when_one_is_filed_whoever_died_meanwhile() {
    let mut province = Province::found();
    let mut officer = Desk::connect(province.address(), Role::Finance);
    file(
        &mut officer,
        0xba5f,
        "unit\t101003\t第二中学\t101\t2\tpublic-one\tfull\t1\t\t\t\t\tactive\n".to_owned(),
    );
    let key = "370000005/101003/2050203/50502/30201/111/P-1/R-2";
    let quota = orders::quota_of(&mut officer, orders::creation(8, DIVISION, key), 10 * FIRST_FEN);
    province.pay(2, quota);
    let waits = |province: &Province, payments: u64| {
        wait_for("payments without an account are listed", || {
            let finance = province.finance.status();
            (finance["finance"]["without_voucher"] == payments).then_some(())
        });
    };
    waits(&province, 2);
    // What is voided while it waits gets no voucher later.
    officer.must(&orders::step(StepKind::Void, 2, quota, 3));
    waits(&province, 1);
    province.finance.kill_and_start();
    waits(&province, 1);
    let (account, name) = ("370000005002", "第二中学零余额账户");
    province.bank.order(
        "open-account",
        &json!({
            "number": account, "name": name, "division": "370000005", "treasury": TREASURY, "finance": FINANCE,
        }),
    );
    let row = format!(
        "account\t{account}\t{name}\tunit-zero\tunit\t101003\t102\t{BANK_NAME}\t102451099999\t\tactive\n"
    );
    file(&mut officer, 0xba60, row);
    province.is(1, PaymentState::Paid);
    province.is(2, PaymentState::Released);
    waits(&province, 0);
    assert_eq!(province.bank.status()["bank"]["payments"], 1);
    // Every party ends in good order, and goes on.
    province.finance.stop_and_start();
    province.bank.stop_and_start();
    province.central_bank.stop_and_start();
    province.pay(1, province.quota);
    province.is(3, PaymentState::Paid);
}

#[test]
fn a_payment_that_is_voided_while_its_bank_is_away_is_never_paid() {
    let mut province = Province::found();
    // The bank's lines are gone for finance once its process is.
    province.bank.child.kill().expect("a child can be killed");
    wait_for("finance sees no line", || {
        let line = &province.finance.status()["lines"][BANK];
        (line["primary"] == false && line["backup"] == false).then_some(())
    });
    province.pay_a_wave();
    wait_for("every order is in a voucher", || {
        let finance = province.finance.status();
        (finance["finance"]["standing"] == json!({ "out": WAVE as u64 })).then_some(())
    });
    let mut officer = Desk::connect(province.address(), Role::Finance);
    for payment in 1..=WAVE / 2 {
        officer.must(&orders::step(StepKind::Void, payment, province.quota, 3));
    }
    province.finance.kill_and_start();
    wait_for("what was voided is at its end", || {
        let finance = province.finance.status();
        (finance["finance"]["standing"]["ended"] == (WAVE / 2) as u64).then_some(())
    });
    province.bank.kill_and_start();
    for payment in 1..=WAVE {
        let voided = payment <= WAVE / 2;
        province.is(payment, if voided { PaymentState::Released } else { PaymentState::Paid });
    }
    assert_eq!(province.bank.status()["bank"]["payments"], (WAVE / 2) as u64);
    assert_eq!(province.finance.status()["alarms"], 0);
}
