//! Tells a simulated bank what time it is, where it stops for the day at one (截止时间): the clock is read here and nowhere behind.

use std::time::Duration;

use anyhow::{Context, Result};
use counterparties::bank::{Bank, Order as BankOrder};
use exchange::node::Order;
use exchange::party::lines::Lines;
use exchange::party::{Inbound, Inbox, RunningNode};

use super::day::minute_at;
use crate::clock;

/// How often the clock is looked at.
const EVERY: Duration = Duration::from_secs(1);

/// Starts the thread that looks at the clock, until the bank's process ends.
pub(crate) fn start(inbox: &Inbox<Bank>) -> Result<()> {
    let inbox = inbox.clone();
    let looking = std::thread::Builder::new().name("cut-off".into()).spawn(move || {
        loop {
            std::thread::sleep(EVERY);
            let business = inbox.clone();
            let look = Inbound::Look(Box::new(move |node: &mut RunningNode<Bank>, _: &Lines| {
                let Some(day) = node.business().awaits_cut_off() else { return };
                let minute = minute_at(day, clock::wall_ms());
                let order = Order::Business(BankOrder::Minute { day, minute });
                // A bank that has ended needs no time.
                let _ = business.send(Inbound::Order { order, answered: Box::new(|_| ()) });
            }));
            if inbox.send(look).is_err() {
                return;
            }
        }
    });
    looking.context("the system gives no thread for the cut-off time")?;
    Ok(())
}
