//! What a store keeps of one counterparty: an outbox, an inbox, and the numbers both ways.

use std::collections::VecDeque;

use domain::arena::Arena;
use domain::id_index::IdIndex;
use domain::voucher::{Flag, VoucherKey};

use super::deeds::{Deed, Deeds};
use super::rows::{OutState, Row};
use crate::limits::{LETTERS_MAX, WINDOW_LETTERS_MAX};
use crate::record::Lane;

/// Letters of one direction, found by key and flag.
#[derive(Clone, Debug)]
pub struct Letters {
    rows: Arena<Row>,
    index: IdIndex,
}

impl Letters {
    fn new(seed: u64) -> Letters {
        Letters { rows: Arena::default(), index: IdIndex::new(seed) }
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The letter at an entry.
    #[must_use]
    pub fn get(&self, entry: u32) -> Option<&Row> {
        self.rows.get(entry as usize)
    }

    /// Every letter with its entry.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &Row)> {
        (0..).zip(self.rows.iter())
    }

    /// The voucher of a key and flag: the one that was taken, waits or is on its way.
    #[must_use]
    pub fn find(&self, key: &VoucherKey, flag: Flag) -> Option<u32> {
        let mut text = [0; KEY_TEXT_BYTES];
        let probe = self.index.probe_text(key_text(&mut text, key, flag));
        self.index.find(probe, |entry| {
            let row = &self.rows.get(entry as usize).expect("what is indexed is kept");
            row.key.as_ref() == Some(key) && row.flag == flag
        })
    }

    /// The letter whose last message had a number.
    #[must_use]
    pub fn by_number(&self, number: u64) -> Option<u32> {
        let is_it =
            |entry: &u32| self.get(*entry).is_some_and(|row| u64::from(row.number) == number);
        (0..self.len() as u32).rev().find(is_it)
    }

    pub(super) fn push(&mut self, row: Row, indexed: bool) -> u32 {
        assert!(self.rows.len() < LETTERS_MAX, "an outbox or inbox is full");
        let (key, flag) = (row.key, row.flag);
        let entry = self.rows.push(row) as u32;
        if let (Some(key), true) = (key, indexed) {
            self.add_to_index(&key, flag, entry);
        }
        entry
    }

    pub(super) fn add_to_index(&mut self, key: &VoucherKey, flag: Flag, entry: u32) {
        let mut text = [0; KEY_TEXT_BYTES];
        let probe = self.index.probe_text(key_text(&mut text, key, flag));
        self.index.insert(probe, entry);
    }

    /// The letter at an entry, to change.
    ///
    /// # Panics
    /// When there is none: an event follows from what is kept.
    pub(super) fn row(&mut self, entry: u32) -> &mut Row {
        self.rows.get_mut(entry as usize).expect("an event names a letter that is kept")
    }

    /// Bytes in memory.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.rows.bytes() + self.index.bytes()
    }
}

/// What a store can show about whether a letter of ours ever left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proof {
    /// How many numbers of the line are or were this letter's: without one no line ever had it.
    pub numbers: u64,
    /// Whether it went by paper.
    pub by_paper: bool,
    /// The last number that was given to any letter to this party.
    pub given: u64,
    /// The last number that the other side has.
    pub acknowledged: u64,
}

impl Proof {
    /// Whether it never left.
    #[must_use]
    pub const fn never_left(&self) -> bool {
        self.numbers == 0 && !self.by_paper
    }
}

const KEY_TEXT_BYTES: usize = 48;

/// A key and flag in as few characters as tell them from all others.
fn key_text<'a>(text: &'a mut [u8; KEY_TEXT_BYTES], key: &VoucherKey, flag: Flag) -> &'a str {
    let mut length = 0;
    let mut put = |bytes: &[u8]| {
        text[length..length + bytes.len()].copy_from_slice(bytes);
        length += bytes.len();
    };
    put(key.division.as_str().as_bytes());
    let digits = |number: u16| [1000, 100, 10, 1].map(|place| b'0' + (number / place % 10) as u8);
    put(&digits(key.year.get()));
    put(&digits(key.kind.code()));
    put(&[b'0' + flag as u8]);
    put(key.number.as_str().as_bytes());
    std::str::from_utf8(&text[..length]).expect("digits and letters are ASCII")
}

/// What a store keeps of one counterparty.
#[derive(Clone, Debug)]
pub struct Peer {
    /// Our letters to it.
    pub out: Letters,
    /// Its letters to us.
    pub inbox: Letters,
    /// Entries that wait, by lane.
    pub(super) waiting: [VecDeque<u32>; Lane::ALL.len()],
    /// Which entry each number of ours is or was, from number 1 on, and which piece of it.
    pub(super) numbers: Arena<(u32, u16)>,
    /// Entries that are held for the next working day, in the order they came to be.
    pub(super) held: VecDeque<u32>,
    /// The last number of ours that it has.
    pub(super) acknowledged: u64,
    /// The last number of its that we have.
    pub(super) received: u64,
    /// What came so far of a letter in pieces.
    pub(super) partial: Vec<u8>,
    /// What was done about letters of ours.
    pub(super) out_deeds: Deeds,
    /// What was done about letters of its.
    pub(super) in_deeds: Deeds,
}

impl Peer {
    pub(super) fn new(seed: u64) -> Peer {
        Peer {
            out: Letters::new(seed),
            inbox: Letters::new(seed),
            waiting: Default::default(),
            numbers: Arena::default(),
            held: VecDeque::new(),
            acknowledged: 0,
            received: 0,
            partial: Vec::new(),
            out_deeds: Deeds::default(),
            in_deeds: Deeds::default(),
        }
    }

    /// The last number that was given to a letter of ours.
    #[must_use]
    pub fn given(&self) -> u64 {
        self.numbers.len() as u64
    }

    /// The last number of ours that it has, durably.
    #[must_use]
    pub const fn acknowledged(&self) -> u64 {
        self.acknowledged
    }

    /// The last number of its that we have.
    #[must_use]
    pub const fn received(&self) -> u64 {
        self.received
    }

    /// How many letters of ours wait to be given to a line, those that are held among them.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.waiting.iter().map(VecDeque::len).sum::<usize>() + self.held.len()
    }

    /// How many of them are held for the next working day.
    #[must_use]
    pub fn held(&self) -> usize {
        self.held.len()
    }

    /// The entry that a number of ours is.
    #[must_use]
    pub fn entry_of(&self, number: u64) -> Option<u32> {
        self.piece_of(number).map(|(entry, _)| entry)
    }

    /// The entry that a number of ours is, and which piece of it, from 0.
    #[must_use]
    pub fn piece_of(&self, number: u64) -> Option<(u32, u16)> {
        let index = usize::try_from(number.checked_sub(1)?).ok()?;
        self.numbers.get(index).copied()
    }

    /// What came so far of a letter in pieces.
    #[must_use]
    pub fn partial(&self) -> &[u8] {
        &self.partial
    }

    /// Words about a letter of ours that did not go its way.
    #[must_use]
    pub fn words_about_ours(&self, entry: u32) -> Option<String> {
        self.out_deeds.words(entry)
    }

    /// What was done about a letter of ours, by whom and why.
    #[must_use]
    pub fn deeds_about_ours(&self, entry: u32) -> &[Deed] {
        self.out_deeds.of(entry)
    }

    /// Words about a letter of its that did not go its way.
    #[must_use]
    pub fn words_about_its(&self, entry: u32) -> Option<String> {
        self.in_deeds.words(entry)
    }

    /// What was done about a letter of its, by whom and why.
    #[must_use]
    pub fn deeds_about_its(&self, entry: u32) -> &[Deed] {
        self.in_deeds.of(entry)
    }

    /// The letters that may be given to a line next: the first lane first, at most so many, and never more on
    /// their way than [`WINDOW_LETTERS_MAX`].
    #[must_use]
    pub fn next_to_give(&self, letters_max: usize) -> Vec<u32> {
        let on_the_way = (self.given() - self.acknowledged) as usize;
        let room = WINDOW_LETTERS_MAX.saturating_sub(on_the_way).min(letters_max);
        self.waiting.iter().flatten().copied().take(room).collect()
    }

    /// The lane of a voucher that belongs to another, which it may not overtake: that one's. Else its own.
    #[must_use]
    pub fn lane_behind(&self, root: &VoucherKey, own: Lane) -> Lane {
        let lane = |letters: &Letters| {
            let entry = letters.find(root, Flag::Original)?;
            Some(letters.get(entry)?.lane())
        };
        lane(&self.out).or_else(|| lane(&self.inbox)).unwrap_or(own)
    }

    /// Whether the store can show that a letter of ours was never given to a line nor went by paper.
    #[must_use]
    pub fn never_left(&self, entry: u32) -> bool {
        let row = self.out.get(entry);
        row.is_some_and(|row| {
            row.out_state() == OutState::Waiting && row.number == 0 && !row.by_paper
        })
    }

    /// What the store can show about whether a letter of ours ever left, read from the table of all numbers that
    /// were ever given; none where there is no such letter.
    #[must_use]
    pub fn proof(&self, entry: u32) -> Option<Proof> {
        let row = self.out.get(entry)?;
        let numbers = self.numbers.iter().filter(|(of, _)| *of == entry).count() as u64;
        Some(Proof {
            numbers,
            by_paper: row.by_paper,
            given: self.given(),
            acknowledged: self.acknowledged,
        })
    }

    /// Bytes in memory.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let queues = self.waiting.iter().chain([&self.held]);
        let waiting: usize = queues.map(|queue| queue.capacity() * 4).sum();
        self.out.bytes() + self.inbox.bytes() + self.numbers.bytes() + waiting
    }
}
