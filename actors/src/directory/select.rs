//! Which payments and which events stand on a page: from memory alone.
//!
//! A page looks at a bounded number of payments, so that no question keeps the others waiting; it
//! may be short and still not be the last. Never reads a text.

use std::collections::BTreeSet;

use domain::codes::PaymentState;
use domain::ids::{PaymentId, QuotaId};
use protocol::directory::{AgeSince, AsOf, Asked, Continuation, ListPayments, Subject};
use protocol::limits::CONTINUATION_BYTES;

use crate::limits::{DIRECTORY_EXAMINED_MAX, DIRECTORY_HISTORY_EVENTS_MAX};

use super::fold::Directory;
use super::rows::{NONE, Row};

/// Why there is no page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoPage {
    /// What continues the list is not of this question.
    OtherQuestion,
    /// Nothing is known of the subject.
    NotFound,
    /// The quota has had more events than are looked at.
    TooMany,
}

/// The rows of a page, in the order wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Selected {
    pub(super) rows: Vec<u32>,
    pub(super) after: Continuation,
    /// From when ages are counted back.
    pub(super) now_ms: u64,
}

/// A place in a list: the question it belongs to, the time its ages are counted from, and the last
/// sequence that was looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    sequence: u64,
    question: u64,
    now_ms: u64,
}

impl Place {
    fn read(after: &Continuation, question: u64) -> Result<Option<Place>, NoPage> {
        if *after == [0; CONTINUATION_BYTES] {
            return Ok(None);
        }
        let (parts, _) = after.as_chunks::<8>();
        let [sequence, of, now_ms] = [0, 1, 2].map(|at| u64::from_le_bytes(parts[at]));
        let place = Place { sequence, question, now_ms };
        if of == question { Ok(Some(place)) } else { Err(NoPage::OtherQuestion) }
    }

    fn write(self) -> Continuation {
        let mut after = [0; CONTINUATION_BYTES];
        let parts = [self.sequence, self.question, self.now_ms];
        for (part, bytes) in parts.iter().zip(after.as_chunks_mut::<8>().0) {
            *bytes = part.to_le_bytes();
        }
        after
    }
}

/// A hash of a question, by which its continuations are known; never zero.
fn question_hash(asked: &Asked, put: impl FnOnce(&mut Vec<u8>)) -> u64 {
    let mut bytes = vec![u8::from(asked.newest_first)];
    match asked.as_of {
        AsOf::Now => bytes.push(0),
        AsOf::Position(position) => {
            bytes.push(1);
            bytes.extend_from_slice(&position.epoch.to_le_bytes());
            bytes.extend_from_slice(&position.sequence.to_le_bytes());
        }
        AsOf::TimeMs(time_ms) => {
            bytes.push(2);
            bytes.extend_from_slice(&time_ms.to_le_bytes());
        }
    }
    put(&mut bytes);
    let hash = blake3::hash(&bytes);
    let first = hash.as_bytes().first_chunk().copied().unwrap_or_default();
    u64::from_le_bytes(first).max(1)
}

impl Directory {
    /// The payments of one page. `now_ms` is when ages are counted from, on a first page.
    pub(super) fn select(&self, list: &ListPayments, now_ms: u64) -> Result<Selected, NoPage> {
        let question = question_hash(&list.asked, |bytes| {
            bytes.push(match list.filter.age_since {
                AgeSince::Changed => 0,
                AgeSince::Reserved => 1,
            });
            bytes.push(u8::from(list.filter.division.is_some()));
            list.filter.put(bytes);
        });
        let place = Place::read(&list.asked.after, question)?;
        let now_ms = place.map_or(now_ms, |place| place.now_ms);
        let wanted = list.asked.page_items();
        let matches = Matcher::new(self, list, now_ms);
        let mut rows = Vec::new();
        let mut last = None;
        let candidates = self.candidates(list, place.map(|place| place.sequence));
        for (examined, at) in candidates.enumerate() {
            if rows.len() == wanted || examined == DIRECTORY_EXAMINED_MAX {
                let sequence = last.map_or(0, |at| self.rows.row(at).sequence);
                let after = Place { sequence, question, now_ms }.write();
                return Ok(Selected { rows, after, now_ms });
            }
            last = Some(at);
            if matches.row(self.rows.row(at)) {
                rows.push(at);
            }
        }
        Ok(Selected { rows, after: [0; CONTINUATION_BYTES], now_ms })
    }

    /// The rows among which the page's are, in the order wanted, behind a sequence: by the
    /// narrowest way there is.
    fn candidates<'a>(
        &'a self,
        list: &'a ListPayments,
        behind: Option<u64>,
    ) -> Box<dyn Iterator<Item = u32> + 'a> {
        let (filter, newest) = (&list.filter, list.asked.newest_first);
        let rows = &self.rows;
        // Row numbers still to come: all below `high` from the newest on, or all from `low` on.
        let (low, high) = match behind.map(|sequence| rows.by_sequence(sequence)) {
            None => (0, rows.len() as u32),
            Some(Ok(at)) if newest => (0, at),
            Some(Ok(at)) => (at + 1, rows.len() as u32),
            Some(Err(at)) if newest => (0, at),
            Some(Err(at)) => (at, rows.len() as u32),
        };
        let within = move |at: &u32| (low..high).contains(at);
        if !filter.number.is_empty() {
            let (count, found) = rows.with_number(&filter.number);
            if newest || count <= DIRECTORY_EXAMINED_MAX {
                return ordered(found.filter(within), newest);
            }
        }
        if let Some(hash) = filter.payee_hash {
            let (count, last) = rows.payee(hash);
            // Of a chain that is gone on with, the newest that is left may be known already.
            let from = rows.rows.get(high as usize).filter(|row| row.payee_hash == hash);
            let from = from.map_or(last, |row| row.payee_before);
            let chain = rows.chain(from, |row| row.payee_before);
            if newest || count <= DIRECTORY_EXAMINED_MAX {
                return ordered(chain.filter(within), newest);
            }
        }
        if let Some(id) = filter.quota {
            let Some(quota) = rows.quota(id) else { return Box::new(std::iter::empty()) };
            let from = rows.rows.get(high as usize).filter(|row| row.quota == id);
            let from = from.map_or(quota.last_payment, |row| row.quota_before);
            let chain = rows.chain(from, |row| row.quota_before);
            if newest || quota.payments as usize <= DIRECTORY_EXAMINED_MAX {
                return ordered(chain.filter(within), newest);
            }
        }
        let sets: Option<Vec<_>> = filter.states.iter().map(|&state| rows.open(state)).collect();
        match sets.filter(|sets| !sets.is_empty()) {
            Some(sets) => merged(sets, low, high, newest),
            None if newest => Box::new((low..high).rev()),
            None => Box::new(low..high),
        }
    }

    /// The sequences of the events on one page of a history, in the order wanted, none of them
    /// beyond `upto`.
    pub(super) fn trail(
        &self,
        asked: &Asked,
        subject: Subject,
        upto: u64,
    ) -> Result<(Vec<u64>, Continuation), NoPage> {
        let question = question_hash(asked, |bytes| {
            bytes.extend_from_slice(format!("{subject:?}").as_bytes());
        });
        let place = Place::read(&asked.after, question)?;
        let newest = asked.newest_first;
        let comes = |sequence: u64| {
            sequence <= upto
                && place.is_none_or(|place| match newest {
                    true => sequence < place.sequence,
                    false => sequence > place.sequence,
                })
        };
        let wanted = asked.page_items();
        let mut page = Nearest::new(wanted + 1, newest);
        match subject {
            Subject::Payment { book, id } => self.trail_of_payment(book, id, |sequence| {
                if comes(sequence) {
                    page.offer(sequence);
                }
            })?,
            Subject::Quota(quota) => self.trail_of_quota(quota, |sequence| {
                if comes(sequence) {
                    page.offer(sequence);
                }
            })?,
        }
        let mut sequences = page.into_sorted();
        if sequences.len() <= wanted {
            return Ok((sequences, [0; CONTINUATION_BYTES]));
        }
        sequences.truncate(wanted);
        let sequence = sequences.last().copied().unwrap_or(0);
        Ok((sequences, Place { sequence, question, now_ms: 0 }.write()))
    }

    /// What continues a history behind a sequence of its page.
    pub(super) fn trail_behind(asked: &Asked, subject: Subject, sequence: u64) -> Continuation {
        let question = question_hash(asked, |bytes| {
            bytes.extend_from_slice(format!("{subject:?}").as_bytes());
        });
        Place { sequence, question, now_ms: 0 }.write()
    }

    fn trail_of_payment(
        &self,
        book: Option<super::rows::Book>,
        id: PaymentId,
        mut offer: impl FnMut(u64),
    ) -> Result<(), NoPage> {
        let books = book.map_or_else(|| self.known_books(), |book| vec![book]);
        let mut known = false;
        for book in books {
            let row = self.rows.find(book, id).map(|at| self.rows.row(at));
            let stray = self.strays.get(&(book, id)).copied();
            if let Some(row) = row {
                offer(row.sequence);
                self.rows.links.chain(row.last_link).for_each(&mut offer);
            }
            self.rows.links.chain(stray.unwrap_or(NONE)).for_each(&mut offer);
            known |= row.is_some() || stray.is_some();
        }
        if known { Ok(()) } else { Err(NoPage::NotFound) }
    }

    /// Divisions and years with payments, or with ids that were refused.
    fn known_books(&self) -> Vec<super::rows::Book> {
        let mut books = self.rows.books();
        books.extend(self.strays.keys().map(|(book, _)| *book));
        books.sort_unstable();
        books.dedup();
        books
    }

    fn trail_of_quota(&self, id: QuotaId, mut offer: impl FnMut(u64)) -> Result<(), NoPage> {
        let quota = self.rows.quota(id).ok_or(NoPage::NotFound)?;
        let mut left = DIRECTORY_HISTORY_EVENTS_MAX;
        let mut take = |sequence: u64| {
            left = left.checked_sub(1).ok_or(NoPage::TooMany)?;
            offer(sequence);
            Ok(())
        };
        self.rows.links.chain(quota.last_link).try_for_each(&mut take)?;
        for at in self.rows.chain(quota.last_payment, |row| row.quota_before) {
            let row = self.rows.row(at);
            take(row.sequence)?;
            self.rows.links.chain(row.last_link).try_for_each(&mut take)?;
        }
        Ok(())
    }
}

/// What comes newest first, in the order wanted.
fn ordered<'a>(
    newest_first: impl Iterator<Item = u32> + 'a,
    newest: bool,
) -> Box<dyn Iterator<Item = u32> + 'a> {
    if newest {
        return Box::new(newest_first);
    }
    let mut all: Vec<u32> = newest_first.collect();
    all.reverse();
    Box::new(all.into_iter())
}

/// The rows of several sets, in order.
fn merged<'a>(
    sets: Vec<&'a BTreeSet<u32>>,
    low: u32,
    high: u32,
    newest: bool,
) -> Box<dyn Iterator<Item = u32> + 'a> {
    let mut at = if newest { high } else { low };
    Box::new(std::iter::from_fn(move || {
        if low >= high {
            return None;
        }
        let next = match newest {
            true => sets.iter().filter_map(|set| set.range(low..at).next_back()).max(),
            false => sets.iter().filter_map(|set| set.range(at..high).next()).min(),
        };
        let next = *next?;
        at = if newest { next } else { next + 1 };
        Some(next)
    }))
}

/// The nearest so many of the numbers offered, each once: the smallest, or the largest.
struct Nearest {
    kept: BTreeSet<u64>,
    room: usize,
    newest: bool,
}

impl Nearest {
    fn new(room: usize, newest: bool) -> Nearest {
        Nearest { kept: BTreeSet::new(), room, newest }
    }

    fn offer(&mut self, sequence: u64) {
        let farther = match self.newest {
            true => self.kept.first().is_some_and(|farthest| sequence < *farthest),
            false => self.kept.last().is_some_and(|farthest| sequence > *farthest),
        };
        if self.kept.len() >= self.room && farther {
            return;
        }
        self.kept.insert(sequence);
        if self.kept.len() > self.room {
            let _ = if self.newest { self.kept.pop_first() } else { self.kept.pop_last() };
        }
    }

    /// Nearest first.
    fn into_sorted(self) -> Vec<u64> {
        let mut all: Vec<u64> = self.kept.into_iter().collect();
        if self.newest {
            all.reverse();
        }
        all
    }
}

/// Whether a payment meets every condition that memory can judge.
struct Matcher<'a> {
    directory: &'a Directory,
    list: &'a ListPayments,
    /// Changed or reserved at the latest then.
    latest_ms: u64,
    /// And at the earliest then.
    earliest_ms: u64,
    states: u16,
}

impl<'a> Matcher<'a> {
    fn new(directory: &'a Directory, list: &'a ListPayments, now_ms: u64) -> Matcher<'a> {
        let filter = &list.filter;
        let ago = |ms: u64| now_ms.saturating_sub(ms);
        let bit = |state: &PaymentState| 1 << state.number();
        let any = if filter.states.is_empty() { u16::MAX } else { 0 };
        Matcher {
            directory,
            list,
            latest_ms: filter.older_than_ms.map_or(u64::MAX, ago),
            earliest_ms: filter.younger_than_ms.map_or(0, ago),
            states: filter.states.iter().fold(any, |bits, state| bits | bit(state)),
        }
    }

    fn row(&self, row: &Row) -> bool {
        let filter = &self.list.filter;
        let since = match filter.age_since {
            AgeSince::Changed => row.changed_ms,
            AgeSince::Reserved => row.reserved_ms,
        };
        let (division, year) = row.book();
        self.states & (1 << row.state().number()) != 0
            && (self.earliest_ms..=self.latest_ms).contains(&since)
            && filter.division.is_none_or(|wanted| wanted == division)
            && filter.year.is_none_or(|wanted| wanted == year)
            && filter.quota.is_none_or(|wanted| wanted == row.quota)
            && filter.payee_hash.is_none_or(|wanted| wanted == row.payee_hash)
            && filter.maker.is_none_or(|wanted| wanted == row.maker)
            && filter.amount_from.is_none_or(|least| row.amount_fen >= least)
            && filter.amount_to.is_none_or(|most| row.amount_fen <= most)
            && (filter.key_prefix.is_empty() || self.has_key(row))
    }

    fn has_key(&self, row: &Row) -> bool {
        let quota = self.directory.rows.quota(row.quota);
        quota.is_some_and(|quota| quota.key.starts_with(&self.list.filter.key_prefix))
    }
}
