//! Random sequences of commands over a few quotas in two divisions, held against the naive model,
//! with I1, I2, I3, I5, I10 and I13 checked on the way. A simulated engine delivers the second
//! halves of moves late, twice and in any order.

mod naive;
mod reports;
mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use domain::batch::{fold_act, fold_move, fold_paper};
use domain::codes::{
    ActKind, AuthorityKind, BatchStep, BusinessKind, FactKind, LimitKind, Method, MoveKind, Posts,
    ResolveAction, Role, StepKind, YearState,
};
use domain::command::{
    Act, Body, By, Create, EndBatch, Fact, MoveOut, OpenBatch, Paper, Register, Reserve, Resolve,
    SetLimit, SetYear, SettleMove, Step,
};
use domain::contents::fingerprint;
use domain::decide::ends;
use domain::event::EventBody;
use domain::ids::{ActId, BatchId, ChannelId, Class, ContractId, Day, LimitKey, MoveId, PersonId};
use domain::movement::Transit;
use domain::office::paper::PaperKind;
use domain::office::table::Table;
use domain::particulars::{Particulars, ParticularsText, account_hash};
use domain::{Code, Command, DivisionIndex, Fen, FiscalYear, PaymentId, QuotaId};
use naive::{Heard, Model, RunHeard};
use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;
use world::{KEY, World};

const Y23: FiscalYear = FiscalYear::from_offset(23);
const Y24: FiscalYear = FiscalYear::from_offset(24);
/// A year that never opens.
const Y25: FiscalYear = FiscalYear::from_offset(25);
const PLAN: LimitKey = LimitKey(5);

/// One row of the quotas.
type Row = (u16, FiscalYear, u64, &'static str, u8, usize, bool, i64, i64);

/// The quotas of every sequence: division, year, serial, fund, posts, parent, plan, cap, issued.
/// The last does not exist.
const QUOTAS: [Row; 8] = [
    (1, Y23, 0, "111", 1, NONE, true, 0, 1500),
    (1, Y23, 1, "111", 7, 0, false, 0, 600),
    (1, Y23, 2, "31", 1, NONE, false, 0, 900),
    (1, Y23, 3, "21", 1, NONE, true, 0, 900),
    (1, Y23, 4, "111", 5, NONE, false, 800, 700),
    (2, Y23, 0, "111", 1, 0, false, 0, 300),
    (2, Y23, 1, "111", 1, 5, false, 0, 800),
    (1, Y24, 0, "111", 1, NONE, false, 0, 100),
];
const NONE: usize = usize::MAX;

/// Moves that are usual, or usually declined: kind, from, to.
const WAYS: [(usize, usize, usize); 9] = [
    (0, 0, 1),
    (1, 0, 5),
    (2, 1, 0),
    (2, 5, 0),
    (2, 6, 5),
    (3, 0, 4),
    (3, 0, 3),
    (4, 0, 7),
    (4, 4, 7),
];

fn quota(index: usize) -> QuotaId {
    match QUOTAS.get(index) {
        Some(&(division, year, serial, ..)) => QuotaId::new(DivisionIndex(division), year, serial),
        None => QuotaId::new(DivisionIndex(1), Y23, 9),
    }
}

fn given(person: u64, role: Role, body: Body<'static>) -> Command<'static> {
    Command { by: By { person: PersonId(person), role, channel: ChannelId(1) }, body }
}

/// Particulars with an account, against which receipts are held.
static PARTICULARS: LazyLock<Vec<u8>> = LazyLock::new(|| {
    ParticularsText { payee_account: "6222".into(), ..Default::default() }.encode()
});

/// A paper on offices: whether it removes, which of them, and a flavour for what is wrong with it.
type Sheet = (bool, Vec<(u8, u8)>, u8);

/// What a sequence is made of. Small numbers, so that things meet.
#[derive(Clone, Debug)]
enum Op {
    /// A payment's usual way, as far as `upto`.
    Advance {
        payment: usize,
        upto: usize,
    },
    Reserve {
        payment: usize,
        quota: usize,
        amount: i64,
        month: u8,
        flavour: u8,
        person: u64,
    },
    Step {
        payment: usize,
        kind: usize,
        person: u64,
        serial: u64,
        stray: bool,
    },
    Meddle {
        payment: usize,
        upto: usize,
        kind: usize,
        person: u64,
        serial: u64,
    },
    Fact {
        payment: usize,
        upto: usize,
        kind: usize,
        part: i64,
        refund: u64,
        serial: u64,
        flavour: u8,
    },
    Act {
        kind: usize,
        quota: usize,
        amount: i64,
        contract: u64,
        id: u128,
        batch: u128,
    },
    Correct {
        payment: usize,
        upto: usize,
        id: u128,
        from: usize,
        to: usize,
        amount: i64,
        person: u64,
    },
    Move {
        kind: usize,
        id: u128,
        from: usize,
        to: usize,
        amount: i64,
    },
    Document {
        batch: u128,
        acts: Vec<(u8, usize, i64)>,
        honest: bool,
        end: u8,
    },
    EndBatch {
        batch: u128,
        step: usize,
        person: u64,
        id: u128,
    },
    Limit {
        month: u8,
        amount: i64,
        ceiling: bool,
        id: u128,
    },
    Year {
        division: u16,
        next: bool,
        state: usize,
        id: u128,
    },
    Resolve {
        apply: bool,
        serial: u64,
        channel: u16,
        id: u128,
    },
    /// A paper on offices, or several of them in a batch.
    Papers {
        /// Whether it is of the year that never opens.
        early: bool,
        batch: u128,
        papers: Vec<Sheet>,
        honest: bool,
        id: u128,
    },
    /// A linked run of other ops, as far as they can be linked.
    Run(Vec<Op>),
    Deliver {
        which: usize,
        keep: bool,
    },
    Resend {
        which: usize,
    },
    Alter {
        which: usize,
    },
    Tick,
}

fn sheets() -> impl Strategy<Value = Sheet> {
    let offices = proptest::collection::vec((0..4_u8, 0..3_u8), 1..4);
    (proptest::bool::weighted(0.3), offices, any::<u8>())
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let amount = || prop_oneof![8 => 1..200_i64, 3 => 200..1200_i64];
    let payment = prop_oneof![0..4_usize, 0..9_usize];
    let op = prop_oneof![
        8 => (payment.clone(), 1..10_usize)
            .prop_map(|(payment, upto)| Op::Advance { payment, upto }),
        4 => (payment.clone(), 0..9_usize, amount(), 1..13_u8, any::<u8>(), 1..5_u64).prop_map(
            |(payment, quota, amount, month, flavour, person)| Op::Reserve {
                payment, quota, amount, month, flavour, person,
            }
        ),
        7 => (payment.clone(), 0..10_usize, 1..10_u64, 1..4_u64, proptest::bool::weighted(0.05))
            .prop_map(|(payment, kind, person, serial, stray)| Op::Step {
                payment, kind, person, serial, stray,
            }),
        // A payment stopped half way, and somebody who may already be in it.
        4 => (payment.clone(), 1..6_usize, prop_oneof![3 => 0..10_usize, 1 => Just(5)], prop_oneof![1..3_u64, 1..8_u64], 1..4_u64).prop_map(
            |(payment, upto, kind, person, serial)| Op::Meddle {
                payment, upto, kind, person, serial,
            }
        ),
        8 => (
            payment.clone(),
            prop_oneof![Just(0), Just(5), Just(6), Just(8), 1..10_usize],
            prop_oneof![0..5_usize, Just(3), Just(4)],
            0..4_i64,
            (1..4_u64, 1..6_u64),
            any::<u8>(),
        )
            .prop_map(|(payment, upto, kind, part, (refund, serial), flavour)| Op::Fact {
                payment, upto, kind, part, refund, serial, flavour,
            }),
        6 => (0..10_usize, 0..9_usize, amount(), 0..3_u64, 0..40_u128, 0..7_u128).prop_map(
            |(kind, quota, amount, contract, id, batch)| Op::Act {
                kind, quota, amount, contract, id, batch,
            }
        ),
        2 => (0..5_usize, 0..12_u128, 0..9_usize, 0..9_usize, amount())
            .prop_map(|(kind, id, from, to, amount)| Op::Move { kind, id, from, to, amount }),
        4 => (0..WAYS.len(), 0..12_u128, amount()).prop_map(|(way, id, amount)| {
            let (kind, from, to) = WAYS[way];
            Op::Move { kind, id, from, to, amount }
        }),
        4 => (1..10_usize, 0..10_usize, 20..32_u128, 0..9_usize, any::<bool>(), amount(), 1..9_u64).prop_map(
            |(payment, upto, id, other, back, amount, person)| {
                let home = payment % 8;
                let (from, to) = if back { (home, other) } else { (other, home) };
                Op::Correct { payment, upto, id, from, to, amount, person }
            }
        ),
        2 => (
            1..4_u128,
            proptest::collection::vec((any::<u8>(), 0..7_usize, 1..150_i64), 1..4),
            proptest::bool::weighted(0.85),
            0..4_u8,
        )
            .prop_map(|(batch, acts, honest, end)| Op::Document { batch, acts, honest, end }),
        2 => (1..4_u128, 0..4_usize, 1..4_u64, 0..12_u128)
            .prop_map(|(batch, step, person, id)| Op::EndBatch { batch, step, person, id }),
        2 => (1..13_u8, 0..900_i64, any::<bool>(), 0..40_u128)
            .prop_map(|(month, amount, ceiling, id)| Op::Limit { month, amount, ceiling, id }),
        1 => (1..3_u16, proptest::bool::weighted(0.2), 1..4_usize, 0..40_u128)
            .prop_map(|(division, next, state, id)| Op::Year { division, next, state, id }),
        2 => (any::<bool>(), 1..6_u64, 1..3_u16, 0..40_u128)
            .prop_map(|(apply, serial, channel, id)| Op::Resolve { apply, serial, channel, id }),
        3 => (
            proptest::bool::weighted(0.3),
            0..5_u128,
            proptest::collection::vec(sheets(), 1..4),
            proptest::bool::weighted(0.9),
            0..40_u128,
        )
            .prop_map(|(early, batch, papers, honest, id)| Op::Papers {
                early, batch, papers, honest, id,
            }),
        8 => (any::<usize>(), proptest::bool::weighted(0.3))
            .prop_map(|(which, keep)| Op::Deliver { which, keep }),
        4 => any::<usize>().prop_map(|which| Op::Resend { which }),
        2 => any::<usize>().prop_map(|which| Op::Alter { which }),
        1 => Just(Op::Tick),
    ];
    let op = prop_oneof![
        12 => op.clone(),
        1 => proptest::collection::vec(op, 1..6).prop_map(Op::Run),
    ];
    proptest::collection::vec(op, 1..60)
}

/// What a payment usually is: the same payment is asked for alike, and meets its facts.
fn usual_reserve(payment: usize) -> Reserve<'static> {
    let quota_index = payment % 8;
    let amount = 60 + 35 * payment as i64;
    reserve(payment, quota_index, amount, 3, u8::from(payment >= 7))
}

/// Flavours by bits: 1 allocation, 2 in one act, 4 under a contract, 8 and 16 a deadline.
fn reserve(
    payment: usize,
    quota_index: usize,
    amount: i64,
    month: u8,
    flavour: u8,
) -> Reserve<'static> {
    let quota = quota(quota_index);
    let particulars = if payment.is_multiple_of(3) { &**PARTICULARS } else { &[] };
    let day = u32::from(quota.year().get()) * 10_000 + u32::from(month) * 100 + 15;
    let contract = if flavour & 4 == 0 { 0 } else { 1 + u64::from(flavour & 32 != 0) };
    Reserve {
        payment: PaymentId(payment as u128),
        quota,
        amount_fen: Fen::new(amount),
        economic: Class::new("30201").expect("a class"),
        method: if flavour & 1 == 0 { Method::Centralized } else { Method::Allocation },
        kind: BusinessKind::Single,
        day: Day::new(day).expect("a day"),
        contract: ContractId(contract),
        plan: ContractId(if contract == 2 { 7 } else { 0 }),
        deadline_ms: if flavour & 24 == 24 { 5_000 } else { 0 },
        one_act: flavour & 2 != 0,
        particulars: Particulars::trusted(particulars),
    }
}

fn fact(payment: usize, kind: FactKind, amount: i64, refund: u64, serial: u64) -> Fact<'static> {
    let refunds = matches!(kind, FactKind::Refund | FactKind::SettleRefund);
    let amount = if kind == FactKind::Reject { 0 } else { amount.max(1) };
    Fact {
        kind,
        payment: PaymentId(payment as u128),
        quota: usual_reserve(payment).quota,
        serial,
        amount_fen: Fen::new(amount),
        payee_hash: account_hash("6222"),
        day: Day::new(20_230_320).expect("a day"),
        refund: if refunds { refund } else { 0 },
        detail: 0,
        note: "",
    }
}

/// Who reports a fact about a payment on its usual path.
fn reporter(payment: usize, kind: FactKind) -> Role {
    let usual = usual_reserve(payment);
    let special = QUOTAS[payment % 8].3 == "21";
    let cash = usual.method == Method::Allocation;
    match kind {
        FactKind::ConfirmPaid => Role::Bank,
        FactKind::Reject | FactKind::Refund => {
            if cash {
                Role::CentralBank
            } else {
                Role::Bank
            }
        }
        _ => {
            if special {
                Role::Finance
            } else {
                Role::CentralBank
            }
        }
    }
}

/// A payment's way, one command after the other.
fn usual_way(payment: usize) -> Vec<Command<'static>> {
    let usual = usual_reserve(payment);
    let (id, quota, x) = (usual.payment, usual.quota, usual.amount_fen.get());
    let mut way = vec![given(1 + payment as u64 % 2, Role::Maker, Body::Reserve(usual))];
    let steps = [
        (StepKind::ApproveUnit, 4, Role::Checker),
        (StepKind::ApproveDepartment, 5, Role::Checker),
        (StepKind::ApproveFinance, 6, Role::Finance),
        (StepKind::Instruct, 7, Role::Finance),
    ];
    way.extend(steps.map(|(kind, person, role)| {
        let step = Step { kind, payment: id, quota, serial: 1, reason: "why" };
        given(person, role, Body::Step(step))
    }));
    let facts = [
        (FactKind::ConfirmPaid, x),
        (FactKind::Clear, x),
        (FactKind::Refund, x / 3),
        (FactKind::SettleRefund, x / 3),
    ];
    way.extend(facts.map(|(kind, amount)| {
        let fact = fact(payment, kind, amount, 9, 100 + kind.number() as u64);
        given(8, reporter(payment, kind), Body::Fact(fact))
    }));
    way
}

/// What a sequence does, one after the other.
#[derive(Clone, Debug)]
enum Deed {
    Send(Command<'static>),
    Deliver { which: usize, keep: bool },
    Resend { which: usize },
    Alter { which: usize },
    Tick,
    Run(Vec<Command<'static>>),
}

fn deeds(ops: &[Op]) -> Vec<Deed> {
    let mut deeds = Vec::new();
    for (at, op) in ops.iter().enumerate() {
        match op.clone() {
            Op::Deliver { which, keep } => deeds.push(Deed::Deliver { which, keep }),
            Op::Resend { which } => deeds.push(Deed::Resend { which }),
            Op::Alter { which } => deeds.push(Deed::Alter { which }),
            Op::Tick => deeds.push(Deed::Tick),
            Op::Run(parts) => {
                let run = linked(parts.into_iter().flat_map(|op| commands(at, op)));
                if !run.is_empty() {
                    deeds.push(Deed::Run(run));
                }
            }
            op => deeds.extend(commands(at, op).into_iter().map(Deed::Send)),
        }
    }
    deeds
}

/// The commands that may stand in one run: of one division and year, no id twice.
fn linked(commands: impl Iterator<Item = Command<'static>>) -> Vec<Command<'static>> {
    let mut ids = BTreeSet::new();
    let here = |c: &Command<'static>| c.division() == DivisionIndex(1) && c.year() == Some(Y23);
    let linkable = commands.filter(|c| c.is_linkable() && here(c) && c.check_form().is_ok());
    linkable.filter(|command| ends(command).is_none_or(|id| ids.insert(id))).collect()
}

fn commands(at: usize, op: Op) -> Vec<Command<'static>> {
    match op {
        Op::Advance { payment, upto } => {
            let mut way = usual_way(payment);
            way.truncate(upto);
            way
        }
        Op::Reserve { payment, quota, amount, month, flavour, person } => {
            let reserve = reserve(payment, quota, amount, month, flavour);
            vec![given(person, Role::Maker, Body::Reserve(reserve))]
        }
        Op::Meddle { payment, upto, kind, person, serial } => {
            let mut way = usual_way(payment);
            way.truncate(upto);
            way.push(step(payment, StepKind::ALL[kind], person, serial, false));
            way
        }
        Op::Step { payment, kind, person, serial, stray } => {
            vec![step(payment, StepKind::ALL[kind], person, serial, stray)]
        }
        Op::Fact { payment, upto, kind, part, refund, serial, flavour } => {
            let kind = FactKind::ALL[kind];
            let x = usual_reserve(payment).amount_fen.get();
            let amount = [x, x / 2, x / 3, x + 1][part as usize];
            let mut fact = fact(payment, kind, amount, refund, serial);
            if flavour % 4 == 0 {
                fact.payee_hash = 1;
            }
            if flavour % 16 == 1 {
                fact.quota = quota(6);
            }
            let mut command = given(8, reporter(payment, kind), Body::Fact(fact));
            if flavour % 16 == 2 && kind != FactKind::ConfirmPaid {
                command.by.role = Role::CentralBank;
            }
            command.by.person = PersonId(8 + u64::from(flavour % 5));
            command.by.channel = ChannelId(1 + u16::from(flavour > 200));
            let mut way = usual_way(payment);
            way.truncate(upto);
            way.push(command);
            way
        }
        Op::Act { kind, quota: index, amount, contract, id, batch } => {
            let kind = ActKind::ALL[kind];
            let stageable = kind == ActKind::Recover || kind.number() <= 3;
            let batch = if stageable && batch < 4 { BatchId(batch) } else { BatchId(0) };
            let mut command = act(kind, index, amount, contract, ActId(1000 + id), batch);
            command.by.person = PersonId(if id % 5 == 0 { 31 } else { 30 });
            vec![command]
        }
        Op::Move { kind, id, from, to, amount } => {
            let command = move_out(MoveKind::ALL[kind], id, from, to, amount, BatchId(0));
            command.into_iter().collect()
        }
        Op::Correct { payment, upto, id, from, to, amount, person } => {
            let mut way = usual_way(payment);
            way.truncate(upto);
            let moved = MoveOut {
                kind: MoveKind::Correct,
                id: MoveId(id),
                from: quota(from),
                to: quota(to),
                amount_fen: Fen::new(amount),
                batch: BatchId(0),
                payment: PaymentId(payment as u128),
                note: "why",
            };
            let person = if person > 2 { 30 } else { person };
            let command = given(person, Role::Finance, Body::MoveOut(moved));
            way.extend(command.check_form().is_ok().then_some(command));
            way
        }
        Op::Document { batch, acts, honest, end } => document(at, batch, &acts, honest, end),
        Op::EndBatch { batch, step, person, id } => {
            let step = BatchStep::ALL[step];
            vec![end_batch(Y23, BatchId(batch), step, 30 + person % 2, ActId(5000 + id))]
        }
        Op::Limit { month, amount, ceiling, id } => {
            let kind = if ceiling { LimitKind::PayCeiling } else { LimitKind::PlanMonth };
            let limit = SetLimit {
                act: ActId(2000 + id),
                division: DivisionIndex(1),
                year: Y23,
                kind,
                key: if ceiling { LimitKey(0) } else { PLAN },
                month: if ceiling { 0 } else { month },
                amount_fen: Fen::new(amount),
                checker: PersonId(99),
            };
            vec![given(30, Role::Finance, Body::SetLimit(limit))]
        }
        Op::Year { division, next, state, id } => {
            let year = if next { Y24 } else { Y23 };
            let (act, division) = (ActId(3000 + id), DivisionIndex(division));
            let set = SetYear { act, division, year, state: YearState::ALL[state] };
            vec![given(40, Role::Operator, Body::SetYear(set))]
        }
        Op::Resolve { apply, serial, channel, id } => {
            let action = if apply { ResolveAction::Apply } else { ResolveAction::Dismiss };
            let resolve = Resolve {
                act: ActId(4000 + id),
                division: DivisionIndex(1),
                year: Y23,
                channel: ChannelId(channel),
                serial,
                action,
                reason: "why",
            };
            vec![given(40, Role::Finance, Body::Resolve(resolve))]
        }
        Op::Papers { early, batch, papers, honest, id } => {
            let year = if early { Y25 } else { Y23 };
            filed(at, year, batch, &papers, honest, id)
        }
        Op::Deliver { .. } | Op::Resend { .. } | Op::Alter { .. } | Op::Tick | Op::Run(_) => {
            Vec::new()
        }
    }
}

fn step(payment: usize, kind: StepKind, person: u64, serial: u64, stray: bool) -> Command<'static> {
    let usual = usual_reserve(payment);
    let on = if stray { quota(6) } else { usual.quota };
    let step = Step { kind, payment: usual.payment, quota: on, serial, reason: "why" };
    let role = match kind {
        StepKind::ApproveUnit | StepKind::ApproveDepartment | StepKind::Return => Role::Checker,
        StepKind::Withdraw if serial == 1 => Role::Engine,
        StepKind::Withdraw => Role::Maker,
        StepKind::Doubt => Role::Operator,
        _ => Role::Finance,
    };
    given(person, role, Body::Step(step))
}

fn act(
    kind: ActKind,
    index: usize,
    amount: i64,
    contract: u64,
    act: ActId,
    batch: BatchId,
) -> Command<'static> {
    let earmark = matches!(kind, ActKind::Earmark | ActKind::Unearmark);
    let unamounted = matches!(kind, ActKind::Close | ActKind::Revive);
    let contract = if earmark { 1 + contract % 2 } else { 0 };
    let body = Body::Act(Act {
        kind,
        act,
        quota: quota(index),
        amount_fen: Fen::new(if unamounted { 0 } else { amount }),
        contract: ContractId(contract),
        plan: ContractId(if contract == 2 { 7 } else { 0 }),
        batch,
        note: "",
    });
    let role = if kind == ActKind::Revive { Role::Operator } else { Role::Finance };
    given(30, role, body)
}

/// The first half of a move, where the form allows it between these quotas.
fn move_out(
    kind: MoveKind,
    id: u128,
    from: usize,
    to: usize,
    amount: i64,
    batch: BatchId,
) -> Option<Command<'static>> {
    let (from, to) = (quota(from), quota(to));
    let (amount_fen, id) = (Fen::new(amount), MoveId(id));
    let payment = PaymentId::NONE;
    let moved = MoveOut { kind, id, from, to, amount_fen, batch, payment, note: "" };
    let command = given(30, Role::Finance, Body::MoveOut(moved));
    command.check_form().is_ok().then_some(command)
}

fn document(
    at: usize,
    batch: u128,
    acts: &[(u8, usize, i64)],
    honest: bool,
    end: u8,
) -> Vec<Command<'static>> {
    let id = |place: usize| 10_000 + (at * 8 + place) as u128;
    let mut staged = Vec::new();
    for (place, &(what, index, amount)) in acts.iter().enumerate() {
        // One batch, one division: the others' quotas are left to the other acts.
        let index = index % 5;
        let kinds = [ActKind::Issue, ActKind::Supplement, ActKind::Cut, ActKind::Recover];
        let command = match what % 6 {
            4 => move_out(MoveKind::Virement, id(place), index, 4, amount, BatchId(batch)),
            5 => move_out(MoveKind::Allocate, id(place), 0, 1, amount, BatchId(batch)),
            other => {
                let kind = kinds[usize::from(other)];
                Some(act(kind, index, amount, 0, ActId(id(place)), BatchId(batch)))
            }
        };
        staged.extend(command);
    }
    let mut document = vec![open_batch(Y23, BatchId(batch), &staged, honest)];
    document.extend(staged);
    let batch = BatchId(batch);
    document.extend(match end {
        0 => None,
        1 => Some(end_batch(Y23, batch, BatchStep::Lapse, 50, ActId(0))),
        _ => Some(end_batch(Y23, batch, BatchStep::Close, 30, ActId(id(7)))),
    });
    document
}

/// Opens a batch for what will be staged in it; a dishonest one announces something else.
fn open_batch(
    year: FiscalYear,
    batch: BatchId,
    staged: &[Command<'static>],
    honest: bool,
) -> Command<'static> {
    let digest = staged.iter().fold(u128::from(!honest), |digest, command| match &command.body {
        Body::Act(act) => fold_act(digest, act),
        Body::MoveOut(moved) => fold_move(digest, moved),
        Body::File(paper) => fold_paper(digest, paper),
        _ => digest,
    });
    let open = OpenBatch {
        batch,
        division: DivisionIndex(1),
        year,
        count: (staged.len() as u32).max(1),
        digest,
        deadline_ms: 0,
    };
    given(30, Role::Finance, Body::OpenBatch(open))
}

/// Papers on their own, or in a batch that is opened for them and closed.
fn filed(
    at: usize,
    year: FiscalYear,
    batch: u128,
    sheets: &[Sheet],
    honest: bool,
    id: u128,
) -> Vec<Command<'static>> {
    let alone = batch >= 3;
    let batch = BatchId(if alone { 0 } else { 20 + batch });
    let paper = |(place, sheet): (usize, &Sheet)| {
        let id = if alone { 7000 + id + place as u128 } else { 50_000 + (at * 8 + place) as u128 };
        let paper = paper(year, ActId(id), batch, sheet);
        given(30 + u64::from(sheet.2 == 9), Role::Finance, Body::File(paper))
    };
    let papers: Vec<_> = sheets.iter().enumerate().map(paper).collect();
    if alone {
        return papers;
    }
    let mut all = vec![open_batch(year, batch, &papers, honest)];
    all.extend(papers);
    all.push(end_batch(year, batch, BatchStep::Close, 30, ActId(50_007 + at as u128 * 8)));
    all
}

/// One paper; few flavours spoil it.
fn paper(year: FiscalYear, act: ActId, batch: BatchId, sheet: &Sheet) -> Paper<'static> {
    let (removes, offices, flavour) = sheet;
    let table = if flavour % 32 == 1 { "deps" } else { "mof-dep" };
    let kind = if flavour % 32 == 2 { "any" } else { "other" };
    let line = |&(code, name): &(u8, u8)| match removes {
        true => format!("{table}\t10{code}"),
        false => format!("{table}\t10{code}\t第{name}处\t{kind}"),
    };
    let lines: Vec<String> = offices.iter().map(line).collect();
    let kind = if *removes { PaperKind::BaseRemove } else { PaperKind::BasePut };
    Paper {
        act,
        division: DivisionIndex(1),
        year,
        kind,
        batch,
        checker: PersonId::NOBODY,
        day: None,
        text: lines.join("\n").leak(),
    }
}

/// By people under the act's id, by the engine without one.
fn end_batch(
    year: FiscalYear,
    batch: BatchId,
    step: BatchStep,
    person: u64,
    act: ActId,
) -> Command<'static> {
    let (role, act) = if step.is_asked() { (Role::Finance, act) } else { (Role::Engine, ActId(0)) };
    let end = EndBatch { step, act, batch, division: DivisionIndex(1), year };
    given(person, role, Body::EndBatch(end))
}

/// What every sequence starts from.
fn beginning() -> Vec<Command<'static>> {
    let mut commands = Vec::new();
    for index in 1..3 {
        let (division, parent) = (DivisionIndex(index), DivisionIndex::PROVINCE);
        let (code, name) = (*b"370102000", "区");
        let register = Register { division, code, parent, name };
        commands.push(given(40, Role::Operator, Body::Register(register)));
        for year in if index == 1 { vec![Y23, Y24] } else { vec![Y23] } {
            let act = ActId(1 + u128::from(year.get()));
            let set = SetYear { act, division, year, state: YearState::Open };
            commands.push(given(40, Role::Operator, Body::SetYear(set)));
        }
    }
    commands.extend(
        commands_of_limits()
            .into_iter()
            .map(|limit| given(30, Role::Finance, Body::SetLimit(limit))),
    );
    for (index, row) in QUOTAS.iter().enumerate() {
        let &(division, year, _, fund, posts, parent, plan, cap, issued) = row;
        let create = Create {
            act: ActId(100 + index as u128),
            division: DivisionIndex(division),
            year,
            parent: if parent == NONE { QuotaId::NONE } else { quota(parent) },
            fund: Class::new(fund).expect("a class"),
            economic: Class::ANY,
            posts: Posts::from_bits(posts).expect("posts"),
            executable: true,
            plan: if plan { PLAN } else { LimitKey(0) },
            authority: if cap > 0 { AuthorityKind::PreApproval } else { AuthorityKind::BudgetLine },
            cap_fen: Fen::new(cap),
            key: ["a", "b", "c", "d", "e", "f", "g", "h"][index],
        };
        commands.push(given(30, Role::Finance, Body::Create(create)));
        commands.push(act(
            ActKind::Issue,
            index,
            issued,
            0,
            ActId(200 + index as u128),
            BatchId(0),
        ));
    }
    for (contract, index) in [(0, 0), (1, 2)] {
        let id = ActId(300 + u128::from(contract));
        commands.push(act(ActKind::Earmark, index, 300, contract, id, BatchId(0)));
    }
    commands
}

fn commands_of_limits() -> [SetLimit; 2] {
    let (division, year, checker) = (DivisionIndex(1), Y23, PersonId(99));
    let (kind, key, month, act) = (LimitKind::PlanMonth, PLAN, 2, ActId(50));
    let plan =
        SetLimit { act, division, year, kind, key, month, amount_fen: Fen::new(900), checker };
    let ceiling = SetLimit {
        act: ActId(51),
        kind: LimitKind::PayCeiling,
        key: LimitKey(0),
        month: 0,
        amount_fen: Fen::new(150),
        ..plan
    };
    [plan, ceiling]
}

/// A run of one sequence: the world, the model beside it, and the simulated engine.
struct Run {
    world: World,
    model: Model,
    sent: Vec<Command<'static>>,
    outbox: Vec<Command<'static>>,
    posted: BTreeSet<(QuotaId, MoveId)>,
    /// What each id has been heard to do: times it took effect, and whether it was refused.
    heard: BTreeMap<(u8, u16, u16, u128), (u32, bool)>,
    facts: Vec<Command<'static>>,
    reached: BTreeSet<&'static str>,
}

impl Run {
    fn new() -> Run {
        let mut run = Run {
            world: World::new(),
            model: Model::new(),
            sent: Vec::new(),
            outbox: Vec::new(),
            posted: BTreeSet::new(),
            heard: BTreeMap::new(),
            facts: Vec::new(),
            reached: BTreeSet::new(),
        };
        for command in beginning() {
            let heard = run.send(command);
            assert_eq!(heard.code, Code::Accepted, "{command:?}");
        }
        run.sent.clear();
        run
    }

    fn carry_out(&mut self, deed: Deed) {
        match deed {
            Deed::Send(command) => {
                self.sent.push(command);
                self.send(command);
            }
            Deed::Deliver { which, keep } if !self.outbox.is_empty() => {
                self.deliver(which % self.outbox.len(), keep);
            }
            // A copy that lay in the network for a while.
            Deed::Resend { which } if !self.sent.is_empty() => {
                self.send(self.sent[which % self.sent.len()]);
            }
            Deed::Alter { which } if !self.sent.is_empty() => {
                let command = altered(self.sent[which % self.sent.len()]);
                self.send(command);
            }
            Deed::Tick => self.world.now_ms += 2_500,
            Deed::Run(commands) => self.run(&commands),
            _ => {}
        }
    }

    fn send(&mut self, command: Command<'static>) -> Heard {
        let must_hear = self.model.take(&command, self.world.now_ms);
        let outcome = self.world.send(&command);
        let parked = match outcome.events.first().map(|event| &event.body) {
            Some(EventBody::FactParked { reason, .. }) => Some(*reason),
            _ => None,
        };
        let heard = Heard { code: outcome.answer.code, repeat: outcome.answer.repeat, parked };
        assert_eq!(heard, must_hear, "{command:?}");
        self.count(&command, heard);
        for event in &outcome.events {
            self.reached.insert(event.slug());
            if let EventBody::MovedIn { command: c, .. } = &event.body {
                self.reached.insert(c.kind.slug());
            }
        }
        self.reached.insert(heard.parked.unwrap_or(heard.code).slug());
        self.post();
        self.compare();
        heard
    }

    fn run(&mut self, commands: &[Command<'static>]) {
        let must_hear = self.model.run(commands, self.world.now_ms);
        let (answers, refused, events) = self.world.run(commands);
        let heard = match refused {
            Some(at) => RunHeard::Refused(at, answers[at].code),
            None if matches!(must_hear, RunHeard::Known) && events.is_empty() => RunHeard::Known,
            None if answers[0].code == Code::Conflict => RunHeard::Conflict,
            None => RunHeard::Stands,
        };
        assert_eq!(heard, must_hear, "{commands:?}");
        if heard == RunHeard::Known {
            for (command, answer) in commands.iter().zip(&answers) {
                if let Some(must_hear) = self.model.again(command) {
                    assert_eq!((answer.code, answer.repeat), (must_hear.code, must_hear.repeat));
                }
            }
        }
        self.reached.insert(match heard {
            RunHeard::Known => "run-known",
            RunHeard::Conflict => "run-conflict",
            RunHeard::Stands => "run-stands",
            RunHeard::Refused(..) => "run-refused",
        });
        if heard == RunHeard::Stands || !events.is_empty() {
            for (command, answer) in commands.iter().zip(&answers) {
                let (code, repeat) = (answer.code, answer.repeat);
                self.count(command, Heard { code, repeat, parked: None });
            }
        }
        self.sent.extend(commands);
        self.post();
        self.compare();
    }

    /// I3: an id takes effect once, and never after a refusal was heard.
    fn count(&mut self, command: &Command<'static>, heard: Heard) {
        if matches!(command.body, Body::Fact(_)) && heard.code.is_taken() {
            self.facts.push(*command);
        }
        let id = match command.body {
            Body::Reserve(c) => (1, c.payment.0),
            Body::Act(c) => (2, c.act.0),
            Body::File(c) => (2, c.act.0),
            Body::MoveOut(c) => (3, c.id.0),
            // A refused close stays refused, whatever its batch becomes.
            Body::EndBatch(c) if c.act != ActId(0) => (2, c.act.0),
            _ => return,
        };
        let (division, year) = (command.division().0, command.year().expect("a year").get());
        let row = self.heard.entry((id.0, division, year, id.1)).or_default();
        if heard.code == Code::Accepted && !heard.repeat {
            row.0 += 1;
            assert!(row.0 == 1 && !row.1, "I3: {command:?} took effect {row:?}");
        }
        let linked = heard.code == Code::LinkedRefused;
        row.1 |= (linked || !heard.code.is_turned_away())
            && heard.code != Code::Accepted
            && heard.code != Code::YearClosed;
    }

    /// The engine sees a committed first half and owes the receiver its second.
    fn post(&mut self) {
        for book in self.world.divisions.values().flat_map(|division| division.years()) {
            for (id, row) in book.moves_out() {
                if row.transit == Transit::InTransit && self.posted.insert((row.from, id)) {
                    let second_half = row.second_half(id);
                    self.outbox.push(given(30, Role::Engine, Body::MoveIn(second_half)));
                }
            }
        }
    }

    fn deliver(&mut self, at: usize, keep: bool) {
        let command = if keep { self.outbox[at] } else { self.outbox.remove(at) };
        let heard = self.send(command);
        if let Body::MoveIn(moved) = command.body {
            let (id, from, landed) = (moved.id, moved.from, heard.code == Code::Accepted);
            let settle = SettleMove { id, from, landed };
            self.outbox.push(given(30, Role::Engine, Body::SettleMove(settle)));
        }
    }

    /// Every figure of the model, every invariant.
    fn compare(&self) {
        let mut inside = 0;
        let mut outside = 0;
        for division in self.world.divisions.values() {
            for book in division.years() {
                let model = &self.model.years[&(division.index.0, book.year)];
                assert_eq!(book.state, model.state);
                assert!(on_file(book).iter().eq(model.offices()), "{:?}", on_file(book));
                assert_eq!(book.suspense.len(), model.waiting());
                assert_eq!((book.pool.in_transit_fen, book.pool.in_hand_fen), model.pool());
                for (id, cell, row) in book.quotas() {
                    let (is, must) = (cell.buckets, model.money(id));
                    let figures = [
                        ("issued", is.issued, must.issued),
                        ("allocated", is.allocated, must.allocated),
                        ("transferred", is.transferred, must.transferred),
                        ("frozen", is.frozen, must.frozen),
                        ("staged", is.staged, must.staged),
                        ("earmarked", is.earmarked, must.earmarked),
                        ("reserved", is.reserved, must.reserved),
                        ("paid", is.paid, must.paid),
                        ("cleared", is.cleared, must.cleared),
                        ("refunding", is.refunding, must.refunding),
                        ("available", is.available(), must.available()),
                    ];
                    for (name, is, must) in figures {
                        assert_eq!(is, must, "{name} of {id}");
                        assert!(is >= 0, "I1: {name} of {id} is {is}");
                    }
                    let held = [is.frozen, is.staged, is.earmarked, is.reserved, is.paid];
                    inside += held.into_iter().chain([is.cleared]).map(i128::from).sum::<i128>();
                    inside += i128::from(is.available()) - i128::from(is.refunding);
                    let came = row.totals().initial + row.totals().supplemented;
                    outside += i128::from(came - row.totals().cut - row.totals().recovered);
                }
                for (id, batch) in book.batches() {
                    assert_eq!(batch.end, model.end_of(id), "batch {id}");
                }
                for plan in book.plans() {
                    for month in [1, 6, 12] {
                        let left = plan.left(month).get();
                        assert_eq!(left, model.plan_left(plan.key, month), "plan in {month}");
                    }
                }
                for payment in book.payments() {
                    assert_eq!(payment.state, model.payments[&payment.id].state, "{payment:?}");
                }
                for payment in model.payments.values() {
                    assert!(payment.has_two_pairs_of_eyes(), "I10: {payment:?}");
                }
            }
        }
        assert_eq!(outside, inside + self.model.under_way(), "I2");
        assert_eq!(self.world.broken_invariant(), None);
    }

    /// Delivers what is left, and checks what only an end can show.
    fn end(&mut self) {
        while !self.outbox.is_empty() {
            self.deliver(0, false);
        }
        assert_eq!(self.model.under_way(), 0, "money is still under way");
        for command in &self.facts {
            self.is_kept_once(command);
        }
        assert_eq!(self.world.replay_differs(), None);
        assert_eq!(reports::disagreement(&self.world), None);
    }

    /// I13: a fact that was taken is in its payment once, or in suspense, or was dismissed there.
    fn is_kept_once(&self, command: &Command<'static>) {
        let Body::Fact(fact) = command.body else { return };
        let print = fingerprint(KEY, command);
        let division = &self.world.divisions[&command.division().0];
        let book = division.year(fact.quota.year()).expect("the fact began it");
        let in_payments = book.payments().flat_map(|payment| payment.facts());
        let in_payments = in_payments
            .filter(|seen| seen.channel == command.by.channel && seen.fingerprint == print)
            .count();
        let key = (command.by.channel, fact.serial, print);
        let waits = usize::from(book.suspense.get(&key).is_some());
        let dismissed = book.suspense.ended(&key) == Some(domain::suspense::ParkedEnd::Dismissed);
        let places = in_payments + waits + usize::from(dismissed);
        assert_eq!(places, 1, "I13: {command:?} is in {places} places");
    }
}

/// The divisions of the finance office that a year has on file, as lines.
fn on_file(book: &domain::division::YearBook) -> Vec<String> {
    let line = |(_, row): (&str, &domain::office::table::Row)| {
        let mut line = String::new();
        row.write(&mut line);
        line
    };
    book.office().rows(Table::MofDep).map(line).collect()
}

/// The same id with other contents.
fn altered(mut command: Command<'static>) -> Command<'static> {
    match &mut command.body {
        Body::Reserve(c) => c.amount_fen = Fen::new(c.amount_fen.get() % 90 + 1),
        Body::Act(c) => c.note = "altered",
        Body::MoveOut(c) => c.note = "altered",
        Body::Fact(c) => c.note = "altered",
        Body::SetLimit(c) => c.amount_fen = Fen::new(c.amount_fen.get() + 1),
        Body::Resolve(c) => c.reason = "altered",
        Body::File(c) => c.day = Day::new(20_230_320),
        Body::OpenBatch(c) => c.deadline_ms += 1,
        Body::EndBatch(c) if c.act != ActId(0) => c.batch = BatchId(c.batch.0 % 3 + 1),
        _ => {}
    }
    command
}

/// Sequences in one run of the tests; `PROPTEST_CASES` asks for more.
fn cases() -> u32 {
    let asked = std::env::var("PROPTEST_CASES").ok();
    asked.and_then(|cases| cases.parse().ok()).unwrap_or(1_500)
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: cases(),
        max_shrink_iters: 4096,
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(
            "tests/properties.seeds",
        ))),
        ..ProptestConfig::default()
    })]

    #[test]
    fn every_sequence_goes_as_the_naive_model_says(ops in ops()) {
        let mut run = Run::new();
        for deed in deeds(&ops) {
            run.carry_out(deed);
        }
        run.end();
    }
}

/// The sequences would prove little if they never reached the hard places.
#[test]
fn the_sequences_reach_what_they_are_for() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let mut reached = BTreeSet::new();
    for _ in 0..400 {
        let sequence = ops().new_tree(&mut runner).expect("a sequence").current();
        let mut run = Run::new();
        for deed in deeds(&sequence) {
            run.carry_out(deed);
        }
        run.end();
        if run.world.rounds_ended() > 8 {
            reached.insert("rounds-ended");
        }
        reached.extend(run.reached);
    }
    let must_reach = [
        "reserved",
        "stepped",
        "fact-taken",
        "fact-parked",
        "acted",
        "moved-out",
        "moved-in",
        "move-declined",
        "move-settled",
        "limit-set",
        "batch-opened",
        "batch-ended",
        "year-set",
        "resolved",
        "refused",
        "correct",
        "over-borne",
        "over-quota",
        "over-plan",
        "contract-mismatch",
        "no-rule-approves",
        "duty-separation",
        "conflict",
        "fact-early",
        "wrong-state",
        "amount-mismatch",
        "no-refund",
        "refund-taken",
        "not-on-path",
        "cut-below-used",
        "not-child",
        "fund-mismatch",
        "year-in-adjustment",
        "open-items",
        "over-authority",
        "not-batch-maker",
        "batch-mismatch",
        "over-allocated",
        "post-not-next",
        "already-approved",
        "not-maker",
        "no-payment",
        "method-mismatch",
        "run-known",
        "run-conflict",
        "run-stands",
        "run-refused",
        "payee-mismatch",
        "fact-conflict",
        "no-quota",
        "rounds-ended",
        "filed",
        "no-table",
        "bad-row",
        "no-row",
        "import-unfit",
    ];
    let missing: Vec<_> = must_reach.iter().filter(|name| !reached.contains(*name)).collect();
    assert!(missing.is_empty(), "never reached: {missing:?}");
}
