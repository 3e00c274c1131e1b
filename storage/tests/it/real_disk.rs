//! Goal: the real disk keeps what the simulated one promises, as far as one can see without
//! pulling the plug. Method: the same small journals in a temporary directory, both write modes.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use storage::dataset::DataSet;
use storage::disk::{Disk, DiskError, FileUse, RealDisk, WriteMode};
use storage::filler::FillStep;
use storage::inventory::InventoryError;
use storage::journal::{Journal, JournalFault, LocalJournal};
use storage::record::RecordWriter;
use storage::recovery::{OpenError, Recovered};

use crate::common::{DATASET, KIND, options};

/// Lists that are taken while a file changes its name.
const LISTS: usize = 5_000;

fn open(disk: &Arc<dyn Disk>, dir: &Path) -> Result<(Recovered, Vec<Vec<u8>>), OpenError> {
    let mut seen = Vec::new();
    let recovered = LocalJournal::open(disk, dir, &options(), &mut |group| {
        seen.extend(group.records.filter(|r| r.kind == KIND).map(|r| r.body.to_vec()));
        Ok(())
    })?;
    Ok((recovered, seen))
}

fn disks(dir: &Path) -> [Arc<dyn Disk>; 2] {
    [Arc::new(RealDisk::probe(dir).unwrap()), Arc::new(RealDisk::buffered())]
}

#[test]
fn a_journal_goes_on_over_starts_and_segments_in_both_modes() {
    let temporary = tempfile::tempdir().unwrap();
    for (index, disk) in disks(temporary.path()).iter().enumerate() {
        let dir = temporary.path().join(format!("deep/data-{index}"));
        LocalJournal::create(disk, &dir, DATASET).unwrap();
        let mut expected = Vec::new();
        for life in 0..4_u8 {
            let (mut recovered, seen) = open(disk, &dir).unwrap();
            assert_eq!(seen, expected);
            assert_eq!(recovered.epoch, u32::from(life) + 1);
            for group in 0..6_u8 {
                let body = vec![life * 10 + group; 9000];
                let mut run = RecordWriter::default();
                run.write(KIND, 1, &body);
                loop {
                    match recovered.journal.append(&[run.run()], 1) {
                        Ok(_) => break,
                        Err(JournalFault::NotReady { .. }) => {
                            let filled = recovered.filler.fill_one().unwrap();
                            assert!(matches!(filled, FillStep::Ready(_)));
                        }
                        Err(fault) => panic!("{fault}"),
                    }
                }
                expected.push(body);
            }
            let report = storage::verify::verify(disk, &dir).unwrap();
            assert_eq!((report.damaged, report.torn), (0, None), "read beside the writer");
        }
        assert_eq!(open(disk, &dir).unwrap().1, expected);
    }
}

#[test]
fn two_writers_on_one_directory() {
    let temporary = tempfile::tempdir().unwrap();
    let [disk, _] = disks(temporary.path());
    let dir = temporary.path().join("data");
    LocalJournal::create(&disk, &dir, DATASET).unwrap();
    let (first, _) = open(&disk, &dir).unwrap();
    let Err(OpenError::Disk(held)) = open(&disk, &dir) else { panic!("two writers") };
    assert!(matches!(held, DiskError::Held { .. }));
    assert!(held.to_string().contains(&std::process::id().to_string()), "{held}");
    // The file says who it is; the lock is the directory's.
    std::fs::remove_file(dir.join("owner")).unwrap();
    let Err(OpenError::Disk(held)) = open(&disk, &dir) else { panic!("two writers") };
    assert!(matches!(held, DiskError::Held { .. }));
    drop(first);
    assert!(open(&disk, &dir).is_ok());
}

#[test]
fn a_tool_looks_and_makes_nothing() {
    let temporary = tempfile::tempdir().unwrap();
    let disk: Arc<dyn Disk> = Arc::new(RealDisk::read_only());
    let dir = temporary.path().join("not there");
    let error = storage::verify::verify(&disk, &dir).unwrap_err();
    assert!(matches!(error, InventoryError::NoDataSet { .. }), "{error}");
    let Err(OpenError::Inventory(_)) = open(&disk, &dir) else { panic!("opened nothing") };
    assert!(!dir.exists());
}

#[test]
fn small_files_are_replaced_whole() {
    let temporary = tempfile::tempdir().unwrap();
    let disk = RealDisk::probe(temporary.path()).unwrap();
    let path = temporary.path().join("note");
    assert_eq!(disk.read_small(&path).unwrap(), None);
    for text in ["first", "a longer second", ""] {
        disk.write_small(&path, text.as_bytes()).unwrap();
        assert_eq!(disk.read_small(&path).unwrap().unwrap(), text.as_bytes());
    }
    std::fs::write(&path, vec![0; 70_000]).unwrap();
    assert!(disk.read_small(&path).is_err());
    assert_eq!(disk.list(temporary.path()).unwrap().len(), 1, "no probe or temporary is left");
    assert!(disk.free_bytes(temporary.path()).unwrap() > 0);
}

#[test]
fn errors_name_the_file_and_the_next_step() {
    let temporary = tempfile::tempdir().unwrap();
    let disk = RealDisk::buffered();
    let path = temporary.path().join("missing.seg");
    let error = match disk.open(&path, FileUse::Journal) {
        Ok(_) => panic!("there is no such file"),
        Err(error) => error,
    };
    assert!(error.is_not_found() && !error.is_no_space());
    let text = error.to_string();
    assert!(text.contains("missing.seg") && text.contains("check the path"), "{text}");
    std::fs::write(&path, [0; 100]).unwrap();
    let file = disk.open(&path, FileUse::Read).unwrap();
    let short = file.read_at(&mut [0; 200], 0).unwrap_err().to_string();
    assert!(short.contains("treasury verify"), "{short}");
}

#[test]
fn the_mode_is_what_the_filesystem_can() {
    let temporary = tempfile::tempdir().unwrap();
    let disk = RealDisk::probe(temporary.path()).unwrap();
    let mode = Disk::mode(&disk);
    assert!(matches!(mode, WriteMode::Direct | WriteMode::Buffered));
    assert_eq!(Disk::mode(&RealDisk::buffered()), WriteMode::Buffered);
    assert!(!mode.to_string().is_empty());
    let large = DataSet { segment_bytes: 1 << 62, ..DATASET };
    let disk: Arc<dyn Disk> = Arc::new(disk);
    assert!(LocalJournal::create(&disk, &temporary.path().join("x"), large).is_err());
}

#[test]
fn a_file_that_gets_its_name_while_a_directory_is_listed_disturbs_no_list() {
    // The filler gives a segment its name while a subscriber takes stock of the journal.
    let temporary = tempfile::tempdir().unwrap();
    let (begun, ready) = (temporary.path().join("2.new"), temporary.path().join("2.seg"));
    std::fs::write(temporary.path().join("1.seg"), [1]).unwrap();
    std::fs::write(&begun, [2, 2]).unwrap();
    let listing = AtomicBool::new(true);
    std::thread::scope(|scope| {
        let renamer = scope.spawn(|| {
            let disk = RealDisk::buffered();
            while listing.load(Ordering::Acquire) {
                disk.rename(&begun, &ready).unwrap();
                disk.rename(&ready, &begun).unwrap();
            }
        });
        let disk = RealDisk::buffered();
        let bad = (0..LISTS).map(|_| disk.list(temporary.path())).find(|listed| {
            !matches!(listed, Ok(listed) if listed.iter().any(|file| file.name == "1.seg" && file.bytes == 1))
        });
        listing.store(false, Ordering::Release);
        renamer.join().unwrap();
        assert!(bad.is_none(), "{bad:?}");
    });
}
