//! Segments that nothing was written to yet, found before the journal is read.
//!
//! A start looks at every block behind the end of the chain, and with segments filled ahead that is
//! most of what it reads after an orderly end. Which segments are blank can be seen while a
//! checkpoint is being loaded: under the directory's lock nobody writes to them meanwhile.

use std::path::Path;

use crate::aligned::{AlignedBytes, is_zero};
use crate::disk::{Disk, DiskError, FileUse};
use crate::inventory::Inventory;
use crate::limits::{BLOCK_BYTES, WINDOW_BYTES};
use crate::segment::{journal_dir, segment_path};

/// The last segments of a journal, as far as they are full of zeros.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlankSegments {
    /// From this one on each of them is.
    from: u64,
}

impl BlankSegments {
    /// None is known to be blank.
    pub const NONE: BlankSegments = BlankSegments { from: u64::MAX };

    /// Looks at the segments from the last one back, up to one that is not blank. The caller has
    /// the directory's lock and keeps it until the journal is open. What cannot be read is not
    /// known to be blank: whoever reads it next says why.
    #[must_use]
    pub fn look(disk: &dyn Disk, data_dir: &Path) -> BlankSegments {
        let mut blank = BlankSegments::NONE;
        let Ok(inventory) = Inventory::take(disk, data_dir) else { return blank };
        let dir = journal_dir(data_dir);
        let mut buffer = AlignedBytes::new(WINDOW_BYTES);
        let bytes = inventory.dataset.segment_bytes;
        for number in (inventory.first..=inventory.last).rev() {
            let path = segment_path(&dir, number);
            if !is_blank(disk, &path, bytes, &mut buffer).unwrap_or(false) {
                break;
            }
            blank.from = number;
        }
        blank
    }

    /// Whether a segment is known to be blank.
    pub(crate) fn has(self, segment: u64) -> bool {
        segment >= self.from
    }
}

/// Whether a segment holds nothing behind its header block.
fn is_blank(
    disk: &dyn Disk,
    path: &Path,
    bytes: u64,
    buffer: &mut AlignedBytes,
) -> Result<bool, DiskError> {
    let file = disk.open(path, FileUse::Read)?;
    let mut offset = BLOCK_BYTES as u64;
    while offset < bytes {
        let upto = (bytes - offset).min(buffer.len() as u64) as usize;
        file.read_at(&mut buffer[..upto], offset)?;
        if !is_zero(&buffer[..upto]) {
            return Ok(false);
        }
        offset += upto as u64;
    }
    Ok(true)
}
