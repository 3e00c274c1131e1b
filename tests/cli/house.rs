//! A data set with a little of everything in it, and a server on it.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Output, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

/// The program, with nothing of the tests' own environment.
pub(crate) fn program(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_treasury"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("TREASURY_")) {
        command.env_remove(name);
    }
    command.args(args).stdin(Stdio::null());
    command
}

/// How a run of the program ended.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    pub(crate) fn of(output: Output) -> Ran {
        let text = |bytes| String::from_utf8(bytes).expect("text");
        let code = output.status.code().expect("an exit code");
        Ran { code, out: text(output.stdout), err: text(output.stderr) }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}", self.out))
    }
}

/// Runs the program to its end.
pub(crate) fn run(args: &[&str]) -> Ran {
    Ran::of(program(args).output().expect("the program"))
}

/// A running server. Killed when dropped.
pub(crate) struct Server {
    child: Child,
    out: BufReader<ChildStdout>,
    pub(crate) address: String,
}

impl Server {
    fn start(data: &str) -> Server {
        let fixed = ["serve", "--create", "--environment", "test", "--segment-mib", "4"];
        let rest = ["--listen", "127.0.0.1:0", "--json", "--data", data];
        let mut command = program(&[&fixed[..], &rest[..]].concat());
        let mut child = command.stdout(Stdio::piped()).spawn().expect("the server");
        let mut out = BufReader::new(child.stdout.take().expect("its output"));
        let ready = read_json(&mut out);
        let address = ready["listening"].as_str().expect("an address").to_owned();
        Server { child, out, address }
    }

    /// Ends it in good order and gives its last words.
    pub(crate) fn stop(mut self) -> Value {
        let process = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(process, rustix::process::Signal::TERM).expect("a signal");
        let last = read_json(&mut self.out);
        assert!(self.child.wait().expect("an end").success());
        last
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn read_json(from: &mut impl BufRead) -> Value {
    let mut line = String::new();
    from.read_line(&mut line).expect("a line");
    serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))
}

/// A connection on JSON lines, in one role.
struct Desk {
    stream: TcpStream,
    lines: BufReader<TcpStream>,
    request: u64,
    person: u64,
}

impl Desk {
    fn new(address: &str, role: &str, channel: u16, person: u64) -> Desk {
        let stream = TcpStream::connect(address).expect("a connection");
        stream.set_nodelay(true).expect("no delay");
        let lines = BufReader::new(stream.try_clone().expect("a clone"));
        let mut desk = Desk { stream, lines, request: 0, person };
        desk.say(&json!({ "hello": { "role": role, "channel": channel, "name": "test" } }));
        assert!(read_json(&mut desk.lines)["welcome"].is_object());
        desk
    }

    fn say(&mut self, line: &Value) {
        writeln!(self.stream, "{line}").expect("a line sent");
    }

    /// Gives a command and expects an answer by name.
    fn give(&mut self, expected: &str, command: &str, mut fields: Value) {
        self.request += 1;
        fields["request"] = json!(self.request.to_string());
        fields["command"] = json!(command);
        fields["person"] = json!(self.person.to_string());
        self.say(&fields);
        let answer = read_json(&mut self.lines);
        assert_eq!(answer["results"][0]["name"], expected, "{fields} was answered {answer}");
    }
}

/// A data directory in a place of its own.
pub(crate) struct House {
    dir: TempDir,
}

impl House {
    /// An empty place.
    pub(crate) fn empty() -> House {
        House { dir: tempfile::tempdir().expect("a directory") }
    }

    /// A data set in which one quota has seen a payment through to its refund, one withdrawn, one
    /// refused and one stopped; then the server was ended in good order.
    pub(crate) fn busy() -> House {
        let house = House::empty();
        let server = house.serve();
        fill(&server.address);
        server.stop();
        house
    }

    pub(crate) fn serve(&self) -> Server {
        Server::start(self.data())
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn data(&self) -> &str {
        self.path().to_str().expect("a path of UTF-8")
    }

    fn segment(&self) -> File {
        let path = self.path().join("journal/0000000001.seg");
        OpenOptions::new().read(true).write(true).open(path).expect("the first segment")
    }

    /// Turns one bit of the first segment over.
    pub(crate) fn flip(&self, offset: u64) {
        let file = self.segment();
        let mut byte = [0];
        file.read_exact_at(&mut byte, offset).expect("a byte");
        byte[0] ^= 1;
        file.write_all_at(&byte, offset).expect("a byte written");
    }

    /// Where the last group of the first segment begins: the last block that is not zeros. Good
    /// where that group takes one block, as `Closed` does.
    pub(crate) fn last_group_offset(&self) -> u64 {
        let bytes = std::fs::read(self.path().join("journal/0000000001.seg")).expect("a segment");
        let is_used = |block: &[u8]| block.iter().any(|&byte| byte != 0);
        let last = bytes.chunks(4096).rposition(is_used).expect("a block in use");
        last as u64 * 4096
    }
}

/// Opens 2022 for a division that [`House::busy`] knows.
pub(crate) fn open_year(address: &str, division: u16) {
    let mut operator = Desk::new(address, "operator", 1, 9001);
    let act = format!("0192{:028x}", 900 + u32::from(division));
    let year = json!({ "act": act, "division": division, "year": 2022 });
    operator.give("accepted", "open-year", year);
}

fn fill(address: &str) {
    let mut operator = Desk::new(address, "operator", 1, 9001);
    let mut finance = Desk::new(address, "finance", 3, 301);
    let mut maker = Desk::new(address, "maker", 10, 101);
    let mut checker = Desk::new(address, "checker", 20, 201);
    let mut bank = Desk::new(address, "bank", 40, 401);
    let mut central = Desk::new(address, "central-bank", 50, 501);
    let act = |number: u32| format!("0192{:028x}", number);
    let payment = |last: &str| format!("0192000000007000800000000000000{last}");

    let province = json!({ "division": 0, "parent": 0, "code": "370000000", "name": "山东省" });
    operator.give("accepted", "register", province);
    let division = json!({ "division": 5, "parent": 0, "code": "370102000", "name": "历下区" });
    operator.give("accepted", "register", division);
    let year = json!({ "act": act(1), "division": 5, "year": 2022 });
    operator.give("accepted", "open-year", year);
    let create = json!({
        "act": act(2), "division": 5, "year": 2022, "fund": "111", "economic": "302",
        "posts": ["unit"], "executable": true, "authority": "budget-line", "key": "101001/2010301/1",
    });
    finance.give("accepted", "create", create);
    let quota = "5/2022/0";
    let amount = |number: u32, amount: &str, note: &str| json!({ "act": act(number), "quota": quota, "amount": amount, "note": note });
    finance.give("accepted", "issue", amount(3, "1000000.00", "市财预〔2022〕1号"));
    finance.give("accepted", "supplement", amount(4, "50000.00", ""));
    finance.give("accepted", "freeze", amount(5, "10000.00", "审计要求"));
    let mut earmark = amount(6, "40000.00", "");
    earmark["contract"] = json!("900017");
    finance.give("accepted", "earmark", earmark);

    let reserve = |last: &str, amount: &str| {
        json!({
            "payment": payment(last), "quota": quota, "amount": amount, "economic": "30201",
            "day": "2022-01-17", "method": "centralized", "business": "single",
            "particulars": { "payee_name": "齐鲁文具店", "purpose": "办公费" },
        })
    };
    let order = |last: &str, serial: &str| json!({ "payment": payment(last), "quota": quota, "serial": serial });
    let fact = |last: &str, serial: &str, amount: &str| {
        json!({
            "payment": payment(last), "quota": quota, "serial": serial, "amount": amount,
            "day": "2022-01-18",
        })
    };
    maker.give("accepted", "reserve", reserve("a", "30000.00"));
    maker.give("accepted", "reserve", reserve("b", "12000.00"));
    maker.give("over-quota", "reserve", reserve("c", "2000000.00"));
    let mut under_contract = reserve("d", "15000.00");
    under_contract["contract"] = json!("900017");
    maker.give("accepted", "reserve", under_contract);

    checker.give("accepted", "approve-unit", order("a", "1"));
    finance.give("accepted", "instruct", order("a", "2"));
    central.give("parked", "clear", fact("a", "71", "28000.00"));
    bank.give("parked", "confirm-paid", fact("a", "81", "99999.00"));
    bank.give("accepted", "confirm-paid", fact("a", "82", "28000.00"));
    let mut refund = fact("a", "83", "5000.00");
    refund["refund"] = json!("77");
    bank.give("accepted", "refund", refund.clone());
    refund["serial"] = json!("72");
    central.give("accepted", "settle-refund", refund);
    let resolve = json!({
        "act": act(7), "division": 5, "year": 2022, "channel": 40, "serial": "81",
        "action": "dismiss", "reason": "回单金额有误",
    });
    finance.give("accepted", "resolve", resolve);
    maker.give("accepted", "withdraw", order("b", "3"));
    let mut hold = order("d", "4");
    hold["reason"] = json!("收款人待核实");
    finance.give("accepted", "hold", hold);
    bank.give("parked", "confirm-paid", fact("d", "84", "15000.00"));
}
