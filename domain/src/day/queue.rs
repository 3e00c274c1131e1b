//! What waits for cash at the central bank, as its statement has told it (库款不足排队).

use crate::clearing::Lane;
use crate::ids::Day;
use crate::money::{Fen, yuan_grouped};
use crate::voucher::VoucherKey;

/// A request, or an allocation, that waits for cash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Waiting {
    /// Its place: wages first; of one lane as they are told.
    pub lane: Lane,
    /// The voucher.
    pub voucher: VoucherKey,
    /// How much.
    pub amount_fen: Fen,
    /// The day whose statement told it.
    pub told: Day,
}

impl Waiting {
    /// In a line: `wages 370000005-2022-2301-10200000001 ¥300.00 waits for cash, by the statement of 20220304`.
    #[must_use]
    pub fn english(&self) -> String {
        let Waiting { lane, voucher, amount_fen, told } = self;
        let (fen, day) = (yuan_grouped(amount_fen.get().into()), told.get());
        format!("{lane} {voucher} {fen} waits for cash, by the statement of {day}")
    }

    /// The same in Chinese.
    #[must_use]
    pub fn chinese(&self) -> String {
        let Waiting { lane, voucher, amount_fen, told } = self;
        let (fen, day) = (yuan_grouped(amount_fen.get().into()), told.get());
        format!("{} {voucher} {fen} 待库款（{day}清算对账单）", lane.chinese())
    }
}
