//! Counts what the finance offices of a run have on file in the end, as its server tells it.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Result;
use domain::codes::Role;
use domain::ids::{ChannelId, DivisionIndex, FiscalYear};
use domain::office::table::Table;
use domain::office::tables::document::DocumentState;
use protocol::client::{ClientError, Options};
use protocol::directory::{Asked, ListRows, RowPage};
use protocol::limits::DIRECTORY_WAIT_MS_MAX;
use protocol::{Client, Hello};

use crate::clock;

/// How long one answer may take, and how long the directory may be behind.
const ANSWER: Duration = Duration::from_secs(30);
const PATIENCE: Duration = Duration::from_secs(600);

/// Pause between two looks at it.
const PAUSE: Duration = Duration::from_millis(50);

/// The column of a document that says where it stands.
const DOCUMENT_STATE: usize = 10;

/// What is on file of a year, over all divisions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct OnFile {
    /// Projects.
    pub(crate) projects: u64,
    /// Budget units.
    pub(crate) units: u64,
    /// Quota documents that were carried out.
    pub(crate) documents: u64,
}

/// Counts the rows on file in so many divisions, all of what is durable now.
///
/// # Errors
/// If the server is gone, or says no.
pub(crate) async fn on_file(
    address: SocketAddr,
    divisions: u16,
    year: FiscalYear,
) -> Result<OnFile> {
    let hello = Hello::new(Role::Finance, ChannelId(1), "treasury scenario");
    let options = Options { deadline: ANSWER, ..Options::default() };
    let client = Client::connect(address.to_string(), hello, options).await?;
    let wait_for = client.health().await?.durable;
    let asked = Asked { wait_for, wait_ms: DIRECTORY_WAIT_MS_MAX, ..Asked::default() };
    let mut on_file = OnFile::default();
    for division in (0..divisions).map(DivisionIndex) {
        for table in [Table::Project, Table::Unit, Table::Document] {
            let (beginning, mut after) = (String::new(), String::new());
            loop {
                let beginning = beginning.clone();
                let list = ListRows { asked, division, year, table, beginning, after };
                let page = page(&client, list).await?;
                on_file.count(table, &page.rows);
                after = page.after;
                if after.is_empty() {
                    break;
                }
            }
        }
    }
    Ok(on_file)
}

/// A page, once the directory has come to where it was asked for: it reads behind a long run for a
/// while.
async fn page(client: &Client, list: ListRows) -> Result<RowPage> {
    let since = clock::now();
    loop {
        match client.list_rows(list.clone()).await {
            Err(ClientError::Deadline | ClientError::Server(_)) if since.elapsed() < PATIENCE => {
                tokio::time::sleep(PAUSE).await;
            }
            other => return Ok(other?),
        }
    }
}

impl OnFile {
    fn count(&mut self, table: Table, rows: &[String]) {
        let count = rows.len() as u64;
        match table {
            Table::Project => self.projects += count,
            Table::Unit => self.units += count,
            _ => {
                let is_done = |row: &&String| {
                    row.split('\t').nth(DOCUMENT_STATE) == Some(DocumentState::Done.slug())
                };
                self.documents += rows.iter().filter(is_done).count() as u64;
            }
        }
    }
}
