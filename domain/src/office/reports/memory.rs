//! What running totals keep in memory, counted from lengths and capacities.

use super::cell::Cell;
use super::ledger::{BookLedger, Ledger, Staged};
use crate::resident::{map_bytes, tree_bytes};

impl Ledger {
    /// Bytes it keeps in memory, counted from lengths and capacities.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let cells: usize = self.cells.iter().map(Cell::bytes).sum();
        let texts: usize = self.words.iter().map(|word| word.len()).sum();
        let words = self.words.capacity() * size_of::<Box<str>>() + map_bytes(&self.word_ids);
        let books: usize = self.books.values().map(BookLedger::bytes).sum();
        // Each word is kept twice: by its number, and to find the number.
        let words = words + 2 * texts;
        let indexes = map_bytes(&self.cell_ids) + tree_bytes(&self.days);
        cells
            + words
            + indexes
            + books
            + tree_bytes(&self.books)
            + self.places.bytes()
            + self.alerts.bytes()
    }
}

impl BookLedger {
    fn bytes(&self) -> usize {
        let staged: usize = self.staged.values().map(Vec::capacity).sum();
        let pooled = self.pooled.capacity() * (size_of::<(crate::PaymentId, u64)>() + 1);
        self.lines.bytes()
            + self.spent.bytes()
            + self.cells.capacity() * size_of::<u32>()
            + tree_bytes(&self.plans)
            + tree_bytes(&self.moves)
            + map_bytes(&self.staged)
            + staged * size_of::<Staged>()
            + map_bytes(&self.refunds)
            + pooled
            + map_bytes(&self.parked)
    }
}
