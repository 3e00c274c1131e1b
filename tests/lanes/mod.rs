//! Lanes of desks, checkers, finance, a bank and a central bank, who load a server through whatever
//! is done to it, and answer for everything it ever said.
//!
//! Each lane keeps a record of its own: what it sent, what it heard, and by plain sums what every
//! quota must hold. Shown from that record alone:
//!
//! - what was acknowledged is there for ever, under the same sequence, which is nobody else's;
//! - what was refused hears the same refusal with the same figures for ever;
//! - what was not answered is there whole or not at all, can be asked for by its id, and takes
//!   effect once when it is sent again; of what one connection sent, a beginning is there;
//! - every quota holds to the fen what the record says;
//! - no answer was ahead of the disk;
//! - at the end the server stops in good order, `treasury verify` finds nothing, and the digest
//!   of the live state is the one that replay gives, in one piece or in shares.

// Each test uses its own part of this.
#![allow(dead_code, reason = "each test uses its own part")]

mod check;
pub(crate) mod kills;
mod plan;
mod record;

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::ops::Range;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use domain::ids::QuotaId;
use domain::{Code, Command, Role};
use protocol::Flags;
use protocol::limits::HEARTBEAT_MS;

use crate::harness::desk::{CHANNEL, Desk, Lost, Told};
use crate::harness::journal::About;
use crate::harness::orders;
use crate::harness::server::{Closed, Options, Server, digest, verify};
use crate::harness::{Chance, seconds, wait_for};
use record::{Holds, Op, Payment};

/// Lanes: each has a division, quotas and five connections of its own.
const LANES: u16 = 5;

/// Quotas of a lane, beside the pair that money moves between.
const QUOTAS: u32 = 12;

/// What is issued on each quota, in fen.
const ISSUED: i64 = 50_000_000;

/// What a quota may receive in all its life, in fen. A supplement may double what there is: long runs come to it.
const RECEIVED_MAX: i64 = (1 << 53) - 1;

/// Commands in one frame, at most.
const FRAME_MAX: u64 = 60;

/// Frames that a lane's makers have on their way at once, at most.
const FRAMES_AHEAD: u64 = 5;

const ROLES: [Role; 5] = [Role::Maker, Role::Checker, Role::Finance, Role::Bank, Role::CentralBank];

/// Founds lanes, lets them work while `torment` does to the server what it does, and hears them out:
/// each must have all its answers in the end, and the journal must tell the same. `torment` gives
/// the server that is there at its end, and something to tell.
pub(crate) fn under<T>(
    options: &Options,
    chance: &mut Chance,
    torment: impl FnOnce(&Shared, &mut Chance, Server) -> (Server, T),
) -> (Vec<Lane>, T) {
    let server = options.start();
    let lanes: Vec<Lane> =
        (0..LANES).map(|index| Lane::found(server.address, index, chance.split())).collect();
    let shared = Shared::default();
    shared.announce(Some(server.address));
    let (mut server, lanes, told) = std::thread::scope(|scope| {
        let lanes: Vec<_> =
            lanes.into_iter().map(|lane| scope.spawn(|| lane.drive(&shared))).collect();
        let _alarm = Alarm(&shared);
        let (server, told) = torment(&shared, chance, server);
        // A last stretch without a fault, so that lanes end with all their answers.
        shared.wait_for_answers(500);
        shared.finish.store(true, Ordering::SeqCst);
        let lanes: Vec<Lane> = lanes
            .into_iter()
            .map(|lane| lane.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect();
        (server, lanes, told)
    });
    assert!(server.is_running(), "the server is still there");
    let closed = server.stop();
    check_end(&options.data, &closed);
    check_sequences(&options.data, &lanes);
    (lanes, told)
}

/// What lanes have been through, in numbers.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sums {
    pub(crate) commands: u64,
    pub(crate) taken: u64,
    pub(crate) refused: u64,
    pub(crate) over_quota: u64,
    pub(crate) unanswered: u64,
    pub(crate) found: u64,
    pub(crate) never_taken: u64,
    pub(crate) asked_again: u64,
}

impl Sums {
    pub(crate) fn of(lanes: &[Lane]) -> Sums {
        let mut sums = Sums::default();
        for lane in lanes {
            sums.commands += lane.ops.len() as u64;
            sums.unanswered += lane.unanswered;
            sums.found += lane.found;
            sums.never_taken += lane.never_taken;
            sums.asked_again += lane.asked_again;
            for code in lane.ops.iter().filter_map(|op| op.heard).map(|told| told.code()) {
                sums.taken += u64::from(code.is_taken());
                sums.refused += u64::from(!code.is_taken());
                sums.over_quota += u64::from(code == Code::OverQuota);
            }
        }
        sums
    }
}

/// Nothing is damaged, no invariant is broken, and replay gives what was live.
fn check_end(data: &Path, closed: &Closed) {
    let (live, last) = (&closed.digest, closed.sequence);
    let verified = verify(data);
    assert_eq!(&verified["digest"], live, "replay gives another state than the live one");
    assert_eq!(verified["position"]["sequence"], last);
    assert_eq!(verified["closed"], true, "the journal ends with `Closed`");
    assert_eq!(&digest(data, 3), live, "three shards give another state than the live one");
}

/// Every sequence that was told is of one record, which is about what it was told for.
fn check_sequences(data: &Path, lanes: &[Lane]) {
    let records = crate::harness::journal::records(data);
    let mut owners: BTreeMap<u64, (u16, usize)> = BTreeMap::new();
    for lane in lanes {
        for (at, op) in lane.ops.iter().enumerate() {
            let Some(sequence) = op.sequence else { continue };
            // A refused run is one record for all its commands.
            let owner = (lane.division, op.run.unwrap_or(at));
            let before = owners.insert(sequence, owner);
            assert!(
                before.is_none_or(|before| before == owner && op.about == About::Run),
                "sequence {sequence} was told for {before:?} and for {owner:?}"
            );
            let (position, about) = records[sequence as usize - 1];
            assert_eq!(position.sequence, sequence, "sequences are dense");
            assert_eq!(about, op.about, "at sequence {sequence}, told for {op:?}");
        }
    }
    assert!(!owners.is_empty());
}

/// Tells everybody when a thread fails, so that nobody waits for it.
struct Alarm<'a>(&'a Shared);

impl Drop for Alarm<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.failed.store(true, Ordering::SeqCst);
        }
    }
}

/// What lanes and killer share.
#[derive(Default)]
pub(crate) struct Shared {
    /// Where the server is; `None` while it is down.
    pub(crate) place: Mutex<Option<SocketAddr>>,
    /// Answers heard by all lanes.
    pub(crate) answers: AtomicU64,
    /// The highest sequence any lane has heard of.
    pub(crate) acknowledged: AtomicU64,
    pub(crate) finish: AtomicBool,
    /// A lane has failed: nobody waits for it.
    pub(crate) failed: AtomicBool,
}

impl Shared {
    pub(crate) fn announce(&self, place: Option<SocketAddr>) {
        *self.place.lock().unwrap_or_else(PoisonError::into_inner) = place;
    }

    fn place(&self) -> Option<SocketAddr> {
        assert!(!self.failed.load(Ordering::SeqCst), "another thread has failed");
        *self.place.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers heard so far. Fails where a lane has failed.
    pub(crate) fn answers(&self) -> u64 {
        assert!(!self.failed.load(Ordering::SeqCst), "another thread has failed");
        self.answers.load(Ordering::SeqCst)
    }

    /// Waits until so many more answers were heard.
    pub(crate) fn wait_for_answers(&self, more: u64) {
        let before = self.answers.load(Ordering::SeqCst);
        wait_for("answers", || {
            assert!(!self.failed.load(Ordering::SeqCst), "another thread has failed");
            (self.answers.load(Ordering::SeqCst) >= before + more).then_some(())
        });
    }
}

/// One lane: its commands are decided in the order it sends them, since nobody else touches its
/// quotas and it has one role's frames on their way at a time.
pub(crate) struct Lane {
    division: u16,
    chance: Chance,
    ids: Vec<QuotaId>,
    holds: Vec<Holds>,
    /// The quota in another division that transfers go to, and what must have arrived.
    child: QuotaId,
    arrived: i64,
    payments: Vec<Payment>,
    ops: Vec<Op>,
    /// Frames sent and not answered.
    flying: VecDeque<Range<usize>>,
    serial: u64,
    rechecked: usize,
    unanswered: u64,
    found: u64,
    never_taken: u64,
    asked_again: u64,
}

/// The connections of a lane.
struct Desks {
    all: [Desk; ROLES.len()],
    /// When all of them were last heard, by [`seconds`].
    heard: i64,
}

impl Desks {
    fn of(&mut self, role: Role) -> &mut Desk {
        self.all.iter_mut().find(|desk| desk.role == role).expect("a desk of each role")
    }

    /// Pings on every connection once a heartbeat has gone by, as a client does: some roles have
    /// nothing to do for long. Nothing may be on its way.
    fn stay(&mut self) -> Result<(), Lost> {
        let now = seconds();
        if now - self.heard >= i64::from(HEARTBEAT_MS) / 1_000 {
            self.all.iter_mut().try_for_each(Desk::try_ping)?;
            self.heard = now;
        }
        Ok(())
    }
}

impl Lane {
    fn found(address: SocketAddr, index: u16, chance: Chance) -> Lane {
        let division = index + 1;
        let ids = orders::found_with(address, division, QUOTAS + 1, ISSUED);
        let parent = ids[QUOTAS as usize];
        let elsewhere = 100 + division;
        orders::found(address, elsewhere);
        let key = orders::key(format!("下级单位{elsewhere}"));
        let creation = orders::creation(u128::from(elsewhere), elsewhere, key);
        let creation = domain::command::Create { parent, ..creation };
        let mut finance = Desk::connect(address, Role::Finance);
        let child = orders::quota_of(&mut finance, creation, 0);
        let holds = vec![Holds { received: ISSUED, issued: ISSUED, ..Holds::default() }; ids.len()];
        Lane {
            division,
            chance,
            ids,
            holds,
            child,
            arrived: 0,
            payments: Vec::new(),
            ops: Vec::new(),
            flying: VecDeque::new(),
            serial: 0,
            rechecked: 0,
            unanswered: 0,
            found: 0,
            never_taken: 0,
            asked_again: 0,
        }
    }

    /// Works until told to finish, through every death of the server.
    fn drive(mut self, shared: &Shared) -> Lane {
        let _alarm = Alarm(shared);
        loop {
            let mut desks = self.connect(shared);
            match self.work(shared, &mut desks) {
                Ok(()) => return self,
                Err(Lost::Broken) => {}
                Err(Lost::Said(message)) => panic!("turned away: {message}"),
            }
        }
    }

    fn work(&mut self, shared: &Shared, desks: &mut Desks) -> Result<(), Lost> {
        self.settle_unanswered(shared, desks)?;
        self.recheck_some(desks)?;
        self.compare_quotas(desks)?;
        while !shared.finish.load(Ordering::SeqCst) {
            desks.stay()?;
            let role = self.plan();
            for range in self.flying.clone() {
                desks.of(role).send(&self.frame(range))?;
            }
            while let Some(range) = self.flying.front().cloned() {
                // Requests of a desk are numbered from 1, and answered here in their order.
                let told = desks.of(role).next_results()?;
                self.hear(range, &told, false);
                self.flying.pop_front();
                self.count(shared, &told);
            }
        }
        self.recheck(0..self.ops.len(), desks)?;
        self.compare_payments(desks)?;
        self.compare_quotas(desks)?;
        self.await_transfers(desks)
    }

    fn count(&self, shared: &Shared, told: &[Told]) {
        let last = told.iter().map(|told| told.result.sequence).max().unwrap_or(0);
        shared.acknowledged.fetch_max(last, Ordering::SeqCst);
        shared.answers.fetch_add(told.len() as u64, Ordering::SeqCst);
    }

    fn connect(&self, shared: &Shared) -> Desks {
        wait_for("a connection for every role", || {
            let address = shared.place()?;
            let mut desks = Vec::new();
            for role in ROLES {
                match Desk::try_connect(address, role, CHANNEL) {
                    Ok(desk) => desks.push(desk),
                    Err(Lost::Broken) => return None,
                    Err(Lost::Said(message)) => panic!("not welcome: {message}"),
                }
            }
            let all = desks.try_into().ok()?;
            Some(Desks { all, heard: seconds() })
        })
    }

    fn frame(&self, range: Range<usize>) -> Vec<(Command<'static>, Flags)> {
        let flags = |op: &Op| Flags { check: false, linked: op.linked };
        self.ops[range].iter().map(|op| (op.command, flags(op))).collect()
    }
}
