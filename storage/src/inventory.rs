//! Which segments there are, and whether they are the ones there should be.
//!
//! Reads the name, the length and the header block of each segment, and never writes. A missing,
//! doubled, cut-off or foreign segment is told by name before a single group is read.

use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::aligned::AlignedBytes;
use crate::dataset::{DataSet, Environment};
use crate::disk::{Disk, DiskError, FileUse};
use crate::limits::SEGMENT_HEADER_BYTES;
use crate::segment::{
    FORMAT_VERSION, FileName, SegmentHeader, SegmentHeaderError, journal_dir, segment_path,
};

/// The segments of a journal, complete and of one data set.
#[derive(Debug, Clone)]
pub struct Inventory {
    /// The data set all of them belong to.
    pub dataset: DataSet,
    /// The lowest number there is.
    pub first: u64,
    /// The highest number there is, ready segments without a group included.
    pub last: u64,
    /// Numbers of segments that were being made when the writer stopped.
    pub unfinished: Vec<u64>,
}

/// Why the segments are not a journal.
#[derive(Debug, Error)]
pub enum InventoryError {
    /// The disk failed.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// There is no segment at all.
    #[error("{dir} holds no journal; make one with `treasury init`, or check the path")]
    NoDataSet {
        /// The data directory.
        dir: PathBuf,
    },
    /// A segment is not there, though a later one is.
    #[error(
        "segment {segment:010} is missing from {dir}, though segment {later:010} is there; put it \
         back from the archive, a backup or a standby"
    )]
    Missing {
        /// The directory.
        dir: PathBuf,
        /// The first number that is missing.
        segment: u64,
        /// A higher number that is there.
        later: u64,
    },
    /// Two files hold the same segment.
    #[error(
        "{file} holds segment {number:010}, and so does the file of that name; put the right \
         segment in its place from the archive, a backup or a standby"
    )]
    Duplicate {
        /// The file with the wrong name.
        file: PathBuf,
        /// The number in its header.
        number: u64,
    },
    /// A file holds a segment of another number, which is nowhere else.
    #[error("{file} holds segment {number:010}; give it back its own name, {number:010}.seg")]
    Misnamed {
        /// The file.
        file: PathBuf,
        /// The number in its header.
        number: u64,
    },
    /// A file is named like a segment, but not as the journal names them.
    #[error("{file} is not a name the journal gives; move the file out of this directory")]
    Strange {
        /// The file.
        file: PathBuf,
    },
    /// A segment has another length than it must.
    #[error(
        "{file} has {bytes} bytes and must have {expected}; put it back from the archive, a \
         backup or a standby"
    )]
    Length {
        /// The file.
        file: PathBuf,
        /// Its length.
        bytes: u64,
        /// The length of every segment of this data set.
        expected: u64,
    },
    /// A header block is damaged.
    #[error(
        "{file}: {what}, at offset 0; put the segment back from the archive, a backup or a standby"
    )]
    Header {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        what: &'static str,
    },
    /// A segment of another format version.
    #[error(
        "{file} has format version {version}, and this program reads version {FORMAT_VERSION}; \
         start the program version that wrote it"
    )]
    OtherFormat {
        /// The file.
        file: PathBuf,
        /// Its version.
        version: u32,
    },
    /// A segment of another data set.
    #[error(
        "{file} belongs to data set {found:032x}, not to {expected:032x}; these files were mixed \
         up, or the wrong directory was given"
    )]
    WrongDataSet {
        /// The file.
        file: PathBuf,
        /// The data set it belongs to.
        found: u128,
        /// The data set expected.
        expected: u128,
    },
    /// A segment of the other environment.
    #[error("{file} holds {found} data, and {expected} data was asked for; check the directory")]
    WrongEnvironment {
        /// The file.
        file: PathBuf,
        /// Its environment.
        found: Environment,
        /// The environment expected.
        expected: Environment,
    },
    /// Segments of one data set that disagree about what was fixed when it was made.
    #[error(
        "{file} disagrees with segment {first:010} about the hash key or the segment size; put it \
         back from the archive, a backup or a standby"
    )]
    Disagrees {
        /// The file.
        file: PathBuf,
        /// The segment it was compared with.
        first: u64,
    },
}

impl Inventory {
    /// Takes stock of a data directory.
    ///
    /// # Errors
    /// Names the first file that is wrong, and what to do.
    pub fn take(disk: &dyn Disk, data_dir: &Path) -> Result<Inventory, InventoryError> {
        let dir = journal_dir(data_dir);
        let nothing = || InventoryError::NoDataSet { dir: data_dir.to_owned() };
        let listed = match disk.list(&dir) {
            Ok(listed) => listed,
            Err(error) if error.is_not_found() => return Err(nothing()),
            Err(error) => return Err(error.into()),
        };
        let mut segments = Vec::new();
        let mut unfinished = Vec::new();
        for file in listed {
            match FileName::read(&file.name) {
                FileName::Segment(number) => segments.push((number, file.bytes)),
                FileName::Unfinished(number) => unfinished.push(number),
                FileName::Strange => {
                    return Err(InventoryError::Strange { file: dir.join(file.name) });
                }
                FileName::Other => {}
            }
        }
        segments.sort_unstable();
        let numbers: Vec<u64> = segments.iter().map(|(number, _)| *number).collect();
        let (Some(first), Some(last)) = (numbers.first().copied(), numbers.last().copied()) else {
            return Err(nothing());
        };
        let mut dataset = None;
        for (expected, (number, bytes)) in (1..).zip(segments) {
            if number != expected {
                return Err(InventoryError::Missing { dir, segment: expected, later: number });
            }
            let fixed = check_segment(disk, &dir, number, bytes, &numbers, dataset)?;
            dataset = Some(fixed);
        }
        let Some(dataset) = dataset else {
            return Err(nothing());
        };
        Ok(Inventory { dataset, first, last, unfinished })
    }

    /// Checks that this is the data set somebody means.
    ///
    /// # Errors
    /// When it is another, or of the other environment.
    pub fn expect(
        &self,
        data_dir: &Path,
        id: Option<u128>,
        environment: Option<Environment>,
    ) -> Result<(), InventoryError> {
        let file = segment_path(&journal_dir(data_dir), self.first);
        let dataset = &self.dataset;
        if let Some(expected) = environment.filter(|wanted| *wanted != dataset.environment) {
            let found = dataset.environment;
            return Err(InventoryError::WrongEnvironment { file, found, expected });
        }
        if let Some(expected) = id.filter(|wanted| *wanted != dataset.id) {
            return Err(InventoryError::WrongDataSet { file, found: dataset.id, expected });
        }
        Ok(())
    }
}

fn check_segment(
    disk: &dyn Disk,
    dir: &Path,
    number: u64,
    bytes: u64,
    numbers: &[u64],
    fixed: Option<DataSet>,
) -> Result<DataSet, InventoryError> {
    let file = segment_path(dir, number);
    if bytes < SEGMENT_HEADER_BYTES as u64 {
        let expected = fixed.map_or(SEGMENT_HEADER_BYTES as u64, |fixed| fixed.segment_bytes);
        return Err(InventoryError::Length { file, bytes, expected });
    }
    let mut block = AlignedBytes::new(SEGMENT_HEADER_BYTES);
    disk.open(&file, FileUse::Read)?.read_at(&mut block, 0)?;
    let Some(block) = block.first_chunk::<SEGMENT_HEADER_BYTES>() else {
        unreachable!("the block is as long as a header");
    };
    let header = match SegmentHeader::from_block(block) {
        Ok(header) => header,
        Err(SegmentHeaderError::Damaged(what)) => {
            return Err(InventoryError::Header { file, what });
        }
        Err(SegmentHeaderError::OtherFormat(version)) => {
            return Err(InventoryError::OtherFormat { file, version });
        }
    };
    let found = header.dataset;
    let fixed = fixed.unwrap_or(found);
    if found.environment != fixed.environment {
        let (found, expected) = (found.environment, fixed.environment);
        return Err(InventoryError::WrongEnvironment { file, found, expected });
    }
    if found.id != fixed.id {
        return Err(InventoryError::WrongDataSet { file, found: found.id, expected: fixed.id });
    }
    if header.number != number {
        let number = header.number;
        return Err(if numbers.contains(&number) {
            InventoryError::Duplicate { file, number }
        } else {
            InventoryError::Misnamed { file, number }
        });
    }
    if found != fixed {
        return Err(InventoryError::Disagrees { file, first: numbers[0] });
    }
    if bytes != fixed.segment_bytes {
        return Err(InventoryError::Length { file, bytes, expected: fixed.segment_bytes });
    }
    Ok(fixed)
}
