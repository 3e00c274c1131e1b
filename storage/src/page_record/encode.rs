//! From a page to the value of its row.

use bincode::Encode;
use domain::batch::{Batch, Staged};
use domain::codes::MoveKind;
use domain::division::RefusedRow;
use domain::office::Slot;
use domain::office::rules::trace::Trace;
use domain::page::{Page, YearHead, YearPage};
use domain::payment::Payment;
use domain::quota::{QuotaCell, QuotaRow};
use domain::refusal::Refusal;
use domain::suspense::Parked;

use super::*;

/// The value of a page's row, and where in it begins what a start leaves alone: behind the ids of
/// settled payments, and nowhere in other pages.
#[must_use]
pub fn encode(page: &Page) -> (Vec<u8>, usize) {
    let mut out = Out(vec![PAGE_VERSION]);
    match page {
        Page::Registration(r) => out.put((r.code, r.parent.0, r.name.to_string())),
        Page::OfYear(_, YearPage::Payments(_, payments)) => {
            let ids_end = self::payments(&mut out, payments);
            let bytes = out.0.len();
            return (out.0, if settled(payments) { ids_end } else { bytes });
        }
        Page::OfYear(_, page) => year_page(&mut out, page),
    }
    let bytes = out.0.len();
    (out.0, bytes)
}

struct Out(Vec<u8>);

impl Out {
    fn put(&mut self, value: impl Encode) {
        // Encoding into memory cannot fail.
        bincode::encode_into_std_write(value, &mut self.0, config()).expect("memory takes all");
    }

    fn list<T, R: Encode>(&mut self, values: &[T], row: impl Fn(&T) -> R) {
        self.put(values.len() as u32);
        values.iter().for_each(|value| self.put(row(value)));
    }
}

fn year_page(out: &mut Out, page: &YearPage) {
    match page {
        YearPage::Head(head) => out.put(head_row(head)),
        YearPage::Cells(_, cells) => out.list(cells, cell_row),
        YearPage::Rows(_, rows) => out.list(rows, cold_row),
        YearPage::Plans(_, plans) => out.list(plans, |p| (p.key.0, p.version, p.planned, p.used)),
        YearPage::Payments(..) => unreachable!("payments are split"),
        YearPage::PaymentIds(..) => unreachable!("ids alone are read, never written"),
        YearPage::Traces(_, traces) => out.list(traces, trace_row),
        YearPage::Acts(_, rows) => out.list(rows, |row| {
            (row.id.0, row.fingerprint.0, row.quota.0, row.created, row.sequence)
        }),
        YearPage::Refused(_, rows) => out.list(rows, refused_row),
        YearPage::Contract(_, c) => {
            out.put(presence::HERE);
            out.put((c.contract.0, c.plan.0, c.earmarked, c.used, c.open));
        }
        YearPage::MoveOut(_, m) => {
            out.put(presence::HERE);
            let row: MoveOutOf = (
                m.fingerprint.0,
                m.sequence,
                m.person.0,
                m.kind.number(),
                m.from.0,
                m.to.0,
                m.amount_fen.get(),
                m.fund.0,
                m.transit as u8,
            );
            out.put(row);
            if m.kind == MoveKind::Correct {
                out.put(m.payment.0);
            }
        }
        YearPage::MoveRefused(_, row) => {
            out.put(presence::HERE);
            out.put(refused_row(row));
        }
        YearPage::MoveIn(_, m) => {
            out.put(presence::HERE);
            out.put((m.from.0, m.to.0, m.amount_fen.get(), m.outcome.number()));
        }
        YearPage::Batch(_, batch) => {
            out.put(presence::HERE);
            out.put(batch_row(batch));
        }
        YearPage::Staged(_, _, staged) => {
            out.put(presence::HERE);
            out.put(staged.iter().map(staged_row).collect::<Vec<StagedRow>>());
        }
        YearPage::Parked(_, parked) => {
            out.put(presence::HERE);
            out.put(parked_row(parked));
        }
        YearPage::ParkedEnded(_, end) => {
            out.put(presence::ENDED);
            out.put(*end as u8);
        }
        YearPage::Slot(_, slot) => {
            out.put(presence::HERE);
            out.put(slot_row(slot));
        }
        YearPage::Gone(_) => out.put(presence::GONE),
    }
}

fn head_row(head: &YearHead) -> HeadRow {
    let (ceiling, pool) = (&head.ceiling, &head.pool);
    (
        head.state.number(),
        (ceiling.version, ceiling.amount_fen.get(), ceiling.maker.0, ceiling.checker.0),
        (pool.in_transit_fen, pool.in_hand_fen),
        head.open_payments,
        head.arrivals,
    )
}

fn cell_row(cell: &QuotaCell) -> CellRow {
    let b = &cell.buckets;
    (
        (
            cell.version,
            cell.plan_slot,
            cell.open_payments,
            cell.posts.bits(),
            cell.executable,
            cell.closed,
            cell.fund.0,
            cell.economic.0,
        ),
        [
            b.issued,
            b.allocated,
            b.transferred,
            b.frozen,
            b.staged,
            b.earmarked,
            b.reserved,
            b.paid,
            b.cleared,
            b.refunding,
        ],
    )
}

fn cold_row(row: &QuotaRow) -> ColdRow {
    let (t, out) = (row.totals(), row.under_way());
    (
        row.parent.0,
        row.authority.number(),
        row.cap_fen.get(),
        row.key.to_string(),
        [
            t.initial,
            t.supplemented,
            t.moved_in,
            t.vired_in,
            t.carried_in,
            t.cut,
            t.returned_up,
            t.vired_out,
            t.recovered,
            t.carried_out,
        ],
        row.open_contracts,
        (out.moves, [out.allocated, out.transferred, out.issued]),
    )
}

fn settled(payments: &[Payment]) -> bool {
    let whole = payments.len() == domain::payment_pages::PAYMENTS_PER_PAGE;
    whole && payments.iter().all(Payment::is_settled)
}

/// Gives where the ids end.
fn payments(out: &mut Out, payments: &[Payment]) -> usize {
    out.0.push(u8::from(settled(payments)));
    out.0.push(payments.len() as u8);
    payments.iter().for_each(|payment| out.0.extend(payment.id.0.to_le_bytes()));
    let ids_end = out.0.len();
    payments.iter().for_each(|payment| out.put(payment_row(payment)));
    ids_end
}

fn payment_row(p: &Payment) -> PaymentRow {
    let codes = [
        p.method.number(),
        p.kind.number(),
        p.path.number(),
        p.state.number(),
        p.ending.map_or(0, |ending| ending.number()),
        p.posts.bits(),
        p.approved.bits(),
    ];
    (
        (
            p.fingerprint.0,
            p.quota.0,
            p.amount_fen.get(),
            p.executed_fen.get(),
            p.maker.0,
            p.approvers.map(|person| person.0),
            p.instructor.0,
            p.contract.0,
            p.plan.0,
        ),
        (p.economic.0, p.payee_hash, p.deadline_ms, p.sequence, p.day.get(), p.rule_version, codes),
        (
            p.steps().iter().map(|s| (s.kind.number(), s.serial, s.person.0)).collect(),
            p.facts()
                .iter()
                .map(|f| (f.kind.number(), f.channel.0, f.serial, f.fingerprint.0))
                .collect(),
            p.refunds()
                .iter()
                .map(|r| (r.number, r.amount_fen.get(), r.detail, r.settled, r.to_pool))
                .collect(),
        ),
    )
}

fn refused_row(row: &RefusedRow) -> RefusedIdRow {
    let refusal = refusal_row(&row.refusal);
    (row.id, row.fingerprint.0, row.of_payment, row.quota.0, refusal, row.sequence)
}

fn refusal_row(refusal: &Refusal) -> RefusalRow {
    let figures = refusal.figures();
    let figures = figures.map(|f| (f.limit.number(), f.requested_fen.get(), f.left_fen.get()));
    (refusal.code.number(), figures.collect())
}

fn batch_row(batch: &Batch) -> BatchRow {
    (
        batch.fingerprint.0,
        batch.maker.0,
        batch.count,
        batch.digest,
        batch.staged_digest,
        batch.deadline_ms,
        batch.end.map_or(0, |end| end.number()),
    )
}

fn staged_row(staged: &Staged) -> StagedRow {
    match staged {
        Staged::Act { kind, quota, amount_fen } => {
            (kind.number(), quota.0, amount_fen.get(), 0, String::new())
        }
        Staged::Move { id } => (0, 0, 0, id.0, String::new()),
        Staged::Paper { changes } => (STAGED_PAPER, 0, 0, 0, changes.to_string()),
    }
}

fn trace_row(trace: &Trace) -> TraceRow {
    let Trace { pair, asked_fen, left_fen, economic, fund, unit, day, .. } = *trace;
    let invoices = trace.invoices.to_vec();
    (pair, asked_fen, left_fen, economic.0, fund.0, unit, day.get(), invoices)
}

fn slot_row(slot: &Slot) -> SlotRow {
    let line = slot.row.as_ref().map(|row| {
        let mut line = String::new();
        row.write(&mut line);
        line
    });
    (slot.table as u8, slot.key.to_string(), line)
}

fn parked_row(p: &Parked) -> ParkedRow {
    (
        p.person.0,
        p.role.number(),
        p.kind.number(),
        p.payment.0,
        p.quota.0,
        p.amount_fen.get(),
        p.payee_hash,
        p.day.get(),
        p.refund,
        p.detail,
        p.note.to_string(),
        p.reason.number(),
        p.arrival,
    )
}
