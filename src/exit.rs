//! Exit codes. They are part of the interface: scripts read them.

use std::io::ErrorKind;
use std::process::ExitCode;

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    /// Done.
    Ok = 0,
    /// A fault that has no code of its own.
    Fault = 1,
    /// The command line is wrong. clap exits with it too.
    Usage = 2,
    /// The engine answered no.
    Refused = 3,
    /// The configuration is wrong.
    Config = 4,
    /// The data directory cannot be used: another process has it, no room, another format. Or the
    /// system gives a server no address, or too few descriptors.
    CannotStart = 5,
    /// The server cannot be reached or went away.
    Unreachable = 6,
    /// The journal is damaged.
    Damage = 10,
    /// An answer differed from its prediction, or an invariant does not hold.
    Mismatch = 11,
}

impl Exit {
    /// Every code with its meaning, for the help text.
    pub(crate) const TABLE: &'static str = "\
Exit codes:
  0  done
  1  a fault that has no code of its own
  2  the command line is wrong
  3  the engine answered no
  4  the configuration is wrong
  5  the data directory, an address or a limit of the system makes a start impossible
  6  the server cannot be reached or went away
 10  the journal is damaged
 11  an answer differed from its prediction, or an invariant does not hold";

    /// For `main`.
    pub(crate) fn code(self) -> ExitCode {
        ExitCode::from(self as u8)
    }
}

/// An error with the exit code it ends the program with.
#[derive(Debug, thiserror::Error)]
#[error("{error:#}")]
pub(crate) struct Failure {
    /// The exit code.
    pub(crate) exit: Exit,
    error: anyhow::Error,
}

impl Failure {
    /// An error that ends the program with a code.
    pub(crate) fn new(exit: Exit, error: impl Into<anyhow::Error>) -> Failure {
        Failure { exit, error: error.into() }
    }

    /// What whoever gave the command has to do otherwise: a value, a file or a paper is wrong.
    pub(crate) fn usage(what: impl std::fmt::Display) -> Failure {
        Failure::new(Exit::Usage, anyhow::anyhow!("{what:#}"))
    }

    /// A file cannot be read or written: whoever named it has to name another, unless the disk fails.
    pub(crate) fn file(what: impl std::fmt::Display, why: &std::io::Error) -> Failure {
        let exit = match why.kind() {
            ErrorKind::NotFound
            | ErrorKind::PermissionDenied
            | ErrorKind::AlreadyExists
            | ErrorKind::IsADirectory
            | ErrorKind::NotADirectory
            | ErrorKind::InvalidInput
            | ErrorKind::InvalidData => Exit::Usage,
            _ => Exit::Fault,
        };
        Failure::new(exit, anyhow::anyhow!("{what}: {why}"))
    }

    /// The code for any error: its own where it has one.
    pub(crate) fn exit_of(error: &anyhow::Error) -> Exit {
        error.downcast_ref::<Failure>().map_or(Exit::Fault, |failure| failure.exit)
    }
}
