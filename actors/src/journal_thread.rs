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
        let decided_ms = group.iter().map(|run| run.decided_ms).max().unwrap_or(0);
        let landed = loop {
            match self.journal.commit((self.clock)().max(decided_ms)) {
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
        // Whoever follows may be asleep: this is the last there is to wake it.
        self.durable.publish(landed.cursor());
        let last = landed.last();
        Ok(Position { epoch: last.epoch, sequence: last.sequence })
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Mutex;

    use crossbeam_channel::Sender;
    use storage::dataset::{DataSet, Environment};
    use storage::disk::{Disk, Fault, OperationKind, PlannedFault, SimDisk, WriteMode};
    use storage::recovery::OpenOptions;

    use super::*;

    const KIND: u16 = 16;

    /// The landings of each group, with what was published as durable by then.
    type Told = Arc<Mutex<Vec<(Vec<Landing>, u64)>>>;

    struct Notes {
        told: Told,
        durable: Arc<Durable>,
    }

    impl LandingSink for Notes {
        fn landed(&mut self, landings: &[Landing], memories: Vec<RecordWriter>) {
            let records: Vec<u32> = memories.iter().map(RecordWriter::records).collect();
            let counts: Vec<u32> = landings.iter().map(|landing| landing.count).collect();
            assert_eq!(records, counts, "each run gets its own memory back");
            let durable = self.durable.cursor().position.sequence;
            self.told.lock().expect("no panic before").push((landings.to_vec(), durable));
        }
    }

    fn run_of(shard: u16, first_ordinal: u64, records: u32, bytes: usize) -> Run {
        let mut writer = RecordWriter::default();
        (0..records).for_each(|_| writer.write(KIND, 1, &vec![7; bytes]));
        Run { shard, first_ordinal, decided_ms: 0, records: writer }
    }

    fn thread_on(disk: &SimDisk) -> (JournalThread<Notes>, Sender<ToJournal>, Told) {
        let shared: Arc<dyn Disk> = Arc::new(disk.clone());
        let dir = Path::new("/data");
        let dataset = DataSet {
            id: 7,
            environment: Environment::Test,
            hash_key: [1; 16],
            segment_bytes: storage::limits::SEGMENT_BYTES_MIN,
        };
        LocalJournal::create(&shared, dir, dataset).expect("a new journal");
        let options = OpenOptions::new("tests", 1_000, &|kind, _| kind == KIND);
        let opened = LocalJournal::open(&shared, dir, &options, &mut |_| Ok(()));
        let mut opened = opened.expect("a start");
        opened.filler.fill_all().expect("room for segments");
        let durable = Arc::new(Durable::new(opened.journal.durable()));
        let (sender, inbox) = crossbeam_channel::unbounded();
        let told = Told::default();
        let sink = Notes { told: Arc::clone(&told), durable: Arc::clone(&durable) };
        let metrics = Arc::new(Metrics::default());
        let marks = SpaceMarks { low_bytes: 2, full_bytes: 1 };
        let (journal, clock) = (opened.journal, || 2_000);
        (JournalThread { journal, inbox, sink, durable, metrics, clock, marks }, sender, told)
    }

    fn disk() -> SimDisk {
        SimDisk::new(WriteMode::Direct, 64 << 20)
    }

    #[test]
    fn what_has_queued_becomes_one_group_in_its_order_and_the_end_is_closed() {
        let (thread, sender, told) = thread_on(&disk());
        let (durable, metrics) = (Arc::clone(&thread.durable), Arc::clone(&thread.metrics));
        let before = durable.cursor().position;
        for (shard, first, records) in [(0, 0, 2), (1, 0, 3), (0, 2, 1)] {
            sender.send(ToJournal::Run(run_of(shard, first, records, 10))).expect("it listens");
        }
        sender.send(ToJournal::Close).expect("it listens");
        sender.send(ToJournal::Run(run_of(0, 3, 1, 10))).expect("it listens");
        let last = thread.run().expect("a sound disk");
        let told = told.lock().expect("no panic before").clone();
        let first = before.sequence + 1;
        let at = |sequence| Position { epoch: before.epoch, sequence };
        let landing = |shard, first_ordinal, count, sequence| Landing {
            shard,
            first_ordinal,
            count,
            first: at(sequence),
        };
        let landings =
            vec![landing(0, 0, 2, first), landing(1, 0, 3, first + 2), landing(0, 2, 1, first + 5)];
        assert_eq!(told, [(landings, first + 5)], "durable before anybody hears of it");
        assert_eq!(last, at(first + 6), "`Closed`, and nothing behind it");
        assert_eq!(durable.cursor().position.sequence, first + 6, "followers hear of the end");
        assert_eq!((metrics.groups.get(), metrics.records.get()), (1, 6));
    }

    #[test]
    fn a_run_that_does_not_fit_goes_into_the_next_group() {
        let (thread, sender, told) = thread_on(&disk());
        let durable = Arc::clone(&thread.durable);
        for ordinal in 0..3 {
            let run = run_of(0, ordinal * 5, 5, 200_000);
            sender.send(ToJournal::Run(run)).expect("it listens");
        }
        sender.send(ToJournal::Close).expect("it listens");
        let before = durable.cursor().position.sequence;
        thread.run().expect("a sound disk");
        let told = told.lock().expect("no panic before").clone();
        let groups: Vec<_> =
            told.iter().map(|(landings, at)| (landings.len(), at - before)).collect();
        assert_eq!(groups, [(2, 10), (1, 15)]);
    }

    #[test]
    fn nobody_hears_of_a_group_that_the_disk_refused() {
        let disk = disk();
        let (thread, sender, told) = thread_on(&disk);
        let durable = Arc::clone(&thread.durable);
        let before = durable.cursor();
        let fault = Fault::Fails(std::io::ErrorKind::Other);
        let only = Some(OperationKind::Write);
        disk.plan(vec![PlannedFault { at: 0, only, sticky: false, fault }]);
        sender.send(ToJournal::Run(run_of(0, 0, 1, 10))).expect("it listens");
        sender.send(ToJournal::Run(run_of(0, 1, 1, 10))).expect("it listens");
        let fault = thread.run().expect_err("the disk failed");
        assert!(fault.is_fatal());
        assert!(told.lock().expect("no panic before").is_empty());
        assert_eq!(durable.cursor(), before);
    }

    #[test]
    fn the_room_on_the_disk_is_measured_before_the_first_run() {
        let disk = disk();
        let (mut thread, sender, _) = thread_on(&disk);
        let room = 64 << 20;
        thread.marks = SpaceMarks { low_bytes: 2 * room, full_bytes: 1 };
        let durable = Arc::clone(&thread.durable);
        assert_eq!(durable.space(), SpaceLevel::Plenty, "not measured yet");
        drop(sender);
        thread.run().expect("a sound disk");
        assert_eq!(durable.space(), SpaceLevel::DiskLow);
    }
}
