//! `treasury import` over the real program: all of it or nothing, everything wrong listed where it
//! stands, and no half of it on file after any crash.

mod harness;

use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use domain::codes::YearState;
use domain::command::{Body, By, Register};
use domain::ids::{ChannelId, DivisionIndex};
use domain::office::table::Table;
use domain::{Code, Command as Order, Role};
use harness::desk::Desk;
use harness::orders;
use harness::server::{Options, PROGRAM, Server, sound};
use harness::wait_for;
use protocol::client::{BlockingClient, Options as ClientOptions};
use protocol::directory::{Asked, ListRows};
use protocol::{ClientError, Hello};
use serde_json::Value;

/// The county of the example.
const COUNTY: u16 = 3;

/// Its base keeper.
const KEEPER: &str = "1";

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn example() -> [PathBuf; 2] {
    [root().join("docs/examples/county"), root().join("domain/data/2022")]
}

/// A server that knows the county; its year is not open: base data comes before it.
fn found(server: &Server) {
    register(server, *b"370124000");
}

fn register(server: &Server, code: [u8; 9]) {
    let by = By { person: orders::OPERATOR, role: Role::Operator, channel: ChannelId(1) };
    let (division, parent) = (DivisionIndex(COUNTY), DivisionIndex::PROVINCE);
    let register = Register { division, code, parent, name: "某地" };
    let mut operator = Desk::connect(server.address, Role::Operator);
    operator.must(&Order { by, body: Body::Register(register) });
}

fn import(address: SocketAddr, paths: &[PathBuf], more: &[&str]) -> Command {
    let mut command = Command::new(PROGRAM);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("TREASURY_")) {
        command.env_remove(name);
    }
    command.arg("import").args(paths).args(["--connect", &address.to_string()]);
    command.args(["--division", &COUNTY.to_string(), "--year", "2022", "--person", KEEPER]);
    command.args(more).stdin(Stdio::null());
    command
}

fn imported(address: SocketAddr, paths: &[PathBuf], more: &[&str]) -> Output {
    import(address, paths, more).output().expect("the program can be started")
}

/// An import that must end well, and what it told.
fn taken(address: SocketAddr, paths: &[PathBuf], more: &[&str]) -> Value {
    let output = imported(address, paths, &[more, &["--json"]].concat());
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said} {}", text(&output.stdout));
    serde_json::from_slice(&output.stdout).expect("one object of JSON")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("text")
}

/// How many rows a table has on file.
fn on_file(address: SocketAddr, table: &str) -> usize {
    let hello = Hello::new(Role::Operator, ChannelId(1), "test");
    let client = BlockingClient::connect(address.to_string(), hello, ClientOptions::default());
    let client = client.expect("the server is there");
    let wait_for = client.health().expect("its health").durable;
    let asked = Asked { wait_for, wait_ms: 10_000, ..Asked::default() };
    let (division, year) = (DivisionIndex(COUNTY), orders::YEAR);
    let table = Table::from_slug(table).expect("a table");
    let (mut count, mut after) = (0, String::new());
    loop {
        let list = ListRows { asked, division, year, table, beginning: String::new(), after };
        let page = match client.list_rows(list) {
            Ok(page) => page,
            Err(ClientError::Server(said)) if said.code == Code::NotFound => return 0,
            Err(error) => panic!("no rows: {error}"),
        };
        count += page.rows.len();
        after = page.after;
        if after.is_empty() {
            return count;
        }
    }
}

const TABLES: &[&str] = &[
    "division",
    "subdivision",
    "mof-dep",
    "unit",
    "post",
    "person",
    "pay-item",
    "establishment",
    "standard",
    "agent-bank",
    "account",
    "payee",
    "supplier",
    "calendar",
    "code-table",
    "code",
];

fn all_on_file(address: SocketAddr) -> Vec<usize> {
    TABLES.iter().map(|table| on_file(address, table)).collect()
}

/// A copy of the example, to be spoilt.
fn copy(into: &Path) -> PathBuf {
    let folder = into.join("county");
    fs::create_dir(&folder).expect("a folder");
    for from in example() {
        for file in fs::read_dir(from).expect("a folder of the example") {
            let file = file.expect("a file");
            fs::copy(file.path(), folder.join(file.file_name())).expect("a copy");
        }
    }
    folder
}

fn edit(file: &Path, from: &[u8], to: &[u8]) {
    let bytes = fs::read(file).expect("a file");
    let at = bytes.windows(from.len()).position(|window| window == from).expect("it is there");
    let spoilt = [&bytes[..at], to, &bytes[at + from.len()..]].concat();
    fs::write(file, spoilt).expect("a file");
}

#[test]
fn a_county_is_imported_once() {
    let home = tempfile::tempdir().expect("a directory");
    let data = home.path().join("data");
    let server = Options::new(&data).start();
    found(&server);
    let dry = taken(server.address, &example(), &["--dry-run"]);
    assert_eq!((&dry["taken"], &dry["dry_run"]), (&false.into(), &true.into()));
    assert_eq!(all_on_file(server.address), vec![0; TABLES.len()], "a dry run takes nothing");
    let told = taken(server.address, &example(), &[]);
    assert_eq!(told["taken"], true, "{told}");
    let rows: Vec<u64> = TABLES
        .iter()
        .map(|table| told["tables"][*table]["rows"].as_u64().expect("each table has rows"))
        .collect();
    let there: Vec<u64> = all_on_file(server.address).iter().map(|&count| count as u64).collect();
    assert_eq!(there, rows);
    assert_eq!(told["changed"], rows.iter().sum::<u64>());
    let again = taken(server.address, &example(), &[]);
    assert_eq!((&again["taken"], &again["changed"]), (&false.into(), &0.into()), "{again}");
    // What differs is taken, and what was before it is taken again.
    let folder = copy(home.path());
    for (from, to) in [("平阴县", "平阴"), ("平阴", "平阴县"), ("平阴县", "平阴")] {
        edit(&folder.join("division.csv"), from.as_bytes(), to.as_bytes());
        let told = taken(server.address, &[folder.join("division.csv")], &[]);
        assert_eq!((&told["taken"], &told["changed"]), (&true.into(), &1.into()), "{told}");
    }
    let closed = server.stop();
    assert_eq!(closed.code, Some(0));
    sound(&data);
}

/// What is spoilt: a file, bytes in it, and what stands there instead.
type Spoilt = (&'static str, &'static [u8], &'static [u8]);

#[test]
fn bad_files_are_listed_with_row_and_column_and_nothing_is_taken() {
    let home = tempfile::tempdir().expect("a directory");
    let server = Options::new(&home.path().join("data")).start();
    found(&server);
    let folder = copy(home.path());
    // 财政局 in GBK, and bytes of no encoding; a code twice; a cycle; a sum; a year.
    let all: &[Spoilt] = &[
        ("unit.csv", "102,财政局,".as_bytes(), b"102,\xb2\xc6\xd5\xfe\xbe\xd6,"),
        ("payee.csv", "孙志强".as_bytes(), b"\xff\xff"),
        ("mof-dep.csv", b"\n03,", b"\n02,"),
        ("unit.csv", "103,卫生健康局,,1".as_bytes(), "103,卫生健康局,103002,3".as_bytes()),
        ("pay-item.csv", b"#total,month_fen,90900.00", b"#total,month_fen,90900.01"),
        ("calendar.csv", b"2022-06-01", b"2021-06-01"),
        ("supplier.csv", b"active", b"acting"),
    ];
    for (file, from, to) in all {
        edit(&folder.join(file), from, to);
    }
    fs::write(folder.join("units.csv"), "code,name\n").expect("a file");
    fs::write(folder.join("code.more.csv"), b"\xff\xfec\0o\0").expect("a file");
    let output = imported(server.address, std::slice::from_ref(&folder), &[]);
    assert_eq!(output.status.code(), Some(3), "{}", text(&output.stderr));
    let here = format!("{}/", folder.display());
    golden("import.txt", &text(&output.stdout).replace(&here, ""));
    assert!(text(&output.stderr).ends_with("do not fit; nothing was taken\n"));
    let output = imported(server.address, &[folder], &["--json"]);
    let told: Value = serde_json::from_slice(&output.stdout).expect("one object of JSON");
    let wrong = told["wrong"].as_array().expect("a list");
    let lines = fs::read_to_string(root().join("tests/golden/import.txt")).expect("the file");
    assert_eq!(wrong.len(), lines.lines().count());
    assert_eq!(all_on_file(server.address), vec![0; TABLES.len()]);
    let records_before = server.stop().sequence;
    assert_eq!(
        records_before,
        Options::new(&home.path().join("data")).start().ready_sequence() - 1
    );
}

/// What only the server knows is told where the files have it.
#[test]
fn what_only_the_server_knows_is_told_in_the_files() {
    let home = tempfile::tempdir().expect("a directory");
    let server = Options::new(&home.path().join("data")).start();
    found(&server);
    // A quota from before the card was on file: under control a document would make it.
    let mut operator = Desk::connect(server.address, Role::Operator);
    operator.must(&orders::year(77, COUNTY, YearState::Open));
    let mut finance = Desk::connect(server.address, Role::Finance);
    let key = "370124000/101003/2050202/50502/302/111/P1/R1";
    orders::quota_of(&mut finance, orders::creation(0xab, COUNTY, key), 100);
    taken(server.address, &example(), &[]);
    let folder = copy(home.path());
    let school = "101003,实验小学,101,2,public-one,full,1,12370124000101003T,03,,,";
    let (from, to) = (format!("{school}active"), format!("{school}cancelled"));
    edit(&folder.join("unit.csv"), from.as_bytes(), to.as_bytes());
    edit(
        &folder.join("payee.csv"),
        b"none,\n",
        b"none,\n6222000100009002,x,102451099999,individual,none,\n",
    );
    let output = imported(server.address, &[folder], &[]);
    assert_eq!(output.status.code(), Some(3), "{}", text(&output.stderr));
    let told = text(&output.stdout);
    assert_eq!(told.lines().count(), 1, "{told}");
    assert!(told.contains("unit.csv:5:12: \"cancelled\": standing (状态)"), "{told}");
    assert_eq!(on_file(server.address, "payee"), 6, "nothing was taken with it");
}

/// The province keeps the whole tree below it: 184 divisions and 1,132 townships.
#[test]
fn the_whole_tree_of_the_province_is_taken() {
    let home = tempfile::tempdir().expect("a directory");
    let server = Options::new(&home.path().join("data")).start();
    register(&server, *b"370000000");
    let divisions = scenarios::divisions::divisions().expect("the divisions");
    let townships = scenarios::townships::townships(&divisions).expect("the townships");
    let code = |index: DivisionIndex| divisions[usize::from(index.0)].code_text();
    let mut tree = "code,name,level,parent,pilot,go_live,standing\n".to_owned();
    for division in &divisions[1..] {
        let (level, parent) =
            (format!("{:?}", division.level).to_lowercase(), code(division.parent));
        let (code, name) = (division.code_text(), &division.name);
        tree.push_str(&format!("{code},{name},{level},{parent},2,2022-01-04,active\n"));
    }
    for township in &townships {
        let (below, name, parent) = (&township.code, &township.name, code(township.parent));
        tree.push_str(&format!("{below},{name},township,{parent},2,,draft\n"));
    }
    let folder = home.path().join("province");
    fs::create_dir(&folder).expect("a folder");
    fs::write(folder.join("subdivision.csv"), tree).expect("a file");
    let card = "code,name,level,parent,own_level,pilot,go_live,standing\n\
                370000000,山东省本级,province,,1,1,2022-01-04,active\n#rows,1\n";
    fs::write(folder.join("division.csv"), card).expect("a file");
    let told = taken(server.address, std::slice::from_ref(&folder), &[]);
    assert_eq!(told["tables"]["subdivision"]["rows"], 184 + 1132, "{told}");
    assert_eq!(on_file(server.address, "subdivision"), 184 + 1132);
    // A city under one of its own townships.
    edit(&folder.join("subdivision.csv"), b"city,370000000", b"city,370124102");
    let output = imported(server.address, &[folder], &[]);
    assert_eq!(output.status.code(), Some(3));
    let told = text(&output.stdout);
    let cycle = "the cycle 370100000 -> 370124102 -> 370124000 -> 370100000";
    assert!(told.contains("subdivision.csv:2:4: \"370124102\"") && told.contains(cycle), "{told}");
}

/// A wire to the server that breaks after so many bytes.
struct Wire {
    address: SocketAddr,
    passed: Arc<AtomicU64>,
}

impl Wire {
    fn to(server: SocketAddr, bytes_max: u64) -> Wire {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("its address");
        let passed = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&passed);
        thread::spawn(move || {
            let Ok((client, _)) = listener.accept() else { return };
            let up = TcpStream::connect(server).expect("the server is there");
            let (mut from_server, mut to_client) =
                (up.try_clone().expect("a socket"), client.try_clone().expect("a socket"));
            thread::spawn(move || {
                // Ends with the wire.
                let _ = std::io::copy(&mut from_server, &mut to_client);
            });
            pass(&client, &up, bytes_max, &count);
            let _ = up.shutdown(Shutdown::Both);
        });
        Wire { address, passed }
    }
}

/// Hands bytes on, up to so many; then holds still, with the sender none the wiser.
fn pass(mut client: &TcpStream, mut up: &TcpStream, bytes_max: u64, passed: &AtomicU64) {
    let mut bytes = [0; 4096];
    while let Ok(read @ 1..) = client.read(&mut bytes) {
        let left = bytes_max.saturating_sub(passed.load(Ordering::Acquire));
        let some = read.min(usize::try_from(left).unwrap_or(usize::MAX));
        if up.write_all(&bytes[..some]).is_err() {
            return;
        }
        passed.fetch_add(some as u64, Ordering::AcqRel);
    }
}

#[test]
fn no_half_of_an_import_is_on_file_after_a_crash() {
    let home = tempfile::tempdir().expect("a directory");
    let whole = {
        let server = Options::new(&home.path().join("whole")).start();
        found(&server);
        let wire = Wire::to(server.address, u64::MAX);
        taken(wire.address, &example(), &[]);
        let digits = wire.passed.load(Ordering::Acquire);
        (digits, all_on_file(server.address))
    };
    let (bytes, rows) = whole;
    assert!(bytes > 40_000, "an import of {bytes} bytes has no middle");
    // Inside the first paper, between papers, and so that only the close is missing.
    for cut in [bytes / 10, bytes / 2, bytes * 9 / 10, bytes - 1] {
        let data = home.path().join(format!("cut-{cut}"));
        let server = Options::new(&data).start();
        found(&server);
        let wire = Wire::to(server.address, cut);
        let mut client = import(wire.address, &example(), &[]);
        client.stdout(Stdio::null()).stderr(Stdio::null());
        let mut client = client.spawn().expect("the program can be started");
        wait_for("so much of the import has passed", || {
            (wire.passed.load(Ordering::Acquire) >= cut).then_some(())
        });
        server.kill();
        client.kill().expect("a child can be killed");
        client.wait().expect("a child can be waited for");
        let server = Options::existing(&data).start();
        assert_eq!(all_on_file(server.address), vec![0; TABLES.len()], "cut after {cut} bytes");
        // Given again it goes on.
        let told = taken(server.address, &example(), &[]);
        assert_eq!(told["taken"], true, "{told}");
        assert_eq!(all_on_file(server.address), rows);
        server.kill();
        sound(&data);
    }
}

/// Compares with a golden file, or writes it.
fn golden(name: &str, must_be: &str) {
    let path = root().join("tests/golden").join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        return fs::write(&path, must_be).expect("the file can be written");
    }
    let is = fs::read_to_string(&path).unwrap_or_default();
    assert!(is == must_be, "{name} is out of date; UPDATE_GOLDEN=1 rewrites it:\n{must_be}");
}
