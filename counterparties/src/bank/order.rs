//! What people and timers tell a bank, and why it may say no.

use domain::Fen;
use domain::ids::Day;
use domain::reconciliation::period::Period;
use domain::voucher::VoucherKey;
use thiserror::Error;

use super::collection::Claim;
use super::master::{DepositAccount, ZeroBalanceAccount};
use crate::limits::REASON_CHARS_MAX;

/// An order to a bank.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// Opens a zero-balance account.
    OpenAccount(ZeroBalanceAccount),
    /// Opens an account that pays out of its own money.
    OpenDeposit(DepositAccount),
    /// Money comes into such an account.
    PayIn {
        /// The account's number.
        account: String,
        /// How much.
        amount_fen: Fen,
    },
    /// A payee's account takes no money from now on: it is closed, or does not exist.
    BlockPayee {
        /// The account's number.
        account: String,
        /// Why, for receipts and returns.
        why: String,
    },
    /// Begins a business day.
    OpenDay(Day),
    /// Ends payments of the day (截止); what comes later waits for the next one.
    CutOff,
    /// What time it is on the bank's open day, in minutes from midnight in Beijing; the last minute where that day has passed. A bank
    /// that has a cut-off time passes it by this.
    Minute {
        /// The day that is meant: said of another one, it means nothing.
        day: Day,
        /// The minute.
        minute: u16,
    },
    /// Asks the central bank for what was paid (2301), and hands it refunds (2302).
    RequestClearing,
    /// A payee's bank or the payee gives money back (退票、退回).
    Refund {
        /// The payment order, or a debit by collection that none has taken over.
        voucher: VoucherKey,
        /// Which detail; none: all that were paid and not given back.
        detail: Option<String>,
        /// Why.
        reason: String,
    },
    /// A payment is taken back (冲正) that was paid otherwise than ordered, whose receipt finance did not take.
    Reverse {
        /// The payment order.
        voucher: VoucherKey,
        /// Why.
        reason: String,
    },
    /// A payee collects from an account under an agreement (托收), before a payment is asked for.
    Collect(Claim),
    /// Sends receipts that a script kept back as [`crate::script::Fault::Late`].
    SendLate,
    /// Ends the day: zero-balance accounts have to be at zero, or people are alarmed.
    Close,
    /// Tells finance a month or a year that is over, summed up (4006).
    Tell(Period),
}

/// Why an order to a bank is refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// Another account has this number.
    #[error("account {number} is open for somebody else; choose another number")]
    AccountTaken {
        /// The account's number.
        number: String,
    },
    /// An account without a number, or with one that is not as it is seen.
    #[error("`{number}` is no account's number; give one of letters, digits and hyphens")]
    NoNumber {
        /// What was given.
        number: String,
    },
    /// Nothing can be paid into such an account.
    #[error(
        "{account} is no account of this bank with money of its own; open it with `open-deposit`"
    )]
    NoDeposit {
        /// The account's number.
        account: String,
    },
    /// No amount to pay in.
    #[error("{amount_fen} cannot be paid in; give an amount above zero")]
    Amount {
        /// The amount.
        amount_fen: Fen,
    },
    /// Its balance would be beyond every amount.
    #[error("the balance of {account} would be beyond every amount; have it cleared first")]
    Beyond {
        /// The account's number.
        account: String,
    },
    /// No day is open.
    #[error("no business day is open; open one")]
    NoDay,
    /// A day is open.
    #[error("{day:?} is not closed; close it first")]
    DayOpen {
        /// Which.
        day: Day,
    },
    /// Days go forward.
    #[error("{day:?} is not after {last:?}, the last day; open a later one")]
    DayPast {
        /// Which was to be opened.
        day: Day,
        /// The last one.
        last: Day,
    },
    /// The period has days to come.
    #[error("{period} is not over here; close its last day, or open one behind it")]
    NotOver {
        /// Which.
        period: Period,
    },
    /// The bank has paid no such voucher.
    #[error("this bank has not paid {voucher}; name a payment order that it paid")]
    NotPaid {
        /// The voucher that was named.
        voucher: VoucherKey,
    },
    /// Nothing under this name is left to be given back.
    #[error("{voucher} has no paid detail `{detail}` that was not given back; name another")]
    NothingToRefund {
        /// The voucher that was named.
        voucher: VoucherKey,
        /// The detail that was named; empty: any.
        detail: String,
    },
    /// Its request is on its way.
    #[error(
        "{voucher} is in a request that the central bank has not answered; when that has come back, take it back"
    )]
    Requested {
        /// The voucher that was named.
        voucher: VoucherKey,
    },
    /// The treasury has given the money.
    #[error("{voucher} was cleared; have the money given back with `refund`")]
    Cleared {
        /// The voucher that was named.
        voucher: VoucherKey,
    },
    /// Finance has its receipt, or may have.
    #[error(
        "finance has not said that it does not take the receipt of {voucher}; wait for its answer. What it took is given \
         back with `refund`, and not by this"
    )]
    ReceiptStands {
        /// The voucher that was named.
        voucher: VoucherKey,
    },
    /// It was taken back before.
    #[error("{voucher} was taken back on {day:?}; nothing is left to do")]
    Reversed {
        /// The voucher that was named.
        voucher: VoucherKey,
        /// When.
        day: Day,
    },
    /// The payee has the money by its own claim.
    #[error("{voucher} took a debit by collection over; have the payee give that back")]
    TookOver {
        /// The voucher that was named.
        voucher: VoucherKey,
    },
    /// Only zero-balance accounts are collected from.
    #[error("{account} is no zero-balance account of this bank; name one that is")]
    NoZeroBalance {
        /// The account's number.
        account: String,
    },
    /// A claim that finance cannot be told of.
    #[error("the claim makes no voucher: {why}")]
    Claim {
        /// What is wrong with it, in both languages.
        why: String,
    },
    /// A claim pays once.
    #[error("claim {number} of {payee} was debited before; name another")]
    Collected {
        /// The payee's account.
        payee: String,
        /// The payee's number.
        number: String,
    },
    /// No reason, or a novel.
    #[error("a reason has 1 to {REASON_CHARS_MAX} characters")]
    Reason,
}
