//! Commands as 128 bytes and a tail, to and from `domain::Command`.
//!
//! The only place where the two forms meet. Checks that the bytes are a command at all: known
//! kind, known flags, zeros where a kind has no field, codes and days that exist, texts in UTF-8.
//! Whether the command may be given is `domain`'s to say ([`Command::check_form`]), and never
//! said here.

use domain::codes::{
    ActKind, AuthorityKind, BatchStep, BusinessKind, FactKind, LimitKind, Method, MoveKind, Posts,
    ResolveAction, StepKind, YearState,
};
use domain::command::{
    Act, Body, By, Create, EndBatch, Fact, MoveOut, OpenBatch, Paper, Register, Reserve, Resolve,
    SetLimit, SetYear, Step,
};
use domain::ids::{
    ActId, BatchId, ChannelId, Class, ContractId, Day, DivisionIndex, FiscalYear, LimitKey, MoveId,
    PaymentId, PersonId, QuotaId,
};
use domain::office::paper::PaperKind;
use domain::particulars::Particulars;
use domain::{Code, Command, Fen, Role};
use thiserror::Error;

use crate::bytes::{at, put};
use crate::flags::Flags;
use crate::layout::{
    self, ACTS, AMOUNT, CODE_A, CODE_B, CODE_C, CONTRACT, COUNT, DAY, DIVISION, ECONOMIC, FACTS,
    FLAGS, FUND, ID, KIND, MOVES, OTHER, PERSON, PLAN, QUOTA, SERIAL, STEPS, TAIL, WIDE, YEAR,
};
use crate::limits::{COMMAND_BYTES, TAIL_BYTES_MAX};

/// Why a command cannot be encoded.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum EncodeError {
    /// Only the engine gives it.
    #[error("{0} has no wire form: only the engine gives it")]
    NoWireForm(&'static str),
    /// Its variable part is too long.
    #[error("the text of {slug} has {bytes} bytes; shorten it to at most {TAIL_BYTES_MAX}")]
    TailTooLong {
        /// The command.
        slug: &'static str,
        /// Its length.
        bytes: usize,
    },
}

/// Reads one command. The role and the channel are those of the connection's hello.
///
/// # Errors
/// [`Code::BadField`] where the bytes are not a command, [`Code::TextTooLong`] for particulars or
/// a tail beyond their bounds. The command leaves no trace and its id is free.
#[inline]
pub fn decode_command<'a>(
    bytes: &[u8; COMMAND_BYTES],
    tail: &'a [u8],
    role: Role,
    channel: ChannelId,
) -> Result<Command<'a>, Code> {
    let kind = u16::from_le_bytes(at(bytes, KIND));
    let flags = Flags::of(bytes).ok_or(Code::BadField)?;
    if !layout::unused_are_zero(bytes, kind) {
        return Err(Code::BadField);
    }
    if tail.len() > TAIL_BYTES_MAX {
        return Err(Code::TextTooLong);
    }
    let view = View { bytes, tail };
    let by = By { person: PersonId(view.u64(PERSON)), role, channel };
    let body = match kind {
        1 | 2 => Body::Reserve(view.reserve(kind == 2)?),
        17..=26 => Body::Step(view.step(kind)?),
        33..=37 if !flags.check => Body::Fact(view.fact(kind)?),
        49..=58 => Body::Act(view.act(kind)?),
        65..=70 => Body::MoveOut(view.move_out(kind)?),
        80 => Body::Create(view.create()?),
        81 => Body::SetLimit(view.set_limit()?),
        82 => Body::OpenBatch(view.open_batch()?),
        83 => Body::EndBatch(view.end_batch(BatchStep::Close)?),
        84 => Body::EndBatch(view.end_batch(BatchStep::Drop)?),
        85 => Body::SetYear(view.set_year(YearState::Open)?),
        86 => Body::SetYear(view.set_year(YearState::Adjustment)?),
        87 => Body::SetYear(view.set_year(YearState::Closed)?),
        88 => Body::Register(view.register()?),
        89 => Body::Resolve(view.resolve()?),
        90 => Body::File(view.file()?),
        _ => return Err(Code::BadField),
    };
    Ok(Command { by, body })
}

/// The bytes of one command whose unused bytes are known to be zero.
struct View<'b, 'a> {
    bytes: &'b [u8; COMMAND_BYTES],
    tail: &'a [u8],
}

impl<'a> View<'_, 'a> {
    #[inline(always)]
    fn u8(&self, offset: usize) -> u8 {
        self.bytes[offset]
    }

    #[inline(always)]
    fn u16(&self, offset: usize) -> u16 {
        u16::from_le_bytes(at(self.bytes, offset))
    }

    #[inline(always)]
    fn u32(&self, offset: usize) -> u32 {
        u32::from_le_bytes(at(self.bytes, offset))
    }

    #[inline(always)]
    fn u64(&self, offset: usize) -> u64 {
        u64::from_le_bytes(at(self.bytes, offset))
    }

    #[inline(always)]
    fn u128(&self, offset: usize) -> u128 {
        u128::from_le_bytes(at(self.bytes, offset))
    }

    #[inline(always)]
    fn amount(&self) -> Fen {
        Fen::new(i64::from_le_bytes(at(self.bytes, AMOUNT)))
    }

    #[inline(always)]
    fn quota(&self) -> QuotaId {
        QuotaId(self.u64(QUOTA))
    }

    #[inline(always)]
    fn class(&self, offset: usize) -> Class {
        Class(at(self.bytes, offset))
    }

    #[inline(always)]
    fn day(&self) -> Result<Day, Code> {
        Day::new(self.u32(DAY)).ok_or(Code::BadField)
    }

    fn division(&self) -> DivisionIndex {
        DivisionIndex(self.u16(DIVISION))
    }

    fn year(&self) -> Result<FiscalYear, Code> {
        FiscalYear::new(self.u16(YEAR)).ok_or(Code::BadField)
    }

    #[inline(always)]
    fn text(&self) -> Result<&'a str, Code> {
        std::str::from_utf8(self.tail).map_err(|_| Code::BadField)
    }

    fn no_tail(&self) -> Result<(), Code> {
        if self.tail.is_empty() { Ok(()) } else { Err(Code::BadField) }
    }

    #[inline]
    fn reserve(&self, one_act: bool) -> Result<Reserve<'a>, Code> {
        Ok(Reserve {
            payment: PaymentId(self.u128(ID)),
            quota: self.quota(),
            amount_fen: self.amount(),
            economic: self.class(ECONOMIC),
            method: Method::from_number(self.u8(CODE_A)).ok_or(Code::BadField)?,
            kind: BusinessKind::from_number(self.u8(CODE_B)).ok_or(Code::BadField)?,
            day: self.day()?,
            contract: ContractId(self.u64(CONTRACT)),
            plan: ContractId(self.u64(PLAN)),
            deadline_ms: self.u64(SERIAL),
            one_act,
            particulars: Particulars::parse(self.tail)?,
        })
    }

    #[inline]
    fn step(&self, kind: u16) -> Result<Step<'a>, Code> {
        Ok(Step {
            kind: StepKind::from_number((kind - STEPS) as u8).ok_or(Code::BadField)?,
            payment: PaymentId(self.u128(ID)),
            quota: self.quota(),
            serial: self.u64(SERIAL),
            reason: self.text()?,
        })
    }

    #[inline]
    fn fact(&self, kind: u16) -> Result<Fact<'a>, Code> {
        Ok(Fact {
            kind: FactKind::from_number((kind - FACTS) as u8).ok_or(Code::BadField)?,
            payment: PaymentId(self.u128(ID)),
            quota: self.quota(),
            serial: self.u64(SERIAL),
            amount_fen: self.amount(),
            payee_hash: self.u64(CONTRACT),
            day: self.day()?,
            refund: self.u64(PLAN),
            detail: self.u32(COUNT),
            note: self.text()?,
        })
    }

    fn act(&self, kind: u16) -> Result<Act<'a>, Code> {
        Ok(Act {
            kind: ActKind::from_number((kind - ACTS) as u8).ok_or(Code::BadField)?,
            act: ActId(self.u128(ID)),
            quota: self.quota(),
            amount_fen: self.amount(),
            contract: ContractId(self.u64(CONTRACT)),
            plan: ContractId(self.u64(PLAN)),
            batch: BatchId(self.u128(WIDE)),
            note: self.text()?,
        })
    }

    fn move_out(&self, kind: u16) -> Result<MoveOut<'a>, Code> {
        let kind = MoveKind::from_number((kind - MOVES) as u8).ok_or(Code::BadField)?;
        let (wide, corrects) = (self.u128(WIDE), kind == MoveKind::Correct);
        Ok(MoveOut {
            kind,
            id: MoveId(self.u128(ID)),
            from: self.quota(),
            to: QuotaId(self.u64(CONTRACT)),
            amount_fen: self.amount(),
            batch: BatchId(if corrects { 0 } else { wide }),
            payment: PaymentId(if corrects { wide } else { 0 }),
            note: self.text()?,
        })
    }

    fn create(&self) -> Result<Create<'a>, Code> {
        Ok(Create {
            act: ActId(self.u128(ID)),
            division: self.division(),
            year: self.year()?,
            parent: self.quota(),
            fund: self.class(FUND),
            economic: self.class(ECONOMIC),
            posts: Posts::from_bits(self.u8(CODE_A)).ok_or(Code::BadField)?,
            executable: match self.u8(CODE_B) {
                0 => false,
                1 => true,
                _ => return Err(Code::BadField),
            },
            plan: LimitKey(self.u64(PLAN)),
            authority: AuthorityKind::from_number(self.u8(CODE_C)).ok_or(Code::BadField)?,
            cap_fen: self.amount(),
            key: self.text()?,
        })
    }

    fn set_limit(&self) -> Result<SetLimit, Code> {
        self.no_tail()?;
        Ok(SetLimit {
            act: ActId(self.u128(ID)),
            division: self.division(),
            year: self.year()?,
            kind: LimitKind::from_number(self.u8(CODE_A)).ok_or(Code::BadField)?,
            key: LimitKey(self.u64(PLAN)),
            month: self.u8(CODE_B),
            amount_fen: self.amount(),
            checker: PersonId(self.u64(SERIAL)),
        })
    }

    fn open_batch(&self) -> Result<OpenBatch, Code> {
        self.no_tail()?;
        Ok(OpenBatch {
            batch: BatchId(self.u128(ID)),
            division: self.division(),
            year: self.year()?,
            count: self.u32(COUNT),
            digest: self.u128(WIDE),
            deadline_ms: self.u64(SERIAL),
        })
    }

    fn end_batch(&self, step: BatchStep) -> Result<EndBatch, Code> {
        self.no_tail()?;
        Ok(EndBatch {
            step,
            act: ActId(self.u128(ID)),
            batch: BatchId(self.u128(WIDE)),
            division: self.division(),
            year: self.year()?,
        })
    }

    fn set_year(&self, state: YearState) -> Result<SetYear, Code> {
        self.no_tail()?;
        let act = ActId(self.u128(ID));
        Ok(SetYear { act, division: self.division(), year: self.year()?, state })
    }

    fn register(&self) -> Result<Register<'a>, Code> {
        Ok(Register {
            division: self.division(),
            code: at(self.bytes, WIDE),
            parent: DivisionIndex(self.u16(OTHER)),
            name: self.text()?,
        })
    }

    fn resolve(&self) -> Result<Resolve<'a>, Code> {
        Ok(Resolve {
            act: ActId(self.u128(ID)),
            division: self.division(),
            year: self.year()?,
            channel: ChannelId(self.u16(OTHER)),
            serial: self.u64(SERIAL),
            action: ResolveAction::from_number(self.u8(CODE_A)).ok_or(Code::BadField)?,
            reason: self.text()?,
        })
    }

    fn file(&self) -> Result<Paper<'a>, Code> {
        Ok(Paper {
            act: ActId(self.u128(ID)),
            division: self.division(),
            year: self.year()?,
            kind: PaperKind::from_number(self.u8(CODE_A)).ok_or(Code::BadField)?,
            batch: BatchId(self.u128(WIDE)),
            checker: PersonId(self.u64(SERIAL)),
            day: if self.u32(DAY) == 0 { None } else { Some(self.day()?) },
            text: self.text()?,
        })
    }
}

/// Writes one command over `bytes` and appends its tail. Role and channel are not in it: they are
/// the connection's.
///
/// # Errors
/// For the engine's own commands, and for texts beyond [`TAIL_BYTES_MAX`]; nothing is appended
/// then.
#[inline]
pub fn encode_command(
    command: &Command<'_>,
    flags: Flags,
    bytes: &mut [u8; COMMAND_BYTES],
    tails: &mut Vec<u8>,
) -> Result<(), EncodeError> {
    *bytes = [0; COMMAND_BYTES];
    let (kind, tail) = put_body(command, bytes)?;
    if tail.len() > TAIL_BYTES_MAX {
        let (slug, bytes) = (command.slug(), tail.len());
        return Err(EncodeError::TailTooLong { slug, bytes });
    }
    put(bytes, KIND, kind.to_le_bytes());
    put(bytes, FLAGS, flags.bits().to_le_bytes());
    put(bytes, TAIL, (tail.len() as u32).to_le_bytes());
    put(bytes, PERSON, command.by.person.0.to_le_bytes());
    tails.extend_from_slice(tail);
    Ok(())
}

#[inline]
fn put_body<'a>(
    command: &Command<'a>,
    out: &mut [u8; COMMAND_BYTES],
) -> Result<(u16, &'a [u8]), EncodeError> {
    let no_form = || EncodeError::NoWireForm(command.slug());
    Ok(match &command.body {
        Body::Reserve(c) => {
            put(out, ID, c.payment.0.to_le_bytes());
            put(out, QUOTA, c.quota.0.to_le_bytes());
            put(out, AMOUNT, c.amount_fen.get().to_le_bytes());
            put(out, ECONOMIC, c.economic.0);
            put(out, CODE_A, [c.method.number()]);
            put(out, CODE_B, [c.kind.number()]);
            put(out, DAY, c.day.get().to_le_bytes());
            put(out, CONTRACT, c.contract.0.to_le_bytes());
            put(out, PLAN, c.plan.0.to_le_bytes());
            put(out, SERIAL, c.deadline_ms.to_le_bytes());
            (if c.one_act { 2 } else { 1 }, c.particulars.bytes())
        }
        Body::Step(c) => {
            put(out, ID, c.payment.0.to_le_bytes());
            put(out, QUOTA, c.quota.0.to_le_bytes());
            put(out, SERIAL, c.serial.to_le_bytes());
            (STEPS + u16::from(c.kind.number()), c.reason.as_bytes())
        }
        Body::Fact(c) => {
            put(out, ID, c.payment.0.to_le_bytes());
            put(out, QUOTA, c.quota.0.to_le_bytes());
            put(out, SERIAL, c.serial.to_le_bytes());
            put(out, AMOUNT, c.amount_fen.get().to_le_bytes());
            put(out, CONTRACT, c.payee_hash.to_le_bytes());
            put(out, DAY, c.day.get().to_le_bytes());
            put(out, PLAN, c.refund.to_le_bytes());
            put(out, COUNT, c.detail.to_le_bytes());
            (FACTS + u16::from(c.kind.number()), c.note.as_bytes())
        }
        Body::Act(c) => {
            put(out, ID, c.act.0.to_le_bytes());
            put(out, QUOTA, c.quota.0.to_le_bytes());
            put(out, AMOUNT, c.amount_fen.get().to_le_bytes());
            put(out, CONTRACT, c.contract.0.to_le_bytes());
            put(out, PLAN, c.plan.0.to_le_bytes());
            put(out, WIDE, c.batch.0.to_le_bytes());
            (ACTS + u16::from(c.kind.number()), c.note.as_bytes())
        }
        Body::Create(c) => {
            put(out, ID, c.act.0.to_le_bytes());
            put(out, QUOTA, c.parent.0.to_le_bytes());
            put(out, AMOUNT, c.cap_fen.get().to_le_bytes());
            put(out, PLAN, c.plan.0.to_le_bytes());
            put(out, ECONOMIC, c.economic.0);
            put(out, FUND, c.fund.0);
            put(out, CODE_A, [c.posts.bits()]);
            put(out, CODE_B, [u8::from(c.executable)]);
            put(out, CODE_C, [c.authority.number()]);
            put_place(out, c.division, Some(c.year));
            (80, c.key.as_bytes())
        }
        Body::MoveOut(c) => {
            put(out, ID, c.id.0.to_le_bytes());
            put(out, QUOTA, c.from.0.to_le_bytes());
            put(out, CONTRACT, c.to.0.to_le_bytes());
            put(out, AMOUNT, c.amount_fen.get().to_le_bytes());
            let corrects = c.kind == MoveKind::Correct;
            put(out, WIDE, if corrects { c.payment.0 } else { c.batch.0 }.to_le_bytes());
            (MOVES + u16::from(c.kind.number()), c.note.as_bytes())
        }
        Body::SetLimit(c) => {
            put(out, ID, c.act.0.to_le_bytes());
            put(out, AMOUNT, c.amount_fen.get().to_le_bytes());
            put(out, SERIAL, c.checker.0.to_le_bytes());
            put(out, PLAN, c.key.0.to_le_bytes());
            put(out, CODE_A, [c.kind.number()]);
            put(out, CODE_B, [c.month]);
            put_place(out, c.division, Some(c.year));
            (81, &[])
        }
        Body::OpenBatch(c) => {
            put(out, ID, c.batch.0.to_le_bytes());
            put(out, SERIAL, c.deadline_ms.to_le_bytes());
            put(out, COUNT, c.count.to_le_bytes());
            put(out, WIDE, c.digest.to_le_bytes());
            put_place(out, c.division, Some(c.year));
            (82, &[])
        }
        Body::EndBatch(c) => {
            put(out, ID, c.act.0.to_le_bytes());
            put(out, WIDE, c.batch.0.to_le_bytes());
            put_place(out, c.division, Some(c.year));
            let kind = match c.step {
                BatchStep::Close => 83,
                BatchStep::Drop => 84,
                BatchStep::Lapse | BatchStep::Abandon => return Err(no_form()),
            };
            (kind, &[])
        }
        Body::SetYear(c) => {
            put(out, ID, c.act.0.to_le_bytes());
            put_place(out, c.division, Some(c.year));
            let kind = match c.state {
                YearState::Unopened => return Err(no_form()),
                YearState::Open => 85,
                YearState::Adjustment => 86,
                YearState::Closed => 87,
            };
            (kind, &[])
        }
        Body::Register(c) => {
            put_place(out, c.division, None);
            put(out, OTHER, c.parent.0.to_le_bytes());
            put(out, WIDE, c.code);
            (88, c.name.as_bytes())
        }
        Body::Resolve(c) => {
            put(out, ID, c.act.0.to_le_bytes());
            put(out, SERIAL, c.serial.to_le_bytes());
            put(out, OTHER, c.channel.0.to_le_bytes());
            put(out, CODE_A, [c.action.number()]);
            put_place(out, c.division, Some(c.year));
            (89, c.reason.as_bytes())
        }
        Body::File(c) => {
            put(out, ID, c.act.0.to_le_bytes());
            put(out, SERIAL, c.checker.0.to_le_bytes());
            put(out, DAY, c.day.map_or(0, Day::get).to_le_bytes());
            put(out, CODE_A, [c.kind.number()]);
            put(out, WIDE, c.batch.0.to_le_bytes());
            put_place(out, c.division, Some(c.year));
            (90, c.text.as_bytes())
        }
        Body::MoveIn(_) | Body::SettleMove(_) => return Err(no_form()),
    })
}

fn put_place(out: &mut [u8; COMMAND_BYTES], division: DivisionIndex, year: Option<FiscalYear>) {
    put(out, DIVISION, division.0.to_le_bytes());
    put(out, YEAR, year.map_or(0, FiscalYear::get).to_le_bytes());
}
