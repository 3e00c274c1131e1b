//! One line of a statement or of our books, and what it is compared by.

use std::fmt;

use crate::codes::numbered;
use crate::ids::Day;
use crate::money::Fen;
use crate::voucher::{PartyKind, VoucherKey};

numbered! {
    /// What is compared: which statement of theirs with which of our books.
    Source {
        /// A bank's receipts (回单), with what we hold as paid, detail by detail.
        Receipts = 1, "receipts";
        /// The statement of a zero-balance account (账户对账单), with what we hold as paid from it.
        Account = 2, "account";
        /// A bank's transfer requests (2301), with what we hold as paid and not cleared.
        TransferRequests = 3, "transfer-requests";
        /// A bank's refund requests (2302), with the refunds we took.
        RefundRequests = 4, "refund-requests";
        /// The central bank's clearing statement (3501 to finance, 3502 to a bank), with what we hold as cleared.
        Clearing = 5, "clearing";
        /// The statement of the treasury account (3513), with what moved cash in our books.
        Treasury = 6, "treasury";
        /// A bank's statement of an account's month (4006), with what we hold as paid from it and as come back.
        AccountMonth = 7, "account-month";
        /// The same of a year.
        AccountYear = 8, "account-year";
        /// What the central bank cleared in a month by bank, account and fund nature (4004), with what we hold as cleared.
        ClearingMonth = 9, "clearing-month";
        /// The same of a year.
        ClearingYear = 10, "clearing-year";
        /// The treasury account's month (3552), with what moved cash in our books.
        TreasuryMonth = 11, "treasury-month";
        /// The same of a year.
        TreasuryYear = 12, "treasury-year";
    }
}

impl Source {
    /// What officials call the statement.
    #[must_use]
    pub const fn chinese(self) -> &'static str {
        match self {
            Source::Receipts => "支付回单",
            Source::Account => "零余额账户对账单",
            Source::TransferRequests => "申请划款凭证",
            Source::RefundRequests => "申请退款凭证",
            Source::Clearing => "清算对账单",
            Source::Treasury => "国库存款账户对账单",
            Source::AccountMonth => "零余额账户月对账单",
            Source::AccountYear => "零余额账户年对账单",
            Source::ClearingMonth => "清算月对账单",
            Source::ClearingYear => "清算年对账单",
            Source::TreasuryMonth => "国库存款账户月对账单",
            Source::TreasuryYear => "国库存款账户年对账单",
        }
    }

    /// Whose statement it is.
    #[must_use]
    pub const fn told_by(self) -> PartyKind {
        match self {
            Source::Receipts
            | Source::Account
            | Source::TransferRequests
            | Source::RefundRequests
            | Source::AccountMonth
            | Source::AccountYear => PartyKind::Bank,
            Source::Clearing
            | Source::Treasury
            | Source::ClearingMonth
            | Source::ClearingYear
            | Source::TreasuryMonth
            | Source::TreasuryYear => PartyKind::CentralBank,
        }
    }
}

numbered! {
    /// Whose lines.
    Side {
        /// Our books.
        Ours = 1, "ours";
        /// Their statement.
        Theirs = 2, "theirs";
    }
}

numbered! {
    /// What a line says of its item.
    ItemState {
        /// Done: paid, requested, cleared (正常).
        Done = 0, "done";
        /// Not done, or sent back (退回).
        Returned = 1, "returned";
        /// On its way: asked for, and no definite answer yet (在途).
        Pending = 2, "pending";
    }
}

impl ItemState {
    /// What officials call it.
    #[must_use]
    pub const fn chinese(self) -> &'static str {
        match self {
            ItemState::Done => "正常",
            ItemState::Returned => "退回",
            ItemState::Pending => "在途",
        }
    }
}

/// What lines are told apart and added up by: the bank, the payer's account and the fund nature. A statement that does
/// not tell one of them leaves it empty, and so does our side then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scope<'a> {
    /// Bank's code, up to [`crate::limits::PARTY_CODE_CHARS_MAX`] bytes.
    pub bank: &'a str,
    /// Payer's account.
    pub account: &'a str,
    /// Fund nature.
    pub fund: &'a str,
}

/// A voucher, or one detail of it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Item<'a> {
    /// The voucher that was paid, requested or cleared.
    pub voucher: VoucherKey,
    /// Its detail; empty for the voucher as a whole.
    pub detail: &'a str,
}

impl fmt::Display for Item<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.voucher)?;
        if self.detail.is_empty() { Ok(()) } else { write!(out, "/{}", self.detail) }
    }
}

impl fmt::Debug for Item<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

/// What one side says of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Figures {
    /// How much, in fen; negative for money that came back.
    pub amount_fen: Fen,
    /// How it stands.
    pub state: ItemState,
    /// The day it was done on, or asked for while it is pending.
    pub day: Day,
}

impl Figures {
    /// In Chinese.
    #[must_use]
    pub fn chinese(self) -> String {
        format!("{}元、{}、{}", self.amount_fen, self.state.chinese(), self.day.get())
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {} on {}", self.amount_fen, self.state, self.day.get())
    }
}

/// A line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Line<'a> {
    /// Where it belongs.
    pub scope: Scope<'a>,
    /// What it is of.
    pub item: Item<'a>,
    /// What it says.
    pub figures: Figures,
}
