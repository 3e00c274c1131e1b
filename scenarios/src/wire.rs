//! The wire form of a command: the 128 bytes of the protocol and the tail that follows them.
//!
//! The offsets are written down here a second time, from the protocol's document, so that the
//! scenario also checks the protocol it speaks. A test holds them against the protocol's table.

use protocol::limits::COMMAND_BYTES;

use crate::command::{Body, Command, Fact, FactKind, Tail};
use crate::payees::Payees;

/// A command without its tail, as it is sent.
pub type CommandBytes = [u8; COMMAND_BYTES];

const FLAGS: usize = 2;
const TAIL: usize = 4;
const PERSON: usize = 8;
const ID: usize = 16;
const QUOTA: usize = 32;
const AMOUNT: usize = 40;
const SERIAL: usize = 48;
const CONTRACT: usize = 56;
const PLAN: usize = 64;
const ECONOMIC: usize = 72;
const FUND: usize = 80;
const DAY: usize = 88;
const COUNT: usize = 92;
const DIVISION: usize = 96;
const YEAR: usize = 98;
const OTHER: usize = 100;
const CODE_A: usize = 102;
const CODE_B: usize = 103;
const CODE_C: usize = 104;
const WIDE: usize = 112;

/// Flag: the next command belongs to the same linked run.
pub const FLAG_LINKED: u16 = 2;

/// How long the tail of a command is, as its bytes say.
pub(crate) fn tail_length(command: &CommandBytes) -> usize {
    let mut length = [0; 4];
    length.copy_from_slice(&command[TAIL..TAIL + 4]);
    u32::from_le_bytes(length) as usize
}

struct Fixed<'a>(&'a mut CommandBytes);

impl Fixed<'_> {
    fn put<const N: usize>(&mut self, at: usize, bytes: [u8; N]) -> &mut Self {
        self.0[at..at + N].copy_from_slice(&bytes);
        self
    }

    fn u16(&mut self, at: usize, value: u16) -> &mut Self {
        self.put(at, value.to_le_bytes())
    }

    fn u32(&mut self, at: usize, value: u32) -> &mut Self {
        self.put(at, value.to_le_bytes())
    }

    fn u64(&mut self, at: usize, value: u64) -> &mut Self {
        self.put(at, value.to_le_bytes())
    }

    fn i64(&mut self, at: usize, value: i64) -> &mut Self {
        self.put(at, value.to_le_bytes())
    }

    fn u128(&mut self, at: usize, value: u128) -> &mut Self {
        self.put(at, value.to_le_bytes())
    }

    fn u8(&mut self, at: usize, value: u8) -> &mut Self {
        self.put(at, [value])
    }
}

/// The number of a command's kind.
fn kind_number(body: &Body) -> u16 {
    match body {
        Body::Reserve(c) => 1 + u16::from(c.one_act),
        Body::Step(c) => 16 + c.kind as u16,
        Body::Fact(c) => 32 + c.kind as u16,
        Body::Act(c) => 48 + c.kind as u16,
        Body::Move(c) => 64 + c.kind as u16,
        Body::Create(_) => 80,
        Body::SetLimit(_) => 81,
        Body::OpenBatch(_) => 82,
        Body::CloseBatch(_) => 83,
        Body::SetYear(c) => 84 + c.state as u16,
        Body::Register(_) => 88,
        Body::Resolve(_) => 89,
        Body::File(_) => 90,
    }
}

/// Writes a command and appends its tail.
pub(crate) fn encode(
    command: &Command,
    linked: bool,
    payees: &Payees,
    tails: &mut Vec<u8>,
) -> CommandBytes {
    let before = tails.len();
    match &command.tail {
        Tail::None => {}
        Tail::Fixed(text) => tails.extend_from_slice(text.as_bytes()),
        Tail::Text(text) => tails.extend_from_slice(text.as_bytes()),
        Tail::Particulars(particulars) => payees.write(particulars, tails),
    }
    let mut bytes = [0; COMMAND_BYTES];
    let mut fixed = Fixed(&mut bytes);
    fixed.u16(0, kind_number(&command.body));
    fixed.u16(FLAGS, if linked { FLAG_LINKED } else { 0 });
    fixed.u32(TAIL, (tails.len() - before) as u32);
    fixed.u64(PERSON, command.person.0);
    body(&mut fixed, &command.body);
    bytes
}

fn body(fixed: &mut Fixed<'_>, body: &Body) {
    match body {
        Body::Reserve(c) => {
            fixed.u128(ID, c.payment.0).u64(QUOTA, c.quota.0).i64(AMOUNT, c.amount.get());
            fixed.u64(CONTRACT, c.contract.0).u64(PLAN, c.plan.0).put(ECONOMIC, c.economic.0);
            fixed.u32(DAY, c.day).u8(CODE_A, c.method).u8(CODE_B, c.business);
        }
        Body::Step(c) => {
            fixed.u128(ID, c.payment.0).u64(QUOTA, c.quota.0).u64(SERIAL, c.serial);
        }
        Body::Fact(c) => fact(fixed, c),
        Body::Act(c) => {
            fixed.u128(ID, c.act.0).u64(QUOTA, c.quota.0).i64(AMOUNT, c.amount.get());
            fixed.u64(CONTRACT, c.contract.0).u64(PLAN, c.plan.0).u128(WIDE, c.batch.0);
        }
        Body::Create(c) => {
            let authority = if c.cap.get() == 0 { 1 } else { 2 };
            fixed.u128(ID, c.act.0).u64(QUOTA, c.parent.0).i64(AMOUNT, c.cap.get());
            fixed.u64(PLAN, c.plan.0).put(ECONOMIC, c.economic.0).put(FUND, c.fund.0);
            fixed.u16(DIVISION, c.division.0).u16(YEAR, c.year).u8(CODE_A, c.posts);
            fixed.u8(CODE_B, u8::from(c.executable)).u8(CODE_C, authority);
        }
        Body::Move(c) => {
            fixed.u128(ID, c.id.0).u64(QUOTA, c.from.0).i64(AMOUNT, c.amount.get());
            fixed.u64(CONTRACT, c.to.0);
        }
        Body::SetLimit(c) => {
            fixed.u128(ID, c.act.0).i64(AMOUNT, c.amount.get()).u64(SERIAL, c.checker.0);
            fixed.u64(PLAN, c.key.0).u16(DIVISION, c.division.0).u16(YEAR, c.year);
            fixed.u8(CODE_A, c.kind as u8).u8(CODE_B, c.month);
        }
        Body::OpenBatch(c) => {
            fixed.u128(ID, c.batch.0).u32(COUNT, c.count).u16(DIVISION, c.division.0);
            fixed.u16(YEAR, c.year).u128(WIDE, c.digest);
        }
        Body::CloseBatch(c) => {
            fixed.u128(ID, c.act.0).u16(DIVISION, c.division.0).u16(YEAR, c.year);
            fixed.u128(WIDE, c.batch.0);
        }
        Body::SetYear(c) => {
            fixed.u128(ID, c.act.0).u16(DIVISION, c.division.0).u16(YEAR, c.year);
        }
        Body::Register(c) => {
            fixed.u16(DIVISION, c.division.0).u16(OTHER, c.parent.0).put(WIDE, c.code);
        }
        Body::Resolve(c) => {
            // Action 2: dismiss.
            fixed.u128(ID, c.act.0).u64(SERIAL, c.serial).u16(DIVISION, c.division.0);
            fixed.u16(YEAR, c.year).u16(OTHER, c.channel).u8(CODE_A, 2);
        }
        Body::File(c) => {
            fixed.u128(ID, c.act.0).u32(DAY, c.day).u16(DIVISION, c.division.0);
            fixed.u16(YEAR, c.year).u8(CODE_A, c.kind);
        }
    }
}

fn fact(fixed: &mut Fixed<'_>, c: &Fact) {
    fixed.u128(ID, c.payment.0).u64(QUOTA, c.quota.0).u64(SERIAL, c.serial);
    fixed.u64(CONTRACT, c.payee_hash).u32(DAY, c.day);
    if c.kind != FactKind::Reject {
        fixed.i64(AMOUNT, c.amount.get());
    }
    if matches!(c.kind, FactKind::Refund | FactKind::Settle) {
        fixed.u64(PLAN, c.refund).u32(COUNT, c.detail);
    }
}
