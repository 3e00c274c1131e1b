//! Commands as people and banks give them, each by a person who may.

use std::net::SocketAddr;

use domain::codes::{
    ActKind, AuthorityKind, BatchStep, BusinessKind, FactKind, LimitKind, Method, MoveKind, Posts,
    ResolveAction, StepKind, YearState,
};
use domain::command::{
    Act, Body, By, Create, EndBatch, Fact, MoveOut, OpenBatch, Paper, Register, Reserve, Resolve,
    SetLimit, SetYear, Step,
};
use domain::ids::{
    ActId, BatchId, Class, ContractId, Day, DivisionIndex, FiscalYear, LimitKey, MoveId, PaymentId,
    PersonId, QuotaId,
};
use domain::office::paper::PaperKind;
use domain::particulars::{Particulars, ParticularsText};
use domain::{Command, Fen, Role};
use protocol::Value;

use super::desk::{CHANNEL, Desk};

pub(crate) const YEAR: FiscalYear = FiscalYear::from_offset(22);
pub(crate) const YEAR_AFTER: FiscalYear = FiscalYear::from_offset(23);
pub(crate) const DAY: u32 = 20_220_304;

pub(crate) const MAKER: PersonId = PersonId(11);
pub(crate) const CHECKER: PersonId = PersonId(21);
pub(crate) const REVIEWER: PersonId = PersonId(22);
pub(crate) const OFFICER: PersonId = PersonId(31);
pub(crate) const BUDGET: PersonId = PersonId(32);
pub(crate) const LIFTER: PersonId = PersonId(33);
pub(crate) const TELLER: PersonId = PersonId(41);
pub(crate) const TREASURER: PersonId = PersonId(51);
pub(crate) const OPERATOR: PersonId = PersonId(61);

/// Money of the treasury, of a special account, and of the unit itself.
pub(crate) const TREASURY: &str = "111";
pub(crate) const SPECIAL: &str = "2";
pub(crate) const OWN: &str = "31";

fn given(person: PersonId, role: Role, body: Body<'static>) -> Command<'static> {
    Command { by: By { person, role, channel: CHANNEL }, body }
}

pub(crate) fn by(mut command: Command<'static>, person: PersonId) -> Command<'static> {
    command.by.person = person;
    command
}

fn class(text: &str) -> Class {
    Class::new(text).expect("a class that can be")
}

pub(crate) fn day() -> Day {
    Day::new(DAY).expect("a day the calendar has")
}

/// The reservation behind [`reserve`], to be varied.
pub(crate) fn reservation(payment: u128, quota: QuotaId, fen: i64) -> Reserve<'static> {
    Reserve {
        payment: PaymentId(payment),
        quota,
        amount_fen: Fen::new(fen),
        economic: class("30201"),
        method: Method::Centralized,
        kind: BusinessKind::Single,
        day: day(),
        contract: ContractId::NONE,
        plan: ContractId::NONE,
        deadline_ms: 0,
        one_act: false,
        particulars: Particulars::NONE,
    }
}

pub(crate) fn reserve(payment: u128, quota: QuotaId, fen: i64) -> Command<'static> {
    given(MAKER, Role::Maker, Body::Reserve(reservation(payment, quota, fen)))
}

pub(crate) fn reserve_of(reservation: Reserve<'static>) -> Command<'static> {
    given(MAKER, Role::Maker, Body::Reserve(reservation))
}

/// A step by the person whose post it is.
pub(crate) fn step(kind: StepKind, payment: u128, quota: QuotaId, serial: u64) -> Command<'static> {
    let (person, role) = match kind {
        StepKind::ApproveUnit => (CHECKER, Role::Checker),
        StepKind::ApproveDepartment => (REVIEWER, Role::Checker),
        StepKind::Withdraw => (MAKER, Role::Maker),
        StepKind::Unhold => (LIFTER, Role::Finance),
        StepKind::Doubt => (OPERATOR, Role::Operator),
        StepKind::ApproveFinance => (BUDGET, Role::Finance),
        _ => (OFFICER, Role::Finance),
    };
    let reason = if kind.needs_reason() { "依据复核意见" } else { "" };
    let payment = PaymentId(payment);
    given(person, role, Body::Step(Step { kind, payment, quota, serial, reason }))
}

/// A fact of the treasury's path: the bank pays and rejects, the central bank clears.
pub(crate) fn fact(
    kind: FactKind,
    payment: u128,
    quota: QuotaId,
    serial: u64,
    fen: i64,
) -> Command<'static> {
    let (person, role) = match kind {
        FactKind::Clear | FactKind::SettleRefund => (TREASURER, Role::CentralBank),
        _ => (TELLER, Role::Bank),
    };
    let refunds = matches!(kind, FactKind::Refund | FactKind::SettleRefund);
    let fact = Fact {
        kind,
        payment: PaymentId(payment),
        quota,
        serial,
        amount_fen: Fen::new(if kind == FactKind::Reject { 0 } else { fen }),
        payee_hash: 0,
        day: day(),
        refund: if refunds { 1 } else { 0 },
        detail: 0,
        note: "",
    };
    given(person, role, Body::Fact(fact))
}

/// The same fact with another number of the refund.
pub(crate) fn of_refund(mut command: Command<'static>, refund: u64) -> Command<'static> {
    if let Body::Fact(fact) = &mut command.body {
        fact.refund = refund;
    }
    command
}

pub(crate) fn act(kind: ActKind, id: u128, quota: QuotaId, fen: i64) -> Command<'static> {
    staged(kind, id, quota, fen, 0)
}

/// An act staged in a batch; zero: none.
pub(crate) fn staged(
    kind: ActKind,
    id: u128,
    quota: QuotaId,
    fen: i64,
    batch: u128,
) -> Command<'static> {
    let (person, role) = match kind {
        ActKind::Revive => (OPERATOR, Role::Operator),
        _ => (BUDGET, Role::Finance),
    };
    let earmark = matches!(kind, ActKind::Earmark | ActKind::Unearmark);
    let bare = matches!(kind, ActKind::Close | ActKind::Revive);
    let act = Act {
        kind,
        act: ActId(id),
        quota,
        amount_fen: Fen::new(if bare { 0 } else { fen }),
        contract: ContractId(if earmark { 900 } else { 0 }),
        plan: ContractId::NONE,
        batch: BatchId(batch),
        note: "",
    };
    given(person, role, Body::Act(act))
}

pub(crate) fn move_out(
    kind: MoveKind,
    id: u128,
    from: QuotaId,
    to: QuotaId,
    fen: i64,
) -> Command<'static> {
    let amount_fen = Fen::new(fen);
    let moved = MoveOut {
        kind,
        id: MoveId(id),
        from,
        to,
        amount_fen,
        batch: BatchId(0),
        payment: PaymentId::NONE,
        note: "",
    };
    given(BUDGET, Role::Finance, Body::MoveOut(moved))
}

/// Charges `from` in place of `to` with part of a payment.
pub(crate) fn correct(
    id: u128,
    payment: u128,
    from: QuotaId,
    to: QuotaId,
    fen: i64,
) -> Command<'static> {
    let (id, payment, amount_fen) = (MoveId(id), PaymentId(payment), Fen::new(fen));
    let (kind, batch, note) = (MoveKind::Correct, BatchId(0), "科目更正");
    let moved = MoveOut { kind, id, from, to, amount_fen, batch, payment, note };
    given(BUDGET, Role::Finance, Body::MoveOut(moved))
}

pub(crate) fn register(division: u16) -> Command<'static> {
    let code = format!("37{:07}", division).into_bytes().try_into().expect("nine digits");
    let (division, parent) = (DivisionIndex(division), DivisionIndex::PROVINCE);
    given(
        OPERATOR,
        Role::Operator,
        Body::Register(Register { division, code, parent, name: "某区" }),
    )
}

pub(crate) fn year(id: u128, division: u16, state: YearState) -> Command<'static> {
    year_of(id, division, YEAR, state)
}

pub(crate) fn year_of(
    id: u128,
    division: u16,
    year: FiscalYear,
    state: YearState,
) -> Command<'static> {
    let set = SetYear { act: ActId(id), division: DivisionIndex(division), year, state };
    given(OPERATOR, Role::Operator, Body::SetYear(set))
}

/// A creation with the usual answers; `key` must be unique in the division.
pub(crate) fn creation(id: u128, division: u16, key: &'static str) -> Create<'static> {
    Create {
        act: ActId(id),
        division: DivisionIndex(division),
        year: YEAR,
        parent: QuotaId::NONE,
        fund: class(TREASURY),
        economic: Class::ANY,
        posts: Posts::UNIT,
        executable: true,
        plan: LimitKey(0),
        authority: AuthorityKind::BudgetLine,
        cap_fen: Fen::ZERO,
        key,
    }
}

pub(crate) fn create(creation: Create<'static>) -> Command<'static> {
    given(BUDGET, Role::Finance, Body::Create(creation))
}

pub(crate) fn with_fund(creation: Create<'static>, fund: &str) -> Create<'static> {
    Create { fund: class(fund), ..creation }
}

pub(crate) fn set_limit(id: u128, division: u16, kind: LimitKind, fen: i64) -> Command<'static> {
    let plan = kind == LimitKind::PlanMonth;
    let limit = SetLimit {
        act: ActId(id),
        division: DivisionIndex(division),
        year: YEAR,
        kind,
        key: LimitKey(if plan { 5 } else { 0 }),
        month: if plan { 3 } else { 0 },
        amount_fen: Fen::new(fen),
        checker: OFFICER,
    };
    given(BUDGET, Role::Finance, Body::SetLimit(limit))
}

/// Puts divisions of the finance office on file, each by a code and a number in its name.
pub(crate) fn paper(id: u128, division: u16, rows: &[(u8, u32)], batch: u128) -> Command<'static> {
    let line = |(code, name): &(u8, u32)| format!("mof-dep\t{code:03}\t第{name}处\tother\n");
    let paper = Paper {
        act: ActId(id),
        division: DivisionIndex(division),
        year: YEAR,
        kind: PaperKind::BasePut,
        batch: BatchId(batch),
        checker: PersonId::NOBODY,
        day: None,
        text: key(rows.iter().map(line).collect()),
    };
    given(BUDGET, Role::Finance, Body::File(paper))
}

pub(crate) fn open_batch(
    batch: u128,
    division: u16,
    count: u32,
    digest: u128,
    deadline_ms: u64,
) -> Command<'static> {
    let division = DivisionIndex(division);
    let open =
        OpenBatch { batch: BatchId(batch), division, year: YEAR, count, digest, deadline_ms };
    given(BUDGET, Role::Finance, Body::OpenBatch(open))
}

/// The one attempt to close a batch, or the one to drop it: its id is made of both.
pub(crate) fn end_batch(step: BatchStep, batch: u128, division: u16) -> Command<'static> {
    let act = ActId(batch | u128::from(step.number()) << 120);
    let (batch, division) = (BatchId(batch), DivisionIndex(division));
    let end = EndBatch { step, act, batch, division, year: YEAR };
    given(BUDGET, Role::Finance, Body::EndBatch(end))
}

pub(crate) fn resolve(
    id: u128,
    division: u16,
    serial: u64,
    action: ResolveAction,
) -> Command<'static> {
    let resolve = Resolve {
        act: ActId(id),
        division: DivisionIndex(division),
        year: YEAR,
        channel: CHANNEL,
        serial,
        action,
        reason: "已与银行核对",
    };
    given(OFFICER, Role::Finance, Body::Resolve(resolve))
}

/// Particulars that live as long as the test.
pub(crate) fn particulars(text: &ParticularsText) -> Particulars<'static> {
    Particulars::parse(Vec::leak(text.encode())).expect("particulars within their bounds")
}

/// A text that lives as long as the test.
pub(crate) fn key(text: String) -> &'static str {
    Box::leak(text.into_boxed_str())
}

/// Registers a division and opens its year.
pub(crate) fn found(address: SocketAddr, division: u16) {
    let mut operator = Desk::connect(address, Role::Operator);
    operator.must(&register(division));
    let id = 0xf00d_0000 + u128::from(division);
    operator.must(&year(id, division, YearState::Open));
}

/// Creates a quota, issues money on it if there is any, and gives its id.
pub(crate) fn quota_of(finance: &mut Desk, creation: Create<'static>, fen: i64) -> QuotaId {
    let issued_by = creation.act.0 ^ (1 << 100);
    let told = finance.must(&create(creation));
    let Value::Created(quota) = told.result.value else { panic!("no quota in {told:?}") };
    if fen > 0 {
        finance.must(&act(ActKind::Issue, issued_by, quota, fen));
    }
    quota
}

/// A division with so many quotas of so much money each; ids are made of the division and the
/// quota, so that a repeat of the same founding is a repeat of the same commands.
pub(crate) fn found_with(
    address: SocketAddr,
    division: u16,
    quotas: u32,
    fen: i64,
) -> Vec<QuotaId> {
    found(address, division);
    let mut finance = Desk::connect(address, Role::Finance);
    let one = |index: u32| {
        let id = (0xc0de_u128 << 64) | (u128::from(division) << 32) | u128::from(index);
        let key = key(format!("测试单位{division}-{index}"));
        quota_of(&mut finance, creation(id, division, key), fen)
    };
    (0..quotas).map(one).collect()
}

/// A paper that a unit, its department and finance may file, if only to be refused.
pub(crate) fn grade(id: u128, division: u16) -> Command<'static> {
    let paper = Paper {
        act: ActId(id),
        division: DivisionIndex(division),
        year: YEAR,
        kind: PaperKind::Evaluate,
        batch: BatchId(0),
        checker: PersonId::NOBODY,
        day: None,
        text: "P0001",
    };
    given(OFFICER, Role::Finance, Body::File(paper))
}
