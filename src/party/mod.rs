//! A party of the exchange as a process: finance beside its engine, a bank or a central bank of a test province.
//!
//! Wires `exchange::party` to sockets, clocks and signals. Decides nothing.

pub(crate) mod control;

pub(crate) mod bank;

pub(crate) mod central_bank;

mod apart;

mod certificates;

mod day;

pub(crate) mod finance;

pub(crate) mod keys;

mod said;

pub(crate) mod timer;

pub(crate) mod vouchers;

pub(crate) mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
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
use exchange::party::opening::{NewJournal, OpeningError, open};
use exchange::party::{Inbox, RunningNode, run};
use exchange::signing::Ed25519Verifier;
use exchange::xml::{EitherPayloads, NationalPayloads};

use crate::exit::{Exit, Failure};
use crate::{clock, entropy, verification};
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
    #[arg(long, value_name = "DAY", value_parser = day_of)]
    day: Option<Day>,
}

impl PartyArguments {
    /// Whose process it is.
    pub(crate) const fn party(&self) -> &Party {
        &self.party
    }

    /// Whom it has lines to.
    pub(crate) fn counterparties(&self) -> BTreeSet<Party> {
        self.peers.iter().map(|peer| peer.party).collect()
    }

    /// Who is written to in ISO 20022.
    pub(crate) fn speak_iso(&self) -> Result<BTreeSet<Party>> {
        let parties: BTreeSet<Party> = self.speak_iso.iter().copied().collect();
        parties.iter().try_for_each(|party| self.has_peer("--iso", *party))?;
        Ok(parties)
    }

    /// Whether a party that an option names is a counterparty.
    ///
    /// # Errors
    /// When it is none.
    pub(crate) fn has_peer(&self, option: &str, party: Party) -> Result<()> {
        if self.peers.iter().any(|peer| peer.party == party) {
            return Ok(());
        }
        let why = anyhow!(
            "{option} {party} is no counterparty; give --peer {party} as well, with its addresses where it is dialled"
        );
        Err(Failure::new(Exit::Usage, why).into())
    }

    /// The sockets on which counterparties are heard.
    fn listen(&self) -> Result<Vec<TcpListener>> {
        let bind = |at: &SocketAddr| {
            let bound = TcpListener::bind(at);
            let failed = || format!("cannot listen on {at}; choose another --listen");
            bound.with_context(failed).map_err(|error| Failure::new(Exit::CannotStart, error))
        };
        Ok(self.listen.iter().map(bind).collect::<Result<_, _>>()?)
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
        if let Some(wrong) = addresses.clone().find(|address| !is_address(address)) {
            bail!("`{wrong}` is no address; write one like 127.0.0.1:7001 or bank.example:7001");
        }
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

/// Whether a text is an address that can be dialled: a name or number of a machine, and a port.
fn is_address(text: &str) -> bool {
    let parts = text.rsplit_once(':');
    parts.is_some_and(|(machine, port)| {
        !machine.is_empty() && port.parse::<u16>().is_ok_and(|port| port != 0)
    })
}

/// A day as people write it, `2022-01-04`.
pub(crate) fn day_of(text: &str) -> Result<Day> {
    <Day as Field>::read(text)
        .with_context(|| format!("`{text}` is no day; write one like 2022-01-04"))
}

/// A day as people read it, `2022-01-04`.
pub(crate) fn day_text(day: Day) -> String {
    let day = day.get();
    format!("{:04}-{:02}-{:02}", day / 10_000, day / 100 % 100, day % 100)
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
        let why = anyhow!(
            "--control {} is not loopback; orders are taken without asking who gives them",
            arguments.control
        );
        return Err(Failure::new(Exit::Usage, why).into());
    }
    let me = arguments.party;
    let identity =
        Identity::read(&arguments.keys, me).map_err(|error| Failure::new(Exit::Config, error))?;
    let new = NewJournal { id: entropy::uuid()?, hash_key: entropy::bytes()? };
    let otherwise: Box<dyn Payloads> = match arguments.national {
        true => Box::new(NationalPayloads),
        false => Box::new(EitherPayloads),
    };
    let payloads = Box::new(IsoPayloads::new(otherwise, arguments.speak_iso()?));
    let opened = open(&arguments.data, me, &identity, new, business, payloads, clock::wall_ms())
        .map_err(cannot_open)?;
    let (inbox, hears) = channel();
    let mut node = opened.node;
    own(&mut node)?;
    begin(&mut node, &identity, arguments.day)?;
    let mut peers = BTreeMap::new();
    for peer in &arguments.peers {
        peers.insert(peer.party, (peer.reached.clone(), identity.filed(peer.party)?));
    }
    let listen = arguments.listen()?;
    let listening: std::io::Result<Vec<_>> = listen.iter().map(TcpListener::local_addr).collect();
    let listening = listening?;
    let setup = LinesSetup {
        me,
        environment: identity.installation(),
        epoch: start_number(opened.epoch)?,
        own: identity.own,
        peers,
        listen,
        settings: Settings::default(),
    };
    let lines = Lines::start(setup, &node, &inbox)?;
    let mut after = beside(&inbox)?;
    let keys = control::Keys { dir: arguments.keys.clone(), party: me };
    let control = control::listen(arguments.control, inbox.clone(), words, keys)?;
    control::stop_on_signals(inbox)?;
    let ready = serde_json::json!({
        "party": me.to_string(),
        "listening": listening.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "control": control.to_string(),
        "records": opened.records,
        "closed": opened.closed_before,
    });
    writeln!(std::io::stdout(), "{ready}")?;
    let node = run(node, &lines, &hears, &clock::wall_ms, |business| after(business))?;
    lines.leave();
    node.into_log().into_journal().close(clock::wall_ms())?;
    Ok(Exit::Ok)
}

/// Which start this is, for the other sides of lines: rising with the journal's epochs, and no other's. A journal that was
/// put back from an older copy gives an epoch a second time.
fn start_number(epoch: u32) -> Result<u64> {
    let drawn: [u8; 4] = entropy::bytes()?;
    Ok(u64::from(epoch) << 32 | u64::from(u32::from_le_bytes(drawn)))
}

/// How a party's process ends whose journal cannot be opened.
fn cannot_open(error: OpeningError) -> Failure {
    let exit = match &error {
        OpeningError::Journal(open) => verification::exit_of(open),
        OpeningError::Stranger { .. } | OpeningError::Disk(_) | OpeningError::Thread(_) => {
            Exit::CannotStart
        }
    };
    Failure::new(exit, error)
}

/// Has the journal say whose it is. One that was made before journals said so may have certificates of a root that is not
/// this one's.
fn own<B: Business>(node: &mut RunningNode<B>) -> Result<()> {
    let verifier = Ed25519Verifier::on_threads(1);
    if let Some((id, strange)) = node.store().certificates().of_another_root(&verifier) {
        let whose = strange.party;
        let why = anyhow!(
            "certificate {id} of {whose} is on file as verified, and the root in root.pub did not sign it; give the keys of the province this journal was made in, or a new --data directory"
        );
        return Err(Failure::new(Exit::CannotStart, why).into());
    }
    Ok(node.own(clock::wall_ms())?)
}

/// Begins the first day, and files and verifies the certificates that lie with the keys, where that was not done. What a
/// person has revoked stays so.
fn begin<B: Business>(
    node: &mut RunningNode<B>,
    identity: &Identity,
    day: Option<Day>,
) -> Result<()> {
    let mut orders = Vec::new();
    if node.store().day() == Day::default() {
        let day = day.context("this journal is new: give its first business day with --day")?;
        orders.push(Order::BeginDay(day));
    }
    for bytes in &identity.certificates {
        let (certificate, _) = Certificate::read(bytes)?;
        let (id, [filed, verified]) = (certificate.id(), FILED_BY.map(str::to_owned));
        let known = node.store().certificates().get(id);
        if known.is_none() {
            orders.push(Order::FileCertificate { bytes: bytes.clone(), by: filed });
        }
        if known.is_none_or(|known| known.verified.is_none() && known.revoked.is_none()) {
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
