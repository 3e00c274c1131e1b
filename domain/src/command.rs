//! What can be asked (orders) and reported (facts).
//!
//! A command borrows its variable parts from the buffer it was read into. Static bounds are
//! checked by [`Command::check_form`]; what depends on state is decided in [`crate::decide`].

use crate::codes::{
    ActKind, AuthorityKind, BatchStep, BusinessKind, FactKind, LimitKind, Method, MoveKind, Posts,
    ResolveAction, Role, StepKind, YearState,
};
use crate::ids::{
    ActId, BatchId, ChannelId, Class, ContractId, Day, DivisionIndex, FiscalYear, LimitKey, MoveId,
    PaymentId, PersonId, QuotaId,
};
use crate::limits::{
    DIVISION_NAME_BYTES_MAX, NOTE_BYTES_MAX, OFFICIAL_KEY_BYTES_MAX, PAPER_BYTES_MAX,
};
use crate::money::Fen;
use crate::office::paper::PaperKind;
use crate::particulars::Particulars;
use crate::refusal::Code;

/// Who gives a command, and how it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct By {
    /// The person who gave it, or in whose name the engine acts.
    pub person: PersonId,
    /// The capacity it is given in.
    pub role: Role,
    /// The channel it came by.
    pub channel: ChannelId,
}

/// One command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Command<'a> {
    /// Who gives it.
    pub by: By,
    /// What is asked or reported.
    pub body: Body<'a>,
}

/// What is asked or reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body<'a> {
    /// Reserve money for a payment (占用), or pay in one act.
    Reserve(Reserve<'a>),
    /// One order on a payment.
    Step(Step<'a>),
    /// One fact about a payment.
    Fact(Fact<'a>),
    /// One order on a quota.
    Act(Act<'a>),
    /// Create a quota.
    Create(Create<'a>),
    /// First half of a move between quotas.
    MoveOut(MoveOut<'a>),
    /// Second half: the engine hands the money over.
    MoveIn(MoveIn),
    /// The engine tells the origin how the move ended.
    SettleMove(SettleMove),
    /// Set a limit across quotas.
    SetLimit(SetLimit),
    /// Open a batch.
    OpenBatch(OpenBatch),
    /// Close or drop a batch.
    EndBatch(EndBatch),
    /// Open, adjust or close a year.
    SetYear(SetYear),
    /// Register a division.
    Register(Register<'a>),
    /// Decide what becomes of a parked fact.
    Resolve(Resolve<'a>),
    /// File a paper with the finance office.
    File(Paper<'a>),
}

/// Reserve money for a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reserve<'a> {
    /// The payment's id.
    pub payment: PaymentId,
    /// The quota that pays.
    pub quota: QuotaId,
    /// How much.
    pub amount_fen: Fen,
    /// Departmental economic class (部门经济分类).
    pub economic: Class,
    /// Payment method.
    pub method: Method,
    /// Business kind.
    pub kind: BusinessKind,
    /// Business date: its month is the plan's month.
    pub day: Day,
    /// The contract whose earmark pays, if any.
    pub contract: ContractId,
    /// The purchase plan the contract stands under, if any.
    pub plan: ContractId,
    /// Journaled time in ms after which it lapses unless approved; 0: never.
    pub deadline_ms: u64,
    /// Reserve, approve and instruct in one act (`pay`), where a rule approves.
    pub one_act: bool,
    /// Payee, purpose, document.
    pub particulars: Particulars<'a>,
}

/// One order on a payment that exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step<'a> {
    /// Which order.
    pub kind: StepKind,
    /// The payment.
    pub payment: PaymentId,
    /// Its quota.
    pub quota: QuotaId,
    /// The caller's number for this act: tells a second hold from a repeat of the first.
    pub serial: u64,
    /// Why.
    pub reason: &'a str,
}

/// One fact about a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fact<'a> {
    /// Which fact.
    pub kind: FactKind,
    /// The payment.
    pub payment: PaymentId,
    /// Its quota, as the reporter has it.
    pub quota: QuotaId,
    /// The fact's own number in its channel.
    pub serial: u64,
    /// The executed, settled or returned amount; zero for a rejection.
    pub amount_fen: Fen,
    /// Hash of the account that was paid ([`crate::particulars::account_hash`]): where one was
    /// ordered, a receipt must name it.
    pub payee_hash: u64,
    /// Payment or clearing day.
    pub day: Day,
    /// The refund's own number (refund and its settling).
    pub refund: u64,
    /// The detail that came back, for a refund; zero: the whole.
    pub detail: u32,
    /// The reporter's words.
    pub note: &'a str,
}

/// One order on a quota by amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Act<'a> {
    /// Which order.
    pub kind: ActKind,
    /// The act's id.
    pub act: ActId,
    /// The quota.
    pub quota: QuotaId,
    /// How much.
    pub amount_fen: Fen,
    /// The contract of an earmark.
    pub contract: ContractId,
    /// The purchase plan the contract stands under.
    pub plan: ContractId,
    /// The batch it is staged in; zero: none.
    pub batch: BatchId,
    /// Document number or reason.
    pub note: &'a str,
}

/// Create a quota; the answer carries its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Create<'a> {
    /// The act's id.
    pub act: ActId,
    /// Where it lives.
    pub division: DivisionIndex,
    /// Its year.
    pub year: FiscalYear,
    /// The quota it is handed down from, or [`QuotaId::NONE`].
    pub parent: QuotaId,
    /// Fund nature (资金性质).
    pub fund: Class,
    /// Departmental economic class it may pay, or an ancestor of it; empty: any.
    pub economic: Class,
    /// Approval posts a payment needs. At least one.
    pub posts: Posts,
    /// Whether payments may be made from it (可执行指标).
    pub executable: bool,
    /// The payment plan that bounds it; zero: exempt.
    pub plan: LimitKey,
    /// Under whose authority it exists.
    pub authority: AuthorityKind,
    /// The pre-approval cap on what is issued; zero for a budget line.
    pub cap_fen: Fen,
    /// The official key (unit, elements, document number), unique in its division and year.
    pub key: &'a str,
}

/// First half of a move between quotas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MoveOut<'a> {
    /// Why it moves.
    pub kind: MoveKind,
    /// The move's id.
    pub id: MoveId,
    /// The quota it leaves.
    pub from: QuotaId,
    /// The quota it goes to.
    pub to: QuotaId,
    /// How much.
    pub amount_fen: Fen,
    /// The batch it is staged in; zero: none.
    pub batch: BatchId,
    /// Of a correction: the payment whose charge it moves; none otherwise.
    pub payment: PaymentId,
    /// Document number.
    pub note: &'a str,
}

/// Second half of a move, sent by the engine from the committed first half.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MoveIn {
    /// Why it moves.
    pub kind: MoveKind,
    /// The move's id.
    pub id: MoveId,
    /// The quota it left.
    pub from: QuotaId,
    /// The quota it goes to.
    pub to: QuotaId,
    /// How much.
    pub amount_fen: Fen,
    /// Fund nature of the money.
    pub fund: Class,
    /// Of a correction: the payment whose charge it moves; none otherwise.
    pub payment: PaymentId,
}

/// How a move ended, told to its origin by the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SettleMove {
    /// The move's id.
    pub id: MoveId,
    /// The quota it left.
    pub from: QuotaId,
    /// True when the receiver took it; false when it comes back.
    pub landed: bool,
}

/// Set a limit across quotas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SetLimit {
    /// The act's id.
    pub act: ActId,
    /// The division.
    pub division: DivisionIndex,
    /// The year.
    pub year: FiscalYear,
    /// What it bounds.
    pub kind: LimitKind,
    /// The plan's key (plan month only).
    pub key: LimitKey,
    /// The month 1 ..= 12 (plan month only).
    pub month: u8,
    /// The month's plan, or the ceiling.
    pub amount_fen: Fen,
    /// The second person who checked it.
    pub checker: PersonId,
}

/// Open a batch: a document whose acts take effect together or not at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenBatch {
    /// The batch's id, also the id of this act.
    pub batch: BatchId,
    /// The division.
    pub division: DivisionIndex,
    /// The year.
    pub year: FiscalYear,
    /// How many acts it will hold.
    pub count: u32,
    /// [`crate::batch::fold_digest`] over its acts in order.
    pub digest: u128,
    /// Journaled time in ms after which the engine drops it; 0: never.
    pub deadline_ms: u64,
}

/// Close or drop a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EndBatch {
    /// Which.
    pub step: BatchStep,
    /// This act's own id, of one attempt: a batch whose close was refused stays open, and a late
    /// copy of that close must not end it. Zero for what the engine does by itself.
    pub act: ActId,
    /// The batch.
    pub batch: BatchId,
    /// Its division.
    pub division: DivisionIndex,
    /// Its year.
    pub year: FiscalYear,
}

/// Open, adjust or close a year of a division.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SetYear {
    /// The act's id.
    pub act: ActId,
    /// The division.
    pub division: DivisionIndex,
    /// The year.
    pub year: FiscalYear,
    /// The state it goes to; never `Unopened`.
    pub state: YearState,
}

/// Register a division: nothing runs in it before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Register<'a> {
    /// Its index, never reused.
    pub division: DivisionIndex,
    /// Its nine-digit code.
    pub code: [u8; 9],
    /// The division above it; itself for the province.
    pub parent: DivisionIndex,
    /// Its name.
    pub name: &'a str,
}

/// Decide what becomes of a parked fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resolve<'a> {
    /// The act's id.
    pub act: ActId,
    /// The division whose suspense holds it.
    pub division: DivisionIndex,
    /// The year of the quota the fact names.
    pub year: FiscalYear,
    /// The channel it came by.
    pub channel: ChannelId,
    /// Its number in that channel.
    pub serial: u64,
    /// What becomes of it.
    pub action: ResolveAction,
    /// Why.
    pub reason: &'a str,
}

/// A paper filed with the finance office: it changes what is on file ([`crate::office`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Paper<'a> {
    /// The act's id.
    pub act: ActId,
    /// The division.
    pub division: DivisionIndex,
    /// The year it is on file for.
    pub year: FiscalYear,
    /// What kind of paper.
    pub kind: PaperKind,
    /// The batch it is staged in; zero: none.
    pub batch: BatchId,
    /// A second person whom the paper names; nobody: none. No paper needs one: whoever checks what
    /// another has filed files a paper of their own.
    pub checker: PersonId,
    /// Its business day in Beijing, where it matters; absent: none.
    pub day: Option<Day>,
    /// Lines of fields parted by tabs; what they are, its kind says.
    pub text: &'a str,
}

impl Command<'_> {
    /// The division that decides it.
    #[must_use]
    pub fn division(&self) -> DivisionIndex {
        match &self.body {
            Body::Reserve(c) => c.quota.division(),
            Body::Step(c) => c.quota.division(),
            Body::Fact(c) => c.quota.division(),
            Body::Act(c) => c.quota.division(),
            Body::Create(c) => c.division,
            Body::MoveOut(c) => c.from.division(),
            Body::MoveIn(c) => c.to.division(),
            Body::SettleMove(c) => c.from.division(),
            Body::SetLimit(c) => c.division,
            Body::OpenBatch(c) => c.division,
            Body::EndBatch(c) => c.division,
            Body::SetYear(c) => c.division,
            Body::Register(c) => c.division,
            Body::Resolve(c) => c.division,
            Body::File(c) => c.division,
        }
    }

    /// The fiscal year it concerns; `None` for a registration.
    #[must_use]
    pub fn year(&self) -> Option<FiscalYear> {
        Some(match &self.body {
            Body::Reserve(c) => c.quota.year(),
            Body::Step(c) => c.quota.year(),
            Body::Fact(c) => c.quota.year(),
            Body::Act(c) => c.quota.year(),
            Body::Create(c) => c.year,
            Body::MoveOut(c) => c.from.year(),
            Body::MoveIn(c) => c.to.year(),
            Body::SettleMove(c) => c.from.year(),
            Body::SetLimit(c) => c.year,
            Body::OpenBatch(c) => c.year,
            Body::EndBatch(c) => c.year,
            Body::SetYear(c) => c.year,
            Body::Register(_) => return None,
            Body::Resolve(c) => c.year,
            Body::File(c) => c.year,
        })
    }

    /// The one quota it would change, if it names one.
    #[must_use]
    pub fn quota(&self) -> Option<QuotaId> {
        match &self.body {
            Body::Reserve(c) => Some(c.quota),
            Body::Step(c) => Some(c.quota),
            Body::Fact(c) => Some(c.quota),
            Body::Act(c) => Some(c.quota),
            Body::MoveOut(c) => Some(c.from),
            Body::MoveIn(c) => Some(c.to),
            Body::SettleMove(c) => Some(c.from),
            _ => None,
        }
    }

    /// The amount it names; zero where it names none.
    #[must_use]
    pub fn amount_fen(&self) -> Fen {
        match &self.body {
            Body::Reserve(c) => c.amount_fen,
            Body::Fact(c) => c.amount_fen,
            Body::Act(c) => c.amount_fen,
            Body::Create(c) => c.cap_fen,
            Body::MoveOut(c) => c.amount_fen,
            Body::MoveIn(c) => c.amount_fen,
            Body::SetLimit(c) => c.amount_fen,
            _ => Fen::ZERO,
        }
    }

    /// True for what a bank, the central bank, the special account or the engine reports: it is
    /// never refused, only applied or parked.
    #[must_use]
    pub fn is_fact(&self) -> bool {
        matches!(self.body, Body::Fact(_) | Body::MoveIn(_) | Body::SettleMove(_))
    }

    /// True for what is turned away while disk space is low: orders that reserve or create.
    /// Facts, releases and people's acts on what exists go on.
    #[must_use]
    pub fn needs_plenty_of_disk(&self) -> bool {
        match &self.body {
            Body::MoveOut(c) => c.kind != MoveKind::Correct,
            Body::Reserve(_) | Body::Create(_) | Body::OpenBatch(_) => true,
            Body::Register(_) | Body::SetLimit(_) | Body::File(_) => true,
            Body::Act(c) => {
                matches!(c.kind, ActKind::Issue | ActKind::Supplement | ActKind::Earmark)
            }
            _ => false,
        }
    }

    /// True for what may stand in a linked run.
    #[must_use]
    pub fn is_linkable(&self) -> bool {
        match &self.body {
            Body::Reserve(_) | Body::Step(_) => true,
            Body::Act(c) => c.batch == BatchId(0) && c.kind != ActKind::Revive,
            Body::MoveOut(c) => c.batch == BatchId(0) && c.kind != MoveKind::Correct,
            _ => false,
        }
    }

    /// The command's name in texts, JSON, metrics and scripts.
    #[must_use]
    pub fn slug(&self) -> &'static str {
        match &self.body {
            Body::Reserve(c) if c.one_act => "pay",
            Body::Reserve(_) => "reserve",
            Body::Step(c) => c.kind.slug(),
            Body::Fact(c) => c.kind.slug(),
            Body::Act(c) => c.kind.slug(),
            Body::Create(_) => "create",
            Body::MoveOut(c) => c.kind.slug(),
            Body::MoveIn(_) => "move-in",
            Body::SettleMove(_) => "settle-move",
            Body::SetLimit(_) => "set-limit",
            Body::OpenBatch(_) => "open-batch",
            Body::EndBatch(c) => match c.step {
                BatchStep::Close => "close-batch",
                BatchStep::Drop => "drop-batch",
                BatchStep::Lapse => "lapse-batch",
                BatchStep::Abandon => "abandon-batch",
            },
            Body::SetYear(c) => match c.state {
                YearState::Unopened | YearState::Open => "open-year",
                YearState::Adjustment => "adjust-year",
                YearState::Closed => "close-year",
            },
            Body::Register(_) => "register",
            Body::Resolve(_) => "resolve",
            Body::File(_) => "file",
        }
    }

    /// Whether the role may give this command at all. What further depends on the settlement
    /// path is decided with the payment in hand.
    #[must_use]
    pub fn role_may(&self) -> bool {
        use Role::{Bank, CentralBank, Checker, Engine, Finance, Maker, Operator};
        let role = self.by.role;
        match &self.body {
            Body::Reserve(_) => role == Maker,
            Body::Step(c) => match c.kind {
                StepKind::ApproveUnit | StepKind::ApproveDepartment => role == Checker,
                StepKind::ApproveFinance | StepKind::Instruct | StepKind::Void => role == Finance,
                StepKind::Hold => matches!(role, Finance | Operator | Engine),
                StepKind::Unhold => role == Finance,
                StepKind::Withdraw => matches!(role, Maker | Engine),
                StepKind::Return => matches!(role, Checker | Finance),
                StepKind::Doubt => matches!(role, Operator | Engine),
            },
            Body::Fact(c) => match c.kind {
                FactKind::ConfirmPaid => role == Bank,
                FactKind::Reject | FactKind::Refund => matches!(role, Bank | CentralBank),
                FactKind::Clear | FactKind::SettleRefund => matches!(role, CentralBank | Finance),
            },
            Body::Act(c) => match c.kind {
                ActKind::Revive => role == Operator,
                ActKind::Earmark | ActKind::Unearmark => matches!(role, Finance | Maker),
                ActKind::Authorize => role == Engine,
                _ => matches!(role, Finance | Engine),
            },
            Body::SetLimit(_) => role == Finance,
            Body::MoveOut(c) if c.kind == MoveKind::Correct => role == Finance,
            Body::Create(_) | Body::MoveOut(_) | Body::OpenBatch(_) => {
                matches!(role, Finance | Engine)
            }
            Body::EndBatch(c) => match c.step {
                BatchStep::Close | BatchStep::Drop => matches!(role, Finance | Engine),
                BatchStep::Lapse | BatchStep::Abandon => role == Engine,
            },
            Body::MoveIn(_) | Body::SettleMove(_) => role == Engine,
            Body::SetYear(_) | Body::Resolve(_) => matches!(role, Finance | Operator),
            Body::Register(_) => role == Operator,
            Body::File(c) => c.kind.roles().contains(&role),
        }
    }

    /// Checks what no state can change: bounds of amounts, texts and codes, a person, the right.
    ///
    /// # Errors
    /// The code to turn it away with. It leaves no trace; the same id may be sent again.
    pub fn check_form(&self) -> Result<(), Code> {
        if self.by.person == PersonId::NOBODY {
            return Err(Code::NoPerson);
        }
        if !self.role_may() {
            return Err(Code::NoRight);
        }
        let amount = |fen: Fen| {
            if fen.is_payable() { Ok(()) } else { Err(Code::AmountOutOfBounds) }
        };
        let text = |text: &str, max: usize| {
            if text.len() <= max { Ok(()) } else { Err(Code::TextTooLong) }
        };
        let form = |good: bool| if good { Ok(()) } else { Err(Code::BadField) };
        match &self.body {
            Body::Reserve(c) => {
                amount(c.amount_fen)?;
                form(c.economic.is_well_formed() && c.economic != Class::ANY)?;
                form(c.day.get() != 0 && c.day.year() == c.quota.year().get())?;
                form(c.contract.is_some() || !c.plan.is_some())?;
                c.particulars.check_size()
            }
            Body::Step(c) => {
                form(!c.kind.needs_reason() || !c.reason.trim().is_empty())?;
                text(c.reason, NOTE_BYTES_MAX)
            }
            Body::Fact(c) => {
                match c.kind {
                    FactKind::Reject => form(c.amount_fen == Fen::ZERO)?,
                    _ => amount(c.amount_fen)?,
                }
                form(c.day.get() != 0)?;
                let refunds = matches!(c.kind, FactKind::Refund | FactKind::SettleRefund);
                form(refunds || (c.refund == 0 && c.detail == 0))?;
                text(c.note, NOTE_BYTES_MAX)
            }
            Body::Act(c) => {
                match c.kind {
                    ActKind::Close | ActKind::Revive => form(c.amount_fen == Fen::ZERO)?,
                    ActKind::Authorize if c.amount_fen == Fen::ZERO => {}
                    _ => amount(c.amount_fen)?,
                }
                let earmark = matches!(c.kind, ActKind::Earmark | ActKind::Unearmark);
                form(earmark == c.contract.is_some() && (earmark || !c.plan.is_some()))?;
                let stageable = matches!(
                    c.kind,
                    ActKind::Issue | ActKind::Supplement | ActKind::Cut | ActKind::Recover
                ) || self.by.role == Role::Engine;
                form(c.batch == BatchId(0) || stageable)?;
                text(c.note, NOTE_BYTES_MAX)
            }
            Body::Create(c) => {
                form(
                    c.fund.is_well_formed() && c.fund != Class::ANY && c.economic.is_well_formed(),
                )?;
                form(c.posts != Posts::NONE && !c.key.trim().is_empty())?;
                match c.authority {
                    AuthorityKind::BudgetLine => form(c.cap_fen == Fen::ZERO)?,
                    AuthorityKind::PreApproval => amount(c.cap_fen)?,
                }
                text(c.key, OFFICIAL_KEY_BYTES_MAX)
            }
            Body::MoveOut(c) => {
                amount(c.amount_fen)?;
                form(c.from != c.to && !c.from.is_none() && !c.to.is_none())?;
                // What the receiver has to confirm goes out by a document, which says what it is.
                let confirmed = c.kind == MoveKind::Transfer && self.by.role == Role::Engine;
                form(!c.from.is_unnamed() && (confirmed || !c.to.is_unnamed()))?;
                let same_division = c.from.division() == c.to.division();
                let same_year = c.from.year() == c.to.year();
                let corrects = c.kind == MoveKind::Correct;
                form(corrects == (c.payment != PaymentId::NONE))?;
                form(!corrects || (c.batch == BatchId(0) && !c.note.trim().is_empty()))?;
                form(match c.kind {
                    MoveKind::Allocate | MoveKind::Virement | MoveKind::Correct => {
                        same_division && same_year
                    }
                    MoveKind::Transfer => !same_division && same_year,
                    MoveKind::ReturnUp => same_year,
                    MoveKind::Carry => {
                        same_division && c.to.year().get() == c.from.year().get() + 1
                    }
                })?;
                text(c.note, NOTE_BYTES_MAX)
            }
            Body::SetLimit(c) => {
                let plan = c.kind == LimitKind::PlanMonth;
                form(plan == (c.key != LimitKey(0)) && plan == (1..=12).contains(&c.month))?;
                form(c.amount_fen.in_bounds() && c.amount_fen >= Fen::ZERO)?;
                form(c.checker != PersonId::NOBODY && c.checker != self.by.person)
            }
            Body::OpenBatch(c) => form(c.batch != BatchId(0) && c.count > 0),
            Body::EndBatch(c) => {
                form(c.batch != BatchId(0) && c.step.is_asked() == (c.act != ActId(0)))
            }
            Body::SetYear(c) => form(c.state != YearState::Unopened),
            Body::Register(c) => {
                form(c.code.iter().all(u8::is_ascii_digit) && !c.name.trim().is_empty())?;
                form((c.division == DivisionIndex::PROVINCE) == (c.parent == c.division))?;
                text(c.name, DIVISION_NAME_BYTES_MAX)
            }
            Body::Resolve(c) => {
                form(!c.reason.trim().is_empty())?;
                text(c.reason, NOTE_BYTES_MAX)
            }
            Body::File(c) => {
                form(c.act != ActId(0) && !c.text.is_empty() && c.checker != self.by.person)?;
                form(c.kind.is_stageable() || c.batch == BatchId(0))?;
                text(c.text, PAPER_BYTES_MAX)
            }
            Body::MoveIn(c) => amount(c.amount_fen),
            Body::SettleMove(_) => Ok(()),
        }
    }
}
