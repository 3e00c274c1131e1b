//! Shards, mailboxes and a journal on one thread.
//!
//! Messages wait in mailboxes that keep the order they were sent in, as the running engine's do;
//! nothing moves until a test says what moves next. What is durable is written down here a second
//! time, apart from the shards, and folded as it lands: every check is against that list.

use std::collections::VecDeque;
use std::sync::Arc;

use domain::apply::ordinal_of;
use domain::contents::HashKey;
use domain::ids::{DivisionIndex, QuotaId};
use domain::movement::Transit;
use domain::{Code, Division};
use protocol::{Position, encode_command};
use storage::journal::{Journal, JournalFault, LocalJournal};
use storage::record::{DOMAIN_KIND_FIRST, RecordRef, RecordWriter, Records};
use storage::space::SpaceLevel;

use super::give::{self, Given};
use super::keeping::Keeping;
pub use super::words::{Heard, Kept, ToNetwork, ToShard};
use crate::laws::{Broken, Count, LawOrder, Watch};
use crate::limits::RUNS_OUTSTANDING_MAX;
use crate::registry::Registry;
use crate::replay::{Replay, digest, digest_paged};
use crate::shard::Shard;
use crate::turn::{Alarm, Crossing, Landing, NO_RECORD, Output, Part, Run, Turn, TurnReply};

/// The key that ids are hashed under.
pub const KEY: HashKey = HashKey(*b"a key for tests.");

/// What [`House::found`] issues to a division's first quota.
pub const FUNDED_FEN: i64 = 1_000_000;

/// The shards of an engine and what is between them.
pub struct House {
    /// The cores.
    pub shards: Vec<Shard>,
    /// Which of them has which division.
    pub registry: Arc<Registry>,
    /// What each has not taken yet.
    pub inboxes: Vec<VecDeque<ToShard>>,
    /// Runs handed over, in order, and not durable.
    pub runs: VecDeque<Run>,
    /// Of these, the ones that are staged as the journal's next group.
    staged: Vec<Run>,
    /// What the network has not taken yet.
    pub to_network: VecDeque<ToNetwork>,
    /// What people were told.
    pub alarms: Vec<Alarm>,
    /// The watch over the laws.
    watch: Watch,
    /// What it asks next.
    watch_asks: VecDeque<(usize, LawOrder)>,
    /// What it found broken.
    pub broken: Vec<Broken>,
    /// Quotas whose fold somebody asked for.
    pub rebuilds: Vec<QuotaId>,
    /// The wall clock.
    pub now_ms: u64,
    /// The second list of what is durable.
    pub kept: Vec<Kept>,
    /// Their fold.
    pub fold: Replay,
    /// The journal on a disk; without one, a group is durable when it is said to be.
    pub journal: Option<LocalJournal>,
    /// Recovery, where there is one.
    pub keeping: Option<Keeping>,
    epoch: u32,
    next_sequence: u64,
    /// By shard: ordinals handed over so far, and runs not landed.
    handed: Vec<u64>,
    outstanding: Vec<usize>,
    /// By shard and ordinal: where the record landed.
    sequences: Vec<Vec<u64>>,
    tickets: u32,
}

impl House {
    /// An empty house over so many shards.
    pub fn new(shards: usize) -> House {
        House::over(shards, Vec::new(), &[])
    }

    /// A house as a start finds it: `kept` is all that is durable.
    pub fn over(shards: usize, divisions: Vec<Division>, kept: &[Kept]) -> House {
        House::folded(shards, divisions, kept).begun()
    }

    /// A house of divisions as they were folded: nothing has been gone on with yet.
    fn folded(shards: usize, divisions: Vec<Division>, kept: &[Kept]) -> House {
        let loads: Vec<_> = divisions.iter().map(|division| (division.index, 1)).collect();
        let registry = Registry::new(shards, &loads);
        let mut of_shard: Vec<Vec<Division>> = (0..shards).map(|_| Vec::new()).collect();
        for division in divisions {
            registry.register(division.index);
            of_shard[registry.shard_of(division.index)].push(division);
        }
        let numbered = of_shard.into_iter().enumerate();
        let cores = numbered.map(|(index, own)| Shard::new(index as u16, KEY, own)).collect();
        House::with(cores, Arc::new(registry), kept)
    }

    /// A house around cores that were made elsewhere, and have gone on with nothing yet.
    pub fn with(shards: Vec<Shard>, registry: Arc<Registry>, kept: &[Kept]) -> House {
        let count = shards.len();
        let last = kept.last().map_or(storage::position::Position::START, |kept| kept.position);
        let mut fold = Replay::new(KEY);
        for record in kept {
            fold.record(record.record()).expect("what was kept is an event");
        }
        House {
            shards,
            registry,
            inboxes: (0..count).map(|_| VecDeque::new()).collect(),
            runs: VecDeque::new(),
            staged: Vec::new(),
            to_network: VecDeque::new(),
            alarms: Vec::new(),
            watch: Watch::new(count),
            watch_asks: VecDeque::new(),
            broken: Vec::new(),
            rebuilds: Vec::new(),
            now_ms: 1_000_000,
            kept: kept.to_vec(),
            fold,
            journal: None,
            keeping: None,
            epoch: last.epoch + 1,
            next_sequence: last.sequence + 1,
            handed: vec![0; count],
            outstanding: vec![0; count],
            sequences: vec![Vec::new(); count],
            tickets: 0,
        }
    }

    /// The shards go on with what was under way.
    #[must_use]
    pub fn begun(mut self) -> House {
        for shard in 0..self.shards.len() {
            self.shards[shard].begin(self.now_ms);
            self.collect(shard);
        }
        self
    }

    /// The same house after its process ended and a new one started with so many shards: what was
    /// not durable is gone.
    pub fn restarted(&self, shards: usize) -> House {
        let mut house = self.replayed(shards).begun();
        house.now_ms = self.now_ms;
        house
    }

    /// As [`House::restarted`], before its shards have gone on with anything: its state is what was
    /// kept, and no more.
    pub fn replayed(&self, shards: usize) -> House {
        let mut replay = Replay::new(KEY);
        for record in &self.kept {
            replay.record(record.record()).expect("what was kept is an event");
        }
        House::folded(shards, replay.into_divisions(), &self.kept)
    }

    /// The shard of a division.
    pub fn shard_of(&self, division: u16) -> usize {
        self.registry.shard_of(DivisionIndex(division))
    }

    // ---- what goes in --------------------------------------------------------------------------

    /// A turn of these commands: one part for each row of commands of one role and channel.
    pub fn make_turn(&mut self, commands: &[Given]) -> Turn {
        let mut turn = Turn::new();
        turn.now_ms = self.now_ms;
        for (place, given) in commands.iter().enumerate() {
            let mut row = [0; protocol::limits::COMMAND_BYTES];
            encode_command(&given.command, given.flags, &mut row, &mut turn.tails)
                .expect("a command that callers can give");
            turn.rows.push(row);
            turn.places.push(place as u16);
            let (role, channel) = (given.role(), given.channel());
            match turn.parts.last_mut() {
                Some(part) if part.role == role && part.channel == channel => part.count += 1,
                _ => {
                    let (ticket, count, deadline_ms) = (self.tickets, 1, 0);
                    turn.parts.push(Part { ticket, role, channel, deadline_ms, count });
                    self.tickets += 1;
                }
            }
        }
        turn
    }

    /// Gives a turn to a shard at once.
    pub fn turn(&mut self, shard: usize, turn: Turn) {
        self.shards[shard].turn(turn);
        self.collect(shard);
    }

    /// Gives commands of one division to its shard at once.
    pub fn give(&mut self, commands: &[Given]) {
        let shard = self.registry.shard_of(commands[0].command.division());
        let turn = self.make_turn(commands);
        self.turn(shard, turn);
    }

    // ---- what moves ----------------------------------------------------------------------------

    /// Lets a shard take one message; false when none waits.
    pub fn step_shard(&mut self, shard: usize) -> bool {
        let Some(message) = self.inboxes[shard].pop_front() else { return false };
        match message {
            ToShard::Turn(turn) => self.shards[shard].turn(turn),
            ToShard::Cross(crossing) => self.shards[shard].cross(crossing, self.now_ms),
            ToShard::Landing(landing, memory) => self.shards[shard].landed(landing, memory),
            ToShard::Resume => self.shards[shard].resume_moves(),
            ToShard::Round(order) => self.shards[shard].round(order),
            ToShard::Pages(pages) => self.shards[shard].pages_came(pages),
        }
        self.collect(shard);
        true
    }

    /// Lets the watch over the laws ask one thing and hear it; between two of them anything may
    /// happen.
    pub fn step_watch(&mut self) {
        if self.watch.is_idle() {
            self.watch_asks.extend(self.watch.begin());
        }
        let Some((shard, order)) = self.watch_asks.pop_front() else { return };
        let said = self.shards[shard].law(order);
        self.watch_asks.extend(self.watch.hear(shard, said));
        self.broken.extend(self.watch.take_broken());
    }

    /// Lets the watch end its round and go through another: what was checked, and what is broken.
    pub fn watch_laws(&mut self) -> [Count; domain::laws::LAWS.len()] {
        let due = self.watch.rounds() + if self.watch.is_idle() { 1 } else { 2 };
        while self.watch.rounds() < due {
            self.step_watch();
        }
        self.watch.counts()
    }

    /// Lets deadlines pass on a shard.
    pub fn let_pass(&mut self, shard: usize) {
        self.shards[shard].let_pass(self.now_ms);
        self.collect(shard);
    }

    /// Makes at most so many runs durable as one group; false when none waits.
    pub fn land(&mut self, runs_max: usize) -> bool {
        self.try_land(runs_max).expect("the journal takes the group")
    }

    /// As [`House::land`], on a disk that may fail. A group whose segment is not ready waits.
    ///
    /// # Errors
    /// The fault that ends the process.
    pub fn try_land(&mut self, runs_max: usize) -> Result<bool, JournalFault> {
        while self.staged.len() < runs_max
            && let Some(run) = self.runs.front()
            && self.journal.as_mut().is_none_or(|journal| journal.stage(run.records.run()))
        {
            self.staged.extend(self.runs.pop_front());
        }
        if self.staged.is_empty() {
            return Ok(false);
        }
        let decided_ms = self.staged.iter().map(|run| run.decided_ms).max().unwrap_or(0);
        let first = match &mut self.journal {
            None => Position { epoch: self.epoch, sequence: self.next_sequence },
            Some(journal) => match journal.commit(self.now_ms.max(decided_ms)) {
                Ok(landed) => {
                    let first = landed.first;
                    Position { epoch: first.epoch, sequence: first.sequence }
                }
                Err(JournalFault::NotReady { .. }) => return Ok(false),
                Err(fault) => return Err(fault),
            },
        };
        let group = std::mem::take(&mut self.staged);
        let mut landings = Vec::new();
        let mut sequence = first.sequence;
        for run in group {
            let Run { shard, first_ordinal, records, .. } = run;
            let (count, epoch) = (records.records(), first.epoch);
            let landing =
                Landing { shard, first_ordinal, count, first: Position { epoch, sequence } };
            self.keep(&records, landing);
            sequence += u64::from(count);
            landings.push(landing);
            self.inboxes[usize::from(shard)].push_back(ToShard::Landing(landing, records));
            self.outstanding[usize::from(shard)] -= 1;
        }
        self.next_sequence = sequence;
        self.to_network.push_back(ToNetwork::Group(landings));
        Ok(true)
    }

    /// Writes the records of a run down as durable.
    fn keep(&mut self, records: &RecordWriter, landing: Landing) {
        let Position { epoch, sequence } = landing.first;
        let first = storage::position::Position { epoch, sequence };
        let read = Records::read(records.run().bytes, first, landing.count).expect("whole records");
        for record in read {
            assert!(record.kind >= DOMAIN_KIND_FIRST, "shards write events only");
            self.fold.record(record).expect("an event that follows from the ones before");
            let RecordRef { kind, version, body, position } = record;
            self.kept.push(Kept { kind, version, body: body.to_vec(), position });
            self.sequences[usize::from(landing.shard)].push(record.position.sequence);
        }
    }

    /// Sorts what a shard wants done into mailboxes, and holds it against what must hold always.
    pub fn collect(&mut self, shard: usize) {
        let mut outputs = Vec::new();
        self.shards[shard].take_outputs(&mut outputs);
        for output in outputs {
            match output {
                Output::Reply(reply) => self.collect_reply(shard, reply),
                Output::Run(run) => self.collect_run(shard, run),
                Output::Cross(crossing) => {
                    self.must_be_durable(&crossing);
                    let to = self.registry.shard_of(crossing.division());
                    self.inboxes[to].push_back(ToShard::Cross(crossing));
                }
                Output::Registered(division) => {
                    let known = self.fold.divisions().get(&division);
                    assert!(known.is_some_and(|known| known.registration.is_some()), "I4");
                    self.registry.register(division);
                }
                Output::Rebuild(quota) => self.rebuilds.push(quota),
                Output::ResumeMoves => {
                    self.inboxes.iter_mut().for_each(|inbox| inbox.push_back(ToShard::Resume));
                }
                Output::Alarm(alarm) => self.alarms.push(alarm),
                Output::Fetch(pages) => self.keeping().fetches.push_back((shard, pages)),
                Output::PagedIn(pages) => self.keeping().paged_in += pages,
                Output::PagedOut(pages) => self.keeping().paged_out += pages,
                Output::Round(news) => self.keeping().news.push_back((shard, news)),
            }
        }
    }

    fn keeping(&mut self) -> &mut Keeping {
        self.keeping.as_mut().expect("only recovery asks for rounds and lets pages out")
    }

    /// Only what is durable crosses: I4.
    fn must_be_durable(&self, crossing: &Crossing) {
        let mut books = self.fold.divisions().values().flat_map(Division::years);
        let durable = match *crossing {
            Crossing::HandOver { second_half: c, .. } => books.any(|book| {
                let row = book.move_out(c.id).filter(|row| row.from == c.from);
                row.is_some_and(|row| row.transit != Transit::Staged)
            }),
            Crossing::Settle { id, from, landed: true, .. } => books.any(|book| {
                book.move_in(from, id).is_some_and(|row| row.outcome == Code::Accepted)
            }),
            // Where there is no receiver, nothing is on record there.
            Crossing::Settle { landed: false, .. } => true,
        };
        assert!(durable, "I4: {crossing:?} crossed before it was durable");
    }

    fn collect_reply(&mut self, shard: usize, reply: TurnReply) {
        assert_eq!(usize::from(reply.shard), shard);
        for outcome in reply.outcomes.iter().filter(|outcome| outcome.ordinal != NO_RECORD) {
            assert!(outcome.ordinal < reply.needs, "a reply waits for its own records");
            let handed = self.handed[shard];
            assert!(outcome.ordinal >= handed, "a run overtook the reply that names its records");
        }
        self.to_network.push_back(ToNetwork::Reply(Box::new(reply)));
    }

    fn collect_run(&mut self, shard: usize, run: Run) {
        assert_eq!(usize::from(run.shard), shard);
        assert!(!run.records.is_empty(), "an empty run is never handed over");
        assert_eq!(run.first_ordinal, self.handed[shard], "ordinals are dense");
        self.handed[shard] += u64::from(run.records.records());
        self.outstanding[shard] += 1;
        assert!(self.outstanding[shard] <= RUNS_OUTSTANDING_MAX, "runs outstanding are bounded");
        self.runs.push_back(run);
    }

    /// Moves everything there is to move, each group as one, until nothing does.
    pub fn settle(&mut self) {
        loop {
            let mut moved = false;
            for shard in 0..self.shards.len() {
                while self.step_shard(shard) {
                    moved = true;
                }
            }
            if !moved && !self.step_pager() && !self.land(usize::MAX) {
                return;
            }
        }
    }

    // ---- what comes out ------------------------------------------------------------------------

    /// Replies that have come so far, with their outcomes in the order of their commands; records
    /// must have landed.
    pub fn heard(&mut self) -> Vec<Vec<Heard>> {
        let messages = std::mem::take(&mut self.to_network);
        let replies = messages.into_iter().filter_map(|message| match message {
            ToNetwork::Reply(reply) => Some(reply),
            ToNetwork::Group(_) => None,
        });
        replies.map(|reply| self.outcomes(&reply)).collect()
    }

    fn outcomes(&self, reply: &TurnReply) -> Vec<Heard> {
        let outcome = |outcome: &crate::turn::Outcome| {
            let mut result = outcome.result;
            let new = Some(outcome.ordinal).filter(|&ordinal| ordinal != NO_RECORD);
            if let Some(ordinal) = new.or(ordinal_of(result.sequence)) {
                result.sequence = self.sequences[usize::from(reply.shard)][ordinal as usize];
            }
            let refusal = (outcome.refusal as usize).checked_sub(1).map(|at| reply.refusals[at]);
            Heard { result, refusal }
        };
        reply.outcomes.iter().map(outcome).collect()
    }

    /// Gives commands of one division, settles everything, and gives what each heard.
    pub fn ask_all(&mut self, commands: &[Given]) -> Vec<Heard> {
        self.settle();
        self.to_network.clear();
        self.give(commands);
        self.settle();
        let heard = self.heard().concat();
        assert_eq!(heard.len(), commands.len(), "each command hears one outcome");
        heard
    }

    /// Gives one command, settles everything, and gives what it heard.
    pub fn ask(&mut self, command: Given) -> Heard {
        self.ask_all(&[command])[0]
    }

    /// As [`House::ask_all`], for the codes alone.
    pub fn codes(&mut self, commands: &[Given]) -> Vec<Code> {
        self.ask_all(commands).iter().map(Heard::code).collect()
    }

    /// Gives commands that must be accepted.
    pub fn accept(&mut self, commands: &[Given]) {
        for (given, heard) in commands.iter().zip(self.ask_all(commands)) {
            assert_eq!(heard.code(), Code::Accepted, "{given:?}");
        }
    }

    /// Registers a division, opens its year, and makes two quotas: 0 with money, 1 its
    /// child. Acts 1 to 4 are used up.
    pub fn found(&mut self, division: u16) {
        let parent = give::quota(division, 0);
        self.accept(&[
            give::register(division),
            give::open_year(division, 1),
            give::create(division, 2),
            give::issue(parent, 3, FUNDED_FEN),
            give::create_under(division, 4, parent),
        ]);
    }

    /// What is available on a quota, as its shard has it.
    pub fn available(&self, quota: QuotaId) -> i64 {
        let cell = self.division(quota.division()).and_then(|division| division.quota(quota));
        cell.expect("a quota that exists").buckets.available()
    }

    /// A division as its shard has it.
    pub fn division(&self, index: DivisionIndex) -> Option<&Division> {
        let shard = &self.shards[self.registry.shard_of(index)];
        shard.divisions().iter().find(|division| division.index == index)
    }

    /// Names of the durable events from the `from`th record on.
    pub fn slugs(&self, from: usize) -> Vec<&'static str> {
        self.kept[from..].iter().map(Kept::slug).collect()
    }

    /// The digest of the live shards.
    pub fn live_digest(&self) -> [u8; 32] {
        let divisions = self.shards.iter().flat_map(Shard::divisions);
        let Some(keeping) = &self.keeping else { return digest(divisions) };
        let all = divisions.cloned().collect();
        digest_paged(all, Some(keeping.reader.as_ref())).expect("pages that were kept")
    }

    /// I5: with nothing under way, the live state is the fold of the journal, for one shard, two
    /// and three; and what states can show of the other invariants holds.
    pub fn check(&mut self) {
        self.settle();
        let live = self.live_digest();
        assert_eq!(live, digest(self.fold.divisions().values()), "I5: live and folded");
        for shards in 1..=3 {
            assert_eq!(live, self.replayed(shards).live_digest(), "I5: {shards} shards");
        }
        check_invariants(self.fold.divisions().values());
    }
}

/// Events as records that are durable already, one behind the other.
pub fn kept_of(events: &[domain::Event<'_>]) -> Vec<Kept> {
    let record = |(event, sequence): (&domain::Event<'_>, u64)| {
        let mut run = RecordWriter::with_capacity(64 * 1024);
        storage::event_record::write(event, &mut run);
        let position = storage::position::Position { epoch: 1, sequence };
        let mut read = Records::read(run.run().bytes, position, 1).expect("a whole record");
        let RecordRef { kind, version, body, position } = read.next().expect("one record");
        Kept { kind, version, body: body.to_vec(), position }
    };
    events.iter().zip(1..).map(record).collect()
}

/// Every invariant that states can show.
pub fn check_invariants<'a>(divisions: impl Iterator<Item = &'a Division> + Clone) {
    let laws = domain::laws::check_all(divisions.clone());
    for (name, finding) in domain::invariants::check_all(divisions).into_iter().chain(laws) {
        assert_eq!(finding.violations, 0, "{name}: {:?}", finding.examples);
    }
}

/// A turn that says how much room the disk has.
pub fn with_space(mut turn: Turn, space: SpaceLevel) -> Turn {
    turn.space = space;
    turn
}
