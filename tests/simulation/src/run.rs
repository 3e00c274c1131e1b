//! One run: a node, its callers and what befalls them, step by step under one seed.
//!
//! Everything is on one thread and drawn from the seed: which part moves next, what callers send,
//! what the disk, the wire and the clock do. The parts are the engine's own; what is said of them
//! stands in `hearing`, `checks` and `lives`.

use std::collections::{BTreeMap, HashSet, VecDeque};

use actors::clock_guard::{ClockGuard, Reading};
use actors::testing::draw::Draw;
use actors::testing::give::Given;
use actors::testing::house::ToShard;
use actors::testing::world::World;
use protocol::CommandResult;
use storage::checkpoint::MemoryCheckpoint;
use storage::disk::{SimDisk, WriteMode};
use storage::filler::Filler;
use storage::space::SpaceMarks;

use crate::callers::Caller;
use crate::clocks::Clocks;
use crate::founding::{BEGINS_MS, dataset, founded};
use crate::ledger::{Id, Ledger};
use crate::notes::Notes;
use crate::swarm::{Kind, Swarm};

/// How often a life of the process goes on after the first, at most.
const LIVES_MAX: usize = 4;

/// Steps of one life at most.
const STEPS_PER_LIFE_MAX: usize = 260;

/// A command that was answered, with what was heard.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Answered {
    pub(crate) given: Given,
    pub(crate) result: CommandResult,
}

/// A run.
pub(crate) struct Run<'a> {
    pub(crate) draw: Draw,
    pub(crate) swarm: Swarm,
    pub(crate) notes: &'a mut Notes,
    pub(crate) disk: SimDisk,
    pub(crate) checkpoint: MemoryCheckpoint,
    pub(crate) world: World,
    pub(crate) filler: Filler,
    pub(crate) clocks: Clocks,
    pub(crate) guards: Vec<ClockGuard>,
    pub(crate) callers: Vec<Caller>,
    pub(crate) gone: Vec<Caller>,
    /// Frames that heard nothing before their connection ended: their callers send them again.
    pub(crate) unheard: VecDeque<Vec<Given>>,
    /// Everything that was heard, over all lives.
    pub(crate) answered: Vec<Answered>,
    pub(crate) asked: HashSet<Id>,
    pub(crate) ledger: Ledger,
    /// The process has ended by a fault of its disk.
    pub(crate) crashed: bool,
    /// Frames in this life that heard `Busy`.
    pub(crate) busy: u64,
    pub(crate) batches: u128,
    /// A row of the checkpoint may have been lost or damaged in this life.
    pub(crate) spoilt: bool,
    /// Room that was taken from the disk, until this step.
    pub(crate) squeezed_until: Option<u64>,
    weights: Weights,
}

/// How often each part moves: of so many, each has a share.
#[derive(Clone, Copy)]
struct Weights([usize; 8]);

impl Weights {
    fn draw(draw: &mut Draw) -> Weights {
        let mut shares = [0; 8];
        for share in &mut shares {
            *share = draw.one_of(&[2, 8, 8, 20]);
        }
        Weights(shares)
    }

    fn pick(self, draw: &mut Draw) -> usize {
        let mut at = draw.below(self.0.iter().sum());
        self.0
            .iter()
            .position(|&share| {
                let here = at < share;
                at = at.saturating_sub(share);
                here
            })
            .expect("below the sum of all")
    }
}

/// Below so much room no reservations, and then nothing. Two segments are ready mostly.
pub(crate) fn marks() -> SpaceMarks {
    let segment = dataset().segment_bytes;
    SpaceMarks { low_bytes: 4 * segment, full_bytes: 2 * segment + 1 }
}

/// Runs a seed to its end.
///
/// # Panics
/// With the name of what does not hold.
pub(crate) fn run(seed: u64, notes: &mut Notes) {
    let mut draw = Draw(seed);
    let swarm = Swarm::draw(&mut draw);
    notes.begin(&swarm);
    let mode = if draw.percent(70) { WriteMode::Direct } else { WriteMode::Buffered };
    let (disk, checkpoint) = founded(mode);
    let mut run = Run::first(draw, swarm, notes, disk, checkpoint);
    let lives = run.draw.below(LIVES_MAX);
    for _ in 0..lives {
        run.live();
        run.end_life();
    }
    run.live();
    run.heal();
    run.check_settled();
    run.ask_everything_again();
    run.end_in_good_order();
}

impl<'a> Run<'a> {
    fn first(
        mut draw: Draw,
        swarm: Swarm,
        notes: &'a mut Notes,
        disk: SimDisk,
        checkpoint: MemoryCheckpoint,
    ) -> Run<'a> {
        let clocks = Clocks::new(BEGINS_MS);
        let weights = Weights::draw(&mut draw);
        let begun = crate::lives::begin_unharmed(&disk, &checkpoint, &mut draw, clocks.wall_ms());
        let (world, filler) = crate::lives::front(begun);
        let mut run = Run {
            draw,
            swarm,
            notes,
            disk,
            checkpoint,
            world,
            filler,
            clocks,
            guards: Vec::new(),
            callers: Vec::new(),
            gone: Vec::new(),
            unheard: VecDeque::new(),
            answered: Vec::new(),
            asked: HashSet::new(),
            ledger: Ledger::default(),
            crashed: false,
            busy: 0,
            batches: 0,
            spoilt: false,
            squeezed_until: None,
            weights,
        };
        run.ask_for_what_is_founded();
        run.move_in();
        run
    }

    /// One life, until its steps are done or its disk ends it.
    fn live(&mut self) {
        self.plan_faults();
        let steps = 40 + self.draw.below(STEPS_PER_LIFE_MAX - 40);
        for _ in 0..steps {
            self.step();
            if self.crashed {
                return;
            }
        }
    }

    /// One move of anything.
    fn step(&mut self) {
        self.notes.steps += 1;
        let passing = self.draw.below(60) as u64;
        self.clocks.pass(passing);
        self.disturb();
        self.world.house.now_ms = self.clocks.wall_ms();
        let shard = self.draw.below(self.world.house.shards.len());
        let choice = self.weights.pick(&mut self.draw);
        self.notes.step(choice, shard);
        match choice {
            0 => self.send(),
            1 => self.deliver(),
            2 => self.world.flush(),
            3 => {
                let messages = 1 + self.draw.below(6);
                let _moved = (0..messages).filter(|_| self.world.house.step_shard(shard)).count();
            }
            4 => {
                let runs = 1 + self.draw.below(4);
                self.land(runs);
            }
            5 => {
                self.step_network();
            }
            6 => {
                let steps = 1 + self.draw.below(12);
                for _ in 0..steps {
                    self.world.house.step_recovery(self.world.durable.cursor());
                    self.step_pager();
                }
            }
            _ => self.let_pass(shard),
        }
        self.must_be_bounded();
        self.must_keep_the_laws();
    }

    /// What the swarm does beside the disk's own plan.
    fn disturb(&mut self) {
        if !self.draw.percent(4) {
            return;
        }
        let kinds =
            [Kind::Cut, Kind::HalfRequest, Kind::ClockAhead, Kind::ClockBack, Kind::NoSpace];
        let kind = self.draw.one_of(&kinds);
        if !self.swarm.strikes(kind, &mut self.draw) {
            return;
        }
        match kind {
            Kind::Cut => self.cut(false),
            Kind::HalfRequest => self.cut(true),
            Kind::NoSpace => self.squeeze(),
            _ if self.clocks.wall_ms() != self.clocks.steady_ms() => self.clocks.set_right(),
            _ => {
                self.notes.fault(kind);
                self.clocks.jump(kind == Kind::ClockAhead, &mut self.draw);
            }
        }
    }

    /// Makes the group that waits durable. A disk that fails ends the process.
    pub(crate) fn land(&mut self, runs_max: usize) -> bool {
        if self.crashed {
            return false;
        }
        self.unsqueeze_in_time();
        // A filler meets the faults too, and is always ahead in time where there is room.
        let landed = match self.filler.fill_all() {
            Ok(_) => self.world.land(runs_max),
            Err(error) => Err(error.into()),
        };
        self.world.measure(&marks());
        match landed {
            Ok(_) if self.disk.has_stopped() => {
                self.crashed = true;
                self.read_on();
                false
            }
            Ok(landed) => {
                self.read_on();
                landed
            }
            Err(fault) => {
                assert!(fault.is_fatal(), "O10: {fault}");
                self.crashed = true;
                false
            }
        }
    }

    /// The ledger goes over what became durable.
    pub(crate) fn read_on(&mut self) {
        self.ledger.read_on(&self.world.house.kept, &self.asked);
        let steady_ms = self.clocks.steady_ms();
        for (payment, deadline_ms) in self.ledger.lapsed.drain(..) {
            let believed = steady_ms + actors::limits::CLOCK_AHEAD_MS_MAX;
            assert!(
                deadline_ms <= believed,
                "O10: payment {payment:x} lapsed by a clock that had jumped: its deadline is \
                 {deadline_ms}, and it is {steady_ms}"
            );
        }
    }

    pub(crate) fn step_network(&mut self) -> bool {
        let moved = self.world.step_network();
        self.listen();
        moved
    }

    pub(crate) fn step_pager(&mut self) -> bool {
        let moved = self.world.house.step_pager();
        let keeping = self.world.house.keeping.as_ref();
        // Without its page a payment cannot be decided: the process ends.
        self.crashed |= keeping.is_some_and(|keeping| keeping.fatal.is_some());
        moved
    }

    /// Deadlines pass on a shard where its guard believes the wall clock.
    pub(crate) fn let_pass(&mut self, shard: usize) {
        let (wall_ms, monotonic_ms) = (self.clocks.wall_ms(), self.clocks.monotonic_ms);
        if self.guards[shard].judge(wall_ms, monotonic_ms) == Reading::Good {
            self.world.house.let_pass(shard);
        }
        if self.draw.percent(5) {
            self.world.house.inboxes[shard].push_back(ToShard::Resume);
        }
    }

    /// Lets everything under way come to its end.
    pub(crate) fn settle(&mut self) {
        loop {
            while self.deliver_all() {}
            self.world.flush();
            let mut moved = false;
            for shard in 0..self.world.house.shards.len() {
                while self.world.house.step_shard(shard) {
                    moved = true;
                }
            }
            while self.step_network() || self.step_pager() {
                moved = true;
            }
            if self.crashed || (!self.land(usize::MAX) && !moved) {
                return;
            }
        }
    }

    /// Callers by role and channel, for those that send on.
    pub(crate) fn caller_like(&self, given: &Given) -> Option<usize> {
        let (role, channel) = (given.role(), given.channel());
        self.callers.iter().position(|caller| caller.role == role && caller.channel == channel)
    }
}

/// What each request of a connection asked.
pub(crate) type Requests = BTreeMap<u64, crate::callers::Sent>;
