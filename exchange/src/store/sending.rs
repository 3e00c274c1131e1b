//! What is put into an outbox, and in which lane it waits there.

use domain::clearing::is_direct_funds;
use domain::voucher::facts::named_voucher;
use domain::voucher::{Field, Flag, Party, Voucher, VoucherKey};

use super::Store;
use super::rows::OutState;
use crate::envelope::Digest;
use crate::limits::{MESSAGE_BYTES_MAX, PIECE_BYTES_MAX, SEALS_MAX, SIGNATURE_BYTES_MAX};
use crate::record::Lane;

/// How many messages a letter takes whose signed bytes are so many. Seals take less than is left free.
///
/// # Panics
/// Never for a letter: its bytes are bounded.
#[must_use]
pub fn pieces_of(signed_bytes: usize) -> u16 {
    let pieces = (signed_bytes + SEALS_BYTES_MAX).div_ceil(PIECE_BYTES_MAX);
    u16::try_from(pieces).expect("a letter's bytes are bounded")
}

/// What is around signed bytes in an envelope, at most.
const SEALS_BYTES_MAX: usize = 4096;

const _: () = assert!(PIECE_BYTES_MAX < MESSAGE_BYTES_MAX);
const _: () = assert!(SEALS_MAX * (SIGNATURE_BYTES_MAX + 32) < SEALS_BYTES_MAX);

/// Which vouchers go before others: payroll, relief and direct funds (工资、救灾救助、直达资金). Of direct funds is what its
/// project's label says, which stands on the voucher.
#[derive(Clone, Debug)]
pub struct LanePolicy {
    /// Business kinds that go first: 3 is payroll.
    pub business_types: Vec<String>,
    /// Beginnings of functional classes that go first: relief.
    pub functions: Vec<String>,
}

impl Default for LanePolicy {
    fn default() -> LanePolicy {
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        LanePolicy {
            business_types: texts(&["3"]),
            // 最低生活保障、临时救助、特困人员救助供养、其他生活救助、灾害防治及应急管理。
            functions: texts(&["20819", "20820", "20821", "20825", "224"]),
        }
    }
}

impl LanePolicy {
    /// The lane a voucher would have by itself.
    #[must_use]
    pub fn lane(&self, voucher: &Voucher) -> Lane {
        let text = |field| voucher.head.text(field).unwrap_or("");
        let begins = |beginnings: &[String], text: &str| {
            beginnings.iter().any(|beginning| text.starts_with(beginning.as_str()))
        };
        let urgent = self.business_types.iter().any(|kind| kind == text(Field::BusinessType))
            || begins(&self.functions, text(Field::Function))
            || is_direct_funds(&voucher.head)
            || voucher.details.iter().any(|line| is_direct_funds(&line.fields));
        if urgent { Lane::Urgent } else { Lane::Ordinary }
    }
}

/// The voucher that a voucher belongs to and may not overtake: the original it names, else the one of its own key.
#[must_use]
pub(crate) fn root_of(voucher: &Voucher) -> VoucherKey {
    let VoucherKey { division, year, .. } = voucher.key;
    named_voucher(division, year, &voucher.head).unwrap_or(voucher.key)
}

/// What a voucher is to an outbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Queueing {
    /// It is new.
    New,
    /// It is there already, the very same.
    There,
    /// Its number is another voucher's, or at an end.
    Used(String),
}

impl Store {
    /// Whether a voucher may be put into the outbox for a party: its number was never used for another, and is
    /// not at an end with anybody.
    pub(crate) fn queueing(
        &self,
        to: Party,
        key: &VoucherKey,
        flag: Flag,
        digest: &Digest,
    ) -> Queueing {
        for (party, peer) in self.peers() {
            let Some(entry) = peer.out.find(key, flag) else { continue };
            let row = peer.out.get(entry).expect("it was found");
            if party == to && row.is_of(digest) {
                return Queueing::There;
            }
            if party == to || row.out_state() == OutState::Voided {
                return Queueing::Used(format!("{key} was used before, for {party}"));
            }
        }
        Queueing::New
    }

    /// In which lane a voucher waits: with the one it belongs to, so that it does not overtake it.
    pub(crate) fn lane_for(&self, to: Party, voucher: &Voucher, policy: &LanePolicy) -> Lane {
        let own = policy.lane(voucher);
        if voucher.flag == Flag::Receipt {
            // Whether its original is on record or comes in this very turn: the receipts of an order and of its sheet keep their order.
            return own;
        }
        self.peer(to).map_or(own, |peer| peer.lane_behind(&root_of(voucher), own))
    }
}
