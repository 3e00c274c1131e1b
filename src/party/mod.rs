//! A party of the exchange as a process: finance beside its engine, a bank or a central bank of a test province.
//!
//! Wires `exchange::party` to sockets, clocks and signals. Decides nothing.

pub(crate) mod control;

pub(crate) mod bank;

pub(crate) mod central_bank;

mod day;

pub(crate) mod finance;

pub(crate) mod keys;

pub(crate) mod vouchers;

pub(crate) mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::mpsc::channel;

use anyhow::{Context, Result, anyhow, bail};
use clap::Args;
use domain::ids::Day;
use domain::office::field::Field;
use domain::voucher::Party;
use exchange::business::Business;
use exchange::certificates::Certificate;
use exchange::iso20022::payload::IsoPayloads;
use exchange::link::Settings;
use exchange::node::{Order, Payloads};
use exchange::party::identity::Identity;
use exchange::party::lines::{Lines, LinesSetup, Reached};
use exchange::party::opening::{NewJournal, open};
use exchange::party::{Inbox, RunningNode, run};
use exchange::xml::{EitherPayloads, NationalPayloads};

use crate::exit::Exit;
use crate::{clock, entropy};
use words::Words;

/// In whose name certificates that lie with a party's keys are filed, and in whose they are verified.
const FILED_BY: [&str; 2] = ["keys directory", "start"];

/// What every party's process is told.
#[derive(Args)]
pub(crate) struct PartyArguments {
    /// Whose process it is, like `bank:102`.
    #[arg(long, value_name = "PARTY")]
    party: Party,
    /// Where its journal is; made if there is none.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Its keys and certificates, as `treasury simulate keys` makes them.
    #[arg(long, value_name = "DIR")]
    keys: PathBuf,
    /// Where counterparties that dial it are heard: for the primary line, then for the backup.
    #[arg(long, value_name = "ADDRESS", value_delimiter = ',')]
    listen: Vec<SocketAddr>,
    /// A counterparty. Alone, it dials us; with `=PRIMARY[,BACKUP]`, it is dialled there.
    #[arg(long = "peer", value_name = "PARTY[=ADDRESS[,ADDRESS]]", required = true)]
    peers: Vec<Peer>,
    /// Where people's orders are heard, as lines of JSON. Loopback only.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    control: SocketAddr,
    /// Writes vouchers as the national interface's XML in GBK instead of canonical bytes. Both are read.
    #[arg(long)]
    national: bool,
    /// A counterparty written to in ISO 20022, where a voucher has a message. Give one for each.
    #[arg(long = "iso", value_name = "PARTY")]
    speak_iso: Vec<Party>,
    /// The first business day of a new journal, like 2022-01-04.
    #[arg(long, value_name = "DAY")]
    day: Option<String>,
}

impl PartyArguments {
    /// Whose process it is.
    pub(crate) const fn party(&self) -> &Party {
        &self.party
    }

    /// Who is written to in ISO 20022.
    pub(crate) fn speak_iso(&self) -> Result<BTreeSet<Party>> {
        let parties: BTreeSet<Party> = self.speak_iso.iter().copied().collect();
        let is_peer = |party: &&Party| self.peers.iter().any(|peer| peer.party == **party);
        match parties.iter().find(|party| !is_peer(party)) {
            Some(party) => bail!("--iso {party} is no counterparty; give --peer {party} as well"),
            None => Ok(parties),
        }
    }
}

/// A counterparty, and how it is reached.
#[derive(Clone)]
struct Peer {
    party: Party,
    reached: Reached,
}

impl std::str::FromStr for Peer {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Peer> {
        let (party, addresses) = text.split_once('=').unwrap_or((text, ""));
        let party = party.parse()?;
        let mut addresses = addresses.split(',').filter(|address| !address.is_empty());
        let reached = match addresses.next() {
            None => Reached::Dials { backup: true },
            Some(primary) => Reached::Dialled {
                primary: primary.to_owned(),
                backup: addresses.next().map(str::to_owned),
            },
        };
        if addresses.next().is_some() {
            bail!("`{text}` has more than two addresses; there are two lines, primary and backup");
        }
        Ok(Peer { party, reached })
    }
}

/// A day as people write it, `2022-01-04`.
pub(crate) fn day_of(text: &str) -> Result<Day> {
    <Day as Field>::read(text)
        .with_context(|| format!("`{text}` is no day; write one like 2022-01-04"))
}

/// What sees a party's business after each turn.
pub(crate) type After<B> = Box<dyn FnMut(&B)>;

/// Runs a party until a signal or an order ends it. `beside` starts what else it needs, and gives what has to
/// see the business after each turn.
pub(crate) fn serve<B, W>(
    arguments: &PartyArguments,
    business: B,
    words: W,
    beside: impl FnOnce(&Inbox<B>) -> Result<After<B>>,
) -> Result<Exit>
where
    B: Business + 'static,
    B::Order: Send + 'static,
    B::Refusal: Send + 'static,
    W: Words<B> + Send + Sync + 'static,
{
    if !arguments.control.ip().is_loopback() {
        bail!(
            "--control {} is not loopback; orders are taken without asking who gives them",
            arguments.control
        );
    }
    let me = arguments.party;
    let identity = Identity::read(&arguments.keys, me)?;
    let new = NewJournal { id: entropy::uuid()?, hash_key: entropy::bytes()? };
    let otherwise: Box<dyn Payloads> = match arguments.national {
        true => Box::new(NationalPayloads),
        false => Box::new(EitherPayloads),
    };
    let payloads = Box::new(IsoPayloads::new(otherwise, arguments.speak_iso()?));
    let opened = open(&arguments.data, me, &identity, new, business, payloads, clock::wall_ms())?;
    let (inbox, hears) = channel();
    let mut node = opened.node;
    begin(&mut node, &identity, arguments.day.as_deref())?;
    let mut peers = BTreeMap::new();
    for peer in &arguments.peers {
        peers.insert(peer.party, (peer.reached.clone(), identity.filed(peer.party)?));
    }
    let bound = arguments.listen.iter().map(TcpListener::bind);
    let listen =
        bound.collect::<std::io::Result<Vec<_>>>().context("cannot listen for counterparties")?;
    let listening: std::io::Result<Vec<_>> = listen.iter().map(TcpListener::local_addr).collect();
    let listening = listening?;
    let setup = LinesSetup {
        me,
        environment: identity.installation(),
        epoch: u64::from(opened.epoch),
        own: identity.own,
        peers,
        listen,
        settings: Settings::default(),
    };
    let lines = Lines::start(setup, &node, &inbox)?;
    let mut after = beside(&inbox)?;
    let control = control::listen(arguments.control, inbox.clone(), words)?;
    control::stop_on_signals(inbox)?;
    let ready = serde_json::json!({
        "party": me.to_string(),
        "listening": listening.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "control": control.to_string(),
        "records": opened.records,
        "closed": opened.closed_before,
    });
    println!("{ready}");
    let node = run(node, &lines, &hears, &clock::wall_ms, |business| after(business))?;
    lines.leave();
    node.into_log().into_journal().close(clock::wall_ms())?;
    Ok(Exit::Ok)
}

/// Begins the first day, and files the certificates that lie with the keys and are not on file.
fn begin<B: Business>(
    node: &mut RunningNode<B>,
    identity: &Identity,
    day: Option<&str>,
) -> Result<()> {
    let mut orders = Vec::new();
    if node.store().day() == Day::default() {
        let day = day.context("this journal is new: give its first business day with --day")?;
        orders.push(Order::BeginDay(day_of(day)?));
    }
    for bytes in &identity.certificates {
        let (certificate, _) = Certificate::read(bytes)?;
        let id = certificate.id();
        if node.store().certificates().get(id).is_none() {
            let [filed, verified] = FILED_BY.map(str::to_owned);
            orders.push(Order::FileCertificate { bytes: bytes.clone(), by: filed });
            orders.push(Order::VerifyCertificate { id, by: verified });
        }
    }
    let inputs = orders.into_iter().map(|order| exchange::node::Input::Order { ticket: 0, order });
    let output = node.turn(inputs.collect(), clock::wall_ms())?;
    for (_, answer) in output.answers {
        answer.map_err(|refusal| anyhow!("{refusal}"))?;
    }
    Ok(())
}
