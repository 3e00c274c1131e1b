//! What the directory keeps of each payment, and how it finds it: fixed rows, no text.
//!
//! Never reads the journal and never judges an event: it holds what the fold concluded.

use std::collections::{BTreeSet, HashMap};

use domain::Fen;
use domain::arena::Arena;
use domain::codes::{Ending, Path, PaymentState, Posts};
use domain::contents::HashKey;
use domain::id_index::IdIndex;
use domain::ids::{DivisionIndex, FiscalYear, PaymentId, PersonId, QuotaId};
use domain::payment::Standing;

/// Bytes planned for the text of an official key.
const TEXT_BYTES_PLANNED: usize = 32;
/// Bytes planned for an entry of a set or a map.
const ENTRY_BYTES_PLANNED: usize = 16;

/// No row, no link: the end of a chain.
pub(super) const NONE: u32 = u32::MAX;

/// A division and a fiscal year: where a payment's id is unique.
pub(super) type Book = (DivisionIndex, FiscalYear);

/// One payment. Rows stand in the order of their reservation, so a sequence finds its row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    id: [u64; 2],
    pub(super) quota: QuotaId,
    pub(super) amount_fen: Fen,
    pub(super) maker: PersonId,
    pub(super) payee_hash: u64,
    pub(super) reserved_ms: u64,
    pub(super) changed_ms: u64,
    pub(super) sequence: u64,
    pub(super) changed_sequence: u64,
    /// The payment before it on its quota.
    pub(super) quota_before: u32,
    /// The payment before it to its payee's account.
    pub(super) payee_before: u32,
    /// The newest of its later events.
    pub(super) last_link: u32,
    state: PaymentState,
    ending: Option<Ending>,
    path: Path,
    /// Posts needed in the lower half, posts that have approved in the upper.
    posts: u8,
}

const _: () = assert!(size_of::<Row>() <= crate::limits::DIRECTORY_ROW_BYTES);

/// What a reservation says of a payment.
#[derive(Clone, Copy, Debug)]
pub(super) struct New {
    pub(super) id: PaymentId,
    pub(super) quota: QuotaId,
    pub(super) amount_fen: Fen,
    pub(super) maker: PersonId,
    pub(super) payee_hash: u64,
    pub(super) time_ms: u64,
    pub(super) sequence: u64,
    pub(super) standing: Standing,
}

impl Row {
    pub(super) const fn id(&self) -> PaymentId {
        PaymentId((self.id[1] as u128) << 64 | self.id[0] as u128)
    }

    pub(super) const fn book(&self) -> Book {
        (self.quota.division(), self.quota.year())
    }

    pub(super) const fn state(&self) -> PaymentState {
        self.state
    }

    pub(super) fn standing(&self) -> Standing {
        let posts = |bits| Posts::from_bits(bits & 7).unwrap_or_default();
        Standing {
            state: self.state,
            ending: self.ending,
            path: self.path,
            posts: posts(self.posts),
            approved: posts(self.posts >> 4),
        }
    }

    fn stand(&mut self, standing: Standing) {
        self.state = standing.state;
        self.ending = standing.ending;
        self.path = standing.path;
        self.posts = standing.posts.bits() | standing.approved.bits() << 4;
    }
}

/// One event in a chain, newest first: 48 bits of its sequence, then the link before it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Link([u16; 5]);

const _: () = assert!(size_of::<Link>() == crate::limits::DIRECTORY_LINK_BYTES);

impl Link {
    fn new(sequence: u64, before: u32) -> Link {
        assert!(sequence >> 48 == 0, "a journal of 2⁴⁸ records");
        let part = |shift: u32| (sequence >> shift) as u16;
        Link([part(0), part(16), part(32), before as u16, (before >> 16) as u16])
    }

    fn sequence(self) -> u64 {
        let [a, b, c, ..] = self.0.map(u64::from);
        a | b << 16 | c << 32
    }

    fn before(self) -> u32 {
        u32::from(self.0[3]) | u32::from(self.0[4]) << 16
    }
}

/// Chains of events.
#[derive(Default)]
pub(super) struct Links(Arena<Link>);

impl Links {
    /// Puts an event at the head of a chain, once.
    pub(super) fn push(&mut self, head: &mut u32, sequence: u64) {
        let newest = self.0.get(*head as usize).map(|link| link.sequence());
        if newest != Some(sequence) {
            *head = self.0.push(Link::new(sequence, *head)) as u32;
        }
    }

    /// The sequences of a chain, newest first.
    pub(super) fn chain(&self, head: u32) -> impl Iterator<Item = u64> {
        let mut at = head;
        std::iter::from_fn(move || {
            let link = self.0.get(at as usize)?;
            at = link.before();
            Some(link.sequence())
        })
    }
}

/// A quota: its official key, its payments, and its own events.
#[derive(Debug)]
pub(super) struct Quota {
    pub(super) key: Box<str>,
    /// The newest payment on it.
    pub(super) last_payment: u32,
    pub(super) payments: u32,
    /// The newest event that is of it and of none of its payments.
    pub(super) last_link: u32,
}

/// The newest of some rows or links that share a hash, and how many they are.
#[derive(Clone, Copy, Debug)]
struct Head {
    last: u32,
    count: u32,
}

/// One official number of one payment.
#[derive(Clone, Copy, Debug)]
struct Numbered {
    hash: u64,
    row: u32,
    before: u32,
}

/// Every payment and quota, with the ways to find them.
pub(super) struct Rows {
    pub(super) rows: Arena<Row>,
    ids: IdIndex,
    books: HashMap<Book, Arena<Quota>>,
    payee_ids: IdIndex,
    payees: Arena<Head>,
    number_ids: IdIndex,
    numbers: Arena<Head>,
    numbered: Arena<Numbered>,
    /// Payments that are open, by state; cleared and released ones are found by scanning.
    open: [BTreeSet<u32>; OPEN_STATES.len()],
    /// Executed amounts that are neither nothing nor all that was asked for, and those that are
    /// nothing where the state alone would not say so.
    executed: HashMap<u32, Fen>,
    pub(super) links: Links,
}

/// States whose payments are kept apart: those that somebody still waits for.
pub(super) const OPEN_STATES: [PaymentState; 6] = [
    PaymentState::Reserved,
    PaymentState::Approved,
    PaymentState::Held,
    PaymentState::Instructed,
    PaymentState::Unknown,
    PaymentState::Paid,
];

fn open_slot(state: PaymentState) -> Option<usize> {
    OPEN_STATES.iter().position(|open| *open == state)
}

impl Rows {
    pub(super) fn new(key: HashKey) -> Rows {
        let (division, year) = (DivisionIndex::PROVINCE, FiscalYear::default());
        let seed = |kind| key.index_seed(division, year, kind);
        Rows {
            rows: Arena::default(),
            ids: IdIndex::new(seed(2)),
            books: HashMap::new(),
            payee_ids: IdIndex::new(seed(3)),
            payees: Arena::default(),
            number_ids: IdIndex::new(seed(4)),
            numbers: Arena::default(),
            numbered: Arena::default(),
            open: Default::default(),
            executed: HashMap::new(),
            links: Links::default(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Bytes it keeps in memory, counted from lengths and capacities.
    pub(super) fn bytes(&self) -> usize {
        let quotas = |quotas: &Arena<Quota>| quotas.bytes() + quotas.len() * TEXT_BYTES_PLANNED;
        let open: usize = self.open.iter().map(BTreeSet::len).sum();
        let indexes = [&self.ids, &self.payee_ids, &self.number_ids];
        self.rows.bytes()
            + indexes.into_iter().map(IdIndex::bytes).sum::<usize>()
            + self.books.values().map(quotas).sum::<usize>()
            + self.payees.bytes()
            + self.numbers.bytes()
            + self.numbered.bytes()
            + self.links.0.bytes()
            + (open + self.executed.len()) * ENTRY_BYTES_PLANNED
    }

    pub(super) fn row(&self, at: u32) -> &Row {
        self.rows.get(at as usize).expect("a row that an index names")
    }

    /// The divisions and years in which anything was created.
    pub(super) fn books(&self) -> Vec<Book> {
        let mut books: Vec<Book> = self.books.keys().copied().collect();
        books.sort_unstable();
        books
    }

    pub(super) fn quota(&self, id: QuotaId) -> Option<&Quota> {
        self.books.get(&(id.division(), id.year()))?.get(usize::try_from(id.serial()).ok()?)
    }

    pub(super) fn quota_mut(&mut self, id: QuotaId) -> Option<&mut Quota> {
        let serial = usize::try_from(id.serial()).ok()?;
        self.books.get_mut(&(id.division(), id.year()))?.get_mut(serial)
    }

    /// Adds a quota; false when it is not the next of its division and year.
    pub(super) fn add_quota(&mut self, id: QuotaId, key: &str) -> bool {
        let book = self.books.entry((id.division(), id.year())).or_default();
        let quota = Quota { key: key.into(), last_payment: NONE, payments: 0, last_link: NONE };
        book.push(quota) as u64 == id.serial()
    }

    /// The row of a payment.
    pub(super) fn find(&self, book: Book, id: PaymentId) -> Option<u32> {
        let is_it = |at: u32| {
            let row = self.row(at);
            row.id() == id && row.book() == book
        };
        self.ids.find(self.ids.probe(probed(book, id)), is_it)
    }

    /// The row that a reservation's sequence made, or the place where it would be.
    pub(super) fn by_sequence(&self, sequence: u64) -> Result<u32, u32> {
        let (mut low, mut high) = (0, self.rows.len() as u32);
        while low < high {
            let middle = low + (high - low) / 2;
            match self.row(middle).sequence.cmp(&sequence) {
                std::cmp::Ordering::Equal => return Ok(middle),
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        Err(low)
    }

    /// Adds a payment with its official numbers; false when its quota is not known.
    pub(super) fn add<'n>(&mut self, new: &New, numbers: impl Iterator<Item = &'n str>) -> bool {
        let at = self.rows.len() as u32;
        let Some(quota) = self.quota_mut(new.quota) else { return false };
        let quota_before = std::mem::replace(&mut quota.last_payment, at);
        quota.payments += 1;
        let payee_before = self.put_payee(new.payee_hash, at);
        let mut row = Row {
            id: [new.id.0 as u64, (new.id.0 >> 64) as u64],
            quota: new.quota,
            amount_fen: new.amount_fen,
            maker: new.maker,
            payee_hash: new.payee_hash,
            reserved_ms: new.time_ms,
            changed_ms: new.time_ms,
            sequence: new.sequence,
            changed_sequence: new.sequence,
            quota_before,
            payee_before,
            last_link: NONE,
            state: new.standing.state,
            ending: None,
            path: new.standing.path,
            posts: 0,
        };
        row.stand(new.standing);
        self.ids.insert(self.ids.probe(probed(row.book(), new.id)), at);
        self.rows.push(row);
        if let Some(slot) = open_slot(row.state) {
            self.open[slot].insert(at);
        }
        for number in numbers {
            self.put_number(domain::particulars::account_hash(number), at);
        }
        true
    }

    /// Adds a payment to the chain of its payee's account and gives the one before it.
    fn put_payee(&mut self, hash: u64, at: u32) -> u32 {
        if hash == 0 {
            return NONE;
        }
        match self.payee_slot(hash) {
            Some(slot) => {
                let head = self.payees.get_mut(slot as usize).expect("just found");
                head.count += 1;
                std::mem::replace(&mut head.last, at)
            }
            None => {
                let slot = self.payees.push(Head { last: at, count: 1 }) as u32;
                self.payee_ids.insert(self.payee_ids.probe(u128::from(hash)), slot);
                NONE
            }
        }
    }

    fn payee_slot(&self, hash: u64) -> Option<u32> {
        let last = |slot: u32| self.payees.get(slot as usize).map(|head| head.last);
        let is_it = |slot| {
            let row = last(slot).and_then(|at| self.rows.get(at as usize));
            row.is_some_and(|row| row.payee_hash == hash)
        };
        self.payee_ids.find(self.payee_ids.probe(u128::from(hash)), is_it)
    }

    fn number_slot(&self, hash: u64) -> Option<u32> {
        let is_it = |slot: u32| {
            let head = self.numbers.get(slot as usize);
            head.is_some_and(|head| self.numbered(head.last).hash == hash)
        };
        self.number_ids.find(self.number_ids.probe(u128::from(hash)), is_it)
    }

    fn numbered(&self, at: u32) -> &Numbered {
        self.numbered.get(at as usize).expect("a number that a chain names")
    }

    fn put_number(&mut self, hash: u64, row: u32) {
        let at = self.numbered.len() as u32;
        let before = match self.number_slot(hash) {
            Some(slot) => {
                let head = self.numbers.get_mut(slot as usize).expect("just found");
                head.count += 1;
                std::mem::replace(&mut head.last, at)
            }
            None => {
                let slot = self.numbers.push(Head { last: at, count: 1 }) as u32;
                self.number_ids.insert(self.number_ids.probe(u128::from(hash)), slot);
                NONE
            }
        };
        self.numbered.push(Numbered { hash, row, before });
    }

    /// Puts a payment where it stands after an event.
    pub(super) fn change(
        &mut self,
        at: u32,
        standing: Standing,
        executed: Fen,
        sequence: u64,
        time_ms: u64,
    ) {
        let row = self.rows.get_mut(at as usize).expect("a row that an index names");
        let (was, amount) = (row.state, row.amount_fen);
        row.stand(standing);
        (row.changed_sequence, row.changed_ms) = (sequence, time_ms);
        let mut head = row.last_link;
        self.links.push(&mut head, sequence);
        row.last_link = head;
        if was != standing.state {
            if let Some(slot) = open_slot(was) {
                self.open[slot].remove(&at);
            }
            if let Some(slot) = open_slot(standing.state) {
                self.open[slot].insert(at);
            }
        }
        if executed == executed_alone(standing.state, amount) {
            self.executed.remove(&at);
        } else {
            self.executed.insert(at, executed);
        }
    }

    /// Notes an event about a payment that leaves it as it is.
    pub(super) fn note(&mut self, at: u32, sequence: u64) {
        let row = self.rows.get_mut(at as usize).expect("a row that an index names");
        let mut head = row.last_link;
        self.links.push(&mut head, sequence);
        row.last_link = head;
    }

    /// Notes an event of a quota that is of none of its payments.
    pub(super) fn note_quota(&mut self, id: QuotaId, sequence: u64) {
        let Some(quota) = self.quota_mut(id) else { return };
        let mut head = quota.last_link;
        self.links.push(&mut head, sequence);
        if let Some(quota) = self.quota_mut(id) {
            quota.last_link = head;
        }
    }

    pub(super) fn executed_fen(&self, at: u32) -> Fen {
        let row = self.row(at);
        let alone = executed_alone(row.state, row.amount_fen);
        self.executed.get(&at).copied().unwrap_or(alone)
    }

    /// The open payments of a state.
    pub(super) fn open(&self, state: PaymentState) -> Option<&BTreeSet<u32>> {
        open_slot(state).map(|slot| &self.open[slot])
    }

    /// Payments to an account: how many, and the newest of them.
    pub(super) fn payee(&self, hash: u64) -> (usize, u32) {
        let head = self.payee_slot(hash).and_then(|slot| self.payees.get(slot as usize));
        head.map_or((0, NONE), |head| (head.count as usize, head.last))
    }

    /// Payments with an official number, newest first, each once; a few others may be among them.
    pub(super) fn with_number(&self, number: &str) -> (usize, impl Iterator<Item = u32> + '_) {
        let slot = self.number_slot(domain::particulars::account_hash(number));
        let head = slot.and_then(|slot| self.numbers.get(slot as usize));
        let (count, mut at) = head.map_or((0, NONE), |head| (head.count as usize, head.last));
        let mut seen = NONE;
        let rows = std::iter::from_fn(move || {
            loop {
                let numbered = self.numbered.get(at as usize)?;
                at = numbered.before;
                if numbered.row != seen {
                    seen = numbered.row;
                    return Some(seen);
                }
            }
        });
        (count, rows)
    }

    /// A chain of rows from one on, newest first.
    pub(super) fn chain(
        &self,
        from: u32,
        before: impl Fn(&Row) -> u32,
    ) -> impl Iterator<Item = u32> {
        let mut at = from;
        std::iter::from_fn(move || {
            let row = self.rows.get(at as usize)?;
            Some(std::mem::replace(&mut at, before(row)))
        })
    }
}

/// The executed amount where nothing else is on record.
fn executed_alone(state: PaymentState, asked: Fen) -> Fen {
    match state {
        PaymentState::Paid | PaymentState::Cleared => asked,
        _ => Fen::ZERO,
    }
}

/// The ids of several divisions and years stand in one index.
fn probed((division, year): Book, id: PaymentId) -> u128 {
    let book = u128::from(division.0) << 16 | u128::from(year.get());
    id.0 ^ book << 96
}
