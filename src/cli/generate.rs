//! `treasury completions` and `treasury man`: what is made from the command line's own table.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{Args, CommandFactory};
use clap_complete::Shell;

use crate::exit::Exit;

/// The name the program is installed under.
const NAME: &str = "treasury";

/// Print the completions of a shell.
#[derive(Args)]
#[command(after_help = "\
Examples:
  treasury completions bash > /etc/bash_completion.d/treasury
  treasury completions fish > ~/.config/fish/completions/treasury.fish")]
pub(super) struct Completions {
    /// The shell.
    shell: Shell,
}

impl Completions {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        let mut text = Vec::new();
        clap_complete::generate(self.shell, &mut super::Arguments::command(), NAME, &mut text);
        std::io::stdout().lock().write_all(&text)?;
        Ok(Exit::Ok)
    }
}

/// Write a manual page for every command.
#[derive(Args)]
#[command(after_help = "Example:\n  treasury man --out ./man && man ./man/treasury-serve.1")]
pub(super) struct Man {
    /// The directory the pages are written to; it is made.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

impl Man {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        let directory = &self.out;
        make(directory)?;
        clap_mangen::generate_to(super::Arguments::command(), directory)
            .with_context(|| format!("cannot write the pages to {}", directory.display()))?;
        writeln!(std::io::stdout().lock(), "wrote the pages to {}", directory.display())?;
        Ok(Exit::Ok)
    }
}

/// Makes a directory, where it is not there.
pub(super) fn make(directory: &Path) -> anyhow::Result<()> {
    let failed = || format!("cannot make {}; choose another --out", directory.display());
    std::fs::create_dir_all(directory).with_context(failed)
}

/// Writes a file.
pub(super) fn write(file: &Path, text: &[u8]) -> anyhow::Result<()> {
    std::fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))
}
