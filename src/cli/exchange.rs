//! Finance's voucher store (电子凭证库) beside its engine, and orders to any party's process: `treasury exchange …`.

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use domain::voucher::Party;
use domain::voucher::follows::PayModes;
use exchange::finance::Finance;
use serde_json::{Value, json};

use crate::exit::{Exit, Failure};
use crate::party::bank::minute_of;
use crate::party::control::ask;
use crate::party::finance::{FinanceWords, begin_day, beside};
use crate::party::{PartyArguments, serve, timer};

/// Characters of an answer that are repeated where no party gave it.
const ANSWER_TOLD_CHARS_MAX: usize = 200;

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
    /// Write what a party had sent to another one behind a number, as that one has it, to a file.
    HandedOver(HandedOver),
    /// Take back what a party had sent before it was restored from an older copy, as another one has it.
    TakeBack(TakeBack),
}

#[derive(Args)]
#[command(after_help = "\
Example, at a bank of whose lines `look status` says that finance is behind, from message 40 on:
  treasury exchange handed-over finance:370000000 --after 40 --out sent.json \\
    --exchange 127.0.0.1:7010")]
struct HandedOver {
    /// Whose messages.
    from: Party,
    /// The last number that it knows of, as `look status` says.
    #[arg(long, value_name = "NUMBER")]
    after: u64,
    /// Where they are written, a line of JSON for each part.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Where the process of the party that has them hears people.
    #[arg(long, value_name = "ADDRESS")]
    exchange: SocketAddr,
}

#[derive(Args)]
#[command(after_help = "\
Example, at finance, whose directory was restored from an older copy:
  treasury exchange take-back bank:102 sent.json --by 王芳 --and 李强 --reason 由旧备份恢复 \\
    --exchange 127.0.0.1:7009

Every letter has to bear this party's own seals. Orders to pay, limit notices and sheets of payees have
to be written here again, word for word, as they are when finance has followed its engine and the banks
are taken back before the central bank: another content, or one that is not there, is refused by its name.
Both persons have to be authorised before (`treasury voucher authorise`).")]
struct TakeBack {
    /// Who had them.
    to: Party,
    /// What it handed over.
    file: PathBuf,
    /// One person who vouches for it.
    #[arg(long, value_name = "PERSON")]
    by: String,
    /// Another.
    #[arg(long, value_name = "PERSON")]
    and: String,
    /// Why.
    #[arg(long)]
    reason: String,
    /// Where the process of the party that was restored hears people.
    #[arg(long, value_name = "ADDRESS")]
    exchange: SocketAddr,
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
    /// When the banks stop paying for a day (截止时间), in Beijing time, like 15:30: what is for them is held from then on. Without it
    /// the cut-off passes by the order `cut-off` alone, which works in either case. A day before today is past it.
    #[arg(long, value_name = "TIME", value_parser = minute_of)]
    cut_off: Option<u16>,
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
            What::HandedOver(handed) => handed.run(),
            What::TakeBack(back) => back.run(),
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
            if let Some(cut_off_minute) = self.cut_off {
                timer::tell_finance(inbox, cut_off_minute)?;
            }
            beside(address, central_bank, inbox, shared)
        })
    }
}

impl HandedOver {
    fn run(self) -> Result<Exit> {
        let cannot = || format!("cannot write {}", self.out.display());
        let file = std::fs::File::create(&self.out);
        let mut out = file.map_err(|why| Failure::file(cannot(), &why))?;
        let (mut after, mut letters) = (self.after, 0);
        loop {
            let asked =
                json!({ "look": "sent-here", "from": self.from.to_string(), "after": after });
            let part = say(self.exchange, &asked)?;
            letters += part["letters"].as_array().map_or(0, Vec::len);
            let (through, last) = (part["through"].as_u64(), part["last"].as_u64());
            writeln!(out, "{part}").with_context(cannot)?;
            match (through, last) {
                (Some(through), Some(last)) if through < last && through > after => after = through,
                (through, _) => {
                    let through = through.unwrap_or(after);
                    writeln!(
                        std::io::stdout(),
                        "{letters} letters of {} up to {through}",
                        self.from
                    )?;
                    return Ok(Exit::Ok);
                }
            }
        }
    }
}

impl TakeBack {
    fn run(self) -> Result<Exit> {
        let text = std::fs::read_to_string(&self.file)
            .map_err(|why| Failure::file(format!("cannot read {}", self.file.display()), &why))?;
        let mut letters = 0;
        for line in text.lines() {
            let part: Value = serde_json::from_str(line)
                .with_context(|| {
                    format!("{} is not what `handed-over` writes", self.file.display())
                })
                .map_err(Failure::usage)?;
            if part["by"] != self.to.to_string() {
                let (by, to) = (&part["by"], self.to);
                let what = format!("was handed over by {by}; name that party in place of {to}");
                return Err(Failure::usage(format!("{} {what}", self.file.display())).into());
            }
            letters += part["letters"].as_array().map_or(0, Vec::len);
            say(
                self.exchange,
                &json!({
                    "order": "take-back-sent",
                    "to": self.to.to_string(),
                    "letters": part["letters"],
                    "through": part["through"],
                    "persons": [&self.by, &self.and],
                    "reason": self.reason,
                }),
            )?;
        }
        writeln!(
            std::io::stdout(),
            "{letters} letters to {} are known again; its lines may open",
            self.to
        )?;
        Ok(Exit::Ok)
    }
}

impl Said {
    fn say(self, how: &str) -> Result<Exit> {
        let mut line: Value = serde_json::from_str(&self.with)
            .map_err(|error| Failure::usage(format!("`{}` is no JSON: {error}", self.with)))?;
        if !line.is_object() {
            let what = "is no object of JSON; write one like {\"day\": \"2022-01-05\"}";
            return Err(Failure::usage(format!("`{}` {what}", self.with)).into());
        }
        line[how] = self.name.into();
        let answer = answer_to(self.address, &line)?;
        writeln!(std::io::stdout(), "{answer:#}")?;
        not_refused(answer)?;
        Ok(Exit::Ok)
    }
}

/// Says a line to a party's process; what it refuses is an error.
///
/// # Errors
/// When it cannot be reached, is no party, or says no.
pub(super) fn say(address: SocketAddr, line: &Value) -> Result<Value> {
    not_refused(answer_to(address, line)?)
}

fn not_refused(answer: Value) -> Result<Value> {
    match answer["refused"].as_str() {
        Some(why) => Err(Failure::new(Exit::Refused, anyhow::anyhow!("{why}")).into()),
        None => Ok(answer),
    }
}

/// What a party answers. Whatever else listens there, like an engine, has done nothing of what was said to it.
fn answer_to(address: SocketAddr, line: &Value) -> Result<Value> {
    let unreachable = |error| Failure::new(Exit::Unreachable, error);
    let answer = ask(address, line).map_err(unreachable)?;
    if is_of_a_party(line, &answer) {
        return Ok(answer);
    }
    let said: String = answer.to_string().chars().take(ANSWER_TOLD_CHARS_MAX).collect();
    Err(unreachable(anyhow::anyhow!(
        "no party of the exchange listens on {address}, and nothing was done; what listens there answers {said}. Give the \
         address that the party said at its start as `control`"
    ))
    .into())
}

/// Whether a party answers so: an order with `done`, either with `refused`, and nothing with `error`.
fn is_of_a_party(line: &Value, answer: &Value) -> bool {
    let is_order = line["order"].is_string();
    let told = answer.is_object() && answer["error"].is_null();
    told && (answer["refused"].is_string() || !is_order || answer["done"] == true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_party_says_is_its_answer() {
        let (order, look) = (json!({ "order": "cut-off" }), json!({ "look": "status" }));
        for line in [&order, &look] {
            assert!(is_of_a_party(line, &json!({ "refused": "why" })));
            assert!(!is_of_a_party(line, &json!({ "error": { "code": 9 } })));
            assert!(!is_of_a_party(line, &json!(null)) && !is_of_a_party(line, &json!(["done"])));
        }
        assert!(is_of_a_party(&order, &json!({ "done": true, "certificate": "5f" })));
        assert!(
            !is_of_a_party(&order, &json!({})) && !is_of_a_party(&order, &json!({ "done": false }))
        );
        assert!(is_of_a_party(&look, &json!({ "day": 20_220_104 })));
    }
}
