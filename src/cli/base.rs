//! `treasury base tables`, `treasury base list` and `treasury base show`: what the finance office has
//! on file, table by table.

use std::io::Write;
use std::net::SocketAddr;

use anyhow::Result;
use clap::{Args, Subcommand};
use domain::ids::{DivisionIndex, FiscalYear};
use domain::office::table::{Column, Table};
use protocol::directory::{AsOf, Asked, ListRows, RowPage};
use protocol::json::row_json;
use protocol::limits::DIRECTORY_PAGE_ITEMS_MAX;
use serde_json::json;

use super::{arguments, connection, moment, rows, show};
use crate::exit::{Exit, Failure};

/// Look at what the finance office has on file: tables and their rows.
#[derive(Args)]
pub(super) struct Base {
    /// What to do.
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// List the tables, or the columns of one.
    Tables(Tables),
    /// List rows of a table by their keys.
    List(List),
    /// Show one row, a column a line.
    Show(Show),
}

impl Base {
    pub(super) fn run(self) -> Result<Exit> {
        match self.what {
            What::Tables(tables) => tables.run(),
            What::List(list) => list.run(),
            What::Show(show) => show.run(),
        }
    }
}

/// List the tables, or the columns of one.
#[derive(Args)]
#[command(after_help = "\
Examples:
  treasury base tables
  treasury base tables unit
  treasury base tables --json")]
struct Tables {
    /// Only this table, with its columns.
    #[arg(value_parser = arguments::table)]
    table: Option<Table>,
    /// Print one JSON object per table, columns too.
    #[arg(long)]
    json: bool,
}

impl Tables {
    fn run(&self) -> Result<Exit> {
        let mut out = std::io::stdout().lock();
        let tables = Table::ALL.iter().filter(|table| self.table.is_none_or(|one| one == **table));
        for &table in tables {
            if self.json {
                writeln!(out, "{}", table_json(table))?;
                continue;
            }
            writeln!(out, "{:<3} {}  {}", table as u8, table.slug(), table.chinese())?;
            if self.table.is_some() {
                for (at, column) in table.columns().iter().enumerate() {
                    writeln!(out, "    {}", told(table, at, column))?;
                }
            }
        }
        Ok(Exit::Ok)
    }
}

fn table_json(table: Table) -> serde_json::Value {
    let column = |(at, column): (usize, &Column)| {
        json!({
            "name": column.name,
            "chinese": column.chinese,
            "form": column.form,
            "key": at < table.keys(),
            "refers": column.refers,
        })
    };
    let columns: Vec<_> = table.columns().iter().enumerate().map(column).collect();
    json!({
        "number": table as u8,
        "table": table.slug(),
        "chinese": table.chinese(),
        "columns": columns,
    })
}

/// A column in a line: its name, what officials call it, what stands in it.
fn told(table: Table, at: usize, column: &Column) -> String {
    let key = if at < table.keys() { ", part of the key" } else { "" };
    let refers = column.refers.map_or(String::new(), |name| format!(", a row of {name}"));
    format!("{} {}: {}{refers}{key}", column.name, column.chinese, column.form)
}

/// Which rows, of where.
#[derive(Args)]
struct Place {
    /// The table; `treasury base tables` lists them.
    #[arg(value_parser = arguments::table)]
    table: Table,
    /// The division, by its index.
    #[arg(long, value_parser = arguments::division)]
    division: DivisionIndex,
    /// The year.
    #[arg(long, value_parser = arguments::fiscal_year)]
    year: FiscalYear,
    /// As it was at this position (epoch/sequence) or Beijing time, folded from the journal.
    #[arg(long, value_parser = moment::as_of, value_name = "POSITION|TIME")]
    as_of: Option<AsOf>,
    /// Wait until the directory has come to this position, for up to ten seconds.
    #[arg(long, value_parser = moment::position, value_name = "POSITION")]
    wait_for: Option<protocol::Position>,
    /// The server.
    #[arg(long, visible_alias = "server", value_name = "ADDRESS")]
    connect: SocketAddr,
}

impl Place {
    fn question(&self, items: u64, beginning: &str, after: &str) -> ListRows {
        let items = items.min(DIRECTORY_PAGE_ITEMS_MAX as u64) as u16;
        ListRows {
            asked: Asked { items, ..moment::asked(self.as_of, self.wait_for) },
            division: self.division,
            year: self.year,
            table: self.table,
            beginning: beginning.to_owned(),
            after: after.to_owned(),
        }
    }
}

/// List rows of a table by their keys.
#[derive(Args)]
#[command(after_help = "\
Examples:
  treasury base list unit --division 184 --year 2022 --connect 127.0.0.1:7370
  treasury base list unit --division 184 --year 2022 --beginning 184 --limit 20 \\
      --connect 127.0.0.1:7370
  treasury base list code --division 0 --year 2022 --csv --connect 127.0.0.1:7370 > codes.csv")]
struct List {
    #[command(flatten)]
    place: Place,
    /// Only rows whose key begins so.
    #[arg(long, default_value = "", value_name = "KEY", hide_default_value = true)]
    beginning: String,
    /// Only rows behind this key.
    #[arg(long, default_value = "", value_name = "KEY", hide_default_value = true)]
    after: String,
    /// At most so many rows.
    #[arg(long, default_value_t = 1000, value_name = "COUNT", value_parser = clap::value_parser!(u64).range(1..))]
    limit: u64,
    /// Print one JSON object per row.
    #[arg(long)]
    json: bool,
    /// Print a table that `treasury import` and spreadsheets read.
    #[arg(long, conflicts_with = "json")]
    csv: bool,
}

impl List {
    fn run(&self) -> Result<Exit> {
        let pages = connection::ask_patiently(self.place.connect, async |client| {
            let (mut pages, mut left) = (Vec::new(), self.limit);
            let mut after = self.after.clone();
            loop {
                let question = self.place.question(left, &self.beginning, &after);
                let page = client.list_rows(question).await?;
                left = left.saturating_sub(page.rows.len() as u64);
                after.clone_from(&page.after);
                pages.push(page);
                if left == 0 || after.is_empty() {
                    return Ok(pages);
                }
            }
        })?;
        self.print(&mut std::io::stdout().lock(), &pages)?;
        if let Some(page) = pages.last() {
            let more = if page.after.is_empty() { String::new() } else { more(&page.after) };
            eprintln!("true at {}, {}{more}", page.at, show::time(page.time_ms));
        }
        Ok(Exit::Ok)
    }

    fn print(&self, out: &mut impl Write, pages: &[RowPage]) -> std::io::Result<()> {
        let (table, lines) = (self.place.table, pages.iter().flat_map(|page| &page.rows));
        let names: Vec<&str> = table.columns().iter().map(|column| column.name).collect();
        if self.csv {
            return out.write_all(&csv_of(&names, lines));
        }
        if !self.json {
            writeln!(out, "{}", names.join("\t"))?;
        }
        for line in lines {
            if self.json {
                writeln!(out, "{}", row_json(table, line))?;
            } else {
                writeln!(out, "{line}")?;
            }
        }
        Ok(())
    }
}

fn more(after: &str) -> String {
    format!("; there are more: give a higher --limit, or --after {after}")
}

/// Names and rows as a CSV file.
pub(super) fn csv_of<T: AsRef<str>>(names: &[&str], lines: impl Iterator<Item = T>) -> Vec<u8> {
    // A server of another version may have rows of another width.
    let mut file = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
    let whole = "memory takes rows of any width";
    file.write_record(names).expect(whole);
    for line in lines {
        file.write_record(line.as_ref().split('\t')).expect(whole);
    }
    file.into_inner().expect(whole)
}

/// Show one row, a column a line.
#[derive(Args)]
#[command(after_help = "\
Examples:
  treasury base show unit 184001 --division 184 --year 2022 --connect 127.0.0.1:7370
  treasury base show unit 184001 --division 184 --year 2022 --as-of 2022-03-04 \\
      --connect 127.0.0.1:7370")]
struct Show {
    #[command(flatten)]
    place: Place,
    /// The row's key; `/` parts its columns.
    key: String,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

impl Show {
    fn run(&self) -> Result<Exit> {
        // The first key that begins so is the key itself, if it is there.
        let page = connection::ask_patiently(self.place.connect, async |client| {
            client.list_rows(self.place.question(1, &self.key, "")).await
        })?;
        let table = self.place.table;
        let line = page.rows.first().filter(|line| key_of(table, line) == self.key);
        let Some(line) = line else {
            let what = anyhow::anyhow!(
                "no row {:?} of {} is on file in division {}, {}, at {}; treasury base list {} lists \
                 them",
                self.key,
                table.slug(),
                self.place.division.0,
                self.place.year.get(),
                page.at,
                table.slug(),
            );
            return Err(Failure::new(Exit::Refused, what).into());
        };
        let mut out = std::io::stdout().lock();
        if self.json {
            writeln!(out, "{}", row_json(table, line))?;
            return Ok(Exit::Ok);
        }
        writeln!(out, "{} {}  {}", table.slug(), self.key, table.chinese())?;
        rows::print_columns(&mut out, table, line)?;
        eprintln!("true at {}, {}", page.at, show::time(page.time_ms));
        Ok(Exit::Ok)
    }
}

fn key_of(table: Table, line: &str) -> String {
    line.split('\t').take(table.keys()).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_csv_field_is_quoted_where_it_must_be() {
        let lines = ["03\ta,b\tthe \"old\" one", "04\t教育处\ttwo\rlines", "05\t"];
        let lines = lines.map(str::to_owned);
        let file = csv_of(&["code", "name", "note"], lines.iter());
        let wanted = "code,name,note\n03,\"a,b\",\"the \"\"old\"\" one\"\n\
                      04,教育处,\"two\rlines\"\n05,\n";
        assert_eq!(String::from_utf8(file).expect("text"), wanted);
    }

    #[test]
    fn a_rows_key_is_its_first_columns() {
        assert_eq!(key_of(Table::MofDep, "03\t教科文处\tbusiness"), "03");
        let two = Table::ALL.iter().find(|table| table.keys() == 2).expect("a table of two");
        assert_eq!(key_of(*two, "a\tb\tc"), "a/b");
    }
}
