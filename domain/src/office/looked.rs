//! Counts, in tests, the rows that a decision looks at: that a paper costs what it names and not what
//! there is beside it is held by counting, not by a clock. Outside tests it is nothing.

#[cfg(test)]
std::thread_local! {
    static ROWS: std::cell::Cell<u64> = const { std::cell::Cell::new(0) };
}

/// A row is looked at.
#[inline]
pub(super) fn note() {
    #[cfg(test)]
    ROWS.with(|rows| rows.set(rows.get() + 1));
}

/// How many rows were looked at in the meantime, on this thread.
#[cfg(test)]
pub(super) fn during<T>(what: impl FnOnce() -> T) -> (T, u64) {
    let before = ROWS.with(std::cell::Cell::get);
    let done = what();
    (done, ROWS.with(std::cell::Cell::get) - before)
}
