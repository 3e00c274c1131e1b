//! The flags of a paper's lines, made from its forms, and the lines that flags and files give.

use std::path::PathBuf;

use anyhow::Result;
use clap::{Arg, ArgAction, ArgGroup, ArgMatches, Command};
use domain::ids::Day;
use domain::office::form::LineForm;
use domain::office::paper::PaperKind;

use super::lines::{self, Line, flag, told, value_name};
use crate::cli::arguments;
use crate::exit::{Exit, Failure};

/// How the forms of a paper go together.
enum Shape {
    /// One form of one column: its values, one after another.
    Values(&'static LineForm),
    /// One form of several columns: a flag for each.
    Columns(&'static LineForm),
    /// One word, and nothing to be said beside it.
    Word(&'static LineForm),
    /// One of several words.
    Words(&'static [LineForm]),
    /// A line, with details under it.
    Headed(&'static LineForm, &'static LineForm),
}

fn shape(kind: PaperKind) -> Shape {
    match kind.lines() {
        [form] if form.word.is_some() && form.columns.is_empty() => Shape::Word(form),
        [form] if form.columns.len() == 1 => Shape::Values(form),
        [form] => Shape::Columns(form),
        [head, detail] if detail.is_detail => Shape::Headed(head, detail),
        forms => Shape::Words(forms),
    }
}

/// The column of a line that nothing is ever written into.
const NOTHING: &str = "nothing";

/// What a column's flag is known by: never what a flag of every paper is known by.
fn id(column: &str) -> String {
    format!("line.{column}")
}

const LINES: &str = "lines";
const DAY: &str = "day";

/// Adds the flags of a paper's lines to a command.
pub(super) fn arguments(kind: PaperKind, command: Command) -> Command {
    let command = command.next_help_heading("Lines");
    let command = match shape(kind) {
        Shape::Word(_) => command,
        Shape::Values(form) => {
            let column = form.columns[0];
            let values =
                Arg::new(id(column)).value_name(value_name(column)).help(told(form, column));
            let values = values.num_args(1..).required_unless_present(LINES);
            command.arg(values).arg(file(LINES, form).conflicts_with(id(column)))
        }
        Shape::Columns(form) => columns(command, form).arg(file(LINES, form)),
        Shape::Words(forms) => words(command, forms),
        Shape::Headed(head, detail) => {
            let under = detail.word.unwrap_or("detail");
            let more = format!("{under}-lines");
            let record = detail.columns[1..].join(",").to_uppercase();
            let each = Arg::new(under).long(under).value_name(record).action(ArgAction::Append);
            let each = each.help(format!("A line under it: {}", detail.columns[1..].join(",")));
            let command = columns(command, head).arg(file(LINES, head));
            let command = command.arg(each.conflicts_with_all([LINES.to_owned(), more.clone()]));
            command.arg(file(&more, detail))
        }
    };
    if !kind.has_day() {
        return command;
    }
    let day = Arg::new(DAY).long(DAY).value_name("YYYY-MM-DD").value_parser(arguments::day);
    command.arg(day.help("The paper's business day"))
}

fn file(flag: &str, form: &LineForm) -> Arg {
    let columns = form.columns.join(", ");
    let help = format!("A CSV file whose first row names {columns}, in any order");
    let file = Arg::new(flag.to_owned()).long(flag.to_owned()).value_name("FILE.csv");
    file.value_parser(clap::value_parser!(PathBuf)).help(help)
}

/// A flag for each column, in place of a file.
fn columns(command: Command, form: &'static LineForm) -> Command {
    form.columns.iter().fold(command, |command, column| {
        let flag = column_flag(form, column).conflicts_with(LINES);
        command.arg(if form.may_be_empty(column) {
            flag.default_value("").hide_default_value(true)
        } else {
            flag.required_unless_present(LINES)
        })
    })
}

fn column_flag(form: &LineForm, column: &'static str) -> Arg {
    let flag = Arg::new(id(column)).long(flag(form, column)).value_name(value_name(column));
    flag.allow_hyphen_values(true).help(told(form, column))
}

/// A flag for each word, of which one is given, and one for each further column.
fn words(mut command: Command, forms: &'static [LineForm]) -> Command {
    let mut further: Vec<&'static str> = Vec::new();
    for form in forms {
        let Some(word) = form.word else { continue };
        let flag = Arg::new(word).long(word);
        command = command.arg(match own(form) {
            None => flag.action(ArgAction::SetTrue).help("All of it"),
            Some(column) => {
                let flag = flag.value_name(value_name(column)).num_args(1..);
                flag.action(ArgAction::Append).help(told(form, column))
            }
        });
        let more = form.columns.iter().skip(1).filter(|column| !further.contains(column));
        let more: Vec<&'static str> = more.copied().collect();
        for column in &more {
            let flag = column_flag(form, column);
            let optional = form.may_be_empty(column);
            command = command.arg(if optional {
                flag.default_value("").hide_default_value(true)
            } else {
                flag.required(true)
            });
        }
        further.extend(more);
    }
    let all: Vec<&'static str> = forms.iter().filter_map(|form| form.word).collect();
    command.group(ArgGroup::new("word").args(all).required(true))
}

/// The column that the word's flag has the value of.
fn own(form: &'static LineForm) -> Option<&'static str> {
    form.columns.first().copied().filter(|column| *column != NOTHING)
}

/// What the help says beside the flags.
pub(super) fn note(kind: PaperKind) -> String {
    let paper = kind.slug();
    match shape(kind) {
        Shape::Word(_) | Shape::Words(_) => format!("Files {paper}."),
        _ => format!(
            "Files {paper}. More lines than one paper takes go in several, one after the other: each is\n\
             taken whole or not at all."
        ),
    }
}

/// The business day that was given beside the lines.
pub(super) fn day(kind: PaperKind, given: &ArgMatches) -> Option<Day> {
    if kind.has_day() { given.get_one::<Day>(DAY).copied() } else { None }
}

/// The lines, as blocks that stay together.
///
/// # Errors
/// If a file cannot be read or does not fit.
pub(super) fn lines(kind: PaperKind, given: &ArgMatches) -> Result<Vec<Vec<Line>>> {
    let from_file = |form| match given.get_one::<PathBuf>(LINES) {
        Some(path) => lines::read(path, form, &[]).map(Some),
        None => Ok(None),
    };
    let alone = |lines: Vec<Line>| lines.into_iter().map(|line| vec![line]).collect();
    match shape(kind) {
        Shape::Word(form) => Ok(vec![vec![Line::of_flags(form, Vec::new())]]),
        Shape::Values(form) => {
            let values = || {
                let values = texts(given, &id(form.columns[0])).into_iter();
                values.map(|value| Line::of_flags(form, vec![value])).collect()
            };
            Ok(alone(from_file(form)?.unwrap_or_else(values)))
        }
        Shape::Columns(form) => {
            Ok(alone(from_file(form)?.unwrap_or_else(|| vec![of_columns(given, form)])))
        }
        Shape::Words(forms) => Ok(alone(of_words(given, forms))),
        Shape::Headed(head, detail) => {
            let under = detail.word.unwrap_or("detail");
            let heads = from_file(head)?.unwrap_or_else(|| vec![of_columns(given, head)]);
            let details = match given.get_one::<PathBuf>(&format!("{under}-lines")) {
                Some(path) => lines::read(path, detail, &[])?,
                None => of_records(given, &heads[0], detail, under)?,
            };
            lines::blocks(heads, details)
        }
    }
}

/// All values of a flag.
fn texts(given: &ArgMatches, id: &str) -> Vec<String> {
    given.get_many::<String>(id).into_iter().flatten().cloned().collect()
}

fn text(given: &ArgMatches, column: &str) -> String {
    if column == NOTHING {
        return String::new();
    }
    given.get_one::<String>(&id(column)).cloned().unwrap_or_default()
}

fn of_columns(given: &ArgMatches, form: &'static LineForm) -> Line {
    Line::of_flags(form, form.columns.iter().map(|column| text(given, column)).collect())
}

/// A line for each value of the word that was given.
fn of_words(given: &ArgMatches, forms: &'static [LineForm]) -> Vec<Line> {
    let mut lines = Vec::new();
    for form in forms {
        let Some(word) = form.word else { continue };
        let further = || form.columns.iter().skip(1).map(|column| text(given, column));
        if own(form).is_some() {
            for value in texts(given, word) {
                lines.push(Line::of_flags(form, std::iter::once(value).chain(further()).collect()));
            }
        } else if given.get_flag(word) {
            let nothing = form.columns.first().map(|_| String::new());
            lines.push(Line::of_flags(form, nothing.into_iter().chain(further()).collect()));
        }
    }
    lines
}

/// Details as records of their columns behind the first, which names the line they stand under.
fn of_records(
    given: &ArgMatches,
    head: &Line,
    detail: &'static LineForm,
    under: &str,
) -> Result<Vec<Line>> {
    let mut lines = Vec::new();
    for record in texts(given, under) {
        let mut reader = csv::ReaderBuilder::new();
        reader.has_headers(false).flexible(true);
        let values = reader.from_reader(record.as_bytes()).into_records().flatten();
        let values = values.flat_map(|record| record.iter().map(str::to_owned).collect::<Vec<_>>());
        let fields: Vec<String> = std::iter::once(head.fields[0].clone()).chain(values).collect();
        let wanted = &detail.columns[1..];
        if fields.len() != detail.columns.len() {
            let what = anyhow::anyhow!(
                "--{under} {record:?} has {} values; write {}: {}",
                fields.len() - 1,
                wanted.len(),
                wanted.join(",")
            );
            return Err(Failure::new(Exit::Usage, what).into());
        }
        lines.push(Line::of_flags(detail, fields));
    }
    Ok(lines)
}
