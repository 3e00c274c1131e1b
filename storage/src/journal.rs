//! The trait of a journal, and the journal on the local disk.
//!
//! A journal takes runs, joins them into a group and returns when the group is durable. One group
//! is on its way at a time. After a write that failed the journal refuses everything: what the
//! disk holds is then unknown, and only a start can find out. Never decides, never reads a clock.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;

use crate::dataset::DataSet;
use crate::disk::{DirectoryLock, Disk, DiskError, DiskFile, FileUse, WriteMode};
use crate::filler::Supply;
use crate::group::{GroupBuffer, SealFields};
use crate::limits::{SEGMENT_HEADER_BYTES, group_bytes_max};
use crate::marks::{Closed, KIND_CLOSED, MARK_VERSION};
use crate::position::{Cursor, GroupHash, Place, Position};
use crate::reader::{JournalReader, ReadError, ReadFrom};
use crate::record::{RecordWriter, RunSlice};
use crate::segment::segment_path;

/// Where a group landed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Landed {
    /// The position of its first record.
    pub first: Position,
    /// Its number of records.
    pub count: u32,
    /// Its hash.
    pub hash: GroupHash,
}

impl Landed {
    /// The position of its last record.
    #[must_use]
    pub const fn last(&self) -> Position {
        let sequence = self.first.sequence + self.count as u64 - 1;
        Position { epoch: self.first.epoch, sequence }
    }

    /// The cursor of one who has seen all of it.
    #[must_use]
    pub const fn cursor(&self) -> Cursor {
        Cursor { position: self.last(), hash: self.hash }
    }
}

/// Why a group was not appended.
#[derive(Debug, Error)]
pub enum JournalFault {
    /// The next segment is still being filled. Nothing was written; try again when it is ready.
    #[error(
        "segment {segment:010} is not ready; the disk is slower than the payments, or has no room \
         for a segment"
    )]
    NotReady {
        /// The segment the journal waits for.
        segment: u64,
    },
    /// A write or a sync failed: what is on the disk is unknown. The process must end.
    #[error(
        "a group may or may not be on the disk: {0}; the process ends, and a start reads what is there"
    )]
    Disk(#[from] DiskError),
    /// The filler failed by more than lack of room. The process must end.
    #[error("the filler failed: {what}; the process ends, and a start reads what is there")]
    Filler {
        /// What it said.
        what: String,
    },
    /// An earlier fault ended this journal, or it was closed.
    #[error("this journal has ended; the process ends, and a start reads what is there")]
    Ended,
    /// There is no sequence or segment number left.
    #[error("the journal has used its last {what}; move the year's data into a new data set")]
    Exhausted {
        /// What has run out.
        what: &'static str,
    },
}

impl JournalFault {
    /// Whether the process must end.
    #[must_use]
    pub const fn is_fatal(&self) -> bool {
        !matches!(self, JournalFault::NotReady { .. })
    }
}

/// A durable, numbered, chained sequence of records.
pub trait Journal: Send {
    /// Adds a run to the group being gathered; false, and nothing is changed, when the group has
    /// no room left for it. A run is never split over groups.
    ///
    /// # Panics
    /// When the run is not whole records of the number it claims.
    #[must_use]
    fn stage(&mut self, run: RunSlice<'_>) -> bool;

    /// Records staged and not yet committed.
    fn staged(&self) -> u32;

    /// Makes the gathered group durable. On [`JournalFault::NotReady`] it stays gathered.
    ///
    /// # Errors
    /// When the group is not durable, or that is unknown.
    ///
    /// # Panics
    /// When nothing is staged: an empty group is never written.
    fn commit(&mut self, time_ms: u64) -> Result<Landed, JournalFault>;

    /// Forgets what is staged.
    fn unstage(&mut self);

    /// Appends runs as one group. On a fault nothing stays staged.
    ///
    /// # Errors
    /// As [`Journal::commit`].
    ///
    /// # Panics
    /// When the runs hold no record, or more than a group can.
    fn append(&mut self, runs: &[RunSlice<'_>], time_ms: u64) -> Result<Landed, JournalFault> {
        assert!(self.staged() == 0, "a group is being gathered already");
        for run in runs {
            assert!(self.stage(*run), "these runs are more than one group holds");
        }
        let landed = self.commit(time_ms);
        if landed.is_err() {
            self.unstage();
        }
        landed
    }

    /// The last durable record, and the hash of its group.
    fn durable(&self) -> Cursor;

    /// A reader from a position on.
    ///
    /// # Errors
    /// When there is no such position here.
    fn read_from(&self, from: ReadFrom) -> Result<JournalReader, ReadError>;
}

/// The journal on the local disk. Made by [`crate::recovery`].
pub struct LocalJournal {
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) data_dir: PathBuf,
    pub(crate) journal_dir: PathBuf,
    pub(crate) dataset: DataSet,
    pub(crate) file: Box<dyn DiskFile>,
    pub(crate) place: Place,
    pub(crate) durable: Cursor,
    pub(crate) epoch: u32,
    pub(crate) time_ms: u64,
    pub(crate) supply: Arc<Supply>,
    pub(crate) buffer: GroupBuffer,
    pub(crate) written: Closed,
    pub(crate) ended: bool,
    pub(crate) _lock: Arc<DirectoryLock>,
}

impl LocalJournal {
    /// The epoch of this writer.
    #[must_use]
    pub const fn epoch(&self) -> u32 {
        self.epoch
    }

    /// The data set.
    #[must_use]
    pub const fn dataset(&self) -> &DataSet {
        &self.dataset
    }

    /// How groups are made durable here.
    #[must_use]
    pub fn mode(&self) -> WriteMode {
        self.disk.mode()
    }

    /// Where the next group goes, if it fits there.
    #[must_use]
    pub const fn place(&self) -> Place {
        self.place
    }

    /// Largest group of this journal, header and padding included.
    #[must_use]
    pub const fn group_bytes_max(&self) -> usize {
        group_bytes_max(self.dataset.segment_bytes)
    }

    /// Bytes the gathered group will take on disk.
    #[must_use]
    pub const fn staged_bytes(&self) -> usize {
        self.buffer.disk_bytes()
    }

    /// The journaled time of the last group.
    #[must_use]
    pub const fn time_ms(&self) -> u64 {
        self.time_ms
    }

    /// Segments that are ready behind the one in use.
    #[must_use]
    pub fn ready_ahead(&self) -> u64 {
        self.supply.ready_ahead()
    }

    /// Bytes of journal that can be written without another segment being filled, and bytes free
    /// on the disk: what [`crate::space::level`] asks for.
    ///
    /// # Errors
    /// When the system does not say how much is free.
    pub fn space(&self) -> Result<crate::space::SpaceInputs, DiskError> {
        Ok(crate::space::SpaceInputs {
            free_bytes: self.disk.free_bytes(&self.journal_dir)?,
            ready_segments: self.ready_ahead(),
            segment_bytes: self.dataset.segment_bytes,
        })
    }

    /// Waits until the next segment is ready, at most this long; true when it is.
    #[must_use]
    pub fn wait_ready(&self, timeout: Duration) -> bool {
        self.supply.wait_ready(self.place.segment + 1, timeout)
    }

    /// Writes `Closed` and ends the journal: an orderly end, told from a crash by the next start.
    ///
    /// # Errors
    /// As [`Journal::commit`]. The journal is as good without `Closed`.
    pub fn close(mut self, time_ms: u64) -> Result<Landed, JournalFault> {
        let mut run = RecordWriter::default();
        run.write(KIND_CLOSED, MARK_VERSION, &self.written.to_body());
        let landed = self.append(&[run.run()], time_ms)?;
        self.ended = true;
        Ok(landed)
    }

    /// Goes to the next segment if the gathered group does not fit into this one.
    fn make_room(&mut self, bytes: u64) -> Result<(), JournalFault> {
        if self.place.offset + bytes <= self.dataset.segment_bytes {
            return Ok(());
        }
        let segment = self.place.segment + 1;
        if segment > crate::limits::SEGMENT_NUMBER_MAX {
            return Err(JournalFault::Exhausted { what: "segment number" });
        }
        if !self.supply.is_ready(segment) {
            return Err(match self.supply.fault() {
                Some(what) => JournalFault::Filler { what },
                None => JournalFault::NotReady { segment },
            });
        }
        self.file = self.disk.open(&segment_path(&self.journal_dir, segment), FileUse::Journal)?;
        let left = self.dataset.segment_bytes - self.place.offset;
        self.place = Place { segment, offset: SEGMENT_HEADER_BYTES as u64 };
        self.supply.note_used(left);
        self.supply.note_current(segment);
        Ok(())
    }

    fn write_group(&mut self, time_ms: u64) -> Result<Landed, JournalFault> {
        let bytes = self.buffer.disk_bytes() as u64;
        self.make_room(bytes)?;
        let last = self.durable.position.sequence;
        let count = self.buffer.records();
        if last.checked_add(u64::from(count)).is_none_or(|sequence| sequence == u64::MAX) {
            return Err(JournalFault::Exhausted { what: "sequence" });
        }
        let first = Position { epoch: self.epoch, sequence: last + 1 };
        let time_ms = time_ms.max(self.time_ms);
        let sealed = self.buffer.seal(&SealFields {
            environment: self.dataset.environment,
            dataset_id: self.dataset.id,
            place: self.place,
            first,
            time_ms,
            durable_before: self.durable.position,
            previous: self.durable.hash,
        });
        let hash = sealed.hash;
        assert!(self.place.offset + sealed.blocks.len() as u64 <= self.dataset.segment_bytes);
        #[cfg(not(feature = "planted-bugs"))]
        self.file.write_at(sealed.blocks, self.place.offset)?;
        #[cfg(feature = "planted-bugs")]
        if domain::planted::is(domain::planted::Bug::AnswerBeforeDurable) {
            self.file.write_fill(sealed.blocks, self.place.offset)?;
        } else {
            self.file.write_at(sealed.blocks, self.place.offset)?;
        }
        let landed = Landed { first, count, hash };
        self.place.offset += bytes;
        self.durable = landed.cursor();
        self.time_ms = time_ms;
        self.written.groups += 1;
        self.written.records += u64::from(count);
        self.supply.note_used(bytes);
        self.buffer.begin();
        Ok(landed)
    }
}

impl Journal for LocalJournal {
    fn stage(&mut self, run: RunSlice<'_>) -> bool {
        self.buffer.push_run(run)
    }

    fn staged(&self) -> u32 {
        self.buffer.records()
    }

    fn commit(&mut self, time_ms: u64) -> Result<Landed, JournalFault> {
        assert!(self.staged() > 0, "an empty group is never written");
        if self.ended {
            return Err(JournalFault::Ended);
        }
        let landed = self.write_group(time_ms);
        self.ended = landed.as_ref().is_err_and(JournalFault::is_fatal);
        landed
    }

    fn unstage(&mut self) {
        self.buffer.begin();
    }

    fn durable(&self) -> Cursor {
        self.durable
    }

    fn read_from(&self, from: ReadFrom) -> Result<JournalReader, ReadError> {
        JournalReader::open(Arc::clone(&self.disk), &self.data_dir, from)
    }
}
