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

use domain::voucher::Party;
use thiserror::Error;

use crate::business::Business;
use crate::limits::PARTY_INPUTS_MAX;
use crate::link::Event;
use crate::node::{Input, JournalLog, LogFault, Node, NodeFault, Order, OrderRefusal};

use lines::Lines;

/// The node of a party that runs.
pub type RunningNode<B> = Node<B, JournalLog>;

/// What a party does with an order's answer.
pub type Answered<B> = Box<dyn FnOnce(Result<(), OrderRefusal<<B as Business>::Refusal>>) + Send>;

/// A look at a node between two turns.
pub type Look<B> = Box<dyn FnOnce(&mut RunningNode<B>, &Lines) + Send>;

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
    /// What another journal said.
    Follow {
        /// How far it was read.
        cursor: Vec<u8>,
        /// What came of it.
        orders: Vec<B::Order>,
    },
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
    while let Ok(first) = inbox.recv() {
        let mut came = vec![first];
        came.extend(inbox.try_iter().take(PARTY_INPUTS_MAX));
        let mut inputs = Vec::new();
        let (mut looks, mut stops) = (Vec::new(), false);
        for inbound in came {
            match inbound {
                Inbound::Link { peer, events } => {
                    lines.told(&mut node, peer, events, &mut inputs)?
                }
                Inbound::Order { order, answered } => {
                    next_ticket += 1;
                    tickets.insert(next_ticket, answered);
                    inputs.push(Input::Order { ticket: next_ticket, order });
                }
                Inbound::Follow { cursor, orders } => inputs.push(Input::Follow { cursor, orders }),
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

/// Where what comes to a party is put.
pub type Inbox<B> = Sender<Inbound<B>>;
