//! What a start does: take stock, read and judge every group, cut a torn end, sync, go on.
//!
//! A start either goes on from the last group that may be believed, or stops with the segment,
//! the offset and what to do. It never skips a group, never repairs one, and deletes nothing but
//! the remains of a group that was being written when the writer stopped.

mod blank;
pub(crate) mod judge;
mod seek;

use std::path::Path;
use std::sync::Arc;

use thiserror::Error;

use crate::aligned::AlignedBytes;
use crate::dataset::{DataSet, DataSetError, Environment};
use crate::disk::{DirectoryLock, Disk, DiskError, FileUse, WriteMode};
use crate::filler::{FillStep, Filler, Supply, fill_whole};
use crate::group::GroupBuffer;
use crate::inventory::{Inventory, InventoryError};
use crate::journal::{Journal, JournalFault, Landed, LocalJournal};
use crate::limits::{FILL_AHEAD_DEFAULT, FILL_CHUNK_BYTES, SEGMENT_HEADER_BYTES, group_bytes_max};
use crate::marks::{Closed, Cut, KIND_CLOSED, KIND_OPENED, MARK_VERSION, Opened};
use crate::position::{Cursor, Place, Position};
use crate::record::{DOMAIN_KIND_FIRST, RecordWriter};
use crate::segment::{SegmentHeader, journal_dir, segment_path, unfinished_path};
use crate::walk::{Chain, ChainEnd, Found, Group, Walker};

pub use blank::BlankSegments;
pub use judge::{Damage, NEWER, RESTORE};

/// What a start is told.
pub struct OpenOptions<'a> {
    /// The data set it must be, if the caller knows.
    pub dataset_id: Option<u128>,
    /// The environment it must be, if the caller knows.
    pub environment: Option<Environment>,
    /// The program and its version, for `Opened`.
    pub program: &'a str,
    /// The digest of the configuration, for `Opened`.
    pub config_digest: [u8; 32],
    /// The wall clock: milliseconds since 1970.
    pub time_ms: u64,
    /// A position known elsewhere (checkpoint, backup, standby) to have been durable.
    pub witness: Option<Cursor>,
    /// What the caller has seen already: reading begins behind it, and nothing before it is read.
    /// If it is not the last record of its group, that group is visited too, and what was seen of
    /// it is the caller's to leave out. Without it, all is read.
    pub from: Option<Cursor>,
    /// Segments that are known to be blank: what lies behind the end of the journal there is not
    /// looked at again.
    pub blank: BlankSegments,
    /// Segments to keep filled ahead.
    pub fill_ahead: u32,
    /// The lock on the data directory, where the caller has taken it already.
    pub lock: Option<Arc<DirectoryLock>>,
    /// Whether the caller understands records of this kind and version. The journal's own kinds
    /// are not asked about. A start stops at a record that nobody understands.
    pub knows: &'a dyn Fn(u16, u16) -> bool,
}

impl<'a> OpenOptions<'a> {
    /// Options of a program that understands these records; the rest can be set by field.
    #[must_use]
    pub fn new(program: &'a str, time_ms: u64, knows: &'a dyn Fn(u16, u16) -> bool) -> Self {
        OpenOptions {
            dataset_id: None,
            environment: None,
            program,
            config_digest: [0; 32],
            time_ms,
            witness: None,
            from: None,
            blank: BlankSegments::NONE,
            fill_ahead: FILL_AHEAD_DEFAULT,
            lock: None,
            knows,
        }
    }
}

/// Who is shown the groups of a journal while it is opened.
pub trait Visitor {
    /// Is shown the next group.
    ///
    /// # Errors
    /// What is wrong with it, or with one that was shown before: the start stops.
    fn group(&mut self, group: &Group<'_>) -> Result<(), Refusal>;

    /// Was shown every group there is. One who works behind what is shown says here what came of
    /// it: nothing is written to the journal before.
    ///
    /// # Errors
    /// What is wrong with a group that was shown: the start stops.
    fn end(&mut self) -> Result<(), Refusal>;
}

/// What a visitor has against a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The first record of the group.
    pub first: Position,
    /// What is wrong, with what to do.
    pub what: String,
}

/// A visitor that is done with each group at once.
struct AtOnce<'a>(&'a mut dyn FnMut(&Group<'_>) -> Result<(), String>);

impl Visitor for AtOnce<'_> {
    fn group(&mut self, group: &Group<'_>) -> Result<(), Refusal> {
        (self.0)(group).map_err(|what| Refusal { first: group.header.first(), what })
    }

    fn end(&mut self) -> Result<(), Refusal> {
        Ok(())
    }
}

/// A journal that a start has found good.
pub struct Recovered {
    /// The journal, after its `Opened`.
    pub journal: LocalJournal,
    /// Its filler, to be put on a thread or stepped by hand.
    pub filler: Filler,
    /// The data set.
    pub dataset: DataSet,
    /// The epoch of this start.
    pub epoch: u32,
    /// What was cut off.
    pub cut: Option<Cut>,
    /// Groups visited, without this start's `Opened`.
    pub groups: u64,
    /// Records in them.
    pub records: u64,
    /// Bytes of them, padding included.
    pub bytes: u64,
    /// Where this start's `Opened` landed.
    pub opened: Landed,
    /// Whether the writer before ended in good order.
    pub closed_before: bool,
}

/// Why a start stopped. Nothing was written but, at most, zeros over a torn end.
#[derive(Debug, Error)]
pub enum OpenError {
    /// The segments are not a journal.
    #[error(transparent)]
    Inventory(#[from] InventoryError),
    /// The disk failed, or another process has the directory.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// The journal is damaged.
    #[error("the journal is damaged: {0}")]
    Damage(Damage),
    /// The journal goes on with what this program does not know.
    #[error("the journal goes on with what this program does not know: {0}")]
    Newer(Damage),
    /// A position known elsewhere is past the end of this journal.
    #[error(
        "the journal ends at {last} and {witness} is known to have been durable: the end of the \
         journal is lost; {RESTORE}"
    )]
    WitnessAhead {
        /// What is known.
        witness: Position,
        /// What is there.
        last: Position,
    },
    /// A position known elsewhere is here with another hash.
    #[error(
        "the group that holds {witness} is not the one known elsewhere: this journal, or the \
         other copy, is another one; find out which is right before either is started"
    )]
    WitnessDiffers {
        /// What is known.
        witness: Position,
    },
    /// What the caller has seen is not in this journal.
    #[error(
        "{from} is not in this journal: where the reading was to begin comes from another one; set \
         the checkpoint aside and read the journal from its start"
    )]
    Diverged {
        /// What the caller has seen.
        from: Cursor,
    },
    /// A record that the program does not know.
    #[error(
        "the record at {position} has kind {kind} version {version}, which this program does not \
         know; start the program version that wrote it"
    )]
    UnknownKind {
        /// The record's kind.
        kind: u16,
        /// Its version.
        version: u16,
        /// Where it is.
        position: Position,
    },
    /// The caller could not apply a record.
    #[error("the group at {first} cannot be applied: {what}")]
    Refused {
        /// The first record of the group.
        first: Position,
        /// What the caller said, with what to do.
        what: String,
    },
    /// There is a journal already.
    #[error("{dir} holds a journal already; choose another directory")]
    Exists {
        /// The data directory.
        dir: std::path::PathBuf,
    },
    /// Such a data set cannot be.
    #[error(transparent)]
    DataSet(#[from] DataSetError),
    /// `Opened` could not be written.
    #[error(transparent)]
    Journal(#[from] JournalFault),
    /// There is no room for the segment that the journal needs next.
    #[error("{dir} has no room for another segment of {bytes} bytes; free space on that disk")]
    NoSpace {
        /// The data directory.
        dir: std::path::PathBuf,
        /// The size of a segment.
        bytes: u64,
    },
    /// The last epoch has been used.
    #[error("the journal has used its last epoch; move the year's data into a new data set")]
    LastEpoch,
}

impl LocalJournal {
    /// Makes a journal with one segment and no group.
    ///
    /// # Errors
    /// When there is one already, or the disk fails. After a crash in here it can be called
    /// again.
    pub fn create(
        disk: &Arc<dyn Disk>,
        data_dir: &Path,
        dataset: DataSet,
    ) -> Result<(), OpenError> {
        dataset.check()?;
        let dir = journal_dir(data_dir);
        disk.create_dir(&dir)?;
        let _lock = disk.lock(data_dir)?;
        match Inventory::take(disk.as_ref(), data_dir) {
            Err(InventoryError::NoDataSet { .. }) => {}
            Ok(_) => {
                return Err(OpenError::Exists { dir: data_dir.to_owned() });
            }
            Err(error) => return Err(error.into()),
        }
        fill_whole(disk, &dir, SegmentHeader { dataset, number: 1 })?;
        Ok(disk.sync_dir(data_dir)?)
    }

    /// Opens a journal for writing. `visit` sees each group in order from
    /// [`OpenOptions::from`] on, this start's `Opened` excepted, and may stop the start by saying
    /// what is wrong.
    ///
    /// # Errors
    /// Whatever keeps the journal from going on, with what to do.
    pub fn open(
        disk: &Arc<dyn Disk>,
        data_dir: &Path,
        options: &OpenOptions<'_>,
        visit: &mut dyn FnMut(&Group<'_>) -> Result<(), String>,
    ) -> Result<Recovered, OpenError> {
        LocalJournal::open_for(disk, data_dir, options, &mut AtOnce(visit))
    }

    /// The same for a visitor that may work behind what it is shown.
    ///
    /// # Errors
    /// Whatever keeps the journal from going on, with what to do.
    pub fn open_for(
        disk: &Arc<dyn Disk>,
        data_dir: &Path,
        options: &OpenOptions<'_>,
        visitor: &mut dyn Visitor,
    ) -> Result<Recovered, OpenError> {
        // Without a journal there is nothing to lock, and no owner file should appear.
        Inventory::take(disk.as_ref(), data_dir)?;
        let lock = match &options.lock {
            Some(lock) => Arc::clone(lock),
            None => Arc::new(disk.lock(data_dir)?),
        };
        let inventory = Inventory::take(disk.as_ref(), data_dir)?;
        inventory.expect(data_dir, options.dataset_id, options.environment)?;
        let dataset = inventory.dataset;
        let dir = journal_dir(data_dir);
        let start = Chain::genesis(&dataset).last;
        let from = options.from.unwrap_or(start);
        let seek::Begun { mut walker, ended } =
            seek::begin_behind(disk, data_dir, &inventory, from)?;
        let mut replay = Replay::default();
        let begun = walker.chain.last;
        let end = match &ended {
            Some(end) => end.clone(),
            None => replay.run(&mut walker, options, visitor)?,
        };
        walker.blank = options.blank;
        let cut = judge::judge(&mut walker, &end)?.map_err(|found| {
            if found.is_newer() { OpenError::Newer(found) } else { OpenError::Damage(found) }
        })?;
        let (chain, place) = (walker.chain, walker.place);
        drop(walker);
        if ended.is_some() {
            let (witness, last) = (from.position, chain.last.position);
            return Err(OpenError::WitnessAhead { witness, last });
        }
        let unread = |witness: &Cursor| witness.position.sequence <= begun.position.sequence;
        if let Some(witness) = options.witness.filter(unread) {
            replay.witness_seen = Some(seek::holds_witness(disk, data_dir, witness)?);
        }
        check_witness(options.witness, chain.last.position, replay.witness_seen)?;
        let epoch = chain.last.position.epoch.checked_add(1).ok_or(OpenError::LastEpoch)?;
        for number in &inventory.unfinished {
            disk.remove(&unfinished_path(&dir, *number))?;
        }
        if let Some(cut) = cut {
            zero_torn_end(disk, &dir, &dataset, cut)?;
        }
        if disk.mode() == WriteMode::Buffered {
            copy_tail(disk, &dir, &dataset, place)?;
        }
        let file = disk.open(&segment_path(&dir, place.segment), FileUse::Journal)?;
        // What was read may have been on its way to the disk still: from here on it is there.
        file.sync()?;
        disk.sync_dir(&dir)?;
        let supply = Arc::new(Supply::new(place.segment, inventory.last));
        let mut filler = Filler::new(
            Arc::clone(disk),
            dir.clone(),
            dataset,
            options.fill_ahead,
            Arc::clone(&supply),
        );
        let mut journal = LocalJournal {
            disk: Arc::clone(disk),
            data_dir: data_dir.to_owned(),
            journal_dir: dir,
            dataset,
            file,
            place,
            durable: chain.last,
            epoch,
            time_ms: chain.time_ms,
            supply,
            buffer: GroupBuffer::new(group_bytes_max(dataset.segment_bytes)),
            written: Closed { groups: 0, records: 0 },
            ended: false,
            _lock: lock,
        };
        let opened = write_opened(&mut journal, &mut filler, options, cut)?;
        Ok(Recovered {
            journal,
            filler,
            dataset,
            epoch,
            cut,
            groups: replay.groups,
            records: replay.records,
            bytes: replay.bytes,
            opened,
            closed_before: chain.closed,
        })
    }
}

/// What is counted and remembered while the groups go by.
#[derive(Default)]
struct Replay {
    groups: u64,
    records: u64,
    bytes: u64,
    witness_seen: Option<bool>,
}

impl Replay {
    /// Reads all groups; returns what was seen where the chain ends.
    fn run(
        &mut self,
        walker: &mut Walker,
        options: &OpenOptions<'_>,
        visitor: &mut dyn Visitor,
    ) -> Result<ChainEnd, OpenError> {
        let refused = |Refusal { first, what }| OpenError::Refused { first, what };
        loop {
            let group = match walker.next()? {
                Found::Group(group) => group,
                Found::Nothing(end) => {
                    visitor.end().map_err(refused)?;
                    return Ok(end);
                }
            };
            for record in group.records {
                let own = record.kind < DOMAIN_KIND_FIRST;
                let known = if own {
                    matches!(record.kind, KIND_OPENED | KIND_CLOSED)
                        && record.version == MARK_VERSION
                } else {
                    (options.knows)(record.kind, record.version)
                };
                if !known {
                    let (kind, version) = (record.kind, record.version);
                    return Err(OpenError::UnknownKind {
                        kind,
                        version,
                        position: record.position,
                    });
                }
            }
            let header = &group.header;
            self.groups += 1;
            self.records += u64::from(header.records);
            self.bytes += header.disk_bytes() as u64;
            if let Some(witness) = options.witness
                && (header.first_sequence..=header.last().sequence)
                    .contains(&witness.position.sequence)
            {
                let same = group.hash == witness.hash && header.epoch == witness.position.epoch;
                self.witness_seen = Some(same);
            }
            visitor.group(&group).map_err(refused)?;
        }
    }
}

fn check_witness(
    witness: Option<Cursor>,
    last: Position,
    seen: Option<bool>,
) -> Result<(), OpenError> {
    match (witness, seen) {
        (None, _) | (Some(_), Some(true)) => Ok(()),
        (Some(witness), _) if witness.position == Position::START => Ok(()),
        (Some(witness), Some(false)) => {
            Err(OpenError::WitnessDiffers { witness: witness.position })
        }
        (Some(witness), None) => Err(OpenError::WitnessAhead { witness: witness.position, last }),
    }
}

/// Zeros from the torn group on, as far as the largest group could have reached.
fn zero_torn_end(
    disk: &Arc<dyn Disk>,
    dir: &Path,
    dataset: &DataSet,
    cut: Cut,
) -> Result<(), DiskError> {
    #[cfg(feature = "planted-bugs")]
    if domain::planted::is(domain::planted::Bug::TornEndLeft) {
        return Ok(());
    }
    let file = disk.open(&segment_path(dir, cut.place.segment), FileUse::Journal)?;
    let zeros = AlignedBytes::new(FILL_CHUNK_BYTES);
    let largest = group_bytes_max(dataset.segment_bytes) as u64;
    let end = (cut.place.offset + largest).min(dataset.segment_bytes);
    // From the back: a crash in here leaves the torn group's first block for the next start.
    let mut upto = end;
    while upto > cut.place.offset {
        let bytes = (upto - cut.place.offset).min(zeros.len() as u64);
        upto -= bytes;
        file.write_fill(&zeros[..bytes as usize], upto)?;
    }
    file.sync()
}

/// Through the page cache, what was read need not be on the disk, and a sync that failed once may
/// never be told of again. So the segment in use is written anew, synced and put in place of the
/// old one: from then on it is known to be on the disk.
fn copy_tail(
    disk: &Arc<dyn Disk>,
    dir: &Path,
    dataset: &DataSet,
    end: Place,
) -> Result<(), DiskError> {
    let number = end.segment;
    let old = disk.open(&segment_path(dir, number), FileUse::Read)?;
    let new = disk.open(&unfinished_path(dir, number), FileUse::Fill)?;
    new.allocate(dataset.segment_bytes)?;
    let mut chunk = AlignedBytes::new(FILL_CHUNK_BYTES);
    let mut offset = 0;
    while offset < dataset.segment_bytes {
        let bytes = (dataset.segment_bytes - offset).min(FILL_CHUNK_BYTES as u64) as usize;
        let accepted = end.offset.saturating_sub(offset).min(bytes as u64) as usize;
        old.read_at(&mut chunk[..accepted], offset)?;
        chunk[accepted..].fill(0);
        new.write_fill(&chunk[..bytes], offset)?;
        offset += bytes as u64;
    }
    new.sync()?;
    drop((old, new));
    disk.rename(&unfinished_path(dir, number), &segment_path(dir, number))?;
    disk.sync_dir(dir)
}

fn write_opened(
    journal: &mut LocalJournal,
    filler: &mut Filler,
    options: &OpenOptions<'_>,
    cut: Option<Cut>,
) -> Result<Landed, OpenError> {
    let opened =
        Opened { program: options.program.to_owned(), config_digest: options.config_digest, cut };
    let mut run = RecordWriter::default();
    run.write(KIND_OPENED, MARK_VERSION, &opened.to_body());
    loop {
        match journal.append(&[run.run()], options.time_ms) {
            Ok(landed) => return Ok(landed),
            Err(JournalFault::NotReady { .. }) => {
                if filler.fill_one()? == FillStep::NoSpace {
                    let dir = journal.data_dir.clone();
                    let bytes = journal.dataset.segment_bytes;
                    return Err(OpenError::NoSpace { dir, bytes });
                }
            }
            Err(fault) => return Err(fault.into()),
        }
    }
}

const _: () = assert!(SEGMENT_HEADER_BYTES <= FILL_CHUNK_BYTES);
