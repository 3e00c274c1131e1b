//! The changes that [`crate::apply`] makes to a year, each leaving its before-image during a linked
//! run, so that a refused run leaves nothing behind. Never decides anything.

use super::{ActRow, RefusedRow, RowKey, YearBook, pack};
use crate::batch::Batch;
use crate::id_index::Probe;
use crate::ids::{BatchId, ContractId, MoveId, QuotaId};
use crate::limit::{ContractCell, PlanCell};
use crate::movement::MoveOutRow;
use crate::office::line::read_all;
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
    ///
    /// # Panics
    /// If its text is not one of changes.
    pub(crate) fn file(&mut self, changes: &str) {
        let changes = read_all(changes).expect("an event's changes can be read");
        for change in changes {
            self.touch_key(RowKey::Slot(self.office.slot_for(&change)));
            let (table, key) = change.names();
            self.office.make(change);
            self.gate.learn(&self.office, table, &key);
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
        if let Some(undo) = &mut self.undo {
            undo.push(Undo::Contract(key, before));
        }
    }

    /// Keeps what its origin has under way in step with it.
    pub(crate) fn put_move_out(&mut self, id: MoveId, row: MoveOutRow) {
        self.touch_key(RowKey::MoveOut(id));
        let before = self.moves_out.insert(id, row);
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
                Undo::Contract(key, Some(cell)) => drop(self.contracts.insert(key, cell)),
                Undo::Contract(key, None) => drop(self.contracts.remove(&key)),
                Undo::MoveOut(id, Some(row)) => drop(self.moves_out.insert(id, row)),
                Undo::MoveOut(id, None) => drop(self.moves_out.remove(&id)),
                Undo::OpenPayments(count) => self.open_payments = count,
            }
        }
    }
}
