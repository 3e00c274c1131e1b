//! Payees of a sheet who got nothing are paid again by a payment that names their order, with a sheet of its own: each once.

use std::collections::{BTreeMap, BTreeSet};

use domain::Fen;
use domain::ids::PaymentId;
use domain::office::shelves::Book;
use domain::voucher::VoucherKey;
use domain::voucher::again::{Became, Line, NotAgain, Stands, is_within};
use domain::voucher::facts::named_voucher;
use domain::voucher::grouping::Order;

use super::due::Due;
use super::record::{LineAgain, PaymentName, Record};
use super::sheet::SheetPayee;
use super::{Finance, Part, Row, Standing, noted};
use crate::business::Effect;
use domain::codes::BusinessKind;

/// What payments of one turn ask for in place of what failed beside an order.
pub(super) type Asked = BTreeMap<VoucherKey, i128>;

/// A payee who got nothing, and who is neither paid again nor about to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owed {
    /// Its number on the sheet, from 1.
    pub number: u32,
    /// What it was to be.
    pub part: Part,
}

impl Finance {
    /// Payees beside an order who got nothing, and who are neither paid again nor about to be.
    pub fn owed<'a>(&'a self, row: &'a Row) -> impl Iterator<Item = Owed> + 'a {
        let parts = row.sheet.iter().flat_map(|sheet| sheet.parts.iter());
        let all = (1..).zip(parts).filter(|(_, part)| part.paid_fen == Fen::ZERO || part.refunded);
        let owed = all.filter(move |(number, _)| {
            let line = Line { order: row.key, number: *number };
            self.retries.is_owed(line, &|line| self.stands(line))
        });
        owed.map(|(number, part)| Owed { number, part: *part })
    }

    /// The payee that pays another again, or is about to; none where nobody does.
    #[must_use]
    pub fn paid_again_by(&self, line: Line) -> Option<Line> {
        let last = self.retries.last(line);
        let stands = self.stands(last)?;
        (last != line && stands.became != Became::Failed).then_some(last)
    }

    /// A payment that is due in place of what failed on a sheet: whether it may go out, and that it pays again.
    pub(super) fn pays_again(
        &self,
        due: &Due,
        order: &Order,
        asked: &mut Asked,
    ) -> Result<Option<Effect>, NotAgain> {
        let named = order.payees.first();
        let named = named.and_then(|payee| named_voucher(due.division, due.book.1, &payee.fields));
        let row = named.and_then(|key| self.voucher(&key)).filter(|row| row.sheet.is_some());
        let Some(row) = row else { return Ok(None) };
        let by_sheet = matches!(order.business, BusinessKind::Payroll | BusinessKind::Batch);
        if !by_sheet || due.payees.is_none() {
            return Err(NotAgain::NoSheet(row.key));
        }
        let before = asked.entry(row.key).or_default();
        is_within(row.key, self.left_fen(row, None) - *before, order.amount_fen)?;
        *before += i128::from(order.amount_fen.get());
        let payment = PaymentName::of(due.book, due.payment);
        Ok(Some(noted(&Record::PaysAgain { payment, order: row.key.to_string() })))
    }

    /// What failed beside an order and is still to be paid again, in fen: without what goes by payments whose payees are not
    /// given yet, but for those of one order.
    fn left_fen(&self, row: &Row, but_for: Option<VoucherKey>) -> i128 {
        let owed = self.owed(row).map(|owed| i128::from(owed.part.ordered_fen.get())).sum::<i128>();
        let names = self.paying_again.get(&row.key).into_iter().flatten();
        let under_way = names.filter_map(|(book, payment)| {
            let now = self.voucher_of(*book, *payment)?;
            let counts = now.sheet.is_none() && Some(now.key) != but_for;
            counts.then(|| without_sheet_fen(now, *payment))
        });
        owed - under_way.sum::<i128>()
    }

    /// The lines that payees of an order pay again, each with the line of the order's own sheet.
    pub(super) fn lines_again(
        &self,
        row: &Row,
        payees: &[(PaymentId, &SheetPayee)],
    ) -> Result<Vec<LineAgain>, NotAgain> {
        let (mut lines, mut asked) = (Vec::new(), Asked::new());
        let payments: BTreeSet<PaymentId> = row.parts.iter().map(|part| part.payment).collect();
        let named = |payment| Some((payment, self.pays_again_for(row.book(), payment)?));
        let named: BTreeMap<PaymentId, VoucherKey> =
            payments.into_iter().filter_map(named).collect();
        for (number, (payment, payee)) in (1..).zip(payees) {
            let (order, again) = match (named.get(payment).copied(), payee.of) {
                (None, None) => continue,
                (None, Some(_)) => return Err(NotAgain::NoOrder(*payment)),
                (Some(order), None) => return Err(NotAgain::NotNamed { payment: *payment, order }),
                (Some(order), Some(again)) => (order, again),
            };
            *asked.entry(order).or_default() += i128::from(payee.amount_fen.get());
            lines.push((number, Line { order, number: again }, payee.amount_fen));
        }
        let named = lines.iter().map(|(_, line, amount_fen)| (*line, *amount_fen));
        self.retries.may_pay(named, &|line| self.stands(line))?;
        for (order, fen) in asked {
            let failed = self.voucher(&order).expect("an order that is paid again was written");
            let asked = i64::try_from(fen).map_or(Fen::ZERO, Fen::new);
            is_within(order, self.left_fen(failed, Some(row.key)), asked)?;
        }
        let line = |(number, line, _): (u32, Line, Fen)| LineAgain {
            number,
            order: line.order.to_string(),
            again: line.number,
        };
        Ok(lines.into_iter().map(line).collect())
    }

    /// The order in whose place a payment pays what failed on a sheet.
    fn pays_again_for(&self, book: Book, payment: PaymentId) -> Option<VoucherKey> {
        let mut all = self.paying_again.iter();
        all.find(|(_, names)| names.contains(&(book, payment))).map(|(order, _)| *order)
    }

    /// How a payee stands. One whose payment went out in another voucher may be paid by that.
    fn stands(&self, line: Line) -> Option<Stands> {
        let row = self.voucher(&line.order)?;
        let sheet = row.sheet.as_deref()?;
        let part = sheet.parts.get(line.number.checked_sub(1)? as usize)?;
        let is_here =
            || self.voucher_of(row.book(), part.payment).is_some_and(|now| now.key == row.key);
        let became = match row.standing {
            // It came back without its order, and may be given again.
            Standing::Out if self.sheet_back(&row.key).is_some() => Became::Failed,
            Standing::Out => Became::Waits,
            Standing::Ended if is_here() => Became::Failed,
            Standing::Ended => Became::Waits,
            _ if !sheet.answered => Became::Waits,
            _ if part.refunded || part.paid_fen == Fen::ZERO => Became::Failed,
            _ => Became::Paid,
        };
        Some(Stands { amount_fen: part.ordered_fen, became })
    }
}

/// What a payment without a sheet may pay, or has paid, in fen.
fn without_sheet_fen(row: &Row, payment: PaymentId) -> i128 {
    let own = row.parts.iter().filter(|part| part.payment == payment);
    let fen = own.map(|part| match row.standing {
        // What was voided gets no payees any more.
        Standing::Out if part.voided => 0,
        Standing::Out => part.ordered_fen.get(),
        _ if part.refunded => 0,
        _ => part.paid_fen.get(),
    });
    fen.map(i128::from).sum()
}
