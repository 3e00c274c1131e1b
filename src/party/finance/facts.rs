//! What banks and the central bank have answered, given to the engine as facts, in order.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::mpsc::Receiver;

use anyhow::Result;
use domain::codes::Role;
use domain::command::{Body, By};
use domain::refusal::Retry;
use domain::{Code, Command};
use exchange::finance::record::FactDue;
use exchange::finance::{Finance, Order as FinanceOrder};
use exchange::node::Order;
use exchange::party::{Inbound, Inbox};
use protocol::client::{BlockingClient, Options};
use protocol::{Environment, Hello, Outcome};

use super::engine::Engine;
use super::repeating::Repeating;
use super::{CHANNEL, EXCHANGE, PAUSE};

/// Facts that are given to the engine at once.
const FACTS_PER_TURN: usize = 4_096;

/// Starts the thread.
pub(super) fn start(
    address: SocketAddr,
    due: Receiver<(u64, FactDue)>,
    taken: Inbox<Finance>,
    engine: Engine,
) -> std::io::Result<()> {
    let give = move || give(address, &due, &taken, &engine);
    std::thread::Builder::new().name("facts".into()).spawn(give)?;
    Ok(())
}

/// Gives facts to the engine for ever, in order, and tells finance's store how far the engine has them.
fn give(
    address: SocketAddr,
    due: &Receiver<(u64, FactDue)>,
    taken: &Inbox<Finance>,
    engine: &Engine,
) {
    let mut waiting: Vec<(u64, FactDue)> = Vec::new();
    let mut away = Repeating::default();
    loop {
        if waiting.is_empty() {
            match due.recv() {
                Ok(first) => waiting.push(first),
                Err(_) => return,
            }
        }
        waiting.extend(due.try_iter().take(FACTS_PER_TURN - waiting.len().min(FACTS_PER_TURN)));
        let given = connect(address)
            .and_then(|clients| give_with(&clients, &mut waiting, due, taken, engine));
        match given {
            Ok(()) => return,
            Err(error) => {
                if let Some(times) = away.now() {
                    tracing::warn!(%error, times, facts = waiting.len(), "facts wait for the engine");
                }
                std::thread::sleep(PAUSE);
            }
        }
    }
}

type Clients = BTreeMap<Role, BlockingClient>;

fn connect(address: SocketAddr) -> Result<Clients> {
    let mut clients = BTreeMap::new();
    for role in [Role::Bank, Role::CentralBank, Role::Finance] {
        let hello = Hello::new(role, CHANNEL, "exchange").to_environment(Environment::Test);
        clients
            .insert(role, BlockingClient::connect(address.to_string(), hello, Options::default())?);
    }
    Ok(clients)
}

/// Gives what waits until finance has ended.
fn give_with(
    clients: &Clients,
    waiting: &mut Vec<(u64, FactDue)>,
    due: &Receiver<(u64, FactDue)>,
    taken: &Inbox<Finance>,
    engine: &Engine,
) -> Result<()> {
    loop {
        while !waiting.is_empty() {
            clients
                .values()
                .try_for_each(|client| engine.takes_facts(client.welcome().data_set))?;
            let Some(through) = give_first(clients, waiting)? else {
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

/// Gives the first facts of one role, and says up to which the engine has them; none: it has not the first. Facts of
/// one payment keep their order: a change of role waits for the answers before it.
fn give_first(clients: &Clients, waiting: &[(u64, FactDue)]) -> Result<Option<u64>> {
    let Some((_, first)) = waiting.first() else { return Ok(None) };
    let role = first.role();
    let alike = waiting.iter().take_while(|(_, fact)| fact.role() == role);
    let by = By { person: EXCHANGE, role, channel: CHANNEL };
    let commands: Vec<Command<'_>> =
        alike.map(|(_, fact)| Command { by, body: Body::Fact(fact.fact()) }).collect();
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
    Ok(through)
}
