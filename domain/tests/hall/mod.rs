//! A world with a finance office in it: papers are filed, supervisors carry documents out, and
//! money crosses between divisions, each at a moment the test chooses.

// Each test file uses its own part of this.
#![allow(dead_code)]

use std::collections::{BTreeMap, VecDeque};

use domain::apply::apply;
use domain::codes::{
    AuthorityKind, BatchEnd, BatchStep, BusinessKind, FactKind, Method, Role, StepKind, YearState,
};
use domain::command::{
    Body, By, Command, EndBatch, Fact, MoveIn, Paper, Register, Reserve, SetYear, SettleMove, Step,
};
use domain::event::{Event, EventBody};
use domain::ids::{
    ActId, BatchId, ChannelId, Class, ContractId, Day, DivisionIndex, Fingerprint, FiscalYear,
    PaymentId, PersonId, QuotaId,
};
use domain::laws::{Between, LAWS, Statement};
use domain::movement::Transit;
use domain::office::Office;
use domain::office::issuance::{Order, Supervisor, order::arrive};
use domain::office::paper::PaperKind;
use domain::office::table::Tabled;
use domain::office::tables::budget::BudgetRow;
use domain::office::tables::document::{Document, DocumentState, Transfer};
use domain::particulars::Particulars;
use domain::refusal::Refusal;
use domain::{Code, Division, Fen};

use crate::world::World;

/// The year the tests are about.
pub(crate) const YEAR: FiscalYear = FiscalYear::from_offset(23);
/// The year after it.
pub(crate) const NEXT: FiscalYear = FiscalYear::from_offset(24);

pub(crate) const MAKER: PersonId = PersonId(11);
pub(crate) const CHECKER: PersonId = PersonId(12);
pub(crate) const RECEIVER: PersonId = PersonId(13);
pub(crate) const OPERATOR: PersonId = PersonId(14);

/// What crosses to another division, once it is durable.
#[derive(Clone, Debug)]
enum Crossing {
    HandOver(MoveIn, Option<String>, PersonId),
    Settle(SettleMove, PersonId),
}

/// The world, its supervisors and what is on its way.
pub(crate) struct Hall {
    pub(crate) world: World,
    supervisors: BTreeMap<u16, Supervisor>,
    crossings: VecDeque<Crossing>,
    next_id: u128,
}

fn leak(text: &str) -> &'static str {
    Box::leak(text.to_owned().into_boxed_str())
}

fn given(order: &Order) -> Command<'static> {
    // What is sent is kept for the world's journal.
    let order: &'static Order = Box::leak(Box::new(order.clone()));
    order.command()
}

impl Hall {
    /// Divisions 0 to `count` − 1 with the year open, each with one leaf unit of finance's own.
    pub(crate) fn new(count: u16) -> Hall {
        let (world, supervisors, crossings) = (World::new(), BTreeMap::new(), VecDeque::new());
        let mut hall = Hall { world, supervisors, crossings, next_id: 1 << 100 };
        for division in 0..count {
            hall.register(division);
            hall.set_year(division, YEAR, YearState::Open);
            hall.on_file(division, YEAR, &[&unit("101"), &unit("102")]);
        }
        hall
    }

    fn id(&mut self) -> u128 {
        self.next_id += 1;
        self.next_id
    }

    fn register(&mut self, division: u16) {
        let digits = code(division);
        let code = *digits.as_bytes().first_chunk::<9>().expect("nine digits");
        let (division, parent) = (DivisionIndex(division), DivisionIndex::PROVINCE);
        let register = Register { division, code, parent, name: "历下区" };
        self.accept(OPERATOR, Role::Operator, Body::Register(register));
    }

    /// Sets a year.
    pub(crate) fn set_year(&mut self, division: u16, year: FiscalYear, state: YearState) {
        assert_eq!(self.try_year(division, year, state), Code::Accepted);
    }

    /// As [`Hall::set_year`], for the code.
    pub(crate) fn try_year(&mut self, division: u16, year: FiscalYear, state: YearState) -> Code {
        let (act, division) = (ActId(self.id()), DivisionIndex(division));
        let set = SetYear { act, division, year, state };
        self.send(MAKER, Role::Finance, Body::SetYear(set)).0
    }

    /// Gives a command; what it heard.
    pub(crate) fn send(
        &mut self,
        person: PersonId,
        role: Role,
        body: Body<'static>,
    ) -> (Code, Option<Refusal>) {
        let by = By { person, role, channel: ChannelId(7) };
        let answer = self.give(&Command { by, body });
        (answer.0, answer.1)
    }

    /// Gives a command that has to be accepted.
    pub(crate) fn accept(&mut self, person: PersonId, role: Role, body: Body<'static>) {
        let heard = self.send(person, role, body);
        assert_eq!(heard.0, Code::Accepted, "{body:?}: {heard:?}");
    }

    /// Gives a command, and notes what crosses.
    fn give(&mut self, command: &Command<'static>) -> (Code, Option<Refusal>, bool) {
        let outcome = self.world.send(command);
        for event in &outcome.events {
            self.note(event);
        }
        (outcome.answer.code, outcome.answer.refusal, outcome.answer.repeat)
    }

    fn note(&mut self, event: &Event<'static>) {
        let person = event.by.person;
        match &event.body {
            EventBody::MovedOut { command: c, .. } if c.batch == BatchId(0) => {
                self.hand_over(c.from.division().0, c.from.year(), c.id);
            }
            EventBody::BatchEnded { division, year, end: BatchEnd::Closed, .. } => {
                let book = self.division(division.0).year(*year).expect("its batch ended");
                let ids: Vec<_> = book.moves_let_out().map(|(id, _)| id).collect();
                ids.into_iter().for_each(|id| self.hand_over(division.0, *year, id));
            }
            EventBody::MovedIn { command: c, .. } => {
                let settle = SettleMove { id: c.id, from: c.from, landed: true };
                self.crossings.push_back(Crossing::Settle(settle, person));
            }
            EventBody::MoveDeclined { command: c, .. } => {
                let settle = SettleMove { id: c.id, from: c.from, landed: false };
                self.crossings.push_back(Crossing::Settle(settle, person));
            }
            _ => {}
        }
    }

    fn hand_over(&mut self, division: u16, year: FiscalYear, id: domain::ids::MoveId) {
        let book = self.division(division).year(year).expect("a move left it");
        let row = *book.move_out(id).expect("a move left it");
        let to_confirm = book.office().get::<Transfer>(&id.to_string()).map(|transfer| {
            let mut text = String::new();
            transfer.write(&mut text);
            text
        });
        let to_confirm = to_confirm.filter(|_| row.to.is_unnamed());
        self.crossings.push_back(Crossing::HandOver(row.second_half(id), to_confirm, row.person));
    }

    /// Lets one thing cross; false when nothing waits.
    pub(crate) fn cross(&mut self) -> bool {
        let Some(crossing) = self.crossings.pop_front() else { return false };
        let engine = |person, body| {
            let by = By { person, role: Role::Engine, channel: ChannelId(0) };
            Command { by, body }
        };
        match crossing {
            Crossing::Settle(settle, person) => {
                self.give(&engine(person, Body::SettleMove(settle)));
            }
            Crossing::HandOver(second_half, to_confirm, person) => {
                if let Some(row) = to_confirm {
                    let key = self.division(second_half.to.division().0).key();
                    let order = arrive(key, &second_half, &row, person);
                    let (code, _, repeat) = self.give(&given(&order));
                    if code == Code::Accepted {
                        if repeat {
                            self.say_again(&second_half, person);
                        }
                        return true;
                    }
                }
                let (_, _, repeat) = self.give(&engine(person, Body::MoveIn(second_half)));
                if repeat {
                    self.say_again(&second_half, person);
                }
            }
        }
        true
    }

    fn say_again(&mut self, moved: &MoveIn, person: PersonId) {
        let book = self.division(moved.to.division().0).year(moved.to.year());
        let Some(row) = book.and_then(|book| book.move_in(moved.from, moved.id)) else { return };
        let landed = row.outcome == Code::Accepted;
        let settle = SettleMove { id: moved.id, from: moved.from, landed };
        self.crossings.push_back(Crossing::Settle(settle, person));
    }

    /// One slice of a division's supervisor; false when it had nothing to do.
    pub(crate) fn supervise(&mut self, division: u16, max: usize) -> bool {
        let supervisor = self.supervisors.entry(division).or_default();
        let orders = supervisor.next(&self.world.divisions[&division], max);
        for order in &orders {
            let (code, ..) = self.give(&given(order));
            if code != Code::Accepted {
                break;
            }
        }
        !orders.is_empty()
    }

    /// Everything goes on until nothing is left to do.
    pub(crate) fn settle(&mut self) {
        for _ in 0..100_000 {
            let divisions: Vec<u16> = self.world.divisions.keys().copied().collect();
            let mut moved = false;
            for division in divisions {
                moved |= self.supervise(division, 7);
            }
            if !(self.cross() || moved) {
                return;
            }
        }
        panic!("it never ends");
    }

    /// The process ends and another starts: what was in memory alone is gone, batches that were
    /// open are dropped, what is in transit is handed over again.
    pub(crate) fn restart(&mut self) {
        self.supervisors.clear();
        self.crossings.clear();
        let mut open = Vec::new();
        let mut out = Vec::new();
        for book in self.world.divisions.values().flat_map(Division::years) {
            let batches = book.batches().filter(|(_, batch)| batch.is_open());
            open.extend(batches.map(|(id, batch)| (book.division, book.year, id, batch.maker)));
            let moves = book.moves_out().filter(|(_, row)| row.transit == Transit::InTransit);
            out.extend(moves.map(|(id, _)| (book.division.0, book.year, id)));
        }
        for (division, year, batch, person) in open {
            let (step, act) = (BatchStep::Abandon, ActId(0));
            let body = Body::EndBatch(EndBatch { step, act, batch, division, year });
            self.accept(person, Role::Engine, body);
        }
        out.into_iter().for_each(|(division, year, id)| self.hand_over(division, year, id));
    }

    /// Puts lines on file as a paper would that is not written yet: journaled like any other.
    pub(crate) fn on_file(&mut self, division: u16, year: FiscalYear, lines: &[&str]) {
        let changes: String = lines.iter().map(|line| format!("{line}\n")).collect();
        let by = By { person: MAKER, role: Role::Finance, channel: ChannelId(7) };
        let command = Paper {
            act: ActId(self.id()),
            division: DivisionIndex(division),
            year,
            kind: PaperKind::BasePut,
            batch: BatchId(0),
            checker: PersonId::NOBODY,
            day: None,
            text: "rows that other papers made",
        };
        let fingerprint = Fingerprint(1);
        let body = EventBody::Filed { fingerprint, changes: leak(&changes).into(), command };
        let event = Event { by, body };
        let sequence = self.world.journal.len() as u64 + 1;
        let known = self.world.divisions.get_mut(&division).expect("a division of the hall");
        apply(known, &event, sequence);
        self.world.journal.push(event);
    }

    /// Files a paper; the code it heard.
    pub(crate) fn file(
        &mut self,
        division: u16,
        person: PersonId,
        kind: PaperKind,
        text: &str,
    ) -> (Code, Option<Refusal>) {
        self.file_in(division, YEAR, person, kind, text)
    }

    /// As [`Hall::file`], of another year.
    pub(crate) fn file_in(
        &mut self,
        division: u16,
        year: FiscalYear,
        person: PersonId,
        kind: PaperKind,
        text: &str,
    ) -> (Code, Option<Refusal>) {
        let paper = Paper {
            act: ActId(self.id()),
            division: DivisionIndex(division),
            year,
            kind,
            batch: BatchId(0),
            checker: PersonId::NOBODY,
            day: None,
            text: leak(text),
        };
        self.send(person, Role::Finance, Body::File(paper))
    }

    /// Writes a document with its lines, not checked: kind, and each line from its row on.
    pub(crate) fn write(&mut self, division: u16, code: &str, kind: &str, lines: &[String]) {
        self.write_for(division, YEAR, code, kind, "鲁财预〔2023〕1号", lines);
    }

    /// As [`Hall::write`], of a year and with an authority.
    pub(crate) fn write_for(
        &mut self,
        division: u16,
        year: FiscalYear,
        code: &str,
        kind: &str,
        authority: &str,
        lines: &[String],
    ) {
        let amount = |line: &String| {
            let fields: Vec<&str> = line.split('\t').collect();
            Fen::from_yuan(fields[4]).expect("an amount").get()
        };
        let total = Fen::new(lines.iter().map(amount).sum());
        let count = lines.len();
        let head = format!(
            "{code}\t{kind}\t鲁财预指{code}号\t\t2023-03-01\t{authority}\t{count}\t{}",
            total.to_yuan()
        );
        let heard = self.file_in(division, year, MAKER, PaperKind::DocumentDraft, &head);
        assert_eq!(heard.0, Code::Accepted, "{head}: {heard:?}");
        for (place, chunk) in lines.chunks(40).enumerate() {
            let numbered = chunk.iter().zip(place * 40 + 1..);
            let text: String =
                numbered.map(|(line, number)| format!("\n{number}\t{line}")).collect();
            let text = format!("{code}{text}");
            let heard = self.file_in(division, year, MAKER, PaperKind::DocumentLines, &text);
            assert_eq!(heard.0, Code::Accepted, "{text}: {heard:?}");
        }
    }

    /// Has a document checked; what the checker heard.
    pub(crate) fn check(&mut self, division: u16, code: &str) -> (Code, Option<Refusal>) {
        self.file(division, CHECKER, PaperKind::DocumentCheck, code)
    }

    /// Writes a document and has it checked; what the checker heard.
    pub(crate) fn issue(
        &mut self,
        division: u16,
        code: &str,
        kind: &str,
        lines: &[String],
    ) -> Code {
        self.write(division, code, kind, lines);
        self.check(division, code).0
    }

    /// As [`Hall::issue`], carried out to its end.
    pub(crate) fn carry_out(&mut self, division: u16, code: &str, kind: &str, lines: &[String]) {
        assert_eq!(self.issue(division, code, kind, lines), Code::Accepted, "{code}");
        self.settle();
        let document = self.document(division, code);
        assert_eq!(document.state, DocumentState::Done, "{document:?}");
    }

    /// Has an amount reserved on a quota.
    pub(crate) fn pay(&mut self, quota: QuotaId, payment: u128, fen: i64) {
        assert_eq!(self.try_pay(quota, payment, fen), Code::Accepted);
    }

    /// As [`Hall::pay`], for the code.
    pub(crate) fn try_pay(&mut self, quota: QuotaId, payment: u128, fen: i64) -> Code {
        let reserve = Reserve {
            payment: PaymentId(payment),
            quota,
            amount_fen: Fen::new(fen),
            economic: Class::new("30201").expect("a class"),
            method: Method::Centralized,
            kind: BusinessKind::Single,
            day: Day::new(20_230_315).expect("a day"),
            contract: ContractId::NONE,
            plan: ContractId::NONE,
            deadline_ms: 0,
            one_act: false,
            particulars: Particulars::NONE,
        };
        self.send(PersonId(1), Role::Maker, Body::Reserve(reserve)).0
    }

    /// Has a reserved payment approved, instructed, paid and cleared.
    pub(crate) fn settle_payment(&mut self, quota: QuotaId, payment: u128, fen: i64) {
        let payment = PaymentId(payment);
        for (person, role, kind) in
            [(2, Role::Checker, StepKind::ApproveUnit), (3, Role::Finance, StepKind::Instruct)]
        {
            let step = Step { kind, payment, quota, serial: 1, reason: "" };
            self.accept(PersonId(person), role, Body::Step(step));
        }
        for (role, kind) in
            [(Role::Bank, FactKind::ConfirmPaid), (Role::CentralBank, FactKind::Clear)]
        {
            let fact = Fact {
                kind,
                payment,
                quota,
                serial: kind.number().into(),
                amount_fen: Fen::new(fen),
                payee_hash: 0,
                day: Day::new(20_230_316).expect("a day"),
                refund: 0,
                detail: 0,
                note: "",
            };
            self.accept(PersonId(4), role, Body::Fact(fact));
        }
    }

    /// Puts the division's card and the posts on file: from now on all rules apply.
    pub(crate) fn under_control(&mut self, division: u16) {
        let code = code(division);
        let card = format!("+division\t{code}\t历下区\tcounty\t\t1\t2\t2023-01-01\tactive");
        let post = |person: PersonId, post: &str| format!("+post\t{}\t{post}\t\t张三", person.0);
        let posts = [
            card,
            post(MAKER, "quota-maker"),
            post(CHECKER, "quota-checker"),
            post(RECEIVER, "quota-maker"),
        ];
        self.on_file(division, YEAR, &posts.each_ref().map(String::as_str));
    }

    pub(crate) fn division(&self, division: u16) -> &Division {
        &self.world.divisions[&division]
    }

    pub(crate) fn office(&self, division: u16) -> &Office {
        self.office_in(division, YEAR)
    }

    pub(crate) fn office_in(&self, division: u16, year: FiscalYear) -> &Office {
        self.division(division).year(year).expect("the year has begun").office()
    }

    pub(crate) fn document(&self, division: u16, code: &str) -> Document {
        self.office(division).get::<Document>(code).expect("a document that was written").clone()
    }

    pub(crate) fn row(&self, division: u16, code: &str) -> BudgetRow {
        self.office(division).get::<BudgetRow>(code).expect("a row on file").clone()
    }

    /// The quota of a budget row.
    pub(crate) fn quota(&self, division: u16, row: &str) -> QuotaId {
        self.quota_in(division, YEAR, row)
    }

    /// The quota of a budget row of a year.
    pub(crate) fn quota_in(&self, division: u16, year: FiscalYear, row: &str) -> QuotaId {
        let book = self.division(division).year(year).expect("the year has begun");
        let ends = format!("/{row}");
        let found = book.quotas().find(|(.., cold)| cold.key.ends_with(&ends));
        found.unwrap_or_else(|| panic!("no quota of {row}")).0
    }

    /// Issued and available of a budget row's quota, in fen.
    pub(crate) fn figures(&self, division: u16, row: &str) -> (i64, i64) {
        let quota = self.quota(division, row);
        let cell = self.division(division).quota(quota).expect("just found");
        (cell.buckets.issued, cell.buckets.available())
    }

    /// The authority of a budget row's quota, and its cap.
    pub(crate) fn authority(&self, division: u16, row: &str) -> (AuthorityKind, i64) {
        let quota = self.quota(division, row);
        let book = self.division(division).year(YEAR).expect("open");
        let cold = book.row(quota).expect("just found");
        (cold.authority, cold.cap_fen.get())
    }

    /// The budget of a division with rows `code\tkind\tfund\treply`, in a state.
    pub(crate) fn budget(&mut self, division: u16, state: &str, rows: &[String]) {
        let head = format!("+budget\tbudget\t鲁财预〔2022〕9号\t{state}\t1\t1\t\t\t\t\t\t1\t");
        let mut lines = vec![head];
        lines.extend(rows.iter().cloned());
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        self.on_file(division, YEAR, &lines);
    }

    /// What must hold at every moment.
    pub(crate) fn must_hold(&self) {
        assert_eq!(self.world.broken_invariant(), None);
        for (name, finding) in domain::laws::check_all(self.world.divisions.values()) {
            assert_eq!(finding.violations, 0, "{name}: {:?}", finding.examples);
        }
        self.must_hold_one_by_one();
    }

    /// Each division by itself says the same, and between them nothing is lost.
    pub(crate) fn must_hold_one_by_one(&self) {
        let mut between = Between::default();
        for division in self.world.divisions.values() {
            let statement = Statement::of(division);
            for (law, finding) in LAWS.iter().zip(&statement.findings) {
                let index = division.index.0;
                assert_eq!(finding.violations, 0, "{law} in {index}: {:?}", finding.examples);
            }
            between.hear(&statement);
        }
        let met = between.meet();
        assert_eq!(met.violations, 0, "L5 between divisions: {:?}", met.examples);
    }

    /// What must hold when nothing is on its way: also that replay gives the same.
    pub(crate) fn must_be_whole(&self) {
        self.must_hold();
        assert_eq!(self.world.replay_differs(), None);
    }
}

/// A division's code.
pub(crate) fn code(division: u16) -> String {
    format!("37{division:04}000")
}

fn unit(code: &str) -> String {
    format!("+unit\t{code}\t教育局\t\t1\tadministrative\tfull\t1\t\t\t\t\tactive")
}

/// A line of a budget row of fund 111 at unit 101.
pub(crate) fn budget_row(code: &str, kind: &str, reply: &str) -> String {
    row_of(code, "101", kind, "111", "302", 2023, reply)
}

/// A line of a budget row.
pub(crate) fn row_of(
    code: &str,
    unit: &str,
    kind: &str,
    fund: &str,
    class: &str,
    first_year: u16,
    reply: &str,
) -> String {
    let functional = if fund == "121" { "2120801" } else { "2050203" };
    let government = if class == "310" { "50601" } else { "50502" };
    format!(
        "+budget-row\t{code}\t{unit}\tP1\t{kind}\t{functional}\t{government}\t{class}\t{fund}\t2\t\t\t{first_year}\t\
         {reply}\t{reply}\t{reply}\t0.00\t0.00\t{reply}\t2"
    )
}

/// A line of a document that gives a row money from outside.
pub(crate) fn to_row(row: &str, yuan: &str) -> String {
    format!("{row}\tnone\tnone\t\t{yuan}\t0.00")
}

/// A line that takes from a quota and gives to a row; no row: takes alone.
pub(crate) fn from_to(from: QuotaId, row: &str, yuan: &str) -> String {
    format!("{row}\t{from}\tnone\t\t{yuan}\t0.00")
}

/// A line that sends to another division.
pub(crate) fn send_to(from: QuotaId, division: u16, yuan: &str) -> String {
    let to = QuotaId::unnamed(DivisionIndex(division), YEAR);
    format!("\t{from}\t{to}\t{}\t{yuan}\t0.00", code(division))
}
