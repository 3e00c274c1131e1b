//! Core time by stage: wrappers around what a node is made of, each of which notes the time of the thread that
//! called it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use domain::voucher::{Party, Voucher, VoucherKey};
use exchange::business::{Business, Effect, Verdict};
use exchange::envelope::PayloadFormat;
use exchange::node::{CanonicalPayloads, JournalLog, Log, LogFault, Payloads};
use exchange::signing::{
    Algorithm, CertificateId, Claim, Purpose, Signature, Signer, SigningError, Verifier,
};
use rustix::time::{ClockId, clock_gettime};
use storage::record::RunSlice;

/// What core time is spent on. What belongs to none is the store's: rows, envelopes, digests, records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Ed25519 signatures.
    Sealing,
    /// Ed25519 verification, in batches.
    Verifying,
    /// Groups hashed, checksummed and written.
    Journal,
    /// Letters read back from the journal to be sent.
    ReadingBack,
    /// Vouchers as canonical bytes.
    Writing,
    /// Canonical bytes as vouchers.
    Reading,
    /// The business decides.
    Deciding,
    /// The business changes.
    Applying,
}

impl Stage {
    pub(crate) const ALL: [Stage; 8] = [
        Stage::Sealing,
        Stage::Verifying,
        Stage::Journal,
        Stage::ReadingBack,
        Stage::Writing,
        Stage::Reading,
        Stage::Deciding,
        Stage::Applying,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Stage::Sealing => "sealing",
            Stage::Verifying => "verifying",
            Stage::Journal => "journal",
            Stage::ReadingBack => "reading_back",
            Stage::Writing => "writing",
            Stage::Reading => "reading",
            Stage::Deciding => "deciding",
            Stage::Applying => "applying",
        }
    }
}

static ON: AtomicBool = AtomicBool::new(false);
static NANOS: [AtomicU64; Stage::ALL.len()] = [const { AtomicU64::new(0) }; Stage::ALL.len()];

/// Stages are noted from now on. It costs a voucher some 3 µs, so that rates are taken without.
pub(crate) fn switch_on() {
    ON.store(true, Relaxed);
}

/// Core time of each stage since the last call.
pub(crate) fn taken() -> Vec<(Stage, Duration)> {
    let nanos = |stage| Duration::from_nanos(NANOS[stage as usize].swap(0, Relaxed));
    Stage::ALL.into_iter().map(|stage| (stage, nanos(stage))).collect()
}

/// What a clock says: core time of this thread or process, or time that goes by.
pub(crate) fn time_of(clock: ClockId) -> Duration {
    let now = clock_gettime(clock);
    Duration::new(now.tv_sec.unsigned_abs(), now.tv_nsec as u32)
}

fn timed<T>(stage: Stage, work: impl FnOnce() -> T) -> T {
    if !ON.load(Relaxed) {
        return work();
    }
    let begun = time_of(ClockId::ThreadCPUTime);
    let done = work();
    let took = time_of(ClockId::ThreadCPUTime) - begun;
    NANOS[stage as usize].fetch_add(took.as_nanos() as u64, Relaxed);
    done
}

/// Something a node is made of, with its time noted.
pub(crate) struct Noted<T>(pub(crate) T);

impl Signer for Noted<Arc<dyn Signer>> {
    fn algorithm(&self) -> Algorithm {
        self.0.algorithm()
    }

    fn certificate(&self) -> CertificateId {
        self.0.certificate()
    }

    fn sign(&self, purpose: Purpose, bytes: &[u8]) -> Result<Signature, SigningError> {
        timed(Stage::Sealing, || self.0.sign(purpose, bytes))
    }
}

impl<V: Verifier> Verifier for Noted<V> {
    fn verify(&self, claims: &[Claim<'_>]) -> Vec<bool> {
        timed(Stage::Verifying, || self.0.verify(claims))
    }
}

impl Payloads for Noted<CanonicalPayloads> {
    fn write(&self, to: Party, voucher: &Voucher) -> Result<(PayloadFormat, Vec<u8>), String> {
        timed(Stage::Writing, || self.0.write(to, voucher))
    }

    fn read(
        &self,
        format: PayloadFormat,
        payload: &[u8],
        original: Option<&Voucher>,
    ) -> Result<Voucher, String> {
        timed(Stage::Reading, || self.0.read(format, payload, original))
    }
}

impl Log for Noted<JournalLog> {
    fn next(&self) -> u64 {
        self.0.next()
    }

    fn group_bytes_max(&self) -> usize {
        self.0.group_bytes_max()
    }

    fn append(&mut self, group: RunSlice<'_>, time_ms: u64) -> Result<(), LogFault> {
        timed(Stage::Journal, || self.0.append(group, time_ms))
    }

    fn read(&mut self, sequence: u64) -> Result<(u16, Vec<u8>), LogFault> {
        timed(Stage::ReadingBack, || self.0.read(sequence))
    }
}

impl<B: Business> Business for Noted<B> {
    type Order = B::Order;
    type Refusal = B::Refusal;

    fn take(&self, from: Party, voucher: &Voucher) -> (Verdict, Vec<Effect>) {
        timed(Stage::Deciding, || self.0.take(from, voucher))
    }

    fn order(&self, order: &B::Order) -> Result<Vec<Effect>, B::Refusal> {
        timed(Stage::Deciding, || self.0.order(order))
    }

    fn came_back(&self, from: Party, key: VoucherKey, reason: &str) -> Vec<Effect> {
        panic!("{from} sends {key} back: {reason}")
    }

    fn apply(&mut self, record: &[u8]) {
        timed(Stage::Applying, || self.0.apply(record));
    }
}
