//! One who works quietly while others do what they should not: reserves fen after fen on a quota of
//! his own, holds every answer against his own sum, and asks how the quota stands now and then.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use domain::ids::QuotaId;
use domain::{Code, Fen, Role};
use protocol::lookup::{Answer, LookUp};
use protocol::{Flags, Value};

use super::desk::{Desk, Lost};
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
    turned_away: Arc<AtomicU64>,
}

impl Bystander {
    /// Begins on a quota of [`HIS_FEN`] that nobody else uses. Nothing of his is ever turned away.
    pub(crate) fn beside(address: SocketAddr, quota: QuotaId) -> Bystander {
        Bystander::begin(address, quota, 0)
    }

    /// The same beside those who ask for more than a shard takes: what hears `Busy` he sends again
    /// under its id, as every client does.
    pub(crate) fn patient(address: SocketAddr, quota: QuotaId) -> Bystander {
        Bystander::begin(address, quota, u64::MAX)
    }

    fn begin(address: SocketAddr, quota: QuotaId, busy_max: u64) -> Bystander {
        let desk = Desk::connect(address, Role::Maker);
        let turned_away = Arc::new(AtomicU64::new(0));
        let mut his = His { desk, quota, busy_max, turned_away: Arc::clone(&turned_away) };
        let (leave, answered) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let (told, count) = (Arc::clone(&leave), Arc::clone(&answered));
        let thread = std::thread::spawn(move || {
            while !told.load(Ordering::SeqCst) {
                let done = count.load(Ordering::SeqCst);
                his.work(done);
                count.store(done + 1, Ordering::SeqCst);
            }
        });
        Bystander { thread: Some(thread), leave, answered, turned_away }
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

    /// How often he heard `Busy` so far.
    pub(crate) fn turned_away(&self) -> u64 {
        self.turned_away.load(Ordering::SeqCst)
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

/// His desk, and what he does at it.
struct His {
    desk: Desk,
    quota: QuotaId,
    /// How often he hears `Busy` and is not disturbed.
    busy_max: u64,
    turned_away: Arc<AtomicU64>,
}

impl His {
    fn work(&mut self, done: u64) {
        let id = (0xb157_u128 << 100) | u128::from(done);
        let reserve = orders::reserve(id, self.quota, 1);
        let told = self.until_admitted(|desk| desk.try_give(&[(reserve, Flags::default())]))[0];
        let left = HIS_FEN - done as i64 - 1;
        assert_eq!((told.code(), told.result.repeat), (Code::Accepted, false), "{told:?}");
        assert_eq!(told.result.value, Value::Available(Fen::new(left)), "{told:?}");
        if done.is_multiple_of(LOOKS_EVERY) {
            let asked = [LookUp::Quota(self.quota)];
            let mut answers = self.until_admitted(|desk| desk.try_ask(&asked));
            let Some(Answer::Quota(view)) = answers.pop() else { panic!("no quota") };
            assert_eq!(view.buckets.available(), left);
        }
    }

    fn until_admitted<T>(&mut self, give: impl Fn(&mut Desk) -> Result<T, Lost>) -> T {
        loop {
            let busy = match give(&mut self.desk) {
                Ok(told) => return told,
                Err(Lost::Said(busy)) if busy.code == Code::Busy => busy,
                Err(lost) => panic!("no answer: {lost:?}"),
            };
            let times = self.turned_away.fetch_add(1, Ordering::SeqCst) + 1;
            assert!(times <= self.busy_max, "turned away: {busy}");
            std::thread::sleep(Duration::from_millis(u64::from(busy.retry_after_ms)));
        }
    }
}
