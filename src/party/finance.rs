//! Finance's party: beside it two threads, one that follows the engine's journal, and one that gives the engine
//! what banks and the central bank have answered.
//!
//! How far the journal was followed lies in finance's own journal, in one group with what came of it. What is
//! read again at a start, to know payments that were reserved and not ordered, is read from the first record on.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use anyhow::{Context, Result};
use domain::codes::Role;
use domain::command::{Body, By};
use domain::ids::{ChannelId, PersonId};
use domain::refusal::Retry;
use domain::voucher::{Party, VoucherKey};
use domain::{Code, Command};
use exchange::finance::due::due;
use exchange::finance::feed::{Feed, Told};
use exchange::finance::record::FactDue;
use exchange::finance::{Finance, Order as FinanceOrder, Standing};
use exchange::node::Order;
use exchange::party::{Inbound, Inbox, RunningNode};
use protocol::client::{BlockingClient, Options};
use protocol::{Cursor, Environment, Hello, Outcome, Position, Subscribe};
use serde_json::{Value, json};
use storage::event_record;
use storage::record::RecordRef;

use super::After;
use super::words::{Seen, Words, day, key, of_store, status};

/// The channel by which facts of the exchange come.
const CHANNEL: ChannelId = ChannelId(u16::MAX - 1);

/// In whose name banks' and the central bank's answers are given: they name no person.
const PERSON: PersonId = PersonId(u64::MAX - 1);

/// Pause before a connection that broke is made again.
const PAUSE: Duration = Duration::from_millis(500);

/// Facts that are given to the engine at once.
const FACTS_PER_TURN: usize = 4_096;

/// Frames of the journal that finance's store has not answered.
const FRAMES_AHEAD: usize = 8;

/// What the engine's events are called that vouchers rest on.
const EVENTS: [&str; 8] = [
    "registered",
    "created",
    "reserved",
    "stepped",
    "fact-taken",
    "filed",
    "batch-ended",
    "resolved",
];

/// Starts both threads; gives what hands facts on after each turn.
pub(crate) fn beside(
    engine: SocketAddr,
    central_bank: Party,
    node: &RunningNode<Finance>,
    inbox: &Inbox<Finance>,
) -> Result<After<Finance>> {
    let followed = cursor_of(node.store().followed());
    let to_store = inbox.clone();
    std::thread::Builder::new().name("feed".into()).spawn(move || {
        let mut following = Following { feed: Feed::default(), followed, central_bank };
        loop {
            let ended = following.follow(engine, &to_store);
            tracing::warn!(error = %ended.err().unwrap_or_else(|| anyhow::anyhow!("it ended")), "the engine's journal is followed again");
            // From the first record: what was folded half is not trusted.
            following.feed = Feed::default();
            std::thread::sleep(PAUSE);
        }
    })?;
    let (facts, due) = channel();
    let taken = inbox.clone();
    std::thread::Builder::new().name("facts".into()).spawn(move || give(engine, &due, &taken))?;
    let mut handed_on = 0;
    Ok(Box::new(move |finance| {
        let (first, waiting) = finance.facts_due();
        let skip = usize::try_from((handed_on + 1_u64).saturating_sub(first)).unwrap_or(0);
        for (number, fact) in (first..).zip(waiting).skip(skip) {
            if facts.send((number, fact.clone())).is_err() {
                return;
            }
            handed_on = number;
        }
    }))
}

struct Following {
    feed: Feed,
    followed: Cursor,
    central_bank: Party,
}

impl Following {
    /// Follows the engine's journal until the connection breaks.
    fn follow(&mut self, engine: SocketAddr, store: &Inbox<Finance>) -> Result<()> {
        let hello =
            Hello::new(Role::Operator, CHANNEL, "exchange").to_environment(Environment::Test);
        let client = BlockingClient::connect(engine.to_string(), hello, Options::default())?;
        let events = EVENTS.iter().map(|&slug| slug.to_owned()).collect();
        let subscribe = Subscribe { cursor: Cursor::START, limit: 0, events };
        let (answered, answers) = channel();
        let mut ahead = 0;
        // A group may come in several frames, of which only the last moves the cursor.
        let mut orders = Vec::new();
        for frame in client.subscribe(subscribe)? {
            let frame = frame?;
            for record in frame.records() {
                self.record(&record, &mut orders)?;
            }
            let cursor = frame.cursor;
            if cursor.position <= self.followed.position {
                continue;
            }
            self.followed = cursor;
            let orders = match std::mem::take(&mut orders) {
                none if none.is_empty() => Vec::new(),
                some => vec![FinanceOrder::Ordered(some)],
            };
            let follow = Inbound::Follow { cursor: bytes_of(cursor), orders };
            store.send(follow).ok().context("finance's store has ended")?;
            let answered: Sender<()> = answered.clone();
            let look = Inbound::Look(Box::new(move |_, _| {
                let _ = answered.send(());
            }));
            store.send(look).ok().context("finance's store has ended")?;
            ahead += 1;
            while ahead > FRAMES_AHEAD {
                answers.recv().ok().context("finance's store has ended")?;
                ahead -= 1;
            }
        }
        Ok(())
    }

    fn record(
        &mut self,
        record: &protocol::subscribe::Record<'_>,
        orders: &mut Vec<exchange::finance::due::Due>,
    ) -> Result<()> {
        let Position { epoch, sequence } = record.position;
        let position = storage::position::Position { epoch, sequence };
        let (kind, version, body) = (record.kind, record.version, record.body);
        let mut ids = Vec::new();
        let event = event_record::decode(&RecordRef { kind, version, body, position }, &mut ids)?;
        let told = self.feed.take(&event).map_err(anyhow::Error::msg)?;
        if record.position <= self.followed.position {
            return Ok(());
        }
        if let Told::Ordered(ordered) = told {
            orders.push(due(&self.feed, self.central_bank, &ordered).map_err(anyhow::Error::msg)?);
        }
        Ok(())
    }
}

/// A cursor as the store keeps it: epoch, sequence, hash.
fn bytes_of(cursor: Cursor) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(44);
    bytes.extend_from_slice(&cursor.position.epoch.to_le_bytes());
    bytes.extend_from_slice(&cursor.position.sequence.to_le_bytes());
    bytes.extend_from_slice(&cursor.group_hash);
    bytes
}

fn cursor_of(bytes: &[u8]) -> Cursor {
    let read = || {
        let (epoch, rest) = bytes.split_first_chunk()?;
        let (sequence, rest) = rest.split_first_chunk()?;
        let group_hash = *rest.first_chunk()?;
        let (epoch, sequence) = (u32::from_le_bytes(*epoch), u64::from_le_bytes(*sequence));
        Some(Cursor { position: Position { epoch, sequence }, group_hash })
    };
    read().unwrap_or(Cursor::START)
}

/// Gives facts to the engine for ever, in order, and tells finance's store how far the engine has them.
fn give(engine: SocketAddr, due: &Receiver<(u64, FactDue)>, taken: &Inbox<Finance>) {
    let mut waiting: Vec<(u64, FactDue)> = Vec::new();
    loop {
        if waiting.is_empty() {
            match due.recv() {
                Ok(first) => waiting.push(first),
                Err(_) => return,
            }
        }
        waiting.extend(due.try_iter().take(FACTS_PER_TURN - waiting.len().min(FACTS_PER_TURN)));
        match connect(engine).and_then(|clients| give_with(&clients, &mut waiting, due, taken)) {
            Ok(()) => return,
            Err(error) => {
                tracing::warn!(%error, facts = waiting.len(), "facts wait for the engine");
                std::thread::sleep(PAUSE);
            }
        }
    }
}

type Clients = BTreeMap<Role, BlockingClient>;

fn connect(engine: SocketAddr) -> Result<Clients> {
    let mut clients = BTreeMap::new();
    for role in [Role::Bank, Role::CentralBank, Role::Finance] {
        let hello = Hello::new(role, CHANNEL, "exchange").to_environment(Environment::Test);
        clients
            .insert(role, BlockingClient::connect(engine.to_string(), hello, Options::default())?);
    }
    Ok(clients)
}

/// Gives what waits until finance has ended. Facts of one payment keep their order: those of one role go
/// together, and a change of role waits for the answers before it.
fn give_with(
    clients: &Clients,
    waiting: &mut Vec<(u64, FactDue)>,
    due: &Receiver<(u64, FactDue)>,
    taken: &Inbox<Finance>,
) -> Result<()> {
    loop {
        while !waiting.is_empty() {
            let role = waiting[0].1.role();
            let alike = waiting.iter().take_while(|(_, fact)| fact.role() == role).count();
            let by = By { person: PERSON, role, channel: CHANNEL };
            let commands: Vec<Command<'_>> = waiting[..alike]
                .iter()
                .map(|(_, fact)| Command { by, body: Body::Fact(fact.fact()) })
                .collect();
            let outcomes = clients[&role].submit_all(&commands)?;
            let mut through = None;
            for ((number, fact), outcome) in waiting.iter().zip(outcomes) {
                match outcome {
                    Outcome::Done(_) => {}
                    Outcome::Refused(told) if told.result.code.retry() != Retry::SameId => {
                        let (code, kind): (Code, u8) = (told.result.code, fact.kind);
                        tracing::error!(%code, kind, payment = %format_args!("{:032x}", fact.payment), "a fact was turned away");
                    }
                    Outcome::Refused(_) | Outcome::Unknown => break,
                }
                through = Some(*number);
            }
            let Some(through) = through else {
                std::thread::sleep(PAUSE);
                continue;
            };
            waiting.retain(|(number, _)| *number > through);
            let order = Order::Business(FinanceOrder::FactsTaken { through });
            let told = Inbound::Order { order, answered: Box::new(|_| ()) };
            if taken.send(told).is_err() {
                return Ok(());
            }
        }
        match due.recv() {
            Ok(first) => waiting.push(first),
            Err(_) => return Ok(()),
        }
        waiting.extend(due.try_iter().take(FACTS_PER_TURN));
    }
}

/// Finance's words.
pub(crate) struct FinanceWords;

impl Words<Finance> for FinanceWords {
    fn orders(&self, name: &str, said: &Value) -> Result<Vec<Order<FinanceOrder>>, String> {
        match name {
            "open-day" => Ok(vec![Order::BeginDay(day(said)?)]),
            other => Ok(vec![of_store(other, said)?]),
        }
    }

    fn look(&self, name: &str, said: &Value) -> Result<Seen<Finance>, String> {
        match name {
            "status" => Ok(Box::new(|node, lines| {
                let mut seen = status(node, lines);
                seen["finance"] = figures(node.business());
                Ok(seen)
            })),
            "voucher" => {
                let key = key(said)?;
                Ok(Box::new(move |node, _| voucher(node, &key)))
            }
            other => {
                Err(format!("finance has no look `{other}`; there are `status` and `voucher`"))
            }
        }
    }
}

/// A sum of vouchers as JSON has it; more than there is money is a defect.
fn sum(fen: i128) -> i64 {
    i64::try_from(fen).expect("sums of vouchers fit 63 bits")
}

fn figures(finance: &Finance) -> Value {
    let mut by_kind: BTreeMap<String, u64> = BTreeMap::new();
    let mut by_standing: BTreeMap<&str, u64> = BTreeMap::new();
    for row in finance.vouchers() {
        *by_kind.entry(row.key.kind.code().to_string()).or_default() += 1;
        *by_standing.entry(standing(row.standing)).or_default() += 1;
    }
    let exposure: BTreeMap<String, i64> =
        finance.exposure_fen().iter().map(|(bank, fen)| (bank.to_string(), sum(*fen))).collect();
    let left: Vec<Value> = finance
        .left()
        .take(100)
        .map(|((_, payment), left)| json!({ "payment": payment.to_string(), "why": left.why }))
        .collect();
    json!({
        "vouchers": by_kind,
        "standing": by_standing,
        "cleared_fen": sum(finance.cleared_fen()),
        "refunded_fen": sum(finance.refunded_fen()),
        "exposure_fen": exposure,
        "facts_due": finance.facts_due().1.len(),
        "reports": finance.reports().len(),
        "without_voucher": finance.left().count(),
        "without_voucher_first": left,
    })
}

const fn standing(standing: Standing) -> &'static str {
    match standing {
        Standing::Out => "out",
        Standing::Paid => "paid",
        Standing::Noticed => "noticed",
        Standing::Cleared => "cleared",
        Standing::Ended => "ended",
    }
}

fn voucher(node: &RunningNode<Finance>, key: &VoucherKey) -> Result<Value, String> {
    let row =
        node.business().voucher(key).ok_or_else(|| format!("finance has no voucher {key}"))?;
    let parts: Vec<Value> = row
        .parts
        .iter()
        .map(|part| {
            json!({
                "payment": part.payment.to_string(),
                "quota": part.quota.to_string(),
                "ordered": part.ordered_fen.to_yuan(),
                "paid": part.paid_fen.to_yuan(),
                "refunded": part.refunded,
            })
        })
        .collect();
    Ok(json!({
        "voucher": row.key.to_string(),
        "chinese": row.key.kind.chinese(),
        "to": row.to.to_string(),
        "day": row.day.get(),
        "amount": row.amount_fen.to_yuan(),
        "standing": standing(row.standing),
        "details": parts,
    }))
}
