//! What stands in a division by papers: the control it is under, contracts that were registered, and
//! what quota documents do once they are carried out.

use domain::ids::QuotaId;

use super::Model;
use super::cells::{Buckets, Quota};

/// What a document does to one quota.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deed {
    /// The reply takes the place of what there was before it.
    Replace { reply: i64 },
    /// Something comes, or goes.
    Issue(i64),
    /// Something is handed down.
    Allocate(i64),
    /// Something is held back, or no more.
    Freeze(i64),
}

impl Model {
    /// The division's card is on file.
    pub(crate) fn come_under_control(&mut self) {
        self.under_control = true;
    }

    /// Rules are on file by which the department approves a payment from the first amount on, and
    /// finance from the second.
    pub(crate) fn large_from(&mut self, amounts_fen: [i64; 2]) {
        self.large_from = Some(amounts_fen);
    }

    /// The posts that rules add to a payment of an amount, as bits.
    pub(super) fn posts_of_rules(&self, amount_fen: i64) -> u8 {
        let Some([department, finance]) = self.large_from else { return 0 };
        let post = |from: i64, bit: u8| if amount_fen >= from { bit } else { 0 };
        post(department, 2) | post(finance, 4)
    }

    /// A contract is registered.
    pub(crate) fn register_contract(&mut self, contract: u64) {
        self.registered_contracts.insert(contract);
    }

    /// Whether months of a plan were set.
    pub(crate) fn has_plan(&self, key: u64) -> bool {
        self.plans.contains_key(&key)
    }

    /// The next quota, made by a document.
    pub(crate) fn found(&mut self, quota: Quota) {
        self.tally.quotas += 1;
        self.quotas.push(quota);
    }

    /// What a document does to a quota.
    pub(crate) fn by_document(&mut self, quota: QuotaId, deed: Deed) {
        let buckets = &mut self.quotas[quota.serial() as usize].buckets;
        match deed {
            Deed::Replace { reply } => {
                buckets.issued = reply;
                self.tally.pre_approval_replaced += 1;
            }
            Deed::Issue(fen) => buckets.issued += fen,
            Deed::Allocate(fen) => buckets.allocated += fen,
            Deed::Freeze(fen) => buckets.frozen += fen,
        }
    }

    /// The amounts of a quota that is there.
    pub(crate) fn buckets(&self, quota: QuotaId) -> Option<Buckets> {
        self.quota(quota).map(|quota| quota.buckets)
    }
}
