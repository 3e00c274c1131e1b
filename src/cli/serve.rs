//! `treasury init` and `treasury serve`.

use std::io::Write;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;

use actors::limits::CONNECTIONS_MAX;
use clap::Args;
use serde_json::json;

use crate::exit::{Exit, Failure};
use crate::server::{self, Settings};

/// Where a server's settings come from: flags, then the environment, then a TOML file.
#[derive(Args)]
pub(super) struct Sources {
    /// The data directory.
    #[arg(long, env = "TREASURY_DATA", value_name = "DIR")]
    data: Option<PathBuf>,
    /// A TOML file with settings: the flags' names with underscores.
    #[arg(long, env = "TREASURY_CONFIG", value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// `production` or `test`. A data set is made for it, or must be of it.
    #[arg(long, env = "TREASURY_ENVIRONMENT")]
    environment: Option<String>,
    /// Size of a segment of a new data set, in MiB (default 256).
    #[arg(long, env = "TREASURY_SEGMENT_MIB", value_name = "MIB")]
    segment_mib: Option<u64>,
}

impl Sources {
    fn settle(self, flags: server::Layer) -> anyhow::Result<Settings> {
        Ok(self.settle_with_lines(flags)?.0)
    }

    /// The settings, and the line of each that the file says.
    ///
    /// # Errors
    /// When a server would not start on them.
    pub(super) fn settle_with_lines(
        self,
        flags: server::Layer,
    ) -> anyhow::Result<(Settings, Vec<(String, usize)>)> {
        let own = server::Layer {
            data: self.data,
            environment: self.environment,
            segment_mib: self.segment_mib,
            ..flags
        };
        let wrong = |error| Failure::new(Exit::Config, error);
        let of_file = self.config.as_deref().map(server::SettingsFile::read).transpose();
        let server::SettingsFile { layer, lines } = of_file.map_err(wrong)?.unwrap_or_default();
        Ok((own.over(layer).settle().map_err(wrong)?, lines))
    }
}

/// Make a new data set in a directory.
#[derive(Args)]
#[command(after_help = "Example:\n  treasury init --data ./data --environment test")]
pub(super) struct Init {
    #[command(flatten)]
    sources: Sources,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

impl Init {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        let settings = self.sources.settle(server::Layer::default())?;
        let dataset = server::create(&settings)?;
        let mut out = std::io::stdout().lock();
        let (id, environment) = (format!("{:032x}", dataset.id), dataset.environment.to_string());
        if self.json {
            let segment_bytes = dataset.segment_bytes;
            let told = json!({ "data_set": id, "environment": environment, "segment_bytes": segment_bytes });
            writeln!(out, "{told}")?;
        } else {
            writeln!(out, "made {environment} data set {id} in {}", settings.data.display())?;
        }
        Ok(Exit::Ok)
    }
}

/// What a server can be told beyond its data set.
#[derive(Args)]
pub(super) struct ServerFlags {
    /// Where to listen; port 0 chooses a free one (default 127.0.0.1:7370).
    #[arg(long, env = "TREASURY_LISTEN", value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// Shards: threads that decide (default: as many as cores, at least two).
    #[arg(long, env = "TREASURY_SHARDS", value_name = "N")]
    shards: Option<usize>,
    /// Connections at once.
    #[arg(long, env = "TREASURY_CONNECTIONS_MAX", value_name = "N")]
    connections_max: Option<usize>,
    /// How long a connection may take to say its whole hello (default and longest 5000).
    #[arg(long, env = "TREASURY_HELLO_WAIT_MS", value_name = "MS")]
    hello_wait_ms: Option<u64>,
    /// How long a message may take from its first byte to its last (default and longest 30000).
    #[arg(long, env = "TREASURY_FRAME_WAIT_MS", value_name = "MS")]
    frame_wait_ms: Option<u64>,
    /// How long a peer's system may be silent, where the peer may have vanished, before its
    /// connection is given up (default and longest 90000).
    #[arg(long, env = "TREASURY_SILENCE_WAIT_MS", value_name = "MS")]
    silence_wait_ms: Option<u64>,
    /// Room on the disk below which orders that reserve or create are turned away (default 16
    /// segments).
    #[arg(long, env = "TREASURY_DISK_LOW_MIB", value_name = "MIB")]
    disk_low_mib: Option<u64>,
    /// Room on the disk below which nothing is taken and reads go on (default 4 segments).
    #[arg(long, env = "TREASURY_DISK_FULL_MIB", value_name = "MIB")]
    disk_full_mib: Option<u64>,
    /// MiB that the state should stay under: above it settled payments leave memory and are
    /// fetched from the checkpoint when they are named again (default 0: no limit).
    #[arg(long, env = "TREASURY_MEMORY_LIMIT_MIB", value_name = "MIB")]
    memory_limit: Option<u64>,
    /// Whether a checkpoint is kept, so that a start need not read the whole journal (default
    /// true).
    #[arg(long, env = "TREASURY_CHECKPOINT", value_name = "BOOL")]
    checkpoint: Option<bool>,
    /// Commands that one session may give per second; a frame beyond it hears `busy` (default: no
    /// limit).
    #[arg(long, env = "TREASURY_SESSION_COMMANDS_PER_SECOND", value_name = "N")]
    session_commands_per_second: Option<NonZeroU32>,
    /// Where to serve the metrics over plain HTTP, at /metrics (default: nowhere).
    #[arg(long, env = "TREASURY_METRICS", value_name = "ADDRESS")]
    metrics: Option<SocketAddr>,
    /// Play bank and central bank, by a rule on the amount: …01 fen is rejected, …02 is never
    /// answered, …03 is paid by half, everything else is paid and cleared. In a test data set
    /// alone.
    #[arg(
        long,
        env = "TREASURY_SANDBOX",
        value_name = "BOOL",
        num_args = 0..=1,
        default_missing_value = "true"
    )]
    sandbox: Option<bool>,
}

impl ServerFlags {
    /// What was given on the command line and in the environment.
    pub(super) fn layer(self) -> server::Layer {
        server::Layer {
            listen: self.listen,
            shards: self.shards,
            connections_max: self.connections_max,
            hello_wait_ms: self.hello_wait_ms,
            frame_wait_ms: self.frame_wait_ms,
            silence_wait_ms: self.silence_wait_ms,
            disk_low_mib: self.disk_low_mib,
            disk_full_mib: self.disk_full_mib,
            checkpoint: self.checkpoint,
            memory_limit_mib: self.memory_limit,
            session_commands_per_second: self.session_commands_per_second,
            metrics: self.metrics,
            sandbox: self.sandbox,
            ..server::Layer::default()
        }
    }
}

/// Run the server.
#[derive(Args)]
#[command(after_help = "\
Example:
  treasury init --data ./data && treasury serve --data ./data --listen 127.0.0.1:7370

Prints one line when it is ready, and runs until SIGTERM or SIGINT. A second signal ends it at
once, which is safe.")]
pub(super) struct Serve {
    #[command(flatten)]
    sources: Sources,
    #[command(flatten)]
    flags: ServerFlags,
    /// Make the data set if the directory holds none.
    #[arg(long)]
    create: bool,
    /// Print the ready line as JSON.
    #[arg(long)]
    json: bool,
}

impl Serve {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        let mut settings = self.sources.settle(self.flags.layer())?;
        let room = server::connections_within(&settings)
            .map_err(|too_few| Failure::new(Exit::CannotStart, too_few))?;
        if room < settings.connections_max {
            let wanted = std::mem::replace(&mut settings.connections_max, room);
            let what = "the limit of open files leaves room for fewer connections";
            // The default is what nobody has asked for.
            match wanted {
                CONNECTIONS_MAX => tracing::info!(wanted, room, what),
                _ => tracing::warn!(wanted, room, what),
            }
        }
        if self.create && server::is_to_be_made(&settings.data) {
            server::create(&settings)?;
        }
        let (json, sandbox) = (self.json, settings.sandbox);
        let ended = server::serve(&settings, |ready| {
            let server::Ready { address, metrics, summary } = ready;
            let position = format!("{}/{}", summary.position.epoch, summary.position.sequence);
            let line = if json {
                json!({
                    "listening": address.to_string(),
                    "epoch": summary.epoch,
                    "position": position,
                    "replayed": summary.records,
                    "from_checkpoint": summary.from_checkpoint.map(|from| from.sequence),
                    "checkpoint_set_aside": summary.set_aside,
                    "cut": summary.cut.is_some(),
                    "sandbox": sandbox,
                    "metrics": metrics.map(|metrics| metrics.to_string()),
                })
                .to_string()
            } else {
                let played = if sandbox { "; sandbox: plays bank and central bank" } else { "" };
                let page = metrics.map(|at| format!("; metrics at http://{at}/metrics"));
                format!(
                    "listening on {address} at position {position}, {} records replayed{}{played}",
                    summary.records,
                    page.unwrap_or_default(),
                )
            };
            // Whoever started the server may have closed its end: that stops no payment.
            let mut out = std::io::stdout().lock();
            let _ = writeln!(out, "{line}").and_then(|()| out.flush());
        })?;
        let (position, digest) = (ended.position, blake3::Hash::from_bytes(ended.digest).to_hex());
        let line = if json {
            json!({ "closed": position.to_string(), "digest": digest.as_str() }).to_string()
        } else {
            format!("closed at position {position}, digest {digest}")
        };
        let _ = writeln!(std::io::stdout().lock(), "{line}");
        Ok(Exit::Ok)
    }
}
