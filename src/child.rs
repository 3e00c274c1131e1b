//! A server as a child process: what `demo`, `bench` and the crash tests drive, over real TCP.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::process;

/// Has the C library's allocator ask for large pages, as `ops/treasury.service` does: half the
/// memory a peak touches is new, and a page of 4 KiB costs its first touch a fault.
const LARGE_PAGES: (&str, &str) = ("GLIBC_TUNABLES", "glibc.malloc.hugetlb=1");

/// A server process. Killed when dropped.
pub(crate) struct Server {
    child: Child,
    stdout: BufReader<ChildStdout>,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// What its ready line said.
    pub(crate) ready: Value,
}

/// How a server is started.
#[derive(Clone, Debug)]
pub(crate) struct ServerOptions {
    /// The data directory.
    pub(crate) data: PathBuf,
    /// Shards; 0: the server's default.
    pub(crate) shards: usize,
    /// Size of a segment of a new data set, in MiB.
    pub(crate) segment_mib: u64,
    /// What its state should stay under, in MiB; 0: no limit.
    pub(crate) memory_limit_mib: u64,
}

impl Server {
    /// Starts a server on a free loopback port and waits until it is ready.
    pub(crate) fn start(options: &ServerOptions) -> Result<Server> {
        let program = std::env::current_exe().context("the program does not know its own path")?;
        let mut command = Command::new(program);
        command.args(["serve", "--json", "--create", "--environment", "test"]);
        command.args(["--listen", "127.0.0.1:0", "--data"]).arg(&options.data);
        command.args(["--segment-mib", &options.segment_mib.to_string()]);
        command.args(["--memory-limit", &options.memory_limit_mib.to_string()]);
        if options.shards > 0 {
            command.args(["--shards", &options.shards.to_string()]);
        }
        if std::env::var_os(LARGE_PAGES.0).is_none() {
            command.env(LARGE_PAGES.0, LARGE_PAGES.1);
        }
        let spawned = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn();
        let mut child = spawned.context("the server process cannot be started")?;
        let Some(stdout) = child.stdout.take() else { bail!("the server has no standard output") };
        let mut line = String::new();
        let mut stdout = BufReader::new(stdout);
        stdout.read_line(&mut line)?;
        if line.is_empty() {
            let status = child.wait()?;
            bail!("the server ended before it was ready: {status}");
        }
        let ready: Value = serde_json::from_str(&line).context("the server's ready line")?;
        let address = ready["listening"].as_str().and_then(|text| text.parse().ok());
        let Some(address) = address else { bail!("the server's ready line names no address") };
        Ok(Server { child, stdout, address, ready })
    }

    /// Ends it as a power cut would, as far as the process goes: SIGKILL.
    pub(crate) fn kill(&mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Asks it to end in good order, waits, and gives what it said last.
    pub(crate) fn stop(mut self) -> Result<(ExitStatus, Value)> {
        let process = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(process, rustix::process::Signal::TERM)?;
        let mut line = String::new();
        self.stdout.read_line(&mut line)?;
        let status = self.child.wait()?;
        Ok((status, serde_json::from_str(&line).unwrap_or(Value::Null)))
    }

    /// Most memory it has held so far, in bytes.
    pub(crate) fn resident_bytes_max(&self) -> Option<u64> {
        process::resident_bytes_max(self.child.id())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Bytes that files below a directory take on disk.
pub(crate) fn bytes_below(dir: &Path) -> u64 {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    let size = |entry: std::fs::DirEntry| match entry.metadata() {
        Ok(metadata) if metadata.is_dir() => bytes_below(&entry.path()),
        Ok(metadata) => metadata.len(),
        Err(_) => 0,
    };
    entries.map(size).sum()
}
