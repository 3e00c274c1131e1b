//! Finance's voucher store (电子凭证库) beside its engine, and orders to any party's process: `treasury exchange …`.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};
use domain::voucher::Party;
use domain::voucher::follows::PayModes;
use exchange::finance::Finance;
use serde_json::Value;

use crate::exit::{Exit, Failure};
use crate::party::control::ask;
use crate::party::finance::{FinanceWords, begin_day, beside};
use crate::party::{PartyArguments, serve};

/// Exchange e-vouchers (电子凭证) with banks and the central bank.
#[derive(Args)]
#[command(after_help = "\
Examples:
  treasury exchange serve --server 127.0.0.1:7000 --party finance:370000000 \\
    --data /tmp/exchange --keys /tmp/keys/finance-370000000 \\
    --listen 127.0.0.1:7001,127.0.0.1:7002 --central-bank central-bank:3700 \\
    --peer bank:102 --peer central-bank:3700 --day 2022-01-04
  treasury exchange look 127.0.0.1:7009 status
  treasury exchange order 127.0.0.1:7010 open-day '{\"day\": \"2022-01-05\"}'")]
pub(crate) struct Exchange {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Run finance's store beside an engine.
    Serve(Serve),
    /// Give a party's process an order.
    Order(Said),
    /// Look at a party's process.
    Look(Said),
}

#[derive(Args)]
#[command(after_help = "\
Example:
  treasury exchange serve --server 127.0.0.1:7000 --party finance:370000000 \\
    --data /tmp/exchange --keys /tmp/keys/finance-370000000 \\
    --listen 127.0.0.1:7001,127.0.0.1:7002 --central-bank central-bank:3700 \\
    --peer bank:102 --peer central-bank:3700 --day 2022-01-04")]
struct Serve {
    #[command(flatten)]
    party: PartyArguments,
    /// The engine whose orders are sent.
    #[arg(long, value_name = "ADDRESS")]
    server: SocketAddr,
    /// Who clears.
    #[arg(long, value_name = "PARTY")]
    central_bank: Party,
    /// Order direct payments by 8202 as well, with their method on it; without it by 5201.
    #[arg(long)]
    one_form: bool,
}

#[derive(Args)]
#[command(after_help = "\
Examples:
  treasury exchange look 127.0.0.1:7009 status
  treasury exchange order 127.0.0.1:7010 cut-off")]
struct Said {
    /// Where the process hears people: `control` of what it said at its start.
    address: SocketAddr,
    /// The order or look by name; docs/exchange.md lists them.
    name: String,
    /// What belongs to it, as an object of JSON.
    #[arg(default_value = "{}")]
    with: String,
}

impl Exchange {
    /// Runs it.
    pub(crate) fn run(self) -> Result<Exit> {
        match self.what {
            What::Serve(arguments) => arguments.run(),
            What::Order(said) => said.say("order"),
            What::Look(said) => said.say("look"),
        }
    }
}

impl Serve {
    fn run(self) -> Result<Exit> {
        let (address, central_bank) = (self.server, self.central_bank);
        self.party.has_peer("--central-bank", central_bank)?;
        let words = FinanceWords::default();
        let shared = (Arc::clone(&words.days), words.engine.clone());
        let modes = if self.one_form { PayModes::ONE_FORM } else { PayModes::BY_METHOD };
        let finance = Finance::new(central_bank).ordering(modes);
        serve(&self.party, finance, words, |inbox| {
            begin_day(inbox)?;
            beside(address, central_bank, inbox, shared)
        })
    }
}

impl Said {
    fn say(self, how: &str) -> Result<Exit> {
        let mut line: Value = serde_json::from_str(&self.with)
            .with_context(|| format!("`{}` is no JSON", self.with))?;
        if !line.is_object() {
            bail!(
                "`{}` is no object of JSON; write one like {{\"day\": \"2022-01-05\"}}",
                self.with
            );
        }
        line[how] = self.name.into();
        let answer = answer_to(self.address, &line)?;
        println!("{answer:#}");
        not_refused(answer)?;
        Ok(Exit::Ok)
    }
}

/// Says a line to a party's process; what it refuses is an error.
///
/// # Errors
/// When it cannot be reached, or says no.
pub(super) fn say(address: SocketAddr, line: &Value) -> Result<Value> {
    not_refused(answer_to(address, line)?)
}

fn not_refused(answer: Value) -> Result<Value> {
    match answer["refused"].as_str() {
        Some(why) => Err(Failure::new(Exit::Refused, anyhow::anyhow!("{why}")).into()),
        None => Ok(answer),
    }
}

fn answer_to(address: SocketAddr, line: &Value) -> Result<Value> {
    ask(address, line).map_err(|error| Failure::new(Exit::Unreachable, error).into())
}
