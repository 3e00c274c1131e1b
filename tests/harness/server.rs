//! The real program as a child process.

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::{PATIENCE, wait_for};

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_treasury");

/// How a server is started.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    pub(crate) data: PathBuf,
    pub(crate) environment: Option<&'static str>,
    pub(crate) segment_mib: u32,
    pub(crate) shards: u32,
    pub(crate) connections_max: Option<u32>,
    pub(crate) create: bool,
    /// Further flags and their values.
    pub(crate) flags: Vec<(&'static str, String)>,
    /// Whom the server runs as, and the program where that user can reach it.
    pub(crate) as_user: Option<(u32, PathBuf)>,
    /// Logs what happens, not warnings alone.
    pub(crate) verbose: bool,
    /// A program that the server is started beneath, with its arguments: a tracer.
    pub(crate) beneath: Vec<String>,
}

impl Options {
    /// A test data set that is made if it is not there.
    pub(crate) fn new(data: &Path) -> Options {
        Options {
            data: data.to_owned(),
            environment: Some("test"),
            segment_mib: 4,
            shards: 2,
            connections_max: None,
            create: true,
            flags: Vec::new(),
            as_user: None,
            verbose: false,
            beneath: Vec::new(),
        }
    }

    /// Never makes a data set.
    pub(crate) fn existing(data: &Path) -> Options {
        Options { create: false, ..Options::new(data) }
    }

    pub(crate) fn shards(self, shards: u32) -> Options {
        Options { shards, ..self }
    }

    /// With one flag more.
    pub(crate) fn with(mut self, flag: &'static str, value: impl ToString) -> Options {
        self.flags.push((flag, value.to_string()));
        self
    }

    fn command(&self) -> Command {
        let program = self.as_user.as_ref().map_or(Path::new(PROGRAM), |(_, program)| program);
        let mut command = match self.beneath.split_first() {
            None => Command::new(program),
            Some((tracer, arguments)) => {
                let mut command = Command::new(tracer);
                command.args(arguments).arg(program);
                command
            }
        };
        if let Some((user, _)) = self.as_user {
            command.uid(user).gid(user);
        }
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("TREASURY_")) {
            command.env_remove(name);
        }
        command.args(["serve", "--json"]);
        if !self.flags.iter().any(|(flag, _)| *flag == "--listen") {
            command.args(["--listen", "127.0.0.1:0"]);
        }
        command.arg("--data").arg(&self.data);
        command.args(["--segment-mib", &self.segment_mib.to_string()]);
        command.args(["--shards", &self.shards.to_string()]);
        if let Some(environment) = self.environment {
            command.args(["--environment", environment]);
        }
        if let Some(connections_max) = self.connections_max {
            command.args(["--connections-max", &connections_max.to_string()]);
        }
        for (flag, value) in &self.flags {
            command.arg(flag).arg(value);
        }
        if self.create {
            command.arg("--create");
        }
        if self.verbose {
            command.arg("-v");
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Starts a server and waits until it is ready.
    pub(crate) fn start(&self) -> Server {
        match self.try_start() {
            Ok(server) => server,
            Err(refused) => panic!("the server did not start: {refused:?}"),
        }
    }

    /// Starts a server that must not become ready.
    pub(crate) fn refused(&self) -> Refused {
        match self.try_start() {
            Ok(server) => panic!("the server started: {}", server.ready),
            Err(refused) => refused,
        }
    }

    /// Starts a server; it becomes ready, or ends.
    pub(crate) fn try_start(&self) -> Result<Server, Refused> {
        let mut process = self.launch();
        let Some(line) = process.line() else {
            let code = process.wait();
            return Err(Refused { code, said: process.said() });
        };
        let ready: Value = serde_json::from_str(&line).expect("a ready line of JSON");
        let address = ready["listening"].as_str().expect("an address in the ready line");
        let address = address.parse().expect("an address that can be read");
        Ok(Server { process, address, ready })
    }

    /// Starts the process and waits for nothing.
    pub(crate) fn launch(&self) -> Process {
        let mut child = self.command().spawn().expect("the program can be started");
        let stdout = child.stdout.take().expect("its output is a pipe");
        let mut stderr = child.stderr.take().expect("its errors are a pipe");
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        let said = Arc::new(Mutex::new(Vec::new()));
        let into = Arc::clone(&said);
        let listens = std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(read @ 1..) = stderr.read(&mut bytes) {
                into.lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .extend_from_slice(&bytes[..read]);
            }
        });
        Process { child, lines, said, listens: Some(listens) }
    }
}

/// A server that did not start: its exit code and its last words.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) code: Option<i32>,
    pub(crate) said: String,
}

/// The process of a server. Killed when dropped.
pub(crate) struct Process {
    child: Child,
    lines: Receiver<String>,
    said: Arc<Mutex<Vec<u8>>>,
    listens: Option<JoinHandle<()>>,
}

impl Process {
    /// The next line it prints; `None` when it prints no more.
    fn line(&self) -> Option<String> {
        match self.lines.recv_timeout(PATIENCE) {
            Ok(line) => Some(line),
            Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => None,
            Err(std::sync::mpsc::RecvTimeoutError::Timeout) => {
                panic!("the program prints nothing: {}", self.said())
            }
        }
    }

    /// Its exit code, once it has ended; `None` where a signal ended it. All it said has been heard
    /// then.
    pub(crate) fn wait(&mut self) -> Option<i32> {
        let child = &mut self.child;
        let ended = || child.try_wait().expect("a child can be waited for");
        let code = wait_for("the program ends", ended).code();
        if let Some(listens) = self.listens.take() {
            listens.join().expect("listening does not panic");
        }
        code
    }

    /// What it has said on standard error.
    pub(crate) fn said(&self) -> String {
        let said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&said).into_owned()
    }

    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("a child can be killed");
        self.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A server that is ready. Killed when dropped.
pub(crate) struct Server {
    process: Process,
    pub(crate) address: SocketAddr,
    pub(crate) ready: Value,
}

/// How a server ended in good order.
#[derive(Debug)]
pub(crate) struct Closed {
    pub(crate) code: Option<i32>,
    /// The digest of its live state.
    pub(crate) digest: String,
    /// Its last position.
    pub(crate) epoch: u32,
    pub(crate) sequence: u64,
    pub(crate) said: String,
}

impl Server {
    pub(crate) fn epoch(&self) -> u64 {
        self.ready["epoch"].as_u64().expect("an epoch in the ready line")
    }

    /// Whether the start cut a torn end off.
    pub(crate) fn has_cut(&self) -> bool {
        self.ready["cut"].as_bool().expect("`cut` in the ready line")
    }

    /// The sequence its ready line names.
    pub(crate) fn ready_sequence(&self) -> u64 {
        let position = self.ready["position"].as_str().expect("a position in the ready line");
        let (_, sequence) = position.split_once('/').expect("epoch/sequence");
        sequence.parse().expect("a number")
    }

    /// SIGKILL: what a power cut is to the process.
    pub(crate) fn kill(mut self) {
        self.process.kill();
    }

    pub(crate) fn terminate(&self) {
        self.signal(Signal::TERM);
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.process.child), signal)
            .expect("a child can be sent a signal");
    }

    /// Waits until it has ended by itself: its exit code, `None` where a signal ended it, and what it
    /// said.
    pub(crate) fn ended(mut self) -> (Option<i32>, String) {
        let code = self.process.wait();
        (code, self.process.said())
    }

    /// Waits for it to end after a signal, and hears its last line.
    pub(crate) fn wait_closed(mut self) -> Closed {
        let line = self.process.line();
        let code = self.process.wait();
        let said = self.process.said();
        let Some(line) = line else { panic!("exit {code:?} without a last line: {said}") };
        let closed: Value = serde_json::from_str(&line).expect("a last line of JSON");
        let text = |key: &str| closed[key].as_str().expect("a text").to_owned();
        let position = text("closed");
        let (epoch, sequence) = position.split_once('/').expect("epoch/sequence");
        let (epoch, sequence) =
            (epoch.parse().expect("epoch"), sequence.parse().expect("sequence"));
        Closed { code, digest: text("digest"), epoch, sequence, said }
    }

    /// Its exit code after a signal, and the last line it printed, if it did.
    pub(crate) fn wait_code(mut self) -> (Option<i32>, Option<String>) {
        let line = self.process.line();
        (self.process.wait(), line)
    }

    /// SIGTERM, and all that follows must be in good order.
    pub(crate) fn stop(self) -> Closed {
        self.terminate();
        let closed = self.wait_closed();
        assert_eq!(closed.code, Some(0), "an orderly stop: {}", closed.said);
        closed
    }

    pub(crate) fn is_running(&mut self) -> bool {
        self.process.child.try_wait().expect("a child can be asked").is_none()
    }

    pub(crate) fn said(&self) -> String {
        self.process.said()
    }

    pub(crate) fn id(&self) -> u32 {
        self.process.child.id()
    }

    /// Sockets it has open now.
    pub(crate) fn sockets(&self) -> usize {
        let entries = std::fs::read_dir(format!("/proc/{}/fd", self.id()));
        let entries = entries.expect("the files of a running process").flatten();
        let links = entries.filter_map(|entry| std::fs::read_link(entry.path()).ok());
        links.filter(|link| link.to_string_lossy().starts_with("socket:")).count()
    }

    /// Threads of a name that it has now.
    pub(crate) fn threads(&self, name: &str) -> usize {
        let entries = std::fs::read_dir(format!("/proc/{}/task", self.id()));
        let entries = entries.expect("the threads of a running process").flatten();
        let names =
            entries.filter_map(|entry| std::fs::read_to_string(entry.path().join("comm")).ok());
        names.filter(|of| of.trim() == name).count()
    }

    /// Memory it holds now, in KiB.
    pub(crate) fn resident_kib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id()));
        let status = status.expect("the status of a running process");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|line| line.trim().strip_suffix(" kB"));
        kib.and_then(|kib| kib.trim().parse().ok()).expect("VmRSS in kB")
    }
}

/// Runs another command of the program to its end.
pub(crate) fn treasury(arguments: &[&str], data: &Path) -> Output {
    let mut command = Command::new(PROGRAM);
    command.args(arguments).arg("--data").arg(data).stdin(Stdio::null());
    command.output().expect("the program can be started")
}

/// `treasury verify --json` of a data set that must be good; gives what it printed.
pub(crate) fn sound(data: &Path) -> Value {
    let output = treasury(&["verify", "--json"], data);
    let said = String::from_utf8_lossy(&output.stderr);
    let told: Value = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
    assert_eq!(output.status.code(), Some(0), "verify says {told}, {said}");
    assert_eq!(told["ok"], true, "{told}");
    for (name, found) in told["invariants"].as_object().expect("invariants") {
        assert_eq!(found["violations"], 0, "{name}: {found}");
    }
    told
}

/// The same of a data set with something of everything in it: no check was an empty one.
pub(crate) fn verify(data: &Path) -> Value {
    let told = sound(data);
    for (name, found) in told["invariants"].as_object().expect("invariants") {
        assert!(found["checked"].as_u64() > Some(0), "{name} was not checked");
    }
    told
}

/// `treasury digest --json` with so many shards.
pub(crate) fn digest(data: &Path, shards: u32) -> String {
    let output = treasury(&["digest", "--json", "--shards", &shards.to_string()], data);
    let told: Value = serde_json::from_slice(&output.stdout).expect("a line of JSON");
    told["digest"].as_str().expect("a digest").to_owned()
}
