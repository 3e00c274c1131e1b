//! Which pages of the state have changed, and which a running round of the checkpoint still owes.
//!
//! A **round** copies a division as it stood at one moment while the division goes on. Beginning
//! one turns every changed page into an owed one; an owed page is copied when its turn comes, or
//! just before its first change, whichever is first. So all copies of a round are of one moment,
//! and nobody waits for them.

use std::collections::BTreeMap;

const CHANGED: u8 = 1;
const OWED: u8 = 2;
const HANDED: u8 = 4;

/// Marks of densely numbered pages.
#[derive(Clone, Debug, Default)]
pub(crate) struct PageMarks {
    flags: Vec<u8>,
    changed: Vec<u32>,
    owed: Vec<u32>,
    handed: Vec<u32>,
}

impl PageMarks {
    /// Notes that a page is about to change. True: it has to be copied first.
    #[inline]
    pub(crate) fn note(&mut self, page: usize) -> bool {
        match self.flags.get(page) {
            Some(&flags) if flags & (CHANGED | OWED) == CHANGED => false,
            _ => self.note_first(page),
        }
    }

    fn note_first(&mut self, page: usize) -> bool {
        if page >= self.flags.len() {
            self.flags.resize(page + 1, 0);
        }
        let flags = &mut self.flags[page];
        let owed = *flags & OWED != 0;
        if *flags & CHANGED == 0 {
            self.changed.push(page as u32);
        }
        *flags = (*flags | CHANGED) & !OWED;
        if owed {
            self.hand(page);
        }
        owed
    }

    fn hand(&mut self, page: usize) {
        self.flags[page] |= HANDED;
        self.handed.push(page as u32);
    }

    /// True when a page stands in the last round that was kept as it is now.
    pub(crate) fn is_kept(&self, page: usize) -> bool {
        self.flags.get(page).is_some_and(|&flags| flags == 0)
    }

    /// Every changed page is owed from here on.
    ///
    /// # Panics
    /// If a round is running.
    pub(crate) fn begin(&mut self) {
        assert!(self.owed.is_empty() && self.handed.is_empty(), "one round at a time");
        std::mem::swap(&mut self.changed, &mut self.owed);
        for &page in &self.owed {
            self.flags[page as usize] = OWED;
        }
        // Pages are copied from the back of the list: oldest first.
        self.owed.reverse();
    }

    /// The next page to copy.
    pub(crate) fn next_owed(&mut self) -> Option<usize> {
        while let Some(page) = self.owed.pop() {
            let page = page as usize;
            if self.flags[page] & OWED != 0 {
                self.flags[page] &= !OWED;
                self.hand(page);
                return Some(page);
            }
        }
        None
    }

    /// The round is kept: what was handed out need not be copied again unless it has changed.
    pub(crate) fn keep(&mut self) {
        for page in self.handed.drain(..) {
            self.flags[page as usize] &= !HANDED;
        }
    }

    /// The round is lost: what it owed and what it handed out counts as changed again.
    pub(crate) fn lose(&mut self) {
        for page in self.owed.drain(..).chain(self.handed.drain(..)) {
            let flags = &mut self.flags[page as usize];
            if *flags & CHANGED == 0 {
                self.changed.push(page);
            }
            *flags = CHANGED;
        }
    }

    /// Counts a page that was read from a kept round.
    pub(crate) fn learn(&mut self, page: usize) {
        if page >= self.flags.len() {
            self.flags.resize(page + 1, 0);
        }
    }

    /// Bytes of the marks.
    pub(crate) fn bytes(&self) -> usize {
        self.flags.capacity()
            + (self.changed.capacity() + self.owed.capacity() + self.handed.capacity()) * 4
    }
}

/// Marks of pages that are found by key, each a single row.
#[derive(Clone, Debug)]
pub(crate) struct KeyMarks<K> {
    flags: BTreeMap<K, u8>,
    owed: Vec<K>,
}

impl<K> Default for KeyMarks<K> {
    fn default() -> Self {
        KeyMarks { flags: BTreeMap::new(), owed: Vec::new() }
    }
}

impl<K: Ord + Copy> KeyMarks<K> {
    /// Notes that a row is about to change. True: it has to be copied first.
    pub(crate) fn note(&mut self, key: K) -> bool {
        let flags = self.flags.entry(key).or_default();
        let owed = *flags & OWED != 0;
        *flags |= CHANGED;
        if owed {
            *flags = (*flags & !OWED) | HANDED;
        }
        owed
    }

    /// Every changed row is owed from here on.
    pub(crate) fn begin(&mut self) {
        self.owed = self.flags.keys().copied().rev().collect();
        self.flags.values_mut().for_each(|flags| *flags = OWED);
    }

    /// The next row to copy.
    pub(crate) fn next_owed(&mut self) -> Option<K> {
        while let Some(key) = self.owed.pop() {
            if let Some(flags) = self.flags.get_mut(&key)
                && *flags & OWED != 0
            {
                *flags = (*flags & !OWED) | HANDED;
                return Some(key);
            }
        }
        None
    }

    /// The round is kept.
    pub(crate) fn keep(&mut self) {
        self.flags.retain(|_, flags| *flags & CHANGED != 0);
        self.flags.values_mut().for_each(|flags| *flags = CHANGED);
    }

    /// The round is lost.
    pub(crate) fn lose(&mut self) {
        self.owed.clear();
        self.flags.values_mut().for_each(|flags| *flags = CHANGED);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owed(marks: &mut PageMarks) -> Vec<usize> {
        std::iter::from_fn(|| marks.next_owed()).collect()
    }

    #[test]
    fn a_page_is_copied_once_a_round_and_before_its_first_change() {
        let mut marks = PageMarks::default();
        for page in [3, 1, 3, 2] {
            assert!(!marks.note(page), "no round is running");
        }
        marks.begin();
        assert!(marks.note(1), "it has to be copied before it changes");
        assert!(!marks.note(1), "once is enough");
        assert_eq!(owed(&mut marks), [3, 2]);
        assert!(!marks.is_kept(3), "handed out, not kept yet");
        marks.keep();
        assert!(marks.is_kept(3) && marks.is_kept(2) && !marks.is_kept(1));
        marks.begin();
        assert_eq!(owed(&mut marks), [1], "it changed after the round began");
    }

    #[test]
    fn a_lost_round_owes_everything_again() {
        let mut marks = PageMarks::default();
        (0..3).for_each(|page| assert!(!marks.note(page)));
        marks.begin();
        assert!(marks.note(2));
        assert_eq!(marks.next_owed(), Some(0));
        marks.lose();
        assert!(!marks.is_kept(0));
        marks.begin();
        let mut again = owed(&mut marks);
        again.sort_unstable();
        assert_eq!(again, [0, 1, 2]);
    }

    #[test]
    fn rows_by_key_follow_the_same_rules() {
        let mut marks = KeyMarks::default();
        assert!(!marks.note('a') && !marks.note('b'));
        marks.begin();
        assert!(marks.note('b') && !marks.note('b') && !marks.note('c'));
        assert_eq!(marks.next_owed(), Some('a'));
        assert_eq!(marks.next_owed(), None);
        marks.keep();
        marks.begin();
        assert_eq!(marks.next_owed(), Some('b'));
        marks.lose();
        marks.begin();
        let all: Vec<char> = std::iter::from_fn(|| marks.next_owed()).collect();
        assert_eq!(all, ['b', 'c']);
    }
}
