//! Orders that come before the day they can be paid on: they wait for it, and are looked at when it begins (R-CUTOFF).

use domain::ids::Day;
use domain::voucher::{Party, Voucher, VoucherKey};
use exchange::business::Effect;

use super::record::Record;
use super::{Bank, Phase, noted};
use crate::behind::Early;
use crate::limits::EARLY_MAX;
use crate::record::{KeyRecord, voucher_bytes};

impl Bank {
    /// Orders that wait for a day, with the day they came on; none where the bank had not begun one.
    pub fn early(&self) -> impl Iterator<Item = (&Voucher, Option<Day>)> {
        self.behind.iter().map(|early| (&early.voucher, early.since))
    }

    /// Whether an order waits for a day that has not begun: it is dated on a later one than the bank's own, or that one is
    /// closed. Where too many wait already, it goes the way of one that came too late.
    pub(super) fn waits_for_day(&self, voucher: &Voucher) -> bool {
        let is_early = self.day.is_none_or(|day| voucher.date > day);
        (is_early || self.phase == Phase::Closed) && self.behind.len() < EARLY_MAX
    }

    pub(super) fn wait_for_day(&self, from: Party, voucher: &Voucher, digest: u64) -> Vec<Effect> {
        let (from, voucher) = (from.to_string(), voucher_bytes(voucher));
        vec![noted(&Record::Early { digest, from: &from, voucher: &voucher })]
    }

    /// The first order that waited for the day that is open, looked at as if it had just come.
    pub(super) fn take_up(&self) -> Vec<Effect> {
        let day = self.day.filter(|_| self.phase == Phase::Open);
        let Some(early) = day.and_then(|day| self.behind.first_by(day)) else { return Vec::new() };
        let Early { from, voucher, digest, .. } = early;
        let key = KeyRecord::from(&voucher.key);
        let mut effects = vec![noted(&Record::TakenUp { key })];
        effects.extend(self.decided(*from, voucher, *digest));
        effects
    }

    /// What tells an order that waits for a day from others under its key.
    pub(super) fn early_digest(&self, key: &VoucherKey) -> Option<u64> {
        self.behind.get(key).map(|early| early.digest)
    }
}
