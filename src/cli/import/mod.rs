//! `treasury import`: base data from files, all of it or nothing.

pub(super) mod files;
mod send;

use std::collections::BTreeMap;
use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use domain::codes::Role;
use domain::ids::{DivisionIndex, FiscalYear, PersonId};
use domain::office::Office;
use domain::office::import::{Ground, Import, check};
use domain::office::line::Change;
use domain::office::table::Table;
use domain::office::tables::base::DivisionCard;
use domain::{Code, Refusal};
use protocol::Hello;
use protocol::client::{Client, Options};
use serde_json::json;

use super::connection::{CHANNEL, failure};
use super::{arguments, rows, show};
use crate::exit::{Exit, Failure};
use files::{Files, Wrong};
use send::{End, Papers, To};

/// Put base data of a division and year on file, from comma-separated files.
#[derive(Args)]
#[command(after_help = "\
Examples:
  treasury import docs/examples/county domain/data/2022 \\
      --connect 127.0.0.1:7370 --division 3 --year 2022 --person 1
  treasury import unit.csv post.csv --dry-run \\
      --connect 127.0.0.1:7370 --division 3 --year 2022 --person 1

A file is named after its table and has the columns' names in its first row, in any order. Everything
that does not fit is listed as file:row:column: value: what is expected, and nothing is taken then.
What is on file already and is not named stays. An import that was cut off goes on when it is given
again.")]
pub(super) struct ImportFiles {
    /// Files, or folders of .csv files.
    #[arg(required = true, value_name = "FILES|DIR")]
    paths: Vec<PathBuf>,
    /// The server.
    #[arg(long, visible_alias = "server", value_name = "ADDRESS")]
    connect: SocketAddr,
    /// The division's index.
    #[arg(long, value_parser = arguments::division)]
    division: DivisionIndex,
    /// The fiscal year.
    #[arg(long, value_parser = arguments::fiscal_year)]
    year: FiscalYear,
    /// The staff number of the base keeper who imports.
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
    person: u64,
    /// Look for everything that does not fit, and change nothing.
    #[arg(long)]
    dry_run: bool,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

impl ImportFiles {
    pub(super) fn run(self) -> Result<Exit> {
        let files = files::read(&self.paths)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let told = runtime.block_on(self.import(files))?;
        told.print(self.json)?;
        Ok(if told.wrong.is_empty() { Exit::Ok } else { Exit::Refused })
    }

    async fn import(&self, mut files: Files) -> Result<Told> {
        let client = self.connect().await?;
        let base: Vec<Table> = Table::ALL.iter().copied().filter(|table| table.is_base()).collect();
        let on_file = rows::office(&client, self.division, self.year, &base).await?.office;
        let code = code_of(&on_file, &files);
        let mut import = domain::office::import::read(&files.sheets, self.year, &code);
        let ground = Ground {
            office: &on_file,
            division: &code,
            year: self.year,
            book: None,
            broken: &import.broken,
        };
        let misfits = check(ground, &import.changes);
        import.add(misfits);
        let mut wrong = std::mem::take(&mut files.wrong);
        wrong.extend(std::mem::take(&mut import.findings).into_iter().map(|of| files.wrong(of)));
        wrong.sort();
        let mut told = Told { wrong, ..Told::of(&import.changes, &on_file) };
        if told.wrong.is_empty() && !self.dry_run && told.changed() > 0 {
            self.send(&client, &on_file, &files, &import, &mut told).await?;
        }
        told.dry_run = self.dry_run;
        Ok(told)
    }

    async fn connect(&self) -> Result<Client> {
        let hello = Hello::new(Role::Finance, CHANNEL, "treasury");
        Client::connect(self.connect.to_string(), hello, Options::default()).await.map_err(failure)
    }

    /// Sends what differs from what is on file.
    async fn send(
        &self,
        client: &Client,
        on_file: &Office,
        files: &Files,
        import: &Import,
        told: &mut Told,
    ) -> Result<()> {
        let differing: Vec<usize> =
            (0..import.changes.len()).filter(|&at| differs(&import.changes[at], on_file)).collect();
        let changes: Vec<Change> = differing.iter().map(|&at| import.changes[at].clone()).collect();
        let papers = Papers::of(&changes, on_file)?;
        let to = To { division: self.division, year: self.year, person: PersonId(self.person) };
        let bar = show::bar();
        bar.set_message("papers");
        let end = send::send(client, to, &papers, &bar).await;
        bar.finish_and_clear();
        match end? {
            End::Taken(batch, answer) => {
                told.papers = papers.count();
                told.taken = Some((
                    batch.to_string(),
                    format!("{}/{}", answer.at.epoch, answer.at.sequence),
                ));
                Ok(())
            }
            End::Refused(code, refusal) => {
                told.wrong = places(refusal, &differing, files, import);
                if told.wrong.is_empty() {
                    return Err(refused(code));
                }
                Ok(())
            }
        }
    }
}

fn refused(code: Code) -> anyhow::Error {
    let what =
        anyhow::anyhow!("{code}: {} ({}); {}", code.english(), code.chinese(), code.next_step());
    Failure::new(Exit::Refused, what).into()
}

/// What the server found, where the files have it.
fn places(
    refusal: Option<Refusal>,
    differing: &[usize],
    files: &Files,
    import: &Import,
) -> Vec<Wrong> {
    let figures: Vec<_> = refusal.iter().flat_map(Refusal::figures).collect();
    let place = |figure: &domain::refusal::Figure| {
        let line = usize::try_from(figure.requested_fen.get()).ok()?;
        let change = *differing.get(line.checked_sub(1)?)?;
        let (sheet, row) = import.place(change);
        // In a paper the table's name is the first column.
        let column = usize::try_from(figure.left_fen.get()).ok()?.checked_sub(2);
        let (table, mut text) = (files.sheets[sheet].table, String::new());
        if let Change::Put(row) = &import.changes[change] {
            row.write(&mut text);
        }
        let value = column.and_then(|column| text.split('\t').nth(column)).unwrap_or("");
        let name = column.and_then(|column| table.columns().get(column));
        let what =
            name.map_or("the row".to_owned(), |name| format!("{} ({})", name.name, name.chinese));
        Some(Wrong {
            file: files.names[sheet].clone(),
            row,
            column: import.column(change, column),
            value: value.to_owned(),
            expected: format!("{what}: what fits what the server has on file"),
        })
    };
    figures.iter().filter(|figure| figure.limit == Code::PaperLine).filter_map(place).collect()
}

/// The division's own code: as on file, else as the files have it.
fn code_of(on_file: &Office, files: &Files) -> String {
    if let Some(DivisionCard { code, .. }) = on_file.card() {
        return code.to_string();
    }
    let card = files.sheets.iter().find(|sheet| sheet.table == Table::DivisionCard);
    let mut rows = card
        .into_iter()
        .flat_map(|sheet| &sheet.records)
        .filter(|record| record.fields.first().is_some_and(|field| !field.starts_with('#')));
    let at = rows.next().and_then(|header| header.fields.iter().position(|name| name == "code"));
    let code = at.and_then(|at| rows.next()?.fields.get(at).cloned());
    code.unwrap_or_default()
}

fn differs(change: &Change, on_file: &Office) -> bool {
    // An import puts rows and does nothing else.
    let Change::Put(row) = change else { return true };
    on_file.row(row.table(), &row.key()) != Some(row)
}

/// What an import came to.
#[derive(Default)]
struct Told {
    /// Rows of each table, and how many of them were not on file like that.
    rows: BTreeMap<Table, (usize, usize)>,
    wrong: Vec<Wrong>,
    papers: usize,
    /// The batch and its position.
    taken: Option<(String, String)>,
    dry_run: bool,
}

impl Told {
    fn of(changes: &[Change], on_file: &Office) -> Told {
        let mut rows: BTreeMap<Table, (usize, usize)> = BTreeMap::new();
        for change in changes {
            let (table, _) = change.names();
            let count = rows.entry(table).or_default();
            count.0 += 1;
            count.1 += usize::from(differs(change, on_file));
        }
        Told { rows, ..Told::default() }
    }

    fn changed(&self) -> usize {
        self.rows.values().map(|count| count.1).sum()
    }

    fn print(&self, json: bool) -> Result<()> {
        let mut out = std::io::stdout().lock();
        if json {
            writeln!(out, "{}", self.json())?;
            return Ok(());
        }
        for wrong in &self.wrong {
            writeln!(out, "{wrong}")?;
        }
        for (table, (count, changed)) in self.rows.iter().filter(|_| self.wrong.is_empty()) {
            let name = format!("{} {}", table.slug(), table.chinese());
            writeln!(out, "{name}: {count} rows, {changed} of them new or changed")?;
        }
        eprintln!("{}", self.sentence());
        Ok(())
    }

    fn sentence(&self) -> String {
        let (changed, wrong) = (self.changed(), self.wrong.len());
        match &self.taken {
            _ if wrong > 0 => format!("{wrong} things do not fit; nothing was taken"),
            Some((batch, position)) => {
                format!("{changed} rows put on file as batch {batch} at {position}")
            }
            None if changed == 0 => "everything is on file already".to_owned(),
            None => format!("everything fits; {changed} rows would be put on file"),
        }
    }

    fn json(&self) -> serde_json::Value {
        let rows = self.rows.iter().map(|(table, (count, changed))| {
            (table.slug().to_owned(), json!({ "rows": count, "changed": changed }))
        });
        json!({
            "taken": self.taken.is_some(),
            "dry_run": self.dry_run,
            "changed": self.changed(),
            "papers": self.papers,
            "batch": self.taken.as_ref().map(|(batch, _)| batch),
            "position": self.taken.as_ref().map(|(_, position)| position),
            "tables": rows.collect::<serde_json::Map<_, _>>(),
            "wrong": self.wrong.iter().map(Wrong::json).collect::<Vec<_>>(),
        })
    }
}

#[cfg(test)]
mod tests {
    use domain::Fen;
    use domain::office::import::{Record, Sheet, read};
    use domain::refusal::Figure;

    use super::*;

    /// The server counts the lines of the paper it refuses; what is told are rows of files, whatever
    /// papers they went in.
    #[test]
    fn a_place_in_a_later_paper_is_told_in_the_files() {
        let record = |(row, fields): (u32, [&str; 3])| Record {
            row,
            fields: fields.map(str::to_owned).into(),
        };
        let rows = [
            (1, ["code", "name", "kind"]),
            (2, ["01", "预算科", "budget"]),
            (4, ["02", "国库科", "treasury"]),
            (5, ["03", "教科文科", "business"]),
            (6, ["04", "农业科", "business"]),
            (9, ["05", "社保科", "business"]),
        ];
        let sheet = Sheet { table: Table::MofDep, records: rows.map(record).into() };
        let files = Files {
            sheets: vec![sheet],
            names: vec!["mof-dep.csv".to_owned()],
            ..Files::default()
        };
        let import = read(&files.sheets, FiscalYear::from_offset(22), "370124000");
        assert_eq!((import.changes.len(), import.findings.len()), (5, 0));
        // The second row is on file already. Of the four others the first two are a paper.
        let differing = [0, 2, 3, 4];
        let figure = |limit, line, column| Figure {
            limit,
            requested_fen: Fen::new(line),
            left_fen: Fen::new(column),
        };
        let mut refusal = Refusal::new(Code::BadRow);
        refusal.add(figure(Code::OverQuota, 700, 600));
        refusal.add(figure(Code::PaperLine, 2, 4));
        refusal.add(figure(Code::PaperLine, 1, 1));

        let told = |refusal: Refusal| -> Vec<String> {
            let wrong = places(Some(refusal), &differing, &files, &import);
            let place = |wrong: &Wrong| {
                format!("{}:{}:{} {:?}", wrong.file, wrong.row, wrong.column, wrong.value)
            };
            wrong.iter().map(place).collect()
        };
        let second = send::over_all(&refusal, 2);
        assert_eq!(told(second), ["mof-dep.csv:9:3 \"business\"", "mof-dep.csv:6:0 \"\""]);
        assert_eq!(second.code, Code::BadRow);
        assert_eq!(second.figures().next(), refusal.figures().next(), "no place is no line");
        assert_eq!(send::over_all(&refusal, 0), refusal);
        let first = ["mof-dep.csv:5:3 \"business\"", "mof-dep.csv:2:0 \"\""];
        assert_eq!(told(refusal), first);
    }
}
