//! Figures by the hash of what they are of: found in one look, never rehashed whole.

use crate::arena::Arena;
use crate::id_index::{IdIndex, Probe};

/// A figure for each key. What is its default counts for nothing and is as good as not there.
#[derive(Clone, Debug)]
pub(super) struct Counted<V> {
    /// Keys to places, hashed once more under a secret: whoever chooses a key chooses no place.
    index: IdIndex,
    all: Arena<(u64, V)>,
}

impl<V: Default> Counted<V> {
    /// Nothing, under a secret.
    pub(super) fn new(seed: u64) -> Counted<V> {
        Counted { index: IdIndex::new(seed), all: Arena::default() }
    }

    fn probe(&self, key: u64) -> Probe {
        self.index.probe(u128::from(key))
    }

    fn find(&self, probe: Probe, key: u64) -> Option<usize> {
        let is_it = |at: u32| self.all.get(at as usize).is_some_and(|(known, _)| *known == key);
        self.index.find(probe, is_it).map(|at| at as usize)
    }

    /// Has the place of a key brought into the cache.
    pub(super) fn prefetch(&self, key: u64) {
        self.index.prefetch(self.probe(key));
    }

    /// The figure of a key.
    pub(super) fn get(&self, key: u64) -> Option<&V> {
        self.all.get(self.find(self.probe(key), key)?).map(|(_, figure)| figure)
    }

    /// The figure of a key, to change.
    pub(super) fn of(&mut self, key: u64) -> &mut V {
        let probe = self.probe(key);
        let at = self.find(probe, key).unwrap_or_else(|| {
            let at = self.all.push((key, V::default()));
            self.index.insert(probe, at as u32);
            at
        });
        &mut self.all.get_mut(at).expect("it is there by now").1
    }

    /// Every figure with its key.
    pub(super) fn iter(&self) -> impl Iterator<Item = &(u64, V)> {
        self.all.iter()
    }

    /// Bytes it keeps in memory, without what hangs on its figures.
    pub(super) fn bytes(&self) -> usize {
        self.index.bytes() + self.all.bytes()
    }
}

/// The same figures, in whatever order they came.
impl<V: Default + PartialEq> PartialEq for Counted<V> {
    fn eq(&self, other: &Counted<V>) -> bool {
        let nothing = V::default();
        let of = |known: &Counted<V>, key| known.get(key).is_some_and(|figure| *figure != nothing);
        self.iter().all(|(key, figure)| other.get(*key).unwrap_or(&nothing) == figure)
            && other.iter().all(|(key, figure)| *figure == nothing || of(self, *key))
    }
}
