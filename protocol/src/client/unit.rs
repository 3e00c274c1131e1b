//! What is sent and answered as one: a command, or a linked run.
//!
//! Keeps apart what is known not to have been taken from what may have been.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use domain::refusal::Retry;
use domain::{Code, Command, Refusal};
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};

use crate::command::{EncodeError, encode_command};
use crate::flags::Flags;
use crate::limits::COMMAND_BYTES;
use crate::results::{CommandResult, Position};

/// What became of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It took effect, or is on record.
    Done(Told),
    /// It did not and, under this id, will not, unless its code says that the same id may be sent
    /// again ([`Code::retry`]).
    Refused(Told),
    /// It may have taken effect: ask for the outcome of its id, or send the very same again.
    Unknown,
}

impl Outcome {
    /// The code it was answered with.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Outcome::Done(told) | Outcome::Refused(told) => told.result.code,
            Outcome::Unknown => Code::OutcomeUnknown,
        }
    }

    fn of(told: Told) -> Outcome {
        match told.result.code {
            code if code.is_taken() => Outcome::Done(told),
            code if code.retry() == Retry::Ask => Outcome::Unknown,
            _ => Outcome::Refused(told),
        }
    }

    fn not_taken(code: Code) -> Outcome {
        let (refusal, at) = (None, Position::default());
        Outcome::Refused(Told { result: CommandResult::new(code), refusal, at })
    }
}

/// What the server told about a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told {
    /// Its result.
    pub result: CommandResult,
    /// The figures it was refused with.
    pub refusal: Option<Refusal>,
    /// The position the answer is true at.
    pub at: Position,
}

/// Never sent.
const IDLE: u32 = 0;
/// Sent, and not answered for certain.
const DOUBT: u32 = 1;
/// Its caller has stopped waiting: it is not sent any more.
const ABANDONED: u32 = 2;
/// Turned away, each time it was sent; the code is added.
const TURNED_AWAY: u32 = 1 << 16;

/// One command or linked run on its way.
#[derive(Debug)]
pub(super) struct Unit {
    pub(super) rows: Vec<[u8; COMMAND_BYTES]>,
    pub(super) tails: Vec<u8>,
    /// When its caller stops waiting.
    pub(super) deadline: Instant,
    /// How often it was answered "not now".
    pub(super) attempts: u32,
    /// Whether an earlier sending was never answered.
    pub(super) doubted: bool,
    status: Arc<AtomicU32>,
    sink: oneshot::Sender<Vec<Told>>,
}

/// The caller's end of a unit.
#[derive(Debug)]
pub(super) struct Call {
    commands: usize,
    status: Arc<AtomicU32>,
    answer: oneshot::Receiver<Vec<Told>>,
}

impl Unit {
    /// A unit of these commands, linked if there is more than one. Its deadline is set when it is
    /// handed over.
    pub(super) fn new(commands: &[Command<'_>], flags: Flags) -> Result<(Unit, Call), EncodeError> {
        let mut rows = vec![[0; COMMAND_BYTES]; commands.len()];
        let mut tails = Vec::new();
        for (index, (command, row)) in commands.iter().zip(&mut rows).enumerate() {
            let flags = Flags { linked: index + 1 < commands.len(), ..flags };
            encode_command(command, flags, row, &mut tails)?;
        }
        let status = Arc::new(AtomicU32::new(IDLE));
        let (sink, answer) = oneshot::channel();
        let call = Call { commands: rows.len(), status: status.clone(), answer };
        let (deadline, attempts, doubted) = (Instant::now(), 0, false);
        Ok((Unit { rows, tails, deadline, attempts, doubted, status, sink }, call))
    }

    /// Bytes it takes in a frame.
    pub(super) fn bytes(&self) -> usize {
        self.rows.len() * COMMAND_BYTES + self.tails.len()
    }

    /// To be called before it is sent: false when nobody waits for it any more.
    pub(super) fn may_be_sent(&self) -> bool {
        let go = |status| (status != ABANDONED).then_some(DOUBT);
        self.status.fetch_update(Ordering::AcqRel, Ordering::Acquire, go).is_ok()
    }

    /// It was answered "not now".
    pub(super) fn turned_away(&mut self, code: Code) {
        self.attempts += 1;
        if !self.doubted {
            let turned =
                |status| (status != ABANDONED).then_some(TURNED_AWAY + u32::from(code.number()));
            // Whoever has abandoned it has taken its outcome from the status before.
            let _ = self.status.fetch_update(Ordering::AcqRel, Ordering::Acquire, turned);
        }
    }

    /// It was answered.
    pub(super) fn settle(self, told: Vec<Told>) {
        // A caller that has left hears nothing; the outcome can be asked for by id.
        let _ = self.sink.send(told);
    }

    /// It was answered with one code for all of it.
    pub(super) fn settle_all(self, code: Code) {
        let (refusal, at) = (None, Position::default());
        let told = Told { result: CommandResult::new(code), refusal, at };
        let all = vec![told; self.rows.len()];
        self.settle(all);
    }
}

impl Call {
    /// The outcomes of its commands, at the latest at the deadline.
    pub(super) async fn wait(self, deadline: Instant) -> Vec<Outcome> {
        let Call { commands, status, mut answer } = self;
        if let Ok(Ok(told)) = timeout_at(deadline, &mut answer).await {
            return told.into_iter().map(Outcome::of).collect();
        }
        let last = status.swap(ABANDONED, Ordering::AcqRel);
        // The answer may have come between the deadline and the swap.
        if let Ok(told) = answer.try_recv() {
            return told.into_iter().map(Outcome::of).collect();
        }
        let outcome = match last {
            IDLE => Outcome::not_taken(Code::Late),
            turned if turned >= TURNED_AWAY => {
                let code = Code::from_number((turned - TURNED_AWAY) as u16);
                code.map_or(Outcome::Unknown, Outcome::not_taken)
            }
            _ => Outcome::Unknown,
        };
        vec![outcome; commands]
    }
}
