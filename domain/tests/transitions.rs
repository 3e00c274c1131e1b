//! The closed table state × command: written down in `docs/transitions.md`, and driven, every cell
//! of it, with real payments.

mod golden;
mod world;

use std::fmt::Write as _;

use domain::codes::{
    AuthorityKind, BusinessKind, Ending, FactKind, Method, Path, PaymentState, Post, Posts, Role,
    StepKind, YearState,
};
use domain::command::{Body, By, Create, Fact, Register, Reserve, SetLimit, SetYear, Step};
use domain::ids::{ActId, ChannelId, Class, ContractId, Day, LimitKey, PersonId};
use domain::particulars::Particulars;
use domain::transitions::{Cell, fact_cell, step_cell};
use domain::{Code, Command, DivisionIndex, Fen, FiscalYear, PaymentId, QuotaId};
use world::{Outcome, World};

use PaymentState as S;

const DIVISION: DivisionIndex = DivisionIndex(1);
const YEAR: FiscalYear = FiscalYear::from_offset(23);
const ASKED: Fen = Fen::new(400);
const PAYMENT: PaymentId = PaymentId(1);

#[test]
fn the_table_of_orders_is_the_documented_one() {
    let mut table = head("order");
    for &step in StepKind::ALL {
        write!(table, "| `{step}` |").expect("text");
        for &state in S::ALL {
            write!(table, " {} |", cell_text(state, step_cell(state, step))).expect("text");
        }
        table.push('\n');
    }
    golden::check("transitions.md", "orders", &table);
}

#[test]
fn the_tables_of_facts_are_the_documented_ones() {
    let mut tables = String::new();
    for &path in Path::ALL {
        writeln!(tables, "Path `{path}`:\n\n{}", facts_of(path)).expect("text");
    }
    golden::check("transitions.md", "facts", &tables);
}

fn head(first: &str) -> String {
    let states: Vec<String> = S::ALL.iter().map(|state| format!(" {state} |")).collect();
    format!("| {first} |{}\n| --- |{}\n", states.concat(), " --- |".repeat(S::ALL.len()))
}

fn facts_of(path: Path) -> String {
    let mut table = head("fact");
    for &fact in FactKind::ALL {
        write!(table, "| `{fact}` |").expect("text");
        for &state in S::ALL {
            let text = if reachable(state, path) {
                cell_text(state, fact_cell(state, path, fact))
            } else {
                "–".into()
            };
            write!(table, " {text} |").expect("text");
        }
        table.push('\n');
    }
    table
}

fn cell_text(state: S, cell: Cell) -> String {
    match cell {
        Cell::Goes(to) => format!("→ {to}"),
        Cell::Follows if matches!(state, S::Reserved | S::Held) => "follows".into(),
        Cell::Follows => "stays".into(),
        Cell::Refused => "3002".into(),
        Cell::Early => "waits 3104".into(),
        Cell::Unfit => "parked 3002".into(),
        Cell::NotOnPath => "parked 3006".into(),
    }
}

/// Whether a payment on this path is ever in this state.
fn reachable(state: S, path: Path) -> bool {
    !matches!((state, path), (S::Paid, Path::Allocation) | (S::Cleared, Path::Own))
}

#[test]
fn every_order_does_what_its_cell_says() {
    let mut driven = 0;
    for &path in Path::ALL {
        for &state in S::ALL.iter().filter(|&&state| reachable(state, path)) {
            for &step in StepKind::ALL {
                for start in Start::all_of(state, path, Some(step)) {
                    drive_step(&start, step);
                    driven += 1;
                }
            }
        }
    }
    assert!(driven >= 10 * 30, "only {driven} cells were driven");
}

fn drive_step(start: &Start, step: StepKind) {
    let mut world = start.build();
    let before = world.digest();
    let outcome = order(&mut world, step, start.person_for(step), 77);
    let state = state_of(&world);
    let what = format!("{step} on {start:?}: {:?}", outcome.answer);
    match step_cell(start.state, step) {
        Cell::Goes(to) => {
            assert_eq!(outcome.answer.code, Code::Accepted, "{what}");
            assert_eq!((state, outcome.answer.state), (to, Some(to)), "{what}");
        }
        Cell::Follows => {
            assert_eq!(outcome.answer.code, Code::Accepted, "{what}");
            assert_eq!(state, start.follows(step), "{what}");
        }
        Cell::Refused => {
            assert_eq!(outcome.answer.code, Code::WrongState, "{what}");
            assert!(outcome.events.is_empty() && world.digest() == before, "{what}");
        }
        cell => panic!("an order has no cell {cell:?}"),
    }
    assert_eq!(world.broken_invariant(), None, "{what}");
}

#[test]
fn every_fact_does_what_its_cell_says() {
    let mut driven = 0;
    for &path in Path::ALL {
        for &state in S::ALL.iter().filter(|&&state| reachable(state, path)) {
            for &fact in FactKind::ALL {
                for start in Start::all_of(state, path, None) {
                    drive_fact(&start, fact);
                    driven += 1;
                }
            }
        }
    }
    assert!(driven >= 5 * 30, "only {driven} cells were driven");
}

fn drive_fact(start: &Start, fact: FactKind) {
    let mut world = start.build();
    // Where a settling is taken, there is a refund to settle.
    if fact == FactKind::SettleRefund && start.state == S::Cleared {
        let outcome = report(&mut world, start.path, FactKind::Refund, Fen::new(30), 5);
        assert_eq!(outcome.answer.code, Code::Accepted);
    }
    let buckets = |world: &World| world.divisions[&1].quota(quota()).expect("the quota").buckets;
    let before = buckets(&world);
    let amount = match fact {
        FactKind::ConfirmPaid | FactKind::Clear => ASKED,
        FactKind::Reject => Fen::ZERO,
        FactKind::Refund | FactKind::SettleRefund => Fen::new(30),
    };
    let outcome = report(&mut world, start.path, fact, amount, 77);
    let state = state_of(&world);
    let what = format!("{fact} on {start:?}: {outcome:?}");
    let parked = |reason: Code| {
        assert_eq!(outcome.answer.code, Code::Parked, "{what}");
        let kept = world.divisions[&1].year(YEAR).expect("the year").suspense.iter().next();
        assert_eq!(kept.map(|(_, parked)| parked.reason), Some(reason), "{what}");
        assert_eq!((state, buckets(&world)), (start.state, before), "{what}");
    };
    match fact_cell(start.state, start.path, fact) {
        Cell::Goes(to) => {
            assert_eq!(outcome.answer.code, Code::Accepted, "{what}");
            assert_eq!((state, outcome.answer.state), (to, Some(to)), "{what}");
        }
        Cell::Follows => {
            assert_eq!(outcome.answer.code, Code::Accepted, "{what}");
            assert_eq!(state, start.state, "{what}");
            assert_ne!(buckets(&world), before, "{what}");
        }
        Cell::Early => parked(Code::FactEarly),
        Cell::Unfit => parked(Code::WrongState),
        Cell::NotOnPath => parked(Code::NotOnPath),
        Cell::Refused => panic!("a fact is never refused"),
    }
    assert_eq!(world.broken_invariant(), None, "{what}");
}

/// A payment in a state, and how it came there.
#[derive(Clone, Debug)]
struct Start {
    state: S,
    path: Path,
    /// Posts that have approved: all three of them where the way here leads through approval.
    approved: usize,
    /// How it ended, where it is released.
    ending: Option<Ending>,
}

impl Start {
    /// Every way to a state; with `step`, only those in which nothing but the state could refuse it.
    fn all_of(state: S, path: Path, step: Option<StepKind>) -> Vec<Start> {
        let start = |approved| Start { state, path, approved, ending: None };
        let due = step.and_then(StepKind::post).map(|post| usize::from(post.number()));
        match state {
            S::Reserved => match (step, due) {
                (_, Some(posts)) => vec![start(posts)],
                (Some(StepKind::Withdraw), _) => vec![start(0)],
                _ => vec![start(0), start(1), start(2)],
            },
            S::Held => vec![start(0), start(1), start(2), start(3)],
            S::Released => {
                let ended = |&ending: &Ending| Start { ending: Some(ending), ..start(3) };
                Ending::ALL.iter().map(ended).collect()
            }
            _ => vec![start(3)],
        }
    }

    /// A person for whom the order is no repeat and no second post.
    fn person_for(&self, step: StepKind) -> PersonId {
        let makers = step == StepKind::Withdraw && self.state == S::Reserved;
        if makers { MAKER } else { PersonId(50 + u64::from(step.number())) }
    }

    /// The state after an order that the table calls "follows".
    fn follows(&self, step: StepKind) -> S {
        let approved = if step.post().is_some() { self.approved + 1 } else { self.approved };
        if approved == Post::ALL.len() { S::Approved } else { S::Reserved }
    }

    fn build(&self) -> World {
        let mut world = prepared(self.path);
        reserve(&mut world, self.path);
        let go = |world: &mut World, step, person| {
            let answer = order(world, step, PersonId(person), 1).answer;
            assert_eq!(answer.code, Code::Accepted, "{step} on the way to {self:?}");
        };
        let tell = |world: &mut World, fact, amount| {
            let answer = report(world, self.path, fact, amount, 1).answer;
            assert_eq!(answer.code, Code::Accepted, "{fact} on the way to {self:?}");
        };
        if matches!(self.ending, Some(Ending::Withdrawn | Ending::Lapsed)) {
            self.take_back(&mut world);
            return world;
        }
        for post in 0..self.approved {
            go(&mut world, StepKind::approve(Post::ALL[post]), 10 + post as u64);
        }
        match (self.state, self.ending) {
            (S::Reserved | S::Approved, _) => {}
            (S::Held, _) => go(&mut world, StepKind::Hold, 20),
            (S::Released, Some(Ending::Returned)) => go(&mut world, StepKind::Return, 20),
            _ => go(&mut world, StepKind::Instruct, 20),
        }
        match (self.state, self.ending) {
            (S::Unknown, _) => go(&mut world, StepKind::Doubt, 21),
            (S::Released, Some(Ending::Voided)) => go(&mut world, StepKind::Void, 21),
            (S::Released, Some(Ending::Rejected)) => tell(&mut world, FactKind::Reject, Fen::ZERO),
            (S::Paid | S::Cleared, _) if self.path != Path::Allocation => {
                tell(&mut world, FactKind::ConfirmPaid, ASKED);
            }
            _ => {}
        }
        if self.state == S::Cleared {
            tell(&mut world, FactKind::Clear, ASKED);
        }
        assert_eq!(state_of(&world), self.state, "{self:?}");
        world
    }

    /// Released by its maker, or by the engine in the maker's name.
    fn take_back(&self, world: &mut World) {
        let lapsed = self.ending == Some(Ending::Lapsed);
        world.now_ms = DEADLINE_MS;
        let (payment, quota, serial, reason) = (PAYMENT, quota(), 1, "");
        let step = Step { kind: StepKind::Withdraw, payment, quota, serial, reason };
        let role = if lapsed { Role::Engine } else { Role::Maker };
        let outcome = world.send(&given(MAKER, role, Body::Step(step)));
        assert_eq!(outcome.answer.code, Code::Accepted);
        let book = world.divisions[&1].year(YEAR).expect("the year");
        assert_eq!(book.payment(PAYMENT).expect("the payment").ending, self.ending);
    }
}

const MAKER: PersonId = PersonId(1);
const DEADLINE_MS: u64 = 9_000;

fn quota() -> QuotaId {
    QuotaId::new(DIVISION, YEAR, 0)
}

fn given(person: PersonId, role: Role, body: Body<'static>) -> Command<'static> {
    Command { by: By { person, role, channel: ChannelId(1) }, body }
}

/// A division with one quota on a path, and money on it.
fn prepared(path: Path) -> World {
    let mut world = World::new();
    let (division, year) = (DIVISION, YEAR);
    let fund = match path {
        Path::Treasury | Path::Allocation => "111",
        Path::Special => "21",
        Path::Own => "31",
    };
    let (code, parent, name) = (*b"370102000", DivisionIndex::PROVINCE, "区");
    let (open, act) = (YearState::Open, ActId(1));
    let create = Create {
        act: ActId(2),
        division,
        year,
        parent: QuotaId::NONE,
        fund: Class::new(fund).expect("a class"),
        economic: Class::ANY,
        posts: Posts::ALL,
        executable: true,
        plan: LimitKey(5),
        authority: AuthorityKind::BudgetLine,
        cap_fen: Fen::ZERO,
        key: "key",
    };
    let issue = domain::command::Act {
        kind: domain::codes::ActKind::Issue,
        act: ActId(3),
        quota: quota(),
        amount_fen: Fen::new(1000),
        contract: ContractId::NONE,
        plan: ContractId::NONE,
        batch: domain::ids::BatchId(0),
        note: "",
    };
    let limit = SetLimit {
        act: ActId(4),
        division,
        year,
        kind: domain::codes::LimitKind::PlanMonth,
        key: LimitKey(5),
        month: 1,
        amount_fen: Fen::new(900),
        checker: PersonId(3),
    };
    for (role, body) in [
        (Role::Operator, Body::Register(Register { division, code, parent, name })),
        (Role::Operator, Body::SetYear(SetYear { act, division, year, state: open })),
        (Role::Finance, Body::SetLimit(limit)),
        (Role::Finance, Body::Create(create)),
        (Role::Finance, Body::Act(issue)),
    ] {
        assert_eq!(world.send(&given(PersonId(2), role, body)).answer.code, Code::Accepted);
    }
    world
}

fn reserve(world: &mut World, path: Path) {
    let method = if path == Path::Allocation { Method::Allocation } else { Method::Centralized };
    let reserve = Reserve {
        payment: PAYMENT,
        quota: quota(),
        amount_fen: ASKED,
        economic: Class::new("30201").expect("a class"),
        method,
        kind: BusinessKind::Single,
        day: Day::new(20_230_310).expect("a day"),
        contract: ContractId::NONE,
        plan: ContractId::NONE,
        deadline_ms: DEADLINE_MS,
        one_act: false,
        particulars: Particulars::NONE,
    };
    let outcome = world.send(&given(MAKER, Role::Maker, Body::Reserve(reserve)));
    assert_eq!(outcome.answer.code, Code::Accepted);
    let book = world.divisions[&1].year(YEAR).expect("the year");
    assert_eq!(book.payment(PAYMENT).expect("the payment").path, path);
}

fn order(world: &mut World, kind: StepKind, person: PersonId, serial: u64) -> Outcome {
    let step = Step { kind, payment: PAYMENT, quota: quota(), serial, reason: "why" };
    let body = Body::Step(step);
    let may = |&&role: &&Role| given(person, role, body).role_may();
    let role = *Role::ALL.iter().find(may).expect("somebody may");
    world.send(&given(person, role, body))
}

fn report(world: &mut World, path: Path, kind: FactKind, amount: Fen, serial: u64) -> Outcome {
    let role = match (kind, path) {
        (FactKind::ConfirmPaid, _) => Role::Bank,
        (FactKind::Reject | FactKind::Refund, Path::Allocation) => Role::CentralBank,
        (FactKind::Reject | FactKind::Refund, _) => Role::Bank,
        (FactKind::Clear | FactKind::SettleRefund, Path::Special) => Role::Finance,
        (FactKind::Clear | FactKind::SettleRefund, _) => Role::CentralBank,
    };
    let refunds = matches!(kind, FactKind::Refund | FactKind::SettleRefund);
    let fact = Fact {
        kind,
        payment: PAYMENT,
        quota: quota(),
        serial,
        amount_fen: amount,
        payee_hash: 0,
        day: Day::new(20_230_311).expect("a day"),
        refund: u64::from(refunds),
        detail: 0,
        note: "",
    };
    world.send(&given(PersonId(4), role, Body::Fact(fact)))
}

fn state_of(world: &World) -> S {
    let book = world.divisions[&1].year(YEAR).expect("the year");
    book.payment(PAYMENT).expect("the payment").state
}

#[test]
fn the_digest_shows_who_gave_each_order() {
    let mut shown = 0;
    for &step in StepKind::ALL.iter().filter(|&&step| step != StepKind::Withdraw) {
        for &state in S::ALL.iter().filter(|&&state| step_cell(state, step) != Cell::Refused) {
            let start = &Start::all_of(state, Path::Treasury, Some(step))[0];
            let digest_after = |person| {
                let mut world = start.build();
                let outcome = order(&mut world, step, PersonId(person), 77);
                assert_eq!(outcome.answer.code, Code::Accepted, "{step} on {start:?}");
                world.digest()
            };
            let differ = digest_after(60) != digest_after(61);
            // How a release came about is on record by its number and person too.
            assert!(differ, "{step} on {start:?} by another person leaves the same digest");
            shown += 1;
        }
    }
    assert!(shown >= 9, "only {shown} orders were shown");
}
