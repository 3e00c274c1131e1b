//! `treasury info`.

mod checkpoint;

use std::io::Write;
use std::net::SocketAddr;
use std::ops::ControlFlow;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::Args;
use protocol::{Health, Welcome};
use rustix::fs::OFlags;
use serde_json::json;
use storage::disk::WriteMode;
use storage::inventory::Inventory;
use storage::marks::{KIND_OPENED, Opened};
use storage::position::Position;
use storage::segment::{FORMAT_VERSION, journal_dir, segment_path};

use self::checkpoint::Kept;
use super::bench::grouped;
use super::memory::ServerMemory;
use super::offline::{self, End};
use super::{connection, show};
use crate::exit::Exit;
use crate::verification::{self, position_json};

/// Say what a data directory holds, or how a server is.
#[derive(Args)]
#[command(after_help = "\
Examples:
  treasury info --data ./data
  treasury info --connect 127.0.0.1:7370 --json
  treasury info --connect 127.0.0.1:7370 --metrics")]
pub(super) struct Info {
    /// A data directory, read without a lock.
    #[arg(
        long,
        value_name = "DIR",
        required_unless_present = "connect",
        conflicts_with = "connect"
    )]
    data: Option<PathBuf>,
    /// A running server.
    #[arg(long, value_name = "ADDRESS")]
    connect: Option<SocketAddr>,
    /// Print the server's metrics as plain text.
    #[arg(long, requires = "connect", conflicts_with = "data")]
    metrics: bool,
    /// Print one JSON object.
    #[arg(long, conflicts_with = "metrics")]
    json: bool,
}

impl Info {
    pub(super) fn run(self) -> Result<Exit> {
        let mut out = std::io::stdout().lock();
        match (self.connect, &self.data) {
            (Some(address), _) if self.metrics => {
                let text = connection::ask(address, async |client| client.metrics().await)?;
                write!(out, "{text}")?;
            }
            (Some(address), _) => {
                let (welcome, health, metrics) = connection::ask(address, async |client| {
                    Ok((client.welcome(), client.health().await?, client.metrics().await?))
                })?;
                let memory = ServerMemory::read(&metrics);
                self.print_server(&mut out, address, &welcome, &health, &memory)?;
            }
            (None, Some(data)) => self.print_data(&mut out, data, &Held::read(data)?)?,
            (None, None) => unreachable!("one of them is required"),
        }
        Ok(Exit::Ok)
    }

    fn print_server(
        &self,
        out: &mut impl Write,
        address: SocketAddr,
        welcome: &Welcome,
        health: &Health,
        memory: &ServerMemory,
    ) -> Result<()> {
        let (data_set, durable) = (format!("{:032x}", health.data_set), health.durable);
        if self.json {
            let told = json!({
                "server": health.server_version,
                "status": health.status.slug(),
                "note": health.note,
                "data_set": data_set,
                "environment": health.environment.slug(),
                "epoch": welcome.epoch,
                "position": { "epoch": durable.epoch, "sequence": durable.sequence },
                "uptime_ms": health.uptime_ms,
                "connections": health.connections,
                "divisions": health.divisions,
                "quotas": health.quotas,
                "resident_bytes": memory.to_json(),
                "protocol": {
                    "version": welcome.version,
                    "frame_bytes_max": welcome.frame_bytes_max,
                    "commands_per_frame_max": welcome.commands_per_frame_max,
                    "window_commands": welcome.window_commands,
                    "window_bytes": welcome.window_bytes,
                    "heartbeat_ms": welcome.heartbeat_ms,
                },
            });
            return Ok(writeln!(out, "{told}")?);
        }
        writeln!(out, "server       {} at {address}", health.server_version)?;
        writeln!(out, "status       {}", health.status.slug())?;
        if !health.note.is_empty() {
            writeln!(out, "note         {}", health.note)?;
        }
        writeln!(out, "data set     {data_set}, {}", health.environment.slug())?;
        writeln!(out, "position     {durable}, durable")?;
        writeln!(out, "up           {} s", grouped(health.uptime_ms / 1000))?;
        writeln!(out, "connections  {}", grouped(health.connections.into()))?;
        writeln!(out, "divisions    {}", grouped(health.divisions.into()))?;
        writeln!(out, "quotas       {}", grouped(health.quotas))?;
        memory.print(out)?;
        let window = grouped(welcome.window_commands.into());
        writeln!(out, "protocol     version {}, window of {window} commands", welcome.version)?;
        Ok(())
    }

    fn print_data(&self, out: &mut impl Write, data: &Path, held: &Held) -> Result<()> {
        let dataset = &held.inventory.dataset;
        let (id, environment) = (format!("{:032x}", dataset.id), dataset.environment.to_string());
        if self.json {
            let epochs: Vec<_> = held.epochs.iter().map(Epoch::to_json).collect();
            let told = json!({
                "data_set": id,
                "environment": environment,
                "format": FORMAT_VERSION,
                "segment_bytes": dataset.segment_bytes,
                "segments": held.segments(),
                "bytes": held.segments() * dataset.segment_bytes,
                "journal_bytes": held.bytes,
                "groups": held.groups,
                "records": held.records,
                "position": position_json(held.last),
                "torn": held.torn,
                "write_mode": mode_slug(held.mode),
                "checkpoint": held.checkpoint.to_json(),
                "epochs": epochs,
            });
            return Ok(writeln!(out, "{told}")?);
        }
        let (segments, size) = (held.segments(), dataset.segment_bytes);
        writeln!(out, "directory    {}", data.display())?;
        writeln!(out, "data set     {id}, {environment}, format {FORMAT_VERSION}")?;
        writeln!(out, "segments     {} of {}", grouped(segments), show::bytes(size))?;
        writeln!(
            out,
            "journal      {} records in {} groups, {}",
            grouped(held.records),
            grouped(held.groups),
            show::bytes(held.bytes),
        )?;
        writeln!(out, "position     {}", show::position(held.last))?;
        if held.torn {
            writeln!(out, "end          torn; a start cuts it off")?;
        }
        writeln!(out, "writes       {}", held.mode)?;
        held.checkpoint.print(out)?;
        for epoch in &held.epochs {
            let (number, first) = (epoch.first.epoch, show::position(epoch.first));
            let (time, program) = (show::time(epoch.time_ms), &epoch.program);
            writeln!(out, "epoch {number:<6} from {first}, {time}, by {program:?}")?;
        }
        Ok(())
    }
}

/// One life of a writer.
struct Epoch {
    first: Position,
    time_ms: u64,
    program: String,
    cut: bool,
}

impl Epoch {
    fn to_json(&self) -> serde_json::Value {
        json!({
            "epoch": self.first.epoch,
            "from": position_json(self.first),
            "time_ms": self.time_ms,
            "time": show::time(self.time_ms),
            "program": self.program,
            "cut": self.cut,
        })
    }
}

/// What a data directory holds.
struct Held {
    inventory: Inventory,
    mode: WriteMode,
    groups: u64,
    records: u64,
    bytes: u64,
    last: Position,
    torn: bool,
    checkpoint: Kept,
    epochs: Vec<Epoch>,
}

impl Held {
    fn read(data: &Path) -> Result<Held> {
        let taken = Inventory::take(offline::disk().as_ref(), data);
        let inventory = taken.map_err(verification::no_journal)?;
        let mode = write_mode(&segment_path(&journal_dir(data), inventory.first));
        let (last, epochs) = (Position::START, Vec::new());
        let (groups, records, bytes, torn) = (0, 0, 0, false);
        let checkpoint = Kept::Nothing;
        let mut held =
            Held { inventory, mode, groups, records, bytes, last, torn, checkpoint, epochs };
        let end = offline::groups(data, &mut |_, group| {
            let header = &group.header;
            held.groups += 1;
            held.records += u64::from(header.records);
            held.bytes += header.disk_bytes() as u64;
            held.last = header.last();
            for record in group.records.filter(|record| record.kind == KIND_OPENED) {
                let opened = Opened::from_body(record.body);
                held.epochs.push(Epoch {
                    first: record.position,
                    time_ms: header.time_ms,
                    cut: opened.as_ref().is_some_and(|opened| opened.cut.is_some()),
                    program: opened.map_or_else(|| "?".to_owned(), |opened| opened.program),
                });
            }
            Ok(ControlFlow::Continue(()))
        })?;
        held.torn = matches!(end, End::Reached(Some(_)));
        held.checkpoint = Kept::read(data, &held.inventory.dataset, held.last).context(
            "cannot look at the checkpoint; `treasury serve --checkpoint false` does without",
        )?;
        Ok(held)
    }

    fn segments(&self) -> u64 {
        self.inventory.last - self.inventory.first + 1
    }
}

/// How a server would write here: asked by opening a segment, so that nothing is written.
fn write_mode(segment: &Path) -> WriteMode {
    let flags = OFlags::DIRECT.bits() as i32;
    let opened = std::fs::OpenOptions::new().read(true).custom_flags(flags).open(segment);
    if opened.is_ok() { WriteMode::Direct } else { WriteMode::Buffered }
}

fn mode_slug(mode: WriteMode) -> &'static str {
    match mode {
        WriteMode::Direct => "direct",
        WriteMode::Buffered => "buffered",
    }
}
