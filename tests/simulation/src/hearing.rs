//! What leaves the node, held against what is durable at that moment; and what callers hear.
//!
//! The ledger is the other side of each comparison: the engine's own look-ups and decisions have no
//! part in it.

use actors::testing::give::Given;
use actors::testing::world::{Spoken, frames};
use domain::Code;
use domain::command::Body;
use domain::event::EventBody;
use domain::ids::DivisionIndex;
use protocol::lookup::{Answer, parse_answers};
use protocol::{CommandResult, FrameKind, Value};
use storage::event_record;
use storage::journal::Journal;

use crate::callers::Sent;
use crate::ledger::{Fate, fact_of, id_of};
use crate::run::{Answered, Run};
use crate::swarm::Kind;

impl Run<'_> {
    /// Reads whatever left the node.
    pub(crate) fn listen(&mut self) {
        for at in 0..self.callers.len() {
            let said = self.world.said(self.callers[at].id);
            for spoken in frames(&said) {
                self.left(at, &spoken);
                let waits = !self.callers[at].back.is_empty();
                if waits || self.swarm.strikes(Kind::Delay, &mut self.draw) {
                    self.callers[at].back.push_back(spoken);
                } else {
                    self.hear(at, &spoken);
                }
            }
        }
    }

    /// A frame leaves: nothing in it can be taken back by a crash from here on (I4).
    fn left(&mut self, at: usize, spoken: &Spoken) {
        let request = spoken.request();
        let sent = self.callers[at].sent.get(&request);
        match (sent.expect("O10: an answer to a request"), spoken.kind()) {
            (Sent::Commands(commands, since, _), FrameKind::Results) => {
                let results = spoken.results();
                assert_eq!(results.len(), commands.len(), "O10: an answer to each command");
                let at = spoken.at().sequence;
                assert!(at <= self.durable_sequence(), "I4: true at {at}, which is not durable");
                for (given, result) in commands.iter().zip(&results) {
                    self.must_be_durable(given, result);
                    self.must_have_been_so(given, result, *since);
                }
            }
            (Sent::LookUps(since, _), FrameKind::Answers) => {
                let (_, answers) = parse_answers(&spoken.frame()).expect("answers");
                answers.iter().for_each(|answer| self.must_show_the_durable(answer, *since));
            }
            _ => {}
        }
    }

    /// A caller hears a frame.
    pub(crate) fn hear(&mut self, at: usize, spoken: &Spoken) {
        let sent = self.callers[at].sent.get_mut(&spoken.request()).expect("it was looked up");
        match (sent, spoken.kind()) {
            (Sent::Commands(commands, _, answer @ None), FrameKind::Results) => {
                let results = spoken.results();
                let heard = commands.iter().zip(&results);
                let heard = heard.map(|(&given, &result)| Answered { given, result });
                self.answered.extend(heard);
                self.notes.heard(results.iter().map(|result| result.code));
                *answer = Some(results);
            }
            (Sent::LookUps(_, answered @ false), FrameKind::Answers) => *answered = true,
            (sent, FrameKind::Error) => {
                let code = spoken.error().code;
                assert_eq!(code, Code::Busy, "O10: nothing else fails a request here");
                self.busy += 1;
                self.notes.heard([code]);
                match sent {
                    Sent::Commands(_, _, answer @ None) => *answer = Some(Vec::new()),
                    Sent::LookUps(_, answered @ false) => *answered = true,
                    _ => panic!("O10: a second answer to request {}", spoken.request()),
                }
            }
            (_, kind) => {
                panic!("O10: a second or wrong answer: {kind:?} to {}", spoken.request())
            }
        }
    }

    pub(crate) fn durable_sequence(&self) -> u64 {
        let journal = self.world.house.journal.as_ref().expect("a journal");
        journal.durable().position.sequence
    }

    /// I4, O1, O2, O12, I13: what a result says is in the ledger of durable records.
    fn must_be_durable(&self, given: &Given, result: &CommandResult) {
        if result.checked || result.code.is_turned_away() {
            return;
        }
        if let Body::Fact(fact) = &given.command.body {
            let id = (home(given), fact_of(given.command.by, fact));
            let fate = self.ledger.facts.get(&id);
            let held = match result.code {
                Code::Accepted => matches!(fate, Some(Fate::Taken(_))),
                // A parked fact may have been taken or dismissed since.
                Code::Parked => fate.is_some(),
                _ => true,
            };
            assert!(held, "I13: {given:?} heard {result:?}, and on record is {fate:?}");
        } else if let Some(id) = id_of(&given.command) {
            let used = self.ledger.ids.get(&id);
            let same = used.is_some_and(|used| used.code == result.code);
            assert!(same, "I4: {given:?} heard {result:?}, and on record is {used:?}");
        } else if let (Body::Step(step), Code::Accepted) = (&given.command.body, result.code) {
            let paid = self.ledger.payments.get(&(home(given), step.payment.0));
            let person = given.command.by.person;
            let taken = paid.is_some_and(|paid| {
                paid.steps.iter().any(|&(kind, by, _)| (kind, by) == (step.kind, person))
            });
            assert!(taken, "I4: {given:?} heard {result:?}, and there is no such step on record");
        }
        if result.sequence != 0 {
            self.must_be_on_record(given, result);
        }
    }

    /// O12: the record that a result names is of the one who gave the command.
    fn must_be_on_record(&self, given: &Given, result: &CommandResult) {
        let kept = &self.world.house.kept;
        let place = kept.binary_search_by_key(&result.sequence, |kept| kept.position.sequence);
        let Ok(place) = place else {
            panic!("I4: {given:?} heard of record {}, which is not there", result.sequence);
        };
        let mut ids = Vec::new();
        let record = kept[place].record();
        let event = event_record::decode(&record, &mut ids).expect("an event");
        // A refused run is one record, of whoever's command it was refused for.
        if matches!(event.body, EventBody::RunRefused { .. }) {
            return;
        }
        let (by, person) = (event.by.person, given.command.by.person);
        assert_eq!(by, person, "O12: record {} of {given:?} is another's", result.sequence);
    }

    /// O9: what a result shows as available was so at some moment between question and answer, of
    /// what is durable. A run shows what only it could see.
    fn must_have_been_so(&self, given: &Given, result: &CommandResult, since: u64) {
        let Value::Available(fen) = result.value else { return };
        let Some(quota) = given.command.quota() else { return };
        // A check that would be accepted shows no amount.
        let shows_none = result.checked && result.code.is_taken();
        if given.flags.linked || shows_none || result.code == Code::LinkedRefused {
            return;
        }
        let so = match self.ledger.accounts.get(&quota) {
            Some(account) => account.was_available(fen.get(), since),
            None => fen.get() == 0,
        };
        assert!(so, "O9: {given:?} heard {result:?}, and {quota} never had that since {since}");
    }

    /// I4, O9: a quota is not shown as a crash could take it back.
    fn must_show_the_durable(&self, answer: &Answer, since: u64) {
        let Answer::Quota(view) = answer else { return };
        let account = self.ledger.accounts.get(&view.quota);
        let account = account.expect("I4: a quota that is shown is durable");
        assert!(account.version >= view.version, "I4: {} is not durable yet", view.quota);
        let fen = view.buckets.available();
        let so = account.was_available(fen, since);
        assert!(so, "O9: {} is shown with {fen}, which it never had since {since}", view.quota);
    }
}

/// The division that decides: facts of divisions that nobody knows go to the province.
pub(crate) fn home(given: &Given) -> DivisionIndex {
    let division = given.command.division();
    let stray = division == DivisionIndex(5) && matches!(given.command.body, Body::Fact(_));
    if stray { DivisionIndex::PROVINCE } else { division }
}
