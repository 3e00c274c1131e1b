//! A party of the exchange as a child process, and what is said to it.

use std::fs::OpenOptions;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::party::control::ask;

/// A party's process. Killed when dropped.
pub(crate) struct Party {
    arguments: Vec<String>,
    /// Where it writes what it has to say.
    log: PathBuf,
    child: Child,
    control: SocketAddr,
    listening: Vec<SocketAddr>,
}

impl Party {
    /// Starts it, and waits until it is ready. What it writes for people goes to a file.
    pub(super) fn start(command: &[&str], arguments: Vec<String>, log: PathBuf) -> Result<Party> {
        let mut all: Vec<String> = command.iter().map(|&word| word.to_owned()).collect();
        all.extend(arguments);
        let listens = all.iter().position(|argument| argument == "--listen");
        let (child, ready) = launch(&all, &log)?;
        let control = address(&ready["control"])?;
        let listening = ready["listening"].as_array().map_or(&[][..], Vec::as_slice);
        let listening = listening.iter().map(address).collect::<Result<Vec<_>>>()?;
        let mut party = Party { arguments: all, log, child, control, listening };
        if let Some(at) = listens {
            // Those who dial it go on dialling the same addresses.
            party.arguments[at + 1] = party.lines();
        }
        Ok(party)
    }

    /// Ends it as a power cut would, as far as the process goes: SIGKILL.
    pub(crate) fn kill(&mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Starts it again on what it had written.
    pub(crate) fn start_again(&mut self) -> Result<()> {
        let (child, ready) = launch(&self.arguments, &self.log)?;
        (self.child, self.control) = (child, address(&ready["control"])?);
        Ok(())
    }

    /// Where it listens, primary and backup.
    pub(super) fn lines(&self) -> String {
        let lines: Vec<String> = self.listening.iter().map(SocketAddr::to_string).collect();
        lines.join(",")
    }

    /// Where it listens for one of its lines.
    pub(super) fn listening(&self, line: usize) -> Result<SocketAddr> {
        self.listening.get(line).copied().context("a party listens for two lines")
    }

    /// Gives it an order by name.
    ///
    /// # Errors
    /// If it is gone, or says no.
    pub(crate) fn order(&self, name: &str, mut with: Value) -> Result<()> {
        with["order"] = name.into();
        let answer = ask(self.control, &with)?;
        ensure!(answer["done"] == true, "order `{name}`: {answer}");
        Ok(())
    }

    /// Gives it an order that it has to refuse; gives why it does.
    ///
    /// # Errors
    /// If it is gone, or does it.
    pub(crate) fn refused(&self, name: &str, mut with: Value) -> Result<String> {
        with["order"] = name.into();
        let answer = ask(self.control, &with)?;
        let why = answer["refused"].as_str();
        Ok(why.with_context(|| format!("order `{name}` was not refused: {answer}"))?.to_owned())
    }

    /// Looks at it.
    ///
    /// # Errors
    /// If it is gone, or says no.
    pub(crate) fn look(&self, name: &str, mut with: Value) -> Result<Value> {
        with["look"] = name.into();
        let answer = ask(self.control, &with)?;
        if let Some(why) = answer["refused"].as_str() {
            bail!("look `{name}`: {why}");
        }
        Ok(answer)
    }

    /// Asks it to end in good order, and waits.
    pub(super) fn stop(mut self) -> Result<()> {
        let process = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(process, rustix::process::Signal::TERM)?;
        let status = self.child.wait()?;
        ensure!(status.success(), "a party ended with {status}");
        Ok(())
    }
}

impl Drop for Party {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn address(value: &Value) -> Result<SocketAddr> {
    let address = value.as_str().and_then(|text| text.parse().ok());
    address.with_context(|| format!("a party's ready line names no address but {value}"))
}

fn launch(arguments: &[String], log: &Path) -> Result<(Child, Value)> {
    let program = std::env::current_exe().context("the program does not know its own path")?;
    let mut command = Command::new(program);
    let said = OpenOptions::new().create(true).append(true).open(log)?;
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(said);
    let mut child = command.spawn().context("a party's process cannot be started")?;
    let Some(stdout) = child.stdout.take() else { bail!("a party has no standard output") };
    let mut line = String::new();
    BufReader::new(stdout).read_line(&mut line)?;
    if line.is_empty() {
        let status = child.wait()?;
        let said = std::fs::read_to_string(log).unwrap_or_default();
        let last = said.lines().last().unwrap_or("it said nothing");
        bail!("`{}` ended before it was ready ({status}): {last}", arguments[..2].join(" "));
    }
    Ok((child, serde_json::from_str(&line).context("a party's ready line")?))
}
