//! `treasury payment explain`.

use std::collections::BTreeMap;
use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use domain::ids::PaymentId;
use protocol::directory::AsOf;
use protocol::json::{event_json, payment_json};
use serde_json::{Value, json};

use super::collect::{Book, Tale, Tales};
use super::now::{self, Both};
use super::story::Told;
use super::vouchers::OfPayment;
use crate::cli::{arguments, moment, show};
use crate::exit::{Exit, Failure};
use crate::verification::position_json;

/// Tell a payment's whole way in words, in English and Chinese.
#[derive(Args)]
#[command(after_help = "\
Examples:
  treasury payment explain 01927c5e-4b7a-7d11-9a41-000000000001 --data ./data
  treasury payment explain 01927c5e-4b7a-7d11-9a41-000000000001 --server 127.0.0.1:7370
  treasury payment explain 01927c5e-4b7a-7d11-9a41-000000000001 --server 127.0.0.1:7370 \\
      --as-of 2022-03-04T16:30
  treasury payment explain 01927c5e-4b7a-7d11-9a41-000000000001 --server 127.0.0.1:7370 \\
      --exchange 127.0.0.1:7009
  treasury payment explain 01927c5e-4b7a-7d11-9a41-000000000001 --server 127.0.0.1:7370 \\
      --exchange 127.0.0.1:7009 --beside 127.0.0.1:7010 --beside 127.0.0.1:7012

Tells every committed event of the payment: what it did, who gave it, when, and where it lies in the
journal. Facts that did not fit are told with the reason. A running server is asked for them; a data
directory is read from its first record. With --exchange the payment's vouchers are told too: which
voucher each fact was heard of; what was done about a voucher, by which persons, when and why; the payees
beside an order; what was ordered in its place; corrections and open differences. With --beside a bank
or the central bank of a test province says what it has in its own books, and what it waits for.")]
pub(super) struct ExplainPayment {
    /// The payment's id.
    #[arg(value_parser = arguments::payment)]
    payment: PaymentId,
    /// A data directory, read without a lock.
    #[arg(
        long,
        value_name = "DIR",
        required_unless_present = "connect",
        conflicts_with = "connect"
    )]
    data: Option<PathBuf>,
    /// A running server.
    #[arg(long, visible_alias = "server", value_name = "ADDRESS")]
    connect: Option<SocketAddr>,
    /// Up to this position (epoch/sequence) or Beijing time, as it stood then.
    #[arg(long, value_parser = moment::as_of, value_name = "POSITION|TIME", requires = "connect")]
    as_of: Option<AsOf>,
    /// Where finance's voucher store hears people: the payment's vouchers are told too, as they stand now.
    #[arg(long, value_name = "ADDRESS", conflicts_with = "as_of")]
    exchange: Option<SocketAddr>,
    /// Where a bank or the central bank of a test province hears people: what it has of the vouchers is told too. Give
    /// one for each.
    #[arg(long, value_name = "ADDRESS", requires = "exchange")]
    beside: Vec<SocketAddr>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// One event, told.
struct Line {
    position: String,
    time: String,
    json: Value,
    told: Both,
    /// The voucher that its fact was heard of.
    voucher: Option<String>,
}

impl ExplainPayment {
    pub(super) fn run(self) -> Result<Exit> {
        let (tales, place) = match (&self.data, self.connect) {
            (Some(data), _) => {
                (Tales::from_journal(data, self.payment)?, data.display().to_string())
            }
            (None, Some(address)) => {
                let place = format!("the server at {address}");
                (Tales::from_server(address, self.payment, self.as_of)?, place)
            }
            (None, None) => unreachable!("one of them is required"),
        };
        if tales.of.is_empty() {
            let what = anyhow::anyhow!(
                "{place} has no event about payment {}; check the id",
                self.payment
            );
            return Err(Failure::new(Exit::Refused, what).into());
        }
        let mut vouchers = BTreeMap::new();
        for &book in tales.of.keys().filter(|_| self.exchange.is_some()) {
            let exchange = self.exchange.expect("it was looked at");
            vouchers.insert(book, OfPayment::ask(exchange, &self.beside, book, self.payment)?);
        }
        let mut out = std::io::stdout().lock();
        if self.json {
            let one = |(&book, tale): (&Book, &Tale)| {
                let mut told = self.to_json(book, tale, vouchers.get(&book));
                if let Some(vouchers) = vouchers.get(&book) {
                    told["exchange"] = vouchers.json();
                }
                told
            };
            let told: Vec<Value> = tales.of.iter().map(one).collect();
            let object = json!({ "payment": self.payment.to_string(), "told": told });
            writeln!(out, "{object}")?;
            return Ok(Exit::Ok);
        }
        for (index, (&book, tale)) in tales.of.iter().enumerate() {
            if index > 0 {
                writeln!(out)?;
            }
            self.print(&mut out, book, tale, vouchers.get(&book))?;
        }
        Ok(Exit::Ok)
    }

    fn lines(&self, tale: &Tale, vouchers: Option<&OfPayment>) -> Vec<Line> {
        let sources = vouchers.map_or_else(Vec::new, OfPayment::sources);
        let told = Told::new(self.payment, tale.view.as_ref()).heard_of(&sources);
        let mut ids = Vec::new();
        let line = |kept: &super::collect::Kept| {
            let event = kept.event(&mut ids)?;
            let (epoch, sequence) = (kept.position.epoch, kept.position.sequence);
            Some(Line {
                position: show::position(kept.position),
                time: show::time(kept.time_ms),
                json: json!({
                    "position": position_json(kept.position),
                    "time_ms": kept.time_ms,
                    "event": event_json(&event, protocol::Position { epoch, sequence }),
                }),
                told: told.event(&event),
                voucher: told.source(&event).map(|(key, _)| key.to_string()),
            })
        };
        tale.events.iter().filter_map(line).collect()
    }

    fn print(
        &self,
        out: &mut impl Write,
        book: Book,
        tale: &Tale,
        vouchers: Option<&OfPayment>,
    ) -> std::io::Result<()> {
        let (division, year) = (book.0.0, book.1.get());
        writeln!(out, "payment {} of division {division} in {year}", self.payment)?;
        for line in self.lines(tale, vouchers) {
            writeln!(out, "\n{}  {}", line.position, line.time)?;
            writeln!(out, "  {}", line.told.english)?;
            writeln!(out, "  {}", line.told.chinese)?;
        }
        if let Some(vouchers) = vouchers {
            writeln!(out, "\nvouchers")?;
            for told in vouchers.told() {
                writeln!(out, "  {}\n  {}", told.english, told.chinese)?;
            }
        }
        let now = now_of(tale);
        let when = if self.as_of.is_some() { "then" } else { "now" };
        writeln!(out, "\n{when}\n  {}\n  {}", now.english, now.chinese)
    }

    fn to_json(&self, book: Book, tale: &Tale, vouchers: Option<&OfPayment>) -> Value {
        let now = now_of(tale);
        let events: Vec<Value> = self
            .lines(tale, vouchers)
            .into_iter()
            .map(|line| {
                let mut object = line.json;
                object["english"] = json!(line.told.english);
                object["chinese"] = json!(line.told.chinese);
                object["voucher"] = json!(line.voucher);
                object
            })
            .collect();
        json!({
            "division": book.0.0,
            "year": book.1.get(),
            "events": events,
            (if self.as_of.is_some() { "then" } else { "now" }): {
                "english": now.english,
                "chinese": now.chinese,
                "payment": tale.view.as_ref().map(payment_json),
            },
        })
    }
}

/// Where the money is now.
pub(in crate::cli) fn now_of(tale: &Tale) -> Both {
    let mut now = match &tale.view {
        Some(view) => now::of(view),
        None => Both::new(
            "no such payment was accepted: nothing is held for it",
            "该支付未受理：无占用",
        ),
    };
    let waiting = tale.waiting();
    if waiting > 0 {
        now.push(
            &format!("; facts still in suspense: {waiting}"),
            &format!("；尚有挂账回单{waiting}笔"),
        );
    }
    now
}
