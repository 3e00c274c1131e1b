//! A journal read group by group where no server need run: no lock, nothing written.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use anyhow::Result;
use storage::dataset::DataSet;
use storage::disk::{Disk, RealDisk};
use storage::marks::Cut;
use storage::position::Position;
use storage::reader::{JournalReader, ReadError, ReadFrom};
use storage::walk::Group;

use crate::verification;

/// How a reading ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// Its reader had enough.
    Stopped,
    /// At the end of the journal; what is torn behind it, if anything.
    Reached(Option<Cut>),
}

/// A disk that is only read.
pub(super) fn disk() -> Arc<dyn Disk> {
    Arc::new(RealDisk::read_only())
}

/// Reads every group in order, until `visit` breaks.
///
/// # Errors
/// When there is no journal. Damage is an error too, once every group before it has been visited.
pub(super) fn groups(
    data: &Path,
    visit: &mut dyn FnMut(&DataSet, &Group<'_>) -> Result<ControlFlow<()>>,
) -> Result<End> {
    let disk = disk();
    let opened = JournalReader::open(Arc::clone(&disk), data, ReadFrom::Start);
    let mut reader = opened.map_err(verification::unreadable)?;
    let dataset = *reader.dataset();
    loop {
        match reader.next(Position::END) {
            Ok(Some(group)) => {
                if visit(&dataset, &group)?.is_break() {
                    return Ok(End::Stopped);
                }
            }
            // Whether this is the end, a torn write or damage, the verification knows.
            Ok(None) | Err(ReadError::Damage(_)) => {
                return Ok(End::Reached(verification::sound_report(&disk, data)?.torn));
            }
            Err(error) => return Err(verification::unreadable(error).into()),
        }
    }
}
