//! `treasury voucher`: e-vouchers (电子凭证) in the store of a party that runs. What is looked for and shown is in
//! [`look`], what people do about a voucher in [`act`].

mod act;
pub(super) mod look;

use std::io::Write;
use std::net::SocketAddr;

use anyhow::Result;
use clap::{Args, Subcommand};
use domain::voucher::{Party, VoucherKey};
use serde_json::{Value, json};

use super::exchange::say;
use crate::exit::{Exit, Failure};

/// Find, show, print, void and send by paper e-vouchers (电子凭证) of a party that runs.
#[derive(Args)]
pub(super) struct Vouchers {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// List vouchers by party, state, kind, day, payment, payee and amount.
    List(look::List),
    /// Show all that is known of a voucher, with the proof that it never left, where there is one.
    Show(look::Show),
    /// Print a voucher as a page of HTML, or as JSON to be typed in elsewhere.
    Print(look::Print),
    /// Take what was set aside, as if it had just come (放行).
    Release(act::Release),
    /// Do not take what was set aside; its sender is told.
    Dismiss(act::Dismiss),
    /// Void a voucher (作废) that can be shown never to have left.
    Void(act::Void),
    /// Ask a voucher back (撤回) that has left; the other side decides.
    AskBack(act::AskBack),
    /// Ask the other side where a voucher stands (状态查询).
    AskStatus(act::AskStatus),
    /// Seal a voucher anew that stopped, and send it again.
    SealAgain(act::SealAgain),
    /// Give up a voucher that stopped.
    GiveUp(act::GiveUp),
    /// Send a voucher by paper (线下办理), with the word of two persons.
    PaperSend(act::PaperSend),
    /// Take a voucher that came by paper, with the word of two persons.
    PaperTake(act::PaperTake),
    /// Send a voucher back (退回) that came by paper and is not carried out, with the word of two persons.
    PaperReturn(act::PaperReturn),
    /// Let a person vouch for paper vouchers, or no longer; list who may.
    Authorise(act::Authorise),
}

impl Vouchers {
    pub(super) fn run(self) -> Result<Exit> {
        match self.what {
            What::List(list) => list.run(),
            What::Show(show) => show.run(),
            What::Print(print) => print.run(),
            What::Release(release) => release.run(),
            What::Dismiss(dismiss) => dismiss.run(),
            What::Void(void) => void.run(),
            What::AskBack(ask_back) => ask_back.run(),
            What::AskStatus(ask_status) => ask_status.run(),
            What::SealAgain(seal_again) => seal_again.run(),
            What::GiveUp(give_up) => give_up.run(),
            What::PaperSend(send) => send.run(),
            What::PaperTake(take) => take.run(),
            What::PaperReturn(back) => back.run(),
            What::Authorise(authorise) => authorise.run(),
        }
    }
}

/// Whose store, and how its answer is printed.
#[derive(Args)]
pub(super) struct Store {
    /// Where the party's process hears people: `control` of what it said at its start.
    #[arg(long, value_name = "ADDRESS")]
    exchange: SocketAddr,
    /// Print one JSON object.
    #[arg(long)]
    pub(super) json: bool,
}

/// A voucher of ours or theirs.
#[derive(Args)]
struct Which {
    /// The voucher: division, year, kind and number.
    #[arg(value_parser = key)]
    voucher: VoucherKey,
    /// Its receipt (回单), not the original.
    #[arg(long)]
    receipt: bool,
}

/// A voucher's key.
pub(in crate::cli) fn key(text: &str) -> Result<VoucherKey, String> {
    crate::party::words::key_of(text)
}

impl Store {
    /// Says a line to the party, and gives its answer.
    pub(super) fn say(&self, line: &Value) -> Result<Value> {
        say(self.exchange, line)
    }

    /// Gives an order and prints what is done.
    pub(super) fn order(&self, line: &Value, done: &str) -> Result<Exit> {
        let answer = self.say(line)?;
        if self.json {
            writeln!(std::io::stdout(), "{answer}")?;
        } else {
            writeln!(std::io::stdout(), "{done}")?;
        }
        Ok(Exit::Ok)
    }

    /// The only party that a voucher of ours is for.
    fn receiver(&self, which: &Which, named: Option<Party>) -> Result<Party> {
        if let Some(party) = named {
            return Ok(party);
        }
        let key = which.voucher.to_string();
        let seen = self.say(&json!({ "look": "voucher", "voucher": key }))?;
        let ours = seen["letters"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|letter| letter["came"] == false && letter["receipt"] == which.receipt);
        let mut parties: Vec<Party> =
            ours.filter_map(|letter| letter["party"].as_str()?.parse().ok()).collect();
        parties.dedup();
        match parties[..] {
            [party] => Ok(party),
            [] => {
                let receipt = if which.receipt { "receipt of " } else { "" };
                let why = anyhow::anyhow!(
                    "this party never wrote a {receipt}{key}; `treasury voucher list` has what it wrote"
                );
                Err(Failure::new(Exit::Refused, why).into())
            }
            _ => {
                let what = format!("{key} went to several parties; name one with --to");
                Err(Failure::usage(what).into())
            }
        }
    }
}
