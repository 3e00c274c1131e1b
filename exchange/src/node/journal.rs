//! The journal on the local disk as a party's journal: `storage`'s own, with letters found again by sequence.

use std::time::Duration;

use storage::filler::{Filler, FillerThread};
use storage::journal::{Journal, JournalFault, LocalJournal};
use storage::position::Position;
use storage::reader::{JournalReader, Mark, ReadFrom};
use storage::record::{RecordRef, RunSlice};

use super::log::{Log, LogFault, put_together};
use crate::limits::{MARK_EVERY_RECORDS, SEGMENT_WAIT_MS_MAX};

/// Who fills segments ahead.
enum Filling {
    /// A thread.
    Thread(#[expect(dead_code, reason = "held so that it runs")] FillerThread),
    /// This one, when a segment is needed: for tests on one thread.
    Here(Box<Filler>),
}

/// A party's journal on the local disk.
pub struct JournalLog {
    journal: LocalJournal,
    filling: Filling,
    reader: Option<JournalReader>,
    /// Places between groups from which reading can go on, by what lies before them.
    marks: Vec<Mark>,
    /// The group that was read last: letters that lie together are asked for together.
    last: Kept,
}

/// The records of a group.
struct Kept {
    first: u64,
    /// Kind of each record, and where its body ends.
    records: Vec<(u16, usize)>,
    bodies: Vec<u8>,
}

impl Kept {
    const NONE: Kept = Kept { first: 0, records: Vec::new(), bodies: Vec::new() };

    fn take<'a>(&mut self, records: impl Iterator<Item = RecordRef<'a>>) {
        self.records.clear();
        self.bodies.clear();
        for record in records {
            if self.records.is_empty() {
                self.first = record.position.sequence;
            }
            self.bodies.extend_from_slice(record.body);
            self.records.push((record.kind, self.bodies.len()));
        }
    }

    /// Kind and body of each record from a sequence on; none where that lies behind the group or before it.
    fn from(&self, sequence: u64) -> impl Iterator<Item = (u16, &[u8])> {
        let none = self.records.len();
        let at = sequence.checked_sub(self.first).and_then(|at| usize::try_from(at).ok());
        let at = at.unwrap_or(none).min(none);
        let begin = at.checked_sub(1).map_or(0, |before| self.records[before].1);
        let mut begins = begin;
        self.records[at..].iter().map(move |(kind, end)| {
            let body = &self.bodies[begins..*end];
            begins = *end;
            (*kind, body)
        })
    }
}

impl JournalLog {
    /// A journal whose segments a thread fills.
    #[must_use]
    pub const fn with_thread(journal: LocalJournal, filler: FillerThread) -> JournalLog {
        let filling = Filling::Thread(filler);
        JournalLog { journal, filling, reader: None, marks: Vec::new(), last: Kept::NONE }
    }

    /// A journal whose segments are filled when they are needed.
    #[must_use]
    pub fn filled_here(journal: LocalJournal, filler: Filler) -> JournalLog {
        let filling = Filling::Here(Box::new(filler));
        JournalLog { journal, filling, reader: None, marks: Vec::new(), last: Kept::NONE }
    }

    /// The journal itself, to be closed in good order.
    #[must_use]
    pub fn into_journal(self) -> LocalJournal {
        self.journal
    }

    /// The reader, standing before the record with this sequence or at the last known place before it.
    fn reader_before(&mut self, sequence: u64) -> Result<&mut JournalReader, LogFault> {
        if self.reader.is_none() {
            self.reader = Some(self.journal.read_from(ReadFrom::Start)?);
        }
        let reader = self.reader.as_mut().expect("it was just made");
        let before = |mark: &Mark| mark.position().sequence < sequence;
        let behind = self.marks.partition_point(before);
        let mark = behind.checked_sub(1).map(|at| self.marks[at]);
        let now = reader.position().sequence;
        let known = mark.map_or(0, |mark| mark.position().sequence);
        if now >= sequence || now < known {
            match mark {
                Some(mark) => reader.go_to(&mark),
                None => *reader = self.journal.read_from(ReadFrom::Start)?,
            }
        }
        Ok(reader)
    }
}

impl Log for JournalLog {
    fn next(&self) -> u64 {
        self.journal.durable().position.sequence + 1
    }

    fn group_bytes_max(&self) -> usize {
        self.journal.group_bytes_max()
    }

    fn append(&mut self, group: RunSlice<'_>, time_ms: u64) -> Result<(), LogFault> {
        assert!(self.journal.stage(group), "a group holds what a turn's writer made for it");
        loop {
            match self.journal.commit(time_ms) {
                Ok(_) => return Ok(()),
                Err(JournalFault::NotReady { segment }) => {
                    let ready = match &mut self.filling {
                        Filling::Here(filler) => filler.fill_all().is_ok(),
                        Filling::Thread(_) => {
                            self.journal.wait_ready(Duration::from_millis(SEGMENT_WAIT_MS_MAX))
                        }
                    };
                    if !ready {
                        return Err(JournalFault::NotReady { segment }.into());
                    }
                }
                Err(fault) => return Err(fault.into()),
            }
        }
    }

    fn read(&mut self, sequence: u64) -> Result<(u16, Vec<u8>), LogFault> {
        let mut whole = (0, Vec::new());
        for (kind, body) in self.last.from(sequence) {
            if put_together(&mut whole, kind, body) {
                return Ok(whole);
            }
        }
        // Not there, or it goes on in the next group: from its beginning.
        let durable: Position = self.journal.durable().position;
        let missing = LogFault::Missing { sequence };
        self.reader_before(sequence)?;
        whole = (0, Vec::new());
        let mut next = sequence;
        loop {
            let reader = self.reader.as_mut().expect("it stands before the record");
            let mark = reader.mark();
            let last = self.marks.last().map_or(0, |mark| mark.position().sequence);
            if mark.position().sequence >= last + MARK_EVERY_RECORDS {
                self.marks.push(mark);
            }
            let Some(group) = reader.next(durable)? else { return Err(missing) };
            self.last.take(group.records);
            for (kind, body) in self.last.from(next) {
                if put_together(&mut whole, kind, body) {
                    return Ok(whole);
                }
                next += 1;
            }
        }
    }
}
