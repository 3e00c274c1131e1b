//! The engine's journal, followed: what is ordered, voided and put on file there, for finance's store.
//!
//! How far it was followed lies in finance's own journal, in one group with what came of it. What is read again at a
//! start, to know payments that were reserved and not ordered, is read from the first record on.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::mpsc::channel;
use std::sync::{Arc, PoisonError};

use anyhow::{Context, Result, anyhow};
use domain::Code;
use domain::codes::Role;
use domain::ids::PaymentId;
use domain::office::shelves::Book;
use domain::voucher::Party;
use exchange::finance::correction::correction_due;
use exchange::finance::due::{Due, due};
use exchange::finance::feed::{Feed, Ordered, Told};
use exchange::finance::{Finance, Order as FinanceOrder};
use exchange::party::{Inbound, Inbox};
use protocol::client::{BlockingClient, BlockingSubscription, Options};
use protocol::message::Health;
use protocol::{ClientError, Cursor, Environment, Hello, Position, Subscribe};
use storage::event_record;
use storage::record::RecordRef;
use thiserror::Error;

use super::engine::{Engine, Followed, RESTORED};
use super::gathering::{Gathering, Orders};
use super::repeating::Repeating;
use super::{CHANNEL, PAUSE, SharedDays};

/// What the engine's events are called that vouchers rest on.
const EVENTS: [&str; 12] = [
    "registered",
    "created",
    "reserved",
    "stepped",
    "fact-taken",
    "fact-parked",
    "filed",
    "batch-ended",
    "resolved",
    "moved-out",
    "moved-in",
    "move-declined",
];

/// Why nothing is followed any more.
pub(super) const ENDED: &str = "finance's store has ended";

/// A payment by name.
type Name = (Book, PaymentId);

/// Starts the thread.
pub(super) fn start(
    address: SocketAddr,
    central_bank: Party,
    store: Inbox<Finance>,
    days: SharedDays,
    engine: Engine,
) -> std::io::Result<()> {
    let follow = move || {
        let mut away = Repeating::default();
        loop {
            let ended = follow(address, central_bank, &store, &days, &engine);
            let ended = ended.err().unwrap_or_else(|| anyhow!("it ended").into());
            if let Some(times) = away.now() {
                tracing::warn!(error = %ended, times, "the engine's journal is followed again");
            }
            match ended {
                Ended::Away(why) => engine.is_away(format!("{why:#}")),
                Ended::NotOurs(why) => engine.is_not_ours(why),
            }
            std::thread::sleep(PAUSE);
        }
    };
    std::thread::Builder::new().name("feed".into()).spawn(follow)?;
    Ok(())
}

/// Why following ended.
#[derive(Debug, Error)]
enum Ended {
    /// The connection broke, or there is none.
    #[error("{0:#}")]
    Away(#[from] anyhow::Error),
    /// The engine is not the one that was followed.
    #[error("{0}")]
    NotOurs(String),
}

impl From<ClientError> for Ended {
    fn from(error: ClientError) -> Ended {
        match &error {
            ClientError::Server(said) if said.code == Code::Diverged => {
                let common = said.common;
                Ended::NotOurs(format!(
                    "the engine's journal is another one from {common} on than this store has followed: the engine was \
                     restored from an older copy; {RESTORED}"
                ))
            }
            _ => Ended::Away(error.into()),
        }
    }
}

/// Follows the engine's journal until the connection breaks: first what the store has followed already, and then on from
/// there, by a cursor that the engine holds against its own chain.
fn follow(
    address: SocketAddr,
    central_bank: Party,
    store: &Inbox<Finance>,
    days: &SharedDays,
    engine: &Engine,
) -> Result<(), Ended> {
    let mut following = Following::after(store, central_bank, Arc::clone(days))?;
    let hello = Hello::new(Role::Operator, CHANNEL, "exchange").to_environment(Environment::Test);
    let client = BlockingClient::connect(address.to_string(), hello, Options::default())?;
    let Health { data_set, durable, .. } = client.health()?;
    following.followed.is_of(data_set, durable).map_err(Ended::NotOurs)?;
    let followed = following.followed.cursor;
    let behind = |cursor| {
        let events = EVENTS.iter().map(|&slug| slug.to_owned()).collect();
        client.subscribe(Subscribe { cursor, limit: 0, events })
    };
    if followed != Cursor::START {
        following.read_again(behind(Cursor::START)?)?;
    }
    let mut gathering = Gathering::new(store.clone(), data_set, followed);
    let frames = behind(followed)?;
    if followed == Cursor::START {
        engine.is_followed(data_set);
    }
    for frame in frames {
        let frame = frame?;
        // The first one behind a cursor says that it is in the engine's chain.
        engine.is_followed(data_set);
        for record in frame.records() {
            following.record(&record, IsNew(true))?;
        }
        if frame.cursor.position > following.followed.cursor.position {
            following.followed.cursor = frame.cursor;
            gathering.add(frame.cursor, std::mem::take(&mut following.pending))?;
        }
    }
    Ok(())
}

/// Whether the store has not heard of a record.
#[derive(Clone, Copy)]
struct IsNew(bool);

/// The journal as far as it was read.
struct Following {
    central_bank: Party,
    /// Which days are worked, as calendars on file say.
    days: SharedDays,
    feed: Feed,
    /// How far finance's store has it.
    followed: Followed,
    /// Payments that have no voucher, and could have one when something is filed.
    left: BTreeSet<Name>,
    /// What was ordered of them, as far as the journal was read.
    waiting: BTreeMap<Name, Ordered>,
    /// What came of the frames of a group that has not ended: only its last frame moves the cursor.
    pending: Orders,
}

impl Following {
    /// Before the first record, with what finance's store has: of what was folded half nothing is kept.
    fn after(store: &Inbox<Finance>, central_bank: Party, days: SharedDays) -> Result<Following> {
        let (tell, told) = channel();
        let look: Inbound<Finance> = Inbound::Look(Box::new(move |node, _| {
            let followed = Followed::of_bytes(node.store().followed());
            let left: BTreeSet<Name> = node.business().left().map(|(name, _)| *name).collect();
            let _ = tell.send((followed, left));
        }));
        store.send(look).ok().context(ENDED)?;
        let (followed, left) = told.recv().ok().context(ENDED)?;
        let (feed, waiting, pending) = (Feed::default(), BTreeMap::new(), Orders::default());
        Ok(Following { central_bank, days, feed, followed, left, waiting, pending })
    }

    /// Folds what the store has heard of already: payments that are reserved and not ordered, and what is on file.
    fn read_again(&mut self, frames: BlockingSubscription) -> Result<(), Ended> {
        let followed = self.followed.cursor.position;
        for frame in frames {
            let frame = frame?;
            for record in frame.records().filter(|record| record.position <= followed) {
                self.record(&record, IsNew(false))?;
            }
            if frame.cursor.position >= followed {
                return Ok(());
            }
        }
        Err(anyhow!("the engine's journal ended before {followed}").into())
    }

    fn record(&mut self, record: &protocol::subscribe::Record<'_>, is_new: IsNew) -> Result<()> {
        let Position { epoch, sequence } = record.position;
        let position = storage::position::Position { epoch, sequence };
        let (kind, version, body) = (record.kind, record.version, record.body);
        let mut ids = Vec::new();
        let event = event_record::decode(&RecordRef { kind, version, body, position }, &mut ids)?;
        let told = self.feed.take(&event).map_err(anyhow::Error::msg)?;
        let IsNew(is_new) = is_new;
        match told {
            Told::Nothing => Ok(()),
            Told::Ordered(ordered) => self.ordered(*ordered, is_new),
            Told::Voided(payment, book) => {
                self.voided((book, payment), is_new);
                Ok(())
            }
            Told::Answered(payment, book) => {
                self.answered((book, payment), is_new);
                Ok(())
            }
            Told::Parked(fact) => {
                self.push(is_new, FinanceOrder::Parked(fact));
                Ok(())
            }
            Told::Unparked(name, payment) => {
                self.push(is_new, FinanceOrder::Unparked(name));
                payment.into_iter().for_each(|payment| self.answered((name.book, payment), is_new));
                Ok(())
            }
            Told::Corrected(corrected) if is_new => {
                let due = correction_due(&mut self.feed, &corrected).map_err(anyhow::Error::msg)?;
                self.pending.push(FinanceOrder::Corrected(Box::new(due)));
                Ok(())
            }
            Told::Corrected(_) => Ok(()),
            Told::Filed { book, payers, calendar } => {
                if calendar {
                    let office = self.feed.shelves().office(book);
                    self.days.lock().unwrap_or_else(PoisonError::into_inner).take(office);
                }
                if payers && is_new { self.try_again(book) } else { Ok(()) }
            }
        }
    }

    fn ordered(&mut self, ordered: Ordered, is_new: bool) -> Result<()> {
        let name = (ordered.book(), ordered.payment);
        if is_new {
            let due = self.due(&ordered)?;
            if due.order.is_err() {
                self.left.insert(name);
            }
            self.pending.push(FinanceOrder::Ordered(vec![due]));
        }
        if self.left.contains(&name) {
            self.waiting.insert(name, ordered);
        }
        Ok(())
    }

    /// What was answered needs no voucher any more.
    fn answered(&mut self, name: Name, is_new: bool) {
        if self.left.contains(&name) {
            self.voided(name, is_new);
        }
    }

    /// What the store has not heard of gets no voucher; else the store takes it back.
    fn voided(&mut self, name: Name, is_new: bool) {
        self.left.remove(&name);
        self.waiting.remove(&name);
        let (book, payment) = name;
        self.push(is_new, FinanceOrder::Voided { book, payment });
    }

    /// Rows were filed: payments of the division and year that have no voucher may have an account now.
    fn try_again(&mut self, book: Book) -> Result<()> {
        let (first, last) = ((book, PaymentId(0)), (book, PaymentId(u128::MAX)));
        let waiting: Vec<Ordered> =
            self.waiting.range(first..=last).map(|(_, ordered)| ordered.clone()).collect();
        for ordered in waiting {
            let due = self.due(&ordered)?;
            if due.order.is_ok() {
                self.left.remove(&(due.book, due.payment));
                self.waiting.remove(&(due.book, due.payment));
            }
            self.pending.push(FinanceOrder::Ordered(vec![due]));
        }
        Ok(())
    }

    fn due(&mut self, ordered: &Ordered) -> Result<Due> {
        due(&mut self.feed, self.central_bank, ordered).map_err(anyhow::Error::msg)
    }

    /// What the store has heard of already is not told again.
    fn push(&mut self, is_new: bool, order: FinanceOrder) {
        if is_new {
            self.pending.push(order);
        }
    }
}
