//! `treasury file`: a paper for the finance office, from a text or a file.

use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use domain::codes::Role;
use domain::command::{Body, By, Command, Paper};
use domain::ids::{ActId, BatchId, Day, DivisionIndex, FiscalYear, PersonId};
use domain::limits::PAPER_BYTES_MAX;
use domain::office::paper::PaperKind;
use domain::office::table::Table;
use domain::{Code, Refusal};
use protocol::client::{Options, Outcome, Told};
use protocol::json::{code_json, figures_json, position_json};
use protocol::{Client, Hello};
use serde_json::json;

use super::connection::CHANNEL;
use super::{arguments, connection};
use crate::entropy;
use crate::exit::{Exit, Failure};

/// File a paper (单据) with the finance office: it changes what is on file, whole or not at all.
///
/// A paper is lines of fields with one tab between two; docs/office.md says what each paper's lines
/// are. Empty lines and lines that begin with # are left out.
#[derive(Args)]
#[command(after_help = "\
Examples:
  treasury file base-put -f offices.tsv --division 184 --year 2022 --person 370031 \\
      --connect 127.0.0.1:7370
  treasury file base-put --text 'mof-dep\\t03\\t教科文处\\tbusiness' --check \\
      --division 184 --year 2022 --person 370031 --connect 127.0.0.1:7370
  treasury file base-remove -f - --division 184 --year 2022 --person 370031 \\
      --connect 127.0.0.1:7370 < gone.tsv")]
pub(super) struct File {
    /// The paper, by its name.
    #[arg(value_parser = paper)]
    paper: PaperKind,
    /// The division, by its index.
    #[arg(long, value_parser = arguments::division)]
    division: DivisionIndex,
    /// The year it is on file for.
    #[arg(long, value_parser = arguments::fiscal_year)]
    year: FiscalYear,
    /// Who files it, by staff number.
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u64).range(1..))]
    person: u64,
    /// In which capacity; without it the first that may file this paper.
    #[arg(long, value_parser = arguments::role)]
    role: Option<Role>,
    /// Its business day, where the paper needs one.
    #[arg(long, value_parser = arguments::day, value_name = "YYYY-MM-DD")]
    day: Option<Day>,
    /// Stage it in this batch, which this person has opened.
    #[arg(long, value_parser = arguments::id, value_name = "UUID")]
    batch: Option<u128>,
    /// The id of the act: the same id with the same contents takes effect once. Drawn if not given.
    #[arg(long, value_parser = arguments::id, value_name = "UUID")]
    act: Option<u128>,
    /// The lines; `\t` stands for a tab and `\n` for the end of a line.
    #[arg(long, required_unless_present = "file")]
    text: Option<String>,
    /// A file with the lines; - for standard input.
    #[arg(long, short, value_name = "FILE", conflicts_with = "text")]
    file: Option<PathBuf>,
    /// Only ask what would be answered: nothing changes.
    #[arg(long, visible_alias = "dry-run")]
    check: bool,
    /// The server.
    #[arg(long, visible_alias = "server", value_name = "ADDRESS")]
    connect: SocketAddr,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

fn paper(text: &str) -> Result<PaperKind, String> {
    PaperKind::from_slug(text).ok_or_else(|| {
        let near = PaperKind::ALL.iter().map(|kind| kind.slug());
        let beginning = text.split('-').next().unwrap_or(text);
        let near: Vec<&str> = near.filter(|slug| slug.starts_with(beginning)).collect();
        let known = if near.is_empty() { String::new() } else { near.join(", ") + "; " };
        format!("{text:?} is no paper; {known}docs/office.md has them all")
    })
}

/// The lines of a paper, and which lines of what people wrote they are.
struct Lines {
    text: String,
    numbers: Vec<usize>,
    /// What people call it.
    source: String,
}

/// The lines that say something, with their numbers from 1: not empty, and no notes behind a #.
pub(super) fn kept_lines(written: &str) -> impl Iterator<Item = (usize, &str)> {
    let written = written.strip_prefix('\u{feff}').unwrap_or(written);
    let numbered = written.lines().enumerate().map(|(at, line)| (at + 1, line));
    numbered.filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'))
}

impl Lines {
    fn of(written: &str, source: &str) -> Lines {
        let (numbers, lines): (Vec<usize>, Vec<&str>) = kept_lines(written).unzip();
        Lines { text: lines.join("\n"), numbers, source: source.to_owned() }
    }

    /// Where a refusal points to, as people find it: the place, and what stands there.
    fn place(&self, kind: PaperKind, line: i64, column: i64) -> String {
        let (line, column) = (line.max(1) as usize, column.max(1) as usize);
        let number = self.numbers.get(line - 1).copied().unwrap_or(line);
        let fields: Vec<&str> = self.text.lines().nth(line - 1).unwrap_or("").split('\t').collect();
        let mut told = format!("{}, line {number}, column {column}", self.source);
        if let Some(name) = column_of(kind, line, fields[0], column) {
            let _ = write!(told, " ({name})");
        }
        let _ = match fields.get(column - 1) {
            Some(field) => write!(told, ": {field:?} stands there"),
            None => write!(told, ": the line has {} columns", fields.len()),
        };
        // The lines of this paper are rows of the table each names.
        let table = Some(kind).filter(|kind| *kind == PaperKind::BasePut);
        let table = table.and_then(|_| Table::from_slug(fields[0]));
        let expected = table.and_then(|table| table.columns().get(column.checked_sub(2)?));
        if let Some(one) = expected {
            let _ = write!(told, "; {} {} is {}", one.name, one.chinese, one.form);
            if let Some(table) = one.refers {
                let _ = write!(told, ", a row of {table}");
            }
        }
        told
    }
}

/// What a column of a paper's line is called, where its lines are described.
fn column_of(kind: PaperKind, line: usize, first: &str, column: usize) -> Option<&'static str> {
    let form = kind.line(line, first)?;
    let before = 1 + usize::from(form.word.is_some());
    form.columns.get(column.checked_sub(before)?).copied()
}

impl File {
    pub(super) fn run(self) -> Result<Exit> {
        let lines = self.lines()?;
        let act = self.act.map_or_else(entropy::uuid, Ok)?;
        let role = self
            .role
            .unwrap_or_else(|| self.paper.roles().first().copied().unwrap_or(Role::Finance));
        let command = Command {
            by: By { person: PersonId(self.person), role, channel: CHANNEL },
            body: Body::File(Paper {
                act: ActId(act),
                division: self.division,
                year: self.year,
                kind: self.paper,
                batch: BatchId(self.batch.unwrap_or(0)),
                checker: PersonId::NOBODY,
                day: self.day,
                text: &lines.text,
            }),
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let outcome = runtime.block_on(async {
            let hello = Hello::new(role, CHANNEL, "treasury file");
            let address = self.connect.to_string();
            let client = Client::connect(address, hello, Options::default()).await?;
            if self.check { client.check(&command).await } else { client.submit(&command).await }
        });
        self.say(outcome.map_err(connection::failure)?, act, &lines)
    }

    fn lines(&self) -> Result<Lines> {
        let lines = match (&self.text, &self.file) {
            (Some(text), _) => {
                Lines::of(&text.replace("\\t", "\t").replace("\\n", "\n"), "the text")
            }
            (None, Some(path)) if path.as_os_str() == "-" => {
                let mut text = String::new();
                let read = std::io::stdin().lock().read_to_string(&mut text);
                read.context("standard input cannot be read as text")?;
                Lines::of(&text, "standard input")
            }
            (None, path) => {
                let path = path.clone().unwrap_or_default();
                let text = std::fs::read_to_string(&path).map_err(|why| {
                    Failure::file(format_args!("{} cannot be read as text", path.display()), &why)
                })?;
                Lines::of(&text, &path.display().to_string())
            }
        };
        let wrong = match lines.text.len() {
            0 => "a paper has at least one line".to_owned(),
            bytes if bytes > PAPER_BYTES_MAX => format!(
                "the paper has {bytes} bytes, and at most {PAPER_BYTES_MAX} fit: cut it into several, \
                 or stage them in a batch"
            ),
            _ => return Ok(lines),
        };
        Err(Failure::new(Exit::Usage, anyhow::anyhow!(wrong)).into())
    }

    fn say(&self, outcome: Outcome, act: u128, lines: &Lines) -> Result<Exit> {
        let slug = self.paper.slug();
        let told = match outcome {
            Outcome::Done(told) => told,
            Outcome::Refused(told) => return self.refused(&told, act, lines),
            Outcome::Unknown => {
                let what = anyhow::anyhow!(
                    "nobody knows whether {slug} was filed: give the same again with --act {act:032x}"
                );
                return Err(Failure::new(Exit::Unreachable, what).into());
            }
        };
        let mut out = std::io::stdout().lock();
        if self.json {
            writeln!(out, "{}", self.told_json(&told, act))?;
            return Ok(Exit::Ok);
        }
        let (count, at) = (lines.numbers.len(), told.at);
        let lines = if count == 1 { "1 line".to_owned() } else { format!("{count} lines") };
        match (told.result.checked, told.result.repeat, self.batch) {
            (true, ..) => writeln!(out, "{slug} would be filed: {lines}")?,
            (_, true, _) => writeln!(out, "{slug} was filed before, as act {act:032x}")?,
            (.., Some(_)) => writeln!(out, "{slug} staged at {at}, act {act:032x}: {lines}")?,
            _ => writeln!(out, "{slug} filed at {at}, act {act:032x}: {lines}")?,
        }
        Ok(Exit::Ok)
    }

    fn refused(&self, told: &Told, act: u128, lines: &Lines) -> Result<Exit> {
        if self.json {
            writeln!(std::io::stdout().lock(), "{}", self.told_json(told, act))?;
            return Ok(Exit::Refused);
        }
        let code = told.result.code;
        let mut text = format!("{} is refused: {}", self.paper.slug(), words(code));
        for (line, column) in
            told.refusal.iter().flat_map(Refusal::figures).filter_map(|f| f.place())
        {
            let _ = write!(text, "\n  {}", lines.place(self.paper, line, column));
        }
        text.push_str(&figures(told.refusal.as_ref()));
        let _ = write!(text, "\n  next: {}", code.next_step());
        Err(Failure::new(Exit::Refused, anyhow::anyhow!(text)).into())
    }

    fn told_json(&self, told: &Told, act: u128) -> serde_json::Value {
        let mut line = code_json(told.result.code);
        line["paper"] = json!(self.paper.slug());
        line["act"] = json!(format!("{act:032x}"));
        line["checked"] = json!(told.result.checked);
        line["repeat"] = json!(told.result.repeat);
        line["position"] = position_json(told.at);
        if let Some(refusal) = &told.refusal {
            line["figures"] = figures_json(refusal);
        }
        line
    }
}

/// The figures of a refusal that are amounts, a line each.
pub(super) fn figures(refusal: Option<&Refusal>) -> String {
    let amounts = refusal.into_iter().flat_map(Refusal::figures);
    let amounts = amounts.filter(|figure| figure.place().is_none());
    let told = amounts.map(|figure| {
        let (limit, asked) = (figure.limit.slug(), figure.requested_fen.to_yuan());
        format!("\n  {limit}: {asked} asked, {} left", figure.left_fen.to_yuan())
    });
    told.collect()
}

/// A code for people: number, name, and both languages.
pub(super) fn words(code: Code) -> String {
    format!("{} {}, {}; {}", code.number(), code.slug(), code.english(), code.chinese())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_told_in_the_lines_that_people_wrote() {
        let written = "\u{feff}# divisions of the office\nmof-dep\t01\t综合处\tbudget\r\n\n\
                       mof-dep\t02\t教科文处\tnone\n";
        let lines = Lines::of(written, "offices.tsv");
        assert_eq!(lines.text, "mof-dep\t01\t综合处\tbudget\nmof-dep\t02\t教科文处\tnone");
        let told = lines.place(PaperKind::BasePut, 2, 4);
        assert!(told.starts_with("offices.tsv, line 4, column 4: \"none\" stands there"), "{told}");
        assert!(told.ends_with("kind 处室类别 is one of business budget treasury other"), "{told}");
        let told = lines.place(PaperKind::BasePut, 1, 5);
        assert_eq!(told, "offices.tsv, line 2, column 5: the line has 4 columns");
        let draft = Lines::of("need\t1\t2022\tten", "plan");
        let told = draft.place(PaperKind::ProjectDraft, 1, 4);
        assert_eq!(told, "plan, line 1, column 4 (amount): \"ten\" stands there");
        let rank = Lines::of("P1\tfirst", "plan");
        let told = rank.place(PaperKind::ProjectRank, 1, 2);
        assert_eq!(told, "plan, line 1, column 2 (rank): \"first\" stands there");
        let told = lines.place(PaperKind::BaseRemove, 2, 2);
        assert_eq!(told, "offices.tsv, line 4, column 2: \"02\" stands there");
    }

    #[test]
    fn a_name_that_is_no_paper_is_told_the_near_ones() {
        let told = paper("base-drop").unwrap_err();
        assert!(told.contains("base-put, base-remove"), "{told}");
        assert!(paper("xyz").unwrap_err().contains("docs/office.md"));
    }
}
