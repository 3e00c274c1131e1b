//! From a caller's 128-bit id to the record it named: the hot spot of the whole engine.
//!
//! Extendible hashing: a directory over segments of at most 4,096 slots. A full segment splits
//! alone; nothing is ever rehashed whole. A slot is eight bytes: 32 bits of the id's keyed hash
//! and a 32-bit locator. The hash bits place the slot and carry it through every split; the full
//! id stands in the record and is compared there, which costs a look at the record only where
//! the bits agree. Callers cannot aim at a segment: the hash is keyed per data set.

use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::prefetch::prefetch;

/// Slots of a segment when it is new, and after every split.
const SLOTS_FIRST: usize = 16;
/// Slots at which a segment splits instead of growing.
const SLOTS_MAX: usize = 4096;
/// Bits of the hash that choose the segment at most: 2²⁰ segments hold over two thousand million
/// ids, more than a locator can name.
const DEPTH_MAX: u8 = 20;

/// Finds records by id. Knows hashes and locators; the records are the caller's.
#[derive(Clone, Debug)]
pub struct IdIndex {
    seed: u64,
    depth: u8,
    directory: Vec<u32>,
    segments: Vec<Segment>,
    len: usize,
}

#[derive(Clone, Debug)]
struct Segment {
    depth: u8,
    used: u32,
    /// Zero: free. Else hash bits in the upper half, locator + 1 in the lower.
    slots: Box<[u64]>,
}

/// Where an id belongs; made once per command and used for look-up and insertion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Probe {
    bits: u32,
}

impl IdIndex {
    /// An empty index under a key.
    #[must_use]
    pub fn new(seed: u64) -> IdIndex {
        IdIndex { seed, depth: 0, directory: vec![0], segments: vec![Segment::new(0)], len: 0 }
    }

    /// How many ids it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// True when it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Bytes it keeps in memory.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.directory.len() * 4
            + self.segments.iter().map(|s| s.slots.len() * 8 + 24).sum::<usize>()
    }

    /// The keyed hash bits of an id.
    #[must_use]
    pub fn probe(&self, id: u128) -> Probe {
        Probe { bits: (xxh3_64_with_seed(&id.to_le_bytes(), self.seed) >> 32) as u32 }
    }

    /// The keyed hash bits of a text that names a record.
    #[must_use]
    pub fn probe_text(&self, text: &str) -> Probe {
        Probe { bits: (xxh3_64_with_seed(text.as_bytes(), self.seed) >> 32) as u32 }
    }

    /// Has the first slot an id may be in brought into the cache. Called over a whole batch before
    /// its first decision.
    pub fn prefetch(&self, probe: Probe) {
        let segment = self.segment_of(probe.bits);
        prefetch(&segment.slots[segment.home(probe.bits)]);
    }

    /// The locator of an id, where `is_it` says that the record at a locator has it.
    pub fn find(&self, probe: Probe, mut is_it: impl FnMut(u32) -> bool) -> Option<u32> {
        let segment = self.segment_of(probe.bits);
        let mask = segment.slots.len() - 1;
        let mut at = segment.home(probe.bits);
        loop {
            let slot = segment.slots[at];
            if slot == 0 {
                return None;
            }
            if (slot >> 32) as u32 == probe.bits {
                let locator = slot as u32 - 1;
                if is_it(locator) {
                    return Some(locator);
                }
            }
            at = (at + 1) & mask;
        }
    }

    /// A locator that is probably the id's, without a look at any record: the first whose hash bits
    /// agree.
    #[must_use]
    pub fn likely(&self, probe: Probe) -> Option<u32> {
        let mut likely = None;
        self.find(probe, |locator| {
            likely = Some(locator);
            true
        });
        likely
    }

    /// Adds an id that [`IdIndex::find`] did not find.
    ///
    /// # Panics
    /// If the locator is `u32::MAX`, or the directory is at its bound.
    pub fn insert(&mut self, probe: Probe, locator: u32) {
        assert!(locator != u32::MAX, "a locator must leave room for the free mark");
        loop {
            let index = self.directory[self.directory_slot(probe.bits)] as usize;
            let segment = &mut self.segments[index];
            if !segment.is_full() {
                segment.put((u64::from(probe.bits) << 32) | u64::from(locator + 1));
                self.len += 1;
                return;
            }
            if segment.slots.len() < SLOTS_MAX {
                segment.grow();
            } else {
                self.split(index);
            }
        }
    }

    /// Takes an id out again: only the undo of a linked run does this.
    ///
    /// # Panics
    /// If the id is not in the index.
    pub fn remove(&mut self, probe: Probe, locator: u32) {
        let index = self.directory[self.directory_slot(probe.bits)] as usize;
        let segment = &mut self.segments[index];
        let value = (u64::from(probe.bits) << 32) | u64::from(locator + 1);
        let kept: Vec<u64> =
            segment.slots.iter().copied().filter(|&slot| slot != 0 && slot != value).collect();
        assert_eq!(kept.len() as u32 + 1, segment.used, "the id to take out is in the index once");
        segment.refill(segment.slots.len(), &kept);
        self.len -= 1;
    }

    fn directory_slot(&self, bits: u32) -> usize {
        // A depth of zero would shift by 32, which has no meaning for u32.
        if self.depth == 0 { 0 } else { (bits >> (32 - self.depth)) as usize }
    }

    fn segment_of(&self, bits: u32) -> &Segment {
        &self.segments[self.directory[self.directory_slot(bits)] as usize]
    }

    fn split(&mut self, index: usize) {
        if self.segments[index].depth == self.depth {
            assert!(self.depth < DEPTH_MAX, "the id index is at its bound of segments");
            self.directory = self.directory.iter().flat_map(|&entry| [entry, entry]).collect();
            self.depth += 1;
        }
        let old = std::mem::replace(&mut self.segments[index], Segment::new(0));
        let depth = old.depth + 1;
        let goes_right = |slot: &u64| ((slot >> 32) as u32 >> (32 - depth)) & 1 == 1;
        let (right, left): (Vec<u64>, Vec<u64>) =
            old.slots.iter().copied().filter(|&slot| slot != 0).partition(goes_right);
        self.segments[index].depth = depth;
        self.segments[index].refill(SLOTS_MAX, &left);
        let mut sibling = Segment::new(depth);
        sibling.refill(SLOTS_MAX, &right);
        let sibling_index = self.segments.len() as u32;
        self.segments.push(sibling);
        let span = self.depth - depth;
        for (slot, entry) in self.directory.iter_mut().enumerate() {
            if *entry == index as u32 && (slot >> span) & 1 == 1 {
                *entry = sibling_index;
            }
        }
    }
}

impl Segment {
    fn new(depth: u8) -> Segment {
        Segment { depth, used: 0, slots: vec![0; SLOTS_FIRST].into_boxed_slice() }
    }

    fn home(&self, bits: u32) -> usize {
        bits as usize & (self.slots.len() - 1)
    }

    /// Three quarters: a new id, which is looked for up to the next free slot, then meets eight
    /// or nine slots on average in the fullest segment, about a cache line. At seven eighths it
    /// would be over thirty.
    fn is_full(&self) -> bool {
        self.used as usize >= self.slots.len() / 4 * 3
    }

    fn put(&mut self, value: u64) {
        let mask = self.slots.len() - 1;
        let mut at = self.home((value >> 32) as u32);
        while self.slots[at] != 0 {
            at = (at + 1) & mask;
        }
        self.slots[at] = value;
        self.used += 1;
    }

    fn grow(&mut self) {
        let kept: Vec<u64> = self.slots.iter().copied().filter(|&slot| slot != 0).collect();
        self.refill(self.slots.len() * 2, &kept);
    }

    fn refill(&mut self, size: usize, values: &[u64]) {
        self.slots = vec![0; size].into_boxed_slice();
        self.used = 0;
        for &value in values {
            self.put(value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u32) -> u128 {
        u128::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835)
    }

    #[test]
    fn every_id_is_found_and_no_other() {
        let mut index = IdIndex::new(7);
        let count = 200_000_u32;
        for number in 0..count {
            let probe = index.probe(id(number));
            assert_eq!(index.find(probe, |at| id(at) == id(number)), None);
            index.insert(probe, number);
        }
        assert_eq!(index.len(), count as usize);
        for number in 0..count {
            let probe = index.probe(id(number));
            assert_eq!(index.find(probe, |at| id(at) == id(number)), Some(number));
            assert!(index.likely(probe).is_some());
        }
        for number in count..2 * count {
            let probe = index.probe(id(number));
            assert_eq!(index.find(probe, |at| id(at) == id(number)), None);
        }
        let bytes_per_id = index.bytes() / count as usize;
        assert!(bytes_per_id <= 32, "{bytes_per_id} bytes an id");
    }

    #[test]
    fn an_undone_id_is_gone_and_its_neighbours_stay() {
        let mut index = IdIndex::new(3);
        for number in 0..1000 {
            index.insert(index.probe(id(number)), number);
        }
        for number in (0..1000).step_by(3) {
            index.remove(index.probe(id(number)), number);
        }
        for number in 0..1000 {
            let found = index.find(index.probe(id(number)), |at| at == number);
            assert_eq!(found.is_some(), number % 3 != 0);
        }
    }

    #[test]
    fn another_key_places_ids_elsewhere() {
        let (one, other) = (IdIndex::new(1), IdIndex::new(2));
        assert!((0..64).any(|number| one.probe(id(number)) != other.probe(id(number))));
    }
}
