//! A party as it runs: its node on the caller's thread, its lines on a thread of their own, people, timers and
//! feeds by one channel.
//!
//! - [`identity`]: the files a party is known by: keys, certificates, those of its counterparties.
//! - [`opening`]: its journal, made or found, and its node folded from it.
//! - [`lines`]: its links, and the messages they are asked for.
//!
//! The loop here decides nothing. It gathers what has come, gives it to the node as one turn, and hands on what
//! the turn gave out.

pub mod identity;

pub mod opening;

pub mod lines;

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, Sender};
use std::time::Duration;

use domain::voucher::Party;
use thiserror::Error;

use crate::business::Business;
use crate::limits::{PARTY_INPUTS_MAX, PARTY_TURN_EVERY_MS};
use crate::link::Event;
use crate::node::{Input, JournalLog, LogFault, Node, NodeFault, Order, OrderRefusal};

use lines::Lines;

/// The node of a party that runs.
pub type RunningNode<B> = Node<B, JournalLog>;

/// What a party does with an order's answer.
pub type Answered<B> = Box<dyn FnOnce(Result<(), OrderRefusal<<B as Business>::Refusal>>) + Send>;

/// A look at a node between two turns.
pub type Look<B> = Box<dyn FnOnce(&mut RunningNode<B>, &Lines) + Send>;

/// Gives how far another journal was read, and what came of it that was not taken before.
pub type Followed<B> = Box<dyn FnOnce() -> (Vec<u8>, Vec<<B as Business>::Order>) + Send>;

/// What comes to a party that runs.
pub enum Inbound<B: Business> {
    /// What a link tells.
    Link {
        /// With whom.
        peer: Party,
        /// What.
        events: Vec<Event>,
    },
    /// An order, and what is to be done with its answer, once that is durable.
    Order {
        /// The order.
        order: Order<B::Order>,
        /// For its answer.
        answered: Answered<B>,
    },
    /// Another journal has said something: what that is by now is taken when the turn begins.
    Follow(Followed<B>),
    /// Somebody looks.
    Look(Look<B>),
    /// The party ends in good order.
    Stop,
}

/// Why a party ended.
#[derive(Debug, Error)]
pub enum PartyFault {
    /// Of its node.
    #[error(transparent)]
    Node(#[from] NodeFault),
    /// Of its journal.
    #[error(transparent)]
    Log(#[from] LogFault),
}

/// Runs a party until it is told to stop, or everybody who could tell it anything has gone. `clock` gives ms
/// since 1970; `after` sees the business after each turn.
///
/// # Errors
/// When its journal fails: the process ends, and a start reads what is there.
pub fn run<B: Business>(
    mut node: RunningNode<B>,
    lines: &Lines,
    inbox: &Receiver<Inbound<B>>,
    clock: &dyn Fn() -> u64,
    mut after: impl FnMut(&B),
) -> Result<RunningNode<B>, PartyFault> {
    let mut tickets: BTreeMap<u64, Answered<B>> = BTreeMap::new();
    let mut next_ticket = 0;
    lines.offer_again(&mut node)?;
    after(node.business());
    let mut pace = Pace { clock, last_ms: 0 };
    while let Some(came) = pace.next(inbox) {
        let mut inputs = Vec::new();
        let (mut looks, mut stops) = (Vec::new(), false);
        for inbound in came {
            match inbound {
                Inbound::Link { peer, events } => {
                    lines.told(&mut node, peer, events, &mut inputs, clock())?
                }
                Inbound::Order { order, answered } => {
                    next_ticket += 1;
                    tickets.insert(next_ticket, answered);
                    inputs.push(Input::Order { ticket: next_ticket, order });
                }
                Inbound::Follow(followed) => {
                    let (cursor, orders) = followed();
                    inputs.push(Input::Follow { cursor, orders });
                }
                Inbound::Look(look) => looks.push(look),
                Inbound::Stop => stops = true,
            }
        }
        if !inputs.is_empty() {
            let output = node.turn(inputs, clock())?;
            lines.hand_on(&mut node, &output.offered, &output.kept)?;
            for (ticket, answer) in output.answers {
                if let Some(answered) = tickets.remove(&ticket) {
                    answered(answer);
                }
            }
            after(node.business());
        }
        looks.into_iter().for_each(|look| look(&mut node, lines));
        if stops {
            break;
        }
    }
    Ok(node)
}

/// Keeps turns apart. Each is a write to the disk, and whoever has just been written to waits for the next: under load a
/// few larger turns leave the disk and the cores to others, and a party that rests answers at once.
struct Pace<'a> {
    clock: &'a dyn Fn() -> u64,
    last_ms: u64,
}

impl Pace<'_> {
    /// How long the next turn may still wait. A clock that is set back holds no turn up for longer.
    fn left(&self) -> Duration {
        let earliest_ms = self.last_ms + PARTY_TURN_EVERY_MS;
        Duration::from_millis(earliest_ms.saturating_sub((self.clock)()).min(PARTY_TURN_EVERY_MS))
    }

    /// What comes into the next turn; nothing when nobody is left who could tell anything.
    fn next<B: Business>(&mut self, inbox: &Receiver<Inbound<B>>) -> Option<Vec<Inbound<B>>> {
        let mut came = vec![inbox.recv().ok()?];
        while came.len() < PARTY_INPUTS_MAX
            && let Ok(more) = inbox.recv_timeout(self.left())
        {
            came.push(more);
        }
        self.last_ms = (self.clock)();
        Some(came)
    }
}

/// Where what comes to a party is put.
pub type Inbox<B> = Sender<Inbound<B>>;
