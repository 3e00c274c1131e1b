//! Of which voucher a fact was heard: its number follows from the voucher's, so that it can be told afterwards.

use crate::codes::FactKind;
use crate::command::Fact;

use super::facts::serial;
use super::key::{Flag, VoucherKey};

/// Which of these vouchers a fact was heard of; none where it was heard otherwise, or of another one.
///
/// What settles with its payment is heard of what says that it was paid, or came back ([`super::facts::settled_at_once`]).
#[must_use]
pub fn heard_of(fact: &Fact<'_>, vouchers: &[(VoucherKey, Flag)]) -> Option<(VoucherKey, Flag)> {
    let is_of =
        |(key, flag): &&(VoucherKey, Flag)| numbers(fact, key, *flag).contains(&fact.serial);
    vouchers.iter().find(is_of).or_else(|| at_once(fact, vouchers)).copied()
}

/// The numbers that a fact has which is heard of a voucher itself.
fn numbers(fact: &Fact<'_>, key: &VoucherKey, flag: Flag) -> Vec<u64> {
    let number = |about: &str| serial(key, flag, fact.payment, about);
    match (flag, fact.kind) {
        (Flag::Original, FactKind::Reject) => vec![number("returned")],
        (_, FactKind::Refund) => vec![number(&fact.detail.to_string()), number("")],
        (_, FactKind::SettleRefund) => vec![number(&fact.refund.to_string())],
        _ => vec![number("")],
    }
}

/// The voucher of the fact that another settled with.
fn at_once<'a>(
    fact: &Fact<'_>,
    vouchers: &'a [(VoucherKey, Flag)],
) -> Option<&'a (VoucherKey, Flag)> {
    let (first, what) = match fact.kind {
        FactKind::Clear => (FactKind::ConfirmPaid, "settled"),
        FactKind::SettleRefund => (FactKind::Refund, "refund settled"),
        _ => return None,
    };
    let orders = || vouchers.iter().filter(|(key, _)| key.kind.is_order()).map(|(key, _)| key);
    vouchers.iter().find(|(key, flag)| {
        // The details' numbers are as many as there are; what settled has none, so that each is tried that may be.
        let details = 0..=if first == FactKind::Refund { DETAILS_TRIED_MAX } else { 0 };
        details.into_iter().any(|detail| {
            let first = Fact { kind: first, detail, ..*fact };
            numbers(&first, key, *flag).iter().any(|number| {
                let about = format!("{what} {number}");
                orders()
                    .any(|order| serial(order, Flag::Receipt, fact.payment, &about) == fact.serial)
            })
        })
    })
}

/// Details of an order that came back one by one and settled at once, which are tried for the one that was meant.
const DETAILS_TRIED_MAX: u32 = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codes::Path;
    use crate::ids::{Day, PaymentId, QuotaId};
    use crate::money::Fen;
    use crate::voucher::facts::settled_at_once;

    fn key(text: &str) -> VoucherKey {
        VoucherKey::parse(text).expect("a key")
    }

    fn fact(kind: FactKind, serial: u64) -> Fact<'static> {
        Fact {
            kind,
            payment: PaymentId(7),
            quota: QuotaId::NONE,
            serial,
            amount_fen: Fen::new(100),
            payee_hash: 0,
            day: Day::new(20_220_304).expect("a day"),
            refund: 3,
            detail: 2,
            note: "",
        }
    }

    #[test]
    fn a_fact_is_led_back_to_the_voucher_it_was_heard_of() {
        let order = key("370000005-2022-8202-0000000001");
        let notice = key("370000005-2022-2252-10200000001");
        let known = [(order, Flag::Original), (order, Flag::Receipt), (notice, Flag::Original)];
        let payment = PaymentId(7);
        let paid = serial(&order, Flag::Receipt, payment, "");
        let back = serial(&notice, Flag::Original, payment, "2");
        let cases = [
            (FactKind::ConfirmPaid, paid, Some(known[1])),
            (FactKind::Reject, serial(&order, Flag::Original, payment, "returned"), Some(known[0])),
            (FactKind::Reject, paid, Some(known[1])),
            (FactKind::Refund, back, Some(known[2])),
            (FactKind::Refund, serial(&notice, Flag::Original, payment, ""), Some(known[2])),
            (FactKind::ConfirmPaid, 17, None),
        ];
        for (kind, serial, of) in cases {
            assert_eq!(heard_of(&fact(kind, serial), &known), of, "{kind}");
        }
        // What settles with its payment, and what comes back to an account of its own.
        for (first, of) in [
            (fact(FactKind::ConfirmPaid, paid), known[1]),
            (fact(FactKind::Refund, back), known[2]),
        ] {
            let both = settled_at_once(&order, Path::Special, vec![first]);
            assert_eq!(both.len(), 2);
            assert_eq!(heard_of(&both[1], &known), Some(of));
        }
    }
}
