//! Places of rows by the hash of what names them: four bytes a row, the names themselves are kept by whoever asks.

/// An open table of row numbers plus one; zero is an empty place.
#[derive(Clone, Debug, Default)]
pub(crate) struct Slots {
    places: Vec<u32>,
    taken: usize,
}

impl Slots {
    /// With room for so many rows.
    pub(crate) fn with_capacity(rows: usize) -> Slots {
        Slots { places: vec![0; (rows * 4 / 3 + 1).next_power_of_two()], taken: 0 }
    }

    /// The row with a hash for which `is_it` holds.
    pub(crate) fn find(&self, hash: u64, is_it: impl Fn(u32) -> bool) -> Option<u32> {
        if self.places.is_empty() {
            return None;
        }
        let mask = self.places.len() - 1;
        let mut at = hash as usize & mask;
        loop {
            let row = self.places[at].checked_sub(1)?;
            if is_it(row) {
                return Some(row);
            }
            at = (at + 1) & mask;
        }
    }

    /// Notes a row that is not there yet. `hash_of` tells the hash of a row that is.
    pub(crate) fn insert(&mut self, hash: u64, row: u32, hash_of: impl Fn(u32) -> u64) {
        if (self.taken + 1) * 4 > self.places.len() * 3 {
            let places = vec![0; (self.places.len() * 2).max(16)];
            for row in std::mem::replace(&mut self.places, places) {
                if let Some(row) = row.checked_sub(1) {
                    self.put(hash_of(row), row);
                }
            }
        }
        self.put(hash, row);
        self.taken += 1;
    }

    fn put(&mut self, hash: u64, row: u32) {
        let mask = self.places.len() - 1;
        let mut at = hash as usize & mask;
        while self.places[at] != 0 {
            at = (at + 1) & mask;
        }
        self.places[at] = row + 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_found_again_and_no_other() {
        // All of one hash: the worst case.
        for hash in [|row: u32| u64::from(row) * 7, |_| 3] {
            let mut slots = Slots::default();
            assert_eq!(slots.find(hash(0), |_| true), None);
            for row in 0..100 {
                slots.insert(hash(row), row, hash);
            }
            for row in 0..100 {
                assert_eq!(slots.find(hash(row), |found| found == row), Some(row));
            }
            assert_eq!(slots.find(hash(100), |found| found == 100), None);
        }
    }
}
