//! Faults of system calls, given by strace: the N-th call of a kind on certain files, in each
//! thread, is killed at its entry, fails, lies about its length or is late.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use crate::harness::wait_for;

/// A fault: which calls, on which files, and what becomes of them.
#[derive(Clone, Debug)]
pub(crate) struct Fault {
    /// Calls by name, with commas.
    pub(crate) calls: &'static str,
    /// Files the calls are on; none: any.
    pub(crate) paths: Vec<PathBuf>,
    /// `signal=KILL`, `error=EIO`, `retval=37`, `delay_enter=300ms`.
    pub(crate) becomes: String,
    /// `3`: the third; `1+`: every one.
    pub(crate) when: String,
}

impl Fault {
    fn arguments(&self, log: &Path) -> Vec<String> {
        let mut arguments = vec!["-f".to_owned(), "-o".to_owned(), log.display().to_string()];
        for path in &self.paths {
            arguments.extend(["-P".to_owned(), path.display().to_string()]);
        }
        let Fault { calls, becomes, when, .. } = self;
        arguments.extend(["-e".to_owned(), format!("trace={calls}")]);
        arguments.extend(["-e".to_owned(), format!("inject={calls}:{becomes}:when={when}")]);
        arguments
    }

    /// What to start a server beneath, so that the fault is there from its first call on. The
    /// server stays our own child; its tracer ends with it.
    pub(crate) fn beneath(&self, log: &Path) -> Vec<String> {
        // Not with --seccomp-bpf: strace 6.1 then loses the signals it injects.
        let mut command = vec!["strace".to_owned(), "-D".to_owned()];
        command.extend(self.arguments(log));
        command
    }
}

/// What strace wrote down.
pub(crate) struct Log(String);

impl Log {
    pub(crate) fn read(path: &Path) -> Log {
        let bytes = std::fs::read(path).unwrap_or_default();
        Log(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Whether the fault has come.
    pub(crate) fn is_hit(&self) -> bool {
        self.is_injected() || self.0.contains("killed by SIGKILL")
    }

    /// Whether a call was made to fail or to lie.
    pub(crate) fn is_injected(&self) -> bool {
        self.0.contains("(INJECTED)")
    }

    /// Calls of a kind that began after the fault came.
    pub(crate) fn calls_after(&self, call: &str) -> usize {
        let Some(at) = self.0.find("(INJECTED)") else { return 0 };
        self.0[at..].lines().skip(1).filter(|line| line.contains(&format!(" {call}("))).count()
    }
}

/// Whether strace is here and may trace; if not, why, and what to do.
pub(crate) fn usable() -> Result<(), String> {
    let traced = Command::new("strace").args(["-f", "-o", "/dev/null", "true"]).output();
    match traced {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(format!(
            "strace may not trace here: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        )),
        Err(error) => Err(format!("strace cannot be run ({error}): apt-get install strace")),
    }
}

/// A tracer on a process that was there before it.
pub(crate) struct Tracer {
    child: Child,
    /// Kept open: it goes on writing there.
    _says: BufReader<ChildStderr>,
}

impl Tracer {
    /// Attaches to a process and its threads, and waits until the fault is in place.
    pub(crate) fn attach(process: u32, fault: &Fault, log: &Path) -> Tracer {
        let mut command = Command::new("strace");
        command.args(fault.arguments(log)).args(["-p", &process.to_string()]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("strace can be started");
        let mut says = BufReader::new(child.stderr.take().expect("its errors are a pipe"));
        let mut line = String::new();
        says.read_line(&mut line).expect("strace says something");
        assert!(line.contains("attached"), "strace says {line}");
        Tracer { child, _says: says }
    }

    /// Takes the fault away and lets the process go on.
    pub(crate) fn detach(mut self) {
        kill_process(Pid::from_child(&self.child), Signal::TERM).expect("strace takes a signal");
        wait_for("strace ends", || self.child.try_wait().expect("a child can be waited for"));
    }
}

impl Drop for Tracer {
    fn drop(&mut self) {
        // It may have ended already; a test that failed leaves no tracer behind.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
