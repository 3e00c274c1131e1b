//! What people and timers tell the central bank, and why it may say no.

use domain::Fen;
use domain::ids::Day;
use domain::reconciliation::period::Period;
use domain::voucher::VoucherKey;
use thiserror::Error;

use super::master::MasterRow;
use crate::income::Income;
use crate::limits::REASON_CHARS_MAX;

/// Money into a treasury.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum PaidIn {
    /// What was there before the ledger began.
    Opening = 1,
    /// Taxes and other income.
    Income = 2,
    /// Proceeds of bonds.
    Bonds = 3,
}

impl PaidIn {
    /// The account outside that it comes from.
    pub(super) const fn account(self) -> &'static str {
        match self {
            PaidIn::Opening => "opening",
            PaidIn::Income => "income",
            PaidIn::Bonds => "bonds",
        }
    }
}

/// An order to the central bank.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// Takes rows on file.
    File(Vec<MasterRow>),
    /// Begins a business day.
    OpenDay(Day),
    /// Takes money into a treasury.
    PayIn {
        /// The treasury, by its code.
        treasury: String,
        /// What it is.
        what: PaidIn,
        /// The class of income it is reported under.
        class: String,
        /// How much.
        amount_fen: Fen,
    },
    /// Takes a day's income and bond proceeds in, as the generator has them; all of it or nothing.
    Income {
        /// What they follow from.
        seed: u64,
        /// The day, which has to be the one that is open.
        day: Day,
        /// Which treasuries have how much on a usual day.
        incomes: Vec<Income>,
    },
    /// Sends cash to another treasury (库款调度).
    Dispatch {
        /// From which.
        from: String,
        /// To which.
        to: String,
        /// How much.
        amount_fen: Fen,
    },
    /// A real allocation comes back from its receiver's bank (实拨退回): finance is told.
    AllocationBack {
        /// The allocation (5207).
        allocation: VoucherKey,
        /// The detail that comes back; none: all that has not.
        detail: Option<String>,
        /// Why.
        reason: String,
    },
    /// A request that waits for finance's limit notice, or a notice that waits for its request, is sent back (退回).
    SendBack {
        /// Which.
        voucher: VoucherKey,
        /// Why.
        reason: String,
    },
    /// Pays what waits, as far as cash goes: goes on where a run stopped at its bound.
    Settle,
    /// Ends the day with its statements and reports.
    Close,
    /// Tells finance a month or a year that is over, summed up (4004, 3552).
    Tell(Period),
}

/// Why an order to the central bank is refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
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
    /// No such treasury.
    #[error("treasury {code} is not on file; file it")]
    NoTreasury {
        /// The code that was named.
        code: String,
    },
    /// No class of income.
    #[error(
        "`{class}` is no class of income of {year} here; name one that is on file, which begins with 1 and sums no others"
    )]
    NoIncome {
        /// What was named.
        class: String,
        /// The year.
        year: u16,
    },
    /// Another day is open.
    #[error("{open:?} is the open day, and income of {day:?} was ordered; name the open day")]
    OtherDay {
        /// Which was named.
        day: Day,
        /// Which is open.
        open: Day,
    },
    /// The day's income has come.
    #[error("treasury {code} has had its income of {day:?}; it comes once a day")]
    IncomeCame {
        /// The treasury.
        code: String,
        /// The day.
        day: Day,
    },
    /// Nothing, less than nothing, or more than there is.
    #[error("{amount_fen} yuan cannot be moved; name an amount above zero and in bounds")]
    Amount {
        /// The amount that was named.
        amount_fen: Fen,
    },
    /// Balances would be beyond every amount.
    #[error(
        "{came} yuan have been paid in so far, and with this it would be more than an amount holds; pay in less"
    )]
    TooMuch {
        /// What has been paid in, in yuan.
        came: String,
    },
    /// Nobody would know why.
    #[error(
        "a reason has 1 to {REASON_CHARS_MAX} characters and no control characters; say why it comes back"
    )]
    Reason,
    /// It is not here, has ended, or waits for cash alone.
    #[error(
        "{voucher} waits here for no limit notice and no request; name one that does, as `look status` lists them"
    )]
    NotHeld {
        /// What was named.
        voucher: VoucherKey,
    },
    /// No such allocation was paid.
    #[error("{voucher} is no allocation that was paid here; name one that was")]
    NotAllocated {
        /// What was named.
        voucher: VoucherKey,
    },
    /// Nothing of it is out.
    #[error(
        "nothing of {voucher} is out under detail `{detail}`; name one that was paid and has not come back"
    )]
    NothingAllocated {
        /// The allocation.
        voucher: VoucherKey,
        /// The detail that was named; empty: none was.
        detail: String,
    },
    /// Cash is short.
    #[error("treasury {code} has {available} yuan above its floor, not {amount_fen}; send less")]
    CashShort {
        /// The treasury.
        code: String,
        /// What may leave, in yuan.
        available: String,
        /// What was to leave.
        amount_fen: Fen,
    },
}
