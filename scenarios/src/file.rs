//! A scenario kept in a file: every step with its predictions, so that a run can be repeated
//! without generating it, or looked at by another program.
//!
//! All numbers are little-endian. The file starts with a head and goes on with blocks; a block
//! is a kind (`u8`), a lane (`u32`), a length (`u64`) and that many bytes. It ends with a block
//! of kind 6 that holds XXH3-64 over everything before it. `docs/scenario.md` has the tables.

mod form;

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use thiserror::Error;
use xxhash_rust::xxh3::Xxh3;

use crate::lane::{Lane, Work};
use crate::model::tally::Tally;
use crate::plan::{Plan, Totals};
use crate::scale::Scale;
use crate::stream::{QuotaEnd, Step, Wave};
use form::Reader;

/// The first eight bytes.
const MAGIC: [u8; 8] = *b"TRSCEN04";
/// Longest name in a head.
const NAME_BYTES_MAX: usize = 200;
/// Longest block.
const BLOCK_BYTES_MAX: u64 = 1 << 30;
/// Most lanes.
const LANES_MAX: u32 = 4096;

const OPENING: u8 = 1;
const WAVE: u8 = 2;
const BARRIER: u8 = 3;
const AUDIT: u8 = 4;
const LANE_END: u8 = 5;
const END: u8 = 6;

/// Bytes before a block's contents.
const BLOCK_HEAD_BYTES: u64 = 13;

/// Why a file cannot be written or read.
#[derive(Debug, Error)]
pub enum FileError {
    /// The file system said no.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What it said.
        source: io::Error,
    },
    /// It is no scenario file, or one of another form.
    #[error("{path}: not a scenario file of this form")]
    Form {
        /// The file.
        path: PathBuf,
    },
    /// It was cut or changed.
    #[error("{path}, byte {offset}: {what}; generate the file again")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where, as a byte offset.
        offset: u64,
        /// What is wrong there.
        what: &'static str,
    },
}

/// What the head of a file says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The scenario's name.
    pub name: String,
    /// The scale.
    pub scale: Scale,
    /// The seed.
    pub seed: u64,
    /// How many lanes it has.
    pub lanes: u32,
    /// What a run adds up to.
    pub totals: Totals,
}

/// Writes a whole scenario to a file; gives its head. An existing file is replaced.
///
/// # Errors
/// What the file system says.
pub fn write(path: &Path, plan: Plan, lanes: usize) -> Result<Head, FileError> {
    let failed = |source| FileError::Io { path: path.to_owned(), source };
    let file = File::create(path).map_err(failed)?;
    stream(BufWriter::with_capacity(1 << 20, file), plan, lanes).map_err(failed)
}

/// Writes the bytes of a scenario file as they are made, from first to last; gives its head.
///
/// # Errors
/// What `out` says.
pub fn stream(out: impl Write, plan: Plan, lanes: usize) -> io::Result<Head> {
    let (name, scale, seed) = (plan.spec().name.clone(), plan.scale(), plan.seed());
    let totals = plan.totals();
    let work = Work::new(plan, lanes);
    let head = Head { name, scale, seed, lanes: work.lanes.len() as u32, totals };
    write_all(&mut Summed { out, sum: Xxh3::new() }, &head, work)?;
    Ok(head)
}

/// Bytes on their way out, summed.
struct Summed<W> {
    out: W,
    sum: Xxh3,
}

impl<W: Write> Summed<W> {
    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.sum.update(bytes);
        self.out.write_all(bytes)
    }

    fn block(&mut self, kind: u8, lane: u32, body: &[u8]) -> io::Result<()> {
        self.put(&[kind])?;
        self.put(&lane.to_le_bytes())?;
        self.put(&(body.len() as u64).to_le_bytes())?;
        self.put(body)
    }
}

fn write_all<W: Write>(out: &mut Summed<W>, head: &Head, work: Work) -> io::Result<()> {
    let mut body = Vec::new();
    form::put_head(&mut body, head);
    out.put(&MAGIC)?;
    out.put(&body)?;
    for wave in &work.opening {
        body.clear();
        form::put_wave(&mut body, wave);
        out.block(OPENING, 0, &body)?;
    }
    for mut lane in work.lanes {
        let index = lane.index() as u32;
        for step in lane.by_ref() {
            body.clear();
            let kind = match &step {
                Step::Wave(wave) => {
                    form::put_wave(&mut body, wave);
                    WAVE
                }
                Step::Barrier(barrier) => {
                    form::put_barrier(&mut body, barrier);
                    BARRIER
                }
                Step::Audit(audit) => {
                    form::put_audit(&mut body, audit);
                    AUDIT
                }
            };
            out.block(kind, index, &body)?;
        }
        body.clear();
        form::put_lane_end(&mut body, &lane.tally(), lane.parked_now(), lane.quotas());
        out.block(LANE_END, index, &body)?;
    }
    let sum = out.sum.digest();
    out.block(END, 0, &sum.to_le_bytes())?;
    out.out.flush()
}

/// An open scenario file.
#[derive(Debug)]
pub struct ScenarioFile {
    path: PathBuf,
    head: Head,
    opening: Vec<Wave>,
    /// Where each lane's blocks start.
    starts: Vec<u64>,
}

impl ScenarioFile {
    /// Opens a file and checks all of it against its sum.
    ///
    /// # Errors
    /// What the file system says, and where the file is damaged.
    pub fn open(path: &Path) -> Result<ScenarioFile, FileError> {
        let mut source = Source::open(path, 0)?;
        let head = source.head()?;
        let mut opening = Vec::new();
        let mut starts = vec![u64::MAX; head.lanes as usize];
        loop {
            let (at, sum) = (source.offset, source.sum.digest());
            let block = source.block()?;
            let damaged = |what| source.damaged(at, what);
            match block.kind {
                OPENING => opening.push(source.read(at, &block.body, Reader::wave)?),
                WAVE | BARRIER | AUDIT | LANE_END => {
                    let start = starts.get_mut(block.lane as usize);
                    let start = start.ok_or_else(|| damaged("a lane the head does not know"))?;
                    *start = at.min(*start);
                }
                END if block.body == sum.to_le_bytes() => break,
                END => return Err(damaged("the sum is not that of the contents")),
                _ => return Err(damaged("a block of unknown kind")),
            }
        }
        if starts.contains(&u64::MAX) {
            return Err(source.damaged(source.offset, "a lane is missing"));
        }
        Ok(ScenarioFile { path: path.to_owned(), head, opening, starts })
    }

    /// What its head says.
    #[must_use]
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// The waves to run before any lane.
    #[must_use]
    pub fn opening(&self) -> &[Wave] {
        &self.opening
    }

    /// One lane, read from the file step by step.
    ///
    /// # Errors
    /// What the file system says.
    ///
    /// # Panics
    /// If the head knows no such lane.
    pub fn lane(&self, index: usize) -> Result<ReadLane, FileError> {
        let source = Source::open(&self.path, self.starts[index])?;
        Ok(ReadLane { index: index as u32, source, end: None })
    }
}

/// A lane read from a file.
#[derive(Debug)]
pub struct ReadLane {
    index: u32,
    source: Source,
    end: Option<LaneEnd>,
}

/// What is known at the end of a lane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LaneEnd {
    /// What the model counted.
    pub tally: Tally,
    /// Facts that wait in suspense.
    pub parked: u64,
    /// Its quotas as they should be.
    pub quotas: Vec<QuotaEnd>,
}

impl ReadLane {
    fn next_step(&mut self) -> Result<Option<Step>, FileError> {
        if self.end.is_some() {
            return Ok(None);
        }
        let at = self.source.offset;
        let block = self.source.block()?;
        if block.lane != self.index {
            return Err(self.source.damaged(at, "a block of another lane"));
        }
        let step = match block.kind {
            WAVE => Step::Wave(self.source.read(at, &block.body, Reader::wave)?),
            BARRIER => Step::Barrier(self.source.read(at, &block.body, Reader::barrier)?),
            AUDIT => Step::Audit(self.source.read(at, &block.body, Reader::audit)?),
            LANE_END => {
                self.end = Some(self.source.read(at, &block.body, Reader::lane_end)?);
                return Ok(None);
            }
            _ => return Err(self.source.damaged(at, "a block of unknown kind")),
        };
        Ok(Some(step))
    }
}

/// A lane, generated or read: what a runner drives.
pub enum Track {
    /// Generated as it goes.
    Made(Box<Lane>),
    /// Read from a file.
    Read(Box<ReadLane>),
}

impl Track {
    /// Its number, from 0.
    #[must_use]
    pub fn index(&self) -> usize {
        match self {
            Track::Made(lane) => lane.index(),
            Track::Read(lane) => lane.index as usize,
        }
    }

    /// How many parts of days it has started, of how many; read from a file, whether it is done.
    #[must_use]
    pub fn progress(&self) -> (u64, u64) {
        match self {
            Track::Made(lane) => lane.progress(),
            Track::Read(lane) => (u64::from(lane.end.is_some()), 1),
        }
    }

    /// What should be left, once every step was taken; `None` before.
    #[must_use]
    pub fn end(&self) -> Option<LaneEnd> {
        match self {
            Track::Made(lane) => lane.is_done().then(|| LaneEnd {
                tally: lane.tally(),
                parked: lane.parked_now(),
                quotas: lane.quotas().collect(),
            }),
            Track::Read(lane) => lane.end.clone(),
        }
    }
}

impl Iterator for Track {
    type Item = Result<Step, FileError>;

    fn next(&mut self) -> Option<Result<Step, FileError>> {
        match self {
            Track::Made(lane) => lane.next().map(Ok),
            Track::Read(lane) => lane.next_step().transpose(),
        }
    }
}

/// A file being read, with the place and the sum of what was read.
#[derive(Debug)]
struct Source {
    path: PathBuf,
    file: BufReader<File>,
    offset: u64,
    sum: Box<Sum>,
}

/// The sum of what was read so far.
struct Sum(Xxh3);

impl Sum {
    fn digest(&self) -> u64 {
        self.0.digest()
    }
}

impl std::fmt::Debug for Sum {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{:016x}", self.digest())
    }
}

/// One block.
struct Block {
    kind: u8,
    lane: u32,
    body: Vec<u8>,
}

impl Source {
    fn open(path: &Path, offset: u64) -> Result<Source, FileError> {
        let failed = |source| FileError::Io { path: path.to_owned(), source };
        let mut file = BufReader::with_capacity(1 << 18, File::open(path).map_err(failed)?);
        file.seek(SeekFrom::Start(offset)).map_err(failed)?;
        let sum = Box::new(Sum(Xxh3::new()));
        Ok(Source { path: path.to_owned(), file, offset, sum })
    }

    fn damaged(&self, offset: u64, what: &'static str) -> FileError {
        FileError::Damaged { path: self.path.clone(), offset, what }
    }

    fn take(&mut self, length: u64) -> Result<Vec<u8>, FileError> {
        let mut bytes = Vec::new();
        let read = (&mut self.file).take(length).read_to_end(&mut bytes);
        read.map_err(|source| FileError::Io { path: self.path.clone(), source })?;
        if (bytes.len() as u64) < length {
            return Err(self.damaged(self.offset, "the file ends here"));
        }
        self.sum.0.update(&bytes);
        self.offset += length;
        Ok(bytes)
    }

    fn head(&mut self) -> Result<Head, FileError> {
        let magic = self.take(MAGIC.len() as u64);
        if !matches!(&magic, Ok(magic) if *magic == MAGIC) {
            return Err(FileError::Form { path: self.path.clone() });
        }
        let mut bytes = self.take(2)?;
        let length = usize::from(u16::from_le_bytes([bytes[0], bytes[1]]));
        if length > NAME_BYTES_MAX {
            return Err(self.damaged(8, "the name is longer than a name may be"));
        }
        bytes.extend(self.take((length + form::HEAD_FIXED_BYTES) as u64)?);
        let head = self.read(8, &bytes, Reader::head)?;
        if head.lanes == 0 || head.lanes > LANES_MAX {
            return Err(self.damaged(8, "the number of lanes is out of bounds"));
        }
        Ok(head)
    }

    fn block(&mut self) -> Result<Block, FileError> {
        let at = self.offset;
        let head = self.take(BLOCK_HEAD_BYTES)?;
        let mut reader = Reader::new(&head);
        let block = (|| Some((reader.u8()?, reader.u32()?, reader.u64()?)))();
        let (kind, lane, length) = block.ok_or_else(|| self.damaged(at, "no block"))?;
        if length > BLOCK_BYTES_MAX {
            return Err(self.damaged(at, "a block is longer than a block may be"));
        }
        let body = self.take(length)?;
        Ok(Block { kind, lane, body })
    }

    /// Reads a form that fills its bytes exactly.
    fn read<'b, T>(
        &self,
        at: u64,
        body: &'b [u8],
        read: impl FnOnce(&mut Reader<'b>) -> Option<T>,
    ) -> Result<T, FileError> {
        let mut reader = Reader::new(body);
        let value = read(&mut reader).filter(|_| reader.is_empty());
        value.ok_or_else(|| self.damaged(at, "contents that cannot be read"))
    }
}
