//! What those need who run the server: settings and where they come from, completions, manual pages,
//! pages of codes, metrics over HTTP, backups; over the real program and the scripts of `ops/`.

mod harness;

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use domain::{Code, Role};
use harness::desk::Desk;
use harness::server::{Options, PROGRAM, sound};
use harness::{PATIENCE, orders};
use serde_json::Value;

fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(PROGRAM);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("TREASURY_")) {
        command.env_remove(name);
    }
    command.args(arguments);
    command
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("text")
}

fn run(arguments: &[&str]) -> Output {
    program(arguments).output().expect("the program can be started")
}

/// What a command prints that must end well.
fn printed(arguments: &[&str]) -> String {
    let output = run(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
    text(&output.stdout)
}

fn path(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}

/// The repository.
fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn every_setting_is_told_with_its_origin() {
    let home = tempfile::tempdir().expect("a directory");
    let file = home.path().join("treasury.toml");
    fs::write(&file, "data = \"/d\"\n\nshards = 3\nconnections_max = 9\n").expect("a file");
    let check = ["config", "check", "--json", "--config", path(&file), "--shards", "5"];
    let mut command = program(&check);
    command.env("TREASURY_CONNECTIONS_MAX", "7").env("TREASURY_SHARDS", "6");
    let told: Value = serde_json::from_slice(&command.output().expect("it runs").stdout)
        .expect("one object of JSON");
    let rows = told["settings"].as_array().expect("a list");
    let row = |name: &str| {
        let row = rows.iter().find(|row| row["name"] == name).expect("every setting is listed");
        (row["value"].as_str().expect("a value"), row["origin"].as_str().expect("an origin"), row)
    };
    let (value, origin, of_data) = row("data");
    assert_eq!((value, origin), ("/d", "file"));
    assert_eq!((&of_data["line"], of_data["file"].as_str()), (&1.into(), file.to_str()));
    let (value, origin, of_shards) = row("shards");
    assert_eq!((value, origin, &of_shards["given_as"]), ("5", "flag", &"--shards".into()));
    let (value, origin, of_connections) = row("connections_max");
    assert_eq!((value, origin), ("7", "environment"));
    assert_eq!(of_connections["given_as"], "TREASURY_CONNECTIONS_MAX");
    let (value, origin, _) = row("listen");
    assert_eq!((value, origin), ("127.0.0.1:7370", "default"));
    let table = printed(&["config", "check", "--config", path(&file)]);
    assert!(table.lines().any(|line| line.starts_with("shards") && line.ends_with("line 3")));
    assert_eq!(table.lines().count(), rows.len(), "{table}");
}

#[test]
fn a_wrong_setting_is_told_with_its_place() {
    let home = tempfile::tempdir().expect("a directory");
    let file = home.path().join("treasury.toml");
    let refused = |content: &str| {
        fs::write(&file, content).expect("a file");
        let checked = run(&["config", "check", "--config", path(&file)]);
        let served = run(&["serve", "--config", path(&file)]);
        assert_eq!(checked.status.code(), Some(4));
        assert_eq!(served.status.code(), Some(4));
        assert_eq!(text(&checked.stderr), text(&served.stderr), "a server says the same");
        text(&checked.stderr)
    };
    let place = |line: u32, column: u32| format!("{}:{line}:{column}: ", file.display());
    let said = refused("data = \"/d\"\nshrads = 3\n");
    assert!(said.contains(&place(2, 1)) && said.contains("the nearest is `shards`"), "{said}");
    let said = refused("data = \"/d\"\nshards = \"three\"\n");
    assert!(said.contains(&place(2, 10)), "{said}");
    let said = refused("data = \"/d\"\nshards = 0\n");
    assert!(said.contains("shards is 0; choose 1 to 64"), "{said}");
    assert!(refused("shards = 3\n").contains("--data"));
}

#[test]
fn completions_and_manual_pages_know_every_command() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = printed(&["completions", shell]);
        for word in ["serve", "explain", "sandbox"] {
            assert!(script.contains(word), "{shell} does not complete {word}");
        }
    }
    let home = tempfile::tempdir().expect("a directory");
    let out = home.path().join("man");
    printed(&["man", "--out", path(&out)]);
    let page = |name: &str| fs::read_to_string(out.join(name)).expect("a page");
    assert!(page("treasury.1").contains("Run the server"));
    assert!(page("treasury-serve.1").contains("hello\\-wait\\-ms"));
    assert!(page("treasury-config-check.1").contains("line and column"));
    assert!(!out.join("treasury-help.1").exists());
}

#[test]
fn every_code_has_the_page_that_the_program_writes() {
    let home = tempfile::tempdir().expect("a directory");
    let written = home.path().join("errors");
    printed(&["explain", "--all", "--out", path(&written)]);
    let kept = root().join("docs/errors");
    let names = |directory: &Path| {
        let entries = fs::read_dir(directory).expect("a directory").map(|entry| {
            entry.expect("an entry").file_name().into_string().expect("a name in UTF-8")
        });
        let mut names: Vec<_> = entries.collect();
        names.sort();
        names
    };
    assert_eq!(names(&written).len(), Code::ALL.len() + 1);
    let hint = "run `cargo run -- explain --all --out docs/errors`";
    assert_eq!(names(&kept), names(&written), "{hint}");
    for name in names(&written) {
        let page = |directory: &Path| fs::read_to_string(directory.join(&name)).expect("a page");
        assert_eq!(page(&kept), page(&written), "{name}: {hint}");
    }
}

/// One request over HTTP, and all that comes back.
fn ask(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("a connection");
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    stream.write_all(request.as_bytes()).expect("a request sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer, and then the end");
    answer
}

#[test]
fn metrics_are_served_over_plain_http() {
    let home = tempfile::tempdir().expect("a directory");
    let server = Options::new(home.path()).with("--metrics", "127.0.0.1:0").start();
    let at = server.ready["metrics"].as_str().expect("an address in the ready line");
    let at: SocketAddr = at.parse().expect("an address");
    orders::found(server.address, 3);
    // Who says nothing holds a place, and nobody else up.
    let _silent = TcpStream::connect(at).expect("a connection");
    let answer = ask(at, "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    assert!(head.contains("Content-Type: text/plain; version=0.0.4"), "{head}");
    assert!(head.contains(&format!("Content-Length: {}", body.len())), "{head}");
    assert!(body.contains("treasury_outcomes_total{code=\"accepted\"} 2\n"), "{body}");
    let names = |text: &str| -> Vec<String> {
        let types = text.lines().filter(|line| line.starts_with("# TYPE "));
        types.map(str::to_owned).collect()
    };
    let over_wire = Desk::connect(server.address, Role::Operator).metrics();
    assert_eq!(names(body), names(&over_wire), "the same figures as over the wire");
    assert!(ask(at, "GET / HTTP/1.0\r\n\r\n").starts_with("HTTP/1.1 404 "));
    assert!(ask(at, "POST /metrics HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 405 "));
    let endless = "x".repeat(8 * 1024);
    assert!(ask(at, &endless).starts_with("HTTP/1.1 400 "));
    server.stop();
    let elsewhere = Options::new(home.path()).with("--metrics", "0.0.0.0:0").refused();
    assert_eq!(elsewhere.code, Some(4), "{}", elsewhere.said);
    assert!(elsewhere.said.contains("metrics is 0.0.0.0:0"), "{}", elsewhere.said);
}

fn backup(data: &Path, to: &Path) -> Output {
    let script = root().join("ops/backup");
    let mut command = Command::new(script);
    command.args([data, to, Path::new(PROGRAM)]);
    command.output().expect("the script can be started")
}

/// A backup that must be good: how many segments it copied.
fn good_backup(data: &Path, to: &Path) -> String {
    let output = backup(data, to);
    let said = text(&output.stdout);
    assert!(output.status.success(), "{said}{}", text(&output.stderr));
    said.lines().next().expect("what it copied").to_owned()
}

#[test]
fn a_backup_is_verified_and_can_be_served_from() {
    let home = tempfile::tempdir().expect("a directory");
    let (data, to) = (home.path().join("data"), home.path().join("backup"));
    // Small segments, so that some are sealed.
    let small = Options { environment: Some("test"), segment_mib: 1, ..Options::new(&data) };
    let server = small.start();
    let output = backup(&data, &to);
    assert_eq!(output.status.code(), Some(3), "nothing is sealed yet");
    assert!(text(&output.stderr).contains("not sealed"), "{}", text(&output.stderr));
    let quota = orders::found_with(server.address, 3, 1, 1_000_000_000)[0];
    let mut maker = Desk::connect(server.address, Role::Maker);
    let mut payment = 1_000;
    while fs::read_dir(data.join("journal")).expect("segments").count() < 5 {
        let some: Vec<_> = (0..500).map(|n| orders::reserve(payment + n, quota, 1)).collect();
        maker.give(&some);
        payment += 500;
    }
    let said = good_backup(&data, &to);
    assert!(said.ends_with("the server is running"), "{said}");
    let again = good_backup(&data, &to);
    assert!(again.starts_with("backup: 0 of "), "what is there is left: {again}");
    drop(maker);
    let closed = server.stop();
    let said = good_backup(&data, &to);
    assert!(said.ends_with("the server is stopped"), "{said}");

    let restored = home.path().join("restored");
    let copied = Command::new("cp").arg("-a").args([&to, &restored]).status().expect("cp");
    assert!(copied.success());
    let server = Options { segment_mib: 1, ..Options::existing(&restored) }.start();
    assert!(server.ready_sequence() >= closed.sequence);
    assert_eq!(server.ready["from_checkpoint"], Value::Null, "it is rebuilt");
    server.stop();
    let verified = sound(&restored);
    assert!(verified.is_object());
    // A byte that rots in the copy is seen by the next backup's check, and put right by it.
    let segment = to.join("journal/0000000001.seg");
    let mut bytes = fs::read(&segment).expect("a segment");
    bytes[4_300] ^= 1;
    fs::write(&segment, bytes).expect("a segment");
    let verify = run(&["verify", "--data", path(&to)]);
    assert_eq!(verify.status.code(), Some(10));
    assert!(good_backup(&data, &to).starts_with("backup: 1 of "));
}

#[test]
fn info_says_what_the_checkpoint_is_worth_and_leaves_it_alone() {
    let home = tempfile::tempdir().expect("a directory");
    let told = || -> Value {
        let told = printed(&["info", "--json", "--data", path(home.path())]);
        serde_json::from_str::<Value>(&told).expect("JSON")["checkpoint"].clone()
    };
    let line = || {
        let told = printed(&["info", "--data", path(home.path())]);
        let line = told.lines().find(|line| line.starts_with("checkpoint"));
        line.expect("a line on the checkpoint").to_owned()
    };
    let server = Options::new(home.path()).start();
    orders::found_with(server.address, 3, 2, 1_000);
    assert_eq!(told()["state"], "in-use");
    assert!(line().contains("a server has the directory"), "{}", line());
    let closed = server.stop();
    let whole = told();
    assert_eq!((&whole["state"], &whole["used"]), (&"whole".into(), &true.into()), "{whole}");
    let from = whole["position"]["sequence"].as_u64().expect("a position");
    let behind = whole["behind_records"].as_u64().expect("a lag");
    assert_eq!(from + behind, closed.sequence);
    assert!(whole["rows"].as_u64() > Some(0) && whole["bytes"].as_u64() > Some(0), "{whole}");
    let memory = &whole["resident_bytes"];
    for kind in ["quotas_hot", "quotas_cold", "keys", "acts", "ids", "total"] {
        assert!(memory[kind].as_u64() > Some(0), "{kind}: {memory}");
    }
    assert_eq!(told(), whole, "looking changes nothing");
    assert!(line().contains(&format!("{behind} records behind")), "{}", line());

    // The last open of it died: a start would not use it, and looking does not mend that.
    fs::write(home.path().join("checkpoint/opening"), "").expect("a tripwire");
    assert_eq!(told()["state"], "not-used");
    assert!(line().contains("the last open of it never ended"), "{}", line());
    let server = Options::existing(home.path()).start();
    assert!(server.ready["checkpoint_set_aside"].is_string(), "{}", server.ready);
    server.stop();
    fs::remove_dir_all(home.path().join("checkpoint")).expect("a checkpoint that may go");
    assert_eq!(told()["state"], "none");
}

/// A load by a schedule had once never read the welcome, and measured nothing.
#[test]
fn a_paced_bench_sends_alone_and_beside_others() {
    let paced = ["bench", "--preset", "solo", "--rate", "500", "--quotas", "185", "--seconds", "1"];
    let told = printed(&[&paced[..], &["--beside", "2", "--json"]].concat());
    let told: Value = serde_json::from_str(&told).expect("JSON");
    assert_eq!(told["loop"], "open", "{told}");
    for figure in [&told["payments"], &told["beside"]["readings"], &told["beside"]["pages"]] {
        assert!(figure.as_u64() > Some(0), "{told}");
    }
    assert!(told["beside"]["alone"]["payments_per_s"].as_f64() > Some(0.0), "{told}");
    assert!(told["resident_bytes"]["state"]["quotas_hot"].as_u64() > Some(0), "{told}");
}

#[test]
fn a_bench_with_a_bank_has_every_payment_reported_paid() {
    let load = ["bench", "--preset", "batch-100", "--confirm", "--quotas", "185", "--seconds", "1"];
    let told = printed(&[&load[..], &["--json"]].concat());
    let told: Value = serde_json::from_str(&told).expect("JSON");
    let figure = |name: &str| told[name].as_u64().unwrap_or_else(|| panic!("{name} in {told}"));
    assert!(figure("confirmed") > 0 && figure("payments") > 0, "{told}");
    assert!(told["commands_per_s"].as_f64() > told["payments_per_s"].as_f64(), "{told}");
    // The run itself checks that the quotas hold all of it as paid and none of it as reserved.
    assert!(told["held_in_the_end"]["payments"].as_u64() > Some(0), "{told}");
}
