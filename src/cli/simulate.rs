//! Banks and the central bank of a test province, as programs: `treasury simulate …`.

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::{Context, Result, anyhow};
use clap::{Args, Subcommand};
use counterparties::bank::Bank;
use counterparties::central_bank::{CentralBank, Identity};
use counterparties::script::Script;
use domain::Fen;
use domain::ids::Day;
use domain::voucher::{Party, PartyKind};
use serde_json::json;

use super::exchange::say;
use super::show;
use super::voucher::look::day_of as day_in;
use crate::exit::{Exit, Failure};
use crate::party::bank::{self, BankWords};
use crate::party::central_bank::CentralBankWords;
use crate::party::{PartyArguments, day_of, keys, serve, timer};

/// Payment orders that a simulated bank has room for from the start; more take more.
const VOUCHERS_PLANNED: usize = 65_536;

/// Play the other parties of a test province: an agent bank (代理银行), the central bank (人民银行国库).
#[derive(Args)]
#[command(after_help = "\
Examples:
  treasury simulate keys /tmp/keys --party finance:370000000 --party bank:102 \\
    --party central-bank:3700
  treasury simulate bank --party bank:102 --name 工商银行 --data /tmp/bank \\
    --keys /tmp/keys/bank-102 --central-bank central-bank:3700 \\
    --peer finance:370000000=127.0.0.1:7001,127.0.0.1:7002 \\
    --peer central-bank:3700=127.0.0.1:7003,127.0.0.1:7004 --day 2022-01-04

For tests alone: its data sets are test ones, and no other kind talks to them.")]
pub(crate) struct Simulate {
    #[command(subcommand)]
    who: Who,
}

#[derive(Subcommand)]
enum Who {
    /// Make keys and certificates of a test province, a directory for each party.
    Keys(Keys),
    /// Run an agent bank.
    Bank(BankArguments),
    /// Run the central bank's treasury.
    CentralBank(CentralBankArguments),
    /// Pay a day's income and bond proceeds into treasuries, from a seed.
    Income(Income),
}

#[derive(Args)]
#[command(after_help = "\
Examples:
  treasury simulate keys /tmp/keys --party finance:370000000 --party bank:102 \\
    --party central-bank:3700
  treasury simulate keys /tmp/keys --party finance:370000000 --party central-bank:3700 \\
    --person finance:370000000=finance-maker=王芳 --person finance:370000000=finance-checker=李强
  treasury simulate keys /tmp/keys --renew bank:102 --first 2022-06-01 --last 2024-06-30

The province's root key is kept in `root`, which nobody but you may read. With --renew a party
gets a new key, and every directory its new certificate beside the old one, which stays good until
its last day or until it is revoked. A party that runs goes on with the key it has until `treasury
certificate renew-keys`.")]
struct Keys {
    /// A directory that is not there yet; with --renew, one that was made so.
    dir: PathBuf,
    /// A party. Give one for each.
    #[arg(long = "party", value_name = "PARTY", required_unless_present = "renew")]
    parties: Vec<Party>,
    /// A person with a key of their own for one place of a party's seals; without one the party's key fills it. Give one
    /// for each.
    #[arg(long = "person", value_name = "PARTY=PLACE=NAME", conflicts_with = "renew")]
    persons: Vec<keys::Person>,
    /// The party that gets a new key and certificate.
    #[arg(long, value_name = "PARTY", conflicts_with = "parties")]
    renew: Option<Party>,
    /// First day that certificates of seals are good on.
    #[arg(long, value_name = "DAY", default_value = "2022-01-01", value_parser = day_of)]
    first: Day,
    /// Last day.
    #[arg(long, value_name = "DAY", default_value = "2030-12-31", value_parser = day_of)]
    last: Day,
}

#[derive(Args)]
#[command(after_help = "\
Example:
  treasury simulate bank --party bank:102 --name 工商银行 --data /tmp/bank \\
    --keys /tmp/keys/bank-102 --central-bank central-bank:3700 \\
    --peer finance:370000000=127.0.0.1:7001 --peer central-bank:3700=127.0.0.1:7003 \\
    --day 2022-01-04 --cut-off 15:30")]
struct BankArguments {
    #[command(flatten)]
    party: PartyArguments,
    /// Its name, as vouchers have to write it.
    #[arg(long)]
    name: String,
    /// Where it asks for its money.
    #[arg(long, value_name = "PARTY")]
    central_bank: Party,
    /// Wrong answers on purpose: lines of a place among its payment orders, from 0, and a fault, like
    /// `17 other-amount`.
    #[arg(long, value_name = "FILE")]
    script: Option<PathBuf>,
    /// When it stops paying for a day (截止时间), in Beijing time, like 15:30. Without it the cut-off passes by the order `cut-off`
    /// alone, which works in either case. A day before today is past it.
    #[arg(long, value_name = "TIME", value_parser = bank::minute_of)]
    cut_off: Option<u16>,
}

#[derive(Args)]
#[command(after_help = "\
Example:
  treasury simulate central-bank --party central-bank:3700 --name 国家金库山东省分库 \\
    --data /tmp/treasury --keys /tmp/keys/central-bank-3700 \\
    --listen 127.0.0.1:7003,127.0.0.1:7004 --peer bank:102 \\
    --peer finance:370000000=127.0.0.1:7001 --day 2022-01-04")]
struct CentralBankArguments {
    #[command(flatten)]
    party: PartyArguments,
    /// Its name.
    #[arg(long)]
    name: String,
}

impl Simulate {
    /// Runs the party until it is stopped.
    pub(crate) fn run(self) -> Result<Exit> {
        match self.who {
            Who::Keys(keys) => keys.run(),
            Who::Bank(arguments) => arguments.run(),
            Who::CentralBank(arguments) => arguments.run(),
            Who::Income(income) => income.run(),
        }
    }
}

impl Keys {
    fn run(self) -> Result<Exit> {
        let days = keys::Days { first: self.first, last: self.last };
        let Some(party) = self.renew else {
            keys::make(&self.dir, &self.parties, &self.persons, days)?;
            return Ok(Exit::Ok);
        };
        let (id, file) = keys::renew(&self.dir, party, days)?;
        writeln!(
            std::io::stdout(),
            "certificate {id} of {party} lies in every directory as {file}; file and verify it with each party that runs, then renew the keys of {party}"
        )?;
        Ok(Exit::Ok)
    }
}

/// The code of a party that has to be of a kind.
fn code_of(party: &Party, kind: PartyKind) -> Result<String> {
    if party.kind() != kind {
        let why = anyhow!("{party} is no {kind}; give --party {kind}:CODE");
        return Err(Failure::new(Exit::Usage, why).into());
    }
    Ok(party.code().to_owned())
}

impl BankArguments {
    fn run(self) -> Result<Exit> {
        let code = code_of(self.party.party(), PartyKind::Bank)?;
        self.party.has_peer("--central-bank", self.central_bank)?;
        let script = match &self.script {
            None => Script::default(),
            Some(path) => {
                let name = path.display();
                let text = std::fs::read_to_string(path)
                    .map_err(|why| Failure::file(format_args!("cannot read {name}"), &why))?;
                text.parse().map_err(|why| Failure::usage(format!("{name}: {why}")))?
            }
        };
        let identity = bank::identity(&code, &self.name, self.central_bank);
        let business = Bank::new(identity, script, VOUCHERS_PLANNED);
        let business = business.speaking_iso(self.party.speak_iso()?).stopping_at(self.cut_off);
        serve(&self.party, business, BankWords, |inbox| {
            if self.cut_off.is_some() {
                timer::tell_bank(inbox)?;
            }
            Ok(Box::new(|_| ()))
        })
    }
}

impl CentralBankArguments {
    fn run(self) -> Result<Exit> {
        let code = code_of(self.party.party(), PartyKind::CentralBank)?;
        let business = CentralBank::new(Identity { code, name: self.name });
        let words = CentralBankWords { counterparties: self.party.counterparties() };
        serve(&self.party, business, words, |_| Ok(Box::new(|_| ())))
    }
}

#[derive(Args)]
#[command(after_help = "\
Example:
  treasury simulate income --central-bank 127.0.0.1:7011 --seed 7 \\
    --treasury 3700000000=120000000.00 --treasury 3701000000=30000000.00

Six classes of income, each between half and one and a half of its share of a usual day, and on one day in
twenty bond proceeds of five usual days. The same seed and day give the same for ever. A treasury has its
income once a day; cash that comes pays what waits for it.")]
struct Income {
    /// Where the central bank's process hears people: `control` of what it said at its start.
    #[arg(long, value_name = "ADDRESS")]
    central_bank: SocketAddr,
    /// What it follows from.
    #[arg(long, value_name = "NUMBER")]
    seed: u64,
    /// A treasury by its code, with the income of a usual day in yuan. Give one for each.
    #[arg(long = "treasury", value_name = "CODE=YUAN", required = true)]
    treasuries: Vec<UsualIncome>,
    /// The day that is open; without it the one that is.
    #[arg(long, value_name = "DAY", value_parser = day_of)]
    day: Option<Day>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// A treasury and its income of a usual day.
#[derive(Clone)]
struct UsualIncome {
    treasury: String,
    usual: Fen,
}

impl std::str::FromStr for UsualIncome {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<UsualIncome> {
        let parts = text.split_once('=');
        let (treasury, usual) = parts.with_context(|| {
            format!("`{text}` is no treasury and income; write them like 3700000000=120000000.00")
        })?;
        Ok(UsualIncome { treasury: treasury.to_owned(), usual: Fen::from_yuan(usual)? })
    }
}

impl Income {
    fn run(self) -> Result<Exit> {
        let day = match self.day {
            Some(day) => show::day(day),
            None => {
                let seen = say(self.central_bank, &json!({ "look": "status" }))?;
                day_in(&seen["day"])
            }
        };
        let treasuries = self.treasuries.iter().map(|UsualIncome { treasury, usual }| {
            json!({ "treasury": treasury, "usual": usual.to_yuan() })
        });
        let treasuries: Vec<_> = treasuries.collect();
        let line =
            json!({ "order": "income", "seed": self.seed, "day": day, "treasuries": treasuries });
        let done = say(self.central_bank, &line)?;
        if self.json {
            writeln!(std::io::stdout(), "{done}")?;
        } else {
            writeln!(
                std::io::stdout(),
                "income of {day} is in {} treasuries",
                self.treasuries.len()
            )?;
        }
        Ok(Exit::Ok)
    }
}
