//! `treasury config check`.

use std::io::Write;

use clap::parser::ValueSource;
use clap::{ArgMatches, Args, Subcommand};
use serde_json::{Value, json};

use super::serve::{ServerFlags, Sources};
use crate::exit::Exit;
use crate::server::{NAMES, Origin};

/// Look at a server's settings without starting it.
#[derive(Args)]
pub(super) struct Config {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Check settings, and say each one's value and where it comes from.
    Check(Check),
}

/// Check settings, and say each one's value and where it comes from.
#[derive(Args)]
#[command(after_help = "\
Examples:
  treasury config check --config /etc/treasury/treasury.toml
  TREASURY_SHARDS=4 treasury config check --data ./data --json

Takes what `treasury serve` takes: flags win over the environment, that over the file, that over
defaults. Exits with 4 where a server would not start on them; an error in the file is named by
line and column. Nothing is opened but the file.")]
struct Check {
    #[command(flatten)]
    sources: Sources,
    #[command(flatten)]
    flags: ServerFlags,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

impl Config {
    /// `matches` is what the command line was parsed from: it knows where each value came from.
    pub(super) fn run(self, matches: &ArgMatches) -> anyhow::Result<Exit> {
        let What::Check(check) = self.what;
        let of_check = matches.subcommand().and_then(|(_, config)| config.subcommand());
        let given = of_check.map(|(_, given)| given);
        check.run(given)
    }
}

impl Check {
    fn run(self, given: Option<&ArgMatches>) -> anyhow::Result<Exit> {
        let file = self.sources.config.clone();
        let (settings, lines) = self.sources.settle_with_lines(self.flags.layer())?;
        let mut rows = Vec::with_capacity(NAMES.len());
        for name in NAMES {
            let line = lines.iter().find(|(of, _)| of == name).map(|(_, line)| *line);
            let in_file = file.clone().zip(line).map(|(file, line)| Origin::File(file, line));
            let origin = given.and_then(|given| on_command_line(given, name)).or(in_file);
            rows.push((name, settings.text(name), origin.unwrap_or(Origin::Default)));
        }
        let mut out = std::io::stdout().lock();
        if self.json {
            let rows: Vec<Value> = rows.iter().map(as_json).collect();
            writeln!(out, "{}", json!({ "settings": rows }))?;
        } else {
            for (name, value, origin) in rows {
                writeln!(out, "{name:<28} {value:<24} {origin}")?;
            }
        }
        Ok(Exit::Ok)
    }
}

fn as_json((name, value, origin): &(&str, String, Origin)) -> Value {
    let mut row = json!({ "name": name, "value": value, "origin": origin.slug() });
    match origin {
        Origin::Default => {}
        Origin::File(file, line) => {
            row["file"] = json!(file.display().to_string());
            row["line"] = json!(line);
        }
        Origin::Environment(of) | Origin::Flag(of) => row["given_as"] = json!(of),
    }
    row
}

/// Where on the command line or in the environment a setting was given.
fn on_command_line(given: &ArgMatches, name: &str) -> Option<Origin> {
    // The one flag that leaves its unit out.
    let id = if name == "memory_limit_mib" { "memory_limit" } else { name };
    match given.value_source(id)? {
        ValueSource::CommandLine => Some(Origin::Flag(format!("--{}", id.replace('_', "-")))),
        ValueSource::EnvVariable => {
            Some(Origin::Environment(format!("TREASURY_{}", name.to_uppercase())))
        }
        _ => None,
    }
}
