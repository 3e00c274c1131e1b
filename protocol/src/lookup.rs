//! Look-ups: what is known about a quota, a payment or an id.
//!
//! 32 bytes each, answered in order with the position the answers are true at. Never a list or a
//! history: those have another place.

use domain::ids::{DivisionIndex, FiscalYear, PaymentId, QuotaId};
use domain::{Code, Refusal};

use crate::bytes::{Reader, Short, at, put};
use crate::frame::{Frame, FrameError, FrameKind, begin_frame, end_frame};
use crate::limits::{
    ANSWER_BYTES_MAX, ANSWER_HEADER_BYTES, LOOK_UP_BYTES, LOOK_UPS_PER_FRAME_MAX, RESULT_BYTES,
};
use crate::results::{
    CommandResult, Position, put_figures, put_prologue, read_figures, read_prologue,
};
use crate::views::{PaymentView, QuotaView};

/// Whose id an outcome is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u16)]
pub enum IdKind {
    /// A payment's.
    Payment = 3,
    /// An act's: of a quota, a batch, a year, a limit, a creation, a resolution.
    Act = 4,
    /// A move's, in the division it leaves.
    Move = 5,
}

impl IdKind {
    /// The name in texts and JSON.
    #[must_use]
    pub const fn slug(self) -> &'static str {
        match self {
            IdKind::Payment => "payment",
            IdKind::Act => "act",
            IdKind::Move => "move",
        }
    }

    /// The kind with a name.
    #[must_use]
    pub fn from_slug(slug: &str) -> Option<IdKind> {
        [IdKind::Payment, IdKind::Act, IdKind::Move].into_iter().find(|kind| kind.slug() == slug)
    }
}

/// One question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LookUp {
    /// Everything about a quota.
    Quota(QuotaId),
    /// Everything about a payment but its particulars.
    Payment {
        /// Its division.
        division: DivisionIndex,
        /// Its year.
        year: FiscalYear,
        /// Its id.
        id: PaymentId,
    },
    /// What became of an id.
    Outcome {
        /// Whose id.
        kind: IdKind,
        /// The division it was sent to.
        division: DivisionIndex,
        /// The year it was sent to.
        year: FiscalYear,
        /// The id.
        id: u128,
    },
}

const QUOTA: u16 = 1;
const PAYMENT: u16 = 2;

impl LookUp {
    /// The stable number of what is asked.
    #[must_use]
    pub const fn number(self) -> u16 {
        match self {
            LookUp::Quota(_) => QUOTA,
            LookUp::Payment { .. } => PAYMENT,
            LookUp::Outcome { kind, .. } => kind as u16,
        }
    }

    /// The division that answers it.
    #[must_use]
    pub const fn division(self) -> DivisionIndex {
        match self {
            LookUp::Quota(quota) => quota.division(),
            LookUp::Payment { division, .. } | LookUp::Outcome { division, .. } => division,
        }
    }

    /// The look-up as bytes.
    #[must_use]
    pub fn encode(self) -> [u8; LOOK_UP_BYTES] {
        let mut bytes = [0; LOOK_UP_BYTES];
        put(&mut bytes, 0, self.number().to_le_bytes());
        let (division, year, id) = match self {
            LookUp::Quota(quota) => {
                put(&mut bytes, 8, quota.0.to_le_bytes());
                return bytes;
            }
            LookUp::Payment { division, year, id } => (division, year, id.0),
            LookUp::Outcome { division, year, id, .. } => (division, year, id),
        };
        put(&mut bytes, 2, division.0.to_le_bytes());
        put(&mut bytes, 4, year.get().to_le_bytes());
        put(&mut bytes, 16, id.to_le_bytes());
        bytes
    }

    /// Reads a look-up.
    ///
    /// # Errors
    /// [`Code::BadField`] where nothing like it is asked, a year cannot be, or a byte that has no
    /// meaning is not zero.
    pub fn decode(bytes: &[u8; LOOK_UP_BYTES]) -> Result<LookUp, Code> {
        let number = u16::from_le_bytes(at(bytes, 0));
        let division = DivisionIndex(u16::from_le_bytes(at(bytes, 2)));
        let year = u16::from_le_bytes(at(bytes, 4));
        let quota = QuotaId(u64::from_le_bytes(at(bytes, 8)));
        let id = u128::from_le_bytes(at(bytes, 16));
        let outcome = |kind, year| LookUp::Outcome { kind, division, year, id };
        let look_up = match (number, FiscalYear::new(year)) {
            (QUOTA, _) => LookUp::Quota(quota),
            (PAYMENT, Some(year)) => LookUp::Payment { division, year, id: PaymentId(id) },
            (3, Some(year)) => outcome(IdKind::Payment, year),
            (4, Some(year)) => outcome(IdKind::Act, year),
            (5, Some(year)) => outcome(IdKind::Move, year),
            _ => return Err(Code::BadField),
        };
        if look_up.encode() == *bytes { Ok(look_up) } else { Err(Code::BadField) }
    }
}

/// Appends look-ups as a frame.
///
/// # Panics
/// If there are none, or more than [`LOOK_UPS_PER_FRAME_MAX`].
pub fn put_look_ups(out: &mut Vec<u8>, request: u64, look_ups: &[LookUp]) {
    let count = look_ups.len();
    assert!((1..=LOOK_UPS_PER_FRAME_MAX).contains(&count), "{count} look-ups in a frame");
    let start = begin_frame(out, FrameKind::LookUps, request, 0, count as u32);
    for look_up in look_ups {
        out.extend_from_slice(&look_up.encode());
    }
    end_frame(out, start);
}

/// The look-ups in a frame of kind [`FrameKind::LookUps`], as bytes for [`LookUp::decode`]: one
/// that is wrong is answered in its place.
///
/// # Errors
/// If the count is out of bounds or the body is not as long as it says.
pub fn parse_look_ups<'a>(frame: &Frame<'a>) -> Result<&'a [[u8; LOOK_UP_BYTES]], FrameError> {
    let kind = FrameKind::LookUps.slug();
    let (count, max) = (frame.header.count, LOOK_UPS_PER_FRAME_MAX);
    if count == 0 || count as usize > max {
        return Err(FrameError::Count { kind, count, max });
    }
    let (rows, rest) = frame.body.as_chunks::<LOOK_UP_BYTES>();
    if rows.len() != count as usize || !rest.is_empty() {
        return Err(FrameError::Body(kind));
    }
    Ok(rows)
}

/// What became of an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutcomeView {
    /// What its caller heard; balances and states are today's.
    pub result: CommandResult,
    /// The figures it was refused with.
    pub refusal: Option<Refusal>,
    /// Where a move stands, as its number; 0 for what is no move.
    pub transit: u8,
}

/// The answer to one look-up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// About a quota.
    Quota(Box<QuotaView>),
    /// About a payment.
    Payment(Box<PaymentView>),
    /// About an id.
    Outcome(OutcomeView),
    /// Nothing: not found, or not answered now.
    Failed(Code),
}

impl Answer {
    /// The code it is answered with: `Accepted`, unless it failed.
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Answer::Failed(code) => *code,
            _ => Code::Accepted,
        }
    }

    const fn number(&self) -> u16 {
        match self {
            Answer::Failed(_) => 0,
            Answer::Quota(_) => 1,
            Answer::Payment(_) => 2,
            Answer::Outcome(_) => 3,
        }
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        out.extend_from_slice(&self.code().number().to_le_bytes());
        out.extend_from_slice(&self.number().to_le_bytes());
        out.extend_from_slice(&[0; 4]);
        match self {
            Answer::Failed(_) => {}
            Answer::Quota(view) => view.put(&mut out),
            Answer::Payment(view) => view.put(&mut out),
            Answer::Outcome(view) => {
                out.extend_from_slice(&view.result.encode(u32::from(view.refusal.is_some())));
                out.push(view.transit);
                put_figures(&mut out, view.refusal.iter().flat_map(Refusal::figures));
            }
        }
        let length = (out.len() - ANSWER_HEADER_BYTES) as u32;
        out[4..ANSWER_HEADER_BYTES].copy_from_slice(&length.to_le_bytes());
        out
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Answer, Short> {
        let code = Code::from_number(reader.u16()?).ok_or(Short)?;
        let number = reader.u16()?;
        let length = reader.u32()? as usize;
        if length > ANSWER_BYTES_MAX || (number == 0) == (code == Code::Accepted) {
            return Err(Short);
        }
        let mut body = Reader::new(reader.take(length)?);
        let answer = match number {
            0 => Answer::Failed(code),
            1 => Answer::Quota(Box::new(QuotaView::read(&mut body)?)),
            2 => Answer::Payment(Box::new(PaymentView::read(&mut body)?)),
            3 => {
                let (result, detail) = CommandResult::decode(&body.array::<RESULT_BYTES>()?)?;
                let transit = body.u8()?;
                let figures = read_figures(&mut body, result.code)?;
                let refusal = (detail != 0).then_some(figures);
                Answer::Outcome(OutcomeView { result, refusal, transit })
            }
            _ => return Err(Short),
        };
        body.end()?;
        Ok(answer)
    }
}

/// Builds the answers to one frame of look-ups, in any order.
#[derive(Clone, Debug)]
pub struct AnswersBuilder {
    request: u64,
    answers: Vec<Vec<u8>>,
}

impl AnswersBuilder {
    /// `count` answers, each [`Code::Fault`] until it is set.
    #[must_use]
    pub fn new(request: u64, count: usize) -> AnswersBuilder {
        AnswersBuilder { request, answers: vec![Answer::Failed(Code::Fault).encode(); count] }
    }

    /// Sets one answer.
    ///
    /// # Panics
    /// If there is no such index.
    pub fn set(&mut self, index: usize, answer: &Answer) {
        self.answers[index] = answer.encode();
    }

    /// Appends the answers as a frame, with the durable position they are true at.
    pub fn finish_into(&self, out: &mut Vec<u8>, at: Position) {
        let count = self.answers.len() as u32;
        let start = begin_frame(out, FrameKind::Answers, self.request, 0, count);
        put_prologue(out, at);
        for answer in &self.answers {
            out.extend_from_slice(answer);
        }
        end_frame(out, start);
    }
}

/// The answers in a frame of kind [`FrameKind::Answers`], with the position they are true at.
///
/// # Errors
/// If the body is not as its numbers say.
pub fn parse_answers(frame: &Frame<'_>) -> Result<(Position, Vec<Answer>), FrameError> {
    let short = FrameError::short(FrameKind::Answers);
    let (count, max) = (frame.header.count, LOOK_UPS_PER_FRAME_MAX);
    if count as usize > max {
        return Err(FrameError::Count { kind: FrameKind::Answers.slug(), count, max });
    }
    let mut reader = Reader::new(frame.body);
    let at = read_prologue(&mut reader).map_err(&short)?;
    let mut answers = Vec::with_capacity(count as usize);
    for _ in 0..count {
        answers.push(Answer::read(&mut reader).map_err(&short)?);
    }
    reader.end().map_err(&short)?;
    Ok((at, answers))
}
