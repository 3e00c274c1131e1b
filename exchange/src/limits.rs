//! Every bound of the exchange, by name.

/// Effects that one voucher or order may have: a batch's receipt is one, a day's clearing requests are many.
pub const EFFECTS_MAX: usize = 65_536;
