//! A year made again from its pages, with what is derived from them. Never copies anything.

use super::{
    ACTS_PER_PAGE, PLANS_PER_PAGE, QUOTAS_PER_PAGE, REFUSED_PER_PAGE, STAGED_PER_PAGE,
    TRACES_PER_PAGE, YearHead, YearPage,
};
use crate::batch::Staged;
use crate::division::{YearBook, pack};
use crate::ids::PaymentId;
use crate::payment::Payment;
use crate::payment_pages::PAYMENTS_PER_PAGE;

impl YearBook {
    pub(super) fn restore(&mut self, page: YearPage) -> Result<(), String> {
        match page {
            YearPage::Head(head) => {
                let YearHead { state, ceiling, pool, open_payments, arrivals } = head;
                (self.state, self.ceiling, self.pool) = (state, ceiling, pool);
                self.open_payments = open_payments;
                self.suspense.restore_arrivals(arrivals);
            }
            YearPage::Cells(number, cells) => {
                in_order("cells", number, QUOTAS_PER_PAGE, self.quotas.len())?;
                self.marks.cells.learn(number as usize);
                for cell in cells {
                    self.quotas.push(cell);
                }
            }
            YearPage::Rows(number, rows) => {
                in_order("rows", number, QUOTAS_PER_PAGE, self.rows.len())?;
                self.marks.rows.learn(number as usize);
                for row in rows {
                    if !self.learn_key(&row.key, self.rows.len() as u32) {
                        return Err(format!("the official key {} stands twice", row.key));
                    }
                    self.rows.push(row);
                }
            }
            YearPage::Plans(number, plans) => {
                in_order("plans", number, PLANS_PER_PAGE, self.plans.len())?;
                self.marks.plans.learn(number as usize);
                for plan in plans {
                    self.plan_slots.insert(plan.key, self.plans.len() as u32);
                    self.plans.push(plan);
                }
            }
            YearPage::Payments(number, payments) => {
                let ids: Vec<PaymentId> = payments.iter().map(|payment| payment.id).collect();
                self.restore_payments(number, &ids, Some(payments))?;
            }
            YearPage::PaymentIds(number, ids) => self.restore_payments(number, &ids, None)?,
            YearPage::Traces(number, traces) => {
                in_order("traces", number, TRACES_PER_PAGE, self.traces.len())?;
                self.marks.traces.learn(number as usize);
                for trace in traces {
                    self.traces.push(trace);
                }
            }
            YearPage::Acts(number, rows) => {
                in_order("acts", number, ACTS_PER_PAGE, self.acts.len())?;
                self.marks.acts.learn(number as usize);
                for row in rows {
                    let probe = self.act_ids.probe(row.id.0);
                    let index = self.acts.push(row);
                    self.act_ids.insert(probe, pack(index, false));
                }
            }
            YearPage::Refused(number, rows) => {
                in_order("ended ids", number, REFUSED_PER_PAGE, self.refused.len())?;
                self.marks.refused.learn(number as usize);
                for row in rows {
                    let ids =
                        if row.of_payment { &mut self.payment_ids } else { &mut self.act_ids };
                    let probe = ids.probe(row.id);
                    #[cfg(feature = "planted-bugs")]
                    if crate::planted::is(crate::planted::Bug::RefusalsForgotten) {
                        self.refused.push(row);
                        continue;
                    }
                    ids.insert(probe, pack(self.refused.push(row), true));
                }
            }
            YearPage::Contract(serial, cell) => {
                self.contracts.insert((serial, cell.contract), cell);
            }
            YearPage::MoveOut(id, row) => {
                self.learn_correction(id, &row);
                self.moves_out.insert(id, row);
            }
            YearPage::MoveRefused(id, row) => {
                self.moves_refused.insert(id, row);
            }
            YearPage::MoveIn(id, row) => {
                let key = (id, row.from.division(), row.from.year());
                self.moves_in.insert(key, row);
            }
            YearPage::Batch(id, batch) => {
                self.batches.insert(id, batch);
            }
            YearPage::Staged(id, number, staged) => {
                let Some(batch) = self.batches.get_mut(&id) else {
                    return Err(format!("what is staged in batch {id} came without it"));
                };
                in_order("staged acts", number, STAGED_PER_PAGE, batch.staged.len())?;
                let bytes = staged.iter().map(Staged::bytes).sum::<usize>();
                batch.staged_bytes += bytes;
                batch.staged.extend(staged);
                self.staged_bytes += bytes;
            }
            YearPage::Parked(key, parked) => self.suspense.restore(key, parked),
            YearPage::ParkedEnded(key, end) => self.suspense.restore_ended(key, end),
            YearPage::Slot(number, slot) => {
                let have = self.office.slots().len();
                if number as usize != have {
                    return Err(format!("slot {number} of the office came after {have} others"));
                }
                let (table, key) = (slot.table, slot.key.clone());
                self.office.add(slot);
                self.gate.learn(&self.office, table, &key);
            }
            YearPage::Gone(_) => {}
        }
        Ok(())
    }

    fn restore_payments(
        &mut self,
        number: u32,
        ids: &[PaymentId],
        payments: Option<Vec<Payment>>,
    ) -> Result<(), String> {
        in_order("payments", number, PAYMENTS_PER_PAGE, self.payments.len())?;
        self.marks.payments.learn(number as usize);
        let first = self.payments.len();
        for (at, id) in ids.iter().enumerate() {
            self.payment_ids.insert(self.payment_ids.probe(id.0), pack(first + at, false));
        }
        self.payments.restore(ids, payments);
        Ok(())
    }
}

fn in_order(kind: &str, number: u32, per_page: usize, have: usize) -> Result<(), String> {
    if number as usize * per_page == have {
        return Ok(());
    }
    Err(format!("page {number} of {kind} comes after {have} of them"))
}
