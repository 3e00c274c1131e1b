//! Payments that were ordered become vouchers.

use std::collections::BTreeMap;

use domain::codes::Path;
use domain::ids::{Day, PaymentId};
use domain::office::shelves::Book;
use domain::voucher::collection::NotCollected;
use domain::voucher::grouping::{self, Draft, Order};
use domain::voucher::numbers::{Giving, Series};
use domain::voucher::{Detail, DivisionCode, Field, Party, Voucher, canonical, facts};
use xxhash_rust::xxh3::xxh3_128;

use super::again::Asked;
use super::collection::debit_named;
use super::due::Due;
use super::record::{Issued, PartRecord, PayerRecord, PaymentName, Record};
use super::{Finance, Part, Standing, noted};
use crate::business::Effect;

/// What only one voucher may hold: one party's, one division's, one day's, settled one way.
pub(super) type Heap = (DivisionCode, Book, Day, Party, Path);

impl Finance {
    /// Vouchers for what is due. A payment that has one already gets no other: the engine's journal may be told
    /// twice.
    pub(super) fn issue(&self, due: &[Due]) -> Vec<Effect> {
        let mut effects = Vec::new();
        let mut heaps: BTreeMap<Heap, Vec<Order>> = BTreeMap::new();
        let mut asked = Asked::new();
        for due in due {
            match &due.order {
                Ok((_, order)) if self.by_payment.contains_key(&(due.book, order.payment)) => {}
                Ok((to, order)) => {
                    if let Some(why) = self.pays_twice(order, due.division, due.book) {
                        effects.extend(self.left_out(due.book, due.payment, why));
                        continue;
                    }
                    let heap = (due.division, due.book, due.day, *to, due.path);
                    if let Err(why) = self.may_collect(due.division, due.book, *to, order) {
                        effects.extend(self.not_collected(heap, order, &why));
                        continue;
                    }
                    match self.pays_again(due, order, &mut asked) {
                        Ok(again) => effects.extend(again),
                        Err(why) => {
                            effects.extend(self.left_out(due.book, due.payment, why.both()));
                            continue;
                        }
                    }
                    effects.extend(self.sheet_named(due));
                    heaps.entry(heap).or_default().push(order.clone());
                }
                Err(why) => effects.extend(self.left_out(due.book, due.payment, why.clone())),
            }
        }
        let mut numbers = self.numbers.giving();
        for (heap, orders) in heaps {
            let grouped = grouping::group(&orders, &self.modes, &self.gathering);
            for none in grouped.left {
                effects.extend(self.left_out(heap.1, none.payment(), none.to_string()));
            }
            for draft in grouped.drafts {
                self.write(heap, draft, &mut numbers, &mut effects);
            }
        }
        effects
    }

    /// A payment that takes no debit over: it waits for one that is not told yet, or is listed.
    fn not_collected(&self, heap: Heap, order: &Order, why: &NotCollected) -> Vec<Effect> {
        let grouped = grouping::group(std::slice::from_ref(order), &self.modes, &self.gathering);
        match (why, grouped.drafts.into_iter().next()) {
            (NotCollected::NotDebited(_), Some(draft)) => {
                self.wait_for_debit(heap, order.payment, draft, why)
            }
            _ => self.left_out(heap.1, order.payment, why.both()).into_iter().collect(),
        }
    }

    /// Why a payment that is ordered again would be paid twice: the voucher it names is not at an end.
    fn pays_twice(&self, order: &Order, division: DivisionCode, book: Book) -> Option<String> {
        let fields = &order.payees.first()?.fields;
        let before = facts::named_voucher(division, book.1, fields)?;
        let before = self.voucher(&before)?;
        let failed = |part: &Part| part.paid_fen < part.ordered_fen || part.refunded;
        let may_be_paid = match before.standing {
            Standing::Out => true,
            Standing::Ended => false,
            _ => !before.payees().iter().any(failed),
        };
        may_be_paid.then(|| {
            format!(
                "it is ordered again for {}, which stands at `{}`; void this payment and order another when \
                 that voucher has come back",
                before.key,
                before.standing.slug()
            )
        })
    }

    /// That a payment has no voucher, where that is not on record yet with the same reason.
    pub(super) fn left_out(&self, book: Book, payment: PaymentId, why: String) -> Option<Effect> {
        let is_known = self.left.get(&(book, payment)).is_some_and(|known| *known == why);
        let payment = PaymentName::of(book, payment);
        (!is_known).then(|| noted(&Record::Left { payment, why }))
    }

    /// Writes one voucher under the next number.
    pub(super) fn write(
        &self,
        (division, book, date, to, path): Heap,
        draft: Draft,
        numbers: &mut Giving<'_>,
        effects: &mut Vec<Effect>,
    ) {
        let series = Series { division, year: book.1, kind: draft.kind };
        let payments: Vec<PaymentId> = draft.payments.clone();
        let serial = match numbers.give(series) {
            Ok(serial) => serial,
            Err(none) => {
                let out = |payment| self.left_out(book, payment, none.to_string());
                effects.extend(payments.into_iter().filter_map(out));
                return;
            }
        };
        let amount_fen = draft.amount_fen.get();
        let number = series.key(serial).number;
        let voucher = draft.into_voucher(division, book.1, number, date);
        match digest(&voucher) {
            Ok(digest) => {
                effects.push(noted(&Record::Issued(Issued {
                    key: voucher.key.to_string(),
                    to: to.to_string(),
                    digest,
                    day: date.get(),
                    amount_fen,
                    division: book.0.0,
                    year: book.1.get(),
                    path: path.number(),
                    payer: PayerRecord {
                        account: text(&voucher, Field::PayerAccount),
                        fund: text(&voucher, Field::FundType),
                        method: text(&voucher, Field::PayType),
                        name: text(&voucher, Field::PayerName),
                        bank: text(&voucher, Field::PayBank),
                        bank_name: text(&voucher, Field::PayBankName),
                        business: text(&voucher, Field::BusinessType),
                    },
                    parts: voucher.details.iter().map(part).collect(),
                })));
                effects.extend(debit_named(&voucher).map(|debit| {
                    let (debit, order) = (debit.to_string(), voucher.key.to_string());
                    noted(&Record::DebitOrdered { debit, order })
                }));
                effects.push(Effect::Issue { to, voucher });
            }
            Err(why) => {
                let out = |payment| self.left_out(book, payment, why.clone());
                effects.extend(payments.into_iter().filter_map(out));
            }
        }
    }
}

fn text(voucher: &Voucher, field: Field) -> String {
    voucher.head.text(field).unwrap_or_default().to_owned()
}

pub(super) fn part(detail: &Detail) -> PartRecord {
    let payment =
        facts::payment_of(detail).expect("a voucher of ours names the payment in each detail");
    let quota = facts::quota_of(detail).expect("and its quota");
    let ordered = detail.fields.amount_fen(Field::Amount).expect("and what is ordered");
    PartRecord { payment: payment.0, quota: quota.0, ordered_fen: ordered.get() }
}

/// Hash of a voucher's canonical bytes.
pub(super) fn digest(voucher: &Voucher) -> Result<u128, String> {
    let bytes = canonical::bytes(voucher).map_err(|why| why.to_string())?;
    Ok(xxh3_128(&bytes))
}
