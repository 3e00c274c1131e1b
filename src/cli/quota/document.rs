//! `treasury quota document`: quota documents (指标文), written by one person and checked by another.

use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Result, bail};
use clap::{Args, Subcommand};
use domain::Fen;
use domain::ids::Day;
use domain::money::{FenSum, yuan_plain};
use domain::office::Office;
use domain::office::field::Field;
use domain::office::form::LineForm;
use domain::office::paper::PaperKind;
use domain::office::table::{Table, Tabled};
use domain::office::tables::document::{Document, DocumentKind, DocumentLine, DocumentState};

use crate::cli::arguments::{self, word};
use crate::cli::paper::filed::{self, Part};
use crate::cli::paper::lines::{self, Line};
use crate::cli::paper::verbs::OfDocuments;
use crate::cli::paper::{Filing, How};
use crate::cli::rows::{self, OnFile, Place};
use crate::cli::show;
use crate::exit::Exit;

/// Write, check, send back and look at quota documents (指标文).
#[derive(Args)]
pub(super) struct Documents {
    /// What to do.
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Write a document with its lines, for another person to check.
    Draft(Draft),
    /// List documents with where they stand.
    List(List),
    /// Show a document, its lines, and how it ended.
    Show(Show),
    #[command(flatten)]
    Paper(Filing<OfDocuments>),
}

impl Documents {
    pub(super) fn run(self) -> Result<Exit> {
        match self.what {
            What::Draft(draft) => draft.run(),
            What::List(list) => list.run(),
            What::Show(show) => show.run(),
            What::Paper(paper) => paper.run(),
        }
    }
}

/// Write a document with its lines, for another person to check.
#[derive(Args)]
#[command(after_help = "\
Examples:
  treasury quota document draft --code D-2022-001 --kind initial --number 平财预指〔2022〕1号 \\
      --title 年初批复 --date 2022-02-25 --authority 平人发〔2022〕1号 --all \\
      --division 3 --year 2022 --person 2 --connect 127.0.0.1:7370
  treasury quota document draft --code D-2022-002 --kind virement --number 平财预指〔2022〕9号 \\
      --title 调剂 --date 2022-05-10 --authority 平财预〔2022〕20号 \\
      --row R-PAPER --from 3/2022/1 --amount 1000.00 \\
      --division 3 --year 2022 --person 2 --connect 127.0.0.1:7370
  treasury quota document draft --code D-2022-003 --kind transfer --number 平财预指〔2022〕10号 \\
      --title 对下转移支付 --date 2022-05-10 --authority 平财预〔2022〕21号 --lines lines.csv \\
      --division 3 --year 2022 --person 2 --connect 127.0.0.1:7370

A draft moves no money. Its head goes before its lines; what is given again takes their place, until
another person has checked it. Lines are held against the state when they are checked: `--dry-run`
asks of the head alone, and `treasury quota document check CODE --dry-run` of all of it.")]
struct Draft {
    /// Its number in this system, without blanks.
    #[arg(long)]
    code: String,
    /// What it does.
    #[arg(long, value_parser = word::<DocumentKind>)]
    kind: DocumentKind,
    /// Official document number (文号).
    #[arg(long)]
    number: String,
    /// Its title.
    #[arg(long, default_value = "", hide_default_value = true)]
    title: String,
    /// The day it bears.
    #[arg(long, value_parser = arguments::day, value_name = "YYYY-MM-DD")]
    date: Day,
    /// What it rests on: a resolution, an approval, an upper document.
    #[arg(long)]
    authority: String,
    /// No lines: all that is there, by the reply, a recovery or a carry-over.
    #[arg(long, conflicts_with_all = ["lines", "amount"])]
    all: bool,
    /// A CSV file whose first row names row,from,to,to_division,amount,cap, in any order; what is
    /// left out says nothing.
    #[arg(long, value_name = "FILE.csv", conflicts_with = "amount")]
    lines: Option<PathBuf>,
    /// Of a single line: the budget row it rests on, or goes to.
    #[arg(long, default_value = "", hide_default_value = true)]
    row: String,
    /// Of a single line: the quota it takes from.
    #[arg(long, default_value = "none")]
    from: String,
    /// Of a single line: the quota it gives to; none: the row's own.
    #[arg(long, default_value = "none")]
    to: String,
    /// Of a single line: the division it goes to, by its nine-digit code.
    #[arg(long, default_value = "", hide_default_value = true)]
    to_division: String,
    /// Of a single line: how much, in yuan.
    #[arg(long, required_unless_present_any = ["all", "lines"])]
    amount: Option<String>,
    /// Of a single line before the approval: what was spent in the same period of last year.
    #[arg(long, default_value = "0.00")]
    cap: String,
    #[command(flatten)]
    how: How,
}

/// What stands where a line says nothing.
const SILENT: [(&str, &str); 3] = [("from", "none"), ("to", "none"), ("cap", "0.00")];

/// The form of a document's lines.
fn line_form() -> &'static LineForm {
    &PaperKind::DocumentLines.lines()[1]
}

impl Draft {
    fn run(self) -> Result<Exit> {
        let mut parts = self.parts()?;
        if self.how.dry_run {
            parts.truncate(1);
        }
        filed::file(&self.how, None, parts)
    }

    fn lines(&self) -> Result<Vec<Line>> {
        let form = line_form();
        let mut lines = match &self.lines {
            _ if self.all => Vec::new(),
            Some(path) => lines::read(path, form, &["line", "from", "to", "cap"])?,
            None => {
                let amount = self.amount.as_deref().unwrap_or("");
                let fields =
                    ["", &self.row, &self.from, &self.to, &self.to_division, amount, &self.cap];
                vec![Line::of_flags(form, fields.map(str::to_owned).into())]
            }
        };
        for (at, line) in lines.iter_mut().enumerate() {
            line.fill("line", &(at + 1).to_string());
            for (column, silent) in SILENT {
                line.fill(column, silent);
            }
        }
        Ok(lines)
    }

    /// The head, then the lines.
    fn parts(&self) -> Result<Vec<Part>> {
        let lines = self.lines()?;
        let total = total(&lines)?;
        let head = vec![
            self.code.clone(),
            self.kind.slug().to_owned(),
            self.number.clone(),
            self.title.clone(),
            show::day(self.date),
            self.authority.clone(),
            lines.len().to_string(),
            yuan_plain(total),
        ];
        let (draft, of) = (PaperKind::DocumentDraft, PaperKind::DocumentLines);
        let head = Line::of_flags(&draft.lines()[0], head);
        let mut parts = vec![Part { kind: draft, first: None, blocks: vec![vec![head]] }];
        if !lines.is_empty() {
            let first = Some(Line::of_flags(&of.lines()[0], vec![self.code.clone()]));
            let blocks = lines.into_iter().map(|line| vec![line]).collect();
            parts.push(Part { kind: of, first, blocks });
        }
        Ok(parts)
    }
}

/// The sum of lines.
fn total(lines: &[Line]) -> Result<FenSum> {
    let (mut sum, mut wrong) = (0, Vec::new());
    let at = line_form().columns.iter().position(|column| *column == "amount").unwrap_or(0);
    for line in lines {
        match line.field("amount").and_then(Fen::read) {
            Some(amount) => sum += FenSum::from(amount.get()),
            None => wrong.push(line.wrong(at as i64 + 1)),
        }
    }
    if wrong.is_empty() { Ok(sum) } else { Err(lines::unfit(&wrong)) }
}

/// List documents with where they stand.
#[derive(Args)]
#[command(after_help = "\
Examples:
  treasury quota document list --division 3 --year 2022 --connect 127.0.0.1:7370
  treasury quota document list --state drafted --division 3 --year 2022 --connect 127.0.0.1:7370")]
struct List {
    #[command(flatten)]
    place: Place,
    /// Only those that stand there.
    #[arg(long, value_parser = word::<DocumentState>)]
    state: Option<DocumentState>,
    /// Print one JSON object per document.
    #[arg(long)]
    json: bool,
}

const COLUMNS: [&str; 9] =
    ["code", "state", "kind", "number", "day", "lines", "total", "maker", "checker"];

impl List {
    fn run(&self) -> Result<Exit> {
        let on_file = self.place.read(&[Table::Document])?;
        let all = on_file.office.all::<Document>();
        let wanted = all.filter(|one| self.state.is_none_or(|state| state == one.state));
        let fields = |one: &Document| {
            vec![
                one.code.to_string(),
                one.state.slug().to_owned(),
                one.kind.slug().to_owned(),
                one.number.to_string(),
                show::day(one.day),
                one.lines.to_string(),
                one.total_fen.to_yuan(),
                one.maker.0.to_string(),
                one.checker.0.to_string(),
            ]
        };
        let listed: Vec<Vec<String>> = wanted.map(fields).collect();
        rows::print_list(self.json, &COLUMNS, &listed)?;
        on_file.say_when();
        Ok(Exit::Ok)
    }
}

/// Show a document, its lines, and how it ended.
#[derive(Args)]
#[command(after_help = "\
Examples:
  treasury quota document show D-2022-001 --division 3 --year 2022 --connect 127.0.0.1:7370
  treasury quota document show D-2022-001 --wait --division 3 --year 2022 --connect 127.0.0.1:7370")]
struct Show {
    /// The document's number in this system.
    document: String,
    #[command(flatten)]
    place: Place,
    /// Wait until the engine has carried out what was checked, for up to ten seconds.
    #[arg(long)]
    wait: bool,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// How often a document is looked at that is being carried out, and how long.
const LOOK_EVERY: Duration = Duration::from_millis(50);
const LOOKS_MAX: u32 = 200;

impl Show {
    fn run(&self) -> Result<Exit> {
        let on_file = self.read()?;
        let document = self.document(&on_file.office)?;
        let mut out = std::io::stdout().lock();
        if self.json {
            writeln!(out, "{}", json_of(document, &on_file.office))?;
        } else {
            print(&mut out, document, &on_file)?;
        }
        if self.wait && document.state == DocumentState::Checked {
            bail!("document {} is still being carried out; ask again", self.document);
        }
        Ok(Exit::Ok)
    }

    /// What is on file, once it is carried out if that is waited for.
    fn read(&self) -> Result<OnFile> {
        let mut looks = 1;
        loop {
            let on_file = self.place.read(&[Table::Document, Table::DocumentLine])?;
            let checked = self.document(&on_file.office)?.state == DocumentState::Checked;
            if !(self.wait && checked) || looks == LOOKS_MAX {
                return Ok(on_file);
            }
            looks += 1;
            std::thread::sleep(LOOK_EVERY);
        }
    }

    fn document<'a>(&self, office: &'a Office) -> Result<&'a Document> {
        office.get::<Document>(&self.document).ok_or_else(|| {
            self.place.missing(Table::Document, &self.document, "treasury quota document list")
        })
    }
}

fn lines_of<'a>(document: &Document, office: &'a Office) -> Vec<&'a DocumentLine> {
    let mut lines: Vec<&DocumentLine> =
        office.beginning(&format!("{}/", &*document.code)).collect();
    lines.sort_by_key(|line| line.line);
    lines
}

fn json_of(document: &Document, office: &Office) -> serde_json::Value {
    let lines = lines_of(document, office).into_iter().cloned();
    let mut told = rows::json_of(&document.clone().into_row());
    told["document_lines"] = lines.map(|line| rows::json_of(&line.into_row())).collect();
    told
}

fn print(out: &mut impl Write, document: &Document, on_file: &OnFile) -> Result<()> {
    let state = document.state;
    writeln!(out, "document {}  {}  {}", &*document.code, state.slug(), state.chinese())?;
    rows::print_columns(out, Table::Document, &rows::text_of(&document.clone().into_row()))?;
    let lines = lines_of(document, &on_file.office);
    if !lines.is_empty() {
        let names: Vec<&str> =
            Table::DocumentLine.columns().iter().skip(1).map(|column| column.name).collect();
        writeln!(out, "{}", names.join("\t"))?;
    }
    for line in lines {
        let text = rows::text_of(&line.clone().into_row());
        writeln!(out, "{}", text.split_once('\t').map_or("", |(_, behind)| behind))?;
    }
    on_file.say_when();
    Ok(())
}
