//! A naive model of the domain: maps and lists, every figure summed anew from what happened. It
//! imports commands, ids and codes, and none of the rules it is held against.

mod facts;
mod orders;
mod papers;
mod sums;

use std::collections::BTreeMap;

use domain::batch::fold_digest;
use domain::codes::{BatchEnd, FactKind, MoveKind, Path, PaymentState, Role, StepKind, YearState};
use domain::command::{Act, Body, MoveIn, MoveOut, SettleMove};
use domain::contents::fingerprint;
use domain::ids::{ActId, BatchId, ChannelId, ContractId, Fingerprint, LimitKey, MoveId, PersonId};
use domain::{Code, Command, FiscalYear, PaymentId, QuotaId};
use xxhash_rust::xxh3::xxh3_64;

use crate::world::KEY;

/// What the model says a caller hears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Heard {
    pub(crate) code: Code,
    pub(crate) repeat: bool,
    /// Why a fact was parked just now.
    pub(crate) parked: Option<Code>,
}

impl Heard {
    fn now(code: Code) -> Heard {
        Heard { code, repeat: false, parked: None }
    }

    fn again(code: Code) -> Heard {
        Heard { code, repeat: true, parked: None }
    }
}

/// What becomes of a linked run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RunHeard {
    /// Every id is known: outcomes are told again.
    Known,
    /// Some ids are known and some are new.
    Conflict,
    /// All of it took effect.
    Stands,
    /// None of it did: the place and code of the command that was refused for itself.
    Refused(usize, Code),
}

/// A command that was taken or refused for good: the same again is a repeat, another a conflict.
#[derive(Clone, Copy, Debug)]
struct Known {
    contents: (PersonId, Body<'static>),
    outcome: Code,
}

/// A division's year.
#[derive(Clone, Debug)]
pub(crate) struct Year {
    pub(crate) state: YearState,
    ceiling: i64,
    planned: BTreeMap<LimitKey, [i64; 12]>,
    quotas: BTreeMap<QuotaId, Quota>,
    pub(crate) payments: BTreeMap<PaymentId, Payment>,
    known_payments: BTreeMap<PaymentId, Known>,
    known_acts: BTreeMap<u128, Known>,
    known_moves: BTreeMap<MoveId, Known>,
    /// Acts that took effect, in order.
    done: Vec<Act<'static>>,
    pub(crate) out: BTreeMap<MoveId, Out>,
    arrived: BTreeMap<(MoveId, u16, FiscalYear), (MoveIn, Code)>,
    batches: BTreeMap<BatchId, Batch>,
    waiting: Vec<Waiting>,
    dismissed: Vec<(ChannelId, Fingerprint)>,
    /// Divisions of the finance office on file: the lines, by code.
    offices: BTreeMap<String, String>,
}

/// What a quota is, apart from its money.
#[derive(Clone, Debug)]
struct Quota {
    create: domain::command::Create<'static>,
    closed: bool,
    /// Contracts: purchase plan, what is held for it now, whether it is open.
    contracts: BTreeMap<ContractId, (ContractId, i64, bool)>,
}

/// One payment's life.
#[derive(Clone, Debug)]
pub(crate) struct Payment {
    asked: domain::command::Reserve<'static>,
    pub(crate) state: PaymentState,
    path: Path,
    maker: PersonId,
    by_rule: bool,
    approvals: Vec<(StepKind, PersonId)>,
    instructor: Option<PersonId>,
    steps: Vec<(StepKind, u64, PersonId)>,
    taken_back: bool,
    executed: i64,
    facts: Vec<(FactKind, ChannelId, u64, Fingerprint)>,
    refunds: Vec<Refund>,
}

#[derive(Clone, Debug)]
struct Refund {
    number: u64,
    amount: i64,
    settled: bool,
    to_pool: bool,
}

/// A move at its origin.
#[derive(Clone, Debug)]
pub(crate) struct Out {
    pub(crate) order: MoveOut<'static>,
    pub(crate) stands: Stands,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stands {
    Staged,
    UnderWay,
    Landed,
    Back,
    Dropped,
}

#[derive(Clone, Debug)]
struct Batch {
    maker: PersonId,
    count: usize,
    announced: u128,
    digest: u128,
    staged: Vec<Body<'static>>,
    ended: Option<BatchEnd>,
}

/// A fact in suspense.
#[derive(Clone, Debug)]
struct Waiting {
    role: Role,
    channel: ChannelId,
    fingerprint: Fingerprint,
    fact: domain::command::Fact<'static>,
    reason: Code,
}

/// The whole model.
#[derive(Clone, Debug, Default)]
pub(crate) struct Model {
    pub(crate) years: BTreeMap<(u16, FiscalYear), Year>,
}

impl Model {
    pub(crate) fn new() -> Model {
        Model::default()
    }

    fn year(&self, quota: QuotaId) -> Option<&Year> {
        self.years.get(&(quota.division().0, quota.year()))
    }

    fn begun(&mut self, division: u16, year: FiscalYear) -> &mut Year {
        self.years.entry((division, year)).or_insert_with(|| Year {
            state: YearState::Unopened,
            ceiling: 0,
            planned: BTreeMap::new(),
            quotas: BTreeMap::new(),
            payments: BTreeMap::new(),
            known_payments: BTreeMap::new(),
            known_acts: BTreeMap::new(),
            known_moves: BTreeMap::new(),
            done: Vec::new(),
            out: BTreeMap::new(),
            arrived: BTreeMap::new(),
            batches: BTreeMap::new(),
            waiting: Vec::new(),
            dismissed: Vec::new(),
            offices: BTreeMap::new(),
        })
    }

    /// Takes a command and says what its caller must hear.
    pub(crate) fn take(&mut self, command: &Command<'static>, now_ms: u64) -> Heard {
        let Some(year) = command.year() else { return Heard::now(Code::Accepted) };
        let division = command.division().0;
        match command.body {
            Body::Fact(_) => {
                self.begun(division, year);
                return self.years.get_mut(&(division, year)).expect("begun").fact(command);
            }
            Body::MoveIn(moved) => return self.begun(division, year).arrive(moved),
            Body::SettleMove(settle) => return self.settle(settle),
            Body::Step(step) => {
                return match self.years.get_mut(&(division, year)) {
                    Some(book) => book.step(command.by.person, command.by.role, step, now_ms),
                    None => Heard::now(Code::YearNotOpen),
                };
            }
            Body::EndBatch(end) if command.by.role == Role::Engine => {
                return match self.years.get_mut(&(division, year)) {
                    Some(book) => match book.end_batch(command.by.person, end) {
                        Ok(()) => Heard::now(Code::Accepted),
                        Err(code) => Heard::now(code),
                    },
                    None => Heard::now(Code::YearNotOpen),
                };
            }
            _ => {}
        }
        let contents = (command.by.person, command.body);
        let begun = self.years.contains_key(&(division, year));
        let book = self.begun(division, year);
        if let Some(known) = book.known(&command.body) {
            return match known.contents == contents {
                true => Heard::again(known.outcome),
                false => Heard::now(Code::Conflict),
            };
        }
        // A year's papers and batches may come before anything else of it.
        let begins = matches!(command.body, Body::SetYear(_) | Body::OpenBatch(_) | Body::File(_));
        let decided = if begun || begins { book.order(command) } else { Err(Code::YearNotOpen) };
        let outcome = decided.err().unwrap_or(Code::Accepted);
        if outcome != Code::YearClosed {
            book.remember(&command.body, Known { contents, outcome });
            if outcome != Code::Accepted {
                book.drop_batch_of(command);
            }
        }
        Heard::now(outcome)
    }

    /// What a known id hears again; `None` for a step, which has no id.
    pub(crate) fn again(&self, command: &Command<'static>) -> Option<Heard> {
        if matches!(command.body, Body::Step(_)) {
            return None;
        }
        let known = self.years[&(command.division().0, command.year()?)].known(&command.body)?;
        Some(match known.contents == (command.by.person, command.body) {
            true => Heard::again(known.outcome),
            false => Heard::now(Code::Conflict),
        })
    }

    /// Takes a linked run, and says whether it stands.
    pub(crate) fn run(&mut self, commands: &[Command<'static>], now_ms: u64) -> RunHeard {
        let key = (commands[0].division().0, commands[0].year().expect("a year"));
        let has_id = |command: &&Command<'static>| !matches!(command.body, Body::Step(_));
        let ids = commands.iter().filter(has_id).count();
        let book = self.years.get(&key).expect("a year that was opened");
        let known = commands.iter().filter(has_id).filter(|c| book.known(&c.body).is_some());
        match known.count() {
            0 => {}
            count if count == ids => return RunHeard::Known,
            _ => return RunHeard::Conflict,
        }
        let before = self.clone();
        for (at, command) in commands.iter().enumerate() {
            let heard = self.take(command, now_ms);
            if heard.code == Code::Accepted {
                continue;
            }
            *self = before;
            let book = self.years.get_mut(&key).expect("a year that was opened");
            for (other, command) in commands.iter().enumerate().filter(|(_, c)| has_id(c)) {
                let outcome = if other == at { heard.code } else { Code::LinkedRefused };
                let contents = (command.by.person, command.body);
                if heard.code != Code::YearClosed {
                    book.remember(&command.body, Known { contents, outcome });
                }
            }
            return RunHeard::Refused(at, heard.code);
        }
        RunHeard::Stands
    }

    fn settle(&mut self, settle: SettleMove) -> Heard {
        let key = (settle.from.division().0, settle.from.year());
        let out = self.years.get_mut(&key).and_then(|year| year.out.get_mut(&settle.id));
        let Some(out) = out else { return Heard::now(Code::NotFound) };
        if out.stands != Stands::UnderWay {
            return Heard::again(Code::Accepted);
        }
        out.stands = if settle.landed { Stands::Landed } else { Stands::Back };
        Heard::now(Code::Accepted)
    }

    /// Moves that have left and not arrived anywhere, in fen.
    pub(crate) fn under_way(&self) -> i128 {
        let out = self.years.values().flat_map(|year| &year.out);
        let lost = out.filter(|(id, out)| {
            let from = out.order.from;
            if out.order.kind == MoveKind::Correct {
                return false;
            }
            let arrived = self
                .year(out.order.to)
                .and_then(|year| year.arrived.get(&(**id, from.division().0, from.year())));
            out.stands == Stands::UnderWay
                && arrived.is_none_or(|(_, code)| *code != Code::Accepted)
        });
        lost.map(|(_, out)| i128::from(out.order.amount_fen.get())).sum()
    }
}

impl Year {
    fn known(&self, body: &Body<'static>) -> Option<Known> {
        match body {
            Body::Reserve(c) => self.known_payments.get(&c.payment),
            Body::MoveOut(c) => self.known_moves.get(&c.id),
            other => self.known_acts.get(&act_of(other)?.0),
        }
        .copied()
    }

    fn remember(&mut self, body: &Body<'static>, known: Known) {
        match body {
            Body::Reserve(c) => drop(self.known_payments.insert(c.payment, known)),
            Body::MoveOut(c) => drop(self.known_moves.insert(c.id, known)),
            other => {
                let act = act_of(other).expect("every other order has an act's id");
                self.known_acts.insert(act.0, known);
            }
        }
    }

    /// A refused act drops the batch of its maker.
    fn drop_batch_of(&mut self, command: &Command<'static>) {
        let id = match command.body {
            Body::Act(act) => act.batch,
            Body::MoveOut(moved) => moved.batch,
            Body::File(paper) => paper.batch,
            _ => return,
        };
        let batch = self.batches.get(&id);
        if batch.is_some_and(|b| b.ended.is_none() && b.maker == command.by.person) {
            self.drop_batch(id, BatchEnd::Refused);
        }
    }

    fn drop_batch(&mut self, id: BatchId, end: BatchEnd) {
        let batch = self.batches.get_mut(&id).expect("it was opened");
        batch.ended = Some(end);
        for body in std::mem::take(&mut batch.staged) {
            if let Body::MoveOut(moved) = body {
                self.out.get_mut(&moved.id).expect("it was staged").stands = Stands::Dropped;
            }
        }
    }

    fn stage(&mut self, id: BatchId, body: Body<'static>) {
        let batch = self.batches.get_mut(&id).expect("it takes acts");
        batch.digest = match body {
            Body::Act(c) => {
                fold_digest(batch.digest, c.act.0, c.kind.number(), c.quota, 0, c.amount_fen)
            }
            Body::MoveOut(c) => {
                let kind = 128 + c.kind.number();
                fold_digest(batch.digest, c.id.0, kind, c.from, c.to.0, c.amount_fen)
            }
            Body::File(c) => {
                let (kind, text) = (QuotaId(c.kind as u64), xxh3_64(c.text.as_bytes()));
                fold_digest(batch.digest, c.act.0, 192, kind, text, domain::Fen::ZERO)
            }
            _ => batch.digest,
        };
        batch.staged.push(body);
    }

    fn arrive(&mut self, moved: MoveIn) -> Heard {
        let key = (moved.id, moved.from.division().0, moved.from.year());
        if let Some((_, outcome)) = self.arrived.get(&key) {
            return Heard::again(*outcome);
        }
        let outcome = self.takes(&moved).err().unwrap_or(Code::Accepted);
        self.arrived.insert(key, (moved, outcome));
        Heard::now(outcome)
    }

    fn takes(&self, moved: &MoveIn) -> Result<(), Code> {
        match self.state {
            YearState::Unopened => return Err(Code::YearNotOpen),
            YearState::Closed => return Err(Code::YearClosed),
            _ => {}
        }
        let quota = self.quotas.get(&moved.to).ok_or(Code::NoQuota)?;
        let x = moved.amount_fen.get();
        if quota.closed {
            return Err(Code::QuotaClosed);
        }
        if quota.create.fund != moved.fund {
            return Err(Code::FundMismatch);
        }
        match moved.kind {
            MoveKind::Allocate | MoveKind::Transfer if quota.create.parent != moved.from => {
                Err(Code::NotChild)
            }
            MoveKind::ReturnUp => {
                let money = self.money(moved.to);
                let same = moved.from.division() == moved.to.division();
                let (handed, kind) = match same {
                    true => (money.allocated, MoveKind::Allocate),
                    false => (money.transferred, MoveKind::Transfer),
                };
                let leaves = |out: &&Out| {
                    let order = &out.order;
                    out.stands == Stands::UnderWay && order.from == moved.to && order.kind == kind
                };
                let under_way = self.out.values().filter(leaves);
                let under_way: i64 = under_way.map(|out| out.order.amount_fen.get()).sum();
                if x > handed - under_way { Err(Code::OverAllocated) } else { Ok(()) }
            }
            MoveKind::Correct => Ok(()),
            _ => self.may_grow(moved.to, x),
        }
    }
}

fn act_of(body: &Body<'static>) -> Option<ActId> {
    Some(match body {
        Body::Act(c) => c.act,
        Body::Create(c) => c.act,
        Body::SetLimit(c) => c.act,
        Body::OpenBatch(c) => ActId(c.batch.0),
        Body::EndBatch(c) => c.act,
        Body::SetYear(c) => c.act,
        Body::Resolve(c) => c.act,
        Body::File(c) => c.act,
        _ => return None,
    })
}

fn print_of(command: &Command<'static>) -> Fingerprint {
    fingerprint(KEY, command)
}
