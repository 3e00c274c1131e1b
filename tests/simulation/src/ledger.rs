//! What the journal says happened, added up a second time.
//!
//! A model of its own: it takes the words of `domain` (events, ids, amounts) and none of its rules.
//! It goes over the durable records one by one, and what the engine says and has is held against
//! it. Where a record cannot be right after those before it, the fold stops there: each assertion
//! names what it breaks.

mod account;

use std::collections::{BTreeMap, HashMap, HashSet};

use actors::testing::house::Kept;
use domain::codes::{
    ActKind, BatchEnd, FactKind, MoveKind, PaymentState, ResolveAction, Role, StepKind,
};
use domain::command::{Act, Body, By, Command, Fact, MoveIn, MoveOut, Reserve, Step};
use domain::event::{EventBody, RefusedId};
use domain::ids::{BatchId, ChannelId, DivisionIndex, MoveId, PersonId, QuotaId};
use domain::office::paper::PaperKind;
use domain::{Code, Event};
use storage::event_record;

use account::Bucket as B;
pub use account::{Account, Bucket};

/// An id that is used up: of which kind, in which division.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Id {
    /// A payment's.
    Payment(DivisionIndex, u128),
    /// An act's.
    Act(DivisionIndex, u128),
    /// A move's, at its origin.
    Move(DivisionIndex, u128),
}

/// How an id was used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Used {
    /// By which record.
    pub sequence: u64,
    /// What its caller hears.
    pub code: Code,
}

/// A payment, as far as money and posts go.
#[derive(Clone, Debug)]
pub struct Paid {
    /// Its quota.
    pub quota: QuotaId,
    /// Asked for, in fen.
    pub asked: i64,
    /// Executed, in fen.
    pub executed: i64,
    /// Where it stands.
    pub state: PaymentState,
    /// When it lapses.
    pub deadline_ms: u64,
    month: u8,
    maker: PersonId,
    approver: Option<PersonId>,
    /// Orders it took, with who gave them and by which record.
    pub steps: Vec<(StepKind, PersonId, u64)>,
}

/// Which fact: its channel, number, kind, payment, quota and amount.
pub type FactId = (ChannelId, u64, FactKind, u128, QuotaId, i64);

/// What became of a fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It was taken into its payment.
    Taken(u64),
    /// It waits where people see it.
    Parked(u64),
    /// A person dismissed it.
    Dismissed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Transit {
    Staged,
    Out,
    Ended,
}

#[derive(Clone, Copy, Debug)]
struct Moving {
    kind: MoveKind,
    from: QuotaId,
    fen: i64,
    transit: Transit,
}

/// Everything.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    /// The quotas.
    pub accounts: BTreeMap<QuotaId, Account>,
    /// The payments.
    pub payments: BTreeMap<(DivisionIndex, u128), Paid>,
    /// Ids that are used up.
    pub ids: HashMap<Id, Used>,
    /// Facts, by the division that has them.
    pub facts: HashMap<(DivisionIndex, FactId), Fate>,
    /// Used of each division's plan, in fen, by month.
    pub plans: BTreeMap<(DivisionIndex, u8), i64>,
    /// Lapses, with the payment's deadline, that nobody has looked at yet.
    pub lapsed: Vec<(u128, u64)>,
    moves: BTreeMap<(DivisionIndex, MoveId), Moving>,
    arrived: HashSet<(QuotaId, MoveId)>,
    staged: BTreeMap<BatchId, Vec<(ActKind, QuotaId, i64)>>,
    staged_moves: BTreeMap<BatchId, Vec<MoveId>>,
    staged_papers: BTreeMap<BatchId, Vec<(bool, String)>>,
    /// What is on file: lines by division and the code in them.
    pub on_file: BTreeMap<DivisionIndex, BTreeMap<String, String>>,
    outside: i128,
    records: usize,
}

/// The id that a command uses up.
#[must_use]
pub fn id_of(command: &Command<'_>) -> Option<Id> {
    let division = command.division();
    let act = |act: u128| Some(Id::Act(division, act));
    match &command.body {
        Body::Reserve(c) => Some(Id::Payment(division, c.payment.0)),
        Body::MoveOut(c) => Some(Id::Move(division, c.id.0)),
        Body::Act(c) => act(c.act.0),
        Body::Create(c) => act(c.act.0),
        Body::SetLimit(c) => act(c.act.0),
        Body::OpenBatch(c) => act(c.batch.0),
        Body::EndBatch(c) => act(c.act.0),
        Body::SetYear(c) => act(c.act.0),
        Body::Resolve(c) => act(c.act.0),
        Body::File(c) => act(c.act.0),
        _ => None,
    }
}

/// The name of a fact.
#[must_use]
pub fn fact_of(by: By, fact: &Fact<'_>) -> FactId {
    (by.channel, fact.serial, fact.kind, fact.payment.0, fact.quota, fact.amount_fen.get())
}

impl Ledger {
    /// Goes over the records that it has not seen. `asked`: every id that somebody has sent.
    ///
    /// # Panics
    /// If a record cannot be.
    pub fn read_on(&mut self, kept: &[Kept], asked: &HashSet<Id>) {
        for record in &kept[self.records..] {
            let mut ids = Vec::new();
            let event = event_record::decode(&record.record(), &mut ids).expect("an event");
            self.take(&event, record.position.sequence, asked);
        }
        self.records = kept.len();
    }

    /// Records read.
    #[must_use]
    pub fn records(&self) -> usize {
        self.records
    }

    fn take(&mut self, event: &Event<'_>, sequence: u64, asked: &HashSet<Id>) {
        assert!(event.by.person != PersonId::NOBODY, "I10: an act without a person: {event:?}");
        if let Some((quota, version)) = event.quota_version() {
            let account = self.accounts.entry(quota).or_default();
            account.version += 1;
            assert_eq!(account.version, version, "I6: versions of {quota} have a gap");
        }
        let division = event.division();
        self.take_id(event, division, sequence, asked);
        self.take_body(event, division, sequence);
        for account in self.accounts.values_mut() {
            account.note(sequence);
        }
    }

    /// Ids are used up once, and only by those who asked: I3, O2.
    fn take_id(
        &mut self,
        event: &Event<'_>,
        division: DivisionIndex,
        sequence: u64,
        asked: &HashSet<Id>,
    ) {
        let mut use_up = |id: Id, code: Code| {
            let before = self.ids.insert(id, Used { sequence, code });
            assert!(before.is_none(), "I3: {id:?} is used up twice: {before:?}, {event:?}");
            assert!(asked.contains(&id), "O2: nobody asked for {id:?}: {event:?}");
        };
        let refused = |id: RefusedId| match id {
            RefusedId::Payment(id) => Id::Payment(division, id.0),
            RefusedId::Act(id) => Id::Act(division, id.0),
            RefusedId::Move(id) => Id::Move(division, id.0),
        };
        let act = |act: u128| Id::Act(division, act);
        match &event.body {
            EventBody::Reserved { command: c, .. } => {
                use_up(Id::Payment(division, c.payment.0), Code::Accepted);
            }
            EventBody::MovedOut { command: c, .. } => {
                use_up(Id::Move(division, c.id.0), Code::Accepted);
            }
            EventBody::Acted { command: c, .. } => use_up(act(c.act.0), Code::Accepted),
            EventBody::Created { command: c, .. } => use_up(act(c.act.0), Code::Accepted),
            EventBody::LimitSet { command: c, .. } => use_up(act(c.act.0), Code::Accepted),
            EventBody::BatchOpened { command: c, .. } => use_up(act(c.batch.0), Code::Accepted),
            EventBody::YearSet { act: id, .. } => use_up(act(id.0), Code::Accepted),
            EventBody::Resolved { command: c, .. } => use_up(act(c.act.0), Code::Accepted),
            EventBody::Filed { command: c, .. } => use_up(act(c.act.0), Code::Accepted),
            EventBody::BatchEnded { act: id, .. } if id.0 != 0 => use_up(act(id.0), Code::Accepted),
            EventBody::Refused { id, refusal, .. } => use_up(refused(*id), refusal.code),
            EventBody::RunRefused { at, refusal, ids, .. } => {
                for (place, id) in ids.iter().enumerate() {
                    let own = place == usize::from(*at);
                    use_up(refused(id.id), if own { refusal.code } else { Code::LinkedRefused });
                }
            }
            _ => {}
        }
    }

    fn take_body(&mut self, event: &Event<'_>, division: DivisionIndex, sequence: u64) {
        match &event.body {
            EventBody::Created { quota, command, .. } => {
                self.accounts.entry(*quota).or_default().planned = command.plan.0 != 0;
            }
            EventBody::Reserved { command, .. } => self.reserve(event.by, command),
            EventBody::Stepped { command, .. } => self.step(event.by, command, sequence),
            EventBody::FactTaken { command, from_suspense, .. } => {
                self.fact(event.by, command, *from_suspense, sequence);
            }
            EventBody::FactParked { command, .. } => {
                let id = (division, fact_of(event.by, command));
                let before = self.facts.insert(id, Fate::Parked(sequence));
                let new = !matches!(before, Some(Fate::Taken(_) | Fate::Parked(_)));
                assert!(new, "I13: {id:?} was {before:?} and is parked");
            }
            EventBody::Resolved { command: c, .. } if c.action == ResolveAction::Dismiss => {
                let numbered = |((of, id), fate): &(&(DivisionIndex, FactId), &mut Fate)| {
                    *of == division
                        && (id.0, id.1) == (c.channel, c.serial)
                        && matches!(fate, Fate::Parked(_))
                };
                let first = self.facts.iter_mut().filter(numbered).min_by_key(|(_, fate)| {
                    if let Fate::Parked(at) = **fate { at } else { u64::MAX }
                });
                let (_, fate) = first.expect("I13: what is dismissed was parked");
                *fate = Fate::Dismissed;
            }
            EventBody::Acted { command, .. } => self.act(command),
            EventBody::MovedOut { command, .. } => self.move_out(division, command),
            EventBody::MovedIn { command, .. } => self.move_in(command),
            EventBody::MoveSettled { id, from, landed, .. } => {
                self.settle(division, *id, *from, *landed);
            }
            EventBody::Filed { command: c, .. } => {
                let removes = c.kind == PaperKind::BaseRemove;
                if c.batch == BatchId(0) {
                    self.file(division, removes, c.text);
                } else {
                    let staged = self.staged_papers.entry(c.batch).or_default();
                    staged.push((removes, c.text.to_owned()));
                }
            }
            EventBody::BatchEnded { batch, end, .. } => {
                self.end_batch(division, *batch, *end == BatchEnd::Closed);
            }
            _ => {}
        }
    }

    fn account(&mut self, quota: QuotaId) -> &mut Account {
        self.accounts.get_mut(&quota).expect("I11: an event of a quota that nobody created")
    }

    fn draw_on_plan(&mut self, quota: QuotaId, month: u8, fen: i64) {
        if self.account(quota).planned {
            let used = self.plans.entry((quota.division(), month)).or_default();
            *used += fen;
            assert!(
                *used >= 0,
                "I1: the plan of {month} in {} is below nothing",
                quota.division().0
            );
        }
    }

    // ---- payments ------------------------------------------------------------------------------

    fn reserve(&mut self, by: By, c: &Reserve<'_>) {
        let (asked, month) = (c.amount_fen.get(), c.day.month());
        self.account(c.quota).add(B::Reserved, asked);
        self.draw_on_plan(c.quota, month, asked);
        let paid = Paid {
            quota: c.quota,
            asked,
            executed: 0,
            state: PaymentState::Reserved,
            deadline_ms: c.deadline_ms,
            month,
            maker: by.person,
            approver: None,
            steps: Vec::new(),
        };
        self.payments.insert((c.quota.division(), c.payment.0), paid);
    }

    fn step(&mut self, by: By, c: &Step<'_>, sequence: u64) {
        use PaymentState as S;
        let paid = self.payments.get_mut(&(c.quota.division(), c.payment.0));
        let paid = paid.expect("I11: an order on a payment that nobody asked for");
        paid.steps.push((c.kind, by.person, sequence));
        let others = [Some(paid.maker), paid.approver];
        paid.state = match c.kind {
            StepKind::ApproveUnit => {
                assert!(!others.contains(&Some(by.person)), "I10: {} approves twice", c.payment);
                paid.approver = Some(by.person);
                S::Approved
            }
            StepKind::Instruct => {
                assert!(!others.contains(&Some(by.person)), "I10: {} has one person", c.payment);
                assert_eq!(paid.state, S::Approved, "{} was instructed unapproved", c.payment);
                S::Instructed
            }
            StepKind::Hold => S::Held,
            StepKind::Unhold if paid.approver.is_some() => S::Approved,
            StepKind::Unhold => S::Reserved,
            StepKind::Doubt => S::Unknown,
            StepKind::Withdraw | StepKind::Return | StepKind::Void => S::Released,
            StepKind::ApproveDepartment | StepKind::ApproveFinance => {
                panic!("no quota of a run needs this post: {c:?}")
            }
        };
        if c.kind == StepKind::Withdraw && by.role == Role::Engine {
            self.lapsed.push((c.payment.0, paid.deadline_ms));
        }
        if paid.state == S::Released {
            let (quota, asked, month) = (paid.quota, paid.asked, paid.month);
            self.account(quota).add(B::Reserved, -asked);
            self.draw_on_plan(quota, month, -asked);
        }
    }

    fn fact(&mut self, by: By, c: &Fact<'_>, from_suspense: bool, sequence: u64) {
        let division = c.quota.division();
        let id = (division, fact_of(by, c));
        let before = self.facts.insert(id, Fate::Taken(sequence));
        let parked = matches!(before, Some(Fate::Parked(_)));
        assert_eq!(parked, from_suspense, "I13: {id:?} was {before:?} and is taken");
        assert!(!matches!(before, Some(Fate::Taken(_))), "I3: {id:?} is taken twice");
        let paid = self.payments.get_mut(&(division, c.payment.0));
        let paid = paid.expect("I11: a fact about a payment that nobody asked for");
        let (quota, asked, month, fen) = (paid.quota, paid.asked, paid.month, c.amount_fen.get());
        match c.kind {
            FactKind::ConfirmPaid => {
                (paid.executed, paid.state) = (fen, PaymentState::Paid);
                self.account(quota).add(B::Reserved, -asked);
                self.account(quota).add(B::Paid, fen);
                self.draw_on_plan(quota, month, fen - asked);
            }
            FactKind::Reject => {
                paid.state = PaymentState::Released;
                self.account(quota).add(B::Reserved, -asked);
                self.draw_on_plan(quota, month, -asked);
            }
            FactKind::Clear => {
                paid.state = PaymentState::Cleared;
                let executed = paid.executed;
                self.account(quota).add(B::Paid, -executed);
                self.account(quota).add(B::Cleared, executed);
            }
            FactKind::Refund => {
                self.account(quota).add(B::Refunding, fen);
                self.draw_on_plan(quota, month, -fen);
            }
            FactKind::SettleRefund => {
                self.account(quota).add(B::Cleared, -fen);
                self.account(quota).add(B::Refunding, -fen);
            }
        }
    }

    // ---- quotas --------------------------------------------------------------------------------

    fn act(&mut self, c: &Act<'_>) {
        let fen = c.amount_fen.get();
        if c.batch == BatchId(0) {
            return self.take_effect(c.kind, c.quota, fen);
        }
        if takes(c.kind) {
            self.account(c.quota).add(B::Staged, fen);
        }
        self.staged.entry(c.batch).or_default().push((c.kind, c.quota, fen));
    }

    fn take_effect(&mut self, kind: ActKind, quota: QuotaId, fen: i64) {
        let account = self.account(quota);
        let outside = match kind {
            ActKind::Issue | ActKind::Supplement => {
                account.add(B::Issued, fen);
                fen
            }
            ActKind::Cut | ActKind::Recover => {
                account.add(B::Issued, -fen);
                -fen
            }
            ActKind::Freeze => {
                account.add(B::Frozen, fen);
                0
            }
            ActKind::Unfreeze => {
                account.add(B::Frozen, -fen);
                0
            }
            _ => 0,
        };
        self.outside += i128::from(outside);
    }

    fn leave(&mut self, kind: MoveKind, quota: QuotaId, fen: i64) {
        let account = self.account(quota);
        match kind {
            MoveKind::Allocate => account.add(B::Allocated, fen),
            MoveKind::Transfer => account.add(B::Transferred, fen),
            // The simulated province has no money of units' own: what is settled is cleared.
            MoveKind::Correct => account.add(B::Cleared, fen),
            _ => account.add(B::Issued, -fen),
        }
    }

    fn move_out(&mut self, division: DivisionIndex, c: &MoveOut<'_>) {
        let (kind, from, fen) = (c.kind, c.from, c.amount_fen.get());
        let transit = if c.batch == BatchId(0) {
            self.leave(kind, from, fen);
            Transit::Out
        } else {
            self.account(from).add(B::Staged, fen);
            self.staged_moves.entry(c.batch).or_default().push(c.id);
            Transit::Staged
        };
        self.moves.insert((division, c.id), Moving { kind, from, fen, transit });
    }

    fn move_in(&mut self, c: &MoveIn) {
        let out = self.moves.get(&(c.from.division(), c.id)).copied();
        let out = out.filter(|out| out.from == c.from && out.fen == c.amount_fen.get());
        let out = out.unwrap_or_else(|| panic!("I4: {c:?} arrives and never left, as recorded"));
        assert_eq!(out.transit, Transit::Out, "I2: {c:?} arrives and is not out");
        assert!(self.arrived.insert((c.from, c.id)), "I3: {c:?} arrives twice");
        let inside = c.from.division() == c.to.division();
        let account = self.account(c.to);
        match (c.kind, inside) {
            (MoveKind::ReturnUp, true) => account.add(B::Allocated, -out.fen),
            (MoveKind::ReturnUp, false) => account.add(B::Transferred, -out.fen),
            (MoveKind::Correct, _) => account.add(B::Cleared, -out.fen),
            _ => account.add(B::Issued, out.fen),
        }
    }

    fn settle(&mut self, division: DivisionIndex, id: MoveId, from: QuotaId, landed: bool) {
        let out = self.moves.get_mut(&(division, id)).expect("I2: what is settled was out");
        assert_eq!(out.transit, Transit::Out, "I3: the move {id} ends twice");
        out.transit = Transit::Ended;
        let (kind, fen) = (out.kind, out.fen);
        let arrived = self.arrived.contains(&(from, id));
        assert_eq!(arrived, landed, "I2: the move {id} is settled otherwise than it ended");
        if !landed {
            self.leave(kind, from, -fen);
        }
    }

    fn end_batch(&mut self, division: DivisionIndex, batch: BatchId, closed: bool) {
        for (kind, quota, fen) in self.staged.remove(&batch).unwrap_or_default() {
            if takes(kind) {
                self.account(quota).add(B::Staged, -fen);
            }
            if closed {
                self.take_effect(kind, quota, fen);
            }
        }
        for (removes, text) in self.staged_papers.remove(&batch).unwrap_or_default() {
            if closed {
                self.file(division, removes, &text);
            }
        }
        for id in self.staged_moves.remove(&batch).unwrap_or_default() {
            let out = self.moves.get_mut(&(division, id)).expect("a staged move");
            out.transit = if closed { Transit::Out } else { Transit::Ended };
            let (kind, from, fen) = (out.kind, out.from, out.fen);
            self.account(from).add(B::Staged, -fen);
            if closed {
                self.leave(kind, from, fen);
            }
        }
    }

    /// What a paper says by its own text, whatever its event says that it changes.
    fn file(&mut self, division: DivisionIndex, removes: bool, text: &str) {
        let rows = self.on_file.entry(division).or_default();
        for line in text.lines() {
            let (_, row) = line.split_once('\t').expect("a table and a row");
            let code = row.split('\t').next().expect("a first column").to_owned();
            if removes {
                rows.remove(&code)
            } else {
                rows.insert(code, row.to_owned())
            };
        }
    }

    /// I2, O3: what came in from outside is what all quotas have and what is on its way.
    ///
    /// # Panics
    /// If it is not.
    pub fn check_conservation(&self) {
        let held: i128 = self.accounts.values().map(Account::worth).sum();
        let mut under_way = 0;
        for ((_, id), out) in &self.moves {
            if out.transit == Transit::Out && !self.arrived.contains(&(out.from, *id)) {
                under_way += i128::from(out.fen);
            }
        }
        assert_eq!(held + under_way, self.outside, "I2: money appeared or was lost");
    }
}

fn takes(kind: ActKind) -> bool {
    matches!(kind, ActKind::Cut | ActKind::Recover)
}
