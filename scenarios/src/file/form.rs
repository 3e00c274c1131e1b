//! The bytes of a scenario file's blocks, written and read.

use domain::ids::{PaymentId, QuotaId};
use domain::money::Fen;

use crate::calendar::When;
use crate::command::Role;
use crate::model::cells::Buckets;
use crate::model::codes::State;
use crate::model::tally::Tally;
use crate::plan::Totals;
use crate::scale::Scale;
use crate::stream::{Audit, Barrier, Expected, ExpectedValue, PaymentEnd, QuotaEnd, Wave};
use crate::wire::tail_length;

use super::{Head, LaneEnd};

/// Bytes of a head past its name.
pub(super) const HEAD_FIXED_BYTES: usize = 8 + 8 + 4 + 9 * 8;

const REPEAT: u8 = 1;
const AVAILABLE: u8 = 2;

fn put_u32(out: &mut Vec<u8>, value: u32) {
    out.extend_from_slice(&value.to_le_bytes());
}

fn put_u64(out: &mut Vec<u8>, value: u64) {
    out.extend_from_slice(&value.to_le_bytes());
}

fn put_i64(out: &mut Vec<u8>, value: i64) {
    out.extend_from_slice(&value.to_le_bytes());
}

pub(super) fn put_head(out: &mut Vec<u8>, head: &Head) {
    out.extend_from_slice(&(head.name.len() as u16).to_le_bytes());
    out.extend_from_slice(head.name.as_bytes());
    put_u64(out, head.scale.millionths());
    put_u64(out, head.seed);
    put_u32(out, head.lanes);
    let t = &head.totals;
    let amount = t.amount.get().unsigned_abs();
    let figures = [t.divisions, t.quotas, t.payments, amount, t.projects];
    for value in figures.into_iter().chain([t.units_registered, t.units_active, t.days, t.parts]) {
        put_u64(out, value);
    }
}

pub(super) fn put_wave(out: &mut Vec<u8>, wave: &Wave) {
    out.extend_from_slice(&[wave.role.number(), u8::from(wave.fragile)]);
    let when = wave.when.map_or([0; 3], |when| [when.day, when.from_s, when.until_s]);
    for value in when {
        put_u32(out, value);
    }
    put_u32(out, wave.len() as u32);
    put_u32(out, wave.tails.len() as u32);
    out.extend_from_slice(wave.commands().as_flattened());
    for expected in wave.expected() {
        let (kind, value) = match expected.value {
            ExpectedValue::Any => (0, 0),
            ExpectedValue::Available(fen) => (AVAILABLE, fen.get()),
        };
        let flags = kind | if expected.repeat { REPEAT } else { 0 };
        out.extend_from_slice(&expected.code.to_le_bytes());
        out.extend_from_slice(&[flags, expected.state.map_or(0, State::number)]);
        put_i64(out, value);
    }
    out.extend_from_slice(&wave.tails);
}

fn put_buckets(out: &mut Vec<u8>, buckets: &Buckets) {
    for (_, fen) in buckets.named() {
        put_i64(out, fen);
    }
}

pub(super) fn put_barrier(out: &mut Vec<u8>, barrier: &Barrier) {
    put_u32(out, barrier.quotas.len() as u32);
    for (quota, buckets) in &barrier.quotas {
        put_u64(out, quota.0);
        put_buckets(out, buckets);
    }
}

pub(super) fn put_audit(out: &mut Vec<u8>, audit: &Audit) {
    put_u32(out, audit.payments.len() as u32);
    for end in &audit.payments {
        out.extend_from_slice(&end.payment.0.to_le_bytes());
        put_u64(out, end.quota.0);
        out.push(end.state.number());
        put_i64(out, end.executed.get());
        put_i64(out, end.refunded.get());
    }
}

pub(super) fn put_lane_end(
    out: &mut Vec<u8>,
    tally: &Tally,
    parked: u64,
    quotas: impl Iterator<Item = QuotaEnd>,
) {
    put_u64(out, parked);
    for value in counts(tally) {
        put_u64(out, value);
    }
    for sum in [tally.paid_fen, tally.allocated_fen, tally.refunds_fen] {
        out.extend_from_slice(&sum.to_le_bytes());
    }
    for role in Role::ALL {
        put_u64(out, tally.by_role.get(&role).copied().unwrap_or(0));
    }
    put_u32(out, tally.refusals.len() as u32);
    for (code, count) in &tally.refusals {
        out.extend_from_slice(&code.to_le_bytes());
        put_u64(out, *count);
    }
    let count_at = out.len();
    put_u32(out, 0);
    let mut count = 0_u32;
    for end in quotas {
        put_u64(out, end.quota.0);
        out.push(u8::from(end.was_early));
        put_buckets(out, &end.buckets);
        count += 1;
    }
    out[count_at..count_at + 4].copy_from_slice(&count.to_le_bytes());
}

fn counts(t: &Tally) -> [u64; 16] {
    [
        t.commands,
        t.repeats,
        t.attempts,
        t.paid,
        t.allocated,
        t.refunds,
        t.parked,
        t.taken_from_suspense,
        t.dismissed,
        t.quotas,
        t.pre_approval_replaced,
        t.projects,
        t.units,
        t.documents,
        t.department_approvals,
        t.finance_approvals,
    ]
}

/// Bytes being read; `None` where they do not go on as they should.
pub(super) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader { rest: bytes }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    fn bytes(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.bytes(N)?.try_into().ok()
    }

    pub(super) fn u8(&mut self) -> Option<u8> {
        self.array().map(u8::from_le_bytes)
    }

    fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub(super) fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    fn i64(&mut self) -> Option<i64> {
        self.array().map(i64::from_le_bytes)
    }

    /// A count of things of at least `bytes` each, held against what is there.
    fn count(&mut self, bytes: usize) -> Option<usize> {
        let count = self.u32()? as usize;
        (count.checked_mul(bytes)? <= self.rest.len()).then_some(count)
    }

    pub(super) fn head(&mut self) -> Option<Head> {
        let length = usize::from(self.u16()?);
        let name = std::str::from_utf8(self.bytes(length)?).ok()?.to_owned();
        let scale = Scale::from_millionths(self.u64()?)?;
        let (seed, lanes) = (self.u64()?, self.u32()?);
        let totals = Totals {
            divisions: self.u64()?,
            quotas: self.u64()?,
            payments: self.u64()?,
            amount: Fen::new(i64::try_from(self.u64()?).ok()?),
            projects: self.u64()?,
            units_registered: self.u64()?,
            units_active: self.u64()?,
            days: self.u64()?,
            parts: self.u64()?,
        };
        Some(Head { name, scale, seed, lanes, totals })
    }

    pub(super) fn wave(&mut self) -> Option<Wave> {
        let mut wave = Wave::new(Role::from_number(self.u8()?)?);
        wave.fragile = self.u8()? == 1;
        let [day, from_s, until_s] = [self.u32()?, self.u32()?, self.u32()?];
        wave.when = (day != 0).then_some(When { day, from_s, until_s });
        let (count, tails) = (self.u32()? as usize, self.u32()? as usize);
        let commands = self.bytes(count.checked_mul(protocol::limits::COMMAND_BYTES)?)?;
        wave.commands = commands.as_chunks().0.to_vec();
        for _ in 0..count {
            wave.expected.push(self.expected()?);
        }
        let mut end = 0_usize;
        for command in &wave.commands {
            end += tail_length(command);
            wave.tail_ends.push(u32::try_from(end).ok()?);
        }
        wave.tails = self.bytes(tails)?.to_vec();
        (end == tails).then_some(wave)
    }

    fn state(&mut self) -> Option<Option<State>> {
        Some(match self.u8()? {
            0 => None,
            number => Some(State::from_number(number)?),
        })
    }

    fn expected(&mut self) -> Option<Expected> {
        let (code, flags) = (self.u16()?, self.u8()?);
        let (state, number) = (self.state()?, self.i64()?);
        let value = match flags & !REPEAT {
            0 => ExpectedValue::Any,
            AVAILABLE => ExpectedValue::Available(Fen::new(number)),
            _ => return None,
        };
        Some(Expected { code, repeat: flags & REPEAT != 0, state, value })
    }

    fn buckets(&mut self) -> Option<Buckets> {
        Some(Buckets {
            issued: self.i64()?,
            allocated: self.i64()?,
            transferred: self.i64()?,
            frozen: self.i64()?,
            earmarked: self.i64()?,
            reserved: self.i64()?,
            paid: self.i64()?,
            cleared: self.i64()?,
            refunding: self.i64()?,
        })
    }

    pub(super) fn barrier(&mut self) -> Option<Barrier> {
        let mut barrier = Barrier::default();
        for _ in 0..self.count(80)? {
            barrier.quotas.push((QuotaId(self.u64()?), self.buckets()?));
        }
        Some(barrier)
    }

    pub(super) fn audit(&mut self) -> Option<Audit> {
        let mut audit = Audit::default();
        for _ in 0..self.count(41)? {
            let payment = PaymentId(self.array().map(u128::from_le_bytes)?);
            let (quota, state) = (QuotaId(self.u64()?), self.state()??);
            let (executed, refunded) = (Fen::new(self.i64()?), Fen::new(self.i64()?));
            audit.payments.push(PaymentEnd { payment, quota, state, executed, refunded });
        }
        Some(audit)
    }

    fn sum(&mut self) -> Option<i128> {
        self.array().map(i128::from_le_bytes)
    }

    pub(super) fn lane_end(&mut self) -> Option<LaneEnd> {
        let parked = self.u64()?;
        let mut tally = Tally {
            commands: self.u64()?,
            repeats: self.u64()?,
            attempts: self.u64()?,
            paid: self.u64()?,
            allocated: self.u64()?,
            refunds: self.u64()?,
            parked: self.u64()?,
            taken_from_suspense: self.u64()?,
            dismissed: self.u64()?,
            quotas: self.u64()?,
            pre_approval_replaced: self.u64()?,
            projects: self.u64()?,
            units: self.u64()?,
            documents: self.u64()?,
            department_approvals: self.u64()?,
            finance_approvals: self.u64()?,
            paid_fen: self.sum()?,
            allocated_fen: self.sum()?,
            refunds_fen: self.sum()?,
            ..Tally::default()
        };
        for role in Role::ALL {
            let count = self.u64()?;
            if count > 0 {
                tally.by_role.insert(role, count);
            }
        }
        for _ in 0..self.count(10)? {
            tally.refusals.insert(self.u16()?, self.u64()?);
        }
        let mut quotas = Vec::new();
        for _ in 0..self.count(81)? {
            let (quota, was_early) = (QuotaId(self.u64()?), self.u8()? == 1);
            quotas.push(QuotaEnd { quota, was_early, buckets: self.buckets()? });
        }
        Some(LaneEnd { tally, parked, quotas })
    }
}
