//! Callers who send whatever comes to mind, under a schedule drawn from a seed.
//!
//! The disk is simulated and may crash in any write. Each reply is held, the moment it leaves,
//! against a fold of what is durable that the shards have no part in (I4); each request hears one
//! answer; one caller's commands to one division are decided in the order sent; the journal folds
//! to the live state (I5); and after a crash everything that was answered is answered so again
//! (I3).

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use domain::Code;
use domain::codes::{
    ActKind, BatchStep, FactKind, MoveKind, PaymentState, ResolveAction, Role, StepKind,
};
use domain::command::Body;
use domain::contents::fingerprint;
use domain::decide::{ends, is_known};
use domain::division::YearBook;
use domain::ids::{ChannelId, DivisionIndex, QuotaId};
use domain::payment::Payment;
use protocol::lookup::{Answer, LookUp, parse_answers, put_look_ups};
use protocol::{CommandResult, FrameKind, Hello};
use storage::checkpoint::MemoryCheckpoint;
use storage::dataset::{DataSet, Environment};
use storage::disk::{Disk, Fault, OperationKind, PlannedFault, SimDisk, WriteMode};
use storage::journal::{Journal, LocalJournal};
use storage::position::Position;
use storage::reader::ReadFrom;
use storage::record::{DOMAIN_KIND_FIRST, RecordRef};

use super::draw::Draw;
use super::give::{
    self, BANK, DESK, Given, act, end_batch, fact, move_out, open_batch, quota, reserve,
    reserve_until, resolve, revive, run_of, staged, step,
};
use super::house::{House, KEY, Kept, ToShard, check_invariants};
use super::keeping::Keeping;
use super::world::{Spoken, World, commands_frame, frames, hello};
use crate::engine::{StartOptions, start};
use crate::gate::SessionId;
use crate::replay::{Replay, digest};

/// Divisions 0 to 2 are founded; 5 is never registered.
const DIVISIONS: [u16; 4] = [0, 1, 2, 5];

const DATASET: DataSet = DataSet {
    id: 0x7a57,
    environment: Environment::Test,
    hash_key: KEY.0,
    segment_bytes: 256 * 1024,
};

fn data_dir() -> PathBuf {
    PathBuf::from("/data")
}

struct Caller {
    id: SessionId,
    role: Role,
    channel: ChannelId,
    /// What each frame sent so far asked, and once it is answered, what it heard.
    sent: BTreeMap<u64, Sent>,
}

enum Sent {
    Commands(Vec<Given>, Option<Vec<CommandResult>>),
    LookUps(bool),
}

/// Payments of each division that are settled before the storm, by their ids.
const OLD_FIRST: u128 = 5_000;
const OLD_PAYMENTS: u128 = 40;

/// Settles some payments of a quota, so that there are pages that may leave memory.
fn settle_payments(house: &mut House, quota: QuotaId) {
    use FactKind::{Clear, ConfirmPaid};
    for id in OLD_FIRST..OLD_FIRST + OLD_PAYMENTS {
        let fen = id as i64 % 50 + 1;
        house.accept(&[
            reserve(quota, id, fen),
            step(StepKind::ApproveUnit, quota, id),
            step(StepKind::Instruct, quota, id),
            fact(ConfirmPaid, quota, id, id as u64, fen),
            fact(Clear, quota, id, id as u64, fen),
        ]);
    }
}

/// A world over a simulated disk.
struct Storm {
    draw: Draw,
    disk: SimDisk,
    checkpoint: MemoryCheckpoint,
    world: World,
    filler: storage::filler::Filler,
    callers: Vec<Caller>,
    gone: Vec<Caller>,
    /// Everything that was answered, over all lives of the process.
    answered: Vec<(Given, CommandResult)>,
    crashed: bool,
    busy: usize,
    batches: u128,
}

impl Storm {
    /// The first life: the divisions are founded.
    fn new(seed: u64) -> Storm {
        let disk = SimDisk::new(WriteMode::Direct, 256 << 20);
        let shared: Arc<dyn Disk> = Arc::new(disk.clone());
        LocalJournal::create(&shared, &data_dir(), DATASET).expect("a new journal");
        let mut draw = Draw(seed);
        let checkpoint = MemoryCheckpoint::new();
        let (mut house, metrics, durable, filler) =
            begin(&disk, &checkpoint, 1 + draw.below(3), 1_000_000);
        for division in 0..3 {
            house.found(division);
            settle_payments(&mut house, quota(division, 0));
        }
        drop((metrics, durable, filler, house));
        Storm::on(disk, checkpoint, draw, 2_000_000, Vec::new())
    }

    /// A life over what a disk holds.
    fn on(
        disk: SimDisk,
        checkpoint: MemoryCheckpoint,
        mut draw: Draw,
        now_ms: u64,
        answered: Vec<(Given, CommandResult)>,
    ) -> Storm {
        let shards = 1 + draw.below(3);
        let (house, metrics, durable, filler) = begin(&disk, &checkpoint, shards, now_ms);
        let world = World::with(house, metrics, durable, super::world::CONNECTIONS_MAX);
        let (callers, gone, crashed, busy, batches) = (Vec::new(), Vec::new(), false, 0, 0);
        let mut storm = Storm {
            draw,
            disk,
            checkpoint,
            world,
            filler,
            callers,
            gone,
            answered,
            crashed,
            busy,
            batches,
        };
        let roles = [Role::Maker, Role::Maker, Role::Checker, Role::Finance, Role::Finance];
        let banks = [Role::Bank, Role::Bank, Role::CentralBank, Role::Operator];
        roles.into_iter().chain(banks).for_each(|role| storm.connect(role));
        storm
    }

    fn connect(&mut self, role: Role) {
        let bank = matches!(role, Role::Bank | Role::CentralBank);
        let channel = if bank { BANK } else { DESK };
        let id = self.world.connect();
        let window_commands = self.draw.one_of(&[0, 0, 3, 40]);
        let hello = Hello { window_commands, ..hello(role, channel) };
        self.world.send(id, &hello.encode());
        assert_eq!(frames(&self.world.said(id))[0].kind(), FrameKind::Welcome);
        self.callers.push(Caller { id, role, channel, sent: BTreeMap::new() });
    }

    // ---- what callers send ---------------------------------------------------------------------

    fn quota(&mut self) -> QuotaId {
        let division = self.draw.one_of(&[0, 0, 1, 1, 2, 2, 2, 5]);
        quota(division, self.draw.below(3) as u64)
    }

    fn amount(&mut self) -> i64 {
        1 + self.draw.below(self.draw.clone().one_of(&[50, 5_000, 900_000])) as i64
    }

    /// A payment on the quota it is mostly asked of.
    fn payment(&mut self) -> (QuotaId, u128) {
        if self.draw.percent(12) {
            // One that was settled before the storm: its page may be out of memory.
            let old = self.draw.below(OLD_PAYMENTS as usize) as u128;
            return (quota(self.draw.below(3) as u16, 0), OLD_FIRST + old);
        }
        let payment = self.draw.below(40);
        let strays = self.draw.percent(8);
        let own = quota([0, 0, 1, 2][payment % 4], 0);
        (if strays { self.quota() } else { own }, 1_000 + payment as u128)
    }

    fn command(&mut self, role: Role) -> Given {
        let (fen, (q, payment)) = (self.amount(), self.payment());
        // What is said of a payment mostly fits what was said before.
        let fits = self.draw.percent(85);
        let (fen, serial) =
            if fits { (payment as i64, payment as u64) } else { (fen, self.draw.below(40) as u64) };
        let id = 2_000 + self.draw.below(300) as u128;
        let given = match role {
            Role::Maker => match self.draw.below(10) {
                0 => step(StepKind::Withdraw, q, payment),
                1 => reserve_until(q, payment, fen, self.world.house.now_ms + 500),
                _ => reserve(q, payment, fen),
            },
            Role::Checker if self.draw.percent(80) => step(StepKind::ApproveUnit, q, payment),
            Role::Checker => step(StepKind::Return, q, payment),
            Role::Bank | Role::CentralBank if self.draw.percent(60) => {
                let kind = if role == Role::Bank { FactKind::ConfirmPaid } else { FactKind::Clear };
                self.sound_fact(role).unwrap_or(fact(kind, q, payment, serial, fen))
            }
            Role::Bank => {
                let kinds = [FactKind::ConfirmPaid, FactKind::ConfirmPaid, FactKind::Refund];
                match self.draw.below(8) {
                    0 => fact(FactKind::Reject, q, payment, serial, 0),
                    _ => fact(self.draw.one_of(&kinds), q, payment, serial, fen),
                }
            }
            Role::CentralBank => {
                let kind = self.draw.one_of(&[FactKind::Clear, FactKind::SettleRefund]);
                fact(kind, q, payment, serial, fen)
            }
            Role::Operator if self.draw.percent(50) => revive(q, id),
            Role::Operator => step(StepKind::Doubt, q, payment),
            _ if self.draw.percent(8) => {
                let action = self.draw.one_of(&[ResolveAction::Apply, ResolveAction::Dismiss]);
                resolve(action, id, q.division().0, serial)
            }
            _ if self.draw.percent(40) => {
                use StepKind::{Hold, Instruct, Unhold};
                step(self.draw.one_of(&[Instruct, Instruct, Instruct, Hold, Unhold]), q, payment)
            }
            _ => {
                let fen = self.amount();
                self.finance(fen, id)
            }
        };
        if self.draw.percent(4) && !given.command.is_fact() { given.checked() } else { given }
    }

    /// The next thing a bank or the central bank may have to say about some payment.
    fn sound_fact(&mut self, role: Role) -> Option<Given> {
        let books = self.world.house.fold.divisions().values().flat_map(domain::Division::years);
        let due = |payment: &&Payment| match (role, payment.state) {
            (Role::Bank, PaymentState::Instructed | PaymentState::Unknown) => true,
            (Role::CentralBank, PaymentState::Paid) => true,
            (_, PaymentState::Cleared) => payment.refunds().iter().all(|refund| !refund.settled),
            _ => false,
        };
        let all: Vec<&Payment> = books.flat_map(YearBook::payments).filter(due).collect();
        let payment = all.get(self.draw.below(all.len().max(1)))?;
        let refunds = [FactKind::Refund, FactKind::SettleRefund];
        let kind = match (role, payment.state) {
            (Role::Bank, PaymentState::Cleared) => refunds[0],
            (_, PaymentState::Cleared) => refunds[1],
            (Role::Bank, _) => FactKind::ConfirmPaid,
            _ => FactKind::Clear,
        };
        let fen = if refunds.contains(&kind) { 1 } else { payment.amount_fen.get() };
        Some(fact(kind, payment.quota, payment.id.0, payment.id.0 as u64, fen))
    }

    fn finance(&mut self, fen: i64, id: u128) -> Given {
        let q = self.quota();
        let (division, other) = (q.division().0, self.draw.one_of(&DIVISIONS));
        match self.draw.below(9) {
            0 => act(self.draw.one_of(&[ActKind::Freeze, ActKind::Unfreeze]), q, id, fen),
            1 | 2 => act(self.draw.one_of(&[ActKind::Issue, ActKind::Cut]), q, id, fen),
            3 => give::create_under(division, id, quota(other, 0)),
            4 | 5 => {
                let (parent, child) = (quota(division, 0), quota(division, 1));
                let down = self.draw.percent(70);
                let kind = if down { MoveKind::Allocate } else { MoveKind::ReturnUp };
                let (from, to) = if down { (parent, child) } else { (child, parent) };
                move_out(kind, id, from, to, fen)
            }
            _ if other == division => move_out(MoveKind::Virement, id, q, quota(division, 9), fen),
            _ => move_out(MoveKind::Transfer, id, q, quota(other, 2), fen),
        }
    }

    /// A batch with its end, most of the time.
    fn batch(&mut self) -> Vec<Given> {
        let division = self.draw.below(3) as u16;
        self.batches += 1;
        let batch = 90_000 + self.answered.len() as u128 * 1_000 + self.batches;
        let from = quota(division, 0);
        let acts: Vec<_> = (0..1 + self.draw.below(3))
            .map(|_| {
                let (id, fen) = (self.draw.next().into(), self.amount());
                match self.draw.below(3) {
                    0 => staged(ActKind::Issue, from, id, fen, batch),
                    1 => staged(ActKind::Cut, from, id, fen, batch),
                    _ => {
                        let to = quota((division + 1) % 3, 2);
                        give::staged_move(MoveKind::Transfer, id, from, to, fen, batch)
                    }
                }
            })
            .collect();
        let deadline_ms = self.draw.one_of(&[0, self.world.house.now_ms + 300]);
        let mut all = vec![open_batch(batch, &acts, deadline_ms)];
        all.extend(acts);
        match self.draw.below(10) {
            0 | 1 => {}
            2 => all.push(end_batch(BatchStep::Drop, batch, division)),
            3 => all.insert(all.len() - 1, end_batch(BatchStep::Close, batch, division)),
            _ => all.push(end_batch(BatchStep::Close, batch, division)),
        }
        all
    }

    fn commands(&mut self, role: Role) -> Vec<Given> {
        if role == Role::Finance && self.draw.percent(15) {
            return self.batch();
        }
        let mut all = Vec::new();
        for _ in 0..1 + self.draw.below(6) {
            let decides = matches!(role, Role::Maker | Role::Checker | Role::Finance);
            if self.draw.percent(if decides { 20 } else { 2 }) {
                let mut run: Vec<_> =
                    (0..1 + self.draw.below(6)).map(|_| self.command(role)).collect();
                let (first, any) = (run[0].command.division(), self.draw.percent(15));
                run.retain(|given| {
                    any || (given.command.division() == first && given.command.is_linkable())
                });
                if !run.is_empty() {
                    all.extend(run_of(&run));
                }
            } else {
                all.push(self.command(role));
            }
        }
        if all.is_empty() { vec![self.command(role)] } else { all }
    }

    fn send(&mut self) {
        let at = self.draw.below(self.callers.len());
        let (id, role) = (self.callers[at].id, self.callers[at].role);
        let request = self.callers[at].sent.len() as u64 + 1;
        let (bytes, sent) = if self.draw.percent(12) {
            let looks: Vec<_> = (0..3).map(|_| LookUp::Quota(self.quota())).collect();
            let mut bytes = Vec::new();
            put_look_ups(&mut bytes, request, &looks);
            (bytes, Sent::LookUps(false))
        } else {
            let commands = self.commands(role);
            let within_ms = self.draw.one_of(&[0, 0, 0, 0, 100, 2_000]);
            (commands_frame(request, within_ms, &commands), Sent::Commands(commands, None))
        };
        self.callers[at].sent.insert(request, sent);
        let cut = self.draw.below(bytes.len());
        self.world.send(id, &bytes[..cut]);
        self.world.send(id, &bytes[cut..]);
        self.listen();
    }

    // ---- what callers hear ---------------------------------------------------------------------

    /// Reads whatever left, and holds it against what is durable at this moment.
    fn listen(&mut self) {
        for at in 0..self.callers.len() {
            let said = self.world.said(self.callers[at].id);
            for spoken in frames(&said) {
                self.hear(at, &spoken);
            }
        }
    }

    fn hear(&mut self, at: usize, spoken: &Spoken) {
        let caller = &mut self.callers[at];
        let sent = caller.sent.get_mut(&spoken.request()).expect("an answer to a request");
        match (sent, spoken.kind()) {
            (Sent::Commands(commands, answer @ None), FrameKind::Results) => {
                let results = spoken.results();
                assert_eq!(results.len(), commands.len());
                let heard: Vec<_> = commands.iter().copied().zip(results.iter().copied()).collect();
                *answer = Some(results);
                assert!(spoken.at().sequence <= self.durable_sequence(), "I4");
                heard.iter().for_each(|(given, result)| self.must_be_durable(given, result));
                self.answered.extend(heard);
            }
            (Sent::LookUps(answered @ false), FrameKind::Answers) => {
                *answered = true;
                let (_, answers) = parse_answers(&spoken.frame()).expect("answers");
                answers.iter().for_each(|answer| self.must_show_the_durable(answer));
            }
            (sent, FrameKind::Error) => {
                let code = spoken.error().code;
                assert_eq!(code, Code::Busy, "nothing else fails a request here");
                self.busy += 1;
                match sent {
                    Sent::Commands(_, answer @ None) => *answer = Some(Vec::new()),
                    Sent::LookUps(answered @ false) => *answered = true,
                    _ => panic!("a second answer to request {}", spoken.request()),
                }
            }
            (_, kind) => panic!("a second or wrong answer: {kind:?} to {}", spoken.request()),
        }
    }

    fn durable_sequence(&self) -> u64 {
        let journal = self.world.house.journal.as_ref().expect("a journal");
        journal.durable().position.sequence
    }

    /// I4: what a result says is in the fold of the durable records.
    fn must_be_durable(&self, given: &Given, result: &CommandResult) {
        let house = &self.world.house;
        if result.sequence != 0 {
            let place =
                house.kept.binary_search_by_key(&result.sequence, |kept| kept.position.sequence);
            assert!(place.is_ok(), "I4: {given:?} heard of record {}", result.sequence);
        }
        let on_record = result.code.is_taken()
            || (!result.code.is_turned_away() && ends(&given.command).is_some());
        if result.checked || !on_record {
            return;
        }
        let known = known(&house.fold, given);
        let told = known.map(|answer| answer.code);
        // A parked fact may have been taken since.
        let taken = result.code == Code::Parked && told == Some(Code::Accepted);
        assert!(taken || told == Some(result.code), "I4: {given:?} heard {result:?}: {known:?}");
    }

    /// I4: a quota is not shown at a version that a crash could take back.
    fn must_show_the_durable(&self, answer: &Answer) {
        let Answer::Quota(view) = answer else { return };
        let division = &self.world.house.fold.divisions()[&view.quota.division()];
        let cell = division.quota(view.quota).expect("I4: a quota that is shown is durable");
        assert!(cell.version >= view.version, "I4: {} is not durable yet", view.quota);
    }

    // ---- what moves ----------------------------------------------------------------------------

    fn land(&mut self, runs_max: usize) -> bool {
        if self.crashed {
            return false;
        }
        // A filler meets the crash too.
        let landed = match self.filler.fill_all() {
            Ok(_) => self.world.house.try_land(runs_max),
            Err(error) => Err(error.into()),
        };
        match landed {
            Ok(landed) => {
                let journal = self.world.house.journal.as_ref().expect("a journal");
                self.world.durable.publish(journal.durable());
                landed
            }
            Err(fault) => {
                assert!(fault.is_fatal(), "{fault}");
                self.crashed = true;
                false
            }
        }
    }

    fn step_network(&mut self) -> bool {
        let moved = self.world.step_network();
        self.listen();
        moved
    }

    /// One move of anything.
    fn step(&mut self) {
        let shard = self.draw.below(self.world.house.shards.len());
        match self.draw.below(100) {
            0..=24 => self.send(),
            25..=44 => self.world.flush(),
            45..=64 => {
                let messages = 1 + self.draw.below(6);
                let _moved = (0..messages).filter(|_| self.world.house.step_shard(shard)).count();
            }
            65..=74 => {
                let runs = 1 + self.draw.below(4);
                self.land(runs);
            }
            75..=87 => {
                self.step_network();
            }
            95 | 96 => {
                self.world.house.now_ms += self.draw.below(200) as u64;
                self.world.house.let_pass(shard);
            }
            88..=94 => {
                let steps = 1 + self.draw.below(12);
                for _ in 0..steps {
                    self.world.house.step_recovery(self.world.durable.cursor());
                    self.world.house.step_pager();
                }
            }
            97 if self.draw.percent(30) => {
                self.world.house.inboxes[shard].push_back(ToShard::Resume)
            }
            98 => {
                let at = self.draw.below(self.callers.len());
                let caller = self.callers.swap_remove(at);
                self.world.network.disconnect(caller.id);
                self.connect(caller.role);
                self.gone.push(caller);
            }
            _ => self.world.house.now_ms += 30,
        }
    }

    /// Lets everything under way come to its end.
    fn settle(&mut self) {
        loop {
            self.world.flush();
            let mut moved = false;
            for shard in 0..self.world.house.shards.len() {
                while self.world.house.step_shard(shard) {
                    moved = true;
                }
            }
            while self.step_network() || self.world.house.step_pager() {
                moved = true;
            }
            if !self.land(usize::MAX) && !moved {
                return;
            }
        }
    }

    // ---- what must hold ------------------------------------------------------------------------

    /// With nothing under way: one answer to each request, order kept, journal and state alike.
    fn check_settled(&mut self) {
        assert!(self.world.network.is_drained());
        for caller in &self.callers {
            for (request, sent) in &caller.sent {
                let answered = match sent {
                    Sent::Commands(_, answer) => answer.is_some(),
                    Sent::LookUps(answered) => *answered,
                };
                assert!(answered, "request {request} of {:?} heard nothing", caller.role);
            }
        }
        self.check_order();
        let house = &self.world.house;
        let folded = digest(house.fold.divisions().values());
        assert_eq!(house.live_digest(), folded, "I5: live and folded");
        for shards in 1..=3 {
            assert_eq!(house.restarted(shards).live_digest(), folded, "I5: {shards} shards");
        }
        check_invariants(house.fold.divisions().values());
    }

    /// One caller's commands to one division are decided in the order sent; one that waits for a
    /// page delays its own quota only.
    fn check_order(&self) {
        for caller in self.callers.iter().chain(&self.gone) {
            let mut last: HashMap<(DivisionIndex, Option<QuotaId>), u64> = HashMap::new();
            for sent in caller.sent.values() {
                let Sent::Commands(commands, Some(results)) = sent else { continue };
                for (given, result) in commands.iter().zip(results) {
                    if result.repeat || result.sequence == 0 {
                        continue;
                    }
                    let before = last.entry((home(given), given.command.quota())).or_default();
                    // A refused run is one record.
                    assert!(*before <= result.sequence, "{given:?} overtook an earlier one");
                    *before = result.sequence;
                }
            }
        }
    }

    /// The next life, after a crash that kept what it pleased of the unsynced.
    fn after_crash(mut self) -> Storm {
        self.listen();
        self.check_order();
        let Storm { disk, checkpoint, mut draw, world, answered, .. } = self;
        let (before, now_ms) = (world.house.kept.clone(), world.house.now_ms);
        drop(world);
        let keep_percent = draw.one_of(&[0, 50, 100]);
        let left = disk.after_crash(|_| draw.percent(keep_percent));
        let kept = checkpoint.unflushed() * draw.below(101) / 100;
        let next = Storm::on(left, checkpoint.after_kill(kept), draw, now_ms, answered);
        let after = &next.world.house.kept;
        assert!(after.len() >= before.len(), "I6: a durable record is missing");
        assert_eq!(after[..before.len()], before[..], "I6: the durable prefix is as it was");
        next
    }

    /// I3: what was answered in an earlier life is answered so again, and nothing is done twice.
    fn ask_everything_again(&mut self) {
        // What ends by itself ends first.
        for shard in 0..self.world.house.shards.len() {
            self.world.house.let_pass(shard);
        }
        self.settle();
        let taken = |(given, result): &&(Given, CommandResult)| {
            let stays = result.code.is_taken() || !result.code.is_turned_away();
            let told = given.command.is_fact() || ends(&given.command).is_some();
            stays && told && !result.checked && !given.flags.linked
        };
        let all: Vec<_> = self.answered.iter().filter(taken).copied().collect();
        let records = self.world.house.kept.len();
        for (given, first) in all {
            let mut given = given;
            given.flags.linked = false;
            let (role, channel) = (given.role(), given.channel());
            let at = self.callers.iter().position(|c| c.role == role && c.channel == channel);
            let id = self.callers[at.expect("a caller of each role")].id;
            self.world.send(id, &commands_frame(1, 0, &[given]));
            self.settle_quietly();
            let again = frames(&self.world.said(id)).pop().expect("an answer").results()[0];
            let since = first.code == Code::Parked && again.code == Code::Accepted;
            assert!(again.repeat, "I3: {given:?} heard {first:?}, then {again:?}");
            assert!(again.code == first.code || since, "I3: {given:?}: {first:?}, {again:?}");
            let placed = first.sequence != 0 && again.sequence != 0;
            assert!(!placed || first.sequence == again.sequence, "{given:?}: {first:?} {again:?}");
        }
        assert_eq!(self.world.house.kept.len(), records, "a repeat writes nothing");
    }

    fn settle_quietly(&mut self) {
        self.world.settle_undurable();
        assert!(self.world.house.runs.is_empty(), "a repeat writes nothing");
    }
}

/// The division that decides.
fn home(given: &Given) -> DivisionIndex {
    let division = given.command.division();
    let stray = division == DivisionIndex(5) && matches!(given.command.body, Body::Fact(_));
    if stray { DivisionIndex::PROVINCE } else { division }
}

fn known(fold: &Replay, given: &Given) -> Option<domain::division::Answer> {
    let division = fold.divisions().get(&home(given))?;
    is_known(division, &given.command, fingerprint(KEY, &given.command))
}

type Begun =
    (House, Arc<crate::metrics::Metrics>, Arc<crate::durable::Durable>, storage::filler::Filler);

/// Starts an engine, and a house around its cores that knows what the journal held.
///
/// Every page of settled payments leaves memory as soon as it is kept.
fn begin(disk: &SimDisk, checkpoint: &MemoryCheckpoint, shards: usize, now_ms: u64) -> Begun {
    let shared: Arc<dyn Disk> = Arc::new(disk.clone());
    let options = StartOptions {
        data_dir: data_dir(),
        environment: Some(Environment::Test),
        shards,
        memory_limit_bytes: shards as u64,
        program: "tests".to_owned(),
        config_digest: [0; 32],
        now_ms,
    };
    let mut started = start(&shared, Some(checkpoint), &options).expect("a start");
    assert_eq!(started.summary.set_aside, None, "a kill leaves the checkpoint whole");
    let kept = records_of(&shared, &data_dir(), started.journal.durable().position);
    assert_eq!(started.shards.len(), shards);
    started.filler.fill_all().expect("room for segments");
    let mut house = House::with(started.shards, started.registry, &kept);
    house.keeping = started.checkpoint.map(|store| Keeping::new(store, shards));
    assert_eq!(house.live_digest(), digest(house.fold.divisions().values()), "I5: at the start");
    (house.journal, house.now_ms) = (Some(started.journal), now_ms);
    (house, started.metrics, started.durable, started.filler)
}

/// The events of a journal, read apart from the start that folded them.
fn records_of(disk: &Arc<dyn Disk>, dir: &Path, durable: Position) -> Vec<Kept> {
    let reader = storage::reader::JournalReader::open(Arc::clone(disk), dir, ReadFrom::Start);
    let mut reader = reader.expect("a journal");
    let mut all = Vec::new();
    while let Some(group) = reader.next(durable).expect("a sound journal") {
        for RecordRef { kind, version, body, position } in group.records {
            if kind >= DOMAIN_KIND_FIRST {
                all.push(Kept { kind, version, body: body.to_vec(), position });
            }
        }
    }
    all
}

#[test]
fn whatever_callers_send_under_any_schedule_the_promises_hold() {
    let mut seen: BTreeMap<Code, usize> = BTreeMap::new();
    let (mut busy, mut happened) = (0, BTreeSet::new());
    let (mut paged, mut rounds) = ((0, 0), 0);
    for seed in 0..40 {
        println!("seed {seed}");
        let mut storm = Storm::new(seed);
        for _ in 0..1_200 {
            storm.step();
        }
        storm.settle();
        storm.check_settled();
        busy += storm.busy;
        happened.extend(storm.world.house.slugs(0));
        for (_, result) in &storm.answered {
            *seen.entry(result.code).or_default() += 1;
        }
        storm.ask_everything_again();
        let keeping = storm.world.house.keeping.as_ref().expect("every life keeps a checkpoint");
        paged = (paged.0 + keeping.paged_out, paged.1 + keeping.paged_in);
        rounds += keeping.rounds();
    }
    let (left, came) = paged;
    assert!(rounds > 400 && left > 80 && came > 80, "{rounds} rounds, pages {paged:?}");
    // The storm is one: it has been in every corner it is meant for.
    let events = ["fact-taken", "moved-in", "move-declined", "run-refused", "resolved"];
    let quiet: Vec<_> = events.iter().filter(|slug| !happened.contains(*slug)).collect();
    assert!(quiet.is_empty(), "never happened: {quiet:?}");
    use Code as C;
    let corners = [
        C::Accepted,
        C::Parked,
        C::Late,
        C::Conflict,
        C::UnknownDivision,
        C::LinkedRefused,
        C::BadLinkedRun,
        C::OverQuota,
        C::NoPayment,
        C::WrongState,
        C::CutBelowUsed,
        C::NotQuarantined,
        C::BatchMismatch,
    ];
    let missing: Vec<_> = corners.iter().filter(|code| !seen.contains_key(code)).collect();
    assert!(missing.is_empty() && busy > 0, "never heard: {missing:?} in {seen:?}");
}

#[test]
fn a_crash_in_any_write_takes_back_nothing_that_was_answered() {
    let mut in_flight = 0;
    for seed in 1_000..1_040 {
        println!("seed {seed}");
        let mut storm = Storm::new(seed);
        for _life in 0..3 {
            let at = 5 + storm.draw.below(40) as u64;
            let only = Some(OperationKind::Write);
            storm.disk.plan(vec![PlannedFault { at, only, sticky: false, fault: Fault::Crash }]);
            for _ in 0..4_000 {
                if storm.crashed {
                    break;
                }
                storm.step();
            }
            assert!(storm.crashed, "every life ends in a crash");
            let before = storm.world.house.kept.len();
            storm = storm.after_crash();
            in_flight += usize::from(storm.world.house.kept.len() > before);
            storm.ask_everything_again();
        }
        for _ in 0..300 {
            storm.step();
        }
        storm.settle();
        storm.check_settled();
    }
    assert!(in_flight > 0, "no crash ever kept the group it struck");
}
