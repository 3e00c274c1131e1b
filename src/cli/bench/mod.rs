//! `treasury bench`: a client process against a server process, over real TCP, to a real disk.

mod bank;
mod beside;
mod check;
mod load;
mod probe;
mod settling;
mod setup;
mod turns;

use std::cell::RefCell;
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, ValueEnum};
use hdrhistogram::Histogram;
use serde_json::{Value, json};

use crate::child::{Server, ServerOptions, bytes_below};
use crate::cli::connection;
use crate::cli::memory::ServerMemory;
use crate::exit::Exit;

use beside::{Beside, Done};
use check::{Reserved, check};
use load::Load;
use probe::probe;
use settling::{Settled, Settlement};
use turns::{ByTurns, by_turns};

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
  treasury bench --preset batch-100 --confirm
  treasury bench --preset many --beside 10 --seconds 5 --json
  treasury bench --preset pipelined --settlement 1000 --seconds 5
  treasury bench --preset solo --quotas 10000000 --seconds 2 --disk-gib 16

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
    /// Pay in one act instead of reserving, and have a bank report each payment paid: two commands
    /// a payment.
    #[arg(long, conflicts_with_all = ["rate", "beside"])]
    confirm: bool,
    /// Open loop: reservations a second over all connections, sent by a schedule.
    #[arg(long)]
    rate: Option<u64>,
    /// Measure by turns alone and beside so many terminals that watch the server and as many lists
    /// that are walked without a pause; `--seconds` is the length of one turn of eight.
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u16).range(1..=100))]
    beside: Option<u16>,
    /// Measure by turns alone and on a server whose payments are settled besides, at so many vouchers a
    /// second: finance's store, two banks and the central bank as processes; `--seconds` is the length of
    /// one turn of eight.
    #[arg(long, value_name = "VOUCHERS", conflicts_with_all = ["confirm", "beside"])]
    #[arg(value_parser = clap::value_parser!(u32).range(2..=100_000))]
    settlement: Option<u32>,
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
    /// Reported paid within that time.
    confirmed: u64,
    /// Accepted in all.
    reserved: Reserved,
    seconds: f64,
    latency: Histogram<u64>,
    capped: bool,
}

impl Measured {
    fn add(&mut self, more: &Measured) -> anyhow::Result<()> {
        self.accepted += more.accepted;
        self.confirmed += more.confirmed;
        self.reserved.add(more.reserved);
        self.seconds += more.seconds;
        self.latency.add(&more.latency)?;
        self.capped |= more.capped;
        Ok(())
    }

    fn per_second(&self) -> f64 {
        (self.accepted as f64 / self.seconds).round()
    }

    fn commands_per_second(&self) -> f64 {
        ((self.accepted + self.confirmed) as f64 / self.seconds).round()
    }

    fn latency_us(&self) -> Value {
        let latency = &self.latency;
        json!({
            "p50": latency.value_at_quantile(0.5),
            "p90": latency.value_at_quantile(0.9),
            "p99": latency.value_at_quantile(0.99),
            "p999": latency.value_at_quantile(0.999),
            "max": latency.max(),
        })
    }
}

/// Who else was there, and what they have done.
enum Others {
    Watching(Done),
    Settling(Settled),
}

/// What a server's run showed, and what it had in memory when it ended.
struct Shown {
    /// Alone, or where there were others: beside them.
    measured: Measured,
    /// The turns without the others.
    alone: Option<(Measured, Others)>,
    /// What was reserved in all turns, and is held in the end.
    reserved: Reserved,
    memory: ServerMemory,
}

impl Bench {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        let dir = match &self.dir {
            Some(dir) => tempfile::tempdir_in(dir)?,
            None => tempfile::tempdir()?,
        };
        let before = probe(dir.path())?;
        let options = ServerOptions {
            data: dir.path().join("data"),
            shards: self.shards,
            segment_mib: 256,
            memory_limit_mib: 0,
        };
        let server = Server::start(&options)?;
        let mut settlement = match self.settlement {
            Some(vouchers) => {
                let engine = ServerOptions { data: dir.path().join("engine"), ..options.clone() };
                Some(Settlement::found(dir.path(), &engine, vouchers)?)
            }
            None => None,
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let shown = match &mut settlement {
            Some(settlement) => {
                runtime.block_on(self.beside_settlement(&server, settlement, dir.path()))?
            }
            None => runtime.block_on(self.drive(&server, &options.data))?,
        };
        let resident = server.resident_bytes_max();
        server.stop()?;
        if let Some(settlement) = settlement {
            settlement.end()?;
        }
        let after = probe(dir.path())?;
        let told = self.tell(&shown, &before, &after, resident);
        let mut out = std::io::stdout().lock();
        if self.json {
            writeln!(out, "{told}")?;
        } else {
            self.print(&mut out, &told, &before, &after)?;
        }
        Ok(Exit::Ok)
    }

    /// The load on a server and its quotas.
    async fn load(&self, address: SocketAddr) -> anyhow::Result<Load> {
        let quotas = setup::quotas(address, self.quotas, self.confirm).await?;
        let (connections, in_flight, batch) = self.preset.shape();
        Ok(Load {
            address,
            quotas,
            connections,
            in_flight,
            batch,
            skew: self.skew,
            zipf: self.zipf,
            particulars: self.particulars as usize,
            confirm: self.confirm,
            rate: self.rate,
            warm_up: Duration::from_secs(1),
            measure: Duration::from_secs(self.seconds),
            run: 0,
        })
    }

    /// Whether a run has used its disk.
    fn enough(&self, below: &Path) -> bool {
        bytes_below(below) > self.disk_gib << 30
    }

    async fn drive(&self, server: &Server, data: &Path) -> anyhow::Result<Shown> {
        let load = self.load(server.address).await?;
        let enough = || self.enough(data);
        let (measured, alone) = match self.beside {
            None => (load.clone().run(enough).await?, None),
            Some(count) => {
                let mut done = Done::default();
                let start = || Beside::start(load.address, count);
                let stop = |running: Beside| {
                    done.add(running.stop()?);
                    Ok(())
                };
                let ByTurns { alone, beside } = by_turns(&load, &load, start, stop, enough).await?;
                (beside, Some((alone, Others::Watching(done))))
            }
        };
        let mut reserved = measured.reserved;
        if let Some((alone, _)) = &alone {
            reserved.add(alone.reserved);
        }
        check(server.address, &load.quotas, reserved, self.confirm).await?;
        let memory = memory_of(server.address).await?;
        Ok(Shown { measured, alone, reserved, memory })
    }

    /// By turns on a server of its own, and on one whose payments are settled. Each is checked by itself.
    async fn beside_settlement(
        &self,
        server: &Server,
        settlement: &mut Settlement,
        dir: &Path,
    ) -> anyhow::Result<Shown> {
        let engine = settlement.engine();
        let (alone, beside) = (self.load(server.address).await?, self.load(engine).await?);
        let running = RefCell::new(settlement);
        let start = || running.borrow().start();
        let stop = |settling| running.borrow_mut().stop(settling);
        let enough = || self.enough(dir);
        let turns = by_turns(&alone, &beside, start, stop, enough).await?;
        check(server.address, &alone.quotas, turns.alone.reserved, self.confirm).await?;
        check(engine, &beside.quotas, turns.beside.reserved, self.confirm).await?;
        let settlement = running.into_inner();
        settlement.check()?;
        let ByTurns { alone, beside: measured } = turns;
        let (reserved, memory) = (measured.reserved, memory_of(engine).await?);
        let alone = Some((alone, Others::Settling(settlement.settled)));
        Ok(Shown { measured, alone, reserved, memory })
    }

    fn tell(
        &self,
        shown: &Shown,
        before: &probe::Probe,
        after: &probe::Probe,
        resident: Option<u64>,
    ) -> Value {
        let measured = &shown.measured;
        let alone = shown.alone.as_ref().map(|(alone, others)| {
            let mut told = match others {
                Others::Watching(done) => json!({
                    "terminals": self.beside,
                    "lists": self.beside,
                    "readings": done.readings,
                    "pages": done.pages,
                    "payments_listed": done.payments,
                }),
                Others::Settling(settled) => json!({
                    "vouchers_per_s_wanted": self.settlement,
                    "vouchers_per_s": settled.vouchers_per_second(),
                    "payments_settled": settled.payments,
                }),
            };
            told["alone"] = json!({
                "payments_per_s": alone.per_second(),
                "latency_us": alone.latency_us(),
            });
            told["kept"] = json!(measured.per_second() / alone.per_second());
            told
        });
        let (connections, in_flight, batch) = self.preset.shape();
        json!({
            "preset": self.preset.name(),
            "payments_per_s": measured.per_second(),
            "commands_per_s": measured.commands_per_second(),
            "payments": measured.accepted,
            "confirmed": measured.confirmed,
            "seconds": measured.seconds,
            "latency_us": measured.latency_us(),
            "beside": alone,
            "loop": if self.rate.is_some() { "open" } else { "closed" },
            "connections": connections,
            "in_flight": in_flight,
            "batch": batch,
            "quotas": self.quotas,
            "skew": format!("{:?}", self.skew).to_lowercase(),
            "particulars_bytes": self.particulars,
            "held_in_the_end": {
                "payments": shown.reserved.payments,
                "fen": shown.reserved.fen,
            },
            "capped_by_disk": measured.capped,
            "server_resident_bytes_max": resident,
            "resident_bytes": shown.memory.to_json(),
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
        line(out, &self.preset.name(), told)?;
        let beside = &told["beside"];
        if !beside.is_null() {
            line(out, "alone", &beside["alone"])?;
            let kept = 100.0 * beside["kept"].as_f64().unwrap_or_default();
            if self.settlement.is_some() {
                writeln!(
                    out,
                    "beside {} vouchers/s ({} payments ordered and paid): {kept:.1} % are kept",
                    beside["vouchers_per_s"], beside["payments_settled"],
                )?;
            } else {
                writeln!(
                    out,
                    "beside {} terminals with {} readings and {} lists with {} pages: {kept:.1} % are kept",
                    beside["terminals"], beside["readings"], beside["lists"], beside["pages"],
                )?;
            }
        }
        if self.confirm {
            let commands = told["commands_per_s"].as_f64().unwrap_or_default() as u64;
            writeln!(out, "with {} receipts: {} commands/s", told["confirmed"], grouped(commands))?;
        }
        if told["capped_by_disk"] == true {
            writeln!(out, "the run ended early: it had used its {} GiB of disk", self.disk_gib)?;
        }
        writeln!(out, "before: {}", before.line())?;
        writeln!(out, "after:  {}", after.line())
    }
}

fn line(out: &mut impl Write, name: &str, told: &Value) -> std::io::Result<()> {
    let latency = &told["latency_us"];
    writeln!(
        out,
        "{name:<11} {:>12} durable payments/s   p50 {} p99 {} p99.9 {} max {} µs",
        grouped(told["payments_per_s"].as_f64().unwrap_or_default() as u64),
        latency["p50"],
        latency["p99"],
        latency["p999"],
        latency["max"],
    )
}

/// What a server has in memory.
async fn memory_of(address: SocketAddr) -> anyhow::Result<ServerMemory> {
    let client = connection::client(address).await?;
    Ok(ServerMemory::read(&client.metrics().await?))
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
