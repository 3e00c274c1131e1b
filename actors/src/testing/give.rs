//! Commands as people and banks give them, each by the person and in the role that may.

use domain::batch::{fold_act, fold_move, fold_paper};
use domain::codes::{
    ActKind, AuthorityKind, BatchStep, BusinessKind, FactKind, Method, MoveKind, Posts,
    ResolveAction, StepKind, YearState,
};
use domain::command::{
    Act, Body, By, Command, Create, EndBatch, Fact, MoveOut, OpenBatch, Paper, Register, Reserve,
    Resolve, SetYear, Step,
};
use domain::ids::{
    ActId, BatchId, ChannelId, Class, ContractId, Day, DivisionIndex, FiscalYear, LimitKey, MoveId,
    PaymentId, PersonId, QuotaId,
};
use domain::office::paper::PaperKind;
use domain::particulars::Particulars;
use domain::{Fen, Role};
use protocol::Flags;

/// The year everything is of.
pub const YEAR: FiscalYear = FiscalYear::from_offset(22);
/// The channel of those who decide.
pub const DESK: ChannelId = ChannelId(7);
/// The channel of those who report.
pub const BANK: ChannelId = ChannelId(8);

/// Asks for payments.
pub const MAKER: PersonId = PersonId(1);
/// Approves them.
pub const CHECKER: PersonId = PersonId(2);
/// Instructs them, and gives money.
pub const FINANCE: PersonId = PersonId(3);
/// Reports what banks did.
pub const TELLER: PersonId = PersonId(4);
/// Runs the engine.
pub const OPERATOR: PersonId = PersonId(6);
/// Lifts holds.
pub const OFFICER: PersonId = PersonId(9);

/// A command and how it is to be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Given {
    /// The command.
    pub command: Command<'static>,
    /// How it is to be taken.
    pub flags: Flags,
}

impl Given {
    /// Linked to the next one.
    pub fn linked(mut self) -> Given {
        self.flags.linked = true;
        self
    }

    /// To be decided without effect.
    pub fn checked(mut self) -> Given {
        self.flags.check = true;
        self
    }

    /// By somebody else.
    pub fn by(mut self, person: PersonId) -> Given {
        self.command.by.person = person;
        self
    }

    /// In another capacity.
    pub fn in_role(mut self, role: Role) -> Given {
        self.command.by.role = role;
        self
    }

    /// In which capacity.
    pub fn role(&self) -> Role {
        self.command.by.role
    }

    /// By which channel.
    pub fn channel(&self) -> ChannelId {
        self.command.by.channel
    }
}

/// Marks all but the last as linked.
pub fn run_of(commands: &[Given]) -> Vec<Given> {
    let last = commands.len() - 1;
    let each = commands.iter().enumerate();
    each.map(|(at, given)| if at < last { given.linked() } else { *given }).collect()
}

fn given(person: PersonId, role: Role, body: Body<'static>) -> Given {
    let channel = if matches!(role, Role::Bank | Role::CentralBank) { BANK } else { DESK };
    let command = Command { by: By { person, role, channel }, body };
    Given { command, flags: Flags::default() }
}

/// A quota of a division, by its serial.
pub fn quota(division: u16, serial: u64) -> QuotaId {
    QuotaId::new(DivisionIndex(division), YEAR, serial)
}

/// Registers a division under the province.
pub fn register(division: u16) -> Given {
    let digits = format!("{division:09}");
    let code = *digits.as_bytes().first_chunk::<9>().expect("nine digits");
    let (division, parent) = (DivisionIndex(division), DivisionIndex::PROVINCE);
    let register = Register { division, code, parent, name: "历下区" };
    given(OPERATOR, Role::Operator, Body::Register(register))
}

/// Sets a year of a division.
pub fn set_year(division: u16, act: u128, year: FiscalYear, state: YearState) -> Given {
    let (act, division) = (ActId(act), DivisionIndex(division));
    given(FINANCE, Role::Finance, Body::SetYear(SetYear { act, division, year, state }))
}

/// Opens the year.
pub fn open_year(division: u16, act: u128) -> Given {
    set_year(division, act, YEAR, YearState::Open)
}

/// A quota of treasury money that needs one approval, handed down from `parent`.
pub fn create_under(division: u16, act: u128, parent: QuotaId) -> Given {
    let create = Create {
        act: ActId(act),
        division: DivisionIndex(division),
        year: YEAR,
        parent,
        fund: Class::new("111").expect("a class"),
        economic: Class::ANY,
        posts: Posts::UNIT,
        executable: true,
        plan: LimitKey(0),
        authority: AuthorityKind::BudgetLine,
        cap_fen: Fen::ZERO,
        key: Box::leak(format!("指标 {division} {act:x}").into_boxed_str()),
    };
    given(FINANCE, Role::Finance, Body::Create(create))
}

/// As [`create_under`], without a parent.
pub fn create(division: u16, act: u128) -> Given {
    create_under(division, act, QuotaId::NONE)
}

/// A payment without a deadline.
pub fn reserve(quota: QuotaId, payment: u128, fen: i64) -> Given {
    reserve_until(quota, payment, fen, 0)
}

/// A payment that lapses unless it is approved.
pub fn reserve_until(quota: QuotaId, payment: u128, fen: i64, deadline_ms: u64) -> Given {
    let reserve = Reserve {
        payment: PaymentId(payment),
        quota,
        amount_fen: Fen::new(fen),
        economic: Class::new("30201").expect("a class"),
        method: Method::Centralized,
        kind: BusinessKind::Single,
        day: Day::new(20_220_315).expect("a day"),
        contract: ContractId::NONE,
        plan: ContractId::NONE,
        deadline_ms,
        one_act: false,
        particulars: Particulars::NONE,
    };
    given(MAKER, Role::Maker, Body::Reserve(reserve))
}

/// The largest particulars there are, so that few reservations fill a run.
pub fn reserve_with_words(quota: QuotaId, payment: u128, fen: i64) -> Given {
    let room = domain::limits::PARTICULARS_BYTES_MAX - 6 * 2;
    let text = domain::particulars::ParticularsText {
        purpose: "办公用品".repeat(room / "办公用品".len()),
        ..Default::default()
    };
    let bytes: &'static [u8] = Box::leak(text.encode().into_boxed_slice());
    let mut given = reserve(quota, payment, fen);
    if let Body::Reserve(reserve) = &mut given.command.body {
        reserve.particulars = Particulars::parse(bytes).expect("particulars");
    }
    given
}

/// An order on a payment, by whoever may give it.
pub fn step(kind: StepKind, quota: QuotaId, payment: u128) -> Given {
    use StepKind as K;
    let (person, role) = match kind {
        K::ApproveUnit | K::ApproveDepartment => (CHECKER, Role::Checker),
        K::ApproveFinance | K::Instruct | K::Void | K::Hold => (FINANCE, Role::Finance),
        K::Unhold => (OFFICER, Role::Finance),
        K::Withdraw => (MAKER, Role::Maker),
        K::Return => (CHECKER, Role::Checker),
        K::Doubt => (OPERATOR, Role::Operator),
    };
    let reason = if kind.needs_reason() { "核查" } else { "" };
    let payment = PaymentId(payment);
    given(person, role, Body::Step(Step { kind, payment, quota, serial: 1, reason }))
}

/// A report on a payment.
pub fn fact(kind: FactKind, quota: QuotaId, payment: u128, serial: u64, fen: i64) -> Given {
    let role = match kind {
        FactKind::Clear | FactKind::SettleRefund => Role::CentralBank,
        _ => Role::Bank,
    };
    let refunds = matches!(kind, FactKind::Refund | FactKind::SettleRefund);
    let fact = Fact {
        kind,
        payment: PaymentId(payment),
        quota,
        serial,
        amount_fen: Fen::new(fen),
        payee_hash: 0,
        day: Day::new(20_220_316).expect("a day"),
        refund: u64::from(refunds),
        detail: 0,
        note: "",
    };
    given(TELLER, role, Body::Fact(fact))
}

/// An order on a quota.
pub fn act(kind: ActKind, quota: QuotaId, act: u128, fen: i64) -> Given {
    staged(kind, quota, act, fen, 0)
}

/// An order on a quota, staged in a batch.
pub fn staged(kind: ActKind, quota: QuotaId, act: u128, fen: i64, batch: u128) -> Given {
    let (contract, plan) = (ContractId::NONE, ContractId::NONE);
    let (act, batch, amount_fen) = (ActId(act), BatchId(batch), Fen::new(fen));
    let act = Act { kind, act, quota, amount_fen, contract, plan, batch, note: "" };
    let (person, role) = match kind {
        ActKind::Revive => (OPERATOR, Role::Operator),
        _ => (FINANCE, Role::Finance),
    };
    given(person, role, Body::Act(act))
}

/// Gives a quota money.
pub fn issue(quota: QuotaId, id: u128, fen: i64) -> Given {
    act(ActKind::Issue, quota, id, fen)
}

/// Takes a quota out of quarantine.
pub fn revive(quota: QuotaId, id: u128) -> Given {
    act(ActKind::Revive, quota, id, 0)
}

/// The first half of a move.
pub fn move_out(kind: MoveKind, id: u128, from: QuotaId, to: QuotaId, fen: i64) -> Given {
    staged_move(kind, id, from, to, fen, 0)
}

/// The first half of a move, staged in a batch.
pub fn staged_move(
    kind: MoveKind,
    id: u128,
    from: QuotaId,
    to: QuotaId,
    fen: i64,
    batch: u128,
) -> Given {
    let (id, batch, amount_fen) = (MoveId(id), BatchId(batch), Fen::new(fen));
    let payment = PaymentId::NONE;
    let moved = MoveOut { kind, id, from, to, amount_fen, batch, payment, note: "" };
    given(FINANCE, Role::Finance, Body::MoveOut(moved))
}

/// Puts divisions of the finance office on file, by code and name, or removes them where they have
/// no name; staged where a batch is named.
pub fn paper(division: u16, act: u128, rows: &[(u8, Option<u8>)], batch: u128) -> Given {
    let puts = rows.iter().any(|(_, name)| name.is_some());
    let line = |&(code, name): &(u8, Option<u8>)| match (puts, name) {
        (true, name) => format!("mof-dep\t{code}\t第{}处\tother\n", name.unwrap_or(0)),
        (false, _) => format!("mof-dep\t{code}\n"),
    };
    let text: String = rows.iter().map(line).collect();
    let paper = Paper {
        act: ActId(act),
        division: DivisionIndex(division),
        year: YEAR,
        kind: if puts { PaperKind::BasePut } else { PaperKind::BaseRemove },
        batch: BatchId(batch),
        checker: PersonId::NOBODY,
        day: None,
        text: Box::leak(text.into_boxed_str()),
    };
    given(FINANCE, Role::Finance, Body::File(paper))
}

/// Opens a batch that will hold exactly these acts.
pub fn open_batch(batch: u128, acts: &[Given], deadline_ms: u64) -> Given {
    let digest = acts.iter().fold(0, |digest, given| match &given.command.body {
        Body::Act(act) => fold_act(digest, act),
        Body::MoveOut(moved) => fold_move(digest, moved),
        Body::File(paper) => fold_paper(digest, paper),
        other => panic!("{other:?} is not staged"),
    });
    let division = acts[0].command.division();
    let (batch, count) = (BatchId(batch), acts.len() as u32);
    let open = OpenBatch { batch, division, year: YEAR, count, digest, deadline_ms };
    given(FINANCE, Role::Finance, Body::OpenBatch(open))
}

/// The one attempt to close a batch, or the one to drop it: its id is made of both.
pub fn end_batch(step: BatchStep, batch: u128, division: u16) -> Given {
    let act = ActId(batch | u128::from(step.number()) << 120);
    let (batch, division) = (BatchId(batch), DivisionIndex(division));
    let end = EndBatch { step, act, batch, division, year: YEAR };
    given(FINANCE, Role::Finance, Body::EndBatch(end))
}

/// A paper filed with the finance office.
pub fn office_paper(kind: PaperKind, division: u16, act: u128, text: &str) -> Given {
    let paper = Paper {
        act: ActId(act),
        division: DivisionIndex(division),
        year: YEAR,
        kind,
        batch: BatchId(0),
        checker: PersonId::NOBODY,
        day: None,
        text: Box::leak(text.to_owned().into_boxed_str()),
    };
    given(FINANCE, Role::Finance, Body::File(paper))
}

/// Ends a parked fact.
pub fn resolve(action: ResolveAction, act: u128, division: u16, serial: u64) -> Given {
    let resolve = Resolve {
        act: ActId(act),
        division: DivisionIndex(division),
        year: YEAR,
        channel: BANK,
        serial,
        action,
        reason: "已核实",
    };
    given(FINANCE, Role::Finance, Body::Resolve(resolve))
}
