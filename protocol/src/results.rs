//! Results of commands: 24 bytes each, in the order of the commands, then details.
//!
//! A reply is built in any order (its commands may have gone to many divisions) and is finished
//! with the position it is true at. Never decides which code is right.

use domain::codes::PaymentState;
use domain::command::Body;
use domain::division::Answer;
use domain::refusal::Figure;
use domain::{Code, Command, Fen, QuotaId, Refusal};

use crate::bytes::{Reader, Short, at, put};
use crate::frame::{Frame, FrameError, FrameKind, begin_frame, end_frame};
use crate::limits::{COMMANDS_PER_FRAME_MAX, FIGURE_BYTES, REPLY_PROLOGUE_BYTES, RESULT_BYTES};

/// A place in the journal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// Rises at every start, restore and promotion.
    pub epoch: u32,
    /// The record's number.
    pub sequence: u64,
}

impl std::fmt::Display for Position {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}/{}", self.epoch, self.sequence)
    }
}

/// The answer to one command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommandResult {
    /// What became of it.
    pub code: Code,
    /// The command was known: this is what was answered the first time.
    pub repeat: bool,
    /// It was decided without effect, as asked.
    pub checked: bool,
    /// Where its payment stands, if it is about one.
    pub state: Option<PaymentState>,
    /// What the number beside it is.
    pub value: Value,
    /// The position of its record in the epoch's journal; 0 if it left none.
    pub sequence: u64,
}

/// The number in a result: which of the two it is depends on what was asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Value {
    /// None.
    #[default]
    None,
    /// What is available on the quota after it, in fen. Of a repeat: today's.
    Available(Fen),
    /// The id of the quota that was created.
    Created(QuotaId),
}

/// What the number in an answer of `domain` is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueKind {
    /// Nothing.
    None,
    /// What is available on the quota.
    Available,
    /// The id of a created quota.
    Created,
}

impl ValueKind {
    /// What the number in the answer to a command is.
    #[inline]
    #[must_use]
    pub fn of(command: &Command<'_>) -> ValueKind {
        match (&command.body, command.quota()) {
            (Body::Create(_), _) => ValueKind::Created,
            (_, Some(_)) => ValueKind::Available,
            (_, None) => ValueKind::None,
        }
    }
}

const REPEAT: u8 = 1;
const DETAIL: u8 = 2;
const CHECKED: u8 = 4;
const AVAILABLE: u8 = 8;
const CREATED: u8 = 16;

impl CommandResult {
    /// A result that only says a code.
    #[must_use]
    pub const fn new(code: Code) -> CommandResult {
        let (repeat, checked) = (false, false);
        CommandResult { code, repeat, checked, state: None, value: Value::None, sequence: 0 }
    }

    /// The result that tells an answer of `domain`; `value` says what its number is.
    #[inline]
    #[must_use]
    pub fn of(answer: &Answer, value: ValueKind) -> CommandResult {
        let value = match value {
            _ if answer.code.is_turned_away() => Value::None,
            ValueKind::None => Value::None,
            ValueKind::Available => Value::Available(Fen::new(answer.value)),
            ValueKind::Created if answer.code == Code::Accepted => {
                Value::Created(QuotaId(answer.value as u64))
            }
            ValueKind::Created => Value::None,
        };
        let Answer { code, repeat, state, sequence, .. } = *answer;
        CommandResult { code, repeat, checked: false, state, value, sequence }
    }

    /// The result as bytes, with the place of its detail in the appendix (plus one; 0: none).
    #[inline]
    pub(crate) fn encode(&self, detail: u32) -> [u8; RESULT_BYTES] {
        let (kind, value) = match self.value {
            Value::None => (0, 0),
            Value::Available(fen) => (AVAILABLE, fen.get()),
            Value::Created(quota) => (CREATED, quota.0 as i64),
        };
        let mut flags = kind;
        flags |= if self.repeat { REPEAT } else { 0 };
        flags |= if self.checked { CHECKED } else { 0 };
        flags |= if detail != 0 { DETAIL } else { 0 };
        let mut bytes = [0; RESULT_BYTES];
        put(&mut bytes, 0, self.code.number().to_le_bytes());
        put(&mut bytes, 2, [flags, self.state.map_or(0, PaymentState::number)]);
        put(&mut bytes, 4, detail.to_le_bytes());
        put(&mut bytes, 8, value.to_le_bytes());
        put(&mut bytes, 16, self.sequence.to_le_bytes());
        bytes
    }

    /// The result in its bytes, with the place of its detail.
    #[inline]
    pub(crate) fn decode(bytes: &[u8; RESULT_BYTES]) -> Result<(CommandResult, u32), Short> {
        let code = Code::from_number(u16::from_le_bytes(at(bytes, 0))).ok_or(Short)?;
        let [flags, state] = at(bytes, 2);
        let detail = u32::from_le_bytes(at(bytes, 4));
        let number = i64::from_le_bytes(at(bytes, 8));
        let value = match flags & (AVAILABLE | CREATED) {
            0 if number == 0 => Value::None,
            AVAILABLE => Value::Available(Fen::new(number)),
            CREATED => Value::Created(QuotaId(number as u64)),
            _ => return Err(Short),
        };
        let state = match state {
            0 => None,
            number => Some(PaymentState::from_number(number).ok_or(Short)?),
        };
        if flags > REPEAT | DETAIL | CHECKED | AVAILABLE | CREATED
            || (flags & DETAIL != 0) != (detail != 0)
        {
            return Err(Short);
        }
        let (repeat, checked) = (flags & REPEAT != 0, flags & CHECKED != 0);
        let sequence = u64::from_le_bytes(at(bytes, 16));
        Ok((CommandResult { code, repeat, checked, state, value, sequence }, detail))
    }
}

/// Writes the figures of a refusal: a count, then limit, requested and left of each.
pub(crate) fn put_figures(out: &mut Vec<u8>, figures: impl Iterator<Item = Figure>) {
    let start = out.len();
    out.extend_from_slice(&[0; 2]);
    let mut count = 0_u16;
    for figure in figures {
        out.extend_from_slice(&figure.limit.number().to_le_bytes());
        out.extend_from_slice(&figure.requested_fen.get().to_le_bytes());
        out.extend_from_slice(&figure.left_fen.get().to_le_bytes());
        count += 1;
    }
    out[start..start + 2].copy_from_slice(&count.to_le_bytes());
}

/// Reads what [`put_figures`] wrote into a refusal with `code`.
pub(crate) fn read_figures(reader: &mut Reader<'_>, code: Code) -> Result<Refusal, Short> {
    let count = usize::from(reader.u16()?);
    if count > domain::limits::REFUSAL_FIGURES_MAX || count * FIGURE_BYTES > reader.rest().len() {
        return Err(Short);
    }
    let mut refusal = Refusal::new(code);
    for _ in 0..count {
        refusal.add(Figure {
            limit: Code::from_number(reader.u16()?).ok_or(Short)?,
            requested_fen: Fen::new(reader.i64()?),
            left_fen: Fen::new(reader.i64()?),
        });
    }
    Ok(refusal)
}

/// Builds the reply to one frame of commands.
#[derive(Clone, Debug)]
pub struct ReplyBuilder {
    request: u64,
    rows: Vec<u8>,
    details: Vec<u8>,
}

impl ReplyBuilder {
    /// A reply of `count` results, each [`Code::Fault`] until it is set.
    ///
    /// # Panics
    /// If the count is beyond [`COMMANDS_PER_FRAME_MAX`].
    #[must_use]
    pub fn new(request: u64, count: usize) -> ReplyBuilder {
        assert!(count <= COMMANDS_PER_FRAME_MAX, "a reply of {count} results");
        let rows = CommandResult::new(Code::Fault).encode(0).repeat(count);
        ReplyBuilder { request, rows, details: Vec::new() }
    }

    /// How many results it holds.
    #[must_use]
    pub fn count(&self) -> usize {
        self.rows.len() / RESULT_BYTES
    }

    /// Sets one result, without detail.
    ///
    /// # Panics
    /// If there is no such index.
    #[inline]
    pub fn set(&mut self, index: usize, result: CommandResult) {
        self.row(index).copy_from_slice(&result.encode(0));
    }

    /// Sets one result with the figures of its refusal. A result is given its figures once.
    ///
    /// # Panics
    /// If there is no such index.
    pub fn set_refused(&mut self, index: usize, result: CommandResult, refusal: &Refusal) {
        let place = if refusal.figures().next().is_some() {
            let place = self.details.len() as u32 + 1;
            put_figures(&mut self.details, refusal.figures());
            place
        } else {
            0
        };
        self.row(index).copy_from_slice(&result.encode(place));
    }

    fn row(&mut self, index: usize) -> &mut [u8] {
        &mut self.rows[index * RESULT_BYTES..(index + 1) * RESULT_BYTES]
    }

    /// Appends the reply as a frame, with the durable position it is true at.
    ///
    /// # Panics
    /// If figures were set more than once for many results and the frame outgrew its bound.
    pub fn finish_into(&self, out: &mut Vec<u8>, at: Position) {
        let count = self.count() as u32;
        let start = begin_frame(out, FrameKind::Results, self.request, 0, count);
        put_prologue(out, at);
        out.extend_from_slice(&self.rows);
        out.extend_from_slice(&self.details);
        end_frame(out, start);
    }
}

/// The 16 bytes before the results of a reply, the answers of look-ups and a pong.
pub(crate) fn put_prologue(out: &mut Vec<u8>, at: Position) {
    out.extend_from_slice(&at.epoch.to_le_bytes());
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(&at.sequence.to_le_bytes());
}

pub(crate) fn read_prologue(reader: &mut Reader<'_>) -> Result<Position, Short> {
    let epoch = reader.u32()?;
    if reader.u32()? != 0 {
        return Err(Short);
    }
    Ok(Position { epoch, sequence: reader.u64()? })
}

/// A reply, as its receiver reads it.
#[derive(Clone, Copy, Debug)]
pub struct Reply<'a> {
    /// The durable position it is true at.
    pub at: Position,
    rows: &'a [[u8; RESULT_BYTES]],
    details: &'a [u8],
}

impl<'a> Reply<'a> {
    /// The results in a frame of kind [`FrameKind::Results`].
    ///
    /// # Errors
    /// If the body is shorter than its count says.
    pub fn parse(frame: &Frame<'a>) -> Result<Reply<'a>, FrameError> {
        let kind = FrameKind::Results.slug();
        let (count, max) = (frame.header.count, COMMANDS_PER_FRAME_MAX);
        if count as usize > max {
            return Err(FrameError::Count { kind, count, max });
        }
        let short = FrameError::short(FrameKind::Results);
        let mut reader = Reader::new(frame.body);
        let at = read_prologue(&mut reader).map_err(&short)?;
        let rows = reader.take(count as usize * RESULT_BYTES).map_err(&short)?;
        Ok(Reply { at, rows: rows.as_chunks::<RESULT_BYTES>().0, details: reader.rest() })
    }

    /// How many results it holds.
    #[must_use]
    pub const fn count(&self) -> usize {
        self.rows.len()
    }

    /// The code of one result as a number, without reading the rest: what a load generator
    /// checks. `None` beyond the end.
    #[inline]
    #[must_use]
    pub fn code_number(&self, index: usize) -> Option<u16> {
        self.rows.get(index).map(|row| u16::from_le_bytes(at(row, 0)))
    }

    /// One result with the figures of its refusal, if it has any.
    ///
    /// # Errors
    /// If the result is not one: an unknown code or state, or a detail that is not there.
    pub fn get(&self, index: usize) -> Result<(CommandResult, Option<Refusal>), FrameError> {
        let short = FrameError::short(FrameKind::Results);
        let row = self.rows.get(index).ok_or(Short).map_err(&short)?;
        let (result, place) = CommandResult::decode(row).map_err(&short)?;
        let Some(place) = (place as usize).checked_sub(1) else {
            return Ok((result, None));
        };
        let details = self.details.get(place..).ok_or(Short).map_err(&short)?;
        let refusal = read_figures(&mut Reader::new(details), result.code).map_err(&short)?;
        Ok((result, Some(refusal)))
    }

    /// Every result in order.
    pub fn iter(
        &self,
    ) -> impl Iterator<Item = Result<(CommandResult, Option<Refusal>), FrameError>> + '_ {
        (0..self.count()).map(|index| self.get(index))
    }
}

const _: () = assert!(REPLY_PROLOGUE_BYTES == 16);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::split_frame;

    #[test]
    fn a_reply_keeps_order_details_and_position() {
        let mut reply = ReplyBuilder::new(9, 3);
        let refusal = Refusal::with(Code::OverQuota, Fen::new(700), Fen::new(600));
        let refused = CommandResult {
            value: Value::Available(Fen::new(600)),
            sequence: 42,
            ..CommandResult::new(Code::OverQuota)
        };
        let accepted = CommandResult {
            repeat: true,
            state: Some(PaymentState::Reserved),
            ..CommandResult::new(Code::Accepted)
        };
        reply.set_refused(2, refused, &refusal);
        reply.set(0, accepted);
        let mut out = Vec::new();
        reply.finish_into(&mut out, Position { epoch: 3, sequence: 77 });

        let frame = split_frame(&out).unwrap().unwrap();
        let read = Reply::parse(&frame).unwrap();
        assert_eq!(read.at, Position { epoch: 3, sequence: 77 });
        let results: Vec<_> = read.iter().map(Result::unwrap).collect();
        assert_eq!(results[0], (accepted, None));
        assert_eq!(results[1].0.code, Code::Fault);
        assert_eq!(results[2], (refused, Some(refusal)));
    }
}
