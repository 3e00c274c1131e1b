//! Segments written with zeros ahead of their use, so that the journal never waits for a
//! filesystem to grow a file.
//!
//! [`Filler::step`] writes one chunk and returns; a simulation calls it by hand, an engine puts it
//! on [`FillerThread`]. A segment gets its final name only when all of it is on the disk, so the
//! journal never writes into space that was merely promised. Never touches a segment that has its
//! final name.

use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{JoinHandle, Thread};
use std::time::Duration;

use crate::aligned::AlignedBytes;
use crate::dataset::DataSet;
use crate::disk::{Disk, DiskError, DiskFile, FileUse};
use crate::limits::{
    FILL_AHEAD_MAX, FILL_CHUNK_BYTES, FILL_PACE, FILL_WAKE_BYTES, SEGMENT_HEADER_BYTES,
};
use crate::segment::{SegmentHeader, segment_path, unfinished_path};

/// How long a filler without disk space waits before it looks again.
const NO_SPACE_PAUSE: Duration = Duration::from_secs(1);

/// A segment on its way from nothing to ready.
pub(crate) struct SegmentFill {
    disk: Arc<dyn Disk>,
    journal_dir: PathBuf,
    header: SegmentHeader,
    file: Box<dyn DiskFile>,
    written: u64,
}

impl SegmentFill {
    pub(crate) fn begin(
        disk: &Arc<dyn Disk>,
        journal_dir: &Path,
        header: SegmentHeader,
    ) -> Result<SegmentFill, DiskError> {
        let file = disk.open(&unfinished_path(journal_dir, header.number), FileUse::Fill)?;
        file.allocate(header.dataset.segment_bytes)?;
        Ok(SegmentFill {
            disk: Arc::clone(disk),
            journal_dir: journal_dir.to_owned(),
            header,
            file,
            written: 0,
        })
    }

    /// Writes one chunk; true when the segment is whole, durable and has its name.
    pub(crate) fn step(&mut self, chunk: &mut AlignedBytes) -> Result<bool, DiskError> {
        let total = self.header.dataset.segment_bytes;
        let bytes = (total - self.written).min(chunk.len() as u64) as usize;
        let piece = &mut chunk[..bytes];
        if self.written == 0 {
            piece[..SEGMENT_HEADER_BYTES].copy_from_slice(&self.header.to_block());
        }
        let wrote = self.file.write_fill(piece, self.written);
        if self.written == 0 {
            piece[..SEGMENT_HEADER_BYTES].fill(0);
        }
        wrote?;
        self.written += bytes as u64;
        if self.written < total {
            return Ok(false);
        }
        self.file.sync()?;
        let number = self.header.number;
        let ready = segment_path(&self.journal_dir, number);
        self.disk.rename(&unfinished_path(&self.journal_dir, number), &ready)?;
        #[cfg(feature = "planted-bugs")]
        if domain::planted::is(domain::planted::Bug::NoDirectorySync) {
            return Ok(true);
        }
        self.disk.sync_dir(&self.journal_dir)?;
        Ok(true)
    }

    fn abandon(self) {
        let SegmentFill { disk, journal_dir, header, file, .. } = self;
        drop(file);
        // What stays behind is emptied when the segment is begun again.
        let _ = disk.remove(&unfinished_path(&journal_dir, header.number));
    }
}

/// Fills one segment from begin to end.
pub(crate) fn fill_whole(
    disk: &Arc<dyn Disk>,
    journal_dir: &Path,
    header: SegmentHeader,
) -> Result<(), DiskError> {
    let mut chunk = AlignedBytes::new(FILL_CHUNK_BYTES);
    let mut fill = SegmentFill::begin(disk, journal_dir, header)?;
    while !fill.step(&mut chunk)? {}
    Ok(())
}

/// What the journal and its filler know of each other.
#[derive(Default)]
pub(crate) struct Supply {
    /// The highest segment that is ready.
    ready_through: AtomicU64,
    /// The segment the journal writes to.
    current: AtomicU64,
    /// Journal bytes used since the start.
    used: AtomicU64,
    /// The `used` at which a waiting filler wants to be woken.
    wake_at: AtomicU64,
    state: Mutex<SupplyState>,
    changed: Condvar,
}

#[derive(Default)]
struct SupplyState {
    thread: Option<Thread>,
    fault: Option<String>,
    stop: bool,
}

impl Supply {
    pub(crate) fn new(current: u64, ready_through: u64) -> Supply {
        let supply = Supply::default();
        supply.current.store(current, SeqCst);
        supply.ready_through.store(ready_through, SeqCst);
        supply.wake_at.store(u64::MAX, SeqCst);
        supply
    }

    fn state(&self) -> MutexGuard<'_, SupplyState> {
        // The state is three plain values; a panic elsewhere leaves none of them half set.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn is_ready(&self, segment: u64) -> bool {
        self.ready_through.load(SeqCst) >= segment
    }

    pub(crate) fn ready_ahead(&self) -> u64 {
        self.ready_through.load(SeqCst).saturating_sub(self.current.load(SeqCst))
    }

    pub(crate) fn fault(&self) -> Option<String> {
        self.state().fault.clone()
    }

    pub(crate) fn note_used(&self, bytes: u64) {
        let used = self.used.fetch_add(bytes, SeqCst) + bytes;
        if used >= self.wake_at.load(SeqCst) {
            self.wake_at.store(u64::MAX, SeqCst);
            self.wake();
        }
    }

    pub(crate) fn note_current(&self, segment: u64) {
        self.current.store(segment, SeqCst);
        self.wake();
    }

    /// Waits until a segment is ready, the filler failed, or the time is up; true when ready.
    pub(crate) fn wait_ready(&self, segment: u64, timeout: Duration) -> bool {
        let waiting = |state: &mut SupplyState| state.fault.is_none() && !self.is_ready(segment);
        let guard = self.state();
        let waited = self.changed.wait_timeout_while(guard, timeout, waiting);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
        self.is_ready(segment)
    }

    fn wake(&self) {
        if let Some(thread) = &self.state().thread {
            thread.unpark();
        }
    }

    fn fail(&self, what: String) {
        self.state().fault = Some(what);
        self.changed.notify_all();
    }

    fn announce(&self, segment: u64) {
        let guard = self.state();
        self.ready_through.store(segment, SeqCst);
        drop(guard);
        self.changed.notify_all();
    }
}

/// What one step of the filler did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FillStep {
    /// One chunk was written; there is more to do now.
    Wrote,
    /// A segment became ready.
    Ready(u64),
    /// Enough segments are ready.
    Enough,
    /// The filler is as far ahead of the journal's use as it may be.
    Paced,
    /// The disk has no room for another segment.
    NoSpace,
}

/// Keeps segments ready ahead of the journal, a chunk at a time.
pub struct Filler {
    disk: Arc<dyn Disk>,
    journal_dir: PathBuf,
    dataset: DataSet,
    ahead: u64,
    supply: Arc<Supply>,
    chunk: AlignedBytes,
    filling: Option<SegmentFill>,
    used_at_begin: u64,
}

impl Filler {
    pub(crate) fn new(
        disk: Arc<dyn Disk>,
        journal_dir: PathBuf,
        dataset: DataSet,
        ahead: u32,
        supply: Arc<Supply>,
    ) -> Filler {
        let ahead = u64::from(ahead.clamp(1, FILL_AHEAD_MAX));
        let chunk = AlignedBytes::new(FILL_CHUNK_BYTES);
        Filler { disk, journal_dir, dataset, ahead, supply, chunk, filling: None, used_at_begin: 0 }
    }

    /// Writes at most one chunk.
    ///
    /// # Errors
    /// When the disk failed by anything but lack of room. The filler must then not be used
    /// again, and the journal must end: what the disk did is unknown.
    pub fn step(&mut self) -> Result<FillStep, DiskError> {
        self.advance(true)
    }

    /// Steps without pace until enough segments are ready or the disk has no room: for the time
    /// before payments are taken, when nobody is disturbed.
    ///
    /// # Errors
    /// As [`Filler::step`].
    pub fn fill_all(&mut self) -> Result<FillStep, DiskError> {
        loop {
            match self.advance(false)? {
                FillStep::Wrote | FillStep::Ready(_) => {}
                end => return Ok(end),
            }
        }
    }

    fn advance(&mut self, paced: bool) -> Result<FillStep, DiskError> {
        let ready = self.supply.ready_through.load(SeqCst);
        let current = self.supply.current.load(SeqCst);
        let used = self.supply.used.load(SeqCst);
        let number = ready + 1;
        let mut fill = match self.filling.take() {
            Some(fill) => fill,
            None if ready >= current + self.ahead => return Ok(FillStep::Enough),
            None => {
                if self.disk.free_bytes(&self.journal_dir)? < self.dataset.segment_bytes {
                    return Ok(FillStep::NoSpace);
                }
                self.used_at_begin = used;
                let header = SegmentHeader { dataset: self.dataset, number };
                match SegmentFill::begin(&self.disk, &self.journal_dir, header) {
                    Ok(fill) => fill,
                    Err(error) if error.is_no_space() => return Ok(FillStep::NoSpace),
                    Err(error) => return Err(error),
                }
            }
        };
        let used = used - self.used_at_begin;
        let allowed = used.saturating_mul(FILL_PACE).saturating_add(FILL_CHUNK_BYTES as u64);
        let none_ahead = ready <= current;
        if paced && !none_ahead && fill.written >= allowed {
            self.filling = Some(fill);
            return Ok(FillStep::Paced);
        }
        match fill.step(&mut self.chunk) {
            Ok(true) => {
                self.supply.announce(number);
                Ok(FillStep::Ready(number))
            }
            Ok(false) => {
                self.filling = Some(fill);
                Ok(FillStep::Wrote)
            }
            Err(error) if error.is_no_space() => {
                fill.abandon();
                Ok(FillStep::NoSpace)
            }
            Err(error) => Err(error),
        }
    }

    /// Steps until a segment is ready, or the filler waits for something: for use, for room, or
    /// because enough are ready.
    ///
    /// # Errors
    /// As [`Filler::step`].
    pub fn fill_one(&mut self) -> Result<FillStep, DiskError> {
        loop {
            match self.step()? {
                FillStep::Wrote => {}
                end => return Ok(end),
            }
        }
    }
}

/// The filler on a thread of its own. It sleeps unless a segment is wanted.
pub struct FillerThread {
    supply: Arc<Supply>,
    handle: Option<JoinHandle<()>>,
}

impl FillerThread {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn spawn(mut filler: Filler) -> std::io::Result<FillerThread> {
        let supply = Arc::clone(&filler.supply);
        let handle = std::thread::Builder::new().name("filler".to_owned()).spawn(move || {
            let ended = std::panic::catch_unwind(AssertUnwindSafe(|| run(&mut filler)));
            if ended.is_err() {
                // Nothing of the filler is used again; the journal must not wait for it.
                filler.supply.fail("the filler panicked".to_owned());
            }
        })?;
        Ok(FillerThread { supply, handle: Some(handle) })
    }

    /// Stops the thread and waits for it. A segment it had begun is begun again at the next
    /// start.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        let Some(handle) = self.handle.take() else {
            return;
        };
        self.supply.state().stop = true;
        handle.thread().unpark();
        if handle.join().is_err() {
            tracing::error!("the filler thread did not end in good order");
        }
    }
}

impl Drop for FillerThread {
    fn drop(&mut self) {
        self.end();
    }
}

fn run(filler: &mut Filler) {
    let supply = Arc::clone(&filler.supply);
    supply.state().thread = Some(std::thread::current());
    loop {
        if supply.state().stop {
            return;
        }
        match filler.step() {
            Ok(FillStep::Wrote | FillStep::Ready(_)) => {}
            Ok(FillStep::Enough) => std::thread::park(),
            Ok(FillStep::Paced) => {
                let wake_at = supply.used.load(SeqCst) + FILL_WAKE_BYTES;
                supply.wake_at.store(wake_at, SeqCst);
                // The journal may have used that much before it could see the mark.
                if supply.used.load(SeqCst) < wake_at {
                    std::thread::park();
                }
            }
            Ok(FillStep::NoSpace) => std::thread::park_timeout(NO_SPACE_PAUSE),
            Err(error) => {
                tracing::error!(%error, "the filler ends; the journal ends with its next group");
                supply.fail(error.to_string());
                return;
            }
        }
    }
}
