//! The real server, killed again and again under load, answers for everything it ever said.
//!
//! Lanes of desks, checkers, finance, a bank and a central bank load a server that is killed at
//! random moments and started again on the same data. Each lane keeps a record of its own: what
//! it sent, what it heard, and by plain sums what every quota must hold. Shown from that record
//! alone:
//!
//! - what was acknowledged is there for ever, under the same sequence, which is nobody else's;
//! - what was refused hears the same refusal with the same figures for ever;
//! - what was not answered is there whole or not at all, can be asked for by its id, and takes
//!   effect once when it is sent again; of what one connection sent, a beginning is there;
//! - every quota holds to the fen what the record says;
//! - no answer was ahead of the disk; each start begins where the last answer was, or later;
//! - at the end the server stops in good order, `treasury verify` finds nothing, and the digest
//!   of the live state is the one that replay gives, in one piece or in shares.
//!
//! `TREASURY_KILLS` sets how often it is killed (20), `TREASURY_SEED` repeats the draws.

mod harness;

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::ops::Range;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread::sleep;
use std::time::Duration;

use domain::codes::{ActKind, FactKind, MoveKind, PaymentState, StepKind};
use domain::ids::{DivisionIndex, PaymentId, QuotaId};
use domain::{Code, Command, Fen, Role};
use harness::desk::{CHANNEL, Desk, Lost, Told};
use harness::journal::About;
use harness::orders::{self, YEAR};
use harness::server::{Options, digest, verify};
use harness::{Chance, wait_for};
use protocol::lookup::{Answer, IdKind, LookUp};
use protocol::{Flags, Value};

/// Lanes: each has a division, quotas and five connections of its own.
const LANES: u16 = 5;

/// Quotas of a lane, beside the pair that money moves between.
const QUOTAS: u32 = 12;

/// What is issued on each quota, in fen.
const ISSUED: i64 = 50_000_000;

/// Commands in one frame, at most.
const FRAME_MAX: u64 = 60;

/// Frames that a lane's makers have on their way at once, at most.
const FRAMES_AHEAD: u64 = 5;

const ROLES: [Role; 5] = [Role::Maker, Role::Checker, Role::Finance, Role::Bank, Role::CentralBank];

#[test]
fn everything_the_server_said_survives_its_deaths() {
    let kills = match std::env::var("TREASURY_KILLS") {
        Ok(text) => text.parse().expect("TREASURY_KILLS is a number"),
        Err(_) => 20,
    };
    let mut chance = Chance::new("crash");
    let dir = tempfile::tempdir().expect("a temporary directory");
    let options = Options::new(dir.path());
    let server = options.start();
    let lanes: Vec<Lane> =
        (0..LANES).map(|index| Lane::found(server.address, index, chance.split())).collect();
    let shared = Shared::default();
    shared.announce(Some(server.address));
    let mut seen = Seen::default();
    let (mut server, lanes) = std::thread::scope(|scope| {
        let lanes: Vec<_> =
            lanes.into_iter().map(|lane| scope.spawn(|| lane.drive(&shared))).collect();
        let _alarm = Alarm(&shared);
        let mut server = server;
        for _ in 0..kills {
            server = seen.kill_and_start(&shared, &mut chance, server, &options);
        }
        // A last stretch without a kill, so that lanes end with all their answers.
        shared.wait_for_answers(500);
        shared.finish.store(true, Ordering::SeqCst);
        let lanes: Vec<Lane> = lanes
            .into_iter()
            .map(|lane| lane.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect();
        (server, lanes)
    });
    assert!(server.is_running(), "the server is still there");
    let closed = server.stop();
    check_end(dir.path(), &closed.digest, closed.sequence);
    check_sequences(dir.path(), &lanes);
    seen.tell(kills, &lanes);
}

/// Nothing is damaged, no invariant is broken, and replay gives what was live.
fn check_end(data: &Path, live: &str, last: u64) {
    let verified = verify(data);
    assert_eq!(verified["digest"], live, "replay gives another state than the live one");
    assert_eq!(verified["position"]["sequence"], last);
    assert_eq!(verified["closed"], true, "the journal ends with `Closed`");
    assert_eq!(digest(data, 3), live, "three shards give another state than the live one");
}

/// Every sequence that was told is of one record, which is about what it was told for.
fn check_sequences(data: &Path, lanes: &[Lane]) {
    let records = harness::journal::records(data);
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

/// What the deaths were like.
#[derive(Default)]
struct Seen {
    during_start: u64,
    torn: u64,
}

impl Seen {
    /// Lets the lanes hear a random number of answers, kills the server, and starts it again:
    /// sometimes it is killed in its start, too.
    fn kill_and_start(
        &mut self,
        shared: &Shared,
        chance: &mut Chance,
        server: harness::server::Server,
        options: &Options,
    ) -> harness::server::Server {
        shared.wait_for_answers(chance.between(20, 4_000));
        sleep(Duration::from_micros(chance.below(4_000)));
        shared.announce(None);
        let epoch = server.epoch();
        server.kill();
        let mut epochs = 1;
        while chance.once_in(4) {
            let mut process = options.launch();
            sleep(Duration::from_micros(chance.below(40_000)));
            process.kill();
            self.during_start += 1;
            epochs += 1;
        }
        let acknowledged = shared.acknowledged.load(Ordering::SeqCst);
        let server = options.clone().shards(1 + chance.below(4) as u32).start();
        // A start that was killed may or may not have got as far as its `Opened`.
        let risen = server.epoch() - epoch;
        assert!((1..=epochs).contains(&risen), "{epochs} starts, and epoch {risen} later");
        assert!(
            server.ready_sequence() > acknowledged,
            "the start ends at {}, and {acknowledged} was acknowledged",
            server.ready_sequence()
        );
        self.torn += u64::from(server.has_cut());
        shared.announce(Some(server.address));
        server
    }

    fn tell(&self, kills: u64, lanes: &[Lane]) {
        let sum = |of: fn(&Lane) -> u64| lanes.iter().map(of).sum::<u64>();
        let codes = |code: fn(Code) -> bool| {
            let heard = lanes.iter().flat_map(|lane| &lane.ops).filter_map(|op| op.heard);
            heard.filter(|told| code(told.code())).count()
        };
        println!(
            "{kills} kills under load, {} in a start, {} torn ends cut; {} commands, {} taken, \
             {} refused; {} unanswered: {} found, {} never taken; {} asked again",
            self.during_start,
            self.torn,
            sum(|lane| lane.ops.len() as u64),
            codes(Code::is_taken),
            codes(|code| !code.is_taken()),
            sum(|lane| lane.unanswered),
            sum(|lane| lane.found),
            sum(|lane| lane.never_taken),
            sum(|lane| lane.asked_again),
        );
        assert!(codes(Code::is_taken) > 1_000, "the load was too light to show anything");
        assert!(codes(|code| code == Code::OverQuota) > 0, "no refusal was heard");
        if kills >= 10 {
            assert!(sum(|lane| lane.unanswered) > 0, "no kill came between sending and answer");
        }
    }
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
struct Shared {
    /// Where the server is; `None` while it is down.
    place: Mutex<Option<SocketAddr>>,
    /// Answers heard by all lanes.
    answers: AtomicU64,
    /// The highest sequence any lane has heard of.
    acknowledged: AtomicU64,
    finish: AtomicBool,
    /// A lane has failed: nobody waits for it.
    failed: AtomicBool,
}

impl Shared {
    fn announce(&self, place: Option<SocketAddr>) {
        *self.place.lock().unwrap_or_else(PoisonError::into_inner) = place;
    }

    fn place(&self) -> Option<SocketAddr> {
        assert!(!self.failed.load(Ordering::SeqCst), "another thread has failed");
        *self.place.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until so many more answers were heard.
    fn wait_for_answers(&self, more: u64) {
        let before = self.answers.load(Ordering::SeqCst);
        wait_for("answers", || {
            assert!(!self.failed.load(Ordering::SeqCst), "another thread has failed");
            (self.answers.load(Ordering::SeqCst) >= before + more).then_some(())
        });
    }
}

/// A command, and all that is known about it.
#[derive(Debug)]
struct Op {
    command: Command<'static>,
    role: Role,
    /// In a linked run: the place of its first command.
    run: Option<usize>,
    /// Linked with the command behind it.
    linked: bool,
    /// What it must be answered.
    code: Code,
    /// What must then be available on its quota.
    available: Option<i64>,
    /// What a repeat must be answered: a parked fact may have been taken meanwhile.
    again: Code,
    /// What its record is about.
    about: About,
    /// What was heard first.
    heard: Option<Told>,
    /// The sequence of its record, told by its answer or by a look-up.
    sequence: Option<u64>,
    /// What it is about, in the lane's books.
    payment: Option<usize>,
}

impl Op {
    /// The look-up that asks what became of it, where its id is its own.
    fn look_up(&self) -> Option<LookUp> {
        let (kind, id) = match self.about {
            About::Payment(id) => (IdKind::Payment, id),
            About::Act(id) => (IdKind::Act, id),
            About::Move(id) => (IdKind::Move, id),
            About::Run => match domain::decide::ends(&self.command)? {
                domain::event::RefusedId::Payment(id) => (IdKind::Payment, id.0),
                domain::event::RefusedId::Act(id) => (IdKind::Act, id.0),
                domain::event::RefusedId::Move(id) => (IdKind::Move, id.0),
            },
            About::Of(..) | About::Mark | About::Other => return None,
        };
        let (division, year) = (self.command.division(), YEAR);
        Some(LookUp::Outcome { kind, division, year, id })
    }
}

/// What a quota holds by the lane's own sums.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Holds {
    issued: i64,
    transferred: i64,
    frozen: i64,
    reserved: i64,
    paid: i64,
    cleared: i64,
    refunding: i64,
}

impl Holds {
    fn available(&self) -> i64 {
        self.issued - self.transferred - self.frozen - self.reserved - self.paid - self.cleared
            + self.refunding
    }
}

/// A payment by the lane's own record.
#[derive(Clone, Copy, Debug)]
struct Payment {
    id: u128,
    quota: usize,
    amount: i64,
    executed: i64,
    state: PaymentState,
    /// The op of a settlement that came before the payment's receipt.
    early: Option<usize>,
    refunded: i64,
    refunds: u64,
    /// Refunds not yet settled: number and amount.
    unsettled: Option<(u64, i64)>,
}

/// One lane: its commands are decided in the order it sends them, since nobody else touches its
/// quotas and it has one role's frames on their way at a time.
struct Lane {
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
struct Desks([Desk; ROLES.len()]);

impl Desks {
    fn of(&mut self, role: Role) -> &mut Desk {
        self.0.iter_mut().find(|desk| desk.role == role).expect("a desk of each role")
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
        let holds = vec![Holds { issued: ISSUED, ..Holds::default() }; ids.len()];
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
            desks.try_into().ok().map(Desks)
        })
    }

    fn frame(&self, range: Range<usize>) -> Vec<(Command<'static>, Flags)> {
        let flags = |op: &Op| Flags { check: false, linked: op.linked };
        self.ops[range].iter().map(|op| (op.command, flags(op))).collect()
    }

    /// Compares answers with what they must be. `again`: some of it may have been decided before
    /// the server died, but nothing behind what was not.
    fn hear(&mut self, range: Range<usize>, told: &[Told], again: bool) {
        assert_eq!(told.len(), range.len(), "an answer for each command");
        let division = self.division;
        for (op, told) in self.ops[range].iter_mut().zip(told) {
            let result = &told.result;
            assert_eq!(result.code, op.code, "division {division}: {op:?} hears {told:?}");
            assert!(result.sequence <= told.at.sequence, "{told:?} is ahead of the disk");
            assert!(again || !result.repeat, "{op:?} was new, and hears {told:?}");
            if let (Some(sequence), true) = (op.sequence, op.look_up().is_some()) {
                assert!(result.repeat, "{op:?} was there, and hears {told:?}");
                assert_eq!(result.sequence, sequence, "{op:?} hears {told:?}");
            }
            if let (Some(available), false) = (op.available, result.repeat) {
                let value = Value::Available(Fen::new(available));
                assert_eq!(result.value, value, "{op:?} hears {told:?}");
            }
            if op.code == Code::OverQuota {
                let figures = told.refusal.map(|refusal| refusal.figures().count());
                assert_eq!(figures, Some(1), "{op:?} hears {told:?}");
            }
            if result.sequence != 0 {
                op.sequence = Some(result.sequence);
            } else if !result.repeat {
                // A command of a refused run that is not answered by a record of its own, too.
                panic!("{op:?} left no record: {told:?}");
            }
            op.heard = Some(*told);
        }
    }

    // ---- after a death ---------------------------------------------------------------------------

    /// Asks for what was not answered, sends it again, and hears what it would have heard.
    fn settle_unanswered(&mut self, shared: &Shared, desks: &mut Desks) -> Result<(), Lost> {
        let mut missing = None;
        let all: Vec<_> = self.flying.iter().flat_map(Range::clone).collect();
        for some in all.chunks(200) {
            let asked: Vec<_> =
                some.iter().filter_map(|&at| Some((at, self.ops[at].look_up()?))).collect();
            if asked.is_empty() {
                continue;
            }
            let look_ups: Vec<_> = asked.iter().map(|&(_, look_up)| look_up).collect();
            let answers = desks.of(Role::Finance).try_ask(&look_ups)?;
            for (&(at, _), answer) in asked.iter().zip(&answers) {
                self.note_outcome(at, answer, &mut missing);
            }
        }
        let (mut first_new, mut counted) = (None, 0);
        while let Some(range) = self.flying.front().cloned() {
            let role = self.ops[range.start].role;
            let frame = self.frame(range.clone());
            let desk = desks.of(role);
            desk.send(&frame)?;
            let told = desk.next_results()?;
            self.hear(range.clone(), &told, true);
            for (at, told) in range.clone().zip(&told) {
                counted += 1;
                match (told.result.repeat, first_new) {
                    (true, None) => self.found += 1,
                    (true, Some(new)) => panic!(
                        "{:?} was lost, and {:?}, sent behind it, was not",
                        self.ops[new], self.ops[at]
                    ),
                    (false, _) => {
                        first_new.get_or_insert(at);
                        self.never_taken += 1;
                    }
                }
            }
            self.flying.pop_front();
            self.count(shared, &told);
        }
        self.unanswered += counted;
        Ok(())
    }

    /// What a look-up says about an unanswered command. What it says is durable, too.
    fn note_outcome(&mut self, at: usize, answer: &Answer, missing: &mut Option<usize>) {
        let op = &mut self.ops[at];
        match answer {
            Answer::Outcome(outcome) => {
                assert_eq!(outcome.result.code, op.code, "{op:?} is on record as {outcome:?}");
                let sequence = outcome.result.sequence;
                assert!(op.sequence.is_none_or(|known| known == sequence), "{op:?}: {outcome:?}");
                op.sequence = Some(sequence);
                if let Some(missing) = *missing {
                    panic!("{:?} is there, and {:?} is not", self.ops[at], self.ops[missing]);
                }
            }
            Answer::Failed(Code::NotFound) => {
                assert_eq!(op.sequence, None, "{op:?} was there and is gone");
                missing.get_or_insert(at);
            }
            other => panic!("{op:?} is asked for, and the answer is {other:?}"),
        }
    }

    /// Sends again what was answered since the last death, and some of what is older.
    fn recheck_some(&mut self, desks: &mut Desks) -> Result<(), Lost> {
        let end = self.ops.len();
        let from = self.rechecked.max(end.saturating_sub(600));
        for _ in 0..4 {
            if from > 0 {
                let start = self.run_start(self.chance.clone().below(from as u64) as usize);
                self.chance.next();
                self.recheck(start..(start + 40).min(from), desks)?;
            }
        }
        self.recheck(self.run_start_of(from)..end, desks)?;
        self.rechecked = end;
        Ok(())
    }

    fn run_start_of(&self, at: usize) -> usize {
        if at < self.ops.len() { self.run_start(at) } else { at }
    }

    fn run_start(&self, at: usize) -> usize {
        self.ops[at].run.unwrap_or(at)
    }

    /// Sends commands again: each hears what it heard before, and nothing changes.
    fn recheck(&mut self, range: Range<usize>, desks: &mut Desks) -> Result<(), Lost> {
        let mut at = range.start;
        while at < range.end {
            let role = self.ops[at].role;
            let mut end = at;
            while end < range.end && self.ops[end].role == role && end - at < 200 {
                end += 1;
                while self.ops[end - 1].linked {
                    end += 1;
                }
            }
            let told = desks.of(role).try_give(&self.frame(at..end))?;
            for (op, told) in self.ops[at..end].iter().zip(&told) {
                let heard = op.heard.expect("only what was answered is rechecked");
                assert!(told.result.repeat, "{op:?} was answered and now hears {told:?}");
                assert_eq!(told.code(), op.again, "{op:?} hears {told:?}");
                assert_eq!(told.refusal, heard.refusal, "{op:?} hears {told:?}");
                if op.look_up().is_some() {
                    assert_eq!(Some(told.result.sequence), op.sequence, "{op:?} hears {told:?}");
                }
                if let Some(payment) = op.payment
                    && told.code().is_taken()
                {
                    let state = self.payments[payment].state;
                    assert_eq!(told.result.state, Some(state), "{op:?} hears {told:?}");
                }
            }
            self.asked_again += (end - at) as u64;
            at = end;
        }
        Ok(())
    }

    fn compare_quotas(&mut self, desks: &mut Desks) -> Result<(), Lost> {
        let look_ups: Vec<_> = self.ids.iter().map(|&id| LookUp::Quota(id)).collect();
        let answers = desks.of(Role::Finance).try_ask(&look_ups)?;
        for (answer, holds) in answers.iter().zip(&self.holds) {
            let Answer::Quota(view) = answer else { panic!("a quota is {answer:?}") };
            let b = &view.buckets;
            let told = Holds {
                issued: b.issued,
                transferred: b.transferred,
                frozen: b.frozen,
                reserved: b.reserved,
                paid: b.paid,
                cleared: b.cleared,
                refunding: b.refunding,
            };
            assert_eq!(told, *holds, "quota {}", view.quota);
            assert_eq!(b.available(), holds.available(), "quota {}", view.quota);
        }
        Ok(())
    }

    fn compare_payments(&mut self, desks: &mut Desks) -> Result<(), Lost> {
        let division = DivisionIndex(self.division);
        for some in self.payments.chunks(200) {
            let look_up =
                |p: &Payment| LookUp::Payment { division, year: YEAR, id: PaymentId(p.id) };
            let look_ups: Vec<_> = some.iter().map(look_up).collect();
            let answers = desks.of(Role::Maker).try_ask(&look_ups)?;
            for (answer, payment) in answers.iter().zip(some) {
                let Answer::Payment(view) = answer else { panic!("{payment:?} is {answer:?}") };
                let refunded: i64 = view.refunds.iter().map(|refund| refund.amount_fen.get()).sum();
                assert_eq!(
                    (view.state, view.amount_fen.get(), view.executed_fen.get(), refunded),
                    (payment.state, payment.amount, payment.executed, payment.refunded),
                    "{payment:?} is {view:?}"
                );
            }
        }
        Ok(())
    }

    /// Every transfer that left arrives, whatever died in between.
    fn await_transfers(&mut self, desks: &mut Desks) -> Result<(), Lost> {
        let (child, arrived) = (self.child, self.arrived);
        wait_for("every transfer has arrived", || {
            let answer = desks.of(Role::Finance).ask(LookUp::Quota(child));
            let Answer::Quota(view) = answer else { panic!("{child} is {answer:?}") };
            assert!(view.buckets.issued <= arrived, "more arrived than was sent");
            (view.buckets.issued == arrived).then_some(())
        });
        Ok(())
    }

    // ---- what is sent next -----------------------------------------------------------------------

    /// Draws what the lane does next, and whose it is: some frames of one role.
    fn plan(&mut self) -> Role {
        assert!(self.flying.is_empty());
        let role = *self.chance.pick(&[
            Role::Maker,
            Role::Maker,
            Role::Maker,
            Role::Checker,
            Role::Checker,
            Role::Finance,
            Role::Finance,
            Role::Bank,
            Role::CentralBank,
        ]);
        let frames = self.chance.between(1, FRAMES_AHEAD);
        for _ in 0..frames {
            let start = self.ops.len();
            let count = self.chance.between(1, FRAME_MAX);
            for _ in 0..count {
                match role {
                    Role::Maker => self.draw_maker(),
                    Role::Checker => self.draw_checker(),
                    Role::Finance => self.draw_finance(),
                    Role::Bank => self.draw_bank(),
                    _ => self.draw_central_bank(),
                }
            }
            if self.ops.len() > start {
                self.flying.push_back(start..self.ops.len());
            }
        }
        role
    }

    fn push(&mut self, command: Command<'static>, role: Role, code: Code, about: About) -> &mut Op {
        let (again, available) = (code, None);
        self.ops.push(Op {
            command,
            role,
            run: None,
            linked: false,
            code,
            available,
            again,
            about,
            heard: None,
            sequence: None,
            payment: None,
        });
        self.ops.last_mut().expect("just pushed")
    }

    /// A payment in a state, drawn at random among the youngest.
    fn any_payment(&mut self, wanted: impl Fn(&Payment) -> bool) -> Option<usize> {
        let young = self.payments.len().saturating_sub(400);
        let found: Vec<usize> =
            (young..self.payments.len()).filter(|&at| wanted(&self.payments[at])).collect();
        (!found.is_empty()).then(|| *self.chance.pick(&found))
    }

    fn next_serial(&mut self) -> u64 {
        self.serial += 1;
        (u64::from(self.division) << 40) | self.serial
    }

    fn draw_maker(&mut self) {
        if self.chance.once_in(12)
            && let Some(at) = self.any_payment(|p| p.state == PaymentState::Reserved)
        {
            self.push_step(StepKind::Withdraw, Role::Maker, at, PaymentState::Released);
            return;
        }
        let quota = self.chance.below(u64::from(QUOTAS)) as usize;
        let available = self.holds[quota].available();
        let id = self.chance.id();
        let too_much = available < 100 || self.chance.once_in(12);
        let amount = if too_much {
            available.max(0) + 1 + self.chance.below(1_000) as i64
        } else {
            1 + self.chance.below(available as u64 / 40) as i64
        };
        let command = orders::reserve(id, self.ids[quota], amount);
        let code = if too_much { Code::OverQuota } else { Code::Accepted };
        if !too_much {
            self.holds[quota].reserved += amount;
        }
        let after = self.holds[quota].available();
        let payment = (!too_much).then_some(self.payments.len());
        let op = self.push(command, Role::Maker, code, About::Payment(id));
        (op.available, op.payment) = (Some(after), payment);
        if !too_much {
            self.payments.push(Payment {
                id,
                quota,
                amount,
                executed: 0,
                state: PaymentState::Reserved,
                early: None,
                refunded: 0,
                refunds: 0,
                unsettled: None,
            });
        }
    }

    /// An order on a payment that its state allows, and what it does to the quota.
    fn push_step(&mut self, kind: StepKind, role: Role, at: usize, to: PaymentState) {
        let serial = self.next_serial();
        let Payment { id, quota, amount, .. } = self.payments[at];
        let mut command = orders::step(kind, id, self.ids[quota], serial);
        command.by.role = role;
        if to == PaymentState::Released {
            self.holds[quota].reserved -= amount;
        }
        self.payments[at].state = to;
        let after = self.holds[quota].available();
        let op = self.push(command, role, Code::Accepted, About::Of(id, serial));
        (op.available, op.payment) = (Some(after), Some(at));
    }

    fn draw_checker(&mut self) {
        let Some(at) = self.any_payment(|p| p.state == PaymentState::Reserved) else { return };
        if self.chance.once_in(15) {
            self.push_step(StepKind::Return, Role::Checker, at, PaymentState::Released);
        } else {
            self.push_step(StepKind::ApproveUnit, Role::Checker, at, PaymentState::Approved);
        }
    }

    fn draw_finance(&mut self) {
        match self.chance.below(10) {
            0..6 => {
                let approved = self.any_payment(|p| p.state == PaymentState::Approved);
                if let Some(at) = approved {
                    self.push_step(StepKind::Instruct, Role::Finance, at, PaymentState::Instructed);
                }
            }
            6 => {
                let sent = |p: &Payment| p.state == PaymentState::Instructed && p.early.is_none();
                if let Some(at) = self.any_payment(sent) {
                    self.push_step(StepKind::Void, Role::Finance, at, PaymentState::Released);
                }
            }
            7 => self.draw_run(),
            8 => self.draw_transfer(),
            _ => {
                let quota = self.chance.below(u64::from(QUOTAS)) as usize;
                let (kind, amount) = self.draw_act(quota);
                self.push_act(quota, kind, amount);
            }
        }
    }

    fn draw_act(&mut self, quota: usize) -> (ActKind, i64) {
        let kinds = [ActKind::Supplement, ActKind::Cut, ActKind::Freeze, ActKind::Unfreeze];
        let kind = *self.chance.pick(&kinds);
        (
            kind,
            1 + self.chance.below(ISSUED as u64 / 50) as i64 + {
                // Now and then more than there can be.
                let holds = &self.holds[quota];
                if self.chance.once_in(6) { holds.available().max(0) + holds.frozen } else { 0 }
            },
        )
    }

    /// What an act does to a quota, or why it is refused.
    fn apply_act(holds: &mut Holds, kind: ActKind, amount: i64) -> Result<(), Code> {
        let available = holds.available();
        match kind {
            ActKind::Supplement => holds.issued += amount,
            ActKind::Cut | ActKind::Freeze if amount > available => return Err(Code::CutBelowUsed),
            ActKind::Cut => holds.issued -= amount,
            ActKind::Freeze => holds.frozen += amount,
            ActKind::Unfreeze if amount > holds.frozen => return Err(Code::OverFrozen),
            ActKind::Unfreeze => holds.frozen -= amount,
            other => unreachable!("{other} is never drawn"),
        }
        Ok(())
    }

    fn push_act(&mut self, quota: usize, kind: ActKind, amount: i64) {
        let id = self.chance.id();
        let done = Lane::apply_act(&mut self.holds[quota], kind, amount);
        let after = self.holds[quota].available();
        let command = orders::act(kind, id, self.ids[quota], amount);
        let code = done.err().unwrap_or(Code::Accepted);
        self.push(command, Role::Finance, code, About::Act(id)).available = Some(after);
    }

    /// A linked run of acts and one reservation's worth of freezing: all of it, or nothing.
    fn draw_run(&mut self) {
        let before = self.holds.clone();
        let start = self.ops.len();
        let length = self.chance.between(2, 6) as usize;
        let mut refused = None;
        for place in 0..length {
            let quota = self.chance.below(u64::from(QUOTAS)) as usize;
            let (kind, amount) = self.draw_act(quota);
            let id = self.chance.id();
            let command = orders::act(kind, id, self.ids[quota], amount);
            if refused.is_none()
                && let Err(code) = Lane::apply_act(&mut self.holds[quota], kind, amount)
            {
                refused = Some((start + place, code));
            }
            let after = self.holds[quota].available();
            let op = self.push(command, Role::Finance, Code::Accepted, About::Act(id));
            op.available = Some(after);
            (op.run, op.linked) = (Some(start), place + 1 < length);
        }
        let Some((at, code)) = refused else { return };
        self.holds = before;
        for (place, op) in self.ops.iter_mut().enumerate().skip(start) {
            op.code = if place == at { code } else { Code::LinkedRefused };
            (op.again, op.available, op.about) = (op.code, None, About::Run);
        }
    }

    fn draw_transfer(&mut self) {
        let parent = QUOTAS as usize;
        let amount = 1 + self.chance.below(ISSUED as u64 / 2_000) as i64;
        let id = self.chance.id();
        let command =
            orders::move_out(MoveKind::Transfer, id, self.ids[parent], self.child, amount);
        let holds = &mut self.holds[parent];
        let code = if amount > holds.available() { Code::CutBelowUsed } else { Code::Accepted };
        if code == Code::Accepted {
            holds.transferred += amount;
            self.arrived += amount;
        }
        let after = self.holds[parent].available();
        self.push(command, Role::Finance, code, About::Move(id)).available = Some(after);
    }

    fn push_fact(
        &mut self,
        kind: FactKind,
        role: Role,
        at: usize,
        fen: i64,
        code: Code,
    ) -> &mut Op {
        let serial = self.next_serial();
        let Payment { id, quota, refunds, .. } = self.payments[at];
        let command = orders::fact(kind, id, self.ids[quota], serial, fen);
        let command = orders::of_refund(
            command,
            if matches!(kind, FactKind::Refund | FactKind::SettleRefund) { refunds } else { 0 },
        );
        let after = self.holds[quota].available();
        let op = self.push(command, role, code, About::Of(id, serial));
        (op.available, op.payment) = (Some(after), Some(at));
        op
    }

    fn draw_bank(&mut self) {
        if self.chance.once_in(4) {
            return self.draw_refund();
        }
        let Some(at) = self.any_payment(|p| p.state == PaymentState::Instructed) else { return };
        let Payment { quota, amount, early, .. } = self.payments[at];
        if early.is_none() && self.chance.once_in(10) {
            self.holds[quota].reserved -= amount;
            self.payments[at].state = PaymentState::Released;
            self.push_fact(FactKind::Reject, Role::Bank, at, 0, Code::Accepted);
            return;
        }
        if self.chance.once_in(12) {
            // More than was ordered: parked, and nothing moves.
            self.push_fact(FactKind::ConfirmPaid, Role::Bank, at, amount + 1, Code::Parked);
            return;
        }
        let part = early.is_none() && amount > 1 && self.chance.once_in(6);
        let executed = if part { 1 + self.chance.below(amount as u64 - 1) as i64 } else { amount };
        let holds = &mut self.holds[quota];
        holds.reserved -= amount;
        let payment = &mut self.payments[at];
        payment.executed = executed;
        if let Some(waiting) = early {
            // The settlement that waited is taken in the same turn.
            holds.cleared += executed;
            payment.state = PaymentState::Cleared;
            self.ops[waiting].again = Code::Accepted;
        } else {
            holds.paid += executed;
            payment.state = PaymentState::Paid;
        }
        self.push_fact(FactKind::ConfirmPaid, Role::Bank, at, executed, Code::Accepted);
    }

    fn draw_refund(&mut self) {
        let may = |p: &Payment| {
            let settled = matches!(p.state, PaymentState::Paid | PaymentState::Cleared);
            settled && p.refunded < p.executed && p.unsettled.is_none() && p.refunds < 3
        };
        let Some(at) = self.any_payment(may) else { return };
        let payment = &mut self.payments[at];
        let fen = 1 + self.chance.below((payment.executed - payment.refunded) as u64) as i64;
        payment.refunds += 1;
        payment.refunded += fen;
        payment.unsettled = Some((payment.refunds, fen));
        self.holds[payment.quota].refunding += fen;
        self.push_fact(FactKind::Refund, Role::Bank, at, fen, Code::Accepted);
    }

    fn draw_central_bank(&mut self) {
        let settles = |p: &Payment| p.state == PaymentState::Cleared && p.unsettled.is_some();
        if self.chance.once_in(3)
            && let Some(at) = self.any_payment(settles)
        {
            let payment = &mut self.payments[at];
            let (_, fen) = payment.unsettled.take().expect("just looked");
            let holds = &mut self.holds[payment.quota];
            holds.cleared -= fen;
            holds.refunding -= fen;
            self.push_fact(FactKind::SettleRefund, Role::CentralBank, at, fen, Code::Accepted);
            return;
        }
        let early = |p: &Payment| p.state == PaymentState::Instructed && p.early.is_none();
        if self.chance.once_in(6)
            && let Some(at) = self.any_payment(early)
        {
            let amount = self.payments[at].amount;
            self.payments[at].early = Some(self.ops.len());
            self.push_fact(FactKind::Clear, Role::CentralBank, at, amount, Code::Parked);
            return;
        }
        let Some(at) = self.any_payment(|p| p.state == PaymentState::Paid) else { return };
        let Payment { quota, executed, .. } = self.payments[at];
        let holds = &mut self.holds[quota];
        holds.paid -= executed;
        holds.cleared += executed;
        self.payments[at].state = PaymentState::Cleared;
        self.push_fact(FactKind::Clear, Role::CentralBank, at, executed, Code::Accepted);
    }
}
