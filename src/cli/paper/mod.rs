//! Commands that file papers: `treasury project`, `budget`, `goal`, `commitment`, and those of
//! `quota` and `rule`.
//!
//! There is one command for all of them. [`verbs`] says which word files which paper; what a paper's
//! lines are is known to `domain::office::form`, and makes its flags, its files and its help.

pub(super) mod filed;
mod given;
pub(super) mod lines;
pub(super) mod verbs;

use std::marker::PhantomData;
use std::net::SocketAddr;

use anyhow::Result;
use clap::{ArgMatches, Args, FromArgMatches, Subcommand};
use domain::codes::Role;
use domain::ids::{DivisionIndex, FiscalYear};

use super::arguments;
use crate::exit::Exit;
use filed::Part;
use verbs::{Verb, Verbs};

/// Where a paper is filed, and by whom.
#[derive(Args, Clone)]
pub(super) struct How {
    /// The division, by its index.
    #[arg(long, value_parser = arguments::division, value_name = "INDEX")]
    pub(super) division: DivisionIndex,
    /// The year it is on file for.
    #[arg(long, value_parser = arguments::fiscal_year, value_name = "YEAR")]
    pub(super) year: FiscalYear,
    /// Who files it, by staff number.
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u64).range(1..))]
    pub(super) person: u64,
    /// In which capacity; without it the first that may file this paper.
    #[arg(long, value_parser = arguments::role)]
    pub(super) role: Option<Role>,
    /// The id of the act: the same id with the same contents takes effect once. Drawn if not given.
    #[arg(long, value_parser = arguments::id, value_name = "UUID")]
    pub(super) act: Option<u128>,
    /// Only ask what would be answered: nothing changes.
    #[arg(long)]
    pub(super) dry_run: bool,
    /// The server.
    #[arg(long, visible_alias = "server", value_name = "ADDRESS")]
    pub(super) connect: SocketAddr,
    /// Print one JSON object.
    #[arg(long)]
    pub(super) json: bool,
}

/// A paper to be filed by one of the words of a command.
pub(super) struct Filing<V> {
    verb: &'static Verb,
    how: How,
    /// Its lines, as they were given.
    given: ArgMatches,
    of: PhantomData<V>,
}

impl<V: Verbs> Filing<V> {
    /// Files it.
    pub(super) fn run(self) -> Result<Exit> {
        let lines = given::lines(self.verb.kind, &self.given)?;
        let day = given::day(self.verb.kind, &self.given);
        let part = Part { kind: self.verb.kind, first: None, blocks: lines };
        filed::file(&self.how, day, vec![part])
    }
}

impl<V: Verbs> FromArgMatches for Filing<V> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let given = matches.subcommand().and_then(|(name, given)| {
            let verb = V::ALL.iter().find(|verb| verb.name == name)?;
            Some((verb, given))
        });
        let missing = clap::error::ErrorKind::MissingSubcommand;
        let (verb, given) = given.ok_or_else(|| clap::Error::new(missing))?;
        let how = How::from_arg_matches(given)?;
        Ok(Filing { verb, how, given: given.clone(), of: PhantomData })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Filing::from_arg_matches(matches)?;
        Ok(())
    }
}

impl<V: Verbs> Subcommand for Filing<V> {
    fn augment_subcommands(command: clap::Command) -> clap::Command {
        command.subcommands(V::ALL.iter().map(|verb| one(V::PATH, verb)))
    }

    fn augment_subcommands_for_update(command: clap::Command) -> clap::Command {
        Filing::<V>::augment_subcommands(command)
    }

    fn has_subcommand(name: &str) -> bool {
        V::ALL.iter().any(|verb| verb.name == name)
    }
}

/// The command of one word: its help says what the paper does, what its lines are, and an example.
fn one(path: &str, verb: &Verb) -> clap::Command {
    let kind = verb.kind;
    let command = given::arguments(kind, clap::Command::new(verb.name));
    let command = How::augment_args(command.next_help_heading(None::<&str>));
    // What its lines are, the flags say.
    let about = kind.about().trim_end_matches('.');
    let about =
        ABOUT_LINES.iter().find_map(|lines| about.split_once(lines)).map_or(about, |(a, _)| a);
    let example = example(path, verb);
    let after = format!("Example:\n{example}\n\n{}", given::note(kind));
    command.about(format!("{about} ({})", kind.chinese())).long_about(None).after_help(after)
}

/// Where a paper's own words go over to what its lines are.
const ABOUT_LINES: [&str; 4] = [": each line", ": lines", ": code", ": arrival"];

/// Columns of a line of an example.
const EXAMPLE_WIDTH: usize = 96;

/// A verb's example with where it is filed and by whom, on as many lines as it needs. A flag and its
/// value stay together.
fn example(path: &str, verb: &Verb) -> String {
    let Verb { name, person, example, .. } = verb;
    let place = format!("--division 3 --year 2022 --person {person} --connect 127.0.0.1:7370");
    let whole = format!("treasury {path} {name} {example} {place}");
    let (mut told, mut column) = (String::from(" "), 1);
    for (at, part) in whole.trim().split(" --").enumerate() {
        let part = if at == 0 { part.trim().to_owned() } else { format!("--{}", part.trim()) };
        // Chinese characters take two columns.
        let width: usize = part.chars().map(|one| if one.is_ascii() { 1 } else { 2 }).sum();
        if column + 1 + width > EXAMPLE_WIDTH {
            told.push_str(" \\\n     ");
            column = 5;
        }
        told.push(' ');
        told.push_str(&part);
        column += 1 + width;
    }
    told
}
