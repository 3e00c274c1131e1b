//! A test province as processes: an engine, finance's voucher store, a bank and the central bank, over real lines.

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
use protocol::lookup::{Answer, LookUp};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use super::desk::Desk;
use super::server::{Options, PROGRAM, Server};
use super::{PATIENCE, orders, wait_for};

pub(crate) const DIVISION: u16 = 5;
pub(crate) const FINANCE: &str = "finance:370000005";
pub(crate) const BANK: &str = "bank:102";
pub(crate) const OTHER_BANK: &str = "bank:105";
pub(crate) const OTHER_BANK_NAME: &str = "建设银行";
pub(crate) const OTHER_ACCOUNT: &str = "370000005105";
pub(crate) const CENTRAL_BANK: &str = "central-bank:3700";
pub(crate) const ACCOUNT: &str = "370000005001";
pub(crate) const BANK_NAME: &str = "工商银行";
pub(crate) const TREASURY: &str = "3700000005";
pub(crate) const OPENING_FEN: i64 = 1_000_000_000;

/// Payments of each wave, and what the first one is worth; the next is worth a fen more.
pub(crate) const WAVE: u128 = 40;
pub(crate) const FIRST_FEN: i64 = 10_000;

/// A party's process, which can be killed and started again.
pub(crate) struct Party {
    pub(crate) arguments: Vec<String>,
    pub(crate) listens_at: Option<usize>,
    pub(crate) child: Child,
    pub(crate) control: SocketAddr,
    pub(crate) listening: Vec<String>,
}

impl Party {
    pub(crate) fn start(arguments: Vec<String>) -> Party {
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

    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("a child can be killed");
        self.child.wait().expect("a child can be waited for");
    }

    pub(crate) fn kill_and_start(&mut self) {
        self.kill();
        self.start_again();
    }

    /// Starts it again behind a kill, with its arguments as they are now.
    pub(crate) fn start_again(&mut self) {
        let (child, ready) = launch(&self.arguments);
        self.child = child;
        self.control = address(&ready["control"]);
        assert_eq!(ready["closed"], false, "it was killed");
    }

    /// Stops it in good order, and starts it again.
    pub(crate) fn stop_and_start(&mut self) {
        kill_process(Pid::from_child(&self.child), Signal::TERM).expect("a child can be told");
        let status = self.child.wait().expect("a child can be waited for");
        assert!(status.success(), "{status}");
        let (child, ready) = launch(&self.arguments);
        self.child = child;
        self.control = address(&ready["control"]);
        assert_eq!(ready["closed"], true, "its journal has an end");
    }

    pub(crate) fn lines(&self) -> String {
        self.listening.join(",")
    }

    pub(crate) fn say(&self, line: &Value) -> Value {
        let mut stream = TcpStream::connect(self.control).expect("it hears orders");
        stream.set_read_timeout(Some(PATIENCE)).expect("a socket takes a timeout");
        stream.write_all(format!("{line}\n").as_bytes()).expect("it reads");
        let mut answer = String::new();
        BufReader::new(stream).read_line(&mut answer).expect("it answers");
        serde_json::from_str(&answer).expect("a line of JSON")
    }

    pub(crate) fn order(&self, order: &str, with: &Value) {
        let mut line = with.clone();
        line["order"] = order.into();
        let answer = self.say(&line);
        assert_eq!(answer["done"], true, "{order}: {answer}");
    }

    pub(crate) fn status(&self) -> Value {
        self.say(&json!({ "look": "status", "treasury": TREASURY }))
    }
}

impl Drop for Party {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn address(value: &Value) -> SocketAddr {
    value.as_str().expect("an address").parse().expect("an address that can be read")
}

pub(crate) fn launch(arguments: &[String]) -> (Child, Value) {
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

pub(crate) fn texts(of: &[&str]) -> Vec<String> {
    of.iter().map(|&text| text.to_owned()).collect()
}

pub(crate) struct Province {
    pub(crate) dir: tempfile::TempDir,
    pub(crate) engine: Option<Server>,
    pub(crate) quota: QuotaId,
    pub(crate) finance: Party,
    pub(crate) central_bank: Party,
    pub(crate) bank: Party,
    /// A bank that speaks ISO 20022, and the quota of a unit that pays through it.
    pub(crate) other: Option<(Party, QuotaId)>,
    pub(crate) next: u128,
}

impl Province {
    /// With a bank that writes the national form: every other party reads it.
    pub(crate) fn found() -> Province {
        Province::found_with(&["--national"], |_| ())
    }

    /// With more arguments of the bank's process; `change_keys` may change the parties' keys before they are used.
    pub(crate) fn found_with(of_bank: &[&str], change_keys: impl FnOnce(&Path)) -> Province {
        Province::found_of(of_bank, false, change_keys)
    }

    /// With a second bank, which speaks ISO 20022 with finance, and finance with it.
    pub(crate) fn found_with_iso() -> Province {
        Province::found_of(&["--national"], true, |_| ())
    }

    fn found_of(of_bank: &[&str], two: bool, change_keys: impl FnOnce(&Path)) -> Province {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let engine = Options::new(&dir.path().join("engine")).start();
        let quota = put_on_file(engine.address);
        keys(&dir.path().join("keys"));
        change_keys(&dir.path().join("keys"));
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
        if two {
            arguments.extend(texts(&["--peer", OTHER_BANK, "--iso", OTHER_BANK]));
        }
        arguments.extend(texts(&listen));
        arguments.extend(own("finance", FINANCE));
        let finance = Party::start(arguments);
        let at_finance = format!("{FINANCE}={}", finance.lines());
        let mut arguments = texts(&["simulate", "central-bank", "--name", "国库", "--peer", BANK]);
        arguments.extend(["--peer".to_owned(), at_finance.clone()]);
        if two {
            arguments.extend(texts(&["--peer", OTHER_BANK]));
        }
        arguments.extend(texts(&listen));
        arguments.extend(own("treasury", CENTRAL_BANK));
        let central_bank = Party::start(arguments);
        let start_bank = |bank: &str, name: &str, more: &[&str]| {
            let mut arguments =
                texts(&["simulate", "bank", "--name", name, "--central-bank", CENTRAL_BANK]);
            arguments.extend(texts(more));
            arguments.extend(["--peer".to_owned(), at_finance.clone()]);
            let at_central_bank = format!("{CENTRAL_BANK}={}", central_bank.lines());
            arguments.extend(["--peer".to_owned(), at_central_bank]);
            arguments.extend(own(&bank.replace(':', "-"), bank));
            Party::start(arguments)
        };
        let bank = start_bank(BANK, BANK_NAME, of_bank);
        let other = two.then(|| {
            let quota = put_other_on_file(engine.address);
            (start_bank(OTHER_BANK, OTHER_BANK_NAME, &["--iso", FINANCE]), quota)
        });
        let engine = Some(engine);
        let province = Province { dir, engine, quota, finance, central_bank, bank, other, next: 0 };
        province.begin();
        province
    }

    pub(crate) fn begin(&self) {
        let division = "370000005";
        self.central_bank.order(
            "file",
            &json!({ "rows": [
                { "row": "treasury", "code": TREASURY, "division": division, "finance": FINANCE },
                { "row": "bank", "code": "102", "name": BANK_NAME },
                { "row": "bank", "code": "105", "name": OTHER_BANK_NAME },
                { "row": "function", "year": 2022, "code": "2050203" },
                { "row": "unit", "division": division, "code": "101" },
                { "row": "unit", "division": division, "code": "101002" },
                { "row": "unit", "division": division, "code": "101003" },
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
        if let Some((bank, _)) = &self.other {
            let account = json!({
                "number": OTHER_ACCOUNT, "name": "第三中学零余额账户", "division": division,
                "treasury": TREASURY, "finance": FINANCE,
            });
            bank.order("open-account", &account);
            bank.order("open-first-day", &day);
        }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.engine.as_ref().expect("it runs").address
    }

    /// Reserves, approves and orders a wave of payments.
    pub(crate) fn pay_a_wave(&mut self) {
        self.pay(WAVE, self.quota);
    }

    pub(crate) fn pay(&mut self, payments: u128, quota: QuotaId) {
        self.pay_by(Method::Authorized, payments, quota);
    }

    /// Reserves, approves and orders one payment as it is; its id is the next.
    pub(crate) fn pay_so(&mut self, reserve: Reserve<'static>) {
        let roles = [Role::Maker, Role::Checker, Role::Finance];
        let [mut maker, mut checker, mut officer] =
            roles.map(|role| Desk::connect(self.address(), role));
        self.next += 1;
        let (payment, quota) = (self.next, reserve.quota);
        maker.must(&orders::reserve_of(Reserve { payment: PaymentId(payment), ..reserve }));
        checker.must(&orders::step(StepKind::ApproveUnit, payment, quota, 1));
        officer.must(&orders::step(StepKind::Instruct, payment, quota, 2));
    }

    /// The same, by a method.
    pub(crate) fn pay_by(&mut self, method: Method, payments: u128, quota: QuotaId) {
        let roles = [Role::Maker, Role::Checker, Role::Finance];
        let [mut maker, mut checker, mut officer] =
            roles.map(|role| Desk::connect(self.address(), role));
        for _ in 0..payments {
            self.next += 1;
            let payment = self.next;
            let reserve = Reserve { method, ..reservation(payment, quota) };
            maker.must(&orders::reserve_of(reserve));
            checker.must(&orders::step(StepKind::ApproveUnit, payment, quota, 1));
            officer.must(&orders::step(StepKind::Instruct, payment, quota, 2));
        }
    }

    pub(crate) fn all_are(&self, state: PaymentState) {
        (1..=self.next).for_each(|payment| self.is(payment, state));
    }

    pub(crate) fn is(&self, payment: u128, state: PaymentState) {
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
    pub(crate) fn sum_fen(&self) -> i64 {
        (1..=self.next).map(amount_fen).sum()
    }
}

pub(crate) fn amount_fen(payment: u128) -> i64 {
    FIRST_FEN + payment as i64
}

pub(crate) fn reservation(payment: u128, quota: QuotaId) -> Reserve<'static> {
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
pub(crate) fn put_on_file(engine: SocketAddr) -> QuotaId {
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

/// A unit that pays through the other bank: its account, and a quota of it.
fn put_other_on_file(engine: SocketAddr) -> QuotaId {
    let mut officer = Desk::connect(engine, Role::Finance);
    let rows = format!(
        "unit\t101003\t第三中学\t101\t2\tpublic-one\tfull\t1\t\t\t\t\tactive\n\
         agent-bank\t105\t{OTHER_BANK_NAME}\t105451099999\tactive\n\
         account\t{OTHER_ACCOUNT}\t第三中学零余额账户\tunit-zero\tunit\t101003\t105\t{OTHER_BANK_NAME}\t105451099999\t\tactive\n"
    );
    file(&mut officer, 0xba5d, rows);
    let key = "370000005/101003/2050203/50502/30201/111/P-1/R-105";
    let fen = 100 * FIRST_FEN * WAVE as i64;
    orders::quota_of(&mut officer, orders::creation(105, DIVISION, key), fen)
}

pub(crate) fn file(officer: &mut Desk, act: u128, rows: String) {
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

pub(crate) fn keys(dir: &Path) {
    keys_with(dir, &[]);
}

/// With keys of persons for single places of seals, as `simulate keys --person` takes them.
pub(crate) fn keys_with(dir: &Path, persons: &[&str]) {
    let mut command = Command::new(PROGRAM);
    command.args(["simulate", "keys"]).arg(dir);
    persons.iter().for_each(|person| {
        command.args(["--person", person]);
    });
    for party in [FINANCE, BANK, OTHER_BANK, CENTRAL_BANK] {
        command.args(["--party", party]);
    }
    let output = command.output().expect("the program can be started");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
