//! `treasury bench`: a client process against a server process, over real TCP, to a real disk.

mod check;
mod load;
mod probe;
mod setup;

use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use hdrhistogram::Histogram;
use serde_json::{Value, json};

use crate::child::{Server, ServerOptions, bytes_below};
use crate::exit::Exit;

use check::{Reserved, check};
use load::Load;
use probe::probe;

/// The lines of the performance document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Preset {
    /// 4 connections, 2 frames in flight, 8,190 reservations a frame.
    #[value(name = "batch-8190")]
    Batch8190,
    /// 8 connections, 2 frames in flight, 1,000 reservations a frame.
    #[value(name = "batch-1000")]
    Batch1000,
    /// 16 connections, 4 frames in flight, 100 reservations a frame.
    #[value(name = "batch-100")]
    Batch100,
    /// 64 connections, 32 single reservations in flight.
    Pipelined,
    /// 256 connections, one reservation at a time.
    Many,
    /// One connection, one reservation at a time.
    Solo,
}

impl Preset {
    /// Connections, frames in flight on each, commands in a frame.
    fn shape(self) -> (usize, usize, usize) {
        match self {
            Preset::Batch8190 => (4, 2, 8190),
            Preset::Batch1000 => (8, 2, 1000),
            Preset::Batch100 => (16, 4, 100),
            Preset::Pipelined => (64, 32, 1),
            Preset::Many => (256, 1, 1),
            Preset::Solo => (1, 1, 1),
        }
    }

    fn name(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }
}

/// How quotas are chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Skew {
    /// Each as often as the other.
    Uniform,
    /// Zipf: few are hot.
    Zipf,
    /// One quota takes everything.
    Hot,
}

/// Measure durable reservations.
#[derive(Args)]
#[command(after_help = "\
Examples:
  treasury bench --preset batch-8190
  treasury bench --preset many --skew zipf --particulars 300 --seconds 20 --json
  treasury bench --preset batch-100 --rate 200000

Client and server share this machine. Every reply is checked, and in the end every quota: together
they hold what was accepted, and none is overdrawn. Latency is from the moment a frame
was to be sent (with --rate: by the schedule, so that a stall counts against every frame it
delays) to the moment its last result was read. A figure is worth something only beside the disk
probe taken with it.")]
pub(super) struct Bench {
    /// Shape of the load.
    #[arg(long, value_enum, default_value = "batch-8190")]
    preset: Preset,
    /// How quotas are chosen.
    #[arg(long, value_enum, default_value = "uniform")]
    skew: Skew,
    /// Exponent of `--skew zipf`: the larger, the hotter the few.
    #[arg(long, default_value_t = 0.8, value_name = "EXPONENT", value_parser = exponent)]
    zipf: f64,
    /// Quotas, spread over 185 divisions.
    #[arg(long, default_value_t = 194_100)]
    quotas: u32,
    /// Bytes of particulars on each reservation: 0 or about this many.
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=4000))]
    particulars: u32,
    /// Open loop: reservations a second over all connections, sent by a schedule.
    #[arg(long)]
    rate: Option<u64>,
    /// How long to measure, after a second of warming up.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Shards of the server (default: its own choice).
    #[arg(long, default_value_t = 0)]
    shards: usize,
    /// Disk that the run may use, in GiB; it ends early when this is reached, and says so.
    #[arg(long, default_value_t = 12)]
    disk_gib: u64,
    /// Where to make the temporary data directory (default: the system's place for such).
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

fn exponent(text: &str) -> Result<f64, String> {
    let exponent: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    (0.0..=8.0).contains(&exponent).then_some(exponent).ok_or("not from 0 to 8".to_owned())
}

/// What a run showed.
struct Measured {
    /// Accepted within the time that is measured.
    accepted: u64,
    /// Accepted in all.
    reserved: Reserved,
    seconds: f64,
    latency: Histogram<u64>,
    capped: bool,
}

impl Bench {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        let dir = match &self.dir {
            Some(dir) => tempfile::tempdir_in(dir)?,
            None => tempfile::tempdir()?,
        };
        let before = probe(dir.path())?;
        let data = dir.path().join("data");
        let options = ServerOptions {
            data: data.clone(),
            shards: self.shards,
            segment_mib: 256,
            memory_limit_mib: 0,
        };
        let server = Server::start(&options)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let measured = runtime.block_on(self.drive(&server, &data))?;
        let resident = server.resident_bytes_max();
        server.stop()?;
        let after = probe(dir.path())?;
        let told = self.tell(&measured, &before, &after, resident);
        let mut out = std::io::stdout().lock();
        if self.json {
            writeln!(out, "{told}")?;
        } else {
            self.print(&mut out, &told, &before, &after)?;
        }
        Ok(Exit::Ok)
    }

    async fn drive(&self, server: &Server, data: &std::path::Path) -> anyhow::Result<Measured> {
        let quotas = setup::quotas(server.address, self.quotas).await?;
        let (connections, in_flight, batch) = self.preset.shape();
        let load = Load {
            address: server.address,
            quotas: quotas.clone(),
            connections,
            in_flight,
            batch,
            skew: self.skew,
            zipf: self.zipf,
            particulars: self.particulars as usize,
            rate: self.rate,
            warm_up: Duration::from_secs(1),
            measure: Duration::from_secs(self.seconds),
        };
        let disk_bytes_max = self.disk_gib << 30;
        let measured = load.run(|| bytes_below(data) > disk_bytes_max).await?;
        check(server.address, &quotas, measured.reserved).await?;
        Ok(measured)
    }

    fn tell(
        &self,
        measured: &Measured,
        before: &probe::Probe,
        after: &probe::Probe,
        resident: Option<u64>,
    ) -> Value {
        let latency = &measured.latency;
        let (connections, in_flight, batch) = self.preset.shape();
        json!({
            "preset": self.preset.name(),
            "payments_per_s": (measured.accepted as f64 / measured.seconds).round(),
            "payments": measured.accepted,
            "seconds": measured.seconds,
            "latency_us": {
                "p50": latency.value_at_quantile(0.5),
                "p90": latency.value_at_quantile(0.9),
                "p99": latency.value_at_quantile(0.99),
                "p999": latency.value_at_quantile(0.999),
                "max": latency.max(),
            },
            "loop": if self.rate.is_some() { "open" } else { "closed" },
            "connections": connections,
            "in_flight": in_flight,
            "batch": batch,
            "quotas": self.quotas,
            "skew": format!("{:?}", self.skew).to_lowercase(),
            "particulars_bytes": self.particulars,
            "held_in_the_end": {
                "payments": measured.reserved.payments,
                "fen": measured.reserved.fen,
            },
            "capped_by_disk": measured.capped,
            "server_resident_bytes_max": resident,
            "disk_probe": { "before": before.to_json(), "after": after.to_json() },
        })
    }

    fn print(
        &self,
        out: &mut impl Write,
        told: &Value,
        before: &probe::Probe,
        after: &probe::Probe,
    ) -> std::io::Result<()> {
        let latency = &told["latency_us"];
        writeln!(
            out,
            "{:<11} {:>12} durable payments/s   p50 {} p99 {} p99.9 {} max {} µs",
            self.preset.name(),
            grouped(told["payments_per_s"].as_f64().unwrap_or_default() as u64),
            latency["p50"],
            latency["p99"],
            latency["p999"],
            latency["max"],
        )?;
        if told["capped_by_disk"] == true {
            writeln!(out, "the run ended early: it had used its {} GiB of disk", self.disk_gib)?;
        }
        writeln!(out, "before: {}", before.line())?;
        writeln!(out, "after:  {}", after.line())
    }
}

/// A count with thousands separators.
pub(crate) fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
