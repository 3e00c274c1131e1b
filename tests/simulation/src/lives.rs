//! How a life of the process ends and the next one begins.
//!
//! A disk's faults end a life; so does a stop of the machine, an order, or nothing at all. Then the
//! node starts over what the disk kept, and everything that was durable before is there.

use actors::clock_guard::ClockGuard;
use actors::testing::draw::Draw;
use actors::testing::world::{CONNECTIONS_MAX, World};
use domain::ids::DivisionIndex;
use storage::checkpoint::{MemoryCheckpoint, Strike};
use storage::disk::{Fault, OperationKind, PlannedFault, SimDisk, Unsynced};
use storage::filler::Filler;
use storage::journal::LocalJournal;

use crate::founding::{Begun, FOUNDED, OLD_FIRST, OLD_PAYMENTS, dataset, move_in, start_engine};
use crate::ledger::Id;
use crate::run::{Run, marks};
use crate::swarm::Kind;

/// A start that meets no fault.
pub(crate) fn begin_unharmed(
    disk: &SimDisk,
    checkpoint: &MemoryCheckpoint,
    draw: &mut Draw,
    now_ms: u64,
) -> Begun {
    let shards = 1 + draw.below(3);
    let started = start_engine(disk, checkpoint, shards, now_ms);
    let started =
        started.unwrap_or_else(|error| panic!("O10: no start, and nothing wrong: {error}"));
    move_in(disk, started, now_ms).unwrap_or_else(|error| panic!("O6: {error:?}"))
}

/// The network in front of a house.
pub(crate) fn front(begun: Begun) -> (World, Filler) {
    let Begun { house, metrics, durable, filler, .. } = begun;
    (World::with(house, metrics, durable, CONNECTIONS_MAX), filler)
}

impl Run<'_> {
    /// Ids of the first treasury: they were asked for before the run.
    pub(crate) fn ask_for_what_is_founded(&mut self) {
        for division in (0..FOUNDED).map(DivisionIndex) {
            self.asked.extend((0..10).map(|act| Id::Act(division, act)));
            let old = OLD_FIRST..OLD_FIRST + OLD_PAYMENTS;
            self.asked.extend(old.map(|id| Id::Payment(division, id)));
        }
    }

    /// A new life has its house: people connect, and the ledger goes over what was on its way when
    /// the last one ended.
    pub(crate) fn move_in(&mut self) {
        self.clocks.believe();
        let (wall_ms, monotonic_ms) = (self.clocks.wall_ms(), self.clocks.monotonic_ms);
        let guard = ClockGuard::new(wall_ms, monotonic_ms);
        self.guards = vec![guard; self.world.house.shards.len()];
        self.ledger.read_on(&self.world.house.kept, &self.asked);
        // By the clock that an earlier life believed.
        self.ledger.lapsed.clear();
        self.connect_all();
        self.check_state();
        self.check_journal(false);
    }

    // ---- faults --------------------------------------------------------------------------------

    /// What the disk and the checkpoint will do in this life.
    pub(crate) fn plan_faults(&mut self) {
        let mut plan = Vec::new();
        for kind in Kind::ALL {
            if !self.swarm.strikes(kind, &mut self.draw) {
                continue;
            }
            if let Some(planned) = self.planned(kind) {
                plan.push(planned);
                self.notes.fault(kind);
            }
            match kind {
                Kind::CheckpointFails => {
                    let strike = self.draw.one_of(&[Strike::NoSpace, Strike::Fail]);
                    self.strike_checkpoint(kind, strike);
                }
                Kind::CheckpointSpoilt => {
                    let strike = self.draw.one_of(&[Strike::Lose, Strike::Damage]);
                    self.strike_checkpoint(kind, strike);
                }
                _ => {}
            }
        }
        self.disk.plan(plan);
    }

    fn strike_checkpoint(&mut self, kind: Kind, strike: Strike) {
        self.spoilt |= kind == Kind::CheckpointSpoilt;
        let write = self.draw.below(200) as u64;
        self.checkpoint.plan(write, strike);
        self.notes.fault(kind);
    }

    fn planned(&mut self, kind: Kind) -> Option<PlannedFault> {
        use OperationKind as O;
        let draw = &mut self.draw;
        let at = draw.below(draw.clone().one_of(&[10, 60, 200])) as u64;
        let blocks = 1 + draw.below(6);
        let once = |only, fault| Some(PlannedFault { at, only, sticky: false, fault });
        let failure = std::io::ErrorKind::Other;
        match kind {
            Kind::Crash => once(draw.one_of(&[None, Some(O::Write), Some(O::Names)]), Fault::Crash),
            Kind::ShortWrite => once(Some(O::Write), Fault::Short(blocks * 512)),
            Kind::FailsOnce => once(draw.one_of(&[None, Some(O::Write)]), Fault::Fails(failure)),
            Kind::FailsForGood => {
                Some(PlannedFault { at, only: None, sticky: true, fault: Fault::Fails(failure) })
            }
            Kind::SyncFails => once(Some(O::Sync), Fault::Fails(failure)),
            Kind::Misdirected => {
                let by = (blocks * 4096) as i64 * draw.one_of(&[1, -1]);
                once(Some(O::Write), Fault::Misdirected(by))
            }
            Kind::LostWrite => once(Some(O::Write), Fault::Lost),
            _ => None,
        }
    }

    /// The disk has no more room, for a while: somebody else fills it.
    pub(crate) fn squeeze(&mut self) {
        if self.squeezed_until.is_none() {
            self.notes.fault(Kind::NoSpace);
            let room = self.draw.one_of(&[0, 1, 2]) * dataset().segment_bytes;
            self.disk.leave_room(room);
            self.squeezed_until = Some(self.notes.steps + 60);
        }
    }

    /// Room is there again when its time has come.
    pub(crate) fn unsqueeze_in_time(&mut self) {
        if self.squeezed_until.is_some_and(|until| self.notes.steps >= until) {
            self.unsqueeze();
        }
    }

    pub(crate) fn unsqueeze(&mut self) {
        self.squeezed_until = None;
        self.disk.set_capacity(u64::MAX);
    }

    // ---- the end of a life, and the next -------------------------------------------------------

    /// The process ends, one way or the other, and another one starts.
    pub(crate) fn end_life(&mut self) {
        self.listen();
        self.check_order();
        self.notes.lives += 1;
        if self.crashed || self.draw.percent(70) {
            self.notes.crashes += 1;
        } else {
            self.close();
        }
        let before = self.world.house.kept.clone();
        while let Some(caller) = self.callers.pop() {
            self.leave(caller);
        }
        let disk = self.what_is_left();
        let kept = self.checkpoint.unflushed() * self.draw.below(101) / 100;
        let checkpoint = self.checkpoint.after_kill(kept);
        self.vacate(disk, checkpoint);
        self.start_in_spite_of_faults();
        let after = &self.world.house.kept;
        assert!(after.len() >= before.len(), "I6: a durable record is missing");
        assert_eq!(after[..before.len()], before[..], "I6: the durable prefix is as it was");
        self.move_in();
    }

    /// What the disk has when the machine has stopped.
    fn what_is_left(&mut self) -> SimDisk {
        let torn = self.swarm.strikes(Kind::TornSectors, &mut self.draw);
        let keep_percent = if torn { self.draw.one_of(&[20, 50, 90]) } else { 0 };
        if torn {
            self.notes.fault(Kind::TornSectors);
        }
        let all = !torn && self.draw.percent(30);
        let draw = &mut self.draw;
        self.disk.after_crash(|unsynced| match unsynced {
            _ if all => true,
            // Names go one by one whatever becomes of sectors.
            Unsynced::Name { .. } => draw.percent(50),
            _ => draw.percent(keep_percent),
        })
    }

    /// The old process is gone, with all it held; its place is empty until the next has started.
    fn vacate(&mut self, disk: SimDisk, checkpoint: MemoryCheckpoint) {
        self.world.house.journal = None;
        self.world.house.keeping = None;
        (self.disk, self.checkpoint) = (disk, checkpoint);
        self.checkpoint.machine_restarted();
        self.unsqueeze();
        (self.crashed, self.spoilt) = (false, false);
        self.busy = 0;
    }

    /// Starts until a start meets no fault: each that fails says so and changes nothing that counts.
    fn start_in_spite_of_faults(&mut self) {
        self.damage_at_rest();
        self.must_stop_at_damage();
        for _ in 0..3 {
            if self.swarm.strikes(Kind::ReadFails, &mut self.draw) {
                self.start_struck(Kind::ReadFails);
            }
            if self.swarm.strikes(Kind::Crash, &mut self.draw) {
                self.start_struck(Kind::Crash);
            }
        }
        let now_ms = self.clocks.wall_ms();
        let begun = begin_unharmed(&self.disk, &self.checkpoint, &mut self.draw, now_ms);
        self.notes.from_checkpoint += u64::from(begun.summary.from_checkpoint.is_some());
        (self.world, self.filler) = front(begun);
    }

    /// A start during which the disk fails, or the machine stops.
    fn start_struck(&mut self, kind: Kind) {
        let at = self.draw.below(self.draw.clone().one_of(&[10, 40])) as u64;
        let fault = match kind {
            Kind::Crash => Fault::Crash,
            _ => Fault::Fails(std::io::ErrorKind::Other),
        };
        let only = (kind != Kind::Crash).then_some(OperationKind::Read);
        self.disk.plan(vec![PlannedFault { at, only, sticky: false, fault }]);
        self.notes.fault(kind);
        let now_ms = self.clocks.wall_ms();
        // One that began in spite of it ends at once: what it wrote is durable.
        let started = start_engine(&self.disk, &self.checkpoint, 1 + self.draw.below(3), now_ms);
        drop(started);
        self.disk = self.what_is_left();
        self.checkpoint = self.checkpoint.after_kill(self.checkpoint.unflushed());
        self.checkpoint.machine_restarted();
    }

    /// An order to stop: what was admitted is answered, and the journal ends with `Closed`.
    fn close(&mut self) {
        self.settle();
        if self.crashed {
            self.notes.crashes += 1;
            return;
        }
        for _ in 0..200 {
            self.world.house.step_recovery(self.world.durable.cursor());
            for shard in 0..self.world.house.shards.len() {
                while self.world.house.step_shard(shard) {}
            }
        }
        self.settle();
        let journal: Option<LocalJournal> = self.world.house.journal.take();
        let journal = journal.expect("a life has a journal");
        let closed = journal.close(self.clocks.wall_ms());
        // Without `Closed` the journal is as good; its disk may still have a fault to come.
        assert!(closed.is_ok() || !self.swarm.is_over(), "O10: a sound disk: {closed:?}");
    }

    /// Everything that disturbs ends: the disk works, has room and shows what was written, the
    /// clock is right, wires carry. What waits is answered now.
    pub(crate) fn heal(&mut self) {
        self.listen();
        // A start sets a checkpoint aside that is not what was committed.
        let broken = self.crashed || self.disk.has_stopped() || self.spoilt;
        if broken || !self.disk.wrong().is_empty() {
            self.end_life();
        }
        self.disk.plan(Vec::new());
        self.unsqueeze();
        self.clocks.set_right();
        self.world.house.now_ms = self.clocks.wall_ms();
        self.swarm.end();
        self.world.measure(&marks());
        self.settle();
        assert!(!self.crashed, "O10: the disk is whole, and the process ended");
        while let Some(commands) = self.unheard.pop_front() {
            if let Some(at) = self.caller_like(&commands[0]) {
                self.send_commands(at, commands, 60_000);
                self.settle();
                self.must_have_been_taken(at);
            }
        }
    }

    /// Ends the run as an orderly process does, and looks at the whole journal once more.
    pub(crate) fn end_in_good_order(&mut self) {
        self.close();
        self.check_journal(true);
    }
}
