//! The text-table language: one line, one command, and what must come of it.
//!
//! A script is cut into cases by lines `== title`. A case starts in divisions D0, D1 and D2 with
//! 2023 open in each, or with nothing at all where its title ends in `(bare)`. Names stand for
//! ids: `Q1` a quota (made by the first `create` or `issue` that names it), `R1` a payment, `M1` a
//! move, `B1` a batch; `1/2023/7` is a quota by its id. Amounts are in fen. Then:
//!
//! - `reserve R1 Q1 400 -> ok reserved available 600`: a command, and what its caller hears: `ok`
//!   (also without an arrow), `repeat`, `repeat over-quota`, `parked fact-early`, or a code's name;
//!   then, in any order, the payment's state, `available`, `limits over-quota=600` (every figure
//!   of the refusal), and `then fact-taken` (every event that followed in the same turn).
//! - `by name` and `as role` where they are not the usual ones.
//! - `show Q1 available 600 reserved 400`: figures as they are now. `show row mof-dep 101 name 教育处`:
//!   fields of a row on file.
//! - `run` … `end -> ok`, or `-> refused over-quota at 2`: a linked run.
//! - `time 5000`: the journaled time. `# …` is a comment.
//!
//! Every line goes through `receive`, `apply` and `consequence`; after it every invariant is
//! checked, and at the end of a case its journal is replayed.

pub(crate) mod parse;
mod show;

use std::collections::{BTreeMap, BTreeSet};

use domain::codes::PaymentState;
use domain::command::Body;
use domain::division::Answer;
use domain::event::EventBody;
use domain::movement::MoveOutRow;
use domain::{Code, Command, Event, QuotaId};

use crate::world::{Outcome, World};
use parse::{Words, Wrong};

/// What a script has touched, for the tests that demand completeness.
#[derive(Default)]
pub(crate) struct Coverage {
    /// Commands that were accepted or taken.
    pub(crate) accepted: BTreeSet<&'static str>,
    /// Codes that were heard, or why a fact was parked.
    pub(crate) codes: BTreeSet<Code>,
    /// Lines that were executed.
    pub(crate) lines: usize,
}

/// One case while it runs.
pub(crate) struct Script {
    pub(crate) title: &'static str,
    lines: Vec<(usize, &'static str)>,
    world: World,
    quotas: BTreeMap<&'static str, QuotaId>,
    payments: BTreeMap<&'static str, QuotaId>,
    moves: BTreeMap<&'static str, Vec<QuotaId>>,
    run: Option<Vec<Command<'static>>>,
}

/// Runs every case of a script, and gives the lines that did not come out as written.
pub(crate) fn failures(file: &str, text: String, coverage: &mut Coverage) -> Vec<String> {
    let text: &'static str = text.leak();
    let mut failures = Vec::new();
    for case in cases(text) {
        let mut script = Script::new(case);
        if let Err((line, wrong)) = script.play(coverage) {
            let shown = text.lines().nth(line - 1).unwrap_or("").trim();
            failures.push(format!("{file}:{line}: {shown}\n    {wrong}"));
        }
    }
    failures
}

/// A case: its title and its numbered lines.
type Case = (&'static str, Vec<(usize, &'static str)>);

fn cases(text: &'static str) -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let line = line.split('#').next().unwrap_or(line).trim();
        if let Some(title) = line.strip_prefix("== ") {
            cases.push((title, vec![(at + 1, "")]));
        } else if !line.is_empty() {
            let (_, lines) = cases.last_mut().expect("a script starts with a title");
            lines.push((at + 1, line));
        }
    }
    cases
}

impl Script {
    fn new((title, lines): Case) -> Script {
        let mut script = Script {
            title,
            lines,
            world: World::new(),
            quotas: BTreeMap::new(),
            payments: BTreeMap::new(),
            moves: BTreeMap::new(),
            run: None,
        };
        if !title.ends_with("(bare)") {
            for line in ["register D0", "register D1 code=370102000", "register D2"] {
                script.prepare(line);
            }
            for line in ["open-year D0 2023", "open-year D1 2023", "open-year D2 2023"] {
                script.prepare(line);
            }
        }
        script
    }

    /// A line that every case starts with.
    fn prepare(&mut self, line: &'static str) {
        let words = Words::of(line).expect("a good line");
        let act = format!("before: {line}");
        let mut command = parse::command(self, &words, 0).expect("a good line").expect("a command");
        if let Body::SetYear(set) = &mut command.body {
            set.act = domain::ids::ActId(parse::number_of("act", &act));
        }
        assert_eq!(self.world.send(&command).answer.code, Code::Accepted, "{line}");
    }

    fn play(&mut self, coverage: &mut Coverage) -> Result<(), (usize, Wrong)> {
        let lines = self.lines.clone();
        for &(number, text) in lines.iter().filter(|(_, text)| !text.is_empty()) {
            coverage.lines += 1;
            self.line(number, text, coverage).map_err(|wrong| (number, wrong))?;
            if let Some(broken) = self.world.broken_invariant() {
                return Err((number, format!("broken afterwards: {broken}")));
            }
        }
        let last = lines.last().map_or(0, |(number, _)| *number);
        match self.world.replay_differs() {
            Some(broken) => Err((last, broken)),
            None => Ok(()),
        }
    }

    fn line(
        &mut self,
        number: usize,
        text: &'static str,
        coverage: &mut Coverage,
    ) -> Result<(), Wrong> {
        let (order, expected) = match text.split_once(" -> ") {
            Some((order, expected)) => (order, expected),
            None => (text, "ok"),
        };
        let words = Words::of(order)?;
        match words.verb {
            "time" => {
                let now = words.plain(0, "a time")?;
                self.world.now_ms = now.parse().map_err(|_| format!("{now} is no time"))?;
                return Ok(());
            }
            "show" => return self.show(order),
            "run" => {
                self.run = Some(Vec::new());
                return Ok(());
            }
            "end" => return self.end_run(expected, coverage),
            _ => {}
        }
        self.make_quota(&words);
        let command = parse::command(self, &words, number)?
            .ok_or_else(|| format!("{} is no command", words.verb))?;
        self.note(&words, &command)?;
        if let Some(run) = &mut self.run {
            run.push(command);
            return Ok(());
        }
        let before = self.world.digest();
        let outcome = self.world.send(&command);
        if outcome.events.is_empty() && self.world.digest() != before {
            return Err("answered without an event, and yet something changed".into());
        }
        if !outcome.events.is_empty() && self.world.digest() == before {
            return Err("an event that no digest shows".into());
        }
        if let Some(EventBody::Created { quota, .. }) = outcome.events.first().map(|e| &e.body) {
            self.quotas.insert(words.plain(0, "a name")?, *quota);
        }
        cover(&command, &outcome, coverage);
        expect(expected, &outcome)
    }

    /// The first `issue` on a name makes the quota.
    fn make_quota(&mut self, words: &Words) {
        let Ok(name) = words.plain(0, "a quota") else { return };
        let is_name = name.starts_with('Q') && !self.quotas.contains_key(name);
        if words.verb == "issue" && is_name {
            let line = format!("create {name}").leak();
            let words = Words::of(line).expect("a good line");
            let command = parse::command(self, &words, 0).expect("a good line");
            let mut command = command.expect("a command");
            if let Body::Create(create) = &mut command.body {
                create.act = domain::ids::ActId(parse::number_of("act", line));
            }
            let answer = self.world.send(&command).answer;
            if answer.code == Code::Accepted {
                self.quotas.insert(name, QuotaId(answer.value.cast_unsigned()));
            }
        }
    }

    /// Remembers where a payment or move belongs, for the lines that only name it.
    fn note(&mut self, words: &Words, command: &Command<'static>) -> Result<(), Wrong> {
        match &command.body {
            Body::Reserve(c) => {
                self.payments.entry(words.plain(0, "a payment")?).or_insert(c.quota);
            }
            Body::MoveOut(c) => {
                let origins = self.moves.entry(words.plain(0, "a move")?).or_default();
                if !origins.contains(&c.from) {
                    origins.push(c.from);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn end_run(&mut self, expected: &str, coverage: &mut Coverage) -> Result<(), Wrong> {
        let commands = self.run.take().ok_or("no run has begun")?;
        let (answers, refused, events) = self.world.run(&commands);
        coverage.codes.extend(answers.iter().map(|answer| answer.code));
        let got = match refused {
            Some(at) => format!("refused {} at {}", answers[at].code.slug(), at + 1),
            None if events.is_empty() && answers.iter().all(|answer| answer.repeat) => {
                "repeat".into()
            }
            None if events.is_empty() => answers[0].code.slug().to_string(),
            None => "ok".into(),
        };
        if got == expected { Ok(()) } else { Err(format!("the run heard: {got}")) }
    }

    /// A quota by name, or by its id.
    pub(crate) fn quota(&self, name: &str) -> Result<QuotaId, Wrong> {
        if let Some(&quota) = self.quotas.get(name) {
            return Ok(quota);
        }
        let mut parts = name.split('/').map(|part| part.parse::<u64>().ok());
        match (parts.next().flatten(), parts.next().flatten(), parts.next().flatten()) {
            (Some(division), Some(year), Some(serial)) => {
                let year = parse::year(&year.to_string())?;
                Ok(QuotaId::new(domain::DivisionIndex(division as u16), year, serial))
            }
            _ => Err(format!("no quota is called {name}; write 1/2023/7 for one by its id")),
        }
    }

    /// The quota a payment was asked for on, unless the line names another.
    pub(crate) fn quota_of_payment(
        &self,
        payment: &str,
        on: Option<&str>,
    ) -> Result<QuotaId, Wrong> {
        match on {
            Some(name) => self.quota(name),
            None => self.payments.get(payment).copied().ok_or_else(|| {
                format!("no payment is called {payment}; name its quota with on=Q1")
            }),
        }
    }

    /// The origin's record of a move.
    pub(crate) fn find_move_out(
        &self,
        name: &str,
        from: Option<&str>,
    ) -> Result<&MoveOutRow, Wrong> {
        let origins = self.moves.get(name).ok_or_else(|| format!("no move is called {name}"))?;
        let from = from.map_or(Ok(origins[0]), |quota| self.quota(quota))?;
        let book = self.world.divisions[&from.division().0].year(from.year());
        let row = book.and_then(|book| book.move_out(parse::move_id(name)));
        row.ok_or_else(|| format!("move {name} never left"))
    }

    /// Whether the receiver took a move.
    pub(crate) fn has_landed(&self, name: &str, row: &MoveOutRow) -> Result<bool, Wrong> {
        let book = self.world.divisions[&row.to.division().0].year(row.to.year());
        let arrived = book.and_then(|book| book.move_in(row.from, parse::move_id(name)));
        let arrived = arrived.ok_or_else(|| format!("move {name} has not been delivered"))?;
        Ok(arrived.outcome == Code::Accepted)
    }

    /// Lines after a line of this case.
    pub(crate) fn lines_after(&self, line: usize) -> impl Iterator<Item = (usize, &'static str)> {
        self.lines.iter().copied().filter(move |(number, _)| *number > line)
    }
}

fn cover(command: &Command<'_>, outcome: &Outcome, coverage: &mut Coverage) {
    coverage.codes.insert(outcome.answer.code);
    if let Some(Event { body: EventBody::FactParked { reason, .. }, .. }) = outcome.events.first() {
        coverage.codes.insert(*reason);
    } else if outcome.answer.code == Code::Accepted && !outcome.answer.repeat {
        coverage.accepted.insert(command.slug());
    }
}

/// Compares what is written behind the arrow with what came.
fn expect(expected: &str, outcome: &Outcome) -> Result<(), Wrong> {
    let got = || heard(outcome);
    let mut words = expected.split_whitespace().peekable();
    let answer = &outcome.answer;
    let repeat = words.next_if_eq(&"repeat").is_some();
    let is_code = |word: &&str| Code::ALL.iter().any(|code| code.slug() == *word);
    let code = words.next_if(|word| *word == "ok" || is_code(word));
    let code = match code {
        None | Some("ok") => "accepted",
        Some(slug) => slug,
    };
    let mut good = repeat == answer.repeat && code == answer.code.slug();
    if code == "parked" && !repeat {
        let reason = words.next_if(is_code).ok_or("write why it is parked")?;
        good &= parked_reason(outcome).is_some_and(|code| code.slug() == reason);
    }
    let mut followed = Vec::new();
    while let Some(word) = words.next() {
        match word {
            "available" => {
                let text = words.next().ok_or("available how much?")?;
                good &= answer.value == parse::amount(text)?.get();
            }
            "limits" => {
                let mut figures = Vec::new();
                while let Some(figure) = words.next_if(|word| word.contains('=')) {
                    figures.push(figure);
                }
                good &= limits(answer) == figures.join(" ");
            }
            "then" => followed = words.by_ref().collect(),
            slug if PaymentState::from_slug(slug).is_some() => {
                good &= answer.state.is_some_and(|state| state.slug() == slug);
            }
            other => return Err(format!("{other} cannot be expected")),
        }
    }
    let events: Vec<&str> = outcome.events.iter().skip(1).map(Event::slug).collect();
    good &= events == followed;
    if good { Ok(()) } else { Err(format!("heard: {}", got())) }
}

fn parked_reason(outcome: &Outcome) -> Option<Code> {
    match outcome.events.first()?.body {
        EventBody::FactParked { reason, .. } => Some(reason),
        _ => None,
    }
}

fn limits(answer: &Answer) -> String {
    let figures = answer.refusal.iter().flat_map(domain::Refusal::figures);
    let figures =
        figures.map(|figure| format!("{}={}", figure.limit.slug(), figure.left_fen.get()));
    figures.collect::<Vec<_>>().join(" ")
}

/// What came, in the words of the language.
fn heard(outcome: &Outcome) -> String {
    let answer = &outcome.answer;
    let mut words = Vec::new();
    if answer.repeat {
        words.push("repeat".to_string());
    }
    match (answer.code, answer.repeat) {
        (Code::Accepted, true) => {}
        (Code::Accepted, false) => words.push("ok".into()),
        (code, _) => words.push(code.slug().into()),
    }
    words.extend(parked_reason(outcome).map(|reason| reason.slug().into()));
    words.extend(answer.state.map(|state| state.slug().into()));
    words.push(format!("available {}", answer.value));
    if answer.refusal.is_some_and(|refusal| refusal.figures().count() > 0) {
        words.push(format!("limits {}", limits(answer)));
    }
    if outcome.events.len() > 1 {
        words.push("then".into());
        words.extend(outcome.events.iter().skip(1).map(|event| event.slug().into()));
    }
    words.join(" ")
}
