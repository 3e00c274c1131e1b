//! Committed records into rows: what the directory knows, and up to where.
//!
//! Folds states by `domain`'s own rules and decides nothing. What does not follow from the records
//! before is an error: the directory stops, and nobody else does.

use std::collections::HashMap;

use domain::codes::{MoveKind, ResolveAction};
use domain::contents::HashKey;
use domain::event::{Event, EventBody, RefusedId, RunId};
use domain::ids::{BatchId, PaymentId, QuotaId};
use domain::office::reports::Ledger;
use domain::office::reports::cell::Before;
use domain::office::shelves::Shelves;
use domain::particulars::{Particulars, official_numbers};
use domain::payment::Standing;
use domain::resident::map_bytes;
use domain::suspense::ParkedKey;
use storage::event_record::{self, EventError};
use storage::position::Position;
use storage::record::{DOMAIN_KIND_FIRST, RecordRef};
use thiserror::Error;

use crate::limits::{DIRECTORY_NUMBERS_PER_PAYMENT, DIRECTORY_PAYMENTS_MAX};

use super::rows::{Book, New, Rows};

/// Why the directory cannot go on.
#[derive(Debug, Error)]
pub enum FoldError {
    /// A record is not what its kind and version say.
    #[error("record {at} cannot be read: {error}")]
    Event {
        /// Where.
        at: Position,
        /// Why.
        error: EventError,
    },
    /// An event names what no event before it made.
    #[error("record {at} does not follow from those before it: {what}")]
    Foreign {
        /// Where.
        at: Position,
        /// What is missing.
        what: String,
    },
    /// There are more payments than it may keep.
    #[error("record {0} is beyond the {DIRECTORY_PAYMENTS_MAX} payments that a directory keeps")]
    Full(Position),
}

/// Whose events a chain holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Whose {
    /// A payment's, by its row.
    Row(u32),
    /// Of an id under which no payment was accepted.
    Stray(Book, PaymentId),
}

/// Everything the directory keeps in memory, folded from the journal up to a position.
pub struct Directory {
    pub(super) rows: Rows,
    /// Events of ids under which no payment was accepted: refusals, and facts in suspense.
    pub(super) strays: HashMap<(Book, PaymentId), u32>,
    /// Facts that lie in suspense: whose they are, and the quota they name.
    parked: HashMap<(Book, ParkedKey), (Whose, QuotaId)>,
    /// Quotas with acts staged in a batch that is open.
    staged: HashMap<(Book, BatchId), Vec<QuotaId>>,
    /// What is on file of every division and year.
    pub(super) shelves: Shelves,
    /// Running totals for reports.
    pub(super) ledger: Ledger,
    /// Where each epoch began.
    epochs: Vec<Position>,
    position: Position,
    time_ms: u64,
    ids: Vec<RunId>,
}

impl Directory {
    /// Nothing folded yet. Its indexes hash under the data set's key.
    #[must_use]
    pub fn new(key: HashKey) -> Directory {
        Directory {
            rows: Rows::new(key),
            strays: HashMap::new(),
            parked: HashMap::new(),
            staged: HashMap::new(),
            shelves: Shelves::default(),
            ledger: Ledger::default(),
            epochs: Vec::new(),
            position: Position::START,
            time_ms: 0,
            ids: Vec::new(),
        }
    }

    /// The last record that was folded.
    #[must_use]
    pub const fn position(&self) -> Position {
        self.position
    }

    /// When it was journaled, in ms since 1970.
    #[must_use]
    pub const fn time_ms(&self) -> u64 {
        self.time_ms
    }

    /// Payments it knows.
    #[must_use]
    pub fn payments(&self) -> usize {
        self.rows.len()
    }

    /// Bytes of what it keeps in memory.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let staged: usize = self.staged.values().map(Vec::capacity).sum();
        self.rows.bytes()
            + self.ledger.bytes()
            + self.shelves.bytes()
            + map_bytes(&self.strays)
            + map_bytes(&self.parked)
            + map_bytes(&self.staged)
            + staged * size_of::<QuotaId>()
            + self.epochs.capacity() * size_of::<Position>()
    }

    /// The position with a sequence, if it has been folded.
    #[must_use]
    pub fn position_of(&self, sequence: u64) -> Option<Position> {
        let after = self.epochs.partition_point(|first| first.sequence <= sequence);
        let epoch = self.epochs.get(after.checked_sub(1)?)?.epoch;
        (sequence <= self.position.sequence).then_some(Position { epoch, sequence })
    }

    /// Folds the next record.
    ///
    /// # Errors
    /// If it cannot be read, or does not follow from those before it: nothing of it is kept then,
    /// and nothing behind it may be folded.
    pub fn record(&mut self, record: &RecordRef<'_>, time_ms: u64) -> Result<(), FoldError> {
        let at = record.position;
        if self.epochs.last().is_none_or(|last| last.epoch < at.epoch) {
            self.epochs.push(at);
        }
        if record.kind >= DOMAIN_KIND_FIRST {
            let mut ids = std::mem::take(&mut self.ids);
            let folded = match event_record::decode(record, &mut ids) {
                Ok(event) => {
                    let folded = self.event(&event, at, time_ms);
                    folded.and_then(|before| self.report(&event, before.as_ref(), at, time_ms))
                }
                Err(error) => Err(FoldError::Event { at, error }),
            };
            self.ids = ids;
            folded?;
        }
        (self.position, self.time_ms) = (at, time_ms);
        Ok(())
    }

    /// Takes an event into what reports are made from.
    fn report(
        &mut self,
        event: &Event<'_>,
        before: Option<&Before>,
        at: Position,
        time_ms: u64,
    ) -> Result<(), FoldError> {
        let filed = self.shelves.take(event).map_err(|what| FoldError::Foreign { at, what })?;
        self.ledger.take(event, before, (&self.shelves, filed), time_ms);
        Ok(())
    }

    /// Takes an event in, and gives how its payment stood before it, where it changed one.
    fn event(
        &mut self,
        event: &Event<'_>,
        at: Position,
        time_ms: u64,
    ) -> Result<Option<Before>, FoldError> {
        let sequence = at.sequence;
        let foreign = |what: String| Err(FoldError::Foreign { at, what });
        let mut before = None;
        match &event.body {
            EventBody::Reserved { path, posts, command: c, .. } => {
                if self.rows.len() >= DIRECTORY_PAYMENTS_MAX {
                    return Err(FoldError::Full(at));
                }
                let new = New {
                    id: c.payment,
                    quota: c.quota,
                    amount_fen: c.amount_fen,
                    maker: event.by.person,
                    payee_hash: c.particulars.payee_hash(),
                    time_ms,
                    sequence,
                    standing: Standing::reserved(*path, *posts, c.one_act),
                };
                if !self.add(&new, c.particulars) {
                    return foreign(format!("quota {} was never created", c.quota));
                }
            }
            EventBody::Stepped { command: c, .. } => {
                let Some(row) = self.rows.find(book_of(c.quota), c.payment) else {
                    return foreign(format!("payment {} was never accepted", c.payment));
                };
                let known = self.before(row);
                before = Some(known);
                let standing = known.standing.after_step(c.kind, event.by.role);
                let executed = known.executed_fen;
                self.rows.change(row, standing, executed, sequence, time_ms);
            }
            EventBody::FactTaken { from_suspense, fingerprint, command: c, .. } => {
                let book = book_of(c.quota);
                let Some(row) = self.rows.find(book, c.payment) else {
                    return foreign(format!("payment {} was never accepted", c.payment));
                };
                let known = self.before(row);
                before = Some(known);
                let Before { standing, asked_fen, executed_fen } = known;
                let executed = standing.executed_after(c, asked_fen, executed_fen);
                let after = standing.after_fact(c.kind);
                self.rows.change(row, after, executed, sequence, time_ms);
                if *from_suspense {
                    let key = (event.by.channel, c.serial, *fingerprint);
                    self.parked.remove(&(book, key));
                }
            }
            EventBody::FactParked { division, year, fingerprint, command: c, .. } => {
                let whose = self.whose(book_of(c.quota), c.payment);
                self.note(whose, sequence);
                self.rows.note_quota(c.quota, sequence);
                let key = (event.by.channel, c.serial, *fingerprint);
                self.parked.insert(((*division, *year), key), (whose, c.quota));
            }
            EventBody::Resolved { fact, command: c, .. } => {
                let key = ((c.division, c.year), (c.channel, c.serial, *fact));
                if let Some((whose, quota)) = self.parked.get(&key).copied() {
                    self.note(whose, sequence);
                    self.rows.note_quota(quota, sequence);
                }
                if c.action == ResolveAction::Dismiss {
                    self.parked.remove(&key);
                }
            }
            EventBody::Created { quota, command: c, .. } => {
                if !self.rows.add_quota(*quota, c.key) {
                    return foreign(format!("quota {quota} is not the next of its year"));
                }
                self.rows.note_quota(*quota, sequence);
            }
            _ => self.of_quotas(event, sequence),
        }
        Ok(before)
    }

    fn before(&self, row: u32) -> Before {
        let of = self.rows.row(row);
        let (standing, asked_fen) = (of.standing(), of.amount_fen);
        Before { standing, asked_fen, executed_fen: self.rows.executed_fen(row) }
    }

    /// Events that change no payment.
    fn of_quotas(&mut self, event: &Event<'_>, sequence: u64) {
        match &event.body {
            EventBody::Acted { command: c, .. } => {
                self.rows.note_quota(c.quota, sequence);
                self.stage(c.quota, c.batch);
            }
            EventBody::MovedOut { command: c, .. } => {
                self.rows.note_quota(c.from, sequence);
                self.rows.note_quota(c.to, sequence);
                self.note_correction(c.kind, c.from, c.payment, sequence);
                self.stage(c.from, c.batch);
            }
            EventBody::MovedIn { command: c, .. } | EventBody::MoveDeclined { command: c, .. } => {
                self.rows.note_quota(c.from, sequence);
                self.rows.note_quota(c.to, sequence);
                self.note_correction(c.kind, c.from, c.payment, sequence);
            }
            EventBody::MoveSettled { from, .. } => self.rows.note_quota(*from, sequence),
            EventBody::BatchEnded { division, year, batch, .. } => {
                let staged = self.staged.remove(&((*division, *year), *batch));
                let mut staged = staged.unwrap_or_default();
                staged.sort_unstable();
                staged.dedup();
                for quota in staged {
                    self.rows.note_quota(quota, sequence);
                }
            }
            EventBody::Refused { id, quota, division, year, .. } => {
                self.rows.note_quota(*quota, sequence);
                self.note_refused((*division, *year), *id, sequence);
            }
            EventBody::RunRefused { division, year, ids, .. } => {
                for ended in *ids {
                    self.rows.note_quota(ended.quota, sequence);
                    self.note_refused((*division, *year), ended.id, sequence);
                }
            }
            _ => {}
        }
    }

    fn add(&mut self, new: &New, particulars: Particulars<'_>) -> bool {
        if particulars.bytes().is_empty() {
            return self.rows.add(new, std::iter::empty());
        }
        let texts = particulars.to_text();
        let numbers = official_numbers(&texts.numbers).take(DIRECTORY_NUMBERS_PER_PAYMENT);
        self.rows.add(new, numbers)
    }

    fn stage(&mut self, quota: QuotaId, batch: BatchId) {
        if batch != BatchId(0) {
            self.staged.entry((book_of(quota), batch)).or_default().push(quota);
        }
    }

    fn whose(&self, book: Book, id: PaymentId) -> Whose {
        self.rows.find(book, id).map_or(Whose::Stray(book, id), Whose::Row)
    }

    fn note(&mut self, whose: Whose, sequence: u64) {
        match whose {
            Whose::Row(row) => self.rows.note(row, sequence),
            Whose::Stray(book, id) => {
                let head = self.strays.entry((book, id)).or_insert(super::rows::NONE);
                self.rows.links.push(head, sequence);
            }
        }
    }

    /// A correction belongs to the life of its payment.
    fn note_correction(
        &mut self,
        kind: MoveKind,
        from: QuotaId,
        payment: PaymentId,
        sequence: u64,
    ) {
        if kind == MoveKind::Correct {
            let whose = self.whose(book_of(from), payment);
            self.note(whose, sequence);
        }
    }

    fn note_refused(&mut self, book: Book, id: RefusedId, sequence: u64) {
        if let RefusedId::Payment(id) = id {
            let whose = self.whose(book, id);
            self.note(whose, sequence);
        }
    }
}

fn book_of(quota: QuotaId) -> Book {
    (quota.division(), quota.year())
}
