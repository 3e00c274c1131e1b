//! The front door: the command line and the server. Wires, decides nothing.

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
