//! Where a voucher that orders money to be paid stands with finance.

/// Where a voucher to a bank stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It went out and is not answered.
    Out,
    /// Paid, whole or in part: the money is not cleared.
    Paid,
    /// Paid, and a limit notice for it went to the central bank.
    Noticed,
    /// The central bank has cleared it.
    Cleared,
    /// Paid out of an account that nobody reimburses: a fiscal special account's, or the unit's own.
    Settled,
    /// Nothing was paid: rejected, returned, or failed in every detail. Its number is at an end.
    Ended,
}

impl Standing {
    /// Its name in texts and JSON.
    #[must_use]
    pub const fn slug(self) -> &'static str {
        match self {
            Standing::Out => "out",
            Standing::Paid => "paid",
            Standing::Noticed => "noticed",
            Standing::Cleared => "cleared",
            Standing::Settled => "settled",
            Standing::Ended => "ended",
        }
    }

    /// What it means, in English.
    #[must_use]
    pub const fn english(self) -> &'static str {
        match self {
            Standing::Out => "no answer to it has come",
            Standing::Paid => {
                "paid, and no limit notice is out for it: its bank has not asked for the money, or the notice came back"
            }
            Standing::Noticed => {
                "paid, and its limit notice lies at the central bank, which clears it when it has the bank's request \
                 too, and cash"
            }
            Standing::Cleared => "cleared by the central bank",
            Standing::Settled => "paid out of an account that nobody reimburses, which is final",
            Standing::Ended => "nothing was paid by it, and its number is at an end",
        }
    }

    /// What it means, in Chinese.
    #[must_use]
    pub const fn chinese(self) -> &'static str {
        match self {
            Standing::Out => "尚无答复",
            Standing::Paid => "已支付，未发清算额度通知：银行尚未申请划款，或通知被退回",
            Standing::Noticed => "已支付，清算额度通知在人民银行，待银行申请及库款到位后清算",
            Standing::Cleared => "人民银行已清算",
            Standing::Settled => "已从自有资金账户支付，无需清算",
            Standing::Ended => "未支付，凭证号作废",
        }
    }
}
