//! I8 as a check over vouchers as they were written, for `verify`, drills and tests: each instructed payment is in
//! exactly one voucher, a voucher's amount is the sum of its payments, and no number is given twice.
//!
//! The check looks at vouchers and payments alone. It shares nothing with what groups payments into vouchers, gives
//! numbers or keeps a store.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use crate::codes::PaymentState;
use crate::division::Division;
use crate::ids::{FiscalYear, PaymentId};
use crate::invariants::Finding;
use crate::money::{Fen, FenSum, yuan_grouped};

use super::document::Voucher;
use super::facts::payment_of;
use super::field::Field;
use super::key::{DivisionCode, Flag, VoucherKey};
use super::kind::VoucherKind;
use super::party::Party;

/// A payment by the division and year whose books it is in.
pub type Name = (DivisionCode, FiscalYear, PaymentId);

/// A payment as the engine has it.
#[derive(Clone, Copy, Debug)]
pub struct InEngine {
    /// Which.
    pub name: Name,
    /// How much was asked for.
    pub amount_fen: Fen,
    /// Where it stands.
    pub state: PaymentState,
}

impl InEngine {
    /// Every payment of these divisions.
    pub fn all<'a>(
        divisions: impl Iterator<Item = &'a Division>,
    ) -> impl Iterator<Item = InEngine> {
        let known = divisions.filter_map(|division| {
            let digits = &division.registration.as_ref()?.code;
            Some((DivisionCode::new(std::str::from_utf8(digits).ok()?)?, division))
        });
        known.flat_map(|(code, division)| {
            let books = division.years();
            books.flat_map(move |book| {
                book.payments().map(move |payment| InEngine {
                    name: (code, book.year, payment.id),
                    amount_fen: payment.amount_fen,
                    state: payment.state,
                })
            })
        })
    }

    /// Whether it was ordered at some time, over this amount.
    fn was_ordered(&self, amount_fen: FenSum) -> bool {
        let before = matches!(
            self.state,
            PaymentState::Reserved | PaymentState::Approved | PaymentState::Held
        );
        !before && FenSum::from(self.amount_fen.get()) == amount_fen
    }
}

/// The voucher of a payment, and how much of it is the payment's.
#[derive(Clone, Copy, Debug)]
struct Ordered {
    voucher: VoucherKey,
    amount_fen: FenSum,
}

/// Originals as their writers' journals have them, one after the other.
#[derive(Debug, Default)]
pub struct Written {
    finding: Finding,
    numbers: HashMap<(Party, VoucherKey), u128>,
    payments: HashMap<Name, Ordered>,
    /// Vouchers that came back: another may have their payments.
    came_back: HashSet<VoucherKey>,
}

impl Written {
    /// None yet.
    #[must_use]
    pub fn new() -> Written {
        Written::default()
    }

    /// A writer gave an original its number; `content` is a hash of all that is signed. The same letter may be written
    /// again, another one under its number may not.
    pub fn numbered(&mut self, by: Party, key: VoucherKey, content: u128) {
        let known = *self.numbers.entry((by, key)).or_insert(content);
        self.finding.check(known == content, || {
            format!("{by} has given {key} to two vouchers that do not say the same")
        });
    }

    /// An original that may order payments: its sum is theirs, and none of them is in another.
    pub fn orders(&mut self, voucher: &Voucher) {
        if voucher.flag != Flag::Original || !orders_payments(voucher.key.kind) {
            return;
        }
        let key = voucher.key;
        let said_fen = voucher.head.amount_fen(Field::Amount).map(|fen| FenSum::from(fen.get()));
        let mut sum_fen: FenSum = 0;
        for detail in &voucher.details {
            let amount_fen = detail.fields.amount_fen(Field::Amount).unwrap_or_default();
            sum_fen += FenSum::from(amount_fen.get());
            match payment_of(detail) {
                Some(payment) => self.order(key, payment, amount_fen.get().into()),
                None => self
                    .finding
                    .check(false, || format!("detail {} of {key} names no payment", detail.id)),
            }
        }
        self.finding.check(said_fen == Some(sum_fen), || {
            let said = said_fen.map_or_else(|| "nothing".to_owned(), yuan_grouped);
            format!("{key} says {said} and its payments are {}", yuan_grouped(sum_fen))
        });
    }

    /// A voucher came back: it was voided before it left, not taken, or sent back, with nothing of it paid. Its payments may be in
    /// another (T10: what shared a voucher with a payment that was taken back goes out anew).
    pub fn came_back(&mut self, voucher: VoucherKey) {
        self.came_back.insert(voucher);
    }

    fn order(&mut self, voucher: VoucherKey, payment: PaymentId, amount_fen: FenSum) {
        match self.payments.entry((voucher.division, voucher.year, payment)) {
            Entry::Vacant(place) => {
                place.insert(Ordered { voucher, amount_fen });
                self.finding.check(true, String::new);
            }
            Entry::Occupied(mut known) if known.get().voucher == voucher => {
                known.get_mut().amount_fen += amount_fen;
            }
            Entry::Occupied(mut known) if self.came_back.contains(&known.get().voucher) => {
                known.insert(Ordered { voucher, amount_fen });
            }
            Entry::Occupied(known) => self.finding.check(false, || {
                format!("payment {payment} is in {} and in {voucher}", known.get().voucher)
            }),
        }
    }

    /// Holds them against the engine's payments at one position: what is in a voucher was ordered, with that amount;
    /// and what is ordered and not answered is in one, or is named by `left` as having none.
    pub fn held_against(
        &mut self,
        payments: impl Iterator<Item = InEngine>,
        left: &dyn Fn(&Name) -> bool,
    ) {
        let in_engine: HashMap<Name, InEngine> =
            payments.map(|found| (found.name, found)).collect();
        for (name, found) in &in_engine {
            if found.state == PaymentState::Instructed {
                let has_one = self.payments.contains_key(name) || left(name);
                self.finding.check(has_one, || {
                    format!("payment {} is instructed, and no voucher has it", name.2)
                });
            }
        }
        for (name, ordered) in &self.payments {
            let good =
                in_engine.get(name).is_some_and(|found| found.was_ordered(ordered.amount_fen));
            self.finding.check(good, || {
                let Ordered { voucher, amount_fen } = ordered;
                let there = in_engine.get(name).map_or_else(
                    || "which the engine does not have".to_owned(),
                    |found| {
                        let amount = yuan_grouped(found.amount_fen.get().into());
                        format!("which is {} over {amount} in the engine", found.state.slug())
                    },
                );
                let amount = yuan_grouped(*amount_fen);
                format!("{voucher} orders {amount} for payment {}, {there}", name.2)
            });
        }
    }

    /// What was found.
    #[must_use]
    pub fn into_finding(self) -> Finding {
        self.finding
    }
}

/// Kinds whose details are payments that somebody is ordered to pay.
const fn orders_payments(kind: VoucherKind) -> bool {
    matches!(kind, VoucherKind::DirectPayment | VoucherKind::Allocation | VoucherKind::Payment)
}

#[cfg(test)]
mod tests {
    use super::super::document::Value;
    use super::super::sample::{Fill, sample};
    use super::*;

    fn bank() -> Party {
        Party::new(super::super::party::PartyKind::Bank, "102").expect("a bank")
    }

    /// An order of two payments, 5,000.00 and 3,000.00.
    fn order() -> Voucher {
        let mut order = sample(VoucherKind::Payment, Flag::Original, Fill::Must).expect("an order");
        for (number, detail) in (1_u128..).zip(&mut order.details) {
            detail.fields.set(Field::Payment, Value::Text(format!("{number:032x}")));
        }
        order
    }

    fn in_engine(order: &Voucher, payment: u128, yuan: i64, state: PaymentState) -> InEngine {
        let name = (order.key.division, order.key.year, PaymentId(payment));
        InEngine { name, amount_fen: Fen::new(yuan * 100), state }
    }

    fn broken(written: Written) -> Vec<String> {
        let found = written.into_finding();
        assert!(found.checked > 0);
        found.examples
    }

    #[test]
    fn a_number_names_one_voucher_of_its_writer() {
        let (key, mut written) = (order().key, Written::new());
        let finance = Party::new(super::super::party::PartyKind::Finance, "370102000");
        written.numbered(bank(), key, 1);
        written.numbered(bank(), key, 1);
        written.numbered(finance.expect("a party"), key, 2);
        assert_eq!(written.finding.violations, 0, "another's numbers are its own");
        written.numbered(bank(), key, 3);
        let told = broken(written);
        assert!(told.len() == 1 && told[0].contains(&key.to_string()), "{told:?}");
    }

    #[test]
    fn a_vouchers_sum_is_that_of_its_payments_each_in_no_other() {
        let (order, mut written) = (order(), Written::new());
        written.orders(&order);
        assert_eq!(written.finding.violations, 0, "{:?}", written.finding);
        let mut other = order.clone();
        other.key.number = super::super::key::VoucherNumber::serial(18);
        other.head.set(Field::Amount, Value::Amount(Fen::new(800_001)));
        other.details[1].fields.set(Field::Payment, Value::Text(format!("{:032x}", 3)));
        written.orders(&other);
        let told = broken(written);
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(told[0].contains("payment") && told[0].contains("0000000017"), "{told:?}");
        assert!(told[1].contains("8,000.01") && told[1].contains("8,000.00"), "{told:?}");
    }

    #[test]
    fn what_came_back_may_be_ordered_anew_and_what_is_out_may_not() {
        let (order, mut written) = (order(), Written::new());
        written.orders(&order);
        let mut anew = order.clone();
        anew.key.number = super::super::key::VoucherNumber::serial(18);
        written.came_back(order.key);
        written.orders(&anew);
        assert_eq!(written.finding.violations, 0, "{:?}", written.finding);
        let two = [(1, 5_000), (2, 3_000)];
        let two = two.map(|(at, yuan)| in_engine(&order, at, yuan, PaymentState::Paid));
        written.held_against(two.into_iter(), &|_| false);
        assert_eq!(written.finding.violations, 0, "{:?}", written.finding);
        let mut third = order.clone();
        third.key.number = super::super::key::VoucherNumber::serial(19);
        written.orders(&third);
        let told = broken(written);
        assert!(told.len() == 2 && told[0].contains("0000000018"), "{told:?}");
    }

    #[test]
    fn a_payment_to_several_payees_is_their_sum_in_one_voucher() {
        let (mut order, mut written) = (order(), Written::new());
        order.details[1].fields.set(Field::Payment, Value::Text(format!("{:032x}", 1)));
        written.orders(&order);
        let one = in_engine(&order, 1, 8_000, PaymentState::Paid);
        written.held_against([one].into_iter(), &|_| false);
        assert_eq!(written.finding.violations, 0, "{:?}", written.finding);
    }

    #[test]
    fn the_engine_has_what_is_ordered_over_that_amount_and_what_it_ordered_is_in_a_voucher() {
        let order = order();
        let held = |payments: &[InEngine], left: bool| {
            let mut written = Written::new();
            written.orders(&order);
            written.held_against(payments.iter().copied(), &|_| left);
            broken(written)
        };
        let one = |state| in_engine(&order, 1, 5_000, state);
        let two = in_engine(&order, 2, 3_000, PaymentState::Cleared);
        assert_eq!(held(&[one(PaymentState::Instructed), two], false), Vec::<String>::new());
        for (payments, word) in [
            (vec![two], "does not have"),
            (vec![one(PaymentState::Approved), two], "approved"),
            (vec![in_engine(&order, 1, 4_999, PaymentState::Paid), two], "4,999.00"),
        ] {
            let told = held(&payments, false);
            assert!(told.len() == 1 && told[0].contains(word), "{word}: {told:?}");
        }
        let more = in_engine(&order, 3, 1, PaymentState::Instructed);
        let all = [one(PaymentState::Paid), two, more];
        assert_eq!(held(&all, true), Vec::<String>::new(), "finance says that it has none");
        let told = held(&all, false);
        assert!(told.len() == 1 && told[0].contains("no voucher has it"), "{told:?}");
    }
}
