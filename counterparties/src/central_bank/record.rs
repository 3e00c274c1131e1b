//! What the central bank writes down of its decisions, field by field.

use bincode::{BorrowDecode, Encode};

use crate::record::KeyRecord;

#[derive(Encode, BorrowDecode)]
pub(super) enum Record<'a> {
    Treasury {
        code: &'a str,
        division: &'a str,
        finance: &'a str,
        floor_fen: i64,
    },
    Bank {
        code: &'a str,
        name: &'a str,
    },
    BankNumber {
        number: &'a str,
    },
    Function {
        year: u16,
        code: &'a str,
        sums_only: bool,
    },
    Unit {
        division: &'a str,
        code: &'a str,
    },
    DayOpened {
        day: u32,
    },
    PaidIn {
        treasury: &'a str,
        what: u8,
        class: &'a str,
        amount_fen: i64,
    },
    Dispatched {
        from: &'a str,
        to: &'a str,
        amount_fen: i64,
    },
    /// A voucher was taken and is kept until it is settled, or for the one it belongs to.
    Kept {
        digest: u64,
        from: &'a str,
        voucher: &'a [u8],
    },
    /// A voucher was sent back. `request`: it was kept until now.
    Returned {
        key: KeyRecord<'a>,
        digest: u64,
    },
    /// A voucher was taken and nothing more is to come of it.
    Noted {
        key: KeyRecord<'a>,
        digest: u64,
    },
    /// A kept voucher waits for nothing but cash.
    Queued {
        key: KeyRecord<'a>,
    },
    /// A kept voucher was paid, or posted.
    Settled {
        key: KeyRecord<'a>,
    },
    Closed {
        numbers: u32,
    },
    /// Statements of a period were written.
    Told {
        numbers: u32,
    },
    /// An allocation came back: of which details, counted from 0.
    AllocationBack {
        allocation: KeyRecord<'a>,
        notice: KeyRecord<'a>,
        lines: Vec<u32>,
    },
    /// A voucher came behind the close and waits for a day.
    Early {
        digest: u64,
        from: &'a str,
        voucher: &'a [u8],
    },
    /// It is looked at now.
    TakenUp {
        key: KeyRecord<'a>,
    },
    /// All that waited for the day has been looked at.
    Begun,
    /// A treasury's income of the day has come, as the generator has it.
    IncomeCame {
        treasury: &'a str,
    },
}
