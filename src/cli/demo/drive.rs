//! The way of the demo: the scenario through a server that is killed and started again, then more
//! than the server takes, then what left memory looked up again.

use std::io::IsTerminal;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::Result;
use domain::codes::Role;
use indicatif::{ProgressBar, ProgressStyle};
use scenarios::{Plan, Totals, Work};
use serde_json::Value;
use tokio::sync::watch;

use super::super::bench::grouped;
use super::overload::{Overload, overload};
use crate::child::{Server, ServerOptions};
use crate::clock;
use crate::runner::{self, Latency, Run, Where};
use crate::wire::Wire;

/// Lanes that run side by side.
const LANES: usize = 8;

/// How often progress is shown and the moment of a kill is looked for.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Looks at a metric before what it should show is given up: a minute.
const LOOKS_MAX: u32 = 3_000;

/// After a pause the lanes go on for this part of what they have done before the server is killed.
const UNDER_LOAD_PART: u64 = 32;

/// What is done on the way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Way {
    /// How often the server is killed.
    pub(super) kills: u32,
    /// Connections that offer more than the server takes.
    pub(super) overload_connections: usize,
}

/// One crash and the start after it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Recovery {
    /// When the server was killed, in ms since the beginning.
    pub(super) at_ms: u64,
    /// From the kill until it was ready again.
    pub(super) ms: u64,
    /// The record that the checkpoint spared it to read up to; 0: there was none.
    pub(super) from_checkpoint: u64,
    pub(super) replayed: u64,
}

/// Pages of settled payments that left memory and that came back, over all starts.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Paged {
    pub(super) out: u64,
    pub(super) back: u64,
}

/// What the run showed.
pub(super) struct Shown {
    pub(super) run: Rc<Run>,
    pub(super) tally: scenarios::Tally,
    pub(super) totals: Totals,
    pub(super) recoveries: Vec<Recovery>,
    pub(super) seconds: f64,
    /// Answers by time: ms since the beginning, and answers until then.
    pub(super) course: Vec<(u64, u64)>,
    pub(super) overload: Overload,
    /// From when a frame of the overload was due to its answer.
    pub(super) overload_latency: Rc<Latency>,
    pub(super) paged: Paged,
    /// Payments looked up once more in the end.
    pub(super) audited_again: u64,
    pub(super) live_digest: Value,
}

/// What happens beside the lanes.
struct Beside {
    run: Rc<Run>,
    server: Server,
    options: ServerOptions,
    place: watch::Sender<Where>,
    bar: ProgressBar,
    began: Instant,
    recoveries: Vec<Recovery>,
    course: Vec<(u64, u64)>,
    paged: Paged,
}

/// Goes the whole way.
pub(super) async fn drive(plan: Plan, options: &ServerOptions, way: Way) -> Result<Shown> {
    let totals = plan.totals();
    let work = Work::new(plan, LANES);
    let server = Server::start(options)?;
    let (place, server_place) = watch::channel(Where { address: Some(server.address), start: 1 });
    let run = Run::new(server_place);
    let mut beside = Beside {
        run: Rc::clone(&run),
        server,
        options: options.clone(),
        place,
        bar: progress_bar(),
        began: clock::now(),
        recoveries: Vec::new(),
        course: Vec::new(),
        paged: Paged::default(),
    };
    let (tally, ()) = tokio::try_join!(runner::run(&run, work), beside.crashes(way.kills))?;
    let seconds = beside.began.elapsed().as_secs_f64();
    beside.note_answers();
    beside.bar.finish_and_clear();
    let address = beside.server.address;
    let overload_latency = Rc::new(Latency::default());
    let overload =
        overload(address, way.overload_connections, Rc::clone(&overload_latency)).await?;
    wait_for(address, "treasury_payment_pages_out_total").await?;
    let audited_again = runner::audit_again(&run).await?;
    beside.note_pages().await?;
    let Beside { server, place, recoveries, course, paged, .. } = beside;
    // Connections look at this until the very end.
    drop(place);
    let (status, last) = server.stop()?;
    anyhow::ensure!(status.success(), "the server did not end in good order: {status}");
    let live_digest = last["digest"].clone();
    Ok(Shown {
        run,
        tally,
        totals,
        recoveries,
        seconds,
        course,
        overload,
        overload_latency,
        paged,
        audited_again,
        live_digest,
    })
}

impl Beside {
    /// Kills the server at even parts of the way and starts it again.
    async fn crashes(&mut self, kills: u32) -> Result<()> {
        for kill in 1..=kills {
            let due = u64::from(kill) * 1000 / (u64::from(kills) + 1);
            while self.run.permille() < due && !self.run.done.get() {
                self.look().await;
            }
            self.wait_for_checkpoint().await?;
            self.crash(kill).await?;
        }
        while !self.run.done.get() {
            self.look().await;
        }
        Ok(())
    }

    /// Lets no lane go on until the checkpoint holds something, and then lets them all go on, so
    /// that the server is killed under load and does not start from nothing.
    async fn wait_for_checkpoint(&mut self) -> Result<()> {
        let run = Rc::clone(&self.run);
        let paused = run.pause.write().await;
        wait_for(self.server.address, "treasury_checkpoint_sequence").await?;
        drop(paused);
        let answers = run.seen.answers.get();
        let under_load = answers + answers / UNDER_LOAD_PART;
        while run.seen.answers.get() <= under_load && !run.done.get() {
            self.look().await;
        }
        Ok(())
    }

    async fn crash(&mut self, kill: u32) -> Result<()> {
        // Not while a batch is open: the engine drops those, and predictions would not hold.
        let run = Rc::clone(&self.run);
        let _no_open_batch = run.fragile.write().await;
        self.note_pages().await?;
        self.place.send_replace(Where { address: None, start: kill });
        self.server.kill()?;
        let began = clock::now();
        let at_ms = began.saturating_duration_since(self.began).as_millis() as u64;
        let again = self.options.clone();
        self.server = tokio::task::spawn_blocking(move || Server::start(&again)).await??;
        let ready = |name: &str| self.server.ready[name].as_u64().unwrap_or_default();
        self.recoveries.push(Recovery {
            at_ms,
            ms: began.elapsed().as_millis() as u64,
            from_checkpoint: ready("from_checkpoint"),
            replayed: ready("replayed"),
        });
        self.place.send_replace(Where { address: Some(self.server.address), start: kill + 1 });
        Ok(())
    }

    /// Shows how far the run is, notes it, and waits a moment.
    async fn look(&mut self) {
        let answers = self.note_answers();
        self.bar.set_position(self.run.permille());
        self.bar.set_message(format!("{} answers", grouped(answers)));
        tokio::time::sleep(LOOK_EVERY).await;
    }

    fn note_answers(&mut self) -> u64 {
        let answers = self.run.seen.answers.get();
        self.course.push((self.began.elapsed().as_millis() as u64, answers));
        answers
    }

    /// Adds the pages that this start of the server has moved so far.
    async fn note_pages(&mut self) -> Result<()> {
        let mut wire = Wire::connect(self.server.address, Role::Operator).await?;
        let (out, back) = ("treasury_payment_pages_out_total", "treasury_payment_pages_in_total");
        self.paged.out += wire.metric(out).await?.unwrap_or_default();
        self.paged.back += wire.metric(back).await?.unwrap_or_default();
        Ok(())
    }
}

/// Waits until a metric is above zero, or has had its time.
async fn wait_for(address: SocketAddr, metric: &str) -> Result<()> {
    let mut wire = Wire::connect(address, Role::Operator).await?;
    for _ in 0..LOOKS_MAX {
        if wire.metric(metric).await?.unwrap_or_default() > 0 {
            break;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    Ok(())
}

fn progress_bar() -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:40} {percent:>3} %  {elapsed}  {msg}");
    ProgressBar::new(1000).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
