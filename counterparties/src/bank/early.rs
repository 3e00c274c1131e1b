//! Orders that come before the day they can be paid on, or behind the cut-off of theirs: they wait for the next day, and are looked
//! at when it begins (R-CUTOFF). None is sent back for the hour it came at, nor for who began a day first.

use domain::ids::Day;
use domain::voucher::{Field, Flag, Party, Voucher, VoucherKey};
use exchange::business::Effect;

use super::record::Record;
use super::{Bank, Phase, noted};
use crate::behind::Early;
use crate::limits::EARLY_MAX;
use crate::record::{KeyRecord, voucher_bytes};

impl Bank {
    /// Orders, and receipts of the central bank, that wait for a day, with the day they came on; none where the bank had not begun
    /// one.
    pub fn early(&self) -> impl Iterator<Item = (&Voucher, Option<Day>)> {
        self.behind.iter().map(|early| (&early.voucher, early.since))
    }

    /// Whether an order waits for a day that has not begun: it is dated on a later one than the bank's own, or that one is past
    /// its cut-off. Where too many wait already, it is sent back.
    pub(super) fn waits_for_day(&self, voucher: &Voucher) -> bool {
        let is_early = self.day.is_none_or(|day| voucher.date > day);
        (is_early || self.phase != Phase::Open) && self.behind.len() < EARLY_MAX
    }

    /// Orders that wait though they are not dated after a day: what its cut-off holds. Accounts with money of their own are told
    /// in no statement.
    pub(super) fn held_past(&self, day: Day) -> impl Iterator<Item = &Early> {
        let is_told = move |early: &&Early| {
            let voucher = &early.voucher;
            let payer = voucher.head.text(Field::PayerAccount).unwrap_or("");
            let is_order = voucher.key.kind.is_order() && voucher.flag == Flag::Original;
            is_order && voucher.date <= day && !self.deposits.contains_key(payer)
        };
        self.behind.iter().filter(is_told)
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
        effects.extend(match voucher.flag {
            Flag::Original => self.decided(*from, voucher, *digest),
            // It was looked at when it came.
            Flag::Receipt => self.take_settled(voucher).1,
        });
        effects
    }

    /// Receipts of the central bank that came behind the close, by the requests they settle.
    pub(super) fn settlements_behind(&self) -> impl Iterator<Item = &Voucher> {
        let receipts = self.behind.iter().map(|early| &early.voucher);
        receipts.filter(|voucher| voucher.flag == Flag::Receipt)
    }

    /// An order that waits for a day.
    pub(super) fn early_order(&self, key: &VoucherKey) -> Option<&Early> {
        self.behind.get(key).filter(|early| early.voucher.flag == Flag::Original)
    }

    /// What tells an order that waits for a day from others under its key.
    pub(super) fn early_digest(&self, key: &VoucherKey) -> Option<u64> {
        self.early_order(key).map(|early| early.digest)
    }
}
