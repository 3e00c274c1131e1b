//! Goal: a set of segments that is not the journal is told by name, each case by its own.
//! Method: take files away, cut, copy, rename and swap them.

use storage::dataset::{DataSet, Environment};
use storage::disk::{DiskError, SimDisk, WriteMode};
use storage::inventory::InventoryError;
use storage::journal::LocalJournal;
use storage::recovery::OpenError;
use storage::segment::{SegmentHeader, journal_dir};

use crate::common::*;

/// A journal over at least three segments.
fn long() -> SimDisk {
    let (disk, headers) = written(20, 9000);
    assert!(headers.last().unwrap().place.segment >= 3);
    disk
}

fn told(disk: &SimDisk) -> InventoryError {
    let before = snapshot(disk);
    let error = failure(start(disk));
    assert_eq!(snapshot(disk), before, "nothing is written");
    match error {
        OpenError::Inventory(error) => error,
        other => panic!("told otherwise: {other}"),
    }
}

#[test]
fn a_missing_segment() {
    for missing in 1..3 {
        let disk = long();
        disk.remove_file(&segment(missing));
        match told(&disk) {
            InventoryError::Missing { segment, later, .. } => {
                assert_eq!((segment, later), (missing, missing + 1));
            }
            other => panic!("{other}"),
        }
    }
}

#[test]
fn a_truncated_segment() {
    for bytes in [0, 100, 4096, SEGMENT_BYTES - 1] {
        let disk = long();
        let mut contents = disk.contents(&segment(2)).unwrap();
        contents.truncate(bytes as usize);
        disk.put_file(&segment(2), &contents);
        let error = told(&disk);
        assert!(matches!(error, InventoryError::Length { .. }), "{bytes}: {error}");
    }
    let disk = long();
    let mut contents = disk.contents(&segment(2)).unwrap();
    contents.push(0);
    disk.put_file(&segment(2), &contents);
    assert!(matches!(told(&disk), InventoryError::Length { .. }));
}

#[test]
fn a_duplicate_and_a_misnamed_segment() {
    let disk = long();
    let second = disk.contents(&segment(2)).unwrap();
    disk.put_file(&segment(3), &second);
    assert!(matches!(told(&disk), InventoryError::Duplicate { number: 2, .. }));
    let disk = long();
    let header = SegmentHeader { dataset: DATASET, number: 77 };
    overwrite(&disk, &segment(2), 0, &header.to_block());
    assert!(matches!(told(&disk), InventoryError::Misnamed { number: 77, .. }));
    let disk = long();
    disk.put_file(&journal_dir(&dir()).join("2.seg"), &second);
    assert!(matches!(told(&disk), InventoryError::Strange { .. }));
}

#[test]
fn a_segment_of_another_data_set_environment_or_format() {
    let other = |change: fn(&mut DataSet)| {
        let disk = long();
        let mut dataset = DATASET;
        change(&mut dataset);
        let header = SegmentHeader { dataset, number: 2 };
        overwrite(&disk, &segment(2), 0, &header.to_block());
        told(&disk)
    };
    let error = other(|dataset| dataset.id = 5);
    assert!(matches!(error, InventoryError::WrongDataSet { found: 5, .. }), "{error}");
    let error = other(|dataset| dataset.hash_key = [0; 16]);
    assert!(matches!(error, InventoryError::Disagrees { .. }), "{error}");
    let disk = long();
    let dataset =
        DataSet { environment: Environment::Production, segment_bytes: 4 << 20, ..DATASET };
    overwrite(&disk, &segment(2), 0, &SegmentHeader { dataset, number: 2 }.to_block());
    assert!(matches!(told(&disk), InventoryError::WrongEnvironment { .. }));
    let disk = long();
    let mut block = SegmentHeader { dataset: DATASET, number: 2 }.to_block();
    block[8..12].copy_from_slice(&2_u32.to_le_bytes());
    let crc = crc32c::crc32c(&block[..4092]);
    block[4092..].copy_from_slice(&crc.to_le_bytes());
    overwrite(&disk, &segment(2), 0, &block);
    assert!(matches!(told(&disk), InventoryError::OtherFormat { version: 2, .. }));
    let disk = long();
    disk.flip_bit(&segment(3), 8 * 8);
    assert!(matches!(told(&disk), InventoryError::Header { .. }));
}

#[test]
fn a_caller_that_means_another_data_set() {
    let disk = long();
    let mut options = options();
    options.dataset_id = Some(1);
    let error = failure(start_with(&disk, &options));
    assert!(matches!(error, OpenError::Inventory(InventoryError::WrongDataSet { .. })), "{error}");
    options.dataset_id = Some(DATASET.id);
    options.environment = Some(Environment::Production);
    let error = failure(start_with(&disk, &options));
    let wrong = OpenError::Inventory(InventoryError::WrongEnvironment {
        file: segment(1),
        found: Environment::Test,
        expected: Environment::Production,
    });
    assert_eq!(error.to_string(), wrong.to_string());
    options.environment = Some(Environment::Test);
    assert!(start_with(&disk, &options).is_ok());
}

#[test]
fn no_journal_and_a_journal_already() {
    let disk = SimDisk::new(WriteMode::Direct, CAPACITY);
    assert!(matches!(told(&disk), InventoryError::NoDataSet { .. }));
    assert!(disk.files().is_empty(), "looking makes no file");
    let disk = new_disk(WriteMode::Direct);
    let again = LocalJournal::create(&shared(&disk), &dir(), DATASET);
    assert!(matches!(again, Err(OpenError::Exists { .. })));
    let odd = DataSet { segment_bytes: 1, ..DATASET };
    let refused = LocalJournal::create(&shared(&disk), &dir(), odd);
    assert!(matches!(refused, Err(OpenError::DataSet(_))));
}

#[test]
fn one_directory_has_one_writer() {
    let disk = long();
    let (first, _) = start(&disk).unwrap();
    let error = failure(start(&disk));
    assert!(matches!(error, OpenError::Disk(DiskError::Held { .. })), "{error}");
    drop(first);
    assert!(start(&disk).is_ok());
}

#[test]
fn files_that_are_not_the_journals_are_left_alone() {
    let disk = long();
    let note = journal_dir(&dir()).join("README from the operator");
    let copy = journal_dir(&dir()).join("0000000002.seg.copy");
    let unfinished = journal_dir(&dir()).join("0000000009.tmp");
    for path in [&note, &copy, &unfinished] {
        disk.put_file(path, b"whatever");
    }
    assert!(start(&disk).is_ok());
    assert_eq!(disk.contents(&note).unwrap(), b"whatever");
    assert_eq!(disk.contents(&copy).unwrap(), b"whatever");
    assert_eq!(disk.contents(&unfinished), None, "our own remains are cleared away");
}
