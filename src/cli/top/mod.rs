//! `treasury top`.

mod reading;
mod screen;
mod view;

use std::io::{IsTerminal, Write};
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::Args;
use domain::codes::Role;
use protocol::client::Options;
use protocol::{BlockingClient, ClientError, Hello};
use ratatui::crossterm::event::{self, Event, KeyEventKind};

use super::connection::{self, CHANNEL};
use crate::clock;
use crate::exit::Exit;
use reading::Reading;
use screen::{Screen, Wish};
use view::View;

/// How long a server may take to tell how it is.
const PATIENCE: Duration = Duration::from_secs(2);

/// Watch a server: load, delays, queues, journal, checkpoint, alarms.
#[derive(Args)]
#[command(after_help = "\
Examples:
  treasury top --server 127.0.0.1:7370
  treasury top --server 127.0.0.1:7370 --once --json
  treasury top --server 127.0.0.1:7370 --interval-ms 10000 > load.txt

Rates are differences between two readings. Without a terminal, readings are printed one after the
other. In a terminal: q quits, p pauses, ? tells what is what.")]
pub(super) struct Top {
    /// The server.
    #[arg(long, visible_alias = "connect", value_name = "ADDRESS")]
    server: SocketAddr,
    /// How far readings are apart, in ms.
    #[arg(long, default_value_t = 1_000, value_name = "MS", value_parser = clap::value_parser!(u64).range(100..=3_600_000))]
    interval_ms: u64,
    /// Print one reading, with rates over one interval, and end.
    #[arg(long)]
    once: bool,
    /// Print readings as JSON, one object a line.
    #[arg(long)]
    json: bool,
}

impl Top {
    pub(super) fn run(self) -> Result<Exit> {
        let hello = Hello::new(Role::Operator, CHANNEL, "treasury top");
        let options = Options { deadline: PATIENCE, ..Options::default() };
        let client = BlockingClient::connect(self.server.to_string(), hello, options)
            .map_err(connection::failure)?;
        if self.once || self.json || !std::io::stdout().is_terminal() {
            return self.print(&client);
        }
        let mut terminal = ratatui::try_init().context("the terminal cannot be used")?;
        let done = self.watch(&client, &mut terminal);
        ratatui::restore();
        done
    }

    /// Prints readings; the first is only there to be compared with.
    fn print(&self, client: &BlockingClient) -> Result<Exit> {
        let mut out = std::io::stdout().lock();
        let mut before = read(client).map_err(connection::failure)?;
        loop {
            std::thread::sleep(Duration::from_millis(self.interval_ms));
            let now = read(client).map_err(connection::failure)?;
            let view = View::new(Some(&before), &now);
            if self.json {
                writeln!(out, "{}", view.to_json())?;
            } else {
                write!(out, "{}", view.to_text())?;
                if !self.once {
                    writeln!(out)?;
                }
            }
            out.flush()?;
            if self.once {
                return Ok(Exit::Ok);
            }
            before = now;
        }
    }

    fn watch(
        &self,
        client: &BlockingClient,
        terminal: &mut ratatui::DefaultTerminal,
    ) -> Result<Exit> {
        let mut screen = Screen::new(self.server.to_string());
        let mut due_ms = clock::monotonic_ms();
        loop {
            if clock::monotonic_ms() >= due_ms {
                if !screen.is_paused() {
                    screen.take(read(client).map_err(|error| error.to_string()));
                }
                due_ms = clock::monotonic_ms() + self.interval_ms;
            }
            terminal.draw(|frame| screen.draw(frame))?;
            let wait = Duration::from_millis(due_ms.saturating_sub(clock::monotonic_ms()));
            if event::poll(wait)?
                && let Event::Key(key) = event::read()?
                && key.kind != KeyEventKind::Release
                && screen.key(key) == Wish::Leave
            {
                return Ok(Exit::Ok);
            }
        }
    }
}

fn read(client: &BlockingClient) -> Result<Reading, ClientError> {
    let health = client.health()?;
    let metrics = client.metrics()?;
    Ok(Reading::new(clock::monotonic_ms(), &health, &metrics))
}
