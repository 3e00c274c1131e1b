//! Commands in the scenario's own words: what the generator writes, the model judges and the
//! wire form is made from.

use domain::ids::{
    ActId, BatchId, Class, ContractId, DivisionIndex, LimitKey, MoveId, PaymentId, PersonId,
    QuotaId,
};
use domain::money::Fen;

use crate::plan::Payer;

/// In which capacity a command is given; one connection has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Role {
    /// Desk maker.
    Maker = 1,
    /// Desk checker.
    Checker = 2,
    /// Finance department.
    Finance = 3,
    /// Agent bank.
    Bank = 4,
    /// Central bank treasury.
    CentralBank = 5,
    /// Operator.
    Operator = 6,
}

impl Role {
    /// Every role, by number.
    pub const ALL: [Role; 6] =
        [Role::Maker, Role::Checker, Role::Finance, Role::Bank, Role::CentralBank, Role::Operator];

    /// The number in a hello.
    #[must_use]
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// The role with a number.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Role> {
        Role::ALL.into_iter().find(|role| role.number() == number)
    }

    /// The name in texts and JSON.
    #[must_use]
    pub const fn slug(self) -> &'static str {
        match self {
            Role::Maker => "maker",
            Role::Checker => "checker",
            Role::Finance => "finance",
            Role::Bank => "bank",
            Role::CentralBank => "central-bank",
            Role::Operator => "operator",
        }
    }
}

/// One command.
#[derive(Clone, Debug)]
pub(crate) struct Command {
    /// The capacity it is given in.
    pub(crate) role: Role,
    /// Who gives it.
    pub(crate) person: PersonId,
    /// What is asked or reported.
    pub(crate) body: Body,
    /// Its variable part.
    pub(crate) tail: Tail,
}

/// The variable part of a command.
#[derive(Clone, Debug)]
pub(crate) enum Tail {
    /// None.
    None,
    /// A fixed text.
    Fixed(&'static str),
    /// A text made for it.
    Text(Box<str>),
    /// Particulars of a payment.
    Particulars(Particulars),
}

/// Who is paid by whom, and for what.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Particulars {
    /// The payee's place in the table of payees.
    pub(crate) payee: u16,
    /// Number of the application and of its document in the division.
    pub(crate) number: u64,
    /// The division.
    pub(crate) division: DivisionIndex,
    /// The unit that applies, by its number in the division.
    pub(crate) unit: u64,
    /// Whose account pays.
    pub(crate) payer: Payer,
}

/// What is asked or reported.
#[derive(Clone, Debug)]
pub(crate) enum Body {
    /// Reserve, or pay in one act.
    Reserve(Reserve),
    /// An order on a payment.
    Step(Step),
    /// A fact about a payment.
    Fact(Fact),
    /// An order on a quota by amount.
    Act(Act),
    /// Create a quota.
    Create(Create),
    /// Move money to another quota.
    Move(Move),
    /// Set a plan month or the ceiling.
    SetLimit(SetLimit),
    /// Open a batch.
    OpenBatch(OpenBatch),
    /// Close a batch.
    CloseBatch(CloseBatch),
    /// Change a year's state.
    SetYear(SetYear),
    /// Register a division.
    Register(Register),
    /// End a parked fact.
    Resolve(Resolve),
    /// File a paper.
    File(File),
}

/// Reserve money for a payment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reserve {
    /// The payment.
    pub(crate) payment: PaymentId,
    /// The quota that pays.
    pub(crate) quota: QuotaId,
    /// How much.
    pub(crate) amount: Fen,
    /// Departmental economic class.
    pub(crate) economic: Class,
    /// Payment method, by its code.
    pub(crate) method: u8,
    /// Business kind, by its code.
    pub(crate) business: u8,
    /// Business date, YYYYMMDD.
    pub(crate) day: u32,
    /// The contract, if any.
    pub(crate) contract: ContractId,
    /// The purchase plan, if any.
    pub(crate) plan: ContractId,
    /// Reserve, approve and instruct in one act.
    pub(crate) one_act: bool,
    /// Hash of the payee's account.
    pub(crate) payee_hash: u64,
}

/// An order on a payment, by the number of its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(crate) enum StepKind {
    /// Approval of the unit.
    ApproveUnit = 1,
    /// Approval of the department.
    ApproveDepartment = 2,
    /// Approval of finance.
    ApproveFinance = 3,
    /// Stop it.
    Hold = 4,
    /// Lift the stop.
    Unhold = 5,
    /// The maker takes it back.
    Withdraw = 6,
    /// The holder sends it back.
    Return = 7,
    /// The payment order goes out.
    Instruct = 8,
    /// Taken back before it left.
    Void = 9,
    /// The bank is silent.
    Doubt = 10,
}

/// One order on a payment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    /// Which.
    pub(crate) kind: StepKind,
    /// The payment.
    pub(crate) payment: PaymentId,
    /// Its quota.
    pub(crate) quota: QuotaId,
    /// The caller's number.
    pub(crate) serial: u64,
}

/// A fact about a payment, by the number of its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(crate) enum FactKind {
    /// Paid, whole or in part.
    Confirm = 1,
    /// Nothing was paid.
    Reject = 2,
    /// Settled.
    Clear = 3,
    /// Came back from the payee.
    Refund = 4,
    /// The refund reached the treasury.
    Settle = 5,
}

/// One fact.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fact {
    /// Which.
    pub(crate) kind: FactKind,
    /// The payment.
    pub(crate) payment: PaymentId,
    /// Its quota.
    pub(crate) quota: QuotaId,
    /// Its number in its channel.
    pub(crate) serial: u64,
    /// How much; zero for a rejection.
    pub(crate) amount: Fen,
    /// Hash of the paid account; zero: not said.
    pub(crate) payee_hash: u64,
    /// Its day, YYYYMMDD.
    pub(crate) day: u32,
    /// The refund's number.
    pub(crate) refund: u64,
    /// The detail that came back.
    pub(crate) detail: u32,
}

/// An order on a quota, by the number of its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(crate) enum ActKind {
    /// First issue.
    Issue = 1,
    /// Supplement.
    Supplement = 2,
    /// Cut.
    Cut = 3,
    /// Freeze.
    Freeze = 4,
    /// Unfreeze.
    Unfreeze = 5,
    /// Earmark for a contract.
    Earmark = 6,
    /// Give an earmark back.
    Unearmark = 7,
    /// Take back dormant money.
    Recover = 8,
    /// Close the quota.
    Close = 9,
}

/// One order on a quota.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Act {
    /// Which.
    pub(crate) kind: ActKind,
    /// Its id.
    pub(crate) act: ActId,
    /// The quota.
    pub(crate) quota: QuotaId,
    /// How much; zero to close.
    pub(crate) amount: Fen,
    /// The contract of an earmark.
    pub(crate) contract: ContractId,
    /// Its purchase plan.
    pub(crate) plan: ContractId,
    /// The batch it is staged in; zero: none.
    pub(crate) batch: BatchId,
}

/// Create a quota.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Create {
    /// The act's id.
    pub(crate) act: ActId,
    /// Where.
    pub(crate) division: DivisionIndex,
    /// The year.
    pub(crate) year: u16,
    /// The quota above, or none.
    pub(crate) parent: QuotaId,
    /// Fund nature.
    pub(crate) fund: Class,
    /// Departmental economic class; empty: any.
    pub(crate) economic: Class,
    /// Posts that approve, as bits.
    pub(crate) posts: u8,
    /// Whether payments may be made from it.
    pub(crate) executable: bool,
    /// The payment plan; zero: exempt.
    pub(crate) plan: LimitKey,
    /// Pre-approval cap; zero: a line of the approved budget.
    pub(crate) cap: Fen,
}

/// Why money moves, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(crate) enum MoveKind {
    /// Down within the division.
    Allocate = 1,
    /// Down to another division.
    Transfer = 2,
    /// Up to the parent.
    ReturnUp = 3,
    /// Across.
    Virement = 4,
}

/// First half of a move.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Move {
    /// Why.
    pub(crate) kind: MoveKind,
    /// Its id.
    pub(crate) id: MoveId,
    /// From.
    pub(crate) from: QuotaId,
    /// To.
    pub(crate) to: QuotaId,
    /// How much.
    pub(crate) amount: Fen,
}

/// What a limit bounds, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(crate) enum LimitKind {
    /// One month of a plan.
    PlanMonth = 1,
    /// The ceiling of payments in one act.
    Ceiling = 2,
}

/// Set a limit.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SetLimit {
    /// The act's id.
    pub(crate) act: ActId,
    /// The division.
    pub(crate) division: DivisionIndex,
    /// The year.
    pub(crate) year: u16,
    /// What it bounds.
    pub(crate) kind: LimitKind,
    /// The plan.
    pub(crate) key: LimitKey,
    /// The month.
    pub(crate) month: u8,
    /// The amount.
    pub(crate) amount: Fen,
    /// Who checked it.
    pub(crate) checker: PersonId,
}

/// Open a batch.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OpenBatch {
    /// Its id.
    pub(crate) batch: BatchId,
    /// The division.
    pub(crate) division: DivisionIndex,
    /// The year.
    pub(crate) year: u16,
    /// How many acts.
    pub(crate) count: u32,
    /// Their digest.
    pub(crate) digest: u128,
}

/// Close a batch.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CloseBatch {
    /// This attempt's own id.
    pub(crate) act: ActId,
    /// The batch.
    pub(crate) batch: BatchId,
    /// The division.
    pub(crate) division: DivisionIndex,
    /// The year.
    pub(crate) year: u16,
}

/// Where a year stands, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(crate) enum YearState {
    /// Open.
    Open = 1,
    /// In adjustment.
    Adjustment = 2,
    /// Closed.
    Closed = 3,
}

/// Change a year's state.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SetYear {
    /// The act's id.
    pub(crate) act: ActId,
    /// The division.
    pub(crate) division: DivisionIndex,
    /// The year.
    pub(crate) year: u16,
    /// The state it goes to.
    pub(crate) state: YearState,
}

/// Register a division.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Register {
    /// Its index.
    pub(crate) division: DivisionIndex,
    /// Its code.
    pub(crate) code: [u8; 9],
    /// The division above.
    pub(crate) parent: DivisionIndex,
}

/// End a parked fact: set it aside.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Resolve {
    /// The act's id.
    pub(crate) act: ActId,
    /// The division.
    pub(crate) division: DivisionIndex,
    /// The year.
    pub(crate) year: u16,
    /// The channel the fact came by.
    pub(crate) channel: u16,
    /// Its number there.
    pub(crate) serial: u64,
}

/// File a paper; its lines are the command's tail.
#[derive(Clone, Copy, Debug)]
pub(crate) struct File {
    /// The act's id.
    pub(crate) act: ActId,
    /// The division.
    pub(crate) division: DivisionIndex,
    /// The year.
    pub(crate) year: u16,
    /// Which paper, by its number.
    pub(crate) kind: u8,
    /// Its business day, YYYYMMDD; zero: none.
    pub(crate) day: u32,
    /// The code that it should hear, as whoever wrote it knows.
    pub(crate) expected: u16,
}

/// The channel that a role's connections name in their hello.
#[must_use]
pub const fn channel_of(role: Role) -> u16 {
    role.number() as u16 * 10
}

impl Command {
    /// The division it is sent to.
    pub(crate) fn division(&self) -> DivisionIndex {
        match &self.body {
            Body::Reserve(c) => c.quota.division(),
            Body::Step(c) => c.quota.division(),
            Body::Fact(c) => c.quota.division(),
            Body::Act(c) => c.quota.division(),
            Body::Create(c) => c.division,
            Body::Move(c) => c.from.division(),
            Body::SetLimit(c) => c.division,
            Body::OpenBatch(c) => c.division,
            Body::CloseBatch(c) => c.division,
            Body::SetYear(c) => c.division,
            Body::Register(c) => c.division,
            Body::Resolve(c) => c.division,
            Body::File(c) => c.division,
        }
    }
}
