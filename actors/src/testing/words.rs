//! What is in a house's mailboxes, what a command heard, and what a journal kept.

use domain::page::PaymentPage;
use domain::payment::Payment;
use domain::refusal::Refusal;
use domain::{Code, Event};
use protocol::CommandResult;
use storage::event_record;
use storage::record::{RecordRef, RecordWriter};

use crate::turn::{Crossing, Landing, RoundOrder, Turn, TurnReply};

/// A message for a shard.
#[derive(Debug)]
pub enum ToShard {
    /// What the network gathered.
    Turn(Turn),
    /// What a durable event of another division asks.
    Cross(Crossing),
    /// Where a run landed, and its memory.
    Landing(Landing, RecordWriter),
    /// Hand over again what is in transit.
    Resume,
    /// What the checkpoint asks.
    Round(RoundOrder),
    /// Pages that were asked for.
    Pages(Vec<(PaymentPage, Vec<Payment>)>),
}

/// A message for the network.
#[derive(Debug)]
pub enum ToNetwork {
    /// What a shard decided.
    Reply(Box<TurnReply>),
    /// Where the runs of a group landed.
    Group(Vec<Landing>),
}

/// What one command heard, with the sequence of its record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heard {
    /// The result, as on the wire.
    pub result: CommandResult,
    /// The figures of a refusal.
    pub refusal: Option<Refusal>,
}

impl Heard {
    /// Its code.
    pub fn code(&self) -> Code {
        self.result.code
    }

    /// What is available after it.
    pub fn available(&self) -> i64 {
        match self.result.value {
            protocol::Value::Available(fen) => fen.get(),
            other => panic!("{other:?} is no amount"),
        }
    }
}

/// A durable record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Which event it is.
    pub kind: u16,
    /// In which version.
    pub version: u16,
    /// Its bytes.
    pub body: Vec<u8>,
    /// Where it is.
    pub position: storage::position::Position,
}

impl Kept {
    /// As a reader of the journal gives it.
    pub fn record(&self) -> RecordRef<'_> {
        let Kept { kind, version, ref body, position } = *self;
        RecordRef { kind, version, body, position }
    }

    /// The event's name.
    pub fn slug(&self) -> &'static str {
        let mut ids = Vec::new();
        let event: Event<'_> =
            event_record::decode(&self.record(), &mut ids).expect("an event's record");
        event.slug()
    }
}
