//! A party's journal, made or found, and its node folded from it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use domain::voucher::Party;
use storage::dataset::{DataSet, Environment};
use storage::disk::{Disk, RealDisk};
use storage::filler::FillerThread;
use storage::journal::LocalJournal;
use storage::recovery::{OpenError, OpenOptions};
use thiserror::Error;

use crate::business::Business;
use crate::limits::PARTY_SEGMENT_BYTES;
use crate::node::{Folding, JournalLog, Means, Payloads};
use crate::record::turn::NotATurn;
use crate::record::{KIND_FIRST, KIND_LAST, RECORD_VERSION, Stranger};
use crate::signing::{Ed25519Verifier, PublicKey};
use crate::store::LanePolicy;

use super::RunningNode;
use super::identity::Identity;

/// What a party's journal is made with, the first time.
#[derive(Clone, Copy, Debug)]
pub struct NewJournal {
    /// Its name for ever, drawn at random.
    pub id: u128,
    /// Its hash key, drawn at random.
    pub hash_key: [u8; 16],
}

/// Why a party cannot be opened.
#[derive(Debug, Error)]
pub enum OpeningError {
    /// Its journal.
    #[error(transparent)]
    Journal(#[from] OpenError),
    /// Another party's journal, or one of another province.
    #[error("{dir}: {stranger}")]
    Stranger {
        /// Where the journal is.
        dir: PathBuf,
        /// Why it is not this party's.
        stranger: Box<Stranger>,
    },
    /// Its disk.
    #[error(transparent)]
    Disk(#[from] storage::disk::DiskError),
    /// The system gives no thread.
    #[error("the system gives no thread to fill segments: {0}")]
    Thread(#[from] std::io::Error),
}

/// A party that was opened.
pub struct Opened<B: Business> {
    /// Its node.
    pub node: RunningNode<B>,
    /// Which start this is.
    pub epoch: u32,
    /// Records that were folded.
    pub records: u64,
    /// Whether a process before ended in good order.
    pub closed_before: bool,
}

/// A party's journal, and what was folded from it.
pub struct Folded<B: Business> {
    /// Store and business.
    pub folding: Folding<B>,
    /// The journal behind what was folded.
    pub log: JournalLog,
    /// Which start this is.
    pub epoch: u32,
    /// Records that were folded.
    pub records: u64,
    /// Whether a process before ended in good order.
    pub closed_before: bool,
}

/// Opens a party's journal in a directory, made if there is none, and folds its node.
///
/// # Errors
/// When the journal cannot be made, read or written.
pub fn open<B: Business>(
    dir: &Path,
    me: Party,
    identity: &Identity,
    new: NewJournal,
    business: B,
    payloads: Box<dyn Payloads>,
    time_ms: u64,
) -> Result<Opened<B>, OpeningError> {
    let Folded { folding, log, epoch, records, closed_before } =
        fold(dir, me, &identity.root, new, business, time_ms)?;
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let means = Means {
        payloads,
        keys: identity.keys.clone(),
        verifier: Box::new(Ed25519Verifier::on_threads(threads)),
        lanes: LanePolicy::default(),
        threads,
    };
    Ok(Opened { node: folding.onto(log, means), epoch, records, closed_before })
}

/// Opens a party's journal in a directory, made if there is none, and folds it.
///
/// # Errors
/// When the journal cannot be made, read or written.
pub fn fold<B: Business>(
    dir: &Path,
    me: Party,
    root: &PublicKey,
    new: NewJournal,
    business: B,
    time_ms: u64,
) -> Result<Folded<B>, OpeningError> {
    let disk: Arc<dyn Disk> = Arc::new(RealDisk::probe(dir)?);
    let dataset = DataSet {
        id: new.id,
        environment: Environment::Test,
        hash_key: new.hash_key,
        segment_bytes: PARTY_SEGMENT_BYTES,
    };
    match LocalJournal::create(&disk, dir, dataset) {
        Ok(()) | Err(OpenError::Exists { .. }) => {}
        Err(error) => return Err(error.into()),
    }
    let seed = (new.id >> 64) as u64;
    let mut folding = Folding::new(me, root.clone(), seed, business);
    let ours = KIND_FIRST..=KIND_LAST;
    let knows = |kind, version| ours.contains(&kind) && version == RECORD_VERSION;
    let options =
        OpenOptions::new(concat!("treasury ", env!("CARGO_PKG_VERSION")), time_ms, &knows);
    let mut stranger = None;
    let recovered = LocalJournal::open(&disk, dir, &options, &mut |group| {
        // With the journal's own marks: a start says that a turn which was not at its end never was.
        folding.group(group.records).map_err(|fault| {
            let told = fault.to_string();
            if let NotATurn::Stranger(found) = fault {
                stranger = Some(found);
            }
            told
        })
    });
    if let Some(stranger) = stranger {
        return Err(OpeningError::Stranger { dir: dir.to_owned(), stranger });
    }
    let recovered = recovered?;
    let (epoch, records) = (recovered.epoch, recovered.records);
    let closed_before = recovered.closed_before;
    let filler = FillerThread::spawn(recovered.filler)?;
    let log = JournalLog::with_thread(recovered.journal, filler);
    Ok(Folded { folding, log, epoch, records, closed_before })
}
