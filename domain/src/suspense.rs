//! Suspense (挂账): facts that did not fit, kept where people see them until they are resolved.

use std::collections::{BTreeMap, HashMap};

use crate::codes::{FactKind, ResolveAction, Role};
use crate::command::{By, Fact};
use crate::ids::{ChannelId, Day, Fingerprint, PaymentId, PersonId, QuotaId};
use crate::money::Fen;
use crate::refusal::Code;

/// What names a parked fact: channel, number, and the hash of its contents, so that a second
/// report under the same number with other contents is kept too.
pub type ParkedKey = (ChannelId, u64, Fingerprint);

/// A fact in suspense.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parked {
    /// Who reported it.
    pub person: PersonId,
    /// In which capacity.
    pub role: Role,
    /// Which fact.
    pub kind: FactKind,
    /// The payment it names.
    pub payment: PaymentId,
    /// The quota it names.
    pub quota: QuotaId,
    /// The amount.
    pub amount_fen: Fen,
    /// The paid account.
    pub payee_hash: u64,
    /// Its day.
    pub day: Day,
    /// The refund's number.
    pub refund: u64,
    /// The refund's detail.
    pub detail: u32,
    /// The reporter's words.
    pub note: Box<str>,
    /// Why it does not fit.
    pub reason: Code,
    /// Its place among all that were ever parked here, from 1: the order they came in.
    pub arrival: u64,
}

impl Parked {
    /// A fact as it is kept in suspense, once it has its place there.
    #[must_use]
    pub fn new(by: By, fact: &Fact<'_>, reason: Code) -> Parked {
        Parked {
            person: by.person,
            role: by.role,
            kind: fact.kind,
            payment: fact.payment,
            quota: fact.quota,
            amount_fen: fact.amount_fen,
            payee_hash: fact.payee_hash,
            day: fact.day,
            refund: fact.refund,
            detail: fact.detail,
            note: fact.note.into(),
            reason,
            arrival: 0,
        }
    }

    /// The fact as it came.
    #[must_use]
    pub fn fact(&self, serial: u64) -> Fact<'_> {
        Fact {
            kind: self.kind,
            payment: self.payment,
            quota: self.quota,
            serial,
            amount_fen: self.amount_fen,
            payee_hash: self.payee_hash,
            day: self.day,
            refund: self.refund,
            detail: self.detail,
            note: &self.note,
        }
    }
}

/// How a parked fact ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ParkedEnd {
    /// Taken into its payment.
    Taken,
    /// Set aside by a person.
    Dismissed,
}

/// The suspense of one division and year.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Suspense {
    open: BTreeMap<ParkedKey, Parked>,
    ended: BTreeMap<ParkedKey, ParkedEnd>,
    by_payment: HashMap<PaymentId, Vec<ParkedKey>>,
    per_channel: BTreeMap<ChannelId, usize>,
    arrivals: u64,
}

impl Suspense {
    /// Facts that wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.open.len()
    }

    /// True when no fact waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    /// How many facts of a channel wait.
    #[must_use]
    pub fn of_channel(&self, channel: ChannelId) -> usize {
        self.per_channel.get(&channel).copied().unwrap_or(0)
    }

    /// The fact under a key, while it waits.
    #[must_use]
    pub fn get(&self, key: &ParkedKey) -> Option<&Parked> {
        self.open.get(key)
    }

    /// How a fact ended that waited once.
    #[must_use]
    pub fn ended(&self, key: &ParkedKey) -> Option<ParkedEnd> {
        self.ended.get(key).copied()
    }

    /// The waiting facts of a channel with a number: one, unless reports contradict each other.
    pub fn numbered(
        &self,
        channel: ChannelId,
        serial: u64,
    ) -> impl Iterator<Item = (&ParkedKey, &Parked)> {
        let first = (channel, serial, Fingerprint(0));
        let last = (channel, serial, Fingerprint(u128::MAX));
        self.open.range(first..=last)
    }

    /// The waiting fact of a channel with a number; of several, the one that was parked first.
    #[must_use]
    pub fn first_numbered(&self, channel: ChannelId, serial: u64) -> Option<(&ParkedKey, &Parked)> {
        self.numbered(channel, serial).min_by_key(|(_, parked)| parked.arrival)
    }

    /// The waiting facts of a payment, in the order they came.
    #[must_use]
    pub fn of_payment(&self, payment: PaymentId) -> &[ParkedKey] {
        self.by_payment.get(&payment).map_or(&[], Vec::as_slice)
    }

    /// Every waiting fact, by key.
    pub fn iter(&self) -> impl Iterator<Item = (&ParkedKey, &Parked)> {
        self.open.iter()
    }

    /// Facts that waited once.
    #[must_use]
    pub fn ended_len(&self) -> usize {
        self.ended.len()
    }

    /// Every ended fact, by key.
    pub fn iter_ended(&self) -> impl Iterator<Item = (&ParkedKey, &ParkedEnd)> {
        self.ended.iter()
    }

    /// Facts ever put here.
    #[must_use]
    pub(crate) fn arrivals(&self) -> u64 {
        self.arrivals
    }

    /// Goes on counting from a kept state.
    pub(crate) fn restore_arrivals(&mut self, arrivals: u64) {
        self.arrivals = arrivals;
    }

    /// Takes back a waiting fact that was kept. [`Suspense::put_in_order`] comes after the last.
    pub(crate) fn restore(&mut self, key: ParkedKey, parked: Parked) {
        self.by_payment.entry(parked.payment).or_default().push(key);
        *self.per_channel.entry(key.0).or_default() += 1;
        self.open.insert(key, parked);
    }

    /// Puts the facts of each payment in the order they came.
    pub(crate) fn put_in_order(&mut self) {
        let open = &self.open;
        let arrival = |key: &ParkedKey| open.get(key).map(|parked| parked.arrival);
        self.by_payment.values_mut().for_each(|keys| keys.sort_by_cached_key(arrival));
    }

    /// Takes back the end of a fact that was kept.
    pub(crate) fn restore_ended(&mut self, key: ParkedKey, end: ParkedEnd) {
        self.ended.insert(key, end);
    }

    pub(crate) fn park(&mut self, key: ParkedKey, mut parked: Parked) {
        self.arrivals += 1;
        parked.arrival = self.arrivals;
        self.by_payment.entry(parked.payment).or_default().push(key);
        *self.per_channel.entry(key.0).or_default() += 1;
        let before = self.open.insert(key, parked);
        assert!(before.is_none(), "I13: a fact is parked once");
    }

    pub(crate) fn end(&mut self, key: ParkedKey, end: ParkedEnd) {
        let parked = self.open.remove(&key).expect("only a waiting fact can end");
        let keys = self.by_payment.get_mut(&parked.payment).expect("a waiting fact is listed");
        keys.retain(|&listed| listed != key);
        if keys.is_empty() {
            self.by_payment.remove(&parked.payment);
        }
        *self.per_channel.get_mut(&key.0).expect("a waiting fact is counted") -= 1;
        self.ended.insert(key, end);
    }
}

impl From<ResolveAction> for ParkedEnd {
    fn from(action: ResolveAction) -> ParkedEnd {
        match action {
            ResolveAction::Apply => ParkedEnd::Taken,
            ResolveAction::Dismiss => ParkedEnd::Dismissed,
        }
    }
}
