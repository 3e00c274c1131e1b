//! One who works quietly while others do what they should not: reserves fen after fen on a quota of
//! his own, holds every answer against his own sum, and asks how the quota stands now and then.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;

use domain::ids::QuotaId;
use domain::{Code, Fen, Role};
use protocol::Value;
use protocol::lookup::{Answer, LookUp};

use super::desk::Desk;
use super::orders;
use super::wait_for;

/// What the bystander's quota holds.
pub(crate) const HIS_FEN: i64 = 1_000_000_000;

/// Reservations between two looks at the quota.
const LOOKS_EVERY: u64 = 16;

/// A connection that must go on whatever happens beside it.
pub(crate) struct Bystander {
    thread: Option<JoinHandle<()>>,
    leave: Arc<AtomicBool>,
    answered: Arc<AtomicU64>,
}

impl Bystander {
    /// Begins on a quota of [`HIS_FEN`] that nobody else uses.
    pub(crate) fn beside(address: SocketAddr, quota: QuotaId) -> Bystander {
        let mut desk = Desk::connect(address, Role::Maker);
        let (leave, answered) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let (told, count) = (Arc::clone(&leave), Arc::clone(&answered));
        let thread = std::thread::spawn(move || {
            while !told.load(Ordering::SeqCst) {
                let done = count.load(Ordering::SeqCst);
                work(&mut desk, quota, done);
                count.store(done + 1, Ordering::SeqCst);
            }
        });
        Bystander { thread: Some(thread), leave, answered }
    }

    /// Waits until so many more answers have come, each of them right.
    pub(crate) fn must_go_on(&self, more: u64) {
        let before = self.answered.load(Ordering::SeqCst);
        wait_for("the bystander's answers", || {
            let thread = self.thread.as_ref().expect("it has not left");
            assert!(!thread.is_finished(), "the bystander was disturbed");
            (self.answered.load(Ordering::SeqCst) >= before + more).then_some(())
        });
    }

    /// Ends, and gives how many reservations were made.
    pub(crate) fn leave(mut self) -> u64 {
        self.leave.store(true, Ordering::SeqCst);
        let thread = self.thread.take().expect("it has not left");
        thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        self.answered.load(Ordering::SeqCst)
    }
}

impl Drop for Bystander {
    fn drop(&mut self) {
        // A test that failed leaves nobody behind who keeps asking.
        self.leave.store(true, Ordering::SeqCst);
    }
}

fn work(desk: &mut Desk, quota: QuotaId, done: u64) {
    let id = (0xb157_u128 << 100) | u128::from(done);
    let told = desk.one(&orders::reserve(id, quota, 1));
    let left = HIS_FEN - done as i64 - 1;
    assert_eq!((told.code(), told.result.repeat), (Code::Accepted, false), "{told:?}");
    assert_eq!(told.result.value, Value::Available(Fen::new(left)), "{told:?}");
    if done.is_multiple_of(LOOKS_EVERY) {
        let Answer::Quota(view) = desk.ask(LookUp::Quota(quota)) else { panic!("no quota") };
        assert_eq!(view.buckets.available(), left);
    }
}
