//! `treasury inspect journal`.

use std::io::Write;
use std::ops::ControlFlow;
use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, Subcommand};
use domain::event::RunId;
use domain::ids::{PaymentId, QuotaId};
use protocol::json::event_json;
use serde_json::{Value, json};
use storage::event_record;
use storage::group::GroupHeader;
use storage::marks::{Closed, KIND_CLOSED, KIND_OPENED, Opened};
use storage::record::RecordRef;

use super::offline::{self, End};
use super::{arguments, show, words};
use crate::exit::Exit;
use crate::verification::position_json;

/// Look into files, read-only.
#[derive(Args)]
pub(super) struct Inspect {
    /// What to look into.
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// List the groups and records of a journal.
    Journal(InspectJournal),
}

impl Inspect {
    pub(super) fn run(self) -> Result<Exit> {
        let What::Journal(journal) = self.what;
        journal.run()
    }
}

/// Names of records that are no events.
const OPENED: &str = "opened";
const CLOSED: &str = "closed";
const UNKNOWN: &str = "unknown";

/// Names of events, as the subscription has them.
const EVENTS: [&str; 19] = [
    "reserved",
    "stepped",
    "fact-taken",
    "fact-parked",
    "acted",
    "created",
    "moved-out",
    "moved-in",
    "move-declined",
    "move-settled",
    "limit-set",
    "batch-opened",
    "batch-ended",
    "year-set",
    "registered",
    "resolved",
    "refused",
    "run-refused",
    "filed",
];

/// List the groups and records of a journal.
#[derive(Args)]
#[command(after_help = "\
Examples:
  treasury inspect journal --data ./data --limit 20
  treasury inspect journal --data ./data --from 1000 --kind fact-parked
  treasury inspect journal --data ./data --payment 01927c5e-4b7a-7d11-9a41-000000000001 --json

Takes no lock and writes nothing. Records of kinds that this program does not know are listed with
their length. With --json each record is one line. Times are when the group was journaled.")]
struct InspectJournal {
    /// The data directory.
    #[arg(long, env = "TREASURY_DATA", value_name = "DIR")]
    data: PathBuf,
    /// Begin with this sequence.
    #[arg(long, default_value_t = 1, value_name = "SEQUENCE")]
    from: u64,
    /// End after so many records; 0: list all.
    #[arg(long, default_value_t = 0, value_name = "N")]
    limit: u64,
    /// Only records of this kind: an event's name, opened, closed or unknown.
    #[arg(long, value_parser = kind, value_name = "KIND")]
    kind: Option<String>,
    /// Only events about this payment.
    #[arg(long, value_parser = arguments::payment, value_name = "UUID")]
    payment: Option<PaymentId>,
    /// Only events about this quota: division/year/serial.
    #[arg(long, value_parser = arguments::quota, value_name = "QUOTA")]
    quota: Option<QuotaId>,
    /// Print one JSON object a record.
    #[arg(long)]
    json: bool,
}

fn kind(text: &str) -> Result<String, String> {
    let known = || EVENTS.into_iter().chain([OPENED, CLOSED, UNKNOWN]);
    if known().any(|name| name == text) {
        return Ok(text.to_owned());
    }
    Err(format!("{text:?} is no kind; choose one of {}", known().collect::<Vec<_>>().join(", ")))
}

/// A record, as far as this program understands it.
struct Told {
    kind: String,
    text: String,
    json: Value,
}

impl InspectJournal {
    fn run(self) -> Result<Exit> {
        let mut out = std::io::BufWriter::new(std::io::stdout().lock());
        let mut ids = Vec::new();
        let mut listed = 0;
        let end = offline::groups(&self.data, &mut |_, group| {
            let mut named = false;
            for record in group.records {
                if record.position.sequence < self.from {
                    continue;
                }
                let Some(told) = self.tell(&record, &mut ids) else { continue };
                if self.json {
                    writeln!(out, "{}", line_json(&group.header, &record, told))?;
                } else {
                    if !named {
                        writeln!(out, "{}", group_line(&group.header))?;
                        named = true;
                    }
                    let at = show::position(record.position);
                    writeln!(out, "  {at:<10} {:<13} {}", told.kind, told.text)?;
                }
                listed += 1;
                if listed == self.limit {
                    return Ok(ControlFlow::Break(()));
                }
            }
            Ok(ControlFlow::Continue(()))
        });
        // What was listed before damage was found is worth seeing.
        out.flush()?;
        if let End::Reached(Some(cut)) = end? {
            eprintln!(
                "torn: {} bytes from {} on were being written; a start cuts them off",
                cut.bytes, cut.place
            );
        }
        Ok(Exit::Ok)
    }

    /// What a record says, if it is wanted.
    fn tell(&self, record: &RecordRef<'_>, ids: &mut Vec<RunId>) -> Option<Told> {
        let wanted = |kind: &str| self.kind.as_ref().is_none_or(|wanted| wanted == kind);
        let event = match event_record::decode(record, ids) {
            Ok(event) => event,
            Err(error) => {
                let told = mark(record).unwrap_or_else(|| unknown(record, &error.to_string()));
                let any = self.payment.is_none() && self.quota.is_none();
                return (any && wanted(&told.kind)).then_some(told);
            }
        };
        let about = self.payment.is_none_or(|payment| words::names_payment(&event, payment))
            && self.quota.is_none_or(|quota| words::names_quota(&event, quota));
        if !about || !wanted(event.slug()) {
            return None;
        }
        let at =
            protocol::Position { epoch: record.position.epoch, sequence: record.position.sequence };
        let json = event_json(&event, at);
        Some(Told { kind: event.slug().to_owned(), text: words::line(&event), json })
    }
}

fn group_line(header: &GroupHeader) -> String {
    let records = if header.records == 1 { "record" } else { "records" };
    format!(
        "{}  {} {records}, {} bytes, {}",
        header.place,
        header.records,
        header.disk_bytes(),
        show::time(header.time_ms),
    )
}

fn line_json(header: &GroupHeader, record: &RecordRef<'_>, told: Told) -> Value {
    json!({
        "position": position_json(record.position),
        "segment": header.place.segment,
        "offset": header.place.offset,
        "time_ms": header.time_ms,
        "time": show::time(header.time_ms),
        "kind": told.kind,
        "record": { "kind": record.kind, "version": record.version, "bytes": record.body.len() },
        "event": told.json,
    })
}

/// One of the journal's own records.
fn mark(record: &RecordRef<'_>) -> Option<Told> {
    match record.kind {
        KIND_OPENED => {
            let opened = Opened::from_body(record.body)?;
            let cut = opened.cut.map_or_else(String::new, |cut| {
                format!(", {} torn bytes cut off at {}", cut.bytes, cut.place)
            });
            let digest = blake3::Hash::from_bytes(opened.config_digest).to_hex();
            let json = json!({
                "program": opened.program,
                "config_digest": digest.as_str(),
                "cut": opened.cut.map(|cut| json!({
                    "segment": cut.place.segment, "offset": cut.place.offset, "bytes": cut.bytes,
                })),
            });
            let text = format!("by {:?}, configuration {}{cut}", opened.program, &digest[..8]);
            Some(Told { kind: OPENED.to_owned(), text, json })
        }
        KIND_CLOSED => {
            let Closed { groups, records } = Closed::from_body(record.body)?;
            let text = format!("in good order after {records} records in {groups} groups");
            let json = json!({ "groups": groups, "records": records });
            Some(Told { kind: CLOSED.to_owned(), text, json })
        }
        _ => None,
    }
}

fn unknown(record: &RecordRef<'_>, why: &str) -> Told {
    let RecordRef { kind, version, body, .. } = record;
    let text = format!("kind {kind} version {version}, {} bytes: {why}", body.len());
    Told { kind: UNKNOWN.to_owned(), text, json: Value::Null }
}
