//! The engine's journal, followed: what is ordered, voided and put on file there, for finance's store.
//!
//! How far it was followed lies in finance's own journal, in one group with what came of it. What is read again at a
//! start, to know payments that were reserved and not ordered, is read from the first record on.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::mpsc::channel;
use std::sync::{Arc, PoisonError};

use anyhow::{Context, Result};
use domain::codes::Role;
use domain::ids::PaymentId;
use domain::office::shelves::Book;
use domain::voucher::Party;
use exchange::finance::correction::correction_due;
use exchange::finance::due::{Due, due};
use exchange::finance::feed::{Feed, Ordered, Told};
use exchange::finance::{Finance, Order as FinanceOrder};
use exchange::party::{Inbound, Inbox};
use protocol::client::{BlockingClient, Options};
use protocol::{Cursor, Environment, Hello, Position, Subscribe};
use storage::event_record;
use storage::record::RecordRef;

use super::gathering::{Gathering, Orders};
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
    engine: SocketAddr,
    central_bank: Party,
    store: Inbox<Finance>,
    days: SharedDays,
) -> std::io::Result<()> {
    std::thread::Builder::new().name("feed".into()).spawn(move || {
        loop {
            let ended = follow(engine, central_bank, &store, &days);
            let error = ended.err().unwrap_or_else(|| anyhow::anyhow!("it ended"));
            tracing::warn!(%error, "the engine's journal is followed again");
            std::thread::sleep(PAUSE);
        }
    })?;
    Ok(())
}

/// Follows the engine's journal, from the first record on, until the connection breaks.
fn follow(
    engine: SocketAddr,
    central_bank: Party,
    store: &Inbox<Finance>,
    days: &SharedDays,
) -> Result<()> {
    let mut following = Following::after(store, central_bank, Arc::clone(days))?;
    let hello = Hello::new(Role::Operator, CHANNEL, "exchange").to_environment(Environment::Test);
    let client = BlockingClient::connect(engine.to_string(), hello, Options::default())?;
    let events = EVENTS.iter().map(|&slug| slug.to_owned()).collect();
    let subscribe = Subscribe { cursor: Cursor::START, limit: 0, events };
    let mut gathering = Gathering::new(store.clone(), following.followed);
    for frame in client.subscribe(subscribe)? {
        let frame = frame?;
        for record in frame.records() {
            following.record(&record)?;
        }
        let cursor = frame.cursor;
        if cursor.position > following.followed.position {
            following.followed = cursor;
            gathering.add(cursor, std::mem::take(&mut following.pending))?;
        }
    }
    Ok(())
}

/// The journal as far as it was read.
struct Following {
    central_bank: Party,
    /// Which days are worked, as calendars on file say.
    days: SharedDays,
    feed: Feed,
    /// How far finance's store has it.
    followed: Cursor,
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
            let followed = cursor_of(node.store().followed());
            let left: BTreeSet<Name> = node.business().left().map(|(name, _)| *name).collect();
            let _ = tell.send((followed, left));
        }));
        store.send(look).ok().context(ENDED)?;
        let (followed, left) = told.recv().ok().context(ENDED)?;
        let (feed, waiting, pending) = (Feed::default(), BTreeMap::new(), Orders::default());
        Ok(Following { central_bank, days, feed, followed, left, waiting, pending })
    }

    fn record(&mut self, record: &protocol::subscribe::Record<'_>) -> Result<()> {
        let Position { epoch, sequence } = record.position;
        let position = storage::position::Position { epoch, sequence };
        let (kind, version, body) = (record.kind, record.version, record.body);
        let mut ids = Vec::new();
        let event = event_record::decode(&RecordRef { kind, version, body, position }, &mut ids)?;
        let told = self.feed.take(&event).map_err(anyhow::Error::msg)?;
        let is_new = record.position > self.followed.position;
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

/// A cursor as the store keeps it: epoch, sequence, hash.
pub(super) fn bytes_of(cursor: Cursor) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(44);
    bytes.extend_from_slice(&cursor.position.epoch.to_le_bytes());
    bytes.extend_from_slice(&cursor.position.sequence.to_le_bytes());
    bytes.extend_from_slice(&cursor.group_hash);
    bytes
}

pub(super) fn cursor_of(bytes: &[u8]) -> Cursor {
    let read = || {
        let (epoch, rest) = bytes.split_first_chunk()?;
        let (sequence, rest) = rest.split_first_chunk()?;
        let group_hash = *rest.first_chunk()?;
        let (epoch, sequence) = (u32::from_le_bytes(*epoch), u64::from_le_bytes(*sequence));
        Some(Cursor { position: Position { epoch, sequence }, group_hash })
    };
    read().unwrap_or(Cursor::START)
}
