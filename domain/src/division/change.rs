//! The changes that [`crate::apply`] makes to a year, each leaving its before-image during a linked
//! run, so that a refused run leaves nothing behind. Never decides anything.

use super::{ActRow, RefusedRow, RowKey, YearBook, pack};
use crate::batch::{Batch, Staged};
use crate::id_index::Probe;
use crate::ids::{BatchId, ContractId, MoveId, QuotaId};
use crate::limit::{ContractCell, PlanCell};
use crate::movement::MoveOutRow;
use crate::office::Slot;
use crate::office::line::Change;
use crate::office::rules::trace::Trace;
use crate::office::rules::{Learnt, Rules};
use crate::page::STAGED_PER_PAGE;
use crate::payment::Payment;
use crate::quota::{QuotaCell, QuotaRow, UnderWay};
use crate::suspense::{Parked, ParkedEnd, ParkedKey};

/// A before-image kept while a linked run is decided.
#[derive(Clone, Debug)]
pub(super) enum Undo {
    Quota(usize, QuotaCell),
    Row(usize, Box<QuotaRow>),
    Payment(usize, Box<Payment>),
    PaymentAdded(Probe),
    ActAdded(Probe),
    Plan(usize, Box<PlanCell>),
    Contract((u64, ContractId), Option<ContractCell>),
    MoveOut(MoveId, Option<MoveOutRow>),
    Trace(usize, Box<Trace>),
    TraceAdded,
    Slot(u32, Box<Slot>),
    SlotAdded,
    OpenPayments(u64),
}

/// The changes that [`crate::apply`] makes, each leaving its before-image during a linked run.
impl YearBook {
    pub(crate) fn put_quota(&mut self, id: QuotaId, cell: QuotaCell) {
        let index = id.serial() as usize;
        self.touch_cell(index);
        let slot = self.quotas.get_mut(index).expect("an event names a quota that exists");
        if let Some(undo) = &mut self.undo {
            undo.push(Undo::Quota(index, *slot));
        }
        *slot = cell;
    }

    /// Adds a quota, the next of its year.
    ///
    /// # Panics
    /// If its official key is taken.
    pub(crate) fn add_quota(&mut self, cell: QuotaCell, row: QuotaRow) {
        let serial = self.quotas.push(cell);
        assert!(self.learn_key(&row.key, serial as u32), "official keys are unique");
        self.rules.learn_quota(&self.office, &row);
        self.rows.push(row);
    }

    /// Notes the official key of a quota; false: another has it.
    pub(crate) fn learn_key(&mut self, key: &str, serial: u32) -> bool {
        let probe = self.key_index.probe_text(key);
        let free = self.find_key(probe, key).is_none();
        if free {
            self.key_index.insert(probe, serial);
        }
        free
    }

    pub(crate) fn row_mut(&mut self, id: QuotaId) -> &mut QuotaRow {
        let index = id.serial() as usize;
        self.touch_row(index);
        let row = self.rows.get_mut(index).expect("an event names a quota that exists");
        if let Some(undo) = &mut self.undo {
            undo.push(Undo::Row(index, Box::new(row.clone())));
        }
        row
    }

    pub(crate) fn add_payment(&mut self, payment: Payment) -> u32 {
        let probe = self.payment_ids.probe(payment.id.0);
        self.touch_payment(self.payments.len());
        let index = self.payments.push(payment);
        self.payment_ids.insert(probe, pack(index, false));
        self.set_open_payments(self.open_payments + 1);
        if let Some(undo) = &mut self.undo {
            undo.push(Undo::PaymentAdded(probe));
        }
        index as u32
    }

    /// The payment at an index, to change.
    pub(crate) fn payment_mut(&mut self, index: u32) -> &mut Payment {
        let index = index as usize;
        self.touch_payment(index);
        let payment = self.payments.get_mut(index).expect("an event names a payment that exists");
        if let Some(undo) = &mut self.undo {
            undo.push(Undo::Payment(index, Box::new(payment.clone())));
        }
        payment
    }

    /// Puts on file what an event says.
    pub(crate) fn file(&mut self, changes: impl IntoIterator<Item = Change>) {
        for change in changes {
            if matches!(change, Change::Shift(_)) && !self.office.has(&change) {
                continue;
            }
            self.change_row(change);
        }
        self.rules.settle(&self.office);
    }

    fn change_row(&mut self, change: Change) {
        let slot = self.office.slot_for(&change);
        self.touch_key(RowKey::Slot(slot));
        if let Some(undo) = &mut self.undo {
            undo.push(match self.office.slots().get(slot as usize) {
                Some(before) => Undo::Slot(slot, Box::new(before.clone())),
                None => Undo::SlotAdded,
            });
        }
        let (table, key) = change.names();
        self.office.make(change);
        self.gate.learn(&self.office, table, &key);
        self.learn_row(slot);
    }

    fn learn_row(&mut self, slot: u32) {
        if self.rules.learn(&self.office, slot) == Learnt::Anew {
            self.rules = Rules::of(self);
        }
    }

    /// Remembers what rules keep of the payment at an index, the newest.
    pub(crate) fn add_trace(&mut self, index: usize, trace: Trace) {
        self.pad_traces(index);
        self.rules.count(&trace, true);
        self.push_trace(trace);
    }

    /// Payments from before there were rules have a trace of nothing.
    fn pad_traces(&mut self, upto: usize) {
        while self.traces.len() < upto {
            self.push_trace(Trace::default());
        }
    }

    fn push_trace(&mut self, trace: Trace) {
        self.touch_trace(self.traces.len());
        self.traces.push(trace);
        if let Some(undo) = &mut self.undo {
            undo.push(Undo::TraceAdded);
        }
    }

    /// Of the payment at an index, so much less counts from here on.
    pub(crate) fn trace_less(&mut self, index: usize, fen: i64) {
        let Some(before) = self.traces.get(index).filter(|trace| trace.asked_fen != 0) else {
            return;
        };
        let mut after = before.clone();
        after.left_fen -= fen;
        assert!(after.left_fen >= 0, "I1: {after:?}");
        self.put_trace(index, after);
    }

    /// Puts what rules keep of the payment at an index in place of what was kept.
    pub(crate) fn put_trace(&mut self, index: usize, trace: Trace) {
        self.pad_traces(index + 1);
        self.touch_trace(index);
        let slot = self.traces.get_mut(index).expect("a payment with a trace");
        // More first: no sum is short for a moment.
        self.rules.count(&trace, true);
        let before = std::mem::replace(slot, trace);
        self.rules.count(&before, false);
        if let Some(undo) = &mut self.undo {
            undo.push(Undo::Trace(index, Box::new(before)));
        }
    }

    pub(crate) fn set_open_payments(&mut self, count: u64) {
        if let Some(undo) = &mut self.undo {
            undo.push(Undo::OpenPayments(self.open_payments));
        }
        self.open_payments = count;
    }

    pub(crate) fn add_act(&mut self, row: ActRow) -> u32 {
        let probe = self.act_ids.probe(row.id.0);
        self.touch_act(self.acts.len());
        let index = self.acts.push(row);
        self.act_ids.insert(probe, pack(index, false));
        if let Some(undo) = &mut self.undo {
            undo.push(Undo::ActAdded(probe));
        }
        index as u32
    }

    pub(crate) fn add_refused_payment(&mut self, row: RefusedRow) -> u32 {
        let probe = self.payment_ids.probe(row.id);
        self.touch_refused(self.refused.len());
        let index = self.refused.push(row);
        self.payment_ids.insert(probe, pack(index, true));
        index as u32
    }

    pub(crate) fn add_refused_act(&mut self, row: RefusedRow) -> u32 {
        let probe = self.act_ids.probe(row.id);
        self.touch_refused(self.refused.len());
        let index = self.refused.push(row);
        self.act_ids.insert(probe, pack(index, true));
        index as u32
    }

    pub(crate) fn put_plan(&mut self, slot: usize, cell: PlanCell) {
        self.touch_plan(slot);
        if let Some(undo) = &mut self.undo {
            undo.push(Undo::Plan(slot, Box::new(self.plans[slot])));
        }
        self.plans[slot] = cell;
    }

    pub(crate) fn put_contract(&mut self, quota: QuotaId, cell: ContractCell) {
        assert!(cell.is_sufficient(), "I1: {cell:?}");
        let key = (quota.serial(), cell.contract);
        self.touch_key(RowKey::Contract(key.0, key.1));
        let before = self.contracts.insert(key, cell);
        self.rules.learn_contract(before.as_ref(), Some(&cell));
        if let Some(undo) = &mut self.undo {
            undo.push(Undo::Contract(key, before));
        }
    }

    /// Keeps what its origin has under way in step with it.
    pub(crate) fn put_move_out(&mut self, id: MoveId, row: MoveOutRow) {
        self.touch_key(RowKey::MoveOut(id));
        let before = self.moves_out.insert(id, row);
        if before.is_none() {
            self.learn_correction(id, &row);
        }
        let (was, is) = (before.is_some_and(|before| before.is_under_way()), row.is_under_way());
        if was != is {
            let origin = self.row_mut(row.from);
            let mut under_way = origin.under_way();
            let change = if is { UnderWay::begin } else { UnderWay::end };
            change(&mut under_way, row.kind, row.amount_fen);
            origin.set_figures(origin.totals(), under_way);
        }
        if let Some(undo) = &mut self.undo {
            undo.push(Undo::MoveOut(id, before));
        }
    }

    pub(crate) fn put_move_refused(&mut self, id: MoveId, row: RefusedRow) {
        self.touch_key(RowKey::MoveRefused(id));
        self.moves_refused.insert(id, row);
    }

    pub(crate) fn put_batch(&mut self, id: BatchId, batch: Batch) {
        self.touch_key(RowKey::Batch(id));
        self.batches.insert(id, batch);
    }

    /// A batch that was opened, to change.
    pub(crate) fn batch_mut(&mut self, id: BatchId) -> &mut Batch {
        self.touch_key(RowKey::Batch(id));
        self.batches.get_mut(&id).expect("an event names a batch that was opened")
    }

    /// Stages one more act in a batch; `digest` is the batch's with it.
    pub(crate) fn stage(&mut self, id: BatchId, digest: u128, staged: Staged) {
        let page = self.batches.get(&id).map_or(0, |batch| batch.staged.len() / STAGED_PER_PAGE);
        self.touch_key(RowKey::Staged(id, page as u32));
        self.staged_bytes += staged.bytes();
        let batch = self.batch_mut(id);
        batch.staged_digest = digest;
        batch.staged_bytes += staged.bytes();
        batch.staged.push(staged);
    }

    /// Takes out what is staged in a batch that ends.
    pub(crate) fn take_staged(&mut self, id: BatchId) -> Vec<Staged> {
        let count = self.batches.get(&id).map_or(0, |batch| batch.staged.len());
        for page in 0..count.div_ceil(STAGED_PER_PAGE) {
            self.touch_key(RowKey::Staged(id, page as u32));
        }
        let batch = self.batch_mut(id);
        let bytes = std::mem::take(&mut batch.staged_bytes);
        let staged = std::mem::take(&mut batch.staged);
        self.staged_bytes -= bytes;
        staged
    }

    pub(crate) fn park(&mut self, key: ParkedKey, parked: Parked) {
        self.touch_key(RowKey::Parked(key));
        self.suspense.park(key, parked);
    }

    pub(crate) fn end_parked(&mut self, key: ParkedKey, end: ParkedEnd) {
        self.touch_key(RowKey::Parked(key));
        self.suspense.end(key, end);
    }

    /// Starts to keep before-images.
    pub fn begin_run(&mut self) {
        self.undo = Some(Vec::new());
    }

    /// Forgets the before-images: the run stands.
    pub fn commit_run(&mut self) {
        self.undo = None;
    }

    /// Puts everything back as it was at [`YearBook::begin_run`].
    pub fn roll_back_run(&mut self) {
        for undo in self.undo.take().unwrap_or_default().into_iter().rev() {
            match undo {
                Undo::Quota(index, cell) => *self.quotas.get_mut(index).expect("kept") = cell,
                Undo::Row(index, row) => *self.rows.get_mut(index).expect("kept") = *row,
                Undo::Payment(index, before) => {
                    *self.payments.get_mut(index).expect("kept") = *before;
                }
                Undo::PaymentAdded(probe) => {
                    self.payments.pop();
                    self.payment_ids.remove(probe, pack(self.payments.len(), false));
                }
                Undo::ActAdded(probe) => {
                    self.acts.pop();
                    self.act_ids.remove(probe, pack(self.acts.len(), false));
                }
                Undo::Plan(slot, cell) => self.plans[slot] = *cell,
                Undo::Contract(key, cell) => {
                    let now = match cell {
                        Some(cell) => self.contracts.insert(key, cell),
                        None => self.contracts.remove(&key),
                    };
                    self.rules.learn_contract(now.as_ref(), cell.as_ref());
                }
                Undo::Trace(index, before) => {
                    self.rules.count(&before, true);
                    let now = self.traces.get_mut(index).expect("kept");
                    let now = std::mem::replace(now, *before);
                    self.rules.count(&now, false);
                }
                Undo::TraceAdded => {
                    let trace = self.traces.pop().expect("kept");
                    self.rules.count(&trace, false);
                }
                Undo::Slot(slot, before) => {
                    self.office.put_back(slot, *before);
                    self.learn_row(slot);
                }
                // Rows that rules leave of payments: no other is filed in a linked run, and rules ask
                // for none of them.
                Undo::SlotAdded => self.office.take_back(),
                Undo::MoveOut(id, Some(row)) => drop(self.moves_out.insert(id, row)),
                Undo::MoveOut(id, None) => drop(self.moves_out.remove(&id)),
                Undo::OpenPayments(count) => self.open_payments = count,
            }
        }
    }
}
