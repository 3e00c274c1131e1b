//! The journal's own thread: joins the runs that have queued into one group, makes it durable, and
//! tells shards and gates where they landed.
//!
//! Waits for the disk alone. Every fault of the disk ends the process: what is on the disk is
//! then unknown, and only a start can find out.

use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError};
use protocol::Position;
use storage::journal::{Journal, JournalFault, LocalJournal};
use storage::record::RecordWriter;
use storage::space::{SpaceLevel, SpaceMarks, level};

use crate::durable::Durable;
use crate::metrics::Metrics;
use crate::turn::{Landing, Run};

/// How long the journal waits for a segment before it looks again at the disk's room.
const SEGMENT_WAIT: Duration = Duration::from_millis(50);

/// How long it is idle before it measures disk space again.
const IDLE: Duration = Duration::from_millis(500);

/// Groups between two measurements of disk space.
const GROUPS_PER_MEASUREMENT: u32 = 64;

/// Where landings go.
pub trait LandingSink: Send {
    /// Takes the landings of one group, and the memory of its runs in the same order.
    fn landed(&mut self, landings: &[Landing], memories: Vec<RecordWriter>);
}

/// What the journal thread is told.
pub enum ToJournal {
    /// A run to make durable.
    Run(Run),
    /// Write `Closed` and end.
    Close,
}

/// What the journal thread works with.
pub struct JournalThread<S> {
    /// The journal.
    pub journal: LocalJournal,
    /// Runs and the order to close.
    pub inbox: Receiver<ToJournal>,
    /// Shards and gates.
    pub sink: S,
    /// The durable position, for followers.
    pub durable: Arc<Durable>,
    /// Counters.
    pub metrics: Arc<Metrics>,
    /// The wall clock, in ms since 1970.
    pub clock: fn() -> u64,
    /// The marks of disk space.
    pub marks: SpaceMarks,
}

impl<S: LandingSink> JournalThread<S> {
    /// Runs until it is told to close, and gives the last durable position.
    ///
    /// # Errors
    /// The fault that ends the process.
    pub fn run(mut self) -> Result<Position, JournalFault> {
        let mut group: Vec<Run> = Vec::new();
        let mut since_measured = 0;
        self.measure();
        loop {
            let first = match self.inbox.recv_timeout(IDLE) {
                Ok(ToJournal::Run(run)) => run,
                Ok(ToJournal::Close) | Err(RecvTimeoutError::Disconnected) => return self.close(),
                Err(RecvTimeoutError::Timeout) => {
                    self.measure();
                    continue;
                }
            };
            let (carried, closes) = self.gather(first, &mut group);
            self.commit(&mut group)?;
            if let Some(run) = carried {
                assert!(self.journal.stage(run.records.run()), "an empty group takes any run");
                group.push(run);
                self.commit(&mut group)?;
            }
            if closes {
                return self.close();
            }
            since_measured += 1;
            if since_measured >= GROUPS_PER_MEASUREMENT {
                since_measured = 0;
                self.measure();
            }
        }
    }

    /// Stages what has queued. Gives the run that no longer fitted, and whether to close after.
    fn gather(&mut self, first: Run, group: &mut Vec<Run>) -> (Option<Run>, bool) {
        let mut next = Some(first);
        loop {
            let run = match next.take() {
                Some(run) => run,
                None => match self.inbox.try_recv() {
                    Ok(ToJournal::Run(run)) => run,
                    Ok(ToJournal::Close) => return (None, true),
                    Err(_) => return (None, false),
                },
            };
            if !self.journal.stage(run.records.run()) {
                return (Some(run), false);
            }
            group.push(run);
        }
    }

    /// Makes the staged group durable and tells everybody.
    fn commit(&mut self, group: &mut Vec<Run>) -> Result<(), JournalFault> {
        let bytes = self.journal.staged_bytes();
        let landed = loop {
            match self.journal.commit((self.clock)()) {
                Ok(landed) => break landed,
                Err(JournalFault::NotReady { .. }) => {
                    self.metrics.segment_waits.add(1);
                    self.measure();
                    let _ready = self.journal.wait_ready(SEGMENT_WAIT);
                }
                Err(fault) => return Err(fault),
            }
        };
        self.metrics.groups.add(1);
        self.metrics.records.add(u64::from(landed.count));
        self.metrics.journal_bytes.add(bytes as u64);
        let mut sequence = landed.first.sequence;
        let epoch = landed.first.epoch;
        let mut landings = Vec::with_capacity(group.len());
        let mut memories = Vec::with_capacity(group.len());
        for run in group.drain(..) {
            let count = run.records.records();
            let first = Position { epoch, sequence };
            landings.push(Landing {
                shard: run.shard,
                first_ordinal: run.first_ordinal,
                count,
                first,
            });
            sequence += u64::from(count);
            memories.push(run.records);
        }
        self.durable.publish(landed.cursor());
        self.sink.landed(&landings, memories);
        Ok(())
    }

    fn measure(&self) {
        let level = match self.journal.space() {
            Ok(inputs) => level(&inputs, &self.marks),
            // Not knowing how much room is left is no reason to pay without room.
            Err(_) => SpaceLevel::DiskLow,
        };
        self.durable.set_space(level);
    }

    fn close(self) -> Result<Position, JournalFault> {
        let landed = self.journal.close((self.clock)())?;
        let last = landed.last();
        Ok(Position { epoch: last.epoch, sequence: last.sequence })
    }
}
