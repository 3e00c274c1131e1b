//! The lines of one side, in buckets by a hash of what they are told apart by.

use std::cmp::Ordering;

use crate::ids::{Day, FiscalYear};
use crate::limits::{RECONCILED_DETAIL_BYTES_MAX, RECONCILED_LINES_MAX, VOUCHER_NUMBER_CHARS_MAX};
use crate::money::Fen;
use crate::reconciliation::line::{Figures, Item, ItemState, Line};
use crate::voucher::{DivisionCode, VoucherKey, VoucherKind, VoucherNumber};
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// Buckets of a side. A bucket of a full day, with its texts and the other side's, fits into a processor's second cache.
pub(super) const BUCKETS: usize = 512;

/// A line, but for the text of its item.
#[derive(Clone, Copy)]
pub(super) struct Entry {
    /// Of scope and item.
    hash: u64,
    amount_fen: i64,
    /// Where the item's text begins in its bucket.
    at: u32,
    pub(super) scope: u32,
    day: u32,
    length: u8,
    state: u8,
}

const _: () = assert!(size_of::<Entry>() == 32);

impl Entry {
    /// What it says, in the order of [`Figures`].
    pub(super) const fn told(&self) -> (i64, u8, u32) {
        (self.amount_fen, self.state, self.day)
    }

    /// The same.
    pub(super) fn figures(&self) -> Figures {
        Figures {
            amount_fen: Fen::new(self.amount_fen),
            state: ItemState::from_number(self.state).expect("it was a state"),
            day: Day::new(self.day).expect("it was a day"),
        }
    }
}

/// Division, year, kind, length of the number.
const ITEM_HEAD_BYTES: usize = 9 + 1 + 2 + 1;

const ITEM_BYTES_MAX: usize =
    ITEM_HEAD_BYTES + VOUCHER_NUMBER_CHARS_MAX + RECONCILED_DETAIL_BYTES_MAX;

const _: () = assert!(ITEM_BYTES_MAX <= u8::MAX as usize);
const _: () = assert!((ITEM_BYTES_MAX * RECONCILED_LINES_MAX) as u64 <= u32::MAX as u64);

/// Lines whose hashes begin alike.
#[derive(Default)]
pub(super) struct Bucket {
    pub(super) entries: Vec<Entry>,
    /// Items, one behind the other, in bytes that compare as items do.
    texts: Vec<u8>,
}

impl Bucket {
    /// The text of an entry's item.
    pub(super) fn text(&self, entry: &Entry) -> &[u8] {
        &self.texts[entry.at as usize..][..usize::from(entry.length)]
    }

    /// An entry's item.
    pub(super) fn item(&self, entry: &Entry) -> Item<'_> {
        let (head, rest) = self.text(entry).split_at(ITEM_HEAD_BYTES);
        let (number, detail) = rest.split_at(usize::from(head[12]));
        let as_text = |bytes| str::from_utf8(bytes).expect("it was text when it was put here");
        let voucher = VoucherKey {
            division: DivisionCode::new(as_text(&head[..9])).expect("it was a code"),
            year: FiscalYear::from_offset(head[9]),
            kind: VoucherKind::from_code(u16::from_be_bytes([head[10], head[11]]))
                .expect("it was a kind"),
            number: VoucherNumber::new(as_text(number)).expect("it was a number"),
        };
        Item { voucher, detail: as_text(detail) }
    }

    /// Puts entries of one item in one scope side by side, in the order of what they say.
    pub(super) fn sort(&mut self) {
        let mut entries = std::mem::take(&mut self.entries);
        entries.sort_unstable_by(|one, other| {
            let order = place_order(self, one, self, other);
            order.then_with(|| one.told().cmp(&other.told()))
        });
        self.entries = entries;
    }

    /// How many entries from `first` on are of one item in one scope.
    pub(super) fn run(&self, first: usize) -> usize {
        let (one, others) = self.entries[first..].split_first().expect("there is one");
        1 + others.iter().take_while(|other| place_order(self, one, self, other).is_eq()).count()
    }
}

/// Whether two entries are of one item in one scope, and which comes first.
pub(super) fn place_order(ours: &Bucket, one: &Entry, theirs: &Bucket, other: &Entry) -> Ordering {
    (one.hash, one.scope)
        .cmp(&(other.hash, other.scope))
        .then_with(|| ours.text(one).cmp(theirs.text(other)))
}

/// The lines of one side.
pub(super) struct Lines {
    pub(super) buckets: Box<[Bucket]>,
    many: usize,
    scratch: Vec<u8>,
}

impl Lines {
    pub(super) fn new() -> Lines {
        let buckets = (0..BUCKETS).map(|_| Bucket::default()).collect();
        Lines { buckets, many: 0, scratch: Vec::with_capacity(ITEM_BYTES_MAX) }
    }

    /// How many.
    pub(super) const fn len(&self) -> usize {
        self.many
    }

    /// Takes a line. `seed` is a hash of its scope's name, so that no order depends on when a scope came first.
    pub(super) fn push(&mut self, scope: u32, seed: u64, line: &Line<'_>) {
        let VoucherKey { division, year, kind, number } = line.item.voucher;
        let number = number.as_str().as_bytes();
        let text = &mut self.scratch;
        text.clear();
        text.extend_from_slice(division.as_str().as_bytes());
        text.push(year.offset());
        text.extend_from_slice(&kind.code().to_be_bytes());
        text.push(number.len() as u8);
        text.extend_from_slice(number);
        text.extend_from_slice(line.item.detail.as_bytes());
        let hash = xxh3_64_with_seed(text, seed);
        let bucket = &mut self.buckets[(hash >> 32) as usize % BUCKETS];
        make_room(&mut bucket.texts, text.len());
        make_room(&mut bucket.entries, 1);
        bucket.entries.push(Entry {
            hash,
            amount_fen: line.figures.amount_fen.get(),
            at: bucket.texts.len() as u32,
            scope,
            day: line.figures.day.get(),
            length: text.len() as u8,
            state: line.figures.state.number(),
        });
        bucket.texts.extend_from_slice(text);
        self.many += 1;
    }

    /// Bytes held.
    pub(super) fn resident_bytes(&self) -> usize {
        let of = |bucket: &Bucket| {
            bucket.entries.capacity() * size_of::<Entry>() + bucket.texts.capacity()
        };
        self.buckets.iter().map(of).sum()
    }
}

/// Room for more, an eighth of what is there at a time: doubling would hold twice what is needed.
fn make_room<T>(list: &mut Vec<T>, more: usize) {
    if list.capacity() - list.len() < more {
        list.reserve_exact((list.len() / 8).max(16).max(more));
    }
}
