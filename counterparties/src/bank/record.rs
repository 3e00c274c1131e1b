//! What a bank writes down of its decisions, field by field.

use bincode::{BorrowDecode, Encode};

use crate::record::KeyRecord;

#[derive(Encode, BorrowDecode)]
pub(super) enum Record<'a> {
    AccountOpened {
        number: &'a str,
        name: &'a str,
        division: &'a str,
        treasury: &'a str,
        finance: &'a str,
    },
    PayeeBlocked {
        account: &'a str,
        why: &'a str,
    },
    DayOpened {
        day: u32,
    },
    CutOff,
    /// An order was paid, at least in part.
    Paid(Paid<'a>),
    /// An order was sent back.
    Returned {
        key: KeyRecord<'a>,
        digest: u64,
    },
    /// An order was taken and stays without an answer: the script says so.
    Silent {
        key: KeyRecord<'a>,
        digest: u64,
    },
    /// A batch's parent or details wait for the other half.
    Waiting {
        digest: u64,
        from: &'a str,
        voucher: &'a [u8],
    },
    /// A transfer request went out for the vouchers that waited longest in a group.
    Requested {
        key: KeyRecord<'a>,
        group: &'a str,
        vouchers: u32,
        amount_fen: i64,
    },
    /// A refund request went out.
    RefundsRequested {
        key: KeyRecord<'a>,
        group: &'a str,
        refunds: Vec<u32>,
        amount_fen: i64,
    },
    /// The central bank has settled a request of either kind.
    Settled {
        key: KeyRecord<'a>,
        cleared_day: u32,
    },
    /// The central bank has sent a request of either kind back.
    Refused {
        key: KeyRecord<'a>,
    },
    /// Details of an order came back from their payees.
    Refunded {
        key: KeyRecord<'a>,
        notice: KeyRecord<'a>,
        reason: &'a str,
        /// Which of the details that were paid, from 0, and the number of each refund.
        lines: Vec<(u32, u32)>,
    },
    /// Receipts that were kept back have gone out.
    Sent {
        keys: Vec<KeyRecord<'a>>,
    },
    /// A number was used for a report or an answer.
    Numbered {
        count: u32,
    },
    Closed {
        /// Accounts that are not at zero, with what they are at.
        not_zero: Vec<(&'a str, i128)>,
    },
    /// An account that pays out of its own money.
    DepositOpened {
        number: &'a str,
        name: &'a str,
        division: &'a str,
        finance: &'a str,
    },
    /// Money came into such an account.
    PaidIn {
        account: &'a str,
        amount_fen: i64,
    },
    /// A payee has collected from an account, by its claim.
    Debited {
        debit: KeyRecord<'a>,
        number: &'a str,
        account: &'a str,
        payee: &'a str,
        amount_fen: i64,
    },
    /// An order took a debit over.
    Collected {
        debit: KeyRecord<'a>,
        paid: Paid<'a>,
    },
    /// A payee gave a debit back.
    DebitBack {
        debit: KeyRecord<'a>,
        notice: KeyRecord<'a>,
    },
    /// An order is dated on a day that the bank has not begun, and waits for it.
    Early {
        digest: u64,
        from: &'a str,
        voucher: &'a [u8],
    },
    /// It is looked at now.
    TakenUp {
        key: KeyRecord<'a>,
    },
    /// Finance did not take the receipt of a payment.
    ReceiptNotTaken {
        key: KeyRecord<'a>,
    },
    /// The receipt of such a payment has gone out again.
    ReceiptAgain {
        key: KeyRecord<'a>,
    },
    /// A payment was taken back.
    Reversed {
        key: KeyRecord<'a>,
        reason: &'a str,
    },
}

#[derive(Encode, BorrowDecode)]
pub(super) struct Paid<'a> {
    pub(super) key: KeyRecord<'a>,
    pub(super) digest: u64,
    /// The order's own date.
    pub(super) date: u32,
    /// Details that came beside: what was paid stands under their key. The parent is `key`.
    pub(super) beside: Option<(KeyRecord<'a>, u64)>,
    pub(super) account: &'a str,
    pub(super) fund: &'a str,
    pub(super) method: &'a str,
    pub(super) lane: u8,
    /// Of the script; 0: none.
    pub(super) fault: u8,
    /// To whom a receipt is due that is kept back, and the receipt.
    pub(super) held: Option<(&'a str, &'a [u8])>,
    pub(super) lines: Vec<PaidLine<'a>>,
}

#[derive(Encode, BorrowDecode)]
pub(super) struct PaidLine<'a> {
    /// The payee's line.
    pub(super) detail: &'a str,
    /// The order's line it is part of; the same, but where payees came beside.
    pub(super) order_detail: &'a str,
    /// The engine's payment; 0: not told.
    pub(super) payment: u128,
    /// Empty: cash.
    pub(super) payee: &'a str,
    /// Department, functional class, economic classes of government and department, quota, label of the project.
    pub(super) elements: [&'a str; 7],
    pub(super) paid_fen: i64,
}
