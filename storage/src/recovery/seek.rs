//! Where a start begins to read, when it need not read all: behind the group of a cursor.
//!
//! Goes there by one header of each segment it has to look at, and then by the headers of the
//! groups of one segment; no body before the cursor's own group is read. Believes the cursor's
//! hash and nothing else about what lies before: what was damaged there is for `verify` to find.

use std::path::Path;
use std::sync::Arc;

use super::OpenError;
use crate::disk::{Disk, DiskError};
use crate::group::GroupHeader;
use crate::inventory::Inventory;
use crate::limits::{BLOCK_BYTES, GROUP_HEADER_BYTES};
use crate::position::{Cursor, Place, Position};
use crate::reader::{JournalReader, ReadError, ReadFrom, begin_at, last_segment_where};
use crate::segment::journal_dir;
use crate::walk::{Chain, ChainEnd, Walker};

/// A walk that stands where the start goes on.
pub(super) struct Begun {
    pub(super) walker: Walker,
    /// What was seen where the chain ended before it reached the cursor.
    pub(super) ended: Option<ChainEnd>,
}

/// Goes to the group that holds the cursor's position, and past it if the cursor has seen all of
/// it.
pub(super) fn begin_behind(
    disk: &Arc<dyn Disk>,
    data_dir: &Path,
    inventory: &Inventory,
    from: Cursor,
) -> Result<Begun, OpenError> {
    let target = from.position;
    let diverged = Err(OpenError::Diverged { from });
    if target.sequence == 0 {
        if from != Chain::genesis(&inventory.dataset).last {
            return diverged;
        }
        let walker = begin_at(disk, data_dir, inventory, None)?;
        return Ok(Begun { walker, ended: None });
    }
    let reached = |header: &GroupHeader| header.first_sequence <= target.sequence;
    let dir = journal_dir(data_dir);
    let begin = last_segment_where(disk.as_ref(), &dir, inventory, reached)?;
    let mut walker = begin_at(disk, data_dir, inventory, begin)?;
    hop(&mut walker, target.sequence)?;
    loop {
        let linked = match walker.peek()? {
            Ok(linked) => linked,
            Err(end) => return Ok(Begun { walker, ended: Some(end) }),
        };
        let last = linked.header.last();
        if last.sequence < target.sequence {
            walker.take(linked)?;
            continue;
        }
        if linked.hash != from.hash || last.epoch != target.epoch {
            return diverged;
        }
        if last == target {
            walker.take(linked)?;
        }
        return Ok(Begun { walker, ended: None });
    }
}

/// Goes along headers, without a look at bodies, and stands before the group that holds a
/// sequence, or before the last one whose header follows from the one before it.
fn hop(walker: &mut Walker, sequence: u64) -> Result<(), DiskError> {
    let Some(mut at) = header_at(walker, walker.place)? else {
        return Ok(());
    };
    while at.last().sequence < sequence {
        let Place { segment, offset } = at.place;
        let place = Place { segment, offset: offset + at.disk_bytes() as u64 };
        let Some(next) = header_at(walker, place)? else {
            break;
        };
        if next.durable_before != at.last() || next.first_sequence != at.last().sequence + 1 {
            break;
        }
        let before = Cursor { position: next.durable_before, hash: next.previous };
        walker.chain = Chain::behind(before, at.time_ms);
        walker.place = place;
        at = next;
    }
    Ok(())
}

/// The header at a place, if it is sound, ours, and written for that place.
fn header_at(walker: &mut Walker, place: Place) -> Result<Option<GroupHeader>, DiskError> {
    let dataset = walker.dataset;
    if place.offset + BLOCK_BYTES as u64 > dataset.segment_bytes {
        return Ok(None);
    }
    let block = walker.window(place.segment)?.get(place.offset, BLOCK_BYTES)?;
    let head = block.first_chunk::<GROUP_HEADER_BYTES>();
    let header = head.and_then(|head| GroupHeader::decode(head).ok());
    Ok(header.filter(|header| {
        let ours = header.dataset_id == dataset.id && header.environment == dataset.environment;
        let end = place.offset + header.disk_bytes() as u64;
        ours && header.place == place && end <= dataset.segment_bytes
    }))
}

/// Whether a witness that lies before all that was read is in the chain.
pub(super) fn holds_witness(
    disk: &Arc<dyn Disk>,
    data_dir: &Path,
    witness: Cursor,
) -> Result<bool, OpenError> {
    if witness.position == Position::START {
        return Ok(true);
    }
    match JournalReader::open(Arc::clone(disk), data_dir, ReadFrom::AfterCursor(witness)) {
        Ok(_) => Ok(true),
        Err(ReadError::Diverged { .. }) => Ok(false),
        Err(ReadError::Disk(error)) => Err(error.into()),
        Err(ReadError::Inventory(error)) => Err(error.into()),
        Err(ReadError::Damage(damage)) => Err(OpenError::Damage(damage)),
    }
}
