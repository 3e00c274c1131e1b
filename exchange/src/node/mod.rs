//! One party's turn: what came in is decided, written down, made durable, and only then told.
//!
//! A synchronous core around a [`Store`] and a [`Business`]. Journal, time, keys and lines are passed in, so that a
//! province of parties runs on one thread. A turn is all or nothing, in memory and on the disk: whoever falls in
//! the middle folds the journal again and goes on, and hears again what was not durable.

mod effects;
mod journal;
mod keys;
mod letters;
mod log;
mod orders;
mod payloads;
mod reading;
pub mod recovery;
mod turn;

use std::collections::BTreeMap;

use domain::ids::Day;
use domain::voucher::{Flag, Party, Voucher, VoucherKey};
use thiserror::Error;

use crate::business::Business;
use crate::envelope::PayloadFormat;
use crate::record::turn::{NotATurn, TurnReader};
use crate::record::{Event, Owner, Stranger, TwoPersons};
use crate::signing::{CertificateId, PublicKey, SigningError, Verifier};
use crate::store::{LanePolicy, Store, StoreRefusal};

pub use journal::JournalLog;
pub use keys::KeyRing;
pub use log::{Log, LogFault, MemoryLog};
pub use payloads::CanonicalPayloads;
pub use reading::{Contents, Kept, Listed, Page, Summary};

use letters::Recent;

/// How vouchers are written into payloads and read out of them.
pub trait Payloads: Send + Sync {
    /// Writes a voucher for a party.
    ///
    /// # Errors
    /// Why it cannot be written, in words.
    fn write(&self, to: Party, voucher: &Voucher) -> Result<(PayloadFormat, Vec<u8>), String>;

    /// Reads a payload, of whoever. Of a receipt `original` is the voucher that it answers, where the store has it: in
    /// some formats an answer does not repeat it.
    ///
    /// # Errors
    /// Why it is no voucher, in words.
    fn read(
        &self,
        format: PayloadFormat,
        payload: &[u8],
        original: Option<&Voucher>,
    ) -> Result<Voucher, String>;
}

/// What a person or a timer asks of a party.
#[derive(Clone, Debug)]
pub enum Order<O> {
    /// Of the business.
    Business(O),
    /// A day begins.
    BeginDay(Day),
    /// A day begins, for the store and for the business: both or neither. Where the store is at this day already, the
    /// business begins it alone.
    OpenDay {
        /// The day.
        day: Day,
        /// It is meant, though it lies further ahead than a holiday is long.
        far: bool,
        /// What begins it in the business.
        business: O,
    },
    /// The banks' cut-off has passed (截止): originals to them are held for the next working day (R-CUTOFF).
    CutOff,
    /// The same of a day, as a timer saw it: nothing where another has begun since.
    CutOffOf(Day),
    /// A working day has begun, and what was held for it goes out.
    LetGo,
    /// A voucher that never left is voided (作废).
    Void {
        /// Whom it is for.
        to: Party,
        /// Its key.
        key: VoucherKey,
        /// Original or receipt.
        flag: Flag,
        /// By whom.
        by: String,
        /// Why.
        reason: String,
    },
    /// A voucher that left is asked back (撤回).
    AskBack {
        /// Who has it.
        to: Party,
        /// Its key.
        key: VoucherKey,
        /// Original or receipt.
        flag: Flag,
        /// By whom.
        by: String,
    },
    /// A party is asked where a voucher of ours stands (状态查询); [`Store::told`] has the answer when it came.
    AskStatus {
        /// Who is asked.
        to: Party,
        /// The voucher's key.
        key: VoucherKey,
        /// Original or receipt.
        flag: Flag,
    },
    /// What was set aside on arrival is looked at again, and taken if it is good now (放行).
    Release {
        /// From whom it came.
        from: Party,
        /// Its entry in the inbox.
        entry: u32,
        /// By whom.
        by: String,
    },
    /// What was set aside on arrival is not taken; its sender is told.
    Dismiss {
        /// From whom it came.
        from: Party,
        /// Its entry in the inbox.
        entry: u32,
        /// By whom.
        by: String,
        /// Why.
        reason: String,
    },
    /// A letter of ours that stopped is sealed anew and sent again.
    SealAgain {
        /// Whom it is for.
        to: Party,
        /// Its entry in the outbox.
        entry: u32,
        /// By whom.
        by: String,
    },
    /// A letter of ours that stopped is given up; the business hears that it came back.
    GiveUp {
        /// Whom it is for.
        to: Party,
        /// Its entry in the outbox.
        entry: u32,
        /// By whom.
        by: String,
        /// Why.
        reason: String,
    },
    /// A voucher that waits goes by paper too, with two persons' word (线下办理).
    SendByPaper {
        /// Whom it is for.
        to: Party,
        /// Its key.
        key: VoucherKey,
        /// Original or receipt.
        flag: Flag,
        /// Who vouch for it.
        persons: TwoPersons,
        /// Why.
        reason: String,
    },
    /// A voucher came by paper and is typed in, with two persons' word.
    TakePaper {
        /// From whom.
        from: Party,
        /// What it says.
        voucher: Box<Voucher>,
        /// Who vouch for it.
        persons: TwoPersons,
    },
    /// A voucher came by paper and is not carried out: it is sent back (退回), with two persons' word, and its number is at
    /// an end.
    ReturnPaper {
        /// From whom.
        from: Party,
        /// What it says.
        voucher: Box<Voucher>,
        /// Who vouch for it.
        persons: TwoPersons,
        /// Why; its sender is told.
        reason: String,
    },
    /// Letters that this party had sent before it was restored from an older copy are taken back, with two persons' word.
    TakeBackSent {
        /// To whom they had gone.
        to: Party,
        /// What the other side has of them.
        handed: recovery::SentHere,
        /// Who vouch for it.
        persons: TwoPersons,
        /// Why.
        reason: String,
    },
    /// A person may vouch for paper vouchers, or may no longer.
    Authorise {
        /// Who.
        person: String,
        /// Whether they may.
        may: bool,
        /// By whose word.
        by: String,
    },
    /// A certificate is filed.
    FileCertificate {
        /// The whole certificate.
        bytes: Vec<u8>,
        /// By whom.
        by: String,
    },
    /// A certificate that was filed is verified.
    VerifyCertificate {
        /// Which.
        id: CertificateId,
        /// By whom.
        by: String,
    },
    /// A certificate is revoked.
    RevokeCertificate {
        /// Which.
        id: CertificateId,
        /// By whom.
        by: String,
        /// Why.
        reason: String,
    },
}

/// What comes in.
#[derive(Clone, Debug)]
pub enum Input<O> {
    /// A line to a party is there, or is gone. Nothing is given to a line that is not there.
    Line {
        /// The party.
        party: Party,
        /// Whether it is there.
        up: bool,
    },
    /// The next messages of a party, in order.
    Messages {
        /// Who.
        from: Party,
        /// The number of the first.
        first: u64,
        /// The messages.
        messages: Vec<Vec<u8>>,
    },
    /// A party has ours, durably, up to a number.
    Acknowledged {
        /// Who.
        by: Party,
        /// The number.
        through: u64,
    },
    /// An order, with a ticket that its answer carries.
    Order {
        /// The ticket.
        ticket: u64,
        /// The order.
        order: Order<O>,
    },
    /// What another journal said, up to a cursor in the follower's own words: orders of the business, none of
    /// which is refused.
    Follow {
        /// The cursor, as [`Store::followed`] gives it after the next start.
        cursor: Vec<u8>,
        /// What came of it.
        orders: Vec<O>,
    },
}

/// Why an order is refused.
#[derive(Debug, Error)]
pub enum OrderRefusal<R: std::error::Error> {
    /// By the business.
    #[error(transparent)]
    Business(R),
    /// By the store.
    #[error(transparent)]
    Store(#[from] StoreRefusal),
}

/// The answer to an order, by its ticket.
pub type Answer<B> = (u64, Result<(), OrderRefusal<<B as Business>::Refusal>>);

/// What a turn gives out, all of it durable.
#[derive(Debug)]
pub struct Output<B: Business> {
    /// To each party there are messages up to this number.
    pub offered: BTreeMap<Party, u64>,
    /// From each party there are messages up to this number, durably.
    pub kept: BTreeMap<Party, u64>,
    /// Answers to orders.
    pub answers: Vec<Answer<B>>,
}

/// Why a party cannot go on. The process ends; the next start reads what is there.
#[derive(Debug, Error)]
pub enum NodeFault {
    /// Of its journal.
    #[error(transparent)]
    Log(#[from] LogFault),
    /// Of its keys.
    #[error("a voucher cannot be sealed: {0}")]
    Signing(#[from] SigningError),
    /// The journal is no store's.
    #[error(transparent)]
    NotATurn(#[from] NotATurn),
}

/// What a party is made of, beside its journal.
pub struct Means {
    /// How vouchers are written and read.
    pub payloads: Box<dyn Payloads>,
    /// With which keys it seals.
    pub keys: KeyRing,
    /// What verifies seals.
    pub verifier: Box<dyn Verifier>,
    /// Which vouchers go before others.
    pub lanes: LanePolicy,
    /// On how many threads it seals.
    pub threads: usize,
}

/// A party's store and business, folded from its journal: [`Folding::group`] for each group there is, then
/// [`Folding::onto`].
pub struct Folding<B: Business> {
    store: Store,
    business: B,
    reader: TurnReader,
}

impl<B: Business> Folding<B> {
    /// Nothing folded yet.
    #[must_use]
    pub fn new(me: Party, root: PublicKey, seed: u64, business: B) -> Folding<B> {
        Folding { store: Store::new(me, root, seed), business, reader: TurnReader::default() }
    }

    /// Folds the records of the next group.
    ///
    /// # Errors
    /// When they are no store's, or another party's.
    pub fn group<'a>(
        &mut self,
        records: impl Iterator<Item = storage::record::RecordRef<'a>>,
    ) -> Result<(), NotATurn> {
        for (at, event) in self.reader.group(records)?.into_iter().flatten() {
            self.is_mine(&event)?;
            if let Some(letter) = self.store.apply(&event) {
                self.store.place(letter, at);
            }
            if let Event::Business(record) = &event {
                self.business.apply(record);
            }
        }
        Ok(())
    }

    /// Whether an event can be of this party's journal. One that does not say whose it is, as none did once, is known by
    /// its letters.
    fn is_mine(&self, event: &Event) -> Result<(), Box<Stranger>> {
        let me = self.store.me();
        match event {
            Event::Owned(owner) => owner.is_of(me, self.store.certificates().root()),
            Event::Queued { envelope, .. } if envelope.from() != me => {
                Err(Box::new(Stranger::Party { theirs: envelope.from(), mine: me }))
            }
            _ => Ok(()),
        }
    }

    /// Goes on with the journal behind what was folded.
    #[must_use]
    pub fn onto<L: Log>(self, log: L, means: Means) -> Node<B, L> {
        let Folding { store, business, .. } = self;
        let up = BTreeMap::new();
        Node { store, business, log, means, up, recent: Recent::default() }
    }
}

/// A party.
pub struct Node<B: Business, L: Log> {
    store: Store,
    business: B,
    log: L,
    means: Means,
    up: BTreeMap<Party, bool>,
    recent: Recent,
}

impl<B: Business, L: Log> Node<B, L> {
    /// Its store.
    #[must_use]
    pub const fn store(&self) -> &Store {
        &self.store
    }

    /// Its business.
    #[must_use]
    pub const fn business(&self) -> &B {
        &self.business
    }

    /// The keys it seals with.
    #[must_use]
    pub const fn keys(&self) -> &KeyRing {
        &self.means.keys
    }

    /// Its journal.
    #[must_use]
    pub const fn log(&self) -> &L {
        &self.log
    }

    /// Its journal, for whoever brings it to its end.
    #[must_use]
    pub fn into_log(self) -> L {
        self.log
    }

    /// Has the journal say whose it is, where it does not yet: a turn of its own, the first of a new journal.
    ///
    /// # Errors
    /// As [`Node::turn`].
    pub fn own(&mut self, time_ms: u64) -> Result<(), NodeFault> {
        if self.store.is_owned() {
            return Ok(());
        }
        let (party, root) = (self.store.me(), self.store.certificates().root().clone());
        self.decide_alone(Event::Owned(Box::new(Owner { party, root })), time_ms)
    }

    /// Seals with other keys from now on: a certificate was renewed.
    pub fn renew_keys(&mut self, keys: KeyRing) {
        self.means.keys = keys;
    }
}

#[cfg(test)]
mod tests;
