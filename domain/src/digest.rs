//! The canonical rows that I5 compares, in a documented order and encoding.
//!
//! A division is written as: its index, its registration, then each year in order: state,
//! ceiling, pool, quotas by serial, payments by id, contract cells by quota and contract, plans
//! by key, acts by id, ended ids by id, moves out, ended moves, moves in, batches, waiting and
//! ended facts, and what the finance office has on file, by table and key, and last what
//! rules remember of payments, where there is any. Integers are little-endian and fixed-width, texts have a `u32` length before
//! them, lists a `u64` count. Positions of records are where, not what, and are left out.

use crate::batch::Staged;
use crate::codes::MoveKind;
use crate::division::{Division, RefusedRow, YearBook};
use crate::office::table::Table;
use crate::payment::Payment;
use crate::refusal::Refusal;

/// Takes the canonical bytes, for a hash.
pub trait DigestSink {
    /// Takes some bytes.
    fn write(&mut self, bytes: &[u8]);
}

impl DigestSink for Vec<u8> {
    fn write(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }
}

struct Out<'a>(&'a mut dyn DigestSink);

impl Out<'_> {
    fn u8(&mut self, value: u8) {
        self.0.write(&[value]);
    }

    fn u32(&mut self, value: u32) {
        self.0.write(&value.to_le_bytes());
    }

    fn u64(&mut self, value: u64) {
        self.0.write(&value.to_le_bytes());
    }

    fn i64(&mut self, value: i64) {
        self.0.write(&value.to_le_bytes());
    }

    fn u128(&mut self, value: u128) {
        self.0.write(&value.to_le_bytes());
    }

    fn text(&mut self, value: &str) {
        self.u32(value.len() as u32);
        self.0.write(value.as_bytes());
    }
}

/// Writes a division's canonical rows.
pub fn write_division(division: &Division, sink: &mut dyn DigestSink) {
    let mut out = Out(sink);
    out.0.write(&division.index.0.to_le_bytes());
    match &division.registration {
        None => out.u8(0),
        Some(registration) => {
            out.u8(1);
            out.0.write(&registration.code);
            out.0.write(&registration.parent.0.to_le_bytes());
            out.text(&registration.name);
        }
    }
    out.u64(division.years().count() as u64);
    for book in division.years() {
        write_year(book, &mut out);
    }
}

fn write_year(book: &YearBook, out: &mut Out<'_>) {
    out.u8(book.year.offset());
    out.u8(book.state.number());
    out.u32(book.ceiling.version);
    out.i64(book.ceiling.amount_fen.get());
    out.u64(book.ceiling.maker.0);
    out.u64(book.ceiling.checker.0);
    out.i64(book.pool.in_transit_fen);
    out.i64(book.pool.in_hand_fen);
    out.u64(book.open_payments);
    write_quotas(book, out);
    write_payments(book, out);
    write_limits(book, out);
    write_ids(book, out);
    write_moves(book, out);
    write_batches(book, out);
    write_suspense(book, out);
    write_office(book, out);
    write_traces(book, out);
}

/// Nothing at all where there is none: most years of tests and benches have no rules.
fn write_traces(book: &YearBook, out: &mut Out<'_>) {
    if book.traces().next().is_some() {
        out.u64(book.traces().count() as u64);
    }
    for trace in book.traces() {
        out.u64(trace.pair);
        out.i64(trace.asked_fen);
        out.i64(trace.left_fen);
        out.0.write(&trace.economic.0);
        out.0.write(&trace.fund.0);
        out.u32(trace.unit);
        out.u32(trace.day.get());
        out.u64(trace.invoices.len() as u64);
        trace.invoices.iter().for_each(|&invoice| out.u64(invoice));
    }
}

fn write_quotas(book: &YearBook, out: &mut Out<'_>) {
    out.u64(book.quota_count() as u64);
    for (id, cell, row) in book.quotas() {
        out.u64(id.0);
        out.u32(cell.version);
        out.u32(cell.plan_slot);
        out.u32(cell.open_payments);
        out.u8(cell.posts.bits());
        out.u8(u8::from(cell.executable));
        out.u8(u8::from(cell.closed));
        out.0.write(&cell.fund.0);
        out.0.write(&cell.economic.0);
        for (_, fen) in cell.buckets.named() {
            out.i64(fen);
        }
        out.i64(cell.buckets.staged);
        out.u64(row.parent.0);
        out.u8(row.authority.number());
        out.i64(row.cap_fen.get());
        out.text(&row.key);
        for (_, fen) in row.totals().named() {
            out.i64(fen);
        }
        out.u32(row.open_contracts);
    }
}

fn write_payments(book: &YearBook, out: &mut Out<'_>) {
    let mut payments: Vec<&Payment> = book.payments().collect();
    payments.sort_unstable_by_key(|payment| payment.id);
    out.u64(payments.len() as u64);
    for payment in payments {
        write_payment(payment, out);
    }
}

fn write_payment(payment: &Payment, out: &mut Out<'_>) {
    out.u128(payment.id.0);
    out.u128(payment.fingerprint.0);
    out.u64(payment.quota.0);
    out.i64(payment.amount_fen.get());
    out.i64(payment.executed_fen.get());
    out.u64(payment.maker.0);
    for approver in payment.approvers {
        out.u64(approver.0);
    }
    out.u64(payment.instructor.0);
    out.u64(payment.contract.0);
    out.u64(payment.plan.0);
    out.0.write(&payment.economic.0);
    out.u64(payment.payee_hash);
    out.u64(payment.deadline_ms);
    out.u32(payment.day.get());
    out.u32(payment.rule_version);
    out.u8(payment.method.number());
    out.u8(payment.kind.number());
    out.u8(payment.path.number());
    out.u8(payment.state.number());
    out.u8(payment.ending.map_or(0, |ending| ending.number()));
    out.u8(payment.posts.bits());
    out.u8(payment.approved.bits());
    out.u64(payment.steps().len() as u64);
    for step in payment.steps() {
        out.u8(step.kind.number());
        out.u64(step.serial);
        out.u64(step.person.0);
    }
    out.u64(payment.facts().len() as u64);
    for fact in payment.facts() {
        out.u8(fact.kind.number());
        out.0.write(&fact.channel.0.to_le_bytes());
        out.u64(fact.serial);
        out.u128(fact.fingerprint.0);
    }
    out.u64(payment.refunds().len() as u64);
    for refund in payment.refunds() {
        out.u64(refund.number);
        out.i64(refund.amount_fen.get());
        out.u32(refund.detail);
        out.u8(u8::from(refund.settled));
        out.u8(u8::from(refund.to_pool));
    }
}

fn write_limits(book: &YearBook, out: &mut Out<'_>) {
    let contracts: Vec<_> = book.contracts().collect();
    out.u64(contracts.len() as u64);
    for (quota, cell) in contracts {
        out.u64(quota.0);
        out.u64(cell.contract.0);
        out.u64(cell.plan.0);
        out.i64(cell.earmarked);
        out.i64(cell.used);
        out.u8(u8::from(cell.open));
    }
    let mut plans: Vec<_> = book.plans().collect();
    plans.sort_unstable_by_key(|plan| plan.key);
    out.u64(plans.len() as u64);
    for plan in plans {
        out.u64(plan.key.0);
        out.u32(plan.version);
        for fen in plan.planned.iter().chain(&plan.used) {
            out.i64(*fen);
        }
    }
}

fn write_refused(row: &RefusedRow, out: &mut Out<'_>) {
    out.u128(row.id);
    out.u128(row.fingerprint.0);
    out.u64(row.quota.0);
    write_refusal(&row.refusal, out);
}

fn write_refusal(refusal: &Refusal, out: &mut Out<'_>) {
    out.u32(u32::from(refusal.code.number()));
    out.u64(refusal.figures().count() as u64);
    for figure in refusal.figures() {
        out.u32(u32::from(figure.limit.number()));
        out.i64(figure.requested_fen.get());
        out.i64(figure.left_fen.get());
    }
}

fn write_ids(book: &YearBook, out: &mut Out<'_>) {
    let mut acts: Vec<_> = book.acts().collect();
    acts.sort_unstable_by_key(|row| row.id);
    out.u64(acts.len() as u64);
    for row in acts {
        out.u128(row.id.0);
        out.u128(row.fingerprint.0);
        out.u64(row.quota.0);
        out.u8(u8::from(row.created));
    }
    let mut refused: Vec<_> = book.refused().collect();
    refused.sort_unstable_by_key(|row| (row.id, row.fingerprint));
    out.u64(refused.len() as u64);
    for row in refused {
        write_refused(row, out);
    }
}

fn write_moves(book: &YearBook, out: &mut Out<'_>) {
    out.u64(book.moves_out.len() as u64);
    for (id, row) in book.moves_out() {
        out.u128(id.0);
        out.u128(row.fingerprint.0);
        out.u64(row.person.0);
        out.u8(row.kind.number());
        out.u64(row.from.0);
        out.u64(row.to.0);
        out.i64(row.amount_fen.get());
        out.0.write(&row.fund.0);
        out.u8(row.transit as u8);
        if row.kind == MoveKind::Correct {
            out.u128(row.payment.0);
        }
    }
    out.u64(book.moves_refused.len() as u64);
    for (_, row) in book.moves_refused() {
        write_refused(row, out);
    }
    out.u64(book.moves_in.len() as u64);
    for (id, row) in book.moves_in() {
        out.u128(id.0);
        out.u64(row.from.0);
        out.u64(row.to.0);
        out.i64(row.amount_fen.get());
        out.u32(u32::from(row.outcome.number()));
    }
}

fn write_batches(book: &YearBook, out: &mut Out<'_>) {
    out.u64(book.batches.len() as u64);
    for (id, batch) in book.batches() {
        out.u128(id.0);
        out.u128(batch.fingerprint.0);
        out.u64(batch.maker.0);
        out.u32(batch.count);
        out.u128(batch.digest);
        out.u128(batch.staged_digest);
        out.u64(batch.deadline_ms);
        out.u8(batch.end.map_or(0, |end| end.number()));
        out.u64(batch.staged.len() as u64);
        for staged in &batch.staged {
            // The rest is in the announced digest; what a paper was decided to change is not.
            if let Staged::Paper { changes } = staged {
                out.text(changes);
            }
        }
    }
}

fn write_suspense(book: &YearBook, out: &mut Out<'_>) {
    out.u64(book.suspense.len() as u64);
    for ((channel, serial, fingerprint), parked) in book.suspense.iter() {
        out.0.write(&channel.0.to_le_bytes());
        out.u64(*serial);
        out.u128(fingerprint.0);
        out.u64(parked.person.0);
        out.u8(parked.role.number());
        out.u8(parked.kind.number());
        out.u128(parked.payment.0);
        out.u64(parked.quota.0);
        out.i64(parked.amount_fen.get());
        out.u64(parked.payee_hash);
        out.u32(parked.day.get());
        out.u64(parked.refund);
        out.u32(parked.detail);
        out.text(&parked.note);
        out.u32(u32::from(parked.reason.number()));
        out.u64(parked.arrival);
    }
    let ended: Vec<_> = book.suspense.iter_ended().collect();
    out.u64(ended.len() as u64);
    for ((channel, serial, fingerprint), end) in ended {
        out.0.write(&channel.0.to_le_bytes());
        out.u64(*serial);
        out.u128(fingerprint.0);
        out.u8(*end as u8);
    }
}

fn write_office(book: &YearBook, out: &mut Out<'_>) {
    // Slots are where, not what: rows go by table and key.
    let office = book.office();
    for &table in Table::ALL {
        let rows: Vec<_> = office.rows(table).collect();
        if rows.is_empty() {
            continue;
        }
        out.u8(table as u8);
        out.u64(rows.len() as u64);
        for (_, row) in rows {
            let mut line = String::new();
            row.write(&mut line);
            out.text(&line);
        }
    }
}
