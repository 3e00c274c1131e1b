//! The front door: the command line and the server. Wires, decides nothing.

// A reader that has gone away ends a command quietly: what cannot be written is an error, and no panic.
#![deny(clippy::print_stdout)]

mod child;
mod cli;
mod clock;
mod entropy;
mod exit;
mod hex;
mod party;
mod plain;
mod process;
mod province;
mod runner;
mod server;
mod verification;
mod wire;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main()
}
