//! A small journal on a simulated disk, and the questions every test asks of it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use storage::dataset::{DataSet, Environment};
use storage::disk::{Disk, SimDisk, WriteMode};
use storage::filler::FillStep;
use storage::group::GroupHeader;
use storage::journal::{Journal, JournalFault, Landed, LocalJournal};
use storage::position::{Cursor, Position};
use storage::record::RecordWriter;
use storage::recovery::{OpenError, OpenOptions, Recovered};
use storage::segment::{journal_dir, segment_path};

pub(crate) const SEGMENT_BYTES: u64 = 64 * 1024;
pub(crate) const CAPACITY: u64 = 64 << 20;
pub(crate) const KIND: u16 = 16;

pub(crate) const DATASET: DataSet = DataSet {
    id: 0x7a57_0000_0000_0001,
    environment: Environment::Test,
    hash_key: *b"a key for tests.",
    segment_bytes: SEGMENT_BYTES,
};

pub(crate) fn dir() -> PathBuf {
    PathBuf::from("/data")
}

pub(crate) fn segment(number: u64) -> PathBuf {
    segment_path(&journal_dir(&dir()), number)
}

pub(crate) fn shared(disk: &SimDisk) -> Arc<dyn Disk> {
    Arc::new(disk.clone())
}

pub(crate) fn knows(kind: u16, version: u16) -> bool {
    kind == KIND && version == 1
}

pub(crate) fn options() -> OpenOptions<'static> {
    OpenOptions::new("storage tests", 1_000, &knows)
}

/// A new disk with an empty journal.
pub(crate) fn new_disk(mode: WriteMode) -> SimDisk {
    let disk = SimDisk::new(mode, CAPACITY);
    LocalJournal::create(&shared(&disk), &dir(), DATASET).unwrap();
    disk
}

/// A record as a start saw it.
pub(crate) type Seen = (Position, Vec<u8>);

/// A start that remembers the records it saw.
pub(crate) fn start_with(
    disk: &SimDisk,
    options: &OpenOptions<'_>,
) -> Result<(Recovered, Vec<Seen>), OpenError> {
    let mut seen = Vec::new();
    let recovered = LocalJournal::open(&shared(disk), &dir(), options, &mut |group| {
        for record in group.records.filter(|record| record.kind == KIND) {
            seen.push((record.position, record.body.to_vec()));
        }
        Ok(())
    })?;
    Ok((recovered, seen))
}

pub(crate) fn start(disk: &SimDisk) -> Result<(Recovered, Vec<Seen>), OpenError> {
    start_with(disk, &options())
}

/// Appends one group of such bodies, with the filler's help.
pub(crate) fn append(
    recovered: &mut Recovered,
    bodies: &[Vec<u8>],
) -> Result<Landed, JournalFault> {
    let mut run = RecordWriter::default();
    for body in bodies {
        run.write(KIND, 1, body);
    }
    loop {
        match recovered.journal.append(&[run.run()], 2_000) {
            Err(JournalFault::NotReady { segment }) => match recovered.filler.fill_one() {
                Ok(FillStep::NoSpace) => return Err(JournalFault::NotReady { segment }),
                Ok(_) => {}
                Err(error) => return Err(error.into()),
            },
            done => return done,
        }
    }
}

/// Bodies that differ in every group: `records` of `bytes` each.
pub(crate) fn bodies(group: u64, records: usize, bytes: usize) -> Vec<Vec<u8>> {
    let byte = |record: usize, at: usize| (group as usize * 31 + record * 7 + at) as u8 | 1;
    (0..records).map(|r| (0..bytes).map(|at| byte(r, at)).collect()).collect()
}

/// A journal with `groups` groups of three records, never closed, and their headers in order
/// (this start's `Opened` first).
pub(crate) fn written(groups: u64, bytes: usize) -> (SimDisk, Vec<GroupHeader>) {
    let disk = new_disk(WriteMode::Direct);
    let (mut recovered, _) = start(&disk).unwrap();
    for group in 0..groups {
        append(&mut recovered, &bodies(group, 3, bytes)).unwrap();
    }
    drop(recovered);
    let headers = headers(&disk);
    assert_eq!(headers.len() as u64, groups + 1);
    (disk, headers)
}

/// The headers of all groups of a sound journal.
pub(crate) fn headers(disk: &SimDisk) -> Vec<GroupHeader> {
    let mut reader = storage::reader::JournalReader::open(
        shared(disk),
        &dir(),
        storage::reader::ReadFrom::Start,
    )
    .unwrap();
    let mut headers = Vec::new();
    while let Some(group) = reader.next(Position::END).unwrap() {
        headers.push(group.header);
    }
    headers
}

/// The cursor of each group of a sound journal.
pub(crate) fn cursors(disk: &SimDisk) -> Vec<Cursor> {
    let mut reader = storage::reader::JournalReader::open(
        shared(disk),
        &dir(),
        storage::reader::ReadFrom::Start,
    )
    .unwrap();
    let mut cursors = Vec::new();
    while let Some(group) = reader.next(Position::END).unwrap() {
        cursors.push(group.cursor());
    }
    cursors
}

/// All files and what is in them.
pub(crate) fn snapshot(disk: &SimDisk) -> Vec<(PathBuf, Vec<u8>)> {
    let files = disk.files();
    files.into_iter().map(|path| (path.clone(), disk.contents(&path).unwrap())).collect()
}

/// Replaces some bytes of a segment for good.
pub(crate) fn overwrite(disk: &SimDisk, path: &Path, offset: u64, bytes: &[u8]) {
    let mut contents = disk.contents(path).unwrap();
    contents[offset as usize..offset as usize + bytes.len()].copy_from_slice(bytes);
    disk.put_file(path, &contents);
}

pub(crate) fn is_damage(outcome: &Result<(Recovered, Vec<Seen>), OpenError>) -> bool {
    matches!(outcome, Err(OpenError::Damage(_)))
}

/// The error of a start that must fail.
pub(crate) fn failure(outcome: Result<(Recovered, Vec<Seen>), OpenError>) -> OpenError {
    match outcome {
        Ok(_) => panic!("this start must not succeed"),
        Err(error) => error,
    }
}
