//! `treasury payment correct`: what a payment was charged to is corrected (更正).

use std::io::Write;
use std::net::SocketAddr;

use anyhow::Result;
use clap::Args;
use domain::codes::{MoveKind, Role};
use domain::command::{Body, By, MoveOut};
use domain::ids::{BatchId, MoveId, PaymentId, PersonId, QuotaId};
use domain::{Command, Fen};
use protocol::client::{Options, Outcome, Told};
use protocol::json::{code_json, figures_json, position_json};
use protocol::{Client, Hello};
use serde_json::json;

use crate::cli::connection::{self, CHANNEL};
use crate::cli::file::{figures, words};
use crate::cli::{arguments, show};
use crate::entropy;
use crate::exit::{Exit, Failure};

/// Charge another quota with a settled payment, in place of the one that bore it (更正).
#[derive(Args)]
#[command(after_help = "\
The payment has to be settled, both quotas of its division, year and fund nature. The quota that is to bear it is
charged at once, and the one that bore it gets the amount back as soon as that is durable. No cash moves: payee,
plan and contract stay as they are. What a quota does not bear cannot be taken off it.

Examples:
  treasury payment correct 01927c5e-4b7a-7d11-9a41-000000000001 --charge 184/2022/18 \\
      --instead-of 184/2022/17 --amount 1200.00 --person 30 --reason 功能分类有误 \\
      --connect 127.0.0.1:7370")]
pub(super) struct CorrectPayment {
    /// The payment's id.
    #[arg(value_parser = arguments::payment)]
    payment: PaymentId,
    /// The quota that should have borne it.
    #[arg(long, value_parser = arguments::quota, value_name = "QUOTA")]
    charge: QuotaId,
    /// The quota that bears it now.
    #[arg(long, value_parser = arguments::quota, value_name = "QUOTA")]
    instead_of: QuotaId,
    /// How much of it, in yuan.
    #[arg(long, value_parser = arguments::yuan, value_name = "YUAN")]
    amount: Fen,
    /// The officer, by staff number: not the payment's maker.
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u64).range(1..))]
    person: u64,
    /// Why, and who proposed it.
    #[arg(long)]
    reason: String,
    /// The id of the correction: the same id with the same contents takes effect once. Drawn if not given.
    #[arg(long, value_parser = arguments::id, value_name = "UUID")]
    id: Option<u128>,
    /// Only ask what would be answered: nothing changes.
    #[arg(long, visible_alias = "dry-run")]
    check: bool,
    /// The server.
    #[arg(long, visible_alias = "server", value_name = "ADDRESS")]
    connect: SocketAddr,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

impl CorrectPayment {
    pub(super) fn run(self) -> Result<Exit> {
        let id = MoveId(self.id.map_or_else(entropy::uuid, Ok)?);
        let role = Role::Finance;
        let moved = MoveOut {
            kind: MoveKind::Correct,
            id,
            from: self.charge,
            to: self.instead_of,
            amount_fen: self.amount,
            batch: BatchId(0),
            payment: self.payment,
            note: &self.reason,
        };
        let by = By { person: PersonId(self.person), role, channel: CHANNEL };
        let command = Command { by, body: Body::MoveOut(moved) };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let outcome = runtime.block_on(async {
            let hello = Hello::new(role, CHANNEL, "treasury payment correct");
            let address = self.connect.to_string();
            let client = Client::connect(address, hello, Options::default()).await?;
            if self.check { client.check(&command).await } else { client.submit(&command).await }
        });
        match outcome.map_err(connection::failure)? {
            Outcome::Done(told) => self.say(&told, id),
            Outcome::Refused(told) => self.refused(&told, id),
            Outcome::Unknown => {
                let what = anyhow::anyhow!(
                    "nobody knows whether it was corrected: give the same again with --id {id}"
                );
                Err(Failure::new(Exit::Unreachable, what).into())
            }
        }
    }

    fn say(&self, told: &Told, id: MoveId) -> Result<Exit> {
        let mut out = std::io::stdout().lock();
        if self.json {
            writeln!(out, "{}", told_json(told, id))?;
            return Ok(Exit::Ok);
        }
        let (what, of) = (show::yuan(self.amount), self.payment);
        let from_to = format!("{} in place of {}", self.charge, self.instead_of);
        match (told.result.checked, told.result.repeat) {
            (true, _) => writeln!(out, "{what} of payment {of} would be charged to {from_to}")?,
            (_, true) => writeln!(out, "charged before, as move {id}")?,
            _ => writeln!(
                out,
                "{what} of payment {of} charged to {from_to} at {}, move {id}",
                told.at
            )?,
        }
        Ok(Exit::Ok)
    }

    fn refused(&self, told: &Told, id: MoveId) -> Result<Exit> {
        if self.json {
            writeln!(std::io::stdout().lock(), "{}", told_json(told, id))?;
            return Ok(Exit::Refused);
        }
        let code = told.result.code;
        let (why, next) = (words(code), code.next_step());
        let text = figures(told.refusal.as_ref());
        let text = format!("the correction is refused: {why}{text}\n  next: {next}");
        Err(Failure::new(Exit::Refused, anyhow::anyhow!(text)).into())
    }
}

fn told_json(told: &Told, id: MoveId) -> serde_json::Value {
    let mut line = code_json(told.result.code);
    line["move"] = json!(id.to_string());
    line["checked"] = json!(told.result.checked);
    line["repeat"] = json!(told.result.repeat);
    line["position"] = position_json(told.at);
    if let Some(refusal) = &told.refusal {
        line["figures"] = figures_json(refusal);
    }
    line
}
