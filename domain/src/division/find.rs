//! From an id or an official key to what it names. Never changes anything.

use super::{Found, YearBook, unpack};
use crate::apply::Placed;
use crate::event::RefusedId;
use crate::id_index::Probe;
use crate::ids::{ActId, PaymentId, QuotaId};
use crate::particulars::{Keys, Particulars};
use crate::payment::Payment;

impl YearBook {
    /// The quota with an official key.
    #[must_use]
    pub fn quota_by_key(&self, key: &str) -> Option<QuotaId> {
        let serial = self.find_key(self.key_index.probe_text(key), key)?;
        Some(QuotaId::new(self.division, self.year, u64::from(serial)))
    }

    pub(super) fn find_key(&self, probe: Probe, key: &str) -> Option<u32> {
        let is_it =
            |serial: u32| self.rows.get(serial as usize).is_some_and(|row| *row.key == *key);
        self.key_index.find(probe, is_it)
    }

    /// What a payment id leads to.
    #[must_use]
    pub fn find_payment(&self, id: PaymentId) -> Option<Found<'_>> {
        Some(match unpack(self.locate_payment(id)?) {
            (index, false) => match self.payments.get(index) {
                Some(payment) => Found::Payment(index as u32, payment),
                None => Found::PaymentOut(index as u32),
            },
            (index, true) => Found::Refused(self.refused.get(index)?),
        })
    }

    fn locate_payment(&self, id: PaymentId) -> Option<u32> {
        let probe = self.payment_ids.probe(id.0);
        self.payment_ids.find(probe, |at| match unpack(at) {
            (index, false) => self.payments.id_at(index) == Some(id),
            (index, true) => self.refused.get(index).is_some_and(|row| row.id == id.0),
        })
    }

    /// The index of a payment that was accepted, in memory or not.
    pub(crate) fn payment_index(&self, id: PaymentId) -> Option<usize> {
        match unpack(self.locate_payment(id)?) {
            (index, false) => Some(index),
            (_, true) => None,
        }
    }

    /// A payment that was accepted.
    ///
    /// # Panics
    /// If its page is out of memory: it has to be brought in before anything is decided by it.
    #[must_use]
    pub fn payment(&self, id: PaymentId) -> Option<&Payment> {
        match self.find_payment(id)? {
            Found::Payment(_, payment) => Some(payment),
            Found::PaymentOut(_) => panic!("payment {id} was not brought into memory"),
            _ => None,
        }
    }

    /// What an act id leads to.
    #[must_use]
    pub fn find_act(&self, id: ActId) -> Option<Found<'_>> {
        let probe = self.act_ids.probe(id.0);
        let locator = self.act_ids.find(probe, |at| match unpack(at) {
            (index, false) => self.acts.get(index).is_some_and(|row| row.id == id),
            (index, true) => self.refused.get(index).is_some_and(|row| row.id == id.0),
        })?;
        Some(match unpack(locator) {
            (index, false) => Found::Act(self.acts.get(index)?),
            (index, true) => Found::Refused(self.refused.get(index)?),
        })
    }

    /// Has the index slot and the cell of a coming reservation brought into the cache, and what the
    /// quota rests on.
    pub fn prefetch(&self, payment: PaymentId, quota: QuotaId) {
        self.payment_ids.prefetch(self.payment_ids.probe(payment.0));
        if let Some(cell) = self.quotas.get(quota.serial() as usize) {
            cell.prefetch();
        }
        self.rules.prefetch(quota);
    }

    /// Has what a quota rests on brought into the cache, and the places where control rules find payee
    /// and invoice of a coming reservation; gives what its texts are known by. `None`: there are no rules.
    #[must_use]
    pub fn prefetch_keys(&self, quota: QuotaId, particulars: Particulars<'_>) -> Option<Keys> {
        self.has_rules().then(|| {
            let keys = particulars.keys();
            self.rules.prefetch(quota);
            self.rules.prefetch_keys(keys);
            keys
        })
    }

    /// Has what lies behind these places brought into the cache, once they and what the quota rests on
    /// are there.
    pub fn prefetch_behind(&self, quota: QuotaId, keys: Keys) {
        self.rules.prefetch_behind(quota, keys);
    }

    /// Has the payment that an id probably names brought into the cache, once its index slot is
    /// there.
    pub fn prefetch_payment(&self, payment: PaymentId) {
        let likely = self.payment_ids.likely(self.payment_ids.probe(payment.0));
        if let Some((index, false)) = likely.map(unpack) {
            self.payments.prefetch(index);
        }
    }

    /// Where an id that was ended stands, to be placed when its record lands.
    #[must_use]
    pub fn ended_id(&self, id: RefusedId) -> Placed {
        let is_it = |at: u32, id: u128| match unpack(at) {
            (index, true) => self.refused.get(index).is_some_and(|row| row.id == id),
            (_, false) => false,
        };
        let found = match id {
            RefusedId::Payment(PaymentId(id)) => {
                self.payment_ids.find(self.payment_ids.probe(id), |at| is_it(at, id))
            }
            RefusedId::Act(ActId(id)) => {
                self.act_ids.find(self.act_ids.probe(id), |at| is_it(at, id))
            }
            RefusedId::Move(id) => return Placed::Move(id),
        };
        found.map_or(Placed::Nothing, |at| Placed::Refused(unpack(at).0 as u32))
    }
}
