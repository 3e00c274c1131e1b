//! Every bound of the counterparties, by name.

/// Vouchers for which a ledger has room from its beginning; it grows beyond them.
pub const VOUCHERS_PLANNED: usize = 2_000_000;

/// Vouchers, accounts or texts that one ledger can name.
pub const NAMES_MAX: usize = (u32::MAX - 1) as usize;

/// Days that one ledger can have entries on.
pub const DAYS_MAX: usize = u16::MAX as usize;

/// Lines of a script of wrong answers.
pub const SCRIPT_LINES_MAX: usize = 10_000;

/// Batch vouchers that a bank keeps while the other half, parent or details, has not come.
pub const BATCHES_WAITING_MAX: usize = 4_096;

/// Vouchers that one order to request clearing takes; what is left waits for the next order.
pub const REQUESTED_PER_ORDER_MAX: usize = 200_000;

/// Requests that one order to request clearing sends, two copies and a record each.
pub const REQUESTS_PER_ORDER_MAX: u32 = 10_000;

/// Vouchers that the central bank settles at a time, up to four effects each.
pub const SETTLED_PER_RUN_MAX: usize = 10_000;

/// Lines of one report or statement: what a voucher holds.
pub const LISTED_PER_VOUCHER_MAX: usize = 50_000;

/// A reason given with a return or refund, in characters.
pub const REASON_CHARS_MAX: usize = 300;

/// Orders that a bank keeps because the day they wait for has not begun.
pub const EARLY_MAX: usize = 65_536;

/// Vouchers that the central bank keeps because they wait: for a day, a notice, a request, or cash.
pub const KEPT_MAX: usize = 65_536;

const _: () = {
    assert!(LISTED_PER_VOUCHER_MAX <= domain::limits::VOUCHER_DETAILS_MAX);
    assert!(3 * REQUESTS_PER_ORDER_MAX as usize <= exchange::limits::EFFECTS_MAX);
    assert!(4 * SETTLED_PER_RUN_MAX <= exchange::limits::EFFECTS_MAX);
    assert!(SCRIPT_LINES_MAX < exchange::limits::EFFECTS_MAX);
};
