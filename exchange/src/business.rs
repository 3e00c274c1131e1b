//! What stands behind a store: a party's own business, which decides what comes of each voucher.
//!
//! A business decides without changing itself, and changes by applying the records it decided on: live
//! and when the store's journal is read again. It reads no clock; its day comes by orders.

use domain::voucher::{Flag, Party, Voucher, VoucherKey};

/// In whose name a store does what its business decides.
pub const BY_ITSELF: &str = "business";

/// Whether a voucher is taken as a document (签收): well formed, for us, not against what is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is (签收成功). What comes of it may still be a refusal, told by a voucher.
    Accepted,
    /// It is not (签收失败); the sender is told why.
    Failed {
        /// Why, in words for the sender.
        reason: String,
    },
}

/// One thing that comes of a voucher or an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// The business changed: its own encoding of how, journaled and given to [`Business::apply`].
    Record(Vec<u8>),
    /// A voucher is to be sealed and sent, once everything it rests on is durable.
    Issue {
        /// To whom.
        to: Party,
        /// The voucher, with a number the business gave it.
        voucher: Voucher,
    },
    /// A voucher that was accepted is sent back (退回): its number is at an end.
    Return {
        /// To whom.
        to: Party,
        /// Which.
        key: VoucherKey,
        /// Why, in words for the sender.
        reason: String,
    },
    /// A voucher of ours is not to be carried out any more. It is voided (作废) where the store can show that it
    /// never left, and [`Business::came_back`] hears so; else it is asked back (撤回), and the other side decides.
    /// Where neither can be done, a person is told.
    TakeBack {
        /// Who was to have it.
        to: Party,
        /// Which.
        key: VoucherKey,
        /// Why, in words.
        reason: String,
    },
    /// A voucher of ours is needed as it was written; it comes by [`Business::read_again`], in the same turn.
    ReadAgain {
        /// To whom it was written.
        to: Party,
        /// Which.
        key: VoucherKey,
    },
    /// A person has to know something.
    Alarm {
        /// What, in words.
        what: String,
    },
}

/// What a test double's store does wrongly with a voucher on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnPurpose {
    /// It goes out as often as it is issued, each time under a number of the line of its own, whatever it says.
    Doubled,
    /// The first seals under it do not hold.
    SpoiltSeals,
}

/// A party's business.
pub trait Business {
    /// What it is told by people and timers: open a day, cut off, request clearing, pay in.
    type Order;

    /// Why an order is refused.
    type Refusal: std::error::Error;

    /// What comes of a voucher whose signatures hold and which was not here before.
    fn take(&self, from: Party, voucher: &Voucher) -> (Verdict, Vec<Effect>);

    /// What comes of an order.
    ///
    /// # Errors
    /// When the order is refused; nothing comes of it then.
    fn order(&self, order: &Self::Order) -> Result<Vec<Effect>, Self::Refusal>;

    /// What a business does by itself after an order, a step at a time: each is decided on what the one before it has
    /// changed, and nothing more is asked of it once nothing comes. All of it is part of the order's turn.
    fn goes_on(&self) -> Vec<Effect> {
        Vec::new()
    }

    /// What comes of one of ours that ends without having been carried out: the other side sent it back or did not
    /// take it, or it was voided before it left. It is told of a receipt of ours too, under the key of its original.
    fn came_back(&self, from: Party, key: VoucherKey, reason: &str) -> Vec<Effect>;

    /// What comes of a voucher of theirs that was taken and is asked back (撤回): the effects by which it is sent back, where
    /// nothing has been done about it yet. None: it is kept.
    fn gives_back(&self, _from: Party, _key: VoucherKey) -> Option<Vec<Effect>> {
        None
    }

    /// What comes of a voucher of ours that [`Effect::ReadAgain`] asked for. Nothing, unless a business asks.
    fn read_again(&self, _to: Party, _voucher: &Voucher) -> Vec<Effect> {
        Vec::new()
    }

    /// The cut-off of whoever they are for holds these originals of ours back: they never left, and go out when a working day
    /// has begun. Told once of all that wait when it passes, and then of each that is written behind it.
    fn held_back(&self, _vouchers: &[VoucherKey]) -> Vec<Effect> {
        Vec::new()
    }

    /// What a cut-off held back goes out now.
    fn let_go(&self) -> Vec<Effect> {
        Vec::new()
    }

    /// How a voucher of ours goes out wrongly on purpose: for test doubles; no party in earnest says anything here.
    fn on_purpose(&self, key: VoucherKey, flag: Flag) -> Option<OnPurpose> {
        let _ = (key, flag);
        None
    }

    /// Changes by a record of [`Effect::Record`], live and in replay.
    fn apply(&mut self, record: &[u8]);
}
