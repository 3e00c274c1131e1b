//! What holds when nothing is under way, and after every step.

use std::collections::HashMap;
use std::sync::Arc;

use actors::laws::Broken;
use actors::limits::{JOURNAL_QUEUE_RUNS, PAGES_ASKED_MAX, RECOVERY_QUEUE, RUNS_OUTSTANDING_MAX};
use actors::replay::digest;
use actors::testing::house::check_invariants;
use actors::turn::Alarm;
use domain::Code;
use domain::command::Body;
use domain::ids::{DivisionIndex, QuotaId};
use domain::office::table::Table;
use domain::quota::Buckets;
use storage::disk::Disk;
use storage::verify::verify;

use crate::callers::Sent;
use crate::founding::{PLAN, data_dir};
use crate::hearing::home;
use crate::ledger::{Bucket, id_of};
use crate::run::{Answered, Run};

/// Commands of one frame when everything is asked again.
const ASKED_AT_ONCE: usize = 48;

impl Run<'_> {
    /// I12: queues stay within their bounds, at every step.
    pub(crate) fn must_be_bounded(&self) {
        let house = &self.world.house;
        let runs = house.runs.len();
        let runs_max = JOURNAL_QUEUE_RUNS.min(house.shards.len() * RUNS_OUTSTANDING_MAX);
        assert!(runs <= runs_max, "I12: {runs} runs wait for the journal");
        let Some(keeping) = &house.keeping else { return };
        let (news, asked) = (keeping.news.len(), keeping.fetches.len());
        assert!(news <= RECOVERY_QUEUE, "I12: {news} news wait for the checkpoint");
        assert!(asked <= PAGES_ASKED_MAX * house.shards.len(), "I12: {asked} pages are asked for");
    }

    /// With nothing under way: an answer to each request, journal, state and ledger alike.
    pub(crate) fn check_settled(&mut self) {
        assert!(self.world.network.is_drained(), "O10: something is not answered");
        for caller in &self.callers {
            for (request, sent) in &caller.sent {
                let answered = match sent {
                    Sent::Commands(_, _, answer) => answer.is_some(),
                    Sent::LookUps(_, answered) => *answered,
                };
                assert!(answered, "O10: request {request} of {:?} heard nothing", caller.role);
            }
        }
        self.world.house.watch_laws();
        self.must_keep_the_laws();
        self.check_order();
        self.check_metrics();
        self.note_what_happened();
        let folded = digest(self.world.house.fold.divisions().values());
        assert_eq!(self.world.house.live_digest(), folded, "I5: live and folded differ");
        let shards = 1 + self.draw.below(4);
        let again = self.world.house.replayed(shards).live_digest();
        assert_eq!(again, folded, "I5: replayed over {shards} shards it differs");
        check_invariants(self.world.house.fold.divisions().values());
        self.ledger.check_conservation();
        self.check_state();
    }

    /// O10: nothing breaks a law as the watch of the running engine sees it, whenever it looks.
    pub(crate) fn must_keep_the_laws(&mut self) {
        let house = &mut self.world.house;
        house.step_watch();
        if let Some(Broken { law, division, what }) = house.broken.first() {
            panic!("O10: the watch sees {law} broken in {division:?}: {what}");
        }
    }

    /// Where the run has been.
    fn note_what_happened(&mut self) {
        let house = &self.world.house;
        self.notes.events.extend(house.slugs(0));
        if let Some(keeping) = &house.keeping {
            self.notes.pages.0 += keeping.paged_out;
            self.notes.pages.1 += keeping.paged_in;
        }
    }

    /// O11: what the counters say is so.
    fn check_metrics(&self) {
        let metrics = &self.world.metrics;
        let open = metrics.connections.get();
        assert_eq!(open, self.callers.len() as u64, "O11: connections");
        assert_eq!(metrics.commands_in_flight.get(), 0, "O11: commands in flight");
        assert!(metrics.busy_frames.get() >= self.busy, "O11: frames that heard busy");
        let alarms = &self.world.house.alarms;
        let broken = alarms.iter().find(|alarm| !matches!(alarm, Alarm::Parked { .. }));
        assert!(broken.is_none(), "O10: something broke: {broken:?}");
    }

    /// O3, I1: quotas, plans and payments as the engine's fold has them are those of the ledger.
    pub(crate) fn check_state(&self) {
        let divisions = self.world.house.fold.divisions();
        let mut quotas = 0;
        for book in divisions.values().flat_map(domain::Division::years) {
            for (id, cell, _) in book.quotas() {
                let account = self.ledger.accounts.get(&id);
                let account = account.unwrap_or_else(|| panic!("I11: {id} was never created"));
                let ours = Bucket::ALL.map(|bucket| account.get(bucket));
                assert_eq!(of(&cell.buckets), ours, "O3: the buckets of {id}");
                assert_eq!(cell.version, account.version, "I6: the version of {id}");
                quotas += 1;
            }
            if let Some(plan) = book.plan(PLAN) {
                let used = |month: usize| {
                    let key = (book.division, month as u8 + 1);
                    self.ledger.plans.get(&key).copied().unwrap_or(0)
                };
                let ours: Vec<i64> = (0..12).map(used).collect();
                assert_eq!(plan.used.to_vec(), ours, "O3: the plan of {}", book.division.0);
            }
            let rows = self.ledger.on_file.get(&book.division).into_iter().flatten();
            let file = book.office().rows(Table::MofDep);
            let file = file.map(|(code, row)| {
                let mut line = String::new();
                row.write(&mut line);
                (code.to_owned(), line)
            });
            let ours = rows.map(|(code, line)| (code.clone(), line.clone()));
            assert!(file.eq(ours), "O3: what is on file of {}", book.division.0);
            for payment in book.payments() {
                let paid = self.ledger.payments.get(&(book.division, payment.id.0));
                let paid = paid.unwrap_or_else(|| panic!("I11: {} was never asked", payment.id));
                let theirs = (payment.state, payment.executed_fen.get());
                assert_eq!(theirs, (paid.state, paid.executed), "O3: payment {}", payment.id);
            }
        }
        assert_eq!(quotas, self.ledger.accounts.len(), "O1: quotas that were created");
    }

    /// One caller's commands to one division are decided in the order sent; one that waits for a
    /// page delays its own quota only.
    pub(crate) fn check_order(&self) {
        for caller in self.callers.iter().chain(&self.gone) {
            let mut last: HashMap<(DivisionIndex, Option<QuotaId>, u64), u64> = HashMap::new();
            for sent in caller.sent.values() {
                let Sent::Commands(commands, _, Some(results)) = sent else { continue };
                for (given, result) in commands.iter().zip(results) {
                    if result.repeat || result.sequence == 0 {
                        continue;
                    }
                    // A resolution waits for the page that its fact's payment is on.
                    let fact = match &given.command.body {
                        Body::Resolve(resolve) => resolve.serial,
                        _ => 0,
                    };
                    let before =
                        last.entry((home(given), given.command.quota(), fact)).or_default();
                    // A refused run is one record.
                    assert!(*before <= result.sequence, "O9: {given:?} overtook an earlier one");
                    *before = result.sequence;
                }
            }
        }
    }

    /// O10: with everything healed, what was sent is decided and nothing is turned away for want
    /// of anything.
    pub(crate) fn must_have_been_taken(&self, at: usize) {
        let last = self.callers[at].sent.values().next_back();
        let Some(Sent::Commands(commands, _, Some(results))) = last else {
            panic!("O10: nothing was heard");
        };
        for (given, result) in commands.iter().zip(results) {
            let wanting = matches!(
                result.code,
                Code::Busy
                    | Code::DiskLow
                    | Code::DiskFull
                    | Code::Fault
                    | Code::Quarantined
                    | Code::Late
            );
            assert!(!wanting, "O10: everything is healed, and {given:?} heard {result:?}");
        }
    }

    /// I3, O8: what was heard is heard so again: code, position, payment's state where it still
    /// stands there; and nothing is done twice.
    pub(crate) fn ask_everything_again(&mut self) {
        // What ends by itself ends first.
        for shard in 0..self.world.house.shards.len() {
            self.world.house.let_pass(shard);
        }
        self.settle();
        let stays = |answered: &&Answered| {
            let Answered { given, result } = answered;
            let told = given.command.is_fact() || id_of(&given.command).is_some();
            let taken = result.code.is_taken() || !result.code.is_turned_away();
            taken && told && !result.checked && !given.flags.linked
        };
        let mut all: Vec<Answered> = self.answered.iter().filter(stays).copied().collect();
        all.sort_by_key(|answered| answered.given.role() as u8);
        let records = self.world.house.kept.len();
        let alike = |one: &Answered, other: &Answered| {
            one.given.role() == other.given.role() && one.given.channel() == other.given.channel()
        };
        for same in all.chunk_by(alike) {
            for frame in same.chunks(ASKED_AT_ONCE) {
                self.ask_again(frame);
            }
        }
        assert_eq!(self.world.house.kept.len(), records, "I3: a repeat writes nothing");
    }

    fn ask_again(&mut self, frame: &[Answered]) {
        let at = self.caller_like(&frame[0].given).expect("a caller of each role");
        let commands = frame.iter().map(|answered| answered.given).collect();
        self.send_commands(at, commands, 0);
        self.settle();
        let Some(Sent::Commands(_, _, Some(results))) = self.callers[at].sent.values().next_back()
        else {
            panic!("O10: a repeat heard nothing");
        };
        assert_eq!(results.len(), frame.len(), "O10: a repeat heard an error");
        for (Answered { given, result: first }, again) in frame.iter().zip(results) {
            // A parked fact may have been taken or dismissed meanwhile.
            let since = first.code == Code::Parked && again.code == Code::Accepted;
            assert!(again.repeat, "I3: {given:?} heard {first:?}, then {again:?}");
            let same = again.code == first.code || since;
            assert!(same, "O8: {given:?} heard {first:?}, then {again:?}");
            let placed = first.sequence != 0 && again.sequence != 0;
            let same = !placed || first.sequence == again.sequence;
            assert!(same, "O8: {given:?} heard {first:?}, then {again:?}");
        }
    }

    /// I6, O6: the whole journal, looked at offline after a start or an orderly end, is sound, and
    /// behind its last group are zeros.
    pub(crate) fn check_journal(&self, closed: bool) {
        let disk: Arc<dyn Disk> = Arc::new(self.disk.image());
        let report = verify(&disk, &data_dir()).expect("a journal");
        assert_eq!(report.damage, [], "O6: the journal is not what was written");
        assert_eq!(report.torn, None, "O6: there is something behind the last group");
        assert_eq!(report.closed, closed, "O6: an orderly end is told from a crash");
    }
}

fn of(buckets: &Buckets) -> [i64; 9] {
    assert_eq!(buckets.earmarked, 0, "no contract in a run");
    [
        buckets.issued,
        buckets.allocated,
        buckets.transferred,
        buckets.frozen,
        buckets.staged,
        buckets.reserved,
        buckets.paid,
        buckets.cleared,
        buckets.refunding,
    ]
}
