//! `treasury payment history` and `treasury quota history`: the events of one subject, page by page.

use std::io::Write;
use std::net::SocketAddr;

use anyhow::Result;
use clap::Args;
use protocol::directory::{AsOf, Continuation, History, HistoryPage, Subject};
use protocol::json::event_json;
use protocol::limits::DIRECTORY_PAGE_ITEMS_MAX;
use serde_json::{Value, json};
use storage::event_record;
use storage::position::Position;
use storage::record::RecordRef;

use super::{connection, moment, show, words};
use crate::exit::{Exit, Failure};
use crate::verification::position_json;

/// Which part of a history is wanted, and where from.
#[derive(Args)]
pub(super) struct HistoryArguments {
    /// Events up to this position (epoch/sequence) or Beijing time, and none behind it.
    #[arg(long, value_parser = moment::as_of, value_name = "POSITION|TIME")]
    as_of: Option<AsOf>,
    /// Wait until the directory has come to this position, for up to ten seconds.
    #[arg(long, value_parser = moment::position, value_name = "POSITION")]
    wait_for: Option<protocol::Position>,
    /// Newest first.
    #[arg(long)]
    newest_first: bool,
    /// At most so many events.
    #[arg(long, default_value_t = 100, value_name = "COUNT", value_parser = clap::value_parser!(u64).range(1..))]
    limit: u64,
    /// The server.
    #[arg(long, visible_alias = "server", value_name = "ADDRESS")]
    connect: SocketAddr,
    /// Print one JSON object per event.
    #[arg(long)]
    json: bool,
}

impl HistoryArguments {
    /// Asks page by page, and prints.
    pub(super) fn run(&self, subject: Subject, what: &str) -> Result<Exit> {
        let mut asked = moment::asked(self.as_of, self.wait_for);
        asked.newest_first = self.newest_first;
        let pages = connection::ask_patiently(self.connect, async |client| {
            let (mut pages, mut left) = (Vec::new(), self.limit);
            loop {
                asked.items = left.min(DIRECTORY_PAGE_ITEMS_MAX as u64) as u16;
                let page = client.history(History { asked, subject }).await;
                let Some(page) = connection::known(page)? else { return Ok(Vec::new()) };
                left -= u64::from(page.count());
                asked.after = page.after;
                pages.push(page);
                if left == 0 || asked.after == Continuation::default() {
                    return Ok(pages);
                }
            }
        })?;
        if pages.is_empty() {
            let nothing =
                format!("the server at {} has no event of {what}; check the id", self.connect);
            return Err(Failure::new(Exit::Refused, anyhow::anyhow!(nothing)).into());
        }
        let mut out = std::io::stdout().lock();
        for page in &pages {
            self.print(&mut out, page)?;
        }
        let more = pages.last().is_some_and(|page| page.after != Continuation::default());
        if let Some(page) = pages.last().filter(|_| !self.json) {
            let more = if more { "; there are more: give a higher --limit" } else { "" };
            let at = page.at;
            eprintln!("true at {}/{}, {}{more}", at.epoch, at.sequence, show::time(page.time_ms));
        }
        Ok(Exit::Ok)
    }

    fn print(&self, out: &mut impl Write, page: &HistoryPage) -> Result<()> {
        let mut ids = Vec::new();
        for event in page.iter() {
            let record = event.record;
            let protocol::Position { epoch, sequence } = record.position;
            let position = Position { epoch, sequence };
            let (kind, version, body) = (record.kind, record.version, record.body);
            let decoded =
                event_record::decode(&RecordRef { kind, version, body, position }, &mut ids);
            if self.json {
                let told = decoded.map_or(Value::Null, |e| event_json(&e, record.position));
                let line = json!({
                    "position": position_json(position),
                    "time_ms": event.time_ms,
                    "time": show::time(event.time_ms),
                    "event": told,
                });
                writeln!(out, "{line}")?;
                continue;
            }
            let told = decoded.map_or_else(
                |_| format!("kind {kind} version {version}, {} bytes", body.len()),
                |event| words::line(&event),
            );
            let at = show::position(position);
            writeln!(out, "{at}  {}  {told}", show::time(event.time_ms))?;
        }
        Ok(())
    }
}
