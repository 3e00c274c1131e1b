//! Vouchers that came before the day they can be looked at: kept whole, and looked at when it has begun.

use std::collections::{BTreeMap, HashMap};

use domain::ids::Day;
use domain::voucher::{Party, Voucher, VoucherKey};

/// A voucher that waits for a day.
#[derive(Clone, Debug)]
pub(crate) struct Early {
    pub(crate) from: Party,
    pub(crate) voucher: Voucher,
    pub(crate) digest: u64,
    /// The day it came on; none where no day had begun before.
    pub(crate) since: Option<Day>,
}

/// All that wait for a day: by their date, then as they came.
#[derive(Clone, Debug, Default)]
pub(crate) struct Behind {
    waits: BTreeMap<(Day, u64), Early>,
    places: HashMap<VoucherKey, (Day, u64)>,
    came: u64,
}

impl Behind {
    pub(crate) fn len(&self) -> usize {
        self.waits.len()
    }

    pub(crate) fn put(&mut self, early: Early) {
        let (key, place) = (early.voucher.key, (early.voucher.date, self.came));
        self.came += 1;
        self.places.insert(key, place);
        self.waits.insert(place, early);
    }

    pub(crate) fn get(&self, key: &VoucherKey) -> Option<&Early> {
        self.places.get(key).and_then(|place| self.waits.get(place))
    }

    pub(crate) fn remove(&mut self, key: &VoucherKey) {
        if let Some(place) = self.places.remove(key) {
            self.waits.remove(&place);
        }
    }

    /// The first that is not dated after a day.
    pub(crate) fn first_by(&self, day: Day) -> Option<&Early> {
        let ((date, _), early) = self.waits.first_key_value()?;
        (*date <= day).then_some(early)
    }

    /// All of them, in the order they are looked at.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Early> {
        self.waits.values()
    }
}
