//! One quota's money, and what it was at every record.

/// A part of a quota's money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the buckets, by their names in docs/glossary.md")]
pub enum Bucket {
    Issued,
    Allocated,
    Transferred,
    Frozen,
    Staged,
    Reserved,
    Paid,
    Cleared,
    Refunding,
}

const BUCKETS: usize = 9;

impl Bucket {
    /// All of them, in the order of the engine's.
    pub const ALL: [Bucket; BUCKETS] = [
        Bucket::Issued,
        Bucket::Allocated,
        Bucket::Transferred,
        Bucket::Frozen,
        Bucket::Staged,
        Bucket::Reserved,
        Bucket::Paid,
        Bucket::Cleared,
        Bucket::Refunding,
    ];
}

/// A quota.
#[derive(Clone, Debug, Default)]
pub struct Account {
    /// Counts its events.
    pub version: u32,
    /// Whether payments of it draw on the plan.
    pub planned: bool,
    fen: [i64; BUCKETS],
    changed: bool,
    /// What was available from which record on.
    history: Vec<(u64, i64)>,
}

impl Account {
    /// Adds to a part. I1 is looked at when the whole event is in.
    pub fn add(&mut self, bucket: Bucket, fen: i64) {
        self.fen[bucket as usize] += fen;
        self.changed = true;
    }

    /// A part, in fen.
    #[must_use]
    pub fn get(&self, bucket: Bucket) -> i64 {
        self.fen[bucket as usize]
    }

    /// What may still be asked for, in fen.
    #[must_use]
    pub fn available(&self) -> i64 {
        use Bucket as B;
        let gone = [B::Allocated, B::Transferred, B::Frozen, B::Staged, B::Reserved, B::Paid];
        let gone: i64 = gone.iter().chain([&B::Cleared]).map(|&bucket| self.get(bucket)).sum();
        self.get(B::Issued) - gone + self.get(B::Refunding)
    }

    /// What it holds, less what it handed on.
    #[must_use]
    pub fn worth(&self) -> i128 {
        let gone = self.get(Bucket::Allocated) + self.get(Bucket::Transferred);
        i128::from(self.get(Bucket::Issued) - gone)
    }

    /// An event is in: I1 holds, and what is available from here on is noted.
    ///
    /// # Panics
    /// If a part or what is available is below zero.
    pub fn note(&mut self, sequence: u64) {
        let available = self.available();
        if std::mem::take(&mut self.changed) {
            let sound = available >= 0 && self.fen.iter().all(|&fen| fen >= 0);
            assert!(sound, "I1: {:?} with {available} available, from {sequence} on", self.fen);
            self.history.push((sequence, available));
        }
    }

    /// Whether this was available at some moment from a record on, the state then included.
    #[must_use]
    pub fn was_available(&self, fen: i64, since: u64) -> bool {
        let later = self.history.partition_point(|&(at, _)| at <= since);
        let from = later.saturating_sub(1);
        self.history.is_empty() && fen == 0
            || self.history[from..].iter().any(|&(_, available)| available == fen)
            || (later == 0 && fen == 0)
    }
}
