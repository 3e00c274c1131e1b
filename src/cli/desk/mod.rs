//! `treasury desk`: the thin shell around the desk's core. Reads keys and clocks, draws, and hands
//! requests to the network; whatever has to be thought about is in the core.

mod ask;
mod choose;
mod core;
mod deeds;
mod digits;
mod draw;
mod filling;
mod form;
mod help;
mod keep;
mod keys;
mod list;
mod look;
mod network;
mod order;
mod panes;
#[cfg(test)]
mod tests;
mod text;
mod wish;

use std::io::IsTerminal;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use crossbeam_channel::{Receiver, Sender};
use domain::codes::Role;
use domain::command::By;
use domain::ids::{ChannelId, DivisionIndex, FiscalYear, PersonId, QuotaId};
use ratatui::crossterm::event::{self, Event, KeyEvent, KeyEventKind};

use self::core::{Desk, Now};
use super::arguments;
use crate::exit::{Exit, Failure};
use crate::{clock, entropy};
use ask::{Answer, Book};
use keep::Keep;
use network::Network;
use order::Order;

/// Keys and answers that wait to be taken.
const INPUTS_MAX: usize = 256;

/// Work at a payment desk: balance, reserve, worklists, look up, receipts. Keyboard only.
#[derive(Args)]
#[command(after_help = "\
Examples:
  treasury desk --server 127.0.0.1:7370 --role maker --person 101 --quota 5/2022/0 --keep open.json
  treasury desk --server 127.0.0.1:7370 --role checker --person 201 --division 5 --year 2022
  treasury desk --server 127.0.0.1:7370 --role finance --person 301 --division 5 --year 2022 \\
      --unit 101001
  treasury desk --server 127.0.0.1:7370 --role bank --person 401 --channel 20 --language chinese

Needs a terminal of 80 × 24 or more. ? tells every key, q leaves. An order whose answer does not
come is sent again under the same id until its outcome is certain.")]
pub(super) struct DeskArguments {
    /// The server.
    #[arg(long, visible_alias = "connect", value_name = "ADDRESS")]
    server: SocketAddr,
    /// In which role: maker, checker, finance, bank, central-bank, operator.
    #[arg(long, value_parser = arguments::role, value_name = "ROLE")]
    role: Role,
    /// Who sits at the desk: the person every order is given by.
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..), value_name = "PERSON")]
    person: u64,
    /// By which channel orders and facts come.
    #[arg(long, default_value_t = 1, value_name = "CHANNEL")]
    channel: u16,
    /// The division whose payments are worked on; without it, lists are of every one.
    #[arg(long, value_parser = arguments::division, value_name = "INDEX", requires = "year")]
    division: Option<DivisionIndex>,
    /// Its fiscal year.
    #[arg(long, value_parser = arguments::fiscal_year, value_name = "YEAR", requires = "division")]
    year: Option<FiscalYear>,
    /// Lists of this unit alone: the beginning of the quota's official key.
    #[arg(long, visible_alias = "key", value_name = "PREFIX")]
    unit: Option<String>,
    /// The quota to begin with; its division and year are the desk's, where none are given.
    #[arg(long, value_parser = arguments::quota, value_name = "QUOTA")]
    quota: Option<QuotaId>,
    /// Keep an order whose outcome is open in this file, so that its id outlives the desk. One file
    /// for each desk.
    #[arg(long, value_name = "FILE")]
    keep: Option<PathBuf>,
    /// In which language a payment's way is told; `l` changes it.
    #[arg(long, value_enum, default_value_t = Language::English, value_name = "LANGUAGE")]
    language: Language,
    /// How often the balance is read anew, in ms.
    #[arg(long, default_value_t = 2_000, value_name = "MS", value_parser = clap::value_parser!(u64).range(100..=3_600_000))]
    refresh_ms: u64,
}

/// In which language long texts are told. Short ones stand in both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Language {
    /// English.
    English,
    /// 中文.
    Chinese,
}

/// What a desk is told when it is opened.
struct Setup {
    server: String,
    /// Of which environment the server's data set is.
    environment: &'static str,
    by: By,
    book: Option<Book>,
    unit: String,
    quota: Option<QuotaId>,
    language: Language,
    refresh_ms: u64,
}

/// What comes to the desk from outside.
enum Input {
    Key(KeyEvent),
    /// The terminal has another size.
    Size,
    Answer(Answer),
    /// The keyboard is gone, and why.
    Lost(std::io::Error),
}

impl DeskArguments {
    pub(super) fn run(self) -> Result<Exit> {
        if !std::io::stdout().is_terminal() || !std::io::stdin().is_terminal() {
            let why =
                "a desk needs a terminal; for scripts there are `treasury payment` and JSON lines";
            return Err(Failure::new(Exit::Usage, anyhow::anyhow!(why)).into());
        }
        let (mut keep, left) = Keep::open(self.keep.as_deref())?;
        let (sender, inputs) = crossbeam_channel::bounded(INPUTS_MAX);
        let mut setup = self.setup();
        if let Some(order) = left.as_ref().filter(|order| order.by != setup.by) {
            return Err(Failure::new(Exit::Usage, not_his(order)).into());
        }
        let network = Network::connect(&setup, sender.clone())?;
        setup.environment = network.welcome.environment.slug();
        let mut desk = Desk::new(setup, Box::new(draw_id), now());
        if let Some(order) = left {
            desk.take_up(order);
        }
        let mut terminal = ratatui::try_init().context("the terminal cannot be used")?;
        let done = listen(sender)
            .and_then(|()| work(&mut desk, &network, &inputs, &mut keep, &mut terminal));
        ratatui::restore();
        // Answers that nobody takes any more must not keep the connection's thread.
        drop(inputs);
        if let Some(order) = desk.open_order() {
            eprintln!(
                "treasury: the outcome of {} on payment {} was not certain; look it up before \
                 anything is given in its place: treasury payment explain {} --server {}",
                order.name(),
                order.payment,
                order.payment,
                self.server,
            );
        }
        done.map(|()| Exit::Ok)
    }

    fn setup(&self) -> Setup {
        let by =
            By { person: PersonId(self.person), role: self.role, channel: ChannelId(self.channel) };
        let of_quota = self.quota.map(|quota| (quota.division(), quota.year()));
        Setup {
            server: self.server.to_string(),
            environment: "",
            by,
            book: self.division.zip(self.year).or(of_quota),
            unit: self.unit.clone().unwrap_or_default(),
            quota: self.quota,
            language: self.language,
            refresh_ms: self.refresh_ms,
        }
    }
}

/// Reads keys on a thread of its own, which ends with the program.
fn listen(sender: Sender<Input>) -> Result<()> {
    let run = move || {
        loop {
            let input = match event::read() {
                Ok(Event::Key(key)) if key.kind != KeyEventKind::Release => Input::Key(key),
                Ok(Event::Resize(..)) => Input::Size,
                Ok(_) => continue,
                Err(error) => Input::Lost(error),
            };
            let is_last = matches!(input, Input::Lost(_));
            if sender.send(input).is_err() || is_last {
                return;
            }
        }
    };
    std::thread::Builder::new().name("desk-keys".into()).spawn(run)?;
    Ok(())
}

fn work(
    desk: &mut Desk,
    network: &Network,
    inputs: &Receiver<Input>,
    keep: &mut Keep,
    terminal: &mut ratatui::DefaultTerminal,
) -> Result<()> {
    loop {
        desk.tick(now());
        // Before anything of it is sent, and only once nothing of it is open any more.
        keep.hold(desk.open_order())?;
        for request in desk.take_requests() {
            if !network.ask(request) {
                bail!("the connection's thread has ended; its reason stands above");
            }
        }
        if desk.has_left {
            return Ok(());
        }
        terminal.draw(|frame| draw::draw(desk, frame))?;
        let wait = desk.wakes_ms().saturating_sub(clock::monotonic_ms());
        let input = inputs.recv_timeout(Duration::from_millis(wait));
        desk.tick(now());
        match input {
            Ok(Input::Key(key)) => desk.key(key),
            Ok(Input::Answer(answer)) => desk.answer(answer),
            Ok(Input::Lost(error)) => return Err(error).context("the keyboard cannot be read"),
            Ok(Input::Size) | Err(_) => {}
        }
    }
}

fn not_his(order: &Order) -> anyhow::Error {
    let By { person, role, channel } = order.by;
    anyhow::anyhow!(
        "the kept file holds an open order of person {} as {role} on channel {}: start so, or with \
         another file",
        person.0,
        channel.0
    )
}

fn now() -> Now {
    Now { monotonic_ms: clock::monotonic_ms(), wall_ms: clock::wall_ms() }
}

/// A random id, for the desk.
fn draw_id() -> Result<u128, String> {
    entropy::uuid().map_err(|error| format!("{error:#}"))
}
