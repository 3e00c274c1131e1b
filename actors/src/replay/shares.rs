//! A fold on several threads: whoever reads the journal deals its records out, each to the thread
//! that has its division. No event needs two divisions, so each thread's fold is a fold of its own.
//!
//! What a thread finds wrong is told when it is joined, by the position of the group it lies in:
//! the first of what all of them found is what one thread alone would have found. A panic goes
//! before that.

use std::thread::{Scope, ScopedJoinHandle};

use crossbeam_channel::{Receiver, Sender, bounded};
use domain::Division;
use domain::division::YearBook;
use domain::ids::DivisionIndex;
use storage::event_record::{self, EventError};
use storage::position::Position;
use storage::record::{DOMAIN_KIND_FIRST, RecordRef};
use storage::recovery::{Refusal, Visitor};
use storage::walk::Group;

use super::Replay;
use crate::limits::{FOLD_BATCH_BYTES, FOLD_BATCHES, FOLD_LOOKS_AHEAD, FOLD_LOOKS_FAR_AHEAD};

/// Which of so many shares folds a division.
pub(super) fn share_of(division: DivisionIndex, shares: usize) -> usize {
    usize::from(division.0) % shares
}

/// A fold on threads, and what is gathered for them.
pub struct Shares<'scope> {
    threads: Vec<Share<'scope>>,
    divisions: Vec<Division>,
}

/// One of the threads, as the one who deals sees it.
struct Share<'scope> {
    gathered: Batch,
    full: Sender<Batch>,
    empty: Receiver<Batch>,
    thread: ScopedJoinHandle<'scope, Result<Replay, Refusal>>,
}

/// Records of one share, in the order of the journal.
#[derive(Default)]
struct Batch {
    bodies: Vec<u8>,
    heads: Vec<Head>,
}

/// A record without its body.
struct Head {
    kind: u16,
    version: u16,
    /// Where its body ends; it begins where the one before ends.
    body_ends: usize,
    position: Position,
    /// Sequence of the first record of its group.
    group: u64,
}

impl Batch {
    fn push(&mut self, group: u64, record: &RecordRef<'_>) {
        let RecordRef { kind, version, body, position } = *record;
        self.bodies.extend_from_slice(body);
        let body_ends = self.bodies.len();
        self.heads.push(Head { kind, version, body_ends, position, group });
    }

    fn clear(&mut self) {
        self.bodies.clear();
        self.heads.clear();
    }

    fn is_full(&self) -> bool {
        self.bodies.len() >= FOLD_BATCH_BYTES
    }

    /// A record, and the first sequence of its group.
    fn get(&self, index: usize) -> Option<(u64, RecordRef<'_>)> {
        let head = self.heads.get(index)?;
        let begins = index.checked_sub(1).map_or(0, |before| self.heads[before].body_ends);
        let body = &self.bodies[begins..head.body_ends];
        let Head { kind, version, position, group, .. } = *head;
        Some((group, RecordRef { kind, version, body, position }))
    }
}

/// What a thread of the fold does until nothing comes any more.
fn fold(
    mut replay: Replay,
    full: &Receiver<Batch>,
    empty: &Sender<Batch>,
) -> Result<Replay, Refusal> {
    for mut batch in full {
        for index in 0..batch.heads.len() {
            if let Some((_, coming)) = batch.get(index + FOLD_LOOKS_FAR_AHEAD) {
                // First where the payment's id stands in the index, and its quota's cell.
                replay.look_ahead(&coming, YearBook::prefetch);
            }
            if let Some((_, coming)) = batch.get(index + FOLD_LOOKS_AHEAD) {
                replay.look_ahead(&coming, |book, payment, _| book.prefetch_payment(payment));
            }
            let Some((group, record)) = batch.get(index) else { break };
            replay.record(record).map_err(|error| refusal(group, record.position, &error))?;
        }
        batch.clear();
        // The one who deals may be done already.
        let _ = empty.send(batch);
    }
    Ok(replay)
}

impl<'scope> Shares<'scope> {
    /// Starts a thread for each fold; which has which divisions is [`Replay::shares`]'s word.
    pub fn start<'env>(scope: &'scope Scope<'scope, 'env>, replays: Vec<Replay>) -> Self {
        let start = |replay| {
            let (full, fulls) = bounded(FOLD_BATCHES);
            let (empties, empty) = bounded(FOLD_BATCHES);
            for _ in 0..FOLD_BATCHES {
                // There is room for all of them.
                let _ = empties.try_send(Batch::default());
            }
            let thread = scope.spawn(move || fold(replay, &fulls, &empties));
            Share { gathered: Batch::default(), full, empty, thread }
        };
        Shares { threads: replays.into_iter().map(start).collect(), divisions: Vec::new() }
    }

    /// Waits until all that was dealt is folded.
    ///
    /// # Errors
    /// The first thing that one of them found wrong.
    ///
    /// # Panics
    /// With the panic of a thread: an event did not follow from the state.
    pub fn finish(&mut self) -> Result<(), Refusal> {
        let mut wrong: Option<Refusal> = None;
        let mut threads = Vec::new();
        for share in self.threads.drain(..) {
            // A thread that has ended takes no more; why is heard below.
            let _ = share.full.send(share.gathered);
            threads.push(share.thread);
        }
        for thread in threads {
            match thread.join() {
                Ok(Ok(replay)) => self.divisions.extend(replay.into_divisions()),
                Ok(Err(refusal)) => {
                    let first = |other: &Refusal| other.first.sequence <= refusal.first.sequence;
                    if !wrong.as_ref().is_some_and(first) {
                        wrong = Some(refusal);
                    }
                }
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        wrong.map_or(Ok(()), Err)
    }

    /// What was folded, by index.
    #[must_use]
    pub fn into_divisions(mut self) -> Vec<Division> {
        self.divisions.sort_unstable_by_key(|division| division.index);
        self.divisions
    }
}

impl Visitor for Shares<'_> {
    fn group(&mut self, group: &Group<'_>) -> Result<(), Refusal> {
        let first = group.header.first_sequence;
        group.records.into_iter().try_for_each(|record| self.deal_out(first, &record))
    }

    fn end(&mut self) -> Result<(), Refusal> {
        self.finish()
    }
}

impl Shares<'_> {
    /// Deals out one record of the group with this first sequence; the journal's own are passed
    /// over.
    fn deal_out(&mut self, group: u64, record: &RecordRef<'_>) -> Result<(), Refusal> {
        if record.kind < DOMAIN_KIND_FIRST {
            return Ok(());
        }
        let whose = match event_record::division(record) {
            Ok(division) => share_of(division, self.threads.len()),
            Err(error) => {
                // What was dealt before it comes first.
                self.finish()?;
                return Err(refusal(group, record.position, &error));
            }
        };
        let share = &mut self.threads[whose];
        share.gathered.push(group, record);
        if share.gathered.is_full() && !share.hand_over() { self.finish() } else { Ok(()) }
    }
}

fn refusal(group: u64, at: Position, error: &EventError) -> Refusal {
    Refusal { first: Position { sequence: group, ..at }, what: error.to_string() }
}

impl Share<'_> {
    /// Hands over what is gathered; false when the thread has ended.
    fn hand_over(&mut self) -> bool {
        let Ok(empty) = self.empty.recv() else { return false };
        self.full.send(std::mem::replace(&mut self.gathered, empty)).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replay::digest;
    use crate::testing::give::{quota, reserve};
    use crate::testing::house::{House, KEY, Kept};

    /// What a house keeps of some payments in each of nine divisions.
    fn kept() -> Vec<Kept> {
        let mut house = House::new(2);
        for division in 1..10 {
            house.found(division);
            for payment in 0..40 {
                house.accept(&[reserve(quota(division, 0), 1_000 + payment, 100)]);
            }
        }
        house.kept.clone()
    }

    fn folded(kept: &[Kept], threads: usize) -> Result<[u8; 32], Refusal> {
        std::thread::scope(|scope| {
            let mut shares = Shares::start(scope, Replay::shares(KEY, None, threads));
            for record in kept {
                // Groups of ten records.
                let group = record.position.sequence / 10 * 10;
                shares.deal_out(group, &record.record())?;
            }
            shares.finish()?;
            Ok(digest(&shares.into_divisions()))
        })
    }

    #[test]
    fn any_number_of_threads_folds_the_same() {
        let kept = kept();
        let mut alone = Replay::new(KEY);
        kept.iter().for_each(|kept| alone.record(kept.record()).unwrap());
        let expected = digest(alone.divisions().values());
        for threads in [1, 2, 3, 16] {
            assert_eq!(folded(&kept, threads), Ok(expected), "{threads} threads");
        }
        let short = folded(&kept[..kept.len() - 1], 3);
        assert_ne!(short, Ok(expected), "the last record counts");
    }

    #[test]
    fn of_all_that_is_wrong_the_first_is_told() {
        let mut kept = kept();
        // Each in another division; of the last one not even that can be read.
        for (at, bytes) in [(300, 12), (200, 70), (75, 70)] {
            kept[at].body.truncate(bytes);
            let refusal = folded(&kept, 3).unwrap_err();
            assert_eq!(refusal.first.sequence, kept[at].position.sequence / 10 * 10);
            assert!(refusal.what.contains("does not have its layout"), "{}", refusal.what);
        }
    }

    #[test]
    #[should_panic(expected = "version")]
    fn what_does_not_follow_panics_as_on_one_thread() {
        let mut kept = kept();
        kept.remove(100);
        let _ = folded(&kept, 3);
    }
}
