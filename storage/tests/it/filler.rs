//! Goal: the filler keeps segments ready, never runs far ahead of use, and gives way when there is
//! no room. Method: step it by hand beside a journal.

use std::io::ErrorKind;
use std::time::Duration;

use storage::disk::{Fault, OperationKind, PlannedFault, SimDisk, WriteMode};
use storage::filler::{FillStep, FillerThread};
use storage::journal::{Journal, JournalFault, LocalJournal};
use storage::limits::FILL_CHUNK_BYTES;
use storage::record::RecordWriter;

use crate::common::*;

/// A journal with segments of many chunks.
fn large() -> SimDisk {
    let disk = SimDisk::new(WriteMode::Direct, CAPACITY);
    let dataset = storage::dataset::DataSet { segment_bytes: 4 << 20, ..DATASET };
    LocalJournal::create(&shared(&disk), &dir(), dataset).unwrap();
    disk
}

#[test]
fn it_fills_the_first_at_once_and_paces_the_next_to_twice_the_use() {
    let disk = large();
    let (mut recovered, _) = start(&disk).unwrap();
    let chunks = (4 << 20) / FILL_CHUNK_BYTES;
    for _ in 1..chunks {
        assert_eq!(recovered.filler.step().unwrap(), FillStep::Wrote);
    }
    assert_eq!(recovered.journal.ready_ahead(), 0);
    assert_eq!(recovered.filler.step().unwrap(), FillStep::Ready(2));
    assert_eq!(recovered.journal.ready_ahead(), 1);
    // From here on it waits for use: one chunk ahead, then two for one.
    let mut written = 0;
    let used_before = recovered.journal.place().offset;
    let mut run = RecordWriter::default();
    while run.bytes() < 500_000 {
        run.write(KIND, 1, &[1; 5000]);
    }
    for _ in 0..4 {
        loop {
            match recovered.filler.step().unwrap() {
                FillStep::Wrote => written += FILL_CHUNK_BYTES as u64,
                FillStep::Paced => break,
                other => panic!("{other:?}"),
            }
        }
        let used = recovered.journal.place().offset - used_before;
        let most = used * 2 + 2 * FILL_CHUNK_BYTES as u64;
        assert!(written >= used * 2 && written <= most, "{written} for {used}");
        recovered.journal.append(&[run.run()], 1).unwrap();
    }
}

#[test]
fn it_stops_when_enough_are_ready_and_begins_when_one_is_taken() {
    let disk = new_disk(WriteMode::Direct);
    let (mut recovered, _) = start(&disk).unwrap();
    assert_eq!(recovered.filler.fill_one().unwrap(), FillStep::Ready(2));
    assert_eq!(recovered.filler.fill_one().unwrap(), FillStep::Ready(3));
    assert_eq!(recovered.filler.step().unwrap(), FillStep::Enough);
    while recovered.journal.place().segment == 1 {
        append(&mut recovered, &bodies(1, 2, 9000)).unwrap();
    }
    assert_eq!(recovered.filler.fill_one().unwrap(), FillStep::Ready(4));
    assert_eq!(recovered.filler.step().unwrap(), FillStep::Enough);
}

#[test]
fn before_payments_are_taken_it_fills_all_at_once() {
    let disk = large();
    let (mut recovered, _) = start(&disk).unwrap();
    assert_eq!(recovered.filler.fill_all().unwrap(), FillStep::Enough);
    assert_eq!(recovered.journal.ready_ahead(), 2);
    disk.set_capacity(13 << 20);
    while recovered.journal.place().segment == 1 {
        append(&mut recovered, &bodies(1, 4, 200_000)).unwrap();
    }
    assert_eq!(recovered.filler.fill_all().unwrap(), FillStep::NoSpace);
}

#[test]
fn a_journal_without_a_ready_segment_says_so_and_keeps_what_is_staged() {
    let disk = new_disk(WriteMode::Direct);
    let (mut recovered, _) = start(&disk).unwrap();
    let mut run = RecordWriter::default();
    run.write(KIND, 1, &[7; 40_000]);
    recovered.journal.append(&[run.run()], 1).unwrap();
    let durable = recovered.journal.durable();
    assert!(recovered.journal.stage(run.run()));
    let waiting = recovered.journal.commit(2).unwrap_err();
    assert!(matches!(waiting, JournalFault::NotReady { segment: 2 }) && !waiting.is_fatal());
    assert_eq!((recovered.journal.staged(), recovered.journal.durable()), (1, durable));
    assert!(!recovered.journal.wait_ready(Duration::ZERO));
    assert_eq!(recovered.filler.fill_one().unwrap(), FillStep::Ready(2));
    assert!(recovered.journal.wait_ready(Duration::ZERO));
    let landed = recovered.journal.commit(2).unwrap();
    assert_eq!(landed.first.sequence, durable.position.sequence + 1);
    assert_eq!(recovered.journal.place().segment, 2);
}

#[test]
fn no_room_is_no_fault_and_room_heals_it() {
    let disk = new_disk(WriteMode::Direct);
    let (mut recovered, _) = start(&disk).unwrap();
    disk.set_capacity(SEGMENT_BYTES + 4096);
    assert_eq!(recovered.filler.step().unwrap(), FillStep::NoSpace);
    disk.set_capacity(CAPACITY);
    // Room can also run out between the question and the write.
    let fault = Fault::Fails(ErrorKind::StorageFull);
    let only = Some(OperationKind::Fill);
    for at in 0..2 {
        disk.plan(vec![PlannedFault { at, only, sticky: false, fault }]);
        assert_eq!(recovered.filler.fill_one().unwrap(), FillStep::NoSpace);
    }
    assert_eq!(recovered.filler.fill_one().unwrap(), FillStep::Ready(2));
}

#[test]
fn a_filler_on_a_thread_keeps_up_and_stops() {
    let disk = new_disk(WriteMode::Direct);
    let (recovered, _) = start(&disk).unwrap();
    let mut journal = recovered.journal;
    let thread = FillerThread::spawn(recovered.filler).unwrap();
    let mut run = RecordWriter::default();
    run.write(KIND, 1, &[7; 20_000]);
    for group in 0..40 {
        assert!(journal.stage(run.run()));
        while let Err(fault) = journal.commit(group) {
            assert!(!fault.is_fatal(), "{fault}");
            assert!(journal.wait_ready(Duration::from_secs(20)), "the filler has stopped");
        }
    }
    thread.stop();
    drop(journal);
    assert_eq!(start(&disk).unwrap().1.len(), 40);
}

#[test]
fn a_filler_that_fails_ends_the_journal() {
    let disk = new_disk(WriteMode::Direct);
    let (recovered, _) = start(&disk).unwrap();
    let mut journal = recovered.journal;
    let only = Some(OperationKind::Sync);
    let fault = Fault::Fails(ErrorKind::Other);
    disk.plan(vec![PlannedFault { at: 0, only, sticky: false, fault }]);
    let thread = FillerThread::spawn(recovered.filler).unwrap();
    assert!(!journal.wait_ready(Duration::from_secs(20)), "it cannot become ready");
    let mut run = RecordWriter::default();
    run.write(KIND, 1, &[7; 40_000]);
    journal.append(&[run.run()], 1).unwrap();
    let fault = journal.append(&[run.run()], 1).unwrap_err();
    assert!(matches!(fault, JournalFault::Filler { .. }) && fault.is_fatal(), "{fault}");
    thread.stop();
    drop(journal);
    disk.plan(Vec::new());
    assert_eq!(start(&disk.after_crash(|_| true)).unwrap().1.len(), 1);
}
