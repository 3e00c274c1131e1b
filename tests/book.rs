//! The book does what it says: every chapter is there and in it, every command of a chapter that is
//! marked to be run is run against the real program and shows what stands beneath it, and what is
//! printed in it of flags, settings and metrics is what the program has.
//!
//! A block that begins with `sh,run` is run by bash, in the order of its chapter, in an empty
//! directory, with `treasury` on the path. `ready` behind it: the block starts a server that prints
//! into server.log, and the next block waits until it is ready. `exit-N`: it ends with N, else with 0.
//! A block `text,shows` beneath it has lines that are printed in this order, perhaps with others
//! between them; `…` stands for anything. The port 7370 is another one in a test, and SOURCES is the root of
//! the repository.

mod harness;

use std::collections::BTreeSet;
use std::fs;
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};

use harness::server::PROGRAM;
use harness::wait_for;
use rustix::process::{Pid, Signal, kill_process_group};

// ---- chapters ----------------------------------------------------------------------------------

#[test]
fn every_document_is_a_chapter_and_every_chapter_is_there() {
    let summary = read("docs/SUMMARY.md");
    let mut chapters = BTreeSet::new();
    for link in summary.split("](").skip(1) {
        let (path, _) = link.split_once(')').expect("a link ends");
        assert!(root().join("docs").join(path).is_file(), "SUMMARY.md: {path}: no such file");
        assert!(chapters.insert(path.to_owned()), "SUMMARY.md: {path} is there twice");
    }
    let mut documents = BTreeSet::new();
    for directory in ["", "decisions/", "errors/"] {
        for entry in fs::read_dir(root().join("docs").join(directory)).expect("documents") {
            let name = entry.expect("a document").file_name().into_string().expect("UTF-8");
            if name.ends_with(".md") && name != "SUMMARY.md" {
                documents.insert(format!("{directory}{name}"));
            }
        }
    }
    let missing: Vec<&String> = documents.difference(&chapters).collect();
    assert!(missing.is_empty(), "documents that SUMMARY.md does not have: {missing:?}");
}

// ---- commands ----------------------------------------------------------------------------------

#[test]
fn the_tutorial_does_what_it_says() {
    run_chapter("docs/tutorial.md");
}

#[test]
fn the_county_tutorial_does_what_it_says() {
    run_chapter("docs/tutorial-county.md");
}

#[test]
fn operating_does_what_it_says() {
    run_chapter("docs/operating.md");
}

/// A block of commands, and what is printed by it.
struct Step {
    line: usize,
    code: String,
    is_server: bool,
    exit: i32,
    shows: Vec<String>,
}

fn steps(chapter: &str, text: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut lines = text.lines().enumerate();
    while let Some((at, line)) = lines.next() {
        let Some(info) = line.strip_prefix("```") else { continue };
        let mut words = info.split(',');
        let kind = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let body = lines.by_ref().map(|(_, line)| line).take_while(|line| *line != "```");
        let body: Vec<&str> = body.collect();
        match kind {
            ("sh", "run") => {
                let marks: Vec<&str> = words.collect();
                let exit = marks.iter().find_map(|mark| mark.strip_prefix("exit-"));
                steps.push(Step {
                    line: at + 1,
                    code: body.join("\n"),
                    is_server: marks.contains(&"ready"),
                    exit: exit.map_or(0, |code| code.parse().expect("an exit code")),
                    shows: Vec::new(),
                });
            }
            ("text", "shows") => {
                let step = steps.last_mut();
                let step = step.unwrap_or_else(|| panic!("{chapter}:{}: of what?", at + 1));
                let shown = body.iter().map(|line| line.trim().to_owned());
                step.shows.extend(shown.filter(|line| !line.is_empty()));
            }
            _ => {}
        }
    }
    steps
}

/// Runs what a chapter says in an empty directory and holds what is printed against it.
#[track_caller]
fn run_chapter(chapter: &str) {
    let steps = steps(chapter, &read(chapter));
    assert!(!steps.is_empty(), "{chapter} has nothing to run");
    let house = tempfile::tempdir().expect("a directory");
    let outputs = tempfile::tempdir().expect("a directory");
    let port = free_port();
    let script = script(&steps, outputs.path(), port);
    run_script(chapter, &script, house.path(), port);
    for (at, step) in steps.iter().enumerate() {
        let here = format!("{chapter}:{}", step.line);
        let output = |kind: &str| fs::read(outputs.path().join(format!("{at}.{kind}")));
        let printed = output("out").unwrap_or_else(|error| panic!("{here} was not run: {error}"));
        let printed = String::from_utf8_lossy(&printed).replace(&port.to_string(), "7370");
        let status = output("status").unwrap_or_else(|error| panic!("{here}: {error}\n{printed}"));
        let status = String::from_utf8_lossy(&status).trim().to_owned();
        assert_eq!(status, step.exit.to_string(), "{here} ended so, and printed\n{printed}");
        if let Some(missing) = first_not_shown(&step.shows, &printed) {
            panic!("{here} does not show {missing:?} where the chapter has it, but\n{printed}");
        }
    }
}

/// Waits for the line that says a server is ready; ends where the server has ended.
const UNTIL_READY: &str = "\
until [[ -f server.log && $(<server.log) == *listening* ]]; do kill -0 $! || exit 1; sleep 0.02; done
";

/// Every block writes what it prints, and how it ends, into files of its own.
fn script(steps: &[Step], outputs: &Path, port: u16) -> String {
    let outputs = outputs.display();
    let mut script = String::from("trap 'kill -KILL $(jobs -p) 2>/dev/null' EXIT\n");
    for (at, step) in steps.iter().enumerate() {
        let code = step.code.replace("7370", &port.to_string());
        if step.is_server {
            script.push_str("rm -f server.log\n");
        }
        script.push_str(&format!("{{\n{code}\n}} >{outputs}/{at}.out 2>&1 </dev/null\n"));
        script.push_str(&format!("echo $? >{outputs}/{at}.status\n"));
        if step.is_server {
            script.push_str(UNTIL_READY);
        }
    }
    script
}

fn run_script(chapter: &str, script: &str, directory: &Path, port: u16) {
    let program = Path::new(PROGRAM).parent().expect("a program is in a directory");
    let path = std::env::var("PATH").unwrap_or_default();
    let mut command = Command::new("bash");
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("TREASURY_")) {
        command.env_remove(name);
    }
    command.env("PATH", format!("{}:{path}", program.display()));
    command.env("TREASURY_LISTEN", format!("127.0.0.1:{port}"));
    command.env("SOURCES", root());
    command.arg("-c").arg(script).current_dir(directory).process_group(0);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut group = Group(command.spawn().expect("bash can be started"));
    wait_for(&format!("{chapter} comes to its end"), || {
        group.0.try_wait().expect("a child can be waited for")
    });
}

/// bash and all it has started. Killed when dropped.
struct Group(std::process::Child);

impl Drop for Group {
    fn drop(&mut self) {
        // All of it may have ended already.
        let _ = kill_process_group(Pid::from_child(&self.0), Signal::KILL);
        let _ = self.0.wait();
    }
}

/// A port that nobody listens on. It is not one of those that outgoing connections are given, so
/// nobody takes it by chance before the server does.
fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let start = (std::process::id() % 100) as u16 * 100;
    loop {
        let port = 20_000 + start + NEXT.fetch_add(1, Ordering::Relaxed) % 100;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// The first line that is not printed behind those before it.
fn first_not_shown<'a>(shows: &'a [String], printed: &str) -> Option<&'a str> {
    let mut lines = printed.lines();
    shows.iter().map(String::as_str).find(|shown| !lines.any(|line| is_shown(shown, line)))
}

fn is_shown(shown: &str, line: &str) -> bool {
    let mut rest = line;
    shown.split('…').all(|piece| match rest.split_once(piece) {
        Some((_, behind)) => {
            rest = behind;
            true
        }
        None => false,
    })
}

#[test]
fn what_is_shown_is_looked_for_in_its_order() {
    let printed = "one 1\ntwo 2\nthree 3";
    let missing = |shows: &[&str]| {
        let shows: Vec<String> = shows.iter().map(|&line| line.to_owned()).collect();
        first_not_shown(&shows, printed).map(str::to_owned)
    };
    assert_eq!(missing(&["one", "t…o…2", "3"]), None);
    assert_eq!(missing(&["two", "one"]), Some("one".to_owned()));
    assert_eq!(missing(&["one…2"]), Some("one…2".to_owned()));
}

// ---- reference ---------------------------------------------------------------------------------

#[test]
fn every_help_text_is_in_the_reference() {
    let mut told = String::new();
    help_of(&[], &mut told);
    hold("docs/command-line.md", "help", &told);
}

/// The help of a command and of all below it.
fn help_of(command: &[String], told: &mut String) {
    let help = help(command);
    let name = ["treasury".to_owned()].iter().chain(command).cloned().collect::<Vec<_>>();
    let name = name.join(" ");
    told.push_str(&format!("## `{name}`\n\n```text\n{}\n```\n\n", help.trim_end()));
    let below = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    for line in below.take_while(|line| !line.is_empty()) {
        // The words of a command that is told on two lines stand further in.
        let Some(word) = line.strip_prefix("  ").filter(|line| !line.starts_with(' ')) else {
            continue;
        };
        let word = word.split(' ').next().expect("a word");
        if word != "help" {
            help_of(&[command, &[word.to_owned()]].concat(), told);
        }
    }
}

fn help(command: &[String]) -> String {
    let mut program = Command::new(PROGRAM);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("TREASURY_")) {
        program.env_remove(name);
    }
    let output = program.args(command).arg("--help").env("COLUMNS", "100").output();
    let output = output.expect("the program can be started");
    assert!(output.status.success(), "{command:?} has no help");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    text.lines().map(|line| line.trim_end().to_owned() + "\n").collect()
}

/// The screens of `docs/screens/` that a test of the desk draws.
#[test]
fn the_desk_guide_shows_what_the_desk_draws() {
    let mut shown = 0;
    for entry in fs::read_dir(root().join("docs/screens")).expect("screens") {
        let name = entry.expect("a screen").file_name().into_string().expect("UTF-8");
        let Some(name) = name.strip_suffix(".txt").filter(|name| name.starts_with("desk-")) else {
            continue;
        };
        let screen = read(&format!("docs/screens/{name}.txt"));
        hold("docs/desk.md", name, &format!("```text\n{}\n```", screen.trim_end()));
        shown += 1;
    }
    let parts = read("docs/desk.md").matches("<!-- generated: desk-").count();
    assert_eq!(shown, parts, "a screen for each part, and a part for each screen");
}

#[test]
fn every_metric_is_in_the_reference() {
    let text = actors::metrics::Metrics::default().to_text();
    let about: Vec<(&str, &str)> =
        text.lines().filter_map(|line| line.strip_prefix("# HELP ")?.split_once(' ')).collect();
    let kind = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(&format!("# TYPE {name} ")));
        line.unwrap_or_else(|| panic!("{name} has no type"))
    };
    let mut told = String::from("| metric | kind | what it counts |\n|---|---|---|\n");
    for (name, help) in about {
        told.push_str(&format!("| `{name}` | {} | {help} |\n", kind(name)));
    }
    hold("docs/metrics.md", "metrics", &told);
}

#[test]
fn every_setting_is_in_the_reference() {
    let page = read("docs/configuration.md");
    let rows: BTreeSet<&str> =
        page.lines().filter_map(|line| line.strip_prefix("| `--")?.split('`').next()).collect();
    let help = help(&["serve".to_owned()]);
    let flags = help.lines().filter_map(|line| line.trim_start().strip_prefix("--"));
    let flags: BTreeSet<&str> = flags.filter_map(|line| line.split(' ').next()).collect();
    let missing: Vec<&&str> =
        flags.difference(&rows).filter(|flag| !page.contains(&format!("`--{flag}`"))).collect();
    assert!(missing.is_empty(), "flags of serve that configuration.md does not have: {missing:?}");
    let gone: Vec<&&str> = rows.difference(&flags).collect();
    assert!(gone.is_empty(), "flags in configuration.md that serve does not have: {gone:?}");
    for row in page.lines().filter(|line| line.starts_with("| `--")) {
        let variable = row.split('`').nth(3).expect("a variable in the second column");
        assert!(help.contains(variable), "{variable} is not read by serve");
    }
}

/// Holds the generated part of a document against what it is generated from.
#[track_caller]
fn hold(document: &str, part: &str, told: &str) {
    let text = read(document);
    let (begin, end) = (format!("<!-- generated: {part} -->\n"), format!("<!-- end of {part} -->"));
    let (before, rest) = text.split_once(&begin).expect("where the part begins");
    let (_, after) = rest.split_once(&end).expect("where the part ends");
    let wanted = format!("{before}{begin}\n{}\n\n{end}{after}", told.trim_end());
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(root().join(document), &wanted).expect("the document can be written");
    }
    let stale = read(document) != wanted;
    assert!(
        !stale,
        "{document} is stale: UPDATE_GOLDEN=1 cargo test --test book, and read the difference"
    );
}

// ---- means -------------------------------------------------------------------------------------

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}
