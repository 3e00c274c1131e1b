//! A few divisions in one place: every command goes through `receive`, `apply` and `consequence`
//! here, the way a shard does it, and every event is kept for replay.

// Each test file uses its own part of this.
#![allow(dead_code)]

use std::collections::BTreeMap;

use domain::apply::{apply, unplaced};
use domain::contents::{HashKey, fingerprint};
use domain::decide::{Verdict, answer_after, check, consequence, ends, is_known, receive};
use domain::digest::write_division;
use domain::division::Answer;
use domain::event::{EventBody, RunId};
use domain::invariants::check_all;
use domain::page::{Page, PageName};
use domain::{Code, Command, Division, DivisionIndex, Event, Refusal};

/// The key that every test hashes under.
pub(crate) const KEY: HashKey = HashKey(*b"a key for tests.");

/// Divisions that exist from the start, registered or not.
const DIVISIONS: u16 = 6;

/// What became of one command.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    /// What its caller hears.
    pub(crate) answer: Answer,
    /// What was journaled: the command's own event, then what followed from it.
    pub(crate) events: Vec<Event<'static>>,
}

/// Some divisions and the journal of everything that happened in them.
#[derive(Clone)]
pub(crate) struct World {
    /// By index.
    pub(crate) divisions: BTreeMap<u16, Division>,
    /// Every event, in order.
    pub(crate) journal: Vec<Event<'static>>,
    /// Journaled time.
    pub(crate) now_ms: u64,
    /// What a checkpoint has kept of each division.
    rounds: BTreeMap<u16, Rounds>,
    /// Commands between two rounds of a division; each is compared whole, which takes its time where
    /// a division is large.
    pub(crate) rest: u32,
}

/// The rounds of one division: one always runs, a page or two at every step, and each that ends
/// is restored and compared with the moment it began at.
#[derive(Clone, Default)]
struct Rounds {
    kept: BTreeMap<PageName, Page>,
    running: Option<(Vec<Page>, Vec<u8>)>,
    ended: u32,
    /// Commands since the last one ended.
    rested: u32,
}

impl Rounds {
    fn step(&mut self, division: &mut Division, rest: u32) {
        let Some((pages, _)) = &mut self.running else {
            if self.rested < rest {
                self.rested += 1;
                return;
            }
            self.rested = 0;
            self.running = Some((Vec::new(), digest(division)));
            return division.begin_round();
        };
        if !division.copy_owed(1, pages) {
            return;
        }
        let Some((pages, began)) = self.running.take() else { return };
        self.ended += 1;
        // Every third round is lost: what it copied is owed again.
        if self.ended.is_multiple_of(3) {
            return division.lose_round();
        }
        division.keep_round();
        self.kept.extend(pages.into_iter().map(|page| (page.name(), page)));
        let restored = self.restored(division.index);
        assert!(digest(&restored) == began, "a kept round is not the moment it began at");
        assert_eq!(restored.years().find_map(miscounted), None);
    }

    fn restored(&self, index: DivisionIndex) -> Division {
        let mut division = Division::new(index, KEY);
        for page in self.kept.values() {
            division.restore(page.clone()).expect("kept pages follow from each other");
        }
        division.restored().expect("kept pages are whole");
        division
    }
}

impl World {
    /// Unregistered divisions and an empty journal.
    pub(crate) fn new() -> World {
        let division = |index| (index, Division::new(DivisionIndex(index), KEY));
        World {
            divisions: (0..DIVISIONS).map(division).collect(),
            journal: Vec::new(),
            now_ms: 1_000,
            rounds: BTreeMap::new(),
            rest: 0,
        }
    }

    fn step_round(&mut self, index: u16) {
        if let Some(division) = self.divisions.get_mut(&index) {
            self.rounds.entry(index).or_default().step(division, self.rest);
        }
    }

    /// Rounds that ended, over all divisions.
    pub(crate) fn rounds_ended(&self) -> u32 {
        self.rounds.values().map(|rounds| rounds.ended).sum()
    }

    /// The division that takes a command: facts of unknown divisions reach the province.
    fn takes(&self, command: &Command<'_>) -> u16 {
        let index = command.division().0;
        let known = self.divisions.get(&index).is_some_and(|d| d.registration.is_some());
        let is_report = matches!(command.body, domain::command::Body::Fact(_));
        if is_report && !known { 0 } else { index }
    }

    /// Takes one command through its whole way.
    pub(crate) fn send(&mut self, command: &Command<'static>) -> Outcome {
        let index = self.takes(command);
        self.step_round(index);
        let Some(division) = self.divisions.get_mut(&index) else {
            let answer = Answer::of(Code::UnknownDivision);
            return Outcome { answer, events: Vec::new() };
        };
        let print = fingerprint(KEY, command);
        let foreseen = check(division, command, print, self.now_ms);
        let event = match receive(division, command, print, self.now_ms) {
            Verdict::Answer(answer) => {
                assert_eq!(foreseen, answer, "check and receive differ over {command:?}");
                return Outcome { answer, events: Vec::new() };
            }
            Verdict::Event(event) => event,
        };
        let mut events = vec![event.clone()];
        self.journal.push(event.clone());
        let sequence = self.journal.len() as u64;
        let placed = apply(division, &event, unplaced(sequence - 1));
        if let Some(book) = command.year().and_then(|year| division.year_mut(year)) {
            book.place(placed, sequence);
        }
        let answer = answer_after(division, &event);
        assert_eq!(foreseen.code, answer.code, "check and receive differ over {command:?}");
        let mut last = event;
        while let Some(next) = consequence(division, command, &last) {
            apply(division, &next, 0);
            self.journal.push(next.clone());
            events.push(next.clone());
            last = next;
        }
        // As a shard does it: the answer tells what followed too.
        let state = match events[0].body {
            EventBody::Reserved { .. } => answer_after(division, &events[0]).state,
            _ => answer.state,
        };
        let answer = Answer { state, ..answer };
        Outcome { answer, events }
    }

    /// Takes an event as it is: what a journal might hold, whoever decided it.
    pub(crate) fn happens(&mut self, event: Event<'static>) {
        let division = self.divisions.get_mut(&event.division().0).expect("it happens here");
        apply(division, &event, 0);
        self.journal.push(event);
    }

    /// Takes a linked run: all of it or nothing. Gives an answer for each command and, where the
    /// run was refused, the place of the command that was refused for itself.
    pub(crate) fn run(
        &mut self,
        commands: &[Command<'static>],
    ) -> (Vec<Answer>, Option<usize>, Vec<Event<'static>>) {
        let index = self.takes(&commands[0]);
        self.step_round(index);
        let now_ms = self.now_ms;
        let division = self.divisions.get_mut(&index).expect("a division of the world");
        let prints: Vec<_> = commands.iter().map(|command| fingerprint(KEY, command)).collect();
        let known: Vec<Option<Answer>> = commands
            .iter()
            .zip(&prints)
            .map(|(command, &print)| is_known(division, command, print))
            .collect();
        let with_ids =
            || commands.iter().zip(&known).filter(|(command, _)| ends(command).is_some());
        let known_ids = with_ids().filter(|(_, answer)| answer.is_some()).count();
        if known_ids > 0 && known_ids == with_ids().count() {
            let unknown = Answer::of(Code::LinkedRefused);
            return (known.into_iter().map(|a| a.unwrap_or(unknown)).collect(), None, Vec::new());
        }
        if known_ids > 0 {
            let answers = vec![Answer::of(Code::Conflict); commands.len()];
            return (answers, None, Vec::new());
        }
        let year = commands[0].year().expect("linked commands have a year");
        let before = digest(division);
        division.year_mut(year).expect("a year that was opened").begin_run();
        let mut answers = Vec::new();
        let mut events = Vec::new();
        let mut refused = None;
        for (at, (command, &print)) in commands.iter().zip(&prints).enumerate() {
            assert!(command.is_linkable(), "{command:?} cannot be linked");
            match receive(division, command, print, now_ms) {
                Verdict::Event(Event { body: EventBody::Refused { refusal, .. }, .. }) => {
                    refused = Some((at, refusal));
                    break;
                }
                Verdict::Event(event) => {
                    apply(division, &event, 0);
                    let mut last = event.clone();
                    events.push(event.clone());
                    while let Some(next) = consequence(division, command, &last) {
                        apply(division, &next, 0);
                        events.push(next.clone());
                        last = next;
                    }
                    answers.push(answer_after(division, &event));
                }
                Verdict::Answer(answer) if answer.code == Code::Accepted => answers.push(answer),
                Verdict::Answer(answer) => {
                    let refusal = answer.refusal.unwrap_or_else(|| Refusal::new(answer.code));
                    refused = Some((at, refusal));
                    break;
                }
            }
        }
        let book = division.year_mut(year).expect("a year that was opened");
        let Some((at, refusal)) = refused else {
            book.commit_run();
            self.journal.extend(events.iter().cloned());
            return (answers, None, events);
        };
        book.roll_back_run();
        assert!(digest(division) == before, "a run that was rolled back left something behind");
        let (event, answers) = run_refused(commands, at, refusal);
        let leaves_a_trace = !refusal.code.is_turned_away() && refusal.code != Code::YearClosed;
        if !leaves_a_trace || with_ids().count() == 0 {
            return (answers, Some(at), Vec::new());
        }
        apply(division, &event, 0);
        self.journal.push(event.clone());
        (answers, Some(at), vec![event])
    }

    /// The first broken invariant, in words.
    pub(crate) fn broken_invariant(&self) -> Option<String> {
        for (name, finding) in check_all(self.divisions.values()) {
            if finding.violations > 0 {
                return Some(format!("{name}: {}", finding.examples.join("; ")));
            }
        }
        self.divisions.values().flat_map(Division::years).find_map(miscounted)
    }

    /// The canonical bytes of every division.
    pub(crate) fn digest(&self) -> Vec<u8> {
        self.divisions.values().flat_map(digest).collect()
    }

    /// The state that fresh divisions reach when they replay the journal: in its order, or one
    /// division after the other.
    pub(crate) fn replayed(&self, division_by_division: bool) -> World {
        let mut journal: Vec<(usize, &Event<'static>)> = self.journal.iter().enumerate().collect();
        if division_by_division {
            // Stable: the order within a division stays.
            journal.sort_by_key(|(_, event)| std::cmp::Reverse(event.division()));
        }
        let mut world = World::new();
        for (at, event) in journal {
            let division = world.divisions.get_mut(&event.division().0).expect("it happened here");
            apply(division, event, at as u64 + 1);
        }
        world
    }

    /// Replays the journal, and shows each event before it is applied.
    pub(crate) fn replay_with(&self, mut look: impl FnMut(&Division, &Event<'static>)) {
        let mut world = World::new();
        for event in &self.journal {
            let division = world.divisions.get_mut(&event.division().0).expect("it happened here");
            look(division, event);
            apply(division, event, 0);
        }
    }

    /// What replay gives otherwise than life did, if anything (I5).
    pub(crate) fn replay_differs(&self) -> Option<String> {
        let live = self.digest();
        [false, true].into_iter().find_map(|by_division| {
            let replayed = self.replayed(by_division).digest();
            (replayed != live).then(|| format!("I5: replay differs (by division: {by_division})"))
        })
    }
}

/// The record of a refused run, and what each of its callers hears.
fn run_refused(
    commands: &[Command<'static>],
    at: usize,
    refusal: Refusal,
) -> (Event<'static>, Vec<Answer>) {
    let mut ids = Vec::new();
    let mut own = u16::MAX;
    for (place, command) in commands.iter().enumerate() {
        let Some(id) = ends(command) else { continue };
        if place == at {
            own = ids.len() as u16;
        }
        let quota = command.quota().unwrap_or(domain::QuotaId::NONE);
        let person = command.by.person;
        let (tag, amount_fen) = (domain::contents::tag(&command.body), command.amount_fen());
        let fingerprint = fingerprint(KEY, command);
        ids.push(RunId { id, quota, person, fingerprint, tag, amount_fen });
    }
    let body = EventBody::RunRefused {
        division: commands[0].division(),
        year: commands[0].year().expect("linked commands have a year"),
        at: own,
        refusal,
        ids: Vec::leak(ids),
    };
    let heard = |place| {
        let refusal = if place == at { refusal } else { Refusal::new(Code::LinkedRefused) };
        Answer { refusal: Some(refusal), ..Answer::of(refusal.code) }
    };
    let answers = (0..commands.len()).map(heard).collect();
    (Event { by: commands[at].by, body }, answers)
}

/// Counters that no invariant names, against what they count.
fn miscounted(book: &domain::division::YearBook) -> Option<String> {
    if !book.rules_agree() {
        return Some("the sums that rules go by are not what they would be made anew".into());
    }
    let open = |quota: Option<domain::QuotaId>| {
        let of_it = move |payment: &&domain::payment::Payment| {
            payment.state.is_open() && quota.is_none_or(|quota| payment.quota == quota)
        };
        book.payments().filter(of_it).count() as u64
    };
    if book.open_payments != open(None) {
        return Some(format!("the year counts {} open payments", book.open_payments));
    }
    book.quotas().find_map(|(id, cell, row)| {
        let contracts = book.contracts().filter(|(on, cell)| *on == id && cell.open).count();
        if u64::from(cell.open_payments) != open(Some(id)) {
            return Some(format!("{id} counts {} open payments", cell.open_payments));
        }
        (row.open_contracts as usize != contracts)
            .then(|| format!("{id} counts {} open contracts", row.open_contracts))
    })
}

/// The canonical bytes of one division.
pub(crate) fn digest(division: &Division) -> Vec<u8> {
    let mut bytes = Vec::new();
    write_division(division, &mut bytes);
    bytes
}
