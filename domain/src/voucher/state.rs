//! Where a voucher stands, who moves it there, and what the other side says of it.
//!
//! Our own acts follow the closed table of [`State::after`]. What the other side reports comes late, twice
//! and out of order: [`State::merge`] takes the further of two states, whichever is heard first.

use crate::codes::numbered;

numbered! {
    /// Where a voucher stands. The number is its rank: a voucher only ever goes up, but for a recall.
    State {
        /// Written, with a number (已生成).
        Generated = 0, "generated";
        /// Every seal it needs is on it (已签章).
        Sealed = 10, "sealed";
        /// Our store gave it to the other one (已发送).
        Sent = 20, "sent";
        /// The other side has read and taken it (已接收).
        Received = 30, "received";
        /// Its form is being checked (校验中).
        Validating = 31, "validating";
        /// Its form is right (校验成功).
        Validated = 32, "validated";
        /// Its form is wrong: it comes back (校验失败).
        ValidationFailed = 33, "validation-failed";
        /// A person has reviewed it (审核通过).
        Reviewed = 40, "reviewed";
        /// A person has not let it pass: it comes back (审核失败).
        ReviewFailed = 41, "review-failed";
        /// A second person has reviewed it (复核通过).
        Rechecked = 50, "rechecked";
        /// Supervision has looked at it (监管).
        Supervised = 55, "supervised";
        /// With the payment system (支付处理中).
        Processing = 60, "processing";
        /// Answered by a receipt (已回单).
        Receipted = 70, "receipted";
        /// Sent back: its number is at an end (已退回).
        Returned = 80, "returned";
        /// Taken back before it left: its number is at an end (已作废).
        Voided = 90, "voided";
    }
}

numbered! {
    /// What whoever wrote a voucher does with it.
    Act {
        /// Puts the last seal on it.
        Seal = 1, "seal";
        /// Gives it to the link.
        Send = 2, "send";
        /// Takes it back before the other side has read it; the other side has confirmed that.
        Recall = 3, "recall";
        /// Ends its number.
        Void = 4, "void";
    }
}

/// What becomes of a state when another one is reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Merge {
    /// It goes there.
    Goes(State),
    /// It stays: the report is old or known.
    Stays,
    /// Both cannot be: paid and sent back, voided and received. A person has to look.
    Contradicts,
}

impl State {
    /// What officials call it.
    #[must_use]
    pub const fn chinese(self) -> &'static str {
        match self {
            State::Generated => "已生成",
            State::Sealed => "已签章",
            State::Sent => "已发送",
            State::Received => "已接收",
            State::Validating => "校验中",
            State::Validated => "校验成功",
            State::ValidationFailed => "校验失败",
            State::Reviewed => "审核通过",
            State::ReviewFailed => "审核失败",
            State::Rechecked => "复核通过",
            State::Supervised => "监管通过",
            State::Processing => "支付处理中",
            State::Receipted => "已回单",
            State::Returned => "已退回",
            State::Voided => "已作废",
        }
    }

    /// How far it has come.
    #[must_use]
    pub const fn rank(self) -> u8 {
        self.number()
    }

    /// True where the number is at an end: another try needs another one.
    #[must_use]
    pub const fn is_ended(self) -> bool {
        matches!(self, State::Returned | State::Voided)
    }

    /// True while it may never have left us.
    #[must_use]
    pub const fn is_with_us(self) -> bool {
        matches!(self, State::Generated | State::Sealed)
    }

    /// Where one of our own acts brings it; `None` where the act is not allowed.
    #[must_use]
    pub const fn after(self, act: Act) -> Option<State> {
        match (self, act) {
            (State::Generated, Act::Seal) => Some(State::Sealed),
            (State::Sealed, Act::Send) => Some(State::Sent),
            (State::Sent, Act::Recall) => Some(State::Sealed),
            (State::Generated | State::Sealed, Act::Void) => Some(State::Voided),
            _ => None,
        }
    }

    /// What becomes of it when the other side reports a state. Reports may come in any order: the end is
    /// the same.
    #[must_use]
    pub const fn merge(self, reported: State) -> Merge {
        if self.excludes(reported) || reported.excludes(self) {
            return Merge::Contradicts;
        }
        if reported.rank() > self.rank() { Merge::Goes(reported) } else { Merge::Stays }
    }

    /// Whether a voucher here can never have been there: one that never left was not received, and one that
    /// was paid was not sent back.
    const fn excludes(self, other: State) -> bool {
        match self {
            State::Voided => !other.is_with_us() && !matches!(other, State::Voided),
            State::Receipted => matches!(other, State::Returned),
            _ => false,
        }
    }

    /// The state behind a status number of the central bank's own system; `None` where it is none of them.
    #[must_use]
    pub const fn from_central_bank(status: u8) -> Option<State> {
        Some(match status {
            73 => State::Sealed,
            60 => State::Sent,
            10 | 15 | 16 => State::Received,
            17 => State::Validating,
            20 => State::Validated,
            30 => State::ValidationFailed,
            40 => State::Reviewed,
            45 => State::ReviewFailed,
            50 => State::Rechecked,
            55..=57 => State::Supervised,
            61 | 62 | 71 | 72 => State::Processing,
            66 | 80 => State::Receipted,
            75 | 90 => State::Returned,
            _ => return None,
        })
    }
}

macro_rules! answers {
    ($($(#[$doc:meta])* $name:ident = $number:literal, $slug:literal, $chinese:literal;)+) => {
        /// What a store answers when it is asked where a voucher stands: exactly these numbers.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(i8)]
        pub enum RemoteStatus { $($(#[$doc])* $name = $number,)+ }

        impl RemoteStatus {
            /// Every answer, by number.
            pub const ALL: &'static [RemoteStatus] = &[$(RemoteStatus::$name,)+];

            /// The answer with a number.
            #[must_use]
            pub const fn from_number(number: i8) -> Option<RemoteStatus> {
                match number { $($number => Some(RemoteStatus::$name),)+ _ => None }
            }

            /// The name in texts and JSON.
            #[must_use]
            pub const fn slug(self) -> &'static str {
                match self { $(RemoteStatus::$name => $slug,)+ }
            }

            /// What officials call it.
            #[must_use]
            pub const fn chinese(self) -> &'static str {
                match self { $(RemoteStatus::$name => $chinese,)+ }
            }
        }
    };
}

answers! {
    /// Nobody knows it.
    NotFound = -1, "not-found", "未找到凭证";
    /// The other side has not received it.
    NotReceived = 0, "not-received", "对方未接收";
    /// The other side has received it.
    Received = 1, "received", "对方已接收";
    /// The other side could not receive it.
    ReceiveFailed = 2, "receive-failed", "对方接收失败";
    /// The other side has taken it (签收成功).
    Accepted = 3, "accepted", "对方签收成功";
    /// The other side has not taken it (签收失败).
    AcceptFailed = 4, "accept-failed", "对方签收失败";
    /// The other side has sent it back.
    Returned = 5, "returned", "对方已退回";
    /// The receipt has not been received.
    ReceiptNotReceived = 6, "receipt-not-received", "回单对方未接收";
    /// The receipt has been received.
    ReceiptReceived = 7, "receipt-received", "回单对方已接收";
    /// The receipt could not be received.
    ReceiptReceiveFailed = 8, "receipt-receive-failed", "回单对方接收失败";
    /// The receipt has been taken.
    ReceiptAccepted = 9, "receipt-accepted", "回单对方签收成功";
    /// The receipt has not been taken.
    ReceiptAcceptFailed = 10, "receipt-accept-failed", "回单对方签收失败";
    /// The receipt has been sent back.
    ReceiptReturned = 11, "receipt-returned", "回单对方已退回";
    /// The receipt has arrived with whoever asks.
    ReceiptArrived = 12, "receipt-arrived", "已收到回单";
    /// Whoever asks has not sent the original.
    OriginalNotSent = 13, "original-not-sent", "原凭证未发送";
    /// Whoever asks has not sent the receipt.
    ReceiptNotSent = 14, "receipt-not-sent", "回单未发送";
}

impl RemoteStatus {
    /// The number of the interface.
    #[must_use]
    pub const fn number(self) -> i8 {
        self as i8
    }

    /// The state of the original that it shows, to merge; `None` where it shows nothing about it.
    #[must_use]
    pub const fn shows(self) -> Option<State> {
        match self {
            RemoteStatus::NotFound | RemoteStatus::OriginalNotSent => None,
            RemoteStatus::NotReceived | RemoteStatus::ReceiveFailed => Some(State::Sent),
            RemoteStatus::Received | RemoteStatus::Accepted | RemoteStatus::ReceiptNotSent => {
                Some(State::Received)
            }
            RemoteStatus::AcceptFailed | RemoteStatus::Returned => Some(State::Returned),
            RemoteStatus::ReceiptNotReceived
            | RemoteStatus::ReceiptReceived
            | RemoteStatus::ReceiptReceiveFailed
            | RemoteStatus::ReceiptAccepted
            | RemoteStatus::ReceiptAcceptFailed
            | RemoteStatus::ReceiptReturned
            | RemoteStatus::ReceiptArrived => Some(State::Receipted),
        }
    }

    /// Whether the original may be sent (again): the other side does not have it.
    #[must_use]
    pub const fn may_send_original(self) -> bool {
        matches!(
            self,
            RemoteStatus::NotFound
                | RemoteStatus::NotReceived
                | RemoteStatus::ReceiveFailed
                | RemoteStatus::OriginalNotSent
        )
    }

    /// Whether the receipt may be sent (again): the other side does not have it.
    #[must_use]
    pub const fn may_send_receipt(self) -> bool {
        matches!(
            self,
            RemoteStatus::ReceiptNotReceived
                | RemoteStatus::ReceiptReceiveFailed
                | RemoteStatus::ReceiptNotSent
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_acts_are_those_of_the_table() {
        let mut allowed = Vec::new();
        for &state in State::ALL {
            for &act in Act::ALL {
                if let Some(after) = state.after(act) {
                    allowed.push(format!("{state} {act} {after}"));
                }
            }
        }
        let table = [
            "generated seal sealed",
            "generated void voided",
            "sealed send sent",
            "sealed void voided",
            "sent recall sealed",
        ];
        assert_eq!(allowed, table);
    }

    /// The state after reports, or that some exclude each other.
    fn merged(states: &[State]) -> Option<State> {
        let mut at = State::Generated;
        for &state in states {
            match at.merge(state) {
                Merge::Goes(further) => at = further,
                Merge::Stays => {}
                Merge::Contradicts => return None,
            }
        }
        Some(at)
    }

    #[test]
    fn reports_end_alike_in_any_order_and_however_often() {
        for &one in State::ALL {
            for &other in State::ALL {
                assert_eq!(
                    one.merge(other) == Merge::Contradicts,
                    other.merge(one) == Merge::Contradicts
                );
                for &third in State::ALL {
                    let there = merged(&[one, other, third]);
                    for order in [[one, third, other], [third, other, one], [other, one, third]] {
                        assert_eq!(merged(&order), there, "{order:?}");
                    }
                    assert_eq!(merged(&[one, other, third, other, one]), there);
                }
            }
            assert_eq!(one.merge(one), Merge::Stays);
        }
    }

    #[test]
    fn a_receipt_may_come_before_received() {
        assert_eq!(State::Sent.merge(State::Receipted), Merge::Goes(State::Receipted));
        assert_eq!(State::Receipted.merge(State::Received), Merge::Stays);
    }

    #[test]
    fn paid_and_sent_back_exclude_each_other_and_so_do_voided_and_received() {
        assert_eq!(State::Receipted.merge(State::Returned), Merge::Contradicts);
        assert_eq!(State::Returned.merge(State::Receipted), Merge::Contradicts);
        assert_eq!(State::Voided.merge(State::Received), Merge::Contradicts);
        assert_eq!(State::Sent.merge(State::Voided), Merge::Contradicts);
        assert_eq!(State::Received.merge(State::Returned), Merge::Goes(State::Returned));
    }

    #[test]
    fn remote_answers_are_minus_one_to_fourteen() {
        let numbers: Vec<i8> = RemoteStatus::ALL.iter().map(|status| status.number()).collect();
        assert_eq!(numbers, (-1..=14).collect::<Vec<i8>>());
        for &status in RemoteStatus::ALL {
            assert_eq!(RemoteStatus::from_number(status.number()), Some(status));
            let there = status.shows().is_some_and(|state| state.rank() >= State::Received.rank());
            assert!(!(there && status.may_send_original()), "{} would send twice", status.slug());
        }
    }

    #[test]
    fn the_central_banks_numbers_lead_to_states() {
        let known = (0..=u8::MAX).filter(|&status| State::from_central_bank(status).is_some());
        let listed = [
            10, 15, 16, 17, 20, 30, 40, 45, 50, 55, 56, 57, 60, 61, 62, 66, 71, 72, 73, 75, 80, 90,
        ];
        assert_eq!(known.collect::<Vec<u8>>(), listed);
    }
}
