//! The journal read from a position, by those who may not write it.
//!
//! A reader goes along the chain and never past the durable position it is given with each call;
//! it takes no lock and writes nothing. A cursor that is not in the chain is answered with the
//! last common position and never continued from.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use thiserror::Error;

use crate::aligned::AlignedBytes;
use crate::disk::{Disk, DiskError, FileUse};
use crate::group::GroupHeader;
use crate::inventory::{Inventory, InventoryError};
use crate::limits::{BLOCK_BYTES, GROUP_HEADER_BYTES, SEGMENT_HEADER_BYTES};
use crate::position::{Cursor, GroupHash, Place, Position};
use crate::recovery::Damage;
use crate::recovery::judge::{MISSING, fault};
use crate::segment::{journal_dir, segment_path};
use crate::walk::{Chain, Found, Group, Linked, Walker};

/// How much a reader that follows a live journal reads at least.
const FOLLOW_BYTES: usize = 256 * 1024;

/// Where a reader begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadFrom {
    /// At the first record.
    Start,
    /// Behind a position that is known to be of this journal.
    After(Position),
    /// Behind a cursor, if it is in the chain.
    AfterCursor(Cursor),
}

/// Why a reader cannot begin or go on.
#[derive(Debug, Error)]
pub enum ReadError {
    /// The disk failed.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// The segments are not a journal.
    #[error(transparent)]
    Inventory(#[from] InventoryError),
    /// The journal is not what was written.
    #[error("the journal is damaged: {0}")]
    Damage(Damage),
    /// The cursor is not in this chain.
    #[error(
        "{cursor} is not in this journal; both have the same records up to {last_common}: drop \
         what came after it, and read on from there"
    )]
    Diverged {
        /// The cursor asked for.
        cursor: Cursor,
        /// The last position that a journal which went another way can share with this one.
        last_common: Position,
    },
}

/// A reader of the journal.
pub struct JournalReader {
    disk: Arc<dyn Disk>,
    data_dir: PathBuf,
    walker: Walker,
    after: Position,
}

/// A place between two groups from which a reader can go on without walking there. Good for the
/// journal it comes from, as long as the process lives.
#[derive(Debug, Clone, Copy)]
pub struct Mark {
    place: Place,
    chain: Chain,
}

impl Mark {
    /// The last position before it.
    #[must_use]
    pub const fn position(&self) -> Position {
        self.chain.last.position
    }

    /// The time of the group before it, in ms since 1970; 0 at the start.
    #[must_use]
    pub const fn time_ms(&self) -> u64 {
        self.chain.time_ms
    }
}

/// The first group of a segment, as far as its header tells.
type FirstGroup = Option<(Place, GroupHeader)>;

impl JournalReader {
    /// A reader that begins where it is told.
    ///
    /// # Errors
    /// [`ReadError::Diverged`] when there is no such position here.
    pub fn open(
        disk: Arc<dyn Disk>,
        data_dir: &Path,
        from: ReadFrom,
    ) -> Result<JournalReader, ReadError> {
        let inventory = Inventory::take(disk.as_ref(), data_dir)?;
        let target = match from {
            ReadFrom::Start => Position::START,
            ReadFrom::After(position) => position,
            ReadFrom::AfterCursor(cursor) => cursor.position,
        };
        let reached = |header: &GroupHeader| header.first_sequence <= target.sequence;
        let dir = journal_dir(data_dir);
        let begin = last_segment_where(disk.as_ref(), &dir, &inventory, reached)?;
        let mut walker = begin_at(&disk, data_dir, &inventory, begin)?;
        walker.read_ahead(FOLLOW_BYTES);
        let data_dir = data_dir.to_owned();
        let mut reader = JournalReader { disk, data_dir, walker, after: target };
        if target != Position::START {
            let hash = match from {
                ReadFrom::AfterCursor(cursor) => Some(cursor.hash),
                _ => None,
            };
            reader.seek(target, hash)?;
        }
        Ok(reader)
    }

    /// The next group, if it is whole at or before `durable`. The first one may begin before the
    /// position asked for: [`crate::record::Records::after`] leaves out what was seen.
    ///
    /// # Errors
    /// When the group must be there and is not.
    pub fn next(&mut self, durable: Position) -> Result<Option<Group<'_>>, ReadError> {
        if self.walker.chain.last.position.sequence >= durable.sequence {
            return Ok(None);
        }
        match self.arrives(durable)? {
            Some(linked) => Ok(Some(self.walker.take(linked)?)),
            None => Ok(None),
        }
    }

    /// The last position that was returned, or the one the reader began behind.
    #[must_use]
    pub fn position(&self) -> Position {
        self.after.max(self.walker.chain.last.position)
    }

    /// The cursor of the last group that was returned.
    #[must_use]
    pub const fn cursor(&self) -> Cursor {
        self.walker.chain.last
    }

    /// Where it stands: behind the last group that was returned.
    #[must_use]
    pub const fn mark(&self) -> Mark {
        Mark { place: self.walker.place, chain: self.walker.chain }
    }

    /// Goes where a reader of the same journal stood: the next group is the one behind the mark.
    pub fn go_to(&mut self, mark: &Mark) {
        self.walker.place = mark.place;
        self.walker.chain = mark.chain;
        self.after = mark.chain.last.position;
    }

    /// Where the next group is or will be, if it fits there.
    #[must_use]
    pub const fn place(&self) -> Place {
        self.walker.place
    }

    /// The data set that is read.
    #[must_use]
    pub const fn dataset(&self) -> &crate::dataset::DataSet {
        &self.walker.dataset
    }

    /// The whole, linked group that comes next, if it ends at or before `durable`. What was read
    /// earlier may be older than the group, so a look that fails is taken again.
    fn arrives(&mut self, durable: Position) -> Result<Option<Linked>, ReadError> {
        let mut again = true;
        loop {
            let end = match self.walker.peek()? {
                Ok(linked) => {
                    let whole = linked.header.last().sequence <= durable.sequence;
                    return Ok(whole.then_some(linked));
                }
                Err(end) => end,
            };
            if again {
                again = false;
                self.refresh()?;
                continue;
            }
            return match fault(&self.walker, &end) {
                Some(damage) => Err(ReadError::Damage(damage)),
                None if durable == Position::END => Ok(None),
                None => Err(ReadError::Damage(Damage::at(self.walker.place, MISSING))),
            };
        }
    }

    /// Sees the disk as it is now: the window is read again, and so is the list of segments.
    fn refresh(&mut self) -> Result<(), ReadError> {
        let segment = self.walker.place.segment;
        self.walker.window(segment)?.forget();
        let next = self.walker.last_segment + 1;
        let path = segment_path(&journal_dir(&self.data_dir), next);
        match self.disk.open(&path, FileUse::Read) {
            Ok(_) => self.walker.last_segment = next,
            Err(error) if error.is_not_found() => {}
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    /// Goes to the group that holds `target` and stands where its next record is read next.
    fn seek(&mut self, target: Position, hash: Option<GroupHash>) -> Result<(), ReadError> {
        loop {
            let before = (self.walker.place, self.walker.chain);
            let Some(linked) = self.arrives(Position::END)? else {
                return Err(self.diverged(target, hash, target.epoch)?);
            };
            let group = self.walker.take(linked)?;
            let (header, found) = (group.header, group.hash);
            if header.last().sequence < target.sequence {
                continue;
            }
            if header.epoch != target.epoch {
                return Err(self.diverged(target, hash, target.epoch)?);
            }
            if hash.is_some_and(|hash| hash != found) {
                // Of the same epoch with another hash: all of that epoch is in doubt.
                return Err(self.diverged(target, hash, target.epoch.saturating_sub(1))?);
            }
            if header.last().sequence > target.sequence {
                (self.walker.place, self.walker.chain) = before;
            }
            return Ok(());
        }
    }

    /// The answer to a cursor that is not in the chain: what both journals have is at most what
    /// this one has up to an epoch and before the cursor.
    fn diverged(
        &self,
        target: Position,
        hash: Option<GroupHash>,
        epoch: u32,
    ) -> Result<ReadError, ReadError> {
        let inventory = Inventory::take(self.disk.as_ref(), &self.data_dir)?;
        let dir = journal_dir(&self.data_dir);
        let shared =
            |header: &GroupHeader| header.epoch <= epoch && header.first_sequence < target.sequence;
        let begin = last_segment_where(self.disk.as_ref(), &dir, &inventory, shared)?;
        let mut walker = begin_at(&self.disk, &self.data_dir, &inventory, begin)?;
        let mut last_common = walker.chain.last.position;
        while let Found::Group(group) = walker.next()? {
            let last = group.header.last();
            if last.epoch > epoch || last.sequence >= target.sequence {
                break;
            }
            last_common = last;
        }
        let hash = hash.unwrap_or(self.walker.chain.last.hash);
        Ok(ReadError::Diverged { cursor: Cursor { position: target, hash }, last_common })
    }
}

/// A walk that begins with a segment, or with the first one.
pub(crate) fn begin_at(
    disk: &Arc<dyn Disk>,
    data_dir: &Path,
    inventory: &Inventory,
    begin: FirstGroup,
) -> Result<Walker, DiskError> {
    // Behind groups that are not read, the first one's own header says what it is linked to.
    let (segment, chain) = match begin {
        Some((place, header)) if place.segment > inventory.first => {
            let last = Cursor { position: header.durable_before, hash: header.previous };
            (place.segment, Chain::behind(last, 0))
        }
        _ => (inventory.first, Chain::genesis(&inventory.dataset)),
    };
    let segments = segment..=inventory.last;
    Walker::new(Arc::clone(disk), journal_dir(data_dir), inventory.dataset, segments, chain)
}

/// The last segment whose first group passes a test that earlier ones pass too.
pub(crate) fn last_segment_where(
    disk: &dyn Disk,
    dir: &Path,
    inventory: &Inventory,
    passes: impl Fn(&GroupHeader) -> bool,
) -> Result<FirstGroup, DiskError> {
    let (mut low, mut high) = (inventory.first, inventory.last);
    let mut found = None;
    while low <= high {
        let middle = low + (high - low) / 2;
        match first_group(disk, dir, middle)? {
            Some((place, header)) if passes(&header) => {
                found = Some((place, header));
                low = middle + 1;
            }
            _ => high = middle - 1,
        }
    }
    Ok(found)
}

fn first_group(disk: &dyn Disk, dir: &Path, segment: u64) -> Result<FirstGroup, DiskError> {
    let file = disk.open(&segment_path(dir, segment), FileUse::Read)?;
    let mut block = AlignedBytes::new(BLOCK_BYTES);
    let place = Place { segment, offset: SEGMENT_HEADER_BYTES as u64 };
    file.read_at(&mut block, place.offset)?;
    let head = block.first_chunk::<GROUP_HEADER_BYTES>();
    Ok(head.and_then(|head| GroupHeader::decode(head).ok()).map(|header| (place, header)))
}
