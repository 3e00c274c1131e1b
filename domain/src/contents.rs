//! The fingerprint by which a repeat is told from a conflict.
//!
//! XXH3-128 under the data set's key over every field of a command but the role and channel it
//! came by, and for a fact also but the person: the same report by another clerk is the same.

use xxhash_rust::xxh3::{xxh3_64_with_seed, xxh3_128_with_seed};

use crate::codes::MoveKind;
use crate::command::{Body, Command, Fact, Reserve};
use crate::ids::{Day, DivisionIndex, Fingerprint, FiscalYear, PaymentId, PersonId};

/// The secret of a data set: keys fingerprints and the id index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HashKey(pub [u8; 16]);

impl HashKey {
    /// The seed of one index, so that no two indexes share their collisions.
    #[must_use]
    pub fn index_seed(self, division: DivisionIndex, year: FiscalYear, kind: u8) -> u64 {
        let mut bytes = [0; 8];
        bytes[..2].copy_from_slice(&division.0.to_le_bytes());
        bytes[2..4].copy_from_slice(&year.get().to_le_bytes());
        bytes[4] = kind;
        xxh3_64_with_seed(&bytes, self.halves().0) ^ self.halves().1
    }

    /// An id that the engine gives itself, made of what it is for: the same after every start, and
    /// nobody outside can know it and take it first.
    #[must_use]
    pub fn own_id(self, what_for: &[u8]) -> u128 {
        let (low, high) = self.halves();
        let mut bytes = Vec::with_capacity(8 + what_for.len());
        bytes.extend_from_slice(&low.to_le_bytes());
        bytes.extend_from_slice(what_for);
        xxh3_128_with_seed(&bytes, high)
    }

    fn halves(self) -> (u64, u64) {
        let (low, high) = self.0.split_at(8);
        let half = |bytes: &[u8]| u64::from_le_bytes(bytes.try_into().expect("eight of sixteen"));
        (half(low), half(high))
    }
}

/// Room for the fixed fields of the largest command.
const FIXED_BYTES_MAX: usize = 192;

struct Writer {
    bytes: [u8; FIXED_BYTES_MAX],
    len: usize,
}

impl Writer {
    fn put(&mut self, bytes: &[u8]) -> &mut Self {
        self.bytes[self.len..self.len + bytes.len()].copy_from_slice(bytes);
        self.len += bytes.len();
        self
    }

    fn u8(&mut self, value: u8) -> &mut Self {
        self.put(&[value])
    }

    fn u64(&mut self, value: u64) -> &mut Self {
        self.put(&value.to_le_bytes())
    }

    fn u128(&mut self, value: u128) -> &mut Self {
        self.put(&value.to_le_bytes())
    }
}

/// The fingerprint of a command's contents.
#[must_use]
pub fn fingerprint(key: HashKey, command: &Command<'_>) -> Fingerprint {
    let mut writer = Writer { bytes: [0; FIXED_BYTES_MAX], len: 0 };
    let person = if command.is_fact() { PersonId::NOBODY } else { command.by.person };
    writer.u64(key.halves().0).u64(person.0);
    let tail = write_fixed(&mut writer, &command.body);
    let seed = key.halves().1;
    if !tail.is_empty() {
        writer.u128(xxh3_128_with_seed(tail, seed));
    }
    Fingerprint(xxh3_128_with_seed(&writer.bytes[..writer.len], seed))
}

/// The number that stands for a command's kind in fingerprints and in refusals on record.
#[must_use]
pub const fn tag(body: &Body<'_>) -> u8 {
    match body {
        Body::Reserve(c) if c.one_act => 2,
        Body::Reserve(_) => 1,
        Body::Step(_) => 3,
        Body::Fact(_) => 4,
        Body::Act(_) => 5,
        Body::Create(_) => 6,
        Body::MoveOut(_) => 7,
        Body::MoveIn(_) => 8,
        Body::SettleMove(_) => 9,
        Body::SetLimit(_) => 10,
        Body::OpenBatch(_) => 11,
        Body::EndBatch(_) => 12,
        Body::SetYear(_) => 13,
        Body::Register(_) => 14,
        Body::Resolve(_) => 15,
        Body::File(_) => 16,
    }
}

/// The largest [`tag`].
pub const TAG_MAX: u8 = 16;

/// Writes the fixed fields, tagged by kind, and gives the variable part.
fn write_fixed<'a>(writer: &mut Writer, body: &Body<'a>) -> &'a [u8] {
    if !matches!(body, Body::Reserve(_)) {
        writer.u8(tag(body));
    }
    match body {
        Body::Reserve(c) => {
            writer.put(&reservation(c));
            c.particulars.bytes()
        }
        Body::Step(c) => {
            writer.u8(c.kind.number()).u128(c.payment.0).u64(c.quota.0).u64(c.serial);
            c.reason.as_bytes()
        }
        Body::Fact(c) => write_fact(writer, c),
        Body::Act(c) => {
            writer.u8(c.kind.number()).u128(c.act.0).u64(c.quota.0);
            writer.u64(c.amount_fen.get() as u64).u64(c.contract.0).u64(c.plan.0).u128(c.batch.0);
            c.note.as_bytes()
        }
        Body::Create(c) => {
            writer.u128(c.act.0).put(&c.division.0.to_le_bytes()).u8(c.year.offset());
            writer.u64(c.parent.0).put(&c.fund.0).put(&c.economic.0).u8(c.posts.bits());
            writer.u8(u8::from(c.executable)).u64(c.plan.0).u8(c.authority.number());
            writer.u64(c.cap_fen.get() as u64);
            c.key.as_bytes()
        }
        Body::MoveOut(c) => {
            writer.u8(c.kind.number()).u128(c.id.0).u64(c.from.0).u64(c.to.0);
            writer.u64(c.amount_fen.get() as u64).u128(c.batch.0);
            corrected(writer, c.kind, c.payment);
            c.note.as_bytes()
        }
        Body::MoveIn(c) => {
            writer.u8(c.kind.number()).u128(c.id.0).u64(c.from.0).u64(c.to.0);
            writer.u64(c.amount_fen.get() as u64).put(&c.fund.0);
            corrected(writer, c.kind, c.payment);
            &[]
        }
        Body::SettleMove(c) => {
            writer.u128(c.id.0).u64(c.from.0).u8(u8::from(c.landed));
            &[]
        }
        Body::SetLimit(c) => {
            writer.u8(c.kind.number()).u128(c.act.0).put(&c.division.0.to_le_bytes());
            writer.u8(c.year.offset()).u64(c.key.0).u8(c.month);
            writer.u64(c.amount_fen.get() as u64).u64(c.checker.0);
            &[]
        }
        Body::OpenBatch(c) => {
            writer.u128(c.batch.0).put(&c.division.0.to_le_bytes()).u8(c.year.offset());
            writer.put(&c.count.to_le_bytes()).u128(c.digest).u64(c.deadline_ms);
            &[]
        }
        Body::EndBatch(c) => {
            writer.u8(c.step.number()).u128(c.act.0).u128(c.batch.0);
            writer.put(&c.division.0.to_le_bytes()).u8(c.year.offset());
            &[]
        }
        Body::SetYear(c) => {
            writer.u128(c.act.0).put(&c.division.0.to_le_bytes()).u8(c.year.offset());
            writer.u8(c.state.number());
            &[]
        }
        Body::Register(c) => {
            writer.put(&c.division.0.to_le_bytes()).put(&c.code);
            writer.put(&c.parent.0.to_le_bytes());
            c.name.as_bytes()
        }
        Body::Resolve(c) => {
            writer.u128(c.act.0).put(&c.division.0.to_le_bytes()).u8(c.year.offset());
            writer.put(&c.channel.0.to_le_bytes()).u64(c.serial).u8(c.action.number());
            c.reason.as_bytes()
        }
        Body::File(c) => {
            writer.u128(c.act.0).put(&c.division.0.to_le_bytes()).u8(c.year.offset());
            writer.u8(c.kind.number()).u128(c.batch.0).u64(c.checker.0);
            writer.put(&c.day.map_or(0, Day::get).to_le_bytes());
            c.text.as_bytes()
        }
    }
}

/// A correction's payment; other moves have none, and no room for one.
fn corrected(writer: &mut Writer, kind: MoveKind, payment: PaymentId) {
    if kind == MoveKind::Correct {
        writer.u128(payment.0);
    }
}

/// Fixed fields of a reservation, in one piece: the path of every desk at its peak.
const RESERVATION_BYTES: usize = 71;

fn reservation(reserve: &Reserve<'_>) -> [u8; RESERVATION_BYTES] {
    let mut bytes = [0; RESERVATION_BYTES];
    bytes[0] = if reserve.one_act { 2 } else { 1 };
    bytes[1..17].copy_from_slice(&reserve.payment.0.to_le_bytes());
    bytes[17..25].copy_from_slice(&reserve.quota.0.to_le_bytes());
    bytes[25..33].copy_from_slice(&reserve.amount_fen.get().to_le_bytes());
    bytes[33..41].copy_from_slice(&reserve.economic.0);
    bytes[41] = reserve.method.number();
    bytes[42] = reserve.kind.number();
    bytes[43..47].copy_from_slice(&reserve.day.get().to_le_bytes());
    bytes[47..55].copy_from_slice(&reserve.contract.0.to_le_bytes());
    bytes[55..63].copy_from_slice(&reserve.plan.0.to_le_bytes());
    bytes[63..71].copy_from_slice(&reserve.deadline_ms.to_le_bytes());
    bytes
}

fn write_fact<'a>(writer: &mut Writer, fact: &Fact<'a>) -> &'a [u8] {
    writer.u8(fact.kind.number()).u128(fact.payment.0).u64(fact.quota.0).u64(fact.serial);
    writer.u64(fact.amount_fen.get() as u64).u64(fact.payee_hash);
    writer.put(&fact.day.get().to_le_bytes()).u64(fact.refund).put(&fact.detail.to_le_bytes());
    fact.note.as_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_engine_numbers_is_told_apart_by_the_key_alone() {
        let (one, other) = (HashKey([1; 16]), HashKey([2; 16]));
        assert_eq!(one.own_id(b"document"), one.own_id(b"document"));
        assert_ne!(one.own_id(b"document"), one.own_id(b"documents"));
        assert_ne!(one.own_id(b"document"), other.own_id(b"document"));
        assert_ne!(one.own_id(b""), xxh3_128_with_seed(b"", 0));
    }
}
