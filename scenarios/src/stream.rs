//! What a runner is given: waves of commands with the answers they should get, points to wait
//! at, and what should be left when a window is done.

use domain::ids::{PaymentId, QuotaId};
use domain::money::Fen;

use crate::calendar::When;
use crate::command::{Role, channel_of};
use crate::model::Answer;
use crate::model::cells::Buckets;
use crate::model::codes::{State, code};
use crate::wire::{CommandBytes, FLAG_LINKED};

/// The next thing to do in a lane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Send these, in order, over a connection of the wave's role; go on when all are answered.
    Wave(Wave),
    /// Wait until every quota looks as it should: documents are being carried out.
    Barrier(Barrier),
    /// These payments will not change any more; look up as many as you like.
    Audit(Audit),
}

/// Commands of one role that need nothing but what came before the wave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wave {
    /// The role of the connection.
    pub role: Role,
    /// True while a batch is open in the wave: an engine that is killed now drops the batch, so
    /// the predictions only hold if it is not.
    pub fragile: bool,
    /// When its commands go, evenly spread; `None` for what is set up before the first day, and for the
    /// budget's approval between January and February.
    pub when: Option<When>,
    pub(crate) commands: Vec<CommandBytes>,
    pub(crate) tails: Vec<u8>,
    /// Where each command's tail ends.
    pub(crate) tail_ends: Vec<u32>,
    pub(crate) expected: Vec<Expected>,
}

/// One command of a wave.
#[derive(Clone, Copy, Debug)]
pub struct Op<'a> {
    /// The 128 bytes of the command.
    pub command: &'a CommandBytes,
    /// The tail that follows.
    pub tail: &'a [u8],
    /// It forms one linked run with the command behind it: the two are sent, and asked again, in
    /// one frame.
    pub linked: bool,
    /// What it should be answered.
    pub expected: &'a Expected,
}

/// What a command should be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expected {
    /// The code.
    pub code: u16,
    /// Whether the answer tells an earlier outcome again.
    pub repeat: bool,
    /// The payment's state; `None`: not predicted.
    pub state: Option<State>,
    /// The number beside it.
    pub value: ExpectedValue,
}

/// The number in an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExpectedValue {
    /// Not predicted.
    Any,
    /// What is available on the quota.
    Available(Fen),
}

/// An answer as it was heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heard {
    /// The code.
    pub code: u16,
    /// It tells an earlier outcome again.
    pub repeat: bool,
    /// The payment's state by number; 0: none was given.
    pub state: u8,
    /// The number beside it: fen, or a quota's id.
    pub value: i64,
}

impl From<&protocol::CommandResult> for Heard {
    fn from(result: &protocol::CommandResult) -> Heard {
        let value = match result.value {
            protocol::Value::None => 0,
            protocol::Value::Available(fen) => fen.get(),
            protocol::Value::Created(quota) => quota.0.cast_signed(),
        };
        Heard {
            code: result.code.number(),
            repeat: result.repeat,
            state: result.state.map_or(0, |state| state.number()),
            value,
        }
    }
}

impl Expected {
    pub(crate) fn new(answer: &Answer) -> Expected {
        let value = match answer.value {
            None => ExpectedValue::Any,
            Some(value) => ExpectedValue::Available(Fen::new(value)),
        };
        Expected { code: answer.code, repeat: answer.repeat, state: answer.state, value }
    }

    /// Whether an answer is the predicted one.
    ///
    /// `asked_again`: the command was sent before and its answer was lost. Then it may be told as
    /// a repeat, with today's state and balance; and a refused order that left no trace (a step,
    /// a conflict) shows today's balance too.
    #[must_use]
    pub fn accepts(&self, heard: &Heard, asked_again: bool) -> bool {
        if heard.code != self.code {
            return false;
        }
        let taken = self.code == code::ACCEPTED || self.code == code::PARKED;
        if asked_again && (heard.repeat || !taken) {
            return true;
        }
        heard.repeat == self.repeat
            && self.state.is_none_or(|state| heard.state == state.number())
            && match self.value {
                ExpectedValue::Any => true,
                ExpectedValue::Available(fen) => heard.value == fen.get(),
            }
    }
}

impl Wave {
    pub(crate) fn new(role: Role) -> Wave {
        Wave {
            role,
            fragile: false,
            when: None,
            commands: Vec::new(),
            tails: Vec::new(),
            tail_ends: Vec::new(),
            expected: Vec::new(),
        }
    }

    /// How many commands it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.commands.len()
    }

    /// True when it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.commands.is_empty()
    }

    /// The channel that the connection's hello names.
    #[must_use]
    pub fn channel(&self) -> u16 {
        channel_of(self.role)
    }

    /// The commands, without tails.
    #[must_use]
    pub fn commands(&self) -> &[CommandBytes] {
        &self.commands
    }

    /// The tails of a range of commands, one after the other: what follows them in a frame.
    #[must_use]
    pub fn tails(&self, range: std::ops::Range<usize>) -> &[u8] {
        let start = self.tail_start(range.start);
        let end = self.tail_start(range.end);
        &self.tails[start..end]
    }

    fn tail_start(&self, index: usize) -> usize {
        if index == 0 { 0 } else { self.tail_ends[index - 1] as usize }
    }

    /// One command.
    #[must_use]
    pub fn op(&self, index: usize) -> Op<'_> {
        let command = &self.commands[index];
        let flags = u16::from_le_bytes([command[2], command[3]]);
        Op {
            command,
            tail: self.tails(index..index + 1),
            linked: flags & FLAG_LINKED != 0,
            expected: &self.expected[index],
        }
    }

    /// Every command, in order.
    pub fn ops(&self) -> impl Iterator<Item = Op<'_>> {
        (0..self.len()).map(|index| self.op(index))
    }

    /// What each command should be answered.
    #[must_use]
    pub fn expected(&self) -> &[Expected] {
        &self.expected
    }

    /// Where a frame that starts at `start` ends: at most `commands_max` commands and
    /// `bytes_max` bytes of commands and tails, and no linked run cut in two.
    #[must_use]
    pub fn frame_end(&self, start: usize, commands_max: usize, bytes_max: usize) -> usize {
        let (mut end, mut bytes) = (start, 0);
        let mut whole = start;
        while end < self.len() && end - start < commands_max {
            let op = self.op(end);
            bytes += op.command.len() + op.tail.len();
            if bytes > bytes_max && end > start {
                break;
            }
            end += 1;
            if !op.linked {
                whole = end;
            }
        }
        if whole == start { end } else { whole }
    }

    pub(crate) fn push(&mut self, command: CommandBytes, expected: Expected) {
        self.commands.push(command);
        self.tail_ends.push(self.tails.len() as u32);
        self.expected.push(expected);
    }
}

/// Quotas to look up until they are as they should be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Barrier {
    /// Each quota with what it should show.
    pub quotas: Vec<(QuotaId, Buckets)>,
}

/// Payments that will not change any more.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Audit {
    /// Each of them as it should be.
    pub payments: Vec<PaymentEnd>,
}

/// A payment as it should be left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PaymentEnd {
    /// The payment.
    pub payment: PaymentId,
    /// Its quota.
    pub quota: QuotaId,
    /// Its state.
    pub state: State,
    /// What the bank executed.
    pub executed: Fen,
    /// What came back.
    pub refunded: Fen,
}

/// A quota as it should be left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuotaEnd {
    /// The quota.
    pub quota: QuotaId,
    /// Whether it stood on pre-approval authority, and rests on its budget row now.
    pub was_early: bool,
    /// Its amounts.
    pub buckets: Buckets,
}
