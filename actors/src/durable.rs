//! The durable position and the room on the disk, as the journal publishes them.

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use storage::position::Cursor;
use storage::space::SpaceLevel;

/// What followers and network threads read of the journal.
#[derive(Debug)]
pub struct Durable {
    cursor: Mutex<Cursor>,
    moved: Condvar,
    space: AtomicU8,
}

impl Durable {
    /// Everything up to `cursor` is durable.
    #[must_use]
    pub fn new(cursor: Cursor) -> Durable {
        let space = AtomicU8::new(SpaceLevel::Plenty as u8);
        Durable { cursor: Mutex::new(cursor), moved: Condvar::new(), space }
    }

    /// The last durable record, and the hash of its group.
    #[must_use]
    pub fn cursor(&self) -> Cursor {
        *self.lock()
    }

    /// Waits until more is durable than `seen`, at most this long.
    #[must_use]
    pub fn wait_beyond(&self, seen: u64, timeout: Duration) -> Cursor {
        let beyond = |cursor: &mut Cursor| cursor.position.sequence <= seen;
        let waited = self.moved.wait_timeout_while(self.lock(), timeout, beyond);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }

    /// The room on the disk, as last measured.
    #[must_use]
    pub fn space(&self) -> SpaceLevel {
        // A measurement, not a lock: nothing else is ordered by it.
        match self.space.load(Ordering::Relaxed) {
            level if level == SpaceLevel::Plenty as u8 => SpaceLevel::Plenty,
            level if level == SpaceLevel::DiskLow as u8 => SpaceLevel::DiskLow,
            _ => SpaceLevel::Full,
        }
    }

    pub(crate) fn publish(&self, cursor: Cursor) {
        *self.lock() = cursor;
        self.moved.notify_all();
    }

    pub(crate) fn set_space(&self, level: SpaceLevel) {
        self.space.store(level as u8, Ordering::Relaxed);
    }

    /// A cursor is one value: a holder that panicked left it whole.
    fn lock(&self) -> MutexGuard<'_, Cursor> {
        self.cursor.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
