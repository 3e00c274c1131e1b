//! What is on file of a division and year, read from a server into rows.

use std::io::Write;
use std::net::SocketAddr;

use anyhow::{Result, anyhow};
use clap::Args;
use domain::ids::{DivisionIndex, FiscalYear};
use domain::office::Office;
use domain::office::line::Change;
use domain::office::table::{Row, Table};
use protocol::client::Client;
use protocol::directory::{Asked, ListRows, RowPage};
use protocol::json::row_json;
use serde_json::{Map, Value, json};

use super::connection::{self, failure, known};
use super::{arguments, show};
use crate::exit::{Exit, Failure};

/// How long the directory may take to come to what is durable, in ms.
const DIRECTORY_WAIT_MS: u32 = 10_000;

/// Whose file is read.
#[derive(Args, Clone)]
pub(super) struct Place {
    /// The division, by its index.
    #[arg(long, value_parser = arguments::division, value_name = "INDEX")]
    pub(super) division: DivisionIndex,
    /// The year.
    #[arg(long, value_parser = arguments::fiscal_year, value_name = "YEAR")]
    pub(super) year: FiscalYear,
    /// The server.
    #[arg(long, visible_alias = "server", value_name = "ADDRESS")]
    pub(super) connect: SocketAddr,
}

/// Rows of some tables, and when they were so.
#[derive(Default)]
pub(super) struct OnFile {
    pub(super) office: Office,
    /// The position and time of the last page that was read.
    at: protocol::Position,
    pub(super) time_ms: u64,
}

impl Place {
    /// Everything on file of some tables, as it is now.
    ///
    /// # Errors
    /// When the server cannot be reached, or says no.
    pub(super) fn read(&self, tables: &[Table]) -> Result<OnFile> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let client = connection::client(self.connect).await?;
            office(&client, self.division, self.year, tables).await
        })
    }

    /// The error of a row that is not on file.
    pub(super) fn missing(&self, table: Table, key: &str, list: &str) -> anyhow::Error {
        let what = anyhow!(
            "no {} {key:?} is on file in division {}, {}; {list} lists them",
            table.slug(),
            self.division.0,
            self.year.get(),
        );
        Failure::new(Exit::Refused, what).into()
    }
}

impl OnFile {
    /// Says on standard error when it was so.
    pub(super) fn say_when(&self) {
        eprintln!("true at {}, {}", self.at, show::time(self.time_ms));
    }
}

/// Everything on file of some tables: of what is durable now, and nothing older.
///
/// # Errors
/// When the server cannot be reached, or says no.
pub(super) async fn office(
    client: &Client,
    division: DivisionIndex,
    year: FiscalYear,
    tables: &[Table],
) -> Result<OnFile> {
    // The directory comes to it in a moment.
    let wait_for = client.health().await.map_err(failure)?.durable;
    let asked = Asked { wait_for, wait_ms: DIRECTORY_WAIT_MS, ..Asked::default() };
    let mut on_file = OnFile { at: wait_for, ..OnFile::default() };
    for &table in tables {
        let (beginning, mut after) = (String::new(), String::new());
        loop {
            let beginning = beginning.clone();
            let list = ListRows { asked, division, year, table, beginning, after };
            let page = client.list_rows(list).await;
            // A division or year in which nothing ever happened has nothing on file.
            let Some(page) = known(page).map_err(failure)? else { break };
            on_file.take(table, &page)?;
            after = page.after;
            if after.is_empty() {
                break;
            }
        }
    }
    Ok(on_file)
}

impl OnFile {
    fn take(&mut self, table: Table, page: &RowPage) -> Result<()> {
        for line in &page.rows {
            let row = Row::read(table, line).map_err(|unfit| {
                anyhow!(
                    "the server has a row of {table:?} that this program cannot read: {unfit:?}"
                )
            })?;
            self.office.make(Change::Put(row));
        }
        (self.at, self.time_ms) = (page.at, page.time_ms);
        Ok(())
    }
}

/// Prints a list: its columns' names and rows of fields, parted by tabs; or an object for each row.
///
/// # Errors
/// If standard output cannot be written.
pub(super) fn print_list(json: bool, names: &[&str], rows: &[Vec<String>]) -> Result<()> {
    let mut out = std::io::stdout().lock();
    if !json {
        writeln!(out, "{}", names.join("\t"))?;
    }
    for row in rows {
        if json {
            let fields = names.iter().zip(row);
            let object: Map<String, Value> =
                fields.map(|(name, field)| ((*name).to_owned(), json!(field))).collect();
            writeln!(out, "{}", Value::Object(object))?;
        } else {
            writeln!(out, "{}", row.join("\t"))?;
        }
    }
    Ok(())
}

/// A row as its table has it, an object.
pub(super) fn json_of(row: &Row) -> Value {
    row_json(row.table(), &text_of(row))
}

/// A row as a line.
pub(super) fn text_of(row: &Row) -> String {
    let mut line = String::new();
    row.write(&mut line);
    line
}

/// Prints the columns of a row, each in a line.
///
/// # Errors
/// If it cannot be written.
pub(super) fn print_columns(out: &mut impl Write, table: Table, line: &str) -> std::io::Result<()> {
    let width = table.columns().iter().map(|column| column.name.len()).max().unwrap_or(0);
    for (column, field) in table.columns().iter().zip(line.split('\t')) {
        writeln!(out, "  {:<width$}  {field}  {}", column.name, column.chinese)?;
    }
    Ok(())
}
